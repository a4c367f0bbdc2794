/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Algorithms. strongSwan's keywords are swanctl.conf's; libreswan has its own, and fills in what is not said.
 * A proposal with an algorithm that is not here is left out whole, so that no protection is lost in part. */
#include "conf/import_inner.h"

#include "model/proposal.h"

static const struct {
	const char *theirs; /* without low lines */
	const char *ours;
	uint8_t type;
} libreswan_words[] = {
	{ "aes", "aes256-aes128", TRANSFORM_ENCR },
	{ "aescbc", "aes256-aes128", TRANSFORM_ENCR },
	{ "aes128", "aes128", TRANSFORM_ENCR },
	{ "aes192", "aes192", TRANSFORM_ENCR },
	{ "aes256", "aes256", TRANSFORM_ENCR },
	{ "aescbc128", "aes128", TRANSFORM_ENCR },
	{ "aescbc192", "aes192", TRANSFORM_ENCR },
	{ "aescbc256", "aes256", TRANSFORM_ENCR },
	{ "aesgcm", "aes256gcm16-aes128gcm16", TRANSFORM_ENCR },
	{ "aesgcm128", "aes128gcm16", TRANSFORM_ENCR },
	{ "aesgcm192", "aes192gcm16", TRANSFORM_ENCR },
	{ "aesgcm256", "aes256gcm16", TRANSFORM_ENCR },
	{ "aesgcmc", "aes256gcm16-aes128gcm16", TRANSFORM_ENCR },
	{ "aesgcmc128", "aes128gcm16", TRANSFORM_ENCR },
	{ "aesgcmc256", "aes256gcm16", TRANSFORM_ENCR },
	{ "aesgcm16128", "aes128gcm16", TRANSFORM_ENCR },
	{ "aesgcm16256", "aes256gcm16", TRANSFORM_ENCR },
	{ "chacha20poly1305", "chacha20poly1305", TRANSFORM_ENCR },
	{ "sha", "sha1", TRANSFORM_INTEG },
	{ "sha1", "sha1", TRANSFORM_INTEG },
	{ "hmacsha1", "sha1", TRANSFORM_INTEG },
	{ "sha2", "sha256", TRANSFORM_INTEG },
	{ "sha256", "sha256", TRANSFORM_INTEG },
	{ "sha2256", "sha256", TRANSFORM_INTEG },
	{ "hmacsha2256", "sha256", TRANSFORM_INTEG },
	{ "sha384", "sha384", TRANSFORM_INTEG },
	{ "sha2384", "sha384", TRANSFORM_INTEG },
	{ "hmacsha2384", "sha384", TRANSFORM_INTEG },
	{ "sha512", "sha512", TRANSFORM_INTEG },
	{ "sha2512", "sha512", TRANSFORM_INTEG },
	{ "hmacsha2512", "sha512", TRANSFORM_INTEG },
	{ "dh14", "modp2048", TRANSFORM_KE },
	{ "modp2048", "modp2048", TRANSFORM_KE },
	{ "dh15", "modp3072", TRANSFORM_KE },
	{ "modp3072", "modp3072", TRANSFORM_KE },
	{ "dh16", "modp4096", TRANSFORM_KE },
	{ "modp4096", "modp4096", TRANSFORM_KE },
	{ "dh19", "ecp256", TRANSFORM_KE },
	{ "ecp256", "ecp256", TRANSFORM_KE },
	{ "dh20", "ecp384", TRANSFORM_KE },
	{ "ecp384", "ecp384", TRANSFORM_KE },
	{ "dh21", "ecp521", TRANSFORM_KE },
	{ "ecp521", "ecp521", TRANSFORM_KE },
	{ "dh31", "x25519", TRANSFORM_KE },
	{ "x25519", "x25519", TRANSFORM_KE },
	{ "curve25519", "x25519", TRANSFORM_KE },
};

/* What libreswan offers where a proposal does not say it, as far as it is here. */
#define LIBRESWAN_HASHES "sha512-sha256"
#define LIBRESWAN_GROUPS "modp2048-modp3072-modp4096-ecp256-ecp384-ecp521-x25519"

/* A line of proposals on its way. */
struct line {
	struct import_conn *c;
	const struct import_entry *e;
	const char *key; /* swanctl.conf's */
	uint8_t protocol;
	enum import_part_name part;
	struct text out;
	const char *groups; /* libreswan's: what a proposal without a group gets; NULL: none */
	bool filled;        /* something was not said */
};

