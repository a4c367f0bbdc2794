/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A timer of the wall clock, which the kernel cancels when that is set, and when the machine wakes. */
#include "daemon/slumber.h"

#include "daemon/clock.h"
#include "daemon/engine.h"
#include "daemon/line.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum { CANCELLED_BY_JUMPS = TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET };

uint64_t slumber_notice(struct slumber *s, uint64_t slept)
{
	uint64_t since = slept > s->slept ? slept - s->slept : 0;

	if (since < SLUMBER_LEAST)
		return 0;
	s->slept = slept;
	return since;
}

/* s since 1970: not within two centuries, and no more than the kernel counts. */
static const int64_t NEVER = INT64_C(1) << 33;

static bool arm(int fd)
{
	const struct itimerspec never = { .it_value.tv_sec = NEVER };

	return !timerfd_settime(fd, CANCELLED_BY_JUMPS, &never, NULL);
}

static void say_woken(uint64_t slept)
{
	struct arena arena = { 0 };

	line_say(LOG_NOTICE, "woken",
		arena_printf(&arena,
			"this machine has slept for %llu s: each IKE_SA is checked, and what has outlived "
			"its time is set up anew",
			(unsigned long long)slept / 1000));
	arena_free(&arena);
}

static void say_unnoticed(const char *reason)
{
	struct arena arena = { 0 };

	line_say(LOG_WARN, "woken",
		arena_printf(&arena,
			"that this machine has slept is not noticed (timerfd: %s): its tunnels may come back "
			"late",
			reason));
	arena_free(&arena);
}

/* The wall clock may have been set by somebody instead. */
static void on_jump(evutil_socket_t fd, short what, void *ctx)
{
	struct world *w = ctx;
	uint64_t ends, slept = slumber_notice(&w->slumber, clock_slept());

	(void)what;
	if (read(fd, &ends, sizeof ends) < 0 && errno != ECANCELED)
		return;
	(void)arm(fd);
	if (!slept)
		return;
	say_woken(slept);
	engine_feed(w, &(struct ike_event){ .kind = EVENT_WOKEN });
}

void slumber_start(struct world *w)
{
	struct slumber *s = &w->slumber;

	*s = (struct slumber){ .slept = clock_slept() };
	s->fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);
	if (s->fd < 0 || !arm(s->fd)) {
		say_unnoticed(strerror(errno));
		return;
	}
	s->readable = event_new(w->base, s->fd, EV_READ | EV_PERSIST, on_jump, w);
	if (!s->readable || event_add(s->readable, NULL))
		abort();
}

void slumber_stop(struct world *w)
{
	struct slumber *s = &w->slumber;

	if (s->readable)
		event_free(s->readable);
	if (s->fd >= 0)
		close(s->fd);
}
