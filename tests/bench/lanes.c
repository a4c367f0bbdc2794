/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a packet costs the userspace path between device and socket, without the calls to either: on one SA,
 * for one packet thread and for two that work on it at the same time. What comes in, two take batch by batch
 * from one place, and give it on in its order. */
#include "tests/unit/gate.h"
#include "tests/unit/packet.h"
#include "xfrm/user/intake.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { PACKETS = 8192, ROUNDS = 9, THREADS = 2, BATCH = LOAD_PACKETS, ROOM = 1600 };

static const struct {
	const char *suite;
	size_t size; /* octets of payload, of UDP */
} kinds[] = { { "aes256gcm16", 64 }, { "aes256gcm16", 1300 }, { "chacha20poly1305", 1300 } };

static struct gate moon, sun;
static uint8_t sealed[PACKETS][ROOM]; /* by moon, for sun */
static size_t sizes[PACKETS];
static uint8_t plain[ROOM];
static size_t plain_size;
static struct turns turns;
static unsigned taken; /* batches, by who takes */

/* One of the threads that share the work. */
struct hand {
	pthread_t thread;
	unsigned number, n;
	void (*work)(struct hand *h);
	pthread_barrier_t *start;
	double cpu;
	struct lane lane;
	struct rng_seeded rng;
	struct load load;
	struct intake intake;
	struct bundle bundles[BATCH];
	unsigned written;
};

static double seconds(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void seal(struct hand *h)
{
	const struct virtio_net_hdr none = { 0 };
	struct parcel parcel;

	for (unsigned i = h->number; i < PACKETS / BATCH; i += h->n) {
		load_empty(&h->load);
		for (unsigned k = 0; k < BATCH; k++)
			if (!outbound_take(
				    &h->lane, &moon.device, &none, bytes_of(plain, plain_size), &parcel) ||
				!outbound_load(&h->lane, &parcel, &h->load))
				abort();
		outbound_seal(&h->lane, &h->load);
		h->written += h->load.n;
	}
}

static void count(void *ctx, const struct device *to, const struct iovec *v, unsigned n)
{
	struct hand *h = ctx;

	(void)to;
	(void)v;
	h->written += n - 1;
}

/* The next batch; false: there is none. */
static bool take(struct hand *h)
{
	if (taken == PACKETS / BATCH)
		return false;
	for (unsigned k = 0, i = taken++ * BATCH; k < BATCH; k++, i++)
		h->bundles[k] = (struct bundle){ .all = { .esp = { .p = sealed[i], .n = sizes[i] },
							 .path.remote = sun.in_slot.remote,
							 .encap = true } };
	return true;
}

static void open_them(struct hand *h)
{
	bool slept;

	for (;;) {
		turns_take(&turns);
		if (!take(h)) {
			turns_pass(&turns);
			return;
		}
		if (h->n > 1) {
			intake_beside(&h->intake, h->bundles, BATCH, &turns, turns_draw(&turns), &slept);
		} else {
			uint64_t ticket = turns_draw(&turns);

			intake_carry(&h->intake, h->bundles, BATCH);
			turns_done(&turns, ticket);
		}
	}
}

static void *begin(void *arg)
{
	struct hand *h = arg;

	pthread_barrier_wait(h->start);
	h->cpu = seconds(CLOCK_THREAD_CPUTIME_ID);
	h->work(h);
	h->cpu = seconds(CLOCK_THREAD_CPUTIME_ID) - h->cpu;
	return NULL;
}

/* What the packets took N threads: ns each, of CPU and of time. */
static void run(const struct gate *g, void (*work)(struct hand *h), unsigned n, double *cpu, double *time)
{
	static struct hand hands[THREADS];
	pthread_barrier_t start;
	unsigned written = 0;

	*cpu = 0;
	taken = 0;
	turns_init(&turns);
	pthread_barrier_init(&start, NULL, n + 1);
	for (unsigned i = 0; i < n; i++) {
		struct hand *h = &hands[i];

		h->number = i;
		h->n = n;
		h->work = work;
		h->start = &start;
		h->lane = g->lane;
		rng_seed(&h->rng, i);
		h->lane.rng = &h->rng.rng;
		h->intake.lane = &h->lane;
		h->intake.join = (struct join){ .ctx = h, .write = count };
		h->written = 0;
		if (pthread_create(&h->thread, NULL, begin, h))
			abort();
	}
	*time = seconds(CLOCK_MONOTONIC);
	pthread_barrier_wait(&start);
	for (unsigned i = 0; i < n; i++) {
		pthread_join(hands[i].thread, NULL);
		*cpu += hands[i].cpu / PACKETS * 1e9;
		written += hands[i].written;
	}
	*time = (seconds(CLOCK_MONOTONIC) - *time) / PACKETS * 1e9;
	pthread_barrier_destroy(&start);
	turns_end(&turns);
	if (written != PACKETS)
		abort();
}

static void make_sealed(void)
{
	struct departure d;

	for (unsigned i = 0; i < PACKETS; i++) {
		if (gate_send(&moon, &d, plain, plain_size))
			abort();
		memcpy(sealed[i], d.esp.p, d.esp.n);
		sizes[i] = d.esp.n;
	}
}

static int by_value(const void *a, const void *b)
{
	double p = *(const double *)a, q = *(const double *)b;

	return (p > q) - (p < q);
}

/* The smallest of all rounds says what it costs when nobody else disturbs. */
static void measure(const char *what, const struct gate *g, void (*work)(struct hand *h))
{
	double cpu[ROUNDS], time[ROUNDS];

	for (unsigned n = 1; n <= THREADS; n++) {
		for (unsigned i = 0; i < ROUNDS; i++) {
			if (g == &sun)
				make_sealed();
			run(g, work, n, &cpu[i], &time[i]);
		}
		qsort(cpu, ROUNDS, sizeof *cpu, by_value);
		qsort(time, ROUNDS, sizeof *time, by_value);
		printf("  %s, %u thread%s: %4.0f ns of CPU a packet (median %.0f), one each %4.0f ns (median "
		       "%.0f)\n",
			what, n, n > 1 ? "s" : "", cpu[0], cpu[ROUNDS / 2], time[0], time[ROUNDS / 2]);
	}
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (unsigned i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		gate_init(&moon, kinds[i].suite);
		gate_open(&moon, 1);
		gate_init(&sun, kinds[i].suite);
		sun.conf.replay_window = 64; /* less than are opened at once */
		gate_open(&sun, 2);
		plain_size = packet_make(plain, "10.1.0.1", "10.2.0.9", 17, 1000, 2000, kinds[i].size);
		printf("%s, %zu octets, %s:\n", kinds[i].suite, kinds[i].size, moon.out->esp.engine->name);
		measure("sealing", &moon, seal);
		measure("opening", &sun, open_them);
		gate_close(&moon);
		gate_close(&sun);
	}
	return 0;
}
