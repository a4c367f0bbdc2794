/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Identities from text, to text, and compared. */
#include "model/id.h"

#include "base/names.h"
#include "model/addr.h"
#include "model/dn.h"

static const struct name type_names[] = {
	{ ID_ANY, "ANY" },
	{ ID_IPV4_ADDR, "IPV4_ADDR" },
	{ ID_FQDN, "FQDN" },
	{ ID_RFC822_ADDR, "RFC822_ADDR" },
	{ ID_IPV6_ADDR, "IPV6_ADDR" },
	{ ID_DER_ASN1_DN, "DER_ASN1_DN" },
	{ ID_DER_ASN1_GN, "DER_ASN1_GN" },
	{ ID_KEY_ID, "KEY_ID" },
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
	{ "keyid:", ID_KEY_ID },
	{ "dn:", ID_DER_ASN1_DN },
	{ "asn1dn:", ID_DER_ASN1_DN },
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

static enum err parse_typed(uint8_t type, const char *s, struct arena *arena, struct id *out)
{
	if (*s == '#' && (type == ID_KEY_ID || type == ID_DER_ASN1_DN))
		return take_hex(type, s + 1, arena, out);
	if (type == ID_DER_ASN1_DN)
		return take_dn(s, arena, out);
	if (type != ID_IPV4_ADDR && type != ID_IPV6_ADDR)
		return take_text(type, s, arena, out);
	return take_ip(s, arena, out) || out->type != type ? ERR_SYNTAX : ERR_OK;
}

/* A name without a mark in front: with a letter, so that a misspelt address is none, and without what would
 * mark something else. */
static bool is_plain_name(const char *s)
{
	return strpbrk(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") && !strpbrk(s, " :/%#,\t");
}

static enum err parse_plain(const char *s, struct arena *arena, struct id *out)
{
	const char *at = strchr(s, '@');

	if (strchr(s, '='))
		return take_dn(s, arena, out);
	if (!strncmp(s, "@#", 2))
		return take_hex(ID_KEY_ID, s + 2, arena, out);
	if (at == s)
		return take_text(ID_FQDN, s + 1, arena, out);
	if (!take_ip(s, arena, out))
		return ERR_OK;
	if (!is_plain_name(s) || (at && !at[1]))
		return ERR_SYNTAX;
	return take_text(at ? ID_RFC822_ADDR : ID_FQDN, s, arena, out);
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
	while (p < end && strncmp(s, p->word, strlen(p->word)))
		p++;
	e = p < end ? parse_typed(p->type, s + strlen(p->word), arena, &id) : parse_plain(s, arena, &id);
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
	else if (id->type == ID_KEY_ID)
		print_hex("@", id->data, &t);
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

/* Whether NAME ends in what stands behind the star of PATTERN, and is longer. */
static bool matches_star(struct bytes pattern, struct bytes name)
{
	size_t n = pattern.n - 1;

	return name.n > n && bytes_eq_nocase(bytes_of(pattern.p + 1, n), bytes_of(name.p + name.n - n, n));
}

bool id_matches(const struct id *pattern, const struct id *id)
{
	if (pattern->type == ID_ANY)
		return true;
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
