/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ike_step: an event goes in, actions come out. For a datagram these are the ten steps of the design: header;
 * SA or none; window; seal; fragments (fragment.c); payloads; shape; the table's cell
 * on a draft; verdict; commit or drop. Before the seal is opened nothing in an SA changes; hints of strangers
 * may make us ask the peer (stranger.c). */
#include "ike/step.h"

#include "ike/admit.h"
#include "ike/cfg.h"
#include "ike/child.h"
#include "ike/clock.h"
#include "ike/conf.h"
#include "ike/count.h"
#include "ike/crash.h"
#include "ike/create.h"
#include "ike/fragment.h"
#include "ike/life.h"
#include "ike/mobike.h"
#include "ike/move.h"
#include "ike/proof.h"
#include "ike/puzzle_auth.h"
#include "ike/seal.h"
#include "ike/silence.h"
#include "ike/stranger.h"
#include "ike/task.h"
#include "ike/ticket.h"
#include "ike/trap.h"
#include "ike/wake.h"
#include "ike/want.h"

#include <stdlib.h>

enum { IKE_MAJOR_2 = 2 };

/* --------------------------------------------------------------- datagrams */

/* A datagram on its way through the steps. */
struct incoming {
	struct step *step;
	const struct path *path;
	struct bytes data;
	struct message message; /* outer, then with what was sealed */
	struct sa *sa;
	uint64_t init_hash;
	struct bytes inner, front;
	uint8_t inner_first;
	size_t largest; /* of fragments: octets of the largest but the last; 0: there were none */
	bool repeated;  /* the peer's last request again */
};

static void drop(struct incoming *in, enum drop_reason reason)
{
	tell_dropped(in->step, reason, in->path, in->sa ? in->sa->core.peer : NULL);
}

/* A request of IKE_SA_INIT is known by all its octets and where it came from: the SPI of the peer alone may
 * be anybody's. */
static uint64_t hash_of(const struct incoming *in)
{
	uint8_t port[2] = { (uint8_t)(in->path->remote.port >> 8), (uint8_t)in->path->remote.port };
	struct bytes parts[] = { ip_bytes(&in->path->remote.ip), bytes_of(port, 2), in->data };
	uint64_t h = siphash(&in->step->ike->hash_key, parts, ARRAY_SIZE(parts));

	return h ? h : 1;
}

/* Of an IKE_SA that is not ours, or not any more. A peer that has not heard that is told (2.21.4); what is
 * not sealed may be a hint. */
static void refuse_spis(struct incoming *in)
{
	struct message *m = &in->message;
	uint8_t bad;

	drop(in, DROP_UNKNOWN_SA);
	if (m->header.flags & FLAG_RESPONSE || !shape_sealed(m->header.exchange))
		return;
	if (message_get(bytes_of(in->data.p + IKE_HEADER, in->data.n - IKE_HEADER), IKE_HEADER,
		    m->header.next, in->step->scratch, m, &bad))
		return;
	if (m->has & (PAYLOAD_BIT(PAYLOAD_SK) | PAYLOAD_BIT(PAYLOAD_SKF)))
		stranger_refuse_spis(in->step, in->path, &m->header);
	else if (m->header.exchange == INFORMATIONAL)
		stranger_hints(in->step, in->path, m);
}

/* Whether it is an exchange that an IKE_SA begins with. */
static bool begins(const struct wire_header *h)
{
	return h->exchange == IKE_SA_INIT || h->exchange == IKE_SESSION_RESUME;
}

