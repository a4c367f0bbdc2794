/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Connections in strongSwan's words. */
#include "vici/describe.h"

#include "base/text.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static void put_seconds(struct vici_out *out, const char *name, uint64_t ms)
{
	vici_put_pairf(out, name, "%" PRIu64, ms / 1000);
}

static void put_texts(struct vici_out *out, const char *name, struct strings list)
{
	vici_put_list(out, name);
	for (unsigned i = 0; i < list.n; i++)
		vici_put_item(out, list.v[i]);
	vici_put_list_end(out);
}

/* -------------------------------------------------------------------- sides */

/* One round, and where it goes. */
struct round {
	struct vici_out *out;
	const struct auth_conf *auth;
	const struct vici_host *host;
	struct arena *scratch;
};

static void put_id(const struct round *r, const char *name, const struct id *id)
{
	vici_put_pair(r->out, name, id_print(id, r->scratch));
}

static void put_own_id(const struct round *r)
{
	put_id(r, "id", &r->auth->id);
}

static void put_eap_id(const struct round *r)
{
	put_id(r, "eap_id", &r->auth->eap_id);
}

static void put_aaa_id(const struct round *r)
{
	put_id(r, "aaa_id", &r->auth->aaa_id);
}

static void put_xauth_id(const struct round *r)
{
	put_id(r, "xauth_id", &r->auth->xauth_id);
}

static void put_ca_id(const struct round *r)
{
	put_id(r, "ca_id", &r->auth->ca_id);
}

static void put_revocation(const struct round *r)
{
	if (r->auth->revocation != REVOCATION_RELAXED)
		vici_put_pair(
			r->out, "revocation", r->auth->revocation == REVOCATION_STRICT ? "GOOD" : "SKIPPED");
}

static void put_eap_type(const struct round *r, int number)
{
	const char *text = eap_method_print(number, r->scratch);

	vici_put_pair(r->out, "eap-type", strcmp(text, "EAP_PT") ? text : "EAP_PT_EAP");
}

static void put_eap(const struct round *r, const char *method)
{
	const char *dash = strchr(method, '-');
	const char *type = dash ? arena_text(r->scratch, bytes_of(method, (size_t)(dash - method))) : method;
	const struct name *known = name_find(eap_methods, type);

	if (dash)
		vici_put_pair(r->out, "eap-vendor", dash + 1);
	if (dash && !known)
		vici_put_pairf(r->out, "eap-type", "(%s)", type);
	else
		put_eap_type(r, eap_method_number(type));
}

static void put_class(const struct round *r)
{
	static const char *const classes[] = {
		[AUTH_PSK] = "pre-shared key",
		[AUTH_PUBKEY] = "public key",
		[AUTH_EAP] = "EAP",
	};
	const struct auth_way *way = &r->auth->way;

	if (way->method == AUTH_ANY)
		return;
	if (way->eap)
		put_eap(r, way->eap);
	vici_put_pair(r->out, "class", classes[way->method]);
}

/* THE list of what is told of a round when its key was written. charon tells what can be there once the last
 * one first, and behind it what can be there several times, as it was written. */
static const struct told {
	const char *key;
	void (*put)(const struct round *r);
	bool once;
} told[] = {
	{ "id", put_own_id, true },
	{ "aaa_id", put_aaa_id, true },
	{ "eap_id", put_eap_id, true },
	{ "xauth_id", put_xauth_id, true },
	{ "auth", put_class, true },
	{ "revocation", put_revocation, false },
	{ "ca_id", put_ca_id, false },
};

static void put_told(const struct round *r, const char *key, bool once)
{
	for (const struct told *t = told; t < told + sizeof told / sizeof *told; t++)
		if (t->once == once && !strcmp(t->key, key))
			t->put(r);
}

static void put_certs(const struct round *r, const struct cert_confs *certs)
{
	for (unsigned i = 0; i < certs->n; i++) {
		const struct cert_conf *c = &certs->v[i];
		const char *name = r->host->cert_subject(r->host->ctx, c, r->scratch);

		if (name || c->file)
			vici_put_item(r->out, name ? name : c->file);
	}
}

