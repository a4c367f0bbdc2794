/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packets in a stream. */
#include "daemon/frame.h"

static const uint8_t marker[FRAME_MARKER];

struct bytes frame_prefix(void)
{
	return bytes_of("IKETCP", FRAME_PREFIX);
}

bool frame_may_begin(struct bytes in)
{
	struct bytes prefix = frame_prefix();

	return !memcmp(in.p, prefix.p, in.n < prefix.n ? in.n : prefix.n);
}

size_t frame_needs(struct bytes in)
{
	return in.n < FRAME_LENGTH ? FRAME_LENGTH : (size_t)in.p[0] << 8 | in.p[1];
}

static enum frame_kind kind_of(struct bytes packet, struct bytes *content)
{
	*content = packet;
	if (packet.n <= 1)
		return FRAME_NOTHING;
	if (packet.n < FRAME_MARKER || memcmp(packet.p, marker, FRAME_MARKER))
		return FRAME_ESP;
	*content = bytes_of(packet.p + FRAME_MARKER, packet.n - FRAME_MARKER);
	return FRAME_IKE;
}

enum frame_kind frame_next(struct bytes in, struct bytes *content, size_t *used)
{
	size_t n = frame_needs(in);

	if (n < FRAME_LENGTH)
		return FRAME_BAD;
	if (in.n < n || in.n < FRAME_LENGTH)
		return FRAME_MORE;
	*used = n;
	return kind_of(bytes_of(in.p + FRAME_LENGTH, n - FRAME_LENGTH), content);
}

size_t frame_head(bool ike, size_t n, uint8_t *out)
{
	struct wr w = wr_of(out, FRAME_HEADER);
	size_t head = ike ? FRAME_HEADER : FRAME_LENGTH;

	if (n > FRAME_MAX - head)
		return 0;
	wr_u16(&w, (uint16_t)(n + head));
	if (ike)
		wr_zero(&w, FRAME_MARKER);
	return wr_done(&w).n;
}
