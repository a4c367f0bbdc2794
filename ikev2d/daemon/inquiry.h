/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Is a certificate revoked? Its servers are asked, of OCSP first, one after the other until one has said
 * something that counts, which is put into the store, whoever still waits for it. */
#pragma once

#include "base/list.h"
#include "pki/path.h"

struct certs;

struct inquiries {
	struct node silent; /* servers that did not answer a short time ago */
	bool stopping;
};

void inquiries_start(struct inquiries *q);

/* Nobody is asked any more. The fetcher is stopped behind this: it calls those back who wait. */
void inquiries_stop(struct inquiries *q);

typedef void inquiry_done(void *ctx);

/* Asks about LINK, with its URIs; what of it is borrowed is copied. NAME: of the connection, for the log.
 * Where *OVER is true after an answer nobody else is asked. DONE is called once, maybe before this returns.
 */
void inquiry_begin(struct certs *c, const struct path_link *link, const char *name, const bool *over,
	inquiry_done *done, void *ctx);
