/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writing and reading records: their lines. */
#include "daemon/tape.h"

#include "base/heap.h"
#include "base/names.h"
#include "daemon/line.h"
#include "daemon/tape_field.h"
#include "wire/payload.h"

#include <inttypes.h>

#define HEAD "ikev2d-record"

enum { WORDS_MAX = 32 /* on a line */ };

static const struct name kinds[] = {
	{ EVENT_DATAGRAM, "datagram" },
	{ EVENT_ANSWER, "answer" },
	{ EVENT_CLOCK, "clock" },
	{ EVENT_ACQUIRE, "acquire" },
	{ EVENT_EXPIRE, "expire" },
	{ EVENT_MAPPING, "mapping" },
	{ EVENT_ADDRESSES, "addresses" },
	{ EVENT_USED, "used" },
	{ EVENT_UNKNOWN_SPI, "unknown-spi" },
	{ EVENT_PATH_MTU, "path-mtu" },
	{ EVENT_UNREACHABLE, "unreachable" },
	{ EVENT_WOKEN, "woken" },
	{ EVENT_COMMAND, "command" },
	{ EVENT_CONF, "conf" },
	{ EVENT_SECRETS, "secrets" },
	{ 0, NULL },
};

/* ------------------------------------------------------------------ writing */

void tape_put_head(bool secrets, struct text *out)
{
	text_add(out, "%s %d secrets=%s\n", HEAD, TAPE_VERSION, secrets ? "yes" : "no");
	text_add(out,
		secrets ? "# Whoever has this file can read the traffic that these IKE_SAs protected.\n"
			: "# No key can be had from this file. It tells who talked to whom, and how it is "
			  "configured.\n");
}

void tape_put_core(struct text *out)
{
	text_add(out, "core\n");
}

/* The configuration's lines. One that is empty has none. */
static void put_conf(const char *conf, struct text *out)
{
	while (*conf) {
		size_t n = strcspn(conf, "\n");

		text_put(out, "conf ", 5);
		text_put(out, conf, n);
		text_put(out, "\n", 1);
		conf += n + (conf[n] == '\n');
	}
}

void tape_put_event(const struct tape_event *e, bool secrets, struct text *out)
{
	struct text line = text_in(out->arena);

	if (e->event.kind == EVENT_CONF)
		put_conf(e->conf, out);
	text_add(&line, "event %" PRIu64 " at=%" PRIu64 " %s", e->number, e->now,
		name_word(kinds, (int)e->event.kind));
	if (e->opened)
		line_number(&line, "opened", e->first);
	tape_put_fields(&e->event, secrets, &line);
	line_add(&line, "about", e->about);
	text_put(out, line.s, line.n);
	text_put(out, "\n", 1);
}

void tape_put_random(struct bytes drawn, struct text *out)
{
	text_add(out, "random ");
	tape_put_hex(drawn, out);
	text_put(out, "\n", 1);
}

void tape_put_action(const char *summary, struct text *out)
{
	text_add(out, "action %s\n", summary);
}

void tape_put_done(uint64_t number, uint64_t wake, const char *digest, struct text *out)
{
	text_add(out, "done %" PRIu64 " wake=", number);
	if (wake == HEAP_NEVER)
		text_add(out, "never");
	else
		text_add(out, "%" PRIu64, wake);
	text_add(out, " digest=%s\n", digest);
}

/* ------------------------------------------------------------------ reading */

static enum err fault(const struct tape *t, struct text *why, const char *sentence)
{
	text_add(why, "line %u: %s", t->line, sentence);
	return ERR_SYNTAX;
}

/* The next line that has an end and is no comment, from ARENA; NULL at the end. A NUL octet ends it early,
 * and is found when the rest is missing. */
static char *next_line(struct tape *t, struct arena *arena)
{
	for (;;) {
		const uint8_t *end = t->in.n ? memchr(t->in.p, '\n', t->in.n) : NULL;
		struct bytes line;

		if (!end)
			return NULL;
		line = bytes_of(t->in.p, (size_t)(end - t->in.p));
		t->in = bytes_of(end + 1, t->in.n - line.n - 1);
		t->line++;
		if (line.n && line.p[0] != '#')
			return arena_text(arena, line);
	}
}

/* A line taken apart: words, and words of the form key=value. */
struct words {
	unsigned n;
	const char *key[WORDS_MAX]; /* NULL: a word alone */
	const char *value[WORDS_MAX];
};

