/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The fields of what there is to be known of the core. */
#include "daemon/ipc_fields.h"

#include "daemon/ipc_walk.h"

static void child_record(struct walk *x, struct child_record *c, struct ipc_part *part)
{
	if (x->w && c->conf)
		*part = ipc_part_of_child(c->conf);
	ipc_part(x, part);
	u32(x, &c->id);
	u32(x, &c->reqid);
	sentence(x, &c->name);
	sentence(x, &c->state);
	c->mode = word(x, c->mode, MODE_DROP + 1);
	flag(x, &c->encap);
	flag(x, &c->tcp);
	flag(x, &c->per_cpu);
	u32(x, &c->resource);
	u32(x, &c->spi_in);
	u32(x, &c->spi_out);
	ipc_suite(x, &c->suite);
	flag(x, &c->post_quantum);
	ipc_selectors(x, &c->local_ts);
	ipc_selectors(x, &c->remote_ts);
	u64(x, &c->installed_ms);
	u64(x, &c->rekey_ms);
	u64(x, &c->life_ms);
	ipc_marks(x, &c->marks);
	c->in = (struct sa_usage){ .spi = c->spi_in, .inbound = true };
	c->out = (struct sa_usage){ .spi = c->spi_out };
	if (!c->name || !c->state)
		fail(x, "a CHILD_SA has no name");
}

/* PARTS: where the children are not ours. */
static void write_children(struct walk *x, struct sa_record *r, const struct ipc_part *parts, size_t room)
{
	size_t at = x->w->n, end = at + room;
	uint16_t n = 0;

	wr_u16(x->w, 0);
	for (; n < r->n_children && n < UINT16_MAX && x->w->n < end && !x->w->bad; n++) {
		struct child_record copy = r->children[n];
		struct ipc_part part = parts ? parts[n] : (struct ipc_part){ 0 };

		child_record(x, &copy, &part);
	}
	wr_u16_at(x->w, at, n);
}

static void children(struct walk *x, struct sa_record *r, struct ipc_part **parts, size_t room)
{
	if (!x->w)
		r->n_children = rd_u16(x->r);
	if (!x->w && r->n_children > x->r->n) {
		fail(x, "there are more CHILD_SAs than octets");
		return;
	}
	if (x->w) {
		write_children(x, r, *parts, room);
		return;
	}
	*parts = ARENA_ARRAY(x->arena, r->n_children, struct ipc_part);
	r->children = ARENA_ARRAY(x->arena, r->n_children, struct child_record);
	for (unsigned i = 0; i < r->n_children && !x->wrong; i++)
		child_record(x, &r->children[i], &(*parts)[i]);
}

static void virtual_addresses(struct walk *x, struct vips *v)
{
	u8(x, &v->n, VIPS_MAX + 1);
	for (unsigned i = 0; i < v->n && !x->wrong; i++)
		address(x, &v->v[i]);
}

static void servers(struct walk *x, struct sa_record *r)
{
	struct ip *out;

	r->n_dns = count(x, r->n_dns, IPC_IPS_MAX);
	out = ARENA_ARRAY(x->arena, r->n_dns, struct ip);
	for (unsigned i = 0; i < r->n_dns && !x->wrong; i++) {
		if (x->w)
			out[i] = r->dns[i];
		address(x, &out[i]);
	}
	r->dns = out;
}

void ipc_sa_record(struct walk *x, struct sa_record *r, struct ipc_part **parts, size_t room)
{
	u32(x, &r->id);
	sentence(x, &r->name);
	sentence(x, &r->state);
	u64(x, &r->spi_i);
	u64(x, &r->spi_r);
	flag(x, &r->initiator);
	flag(x, &r->began);
	ipc_path(x, &r->path);
	identity(x, &r->local_id);
	identity(x, &r->remote_id);
	identity(x, &r->remote_eap_id);
	u32(x, &r->login);
	ipc_suite(x, &r->suite);
	virtual_addresses(x, &r->local_vips);
	virtual_addresses(x, &r->remote_vips);
	servers(x, r);
	texts(x, &r->domains, IPC_IPS_MAX);
	flag(x, &r->ppk);
	flag(x, &r->ppk_int);
	flag(x, &r->post_quantum);
	flag(x, &r->nat_local);
	flag(x, &r->nat_remote);
	flag(x, &r->nat_fake);
	flag(x, &r->crash_token);
	u32(x, &r->if_id_in);
	u32(x, &r->if_id_out);
	u64(x, &r->established_ms);
	u64(x, &r->rekey_ms);
	u64(x, &r->reauth_ms);
	texts(x, &r->tasks_queued, UINT16_MAX);
	texts(x, &r->tasks_active, UINT16_MAX);
	texts(x, &r->tasks_passive, UINT16_MAX);
	children(x, r, parts, room);
	if (!r->name || !r->state)
		fail(x, "an IKE_SA has no name");
}

