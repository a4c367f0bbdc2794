/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Prefixes out of ranges. */
#include "xfrm/prefix.h"

#include <stdio.h>
#include <stdlib.h>

const char *prefix_print(const struct prefix *p, char out[PREFIX_TEXT])
{
	char ip[IP_TEXT];

	snprintf(out, PREFIX_TEXT, "%s/%u", ip_print(&p->ip, ip), p->bits);
	return out;
}

enum err prefix_parse(const char *s, struct prefix *out)
{
	char ip[IP_TEXT], *end;
	const char *slash = strchr(s, '/');
	struct ip lo, hi;
	enum err e;

	if (!slash || slash - s >= IP_TEXT || slash[1] < '0' || slash[1] > '9')
		return ERR_SYNTAX;
	memcpy(ip, s, (size_t)(slash - s));
	ip[slash - s] = 0;
	e = ip_parse(ip, &out->ip);
	if (e)
		return e;
	out->bits = (unsigned)strtoul(slash + 1, &end, 10);
	if (*end)
		return ERR_SYNTAX;
	e = ip_prefix(&out->ip, out->bits, &lo, &hi);
	return e ? e : ip_eq(&lo, &out->ip) ? ERR_OK : ERR_RANGE;
}

bool prefix_contains(const struct prefix *outer, const struct prefix *inner)
{
	struct ip lo, hi;

	return outer->ip.v == inner->ip.v && outer->bits <= inner->bits &&
	       !ip_prefix(&inner->ip, outer->bits, &lo, &hi) && ip_eq(&lo, &outer->ip);
}

bool cut_next(struct cut *cut, struct prefix *out)
{
	struct ip lo, hi, end = cut->lo;

	if (!cut->more)
		return false;
	*out = (struct prefix){ cut->lo, 8 * (unsigned)ip_size(&cut->lo) };
	while (out->bits && !ip_prefix(&cut->lo, out->bits - 1, &lo, &hi) && ip_eq(&lo, &cut->lo) &&
		ip_cmp(&hi, &cut->hi) <= 0) {
		out->bits--;
		end = hi;
	}
	cut->more = ip_next(&end, &cut->lo) && ip_cmp(&cut->lo, &cut->hi) <= 0;
	return true;
}