/* Step 2. False: dropped. */
static bool find_sa(struct incoming *in)
{
	const struct wire_header *h = &in->message.header;
	struct ike *ike = in->step->ike;
	bool from_initiator = h->flags & FLAG_INITIATOR, response = h->flags & FLAG_RESPONSE;

	if (begins(h) && !response) {
		if (!from_initiator || h->spi_r || h->mid || !h->spi_i) {
			drop(in, DROP_MALFORMED);
			return false;
		}
		in->init_hash = hash_of(in);
		in->sa = map_get(&ike->inits, in->init_hash);
		return in->sa || admit(in->step, in->path, h, in->data);
	}
	in->sa = map_get(&ike->sas, from_initiator ? h->spi_r : h->spi_i);
	if (in->sa && in->sa->core.initiator != from_initiator &&
		(begins(h) || (in->sa->core.spi_i == h->spi_i && in->sa->core.spi_r == h->spi_r)))
		return true;
	refuse_spis(in);
	return false;
}

/* Step 3 (RFC 7296, 2.3). */
static bool in_window(struct incoming *in)
{
	const struct wire_header *h = &in->message.header;
	const struct window *w = in->sa ? &in->sa->window : NULL;

	if (!w)
		return true;
	if (h->flags & FLAG_RESPONSE) {
		if (w->request && h->mid == w->next - 1 && h->exchange == w->exchange)
			return true;
		drop(in, DROP_NO_REQUEST);
		return false;
	}
	in->repeated = h->mid == w->expected - 1;
	/* The window is one: the next request may come when the last one was answered. */
	if (in->repeated || (h->mid == w->expected && (!w->expected || w->response)))
		return true;
	drop(in, DROP_MESSAGE_ID);
	return false;
}

/* Whether what is not sealed, though it had to be, proves that the peer knows the IKE_SA no more. What it
 * answers to, and whether, does not matter. */
static bool shows_crash(struct incoming *in)
{
	const struct wire_header *h = &in->message.header;
	struct message m = { .header = *h };
	uint8_t bad;

	return in->sa && in->sa->core.has_token && shape_sealed(h->exchange) && h->next == PAYLOAD_NOTIFY &&
	       !message_get(bytes_of(in->data.p + IKE_HEADER, in->data.n - IKE_HEADER), IKE_HEADER, h->next,
		       in->step->scratch, &m, &bad) &&
	       crash_shown(in->step, in->sa, &m);
}

/* Step 5. False: others are missing, or it was dropped. Fragments that came before the whole message say of
 * the way what they say. */
static bool collect(struct incoming *in)
{
	const struct wire_header *h = &in->message.header;
	const struct fragments *f = in->sa->fragments[!!(h->flags & FLAG_RESPONSE)];
	const struct wire_sk *sk = &in->message.sk;

	if (!sk->total && f && f->mid == h->mid)
		in->largest = f->largest;
	if (!sk->total || in->repeated)
		return true;
	/* Of who is refused whatever it says one is enough. */
	if (in->sa->core.turned_away)
		return true;
	if (in->sa->core.state == S_LINGER) {
		drop(in, DROP_STATE);
		return false;
	}
	return fragment_take(in->step, in->sa, in->path, h, sk, in->inner, in->data.n, &in->inner,
		&in->inner_first, &in->front, &in->largest);
}

/* What holds the keys that the message is sealed with: a request that has led to other keys may come again
 * (RFC 9370, 2.2.2). */
static const struct sa_core *sealed_with(const struct incoming *in)
{
	const struct sa *sa = in->sa;
	struct sa_core *before;

	if (!in->repeated || !sa->window.response || in->message.header.exchange != IKE_INTERMEDIATE ||
		!sa->handshake->before)
		return &sa->core;
	before = ARENA_NEW(in->step->scratch, struct sa_core);
	*before = sa->core;
	before->keys = *sa->handshake->before;
	return before;
}

