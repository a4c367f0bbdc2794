/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A gateway on the wire: type, length, identity; behind it, in IKE_SA_INIT, the peer's nonce. */
#include "ike/redirect.h"

#include "ike/count.h"
#include "ike/task.h"

enum { GATEWAY_IPV4 = 1, GATEWAY_IPV6 = 2, GATEWAY_NAME = 3, NAME_MAX_OCTETS = 255 };

/* ------------------------------------------------------------------- gateways */

static bool is_name(struct bytes b)
{
	for (size_t i = 0; i < b.n; i++)
		if (b.p[i] <= ' ' || b.p[i] > '~')
			return false;
	return b.n;
}

/* False for what is no gateway, or not followed by NONCE. */
static bool gateway_get(struct bytes data, struct bytes nonce, struct arena *arena, struct gateway *out)
{
	struct rd r = rd_of(data);
	uint8_t type = rd_u8(&r);
	struct bytes identity = rd_bytes(&r, rd_u8(&r)), behind = rd_rest(&r);

	*out = (struct gateway){ 0 };
	if (r.bad || !bytes_eq(behind, nonce))
		return false;
	if (type == GATEWAY_NAME && is_name(identity))
		out->name = arena_text(arena, identity);
	else if (type != (identity.n == 4 ? GATEWAY_IPV4 : GATEWAY_IPV6) || ip_from(identity, &out->ip))
		return false;
	return out->name || !ip_is_any(&out->ip);
}

static struct bytes gateway_put(const struct gateway *g, struct bytes nonce, struct arena *arena)
{
	struct bytes identity = g->name ? bytes_str(g->name) : ip_bytes(&g->ip);
	struct wr w = wr_of(arena_alloc(arena, 2 + identity.n + nonce.n), 2 + identity.n + nonce.n);

	wr_u8(&w, g->name ? GATEWAY_NAME : g->ip.v == 4 ? GATEWAY_IPV4 : GATEWAY_IPV6);
	wr_u8(&w, (uint8_t)identity.n);
	wr_bytes(&w, identity);
	wr_bytes(&w, nonce);
	return wr_done(&w);
}

static struct gateway gateway_of(const char *text)
{
	struct gateway g = { 0 };

	if (ip_parse(text, &g.ip))
		g = (struct gateway){ .name = text };
	return g;
}

static const char *gateway_print(const struct gateway *g, struct arena *arena)
{
	char ip[IP_TEXT];

	return g->name ? g->name : arena_str(arena, ip_print(&g->ip, ip));
}

/* --------------------------------------------------------------- who is sent */

void redirect_put_support(struct draft *d, struct message *m)
{
	struct gateway from = { .ip = d->core.redirected_from };
	struct arena *a = d->step->scratch;

	if (!d->step->ike->settings.follow_redirects)
		return;
	if (from.ip.v)
		message_add_notify(m, a, REDIRECTED_FROM, gateway_put(&from, (struct bytes){ 0 }, a));
	else
		message_add_notify(m, a, REDIRECT_SUPPORTED, (struct bytes){ 0 });
}

static bool listed(const struct addr_pattern *v, unsigned n, const struct gateway *g)
{
	for (unsigned i = 0; i < n; i++)
		if (g->name ? v[i].name && !strcasecmp(v[i].name, g->name)
			    : addr_pattern_matches(&v[i], &g->ip))
			return true;
	return false;
}

/* Gateways of this connection are those that it names itself. */
static bool is_allowed(const struct peer *p, const struct gateway *g)
{
	return listed(p->redirect_addrs, p->n_redirect_addrs, g) ||
	       listed(p->remote_addrs, p->n_remote_addrs, g);
}

