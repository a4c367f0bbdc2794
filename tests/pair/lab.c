/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The network and the clock. */
#include "tests/pair/lab_inside.h"

#include "base/heap.h"
#include "daemon/record.h"
#include "ike/limits.h"
#include "wire/message.h"

#include <stdio.h>
#include <stdlib.h>

void lab_stop(const char *why)
{
	fprintf(stderr, "lab: %s\n", why);
	abort();
}

static uint64_t hash(uint64_t h, const void *p, size_t n)
{
	const uint8_t *b = p;

	for (size_t i = 0; i < n; i++)
		h = (h ^ b[i]) * 0x100000001b3ULL;
	return h;
}

void lab_trace(struct lab *lab, const void *p, size_t n)
{
	lab->trace = hash(lab->trace, p, n);
}

/* ------------------------------------------------------------------ network */

static struct flight *flight_new(struct lab *lab, const struct host *from, struct bytes data)
{
	struct flight *f = calloc(1, sizeof *f);

	f->from = from;
	f->at = lab->now;
	f->data = malloc(data.n ? data.n : 1);
	f->n = data.n;
	if (data.n)
		memcpy(f->data, data.p, data.n);
	list_append(&lab->flights, &f->node);
	return f;
}

void lab_lose(struct flight *f)
{
	list_remove(&f->node);
	free(f->data);
	free(f);
}

struct flight *lab_copy(struct lab *lab, const struct flight *f)
{
	struct flight *copy = flight_new(lab, f->from, bytes_of(f->data, f->n));

	copy->source = f->source;
	copy->target = f->target;
	copy->marker = f->marker;
	copy->tcp = f->tcp;
	copy->keepalive = f->keepalive;
	return copy;
}

struct flight *lab_forge(
	struct lab *lab, const struct host *from, struct addr source, struct addr target, struct bytes data)
{
	struct flight *f = flight_new(lab, from, data);

	f->source = source;
	f->target = target;
	f->marker = target.port == PORT_NAT_T;
	return f;
}

struct flight *lab_first(const struct lab *lab)
{
	return list_empty(&lab->flights) ? NULL : node_owner(lab->flights.next, struct flight, node);
}

/* No IV is used twice under a key: what has the same one is the same message, sent again. Who seals and the
 * SPIs say which key. */
static void check_seal(struct host *h, struct bytes data)
{
	enum { SPIS = 16, NEXT = 16, FLAGS = 19, IV = 32, IV_MAX = 8 };
	uint64_t once, key, what = hash(1, data.p, data.n) | 1;
	void *before;

	if (data.n < IV + IV_MAX || data.p[NEXT] != PAYLOAD_SK)
		return;
	once = data.p[FLAGS] & FLAG_INITIATOR;
	key = hash(hash(once, data.p, SPIS), data.p + IV, IV_MAX);
	before = map_get(&h->lab->sealed, key);
	if (before && (uint64_t)(uintptr_t)before != what && !h->datapath.misuse)
		h->datapath.misuse = "an IV was used twice under one key";
	map_put(&h->lab->sealed, key, (void *)(uintptr_t)what);
}

bool lab_has(const struct ip *v, unsigned n, const struct ip *ip)
{
	for (unsigned i = 0; i < n; i++)
		if (ip_eq(&v[i], ip))
			return true;
	return false;
}

bool host_owns(const struct host *h, const struct ip *ip)
{
	return ip_eq(&h->ip, ip) || lab_has(h->others, h->n_others, ip);
}

/* Whether a datagram can leave by PATH: not from an address that has gone. */
static bool can_leave(const struct host *h, const struct path *path)
{
	if (path->marker == (path->local.port == PORT_IKE))
		lab_stop("a datagram was sent with a marker from port 500, or without one from another");
	if (host_owns(h, &path->local.ip))
		return true;
	if (!lab_has(h->past, h->n_past, &path->local.ip))
		lab_stop("a datagram was sent from a foreign address");
	return false;
}

void lab_send(struct host *h, const struct path *path, struct bytes data, bool keepalive)
{
	struct flight *f;

	lab_trace(h->lab, data.p, data.n);
	check_seal(h, data);
	if (!can_leave(h, path))
		return;
	f = flight_new(h->lab, h, data);
	f->source = path->local;
	f->target = path->remote;
	f->marker = path->marker;
	f->tcp = path->tcp;
	f->keepalive = keepalive;
	if (f->tcp && !f->source.port)
		f->source.port = STREAM_PORT;
	if (h->nat.outside.v != path->local.ip.v)
		return;
	f->source.ip = h->nat.outside;
	if (!h->nat.forward)
		f->source.port += h->nat.shift;
}

