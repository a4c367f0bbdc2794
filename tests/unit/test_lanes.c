/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packet threads at work on the same SA at the same time. */
#include "tests/unit/unit.h"

#include "tests/unit/gate.h"
#include "tests/unit/packet.h"

#include "xfrm/user/intake.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <time.h>

enum { THREADS = 4, LOADS = 100, EACH = 7 /* packets in a load */, ALL = THREADS * LOADS * EACH, ROOM = 256 };

static struct gate moon, sun;
static uint8_t plain[ROOM];
static size_t plain_size;
static pthread_barrier_t start;

/* What was sealed, by the place that its thread has for it. */
static struct sealed {
	uint8_t p[ROOM];
	size_t n;
	uint64_t seq;
} sealed[ALL];

static struct hand {
	pthread_t thread;
	struct lane lane;
	struct rng_seeded rng;
	struct load load;
	uint8_t copies[ALL][ROOM];
	unsigned taken;
} hands[THREADS];

static void open_both(const char *suite)
{
	gate_init(&moon, suite);
	gate_open(&moon, 1);
	gate_init(&sun, suite);
	sun.conf.replay_window = REPLAY_MAX;
	gate_open(&sun, 2);
	plain_size = packet_make(plain, "10.1.0.1", "10.2.0.9", 17, 1000, 2000, 40);
}

static void close_both(void)
{
	gate_close(&moon);
	gate_close(&sun);
}

/* All begin WORK at once, each with a lane of its own to what G has. */
static void run(const struct gate *g, void *(*work)(void *hand))
{
	pthread_barrier_init(&start, NULL, THREADS);
	for (unsigned i = 0; i < THREADS; i++) {
		struct hand *h = &hands[i];

		h->lane = g->lane;
		h->lane.number = i;
		rng_seed(&h->rng, i);
		h->lane.rng = &h->rng.rng;
		h->taken = 0;
		assert_int_equal(pthread_create(&h->thread, NULL, work, h), 0);
	}
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(hands[i].thread, NULL);
	pthread_barrier_destroy(&start);
}

static void *seal(void *hand)
{
	const struct virtio_net_hdr none = { 0 };
	struct hand *h = hand;
	struct sealed *at = &sealed[(size_t)(h - hands) * LOADS * EACH];
	struct parcel parcel;

	pthread_barrier_wait(&start);
	for (unsigned i = 0; i < LOADS; i++) {
		load_empty(&h->load);
		for (unsigned k = 0; k < EACH; k++)
			if (!outbound_take(
				    &h->lane, &moon.device, &none, bytes_of(plain, plain_size), &parcel) ||
				!outbound_load(&h->lane, &parcel, &h->load))
				abort();
		outbound_seal(&h->lane, &h->load);
		for (unsigned k = 0; k < EACH; k++, at++) {
			const struct esp_packet *p = &h->load.v[k].esp;

			if (p->drop || p->n > ROOM)
				abort();
			memcpy(at->p, p->p, p->n);
			at->n = p->n;
			at->seq = p->seq;
		}
	}
	return NULL;
}

/* Each takes all there are. */
static void *open_all(void *hand)
{
	struct hand *h = hand;
	struct arrival a[EACH];

	for (unsigned i = 0; i < ALL; i++)
		memcpy(h->copies[i], sealed[i].p, sealed[i].n);
	pthread_barrier_wait(&start);
	for (unsigned i = 0; i < ALL; i += EACH) {
		for (unsigned k = 0; k < EACH; k++)
			a[k] = (struct arrival){ .esp = { .p = h->copies[i + k], .n = sealed[i + k].n },
				.path.remote = sun.in_slot.remote,
				.encap = true };
		inbound_run(&h->lane, a, EACH);
		for (unsigned k = 0; k < EACH; k++)
			h->taken += !a[k].esp.drop;
	}
	return NULL;
}

/* Those of a load follow each other, so that they can leave in one call. */
static void assert_numbers(void)
{
	static bool used[ALL + 1];

	memset(used, 0, sizeof used);
	for (unsigned i = 0; i < ALL; i++) {
		assert_in_range(sealed[i].seq, 1, ALL);
		assert_false(used[sealed[i].seq]);
		used[sealed[i].seq] = true;
		if (i % EACH)
			assert_int_equal(sealed[i].seq, sealed[i - 1].seq + 1);
	}
}

