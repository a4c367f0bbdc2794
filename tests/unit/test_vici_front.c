/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a front hands on of a client, and when. */
#include "unit.h"

#include "vici_client.h"

struct bench {
	struct vici_front front;
	struct arena arena;
};

static void say(struct bench *b, enum vici_type type, const char *name)
{
	assert_true(vici_front_input(&b->front, vici_packet_of(type, name, NULL, &b->arena)));
}

static void end(struct bench *b)
{
	vici_front_free(&b->front);
	arena_free(&b->arena);
}

static void commands_go_one_by_one(void **state)
{
	struct bench b = { 0 };
	struct vici_asked asked;

	(void)state;
	assert_true(vici_front_hungry(&b.front));
	say(&b, VICI_CMD_REQUEST, "version");
	say(&b, VICI_CMD_REQUEST, "stats");
	assert_true(vici_front_next(&b.front, &asked));
	assert_int_equal(asked.kind, ASKED_COMMAND);
	assert_string_equal(vici_command_name(asked.which), "version");
	assert_false(vici_front_next(&b.front, &asked));
	assert_false(vici_front_hungry(&b.front));
	vici_front_answered(&b.front, 1u << ASKED_COMMAND);
	assert_true(vici_front_next(&b.front, &asked));
	assert_string_equal(vici_command_name(asked.which), "stats");
	assert_false(vici_front_next(&b.front, &asked));
	assert_true(vici_front_hungry(&b.front));
	end(&b);
}

/* What a client registers while its command is carried out it hears of; a command waits for both. */
static void events_are_registered_meanwhile(void **state)
{
	struct bench b = { 0 };
	struct vici_asked asked;

	(void)state;
	say(&b, VICI_CMD_REQUEST, "initiate");
	say(&b, VICI_EVENT_REGISTER, "log");
	say(&b, VICI_EVENT_UNREGISTER, "log");
	say(&b, VICI_CMD_REQUEST, "version");
	assert_true(vici_front_next(&b.front, &asked));
	assert_true(vici_front_next(&b.front, &asked));
	assert_true(asked.kind == ASKED_EVENT && asked.on && asked.which);
	assert_false(vici_front_next(&b.front, &asked));
	vici_front_answered(&b.front, 1u << ASKED_EVENT);
	assert_true(vici_front_next(&b.front, &asked));
	assert_true(asked.kind == ASKED_EVENT && !asked.on);
	vici_front_answered(&b.front, 1u << ASKED_EVENT);
	assert_false(vici_front_next(&b.front, &asked));
	vici_front_answered(&b.front, 1u << ASKED_COMMAND);
	assert_true(vici_front_next(&b.front, &asked));
	end(&b);
}

static void names_that_are_none_have_numbers_too(void **state)
{
	struct bench b = { 0 };
	struct vici_asked asked;

	(void)state;
	say(&b, VICI_CMD_REQUEST, "make-coffee");
	say(&b, VICI_EVENT_REGISTER, "coffee-made");
	assert_true(vici_front_next(&b.front, &asked));
	assert_null(vici_command_name(asked.which));
	assert_non_null(vici_command_name(asked.which - 1));
	assert_true(vici_front_next(&b.front, &asked));
	assert_int_equal(asked.which, 0);
	end(&b);
}

static void what_is_malformed_goes_no_further(void **state)
{
	static const struct bytes wrong[] = {
		{ (const uint8_t *)"\0\0\0\13\0\7version\1\1", 15 }, /* a section that does not end */
		{ (const uint8_t *)"\0\0\0\1\1", 5 },                /* a response */
		{ (const uint8_t *)"\0\0\0\1\143", 5 },              /* of no type */
		{ (const uint8_t *)"\0\10\0\1\0", 5 },               /* too long */
	};
	struct vici_asked asked;

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		struct bench b = { 0 };

		assert_true(vici_front_input(&b.front, wrong[i]));
		assert_false(vici_front_next(&b.front, &asked));
		assert_true(b.front.broken);
		assert_false(vici_front_hungry(&b.front));
		say(&b, VICI_CMD_REQUEST, "version");
		assert_false(vici_front_next(&b.front, &asked));
		end(&b);
	}
}

