/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Values, and THE table of what events carry. */
#include "daemon/tape_field.h"

#include "base/names.h"
#include "daemon/line.h"
#include "daemon/opened.h"

#include <inttypes.h>

enum { OCTETS_MAX = 1 << 17 /* in one value: more than a datagram has */ };

/* ------------------------------------------------------------------- values */

static const struct name commands[] = {
	{ COMMAND_UP, "up" },
	{ COMMAND_DOWN, "down" },
	{ COMMAND_REKEY, "rekey" },
	{ COMMAND_TRAP, "trap" },
	{ COMMAND_UNTRAP, "untrap" },
	{ COMMAND_REDIRECT, "redirect" },
	{ COMMAND_LIMIT, "limit" },
	{ 0, NULL },
};

void tape_put_hex(struct bytes b, struct text *out)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < b.n; i++)
		text_put(out, (char[2]){ digits[b.p[i] >> 4], digits[b.p[i] & 15] }, 2);
}

int tape_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool tape_get_hex(const char *s, struct arena *arena, struct bytes *out)
{
	size_t n = strlen(s) / 2;
	uint8_t *p = arena_alloc(arena, n);

	if (s[2 * n] || n > OCTETS_MAX)
		return false;
	for (size_t i = 0; i < n; i++) {
		int high = tape_digit(s[2 * i]), low = tape_digit(s[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		p[i] = (uint8_t)(high << 4 | low);
	}
	*out = bytes_of(p, n);
	return true;
}

bool tape_get_number(const char *s, uint64_t max, uint64_t *out)
{
	int base = s[0] == '0' && s[1] == 'x' ? 16 : 10, d;

	s += base == 16 ? 2 : 0;
	if (!*s)
		return false;
	for (*out = 0; *s; s++) {
		d = tape_digit(*s);
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

	if (!tape_get_number(v->text, UINT32_MAX, &n))
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
	tape_put_hex(*b, v->out);
}

static bool get_octets(const struct value *v)
{
	return tape_get_hex(v->text, v->arena, v->at);
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
	if (!tape_get_number(v->text + strlen(WITHHELD), OCTETS_MAX, &n))
		return false;
	*b = bytes_of(arena_alloc(v->arena, n), n);
	return true;
}

/* What is shown of an EAP packet in a message is shown here, or a replay would send another one. */
static void put_eap(const struct value *v)
{
	const struct bytes *b = v->at;
	struct value shown = *v;
	struct bytes blanked;
	uint8_t *copy;

	if (v->secrets || !b->n) {
		put_octets(v);
		return;
	}
	copy = arena_alloc(v->out->arena, b->n);
	memcpy(copy, b->p, b->n < EAP_SHOWN ? b->n : EAP_SHOWN);
	blanked = bytes_of(copy, b->n);
	shown.at = &blanked;
	put_octets(&shown);
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
	if (!tape_get_number(port + 1, UINT16_MAX, &n))
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

		if (!child || !in || !one || !tape_get_number(child, UINT32_MAX, &n) ||
			!tape_get_number(in, UINT64_MAX, &to->last_in) ||
			!tape_get_number(one, UINT64_MAX, &to->last_out))
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

/* In hexadecimal digits: there may be anything in them. */
static void put_texts(const struct value *v)
{
	const struct strings *s = v->at;

	for (unsigned i = 0; i < s->n; i++) {
		text_add(v->out, i ? "," : " %s=", v->key);
		tape_put_hex(bytes_str(s->v[i]), v->out);
	}
}

static bool get_texts(const struct value *v)
{
	char *rest = arena_str(v->arena, v->text), *one;
	struct strings *s = v->at;
	const char **list = ARENA_ARRAY(v->arena, count_commas(v->text) + 1, const char *);
	struct bytes octets;

	for (s->n = 0; (one = strsep(&rest, ",")); s->n++) {
		if (!tape_get_hex(one, v->arena, &octets))
			return false;
		list[s->n] = arena_text(v->arena, octets);
	}
	s->v = list;
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
		tape_put_hex(c->v[i].data, v->out);
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

		if (!one || !tape_get_number(encoding, UINT8_MAX, &n) ||
			!tape_get_hex(one, v->arena, &list[c->n].data))
			return false;
		list[c->n].encoding = (uint8_t)n;
	}
	c->v = list;
	return true;
}

/* "2:616c696365": type and octets. */
static void put_id(const struct value *v)
{
	const struct id *id = v->at;

	if (id->type == ID_ANY)
		return;
	text_add(v->out, " %s=%u:", v->key, id->type);
	tape_put_hex(id->data, v->out);
}

static bool get_id(const struct value *v)
{
	char *octets = arena_str(v->arena, v->text), *type = strsep(&octets, ":");
	struct id *id = v->at;
	uint64_t n;

	if (!octets || !tape_get_number(type, UINT8_MAX, &n) || !tape_get_hex(octets, v->arena, &id->data))
		return false;
	id->type = (uint8_t)n;
	return true;
}

/* ---------------------------------------------------------------- the table */

enum type {
	U32,
	BOOL,
	TEXT,
	OCTETS,
	SECRET,
	EAP,
	RESULT,
	COMMAND,
	IP,
	ADDR,
	SELECTOR,
	USAGE,
	CERTS,
	IPS,
	TEXTS,
	PATHS,
	ID
};

static const struct {
	void (*put)(const struct value *v);
	bool (*get)(const struct value *v);
} types[] = {
	[U32] = { put_u32, get_u32 },
	[BOOL] = { put_bool, get_bool },
	[TEXT] = { put_text, get_text },
	[OCTETS] = { put_octets, get_octets },
	[SECRET] = { put_secret, get_secret },
	[EAP] = { put_eap, get_secret },
	[RESULT] = { put_result, get_result },
	[COMMAND] = { put_command, get_command },
	[IP] = { put_ip, get_ip },
	[ADDR] = { put_addr, get_addr },
	[SELECTOR] = { put_selector, get_selector },
	[USAGE] = { put_usage, get_usage },
	[CERTS] = { put_certs, get_certs },
	[IPS] = { put_ips, get_ips },
	[TEXTS] = { put_texts, get_texts },
	[PATHS] = { put_paths, get_paths },
	[ID] = { put_id, get_id },
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
	{ EVENT_DATAGRAM, "tcp", BOOL, AT(datagram.path.tcp) },
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
	{ EVENT_ANSWER, "packet", EAP, AT(answer.eap.packet) },
	{ EVENT_ANSWER, "over", BOOL, AT(answer.eap.over) },
	{ EVENT_ANSWER, "mutual", BOOL, AT(answer.eap.mutual) },
	{ EVENT_ANSWER, "eap", TEXT, AT(answer.eap.method) },
	{ EVENT_ANSWER, "user", ID, AT(answer.eap.id) },
	{ EVENT_ANSWER, "groups", TEXTS, AT(answer.eap.groups) },
	{ EVENT_ANSWER, "wrong", BOOL, AT(answer.eap.wrong) },
	{ EVENT_ANSWER, "delayed", BOOL, AT(answer.eap.delayed) },
	{ EVENT_ANSWER, "certs", CERTS, AT(answer.certs) },
	{ EVENT_ANSWER, "valid", U32, AT(answer.valid) },
	{ EVENT_ANSWER, "idle", U32, AT(answer.idle) },
	{ EVENT_ANSWER, "usage", USAGE, AT(answer.usage) },
	{ EVENT_ANSWER, "ips", IPS, AT(answer.ips) },
	{ EVENT_ANSWER, "attributes", OCTETS, AT(answer.attributes) },
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
	{ EVENT_ACQUIRE, "resource", U32, AT(acquire.resource) },
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
	{ EVENT_PATH_MTU, "remote", IP, AT(path_mtu.remote) },
	{ EVENT_PATH_MTU, "octets", U32, AT(path_mtu.octets) },
	{ EVENT_UNREACHABLE, "spis", OCTETS, AT(unreachable.spis) },
	{ EVENT_UNREACHABLE, "who", IP, AT(unreachable.who) },
	{ EVENT_UNREACHABLE, "what", U32, AT(unreachable.what) },
	{ EVENT_CONF, "only", TEXT, AT(conf.only) },
	{ EVENT_SECRETS, "crash", SECRET, AT(secrets.crash) },
	{ EVENT_SECRETS, "tickets", SECRET, AT(secrets.tickets) },
	{ EVENT_SECRETS, "wall", U32, AT(secrets.wall) },
	{ EVENT_SECRETS, "numbers", U32, AT(secrets.numbers) },
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
	{ EVENT_COMMAND, "seconds", U32, AT(command.seconds) },
};

enum { FIELDS = sizeof fields / sizeof *fields };

/* --------------------------------------------------------------- all of them */

void tape_put_fields(const struct ike_event *e, bool secrets, struct text *out)
{
	for (unsigned i = 0; i < FIELDS; i++) {
		const struct field *f = &fields[i];

		if (f->kind == e->kind)
			types[f->type].put(&(struct value){
				.key = f->key, .at = (char *)e + f->at, .secrets = secrets, .out = out });
	}
}

static const struct field *field_find(enum ike_event_kind kind, const char *key)
{
	for (unsigned i = 0; key && i < FIELDS; i++)
		if (fields[i].kind == kind && !strcmp(fields[i].key, key))
			return &fields[i];
	return NULL;
}

bool tape_get_field(const char *key, const char *text, struct arena *arena, struct ike_event *e)
{
	const struct field *f = field_find(e->kind, key);

	return f &&
	       types[f->type].get(&(struct value){ .text = text, .at = (char *)e + f->at, .arena = arena });
}
