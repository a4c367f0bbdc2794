/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "xfrm/kernel/algorithm.h"

#include <linux/xfrm.h>
#include <stdio.h>

enum { SHA256_OLD_ICV = 12 /* octets: as Linux did before 2.6.33, and some peers do still */ };

/* By type and number; the length of the key chooses among the kernel's variants of one name. */
static const struct row {
	uint8_t type;
	uint16_t id;
	const char *name;
} rows[] = {
	{ TRANSFORM_ENCR, ENCR_AES_CBC, "cbc(aes)" },
	{ TRANSFORM_ENCR, ENCR_AES_GCM_16, "rfc4106(gcm(aes))" },
	{ TRANSFORM_ENCR, ENCR_CHACHA20_POLY1305, "rfc7539esp(chacha20,poly1305)" },
	{ TRANSFORM_INTEG, AUTH_HMAC_SHA1_96, "hmac(sha1)" },
	{ TRANSFORM_INTEG, AUTH_HMAC_SHA2_256_128, "hmac(sha256)" },
	{ TRANSFORM_INTEG, AUTH_HMAC_SHA2_384_192, "hmac(sha384)" },
	{ TRANSFORM_INTEG, AUTH_HMAC_SHA2_512_256, "hmac(sha512)" },
};

static const char *name_of(const struct transform *t)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (rows[i].type == t->type && rows[i].id == t->id)
			return rows[i].name;
	return NULL;
}

bool algorithm_known(const struct transform *t)
{
	return name_of(t);
}

static enum err check(const struct transform *t, struct bytes key, struct text *why)
{
	if (!name_of(t)) {
		text_add(why, "the kernel path has no name for %s", t->name);
		return ERR_UNSUPPORTED;
	}
	if (key.n != (size_t)t->key + t->salt) {
		text_add(why, "a key of %zu octets is none for %s", key.n, t->name);
		return ERR_RANGE;
	}
	return ERR_OK;
}

/* Room for an attribute, a structure of SIZE octets and the key behind it. */
static void *attr(struct nlmsghdr *h, uint16_t type, size_t size, struct bytes key)
{
	struct nlattr *a = mnl_nlmsg_get_payload_tail(h);
	uint8_t *p = mnl_attr_get_payload(a);

	a->nla_type = type;
	a->nla_len = (uint16_t)(MNL_ATTR_HDRLEN + size + key.n);
	memset(p, 0, MNL_ALIGN(size + key.n));
	memcpy(p + size, key.p, key.n);
	h->nlmsg_len += MNL_ALIGN(a->nla_len);
	return p;
}

static void put_aead(struct nlmsghdr *h, const struct transform *t, struct bytes key)
{
	struct xfrm_algo_aead *a = attr(h, XFRMA_ALG_AEAD, sizeof *a, key);

	snprintf(a->alg_name, sizeof a->alg_name, "%s", name_of(t));
	a->alg_key_len = (unsigned)(8 * key.n);
	a->alg_icv_len = 8u * t->icv;
}

static void put_cipher(struct nlmsghdr *h, const struct transform *t, struct bytes key)
{
	struct xfrm_algo *a = attr(h, XFRMA_ALG_CRYPT, sizeof *a, key);

	snprintf(a->alg_name, sizeof a->alg_name, "%s", name_of(t));
	a->alg_key_len = (unsigned)(8 * key.n);
}

/* With its truncation: the kernel's own for HMAC-SHA-256 is the old one. */
static void put_integ(struct nlmsghdr *h, const struct transform *t, struct bytes key, bool sha256_96)
{
	struct xfrm_algo_auth *a = attr(h, XFRMA_ALG_AUTH_TRUNC, sizeof *a, key);
	bool old = sha256_96 && t->id == AUTH_HMAC_SHA2_256_128;

	snprintf(a->alg_name, sizeof a->alg_name, "%s", name_of(t));
	a->alg_key_len = (unsigned)(8 * key.n);
	a->alg_trunc_len = 8u * (old ? SHA256_OLD_ICV : t->icv);
}

enum err algorithm_put(struct nlmsghdr *h, const struct suite *suite, struct bytes encr_key,
	struct bytes integ_key, bool sha256_96, struct text *why)
{
	bool aead = suite->encr && suite->encr->kind == KIND_AEAD;
	enum err e;

	if (suite->protocol == PROTO_AH && suite->integ) {
		e = check(suite->integ, integ_key, why);
		if (!e)
			put_integ(h, suite->integ, integ_key, sha256_96);
		return e;
	}
	if (!suite->encr || (!aead && !suite->integ)) {
		text_add(why, "the kernel path needs a cipher and what authenticates it");
		return ERR_UNSUPPORTED;
	}
	e = check(suite->encr, encr_key, why);
	if (!e && !aead)
		e = check(suite->integ, integ_key, why);
	if (e)
		return e;
	if (aead) {
		put_aead(h, suite->encr, encr_key);
	} else {
		put_integ(h, suite->integ, integ_key, sha256_96);
		put_cipher(h, suite->encr, encr_key);
	}
	return ERR_OK;
}
