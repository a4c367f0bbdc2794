/* SPDX-License-Identifier: GPL-2.0-or-later */
/* resolv.conf(5) with lines of ours. Nothing that was there is lost: what names other servers stays in the
 * file as comments, so that the file itself says how it is put back, also after a crash, and also where
 * somebody else has changed other lines of it meanwhile. */
#pragma once

#include "base/err.h"
#include "base/text.h"

enum { DNS_FILE_MAX = 64 * 1024 /* octets of one that is changed */ };

/* Puts LINES into the file PATH, in place of those that OWNER has there. A link is replaced by a file; a file
 * that cannot be replaced (it is a mount point) is written anew where it is. ERR_SYSTEM and a sentence; then
 * the file is as it was. */
enum err dns_file_set(const char *path, const char *owner, const char *lines, struct text *why) MUST_CHECK;

/* Puts back what was there before OWNER came; nothing, where nothing is OWNER's. */
enum err dns_file_reset(const char *path, const char *owner, struct text *why) MUST_CHECK;
