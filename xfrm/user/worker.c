/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The loop of a packet thread. */
#include "xfrm/user/worker.h"

#include "xfrm/clock.h"
#include "xfrm/user/intake.h"
#include "xfrm/user/pool.h"
#include "xfrm/user/tempo.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
	ROUNDS = 4,           /* batches from one source before the others have their turn */
	BUNDLES = 32,         /* received at once */
	BACKLOG = 256,        /* packets in a batch that show that there will be as many again, */
	BACKLOGS = 2,         /* and so many of them, one behind the other, call for help */
	EACH = 64,            /* packets in a bundle of which nothing is known yet */
	LATE = 1000000,       /* ns; whose turn comes later than this waits for who has no processor */
	READS = LOAD_PACKETS, /* of a device in one batch: small ones fill a load */
	EVENTS = 16,
};

struct worker {
	pthread_t thread;
	enum worker_way way;
	int epoll, stop;
	struct worker_setup at;
	struct lane lane;
	struct pool pool;
	struct outer_batch batch;
	struct bundle bundles[BUNDLES];
	struct intake intake;
	struct load load;
	struct tempo tempo;
	unsigned reads; /* in this batch, of whatever source */
	unsigned whose; /* packets it carries: the number of the thread that has their queue of each device */
	unsigned each;  /* packets in each bundle of the last batch */
	unsigned backlogs; /* batches one behind the other that showed one */
	bool helps;        /* the thread HELPED, with what comes by its sockets of HELPED_KIND */
	unsigned helped;
	enum outer_kind helped_kind;
	struct buffer
		buffers[BUNDLES]; /* what is received; of the way out only the first two, for what is read */
};

/* Who has something to read; in the thirty-two bits below, which one. */
enum feed { SOURCE_STOP, SOURCE_OUTER, SOURCE_DEVICE, SOURCE_CALL };

static uint64_t event_of(enum feed feed, unsigned which)
{
	return (uint64_t)feed << 32 | which;
}

static void worker_write(void *ctx, const struct device *d, const struct iovec *v, unsigned n)
{
	struct worker *w = ctx;
	ssize_t done;

	do
		done = writev(d->queue[w->whose], v, (int)n);
	while (done < 0 && errno == EINTR);
	if (done < 0)
		drop_count_all(
			w->at.drops, DROP_DEVICE, n - 1); /* one packet, or joined ones, behind a header */
	pace_count(w->at.pace, PACE_WRITTEN, 1, n - 1);
}

static bool worker_tell(void *ctx, const struct esp_report *r, struct bytes body)
{
	struct worker *w = ctx;

	if (channel_tell(w->at.channel, r, body))
		return true;
	drop_count(w->at.drops, DROP_REPORT);
	return false;
}

static void worker_answer(void *ctx, const struct device *to, struct bytes packet)
{
	struct virtio_net_hdr none = { 0 };
	const struct iovec v[] = { { &none, sizeof none }, { (void *)packet.p, packet.n } };

	worker_write(ctx, to, v, 2);
}

static unsigned reader_of(const struct worker *w)
{
	return (unsigned)w->way * WORKERS_MAX + w->at.number;
}

/* What was published before a packet was sent holds for it, so that its thread looks again once it has the
 * packet. Nothing of the snapshot before may be in use. */
static void look_again(struct worker *w)
{
	w->lane.snap = board_hold(w->at.board, reader_of(w));
}

static uint64_t nanoseconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* Several carry what came by the same sockets: each takes what it has room for. */
static unsigned most_of(const struct worker *w, bool beside)
{
	unsigned fit = INTAKE_PACKETS / w->each;

	return !beside || fit > BUNDLES ? BUNDLES : fit ? fit : 1;
}

/* Opens and writes N bundles, whose TICKET it holds. Alone it does one packet after the other. */
static unsigned carry_bundles(struct worker *w, unsigned n, uint64_t ticket, bool beside)
{
	struct turns *t = &w->at.crew->turns[w->whose];
	unsigned all;
	bool slept = false;
	uint64_t before = 0;

	if (!beside && turns_is_served(t, ticket)) {
		all = intake_carry(&w->intake, w->bundles, n);
		turns_done(t, ticket);
		return all;
	}
	before = nanoseconds();
	all = intake_beside(&w->intake, w->bundles, n, t, ticket, &slept);
	if (slept && nanoseconds() - before > LATE)
		crew_calm(w->at.crew, w->lane.now);
	pace_count(w->at.pace, PACE_SHARED, 1, all);
	return all;
}

