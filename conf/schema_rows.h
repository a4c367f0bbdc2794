/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of THE table of options share. */
#pragma once

#include "conf/schema.h"

/* schema.c */
extern const struct conf_section schema_sections[CONF_SECTIONS_MAX];

/* schema_radius.c: the section daemon.radius, and those within it. */
extern const struct conf_key schema_radius_keys[], schema_radius_server_keys[], schema_radius_dae_keys[];
