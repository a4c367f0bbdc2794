/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Answers to strangers, hints of theirs, and ESP that belongs to nothing. */
#include "ike/stranger.h"

#include "ike/child.h"
#include "ike/crash.h"
#include "ike/ends.h"
#include "ike/negotiate.h"
#include "ike/offers.h"
#include "ike/puzzle.h"
#include "ike/task.h"

enum { ROOM = 128 /* for a message with one or two notifies */ };

bool stranger_may_for(struct step *s, enum stranger what, unsigned part, unsigned all)
{
	uint64_t *ms = &s->ike->stranger_ms[what];

	if (*ms < s->now)
		*ms = s->now;
	if (*ms >= s->now + STRANGERS_BURST * STRANGER_TIME * part / all)
		return false;
	*ms += STRANGER_TIME;
	return true;
}

bool stranger_may(struct step *s, enum stranger what)
{
	return stranger_may_for(s, what, 1, 1);
}

static void send_clear(struct step *s, const struct path *path, struct message *m)
{
	struct wr w = wr_of(arena_alloc(s->scratch, ROOM), ROOM);
	struct ike_action *a;

	m->header.version = IKE_VERSION;
	message_put_clear(&m->header, m, &w);
	a = step_action(s, ACTION_SEND);
	a->send.path = *path;
	a->send.data = wr_done(&w);
}

/* Sends M, which has H as its header, as the answer to who sent that. */
static void answer(struct step *s, const struct path *path, const struct wire_header *h, struct message *m)
{
	m->header.flags = (uint8_t)(FLAG_RESPONSE | (h->flags & FLAG_INITIATOR ? 0 : FLAG_INITIATOR));
	send_clear(s, path, m);
}

void stranger_refuse_version(struct step *s, const struct path *path, const struct wire_header *h)
{
	struct message m = { .header = *h };

	if (!stranger_may(s, STRANGER_IKE))
		return;
	message_add_notify(&m, s->scratch, INVALID_MAJOR_VERSION, (struct bytes){ 0 });
	answer(s, path, h, &m);
}

void stranger_ask_cookie(struct step *s, const struct path *path, const struct wire_header *h,
	struct bytes cookie, const struct wire_puzzle *puzzle)
{
	struct message m = { .header = *h };

	message_add_notify(&m, s->scratch, COOKIE, cookie);
	if (puzzle_is_one(puzzle))
		message_add_notify(&m, s->scratch, PUZZLE, puzzle_put(puzzle, s->scratch));
	answer(s, path, h, &m);
}

void stranger_refuse_spis(struct step *s, const struct path *path, const struct wire_header *h)
{
	uint64_t spi = h->flags & FLAG_INITIATOR ? h->spi_r : h->spi_i;
	struct message m = { .header = *h };

	/* One that is being made by a rekeying the peer may have already. */
	if (!stranger_may(s, STRANGER_IKE) || offers_ike(s->ike, spi))
		return;
	message_add_notify(&m, s->scratch, INVALID_IKE_SPI, (struct bytes){ 0 });
	crash_token_show(s, h, &m);
	answer(s, path, h, &m);
}

/* A request under way asks already; and who has just been heard has not been restarted. */
static void ask_whether_alive(struct step *s, struct sa *sa)
{
	if (sa->window.request || sa->core.last_in + HINT_TIME > s->now)
		return;
	task_add(sa, TASK_LIVENESS, NULL);
	task_next(s, sa);
	sa_rearm(s->ike, sa);
}

void stranger_hints(struct step *s, const struct path *path, const struct message *m)
{
	const struct wire_notify *n = message_notify(m, INVALID_SPI);
	struct rd r = rd_of(n ? n->data : (struct bytes){ 0 });
	uint32_t spi = rd_u32(&r);

	if (!rd_done(&r) || !stranger_may(s, STRANGER_HINT))
		return;
	for (struct sa *sa = NULL; (sa = ends_at(s->ike, sa, &path->remote.ip));)
		if (sa->core.state == S_UP && child_by_spi(sa, spi, false))
			ask_whether_alive(s, sa);
}

/* --------------------------------------------------------- of unknown SPIs */

/* No IKE_SPI would mean anything to whoever gets this, so there is none (1.5). */
static void hint_unknown_spi(struct step *s, const struct path *path, bool encap, uint32_t spi)
{
	struct message m = { .header = { .exchange = INFORMATIONAL, .flags = FLAG_INITIATOR } };
	struct path to = *path;

	to.marker = encap;
	if (!encap) {
		to.local.port = s->ike->settings.port;
		to.remote.port = PORT_IKE;
	}
	message_add_notify(&m, s->scratch, INVALID_SPI, spi_bytes(s->scratch, spi));
	send_clear(s, &to, &m);
}

static bool is_with(const struct sa *sa, const struct path *path, bool encap)
{
	return sa->core.state == S_UP && (!encap || sa->core.path.remote.port == path->remote.port);
}

/* A request under way may be what settles it. */
static bool may_tell(const struct sa *sa, uint64_t now)
{
	return !sa->task && !sa->window.request && (!sa->spi_told || sa->spi_told + HINT_TIME <= now);
}

static void tell_sealed(struct step *s, struct sa *sa, uint32_t spi)
{
	sa->spi_told = s->now;
	task_unknown_spi(sa, spi);
	task_next(s, sa);
	sa_rearm(s->ike, sa);
}

void stranger_unknown_spi(struct step *s, const struct path *path, bool encap, uint32_t spi)
{
	bool known = false;

	if (map_get(&s->ike->spis, spi) || offers_child(s->ike, spi) || !stranger_may(s, STRANGER_ESP))
		return;
	for (struct sa *sa = NULL; (sa = ends_at(s->ike, sa, &path->remote.ip));) {
		if (!is_with(sa, path, encap))
			continue;
		known = true;
		if (may_tell(sa, s->now)) {
			tell_sealed(s, sa, spi);
			return;
		}
	}
	if (!known)
		hint_unknown_spi(s, path, encap, spi);
}
