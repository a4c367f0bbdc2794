/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A world of the explorer: how it begins, what may happen in it, and how it ends. */
#include "base/heap.h"
#include "ike/twin.h"
#include "tests/pair/arrows.h"
#include "tests/sim/explore.h"
#include "tests/sim/memory.h"

#include <stdlib.h>

enum {
	/* Timers of two hosts that are due so close together come in either order. */
	CLOSE = 1000,
	/* Late answers come when they are chosen: by themselves after this. */
	LATE_FOR = 1 << 30,
	/* A request is given up after 165 s; DPD asks every 100 s; then ends linger for 30 s. */
	CALM_STEP = 20 * 1000,
	CALM_STEPS = 40,
	SILENCE = 500 * 1000,
};

#define SITE                                                                                                 \
	"connections { site { local_addrs = 192.0.2.%u\n remote_addrs = 192.0.2.%u\n dpd_delay = 100s\n"     \
	" proposals = aes128gcm16-prfsha256-x25519%s\n rekey_time = 0\n local { auth = psk }\n"              \
	" remote { auth = psk }\n children {\n"                                                              \
	" net { local_ts = 10.%u.0.0/16\n remote_ts = 10.%u.0.0/16\n esp_proposals = %s\n rekey_time = 0 "   \
	"}\n"                                                                                                \
	" more { local_ts = 10.1%u.0.0/16\n remote_ts = 10.1%u.0.0/16\n esp_proposals = %s\n"                \
	" rekey_time = 0 } } } }\n"                                                                          \
	"secrets { ike-site { secret = moonlight } }\n"                                                      \
	"daemon { udp_encap = no\n retransmit_jitter = 0\n make_before_break = yes }\n"

/* --------------------------------------------------------------- randomness */

/* The first octet of a side's nonces, in turn. Who is the lowest of the four is what an order is. */
static uint8_t nonce_rank(const struct orderly *r)
{
	unsigned which = 2 * r->side + r->nonces % 2;

	return which == r->order ? 0 : (uint8_t)(which + 1);
}

static void nonce(struct orderly *r, uint8_t *p, size_t n)
{
	memset(p, 0x5a, n);
	p[0] = nonce_rank(r);
	p[1] = (uint8_t)(r->nonces >> 8);
	p[2] = (uint8_t)r->nonces;
	p[3] = (uint8_t)r->side;
	r->nonces++;
}

/* Numbers that are new: SPIs. As part of a delay (draws below 2,000 and 30,000) they are always the same for
 * a side, and another for the other one, so that two who wait because of each other part. */
static uint32_t number(struct orderly *r)
{
	const uint32_t every = 30 * 1000, half = 35791 * every;

	return (uint32_t)++r->drawn * every + (r->side ? half + 1500 : 500);
}

static void orderly_fill(struct rng *rng, void *p, size_t n)
{
	struct orderly *r = (struct orderly *)(void *)rng;
	uint64_t v = (uint64_t)(r->side + 1) << 32;

	if (n >= NONCE_OCTETS) {
		nonce(r, p, n);
		return;
	}
	v = n == sizeof(uint32_t) ? number(r) : v | ++r->drawn;
	memset(p, 0, n);
	memcpy(p, &v, n < sizeof v ? n : sizeof v);
}

/* ---------------------------------------------------------------- beginning */

static void begin_host(struct world *w, unsigned side)
{
	static const char *const names[SIDES] = { "moon", "sun" };
	static const char *const addresses[SIDES] = { "192.0.2.1", "192.0.2.2" };
	unsigned we = side + 1, they = SIDES - side;
	const char *esp = w->scenario->esp, *more = strstr(esp, "-ke1_");
	struct host *h;

	w->rngs[side] = (struct orderly){ .rng = { orderly_fill }, .side = side, .order = SIDES * 2 };
	list_init(&w->life.given[side]);
	h = lab_host(w->life.lab, names[side], addresses[side],
		arena_printf(&w->life.arena, SITE, we, they, more ? more : "", we, they, esp, we, they, esp));
	h->rng = &w->rngs[side].rng;
	h->fake = true;
	w->life.hosts[side] = h;
}

/* Every SA of the data path has carried something. */
static void used_all(struct world *w)
{
	for (unsigned side = 0; side < SIDES; side++)
		list_each (n, &w->life.hosts[side]->datapath.sas)
			node_owner(n, struct dp_sa, node)->used = true;
}

struct world *world_new(const struct scenario *s, unsigned variant, bool loud)
{
	struct world *w = calloc(1, sizeof *w);

