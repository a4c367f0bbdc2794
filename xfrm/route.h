/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Routes, rules and other settings of the machine that the data path needs, each written into a journal
 * before it is made, so that all of it is taken back at an orderly stop, or by the next start after a crash.
 * Netlink by libmnl. */
#pragma once

#include "base/text.h"
#include "model/conf.h"
#include "model/ts.h"
#include "xfrm/guard.h"
#include "xfrm/pass.h"

#include <net/if.h>

struct route; /* all that one daemon has changed on this machine (in its network namespace) */

/* Opens netlink and the journal JOURNAL (a file's path; ERR_BUSY when another daemon has it). What a crashed
 * predecessor left behind is taken back first, except what holds clear packets back: its unreachable routes,
 * the rule that leads to them and its guards are adopted. Whoever asks for such a thing again takes it over;
 * the rest goes when route_adopted_drop is called, so that no packet goes out in the clear in between. Then
 * the rule "not fwmark MARK: look into table TABLE" is made, for IPv4 and, where the kernel has it, IPv6;
 * none for the main table, into which everybody looks: there route_add makes no route to a prefix that
 * somebody else has routed, and nothing passes by (route_pass_add). ERR_DENIED without CAP_NET_ADMIN. WHY
 * gets a sentence on failure, here and below. */
enum err route_open(const char *journal, const struct settings *settings, uint32_t mark, struct route **out,
	struct text *why) MUST_CHECK;

/* Takes back everything, newest first, and removes the journal; what the kernel will not take back is logged
 * and stays in the journal. NULL does nothing. */
void route_close(struct route *r);

/* Whether unreachable routes of a predecessor were adopted. */
bool route_adopted_any(struct route *r);

/* Leads packets to what they make unreachable to DEV, where somebody may drop them; until route_adopted_drop,
 * or for good where route_add is asked for the same. For packets from there get past no rp_filter, not even a
 * loose one, and a peer with which a new tunnel is to be made may be there. */
void route_adopted_lead(struct route *r, const char *dev);

/* Takes back what was adopted of a predecessor and nobody has asked for since: called once the configuration
 * stands, and every route and guard it wants has been added. */
void route_adopted_drop(struct route *r);

/* Brings device DEV, one of ours, up with MTU octets, in the group MARK; loosens strict rp_filter on every
 * interface there is (journalled): it would drop a peer's packets whose address lies inside its own
 * selectors. ERR_MISSING: no such device. */
enum err route_device_up(struct route *r, const char *dev, unsigned mtu, struct text *why) MUST_CHECK;

/* Routes the addresses of REMOTE (a range, not dynamic; it is cut into prefixes) to DEV in our table, with
 * MTU octets (0: none said) and, as preferred source, the first address of this machine that lies in one of
 * LOCAL, if there is one; behind it an unreachable route of higher metric. Counted: the same route with the
 * same DEV may have several owners, and the last one takes it away; each further one renews it, with its MTU
 * and source. All of REMOTE or nothing: ERR_EXISTS when another device or program has one of the prefixes,
 * ERR_MISSING when DEV is gone, ERR_UNSUPPORTED when REMOTE is IPv6 and the kernel has none (then nothing can
 * leak either). IPv6 neighbour discovery is not concerned (link-local and multicast IPv6 addresses are never
 * routed here). */
enum err route_add(struct route *r, const char *dev, const struct ts *remote, struct tss local, unsigned mtu,
	struct text *why) MUST_CHECK;
void route_del(struct route *r, const char *dev, const struct ts *remote);

/* Where packets to a peer go first: VIA on DEV. */
struct route_hop {
	char dev[IF_NAMESIZE];
	struct ip via;
};

/* That of PEER, not looking at our own table; ERR_MISSING where nothing, or this machine itself, is there. */
enum err route_hop_find(
	struct route *r, const struct ip *peer, struct route_hop *out, struct text *why) MUST_CHECK;

/* As route_add, but packets to REMOTE go where those to the peer go, for the kernel's policies to protect,
 * and no unreachable route is behind: the policies close. */
enum err route_past_add(struct route *r, const struct route_hop *hop, const struct ts *remote,
	struct tss local, struct text *why) MUST_CHECK;
void route_past_del(struct route *r, const struct route_hop *hop, const struct ts *remote);

/* From now on (ON) routes that nobody needs any more go together, before anything else is done at the latest;
 * or now, and from now on at once. */
void route_gather(struct route *r, bool on);

