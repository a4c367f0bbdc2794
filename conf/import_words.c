/* SPDX-License-Identifier: GPL-2.0-or-later */
/* THE table of words of ipsec.conf. A word that becomes one key is a row with that key; what several words
 * say together is read elsewhere (TAKEN), and what is not carried over has its reason. */
#include "conf/import_inner.h"

#define NOT_NEEDED "there is nothing to say here: it is always so"
#define AS_IKEV1   "only IKEv1 has it"

/* What a value is called here; NULL ends it, and a value that is not there stays as it is. */
struct word_map {
	const char *from, *to;
};

static const struct word_map modes[] = { { "passthrough", "pass" }, { 0 } };
static const struct word_map actions[] = { { "none", "none" }, { "clear", "none" }, { "hold", "trap" },
	{ "restart", "start" }, { 0 } };
static const struct word_map certs_sent[] = { { "yes", "always" }, { "no", "never" },
	{ "sendifasked", "ifasked" }, { "alwayssend", "always" }, { "neversend", "never" }, { 0 } };
static const struct word_map encapsulations[] = { { "auto", "no" }, { "no", "never" }, { 0 } };
static const struct word_map fragments[] = { { "force", "yes" }, { 0 } };
static const struct word_map offloads[] = { { "packet", "packet" }, { "crypto", "crypto" }, { 0 } };
static const struct word_map paddings[] = { { "%mtu", "mtu" }, { 0 } };
static const struct word_map tries[] = { { "%forever", "0" }, { 0 } };

enum how {
	TAKEN,   /* by a function of its own */
	COPIED,  /* to the key, by the map where there is one */
	DROPPED, /* with the reason in WHY */
	SAID,    /* the same, but it changes nothing: no line of the list */
};

