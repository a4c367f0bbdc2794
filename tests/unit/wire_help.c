/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Octets from text, messages from a seed, and whether two messages are equal. */
#include "tests/unit/wire_help.h"

#include "tests/unit/hex.h"

struct bytes wire_hex(const char *text, struct arena *arena)
{
	size_t room = strlen(text) / 2;
	uint8_t *p = arena_alloc(arena, room);

	return bytes_of(p, hex(text, p, room));
}

static bool proposals_equal(struct proposals a, struct proposals b)
{
	if (a.n != b.n)
		return false;
	for (unsigned i = 0; i < a.n; i++) {
		const struct proposal *x = &a.v[i], *y = &b.v[i];

		if (x->num != y->num || x->protocol != y->protocol || !bytes_eq(x->spi, y->spi) ||
			x->n != y->n)
			return false;
		for (unsigned k = 0; k < x->n; k++)
			if (x->v[k].type != y->v[k].type || x->v[k].id != y->v[k].id ||
				x->v[k].bits != y->v[k].bits)
				return false;
	}
	return true;
}

static bool ip_same(const struct ip *a, const struct ip *b)
{
	return a->v == b->v && !memcmp(a->a, b->a, sizeof a->a);
}

static bool selectors_equal(struct tss a, struct tss b)
{
	if (a.n != b.n)
		return false;
	for (unsigned i = 0; i < a.n; i++) {
		const struct ts *x = &a.v[i], *y = &b.v[i];

		if (!ip_same(&x->lo, &y->lo) || !ip_same(&x->hi, &y->hi) || x->proto != y->proto ||
			x->port_lo != y->port_lo || x->port_hi != y->port_hi)
			return false;
	}
	return true;
}

static bool leads(const struct wire_notify *n)
{
	return n->type == COOKIE || n->type == REKEY_SA;
}

/* The notifies of M in the order in which they are written. */
static void written(const struct message *m, const struct wire_notify *out[])
{
	unsigned n = 0;

	for (unsigned i = 0; i < m->n_notifies; i++)
		if (leads(&m->notifies[i]))
			out[n++] = &m->notifies[i];
	for (unsigned i = 0; i < m->n_notifies; i++)
		if (!leads(&m->notifies[i]))
			out[n++] = &m->notifies[i];
}

static bool notifies_equal(const struct message *a, const struct message *b)
{
	const struct wire_notify *x[MESSAGE_NOTIFIES_MAX], *y[MESSAGE_NOTIFIES_MAX];

	if (a->n_notifies != b->n_notifies)
		return false;
	written(a, x);
	written(b, y);
	for (unsigned i = 0; i < a->n_notifies; i++)
		if (x[i]->protocol != y[i]->protocol || x[i]->type != y[i]->type ||
			!bytes_eq(x[i]->spi, y[i]->spi) || !bytes_eq(x[i]->data, y[i]->data))
			return false;
	return true;
}

static bool deletes_equal(const struct message *a, const struct message *b)
{
	if (a->n_deletes != b->n_deletes)
		return false;
	for (unsigned i = 0; i < a->n_deletes; i++) {
		const struct wire_delete *x = &a->deletes[i], *y = &b->deletes[i];

		if (x->protocol != y->protocol || x->n != y->n)
			return false;
		for (unsigned k = 0; k < x->n; k++)
			if (x->spis[k] != y->spis[k])
				return false;
	}
	return true;
}

static bool certs_equal(const struct wire_cert *a, unsigned n_a, const struct wire_cert *b, unsigned n_b)
{
	if (n_a != n_b)
		return false;
	for (unsigned i = 0; i < n_a; i++)
		if (a[i].encoding != b[i].encoding || !bytes_eq(a[i].data, b[i].data))
			return false;
	return true;
}

static bool vendors_equal(const struct message *a, const struct message *b)
{
	if (a->n_vendors != b->n_vendors)
		return false;
	for (unsigned i = 0; i < a->n_vendors; i++)
		if (!bytes_eq(a->vendors[i], b->vendors[i]))
			return false;
	return true;
}

static bool id_same(const struct id *a, const struct id *b)
{
	return a->type == b->type && bytes_eq(a->data, b->data);
}

