/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packets that are always under way. */
#include "tests/pair/traffic.h"

#include "tests/unit/unit.h"

enum { FLIGHT_MAX = 4 * 1000 /* ms: what takes longer to arrive is not looked at */ };

static void arrive(struct traffic *t, const struct traffic_packet *packet)
{
	struct host *h = (struct host *)packet->to;
	const struct sa_spec *spec = datapath_sa(&h->datapath, true, packet->spi);
	struct dp_sa *sa;

	if (!h->ike || packet->sent + FLIGHT_MAX < t->lab->now)
		return;
	if (!spec) {
		fail_msg("%s has no SA for a packet on %08x", h->name, packet->spi);
		return;
	}
	t->carried++;
	sa = datapath_find(&h->datapath, spec->child, true);
	if (sa->used)
		return;
	sa->used = true;
	host_event(h, &(struct ike_event){ .kind = EVENT_USED, .used.child = spec->child });
}

static void send_on(struct traffic *t, const struct dp_sa *sa, const struct host *to)
{
	if (t->n < TRAFFIC_MAX)
		t->under_way[t->n++] = (struct traffic_packet){ to, sa->spec.spi, t->lab->now };
}

static void send(struct traffic *t, const struct host *from, const struct host *to)
{
	list_each (n, (struct node *)&from->datapath.policies) {
		const struct dp_policy *p = node_owner(n, struct dp_policy, node);
		const struct dp_sa *sa = datapath_sender(&from->datapath, p);

		if (p->refused || p->spec.trap || !p->open)
			continue;
		if (!sa)
			fail_msg("%s has no SA to send on", from->name);
		else
			send_on(t, sa, to);
	}
	list_each (n, &from->datapath.sas)
		if (node_owner(n, struct dp_sa, node)->sends)
			send_on(t, node_owner(n, struct dp_sa, node), to);
}

static void look(void *watcher)
{
	struct traffic *t = watcher;
	struct traffic_packet arriving[TRAFFIC_MAX];
	unsigned n = t->n;

	memcpy(arriving, t->under_way, sizeof arriving);
	t->n = 0;
	for (unsigned i = 0; i < n; i++)
		arrive(t, &arriving[i]);
	send(t, &t->lab->hosts[0], &t->lab->hosts[1]);
	send(t, &t->lab->hosts[1], &t->lab->hosts[0]);
}

void traffic_begin(struct traffic *t, struct lab *lab)
{
	*t = (struct traffic){ .lab = lab };
	lab->watch = look;
	lab->watcher = t;
	look(t);
}

void traffic_end(struct traffic *t)
{
	look(t);
	t->lab->watch = NULL;
	t->n = 0;
}