/* ERR_RANGE when a route to REMOTE would lead the outer packets to PEER (v 0: not known) into the tunnel,
 * too: in the main table no rule spares them. To be asked before route_add. */
enum err route_spares(
	const struct route *r, const struct ts *remote, const struct ip *peer, struct text *why) MUST_CHECK;

/* Keeps packets for the addresses of OURS (ours.h) out of wider routes of ours: they go where the tables
 * behind say. Counted; all or nothing. */
enum err route_ours_add(struct route *r, const struct ts *ours, struct text *why) MUST_CHECK;
void route_ours_del(struct route *r, const struct ts *ours);

/* Drops packets that come in on another device than DEV from REMOTE to LOCAL in the clear (an nftables table
 * of our own, journalled; what always passes stands in guard.h). Counted by ID: one that is there already
 * only gets one owner more. Without nftables ERR_UNSUPPORTED and a sentence: the caller says so and goes on.
 * ERR_SYSTEM when this one is refused. */
enum err route_guard_add(struct route *r, uint32_t id, const char *dev, struct tss local, struct tss remote,
	struct text *why) MUST_CHECK;
void route_guard_del(struct route *r, uint32_t id);

/* Lets packets of MATCH pass by our table: they go where the tables behind it say. Counted. ERR_RANGE when
 * there is no room for rules around the one that leads to our table, ERR_UNSUPPORTED when that is the main
 * one. Where the kernel has no IPv6 its packets
 * need nothing. A crash leaves none of this for longer than until the next start: what passes is less than
 * what is protected. */
enum err route_pass_add(struct route *r, const struct rule_match *match, struct text *why) MUST_CHECK;
void route_pass_del(struct route *r, const struct rule_match *match);

/* Whether this machine, looking at the tables behind ours, chooses a source within FROM at both ends of TO.
 */
bool route_chooses(struct route *r, const struct prefix *to, const struct prefix *from);

/* Packets from LOCAL to REMOTE that leave by other devices than ours, and those from REMOTE to LOCAL that
 * come in by them, pass every guard, or are dropped (guard.h); one shunt ID. ERR_UNSUPPORTED and ERR_SYSTEM
 * as with guards. */
enum err route_shunt_add(struct route *r, uint32_t id, enum guard_shunt what, struct tss local,
	struct tss remote, struct text *why) MUST_CHECK;
void route_shunt_del(struct route *r, uint32_t id);

/* What is done with forwarded packets of a tunnel ID (guard.h). ERR_UNSUPPORTED and ERR_SYSTEM as with
 * guards.
 */
enum err route_forward_add(struct route *r, uint32_t id, const struct guard_forward *how, struct tss local,
	struct tss remote, struct text *why) MUST_CHECK;
void route_forward_del(struct route *r, uint32_t id);

/* Drops what leaves for REMOTE in the clear (guard.h, with what passes all the same); it outlives this
 * process, and its next start takes it over as other guards. ERR_UNSUPPORTED and ERR_SYSTEM as with guards.
 */
enum err route_bar_add(
	struct route *r, uint32_t id, uint32_t user, struct tss remote, struct text *why) MUST_CHECK;
void route_bar_del(struct route *r, uint32_t id);

/* Notes in the journal that a person has closed NAME, once more each time; it is seen until it was forgotten
 * as often, or an orderly end: a successor sees it, too, until it is settled. */
enum err route_closed_note(struct route *r, const char *name, struct text *why) MUST_CHECK;
void route_closed_forget(struct route *r, const char *name);
bool route_closed(const struct route *r, const char *name);

/* Marks for the packets of an SA, and for answers (guard.h). ERR_UNSUPPORTED and ERR_SYSTEM as with guards.
 */
enum err route_connmark_add(
	struct route *r, uint32_t id, uint32_t spi, uint32_t in, uint32_t out, struct text *why) MUST_CHECK;
void route_connmark_del(struct route *r, uint32_t id);

/* The source address the machine would use to reach REMOTE, not looking at our own table (packets with MARK);
 * and the MTU of the path's first device. ERR_MISSING and a sentence when there is no route. */
enum err route_source(struct route *r, const struct ip *remote, struct ip *source, unsigned *mtu,
	struct text *why) MUST_CHECK;

/* The MTU of the path to REMOTE by its first device, or what one may expect where there is none. */
unsigned route_mtu(struct route *r, const struct ip *remote);

/* The name of the device through which packets to REMOTE leave, not looking at our own table either; false
 * when there is no route. */
bool route_device(struct route *r, const struct ip *remote, char name[IF_NAMESIZE]);
