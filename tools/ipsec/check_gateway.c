/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The way of packets through this machine. */
#include "check.h"

enum verdict check_forwarding(struct check *k)
{
	if (check_number("/proc/sys/net/ipv4/ip_forward", NULL, 10, 0))
		return check_say(k, GOOD, "IPv4 packets are forwarded");
	return check_say(k, NOTE,
		"IPv4 packets of other hosts are not forwarded; a gateway needs sysctl -w "
		"net.ipv4.ip_forward=1");
}

enum verdict check_rp_filter(struct check *k)
{
	if (check_number("/proc/sys/net/ipv4/conf/all/rp_filter", NULL, 10, 0) != 1)
		return check_say(k, GOOD, "packets are not dropped for the way they came");
	return check_say(k, NOTE,
		"strict: packets that come by another way than answers would go are dropped; "
		"sysctl -w net.ipv4.conf.all.rp_filter=2 loosens it");
}
