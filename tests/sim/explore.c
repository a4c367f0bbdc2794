/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The searches of all scenarios, each in a process of its own, and what came of them. */
#include "tests/sim/explore.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PROCESSES = 2, SCENARIOS_MAX = 32, VARIANTS_MAX = 2 * ORDERS };

/* One search. */
struct errand {
	const struct scenario *scenario;
	unsigned variant;
	pid_t pid;
	bool running, done;
	int status;
	struct found *found;
};

struct errands {
	struct errand v[SCENARIOS_MAX * VARIANTS_MAX];
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
		search(&s, e->variant, e->found);
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
	size_t size = SCENARIOS_MAX * VARIANTS_MAX * sizeof(struct found);
	struct found *shared = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (shared == MAP_FAILED)
		exit(2);
	for (const struct scenario *s = scenarios; s->name; s++)
		for (unsigned v = 0; v < VARIANTS_MAX && (!name || !strcmp(name, s->name)); v++) {
			if (v % ORDERS >= s->orders || (v >= ORDERS && !s->both_ways))
				continue;
			all->v[all->n] =
				(struct errand){ .scenario = s, .variant = v, .found = &shared[all->n] };
			all->n++;
		}
}

static bool report_failure(const struct errand *e)
{
	if (!went_wrong(e))
		return false;
	printf("explore %s: %s\n  sim --explore %s --path %u:%s\n", e->scenario->name,
		e->found->failed[0] ? e->found->failed : "the process ended (see above)", e->scenario->name,
		e->variant, e->found->path);
	return true;
}

static void report(struct errands *all, const struct scenario *s)
{
	unsigned long worlds = 0, ends = 0;
	bool failed = false, any = false;

	for (unsigned i = 0; i < all->n; i++) {
		const struct errand *e = &all->v[i];

		if (e->scenario != s || !e->done)
			continue;
		any = true;
		worlds += e->found->worlds;
		ends += e->found->ends;
		if (!failed)
			failed = report_failure(e);
	}
	if (!any)
		return;
	printf("explore %s: %lu worlds, %lu ends, %s\n", s->name, worlds, ends, failed ? "FAILED" : "closed");
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
	unsigned variant;
	int n = 0;

	if (!s || sscanf(path, "%u:%n", &variant, &n) != 1 || !n)
		return 2;
	return !search_show(s, variant, path + n);
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
