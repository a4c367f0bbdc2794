/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/pair/resume.h"

#include "ike/conf.h"

struct pair *resume_open(void **state, const char *moon, const char *sun)
{
	struct pair *p = pair_open(state, moon, sun);

	host_remember(p->moon);
	host_remember(p->sun);
	if (!lab_first(p->lab))
		pair_say_up(p, 1);
	return p;
}

struct pair *resume_open_up(void **state, const char *moon, const char *sun)
{
	struct pair *p = resume_open(state, moon, sun);

	COMES_UP(p);
	pair_assert_up(p);
	return p;
}

struct kept_ticket *resume_ticket(const struct host *h)
{
	return conn_find(h->ike, "site")->ticket;
}

uint64_t resume_count(const struct host *h)
{
	return host_counted(h, COUNT_RESUMED);
}

/* Sun has been restarted, and moon, which asks whether it is there, has heard so. */
void resume_crash(struct pair *p)
{
	host_stop(p->sun);
	host_start(p->sun);
	pair_wait(p);
	ARROWS(p->lab, ALIVE(2), SHOWN(2));
}
