/* SPDX-License-Identifier: GPL-2.0-or-later */
/* get-algorithms: what negotiations may agree on, from the table of transforms. strongSwan names the plugin
 * behind each; behind ours is always the same library. */
#include "vici/commands.h"

#include "model/transform.h"

static const char provider[] = "openssl";

static void put(struct vici_out *out, const char *name)
{
	vici_put_pair(out, name, provider);
}

/* A row for each length of key has the same name: it is said once. */
static bool is_new(const struct transform *t)
{
	for (const struct transform *before = transform_next(NULL); before != t;
		before = transform_next(before))
		if (before->type == t->type && before->id == t->id)
			return false;
	return true;
}

static void put_transforms(struct vici_call *c, const char *section, uint8_t type, bool aead)
{
	vici_put_section(c->out, section);
	for (const struct transform *t = transform_next(NULL); t; t = transform_next(t))
		if (t->type == type && t->openssl && (t->kind == KIND_AEAD) == aead && is_new(t) &&
			c->host->has(c->host->ctx, t))
			put(c->out, t->name);
	vici_put_section_end(c->out);
}

static void put_words(struct vici_out *out, const char *section, const char *const *words)
{
	vici_put_section(out, section);
	for (; *words; words++)
		put(out, *words);
	vici_put_section_end(out);
}

void vici_do_get_algorithms(struct vici_call *c)
{
	/* strongSwan's names. The keys of an IKE_SA come of its PRF (RFC 7296, 2.13). */
	static const char *const hashers[] = { "HASH_SHA1", "HASH_SHA2_256", "HASH_SHA2_384", "HASH_SHA2_512",
		NULL };
	static const char *const none[] = { NULL }, *const kdfs[] = { "KDF_PRF", "KDF_PRF_PLUS", NULL };
	static const char *const rngs[] = { "RNG_WEAK", "RNG_STRONG", "RNG_TRUE", NULL };
	static const char *const nonces[] = { "NONCE_GEN", NULL };

	put_transforms(c, "encryption", TRANSFORM_ENCR, false);
	put_transforms(c, "integrity", TRANSFORM_INTEG, false);
	put_transforms(c, "aead", TRANSFORM_ENCR, true);
	put_words(c->out, "hasher", hashers);
	put_transforms(c, "prf", TRANSFORM_PRF, false);
	put_words(c->out, "xof", none);
	put_words(c->out, "kdf", kdfs);
	put_words(c->out, "drbg", none);
	put_transforms(c, "ke", TRANSFORM_KE, false);
	put_words(c->out, "rng", rngs);
	put_words(c->out, "nonce-gen", nonces);
}
