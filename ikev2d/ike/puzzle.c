/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A puzzle is solved a slice at a time, between which everything else has its turn; slices of several IKE_SAs
 * take turns too. What a responder has asked stands in the cookie that comes back. */
#include "ike/puzzle.h"

#include "ike/init.h"
#include "ike/stranger.h"
#include "wire/payload.h"

#include <limits.h>

/* --------------------------------------------------------------- initiator */

/* A notify of a few octets must not make us work for whatever it likes. */
const char *puzzle_refuses(const struct draft *d, const struct wire_puzzle *asked)
{
	if (!transform_find(TRANSFORM_PRF, asked->prf, 0) ||
		!proposals_have(d->core.peer->ike, TRANSFORM_PRF, asked->prf))
		return "it is for a PRF that was not offered";
	if (asked->bits <= PUZZLE_BITS_SOLVED)
		return NULL;
	return arena_printf(
		d->step->scratch, "no more than %u are solved here", (unsigned)PUZZLE_BITS_SOLVED);
}

void puzzle_start(struct draft *d, const struct wire_puzzle *asked, struct bytes over, enum sa_state state)
{
	d->hs.puzzle = (struct puzzle_work){
		.prf = transform_find(TRANSFORM_PRF, asked->prf, 0),
		.over = over,
		.bits = asked->bits ? asked->bits : PUZZLE_BITS_LEAST,
		.rises = asked->bits ? 0 : d->step->now + PUZZLE_FREE_TIME,
		.began = d->step->now,
		.end = d->hs.puzzle.end ? d->hs.puzzle.end : d->step->now + PUZZLE_TIME,
	};
	d->core.state = state;
	d->core.deadline = d->step->now + 1;
}

bool puzzle_begin(struct draft *d)
{
	const struct wire_notify *n = message_notify(d->message, PUZZLE);
	struct wire_puzzle asked;
	const char *why;

	d->hs.solution = (struct bytes){ 0 };
	if (!n || !puzzle_get(n->data, &asked))
		return false;
	why = puzzle_refuses(d, &asked);
	tell_log(d, "IKE", "the peer asks for the solution of a puzzle of %u zero bits (RFC 8019)%s%s",
		asked.bits, why ? ", which is not solved, but asked again without: " : "", why ? why : "");
	if (why)
		return false;
	puzzle_start(d, &asked, d->hs.cookie, S_I_PUZZLE);
	return true;
}

/* Until a slice has been tried. */
static enum err search(struct draft *d)
{
	struct puzzle_work *p = &d->hs.puzzle;
	uint32_t end = p->next + PUZZLE_SLICE;
	enum err e = ERR_OK;

	while (!e && p->found < PUZZLE_KEYS) {
		e = puzzle_search(p->prf, p->bits, p->over, end - p->next, &p->next, p->keys[p->found]);
		p->found += !e;
	}
	return e;
}

/* A solution is there; while there is time for it a harder one is looked for, beginning with those keys that
 * do for that, too. */
static enum err rise(struct draft *d)
{
	struct puzzle_work *p = &d->hs.puzzle;
	unsigned kept = 0;

	p->bits++;
	for (unsigned i = 0; i < PUZZLE_KEYS; i++) {
		unsigned bits;
		enum err e = puzzle_measure(p->prf, bytes_of(p->keys[i], PUZZLE_KEY_OCTETS), p->over, &bits);

		if (e)
			return e;
		if (bits >= p->bits)
			memmove(p->keys[kept++], p->keys[i], PUZZLE_KEY_OCTETS);
	}
	p->found = kept;
	return ERR_RANGE;
}

/* A slice of it; ERR_RANGE: it is to go on. */
static enum err work(struct draft *d)
{
	struct puzzle_work *p = &d->hs.puzzle;
	uint64_t now = d->step->now;
	enum err e = search(d);

	if (!e)
		d->hs.solution = arena_bytes(&d->keep, bytes_of((const uint8_t *)p->keys, sizeof p->keys));
	if (!e && now < p->rises)
		e = rise(d);
	return e == ERR_RANGE && d->hs.solution.n && now >= p->rises ? ERR_OK : e;
}

bool puzzle_over(struct draft *d, enum err *e)
{
	struct puzzle_work *p = &d->hs.puzzle;
	struct step *s = d->step;

	/* Who has to wait is due before who has not. */
	d->core.deadline = s->now + (s->puzzled ? 1 : 2);
	if (s->puzzled)
		return false;
	s->puzzled = true;
	*e = work(d);
	if (*e == ERR_RANGE && s->now < p->end)
		return false;
	d->core.deadline = 0;
	if (*e)
		return true;
	tell_log(d, "IKE", "the puzzle was solved with %u keys in %llu ms", p->next,
		(unsigned long long)(s->now - p->began));
	return true;
}

enum verdict puzzle_work(struct draft *d)
{
	const struct puzzle_work *p = &d->hs.puzzle;
	enum err e;

	if (!puzzle_over(d, &e))
		return DRAFT_COMMIT;
	if (e)
		tell_log(d, "IKE",
			"the puzzle was not solved with %u keys in %llu ms: the peer is asked without",
			p->next, (unsigned long long)(d->step->now - p->began));
	return init_send_request(d);
}

void puzzle_put_solution(const struct draft *d, struct message *m)
{
	if (!d->hs.solution.n)
		return;
	m->has |= PAYLOAD_BIT(PAYLOAD_PS);
	m->solution = d->hs.solution;
}

/* --------------------------------------------------------------- responder */

