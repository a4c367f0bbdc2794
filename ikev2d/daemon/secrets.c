/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Choosing among secrets, as strongSwan's users know it. */
#include "daemon/secrets.h"

/* How closely owners name an identity. */
enum closeness { NOT_NAMED, ANYBODY, BY_WILDCARD, EXACTLY };

static enum closeness owner_names(const struct id *owner, const struct id *id)
{
	if (owner->type == ID_ANY)
		return ANYBODY;
	if (id_eq(owner, id))
		return EXACTLY;
	return id_matches(owner, id) ? BY_WILDCARD : NOT_NAMED;
}

static enum closeness secret_names(const struct secret *s, const struct id *id)
{
	enum closeness best = s->n_owners ? NOT_NAMED : ANYBODY;

	for (unsigned i = 0; i < s->n_owners; i++) {
		enum closeness c = owner_names(&s->owners[i], id);

		if (c > best)
			best = c;
	}
	return best;
}

static bool owned_by_alone(const struct secret *s, const struct id *id)
{
	for (unsigned i = 0; i < s->n_owners; i++)
		if (owner_names(&s->owners[i], id) == NOT_NAMED)
			return false;
	return true;
}

/* A secret of the local identity and of others than the remote one is for those others. */
unsigned secrets_rank(const struct secret *s, const struct id *local, const struct id *remote)
{
	enum closeness to_remote = secret_names(s, remote), to_local = secret_names(s, local);

	if (s->kind != SECRET_IKE || (to_remote == NOT_NAMED && !owned_by_alone(s, local)))
		return 0;
	return to_remote * (EXACTLY + 1) + to_local;
}

static const struct secret *find(const struct conf *c, const struct id *local, const struct id *remote)
{
	const struct secret *best = NULL;
	unsigned best_rank = 0;

	for (unsigned i = 0; i < c->n_secrets; i++) {
		unsigned r = secrets_rank(&c->secrets[i], local, remote);

		if (r > best_rank) {
			best = &c->secrets[i];
			best_rank = r;
		}
	}
	return best;
}

const struct secret *secrets_for(const struct conf *c, const char *file, const struct ike_question *q,
	struct arena *arena, struct why *why)
{
	const struct secret *s = find(c, &q->local, &q->remote);
	const char *local = id_print(&q->local, arena), *remote = id_print(&q->remote, arena);

	if (s)
		return s;
	why->what = arena_printf(arena, "no shared secret for %s … %s", local, remote);
	why->where = file ? file : "no configuration file is in use";
	why->instead = arena_printf(arena,
		"in the section secrets, ike-NAME { … } with these three, each on its line: id-1 = %s, id-2 "
		"= %s, "
		"secret = \"…\"",
		local, remote);
	return NULL;
}

bool secrets_is_ppk(const struct secret *s, const struct id *id)
{
	return s->kind == SECRET_PPK && secret_names(s, id) != NOT_NAMED;
}

const struct secret *secrets_ppk(
	const struct conf *c, const char *file, const struct id *id, struct arena *arena, struct why *why)
{
	const struct secret *best = NULL;

	for (unsigned i = 0; i < c->n_secrets; i++) {
		const struct secret *s = &c->secrets[i];

		if (secrets_is_ppk(s, id) && (!best || secret_names(s, id) > secret_names(best, id)))
			best = s;
	}
	if (best)
		return best;
	why->what = arena_printf(arena, "no post-quantum preshared key has the id %s", id_print(id, arena));
	why->where = file ? file : "no configuration file is in use";
	why->instead = arena_printf(arena,
		"in the section secrets, ppk-NAME { … } with these two, each on its line: id = %s, secret = "
		"0x…",
		id_print(id, arena));
	return NULL;
}

struct id secrets_without_domain(const struct id *id)
{
	const uint8_t *at = id->data.n ? memrchr(id->data.p, '\\', id->data.n) : NULL;
	struct id user = *id;

	if (at && id->type != ID_DER_ASN1_DN)
		user.data = bytes_of(at + 1, (size_t)(id->data.p + id->data.n - at - 1));
	return user;
}

static enum closeness eap_names(const struct secret *s, const struct id *user)
{
	struct id alone = secrets_without_domain(user);
	enum closeness c = secret_names(s, user);

	if (s->kind != SECRET_EAP && s->kind != SECRET_XAUTH && s->kind != SECRET_NTLM)
		return NOT_NAMED;
	return c == EXACTLY ? c : secret_names(s, &alone) > c ? secret_names(s, &alone) : c;
}

bool secrets_is_eap(const struct secret *s, const struct id *user)
{
	return eap_names(s, user) != NOT_NAMED;
}

bool secrets_eap_names(const struct secret *s, const struct id *user)
{
	return eap_names(s, user) == EXACTLY;
}

const struct secret *secrets_eap(const struct conf *c, const struct id *user)
{
	const struct secret *best = NULL;

	for (unsigned i = 0; i < c->n_secrets; i++)
		if (secrets_is_eap(&c->secrets[i], user) &&
			(!best || eap_names(&c->secrets[i], user) > eap_names(best, user)))
			best = &c->secrets[i];
	return best;
}

struct why secrets_differ(const struct secret *s, const struct ike_question *q, struct arena *arena)
{
	return (struct why){ .what = arena_printf(arena, "the shared secret %s is not the one that %s used",
				     s->name ? s->name : "(without a name)", id_print(&q->remote, arena)),
		.where = source_print(&s->at, "secret", arena),
		.instead = "the same secret on both sides" };
}
