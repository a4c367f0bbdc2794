/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses by looking at the configuration, at names and at the routes. */
#include "daemon/reach.h"

#include "daemon/sockaddr.h"
#include "xfrm/bypass.h"

#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdlib.h>
#include <unistd.h>

/* A question that waits for a name. */
struct reach {
	struct world *world;
	const struct peer *peer; /* a reference */
	struct ip from;          /* the source that is wanted, if any */
	struct answer *answer;
};

/* The one address of the family of REMOTE that local_addrs names first, or NULL. */
static const struct ip *configured_source(const struct peer *p, const struct ip *remote)
{
	for (unsigned i = 0; i < p->n_local_addrs; i++)
		if (addr_pattern_single(&p->local_addrs[i]) && p->local_addrs[i].lo.v == remote->v)
			return &p->local_addrs[i].lo;
	return NULL;
}

static bool source_allowed(const struct peer *p, const struct ip *source)
{
	for (unsigned i = 0; i < p->n_local_addrs; i++)
		if (addr_pattern_matches(&p->local_addrs[i], source))
			return true;
	return !p->n_local_addrs;
}

/* The system chooses the source of a connected socket by its routes; nothing is sent. A policy of the kernel
 * is for what goes into tunnels, and would refuse this or ask for an SA. */
static int try_route(const struct ip *from, const struct ip *remote, struct sockaddr_storage *source)
{
	struct addr local = { .ip = from ? *from : (struct ip){ .v = remote->v } }, to = { *remote, 500 };
	uint32_t mark = XFRM_OUTER_MARK;
	struct sockaddr_storage name;
	socklen_t n = sizeof *source;
	int error = 0, fd = socket(remote->v == 6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return errno;
	xfrm_bypass(fd, remote->v == 6);
	if (setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof mark) ||
		bind(fd, (struct sockaddr *)&name, sockaddr_of(&local, &name)) ||
		connect(fd, (struct sockaddr *)&name, sockaddr_of(&to, &name)) ||
		getsockname(fd, (struct sockaddr *)source, &n))
		error = errno;
	close(fd);
	return error;
}

static enum err explain(
	const struct peer *p, const struct ip *from, const struct ip *remote, int error, struct text *why)
{
	char to[IP_TEXT], own[IP_TEXT];

	ip_print(remote, to);
	if (error == EADDRNOTAVAIL && from)
		text_add(why, "%s, which connection %s is to use, is not an address of this machine",
			ip_print(from, own), p->name);
	else if (error == ENETUNREACH || error == EHOSTUNREACH || error == EADDRNOTAVAIL ||
		 error == EAFNOSUPPORT)
		text_add(why, "no route to %s", to);
	else
		text_add(why, "no route to %s: %s", to, strerror(error));
	return ERR_MISSING;
}

/* The address that this machine uses towards REMOTE: the one WANTED, or as local_addrs of PEER allow. */
static enum err find_source(const struct peer *peer, const struct ip *wanted, const struct ip *remote,
	struct ip *source, struct text *why)
{
	const struct ip *from = wanted->v ? wanted : configured_source(peer, remote);
	struct sockaddr_storage name = { 0 };
	char own[IP_TEXT], to[IP_TEXT];
	int error;

	if (wanted->v && wanted->v != remote->v) {
		text_add(why, "%s cannot be reached from %s: one is IPv4, the other IPv6",
			ip_print(remote, to), ip_print(wanted, own));
		return ERR_MISSING;
	}
	error = try_route(from, remote, &name);
	if (error)
		return explain(peer, from, remote, error, why);
	*source = sockaddr_read((struct sockaddr *)&name).ip;
	if (wanted->v || source_allowed(peer, source))
		return ERR_OK;
	text_add(why, "the route to %s leaves from %s, which local_addrs of connection %s does not allow",
		ip_print(remote, to), ip_print(source, own), peer->name);
	return ERR_MISSING;
}

static void fail(struct answer *answer, enum err e, const char *what, const struct peer *p)
{
	answer->a.result = e;
	answer->a.why.what = arena_str(&answer->arena, what);
	answer->a.why.where = source_print(&p->at, "remote_addrs", &answer->arena);
	answer->a.why.instead = "an address to which this machine has a route, or a name that it can resolve";
}

static void complete(struct world *w, const struct peer *p, const struct ip *from, const struct ip *remote,
	struct answer *answer)
{
	struct text why = text_in(&answer->arena);

	answer->a.remote = *remote;
	answer->a.result = find_source(p, from, remote, &answer->a.local, &why);
	if (answer->a.result)
		fail(answer, answer->a.result, text_str(&why), p);
	engine_answer(w, answer);
}

static void on_resolved(void *ctx, const struct ip *ip, const char *why)
{
	struct reach *r = ctx;

	if (ip) {
		complete(r->world, r->peer, &r->from, ip, r->answer);
	} else {
		fail(r->answer, ERR_MISSING, why, r->peer);
		engine_answer(r->world, r->answer);
	}
	peer_unref(r->peer);
	free(r);
}

