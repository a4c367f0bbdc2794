/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Conversations with rtnetlink: one request, its answers, the kernel's verdict. */
#pragma once

#include "base/err.h"
#include "base/text.h"

#include <libmnl/libmnl.h>

struct netlink;

enum err netlink_open(struct netlink **out, struct text *why) MUST_CHECK;
void netlink_close(struct netlink *nl); /* NULL does nothing */

/* A new request (RTM_*, further NLM_F_*) in NL's own memory, to be filled and given to netlink_talk; at most
 * 1024 octets. */
struct nlmsghdr *netlink_request(struct netlink *nl, uint16_t type, uint16_t flags);

/* Sends the request and hands every answer to EACH (NULL: none are expected), until the kernel is done. Its
 * refusal comes back as netlink_refuse says. */
typedef void netlink_each_fn(void *ctx, const struct nlmsghdr *answer);
enum err netlink_talk(struct netlink *nl, netlink_each_fn *each, void *ctx) MUST_CHECK;

/* Keeps ERROR (an errno) as NL's last refusal; returns what it is called here: ERR_DENIED, ERR_EXISTS,
 * ERR_MISSING (no such route, rule, address or device), ERR_UNSUPPORTED (no such family), ERR_SYSTEM. */
enum err netlink_refuse(struct netlink *nl, int error);

/* Why the last request was refused, for a person: the error, the kernel's own words if it had some, and what
 * to do about missing rights. Valid until the next request. */
const char *netlink_reason(const struct netlink *nl);
