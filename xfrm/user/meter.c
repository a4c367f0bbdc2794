/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Totals stand in the first page, chunks of meters behind it. */
#include "xfrm/user/meter.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PAGE = 4096, TOTALS_SIZE = PAGE, CHUNK_SIZE = METERS_CHUNK * sizeof(struct meter) };
_Static_assert(sizeof(struct totals) <= TOTALS_SIZE, "the totals have their page");
_Static_assert(CHUNK_SIZE % PAGE == 0, "a chunk is whole pages");

static off_t end_of(uint32_t chunks)
{
	return TOTALS_SIZE + (off_t)chunks * CHUNK_SIZE;
}

/* Whether there are N octets at P, in memory that somebody else has made: who touches what lies behind the end
 * of a file gets a signal. Kernels before 5.14 do not say. */
static bool is_there(uint8_t *p, size_t n)
{
	return !madvise(p + n - PAGE, PAGE, MADV_POPULATE_READ) || errno == EINVAL;
}

static void *map(const struct meters *m, size_t n, off_t at)
{
	void *p = mmap(NULL, n, PROT_READ | (m->writes ? PROT_WRITE : 0), MAP_SHARED, m->fd, at);

	if (p == MAP_FAILED || !m->writes || is_there(p, n))
		return p == MAP_FAILED ? NULL : p;
	(void)munmap(p, n);
	return NULL;
}

/* Where the memory is not THERE, or cannot be had, nothing stays. */
static enum err begin(struct meters *m, bool there, struct text *why)
{
	m->totals = there ? map(m, TOTALS_SIZE, 0) : NULL;
	if (m->totals)
		return ERR_OK;
	text_add(why, "there is no memory for counters of packets: %s", strerror(errno));
	meters_close(m);
	return ERR_SYSTEM;
}

/* It never shrinks: who reads behind the end of a file gets a signal. */
enum err meters_make(struct meters *m, struct text *why)
{
	*m = (struct meters){ .fd = memfd_create("ikev2d-meters", MFD_CLOEXEC | MFD_ALLOW_SEALING) };
	return begin(m,
		m->fd >= 0 && !ftruncate(m->fd, TOTALS_SIZE) &&
			!fcntl(m->fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_SEAL),
		why);
}

enum err meters_take(struct meters *m, int fd, struct text *why)
{
	*m = (struct meters){ .fd = fd, .writes = true };
	return begin(m, true, why);
}

void meters_close(struct meters *m)
{
	if (m->totals)
		munmap(m->totals, TOTALS_SIZE);
	for (unsigned i = 0; i < METERS_CHUNKS_MAX; i++)
		if (m->chunks[i])
			munmap(m->chunks[i], CHUNK_SIZE);
	if (m->fd >= 0)
		close(m->fd);
	free(m->spare);
	*m = (struct meters){ .fd = -1 };
}

enum err meters_get(struct meters *m, uint32_t *number, struct text *why)
{
	if (m->n_spare) {
		*number = m->spare[--m->n_spare];
		return ERR_OK;
	}
	if (m->n == METERS_MAX ||
		(m->n % METERS_CHUNK == 0 && ftruncate(m->fd, end_of(m->n / METERS_CHUNK + 1)))) {
		text_add(why, "there is no memory for the counters of one more SA");
		return ERR_SPACE;
	}
	*number = m->n++;
	return ERR_OK;
}

void meters_put(struct meters *m, uint32_t number)
{
	if (m->n_spare == m->spare_room) {
		m->spare_room = m->spare_room ? 2 * m->spare_room : 64;
		m->spare = realloc(m->spare, m->spare_room * sizeof *m->spare);
		if (!m->spare)
			abort();
	}
	m->spare[m->n_spare++] = number;
}

struct meter *meters_at(struct meters *m, uint32_t number)
{
	uint32_t chunk = number / METERS_CHUNK;

	if (chunk >= METERS_CHUNKS_MAX)
		return NULL;
	if (!m->chunks[chunk])
		m->chunks[chunk] = map(m, CHUNK_SIZE, end_of(chunk));
	return m->chunks[chunk] ? &m->chunks[chunk][number % METERS_CHUNK] : NULL;
}
