/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/control_bench.h"

#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TURNS = 50 };

static struct control *waiting; /* there is one at a time */

static void writable(void *ctx, void *io)
{
	(void)ctx;
	control_writable(waiting, io);
}

static void look_up(void *ctx, uint32_t ticket, const struct conf *wanted)
{
	(void)ctx;
	(void)wanted;
	vici_load(waiting->vici, ticket, NULL);
}

void control_bench_start(struct control_bench *b)
{
	const struct rights rights = { .owner = geteuid(),
		.group = getegid(),
		.reads = true,
		.readers = CONTROL_BENCH_READER,
		.mode = 0666 };
	struct family_spec spec = { .fds = { -1, -1 }, .one = true };
	struct text why = text_in(&b->arena);
	struct vici_host host;

	*b = (struct control_bench){ .folder = "/tmp/control-test-XXXXXX" };
	spec.folder = mkdtemp(b->folder);
	b->base = event_base_new();
	b->fake = vici_fake_new();
	host = b->fake->host;
	host.writable = writable;
	host.look_up = look_up;
	b->vici = vici_new(&host);
	waiting = &b->control;
	control_start(&b->control, b->base, b->vici);
	if (!spec.folder || chmod(spec.folder, 0711) || control_launch(&b->control, &spec, &why) ||
		control_listen(&b->control, arena_printf(&b->arena, "%s/vici", b->folder), &rights, &why))
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

int control_bench_open(void **state)
{
	struct control_bench *b = calloc(1, sizeof *b);

	control_bench_start(b);
	*state = b;
	return 0;
}

int control_bench_close(void **state)
{
	control_bench_stop(*state);
	free(*state);
	return 0;
}

static int connected(const struct control_bench *b)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(at.sun_path, sizeof at.sun_path, "%s/vici", b->folder);
	return connect(fd, (struct sockaddr *)&at, sizeof at) ? -1 : fd;
}

int control_bench_connect(struct control_bench *b)
{
	int fd = connected(b);

	if (fd < 0)
		abort();
	control_bench_run(b);
	return fd;
}

/* In a process that is then somebody else for good. */
static bool connects_as(const struct control_bench *b, unsigned id)
{
	pid_t pid = fork();
	int status;

	if (!pid)
		_exit(setgroups(0, NULL) || setgid(id) || setuid(id) || connected(b) < 0);
	return waitpid(pid, &status, 0) == pid && !status;
}

int control_bench_accepted(struct control_bench *b, unsigned id)
{
	int fd, client = id ? -1 : connected(b);

	if (id ? !connects_as(b, id) : client < 0)
		return -1;
	fd = accept4(b->control.fd, NULL, NULL, SOCK_CLOEXEC);
	if (client >= 0)
		close(client);
	return fd;
}

void control_bench_run(struct control_bench *b)
{
	for (unsigned i = 0; i < TURNS; i++)
		event_base_loop(b->base, EVLOOP_NONBLOCK);
}

bool control_bench_throw(struct control_bench *b, struct bytes octets, const int *fds, unsigned n)
{
	struct ipc_channel *ctl = &b->control.ctl.far[0];

	if (ctl->fd < 0 || ipc_tell_written(ctl, octets, fds, n))
		return false;
	control_bench_run(b);
	return ctl->fd >= 0;
}
