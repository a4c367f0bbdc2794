/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fragments of messages: what goes into one, those that have come, and smaller ones when they do not arrive.
 *
 * Fragments are kept opened, so that nothing is kept of somebody who has not the keys; one message of the
 * peer at a time in each direction. One that says it is of more fragments than those before was cut anew,
 * because they did not get through: it supersedes them (2.6). */
#include "ike/fragment.h"

#include "base/heap.h"
#include "base/text.h"
#include "ike/ends.h"
#include "ike/seal.h"

#include <stdlib.h>

/* RFC 7383, 2.5.1: what every path of IPv4 and IPv6 carries; and what else is tried. */
enum { SMALLEST_V4 = 576, SMALLEST_V6 = 1280 };
static const uint16_t sizes[] = { SMALLEST_V6, SMALLEST_V4 };

enum { IPV4_HEADER = 20, IPV6_HEADER = 40, UDP_HEADER = 8, MARKER = 4 };

static bool is_v6(const struct path *p)
{
	return p->remote.ip.v == 6;
}

static size_t smallest(const struct path *p)
{
	return is_v6(p) ? SMALLEST_V6 : SMALLEST_V4;
}

/* Octets around an IKE message in its IP datagram. */
static size_t around(const struct path *p)
{
	return (is_v6(p) ? IPV6_HEADER : IPV4_HEADER) + UDP_HEADER + (p->marker ? MARKER : 0);
}

/* ------------------------------------------------------------------- sizes */

void fragment_announce(const struct peer *p, struct arena *arena, struct message *m)
{
	if (p->fragmentation != FRAGMENTATION_NO && !fragment_announced(m))
		message_add_notify(m, arena, FRAGMENTATION_SUPPORTED, (struct bytes){ 0 });
}

bool fragment_announced(const struct message *m)
{
	return message_notify(m, FRAGMENTATION_SUPPORTED);
}

static bool sends_fragments(const struct sa_core *c)
{
	return c->fragments && !c->path.tcp &&
	       (c->peer->fragmentation == FRAGMENTATION_YES || c->peer->fragmentation == FRAGMENTATION_FORCE);
}

/* That was learned of the path of C; 0: nothing that counts still. */
static size_t size_learned(const struct step *s, const struct sa_core *c)
{
	return c->fragment_until && c->fragment_until <= s->now ? 0 : c->fragment_size;
}

static size_t size_now(const struct step *s, const struct sa_core *c)
{
	size_t set = s->ike->settings.fragment_size, most = set ? set : smallest(&c->path),
	       learned = size_learned(s, c);

	if (most < SMALLEST_V4)
		most = SMALLEST_V4;
	else if (most > MESSAGE_MAX)
		most = MESSAGE_MAX;
	return learned && learned < most ? learned : most;
}

/* The next size to try below SIZE; 0: there is none. */
static size_t size_below(const struct path *p, size_t size)
{
	for (unsigned i = 0; i < ARRAY_SIZE(sizes); i++)
		if (sizes[i] < size && sizes[i] >= smallest(p))
			return sizes[i];
	return 0;
}

size_t fragment_limit(const struct step *s, const struct sa_core *core)
{
	return sends_fragments(core) ? size_now(s, core) - around(&core->path) : 0;
}

/* That of a datagram with an IKE message of N octets, as far as it says how much the way carries. */
static size_t size_of(const struct path *p, size_t n)
{
	size_t size = n + around(p);

	return size > smallest(p) ? size : smallest(p);
}

/* CORE sends datagrams of up to SIZE, up to UNTIL (0: as long as it is on this path). */
static void learn(struct sa_core *core, size_t size, uint64_t until)
{
	core->fragment_size = (uint16_t)size;
	core->fragment_until = until;
}

void fragment_elsewhere(struct sa_core *core)
{
	learn(core, 0, 0);
}

void fragment_learn(struct draft *d, size_t largest)
{
	size_t size = size_of(d->path, largest);

	if (largest && size < size_now(d->step, &d->core))
		learn(&d->core, size, 0);
}

/* ------------------------------------------------------------------ coming */

