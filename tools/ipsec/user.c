/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ipsec user: THE table of its verbs; users made, and made anew. Everything is made in memory and judged
 * first; then the profile is written beside its place, then the CA's files change together, then the profile
 * is moved. */
#include "user.h"

#include "letters.h"
#include "pki_issue.h"
#include "pki_words.h"
#include "user_out.h"

#include "pki/make.h"

#include <stdio.h>

#define O(name) PKI_O(name)

enum { PASSWORD_GROUPS = 4 /* of letters: 80 bits */ };

static const struct pki_verb verbs[] = {
	{ "add", "NAME", "a key and a certificate, and a profile for the user's device", 1, 1,
		O(CLIENT) | O(AUTH) | O(CONNECTION) | O(SERVER) | O(ID) | O(DAYS) | O(TYPE) | O(OUT) |
			O(PASSWORD) | O(SIGN) | O(FORCE) | O(CA_PASS),
		user_add },
	{ "list", "", "users, until when they are good, and from where they are connected", 0, 0, 0,
		user_list },
	{ "show", "NAME", "one of them", 1, 1, 0, user_show },
	{ "renew", "NAME", "another key, certificate and profile; the old ones are good until they end", 1, 1,
		O(CLIENT) | O(AUTH) | O(CONNECTION) | O(SERVER) | O(ID) | O(DAYS) | O(TYPE) | O(OUT) |
			O(PASSWORD) | O(SIGN) | O(FORCE) | O(CA_PASS),
		user_renew },
	{ "revoke", "NAME", "let the user in no more, and end what is up", 1, 1, O(REASON) | O(CA_PASS),
		user_revoke },
};

const struct pki_group user_group = {
	.word = "user",
	.title = "USERS",
	.about = "DIR is /etc/ikev2d: the profile is for the gateway whose configuration and CA are there, "
		 "and has its\n"
		 "proposals, names, networks and DNS servers. The private key is in the profile alone. "
		 "Profiles for\n"
		 "devices are sealed with a password, which is printed, or read by --password-file.\n",
	.verbs = verbs,
	.n = sizeof verbs / sizeof *verbs,
};

int verb_user(struct ipsec *x, int argc, char **argv)
{
	return pki_group_run(x, &user_group, argc, argv);
}

/* ---------------------------------------------------------------- what is drawn */

static void draw_uuids(struct profile *f)
{
	for (int i = 0; i < PROFILE_UUIDS; i++) {
		uint8_t u[16];

		letters_octets(u, sizeof u);
		u[6] = (uint8_t)((u[6] & 0x0f) | 0x40); /* RFC 9562, 5.4 */
		u[8] = (uint8_t)((u[8] & 0x3f) | 0x80);
		snprintf(f->uuids[i], PROFILE_UUID_TEXT,
			"%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", u[0], u[1],
			u[2], u[3], u[4], u[5], u[6], u[7], u[8], u[9], u[10], u[11], u[12], u[13], u[14],
			u[15]);
	}
}

/* ------------------------------------------------------------------ the making */

struct making {
	struct pki *p;
	const char *name;
	struct wish wish;
	struct gateway gateway;
	struct profile facts;
	struct cert *cert;
	struct key *key;
	const char *password; /* that seals the profile; NULL: none does */
	const char *out;
};

int user_cert(struct pki *p, const struct index_entry *e, struct cert **out)
{
	return pki_read_cert(p, pki_path(p, pki_copy_path(p, e->serial)), out);
}

const struct index_entry *user_entry(struct pki *p, const char *name)
{
	const struct index_entry *e = index_last(&p->index, name);

	return e && e->profile == MAKE_USER && e->not_after > p->now ? e : NULL;
}

