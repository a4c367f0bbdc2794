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

/* SK_* from SKEYSEED (2.14). */
static enum err keys_from(struct sa_core *core, const uint8_t *seed, size_t seed_n, struct bytes nonces)
{
	const struct suite *s = &core->suite;
	size_t p = s->prf->out, a = s->integ ? s->integ->key : 0, e = (size_t)s->encr->key + s->encr->salt;
	uint8_t block[3 * PRF_OUT_MAX + 2 * (SK_MAX + SK_E_MAX)], spis[16];
	struct wr w = wr_of(spis, sizeof spis);
	struct bytes parts[2] = { nonces };
	struct rd r = rd_of(bytes_of(block, 3 * p + 2 * a + 2 * e));
	enum err err;

	wr_u64(&w, core->spi_i);
	wr_u64(&w, core->spi_r);
	parts[1] = wr_done(&w);
	err = prf_plus(s->prf, bytes_of(seed, seed_n), parts, 2, block, 3 * p + 2 * a + 2 * e);
	if (!err) {
		cut(&r, core->keys.d, p);
		cut(&r, core->keys.ai, a);
		cut(&r, core->keys.ar, a);
		cut(&r, core->keys.ei, e);
		cut(&r, core->keys.er, e);
		cut(&r, core->keys.pi, p);
		cut(&r, core->keys.pr, p);
		core->keyed = true;
	}
	WIPE(block);
	return err;
}

/* Both nonces, one behind the other, into ROOM of 2 * NONCE_MAX octets. */
static struct bytes both_nonces(uint8_t *room, struct bytes nonce_i, struct bytes nonce_r)
{
	struct wr w = wr_of(room, 2 * NONCE_MAX);

	wr_bytes(&w, nonce_i);
	wr_bytes(&w, nonce_r);
	return wr_done(&w);
}

enum err keys_ike(struct sa_core *core, struct bytes shared, struct bytes nonce_i, struct bytes nonce_r)
{
	uint8_t seed[PRF_OUT_MAX], room[2 * NONCE_MAX];
	struct bytes nonces = both_nonces(room, nonce_i, nonce_r);
	enum err err = prf(core->suite.prf, nonces, &shared, 1, seed);

	if (!err)
		err = keys_from(core, seed, core->suite.prf->out, nonces);
	core->post_quantum = core->suite.ke->kind == KIND_KEM;
	WIPE(seed);
	return err;
}

enum err keys_rekey(struct sa_core *core, const struct sa_core *old, const struct secrets *secrets,
	struct bytes nonce_i, struct bytes nonce_r)
{
	uint8_t seed[PRF_OUT_MAX], room[2 * NONCE_MAX];
	const struct transform *f = old->suite.prf;
	struct bytes nonces = both_nonces(room, nonce_i, nonce_r);
	struct bytes parts[3] = { secrets->shared, nonces, secrets->more };
	enum err err = prf(f, bytes_of(old->keys.d, f->out), parts, 3, seed);

	if (!err)
		err = keys_from(core, seed, f->out, nonces);
	WIPE(seed);
	return err;
}

enum err keys_resume(struct sa_core *core, struct bytes old_d, struct bytes nonce_i, struct bytes nonce_r)
{
	uint8_t seed[PRF_OUT_MAX], room[2 * NONCE_MAX];
	const struct transform *f = core->suite.prf;
	struct bytes nonces = both_nonces(room, nonce_i, nonce_r),
		     parts[2] = { bytes_str("Resumption"), nonces };
	enum err err = prf(f, old_d, parts, 2, seed);

	if (!err)
		err = keys_from(core, seed, f->out, nonces);
	WIPE(seed);
	return err;
}

enum err keys_mixed(struct sa_core *core, struct bytes seed, struct bytes nonce_i, struct bytes nonce_r)
{
	uint8_t room[2 * NONCE_MAX];

	return keys_from(core, seed.p, seed.n, both_nonces(room, nonce_i, nonce_r));
}

enum err keys_child(const struct sa_core *core, const struct suite *suite, const struct secrets *secrets,
	struct bytes nonce_i, struct bytes nonce_r, struct arena *arena, struct child_keys *out)
{
	size_t a = suite->integ ? suite->integ->key : 0;
	size_t e = suite->encr ? (size_t)suite->encr->key + suite->encr->salt : 0, n = 2 * a + 2 * e;
	uint8_t *block = arena_alloc(arena, n);
	struct bytes parts[4] = { secrets->shared, nonce_i, nonce_r, secrets->more };
	const struct transform *f = core->suite.prf;
	struct rd r = rd_of(bytes_of(block, n));

	if (prf_plus(f, bytes_of(core->keys.d, f->out), parts, 4, block, n))
		return ERR_CRYPTO;
	out->e_i = rd_bytes(&r, e);
	out->a_i = rd_bytes(&r, a);
	out->e_r = rd_bytes(&r, e);
	out->a_r = rd_bytes(&r, a);
	return ERR_OK;
}

