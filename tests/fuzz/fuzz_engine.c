/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The engines against each other: what one seals is what the other seals, opens in the other, and does not
 * when an octet of it is another one. */
#include "tests/unit/packet.h"
#include "xfrm/user/engine.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { KEY = 36, IV = 8, TAG = 16, BEFORE = 3 + KEY + IV + 12, INPUT_MAX = 4096 };

static void *made(const struct engine *e, const struct suite *s, bool sealing, const uint8_t *key)
{
	void *c = NULL;

	if (e->make(s->encr, NULL, sealing, bytes_of(key, (size_t)s->encr->key + s->encr->salt),
		    bytes_of(NULL, 0), &c))
		abort();
	return c;
}

static void seal(
	const struct engine *e, const struct suite *s, const uint8_t *key, const struct aead_job *job)
{
	void *c = made(e, s, true, key);

	if (e->seal(c, job))
		abort();
	e->free(c);
}

static enum err open_by(
	const struct engine *e, const struct suite *s, const uint8_t *key, const struct aead_job *job)
{
	void *c = made(e, s, false, key);
	enum err err = e->open(c, job);

	e->free(c);
	return err;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const words[] = { "aes128gcm16", "aes192gcm16", "aes256gcm16" };
	static uint8_t room[2][INPUT_MAX], tags[2][TAG];
	const struct engine *one = engine_next(NULL), *other = &engine_openssl;
	const uint8_t *key = data + 3, *iv = key + KEY, *aad = iv + IV;
	struct aead_job job[2];
	struct suite s;
	size_t n;

	if (size < BEFORE || size > INPUT_MAX)
		return 0;
	n = size - BEFORE;
	s = packet_suite(words[data[0] % 3], false);
	for (int i = 0; i < 2; i++) {
		memcpy(room[i], data + BEFORE, n);
		job[i] = (struct aead_job){ bytes_of(aad, data[1] & 1 ? 12 : 8), iv, room[i], n, { NULL, 0 },
			tags[i] };
		seal(i ? other : one, &s, key, &job[i]);
	}
	if (memcmp(room[0], room[1], n) || memcmp(tags[0], tags[1], TAG))
		abort();
	if (open_by(other, &s, key, &job[0]) || memcmp(room[0], data + BEFORE, n))
		abort();
	tags[1][data[2] % TAG] ^= 1;
	if (open_by(one, &s, key, &job[1]) != ERR_AUTH)
		abort();
	return 0;
}
