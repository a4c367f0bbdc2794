/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finding the option among the others (RFC 9293, 3.1). */
#include "xfrm/user/mss.h"

enum { OPTION_END = 0, OPTION_NOP = 1, OPTION_MSS = 2, OPTION_MSS_SIZE = 4 };

/* The value of the MSS option among the N octets of options at P, or NULL. */
static uint8_t *find_mss(uint8_t *p, size_t n)
{
	size_t i = 0;

	while (i + 1 < n && p[i] != OPTION_END) {
		if (p[i] == OPTION_NOP) {
			i++;
			continue;
		}
		if (p[i + 1] < 2 || p[i + 1] > n - i)
			return NULL;
		if (p[i] == OPTION_MSS)
			return p[i + 1] == OPTION_MSS_SIZE ? p + i + 2 : NULL;
		i += p[i + 1];
	}
	return NULL;
}

/* Lowers the 16-bit value at P to V in the segment at TCP. The option may stand at an odd place, where its
 * octets belong to two words of the checksum: then those two words are replaced. */
static void lower(uint8_t *tcp, uint8_t *p, uint16_t v)
{
	if ((p - tcp) % 2 == 0) {
		inner_replace(p, v, tcp + TCP_CHECKSUM);
		return;
	}
	inner_replace(p - 1, (uint16_t)(p[-1] << 8 | v >> 8), tcp + TCP_CHECKSUM);
	inner_replace(p + 1, (uint16_t)((v & 0xff) << 8 | p[2]), tcp + TCP_CHECKSUM);
}

bool mss_clamp(uint8_t *p, const struct inner *in, unsigned limit)
{
	unsigned headers = (in->src.v == 4 ? IP4_HEADER : IP6_HEADER) + TCP_HEADER;
	uint8_t *tcp = p + in->header, *mss;
	size_t left = in->n - in->header, offset;

	if (in->proto != IPPROTO_OF_TCP || in->later_fragment || left < TCP_HEADER ||
		!(tcp[TCP_FLAGS] & FLAG_SYN))
		return false;
	offset = (size_t)(tcp[TCP_OFFSET] >> 4) * 4;
	if (offset < TCP_HEADER || offset > left || limit <= headers)
		return false;
	mss = find_mss(tcp + TCP_HEADER, offset - TCP_HEADER);
	if (!mss || (unsigned)(mss[0] << 8 | mss[1]) <= limit - headers)
		return false;
	lower(tcp, mss, (uint16_t)(limit - headers));
	return true;
}