void fragments_forget(struct ike *ike, struct sa *sa, bool response)
{
	struct fragments *f = sa->fragments[response];

	if (!f)
		return;
	sa->fragments[response] = NULL;
	if (!list_empty(&f->of_half_open))
		ike->fragments_half_open -= f->octets;
	list_remove(&f->of_half_open);
	for (unsigned i = 0; i < f->total; i++) {
		if (f->v[i].p)
			wipe((uint8_t *)f->v[i].p, f->v[i].n);
		free((uint8_t *)f->v[i].p);
	}
	free((uint8_t *)f->front.p);
	free(f);
}

static struct fragments *fragments_new(
	struct step *s, struct sa *sa, const struct wire_header *h, const struct wire_sk *sk)
{
	bool response = h->flags & FLAG_RESPONSE;
	struct fragments *f;

	fragments_forget(s->ike, sa, response);
	f = calloc(1, sizeof *f + sk->total * sizeof *f->v);
	if (!f)
		abort();
	f->sa = sa;
	f->mid = h->mid;
	f->exchange = h->exchange;
	f->total = sk->total;
	f->due = s->now + FRAGMENTS_TIME;
	list_init(&f->of_half_open);
	if (sa_half_open(&sa->core))
		list_append(&s->ike->fragments, &f->of_half_open);
	sa->fragments[response] = f;
	return f;
}

/* Those that this fragment is one of; NULL: there can be none, for REASON. */
static struct fragments *fragments_of(struct step *s, struct sa *sa, const struct wire_header *h,
	const struct wire_sk *sk, size_t n, enum drop_reason *reason)
{
	struct fragments *f = sa->fragments[!!(h->flags & FLAG_RESPONSE)];
	bool same = f && f->mid == h->mid && f->exchange == h->exchange;

	*reason = DROP_FRAGMENT;
	if (sk->total > FRAGMENTS_MAX || (same && sk->total < f->total))
		return NULL;
	if (!same || sk->total > f->total)
		return fragments_new(s, sa, h, sk);
	if (f->octets + n > FRAGMENTED_MAX)
		return NULL;
	*reason = DROP_REPEATED;
	return f->v[sk->fragment - 1].p ? NULL : f;
}

/* Peers that have not proved who they are share what there is. */
static void make_room(struct ike *ike, const struct fragments *f, size_t n)
{
	list_each_safe (p, &ike->fragments) {
		struct fragments *oldest = node_owner(p, struct fragments, of_half_open);

		if (ike->fragments_half_open + n <= FRAGMENTS_HALF_OPEN)
			return;
		if (oldest != f)
			fragments_forget(ike, oldest->sa, false);
	}
}

/* N more octets are kept in F. */
static void add(struct ike *ike, struct fragments *f, size_t n)
{
	if (!list_empty(&f->of_half_open)) {
		make_room(ike, f, n);
		ike->fragments_half_open += n;
	}
	f->octets += n;
}

static void keep(struct ike *ike, struct fragments *f, const struct wire_sk *sk, struct bytes content)
{
	uint8_t *p = malloc(content.n ? content.n : 1);

	if (!p)
		abort();
	if (content.n)
		memcpy(p, content.p, content.n);
	add(ike, f, content.n);
	f->v[sk->fragment - 1] = bytes_of(p, content.n);
	f->have++;
	if (sk->fragment == 1)
		f->first = sk->inner;
}

/* Whether what stands before the seal of the first one counts, too: for AUTH (RFC 9242, 3.3.2). */
static bool has_front(const struct wire_header *h, const struct wire_sk *sk)
{
	return sk->fragment == 1 && h->exchange == IKE_INTERMEDIATE;
}

static void keep_front(struct ike *ike, struct fragments *f, struct bytes front)
{
	add(ike, f, front.n);
	f->front = bytes_of(malloc(front.n), front.n);
	if (!f->front.p)
		abort();
	memcpy((uint8_t *)f->front.p, front.p, front.n);
}

static struct bytes join(const struct fragments *f, struct arena *arena)
{
	struct wr w = wr_of(arena_alloc(arena, f->octets), f->octets);

	for (unsigned i = 0; i < f->total; i++)
		wr_bytes(&w, f->v[i]);
	return wr_done(&w);
}

