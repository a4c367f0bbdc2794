/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* How many descriptors this process has open, with the one that it takes to look: what leaks is seen by
 * asking twice. */
unsigned descriptors_open(void);