static void more_than_was_asked_for_is_refused(void **state)
{
	enum { PIECE = 64 * 1024, MANY = 40 };
	struct bench b = { 0 };
	static uint8_t piece[PIECE];
	unsigned n = 0;

	(void)state;
	while (n < MANY && vici_front_input(&b.front, bytes_of(piece, PIECE)))
		n++;
	assert_in_range(n, VICI_SEGMENT_MAX / PIECE, MANY - 1);
	end(&b);
}

/* -------------------------------------------------------------------- secrets */

static struct bytes without_head(struct bytes packet, const char *name)
{
	const size_t head = VICI_LENGTH + 2 + strlen(name);

	return bytes_of(packet.p + head, packet.n - head);
}

/* ARGS with INSTEAD for the value of "data": what is left, and what that was. */
static void replaced(const char *args, const char *was, const char *expected)
{
	struct arena arena = { 0 };
	struct bytes value, got,
		all = without_head(vici_packet_of(VICI_CMD_REQUEST, "x", args, &arena), "x"),
		same = without_head(vici_packet_of(VICI_CMD_REQUEST, "x", expected, &arena), "x");

	got = vici_front_replace(all, "data", bytes_str("INSTEAD"), &arena, &value);
	assert_true(bytes_eq(value, bytes_str(was)));
	assert_true(bytes_eq(got, same));
	arena_free(&arena);
}

static void a_secret_is_replaced(void **state)
{
	(void)state;
	replaced("id=x;data=secret;type=IKE", "secret", "id=x;data=INSTEAD;type=IKE");
	replaced("data=s", "s", "data=INSTEAD");
	replaced("id=x;type=IKE", "", "id=x;type=IKE");
	replaced("data=;id=x", "", "data=;id=x");
	replaced("data=first;id=x;data=second", "first", "data=INSTEAD;id=x");
	replaced("dat=a;data2=b", "", "dat=a;data2=b");
}

/* What stands deeper is something else. */
static void sections_and_lists_stay_as_they_are(void **state)
{
	struct arena arena = { 0 };
	struct vici_out out = { 0 };
	struct bytes all, got, value;

	(void)state;
	vici_out_packet(&out, VICI_CMD_REQUEST, "x");
	vici_put_section(&out, "data");
	vici_put_pair(&out, "data", "inner");
	vici_put_section_end(&out);
	vici_put_list(&out, "data");
	vici_put_item(&out, "data");
	vici_put_list_end(&out);
	all = without_head(vici_out_done(&out), "x");
	got = vici_front_replace(all, "data", bytes_str("INSTEAD"), &arena, &value);
	assert_true(bytes_eq(got, all));
	assert_int_equal(value.n, 0);
	vici_out_free(&out);
	arena_free(&arena);
}

/* ---------------------------------------------------------------- certificates */

/* What it is asked to read, in brackets. */
static struct bytes brackets(const struct vici_value *v, struct arena *arena)
{
	if (v->too_many)
		return bytes_str("one too many");
	return bytes_str(arena_printf(arena, "%s%s(%s)", v->named ? "named " : "", v->key ? "key" : "cert",
		arena_text(arena, v->octets)));
}

/* Of a connection: values and items called so, wherever they stand; empty ones stay as they are. */
static struct bytes connection(bool read, struct vici_out *out)
{
	vici_out_packet(out, VICI_CMD_REQUEST, "x");
	vici_put_section(out, "site");
	vici_put_pair(out, "certs", "");
	vici_put_list(out, "ids");
	vici_put_item(out, "a");
	vici_put_list_end(out);
	vici_put_section(out, "local");
	vici_put_list(out, "certs");
	vici_put_item(out, read ? "named cert(a)" : "a");
	vici_put_item(out, read ? "named cert(b)" : "b");
	vici_put_list_end(out);
	vici_put_section_end(out);
	vici_put_section(out, "remote");
	vici_put_list(out, "pubkeys");
	vici_put_item(out, read ? "named key(c)" : "c");
	vici_put_list_end(out);
	vici_put_pair(out, "cacerts", read ? "named cert(d)" : "d");
	vici_put_pair(out, "data", "e");
	vici_put_section_end(out);
	vici_put_pair(out, "cacert", read ? "named cert(f)" : "f");
	vici_put_section_end(out);
	return without_head(vici_out_done(out), "x");
}

