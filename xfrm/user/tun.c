/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tun devices. */
#include "xfrm/user/tun.h"

#include "base/bytes.h"
#include "xfrm/device.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef TUN_F_USO4 /* headers of Linux before 6.2 */
#define TUN_F_USO4 0x20
#define TUN_F_USO6 0x40
#endif

enum { QUEUE = 5000 /* packets the kernel keeps for us while we work on others */ };

static const char device[] = "/dev/net/tun";

/* The name to ask for; the kernel puts the next free number in the place of "%d". */
static enum err name_make(const char *name, bool numbered, char out[IFNAMSIZ], struct text *why)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";
	size_t n = strlen(name);
	bool number = numbered && n && !(name[n - 1] >= '0' && name[n - 1] <= '9');

	if (!n || name[0] == '.' || strspn(name, allowed) != n || n + (number ? 2 : 0) >= IFNAMSIZ) {
		text_add(why,
			"\"%.40s\" is no name for a tun device: give up to %d letters, digits, '_', '-'",
			name, IFNAMSIZ - (numbered ? 3 : 1));
		return ERR_SYNTAX;
	}
	memcpy(out, name, n + 1);
	if (number)
		memcpy(out + n, "%d", 3);
	return ERR_OK;
}

static enum err refuse(const char *name, struct text *why)
{
	switch (errno) {
	case ENOENT:
	case ENXIO:
	case ENODEV:
		text_add(why, "there is no %s: run \"modprobe tun\", or give the device to this container",
			device);
		return ERR_MISSING;
	case EACCES:
	case EPERM:
		text_add(why, "no right to make the tun device %s: run ikev2d as root, or with CAP_NET_ADMIN",
			name);
		return ERR_DENIED;
	case EBUSY:
	case EEXIST:
	case EINVAL: /* the name is that of another kind of device */
		text_add(why,
			"a device %s exists: choose another name (interface or daemon.tun_name), or remove "
			"it "
			"(ip link del %s)",
			name, name);
		return ERR_EXISTS;
	default: text_add(why, "cannot make the tun device %s: %s", name, strerror(errno)); return ERR_SYSTEM;
	}
}

void tun_advice(const char *name, struct text *out)
{
	int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = { .ifr_qlen = QUEUE };

	memcpy(request.ifr_name, name, TUN_NAME);
	if (s >= 0 && !ioctl(s, SIOCGIFTXQLEN, &request) && request.ifr_qlen < QUEUE)
		text_add(out,
			"%sdevice %s keeps %d packets instead of %d, and loses what comes while this machine "
			"is busy: run \"ip link set %s txqueuelen %d\"",
			out->n ? "\n" : "", name, request.ifr_qlen, QUEUE, name, QUEUE);
	if (s >= 0)
		close(s);
}

/* What makes it better, but is not worth failing for: a longer queue, and IPv6 as devices want it. */
static void tune(const struct ifreq *made)
{
	int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = *made;

	request.ifr_qlen = QUEUE;
	if (s >= 0) {
		(void)ioctl(s, SIOCSIFTXQLEN, &request);
		close(s);
	}
	device_tune(made->ifr_name);
}

/* Opens one queue of the device that REQUEST asks for. */
static bool open_queue(int *fd, struct ifreq *request)
{
	int error;

	*fd = open(device, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (*fd < 0)
		return false;
	if (!ioctl(*fd, TUNSETIFF, request))
		return true;
	error = errno;
	close(*fd);
	errno = error;
	return false;
}

enum err tun_open(const char *name, bool numbered, unsigned n, int *fd, char made[TUN_NAME], struct text *why)
{
	const short many = n > 1 ? IFF_MULTI_QUEUE : 0;
	struct ifreq request = { .ifr_flags = (short)(IFF_TUN | IFF_NO_PI | IFF_VNET_HDR | many) };
	enum err e = name_make(name, numbered, request.ifr_name, why);

	if (e)
		return e;
	request.ifr_flags |= (short)IFF_TUN_EXCL;
	for (unsigned i = 0; i < n; i++) {
		if (!open_queue(&fd[i], &request)) {
			e = refuse(name, why);
			while (i-- > 0)
				close(fd[i]);
			return e;
		}
		request.ifr_flags = (short)(IFF_TUN | IFF_NO_PI | IFF_VNET_HDR | many);
	}
	_Static_assert(TUN_NAME == IFNAMSIZ, "a device's name");
	memcpy(made, request.ifr_name, TUN_NAME);
	tune(&request);
	return ERR_OK;
}

bool tun_offload(int fd)
{
	const unsigned tcp = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN,
		       udp = tcp | TUN_F_USO4 | TUN_F_USO6;

	if (!ioctl(fd, TUNSETOFFLOAD, udp))
		return true;
	(void)ioctl(fd, TUNSETOFFLOAD, tcp);
	return false;
}
