/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Policies as messages, and events. */
#include "xfrm/kernel/message.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>

/* Of Linux 6.13, which headers may be older than. */
enum { CPU_ACQUIRE = 4 /* XFRM_POLICY_CPU_ACQUIRE */ };

/* The kernel counts no packets of policies: a limit of them has no effect, and shows who made a policy. */
static const uint64_t tag = XFRM_INF - 0x1ce2;

static const char *const dirs[] = {
	[XFRM_POLICY_IN] = "in",
	[XFRM_POLICY_OUT] = "out",
	[XFRM_POLICY_FWD] = "fwd",
};

static void put_marks(struct nlmsghdr *h, const struct policy_key *key)
{
	struct xfrm_mark m = { key->mark.value, key->mark.mask };

	if (key->mark.mask)
		mnl_attr_put(h, XFRMA_MARK, sizeof m, &m);
	if (key->if_id)
		mnl_attr_put_u32(h, XFRMA_IF_ID, key->if_id);
}

/* A template without addresses is of the family of the policy. */
static void put_tmpl(struct nlmsghdr *h, const struct policy_key *key, const struct policy_tmpl *t)
{
	const struct ip *known = t->dst.v ? &t->dst : t->src.v ? &t->src : &key->sel.src.ip;
	struct xfrm_user_tmpl k = {
		.id = { selector_address(&t->dst), htonl(t->spi), t->proto },
		.saddr = selector_address(&t->src),
		.family = selector_family(known),
		.reqid = t->reqid,
		.mode = t->mode,
		.aalgos = UINT32_MAX,
		.ealgos = UINT32_MAX,
		.calgos = UINT32_MAX,
	};

	mnl_attr_put(h, XFRMA_TMPL, sizeof k, &k);
}

void message_policy(struct nlmsghdr *h, const struct policy_key *key, const struct policy_body *body)
{
	struct xfrm_userpolicy_info *p = mnl_nlmsg_put_extra_header(h, sizeof *p);
	struct xfrm_user_offload offload = { (int)body->device, XFRM_OFFLOAD_PACKET };

	selector_to_kernel(&key->sel, &p->sel);
	p->dir = key->dir;
	p->priority = body->priority;
	p->action = body->block ? XFRM_POLICY_BLOCK : XFRM_POLICY_ALLOW;
	p->flags = (uint8_t)((body->per_cpu ? CPU_ACQUIRE : 0) | (body->icmp ? XFRM_POLICY_ICMP : 0));
	p->lft = (struct xfrm_lifetime_cfg){ .soft_byte_limit = XFRM_INF,
		.hard_byte_limit = XFRM_INF,
		.soft_packet_limit = tag,
		.hard_packet_limit = XFRM_INF };
	if (body->protect)
		put_tmpl(h, key, &body->tmpl);
	if (body->device)
		mnl_attr_put(h, XFRMA_OFFLOAD_DEV, sizeof offload, &offload);
	put_marks(h, key);
}

void message_policy_id(struct nlmsghdr *h, const struct policy_key *key)
{
	struct xfrm_userpolicy_id *id = mnl_nlmsg_put_extra_header(h, sizeof *id);

	selector_to_kernel(&key->sel, &id->sel);
	id->dir = key->dir;
	put_marks(h, key);
}

static bool tmpl_eq(const struct policy_tmpl *a, const struct policy_tmpl *b)
{
	return ip_eq(&a->src, &b->src) && ip_eq(&a->dst, &b->dst) && a->spi == b->spi &&
	       a->reqid == b->reqid && a->mode == b->mode && a->proto == b->proto;
}

bool policy_body_eq(const struct policy_body *a, const struct policy_body *b)
{
	return a->block == b->block && a->protect == b->protect && a->priority == b->priority &&
	       a->device == b->device && a->per_cpu == b->per_cpu && a->icmp == b->icmp &&
	       (!a->protect || tmpl_eq(&a->tmpl, &b->tmpl));
}

/* An address of zeros is any. */
static struct ip tmpl_ip(const xfrm_address_t *a, uint16_t family)
{
	struct ip ip = selector_ip(a, family);

	return ip_is_any(&ip) ? (struct ip){ 0 } : ip;
}

static void read_tmpl(const struct nlattr *a, struct policy_body *body)
{
	struct xfrm_user_tmpl t;

	if (mnl_attr_get_payload_len(a) < sizeof t)
		return;
	memcpy(&t, mnl_attr_get_payload(a), sizeof t);
	body->protect = true;
	body->tmpl = (struct policy_tmpl){ .src = tmpl_ip(&t.saddr, t.family),
		.dst = tmpl_ip(&t.id.daddr, t.family),
		.spi = ntohl(t.id.spi),
		.reqid = t.reqid,
		.proto = t.id.proto,
		.mode = t.mode };
}

