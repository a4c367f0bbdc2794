/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From strict to loose, and back. */
#include "xfrm/rpfilter.h"

#include "base/log.h"
#include "xfrm/sysctl.h"

#include <dirent.h>
#include <net/if.h>
#include <stdio.h>

enum { STRICT = 1, LOOSE = 2 };

#define SYSCTL_FORMAT "net/ipv4/conf/%.15s/rp_filter"

enum { SYSCTL_NAME = sizeof SYSCTL_FORMAT + IFNAMSIZ };

static void loosen(struct journal *j, const char *dev, const char *name, int value)
{
	struct arena scratch = { 0 };
	struct text why = text_in(&scratch);
	char thing[JOURNAL_THING];
	bool first;
	enum err e;

	snprintf(thing, sizeof thing, "rp_filter %.15s %d", dev, value);
	e = journal_take(j, thing, &first, &why);
	if (!e) {
		e = sysctl_set(name, LOOSE);
		if (e && journal_release(j, thing))
			journal_strike(j, thing);
	}
	if (e)
		log_say(LOG_WARN, "rp-filter",
			"%s keeps its strict rp_filter (%s), which drops peers whose address lies inside "
			"their own selectors: set %s to 2 yourself",
			dev, err_name(e), name);
	arena_free(&scratch);
}

void rpfilter_loosen(struct journal *j)
{
	DIR *dir = opendir("/proc/sys/net/ipv4/conf");
	char name[SYSCTL_NAME];
	struct dirent *d;
	int all, own;

	if (!dir || sysctl_get("net/ipv4/conf/all/rp_filter", &all))
		all = LOOSE;
	/* What counts is the greater of an interface's own value and that of "all". */
	while (all < LOOSE && (d = readdir(dir))) {
		if (d->d_name[0] == '.' || strlen(d->d_name) >= IFNAMSIZ || !strcmp(d->d_name, "all") ||
			!strcmp(d->d_name, "default") || !strcmp(d->d_name, "lo"))
			continue;
		snprintf(name, sizeof name, SYSCTL_FORMAT, d->d_name);
		if (!sysctl_get(name, &own) && (all > own ? all : own) == STRICT)
			loosen(j, d->d_name, name, own);
	}
	if (dir)
		closedir(dir);
}

enum err rpfilter_put_back(const char *thing)
{
	char dev[IFNAMSIZ], name[SYSCTL_NAME];
	int before, now;
	enum err e;

	if (sscanf(thing, "rp_filter %15[^/ ] %d", dev, &before) != 2 || dev[0] == '.')
		return ERR_SYNTAX;
	snprintf(name, sizeof name, SYSCTL_FORMAT, dev);
	e = sysctl_get(name, &now);
	if (e)
		return e;
	return now == LOOSE ? sysctl_set(name, before) : ERR_MISSING;
}
