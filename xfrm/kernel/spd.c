/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The policies in the kernel, and who wants them. The kernel has one for each direction, selector, mark and
 * interface; where several of ours want the same one, all claim one entry, which says what fits them all. */
#include "xfrm/kernel/state.h"

#include "base/log.h"

#include <stdlib.h>

/* Smaller wins; in a class the more specific selector does. These are the numbers that strongSwan computes, so
 * that policies of both stand in the order that one of them alone would give; but for the one that lets
 * packets out that another policy has protected, which strongSwan puts among the traps. */
enum {
	PRIORITY_PASS = 200000,
	PRIORITY_PROTECT = 400000,
	PRIORITY_FWD_OUT = 460000, /* behind all that protects, before all that drops */
	PRIORITY_DROP = 600000,
};

/* O wants ENTRY. */
struct claim {
	struct node of_owner, of_entry;
	struct owner *owner;
	struct entry *entry;
	bool open; /* only lets packets pass that are protected by another policy */
};

static uint64_t hash_of(const struct policy_key *key)
{
	char text[POLICY_KEY_TEXT];

	return bytes_hash(BYTES_HASH, bytes_str(policy_key_print(key, text)));
}

static bool key_eq(const struct policy_key *a, const struct policy_key *b)
{
	char ta[POLICY_KEY_TEXT], tb[POLICY_KEY_TEXT];

	return !strcmp(policy_key_print(a, ta), policy_key_print(b, tb));
}

static struct entry *entry_find(const struct xfrm *x, const struct policy_key *key)
{
	struct entry *e = map_get(&x->entries, hash_of(key));

	while (e && !key_eq(&e->key, key))
		e = e->same;
	return e;
}

static struct entry *entry_get(struct xfrm *x, const struct policy_key *key)
{
	struct entry *e = entry_find(x, key);
	uint64_t hash = hash_of(key);

	if (e)
		return e;
	e = calloc(1, sizeof *e);
	if (!e)
		abort();
	e->key = *key;
	e->same = map_get(&x->entries, hash);
	map_put(&x->entries, hash, e);
	list_init(&e->claims);
	list_append(&x->all, &e->of_all);
	return e;
}

static void entry_free(struct xfrm *x, struct entry *e)
{
	uint64_t hash = hash_of(&e->key);
	struct entry *first = map_take(&x->entries, hash), **at = &first;

	while (*at != e)
		at = &(*at)->same;
	*at = e->same;
	if (first)
		map_put(&x->entries, hash, first);
	list_remove(&e->of_all);
	free(e);
}

static unsigned rank(const struct claim *c)
{
	switch (c->owner->kind) {
	case OWNER_PASS: return 5;
	case OWNER_POLICY: return c->open ? 1 : c->owner->child ? 4 : 2;
	case OWNER_TRAP: return c->open ? 1 : 3;
	case OWNER_DROP: break;
	}
	return 0;
}

/* Who decides: what passes, the SA chosen last, a trap. NULL when nobody is left. */
static const struct claim *winner(const struct entry *e)
{
	const struct claim *best = NULL;

	list_each (n, &e->claims) {
		const struct claim *c = node_owner(n, struct claim, of_entry);

		if (!best || rank(c) > rank(best) ||
			(rank(c) == rank(best) && c->owner->age > best->owner->age))
			best = c;
	}
	return best;
}

static struct policy_tmpl tmpl_out(const struct xfrm *x, const struct owner *o)
{
	const struct kernel_sa *sa = o->child ? kernel_sa_of(x, o->child, false) : NULL;
	struct policy_tmpl t = { .reqid = o->reqid, .proto = o->proto, .mode = o->mode };

	if (sa && !o->per_cpu)
		t.spi = sa->key.spi;
	if (o->mode != XFRM_MODE_TRANSPORT) {
		t.src = sa ? sa->key.src : o->local;
		t.dst = sa ? sa->key.dst : o->remote;
	}
	return t;
}

static struct policy_tmpl tmpl_in(const struct owner *o)
{
	struct policy_tmpl t = { .reqid = o->reqid, .proto = o->proto, .mode = o->mode };

	if (o->mode != XFRM_MODE_TRANSPORT) {
		t.src = o->remote;
		t.dst = o->local;
	}
	return t;
}

