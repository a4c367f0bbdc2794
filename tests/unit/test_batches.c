/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is done with packets does not depend on how many are handled at once. Many lives, each with packets of
 * all kinds, go through one pair of gateways as packet threads take them, in loads and bundles, and through
 * another one by one; what comes in is opened by halves, too, as by threads that share an SA. */
#include "tests/unit/unit.h"

#include "tests/unit/gate.h"
#include "tests/unit/packet.h"

enum {
	LIVES = 150,
	PACKETS = 240,
	SIZE = 1600,
	FRAMES = 2 * PACKETS,
	FRAME = PACKET_HEAD + SIZE + PACKET_TAIL
};

/* An outer packet. */
struct frame {
	size_t n;
	uint8_t tos;
	bool df, too_long, moved; /* MOVED: it comes from another address */
	uint8_t p[FRAME];
};

/* What became of an outer packet, PACKET lying where it was opened. */
struct outcome {
	enum drop drop;
	struct bytes packet;
};

/* A way to handle packets: a gateway, and what it made of them. */
struct way {
	struct gate gate;
	struct frame sent[PACKETS];
	struct outcome got[FRAMES];
	uint8_t room[FRAMES * FRAME];
	unsigned n;
};

static struct way together, alone, halves;
static struct rng_seeded dice;
static struct {
	size_t n;
	uint8_t p[SIZE];
} packets[PACKETS];
static struct frame frames[FRAMES];
static unsigned n_frames;

static unsigned below(unsigned n)
{
	return rng_below(&dice.rng, n);
}

static bool one_in(unsigned n)
{
	return !below(n);
}

/* ------------------------------------------------------------------------ out */

/* For the tunnel mostly; some too large, some for nobody, some broken. */
static size_t make_packet(uint8_t *p)
{
	static const uint8_t mss[] = { 2, 4, 5, 180 };
	bool v6 = one_in(4);
	const char *src = v6 ? "2001:db8:1::5" : "10.1.0.5";
	const char *dst = v6 ? "2001:db8:2::7" : one_in(20) ? "10.9.0.1" : "10.2.0.7";
	size_t payload = one_in(2) ? below(64) : below(SIZE - 80), n;

	if (one_in(10))
		n = packet_syn(p, src, dst, mss, sizeof mss);
	else if (one_in(2))
		n = packet_tcp(p, src, dst, rng_u32(&dice.rng), FLAG_ACK, payload);
	else
		n = packet_make(p, src, dst, IPPROTO_OF_UDP, 1000, (uint16_t)below(65536), payload);
	if (!v6) {
		p[1] = one_in(3) ? (uint8_t)below(256) : 0;
		p[6] = one_in(2) ? 0x40 : 0;
		packet_fix(p, n);
	}
	return one_in(25) ? below((unsigned)n) : n;
}

static void keep(struct way *w, const struct departure *d)
{
	struct frame *f = &w->sent[w->n];

	if (d->esp.drop || !d->esp.n)
		return;
	assert_true(w->n < PACKETS);
	*f = (struct frame){ .n = d->esp.n, .tos = d->tos, .df = d->df, .too_long = d->too_long };
	memcpy(f->p, d->esp.p, d->esp.n);
	w->n++;
}

static void seal_load(struct way *w)
{
	struct load *l = &w->gate.load;

	outbound_seal(&w->gate.lane, l);
	for (unsigned i = 0; i < l->n; i++)
		keep(w, &l->v[i]);
	load_empty(l);
}

static void send_together(void)
{
	const struct virtio_net_hdr none = { 0 };
	struct gate *g = &together.gate;
	struct parcel parcel;

	load_empty(&g->load);
	for (unsigned i = 0; i < PACKETS; i++) {
		if (!outbound_take(
			    &g->lane, &g->device, &none, bytes_of(packets[i].p, packets[i].n), &parcel))
			continue;
		while (!outbound_load(&g->lane, &parcel, &g->load))
			seal_load(&together);
		if (one_in(40)) /* nothing more has come */
			seal_load(&together);
	}
	seal_load(&together);
}

static void send_alone(void)
{
	struct departure d;

	for (unsigned i = 0; i < PACKETS; i++)
		if (!gate_send(&alone.gate, &d, packets[i].p, packets[i].n))
			keep(&alone, &d);
}

