/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writing JSON (RFC 8259), and VICI's sections as JSON: keys with "_" for "-", numbers and truth values as
 * such. Every key of a table is always there, so that programs need not ask: null, false or [] where VICI
 * says nothing. */
#pragma once

#include "base/text.h"
#include "vici/codec/decode.h"

#include <stdio.h>

struct json {
	struct text text;
	bool comma; /* before the next value */
};

static inline struct json json_in(struct arena *a)
{
	return (struct json){ .text = text_in(a) };
}

/* The version of what --json writes, which schema.json describes. It grows when a key is taken away or means
 * something else; new keys come without. */
enum { JSON_SCHEMA = 1 };

/* Opens an answer: the object that a call of the command prints, with that version. */
void json_begin(struct json *j);

/* Values. KEY is NULL within an array and at the top. */
void json_open(struct json *j, const char *key, char bracket);
void json_close(struct json *j, char bracket);
void json_str(struct json *j, const char *key, const char *value); /* null for NULL */
void json_bool(struct json *j, const char *key, bool value);
void json_num(struct json *j, const char *key, const char *digits); /* null for NULL or what is no number */

/* VICI's key as it is called here, from J's arena. */
const char *json_key(const struct json *j, const char *key);

/* All of it and a newline. */
void json_print(const struct json *j, FILE *out);

/* How the values of a section are to be read. */
enum json_kind { JSON_TEXT, JSON_NUMBER, JSON_FLAG, JSON_LIST };

struct json_field {
	const char *key; /* VICI's; NULL ends the table */
	enum json_kind kind;
};

/* The fields of SECTION that the table names. */
void json_fields(struct json *j, const struct vici_node *section, const struct json_field *table);

/* The section "why" of an answer, or a failure: an object with all parts of struct why; null for NULL. */
void json_why(struct json *j, const char *key, const struct vici_node *why);
/* Its parts, into an object that is open. */
void json_why_fields(struct json *j, const struct vici_node *why);

/* What became of a command: whether it did what it should, the COUNTS in the answer (NULL: none), why not. */
void json_outcome(struct json *j, const struct vici_node *response, const struct json_field *counts);
