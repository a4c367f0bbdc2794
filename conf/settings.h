/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The section "daemon". */
#pragma once

#include "conf/report.h"
#include "model/conf.h"

/* Reads S into the settings of C. */
void settings_read(const struct tree_section *s, struct conf *c, struct report *r);

/* Reports at AT (and S, where it is not NULL) settings that do not fit together. */
void settings_check(const struct settings *settings, struct tree_place at, const struct tree_section *s,
	struct report *r);
