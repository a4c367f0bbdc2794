/* SPDX-License-Identifier: GPL-2.0-or-later */
/* QR codes for terminals, by libqrencode where its header was there when this was built and the library is
 * where it runs. */
#pragma once

#include "base/text.h"

enum {
	QR_MAX = 2953, /* octets that the largest one holds */
	QR_QUIET = 2,  /* modules of light around it */
};

enum qr_fault { QR_DONE, QR_NO_LIBRARY, QR_TOO_LONG };

/* DATA as lines of half blocks, light on dark as terminals are, appended to OUT; how many columns they have
 * goes to *COLUMNS. */
enum qr_fault qr_print(struct bytes data, struct text *out, unsigned *columns);
