/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The scenarios, and their searches in processes of their own. */
#include "tests/sim/explore.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ORDERS_MAX = 4, PROCESSES = 2, SCENARIOS_MAX = 32 };

static const struct ike_command rekey_child = { .kind = COMMAND_REKEY, .child = "net" };
static const struct ike_command rekey_ike = { .kind = COMMAND_REKEY, .ike = "site" };
static const struct ike_command create = { .kind = COMMAND_UP, .child = "more" };
static const struct ike_command down_child = { .kind = COMMAND_DOWN, .child = "net" };
static const struct ike_command down_more = { .kind = COMMAND_DOWN, .child = "more" };
static const struct ike_command force_child = { .kind = COMMAND_DOWN, .child = "net", .force = true };
static const struct ike_command down_ike = { .kind = COMMAND_DOWN, .ike = "site" };

#define PLAIN "aes128gcm16"
#define KE    "aes128gcm16-x25519"

#define PEACE true, false
#define WAR   false, false
#define FAILS false, true

/* clang-format off */
const struct scenario scenarios[] = {
/*  name                       children   moon's commands; sun's commands                  lose repeat clock late
 *                                                                                         orders, kind, IKE_SAs and CHILD_SAs in the end */
{ "child-rekey-both",          PLAIN, { { &rekey_child }, { &rekey_child } }, { 1, 0, 1, 0 }, 2, PEACE, 1, 1 },
{ "child-rekey-both-doubled",  PLAIN, { { &rekey_child }, { &rekey_child } }, { 0, 1, 0, 1 }, 2, PEACE, 1, 1 },
{ "child-rekey-both-late",     KE,    { { &rekey_child }, { &rekey_child } }, { 0, 0, 1, 1 }, 2, PEACE, 1, 1 },
{ "child-rekey-both-failed",   PLAIN, { { &rekey_child }, { &rekey_child } }, { 0, 0, 1, 1 }, 2, FAILS, -1, -1 },
{ "ike-rekey-both",            PLAIN, { { &rekey_ike }, { &rekey_ike } }, { 1, 1, 1, 0 }, 2, PEACE, 1, 1 },
{ "ike-rekey-both-late",       PLAIN, { { &rekey_ike }, { &rekey_ike } }, { 1, 0, 1, 1 }, 2, PEACE, 1, 1 },
{ "ike-rekey-both-failed",     PLAIN, { { &rekey_ike }, { &rekey_ike } }, { 0, 0, 1, 1 }, 2, FAILS, -1, -1 },
{ "ike-rekey-child-rekey",     KE,    { { &rekey_ike }, { &rekey_child } }, { 1, 0, 1, 1 }, 1, PEACE, 1, 1 },
{ "child-rekey-child-delete",  PLAIN, { { &rekey_child }, { &down_child } }, { 1, 0, 1, 1 }, 1, WAR, 1, 0 },
{ "child-rekey-child-force",   KE,    { { &rekey_child }, { &force_child } }, { 1, 0, 1, 1 }, 1, WAR, 1, -1 },
{ "child-rekey-ike-delete",    KE,    { { &rekey_child }, { &down_ike } }, { 1, 1, 1, 1 }, 1, WAR, 0, 0 },
{ "ike-rekey-child-delete",    PLAIN, { { &rekey_ike }, { &down_child } }, { 1, 1, 1, 1 }, 1, WAR, 1, 0 },
{ "ike-rekey-ike-delete",      PLAIN, { { &rekey_ike }, { &down_ike } }, { 1, 1, 1, 1 }, 1, WAR, 0, 0 },
{ "child-create-ike-rekey",    KE,    { { &create }, { &rekey_ike } }, { 1, 0, 1, 1 }, 1, PEACE, 1, 2 },
{ "child-create-both",         KE,    { { &create }, { &create } }, { 1, 0, 1, 1 }, 1, PEACE, 1, -1 },
{ "child-create-then-delete",  KE,    { { &create }, { &down_more } }, { 1, 0, 1, 1 }, 1, WAR, 1, -1 },
{ "child-delete-both",         PLAIN, { { &down_child }, { &down_child } }, { 1, 1, 2, 1 }, 1, WAR, 1, 0 },
{ "ike-delete-both",           PLAIN, { { &down_ike }, { &down_ike } }, { 1, 1, 2, 1 }, 1, WAR, 0, 0 },
{ "rekey-then-delete",         PLAIN, { { &rekey_child, &down_child }, { &rekey_child } }, { 0, 0, 0, 1 }, 2, WAR, 1, -1 },
{ "rekey-all-both",            PLAIN, { { &rekey_child, &rekey_ike }, { &rekey_child, &rekey_ike } }, { 0, 0, 0, 0 }, 2, PEACE, 1, 1 },
{ 0 }
};
/* clang-format on */

