/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The fields of the core's events, actions, questions and answers. */
#include "daemon/ipc_fields.h"

#include "daemon/ipc_walk.h"

/* -------------------------------------------------------------------- pieces */

/* One of the type WANTED, or none. */
static void transform(struct walk *x, const struct transform **t, uint8_t wanted)
{
	uint8_t type = *t ? (*t)->type : 0;
	uint16_t id = *t ? (*t)->id : 0, bits = *t ? (*t)->bits : 0;

	u8(x, &type, UINT8_MAX + 1);
	u16(x, &id);
	u16(x, &bits);
	if (x->w)
		return;
	*t = type ? transform_find(type, id, bits) : NULL;
	if (type ? type != wanted || !*t : id || bits)
		fail(x, "there is no such transform");
}

void ipc_suite(struct walk *x, struct suite *s)
{
	transform(x, &s->encr, TRANSFORM_ENCR);
	transform(x, &s->integ, TRANSFORM_INTEG);
	transform(x, &s->prf, TRANSFORM_PRF);
	transform(x, &s->ke, TRANSFORM_KE);
	for (unsigned i = 0; i < MORE_KES_MAX; i++)
		u16(x, &s->more[i]);
	flag(x, &s->esn);
	u8(x, &s->protocol, PROTO_ESP + 1);
}

void ipc_selector(struct walk *x, struct ts *ts)
{
	address(x, &ts->lo);
	address(x, &ts->hi);
	u8(x, &ts->proto, UINT8_MAX + 1);
	u16(x, &ts->port_lo);
	u16(x, &ts->port_hi);
	flag(x, &ts->dynamic);
}

void ipc_selectors(struct walk *x, struct tss *set)
{
	struct ts *out;

	set->n = count(x, set->n, IPC_SELECTORS_MAX);
	out = ARENA_ARRAY(x->arena, set->n, struct ts);
	for (unsigned i = 0; i < set->n && !x->wrong; i++) {
		if (x->w)
			out[i] = set->v[i];
		ipc_selector(x, &out[i]);
	}
	set->v = out;
}

static void mark(struct walk *x, struct mark *m)
{
	m->drawn = word(x, m->drawn, DRAWN_SAME + 1);
	u32(x, &m->value);
	u32(x, &m->mask);
}

void ipc_marks(struct walk *x, struct sa_marks *m)
{
	mark(x, &m->in);
	mark(x, &m->out);
	u32(x, &m->if_id_in);
	u32(x, &m->if_id_out);
}

void ipc_path(struct walk *x, struct path *p)
{
	endpoint(x, &p->local);
	endpoint(x, &p->remote);
	flag(x, &p->marker);
	flag(x, &p->tcp);
}

static void hosts(struct walk *x, struct hosts *h)
{
	address(x, &h->local);
	address(x, &h->remote);
}

static void ips(struct walk *x, struct ike_ips *list)
{
	struct ip *out;

	list->n = count(x, list->n, IPC_IPS_MAX);
	out = ARENA_ARRAY(x->arena, list->n, struct ip);
	for (unsigned i = 0; i < list->n && !x->wrong; i++) {
		if (x->w)
			out[i] = list->v[i];
		address(x, &out[i]);
	}
	list->v = out;
}

static void numbers(struct walk *x, const uint32_t **v, unsigned *n, unsigned max)
{
	uint32_t *out;

	*n = count(x, *n, max);
	out = ARENA_ARRAY(x->arena, *n, uint32_t);
	for (unsigned i = 0; i < *n && !x->wrong; i++) {
		if (x->w)
			out[i] = (*v)[i];
		u32(x, &out[i]);
	}
	*v = out;
}

void ipc_why(struct walk *x, struct why *w)
{
	prose(x, &w->what);
	sentence(x, &w->stage);
	prose(x, &w->offered);
	prose(x, &w->configured);
	prose(x, &w->differs);
	prose(x, &w->where);
	prose(x, &w->instead);
	prose(x, &w->notify);
	prose(x, &w->alert);
}

void ipc_part(struct walk *x, struct ipc_part *p)
{
	u32(x, &p->peer);
	u16(x, &p->nth);
	flag(x, &p->remote);
}

