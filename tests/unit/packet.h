/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IP packets for tests, and selectors and suites by their words. */
#pragma once

#include "model/ts.h"
#include "xfrm/user/esp.h"

/* Room for the most that sealing puts before a packet, and behind it. */
enum { PACKET_HEAD = ESP_HEADER + 16, PACKET_TAIL = 16 + ESP_TRAILER + 32 };

/* An IPv4 or IPv6 packet (as the addresses say) with N octets of payload behind an upper header of PROTO with
 * the given ports (ICMP: the source port is type * 256 + code); checksums are right. Returns its length. */
size_t packet_make(uint8_t *p, const char *src, const char *dst, uint8_t proto, uint16_t sport,
	uint16_t dport, size_t n);

/* A TCP SYN with OPTIONS octets of options. */
size_t packet_syn(uint8_t *p, const char *src, const char *dst, const uint8_t *options, size_t n);

/* A TCP segment of N octets of payload at SEQ, with FLAGS. The first octets of the payload count up from SEQ.
 */
size_t packet_tcp(uint8_t *p, const char *src, const char *dst, uint32_t seq, uint8_t flags, size_t n);

/* Makes the checksums right, after a change in headers or payload. */
void packet_fix(uint8_t *p, size_t n);

/* Whether the checksums of IPv4, TCP, UDP and ICMP in it are right. */
bool packet_sums_right(const uint8_t *p, size_t n);

struct ip packet_ip(const char *s);
struct ts packet_ts(const char *s);

/* A suite, "aes128gcm16" or "aes256-sha512"; keys of the right lengths, all octets different. */
struct suite packet_suite(const char *words, bool esn);
struct bytes packet_encr_key(const struct suite *s);
struct bytes packet_integ_key(const struct suite *s);