/* The text in quotes at *S, in its place; *S then stands behind it. */
static bool unquote(char **s, const char **out)
{
	char *from = *s + 1, *to = from;

	for (*out = to; *from && *from != '"'; from++) {
		if (*from != '\\') {
			*to++ = *from;
		} else if (*++from == 'x') {
			int high = tape_digit(from[1]), low = high < 0 ? -1 : tape_digit(from[2]);

			if (low < 0 || !(high | low))
				return false;
			*to++ = (char)(high << 4 | low);
			from += 2;
		} else if (*from == 'n' || *from == '"' || *from == '\\') {
			*to++ = *from == 'n' ? '\n' : *from;
		} else {
			return false;
		}
	}
	if (*from != '"' || (from[1] && from[1] != ' '))
		return false;
	*s = from + 1;
	*to = 0;
	return true;
}

static bool one_word(char **s, const char **key, const char **value)
{
	size_t n = strcspn(*s, " =");
	char *begin = *s;

	*key = NULL;
	if (begin[n] == '=') {
		*key = begin;
		begin[n] = 0;
		begin += n + 1;
		if (*begin == '"') {
			*s = begin;
			return unquote(s, value);
		}
		n = strcspn(begin, " ");
	}
	*value = begin;
	*s = begin + n;
	return true;
}

static bool take_apart(char *line, struct words *w)
{
	*w = (struct words){ 0 };
	while (*line) {
		if (w->n == WORDS_MAX || !one_word(&line, &w->key[w->n], &w->value[w->n]))
			return false;
		w->n++;
		if (*line)
			*line++ = 0;
	}
	return true;
}

/* Whether word I is KEY=…; KEY NULL: a word alone. */
static bool word_is(const struct words *w, unsigned i, const char *key)
{
	return i < w->n && (key ? w->key[i] && !strcmp(w->key[i], key) : !w->key[i]);
}

enum err tape_begin(struct tape *t, struct text *why)
{
	struct arena scratch = { 0 };
	char *line = next_line(t, &scratch);
	bool ours = line && !strncmp(line, HEAD " ", strlen(HEAD) + 1);
	struct words w;
	uint64_t version;
	enum err e = ERR_OK;

	if (!ours || !take_apart(line, &w) || w.n < 2 || !tape_get_number(w.value[1], UINT32_MAX, &version))
		e = fault(t, why, "this is not a record of ikev2d: those begin with \"" HEAD "\"");
	else if (version != TAPE_VERSION) {
		text_add(why, "line %u: a record of version %u; here only version %d is known", t->line,
			(unsigned)version, TAPE_VERSION);
		e = ERR_UNSUPPORTED;
	} else if (!word_is(&w, 2, "secrets") || w.n > 3 ||
		   (strcmp(w.value[2], "yes") && strcmp(w.value[2], "no")))
		e = fault(t, why, "it must say secrets=yes or secrets=no");
	else
		t->secrets = !strcmp(w.value[2], "yes");
	arena_free(&scratch);
	return e;
}

static bool read_opened(const char *text, struct tape_event *e)
{
	uint64_t first;

	if (e->event.kind != EVENT_DATAGRAM || !tape_get_number(text, UINT8_MAX, &first))
		return false;
	e->opened = true;
	e->first = (uint8_t)first;
	return true;
}

static bool read_field(const struct words *w, unsigned i, struct arena *arena, struct tape_event *e)
{
	if (word_is(w, i, "about"))
		return true;
	if (word_is(w, i, "opened"))
		return read_opened(w->value[i], e);
	return tape_get_field(w->key[i], w->value[i], arena, &e->event);
}

/* event NUMBER at=TIME KIND KEY=VALUE… */
static enum err read_event(
	struct tape *t, struct words *w, struct arena *arena, struct tape_event *e, struct text *why)
{
	const struct name *kind = word_is(w, 3, NULL) ? name_find(kinds, w->value[3]) : NULL;

	if (!kind || !word_is(w, 1, NULL) || !tape_get_number(w->value[1], UINT64_MAX, &e->number) ||
		!word_is(w, 2, "at") || !tape_get_number(w->value[2], UINT64_MAX, &e->now))
		return fault(t, why, "an event is: event NUMBER at=TIME KIND KEY=VALUE…");
	if (e->now < t->now)
		return fault(t, why, "time goes back");
	t->now = e->now;
	e->event.kind = (enum ike_event_kind)kind->value;
	for (unsigned i = 4; i < w->n; i++)
		if (!read_field(w, i, arena, e)) {
			text_add(why, "line %u: an event of kind %s has no \"%s\", or not with this value",
				t->line, kind->word, w->key[i] ? w->key[i] : w->value[i]);
			return ERR_SYNTAX;
		}
	return ERR_OK;
}

