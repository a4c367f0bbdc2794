/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What stands before each packet read from and written to a tun device (virtio 1.2, 5.1.6): many segments of
 * one flow travel as one packet, and a checksum may be left to whoever sends it on. What the two ways share.
 */
#pragma once

#include "xfrm/user/inner.h"

#include <linux/virtio_net.h>

#ifndef VIRTIO_NET_HDR_GSO_UDP_L4
#define VIRTIO_NET_HDR_GSO_UDP_L4 5 /* headers of Linux before 6.2 */
#endif
