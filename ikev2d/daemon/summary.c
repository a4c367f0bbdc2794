/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One function an action. */
#include "daemon/summary.h"

#include "base/names.h"
#include "crypto/prf.h"
#include "daemon/line.h"
#include "daemon/opened.h"
#include "wire/message.h"
#include "wire/print.h"

#include <inttypes.h>

enum { SUM = 8, DIGEST = 16 /* octets of a digest that are written */ };

struct summary_of {
	struct ike *ike;
	bool secrets;
	struct text *line;
};

/* ------------------------------------------------------------------- pieces */

static void print_digest(const struct bytes *parts, unsigned n, size_t octets, char *out)
{
	static const char digits[] = "0123456789abcdef";
	uint8_t sum[PRF_OUT_MAX];
	size_t size;

	if (digest("SHA256", parts, n, sum, &size))
		memset(sum, 0, sizeof sum);
	for (size_t i = 0; i < octets; i++) {
		*out++ = digits[sum[i] >> 4];
		*out++ = digits[sum[i] & 15];
	}
	*out = 0;
}

static void add_sum(struct text *line, const char *key, struct bytes b)
{
	char sum[2 * SUM + 1];

	print_digest(&b, 1, SUM, sum);
	text_add(line, " %s=%zu sum=%s", key, b.n, sum);
}

/* Octets that are a secret, or that a secret has made. */
static void add_secret(const struct summary_of *s, const char *key, struct bytes b)
{
	if (!b.n)
		return;
	if (s->secrets)
		add_sum(s->line, key, b);
	else
		line_number(s->line, key, b.n);
}

static void add_transform(struct text *line, const char *key, const struct transform *t)
{
	line_add(line, key, t ? t->name : NULL);
}

static void add_id(struct text *line, const char *key, const struct id *id)
{
	line_add(line, key, id_print(id, line->arena));
}

static void add_ip(struct text *line, const char *key, const struct ip *ip)
{
	char text[IP_TEXT];

	if (ip->v)
		line_add(line, key, ip_print(ip, text));
}

static void add_addr(struct text *line, const char *key, const struct addr *a)
{
	char text[ADDR_TEXT];

	line_add(line, key, addr_print(a, text));
}

static void add_path(struct text *line, const struct path *p)
{
	add_addr(line, "local", &p->local);
	add_addr(line, "remote", &p->remote);
	if (p->marker)
		line_add(line, "marker", "yes");
	if (p->tcp)
		line_add(line, "tcp", "yes");
}

static void add_selectors(struct text *line, struct tss local, struct tss remote)
{
	line_add(line, "local-ts", tss_print(local, line->arena));
	line_add(line, "remote-ts", tss_print(remote, line->arena));
}

static void add_number(struct text *line, const char *key, uint64_t n)
{
	if (n)
		line_number(line, key, n);
}

static void add_spi(struct text *line, const char *key, uint32_t spi)
{
	text_add(line, " %s=%08x", key, spi);
}

static void add_flag(struct text *line, const char *key, bool set)
{
	if (set)
		line_add(line, key, "yes");
}

static void add_child(struct text *line, const struct child_conf *c)
{
	line_add(line, "of", c ? arena_printf(line->arena, "%s/%s", c->peer->name, c->name) : NULL);
}

/* Of a tunnel nothing. */
static void add_mode(struct text *line, enum child_mode mode)
{
	if (mode != MODE_TUNNEL)
		line_add(line, "mode", name_word(child_modes, (int)mode));
}

static void add_why(struct text *line, const struct why *why)
{
	struct why shown = *why;

	shown.where = NULL;
	line_why(line, &shown);
}

/* ---------------------------------------------------------------- datagrams */

static void print_sealed(const struct wire_header *h, const struct opened *o, struct text *out)
{
	struct bytes inner = bytes_of(o->data.p + IKE_HEADER, o->data.n - IKE_HEADER);
	struct message m = { .header = *h };
	uint8_t bad;

	if (message_get(inner, 0, o->first, out->arena, &m, &bad))
		text_add(out, "?");
	else
		message_print_payloads(&m, out);
}

