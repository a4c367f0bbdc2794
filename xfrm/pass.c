/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pairs of selectors, cut into prefixes. */
#include "xfrm/pass.h"

#include <netinet/in.h>

/* A range of ports as a rule has it. */
struct ports {
	uint16_t lo, hi;
};

static enum err refuse(const struct ts *ts, struct text *why, const char *reason)
{
	char text[TS_TEXT];

	text_add(why, "no routing rule can let %s pass: %s", ts_print(ts, text), reason);
	return ERR_UNSUPPORTED;
}

static enum err ports_of(const struct ts *ts, struct ports *out, struct text *why)
{
	*out = (struct ports){ 0 };
	if (!ts->port_lo && ts->port_hi == UINT16_MAX)
		return ERR_OK;
	if (ts->port_lo > ts->port_hi)
		return refuse(ts, why, "it is for packets that show no ports; leave the ports out");
	if (ts->proto == IPPROTO_ICMP || ts->proto == IPPROTO_ICMPV6)
		return refuse(ts, why, "rules know no types of ICMP; leave the type out");
	out->lo = ts->port_lo < PASS_PORT_LO ? PASS_PORT_LO : ts->port_lo;
	out->hi = ts->port_hi > PASS_PORT_HI ? PASS_PORT_HI : ts->port_hi;
	return out->lo <= out->hi ? ERR_OK : refuse(ts, why, "rules know the ports 1 to 65534 only");
}

/* Every prefix of LOCAL with every one of REMOTE; the rest of REPEATED is the same in all. */
static enum err cross(const struct ts *local, const struct ts *remote, struct rule_match repeated,
	struct rule_matches *out, struct text *why)
{
	struct cut from = { local->lo, local->hi, true };

	while (cut_next(&from, &repeated.from)) {
		struct cut to = { remote->lo, remote->hi, true };

		while (cut_next(&to, &repeated.to)) {
			if (out->n == PASS_RULES_MAX) {
				text_add(why,
					"the selectors need more than %d routing rules, and every packet is "
					"compared with each: write fewer, or prefixes instead of ranges",
					PASS_RULES_MAX);
				return ERR_UNSUPPORTED;
			}
			out->v[out->n++] = repeated;
		}
	}
	return ERR_OK;
}

static enum err add_pair(
	const struct ts *local, const struct ts *remote, struct rule_matches *out, struct text *why)
{
	struct rule_match m = { .proto = local->proto ? local->proto : remote->proto };
	struct ports sport, dport;
	enum err e;

	if (local->lo.v != remote->lo.v || (local->proto && remote->proto && local->proto != remote->proto))
		return ERR_OK;
	e = ports_of(local, &sport, why);
	if (!e)
		e = ports_of(remote, &dport, why);
	if (e)
		return e;
	m.sport_lo = sport.lo;
	m.sport_hi = sport.hi;
	m.dport_lo = dport.lo;
	m.dport_hi = dport.hi;
	return cross(local, remote, m, out, why);
}

enum err pass_rules(
	struct tss local, struct tss remote, struct arena *arena, struct rule_matches *out, struct text *why)
{
	enum err e = ERR_OK;

	*out = (struct rule_matches){ ARENA_ARRAY(arena, PASS_RULES_MAX, struct rule_match), 0 };
	for (unsigned i = 0; i < local.n; i++)
		for (unsigned k = 0; !e && k < remote.n; k++)
			e = add_pair(&local.v[i], &remote.v[k], out, why);
	return e;
}

struct prefix pass_unchosen(uint8_t v)
{
	struct prefix p = { .ip.v = v };

	p.bits = 8 * (unsigned)ip_size(&p.ip);
	return p;
}

bool pass_is_unchosen(const struct prefix *from)
{
	struct prefix unchosen = pass_unchosen(from->ip.v);

	return from->bits == unchosen.bits && ip_eq(&from->ip, &unchosen.ip);
}
