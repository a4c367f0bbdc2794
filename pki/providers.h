/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which providers OpenSSL has in this process. Its configuration (openssl.cnf) may name some that find keys
 * on tokens: each of its look-ups asks all providers, so that these would be loaded, and the modules of
 * vendors with them, in every process that computes a hash. */
#pragma once

/* Has OpenSSL take what its configuration says, but for providers that others than OpenSSL have written, of
 * which only those of algorithms are known to be none of tokens (oqsprovider). Before anything else of
 * OpenSSL's is used in this process; without it all providers are loaded. */
void providers_no_tokens(void);
