/* SPDX-License-Identifier: GPL-2.0-or-later */
/* THE table of kinds of clients, and what their writers share. */
#include "profile.h"

/* What clients can, strongest first; of proposals for ESP those without a key exchange of their own first
 * where the client has trouble with one (conf/preset.c). */
static const char *const apple_ike[] = {
	"aes256gcm16-prfsha384-prfsha256-prfsha512-ecp384-ecp256-ecp521-x25519-modp4096-modp3072-modp2048",
	"aes128gcm16-prfsha256-prfsha384-prfsha512-ecp256-ecp384-ecp521-x25519-modp4096-modp3072-modp2048",
	"aes256-aes128-sha384-sha256-sha512-ecp384-ecp256-ecp521-x25519-modp4096-modp3072-modp2048",
	NULL,
};
static const char *const apple_esp[] = {
	"aes256gcm16-aes128gcm16-ecp384-ecp256-ecp521-x25519-modp2048",
	"aes256-aes128-sha384-sha256-sha512-ecp384-ecp256-ecp521-x25519-modp2048",
	"aes256gcm16-aes128gcm16",
	"aes256-aes128-sha384-sha256-sha512",
	NULL,
};
static const char *const windows_ike[] = {
	"aes256gcm16-aes128gcm16-prfsha384-prfsha256-ecp384-ecp256-modp2048",
	"aes256-aes128-sha384-sha256-ecp384-ecp256-modp2048",
	NULL,
};
static const char *const windows_esp[] = {
	"aes256gcm16-aes128gcm16",
	"aes256-aes128-sha256",
	"aes256gcm16-aes128gcm16-ecp384-ecp256-modp2048",
	"aes256-aes128-sha256-ecp384-ecp256-modp2048",
	NULL,
};
/* strongSwan, as it has been for years. */
static const char *const strongswan_ike[] = {
	"aes256gcm16-aes128gcm16-chacha20poly1305-prfsha384-prfsha256-prfsha512-x25519-ecp384-ecp256-ecp521-"
	"modp4096-modp3072-modp2048",
	"aes256-aes192-aes128-sha384-sha256-sha512-x25519-ecp384-ecp256-ecp521-modp4096-modp3072-modp2048",
	NULL,
};
static const char *const strongswan_esp[] = {
	"aes256gcm16-aes128gcm16-chacha20poly1305-x25519-ecp384-ecp256-ecp521-modp4096-modp3072-modp2048",
	"aes256-aes192-aes128-sha384-sha256-sha512-x25519-ecp384-ecp256-ecp521-modp4096-modp3072-modp2048",
	"aes256gcm16-aes128gcm16-chacha20poly1305",
	"aes256-aes192-aes128-sha384-sha256-sha512",
	NULL,
};

enum {
	CERT = 1u << PROFILE_CERT,
	TLS = 1u << PROFILE_EAP_TLS,
	PASSWORD = 1u << PROFILE_PASSWORD,
	ALL = CERT | TLS | PASSWORD
};

/* clang-format off */
static const struct profile_kind kinds[] = {
	{ .word = "ios", .says = "iPhone, iPad", .suffix = ".mobileconfig", .key = "ecdsa", .auths = ALL, .sealed = true,
	  .asks = true, .mschap = true, .ike = apple_ike, .esp = apple_esp, .write = profile_apple,
	  .use = "send %s to the device, open it there, and install it under Settings, Profile Downloaded" },
	{ .word = "macos", .says = "Mac", .suffix = ".mobileconfig", .key = "ecdsa", .auths = ALL, .sealed = true,
	  .asks = true, .mschap = true, .ike = apple_ike, .esp = apple_esp, .write = profile_apple,
	  .use = "open %s on the Mac, and install it under System Settings, Profiles" },
	{ .word = "windows", .says = "Windows 10 and later", .suffix = ".ps1", .key = "ecdsa", .auths = ALL,
	  .sealed = true, .asks = true, .own_id = true, .mschap = true, .ike = windows_ike, .esp = windows_esp,
	  .write = profile_windows,
	  .use = "on the machine, as administrator: powershell -ExecutionPolicy Bypass -File %s" },
	/* Android's dialogue for certificates shows strongSwan's app those with RSA alone. */
	{ .word = "android", .says = "strongSwan's app", .suffix = ".sswan", .key = "rsa", .auths = ALL, .sealed = true,
	  .asks = true, .ike = strongswan_ike, .esp = strongswan_esp, .write = profile_android,
	  .use = "send %s to the device and open it with strongSwan's app" },
	{ .word = "linux", .says = "NetworkManager with its plugin for strongSwan", .key = "ecdsa", .auths = ALL,
	  .asks = true, .ike = strongswan_ike, .esp = strongswan_esp, .write = profile_network_manager,
	  .use = "on the machine, as root: cp -r %s/. /etc/NetworkManager/ and nmcli connection reload" },
	{ .word = "swanctl", .says = "strongSwan", .key = "ecdsa", .auths = ALL,
	  .ike = strongswan_ike, .esp = strongswan_esp, .write = profile_swanctl,
	  .use = "on the machine, as root: cp -r %s/. /etc/swanctl/ and swanctl --load-all" },
	{ .word = "ikev2d", .says = "ikev2d", .key = "ecdsa", .auths = ALL, .write = profile_ikev2d,
	  .use = "on the machine, as root: scp -r GATEWAY:%s/. /etc/ikev2d/ and ipsec start" },
};
/* clang-format on */

