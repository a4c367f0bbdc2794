/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which packets a policy or an SA of the kernel is about: prefixes and masks of ports, cut out of traffic
 * selectors, which have ranges. Pure. */
#pragma once

#include "base/text.h"
#include "model/ts.h"
#include "xfrm/prefix.h"

#include <linux/xfrm.h>

/* Ports whose bits under MASK are those of VALUE. */
struct port_mask {
	uint16_t value, mask;
};

/* Packets from SRC to DST. For ICMP (and Mobile IPv6) the type stands in SPORT and the code in DPORT,
 * whichever way they go. */
struct selector {
	struct prefix src, dst;
	uint8_t proto; /* 0: every protocol */
	struct port_mask sport, dport;
};

struct selectors {
	struct selector *v;
	unsigned n;
};

enum { SELECTORS_MAX = 1024 /* of one policy */, SELECTOR_TEXT = 128 };

/* The selectors, from ARENA, for packets from one of LOCAL to one of REMOTE; those of two families or
 * protocols have none in common. ERR_RANGE, with a sentence, for dynamic ones whose address is not known, for
 * more than SELECTORS_MAX, and where nothing is left; ERR_UNSUPPORTED for OPAQUE ports. */
enum err selectors_of(struct tss local, struct tss remote, struct arena *arena, struct selectors *out,
	struct text *why) MUST_CHECK;

/* For the packets of the other direction. */
struct selector selector_turned(const struct selector *s);

/* "10.1.0.0/16 10.2.0.0/16 6 0/0 443/ffff", into OUT, which is returned; and back: ERR_SYNTAX, ERR_RANGE. */
const char *selector_print(const struct selector *s, char out[SELECTOR_TEXT]);
enum err selector_parse(const char *s, struct selector *out) MUST_CHECK;

/* As the kernel writes it, and back: ERR_RANGE for what is no address or prefix. The kernel finds a policy by
 * all octets of its selector, those between the fields among them: they are zero, whatever OUT was. */
void selector_to_kernel(const struct selector *s, struct xfrm_selector *out);
enum err selector_from_kernel(const struct xfrm_selector *k, struct selector *out) MUST_CHECK;

/* The single packet K is about, from LOCAL to REMOTE. ERR_RANGE as above. */
enum err selector_packet(const struct xfrm_selector *k, struct ts *local, struct ts *remote) MUST_CHECK;

/* How much a policy for S is to be preferred, as strongSwan counts: it is subtracted from the priority of its
 * class, of which the smaller wins. */
enum { SELECTOR_WEIGHT_MAX = 131459 };
uint32_t selector_weight(const struct selector *s);

/* An address as the kernel writes it, and back; FAMILY is AF_INET, AF_INET6 or, for none, 0. */
xfrm_address_t selector_address(const struct ip *ip);
struct ip selector_ip(const xfrm_address_t *a, uint16_t family);
uint16_t selector_family(const struct ip *ip);
