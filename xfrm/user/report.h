/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What packet threads tell the control thread. */
#pragma once

#include "model/addr.h"
#include "model/ts.h"

enum report_kind {
	REPORT_ACQUIRE,
	REPORT_MAPPING,
	REPORT_USED,
	REPORT_EXPIRE,
	REPORT_IKE,
	REPORT_UNKNOWN_SPI
};

/* Octets only: it travels through a socket. */
struct esp_report {
	enum report_kind kind;
	uint32_t id;             /* the policy (ACQUIRE), the SPI (UNKNOWN_SPI) or the CHILD_SA */
	uint32_t resource;       /* ACQUIRE: the number of the packet thread it is for alone, and 1; 0: all */
	bool hard;               /* EXPIRE */
	bool encap;              /* UNKNOWN_SPI */
	struct ts local, remote; /* ACQUIRE: the packet's selectors */
	struct path path;        /* MAPPING: remote; IKE; UNKNOWN_SPI */
};
