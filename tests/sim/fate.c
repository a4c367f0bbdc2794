/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands, crashes, new configurations, and a machine that fails. */
#include "tests/sim/sim.h"

#include <stdlib.h>

static const char *const names[SIDES_MAX] = { "moon", "sun", "star" };

#define SITE                                                                                                 \
	"connections { site { local_addrs = %s\n remote_addrs = %s\n dpd_delay = %us\n"                      \
	" proposals = aes128gcm16-prfsha256-x25519%s%s\n encap = %s\n rekey_time = %us\n reauth_time = "     \
	"%us\n"                                                                                              \
	" over_time = 100s\n unique = %s\n childless = %s\n resumption = %s\n local { auth = psk }\n "       \
	"remote { auth = psk }\n "                                                                           \
	"children {\n"                                                                                       \
	" net { %s\n esp_proposals = %s%s\n"                                                                 \
	" start_action = %s\n rekey_time = %us\n life_time = 300s\n rand_time = %us }\n"                     \
	" more { %s\n esp_proposals = %s%s\n"                                                                \
	" rekey_time = %us\n life_time = 300s\n rand_time = %us\n keep = %s\n close_action = %s\n "          \
	"dpd_action = %s\n inactivity = %us } } } }\n"                                                       \
	"secrets { ike-site { secret = moonlight } }\n"                                                      \
	"daemon { udp_encap = %s\n retransmit_jitter = %u\n cookie_threshold = %u\n make_before_break = %s " \
	"}\n"

/* A network of SIDE's and those of its peers; NUMBER goes before its own. */
static const char *networks(struct life *l, unsigned side, const char *number)
{
	const char *of_star =
		side == SUN && l->beside ? arena_printf(&l->arena, ", 10.%s%u.0.0/16", number, STAR + 1) : "";

	return arena_printf(&l->arena, "local_ts = 10.%s%u.0.0/16\n remote_ts = 10.%s%u.0.0/16%s", number,
		side + 1, number, side == SUN ? MOON + 1 : SUN + 1, of_star);
}

/* What "net" carries where there are two clients; those do not know of each other. */
static const char *net_carries_beside(struct life *l, unsigned side)
{
	switch (l->beside) {
	case BESIDE_SAME:
		return side == SUN ? "local_ts = 10.2.0.0/16\n remote_ts = 10.1.0.0/16"
				   : "local_ts = 10.1.0.0/16\n remote_ts = 10.2.0.0/16";
	case BESIDE_HOSTS: return "local_ts = dynamic\n remote_ts = dynamic\n mode = transport";
	case BESIDE_VIPS:
		return side == SUN ? "local_ts = 10.2.0.0/16\n remote_ts = dynamic"
				   : "local_ts = dynamic\n remote_ts = 10.2.0.0/16";
	default: return networks(l, side, "");
	}
}

/* What "net" carries: in some lives from host to host, in transport mode if both ends agree. */
static const char *net_carries(struct life *l, unsigned side)
{
	if (l->beside)
		return net_carries_beside(l, side);
	if (l->seed % 16 != 9)
		return networks(l, side, "");
	return arena_printf(&l->arena, "local_ts = dynamic\n remote_ts = dynamic\n mode = %s",
		life_draw(l, 4) ? "transport" : "tunnel");
}

/* Both prove themselves by certificates. */
#define LARGE                                                                                                \
	"connections { site { send_cert = always\n local { auth = pubkey\n } remote { auth = pubkey\n }\n"   \
	" fragmentation = %s } }\n daemon { fragment_size = %u }\n"

static void enlarge(struct life *l, unsigned side)
{
	static const char *const words[] = { "yes", "yes", "force", "accept", "no" };
	static const unsigned sizes[] = { 0, 576, 700, 1280, 1500 };

	l->conf[side] = arena_printf(
		&l->arena, "%s" LARGE, l->conf[side], words[life_draw(l, 5)], sizes[life_draw(l, 5)]);
}

/* Some signatures only, which is announced. */
#define CERTAIN "connections { site { remote { auth = ecdsa-sha256\n } } }\n"

/* In streams, or where nothing comes otherwise. */
#define STREAMS "connections { site { transport = %s\n } }\n"

/* Who is called while a stranger is half open asks for a puzzle, and for another one once that has sent
 * nonsense. */
#define PUZZLES "daemon { cookie_threshold = 1\n puzzle_threshold = 1\n puzzle_auth_threshold = 1 }\n"

