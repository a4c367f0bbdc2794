/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A conn becomes a connection with a child, or children of a connection that is there already. */
#include "conf/import_inner.h"

#include <strings.h>

static bool says(const struct import_conn *c, const char *word, const char *value)
{
	return !strcasecmp(import_value(c, NO_SIDE, word, ""), value);
}

static bool only_ikev1(const struct import_conn *c)
{
	if (says(c, "keyexchange", "ikev1") || !strncmp(import_value(c, NO_SIDE, "authby", ""), "xauth", 5) ||
		!strncmp(import_value(c, LEFT, "auth", ""), "xauth", 5) ||
		!strncmp(import_value(c, RIGHT, "auth", ""), "xauth", 5))
		return true;
	return c->run->dialect == LIBRE && (says(c, "ikev2", "no") || says(c, "ikev2", "never"));
}

/* Whether another conn takes C in: then what it says is not lost. */
static bool taken_in(const struct import_conn *c)
{
	const struct tree_section *group = tree_section_find(&c->run->tree, c->run->tree.root, "conn");

	for (const struct tree_section *s = group->sections; s; s = s->next) {
		const struct tree_key *also = tree_written(s, "also");
		const char *list = also ? also->value : "", *name;

		while ((name = import_item(c->run, &list, ", ")))
			if (!strcmp(name, c->name))
				return true;
	}
	return false;
}

/* Whether it is to be left out, which is said. */
static bool left_out(struct import_conn *c)
{
	const char *unusable[] = { import_value(c, LEFT, "", ""), import_value(c, RIGHT, "", "") };

	if (says(c, "auto", "ignore") || !*import_value(c, NO_SIDE, "auto", "")) {
		if (!taken_in(c))
			import_left_entry(c, import_find(c, NO_SIDE, "auto"),
				"auto is not written, or ignore: it is not loaded there, and not carried "
				"over");
		return true;
	}
	if (only_ikev1(c)) {
		import_left_entry(c, NULL, "it is IKEv1 (RFC 9395 retired it), which is not spoken here");
		return true;
	}
	for (int i = 0; i < 2; i++)
		if (!strcmp(unusable[i], "%group") || !strncmp(unusable[i], "%opportunistic", 14)) {
			import_left_entry(
				c, NULL, "%s (opportunistic encryption) is not built in", unusable[i]);
			return true;
		}
	return false;
}

static void put_version(struct import_conn *c)
{
	if (c->run->dialect == STRONG && !says(c, "keyexchange", "ikev2"))
		import_note(c, PART_CONN, "keyexchange=ike also took IKEv1 of peers; here it is IKEv2 only.");
	if (c->run->dialect == LIBRE && !import_find(c, NO_SIDE, "ikev2") &&
		!import_find(c, NO_SIDE, "keyexchange"))
		import_note(c, PART_CONN,
			"libreswan before 4.0 took this for IKEv1, since neither ikev2 nor keyexchange is "
			"written.");
	import_put(c, PART_CONN, "version", "2", NULL);
}

/* What holds in one dialect where nothing is written, and here something else does. */
static void put_defaults(struct import_conn *c)
{
	bool libre = c->run->dialect == LIBRE;
	const char *word = libre ? "replay-window" : "replay_window";
	const struct import_entry *mobike = import_find(c, NO_SIDE, "mobike");

	if (libre && !mobike)
		import_note(c, PART_CONN, "mobike is no by default there, and yes here.");
	if (libre || mobike)
		import_put(c, PART_CONN, "mobike", import_value(c, NO_SIDE, "mobike", "no"), mobike);
	if (libre && !import_find(c, import_local(c), "sendcert")) {
		import_note(c, PART_CONN, "sendcert is always by default there, and ifasked here.");
		import_put(c, PART_CONN, "send_cert", "always", NULL);
	}
	if (!import_find(c, NO_SIDE, word))
		import_note(
			c, PART_CHILD, "%s was %s by default; here it is 1024.", word, libre ? "128" : "32");
	if (!libre && !import_find(c, NO_SIDE, "keyingtries"))
		import_put(c, PART_CONN, "keyingtries", "3", NULL);
}

