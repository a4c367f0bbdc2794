/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A configuration for strongSwan's swanctl or for ikev2d, in the same language, with keys and certificates in
 * the folders where both look for them. */
#include "profile.h"

/* A value in quotes, where it may have anything. */
static const char *quoted(const char *s, struct arena *arena)
{
	struct text t = text_in(arena);

	text_add(&t, "\"");
	for (; *s; s++)
		text_add(&t, *s == '"' || *s == '\\' ? "\\%c" : "%c", *s);
	text_add(&t, "\"");
	return text_str(&t);
}

static void local(const struct profile *p, struct text *t)
{
	static const char *const ways[] = {
		[PROFILE_CERT] = "pubkey",
		[PROFILE_EAP_TLS] = "eap-tls",
		[PROFILE_PASSWORD] = "eap",
	};

	text_add(t, "\t\tlocal {\n\t\t\tauth = %s\n\t\t\tid = %s\n", ways[p->auth],
		quoted(p->user_id, t->arena));
	if (p->auth == PROFILE_PASSWORD)
		text_add(t, "\t\t\teap_id = %s\n", quoted(p->eap_user, t->arena));
	else
		text_add(t, "\t\t\tcerts = %s.pem\n", p->user);
	text_add(t, "\t\t}\n");
}

static void remote(const struct profile *p, struct text *t)
{
	text_add(t,
		"\t\tremote {\n"
		"\t\t\tauth = pubkey\n"
		"\t\t\tid = %s\n"
		"\t\t\tcacerts = ca-%s.pem\n"
		"\t\t}\n",
		quoted(p->gateway_id, t->arena), p->user);
}

static void child(const struct profile *p, struct text *t)
{
	text_add(t,
		"\t\tchildren {\n"
		"\t\t\tvpn {\n"
		"\t\t\t\tremote_ts = %s\n",
		profile_nets(p, 0, ", ", t->arena));
	if (p->esp)
		text_add(t, "\t\t\t\tesp_proposals = %s\n", p->esp);
	text_add(t, "\t\t\t\tstart_action = start\n"
		    "\t\t\t\tdpd_action = restart\n"
		    "\t\t\t}\n"
		    "\t\t}\n");
}

static void secret(const struct profile *p, struct text *t)
{
	if (p->auth == PROFILE_PASSWORD)
		text_add(t,
			"\nsecrets {\n"
			"\teap-%s {\n"
			"\t\tid = %s\n"
			"\t\tsecret = %s\n"
			"\t}\n"
			"}\n",
			p->user, quoted(p->eap_user, t->arena), quoted(p->password, t->arena));
}

static const char *configuration(const struct profile *p, struct arena *arena)
{
	struct text t = text_in(arena);

	text_add(&t,
		"# VPN to %s for %s: ipsec user made this.\n"
		"connections {\n"
		"\tvpn {\n"
		"\t\tremote_addrs = %s\n"
		"\t\tvips = %s\n",
		p->gateway, p->user, p->gateway,
		p->v4 && p->v6 ? "0.0.0.0, ::"
		: p->v6        ? "::"
			       : "0.0.0.0");
	if (p->ike)
		text_add(&t, "\t\tproposals = %s\n", p->ike);
	text_add(&t, "\t\tdpd_delay = 30s\n");
	local(p, &t);
	remote(p, &t);
	child(p, &t);
	text_add(&t, "\t}\n}\n");
	secret(p, &t);
	return text_str(&t);
}

static void folder(const struct profile *p, const char *file, struct arena *arena, struct profile_files *out)
{
	profile_add(out, file, configuration(p, arena));
	profile_add(out, arena_printf(arena, "x509ca/ca-%s.pem", p->user), p->ca_file);
	if (p->auth == PROFILE_PASSWORD)
		return;
	profile_add(out, arena_printf(arena, "x509/%s.pem", p->user), p->cert_file);
	profile_add(out, arena_printf(arena, "private/%s.pem", p->user), p->key_file);
}

void profile_swanctl(const struct profile *p, struct arena *arena, struct profile_files *out)
{
	folder(p, arena_printf(arena, "conf.d/%s.conf", p->user), arena, out);
}

void profile_ikev2d(const struct profile *p, struct arena *arena, struct profile_files *out)
{
	folder(p, "ikev2d.conf", arena, out);
}