/* ---------------------------------------------------- packets that came by one socket, in their order */

enum {
	STREAM = 6000,
	AGAIN = 10,  /* of so many one comes twice */
	WINDOW = 64, /* less than what is opened at the same time */
	TAKEN = 50,  /* datagrams at once, in bundles of */
	BUNDLED = 10,
	PAYLOAD = 28 /* where that of UDP in IPv4 begins */
};

static struct turns turns;
static struct sealed stream[STREAM + STREAM / AGAIN];
static unsigned n_stream, n_taken; /* those that were taken: by who takes */

/* What was written, by who had the turn. */
static uint32_t written[STREAM];
static unsigned n_written;

static struct eater {
	struct intake intake;
	uint8_t octets[TAKEN * ROOM];
	unsigned all, slept;
} eaters[THREADS];

static void make_stream(void)
{
	struct departure d;

	n_stream = 0;
	for (uint32_t i = 0; i < STREAM; i++) {
		memcpy(plain + PAYLOAD, &i, sizeof i);
		assert_int_equal(gate_send(&moon, &d, plain, plain_size), DROP_NONE);
		for (unsigned k = 0; k < 1 + !(i % AGAIN); k++) {
			memcpy(stream[n_stream].p, d.esp.p, d.esp.n);
			stream[n_stream++].n = d.esp.n;
		}
	}
	n_taken = n_written = 0;
}

/* None is joined: the device takes UDP one by one. */
static void write_down(void *ctx, const struct device *to, const struct iovec *v, unsigned n)
{
	(void)ctx;
	if (to != &sun.device || n != 2 || n_written == STREAM)
		abort();
	memcpy(&written[n_written++], (const uint8_t *)v[1].iov_base + PAYLOAD, sizeof *written);
}

/* Datagrams to OCTETS, as the kernel gives them; returns how many bundles there are. */
static unsigned take(uint8_t *octets, struct bundle *b)
{
	unsigned n = 0, left = n_stream - n_taken < TAKEN ? n_stream - n_taken : TAKEN;

	for (; left; n++) {
		unsigned some = left < BUNDLED ? left : BUNDLED;
		size_t size = stream[n_taken].n;

		b[n] = (struct bundle){ .all = { .esp = { .p = octets, .n = some * size },
						.path.remote = sun.in_slot.remote,
						.encap = true },
			.segment = size };
		for (unsigned i = 0; i < some; i++, octets += size)
			memcpy(octets, stream[n_taken++].p, size);
		left -= some;
	}
	return n;
}

static void *open_in_turn(void *hand)
{
	struct hand *h = hand;
	struct eater *e = &eaters[h - hands];
	struct bundle b[TAKEN / BUNDLED];
	unsigned n;
	bool slept;

	e->intake.lane = &h->lane;
	e->intake.join = (struct join){ .write = write_down };
	e->all = e->slept = 0;
	pthread_barrier_wait(&start);
	for (;;) {
		turns_take(&turns);
		n = take(e->octets, b);
		if (!n) {
			turns_pass(&turns);
			return NULL;
		}
		e->all += intake_beside(&e->intake, b, n, &turns, turns_draw(&turns), &slept);
		e->slept += slept;
	}
}

/* Opens the stream, and returns how many packets were taken. */
static unsigned open_stream(void)
{
	unsigned all = 0;

	make_stream();
	turns_init(&turns);
	run(&sun, open_in_turn);
	turns_end(&turns);
	for (unsigned i = 0; i < THREADS; i++)
		all += eaters[i].all;
	assert_int_equal(turns.served, turns.drawn);
	return all;
}

static void assert_in_order(unsigned n)
{
	assert_int_equal(n_written, n);
	for (uint32_t i = 0; i < n; i++)
		assert_int_equal(written[i], i);
}

static void open_narrow(const char *suite)
{
	open_both(suite);
	gate_close(&sun);
	gate_init(&sun, suite);
	sun.conf.replay_window = WINDOW;
}

