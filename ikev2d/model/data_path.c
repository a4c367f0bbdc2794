/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/data_path.h"

/* RFC 4303, 2.1: 1 to 255 are reserved. */
static const struct spi_range kernel = { 0x00000100u, 0x7fffffffu }, user = { 0x80000000u, 0xffffffffu };

const char *data_path_name(enum data_path d)
{
	return d == DATAPATH_KERNEL ? "kernel" : "userspace";
}

struct spi_range data_path_spis(enum data_path d)
{
	return d == DATAPATH_KERNEL ? kernel : user;
}
