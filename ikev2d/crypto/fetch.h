/* SPDX-License-Identifier: GPL-2.0-or-later */
/* OpenSSL's algorithms, looked up once per process: a look-up costs more than what is then done with it. Safe
 * in every thread. Names must live as long as the process. NULL: the library has it not. For crypto/ only. */
#pragma once

#include <openssl/evp.h>

/* What MAKE made of NAME the first time; it belongs to the process, and nobody frees or changes it. */
void *fetch_once(void *(*make)(const char *name), const char *name);

const EVP_CIPHER *fetch_cipher(const char *name);
const EVP_MD *fetch_digest(const char *name);

/* A new context for HMAC with DIGEST, to be keyed by EVP_MAC_init() and freed by EVP_MAC_CTX_free(). */
EVP_MAC_CTX *fetch_hmac(const char *digest);