static bool read_random(const char *line, struct arena *arena, struct tape_step *s)
{
	s->random = wire_list_room(arena, s->random, s->n_random, sizeof *s->random);
	return tape_get_hex(line + strlen("random "), arena, &s->random[s->n_random++]);
}

static void read_action(const char *line, struct arena *arena, struct tape_step *s)
{
	s->actions = wire_list_room(arena, s->actions, s->n_actions, sizeof *s->actions);
	s->actions[s->n_actions++] = line + strlen("action ");
}

static enum err read_core(struct tape *t, struct words *w, struct tape_step *s, struct text *why)
{
	if (w->n != 1)
		return fault(t, why, "a core is: core, and nothing behind it");
	s->fresh = t->begun = true;
	t->now = 0;
	return ERR_OK;
}

/* done NUMBER wake=TIME digest=TEXT */
static enum err read_done(struct tape *t, struct words *w, struct tape_step *s, struct text *why)
{
	uint64_t number;

	if (w->n != 4 || !word_is(w, 1, NULL) || !tape_get_number(w->value[1], UINT64_MAX, &number) ||
		number != s->event.number || !word_is(w, 2, "wake") || !word_is(w, 3, "digest"))
		return fault(t, why,
			"the end of a step is: done NUMBER wake=TIME digest=TEXT, with the number of its "
			"event");
	s->wake = HEAP_NEVER;
	if (strcmp(w->value[2], "never") && !tape_get_number(w->value[2], UINT64_MAX, &s->wake))
		return fault(t, why, "a time is a number, or never");
	s->digest = w->value[3];
	s->done = true;
	return ERR_OK;
}

static bool begins(const char *line, const char *word)
{
	size_t n = strlen(word);

	return !strncmp(line, word, n) && (line[n] == ' ' || !line[n]);
}

/* A line in front of the event. */
static enum err read_before(struct tape *t, char *line, struct arena *arena, struct tape_step *s,
	struct text *conf, bool *event, struct text *why)
{
	struct words w;

	*event = false;
	if (begins(line, "conf")) {
		text_add(conf, "%s\n", line[4] ? line + 5 : "");
		return ERR_OK;
	}
	if (!take_apart(line, &w))
		return fault(t, why, "it cannot be taken apart into words and KEY=VALUE");
	if (w.n && !strcmp(w.value[0], "core"))
		return read_core(t, &w, s, why);
	if (!w.n || strcmp(w.value[0], "event"))
		return fault(t, why, "here a core, a configuration or an event should be");
	if (!t->begun)
		return fault(t, why, "there is no core yet");
	*event = true;
	return read_event(t, &w, arena, &s->event, why);
}

/* A line behind it. */
static enum err read_behind(
	struct tape *t, char *line, struct arena *arena, struct tape_step *s, struct text *why)
{
	struct words w;

	if (begins(line, "random") && line[6])
		return read_random(line, arena, s) ? ERR_OK
						   : fault(t, why, "octets are pairs of hexadecimal digits");
	if (begins(line, "action") && line[6]) {
		read_action(line, arena, s);
		return ERR_OK;
	}
	if (!begins(line, "done") || !take_apart(line, &w))
		return fault(t, why, "here random octets, an action or the end of the step should be");
	return read_done(t, &w, s, why);
}

enum err tape_next(struct tape *t, struct arena *arena, struct tape_step *out, struct text *why)
{
	struct text conf = text_in(arena);
	bool event = false;
	enum err e = ERR_OK;
	char *line;

	*out = (struct tape_step){ 0 };
	while (!e && !event) {
		line = next_line(t, arena);
		if (!line)
			return ERR_MISSING;
		e = read_before(t, line, arena, out, &conf, &event, why);
	}
	out->line = t->line;
	if (!e && out->event.event.kind == EVENT_CONF)
		out->event.conf = text_str(&conf);
	else if (!e && conf.n)
		e = fault(t, why, "a configuration came, but this event is another one");
	while (!e && !out->done && (line = next_line(t, arena)))
		e = read_behind(t, line, arena, out, why);
	return e;
}
