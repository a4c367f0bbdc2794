/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Configuration payloads.
 *
 *   initiator                                              responder
 *   HDR, SK {IDi, …, CP(CFG_REQUEST), SAi2, TSi, TSr} -->
 *                                             <--  HDR, SK {IDr, AUTH, CP(CFG_REPLY), SAr2, TSi, TSr}
 *                                             <--  or   HDR, SK {IDr, AUTH, N(INTERNAL_ADDRESS_FAILURE)}
 */
#include "ike/cfg.h"

#include "ike/ends.h"
#include "ike/trap.h"

#include <ctype.h>

enum {
	CFG_REQUEST = 1,
	CFG_REPLY = 2,

	INTERNAL_IP4_ADDRESS = 1,
	INTERNAL_IP4_DNS = 3,
	INTERNAL_IP6_ADDRESS = 8, /* the address and the length of its prefix */
	INTERNAL_IP6_DNS = 10,
	INTERNAL_DNS_DOMAIN = 25, /* RFC 8598 */
	ENCDNS_DIGEST_INFO = 29,  /* RFC 9464; between them are others of these two */

	IP4 = 4,
	IP6 = 16,
	PREFIX = 1,
	HOST_BITS = 128,
	DNS_MAX = 8,      /* servers that are kept, */
	DOMAINS_MAX = 32, /* and domains */
	DOMAIN_TEXT = 253,
	DOMAIN_LABEL = 63,
	ATTRIBUTE_HEAD = 4,
};

static bool is_client(const struct sa_core *core)
{
	return core->began;
}

/* ------------------------------------------------------------------- selectors */

/* What an address that is asked for may become. */
static struct ts wished_end(const struct ip *ip)
{
	struct ts ts = ts_host(ip);

	if (ip_is_any(ip))
		(void)!ip_prefix(ip, 0, &ts.lo, &ts.hi);
	return ts;
}

struct tss cfg_ends(const struct draft *d, bool local)
{
	const struct sa_core *c = &d->core;
	bool virtual = local == is_client(c), wished = virtual && local && !c->vips.n && c->state < S_UP;
	unsigned n = virtual ? c->vips.n : 0;
	struct ts *v;

	if (wished)
		n = c->peer->n_vips;
	v = ARENA_ARRAY(d->step->scratch, n ? n : 1, struct ts);
	for (unsigned i = 0; i < n; i++)
		v[i] = wished ? wished_end(&c->peer->vips[i]) : ts_host(&c->vips.v[i]);
	if (!n)
		*v = ts_host(local ? &c->path.local.ip : &c->path.remote.ip);
	return (struct tss){ v, n ? n : 1 };
}

/* ------------------------------------------------------------------- attributes */

static struct wr attributes_new(struct draft *d, size_t room)
{
	return wr_of(arena_alloc(d->step->scratch, room), room);
}

/* An address, or (of zeros, and EMPTY) any one. */
static void put_ip(struct wr *w, const struct ip *ip, bool empty)
{
	uint8_t with_prefix[IP6 + PREFIX];

	if (ip->v == 4) {
		cp_put(w, INTERNAL_IP4_ADDRESS, empty ? (struct bytes){ 0 } : ip_bytes(ip));
		return;
	}
	memcpy(with_prefix, ip->a, IP6);
	with_prefix[IP6] = HOST_BITS;
	cp_put(w, INTERNAL_IP6_ADDRESS,
		empty ? (struct bytes){ 0 } : bytes_of(with_prefix, sizeof with_prefix));
}

/* Whether TYPE is that of an address; then *IP is that in VALUE, of zeros where it is empty, and *RIGHT tells
 * whether it has a size that an address can have. Who leaves the prefix of IPv6 out is understood. */
static bool get_ip(uint16_t type, struct bytes value, struct ip *ip, bool *right)
{
	size_t n = type == INTERNAL_IP6_ADDRESS && value.n == IP6 + PREFIX ? IP6 : value.n;

	if (type != INTERNAL_IP4_ADDRESS && type != INTERNAL_IP6_ADDRESS)
		return false;
	*ip = (struct ip){ .v = type == INTERNAL_IP4_ADDRESS ? 4 : 6 };
	*right = !n || n == (ip->v == 4 ? IP4 : IP6);
	if (*right && n)
		memcpy(ip->a, value.p, n);
	return true;
}

/* The addresses in M's payload, if it is of KIND; false where one is not right. Those that are too many are
 * left out. */