/* What A and B have in common; the kernel takes nothing for anything. */
static void meet(struct policy_tmpl *a, const struct policy_tmpl *b)
{
	if (!ip_eq(&a->src, &b->src) || !ip_eq(&a->dst, &b->dst))
		a->src = a->dst = (struct ip){ 0 };
	if (a->reqid != b->reqid)
		a->reqid = 0;
}

/* Inbound packets may come on the SA of anyone who protects them. */
static struct policy_tmpl tmpl_of_all(const struct entry *e, const struct owner *first)
{
	struct policy_tmpl t = tmpl_in(first);

	list_each (n, &e->claims) {
		const struct claim *c = node_owner(n, struct claim, of_entry);
		struct policy_tmpl other = tmpl_in(c->owner);

		if (!c->open && (c->owner->kind == OWNER_POLICY || c->owner->kind == OWNER_TRAP))
			meet(&t, &other);
	}
	return t;
}

static uint32_t priority_of(const struct claim *c, const struct selector *sel)
{
	const struct owner *o = c->owner;
	uint32_t weight = selector_weight(sel) + (o->kind != OWNER_TRAP);

	if (o->priority)
		return o->priority;
	if (c->open)
		return PRIORITY_FWD_OUT - weight;
	switch (o->kind) {
	case OWNER_PASS: return PRIORITY_PASS - weight;
	case OWNER_DROP: return PRIORITY_DROP - weight;
	case OWNER_TRAP:
	case OWNER_POLICY: break;
	}
	return PRIORITY_PROTECT - weight;
}

/* The device that carries whole packets of the SA of O: then it has to know the policy, too. */
static unsigned device_of(const struct xfrm *x, const struct owner *o, bool inbound)
{
	const struct kernel_sa *sa = o->child ? kernel_sa_of(x, o->child, inbound) : NULL;

	return sa ? sa->device : 0;
}

static struct policy_body body_of(const struct xfrm *x, const struct entry *e, const struct claim *c)
{
	struct policy_body body = {
		.ours = true, .block = c->owner->kind == OWNER_DROP, .priority = priority_of(c, &e->key.sel)
	};

	body.protect = !c->open && (c->owner->kind == OWNER_POLICY || c->owner->kind == OWNER_TRAP);
	if (body.protect)
		body.tmpl = e->key.dir == XFRM_POLICY_OUT ? tmpl_out(x, c->owner) : tmpl_of_all(e, c->owner);
	body.per_cpu = body.protect && e->key.dir == XFRM_POLICY_OUT && c->owner->per_cpu && !c->owner->quiet;
	body.icmp = body.protect && e->key.dir != XFRM_POLICY_IN && c->owner->icmp; /* in: the SA says so */
	if (body.protect && e->key.dir != XFRM_POLICY_FWD)
		body.device = device_of(x, c->owner, e->key.dir == XFRM_POLICY_IN);
	return body;
}

static enum err refuse(struct xfrm *x, const struct policy_key *key, enum err err, struct text *why)
{
	char text[POLICY_KEY_TEXT];

	policy_key_print(key, text);
	if (err == ERR_EXISTS)
		text_add(why,
			"another program has installed the %s already: look at \"ip xfrm policy\" and stop "
			"that program, or choose other selectors, marks or if_id",
			text);
	else
		text_add(why, "the kernel refuses the %s: %s", text, netlink_reason(x->netlink));
	return err;
}

static enum err policy_say(struct xfrm *x, struct entry *e, uint16_t type, const struct policy_body *body)
{
	uint16_t flags = type == XFRM_MSG_NEWPOLICY ? NLM_F_CREATE | NLM_F_EXCL : 0;
	enum err err;

	message_policy(netlink_request(x->netlink, type, flags), &e->key, body);
	err = netlink_talk(x->netlink, NULL, NULL);
	if (!err) {
		e->made = true;
		e->body = *body;
	}
	return err;
}

static enum err make(struct xfrm *x, struct entry *e, const struct policy_body *body, struct text *why)
{
	char thing[POLICY_KEY_TEXT];
	bool first;
	enum err err;