/* Steps 4 to 6. What is wrong outside the seal anybody could have sent: it is dropped. */
static bool open_message(struct incoming *in)
{
	struct message *m = &in->message;
	struct step *s = in->step;
	bool sealed = shape_sealed(m->header.exchange);
	uint8_t bad;
	enum err err = message_get(bytes_of(in->data.p + IKE_HEADER, in->data.n - IKE_HEADER), IKE_HEADER,
		m->header.next, s->scratch, m, &bad);

	if (err || (!sealed && m->has & PAYLOAD_BIT(PAYLOAD_SKF))) {
		drop(in, DROP_MALFORMED);
		return false;
	}
	if (!sealed && !begins(&m->header)) {
		drop(in, DROP_SHAPE);
		return false;
	}
	if (!sealed)
		return true;
	if (in->sa && puzzle_auth_awaits(in->sa)) {
		puzzle_auth_take(s, in->sa, in->path, in->data, m);
		return false;
	}
	if (!(m->has & (PAYLOAD_BIT(PAYLOAD_SK) | PAYLOAD_BIT(PAYLOAD_SKF))) || !in->sa ||
		!in->sa->core.keyed) {
		drop(in, DROP_UNSEALED);
		/* That decides nothing; but when no answer comes it may be why. */
		if (in->sa && m->header.flags & FLAG_RESPONSE && message_notify(m, INVALID_IKE_SPI))
			in->sa->window.disowned = true;
		return false;
	}
	if (seal_open(s->ike, sealed_with(in), in->data, &m->sk, s->scratch, &in->inner)) {
		drop(in, DROP_SEAL);
		puzzle_auth_forged(s, in->sa);
		return false;
	}
	in->inner_first = m->sk.inner;
	in->front = bytes_of(in->data.p, m->sk.offset - (m->sk.total ? FRAGMENT_HEADER : 0));
	return collect(in);
}

/* The peer's last request again: its answer goes out again, or is still being made (2.1). It is asked for
 * once however many fragments the request has (RFC 7383, 2.6.1). */
static void repeat_answer(struct incoming *in)
{
	const struct wire_sk *sk = &in->message.sk;
	struct window *w = &in->sa->window;

	if (!w->response || sk->fragment > 1) {
		drop(in, DROP_REPEATED);
		return;
	}
	w->repeated++;
	if (!fragment_response_again(in->step, in->sa, in->path, sk->total > 1 ? in->data.n : 0))
		step_send(in->step, in->path, bytes_of(w->response, w->response_n));
}

/* What came sealed and is wrong all the same: the peer is told, in the shape of an answer (2.21.3). */
static enum verdict refuse_syntax(struct draft *d)
{
	if (d->message->header.flags & FLAG_RESPONSE)
		return draft_drop(d, DROP_SHAPE);
	d->why.what = "the peer sent a message that is not valid IKEv2";
	d->why.notify = notify_name(INVALID_SYNTAX);
	return draft_end(d, INVALID_SYNTAX);
}

static enum verdict refuse_critical(struct draft *d)
{
	uint8_t *type = arena_alloc(d->step->scratch, 1);

	if (d->message->header.flags & FLAG_RESPONSE)
		return draft_drop(d, DROP_SHAPE);
	*type = d->message->critical;
	return draft_refuse(d, UNSUPPORTED_CRITICAL_PAYLOAD, bytes_of(type, 1));
}

/* The peer could not read our request: it has dropped the IKE_SA, and does not expect to be told (2.21.3). */
static bool not_understood(const struct message *m)
{
	return m->header.flags & FLAG_RESPONSE &&
	       (m->header.exchange == CREATE_CHILD_SA || m->header.exchange == IKE_FOLLOWUP_KE ||
		       m->header.exchange == INFORMATIONAL) &&
	       message_notify(m, INVALID_SYNTAX);
}

static enum verdict end_not_understood(struct draft *d)
{
	d->why.what = "the peer says that our message is not valid IKEv2, and has dropped the IKE_SA";
	d->why.notify = notify_name(INVALID_SYNTAX);
	return draft_end(d, 0);
}

/* It is over: nothing that comes changes that. */
static enum verdict refuse_late(struct draft *d, const struct wire_header *h)
{
	bool lets_in = h->exchange == IKE_AUTH || h->exchange == IKE_INTERMEDIATE;

