/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From strongSwan's and libreswan's ipsec.conf and ipsec.secrets to swanctl.conf. Nothing is guessed
 * silently: what means something else here than there has a comment above it, and what could not be carried
 * over is listed. */
#pragma once

#include "base/text.h"
#include "conf/files.h"
#include "model/addr.h"

enum import_dialect { DIALECT_TELL /* by the words in the files */, DIALECT_STRONGSWAN, DIALECT_LIBRESWAN };

enum {
	IMPORT_INCLUDES_MAX = 16, /* one within another */
	IMPORT_FILES_MAX = 1024,  /* in all */
	IMPORT_KEYS_MAX = 256,    /* of a conn, with those of others that it takes in */
	IMPORT_ALSO_MAX = 64,     /* conns that it takes in */
	IMPORT_CHILDREN_MAX = 256 /* of a connection: pairs of leftsubnets and rightsubnets */
};

struct import {
	enum import_dialect from;
	const struct conf_files *files;
	/* Whether IP is an address of this machine; NULL: nothing is known of it. */
	bool (*is_ours)(void *ctx, const struct ip *ip);
	/* The subject of the certificate in the file PATH, from ARENA; NULL where it cannot be read. May be
	 * NULL. */
	const char *(*subject)(void *ctx, const char *path, struct arena *arena);
	void *ctx;
	const char *folder; /* where ipsec.d is; NULL: beside the first file */

	struct text *out;  /* what to write to swanctl.conf, secrets too */
	struct text *left; /* what was not carried over: lines "FILE:LINE: word: sentence" */
	struct text *why;  /* why nothing was imported */
	unsigned n_left;
};

/* Reads the N files at PATHS, those whose names end in "secrets" as ipsec.secrets, the others as ipsec.conf.
 * All or nothing: ERR_SYNTAX, ERR_MISSING, ERR_DENIED, … with sentences in WHY; ERR_UNKNOWN when the words do
 * not tell the dialect. The texts lie in arenas of the caller's, who wipes them. */
enum err import_files(struct import *im, const char *const *paths, unsigned n) MUST_CHECK;
