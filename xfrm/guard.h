/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An nftables table of our own that drops what comes in in the clear although a policy wants it protected
 * (RFC 4301, 5.2: such a packet MUST be discarded), and what a shunt wants dropped; and that does what
 * connections want with packets that are forwarded.
 *
 * First come shunts that let packets pass, then policies, then shunts that drop; the last concern neither
 * what goes into our devices nor what comes out of them, which are those of a group.
 *
 * Never dropped: packets of the machine to itself; ESP and AH; IKE and ESP in UDP, on our ports;
 * "fragmentation needed" and "packet too big", without which the path's MTU is never learned; IPv6 neighbour
 * discovery, and everything from or to link-local and to multicast IPv6 addresses. The selectors of a tunnel
 * between two hosts contain all of these. */
#pragma once

#include "base/err.h"
#include "base/text.h"
#include "model/ts.h"

struct guard;

/* Makes the table NAME with nothing in it to drop; PORTS are those of IKE and of NAT traversal, MARK is that
 * of our outer packets and the group of our devices. ERR_UNSUPPORTED where there are no nftables (or no right
 * to them), or the name is taken; ERR_MISSING where their library is not installed. */
enum err guard_open(const char *name, const uint16_t ports[2], uint32_t mark, struct guard **out,
	struct text *why) MUST_CHECK;

/* Forgets what it knows; the table stays. NULL does nothing. */
void guard_close(struct guard *g);

/* Drops packets from REMOTE (without what is ours, ours.h) to LOCAL that come in on another device than DEV;
 * counted by ID: an ID that is there already only gets one owner more. ERR_SYSTEM when the kernel refuses. */
enum err guard_add(struct guard *g, uint32_t id, const char *dev, struct tss local, struct tss remote,
	struct text *why) MUST_CHECK;
void guard_del(struct guard *g, uint32_t id);

/* Lets packets pass, or drops them, that go out from LOCAL to REMOTE or come in from REMOTE to LOCAL; whether
 * they are this machine's or are forwarded. ERR_EXISTS for an ID in use, ERR_SYSTEM when the kernel refuses.
 */
enum guard_shunt { GUARD_PASS, GUARD_DROP };
enum err guard_shunt_add(struct guard *g, uint32_t id, enum guard_shunt what, struct tss local,
	struct tss remote, struct text *why) MUST_CHECK;
void guard_shunt_del(struct guard *g, uint32_t id);

/* What is done with packets out of a tunnel that are forwarded, and with those into it. */
struct guard_forward {
	bool nat;   /* those out of it get the address of the device they leave by, unless that is a tunnel */
	bool apart; /* those that go into another tunnel of which the same is said are dropped */
	unsigned mss; /* of TCP, at the most, both ways; 0: what fits into */
	unsigned mtu; /* octets of an IP packet; 0: as it is */
};

/* For the tunnel ID, with selectors of addresses known, which must not be there yet. All or nothing:
 * ERR_UNSUPPORTED where the kernel has no NAT, ERR_SYSTEM when it refuses. */
enum err guard_forward_add(struct guard *g, uint32_t id, const struct guard_forward *how, struct tss local,
	struct tss remote, struct text *why) MUST_CHECK;
void guard_forward_del(struct guard *g, uint32_t id);

/* Drops packets that leave for REMOTE by another way than a tunnel, whoever sent them: except what comes
 * out of a tunnel, what tunnels and their negotiation need, DHCP, what the process of USER (0: none) sends,
 * what is never dropped, and what shunts let pass. It knows no tunnel, and stands until it is taken away.
 * ERR_UNSUPPORTED, ERR_SYSTEM when the kernel refuses. */
enum err guard_bar_add(
	struct guard *g, uint32_t id, uint32_t user, struct tss remote, struct text *why) MUST_CHECK;
void guard_bar_del(struct guard *g, uint32_t id);

/* Packets that come in on the SA of SPI (ours, host order) get the mark IN, and answers in the connections
 * inside get OUT. ID must not be there yet. ERR_UNSUPPORTED where connections are not tracked, ERR_SYSTEM
 * when the kernel refuses. */
enum err guard_connmark_add(
	struct guard *g, uint32_t id, uint32_t spi, uint32_t in, uint32_t out, struct text *why) MUST_CHECK;
void guard_connmark_del(struct guard *g, uint32_t id);

/* Takes the table NAME away, whoever made it; one that is not there is fine. */
enum err guard_remove(const char *name, struct text *why) MUST_CHECK;