static int read_wish(struct making *m)
{
	struct pki *p = m->p;
	const char *word = pki_option(p, OPT_CLIENT, "ikev2d"), *auth = pki_option(p, OPT_AUTH, NULL);
	const struct profile_kind *k = profile_kind_find(word);
	struct text known = text_in(p->arena);

	for (const struct profile_kind *i = profile_kind_next(NULL); i; i = profile_kind_next(i))
		text_add(&known, "%s%s", known.n ? ", " : "", i->word);
	if (!k)
		return ipsec_fail(p->x, USAGE, "--profile %s: there are %s", word, text_str(&known));
	if (auth && strcmp(auth, "cert") != 0 && strcmp(auth, "eap") != 0)
		return ipsec_fail(p->x, USAGE, "--auth %s: there are cert and eap", auth);
	m->wish = (struct wish){ .kind = k,
		.user = m->name,
		.id = pki_option(p, OPT_ID, NULL),
		.connection = pki_option(p, OPT_CONNECTION, NULL),
		.server = pki_option(p, OPT_SERVER, NULL),
		.cert = true };
	m->out = pki_option(p, OPT_OUT, arena_printf(p->arena, "%s%s", m->name, k->suffix ? k->suffix : ""));
	if (auth && !strcmp(auth, "eap"))
		return ipsec_fail(p->x, FAILED,
			"users with passwords are not kept in a file yet: write them "
			"into the section secrets, or leave out --auth eap");
	if (pki_has(p, OPT_SIGN) && (!k->suffix || strcmp(k->suffix, ".mobileconfig") != 0))
		return ipsec_fail(p->x, USAGE, "--sign is for profiles of ios and macos");
	return DONE;
}

static int make_certificate(struct making *m)
{
	struct pki *p = m->p;
	struct make_spec s = { .profile = MAKE_USER };
	struct id san;
	struct why why = { 0 };
	int64_t length;
	int code = pki_days(p, PKI_LEAF_DAYS, PKI_LEAF_DAYS_MAX, &length);

	if (!code)
		code = pki_dn(p, arena_printf(p->arena, "CN=%s", m->name), &s.subject);
	if (code)
		return code;
	if (id_parse(m->facts.user_id, p->arena, &san) || san.type == ID_ANY || san.type == ID_KEY_ID)
		return ipsec_fail(p->x, USAGE,
			"--id %s: it is a DNS name, an e-mail address, an IP address or a DN",
			m->facts.user_id);
	if (make_key(pki_option(p, OPT_TYPE, m->wish.kind->key), p->arena, &m->key, &why))
		return pki_fail(p, "--type", &why);
	s.sans = &san;
	s.n_sans = 1;
	s.key = m->key;
	pki_complete(p, &s, length);
	return pki_stage_copy(p, &s, m->name, &m->cert);
}

static int seal(struct making *m)
{
	struct pki *p = m->p;
	struct bytes password;
	struct why why = { 0 };
	int code = pki_secret(p, OPT_PASSWORD, "a password for the profile", PROMPT_NEVER, &password);

	if (code)
		return code;
	m->password = password.n ? arena_text(p->arena, password) : letters_draw(p->arena, PASSWORD_GROUPS);
	if (make_p12(m->key, m->cert, &m->gateway.ca, 1, m->name, bytes_str(m->password), P12_OLD, p->arena,
		    &m->facts.p12, &why))
		return pki_fail(p, m->name, &why);
	return DONE;
}

static const char *pem(struct making *m, const struct cert *c)
{
	return arena_text(m->p->arena, make_pem("CERTIFICATE", c->der, m->p->arena));
}

/* What the profile has of the user. */
static int collect(struct making *m)
{
	struct profile *f = &m->facts;
	struct pki *p = m->p;
	struct bytes key;
	struct why why = { 0 };

	f->cert_file = pem(m, m->cert);
	f->key_type = m->key->type == KEY_RSA ? "rsa" : m->key->type == KEY_ECDSA ? "ecdsa" : "eddsa";
	f->key_bits = m->key->bits;
	if (m->wish.kind->sealed)
		return seal(m);
	if (make_key_pem(m->key, NULL, p->arena, &key, &why))
		return pki_fail(p, m->name, &why);
	f->key_file = arena_text(p->arena, key);
	return DONE;
}

/* The CA's common name, by which Apple's systems know it. */
static const char *common_name(struct making *m, const struct cert *ca)
{
	const char *name = cert_name(ca, m->p->arena), *at = strstr(name, "CN=");

	return at ? at + 3 : name;
}

static int sign(struct making *m, struct bytes *data)
{
	const struct gateway *g = &m->gateway;
	const struct key *key = store_key(&g->creds.store, g->cert->key_id);
	struct why why = { 0 };

	if (!key || make_signed(key, g->cert, &m->gateway.ca, 1, *data, m->p->arena, data, &why))
		return pki_fail(m->p, "--sign", &why);
	return DONE;
}