static void same_usage(const struct live *a, const struct live *b)
{
	struct sa_usage u = gate_usage(a), v = gate_usage(b);

	assert_int_equal(u.packets, v.packets);
	assert_int_equal(u.bytes, v.bytes);
	assert_int_equal(u.last_ms, v.last_ms);
	assert_int_equal(u.replays, v.replays);
	assert_int_equal(u.invalid, v.invalid);
}

/* Counters, reports and answers. */
static void same_gates(struct gate *a, struct gate *b)
{
	for (enum drop why = DROP_NONE + 1; why < DROP_MAX; why++)
		assert_int_equal(gate_dropped(a, why), gate_dropped(b, why));
	assert_int_equal(a->n_told, b->n_told);
	for (unsigned i = 0; i < a->n_told; i++) /* of halves what takes no cipher is told first */
		assert_int_equal(gate_told(a, a->told[i].kind), gate_told(b, a->told[i].kind));
	assert_int_equal(a->n_answers, b->n_answers);
	assert_int_equal(a->answer_size, b->answer_size);
	assert_memory_equal(a->answer, b->answer, a->answer_size);
	same_usage(a->in, b->in);
	same_usage(a->out, b->out);
}

static void open_gates(const char *suite, unsigned side, uint64_t life)
{
	struct way *const ways[] = { &together, &alone, &halves };

	for (unsigned i = 0; i < 3; i++) {
		struct gate *g = &ways[i]->gate;

		gate_init(g, suite);
		g->conf.replay_window = 64;
		g->conf.life_packets = life;
		gate_open(g, side);
		ways[i]->n = 0;
	}
}

static void close_gates(void)
{
	gate_close(&together.gate);
	gate_close(&alone.gate);
	gate_close(&halves.gate);
}

static void send_both_ways(const char *suite)
{
	open_gates(suite, 1, 0);
	for (unsigned i = 0; i < PACKETS; i++)
		packets[i].n = make_packet(packets[i].p);
	send_together();
	send_alone();
	assert_true(together.n > PACKETS / 2);
	assert_int_equal(together.n, alone.n);
	for (unsigned i = 0; i < alone.n; i++) {
		const struct frame *a = &together.sent[i], *b = &alone.sent[i];

		assert_int_equal(a->n, b->n);
		assert_memory_equal(a->p, b->p, b->n);
		assert_true(a->tos == b->tos && a->df == b->df && a->too_long == b->too_long);
	}
	same_gates(&together.gate, &alone.gate);
	close_gates();
}

/* ------------------------------------------------------------------------- in */

static void arrive(const struct frame *f)
{
	if (n_frames < FRAMES)
		frames[n_frames++] = *f;
}

/* What nobody sealed for us. */
static void arrive_stray(void)
{
	static const uint8_t strays[][12] = { { 0xff }, { 0, 0, 0, 0, 1, 2, 3, 4, 5 },
		{ 0x81, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 }, { 0x80, 0, 1 } };
	static const size_t sizes[] = { 1, 9, 12, 3 };
	unsigned which = below(4);
	struct frame f = { .n = sizes[which] };

	memcpy(f.p, strays[which], f.n);
	arrive(&f);
}

/* One of those that were sent: as it is, twice, changed or cut short. Numbers stay as they are: of one that
 * is wrong as well as there already, either may be seen first. */
static void arrive_somehow(struct frame *f)
{
	f->tos = one_in(4) ? (uint8_t)below(256) : 0;
	f->moved = one_in(10);
	if (one_in(12))
		f->p[ESP_HEADER + below((unsigned)f->n - ESP_HEADER)] ^= (uint8_t)(1 << below(8));
	else if (one_in(20))
		f->n = ESP_HEADER + below((unsigned)f->n - ESP_HEADER);
	else if (one_in(8))
		arrive(f);
	arrive(f);
}

/* On a way that loses some and lets others overtake, by less than the window. */
static void travel(void)
{
	n_frames = 0;
	for (unsigned i = 0; i < alone.n; i++) {
		if (one_in(15))
			arrive_stray();
		if (!one_in(15))
			arrive_somehow(&alone.sent[i]);
	}
	for (unsigned i = 0; i + 20 < n_frames; i++)
		if (one_in(4)) {
			unsigned k = i + below(20);
			struct frame f = frames[i];

			frames[i] = frames[k];
			frames[k] = f;
		}
}

