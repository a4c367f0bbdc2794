/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What ikev2d needs of this machine: ports, devices, rights. */
#include "check.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

enum { TUN_MAJOR = 10, TUN_MINOR = 200 };

/* Why NAME's port cannot be opened: an errno, or 0. */
static int bind_error(const void *name, socklen_t n, int family)
{
	int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0), on = 1, e = 0;

	if (fd < 0)
		return errno;
	if (family == AF_INET6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
	if (bind(fd, name, n))
		e = errno;
	close(fd);
	return e;
}

/* Over both families, as ikev2d opens it; a machine may have no IPv6. */
static int port_error(uint16_t port)
{
	struct sockaddr_in any4 = { .sin_family = AF_INET, .sin_port = htons(port) };
	struct sockaddr_in6 any6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	int e = bind_error(&any4, sizeof any4, AF_INET);

	if (!e)
		e = bind_error(&any6, sizeof any6, AF_INET6);
	return e == EAFNOSUPPORT || e == EADDRNOTAVAIL ? 0 : e;
}

static enum verdict check_port(struct check *k, uint16_t port)
{
	int e = port_error(port);

	if (!e)
		text_add(&k->says, "UDP port %u is free", port);
	else if (e == EADDRINUSE && k->running)
		text_add(&k->says, "UDP port %u is in use, and ikev2d is running", port);
	else if (e == EADDRINUSE)
		text_add(&k->says, "UDP port %u is taken by another program; ss -ulpn sport = :%u shows it",
			port, port);
	else
		text_add(&k->says, "UDP port %u cannot be opened: %s%s", port, strerror(e),
			e == EACCES ? "; run this as root" : "");
	return !e || (e == EADDRINUSE && k->running) ? GOOD : BAD;
}

enum verdict check_ike_port(struct check *k)
{
	return check_port(k, k->conf.settings.port);
}

enum verdict check_nat_port(struct check *k)
{
	return check_port(k, k->conf.settings.port_nat_t);
}

enum verdict check_tun(struct check *k)
{
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC), e = errno;
	unsigned features;
	bool tun;

	if (fd >= 0) {
		tun = !ioctl(fd, TUNGETFEATURES, &features);
		close(fd);
		return tun ? check_say(k, GOOD, "/dev/net/tun can be opened")
			   : check_say(k, BAD,
				     "/dev/net/tun is another device; mknod /dev/net/tun c 10 200 makes it");
	}
	text_add(&k->says, "/dev/net/tun cannot be opened: %s; %s", strerror(e),
		e == ENOENT || e == ENODEV ? "modprobe tun brings it"
					   : "run this as root, or give the container "
					     "the device");
	return BAD;
}

/* Where there is none: a module need not be loaded for the device to be made. */
bool fix_tun(struct check *k)
{
	if ((mkdir("/dev/net", 0755) && errno != EEXIST) ||
		mknod("/dev/net/tun", S_IFCHR | 0666, makedev(TUN_MAJOR, TUN_MINOR))) {
		text_add(&k->says, "/dev/net/tun cannot be made: %s", strerror(errno));
		return false;
	}
	text_add(&k->says, "made /dev/net/tun; rm /dev/net/tun takes it back");
	return true;
}

enum verdict check_rights(struct check *k)
{
	static const struct {
		unsigned bit;
		const char *name;
	} needed[] = { { 10, "CAP_NET_BIND_SERVICE" }, { 12, "CAP_NET_ADMIN" }, { 13, "CAP_NET_RAW" } };
	unsigned long long have = check_number("/proc/self/status", "CapEff:", 16, 0);
	bool all = true;

	for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
		if (!(have >> needed[i].bit & 1)) {
			text_add(&k->says, "%s%s", all ? "missing: " : ", ", needed[i].name);
			all = false;
		}
	if (all)
		return check_say(k, GOOD, "this user may configure the network");
	return check_say(k, BAD, "; run this (and ikev2d) as root");
}
