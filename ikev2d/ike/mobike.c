/* SPDX-License-Identifier: GPL-2.0-or-later */
/* MOBIKE in both roles. */
#include "ike/mobike.h"

#include "ike/life.h"
#include "ike/move.h"
#include "ike/natd.h"
#include "ike/negotiate.h"
#include "ike/revive.h"
#include "ike/task.h"
#include "ike/wake.h"

/* ------------------------------------------------------------- lists of addresses */

static bool has(const struct ip *v, unsigned n, const struct ip *ip)
{
	for (unsigned i = 0; i < n; i++)
		if (ip_eq(&v[i], ip))
			return true;
	return false;
}

/* Whether connection P may use IP; what a name stands for is not known here. */
static bool allowed(const struct peer *p, const struct ip *ip)
{
	for (unsigned i = 0; i < p->n_local_addrs; i++)
		if (p->local_addrs[i].name || addr_pattern_matches(&p->local_addrs[i], ip))
			return true;
	return !p->n_local_addrs;
}

/* Whether IP is of a network that a tunnel of P leads to: from outside it can hardly be reached. */
static bool is_inside(const struct peer *p, const struct ip *ip)
{
	for (unsigned i = 0; i < p->n_children; i++)
		for (unsigned k = 0; k < p->children[i].local.n; k++) {
			const struct ts *ts = &p->children[i].local.v[k];
			unsigned bits;
			bool all = ip_range_prefix(&ts->lo, &ts->hi, &bits) && !bits;

			if (!ts->dynamic && !all && ip_cmp(&ts->lo, ip) <= 0 && ip_cmp(ip, &ts->hi) <= 0)
				return true;
		}
	return false;
}

/* Of the N addresses in V those that the peer of CORE is told of, not the one in use; inner ones last. */
static unsigned additional(
	const struct sa_core *core, const struct ip *v, unsigned n, struct ip out[MOBIKE_LIST_MAX])
{
	unsigned count = 0;

	for (int inside = 0; inside < 2; inside++)
		for (unsigned i = 0; i < n && count < MOBIKE_LIST_MAX; i++)
			if (!ip_eq(&v[i], &core->path.local.ip) && allowed(core->peer, &v[i]) &&
				is_inside(core->peer, &v[i]) == inside)
				out[count++] = v[i];
	return count;
}

/* EMPTY: that there are none is said, too. */
static void put_list(const struct draft *d, struct message *m, bool empty)
{
	struct ip *v = ARENA_ARRAY(d->step->scratch, MOBIKE_LIST_MAX, struct ip);
	const struct ike *ike = d->step->ike;
	unsigned n = additional(&d->core, ike->addresses, ike->n_addresses, v);

	for (unsigned i = 0; i < n; i++)
		message_add_notify(m, d->step->scratch,
			v[i].v == 4 ? ADDITIONAL_IP4_ADDRESS : ADDITIONAL_IP6_ADDRESS, ip_bytes(&v[i]));
	if (!n && empty)
		message_add_notify(m, d->step->scratch, NO_ADDITIONAL_ADDRESSES, (struct bytes){ 0 });
}

static void keep_peer_ip(struct mobility *mob, const struct ip *ip)
{
	if (mob->n_peer_ips < MOBIKE_PEER_IPS_MAX && !ip_is_local(ip) &&
		!has(mob->peer_ips, mob->n_peer_ips, ip))
		mob->peer_ips[mob->n_peer_ips++] = *ip;
}

/* A list replaces the one before. False: M has none. */
static bool take_list(struct draft *d, const struct message *m, const struct ip *from)
{
	struct mobility *mob = &d->core.mobike;
	bool told = false;
	struct ip ip;

	for (unsigned i = 0; i < m->n_notifies; i++) {
		const struct wire_notify *n = &m->notifies[i];
		unsigned v = n->type == ADDITIONAL_IP4_ADDRESS   ? 4
			     : n->type == ADDITIONAL_IP6_ADDRESS ? 6
								 : 0;

		if (!v && n->type != NO_ADDITIONAL_ADDRESSES)
			continue;
		if (!told) {
			mob->n_peer_ips = 0;
			keep_peer_ip(mob, from);
		}
		told = true;
		if (v && !ip_from(n->data, &ip) && ip.v == v)
			keep_peer_ip(mob, &ip);
	}
	return told;
}

