/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which connection serves a client, THE table of what it needs for that, and what it is told of it. */
#include "user_gateway.h"

#include "conf/load.h"

#include <strings.h>

static const char *config_path(struct pki *p)
{
	static const char *const names[] = { "ikev2d.conf", "swanctl.conf" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const char *path = arena_printf(p->arena, "%s/%s", p->dir, names[i]);

		if (pki_exists(path))
			return path;
	}
	return NULL;
}

bool gateway_is_there(struct pki *p)
{
	return config_path(p) != NULL;
}

void gateway_start(struct gateway *g)
{
	*g = (struct gateway){ 0 };
	creds_start(&g->creds);
}

int gateway_load(struct pki *p, struct gateway *g)
{
	struct text why = text_in(p->arena), notes = text_in(p->arena);

	g->path = config_path(p);
	if (!g->path)
		return ipsec_fail(p->x, FAILED,
			"there is no configuration in %s: ipsec setup gateway --name vpn.example.org --pool "
			"10.9.0.0/24 makes one",
			p->dir);
	if (conf_load(g->path, &conf_files_system, &g->conf, &why, &notes))
		return ipsec_fail(p->x, FAILED, "%s", text_str(&why));
	if (creds_load(&g->creds, g->path, &g->conf, &conf_files_system, &why, &notes))
		return ipsec_fail(p->x, FAILED, "%s", text_str(&why));
	return DONE;
}

void gateway_stop(struct gateway *g)
{
	cert_unref(g->cert);
	creds_stop(&g->creds);
	conf_free(&g->conf);
}

/* -------------------------------------------------- what a client needs */

/* A connection that is looked at. */
struct look {
	struct pki *p;
	struct gateway *g;
	const struct wish *w;
	struct profile *out;
	const struct peer *peer;
	struct text says; /* what is missing */
	struct text left; /* sentences about what no profile is told */
};

/* Says that KEY, written in AT, is to be SENTENCE. */
static bool lacks(struct look *l, const struct source *at, const char *key, const char *sentence)
{
	text_add(&l->says, "%s: %s", source_print(at, key, l->p->arena), sentence);
	return false;
}

static bool takes_anybody(struct look *l)
{
	const struct peer *c = l->peer;

	for (unsigned i = 0; i < c->n_remote_addrs; i++)
		if (!c->remote_addrs[i].lo.v && !c->remote_addrs[i].name)
			return true;
	return !c->n_remote_addrs ||
	       lacks(l, &c->at, "remote_addrs", "clients come from anywhere: write remote_addrs = %any");
}

static const struct vip_pool *pool_of(const struct conf *c, const char *name)
{
	for (unsigned i = 0; i < c->n_pools; i++)
		if (!strcmp(c->pools[i].name, name))
			return &c->pools[i];
	return NULL;
}

/* A domain whose names the servers know (RFC 8598, 4.1), unless it was named before. */
static void take_domain(struct look *l, const struct vip_pool *pool, struct bytes data)
{
	struct profile *out = l->out;
	const char *name = arena_text(l->p->arena, data);

	for (unsigned i = 0; i < out->n_domains; i++)
		if (!strcasecmp(out->domains[i], name))
			return;
	if (!addr_is_host(name))
		text_add(&l->left, "%s: the profile leaves out %s, which is no name of a domain\n",
			source_print(&pool->at, "25", l->p->arena), name);
	else if (out->n_domains == PROFILE_DNS_MAX)
		text_add(&l->left, "%s: the profile leaves out %s: it takes %u domains\n",
			source_print(&pool->at, "25", l->p->arena), name, PROFILE_DNS_MAX);
	else
		out->domains[out->n_domains++] = name;
}

static void take_dns(struct look *l, const struct vip_pool *pool)
{
	enum { DNS4 = 3, DNS6 = 10, DOMAIN = 25 }; /* RFC 7296, 3.15.1 */
	struct profile *out = l->out;

	for (unsigned i = 0; i < pool->n_attrs; i++) {
		const struct pool_attr *a = &pool->attrs[i];
		struct ip ip;

		if (a->type == DOMAIN)
			take_domain(l, pool, a->data);
		if ((a->type != DNS4 && a->type != DNS6) || ip_from(a->data, &ip) ||
			out->n_dns == PROFILE_DNS_MAX)
			continue;
		out->dns[out->n_dns++] = ip_print(&ip, arena_alloc(l->p->arena, IP_TEXT));
	}
}

