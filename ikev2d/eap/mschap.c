/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "eap/mschap.h"

#include "base/buf.h"
#include "crypto/legacy.h"
#include "crypto/prf.h"

enum { SHA1_OUT = 20, KEY = 16 };

static bool sha1(const struct bytes *parts, unsigned n, uint8_t out[SHA1_OUT])
{
	uint8_t sum[PRF_OUT_MAX];
	size_t size;
	bool done = !digest("SHA1", parts, n, sum, &size);

	if (done)
		memcpy(out, sum, SHA1_OUT);
	WIPE(sum);
	return done;
}

/* The next character of R, in UTF-8 (RFC 3629); turns R bad when it is none. */
static uint32_t next_character(struct rd *r)
{
	static const uint32_t least[] = { 0, 0x80, 0x800, 0x10000 };
	uint8_t first = rd_u8(r);
	unsigned more = first < 0x80 ? 0 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
	uint32_t c = more ? first & (0x3f >> more) : first;

	if ((first >= 0x80 && first < 0xc0) || first >= 0xf8)
		r->bad = true;
	for (unsigned i = 0; i < more; i++) {
		uint8_t octet = rd_u8(r);

		if (octet >> 6 != 2)
			r->bad = true;
		c = c << 6 | (octet & 0x3f);
	}
	if (c < least[more] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		r->bad = true;
	return c;
}

static void put_utf16(struct wr *w, uint32_t c)
{
	if (c >= 0x10000) {
		put_utf16(w, 0xd800 + ((c - 0x10000) >> 10));
		c = 0xdc00 + ((c - 0x10000) & 0x3ff);
	}
	wr_u8(w, (uint8_t)c);
	wr_u8(w, (uint8_t)(c >> 8));
}

bool mschap_nt_hash(struct bytes password, uint8_t hash[MSCHAP_HASH])
{
	uint8_t wide[2 * EAP_MAX_PASSWORD];
	struct wr w = wr_of(wide, sizeof wide);
	struct rd r = rd_of(password);
	bool good;

	while (r.n && !r.bad && !w.bad)
		put_utf16(&w, next_character(&r));
	good = rd_done(&r) && !w.bad;
	if (good)
		md4(bytes_of(wide, w.n), hash);
	WIPE(wide);
	return good;
}

bool mschap_secret(const struct eap_secret *secret, struct rng *r, uint8_t hash[MSCHAP_HASH])
{
	rng_fill(r, hash, MSCHAP_HASH);
	if (secret->kind == EAP_PASSWORD)
		return mschap_nt_hash(secret->value, hash);
	if (secret->kind != EAP_NT_HASH || secret->value.n != MSCHAP_HASH)
		return false;
	memcpy(hash, secret->value.p, MSCHAP_HASH);
	return true;
}

struct bytes mschap_user(struct bytes name)
{
	const uint8_t *end = name.n ? memrchr(name.p, '\\', name.n) : NULL;

	return end ? bytes_of(end + 1, name.n - (size_t)(end + 1 - name.p)) : name;
}

/* ChallengeHash (8.2). */
static bool challenge_hash(const struct mschap *m, uint8_t out[SHA1_OUT])
{
	const struct bytes parts[] = { { m->peer_challenge, MSCHAP_CHALLENGE },
		{ m->challenge, MSCHAP_CHALLENGE }, m->user };

	return sha1(parts, 3, out);
}

/* Seven octets of a key with room for a parity bit in each (8.6). */
static void des_with_seven(const uint8_t seven[7], const uint8_t in[DES_BLOCK], uint8_t out[DES_BLOCK])
{
	uint8_t key[DES_KEY];
	uint64_t bits = 0;

	for (unsigned i = 0; i < 7; i++)
		bits = bits << 8 | seven[i];
	for (unsigned i = 0; i < DES_KEY; i++)
		key[i] = (uint8_t)(bits >> (49 - 7 * i) << 1);
	des(key, in, out);
	WIPE(key);
}

bool mschap_response(const struct mschap *m, uint8_t response[MSCHAP_RESPONSE])
{
	uint8_t challenge[SHA1_OUT], padded[21] = { 0 };

	if (!challenge_hash(m, challenge))
		return false;
	memcpy(padded, m->hash, MSCHAP_HASH);
	for (unsigned i = 0; i < 3; i++)
		des_with_seven(padded + 7 * i, challenge, response + DES_BLOCK * i);
	WIPE(padded);
	return true;
}

bool mschap_proof(const struct mschap *m, const uint8_t response[MSCHAP_RESPONSE], char proof[MSCHAP_PROOF])
{
	static const char digits[] = "0123456789ABCDEF";
	uint8_t hash_hash[MD4_OUT], sum[SHA1_OUT], challenge[SHA1_OUT];
	const struct bytes first[] = { { hash_hash, sizeof hash_hash }, { response, MSCHAP_RESPONSE },
		bytes_str("Magic server to client signing constant") };
	const struct bytes second[] = { { sum, sizeof sum }, { challenge, DES_BLOCK },
		bytes_str("Pad to make it do more than one iteration") };
	bool done;

	md4(bytes_of(m->hash, MSCHAP_HASH), hash_hash);
	done = challenge_hash(m, challenge) && sha1(first, 3, sum) && sha1(second, 3, sum);
	WIPE(hash_hash);
	memcpy(proof, "S=", 2);
	for (unsigned i = 0; i < SHA1_OUT; i++) {
		proof[2 + 2 * i] = digits[sum[i] >> 4];
		proof[3 + 2 * i] = digits[sum[i] & 15];
	}
	return done;
}

/* GetAsymmetricStartKey (RFC 3079, 3.4). */
static bool start_key(const uint8_t master[KEY], const char *magic, uint8_t out[KEY])
{
	static const uint8_t zeros[40];
	uint8_t ones[40], sum[SHA1_OUT];
	const struct bytes parts[] = { { master, KEY }, { zeros, sizeof zeros }, bytes_str(magic),
		{ ones, sizeof ones } };

	memset(ones, 0xf2, sizeof ones);
	if (!sha1(parts, 4, sum))
		return false;
	memcpy(out, sum, KEY);
	WIPE(sum);
	return true;
}

bool mschap_msk(const struct mschap *m, const uint8_t response[MSCHAP_RESPONSE], uint8_t msk[EAP_MSK])
{
	uint8_t hash_hash[MD4_OUT], master[SHA1_OUT];
	const struct bytes parts[] = { { hash_hash, sizeof hash_hash }, { response, MSCHAP_RESPONSE },
		bytes_str("This is the MPPE Master Key") };
	bool done;

	memset(msk, 0, EAP_MSK);
	md4(bytes_of(m->hash, MSCHAP_HASH), hash_hash);
	done = sha1(parts, 3, master) &&
	       start_key(master,
		       "On the client side, this is the send key; on the server side, it is the receive key.",
		       msk) &&
	       start_key(master,
		       "On the client side, this is the receive key; on the server side, it is the send key.",
		       msk + KEY);
	WIPE(hash_hash);
	WIPE(master);
	return done;
}
