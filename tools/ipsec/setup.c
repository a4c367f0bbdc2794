/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ipsec setup gateway: from nothing to a gateway that lets road warriors in. CA, certificate and
 * configuration appear together or not at all. */
#include "client.h"
#include "pki_issue.h"
#include "pki_words.h"
#include "user.h"

#include "conf/load.h"
#include "pki_files.h"

#include <ifaddrs.h>
#include <netinet/in.h>
#include <stdlib.h>

#define O(name) PKI_O(name)

static const char users_file[] = "users"; /* beside the configuration */

static int setup_gateway(struct pki *p);

static const struct pki_verb verbs[] = {
	{ "gateway", "", "a CA, a certificate, a configuration for road warriors; and starts ikev2d", 0, 0,
		O(NAME) | O(POOL) | O(NET) | O(DNS) | O(TYPE) | O(NO_START), setup_gateway, false },
};

const struct pki_group setup_group = {
	.word = "setup",
	.title = "A GATEWAY FOR ROAD WARRIORS",
	.about = "NAME is what clients dial: a DNS name or an address. They get addresses of the pools, and "
		 "reach the\n"
		 "networks of --net through the tunnel, or everything. DIR is /etc/ikev2d, and must be empty "
		 "of all this.\n",
	.verbs = verbs,
	.n = sizeof verbs / sizeof *verbs,
};

int verb_setup(struct ipsec *x, int argc, char **argv)
{
	return pki_group_run(x, &setup_group, argc, argv);
}

struct setup {
	struct pki *p;
	const char *name, *file; /* of the gateway; of its certificate's files */
	const char *path;        /* of the configuration */
	struct cert *cert;
	bool v4, v6; /* families of the pools */
};

/* ------------------------------------------------------------------ what is asked for */

static bool read_range(const char *s, struct ip *lo, struct ip *hi)
{
	unsigned bits;

	return !ip_range_parse(s, lo, hi) && ip_range_prefix(lo, hi, &bits);
}

static bool address_of(const struct sockaddr *a, struct ip *out)
{
	if (a && a->sa_family == AF_INET)
		return !ip_from(bytes_of(&((const struct sockaddr_in *)(const void *)a)->sin_addr, 4), out);
	if (a && a->sa_family == AF_INET6)
		return !ip_from(
			bytes_of(&((const struct sockaddr_in6 *)(const void *)a)->sin6_addr, 16), out);
	return false;
}

/* Addresses of this machine must not be given away. */
static int check_ours(struct pki *p, const char *pool, const struct ip *lo, const struct ip *hi)
{
	struct ifaddrs *all = NULL;
	struct ip ip;
	int code = DONE;

	if (getifaddrs(&all))
		return DONE;
	for (const struct ifaddrs *a = all; a && !code; a = a->ifa_next)
		if (address_of(a->ifa_addr, &ip) && ip.v == lo->v && ip_cmp(lo, &ip) <= 0 &&
			ip_cmp(&ip, hi) <= 0) {
			char text[IP_TEXT];

			code = ipsec_fail(p->x, FAILED,
				"--pool %s: this machine has an address of it, %s on %s: take a network that "
				"nobody uses",
				pool, ip_print(&ip, text), a->ifa_name);
		}
	freeifaddrs(all);
	return code;
}

static int read_pools(struct setup *s)
{
	const struct pki_words *pools = &s->p->options[OPT_POOL];
	struct ip lo, hi;
	int code = DONE;

	for (unsigned i = 0; i < pools->n && !code; i++) {
		if (!read_range(pools->v[i], &lo, &hi) || ip_eq(&lo, &hi))
			return ipsec_fail(s->p->x, USAGE,
				"--pool %s: it is a network as 10.9.0.0/24 or 2001:db8:9::/120", pools->v[i]);
		if (lo.v == 4 ? s->v4 : s->v6)
			return ipsec_fail(s->p->x, USAGE, "--pool %s: there is one of IPv%u already",
				pools->v[i], lo.v);
		s->v4 |= lo.v == 4;
		s->v6 |= lo.v == 6;
		code = check_ours(s->p, pools->v[i], &lo, &hi);
	}
	return code;
}

static int read_nets(struct setup *s)
{
	const struct pki_words *nets = &s->p->options[OPT_NET], *dns = &s->p->options[OPT_DNS];
	struct ip lo, hi;

	for (unsigned i = 0; i < nets->n; i++)
		if (!read_range(nets->v[i], &lo, &hi) || !(lo.v == 4 ? s->v4 : s->v6))
			return ipsec_fail(s->p->x, USAGE,
				"--net %s: it is a network as 10.1.0.0/16, of the IP version of a pool",
				nets->v[i]);
	for (unsigned i = 0; i < dns->n; i++)
		if (ip_parse(dns->v[i], &lo))
			return ipsec_fail(s->p->x, USAGE, "--dns %s: it is an address", dns->v[i]);
	return DONE;
}

