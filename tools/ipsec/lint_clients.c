/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lints about clients that a system brings with it: THE table of what they offer and insist on. */
#include "lint.h"

#include "conf/preset.h"

struct client {
	const char *preset, *name;
	bool psk;         /* it knows shared secrets */
	bool eku_server;  /* our certificate must be for servers */
	bool rekeys_self; /* behind a NAT it refuses new keys that it did not ask for */
	const char *eap;  /* the methods that it has; NULL: not known */
};

static const struct client clients[] = {
	{ "windows", "Windows", false, true, true, "identity mschapv2 tls ttls peap dynamic radius" },
	{ "apple", "Apple's systems", true, false, false, NULL },
};

static const struct client *client_find(const char *preset)
{
	for (size_t i = 0; preset && i < sizeof clients / sizeof *clients; i++)
		if (!strcmp(clients[i].preset, preset))
			return &clients[i];
	return NULL;
}

/* What C offers, by its preset. */
static struct proposals offers(
	struct lint_run *l, const struct client *c, enum conf_section_kind kind, const char *key)
{
	struct proposals out = { 0 };
	struct text why = text_in(l->arena);
	const char *s = preset_value(name_find(preset_words, c->preset), kind, key);
	uint8_t protocol = kind == CONF_CONNECTION ? PROTO_IKE : PROTO_ESP;

	while (*s) {
		size_t n = strcspn(s, ",");

		if (proposal_parse(arena_text(l->arena, bytes_of(s, n)), protocol, l->arena, &out, &why))
			return (struct proposals){ 0 };
		s += n + (s[n] == ',');
	}
	return out;
}

/* ---------------------------------------------------------------- proposals */

static bool takes(struct proposals offered, struct proposals wanted, enum proposal_ke ke)
{
	const struct proposal *chosen;
	struct suite suite;

	return !proposal_select(offered, wanted, ke, false, &suite, &chosen);
}

static void say_proposals(struct lint_run *l, const struct client *c, struct proposals offered,
	struct proposals wanted, const struct source *at, const char *key)
{
	struct proposal_why why = proposal_explain(offered, wanted, KE_WANTED, l->arena);

	lint_say(l, at, key,
		arena_printf(l->arena, "%s offers none of this (%s)", c->name,
			why.differs ? why.differs : "nothing in common"),
		why.instead);
}

static void look_at_ike(struct lint_run *l, const struct client *c, const struct peer *p)
{
	struct proposals offered = offers(l, c, CONF_CONNECTION, "proposals");

	if (!takes(offered, p->ike, KE_WANTED))
		say_proposals(l, c, offered, p->ike, &p->at, "proposals");
}

static void look_at_esp(struct lint_run *l, const struct client *c, const struct peer *p)
{
	struct proposals offered = offers(l, c, CONF_CHILD, "esp_proposals");

	for (unsigned i = 0; i < p->n_children; i++)
		if (!takes(offered, p->children[i].esp, KE_WANTED))
			say_proposals(l, c, offered, p->children[i].esp, &p->children[i].at, "esp_proposals");
}

/* ----------------------------------------------------------- what it insists on */

static void look_at_secrets(struct lint_run *l, const struct client *c, const struct peer *p)
{
	const struct auth_conf *a = p->local.way.method == AUTH_PSK    ? &p->local
				    : p->remote.way.method == AUTH_PSK ? &p->remote
								       : NULL;

	if (a && !c->psk)
		lint_say(l, &a->at, "auth",
			arena_printf(l->arena, "%s knows no shared secrets with IKEv2", c->name),
			"local { auth = pubkey } with a certificate, and remote { auth = eap-mschapv2 }, "
			"eap-tls "
			"or pubkey");
}

static bool knows(const struct client *c, const char *method)
{
	size_t n = strlen(method);

	for (const char *s = strstr(c->eap, method); s; s = strstr(s + 1, method))
		if ((s == c->eap || s[-1] == ' ') && (!s[n] || s[n] == ' '))
			return true;
	return false;
}

static void look_at_eap(struct lint_run *l, const struct client *c, const struct peer *p)
{
	for (const struct auth_conf *a = &p->remote; c->eap && a; a = a->next)
		if (a->way.method == AUTH_EAP && a->way.eap && !knows(c, a->way.eap))
			lint_say(l, &a->at, "auth",
				arena_printf(l->arena, "%s has no EAP-%s", c->name, a->way.eap),
				"eap-mschapv2, eap-tls or eap-peap");
}

static void look_at_certificate(struct lint_run *l, const struct client *c, const struct peer *p)
{
	struct cert *own = p->local.way.method == AUTH_PSK ? NULL : lint_own_cert(l, &p->local);

	if (own && c->eku_server && !(own->eku & (EKU_SERVER | EKU_ANY)))
		lint_say(l, &p->local.at, "certs",
			arena_printf(l->arena,
				"%s takes no certificate of a gateway without serverAuth in its "
				"extendedKeyUsage: "
				"%s has not",
				c->name, cert_name(own, l->arena)),
			"a certificate with the extended key usage serverAuth");
	cert_unref(own);
	if (p->local.way.method != AUTH_PSK && p->send_cert != SEND_CERT_ALWAYS)
		lint_say(l, &p->at, "send_cert",
			arena_printf(l->arena, "%s asks for no certificate, but needs ours", c->name),
			"always");
}

static void look_at_rekeying(struct lint_run *l, const struct client *c, const struct peer *p)
{
	for (unsigned i = 0; c->rekeys_self && i < p->n_children; i++)
		if (p->children[i].rekey_time)
			lint_say(l, &p->children[i].at, "rekey_time",
				arena_printf(l->arena,
					"%s behind a NAT refuses to make new keys when it is asked: the "
					"tunnel ends "
					"then",
					c->name),
				"0s");
}

static void look_at_client(struct lint_run *l, const struct client *c)
{
	const struct conf *conf = l->in->conf;

	for (unsigned i = 0; i < conf->n_peers; i++) {
		const struct peer *p = conf->peers[i];

		if (client_find(p->preset) != c)
			continue;
		look_at_ike(l, c, p);
		look_at_esp(l, c, p);
		look_at_secrets(l, c, p);
		look_at_eap(l, c, p);
		look_at_certificate(l, c, p);
		look_at_rekeying(l, c, p);
	}
}

void lint_windows(struct lint_run *l)
{
	look_at_client(l, client_find("windows"));
}

void lint_apple(struct lint_run *l)
{
	look_at_client(l, client_find("apple"));
}

/* Users who prove themselves by EAP come with what their system has. */
void lint_client_offers(struct lint_run *l)
{
	const struct conf *conf = l->in->conf;

	for (unsigned i = 0; i < conf->n_peers; i++) {
		const struct peer *p = conf->peers[i];

		if (p->preset || !lint_serves_clients(p) || p->remote.way.method != AUTH_EAP)
			continue;
		for (size_t k = 0; k < sizeof clients / sizeof *clients; k++)
			look_at_ike(l, &clients[k], p);
	}
}
