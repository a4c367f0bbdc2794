/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The door: what comes here in a flood costs two short hashes and an answer of the size of a cookie. */
#include "ike/admit.h"

#include "ike/cookie.h"
#include "ike/puzzle.h"
#include "ike/stranger.h"

/* ------------------------------------------------------------------ counting */

static uint64_t crowd_of(const struct ip *ip)
{
	struct rd r = rd_of(ip_bytes(ip));

	return ip->v == 6 ? rd_u64(&r) : rd_u32(&r);
}

/* Those of a time are forgotten when the next one is over, too. */
static void forget_offences(struct step *s)
{
	struct ike *ike = s->ike;
	uint64_t next = ike->offences_until + OFFENCE_TIME;

	if (s->now < ike->offences_until)
		return;
	map_free(&ike->offenders[1]);
	if (s->now < next)
		ike->offenders[1] = ike->offenders[0];
	else
		map_free(&ike->offenders[0]);
	ike->offenders[0] = (struct map){ .seed = ike->crowds.seed };
	ike->offences_until = s->now < next ? next : s->now + OFFENCE_TIME;
}

static uintptr_t offences(struct step *s, uint64_t crowd)
{
	const struct map *of = s->ike->offenders;

	forget_offences(s);
	return (uintptr_t)map_get(&of[0], crowd) + (uintptr_t)map_get(&of[1], crowd);
}

void admit_offence(struct step *s, const struct sa *sa)
{
	struct map *now = &s->ike->offenders[0];
	uintptr_t n;

	forget_offences(s);
	n = (uintptr_t)map_get(now, sa->crowd) + 1;
	if (n > 1 || now->count < OFFENDERS_MAX)
		map_put(now, sa->crowd, (void *)n);
}

static uintptr_t crowd_size(const struct ike *ike, uint64_t crowd)
{
	return (uintptr_t)map_get(&ike->crowds, crowd);
}

static void crowd_change(struct ike *ike, uint64_t crowd, int by)
{
	uintptr_t n = crowd_size(ike, crowd) + (uintptr_t)by;

	if (n)
		map_put(&ike->crowds, crowd, (void *)n);
	else
		map_take(&ike->crowds, crowd);
}

static void count_half_open(struct ike *ike, struct sa *sa, bool half_open)
{
	if (half_open == sa->half_open)
		return;
	sa->half_open = half_open;
	if (half_open)
		sa->crowd = crowd_of(&sa->core.path.remote.ip);
	ike->half_open += half_open ? 1 : -1u;
	crowd_change(ike, sa->crowd, half_open ? 1 : -1);
}

static void count_unproven(struct ike *ike, struct sa *sa, bool unproven)
{
	if (unproven == !list_empty(&sa->of_unproven))
		return;
	list_remove(&sa->of_unproven);
	if (unproven)
		list_append(&ike->unproven, &sa->of_unproven);
}

static void count_begun(struct ike *ike, struct sa *sa, bool begun)
{
	ike->begun += (unsigned)begun - (unsigned)sa->begun;
	sa->begun = begun;
}

void admit_count(struct ike *ike, struct sa *sa)
{
	enum sa_state state = sa->core.state;

	count_begun(ike, sa, state < S_UP);
	count_half_open(ike, sa, sa_half_open(&sa->core));
	count_unproven(ike, sa, state >= S_R_RESPOND && state <= S_R_INIT);
}

void admit_forget(struct ike *ike, struct sa *sa)
{
	count_begun(ike, sa, false);
	count_half_open(ike, sa, false);
	count_unproven(ike, sa, false);
}

/* ------------------------------------------------------------------ pressure */

uint64_t admit_patience(const struct step *s)
{
	const struct ike *ike = s->ike;
	uint64_t all = ike->settings.half_open_timeout;

	if (ike->half_open >= HALF_OPEN_MAX / 2)
		return all / CROWDED_SHORTER;
	return ike->settings.cookie_threshold && ike->pressed_until > s->now ? all / PRESSED_SHORTER : all;
}