static void read_attrs(
	const struct nlmsghdr *h, size_t size, struct policy_key *key, struct policy_body *body)
{
	const struct nlattr *a;
	struct xfrm_user_offload offload;
	struct xfrm_mark mark;

	mnl_attr_for_each(a, h, size)
	{
		size_t n = mnl_attr_get_payload_len(a);

		switch (mnl_attr_get_type(a)) {
		case XFRMA_TMPL: read_tmpl(a, body); break;
		case XFRMA_OFFLOAD_DEV:
			if (n >= sizeof offload) {
				memcpy(&offload, mnl_attr_get_payload(a), sizeof offload);
				body->device = (unsigned)offload.ifindex;
			}
			break;
		case XFRMA_MARK:
			if (n >= sizeof mark) {
				memcpy(&mark, mnl_attr_get_payload(a), sizeof mark);
				key->mark = (struct mark){ .value = mark.v, .mask = mark.m };
			}
			break;
		case XFRMA_IF_ID:
			if (n >= sizeof key->if_id)
				key->if_id = mnl_attr_get_u32(a);
			break;
		}
	}
}

static enum err read_policy(
	const struct xfrm_userpolicy_info *p, struct policy_key *key, struct policy_body *body)
{
	*key = (struct policy_key){ .dir = p->dir };
	*body = (struct policy_body){ .ours = p->lft.soft_packet_limit == tag,
		.block = p->action == XFRM_POLICY_BLOCK,
		.per_cpu = p->flags & CPU_ACQUIRE,
		.icmp = p->flags & XFRM_POLICY_ICMP,
		.priority = p->priority };
	return p->dir > XFRM_POLICY_FWD ? ERR_RANGE : selector_from_kernel(&p->sel, &key->sel);
}

enum err message_policy_read(const struct nlmsghdr *h, struct policy_key *key, struct policy_body *body)
{
	struct xfrm_userpolicy_info p;
	enum err e;

	if (!message_head(h, &p, sizeof p))
		return ERR_SHORT;
	e = read_policy(&p, key, body);
	if (!e)
		read_attrs(h, sizeof p, key, body);
	return e;
}

const char *policy_key_print(const struct policy_key *key, char out[POLICY_KEY_TEXT])
{
	char sel[SELECTOR_TEXT];

	snprintf(out, POLICY_KEY_TEXT, "policy %s %s %x/%x %u", dirs[key->dir],
		selector_print(&key->sel, sel), key->mark.value, key->mark.mask, key->if_id);
	return out;
}

enum err policy_key_parse(const char *s, struct policy_key *out)
{
	char dir[4];
	int sel = 0, behind = 0;

	*out = (struct policy_key){ 0 };
	if (sscanf(s, "policy %3s %n%*s %*s %*s %*s %*s %n", dir, &sel, &behind) != 1 || !behind ||
		sscanf(s + behind, "%x/%x %u", &out->mark.value, &out->mark.mask, &out->if_id) != 3)
		return ERR_SYNTAX;
	while (out->dir < sizeof dirs / sizeof *dirs && strcmp(dirs[out->dir], dir))
		out->dir++;
	return out->dir > XFRM_POLICY_FWD ? ERR_SYNTAX : selector_parse(s + sel, &out->sel);
}

enum err message_acquire(const struct nlmsghdr *h, struct acquire *out)
{
	struct xfrm_user_acquire k;
	struct policy_body body;
	const struct nlattr *a;
	enum err e;

	if (!message_head(h, &k, sizeof k))
		return ERR_SHORT;
	e = read_policy(&k.policy, &out->key, &body);
	if (e)
		return e;
	read_attrs(h, sizeof k, &out->key, &body);
	out->seq = k.seq;
	out->reqid = body.protect ? body.tmpl.reqid : 0;
	out->resource = 0;
	mnl_attr_for_each(a, h, sizeof k) if (message_resource(a)) out->resource = message_resource(a);
	return selector_packet(&k.sel, &out->local, &out->remote);
}

enum err message_mapping(const struct nlmsghdr *h, struct mapping *out)
{
	struct xfrm_user_mapping k;

	if (!message_head(h, &k, sizeof k))
		return ERR_SHORT;
	*out = (struct mapping){ .spi = ntohl(k.id.spi),
		.dst = selector_ip(&k.id.daddr, k.id.family),
		.remote = { selector_ip(&k.new_saddr, k.id.family), ntohs(k.new_sport) } };
	return out->dst.v ? ERR_OK : ERR_RANGE;
}
