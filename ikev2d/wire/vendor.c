/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Vendor ID payload (RFC 7296, 3.12). */
#include "wire/payload.h"

void wire_vendor_get(struct rd *r, const struct payload_at *at, struct message *out)
{
	out->vendors = wire_list_room(at->arena, out->vendors, out->n_vendors, sizeof *out->vendors);
	out->vendors[out->n_vendors++] = rd_rest(r);
}

void wire_vendor_put(const struct message *m, unsigned i, struct wr *w)
{
	wr_bytes(w, m->vendors[i]);
}

unsigned wire_vendor_count(const struct message *m)
{
	return m->n_vendors;
}
