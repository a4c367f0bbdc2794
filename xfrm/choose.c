/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "xfrm/choose.h"

/* Whether packets of P may be IPv6 outside; those of a child, inside. */
static bool outer_ipv6(const struct peer *p)
{
	for (unsigned i = 0; i < p->n_remote_addrs; i++)
		if (p->remote_addrs[i].lo.v == 6)
			return true;
	for (unsigned i = 0; i < p->n_local_addrs; i++)
		if (p->local_addrs[i].lo.v == 6)
			return true;
	return false;
}

static bool inner_ipv6(const struct child_conf *c)
{
	for (unsigned i = 0; i < c->local.n; i++)
		if (!c->local.v[i].dynamic && c->local.v[i].lo.v == 6)
			return true;
	for (unsigned i = 0; i < c->remote.n; i++)
		if (!c->remote.v[i].dynamic && c->remote.v[i].lo.v == 6)
			return true;
	return false;
}

/* The first algorithm of P that CAPS has not, or NULL. */
static const struct transform *lacking(const struct xfrm_caps *caps, struct proposals p)
{
	for (unsigned i = 0; i < caps->n_lacks; i++) {
		const struct transform *t = caps->lacks[i];

		for (unsigned k = 0; k < p.n; k++)
			for (unsigned n = 0; n < p.v[k].n; n++)
				if (p.v[k].v[n].type == t->type && p.v[k].v[n].id == t->id &&
					p.v[k].v[n].bits == t->bits)
					return t;
	}
	return NULL;
}

static bool is_marked(const struct mark *m)
{
	return m->drawn != DRAWN_NOT || m->value || (m->mask && m->mask != UINT32_MAX);
}

static bool is_numbered(const struct if_id *id)
{
	return id->drawn != DRAWN_NOT || id->value;
}

/* The first key of CHILD whose effect only the kernel can have, or NULL. The number of an XFRM interface
 * means nothing to a tun device, which INTERFACE gives instead. */
static const char *kernels_own(const struct child_conf *c)
{
	const struct peer *p = c->peer;
	const struct {
		const char *key;
		bool set;
	} keys[] = {
		{ "mark_in", is_marked(&c->mark_in) },
		{ "mark_out", is_marked(&c->mark_out) },
		{ "set_mark_in", is_marked(&c->set_mark_in) },
		{ "set_mark_out", is_marked(&c->set_mark_out) },
		{ "if_id_in", !c->interface && (is_numbered(&c->if_id_in) || is_numbered(&p->if_id_in)) },
		{ "if_id_out", !c->interface && (is_numbered(&c->if_id_out) || is_numbered(&p->if_id_out)) },
		{ "sha256_96", c->sha256_96 },
		{ "policies", !c->policies },
		{ "policies_fwd_out", c->policies_fwd_out },
		{ "icmp", c->icmp },
		{ "hw_offload", c->hw_offload == OFFLOAD_CRYPTO || c->hw_offload == OFFLOAD_PACKET },
	};

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		if (keys[i].set)
			return keys[i].key;
	return NULL;
}

static bool differs(struct text *why, const char *what, const char *key)
{
	text_add(why, "%s (%s)", what, key);
	return false;
}

/* Whether a path of CAPS can carry CHILD; if not, WHY gets what it lacks, to stand behind "the … has no". */
static bool fits(const struct xfrm_caps *caps, const struct child_conf *c, struct text *why)
{
	const struct transform *t = lacking(caps, c->offers);
	const char *own = caps->marks ? NULL : kernels_own(c);

	if (t)
		return differs(why, t->word, child_conf_key(c));
	if (!caps->ah && c->ah.n)
		return differs(why, "AH", "ah_proposals");
	if (!caps->esn && proposals_have(c->offers, TRANSFORM_ESN, ESN_YES))
		return differs(why, "extended sequence numbers", child_conf_key(c));
	if (!caps->modes && (c->mode == MODE_TRANSPORT || c->mode == MODE_BEET))
		return differs(why, c->mode == MODE_BEET ? "BEET mode" : "transport mode", "mode");
	if (!caps->iptfs && c->mode == MODE_IPTFS)
		return differs(why, "IP-TFS",
			"mode; Linux from 6.14 on has it where it is built with CONFIG_XFRM_IPTFS");
	if (own)
		return differs(why, "such thing", own);
	if (c->replay_window > caps->window)
		return differs(why,
			arena_printf(why->arena, "replay window of more than %u packets", caps->window),
			"replay_window");
	if (!caps->interface && c->interface)
		return differs(why, "XFRM interfaces", "interface");
	if (!caps->ipv6 && (inner_ipv6(c) || outer_ipv6(c->peer)))
		return differs(why, "ESP for IPv6", "local_ts, remote_ts or addresses");
	if (!caps->tcp && c->peer->transport != TRANSPORT_UDP)
		return differs(why, "ESP in TCP", "transport");
	if (!caps->encap6 && outer_ipv6(c->peer) && c->peer->encap != ENCAP_NO)
		return differs(why, "ESP in UDP over IPv6", "remote_addrs");
	if (!caps->encap4 && !outer_ipv6(c->peer) && c->peer->encap != ENCAP_NO)
		return differs(why, "ESP in UDP", "encap");
	return true;
}

/* The same, where the path need not be in use. */
static bool carries(const struct xfrm_caps *caps, const char *not_in_use, const char *whose,
	const struct child_conf *c, struct text *why)
{
	struct text lacks = text_in(why->arena);

	if (!caps) {
		text_add(why, "%s", not_in_use);
		return false;
	}
	if (fits(caps, c, &lacks))
		return true;
	text_add(why, "%s has no %s", whose, text_str(&lacks));
	return false;
}

enum err choose(const struct choice *c, const struct child_conf *child, enum data_path *out, struct text *why)
{
	enum data_path wanted = child->datapath == DATAPATH_DEFAULT ? c->setting : child->datapath;
	struct text no_kernel = text_in(why->arena), no_user = text_in(why->arena);
	bool kernel = carries(c->kernel, c->no_kernel, "the kernel", child, &no_kernel);
	bool user = carries(c->user, c->no_user, "the userspace path", child, &no_user);

	*out = wanted == DATAPATH_USER || (wanted != DATAPATH_KERNEL && !kernel) ? DATAPATH_USER
										 : DATAPATH_KERNEL;
	if (*out == DATAPATH_KERNEL ? kernel : user) {
		if (wanted == DATAPATH_AUTO && *out == DATAPATH_USER)
			text_add(why, "%s", text_str(&no_kernel));
		else
			text_add(why, "%s",
				wanted == DATAPATH_AUTO ? "the kernel has all it needs" : "as configured");
		return ERR_OK;
	}
	if (wanted != DATAPATH_KERNEL)
		text_add(why, "%s", text_str(&no_user));
	if (wanted != DATAPATH_USER)
		text_add(why, "%s%s", why->n ? ", and " : "", text_str(&no_kernel));
	text_add(why, wanted == DATAPATH_AUTO ? ": change that, or have a kernel that can"
					      : ": change that, or set datapath = auto");
	return ERR_UNSUPPORTED;
}
