/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tickets. */
#include "xfrm/user/turns.h"

enum { GLANCES = 64 /* some microseconds: less than a sleep costs */ };

void turns_init(struct turns *t)
{
	*t = (struct turns){ .drawn = 0 };
	pthread_mutex_init(&t->taking, NULL);
	for (unsigned i = 0; i < WORKERS_MAX; i++)
		sem_init(&t->seats[i].call, 0, 0);
}

void turns_end(struct turns *t)
{
	for (unsigned i = 0; i < WORKERS_MAX; i++)
		sem_destroy(&t->seats[i].call);
	pthread_mutex_destroy(&t->taking);
}

void turns_take(struct turns *t)
{
	pthread_mutex_lock(&t->taking);
}

uint64_t turns_draw(struct turns *t)
{
	uint64_t ticket = t->drawn++;

	pthread_mutex_unlock(&t->taking);
	return ticket;
}

void turns_pass(struct turns *t)
{
	pthread_mutex_unlock(&t->taking);
}

bool turns_is_served(const struct turns *t, uint64_t ticket)
{
	return atomic_load(&t->served) == ticket;
}

static void pause_a_moment(void)
{
#if defined __x86_64__ || defined __i386__
	__builtin_ia32_pause();
#endif
}

/* Of as many tickets as there are threads at most, no two have the same seat. */
static struct seat *seat_of(struct turns *t, uint64_t ticket)
{
	return &t->seats[ticket % WORKERS_MAX];
}

bool turns_wait(struct turns *t, uint64_t ticket)
{
	struct seat *seat = seat_of(t, ticket);
	bool slept = false;

	for (unsigned i = 0; i < GLANCES; i++) {
		if (turns_is_served(t, ticket))
			return false;
		pause_a_moment();
	}
	/* Either it is seen here that the ticket is served, or it is seen there that the seat is taken. Who
	 * has served a ticket long ago may look at the seat as late as now: being called is no turn. */
	do {
		atomic_store(&seat->taken, true);
		if (turns_is_served(t, ticket) && atomic_exchange(&seat->taken, false))
			return slept;
		while (sem_wait(&seat->call))
			;
		slept = true;
	} while (!turns_is_served(t, ticket));
	return true;
}

static void call_next(struct turns *t, uint64_t ticket)
{
	struct seat *next = seat_of(t, ticket);

	if (atomic_load(&next->taken) && atomic_exchange(&next->taken, false))
		sem_post(&next->call);
}

void turns_done(struct turns *t, uint64_t ticket)
{
	atomic_store(&t->served, ticket + 1);
	call_next(t, ticket + 1);
}