static struct line line_of(struct import_conn *c, const char *word, uint8_t protocol)
{
	struct line l = { .c = c, .e = import_find(c, NO_SIDE, word), .protocol = protocol };

	l.key = protocol == PROTO_IKE ? "proposals" : protocol == PROTO_AH ? "ah_proposals" : "esp_proposals";
	l.part = protocol == PROTO_IKE ? PART_CONN : PART_CHILD;
	l.out = text_in(c->run->arena);
	return l;
}

static void keep(struct line *l, const char *theirs, const char *proposal)
{
	struct arena *arena = l->c->run->arena;
	struct proposals parsed = { 0 };
	struct text why = text_in(arena);

	if (proposal_parse(proposal, l->protocol, arena, &parsed, &why))
		import_left_entry(l->c, l->e, "without %s: %s", report_quote(theirs, arena), text_str(&why));
	else
		text_add(&l->out, "%s%s", l->out.n ? ", " : "", proposal);
}

static void finish(struct line *l)
{
	if (l->out.n)
		import_put(l->c, l->part, l->key, text_str(&l->out), l->e);
	else
		import_note(l->c, l->part,
			"No algorithm of %s is here: %s is the default of ikev2d, modern ones only.",
			l->e->key->name, l->key);
}

static void nothing_said(struct import_conn *c, enum import_part_name part, const char *word, const char *key)
{
	import_note(c, part, "%s is not written there: %s has the default of ikev2d, modern algorithms only.",
		word, key);
}

static void strongswan_line(struct import_conn *c, const char *word, uint8_t protocol)
{
	struct line l = line_of(c, word, protocol);
	const char *list, *item;
	size_t n;

	if (!l.e || !*l.e->key->value)
		return;
	list = l.e->key->value;
	n = strlen(list);
	while ((item = import_item(c->run, &list, ", !")))
		keep(&l, item, item);
	if (l.out.n && l.e->key->value[n - 1] != '!') {
		import_note(c, l.part,
			"Without a \"!\" at its end strongSwan adds its own default to %s; \"default\" here "
			"is "
			"ikev2d's.",
			word);
		text_add(&l.out, ", default");
	}
	finish(&l);
}

/* "aes_gcm256" becomes "aesgcm256". */
static const char *without_low_lines(struct import_run *run, const char *word)
{
	struct text out = text_in(run->arena);

	for (; *word; word++)
		if (*word != '_')
			text_add(&out, "%c", *word >= 'A' && *word <= 'Z' ? *word - 'A' + 'a' : *word);
	return text_str(&out);
}

struct pieces {
	struct text encr, integ, ke;
	bool aead;
};

static bool piece(struct import_run *run, struct pieces *p, const char *word)
{
	const char *bare = without_low_lines(run, word);

	for (size_t i = 0; i < sizeof libreswan_words / sizeof *libreswan_words; i++) {
		struct text *out;

		if (strcmp(libreswan_words[i].theirs, bare))
			continue;
		out = libreswan_words[i].type == TRANSFORM_ENCR    ? &p->encr
		      : libreswan_words[i].type == TRANSFORM_INTEG ? &p->integ
								   : &p->ke;
		text_add(out, "%s%s", out->n ? "-" : "", libreswan_words[i].ours);
		p->aead |=
			strstr(libreswan_words[i].ours, "gcm") || strstr(libreswan_words[i].ours, "poly1305");
		return true;
	}
	return false;
}

/* The words of LIST with "prf" before each. */
static const char *as_prfs(struct import_run *run, const char *list)
{
	struct text out = text_in(run->arena);
	const char *item;

	while ((item = import_item(run, &list, "-")))
		text_add(&out, "%sprf%s", out.n ? "-" : "", item);
	return text_str(&out);
}

static void add_piece(struct text *out, const char *s)
{
	if (*s)
		text_add(out, "%s%s", out->n ? "-" : "", s);
}

