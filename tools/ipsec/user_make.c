/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Users made, and made anew. Everything is made in memory and judged first; then the profile is written
 * beside its place, then the files of CA and users change together, then the profile is moved. */
#include "user.h"

#include "letters.h"
#include "pki_issue.h"
#include "qr.h"
#include "user_eap.h"
#include "user_out.h"

#include "model/dn.h"
#include "pki/make.h"

#include <stdio.h>

enum { PASSWORD_GROUPS = 4 /* of letters: 80 bits */ };

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
	struct eap_file file; /* the users file */
	const char *password; /* that seals the profile, or that the user gives; NULL: none */
	const char *out;
	struct text qr; /* the profile as a QR code, where it is asked for */
};

static bool by_password(const struct making *m)
{
	return m->facts.auth == PROFILE_PASSWORD;
}

/* What stands in lines of profiles must not make others of them. */
static int check_plain(struct pki *p)
{
	const char *id = pki_option(p, OPT_ID, "");

	for (const char *c = id; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			return ipsec_fail(p->x, USAGE, "--id: there are control characters in it");
	return DONE;
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
		.cert = !auth || !strcmp(auth, "cert"),
		.eap = !auth || !strcmp(auth, "eap") };
	m->out = pki_option(p, OPT_OUT, arena_printf(p->arena, "%s%s", m->name, k->suffix ? k->suffix : ""));
	if (pki_has(p, OPT_QR) && (!k->suffix || p->x->json))
		return ipsec_fail(p->x, USAGE, "--qr is for profiles of one file, and for people to look at");
	if (pki_has(p, OPT_SIGN) && (!k->suffix || strcmp(k->suffix, ".mobileconfig") != 0))
		return ipsec_fail(p->x, USAGE, "--sign is for profiles of ios and macos");
	return check_plain(p);
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

/* The one that --password-file names, or one that nobody guesses. */
static int choose_password(struct making *m)
{
	struct pki *p = m->p;
	struct bytes password;
	int code = pki_secret(p, OPT_PASSWORD, "a password", PROMPT_NEVER, &password);

	if (!code)
		m->password =
			password.n ? arena_text(p->arena, password) : letters_draw(p->arena, PASSWORD_GROUPS);
	return code;
}

static int seal(struct making *m)
{
	struct why why = { 0 };
	int code = choose_password(m);

	if (code)
		return code;
	if (make_p12(m->key, m->cert, &m->gateway.ca, 1, m->name, bytes_str(m->password), P12_OLD,
		    m->p->arena, &m->facts.p12, &why))
		return pki_fail(m->p, m->name, &why);
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
	struct text t = text_in(m->p->arena);

	return dn_common_name(ca->subject.data, &t) ? text_str(&t) : cert_name(ca, m->p->arena);
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

static int draw_qr(struct making *m, struct bytes data)
{
	struct pki *p = m->p;
	unsigned columns, room = term_width(p->x->terminal);

	m->qr = text_in(p->arena);
	switch (qr_print(data, &m->qr, &columns)) {
	case QR_DONE: break;
	case QR_NO_LIBRARY: return ipsec_fail(p->x, FAILED, "--qr needs libqrencode, which is not here");
	case QR_TOO_LONG:
		return ipsec_fail(p->x, FAILED,
			"--qr: the profile has %zu octets, and a QR code holds %d: one with a password is "
			"smaller "
			"(--auth eap)",
			data.n, QR_MAX);
	}
	if (room && room < columns)
		return ipsec_fail(p->x, FAILED,
			"--qr: the code is %u columns wide, and this terminal has %u: a smaller font makes "
			"more",
			columns, room);
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
	if (!code && pki_has(p, OPT_QR))
		code = draw_qr(m, files.v[0].data);
	if (!code)
		code = output_prepare(p, &files, m->out, &out);
	if (!code)
		code = by_password(m) ? pki_commit(p) : pki_end_issue(p);
	if (!code)
		code = output_place(p, &out);
	output_drop(&out);
	return code;
}

static void say(struct making *m)
{
	const struct profile *f = &m->facts;
	const struct profile_kind *k = m->wish.kind;
	FILE *out = m->p->x->out;

	if (by_password(m))
		fprintf(out, "%s: a password", f->eap_user);
	else
		fprintf(out, "%s: a certificate about %s until %s", m->name, f->user_id,
			cert_time(m->cert->not_after, m->p->arena));
	fprintf(out, " (connection %s of %s)\n  %s: ", m->gateway.peer->name, f->gateway, k->says);
	fprintf(out, k->use, m->out);
	fprintf(out, "\n");
	if (m->password && !pki_has(m->p, OPT_PASSWORD))
		fprintf(out, "  the password, which is %s: %s\n",
			!by_password(m) ? "not kept here, and opens the profile"
			: k->asks       ? "not in the profile, and is asked for when it connects"
					: "in the profile",
			m->password);
	fprintf(out, "%s", text_str(&m->qr));
}

static int answer(struct making *m)
{
	struct pki *p = m->p;
	const struct profile *f = &m->facts;
	struct json j = pki_json(p);

	json_str(&j, "name", by_password(m) ? f->eap_user : m->name);
	json_str(&j, "identity", f->user_id);
	json_str(&j, "auth", by_password(m) ? "eap" : "cert");
	json_str(&j, "profile", m->wish.kind->word);
	json_str(&j, "file", m->out);
	json_str(&j, "password", m->password);
	json_str(&j, "gateway", f->gateway);
	json_str(&j, "connection", m->gateway.peer->name);
	json_str(&j, "serial", m->cert ? pki_hex(p, m->cert->serial) : NULL);
	json_str(&j, "not_after", m->cert ? cert_time(m->cert->not_after, p->arena) : NULL);
	if (!p->x->json)
		say(m);
	return pki_answer(p, &j);
}

/* Whether there may be such a user: a new one, or (RENEWED) one that is there. */
static int check_new(struct making *m, bool is_there, bool renewed)
{
	const char *name = by_password(m) ? m->facts.eap_user : m->name;

	if (is_there && !renewed)
		return ipsec_fail(m->p->x, FAILED,
			"there is a user %s already: ipsec user renew %s makes another profile, and what "
			"goes with it",
			name, m->name);
	if (!is_there && renewed)
		return ipsec_fail(
			m->p->x, FAILED, "there is no user %s: ipsec user add %s makes one", name, m->name);
	return DONE;
}

static int with_certificate(struct making *m, bool renewed)
{
	const struct index_entry *e;
	int code = pki_ca_open(m->p, true);

	if (code)
		return code;
	e = index_last(&m->p->index, m->name);
	if (e && e->profile != MAKE_USER)
		return ipsec_fail(
			m->p->x, FAILED, "%s is the name of a gateway's certificate: take another", m->name);
	code = check_new(m, renewed ? e != NULL : user_entry(m->p, m->name) != NULL, renewed);
	if (!code)
		code = make_certificate(m);
	return code ? code : collect(m);
}

static int with_password(struct making *m, bool renewed)
{
	struct pki *p = m->p;
	int code = pki_lock(p);

	if (!code)
		code = eap_file_read(p, &m->gateway, &m->file);
	if (!code && !m->file.path)
		code = ipsec_fail(p->x, FAILED,
			"%s names no file for users with passwords: write users_file = users into its "
			"section daemon",
			m->gateway.path);
	if (!code)
		code = check_new(m, eap_file_has(&m->file, m->facts.eap_user), renewed);
	if (!code)
		code = choose_password(m);
	m->facts.password = m->password;
	return code ? code : eap_file_set(p, &m->file, m->facts.eap_user, m->password, m->gateway.clear);
}

/* Who is in the users file is meant there, unless --auth says otherwise. */
static int choose_way(struct making *m)
{
	struct eap_file file;
	int code = eap_file_read(m->p, &m->gateway, &file);

	if (!code && !pki_has(m->p, OPT_AUTH) && eap_file_has(&file, m->name))
		m->wish.cert = false;
	return code;
}

static int make_user(struct making *m, bool renewed)
{
	struct pki *p = m->p;
	int code = pki_check_name(p, m->name);

	if (!code)
		code = read_wish(m);
	if (!code)
		code = gateway_load(p, &m->gateway);
	if (!code && renewed)
		code = choose_way(m);
	if (!code)
		code = gateway_serves(p, &m->gateway, &m->wish, &m->facts);
	m->facts.user = m->name;
	if (!code)
		code = by_password(m) ? with_password(m, renewed) : with_certificate(m, renewed);
	if (!code)
		code = deliver(m);
	/* Who has a password may come at once. */
	if (!code && by_password(m))
		code = user_reread(p);
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
