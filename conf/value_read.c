/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conf/value_read.h"

#include "conf/decode.h"
#include "conf/report.h"
#include "conf/value_print.h"
#include "model/conf.h"
#include "model/id_regex.h"
#include "model/proposal_foreign.h"
#include "model/sa.h"

#include <stdlib.h>
#include <strings.h>

enum {
	DEVICE_MAX = 15,  /* IFNAMSIZ - 1 */
	DEVICES_MAX = 11, /* leaves room for a number */
	SOCKET_MAX = 107, /* a path in struct sockaddr_un */
	MSS_LEAST = 536,  /* of IP's 576 octets (RFC 9293, 3.7.1) */
	MSS_MOST = 65495,
};

static bool store_word(struct value *v, int word)
{
	memcpy(v->field, &word, sizeof word);
	return true;
}

bool value_read_text(struct value *v)
{
	*(const char **)v->field = arena_str(v->arena, v->text);
	return true;
}

static const struct name bool_words[] = {
	{ 1, "yes" },
	{ 0, "no" },
	{ 1, "true" },
	{ 1, "enabled" },
	{ 1, "1" },
	{ 0, "false" },
	{ 0, "disabled" },
	{ 0, "0" },
	{ 0 },
};

bool value_read_bool(struct value *v)
{
	const struct name *n = name_find(bool_words, v->text);

	if (n)
		*(bool *)v->field = n->value;
	return n;
}

static const struct name time_units[] = { { 1, "" }, { 1, "s" }, { 60, "m" }, { 3600, "h" }, { 86400, "d" },
	{ 0 } };

bool value_read_time(struct value *v)
{
	return decode_scaled(v->text, time_units, v->field);
}

static const struct name size_units[] = { { 1, "" }, { 1 << 10, "k" }, { 1 << 20, "m" }, { 1 << 30, "g" },
	{ 0 } };

bool value_read_size(struct value *v)
{
	uint64_t *out = v->field;

	if (!decode_scaled(v->text, size_units, out))
		return false;
	*out /= 1000;
	return true;
}

bool value_read_count(struct value *v)
{
	uint64_t n;

	if (!decode_number(v->text, UINT32_MAX, &n))
		return false;
	*(uint32_t *)v->field = (uint32_t)n;
	return true;
}

bool value_read_big_count(struct value *v)
{
	return decode_number(v->text, UINT64_MAX, v->field);
}

bool value_read_percent(struct value *v)
{
	uint64_t n;

	if (!decode_number(v->text, 100, &n))
		return false;
	*(unsigned *)v->field = (unsigned)n;
	return true;
}

bool value_read_factor(struct value *v)
{
	static const struct name no_unit[] = { { 1, "" }, { 0 } };
	uint64_t n;

	if (!decode_scaled(v->text, no_unit, &n) || n < 1000 || n > 100000)
		return false;
	*(unsigned *)v->field = (unsigned)n;
	return true;
}

bool value_read_port(struct value *v)
{
	uint64_t n;

	if (!decode_number(v->text, UINT16_MAX, &n) || !n)
		return false;
	*(uint16_t *)v->field = (uint16_t)n;
	return true;
}

static const char *next_word(void *ctx)
{
	const struct name **n = ctx;

	return (*n)->word ? (*n)++->word : NULL;
}

/* The row of the value among its words; else the sentence lists those that are not synonyms. */
static const struct name *find_word(struct value *v)
{
	const struct name *found = name_find(v->row->words, v->text), *n = v->row->words;
	const char *nearest;

	if (found)
		return found;
	text_add(v->why, "%s is not known here; write one of", report_quote(v->text, v->arena));
	for (; n->word; n++)
		if (!strcmp(name_word(v->row->words, n->value), n->word))
			text_add(v->why, "%s %s", n == v->row->words ? "" : ",", n->word);
	n = v->row->words;
	nearest = name_nearest(v->text, next_word, &n);
	if (nearest)
		text_add(v->why, "; did you mean \"%s\"?", nearest);
	return NULL;
}

bool value_read_word(struct value *v)
{
	const struct name *n = find_word(v);

	return n && store_word(v, n->value);
}

