/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One life: a storm, in which the network is bad and things happen; then calm, in which both must come to
 * agree; then silence, in which neither hears anything of the other and all must empty itself. */
#include "base/heap.h"
#include "tests/sim/sim.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	STORM = 600 * 1000, /* ms at the most */
	/* The longest chain of waits: DPD asks after a minute, repeats for 165 s and gives up; whoever ended
	 * by that answers repetitions for another 30 s. What was begun late in the storm may take as long
	 * before. */
	CALM = 500 * 1000,
	SILENCE = 500 * 1000,
	PACKETS = 4,        /* sent for each policy between two strokes of fate */
	STEPS_MAX = 200000, /* more events than any life needs: something goes round in circles */
};

bool life_is_large(const struct life *l)
{
	return l->seed % 7 == 3;
}

unsigned life_peer(struct life *l, unsigned side)
{
	return side != SUN ? SUN : l->beside && life_draw(l, 2) ? STAR : MOON;
}

bool life_peers(unsigned a, unsigned b)
{
	return a != b && (a == SUN || b == SUN);
}

unsigned life_draw(struct life *l, unsigned n)
{
	return n ? rng_below(&l->rng.rng, n) : 0;
}

bool life_chance(struct life *l, unsigned thousandths)
{
	return life_draw(l, 1000) < thousandths;
}

void life_fail(struct life *l, const char *format, ...)
{
	char line[512];
	va_list args;

	if (l->failed)
		return;
	va_start(args, format);
	vsnprintf(line, sizeof line, format, args);
	va_end(args);
	l->failed = arena_printf(&l->arena, "at %.3f s: %s", (double)l->lab->now / 1000, line);
}