/* charon calls a raw public key as whom it is for. */
static void put_cert_lists(const struct round *r)
{
	const struct auth_conf *auth = r->auth;

	vici_put_list(r->out, "certs");
	put_certs(r, &auth->certs);
	for (unsigned i = 0; i < auth->pubkeys.n && auth->id.type != ID_ANY; i++)
		vici_put_item(r->out, id_print(&auth->id, r->scratch));
	vici_put_list_end(r->out);
	vici_put_list(r->out, "cacerts");
	put_certs(r, &auth->cacerts);
	vici_put_list_end(r->out);
}

/* An identity that is not written is the certificate's. */
static void put_default_id(const struct round *r)
{
	const struct source *at = &r->auth->at;

	for (unsigned i = 0; i < at->n; i++)
		if (!strcmp(at->keys[i].key, "id"))
			return;
	if (r->auth->id.type != ID_ANY)
		put_own_id(r);
}

/* Whether LOCAL proves itself by a password. Without a method, by what the gateway asks for; who has a
 * certificate has that. */
static bool needs_password(const struct auth_conf *local)
{
	const char *method = local->way.eap;

	return local->way.method == AUTH_EAP && (method ? strcmp(method, "tls") != 0 : !local->certs.n);
}

/* Whose password is missing: a key of ours, that `ipsec up` asks for it. */
static void put_missing(const struct round *r)
{
	const struct auth_conf *a = r->auth;
	const struct id *user = a->eap_id.type == ID_ANY ? &a->id : &a->eap_id;

	if (needs_password(a) && user->type != ID_ANY && !r->host->has_password(r->host->ctx, user))
		put_id(r, "password-missing", user);
}

static void put_round(const struct round *r, const char *side, unsigned number)
{
	const struct auth_conf *auth = r->auth;
	const struct source *at = &auth->at;

	vici_put_section(r->out, arena_printf(r->scratch, "%s-%u", side, number));
	put_default_id(r);
	for (unsigned i = at->n; i-- > 0;)
		put_told(r, at->keys[i].key, true);
	for (unsigned i = 0; i < at->n; i++)
		put_told(r, at->keys[i].key, false);
	put_texts(r->out, "groups", auth->groups);
	put_texts(r->out, "cert_policy", auth->cert_policy);
	put_cert_lists(r);
	if (!strcmp(side, "local"))
		put_missing(r);
	vici_put_section_end(r->out);
}

static void put_rounds(struct vici_out *out, const char *side, const struct auth_conf *first,
	const struct vici_host *host, struct arena *scratch)
{
	unsigned n = 0;

	for (const struct auth_conf *a = first; a; a = a->next)
		put_round(&(struct round){ out, a, host, scratch }, side, ++n);
}

/* ----------------------------------------------------------------- children */

static const char *action_name(enum child_action a)
{
	static const char *const names[] = {
		[ACTION_NONE] = "none",
		[ACTION_TRAP] = "trap",
		[ACTION_START] = "start",
		[ACTION_TRAP_START] = "trap|start",
	};

	return names[a];
}

const char *vici_mode_name(enum child_mode m)
{
	static const char *const names[] = {
		[MODE_TUNNEL] = "TUNNEL",
		[MODE_TRANSPORT] = "TRANSPORT",
		[MODE_TRANSPORT_PROXY] = "TRANSPORT_PROXY",
		[MODE_IPTFS] = "IPTFS",
		[MODE_BEET] = "BEET",
		[MODE_PASS] = "PASS",
		[MODE_DROP] = "DROP",
	};

	return names[m];
}

/* In hexadecimal, with the NUL octet that ends it on the wire. */
static void put_label(struct vici_out *out, const char *label, struct arena *scratch)
{
	struct text hex = text_in(scratch);

	do
		text_add(&hex, "%02x", (unsigned char)*label);
	while (*label++);
	vici_put_pair(out, "label", text_str(&hex));
}