static const char *joined(struct line *l, const struct pieces *p)
{
	struct import_run *run = l->c->run;
	const char *hashes = p->integ.n ? text_str(&p->integ) : LIBRESWAN_HASHES;
	const char *esn = import_value(l->c, NO_SIDE, "esn", "");
	struct text out = text_in(run->arena);
	bool ike = l->protocol == PROTO_IKE;

	l->filled |= (!p->integ.n && (ike || !p->aead)) || (!p->ke.n && l->groups);
	add_piece(&out, text_str(&p->encr));
	if (ike && p->aead)
		add_piece(&out, as_prfs(run, hashes));
	else if (!p->aead)
		add_piece(&out, hashes);
	add_piece(&out, p->ke.n && l->groups ? text_str(&p->ke) : l->groups ? l->groups : "");
	if (!ike)
		add_piece(&out, !strcmp(esn, "yes")      ? "esn"
				: !strcmp(esn, "no")     ? "noesn"
				: !strcmp(esn, "either") ? "esn-noesn"
							 : "");
	return text_str(&out);
}

static void libreswan_proposal(struct line *l, const char *proposal, struct text *groups)
{
	struct import_run *run = l->c->run;
	struct pieces p = { text_in(run->arena), text_in(run->arena), text_in(run->arena), false };
	const char *rest = proposal, *word;

	while ((word = import_item(run, &rest, "-;+"))) {
		if (piece(run, &p, word))
			continue;
		import_left_entry(l->c, l->e, "without %s: there is no %s here",
			report_quote(proposal, run->arena), report_quote(word, run->arena));
		return;
	}
	if (groups && p.ke.n && !strstr(text_str(groups), text_str(&p.ke)))
		text_add(groups, "%s%s", groups->n ? "-" : "", text_str(&p.ke));
	keep(l, proposal, joined(l, &p));
}

/* GROUPS gets those of IKE, which children use that name none. */
static void libreswan_line(
	struct import_conn *c, const char *word, uint8_t protocol, const char *fill, struct text *groups)
{
	struct line l = line_of(c, word, protocol);
	const char *list, *item;

	if (!l.e || !*l.e->key->value)
		return;
	l.groups = fill;
	list = l.e->key->value;
	while ((item = import_item(c->run, &list, ", !")))
		libreswan_proposal(&l, item, groups);
	if (l.filled)
		import_note(c, l.part, "Written out is also what libreswan means where %s does not say it.",
			l.e->key->name);
	finish(&l);
}

static void libreswan(struct import_conn *c)
{
	bool pfs = strcmp(import_value(c, NO_SIDE, "pfs", "yes"), "no") != 0;
	bool ah = !strcmp(import_value(c, NO_SIDE, "phase2", "esp"), "ah");
	struct text groups = text_in(c->run->arena);
	const struct import_entry *esp = import_find(c, NO_SIDE, "esp");

	libreswan_line(c, "ike", PROTO_IKE, LIBRESWAN_GROUPS, &groups);
	libreswan_line(c, "esp", ah ? PROTO_AH : PROTO_ESP, pfs ? text_str(&groups) : NULL, NULL);
	libreswan_line(c, "ah", PROTO_AH, pfs ? text_str(&groups) : NULL, NULL);
	if (esp && pfs && !groups.n)
		import_note(c, PART_CHILD,
			"pfs=yes takes the group of IKE, which is not written there: children are rekeyed "
			"with a group "
			"only where the proposals have one.");
	if (!esp && import_find(c, NO_SIDE, "esn"))
		import_left_entry(c, import_find(c, NO_SIDE, "esn"),
			"it belongs to a proposal, and there is none; write esp_proposals with esn or noesn");
}

void import_proposals(struct import_conn *c)
{
	const struct import_entry *pfs = import_find(c, NO_SIDE, "pfs");

	if (c->run->dialect == LIBRE) {
		libreswan(c);
	} else {
		strongswan_line(c, "ike", PROTO_IKE);
		strongswan_line(c, "esp", PROTO_ESP);
		strongswan_line(c, "ah", PROTO_AH);
		if (pfs || import_find(c, NO_SIDE, "pfsgroup"))
			import_left_entry(c, pfs ? pfs : import_find(c, NO_SIDE, "pfsgroup"),
				"only IKEv1 has it; a group in esp_proposals asks for PFS");
	}
	if (!import_find(c, NO_SIDE, "ike"))
		nothing_said(c, PART_CONN, "ike", "proposals");
	if (!import_find(c, NO_SIDE, "esp") && !import_find(c, NO_SIDE, "ah"))
		nothing_said(c, PART_CHILD, "esp", "esp_proposals");
}
