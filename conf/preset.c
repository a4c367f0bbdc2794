/* SPDX-License-Identifier: GPL-2.0-or-later */
/* THE table of presets. The values are those that the makers document for their defaults, so that a peer that
 * nobody has touched is met; where makers' defaults are weak (Diffie-Hellman group 2), they are left out: who
 * wants them writes them. A gateway that answers must offer a CHILD_SA both with and without a key exchange
 * of its own: some peers ask for it only when they make new keys. */
#include "conf/preset.h"

#include <string.h>

enum preset { WINDOWS, APPLE, ANDROID, AWS, AZURE, GCP, FORTIGATE, ASA, MIKROTIK, PRESETS };

const struct name preset_words[] = {
	{ WINDOWS, "windows" },
	{ APPLE, "apple" },
	{ ANDROID, "android" },
	{ AWS, "aws" },
	{ AZURE, "azure" },
	{ GCP, "gcp" },
	{ FORTIGATE, "fortigate" },
	{ ASA, "asa" },
	{ MIKROTIK, "mikrotik" },
	{ 0 },
};

/* clang-format off */
static const struct value {
	enum preset preset;
	enum conf_section_kind kind;
	const char *key, *value;
} values[] = {
	/* With NegotiateDH2048_AES256 = 1, or what PowerShell sets. It asks for no certificate, but needs one; behind a
	 * NAT it refuses to make new keys for a CHILD_SA when it is asked, and does so itself every 250 MB; it never
	 * takes a key exchange there that it did not ask for. */
	{ WINDOWS, CONF_CONNECTION, "proposals",
	  "aes256-aes128-sha256-sha384-sha1-modp2048-ecp384-ecp256,"
	  "aes256gcm16-aes128gcm16-prfsha384-prfsha256-modp2048-ecp384-ecp256" },
	{ WINDOWS, CONF_CONNECTION, "send_cert", "always" },
	{ WINDOWS, CONF_CONNECTION, "rekey_time", "0s" },
	{ WINDOWS, CONF_CHILD, "esp_proposals", "aes256gcm16-aes128gcm16,aes256-aes128-sha256-sha1" },
	{ WINDOWS, CONF_CHILD, "rekey_time", "0s" },

	/* Profiles have exactly one proposal (group 14 where they say nothing), settings made by hand a short list; new
	 * keys come every 24 minutes, with or without a key exchange. */
	{ APPLE, CONF_CONNECTION, "proposals",
	  "aes256-sha256-modp2048-ecp256,aes256gcm16-aes128gcm16-prfsha256-prfsha384-prfsha512-"
	  "x25519-ecp256-ecp384-ecp521-modp2048-modp3072-modp4096,"
	  "aes256-aes128-sha256-sha384-sha512-x25519-ecp256-ecp384-ecp521-modp2048-modp3072-modp4096" },
	{ APPLE, CONF_CONNECTION, "send_cert", "always" },
	{ APPLE, CONF_CHILD, "esp_proposals",
	  "aes256gcm16-aes128gcm16,aes256-aes128-sha256-sha384-sha512,"
	  "aes256gcm16-aes128gcm16-x25519-ecp256-ecp384-ecp521-modp2048,"
	  "aes256-aes128-sha256-sha384-sha512-x25519-ecp256-ecp384-ecp521-modp2048" },

	{ ANDROID, CONF_CONNECTION, "proposals",
	  "aes256gcm16-aes128gcm16-chacha20poly1305-prfsha256-prfsha384-prfsha512-"
	  "x25519-ecp256-ecp384-modp4096-modp3072-modp2048,"
	  "aes256-aes192-aes128-sha256-sha384-sha512-x25519-ecp256-ecp384-modp4096-modp3072-modp2048" },
	{ ANDROID, CONF_CONNECTION, "send_cert", "always" },
	{ ANDROID, CONF_CHILD, "esp_proposals",
	  "aes256gcm16-aes128gcm16-chacha20poly1305,aes256-aes192-aes128-sha256-sha384-sha512,"
	  "aes256gcm16-aes128gcm16-chacha20poly1305-x25519-ecp256-ecp384-modp4096-modp3072-modp2048" },

	/* It begins to make new keys 540 s before 8 h, and 1 h, are over. */
	{ AWS, CONF_CONNECTION, "proposals",
	  "aes256gcm16-aes128gcm16-prfsha384-prfsha256-prfsha512-ecp384-ecp256-ecp521-modp3072-modp2048,"
	  "aes256-aes128-sha256-sha384-sha512-sha1-ecp384-ecp256-ecp521-modp3072-modp2048" },
	{ AWS, CONF_CONNECTION, "rekey_time", "7h" },
	{ AWS, CONF_CONNECTION, "over_time", "1h" },
	{ AWS, CONF_CONNECTION, "rand_time", "10m" },
	{ AWS, CONF_CONNECTION, "dpd_delay", "10s" },
	{ AWS, CONF_CONNECTION, "mobike", "no" },
	{ AWS, CONF_CHILD, "esp_proposals",
	  "aes256gcm16-aes128gcm16-ecp384-ecp256-ecp521-modp3072-modp2048,"
	  "aes256-aes128-sha256-sha384-sha512-sha1-ecp384-ecp256-ecp521-modp3072-modp2048" },
	{ AWS, CONF_CHILD, "rekey_time", "45m" },
	{ AWS, CONF_CHILD, "life_time", "1h" },
	{ AWS, CONF_CHILD, "rand_time", "5m" },
	{ AWS, CONF_CHILD, "replay_window", "1024" },
	{ AWS, CONF_CHILD, "dpd_action", "restart" },

	/* Its connection needs an IPsec policy with DHGroup14, ECP256 or ECP384; without one it wants group 2. It makes
	 * new keys for CHILD_SAs without a key exchange. */
	{ AZURE, CONF_CONNECTION, "proposals",
	  "aes256gcm16-prfsha384-ecp384-ecp256-modp2048,aes256-sha256-sha384-ecp384-ecp256-modp2048" },
	{ AZURE, CONF_CONNECTION, "rekey_time", "7h" },
	{ AZURE, CONF_CONNECTION, "over_time", "1h" },
	{ AZURE, CONF_CONNECTION, "rand_time", "10m" },
	{ AZURE, CONF_CONNECTION, "mobike", "no" },
	{ AZURE, CONF_CHILD, "esp_proposals",
	  "aes256gcm16-aes128gcm16,aes256-sha256,"
	  "aes256gcm16-aes128gcm16-ecp384-ecp256-modp2048,aes256-sha256-ecp384-ecp256-modp2048" },
	{ AZURE, CONF_CHILD, "rekey_time", "24300s" },
	{ AZURE, CONF_CHILD, "life_time", "27000s" },
	{ AZURE, CONF_CHILD, "dpd_action", "restart" },

	/* It chooses by its own order whoever begins: so there is one of each. */
	{ GCP, CONF_CONNECTION, "proposals", "aes256gcm16-prfsha512-modp4096" },
	{ GCP, CONF_CONNECTION, "rekey_time", "9h" },
	{ GCP, CONF_CONNECTION, "over_time", "1h" },
	{ GCP, CONF_CONNECTION, "rand_time", "10m" },
	{ GCP, CONF_CONNECTION, "mobike", "no" },
	{ GCP, CONF_CHILD, "esp_proposals", "aes256gcm16-modp4096" },
	{ GCP, CONF_CHILD, "rekey_time", "9720s" },
	{ GCP, CONF_CHILD, "life_time", "3h" },
	{ GCP, CONF_CHILD, "dpd_action", "restart" },

	/* One pair of selectors for each CHILD_SA. */
	{ FORTIGATE, CONF_CONNECTION, "proposals",
	  "aes256gcm16-aes128gcm16-chacha20poly1305-prfsha384-prfsha256-x25519-ecp384-ecp256-modp3072-modp2048,"
	  "aes256-aes128-sha256-x25519-ecp384-ecp256-modp3072-modp2048" },
	{ FORTIGATE, CONF_CONNECTION, "rekey_time", "21h" },
	{ FORTIGATE, CONF_CONNECTION, "mobike", "no" },
	{ FORTIGATE, CONF_CHILD, "esp_proposals",
	  "aes256gcm16-aes128gcm16-chacha20poly1305-x25519-ecp384-ecp256-modp3072-modp2048,"
	  "aes256-aes128-sha256-x25519-ecp384-ecp256-modp3072-modp2048,aes256gcm16-aes128gcm16,aes256-aes128-sha256" },
	{ FORTIGATE, CONF_CHILD, "single_pair", "yes" },
	{ FORTIGATE, CONF_CHILD, "rekey_time", "10h" },
	{ FORTIGATE, CONF_CHILD, "life_time", "12h" },

	{ ASA, CONF_CONNECTION, "proposals",
	  "aes256gcm16-prfsha384-prfsha256-prfsha512-ecp384-ecp256-ecp521-modp2048,"
	  "aes256-sha256-sha384-sha512-sha1-ecp384-ecp256-ecp521-modp2048" },
	{ ASA, CONF_CONNECTION, "rekey_time", "21h" },
	{ ASA, CONF_CONNECTION, "mobike", "no" },
	{ ASA, CONF_CHILD, "esp_proposals",
	  "aes256gcm16,aes256-sha256-sha384-sha512-sha1,aes256gcm16-ecp384-ecp256-ecp521-modp2048,"
	  "aes256-sha256-sha384-sha512-sha1-ecp384-ecp256-ecp521-modp2048" },
	{ ASA, CONF_CHILD, "single_pair", "yes" },
	{ ASA, CONF_CHILD, "rekey_time", "7h" },
	{ ASA, CONF_CHILD, "life_time", "8h" },

	/* Its default policies have group 14 for IKE and 2 for CHILD_SAs: pfs-group=modp2048 or none is to be set. */
	{ MIKROTIK, CONF_CONNECTION, "proposals",
	  "aes256-aes128-sha256-sha512-sha1-ecp256-ecp384-x25519-modp2048-modp4096" },
	{ MIKROTIK, CONF_CONNECTION, "rekey_time", "21h" },
	{ MIKROTIK, CONF_CONNECTION, "mobike", "no" },
	{ MIKROTIK, CONF_CHILD, "esp_proposals",
	  "aes256gcm16-aes128gcm16,aes256-aes128-sha256-sha512-sha1,"
	  "aes256gcm16-aes128gcm16-x25519-ecp256-ecp384-modp2048-modp4096,"
	  "aes256-aes128-sha256-sha512-sha1-x25519-ecp256-ecp384-modp2048-modp4096" },
	{ MIKROTIK, CONF_CHILD, "rekey_time", "25m" },
	{ MIKROTIK, CONF_CHILD, "life_time", "30m" },
};
/* clang-format on */

