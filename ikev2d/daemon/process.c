/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Going to the background. */
#include "daemon/process.h"

#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <linux/capability.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Ends the calling process when the daemon is ready or has given up. */
static void wait_for_daemon(pid_t child, int fd)
{
	char ready = 0;

	(void)waitpid(child, NULL, 0);
	_exit(read(fd, &ready, 1) == 1 ? EXIT_SUCCESS : EXIT_FAILURE);
}

int process_detach(void)
{
	int fds[2];
	pid_t child;

	if (pipe2(fds, O_CLOEXEC))
		return -1;
	child = fork();
	if (child < 0)
		return -1;
	if (child) {
		close(fds[1]);
		wait_for_daemon(child, fds[0]);
	}
	/* The leader of a session could get a terminal again, its child cannot. */
	close(fds[0]);
	if (setsid() < 0 || fork())
		_exit(EXIT_SUCCESS);
	return chdir("/") ? -1 : fds[1];
}

void process_ready(int fd)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int std = 0; null >= 0 && std <= 2; std++)
		(void)dup2(null, std);
	if (null > 2)
		close(null);
	if (write(fd, "", 1) != 1)
		_exit(EXIT_FAILURE);
	close(fd);
}

void process_harden(bool core_dumps)
{
	umask(077);
	if (core_dumps)
		return;
	(void)setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
	(void)prctl(PR_SET_DUMPABLE, 0);
}

#define CAP(name) (1u << CAP_##name)

/* Devices, routes, policies, sockets, ports below 1024; memory that stays locked; members and scripts of
 * other users, who are ended; files of others: configuration and keys that are read, what is made for a
 * member or a group. A sanitizer looks for what was not freed as a debugger would. */
enum {
	ROOTS = CAP(NET_ADMIN) | CAP(NET_RAW) | CAP(NET_BIND_SERVICE) | CAP(IPC_LOCK) | CAP(KILL) |
		CAP(DAC_OVERRIDE) | CAP(CHOWN) | CAP(FOWNER) | (SANITIZED ? CAP(SYS_PTRACE) : 0)
};

bool process_limit_root(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3];

	/* Without new privileges a program that is run gets no more than we have: members would have too
	 * little. */
	if (geteuid() || prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1)
		return true;
	if (syscall(SYS_capget, &head, sets))
		return false;
	for (unsigned i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
		sets[i].permitted &= i ? 0 : ROOTS;
		sets[i].effective = sets[i].permitted;
		sets[i].inheritable = 0;
	}
	return !syscall(SYS_capset, &head, sets);
}

/* Whether no limit holds for memory that is locked. */
static bool may_lock_all(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3];
	struct rlimit limit;

	if (!syscall(SYS_capget, &head, sets) && sets[0].effective & 1u << CAP_IPC_LOCK)
		return true;
	return !getrlimit(RLIMIT_MEMLOCK, &limit) && limit.rlim_cur == RLIM_INFINITY;
}

/* A page is locked when it is first used, so that this takes no memory that is not needed. Under a limit none
 * is: memory would end where it is reached. Sanitizers make nothing of the functions in libc; hence the
 * system's own. */
bool process_lock_memory(void)
{
	if (may_lock_all())
		return !syscall(SYS_mlockall, MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT);
	errno = EPERM;
	return false;
}

/* What was written to, relocations above all, lies in segments that may be. The kernel's own pages have no
 * file. */
static int forget_object(struct dl_phdr_info *info, size_t size, void *page)
{
	const uintptr_t mask = *(const uintptr_t *)page - 1;

	(void)size;
	if (*info->dlpi_name && !strchr(info->dlpi_name, '/'))
		return 0;
	for (unsigned i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *h = &info->dlpi_phdr[i];
		const uintptr_t from = (info->dlpi_addr + h->p_vaddr) & ~mask;
		const uintptr_t to = (info->dlpi_addr + h->p_vaddr + h->p_memsz + mask) & ~mask;

		if (h->p_type != PT_LOAD || h->p_flags & PF_W)
			continue;
		(void)syscall(SYS_munlock, from, to - from);
		(void)madvise((void *)from, to - from, MADV_DONTNEED);
	}
	return 0;
}

void process_forget_code(void)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);

	(void)dl_iterate_phdr(forget_object, &page);
}
