/* SPDX-License-Identifier: GPL-2.0-or-later */
/* strongswan.conf: the settings of charon that have a meaning here, for who comes from strongSwan and has no
 * section "daemon". */
#pragma once

#include "conf/files.h"
#include "conf/report.h"
#include "model/conf.h"

/* Reads the sections charon, charon-systemd (which wins) and libtls of PATH and what it includes into the
 * settings of C. NOTES gets two lines at the most: the settings that are used, and those that are not. Errors
 * are those of conf_load; C is then to be thrown away. */
enum err strongswan_read(const char *path, const struct conf_files *files, struct conf *c, struct text *why,
	struct text *notes) MUST_CHECK;

/* What the key OURS of the section "daemon" is called in the section charon; NULL where that has none. */
const char *strongswan_name(const char *ours);
