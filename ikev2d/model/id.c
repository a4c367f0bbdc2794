/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Identities from text, to text, and compared. */
#include "model/id.h"

#include "base/names.h"
#include "model/addr.h"
#include "model/dn.h"
#include "model/id_regex.h"

#include <stdlib.h>
#include <strings.h>

static const struct name type_names[] = {
	{ ID_ANY, "ANY" },
	{ ID_IPV4_ADDR, "IPV4_ADDR" },
	{ ID_FQDN, "FQDN" },
	{ ID_RFC822_ADDR, "RFC822_ADDR" },
	{ ID_IPV4_ADDR_SUBNET, "IPV4_ADDR_SUBNET" },
	{ ID_IPV6_ADDR, "IPV6_ADDR" },
	{ ID_IPV6_ADDR_SUBNET, "IPV6_ADDR_SUBNET" },
	{ ID_IPV4_ADDR_RANGE, "IPV4_ADDR_RANGE" },
	{ ID_IPV6_ADDR_RANGE, "IPV6_ADDR_RANGE" },
	{ ID_DER_ASN1_DN, "DER_ASN1_DN" },
	{ ID_DER_ASN1_GN, "DER_ASN1_GN" },
	{ ID_KEY_ID, "KEY_ID" },
	{ ID_REGEX, "REGEX" },
	{ 0, NULL },
};

/* Types in front of an identity. */
static const struct prefix {
	const char *word;
	uint8_t type;
} prefixes[] = {
	{ "fqdn:", ID_FQDN },
	{ "dns:", ID_FQDN },
	{ "email:", ID_RFC822_ADDR },
	{ "rfc822:", ID_RFC822_ADDR },
	{ "userfqdn:", ID_RFC822_ADDR },
	{ "ipv4:", ID_IPV4_ADDR },
	{ "ipv6:", ID_IPV6_ADDR },
	{ "ipv4net:", ID_IPV4_ADDR_SUBNET },
	{ "ipv6net:", ID_IPV6_ADDR_SUBNET },
	{ "ipv4range:", ID_IPV4_ADDR_RANGE },
	{ "ipv6range:", ID_IPV6_ADDR_RANGE },
	{ "keyid:", ID_KEY_ID },
	{ "dn:", ID_DER_ASN1_DN },
	{ "asn1dn:", ID_DER_ASN1_DN },
	{ "asn1gn:", ID_DER_ASN1_GN },
};

/* What stands for any identity in swanctl.conf. */
static const char *const any_words[] = { "", "%any", "%any6", "*", "0.0.0.0", "::" };

static enum err take_text(uint8_t type, const char *s, struct arena *arena, struct id *out)
{
	if (!*s)
		return ERR_SYNTAX;
	*out = (struct id){ type, arena_bytes(arena, bytes_str(s)) };
	return ERR_OK;
}

static enum err take_hex(uint8_t type, const char *s, struct arena *arena, struct id *out)
{
	size_t n = strlen(s) / 2;
	uint8_t *p = arena_alloc(arena, n);

	for (size_t i = 0; i < n; i++)
		if (!dn_hex(s + 2 * i, &p[i]))
			return ERR_SYNTAX;
	if (!n || s[2 * n])
		return ERR_SYNTAX;
	*out = (struct id){ type, bytes_of(p, n) };
	return ERR_OK;
}

static enum err take_ip(const char *s, struct arena *arena, struct id *out)
{
	struct ip ip;

	if (ip_parse(s, &ip))
		return ERR_SYNTAX;
	*out = (struct id){ ip.v == 4 ? ID_IPV4_ADDR : ID_IPV6_ADDR, arena_bytes(arena, ip_bytes(&ip)) };
	return ERR_OK;
}

static enum err take_dn(const char *s, struct arena *arena, struct id *out)
{
	out->type = ID_DER_ASN1_DN;
	return dn_parse(s, arena, &out->data);
}

/* "192.0.2.0/24", "192.0.2.1-192.0.2.9". A prefix has its mask behind it. */
static enum err take_ips(const char *s, struct arena *arena, struct id *out)
{
	bool net = strchr(s, '/');
	struct ip lo, hi;
	uint8_t *p;
	size_t n;

