/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands that act: SAs up and down, the file read again, the end. */
#include "vici/commands.h"

#include <errno.h>
#include <stdlib.h>

static void fail(struct vici_call *c, const char *what)
{
	struct why why = { .what = what };

	vici_put_result(c->out, &why, c->arena);
}

/* The number at KEY, FALLBACK where there is none. False after an answer that refuses it. */
static bool number(struct vici_call *c, const char *key, int64_t min, int64_t fallback, int64_t *out)
{
	const char *s = vici_str(c->args, key);
	char *end;

	*out = fallback;
	if (!s)
		return true;
	errno = 0;
	*out = strtoll(s, &end, 10);
	if (!errno && end != s && !*end && *out >= min && *out <= UINT32_MAX)
		return true;
	fail(c, arena_printf(c->arena, "%s = %s is not a number that can stand there", key, s));
	return false;
}

/* The address at KEY; none, like %any, does not matter. False after an answer that refuses it. */
static bool host(struct vici_call *c, const char *key, struct ip *out)
{
	const char *s = vici_str(c->args, key);

	if (!s || !strcmp(s, "%any") || !ip_parse(s, out))
		return true;
	fail(c, arena_printf(c->arena, "%s = %s is not an IP address", key, s));
	return false;
}

bool vici_yes(const char *s)
{
	return s && (!strcmp(s, "yes") || !strcmp(s, "true") || !strcmp(s, "enabled") || !strcmp(s, "1"));
}

struct order {
	struct vici_target target;
	int64_t timeout, loglevel;
};

static bool order_read(struct vici_call *c, struct order *o)
{
	int64_t ike_id, child_id;

	if (!number(c, "ike-id", 0, 0, &ike_id) || !number(c, "child-id", 0, 0, &child_id) ||
		!number(c, "timeout", INT32_MIN, 0, &o->timeout) ||
		!number(c, "loglevel", -1, 1, &o->loglevel))
		return false;
	o->target = (struct vici_target){
		.ike = vici_str(c->args, "ike"),
		.child = vici_str(c->args, "child"),
		.ike_id = (uint32_t)ike_id,
		.child_id = (uint32_t)child_id,
	};
	return true;
}

uint32_t vici_ticket(struct vici_call *c, enum vici_counts counts)
{
	struct vici_session *s = c->session;

	c->later = true;
	s->ticket = ++s->vici->last_ticket ? s->vici->last_ticket : ++s->vici->last_ticket;
	s->loglevel = -1;
	s->counts = counts;
	return s->ticket;
}

static uint32_t take_ticket(struct vici_call *c, const struct order *o, enum vici_counts counts)
{
	const uint32_t ticket = vici_ticket(c, counts);

	c->session->loglevel = (int)o->loglevel;
	return ticket;
}

/* "async", "my-host" and "other-host" are nhrpd's: it does not wait, and knows where the peer is. */
void vici_do_initiate(struct vici_call *c)
{
	struct order o;

	if (!order_read(c, &o) || !host(c, "my-host", &o.target.hosts.local) ||
		!host(c, "other-host", &o.target.hosts.remote))
		return;
	o.target.limits = vici_yes(vici_str(c->args, "init-limits"));
	if (vici_yes(vici_str(c->args, "async")))
		o.timeout = -1;
	if (!o.target.ike && !o.target.child)
		fail(c, "missing configuration name");
	else
		c->host->initiate(c->host->ctx, take_ticket(c, &o, COUNTS_NOTHING), &o.target, o.timeout);
}

static bool names_nothing(const struct vici_target *t)
{
	return !t->ike && !t->child && !t->ike_id && !t->child_id;
}

void vici_do_terminate(struct vici_call *c)
{
	bool force = vici_yes(vici_str(c->args, "force"));
	struct order o;

	if (!order_read(c, &o))
		return;
	if (names_nothing(&o.target))
		fail(c, "missing terminate selector");
	else
		c->host->terminate(
			c->host->ctx, take_ticket(c, &o, COUNTS_TERMINATED), &o.target, force, o.timeout);
}

