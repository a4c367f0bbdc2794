/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/eap_tls_help.h"

#include "eap/session.h"
#include "pki/sign.h"
#include "pki_maker.h"

#include <stdlib.h>

enum { CHAIN = 8, KEY_CA = 1, KEY_STRANGER, KEY_SERVER, KEY_CLIENT };

static struct made authorities[2]; /* the one that is trusted, the stranger */

static struct made authority(bool stranger)
{
	if (!authorities[stranger].cert)
		authorities[stranger] =
			maker_cert(&(struct recipe){ .subject = stranger ? "CN=stranger" : "CN=authority",
					   .key = "ED25519",
					   .key_number = stranger ? KEY_STRANGER : KEY_CA,
					   .extensions = "CA" },
				NULL);
	return authorities[stranger];
}

void help_tls_end(void)
{
	for (unsigned i = 0; i < 2; i++) {
		cert_unref(authorities[i].cert);
		authorities[i].cert = NULL;
	}
}

static struct made own(bool authenticator, const struct tls_recipe *r)
{
	struct made ca = authority(r->stranger);
	const char *usual = authenticator ? "subjectAltName=DNS:moon.example.org,IP:192.0.2.1"
					  : "subjectAltName=email:alice@example.org";

	return maker_cert(&(struct recipe){ .subject = r->subject      ? r->subject
						       : authenticator ? "CN=moon"
								       : "C=CH, CN=alice",
				  .key = r->far ? r->far : "ED25519",
				  .key_number = authenticator ? KEY_SERVER : KEY_CLIENT,
				  .serial = authenticator ? 10 : 11,
				  .extensions = r->extensions ? r->extensions : usual },
		&ca);
}

static struct bytes crl_of(const struct made *ca, bool of_client, struct arena *arena)
{
	struct made victim = own(!of_client, &(struct tls_recipe){ 0 });
	const struct cert *all[] = { victim.cert };
	struct bytes crl = maker_crl(ca, all, 1, -1, 300, false, arena);

	cert_unref(victim.cert);
	return crl;
}

struct eap_tls *help_tls(bool authenticator, const struct tls_recipe *r)
{
	struct arena arena = { 0 };
	struct made mine = own(authenticator, r), ca = authority(false);
	struct bytes chain[CHAIN] = { mine.cert->der }, crl;
	struct eap_tls_settings s = { .chain = chain,
		.n_chain = r->bare ? 0 : 1 + r->extra,
		.key = maker_key_pem("ED25519", authenticator ? KEY_SERVER : KEY_CLIENT, NULL, &arena),
		.authorities = &ca.cert->der,
		.n_authorities = !r->lonely,
		.judged = r->judged,
		.only_tls_1_2 = r->only_tls_1_2,
		.only_tls_1_3 = r->only_tls_1_3 };
	struct id server;
	char why[EAP_TLS_WHY];
	struct eap_tls *t;

	if (r->far)
		s.key = bytes_of(NULL, 0);
	for (unsigned i = 1; i <= r->extra; i++)
		chain[i] = ca.cert->der;
	if (r->revoked) {
		crl = crl_of(&ca, authenticator, &arena);
		s.crls = &crl;
		s.n_crls = 1;
	}
	if (!authenticator && !(r->server && !*r->server)) {
		if (id_parse(r->server ? r->server : "moon.example.org", &arena, &server))
			abort();
		s.server = &server;
	}
	if (eap_tls_new(&s, &t, why))
		abort();
	cert_unref(mine.cert);
	arena_free(&arena);
	return t;
}

struct bytes help_sign(
	void *ctx, unsigned side, const struct scheme *scheme, struct bytes octets, struct arena *arena)
{
	struct key *key = maker_key(ctx, side ? KEY_CLIENT : KEY_SERVER, true);
	struct bytes signature;
	struct why why;

	if (key->type != scheme->key || sign_bare(key, scheme, octets, arena, &signature, &why))
		abort();
	key_unref(key);
	return signature;
}

