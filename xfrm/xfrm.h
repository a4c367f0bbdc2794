/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The data path: whoever carries the packets of CHILD_SAs. The core knows none of the back ends, the daemon
 * carries the core's actions to them through this interface; choice.c has THE list and leads each CHILD_SA to
 * its own. */
#pragma once

#include "base/text.h"
#include "model/conf.h"
#include "model/sa.h"

/* Every outer socket carries this mark, so that a policy route never catches the tunnel's own packets. */
enum { XFRM_OUTER_MARK = 0x1ce2 };

/* What the data path reports. Called on the control thread, from within dispatch(). */
struct xfrm_reports {
	void *ctx;
	/* A packet met a policy without SA, or (RESOURCE, as in struct sa_spec) without one for the CPU it is
	 * on; the selectors are those of the packet. At most one a second per policy, and of a CPU as often
	 * as the kernel says it. */
	void (*acquire)(void *ctx, uint32_t policy, uint32_t resource, const struct ts *local,
		const struct ts *remote);
	/* An authenticated packet that advanced the window came from another address than the SA's. */
	void (*mapping)(void *ctx, uint32_t child, const struct addr *remote);
	/* The first authenticated packet came on an inbound SA. */
	void (*used)(void *ctx, uint32_t child);
	/* A limit of volume or of the sequence numbers was met; after HARD the SA carries nothing more. */
	void (*expire)(void *ctx, uint32_t child, bool hard);
	/* An IKE datagram landed on a data-path socket (without its marker; PATH says marker). Borrowed. */
	void (*ike)(void *ctx, const struct path *path, struct bytes datagram);
	/* A packet came whose SPI no SA has, in UDP (ENCAP) or not: then PATH has no ports. Only now and
	 * then. */
	void (*unknown_spi)(void *ctx, const struct path *path, bool encap, uint32_t spi);
};

struct route;    /* route.h */
struct esp_link; /* user/order.h */

struct xfrm_setup {
	const struct settings *settings;
	const char *run_dir; /* a back end may keep an undo journal there */
	struct route *route; /* all back ends' */
	struct esp_link
		*link; /* to who carries packets of the userspace path; NULL: threads of this process */
	struct xfrm_reports reports;
};

enum { XFRM_LACKS_MAX = 32 };

/* What a back end can carry on this machine, as found out once when it was opened. */
struct xfrm_caps {
	bool esn;            /* extended sequence numbers */
	bool encap4, encap6; /* ESP in UDP over IPv4, over IPv6 */
	bool ipv6;
	bool ah;
	bool modes;     /* transport and BEET */
	bool marks;     /* marks, SAs without policies, labels, offload: all that only the kernel has */
	bool interface; /* a device of a tunnel's own */
	bool tcp;       /* ESP in TCP: by way of a relay on this machine */
	bool iptfs;     /* RFC 9347 */
	bool per_cpu;   /* SAs for CPUs, and packets that ask for them (RFC 9611) */
	unsigned window; /* packets in the largest replay window */
	const struct transform *lacks[XFRM_LACKS_MAX]; /* ENCR and INTEG of ESP that it has not */
	unsigned n_lacks;
};

/* Names of devices, empty where there is none: the tun device, and the one through which outer packets leave.
 */
struct xfrm_devices {
	char inner[16], outer[16]; /* IFNAMSIZ */
};

struct xfrm; /* a running data path; each back end has its own */

/* By what tables know an SA: the core's number of its CHILD_SA, and its direction. */
static inline uint64_t xfrm_sa_key(uint32_t child, bool inbound)
{
	return (uint64_t)child << 1 | inbound;
}

/* CHILD is the core's number of a CHILD_SA; with INBOUND it names one SA. WHY gets one sentence on failure.
 */
