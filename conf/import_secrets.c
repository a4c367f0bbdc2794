/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ipsec.secrets: "owners : TYPE what", a line each; lines that are indented go on with the one before. */
#include "conf/import_inner.h"

#include <strings.h>

enum { OWNERS_MAX = 64, WORDS_MAX = 16 };

struct lexer {
	struct import_run *run;
	const char *path;
	struct bytes in;
	size_t at;
	unsigned line, includes;
	bool fault;
};

/* A word; QUOTED: it stood in quotes, and is what it says. */
struct token {
	const char *s;
	bool quoted;
};

/* One secret: what stands before the colon and behind it. */
struct record {
	struct token owners[OWNERS_MAX], words[WORDS_MAX];
	unsigned n_owners, n_words;
	struct tree_place at;
};

static int peek(const struct lexer *l)
{
	return l->at < l->in.n ? l->in.p[l->at] : -1;
}

static int next(struct lexer *l)
{
	int c = peek(l);

	l->at += c != -1;
	l->line += c == '\n';
	return c;
}

/* Blanks, comments, and line ends whose next line is indented. False at the end of the record. */
static bool skip(struct lexer *l)
{
	for (;;) {
		int c = peek(l);

		if (c == -1)
			return false;
		if (c == '#')
			while (peek(l) != '\n' && peek(l) != -1)
				next(l);
		else if (c == ' ' || c == '\t' || c == '\r')
			next(l);
		else if (c == '\n') {
			next(l);
			if (peek(l) != ' ' && peek(l) != '\t')
				return false;
		} else
			return true;
	}
}

static void complain(struct lexer *l, unsigned line, const char *sentence)
{
	report_error(&l->run->report, (struct tree_place){ l->path, line }, NULL, NULL, "%s", sentence);
	l->fault = true;
}

static struct token token(struct lexer *l)
{
	struct token t = { .quoted = peek(l) == '"' || peek(l) == '\'' };
	unsigned line = l->line;
	size_t from = l->at;

	if (t.quoted) {
		int quote = next(l), c;

		while ((c = next(l)) != quote)
			if (c == -1 || c == '\n') {
				complain(l, line, "the quotes that open here are never closed");
				break;
			}
		t.s = arena_text(
			l->run->arena, bytes_of(l->in.p + from + 1, l->at - from - 1 - (c == quote)));
		return t;
	}
	while (peek(l) != -1 && !strchr(" \t\r\n", peek(l)))
		next(l);
	t.s = arena_text(l->run->arena, bytes_of(l->in.p + from, l->at - from));
	return t;
}

/* Reads up to the end of the record. Octets between braces, an RSA key of old, are only counted. */
static bool read_record(struct lexer *l, struct record *r)
{
	bool behind = false;

	*r = (struct record){ .at = { l->path, l->line } };
	while (!l->fault && skip(l)) {
		struct token t = token(l);

		if (!behind && !t.quoted && !strcmp(t.s, ":"))
			behind = true;
		else if (behind && r->n_words < WORDS_MAX)
			r->words[r->n_words++] = t;
		else if (!behind && r->n_owners < OWNERS_MAX)
			r->owners[r->n_owners++] = t;
		else if (!behind)
			complain(l, r->at.line, "more than 64 identities own this secret");
	}
	return !l->fault;
}

static void begin(struct import_run *run, const char *type)
{
	run->section = text_in(run->arena);
	import_open_section(&run->section, 1, arena_printf(run->arena, "%s-%u", type, run->n_secrets + 1));
}

static void end(struct import_run *run, const struct record *r)
{
	text_add(&run->section, "\t}\n");
	if (import_add(run, "secrets", &run->secrets, text_str(&run->section), r->at, "secret"))
		run->n_secrets++;
}

static void put_secret(struct import_run *run, const char *key, struct token t)
{
	bool looks_coded = !strncmp(t.s, "0x", 2) || !strncmp(t.s, "0s", 2);

	import_line(&run->section, 2, key,
		t.quoted && looks_coded ? import_base64(run->arena, bytes_str(t.s)) : t.s);
}

static void put_owners(struct import_run *run, const struct record *r)
{
	unsigned number = 0;

	for (unsigned i = 0; i < r->n_owners; i++) {
		const char *s = r->owners[i].s;
		struct text why = text_in(run->arena);
		size_t n = strlen(s);

		if (!strcmp(s, "%any") || !strcmp(s, "%any6") || !strcmp(s, "0.0.0.0"))
			continue;
		if (!strncmp(s, "@[", 2) && s[n - 1] == ']')
			s = arena_printf(run->arena, "keyid:%.*s", (int)(n - 3), s + 2);
		if (import_fits(CONF_IKE_SECRET, "id-1", s, &why))
			import_line(&run->section, 2, arena_printf(run->arena, "id-%u", ++number), s);
		else
			import_left(run, r->at, "owner", "%s", text_str(&why));
	}
}

static bool can_be_read(struct import_run *run, const struct record *r, struct token t)
{
	struct text why = text_in(run->arena);

	if (*t.s && (t.quoted || import_fits(CONF_IKE_SECRET, "secret", t.s, &why)))
		return true;
	import_left(
		run, r->at, "secret", "what stands behind 0x or 0s is not of that form, or nothing is there");
	return false;
}

static void shared(struct import_run *run, const struct record *r, const char *type)
{
	if (!can_be_read(run, r, r->words[1]))
		return;
	begin(run, type);
	put_secret(run, "secret", r->words[1]);
	put_owners(run, r);
	end(run, r);
}

