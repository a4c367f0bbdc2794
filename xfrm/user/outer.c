/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opening the outer sockets. */
#include "xfrm/user/outer.h"

#include "xfrm/bypass.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BUFFERED = 4 << 20 /* octets: a scheduler's pause at full speed */ };

static bool set(int fd, int level, int option, int value)
{
	return !setsockopt(fd, level, option, &value, sizeof value);
}

/* With the right to do so they may be larger than the machine's settings have it. */
static const struct {
	int option, force;
	const char *name, *sysctl;
} buffers[] = {
	{ SO_RCVBUF, SO_RCVBUFFORCE, "receive", "net.core.rmem_max" },
	{ SO_SNDBUF, SO_SNDBUFFORCE, "send", "net.core.wmem_max" },
};

enum { BUFFERS = sizeof buffers / sizeof *buffers };

static bool unset_df(int fd, bool v6)
{
	return v6 ? set(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_DONT)
		  : set(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT);
}

static bool set_family(int fd, bool v6)
{
	if (v6)
		return set(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1) &&
		       set(fd, IPPROTO_IPV6, IPV6_RECVTCLASS, 1) && unset_df(fd, v6);
	return set(fd, IPPROTO_IP, IP_PKTINFO, 1) && set(fd, IPPROTO_IP, IP_RECVTOS, 1) && unset_df(fd, v6);
}

/* For IPv6 alone, as IKE's socket is: the kernel forms no group of sockets that differ in this. */
static bool bind_port(int fd, bool v6, uint16_t port)
{
	struct sockaddr_in a4 = { .sin_family = AF_INET, .sin_port = htons(port) };
	struct sockaddr_in6 a6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };

	if (v6)
		return set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1) && !bind(fd, (struct sockaddr *)&a6, sizeof a6);
	return !bind(fd, (struct sockaddr *)&a4, sizeof a4);
}

/* What begins with an SPI of ours is for us. The rest is for member 0 of the group, IKE's, which hands the
 * kernel's SPIs to the kernel; a datagram too short for the load is accepted for member 0 too.
 * Ours are the members from 1 on, in the order in which they were bound. */
static bool attach_program(int fd, const struct outer *o)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, data_path_spis(DATAPATH_USER).low, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, 0),
		BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, o->n),
		BPF_STMT(BPF_ALU | BPF_ADD | BPF_K, 1),
		BPF_STMT(BPF_RET | BPF_A, 0),
	};
	struct sock_fprog program = { sizeof code / sizeof *code, code };

	return !setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program, sizeof program);
}

/* A raw socket sees all ESP there is, also what the kernel carries: only SPIs of ours come through. For IPv4
 * the outer header stands in front. */
static bool attach_filter(int fd, const struct outer *o, bool v6)
{
	struct sock_filter code[] = {
		v6 ? (struct sock_filter)BPF_STMT(BPF_LDX | BPF_IMM, 0)
		   : (struct sock_filter)BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0),
		BPF_STMT(BPF_LD | BPF_W | BPF_IND, 0),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, data_path_spis(DATAPATH_USER).low, 0, 2),
		BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, o->n),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, o->number, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, 0),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
	};
	struct sock_fprog program = { sizeof code / sizeof *code, code };

	return !setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
}

/* Nobody reads there. */
static bool attach_nothing(int fd)
{
	struct sock_filter code[] = { BPF_STMT(BPF_RET | BPF_K, 0) };
	struct sock_fprog program = { sizeof code / sizeof *code, code };

	return !setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
}

/* One at a port of its own has that chosen by the kernel, with the first packet that it sends. */
static bool set_up(int fd, enum outer_kind kind, const struct outer *o)
{
	for (size_t i = 0; i < BUFFERS; i++)
		if (!set(fd, SOL_SOCKET, buffers[i].force, BUFFERED))
			(void)set(fd, SOL_SOCKET, buffers[i].option, BUFFERED);
	xfrm_bypass(fd, outer_is_v6(kind));
	if (!set(fd, SOL_SOCKET, SO_MARK, XFRM_OUTER_MARK) || !set_family(fd, outer_is_v6(kind)))
		return false;
	if (kind >= OUTER_MAX)
		return attach_nothing(fd);
	if (!outer_is_udp(kind))
		return attach_filter(fd, o, outer_is_v6(kind));
	(void)set(fd, IPPROTO_UDP, UDP_GRO, 1);
	return set(fd, SOL_SOCKET, SO_REUSEPORT, 1) && bind_port(fd, outer_is_v6(kind), o->port) &&
	       attach_program(fd, o);
}

void outer_bundle(const struct outer *o, bool on)
{
	for (enum outer_kind kind = 0; kind < OUTER_MAX; kind++)
		if (outer_is_udp(kind) && o->fd[kind] >= 0)
			(void)set(o->fd[kind], IPPROTO_UDP, UDP_GRO, on);
}

