/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hosts: what their cores want is done, and what they are configured as. */
#include "tests/pair/lab_inside.h"

#include "base/heap.h"
#include "daemon/lacking.h"
#include "daemon/record.h"
#include "wire/message.h"

#include <stdlib.h>
#include <unistd.h>

/* ------------------------------------------------------------------ actions */

static void vip_add(struct host *h, const struct ip *ip)
{
	if (h->n_vips == LAB_VIPS)
		lab_stop("there is no room for another virtual address");
	h->vips[h->n_vips++] = *ip;
}

static void vip_del(struct host *h, const struct ip *ip)
{
	unsigned i = 0;

	while (i < h->n_vips && !ip_eq(&h->vips[i], ip))
		i++;
	if (i == h->n_vips)
		lab_stop("a virtual address was taken away that is not there");
	h->vips[i] = h->vips[--h->n_vips];
}

static void install(struct host *h, const struct ike_action *a)
{
	enum asked what = a->kind == ACTION_POLICY_ADD ? ASKED_POLICY
			  : a->sa_add.inbound          ? ASKED_SA_IN
						       : ASKED_SA_OUT;
	bool exists = h->exists & what && h->times;
	struct coming *c;

	if (!a->ticket)
		lab_stop("an installation without a ticket");
	datapath_do(&h->datapath, a, h->fails & what || exists);
	c = host_coming(h, a->ticket, what);
	if (exists) {
		h->times--;
		c->answer.result = ERR_EXISTS;
		c->answer.why.what = "somebody else has it";
	}
}

static const char *text_copy(struct arena *arena, const char *s)
{
	return s ? arena_str(arena, s) : NULL;
}

static void hear(struct host *h, const struct ike_tell *tell)
{
	struct news *n = calloc(1, sizeof *n);
	struct why *why = ARENA_NEW(&n->arena, struct why);
	uint32_t *tickets = ARENA_ARRAY(&n->arena, tell->n_tickets, uint32_t);

	n->tell = *tell;
	n->tell.name = text_copy(&n->arena, tell->name);
	n->tell.text = text_copy(&n->arena, tell->text);
	n->tell.alert = text_copy(&n->arena, tell->alert);
	n->tell.record = NULL;
	if (tell->n_tickets)
		memcpy(tickets, tell->tickets, tell->n_tickets * sizeof *tickets);
	n->tell.tickets = tickets;
	if (tell->why)
		*why = why_copy(&n->arena, tell->why);
	n->tell.why = tell->why ? why : NULL;
	list_append(&h->news, &n->node);
	if (tell->text)
		lab_trace(h->lab, tell->text, strlen(tell->text));
}

void news_free(struct news *n)
{
	list_remove(&n->node);
	arena_free(&n->arena);
	free(n);
}

static void carry_out(struct host *h, const struct ike_action *a)
{
	static const uint8_t keepalive[1] = { 0xff };

	lab_trace(h->lab, &a->kind, sizeof a->kind);
	lab_trace(h->lab, &a->ticket, sizeof a->ticket);
	switch (a->kind) {
	case ACTION_SEND: lab_send(h, &a->send.path, a->send.data, false); break;
	case ACTION_KEEPALIVE: lab_send(h, &a->send.path, bytes_of(keepalive, 1), true); break;
	case ACTION_ASK: host_ask(h, a->ticket, &a->ask); break;
	case ACTION_EAP_END: charade_end(&h->eap, a->eap_end.conversation); break;
	case ACTION_SA_ADD:
	case ACTION_POLICY_ADD: install(h, a); break;
	case ACTION_SA_DEL:
	case ACTION_SA_MOVE:
	case ACTION_SA_SELECT:
	case ACTION_POLICY_DEL: datapath_do(&h->datapath, a, false); break;
	case ACTION_VIP_ADD: vip_add(h, &a->vip.ip); break;
	case ACTION_VIP_DEL: vip_del(h, &a->vip.ip); break;
	case ACTION_LEASE_FREE: leases_put(&h->leases, &a->vip.ip); break;
	case ACTION_TELL: hear(h, &a->tell); break;
	}
}