/* One batch from the sockets of thread WHOSE to the devices. True when there may be more. */
static bool carry_in(struct worker *w, unsigned whose, enum outer_kind kind)
{
	struct turns *t = &w->at.crew->turns[whose];
	bool beside = atomic_load_explicit(&t->helpers, memory_order_relaxed);
	unsigned most = most_of(w, beside), n, all;
	uint64_t ticket;

	w->whose = whose;
	turns_take(t);
	n = outer_receive(&w->at.outers[whose], kind, &w->batch, w->buffers, w->bundles, most);
	if (!n) {
		turns_pass(t);
		w->backlogs = 0;
		return false;
	}
	ticket = turns_draw(t);
	if (w->backlogs >= BACKLOGS && whose == w->at.number)
		crew_call(w->at.crew, w->at.number, kind, w->lane.now);
	look_again(w);
	all = carry_bundles(w, n, ticket, beside);
	pace_count(w->at.pace, PACE_RECEIVED, n, all);
	w->each = all / n + 1;
	w->backlogs = n == most || all >= BACKLOG ? w->backlogs + 1 : 0;
	w->reads += n;
	return n == most;
}

static void stop_helping(struct worker *w)
{
	if (w->helps)
		crew_leave(w->at.crew, w->helped);
	w->helps = false;
}

static void begin_helping(struct worker *w)
{
	stop_helping(w);
	crew_join(w->at.crew, w->at.number, &w->helped, &w->helped_kind);
	w->helps = true;
	w->each = EACH;
}

/* Carries packets of another thread until there are few. */
static void help(struct worker *w)
{
	for (int i = 0; i < ROUNDS && w->helps; i++)
		if (!carry_in(w, w->helped, w->helped_kind))
			stop_helping(w);
	w->backlogs = 0;
}

static void send_load(struct worker *w)
{
	outbound_seal(&w->lane, &w->load);
	pace_count(w->at.pace, PACE_READ, 0, w->load.n);
	pace_count(w->at.pace, PACE_SENT,
		outer_send(&w->at.outers[w->at.number], &w->batch, &w->load, w->at.drops), w->load.n);
	load_empty(&w->load);
}

/* Reads one packet, or many as one, to P, with what stands before it. One call for each packet is what costs
 * most: into one piece of memory, and past libc, where each is a point at which the thread could be
 * cancelled, it costs about 150 ns less. */
static ssize_t read_device(struct worker *w, const struct device *d, struct virtio_net_hdr *h, uint8_t **p)
{
	enum { BEFORE = 64 /* for the packet to begin where the next line of cache does */ };
	uint8_t *at = w->buffers->octets + BEFORE - sizeof *h;
	ssize_t got = syscall(SYS_read, d->queue[w->at.number], at, sizeof *h + OUTER_ROOM);

	if (got > 0)
		memcpy(h, at, sizeof *h);
	*p = at + sizeof *h;
	return got - (ssize_t)sizeof *h;
}

/* One batch from the device in SLOT to the network. True when there may be more. What has come leaves when
 * nothing more is there, or when a load is full. */
static bool carry_out(struct worker *w, unsigned slot)
{
	const struct device *d = w->lane.snap->tables.devices[slot];
	struct virtio_net_hdr h;
	struct parcel parcel;
	unsigned reads = 0;
	ssize_t got = 0;
	uint8_t *p;

	while (d && reads < READS && (got = read_device(w, d, &h, &p)) >= 0) {
		reads++;
		if (!w->load.n) {
			look_again(w);
			d = w->lane.snap->tables.devices[slot];
		}
		if (!d || !outbound_take(&w->lane, d, &h, bytes_of(p, (size_t)got), &parcel))
			continue;
		while (!outbound_load(&w->lane, &parcel, &w->load))
			send_load(w);
	}
	if (d && got < 0 && errno == EBADFD) /* somebody deleted it: it would be readable for ever */
		worker_unwatch(w, d);
	send_load(w);
	pace_count(w->at.pace, PACE_READ, reads, 0);
	w->reads += reads;
	return reads == READS;
}

/* Carries what the source of one event has. False when the thread is to end. */
static bool serve(struct worker *w, uint64_t event)
{
	switch ((enum feed)(event >> 32)) {
	case SOURCE_STOP: return false;
	case SOURCE_OUTER:
		for (int i = 0; i < ROUNDS && carry_in(w, w->at.number, (enum outer_kind)(uint32_t)event);
			i++)
			;
		break;
	case SOURCE_CALL: begin_helping(w); break;
	case SOURCE_DEVICE:
		for (int i = 0; i < ROUNDS && carry_out(w, (uint32_t)event); i++)
			;
		break;
	}
	return true;
}