static int read_words(struct setup *s)
{
	struct pki *p = s->p;
	int code;

	if (!pki_has(p, OPT_NAME) || !pki_has(p, OPT_POOL))
		return ipsec_fail(p->x, USAGE,
			"usage: ipsec setup gateway --name vpn.example.org --pool 10.9.0.0/24 [--net "
			"NETWORK] [--dns "
			"ADDRESS]");
	s->name = pki_option(p, OPT_NAME, NULL);
	if (!addr_is_host(s->name))
		return ipsec_fail(
			p->x, USAGE, "--name %s: it is a DNS name or an address that clients dial", s->name);
	/* The colons of an address cannot be in the name of a file. */
	s->file = strchr(s->name, ':') ? "gateway" : s->name;
	code = pki_check_name(p, s->file);
	if (!code)
		code = read_pools(s);
	return code ? code : read_nets(s);
}

/* ------------------------------------------------------------------ the configuration */

static void put_list(struct text *t, const struct pki_words *w)
{
	for (unsigned i = 0; i < w->n; i++)
		text_add(t, "%s%s", i ? ", " : "", w->v[i]);
}

static void put_connection(const struct setup *s, struct text *t)
{
	const struct pki_words *nets = &s->p->options[OPT_NET];

	text_add(t,
		"connections {\n"
		"\tclients {\n"
		"\t\tpools = %s\n"
		"\t\tsend_cert = always     # Windows does not ask for it\n"
		"\t\tcert_revoked = close   # ipsec user revoke takes effect at once\n"
		"\t\trekey_time = 0s        # clients make new keys; Windows behind a NAT refuses when it is "
		"asked\n"
		"\t\tdpd_delay = 60s\n"
		"\t\tlocal {\n"
		"\t\t\tauth = pubkey\n"
		"\t\t\tid = %s\n"
		"\t\t\tcerts = %s.pem\n"
		"\t\t}\n"
		"\t\tremote {\n"
		"\t\t\tauth = pubkey\n"
		"\t\t}\n"
		"\t\tchildren {\n"
		"\t\t\tall {\n"
		"\t\t\t\tlocal_ts = ",
		s->v4 && s->v6 ? "clients, clients6"
		: s->v4        ? "clients"
			       : "clients6",
		s->name, s->file);
	put_list(t, nets);
	if (!nets->n)
		text_add(t, "%s", s->v4 && s->v6 ? "0.0.0.0/0, ::/0" : s->v4 ? "0.0.0.0/0" : "::/0");
	text_add(t,
		"\n"
		"\t\t\t\tforward = nat          # packets that leave elsewhere get the gateway's address\n"
		"\t\t\t\trekey_time = 0s\n"
		"\t\t\t\tesp_proposals = "
		"aes256gcm16-aes128gcm16-chacha20poly1305-x25519-ecp384-ecp256-modp2048, "
		"default\n"
		"\t\t\t}\n"
		"\t\t}\n"
		"\t}\n"
		"\tpasswords : connections.clients {   # the same for users with passwords\n"
		"\t\tremote {\n"
		"\t\t\tauth = eap-mschapv2\n"
		"\t\t\teap_id = %%any\n"
		"\t\t}\n"
		"\t}\n"
		"}\n");
}

static void put_pools(const struct setup *s, struct text *t)
{
	const struct pki_words *pools = &s->p->options[OPT_POOL], *dns = &s->p->options[OPT_DNS];

	text_add(t, "\npools {\n");
	for (unsigned i = 0; i < pools->n; i++) {
		bool v6 = strchr(pools->v[i], ':') != NULL;

		text_add(t, "\tclients%s {\n\t\taddrs = %s\n", v6 ? "6" : "", pools->v[i]);
		if (dns->n && !i) {
			text_add(t, "\t\tdns = ");
			put_list(t, dns);
			text_add(t, "\n");
		}
		text_add(t, "\t}\n");
	}
	text_add(t, "}\n");
}

/* The text to be judged, in the place of a file. */
static enum err read_text(void *ctx, const char *path, struct arena *arena, struct bytes *out)
{
	(void)path;
	*out = arena_bytes(arena, bytes_str(ctx));
	return ERR_OK;
}

/* What is written is right; words that came from outside cannot have made it something else. */
static int judge(struct setup *s, const char *text)
{
	struct conf_files files = { .read = read_text, .ctx = (void *)(uintptr_t)text };
	struct text why = text_in(s->p->arena), notes = text_in(s->p->arena);
	struct conf conf;

	if (conf_load(s->path, &files, &conf, &why, &notes))
		return ipsec_fail(s->p->x, FAILED, "%s", text_str(&why));
	conf_free(&conf);
	return DONE;
}

