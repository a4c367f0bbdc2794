/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Calls between threads. */
#include "xfrm/user/crew.h"

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { CALM = 100 /* ms */ };

enum err crew_open(struct crew *c, unsigned n, struct text *why)
{
	for (unsigned i = 0; i < n; i++) {
		c->call[i] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		if (c->call[i] < 0) {
			text_add(why,
				"packet threads cannot call each other: %s: see the limit of open files",
				strerror(errno));
			return ERR_SYSTEM;
		}
		turns_init(&c->turns[i]);
		c->n = i + 1;
	}
	return ERR_OK;
}

void crew_close(struct crew *c)
{
	for (unsigned i = 0; i < c->n; i++) {
		close(c->call[i]);
		turns_end(&c->turns[i]);
	}
	c->n = 0;
}

static uint32_t bit_of(unsigned number)
{
	return UINT32_C(1) << number;
}

void crew_idle(struct crew *c, unsigned number)
{
	if (c->n > 1)
		atomic_fetch_or_explicit(&c->idle, bit_of(number), memory_order_relaxed);
}

void crew_busy(struct crew *c, unsigned number)
{
	if (c->n > 1)
		atomic_fetch_and_explicit(&c->idle, ~bit_of(number), memory_order_relaxed);
}

/* One of the idle ones, which nobody else calls then; -1: there is none. */
static int pick(struct crew *c)
{
	uint32_t idle = atomic_load_explicit(&c->idle, memory_order_relaxed);

	while (idle && !atomic_compare_exchange_weak(&c->idle, &idle, idle & (idle - 1)))
		;
	return idle ? __builtin_ctz(idle) : -1;
}

void crew_call(struct crew *c, unsigned number, enum outer_kind kind, uint64_t now)
{
	const uint64_t one = 1;
	int who;

	if (now < atomic_load_explicit(&c->calm_ms, memory_order_relaxed) || (who = pick(c)) < 0)
		return;
	atomic_store(&c->wanted[who], number * OUTER_MAX + kind);
	if (write(c->call[who], &one, sizeof one) != sizeof one)
		return; /* it was called before, and has yet to hear that */
}

void crew_join(struct crew *c, unsigned number, unsigned *whose, enum outer_kind *kind)
{
	unsigned wanted = atomic_load(&c->wanted[number]);
	uint64_t calls;

	(void)!read(c->call[number], &calls, sizeof calls);
	*whose = wanted / OUTER_MAX;
	*kind = (enum outer_kind)(wanted % OUTER_MAX);
	atomic_fetch_add(&c->turns[*whose].helpers, 1);
}

void crew_leave(struct crew *c, unsigned whose)
{
	atomic_fetch_sub(&c->turns[whose].helpers, 1);
}

void crew_calm(struct crew *c, uint64_t now)
{
	atomic_store_explicit(&c->calm_ms, now + CALM, memory_order_relaxed);
}
