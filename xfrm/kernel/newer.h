/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What <linux/xfrm.h> has in newer kernels than the one whose headers we may be built with. A kernel that
 * does not know an attribute skips it. */
#pragma once

enum {
	ATTR_SA_DIR = 33,               /* uint8_t; Linux 6.10 */
	ATTR_SA_PCPU = 35,              /* uint32_t; Linux 6.13 */
	ATTR_IPTFS_DROP_TIME = 36,      /* uint32_t, inbound; these: 6.14 */
	ATTR_IPTFS_REORDER_WINDOW = 37, /* uint16_t, inbound */
	ATTR_IPTFS_DONT_FRAG = 38,      /* without a value; outbound, as are those behind */
	ATTR_IPTFS_INIT_DELAY = 39,     /* uint32_t */
	ATTR_IPTFS_MAX_QSIZE = 40,      /* uint32_t */
	ATTR_IPTFS_PKT_SIZE = 41,       /* uint32_t */
};

enum { DIR_IN = 1, DIR_OUT = 2 }; /* of ATTR_SA_DIR */

enum { KERNEL_MODE_IPTFS = 5 };