static bool explain_foreign(struct draft *d, const struct gateway *g)
{
	struct arena *a = d->step->scratch;
	const struct peer *p = d->core.peer;

	d->why = (struct why){
		.what = arena_printf(a,
			"the peer redirects connection %s to %s, which is no gateway of this connection",
			p->name, gateway_print(g, a)),
		.configured = p->n_redirect_addrs ? "other redirect_addrs" : "no redirect_addrs",
		.where = source_print(&p->at, "redirect_addrs", a),
		.instead = arena_printf(
			a, "redirect_addrs = %s, if that is to be followed", gateway_print(g, a)),
		.notify = notify_name(REDIRECT),
	};
	return false;
}

static bool explain_loop(struct draft *d)
{
	d->why = (struct why){
		.what = arena_printf(d->step->scratch,
			"gateways redirect connection %s to each other, again and again", d->core.peer->name),
		.notify = notify_name(REDIRECT),
	};
	return false;
}

/* Whether one more redirection is followed; the new one is counted in C. */
static bool count_redirection(struct sa_core *c, uint64_t now)
{
	if (!c->redirects || now - c->redirects_since >= REDIRECTS_TIME) {
		c->redirects = 0;
		c->redirects_since = now;
	}
	return ++c->redirects <= REDIRECTS_MAX;
}

/* A name that is not listed may have an address that is: that turns out when it is known. */
static bool may_follow(struct draft *d, const struct gateway *g)
{
	if (!g->name && !is_allowed(d->core.peer, g))
		return explain_foreign(d, g);
	if (!count_redirection(&d->core, d->step->now))
		return explain_loop(d);
	count(d->step->ike, d->core.peer, COUNT_REDIRECTS_FOLLOWED);
	tell_log(d, "IKE", "the peer redirects connection %s to %s", d->core.peer->name,
		gateway_print(g, d->step->scratch));
	return true;
}

bool redirect_reaches(struct draft *d, const struct ip *ip)
{
	const struct gateway named = { .name = d->hs.gateway }, at = { .ip = *ip };

	return !d->hs.gateway || is_allowed(d->core.peer, &named) || is_allowed(d->core.peer, &at) ||
	       explain_foreign(d, &named);
}

enum verdict redirect_at_init(struct draft *d, struct bytes data)
{
	struct sa_core *c = &d->core;
	struct gateway to;

	if (!d->step->ike->settings.follow_redirects ||
		!gateway_get(data, d->hs.x.nonce_i, d->step->scratch, &to))
		return draft_drop(d, DROP_INVALID);
	if (!may_follow(d, &to))
		return draft_end(d, 0);
	c->redirected_from = c->path.remote.ip;
	d->hs.cookie = d->hs.solution = d->hs.x.nonce_i = (struct bytes){ 0 };
	d->hs.rounds = 0;
	return init_route(d, &to);
}

bool redirect_at_auth(struct draft *d, struct bytes data)
{
	struct gateway to;

	if (!gateway_get(data, (struct bytes){ 0 }, d->step->scratch, &to)) {
		d->why.what = "the peer redirects to what is no gateway";
		return false;
	}
	if (!may_follow(d, &to))
		return false;
	d->wish = WISH_GATEWAY;
	d->wished = d->hs.x.child;
	d->gateway = to;
	return true;
}

void redirect_at_will(struct draft *d, struct bytes data)
{
	const struct settings *set = &d->step->ike->settings;
	struct gateway to;

	if (!set->follow_redirects || !d->core.began || d->core.state != S_UP ||
		!gateway_get(data, (struct bytes){ 0 }, d->step->scratch, &to))
		return;
	if (!may_follow(d, &to)) {
		tell_refused(d->step, d->core.peer->name, d->sa, &d->why);
		d->why = (struct why){ 0 };
		return;
	}
	d->wish = WISH_MOVE;
	d->gateway = to;
}

/* ------------------------------------------------------------ who is sending */

void redirect_get_support(struct draft *d, const struct message *m)
{
	const struct wire_notify *from = message_notify(m, REDIRECTED_FROM);
	struct gateway g = { 0 };

	d->core.redirectable = from || message_notify(m, REDIRECT_SUPPORTED);
	if (from && gateway_get(from->data, (struct bytes){ 0 }, d->step->scratch, &g))
		d->core.redirected_from = g.ip;
}

