/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The headers of packets, in octets: how long they are, and where the fields stand that somebody touches,
 * from the first octet of each on. */
#pragma once

enum {
	IPPROTO_OF_ICMP = 1,
	IPPROTO_OF_TCP = 6,
	IPPROTO_OF_UDP = 17,
	IPPROTO_OF_ICMPV6 = 58,
};

enum { /* RFC 791, 3.1; without options */
	IP4_LENGTH = 2,
	IP4_ID = 4,
	IP4_FRAGMENT = 6,
	IP4_CHECKSUM = 10,
	IP4_ADDRESSES = 12,
	IP4_HEADER = 20,
};

enum { /* RFC 8200, 3 */
	IP6_LENGTH = 4,
	IP6_NEXT = 6,
	IP6_ADDRESSES = 8,
	IP6_HEADER = 40,
};

enum { /* RFC 9293, 3.1; without options */
	TCP_SEQUENCE = 4,
	TCP_ACK = 8,
	TCP_OFFSET = 12,
	TCP_FLAGS = 13,
	TCP_WINDOW = 14,
	TCP_CHECKSUM = 16,
	TCP_URGENT = 18,
	TCP_HEADER = 20,
};

enum { FLAG_FIN = 1, FLAG_SYN = 2, FLAG_PSH = 8, FLAG_ACK = 16, FLAG_ECE = 64, FLAG_CWR = 128 };

enum { UDP_LENGTH = 4, UDP_CHECKSUM = 6, UDP_HEADER = 8 /* RFC 768 */ };

enum { ICMP_HEADER = 8 /* RFC 792; RFC 4443, 2.1 */ };

enum { /* RFC 4303, 2: SPI and number; pad length and next header */
	ESP_HEADER = 8,
	ESP_TRAILER = 2,
	ESP_NEXT_IPV4 = 4,
	ESP_NEXT_IPV6 = 41,
	ESP_NEXT_NONE = 59,
};
