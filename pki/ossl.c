/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Small things around OpenSSL. */
#include "pki/ossl.h"

#include "crypto/prf.h"

#include <limits.h>
#include <openssl/err.h>
#include <stdlib.h>

static const char *nothing_known(unsigned long code, void *ctx)
{
	(void)code;
	(void)ctx;
	return NULL;
}

const char *ossl_reason(struct arena *arena)
{
	return ossl_reason_among(nothing_known, NULL, arena);
}

/* Some errors only say that the one before them is the system's. */
const char *ossl_reason_among(ossl_known *known, void *ctx, struct arena *arena)
{
	const char *reason = NULL, *word = NULL;
	unsigned long code, last = 0, before = 0;

	while ((code = ERR_get_error())) {
		before = last;
		last = code;
		word = word ? word : known(code, ctx);
	}
	if (ERR_GET_REASON(last) == ERR_R_SYS_LIB && ERR_SYSTEM_ERROR(before))
		last = before;
	if (last)
		reason = ERR_SYSTEM_ERROR(last) ? strerror(ERR_GET_REASON(last))
						: ERR_reason_error_string(last);
	reason = word ? word : reason;
	return reason ? arena_str(arena, reason) : "no reason given";
}

void ossl_forget(void)
{
	ERR_clear_error();
}

struct bytes ossl_taken(unsigned char *p, int n, struct arena *arena)
{
	struct bytes copy = { 0 };

	if (n <= 0)
		return copy;
	copy = arena_bytes(arena, bytes_of(p, (size_t)n));
	OPENSSL_clear_free(p, (size_t)n);
	return copy;
}

BIO *ossl_reader(struct bytes b)
{
	BIO *bio = b.n <= INT_MAX ? BIO_new_mem_buf(b.n ? b.p : (const uint8_t *)"", (int)b.n) : NULL;

	if (!bio)
		abort();
	return bio;
}

void ossl_sha1(struct bytes b, uint8_t out[20])
{
	uint8_t sum[PRF_OUT_MAX];
	size_t n;

	if (digest("SHA1", &b, 1, sum, &n) || n != 20)
		abort();
	memcpy(out, sum, n);
}
