/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A conversation of EAP, either role, by any method, with packets of a stranger's. TLS is one that hides
 * nothing, so that what is inside is reached as well: the real one is fuzz_eap_tls. Who has no secret is
 * never let in. */
#include "eap/eap.h"
#include "eap/session.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* ------------------------------------------------- TLS that hides nothing */

enum { HELD = 1 << 17, BREAKS = 0xff, HANDSHAKE = 2 };

struct eap_tls {
	unsigned refs;
	bool is_1_3;
};

struct session {
	bool server, ready, broken, is_1_3;
	unsigned runs;
	uint8_t in[HELD], out[HELD];
	size_t in_n, out_n;
};

struct eap_tls *eap_tls_ref(struct eap_tls *tls)
{
	tls->refs++;
	return tls;
}

void eap_tls_unref(struct eap_tls *tls)
{
	if (tls)
		tls->refs--;
}

bool eap_tls_serves(const struct eap_tls *tls, bool server, bool client_proves)
{
	(void)tls, (void)server, (void)client_proves;
	return true;
}

struct session *session_new(struct eap_tls *tls, bool server, bool client_proves, int64_t now)
{
	struct session *s = calloc(1, sizeof *s);

	(void)client_proves, (void)now;
	if (!s)
		abort();
	s->server = server;
	s->is_1_3 = tls->is_1_3;
	return s;
}

void session_free(struct session *s)
{
	free(s);
}

bool session_feed(struct session *s, struct bytes records)
{
	/* A whole message is looked at before the next: more cannot be there than may come in a conversation.
	 */
	if (records.n > sizeof s->in - s->in_n)
		abort();
	if (records.n)
		memcpy(s->in + s->in_n, records.p, records.n);
	s->in_n += records.n;
	return true;
}

bool session_write(struct session *s, struct bytes plain)
{
	if (plain.n > sizeof s->out - s->out_n)
		return false;
	if (plain.n)
		memcpy(s->out + s->out_n, plain.p, plain.n);
	s->out_n += plain.n;
	return true;
}

enum session_state session_run(struct session *s)
{
	static const uint8_t words[300];

	if (s->ready)
		return SESSION_READY;
	s->broken = s->in_n && s->in[0] == BREAKS;
	session_write(s, bytes_of(words, s->broken ? s->in_n > 1 : sizeof words));
	s->in_n = 0;
	if (s->broken)
		return SESSION_BROKEN;
	s->ready = ++s->runs == HANDSHAKE;
	return s->ready ? SESSION_READY : SESSION_RUNS;
}

enum session_state session_read(struct session *s, uint8_t *out, size_t room, size_t *n)
{
	*n = s->in_n < room ? s->in_n : room;
	memcpy(out, s->in, *n);
	s->broken = s->in_n > room;
	s->in_n = 0;
	return s->broken ? SESSION_BROKEN : SESSION_READY;
}

struct bytes session_to_sign(const struct session *s, const struct scheme **scheme)
{
	(void)s;
	*scheme = NULL;
	return bytes_of(NULL, 0);
}

void session_signed(struct session *s, struct bytes signature)
{
	(void)s, (void)signature;
}

void session_judged(struct session *s, bool good)
{
	s->broken |= !good;
}

size_t session_pending(const struct session *s)
{
	return s->out_n;
}

void session_pull(struct session *s, uint8_t *out, size_t n)
{
	if (n > s->out_n)
		abort();
	memcpy(out, s->out, n);
	s->out_n -= n;
	memmove(s->out, s->out + n, s->out_n);
}

bool session_is_1_3(const struct session *s)
{
	return s->is_1_3;
}

bool session_export(struct session *s, const char *label, struct bytes context, uint8_t *out, size_t n)
{
	(void)label, (void)context;
	memset(out, 7, n);
	return s->ready;
}

struct bytes session_certificate(struct session *s, unsigned i)
{
	(void)s, (void)i;
	return bytes_str("certificate");
}

size_t session_name(struct session *s, struct bytes name, uint8_t *out, size_t room)
{
	(void)s;
	if (!name.n || name.n > room)
		return 0;
	memcpy(out, name.p, name.n);
	return name.n;
}

const char *session_why(const struct session *s)
{
	return s->broken ? "It is broken." : "";
}