/* One packet of the hand, whole: its TLS is short enough. */
static void send_to(struct hand *h, struct bytes records, uint8_t flags)
{
	uint8_t packet[EAP_MAX_PACKET];
	size_t n = 6 + records.n;

	h->id += h->authenticator;
	packet[0] = h->authenticator ? 1 : 2;
	packet[1] = h->id;
	packet[2] = (uint8_t)(n >> 8);
	packet[3] = (uint8_t)n;
	packet[4] = h->type;
	packet[5] = flags;
	if (records.n)
		memcpy(packet + 6, records.p, records.n);
	h->turn = eap_take(h->e, bytes_of(packet, n));
}

/* What E sent, to our session; false when it is no packet with TLS. */
static bool receive(struct hand *h)
{
	struct bytes p = h->turn.packet;
	size_t head;

	if (h->turn.what != EAP_SENDS || p.n < 6 || p.p[4] != h->type)
		return false;
	if (!h->authenticator)
		h->id = p.p[1];
	head = p.p[5] & 0x80 ? 10 : 6;
	return session_feed(h->session, bytes_of(p.p + head, p.n - head));
}

/* All of E's fragments. */
static bool receive_all(struct hand *h)
{
	while (receive(h)) {
		if (!(h->turn.packet.p[5] & 0x40))
			return true;
		send_to(h, bytes_of(NULL, 0), 0);
	}
	return false;
}

static void send_pending(struct hand *h)
{
	static uint8_t records[EAP_MAX_PACKET - 6];
	size_t n = session_pending(h->session);

	if (n > sizeof records)
		abort();
	session_pull(h->session, records, n);
	send_to(h, bytes_of(records, n), 0);
}

static void meet(struct hand *h)
{
	static const uint8_t who[] = { 1, 0, 0, 5, EAP_IDENTITY },
			     name[] = { 2, 0, 0, 9, EAP_IDENTITY, 'h', 'a', 'n', 'd' };
	uint8_t answer[sizeof name];

	if (h->authenticator) {
		h->turn = eap_take(h->e, bytes_of(who, sizeof who));
		send_to(h, bytes_of(NULL, 0), 0x20);
		return;
	}
	h->turn = eap_begin(h->e);
	if (h->turn.packet.p[4] == EAP_IDENTITY) {
		memcpy(answer, name, sizeof name);
		answer[1] = h->turn.packet.p[1];
		h->turn = eap_take(h->e, bytes_of(answer, sizeof answer));
	}
	h->id = h->turn.packet.p[1];
	session_run(h->session);
	send_pending(h);
}

bool hand_shakes(struct hand *h, struct eap *e, bool authenticator, uint8_t type, struct eap_tls *tls)
{
	enum session_state state;

	*h = (struct hand){ .e = e, .authenticator = authenticator, .type = type };
	h->session = session_new(tls, authenticator, false, 1767225600);
	meet(h);
	for (;;) {
		if (!receive_all(h))
			return h->turn.what == EAP_ASKS;
		state = session_run(h->session);
		if (state == SESSION_BROKEN)
			return false;
		if (state == SESSION_READY && !session_pending(h->session))
			break;
		send_pending(h);
		if (state == SESSION_READY && !h->authenticator)
			return receive_all(h);
	}
	return true;
}

static void hear(struct hand *h)
{
	h->said_n = 0;
	if (session_run(h->session) == SESSION_READY)
		session_read(h->session, h->said, sizeof h->said, &h->said_n);
}

void hand_answers(struct hand *h, const struct eap_secret *secret)
{
	const struct eap_secret none = { .kind = EAP_NO_SECRET };

	while (h->turn.what == EAP_ASKS)
		h->turn = eap_answer(h->e, secret ? secret : &none);
	h->said_n = 0;
	if (receive_all(h))
		hear(h);
}

void hand_says(struct hand *h, struct bytes plain, const struct eap_secret *secret)
{
	hear(h);
	if (plain.n && !session_write(h->session, plain))
		abort();
	send_pending(h);
	hand_answers(h, secret);
}

void hand_end(struct hand *h)
{
	session_free(h->session);
	h->session = NULL;
}
