/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The grammar of swanctl's constraints: words joined by dashes; a type, then what is asked of it. */
#include "model/constraints.h"

#include <assert.h>
#include <stdlib.h>
#include <strings.h>

enum { KIND_PSS = KEY_TYPES, KINDS, WORD_MAX = 16, KEY_BITS_MAX = 16384 };

static_assert(KINDS * HASH_IDS <= 64, "a set of signatures has a bit for each");

/* What a word may name. */
static const struct word {
	const char *word;
	uint8_t type; /* KEY_TYPES: any */
	bool pss;
} types[] = {
	{ "rsa", KEY_RSA, false },
	{ "rsa/pss", KEY_RSA, true },
	{ "ecdsa", KEY_ECDSA, false },
	{ "ed25519", KEY_ED25519, false },
	{ "ed448", KEY_ED448, false },
	{ "mldsa44", KEY_MLDSA44, false },
	{ "mldsa65", KEY_MLDSA65, false },
	{ "mldsa87", KEY_MLDSA87, false },
	{ "pubkey", KEY_TYPES, false },
};

enum { N_TYPES = sizeof types / sizeof *types };

/* Where the reader stands. */
struct reading {
	struct constraints *out;
	const struct word *type; /* the latest; NULL: none yet */
	bool ike;                /* it had "ike:" in front */
};

static unsigned kind_of(enum key_type type, bool pss)
{
	return type == KEY_RSA && pss ? KIND_PSS : type;
}

static signature_set bit(unsigned kind, unsigned hash)
{
	return (signature_set)1 << (kind * HASH_IDS + hash);
}

bool signature_in(signature_set set, enum key_type type, bool pss, unsigned hash)
{
	return hash < HASH_IDS && set & bit(kind_of(type, pss), hash);
}

/* What HASH means for a key of TYPE: of the table of schemes what is there. */
static signature_set signatures_of(const struct word *type, unsigned hash)
{
	signature_set set = 0;

	for (const struct scheme *s = schemes; s < schemes + SCHEMES; s++)
		if (s->hash == hash && (type->type == KEY_TYPES || type->type == s->key) &&
			(s->pss || !type->pss))
			set |= bit(kind_of(s->key, s->pss), hash);
	if (hash == HASH_SHA1 && (type->type == KEY_TYPES || type->type == KEY_ECDSA))
		set |= bit(KEY_ECDSA, hash); /* certificates have it, no AUTH payload */
	return set;
}

static const struct word *find_type(const char *word)
{
	for (const struct word *t = types; t < types + N_TYPES; t++)
		if (!strcasecmp(t->word, word))
			return t;
	return NULL;
}

static bool take_type(struct reading *r, const char *word)
{
	bool ike = !strncasecmp(word, "ike:", 4);
	const struct word *t = find_type(word + (ike ? 4 : 0));

	if (!t)
		return false;
	r->type = t;
	r->ike = ike;
	if (t->type == KEY_TYPES)
		r->out->any_key = true;
	else
		r->out->keys |= 1u << t->type;
	return true;
}

static bool take_bits(struct reading *r, const char *word)
{
	unsigned long bits = strtoul(word, NULL, 10);

	if (!r->type || strspn(word, "0123456789") != strlen(word) || !bits || bits > KEY_BITS_MAX)
		return false;
	if (r->type->type == KEY_RSA)
		r->out->rsa_bits = (uint16_t)bits;
	else if (r->type->type == KEY_ECDSA)
		r->out->ecdsa_bits = (uint16_t)bits;
	else
		return false;
	return true;
}

static bool take_hash(struct reading *r, const char *word)
{
	const struct name *hash = name_find(hash_names, word);
	signature_set set;

	if (!hash || (!r->type && !take_type(r, "pubkey")))
		return false;
	set = signatures_of(r->type, (unsigned)hash->value);
	*(r->ike ? &r->out->ike : &r->out->chain) |= set;
	return set;
}

static const char *next_word(void *ctx)
{
	size_t *i = ctx, at = (*i)++;

	return at < N_TYPES ? types[at].word : hash_names[at - N_TYPES].word;
}

static enum err complain(const char *all, const char *word, struct text *why)
{
	size_t i = 0;
	const char *near = name_nearest(word, next_word, &i);

	text_add(why, "\"%s\" in \"%s\" is no key type, size or hash that fits there", word, all);
	if (near && strcmp(near, word))
		text_add(why, "; did you mean %s", near);
	else
		text_add(why, "; write for example pubkey-sha256-sha384, rsa-3072-sha256 or ecdsa-256");
	return ERR_SYNTAX;
}

enum err constraints_parse(const char *s, struct constraints *out, struct text *why)
{
	struct constraints c = { 0 };
	struct reading r = { .out = &c };
	char word[WORD_MAX + 1];

	for (const char *at = s;; at++) {
		size_t n = strcspn(at, "-"), taken = n < WORD_MAX ? n : WORD_MAX;

		memcpy(word, at, taken);
		word[taken] = 0;
		if (!take_type(&r, word) && !take_bits(&r, word) && !take_hash(&r, word))
			return complain(s, word, why);
		at += n;
		if (!*at)
			break;
	}
	if (!c.ike)
		c.ike = c.chain;
	*out = c;
	return ERR_OK;
}

/* Where one type got a least size, RSA and ECDSA keys must be of a type that was named (as with strongSwan).
 */
static bool type_admitted(const struct constraints *c, enum key_type type)
{
	bool sized = c->rsa_bits || c->ecdsa_bits;

	if (c->keys & 1u << type || (!c->keys && !c->any_key))
		return true;
	return c->any_key && !(sized && (type == KEY_RSA || type == KEY_ECDSA));
}

static void print_types(const struct constraints *c, struct text *out)
{
	bool first = true;

	for (unsigned t = 0; t < KEY_TYPES; t++)
		if (type_admitted(c, t)) {
			text_add(out, "%s%s", first ? "" : " or ", key_type_name(t));
			first = false;
		}
}

bool constraints_key(const struct constraints *c, enum key_type type, unsigned bits, struct text *why)
{
	unsigned least = type == KEY_RSA ? c->rsa_bits : type == KEY_ECDSA ? c->ecdsa_bits : 0;

	if (!type_admitted(c, type)) {
		text_add(why, "a key of type ");
		print_types(c, why);
		return false;
	}
	if (bits < least)
		text_add(why, "a key of type %s with at least %u bits", key_type_name(type), least);
	return bits >= least;
}

void signatures_print(signature_set set, struct text *out)
{
	bool first = true;

	for (unsigned kind = 0; kind < KINDS; kind++)
		for (unsigned hash = 1; hash < HASH_IDS; hash++)
			if (set & bit(kind, hash)) {
				text_add(out, "%s%s-%s", first ? "" : ", ",
					kind == KIND_PSS ? "rsa/pss" : key_type_name(kind), hash_name(hash));
				first = false;
			}
}
