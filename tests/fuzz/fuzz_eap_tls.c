/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a stranger says inside TLS, real TLS, to the methods on it, either role; and what he sends instead of
 * TLS. Who knows no password is never let in. */
#include "tests/unit/eap_tls_help.h"
#include "tests/unit/pki_maker.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t methods[] = { EAP_TLS, EAP_TTLS, EAP_PEAP };

/* One for each role and version of TLS, made once. */
static struct eap_tls *tls_of(bool authenticator, bool is_1_3)
{
	static struct eap_tls *all[2][2];

	if (!all[authenticator][is_1_3])
		all[authenticator][is_1_3] = help_tls(authenticator,
			&(struct tls_recipe){ .only_tls_1_3 = is_1_3, .only_tls_1_2 = !is_1_3 });
	return all[authenticator][is_1_3];
}

/* Pieces behind their lengths, each said inside. Only a peer has a password. */
static void talk_inside(struct hand *h, struct bytes input)
{
	const struct eap_secret own = { EAP_PASSWORD, bytes_str("clientPass") },
				*secret = h->authenticator ? &own : NULL;

	if (h->turn.what == EAP_ASKS)
		hand_answers(h, secret);
	while (input.n > 2 && h->turn.what == EAP_SENDS) {
		size_t n = (size_t)(input.p[0] << 8 | input.p[1]);

		input = bytes_of(input.p + 2, input.n - 2);
		n = n > input.n ? input.n : n;
		hand_says(h, bytes_of(input.p, n), secret);
		input = bytes_of(input.p + n, input.n - n);
	}
}

static void talk_outside(struct eap *e, bool authenticator, uint8_t type, struct bytes input)
{
	static uint8_t packet[EAP_MAX_PACKET];
	struct eap_turn t = { .what = EAP_SENDS };
	uint8_t id = 0;

	if (authenticator)
		t = eap_begin(e);
	while (input.n > 2 && t.what == EAP_SENDS) {
		size_t n = (size_t)(input.p[0] << 8 | input.p[1]);

		input = bytes_of(input.p + 2, input.n - 2);
		n = n > input.n ? input.n : n;
		n = n > sizeof packet - 5 ? sizeof packet - 5 : n;
		id = authenticator ? t.packet.p[1] : (uint8_t)(id + 1);
		packet[0] = authenticator ? 2 : 1;
		packet[1] = id;
		packet[2] = (uint8_t)((n + 5) >> 8);
		packet[3] = (uint8_t)(n + 5);
		packet[4] = type;
		memcpy(packet + 5, input.p, n);
		t = eap_take(e, bytes_of(packet, n + 5));
		if (t.what == EAP_SUCCEEDED)
			abort();
		input = bytes_of(input.p + n, input.n - n);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct eap_settings s = { .n_methods = 1, .identity = bytes_str("alice"), .now = MAKER_NOW };
	struct rng_seeded r;
	struct hand h;
	struct eap *e;

	if (!size)
		return 0;
	s.authenticator = data[0] & 1;
	s.methods[0] = methods[(data[0] >> 1 & 3) % 3];
	s.ttls = (enum eap_ttls)((data[0] >> 3 & 3) % 3);
	s.tls = tls_of(s.authenticator, data[0] & 32);
	rng_seed(&r, 1);
	e = eap_new(&s, &r.rng);
	if (!e)
		abort();
	if (data[0] & 64)
		talk_outside(e, s.authenticator, s.methods[0], bytes_of(data + 1, size - 1));
	else {
		if (hand_shakes(
			    &h, e, !s.authenticator, s.methods[0], tls_of(!s.authenticator, data[0] & 32)))
			talk_inside(&h, bytes_of(data + 1, size - 1));
		if (h.turn.what == EAP_SUCCEEDED && s.authenticator && s.methods[0] != EAP_TLS)
			abort();
		hand_end(&h);
	}
	eap_free(e);
	return 0;
}
