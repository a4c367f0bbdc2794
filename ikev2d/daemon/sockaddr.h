/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses of the model as the system has them, and back. */
#pragma once

#include "model/addr.h"

#include <netinet/in.h>
#include <sys/socket.h>

/* The socket address of A in OUT; returns its length. */
socklen_t sockaddr_of(const struct addr *a, struct sockaddr_storage *out);

/* No address for a family other than the two. */
struct addr sockaddr_read(const struct sockaddr *sa);

/* Enough, and aligned, for the packet info of either family. */
union packet_info {
	struct cmsghdr header;
	char room[CMSG_SPACE(sizeof(struct in6_pktinfo))];
};

/* Makes M send from the address FROM, with INFO as its memory; an unknown one leaves the choice to the
 * system. */
void sockaddr_send_from(struct msghdr *m, union packet_info *info, const struct ip *from);

/* The address that the received M came to. */
struct ip sockaddr_came_to(struct msghdr *m);
