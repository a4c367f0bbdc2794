/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A keyfile of NetworkManager for its plugin of strongSwan, with certificates beside it. DNS servers come
 * with the address, and stand in the file too. */
#include "profile.h"

static const char folder[] = "/etc/NetworkManager/ikev2d";

/* A value of a keyfile (GLib): a backslash escapes, blanks in front would be lost. */
static const char *value(const char *s, struct arena *arena)
{
	struct text t = text_in(arena);

	for (const char *c = s; *c; c++)
		text_add(&t, *c == '\\' ? "\\\\" : *c == ' ' && c == s ? "\\s" : "%c", *c);
	return text_str(&t);
}

static void identity(const struct profile *p, struct text *t)
{
	if (p->auth == PROFILE_PASSWORD) {
		text_add(t, "method=eap\nuser=%s\npassword-flags=1\n", value(p->eap_user, t->arena));
		return;
	}
	text_add(t,
		"method=%s\n"
		"cert-source=file\n"
		"usercert=%s/%s/cert.pem\n"
		"userkey=%s/%s/key.pem\n"
		"local-identity=%s\n",
		p->auth == PROFILE_CERT ? "cert" : "eap-tls", folder, p->user, folder, p->user,
		value(p->user_id, t->arena));
}

static void vpn(const struct profile *p, struct text *t)
{
	text_add(t,
		"\n[vpn]\n"
		"service-type=org.freedesktop.NetworkManager.strongswan\n"
		"address=%s\n"
		"certificate=%s/%s/ca.pem\n"
		"remote-identity=%s\n",
		p->gateway, folder, p->user, value(p->gateway_id, t->arena));
	identity(p, t);
	text_add(t, "virtual=yes\nencap=no\nipcomp=no\nproposal=yes\nike=%s\nesp=%s\n", p->ike, p->esp);
	if (!p->full)
		text_add(t, "remote-ts=%s\n", profile_nets(p, 0, ";", t->arena));
}

/* With systemd-resolved or dnsmasq servers are asked for the domains of their connection, "~." being all;
 * those of a connection that takes the default route for all, but the plugin keeps that from NetworkManager.
 * Then, too, no other servers are to hear of anything, which a negative priority sees to. */
static void names(const struct profile *p, struct text *t)
{
	text_add(t, "dns-search=");
	for (unsigned i = 0; i < p->n_domains && !p->full; i++)
		text_add(t, "%s;", p->domains[i]);
	if (!p->n_domains || p->full)
		text_add(t, "~.;");
	text_add(t, "%s\n", p->full ? "\ndns-priority=-50" : "");
}

/* The section of one IP version, in which the lists of a keyfile end with a semicolon. */
static void family(const struct profile *p, struct text *t, unsigned v)
{
	unsigned n = 0;

	text_add(t, "\n[ipv%u]\nmethod=auto\n", v);
	for (unsigned i = 0; i < p->n_dns; i++)
		if ((strchr(p->dns[i], ':') != NULL) == (v == 6))
			text_add(t, "%s%s;", n++ ? "" : "dns=", p->dns[i]);
	if (n) {
		text_add(t, "\n");
		names(p, t);
	}
	text_add(t, "never-default=%s\n", p->full ? "false" : "true");
}

static const char *keyfile(const struct profile *p, struct arena *arena)
{
	struct text t = text_in(arena);

	text_add(&t, "[connection]\nid=%s\nuuid=%s\ntype=vpn\nautoconnect=false\n", value(p->gateway, arena),
		p->uuids[0]);
	vpn(p, &t);
	family(p, &t, 4);
	family(p, &t, 6);
	return text_str(&t);
}

void profile_network_manager(const struct profile *p, struct arena *arena, struct profile_files *out)
{
	const char *beside = arena_printf(arena, "ikev2d/%s", p->user);

	profile_add(
		out, arena_printf(arena, "system-connections/%s.nmconnection", p->user), keyfile(p, arena));
	profile_add(out, arena_printf(arena, "%s/ca.pem", beside), p->ca_file);
	if (p->auth == PROFILE_PASSWORD)
		return;
	profile_add(out, arena_printf(arena, "%s/cert.pem", beside), p->cert_file);
	profile_add(out, arena_printf(arena, "%s/key.pem", beside), p->key_file);
}
