/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A rule is a line within a chain within a table; its words are looked at one after the other. */
#include "nat_rules.h"

#include <stdlib.h>

enum { NAT_PAIRS_MAX = 1024 /* of selectors, compared with each rule */ };

#define OUR_TABLES "ikev2d-"

/* What a rule says of the address of one side. */
struct address_match {
	bool said, negated;
	bool unknown; /* a set, or what is no address */
	struct ts of[16];
	unsigned n;
};

struct nat_rule {
	const char *family, *table, *chain, *text;
	struct address_match from, to;
	bool device;      /* only for some way out; */
	bool tun;         /* ours among them */
	bool more;        /* it asks for other things, too */
	bool policy;      /* it asks whether IPsec has to do with the packet */
	bool nat, leaves; /* its verdict: another source, or the end of the chain */
};

/* What a child sends, and by which path. */
struct nat_pair {
	const struct child_conf *child;
	struct ts from, to;
	bool by_tun;
};

struct nat_search {
	const struct conf *conf;
	struct nat_pair *pairs;
	unsigned n_pairs;
	bool *spared; /* of each pair: an earlier rule of the chain lets it go */
	bool spared_all;
	struct arena arena;
	struct text *out;
};

/* ------------------------------------------------------------ what is sent */

static enum data_path path_of(const struct nat_search *s, const struct child_conf *c)
{
	return c->datapath == DATAPATH_DEFAULT ? s->conf->settings.datapath : c->datapath;
}

static void pair_add(
	struct nat_search *s, const struct child_conf *c, const struct ts *from, const struct ts *to)
{
	if (!from->lo.v || from->lo.v != to->lo.v || s->n_pairs == NAT_PAIRS_MAX)
		return;
	s->pairs[s->n_pairs++] = (struct nat_pair){ c, *from, *to, path_of(s, c) == DATAPATH_USER };
}

static const struct vip_pool *pool_find(const struct conf *conf, const char *name)
{
	for (unsigned i = 0; i < conf->n_pools; i++)
		if (!strcmp(conf->pools[i].name, name))
			return &conf->pools[i];
	return NULL;
}

/* Those that a dynamic selector becomes: of the clients' addresses, or of the peer's. Empty: not known. */
static struct tss ends_of(struct nat_search *s, const struct peer *p)
{
	struct ts *v = ARENA_ARRAY(&s->arena, (size_t)p->pools.n + p->n_remote_addrs, struct ts);
	unsigned n = 0;

	for (unsigned i = 0; i < p->pools.n; i++) {
		const struct vip_pool *pool = pool_find(s->conf, p->pools.v[i]);

		if (pool)
			v[n++] = (struct ts){ .lo = pool->lo, .hi = pool->hi, .port_hi = UINT16_MAX };
	}
	for (unsigned i = 0; !p->pools.n && i < p->n_remote_addrs; i++)
		if (addr_pattern_single(&p->remote_addrs[i]))
			v[n++] = ts_host(&p->remote_addrs[i].lo);
	return (struct tss){ v, n };
}

/* This machine's own address is what a rule would give; but a virtual one is not. */
static struct tss sources_of(struct nat_search *s, const struct peer *p)
{
	struct ts *v = ARENA_ARRAY(&s->arena, p->n_vips, struct ts);

	for (unsigned i = 0; i < p->n_vips; i++)
		v[i] = ip_is_any(&p->vips[i]) ? ts_every(p->vips[i].v) : ts_host(&p->vips[i]);
	return (struct tss){ v, p->n_vips };
}

static void child_pairs(struct nat_search *s, const struct child_conf *c)
{
	struct tss from = tss_resolve_all(c->local, sources_of(s, c->peer), &s->arena);
	struct tss to = tss_resolve_all(c->remote, ends_of(s, c->peer), &s->arena);

	for (unsigned i = 0; i < from.n; i++)
		for (unsigned k = 0; k < to.n; k++)
			pair_add(s, c, &from.v[i], &to.v[k]);
}