	if (!w)
		abort();
	w->scenario = s;
	w->left = s->budget;
	w->exchanged = variant >= ORDERS;
	w->life.sides = SIDES;
	list_init(&w->life.packets);
	w->life.lab = lab_new(1);
	for (unsigned side = 0; side < SIDES; side++)
		begin_host(w, side);
	fate_command(&w->life, MOON, (struct ike_command){ .kind = COMMAND_UP, .child = "net" });
	lab_calm(w->life.lab);
	check_always(&w->life);
	used_all(w);
	for (unsigned side = 0; side < SIDES; side++) {
		w->rngs[side].nonces = 0;
		w->rngs[side].order = variant % ORDERS;
		w->last_id[side] = w->life.hosts[side]->ike->last_id;
	}
	w->life.loud = loud;
	return w;
}

void world_free(struct world *w)
{
	for (unsigned side = 0; side < SIDES; side++)
		list_each_safe (n, &w->life.given[side])
			free(node_owner(n, struct given, node));
	lab_free(w->life.lab);
	arena_free(&w->life.arena);
	free(w);
}

/* ------------------------------------------------------------------ choices */

static void add(struct choice *out, unsigned *n, enum deed deed, unsigned which)
{
	if (*n == CHOICES_MAX)
		abort();
	out[(*n)++] = (struct choice){ .deed = deed, .which = which };
}

static struct flight *flight_at(const struct world *w, unsigned place)
{
	list_each (n, (struct node *)&w->life.lab->flights)
		if (!place--)
			return node_owner(n, struct flight, node);
	return NULL;
}

/* Whether the same datagram is in the air at an earlier place. */
static bool again(const struct world *w, const struct flight *f)
{
	list_each (n, (struct node *)&w->life.lab->flights) {
		const struct flight *other = node_owner(n, struct flight, node);

		if (other == f)
			return false;
		if (other->from == f->from && other->n == f->n && !memcmp(other->data, f->data, f->n))
			return true;
	}
	return false;
}

static void network(const struct world *w, struct choice *out, unsigned *n)
{
	static const enum deed deeds[] = { DEED_DELIVER, DEED_REPEAT, DEED_LOSE };
	const bool may[] = { true, w->left.repeat, w->left.lose };
	const struct flight *f;

	for (unsigned d = 0; d < ARRAY_SIZE(deeds); d++)
		for (unsigned i = 0; may[d] && (f = flight_at(w, i)); i++)
			if (!again(w, f))
				add(out, n, deeds[d], i);
}

/* An SA that SIDE has not had a packet on, and that the peer sends on. */
static struct dp_sa *fresh(const struct world *w, unsigned side)
{
	const struct datapath *peer = &w->life.hosts[!side]->datapath, *own = &w->life.hosts[side]->datapath;

	list_each (n, (struct node *)&peer->policies) {
		const struct dp_policy *p = node_owner(n, struct dp_policy, node);
		const struct dp_sa *out = datapath_sender(peer, p);
		const struct sa_spec *in = out ? datapath_sa(own, true, out->spec.spi) : NULL;
		struct dp_sa *sa = in ? datapath_find(own, in->child, true) : NULL;

		if (sa && !sa->used)
			return sa;
	}
	return NULL;
}

static bool answers_wait(const struct world *w)
{
	return !list_empty(&w->life.hosts[MOON]->answers) || !list_empty(&w->life.hosts[SUN]->answers);
}

bool world_quiet(const struct world *w)
{
	return list_empty(&w->life.lab->flights) && !answers_wait(w) && !check_busy(&w->life);
}

/* Whether an answer that waits would be too late after that. */
static bool too_late(const struct world *w, uint64_t at)
{
	for (unsigned side = 0; side < SIDES; side++)
		list_each (n, &w->life.hosts[side]->answers)
			if (node_owner(n, struct coming, node)->at - LATE_FOR + ASK_TIMEOUT <= at)
				return true;
	return false;
}

/* Timers of idle SAs are of no interest: those of DPD. */
static bool may_expire(const struct world *w, unsigned side)
{
	uint64_t due = w->life.hosts[side]->wake, other = w->life.hosts[!side]->wake;

	return w->left.clock && due != HEAP_NEVER && (other == HEAP_NEVER || due <= other + CLOSE) &&
	       (answers_wait(w) || check_busy(&w->life)) && (w->scenario->fails || !too_late(w, due));
}

static const struct ike_command *next_command(const struct world *w, unsigned side)
{
	unsigned n = w->given[side];

	return n < COMMANDS_MAX ? w->scenario->commands[w->exchanged ? !side : side][n] : NULL;
}

unsigned world_choices(const struct world *w, struct choice out[CHOICES_MAX])
{
	unsigned n = 0;

	for (unsigned side = 0; side < SIDES; side++)
		if (next_command(w, side))
			add(out, &n, DEED_COMMAND, side);
	network(w, out, &n);
	for (unsigned side = 0; side < SIDES; side++) {
		if (!list_empty(&w->life.hosts[side]->answers))
			add(out, &n, DEED_ANSWER, side);
		if (!list_empty(&w->life.hosts[side]->answers) && w->scenario->fails)
			add(out, &n, DEED_FAIL, side);
		if (fresh(w, side))
			add(out, &n, DEED_PACKET, side);
		if (may_expire(w, side))
			add(out, &n, DEED_CLOCK, side);
	}
	return n;
}

