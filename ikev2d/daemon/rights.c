/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A socket has one group. Where there are two, or more, the socket is everybody's, and what counts is who
 * connects. */
#include "daemon/rights.h"

#include "conf/decode.h"

#include <errno.h>
#include <grp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { GROUPS_MAX = 65536 /* the kernel's limit for one process */ };

static enum err group_read(const char *key, const char *name, gid_t *out, struct text *why)
{
	struct group *group;
	uint64_t number;

	if (decode_number(name, UINT32_MAX - 1, &number)) {
		*out = (gid_t)number;
		return ERR_OK;
	}
	group = getgrnam(name);
	if (!group) {
		text_add(why, "daemon.%s: there is no group %s; make it with groupadd, or name another", key,
			name);
		return ERR_MISSING;
	}
	*out = group->gr_gid;
	return ERR_OK;
}

enum err rights_read(const struct settings *s, struct rights *out, struct text *why)
{
	enum err e = ERR_OK;

	*out = (struct rights){ .owner = geteuid(), .group = getegid(), .reads = s->socket_readers };
	out->mode = out->reads ? 0666 : 0660;
	if (s->socket_group)
		e = group_read("socket_group", s->socket_group, &out->group, why);
	if (!e && out->reads)
		e = group_read("socket_readers", s->socket_readers, &out->readers, why);
	return e;
}

static bool among(gid_t group, const gid_t *groups, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (groups[i] == group)
			return true;
	return false;
}

/* By the groups of the process that connected. */
static enum vici_rights by_group(const struct rights *r, const gid_t *groups, size_t n)
{
	if (among(r->group, groups, n))
		return VICI_CHANGES;
	return r->reads && among(r->readers, groups, n) ? VICI_ASKS : VICI_NOTHING;
}

static enum vici_rights by_more_groups(const struct rights *r, int fd)
{
	enum vici_rights rights = VICI_NOTHING;
	socklen_t n = 0;
	gid_t *groups;

	if (!getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, NULL, &n) || errno != ERANGE ||
		n > GROUPS_MAX * sizeof *groups)
		return VICI_NOTHING;
	groups = malloc(n);
	if (!groups)
		abort();
	if (!getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &n))
		rights = by_group(r, groups, n / sizeof *groups);
	free(groups);
	return rights;
}

enum vici_rights rights_of(const struct rights *r, int fd)
{
	struct ucred peer;
	socklen_t n = sizeof peer;
	enum vici_rights own, more;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &n))
		return VICI_NOTHING;
	if (!peer.uid)
		return VICI_SEES_KEYS;
	if (peer.uid == r->owner)
		return VICI_CHANGES;
	own = by_group(r, &peer.gid, 1);
	more = by_more_groups(r, fd);
	return more > own ? more : own;
}
