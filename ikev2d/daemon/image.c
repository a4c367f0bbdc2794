/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A head that says where the records stand, and the records: length, whether it lives, octets. What counts is
 * what the head says, and it is written at once and last. Written anew, the records stand behind the old ones
 * in a file that only grows; the memory in front is given back. */
#include "daemon/image.h"

#include "base/buf.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

enum { HEAD = 16, RECORD_HEAD = 5, LIVE = 1 };

static bool put(const struct image *i, uint64_t at, const void *p, size_t n)
{
	return pwrite(i->fd, p, n, (off_t)at) == (ssize_t)n;
}

static bool get(const struct image *i, uint64_t at, void *p, size_t n)
{
	return pread(i->fd, p, n, (off_t)at) == (ssize_t)n;
}

static bool put_head(const struct image *i)
{
	uint8_t head[HEAD];
	struct wr w = wr_of(head, sizeof head);

	wr_u64(&w, i->start);
	wr_u64(&w, i->end);
	return put(i, 0, head, sizeof head);
}

int image_make(void)
{
	struct image i = { memfd_create("ikev2d-keeper", MFD_CLOEXEC), HEAD, HEAD, 0 };

	if (i.fd < 0 || put_head(&i))
		return i.fd;
	close(i.fd);
	return -1;
}

/* The head of the record at AT; false: it is damaged. */
static bool look(const struct image *i, uint64_t at, uint32_t *n, bool *live)
{
	uint8_t head[RECORD_HEAD];
	struct rd r = rd_of(bytes_of(head, sizeof head));

	if (i->end - at < RECORD_HEAD || !get(i, at, head, sizeof head))
		return false;
	*n = rd_u32(&r);
	*live = rd_u8(&r) == LIVE;
	return *n <= IMAGE_RECORD_MAX && i->end - at - RECORD_HEAD >= *n;
}

static enum err count_dead(struct image *i)
{
	uint32_t n;
	bool live;

	for (uint64_t at = i->start; at < i->end; at += RECORD_HEAD + n) {
		if (!look(i, at, &n, &live))
			return ERR_SYNTAX;
		i->dead += live ? 0 : RECORD_HEAD + n;
	}
	return ERR_OK;
}

enum err image_open(struct image *i, int fd)
{
	uint8_t head[HEAD];
	struct rd r = rd_of(bytes_of(head, sizeof head));

	*i = (struct image){ .fd = fd };
	if (!get(i, 0, head, sizeof head))
		return ERR_SYSTEM;
	i->start = rd_u64(&r);
	i->end = rd_u64(&r);
	return i->start < HEAD || i->end < i->start ? ERR_SYNTAX : count_dead(i);
}

bool image_full(const struct image *i)
{
	return i->end - i->start - i->dead >= IMAGE_MAX;
}

enum err image_add(struct image *i, struct bytes record, uint64_t *at)
{
	uint8_t head[RECORD_HEAD];
	struct wr w = wr_of(head, sizeof head);

	if (record.n > IMAGE_RECORD_MAX)
		return ERR_RANGE;
	wr_u32(&w, (uint32_t)record.n);
	wr_u8(&w, LIVE);
	if (!put(i, i->end, head, sizeof head) || !put(i, i->end + RECORD_HEAD, record.p, record.n))
		return ERR_SYSTEM;
	*at = i->end;
	i->end += RECORD_HEAD + record.n;
	return put_head(i) ? ERR_OK : ERR_SYSTEM;
}

/* First that it is dead, then its octets: who is killed in between leaves a dead one. */
void image_forget(struct image *i, uint64_t at)
{
	static const uint8_t zeros[4096];
	uint32_t n, piece;
	bool live;

	if (!look(i, at, &n, &live) || !live || !put(i, at + 4, zeros, 1))
		return;
	for (uint32_t done = 0; done < n; done += piece) {
		piece = n - done < sizeof zeros ? n - done : sizeof zeros;
		if (!put(i, at + RECORD_HEAD + done, zeros, piece))
			break;
	}
	i->dead += RECORD_HEAD + n;
}

bool image_next(const struct image *i, uint64_t *at, uint64_t *next, struct arena *arena, struct bytes *out)
{
	uint32_t n;
	bool live;
	uint8_t *p;

	for (; *at < i->end && look(i, *at, &n, &live); *at = *next) {
		*next = *at + RECORD_HEAD + n;
		if (!live)
			continue;
		p = arena_alloc(arena, n);
		*out = bytes_of(p, n);
		return get(i, *at + RECORD_HEAD, p, n);
	}
	return false;
}

bool image_wasteful(const struct image *i)
{
	return i->dead > IMAGE_SLACK && i->dead > (i->end - i->start) / 2;
}

void image_trim(struct image *i, uint64_t from)
{
	i->start = from;
	i->dead = 0;
	if (put_head(i))
		(void)fallocate(
			i->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, HEAD, (off_t)(from - HEAD));
}