struct ipc_part ipc_part_of_child(const struct child_conf *c)
{
	return (struct ipc_part){ .peer = c->peer->number, .nth = (uint16_t)(c - c->peer->children) };
}

static unsigned round_of(const struct auth_conf *first, const struct auth_conf *a, bool *found)
{
	unsigned n = 0;

	for (; first && first != a; first = first->next)
		n++;
	*found = first;
	return n;
}

static struct ipc_part part_of_round(const struct peer *p, const struct auth_conf *a)
{
	struct ipc_part part = { .peer = p->number };
	bool found = false;

	if (a)
		part.nth = (uint16_t)round_of(&p->local, a, &found);
	if (a && !found) {
		part.remote = true;
		part.nth = (uint16_t)round_of(&p->remote, a, &found);
	}
	return part;
}

/* -------------------------------------------------------------------- events */

static void paths(struct walk *x, struct ike_paths *p)
{
	struct hosts *out;

	p->n = count(x, p->n, IPC_IPS_MAX);
	out = ARENA_ARRAY(x->arena, p->n, struct hosts);
	for (unsigned i = 0; i < p->n && !x->wrong; i++) {
		if (x->w)
			out[i] = p->v[i];
		hosts(x, &out[i]);
	}
	p->v = out;
}

static void usages(struct walk *x, struct ike_usages *u)
{
	struct ike_usage *out;

	u->n = count(x, u->n, IPC_CHILDREN_MAX);
	out = ARENA_ARRAY(x->arena, u->n, struct ike_usage);
	for (unsigned i = 0; i < u->n && !x->wrong; i++) {
		if (x->w)
			out[i] = u->v[i];
		u32(x, &out[i].child);
		u64(x, &out[i].last_in);
		u64(x, &out[i].last_out);
	}
	u->v = out;
}

static void eap_answer(struct walk *x, struct ike_eap_answer *e)
{
	octets(x, &e->packet, IPC_OCTETS_MAX);
	flag(x, &e->over);
	flag(x, &e->mutual);
	sentence(x, &e->method);
	identity(x, &e->id);
	texts(x, &e->groups, IPC_OWNERS_MAX);
	flag(x, &e->wrong);
	flag(x, &e->delayed);
}

static void answer(struct walk *x, struct ike_answer *a)
{
	u32(x, &a->ticket);
	a->result = word(x, a->result, ERR_MAX);
	address(x, &a->local);
	address(x, &a->remote);
	paths(x, &a->paths);
	octets(x, &a->shared, IPC_OCTETS_MAX);
	u32(x, &a->method);
	octets(x, &a->proof, IPC_PROOF_MAX);
	eap_answer(x, &a->eap);
	payloads(x, &a->certs);
	u32(x, &a->valid);
	u32(x, &a->idle);
	usages(x, &a->usage);
	ips(x, &a->ips);
	octets(x, &a->attributes, IPC_OCTETS_MAX);
	ipc_why(x, &a->why);
}

static void command(struct walk *x, struct ike_command *c)
{
	c->kind = word(x, c->kind, COMMAND_LIMIT + 1);
	u32(x, &c->ticket);
	sentence(x, &c->ike);
	sentence(x, &c->child);
	u32(x, &c->ike_id);
	u32(x, &c->child_id);
	flag(x, &c->force);
	flag(x, &c->reauth);
	hosts(x, &c->hosts);
	sentence(x, &c->redirect.gateway);
	address(x, &c->redirect.lo);
	address(x, &c->redirect.hi);
	sentence(x, &c->redirect.identity);
	u32(x, &c->seconds);
	flag(x, &c->limits);
}

static void datagram(struct walk *x, struct ike_event *e)
{
	ipc_path(x, &e->datagram.path);
	octets(x, &e->datagram.data, UINT16_MAX);
}

static void secrets(struct walk *x, struct ike_event *e)
{
	octets(x, &e->secrets.crash, IPC_PROOF_MAX);
	octets(x, &e->secrets.tickets, IPC_PROOF_MAX);
	u32(x, &e->secrets.wall);
	u32(x, &e->secrets.numbers);
}