static const struct word {
	const char *word;
	unsigned dialects;
	bool end; /* with left or right before it */
	enum how how;
	enum import_part_name part; /* COPIED; of an end's word that of the local end, or its like */
	const char *key;
	const struct word_map *map;
	const char *why;   /* DROPPED, SAID */
	const char *first; /* this word is another name of that one, which has a row */
} words[] = {
	{ .word = "also", BOTH },
	{ .word = "keyexchange", BOTH },
	{ .word = "ikev2", LIBRE },
	{ .word = "auto", BOTH },
	{ .word = "type", BOTH, false, COPIED, PART_CHILD, "mode", modes },
	{ .word = "authby", BOTH },
	{ .word = "auth", BOTH, true },
	{ .word = "auth2", STRONG, true },
	{ .word = "autheap", LIBRE, true },
	{ .word = "eap",
		STRONG,
		false,
		DROPPED,
		.why = "write leftauth=eap-… or rightauth=eap-…, and import anew" },
	{ .word = "eap_identity", STRONG },
	{ .word = "aaa_identity", STRONG, false, COPIED, PART_LOCAL, "aaa_id" },
	{ .word = "username", LIBRE, true },
	{ .word = "xauthusername", LIBRE, true, .first = "username" },
	{ .word = "", BOTH, true },
	{ .word = "ikeport", BOTH, true },
	{ .word = "allowany", STRONG, true },
	{ .word = "nexthop", BOTH, true, SAID, .why = "routes say where a gateway is" },
	{ .word = "id", BOTH, true },
	{ .word = "id2", STRONG, true },
	{ .word = "cert", BOTH, true },
	{ .word = "cert2", STRONG, true },
	{ .word = "ckaid", LIBRE, true },
	{ .word = "sigkey", STRONG, true },
	{ .word = "rsasigkey", BOTH, true, .first = "sigkey" },
	{ .word = "ecdsakey", LIBRE, true, .first = "sigkey" },
	{ .word = "pubkey", LIBRE, true, .first = "sigkey" },
	{ .word = "ca", BOTH, true },
	{ .word = "ca2", STRONG, true },
	{ .word = "groups", STRONG, true, COPIED, PART_REMOTE, "groups" },
	{ .word = "groups2", STRONG, true, COPIED, PART_REMOTE2, "groups" },
	{ .word = "certpolicy", STRONG, true, COPIED, PART_REMOTE, "cert_policy" },
	{ .word = "sendcert", BOTH, true, COPIED, PART_CONN, "send_cert", certs_sent },
	{ .word = "sendca",
		LIBRE,
		false,
		DROPPED,
		.why = "intermediate certificates go with ours; others are not sent" },
	{ .word = "subnet", BOTH, true },
	{ .word = "subnets", LIBRE, true },
	{ .word = "subnetwithin", STRONG, true, .first = "subnet" },
	{ .word = "protoport", BOTH, true },
	{ .word = "sourceip", BOTH, true },
	{ .word = "addresspool", LIBRE, true },
	{ .word = "dns", STRONG, true },
	{ .word = "modecfgserver", LIBRE, true },
	{ .word = "modecfgclient", LIBRE, true },
	{ .word = "modecfgpull", LIBRE, false, SAID, .why = AS_IKEV1 },
	{ .word = "modecfgdns", LIBRE },
	{ .word = "modecfgdomains", LIBRE },
	{ .word = "modecfgbanner", LIBRE, false, DROPPED, .why = AS_IKEV1 },
	{ .word = "natip", STRONG, true, DROPPED, .why = "translate addresses by nftables" },
	{ .word = "updown", BOTH, true },
	{ .word = "firewall", STRONG, true },
	{ .word = "hostaccess", STRONG, true },
	{ .word = "vti", LIBRE, true, DROPPED, .why = "write interface and interface_addrs of the child" },
	{ .word = "interface-ip", LIBRE, true },
	{ .word = "cat", LIBRE, true, DROPPED, .why = "translate addresses by nftables" },
	{ .word = "xauthserver", LIBRE, true, DROPPED, .why = AS_IKEV1 },
	{ .word = "xauthclient", LIBRE, true, DROPPED, .why = AS_IKEV1 },
	{ .word = "ike", BOTH },
	{ .word = "esp", BOTH },
	{ .word = "phase2alg", LIBRE, .first = "esp" },
	{ .word = "ah", BOTH },
	{ .word = "phase2", LIBRE },
	{ .word = "pfs", BOTH },
	{ .word = "pfsgroup", STRONG },
	{ .word = "ikelifetime", BOTH },
	{ .word = "lifetime", BOTH },
	{ .word = "keylife", BOTH, .first = "lifetime" },
	{ .word = "salifetime", LIBRE, .first = "lifetime" },
	{ .word = "ipsec-lifetime", LIBRE, .first = "lifetime" },
	{ .word = "margintime", STRONG },
	{ .word = "rekeymargin", BOTH, .first = "margintime" },
	{ .word = "rekeyfuzz", BOTH },
	{ .word = "lifebytes", STRONG },
	{ .word = "ipsec-max-bytes", LIBRE, .first = "lifebytes" },
	{ .word = "lifepackets", STRONG },
	{ .word = "ipsec-max-packets", LIBRE, .first = "lifepackets" },
	{ .word = "marginbytes", STRONG },
	{ .word = "marginpackets", STRONG },
	{ .word = "rekey", BOTH },
	{ .word = "reauth", BOTH },
	{ .word = "keyingtries", BOTH, false, COPIED, PART_CONN, "keyingtries", tries },
	{ .word = "dpddelay", BOTH },
	{ .word = "dpdtimeout",
		BOTH,
		false,
		SAID,
		.why = "in IKEv2 the repetitions of a request say when a peer is dead" },
	{ .word = "dpdaction", BOTH },
	{ .word = "closeaction", STRONG, false, COPIED, PART_CHILD, "close_action", actions },
	{ .word = "inactivity", STRONG, false, COPIED, PART_CHILD, "inactivity" },
	{ .word = "installpolicy", STRONG, false, COPIED, PART_CHILD, "policies" },
	{ .word = "compress", BOTH, false, COPIED, PART_CHILD, "ipcomp" },
	{ .word = "mobike", BOTH },
	{ .word = "forceencaps", BOTH, false, COPIED, PART_CONN, "encap" },
	{ .word = "encapsulation", LIBRE, false, COPIED, PART_CONN, "encap", encapsulations },
	{ .word = "fragmentation", BOTH, false, COPIED, PART_CONN, "fragmentation", fragments },
	{ .word = "ikedscp", STRONG, false, COPIED, PART_CONN, "dscp" },
	{ .word = "decap-dscp", LIBRE },
	{ .word = "encap-dscp", LIBRE },
	{ .word = "nopmtudisc", LIBRE },
	{ .word = "mark", BOTH },
	{ .word = "mark_in", STRONG, false, COPIED, PART_CHILD, "mark_in" },
	{ .word = "mark_out", STRONG, false, COPIED, PART_CHILD, "mark_out" },
	{ .word = "mark-in", LIBRE, false, COPIED, PART_CHILD, "mark_in" },
	{ .word = "mark-out", LIBRE, false, COPIED, PART_CHILD, "mark_out" },
	{ .word = "vti-interface",
		LIBRE,
		false,
		DROPPED,
		.why = "a VTI device is made of marks; write interface and interface_addrs of the child" },
	{ .word = "vti-routing", LIBRE, false, DROPPED, .why = "write interface_routes of the child" },
	{ .word = "vti-shared", LIBRE, false, DROPPED, .why = "a device is one child's" },
	{ .word = "ipsec-interface", LIBRE },
	{ .word = "reqid", BOTH, false, COPIED, PART_CHILD, "reqid" },
	{ .word = "replay_window", STRONG, false, COPIED, PART_CHILD, "replay_window" },
	{ .word = "replay-window", LIBRE, false, COPIED, PART_CHILD, "replay_window" },
	{ .word = "priority", LIBRE, false, COPIED, PART_CHILD, "priority" },
	{ .word = "tfc", BOTH, false, COPIED, PART_CHILD, "tfc_padding", paddings },
	{ .word = "sha256_96", STRONG, false, COPIED, PART_CHILD, "sha256_96" },
	{ .word = "sha2-truncbug", LIBRE, false, COPIED, PART_CHILD, "sha256_96" },
	{ .word = "sha2_truncbug", LIBRE, .first = "sha2-truncbug" },
	{ .word = "mtu", LIBRE, false, DROPPED, .why = "a tunnel has the MTU of its path" },
	{ .word = "metric", LIBRE, false, DROPPED, .why = "routes of ours have a table of their own" },
	{ .word = "esn", LIBRE },
	{ .word = "nic-offload", LIBRE, false, COPIED, PART_CHILD, "hw_offload", offloads },
	{ .word = "narrowing", LIBRE, false, SAID, .why = NOT_NEEDED },
	{ .word = "initial-contact", LIBRE, false, SAID, .why = "unique says it" },
	{ .word = "overlapip",
		LIBRE,
		false,
		DROPPED,
		.why = "peers with the same networks are told apart by marks or interfaces" },
	{ .word = "failureshunt",
		LIBRE,
		false,
		DROPPED,
		.why = "packets for a tunnel that is down do not leave; a child with mode = pass lets them" },
	{ .word = "negotiationshunt",
		LIBRE,
		false,
		DROPPED,
		.why = "packets for a tunnel that is down do not leave; a child with mode = pass lets them" },
	{ .word = "enable-tcp", LIBRE, false, DROPPED, .why = "IKE over TCP is not built in" },
	{ .word = "tcp-remoteport", LIBRE, false, DROPPED, .why = "IKE over TCP is not built in" },
	{ .word = "ppk", LIBRE },
	{ .word = "ppk-ids", LIBRE },
	{ .word = "intermediate",
		LIBRE,
		false,
		SAID,
		.why = "proposals with a ke1_ word need it and use it" },
	{ .word = "session-resumption", LIBRE, false, COPIED, PART_CONN, "resumption" },
	{ .word = "redirect-to", LIBRE, false, COPIED, PART_CONN, "redirect_to" },
	{ .word = "send-redirect", LIBRE, false, DROPPED, .why = "redirect_to alone says it" },
	{ .word = "accept-redirect",
		LIBRE,
		false,
		DROPPED,
		.why = "daemon.follow_redirects says it, to gateways of redirect_addrs" },
	{ .word = "accept-redirect-to", LIBRE, false, COPIED, PART_CONN, "redirect_addrs" },
	{ .word = "iptfs",
		LIBRE,
		false,
		DROPPED,
		.why = "write mode = iptfs in the child where the kernel has it" },
	{ .word = "sec-label", LIBRE, false, COPIED, PART_CHILD, "label" },
	{ .word = "policy-label", LIBRE, false, COPIED, PART_CHILD, "label" },
	{ .word = "nflog-group", LIBRE, false, DROPPED, .why = "write an nftables rule that logs" },
	{ .word = "nflog", LIBRE, .first = "nflog-group" },
	{ .word = "send-no-esp-tfc", LIBRE, false, DROPPED, .why = "nobody is asked not to pad" },
	{ .word = "require-id-on-certificate",
		LIBRE,
		false,
		DROPPED,
		.why = "an identity must always be in the certificate" },
	{ .word = "dns-match-id", LIBRE, false, DROPPED, .why = "an identity is never looked up" },
	{ .word = "hostaddrfamily", LIBRE, false, SAID, .why = "the addresses say it" },
	{ .word = "clientaddrfamily", LIBRE, false, SAID, .why = "the addresses say it" },
	{ .word = "connaddrfamily", LIBRE, false, SAID, .why = "the addresses say it" },
	{ .word = "nat-keepalive", LIBRE, false, DROPPED, .why = "daemon.keep_alive says it for all" },
	{ .word = "ignore-peer-dns", LIBRE, false, DROPPED, .why = "an updown script decides it" },
	{ .word = "ms-dh-downgrade", LIBRE, false, SAID, .why = "a child is rekeyed with and without PFS" },
	{ .word = "mediation", STRONG, false, COPIED, PART_CONN, "mediation" },
	{ .word = "mediated_by", STRONG, false, COPIED, PART_CONN, "mediated_by" },
	{ .word = "me_peerid", STRONG, false, COPIED, PART_CONN, "mediation_peer" },
	{ .word = "aggressive", STRONG, false, SAID, .why = AS_IKEV1 },
	{ .word = "aggrmode", LIBRE, false, SAID, .why = AS_IKEV1 },
	{ .word = "modeconfig", STRONG, false, SAID, .why = AS_IKEV1 },
	{ .word = "xauth", STRONG, false, DROPPED, .why = AS_IKEV1 },
	{ .word = "xauth_identity", STRONG, false, DROPPED, .why = AS_IKEV1 },
	{ .word = "xauthby", LIBRE, false, DROPPED, .why = AS_IKEV1 },
	{ .word = "xauthfail", LIBRE, false, DROPPED, .why = AS_IKEV1 },
	{ .word = "ikepad", LIBRE, false, SAID, .why = AS_IKEV1 },
	{ .word = "nat-ikev1-method", LIBRE, false, SAID, .why = AS_IKEV1 },
	{ .word = "cisco-unity", LIBRE, false, SAID, .why = AS_IKEV1 },
	{ .word = "remote-peer-type", LIBRE, false, SAID, .why = AS_IKEV1 },
};