static bool get_ips(const struct message *m, uint8_t kind, struct vips *out)
{
	struct rd r = rd_of(m->cp.attributes);
	struct bytes value;
	uint16_t type;
	struct ip ip;
	bool right;

	out->n = 0;
	if (!(m->has & PAYLOAD_BIT(PAYLOAD_CP)) || m->cp.type != kind)
		return true;
	while (cp_next(&r, &type, &value)) {
		if (!get_ip(type, value, &ip, &right))
			continue;
		if (!right)
			return false;
		if (out->n < VIPS_MAX)
			out->v[out->n++] = ip;
	}
	return true;
}

static const char *print_ips(const struct vips *ips, struct arena *arena)
{
	struct text t = text_in(arena);
	char one[IP_TEXT];

	for (unsigned i = 0; i < ips->n; i++)
		text_add(&t, "%s%s", i ? " " : "", ip_is_any(&ips->v[i]) ? "any" : ip_print(&ips->v[i], one));
	return text_str(&t);
}

/* ---------------------------------------------------------------------- client */

/* The IKE_SA that is authenticated anew keeps its addresses. */
static struct vips wishes(const struct draft *d)
{
	const struct sa *old = map_get(&d->step->ike->sas, d->core.reauthenticates);
	const struct peer *p = d->core.peer;
	struct vips out = { 0 };

	if (p->n_vips && d->core.reauthenticates && old && old->core.vips.n)
		return old->core.vips;
	for (unsigned i = 0; i < p->n_vips && out.n < VIPS_MAX; i++)
		out.v[out.n++] = p->vips[i];
	return out;
}

static bool has_family(const struct vips *ips, uint8_t v)
{
	for (unsigned i = 0; i < ips->n; i++)
		if (ips->v[i].v == v)
			return true;
	return false;
}

void cfg_ask(struct draft *d, struct message *m)
{
	struct wr w = attributes_new(d, (VIPS_MAX + 3) * (ATTRIBUTE_HEAD + IP6 + PREFIX));
	struct vips ips = wishes(d);

	if (!ips.n)
		return;
	for (unsigned i = 0; i < ips.n; i++)
		put_ip(&w, &ips.v[i], ip_is_any(&ips.v[i]));
	if (has_family(&ips, 4))
		cp_put(&w, INTERNAL_IP4_DNS, (struct bytes){ 0 });
	if (has_family(&ips, 6))
		cp_put(&w, INTERNAL_IP6_DNS, (struct bytes){ 0 });
	cp_put(&w, INTERNAL_DNS_DOMAIN, (struct bytes){ 0 });
	m->has |= PAYLOAD_BIT(PAYLOAD_CP);
	m->cp = (struct wire_cp){ CFG_REQUEST, wr_done(&w) };
}

static bool refuse_reply(struct draft *d, const char *what, const char *notify)
{
	const struct peer *p = d->core.peer;

	d->why = (struct why){
		.what = what,
		.where = source_print(&p->at, "vips", d->step->scratch),
		.instead = "a pool of addresses at the gateway, or no vips here",
		.notify = notify,
		.alert = "vip-failure",
	};
	return false;
}

static bool refuse_answer(struct draft *d, const struct message *m)
{
	const struct wire_notify *n = message_error(m);

	if (n && n->type == INTERNAL_ADDRESS_FAILURE)
		return refuse_reply(d, "the gateway has no virtual address for us", notify_name(n->type));
	if (n)
		return refuse_reply(d,
			arena_printf(d->step->scratch, "the gateway gives no virtual address: %s",
				notify_name(n->type)),
			notify_name(n->type));
	return refuse_reply(d, "the gateway gives no virtual address, though it was asked for one", NULL);
}

/* Servers of names, in the order in which they came. */
static void take_dns(struct draft *d, const struct message *m)
{
	struct ip *v = ARENA_ARRAY(d->step->scratch, DNS_MAX, struct ip);
	struct rd r = rd_of(m->cp.attributes);
	struct text t = text_in(d->step->scratch);
	struct bytes value;
	char one[IP_TEXT];
	uint16_t type;
	unsigned n = 0;

	while (n < DNS_MAX && cp_next(&r, &type, &value))
		if (((type == INTERNAL_IP4_DNS && value.n == IP4) ||
			    (type == INTERNAL_IP6_DNS && value.n == IP6)) &&
			!ip_from(value, &v[n]) && !ip_is_any(&v[n]))
			text_add(&t, " %s", ip_print(&v[n++], one));
	d->dns = (struct ike_ips){ v, n };
	if (n)
		tell_log(d, "CFG", "the gateway names DNS servers:%s", text_str(&t));
}