/* One search: a scenario with an order of nonces. */
struct errand {
	const struct scenario *scenario;
	unsigned order;
	pid_t pid;
	bool running, done;
	int status;
	struct found *found;
};

struct errands {
	struct errand v[SCENARIOS_MAX * ORDERS_MAX];
	unsigned n, passed, failed;
	bool first, over; /* to end with the first that fails; one has */
};

static const struct budget *instead; /* of the scenarios' budgets; NULL: none */

static void start(struct errand *e)
{
	struct scenario s = *e->scenario;

	fflush(stdout);
	if (instead)
		s.budget = *instead;
	e->pid = fork();
	if (e->pid < 0)
		exit(2);
	e->running = true;
	if (!e->pid) {
		search(&s, e->order, e->found);
		fflush(stdout);
		/* Not by way of the leak check: copies of worlds are no leaks. */
		_exit(0);
	}
}

static bool went_wrong(const struct errand *e)
{
	return e->status || !e->found->closed;
}

static void end_others(struct errands *all)
{
	for (unsigned i = 0; i < all->n; i++)
		if (all->v[i].running)
			kill(all->v[i].pid, SIGKILL);
}

static void attend(struct errands *all)
{
	int status;
	pid_t pid = wait(&status);

	for (unsigned i = 0; i < all->n; i++) {
		struct errand *e = &all->v[i];

		if (!e->running || e->pid != pid)
			continue;
		e->running = false;
		e->done = !all->over;
		e->status = status;
		if (!all->over && all->first && went_wrong(e)) {
			all->over = true;
			end_others(all);
		}
	}
}

static void run(struct errands *all)
{
	unsigned running = 0;

	for (unsigned i = 0; i < all->n && !all->over; i++) {
		if (running == PROCESSES) {
			attend(all);
			running--;
		}
		if (all->over)
			break;
		start(&all->v[i]);
		running++;
	}
	for (; running; running--)
		attend(all);
}

static void collect(struct errands *all, const char *name)
{
	size_t size = SCENARIOS_MAX * ORDERS_MAX * sizeof(struct found);
	struct found *shared = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (shared == MAP_FAILED)
		exit(2);
	for (const struct scenario *s = scenarios; s->name; s++)
		for (unsigned order = 0; order < s->orders && (!name || !strcmp(name, s->name)); order++) {
			all->v[all->n] =
				(struct errand){ .scenario = s, .order = order, .found = &shared[all->n] };
			all->n++;
		}
}

static bool report_failure(const struct errand *e)
{
	if (!went_wrong(e))
		return false;
	printf("explore %s: %s\n  sim --explore %s --path %u:%s\n", e->scenario->name,
		e->found->failed[0] ? e->found->failed : "the process ended (see above)", e->scenario->name,
		e->order, e->found->path);
	return true;
}

static void report(struct errands *all, const struct scenario *s)
{
	unsigned long worlds = 0, ends = 0, steps = 0;
	bool failed = false, any = false;

	for (unsigned i = 0; i < all->n; i++) {
		const struct errand *e = &all->v[i];

		if (e->scenario != s || !e->done)
			continue;
		any = true;
		worlds += e->found->worlds;
		ends += e->found->ends;
		steps += e->found->steps;
		if (!failed)
			failed = report_failure(e);
	}
	if (!any)
		return;
	printf("explore %s: %lu worlds, %lu ends, %lu steps, %s\n", s->name, worlds, ends, steps,
		failed ? "FAILED" : "closed");
	all->passed += !failed;
	all->failed += failed;
}

static const struct scenario *find(const char *name)
{
	for (const struct scenario *s = scenarios; s->name; s++)
		if (name && !strcmp(s->name, name))
			return s;
	return NULL;
}

int explore_show(const char *name, const char *path)
{
	const struct scenario *s = find(name);
	unsigned order;
	int n = 0;

	if (!s || sscanf(path, "%u:%n", &order, &n) != 1 || !n)
		return 2;
	return !search_show(s, order, path + n);
}

int explore(const char *name, const char *budget)
{
	static struct errands all;
	struct budget b;

	all.first = name && !strcmp(name, "--first");
	if (all.first)
		name = NULL;
	if (budget && sscanf(budget, "%hhu,%hhu,%hhu,%hhu", &b.lose, &b.repeat, &b.clock, &b.late) == 4)
		instead = &b;
	collect(&all, name);
	run(&all);
	for (const struct scenario *s = scenarios; s->name; s++)
		report(&all, s);
	printf("%u passed, %u failed\n", all.passed, all.failed);
	return all.failed || !all.passed;
}
