/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What conf_print writes. */
#include "conf/value_print.h"

#include "model/conf.h"

bool value_print_text(const struct written *v)
{
	const char *s = *(const char *const *)v->field;

	if (s)
		text_add(v->out, "%s", s);
	return s;
}

bool value_print_socket(const struct written *v)
{
	const char *path = *(const char *const *)v->field;

	if (path)
		text_add(v->out, "%s%s", VALUE_UNIX, path);
	return path;
}

bool value_print_bool(const struct written *v)
{
	text_add(v->out, "%s", *(const bool *)v->field ? "yes" : "no");
	return true;
}

/* A number of thousandths. */
static bool print_milli(const struct written *v, uint64_t n, const char *unit)
{
	text_add(v->out, "%llu", (unsigned long long)n / 1000);
	if (n % 1000)
		text_add(v->out, ".%03u", (unsigned)(n % 1000));
	text_add(v->out, "%s", unit);
	return true;
}

bool value_print_time(const struct written *v)
{
	return print_milli(v, *(const uint64_t *)v->field, "s");
}

bool value_print_count(const struct written *v)
{
	text_add(v->out, "%u", *(const unsigned *)v->field);
	return true;
}

bool value_print_big_count(const struct written *v)
{
	text_add(v->out, "%llu", (unsigned long long)*(const uint64_t *)v->field);
	return true;
}

/* A size that is too long for value_read_size in octets is so large that what is below 1 kB does not count.
 */
bool value_print_size(const struct written *v)
{
	uint64_t n = *(const uint64_t *)v->field;

	if (n <= UINT64_MAX / 1000000)
		return value_print_big_count(v);
	text_add(v->out, "%lluk", (unsigned long long)(n >> 10));
	return true;
}

bool value_print_factor(const struct written *v)
{
	return print_milli(v, *(const unsigned *)v->field, "");
}

bool value_print_port(const struct written *v)
{
	uint16_t port = *(const uint16_t *)v->field;

	if (port)
		text_add(v->out, "%u", port);
	return port;
}

bool value_print_padding(const struct written *v)
{
	uint32_t octets = *(const uint32_t *)v->field;

	if (octets == TFC_MTU)
		text_add(v->out, "mtu");
	else
		text_add(v->out, "%u", octets);
	return true;
}

bool value_print_mss(const struct written *v)
{
	uint32_t mss = *(const uint32_t *)v->field;

	if (mss == MSS_AUTO || mss == MSS_NO)
		text_add(v->out, "%s", mss == MSS_AUTO ? "auto" : "no");
	else
		text_add(v->out, "%u", mss);
	return true;
}

bool value_print_word(const struct written *v)
{
	const char *word = name_word(v->row->words, *(const int *)v->field);

	if (word)
		text_add(v->out, "%s", word);
	return word;
}

const struct name value_drawn[] = { { DRAWN_UNIQUE, "%unique" }, { DRAWN_DIRECTION, "%unique-dir" },
	{ DRAWN_SAME, "%same" }, { 0 } };

static void print_drawn(enum drawn drawn, uint32_t value, struct text *out)
{
	if (drawn)
		text_add(out, "%s", name_word(value_drawn, (int)drawn));
	else
		text_add(out, "%u", value);
}

bool value_print_mark(const struct written *v)
{
	const struct mark *m = v->field;

	print_drawn(m->drawn, m->value, v->out);
	text_add(v->out, "/0x%08x", m->mask);
	return true;
}

bool value_print_if_id(const struct written *v)
{
	const struct if_id *id = v->field;

	print_drawn(id->drawn, id->value, v->out);
	return true;
}

static void print_pattern(const struct addr_pattern *p, struct text *out)
{
	char lo[IP_TEXT], hi[IP_TEXT];
	unsigned bits;

	if (p->name || !p->lo.v)
		text_add(out, "%s", p->name ? p->name : "%any");
	else if (ip_eq(&p->lo, &p->hi))
		text_add(out, "%s", ip_print(&p->lo, lo));
	else if (ip_range_prefix(&p->lo, &p->hi, &bits))
		text_add(out, "%s/%u", ip_print(&p->lo, lo), bits);
	else
		text_add(out, "%s-%s", ip_print(&p->lo, lo), ip_print(&p->hi, hi));
}