/* uniqueids of config setup holds for all. */
static void put_unique(struct import_conn *c)
{
	struct tree *t = &c->run->tree;
	const struct tree_section *config = tree_section_find(t, t->root, "config");
	const struct tree_section *setup = config ? tree_section_find(t, config, "setup") : NULL;
	const struct tree_key *k = setup ? tree_written(setup, "uniqueids") : NULL;
	const char *value = k ? k->value : "yes";

	if (!k)
		import_note(c, PART_CONN,
			"uniqueids is yes by default there: a new IKE_SA ends older ones of its peer.");
	import_put(c, PART_CONN, "unique", !strcmp(value, "yes") ? "replace" : value, NULL);
}

static void put_dpd(struct import_conn *c)
{
	const struct import_entry *action = import_find(c, NO_SIDE, "dpdaction"),
				  *delay = import_find(c, NO_SIDE, "dpddelay");
	const char *what = import_value(c, NO_SIDE, "dpdaction", "none");
	bool strong = c->run->dialect == STRONG;

	if (strong ? !strcmp(what, "none") : !delay) {
		import_note(c, PART_CONN,
			"Without %s nobody asks there whether the peer lives; here 30s would be the "
			"default.",
			strong ? "dpdaction" : "dpddelay");
		import_put(c, PART_CONN, "dpd_delay", "0s", NULL);
		return;
	}
	import_put(c, PART_CONN, "dpd_delay", import_value(c, NO_SIDE, "dpddelay", "30s"), delay);
	if (!strong && !action && says(c, "auto", "start"))
		what = "restart";
	if (strcmp(what, "none") != 0)
		import_put(c, PART_CHILD, "dpd_action",
			!strcmp(what, "hold")          ? "trap"
			: !strncmp(what, "restart", 7) ? "start"
						       : "none",
			action);
}

static void put_start(struct import_conn *c)
{
	static const struct {
		const char *word, *action;
	} words[] = { { "add", "none" }, { "route", "trap" }, { "ondemand", "trap" }, { "start", "start" },
		{ "up", "start" }, { "keep", "none" } };
	const struct import_entry *e = import_find(c, NO_SIDE, "auto");
	const char *action = NULL;

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (!strcmp(words[i].word, e->key->value))
			action = words[i].action;
	if (!action) {
		import_left_entry(c, e, "it is no word that auto knows; nothing starts it");
		return;
	}
	if (strcmp(action, "none") != 0)
		import_put(c, PART_CHILD, "start_action", action, e);
	if (c->run->dialect != LIBRE)
		return;
	if (!strcmp(action, "start")) {
		import_note(
			c, PART_CHILD, "libreswan tries for ever to bring up what auto=start has started.");
		import_put(c, PART_CHILD, "keep", "yes", e);
	} else if (says(c, "auto", "keep")) {
		import_note(c, PART_CHILD,
			"auto=keep: whoever has brought it up, it comes back when it is closed.");
		import_put(c, PART_CHILD, "close_action", "start", e);
	}
}

static void put_updown(struct import_conn *c)
{
	enum import_side local = import_local(c);
	const struct import_entry *e = import_find(c, local, "updown"),
				  *firewall = import_find(c, local, "firewall"),
				  *host = import_find(c, local, "hostaccess");

	if (e && *e->key->value && strcmp(e->key->value, "%disabled")) {
		if (c->run->dialect == LIBRE || strstr(e->key->value, "ipsec _updown"))
			import_left_entry(c, e,
				"a script of that package; routes and addresses are made by ikev2d, and "
				"updown runs "
				"scripts with strongSwan's variables");
		else
			import_put(c, PART_CHILD, "updown", e->key->value, e);
	}
	if (firewall && !strcmp(firewall->key->value, "yes"))
		import_left_entry(c, firewall,
			"no rules are made for iptables; write nftables rules, or an updown script");
	if (host)
		import_put(c, PART_CHILD, "hostaccess", host->key->value, host);
}

