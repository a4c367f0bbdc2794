/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the table cannot say: times that follow from others, and what must fit together. */
#include "conf/conn.h"

#include "base/dict.h"
#include "conf/preset.h"
#include "conf/section.h"
#include "model/constraints.h"
#include "model/proposal_foreign.h"

enum { HOUR = 3600 * 1000 /* ms */, PAIRS_MAX = 64 /* of one child with single_pair */ };

/* A soft and a hard limit: where only one was written the other lies a tenth of the soft one away. */
static void pair_limits(const struct tree_section *s, const char *soft_key, uint64_t *soft,
	const char *hard_key, uint64_t *hard, uint64_t fallback)
{
	bool has_soft = tree_written(s, soft_key), has_hard = tree_written(s, hard_key);

	if (!has_soft)
		*soft = has_hard ? *hard - *hard / 11 - (*hard % 11 > 0) : fallback;
	if (!has_hard)
		*hard = *soft > UINT64_MAX / 2 ? UINT64_MAX : *soft + *soft / 10 + (*soft % 10 > 0);
}

static void check_limits(const struct tree_section *s, const char *soft_key, uint64_t soft,
	const char *hard_key, uint64_t hard, struct report *r)
{
	const struct tree_key *k = tree_written(s, hard_key);

	if (soft && hard && soft >= hard)
		report_error(r, k ? k->at : s->at, s, hard_key,
			"the SA would end before it is renewed; it must be longer than %s", soft_key);
}

static void child_limits(const struct tree_section *s, struct child_conf *c, struct report *r)
{
	pair_limits(s, "rekey_time", &c->rekey_time, "life_time", &c->life_time, HOUR);
	pair_limits(s, "rekey_bytes", &c->rekey_bytes, "life_bytes", &c->life_bytes, 0);
	pair_limits(s, "rekey_packets", &c->rekey_packets, "life_packets", &c->life_packets, 0);
	check_limits(s, "rekey_time", c->rekey_time, "life_time", c->life_time, r);
	check_limits(s, "rekey_bytes", c->rekey_bytes, "life_bytes", c->life_bytes, r);
	check_limits(s, "rekey_packets", c->rekey_packets, "life_packets", c->life_packets, r);
	if (!tree_written(s, "rand_time"))
		c->rand_time = c->life_time > c->rekey_time ? c->life_time - c->rekey_time : 0;
}

static void conn_times(const struct tree_section *s, struct peer *p)
{
	uint64_t longest;

	if (!tree_written(s, "rekey_time"))
		p->rekey_time = p->reauth_time ? 0 : 4 * HOUR;
	longest = p->rekey_time > p->reauth_time ? p->rekey_time : p->reauth_time;
	if (!tree_written(s, "over_time"))
		p->over_time = longest / 10;
	if (!tree_written(s, "rand_time"))
		p->rand_time = p->over_time;
}

/* Which families selectors can match: bit 0 IPv4, bit 1 IPv6; dynamic ones both. */
static unsigned families(struct tss set)
{
	unsigned found = 0;

	for (unsigned i = 0; i < set.n; i++)
		found |= set.v[i].dynamic ? 3 : set.v[i].lo.v == 6 ? 2 : 1;
	return found;
}

static void check_families(const struct tree_section *s, const struct child_conf *c, struct report *r)
{
	unsigned local = families(c->local), remote = families(c->remote);

	if (local && remote && !(local & remote))
		report_error(r, s->at, s, NULL,
			"local_ts is %s and remote_ts is %s: no packet can match both",
			local == 1 ? "IPv4" : "IPv6", remote == 1 ? "IPv4" : "IPv6");
}

static bool is_shunt(const struct child_conf *c)
{
	return c->mode == MODE_PASS || c->mode == MODE_DROP;
}

/* Keys of policies that shunts have in strongSwan, too. */
static void shunt_notes(const struct tree_section *s, struct report *r)
{
	static const char *const keys[][2] = {
		{ "priority", "what passes goes before every tunnel, what is dropped behind all of them" },
		{ "interface", "it is for all devices" },
		{ "interface_addrs", "it has no device" },
		{ "interface_routes", "it has no device" },
	};

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		const struct tree_key *k = tree_written(s, keys[i][0]);

		if (k)
			report_note(r, k->at, s, k->name, "has no effect with mode = pass or drop: %s",
				keys[i][1]);
	}
}

/* An XFRM interface has one number, for what comes and for what goes, and is there once. */
static void check_if_ids(const struct tree_section *s, const struct child_conf *c, struct report *r)
{
	const struct if_id *in = &c->if_id_in, *out = &c->if_id_out;

	in = in->drawn || in->value ? in : &c->peer->if_id_in;
	out = out->drawn || out->value ? out : &c->peer->if_id_out;
	if (in->drawn || out->drawn || in->value != out->value)
		report_error(r, tree_written(s, "interface")->at, s, "interface",
			"a device has one number: give if_id_in and if_id_out the same one, or neither, and "
			"one is chosen");
}

