/* SPDX-License-Identifier: GPL-2.0-or-later */
/* left and right: which of them is this machine, where they are, who they are, and how they prove it. */
#include "conf/import_inner.h"

#include "model/id.h"

static const char *address(const struct import_conn *c, enum import_side side)
{
	return import_value(c, side, "", "%any");
}

/* A single address, or a name. */
static bool is_host(const char *s)
{
	return *s != '%' && addr_is_host(s);
}

static bool is_ours(const struct import_conn *c, enum import_side side)
{
	const struct import *im = c->run->im;
	const char *s = address(c, side);
	struct ip ip;

	if (!strcmp(s, "%defaultroute"))
		return true;
	return im->is_ours && !ip_parse(s, &ip) && im->is_ours(im->ctx, &ip);
}

/* As both daemons do: right is local only where its address is of this machine, and left's is not. */
static void orient(struct import_conn *c)
{
	bool left = is_ours(c, LEFT), right = is_ours(c, RIGHT);

	c->swapped = right && !left;
	if (c->swapped)
		import_note(c, PART_CONN, "right, %s, is this machine.", address(c, RIGHT));
	else if (!left && is_host(address(c, LEFT)))
		import_note(c, PART_CONN,
			"Neither left nor right is known to be an address of this machine: left, %s, is "
			"taken for it.",
			address(c, LEFT));
}

static void one_address(struct import_conn *c, enum import_side side, bool local)
{
	const struct import_entry *e = import_find(c, side, ""), *any = import_find(c, side, "allowany");
	const char *s = address(c, side), *key = local ? "local_addrs" : "remote_addrs";
	bool loose = (any && !strcmp(any->key->value, "yes")) || (*s == '%' && is_host(s + 1));

	if (!strcmp(s, "%any") || !strcmp(s, "%any4") || !strcmp(s, "%any6") || !strcmp(s, "0.0.0.0")) {
		if (!strcmp(s, "%any6"))
			import_put(c, PART_CONN, key, "::/0", e);
		return;
	}
	if (!strcmp(s, "%defaultroute")) {
		import_note(c, PART_CONN,
			"%s=%%defaultroute: the route to the peer says which address of ours is used.",
			e->key->name);
		return;
	}
	if (loose && strcmp(s, "%defaultroute"))
		import_put(c, PART_CONN, key, arena_printf(c->run->arena, "%s, %%any", s + (*s == '%')), e);
	else
		import_put(c, PART_CONN, key, s, e);
}

void import_addresses(struct import_conn *c)
{
	enum import_side sides[] = { LEFT, RIGHT };

	orient(c);
	for (int i = 0; i < 2; i++) {
		bool local = sides[i] == import_local(c);
		const struct import_entry *port = import_find(c, sides[i], "ikeport");

		one_address(c, sides[i], local);
		if (port)
			import_put(
				c, PART_CONN, local ? "local_port" : "remote_port", port->key->value, port);
	}
}

/* libreswan's "@[text]" is a key id; "%fromcert" and its like mean what the certificate says. */
static const char *identity(struct import_conn *c, const struct import_entry *e)
{
	const char *s = e->key->value;
	size_t n = strlen(s);

	if (!strcmp(s, "%fromcert") || !strcmp(s, "%none") || !strcmp(s, "%myid"))
		return NULL;
	if (!strncmp(s, "@[", 2) && s[n - 1] == ']')
		return arena_printf(c->run->arena, "keyid:%.*s", (int)(n - 3), s + 2);
	if (*s == '%' && strncmp(s, "%any", 4)) {
		import_note(c, import_end(c, e->side, false),
			"%s=%s: strongSwan also took peers whose certificate has that name while they say "
			"another; here "
			"they must say it.",
			e->key->name, s);
		return s + 1;
	}
	return s;
}

/* Who our own end is where nothing is written: what its certificate says. */
static const char *subject(struct import_conn *c, enum import_side side, const char *cert_word)
{
	const struct import *im = c->run->im;
	const char *cert = import_value(c, side, cert_word, NULL);

	if (!cert || c->run->dialect != STRONG || !im->subject)
		return NULL;
	return im->subject(im->ctx, import_path(c->run, "certs", cert), c->run->arena);
}