/* -------------------------------------------------------------------- deeds */

static void say_flight(struct world *w, const struct flight *f, const char *fate)
{
	struct arena arena = { 0 };

	if (w->life.loud)
		life_say(&w->life, "%s%s", arrow_print(w->life.lab, f, &arena), fate);
	arena_free(&arena);
}

/* The peer sends on CHILD: it has it up, so it is time to send on it too. */
static void check_used(struct world *w, unsigned side, uint32_t child)
{
	const struct host *h = w->life.hosts[side];
	const struct child *c = map_get(&h->ike->children, child);

	if (c && c->state == CHILD_INSTALLED && !c->successor && !c->redundant &&
		datapath_selected(&h->datapath, c->policy) != child)
		life_fail(&w->life, "%s does not send on CHILD_SA %u, which the peer uses", h->name, child);
}

static void send_packet(struct world *w, unsigned side)
{
	struct dp_sa *sa = fresh(w, side);
	struct ike_event e = { .kind = EVENT_USED };

	if (!sa)
		return;
	life_say(&w->life, "%s: a first packet comes on %08x", w->life.hosts[side]->name, sa->spec.spi);
	sa->used = true;
	e.used.child = sa->spec.child;
	host_event(w->life.hosts[side], &e);
	check_used(w, side, e.used.child);
}

static void expire(struct world *w, unsigned side)
{
	struct host *h = w->life.hosts[side];

	w->left.clock--;
	if (h->wake > w->life.lab->now)
		w->life.lab->now = h->wake;
	life_say(&w->life, "%s: a timer runs out", h->name);
	host_event(h, &(struct ike_event){ .kind = EVENT_CLOCK });
}

static void deliver(struct world *w, struct choice c)
{
	struct flight *f = flight_at(w, c.which);
	struct duty duty;

	if (!f)
		return;
	say_flight(w, f, c.deed == DEED_LOSE ? "  is lost" : c.deed == DEED_REPEAT ? "  and once more" : "");
	if (c.deed == DEED_LOSE) {
		w->left.lose--;
		lab_lose(f);
		return;
	}
	if (c.deed == DEED_REPEAT) {
		w->left.repeat--;
		(void)lab_copy(w->life.lab, f);
	}
	duty = rules_before(w, f);
	lab_deliver(w->life.lab, f);
	rules_after(w, &duty);
}

static void happen(struct world *w, struct choice c)
{
	switch (c.deed) {
	case DEED_COMMAND:
		fate_command(&w->life, c.which, *next_command(w, c.which));
		w->given[c.which]++;
		break;
	case DEED_DELIVER:
	case DEED_REPEAT:
	case DEED_LOSE: deliver(w, c); break;
	case DEED_ANSWER:
	case DEED_FAIL:
		life_say(&w->life, "%s: an answer comes%s", w->life.hosts[c.which]->name,
			c.deed == DEED_FAIL ? ": no" : "");
		host_answer(w->life.hosts[c.which], c.deed == DEED_FAIL);
		break;
	case DEED_PACKET: send_packet(w, c.which); break;
	case DEED_CLOCK: expire(w, c.which); break;
	}
}

/* Whether F cannot do anything any more: its SA has gone, or its place in the window. */
static bool is_dead(struct world *w, const struct flight *f)
{
	const struct host *to = lab_reached(w->life.lab, f);
	struct wire_header h;
	const struct sa *sa;

	if (!to || header_get(bytes_of(f->data, f->n), &h))
		return true;
	if (h.exchange == IKE_SA_INIT && !(h.flags & FLAG_RESPONSE))
		return false;
	sa = map_get(&to->ike->sas, h.flags & FLAG_INITIATOR ? h.spi_r : h.spi_i);
	if (!sa)
		return true;
	if (h.flags & FLAG_RESPONSE)
		return !sa->window.request || h.mid != sa->window.next - 1;
	return h.mid + 1 < sa->window.expected;
}

static void bury(struct world *w)
{
	list_each_safe (n, &w->life.lab->flights)
		if (is_dead(w, node_owner(n, struct flight, node)))
			lab_lose(node_owner(n, struct flight, node));
}

/* Whether CHILD was made anew in this world, in place of none that could still send: the peer's end of it may
 * come later. */
static bool is_new(const struct world *w, unsigned side, uint32_t child)
{
	const struct host *h = w->life.hosts[side];
	const struct child *c = map_get(&h->ike->children, child);

	return c && !c->replaces && c->id > w->last_id[side] && !twin_sends(h->ike, c, NULL);
}