static bool singles_equal(const struct message *a, const struct message *b)
{
	return proposals_equal(a->sa, b->sa) && a->ke.group == b->ke.group &&
	       bytes_eq(a->ke.data, b->ke.data) && bytes_eq(a->nonce, b->nonce) &&
	       bytes_eq(a->solution, b->solution) && id_same(&a->idi, &b->idi) && id_same(&a->idr, &b->idr) &&
	       a->auth.method == b->auth.method && bytes_eq(a->auth.data, b->auth.data) &&
	       selectors_equal(a->tsi, b->tsi) && selectors_equal(a->tsr, b->tsr) &&
	       a->cp.type == b->cp.type && bytes_eq(a->cp.attributes, b->cp.attributes) &&
	       bytes_eq(a->eap, b->eap);
}

bool wire_equal(const struct message *a, const struct message *b)
{
	uint64_t sealed = PAYLOAD_BIT(PAYLOAD_SK) | PAYLOAD_BIT(PAYLOAD_SKF);

	return (a->has & ~sealed) == (b->has & ~sealed) && singles_equal(a, b) && notifies_equal(a, b) &&
	       deletes_equal(a, b) && certs_equal(a->certs, a->n_certs, b->certs, b->n_certs) &&
	       certs_equal(a->certreqs, a->n_certreqs, b->certreqs, b->n_certreqs) && vendors_equal(a, b);
}

static struct bytes octets(struct rng *r, struct arena *arena, size_t n)
{
	uint8_t *p = arena_alloc(arena, n);

	rng_fill(r, p, n);
	return bytes_of(p, n);
}

static struct bytes some(struct rng *r, struct arena *arena)
{
	return octets(r, arena, rng_below(r, 40));
}

static struct proposal random_proposal(uint8_t num, struct rng *r, struct arena *arena)
{
	static const uint8_t sizes[] = { [PROTO_IKE] = 8, [PROTO_AH] = 4, [PROTO_ESP] = 4 };
	struct proposal p = { .num = num, .protocol = (uint8_t)(1 + rng_below(r, 3)), .n = rng_below(r, 9) };
	struct xform *v = ARENA_ARRAY(arena, p.n, struct xform);

	if (p.protocol != PROTO_IKE || rng_below(r, 2))
		p.spi = octets(r, arena, sizes[p.protocol]);
	for (unsigned i = 0; i < p.n; i++) {
		v[i] = (struct xform){ (uint8_t)rng_below(r, 8), (uint16_t)rng_u32(r), 0 };
		if (rng_below(r, 2))
			v[i].bits = (uint16_t)(64 * rng_below(r, 5));
	}
	p.v = v;
	return p;
}

static struct proposals random_proposals(struct rng *r, struct arena *arena)
{
	unsigned n = 1 + rng_below(r, 4);
	struct proposal *v = ARENA_ARRAY(arena, n, struct proposal);

	for (unsigned i = 0; i < n; i++)
		v[i] = random_proposal((uint8_t)(i + 1), r, arena);
	return (struct proposals){ v, n };
}

static struct id random_id(struct rng *r, struct arena *arena)
{
	switch (rng_below(r, 4)) {
	case 0: return (struct id){ ID_IPV4_ADDR, octets(r, arena, 4) };
	case 1: return (struct id){ ID_IPV6_ADDR, octets(r, arena, 16) };
	case 2: return (struct id){ ID_FQDN, some(r, arena) };
	default: return (struct id){ ID_KEY_ID, some(r, arena) };
	}
}

static struct ts random_selector(struct rng *r)
{
	uint16_t a = (uint16_t)rng_u32(r), b = (uint16_t)rng_u32(r);
	struct ts ts = { .proto = (uint8_t)rng_u32(r), .port_lo = a < b ? a : b, .port_hi = a < b ? b : a };

	if (!rng_below(r, 4)) {
		ts.port_lo = 65535;
		ts.port_hi = 0;
	}
	ts.lo.v = ts.hi.v = rng_below(r, 2) ? 4 : 6;
	rng_fill(r, ts.lo.a, ip_size(&ts.lo));
	rng_fill(r, ts.hi.a, ip_size(&ts.hi));
	if (memcmp(ts.lo.a, ts.hi.a, sizeof ts.lo.a) > 0) {
		struct ip lo = ts.hi;

		ts.hi = ts.lo;
		ts.lo = lo;
	}
	return ts;
}

static struct tss random_selectors(struct rng *r, struct arena *arena)
{
	unsigned n = rng_below(r, 5);
	struct ts *v = ARENA_ARRAY(arena, n, struct ts);

