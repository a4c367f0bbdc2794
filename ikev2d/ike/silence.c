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
static bool first_on_4500(const struct sa *sa, struct arena *a)
{
	const struct sa_core *c = &sa->core;

	return !*fragment_blame(sa, a) && c->initiator && c->state < S_UP && c->path.marker &&
	       c->path.remote.port != c->peer->remote_port;
}

/* Nothing is known but that it is silent. */
static void explain_nothing(const struct sa *sa, struct arena *a, struct why *why)
{
	bool on_4500 = first_on_4500(sa, a);

	if (on_4500)
		why->what = arena_printf(a,
			"%s; port %u has answered before: it is UDP %u that does not come through", why->what,
			sa->core.peer->remote_port, sa->core.path.remote.port);
	else if (sa->core.state == S_I_INIT)
		why->what = arena_printf(a, "%s; nothing at all came back", why->what);
	why->instead =
		on_4500 ? "let UDP 4500 through the firewalls between"
			: "an address where an IKE daemon answers; or let UDP 500 and 4500 through the "
			  "firewalls between";
}

/* What somebody has said. */
static void explain_hints(const struct sa *sa, struct arena *a, struct why *why)
{
	const struct window *w = &sa->window;
	char who[IP_TEXT];

	if (w->disowned) {
		why->what = arena_printf(a,
			"%s; somebody there says that it has no such IKE_SA: it may have been restarted",
			why->what);
		why->notify = notify_name(INVALID_IKE_SPI);
		why->where = NULL;
	} else if (w->elsewhere.v) {
		ip_print(&w->elsewhere, who);
		why->what = arena_printf(a,
			"%s; an answer came from %s, which was not asked, and was not taken", why->what, who);
		why->instead = arena_printf(a, "remote_addrs = %s, if that is the peer", who);
	} else if (w->told_by.v) {
		ip_print(&w->told_by, who);
		why->what = arena_printf(
			a, "%s; %s says that %s (ICMP)", why->what, who, unreachable_words[w->unreachable]);
		why->instead = w->unreachable == UNREACHABLE_FILTERED
				       ? "let UDP 500 and 4500 through the firewall there"
				       : "an address where an IKE daemon answers";
	} else {
		explain_nothing(sa, a, why);
	}
}

void silence_explain(const struct sa *sa, struct arena *arena, struct why *why)
{
	const struct peer *p = sa->core.peer;
	unsigned tries = sa->window.tries + 1;
	char remote[ADDR_TEXT];

	addr_print(&sa->core.path.remote, remote);
	*why = (struct why){
		.what = arena_printf(arena, "no answer from %s to %s of connection %s after %u %s%s", remote,
			exchange_name(sa->window.exchange), p->name, tries, tries == 1 ? "try" : "tries",
			fragment_blame(sa, arena)),
		.stage = exchange_name(sa->window.exchange),
		.where = source_print(&p->at, "remote_addrs", arena),
		.alert = sa->core.state == S_I_INIT ? "peer-init-unreachable" : "retransmit-send-timeout",
	};
	explain_hints(sa, arena, why);
}

/* Whether the command TICKET waits for SA, or for a child of it. */
static bool is_awaited(const struct sa *sa, uint32_t ticket)
{
	bool found = waits_have(&sa->waits, ticket);

	for (const struct node *n = sa->children.next; !found && n != &sa->children; n = n->next)
		found = waits_have(&node_owner(n, struct child, of_sa)->waits, ticket);
	return found;
}

bool ike_awaits(const struct ike *ike, uint32_t ticket, struct arena *arena, struct why *why)
{
	for (const struct node *n = ike->sas_list.next; n != &ike->sas_list; n = n->next) {
		const struct sa *sa = node_owner(n, struct sa, of_ike);
		const struct window *w = &sa->window;

		if (!w->request || !(w->tries || w->told_by.v || w->elsewhere.v) || !is_awaited(sa, ticket))
			continue;
		silence_explain(sa, arena, why);
		return true;
	}
	return false;
}
