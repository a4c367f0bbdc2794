/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Conversations with the kernel by netlink: one request, its answers, the kernel's verdict; and its events.
 */
#pragma once

#include "base/err.h"
#include "base/text.h"

#include <libmnl/libmnl.h>

struct netlink;

/* PROTOCOL is NETLINK_ROUTE, NETLINK_XFRM or NETLINK_NETFILTER. ERR_UNSUPPORTED when the kernel has no such
 * protocol. */
enum err netlink_open(int protocol, struct netlink **out, struct text *why) MUST_CHECK;
/* A conversation by the datagram socket FD, which it owns from then on. */
struct netlink *netlink_on(int fd);
void netlink_close(struct netlink *nl); /* NULL does nothing */

/* A new request (RTM_*, XFRM_MSG_*, further NLM_F_*) in NL's own memory, to be filled and given to
 * netlink_talk, which wipes it: there may be keys in it. */
enum { NETLINK_REQUEST_MAX = 4096 /* octets */ };
struct nlmsghdr *netlink_request(struct netlink *nl, uint16_t type, uint16_t flags);

/* A message more, behind what is filled of the request and in the same memory; with NLM_F_ACK in FLAGS its
 * verdict is that of the request. The one before must not ask for any (its nlmsg_flags may be changed). */
struct nlmsghdr *netlink_more(struct netlink *nl, uint16_t type, uint16_t flags);

/* Sends the request and hands every answer to EACH (NULL: none are expected), until the kernel is done; late
 * answers to earlier requests, which were given up, are passed over. Its refusal comes back as netlink_refuse
 * says. ERR_BUSY: the answer was lost, and whether it was done is not known. */
typedef void netlink_each_fn(void *ctx, const struct nlmsghdr *answer);
enum err netlink_talk(struct netlink *nl, netlink_each_fn *each, void *ctx) MUST_CHECK;

/* Takes something away by a request of its own, which goes at once or, from netlink_gather on, with others:
 * in one datagram, with one answer for all, before the next netlink_request at the latest. To be filled (with
 * at most NETLINK_LATER_MAX octets) and given to netlink_post. THING (copied) and CTX go to DONE with the
 * kernel's verdict as netlink_talk would return it, and netlink_reason; DONE asks nothing of NL. */
enum { NETLINK_LATER_MAX = 512, NETLINK_THING = 200 /* octets, with the NUL */ };
typedef void netlink_done_fn(void *ctx, const char *thing, enum err e);
struct nlmsghdr *netlink_later(
	struct netlink *nl, uint16_t type, netlink_done_fn *done, void *ctx, const char *thing);
void netlink_post(struct netlink *nl);
/* What is posted goes now. */
void netlink_flush(struct netlink *nl);
/* What is posted waits (ON), or goes now and from now on. */
void netlink_gather(struct netlink *nl, bool on);

/* The number of the network device NAME; 0: there is none. */
unsigned netlink_device(const struct netlink *nl, const char *name);
/* The MTU of the network device of number DEV, in octets; 0: there is none. */
unsigned netlink_device_mtu(const struct netlink *nl, unsigned dev);

/* A socket that hears the events of N groups of PROTOCOL; it does not block. */
enum err netlink_listen(
	int protocol, const unsigned *groups, unsigned n, int *fd, struct text *why) MUST_CHECK;

/* Changes of routes in TABLE (one of those that have no special meaning: 1 to 251), and in that of this
 * machine's own addresses, are not told by FD any more, so that nobody is woken by what he does himself.
 * Where the kernel cannot leave them out, they are. */
void netlink_pass_over(int fd, uint32_t table);

/* Hands the events that wait on FD to EACH, a bounded number of them. False when some were lost, because
 * nobody read them in time. */
bool netlink_hear(int fd, netlink_each_fn *each, void *ctx);

/* Keeps ERROR (an errno) as NL's last refusal; returns what it is called here: ERR_DENIED, ERR_EXISTS,
 * ERR_MISSING (no such thing), ERR_UNSUPPORTED (no such family, protocol or
 * algorithm), ERR_SYSTEM. */
enum err netlink_refuse(struct netlink *nl, int error);

/* Whether the last refusal was one since the kernel has no such protocol, whatever else was asked for
 * (EPROTONOSUPPORT). */
bool netlink_lacks_protocol(const struct netlink *nl);
/* Whether it was one of a value in the request (EINVAL). */
bool netlink_refused_value(const struct netlink *nl);

/* Why the last request was refused, for a person: the error, the kernel's own words if it had some, and what
 * to do about missing rights. Valid until the next request. */
const char *netlink_reason(const struct netlink *nl);