/* --------------------------------------------------------- what a rule says */

/* A word that ends at a blank, or TEXT's end; what is in braces or quotes is one. */
static char *word_next(char **text)
{
	char *word = *text + strspn(*text, " \t"), *end = word;

	if (*word == '{')
		end += strcspn(end, "}") + (strchr(end, '}') != NULL);
	else if (*word == '"')
		end += 1 + strcspn(end + 1, "\"") + (strchr(end + 1, '"') != NULL);
	else
		end += strcspn(end, " \t");
	*text = end + (*end != 0);
	*end = 0;
	return *word ? word : NULL;
}

static void address_read(struct address_match *m, char *value)
{
	char *item;

	m->said = true;
	if (*value == '{') {
		value++;
		value[strcspn(value, "}")] = 0;
	}
	while ((item = strsep(&value, ", "))) {
		if (!*item)
			continue;
		if (m->n == sizeof m->of / sizeof *m->of || ts_parse(item, &m->of[m->n]) ||
			m->of[m->n].dynamic)
			m->unknown = true;
		else
			m->n++;
	}
}

/* The value behind a field, and whether it is one that must not be. */
static char *value_next(char **text, bool *negated)
{
	char *value = word_next(text);

	*negated = value && !strcmp(value, "!=");
	return *negated ? word_next(text) : value;
}

static void device_read(struct nat_rule *r, char *value, bool negated, const char *tun_name)
{
	r->device |= !negated;
	r->more |= negated;
	r->tun |= strstr(value, tun_name) != NULL;
}

static bool is_any_of(const char *word, const char *const *words)
{
	for (; *words; words++)
		if (!strcmp(word, *words))
			return true;
	return false;
}

static void rule_read(struct nat_rule *r, char *text, const char *tun_name)
{
	static const char *const nat[] = { "masquerade", "snat", "\"MASQUERADE\"", "\"SNAT\"", NULL };
	static const char *const ends[] = { "accept", "return", "drop", NULL };
	static const char *const nothing[] = { "counter", "packets", "bytes", "log", "ip", "ip6", NULL };
	static const char *const ipsec[] = { "ipsec", "\"policy\"", NULL };
	char *word, *value;
	bool negated;

	while ((word = word_next(&text))) {
		if (!strcmp(word, "saddr") || !strcmp(word, "daddr")) {
			struct address_match *m = *word == 's' ? &r->from : &r->to;

			value = value_next(&text, &m->negated);
			if (value)
				address_read(m, value);
		} else if (!strcmp(word, "oifname") || !strcmp(word, "oif")) {
			value = value_next(&text, &negated);
			if (value)
				device_read(r, value, negated, tun_name);
		} else if (is_any_of(word, ipsec)) {
			r->policy = true;
		} else if (is_any_of(word, nat)) {
			r->nat = true;
			return;
		} else if (is_any_of(word, ends)) {
			r->leaves = true;
			return;
		} else if (!is_any_of(word, nothing) && *word != '#' && !strtoul(word, NULL, 10) &&
			   strcmp(word, "0")) {
			r->more = true;
		}
	}
}

/* ----------------------------------------------------------- what it is for */

static bool may_be(const struct address_match *m, const struct ts *ts)
{
	struct ts common;

	if (!m->said || m->unknown)
		return true;
	for (unsigned i = 0; i < m->n; i++) {
		if (m->negated && ts_contains(&m->of[i], ts))
			return false;
		if (!m->negated && ts_intersect(&m->of[i], ts, &common))
			return true;
	}
	return m->negated;
}

static bool is_sure(const struct address_match *m, const struct ts *ts)
{
	if (!m->said)
		return true;
	for (unsigned i = 0; i < m->n && !m->negated; i++)
		if (ts_contains(&m->of[i], ts))
			return true;
	return false;
}

static bool is_of_family(const struct nat_rule *r, const struct ts *ts)
{
	return !strcmp(r->family, "inet") || !strcmp(r->family, ts->lo.v == 4 ? "ip" : "ip6");
}

