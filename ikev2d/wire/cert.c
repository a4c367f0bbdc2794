/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Certificate and Certificate Request payloads (RFC 7296, 3.6 and 3.7): an encoding and its octets. */
#include "wire/payload.h"

static void cert_get(struct rd *r, struct wire_cert *out)
{
	out->encoding = rd_u8(r);
	out->data = rd_rest(r);
}

static void cert_put(const struct wire_cert *cert, struct wr *w)
{
	wr_u8(w, cert->encoding);
	wr_bytes(w, cert->data);
}

void wire_cert_get(struct rd *r, const struct payload_at *at, struct message *out)
{
	out->certs = wire_list_room(at->arena, out->certs, out->n_certs, sizeof *out->certs);
	cert_get(r, &out->certs[out->n_certs++]);
}

void wire_certreq_get(struct rd *r, const struct payload_at *at, struct message *out)
{
	out->certreqs = wire_list_room(at->arena, out->certreqs, out->n_certreqs, sizeof *out->certreqs);
	cert_get(r, &out->certreqs[out->n_certreqs++]);
}

void wire_cert_put(const struct message *m, unsigned i, struct wr *w)
{
	cert_put(&m->certs[i], w);
}

void wire_certreq_put(const struct message *m, unsigned i, struct wr *w)
{
	cert_put(&m->certreqs[i], w);
}

unsigned wire_cert_count(const struct message *m)
{
	return m->n_certs;
}

unsigned wire_certreq_count(const struct message *m)
{
	return m->n_certreqs;
}