/* What began before is to be as short, but for who works on a puzzle of ours. */
static void shorten(struct step *s)
{
	uint64_t end = s->now + admit_patience(s);

	list_each (n, &s->ike->unproven) {
		struct sa *sa = node_owner(n, struct sa, of_unproven);

		if (sa->core.deadline <= end || sa->core.state == S_R_PUZZLE)
			continue;
		sa->core.deadline = end;
		sa_rearm(s->ike, sa);
	}
}

static void tell_pressure(struct step *s, const char *text)
{
	if (s->ike->settings.cookie_threshold)
		tell_new(s, TELL_LOG)->text = text;
}

static void pressure_begins(struct step *s)
{
	s->ike->pressed_until = s->now + PRESSURE_TIME;
	tell_pressure(s, arena_printf(s->scratch,
				 "%u IKE_SAs are half open: from now on peers are asked for cookies, and "
				 "have %llu ms for "
				 "their IKE_AUTH (daemon.cookie_threshold)",
				 s->ike->half_open, (unsigned long long)admit_patience(s)));
	shorten(s);
}

static void pressure_ends(struct step *s)
{
	s->ike->pressed_until = 0;
	tell_pressure(s, "few IKE_SAs are half open: peers are asked for cookies no more");
}

/* Whether cookies are asked for, as it is decided anew after each time. */
static bool is_pressed(struct step *s)
{
	struct ike *ike = s->ike;
	unsigned most = ike->settings.cookie_threshold;
	bool many = ike->half_open >= most;

	if (ike->pressed_until > s->now)
		return true;
	if (!ike->pressed_until && many)
		pressure_begins(s);
	else if (ike->pressed_until && !many && ike->pressed_by < most)
		pressure_ends(s);
	puzzle_renew(s);
	if (!ike->pressed_until)
		return false;
	ike->pressed_until = s->now + PRESSURE_TIME;
	ike->pressed_by = 0;
	return true;
}

/* ------------------------------------------------------------------ the door */

/* The cookie comes first of all payloads, so that it is found like this. */
static struct bytes cookie_in(struct bytes notify)
{
	struct rd r = rd_of(notify);
	uint8_t protocol = rd_u8(&r), spi = rd_u8(&r);

	return protocol <= PROTO_IKE && !spi && rd_u16(&r) == COOKIE ? rd_rest(&r) : (struct bytes){ 0 };
}

static void ask_cookie(struct step *s, const struct path *path, const struct wire_header *h,
	const struct cookie_of *of, const struct wire_puzzle *puzzle)
{
	struct ike *ike = s->ike;

	stranger_ask_cookie(s, path, h, cookie_new(s, of, puzzle), puzzle);
	ike->pressed_by++;
	ike->cookies++;
	ike->puzzled_by += puzzle_is_one(puzzle);
	ike->puzzles += puzzle_is_one(puzzle);
}

/* Whether a puzzle that was solved is far easier than the one that is asked now. */
static bool too_easy(const struct wire_puzzle *given, const struct wire_puzzle *ask)
{
	unsigned bits = given->bits ? given->bits : PUZZLE_BITS_LEAST;

	return bits + PUZZLE_BITS_EASIER < ask->bits;
}

/* Whether who shows COOKIE, which is right, with the puzzle GIVEN, has solved it; or is one of the few who
 * may come in without: it may know no puzzles (RFC 8019, 7.1.4 and 7.1.5). If not, it is asked for ASK, where
 * that is one still; else it was dropped, so that it tries again later. */
static bool has_solved(struct step *s, const struct path *path, const struct wire_puzzle *given,
	struct bytes cookie, const struct unread *m, struct wire_puzzle *ask)
{
	struct bytes solution = message_peek(m->body, m->first, PAYLOAD_PS);
	unsigned found;

