/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "xfrm/bypass.h"

#include <linux/in.h>
#include <linux/in6.h>
#include <linux/udp.h>
#include <linux/xfrm.h>
#include <sys/socket.h>

void xfrm_bypass(int fd, bool v6)
{
	struct xfrm_userpolicy_info p = {
		.sel.family = v6 ? AF_INET6 : AF_INET,
		.action = XFRM_POLICY_ALLOW,
	};

	for (p.dir = XFRM_POLICY_IN; p.dir <= XFRM_POLICY_OUT; p.dir++)
		(void)setsockopt(fd, v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ? IPV6_XFRM_POLICY : IP_XFRM_POLICY,
			&p, sizeof p);
}

bool xfrm_encap(int fd)
{
	int type = UDP_ENCAP_ESPINUDP;

	return !setsockopt(fd, IPPROTO_UDP, UDP_ENCAP, &type, sizeof type);
}