static bool is_key(const struct tree_section *s, const char *name)
{
	for (const struct tree_key *k = s->keys; k; k = k->next)
		if (!strcmp(k->name, name))
			return true;
	return false;
}

static void add_key(struct tree_section *s, const struct value *v, struct tree_place at, struct arena *arena)
{
	struct tree_key *k = ARENA_NEW(arena, struct tree_key);

	*k = (struct tree_key){ .in = s, .name = v->key, .value = v->value, .at = at };
	*s->keys_end = k;
	s->keys_end = &k->next;
	s->n_keys++;
}

/* Written and cleared keys, which the copy shares no node with. */
static void copy_keys(struct tree_section *to, const struct tree_section *from, struct arena *arena)
{
	to->keys = NULL;
	to->keys_end = &to->keys;
	for (const struct tree_key *k = from->keys; k; k = k->next) {
		struct tree_key *own = ARENA_NEW(arena, struct tree_key);

		*own = *k;
		own->next = NULL;
		*to->keys_end = own;
		to->keys_end = &own->next;
	}
}

static bool is_shunt(const struct tree_section *s)
{
	const struct tree_key *mode = tree_written(s, "mode");

	return mode && (!strcmp(mode->value, "pass") || !strcmp(mode->value, "drop"));
}

static struct tree_section *filled(const struct tree_section *s, enum conf_section_kind kind,
	enum preset preset, struct tree_place at, struct arena *arena)
{
	struct tree_section *own = ARENA_NEW(arena, struct tree_section);

