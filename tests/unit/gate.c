/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two of these make a tunnel in memory. */
#include "tests/unit/gate.h"

#include "tests/unit/packet.h"
#include "xfrm/limit.h"

#include <stdio.h>
#include <stdlib.h>

enum { CHILD = 7, POLICY = 9 };

static bool note(void *ctx, const struct esp_report *r, struct bytes body)
{
	struct gate *g = ctx;

	if (g->deaf)
		return false;
	if (g->n_told < GATE_TOLD)
		g->told[g->n_told++] = *r;
	g->last_body = body.n;
	return true;
}

static void note_answer(void *ctx, const struct device *to, struct bytes p)
{
	struct gate *g = ctx;

	if (to != &g->device)
		abort();
	g->n_answers++;
	memcpy(g->answer, p.p, p.n);
	g->answer_size = p.n;
}

void gate_init(struct gate *g, const char *suite)
{
	memset(g, 0, sizeof *g);
	rng_seed(&g->rng, 7);
	g->suite = packet_suite(suite, false);
	g->conf = (struct child_conf){
		.replay_window = 1024, .copy_df = true, .copy_ecn = true, .copy_dscp = DSCP_OUT
	};
	g->lane = (struct lane){
		.now = 1000,
		.drops = &g->drops,
		.rng = &g->rng.rng,
		.ctx = g,
		.tell = note,
		.answer = note_answer,
	};
}

static struct addr outer_of(unsigned side)
{
	char text[IP_TEXT];

	snprintf(text, sizeof text, "192.0.2.%u", side);
	return (struct addr){ packet_ip(text), 4500 };
}

/* Keys depend on the direction, which the receiver's number gives. */
static struct live *live_of(
	struct gate *g, unsigned receiver, bool inbound, struct tss local, struct tss remote)
{
	struct bytes encr = packet_encr_key(&g->suite), integ = packet_integ_key(&g->suite);
	struct text why = text_in(&g->arena);
	struct sa_spec spec = {
		.spi = GATE_SPI_OF + receiver,
		.inbound = inbound,
		.child = CHILD,
		.policy = POLICY,
		.suite = g->suite,
		.encr_key = bytes_of(encr.p + receiver, encr.n),
		.integ_key = integ,
		.encap = true,
		.local_ts = local,
		.remote_ts = remote,
		.conf = &g->conf,
	};
	enum err err;
	struct live *l = live_new(&spec, &g->meters[inbound], &err, &why);

	if (!l)
		abort();
	return l;
}

static struct sa_slot slot_of(struct gate *g, unsigned side, struct live *l)
{
	struct esp *e = &l->esp;

	return (struct sa_slot){
		.live = l,
		.device = &g->device,
		.local = outer_of(side),
		.remote = outer_of(3 - side),
		.encap = true,
		.limit = limit_inner(e->encr, e->integ, 1500, false, true),
	};
}

static void open_tss(struct gate *g, unsigned side, struct tss local, struct tss remote, bool trap)
{
	struct spd_entry entry = { .trap = trap, .policy = &g->policy, .sa = trap ? NULL : &g->out_slot };

	g->device = (struct device){ .slot = 0 };
	g->in = live_of(g, side, true, local, remote);
	g->out = live_of(g, 3 - side, false, local, remote);
	g->policy = (struct policy_live){ .id = POLICY };
	g->in_slot = slot_of(g, side, g->in);
	g->out_slot = slot_of(g, side, g->out);
	g->tables.devices[0] = &g->device;
	map_put(&g->tables.sad, g->in->esp.spi, &g->in_slot);
	for (unsigned i = 0; i < local.n; i++)
		for (unsigned k = 0; k < remote.n; k++) {
			entry.local = local.v[i];
			entry.remote = remote.v[k];
			spd_put(&g->tables.spd, &entry, 1, &g->retired);
		}
	gate_publish(g);
}

void gate_publish(struct gate *g)
{
	board_publish(&g->board, snapshot_of(&g->tables), &g->retired);
	board_reap(&g->board, NULL);
	g->lane.snap = atomic_load(&g->board.current);
}

void gate_open(struct gate *g, unsigned side)
{
	struct ts net[2][2] = {
		{ packet_ts("10.1.0.0/16"), packet_ts("2001:db8:1::/48") },
		{ packet_ts("10.2.0.0/16"), packet_ts("2001:db8:2::/48") },
	};

	open_tss(g, side, (struct tss){ net[side - 1], 2 }, (struct tss){ net[2 - side], 2 }, false);
}

void gate_open_ts(struct gate *g, unsigned side, const char *local, const char *remote, bool trap)
{
	struct ts l = packet_ts(local), r = packet_ts(remote);

	open_tss(g, side, (struct tss){ &l, 1 }, (struct tss){ &r, 1 }, trap);
}

void gate_close(struct gate *g)
{
	struct spd_bucket *b;
	size_t at = 0;

	for (; (b = map_next(&g->tables.spd.buckets, &at)); at = 0)
		spd_take(&g->tables.spd, b->v, b->n, &g->retired);
	board_publish(&g->board, NULL, &g->retired);
	board_reap(&g->board, NULL);
	spd_free(&g->tables.spd);
	map_free(&g->tables.sad);
	live_free(g->in);
	live_free(g->out);
	arena_free(&g->arena);
}

/* The reason that has been counted once more than in BEFORE. */
static enum drop dropped_since(struct gate *g, const struct drops *before)
{
	for (enum drop why = DROP_NONE + 1; why < DROP_MAX; why++)
		if (gate_dropped(g, why) != before->n[why])
			return why;
	return DROP_NONE;
}

enum drop gate_send(struct gate *g, struct departure *d, const uint8_t *p, size_t n)
{
	const struct virtio_net_hdr none = { 0 };
	struct drops before = g->drops;
	struct parcel parcel;

	load_empty(&g->load);
	if (outbound_take(&g->lane, &g->device, &none, bytes_of(p, n), &parcel) &&
		!outbound_load(&g->lane, &parcel, &g->load))
		abort();
	outbound_seal(&g->lane, &g->load);
	*d = g->load.n ? g->load.v[0] : (struct departure){ 0 };
	return dropped_since(g, &before);
}

enum drop gate_receive(struct gate *g, struct arrival *a, uint8_t *p, size_t n, uint8_t tos, const char *from)
{
	*a = (struct arrival){ .esp = { .p = p, .n = n }, .encap = true, .tos = tos };
	a->path.remote = g->in_slot.remote;
	if (from)
		a->path.remote.ip = packet_ip(from);
	inbound_run(&g->lane, a, 1);
	return a->esp.drop;
}

unsigned gate_told(const struct gate *g, enum report_kind kind)
{
	unsigned n = 0;

	for (unsigned i = 0; i < g->n_told; i++)
		n += g->told[i].kind == kind;
	return n;
}

uint64_t gate_dropped(struct gate *g, enum drop why)
{
	return atomic_load(&g->drops.n[why]);
}

struct sa_usage gate_usage(const struct live *l)
{
	return live_usage(l->meter, l->esp.spi, l->inbound);
}