bool value_read_choice(struct value *v)
{
	const struct name *n = find_word(v);

	if (n)
		*(const char **)v->field = n->word;
	return n;
}

static bool device(struct value *v, size_t max)
{
	size_t n = strlen(v->text);

	if (!n || n > max || !strcmp(v->text, ".") || !strcmp(v->text, ".."))
		return false;
	for (const char *s = v->text; *s; s++)
		if (*s <= ' ' || *s >= 0x7f || *s == '/' || *s == ':' || *s == '%')
			return false;
	return value_read_text(v);
}

bool value_read_device(struct value *v)
{
	return device(v, DEVICE_MAX);
}

bool value_read_gateway(struct value *v)
{
	return addr_is_host(v->text) && value_read_text(v);
}

bool value_read_devices(struct value *v)
{
	return device(v, DEVICES_MAX);
}

/* The items of a list between commas, without the blanks around them; empty ones are passed over. From the
 * arena; NULL at the end. */
static const char *next_item(struct value *v)
{
	const char *from = v->text + strspn(v->text, ", \t"), *to = from + strcspn(from, ",");

	v->text = to;
	while (to > from && (to[-1] == ' ' || to[-1] == '\t'))
		to--;
	return to > from ? arena_text(v->arena, bytes_of(from, (size_t)(to - from))) : NULL;
}

static unsigned count_items(const char *list)
{
	unsigned n = 1;

	for (; *list; list++)
		n += *list == ',';
	return n;
}

/* Says that ITEM, one of a list, is not what it should be. */
static bool refuse_item(struct value *v, const char *item, const char *what)
{
	text_add(v->why, "%s is not %s", report_quote(item, v->arena), what);
	return false;
}

bool value_read_strings(struct value *v)
{
	const char **list = ARENA_ARRAY(v->arena, count_items(v->text), const char *);
	unsigned n = 0;
	const char *item;

	while ((item = next_item(v)))
		list[n++] = item;
	*(struct strings *)v->field = (struct strings){ list, n };
	return n;
}

/* "1.3.6.1.4.1" */
static bool is_oid(const char *s)
{
	return s[strspn(s, "0123456789.")] == 0 && *s != '.' && strchr(s, '.') && !strstr(s, "..") &&
	       s[strlen(s) - 1] != '.';
}

bool value_read_oids(struct value *v)
{
	const struct strings *list = v->field;

	if (!value_read_strings(v))
		return false;
	for (unsigned i = 0; i < list->n; i++)
		if (!is_oid(list->v[i]))
			return refuse_item(
				v, list->v[i], "an object identifier; write one as 1.3.6.1.4.1.36906");
	return true;
}

bool value_read_ips(struct value *v)
{
	struct ip *list = ARENA_ARRAY(v->arena, count_items(v->text), struct ip);
	unsigned n = 0;
	const char *item;

	while ((item = next_item(v))) {
		if (ip_parse(item, &list[n++]))
			return refuse_item(v, item, "an address; write one, or 0.0.0.0 or :: for any");
		if (n > VIPS_MAX)
			return refuse_item(v, item, "among the first four, which are the most");
	}
	*(const struct ip **)v->field = list;
	*(unsigned *)((char *)v->base + v->row->count_at) = n;
	return n;
}

/* "10.0.0.1/24"; without a length the network is the address alone. */
static bool if_addr(const char *s, struct arena *arena, struct if_addr *out)
{
	size_t n = strcspn(s, "/");
	struct ip lo, hi;
	uint64_t bits;

	if (ip_parse(arena_text(arena, bytes_of(s, n)), &out->ip) || ip_is_any(&out->ip))
		return false;
	out->bits = 8 * (unsigned)ip_size(&out->ip);
	if (!s[n])
		return true;
	if (!decode_number(s + n + 1, out->bits, &bits))
		return false;
	out->bits = (unsigned)bits;
	return !ip_prefix(&out->ip, out->bits, &lo, &hi);
}

