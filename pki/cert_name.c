/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who a certificate is about, and how it is called. */
#include "pki/cert.h"

#include <time.h>

/* A DN without any attribute: SEQUENCE of nothing. */
static bool is_empty(const struct id *dn)
{
	return dn->data.n <= 2;
}

static bool has_key_id(const struct cert *c, struct bytes id)
{
	return bytes_eq(id, bytes_of(c->subj, KEYID_SIZE)) || bytes_eq(id, bytes_of(c->key_id, KEYID_SIZE)) ||
	       (id.n && bytes_eq(id, c->subject_key_id));
}

static bool is_about(
	const struct cert *c, const struct id *id, bool (*is)(const struct id *id, const struct id *name))
{
	if (is(id, &c->subject))
		return true;
	if (id->type == ID_KEY_ID)
		return has_key_id(c, id->data);
	for (unsigned i = 0; i < c->n_sans; i++)
		if (is(id, &c->sans[i]))
			return true;
	return false;
}

bool cert_has_id(const struct cert *c, const struct id *id)
{
	return is_about(c, id, id_matches);
}

bool cert_is_of(const struct cert *c, const struct id *id)
{
	return is_about(c, id, id_eq);
}

const struct id *cert_main_id(const struct cert *c)
{
	return is_empty(&c->subject) && c->n_sans ? &c->sans[0] : &c->subject;
}

const char *cert_name(const struct cert *c, struct arena *arena)
{
	if (is_empty(&c->subject) && !c->n_sans)
		return arena_printf(arena, "serial %s", cert_hex(c->serial, arena));
	return id_print(cert_main_id(c), arena);
}

const char *cert_names(const struct cert *c, struct arena *arena)
{
	struct text t = text_in(arena);

	if (!is_empty(&c->subject))
		text_add(&t, "%s", id_print(&c->subject, arena));
	for (unsigned i = 0; i < c->n_sans; i++)
		text_add(&t, "%s%s", t.n ? " | " : "", id_print(&c->sans[i], arena));
	return t.n ? text_str(&t) : "no name at all";
}

bool cert_confirms(const struct cert *c, const struct id *id, struct arena *arena, struct why *why)
{
	const char *wanted = id_print(id, arena);

	if (cert_is_of(c, id))
		return true;
	why->what = arena_printf(
		arena, "the certificate of %s is not about the identity %s", cert_name(c, arena), wanted);
	why->offered = cert_names(c, arena);
	why->configured = wanted;
	why->instead = arena_printf(arena,
		"an identity that the certificate has (id = %s), or a certificate with "
		"the subjectAltName %s",
		id_print(cert_main_id(c), arena), wanted);
	return false;
}

const char *cert_time(int64_t t, struct arena *arena)
{
	char out[64];
	time_t seconds = t;
	struct tm tm;

	if (!gmtime_r(&seconds, &tm) || !strftime(out, sizeof out, "%Y-%m-%d %H:%M:%S UTC", &tm))
		return "at no time";
	return arena_str(arena, out);
}

const char *cert_hex(struct bytes b, struct arena *arena)
{
	struct text t = text_in(arena);

	for (size_t i = 0; i < b.n; i++)
		text_add(&t, "%s%02x", i ? ":" : "", b.p[i]);
	return text_str(&t);
}