static void check_device(const struct tree_section *s, const struct child_conf *c, struct report *r)
{
	static const char *const keys[] = { "interface_addrs", "interface_routes" };

	if (c->interface) {
		check_if_ids(s, c, r);
		return;
	}
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		const struct tree_key *k = tree_written(s, keys[i]);

		if (k && (c->n_interface_addrs || c->interface_routes.remote || c->interface_routes.nets.n))
			report_error(r, k->at, s, k->name,
				"it is for a device of this tunnel's own: name one with interface");
	}
}

static void check_mode(const struct tree_section *s, const struct child_conf *c, struct report *r)
{
	if (is_shunt(c))
		shunt_notes(s, r);
	else if (c->mode == MODE_TRANSPORT_PROXY)
		report_later(r, tree_written(s, "mode")->at, s, "mode", "this mode is not built in yet");
	else if (c->mode == MODE_IPTFS && c->ah.n)
		report_error(r, tree_written(s, "ah_proposals")->at, s, "ah_proposals",
			"mode = iptfs is of ESP only (RFC 9347): leave ah_proposals out");
}

/* Notes what of the proposals in KEY is not built in; where nothing is left of them, the connection cannot be
 * used. */
static void check_proposals(const struct tree_section *s, const char *key, uint8_t protocol,
	const struct proposals *usable, struct report *r)
{
	const struct tree_key *k = tree_written(s, key);
	struct arena *arena = r->why->arena;
	char *rest = k ? arena_str(arena, k->value) : NULL, *item;

	while ((item = strsep(&rest, ", \t"))) {
		const char *foreign, *left = proposal_without_foreign(item, protocol, arena, &foreign);

		if (!foreign)
			continue;
		if (!usable->n) {
			report_later(r, k->at, s, key,
				"%s is not built in, and no other proposal is left (write default, or what "
				"ipsec list algs has)",
				report_quote(foreign, arena));
			return;
		}
		report_note(r, k->at, s, key, "%s is not built in: %s", report_quote(foreign, arena),
			*left ? arena_printf(arena, "this becomes %s", left) : "this proposal is not used");
	}
}

static bool has_ke(const struct proposals *list, uint16_t id)
{
	for (unsigned i = 0; i < list->n; i++)
		for (unsigned k = 0; k < list->v[i].n; k++)
			if (list->v[i].v[k].type == TRANSFORM_KE && list->v[i].v[k].id == id)
				return true;
	return false;
}

static void check_weak(
	const struct tree_section *s, const char *key, const struct proposals *list, struct report *r)
{
	if (has_ke(list, KE_MODP_1024))
		report_note(r, tree_written(s, key)->at, s, key,
			"modp1024 is weak: who has means enough can read what was recorded; let the peer use "
			"modp2048 or better, and take it out");
}

/* What is tunnelled whole for one IP version goes in the clear for the other. */
static void note_leak(const struct tree_section *s, const struct child_conf *c, struct report *r)
{
	bool whole[2] = { false, false };
	unsigned found = families(c->remote);

	for (unsigned i = 0; i < c->remote.n; i++)
		for (unsigned v6 = 0; v6 < 2; v6++) {
			struct ts every = ts_every(v6 ? 6 : 4);

			whole[v6] |= ts_contains(&c->remote.v[i], &every);
		}
	for (unsigned v6 = 0; v6 < 2 && c->kill_switch == KILL_YES; v6++)
		if (whole[!v6] && !(found & 1U << v6))
			report_note(r, tree_written(s, "kill_switch")->at, s, "kill_switch",
				"all of %s goes into the tunnel, and %s in the clear: write all, unless that "
				"is "
				"meant",
				v6 ? "IPv4" : "IPv6", v6 ? "IPv6" : "IPv4");
}

/* A mark that is drawn, or a whole one. */
static bool tells_apart(const struct mark *m)
{
	return (m->drawn || m->value) && m->mask == UINT32_MAX;
}

static void check_connmark(const struct tree_section *s, const struct child_conf *c, struct report *r)
{
	if (c->connmark && !(tells_apart(&c->mark_in) && tells_apart(&c->mark_out)))
		report_error(r, tree_written(s, "connmark")->at, s, "connmark",
			"it needs marks to tell by: write mark_in = %%unique and mark_out = %%unique");
}