	if (!d->core.turned_away || h->flags & FLAG_RESPONSE || !lets_in)
		return draft_drop(d, DROP_STATE);
	d->core.turned_away = false;
	return draft_end(d, AUTHENTICATION_FAILED);
}

/* Steps 7 and 8. */
static enum verdict handle(struct draft *d, const struct message *m, bool sealed, enum err parsed)
{
	enum shape shape;

	if (d->core.state == S_LINGER)
		return refuse_late(d, &m->header);
	if (parsed)
		return refuse_syntax(d);
	if (m->critical)
		return refuse_critical(d);
	shape = shape_of(m, sealed);
	if (shape == SHAPE_NONE)
		return sealed ? refuse_syntax(d) : draft_drop(d, DROP_SHAPE);
	if (not_understood(m))
		return end_not_understood(d);
	return table_cell(d->core.state, shape)(d);
}

/* A request about children on an IKE_SA that replaces another one says that the peer has moved them here; we
 * may not have heard of it yet. */
static void claim_children(struct step *s, struct sa *sa, const struct message *m)
{
	struct sa *before = map_get(&s->ike->sas, sa->core.predecessor);
	bool about_children = m->header.exchange == CREATE_CHILD_SA;

	for (unsigned i = 0; i < m->n_deletes; i++)
		about_children |= m->deletes[i].protocol != PROTO_IKE;
	if (before && about_children && !(m->header.flags & FLAG_RESPONSE) && sa->core.state == S_UP &&
		!list_empty(&before->children))
		sa_adopt(s, before, sa);
}

/* Steps 6 to 10. */
static void handle_message(struct incoming *in)
{
	struct message *m = &in->message;
	bool sealed = shape_sealed(m->header.exchange), response = m->header.flags & FLAG_RESPONSE;
	const struct peer *peer = in->sa ? in->sa->core.peer : NULL;
	enum err parsed = ERR_OK;
	struct draft d;
	uint8_t bad;

	if (sealed) {
		*m = (struct message){ .header = m->header };
		if (in->sa->core.state != S_LINGER)
			parsed = message_get(in->inner, 0, in->inner_first, in->step->scratch, m, &bad);
	}
	if (sealed && in->sa)
		claim_children(in->step, in->sa, m);
	draft_open(&d, in->step, in->sa);
	d.message = m;
	d.path = in->path;
	d.datagram = in->data;
	d.inner = in->inner;
	d.front = in->front;
	d.inner_first = in->inner_first;
	d.init_hash = in->sa ? 0 : in->init_hash;
	d.answered = response;
	if (sealed) {
		d.core.last_in = in->step->now;
		in->sa->window.hasty = in->sa->window.cut_off = in->sa->window.moved = false;
		mobike_heard(&d);
		fragment_learn(&d, in->largest);
		move_follow(&d, in->path);
	}
	draft_close(&d, handle(&d, m, sealed, parsed));
	if (parsed)
		count(in->step->ike, peer, COUNT_INVALID);
	else
		count_message(in->step->ike, peer, true, &m->header);
}

/* Now and then: scanners speak it all day, and the refusals of peers shall not be lost among theirs. */
static void explain_old_version(struct incoming *in)
{
	uint64_t *due = &in->step->ike->old_version_due;
	char remote[ADDR_TEXT];
	struct why why = {
		.what = arena_printf(in->step->scratch, "%s speaks IKEv1, and only IKEv2 is spoken here",
			addr_print(&in->path->remote, remote)),
		.instead = "version = 2 (keyexchange = ikev2) at the peer",
	};

	if (*due > in->step->now)
		return;
	*due = in->step->now + OLD_VERSION_TIME;
	tell_refused(in->step, NULL, NULL, &why);
}

/* A request of a later IKE is told which version we speak (2.5); one of IKEv1 would not understand. */
static void refuse_version(struct incoming *in)
{
	const struct wire_header *h = &in->message.header;

	drop(in, DROP_VERSION);
	if (h->version >> 4 < IKE_MAJOR_2)
		explain_old_version(in);
	if (h->version >> 4 > IKE_MAJOR_2 && h->exchange == IKE_SA_INIT && !(h->flags & FLAG_RESPONSE))
		stranger_refuse_version(in->step, in->path, h);
}

