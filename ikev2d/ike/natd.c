/* SPDX-License-Identifier: GPL-2.0-or-later */
/* NAT detection. */
#include "ike/natd.h"

#include "crypto/natd.h"

void natd_add(struct draft *d, struct message *m, bool fake)
{
	const struct sa_core *c = &d->core;
	struct arena *scratch = d->step->scratch;
	struct bytes source = natd_hash(m->header.spi_i, m->header.spi_r, &c->path.local, d->step->scratch);

	if (fake) {
		uint8_t *random = arena_alloc(scratch, NATD_OCTETS);

		rng_fill(d->step->rng, random, NATD_OCTETS);
		source = bytes_of(random, NATD_OCTETS);
	}
	message_add_notify(m, scratch, NAT_DETECTION_SOURCE_IP, source);
	message_add_notify(m, scratch, NAT_DETECTION_DESTINATION_IP,
		natd_hash(m->header.spi_i, m->header.spi_r, &c->path.remote, d->step->scratch));
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
	else if (!p->tcp)
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
	struct bytes source = natd_hash(m->header.spi_i, m->header.spi_r, &p->remote, d->step->scratch);
	struct bytes destination = natd_hash(m->header.spi_i, m->header.spi_r, &p->local, d->step->scratch);
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
