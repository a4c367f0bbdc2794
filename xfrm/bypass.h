/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a socket tells the kernel's IPsec. */
#pragma once

#include <stdbool.h>

/* No policy of the kernel is for the packets of FD (RFC 4301, 4.4.1: BYPASS): IKE's own and those that carry
 * ESP lie inside the selectors of a tunnel between two hosts. A kernel without IPsec needs none of it. */
void xfrm_bypass(int fd, bool v6);

/* ESP in UDP that arrives on FD, bound to the port of NAT traversal, goes to the kernel (RFC 3948, 3.3; its
 * UDP_ENCAP_ESPINUDP): FD sees only what begins with four zero octets. False when the kernel cannot. */
bool xfrm_encap(int fd);