static void ask_name(
	struct world *w, const struct peer *p, const struct ip *from, const char *name, struct answer *answer)
{
	struct reach *r = calloc(1, sizeof *r);
	unsigned family = from->v;

	if (!r)
		abort();
	*r = (struct reach){ w, peer_ref(p), *from, answer };
	for (unsigned i = 0; i < p->n_local_addrs && !family; i++)
		if (addr_pattern_single(&p->local_addrs[i]))
			family = p->local_addrs[i].lo.v;
	trust_resolve(w, name, family, on_resolved, r);
}

void reach_ask(struct world *w, const struct ike_question *q, struct answer *answer)
{
	const struct peer *peer = q->peer;
	const struct ip *from = &q->hosts.local;

	if (q->hosts.remote.v) {
		complete(w, peer, from, &q->hosts.remote, answer);
		return;
	}
	if (q->gateway) {
		ask_name(w, peer, from, q->gateway, answer);
		return;
	}
	for (unsigned i = 0; i < peer->n_remote_addrs; i++) {
		const struct addr_pattern *p = &peer->remote_addrs[i];

		if (p->name) {
			ask_name(w, peer, from, p->name, answer);
			return;
		}
		if (addr_pattern_single(p)) {
			complete(w, peer, from, &p->lo, answer);
			return;
		}
	}
	fail(answer, ERR_MISSING,
		arena_printf(&answer->arena,
			"remote_addrs of connection %s names no single host, so it cannot be started from "
			"here: name one",
			peer->name),
		peer);
	engine_answer(w, answer);
}

/* ------------------------------------------------------------------- paths */

static bool is_configured(const struct addr_pattern *p, uint8_t family)
{
	return addr_pattern_single(p) && p->lo.v == family;
}

/* The device that has IP, or NULL. */
static const struct ifaddrs *device_of(const struct ifaddrs *all, const struct ip *ip)
{
	for (const struct ifaddrs *i = all; i; i = i->ifa_next) {
		struct addr a = { 0 };

		if (i->ifa_addr && (i->ifa_addr->sa_family == AF_INET || i->ifa_addr->sa_family == AF_INET6))
			a = sockaddr_read(i->ifa_addr);
		if (ip_eq(&a.ip, ip))
			return i;
	}
	return NULL;
}

/* Whether packets may leave from NOW where the machine would take SOURCE: from the same device; or, where the
 * peer has chosen NOW (STAYS), while its device works. */
static bool is_as_good(const struct ip *now, const struct ip *source, bool stays)
{
	struct ifaddrs *all = NULL;
	const struct ifaddrs *a = NULL, *b = NULL;
	bool good;

	if (!getifaddrs(&all)) {
		a = device_of(all, now);
		b = device_of(all, source);
	}
	good = a && ((stays && a->ifa_flags & IFF_RUNNING) || (b && !strcmp(a->ifa_name, b->ifa_name)));
	freeifaddrs(all);
	return good;
}

/* Of the addresses that local_addrs of P name one by one: the one in use, NOW, goes before the others. */
static bool configured_path(
	const struct peer *p, const struct ip *now, const struct ip *remote, struct ip *source)
{
	struct sockaddr_storage name;
	bool found = false;

	for (unsigned i = 0; i < p->n_local_addrs; i++) {
		const struct ip *own = &p->local_addrs[i].lo;
		bool in_use = ip_eq(own, now);

		if (!is_configured(&p->local_addrs[i], remote->v) || (found && !in_use) ||
			try_route(own, remote, &name))
			continue;
		*source = *own;
		found = true;
	}
	return found;
}

/* The machine's choice towards REMOTE; or the address in use, if packets may leave from there just as well.
 */
static bool free_path(const struct ike_question *q, const struct ip *remote, struct ip *source)
{
	const struct ip *now = &q->hosts.local;
	struct sockaddr_storage name = { 0 };

	if (try_route(NULL, remote, &name))
		return false;
	*source = sockaddr_read((struct sockaddr *)&name).ip;
	if (now->v == remote->v && source_allowed(q->peer, now) && is_as_good(now, source, q->stays))
		*source = *now;
	return source_allowed(q->peer, source);
}

void reach_paths(const struct ike_question *q, struct answer *answer)
{
	struct hosts *v = ARENA_ARRAY(&answer->arena, q->remotes.n, struct hosts);
	const struct ip *now = &q->hosts.local;
	unsigned n = 0;

	for (unsigned i = 0; i < q->remotes.n; i++) {
		const struct ip *remote = &q->remotes.v[i];

		v[n].remote = *remote;
		if (configured_source(q->peer, remote) ? configured_path(q->peer, now, remote, &v[n].local)
						       : free_path(q, remote, &v[n].local))
			n++;
	}
	answer->a.paths = (struct ike_paths){ v, n };
}
