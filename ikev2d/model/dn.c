/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A Name is a SEQUENCE of SETs of SEQUENCEs of an OID and a value (RFC 5280, 4.1.2.4). */
#include "model/dn.h"

#include "base/buf.h"

enum {
	TAG_OID = 0x06,
	TAG_UTF8 = 0x0c,
	TAG_NUMERIC = 0x12,
	TAG_PRINTABLE = 0x13,
	TAG_T61 = 0x14,
	TAG_IA5 = 0x16,
	TAG_SEQUENCE = 0x30,
	TAG_SET = 0x31,
	TEXT_MAX = 2048, /* of a DN that we read */
	RDN_MAX = 32,    /* octets around a value: four headers, and the longest OID */
};

/* The first row of an OID has the word that is printed. */
static const struct attribute {
	const char *word, *oid; /* no OID here has an octet 0 */
	uint8_t tag;
} attributes[] = {
	{ "C", "\x55\x04\x06", TAG_PRINTABLE },
	{ "ST", "\x55\x04\x08", TAG_UTF8 },
	{ "L", "\x55\x04\x07", TAG_UTF8 },
	{ "street", "\x55\x04\x09", TAG_UTF8 },
	{ "O", "\x55\x04\x0a", TAG_UTF8 },
	{ "OU", "\x55\x04\x0b", TAG_UTF8 },
	{ "CN", "\x55\x04\x03", TAG_UTF8 },
	{ "SN", "\x55\x04\x04", TAG_UTF8 },
	{ "surname", "\x55\x04\x04", TAG_UTF8 },
	{ "GN", "\x55\x04\x2a", TAG_UTF8 },
	{ "G", "\x55\x04\x2a", TAG_UTF8 },
	{ "N", "\x55\x04\x29", TAG_UTF8 },
	{ "I", "\x55\x04\x2b", TAG_UTF8 },
	{ "T", "\x55\x04\x0c", TAG_UTF8 },
	{ "title", "\x55\x04\x0c", TAG_UTF8 },
	{ "D", "\x55\x04\x0d", TAG_UTF8 },
	{ "serialNumber", "\x55\x04\x05", TAG_PRINTABLE },
	{ "postalCode", "\x55\x04\x11", TAG_UTF8 },
	{ "dnQualifier", "\x55\x04\x2e", TAG_PRINTABLE },
	{ "ID", "\x55\x04\x2d", TAG_UTF8 },
	{ "E", "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01", TAG_IA5 },
	{ "emailAddress", "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01", TAG_IA5 },
	{ "UID", "\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x01", TAG_UTF8 },
	{ "DC", "\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x19", TAG_IA5 },
};

enum { N_ATTRIBUTES = sizeof attributes / sizeof attributes[0] };

static const struct attribute *attribute_of_word(struct bytes word)
{
	for (const struct attribute *a = attributes; a < attributes + N_ATTRIBUTES; a++)
		if (bytes_eq_nocase(bytes_str(a->word), word))
			return a;
	return NULL;
}

static const struct attribute *attribute_of_oid(struct bytes oid)
{
	for (const struct attribute *a = attributes; a < attributes + N_ATTRIBUTES; a++)
		if (bytes_eq(bytes_str(a->oid), oid))
			return a;
	return NULL;
}

/* Writing. */

static size_t tlv_size(size_t n)
{
	return n + (n < 0x80 ? 2 : n < 0x100 ? 3 : 4);
}

static void put_head(struct wr *w, uint8_t tag, size_t n)
{
	wr_u8(w, tag);
	if (n >= 0x80)
		wr_u8(w, n < 0x100 ? 0x81 : 0x82);
	if (n >= 0x100)
		wr_u8(w, (uint8_t)(n >> 8));
	wr_u8(w, (uint8_t)n);
}

static void put_rdn(struct wr *w, const struct attribute *a, struct bytes value)
{
	struct bytes oid = bytes_str(a->oid);
	size_t size = tlv_size(oid.n) + tlv_size(value.n);

	put_head(w, TAG_SET, tlv_size(size));
	put_head(w, TAG_SEQUENCE, size);
	put_head(w, TAG_OID, oid.n);
	wr_bytes(w, oid);
	put_head(w, a->tag, value.n);
	wr_bytes(w, value);
}

static bool hex_digit(char c, uint8_t *out)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	const char *at = c ? strchr(digits, c) : NULL;

	*out = at ? (uint8_t)(at - digits) & 15 : 0;
	return at;
}