struct xfrm_backend {
	/* ERR_UNSUPPORTED where this machine has no such thing, ERR_DENIED where we may not use it. */
	enum err (*open)(const struct xfrm_setup *setup, struct xfrm **out, struct text *why);
	const struct xfrm_caps *(*caps)(const struct xfrm *x); /* NULL: choice_of says it */
	/* Takes everything away again, in order: an orderly stop. The routes have gone already. */
	void (*close)(struct xfrm *x);
	/* Readable when dispatch() has something to report; -1: it never has. */
	int (*fd)(const struct xfrm *x);
	void (*dispatch)(struct xfrm *x);
	/* ERR_EXISTS for an inbound SPI in use. */
	enum err (*sa_add)(struct xfrm *x, const struct sa_spec *sa, struct text *why);
	void (*sa_del)(struct xfrm *x, uint32_t child, bool inbound);
	/* New outer addresses; sequence numbers and windows go on. */
	enum err (*sa_move)(struct xfrm *x, uint32_t child, const struct addr *local,
		const struct addr *remote, bool encap);
	enum err (*policy_add)(struct xfrm *x, const struct policy_spec *policy, struct text *why);
	void (*policy_del)(struct xfrm *x, uint32_t policy);
	/* From now on the outbound SA of CHILD carries what matches POLICY; child 0: none, packets are
	 * dropped and acquire: also where one had, and nothing has come of it. */
	void (*sa_select)(struct xfrm *x, uint32_t policy, uint32_t child);
	/* A shunt that passes goes before all policies, one that drops behind them. ERR_EXISTS for an ID in
	 * use; ERR_UNSUPPORTED for selectors that cannot be had here. */
	enum err (*shunt_add)(struct xfrm *x, const struct shunt_spec *shunt, struct text *why);
	void (*shunt_del)(struct xfrm *x, uint32_t shunt);
	/* Fills OUT; false when there is no such SA. */
	bool (*usage)(struct xfrm *x, uint32_t child, bool inbound, struct sa_usage *out);
	/* Those that the outbound SA of CHILD uses. */
	struct xfrm_devices (*devices)(struct xfrm *x, uint32_t child);
	/* Why no device takes work off the outbound SA of CHILD, though hw_offload = auto has one asked; NULL:
	 * one does, or none was asked. Borrowed until the next call for CHILD. NULL: it never asks any. */
	const char *(*no_device)(const struct xfrm *x, uint32_t child);
	/* Counters of dropped packets, one "reason=count" after the other, appended to OUT. */
	void (*drops)(struct xfrm *x, struct text *out);
	/* What it works with and how fast, "engine=OpenSSL offloads=tcp,udp sent=38.0" (packets per call),
	 * appended to OUT. NULL where somebody else carries the packets. */
	void (*pace)(struct xfrm *x, struct text *out);
	/* Which settings of this machine hold it back: a sentence for each with what to do, one a line,
	 * appended to OUT. NULL where none do. */
	void (*advice)(struct xfrm *x, struct text *out);
	/* From now on (ON) what SAs and policies are taken away go together, before anything else is done at
	 * the latest; or now, and from now on at once. NULL: it always does. */
	void (*gather)(struct xfrm *x, bool on);
	/* Datagrams on the shared port may come together (ON, as at the start), or each comes for itself, because
	 * another back end receives there, too. NULL: they never come together. */
	void (*bundle)(struct xfrm *x, bool on);
	/* The configuration stands: what a crashed predecessor left to keep packets from going out in the
	 * clear, and nobody has asked for since, goes (routes have gone already). */
	void (*settled)(struct xfrm *x);
	/* Compares what is installed with what should be: a sentence for each difference, one a line,
	 * appended to OUT, which is repaired where that is possible. */
	void (*audit)(struct xfrm *x, struct text *out);
};

/* The undo journal of the kernel's back end, in the run directory. */
#define XFRM_KERNEL_JOURNAL "journal-xfrm"

/* The back ends, each in its folder. */
extern const struct xfrm_backend xfrm_user;
extern const struct xfrm_backend xfrm_kernel;

/* What the kernel's IPsec has, found out as when it is opened. Nothing stays, not even the journal, which is
 * in the folder DIR meanwhile. ERR_UNSUPPORTED and ERR_DENIED as open's, and WHY. */
enum err kernel_look(const char *dir, struct xfrm_caps *caps, struct text *why) MUST_CHECK;