/* --------------------------------------------------------- the conversation */

static const uint8_t methods[] = { EAP_DYNAMIC, EAP_MD5, EAP_GTC, EAP_MSCHAPV2, EAP_TLS, EAP_TTLS, EAP_PEAP,
	EAP_PEAP };

/* The first two octets: who we are, by which method, and what for a secret there is. */
static struct eap_settings settings_of(uint8_t who, uint8_t how, struct eap_tls *tls)
{
	struct eap_settings s = { .authenticator = who & 1,
		.ask_identity = who & 2,
		.methods = { methods[who >> 2 & 7] },
		.n_methods = 1,
		.identity = bytes_str("alice"),
		.tls = tls,
		.ttls = (enum eap_ttls)((how & 3) % 3),
		.fragment = how & 4 ? EAP_MIN_FRAGMENT : 0,
		.now = 1 };

	if (how & 8)
		s.inner[s.n_inner++] = how & 16 ? EAP_MD5 : EAP_GTC;
	tls->is_1_3 = who & 32;
	return s;
}

static struct eap_secret secret_of(uint8_t who)
{
	static const uint8_t hash[16] = { 0x44, 0xEB, 0xBA, 0x8D, 0x53, 0x12, 0xB8, 0xD6, 0x11, 0x47, 0x44,
		0x11, 0xF5, 0x69, 0x89, 0xAE };

	switch (who >> 6) {
	case 0: return (struct eap_secret){ EAP_NO_SECRET, { 0 } };
	case 1: return (struct eap_secret){ EAP_NT_HASH, { hash, sizeof hash } };
	default: return (struct eap_secret){ EAP_PASSWORD, bytes_str("clientPass") };
	}
}

/* Code, id and length as they must be. */
static void mend(uint8_t *p, size_t n, bool authenticator, uint8_t id)
{
	if (n < 4)
		return;
	p[0] = authenticator ? 2 : 1;
	p[1] = id;
	p[2] = (uint8_t)(n >> 8);
	p[3] = (uint8_t)n;
}

static void judge(const struct eap *e, const struct eap_turn *t, bool authenticator, bool secret)
{
	if (t->what == EAP_SUCCEEDED && authenticator && !secret && eap_method(e) != EAP_TLS)
		abort();
	if (t->what == EAP_FAILED && (!t->why || !*t->why))
		abort();
	if (t->what == EAP_SENDS && !t->packet.n)
		abort();
	if (t->what != EAP_SUCCEEDED && eap_msk(e).n)
		abort();
}

static void converse(struct eap *e, struct bytes input, bool authenticator, const struct eap_secret *secret)
{
	struct eap_turn t = { 0 };
	uint8_t id = 0;

	if (authenticator)
		t = eap_begin(e);
	while (input.n > 3) {
		uint8_t flags = input.p[0], *packet;
		size_t n = (size_t)(input.p[1] << 8 | input.p[2]);

		input = bytes_of(input.p + 3, input.n - 3);
		if (n > input.n)
			n = input.n;
		id = authenticator && t.packet.n > 1 ? t.packet.p[1] : (uint8_t)(id + 1);
		packet = malloc(n + 1);
		memcpy(packet, input.p, n);
		if (flags & 1)
			mend(packet, n, authenticator, id);
		t = eap_take(e, bytes_of(packet, n));
		judge(e, &t, authenticator, secret->kind);
		while (t.what == EAP_ASKS) {
			t = eap_answer(e, secret);
			judge(e, &t, authenticator, secret->kind);
		}
		free(packet);
		input = bytes_of(input.p + n, input.n - n);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct eap_tls tls = { .refs = 1 };
	struct eap_settings settings;
	struct eap_secret secret;
	struct rng_seeded r;
	struct eap *e;

	if (size < 2)
		return 0;
	settings = settings_of(data[0], data[1], &tls);
	secret = secret_of(data[0]);
	rng_seed(&r, settings.authenticator ? 1 : 2);
	e = eap_new(&settings, &r.rng);
	if (!e)
		abort();
	converse(e, bytes_of(data + 2, size - 2), settings.authenticator, &secret);
	eap_free(e);
	if (tls.refs != 1)
		abort();
	return 0;
}
