/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files that are written whole or not at all. */
#pragma once

#include "base/bytes.h"
#include "base/err.h"

/* Puts DATA into the file PATH, which only its owner can read, in place of what it was. Meanwhile it is in
 * PATH.new; what a crash has left there goes. Where something is replaced the disk is waited for, so that a
 * power cut leaves one or the other; where there was nothing it may leave nothing, or an empty file.
 * ERR_SYSTEM with errno set: all is as it was. */
enum err replace_file(const char *path, struct bytes data) MUST_CHECK;
