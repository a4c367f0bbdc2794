/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Forms of public keys that OpenSSL does not read. For pki/ only. NULL: it is not of the form. */
#pragma once

#include "base/bytes.h"

struct evp_pkey_st;

/* A line as OpenSSH writes it: "ssh-rsa", "ssh-ed25519", "ssh-ed448", or "ecdsa-sha2-nistp256" to 521, then
 * the octets of RFC 4253, 6.6, RFC 5656, 3.1, or RFC 8709, 4, in base64. */
struct evp_pkey_st *key_form_ssh(struct bytes line);

/* An RSA key as in a DNS record (RFC 3110, 2): the exponent's length, the exponent, the modulus. */
struct evp_pkey_st *key_form_dns(struct bytes octets);