static void explain(enum outer_kind kind, uint16_t port, int error, struct text *why)
{
	const char *family = outer_is_v6(kind) ? "IPv6" : "IPv4";

	if (error == EPERM || error == EACCES)
		text_add(why, "no right to open the %s socket for ESP: run the daemon as root", family);
	else if (kind >= OUTER_MAX)
		text_add(why, "the %s socket for ESP in UDP at a port of its own cannot be opened: %s", family,
			strerror(error));
	else if (outer_is_udp(kind))
		text_add(why, "the %s socket for ESP in UDP on port %u cannot be opened: %s", family, port,
			strerror(error));
	else
		text_add(why, "the raw %s socket for ESP cannot be opened: %s", family, strerror(error));
}

static enum err open_one(struct outer *o, enum outer_kind kind, struct text *why)
{
	int type = outer_is_udp(kind) ? SOCK_DGRAM : SOCK_RAW,
	    protocol = outer_is_udp(kind) ? 0 : IPPROTO_ESP;
	int fd = socket(outer_is_v6(kind) ? AF_INET6 : AF_INET, type | SOCK_CLOEXEC, protocol);

	if (fd < 0 && outer_is_v6(kind) && errno == EAFNOSUPPORT)
		return ERR_OK;
	if (fd >= 0 && set_up(fd, kind, o)) {
		o->fd[kind] = fd;
		return ERR_OK;
	}
	explain(kind, o->port, errno, why);
	if (fd >= 0)
		close(fd);
	return ERR_SYSTEM;
}

static bool open_probe(struct outer *o, bool v6)
{
	int fd = socket(v6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	o->fd[v6 ? OUTER_PROBE6 : OUTER_PROBE4] = fd;
	return fd < 0 ? v6 && errno == EAFNOSUPPORT : set(fd, SOL_SOCKET, SO_MARK, XFRM_OUTER_MARK);
}

struct outer outer_none(void)
{
	struct outer o = { .n = 0 };

	for (unsigned i = 0; i < OUTER_FDS; i++)
		o.fd[i] = -1;
	return o;
}

struct outer outer_take(const int fd[OUTER_FDS], uint16_t port, unsigned number, unsigned n)
{
	struct outer o = { .port = port, .number = number, .n = n };

	memcpy(o.fd, fd, sizeof o.fd);
	for (enum outer_kind kind = 0; kind < OUTER_SENDS; kind++)
		if (o.fd[kind] >= 0)
			(void)unset_df(o.fd[kind], outer_is_v6(kind));
	return o;
}

enum err outer_open(
	struct outer *o, const struct settings *settings, unsigned number, unsigned n, struct text *why)
{
	enum err err = ERR_OK;

	*o = outer_none();
	o->port = settings->port_nat_t;
	o->number = number;
	o->n = n;
	for (enum outer_kind kind = 0; kind < (n > 1 ? OUTER_SENDS : OUTER_MAX) && !err; kind++)
		err = open_one(o, kind, why);
	if (!err && (!open_probe(o, false) || !open_probe(o, true))) {
		text_add(why, "the socket that asks for the size of paths cannot be opened: %s",
			strerror(errno));
		err = ERR_SYSTEM;
	}
	if (err)
		outer_close(o);
	return err;
}

/* Octets in the smallest buffer of this kind; the kernel doubles what is asked for, for its own needs. */
static int smallest(const struct outer *o, int option)
{
	int least = BUFFERED, got;

	for (enum outer_kind kind = 0; kind < OUTER_MAX; kind++) {
		socklen_t n = sizeof got;

		if (o->fd[kind] >= 0 && !getsockopt(o->fd[kind], SOL_SOCKET, option, &got, &n) &&
			got / 2 < least)
			least = got / 2;
	}
	return least;
}

void outer_advice(const struct outer *o, struct text *out)
{
	for (size_t i = 0; i < BUFFERS; i++) {
		int octets = smallest(o, buffers[i].option);

		if (octets < BUFFERED)
			text_add(out,
				"%sthe userspace path has a %s buffer of %d octets instead of %d, and loses "
				"packets when this machine is busy: set %s = %d (sysctl), and start ikev2d "
				"anew",
				out->n ? "\n" : "", buffers[i].name, octets, BUFFERED, buffers[i].sysctl,
				BUFFERED);
	}
}

uint64_t outer_overflows(const struct outer *o)
{
	uint64_t all = 0;

	for (enum outer_kind kind = 0; kind < OUTER_MAX; kind++) {
		uint32_t info[SK_MEMINFO_VARS];
		socklen_t n = sizeof info;

		if (o->fd[kind] >= 0 && !getsockopt(o->fd[kind], SOL_SOCKET, SO_MEMINFO, info, &n) &&
			n > SK_MEMINFO_DROPS * sizeof *info)
			all += info[SK_MEMINFO_DROPS];
	}
	return all;
}

void outer_close(struct outer *o)
{
	for (unsigned i = 0; i < OUTER_FDS; i++)
		if (o->fd[i] >= 0)
			close(o->fd[i]);
	*o = outer_none();
}