bool fragment_take(struct step *s, struct sa *sa, const struct path *path, const struct wire_header *h,
	const struct wire_sk *sk, struct bytes content, size_t datagram, struct bytes *inner, uint8_t *first,
	struct bytes *front, size_t *largest)
{
	enum drop_reason reason;
	size_t n = content.n + (has_front(h, sk) ? front->n : 0);
	struct fragments *f = fragments_of(s, sa, h, sk, n, &reason);

	if (!f) {
		tell_dropped(s, reason, path, sa->core.peer);
		return false;
	}
	keep(s->ike, f, sk, content);
	if (has_front(h, sk))
		keep_front(s->ike, f, *front);
	if (sk->fragment < sk->total && datagram > f->largest)
		f->largest = datagram;
	if (f->have < f->total) {
		sa_rearm(s->ike, sa);
		return false;
	}
	*inner = join(f, s->scratch);
	*first = f->first;
	*front = arena_bytes(s->scratch, f->front);
	*largest = f->largest;
	fragments_forget(s->ike, sa, h->flags & FLAG_RESPONSE);
	return true;
}

/* ------------------------------------------------------------- not coming */

static unsigned missing_until(const struct fragments *f, unsigned i)
{
	while (i + 1 < f->total && !f->v[i + 1].p)
		i++;
	return i;
}

/* "2, 4-6 of 9". */
static const char *missing(const struct fragments *f, struct arena *arena)
{
	struct text t = text_in(arena);

	for (unsigned i = 0, end; i < f->total; i = end + 1) {
		end = i;
		if (f->v[i].p)
			continue;
		end = missing_until(f, i);
		text_add(&t, "%s%u", t.n ? ", " : "", i + 1);
		if (end > i)
			text_add(&t, "-%u", end + 1);
	}
	text_add(&t, " of %u", f->total);
	return text_str(&t);
}

uint64_t fragments_due(const struct sa *sa)
{
	const struct fragments *f = sa->fragments[false];

	return f ? f->due : HEAP_NEVER;
}

bool fragments_late(struct step *s, struct sa *sa)
{
	const struct fragments *f;
	struct draft d;

	if (fragments_due(sa) > s->now)
		return false;
	f = sa->fragments[false];
	draft_open(&d, s, sa);
	tell_log(&d, "NET", "forgetting %s request %u: fragments %s have not come",
		exchange_name(f->exchange), f->mid, missing(f, s->scratch));
	tell_dropped(s, DROP_INCOMPLETE, &sa->core.path, sa->core.peer);
	fragments_forget(s->ike, sa, false);
	draft_close(&d, DRAFT_COMMIT);
	return true;
}

/* -------------------------------------------------------------- once more */

/* Datagrams in SEALED, and the octets of the largest. */
static unsigned datagrams(struct bytes sealed, size_t *largest)
{
	unsigned n = 0;

	*largest = 0;
	for (struct bytes one = header_cut(&sealed); one.n; one = header_cut(&sealed), n++)
		*largest = one.n > *largest ? one.n : *largest;
	return n;
}

static uint8_t exchange_of(struct bytes message)
{
	struct wire_header h = { 0 };
	struct bytes first = header_cut(&message);

	return header_get(first, &h) ? 0 : h.exchange;
}

/* With the keys that SENT is sealed with: an answer may have led to other ones (RFC 9370, 2.2.2). */
static struct bytes seal_again(struct draft *d, struct bytes sent, size_t limit)
{
	struct sa_keys now = d->core.keys;
	struct bytes again;

	if (exchange_of(sent) == IKE_INTERMEDIATE && d->hs.before)
		d->core.keys = *d->hs.before;
	again = seal_recut(d->step->ike, &d->core, sent, limit, d->step->rng, d->step->scratch);
	d->core.keys = now;
	WIPE(now);
	return again;
}

/* D's message SENT in datagrams of SIZE, or (0) of the next smaller size; empty if it goes no smaller. */
static struct bytes recut(struct draft *d, struct bytes sent, size_t size, const char *what)
{
	struct step *s = d->step;
	const struct path *p = &d->core.path;
	struct bytes again = { 0 };
	size_t largest;

