/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Loaded into a program, this makes it believe that the machine has slept: for as many nanoseconds as are in
 * the file SLEPT_FILE, which others write; and its timer that is cancelled when the machine wakes is what
 * they write into the pipe WAKE_PIPE. The machine's own clock stays as it is. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

static volatile int64_t *slept;

__attribute__((constructor)) static void begin(void)
{
	int fd = open(getenv("SLEPT_FILE"), O_RDONLY | O_CLOEXEC);

	slept = mmap(NULL, sizeof *slept, PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	if (slept == MAP_FAILED)
		abort();
}

int clock_gettime(clockid_t clock, struct timespec *t)
{
	static int (*real)(clockid_t, struct timespec *);
	int64_t more = clock == CLOCK_BOOTTIME && slept ? *slept : 0;
	int e;

	if (!real)
		real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
	e = real(clock, t);
	t->tv_sec += more / 1000000000;
	return e;
}

int timerfd_create(int clock, int flags)
{
	(void)clock;
	(void)flags;
	return open(getenv("WAKE_PIPE"), O_RDWR | O_NONBLOCK | O_CLOEXEC);
}

int timerfd_settime(int fd, int flags, const struct itimerspec *to, struct itimerspec *before)
{
	(void)fd;
	(void)before;
	return flags & TFD_TIMER_CANCEL_ON_SET && to->it_value.tv_sec ? 0 : -1;
}