/* Zero bits of a puzzle while so many IKE_SAs are half open. */
static unsigned bits_at(const struct ike *ike)
{
	unsigned most = ike->settings.puzzle_threshold, bits = PUZZLE_BITS_LEAST;

	if (!most || ike->half_open < most)
		return 0;
	for (unsigned times = ike->half_open / most; times > 1; times /= 2)
		bits += PUZZLE_BITS_STEP;
	return bits < PUZZLE_BITS_MOST ? bits : PUZZLE_BITS_MOST;
}

/* Whether puzzles of so many bits are as hard as the peer likes instead: that is the better way unless the
 * attack is large (7.1.1.1). */
static bool is_free(const struct ike *ike, unsigned bits)
{
	return bits == PUZZLE_BITS_LEAST && ike->settings.puzzle_choice;
}

static const char *says(const struct ike *ike, unsigned bits, struct arena *arena)
{
	bool any = is_free(ike, bits);

	if (!bits)
		return "few IKE_SAs are half open: peers are asked for the solution of puzzles no more";
	return arena_printf(arena,
		"%u IKE_SAs are half open: peers are asked for the solution of a puzzle %sof %u zero bits "
		"with their cookie (daemon.puzzle_threshold%s)",
		ike->half_open, any ? "as hard as they like, at best " : "", bits,
		any ? ", daemon.puzzle_choice" : "");
}

static void ask(struct step *s, unsigned bits)
{
	struct ike *ike = s->ike;

	if (bits == ike->puzzle_bits)
		return;
	tell_new(s, TELL_LOG)->text = says(ike, bits, s->scratch);
	ike->puzzle_bits = bits;
}

void puzzle_rise(struct step *s)
{
	unsigned bits = bits_at(s->ike);

	if (bits > s->ike->puzzle_bits)
		ask(s, bits);
}

void puzzle_renew(struct step *s)
{
	struct ike *ike = s->ike;
	unsigned bits = bits_at(ike), most = ike->settings.puzzle_threshold;

	/* Few are half open since many are asked. */
	if (!bits && most && ike->puzzle_bits && ike->puzzled_by >= most)
		bits = PUZZLE_BITS_LEAST;
	ask(s, ike->pressed_until ? bits : 0);
	ike->puzzled_by = 0;
}

/* The first PRF in M that we have, in the order of our table. */
static const struct transform *prf_in(struct step *s, const struct unread *m)
{
	struct rd r = rd_of(message_peek(m->body, m->first, PAYLOAD_SA));
	struct message offer = { 0 };

	wire_sa_get(&r, &(struct payload_at){ .arena = s->scratch }, &offer);
	for (const struct transform *t = NULL; rd_done(&r) && (t = transform_next(t));)
		if (t->type == TRANSFORM_PRF && proposals_have(offer.sa, TRANSFORM_PRF, t->id))
			return t;
	return NULL;
}

/* Zero bits for an address against which SUSPICION speaks. */
static unsigned bits_for(const struct ike *ike, uintptr_t suspicion)
{
	unsigned bits = ike->puzzle_bits;

	if (!suspicion || !ike->settings.puzzle_threshold)
		return bits;
	if (!bits)
		bits = PUZZLE_BITS_LEAST - PUZZLE_BITS_STEP;
	for (; suspicion && bits < PUZZLE_BITS_SUSPECT; suspicion /= 2)
		bits += PUZZLE_BITS_STEP;
	return bits;
}

struct wire_puzzle puzzle_for(struct step *s, const struct unread *m, uintptr_t suspicion)
{
	const unsigned bits = bits_for(s->ike, suspicion);
	const struct transform *prf = bits ? prf_in(s, m) : NULL;

	if (!prf)
		return (struct wire_puzzle){ 0 };
	return (struct wire_puzzle){ prf->id, suspicion || !is_free(s->ike, bits) ? (uint8_t)bits : 0 };
}

unsigned puzzle_measured(const struct wire_puzzle *puzzle, struct bytes over, struct bytes solution)
{
	const struct transform *prf = transform_find(TRANSFORM_PRF, puzzle->prf, 0);
	size_t size = solution.n / PUZZLE_KEYS;
	struct bytes keys[PUZZLE_KEYS];
	unsigned bits, least = UINT_MAX;

	if (!prf || !size || size > prf->key || solution.n % PUZZLE_KEYS)
		return 0;
	for (unsigned i = 0; i < PUZZLE_KEYS && least >= puzzle->bits; i++) {
		keys[i] = bytes_of(solution.p + i * size, size);
		for (unsigned k = 0; k < i; k++)
			if (bytes_eq(keys[i], keys[k]))
				return 0;
		if (puzzle_measure(prf, keys[i], over, &bits))
			return 0;
		least = bits < least ? bits : least;
	}
	return least;
}

bool puzzle_solved(const struct wire_puzzle *puzzle, struct bytes over, struct bytes solution)
{
	unsigned found = puzzle_measured(puzzle, over, solution);

	return found && found >= puzzle->bits;
}

bool puzzle_lets_in(struct step *s, const struct wire_puzzle *puzzle, unsigned found)
{
	const unsigned all = puzzle->bits ? puzzle->bits : PUZZLE_BITS_LEAST;

	s->solved = found >= all;
	s->ike->solved += s->solved;
	if (s->solved)
		return true;
	/* Who was asked for what it can afford is not sent away for that. */
	if (!puzzle->bits && found && stranger_may_for(s, STRANGER_EASY, found, all))
		return true;
	return stranger_may(s, STRANGER_UNSOLVED);
}

struct wire_puzzle puzzle_after(const struct wire_puzzle *puzzle, unsigned found)
{
	if (puzzle->bits || !found)
		return (struct wire_puzzle){ 0 };
	return (struct wire_puzzle){ puzzle->prf, PUZZLE_BITS_LEAST };
}
