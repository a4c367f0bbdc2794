/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Selectors as strongSwan prints them: "10.1.0.1..10.1.0.9[tcp/http]". */
#include "vici/describe.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>

enum { SERVICE_TEXT = 64, SERVICE_ROOM = 1024 };

/* What /etc/services calls the port, or its number. */
static void put_port(const struct ts *ts, char out[SERVICE_TEXT])
{
	struct servent entry, *found = NULL;
	char room[SERVICE_ROOM];

	if (!getservbyport_r(
		    htons(ts->port_lo), ts_proto_word(ts->proto), &entry, room, sizeof room, &found) &&
		found)
		snprintf(out, SERVICE_TEXT, "%s", found->s_name);
	else
		snprintf(out, SERVICE_TEXT, "%u", ts->port_lo);
}

/* "80" or "http", "1000-2000", "OPAQUE", "8(0)"; "" for every port. */
static void put_ports(const struct ts *ts, const char *plain, char out[SERVICE_TEXT])
{
	const char *slash = strrchr(plain, '/'), *bracket = strchr(plain, '[');

	out[0] = 0;
	if (!bracket || !slash || slash < bracket)
		return;
	if (ts->port_lo > ts->port_hi)
		snprintf(out, SERVICE_TEXT, "OPAQUE");
	else if (ts_one_port(ts))
		put_port(ts, out);
	else
		snprintf(out, SERVICE_TEXT, "%.*s", (int)strcspn(slash + 1, "]"), slash + 1);
}

static void put_item(struct vici_out *out, const struct ts *ts)
{
	const char *word = ts_proto_word(ts->proto);
	char plain[TS_TEXT], ports[SERVICE_TEXT], proto[8], item[TS_TEXT + SERVICE_TEXT];
	size_t n = strcspn(ts_print(ts, plain), "["), dash = strcspn(plain, "-[");
	int at;

	put_ports(ts, plain, ports);
	snprintf(proto, sizeof proto, "%u", ts->proto);
	if (dash < n)
		at = snprintf(item, sizeof item, "%.*s..%.*s", (int)dash, plain, (int)(n - dash - 1),
			plain + dash + 1);
	else
		at = snprintf(item, sizeof item, "%.*s", (int)n, plain);
	if (ts->proto || *ports)
		snprintf(item + at, sizeof item - (size_t)at, "[%s%s%s]", word ? word : proto,
			*ports ? "/" : "", ports);
	vici_put_item(out, item);
}

void vici_put_selectors(struct vici_out *out, const char *name, struct tss set)
{
	vici_put_list(out, name);
	for (unsigned i = 0; i < set.n; i++)
		put_item(out, &set.v[i]);
	vici_put_list_end(out);
}
