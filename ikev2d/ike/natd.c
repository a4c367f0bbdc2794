/* SPDX-License-Identifier: GPL-2.0-or-later */
/* NAT detection. */
#include "ike/natd.h"

enum { NATD_OCTETS = 20 };

static struct bytes natd_hash(struct draft *d, uint64_t spi_i, uint64_t spi_r, const struct addr *a)
{
	uint8_t *out = arena_alloc(d->step->scratch, 64), raw[16 + 16 + 2];
	struct wr w = wr_of(raw, sizeof raw);
	struct bytes all;
	size_t n = 0;

	wr_u64(&w, spi_i);
	wr_u64(&w, spi_r);
	wr_bytes(&w, ip_bytes(&a->ip));
	wr_u16(&w, a->port);
	all = wr_done(&w);
	if (digest("SHA1", &all, 1, out, &n))
		return (struct bytes){ 0 };
	return bytes_of(out, n);
}

void natd_add(struct draft *d, struct message *m, bool fake)
{
	const struct sa_core *c = &d->core;
	struct arena *scratch = d->step->scratch;
	struct bytes source = natd_hash(d, m->header.spi_i, m->header.spi_r, &c->path.local);

	if (fake) {
		uint8_t *random = arena_alloc(scratch, NATD_OCTETS);

		rng_fill(d->step->rng, random, NATD_OCTETS);
		source = bytes_of(random, NATD_OCTETS);
	}
	message_add_notify(m, scratch, NAT_DETECTION_SOURCE_IP, source);
	message_add_notify(m, scratch, NAT_DETECTION_DESTINATION_IP,
		natd_hash(d, m->header.spi_i, m->header.spi_r, &c->path.remote));
}

/* What NO_NATS_ALLOWED says of a message from SOURCE to TARGET. */
static struct bytes no_nats(const struct addr *source, const struct addr *target, struct arena *arena)
{
	enum { OCTETS = 2 * (16 + 2) };
	struct wr w = wr_of(arena_alloc(arena, OCTETS), OCTETS);

	wr_bytes(&w, ip_bytes(&source->ip));
	wr_bytes(&w, ip_bytes(&target->ip));
	wr_u16(&w, source->port);
	wr_u16(&w, target->port);
	return wr_done(&w);
}

void natd_ask(struct draft *d, struct message *m, bool fake)
{
	const struct path *p = &d->core.path;
	struct arena *scratch = d->step->scratch;

	if (d->core.peer->nat)
		natd_add(d, m, fake);
	else
		message_add_notify(m, scratch, NO_NATS_ALLOWED, no_nats(&p->local, &p->remote, scratch));
}

bool natd_forbidden(const struct draft *d, const struct message *m)
{
	const struct wire_notify *n = message_notify(m, NO_NATS_ALLOWED);

	return n && !bytes_eq(n->data, no_nats(&d->path->remote, &d->path->local, d->step->scratch));
}

bool natd_read(struct draft *d, const struct message *m)
{
	const struct path *p = d->path;
	struct bytes source = natd_hash(d, m->header.spi_i, m->header.spi_r, &p->remote);
	struct bytes destination = natd_hash(d, m->header.spi_i, m->header.spi_r, &p->local);
	bool sources = false, same_source = false, destinations = false, same_destination = false;

	for (unsigned i = 0; i < m->n_notifies; i++) {
		const struct wire_notify *n = &m->notifies[i];

		/* A peer with several addresses sends a source hash for each. */
		if (n->type == NAT_DETECTION_SOURCE_IP) {
			sources = true;
			same_source |= bytes_eq(n->data, source);
		} else if (n->type == NAT_DETECTION_DESTINATION_IP) {
			destinations = true;
			same_destination |= bytes_eq(n->data, destination);
		}
	}
	if (!sources || !destinations)
		return false;
	d->core.nat_remote = !same_source;
	d->core.nat_local = !same_destination;
	return true;
}

void natd_encap(struct sa_core *core)
{
	core->encap = core->path.tcp || core->nat_local || core->nat_remote || core->nat_fake;
}