static void on_datagram(struct step *s, const struct path *path, struct bytes data)
{
	struct incoming in = { .step = s, .path = path, .data = data };

	s->path = path;
	if (header_get(data, &in.message.header)) {
		drop(&in, DROP_MALFORMED);
		return;
	}
	if (in.message.header.version >> 4 != IKE_MAJOR_2) {
		refuse_version(&in);
		return;
	}
	s->exchange = in.message.header.exchange;
	if (!find_sa(&in) || shows_crash(&in) || !in_window(&in) || !open_message(&in))
		return;
	if (in.repeated)
		repeat_answer(&in);
	else
		handle_message(&in);
}

/* ------------------------------------------------------------ other events */

static void on_answer(struct step *s, const struct ike_answer *answer)
{
	struct sa *sa = map_get(&s->ike->asks, answer->ticket);
	struct child *child = map_get(&s->ike->installs, answer->ticket);
	struct trap *trap = map_get(&s->ike->trap_asks, answer->ticket);
	struct draft d;

	if (child)
		child_answered(s, child, answer);
	if (trap)
		trap_answered(s, trap, answer);
	if (!sa) {
		cfg_give_back(s, answer);
		return;
	}
	if (answer->ticket == sa->core.usage_ask) {
		life_used(s, sa, answer);
		return;
	}
	if (answer->ticket == sa->core.mobike.ask) {
		mobike_routed(s, sa, answer);
		return;
	}
	draft_open(&d, s, sa);
	d.answer = answer;
	if (answer->ticket == sa->ours->ask || answer->ticket == sa->theirs->ask) {
		draft_close(&d, create_answered(&d, answer->ticket == sa->ours->ask ? &d.ours : &d.theirs));
		return;
	}
	draft_close(&d, table_cell(sa->core.state, answer->result ? COLUMN_FAILED : COLUMN_ANSWER)(&d));
	for (const struct unopened *u = s->again; u; u = u->next)
		on_datagram(s, &u->path, u->data);
}

/* A limit of volume was met, or the SAs were lost, also before it is known that they are installed: the child
 * is rekeyed or, at its hard end, closed; as soon as it is installed. */
static void on_expire(struct step *s, uint32_t id, bool hard)
{
	struct child *c = child_find(s->ike, id);
	bool early = c && c->state == CHILD_INSTALLING;
	struct draft d;

	if (!c || c->over || (!early && c->state != CHILD_INSTALLED))
		return;
	draft_open(&d, s, c->sa);
	if (hard)
		tell_log(&d, "CHD", "CHILD_SA %s has carried as much as it may: it is closed", c->conf->name);
	if (early) {
		c->spent = true;
		c->over = hard;
	} else if (hard) {
		child_close(c->sa, c);
	} else if (!c->successor) {
		task_add(c->sa, TASK_REKEY_CHILD, c);
	}
	draft_close(&d, DRAFT_COMMIT);
}

static void on_used(struct step *s, uint32_t id)
{
	struct child *c = child_find(s->ike, id);

	if (c)
		child_used(s, c);
}

struct ike_out ike_step(
	struct ike *ike, const struct ike_event *event, uint64_t now, struct rng *rng, struct arena *scratch)
{
	struct step s = { .ike = ike, .now = now, .rng = rng, .scratch = scratch };