static void assert_kept(const char *suite)
{
	open_narrow(suite);
	gate_open(&sun, 2);
	assert_int_equal(open_stream(), STREAM + STREAM / AGAIN);
	assert_in_order(STREAM);
	assert_int_equal(gate_usage(sun.in).packets, STREAM);
	assert_int_equal(gate_usage(sun.in).replays, STREAM / AGAIN);
	assert_int_equal(gate_dropped(&sun, DROP_REPLAY), STREAM / AGAIN);
	assert_int_equal(gate_usage(sun.in).invalid, 0);
	close_both();
}

static void what_several_open_is_written_once_and_in_the_order_in_which_it_came(void **state)
{
	(void)state;
	assert_kept("aes256gcm16");
}

static void order_is_kept_where_contexts_cannot_be_shared(void **state)
{
	(void)state;
	assert_kept("chacha20poly1305");
}

/* Those behind the last one are open already, and go no further. */
static void what_several_open_does_not_pass_the_limit_of_the_sa(void **state)
{
	(void)state;
	open_narrow("aes256gcm16");
	sun.conf.life_packets = STREAM / 2;
	gate_open(&sun, 2);
	open_stream();
	assert_in_order(STREAM / 2);
	assert_int_equal(gate_usage(sun.in).packets, STREAM / 2);
	close_both();
}

static void assert_shared(const char *suite)
{
	unsigned taken = 0;

	open_both(suite);
	run(&moon, seal);
	assert_numbers();
	assert_int_equal(gate_usage(moon.out).packets, ALL);
	run(&sun, open_all);
	for (unsigned i = 0; i < THREADS; i++)
		taken += hands[i].taken;
	assert_int_equal(taken, ALL);
	assert_int_equal(gate_usage(sun.in).packets, ALL);
	assert_int_equal(gate_usage(sun.in).replays, (THREADS - 1) * ALL);
	assert_int_equal(gate_usage(sun.in).invalid, 0);
	close_both();
}

/* By whatever engine is the fastest here: that of Intel lets them work side by side. */
static void numbers_are_used_once_and_packets_taken_once(void **state)
{
	(void)state;
	assert_shared("aes256gcm16");
}

struct waiter {
	struct turns turns;
	_Atomic bool done;
};

static void *wait_for_the_second(void *ctx)
{
	struct waiter *w = ctx;

	turns_wait(&w->turns, 1);
	atomic_store(&w->done, true);
	return NULL;
}

/* Who has served a ticket with the same seat long ago may find its time for calling only now. */
static void a_call_that_comes_late_is_no_turn(void **state)
{
	static struct waiter w;
	struct seat *seat = &w.turns.seats[1];
	pthread_t thread;

	(void)state;
	turns_init(&w.turns);
	for (unsigned i = 0; i < 2; i++) {
		turns_take(&w.turns);
		assert_int_equal(turns_draw(&w.turns), i);
	}
	assert_int_equal(pthread_create(&thread, NULL, wait_for_the_second, &w), 0);
	while (!atomic_exchange(&seat->taken, false))
		sched_yield();
	sem_post(&seat->call);
	while (!atomic_load(&seat->taken) && !atomic_load(&w.done))
		sched_yield();
	assert_false(atomic_load(&w.done));
	turns_done(&w.turns, 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_true(w.done);
	turns_end(&w.turns);
}

static void contexts_that_cannot_be_shared_are_each_threads_own(void **state)
{
	(void)state;
	assert_shared("chacha20poly1305");
}

/* ------------------------------------------------- an engine in which all threads are at the same time */

static struct {
	pthread_mutex_t lock;
	pthread_cond_t all;
	unsigned inside, waited; /* of them, whom nobody came to meet */
	const void *contexts[THREADS];
	_Atomic unsigned made, freed;
} meeting = { .lock = PTHREAD_MUTEX_INITIALIZER, .all = PTHREAD_COND_INITIALIZER };

/* Whoever holds a lock that the others need as well waits for them in vain. */
static void meet(const void *context)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 10;
	pthread_mutex_lock(&meeting.lock);
	meeting.contexts[meeting.inside++ % THREADS] = context;
	pthread_cond_broadcast(&meeting.all);
	while (meeting.inside < THREADS)
		if (pthread_cond_timedwait(&meeting.all, &meeting.lock, &until)) {
			meeting.waited++;
			break;
		}
	pthread_mutex_unlock(&meeting.lock);
}

