/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a CA has issued: DIR/pki/index. Text, one thing a line, words separated by tabs. */
#pragma once

#include "model/why.h"
#include "pki/make.h"

enum { INDEX_MAX = 65536 /* certificates */ };

struct index_entry {
	const char *serial; /* hexadecimal digits */
	const char *name;   /* of its files */
	enum make_profile profile;
	int64_t not_before, not_after; /* seconds since 1970 */
	int64_t revoked;               /* when; 0: it is not */
	int reason;
	bool last; /* what index_last would find; after index_mark only */
};

struct index {
	struct index_entry *v;
	unsigned n, room;
	uint64_t crl_number;            /* of the last CRL; 0: there was none */
	int64_t crl_next;               /* when it must be made anew */
	const char *crl_uri, *ocsp_uri; /* for certificates; NULL: none */
};

/* Reads TEXT, all or nothing. ERR_SYNTAX, and WHY with the line. From ARENA. */
enum err index_parse(struct bytes text, struct arena *arena, struct index *out, struct why *why) MUST_CHECK;

/* The text, appended to OUT. */
void index_print(const struct index *x, struct text *out);

/* A new entry, at the end; ARENA as before. NULL: INDEX_MAX. */
struct index_entry *index_add(struct index *x, struct arena *arena, const struct index_entry *e);

/* The last certificate that NAME got and that is not revoked, or NULL. */
struct index_entry *index_last(const struct index *x, const char *name);

/* Sets last in all entries: index_last for every name, in one pass. */
void index_mark(struct index *x);

/* "gateway", "user"; -1 for another word. */
const char *profile_word(enum make_profile p);
int profile_find(const char *word);
