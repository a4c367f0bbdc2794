/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The way of packets through this machine. */
#include "check.h"
#include "nat_rules.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <nftables/libnftables.h>
#include <stdlib.h>
#include <unistd.h>

#define FORWARD4 "/proc/sys/net/ipv4/ip_forward"
#define FORWARD6 "/proc/sys/net/ipv6/conf/all/forwarding"
#define CONF4    "/proc/sys/net/ipv4/conf/"
#define CONF6    "/proc/sys/net/ipv6/conf/"

enum { RP_STRICT = 1, RP_LOOSE = 2, RA_FORWARDING = 2 };

static bool write_number(struct check *k, const char *path, unsigned value)
{
	FILE *f = fopen(path, "we");
	bool ok = f && fprintf(f, "%u\n", value) > 0;

	if (f && fclose(f))
		ok = false;
	if (!ok)
		text_add(&k->says, "%s cannot be written: %s", path, strerror(errno));
	return ok;
}

/* ----------------------------------------------------------------- forwarding */

static bool is_ours(const struct ip *ip)
{
	struct ifaddrs *all = NULL;
	bool ours = false;

	if (getifaddrs(&all))
		return false;
	for (const struct ifaddrs *a = all; a && !ours; a = a->ifa_next) {
		const void *octets = NULL;

		if (a->ifa_addr && a->ifa_addr->sa_family == AF_INET && ip->v == 4)
			octets = &((const struct sockaddr_in *)(const void *)a->ifa_addr)->sin_addr;
		if (a->ifa_addr && a->ifa_addr->sa_family == AF_INET6 && ip->v == 6)
			octets = &((const struct sockaddr_in6 *)(const void *)a->ifa_addr)->sin6_addr;
		ours = octets && !memcmp(octets, ip->a, ip_size(ip));
	}
	freeifaddrs(all);
	return ours;
}

/* Selectors on this side that are not this machine alone. */
static bool has_network(const struct child_conf *c, uint8_t v)
{
	for (unsigned i = 0; i < c->local.n; i++) {
		const struct ts *ts = &c->local.v[i];

		if (!ts->dynamic && ts->lo.v == v && !(ip_eq(&ts->lo, &ts->hi) && is_ours(&ts->lo)))
			return true;
	}
	return false;
}

/* The first child whose packets of version V this machine must forward; with BY_US, one that has it done. */
static const struct child_conf *forwarded(const struct check *k, uint8_t v, bool by_us)
{
	for (unsigned i = 0; i < k->conf.n_peers; i++)
		for (unsigned n = 0; n < k->conf.peers[i]->n_children; n++) {
			const struct child_conf *c = &k->conf.peers[i]->children[n];

			if (has_network(c, v) && (c->forward != FORWARD_NO) == by_us)
				return c;
		}
	return NULL;
}

static enum verdict forwarding_of(struct check *k, uint8_t v, const char *path, const char *setting)
{
	const struct child_conf *needs = forwarded(k, v, false), *has = forwarded(k, v, true);
	const char *again = k->says.n ? "; " : "";

	if (check_number(path, NULL, 10, v == 6)) /* a kernel without IPv6 needs none */
		text_add(&k->says, "%sIPv%u packets are forwarded", again, v);
	else if (needs)
		text_add(&k->says,
			"%sIPv%u packets of other hosts are not forwarded, and %s/%s has a network on this "
			"side: "
			"write forward = yes there, or sysctl -w %s=1",
			again, v, needs->peer->name, needs->name, setting);
	else if (has)
		text_add(&k->says,
			"%sIPv%u packets are forwarded from the first tunnel of %s/%s on, which has forward",
			again, v, has->peer->name, has->name);
	else
		return GOOD;
	return needs && !check_number(path, NULL, 10, v == 6) ? NOTE : GOOD;
}

enum verdict check_forwarding(struct check *k)
{
	enum verdict v4 = forwarding_of(k, 4, FORWARD4, "net.ipv4.ip_forward");
	enum verdict v6 = forwarding_of(k, 6, FORWARD6, "net.ipv6.conf.all.forwarding");

	if (!k->says.n)
		return check_say(
			k, GOOD, "packets of other hosts are not forwarded, and no connection needs it");
	return v4 > v6 ? v4 : v6;
}

/* As a router it takes no more advertisements of others, unless an interface says so: those that take them
 * now go on. */
static bool keep_advertisements(struct check *k)
{
	DIR *dir = opendir(CONF6);
	struct dirent *d;
	bool ok = true;

	while (ok && dir && (d = readdir(dir))) {
		const char *path = arena_printf(&k->x->arena, CONF6 "%s/accept_ra", d->d_name);

		if (d->d_name[0] == '.' || !strcmp(d->d_name, "all") || check_number(path, NULL, 10, 0) != 1)
			continue;
		ok = write_number(k, path, RA_FORWARDING);
		if (ok)
			text_add(&k->says,
				"set net.ipv6.conf.%s.accept_ra to 2; sysctl -w net/ipv6/conf/%s/accept_ra=1 "
				"takes it back\n",
				d->d_name, d->d_name);
	}
	if (dir)
		closedir(dir);
	return ok;
}

static bool fix_one(struct check *k, uint8_t v, const char *path, const char *setting)
{
	if (!forwarded(k, v, false) || check_number(path, NULL, 10, 1))
		return true;
	if ((v == 6 && !keep_advertisements(k)) || !write_number(k, path, 1))
		return false;
	text_add(&k->says, "set %s to 1, until the machine starts anew; sysctl -w %s=0 takes it back\n",
		setting, setting);
	return true;
}

bool fix_forwarding(struct check *k)
{
	return fix_one(k, 4, FORWARD4, "net.ipv4.ip_forward") &&
	       fix_one(k, 6, FORWARD6, "net.ipv6.conf.all.forwarding");
}

