/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A users file (eap/users.h). The first octets, up to a NUL, are a name to look up in what follows. */
#include "eap/users.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void judge(const struct eap_user *u)
{
	const struct eap_secret *s = &u->secret;

	if (u->n_groups > EAP_USERS_GROUPS_MAX || (u->ip.v && u->ip.v != 4) || (u->ip6.v && u->ip6.v != 6))
		abort();
	for (unsigned i = 0; i < u->n_groups; i++)
		if (!u->groups[i].n)
			abort();
	switch (s->kind) {
	case EAP_NT_HASH:
		if (s->value.n != 16)
			abort();
		break;
	case EAP_PASSWORD:
	case EAP_SALTED:
		if (!s->value.n)
			abort();
		break;
	case EAP_NO_SECRET: break;
	}
}

/* All of TEXT is lines. */
static void walk(struct bytes text)
{
	struct eap_users_line line;
	size_t n = text.n;

	while (eap_users_next(&text, &line))
		n -= line.whole.n;
	if (n)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = size ? memchr(data, 0, size) : NULL;
	struct bytes name = { data, end ? (size_t)(end - data) : 0 };
	struct bytes text = { data + name.n + !!end, size - name.n - !!end };
	char why[EAP_USERS_WHY] = "";
	struct eap_users *u;
	struct eap_user found;

	walk(text);
	if (eap_users_read(text, &u, why)) {
		if (!*why)
			abort();
		return 0;
	}
	found = eap_users_find(u, name);
	judge(&found);
	eap_users_free(u);
	return 0;
}