/* Whether R may be for packets of P, and gives them another source. */
static bool eats(const struct nat_rule *r, const struct nat_pair *p)
{
	return is_of_family(r, &p->from) && (!r->device || r->tun || !p->by_tun) &&
	       may_be(&r->from, &p->from) && may_be(&r->to, &p->to);
}

static void tell(struct nat_search *s, const struct nat_rule *r, const struct nat_pair *p)
{
	const char *ip = p->from.lo.v == 4 ? "ip" : "ip6";
	struct ts from = p->from, to = p->to;
	char a[TS_TEXT], b[TS_TEXT];

	from.proto = to.proto = 0;
	from.port_lo = to.port_lo = 0;
	from.port_hi = to.port_hi = UINT16_MAX;
	ts_print(&from, a);
	ts_print(&to, b);
	text_add(s->out,
		"%stable %s %s, chain %s: \"%s\" may give packets of %s/%s (%s to %s) another source, and "
		"then "
		"they match no tunnel: nft insert rule %s %s %s %s saddr %s %s daddr %s accept",
		s->out->n ? "\n" : "", r->family, r->table, r->chain, r->text, p->child->peer->name,
		p->child->name, a, b, r->family, r->table, r->chain, ip, a, ip, b);
}

/* The first pair that R is for is told of; one rule is one line. */
static void rule_try(struct nat_search *s, const struct nat_rule *r)
{
	for (unsigned i = 0; i < s->n_pairs && r->nat && !r->policy && !s->spared_all; i++)
		if (!s->spared[i] && eats(r, &s->pairs[i])) {
			tell(s, r, &s->pairs[i]);
			return;
		}
	if (!r->leaves)
		return;
	s->spared_all |= r->policy;
	for (unsigned i = 0; i < s->n_pairs && !r->more && !r->device && !r->policy; i++)
		s->spared[i] |= is_of_family(r, &s->pairs[i].from) && is_sure(&r->from, &s->pairs[i].from) &&
				is_sure(&r->to, &s->pairs[i].to);
}

/* "table ip nat {", "chain POSTROUTING {", or a rule. */
static void line_read(struct nat_search *s, struct nat_rule *place, char *line)
{
	char *rest = line + strspn(line, " \t"), *said = arena_str(&s->arena, rest);
	size_t n = strlen(said);

	if (!strncmp(rest, "table ", 6)) {
		(void)word_next(&rest);
		*place = (struct nat_rule){ .family = word_next(&rest), .table = word_next(&rest) };
	} else if (!strncmp(rest, "chain ", 6)) {
		(void)word_next(&rest);
		place->chain = word_next(&rest);
		memset(s->spared, 0, s->n_pairs * sizeof *s->spared);
		s->spared_all = false;
	} else if (!strcmp(rest, "}")) {
		place->chain = NULL;
	} else if (place->chain && place->table && n &&
		   strncmp(place->table, OUR_TABLES, strlen(OUR_TABLES))) {
		struct nat_rule r = *place;

		r.text = said;
		rule_read(&r, rest, s->conf->settings.tun_name);
		rule_try(s, &r);
	}
}

void nat_rules_find(const char *ruleset, const struct conf *conf, struct text *out)
{
	struct nat_search s = { .conf = conf, .out = out };
	struct nat_rule place = { 0 };
	char *rest = arena_str(&s.arena, ruleset), *line;

	s.pairs = ARENA_ARRAY(&s.arena, NAT_PAIRS_MAX, struct nat_pair);
	for (unsigned i = 0; i < conf->n_peers; i++)
		for (unsigned c = 0; c < conf->peers[i]->n_children; c++)
			child_pairs(&s, &conf->peers[i]->children[c]);
	s.spared = ARENA_ARRAY(&s.arena, s.n_pairs, bool);
	while (s.n_pairs && (line = strsep(&rest, "\n")))
		line_read(&s, &place, line);
	arena_free(&s.arena);
}
