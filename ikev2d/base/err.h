/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The outcomes of a function that can fail. ERR_OK is zero, so `if (e)` reads "if it failed". */
#pragma once

#define MUST_CHECK __attribute__((warn_unused_result))

enum err {
	ERR_OK = 0,
	ERR_SHORT,       /* the input ends too early */
	ERR_SYNTAX,      /* the input is not of the form it must have */
	ERR_RANGE,       /* a value is outside its limits */
	ERR_UNKNOWN,     /* a name or number that nobody knows */
	ERR_UNSUPPORTED, /* known, but this build, library or kernel has it not */
	ERR_SPACE,       /* the output does not fit */
	ERR_CRYPTO,      /* the cryptographic library refused */
	ERR_AUTH,        /* an integrity check or a proof failed */
	ERR_EXISTS,      /* it is there already */
	ERR_MISSING,     /* it is not there */
	ERR_DENIED,      /* the right to do it is missing */
	ERR_BUSY,        /* somebody else has it */
	ERR_SYSTEM,      /* the operating system refused; the text beside says what */
	ERR_MAX
};

/* The word for E, as it stands in logs: "short", "syntax", … Never NULL. */
const char *err_name(enum err e);