/* Where F arrives behind the NAT of H, if H has one. False: nowhere. */
static bool arrives(const struct host *h, const struct flight *f, struct addr *at)
{
	*at = f->target;
	if (h->cut.v && (ip_eq(&f->target.ip, &h->cut) || ip_eq(&f->source.ip, &h->cut)))
		return false;
	if (h->nat.outside.v == f->target.ip.v) {
		if (!ip_eq(&h->nat.outside, &f->target.ip))
			return false;
		at->ip = h->ip;
		at->port -= h->nat.forward ? 0 : h->nat.shift;
	}
	return host_owns(h, &at->ip) && (f->tcp ? at->port == PORT_NAT_T || at->port == STREAM_PORT
						: at->port == PORT_IKE || at->port == PORT_NAT_T);
}

struct host *lab_reached(struct lab *lab, const struct flight *f)
{
	struct addr at;

	for (unsigned i = 0; i < lab->n_hosts; i++)
		if (arrives(&lab->hosts[i], f, &at))
			return &lab->hosts[i];
	return NULL;
}

static void watch(struct lab *lab)
{
	if (lab->watch)
		lab->watch(lab->watcher);
}

void lab_deliver(struct lab *lab, struct flight *f)
{
	struct host *to = lab_reached(lab, f);
	struct ike_event e = { .kind = EVENT_DATAGRAM };

	if (to && to->ike && !f->keepalive) {
		arrives(to, f, &e.datagram.path.local);
		e.datagram.path.remote = f->source;
		e.datagram.path.marker = f->marker;
		e.datagram.path.tcp = f->tcp;
		if (f->tcp && e.datagram.path.local.port == STREAM_PORT)
			e.datagram.path.local.port = 0;
		e.datagram.data = bytes_of(f->data, f->n);
		if (f->marker == (e.datagram.path.local.port == PORT_IKE))
			lab_stop("a datagram came with a marker to port 500, or without one to another");
		host_event(to, &e);
	}
	lab_lose(f);
	watch(lab);
}

/* ------------------------------------------------------------------ the clock */

static uint64_t host_due(const struct host *h)
{
	uint64_t due = h->ike ? h->wake : HEAP_NEVER;

	list_each (n, (struct node *)&h->answers) {
		const struct coming *c = node_owner(n, struct coming, node);

		due = c->at < due ? c->at : due;
	}
	return due;
}

uint64_t lab_due(const struct lab *lab)
{
	uint64_t due = HEAP_NEVER;

	for (unsigned i = 0; i < lab->n_hosts; i++) {
		uint64_t t = host_due(&lab->hosts[i]);

		due = t < due ? t : due;
	}
	return due;
}

void lab_clock(struct lab *lab, uint64_t at)
{
	lab->now = at;
	for (unsigned i = 0; i < lab->n_hosts; i++) {
		struct host *h = &lab->hosts[i];

		if (h->ike)
			host_answers(h);
		if (h->ike && h->wake <= at)
			host_event(h, &(struct ike_event){ .kind = EVENT_CLOCK });
	}
	watch(lab);
}

void lab_calm(struct lab *lab)
{
	struct flight *f;

	while ((f = lab_first(lab)))
		lab_deliver(lab, f);
}

static void lose_all(struct lab *lab)
{
	struct flight *f;

	while ((f = lab_first(lab)))
		lab_lose(f);
}

static void pass(struct lab *lab, uint64_t ms, void (*network)(struct lab *))
{
	uint64_t end = lab->now + ms;

	network(lab);
	while (lab_due(lab) <= end) {
		lab_clock(lab, lab_due(lab));
		network(lab);
	}
	lab_clock(lab, end);
	network(lab);
}

void lab_pass(struct lab *lab, uint64_t ms)
{
	pass(lab, ms, lab_calm);
}

void lab_pass_deaf(struct lab *lab, uint64_t ms)
{
	pass(lab, ms, lose_all);
}

/* --------------------------------------------------------------------- life */

struct lab *lab_new(uint64_t seed)
{
	struct lab *lab = calloc(1, sizeof *lab);

	lab->now = 1000;
	list_init(&lab->flights);
	rng_seed(&lab->rng, seed);
	return lab;
}

void lab_free(struct lab *lab)
{
	for (unsigned i = 0; i < lab->n_hosts; i++) {
		struct host *h = &lab->hosts[i];

		if (h->ike)
			host_stop(h);
		leases_stop(&h->leases);
		loaded_free(&h->conf);
		record_close(h->record);
	}
	list_each_safe (n, &lab->flights)
		lab_lose(node_owner(n, struct flight, node));
	map_free(&lab->sealed);
	free(lab);
}
