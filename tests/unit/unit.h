/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What cmocka wants included before itself, in its order. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
