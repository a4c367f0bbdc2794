/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The password that a connection needs for EAP and the daemon does not have. */
#pragma once

#include "client.h"

/* Gives the daemon what CONN (a section of list-conn; NULL: none) lacks, for as long as it runs or until it
 * is forgotten: from FILE, else from the systemd credential of the connection's name, else from the terminal.
 * *GIVEN tells whether there was any. DONE, or FAILED after a sentence, also where FILE (NULL: none) is not
 * wanted. */
int password_give(struct client *c, const struct vici_node *conn, const char *file, bool *given) MUST_CHECK;

/* Has the daemon forget it, if it had it, and CONN (NULL: none) is one that may need it. */
void password_forget(struct client *c, const struct vici_node *conn);
