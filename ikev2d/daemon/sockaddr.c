/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Socket addresses and packet info. */
#include "daemon/sockaddr.h"

socklen_t sockaddr_of(const struct addr *a, struct sockaddr_storage *out)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)out;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;

	memset(out, 0, sizeof *out);
	if (a->ip.v == 6) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons(a->port);
		memcpy(&v6->sin6_addr, a->ip.a, 16);
		return sizeof *v6;
	}
	v4->sin_family = AF_INET;
	v4->sin_port = htons(a->port);
	memcpy(&v4->sin_addr, a->ip.a, 4);
	return sizeof *v4;
}

struct addr sockaddr_read(const struct sockaddr *sa)
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)sa;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)sa;
	struct addr a = { 0 };

	if (sa->sa_family == AF_INET) {
		a.ip.v = 4;
		memcpy(a.ip.a, &v4->sin_addr, 4);
		a.port = ntohs(v4->sin_port);
	} else if (sa->sa_family == AF_INET6) {
		a.ip.v = 6;
		memcpy(a.ip.a, &v6->sin6_addr, 16);
		a.port = ntohs(v6->sin6_port);
	}
	return a;
}

static void attach(struct msghdr *m, union packet_info *info, int level, int type, const void *data, size_t n)
{
	struct cmsghdr *c;

	m->msg_control = info->room;
	m->msg_controllen = CMSG_SPACE(n);
	c = CMSG_FIRSTHDR(m);
	c->cmsg_level = level;
	c->cmsg_type = type;
	c->cmsg_len = CMSG_LEN(n);
	memcpy(CMSG_DATA(c), data, n);
}

void sockaddr_send_from(struct msghdr *m, union packet_info *info, const struct ip *from)
{
	struct in_pktinfo v4 = { 0 };
	struct in6_pktinfo v6 = { 0 };

	memset(info, 0, sizeof *info);
	if (from->v == 4) {
		memcpy(&v4.ipi_spec_dst, from->a, 4);
		attach(m, info, IPPROTO_IP, IP_PKTINFO, &v4, sizeof v4);
	} else if (from->v == 6) {
		memcpy(&v6.ipi6_addr, from->a, 16);
		attach(m, info, IPPROTO_IPV6, IPV6_PKTINFO, &v6, sizeof v6);
	}
}

struct ip sockaddr_came_to(struct msghdr *m)
{
	struct ip ip = { 0 };
	struct in_pktinfo v4;
	struct in6_pktinfo v6;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c))
		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
			memcpy(&v4, CMSG_DATA(c), sizeof v4);
			ip.v = 4;
			memcpy(ip.a, &v4.ipi_addr, 4);
		} else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
			memcpy(&v6, CMSG_DATA(c), sizeof v6);
			ip.v = 6;
			memcpy(ip.a, &v6.ipi6_addr, 16);
		}
	return ip;
}