bool value_read_if_addrs(struct value *v)
{
	struct if_addr *list = ARENA_ARRAY(v->arena, count_items(v->text), struct if_addr);
	unsigned n = 0;
	const char *item;

	while ((item = next_item(v)))
		if (!if_addr(item, v->arena, &list[n++]))
			return refuse_item(v, item,
				"an address of a device; write one with the length of its network's prefix, "
				"as 10.0.0.1/24");
	*(const struct if_addr **)v->field = list;
	*(unsigned *)((char *)v->base + v->row->count_at) = n;
	return n;
}

bool value_read_table(struct value *v)
{
	uint64_t n = TABLE_MAIN;

	if (strcmp(v->text, "main") && (!decode_number(v->text, UINT32_MAX, &n) || !n))
		return false;
	*(unsigned *)v->field = (unsigned)n;
	return true;
}

bool value_read_dscp(struct value *v)
{
	size_t n = strlen(v->text);

	if (!n || n > 6 || strspn(v->text, "01") != n)
		return false;
	*(uint8_t *)v->field = (uint8_t)strtoul(v->text, NULL, 2);
	return true;
}

bool value_read_padding(struct value *v)
{
	if (strcasecmp(v->text, "mtu"))
		return value_read_count(v);
	*(uint32_t *)v->field = TFC_MTU;
	return true;
}

bool value_read_mss(struct value *v)
{
	uint32_t *mss = v->field;

	if (!strcasecmp(v->text, "auto") || !strcasecmp(v->text, "no")) {
		*mss = strcasecmp(v->text, "no") ? MSS_AUTO : MSS_NO;
		return true;
	}
	return value_read_count(v) && *mss >= MSS_LEAST && *mss <= MSS_MOST;
}

/* The number N octets of S are. */
static bool number_in(const char *s, size_t n, uint32_t *out)
{
	char text[16];
	uint64_t number;

	if (n >= sizeof text)
		return false;
	memcpy(text, s, n);
	text[n] = 0;
	if (!decode_number(text, UINT32_MAX, &number))
		return false;
	*out = (uint32_t)number;
	return true;
}

/* "VALUE", "VALUE/MASK", "WORD" or "WORD/MASK"; VALUE within MASK. */
static bool mark(struct value *v, bool same)
{
	size_t n = strcspn(v->text, "/");
	const struct name *word = name_find(value_drawn, arena_text(v->arena, bytes_of(v->text, n)));
	struct mark m = { .mask = UINT32_MAX };

	if (word ? (word->value == DRAWN_SAME) != same : !number_in(v->text, n, &m.value))
		return false;
	if (v->text[n] && !number_in(v->text + n + 1, strlen(v->text + n + 1), &m.mask))
		return false;
	m.drawn = word ? (enum drawn)word->value : DRAWN_NOT;
	m.value &= m.mask;
	*(struct mark *)v->field = m;
	return true;
}

bool value_read_mark(struct value *v)
{
	return mark(v, false);
}

bool value_read_set_mark(struct value *v)
{
	return mark(v, true);
}

bool value_read_if_id(struct value *v)
{
	const struct name *word = name_find(value_drawn, v->text);
	struct if_id *out = v->field;

	*out = (struct if_id){ .drawn = word ? (enum drawn)word->value : DRAWN_NOT };
	return word ? word->value != DRAWN_SAME : number_in(v->text, strlen(v->text), &out->value);
}

bool value_read_addresses(struct value *v)
{
	struct addr_pattern *list = ARENA_ARRAY(v->arena, count_items(v->text), struct addr_pattern);
	unsigned n = 0;
	const char *item;

	while ((item = next_item(v)))
		if (addr_pattern_parse(item, v->arena, &list[n++]))
			return refuse_item(v, item,
				"an address; write one, or a prefix as 192.0.2.0/24, a range as "
				"192.0.2.1-192.0.2.9, a DNS name, or %any");
	*(const struct addr_pattern **)v->field = list;
	*(unsigned *)((char *)v->base + v->row->count_at) = n;
	return n;
}

/* Those of algorithms that we do not have are left out (conn.c says so): none may be left. */
static bool proposals(struct value *v, uint8_t protocol)
{
	struct proposals list = { 0 };
	const char *item;
	bool any = false;

	while ((item = next_item(v))) {
		const char *foreign, *usable = proposal_without_foreign(item, protocol, v->arena, &foreign);

		any = true;
		if (*usable && proposal_parse(usable, protocol, v->arena, &list, v->why))
			return false;
	}
	*(struct proposals *)v->field = list;
	return any;
}