static void conf(struct walk *x, struct ipc_event *m)
{
	octets(x, &m->event.conf.authorities, IPC_DATA_MAX / 4);
	octets(x, &m->event.conf.responders, IPC_DATA_MAX / 4);
	sentence(x, &m->event.conf.only);
	octets(x, &m->settings, IPC_DATA_MAX / 4);
}

void ipc_fields_event(struct walk *x, struct ipc_message *m)
{
	struct ike_event *e = &m->event.event;

	e->kind = word(x, e->kind, EVENT_SECRETS + 1);
	switch (e->kind) {
	case EVENT_DATAGRAM: datagram(x, e); break;
	case EVENT_ANSWER: answer(x, &e->answer); break;
	case EVENT_CLOCK:
	case EVENT_WOKEN: break;
	case EVENT_ACQUIRE:
		u32(x, &e->acquire.policy);
		u32(x, &e->acquire.resource);
		ipc_selector(x, &e->acquire.local);
		ipc_selector(x, &e->acquire.remote);
		break;
	case EVENT_EXPIRE:
		u32(x, &e->expire.child);
		flag(x, &e->expire.hard);
		break;
	case EVENT_MAPPING:
		u32(x, &e->mapping.child);
		endpoint(x, &e->mapping.remote);
		break;
	case EVENT_ADDRESSES: ips(x, &e->addresses); break;
	case EVENT_USED: u32(x, &e->used.child); break;
	case EVENT_UNKNOWN_SPI:
		ipc_path(x, &e->unknown_spi.path);
		flag(x, &e->unknown_spi.encap);
		u32(x, &e->unknown_spi.spi);
		break;
	case EVENT_PATH_MTU:
		address(x, &e->path_mtu.remote);
		u32(x, &e->path_mtu.octets);
		break;
	case EVENT_UNREACHABLE:
		octets(x, &e->unreachable.spis, IPC_SPIS_MAX);
		address(x, &e->unreachable.who);
		u32(x, &e->unreachable.what);
		break;
	case EVENT_COMMAND: command(x, &e->command); break;
	case EVENT_CONF: conf(x, &m->event); break;
	case EVENT_SECRETS: secrets(x, e); break;
	}
}

/* ------------------------------------------------------------- configuration */

static void source(struct walk *x, struct source *s)
{
	struct source_key *out;

	sentence(x, &s->section);
	sentence(x, &s->file);
	u32(x, &s->line);
	s->n = count(x, s->n, IPC_SOURCE_KEYS_MAX);
	out = ARENA_ARRAY(x->arena, s->n, struct source_key);
	for (unsigned i = 0; i < s->n && !x->wrong; i++) {
		if (x->w)
			out[i] = s->keys[i];
		sentence(x, &out[i].key);
		u32(x, &out[i].line);
		if (!out[i].key)
			fail(x, "a key has no name");
	}
	s->keys = out;
}

static void certificates(struct walk *x, struct cert_confs *c)
{
	struct cert_conf *out;

	c->n = count(x, c->n, IPC_PARTS_MAX);
	out = ARENA_ARRAY(x->arena, c->n, struct cert_conf);
	for (unsigned i = 0; i < c->n && !x->wrong; i++) {
		if (x->w)
			out[i] = c->v[i];
		sentence(x, &out[i].file);
		octets(x, &out[i].data, IPC_DATA_MAX);
		sentence(x, &out[i].uri);
		sentence(x, &out[i].handle);
		sentence(x, &out[i].module);
		u32(x, &out[i].slot);
		flag(x, &out[i].has_slot);
	}
	c->v = out;
}

static void child_of_peer(struct walk *x, struct ipc_child *c)
{
	sentence(x, &c->name);
	sentence(x, &c->group);
	source(x, &c->at);
	u8(x, &c->datapath, DATAPATH_USER + 1);
	u64(x, &c->content);
	if (!c->name || !c->group)
		fail(x, "a child has no name");
}

