/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Signatures: what the library can do. They are made and checked by pki, which has the keys. */
#pragma once

#include "model/scheme.h"

#include <stdbool.h>

/* Whether the library at hand can work keys of type T: ML-DSA came with OpenSSL 3.5. */
bool sign_available(enum key_type t);
