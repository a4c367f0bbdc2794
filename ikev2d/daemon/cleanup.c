/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a daemon that is gone has left on this machine is taken away, by nobody who stays. */
#include "daemon/daemon.h"
#include "daemon/dns.h"
#include "daemon/logging.h"
#include "daemon/rundir.h"
#include "xfrm/route.h"
#include "xfrm/xfrm.h"

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

/* Routes, rules, addresses, devices and guards. */
static enum err cleanup_route(const struct settings *settings, const char *journal, struct text *why)
{
	struct route *route;
	enum err e;

	if (access(journal, F_OK))
		return ERR_OK;
	e = route_open(journal, settings, XFRM_OUTER_MARK, &route, why);
	if (!e)
		route_close(route);
	return e;
}

/* SAs and policies of the kernel. Nothing is reported by one that carries nothing. */
static enum err cleanup_kernel(
	const struct settings *settings, const char *run_dir, const char *journal, struct text *why)
{
	struct xfrm_setup setup = { .settings = settings, .run_dir = run_dir };
	struct xfrm *x;
	enum err e;

	if (access(journal, F_OK))
		return ERR_OK;
	e = xfrm_kernel.open(&setup, &x, why);
	if (e)
		return e;
	xfrm_kernel.settled(x);
	xfrm_kernel.close(x);
	return ERR_OK;
}

/* What could not be taken back stands in its journal still. */
static enum err cleanup(const char *run_dir, struct arena *arena, struct text *why)
{
	struct settings settings = settings_default();
	const char *const journals[] = { arena_printf(arena, "%s/journal", run_dir),
		arena_printf(arena, "%s/" XFRM_KERNEL_JOURNAL, run_dir),
		arena_printf(arena, "%s/" DNS_NOTE, run_dir) };
	enum err e = cleanup_route(&settings, journals[0], why);

	if (!e)
		e = cleanup_kernel(&settings, run_dir, journals[1], why);
	dns_restore(run_dir);
	for (unsigned i = 0; !e && i < sizeof journals / sizeof *journals; i++)
		if (!access(journals[i], F_OK)) {
			text_add(why, "not all could be taken back; %s says what is left", journals[i]);
			e = ERR_SYSTEM;
		}
	return e;
}

int daemon_cleanup(const struct options *o)
{
	struct options here = *o;
	struct arena arena = { 0 };
	struct text why = text_in(&arena);
	const char *run_dir = o->run_dir ? o->run_dir : RUN_DIR;
	struct rundir rundir;
	enum err e;

	here.foreground = true;
	logging_start(&here);
	(void)signal(SIGPIPE, SIG_IGN);
	e = rundir_open(&rundir, run_dir, &arena, &why);
	if (!e) {
		e = cleanup(run_dir, &arena, &why);
		rundir_close(&rundir);
	}
	if (e)
		fprintf(stderr, "ikev2d: %s\n", text_str(&why));
	arena_free(&arena);
	return e ? 1 : 0;
}