/* --------------------------------------------------------------------- IKE_AUTH */

void mobike_put(const struct draft *d, struct message *m)
{
	if (d->core.path.tcp || (d->core.initiator ? !d->core.peer->mobike : !d->core.mobike.on))
		return;
	message_add_notify(m, d->step->scratch, MOBIKE_SUPPORTED, (struct bytes){ 0 });
	put_list(d, m, false);
}

void mobike_take(struct draft *d, const struct message *m)
{
	struct mobility *mob = &d->core.mobike;

	mob->on = d->core.peer->mobike && !d->core.path.tcp && message_notify(m, MOBIKE_SUPPORTED);
	keep_peer_ip(mob, &d->core.path.remote.ip);
	if (mob->on)
		take_list(d, m, &d->core.path.remote.ip);
}

/* ------------------------------------------------------------------------ paths */

/* The addresses at which the peer of CORE may be, the one in use first. */
static struct ike_ips candidates(const struct sa_core *core, struct arena *arena)
{
	const struct mobility *mob = &core->mobike;
	const struct peer *p = core->peer;
	struct ip *v = ARENA_ARRAY(arena, 1 + mob->n_peer_ips + p->n_remote_addrs, struct ip);
	unsigned n = 0;

	v[n++] = core->path.remote.ip;
	for (unsigned i = 0; mob->on && i < mob->n_peer_ips; i++)
		if (!has(v, n, &mob->peer_ips[i]))
			v[n++] = mob->peer_ips[i];
	for (unsigned i = 0; mob->on && i < p->n_remote_addrs; i++)
		if (addr_pattern_single(&p->remote_addrs[i]) && !has(v, n, &p->remote_addrs[i].lo))
			v[n++] = p->remote_addrs[i].lo;
	return (struct ike_ips){ v, n };
}

/* Which paths are there to REMOTES? The answer comes to mobike_routed. */
static void ask_paths(struct draft *d, struct ike_ips remotes)
{
	struct ike_action *a = draft_action(d, ACTION_ASK);
	struct ike *ike = d->step->ike;

	map_take(&ike->asks, d->core.mobike.ask);
	a->ticket = d->core.mobike.ask = step_id(ike);
	a->ask.kind = ASK_PATHS;
	a->ask.peer = d->core.peer;
	a->ask.hosts.local = d->core.path.local.ip;
	a->ask.stays = !d->core.began;
	a->ask.remotes = remotes;
	d->core.mobike.elsewhere = false;
	d->core.mobike.ask_deadline = d->step->now + ASK_TIMEOUT;
	map_put(&ike->asks, a->ticket, d->sa);
}

/* The ports of a path between other hosts than now. */
static struct path path_between(const struct sa_core *core, const struct hosts *hosts)
{
	struct path p = core->path;

	p.local.ip = hosts->local;
	if (ip_eq(&p.remote.ip, &hosts->remote))
		return p;
	p.remote.ip = hosts->remote;
	p.remote.port = core->peer->remote_port != PORT_IKE ? core->peer->remote_port
			: p.marker                          ? PORT_NAT_T
							    : PORT_IKE;
	return p;
}

static bool is_between(const struct path *p, const struct hosts *hosts)
{
	return ip_eq(&p->local.ip, &hosts->local) && ip_eq(&p->remote.ip, &hosts->remote);
}

/* Whether the path in use is among PATHS. */
static bool stands(const struct sa_core *core, const struct ike_paths *paths)
{
	for (unsigned i = 0; i < paths->n; i++)
		if (is_between(&core->path, &paths->v[i]))
			return true;
	return false;
}

/* D's IKE_SA goes on along PATH, and the peer hears of it. */
static void go(struct draft *d, const struct path *path)
{
	bool decides = d->core.began;

	d->hurried = true;
	move_ike(d, path);
	move_children(d);
	d->core.mobike.list_due = true;
	d->core.mobike.stays = false;
	task_first(d->sa, decides ? TASK_MOVE : TASK_ADDRESSES);
}