/* libreswan looks a peer's name up, and wants the address as its identity: that is not known here. */
static bool named_only(struct import_conn *c, const char *host)
{
	struct ip ip;

	if (c->run->dialect != LIBRE || !ip_parse(host, &ip))
		return false;
	import_left_entry(c, NULL,
		"without an id the peer is known there by the address of %s: write id of remote", host);
	return true;
}

static void put_id(struct import_conn *c, enum import_side side, bool second)
{
	const struct import_entry *e = import_find(c, side, second ? "id2" : "id");
	enum import_part_name part = import_end(c, side, second);
	const char *cert_word = second ? "cert2" : "cert", *cert = import_value(c, side, cert_word, NULL);
	const char *id = e ? identity(c, e) : NULL, *host = address(c, side);
	bool local = side == import_local(c);

	if (!e && second)
		return;
	if (!id && cert && (id = subject(c, side, cert_word)))
		import_note(c, part, "The subject of the certificate, since no identity is written.");
	else if (!id && cert)
		import_left_entry(c, import_find(c, side, cert_word),
			"the identity is the subject of this certificate there; write it as id of %s here",
			local ? "local" : "remote");
	else if (!e && !local && is_host(host) && !named_only(c, host)) {
		import_note(c, part,
			"The peer's address, since no identity is written: here that would be anybody.");
		id = host;
	}
	if (id && strcmp(id, "%any"))
		import_put(c, part, "id", id, e);
}

static void put_certs(struct import_conn *c, enum import_side side, bool second)
{
	const struct import_entry *e = import_find(c, side, second ? "cert2" : "cert");
	struct text paths = text_in(c->run->arena);
	const char *list, *item;

	if (!e || !*e->key->value)
		return;
	list = e->key->value;
	if (c->run->dialect == LIBRE) {
		import_left_entry(c, e,
			"%s is in the NSS database; export it (certutil -L -d sql:/var/lib/ipsec/nss -n NAME "
			"-a, and "
			"pk12util for its key) and write its file as certs",
			report_quote(list, c->run->arena));
		return;
	}
	if (strstr(list, "%smartcard")) {
		import_left_entry(c, e, "it is on a token; write a section cert with uri or handle");
		return;
	}
	while ((item = import_item(c->run, &list, ", ")))
		text_add(&paths, "%s%s", paths.n ? ", " : "", import_path(c->run, "certs", item));
	import_put(c, import_end(c, side, second), "certs", text_str(&paths), e);
}

/* A raw public key: only those in files and in a form of DER are the same here. */
static void put_key(struct import_conn *c, enum import_side side)
{
	const struct import_entry *e = import_find(c, side, "sigkey");
	const char *s = e ? e->key->value : "";

	if (!*s || !strcmp(s, "%cert") || !strcmp(s, "%none"))
		return;
	if (c->run->dialect == STRONG && strncmp(s, "0s", 2) && strncmp(s, "0x", 2) && !strchr(s, ':'))
		import_put(c, import_end(c, side, false), "pubkeys", import_path(c->run, "certs", s), e);
	else
		import_left_entry(c, e,
			"a raw key in the form of DNS; write it as PEM (ipsec pki keyid names it) to a file, "
			"and that as "
			"pubkeys");
}

static const char *same(struct import_conn *c, enum import_side side, const char *word, const char *ca)
{
	if (ca && !strcmp(ca, "%same"))
		return import_value(c, side == LEFT ? RIGHT : LEFT, word, NULL);
	return ca;
}

static void put_ca(struct import_conn *c, enum import_side side, bool second)
{
	const char *word = second ? "ca2" : "ca";
	const char *ca = same(c, side, word, import_value(c, side, word, NULL));

	if (!ca || !strcmp(ca, "%any") || *ca == '%')
		return;
	if (side == import_local(c))
		import_note(c, import_end(c, side, second), "%sca: the certificate says who issued it.",
			side == LEFT ? "left" : "right");
	else
		import_put(c, import_end(c, side, second), "ca_id", ca, import_find(c, side, word));
}

