/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Headers of IP packets, looked at. */
#include "capture_filter.h"

enum {
	PROTO_TCP = 6,
	PROTO_UDP = 17,
	PROTO_ESP_IP = 50,
	IP4_HEADER = 20,
	IP6_HEADER = 40,
	PORTS = 4, /* octets */
};

/* What a packet says of itself. */
struct seen {
	struct ip src, dst;
	uint8_t proto;
	uint16_t from, to; /* ports */
	bool ports;
};

static uint16_t port_at(struct bytes b, size_t at)
{
	return (uint16_t)(b.p[at] << 8 | b.p[at + 1]);
}

static bool read_addresses(struct bytes b, size_t at, size_t size, struct seen *s)
{
	return b.n >= at + 2 * size && !ip_from(bytes_of(b.p + at, size), &s->src) &&
	       !ip_from(bytes_of(b.p + at + size, size), &s->dst);
}

/* Extension headers of IPv6 hide the ports, and so do fragments but the first. */
static bool read_packet(struct bytes b, struct seen *s)
{
	size_t at = IP6_HEADER;
	bool later = false;

	*s = (struct seen){ 0 };
	if (b.n >= IP4_HEADER && b.p[0] >> 4 == 4) {
		at = (size_t)(b.p[0] & 15) * 4;
		later = (b.p[6] & 0x1f) || b.p[7];
		s->proto = b.p[9];
		if (!read_addresses(b, 12, 4, s))
			return false;
	} else if (b.n >= IP6_HEADER && b.p[0] >> 4 == 6) {
		s->proto = b.p[6];
		if (!read_addresses(b, 8, 16, s))
			return false;
	} else {
		return false;
	}
	if ((s->proto == PROTO_TCP || s->proto == PROTO_UDP) && !later && b.n >= at + PORTS) {
		s->ports = true;
		s->from = port_at(b, at);
		s->to = port_at(b, at + 2);
	}
	return true;
}

void filter_peer(struct filter *f, const char *address)
{
	struct ip ip;

	if (!address || ip_parse(address, &ip) || ip_is_any(&ip) || f->n_peers == FILTER_PEERS)
		return;
	for (unsigned i = 0; i < f->n_peers; i++)
		if (ip_eq(&f->peers[i], &ip))
			return;
	f->peers[f->n_peers++] = ip;
}

static void add_pair(struct filter *f, const struct ts *local, const struct ts *remote)
{
	for (unsigned i = 0; i < f->n_pairs; i++)
		if (ts_eq(&f->pairs[i].local, local) && ts_eq(&f->pairs[i].remote, remote))
			return;
	if (f->n_pairs < FILTER_PAIRS)
		f->pairs[f->n_pairs++] = (struct filter_pair){ *local, *remote };
}

void filter_pairs(struct filter *f, const struct vici_node *section)
{
	const struct vici_node *local = vici_find(section, "local-ts"),
			       *remote = vici_find(section, "remote-ts");
	struct ts l, r;

	for (const struct vici_node *a = local ? local->first : NULL; a; a = a->next)
		for (const struct vici_node *b = remote ? remote->first : NULL; b; b = b->next)
			if (!ts_parse(vici_text(a), &l) && !ts_parse(vici_text(b), &r) && !l.dynamic &&
				!r.dynamic)
				add_pair(f, &l, &r);
}

static bool is_peer(const struct filter *f, const struct ip *ip)
{
	for (unsigned i = 0; i < f->n_peers; i++)
		if (ip_eq(&f->peers[i], ip))
			return true;
	return !f->n_peers;
}

static bool is_ours(const struct filter *f, uint16_t port)
{
	return port == f->port || port == f->port_nat_t || port == IKE_PORT || port == NAT_PORT;
}

static bool is_outside(const struct filter *f, const struct seen *s)
{
	if (!is_peer(f, &s->src) && !is_peer(f, &s->dst))
		return false;
	return s->proto == PROTO_ESP_IP ||
	       (s->proto == PROTO_UDP && s->ports && (is_ours(f, s->from) || is_ours(f, s->to)));
}

static bool is_inside(const struct filter *f, const struct seen *s)
{
	for (unsigned i = 0; i < f->n_pairs; i++) {
		const struct ts *l = &f->pairs[i].local, *r = &f->pairs[i].remote;

		if ((ts_has(l, &s->src, s->proto, s->from, s->ports) &&
			    ts_has(r, &s->dst, s->proto, s->to, s->ports)) ||
			(ts_has(r, &s->src, s->proto, s->from, s->ports) &&
				ts_has(l, &s->dst, s->proto, s->to, s->ports)))
			return true;
	}
	return false;
}

bool filter_takes(const struct filter *f, struct bytes packet)
{
	struct seen s;

	return read_packet(packet, &s) && (is_outside(f, &s) || is_inside(f, &s));
}