static bool gives_addresses(struct look *l)
{
	const struct peer *c = l->peer;

	l->out->v4 = l->out->v6 = false;
	l->out->n_dns = l->out->n_domains = 0;
	l->left = text_in(l->p->arena);
	for (unsigned i = 0; i < c->pools.n; i++) {
		const struct vip_pool *pool = pool_of(&l->g->conf, c->pools.v[i]);

		if (pool)
			take_dns(l, pool);
		l->out->v4 |= !pool || pool->lo.v == 4;
		l->out->v6 |= pool && pool->lo.v == 6;
	}
	return c->pools.n ||
	       lacks(l, &c->at, "pools",
		       "clients get an address: write pools = clients, and a section clients in "
		       "pools with addrs = 10.9.0.0/24");
}

static bool proves_itself(struct look *l)
{
	const struct auth_conf *a = &l->peer->local;

	if ((a->way.method == AUTH_PUBKEY || a->way.method == AUTH_ANY) && !a->next && !a->pubkeys.n)
		return true;
	return lacks(l, &a->at, "auth",
		"clients want a certificate of the gateway: write auth = pubkey, and no other round");
}

/* Passwords by a method that the client has. */
static bool by_password(const struct look *l, const struct auth_conf *a)
{
	static const char *const mschap[] = { "mschapv2", "dynamic", "radius" };
	int method = a->way.eap ? eap_method_number(a->way.eap) : EAP_METHOD_DYNAMIC;

	if (!l->w->kind->mschap)
		return method != eap_method_number("tls");
	for (size_t i = 0; i < sizeof mschap / sizeof *mschap; i++)
		if (method == eap_method_number(mschap[i]))
			return true;
	return false;
}

static bool is_eap_tls(const struct auth_conf *a)
{
	return a->way.method == AUTH_EAP && a->way.eap && !strcmp(a->way.eap, "tls");
}

static bool asks_as_wished(struct look *l)
{
	const struct auth_conf *a = &l->peer->remote;
	const struct wish *w = l->w;

	if (a->next)
		return lacks(l, &a->next->at, "auth",
			"no profile is made for clients that prove themselves twice: leave this section out");
	l->out->auth = is_eap_tls(a)               ? PROFILE_EAP_TLS
		       : a->way.method == AUTH_EAP ? PROFILE_PASSWORD
						   : PROFILE_CERT;
	if (w->cert && (is_eap_tls(a) || a->way.method == AUTH_PUBKEY || a->way.method == AUTH_ANY))
		return true;
	if (w->eap && a->way.method == AUTH_EAP && !is_eap_tls(a))
		return true;
	return lacks(l, &a->at, "auth",
		w->cert ? "clients with certificates want auth = pubkey here"
			: "clients with passwords want auth = eap-mschapv2 here");
}

static bool has_the_method(struct look *l)
{
	const struct auth_conf *a = &l->peer->remote;

	l->g->clear = a->way.eap && !strcmp(a->way.eap, "md5");
	return l->out->auth != PROFILE_PASSWORD || by_password(l, a) ||
	       lacks(l, &a->at, "auth", "this client has not that method: write auth = eap-mschapv2");
}

/* ------------------------------------------------------------ identities */

/* "*@example.org" with the user's name in place of the star, where that is what ID allows. */
static const char *fitted(struct look *l, const struct id *pattern)
{
	const char *user = l->w->id ? l->w->id : l->w->user, *text;
	struct id id;

	if (!id_parse(user, l->p->arena, &id) && id_matches(pattern, &id))
		return user;
	text = id_print(pattern, l->p->arena);
	if (l->w->id || *text != '*')
		return NULL;
	user = arena_printf(l->p->arena, "%s%s", user, text + 1);
	return !id_parse(user, l->p->arena, &id) && id_matches(pattern, &id) ? user : NULL;
}