/* A mark in both directions; libreswan's DSCP; its own devices. */
static void put_rest(struct import_conn *c)
{
	const struct import_entry *mark = import_find(c, NO_SIDE, "mark"),
				  *device = import_find(c, NO_SIDE, "ipsec-interface"),
				  *ppk = import_find(c, NO_SIDE, "ppk"),
				  *ids = import_find(c, NO_SIDE, "ppk-ids"),
				  *df = import_find(c, NO_SIDE, "nopmtudisc");
	const char *in = import_value(c, NO_SIDE, "decap-dscp", "no"),
		   *out = import_value(c, NO_SIDE, "encap-dscp", "yes");
	bool copies_in = !strcmp(in, "yes"), copies_out = strcmp(out, "no") != 0;

	if (mark && !import_find(c, NO_SIDE, "mark_in"))
		import_put(c, PART_CHILD, "mark_in", mark->key->value, mark);
	if (mark && !import_find(c, NO_SIDE, "mark_out"))
		import_put(c, PART_CHILD, "mark_out", mark->key->value, mark);
	if (import_find(c, NO_SIDE, "decap-dscp") || import_find(c, NO_SIDE, "encap-dscp"))
		import_put(c, PART_CHILD, "copy_dscp",
			copies_in    ? copies_out ? "yes" : "in"
			: copies_out ? "out"
				     : "no",
			NULL);
	if (df)
		import_put(c, PART_CHILD, "copy_df", !strcmp(df->key->value, "yes") ? "no" : "yes", df);
	if (device && strcmp(device->key->value, "no") != 0)
		import_put(c, PART_CHILD, "interface",
			!strcmp(device->key->value, "yes")
				? "ipsec1"
				: arena_printf(c->run->arena, "ipsec%s", device->key->value),
			device);
	if (ids)
		import_put(c, PART_CONN, "ppk_id", ids->key->value, ids);
	if (ppk && ids)
		import_put(
			c, PART_CONN, "ppk_required", !strcmp(ppk->key->value, "insist") ? "yes" : "no", ppk);
}

/* Both daemons put conns that say the same of their IKE_SA on one; the peer will do so too. */
static bool same_ike(const struct import_conn *a, const struct import_conn *b)
{
	for (int i = 0; i < PART_CHILD; i++)
		if (strcmp(text_str(&a->parts[i].said), text_str(&b->parts[i].said)) != 0)
			return false;
	return true;
}

static void add(struct import_run *run, struct import_conn *c)
{
	struct text tried = text_in(run->arena);

	if (!import_add(run, "connections", &tried, import_text(c), c->at,
		    arena_printf(run->arena, "conn %s", c->name)))
		return;
	for (struct import_conn *other = run->conns; other; other = other->next)
		if (same_ike(other, c)) {
			text_add(&other->children, "\t\t\t# conn %s, %s:%u: it has the same peer.\n%s",
				c->name, c->at.file, c->at.line, text_str(&c->children));
			return;
		}
	*run->conns_end = c;
	run->conns_end = &c->next;
}

static bool is_shunt(const struct import_conn *c)
{
	return says(c, "type", "passthrough") || says(c, "type", "pass") || says(c, "type", "drop");
}

/* All that policies without a peer do not need. */
static void put_ike(struct import_conn *c)
{
	put_version(c);
	import_addresses(c);
	import_virtual(c);
	import_proposals(c);
	import_times(c);
	put_dpd(c);
	put_unique(c);
	put_defaults(c);
	import_identities(c);
}

void import_conn(struct import_run *run, const struct tree_section *s)
{
	struct import_conn *c = ARENA_NEW(run->arena, struct import_conn);

	*c = (struct import_conn){ .run = run, .name = s->name, .at = s->at };
	for (int i = 0; i < PARTS; i++)
		c->parts[i] = (struct import_part){ text_in(run->arena), text_in(run->arena) };
	if (!import_flatten(run, s, c) || left_out(c))
		return;
	if (is_shunt(c)) {
		import_note(c, PART_CONN, "These policies have no peer; nobody is to be taken for one.");
		import_put(c, PART_CONN, "remote_addrs", "127.0.0.1", NULL);
	} else {
		put_ike(c);
	}
	import_rows(c);
	put_start(c);
	put_updown(c);
	put_rest(c);
	import_selectors(c);
	add(run, c);
}
