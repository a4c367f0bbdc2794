/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests and answers. */
#include "probe.h"

#include "crypto/natd.h"

enum {
	MARKER = 4,         /* octets */
	ENCR_NOBODY = 1024, /* the first number for private use (RFC 7296, 3.3.2) */
};

static const struct xform nobodys[] = { { TRANSFORM_ENCR, ENCR_NOBODY, 0 },
	{ TRANSFORM_PRF, PRF_HMAC_SHA2_256, 0 }, { TRANSFORM_INTEG, AUTH_HMAC_SHA2_256_128, 0 },
	{ TRANSFORM_KE, KE_CURVE25519, 0 } };
static const struct proposal nobodys_proposal = { .num = 1, .protocol = PROTO_IKE, .v = nobodys, .n = 4 };

static void fill(const struct probe *p, struct arena *arena, struct message *m)
{
	struct wire_notify *notifies = ARENA_ARRAY(arena, 3, struct wire_notify);

	m->has = PAYLOAD_BIT(PAYLOAD_SA) | PAYLOAD_BIT(PAYLOAD_KE) | PAYLOAD_BIT(PAYLOAD_NONCE);
	m->sa = p->proposals.n ? p->proposals : (struct proposals){ &nobodys_proposal, 1 };
	m->ke = (struct wire_ke){ p->ke->id, bytes_of(p->public, p->ke->out) };
	m->nonce = bytes_of(p->nonce, PROBE_NONCE);
	m->notifies = notifies;
	if (p->cookie.n)
		notifies[m->n_notifies++] = (struct wire_notify){ .type = COOKIE, .data = p->cookie };
	notifies[m->n_notifies++] = (struct wire_notify){ .type = NAT_DETECTION_SOURCE_IP,
		.data = natd_hash(p->spi, 0, &p->local, arena) };
	notifies[m->n_notifies++] = (struct wire_notify){ .type = NAT_DETECTION_DESTINATION_IP,
		.data = natd_hash(p->spi, 0, &p->remote, arena) };
}

/* Vendor IDs are passed over by who does not know them (3.12). */
static void pad(struct message *m, size_t n, struct arena *arena)
{
	uint8_t *zeros = arena_alloc(arena, n);
	struct bytes *vendor = ARENA_NEW(arena, struct bytes);

	memset(zeros, 0, n);
	*vendor = bytes_of(zeros, n);
	m->vendors = vendor;
	m->n_vendors = 1;
}

static struct bytes write_request(const struct probe *p, const struct message *m, struct arena *arena)
{
	struct wire_header h = {
		.spi_i = p->spi, .version = IKE_VERSION, .exchange = IKE_SA_INIT, .flags = FLAG_INITIATOR
	};
	size_t marker = p->marker ? MARKER : 0;
	uint8_t *out = arena_alloc(arena, PROBE_MAX + MARKER);
	struct wr w = wr_of(out + marker, PROBE_MAX);

	memset(out, 0, MARKER);
	message_put_clear(&h, m, &w);
	return wr_done(&w).n ? bytes_of(out, marker + wr_done(&w).n) : (struct bytes){ 0 };
}

struct bytes probe_request(const struct probe *p, struct arena *arena)
{
	struct message m = { 0 };
	struct bytes b;

	fill(p, arena, &m);
	b = write_request(p, &m, arena);
	if (!b.n || b.n + PAYLOAD_HEADER >= p->size)
		return b;
	pad(&m, p->size - b.n - PAYLOAD_HEADER, arena);
	return write_request(p, &m, arena);
}

static bool notify_is(const struct message *m, uint16_t type, struct bytes data)
{
	const struct wire_notify *n = message_notify(m, type);

	return n && bytes_eq(n->data, data);
}

static void read_natd(
	const struct probe *p, const struct message *m, struct arena *arena, struct probe_answer *out)
{
	uint64_t r = m->header.spi_r;

	out->natd =
		message_notify(m, NAT_DETECTION_SOURCE_IP) && message_notify(m, NAT_DETECTION_DESTINATION_IP);
	out->nat_us = !notify_is(m, NAT_DETECTION_DESTINATION_IP, natd_hash(p->spi, r, &p->local, arena));
	out->nat_peer = !notify_is(m, NAT_DETECTION_SOURCE_IP, natd_hash(p->spi, r, &p->remote, arena));
}

static bool is_marked(struct bytes b)
{
	static const uint8_t marker[MARKER];

	return b.n >= MARKER && !memcmp(b.p, marker, MARKER);
}

bool probe_read(const struct probe *p, struct bytes datagram, struct arena *arena, struct probe_answer *out)
{
	struct message m = { 0 };
	const struct wire_notify *n;
	struct bytes b = datagram;
	uint8_t bad;

	*out = (struct probe_answer){ 0 };
	if (p->marker && !is_marked(b))
		return false;
	if (p->marker)
		b = bytes_of(b.p + MARKER, b.n - MARKER);
	if (header_get(b, &m.header) || m.header.spi_i != p->spi || m.header.exchange != IKE_SA_INIT ||
		!(m.header.flags & FLAG_RESPONSE) ||
		message_get(bytes_of(b.p + IKE_HEADER, b.n - IKE_HEADER), IKE_HEADER, m.header.next, arena,
			&m, &bad))
		return false;
	n = message_error(&m);
	if (!n)
		n = message_notify(&m, COOKIE);
	if (n) {
		out->notify = n->type;
		out->cookie = n->type == COOKIE ? n->data : (struct bytes){ 0 };
		if (n->type == INVALID_KE_PAYLOAD && n->data.n == 2)
			out->group = (uint16_t)(n->data.p[0] << 8 | n->data.p[1]);
	}
	read_natd(p, &m, arena, out);
	return true;
}
