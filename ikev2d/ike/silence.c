/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hints about answers that do not come. */
#include "ike/silence.h"

#include "ike/fragment.h"

#include "base/buf.h"

static const char *const unreachable_words[] = {
	[UNREACHABLE_NET] = "there is no way to that network",
	[UNREACHABLE_HOST] = "the host cannot be reached",
	[UNREACHABLE_PORT] = "nobody listens on that port: no IKE daemon runs there",
	[UNREACHABLE_FILTERED] = "a firewall forbids it",
};

void silence_unreachable(struct ike *ike, struct bytes spis, const struct ip *who, enum ike_unreachable what)
{
	struct rd r = rd_of(spis);
	uint64_t spi_i = rd_u64(&r), spi_r = rd_u64(&r);
	struct sa *sa = map_get(&ike->sas, spi_i);

	if (!sa || !sa->core.initiator)
		sa = map_get(&ike->sas, spi_r);
	if (!sa || what > UNREACHABLE_FILTERED || sa->core.spi_i != spi_i ||
		(sa->core.spi_r && sa->core.spi_r != spi_r))
		return;
	sa->window.unreachable = what;
	sa->window.told_by = *who;
}

enum verdict silence_elsewhere(struct draft *d)
{
	d->sa->window.elsewhere = d->path->remote.ip;
	return draft_drop(d, DROP_INVALID);
}

/* Whether the request is the first on the port for NATs, after one on the usual port was answered, and its
 * size is not to blame. */
static bool first_on_4500(struct draft *d)
{
	const struct peer *p = d->core.peer;

	return !*fragment_blame(d->step, d->sa) && d->core.initiator && d->core.state < S_UP &&
	       d->core.path.marker && d->core.path.remote.port != p->remote_port;
}

/* Nothing is known but that it is silent. */
static void explain_nothing(struct draft *d)
{
	struct arena *a = d->step->scratch;
	bool on_4500 = first_on_4500(d);

	if (on_4500)
		d->why.what = arena_printf(a,
			"%s; port %u has answered before: it is UDP %u that does not come "
			"through",
			d->why.what, d->core.peer->remote_port, d->core.path.remote.port);
	else if (d->core.state == S_I_INIT)
		d->why.what = arena_printf(a, "%s; nothing at all came back", d->why.what);
	d->why.instead =
		on_4500 ? "let UDP 4500 through the firewalls between"
			: "an address where an IKE daemon answers; or let UDP 500 and 4500 through the "
			  "firewalls between";
}

/* What somebody has said. */
static void explain_hints(struct draft *d)
{
	const struct window *w = &d->sa->window;
	struct arena *a = d->step->scratch;
	char who[IP_TEXT];

	if (w->disowned) {
		d->why.what = arena_printf(a,
			"%s; somebody there says that it has no such IKE_SA: it may have been restarted",
			d->why.what);
		d->why.notify = notify_name(INVALID_IKE_SPI);
		d->why.where = NULL;
	} else if (w->elsewhere.v) {
		ip_print(&w->elsewhere, who);
		d->why.what =
			arena_printf(a, "%s; an answer came from %s, which was not asked, and was not taken",
				d->why.what, who);
		d->why.instead = arena_printf(a, "remote_addrs = %s, if that is the peer", who);
	} else if (w->told_by.v) {
		ip_print(&w->told_by, who);
		d->why.what = arena_printf(
			a, "%s; %s says that %s (ICMP)", d->why.what, who, unreachable_words[w->unreachable]);
		d->why.instead = w->unreachable == UNREACHABLE_FILTERED
					 ? "let UDP 500 and 4500 through the firewall there"
					 : "an address where an IKE daemon answers";
	} else {
		explain_nothing(d);
	}
}

void silence_explain(struct draft *d)
{
	const struct peer *p = d->core.peer;
	struct arena *a = d->step->scratch;
	char remote[ADDR_TEXT];

	addr_print(&d->core.path.remote, remote);
	d->why = (struct why){
		.what = arena_printf(a, "no answer from %s to %s of connection %s after %u tries%s", remote,
			exchange_name(d->sa->window.exchange), p->name, d->sa->window.tries + 1,
			fragment_blame(d->step, d->sa)),
		.where = source_print(&p->at, "remote_addrs", a),
		.alert = d->core.state == S_I_INIT ? "peer-init-unreachable" : "retransmit-send-timeout",
	};
	explain_hints(d);
}
