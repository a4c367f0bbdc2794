/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The search: depth first, from a copy of the world for each way on; a world that was met before, but for
 * names, is not visited again. */
#include "tests/sim/explore.h"
#include "tests/sim/memory.h"

#include <stdio.h>
#include <stdlib.h>

enum { WORLDS_MAX = 20 * 1000 * 1000 };

/* Numbers that were met. */
struct met {
	uint64_t *slots;
	size_t cap, count;
};

struct search {
	struct world *w;
	struct found *found;
	struct met worlds, ends; /* ends: whatever budget is left */
	struct memory_copy copies[PATH_MAX_STEPS];
	size_t path_n[PATH_MAX_STEPS + 1]; /* octets of the path to that depth */
	unsigned depth;
};

static bool put(struct met *m, uint64_t key)
{
	size_t i = key & (m->cap - 1);

	while (m->slots[i] && m->slots[i] != key)
		i = (i + 1) & (m->cap - 1);
	if (m->slots[i])
		return false;
	m->slots[i] = key;
	m->count++;
	return true;
}

static void grow(struct met *m)
{
	struct met old = *m;

	m->cap = old.cap ? 2 * old.cap : 1 << 12;
	m->count = 0;
	m->slots = calloc(m->cap, sizeof *m->slots);
	if (!m->slots)
		abort();
	for (size_t i = 0; i < old.cap; i++)
		if (old.slots[i])
			put(m, old.slots[i]);
	free(old.slots);
}

/* Whether KEY is new; then it is remembered. */
static bool is_new(struct met *m, uint64_t key)
{
	if (m->count + 1 > m->cap / 2)
		grow(m);
	return put(m, key ? key : 1);
}

/* The path is told before it is gone: it may crash. */
static void step_on(struct search *s, struct choice c)
{
	char *path = s->found->path;
	size_t n = s->path_n[s->depth];

	if (n)
		path[n++] = '.';
	s->path_n[++s->depth] = n + choice_print(c, path + n);
	if (s->path_n[s->depth] + CHOICE_TEXT > sizeof s->found->path)
		abort();
}

static void note_failure(struct search *s)
{
	if (s->w->life.failed && !s->found->failed[0])
		snprintf(s->found->failed, sizeof s->found->failed, "%s", s->w->life.failed);
}

static bool take_choice(struct search *s, struct choice c)
{
	bool may_be_late;

	step_on(s, c);
	s->found->steps++;
	memory_use(true);
	may_be_late = world_do(s->w, c);
	memory_use(false);
	note_failure(s);
	return may_be_late;
}

/* The world is spent then. */
static void end(struct search *s)
{
	if (!is_new(&s->ends, state_hash(s->w, false, NULL)))
		return;
	s->found->ends++;
	memory_use(true);
	world_end(s->w);
	memory_use(false);
	note_failure(s);
}

static void visit(struct search *s);

/* One way on from the world whose copy is at DEPTH, and then what comes of it. */
static bool way(struct search *s, struct choice c)
{
	unsigned depth = s->depth;
	bool may_be_late;

	memory_restore(&s->copies[depth]);
	may_be_late = take_choice(s, c);
	if (!s->found->failed[0] && is_new(&s->worlds, state_hash(s->w, true, NULL)))
		visit(s);
	if (!s->found->failed[0])
		s->depth = depth;
	return may_be_late && !c.late;
}

static void visit(struct search *s)
{
	struct choice choices[CHOICES_MAX];
	unsigned n = world_choices(s->w, choices);

	s->found->worlds++;
	if (s->found->worlds > WORLDS_MAX || s->depth == PATH_MAX_STEPS) {
		snprintf(s->found->failed, sizeof s->found->failed, "there is no end to it");
		return;
	}
	memory_save(&s->copies[s->depth]);
	if (!n || world_quiet(s->w))
		end(s);
	for (unsigned i = 0; i < n && !s->found->failed[0]; i++) {
		struct choice late = choices[i];

		late.late = true;
		if (way(s, choices[i]) && !s->found->failed[0])
			way(s, late);
	}
}