/* What "config setup" may say. */
static const struct setup_word {
	const char *word;
	unsigned dialects;
	const char *why; /* NULL: read elsewhere, or changes nothing */
} setup_words[] = {
	{ "uniqueids", BOTH, NULL },
	{ "strictcrlpolicy", STRONG, NULL },
	{ "crl-strict", LIBRE, NULL },
	{ "ocsp-strict", LIBRE, "revocation of the remote section says it for CRLs and OCSP" },
	{ "charondebug", STRONG, "ikev2d has one log, which ipsec log follows" },
	{ "plutodebug", LIBRE, "ikev2d has one log, which ipsec log follows" },
	{ "logfile", LIBRE, "ikev2d writes to the journal, or to its standard error" },
	{ "cachecrls", STRONG, "CRLs that were fetched are always kept" },
	{ "nat_traversal", STRONG, NULL },
	{ "charonstart", STRONG, NULL },
	{ "plutostart", STRONG, NULL },
	{ "virtual-private", LIBRE, "remote_ts says which networks a peer may have" },
	{ "virtual_private", BOTH, "remote_ts says which networks a peer may have" },
	{ "protostack", LIBRE, NULL },
	{ "ikev1-policy", LIBRE, NULL },
	{ "nhelpers", LIBRE, NULL },
	{ "listen", LIBRE, "local_addrs of each connection says it" },
	{ "listen-tcp", LIBRE, "IKE over TCP is not built in" },
	{ "listen-udp", LIBRE, NULL },
	{ "keep-alive", LIBRE, "write daemon.keep_alive" },
	{ "ddos-mode", LIBRE, "write daemon.cookie_threshold" },
	{ "ddos-ike-threshold", LIBRE, "write daemon.cookie_threshold" },
	{ "max-halfopen-ike", LIBRE, "write daemon.init_limit_half_open" },
	{ "seccomp", LIBRE, NULL },
	{ "dnssec-enable", LIBRE, "names are looked up by the machine's resolver" },
	{ "global-redirect", LIBRE, "write redirect_to of each connection" },
	{ "global-redirect-to", LIBRE, "write redirect_to of each connection" },
	{ "interfaces", BOTH, NULL },
	{ "klipsdebug", BOTH, NULL },
	{ "dumpdir", BOTH, NULL },
	{ "statsbin", LIBRE, NULL },
	{ "nssdir", LIBRE, "keys and certificates are files here" },
	{ "secretsfile", LIBRE, "name that file behind this one: ipsec import FILE SECRETS" },
};