/* Whoever sends now reaches the other end, and has something to send on. */
static void check_traffic(struct world *w, unsigned side)
{
	const struct datapath *dp = &w->life.hosts[side]->datapath, *peer = &w->life.hosts[!side]->datapath;

	list_each (n, (struct node *)&dp->policies) {
		const struct dp_policy *p = node_owner(n, struct dp_policy, node);
		const struct dp_sa *sa = datapath_sender(dp, p);

		if (!sa && p->open)
			life_fail(&w->life, "%s: a policy has no SA any more", w->life.hosts[side]->name);
		if (sa && !is_new(w, side, sa->spec.child) && !datapath_sa(peer, true, sa->spec.spi))
			life_fail(&w->life, "%s sends on %08x, which the other end has not",
				w->life.hosts[side]->name, sa->spec.spi);
	}
}

static unsigned asked(const struct world *w)
{
	return w->life.hosts[MOON]->asked + w->life.hosts[SUN]->asked;
}

bool world_do(struct world *w, struct choice c)
{
	unsigned before = asked(w);
	uint64_t late = c.late ? LATE_FOR : 0;

	w->left.late -= c.late;
	w->life.hosts[MOON]->late = w->life.hosts[SUN]->late = late;
	happen(w, c);
	check_always(&w->life);
	contest_check(w);
	for (unsigned side = 0; w->scenario->peace && side < SIDES; side++)
		check_traffic(w, side);
	bury(w);
	return asked(w) != before && w->left.late;
}

/* ---------------------------------------------------------------------- end */

static void answer_all(struct world *w)
{
	for (unsigned side = 0; side < SIDES; side++) {
		w->life.hosts[side]->late = 0;
		while (!list_empty(&w->life.hosts[side]->answers))
			host_answer(w->life.hosts[side], false);
	}
}

static bool agreed(struct world *w)
{
	const char *failed;

	check_agreement(&w->life);
	failed = w->life.failed;
	w->life.failed = NULL;
	return !failed;
}

/* Quiet, and all IKE_SAs are of use. */
static bool settled(struct world *w)
{
	for (unsigned side = 0; side < SIDES; side++)
		list_each (n, (struct node *)&w->life.hosts[side]->ike->sas_list)
			if (!node_owner(n, struct sa, of_ike)->up)
				return false;
	return world_quiet(w) && agreed(w);
}

static bool all_given(const struct world *w)
{
	for (unsigned side = 0; side < SIDES; side++)
		if (next_command(w, side))
			return false;
	return true;
}

static void check_standing(struct world *w, unsigned side)
{
	const struct scenario *s = w->scenario;
	struct ike_load load = ike_load(w->life.hosts[side]->ike);
	const char *name = w->life.hosts[side]->name;

	if (all_given(w) && s->sas >= 0 && load.sas != (unsigned)s->sas)
		life_fail(&w->life, "%s ends with %u IKE_SAs, not with %d", name, load.sas, s->sas);
	if (all_given(w) && s->children >= 0 && load.children != (unsigned)s->children)
		life_fail(
			&w->life, "%s ends with %u CHILD_SAs, not with %d", name, load.children, s->children);
	if (!list_empty(&w->life.hosts[side]->ike->commands))
		life_fail(&w->life, "%s: a command waits for ever", name);
}

/* Lets MS pass on a network that delivers at once, or nothing. */
static void pass(struct world *w, uint64_t ms, bool deaf)
{
	struct lab *lab = w->life.lab;
	uint64_t end = lab->now + ms, due = lab->now;
	struct flight *f;

	for (; due <= end; due = lab_due(lab)) {
		lab_clock(lab, due > lab->now ? due : lab->now);
		while ((f = lab_first(lab))) {
			say_flight(w, f, deaf ? "  is lost" : "");
			if (deaf)
				lab_lose(f);
			else
				lab_deliver(lab, f);
		}
		check_always(&w->life);
	}
	lab_clock(lab, end);
}

static void calm(struct world *w)
{
	life_say(&w->life, "calm");
	answer_all(w);
	pass(w, 0, false);
	for (unsigned i = 0; i < CALM_STEPS && !w->life.failed && !settled(w); i++)
		pass(w, CALM_STEP, false);
	check_agreement(&w->life);
	if (!w->life.failed && !settled(w))
		life_fail(&w->life, "there is no end of it");
	for (unsigned side = 0; side < SIDES; side++) {
		check_standing(w, side);
		check_traffic(w, side);
	}
}

void world_end(struct world *w)
{
	calm(w);
	if (w->life.failed)
		return;
	life_say(&w->life, "silence");
	pass(w, SILENCE, true);
	check_empty(&w->life);
}
