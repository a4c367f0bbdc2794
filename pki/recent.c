/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pki/recent.h"

/* C comes first, in the place of the one at AT. */
static void put_first(struct recent *r, unsigned at, struct cert *c)
{
	memmove(r->v + 1, r->v, at * sizeof(struct cert *));
	r->v[0] = c;
}

struct cert *recent_find(struct recent *r, struct bytes der)
{
	for (unsigned i = 0; i < r->n; i++)
		if (bytes_eq(r->v[i]->der, der)) {
			put_first(r, i, r->v[i]);
			return r->v[0];
		}
	return NULL;
}

void recent_add(struct recent *r, struct cert *c)
{
	if (c->der.n > RECENT_OCTETS)
		return;
	if (r->n == RECENT_MAX)
		cert_unref(r->v[--r->n]);
	put_first(r, r->n++, cert_ref(c));
}

void recent_free(struct recent *r)
{
	while (r->n)
		cert_unref(r->v[--r->n]);
}
