/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/eap_pair.h"

#include <stdio.h>
#include <stdlib.h>

static void keep_text(char *to, size_t room, struct bytes from)
{
	size_t n = from.n < room ? from.n : room - 1;

	if (n)
		memcpy(to, from.p, n);
	to[n] = 0;
}

static struct eap_secret secret_of(struct pair *p, struct bytes name)
{
	keep_text(p->asked, sizeof p->asked, name);
	for (const struct pair_secret *row = p->known; row && row->name; row++)
		if (bytes_eq(bytes_str(row->name), name))
			return row->secret;
	return (struct eap_secret){ .kind = EAP_NO_SECRET };
}

static struct eap_turn sign(struct pair *p, unsigned side, struct eap *e)
{
	struct arena arena = { 0 };
	const struct scheme *scheme;
	struct bytes octets = eap_to_sign(e, &scheme), signature = bytes_of(NULL, 0);
	struct eap_turn t;

	p->signatures[side]++;
	if (p->sign)
		signature = p->sign(p->sign_ctx, side, scheme, octets, &arena);
	t = eap_signed(e, signature);
	arena_free(&arena);
	return t;
}

static struct eap_turn settle(struct pair *p, unsigned side, struct eap *e, struct eap_turn t)
{
	while (t.what == EAP_ASKS || t.what == EAP_SIGNS || t.what == EAP_SHOWS) {
		struct eap_secret secret;

		if (t.what == EAP_SHOWS) {
			p->shows += eap_certificate(e, 0).n > 0;
			t = eap_judged(e, !p->distrusted);
			continue;
		}
		if (t.what == EAP_SIGNS) {
			t = sign(p, side, e);
			continue;
		}
		secret = side ? p->own : secret_of(p, eap_name(e));
		p->asks[side]++;
		t = eap_answer(e, &secret);
	}
	return t;
}

static void keep_outcome(struct pair *p, unsigned side, const struct eap *e, const struct eap_turn *t)
{
	struct bytes msk = eap_msk(e);

	p->outcome[side] = t->what;
	snprintf(p->why[side], sizeof p->why[side], "%s", t->why ? t->why : "");
	p->msk_n[side] = msk.n;
	if (msk.n)
		memcpy(p->msk[side], msk.p, msk.n);
	keep_text(p->name[side], sizeof p->name[side], eap_name(e));
	if (!side) {
		p->method = eap_method(e);
		p->certificate_n = eap_certificate(e, 0).n;
	}
	if ((t->what == EAP_SENDS && !t->packet.n) || (t->what == EAP_FAILED && !(t->why && *t->why)))
		abort();
}

static void fill_dull(struct rng *r, void *p, size_t n)
{
	(void)r;
	memset(p, 0, n);
}

void pair_run(struct pair *p)
{
	struct rng dull = { .fill = fill_dull };
	struct rng_seeded r[2];
	struct eap *e[2];
	struct eap_turn t;
	unsigned side = 0;

	p->authenticator.authenticator = true;
	p->packets = p->asks[0] = p->asks[1] = 0;
	p->signatures[0] = p->signatures[1] = 0;
	p->asked[0] = 0;
	for (unsigned i = 0; i < 2; i++) {
		rng_seed(&r[i], p->seed + i);
		e[i] = eap_new(i ? &p->peer : &p->authenticator, p->dull ? &dull : &r[i].rng);
		if (!e[i])
			abort();
		p->outcome[i] = EAP_SENDS;
	}
	t = settle(p, 0, e[0], eap_begin(e[0]));
	for (;;) {
		uint8_t packet[PAIR_ROOM];
		size_t n = t.packet.n;

		keep_outcome(p, side, e[side], &t);
		if (!n || p->packets == PAIR_PACKETS)
			break;
		if (n > sizeof packet)
			abort();
		memcpy(packet, t.packet.p, n);
		p->size[p->packets] = n;
		if (p->tamper)
			p->tamper(p->ctx, p->packets, packet, &n);
		p->packets++;
		side = !side;
		t = settle(p, side, e[side], eap_take(e[side], bytes_of(packet, n)));
	}
	if (p->packets == PAIR_PACKETS)
		abort();
	eap_free(e[0]);
	eap_free(e[1]);
}

bool pair_agreed(const struct pair *p)
{
	return p->outcome[0] == EAP_SUCCEEDED && p->outcome[1] == EAP_SUCCEEDED &&
	       bytes_eq(bytes_of(p->msk[0], p->msk_n[0]), bytes_of(p->msk[1], p->msk_n[1]));
}
