/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From its first instruction to its end. */
#include "daemon/members.h"

#include "daemon/carrier.h"
#include "daemon/certs.h"
#include "daemon/ctl.h"
#include "daemon/eaps.h"
#include "daemon/keeper.h"
#include "daemon/lacking.h"
#include "daemon/nursery.h"
#include "daemon/process.h"
#include "daemon/sandbox.h"
#include "daemon/speaker.h"
#include "pki/providers.h"

#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

_Static_assert(FD_END - FD_CHANNELS <= NURSERY_FDS, "a copy gets all that a member does");

static int give_up(const char *what)
{
	fprintf(stderr, MEMBERS_TITLE "%s\n", what);
	return EXIT_FAILURE;
}

/* It ends when guard does, which is who gets these. */
static void ignore_signals(void)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP };

	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		(void)signal(numbers[i], SIG_IGN);
}

/* In the background nobody reads our standard error: guard is told as well. */
static void tell_and_give_up(enum ipc_process p, struct ipc_channel *guard, const char *why)
{
	(void)!ipc_send(guard,
		&(struct ipc_message){ .kind = IPC_LOG, .log = { LOG_ERROR, ipc_name(p), NULL, why } });
	(void)give_up(why);
}

/* Into the sandbox of P; what is wrong is told. What libraries needed to begin with is given back before: once
 * memory is locked it stays. */
static bool enter(enum ipc_process p, struct ipc_channel *guard)
{
	struct arena arena = { 0 };
	struct text why = text_in(&arena);
	bool done;

	(void)malloc_trim(0);
	process_forget_code();
	done = !sandbox_enter(p, FD_ROOT, &why);
	if (!done)
		tell_and_give_up(p, guard, text_str(&why));
	arena_free(&arena);
	return done;
}

static bool say_ready(struct ipc_channel *guard)
{
	return !ipc_send(guard, &(struct ipc_message){ .kind = IPC_READY });
}

/* FD, or -1 where it was not handed over. */
static int there(int fd)
{
	return fcntl(fd, F_GETFD) < 0 ? -1 : fd;
}

/* A line of the log; one that guard has no time for is lost. */
static void to_guard(void *ctx, enum log_level level, const char *word, const char *line)
{
	struct arena arena = { 0 };
	struct bytes text = bytes_str(line);
	const size_t frame = strlen("msg=\"");

	/* A sentence alone, which guard puts into quotes again. */
	if (text.n > frame && !strncmp(line, "msg=\"", frame) && line[text.n - 1] == '"')
		text = bytes_of(text.p + frame, text.n - frame - 1);
	(void)!ipc_tell(ctx, &(struct ipc_message){ .kind = IPC_LOG,
				     .log = { (uint8_t)level, word, NULL, arena_text(&arena, text) } });
	arena_free(&arena);
}

static int keep(enum ipc_process p, struct ipc_channel guard, struct ipc_channel ike)
{
	struct ipc_channel ctl = ipc_end(FD_OWN + 1, p, IPC_CTL);
	/* Tokens was handed none: what it has there it got from who started the daemon. */
	struct ipc_channel certs = ipc_end(p == IPC_KEEPER ? there(FD_OWN + 2) : -1, p, IPC_CERTS);
	struct keeper k = {
		.guard = guard, .ike = ike, .ctl = &ctl, .certs = certs.fd < 0 ? NULL : &certs
	};

	if (!enter(p, &k.guard))
		return EXIT_FAILURE;
	if (keeper_start(&k, FD_OWN)) {
		tell_and_give_up(p, &k.guard,
			"what the one before it kept is damaged: restart ikev2d, which reads it anew");
		return EXIT_FAILURE;
	}
	if (say_ready(&k.guard))
		keeper_run(&k);
	keeper_stop(&k);
	return EXIT_SUCCESS;
}

static int run_keeper(struct ipc_channel guard, struct ipc_channel ike)
{
	keeper_warm();
	return keep(IPC_KEEPER, guard, ike);
}

/* What it has the library do loads what others have written: not before its rights are gone. */
static int run_tokens(struct ipc_channel guard, struct ipc_channel ike)
{
	return keep(IPC_TOKENS, guard, ike);
}

static int run_certs(struct ipc_channel guard, struct ipc_channel ike)
{
	struct event_base *base = event_base_new();
	struct certs c;

	certs_warm();
	if (!base || !enter(IPC_CERTS, &guard))
		return EXIT_FAILURE;
	certs_start(&c, base, ".");
	c.guard = guard;
	c.ike = ike;
	c.holder.keeper = ipc_end(FD_OWN, IPC_CERTS, IPC_KEEPER);
	if (say_ready(&c.guard))
		certs_run(&c);
	return EXIT_SUCCESS;
}