/* The method of one end in libreswan's words, or NULL after an entry of the list. */
static const char *libreswan_auth(struct import_conn *c, enum import_side side)
{
	const struct import_entry *e = import_find(c, side, "auth");
	const char *eap = import_value(c, side, "autheap", "none");

	if (strcmp(eap, "none") != 0)
		return arena_printf(c->run->arena, "eap-%s", eap);
	if (!e)
		e = import_find(c, NO_SIDE, "authby");
	if (!e || !*e->key->value)
		return "pubkey";
	if (!strcmp(e->key->value, "secret") || !strcmp(e->key->value, "psk"))
		return "psk";
	if (!strncmp(e->key->value, "rsa", 3) || !strncmp(e->key->value, "ecdsa", 5) ||
		!strncmp(e->key->value, "eddsa", 5) || !strcmp(e->key->value, "pubkey"))
		return "pubkey";
	import_left_entry(c, e, "such an authentication is not built in; auth is left out, which is pubkey");
	return NULL;
}

static const char *strongswan_auth(struct import_conn *c, enum import_side side)
{
	const struct import_entry *by = import_find(c, NO_SIDE, "authby");
	const char *auth = import_value(c, side, "auth", by ? by->key->value : "pubkey");

	if (!strcmp(auth, "secret") || !strcmp(auth, "psk"))
		return "psk";
	if (!strcmp(auth, "rsasig") || !strcmp(auth, "ecdsasig"))
		return "pubkey";
	return auth;
}

/* eap_identity is that of the end that proves itself by EAP. */
static void put_eap(struct import_conn *c, enum import_side side, bool second, const char *auth)
{
	const struct import_entry *e = import_find(c, NO_SIDE, "eap_identity"),
				  *user = import_find(c, side, "username");

	if (strncmp(auth, "eap", 3) != 0)
		return;
	if (user)
		e = user;
	if (e)
		import_put(c, import_end(c, side, second), "eap_id",
			!strcmp(e->key->value, "%identity") ? "%any" : e->key->value, e);
}

static void put_auth(struct import_conn *c, enum import_side side, bool second)
{
	const struct import_entry *e = import_find(c, side, second ? "auth2" : "auth");
	const char *auth = second ? e->key->value
				  : (c->run->dialect == LIBRE ? libreswan_auth : strongswan_auth)(c, side);

	if (!e)
		e = import_find(c, NO_SIDE, "authby");
	if (!auth)
		return;
	import_put(c, import_end(c, side, second), "auth", auth, e);
	put_eap(c, side, second, auth);
}

/* strictcrlpolicy of strongSwan and crl-strict of libreswan hold for all peers. */
static void put_revocation(struct import_conn *c, enum import_side side)
{
	const struct tree_section *config = tree_section_find(&c->run->tree, c->run->tree.root, "config");
	const struct tree_section *setup = config ? tree_section_find(&c->run->tree, config, "setup") : NULL;
	const char *word = c->run->dialect == STRONG ? "strictcrlpolicy" : "crl-strict";
	const struct tree_key *k = setup ? tree_written(setup, word) : NULL;

	if (!k || side == import_local(c) || !strcmp(k->value, "no"))
		return;
	import_note(c, import_end(c, side, false), "%s=%s of config setup", word, k->value);
	import_put(c, import_end(c, side, false), "revocation", strcmp(k->value, "yes") ? k->value : "strict",
		NULL);
}

void import_identities(struct import_conn *c)
{
	enum import_side sides[] = { import_local(c), import_local(c) == LEFT ? RIGHT : LEFT };

	for (int i = 0; i < 2; i++) {
		put_auth(c, sides[i], false);
		put_id(c, sides[i], false);
		put_certs(c, sides[i], false);
		put_key(c, sides[i]);
		put_ca(c, sides[i], false);
		put_revocation(c, sides[i]);
		if (import_find(c, sides[i], "ckaid"))
			import_left_entry(c, import_find(c, sides[i], "ckaid"),
				"that key is in the NSS database; export it, and write its file to secrets");
		if (!import_value(c, sides[i], "auth2", NULL))
			continue;
		put_auth(c, sides[i], true);
		put_id(c, sides[i], true);
		put_certs(c, sides[i], true);
		put_ca(c, sides[i], true);
	}
}
