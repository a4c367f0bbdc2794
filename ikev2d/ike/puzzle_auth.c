/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The responder makes only its key pair when it answers IKE_SA_INIT, and keeps what is needed for the rest.
 * That takes a key exchange which allows that, and a peer whose next request is IKE_AUTH. */
#include "ike/puzzle_auth.h"

#include "ike/admit.h"
#include "ike/init.h"
#include "ike/keys.h"
#include "ike/puzzle.h"

#include "base/buf.h"

#include <stdlib.h>

enum { SPI_OCTETS = 8 };

/* Nr | SPIr (7.2.3). Kept. */
static struct bytes string_of(struct draft *d, struct bytes nonce_r, uint64_t spi_r)
{
	size_t n = nonce_r.n + SPI_OCTETS;
	struct wr w = wr_of(arena_alloc(&d->keep, n), n);

	wr_bytes(&w, nonce_r);
	wr_u64(&w, spi_r);
	return wr_done(&w);
}

/* --------------------------------------------------------------- initiator */

static enum verdict give_up(struct draft *d, unsigned bits, const char *why)
{
	const struct peer *p = d->core.peer;

	d->why = (struct why){
		.what = arena_printf(d->step->scratch,
			"the peer of connection %s is under attack, and takes no IKE_AUTH without the "
			"solution of "
			"a puzzle of %u zero bits (RFC 8019), which was not found: %s",
			p->name, bits, why),
		.instead = "to try again later",
	};
	return draft_end(d, 0);
}

enum verdict puzzle_auth_begin(struct draft *d)
{
	const struct message *m = d->message;
	const struct wire_notify *n = message_notify(m, PUZZLE);
	struct wire_puzzle asked;
	const char *why;

	d->hs.solution = (struct bytes){ 0 };
	if (!n || !puzzle_get(n->data, &asked))
		return init_agree(d, m->ke.data);
	why = puzzle_refuses(d, &asked);
	if (why)
		return give_up(d, asked.bits, why);
	tell_log(d, "IKE",
		"the peer asks for the solution of a puzzle of %u zero bits before IKE_AUTH (RFC 8019)",
		asked.bits);
	d->hs.peer_public = arena_bytes(&d->keep, m->ke.data);
	d->hs.puzzle.end = 0;
	puzzle_start(d, &asked, string_of(d, d->hs.x.nonce_r, d->core.spi_r), S_I_AUTH_PUZZLE);
	return DRAFT_COMMIT;
}

enum verdict puzzle_auth_work(struct draft *d)
{
	const struct puzzle_work *p = &d->hs.puzzle;
	unsigned long long ms = d->step->now - p->began;
	enum err e;

	if (!puzzle_over(d, &e))
		return DRAFT_COMMIT;
	if (e)
		return give_up(d, p->bits,
			arena_printf(d->step->scratch, "%u keys were tried in %llu ms", p->next, ms));
	return init_agree(d, d->hs.peer_public);
}

/* --------------------------------------------------------------- responder */

/* Whether such puzzles are asked now; that they are no more is said when it is noticed. */
static bool is_time(struct step *s)
{
	struct ike *ike = s->ike;

	if (ike->auth_puzzles_until > s->now && ike->settings.puzzle_auth_threshold)
		return true;
	if (ike->auth_puzzles_until)
		tell_new(s, TELL_LOG)->text =
			"few send nonsense as IKE_AUTH: no puzzles are asked for it any more";
	ike->auth_puzzles_until = 0;
	return false;
}

bool puzzle_auth_asks(struct draft *d)
{
	struct step *s = d->step;
	const struct suite *suite = &d->core.suite;

	/* Only of who has shown that it can (7.2.1). IKE_INTERMEDIATE needs keys earlier, and a KEM is
	 * answered with what the other's public value is needed for. */
	if (!is_time(s) || !s->solved || suite->ke->kind == KIND_KEM || suite_more(suite, 0) ||
		d->hs.early.agreed)
		return false;
	d->hs.asked = (struct wire_puzzle){ suite->prf->id, PUZZLE_BITS_AUTH };
	return true;
}

void puzzle_auth_put(const struct draft *d, struct message *m)
{
	if (d->hs.asked.bits)
		message_add_notify(m, d->step->scratch, PUZZLE, puzzle_put(&d->hs.asked, d->step->scratch));
}

bool puzzle_auth_awaits(const struct sa *sa)
{
	return sa->core.state == S_R_PUZZLE || sa->core.state == S_R_AGREE;
}