/* PPKS has its name and the key, or the key alone with owners. */
static void ppk(struct import_run *run, const struct record *r, const char *type)
{
	if (r->n_words < 3 || !can_be_read(run, r, r->words[2])) {
		if (r->n_words < 3)
			import_left(run, r->at, "PPKS", "behind it come the name of the key, and the key");
		return;
	}
	begin(run, type);
	import_line(&run->section, 2, "id", r->words[1].s);
	put_secret(run, "secret", r->words[2]);
	end(run, r);
}

static void key_file(struct import_run *run, const struct record *r, const char *type)
{
	const char *path = r->words[1].s;

	if (*path == '{' || r->n_words < 2) {
		import_left(run, r->at, r->words[0].s,
			"the key is written out here; write it as PEM to a file, and that to "
			"secrets.private");
		return;
	}
	begin(run, type);
	import_line(&run->section, 2, "file", import_path(run, "private", path));
	if (r->n_words > 2 && r->words[2].s[0] == '%' && !r->words[2].quoted)
		import_left(
			run, r->at, r->words[0].s, "its passphrase is asked for there; write it as secret");
	else if (r->n_words > 2)
		put_secret(run, "secret", r->words[2]);
	end(run, r);
}

/* "%smartcard1@module:id pin" */
static void pin(struct import_run *run, const struct record *r, const char *type)
{
	const char *s = r->words[1].s, *colon = strchr(s, ':'), *at = strchr(s, '@');
	struct text why = text_in(run->arena);
	size_t digits;

	if (strncmp(s, "%smartcard", 10) || !colon || r->n_words < 3 || r->words[2].s[0] == '%' ||
		!import_fits(CONF_TOKEN_SECRET, "handle", colon + 1, &why)) {
		import_left(run, r->at, "PIN",
			"only %%smartcard…:KEYID with its PIN behind it can be carried over");
		return;
	}
	begin(run, type);
	import_line(&run->section, 2, "handle", colon + 1);
	digits = strspn(s + 10, "0123456789");
	if (digits)
		import_line(&run->section, 2, "slot", arena_text(run->arena, bytes_of(s + 10, digits)));
	if (at && at < colon)
		import_line(&run->section, 2, "module",
			arena_text(run->arena, bytes_of(at + 1, (size_t)(colon - at - 1))));
	put_secret(run, "pin", r->words[2]);
	end(run, r);
}

static void dropped(struct import_run *run, const struct record *r, const char *why)
{
	import_left(run, r->at, r->words[0].s, "%s", why);
}

static const struct {
	const char *word;
	void (*take)(struct import_run *run, const struct record *r, const char *type);
	const char *type; /* of the section; or why it is dropped */
} types[] = {
	{ "PSK", shared, "ike" },
	{ "EAP", shared, "eap" },
	{ "NTLM", shared, "ntlm" },
	{ "RSA", key_file, "private" },
	{ "ECDSA", key_file, "private" },
	{ "PKCS8", key_file, "private" },
	{ "P12", key_file, "pkcs12" },
	{ "PPKS", ppk, "ppk" },
	{ "PIN", pin, "token" },
	{ "XAUTH", dropped, "only IKEv1 has it" },
	{ "BLISS", dropped, "such keys are retired" },
	{ "NULL", dropped, "peers without authentication are not served" },
};

static void take(struct import_run *run, const struct record *r)
{
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (!strcasecmp(types[i].word, r->words[0].s)) {
			static const struct token none = { "", false };
			struct record with = *r;

			if (with.n_words < 2)
				with.words[1] = none;
			types[i].take(run, &with, types[i].type);
			wipe(&with, sizeof with);
			return;
		}
	import_left(run, r->at, "secret", "a kind of secret that nobody knows");
}

static enum err read_file(struct import_run *run, const char *path, struct tree_place by, unsigned includes);

static enum err include(struct lexer *l, const struct record *r)
{
	const char *const *paths;
	unsigned n = 0;
	enum err e = ERR_RANGE;

	if (l->includes >= IMPORT_INCLUDES_MAX)
		complain(l, r->at.line, "too many includes: does a file include itself?");
	else
		e = import_glob(l->run, r->owners[1].s, r->at, &paths, &n);
	for (unsigned i = 0; !e && i < n; i++)
		e = read_file(l->run, paths[i], r->at, l->includes + 1);
	return e;
}

static enum err record(struct lexer *l)
{
	struct record r;

	if (!read_record(l, &r))
		return ERR_SYNTAX;
	if (r.n_owners == 2 && !r.n_words && !strcmp(r.owners[0].s, "include"))
		return include(l, &r);
	if (r.n_words)
		take(l->run, &r);
	else if (r.n_owners)
		complain(l, r.at.line,
			"here \"owners : TYPE secret\" is expected, with blanks around the colon");
	return l->fault ? ERR_SYNTAX : ERR_OK;
}

static enum err read_file(struct import_run *run, const char *path, struct tree_place by, unsigned includes)
{
	struct lexer l = { .run = run, .path = path, .line = 1, .includes = includes };
	enum err e = import_open(run, path, by, &l.in);

	while (!e && peek(&l) != -1)
		e = record(&l);
	return e;
}

enum err import_secrets(struct import_run *run, const char *path)
{
	return read_file(run, path, (struct tree_place){ path, 0 }, 0);
}