bool value_print_addresses(const struct written *v)
{
	const struct addr_pattern *list = *(const struct addr_pattern *const *)v->field;
	unsigned n = *(const unsigned *)((const char *)v->base + v->row->count_at);

	for (unsigned i = 0; i < n; i++) {
		text_add(v->out, "%s", i ? ", " : "");
		print_pattern(&list[i], v->out);
	}
	return n;
}

bool value_print_ips(const struct written *v)
{
	const struct ip *list = *(const struct ip *const *)v->field;
	unsigned n = *(const unsigned *)((const char *)v->base + v->row->count_at);
	char ip[IP_TEXT];

	for (unsigned i = 0; i < n; i++)
		text_add(v->out, "%s%s", i ? ", " : "", ip_print(&list[i], ip));
	return n;
}

bool value_print_strings(const struct written *v)
{
	const struct strings *list = v->field;

	for (unsigned i = 0; i < list->n; i++)
		text_add(v->out, "%s%s", i ? ", " : "", list->v[i]);
	return list->n;
}

bool value_print_if_addrs(const struct written *v)
{
	const struct if_addr *list = *(const struct if_addr *const *)v->field;
	unsigned n = *(const unsigned *)((const char *)v->base + v->row->count_at);
	char ip[IP_TEXT];

	for (unsigned i = 0; i < n; i++)
		text_add(v->out, "%s%s/%u", i ? ", " : "", ip_print(&list[i].ip, ip), list[i].bits);
	return n;
}

bool value_print_routes(const struct written *v)
{
	const struct device_routes *r = v->field;
	char text[TS_TEXT];

	if (!r->nets.n)
		text_add(v->out, "%s", r->remote ? "yes" : "no");
	for (unsigned i = 0; i < r->nets.n; i++)
		text_add(v->out, "%s%s", i ? ", " : "", ts_print(&r->nets.v[i], text));
	return true;
}

bool value_print_proposals(const struct written *v)
{
	text_add(v->out, "%s", proposals_print(*(const struct proposals *)v->field, v->out->arena));
	return true;
}

bool value_print_selectors(const struct written *v)
{
	const struct tss *set = v->field;
	char text[TS_TEXT];

	for (unsigned i = 0; i < set->n; i++)
		text_add(v->out, "%s%s", i ? ", " : "", ts_print(&set->v[i], text));
	return set->n;
}

/* The type TYPE in front of an identity, and whether what follows is hexadecimal. */
static bool print_type(uint8_t type, struct text *out)
{
	static const struct name marks[] = { { ID_FQDN, "fqdn:" }, { ID_RFC822_ADDR, "email:" },
		{ ID_DER_ASN1_DN, "dn:" }, { ID_KEY_ID, "keyid:" }, { 0 } };
	const char *word = name_word(marks, type);

	if (word)
		text_add(out, "%s", word);
	else
		text_add(out, "{%u}:", type);
	return type != ID_FQDN && type != ID_RFC822_ADDR;
}

/* As people write it where that means the same, else with its type in front. */
bool value_print_identity(const struct written *v)
{
	const struct id *id = v->field;
	const char *usual = id_print(id, v->out->arena);
	struct id again;

	if (!id_parse(usual, v->out->arena, &again) && again.type == id->type &&
		bytes_eq(again.data, id->data)) {
		text_add(v->out, "%s", usual);
	} else if (id->type == ID_REGEX) {
		(void)print_type(id->data.p[0], v->out);
		text_put(v->out, id->data.p + 1, id->data.n - 1);
	} else if (!print_type(id->type, v->out)) {
		text_put(v->out, id->data.p, id->data.n);
	} else {
		text_add(v->out, "#");
		for (size_t i = 0; i < id->data.n; i++)
			text_add(v->out, "%02x", id->data.p[i]);
	}
	return true;
}

bool value_print_authentication(const struct written *v)
{
	const struct auth_way *way = v->field;

	switch (way->method) {
	case AUTH_ANY: return false;
	case AUTH_PSK: text_add(v->out, "psk"); break;
	case AUTH_PUBKEY: text_add(v->out, "%s", way->constraints ? way->constraints : "pubkey"); break;
	case AUTH_EAP:
		text_add(v->out, "eap%s%s", way->eap ? "-" : "", way->eap ? way->eap : "");
		if (way->constraints)
			text_add(v->out, ":%s", way->constraints);
		break;
	}
	return true;
}
