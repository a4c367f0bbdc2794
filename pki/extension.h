/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The extensions of a certificate that are read into struct cert. For pki/ only. */
#pragma once

#include "pki/cert.h"

#include <openssl/x509v3.h>

/* Sets eku, ca, path_len, the subjectAltNames and the URIs of C from its x509. False when there are too many.
 */
bool extension_take_all(struct cert *c);

/* Seconds since 1970; false for what is no time. */
bool cert_seconds(const ASN1_TIME *t, int64_t *out);

/* The octets of a number, borrowed. */
struct bytes cert_number(const ASN1_INTEGER *i);

/* The names among NAMES (NULL: none) that a peer can be called by, into ARENA. False: more than
 * CERT_SANS_MAX. */
bool extension_names(const GENERAL_NAMES *names, struct arena *arena, const struct id **out, unsigned *n_out);
