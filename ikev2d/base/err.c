/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The names of the outcomes. */
#include "base/err.h"

static const char *const words[ERR_MAX] = {
	[ERR_OK] = "ok",
	[ERR_SHORT] = "short",
	[ERR_SYNTAX] = "syntax",
	[ERR_RANGE] = "range",
	[ERR_UNKNOWN] = "unknown",
	[ERR_UNSUPPORTED] = "unsupported",
	[ERR_SPACE] = "no-space",
	[ERR_CRYPTO] = "crypto",
	[ERR_AUTH] = "auth",
	[ERR_EXISTS] = "exists",
	[ERR_MISSING] = "missing",
	[ERR_DENIED] = "denied",
	[ERR_BUSY] = "busy",
	[ERR_SYSTEM] = "system",
};

const char *err_name(enum err e)
{
	return (unsigned)e < ERR_MAX ? words[e] : "?";
}
