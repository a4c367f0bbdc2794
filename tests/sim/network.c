/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Loss, repetition, delay, disorder, damage; and strangers. */
#include "base/heap.h"
#include "tests/pair/arrows.h"
#include "tests/sim/sim.h"

enum { PORT = 500, SPI = 8 /* octets */, NONSENSE = 60 };

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

/* In some lives the sender of what is too large is told so: by its own kernel, or by ICMP. Whether it was. */
static bool tell_size(struct life *l, const struct flight *f)
{
	enum { AROUND = 28 };
	struct ike_event e = { .kind = EVENT_PATH_MTU,
		.path_mtu = { f->target.ip, l->weather.narrow + AROUND } };

	for (unsigned side = 0; l->seed % 2 && side < l->sides; side++)
		if (l->hosts[side] == f->from && f->from->ike) {
			life_say(l, "  and the sender hears of it");
			host_event(l->hosts[side], &e);
			return true;
		}
	return false;
}

/* Whether something was sent instead. */
static bool decide(struct life *l, struct flight *f)
{
	bool too_large = l->weather.narrow && f->n > l->weather.narrow, told;
	struct flight *copy;

	f->seen = true;
	if (life_chance(l, l->weather.doubled)) {
		copy = lab_copy(l->lab, f);
		copy->seen = true;
		copy->at = arrival(l);
	}
	if (life_chance(l, l->weather.lost) || too_large) {
		say(l, f, "  is lost");
		told = too_large && tell_size(l, f);
		lab_lose(f);
		return told;
	}
	say(l, f, "");
	f->at = arrival(l);
	if (life_chance(l, l->weather.broken))
		damage(l, f);
	return false;
}

void network_decide(struct life *l)
{
	bool again = false;

	list_each_safe (n, &l->lab->flights) {
		struct flight *f = node_owner(n, struct flight, node);

		if (!f->seen)
			again |= decide(l, f);
	}
	if (again)
		network_decide(l);
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

static const struct addr stranger = { { 4, { 203, 0, 113, 77 } }, PORT };

/* To F, which answers the stranger, with the header H, it says nonsense as its IKE_AUTH. */
static void say_nonsense(struct life *l, const struct flight *f, const struct wire_header *h)
{
	const struct host *any = &l->lab->hosts[f->from == &l->lab->hosts[0]];
	struct wire_header auth = *h;
	uint8_t data[IKE_HEADER + NONSENSE];
	struct wr w = wr_of(data, sizeof data);

	auth.next = PAYLOAD_SK;
	auth.exchange = IKE_AUTH;
	auth.flags = FLAG_INITIATOR;
	auth.mid = 1;
	auth.length = sizeof data;
	header_put(&auth, &w);
	wr_u16(&w, 0);
	wr_u16(&w, NONSENSE);
	rng_fill(&l->rng.rng, data + w.n, sizeof data - w.n);
	lab_deliver(l->lab, lab_forge(l->lab, any, stranger, f->source, bytes_of(data, sizeof data)));
}

/* A stranger begins as F does, and does not go on as it should. */
static void flood(struct life *l, const struct flight *f)
{
	struct wire_header h;
	struct flight *copy;

	if (header_get(bytes_of(f->data, f->n), &h) || h.exchange != IKE_SA_INIT)
		return;
	if (h.flags & FLAG_RESPONSE) {
		if (h.spi_r && ip_eq(&f->target.ip, &stranger.ip))
			say_nonsense(l, f, &h);
		return;
	}
	copy = lab_copy(l->lab, f);
	copy->source = stranger;
	rng_fill(&l->rng.rng, copy->data, SPI);
	lab_deliver(l->lab, copy);
}

void network_deliver(struct life *l)
{
	struct flight *f;

	while (!l->failed && (f = arrived(l))) {
		if (l->flooded)
			flood(l, f);
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