/* ---------------------------------------------------------------- inquiries */

void ipc_fields_inquiry(struct walk *x, struct ipc_message *m)
{
	u8(x, &m->inquiry.kind, IPC_INQUIRIES);
	u32(x, &m->inquiry.at);
	u64(x, &m->inquiry.key);
	sentence(x, &m->inquiry.name);
	flag(x, &m->inquiry.all);
}

static void keys(struct walk *x, struct ipc_reply *r)
{
	uint64_t *out;

	r->n = count(x, r->n, IPC_KEYS_MAX);
	out = ARENA_ARRAY(x->arena, r->n, uint64_t);
	for (unsigned i = 0; i < r->n && !x->wrong; i++) {
		if (x->w)
			out[i] = r->keys[i];
		u64(x, &out[i]);
	}
	r->keys = out;
}

static void trap(struct walk *x, struct policy_record *t)
{
	sentence(x, &t->ike);
	sentence(x, &t->child);
	t->mode = word(x, t->mode, MODE_DROP + 1);
	ipc_selectors(x, &t->local_ts);
	ipc_selectors(x, &t->remote_ts);
	if (!t->ike || !t->child)
		fail(x, "a trap has no name");
}

static void counters(struct walk *x, struct ipc_reply *r)
{
	struct counters *out;

	r->n = count(x, r->n, IPC_COUNTED_MAX);
	out = ARENA_ARRAY(x->arena, r->n, struct counters);
	for (unsigned i = 0; i < r->n && !x->wrong; i++) {
		if (x->w)
			out[i] = r->counters[i];
		sentence(x, &out[i].name);
		for (unsigned k = 0; k < COUNTERS; k++)
			u64(x, &out[i].v[k]);
		if (!out[i].name)
			out[i].name = "";
	}
	r->counters = out;
}

static void load(struct walk *x, struct ipc_reply *r)
{
	u32(x, &r->load.sas);
	u32(x, &r->load.half_open);
	u32(x, &r->load.children);
	u32(x, &r->load.timers);
	u64(x, &r->load.cookies);
	u64(x, &r->load.puzzles);
	u64(x, &r->load.solved);
	prose(x, &r->drops);
}

static void proof(struct walk *x, struct ipc_reply *r)
{
	ipc_part(x, &r->part);
	u32(x, &r->id);
	payloads(x, &r->certs);
}

static void secrets(struct walk *x, struct ike_key_record *k)
{
	sentence(x, &k->name);
	u32(x, &k->id);
	u64(x, &k->spi_i);
	u64(x, &k->spi_r);
	ipc_suite(x, &k->suite);
	octets(x, &k->ei, UINT8_MAX);
	octets(x, &k->er, UINT8_MAX);
	octets(x, &k->ai, UINT8_MAX);
	octets(x, &k->ar, UINT8_MAX);
	if (!k->name)
		fail(x, "an IKE_SA has no name");
}

void ipc_fields_reply(struct walk *x, struct ipc_message *m)
{
	struct ipc_reply *r = &m->reply;

	u8(x, &r->kind, IPC_INQUIRIES);
	flag(x, &r->found);
	u32(x, &r->total);
	if (r->total > IPC_TOTAL_MAX)
		fail(x, "there is more of something than there can be");
	if (!r->found || x->wrong)
		return;
	switch ((enum ipc_inquiry_kind)r->kind) {
	case IPC_ABOUT_SAS:
	case IPC_ABOUT_TRAPS: keys(x, r); break;
	case IPC_ABOUT_SA: ipc_sa_record(x, &r->sa, &r->parts, IPC_DATA_MAX / 2); break;
	case IPC_ABOUT_TRAP: trap(x, &r->trap); break;
	case IPC_ABOUT_PROOF: proof(x, r); break;
	case IPC_ABOUT_COUNTERS: counters(x, r); break;
	case IPC_ABOUT_LOAD: load(x, r); break;
	case IPC_ABOUT_KEYS: secrets(x, &r->secrets); break;
	case IPC_ABOUT_WAIT: ipc_why(x, &r->why); break;
	case IPC_ABOUT_TRY: u64(x, &r->next); break;
	case IPC_INQUIRIES: break;
	}
}
