/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Both sides are hashed before they are compared, so that the time says nothing of lengths. */
#include "eap/secret.h"

#include "crypto/prf.h"
#include "eap/mschap.h"

#include <crypt.h>
#include <stdlib.h>

static bool is_plain(struct bytes kept, struct bytes password)
{
	uint8_t sums[2][PRF_OUT_MAX];
	size_t n;
	bool same = !digest("SHA256", &kept, 1, sums[0], &n) &&
		    !digest("SHA256", &password, 1, sums[1], &n) &&
		    bytes_eq_secret(bytes_of(sums[0], n), bytes_of(sums[1], n));

	WIPE(sums);
	return same;
}

static bool is_nt_hash(struct bytes kept, struct bytes password)
{
	uint8_t hash[MSCHAP_HASH];
	bool same = mschap_nt_hash(password, hash) && bytes_eq_secret(kept, bytes_of(hash, sizeof hash));

	WIPE(hash);
	return same;
}

/* TEXT as a C string; false when it cannot be one, or not one of a sane length. */
static bool as_string(struct bytes text, char *out, size_t room)
{
	if (text.n >= room || (text.n && memchr(text.p, 0, text.n)))
		return false;
	memcpy(out, text.p ? text.p : (const uint8_t *)"", text.n);
	out[text.n] = 0;
	return true;
}

static bool is_salted(struct bytes kept, struct bytes password)
{
	char words[2][CRYPT_MAX_PASSPHRASE_SIZE];
	struct crypt_data *work = calloc(1, sizeof *work);
	const char *made = NULL;
	bool same;

	if (work && as_string(kept, words[0], sizeof words[0]) &&
		as_string(password, words[1], sizeof words[1]))
		made = crypt_r(words[1], words[0], work);
	same = made && made[0] != '*' && bytes_eq_secret(bytes_str(made), kept);
	WIPE(words);
	if (work)
		wipe(work, sizeof *work);
	free(work);
	return same;
}

bool secret_is(const struct eap_secret *secret, struct bytes password, struct rng *r)
{
	uint8_t nobodys[MSCHAP_HASH];

	switch (secret->kind) {
	case EAP_PASSWORD: return is_plain(secret->value, password);
	case EAP_NT_HASH: return is_nt_hash(secret->value, password);
	case EAP_SALTED: return is_salted(secret->value, password);
	case EAP_NO_SECRET: break;
	}
	rng_fill(r, nobodys, sizeof nobodys);
	if (secret->value.n)
		is_salted(secret->value, password);
	else
		is_plain(bytes_of(nobodys, sizeof nobodys), password);
	return false;
}
