/* SPDX-License-Identifier: GPL-2.0-or-later */
/* THE table of payloads (RFC 7296, 3.2; RFC 7383, 2.5; RFC 8019, 8.2), and the pieces they are made of. */
#include "wire/payload.h"

/* The figures of RFC 7296 agree on this order but for KE and nonce, of which IKE_SA_INIT's is taken; PS comes
 * first of all but COOKIE (RFC 8019, 7.1.2). */
const struct payload payload_table[] = {
	{ PAYLOAD_PS, "PS", NULL, wire_ps_get, wire_ps_put },
	{ PAYLOAD_IDI, "IDi", NULL, wire_idi_get, wire_idi_put },
	{ PAYLOAD_IDR, "IDr", NULL, wire_idr_get, wire_idr_put },
	{ PAYLOAD_CERT, "CERT", wire_cert_count, wire_cert_get, wire_cert_put },
	{ PAYLOAD_AUTH, "AUTH", NULL, wire_auth_get, wire_auth_put },
	{ PAYLOAD_EAP, "EAP", NULL, wire_eap_get, wire_eap_put },
	{ PAYLOAD_CP, "CP", NULL, wire_cp_get, wire_cp_put },
	{ PAYLOAD_SA, "SA", NULL, wire_sa_get, wire_sa_put },
	{ PAYLOAD_KE, "KE", NULL, wire_ke_get, wire_ke_put },
	{ PAYLOAD_NONCE, "Nonce", NULL, wire_nonce_get, wire_nonce_put },
	{ PAYLOAD_CERTREQ, "CERTREQ", wire_certreq_count, wire_certreq_get, wire_certreq_put },
	{ PAYLOAD_TSI, "TSi", NULL, wire_tsi_get, wire_tsi_put },
	{ PAYLOAD_TSR, "TSr", NULL, wire_tsr_get, wire_tsr_put },
	{ PAYLOAD_DELETE, "D", wire_delete_count, wire_delete_get, wire_delete_put },
	{ PAYLOAD_NOTIFY, "N", wire_notify_count, wire_notify_get, wire_notify_put },
	{ PAYLOAD_VENDOR, "V", wire_vendor_count, wire_vendor_get, wire_vendor_put },
	{ PAYLOAD_SK, "SK", NULL, wire_sk_get, NULL },
	{ PAYLOAD_SKF, "SKF", NULL, wire_skf_get, NULL },
	{ 0 },
};

const struct payload *payload_find(uint8_t type)
{
	for (const struct payload *p = payload_table; p->type; p++)
		if (p->type == type)
			return p;
	return NULL;
}

struct wire_piece wire_piece_get(struct rd *r)
{
	struct wire_piece p = { 0 };
	size_t length;

	p.a = rd_u8(r);
	p.b = rd_u8(r);
	length = rd_u16(r);
	if (length < PAYLOAD_HEADER)
		r->bad = true;
	p.body = rd_sub(r, length - PAYLOAD_HEADER);
	return p;
}

void wire_piece_done(const struct wire_piece *p, struct rd *r)
{
	if (!rd_done(&p->body))
		r->bad = true;
}

size_t wire_piece_put(struct wr *w, uint8_t a, uint8_t b)
{
	size_t at = w->n;

	wr_u8(w, a);
	wr_u8(w, b);
	wr_u16(w, 0);
	return at;
}

void wire_piece_end(struct wr *w, size_t at)
{
	if (w->n - at > UINT16_MAX)
		w->bad = true;
	wr_u16_at(w, at + 2, (uint16_t)(w->n - at));
}

void *wire_list_room(struct arena *arena, void *list, unsigned n, size_t size)
{
	void *wider;

	if (n & (n - 1))
		return list;
	wider = arena_array(arena, n ? 2 * (size_t)n : 1, size);
	if (n)
		memcpy(wider, list, n * size);
	return wider;
}