static bool is_fragment(struct bytes datagram)
{
	return datagram.n >= IKE_HEADER + PAYLOAD_HEADER + FRAGMENT_HEADER &&
	       datagram.p[NEXT_AT] == PAYLOAD_SKF;
}

/* "SKF 3/3". */
static void print_fragment(struct bytes datagram, struct text *out)
{
	struct rd r = rd_of(bytes_of(datagram.p + IKE_HEADER + PAYLOAD_HEADER, FRAGMENT_HEADER));
	unsigned number = rd_u16(&r);

	text_add(out, "SKF %u/%u", number, rd_u16(&r));
}

const char *summary_datagram(struct bytes datagram, const struct opened *opened, struct arena *arena)
{
	struct text t = text_in(arena);
	struct message m = { 0 };
	uint8_t bad;

	if (header_get(datagram, &m.header))
		return "?";
	message_print_header(&m.header, &t);
	text_add(&t, ": ");
	if (is_fragment(datagram)) {
		print_fragment(datagram, &t);
	} else if (opened_sealed(datagram)) {
		text_add(&t, "SK {");
		if (opened)
			print_sealed(&m.header, opened, &t);
		else
			text_add(&t, "?");
		text_add(&t, "}");
	} else if (message_get(bytes_of(datagram.p + IKE_HEADER, datagram.n - IKE_HEADER), IKE_HEADER,
			   m.header.next, arena, &m, &bad)) {
		text_add(&t, "?");
	} else {
		message_print_payloads(&m, &t);
	}
	return text_str(&t);
}

static void send(const struct summary_of *s, const struct ike_action *a)
{
	struct bytes data = a->send.data, counted = data;
	struct opened opened;
	bool sealed = opened_sealed(data),
	     is_open = sealed && opened_get(s->ike, false, data, s->line->arena, &opened);

	add_path(s->line, &a->send.path);
	line_number(s->line, "octets", data.n);
	if (is_open && !s->secrets)
		counted = opened.data;
	else if (sealed && !s->secrets)
		counted = bytes_of(data.p, IKE_HEADER);
	add_sum(s->line, "counted", counted);
	line_add(s->line, "about", summary_datagram(data, is_open ? &opened : NULL, s->line->arena));
}

static void keepalive(const struct summary_of *s, const struct ike_action *a)
{
	add_path(s->line, &a->send.path);
}

/* ------------------------------------------------------------ other actions */

static const struct name questions[] = {
	{ ASK_ROUTE, "route" },
	{ ASK_PATHS, "paths" },
	{ ASK_KEY_PAIR, "key-pair" },
	{ ASK_RESPOND, "respond" },
	{ ASK_AGREE, "agree" },
	{ ASK_PROOF, "proof" },
	{ ASK_CHECK, "check" },
	{ ASK_EAP, "eap" },
	{ ASK_PPK, "ppk" },
	{ ASK_PPK_CONFIRM, "ppk-confirm" },
	{ ASK_USAGE, "usage" },
	{ ASK_LEASE, "lease" },
	{ 0, NULL },
};

static void add_proof(const struct summary_of *s, const struct ike_question *q)
{
	add_id(s->line, "local-id", &q->local);
	add_id(s->line, "remote-id", &q->remote);
	if (q->hashes.n)
		add_sum(s->line, "hashes", q->hashes);
	if (q->methods.n)
		add_sum(s->line, "methods", q->methods);
	add_flag(s->line, "certreq", q->wants & WANTS_CERT);
	add_flag(s->line, "raw-key", q->wants & WANTS_RAW_KEY);
	add_flag(s->line, "ocsp", q->wants & WANTS_OCSP);
	add_flag(s->line, "url", q->wants & WANTS_URL);
	if (q->certreqs.n)
		add_sum(s->line, "certreqs", q->certreqs);
	if (q->method)
		line_number(s->line, "method", q->method);
	for (unsigned i = 0; i < q->certs.n; i++)
		add_sum(s->line, "cert", q->certs.v[i].data);
}

