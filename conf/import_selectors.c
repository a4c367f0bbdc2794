/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a tunnel carries: subnets, protocols and ports; virtual addresses, asked for and given. */
#include "conf/import_inner.h"

#include "model/ts.h"

/* "tcp/80" and its like as it stands in brackets; "" where there is none. */
static const char *protoport(struct import_conn *c, enum import_side side)
{
	const char *s = import_value(c, side, "protoport", NULL), *any = s ? strchr(s, '/') : NULL;

	if (!s || !strcmp(s, "%any") || !strcmp(s, "0") || !strcmp(s, "0/0"))
		return "";
	if (any && !strcmp(any, "/%any"))
		return arena_printf(c->run->arena, "[%.*s]", (int)(any - s), s);
	if (any && !strcmp(any, "/%opaque"))
		return arena_printf(c->run->arena, "[%.*s/opaque]", (int)(any - s), s);
	return arena_printf(c->run->arena, "[%s]", s);
}

/* libreswan has protocol and port behind a colon: "10.1.0.0/24:tcp/80". */
static const char *net_of(struct import_conn *c, const char *item)
{
	const char *slash = strchr(item, '/'), *colon = slash ? strchr(slash, ':') : NULL;

	if (!strcmp(item, "%dynamic"))
		return "dynamic";
	if (!strncmp(item, "%dynamic[", 9))
		return item + 1;
	if (c->run->dialect == LIBRE && colon)
		return arena_printf(c->run->arena, "%.*s[%s]", (int)(colon - item), item, colon + 1);
	return item;
}

/* LIST as selectors; NULL where one of them is none, after an entry of the list. */
static const char *selectors(
	struct import_conn *c, enum import_side side, const struct import_entry *e, const char *list)
{
	const char *suffix = protoport(c, side), *item;
	struct text out = text_in(c->run->arena);
	struct ts ts;

	while ((item = import_item(c->run, &list, ", "))) {
		const char *net = net_of(c, item);

		if (!strchr(net, '['))
			net = arena_printf(c->run->arena, "%s%s", net, suffix);
		if (ts_parse(net, &ts)) {
			import_left_entry(c, e,
				"%s is no network; of this end only its own address is carried",
				report_quote(net, c->run->arena));
			return NULL;
		}
		text_add(&out, "%s%s", out.n ? "," : "", net);
	}
	return out.n ? text_str(&out) : NULL;
}

static const char *subnet(struct import_conn *c, enum import_side side)
{
	const struct import_entry *e = import_find(c, side, "subnet");
	const char *suffix = protoport(c, side);
	struct ts ts;

	if (e && *e->key->value)
		return selectors(c, side, e, e->key->value);
	if (!*suffix)
		return NULL;
	suffix = arena_printf(c->run->arena, "dynamic%s", suffix);
	if (!ts_parse(suffix, &ts))
		return suffix;
	import_left_entry(c, import_find(c, side, "protoport"), "it is no protocol with a port");
	return NULL;
}

static void child(struct import_conn *c, const char *name, const char *local, const char *remote)
{
	struct text *out = &c->children;

	import_open_section(out, 3, name);
	if (local)
		import_line(out, 4, "local_ts", local);
	if (remote)
		import_line(out, 4, "remote_ts", remote);
	text_add(out, "%s\t\t\t}\n", text_str(&c->parts[PART_CHILD].text));
}

/* The networks of one end, each for a child of its own. */
struct nets {
	const char *v[IMPORT_CHILDREN_MAX];
	unsigned n;
};

static bool add_nets(struct import_conn *c, enum import_side side, const char *word, struct nets *nets)
{
	const struct import_entry *e = import_find(c, side, word);
	const char *list = e ? e->key->value : "", *item;

	while ((item = import_item(c->run, &list, ", {}"))) {
		if (nets->n == IMPORT_CHILDREN_MAX) {
			import_left_entry(c, e, "too many networks; none is carried over");
			return false;
		}
		nets->v[nets->n] = selectors(c, side, e, item);
		if (!nets->v[nets->n++])
			return false;
	}
	return true;
}

/* libreswan's leftsubnets and rightsubnets: a child for each pair, by its names for them. */
static void pairs(struct import_conn *c, enum import_side local, enum import_side remote)
{
	struct nets ours = { .n = 0 }, theirs = { .n = 0 };

	if (!add_nets(c, local, "subnet", &ours) || !add_nets(c, local, "subnets", &ours) ||
		!add_nets(c, remote, "subnet", &theirs) || !add_nets(c, remote, "subnets", &theirs))
		return;
	ours.n += !ours.n;
	theirs.n += !theirs.n;
	if (ours.n * theirs.n > IMPORT_CHILDREN_MAX) {
		import_left_entry(c, NULL,
			"%u pairs of networks are too many for one connection; none is carried over",
			ours.n * theirs.n);
		return;
	}
	for (unsigned i = 0; i < ours.n; i++)
		for (unsigned k = 0; k < theirs.n; k++)
			child(c, arena_printf(c->run->arena, "%s-%ux%u", c->name, i + 1, k + 1), ours.v[i],
				theirs.v[k]);
}