bool value_read_ike_proposals(struct value *v)
{
	return proposals(v, PROTO_IKE);
}

bool value_read_esp_proposals(struct value *v)
{
	return proposals(v, PROTO_ESP);
}

bool value_read_ah_proposals(struct value *v)
{
	return proposals(v, PROTO_AH);
}

/* Drops those of the N selectors that lie in another one, which says it all. Returns how many are left. */
static unsigned drop_contained(struct ts *list, unsigned n)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < n; i++) {
		bool needed = true;

		for (unsigned k = 0; k < n && needed; k++)
			needed = k == i ||
				 !(ts_eq(&list[k], &list[i]) ? k < i : ts_contains(&list[k], &list[i]));
		if (needed)
			list[kept++] = list[i];
	}
	return kept;
}

bool value_read_selectors(struct value *v)
{
	unsigned max = count_items(v->text), n = 0;
	struct ts *list = ARENA_ARRAY(v->arena, max, struct ts);
	const char *item;

	while ((item = next_item(v)))
		if (ts_parse(item, &list[n++]))
			return refuse_item(v, item,
				"a traffic selector; write a prefix as 10.1.0.0/16, a range as "
				"10.1.0.1-10.1.0.9, "
				"or dynamic, with [tcp/443] behind it for one protocol and port");
	if (n > TS_MAX) {
		text_add(v->why, "these are %u traffic selectors; a message carries at most %d", n, TS_MAX);
		return false;
	}
	*(struct tss *)v->field = (struct tss){ list, drop_contained(list, n) };
	return n;
}

static bool identity(struct value *v, struct id *out)
{
	size_t n = strlen(v->text);

	if (!id_parse(v->text, v->arena, out))
		return true;
	if (n > 1 && strchr(v->text, '^') && v->text[n - 1] == '$')
		text_add(v->why,
			"%s is no extended regular expression, or too large a one: it has at most %d octets, "
			"no "
			"back-references, and repeats nothing more than %d times",
			report_quote(v->text, v->arena), ID_REGEX_MAX, ID_REGEX_REPEAT_MAX);
	return false;
}

bool value_read_identity(struct value *v)
{
	return identity(v, v->field);
}

/* The list has room for a power of two: it is moved when that is full, not with each one. */
bool value_read_owner(struct value *v)
{
	unsigned *n = (unsigned *)(void *)((char *)v->base + v->row->count_at);
	struct id **list = v->field, *larger;

	if (!(*n & (*n - 1))) {
		larger = ARENA_ARRAY(v->arena, *n ? 2 * *n : 1, struct id);
		if (*n)
			memcpy(larger, *list, *n * sizeof *larger);
		*list = larger;
	}
	if (!identity(v, &(*list)[*n]))
		return false;
	++*n;
	return true;
}

/* "tls", "26", "7-12345" */
static bool is_eap_method(const char *s, struct arena *arena)
{
	const char *vendor = strchr(s, '-');
	size_t n = vendor ? (size_t)(vendor - s) : strlen(s);
	uint32_t number;

	return (name_find(eap_methods, arena_text(arena, bytes_of(s, n))) || number_in(s, n, &number)) &&
	       (!vendor || number_in(vendor + 1, strlen(vendor + 1), &number));
}

/* "eap-tls:rsa-2048", "eap", "eap-26" */
static bool read_eap(struct value *v, struct auth_way *way)
{
	const char *method = v->text + strlen("eap"), *constraints = strchr(v->text, ':');
	size_t n = constraints ? (size_t)(constraints - method) : strlen(method);

	way->method = AUTH_EAP;
	way->constraints = constraints && constraints[1] ? arena_str(v->arena, constraints + 1) : NULL;
	if (!n)
		return true;
	way->eap = arena_text(v->arena, bytes_of(method + 1, n - 1));
	if (*method != '-')
		return false;
	return is_eap_method(way->eap, v->arena) ||
	       refuse_item(v, way->eap, "an EAP method; write one as eap-mschapv2, or eap for any");
}