	all_parted(ike);
	s.tail = &s.actions;
	switch (event->kind) {
	case EVENT_DATAGRAM: on_datagram(&s, &event->datagram.path, event->datagram.data); break;
	case EVENT_ANSWER: on_answer(&s, &event->answer); break;
	case EVENT_ACQUIRE:
		acquire(&s, event->acquire.policy, event->acquire.resource, &event->acquire.local,
			&event->acquire.remote);
		break;
	case EVENT_EXPIRE: on_expire(&s, event->expire.child, event->expire.hard); break;
	case EVENT_MAPPING: move_mapping(&s, event->mapping.child, &event->mapping.remote); break;
	case EVENT_COMMAND: command_run(&s, &event->command); break;
	case EVENT_CONF:
		if (!event->conf.only)
			proof_authorities(ike, event->conf.authorities, event->conf.responders);
		conf_change(&s, event->conf.peers, event->conf.n, event->conf.only, event->conf.settings);
		break;
	case EVENT_SECRETS:
		crash_secret(ike, event->secrets.crash);
		ticket_keys(ike, event->secrets.tickets, event->secrets.wall, now);
		if (ike->last_id < event->secrets.numbers)
			ike->last_id = event->secrets.numbers;
		break;
	case EVENT_USED: on_used(&s, event->used.child); break;
	case EVENT_UNKNOWN_SPI:
		stranger_unknown_spi(
			&s, &event->unknown_spi.path, event->unknown_spi.encap, event->unknown_spi.spi);
		break;
	case EVENT_PATH_MTU: fragment_path(&s, &event->path_mtu.remote, event->path_mtu.octets); break;
	case EVENT_UNREACHABLE:
		silence_unreachable(ike, event->unreachable.spis, &event->unreachable.who,
			(enum ike_unreachable)event->unreachable.what);
		break;
	case EVENT_ADDRESSES: mobike_addresses(&s, event->addresses.v, event->addresses.n); break;
	case EVENT_WOKEN: wake_all(&s); break;
	case EVENT_CLOCK: break;
	}
	s.path = NULL;
	s.exchange = 0;
	clock_run(&s);
	return (struct ike_out){ s.actions, clock_due(ike) };
}

/* ---------------------------------------------------------------- the core */

struct ike *ike_new(struct rng *rng)
{
	struct ike *ike = calloc(1, sizeof *ike);

	if (!ike)
		abort();
	ike->settings = settings_default();
	/* Peers choose what some keys are made of. */
	ike->sas.seed = rng_u64(rng);
	ike->crowds.seed = rng_u64(rng);
	ike->offenders[0].seed = ike->offenders[1].seed = ike->crowds.seed;
	rng_fill(rng, &ike->hash_key, sizeof ike->hash_key);
	list_init(&ike->sas_list);
	list_init(&ike->commands);
	list_init(&ike->conns);
	list_init(&ike->tally_list);
	list_init(&ike->fragments);
	list_init(&ike->unproven);
	return ike;
}

static void free_maps(struct ike *ike)
{
	struct map *const maps[] = { &ike->sas, &ike->inits, &ike->ends, &ike->places, &ike->twins,
		&ike->neighbours, &ike->for_cpus, &ike->offered, &ike->offered_ike, &ike->crowds,
		&ike->offenders[0], &ike->offenders[1], &ike->children, &ike->spis, &ike->asks,
		&ike->installs, &ike->trap_asks, &ike->policies, &ike->spent[0], &ike->spent[1] };

	for (unsigned i = 0; i < ARRAY_SIZE(maps); i++)
		map_free(maps[i]);
	heap_free(&ike->timers);
	heap_free(&ike->trap_timers);
	heap_free(&ike->want_timers);
}

void ike_free(struct ike *ike)
{
	list_each_safe (n, &ike->sas_list)
		sa_free(ike, node_owner(n, struct sa, of_ike));
	list_each_safe (n, &ike->commands)
		free(node_owner(n, struct command, of_ike));
	conns_free(ike);
	arena_free(&ike->authorities_arena);
	for (unsigned i = 0; i < AEAD_SLOTS; i++)
		aead_free(ike->aeads[i].aead);
	counts_free(ike);
	free(ike->used);
	all_parted(ike);
	free_maps(ike);
	free(ike->parted);
	wipe(ike, sizeof *ike);
	free(ike);
}
