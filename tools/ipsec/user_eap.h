/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The users file (eap/users.h) that the gateway's configuration names, changed: a new text is staged beside
 * the other files of a change. */
#pragma once

#include "user_gateway.h"

struct eap_file {
	const char *path; /* NULL: there is none */
	struct bytes text;
};

/* Reads and judges it. Where the configuration names none, OUT is empty. */
int eap_file_read(struct pki *p, const struct gateway *g, struct eap_file *out);

/* The same for the gateway in the folder of P; where there is none, OUT is empty. */
int eap_file_open(struct pki *p, struct eap_file *out);

/* Whether NAME has a secret there. */
bool eap_file_has(const struct eap_file *f, const char *name);

/* Stages it with a new password for NAME, or without NAME. */
int eap_file_set(struct pki *p, const struct eap_file *f, const char *name, const char *password, bool clear);
int eap_file_drop(struct pki *p, const struct eap_file *f, const char *name);