static void add_eap(const struct summary_of *s, const struct ike_question *q)
{
	line_number(s->line, "conversation", q->eap.conversation);
	add_flag(s->line, "authenticator", q->eap.authenticator);
	add_flag(s->line, "alone", q->eap.alone);
	add_path(s->line, &q->eap.path);
	add_id(s->line, "local-id", &q->local);
	add_id(s->line, "remote-id", &q->remote);
	add_secret(s, "packet", q->eap.packet);
}

static void eap_end(const struct summary_of *s, const struct ike_action *a)
{
	line_number(s->line, "conversation", a->eap_end.conversation);
}

static void ask(const struct summary_of *s, const struct ike_action *a)
{
	const struct ike_question *q = &a->ask;

	line_add(s->line, "what", name_word(questions, (int)q->kind));
	line_add(s->line, "conn", q->peer ? q->peer->name : NULL);
	add_ip(s->line, "local", &q->hosts.local);
	add_ip(s->line, "remote", &q->hosts.remote);
	for (unsigned i = 0; i < q->remotes.n; i++)
		add_ip(s->line, "to", &q->remotes.v[i]);
	line_add(s->line, "gateway", q->gateway);
	add_transform(s->line, "ke", q->ke);
	add_transform(s->line, "prf", q->prf);
	if (q->peer_public.n)
		add_sum(s->line, "peer-public", q->peer_public);
	add_secret(s, "secret", q->secret);
	if (q->kind == ASK_EAP)
		add_eap(s, q);
	if (q->kind == ASK_PROOF || q->kind == ASK_CHECK)
		add_proof(s, q);
	if (q->kind == ASK_LEASE)
		add_id(s->line, "for", &q->remote);
	if (q->kind == ASK_LEASE && q->eap.conversation)
		line_number(s->line, "conversation", q->eap.conversation);
	add_flag(s->line, "stays", q->stays);
	add_flag(s->line, "replaces", q->replaces);
	add_secret(s, "octets", q->octets);
	for (unsigned i = 0; i < q->n_children; i++)
		line_number(s->line, "child", q->children[i]);
	add_secret(s, "proof", q->proof);
}

static void add_mark(struct text *line, const char *key, const struct mark *m)
{
	if (m->value | m->mask)
		line_add(line, key, arena_printf(line->arena, "0x%x/0x%x", m->value, m->mask));
}

static void add_marks(struct text *line, const struct sa_marks *m)
{
	add_mark(line, "mark-in", &m->in);
	add_mark(line, "mark-out", &m->out);
	if (m->if_id_in)
		line_number(line, "if-id-in", m->if_id_in);
	if (m->if_id_out)
		line_number(line, "if-id-out", m->if_id_out);
}

static void sa_add(const struct summary_of *s, const struct ike_action *a)
{
	const struct sa_spec *spec = &a->sa_add;

	line_add(s->line, "way", spec->inbound ? "in" : "out");
	add_spi(s->line, "spi", spec->spi);
	line_number(s->line, "child", spec->child);
	line_number(s->line, "policy", spec->policy);
	add_child(s->line, spec->conf);
	add_mode(s->line, spec->mode);
	add_marks(s->line, &spec->marks);
	line_add(s->line, "suite", suite_print(&spec->suite, s->line->arena));
	add_secret(s, "encr-key", spec->encr_key);
	add_secret(s, "integ-key", spec->integ_key);
	add_flag(s->line, "encap", spec->encap);
	add_flag(s->line, "tcp", spec->tcp);
	if (spec->per_cpu)
		line_number(s->line, "per-cpu", spec->resource);
	if (spec->tfc_padding)
		line_number(s->line, "tfc-padding", spec->tfc_padding);
	add_flag(s->line, "whole", spec->whole);
	add_addr(s->line, "local", &spec->local);
	add_addr(s->line, "remote", &spec->remote);
	add_selectors(s->line, spec->local_ts, spec->remote_ts);
}

static void sa_del(const struct summary_of *s, const struct ike_action *a)
{
	line_number(s->line, "child", a->sa_del.child);
	line_add(s->line, "way", a->sa_del.inbound ? "in" : "out");
}

