/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The layout of an ESP packet: SPI, number, IV, inner packet, padding, pad length, next header, tag. */
#include "xfrm/user/esp.h"

#include "xfrm/limit.h"

#include <stdlib.h>

static void put32(uint8_t *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (24 - 8 * i));
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* Whoever asks for an SA hears now, and not with its first packet, whether there can be one. */
static enum err try_keys(struct esp *e)
{
	void *tried;
	enum err err = engine_make(
		e->encr, e->integ, e->sealing, e->encr_key, e->integ_key, &e->engine, &tried);

	if (!err)
		e->engine->free(tried);
	return err;
}

/* What a thread seals or opens with. */
struct esp_context {
	struct esp_context *next;
	unsigned thread;
	void *cipher; /* the engine's */
};

static void context_free(const struct esp *e, struct esp_context *c)
{
	e->engine->free(c->cipher);
	free(c);
}

/* That of THREAD, of those from C on, or any that can be shared; NULL: there is none. */
static struct esp_context *find_context(const struct esp *e, struct esp_context *c, unsigned thread)
{
	while (c && c->thread != thread && !e->engine->shared)
		c = c->next;
	return c;
}

/* Adds one for THREAD before FIRST, unless somebody was quicker with one that can be shared; NULL: the library
 * refuses. */
static struct esp_context *add_context(struct esp *e, struct esp_context *first, unsigned thread)
{
	struct esp_context *c = malloc(sizeof *c), *there;

	if (!c)
		abort();
	*c = (struct esp_context){ .next = first, .thread = thread };
	if (e->engine->make(e->encr, e->integ, e->sealing, e->encr_key, e->integ_key, &c->cipher)) {
		free(c);
		return NULL;
	}
	while (!atomic_compare_exchange_weak_explicit(
		&e->contexts, &c->next, c, memory_order_acq_rel, memory_order_acquire)) {
		there = find_context(e, c->next, thread);
		if (there) {
			context_free(e, c);
			return there;
		}
	}
	return c;
}

static void *cipher_of(struct esp *e, unsigned thread)
{
	struct esp_context *first = atomic_load_explicit(&e->contexts, memory_order_acquire);
	struct esp_context *c = find_context(e, first, thread);

	if (!c)
		c = add_context(e, first, thread);
	return c ? c->cipher : NULL;
}

enum err esp_init(struct esp *e, uint32_t spi, const struct suite *suite, bool sealing, struct bytes encr_key,
	struct bytes integ_key, uint32_t window, struct arena *arena, struct text *why)
{
	enum err err;

	*e = (struct esp){
		.spi = spi, .encr = suite->encr, .integ = suite->integ, .sealing = sealing, .esn = suite->esn
	};
	if (window > REPLAY_MAX) {
		text_add(why, "a replay window of %u packets is too large: use at most %u", window,
			REPLAY_MAX);
		return ERR_RANGE;
	}
	e->seq_last = suite->esn ? UINT64_MAX : UINT32_MAX;
	e->icv = transform_icv(suite->encr, suite->integ);
	e->encr_key = arena_bytes(arena, encr_key);
	e->integ_key = arena_bytes(arena, integ_key);
	err = try_keys(e);
	if (err == ERR_UNSUPPORTED)
		text_add(why, "OpenSSL does not offer %s: choose another ESP proposal", suite->encr->name);
	else if (err == ERR_RANGE)
		text_add(why, "the keys for %s do not have the length it needs", suite->encr->name);
	else if (err)
		text_add(why, "the keys for %s are refused: choose another ESP proposal", suite->encr->name);
	if (err)
		return err;
	if (!sealing)
		replay_init(&e->replay, window, suite->esn, arena);
	return ERR_OK;
}

size_t esp_kept(struct bytes encr_key, struct bytes integ_key)
{
	return arena_octets(encr_key.n + 1) + arena_octets(integ_key.n + 1);
}

void esp_free(struct esp *e)
{
	struct esp_context *c = atomic_exchange(&e->contexts, NULL), *next;

	for (; c; c = next) {
		next = c->next;
		context_free(e, c);
	}
	e->encr_key = e->integ_key = (struct bytes){ 0 };
}

/* What is authenticated besides the data: with an AEAD the whole extended number lies in the AAD (RFC 4106,
 * 5), with a MAC its high half follows the data (RFC 4303, 2.8). */
struct cover {
	uint8_t aad[12], high[4];
};

static struct aead_job job_of(const struct esp *e, struct cover *c, uint8_t *packet, uint64_t seq, size_t n)
{
	uint8_t *data = packet + ESP_HEADER + e->encr->iv;
	struct aead_job job = {
		.aad = bytes_of(packet, ESP_HEADER),
		.iv = packet + ESP_HEADER,
		.data = data,
		.n = n,
		.icv = data + n,
	};

	if (!e->esn)
		return job;
	put32(c->high, (uint32_t)(seq >> 32));
	if (e->integ) {
		job.tail = bytes_of(c->high, sizeof c->high);
		return job;
	}
	memcpy(c->aad, packet, 4);
	memcpy(c->aad + 4, c->high, 4);
	memcpy(c->aad + 8, packet + 4, 4);
	job.aad = bytes_of(c->aad, sizeof c->aad);
	return job;
}

static size_t pad_of(const struct esp *e, size_t n)
{
	size_t unit = limit_unit(e->encr);

	return (unit - (n + ESP_TRAILER) % unit) % unit;
}

size_t esp_before(const struct esp *e)
{
	return (size_t)ESP_HEADER + e->encr->iv;
}