/* Windows shows what we cannot choose. */
static bool own_id_matches(struct look *l)
{
	const struct auth_conf *a = &l->peer->remote;
	const char *subject = arena_printf(l->p->arena, "CN=%s", l->w->user);
	struct id id;

	if (a->id.type == ID_ANY || (l->out->auth == PROFILE_CERT && !id_parse(subject, l->p->arena, &id) &&
					    id_matches(&a->id, &id)))
		return true;
	return lacks(l, &a->at, "id",
		arena_printf(l->p->arena, "this client calls itself by %s, not by a name: write id = %%any",
			l->out->auth == PROFILE_CERT ? subject : "its address"));
}

static bool knows_the_user(struct look *l)
{
	const struct auth_conf *a = &l->peer->remote;
	bool password = l->out->auth == PROFILE_PASSWORD;
	const struct id *pattern = password && a->eap_id.type != ID_ANY ? &a->eap_id : &a->id;

	l->out->user_id = fitted(l, pattern);
	l->out->eap_user = l->out->user_id;
	if (!l->out->user_id)
		return lacks(l, &a->at, pattern == &a->id ? "id" : "eap_id",
			arena_printf(l->p->arena, "%s is not who it lets in: write %%any, or give --id",
				l->w->id ? l->w->id : l->w->user));
	return !l->w->kind->own_id || own_id_matches(l);
}

/* The root above our certificate. */
static struct cert *root_of(const struct store *s, struct cert *c)
{
	for (unsigned i = 0; c && !c->self_signed && i < CHAIN_MAX; i++)
		c = store_issuer(s, c, NULL, 0);
	return c && c->self_signed ? c : NULL;
}

static bool has_certificate(struct look *l)
{
	const struct auth_conf *a = &l->peer->local;
	const struct store *s = &l->g->creds.store;
	struct cert_list named = certs_of(&a->certs, s, "x509", l->p->arena);
	struct why why = { 0 };

	cert_unref(l->g->cert);
	l->g->cert = store_own(
		s, named.v, named.n, &a->id, &(struct cert_wish){ 0 }, l->p->now, l->p->arena, &why);
	/* Of the files that the connection names it may be the only one to hold it. */
	if (l->g->cert)
		cert_ref(l->g->cert);
	certs_free(&named);
	if (!l->g->cert)
		return lacks(l, &a->at, "id", why_line(&why, l->p->arena));
	l->g->ca = root_of(s, l->g->cert);
	return l->g->ca || lacks(l, &a->at, "certs",
				   "the CA that issued this certificate is not in the folder x509ca: put it "
				   "there");
}

/* What is dialled must be a name that the certificate has: by that Apple's and Microsoft's clients know the
 * gateway. */
static bool has_the_name(struct look *l)
{
	const struct auth_conf *a = &l->peer->local;
	struct id dialled;

	l->out->gateway_id = id_print(&a->id, l->p->arena);
	l->out->gateway = l->w->server ? l->w->server : l->out->gateway_id;
	if (!addr_is_host(l->out->gateway))
		return lacks(l, &a->at, "id",
			arena_printf(l->p->arena,
				"%s is no name or address to dial: give one by --server, or write id = "
				"vpn.example.org",
				l->out->gateway));
	if (!id_parse(l->out->gateway, l->p->arena, &dialled) && cert_has_id(l->g->cert, &dialled))
		return true;
	return lacks(l, &a->at, "certs",
		arena_printf(l->p->arena,
			"its certificate is not about %s, which clients are to dial: ipsec pki issue NAME "
			"--san "
			"%s makes one that is",
			l->out->gateway, l->out->gateway));
}

/* ---------------------------------------------------------------- traffic */

static bool is_everything(const struct ts *ts)
{
	struct ip lo, hi;

	return !ip_prefix(&ts->lo, 0, &lo, &hi) && ip_eq(&lo, &ts->lo) && ip_eq(&hi, &ts->hi);
}