	if (!puzzle_is_one(given) || too_easy(given, ask))
		return false;
	found = cookie_spent(s->ike, cookie) ? 0 : puzzle_measured(given, cookie, solution);
	if (puzzle_lets_in(s, given, found))
		return true;
	*ask = puzzle_after(given, found);
	if (!puzzle_is_one(ask))
		tell_dropped(s, DROP_UNSOLVED, path, NULL);
	return false;
}

/* Whether a request shows the cookie that it must have, and the solution of the puzzle that came with it,
 * from an address against which so much speaks; if not, it was dealt with. */
static bool shows_cookie(struct step *s, const struct path *path, const struct wire_header *h,
	struct bytes datagram, uintptr_t suspicion)
{
	struct unread m = { bytes_of(datagram.p + IKE_HEADER, datagram.n - IKE_HEADER), h->next };
	struct cookie_of of = { &path->remote.ip, h->spi_i, message_peek(m.body, m.first, PAYLOAD_NONCE) };
	struct bytes cookie = cookie_in(message_peek(m.body, m.first, PAYLOAD_NOTIFY));
	struct wire_puzzle ask, given;

	if (of.nonce.n < NONCE_MIN || of.nonce.n > NONCE_MAX) {
		tell_dropped(s, DROP_MALFORMED, path, NULL);
		return false;
	}
	ask = puzzle_for(s, &m, suspicion);
	if (cookie_right(s, &of, cookie, &given)) {
		if (!puzzle_is_one(&ask) || has_solved(s, path, &given, cookie, &m, &ask))
			return true;
		if (!puzzle_is_one(&ask))
			return false;
	}
	ask_cookie(s, path, h, &of, &ask);
	return false;
}

/* False. */
static bool refuse(struct step *s, enum drop_reason reason, const struct path *path, const char *why)
{
	char remote[ADDR_TEXT];
	struct ike_tell *t = tell_dropped(s, reason, path, NULL);

	t->level = LOG_NOTICE;
	t->text = arena_printf(s->scratch, "a request for an IKE_SA from %s is not answered: %s",
		addr_print(&path->remote, remote), why);
	return false;
}

/* The oldest one whose peer has not gone on gives way. */
static bool make_room(struct step *s)
{
	struct draft d;
	struct sa *sa;

	if (list_empty(&s->ike->unproven))
		return false;
	sa = node_owner(s->ike->unproven.next, struct sa, of_unproven);
	draft_open(&d, s, sa);
	draft_close(&d, table_cell(sa->core.state, COLUMN_DEADLINE)(&d));
	return true;
}

bool admit(struct step *s, const struct path *path, const struct wire_header *h, struct bytes datagram)
{
	const struct ike *ike = s->ike;
	const struct settings *set = &ike->settings;
	uint64_t where = crowd_of(&path->remote.ip);
	uintptr_t crowd = crowd_size(ike, where), suspicion = offences(s, where);
	bool pressed = is_pressed(s), asks = pressed || suspicion || crowd >= set->cookie_threshold_ip;

	if (pressed)
		puzzle_rise(s);
	if (crowd > set->cookie_threshold_ip)
		suspicion += crowd - set->cookie_threshold_ip;
	if (asks && !shows_cookie(s, path, h, datagram, suspicion))
		return false;
	if (set->block_threshold && crowd >= set->block_threshold)
		return refuse(s, DROP_CROWD, path,
			"as many as may be of its address are half open (daemon.block_threshold)");
	if (set->init_limit_half_open && ike->begun >= set->init_limit_half_open)
		return refuse(s, DROP_HALF_OPEN, path,
			"as many as may be are being set up (daemon.init_limit_half_open)");
	if (set->init_limit_job_load && ike->asks.count >= set->init_limit_job_load)
		return refuse(s, DROP_BUSY, path,
			"as many questions as may be wait for answers (daemon.init_limit_job_load)");
	return ike->half_open < HALF_OPEN_MAX || make_room(s) ||
	       refuse(s, DROP_HALF_OPEN, path, "as many as can be are half open, and being proven");
}