/* Lets packets gather where they come fast. */
static void rest(struct worker *w)
{
	bool rested = w->tempo.rested;
	struct timespec t = { .tv_nsec = tempo_rest(&w->tempo, nanoseconds(), w->reads) };

	if (rested)
		pace_count(w->at.pace, PACE_RESTED, 1, w->reads);
	w->reads = 0;
	if (!t.tv_nsec)
		return;
	nanosleep(&t, NULL);
	tempo_woke(&w->tempo, nanoseconds());
}

/* Waits until there is something to do; who receives may be called then. */
static int await(struct worker *w, struct epoll_event events[EVENTS])
{
	int n;

	if (w->way == WORKER_OUT || w->helps)
		return epoll_wait(w->epoll, events, EVENTS, w->helps ? 0 : -1);
	crew_idle(w->at.crew, w->at.number);
	n = epoll_wait(w->epoll, events, EVENTS, -1);
	crew_busy(w->at.crew, w->at.number);
	return n;
}

static void *worker_main(void *arg)
{
	struct worker *w = arg;
	struct epoll_event events[EVENTS];
	bool on = true;

	while (on) {
		int n = await(w, events);

		w->lane.snap = board_hold(w->at.board, reader_of(w));
		w->lane.now = xfrm_now();
		for (int i = 0; i < n && on; i++)
			on = serve(w, events[i].data.u64);
		if (w->helps)
			help(w);
		board_release(w->at.board, reader_of(w));
		rest(w);
	}
	stop_helping(w);
	return NULL;
}

static bool watch(struct worker *w, int fd, uint64_t event)
{
	struct epoll_event e = { .events = EPOLLIN, .data.u64 = event };

	return !epoll_ctl(w->epoll, EPOLL_CTL_ADD, fd, &e);
}

static bool watch_all(struct worker *w)
{
	bool ok = watch(w, w->stop, event_of(SOURCE_STOP, 0));

	if (w->way == WORKER_IN)
		ok = ok && watch(w, w->at.crew->call[w->at.number], event_of(SOURCE_CALL, 0));
	for (enum outer_kind kind = 0; kind < OUTER_MAX && w->way == WORKER_IN; kind++)
		if (w->at.outers[w->at.number].fd[kind] >= 0)
			ok = ok &&
			     watch(w, w->at.outers[w->at.number].fd[kind], event_of(SOURCE_OUTER, kind));
	return ok;
}

/* Signals are the control thread's. */
static bool start_thread(struct worker *w)
{
	sigset_t all, before;
	int failed;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	failed = pthread_create(&w->thread, NULL, worker_main, w);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	errno = failed;
	return !failed;
}

static void worker_free(struct worker *w)
{
	if (w->epoll >= 0)
		close(w->epoll);
	if (w->stop >= 0)
		close(w->stop);
	wipe(&w->pool, sizeof w->pool);
	free(w);
}

enum err worker_start(
	enum worker_way way, const struct worker_setup *setup, struct worker **out, struct text *why)
{
	struct worker *w = aligned_alloc(_Alignof(struct worker), sizeof *w);

	if (!w)
		abort();
	w->way = way;
	w->at = *setup;
	w->lane = (struct lane){
		.number = setup->number,
		.drops = setup->drops,
		.rng = &w->pool.rng,
		.ctx = w,
		.tell = worker_tell,
		.answer = worker_answer,
	};
	w->tempo = (struct tempo){ 0 };
	w->reads = 0;
	w->backlogs = 0;
	w->whose = setup->number;
	w->each = EACH;
	w->helps = false;
	w->intake.lane = &w->lane;
	w->intake.join = (struct join){ .ctx = w, .write = worker_write };
	load_empty(&w->load);
	pool_init(&w->pool);
	w->epoll = epoll_create1(EPOLL_CLOEXEC);
	w->stop = eventfd(0, EFD_CLOEXEC);
	if (w->epoll < 0 || w->stop < 0 || !watch_all(w) || !start_thread(w)) {
		text_add(why, "a packet thread cannot be started: %s: see the limits of tasks and open files",
			strerror(errno));
		worker_free(w);
		return ERR_SYSTEM;
	}
	*out = w;
	return ERR_OK;
}

void worker_stop(struct worker *w)
{
	uint64_t one = 1;

	if (!w)
		return;
	if (write(w->stop, &one, sizeof one) != sizeof one)
		abort();
	pthread_join(w->thread, NULL);
	worker_free(w);
}

enum err worker_watch(struct worker *w, const struct device *d, struct text *why)
{
	if (watch(w, d->queue[w->at.number], event_of(SOURCE_DEVICE, d->slot)))
		return ERR_OK;
	text_add(why, "a tun device cannot be watched: %s", strerror(errno));
	return ERR_SYSTEM;
}

void worker_unwatch(struct worker *w, const struct device *d)
{
	(void)epoll_ctl(w->epoll, EPOLL_CTL_DEL, d->queue[w->at.number], NULL);
}