static void read_child(const struct tree_section *s, struct peer *p, struct child_conf *c, struct report *r)
{
	c->name = c->group = arena_str(&p->arena, s->name);
	c->at = section_source(s, &p->arena);
	c->peer = p;
	section_read(s, CONF_CHILD, c, &p->arena, r);
	check_proposals(s, "esp_proposals", PROTO_ESP, &c->esp, r);
	check_weak(s, "esp_proposals", &c->esp, r);
	check_proposals(s, "ah_proposals", PROTO_AH, &c->ah, r);
	if (c->ah.n && !tree_written(s, "esp_proposals"))
		c->esp = (struct proposals){ 0 };
	child_conf_offer(c, &p->arena);
	child_limits(s, c, r);
	check_families(s, c, r);
	check_mode(s, c, r);
	if (!is_shunt(c))
		check_device(s, c, r);
	note_leak(s, c, r);
	check_connmark(s, c, r);
	for (const struct tree_section *sub = s->sections; sub; sub = sub->next)
		section_kind(sub, CONF_CHILD, r);
}

/* How many CHILD_SAs C stands for. */
static unsigned pairs_of(const struct child_conf *c)
{
	return c->single_pair && !is_shunt(c) ? c->local.n * c->remote.n : 1;
}

static void check_pairs(const struct tree_section *s, const struct child_conf *c, struct report *r)
{
	if (pairs_of(c) > PAIRS_MAX)
		report_error(r, s->at, s, "single_pair",
			"these selectors make %u pairs; at most %u are taken", pairs_of(c), PAIRS_MAX);
}

/* C as it is, or a child NAME-1, NAME-2, … for each pair of its selectors. */
static void add_pairs(struct peer *p, const struct child_conf *c)
{
	unsigned n = pairs_of(c);

	for (unsigned i = 0; i < n; i++) {
		struct child_conf *one = &p->children[p->n_children++];

		*one = *c;
		if (n == 1)
			continue;
		one->name = arena_printf(&p->arena, "%s-%u", c->name, i + 1);
		one->local = (struct tss){ &c->local.v[i / c->remote.n], 1 };
		one->remote = (struct tss){ &c->remote.v[i % c->remote.n], 1 };
	}
}

/* The name of a pair is no other child's. */
static void check_names(const struct tree_section *s, const struct peer *p, struct report *r)
{
	struct dict names = { 0 };

	for (struct tree_section *sub = s->sections; sub; sub = sub->next)
		if (!dict_get(&names, sub->name))
			dict_put(&names, sub->name, sub);
	for (unsigned i = 0; i < p->n_children; i++) {
		const struct child_conf *c = &p->children[i];
		const struct tree_section *other = c->name != c->group ? dict_get(&names, c->name) : NULL;

		if (other)
			report_error(r, other->at, other, NULL,
				"a pair of child %s, which has single_pair, has this name too; give one of "
				"the two "
				"children another one",
				c->group);
	}
	dict_free(&names);
}

static void read_children(const struct tree_section *s, struct peer *p, struct report *r)
{
	struct child_conf *v = ARENA_ARRAY(&p->arena, s->n_sections, struct child_conf);
	unsigned n = 0, total = 0;

	section_without_keys(s, CONF_CHILDREN, r);
	for (const struct tree_section *sub = s->sections; sub; sub = sub->next) {
		read_child(sub, p, &v[n], r);
		check_pairs(sub, &v[n], r);
		total += pairs_of(&v[n++]);
	}
	p->children = ARENA_ARRAY(&p->arena, total, struct child_conf);
	for (unsigned i = 0; i < n; i++)
		if (!is_shunt(&v[i]))
			add_pairs(p, &v[i]);
	for (unsigned i = 0; i < n; i++)
		if (is_shunt(&v[i]))
			p->children[p->n_children + p->n_shunts++] = v[i];
	check_names(s, p, r);
}

/* A certificate of a section of its own. */
static void add_cert(const struct tree_section *s, enum conf_section_kind kind, struct cert_confs *list,
	struct peer *p, struct report *r)
{
	struct cert_conf *all = ARENA_ARRAY(&p->arena, list->n + 1, struct cert_conf), *c = &all[list->n];

	if (list->n)
		memcpy(all, list->v, list->n * sizeof *all);
	section_read(s, kind, c, &p->arena, r);
	c->has_slot = tree_written(s, "slot");
	if (!c->file && !c->handle && !c->uri)
		report_error(r, s->at, s, NULL, "there is no file, handle or uri in it; write one of them");
	*list = (struct cert_confs){ all, list->n + 1 };
}

/* A round goes behind those that have the same number or a smaller one. */
static void add_round(struct auth_conf **list, struct auth_conf *a)
{
	while (*list && (*list)->round <= a->round)
		list = &(*list)->next;
	a->next = *list;
	*list = a;
}

