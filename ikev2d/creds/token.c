/* SPDX-License-Identifier: GPL-2.0-or-later */
/* URIs of PKCS#11 (RFC 7512), made of what swanctl.conf says. */
#include "creds/token.h"

/* Each octet as %XX. An odd digit is the first octet's. */
static void put_id(struct text *t, const char *hex)
{
	if (strlen(hex) % 2)
		text_add(t, "%%0%c", *hex++);
	for (; *hex; hex += 2)
		text_add(t, "%%%c%c", hex[0], hex[1]);
}

/* Names stand as they are as far as they may. */
static void put_name(struct text *t, const char *name)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";

	for (; *name; name++)
		text_add(t, strchr(plain, *name) ? "%c" : "%%%02X", (unsigned char)*name);
}

const char *token_uri(const char *uri, const char *handle, const char *module, const uint32_t *slot,
	const char *type, struct arena *arena)
{
	struct text t = text_in(arena);

	if (uri)
		return uri;
	text_add(&t, "pkcs11:");
	if (slot)
		text_add(&t, "slot-id=%u;", *slot);
	text_add(&t, "id=");
	put_id(&t, handle);
	text_add(&t, ";type=%s", type);
	if (module) {
		text_add(&t, "?module-name=");
		put_name(&t, module);
	}
	return text_str(&t);
}

const char *token_key_uri(const struct key_conf *k, struct arena *arena)
{
	return token_uri(k->uri, k->handle, k->module, k->has_slot ? &k->slot : NULL, "private", arena);
}

const char *token_certs_uri(const struct cert_conf *c, struct arena *arena)
{
	return token_uri(c->uri, c->handle, c->module, c->has_slot ? &c->slot : NULL, "cert", arena);
}
