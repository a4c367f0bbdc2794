/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lints about shared secrets. No secret is ever said. */
#include "lint.h"

enum {
	PSK_OCTETS = 16, /* 128 bits, if they are random (RFC 7296, 2.15 warns of words that people choose) */
	PSK_DISTINCT = 8, /* different octets among them */
	PPK_OCTETS = 32,  /* against quantum computers (RFC 8784, 5.1) */
};

/* ---------------------------------------------------------------- is there one */

static bool may_be(const struct id *owner, const struct id *id)
{
	return owner->type == ID_ANY || id->type == ID_ANY || id_is_pattern(id) || id_matches(id, owner) ||
	       id_matches(owner, id);
}

static bool is_address_of(const struct id *owner, const struct addr_pattern *addrs, unsigned n)
{
	struct ip ip;

	if ((owner->type != ID_IPV4_ADDR && owner->type != ID_IPV6_ADDR) || ip_from(owner->data, &ip))
		return false;
	for (unsigned i = 0; i < n; i++)
		if (addrs[i].name || addr_pattern_matches(&addrs[i], &ip))
			return true;
	return false;
}

static bool may_be_peer(const struct id *owner, const struct peer *p)
{
	return may_be(owner, &p->remote.id) || is_address_of(owner, p->remote_addrs, p->n_remote_addrs);
}

/* Without an identity we have our address, which may not be written. */
static bool may_be_us(const struct id *owner, const struct peer *p)
{
	bool address = owner->type == ID_IPV4_ADDR || owner->type == ID_IPV6_ADDR;

	return p->local.id.type == ID_ANY ? address || owner->type == ID_ANY : may_be(owner, &p->local.id);
}

/* Whether S may be one of P: it names the peer, or nobody but us. */
static bool may_serve(const struct secret *s, const struct peer *p)
{
	bool ours = true;

	if (s->kind != SECRET_IKE)
		return false;
	for (unsigned i = 0; i < s->n_owners; i++) {
		const struct id *o = &s->owners[i];

		if (may_be_peer(o, p))
			return true;
		ours &= may_be_us(o, p);
	}
	return ours;
}

static const struct auth_conf *psk_round(const struct auth_conf *a)
{
	while (a && a->way.method != AUTH_PSK)
		a = a->next;
	return a;
}

static const char *id_line(const struct auth_conf *a, struct arena *arena)
{
	return a->id.type == ID_ANY ? "its address" : id_print(&a->id, arena);
}

void lint_psk_missing(struct lint_run *l)
{
	const struct conf *c = l->in->conf;

	for (unsigned i = 0; i < c->n_peers; i++) {
		const struct peer *p = c->peers[i];
		const struct auth_conf *a = psk_round(&p->local);
		bool served = false;

		a = a ? a : psk_round(&p->remote);
		for (unsigned k = 0; k < c->n_secrets; k++)
			served |= may_serve(&c->secrets[k], p);
		if (a && !served)
			lint_say(l, &a->at, "auth",
				arena_printf(l->arena,
					"%s proves identities by a shared secret, and none is for %s",
					p->name, id_line(&p->remote, l->arena)),
				arena_printf(l->arena,
					"in the section secrets, ike-%s { … } with id = %s and secret = …, "
					"each on its "
					"line",
					p->name, id_line(&p->remote, l->arena)));
	}
}

/* ----------------------------------------------------------- is it a good one */

static unsigned distinct(struct bytes b)
{
	bool seen[256] = { false };
	unsigned n = 0;

	for (size_t i = 0; i < b.n; i++) {
		n += !seen[b.p[i]];
		seen[b.p[i]] = true;
	}
	return n;
}

/* Says so of the secrets of KIND with less than OCTETS. */
static void judge(struct lint_run *l, enum secret_kind kind, unsigned octets, const char *danger)
{
	const struct conf *c = l->in->conf;

	for (unsigned i = 0; i < c->n_secrets; i++) {
		const struct secret *s = &c->secrets[i];
		unsigned n = distinct(s->data);

		if (s->kind != kind || (s->data.n >= octets && n >= PSK_DISTINCT))
			continue;
		lint_say(l, &s->at, "secret",
			arena_printf(l->arena, "this secret is weak: %zu octets, %u of them different; %s",
				s->data.n, n, danger),
			"0x and what openssl rand -hex 32 prints");
	}
}

void lint_psk_weak(struct lint_run *l)
{
	judge(l, SECRET_IKE, PSK_OCTETS,
		"who answers in the place of the peer once can try guesses for as long as he likes");
}

void lint_ppk_weak(struct lint_run *l)
{
	judge(l, SECRET_PPK, PPK_OCTETS, "against quantum computers it needs 32 random ones (RFC 8784)");
}