/* Whether NAME is one that may stand in resolver settings, which are files of lines: a last dot is none of
 * it.
 */
static bool is_domain(struct bytes name)
{
	unsigned label = 0;

	for (size_t i = 0; i < name.n; i++) {
		bool dot = name.p[i] == '.', first = !label;

		if (!dot && !isalnum(name.p[i]) && name.p[i] != '_' && (name.p[i] != '-' || first))
			return false;
		label = dot ? 0 : label + 1;
		if ((dot && first) || label > DOMAIN_LABEL)
			return false;
	}
	return label && name.n <= DOMAIN_TEXT;
}

/* Of which domains they know the names (RFC 8598, 3.1). */
static void take_domains(struct draft *d, const struct message *m)
{
	struct arena *a = d->step->scratch;
	const char **v = ARENA_ARRAY(a, DOMAINS_MAX, const char *);
	struct rd r = rd_of(m->cp.attributes);
	struct text t = text_in(a);
	struct bytes value;
	uint16_t type;
	unsigned n = 0, seen = 0;

	while (seen < DOMAINS_MAX && cp_next(&r, &type, &value)) {
		if (type != INTERNAL_DNS_DOMAIN || !value.n)
			continue;
		seen++;
		value.n -= value.p[value.n - 1] == '.';
		if (is_domain(value)) {
			v[n] = arena_text(a, value);
			text_add(&t, " %s", v[n++]);
		} else {
			tell_log(d, "CFG", "the gateway names a domain that is none, and is not taken: %s",
				id_print(&(struct id){ ID_FQDN, value }, a));
		}
	}
	d->domains = (struct strings){ v, n };
	if (n)
		tell_log(d, "CFG", "the gateway names domains whose names are to be asked there:%s",
			text_str(&t));
}

static bool usable(const struct draft *d, const struct ip *ip)
{
	bool asked = false;

	for (unsigned i = 0; i < d->core.peer->n_vips; i++)
		asked |= d->core.peer->vips[i].v == ip->v;
	return asked && !ip_is_local(ip);
}

bool cfg_take(struct draft *d, const struct message *m)
{
	struct vips given, *ours = &d->core.vips;
	char one[IP_TEXT];

	if (!d->core.peer->n_vips)
		return true;
	if (!get_ips(m, CFG_REPLY, &given))
		return refuse_reply(d, "the gateway's virtual address is none: it has a wrong length", NULL);
	for (unsigned i = 0; i < given.n; i++)
		if (usable(d, &given.v[i]))
			ours->v[ours->n++] = given.v[i];
		else
			tell_log(d, "CFG", "the gateway gives the address %s, which is not taken: %s",
				ip_print(&given.v[i], one),
				ip_is_local(&given.v[i]) ? "no host can have it"
							 : "vips do not ask for this family");
	if (!ours->n)
		return refuse_answer(d, m);
	tell_log(d, "CFG", "virtual addresses: %s", print_ips(ours, d->step->scratch));
	for (unsigned i = 0; i < ours->n; i++) {
		struct ike_action *a = draft_action(d, ACTION_VIP_ADD);

		a->vip.ip = ours->v[i];
		a->vip.remote = d->core.path.remote.ip;
	}
	take_dns(d, m);
	take_domains(d, m);
	return true;
}

/* ---------------------------------------------------------------------- gateway */

static enum cfg_wish missing(struct draft *d)
{
	struct arena *a = d->step->scratch;
	const struct peer *p = d->core.peer;

	d->why = (struct why){
		.what = arena_printf(a, "%s does not ask for a virtual address, which connection %s gives",
			id_print(&d->hs.remote_id, a), p->name),
		.where = source_print(&p->at, "pools", a),
		.instead = "vips = 0.0.0.0 at the peer, or no pools here",
		.notify = notify_name(FAILED_CP_REQUIRED),
		.alert = "vip-failure",
	};
	return CFG_MISSING;
}

/* Who replaces an IKE_SA of its own, or says that there is no other, may have the address of that. */
enum cfg_wish cfg_lease(struct draft *d, const struct message *m)
{
	struct vips *wanted = ARENA_NEW(d->step->scratch, struct vips);
	struct ike_question *q;