bool dn_hex(const char *s, uint8_t *out)
{
	uint8_t high, low;

	if (!hex_digit(s[0], &high) || !hex_digit(s[1], &low))
		return false;
	*out = (uint8_t)(high << 4 | low);
	return true;
}

static const char *trim_left(const char *s, const char *end)
{
	while (s < end && *s == ' ')
		s++;
	return s;
}

static const char *trim_right(const char *s, const char *end)
{
	while (end > s && end[-1] == ' ')
		end--;
	return end;
}

/* The value between S and END without its escapes, written to OUT. */
static bool unescape(const char *s, const char *end, struct wr *out)
{
	uint8_t octet;

	while (s < end) {
		if (*s != '\\') {
			wr_u8(out, (uint8_t)*s++);
		} else if (end - s >= 3 && dn_hex(s + 1, &octet)) {
			wr_u8(out, octet);
			s += 3;
		} else {
			if (end - s < 2)
				return false;
			wr_u8(out, (uint8_t)s[1]);
			s += 2;
		}
	}
	return out->n > 0;
}

/* One "CN=gw" from S to END. */
static enum err parse_rdn(const char *s, const char *end, struct wr *out)
{
	const char *equals = memchr(s, '=', (size_t)(end - s));
	const struct attribute *a;
	uint8_t octets[TEXT_MAX];
	struct wr value = wr_of(octets, sizeof octets);

	if (!equals)
		return ERR_SYNTAX;
	s = trim_left(s, equals);
	a = attribute_of_word(bytes_of(s, (size_t)(trim_right(s, equals) - s)));
	s = trim_left(equals + 1, end);
	if (!a || !unescape(s, trim_right(s, end), &value))
		return ERR_SYNTAX;
	put_rdn(out, a, wr_done(&value));
	return ERR_OK;
}

/* The end of the RDN at S: the next SEPARATOR that is not escaped, or the end of the text. */
static const char *rdn_end(const char *s, char separator)
{
	while (*s && *s != separator)
		s += s[0] == '\\' && s[1] ? 2 : 1;
	return s;
}

enum err dn_parse(const char *s, struct arena *arena, struct bytes *out)
{
	char separator = *s == '/' ? '/' : ',';
	size_t n = strlen(s), room = (n / 2 + 1) * RDN_MAX + n;
	struct wr body = { 0 }, der;
	const char *end;

	if (n > TEXT_MAX)
		return ERR_SYNTAX;
	body = wr_of(arena_alloc(arena, room), room);
	for (s += separator == '/';; s = end + 1) {
		end = rdn_end(s, separator);
		if (parse_rdn(s, end, &body))
			return ERR_SYNTAX;
		if (!*end)
			break;
	}
	if (body.bad || body.n > UINT16_MAX)
		return ERR_SYNTAX;
	der = wr_of(arena_alloc(arena, tlv_size(body.n)), tlv_size(body.n));
	put_head(&der, TAG_SEQUENCE, body.n);
	wr_bytes(&der, wr_done(&body));
	*out = wr_done(&der);
	return ERR_OK;
}

/* Reading. */

struct walk {
	struct rd rdns, set;
	bool bad;
};

/* An attribute and its value. */
struct atv {
	struct bytes oid, value;
	uint8_t tag;
	bool joined; /* to the one before, in one SET */
};

static struct rd get_tlv(struct rd *r, uint8_t *tag)
{
	size_t n;

	*tag = rd_u8(r);
	n = rd_u8(r);
	if (n == 0x81)
		n = rd_u8(r);
	else if (n == 0x82)
		n = rd_u16(r);
	else if (n >= 0x80)
		r->bad = true;
	return rd_sub(r, n);
}

static struct rd get_tagged(struct rd *r, uint8_t wanted)
{
	uint8_t tag;
	struct rd body = get_tlv(r, &tag);

	body.bad |= tag != wanted;
	return body;
}

static struct walk walk_of(struct bytes der)
{
	struct rd r = rd_of(der);
	struct walk w = { .rdns = get_tagged(&r, TAG_SEQUENCE) };

	w.bad = w.rdns.bad || !rd_done(&r);
	return w;
}

/* The next attribute; false at the end, or when the DER turns bad. */
static bool walk_next(struct walk *w, struct atv *out)
{
	struct rd pair, oid, value;

	if (w->bad || (!w->set.n && !w->rdns.n))
		return false;
	out->joined = w->set.n > 0;
	if (!out->joined)
		w->set = get_tagged(&w->rdns, TAG_SET);
	pair = get_tagged(&w->set, TAG_SEQUENCE);
	oid = get_tagged(&pair, TAG_OID);
	value = get_tlv(&pair, &out->tag);
	w->bad = w->rdns.bad || w->set.bad || oid.bad || value.bad || !rd_done(&pair);
	out->oid = rd_rest(&oid);
	out->value = rd_rest(&value);
	return !w->bad;
}