/* Not always at both ends, nor as many. */
#define CPUS                                                                                                 \
	"connections { site { children { net { per_cpu_sas = %s\n } more { per_cpu_sas = %s\n } } } }\n"     \
	" daemon { cpus = %u }\n"

static void divide(struct life *l, unsigned side)
{
	const char *net = life_draw(l, 8) ? "yes" : "no", *more = life_draw(l, 3) ? "no" : "yes";

	l->conf[side] = arena_printf(&l->arena, "%s" CPUS, l->conf[side], net, more, 1 + life_draw(l, 4));
}

/* Who begins has an address of the other. */
#define VIPS                                                                                                 \
	"connections { site { vips = 0.0.0.0, ::\n pools = four, six\n } }\n"                                \
	"pools { four { addrs = 10.93.%u.0/24\n } six { addrs = 2001:db8:93::/120\n } }\n"

/* Who is called by whoever comes begins nothing by itself. */
#define CALLED                                                                                               \
	"connections { site { children { net { start_action = none\n } more { keep = no\n "                  \
	"close_action = none\n dpd_action = none\n } } } }\n"

/* Clients prove who they are by EAP, so that sun cannot begin. */
#define EAP_CLIENT "connections { site { local { auth = eap\n } } }\n"
static const char *const eap[SIDES_MAX] = {
	[MOON] = EAP_CLIENT,
	[STAR] = EAP_CLIENT,
	[SUN] = "connections { site { remote { auth = eap\n } } }\n" CALLED,
};

/* Else clients say that they are their address, which is the same. */
#define NAMED "connections { site { local { id = %s.example.org\n } } }\n"

/* A post-quantum preshared key, which who has lost it does without. */
static void protect(struct life *l, unsigned side, bool eap_life)
{
	static const char *const exchanges[] = { "any", "any", "intermediate", "auth" };

	l->conf[side] = arena_printf(&l->arena,
		"%sconnections { site { ppk_id = winter.example.org\n ppk_exchange = %s\n } }\n%s",
		l->conf[side], eap_life ? "intermediate" : exchanges[life_draw(l, 4)],
		life_draw(l, 4) ? "secrets { ppk-winter { id = winter.example.org\n secret = snow } }\n"
				: "");
}

const char *fate_home(const struct life *l, unsigned side)
{
	return side == SUN ? "192.0.2.2" : l->behind_nat ? "10.9.0.1" : "192.0.2.1";
}

/* Who roams may be anywhere, and who is behind a NAT is not where it says. */
static const char *addresses(struct life *l, unsigned side, bool own)
{
	const char *home = fate_home(l, side);
	bool hidden = l->behind_nat && side != SUN;

	if (own)
		return l->roams ? "%any" : home;
	return hidden ? "%any" : l->roams ? arena_printf(&l->arena, "%s, %%any", home) : home;
}

