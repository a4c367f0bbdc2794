/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPI, window, tag, selectors, congestion, size: in this order. */
#include "xfrm/user/inbound.h"

#include "xfrm/user/mss.h"

enum { MAPPING_EVERY = 1000 /* ms */ };

/* Reports are made where there is something to tell, not for each packet: they are large. */

/* The datagram A is IKE's, behind MARKER octets. */
static void hand_over(struct lane *lane, struct arrival *a, size_t marker)
{
	struct esp_report r = { .kind = REPORT_IKE, .path = a->path };

	r.path.marker = true;
	(void)lane->tell(lane->ctx, &r, bytes_of(a->esp.p + marker, a->esp.n - marker));
	a->esp.n = 0;
}

/* What comes in UDP on our port and is no ESP (RFC 3948, 2.2, 2.3): true when it was dealt with. */
static bool take_other(struct lane *lane, struct arrival *a)
{
	static const uint8_t marker[4];

	if (a->encap && a->esp.n == 1 && a->esp.p[0] == 0xff) {
		a->esp.drop = DROP_KEEPALIVE;
		return true;
	}
	if (!a->encap || a->esp.n < sizeof marker || memcmp(a->esp.p, marker, sizeof marker))
		return false;
	hand_over(lane, a, sizeof marker);
	return true;
}

static void find_sa(struct lane *lane, struct arrival *a)
{
	const uint8_t *p = a->esp.p;
	uint32_t spi;

	if (a->esp.n < ESP_HEADER) {
		a->esp.drop = DROP_SHORT;
		return;
	}
	spi = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
	a->sa = snapshot_find_spi(lane->snap, spi);
	if (a->sa) {
		if (live_is_spent(a->sa->live)) {
			lane_tell_volume(lane, a->sa->live, LIVE_NOTHING);
			a->esp.drop = DROP_LIFETIME;
		}
		return;
	}
	a->esp.drop = DROP_SPI;
	/* The kernel's come here only where somebody before it had put them together with ours (choice.c). */
	if (spi >= data_path_spis(DATAPATH_USER).low)
		lane_tell_unknown_spi(lane, &a->path, a->encap, spi);
}

/* Reports another source address of an authenticated packet that moved the window, once a second at most;
 * none to which nothing can be sent: whoever sealed the packet chooses the port as well. */
static void watch_mapping(struct lane *lane, const struct arrival *a)
{
	struct live *l = a->sa->live;

	if (a->esp.place != REPLAY_TOP || !a->encap || !a->path.remote.port ||
		addr_eq(&a->path.remote, &a->sa->remote))
		return;
	if (l->mapping_ms && lane->now < l->mapping_ms + MAPPING_EVERY)
		return;
	l->mapping_ms = lane->now;
	(void)lane->tell(lane->ctx,
		&(struct esp_report){ .kind = REPORT_MAPPING, .id = l->child, .path = a->path },
		bytes_of(NULL, 0));
}

/* What an authenticated packet means for its SA, whatever is inside. */
static void note_authentic(struct lane *lane, const struct arrival *a, size_t n)
{
	struct live *l = a->sa->live;

	if (!atomic_load_explicit(&l->meter->packets, memory_order_relaxed) || l->use_owed)
		l->use_owed = !lane->tell(lane->ctx,
			&(struct esp_report){ .kind = REPORT_USED, .id = l->child }, bytes_of(NULL, 0));
	lane_tell_volume(lane, l, live_count(l, n, lane->now));
	watch_mapping(lane, a);
}

/* The packet inside, which is authentic: is it one of those agreed on, and what changes in it. */
static enum drop check_inner(struct arrival *a)
{
	struct live *l = a->sa->live;
	struct inner *in = &a->inner;
	uint8_t tos;

	if (!inner_parse(bytes_of(a->esp.p, a->esp.n), in))
		return DROP_MALFORMED;
	if (!live_selects(l, in))
		return DROP_SELECTORS;
	tos = in->tos;
	if (!tos_inner(l->tos, a->tos, &tos))
		return DROP_ECN;
	if (tos != in->tos)
		inner_set_tos(a->esp.p, tos);
	if (!l->keep_mss)
		mss_clamp(a->esp.p, in, a->sa->limit);
	a->esp.n = in->n; /* what follows is padding against traffic analysis (RFC 4303, 2.7) */
	return DROP_NONE;
}

/* Finds the SA of A, which is held then, and whether its window may take A. False: A goes no further. */
static bool check_one(struct lane *lane, struct arrival *a, struct live **held)
{
	a->esp.authentic = false;
	if (!take_other(lane, a))
		find_sa(lane, a);
	if (!a->sa || a->esp.drop)
		return false;
	live_hold(held, a->sa->live);
	esp_check(&a->sa->live->esp, &a->esp);
	return true;
}

static void open_one(const struct lane *lane, struct arrival *a)
{
	esp_decrypt(&a->sa->live->esp, lane->number, &a->esp);
	a->inside = a->esp.n;
	if (!a->esp.drop)
		a->esp.drop = check_inner(a);
}

/* What passed the check is counted, or missed; another one may have used the SA up since. */
static void admit_one(struct lane *lane, struct arrival *a)
{
	struct live *l = a->sa->live;

	if (live_is_spent(l)) {
		lane_tell_volume(lane, l, LIVE_NOTHING);
		a->esp.drop = DROP_LIFETIME;
		return;
	}
	esp_admit(&l->esp, &a->esp);
	if (a->esp.authentic)
		note_authentic(lane, a, a->inside);
	if (a->esp.drop && a->esp.drop != DROP_DUMMY)
		live_miss(l, a->esp.drop);
}

/* The lock is kept from packet to packet of the same SA. */
void inbound_run(struct lane *lane, struct arrival *v, unsigned n)
{
	struct live *held = NULL;

	for (unsigned i = 0; i < n; i++) {
		if (check_one(lane, &v[i], &held)) {
			open_one(lane, &v[i]);
			admit_one(lane, &v[i]);
		}
		if (v[i].esp.drop)
			drop_count(lane->drops, v[i].esp.drop);
	}
	live_hold(&held, NULL);
}

/* The lock is held for the check. */
void inbound_open(struct lane *lane, struct arrival *v, unsigned n)
{
	struct live *held = NULL;

	for (unsigned i = 0; i < n; i++)
		(void)check_one(lane, &v[i], &held);
	live_hold(&held, NULL);
	for (unsigned i = 0; i < n; i++)
		if (v[i].sa && !v[i].esp.drop)
			open_one(lane, &v[i]);
}

void inbound_admit(struct lane *lane, struct arrival *v, unsigned n)
{
	struct live *held = NULL;

	for (unsigned i = 0; i < n; i++) {
		if (v[i].sa && v[i].esp.drop != DROP_LIFETIME) {
			live_hold(&held, v[i].sa->live);
			admit_one(lane, &v[i]);
		}
		if (v[i].esp.drop)
			drop_count(lane->drops, v[i].esp.drop);
	}
	live_hold(&held, NULL);
}

bool bundle_next(struct bundle *b, struct arrival *a)
{
	struct esp_packet *left = &b->all.esp;

	if (!left->n)
		return false;
	*a = b->all;
	if (b->segment && b->segment < left->n)
		a->esp.n = b->segment;
	left->p += a->esp.n;
	left->n -= a->esp.n;
	return true;
}
