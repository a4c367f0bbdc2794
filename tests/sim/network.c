/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Loss, repetition, delay, disorder, damage. */
#include "base/heap.h"
#include "tests/pair/arrows.h"
#include "tests/sim/sim.h"

struct weather weather_draw(struct life *l)
{
	struct weather w = { .delay = 1 + life_draw(l, 200) };

	/* Peaceful lives have a network that loses nothing, and so have some others. */
	w.doubled = life_draw(l, 100);
	if (l->peace || !life_draw(l, l->roams || l->behind_nat ? 2 : 4))
		return w;
	w.lost = life_draw(l, 500);
	w.doubled = life_draw(l, 300);
	w.broken = life_draw(l, 3) ? 0 : life_draw(l, 100);
	w.late = life_draw(l, 200);
	w.straggle = 1000 + life_draw(l, 120 * 1000);
	if (life_is_large(l))
		w.narrow = life_draw(l, 2) ? 576 - 28 : 0;
	return w;
}

static uint64_t arrival(struct life *l)
{
	const struct weather *w = &l->weather;

	if (life_chance(l, w->late))
		return l->lab->now + life_draw(l, (unsigned)w->straggle);
	return l->lab->now + life_draw(l, (unsigned)w->delay + 1);
}

/* A bit turns, or the end is missing. */
static void damage(struct life *l, struct flight *f)
{
	if (!f->n)
		return;
	if (life_draw(l, 4))
		f->data[life_draw(l, (unsigned)f->n)] ^= (uint8_t)(1 << life_draw(l, 8));
	else
		f->n = life_draw(l, (unsigned)f->n);
	life_say(l, "  that one is damaged");
}

static void say(struct life *l, const struct flight *f, const char *fate)
{
	struct arena arena = { 0 };

	if (l->loud)
		life_say(l, "%s%s", arrow_print(l->lab, f, &arena), fate);
	arena_free(&arena);
}

static void decide(struct life *l, struct flight *f)
{
	struct flight *copy;

	f->seen = true;
	if (life_chance(l, l->weather.doubled)) {
		copy = lab_copy(l->lab, f);
		copy->seen = true;
		copy->at = arrival(l);
	}
	if (life_chance(l, l->weather.lost) || (l->weather.narrow && f->n > l->weather.narrow)) {
		say(l, f, "  is lost");
		lab_lose(f);
		return;
	}
	say(l, f, "");
	f->at = arrival(l);
	if (life_chance(l, l->weather.broken))
		damage(l, f);
}

void network_decide(struct life *l)
{
	list_each_safe (n, &l->lab->flights) {
		struct flight *f = node_owner(n, struct flight, node);

		if (!f->seen)
			decide(l, f);
	}
}

uint64_t network_due(const struct life *l)
{
	uint64_t due = HEAP_NEVER;

	list_each (n, (struct node *)&l->lab->flights) {
		const struct flight *f = node_owner(n, struct flight, node);

		due = f->at < due ? f->at : due;
	}
	return due;
}

static struct flight *arrived(const struct life *l)
{
	list_each (n, (struct node *)&l->lab->flights) {
		struct flight *f = node_owner(n, struct flight, node);

		if (f->at <= l->lab->now)
			return f;
	}
	return NULL;
}

void network_deliver(struct life *l)
{
	struct flight *f;

	while (!l->failed && (f = arrived(l))) {
		lab_deliver(l->lab, f);
		l->steps++;
		check_always(l);
		network_decide(l);
	}
}

void network_lose_all(struct life *l)
{
	while (lab_first(l->lab))
		lab_lose(lab_first(l->lab));
}
