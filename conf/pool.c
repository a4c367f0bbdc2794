/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses and attributes, as strongSwan's users know them. */
#include "conf/pool.h"

#include "conf/decode.h"
#include "conf/section.h"

enum { ATTR_MAX = 0x7fff /* RFC 7296, 3.15.1: 15 bits */ };

/* THE table of attributes that have a name: their numbers for each family. */
static const struct {
	const char *name;
	uint16_t v4, v6;
} attributes[] = {
	{ "dns", 3, 10 },
	{ "nbns", 4, 11 },
	{ "dhcp", 6, 12 },
	{ "netmask", 2, 9 },
	{ "server", 23456, 23457 },
	{ "subnet", 13, 15 },
	{ "split_include", 28676, 28676 },
	{ "split_exclude", 28678, 28678 },
	{ "p_cscf", 20, 21 },
};

/* "10.3.0.0/24[…]" without what stands at S behind the slash. */
static bool prefix_parse(const char *text, struct ip *ip, unsigned *bits)
{
	size_t n = strcspn(text, "/");
	char address[IP_TEXT];
	uint64_t number;

	if (n >= sizeof address)
		return false;
	memcpy(address, text, n);
	address[n] = 0;
	if (ip_parse(address, ip))
		return false;
	*bits = (unsigned)ip_size(ip) * 8;
	if (!text[n])
		return true;
	if (!decode_number(text + n + 1, *bits, &number))
		return false;
	*bits = (unsigned)number;
	return true;
}

/* A prefix gives its addresses but the first and the last; where the address written has a host part, those
 * from it on. */
static bool prefix_range(const char *text, struct vip_pool *p)
{
	struct ip ip, lo, hi;

	if (!prefix_parse(text, &ip, &p->bits) || ip_prefix(&ip, p->bits, &lo, &hi))
		return false;
	p->lo = ip;
	p->hi = hi;
	if (p->bits + 1 >= ip_size(&ip) * 8)
		return true;
	(void)ip_prev(&hi, &p->hi);
	if (ip_eq(&ip, &lo))
		(void)ip_next(&lo, &p->lo);
	return ip_cmp(&p->lo, &p->hi) <= 0;
}

static void read_addrs(const struct tree_section *s, struct vip_pool *p, struct report *r)
{
	const struct tree_key *k = tree_written(s, "addrs");

	if (!k)
		report_error(r, s->at, s, NULL, "there are no addresses in it; write addrs = 10.3.0.0/24");
	else if (strchr(k->value, '-') ? ip_range_parse(k->value, &p->lo, &p->hi) != ERR_OK
				       : !prefix_range(k->value, p))
		report_error(r, k->at, s, k->name,
			"%s is not a pool of addresses; write a prefix as 10.3.0.0/24, or a range as "
			"10.3.0.10-10.3.0.99",
			report_quote(k->value, r->why->arena));
}

/* "10.1.0.0/16" as IPv4 address and mask, "2001:db8::/32" as address and length, an address as it is. */
static struct bytes encode(const char *text, const struct ip *ip, unsigned bits, struct arena *arena)
{
	size_t n = ip_size(ip);
	uint8_t *p = arena_alloc(arena, n + 4);

	memcpy(p, ip->a, n);
	if (!strchr(text, '/'))
		return bytes_of(p, n);
	if (n == 16) {
		p[16] = (uint8_t)bits;
		return bytes_of(p, 17);
	}
	for (unsigned i = 0; i < bits; i++)
		p[4 + i / 8] |= (uint8_t)(0x80 >> i % 8);
	return bytes_of(p, 8);
}

/* What the key NAME stands for: its row of the table, or a number of its own. */
static bool attribute_find(const char *name, uint16_t *v4, uint16_t *v6, bool *numbered)
{
	uint64_t number;

	for (size_t i = 0; i < sizeof attributes / sizeof *attributes; i++)
		if (!strcmp(attributes[i].name, name)) {
			*v4 = attributes[i].v4;
			*v6 = attributes[i].v6;
			*numbered = false;
			return true;
		}
	if (!decode_number(name, ATTR_MAX, &number) || !number)
		return false;
	*v4 = *v6 = (uint16_t)number;
	*numbered = true;
	return true;
}

/* An attribute with a name holds addresses or prefixes; one by its number also octets behind 0x, or a text.
 */
static bool attribute_read(const char *name, const char *text, struct arena *arena, struct pool_attr *out)
{
	uint16_t v4, v6;
	struct ip ip;
	unsigned bits;
	bool numbered;

	if (!attribute_find(name, &v4, &v6, &numbered))
		return false;
	if (prefix_parse(text, &ip, &bits)) {
		*out = (struct pool_attr){ ip.v == 4 ? v4 : v6, encode(text, &ip, bits, arena) };
		return true;
	}
	*out = (struct pool_attr){ v4, bytes_str(arena_str(arena, text)) };
	return numbered && (strncmp(text, "0x", 2) || decode_hex(text + 2, arena, &out->data));
}

/* The items of K, a list. */
static void read_attribute(const struct tree_section *s, const struct tree_key *k, struct vip_pool *p,
	struct arena *arena, struct report *r)
{
	char *rest = arena_str(arena, k->value), *item;
	unsigned max = p->n_attrs + 1;
	struct pool_attr *all;

	for (const char *c = rest; *c; c++)
		max += *c == ',';
	all = ARENA_ARRAY(arena, max, struct pool_attr);
	if (p->n_attrs)
		memcpy(all, p->attrs, p->n_attrs * sizeof *all);
	while ((item = strsep(&rest, ","))) {
		item += strspn(item, " \t");
		for (size_t n = strlen(item); n && strchr(" \t", item[n - 1]); n--)
			item[n - 1] = 0;
		if (*item && !attribute_read(k->name, item, arena, &all[p->n_attrs++]))
			report_error(r, k->at, s, k->name, "%s is not an address or a prefix",
				report_quote(item, r->why->arena));
	}
	p->attrs = all;
}

static void read_attributes(
	const struct tree_section *s, struct vip_pool *p, struct arena *arena, struct report *r)
{
	uint16_t v4, v6;
	bool numbered;

	for (const struct tree_key *k = s->keys; k; k = k->next)
		if (!strcmp(k->name, "addrs") || !*k->value)
			continue;
		else if (attribute_find(k->name, &v4, &v6, &numbered))
			read_attribute(s, k, p, arena, r);
		else
			report_error(r, k->at, s, k->name,
				"unknown key; write dns, nbns, dhcp, netmask, server, subnet, split_include, "
				"split_exclude, p_cscf, or the number of an attribute");
}

void pool_read(const struct tree_section *s, enum origin origin, struct arena *arena, struct vip_pool *p,
	struct report *r)
{
	*p = (struct vip_pool){
		.name = arena_str(arena, s->name),
		.origin = origin,
		.at = section_source(s, arena),
	};
	read_addrs(s, p, r);
	read_attributes(s, p, arena, r);
	for (const struct tree_section *sub = s->sections; sub; sub = sub->next)
		section_kind(sub, CONF_POOL, r);
}

void pools_read(const struct tree_section *s, struct conf *c, struct report *r)
{
	c->pools = ARENA_ARRAY(&c->arena, s->n_sections, struct vip_pool);
	for (const struct tree_section *sub = s->sections; sub; sub = sub->next)
		if (section_kind(sub, CONF_POOLS, r) == CONF_POOL)
			pool_read(sub, ORIGIN_FILE, &c->arena, &c->pools[c->n_pools++], r);
}