static struct arrival arrival_of(const struct way *w, const struct frame *f, uint8_t *p)
{
	struct arrival a = { .esp = { .p = p, .n = f->n }, .encap = true, .tos = f->tos };

	a.path.remote = w->gate.in_slot.remote;
	if (f->moved)
		a.path.remote = (struct addr){ packet_ip("203.0.113.9"), 4501 };
	memcpy(p, f->p, f->n);
	return a;
}

static void note(struct way *w, const struct arrival *a)
{
	bool delivered = a->sa && !a->esp.drop;

	w->got[w->n++] =
		(struct outcome){ a->esp.drop, delivered ? bytes_of(a->esp.p, a->esp.n) : bytes_of(NULL, 0) };
}

/* Whether the kernel could give F behind BEFORE, in a bundle that begins with FIRST. */
static bool follows(const struct frame *first, const struct frame *before, const struct frame *f)
{
	return f->tos == first->tos && f->moved == first->moved && before->n == first->n && f->n <= first->n;
}

/* Takes one bundle, from frame I on, to V; returns how many frames that were. */
static unsigned take_bundle(uint8_t **room, unsigned i, struct arrival *v, unsigned most)
{
	const struct frame *first = &frames[i];
	struct bundle b = { .all = arrival_of(&together, first, *room), .segment = first->n };
	unsigned k = 1, n = 0;

	while (k < most && i + k < n_frames && follows(first, &frames[i + k - 1], &frames[i + k])) {
		memcpy(*room + b.all.esp.n, frames[i + k].p, frames[i + k].n);
		b.all.esp.n += frames[i + k++].n;
	}
	*room += b.all.esp.n;
	while (bundle_next(&b, &v[n]))
		n++;
	assert_int_equal(n, k);
	return k;
}

static void receive_together(void)
{
	struct arrival v[LOAD_PACKETS];
	uint8_t *room = together.room;
	unsigned i = 0, n, most;

	while (i < n_frames) {
		most = 1 + below(LOAD_PACKETS);
		for (n = 0; n < most && i < n_frames;) {
			unsigned taken = take_bundle(&room, i, v + n, most - n);

			i += taken;
			n += taken;
		}
		inbound_run(&together.gate.lane, v, n);
		for (unsigned k = 0; k < n; k++)
			note(&together, &v[k]);
	}
}

static void receive_alone(void)
{
	uint8_t *room = alone.room;

	for (unsigned i = 0; i < n_frames; room += FRAME, i++) {
		struct arrival a = arrival_of(&alone, &frames[i], room);

		inbound_run(&alone.gate.lane, &a, 1);
		note(&alone, &a);
	}
}

static void receive_by_halves(void)
{
	static struct arrival v[FRAMES];
	uint8_t *room = halves.room;

	for (unsigned i = 0, n; i < n_frames; i += n) {
		for (n = 0; i + n < n_frames && (!n || !one_in(30)); n++, room += FRAME)
			v[n] = arrival_of(&halves, &frames[i + n], room);
		inbound_open(&halves.gate.lane, v, n);
		inbound_admit(&halves.gate.lane, v, n);
		for (unsigned k = 0; k < n; k++)
			note(&halves, &v[k]);
	}
}

static void same_outcomes(struct way *a, struct way *b)
{
	assert_int_equal(a->n, n_frames);
	assert_int_equal(b->n, n_frames);
	for (unsigned i = 0; i < n_frames; i++) {
		assert_int_equal(a->got[i].drop, b->got[i].drop);
		assert_true(bytes_eq(a->got[i].packet, b->got[i].packet));
	}
	same_gates(&a->gate, &b->gate);
}

static void receive_all_ways(const char *suite)
{
	travel();
	open_gates(suite, 2, one_in(3) ? n_frames / 2 : 0);
	receive_alone();
	receive_together();
	receive_by_halves();
	same_outcomes(&together, &alone);
	same_outcomes(&halves, &alone);
	close_gates();
}

static void packets_fare_alike_together_and_alone(void **state)
{
	static const char *const suites[] = { "aes256gcm16", "aes128-sha256", "chacha20poly1305" };

	(void)state;
	for (unsigned life = 0; life < LIVES; life++) {
		rng_seed(&dice, life);
		send_both_ways(suites[life % 3]);
		receive_all_ways(suites[life % 3]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packets_fare_alike_together_and_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