/* It ends when the rekeying has begun, as with strongSwan. */
void vici_do_rekey(struct vici_call *c)
{
	bool reauth = vici_yes(vici_str(c->args, "reauth"));
	struct order o;

	if (!order_read(c, &o))
		return;
	if (names_nothing(&o.target))
		fail(c, "missing rekey selector");
	else
		c->host->rekey(c->host->ctx, take_ticket(c, &o, COUNTS_MATCHES), &o.target, reauth);
}

/* Where to, and whom. False after an answer that refuses it. */
static bool redirect_read(struct vici_call *c, struct vici_redirect *out)
{
	const char *peer = vici_str(c->args, "peer-ip");

	*out = (struct vici_redirect){ .gateway = vici_str(c->args, "gateway"),
		.identity = vici_str(c->args, "peer-id") };
	if (!out->gateway)
		fail(c, "missing target gateway");
	else if (!addr_is_host(out->gateway))
		fail(c, "unsupported gateway identity");
	else if (peer && ip_range_parse(peer, &out->lo, &out->hi))
		fail(c, "invalid peer IP selector");
	else
		return true;
	return false;
}

/* It ends when the peers are being told, as with strongSwan. */
void vici_do_redirect(struct vici_call *c)
{
	struct vici_redirect where;
	struct order o;

	if (!order_read(c, &o) || !redirect_read(c, &where))
		return;
	if (!o.target.ike && !o.target.ike_id && !where.lo.v && !where.identity)
		fail(c, "missing redirect selector");
	else
		c->host->redirect(c->host->ctx, take_ticket(c, &o, COUNTS_MATCHES), &o.target, &where);
}

static void policy(
	struct vici_call *c, void (*ask)(void *ctx, uint32_t ticket, const struct vici_target *what))
{
	struct order o;

	if (!order_read(c, &o))
		return;
	if (!o.target.child)
		fail(c, "missing configuration name");
	else
		ask(c->host->ctx, take_ticket(c, &o, COUNTS_NOTHING), &o.target);
}

void vici_do_install(struct vici_call *c)
{
	policy(c, c->host->install);
}

void vici_do_uninstall(struct vici_call *c)
{
	policy(c, c->host->uninstall);
}

static void put_outcome(
	struct vici_out *out, enum vici_counts counts, const struct vici_outcome *o, struct arena *arena)
{
	vici_out_packet(out, VICI_CMD_RESPONSE, NULL);
	vici_put_pair(out, "success", o->success ? "yes" : "no");
	if (counts == COUNTS_ID && o->success)
		vici_put_pair(out, "id", o->id);
	if (counts == COUNTS_MATCHES || counts == COUNTS_TERMINATED)
		vici_put_pairf(out, "matches", "%u", o->matches);
	if (counts == COUNTS_TERMINATED)
		vici_put_pairf(out, "terminated", "%u", o->terminated);
	if (!o->success)
		vici_put_failure(out, &o->why, arena);
}

void vici_done(struct vici *v, uint32_t ticket, const struct vici_outcome *outcome)
{
	struct vici_out out = { 0 };
	struct arena arena = { 0 };

	list_each (n, &v->sessions) {
		struct vici_session *s = node_owner(n, struct vici_session, node);

		if (!ticket || s->ticket != ticket)
			continue;
		s->ticket = 0;
		put_outcome(&out, s->counts, outcome, &arena);
		vici_respond(s, &out);
		break;
	}
	arena_free(&arena);
	vici_out_free(&out);
}

void vici_do_reload(struct vici_call *c)
{
	c->host->reload(c->host->ctx, vici_ticket(c, COUNTS_NOTHING));
}

void vici_do_reload_settings(struct vici_call *c)
{
	struct why why = { 0 };
	enum err e = c->host->reload_settings(c->host->ctx, c->arena, &why);

	vici_put_result(c->out, e ? &why : NULL, c->arena);
}

void vici_do_stop(struct vici_call *c)
{
	vici_put_result(c->out, NULL, c->arena);
	c->host->stop(c->host->ctx);
}