static void sa_move(const struct summary_of *s, const struct ike_action *a)
{
	line_number(s->line, "child", a->sa_move.child);
	add_addr(s->line, "local", &a->sa_move.local);
	add_addr(s->line, "remote", &a->sa_move.remote);
	add_flag(s->line, "encap", a->sa_move.encap);
	add_flag(s->line, "tcp", a->sa_move.tcp);
}

static void sa_select(const struct summary_of *s, const struct ike_action *a)
{
	line_number(s->line, "policy", a->sa_select.policy);
	line_number(s->line, "child", a->sa_select.child);
}

static void policy_add(const struct summary_of *s, const struct ike_action *a)
{
	const struct policy_spec *spec = &a->policy_add;

	line_number(s->line, "policy", spec->id);
	line_number(s->line, "reqid", spec->reqid);
	add_child(s->line, spec->conf);
	add_marks(s->line, &spec->marks);
	add_flag(s->line, "trap", spec->trap);
	add_flag(s->line, "per-cpu", spec->per_cpu);
	add_flag(s->line, "ah", spec->protocol == PROTO_AH);
	add_mode(s->line, spec->mode);
	add_ip(s->line, "local", &spec->local);
	add_ip(s->line, "remote", &spec->remote);
	add_selectors(s->line, spec->local_ts, spec->remote_ts);
}

static void policy_del(const struct summary_of *s, const struct ike_action *a)
{
	line_number(s->line, "policy", a->policy_del.policy);
}

static void vip(const struct summary_of *s, const struct ike_action *a)
{
	add_ip(s->line, "ip", &a->vip.ip);
	add_ip(s->line, "remote", &a->vip.remote);
}

/* --------------------------------------------------------------------- news */

static const struct name news[] = {
	{ TELL_LOG, "log" },
	{ TELL_DROPPED, "dropped" },
	{ TELL_REFUSED, "refused" },
	{ TELL_SA_UP, "sa-up" },
	{ TELL_SA_DOWN, "sa-down" },
	{ TELL_CHILD_UP, "child-up" },
	{ TELL_CHILD_DOWN, "child-down" },
	{ TELL_SA_MOVED, "sa-moved" },
	{ TELL_SA_REKEYED, "sa-rekeyed" },
	{ TELL_CHILD_REKEYED, "child-rekeyed" },
	{ TELL_DONE, "done" },
	{ 0, NULL },
};

static void print_child(const struct child_record *c, struct text *out)
{
	text_add(out,
		"%s{%u} %s reqid %u spi %08x/%08x %s%s%s%s ts %s === %s at %" PRIu64 "/%" PRIu64 "/%" PRIu64,
		c->name, c->id, c->state, c->reqid, c->spi_in, c->spi_out, suite_print(&c->suite, out->arena),
		c->mode ? " " : "", c->mode ? name_word(child_modes, (int)c->mode) : "",
		c->encap ? " encap" : "", tss_print(c->local_ts, out->arena),
		tss_print(c->remote_ts, out->arena), c->installed_ms, c->rekey_ms, c->life_ms);
}

static void add_vips(struct text *out, const char *key, const struct vips *vips)
{
	char one[IP_TEXT];

	for (unsigned i = 0; i < vips->n; i++)
		text_add(out, "%s %s", i ? "" : key, ip_print(&vips->v[i], one));
}

/* A whole record, as one value. */
static void add_record(struct text *line, const char *key, const struct sa_record *r)
{
	struct text t = text_in(line->arena);
	char local[ADDR_TEXT], remote[ADDR_TEXT];

	if (!r)
		return;
	text_add(&t, "%s[%u] %s spi %016" PRIx64 "%s/%016" PRIx64 "%s %s[%s] %s[%s]%s %s%s%s%s%s", r->name,
		r->id, r->state, r->spi_i, r->initiator ? "*" : "", r->spi_r, r->initiator ? "" : "*",
		addr_print(&r->path.local, local), id_print(&r->local_id, line->arena),
		addr_print(&r->path.remote, remote), id_print(&r->remote_id, line->arena),
		r->path.tcp      ? " tcp"
		: r->path.marker ? " marker"
				 : "",
		suite_print(&r->suite, line->arena), r->nat_local ? " nat-local" : "",
		r->nat_remote ? " nat-remote" : "", r->nat_fake ? " nat-fake" : "",
		r->crash_token ? " crash-token" : "");
	text_add(&t, " at %" PRIu64 "/%" PRIu64 "/%" PRIu64 " tasks %u+%u+%u", r->established_ms, r->rekey_ms,
		r->reauth_ms, r->tasks_active.n, r->tasks_queued.n, r->tasks_passive.n);
	add_vips(&t, " vips", &r->local_vips);
	add_vips(&t, " peer-vips", &r->remote_vips);
	for (unsigned i = 0; i < r->n_children; i++) {
		text_add(&t, "; ");
		print_child(&r->children[i], &t);
	}
	line_add(line, key, text_str(&t));
}