	*own = *s;
	own->next = NULL;
	copy_keys(own, s, arena);
	for (size_t i = 0; i < sizeof values / sizeof *values; i++)
		if (values[i].preset == preset && values[i].kind == kind && !is_key(s, values[i].key) &&
			!is_shunt(s))
			add_key(own, &values[i], at, arena);
	own->sections = NULL;
	own->sections_end = &own->sections;
	for (const struct tree_section *sub = s->sections; sub; sub = sub->next) {
		const struct conf_section *row = schema_section_find(kind, sub->name);
		struct tree_section *copy =
			filled(sub, row ? schema_kind(row) : CONF_SECTIONS_MAX, preset, at, arena);

		copy->parent = own;
		*own->sections_end = copy;
		own->sections_end = &copy->next;
	}
	return own;
}

const struct tree_section *preset_fill(const struct tree_section *s, struct arena *arena)
{
	const struct tree_key *k = tree_written(s, "peer");
	const struct name *preset = k ? name_find(preset_words, k->value) : NULL;

	return preset ? filled(s, CONF_CONNECTION, (enum preset)preset->value, k->at, arena) : s;
}

void preset_describe(const struct name *preset, struct text *out)
{
	for (size_t i = 0; i < sizeof values / sizeof *values; i++)
		if ((int)values[i].preset == preset->value)
			text_add(out, "%s%s = %s\n", values[i].kind == CONF_CHILD ? "children.<child>." : "",
				values[i].key, values[i].value);
}

const char *preset_value(const struct name *preset, enum conf_section_kind kind, const char *key)
{
	for (size_t i = 0; i < sizeof values / sizeof *values; i++)
		if ((int)values[i].preset == preset->value && values[i].kind == kind &&
			!strcmp(values[i].key, key))
			return values[i].value;
	return NULL;
}
