/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A provider of OpenSSL in this process that has one private key, at any URI of "pkcs11:", as a token behind
 * pkcs11-provider has it. */
#pragma once

#include "base/bytes.h"

struct provider_token {
	const char *pin;   /* that it wants */
	struct bytes der;  /* the key, as PKCS#8 */
	unsigned long ckr; /* how it fails instead (PKCS#11: CKR_...); 0: it does not; */
	bool later;        /* when it has the PIN, or before it asks for it */
	bool silent;       /* nobody hears how */
	unsigned pins;     /* so many wrong ones it was given */
};

/* What it is now. */
extern struct provider_token provider_token;

enum {
	CKR_TEST_GENERAL_ERROR = 0x05,
	CKR_TEST_DEVICE_REMOVED = 0x32,
	CKR_TEST_PIN_INCORRECT = 0xa0,
	CKR_TEST_PIN_EXPIRED = 0xa3,
	CKR_TEST_PIN_LOCKED = 0xa4,
	CKR_TEST_TOKEN_NOT_PRESENT = 0xe0,
};

/* False: OpenSSL does not take it. Those of OpenSSL stay. */
bool provider_load(void);
void provider_unload(void);