void life_say(struct life *l, const char *format, ...)
{
	va_list args;

	if (!l->loud)
		return;
	printf("%10.3f  ", (double)l->lab->now / 1000);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static void restart_due(struct life *l)
{
	for (unsigned side = 0; side < l->sides; side++)
		if (l->restart[side] && l->restart[side] <= l->lab->now) {
			life_say(l, "%s: starts again", l->hosts[side]->name);
			l->restart[side] = 0;
			host_start(l->hosts[side]);
		}
}

/* The next moment at which anything happens by itself. */
static uint64_t next_due(const struct life *l)
{
	uint64_t due = earlier(earlier(lab_due(l->lab), network_due(l)), traffic_due(l));

	for (unsigned side = 0; side < l->sides; side++)
		if (l->restart[side])
			due = earlier(due, l->restart[side]);
	return due;
}

/* Moves the clock to AT, and lets happen what is due. */
static void move(struct life *l, uint64_t at)
{
	lab_clock(l->lab, at);
	restart_due(l);
	l->steps++;
	check_always(l);
	network_decide(l);
	network_deliver(l);
	traffic_deliver(l);
	network_decide(l);
	if (l->steps > STEPS_MAX)
		life_fail(l, "more than %d events: something goes round in circles", STEPS_MAX);
}

/* Lets time pass up to END. */
static void pass(struct life *l, uint64_t end)
{
	network_decide(l);
	while (!l->failed && next_due(l) <= end)
		move(l, next_due(l));
	if (!l->failed && l->lab->now < end)
		move(l, end);
}

/* Lets MS pass, with packets on their way. */
static void travel(struct life *l, unsigned ms)
{
	uint64_t end = l->lab->now + ms;

	for (unsigned i = 0; i < PACKETS && !l->failed; i++) {
		traffic_send(l);
		pass(l, earlier(end, l->lab->now + life_draw(l, 2 * ms / PACKETS + 1)));
	}
	pass(l, end);
}

static void storm(struct life *l)
{
	uint64_t end = l->lab->now + life_draw(l, STORM);
	unsigned pause = 500 + life_draw(l, 60 * 1000);

	l->weather = weather_draw(l);
	life_say(l, "storm: lost %u, doubled %u, broken %u, late %u of 1000", l->weather.lost,
		l->weather.doubled, l->weather.broken, l->weather.late);
	if (l->peace || l->roams || l->behind_nat) {
		fate_begins(l);
		pass(l, l->lab->now + 60 * 1000);
	}
	while (!l->failed && l->lab->now < end) {
		fate_strikes(l);
		travel(l, life_draw(l, pause));
	}
}

static void calm(struct life *l)
{
	life_say(l, "calm");
	l->weather = (struct weather){ .delay = 20 };
	l->peace = false;
	fate_rests(l);
	pass(l, l->lab->now + CALM);
	/* Something is rekeyed or asked every now and then: between two of these is quiet. */
	for (unsigned i = 0; i < 3000 && !l->failed && check_busy(l); i++)
		pass(l, l->lab->now + 100);
	if (!l->failed)
		check_agreement(l);
}

static void silence(struct life *l)
{
	uint64_t end = l->lab->now + SILENCE;

	life_say(l, "silence");
	l->weather.lost = 1000;
	fate_wants_nothing(l);
	check_always(l);
	network_lose_all(l);
	traffic_forget(l);
	pass(l, end);
	if (!l->failed)
		check_empty(l);
}

/* What kind of life it is. */
static void choose(struct life *l, const struct manner *manner)
{
	l->peace = l->seed % 4 == 1;
	l->wanted = l->seed % 4 == 2;
	l->beside = manner->beside ? 1 + l->seed / 16 % (BESIDE_KINDS - 1) : BESIDE_NOBODY;
	l->sides = l->beside ? SIDES_MAX : SIDES;
	l->nameless = (l->beside == BESIDE_NETS || l->beside == BESIDE_VIPS) && l->seed % 3 == 1;
	l->roams = !l->beside && (l->seed % 8 == 0 || l->seed % 8 == 6);
	l->behind_nat = l->beside || l->seed % 8 == 3;
	l->flooded = l->seed % 17 == 6;
	/* Who takes another mode than the general one has may send at once, and then it is closed. */
	l->for_cpus = l->seed % 9 == 2 && l->seed % 16 != 9;
}

static void begin_host(struct life *l, unsigned side, const struct manner *manner)
{
	static const char *const names[SIDES_MAX] = { "moon", "sun", "star" };
	struct host *h = &l->lab->hosts[side];

	list_init(&l->given[side]);
	if (l->behind_nat && side != SUN)
		h->nat = (struct nat){ .outside = { 4, { 203, 0, 113, 1 } },
			.shift = (uint16_t)(10000 + 100 * side) };
	h->eap.user = l->beside ? names[side] : NULL;
	l->hosts[side] = lab_host(l->lab, names[side], fate_home(l, side), fate_configuration(l, side));
	h->fake = manner->light;
	/* In some lives a restart is remembered: it can be proved, and IKE_SAs are resumed. */
	if (l->seed % 8 == 0 || l->seed % 8 == 1 || l->seed % 8 == 3)
		host_remember(h);
}

static void begin(struct life *l, const struct manner *manner)
{
	rng_seed(&l->rng, l->seed);
	choose(l, manner);
	list_init(&l->packets);
	l->lab = lab_new(~(uint64_t)l->seed);
	if (life_is_large(l))
		l->lab->certificates = 400 + (int)life_draw(l, 4000);
	l->lab->record = manner->record;
	l->lab->record_secrets = manner->record_secrets;
	for (unsigned side = 0; side < l->sides; side++)
		begin_host(l, side, manner);
}

static void end(struct life *l)
{
	for (unsigned side = 0; side < l->sides; side++)
		list_each_safe (n, &l->given[side])
			free(node_owner(n, struct given, node));
	traffic_forget(l);
	lab_free(l->lab);
	arena_free(&l->arena);
}

const char *life_live(uint32_t seed, const struct manner *manner, struct text *why, uint64_t *trace)
{
	struct life l = { .seed = seed, .loud = manner->loud };
	bool failed;

	begin(&l, manner);
	storm(&l);
	if (!l.failed)
		calm(&l);
	if (!l.failed)
		silence(&l);
	failed = l.failed;
	if (failed)
		text_add(why, "%s", l.failed);
	life_say(&l, "%u events, %u times up, %u times rekeyed, %u packets", l.steps, l.established,
		l.rekeyed, l.carried);
	*trace = l.lab->trace;
	end(&l);
	return failed ? text_str(why) : NULL;
}