/* Whether D's peer is sent to TEXT: not back to who has sent it here, nor to where it is. */
static bool is_sent(const struct draft *d, const char *text)
{
	const struct path *at = d->path ? d->path : &d->core.path;
	struct gateway to = gateway_of(text);

	return d->core.redirectable &&
	       (!to.ip.v || !(ip_eq(&to.ip, &d->core.redirected_from) || ip_eq(&to.ip, &at->local.ip)));
}

/* Where all candidates are redirected to, or NULL. */
static const char *common_gateway(const struct draft *d)
{
	const char *gateway = d->hs.n_candidates ? d->hs.candidates[0].peer->redirect_to : NULL;

	for (unsigned i = 1; gateway && i < d->hs.n_candidates; i++) {
		const char *other = d->hs.candidates[i].peer->redirect_to;

		if (!other || strcmp(gateway, other))
			gateway = NULL;
	}
	return gateway;
}

struct bytes redirect_init_data(struct draft *d)
{
	const char *gateway = common_gateway(d);
	struct gateway to;

	if (!gateway || !is_sent(d, gateway))
		return (struct bytes){ 0 };
	to = gateway_of(gateway);
	count(d->step->ike, NULL, COUNT_REDIRECTS_SENT);
	return gateway_put(&to, d->message->nonce, d->step->scratch);
}

void redirect_put(struct draft *d, const char *gateway, struct message *m)
{
	struct gateway to = gateway_of(gateway);

	count(d->step->ike, d->core.peer, COUNT_REDIRECTS_SENT);
	tell_log(d, "IKE", "redirecting the peer to %s", gateway);
	message_add_notify(
		m, d->step->scratch, REDIRECT, gateway_put(&to, (struct bytes){ 0 }, d->step->scratch));
}

void redirect_taken(struct draft *d)
{
	uint64_t end = d->step->now + d->step->ike->settings.half_open_timeout;

	if (!d->core.life_end || end < d->core.life_end)
		d->core.life_end = end;
}

bool redirect_due(const struct draft *d)
{
	return d->core.peer->redirect_to && is_sent(d, d->core.peer->redirect_to);
}

/* --------------------------------------------------------------------- command */

static bool is_meant(const struct sa *sa, const struct ike_command *c, const struct id *peer)
{
	const struct ike_redirect *r = &c->redirect;
	const struct addr_pattern range = { .lo = r->lo, .hi = r->hi };

	return sa->up && sa->core.state == S_UP && (!c->ike || !strcmp(c->ike, sa->core.peer->name)) &&
	       (!c->ike_id || c->ike_id == sa->id) &&
	       (!r->lo.v || addr_pattern_matches(&range, &sa->core.path.remote.ip)) &&
	       (!r->identity || id_matches(peer, &sa->remote_id));
}

void redirect_command(struct step *s, const struct ike_command *c, unsigned *matches, struct why *why)
{
	struct id peer = { 0 };
	unsigned able = 0;

	if (c->redirect.identity && id_parse(c->redirect.identity, s->scratch, &peer)) {
		why->what = "invalid peer identity selector";
		return;
	}
	*why = (struct why){ .what = "no matching SAs to redirect found" };
	list_each_safe (n, &s->ike->sas_list) {
		struct sa *sa = node_owner(n, struct sa, of_ike);

		if (!is_meant(sa, c, &peer))
			continue;
		++*matches;
		if (sa->core.began || !sa->core.redirectable)
			continue;
		able++;
		task_redirect(sa, c->redirect.gateway);
		task_next(s, sa);
		sa_rearm(s->ike, sa);
	}
	if (*matches && !able)
		why->what = "no peer of these IKE_SAs can be redirected: either we have begun them, or the "
			    "peer does not say that it can (RFC 5685)";
	else if (able)
		*why = (struct why){ 0 };
}