	policy_key_print(&e->key, thing);
	err = journal_take(x->journal, thing, &first, why);
	if (err)
		return err;
	err = policy_say(x, e, XFRM_MSG_NEWPOLICY, body);
	if (err == ERR_BUSY) /* it may be there: then it is as it should be */
		err = policy_say(x, e, XFRM_MSG_UPDPOLICY, body);
	if (!err)
		return ERR_OK;
	refuse(x, &e->key, err, why);
	if (journal_release(x->journal, thing))
		journal_strike(x->journal, thing);
	return err;
}

static void unmake(struct xfrm *x, struct entry *e)
{
	char thing[POLICY_KEY_TEXT];

	policy_key_print(&e->key, thing);
	message_policy_id(
		netlink_later(x->netlink, XFRM_MSG_DELPOLICY, kernel_taken_away, x, thing), &e->key);
	netlink_post(x->netlink);
	e->made = false;
}

/* Makes, changes or takes away what E is in the kernel; E is gone then when nobody claims it. */
static enum err apply(struct xfrm *x, struct entry *e, struct text *why)
{
	const struct claim *c = winner(e);
	struct policy_body body;
	enum err err;

	if (!c) {
		if (e->made)
			unmake(x, e);
		entry_free(x, e);
		return ERR_OK;
	}
	body = body_of(x, e, c);
	if (!e->made)
		return make(x, e, &body, why);
	if (policy_body_eq(&e->body, &body))
		return ERR_OK;
	err = policy_say(x, e, XFRM_MSG_UPDPOLICY, &body);
	return err ? refuse(x, &e->key, err, why) : ERR_OK;
}

struct owner *kernel_owner_new(struct xfrm *x, enum owner_kind kind, uint32_t id)
{
	struct owner *o = calloc(1, sizeof *o);

	if (!o)
		abort();
	o->kind = kind;
	o->id = id;
	o->mode = XFRM_MODE_TUNNEL;
	o->age = ++x->age;
	list_init(&o->claims);
	return o;
}

static enum err claim(
	struct xfrm *x, struct owner *o, const struct policy_key *key, bool open, struct text *why)
{
	struct claim *c = calloc(1, sizeof *c);

	if (!c)
		abort();
	c->owner = o;
	c->open = open;
	c->entry = entry_get(x, key);
	list_append(&o->claims, &c->of_owner);
	list_append(&c->entry->claims, &c->of_entry);
	return apply(x, c->entry, why);
}

static enum err claim_all(struct xfrm *x, struct owner *o, const struct selector *out,
	const struct sa_marks *marks, bool fwd_out, struct text *why)
{
	struct policy_key to = { XFRM_POLICY_OUT, *out, marks->out, marks->if_id_out };
	struct policy_key from = { XFRM_POLICY_IN, selector_turned(out), marks->in, marks->if_id_in };
	enum err err = claim(x, o, &from, false, why);

	/* Transport mode is for this machine's own packets. */
	if (!err && o->mode != XFRM_MODE_TRANSPORT) {
		from.dir = XFRM_POLICY_FWD;
		err = claim(x, o, &from, false, why);
	}
	if (!err)
		err = claim(x, o, &to, false, why);
	if (!err && fwd_out) {
		to.dir = XFRM_POLICY_FWD;
		err = claim(x, o, &to, true, why);
	}
	return err;
}

enum err kernel_owner_add(struct xfrm *x, struct owner *o, const struct selectors *sel,
	const struct sa_marks *marks, bool fwd_out, struct text *why)
{
	enum err err = ERR_OK;

	for (unsigned i = 0; !err && i < sel->n; i++)
		err = claim_all(x, o, &sel->v[i], marks, fwd_out, why);
	return err;
}

/* Whether a question of O's policies stands that no SA has answered; it is answered now. */
static bool was_asked(struct xfrm *x, const struct owner *o)
{
	return map_take(&x->seqs, kernel_seq_key(o->reqid, 0)) || o->quiet;
}

void kernel_owner_answered(struct xfrm *x, const struct owner *o)
{
	if (!was_asked(x, o))
		return;
	list_each (n, (struct node *)&o->claims) {
		const struct entry *e = node_owner(n, struct claim, of_owner)->entry;

		kernel_larvae_note(x, &e->key, &e->body);
	}
}