	for (unsigned i = 0; i < n; i++)
		v[i] = random_selector(r);
	return (struct tss){ v, n };
}

static struct bytes random_attributes(struct rng *r, struct arena *arena)
{
	uint8_t *p = arena_alloc(arena, 256);
	struct wr w = wr_of(p, 256);

	for (unsigned n = rng_below(r, 4); n; n--) {
		struct bytes value = some(r, arena);

		wr_u16(&w, (uint16_t)rng_below(r, 0x8000));
		wr_u16(&w, (uint16_t)value.n);
		wr_bytes(&w, value);
	}
	return wr_done(&w);
}

static struct wire_cert *random_certs(unsigned *n, struct rng *r, struct arena *arena)
{
	struct wire_cert *v;

	*n = 1 + rng_below(r, 5);
	v = ARENA_ARRAY(arena, *n, struct wire_cert);
	for (unsigned i = 0; i < *n; i++)
		v[i] = (struct wire_cert){ (uint8_t)rng_u32(r), some(r, arena) };
	return v;
}

static void random_notifies(struct message *m, struct rng *r, struct arena *arena)
{
	static const uint16_t types[] = { COOKIE, REKEY_SA, NO_PROPOSAL_CHOSEN, MOBIKE_SUPPORTED, 65535 };

	for (unsigned n = 1 + rng_below(r, 8); n; n--) {
		struct wire_notify *notify =
			message_add_notify(m, arena, types[rng_below(r, 5)], some(r, arena));

		notify->protocol = (uint8_t)rng_below(r, 4);
		notify->spi = octets(r, arena, rng_below(r, 9));
	}
}

static void random_deletes(struct message *m, struct rng *r, struct arena *arena)
{
	for (unsigned k = 1 + rng_below(r, 3); k; k--) {
		uint8_t protocol = (uint8_t)(1 + rng_below(r, 3));
		unsigned n = protocol == PROTO_IKE ? 0 : rng_below(r, 6);
		uint32_t *spis = ARENA_ARRAY(arena, n, uint32_t);

		for (unsigned i = 0; i < n; i++)
			spis[i] = rng_u32(r);
		message_add_delete(m, arena, protocol, spis, n);
	}
}

static void random_vendors(struct message *m, struct rng *r, struct arena *arena)
{
	m->n_vendors = 1 + rng_below(r, 5);
	m->vendors = ARENA_ARRAY(arena, m->n_vendors, struct bytes);
	for (unsigned i = 0; i < m->n_vendors; i++)
		m->vendors[i] = some(r, arena);
}

void wire_random(struct message *m, uint8_t type, struct rng *r, struct arena *arena)
{
	switch (type) {
	case PAYLOAD_SA: m->sa = random_proposals(r, arena); break;
	case PAYLOAD_KE: m->ke = (struct wire_ke){ (uint16_t)rng_u32(r), some(r, arena) }; break;
	case PAYLOAD_IDI: m->idi = random_id(r, arena); break;
	case PAYLOAD_IDR: m->idr = random_id(r, arena); break;
	case PAYLOAD_CERT: m->certs = random_certs(&m->n_certs, r, arena); break;
	case PAYLOAD_CERTREQ: m->certreqs = random_certs(&m->n_certreqs, r, arena); break;
	case PAYLOAD_AUTH: m->auth = (struct wire_auth){ (uint8_t)rng_u32(r), some(r, arena) }; break;
	case PAYLOAD_NONCE: m->nonce = octets(r, arena, NONCE_MIN + rng_below(r, 241)); break;
	case PAYLOAD_NOTIFY: random_notifies(m, r, arena); break;
	case PAYLOAD_DELETE: random_deletes(m, r, arena); break;
	case PAYLOAD_VENDOR: random_vendors(m, r, arena); break;
	case PAYLOAD_TSI: m->tsi = random_selectors(r, arena); break;
	case PAYLOAD_TSR: m->tsr = random_selectors(r, arena); break;
	case PAYLOAD_CP: m->cp = (struct wire_cp){ (uint8_t)rng_u32(r), random_attributes(r, arena) }; break;
	case PAYLOAD_EAP: m->eap = some(r, arena); break;
	case PAYLOAD_PS: m->solution = octets(r, arena, 1 + rng_below(r, 40)); break;
	default: abort();
	}
	m->has |= PAYLOAD_BIT(type);
}
