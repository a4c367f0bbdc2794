/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pki_index.h"

#include "base/dict.h"
#include "base/names.h"

#include <errno.h>
#include <stdlib.h>

static const char first_line[] = "ikev2d-pki 1";

enum { WORDS_MAX = 9 };

static const struct name profiles[] = {
	{ MAKE_GATEWAY, "gateway" },
	{ MAKE_USER, "user" },
	{ 0, NULL },
};

const char *profile_word(enum make_profile p)
{
	return name_word(profiles, (int)p);
}

int profile_find(const char *word)
{
	const struct name *row = name_find(profiles, word);

	return row ? row->value : -1;
}

/* ---------------------------------------------------------------- reading */

struct reader {
	struct arena *arena;
	struct index *out;
	bool ended;
};

static bool number(const char *s, int64_t *out)
{
	char *end;

	errno = 0;
	*out = strtoll(s, &end, 10);
	return *s >= '0' && *s <= '9' && !*end && !errno;
}

static bool read_crl(struct reader *r, char **w, unsigned n)
{
	int64_t count;

	if (n != 3 || !number(w[1], &count) || !number(w[2], &r->out->crl_next))
		return false;
	r->out->crl_number = (uint64_t)count;
	return true;
}

static bool read_crl_uri(struct reader *r, char **w, unsigned n)
{
	r->out->crl_uri = w[1];
	return n == 2;
}

static bool read_ocsp_uri(struct reader *r, char **w, unsigned n)
{
	r->out->ocsp_uri = w[1];
	return n == 2;
}

static bool is_serial(const char *s)
{
	return *s && strlen(s) <= 2 * CERT_SERIAL_MAX && !s[strspn(s, "0123456789abcdef")];
}

/* The name becomes part of paths. */
static bool is_name(const char *s)
{
	return *s && *s != '.' && !strchr(s, '/');
}

static bool read_cert(struct reader *r, char **w, unsigned n)
{
	struct index_entry e = { 0 };
	int profile = n == 8 ? profile_find(w[3]) : -1;

	if (profile < 0 || !is_serial(w[1]) || !is_name(w[2]) || !number(w[4], &e.not_before) ||
		!number(w[5], &e.not_after) || !number(w[6], &e.revoked))
		return false;
	e.serial = w[1];
	e.name = w[2];
	e.profile = (enum make_profile)profile;
	e.reason = make_reason(w[7]);
	return e.reason >= 0 && index_add(r->out, r->arena, &e);
}

/* How many certificates there are: the last line. */
static bool read_end(struct reader *r, char **w, unsigned n)
{
	int64_t count;

	r->ended = n == 2 && number(w[1], &count) && count == (int64_t)r->out->n;
	return r->ended;
}

static const struct {
	const char *word;
	bool (*read)(struct reader *r, char **w, unsigned n);
} lines[] = {
	{ "crl", read_crl },
	{ "crl-uri", read_crl_uri },
	{ "ocsp-uri", read_ocsp_uri },
	{ "cert", read_cert },
	{ "end", read_end },
};

static bool read_line(struct reader *r, char *line)
{
	char *w[WORDS_MAX] = { 0 };
	unsigned n = 0;

	while (line && n < WORDS_MAX)
		w[n++] = strsep(&line, "\t");
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
		if (!strcmp(lines[i].word, w[0]))
			return !r->ended && lines[i].read(r, w, n);
	return false;
}

enum err index_parse(struct bytes text, struct arena *arena, struct index *out, struct why *why)
{
	struct reader r = { .arena = arena, .out = out };
	char *rest = arena_text(arena, text), *line = strsep(&rest, "\n");
	unsigned at = 1;
	bool good = !strcmp(line, first_line);

	*out = (struct index){ 0 };
	while (good && rest && *rest) {
		at++;
		line = strsep(&rest, "\n");
		good = read_line(&r, line);
	}
	if (good && r.ended)
		return ERR_OK;
	why->what = arena_printf(arena, "line %u of the index is damaged", at);
	why->instead = "the index from a backup; pki/certs has every certificate that was issued";
	return ERR_SYNTAX;
}

/* ---------------------------------------------------------------- writing */

void index_print(const struct index *x, struct text *out)
{
	text_add(out, "%s\n", first_line);
	if (x->crl_number)
		text_add(out, "crl\t%llu\t%lld\n", (unsigned long long)x->crl_number, (long long)x->crl_next);
	if (x->crl_uri)
		text_add(out, "crl-uri\t%s\n", x->crl_uri);
	if (x->ocsp_uri)
		text_add(out, "ocsp-uri\t%s\n", x->ocsp_uri);
	for (unsigned i = 0; i < x->n; i++) {
		const struct index_entry *e = &x->v[i];

		text_add(out, "cert\t%s\t%s\t%s\t%lld\t%lld\t%lld\t%s\n", e->serial, e->name,
			profile_word(e->profile), (long long)e->not_before, (long long)e->not_after,
			(long long)e->revoked, make_reason_word(e->reason));
	}
	text_add(out, "end\t%u\n", x->n);
}

struct index_entry *index_add(struct index *x, struct arena *arena, const struct index_entry *e)
{
	if (x->n == INDEX_MAX)
		return NULL;
	if (x->n == x->room) {
		unsigned room = x->room ? 2 * x->room : 16;
		struct index_entry *v = ARENA_ARRAY(arena, room, struct index_entry);

		if (x->n)
			memcpy(v, x->v, x->n * sizeof *v);
		x->v = v;
		x->room = room;
	}
	x->v[x->n] = *e;
	return &x->v[x->n++];
}

struct index_entry *index_last(const struct index *x, const char *name)
{
	for (unsigned i = x->n; i; i--)
		if (!x->v[i - 1].revoked && !strcmp(x->v[i - 1].name, name))
			return &x->v[i - 1];
	return NULL;
}

void index_mark(struct index *x)
{
	struct dict seen = { 0 };

	for (unsigned i = x->n; i; i--) {
		struct index_entry *e = &x->v[i - 1];

		e->last = !e->revoked && !dict_get(&seen, e->name);
		if (e->last)
			dict_put(&seen, e->name, e);
	}
	dict_free(&seen);
}