void mobike_heard(struct draft *d)
{
	const struct sa_core *c = &d->core;
	const struct hosts between = { d->path->local.ip, d->path->remote.ip };
	struct ike_ips known;

	/* One that was not repeated was sent before it went elsewhere: that the way from there works is no
	 * news. */
	if (!d->answered || !d->sa->window.tries || !c->mobike.on || c->state != S_UP ||
		is_between(&c->path, &between))
		return;
	known = candidates(c, d->step->scratch);
	if (has(known.v, known.n, &between.remote))
		go(d, d->path);
}

/* Without MOBIKE only another IKE_SA can be elsewhere; this one is deleted from there. */
static void begin_anew(struct step *s, struct sa *sa, const struct path *path)
{
	struct draft d;

	if (!sa->core.began)
		return;
	draft_open(&d, s, sa);
	tell_log(&d, "IKE", "the address of IKE_SA %s has gone, and MOBIKE is not in use: it is set up anew",
		sa->core.peer->name);
	d.core.path = *path;
	d.core.again = true;
	draft_close(&d, DRAFT_COMMIT);
	sa_abandon(s, sa);
}

/* The request in flight once more between HOSTS, unless it went there already. */
static unsigned probe_one(struct step *s, const struct sa *sa, const struct hosts *hosts)
{
	const struct window *w = &sa->window;
	struct path path;

	if (is_between(&w->request_path, hosts))
		return 0;
	path = path_between(&sa->core, hosts);
	step_send(s, &path, bytes_of(w->request, w->request_n));
	return 1;
}

/* The request in flight, which was not answered, on each other path: the best ones first, then those from the
 * other addresses of ours. */
static void probe(struct step *s, const struct sa *sa, const struct ike_paths *paths)
{
	struct ip own[MOBIKE_LIST_MAX];
	unsigned n = additional(&sa->core, s->ike->addresses, s->ike->n_addresses, own), sent = 0;

	if (!sa->window.request || !sa->window.tries)
		return;
	for (unsigned i = 0; i < paths->n && sent < MOBIKE_PROBES_MAX; i++)
		sent += probe_one(s, sa, &paths->v[i]);
	for (unsigned i = 0; i < paths->n; i++)
		for (unsigned k = 0; k < n && sent < MOBIKE_PROBES_MAX; k++)
			if (own[k].v == paths->v[i].remote.v && !ip_eq(&own[k], &paths->v[i].local))
				sent += probe_one(s, sa, &(struct hosts){ own[k], paths->v[i].remote });
}

/* There is no hurry until there is a way. */
static void cut_off(struct draft *d)
{
	if (d->sa->window.hasty) {
		d->sa->window.hasty = false;
		d->sa->window.cut_off = true;
		step_await(d->step, d->sa);
	}
	tell_log(d, "IKE",
		"no way to the peer of IKE_SA %s: it waits until addresses or routes of this machine change",
		d->core.peer->name);
}

/* There is a way again for SA, whose machine has woken: now there is a hurry. SAME: it is the one before.
 */
static void hurry(struct step *s, struct sa *sa, bool same)
{
	sa->window.cut_off = false;
	sa->window.hasty = true;
	if (same && sa->window.request)
		move_request(s, sa);
}

static void ask_again(struct step *s, struct sa *sa)
{
	struct draft d;

	draft_open(&d, s, sa);
	ask_paths(&d, candidates(&d.core, s->scratch));
	draft_close(&d, DRAFT_COMMIT);
}

