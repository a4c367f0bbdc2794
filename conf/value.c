/* SPDX-License-Identifier: GPL-2.0-or-later */
/* THE table of types, and what can be done with a value of any. */
#include "conf/value.h"

#include "conf/report.h"
#include "conf/value_print.h"
#include "conf/value_read.h"
#include "model/conf.h"

#include <strings.h>

/* THE table of types: how a value is read and written (NULL: it never is), what it should have been, how
 * large it is where equal values have equal octets (0: they are compared as text), and its word in the manual
 * (NULL: the words of the row). */
static const struct {
	bool (*read)(struct value *v);
	bool (*print)(const struct written *v);
	const char *what;
	size_t size;
	const char *word;
} types[TYPES_MAX] = {
	[TYPE_TEXT] = { value_read_text, value_print_text, "a text", 0, "text" },
	[TYPE_BOOL] = { value_read_bool, value_print_bool, "yes or no", sizeof(bool), "yes or no" },
	[TYPE_TIME] = { value_read_time, value_print_time,
		"a time; write a number of seconds, or one with s, m, h or d behind it, as 30s",
		sizeof(uint64_t), "time" },
	[TYPE_SIZE] = { value_read_size, value_print_size,
		"a size; write a number of octets, or one with k, m or g behind it, as 500m",
		sizeof(uint64_t), "size" },
	[TYPE_COUNT] = { value_read_count, value_print_count, "a number from 0 to 4294967295",
		sizeof(uint32_t), "number" },
	[TYPE_BIG_COUNT] = { value_read_big_count, value_print_big_count, "a number", sizeof(uint64_t),
		"number" },
	[TYPE_PERCENT] = { value_read_percent, value_print_count, "a number from 0 to 100", sizeof(unsigned),
		"percent" },
	[TYPE_FACTOR] = { value_read_factor, value_print_factor, "a number from 1 to 100, as 1.8",
		sizeof(unsigned), "factor" },
	[TYPE_PORT] = { value_read_port, value_print_port, "a port; write a number from 1 to 65535",
		sizeof(uint16_t), "port" },
	[TYPE_WORD] = { value_read_word, value_print_word, "known", sizeof(int), NULL },
	[TYPE_CHOICE] = { value_read_choice, value_print_text, "known", 0, NULL },
	[TYPE_DEVICE] = { value_read_device, value_print_text,
		"the name of a network device: at most 15 characters, no blank, / or :", 0, "device" },
	[TYPE_GATEWAY] = { value_read_gateway, value_print_text, "an address or a name", 0,
		"address or name" },
	[TYPE_DEVICES] = { value_read_devices, value_print_text,
		"the beginning of device names: at most 11 characters, no blank, / or :", 0, "device" },
	[TYPE_STRINGS] = { value_read_strings, value_print_strings, "a list of texts", 0, "list" },
	[TYPE_OIDS] = { value_read_oids, NULL, "a list of object identifiers", 0, "list of OIDs" },
	[TYPE_IPS] = { value_read_ips, value_print_ips, "a list of addresses", 0, "list of addresses" },
	[TYPE_IF_ADDRS] = { value_read_if_addrs, value_print_if_addrs,
		"a list of addresses with their prefixes", 0, "list of addresses" },
	[TYPE_ROUTES] = { value_read_routes, value_print_routes, "yes, no, or a list of networks", 0,
		"yes, no or list of networks" },
	[TYPE_TABLE] = { value_read_table, value_print_count,
		"a routing table; write a number above 0, or main", sizeof(unsigned), "number or main" },
	[TYPE_DSCP] = { value_read_dscp, NULL, "a DSCP; write six binary digits, as 101110", sizeof(uint8_t),
		"six bits" },
	[TYPE_PADDING] = { value_read_padding, value_print_padding, "a number of octets, or mtu",
		sizeof(uint32_t), "number or mtu" },
	[TYPE_MSS] = { value_read_mss, value_print_mss, "a number of octets from 536 to 65495, auto or no",
		sizeof(uint32_t), "number, auto or no" },
	[TYPE_MARK] = { value_read_mark, value_print_mark,
		"a mark; write a number, a number and a mask as 0x10/0xff, %unique or %unique-dir",
		sizeof(struct mark), "mark" },
	[TYPE_SET_MARK] = { value_read_set_mark, value_print_mark,
		"a mark to set; write a number, a number and a mask as 0x10/0xff, or %same",
		sizeof(struct mark), "mark" },
	[TYPE_IF_ID] = { value_read_if_id, value_print_if_id,
		"an interface ID; write a number, %unique or %unique-dir", sizeof(struct if_id),
		"interface ID" },
	[TYPE_ADDRESSES] = { value_read_addresses, value_print_addresses, "a list of addresses", 0,
		"list of addresses" },
	[TYPE_IKE_PROPOSALS] = { value_read_ike_proposals, value_print_proposals, "a list of proposals", 0,
		"list of proposals" },
	[TYPE_ESP_PROPOSALS] = { value_read_esp_proposals, value_print_proposals, "a list of proposals", 0,
		"list of proposals" },
	[TYPE_AH_PROPOSALS] = { value_read_ah_proposals, value_print_proposals, "a list of proposals", 0,
		"list of proposals" },
	[TYPE_SELECTORS] = { value_read_selectors, value_print_selectors, "a list of traffic selectors", 0,
		"list of selectors" },
	[TYPE_IDENTITY] = { value_read_identity, value_print_identity,
		"an identity; write an address, a name as gw.example.org or user@example.org, or a DN in "
		"quotes",
		0, "identity" },
	[TYPE_OWNER] = { value_read_owner, NULL,
		"an identity; write an address, a name as gw.example.org or user@example.org, or a DN in "
		"quotes",
		0, "identity" },
	[TYPE_AUTHENTICATION] = { value_read_authentication, value_print_authentication,
		"a way to authenticate; write psk, pubkey or eap", 0, "way to authenticate" },
	[TYPE_CERT] = { value_read_cert, NULL, "a certificate", 0, "certificate" },
	[TYPE_CERTS] = { value_read_certs, NULL, "a list of certificates", 0, "list of certificates" },
	[TYPE_HANDLE] = { value_read_handle, NULL, "a handle; write hexadecimal digits", 0, "hexadecimal" },
	[TYPE_SECRET] = { value_read_secret, NULL, "", 0, "secret" },
	[TYPE_SOCKET] = { value_read_socket, value_print_socket,
		"the place of a socket; write unix:// and an absolute path", 0, "unix:// and a path" },
};