const char *fate_configuration(struct life *l, unsigned side)
{
	static const char *const more_groups[] = { "", "-ecp256", ", aes128-sha256-x25519" };
	static const char *const esp[] = { "aes128gcm16", "aes128gcm16-esn-noesn",
		"aes128gcm16, aes128-sha256", "aes128gcm16-x25519", "aes128gcm16-x25519-ecp256" };
	/* "never" at one end only makes the two directions differ, as it should. */
	static const char *const encap[] = { "no", "yes" };
	static const char *const start[] = { "none", "none", "trap", "start", "trap|start" };
	static const char *const unique[] = { "never", "no", "no", "replace" };
	static const char *const childless[] = { "allow", "prefer" };
	static const char *const actions[] = { "none", "trap", "start" };
	/* Both ends agree whether children have a key exchange of their own. */
	unsigned ke = l->seed % 3 == 0 ? 3 : 0, choices = ke ? 2 : 3, jitter = l->seed % 5 ? 10 : 1;
	unsigned ike_rekey = life_draw(l, 3) ? 60 + life_draw(l, 300) : 0;
	unsigned reauth = life_draw(l, 4) ? 0 : 100 + life_draw(l, 300);
	const char *net = net_carries(l, side), *also = networks(l, side, "1");
	/* In some lives each key exchange has another one behind it, of a curve for which OpenSSL is quick. */
	const char *more = l->seed % 7 == 6 ? "-ke1_ecp256" : "", *more_esp = ke ? more : "";

	l->conf[side] = arena_printf(&l->arena, SITE, addresses(l, side, true),
		addresses(l, side == SUN ? MOON : SUN, false), 20 + life_draw(l, 40), more,
		more_groups[life_draw(l, 3)], l->seed % 4 || l->beside ? encap[life_draw(l, 2)] : "never",
		ike_rekey, reauth, unique[life_draw(l, l->nameless ? 1 : 4)], childless[life_draw(l, 2)],
		l->seed % 8 ? "no" : "yes", net, esp[ke + life_draw(l, choices)], more_esp,
		l->peace ? "none" : start[life_draw(l, l->wanted ? 5 : 3)], 30 + life_draw(l, 200), jitter,
		also, esp[ke + life_draw(l, choices)], more_esp, 30 + life_draw(l, 200), jitter,
		l->wanted && !life_draw(l, 3) ? "yes" : "no", actions[l->wanted ? life_draw(l, 3) : 0],
		actions[l->wanted ? life_draw(l, 3) : 0], l->seed % 4 == 3 ? life_draw(l, 100) : 0,
		life_draw(l, 2) ? "yes" : "no", life_draw(l, 2) * 10,
		life_draw(l, 4) && !(l->beside && l->peace) ? 30 : 0,
		life_draw(l, 2) || l->peace ? "yes" : "no");
	if (life_is_large(l))
		enlarge(l, side);
	if (life_is_large(l) && l->seed % 3 == 1)
		l->conf[side] = arena_printf(&l->arena, "%s" CERTAIN, l->conf[side]);
	if (!l->roams && l->seed % 13 == 5)
		l->conf[side] =
			arena_printf(&l->arena, "%s" STREAMS, l->conf[side], l->seed % 3 ? "tcp" : "auto");
	if (l->flooded)
		l->conf[side] = arena_printf(&l->arena, "%s" PUZZLES, l->conf[side]);
	if (l->seed % 5 == 2 || l->beside == BESIDE_VIPS)
		l->conf[side] = arena_printf(&l->arena, "%s" VIPS, l->conf[side], side + 1);
	if (l->seed % 11 == 4)
		l->conf[side] = arena_printf(&l->arena, "%s%s", l->conf[side], eap[side]);
	if (l->seed % 17 == 3)
		protect(l, side, l->seed % 11 == 4);
	if (l->for_cpus)
		divide(l, side);
	if (l->beside && side == SUN)
		l->conf[side] = arena_printf(&l->arena, "%s" CALLED, l->conf[side]);
	else if (l->beside && !l->nameless)
		l->conf[side] = arena_printf(&l->arena, "%s" NAMED, l->conf[side], names[side]);
	return l->conf[side];
}

void fate_command(struct life *l, unsigned side, struct ike_command c)
{
	static const char *const words[] = {
		[COMMAND_UP] = "up", [COMMAND_DOWN] = "down", [COMMAND_REKEY] = "rekey"
	};
	struct given *g = calloc(1, sizeof *g);

	if (!g)
		abort();
	g->ticket = c.ticket = ++l->tickets;
	list_append(&l->given[side], &g->node);
	life_say(l, "%s: %s %s %s%s, ticket %u", names[side], words[c.kind], c.ike ? c.ike : "",
		c.child ? c.child : "", c.force ? " by force" : "", c.ticket);
	host_command(l->hosts[side], &c);
}

static const char *child(struct life *l)
{
	return life_draw(l, 3) ? "net" : "more";
}

static void up(struct life *l, unsigned side)
{
	fate_command(l, side,
		(struct ike_command){
			.kind = COMMAND_UP, .ike = "site", .child = life_draw(l, 3) ? child(l) : NULL });
}

static void down(struct life *l, unsigned side)
{
	fate_command(l, side,
		(struct ike_command){ .kind = COMMAND_DOWN, .ike = "site", .force = !life_draw(l, 8) });
}

static void down_child(struct life *l, unsigned side)
{
	fate_command(l, side,
		(struct ike_command){ .kind = COMMAND_DOWN, .child = child(l), .force = !life_draw(l, 8) });
}

static void rekey(struct life *l, unsigned side)
{
	fate_command(l, side,
		(struct ike_command){ .kind = COMMAND_REKEY, .ike = "site", .reauth = !life_draw(l, 8) });
}

static void rekey_child(struct life *l, unsigned side)
{
	fate_command(l, side, (struct ike_command){ .kind = COMMAND_REKEY, .child = child(l) });
}

/* Both ends at once: the requests cross. */
static void rekey_both(struct life *l, unsigned side)
{
	struct ike_command c = {
		.kind = COMMAND_REKEY, .ike = "site", .child = life_draw(l, 2) ? child(l) : NULL
	};

	fate_command(l, side, c);
	side = life_peer(l, side);
	if (!l->restart[side])
		fate_command(l, side, c);
}