/* All files, and the CA's, or none. */
static int deliver(struct making *m)
{
	struct profile_files files = { .n = 0 };
	struct pki *p = m->p;
	struct output out = { 0 };
	int code = DONE;

	m->facts.ca = m->gateway.ca->der;
	m->facts.ca_name = common_name(m, m->gateway.ca);
	m->facts.ca_file = pem(m, m->gateway.ca);
	draw_uuids(&m->facts);
	m->wish.kind->write(&m->facts, p->arena, &files);
	if (pki_has(p, OPT_SIGN))
		code = sign(m, &files.v[0].data);
	if (!code)
		code = output_prepare(p, &files, m->out, &out);
	if (!code)
		code = pki_end_issue(p);
	if (!code)
		code = output_place(p, &out);
	output_drop(&out);
	return code;
}

static int answer(struct making *m)
{
	struct pki *p = m->p;
	const struct profile *f = &m->facts;
	const struct profile_kind *k = m->wish.kind;
	struct json j = pki_json(p);

	json_str(&j, "name", m->name);
	json_str(&j, "identity", f->user_id);
	json_str(&j, "auth", "cert");
	json_str(&j, "profile", k->word);
	json_str(&j, "file", m->out);
	json_str(&j, "password", m->password);
	json_str(&j, "gateway", f->gateway);
	json_str(&j, "connection", m->gateway.peer->name);
	json_str(&j, "serial", pki_hex(p, m->cert->serial));
	json_str(&j, "not_after", cert_time(m->cert->not_after, p->arena));
	if (p->x->json)
		return pki_answer(p, &j);
	fprintf(p->x->out, "%s: a certificate about %s until %s, for %s on %s\n  %s: ", m->name, f->user_id,
		cert_time(m->cert->not_after, p->arena), m->gateway.peer->name, f->gateway, k->says);
	fprintf(p->x->out, k->use, m->out);
	fprintf(p->x->out, "\n");
	if (m->password && !pki_has(p, OPT_PASSWORD))
		fprintf(p->x->out, "  the password that opens it, which is not kept here: %s\n", m->password);
	return DONE;
}

/* Whether there may be such a user: a new one, or (RENEWED) one that is there. */
static int check_user(struct making *m, bool renewed)
{
	struct pki *p = m->p;
	const struct index_entry *e = index_last(&p->index, m->name);

	if (e && e->profile != MAKE_USER)
		return ipsec_fail(
			p->x, FAILED, "%s is the name of a gateway's certificate: take another", m->name);
	e = user_entry(p, m->name);
	if (e && !renewed)
		return ipsec_fail(p->x, FAILED,
			"there is a user %s already, until %s: ipsec user renew %s makes another key and "
			"profile",
			m->name, cert_time(e->not_after, p->arena), m->name);
	if (!e && renewed && !index_last(&p->index, m->name))
		return ipsec_fail(
			p->x, FAILED, "there is no user %s: ipsec user add %s makes one", m->name, m->name);
	return DONE;
}

static int make_user(struct making *m, bool renewed)
{
	struct pki *p = m->p;
	int code = pki_check_name(p, m->name);

	if (!code)
		code = read_wish(m);
	if (!code)
		code = gateway_load(p, &m->gateway);
	if (!code)
		code = gateway_serves(p, &m->gateway, &m->wish, &m->facts);
	if (!code)
		code = pki_ca_open(p, true);
	if (!code)
		code = check_user(m, renewed);
	m->facts.user = m->name;
	if (!code)
		code = make_certificate(m);
	if (!code)
		code = collect(m);
	if (!code)
		code = deliver(m);
	return code ? code : answer(m);
}

static int make(struct pki *p, bool renewed)
{
	struct making m = { .p = p, .name = p->args[0] };
	int code;

	gateway_start(&m.gateway);
	code = make_user(&m, renewed);
	cert_unref(m.cert);
	key_unref(m.key);
	gateway_stop(&m.gateway);
	return code;
}

int user_add(struct pki *p)
{
	return make(p, false);
}

int user_renew(struct pki *p)
{
	return make(p, true);
}