	if (!get_ips(m, CFG_REQUEST, wanted)) {
		d->why.what = "the peer asks for a virtual address of a wrong length";
		d->why.notify = notify_name(INVALID_SYNTAX);
		return CFG_WRONG;
	}
	if (!wanted->n)
		return d->core.peer->pools.n && m->has & PAYLOAD_BIT(PAYLOAD_SA) ? missing(d) : CFG_NOTHING;
	q = draft_ask(d, ASK_LEASE, S_R_LEASE);
	q->remote = *handshake_user(&d->hs);
	q->hosts.remote = d->core.path.remote.ip;
	q->remotes = (struct ike_ips){ wanted->v, wanted->n };
	q->eap.conversation = d->core.login;
	q->replaces = d->hs.others != OTHERS_STAY;
	tell_log(d, "CFG", "peer requested virtual IP %s", print_ips(wanted, d->step->scratch));
	return CFG_WAITS;
}

/* Which names are inside, and servers of names that are asked in secret, are told to those who say that they
 * can make use of it (RFC 8598, 3.1; RFC 9464, 3.2). */
static bool is_welcome(uint16_t type, const struct message *m)
{
	struct rd r = rd_of(m->cp.attributes);
	struct bytes value;
	uint16_t asked;

	if (type < INTERNAL_DNS_DOMAIN || type > ENCDNS_DIGEST_INFO)
		return true;
	while (cp_next(&r, &asked, &value))
		if (asked == type)
			return true;
	return false;
}

void cfg_leased(struct draft *d, const struct message *m)
{
	const struct ike_answer *answer = d->answer;
	struct vips *ips = &d->core.vips;
	struct rd r = rd_of(answer->attributes);
	struct wr w = attributes_new(d, answer->attributes.n + VIPS_MAX * (ATTRIBUTE_HEAD + IP6 + PREFIX));
	struct bytes value;
	uint16_t type;

	for (unsigned i = 0; i < answer->ips.n && ips->n < VIPS_MAX; i++) {
		ips->v[ips->n++] = answer->ips.v[i];
		put_ip(&w, &answer->ips.v[i], false);
	}
	while (cp_next(&r, &type, &value))
		if (is_welcome(type, m))
			cp_put(&w, type, value);
	d->hs.cfg = arena_bytes(&d->keep, wr_done(&w));
	tell_log(d, "CFG", "assigning virtual IP %s to peer '%s'", print_ips(ips, d->step->scratch),
		id_print(&d->hs.remote_id, d->step->scratch));
}

void cfg_answer(const struct draft *d, struct message *m)
{
	if (!d->hs.cfg.n)
		return;
	m->has |= PAYLOAD_BIT(PAYLOAD_CP);
	m->cp = (struct wire_cp){ CFG_REPLY, d->hs.cfg };
}

/* ------------------------------------------------------------------------ both */

struct ike_ips cfg_ips_copy(struct arena *arena, struct ike_ips ips)
{
	struct ip *v = ARENA_ARRAY(arena, ips.n, struct ip);

	if (ips.n)
		memcpy(v, ips.v, ips.n * sizeof *v);
	return (struct ike_ips){ v, ips.n };
}

struct strings cfg_domains_copy(struct arena *arena, struct strings domains)
{
	const char **v = ARENA_ARRAY(arena, domains.n, const char *);

	for (unsigned i = 0; i < domains.n; i++)
		v[i] = arena_str(arena, domains.v[i]);
	return (struct strings){ v, domains.n };
}

void cfg_release(struct step *s, struct sa *sa)
{
	struct vips *ips = &sa->core.vips;

	for (unsigned i = 0; i < ips->n; i++) {
		struct ike_action *a =
			step_action(s, is_client(&sa->core) ? ACTION_VIP_DEL : ACTION_LEASE_FREE);

		a->vip.ip = ips->v[i];
	}
	if (ips->n && is_client(&sa->core) && sa->conn)
		traps_renew(s, sa->conn);
	ips->n = 0;
}

void cfg_adopt(struct sa *from, struct sa *into)
{
	if (!from->core.vips.n)
		return;
	into->core.vips = from->core.vips;
	from->core.vips.n = 0;
}

void cfg_give_back(struct step *s, const struct ike_answer *answer)
{
	for (unsigned i = 0; i < answer->ips.n; i++)
		step_action(s, ACTION_LEASE_FREE)->vip.ip = answer->ips.v[i];
}