	if ((!net && !strchr(s, '-')) || ip_range_parse(s, &lo, &hi))
		return ERR_SYNTAX;
	n = ip_size(&lo);
	p = arena_alloc(arena, 2 * n);
	memcpy(p, lo.a, n);
	for (size_t i = 0; i < n; i++)
		p[n + i] = net ? (uint8_t) ~(lo.a[i] ^ hi.a[i]) : hi.a[i];
	if (net)
		out->type = lo.v == 4 ? ID_IPV4_ADDR_SUBNET : ID_IPV6_ADDR_SUBNET;
	else
		out->type = lo.v == 4 ? ID_IPV4_ADDR_RANGE : ID_IPV6_ADDR_RANGE;
	out->data = bytes_of(p, 2 * n);
	return ERR_OK;
}

static enum err take_regex(uint8_t type, const char *s, struct arena *arena, struct id *out)
{
	size_t n = strlen(s);
	uint8_t *p;

	if (!id_regex_valid(s))
		return ERR_SYNTAX;
	p = arena_alloc(arena, n + 2);
	p[0] = type;
	memcpy(p + 1, s, n);
	*out = (struct id){ ID_REGEX, bytes_of(p, n + 1) };
	return ERR_OK;
}

static bool is_regex(const char *s)
{
	size_t n = strlen(s);

	return n > 1 && s[0] == '^' && s[n - 1] == '$';
}

static bool is_several(uint8_t type)
{
	return type == ID_IPV4_ADDR_SUBNET || type == ID_IPV6_ADDR_SUBNET || type == ID_IPV4_ADDR_RANGE ||
	       type == ID_IPV6_ADDR_RANGE;
}

static enum err parse_typed(uint8_t type, const char *s, struct arena *arena, struct id *out)
{
	bool ip = type == ID_IPV4_ADDR || type == ID_IPV6_ADDR;

	if (ip || is_several(type))
		return (ip ? take_ip : take_ips)(s, arena, out) || out->type != type ? ERR_SYNTAX : ERR_OK;
	if (is_regex(s))
		return take_regex(type, s, arena, out);
	if (*s == '#' && type != ID_FQDN && type != ID_RFC822_ADDR)
		return take_hex(type, s + 1, arena, out);
	if (type == ID_DER_ASN1_DN)
		return take_dn(s, arena, out);
	return take_text(type, s, arena, out);
}

/* "{11}:", which has NUMBER behind it. */
static enum err parse_numbered(const char *s, struct arena *arena, struct id *out)
{
	char *end;
	unsigned long type = strtoul(s + 1, &end, 10);

	if (type == ID_ANY || type >= ID_REGEX || strncmp(end, "}:", 2))
		return ERR_SYNTAX;
	return parse_typed((uint8_t)type, end + 2, arena, out);
}

/* What can only have been meant as an address, or a word for one. */
static bool is_misspelt(const char *s)
{
	return *s == '%' || (strpbrk(s, "./-") && s[strspn(s, "0123456789./-")] == 0);
}

static enum err parse_plain(const char *s, struct arena *arena, struct id *out)
{
	const char *at = strchr(s, '@');

	if (strchr(s, '='))
		return is_regex(s) ? take_regex(ID_DER_ASN1_DN, s, arena, out) : take_dn(s, arena, out);
	if (is_regex(s))
		return take_regex(at ? ID_RFC822_ADDR : ID_FQDN, s, arena, out);
	if (!strncmp(s, "@#", 2))
		return take_hex(ID_KEY_ID, s + 2, arena, out);
	if (at == s)
		return take_text(s[1] == '@' ? ID_RFC822_ADDR : ID_FQDN, s + 1 + (s[1] == '@'), arena, out);
	if (!take_ip(s, arena, out) || !take_ips(s, arena, out))
		return ERR_OK;
	if (is_misspelt(s) || (at && !at[1]))
		return ERR_SYNTAX;
	return take_text(at ? ID_RFC822_ADDR : strchr(s, ':') ? ID_KEY_ID : ID_FQDN, s, arena, out);
}