void mobike_routed(struct step *s, struct sa *sa, const struct ike_answer *answer)
{
	const struct ike_paths *paths = &answer->paths;
	struct path path;
	struct draft d;

	map_take(&s->ike->asks, answer->ticket);
	sa->core.mobike.ask = 0;
	if (sa->core.state != S_UP)
		return;
	/* This answer is about the past. */
	if (sa->core.mobike.elsewhere) {
		ask_again(s, sa);
		return;
	}
	if (paths->n && sa->core.outlived) {
		wake_renew(s, sa);
		return;
	}
	probe(s, sa, paths);
	if (paths->n)
		path = path_between(&sa->core, &paths->v[0]);
	if (paths->n && !sa->core.mobike.on && !stands(&sa->core, paths)) {
		begin_anew(s, sa, &path);
		return;
	}
	if (paths->n && sa->window.cut_off)
		hurry(s, sa, stands(&sa->core, paths));
	draft_open(&d, s, sa);
	if (!paths->n)
		cut_off(&d);
	else if (!stands(&sa->core, paths))
		go(&d, &path);
	else if (d.core.mobike.list_due)
		task_first(sa, TASK_ADDRESSES);
	draft_close(&d, DRAFT_COMMIT);
}

bool mobike_overdue(struct step *s, struct sa *sa)
{
	struct mobility *mob = &sa->core.mobike;

	if (!mob->ask || mob->ask_deadline > s->now)
		return false;
	if (sa->core.state == S_UP) {
		ask_again(s, sa);
	} else {
		map_take(&s->ike->asks, mob->ask);
		mob->ask = 0;
		sa_rearm(s->ike, sa);
	}
	return true;
}

void mobike_woken(struct step *s, struct sa *sa)
{
	if (sa->core.mobike.on || sa->core.began)
		ask_again(s, sa);
}

void mobike_unanswered(struct step *s, struct sa *sa)
{
	if (sa->core.mobike.on && sa->core.state == S_UP && !sa->core.mobike.ask)
		ask_again(s, sa);
}

/* Whether the peer of CORE is told of others than before. */
static bool list_differs(const struct ike *ike, const struct sa_core *core, const struct ip *v, unsigned n)
{
	struct ip before[MOBIKE_LIST_MAX], now[MOBIKE_LIST_MAX];
	unsigned n_before = additional(core, ike->addresses, ike->n_addresses, before),
		 n_now = additional(core, v, n, now);

	for (unsigned i = 0; i < n_now; i++)
		if (!has(before, n_before, &now[i]))
			return true;
	return n_before != n_now;
}

void mobike_addresses(struct step *s, const struct ip *v, unsigned n)
{
	struct ike *ike = s->ike;
	struct draft d;

	if (n > MOBIKE_ADDRESSES_MAX)
		n = MOBIKE_ADDRESSES_MAX;
	list_each (k, &ike->sas_list) {
		struct sa *sa = node_owner(k, struct sa, of_ike);
		struct mobility *mob = &sa->core.mobike;

		if (sa->core.state != S_UP || !(mob->on || sa->core.began))
			continue;
		draft_open(&d, s, sa);
		d.core.mobike.list_due |= mob->on && list_differs(ike, &sa->core, v, n);
		d.core.mobike.refusals = 0;
		ask_paths(&d, candidates(&d.core, s->scratch));
		draft_close(&d, DRAFT_COMMIT);
	}
	memcpy(ike->addresses, v, n * sizeof *v);
	ike->n_addresses = n;
}

/* ----------------------------------------------------------------- our requests */

/* NAT detection hashes the SPIs. */
static void put_spis(const struct draft *d, struct message *m)
{
	m->header.spi_i = d->core.spi_i;
	m->header.spi_r = d->core.spi_r;
}

static void put_cookie2(struct draft *d, struct message *m)
{
	uint8_t *cookie = d->core.mobike.cookie2;

	rng_fill(d->step->rng, cookie, MOBIKE_COOKIE_OCTETS);
	message_add_notify(m, d->step->scratch, COOKIE2,
		arena_bytes(d->step->scratch, bytes_of(cookie, MOBIKE_COOKIE_OCTETS)));
}

void mobike_request(struct draft *d, enum task_kind kind, struct message *m)
{
	struct mobility *mob = &d->core.mobike;

	if (kind == TASK_MOVE)
		message_add_notify(m, d->step->scratch, UPDATE_SA_ADDRESSES, (struct bytes){ 0 });
	if (kind == TASK_MOVE || (kind == TASK_LIVENESS && mob->on && d->core.nat_local)) {
		put_spis(d, m);
		natd_ask(d, m, d->core.nat_fake);
	}
	if (kind == TASK_ADDRESSES || (kind == TASK_MOVE && mob->list_due)) {
		put_list(d, m, true);
		mob->list_due = false;
	}
	if (kind == TASK_MOVE || kind == TASK_ROUTABILITY)
		put_cookie2(d, m);
}

