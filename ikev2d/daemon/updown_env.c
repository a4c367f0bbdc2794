/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One variable after the other, in strongSwan's order. */
#include "daemon/updown_env.h"

#include "model/dn.h"

#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>

enum {
	VARIABLES_MAX = 29 + 2 * (VIPS_MAX + 1), /* and one for each server of names */
	PORT_TEXT = 16,
};

/* What of one run the variables are made of. */
struct env {
	struct updown *u;
	const struct sa_record *sa;
	const struct child_record *child;
	const struct xfrm_devices *devices;
	const struct ts *local, *remote;
	const char **v;
	unsigned n;
};

static void add(struct env *e, const char *name, const char *value)
{
	e->v[e->n++] = arena_printf(&e->u->arena, "%s=%s", name, value);
}

static void add_number(struct env *e, const char *name, unsigned value)
{
	e->v[e->n++] = arena_printf(&e->u->arena, "%s=%u", name, value);
}

static void add_ip(struct env *e, const char *name, const struct ip *ip)
{
	char text[IP_TEXT];

	add(e, name, ip_print(ip, text));
}

/* Escapes are taken back, for a backslash is none of what is allowed. */
static void add_id(struct env *e, const char *name, const struct id *id)
{
	struct text safe = text_in(&e->u->arena);
	uint8_t octet;

	for (const char *s = id_print(id, &e->u->arena); *s; s++) {
		char c = *s;

		if (c == '\\' && dn_hex(s + 1, &octet)) {
			c = '?';
			s += 2;
		} else if (c == '\\' && s[1]) {
			c = *++s;
		}
		if (c < ' ' || c > '~' || strchr("\"'`$\\;&|<>()", c))
			c = '?';
		text_put(&safe, &c, 1);
	}
	add(e, name, text_str(&safe));
}

/* How many bits A and B begin with in common. */
static unsigned common_bits(const struct ip *a, const struct ip *b)
{
	unsigned n = 0;

	while (n < 8 * ip_size(a) && !((a->a[n / 8] ^ b->a[n / 8]) & 0x80 >> n % 8))
		n++;
	return n;
}

/* The smallest network that all of TS lies in. */
static void add_client(struct env *e, const char *name, const struct ts *ts)
{
	unsigned bits = common_bits(&ts->lo, &ts->hi);
	char text[IP_TEXT];
	struct ip lo, hi;

	if (!ip_prefix(&ts->lo, bits, &lo, &hi))
		e->v[e->n++] = arena_printf(&e->u->arena, "%s=%s/%u", name, ip_print(&lo, text), bits);
}

static bool is_icmp(const struct ts *ts)
{
	return ts->proto == IPPROTO_ICMP || ts->proto == IPPROTO_ICMPV6;
}

/* One port, "from:to", or 0 for all; of ICMP the type is the local port, and the code the remote one. */
static void add_port(struct env *e, const char *name, const struct ts *ts)
{
	unsigned lo = ts->port_lo, hi = ts->port_hi;
	char text[PORT_TEXT];

	if (is_icmp(e->local) || is_icmp(e->remote)) {
		lo = e->local->port_lo > e->remote->port_lo ? e->local->port_lo : e->remote->port_lo;
		lo = hi = ts == e->local ? lo >> 8 : lo & 0xff;
	}
	if (lo == hi || (!lo && hi == UINT16_MAX))
		snprintf(text, sizeof text, "%u", lo);
	else
		snprintf(text, sizeof text, "%u:%u", lo, hi);
	add(e, name, text);
}

static void add_mark(struct env *e, const char *name, const struct mark *m)
{
	if (m->value)
		e->v[e->n++] =
			arena_printf(&e->u->arena, "%s=%" PRIu32 "/0x%08" PRIx32, name, m->value, m->mask);
}

static void add_marks(struct env *e, const struct sa_marks *m)
{
	add_mark(e, "PLUTO_MARK_IN", &m->in);
	add_mark(e, "PLUTO_MARK_OUT", &m->out);
	if (m->if_id_in)
		add_number(e, "PLUTO_IF_ID_IN", m->if_id_in);
	if (m->if_id_out)
		add_number(e, "PLUTO_IF_ID_OUT", m->if_id_out);
}

/* "PLUTO_DNS4_1", "PLUTO_DNS6_1", "PLUTO_DNS4_2": counted for each family. */
static void add_ips(struct env *e, const char *name, const struct ip *v, unsigned n)
{
	unsigned counts[2] = { 0 };

	for (unsigned i = 0; i < n; i++) {
		unsigned *count = &counts[v[i].v == 6];

		add_ip(e, arena_printf(&e->u->arena, "%s%u_%u", name, v[i].v, ++*count), &v[i]);
	}
}

