/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writing VICI: one packet after the other into a buffer that grows up to the largest segment. What cannot be
 * written (a name or value too long, sections too deep or not closed, an item outside of a list) turns the
 * packet bad, and a bad packet is empty when it is done. */
#pragma once

#include "vici/codec/packet.h"

/* All zero is an empty one. */
struct vici_out {
	uint8_t *p;
	size_t n, cap;
	unsigned depth;
	bool in_list, bad;
};

/* Begins a packet; what O held is dropped. NAME for named types, else NULL. */
void vici_out_packet(struct vici_out *o, enum vici_type type, const char *name);

/* The whole segment with its length, valid until the next packet; empty when bad. */
struct bytes vici_out_done(struct vici_out *o);

/* Frees; O is empty then. */
void vici_out_free(struct vici_out *o);

/* The elements of its message. */
void vici_put_section(struct vici_out *o, const char *name);
void vici_put_section_end(struct vici_out *o);
void vici_put_pair(struct vici_out *o, const char *name, const char *value);
void vici_put_pairf(struct vici_out *o, const char *name, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void vici_put_list(struct vici_out *o, const char *name);
void vici_put_item(struct vici_out *o, const char *value);
void vici_put_list_end(struct vici_out *o);

/* As vici_put_pair, for a sentence: it becomes printable ASCII, since strongSwan's libvici takes nothing else
 * for text, and its swanctl shows no word of it. */
void vici_put_sentence(struct vici_out *o, const char *name, const char *value);

/* As vici_put_pair and vici_put_item, for a value of any octets. */
void vici_put_value(struct vici_out *o, const char *name, struct bytes value);
void vici_put_item_value(struct vici_out *o, struct bytes value);
