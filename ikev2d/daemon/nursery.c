/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copies, and who asks for them. */
#include "daemon/nursery.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Room for the descriptors of an order. */
union rights {
	struct cmsghdr head;
	uint8_t octets[CMSG_SPACE(NURSERY_FDS * sizeof(int))];
};

/* ------------------------------------------------------------------ in guard */

static bool send_order(int fd, const struct nursery_order *o, const int *fds, unsigned n)
{
	const size_t size = n * sizeof *fds;
	union rights rights = {
		.head = { .cmsg_len = CMSG_LEN(size), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS }
	};
	struct iovec io = { (void *)o, sizeof *o };
	struct msghdr msg = {
		.msg_iov = &io, .msg_iovlen = 1, .msg_control = &rights, .msg_controllen = CMSG_SPACE(size)
	};

	memcpy(CMSG_DATA(&rights.head), fds, size);
	return sendmsg(fd, &msg, MSG_NOSIGNAL) == (ssize_t)sizeof *o;
}

unsigned nursery_ask(struct nursery *n, const struct nursery_order *o, const int *fds)
{
	int there[NURSERY_FDS];
	unsigned n_there = 0;

	for (unsigned i = 0; i < NURSERY_FDS; i++)
		if (o->handed & 1u << i)
			there[n_there++] = fds[i];
	if (n->fd < 0 || n->broken || n->asked == NURSERY_COPIES || !send_order(n->fd, o, there, n_there))
		return 0;
	return ++n->asked;
}

/* Its answers have no numbers: once one did not come in time, a later one would be taken for it. */
static bool hear(struct nursery *n, void *out, size_t size)
{
	ssize_t got;

	if (n->fd < 0 || n->broken)
		return false;
	while ((got = recv(n->fd, out, size, 0)) < 0 && errno == EINTR)
		;
	n->broken = got != (ssize_t)size;
	if (n->broken)
		(void)shutdown(n->fd, SHUT_RDWR);
	return !n->broken;
}

bool nursery_says(struct nursery *n, uint64_t *what)
{
	if (!n->heard)
		n->heard = hear(n, &n->says, sizeof n->says);
	*what = n->says;
	return n->heard;
}

pid_t nursery_born(struct nursery *n, unsigned number)
{
	while (n->born < number) {
		pid_t pid = 0;
		uint64_t what;

		if (!nursery_says(n, &what) || !hear(n, &pid, sizeof pid))
			pid = 0;
		n->copies[n->born++] = pid;
	}
	return n->copies[number - 1];
}

void nursery_close(struct nursery *n)
{
	if (n->fd < 0)
		return;
	(void)nursery_born(n, n->asked);
	close(n->fd);
	n->fd = -1;
	(void)kill(n->pid, SIGKILL);
	while (waitpid(n->pid, NULL, 0) < 0 && errno == EINTR)
		;
}

/* --------------------------------------------------------------- as the nursery */

/* An order and its descriptors, as many as are returned; -1: nobody orders any more. */
static int take_order(int fd, struct nursery_order *o, int fds[NURSERY_FDS])
{
	union rights rights = { .octets = { 0 } };
	struct iovec io = { o, sizeof *o };
	struct msghdr msg = { .msg_iov = &io,
		.msg_iovlen = 1,
		.msg_control = &rights,
		.msg_controllen = sizeof rights.octets };
	const struct cmsghdr *head;
	size_t size = 0;
	ssize_t n;

	while ((n = recvmsg(fd, &msg, MSG_CMSG_CLOEXEC)) < 0 && errno == EINTR)
		;
	head = n == (ssize_t)sizeof *o ? CMSG_FIRSTHDR(&msg) : NULL;
	if (head) {
		size = head->cmsg_len - CMSG_LEN(0);
		memcpy(fds, CMSG_DATA(head), size);
	}
	return n == (ssize_t)sizeof *o ? (int)(size / sizeof *fds) : -1;
}

/* A copy of this process that is the child of who started this one. The C library's fork() makes children of
 * our own only; all that it would do beside is for programs with threads, but to tell the copy its number. */
static pid_t twin(void)
{
	struct clone_args how = { .flags = CLONE_PARENT };
	int *number = NULL;

	if (!prctl(PR_GET_TID_ADDRESS, &number) && number) {
		how.flags |= CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID;
		how.child_tid = (uintptr_t)number;
	}
	return (pid_t)syscall(SYS_clone3, &how, sizeof how);
}

/* N descriptors out of the way of those who come in their place; one that cannot be is none. */
static void lift(int *fds, int n, int above)
{
	for (int i = 0; i < n; i++)
		fds[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, above);
}

static void place(const struct nursery_order *o, int *fds, int n, int first)
{
	int next = 0;

	lift(fds, n, first + NURSERY_FDS);
	(void)syscall(SYS_close_range, STDERR_FILENO + 1, first + NURSERY_FDS - 1, 0);
	for (int i = 0; i < NURSERY_FDS; i++)
		if (o->handed & 1u << i && next < n)
			(void)dup2(fds[next++], first + i);
}

static void rename_to(char *title, const char *name, enum ipc_process p)
{
	const size_t room = strlen(title);

	memset(title, 0, room);
	(void)snprintf(title, room + 1, "%s%s", name, ipc_name(p));
}

static void close_all(const int *fds, int n)
{
	for (int i = 0; i < n; i++)
		close(fds[i]);
}

void nursery_run(int fd, uint64_t says, int first, char *title, const char *name, nursery_copy *copy)
{
	struct nursery_order o;
	int fds[NURSERY_FDS], n;

	if (send(fd, &says, sizeof says, MSG_NOSIGNAL) < 0)
		return;
	while ((n = take_order(fd, &o, fds)) >= 0) {
		pid_t pid = twin();

		if (!pid) {
			place(&o, fds, n, first);
			rename_to(title, name, o.process);
			_exit(putenv(o.user) ? EXIT_FAILURE : copy(o.process));
		}
		close_all(fds, n);
		if (pid < 0)
			pid = 0;
		if (send(fd, &pid, sizeof pid, MSG_NOSIGNAL) < 0)
			return;
	}
}
