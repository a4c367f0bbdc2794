/* SPDX-License-Identifier: GPL-2.0-or-later */
/* blast take PORT: counts the datagrams of one blast, and prints how many came.
 * blast send ADDRESS PORT OCTETS RATE SECONDS: sends RATE datagrams a second in bursts, and prints how many
 * left.
 *
 * The sender sleeps between its bursts, so that on a machine of few processors it starves no gateway that is
 * measured; it looks for what is due every 200 us, as often as a loaded network card wakes its host. */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>

enum {
	BATCH = 64,
	LARGEST = 2048,
	NANOSECONDS = 1000000000,
	NAP = 200000, /* ns */
	BUFFER = 16 << 20,
	PATIENCE = 3,        /* seconds without a datagram, after which the taker gives up */
	ENDS = 20,           /* datagrams that say that it is over, since some may be lost */
	SETTLES = 150000000, /* ns that what is on its way has before them */
	BETWEEN = 5000000,   /* ns from one of them to the next */
};

static const char over[] = "over";
static uint8_t room[BATCH][LARGEST];
static struct mmsghdr messages[BATCH];
static struct iovec vectors[BATCH];

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * NANOSECONDS + (uint64_t)t.tv_nsec;
}

static void sleep_until(uint64_t when)
{
	const struct timespec t = { (time_t)(when / NANOSECONDS), (long)(when % NANOSECONDS) };

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
}

/* A socket whose datagrams have SIZE octets. */
static int prepare(size_t size)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0), buffer = BUFFER;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof buffer) ||
		setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &buffer, sizeof buffer))
		err(1, "socket");
	for (unsigned i = 0; i < BATCH; i++) {
		vectors[i] = (struct iovec){ room[i], size };
		messages[i].msg_hdr = (struct msghdr){ .msg_iov = &vectors[i], .msg_iovlen = 1 };
	}
	return fd;
}

static void take(const char *port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port)) };
	const struct timeval patience = { .tv_sec = PATIENCE };
	unsigned long n = 0;
	int fd = prepare(LARGEST), came = 0;

	if (bind(fd, (struct sockaddr *)&a, sizeof a) ||
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience))
		err(1, "port %s", port);
	puts("ready");
	fflush(stdout);
	for (bool last = false; !last && (came = recvmmsg(fd, messages, BATCH, MSG_WAITFORONE, NULL)) > 0;)
		for (int i = 0; i < came; i++)
			if (messages[i].msg_len == sizeof over && !memcmp(room[i], over, sizeof over))
				last = true;
			else
				n++;
	printf("%lu\n", n);
}

/* Sends COUNT datagrams; those for which no buffer has room are lost, as on a network card. */
static void burst(int fd, uint64_t count)
{
	while (count) {
		unsigned n = count < BATCH ? (unsigned)count : BATCH;
		int sent = sendmmsg(fd, messages, n, 0);

		if (sent < 0 && errno != ENOBUFS && errno != EAGAIN && errno != ECONNREFUSED)
			err(1, "sendmmsg");
		count -= sent > 0 ? (unsigned)sent : n;
	}
}

static void give(char **argv)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[1])) };
	const double rate = atof(argv[3]), seconds = atof(argv[4]);
	const int size = atoi(argv[2]);
	uint64_t start, end, sent = 0;
	int fd;

	if (inet_pton(AF_INET, argv[0], &a.sin_addr) != 1 || size <= (int)sizeof over || size > LARGEST)
		errx(2, "no IPv4 address, or not %zu to %d octets", sizeof over + 1, LARGEST);
	fd = prepare((size_t)size);
	if (connect(fd, (struct sockaddr *)&a, sizeof a))
		err(1, "%s", argv[0]);
	prctl(PR_SET_TIMERSLACK, 1);
	start = now();
	end = start + (uint64_t)(seconds * NANOSECONDS);
	for (uint64_t t = start; t < end; t = now()) {
		uint64_t due = (uint64_t)((double)(t - start) * rate / NANOSECONDS);

		burst(fd, due - sent);
		sent = due;
		sleep_until(t + NAP);
	}
	sleep_until(end + SETTLES);
	for (unsigned i = 1; i <= ENDS; i++) {
		if (send(fd, over, sizeof over, 0) < 0 && errno == ECONNREFUSED)
			break; /* who takes has heard one */
		sleep_until(end + SETTLES + i * (uint64_t)BETWEEN);
	}
	printf("%llu\n", (unsigned long long)sent);
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "take"))
		take(argv[2]);
	else if (argc == 7 && !strcmp(argv[1], "send"))
		give(argv + 2);
	else
		errx(2, "blast take PORT | blast send ADDRESS PORT OCTETS RATE SECONDS");
	return 0;
}