enum { KINDS = sizeof kinds / sizeof *kinds };

const struct profile_kind *profile_kind_next(const struct profile_kind *k)
{
	k = k ? k + 1 : kinds;
	return k < kinds + KINDS ? k : NULL;
}

const struct profile_kind *profile_kind_find(const char *word)
{
	for (const struct profile_kind *k = profile_kind_next(NULL); k; k = profile_kind_next(k))
		if (!strcmp(k->word, word))
			return k;
	return NULL;
}

/* ------------------------------------------------------------ algorithms */

/* The words of the table are right, as its test says. */
static struct proposals able(const char *const *words, uint8_t protocol, struct arena *arena)
{
	struct proposals p = { 0 };
	struct text why = text_in(arena);

	if (!words)
		return proposal_default(protocol, arena);
	for (; *words; words++)
		if (proposal_parse(*words, protocol, arena, &p, &why))
			return (struct proposals){ 0 };
	return p;
}

static enum err choose(struct proposals can, struct proposals gateway, uint8_t protocol, struct arena *arena,
	struct suite *out, const char **words, struct proposal_why *why)
{
	const struct proposal *chosen;
	struct proposal *one;

	if (proposal_select(can, gateway, KE_WANTED, false, out, &chosen)) {
		*why = proposal_explain(can, gateway, KE_WANTED, arena);
		return ERR_MISSING;
	}
	memset(out->more, 0, sizeof out->more);
	one = proposal_of(out, protocol, 1, bytes_of(NULL, 0), arena);
	*words = proposal_print(one, arena);
	return ERR_OK;
}

enum err profile_suites(const struct profile_kind *k, struct proposals ike, struct proposals esp,
	struct arena *arena, struct profile *p, struct proposal_why *why, uint8_t *protocol)
{
	enum err e;

	*protocol = PROTO_IKE;
	e = choose(able(k->ike, PROTO_IKE, arena), ike, PROTO_IKE, arena, &p->ike_suite, &p->ike, why);
	if (e)
		return e;
	*protocol = PROTO_ESP;
	return choose(able(k->esp, PROTO_ESP, arena), esp, PROTO_ESP, arena, &p->esp_suite, &p->esp, why);
}

/* -------------------------------------------------------- for the writers */

void profile_add(struct profile_files *out, const char *path, const char *text)
{
	out->v[out->n++] = (struct profile_file){ path, bytes_str(text) };
}

const char *profile_base64(struct bytes b, unsigned columns, const char *indent, struct arena *arena)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	struct text t = text_in(arena);

	for (size_t i = 0; i < b.n; i += 3) {
		size_t left = b.n - i;
		uint32_t v = (uint32_t)b.p[i] << 16 | (left > 1 ? (uint32_t)b.p[i + 1] << 8 : 0) |
			     (left > 2 ? b.p[i + 2] : 0);
		char four[] = { digits[v >> 18], digits[v >> 12 & 63], left > 1 ? digits[v >> 6 & 63] : '=',
			left > 2 ? digits[v & 63] : '=' };

		if (columns && i && i / 3 * 4 % columns == 0)
			text_add(&t, "\n%s", indent);
		text_put(&t, four, sizeof four);
	}
	return text_str(&t);
}

/* The longest prefix of LO..HI that begins at LO; its last address. */
static struct ip prefix_at(const struct ip *lo, const struct ip *hi, unsigned *bits)
{
	unsigned all = (unsigned)ip_size(lo) * 8;
	struct ip first, last = *lo;

	*bits = all;
	for (unsigned n = all; n-- > 0;) {
		struct ip end;

		if (ip_prefix(lo, n, &first, &end) || !ip_eq(&first, lo) || ip_cmp(&end, hi) > 0)
			break;
		*bits = n;
		last = end;
	}
	return last;
}

static void add_range(struct text *t, const struct ts *ts, const char *separator)
{
	struct ip at = ts->lo, last;
	char text[IP_TEXT];
	unsigned bits;

	do {
		last = prefix_at(&at, &ts->hi, &bits);
		text_add(t, "%s%s/%u", t->n ? separator : "", ip_print(&at, text), bits);
	} while (ip_cmp(&last, &ts->hi) < 0 && ip_next(&last, &at));
}

const char *profile_nets(const struct profile *p, unsigned v, const char *separator, struct arena *arena)
{
	struct text t = text_in(arena);

	for (unsigned i = 0; i < p->nets.n; i++)
		if (!v || p->nets.v[i].lo.v == v)
			add_range(&t, &p->nets.v[i], separator);
	return text_str(&t);
}