static enum err make_counted(const struct transform *encr, const struct transform *integ, bool sealing,
	struct bytes encr_key, struct bytes integ_key, void **out)
{
	enum err err = engine_openssl.make(encr, integ, sealing, encr_key, integ_key, out);

	meeting.made += !err;
	return err;
}

static enum err seal_together(void *context, const struct aead_job *job)
{
	meet(context);
	return engine_openssl.seal(context, job);
}

static enum err open_together(void *context, const struct aead_job *job)
{
	meet(context);
	return engine_openssl.open(context, job);
}

static void free_counted(void *context)
{
	meeting.freed++;
	engine_openssl.free(context);
}

static const struct engine engine_of_all = {
	.name = "OpenSSL, of all at once",
	.make = make_counted,
	.seal = seal_together,
	.open = open_together,
	.free = free_counted,
};

static struct arrival arrivals[THREADS];

static void *seal_one(void *hand)
{
	const struct virtio_net_hdr none = { 0 };
	struct hand *h = hand;
	struct sealed *at = &sealed[h - hands];
	struct parcel parcel;

	load_empty(&h->load);
	if (!outbound_take(&h->lane, &moon.device, &none, bytes_of(plain, plain_size), &parcel) ||
		!outbound_load(&h->lane, &parcel, &h->load))
		abort();
	outbound_seal(&h->lane, &h->load);
	at->n = h->load.v->esp.n;
	memcpy(at->p, h->load.v->esp.p, at->n);
	return NULL;
}

static void *open_one(void *hand)
{
	struct hand *h = hand;
	struct arrival *a = &arrivals[h - hands];
	struct sealed *at = &sealed[h - hands];

	*a = (struct arrival){
		.esp = { .p = at->p, .n = at->n }, .path.remote = sun.in_slot.remote, .encap = true
	};
	inbound_open(&h->lane, a, 1);
	return NULL;
}

/* All do WORK by SA, each with one packet, and none waits for another one to be done. */
static void assert_met(struct esp *sa, const struct gate *g, void *(*work)(void *hand))
{
	sa->engine = &engine_of_all;
	meeting.inside = meeting.waited = 0;
	run(g, work);
	assert_int_equal(meeting.inside, THREADS);
	assert_int_equal(meeting.waited, 0);
	for (unsigned i = 0; i < THREADS; i++)
		for (unsigned k = 0; k < i; k++)
			assert_ptr_not_equal(meeting.contexts[i], meeting.contexts[k]);
}

static void threads_use_an_engine_at_the_same_time_each_with_its_context(void **state)
{
	(void)state;
	open_both("chacha20poly1305");
	meeting.made = meeting.freed = 0;
	assert_met(&moon.out->esp, &moon, seal_one);
	assert_met(&sun.in->esp, &sun, open_one);
	inbound_admit(&sun.lane, arrivals, THREADS);
	for (unsigned i = 0; i < THREADS; i++)
		assert_int_equal(arrivals[i].esp.drop, DROP_NONE);
	assert_int_equal(gate_usage(sun.in).packets, THREADS);
	assert_int_equal(meeting.made, 2 * THREADS);
	assert_int_equal(meeting.freed, 0);
	close_both();
	assert_int_equal(meeting.freed, 2 * THREADS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_used_once_and_packets_taken_once),
		cmocka_unit_test(contexts_that_cannot_be_shared_are_each_threads_own),
		cmocka_unit_test(threads_use_an_engine_at_the_same_time_each_with_its_context),
		cmocka_unit_test(a_call_that_comes_late_is_no_turn),
		cmocka_unit_test(what_several_open_is_written_once_and_in_the_order_in_which_it_came),
		cmocka_unit_test(order_is_kept_where_contexts_cannot_be_shared),
		cmocka_unit_test(what_several_open_does_not_pass_the_limit_of_the_sa),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
