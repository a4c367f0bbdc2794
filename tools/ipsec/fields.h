/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What VICI says of SAs and connections, as JSON: the tables of keys. */
#pragma once

#include "json.h"

/* An object for an IKE_SA, as in a list-sa event, with "children". */
void fields_sa(struct json *j, const struct vici_node *sa);

/* The keys of a connection, as in a list-conn event, without its children. */
void fields_conn(struct json *j, const struct vici_node *conn);

/* The keys of a configured child. */
void fields_child_conf(struct json *j, const struct vici_node *child);
