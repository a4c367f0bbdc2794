/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files that are written whole or not at all. */
#pragma once

#include "base/bytes.h"
#include "base/err.h"

/* Puts DATA into the file PATH, which only its owner can read, in place of what it was. Meanwhile it is in
 * PATH.new; what a crash has left there goes. ERR_SYSTEM with errno set: all is as it was. */
enum err replace_file(const char *path, struct bytes data) MUST_CHECK;