enum err id_parse(const char *s, struct arena *arena, struct id *out)
{
	struct id id = { 0 };
	const struct prefix *p = prefixes, *end = prefixes + sizeof prefixes / sizeof prefixes[0];
	enum err e;

	for (size_t i = 0; i < sizeof any_words / sizeof any_words[0]; i++)
		if (!strcmp(s, any_words[i])) {
			*out = id;
			return ERR_OK;
		}
	while (p < end && strncasecmp(s, p->word, strlen(p->word)))
		p++;
	if (*s == '{')
		e = parse_numbered(s, arena, &id);
	else if (p < end)
		e = parse_typed(p->type, s + strlen(p->word), arena, &id);
	else
		e = parse_plain(s, arena, &id);
	if (!e)
		*out = id;
	return e;
}

static bool printable(struct bytes b)
{
	for (size_t i = 0; i < b.n; i++)
		if (b.p[i] <= 0x20 || b.p[i] >= 0x7f)
			return false;
	return b.n;
}

static void print_hex(const char *mark, struct bytes b, struct text *out)
{
	text_add(out, "%s#", mark);
	for (size_t i = 0; i < b.n; i++)
		text_add(out, "%02x", b.p[i]);
}

/* It has enough backslashes of its own. */
static void print_regex(struct bytes b, struct text *out)
{
	for (size_t i = 1; i < b.n; i++)
		text_put(out, b.p[i] < 0x20 || b.p[i] >= 0x7f ? (const uint8_t *)"?" : &b.p[i], 1);
}

/* "01:02:ff" */
static void print_key_id(struct bytes b, struct text *out)
{
	for (size_t i = 0; i < b.n; i++)
		text_add(out, "%s%02x", i ? ":" : "", b.p[i]);
}

/* The first and the last address of a prefix or a range. */
static bool several(const struct id *id, struct ip *lo, struct ip *hi)
{
	size_t n = id->data.n / 2;
	bool net = id->type == ID_IPV4_ADDR_SUBNET || id->type == ID_IPV6_ADDR_SUBNET;

	if (!is_several(id->type) || ip_from(bytes_of(id->data.p, n), lo) || id->data.n != 2 * n ||
		ip_from(bytes_of(id->data.p + n, n), hi))
		return false;
	for (size_t i = 0; net && i < n; i++)
		hi->a[i] = lo->a[i] | (uint8_t)~hi->a[i];
	return true;
}

static bool print_several(const struct id *id, struct text *out)
{
	bool net = id->type == ID_IPV4_ADDR_SUBNET || id->type == ID_IPV6_ADDR_SUBNET;
	char text[IP_TEXT];
	struct ip lo, hi;
	unsigned bits;

	if (!several(id, &lo, &hi) || (net && !ip_range_prefix(&lo, &hi, &bits)))
		return false;
	text_add(out, "%s", ip_print(&lo, text));
	if (net)
		text_add(out, "/%u", bits);
	else
		text_add(out, "-%s", ip_print(&hi, text));
	return true;
}

const char *id_print(const struct id *id, struct arena *arena)
{
	struct text t = text_in(arena);
	char text[IP_TEXT];
	struct ip ip;

	if (id->type == ID_ANY)
		text_add(&t, "%%any");
	else if (id->type == ID_FQDN || id->type == ID_RFC822_ADDR)
		dn_escape(&t, id->data, "");
	else if (id->type == ID_KEY_ID && printable(id->data))
		dn_escape(&t, id->data, "");
	else if (id->type == ID_REGEX)
		print_regex(id->data, &t);
	else if (id->type == ID_KEY_ID)
		print_key_id(id->data, &t);
	else if (print_several(id, &t))
		return text_str(&t);
	else if ((id->type == ID_IPV4_ADDR || id->type == ID_IPV6_ADDR) && !ip_from(id->data, &ip))
		text_add(&t, "%s", ip_print(&ip, text));
	else if (id->type != ID_DER_ASN1_DN || !dn_print(id->data, &t))
		print_hex(id->type == ID_DER_ASN1_DN ? "dn:" : "", id->data, &t);
	return text_str(&t);
}