	(void)datagrams(sent, &largest);
	if (!size)
		size = size_below(p, largest + around(p));
	if (!size || !sends_fragments(&d->core) || !shape_sealed(exchange_of(sent)))
		return again;
	again = seal_again(d, sent, size - around(p));
	if (size < size_now(s, &d->core))
		learn(&d->core, size, 0);
	tell_log(d, "NET", "%s: sending it again in %u fragments of at most %zu octets", what,
		datagrams(again, &largest), size);
	return again;
}

bool fragment_request_again(struct step *s, struct sa *sa)
{
	const struct window *w = &sa->window;
	struct draft d;
	bool done;

	draft_open(&d, s, sa);
	d.request = recut(&d, bytes_of(w->request, w->request_n), 0,
		arena_printf(s->scratch, "no answer to %s, which is large", exchange_name(w->exchange)));
	d.recut = done = d.request.n;
	draft_close(&d, done ? DRAFT_COMMIT : DRAFT_DROP);
	return done;
}

/* In datagrams of SIZE, or (0) of the next smaller size, to PATH. */
static bool answer_again(
	struct step *s, struct sa *sa, const struct path *path, size_t size, const char *what)
{
	struct draft d;
	bool done;

	draft_open(&d, s, sa);
	d.response = recut(&d, bytes_of(sa->window.response, sa->window.response_n), size, what);
	d.recut = done = d.response.n;
	d.path = done ? path : NULL;
	draft_close(&d, done ? DRAFT_COMMIT : DRAFT_DROP);
	return done;
}

bool fragment_response_again(struct step *s, struct sa *sa, const struct path *path, size_t datagram)
{
	size_t largest, size = datagram ? size_of(path, datagram) : 0;

	(void)datagrams(bytes_of(sa->window.response, sa->window.response_n), &largest);
	if (size >= largest + around(path))
		size = 0;
	if (!size && sa->window.repeated % FRAGMENTS_TRIES)
		return false;
	return answer_again(s, sa, path, size, "the peer asks again for our answer, which is large");
}

static bool is_larger(const uint8_t *p, size_t n, const struct path *path, size_t size)
{
	size_t largest;

	return p && datagrams(bytes_of(p, n), &largest) && largest + around(path) > size;
}

static void learn_path(struct step *s, struct sa *sa, size_t octets)
{
	const struct window *w = &sa->window;
	const struct path *p = &sa->core.path, came = w->response_path;
	size_t size = octets < smallest(p) ? smallest(p) : octets;
	const char *what = arena_printf(s->scratch, "the way to the peer carries at most %zu octets", octets);
	struct draft d;

	if (size >= size_now(s, &sa->core))
		return;
	draft_open(&d, s, sa);
	learn(&d.core, size, s->now + PATH_MTU_TIME);
	if (is_larger(w->request, w->request_n, p, size))
		d.request = recut(&d, bytes_of(w->request, w->request_n), size, what);
	d.recut = d.request.n;
	draft_close(&d, DRAFT_COMMIT);
	if (is_larger(w->response, w->response_n, &came, size))
		answer_again(s, sa, &came, size, what);
}

void fragment_path(struct step *s, const struct ip *ip, size_t octets)
{
	struct sa *next;

	for (struct sa *sa = ends_at(s->ike, NULL, ip); sa; sa = next) {
		next = ends_at(s->ike, sa, ip);
		learn_path(s, sa, octets);
	}
}

const char *fragment_blame(const struct sa *sa, struct arena *arena)
{
	struct bytes sent = bytes_of(sa->window.request, sa->window.request_n);
	const struct fragments *answer = sa->fragments[true];
	size_t largest;
	unsigned n = datagrams(sent, &largest);

	if (answer)
		return arena_printf(arena,
			"; fragments %s of its answer have not come: somebody between drops large datagrams",
			missing(answer, arena));
	if (n > 1)
		return arena_printf(arena,
			"; it was sent in %u fragments, the last time of at most %zu octets", n,
			largest + around(&sa->core.path));
	if (largest + around(&sa->core.path) > SMALLEST_V6)
		return arena_printf(arena,
			"; it has %zu octets, and %s: somebody between may drop IP fragments", largest,
			sa->core.fragments ? "fragmentation = accept or no"
					   : "the peer takes no IKE fragments");
	return "";
}