/* "pubkey-sha256-rsa", "rsa-2048", "ike:ecdsa-sha384": constraints.h knows what it means. */
static bool read_pubkey(struct value *v, struct auth_way *way)
{
	way->method = AUTH_PUBKEY;
	if (strcasecmp(v->text, "pubkey"))
		way->constraints = arena_str(v->arena, v->text);
	return true;
}

bool value_read_authentication(struct value *v)
{
	static const char *const keys[] = { "pubkey", "rsa", "ecdsa", "ed25519", "ed448", "mldsa", "ike:" };
	struct auth_way *way = v->field;

	*way = (struct auth_way){ .method = AUTH_PSK };
	if (!strcasecmp(v->text, "psk"))
		return true;
	if (!strncasecmp(v->text, "eap", 3))
		return read_eap(v, way);
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		if (!strncasecmp(v->text, keys[i], strlen(keys[i])))
			return read_pubkey(v, way);
	if (!strncasecmp(v->text, "xauth", 5))
		text_add(v->why, "XAuth belongs to IKEv1, which is not spoken here; write auth = eap or psk");
	return false;
}

/* A file, or behind 0x or 0s the octets themselves. */
static bool cert(struct value *v, const char *text, struct cert_conf *out)
{
	bool hex = !strncmp(text, "0x", 2), base64 = !strncmp(text, "0s", 2);

	if (!hex && !base64) {
		out->file = text;
		return true;
	}
	if ((hex ? decode_hex : decode_base64)(text + 2, v->arena, &out->data) && out->data.n)
		return true;
	text_add(v->why, "what follows 0x must be hexadecimal, what follows 0s base64, and not empty");
	return false;
}

bool value_read_cert(struct value *v)
{
	return cert(v, arena_str(v->arena, v->text), v->field);
}

/* Adds to the list. */
bool value_read_certs(struct value *v)
{
	struct cert_confs *list = v->field;
	struct cert_conf *all = ARENA_ARRAY(v->arena, list->n + count_items(v->text), struct cert_conf);
	unsigned n = list->n;
	const char *item;

	if (n)
		memcpy(all, list->v, n * sizeof *all);
	while ((item = next_item(v)))
		if (!cert(v, item, &all[n++]))
			return false;
	*list = (struct cert_confs){ all, n };
	return true;
}

bool value_read_handle(struct value *v)
{
	struct bytes octets;

	return *v->text && decode_hex(v->text, v->arena, &octets) && value_read_text(v);
}

bool value_read_secret(struct value *v)
{
	struct bytes *out = v->field;
	bool ok = true;

	if (!strncmp(v->text, "0x", 2))
		ok = decode_hex(v->text + 2, v->arena, out);
	else if (!strncmp(v->text, "0s", 2))
		ok = decode_base64(v->text + 2, v->arena, out);
	else
		*out = bytes_str(arena_str(v->arena, v->text));
	if (ok && out->n)
		return true;
	text_add(v->why, "what follows 0x must be hexadecimal, what follows 0s base64, and not empty");
	return false;
}

/* Networks only: a route knows of no ports, and of nothing dynamic. */
bool value_read_routes(struct value *v)
{
	const struct name *word = name_find(bool_words, v->text);
	struct device_routes *out = v->field;
	struct ts *list = ARENA_ARRAY(v->arena, count_items(v->text), struct ts);
	unsigned n = 0;
	const char *item;

	*out = (struct device_routes){ .remote = word && word->value };
	while (!word && (item = next_item(v))) {
		list[n] = (struct ts){ .port_hi = UINT16_MAX };
		if (ip_range_parse(item, &list[n].lo, &list[n].hi))
			return refuse_item(v, item, "a network; write yes, no, or prefixes as 10.2.0.0/16");
		n++;
	}
	out->nets = (struct tss){ list, drop_contained(list, n) };
	return word || n;
}

bool value_read_socket(struct value *v)
{
	const char *path = v->text + strlen(VALUE_UNIX);

	if (strncmp(v->text, VALUE_UNIX, strlen(VALUE_UNIX)) || *path != '/' || strlen(path) > SOCKET_MAX)
		return false;
	*(const char **)v->field = arena_str(v->arena, path);
	return true;
}