/* ------------------------------------------------------------------- events */

/* Whether it may tell the peer of a new SA. */
static bool is_answer(struct bytes data)
{
	struct wire_header h;

	return !header_get(data, &h) && h.flags & FLAG_RESPONSE &&
	       (h.exchange == IKE_AUTH || h.exchange == CREATE_CHILD_SA);
}

static void step(struct host *h, const struct ike_event *event)
{
	struct arena scratch = { 0 };
	bool answered = false;
	struct ike_out out = record_step(h->record, h->ike, event, h->lab->now, h->rng, &scratch);

	lab_trace(h->lab, &h->lab->now, sizeof h->lab->now);
	for (const struct ike_action *a = out.actions; a; a = a->next) {
		carry_out(h, a);
		answered |= a->kind == ACTION_SEND && is_answer(a->send.data);
		if (answered && (a->kind == ACTION_SA_SELECT || a->kind == ACTION_SA_ADD) &&
			!h->datapath.misuse)
			h->datapath.misuse = "the peer heard of an SA before it was ready";
	}
	h->wake = out.wake;
	if (h->wake <= h->lab->now)
		lab_stop("a core wants to be woken at once after its step");
	arena_free(&scratch);
}

/* Answers that have come reach the core, in the order in which they were asked for. */
static struct coming *come(const struct host *h)
{
	list_each (n, (struct node *)&h->answers) {
		struct coming *c = node_owner(n, struct coming, node);

		if (c->at <= h->lab->now)
			return c;
	}
	return NULL;
}

void host_answers(struct host *h)
{
	struct coming *c;

	while ((c = come(h))) {
		list_remove(&c->node);
		step(h, &(struct ike_event){ .kind = EVENT_ANSWER, .answer = c->answer });
		coming_free(c);
	}
}

void host_event(struct host *h, const struct ike_event *event)
{
	step(h, event);
	host_answers(h);
}

void host_answer(struct host *h, bool fails)
{
	struct coming *c = node_owner(h->answers.next, struct coming, node);

	if (list_empty(&h->answers))
		return;
	c->at = h->lab->now;
	if (fails)
		c->answer.result = ERR_MISSING;
	host_answers(h);
}

const struct sa_record *host_records(const struct host *h, struct arena *arena, unsigned *n)
{
	unsigned listed;
	const uint64_t *keys = ike_sas(h->ike, arena, &listed);
	struct sa_record *v = ARENA_ARRAY(arena, listed, struct sa_record);

	*n = 0;
	for (unsigned i = 0; i < listed; i++)
		*n += ike_record(h->ike, keys[i], arena, &v[*n]);
	return v;
}

void host_command(struct host *h, const struct ike_command *command)
{
	host_event(h, &(struct ike_event){ .kind = EVENT_COMMAND, .command = *command });
}

/* ------------------------------------------------------------ configuration */

static void configure(struct host *h)
{
	const struct conf *c = &h->conf.conf;

	leases_configure(&h->leases, c->pools, c->n_pools);
	host_event(h, &(struct ike_event){ .kind = EVENT_CONF,
			      .conf = { .peers = c->peers,
				      .n = c->n_peers,
				      .settings = &c->settings,
				      .authorities = h->authorities } });
}

void host_trust(struct host *h, struct bytes authorities)
{
	h->authorities = authorities;
	configure(h);
}

static void lose_address(struct host *h, struct ip ip)
{
	if (lab_has(h->past, h->n_past, &ip))
		return;
	if (h->n_past == LAB_IPS)
		lab_stop("there is no room for another address that a host had once");
	h->past[h->n_past++] = ip;
}

static void have(struct host *h, const struct ip *v, unsigned n)
{
	lose_address(h, h->ip);
	for (unsigned i = 0; i < h->n_others; i++)
		lose_address(h, h->others[i]);
	h->ip = v[0];
	h->n_others = n - 1;
	memcpy(h->others, v + 1, (n - 1) * sizeof *v);
}

