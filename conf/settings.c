/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the table says of it, and what the table cannot say. */
#include "conf/settings.h"

#include "conf/radius.h"
#include "conf/section.h"

void settings_read(const struct tree_section *s, struct conf *c, struct report *r)
{
	c->settings_written = true;
	section_read(s, CONF_DAEMON, &c->settings, &c->arena, r);
	for (const struct tree_section *sub = s->sections; sub; sub = sub->next)
		if (section_kind(sub, CONF_DAEMON, r) == CONF_RADIUS)
			radius_read(sub, &c->settings.radius, &c->arena, r);
	settings_check(&c->settings, s->at, s, r);
}

void settings_check(
	const struct settings *settings, struct tree_place at, const struct tree_section *s, struct report *r)
{
	if (settings->port == settings->port_nat_t)
		report_error(
			r, at, s, NULL, "port and port_nat_t must differ: they tell IKE from ESP in UDP");
	if (settings->iptfs.reorder_window > UINT16_MAX)
		report_error(r, at, s, NULL,
			"iptfs_reorder_window is at most %u, and a packet that comes so early waits for "
			"iptfs_drop_time",
			UINT16_MAX);
}