/* A packet meets the trap, if there is one. Moon's data path is like the kernel's: while what a packet has
 * asked for stands, no other asks. With sun's each does. */
static void packet(struct life *l, unsigned side)
{
	struct host *h = l->hosts[side];
	const struct policy_spec *trap = datapath_policy(&h->datapath, true);
	struct ike_event e = { .kind = EVENT_ACQUIRE };

	if (!trap || (!side && !datapath_asks(&h->datapath, &e)))
		return;
	e.acquire.policy = trap->id;
	e.acquire.local = trap->local_ts.v[0];
	e.acquire.remote = trap->remote_ts.v[0];
	life_say(l, "%s: a packet meets the trap", names[side]);
	host_event(h, &e);
}

/* Packets of some CPU meet a policy, if there is one that asks for each. */
static void packet_on_cpu(struct life *l, unsigned side)
{
	struct host *h = l->hosts[side];
	struct ike_event e = { .kind = EVENT_ACQUIRE, .acquire.resource = 1 + life_draw(l, 5) };

	list_each (n, &h->datapath.policies) {
		const struct dp_policy *p = node_owner(n, struct dp_policy, node);
		const struct dp_sa *sa = datapath_sender_of(&h->datapath, p, e.acquire.resource);

		if (!p->spec.per_cpu || p->refused || (sa && sa->spec.resource))
			continue;
		if (!sa)
			e.acquire.resource = 0;
		e.acquire.policy = p->spec.id;
		e.acquire.local = p->spec.local_ts.v[0];
		e.acquire.remote = p->spec.remote_ts.v[0];
		life_say(l, "%s: a packet on CPU %u", names[side], e.acquire.resource);
		host_event(h, &e);
		return;
	}
}

static void forget_given(struct life *l, unsigned side)
{
	list_each_safe (n, &l->given[side]) {
		list_remove(n);
		free(node_owner(n, struct given, node));
	}
}

static void crash(struct life *l, unsigned side)
{
	life_say(l, "%s: crashes", names[side]);
	host_stop(l->hosts[side]);
	forget_given(l, side);
	l->restart[side] = l->lab->now + 1 + life_draw(l, 60 * 1000);
}

static void reload(struct life *l, unsigned side)
{
	life_say(l, "%s: another configuration", names[side]);
	host_reload(l->hosts[side], fate_configuration(l, side));
}

static unsigned in_the_air(const struct life *l)
{
	unsigned n = 0;

	list_each (f, &l->lab->flights)
		n++;
	return n;
}

/* Nothing comes of that. */
static void reload_again(struct life *l, unsigned side)
{
	struct host *h = l->hosts[side];
	unsigned asked = h->asked, flights = in_the_air(l);

	if (!l->conf[side])
		return;
	life_say(l, "%s: the same configuration again", names[side]);
	host_reload(h, l->conf[side]);
	if (h->asked != asked || in_the_air(l) != flights)
		life_fail(l, "%s did something because it was given its configuration again", names[side]);
}

static void unload(struct life *l, unsigned side)
{
	life_say(l, "%s: without its connection", names[side]);
	host_reload(l->hosts[side], "secrets { ike-site { secret = moonlight } }\n");
	l->conf[side] = NULL;
}

/* One that has crashed starts with all it had. */
static void crash_whole(struct life *l, unsigned side)
{
	if (!l->conf[side])
		reload(l, side);
	crash(l, side);
}

/* From now on some of what is asked fails, comes late, or is never answered. */
static void sicken(struct life *l, unsigned side)
{
	struct host *h = l->hosts[side];

	h->fails = life_draw(l, 2) ? 1u << life_draw(l, 7) : 0;
	h->exists = h->fails & (ASKED_SA_IN | ASKED_SA_OUT);
	if (h->exists && life_draw(l, 2)) {
		h->times = 1 + life_draw(l, 3);
		h->fails = 0;
	}
	h->silent = life_draw(l, 2) ? 0 : 1u << life_draw(l, 7);
	h->late = life_draw(l, 2) ? life_draw(l, 15 * 1000) : 0;
	life_say(l, "%s: fails %x, silent %x, late %u ms, %x is there %u times", names[side], h->fails,
		h->silent, (unsigned)h->late, h->exists, h->times);
}

static void heal(struct life *l, unsigned side)
{
	l->hosts[side]->fails = l->hosts[side]->silent = l->hosts[side]->times = 0;
	l->hosts[side]->late = 0;
}

