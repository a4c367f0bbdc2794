/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Key derivation. */
#include "ike/keys.h"

/* The lengths of one key block, in the order in which prf+ yields them. */
static void cut(struct rd *r, uint8_t *to, size_t n)
{
	struct bytes b = rd_bytes(r, n);

	if (b.n)
		memcpy(to, b.p, b.n);
}

enum err keys_ike(struct sa_core *core, struct bytes shared, struct bytes nonce_i, struct bytes nonce_r)
{
	const struct suite *s = &core->suite;
	size_t p = s->prf->out, a = s->integ ? s->integ->key : 0, e = (size_t)s->encr->key + s->encr->salt;
	uint8_t seed[PRF_OUT_MAX], block[3 * PRF_OUT_MAX + 2 * (SK_MAX + SK_E_MAX)], spis[16];
	uint8_t nonces[2 * NONCE_MAX];
	struct wr w = wr_of(spis, sizeof spis), nw = wr_of(nonces, sizeof nonces);
	struct bytes parts[2];
	struct rd r;
	enum err err;

	wr_u64(&w, core->spi_i);
	wr_u64(&w, core->spi_r);
	wr_bytes(&nw, nonce_i);
	wr_bytes(&nw, nonce_r);
	if (nw.bad)
		return ERR_RANGE;
	parts[0] = wr_done(&nw);
	parts[1] = wr_done(&w);
	err = prf(s->prf, parts[0], &shared, 1, seed);
	if (!err)
		err = prf_plus(s->prf, bytes_of(seed, p), parts, 2, block, 3 * p + 2 * a + 2 * e);
	if (!err) {
		r = rd_of(bytes_of(block, 3 * p + 2 * a + 2 * e));
		cut(&r, core->keys.d, p);
		cut(&r, core->keys.ai, a);
		cut(&r, core->keys.ar, a);
		cut(&r, core->keys.ei, e);
		cut(&r, core->keys.er, e);
		cut(&r, core->keys.pi, p);
		cut(&r, core->keys.pr, p);
	}
	WIPE(seed);
	WIPE(block);
	return err;
}

enum err keys_child(const struct sa_core *core, const struct suite *suite, struct bytes nonce_i,
	struct bytes nonce_r, struct arena *arena, struct child_keys *out)
{
	size_t a = suite->integ ? suite->integ->key : 0, e = (size_t)suite->encr->key + suite->encr->salt;
	size_t n = 2 * a + 2 * e;
	uint8_t *block = arena_alloc(arena, n);
	struct bytes parts[2] = { nonce_i, nonce_r };
	const struct transform *f = core->suite.prf;
	struct rd r = rd_of(bytes_of(block, n));

	if (prf_plus(f, bytes_of(core->keys.d, f->out), parts, 2, block, n))
		return ERR_CRYPTO;
	out->e_i = rd_bytes(&r, e);
	out->a_i = rd_bytes(&r, a);
	out->e_r = rd_bytes(&r, e);
	out->a_r = rd_bytes(&r, a);
	return ERR_OK;
}

struct bytes keys_signed_octets(
	const struct sa_core *core, const struct handshake *hs, bool initiator, struct arena *arena)
{
	const struct transform *f = core->suite.prf;
	struct bytes first = initiator ? hs->init_i : hs->init_r,
		     nonce = initiator ? hs->nonce_r : hs->nonce_i;
	struct bytes id = initiator ? hs->id_i : hs->id_r;
	const uint8_t *key = initiator ? core->keys.pi : core->keys.pr;
	size_t n = first.n + nonce.n + f->out;
	struct wr w = wr_of(arena_alloc(arena, n), n);
	uint8_t mac[PRF_OUT_MAX];

	if (prf(f, bytes_of(key, f->out), &id, 1, mac))
		return (struct bytes){ 0 };
	wr_bytes(&w, first);
	wr_bytes(&w, nonce);
	wr_bytes(&w, bytes_of(mac, f->out));
	return wr_done(&w);
}

enum err keys_psk_auth(const struct transform *f, struct bytes psk, struct bytes octets, uint8_t *out)
{
	static const char pad[] = "Key Pad for IKEv2";
	struct bytes text = bytes_str(pad);
	uint8_t key[PRF_OUT_MAX];
	enum err err = prf(f, psk, &text, 1, key);

	if (!err)
		err = prf(f, bytes_of(key, f->out), &octets, 1, out);
	WIPE(key);
	return err;
}