static bool is_string(uint8_t tag)
{
	return tag == TAG_UTF8 || tag == TAG_PRINTABLE || tag == TAG_IA5 || tag == TAG_T61 ||
	       tag == TAG_NUMERIC;
}

static bool value_equal(const struct atv *a, const struct atv *b)
{
	if (is_string(a->tag) && is_string(b->tag))
		return bytes_eq_nocase(a->value, b->value);
	return a->tag == b->tag && bytes_eq(a->value, b->value);
}

static bool is_wildcard(const struct atv *a)
{
	return is_string(a->tag) && bytes_eq(a->value, bytes_str("*"));
}

bool dn_equal(struct bytes pattern, struct bytes dn, bool wildcards)
{
	struct walk v = walk_of(pattern), w = walk_of(dn);
	struct atv a, b;

	while (walk_next(&v, &a)) {
		if (!walk_next(&w, &b) || a.joined != b.joined || !bytes_eq(a.oid, b.oid))
			return false;
		if (!(wildcards && is_wildcard(&a)) && !value_equal(&a, &b))
			return false;
	}
	return !v.bad && !walk_next(&w, &b) && !w.bad;
}

static size_t add_folded(uint8_t *out, size_t n, size_t room, struct bytes b, bool letters)
{
	for (size_t i = 0; i < b.n && n < room; i++) {
		uint8_t c = b.p[i];

		out[n++] = letters && c >= 'A' && c <= 'Z' ? c | 0x20 : c;
	}
	return n;
}

size_t dn_fold(struct bytes der, uint8_t *out, size_t room)
{
	struct walk w = walk_of(der);
	struct atv a;
	size_t n = 0;

	while (walk_next(&w, &a)) {
		n = add_folded(out, n, room, a.oid, false);
		n = add_folded(out, n, room, a.value, is_string(a.tag));
	}
	return w.bad ? 0 : n;
}

static void print_oid(struct bytes oid, struct text *out)
{
	bool first = true;
	uint64_t arc = 0;

	for (size_t i = 0; i < oid.n; i++) {
		arc = arc << 7 | (oid.p[i] & 0x7f);
		if (oid.p[i] & 0x80)
			continue;
		if (first) {
			unsigned root = arc < 40 ? 0 : arc < 80 ? 1 : 2;

			text_add(out, "%u", root);
			arc -= root * 40;
			first = false;
		}
		text_add(out, ".%llu", (unsigned long long)arc);
		arc = 0;
	}
}

void dn_escape(struct text *out, struct bytes b, const char *special)
{
	for (size_t i = 0; i < b.n; i++) {
		uint8_t c = b.p[i];

		if (c < 0x20 || c >= 0x7f)
			text_add(out, "\\%02X", (unsigned)c);
		else if (c == '\\' || strchr(special, c))
			text_add(out, "\\%c", c);
		else
			text_put(out, &c, 1);
	}
}

static void print_value(const struct atv *a, struct text *out)
{
	if (is_string(a->tag)) {
		dn_escape(out, a->value, ",+/#=");
		return;
	}
	text_put(out, "#", 1);
	for (size_t i = 0; i < a->value.n; i++)
		text_add(out, "%02x", a->value.p[i]);
}

bool dn_print(struct bytes der, struct text *out)
{
	struct walk check = walk_of(der), w = walk_of(der);
	const struct attribute *known;
	struct atv a;
	bool first = true;

	while (walk_next(&check, &a))
		continue;
	if (check.bad)
		return false;
	for (; walk_next(&w, &a); first = false) {
		text_add(out, "%s", first ? "" : a.joined ? "+" : ", ");
		known = attribute_of_oid(a.oid);
		if (known)
			text_add(out, "%s", known->word);
		else
			print_oid(a.oid, out);
		text_put(out, "=", 1);
		print_value(&a, out);
	}
	return true;
}

bool dn_common_name(struct bytes der, struct text *out)
{
	struct walk w = walk_of(der);
	struct bytes name = { 0 };
	struct atv a;

	while (walk_next(&w, &a))
		if (is_string(a.tag) && bytes_eq(a.oid, bytes_str("\x55\x04\x03")))
			name = a.value;
	if (w.bad || !name.n)
		return false;
	text_put(out, name.p, name.n);
	return true;
}