void kernel_owner_del(struct xfrm *x, struct owner *o)
{
	struct arena scratch = { 0 };
	struct text why = text_in(&scratch);

	kernel_owner_answered(x, o);
	list_each_safe (n, &o->claims) {
		struct claim *c = node_owner(n, struct claim, of_owner);
		struct entry *e = c->entry;

		list_remove(&c->of_entry);
		free(c);
		if (apply(x, e, &why))
			log_say(LOG_WARN, "policy", "%s", text_str(&why));
	}
	arena_free(&scratch);
	kernel_lead_end(x, o);
	detour_del(x->route, o->detour);
	free(o);
}

enum err kernel_owner_apply(struct xfrm *x, struct owner *o, struct text *why)
{
	enum err err = ERR_OK;

	list_each (n, &o->claims) {
		enum err one = apply(x, node_owner(n, struct claim, of_owner)->entry, why);

		err = err ? err : one;
	}
	return err;
}

struct owner *kernel_owner_asks(struct xfrm *x, const struct policy_key *key)
{
	struct entry *e = entry_find(x, key);
	const struct claim *c = e ? winner(e) : NULL;

	return c ? c->owner : NULL;
}

void kernel_entry_adopt(struct xfrm *x, const struct policy_key *key, const struct policy_body *body)
{
	struct policy_body block = { .ours = true, .block = true, .priority = body->priority };
	struct entry *e = entry_get(x, key);
	char thing[POLICY_KEY_TEXT];
	struct arena scratch = { 0 };
	struct text why = text_in(&scratch);
	bool first;

	e->made = true;
	e->body = *body;
	if (journal_take(x->journal, policy_key_print(key, thing), &first, &why) ||
		policy_say(x, e, XFRM_MSG_UPDPOLICY, &block))
		log_say(LOG_WARN, "journal", "\"%s\" of a crashed ikev2d stays as it is: %s", thing,
			netlink_reason(x->netlink));
	arena_free(&scratch);
}

struct audit {
	struct xfrm *x;
	struct text *out;
};

/* It carries our tag; but another ikev2d's policies do, too. */
static void say_surplus(const struct policy_key *key, struct text *out)
{
	char text[POLICY_KEY_TEXT];

	text_add(out,
		"the %s is of an ikev2d, but nothing here wants it: if no other ikev2d runs on this machine, "
		"take it away with \"ip xfrm policy delete\"\n",
		policy_key_print(key, text));
}

static void entry_read(void *ctx, const struct nlmsghdr *h)
{
	const struct audit *a = ctx;
	struct policy_key key;
	struct policy_body body;
	struct entry *e;

	if (h->nlmsg_type != XFRM_MSG_NEWPOLICY || message_policy_read(h, &key, &body) || !body.ours)
		return;
	e = entry_find(a->x, &key);
	if (e)
		e->seen = policy_body_eq(&body, &e->body);
	else
		say_surplus(&key, a->out);
}

static void repair(struct xfrm *x, struct entry *e, struct text *out)
{
	char text[POLICY_KEY_TEXT];
	struct policy_body body = e->body;
	enum err err = policy_say(x, e, XFRM_MSG_UPDPOLICY, &body);

	text_add(out, "the %s was not in the kernel as it should be: another program changed it; %s%s\n",
		policy_key_print(&e->key, text), err ? "it cannot be made anew: " : "made anew",
		err ? netlink_reason(x->netlink) : "");
}

enum err kernel_entries_audit(struct xfrm *x, struct text *out)
{
	struct audit a = { x, out };
	enum err err;

	list_each (n, &x->all)
		node_owner(n, struct entry, of_all)->seen = false;
	netlink_request(x->netlink, XFRM_MSG_GETPOLICY, NLM_F_DUMP);
	err = netlink_talk(x->netlink, entry_read, &a);
	if (err)
		return err;
	list_each (n, &x->all) {
		struct entry *e = node_owner(n, struct entry, of_all);

		if (e->made && !e->seen)
			repair(x, e, out);
	}
	return ERR_OK;
}

void kernel_entries_settle(struct xfrm *x)
{
	struct arena scratch = { 0 };
	struct text why = text_in(&scratch);

	list_each_safe (n, &x->all) {
		struct entry *e = node_owner(n, struct entry, of_all);

		if (list_empty(&e->claims))
			(void)apply(x, e, &why);
	}
	arena_free(&scratch);
}
