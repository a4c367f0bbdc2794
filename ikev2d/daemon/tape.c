/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writing and reading records; THE table of what events carry. */
#include "daemon/tape.h"

#include "base/heap.h"
#include "base/names.h"
#include "daemon/line.h"
#include "wire/payload.h"

#include <inttypes.h>
#include <stdlib.h>

#define HEAD "ikev2d-record"

enum {
	WORDS_MAX = 32,       /* on a line */
	OCTETS_MAX = 1 << 17, /* in one value: more than a datagram has */
};

/* ------------------------------------------------------------------- values */

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
	{ EVENT_COMMAND, "command" },
	{ EVENT_CONF, "conf" },
	{ EVENT_SECRETS, "secrets" },
	{ 0, NULL },
};

static const struct name commands[] = {
	{ COMMAND_UP, "up" },
	{ COMMAND_DOWN, "down" },
	{ COMMAND_REKEY, "rekey" },
	{ COMMAND_REDIRECT, "redirect" },
	{ 0, NULL },
};

static void put_hex(struct bytes b, struct text *out)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < b.n; i++)
		text_put(out, (char[2]){ digits[b.p[i] >> 4], digits[b.p[i] & 15] }, 2);
}

static int digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool get_hex(const char *s, struct arena *arena, struct bytes *out)
{
	size_t n = strlen(s) / 2;
	uint8_t *p = arena_alloc(arena, n);

	if (s[2 * n] || n > OCTETS_MAX)
		return false;
	for (size_t i = 0; i < n; i++) {
		int high = digit(s[2 * i]), low = digit(s[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		p[i] = (uint8_t)(high << 4 | low);
	}
	*out = bytes_of(p, n);
	return true;
}

static bool get_number(const char *s, uint64_t max, uint64_t *out)
{
	int base = s[0] == '0' && s[1] == 'x' ? 16 : 10, d;

	s += base == 16 ? 2 : 0;
	if (!*s)
		return false;
	for (*out = 0; *s; s++) {
		d = digit(*s);
		if (d < 0 || d >= base || *out > (max - (unsigned)d) / (unsigned)base)
			return false;
		*out = *out * (unsigned)base + (unsigned)d;
	}
	return true;
}

/* A value on its way to or from the line. */
struct value {
	const char *key, *text; /* text: to be read */
	void *at;
	bool secrets;
	struct text *out;
	struct arena *arena;
};

static void put_u32(const struct value *v)
{
	if (*(uint32_t *)v->at)
		line_number(v->out, v->key, *(uint32_t *)v->at);
}

static bool get_u32(const struct value *v)
{
	uint64_t n;

	if (!get_number(v->text, UINT32_MAX, &n))
		return false;
	*(uint32_t *)v->at = (uint32_t)n;
	return true;
}

static void put_bool(const struct value *v)
{
	if (*(bool *)v->at)
		line_add(v->out, v->key, "yes");
}

static bool get_bool(const struct value *v)
{
	return *(bool *)v->at = !strcmp(v->text, "yes");
}

static void put_text(const struct value *v)
{
	line_add(v->out, v->key, *(const char **)v->at);
}

static bool get_text(const struct value *v)
{
	*(const char **)v->at = v->text;
	return true;
}

static void put_octets(const struct value *v)
{
	const struct bytes *b = v->at;

	if (!b->n)
		return;
	text_add(v->out, " %s=", v->key);
	put_hex(*b, v->out);
}

static bool get_octets(const struct value *v)
{
	return get_hex(v->text, v->arena, v->at);
}

#define WITHHELD "withheld:"

static void put_secret(const struct value *v)
{
	const struct bytes *b = v->at;

	if (v->secrets)
		put_octets(v);
	else if (b->n)
		text_add(v->out, " %s=" WITHHELD "%zu", v->key, b->n);
}

static bool get_secret(const struct value *v)
{
	struct bytes *b = v->at;
	uint64_t n;

	if (strncmp(v->text, WITHHELD, strlen(WITHHELD)))
		return get_octets(v);
	if (!get_number(v->text + strlen(WITHHELD), OCTETS_MAX, &n))
		return false;
	*b = bytes_of(arena_alloc(v->arena, n), n);
	return true;
}

static void put_result(const struct value *v)
{
	line_add(v->out, v->key, err_name(*(enum err *)v->at));
}

static bool get_result(const struct value *v)
{
	enum err *e = v->at;

	for (*e = ERR_OK; *e < ERR_MAX; ++*e)
		if (!strcmp(v->text, err_name(*e)))
			return true;
	return false;
}

static void put_command(const struct value *v)
{
	line_add(v->out, v->key, name_word(commands, (int)*(enum ike_command_kind *)v->at));
}

static bool get_command(const struct value *v)
{
	const struct name *n = name_find(commands, v->text);

	if (n)
		*(enum ike_command_kind *)v->at = (enum ike_command_kind)n->value;
	return n;
}

static void put_ip(const struct value *v)
{
	char text[IP_TEXT];

	if (((struct ip *)v->at)->v)
		line_add(v->out, v->key, ip_print(v->at, text));
}

static bool get_ip(const struct value *v)
{
	return !ip_parse(v->text, v->at);
}

static void put_addr(const struct value *v)
{
	char text[ADDR_TEXT];

	line_add(v->out, v->key, addr_print(v->at, text));
}

/* "192.0.2.1[500]" */
static bool get_addr(const struct value *v)
{
	char text[ADDR_TEXT], *port, *end;
	struct addr *a = v->at;
	uint64_t n;

	if (strlen(v->text) >= sizeof text)
		return false;
	strcpy(text, v->text);
	port = strchr(text, '[');
	end = strchr(text, ']');
	if (!port || !end || end < port || end[1])
		return false;
	*port = *end = 0;
	if (!get_number(port + 1, UINT16_MAX, &n))
		return false;
	a->port = (uint16_t)n;
	return !strcmp(text, "%any") || !ip_parse(text, &a->ip);
}

static void put_selector(const struct value *v)
{
	char text[TS_TEXT];

	if (((struct ts *)v->at)->lo.v)
		line_add(v->out, v->key, ts_print(v->at, text));
}

static bool get_selector(const struct value *v)
{
	return !ts_parse(v->text, v->at);
}

static unsigned count_commas(const char *s)
{
	unsigned n = 0;

	for (; *s; s++)
		n += *s == ',';
	return n;
}

/* "12:1000:0,14:1500:900": child, last in, last out. */
static void put_usage(const struct value *v)
{
	const struct ike_usages *u = v->at;

	for (unsigned i = 0; i < u->n; i++)
		text_add(v->out, "%s%s%" PRIu32 ":%" PRIu64 ":%" PRIu64, i ? "," : " ",
			i ? "" : "usage=", u->v[i].child, u->v[i].last_in, u->v[i].last_out);
}

static bool get_usage(const struct value *v)
{
	char *rest = arena_str(v->arena, v->text), *one;
	struct ike_usages *u = v->at;

	u->v = ARENA_ARRAY(v->arena, count_commas(v->text) + 1, struct ike_usage);
	for (u->n = 0; (one = strsep(&rest, ",")); u->n++) {
		struct ike_usage *to = (struct ike_usage *)&u->v[u->n];
		const char *child = strsep(&one, ":"), *in = strsep(&one, ":");
		uint64_t n;

		if (!child || !in || !one || !get_number(child, UINT32_MAX, &n) ||
			!get_number(in, UINT64_MAX, &to->last_in) ||
			!get_number(one, UINT64_MAX, &to->last_out))
			return false;
		to->child = (uint32_t)n;
	}
	return true;
}

/* "192.0.2.1,2001:db8::1" */
static void put_ips(const struct value *v)
{
	const struct ike_ips *ips = v->at;
	char text[IP_TEXT];

	for (unsigned i = 0; i < ips->n; i++)
		text_add(v->out, "%s%s%s", i ? "," : " ", i ? "" : "ips=", ip_print(&ips->v[i], text));
}

static bool get_ips(const struct value *v)
{
	char *rest = arena_str(v->arena, v->text), *one;
	struct ike_ips *ips = v->at;
	struct ip *list;

	list = ARENA_ARRAY(v->arena, count_commas(v->text) + 1, struct ip);
	for (ips->n = 0; (one = strsep(&rest, ",")); ips->n++)
		if (ip_parse(one, &list[ips->n]))
			return false;
	ips->v = list;
	return true;
}

/* "192.0.2.1>198.51.100.1,…": from local to remote. */
static void put_paths(const struct value *v)
{
	const struct ike_paths *p = v->at;
	char local[IP_TEXT], remote[IP_TEXT];

	for (unsigned i = 0; i < p->n; i++)
		text_add(v->out, "%s%s%s>%s", i ? "," : " ",
			i ? "" : "paths=", ip_print(&p->v[i].local, local),
			ip_print(&p->v[i].remote, remote));
}

static bool get_paths(const struct value *v)
{
	char *rest = arena_str(v->arena, v->text), *one;
	struct ike_paths *p = v->at;
	struct hosts *list;

	list = ARENA_ARRAY(v->arena, count_commas(v->text) + 1, struct hosts);
	for (p->n = 0; (one = strsep(&rest, ",")); p->n++) {
		const char *local = strsep(&one, ">");

		if (!one || ip_parse(local, &list[p->n].local) || ip_parse(one, &list[p->n].remote))
			return false;
	}
	p->v = list;
	return true;
}

/* "4:3082…,4:3082…": encoding and octets. */
static void put_certs(const struct value *v)
{
	const struct ike_certs *c = v->at;

	for (unsigned i = 0; i < c->n; i++) {
		text_add(v->out, "%s%s%u:", i ? "," : " ", i ? "" : "certs=", c->v[i].encoding);
		put_hex(c->v[i].data, v->out);
	}
}

static bool get_certs(const struct value *v)
{
	char *rest = arena_str(v->arena, v->text), *one;
	struct ike_certs *c = v->at;
	struct wire_cert *list;

	list = ARENA_ARRAY(v->arena, count_commas(v->text) + 1, struct wire_cert);
	for (c->n = 0; (one = strsep(&rest, ",")); c->n++) {
		const char *encoding = strsep(&one, ":");
		uint64_t n;

		if (!one || !get_number(encoding, UINT8_MAX, &n) || !get_hex(one, v->arena, &list[c->n].data))
			return false;
		list[c->n].encoding = (uint8_t)n;
	}
	c->v = list;
	return true;
}

/* ---------------------------------------------------------------- the table */

enum type { U32, BOOL, TEXT, OCTETS, SECRET, RESULT, COMMAND, IP, ADDR, SELECTOR, USAGE, CERTS, IPS, PATHS };

static const struct {
	void (*put)(const struct value *v);
	bool (*get)(const struct value *v);
} types[] = {
	[U32] = { put_u32, get_u32 },
	[BOOL] = { put_bool, get_bool },
	[TEXT] = { put_text, get_text },
	[OCTETS] = { put_octets, get_octets },
	[SECRET] = { put_secret, get_secret },
	[RESULT] = { put_result, get_result },
	[COMMAND] = { put_command, get_command },
	[IP] = { put_ip, get_ip },
	[ADDR] = { put_addr, get_addr },
	[SELECTOR] = { put_selector, get_selector },
	[USAGE] = { put_usage, get_usage },
	[CERTS] = { put_certs, get_certs },
	[IPS] = { put_ips, get_ips },
	[PATHS] = { put_paths, get_paths },
};

#define AT(field) offsetof(struct ike_event, field)

/* THE table of what events carry: what is not here is not recorded. SECRET is for what gives a key away, or
 * can be used to try passwords. */
static const struct field {
	enum ike_event_kind kind;
	const char *key;
	enum type type;
	size_t at;
} fields[] = {
	{ EVENT_DATAGRAM, "local", ADDR, AT(datagram.path.local) },
	{ EVENT_DATAGRAM, "remote", ADDR, AT(datagram.path.remote) },
	{ EVENT_DATAGRAM, "marker", BOOL, AT(datagram.path.marker) },
	{ EVENT_DATAGRAM, "data", OCTETS, AT(datagram.data) },
	{ EVENT_ANSWER, "ticket", U32, AT(answer.ticket) },
	{ EVENT_ANSWER, "result", RESULT, AT(answer.result) },
	{ EVENT_ANSWER, "local", IP, AT(answer.local) },
	{ EVENT_ANSWER, "remote", IP, AT(answer.remote) },
	{ EVENT_ANSWER, "paths", PATHS, AT(answer.paths) },
	{ EVENT_ANSWER, "secret", SECRET, AT(answer.secret) },
	{ EVENT_ANSWER, "public", OCTETS, AT(answer.public) },
	{ EVENT_ANSWER, "shared", SECRET, AT(answer.shared) },
	{ EVENT_ANSWER, "method", U32, AT(answer.method) },
	{ EVENT_ANSWER, "proof", SECRET, AT(answer.proof) },
	{ EVENT_ANSWER, "certs", CERTS, AT(answer.certs) },
	{ EVENT_ANSWER, "valid", U32, AT(answer.valid) },
	{ EVENT_ANSWER, "usage", USAGE, AT(answer.usage) },
	{ EVENT_ANSWER, "what", TEXT, AT(answer.why.what) },
	{ EVENT_ANSWER, "offered", TEXT, AT(answer.why.offered) },
	{ EVENT_ANSWER, "configured", TEXT, AT(answer.why.configured) },
	{ EVENT_ANSWER, "differs", TEXT, AT(answer.why.differs) },
	{ EVENT_ANSWER, "where", TEXT, AT(answer.why.where) },
	{ EVENT_ANSWER, "instead", TEXT, AT(answer.why.instead) },
	{ EVENT_ANSWER, "notify", TEXT, AT(answer.why.notify) },
	{ EVENT_CONF, "authorities", OCTETS, AT(conf.authorities) },
	{ EVENT_CONF, "responders", OCTETS, AT(conf.responders) },
	{ EVENT_ACQUIRE, "policy", U32, AT(acquire.policy) },
	{ EVENT_ACQUIRE, "local", SELECTOR, AT(acquire.local) },
	{ EVENT_ACQUIRE, "remote", SELECTOR, AT(acquire.remote) },
	{ EVENT_EXPIRE, "child", U32, AT(expire.child) },
	{ EVENT_EXPIRE, "hard", BOOL, AT(expire.hard) },
	{ EVENT_MAPPING, "child", U32, AT(mapping.child) },
	{ EVENT_MAPPING, "remote", ADDR, AT(mapping.remote) },
	{ EVENT_ADDRESSES, "ips", IPS, AT(addresses) },
	{ EVENT_USED, "child", U32, AT(used.child) },
	{ EVENT_UNKNOWN_SPI, "local", ADDR, AT(unknown_spi.path.local) },
	{ EVENT_UNKNOWN_SPI, "remote", ADDR, AT(unknown_spi.path.remote) },
	{ EVENT_UNKNOWN_SPI, "encap", BOOL, AT(unknown_spi.encap) },
	{ EVENT_UNKNOWN_SPI, "spi", U32, AT(unknown_spi.spi) },
	{ EVENT_CONF, "only", TEXT, AT(conf.only) },
	{ EVENT_SECRETS, "crash", SECRET, AT(secrets.crash) },
	{ EVENT_SECRETS, "tickets", SECRET, AT(secrets.tickets) },
	{ EVENT_SECRETS, "wall", U32, AT(secrets.wall) },
	{ EVENT_COMMAND, "do", COMMAND, AT(command.kind) },
	{ EVENT_COMMAND, "ticket", U32, AT(command.ticket) },
	{ EVENT_COMMAND, "ike", TEXT, AT(command.ike) },
	{ EVENT_COMMAND, "child", TEXT, AT(command.child) },
	{ EVENT_COMMAND, "ike-id", U32, AT(command.ike_id) },
	{ EVENT_COMMAND, "child-id", U32, AT(command.child_id) },
	{ EVENT_COMMAND, "force", BOOL, AT(command.force) },
	{ EVENT_COMMAND, "reauth", BOOL, AT(command.reauth) },
	{ EVENT_COMMAND, "local", IP, AT(command.hosts.local) },
	{ EVENT_COMMAND, "remote", IP, AT(command.hosts.remote) },
	{ EVENT_COMMAND, "gateway", TEXT, AT(command.redirect.gateway) },
	{ EVENT_COMMAND, "peer-from", IP, AT(command.redirect.lo) },
	{ EVENT_COMMAND, "peer-to", IP, AT(command.redirect.hi) },
	{ EVENT_COMMAND, "peer-id", TEXT, AT(command.redirect.identity) },
	{ EVENT_COMMAND, "limits", BOOL, AT(command.limits) },
};

enum { FIELDS = sizeof fields / sizeof *fields };

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
	for (unsigned i = 0; i < FIELDS; i++) {
		const struct field *f = &fields[i];

		if (f->kind == e->event.kind)
			types[f->type].put(&(struct value){ .key = f->key,
				.at = (char *)&e->event + f->at,
				.secrets = secrets,
				.out = &line });
	}
	line_add(&line, "about", e->about);
	text_put(out, line.s, line.n);
	text_put(out, "\n", 1);
}

void tape_put_random(struct bytes drawn, struct text *out)
{
	text_add(out, "random ");
	put_hex(drawn, out);
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
			int high = digit(from[1]), low = high < 0 ? -1 : digit(from[2]);

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

	if (!ours || !take_apart(line, &w) || w.n < 2 || !get_number(w.value[1], UINT32_MAX, &version))
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

static const struct field *field_find(enum ike_event_kind kind, const char *key)
{
	for (unsigned i = 0; key && i < FIELDS; i++)
		if (fields[i].kind == kind && !strcmp(fields[i].key, key))
			return &fields[i];
	return NULL;
}

static bool read_opened(const char *text, struct tape_event *e)
{
	uint64_t first;

	if (e->event.kind != EVENT_DATAGRAM || !get_number(text, UINT8_MAX, &first))
		return false;
	e->opened = true;
	e->first = (uint8_t)first;
	return true;
}

static bool read_field(const struct words *w, unsigned i, struct arena *arena, struct tape_event *e)
{
	const struct field *f = field_find(e->event.kind, w->key[i]);

	if (word_is(w, i, "about"))
		return true;
	if (word_is(w, i, "opened"))
		return read_opened(w->value[i], e);
	return f && types[f->type].get(&(struct value){
			    .text = w->value[i], .at = (char *)&e->event + f->at, .arena = arena });
}

/* event NUMBER at=TIME KIND KEY=VALUE… */
static enum err read_event(
	struct tape *t, struct words *w, struct arena *arena, struct tape_event *e, struct text *why)
{
	const struct name *kind = word_is(w, 3, NULL) ? name_find(kinds, w->value[3]) : NULL;

	if (!kind || !word_is(w, 1, NULL) || !get_number(w->value[1], UINT64_MAX, &e->number) ||
		!word_is(w, 2, "at") || !get_number(w->value[2], UINT64_MAX, &e->now))
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
	return get_hex(line + strlen("random "), arena, &s->random[s->n_random++]);
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

	if (w->n != 4 || !word_is(w, 1, NULL) || !get_number(w->value[1], UINT64_MAX, &number) ||
		number != s->event.number || !word_is(w, 2, "wake") || !word_is(w, 3, "digest"))
		return fault(t, why,
			"the end of a step is: done NUMBER wake=TIME digest=TEXT, with the number of its "
			"event");
	s->wake = HEAP_NEVER;
	if (strcmp(w->value[2], "never") && !get_number(w->value[2], UINT64_MAX, &s->wake))
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