/* Another address, or some at once. */
static void roam(struct life *l, unsigned side)
{
	static const char *const places[][SIDES] = { { "198.51.100.1", "198.51.100.2" },
		{ "203.0.113.1 198.51.100.1", "203.0.113.2 198.51.100.2" }, { "2001:db8::1", "2001:db8::2" },
		{ "192.0.2.1 2001:db8::1", "192.0.2.2 2001:db8::2" } };
	unsigned n = life_draw(l, 6);
	const char *there = n < 4 ? places[n][side] : fate_home(l, side);

	life_say(l, "%s: is at %s", names[side], there);
	host_addresses(l->hosts[side], there);
}

/* Whether another one has the ports that the host at SIDE would have with SHIFT. */
static bool is_taken(const struct life *l, unsigned side, uint16_t shift)
{
	for (unsigned other = 0; other < l->sides; other++)
		if (other != side && l->hosts[other]->nat.shift == shift)
			return true;
	return false;
}

/* What another one had once may be the one's now. */
static void rebind(struct life *l, unsigned side)
{
	struct nat *nat = &l->hosts[side]->nat;

	if (!nat->outside.v)
		return;
	nat->shift = (uint16_t)(10000 + 100 * life_draw(l, 30)); /* so that 500 never maps where 4500 did */
	while (is_taken(l, side, nat->shift))
		nat->shift += 100;
	life_say(l, "%s: its NAT forgets, and adds %u to ports", names[side], nat->shift);
}

void fate_strikes(struct life *l)
{
	typedef void deed(struct life *, unsigned);
	static deed *const storm[] = { up, up, up, up, packet, packet, down, down, down_child, down_child,
		crash_whole, reload, reload, reload_again, unload, sicken, heal, heal, rekey, rekey_child,
		rekey_both, rekey_both };
	static deed *const peace[] = { rekey, rekey_child, rekey_both, rekey_both, reload, reload_again };
	unsigned side = life_draw(l, l->sides);
	bool at_peace = l->peace && side != STAR;

	if (l->restart[side])
		return;
	if (!at_peace && (l->roams || l->behind_nat) && life_draw(l, 2))
		(l->roams ? roam : rebind)(l, side);
	else if (l->for_cpus && !life_draw(l, 3))
		packet_on_cpu(l, side);
	else if (at_peace)
		peace[life_draw(l, sizeof peace / sizeof *peace)](l, side);
	else
		storm[life_draw(l, sizeof storm / sizeof *storm)](l, side);
	l->steps++;
	check_always(l);
}

/* Nobody reaches who is behind a NAT. */
void fate_begins(struct life *l)
{
	up(l, l->behind_nat ? MOON : life_draw(l, SIDES));
	if (l->beside && !l->peace)
		up(l, STAR);
}

void fate_wants_nothing(struct life *l)
{
	l->wanted = false;
	for (unsigned side = 0; side < l->sides; side++)
		reload(l, side);
}

void fate_rests(struct life *l)
{
	unsigned away = l->roams && !l->wanted ? life_draw(l, SIDES + 1) : SIDES;

	for (unsigned side = 0; side < l->sides; side++) {
		heal(l, side);
		if (!l->conf[side])
			reload(l, side);
		if (l->roams)
			host_addresses(l->hosts[side],
				side == away ? arena_printf(&l->arena, "198.51.100.%u", 100 + side)
					     : fate_home(l, side));
	}
}

/* Each command ends once: its ticket is taken from the list, and must have been there. */
static void ended(struct life *l, unsigned side, uint32_t ticket)
{
	list_each_safe (n, &l->given[side]) {
		struct given *g = node_owner(n, struct given, node);

		if (g->ticket != ticket)
			continue;
		list_remove(n);
		free(g);
		return;
	}
	life_fail(l, "%s said twice that command %u has ended", names[side], ticket);
}

void fate_listen(struct life *l, unsigned side)
{
	list_each_safe (n, &l->hosts[side]->news) {
		struct news *news = node_owner(n, struct news, node);

		life_say(l, "%s: %s", names[side],
			news->tell.text  ? news->tell.text
			: news->tell.why ? news->tell.why->what
					 : "-");
		l->established += news->tell.kind == TELL_SA_UP;
		l->rekeyed += news->tell.kind == TELL_SA_REKEYED || news->tell.kind == TELL_CHILD_REKEYED;
		if (news->tell.kind == TELL_DONE)
			ended(l, side, news->tell.tickets[0]);
		news_free(news);
	}
}