void ipc_fields_peer(struct walk *x, struct ipc_message *m)
{
	struct ipc_peer *p = &m->peer;
	struct ipc_round *rounds;
	struct ipc_child *children;

	u32(x, &p->number);
	octets(x, &p->text, IPC_CONF_MAX);
	if (!p->text.n || x->wrong)
		return;
	p->origin = (uint8_t)word(x, p->origin, ORIGIN_VICI + 1);
	source(x, &p->at);
	u64(x, &p->content);
	u64(x, &p->places);
	p->n_rounds = count(x, p->n_rounds, 2 * IPC_ROUNDS_MAX);
	rounds = ARENA_ARRAY(x->arena, p->n_rounds, struct ipc_round);
	for (unsigned i = 0; i < p->n_rounds && !x->wrong; i++) {
		if (x->w)
			rounds[i] = p->rounds[i];
		source(x, &rounds[i].at);
		certificates(x, &rounds[i].certs);
		certificates(x, &rounds[i].cacerts);
		certificates(x, &rounds[i].pubkeys);
	}
	p->rounds = rounds;
	p->n_children = count(x, p->n_children, IPC_CHILDREN_MAX);
	children = ARENA_ARRAY(x->arena, p->n_children, struct ipc_child);
	for (unsigned i = 0; i < p->n_children && !x->wrong; i++) {
		if (x->w)
			children[i] = p->children[i];
		child_of_peer(x, &children[i]);
	}
	p->children = children;
}

void ipc_fields_released(struct walk *x, struct ipc_message *m)
{
	u32(x, &m->released.number);
}

/* ------------------------------------------------------------------- actions */

static void eap_question(struct walk *x, struct ike_eap_question *e)
{
	u32(x, &e->conversation);
	flag(x, &e->authenticator);
	flag(x, &e->alone);
	ipc_path(x, &e->path);
	octets(x, &e->packet, IPC_OCTETS_MAX);
}

/* Without the secrets: those questions are answered where they are asked. */
static void question(struct walk *x, struct ipc_action *a)
{
	struct ike_question *q = &a->action.ask;

	if (x->w && q->peer) {
		a->part = part_of_round(q->peer, q->auth);
		a->has_round = q->auth;
	}
	ipc_part(x, &a->part);
	flag(x, &a->has_round);
	q->kind = word(x, q->kind, ASK_LEASE + 1);
	hosts(x, &q->hosts);
	sentence(x, &q->gateway);
	ips(x, &q->remotes);
	flag(x, &q->stays);
	flag(x, &q->replaces);
	transform(x, &q->prf, TRANSFORM_PRF);
	identity(x, &q->local);
	identity(x, &q->remote);
	octets(x, &q->octets, IPC_OCTETS_MAX);
	octets(x, &q->hashes, UINT16_MAX);
	octets(x, &q->methods, UINT16_MAX);
	octets(x, &q->certreqs, IPC_DATA_MAX / 4);
	u32(x, &q->wants);
	u8(x, &q->method, UINT8_MAX + 1);
	octets(x, &q->proof, IPC_PROOF_MAX);
	payloads(x, &q->certs);
	eap_question(x, &q->eap);
	numbers(x, &q->children, &q->n_children, IPC_CHILDREN_MAX);
}

static void child_part(struct walk *x, struct ipc_part *part, const struct child_conf *conf)
{
	if (x->w && conf)
		*part = ipc_part_of_child(conf);
	ipc_part(x, part);
}

static void sa_add(struct walk *x, struct ipc_action *a)
{
	struct sa_spec *s = &a->action.sa_add;

	child_part(x, &a->part, s->conf);
	u32(x, &s->spi);
	flag(x, &s->inbound);
	u32(x, &s->child);
	u32(x, &s->policy);
	u32(x, &s->reqid);
	flag(x, &s->awaited);
	flag(x, &s->per_cpu);
	u32(x, &s->resource);
	flag(x, &s->patient);
	ipc_marks(x, &s->marks);
	s->mode = word(x, s->mode, MODE_DROP + 1);
	ipc_suite(x, &s->suite);
	octets(x, &s->encr_key, UINT8_MAX);
	octets(x, &s->integ_key, UINT8_MAX);
	flag(x, &s->encap);
	flag(x, &s->tcp);
	u32(x, &s->tfc_padding);
	flag(x, &s->whole);
	endpoint(x, &s->local);
	endpoint(x, &s->remote);
	ipc_selectors(x, &s->local_ts);
	ipc_selectors(x, &s->remote_ts);
}

