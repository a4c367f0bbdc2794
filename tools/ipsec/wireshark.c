/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Wireshark's words for algorithms, and the rows of its tables. */
#include "wireshark.h"

const char wireshark_preferences[] =
	"esp.enable_encryption_decode: TRUE\nesp.enable_authentication_check: TRUE\n"
	"esp.do_esp_sequence_analysis: FALSE\n";

/* By the words of proposals. NULL: it cannot. */
static const struct {
	const char *word, *esp, *ike;
} algorithms[] = {
	{ "aes128", "AES-CBC [RFC3602]", "AES-CBC-128 [RFC3602]" },
	{ "aes192", "AES-CBC [RFC3602]", "AES-CBC-192 [RFC3602]" },
	{ "aes256", "AES-CBC [RFC3602]", "AES-CBC-256 [RFC3602]" },
	{ "aes128gcm16", "AES-GCM with 16 octet ICV [RFC4106]", "AES-GCM-128 with 16 octet ICV [RFC5282]" },
	{ "aes192gcm16", "AES-GCM with 16 octet ICV [RFC4106]", "AES-GCM-192 with 16 octet ICV [RFC5282]" },
	{ "aes256gcm16", "AES-GCM with 16 octet ICV [RFC4106]", "AES-GCM-256 with 16 octet ICV [RFC5282]" },
	{ "sha1", "HMAC-SHA-1-96 [RFC2404]", "HMAC_SHA1_96 [RFC2404]" },
	{ "sha256", "HMAC-SHA-256-128 [RFC4868]", "HMAC_SHA2_256_128 [RFC4868]" },
	{ "sha384", "HMAC-SHA-384-192 [RFC4868]", "HMAC_SHA2_384_192 [RFC4868]" },
	{ "sha512", "HMAC-SHA-512-256 [RFC4868]", "HMAC_SHA2_512_256 [RFC4868]" },
	{ "", "NULL", "NONE [RFC4306]" },
};

static const char *str(const struct vici_node *section, const char *key)
{
	const char *s = vici_str(section, key);

	return s ? s : "";
}

/* NULL, and it is remembered, where Wireshark has not the algorithm at KEY. */
static const char *word_of(struct wireshark *w, const struct vici_node *section, const char *key, bool esp)
{
	const char *word = str(section, key);

	for (size_t i = 0; i < sizeof algorithms / sizeof *algorithms; i++)
		if (!strcmp(algorithms[i].word, word))
			return esp ? algorithms[i].esp : algorithms[i].ike;
	w->lacks = arena_str(w->esp.arena, word);
	return NULL;
}

struct wireshark wireshark_in(struct arena *a)
{
	return (struct wireshark){ .esp = text_in(a), .ike = text_in(a) };
}

/* Appends ROW, unless it is there. */
static void add_row(struct text *table, unsigned *n, const char *row)
{
	if (strstr(text_str(table), row))
		return;
	text_add(table, "%s", row);
	++*n;
}

static void add_ike(struct wireshark *w, const struct vici_node *s)
{
	const char *encr = word_of(w, s, "encr", false), *integ = word_of(w, s, "integ", false);

	if (encr && integ)
		add_row(&w->ike, &w->n_ike,
			arena_printf(w->ike.arena, "%s,%s,%s,%s,\"%s\",%s,%s,\"%s\"\n",
				str(s, "initiator-spi"), str(s, "responder-spi"), str(s, "sk-ei"),
				str(s, "sk-er"), encr, str(s, "sk-ai"), str(s, "sk-ar"), integ));
}

static const char *hex(const char *digits, struct arena *arena)
{
	return *digits ? arena_printf(arena, "0x%s", digits) : "";
}

/* Older versions have no column for extended sequence numbers, and pass over it. */
static void add_child(struct wireshark *w, const struct vici_node *s)
{
	const char *encr = word_of(w, s, "encr", true), *integ = word_of(w, s, "integ", true);
	struct arena *a = w->esp.arena;

	if (encr && integ)
		add_row(&w->esp, &w->n_esp,
			arena_printf(a, "\"%s\",\"%s\",\"%s\",\"0x%s\",\"%s\",\"%s\",\"%s\",\"%s\"%s\n",
				strchr(str(s, "to"), ':') ? "IPv6" : "IPv4", str(s, "from"), str(s, "to"),
				str(s, "spi"), encr, hex(str(s, "encr-key"), a), integ,
				hex(str(s, "integ-key"), a),
				strcmp(str(s, "esn"), "yes") != 0 ? "" : ",\"64-bit\",\"0\""));
}

void wireshark_add(struct wireshark *w, const struct vici_node *message)
{
	const struct vici_node *ike = vici_find(message, "ike"), *child = vici_find(message, "child");

	if (ike)
		add_ike(w, ike);
	if (child)
		add_child(w, child);
}
