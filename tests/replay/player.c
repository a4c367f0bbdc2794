/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The player. Where a record says that a secret was withheld it puts zeros; so the core has other keys than
 * the recorded one had, and what came sealed is sealed anew with them. */
#include "tests/replay/player.h"

#include "base/heap.h"
#include "daemon/opened.h"
#include "daemon/summary.h"
#include "tests/pair/forge.h"
#include "tests/unit/conf_help.h"

#include <inttypes.h>

/* The random octets of one step. What is drawn beyond them comes from a seed. */
struct script {
	struct rng rng;
	const struct tape_step *step;
	unsigned drawn;
	bool differs;
	struct rng_seeded beyond;
};

struct player {
	struct tape tape;
	struct arena arena; /* of the step at hand */
	struct ike *ike;
	struct text *said;
	struct script script;
	struct played played;
};

static void script_fill(struct rng *rng, void *p, size_t n)
{
	struct script *s = (struct script *)(void *)rng;

	if (s->drawn < s->step->n_random && s->step->random[s->drawn].n == n) {
		memcpy(p, s->step->random[s->drawn++].p, n);
		return;
	}
	s->differs = true;
	rng_fill(&s->beyond.rng, p, n);
}

static void script_begin(struct script *s, const struct tape_step *step)
{
	*s = (struct script){ { script_fill }, step, 0, false, { { 0 }, 0 } };
	rng_seed(&s->beyond, step->event.number);
}

/* ------------------------------------------------------------ what is found */

static void say_event(struct player *p, const struct tape_step *step)
{
	struct text line = text_in(&p->arena);
	struct tape_event e = step->event;

	e.conf = "";
	tape_put_event(&e, true, &line);
	text_add(p->said, "  %s", text_str(&line));
}

static bool fail(struct player *p, const struct tape_step *step, const char *sentence)
{
	text_add(p->said, "step %" PRIu64 " (line %u): %s\n", step->event.number, step->line, sentence);
	say_event(p, step);
	p->played.equal = false;
	return false;
}

static void say_time(struct player *p, uint64_t t)
{
	if (t == HEAP_NEVER)
		text_add(p->said, "never");
	else
		text_add(p->said, "at %" PRIu64, t);
}

/* Both lists, what is equal once. */
static bool differ(struct player *p, const struct tape_step *step, const struct summary *s, uint64_t wake)
{
	fail(p, step, "the actions differ (- recorded, + now)");
	for (unsigned i = 0; i < step->n_actions || i < s->n; i++) {
		const char *before = i < step->n_actions ? step->actions[i] : NULL,
			   *now = i < s->n ? s->lines[i] : NULL;

		if (before && now && !strcmp(before, now)) {
			text_add(p->said, "    %s\n", now);
			continue;
		}
		if (before)
			text_add(p->said, "  - %s\n", before);
		if (now)
			text_add(p->said, "  + %s\n", now);
	}
	if (step->wake != wake) {
		text_add(p->said, "  - to be woken ");
		say_time(p, step->wake);
		text_add(p->said, "\n  + to be woken ");
		say_time(p, wake);
		text_add(p->said, "\n");
	}
	return false;
}

/* ------------------------------------------------------------------- events */

static const struct sa *find(const struct ike *ike, const struct wire_header *h)
{
	bool from_initiator = h->flags & FLAG_INITIATOR;
	const struct sa *sa = map_get(&ike->sas, from_initiator ? h->spi_r : h->spi_i);

	return sa && sa->core.initiator != from_initiator && sa->core.suite.encr ? sa : NULL;
}

/* Seals what was recorded open, as the peer would for the core as it is now. */
static bool seal(struct player *p, struct tape_event *e)
{
	struct bytes *data = &e->event.datagram.data;
	struct wire_sk piece = { .inner = e->first };
	struct rd r = rd_of(*data);
	struct wire_header h;
	const struct sa *sa;

	/* The length in the header is that of the datagram as it came. */
	if (header_get(rd_bytes(&r, IKE_HEADER), &h) == ERR_SHORT || data->n > MESSAGE_MAX)
		return false;
	if (h.next == PAYLOAD_SKF) {
		piece.fragment = rd_u16(&r);
		piece.total = rd_u16(&r);
	}
	sa = find(p->ike, &h);
	if (!sa)
		return false;
	*data = forge_seal_octets(p->ike, &sa->core, !sa->core.initiator, &h, &piece, rd_rest(&r),
		&p->script.beyond.rng, &p->arena);
	return data->n;
}

static struct ike_out take_step(struct player *p, const struct ike_event *event, uint64_t now)
{
	return ike_step(p->ike, event, now, &p->script.rng, &p->arena);
}

static bool give_conf(struct player *p, const struct tape_step *step, struct ike_out *out)
{
	struct ike_event event = { .kind = EVENT_CONF };
	struct loaded l = load_text(step->event.conf);

	if (l.err) {
		fail(p, step, "its configuration cannot be read");
		text_add(p->said, "  %s\n", l.why);
		loaded_free(&l);
		return false;
	}
	event.conf.peers = l.conf.peers;
	event.conf.n = l.conf.n_peers;
	event.conf.settings = &l.conf.settings;
	event.conf.authorities = step->event.event.conf.authorities;
	event.conf.only = step->event.event.conf.only;
	*out = take_step(p, &event, step->event.now);
	loaded_free(&l);
	return true;
}

static bool give(struct player *p, const struct tape_step *step, struct ike_out *out)
{
	struct tape_event e = step->event;

	if (e.event.kind == EVENT_CONF)
		return give_conf(p, step, out);
	if (e.opened && !seal(p, &e))
		return fail(p, step,
			"the recorded core could open this datagram, and now no IKE_SA has keys for it");
	*out = take_step(p, &e.event, e.now);
	return true;
}

static void renew(struct player *p, const struct tape_step *step)
{
	struct rng_seeded zero;

	if (!step->fresh)
		return;
	if (p->ike)
		ike_free(p->ike);
	rng_seed(&zero, 0);
	p->ike = ike_new(&zero.rng);
}

static bool play_step(struct player *p, const struct tape_step *step)
{
	struct ike_out out = { 0 };
	struct summary s;

	renew(p, step);
	script_begin(&p->script, step);
	if (!give(p, step, &out))
		return false;
	p->played.steps++;
	summary_make(p->ike, &out, p->tape.secrets, &p->arena, &s);
	if (!step->done) {
		text_add(p->said, "step %" PRIu64 ": the record ends in it, and now it came to its end\n",
			step->event.number);
		return true;
	}
	if (strcmp(s.digest, step->digest))
		return differ(p, step, &s, out.wake);
	if (p->script.differs || p->script.drawn < step->n_random)
		return fail(p, step, "the actions are equal, but other random octets were drawn");
	return true;
}

struct played player_play(struct bytes record, struct text *said)
{
	struct player p = { .tape.in = record, .said = said };
	struct tape_step step;
	enum err e = tape_begin(&p.tape, said);

	p.played.equal = !e;
	p.played.secrets = p.tape.secrets;
	while (!e && !(e = tape_next(&p.tape, &p.arena, &step, said))) {
		if (!play_step(&p, &step))
			break;
		arena_free(&p.arena);
	}
	if (e && e != ERR_MISSING) {
		text_add(said, "\n");
		p.played.equal = false;
	}
	if (p.ike)
		ike_free(p.ike);
	arena_free(&p.arena);
	return p.played;
}
