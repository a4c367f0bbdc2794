/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One TLS connection over nothing: records in, records out. For eap/ only; in tls.c. */
#pragma once

#include "eap/eap.h"
#include "eap/tls.h"
#include "model/scheme.h"

enum session_state {
	SESSION_RUNS,  /* the handshake needs more from the other side */
	SESSION_READY, /* the other side is who it must be */
	SESSION_SHOWS, /* client: the server's certificate is to be judged: session_judged() */
	SESSION_SIGNS, /* the handshake needs a signature of our key: session_signed() */
	SESSION_BROKEN /* session_why() says why; an alert may be pending */
};

struct session;

/* CLIENT_PROVES: with a certificate of the client. NOW: seconds since 1970 by which certificates are judged;
 * 0: by the machine's clock. NULL: no memory. Takes a reference of TLS. */
struct session *session_new(struct eap_tls *tls, bool server, bool client_proves, int64_t now);
void session_free(struct session *s); /* NULL does nothing */

/* Takes octets of the other side, which may be part of a record; session_run() looks at them. False: no
 * memory. */
bool session_feed(struct session *s, struct bytes records);
enum session_state session_run(struct session *s);

/* What is to be signed at SESSION_SIGNS, as long as it is; and that it was. Empty: it was refused. */
struct bytes session_to_sign(const struct session *s, const struct scheme **scheme);
void session_signed(struct session *s, struct bytes signature);

/* Whether the server's certificate is good. */
void session_judged(struct session *s, bool good);

/* What the other side sent inside, at most ROOM octets of it to OUT; *N of them came. More than ROOM is
 * SESSION_BROKEN. */
enum session_state session_read(struct session *s, uint8_t *out, size_t room, size_t *n);
bool session_write(struct session *s, struct bytes plain);

/* How many octets wait to be sent; takes N of them, which must be there. */
size_t session_pending(const struct session *s);
void session_pull(struct session *s, uint8_t *out, size_t n);

bool session_is_1_3(const struct session *s);

/* Keying material of RFC 5705 and RFC 8446, 7.5; CONTEXT may be none, which is not an empty one in TLS 1.2.
 */
bool session_export(struct session *s, const char *label, struct bytes context, uint8_t *out, size_t n);

/* The certificate I of the other side in DER: 0 is its own, then comes what led on; behind the last none. Of
 * SESSION_CERTIFICATES at most. Valid as long as the session. */
enum { SESSION_CERTIFICATES = EAP_MAX_CERTIFICATES };
struct bytes session_certificate(struct session *s, unsigned i);

/* A name of the other side's certificate: NAME where the certificate has that, else its own address of mail,
 * host name or DN. To OUT of ROOM octets; its length, or 0 when it has none that fits. */
size_t session_name(struct session *s, struct bytes name, uint8_t *out, size_t room);

const char *session_why(const struct session *s);