/* A client shows a certificate in EAP-TLS alone, a server also around TTLS and PEAP. */
static bool shows_certificates(const struct auth_way *w, bool server)
{
	static const char *const shown[] = { "tls", "ttls", "peap" };

	for (size_t i = 0; w->eap && i < (server ? sizeof shown / sizeof *shown : 1); i++)
		if (eap_method_number(w->eap) == eap_method_number(shown[i]))
			return true;
	return false;
}

/* What the words of "auth" ask for. */
static void check_way(const struct tree_section *s, enum conf_section_kind kind, const struct auth_conf *a,
	struct report *r)
{
	const struct tree_key *k = tree_written(s, "auth");
	struct text why = text_in(r->why->arena);
	struct constraints c;

	if (a->way.method == AUTH_EAP && a->way.constraints &&
		!shows_certificates(&a->way, kind == CONF_LOCAL))
		report_error(r, k->at, s, "auth",
			"constraints are about certificates, and the peer shows none by this method: write "
			"them behind eap-tls, or leave them out");
	else if (a->way.constraints && constraints_parse(a->way.constraints, &c, &why))
		report_error(r, k->at, s, "auth", "%s", text_str(&why));
}

static void read_auth(const struct tree_section *s, enum conf_section_kind kind, struct peer *p,
	struct auth_conf **list, struct report *r)
{
	struct auth_conf *a = ARENA_NEW(&p->arena, struct auth_conf);

	a->at = section_source(s, &p->arena);
	section_read(s, kind, a, &p->arena, r);
	for (const struct tree_section *sub = s->sections; sub; sub = sub->next) {
		enum conf_section_kind sub_kind = section_kind(sub, kind, r);

		if (sub_kind != CONF_SECTIONS_MAX)
			add_cert(sub, sub_kind, sub_kind == CONF_CACERT ? &a->cacerts : &a->certs, p, r);
	}
	check_way(s, kind, a, r);
	if (kind == CONF_LOCAL && id_is_pattern(&a->id))
		report_error(r, tree_written(s, "id")->at, s, "id",
			"this stands for many identities; write the one that is ours");
	add_round(list, a);
}

/* With RFC 8784 a post-quantum key is mixed in before AUTH is made, which then is made once. */
static void check_rounds(const struct tree_section *s, const struct peer *p, struct report *r)
{
	bool several = p->local.next || p->remote.next,
	     eap = p->local.way.method == AUTH_EAP || p->remote.way.method == AUTH_EAP;
	const struct tree_key *k = tree_written(s, "ppk_id");

	if ((p->ppk_id.type != ID_ANY || p->ppk_required) && p->ppk_exchange != PPK_IN_INTERMEDIATE &&
		(several || eap))
		report_later(r, k ? k->at : s->at, s, "ppk_id",
			"a post-quantum preshared key with %s is not built in yet but with ppk_exchange = "
			"intermediate",
			eap ? "EAP" : "several rounds of authentication");
}

/* A side without a section proves itself as one with an empty section would. */
static struct auth_conf first_round(const struct auth_conf *list, struct peer *p, const char *side)
{
	struct source at = { .section = arena_printf(&p->arena, "%s.%s", p->at.section, side),
		.file = p->at.file,
		.line = p->at.line };

	return list ? *list : (struct auth_conf){ .revocation = REVOCATION_RELAXED, .at = at };
}

struct peer *conn_read(const struct tree_section *s, enum origin origin, struct report *r)
{
	struct peer *p = peer_new();
	struct auth_conf *local = NULL, *remote = NULL;

	r->later = NULL;
	s = preset_fill(s, r->why->arena);
	p->name = arena_str(&p->arena, s->name);
	p->origin = origin;
	p->at = section_source(s, &p->arena);
	section_read(s, CONF_CONNECTION, p, &p->arena, r);
	check_proposals(s, "proposals", PROTO_IKE, &p->ike, r);
	check_weak(s, "proposals", &p->ike, r);
	conn_times(s, p);
	for (const struct tree_section *sub = s->sections; sub; sub = sub->next) {
		enum conf_section_kind kind = section_kind(sub, CONF_CONNECTION, r);

		if (kind == CONF_CHILDREN)
			read_children(sub, p, r);
		else if (kind != CONF_SECTIONS_MAX)
			read_auth(sub, kind, p, kind == CONF_LOCAL ? &local : &remote, r);
	}
	p->local = first_round(local, p, "local");
	p->remote = first_round(remote, p, "remote");
	check_rounds(s, p, r);
	p->unready = r->later ? arena_str(&p->arena, r->later) : NULL;
	if (!p->n_children && !p->n_shunts)
		report_note(r, s->at, s, NULL, "has no children, so it carries no traffic");
	return p;
}