static int run_eaps(struct ipc_channel guard, struct ipc_channel ike)
{
	struct eaps e;

	eaps_warm();
	if (!enter(IPC_EAPS, &guard))
		return EXIT_FAILURE;
	eaps_start(&e);
	e.guard = guard;
	e.ike = ike;
	if (say_ready(&e.guard))
		eaps_run(&e);
	eaps_stop(&e);
	return EXIT_SUCCESS;
}

static int run_ike(struct ipc_channel guard, struct ipc_channel ctl)
{
	struct event_base *base = event_base_new();
	struct sockets sockets;
	struct speaker s;
	int fds[SOCKETS], tape = there(FD_OWN + SOCKETS);

	for (int i = 0; i < SOCKETS; i++)
		fds[i] = there(FD_OWN + i);
	log_to(to_guard, &guard);
	sockets_adopt(&sockets, fds);
	speaker_warm();
	if (!base || event_base_priority_init(base, 2) || !enter(IPC_IKE, &guard))
		return EXIT_FAILURE;
	speaker_start(&s, base, &sockets, tape);
	s.guard = guard;
	s.ctl = ctl;
	if (say_ready(&s.guard))
		speaker_run(&s);
	speaker_stop(&s);
	return EXIT_SUCCESS;
}

static int run_ctl(struct ipc_channel guard, struct ipc_channel none)
{
	struct event_base *base = event_base_new();
	struct ctl c;

	(void)none;
	log_to(to_guard, &guard);
	ctl_warm();
	if (!base || !enter(IPC_CTL, &guard))
		return EXIT_FAILURE;
	ctl_start(&c, base, FD_OWN, FD_OWN + 1, FD_OWN + 2);
	c.guard = guard;
	if (say_ready(&c.guard))
		ctl_run(&c);
	ctl_stop(&c);
	return EXIT_SUCCESS;
}

static int run_esp(struct ipc_channel guard, struct ipc_channel none)
{
	struct carrier c;

	(void)none;
	carrier_warm();
	carrier_start(&c);
	c.guard = guard;
	if (!enter(IPC_ESP, &guard))
		return EXIT_FAILURE;
	if (say_ready(&c.guard))
		carrier_run(&c);
	carrier_stop(&c);
	return EXIT_SUCCESS;
}

/* THE table of members. */
static const struct {
	int (*run)(struct ipc_channel guard, struct ipc_channel ike);
	bool by_itself;
} members[IPC_PROCESSES] = {
	[IPC_KEEPER] = { run_keeper, true },
	[IPC_CERTS] = { run_certs, false },
	[IPC_EAPS] = { run_eaps, false },
	[IPC_IKE] = { run_ike, false },
	[IPC_CTL] = { run_ctl, false },
	[IPC_ESP] = { run_esp, false },
	[IPC_TOKENS] = { run_tokens, true },
};

bool members_by_itself(enum ipc_process p)
{
	return members[p].by_itself;
}

static int compare_octets(const void *a, const void *b)
{
	return *(const uint8_t *)a - *(const uint8_t *)b;
}

/* The C library asks the system once how much memory there is, when there is more to sort than a little. */
static void sort_once(void)
{
	uint8_t octets[1100] = { 0 };

	qsort(octets, sizeof octets, 1, compare_octets);
}

/* What it is that is started anew; copies have it from who is copied. */
static void prepare(bool tokens)
{
	if (!tokens)
		providers_no_tokens();
	ignore_signals();
	sort_once();
	tzset(); /* times in certificates and CRLs are read with what stands in its file */
}

/* What it is prepared for already, if it is a copy. */
static int become(enum ipc_process p)
{
	struct stat s;

	if (fstat(FD_CHANNELS, &s) || !S_ISSOCK(s.st_mode))
		return give_up("this name is for a process that ikev2d starts itself");
	(void)syscall(SYS_close_range, FD_END, ~0u, 0);
	return members[p].run(ipc_end(FD_CHANNELS, p, IPC_GUARD),
		ipc_end(FD_CHANNELS + 1, p, p == IPC_IKE ? IPC_CTL : IPC_IKE));
}

/* What most of them need of the libraries is there when they are copied, but nothing random: that must
 * differ. */
static void run_nursery(char *title)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prepare(false);
	speaker_warm();
	nursery_run(FD_CHANNELS, lacking_ask(), FD_CHANNELS, title, MEMBERS_TITLE, become);
}

/* What runs at the end of a program may want what the sandbox forbids. */
int members_run(char *title)
{
	const char *name = title + strlen(MEMBERS_TITLE);

	if (strncmp(title, MEMBERS_TITLE, strlen(MEMBERS_TITLE)) != 0)
		return -1;
	for (enum ipc_process p = 0; p < IPC_PROCESSES; p++)
		if (members[p].run && !strcmp(name, ipc_name(p))) {
			prepare(p == IPC_TOKENS);
			_exit(become(p));
		}
	if (strcmp(name, MEMBERS_NURSERY) != 0)
		return -1;
	run_nursery(title);
	_exit(EXIT_SUCCESS);
}
