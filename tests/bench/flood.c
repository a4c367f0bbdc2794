/* SPDX-License-Identifier: GPL-2.0-or-later */
/* flood SERVER RATE SECONDS: requests of IKE_SA_INIT, each from another address of 10.128.0.0/9 that is not
 * ours, RATE in a second; for tests inside network namespaces. At the end it says how many were sent. */
#include "base/rng.h"
#include "model/proposal.h"
#include "wire/message.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/ip.h>
#include <linux/udp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { ROOM = 1024, BATCH = 64, RATE_MAX = 1000000, SECONDS_MAX = 600, NONCE = 32, KE = 32, KE_GROUP = 31 };

/* All packets lie one behind the other; only what must differ is written anew. */
static struct {
	struct sockaddr_in to;
	struct rng_seeded rng;
	size_t size, ike, nonce; /* of a packet; where in it the message and the nonce begin */
	uint8_t data[BATCH][ROOM];
	struct iovec io[BATCH];
	struct mmsghdr msgs[BATCH];
} all;

static void stop(const char *what)
{
	fprintf(stderr, "flood: %s: %s\n", what, errno ? strerror(errno) : "it is wrong");
	exit(2);
}

static struct bytes request(struct arena *arena)
{
	struct text why = text_in(arena);
	struct message m = {
		.header = { .spi_i = 1, .version = 0x20, .exchange = IKE_SA_INIT, .flags = FLAG_INITIATOR },
		.has = PAYLOAD_BIT(PAYLOAD_SA) | PAYLOAD_BIT(PAYLOAD_KE) | PAYLOAD_BIT(PAYLOAD_NONCE),
		.ke = { KE_GROUP, bytes_of(arena_alloc(arena, KE), KE) },
		.nonce = bytes_of(arena_alloc(arena, NONCE), NONCE),
	};
	struct wr w = wr_of(arena_alloc(arena, ROOM), ROOM);

	if (proposal_parse("aes256gcm16-prfsha256-x25519", PROTO_IKE, arena, &m.sa, &why))
		stop(text_str(&why));
	rng_fill(&all.rng.rng, (void *)m.ke.data.p, KE);
	message_put_clear(&m.header, &m, &w);
	return wr_done(&w);
}

static void prepare(void)
{
	struct arena arena = { 0 };
	struct bytes m = request(&arena);
	struct bytes nonce =
		message_peek(bytes_of(m.p + IKE_HEADER, m.n - IKE_HEADER), m.p[NEXT_AT], PAYLOAD_NONCE);
	struct iphdr ip = {
		.version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_UDP, .daddr = all.to.sin_addr.s_addr
	};
	struct udphdr udp = { .dest = htons(500), .len = htons((uint16_t)(sizeof udp + m.n)) };

	all.ike = sizeof ip + sizeof udp;
	all.nonce = all.ike + (size_t)(nonce.p - m.p);
	all.size = all.ike + m.n;
	ip.tot_len = htons((uint16_t)all.size);
	for (unsigned i = 0; i < BATCH; i++) {
		memcpy(all.data[i], &ip, sizeof ip);
		memcpy(all.data[i] + sizeof ip, &udp, sizeof udp);
		memcpy(all.data[i] + all.ike, m.p, m.n);
		all.io[i] = (struct iovec){ all.data[i], all.size };
		all.msgs[i].msg_hdr = (struct msghdr){ .msg_name = &all.to,
			.msg_namelen = sizeof all.to,
			.msg_iov = &all.io[i],
			.msg_iovlen = 1 };
	}
	arena_free(&arena);
}

/* Another source, port, SPI and nonce. */
static void change(uint8_t *packet)
{
	struct iphdr *ip = (struct iphdr *)(void *)packet;
	struct udphdr *udp = (struct udphdr *)(void *)(packet + sizeof *ip);

	ip->saddr = htonl(10u << 24 | 1u << 23 | rng_below(&all.rng.rng, 1u << 23));
	udp->source = htons((uint16_t)(1024 + rng_below(&all.rng.rng, 60000)));
	rng_fill(&all.rng.rng, packet + all.ike, 8);
	rng_fill(&all.rng.rng, packet + all.nonce, NONCE);
}

static unsigned send_batch(int fd, unsigned n)
{
	int sent;

	for (unsigned i = 0; i < n; i++)
		change(all.data[i]);
	sent = sendmmsg(fd, all.msgs, n, 0);
	return sent > 0 ? (unsigned)sent : 0;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* As many as are due, and a millisecond of rest when none is. */
static unsigned long flood(int fd, unsigned rate, unsigned seconds)
{
	double start = now(), t;
	unsigned long due = 0, sent = 0;

	while ((t = now() - start) < seconds) {
		unsigned long wanted = (unsigned long)(t * rate);
		unsigned n = wanted - due < BATCH ? (unsigned)(wanted - due) : BATCH;

		if (!n) {
			usleep(1000);
			continue;
		}
		sent += send_batch(fd, n);
		due += n;
	}
	return sent;
}

int main(int argc, char **argv)
{
	int fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
	unsigned rate = argc == 4 ? (unsigned)atoi(argv[2]) : 0,
		 seconds = argc == 4 ? (unsigned)atoi(argv[3]) : 0;

	all.to.sin_family = AF_INET;
	if (!rate || rate > RATE_MAX || !seconds || seconds > SECONDS_MAX ||
		inet_pton(AF_INET, argv[1], &all.to.sin_addr) != 1)
		stop("usage: SERVER RATE SECONDS");
	if (fd < 0)
		stop("a raw socket");
	rng_seed(&all.rng, (uint64_t)time(NULL));
	prepare();
	printf("{\"seconds\":%u,\"sent\":%lu}\n", seconds, flood(fd, rate, seconds));
	return 0;
}
