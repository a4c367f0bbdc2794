/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Kinds of secrets stand in the same order in the table of options and in the model. */
#include "conf/creds.h"

#include "base/names.h"
#include "conf/load.h"
#include "conf/section.h"

_Static_assert(
	CONF_PPK_SECRET - CONF_IKE_SECRET == (int)SECRET_PPK && (int)SECRET_IKE == 0, "the same order");
_Static_assert(CONF_TOKEN_SECRET - CONF_PRIVATE_SECRET == (int)FILED_TOKEN && (int)FILED_PRIVATE == 0,
	"the same order");

static void no_sections(const struct tree_section *s, enum conf_section_kind kind, struct report *r)
{
	for (const struct tree_section *sub = s->sections; sub; sub = sub->next)
		section_kind(sub, kind, r);
}

static void read_shared(
	const struct tree_section *s, enum conf_section_kind kind, struct conf *c, struct report *r)
{
	struct secret *out = &c->secrets[c->n_secrets++];

	out->name = arena_str(&c->arena, s->name);
	out->kind = (enum secret_kind)(kind - CONF_IKE_SECRET);
	out->origin = ORIGIN_FILE;
	out->at = section_source(s, &c->arena);
	section_read(s, kind, out, &c->arena, r);
	if (!tree_written(s, "secret"))
		report_error(r, s->at, s, NULL, "there is no secret in it; write secret = \"…\"");
	no_sections(s, kind, r);
}

static void read_key(
	const struct tree_section *s, enum conf_section_kind kind, struct conf *c, struct report *r)
{
	struct key_conf *out = &c->keys[c->n_keys++];

	out->name = arena_str(&c->arena, s->name);
	out->kind = (enum key_kind)(kind - CONF_PRIVATE_SECRET);
	out->origin = ORIGIN_FILE;
	out->at = section_source(s, &c->arena);
	section_read(s, kind, out, &c->arena, r);
	out->has_slot = tree_written(s, "slot");
	if (!out->file && !out->handle && !out->uri)
		report_error(r, s->at, s, NULL, "there is no %s in it; write one",
			out->kind == FILED_TOKEN ? "handle or uri" : "file");
	no_sections(s, kind, r);
}

void secrets_read(const struct tree_section *s, struct conf *c, struct report *r)
{
	c->secrets = ARENA_ARRAY(&c->arena, s->n_sections, struct secret);
	c->keys = ARENA_ARRAY(&c->arena, s->n_sections, struct key_conf);
	for (const struct tree_section *sub = s->sections; sub; sub = sub->next) {
		enum conf_section_kind kind = section_kind(sub, CONF_SECRETS, r);

		if (kind >= CONF_PRIVATE_SECRET && kind <= CONF_TOKEN_SECRET)
			read_key(sub, kind, c, r);
		else if (kind != CONF_SECTIONS_MAX)
			read_shared(sub, kind, c, r);
	}
}

void authority_read(const struct tree_section *s, enum origin origin, struct arena *arena,
	struct authority *out, struct report *r)
{
	*out = (struct authority){
		.name = arena_str(arena, s->name),
		.origin = origin,
		.at = section_source(s, arena),
	};
	section_read(s, CONF_AUTHORITY, out, arena, r);
	out->cacert.has_slot = tree_written(s, "slot");
	if (!out->cacert.file && !out->cacert.data.n && !out->cacert.handle)
		report_error(r, s->at, s, NULL, "there is no certificate in it; write cacert = FILE");
	no_sections(s, CONF_AUTHORITY, r);
}

void authorities_read(const struct tree_section *s, struct conf *c, struct report *r)
{
	c->authorities = ARENA_ARRAY(&c->arena, s->n_sections, struct authority);
	for (const struct tree_section *sub = s->sections; sub; sub = sub->next)
		if (section_kind(sub, CONF_AUTHORITIES, r) == CONF_AUTHORITY)
			authority_read(sub, ORIGIN_FILE, &c->arena, &c->authorities[c->n_authorities++], r);
}

enum err conf_load_shared(
	const struct conf_shared *in, struct arena *arena, struct secret *out, struct text *why)
{
	static const struct name kinds[] = { { SECRET_IKE, "IKE" }, { SECRET_EAP, "EAP" },
		{ SECRET_XAUTH, "XAUTH" }, { SECRET_NTLM, "NTLM" }, { SECRET_PPK, "PPK" }, { 0 } };
	const struct name *kind = name_find(kinds, in->type);
	struct id *owners = ARENA_ARRAY(arena, in->n_owners, struct id);

	if (!kind) {
		text_add(why, "vici: there are no secrets of type %s; write IKE, EAP, XAUTH, NTLM or PPK",
			report_quote(in->type, why->arena));
		return ERR_UNSUPPORTED;
	}
	if (!in->data.n) {
		text_add(why, "vici: the secret %s is empty", report_quote(in->name, why->arena));
		return ERR_SYNTAX;
	}
	for (unsigned i = 0; i < in->n_owners; i++)
		if (id_parse(in->owners[i], arena, &owners[i])) {
			text_add(why, "vici: the owner %s is not an identity",
				report_quote(in->owners[i], why->arena));
			return ERR_SYNTAX;
		}
	*out = (struct secret){
		.name = arena_str(arena, in->name),
		.kind = (enum secret_kind)kind->value,
		.origin = ORIGIN_VICI,
		.at = { .section = arena_printf(arena, "secrets.%s", in->name), .file = "vici" },
		.owners = owners,
		.n_owners = in->n_owners,
		.data = arena_bytes(arena, in->data),
	};
	return ERR_OK;
}