bool value_read(
	const struct conf_key *row, const char *text, void *base, struct arena *arena, struct text *why)
{
	struct value v = { row, text, base, (char *)base + row->at, arena, why };
	size_t before = why->n;

	if (types[row->type].read(&v))
		return true;
	if (why->n == before)
		text_add(why, "%s is not %s", report_quote(text, why->arena), types[row->type].what);
	return false;
}

void value_type(const struct conf_key *row, struct text *out)
{
	const struct name *n = row->words;

	if (types[row->type].word)
		text_add(out, "%s", types[row->type].word);
	else
		for (; n->word; n++)
			if (!strcmp(name_word(row->words, n->value), n->word))
				text_add(out, "%s%s", n == row->words ? "" : ", ", n->word);
}

bool value_print(const struct conf_key *row, const void *base, struct text *out)
{
	struct written v = { row, base, (const char *)base + row->at, out };

	return types[row->type].print && types[row->type].print(&v);
}

bool value_prints(const struct conf_key *row)
{
	return types[row->type].print;
}

/* Room for any value of a known size. */
union any {
	uint64_t number;
	struct mark mark;
	uint8_t octets[sizeof(struct mark)];
};

static bool read_any(const struct conf_key *row, const char *text, union any *out, struct text *why)
{
	struct conf_key at_start = *row;

	at_start.at = 0;
	memset(out, 0, sizeof *out);
	return value_read(&at_start, text, out, why->arena, why);
}

bool value_check(const struct conf_key *row, const char *text, struct text *why)
{
	union any any;

	return !types[row->type].size || read_any(row, text, &any, why);
}

static bool equal(const struct conf_key *row, const char *a, const char *b)
{
	struct arena scratch = { 0 };
	struct text why = text_in(&scratch);
	union any x, y;
	bool same;

	if (!types[row->type].size)
		return !strcasecmp(a, b);
	same = read_any(row, a, &x, &why) && read_any(row, b, &y, &why) && !memcmp(&x, &y, sizeof x);
	arena_free(&scratch);
	return same;
}

bool value_is_neutral(const struct conf_key *row, const char *text)
{
	struct arena scratch = { 0 };
	char *words = arena_str(&scratch, row->neutral ? row->neutral : ""), *save = NULL;
	bool neutral = row->fallback && equal(row, text, row->fallback);

	for (char *w = strtok_r(words, " ", &save); w && !neutral; w = strtok_r(NULL, " ", &save))
		neutral = equal(row, text, w);
	arena_free(&scratch);
	return neutral;
}