void host_addresses(struct host *h, const char *ips)
{
	struct arena arena = { 0 };
	char *rest = arena_str(&arena, ips), *one;
	struct ip v[LAB_IPS];
	unsigned n = 0;

	while ((one = strsep(&rest, " ")))
		if (n == LAB_IPS || ip_parse(one, &v[n++]))
			lab_stop("these are no addresses, or too many");
	arena_free(&arena);
	have(h, v, n);
	if (h->ike)
		host_event(h, &(struct ike_event){ .kind = EVENT_ADDRESSES, .addresses = { v, n } });
}

static struct loaded load(const char *text)
{
	struct loaded l = load_text(text);

	if (l.err)
		lab_stop(l.why);
	for (unsigned i = 0; i < l.conf.n_peers; i++)
		lacking_take_out(l.conf.peers[i]);
	return l;
}

void host_reload(struct host *h, const char *conf)
{
	struct loaded before = h->conf;

	h->conf = load(conf);
	configure(h);
	loaded_free(&before);
}

static void give_secrets(struct host *h)
{
	host_event(h, &(struct ike_event){ .kind = EVENT_SECRETS,
			      .secrets = { .crash = bytes_of(h->secret, sizeof h->secret),
				      .tickets = bytes_of(h->tickets, sizeof h->tickets),
				      .wall = h->wall + (uint32_t)(h->lab->now / 1000) } });
}

void host_remember(struct host *h)
{
	rng_fill(&h->lab->rng.rng, h->secret, sizeof h->secret);
	rng_fill(&h->lab->rng.rng, h->tickets, sizeof h->tickets);
	h->wall = 1800000000;
	h->remembers = true;
	give_secrets(h);
}

void host_rotate(struct host *h)
{
	memcpy(h->tickets[1], h->tickets[0], sizeof h->tickets[0]);
	rng_fill(&h->lab->rng.rng, h->tickets[0], sizeof h->tickets[0]);
	give_secrets(h);
}

/* --------------------------------------------------------------------- life */

void host_start(struct host *h)
{
	h->wake = HEAP_NEVER;
	record_core(h->record);
	h->ike = ike_new(h->rng);
	if (h->remembers)
		give_secrets(h);
	configure(h);
}

/* Whoever starts again has no virtual address, and knows what it gave to whom. */
static void forget_users(struct host *h)
{
	h->n_vips = 0;
	leases_restored(&h->leases);
}

void host_stop(struct host *h)
{
	ike_free(h->ike);
	h->ike = NULL;
	h->wake = HEAP_NEVER;
	datapath_clear(&h->datapath);
	forget_users(h);
	list_each_safe (n, &h->answers)
		coming_free(node_owner(n, struct coming, node));
	list_each_safe (n, &h->news)
		news_free(node_owner(n, struct news, node));
	map_free(&h->eap.open);
}

static void record(struct host *h)
{
	struct text why = text_in(&h->conf.arena);
	const char *path;

	if (!h->lab->record)
		return;
	path = arena_printf(&h->conf.arena, "%s-%s.log", h->lab->record, h->name);
	(void)unlink(path);
	if (record_open(path, h->lab->record_secrets, UINT64_MAX, &h->record, &why))
		lab_stop(text_str(&why));
}

struct host *lab_host(struct lab *lab, const char *name, const char *address, const char *conf)
{
	struct host *h = &lab->hosts[lab->n_hosts];

	if (lab->n_hosts++ == LAB_HOSTS)
		lab_stop("there is no room for another host");
	h->lab = lab;
	h->name = name;
	h->rng = &lab->rng.rng;
	if (ip_parse(address, &h->ip))
		lab_stop("that is no address");
	datapath_init(&h->datapath);
	leases_start(&h->leases);
	list_init(&h->answers);
	list_init(&h->news);
	h->conf = load(conf);
	record(h);
	host_start(h);
	return h;
}