static int stage_configuration(struct setup *s)
{
	struct text t = text_in(s->p->arena);
	int code;

	text_add(&t, "# A gateway for road warriors. Each gets in with a certificate, ipsec user add NAME, "
		     "or with\n"
		     "# a password, ipsec user add NAME --auth eap\n");
	put_connection(s, &t);
	put_pools(s, &t);
	text_add(&t, "\ndaemon {\n\tusers_file = %s\n}\n", users_file);
	code = judge(s, text_str(&t));
	if (!code)
		code = pki_stage(
			s->p, users_file, bytes_str("# Users with passwords: ipsec user list\n"), false);
	return code ? code : pki_stage(s->p, "ikev2d.conf", bytes_of(t.s, t.n), false);
}

/* ------------------------------------------------------------------------- the doing */

static int check_empty(struct setup *s)
{
	struct pki *p = s->p;
	const char *const places[] = { "ikev2d.conf", "swanctl.conf", users_file, "pki/index", "pki/ca.key",
		"x509ca/ca.pem", pki_cert_path(p, s->file), pki_key_path(p, s->file) };

	for (size_t i = 0; i < sizeof places / sizeof *places; i++)
		if (pki_exists(pki_path(p, places[i])))
			return ipsec_fail(p->x, FAILED,
				"%s is there already, and setup changes nothing that is: take it away, or "
				"give another "
				"folder by --dir",
				pki_path(p, places[i]));
	return DONE;
}

static int stage_certificate(struct setup *s)
{
	struct pki *p = s->p;
	struct make_spec spec = { .profile = MAKE_GATEWAY };
	struct id san;
	struct key *key = NULL;
	int code = pki_dn(p, arena_printf(p->arena, "CN=%s", s->name), &spec.subject);

	if (!code && id_parse(s->name, p->arena, &san))
		code = ipsec_fail(p->x, USAGE, "--name %s: it is no identity", s->name);
	if (!code)
		code = pki_generate(p, &key);
	spec.sans = &san;
	spec.n_sans = 1;
	spec.key = key;
	if (!code)
		code = pki_stage_issued(p, &spec, s->file, (int64_t)PKI_LEAF_DAYS * PKI_DAY, &s->cert);
	key_unref(key);
	return code;
}

static int make(struct setup *s)
{
	int code = check_empty(s);

	if (!code)
		code = pki_stage_ca(s->p);
	if (!code)
		code = stage_certificate(s);
	if (!code)
		code = stage_configuration(s);
	return code ? code : pki_end_issue(s->p);
}

static int start(struct setup *s)
{
	if (pki_has(s->p, OPT_NO_START))
		return DONE;
	return client_probe(s->p->x) ? user_reread(s->p) : daemon_start(s->p->x, s->path);
}

/* What there is now, whether STARTED or not. */
static void answer(struct setup *s, bool started)
{
	struct pki *p = s->p;
	const char *files[] = { s->path, pki_path(p, "x509ca/ca.pem"), pki_path(p, pki_cert_path(p, s->file)),
		pki_path(p, pki_key_path(p, s->file)), pki_path(p, "pki"), pki_path(p, users_file) };
	struct json j = pki_json(p);
	struct text undo = text_in(p->arena);

	text_add(&undo, "%srm -r", started ? "ipsec stop; " : "");
	json_str(&j, "name", s->name);
	json_bool(&j, "started", started);
	json_open(&j, "files", '[');
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		json_str(&j, NULL, files[i]);
		text_add(&undo, " %s", files[i]);
	}
	json_close(&j, ']');
	json_str(&j, "undo", text_str(&undo));
	if (p->x->json) {
		(void)pki_answer(p, &j);
		return;
	}
	fprintf(p->x->out,
		"%s lets road warriors in%s:\n"
		"  %s: the configuration\n"
		"  %s: the certificate, until %s; its key %s\n"
		"  %s: the CA; its key is in %s, of which a backup should be kept\n"
		"  %s: users with passwords, none yet\n"
		"users:         ipsec user add NAME --profile ios (macos, windows, android, linux, swanctl, "
		"ikev2d)\n"
		"to be open:    UDP 500 and 4500\n"
		"forwarding:    on while ikev2d runs, with source NAT (forward = nat)\n"
		"to undo it:    %s\n",
		s->name, started ? "" : " once ikev2d is started", files[0], files[2],
		cert_time(s->cert->not_after, p->arena), files[3], files[1], files[4], files[5],
		text_str(&undo));
}

static int setup_gateway(struct pki *p)
{
	struct setup s = { .p = p, .path = pki_path(p, "ikev2d.conf") };
	int code = read_words(&s);

	if (!code)
		code = make(&s);
	if (!code) {
		code = start(&s);
		if (!code || !p->x->json)
			answer(&s, !code && !pki_has(p, OPT_NO_START));
	}
	cert_unref(s.cert);
	return code;
}