void import_selectors(struct import_conn *c)
{
	enum import_side local = import_local(c), remote = local == LEFT ? RIGHT : LEFT;

	c->children = text_in(c->run->arena);
	if (import_value(c, LEFT, "subnets", NULL) || import_value(c, RIGHT, "subnets", NULL))
		pairs(c, local, remote);
	else
		child(c, c->name, subnet(c, local), subnet(c, remote));
}

/* Addresses that we ask for. */
static void ask(struct import_conn *c, enum import_side side)
{
	const struct import_entry *e = import_find(c, side, "sourceip");
	const char *s = e ? e->key->value : "";
	bool pulls = !strcmp(import_value(c, side, "modecfgclient", "no"), "yes");

	if (c->run->dialect == LIBRE) {
		if (pulls)
			import_put(c, PART_CONN, "vips", "0.0.0.0", import_find(c, side, "modecfgclient"));
		if (*s)
			import_left_entry(c, e,
				"routes to remote_ts get an address of this machine that is in local_ts by "
				"themselves");
		return;
	}
	if (!strcmp(s, "%config6") || !strcmp(s, "%modeconfig6"))
		s = "::";
	else if (!strncmp(s, "%config", 7) || !strncmp(s, "%modec", 6) || !strncmp(s, "%cfg", 4))
		s = "0.0.0.0";
	if (*s)
		import_put(c, PART_CONN, "vips", s, e);
}

static void name_servers(struct import_conn *c, struct text *out, enum import_side side)
{
	const struct import_entry *e = import_find(c, side, "dns");

	if (!e)
		e = import_find(c, NO_SIDE, "modecfgdns");
	if (e && *e->key->value) {
		struct text list = text_in(c->run->arena);
		const char *rest = e->key->value, *item;

		while ((item = import_item(c->run, &rest, ", ")))
			text_add(&list, "%s%s", list.n ? ", " : "", item);
		import_line(out, 2, "dns", text_str(&list));
	}
	e = import_find(c, NO_SIDE, "modecfgdomains");
	if (e && *e->key->value)
		import_line(out, 2, "25", e->key->value);
}

/* A pool of the addresses in SPEC; the same ones of two conns are one pool. NULL: that is none. */
static const char *pool(struct import_conn *c, enum import_side side, const char *spec)
{
	struct import_run *run = c->run;
	struct text section = text_in(run->arena);
	const char *name, *found;

	import_line(&section, 2, "addrs", spec);
	name_servers(c, &section, side);
	text_add(&section, "\t}\n");
	found = strstr(text_str(&run->pools), text_str(&section));
	if (found) {
		unsigned number = 1;

		for (const char *s = text_str(&run->pools); s < found; s++)
			number += *s == '}';
		return arena_printf(run->arena, "pool-%u", number);
	}
	name = arena_printf(run->arena, "pool-%u", run->n_pools + 1);
	if (!import_add(run, "pools", &run->pools,
		    arena_printf(run->arena, "\t%s {\n%s", name, text_str(&section)), c->at,
		    arena_printf(run->arena, "conn %s", c->name)))
		return NULL;
	run->n_pools++;
	return name;
}

/* Addresses that we give. */
static void give(struct import_conn *c, enum import_side side)
{
	const struct import_entry *e =
		import_find(c, side, c->run->dialect == LIBRE ? "addresspool" : "sourceip");
	struct text names = text_in(c->run->arena);
	const char *list, *item;

	if (!e || !*e->key->value)
		return;
	list = e->key->value;
	if (!strncmp(list, "%config", 7) || !strncmp(list, "%modec", 6) || !strncmp(list, "%cfg", 4)) {
		import_left_entry(c, e, "clients do not choose their addresses here; write a pool");
		return;
	}
	while ((item = import_item(c->run, &list, ", "))) {
		const char *name = *item == '%' ? item + 1 : pool(c, side, item);

		if (name)
			text_add(&names, "%s%s", names.n ? ", " : "", name);
	}
	if (names.n)
		import_put(c, PART_CONN, "pools", text_str(&names), e);
}

void import_virtual(struct import_conn *c)
{
	enum import_side local = import_local(c), remote = local == LEFT ? RIGHT : LEFT;
	const struct import_entry *dns = import_find(c, local, "dns");

	ask(c, local);
	give(c, remote);
	if (dns)
		import_left_entry(c, dns, "name servers are asked for by themselves where addresses are");
	if (import_find(c, local, "interface-ip"))
		import_left_entry(c, import_find(c, local, "interface-ip"),
			"write interface and interface_addrs of the child");
}