static void tell(const struct summary_of *s, const struct ike_action *a)
{
	const struct ike_tell *t = &a->tell;

	line_add(s->line, "what", name_word(news, (int)t->kind));
	line_number(s->line, "level", t->level);
	line_add(s->line, "group", t->group);
	line_add(s->line, "conn", t->name);
	add_number(s->line, "sa", t->sa);
	add_number(s->line, "child", t->child);
	add_number(s->line, "old", t->old);
	if (t->kind == TELL_SA_MOVED || t->path.remote.ip.v)
		add_path(s->line, &t->path);
	for (unsigned i = 0; i < t->n_tickets; i++)
		line_number(s->line, "waits", t->tickets[i]);
	if (t->kind == TELL_DONE) {
		line_add(s->line, "success", t->success ? "yes" : "no");
		add_number(s->line, "matches", t->matches);
		add_number(s->line, "terminated", t->terminated);
	}
	line_add(s->line, "alert", t->alert);
	line_add(s->line, "text", t->text);
	if (t->why)
		add_why(s->line, t->why);
	add_record(s->line, "record", t->record);
	add_record(s->line, "old-record", t->old_record);
}

/* ---------------------------------------------------------------- all of it */

static const struct {
	const char *word;
	void (*print)(const struct summary_of *s, const struct ike_action *a);
} table[] = {
	[ACTION_SEND] = { "send", send },
	[ACTION_KEEPALIVE] = { "keepalive", keepalive },
	[ACTION_ASK] = { "ask", ask },
	[ACTION_EAP_END] = { "eap-end", eap_end },
	[ACTION_SA_ADD] = { "sa-add", sa_add },
	[ACTION_SA_DEL] = { "sa-del", sa_del },
	[ACTION_SA_MOVE] = { "sa-move", sa_move },
	[ACTION_SA_SELECT] = { "sa-select", sa_select },
	[ACTION_POLICY_ADD] = { "policy-add", policy_add },
	[ACTION_POLICY_DEL] = { "policy-del", policy_del },
	[ACTION_VIP_ADD] = { "vip-add", vip },
	[ACTION_VIP_DEL] = { "vip-del", vip },
	[ACTION_LEASE_FREE] = { "lease-free", vip },
	[ACTION_TELL] = { "tell", tell },
};

static const char *summary_line(
	struct ike *ike, const struct ike_action *a, bool secrets, struct arena *arena)
{
	struct text line = text_in(arena);

	text_add(&line, "%s", table[a->kind].word);
	add_number(&line, "ticket", a->ticket);
	table[a->kind].print(&(struct summary_of){ ike, secrets, &line }, a);
	return text_str(&line);
}

void summary_make(
	struct ike *ike, const struct ike_out *out, bool secrets, struct arena *arena, struct summary *s)
{
	struct text all = text_in(arena);
	struct bytes octets;

	*s = (struct summary){ 0 };
	for (const struct ike_action *a = out->actions; a; a = a->next)
		s->n++;
	s->lines = ARENA_ARRAY(arena, s->n, const char *);
	s->n = 0;
	for (const struct ike_action *a = out->actions; a; a = a->next) {
		s->lines[s->n] = summary_line(ike, a, secrets, arena);
		text_add(&all, "%s\n", s->lines[s->n++]);
	}
	text_add(&all, "%" PRIu64, out->wake);
	octets = bytes_str(text_str(&all));
	print_digest(&octets, 1, DIGEST, s->digest);
}