static void policy_add(struct walk *x, struct ipc_action *a)
{
	struct policy_spec *p = &a->action.policy_add;

	child_part(x, &a->part, p->conf);
	u32(x, &p->id);
	u32(x, &p->reqid);
	flag(x, &p->trap);
	flag(x, &p->per_cpu);
	u8(x, &p->protocol, PROTO_ESP + 1);
	p->mode = word(x, p->mode, MODE_DROP + 1);
	ipc_selectors(x, &p->local_ts);
	ipc_selectors(x, &p->remote_ts);
	address(x, &p->local);
	address(x, &p->remote);
	ipc_marks(x, &p->marks);
}

static void tell_record(struct walk *x, const struct sa_record **r, struct ipc_part **parts)
{
	bool there = *r;
	struct sa_record *copy;

	flag(x, &there);
	if (!there) {
		*r = NULL;
		return;
	}
	copy = ARENA_NEW(x->arena, struct sa_record);
	if (x->w)
		*copy = **r;
	ipc_sa_record(x, copy, parts, IPC_DATA_MAX / 4);
	*r = copy;
}

static void tell_why(struct walk *x, const struct why **w)
{
	bool there = *w;
	struct why *copy;

	flag(x, &there);
	if (!there) {
		*w = NULL;
		return;
	}
	copy = ARENA_NEW(x->arena, struct why);
	if (x->w)
		*copy = **w;
	ipc_why(x, copy);
	*w = copy;
}

static void tell(struct walk *x, struct ipc_action *a)
{
	struct ike_tell *t = &a->action.tell;

	t->kind = word(x, t->kind, TELL_DONE + 1);
	t->level = word(x, t->level, LOG_DETAIL + 1);
	sentence(x, &t->group);
	sentence(x, &t->name);
	u32(x, &t->sa);
	u32(x, &t->child);
	u32(x, &t->old);
	ipc_path(x, &t->path);
	prose(x, &t->text);
	tell_why(x, &t->why);
	sentence(x, &t->alert);
	numbers(x, &t->tickets, &t->n_tickets, IPC_TICKETS_MAX);
	flag(x, &t->success);
	u32(x, &t->matches);
	u32(x, &t->terminated);
	tell_record(x, &t->record, &a->parts);
	tell_record(x, &t->old_record, &a->old_parts);
}

void ipc_fields_action(struct walk *x, struct ipc_message *m)
{
	struct ike_action *a = &m->action.action;

	a->kind = word(x, a->kind, ACTION_TELL + 1);
	u32(x, &a->ticket);
	switch (a->kind) {
	case ACTION_SEND:
		ipc_path(x, &a->send.path);
		octets(x, &a->send.data, UINT16_MAX);
		break;
	case ACTION_KEEPALIVE: ipc_path(x, &a->send.path); break;
	case ACTION_ASK: question(x, &m->action); break;
	case ACTION_EAP_END: u32(x, &a->eap_end.conversation); break;
	case ACTION_SA_ADD: sa_add(x, &m->action); break;
	case ACTION_SA_DEL:
		u32(x, &a->sa_del.child);
		flag(x, &a->sa_del.inbound);
		break;
	case ACTION_SA_MOVE:
		u32(x, &a->sa_move.child);
		endpoint(x, &a->sa_move.local);
		endpoint(x, &a->sa_move.remote);
		flag(x, &a->sa_move.encap);
		flag(x, &a->sa_move.tcp);
		break;
	case ACTION_SA_SELECT:
		u32(x, &a->sa_select.policy);
		u32(x, &a->sa_select.child);
		break;
	case ACTION_POLICY_ADD: policy_add(x, &m->action); break;
	case ACTION_POLICY_DEL: u32(x, &a->policy_del.policy); break;
	case ACTION_VIP_ADD:
	case ACTION_VIP_DEL:
	case ACTION_LEASE_FREE:
		address(x, &a->vip.ip);
		address(x, &a->vip.remote);
		break;
	case ACTION_TELL: tell(x, &m->action); break;
	}
}
