/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From text to a configuration: whole files, or one object that came by VICI. All or nothing: where anything
 * is wrong, nothing is loaded, and all that is wrong is said, one line each, "FILE:LINE: section.key:
 * sentence". NOTES gets lines of the same form about what is accepted but has no effect. */
#pragma once

#include "conf/files.h"
#include "conf/tree.h"
#include "model/conf.h"

/* The configuration in the file PATH and what it includes. The caller ends OUT with conf_free; on failure
 * there is nothing to free. ERR_MISSING, ERR_DENIED, … where PATH cannot be read, else ERR_SYNTAX. */
enum err conf_load(const char *path, const struct conf_files *files, struct conf *out, struct text *why,
	struct text *notes) MUST_CHECK;

/* The configuration in PATH (NULL: an empty one) among the files of this machine; where it has no section
 * "daemon", with the settings of strongSwan's: $STRONGSWAN_CONF, or /etc/strongswan.conf where that is there.
 */
enum err conf_load_system(
	const char *path, struct conf *out, struct text *why, struct text *notes) MUST_CHECK;

/* The connection that S describes, as one below "connections" in a file would. The caller has the one
 * reference of *OUT. ERR_SYNTAX. */
enum err conf_load_conn(const struct tree_section *s, enum origin origin, struct peer **out, struct text *why,
	struct text *notes) MUST_CHECK;

/* The pool and the authority that S describes, the same way. OUT is taken from ARENA. ERR_SYNTAX. */
enum err conf_load_pool(const struct tree_section *s, enum origin origin, struct arena *arena,
	struct vip_pool *out, struct text *why) MUST_CHECK;
enum err conf_load_authority(const struct tree_section *s, enum origin origin, struct arena *arena,
	struct authority *out, struct text *why) MUST_CHECK;

/* The shared secret of a VICI message: TYPE "IKE" (case does not count), the octets as they are, and the
 * texts of its owners' identities. OUT is taken from ARENA. ERR_UNSUPPORTED for other types, ERR_SYNTAX. */
struct conf_shared {
	const char *name, *type;
	struct bytes data;
	const char *const *owners;
	unsigned n_owners;
};
enum err conf_load_shared(
	const struct conf_shared *in, struct arena *arena, struct secret *out, struct text *why) MUST_CHECK;
