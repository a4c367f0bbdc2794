/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/control_bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { TURNS = 50 };

static struct control *waiting; /* there is one at a time */

static void writable(void *ctx, void *io)
{
	(void)ctx;
	control_writable(waiting, io);
}

void control_bench_start(struct control_bench *b)
{
	const struct rights rights = { .owner = geteuid(), .group = getegid(), .mode = 0600 };
	struct family_spec spec = { .fds = { -1, -1 }, .one = true };
	struct text why = text_in(&b->arena);
	struct vici_host host;

	*b = (struct control_bench){ .folder = "/tmp/control-test-XXXXXX" };
	spec.folder = mkdtemp(b->folder);
	b->base = event_base_new();
	b->fake = vici_fake_new();
	host = b->fake->host;
	host.writable = writable;
	b->vici = vici_new(&host);
	waiting = &b->control;
	control_start(&b->control, b->base, b->vici);
	if (!spec.folder || control_listen(&b->control, arena_printf(&b->arena, "%s/vici", b->folder),
				    &rights, &spec, &why))
		abort();
}

void control_bench_stop(struct control_bench *b)
{
	control_shut(&b->control);
	control_stop(&b->control);
	vici_free(b->vici);
	vici_fake_free(b->fake);
	event_base_free(b->base);
	arena_free(&b->arena);
	rmdir(b->folder);
}

int control_bench_connect(struct control_bench *b)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(at.sun_path, sizeof at.sun_path, "%s/vici", b->folder);
	if (connect(fd, (struct sockaddr *)&at, sizeof at))
		abort();
	control_bench_run(b);
	return fd;
}

void control_bench_run(struct control_bench *b)
{
	for (unsigned i = 0; i < TURNS; i++)
		event_base_loop(b->base, EVLOOP_NONBLOCK);
}

bool control_bench_throw(struct control_bench *b, struct bytes octets)
{
	const struct ipc_channel *ctl = &b->control.ctl.far[0];

	if (ctl->fd < 0 || send(ctl->fd, octets.p, octets.n, MSG_DONTWAIT) != (ssize_t)octets.n)
		return false;
	control_bench_run(b);
	return ctl->fd >= 0;
}
