/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What VICI says of SAs and connections, as JSON: the tables of keys. */
#pragma once

#include "json.h"

/* An object for an IKE_SA, as in a list-sa event, with "children". */
void fields_sa(struct json *j, const struct vici_node *sa);

/* The same called NAME, with those CHILDREN (NULL: none), as the value of KEY. */
void fields_sa_as(struct json *j, const char *key, const char *name, const struct vici_node *sa,
	const struct vici_node *children);

/* An object for a CHILD_SA, as the value of KEY (NULL: in a list). */
void fields_child(struct json *j, const char *key, const struct vici_node *child);

/* A failure that the daemon remembers: an object, or null for NULL. */
void fields_failure(struct json *j, const char *key, const struct vici_node *failure);

/* The keys of a connection, as in a list-conn event, without its children. */
void fields_conn(struct json *j, const struct vici_node *conn);

/* The keys of a policy, a pool, an authority and a certificate. */
void fields_policy(struct json *j, const struct vici_node *policy);
void fields_pool(struct json *j, const struct vici_node *pool);
void fields_authority(struct json *j, const struct vici_node *authority);
void fields_cert(struct json *j, const struct vici_node *cert);

/* The keys of a configured child. */
void fields_child_conf(struct json *j, const struct vici_node *child);
