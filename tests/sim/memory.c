/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Blocks are cut from the region's end, each behind a header; freed ones are queued by size and used again
 * when a few of their size have been freed since: until then AddressSanitizer sees who uses them still. */
#include "tests/sim/memory.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define POISONS 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define POISONS 1
#endif

#ifdef POISONS
#include <sanitizer/asan_interface.h>
#define UNCHECKED __attribute__((no_sanitize("address")))
#else
#define UNCHECKED
#define __asan_poison_memory_region(p, n)   ((void)(p), (void)(n))
#define __asan_unpoison_memory_region(p, n) ((void)(p), (void)(n))
#endif

enum {
	REGION = 64 << 20,
	UNIT = 16,        /* sizes are rounded up to this, */
	COARSE = 512,     /* larger ones to this, */
	SMALL_MAX = 1024, /* beyond here */
	LARGE = 16 << 10, /* and these lie elsewhere */
	LARGE_MAX = 16,   /* at once */
	QUARANTINE = 8,   /* so many freed blocks of a size are not touched */
	QUEUES = SMALL_MAX / UNIT + LARGE / COARSE + 1,
};

/* Stands before each block, poisoned: it parts one from the next. */
struct block {
	uint32_t size, asked;
	struct block *next; /* in its queue */
};

struct queue {
	struct block *first, *last;
	unsigned n;
};

/* The beginning of the region. */
struct head {
	size_t used;
	struct queue queues[QUEUES];
};

_Static_assert(sizeof(struct block) == UNIT, "blocks are aligned");

static uint8_t *region;
static bool in_use;
static void *larges[LARGE_MAX];
static unsigned n_larges;

void *__real_malloc(size_t n);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *p, size_t n);
void __real_free(void *p);

void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *p, size_t n);
void *__wrap_reallocarray(void *p, size_t count, size_t size);
void __wrap_free(void *p);

static struct head *head(void)
{
	return (struct head *)(void *)region;
}

static size_t head_size(void)
{
	return (sizeof(struct head) + UNIT - 1) / UNIT * UNIT;
}

static void stop(const char *why)
{
	fprintf(stderr, "memory: %s\n", why);
	abort();
}

