/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the methods on TLS use, made once for a configuration and shared by its conversations: our certificate
 * and key, whom we trust, the name demanded of a server. In crypto/'s place only tls.c and what it has of
 * its own see OpenSSL here. */
#pragma once

#include "base/bytes.h"
#include "base/err.h"
#include "model/id.h"

enum { EAP_TLS_CERTS_MAX = 64, EAP_TLS_WHY = 256 };

struct eap_tls_settings {
	const struct bytes
		*chain; /* in DER: ours, then what leads to an authority; none: we have no certificate */
	unsigned n_chain;
	struct bytes key; /* of the first; PKCS#8 or traditional, in DER or PEM, not encrypted; empty: it is
			     elsewhere, and conversations ask for its signatures (EAP_SIGNS) */
	const struct bytes *authorities; /* in DER: who may vouch for the other side */
	unsigned n_authorities;
	const struct bytes *crls; /* in DER: of an authority that has one here it is consulted */
	unsigned n_crls;
	/* Peer: who the server must be, by its certificate: a name, an address or a DN. NULL: anybody an
	 * authority vouches for. */
	const struct id *server;
	bool judged; /* peer: the server's certificate is judged elsewhere as well (EAP_SHOWS) */
	bool only_tls_1_2, only_tls_1_3; /* else both are spoken */
};

struct eap_tls;

/* ERR_SYNTAX: something cannot be read; ERR_AUTH: the key is not the certificate's; ERR_RANGE: too many; WHY
 * says it in a sentence. ERR_CRYPTO: OpenSSL refuses. What SETTINGS point to may go then. */
enum err eap_tls_new(
	const struct eap_tls_settings *settings, struct eap_tls **out, char why[EAP_TLS_WHY]) MUST_CHECK;

/* Has OpenSSL and libc look at their files, which they do when first needed: for a process that is about to
 * give files away. */
void eap_tls_warm(void);

struct eap_tls *eap_tls_ref(struct eap_tls *tls);
void eap_tls_unref(struct eap_tls *tls); /* NULL does nothing */

/* Whether one side can use it: a server needs a certificate; a peer somebody to trust; both of them both,
 * where the peer is to prove itself by its certificate (CLIENT_PROVES). */
bool eap_tls_serves(const struct eap_tls *tls, bool server, bool client_proves);