/* The gateway's networks as they are for a client that has addresses of these families. */
static bool leads_somewhere(struct look *l)
{
	const struct peer *c = l->peer;
	struct ts *nets;
	const struct child_conf *child = c->n_children ? &c->children[0] : NULL;

	if (!child)
		return lacks(l, &c->at, "children",
			"there is no child: write children { all { local_ts = 0.0.0.0/0 } }");
	nets = ARENA_ARRAY(l->p->arena, child->local.n, struct ts);
	l->out->nets = (struct tss){ nets, 0 };
	l->out->full = false;
	for (unsigned i = 0; i < child->local.n; i++) {
		const struct ts *ts = &child->local.v[i];

		if (ts->dynamic || !(ts->lo.v == 4 ? l->out->v4 : l->out->v6))
			continue;
		nets[l->out->nets.n++] = *ts;
		l->out->full |= is_everything(ts);
	}
	l->g->child = child;
	return l->out->nets.n ||
	       lacks(l, &child->at, "local_ts",
		       "clients would reach nothing: write local_ts = 0.0.0.0/0, or the networks "
		       "behind the gateway");
}

/* Of P those with a key exchange of their own, where there are any: both sides choose them then. */
static struct proposals with_ke(struct look *l, struct proposals p)
{
	struct proposal *v = ARENA_ARRAY(l->p->arena, p.n, struct proposal);
	unsigned n = 0;

	for (unsigned i = 0; i < p.n; i++)
		if (proposals_demand_ke((struct proposals){ &p.v[i], 1 }))
			v[n++] = p.v[i];
	return n ? (struct proposals){ v, n } : p;
}

static bool has_algorithms(struct look *l)
{
	const struct profile_kind *k = l->w->kind;
	const struct peer *c = l->peer;
	const struct child_conf *child = l->g->child;
	struct proposal_why why;
	uint8_t protocol;
	bool ike;

	if (!k->ike) {
		l->out->ike = source_has(&c->at, "proposals") ? proposals_print(c->ike, l->p->arena) : NULL;
		l->out->esp = source_has(&child->at, "esp_proposals")
				      ? proposals_print(with_ke(l, child->esp), l->p->arena)
				      : NULL;
		return true;
	}
	if (!profile_suites(k, c->ike, child->esp, l->p->arena, l->out, &why, &protocol))
		return true;
	ike = protocol == PROTO_IKE;
	return lacks(l, ike ? &c->at : &child->at, ike ? "proposals" : "esp_proposals",
		arena_printf(l->p->arena, "%s has none of these algorithms%s%s: add %s", k->says,
			why.differs ? " (" : "",
			why.differs ? arena_printf(l->p->arena, "%s)", why.differs) : "",
			why.instead ? why.instead : "default"));
}

/* In this order: a connection that comes farther is nearer to what is wanted. */
static bool (*const needs[])(struct look *l) = {
	takes_anybody,
	gives_addresses,
	asks_as_wished,
	has_the_method,
	proves_itself,
	knows_the_user,
	has_certificate,
	has_the_name,
	leads_somewhere,
	has_algorithms,
};

enum { NEEDS = sizeof needs / sizeof *needs };

/* Of a client that reaches everything the servers are asked for all names, of another one only where the
 * pools name no domain. */
static void say_left(struct look *l)
{
	if (!l->left.n)
		return;
	fprintf(l->p->x->err, "%s", text_str(&l->left));
	if (!l->out->n_domains && !l->out->full)
		l->out->n_dns = 0;
}

static int served(struct look *l)
{
	int n = 0;

	l->says = text_in(l->p->arena);
	while (n < NEEDS && needs[n](l))
		n++;
	return n;
}

int gateway_serves(struct pki *p, struct gateway *g, const struct wish *w, struct profile *out)
{
	const char *says = NULL;
	int best = -1;

	for (unsigned i = 0; i < g->conf.n_peers; i++) {
		struct look l = { .p = p, .g = g, .w = w, .out = out, .peer = g->conf.peers[i] };
		int came;

		if (w->connection && strcmp(w->connection, l.peer->name) != 0)
			continue;
		came = served(&l);
		g->peer = l.peer;
		if (came == NEEDS) {
			say_left(&l);
			return DONE;
		}
		if (came > best) {
			best = came;
			says = text_str(&l.says);
		}
	}
	if (says)
		return ipsec_fail(p->x, FAILED, "this gateway cannot serve %s: %s", w->kind->says, says);
	if (w->connection)
		return ipsec_fail(p->x, FAILED, "%s has no connection %s", g->path, w->connection);
	return ipsec_fail(p->x, FAILED,
		"%s has no connection for clients: ipsec setup gateway makes a configuration that has",
		g->path);
}
