/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who carries the packets of a CHILD_SA. */
#pragma once

#include <stdint.h>

/* Which one a configuration asks for. What it leaves open is decided, and written here, when the connection
 * is taken into use: the core sees KERNEL or USER, and takes the others for USER. */
enum data_path {
	DATAPATH_DEFAULT, /* of a child: as the daemon's setting says */
	DATAPATH_AUTO,    /* the kernel where it can, else we */
	DATAPATH_KERNEL,
	DATAPATH_USER,
};

/* "kernel" and "userspace": as status shows it. */
const char *data_path_name(enum data_path d);

/* The SPIs of inbound SAs, both ends included. A packet on the port for encapsulated ESP is led by its first
 * octets to IKE (zeros), to the kernel, or to us: the ranges differ in their top bit. */
struct spi_range {
	uint32_t low, high;
};
struct spi_range data_path_spis(enum data_path d);
