/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writing VICI packets. */
#include "vici/codec/encode.h"

#include "base/buf.h"
#include "base/text.h"
#include "vici/codec/decode.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* Room for N more octets; false turns the packet bad. */
static bool reserve(struct vici_out *o, size_t n)
{
	size_t cap = o->cap ? o->cap : 512;
	uint8_t *p;

	if (o->bad || n > VICI_LENGTH + VICI_SEGMENT_MAX - o->n) {
		o->bad = true;
		return false;
	}
	while (cap < o->n + n)
		cap *= 2;
	if (cap == o->cap)
		return true;
	p = malloc(cap);
	if (!p)
		abort();
	if (o->p) {
		memcpy(p, o->p, o->n);
		wipe(o->p, o->n);
		free(o->p);
	}
	o->p = p;
	o->cap = cap;
	return true;
}

static void put(struct vici_out *o, const void *p, size_t n)
{
	if (!n || !reserve(o, n))
		return;
	memcpy(o->p + o->n, p, n);
	o->n += n;
}

static void put_u8(struct vici_out *o, unsigned v)
{
	uint8_t octet = (uint8_t)v;

	put(o, &octet, 1);
}

static void put_name(struct vici_out *o, const char *name)
{
	struct bytes b = bytes_str(name);

	if (b.n > VICI_NAME_MAX || !vici_name_ok(b)) {
		o->bad = true;
		return;
	}
	put_u8(o, (unsigned)b.n);
	put(o, b.p, b.n);
}

/* As vici_next takes it. */
static void put_section_name(struct vici_out *o, const char *name)
{
	if (*name)
		put_name(o, name);
	else
		put_u8(o, 0);
}

static void put_blob(struct vici_out *o, struct bytes b)
{
	if (b.n > VICI_VALUE_MAX) {
		o->bad = true;
		return;
	}
	put_u8(o, (unsigned)(b.n >> 8));
	put_u8(o, (unsigned)b.n);
	put(o, b.p, b.n);
}

/* An element that may stand here only outside of (or only in) a list. */
static void put_element(struct vici_out *o, enum vici_element_type type, bool in_list)
{
	if (o->in_list != in_list)
		o->bad = true;
	put_u8(o, type);
}

void vici_out_packet(struct vici_out *o, enum vici_type type, const char *name)
{
	static const uint8_t length[VICI_LENGTH];

	o->n = 0;
	o->depth = 0;
	o->in_list = o->bad = false;
	put(o, length, sizeof length);
	put_u8(o, type);
	if (vici_type_named(type))
		put_name(o, name);
}

struct bytes vici_out_done(struct vici_out *o)
{
	struct wr wr = wr_of(o->p, o->n);

	if (o->bad || o->depth || o->in_list || o->n <= VICI_LENGTH)
		return (struct bytes){ 0 };
	wr_u32(&wr, (uint32_t)(o->n - VICI_LENGTH));
	return bytes_of(o->p, o->n);
}

void vici_out_free(struct vici_out *o)
{
	if (o->p)
		wipe(o->p, o->n); /* keys go out this way */
	free(o->p);
	*o = (struct vici_out){ 0 };
}

void vici_put_section(struct vici_out *o, const char *name)
{
	put_element(o, VICI_SECTION_START, false);
	put_section_name(o, name);
	if (++o->depth > VICI_DEPTH_MAX)
		o->bad = true;
}

void vici_put_section_end(struct vici_out *o)
{
	put_element(o, VICI_SECTION_END, false);
	if (!o->depth)
		o->bad = true;
	else
		o->depth--;
}

void vici_put_value(struct vici_out *o, const char *name, struct bytes value)
{
	put_element(o, VICI_KEY_VALUE, false);
	put_name(o, name);
	put_blob(o, value);
}

void vici_put_pair(struct vici_out *o, const char *name, const char *value)
{
	vici_put_value(o, name, bytes_str(value));
}

/* A question mark for each character (not each octet) that is not ASCII, but three dots for an ellipsis. */
static const char *printable(const char *s, struct arena *arena)
{
	static const char ellipsis[] = "\xe2\x80\xa6";
	struct text t = text_in(arena);

	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c >= 0x20 && c < 0x7f) {
			text_put(&t, s, 1);
		} else if (!strncmp(s, ellipsis, 3)) {
			text_put(&t, "...", 3);
			s += 2;
		} else if ((c & 0xc0) != 0x80) {
			text_put(&t, "?", 1);
		}
	}
	return text_str(&t);
}

void vici_put_sentence(struct vici_out *o, const char *name, const char *value)
{
	struct arena arena = { 0 };

	vici_put_pair(o, name, printable(value, &arena));
	arena_free(&arena);
}

void vici_put_pairf(struct vici_out *o, const char *name, const char *format, ...)
{
	char value[256];
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(value, sizeof value, format, args);
	va_end(args);
	if (n < 0 || n >= (int)sizeof value)
		o->bad = true;
	else
		vici_put_pair(o, name, value);
}

void vici_put_list(struct vici_out *o, const char *name)
{
	put_element(o, VICI_LIST_START, false);
	put_name(o, name);
	o->in_list = true;
}

void vici_put_item_value(struct vici_out *o, struct bytes value)
{
	put_element(o, VICI_LIST_ITEM, true);
	put_blob(o, value);
}

void vici_put_item(struct vici_out *o, const char *value)
{
	vici_put_item_value(o, bytes_str(value));
}

void vici_put_list_end(struct vici_out *o)
{
	put_element(o, VICI_LIST_END, true);
	o->in_list = false;
}