/* The first of them has an older name, too. */
static void add_vips(struct env *e, const char *name, const struct vips *vips)
{
	if (vips->n)
		add_ip(e, name, vips->v);
	add_ips(e, name, vips->v, vips->n);
}

static void add_all(struct env *e, const char *path)
{
	const struct child_record *c = e->child;

	add(e, "PATH", path);
	add(e, "PLUTO_VERSION", "1.1");
	add(e, "PLUTO_CONNECTION", c->name);
	add(e, "PLUTO_INTERFACE", *e->devices->outer ? e->devices->outer : "unknown");
	add_number(e, "PLUTO_REQID", c->reqid);
	add(e, "PLUTO_PROTO", "esp");
	add_number(e, "PLUTO_UNIQUEID", e->sa->id);
	add_ip(e, "PLUTO_ME", &e->sa->path.local.ip);
	add_id(e, "PLUTO_MY_ID", &e->sa->local_id);
	add_client(e, "PLUTO_MY_CLIENT", e->local);
	add_port(e, "PLUTO_MY_PORT", e->local);
	add_number(e, "PLUTO_MY_PROTOCOL", e->local->proto);
	add_ip(e, "PLUTO_PEER", &e->sa->path.remote.ip);
	add_id(e, "PLUTO_PEER_ID", &e->sa->remote_id);
	if (e->sa->remote_eap_id.type != ID_ANY)
		add_id(e, "PLUTO_XAUTH_ID", &e->sa->remote_eap_id);
	add_client(e, "PLUTO_PEER_CLIENT", e->remote);
	add_port(e, "PLUTO_PEER_PORT", e->remote);
	add_number(e, "PLUTO_PEER_PROTOCOL", e->remote->proto);
	add_vips(e, "PLUTO_MY_SOURCEIP", &e->sa->local_vips);
	add_vips(e, "PLUTO_PEER_SOURCEIP", &e->sa->remote_vips);
	add_marks(e, &c->marks);
	if (c->encap)
		add_number(e, "PLUTO_UDP_ENC", e->sa->path.remote.port);
	add_ips(e, "PLUTO_DNS", e->sa->dns, e->sa->n_dns);
	if (c->conf->hostaccess)
		add(e, "PLUTO_HOST_ACCESS", "1");
	if (*e->devices->inner)
		add(e, "IKEV2D_DEVICE", e->devices->inner);
}

/* Whether a packet can match both. */
static bool meet(const struct ts *a, const struct ts *b)
{
	return a->lo.v == b->lo.v && (!a->proto || !b->proto || a->proto == b->proto);
}

static void add_run(struct env e, const char *path)
{
	struct updown_run *r = &e.u->runs[e.u->n_runs++];
	const struct ip *me = &e.sa->path.local.ip;
	bool host = ip_eq(&e.local->lo, me) && ip_eq(&e.local->hi, me);
	const char *kind = host ? "host" : "client", *v6 = e.local->lo.v == 6 ? "-v6" : "";

	r->up = arena_printf(&e.u->arena, "PLUTO_VERB=up-%s%s", kind, v6);
	r->down = arena_printf(&e.u->arena, "PLUTO_VERB=down-%s%s", kind, v6);
	r->env = e.v = ARENA_ARRAY(&e.u->arena, VARIABLES_MAX + e.sa->n_dns, const char *);
	e.n = 1;
	add_all(&e, path);
}

bool updown_env(struct updown *u, const struct sa_record *sa, const struct child_record *child,
	const struct xfrm_devices *devices, const char *path)
{
	struct env e = { .u = u, .sa = sa, .child = child, .devices = devices };
	const struct tss *l = &child->local_ts, *r = &child->remote_ts;
	unsigned pairs = l->n * r->n;

	u->runs =
		ARENA_ARRAY(&u->arena, pairs < UPDOWN_RUNS_MAX ? pairs : UPDOWN_RUNS_MAX, struct updown_run);
	for (unsigned i = 0; i < pairs; i++) {
		e.local = &l->v[i / r->n];
		e.remote = &r->v[i % r->n];
		if (!meet(e.local, e.remote))
			continue;
		if (u->n_runs == UPDOWN_RUNS_MAX)
			return false;
		add_run(e, path);
	}
	return true;
}