static void begin(struct search *s, const struct scenario *scenario, unsigned variant, bool loud)
{
	/* What libraries fetch once and for all is not to be put back. */
	world_free(world_new(scenario, variant, false));
	memory_use(true);
	s->w = world_new(scenario, variant, loud);
	memory_use(false);
}

void search(const struct scenario *scenario, unsigned variant, struct found *f)
{
	struct search *s = calloc(1, sizeof *s);

	if (!s)
		abort();
	s->found = f;
	begin(s, scenario, variant, false);
	is_new(&s->worlds, state_hash(s->w, true, NULL));
	visit(s);
	f->closed = !f->failed[0];
	for (unsigned i = 0; i < PATH_MAX_STEPS; i++)
		memory_forget(&s->copies[i]);
	free(s->worlds.slots);
	free(s->ends.slots);
	free(s);
}

/* ------------------------------------------------------------------ one path */

static const char deed_letters[] = {
	[DEED_COMMAND] = 'c',
	[DEED_DELIVER] = 'd',
	[DEED_ANSWER] = 'a',
	[DEED_FAIL] = 'f',
	[DEED_PACKET] = 'p',
	[DEED_CLOCK] = 't',
	[DEED_REPEAT] = 'r',
	[DEED_LOSE] = 'l',
};

static const char side_letters[] = { 'm', 's' };

static bool of_network(enum deed d)
{
	return d == DEED_DELIVER || d == DEED_REPEAT || d == DEED_LOSE;
}

size_t choice_print(struct choice c, char out[CHOICE_TEXT])
{
	char *p = out;

	*p++ = deed_letters[c.deed];
	if (of_network(c.deed) && c.which >= 10)
		*p++ = (char)('0' + c.which / 10);
	*p++ = of_network(c.deed) ? (char)('0' + c.which % 10) : side_letters[c.which];
	if (c.late)
		*p++ = '+';
	*p = '\0';
	return (size_t)(p - out);
}

bool choice_read(const char **s, struct choice *out)
{
	const char *deed = memchr(deed_letters, **s, sizeof deed_letters), *side;
	char *end;

	if (!**s || !deed)
		return false;
	*out = (struct choice){ .deed = (enum deed)(deed - deed_letters) };
	++*s;
	if (of_network(out->deed)) {
		out->which = (unsigned)strtoul(*s, &end, 10);
		*s = end;
	} else {
		side = **s ? memchr(side_letters, **s, sizeof side_letters) : NULL;
		if (!side)
			return false;
		out->which = (unsigned)(side - side_letters);
		++*s;
	}
	out->late = **s == '+';
	*s += out->late;
	*s += **s == '.';
	return true;
}

static void show_state(const struct world *w)
{
	struct arena arena = { 0 };
	struct text t = text_in(&arena);

	state_hash(w, true, &t);
	printf("%s\n", text_str(&t));
	arena_free(&arena);
}

bool search_show(const struct scenario *scenario, unsigned variant, const char *path)
{
	struct search *s = calloc(1, sizeof *s);
	struct found f = { 0 };
	struct choice c;

	if (!s)
		abort();
	s->found = &f;
	begin(s, scenario, variant, true);
	while (!f.failed[0] && choice_read(&path, &c))
		take_choice(s, c);
	if (!f.failed[0] && *path == '?')
		show_state(s->w);
	else if (!f.failed[0] && *path)
		printf("this is no choice: %s\n", path);
	else if (!f.failed[0])
		end(s);
	printf("%s\n", f.failed[0] ? f.failed : "nothing is wrong");
	fflush(stdout);
	world_free(s->w);
	free(s->worlds.slots);
	free(s->ends.slots);
	free(s);
	return !f.failed[0];
}
