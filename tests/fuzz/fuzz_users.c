/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A users file (eap/users.h). The first octets, up to a NUL, are a name to look up in what follows. */
#include "eap/users.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void judge(const struct eap_secret *s)
{
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = size ? memchr(data, 0, size) : NULL;
	struct bytes name = { data, end ? (size_t)(end - data) : 0 };
	struct bytes text = { data + name.n + !!end, size - name.n - !!end };
	char why[EAP_USERS_WHY] = "";
	struct eap_users *u;
	struct eap_secret s;

	if (eap_users_read(text, &u, why)) {
		if (!*why)
			abort();
		return 0;
	}
	s = eap_users_find(u, name);
	judge(&s);
	eap_users_free(u);
	return 0;
}