static void becomes(const char *command, struct bytes all, struct bytes expected)
{
	struct arena arena = { 0 };

	assert_true(bytes_eq(
		vici_front_read(all, vici_command_number(bytes_str(command)), brackets, &arena), expected));
	arena_free(&arena);
}

static void certificates_of_a_connection_are_read(void **state)
{
	struct vici_out before = { 0 }, after = { 0 };
	struct bytes all = connection(false, &before), read = connection(true, &after);

	(void)state;
	becomes("load-conn", all, read);
	becomes("load-authority", all, read);
	becomes("load-pool", all, all);
	becomes("load-shared", all, all);
	becomes("make-coffee", all, all);
	vici_out_free(&before);
	vici_out_free(&after);
}

static void loaded(const char *args, const char *expected)
{
	struct arena arena = { 0 };

	becomes("load-cert", without_head(vici_packet_of(VICI_CMD_REQUEST, "x", args, &arena), "x"),
		without_head(vici_packet_of(VICI_CMD_REQUEST, "x", expected, &arena), "x"));
	arena_free(&arena);
}

static void a_certificate_that_is_loaded_is_read(void **state)
{
	(void)state;
	loaded("type=X509;flag=CA;data=der", "type=X509;flag=CA;data=cert(der)");
	loaded("type=pubkey;data=spki", "type=pubkey;data=key(spki)");
	loaded("data=spki;type=PUBKEY", "data=key(spki);type=PUBKEY");
	loaded("data=crl", "data=cert(crl)");
	loaded("data=;certs=x", "data=;certs=x");
}

/* Several in PEM count one by one; none of what comes behind is read. */
static void so_many_certificates_are_read(void **state)
{
	struct arena arena = { 0 };
	struct text t = text_in(&arena);
	struct vici_out before = { 0 }, after = { 0 };

	(void)state;
	for (unsigned i = 0; i < VICI_READ_CERTS_MAX - 1; i++)
		text_add(&t, "-----BEGIN ");
	for (unsigned read = 0; read < 2; read++) {
		struct vici_out *out = read ? &after : &before;

		vici_out_packet(out, VICI_CMD_REQUEST, "x");
		vici_put_pair(out, "certs",
			read ? arena_printf(&arena, "named cert(%s)", text_str(&t)) : text_str(&t));
		vici_put_pair(out, "cacerts", read ? "named cert(a)" : "a");
		vici_put_pair(out, "cacert", read ? "one too many" : "b");
		vici_put_pair(out, "pubkeys", read ? "one too many" : "c");
	}
	becomes("load-conn", without_head(vici_out_done(&before), "x"),
		without_head(vici_out_done(&after), "x"));
	vici_out_free(&before);
	vici_out_free(&after);
	arena_free(&arena);
}

static void commands_that_load_secrets_are_known(void **state)
{
	static const char *const secret[] = { "load-shared", "load-key" };

	(void)state;
	for (unsigned i = 0; i < 2; i++)
		assert_string_equal(vici_command_secret(vici_command_number(bytes_str(secret[i]))), "data");
	assert_null(vici_command_secret(vici_command_number(bytes_str("load-cert"))));
	assert_null(vici_command_secret(vici_command_number(bytes_str("make-coffee"))));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commands_go_one_by_one),
		cmocka_unit_test(events_are_registered_meanwhile),
		cmocka_unit_test(names_that_are_none_have_numbers_too),
		cmocka_unit_test(what_is_malformed_goes_no_further),
		cmocka_unit_test(more_than_was_asked_for_is_refused),
		cmocka_unit_test(a_secret_is_replaced),
		cmocka_unit_test(sections_and_lists_stay_as_they_are),
		cmocka_unit_test(commands_that_load_secrets_are_known),
		cmocka_unit_test(certificates_of_a_connection_are_read),
		cmocka_unit_test(a_certificate_that_is_loaded_is_read),
		cmocka_unit_test(so_many_certificates_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
