/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A stream of IKE and ESP in TCP (daemon/frame.h), all of it at once: what is taken out of it and put together
 * again is the stream. */
#include "daemon/frame.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = bytes_of(data, size), content;
	uint8_t head[FRAME_HEADER];
	enum frame_kind kind;
	size_t used, n;

	(void)frame_may_begin(in);
	while ((kind = frame_next(in, &content, &used)) != FRAME_MORE && kind != FRAME_BAD) {
		if (used > in.n || frame_needs(in) != used || content.p + content.n != in.p + used)
			abort();
		n = frame_head(kind == FRAME_IKE, content.n, head);
		if (!n || n + content.n != used || memcmp(head, in.p, n))
			abort();
		in = bytes_of(in.p + used, in.n - used);
	}
	return 0;
}