/* Whether the NAT before us shows us in another place to the peer than when it was last told where we are (3.8); the
 * first time, when what IKE_AUTH came from is not known, it may. */
static bool seen_elsewhere(struct draft *d)
{
	const struct wire_notify *n = message_notify(d->message, NAT_DETECTION_DESTINATION_IP);
	uint64_t before = d->core.mobike.nat_seen;

	if (!n || n->data.n < sizeof before)
		return false;
	memcpy(&d->core.mobike.nat_seen, n->data.p, sizeof before);
	return before != d->core.mobike.nat_seen;
}

static void say_nat(struct draft *d)
{
	const struct sa_core *c = &d->core;

	if (c->nat_local != d->sa->core.nat_local)
		tell_log(d, "IKE", "IKE_SA %s is %s behind a NAT here", c->peer->name,
			c->nat_local ? "now" : "no longer");
	if (c->nat_remote != d->sa->core.nat_remote)
		tell_log(d, "IKE", "the peer of IKE_SA %s is %s behind a NAT", c->peer->name,
			c->nat_remote ? "now" : "no longer");
}

/* NATs have come or gone with the new path. */
static void meet_nats(struct draft *d)
{
	if (!natd_read(d, d->message))
		return;
	natd_encap(&d->core);
	if (d->core.nat_local != d->sa->core.nat_local)
		life_nat(d->step, &d->core);
	(void)seen_elsewhere(d);
	say_nat(d);
	negotiate_end_ah(d);
}

static enum verdict wrong_cookie(struct draft *d)
{
	d->why = (struct why){
		.what = arena_printf(d->step->scratch,
			"the peer of IKE_SA %s answered without having got what was asked: it is not where "
			"it says, and the IKE_SA is closed",
			d->core.peer->name),
		.notify = notify_name(COOKIE2),
	};
	d->core.ending = END_BY_DEATH;
	return draft_end(d, 0);
}

/* Another one of the peer's addresses is tried. */
static void not_accepted(struct draft *d)
{
	struct arena *scratch = d->step->scratch;
	struct mobility *mob = &d->core.mobike;
	struct why why = { .notify = notify_name(UNACCEPTABLE_ADDRESSES) };
	struct ike_ips others = candidates(&d->core, scratch);
	char local[IP_TEXT], remote[IP_TEXT];

	why.what = arena_printf(scratch,
		"the peer of IKE_SA %s does not accept that it goes on between %s and %s", d->core.peer->name,
		ip_print(&d->core.path.local.ip, local), ip_print(&d->core.path.remote.ip, remote));
	tell_refused(d->step, d->core.peer->name, d->sa, &why);
	/* The first is the one that was refused. */
	if (mob->refusals++ < MOBIKE_PEER_IPS_MAX)
		ask_paths(d, (struct ike_ips){ others.v + 1, others.n - 1 });
}

static void moved(struct draft *d)
{
	if (message_notify(d->message, UNACCEPTABLE_ADDRESSES)) {
		not_accepted(d);
		return;
	}
	d->core.mobike.refusals = 0;
	meet_nats(d);
	if (d->core.encap != d->sa->core.encap)
		move_children(d);
}

/* The peer hears of the mapping that a NAT has for us now. */
static void tell_mapping(struct draft *d)
{
	d->core.mobike.stays = !task_waits(d->sa, TASK_MOVE);
	task_first(d->sa, TASK_MOVE);
}

/* The answer to T does not have what was sent, but COOKIE. Where there is none at all, and we have not gone anywhere, there is
 * nothing that the peer need have got there: it does not know what to do with an update. */