const char *id_type_name(uint8_t type)
{
	const char *word = name_word(type_names, type);

	return word ? word : "?";
}

static bool is_name(uint8_t type)
{
	return type == ID_FQDN || type == ID_RFC822_ADDR;
}

bool id_eq(const struct id *a, const struct id *b)
{
	if (a->type != b->type)
		return false;
	if (is_name(a->type))
		return bytes_eq_nocase(a->data, b->data);
	return bytes_eq(a->data, b->data) || (a->type == ID_DER_ASN1_DN && dn_equal(a->data, b->data, false));
}

uint64_t id_hash(const struct id *id, const struct siphash_key *key)
{
	uint8_t octets[256];
	/* One name may be written in many ways in DER. */
	size_t n = id->type == ID_DER_ASN1_DN ? dn_fold(id->data, octets, sizeof octets) : 0;
	bool folded = n;

	for (; !folded && n < id->data.n && n < sizeof octets; n++) {
		uint8_t c = id->data.p[n];

		octets[n] = is_name(id->type) && c >= 'A' && c <= 'Z' ? c | 0x20 : c;
	}
	return siphash(key, (struct bytes[]){ { &id->type, 1 }, { octets, n } }, 2);
}

/* Whether NAME ends in what stands behind the star of PATTERN, and is longer. */
static bool matches_star(struct bytes pattern, struct bytes name)
{
	size_t n = pattern.n - 1;

	return name.n > n && bytes_eq_nocase(bytes_of(pattern.p + 1, n), bytes_of(name.p + name.n - n, n));
}

static bool matches_several(const struct id *pattern, const struct id *id)
{
	struct ip lo, hi, ip;

	return several(pattern, &lo, &hi) && (id->type == ID_IPV4_ADDR || id->type == ID_IPV6_ADDR) &&
	       !ip_from(id->data, &ip) && ip.v == lo.v && ip_cmp(&lo, &ip) <= 0 && ip_cmp(&ip, &hi) <= 0;
}

/* By the text of a DN, or the octets of what is a text itself. */
static bool matches_regex(const struct id *pattern, const struct id *id)
{
	struct arena scratch = { 0 };
	const char *regex = arena_text(&scratch, bytes_of(pattern->data.p + 1, pattern->data.n - 1));
	struct bytes text = id->data;
	bool matches = false;

	if (id->type == ID_DER_ASN1_DN)
		text = bytes_str(id_print(id, &scratch));
	if (pattern->data.p[0] == id->type)
		matches = id_regex_matches(regex, text);
	arena_free(&scratch);
	return matches;
}

bool id_is_pattern(const struct id *id)
{
	return id->type == ID_REGEX || is_several(id->type);
}

bool id_matches(const struct id *pattern, const struct id *id)
{
	if (pattern->type == ID_ANY)
		return true;
	if (pattern->type == ID_REGEX)
		return matches_regex(pattern, id);
	if (is_several(pattern->type))
		return matches_several(pattern, id);
	if (pattern->type != id->type)
		return false;
	if (is_name(id->type) && pattern->data.n && pattern->data.p[0] == '*')
		return matches_star(pattern->data, id->data);
	if (id->type == ID_DER_ASN1_DN && dn_equal(pattern->data, id->data, true))
		return true;
	return id_eq(pattern, id);
}

struct id id_copy(struct arena *arena, const struct id *id)
{
	return (struct id){ id->type, arena_bytes(arena, id->data) };
}

struct id id_of_octets(struct bytes octets, struct arena *arena)
{
	struct id key = { ID_KEY_ID, arena_bytes(arena, octets) }, id;

	for (size_t i = 0; i < octets.n; i++)
		if (octets.p[i] <= ' ' || octets.p[i] > '~')
			return key;
	if (!octets.n || id_parse(arena_text(arena, octets), arena, &id) || id.type == ID_ANY ||
		id_is_pattern(&id))
		return key;
	return id;
}
