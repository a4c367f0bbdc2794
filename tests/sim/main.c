/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sim --seeds A-B: lives the lives of these seeds, and tells which failed. sim --show SEED: one, with all
 * that happens. sim --record SEED FILE: one, whose events each host writes to FILE-HOST.log, for replay;
 * --record-secrets: with all keys, which then are compared too. --light before these: key exchanges that cost
 * nothing, for very many lives; --beside: two clients behind one NAT. sim --explore: small worlds, and all
 * that can come of them (explore.h). */
#include "tests/sim/explore.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	WORKERS = 2,
	TWICE = 64,       /* one life in so many is lived twice, and must be the same */
	FAILURES_MAX = 20 /* then it stops: nobody reads more */
};

/* What the workers tell their parent; it outlives one that crashes. */
struct tally {
	volatile uint32_t at[WORKERS]; /* the seed under way */
	_Atomic unsigned passed, failed;
	uint32_t last; /* no seed above it */
	const struct manner *manner;
};

static bool live(uint32_t seed, const struct manner *manner)
{
	struct arena arena = { 0 };
	struct text why = text_in(&arena);
	uint64_t trace, again;
	bool good = !life_live(seed, manner, &why, &trace);

	if (good && !manner->loud && !manner->record && seed % TWICE == 0) {
		good = !life_live(seed, manner, &why, &again) && trace == again;
		if (!good)
			text_add(&why, "a second run was another one");
	}
	if (!good)
		printf("seed %u%s%s: %s\n", seed, manner->light ? " (--light)" : "",
			manner->beside ? " (--beside)" : "", text_str(&why));
	fflush(stdout);
	arena_free(&arena);
	return good;
}

/* Every WORKERS-th seed from FIRST on. */
static void work(struct tally *t, unsigned worker, uint32_t first)
{
	for (uint64_t seed = first; seed <= t->last && t->failed < FAILURES_MAX; seed += WORKERS) {
		t->at[worker] = (uint32_t)seed;
		if (live((uint32_t)seed, t->manner))
			t->passed++;
		else
			t->failed++;
	}
}

static pid_t start(struct tally *t, unsigned worker, uint32_t first)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid < 0)
		exit(2);
	if (!pid) {
		work(t, worker, first);
		exit(0); /* by way of the leak check */
	}
	return pid;
}

/* Waits for WORKER's end; when it crashed, another goes on behind the seed that it died of. */
static void attend(struct tally *t, unsigned worker, pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) == pid && status) {
		t->failed++;
		printf("seed %u: the process ended with %s %d (see above)\n", t->at[worker],
			WIFSIGNALED(status) ? "signal" : "status",
			WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
		if ((uint64_t)t->at[worker] + WORKERS > t->last)
			break;
		pid = start(t, worker, t->at[worker] + WORKERS);
	}
}

static int run(uint32_t first, uint32_t last, const struct manner *manner)
{
	struct tally *t = mmap(NULL, sizeof *t, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pids[WORKERS];

	if (t == MAP_FAILED)
		return 2;
	t->last = last;
	t->manner = manner;
	for (unsigned i = 0; i < WORKERS; i++)
		pids[i] = start(t, i, first + i);
	for (unsigned i = 0; i < WORKERS; i++)
		attend(t, i, pids[i]);
	printf("%u passed, %u failed\n", t->passed, t->failed);
	return t->failed || !t->passed;
}

/* Whether WORD comes next; then it is stepped over. */
static bool taken(int *argc, char ***argv, const char *word)
{
	bool is = *argc > 1 && !strcmp((*argv)[1], word);

	*argc -= is;
	*argv += is;
	return is;
}

int main(int argc, char **argv)
{
	struct manner manner = { 0 };
	unsigned first, last;

	manner.light = taken(&argc, &argv, "--light");
	manner.beside = taken(&argc, &argv, "--beside");
	if (argc == 3 && !strcmp(argv[1], "--show") && sscanf(argv[2], "%u", &first) == 1) {
		manner.loud = true;
		return !live(first, &manner);
	}
	if (argc == 4 && (!strcmp(argv[1], "--record") || !strcmp(argv[1], "--record-secrets")) &&
		sscanf(argv[2], "%u", &first) == 1) {
		manner.record = argv[3];
		manner.record_secrets = !strcmp(argv[1], "--record-secrets");
		return !live(first, &manner);
	}
	if (argc == 3 && !strcmp(argv[1], "--seeds") && sscanf(argv[2], "%u-%u", &first, &last) == 2 &&
		first <= last && last <= INT32_MAX)
		return run(first, last, &manner);
	if (argc >= 2 && argc <= 3 && !strcmp(argv[1], "--explore"))
		return explore(argv[2], NULL);
	if (argc == 5 && !strcmp(argv[1], "--explore") && !strcmp(argv[3], "--path"))
		return explore_show(argv[2], argv[4]);
	if (argc == 5 && !strcmp(argv[1], "--explore") && !strcmp(argv[3], "--budget"))
		return explore(argv[2], argv[4]);
	fprintf(stderr,
		"usage: sim [--light] [--beside] --seeds A-B | --show SEED | --record[-secrets] SEED FILE   "
		"(seeds have "
		"31 bits)\n"
		"       sim --explore [--first | NAME [--path PATH | --budget LOSE,REPEAT,CLOCK,LATE]]\n");
	return 2;
}