size_t esp_sealed(const struct esp *e, size_t n)
{
	return esp_before(e) + n + pad_of(e, n) + ESP_TRAILER + e->icv;
}

/* Padding, its length, and what is inside; returns the octets to encrypt. */
static size_t put_trailer(const struct esp *e, uint8_t *p, size_t n)
{
	size_t pad = pad_of(e, n);

	for (size_t i = 0; i < pad; i++)
		p[n + i] = (uint8_t)(i + 1);
	p[n + pad] = (uint8_t)pad;
	p[n + pad + 1] = p[0] >> 4 == 6 ? ESP_NEXT_IPV6 : ESP_NEXT_IPV4;
	return n + pad + ESP_TRAILER;
}

static void seal_one(struct esp *e, void *cipher, struct rng *rng, struct esp_packet *pkt)
{
	size_t head = esp_before(e), n;
	uint8_t *packet = pkt->p - head, *iv = packet + ESP_HEADER;
	struct cover cover;
	struct aead_job job;

	memset(pkt->p + pkt->n, 0, pkt->more);
	n = put_trailer(e, pkt->p, pkt->n + pkt->more);
	put32(packet, e->spi);
	put32(packet + 4, (uint32_t)pkt->seq);
	if (e->integ) {
		rng_fill(rng, iv, e->encr->iv);
	} else {
		put32(iv, (uint32_t)(pkt->seq >> 32));
		put32(iv + 4, (uint32_t)pkt->seq);
	}
	job = job_of(e, &cover, packet, pkt->seq, n);
	if (!cipher || e->engine->seal(cipher, &job)) {
		pkt->drop = DROP_CRYPTO;
		return;
	}
	pkt->p = packet;
	pkt->n = head + n + e->icv;
}

/* Takes up to N successive numbers, *FIRST being the first; returns how many there were. */
static uint64_t take_numbers(struct esp *e, uint64_t n, uint64_t *first)
{
	uint64_t seq = atomic_load_explicit(&e->seq, memory_order_relaxed), taken;

	do
		taken = n < e->seq_last - seq ? n : e->seq_last - seq;
	while (!atomic_compare_exchange_weak_explicit(
		&e->seq, &seq, seq + taken, memory_order_relaxed, memory_order_relaxed));
	*first = seq + 1;
	return taken;
}

void esp_seal(struct esp *e, unsigned thread, struct rng *rng, struct esp_packet *v, unsigned n)
{
	uint64_t seq, taken = take_numbers(e, n, &seq);
	void *cipher = cipher_of(e, thread);

	for (unsigned i = 0; i < n; i++) {
		if (v[i].drop)
			continue;
		if (i >= taken) {
			v[i].drop = DROP_SEQUENCE;
			continue;
		}
		v[i].seq = seq + i;
		seal_one(e, cipher, rng, &v[i]);
	}
}

/* Looks at the N opened octets at P: whether padding and next header are right, and how much is the packet.
 */
static enum drop check_trailer(const uint8_t *p, size_t n, size_t *inner)
{
	size_t pad = p[n - 2];
	uint8_t next = p[n - 1];

	if (pad > n - ESP_TRAILER)
		return DROP_PADDING;
	*inner = n - ESP_TRAILER - pad;
	for (size_t i = 0; i < pad; i++)
		if (p[*inner + i] != i + 1)
			return DROP_PADDING;
	if (next == ESP_NEXT_NONE)
		return DROP_DUMMY;
	return next == ESP_NEXT_IPV4 || next == ESP_NEXT_IPV6 ? DROP_NONE : DROP_NEXT_HEADER;
}

/* The octets between IV and tag, or 0 when the packet cannot be one of this SA. */
static size_t data_of(const struct esp *e, size_t n)
{
	size_t around = (size_t)ESP_HEADER + e->encr->iv + e->icv;

	if (n < around + ESP_TRAILER || (n - around) % limit_unit(e->encr))
		return 0;
	return n - around;
}

void esp_check(const struct esp *e, struct esp_packet *p)
{
	if (!data_of(e, p->n))
		p->drop = DROP_SHORT;
	else if (!replay_check(&e->replay, get32(p->p + 4), &p->seq))
		p->drop = DROP_REPLAY;
}

static enum drop decrypt(struct esp *e, unsigned thread, struct esp_packet *p)
{
	const size_t n = data_of(e, p->n);
	void *cipher = cipher_of(e, thread);
	struct cover cover;
	struct aead_job job;

	if (!cipher)
		return DROP_CRYPTO;
	job = job_of(e, &cover, p->p, p->seq, n);
	if (e->engine->open(cipher, &job))
		return DROP_AUTH;
	p->authentic = true;
	p->p = job.data;
	return check_trailer(job.data, n, &p->n);
}

void esp_decrypt(struct esp *e, unsigned thread, struct esp_packet *p)
{
	p->authentic = false;
	if (!p->drop)
		p->drop = decrypt(e, thread, p);
}

void esp_admit(struct esp *e, struct esp_packet *p)
{
	if (!p->authentic)
		return;
	p->place = replay_advance(&e->replay, p->seq);
	if (p->place != REPLAY_SEEN)
		return;
	p->authentic = false;
	p->drop = DROP_REPLAY;
}

void esp_open(struct esp *e, struct esp_packet *v, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		if (v[i].drop)
			continue;
		esp_check(e, &v[i]);
		esp_decrypt(e, 0, &v[i]);
		esp_admit(e, &v[i]);
	}
}
