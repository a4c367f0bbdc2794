/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which DNS servers this machine is to ask, and for which names. Pure. */
#pragma once

#include "base/text.h"
#include "model/sa.h"
#include "xfrm/xfrm.h"

enum {
	DNS_LINKS_MAX = 16,
	DNS_SERVERS_MAX = 8,  /* of one link; glibc asks three */
	DNS_DOMAINS_MAX = 32, /* of one link */
	DNS_DEVICE = 16,      /* IF_NAMESIZE */
};

/* What is asked through one device. */
struct dns_link {
	char dev[DNS_DEVICE]; /* empty: the tunnel has none of its own */
	struct ip servers[DNS_SERVERS_MAX];
	unsigned n_servers;
	const char *domains[DNS_DOMAINS_MAX];
	unsigned n_domains;
	bool everything;  /* they are asked for all names, not those of the domains alone */
	struct vips vips; /* our addresses behind the device */
};

struct dns_setup {
	struct dns_link links[DNS_LINKS_MAX];
	unsigned n;
};

/* Whether packets to IP go into C. */
bool dns_leads_to(const struct child_record *c, const struct ip *ip);

/* Adds what the IKE_SA of R, whose CHILD_SAs other than GONE go through the devices of DEVICES, one for each,
 * has been told: those servers that a CHILD_SA leads to, for all names where it leads everywhere, or none are
 * named. Links of one device become one; texts are borrowed from R. What is beyond the limits is left out. */
void dns_setup_add(
	struct dns_setup *s, const struct sa_record *r, uint32_t gone, const struct xfrm_devices *devices);

/* Adds what is in MORE; texts are borrowed from it. */
void dns_setup_join(struct dns_setup *s, const struct dns_setup *more);

/* Texts of its own, in ARENA. */
void dns_setup_keep(struct dns_setup *s, struct arena *arena);

/* All links as one, for resolvers that know no others. */
struct dns_link dns_setup_joined(const struct dns_setup *s);

/* All that S says, as text from ARENA: equal when S is. */
const char *dns_setup_text(const struct dns_setup *s, struct arena *arena);

/* Lines of resolv.conf(5): "nameserver …" for each server, "search …". */
const char *dns_setup_lines(const struct dns_setup *s, struct arena *arena);
