/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One message, one report. */
#include "xfrm/user/channel.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

enum err channel_open(struct channel *c, struct text *why)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends)) {
		text_add(why, "no channel to the packet threads: %s", strerror(errno));
		return ERR_SYSTEM;
	}
	*c = (struct channel){ ends[0], ends[1] };
	return ERR_OK;
}

void channel_close(struct channel *c)
{
	close(c->tell);
	close(c->hear);
}

bool channel_tell(const struct channel *c, const struct esp_report *r, struct bytes body)
{
	struct esp_report copy = *r;
	struct iovec io[2] = { { &copy, sizeof copy }, { (void *)body.p, body.n } };
	struct msghdr msg = { .msg_iov = io, .msg_iovlen = 2 };

	return sendmsg(c->tell, &msg, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;
}

bool channel_hear(const struct channel *c, struct esp_report *r, uint8_t *body, size_t *n)
{
	struct iovec io[2] = { { r, sizeof *r }, { body, CHANNEL_BODY } };
	struct msghdr msg = { .msg_iov = io, .msg_iovlen = 2 };
	ssize_t got = recvmsg(c->hear, &msg, MSG_DONTWAIT);

	if (got < (ssize_t)sizeof *r)
		return false;
	*n = (size_t)got - sizeof *r;
	return true;
}