static void open_region(void)
{
	region = mmap(
		NULL, REGION, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (region == MAP_FAILED)
		stop("there is none");
	__asan_poison_memory_region(region, REGION);
	__asan_unpoison_memory_region(region, head_size());
	head()->used = head_size();
}

bool memory_use(bool on)
{
	bool before = in_use;

	if (!region)
		open_region();
	in_use = on;
	return before;
}

/* ------------------------------------------------------------------ blocks */

static bool is_ours(const void *p)
{
	return region && (const uint8_t *)p >= region && (const uint8_t *)p < region + REGION;
}

static size_t rounded(size_t n)
{
	size_t unit = n > SMALL_MAX ? COARSE : UNIT;

	return n ? (n + unit - 1) / unit * unit : UNIT;
}

static struct queue *queue_of(size_t size)
{
	return &head()->queues[size > SMALL_MAX ? SMALL_MAX / UNIT + size / COARSE : size / UNIT];
}

UNCHECKED static struct block *used_again(size_t size)
{
	struct queue *q = queue_of(size);
	struct block *b = q->first;

	if (q->n <= QUARANTINE)
		return NULL;
	q->first = b->next;
	q->n--;
	return b;
}

UNCHECKED static void *take(size_t n)
{
	size_t size = rounded(n);
	struct block *b = used_again(size);

	if (!b) {
		b = (struct block *)(void *)(region + head()->used);
		head()->used += sizeof *b + size;
		if (head()->used > REGION)
			stop("the region is full");
	}
	*b = (struct block){ .size = (uint32_t)size, .asked = (uint32_t)n };
	__asan_unpoison_memory_region(b + 1, n);
	return b + 1;
}

UNCHECKED static void give_back(void *p)
{
	struct block *b = (struct block *)p - 1;
	struct queue *q = queue_of(b->size);

	__asan_poison_memory_region(p, b->size);
	b->next = NULL;
	if (q->n++)
		q->last->next = b;
	else
		q->first = b;
	q->last = b;
}

UNCHECKED static size_t size_of(const void *p)
{
	return ((const struct block *)p - 1)->asked;
}

static void *remember_large(void *p)
{
	if (n_larges == LARGE_MAX)
		stop("too many large blocks");
	return larges[n_larges++] = p;
}

static void forget_large(const void *p)
{
	for (unsigned i = 0; i < n_larges; i++)
		if (larges[i] == p) {
			larges[i] = larges[--n_larges];
			return;
		}
}

void *__wrap_malloc(size_t n)
{
	if (!in_use)
		return __real_malloc(n);
	return n > LARGE ? remember_large(__real_malloc(n)) : take(n);
}

void *__wrap_calloc(size_t count, size_t size)
{
	size_t n = count * size;

	if (!in_use)
		return __real_calloc(count, size);
	if (size && n / size != count)
		return NULL;
	return n > LARGE ? remember_large(__real_calloc(1, n)) : memset(take(n), 0, n);
}

void __wrap_free(void *p)
{
	if (is_ours(p)) {
		give_back(p);
		return;
	}
	forget_large(p);
	__real_free(p);
}

void *__wrap_realloc(void *p, size_t n)
{
	void *more;

	if (p && !is_ours(p))
		return __real_realloc(p, n);
	more = __wrap_malloc(n);
	if (p && more) {
		memcpy(more, p, size_of(p) < n ? size_of(p) : n);
		give_back(p);
	}
	return more;
}

void *__wrap_reallocarray(void *p, size_t count, size_t size)
{
	return size && count > SIZE_MAX / size ? NULL : __wrap_realloc(p, count * size);
}

/* ------------------------------------------------------------------ copies */

/* Not memcpy, which looks at the poison. */
UNCHECKED static void copy_words(void *to, const void *from, size_t n)
{
#ifdef __x86_64__
	__asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(n) : : "memory");
#else
	uint64_t *t = to;
	const uint64_t *f = from;

	for (size_t i = 0; i < n / sizeof *t; i++) {
		t[i] = f[i];
		__asm__ volatile("" : : : "memory");
	}
#endif
}

#ifdef POISONS
enum { SHADOWED = 8 }; /* octets for each octet of shadow */

static uint8_t *shadow(void)
{
	size_t scale, offset;

	__asan_get_shadow_mapping(&scale, &offset);
	return (uint8_t *)(((uintptr_t)region >> scale) + offset);
}

static void save_poison(uint8_t *to, size_t used)
{
	copy_words(to, shadow(), used / SHADOWED + sizeof(uint64_t));
}

static void restore_poison(const uint8_t *from, size_t used, size_t dirty)
{
	if (dirty > used)
		__asan_poison_memory_region(region + used, dirty - used);
	copy_words(shadow(), from, used / SHADOWED + sizeof(uint64_t));
}
#else
#define SHADOWED                          SIZE_MAX
#define save_poison(to, used)             ((void)(to))
#define restore_poison(from, used, dirty) ((void)(from), (void)(dirty))
#endif

void memory_save(struct memory_copy *copy)
{
	size_t used = head()->used, room = used + used / SHADOWED + 2 * sizeof(uint64_t);

	if (n_larges)
		stop("a large block is there while a copy is made");
	if (copy->room < room) {
		__real_free(copy->data);
		copy->room = room + room / 4;
		copy->data = __real_malloc(copy->room);
		if (!copy->data)
			abort();
	}
	copy->used = used;
	copy_words(copy->data, region, used);
	save_poison(copy->data + used, used);
}

void memory_restore(const struct memory_copy *copy)
{
	size_t dirty = head()->used;

	copy_words(region, copy->data, copy->used);
	restore_poison(copy->data + copy->used, copy->used, dirty);
}

void memory_forget(struct memory_copy *copy)
{
	__real_free(copy->data);
	*copy = (struct memory_copy){ 0 };
}