static void put_child_conf(struct vici_out *out, const struct child_conf *c, struct arena *scratch)
{
	vici_put_section(out, c->name);
	vici_put_pair(out, "mode", vici_mode_name(c->mode));
	if (c->label)
		put_label(out, c->label, scratch);
	put_seconds(out, "rekey_time", c->rekey_time);
	vici_put_pairf(out, "rekey_bytes", "%" PRIu64, c->rekey_bytes);
	vici_put_pairf(out, "rekey_packets", "%" PRIu64, c->rekey_packets);
	vici_put_pair(out, "dpd_action", action_name(c->dpd_action));
	vici_put_pair(out, "close_action", action_name(c->close_action));
	vici_put_selectors(out, "local-ts", c->local);
	vici_put_selectors(out, "remote-ts", c->remote);
	if (c->interface)
		vici_put_pair(out, "interface", c->interface);
	if (c->priority)
		vici_put_pairf(out, "priority", "%" PRIu32, c->priority);
	vici_put_pair(out, "start_action", action_name(c->start_action));
	if (c->peer->preset && c->esp.n)
		vici_put_pair(out, "esp_proposals", proposals_print(c->esp, scratch));
	vici_put_section_end(out);
}

/* -------------------------------------------------------------- connections */

static const char *pattern_print(const struct addr_pattern *p, struct arena *scratch)
{
	char lo[IP_TEXT], hi[IP_TEXT];
	unsigned bits;

	if (p->name)
		return p->name;
	if (!p->lo.v)
		return "%any";
	ip_print(&p->lo, lo);
	if (addr_pattern_single(p))
		return arena_str(scratch, lo);
	if (ip_range_prefix(&p->lo, &p->hi, &bits))
		return arena_printf(scratch, "%s/%u", lo, bits);
	return arena_printf(scratch, "%s-%s", lo, ip_print(&p->hi, hi));
}

static void put_patterns(struct vici_out *out, const char *name, const struct addr_pattern *v, unsigned n,
	struct arena *scratch)
{
	vici_put_list(out, name);
	for (unsigned i = 0; i < n; i++)
		vici_put_item(out, pattern_print(&v[i], scratch));
	vici_put_list_end(out);
}

static const char *unique_name(enum unique_policy u)
{
	static const char *const names[] = {
		[UNIQUE_NEVER] = "UNIQUE_NEVER",
		[UNIQUE_NO] = "UNIQUE_NO",
		[UNIQUE_KEEP] = "UNIQUE_KEEP",
		[UNIQUE_REPLACE] = "UNIQUE_REPLACE",
	};

	return names[u];
}

static void put_times(struct vici_out *out, const struct peer *p)
{
	put_seconds(out, "reauth_time", p->reauth_time);
	put_seconds(out, "rekey_time", p->rekey_time);
	vici_put_pair(out, "unique", unique_name(p->unique));
	if (p->dpd_delay)
		put_seconds(out, "dpd_delay", p->dpd_delay);
	if (p->dpd_timeout)
		put_seconds(out, "dpd_timeout", p->dpd_timeout);
}

static void put_ppk(struct vici_out *out, const struct peer *p, struct arena *scratch)
{
	if (p->ppk_id.type != ID_ANY)
		vici_put_pair(out, "ppk_id", id_print(&p->ppk_id, scratch));
	if (p->ppk_required)
		vici_put_pair(out, "ppk_required", "yes");
}

void vici_put_conn(
	struct vici_out *out, const struct peer *p, const struct vici_host *host, struct arena *scratch)
{
	struct vici_failures failures;

	vici_put_section(out, p->name);
	put_patterns(out, "local_addrs", p->local_addrs, p->n_local_addrs, scratch);
	put_patterns(out, "remote_addrs", p->remote_addrs, p->n_remote_addrs, scratch);
	vici_put_pair(out, "version", "IKEv2");
	put_times(out, p);
	put_ppk(out, p, scratch);
	put_rounds(out, "local", &p->local, host, scratch);
	put_rounds(out, "remote", &p->remote, host, scratch);
	vici_put_section(out, "children");
	for (unsigned i = 0; i < p->n_children + p->n_shunts; i++)
		put_child_conf(out, &p->children[i], scratch);
	vici_put_section_end(out);
	if (p->preset) { /* which stands for values that nobody has written */
		vici_put_pair(out, "peer", p->preset);
		vici_put_pair(out, "proposals", proposals_print(p->ike, scratch));
	}
	vici_put_pair(out, "origin", p->origin == ORIGIN_VICI ? "vici" : "file");
	if (p->unready)
		vici_put_pair(out, "unready", p->unready);
	host->failures(host->ctx, p->name, scratch, &failures);
	vici_put_outage(out, &failures, host->now(host->ctx));
	vici_put_section_end(out);
}