static const struct word *find(const char *word, bool end)
{
	for (const struct word *w = words; w < words + sizeof words / sizeof *words; w++)
		if (w->end == end && !strcmp(w->word, word))
			return w;
	return NULL;
}

unsigned import_word(const char *written, const char **word, enum import_side *side)
{
	static const struct {
		const char *before;
		enum import_side side;
	} ends[] = { { "left", LEFT }, { "right", RIGHT }, { "", NO_SIDE } };

	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		size_t n = strlen(ends[i].before);
		const struct word *w = strncmp(written, ends[i].before, n)
					       ? NULL
					       : find(written + n, ends[i].side != NO_SIDE);

		if (!w)
			continue;
		*side = ends[i].side;
		*word = w->first ? w->first : w->word;
		return w->dialects;
	}
	return 0;
}

static const char *mapped(const struct word_map *map, const char *value)
{
	for (; map && map->from; map++)
		if (!strcmp(map->from, value))
			return map->to;
	return value;
}

/* The words of an end that has no such key are strongSwan's way to say nothing. */
static void copy(struct import_conn *c, const struct import_entry *e, const struct word *w)
{
	bool local = e->side == import_local(c);

	if (e->side && w->part == PART_CONN && !local) {
		/* Whether the peer sends its certificates is for it to say; only "never" means that we do not
		 * ask. */
		if (!strcmp(e->key->value, "never") || !strcmp(e->key->value, "no"))
			import_put(c, PART_CONN, "send_certreq", "no", e);
		return;
	}
	if (e->side && w->part != PART_CONN && local)
		import_left_entry(c, e, "it has no meaning for this machine's own end");
	else
		import_put(c, w->part, w->key, mapped(w->map, e->key->value), e);
}

