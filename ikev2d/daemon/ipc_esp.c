/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fields of the messages between guard and the process that carries packets. */
#include "daemon/ipc_fields.h"
#include "daemon/ipc_walk.h"

static void number(struct walk *x, unsigned *v)
{
	uint32_t n = *v;

	u32(x, &n);
	*v = n;
}

static void esp_open(struct walk *x, struct esp_order *o)
{
	number(x, &o->open.workers);
	u32(x, &o->open.there);
	u16(x, &o->open.port);
}

static void esp_device_add(struct walk *x, struct esp_order *o)
{
	number(x, &o->device_add.slot);
	flag(x, &o->device_add.joins_udp);
}

/* What of its configuration an SA is made by (live.c). */
static void esp_sa_conf(struct walk *x, const struct child_conf **c)
{
	struct child_conf *copy = ARENA_NEW(x->arena, struct child_conf);

	if (x->w)
		*copy = **c;
	u32(x, &copy->replay_window);
	copy->copy_dscp = word(x, copy->copy_dscp, DSCP_NO + 1);
	flag(x, &copy->copy_ecn);
	flag(x, &copy->copy_df);
	u32(x, &copy->mss);
	u64(x, &copy->rekey_bytes);
	u64(x, &copy->life_bytes);
	u64(x, &copy->rekey_packets);
	u64(x, &copy->life_packets);
	*c = copy;
}

static void esp_sa_add(struct walk *x, struct esp_order *o)
{
	struct sa_spec *s = &o->sa_add.spec;

	u32(x, &s->spi);
	flag(x, &s->inbound);
	u32(x, &s->child);
	u32(x, &s->policy);
	u32(x, &s->resource);
	ipc_suite(x, &s->suite);
	octets(x, &s->encr_key, UINT8_MAX);
	octets(x, &s->integ_key, UINT8_MAX);
	flag(x, &s->encap);
	u32(x, &s->tfc_padding);
	endpoint(x, &s->local);
	endpoint(x, &s->remote);
	ipc_selectors(x, &s->local_ts);
	ipc_selectors(x, &s->remote_ts);
	esp_sa_conf(x, &s->conf);
	number(x, &o->sa_add.slot);
	number(x, &o->sa_add.limit);
	u32(x, &o->sa_add.meter);
	flag(x, &o->sa_add.own_port);
	if (!s->suite.encr)
		fail(x, "an SA has no cipher");
}

static void esp_sa_del(struct walk *x, struct esp_order *o)
{
	u32(x, &o->sa_del.child);
	flag(x, &o->sa_del.inbound);
}

static void esp_sa_move(struct walk *x, struct esp_order *o)
{
	u32(x, &o->sa_move.child);
	endpoint(x, &o->sa_move.local);
	endpoint(x, &o->sa_move.remote);
	flag(x, &o->sa_move.encap);
	number(x, &o->sa_move.limit);
}

static void esp_policy_add(struct walk *x, struct esp_order *o)
{
	u32(x, &o->policy_add.id);
	number(x, &o->policy_add.slot);
	ipc_selectors(x, &o->policy_add.local);
	ipc_selectors(x, &o->policy_add.remote);
	u32(x, &o->policy_add.priority);
	flag(x, &o->policy_add.trap);
	flag(x, &o->policy_add.per_cpu);
	u64(x, &o->policy_add.age);
}

void ipc_fields_esp_order(struct walk *x, struct ipc_message *m)
{
	struct esp_order *o = &m->esp_order;

	o->kind = word(x, o->kind, ORDER_KINDS);
	switch (o->kind) {
	case ORDER_OPEN: esp_open(x, o); break;
	case ORDER_DEVICE_ADD: esp_device_add(x, o); break;
	case ORDER_DEVICE_DEL: number(x, &o->device_del.slot); break;
	case ORDER_SA_ADD: esp_sa_add(x, o); break;
	case ORDER_SA_DEL: esp_sa_del(x, o); break;
	case ORDER_SA_MOVE: esp_sa_move(x, o); break;
	case ORDER_POLICY_ADD: esp_policy_add(x, o); break;
	case ORDER_POLICY_DEL: u32(x, &o->policy_del.id); break;
	case ORDER_POLICY_LEAD:
		u32(x, &o->policy_lead.id);
		u32(x, &o->policy_lead.child);
		break;
	case ORDER_KINDS: break;
	}
}

void ipc_fields_done(struct walk *x, struct ipc_message *m)
{
	u8(x, &m->done.result, ERR_MAX);
	prose(x, &m->done.what);
}

void ipc_fields_esp_report(struct walk *x, struct ipc_message *m)
{
	struct esp_report *r = &m->esp_report.report;

	r->kind = word(x, r->kind, REPORT_UNKNOWN_SPI + 1);
	u32(x, &r->id);
	u32(x, &r->resource);
	flag(x, &r->hard);
	flag(x, &r->encap);
	ipc_selector(x, &r->local);
	ipc_selector(x, &r->remote);
	ipc_path(x, &r->path);
	octets(x, &m->esp_report.body, UINT16_MAX);
}
