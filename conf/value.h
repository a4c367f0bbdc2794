/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Values of options: text in, data of the model out. */
#pragma once

#include "base/text.h"
#include "conf/schema.h"

/* Reads TEXT as ROW says into the struct at BASE (of a READ row); what does not fit there is taken from
 * ARENA. False when it is not such a value: WHY gets the sentence, without an end. */
bool value_read(
	const struct conf_key *row, const char *text, void *base, struct arena *arena, struct text *why);

/* The same without keeping the value. */
bool value_check(const struct conf_key *row, const char *text, struct text *why);

/* Whether TEXT is one of ROW's values that change nothing: the default, or a neutral one. */
bool value_is_neutral(const struct conf_key *row, const char *text);

/* Appends what may be written, for the manual: "time", or the words "yes, no". */
void value_type(const struct conf_key *row, struct text *out);

/* Appends what value_read would read as the value that is there; false, and OUT is as it was, where none is,
 * or it is a secret or belongs to one. */
bool value_print(const struct conf_key *row, const void *base, struct text *out);

/* Whether values of ROW's type can be printed. */
bool value_prints(const struct conf_key *row);
