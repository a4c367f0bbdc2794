/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tables by which Wireshark decrypts ESP and IKEv2, as files of its configuration folder. */
#pragma once

#include "base/text.h"
#include "vici/codec/decode.h"

struct wireshark {
	struct text esp, ike; /* the files esp_sa and ikev2_decryption_table */
	unsigned n_esp, n_ike;
	const char *lacks; /* the last algorithm that Wireshark cannot decrypt; NULL: none */
};

struct wireshark wireshark_in(struct arena *a);

/* Takes in the keys of an event "capture-keys"; what is there already stays once. */
void wireshark_add(struct wireshark *w, const struct vici_node *message);

/* The file preferences, which switches decryption on. */
extern const char wireshark_preferences[];