/* Where in FRONT the type of its last payload stands, which is sealed; 0: there is none, or more behind it.
 */
static size_t sealed_at(struct bytes front)
{
	struct rd r = rd_of(front);
	uint8_t type;

	rd_bytes(&r, NEXT_AT);
	type = rd_u8(&r);
	rd_bytes(&r, IKE_HEADER - NEXT_AT - 1);
	for (size_t at = NEXT_AT; !r.bad;) {
		size_t here = front.n - r.n, length;

		if (type == PAYLOAD_SK || type == PAYLOAD_SKF)
			return r.n == PAYLOAD_HEADER ? at : 0;
		at = here;
		type = rd_u8(&r);
		rd_u8(&r);
		length = rd_u16(&r);
		if (length < PAYLOAD_HEADER)
			return 0;
		rd_bytes(&r, length - PAYLOAD_HEADER);
	}
	return 0;
}

/* FRONT as if nothing were fragmented, with the lengths that there are without IV, padding and checksum; what
 * peers put into it beside is theirs. Empty: it is no such thing. */
static struct bytes unsealed_parts(struct bytes front, uint8_t first, size_t inner, struct arena *arena)
{
	size_t at = sealed_at(front);
	uint8_t *copy = (uint8_t *)arena_bytes(arena, front).p;
	struct wr w = wr_of(copy, front.n);

	if (!at)
		return (struct bytes){ 0 };
	w.n = front.n;
	wr_u8_at(&w, at, PAYLOAD_SK);
	wr_u32_at(&w, LENGTH_AT, (uint32_t)(front.n + inner));
	wr_u8_at(&w, front.n - PAYLOAD_HEADER, first);
	wr_u16_at(&w, front.n - 2, (uint16_t)(PAYLOAD_HEADER + inner));
	return wr_done(&w);
}

enum err keys_intermediate(const struct sa_core *core, struct handshake *hs, bool initiator,
	struct bytes front, uint8_t first, struct bytes inner, struct arena *keep, struct arena *scratch)
{
	const struct transform *f = core->suite.prf;
	const uint8_t *key = initiator ? core->keys.pi : core->keys.pr;
	struct bytes *sum = initiator ? &hs->intauth_i : &hs->intauth_r;
	struct bytes parts[3] = { *sum, unsealed_parts(front, first, inner.n, scratch), inner };
	uint8_t mac[PRF_OUT_MAX];
	enum err err = parts[1].n ? prf(f, bytes_of(key, f->out), parts, 3, mac) : ERR_SYNTAX;

	if (!err)
		*sum = arena_bytes(keep, bytes_of(mac, f->out));
	return err;
}

void keys_agreed(struct handshake *hs)
{
	if (hs->x.secret.n)
		wipe((uint8_t *)hs->x.secret.p, hs->x.secret.n);
	hs->x.secret = (struct bytes){ 0 };
}

struct bytes keys_signed_octets(
	const struct sa_core *core, const struct handshake *hs, bool initiator, struct arena *arena)
{
	const struct transform *f = core->suite.prf;
	struct bytes first = initiator ? hs->init_i : hs->init_r,
		     nonce = initiator ? hs->x.nonce_r : hs->x.nonce_i;
	struct bytes id = initiator ? hs->id_i : hs->id_r;
	const uint8_t *key = initiator ? core->keys.pi : core->keys.pr;
	size_t n = first.n + nonce.n + f->out + hs->intauth_i.n + hs->intauth_r.n + 4;
	struct wr w = wr_of(arena_alloc(arena, n), n);
	uint8_t mac[PRF_OUT_MAX];

	if (prf(f, bytes_of(key, f->out), &id, 1, mac))
		return (struct bytes){ 0 };
	wr_bytes(&w, first);
	wr_bytes(&w, nonce);
	wr_bytes(&w, bytes_of(mac, f->out));
	if (hs->intermediates) {
		wr_bytes(&w, hs->intauth_i);
		wr_bytes(&w, hs->intauth_r);
		wr_u32(&w, 1 + hs->intermediates); /* the message id of IKE_AUTH */
	}
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

enum err keys_ppk_mix(const struct transform *f, struct bytes ppk, struct bytes keys, uint8_t *out)
{
	enum err err = ERR_OK;

	for (size_t at = 0; at < keys.n && !err; at += f->out) {
		struct bytes key = bytes_of(keys.p + at, f->out);

		err = prf_plus(f, ppk, &key, 1, out + at, f->out);
	}
	return err;
}

enum err keys_ppk_confirm(const struct transform *f, struct bytes ppk, struct bytes octets, uint8_t *out)
{
	uint8_t mac[PRF_OUT_MAX];
	enum err err = prf(f, ppk, &octets, 1, mac);

	if (!err)
		memcpy(out, mac, PPK_CONFIRMATION);
	WIPE(mac);
	return err;
}