/* Whether DATAGRAM has room among what waits; then it does. */
static bool keep(struct draft *d, struct bytes datagram)
{
	size_t octets = datagram.n;
	unsigned n = 1;
	struct unopened *u;

	for (u = d->sa->unopened; u; u = u->next, n++)
		octets += u->data.n;
	if (octets > UNOPENED_MAX || n > FRAGMENTS_MAX)
		return false;
	u = malloc(sizeof *u + datagram.n);
	if (!u)
		abort();
	memcpy(u + 1, datagram.p, datagram.n);
	*u = (struct unopened){ d->sa->unopened, *d->path, bytes_of((const uint8_t *)(u + 1), datagram.n) };
	d->sa->unopened = u;
	return true;
}

static bool is_solved(struct draft *d, const struct message *m)
{
	struct bytes solution = m->has & PAYLOAD_BIT(PAYLOAD_PS) ? m->solution : (struct bytes){ 0 };

	return puzzle_solved(&d->hs.asked, string_of(d, d->hs.x.nonce_r, d->core.spi_r), solution);
}

/* Fragments that come before the solution are dropped, and sent again: it goes in the first. */
static enum verdict take(struct draft *d, struct bytes datagram, const struct message *m)
{
	const struct wire_header *h = &m->header;
	struct ike_question *q;

	if (h->exchange != IKE_AUTH || h->flags & FLAG_RESPONSE || h->mid != d->sa->window.expected ||
		!(m->has & (PAYLOAD_BIT(PAYLOAD_SK) | PAYLOAD_BIT(PAYLOAD_SKF))))
		return draft_drop(d, DROP_STATE);
	if (d->core.state == S_R_PUZZLE && !is_solved(d, m)) {
		/* Later fragments have none, and may come first. */
		if (m->sk.fragment <= 1)
			puzzle_auth_forged(d->step, d->sa);
		return draft_drop(d, DROP_UNSOLVED);
	}
	if (!keep(d, datagram))
		return draft_drop(d, DROP_FRAGMENT);
	if (d->core.state == S_R_AGREE)
		return DRAFT_COMMIT;
	q = draft_ask(d, ASK_AGREE, S_R_AGREE);
	q->ke = d->core.suite.ke;
	q->secret = d->hs.x.secret;
	q->peer_public = d->hs.peer_public;
	return DRAFT_COMMIT;
}

void puzzle_auth_take(struct step *s, struct sa *sa, const struct path *path, struct bytes datagram,
	const struct message *m)
{
	struct draft d;

	draft_open(&d, s, sa);
	d.path = path;
	draft_close(&d, take(&d, datagram, m));
}

void puzzle_auth_forget(struct sa *sa)
{
	for (struct unopened *next, *u = sa->unopened; u; u = next) {
		next = u->next;
		free(u);
	}
	sa->unopened = NULL;
}

enum verdict puzzle_auth_agreed(struct draft *d)
{
	struct step *s = d->step;

	if (keys_ike(&d->core, d->answer->shared, d->hs.x.nonce_i, d->hs.x.nonce_r))
		return draft_end(d, 0);
	keys_agreed(&d->hs);
	for (const struct unopened *u = d->sa->unopened; u; u = u->next) {
		struct unopened *copy = ARENA_NEW(s->scratch, struct unopened);

		*copy = (struct unopened){ s->again, u->path, arena_bytes(s->scratch, u->data) };
		s->again = copy;
	}
	puzzle_auth_forget(d->sa);
	d->core.state = S_R_INIT;
	d->core.ask = 0;
	return DRAFT_COMMIT;
}

void puzzle_auth_forged(struct step *s, struct sa *sa)
{
	struct ike *ike = s->ike;
	unsigned most = ike->settings.puzzle_auth_threshold;
	bool begins = ike->auth_puzzles_until <= s->now;

	if (sa->forged || list_empty(&sa->of_unproven))
		return;
	sa->forged = true;
	admit_offence(s, sa);
	if (!most)
		return;
	if (ike->forged_until <= s->now) {
		ike->forged_until = s->now + PRESSURE_TIME;
		ike->forged_by = 0;
	}
	if (++ike->forged_by < most)
		return;
	ike->auth_puzzles_until = s->now + PRESSURE_TIME;
	if (begins)
		tell_new(s, TELL_LOG)->text = arena_printf(s->scratch,
			"%u half-open IKE_SAs got nonsense as their first request: who solves a puzzle of "
			"IKE_SA_INIT is asked for the solution of another one before IKE_AUTH "
			"(daemon.puzzle_auth_threshold)",
			ike->forged_by);
}
