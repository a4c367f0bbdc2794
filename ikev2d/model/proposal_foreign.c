/* SPDX-License-Identifier: GPL-2.0-or-later */
/* THE table of those keywords; one of an algorithm that is built in leaves it. */
#include "model/proposal_foreign.h"

#include "base/text.h"
#include "model/proposal.h"

#include <ctype.h>
#include <strings.h>

/* In a pattern # stands for the size of a key, and a final * for anything. */
static const struct foreign {
	uint8_t type;
	const char *pattern;
} table[] = {
	{ TRANSFORM_ENCR, "null" },
	{ TRANSFORM_ENCR, "des" },
	{ TRANSFORM_ENCR, "3des" },
	{ TRANSFORM_ENCR, "blowfish*" },
	{ TRANSFORM_ENCR, "cast128" },
	{ TRANSFORM_ENCR, "twofish*" },
	{ TRANSFORM_ENCR, "serpent*" },
	{ TRANSFORM_ENCR, "camellia#" },
	{ TRANSFORM_ENCR, "camellia#ctr" },
	{ TRANSFORM_ENCR, "camellia#ccm*" },
	{ TRANSFORM_ENCR, "aes#ctr" },
	{ TRANSFORM_ENCR, "aes#ccm*" },
	{ TRANSFORM_ENCR, "aes#gcm*" },
	{ TRANSFORM_ENCR, "aes#gmac" },
	{ TRANSFORM_INTEG, "md5*" },
	{ TRANSFORM_INTEG, "sha1_160" },
	{ TRANSFORM_INTEG, "sha256_96" },
	{ TRANSFORM_INTEG, "sha2_256_96" },
	{ TRANSFORM_INTEG, "aesxcbc" },
	{ TRANSFORM_INTEG, "aescmac" },
	{ TRANSFORM_INTEG, "camelliaxcbc" },
	{ TRANSFORM_PRF, "prfmd5" },
	{ TRANSFORM_PRF, "prfaesxcbc" },
	{ TRANSFORM_PRF, "prfaescmac" },
	{ TRANSFORM_PRF, "prfcamelliaxcbc" },
	{ TRANSFORM_KE, "modp768" },
	{ TRANSFORM_KE, "modp1024s160" },
	{ TRANSFORM_KE, "modp2048s*" },
	{ TRANSFORM_KE, "modp6144" },
	{ TRANSFORM_KE, "modp8192" },
	{ TRANSFORM_KE, "ecp192" },
	{ TRANSFORM_KE, "ecp224*" },
	{ TRANSFORM_KE, "ecp256bp" },
	{ TRANSFORM_KE, "ecp384bp" },
	{ TRANSFORM_KE, "ecp512bp" },
	{ TRANSFORM_KE, "ntru*" },
	{ TRANSFORM_KE, "newhope128" },
};

static bool matches(const char *pattern, const char *word)
{
	for (; *pattern; pattern++, word++) {
		if (*pattern == '*')
			return true;
		if (*pattern == '#' && strncmp(word, "128", 3) && strncmp(word, "192", 3) &&
			strncmp(word, "256", 3))
			return false;
		if (*pattern == '#')
			word += 2;
		else if (tolower((unsigned char)*word) != *pattern)
			return false;
	}
	return !*word;
}

static const struct foreign *find(const char *word)
{
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (matches(table[i].pattern, word))
			return &table[i];
	return NULL;
}

const char *proposal_without_foreign(
	const char *words, uint8_t protocol, struct arena *arena, const char **foreign)
{
	char *rest = arena_str(arena, words), *word;
	struct text left = text_in(arena);
	unsigned lost = 0, kept = 0;

	*foreign = NULL;
	while ((word = strsep(&rest, "-"))) {
		const struct transform *found[2];
		const char *method = word;
		uint8_t type = transform_prefix(&method);
		unsigned n = transform_word(method, protocol, found);
		const struct foreign *f = n ? NULL : find(method);

		if (f) {
			*foreign = *foreign ? *foreign : word;
			lost |= 1U << (type ? type : f->type);
			continue;
		}
		for (unsigned i = 0; i < n; i++)
			kept |= 1U << (type ? type : found[i]->type);
		text_add(&left, "%s%s", left.n ? "-" : "", word);
	}
	if (!*foreign)
		return words;
	return lost & ~kept ? "" : text_str(&left);
}