static void one(struct import_conn *c, const struct import_entry *e)
{
	const struct word *w = find(e->word, e->side != NO_SIDE);

	if (!w && !strncmp(e->key->name, "x-", 2))
		return;
	if (!w)
		import_left_entry(c, e, "it is no word of an ipsec.conf that is known here");
	else if (w->how == DROPPED)
		import_left_entry(c, e, "%s", w->why);
	else if (w->how == SAID)
		import_note(c, PART_CONN, "%s is not carried over: %s.", e->key->name, w->why);
	else if (w->how == COPIED)
		copy(c, e, w);
}

void import_rows(struct import_conn *c)
{
	for (unsigned i = 0; i < c->n; i++)
		if (*c->v[i].key->value)
			one(c, &c->v[i]);
}

static const struct setup_word *setup_find(const char *word)
{
	for (size_t i = 0; i < sizeof setup_words / sizeof *setup_words; i++)
		if (!strcmp(setup_words[i].word, word))
			return &setup_words[i];
	return NULL;
}

unsigned import_setup_word(const char *word)
{
	const struct setup_word *w = setup_find(word);

	return w ? w->dialects : 0;
}

void import_setup(struct import_run *run, const struct tree_section *s)
{
	for (const struct tree_key *k = s->keys; k; k = k->next) {
		const struct setup_word *w = setup_find(k->name);
		const char *word = arena_printf(run->arena, "config setup: %s", k->name);

		if (!w)
			import_left(run, k->at, word, "it is no word of an ipsec.conf that is known here");
		else if (w->why)
			import_left(run, k->at, word, "%s", w->why);
	}
}