static enum verdict unproven(struct draft *d, const struct task *t, const struct wire_notify *cookie)
{
	if (message_notify(d->message, UNACCEPTABLE_ADDRESSES))
		moved(d);
	else if (cookie || t->kind != TASK_MOVE || !d->core.mobike.stays)
		return wrong_cookie(d);
	return DRAFT_COMMIT;
}

enum verdict mobike_answered(struct draft *d, const struct task *t)
{
	const struct wire_notify *cookie = message_notify(d->message, COOKIE2);
	struct bytes sent = bytes_of(d->core.mobike.cookie2, MOBIKE_COOKIE_OCTETS);

	if (t->kind == TASK_LIVENESS && seen_elsewhere(d) && d->core.began)
		tell_mapping(d);
	if (t->kind != TASK_MOVE && t->kind != TASK_ROUTABILITY)
		return DRAFT_COMMIT;
	if (!cookie || !bytes_eq_secret(cookie->data, sent))
		return unproven(d, t, cookie);
	/* When it goes elsewhere again meanwhile, this answer is about the past. */
	if (task_waits(d->sa, t->kind))
		return DRAFT_COMMIT;
	if (t->kind == TASK_MOVE)
		moved(d);
	else
		move_children(d);
	return DRAFT_COMMIT;
}

/* ----------------------------------------------------------- the peer's requests */

/* The children follow at once where nothing is sent to another place; otherwise once it is sure that the peer
 * is there. */
static void follow(struct draft *d)
{
	d->hurried = true;
	move_ike(d, d->path);
	meet_nats(d);
	if (move_elsewhere(d))
		task_first(d->sa, TASK_ROUTABILITY);
	else
		move_children(d);
}

/* What is wrong with the path that the peer wants to go on along; 0: nothing. */
static uint16_t refuse_path(const struct draft *d)
{
	if (natd_forbidden(d, d->message))
		return UNEXPECTED_NAT_DETECTED;
	if (!allowed(d->core.peer, &d->path->local.ip) || ip_is_local(&d->path->remote.ip))
		return UNACCEPTABLE_ADDRESSES;
	return 0;
}

static void update(struct draft *d, struct message *answer)
{
	uint16_t refused = refuse_path(d);
	char local[ADDR_TEXT], remote[ADDR_TEXT];

	if (!refused) {
		follow(d);
		return;
	}
	message_add_notify(answer, d->step->scratch, refused, (struct bytes){ 0 });
	tell_log(d, "IKE", "the peer wants IKE_SA %s to go on between %s and %s, which is refused with %s",
		d->core.peer->name, addr_print(&d->path->local, local), addr_print(&d->path->remote, remote),
		notify_name(refused));
}

/* Whether the peer tells of its addresses along another path since that is the one to go on along. While it
 * may not have heard where we have gone, to which address of ours it has sent says nothing. */
static bool is_called(const struct draft *d)
{
	const struct path *now = &d->sa->core.path, *came = d->path;
	bool moving = task_waits(d->sa, TASK_MOVE) || (d->sa->task && d->sa->task->kind == TASK_MOVE);

	return !ip_eq(&came->remote.ip, &now->remote.ip) ||
	       (!moving && !ip_eq(&came->local.ip, &now->local.ip));
}

void mobike_answer(struct draft *d, struct message *answer)
{
	const struct message *m = d->message;
	const struct wire_notify *cookie = message_notify(m, COOKIE2);
	struct mobility *mob = &d->core.mobike;
	bool listed;

	if (cookie && cookie->data.n >= MOBIKE_COOKIE_MIN && cookie->data.n <= MOBIKE_COOKIE_MAX)
		message_add_notify(answer, d->step->scratch, COOKIE2, cookie->data);
	if (!mob->on || d->core.state != S_UP)
		return;
	listed = take_list(d, m, &d->path->remote.ip);
	if (message_notify(m, UPDATE_SA_ADDRESSES) && !d->core.began)
		update(d, answer);
	else if (listed && d->core.began && is_called(d))
		go(d, d->path);
	if (message_notify(m, NAT_DETECTION_SOURCE_IP)) {
		put_spis(d, answer);
		natd_add(d, answer, d->core.nat_fake);
	}
}