/* ------------------------------------------------------------------ rp_filter */

/* The filter of DEV: what counts is the greater of its own and that of "all". */
static unsigned rp_filter_of(struct check *k, const char *dev)
{
	unsigned long long all = check_number(CONF4 "all/rp_filter", NULL, 10, 0);
	unsigned long long own =
		check_number(arena_printf(&k->x->arena, CONF4 "%s/rp_filter", dev), NULL, 10, 0);

	return (unsigned)(own > all ? own : all);
}

/* The device that has this machine's address IP; false when none has. */
static bool device_of(const struct ip *ip, char name[IF_NAMESIZE])
{
	struct ifaddrs *all = NULL;
	bool found = false;

	if (getifaddrs(&all))
		return false;
	for (const struct ifaddrs *a = all; a && !found; a = a->ifa_next) {
		const struct sockaddr_in *at = (const void *)a->ifa_addr;

		found = at && at->sin_family == AF_INET && !memcmp(&at->sin_addr, ip->a, 4);
		if (found)
			snprintf(name, IF_NAMESIZE, "%s", a->ifa_name);
	}
	freeifaddrs(all);
	return found;
}

/* The address that packets to PEER would leave from. */
static bool source_for(const struct ip *peer, struct ip *source)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(500) }, from;
	socklen_t n = sizeof from;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool ok;

	memcpy(&to.sin_addr, peer->a, 4);
	ok = fd >= 0 && !connect(fd, (struct sockaddr *)&to, sizeof to) &&
	     !getsockname(fd, (struct sockaddr *)&from, &n);
	if (fd >= 0)
		close(fd);
	*source = (struct ip){ .v = 4 };
	if (ok)
		memcpy(source->a, &from.sin_addr, 4);
	return ok;
}

/* A peer whose packets come in where its address is not: to one of P's own that another device has. */
static bool comes_astray(struct check *k, const struct peer *p)
{
	const struct addr_pattern *local = p->local_addrs, *remote = p->remote_addrs;
	char in[IF_NAMESIZE], out[IF_NAMESIZE], text[IP_TEXT];
	struct ip source;

	if (!p->n_local_addrs || !p->n_remote_addrs || !addr_pattern_single(local) || local->lo.v != 4 ||
		!addr_pattern_single(remote) || remote->lo.v != 4)
		return false;
	if (!device_of(&local->lo, in) || !source_for(&remote->lo, &source) || !device_of(&source, out) ||
		!strcmp(in, out) || rp_filter_of(k, in) != RP_STRICT)
		return false;
	text_add(&k->says,
		"strict on %s, where %s's local address is, while the way to %s is by %s: its packets are "
		"dropped; "
		"sysctl -w net.ipv4.conf.all.rp_filter=2 loosens it",
		in, p->name, ip_print(&remote->lo, text), out);
	return true;
}

enum verdict check_rp_filter(struct check *k)
{
	DIR *dir = opendir(CONF4);
	struct text strict = text_in(&k->x->arena);
	struct dirent *d;

	for (unsigned i = 0; i < k->conf.n_peers; i++)
		if (comes_astray(k, k->conf.peers[i])) {
			if (dir)
				closedir(dir);
			return BAD;
		}
	while (dir && (d = readdir(dir)))
		if (d->d_name[0] != '.' && strcmp(d->d_name, "all") && strcmp(d->d_name, "default") &&
			strcmp(d->d_name, "lo") && rp_filter_of(k, d->d_name) == RP_STRICT)
			text_add(&strict, "%s%s", strict.n ? ", " : "", d->d_name);
	if (dir)
		closedir(dir);
	if (!strict.n)
		return check_say(k, GOOD, "packets are not dropped for the way they came");
	text_add(&k->says,
		"strict on %s: packets that come by another way than answers would go are dropped; ikev2d "
		"loosens it "
		"where it carries packets itself, for all others sysctl -w net.ipv4.conf.all.rp_filter=2 "
		"does",
		text_str(&strict));
	return NOTE;
}

bool fix_rp_filter(struct check *k)
{
	unsigned before = (unsigned)check_number(CONF4 "all/rp_filter", NULL, 10, 0);

	if (!write_number(k, CONF4 "all/rp_filter", RP_LOOSE))
		return false;
	text_add(&k->says,
		"set net.ipv4.conf.all.rp_filter to 2, until the machine starts anew; sysctl -w "
		"net.ipv4.conf.all.rp_filter=%u takes it back",
		before);
	return true;
}

/* ------------------------------------------------------------------ source NAT */

/* Tables of the older kind of iptables are another thing than nftables. */
static void legacy(struct check *k)
{
	const unsigned long long none = 1;

	/* A name and no number. */
	if (check_number("/proc/net/ip_tables_names", "nat", 10, none) != none)
		text_add(&k->says,
			"%siptables has a table nat of the older kind, too: see iptables-legacy -t nat -S",
			k->says.n ? "\n" : "");
}

enum verdict check_nat_rules(struct check *k)
{
	struct nft_ctx *nft = nft_ctx_new(NFT_CTX_DEFAULT);
	bool read = nft && !nft_ctx_buffer_output(nft) && !nft_ctx_buffer_error(nft) &&
		    !nft_run_cmd_from_buffer(nft, "list ruleset");

	if (read) {
		nat_rules_find(nft_ctx_get_output_buffer(nft), &k->conf, &k->says);
		legacy(k);
	}
	if (nft)
		nft_ctx_free(nft);
	if (!read)
		return check_say(k, NOTE, "the rules of nftables cannot be read; run this as root");
	return k->says.n ? NOTE
			 : check_say(k, GOOD, "no rule of nftables changes the source of tunnels' packets");
}
