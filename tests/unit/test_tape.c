/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records: what is written is read back; what is not of that form is refused with a sentence. */
#include "tests/unit/unit.h"

#include "base/heap.h"
#include "daemon/tape.h"

#define HEAD "ikev2d-record 1 secrets=yes\n"
#define CORE "core\n"

static struct ip ip(const char *s)
{
	struct ip out;

	assert_int_equal(ip_parse(s, &out), ERR_OK);
	return out;
}

static struct addr addr(const char *s, uint16_t port)
{
	return (struct addr){ ip(s), port };
}

static struct ts ts(const char *s)
{
	struct ts out;

	assert_int_equal(ts_parse(s, &out), ERR_OK);
	return out;
}

static struct tape opened(const char *file)
{
	struct arena arena = { 0 };
	struct text why = text_in(&arena);
	struct tape t = { .in = bytes_str(file) };

	assert_int_equal(tape_begin(&t, &why), ERR_OK);
	assert_string_equal(text_str(&why), "");
	arena_free(&arena);
	return t;
}

static struct tape_step next(struct tape *t, struct arena *arena)
{
	struct text why = text_in(arena);
	struct tape_step s;
	enum err e = tape_next(t, arena, &s, &why);

	assert_string_equal(text_str(&why), "");
	assert_int_equal(e, ERR_OK);
	return s;
}

static void at_end(struct tape *t)
{
	struct arena arena = { 0 };
	struct text why = text_in(&arena);
	struct tape_step s;

	assert_int_equal(tape_next(t, &arena, &s, &why), ERR_MISSING);
	assert_string_equal(text_str(&why), "");
	arena_free(&arena);
}

/* Writes EVENT and reads it back; LINE is how it must stand there. */
static struct tape_event round_trip(
	struct ike_event event, bool secrets, const char *line, struct arena *arena)
{
	struct tape_event e = { .number = 7, .now = 1532, .event = event };
	struct text out = text_in(arena), again = text_in(arena);
	struct tape_step s;
	struct tape t;

	tape_put_head(secrets, &out);
	tape_put_core(&out);
	tape_put_event(&e, secrets, &out);
	assert_non_null(strstr(text_str(&out), line));
	assert_string_equal(strstr(text_str(&out), "event "), line);
	t = opened(text_str(&out));
	assert_int_equal(t.secrets, secrets);
	s = next(&t, arena);
	at_end(&t);
	assert_int_equal(s.event.number, 7);
	assert_int_equal(s.event.now, 1532);
	assert_int_equal(s.event.event.kind, event.kind);
	tape_put_event(&s.event, true, &again);
	if (secrets)
		assert_string_equal(text_str(&again), line);
	return s.event;
}

static void clocks(void **state)
{
	struct arena arena = { 0 };

	(void)state;
	round_trip((struct ike_event){ .kind = EVENT_CLOCK }, true, "event 7 at=1532 clock\n", &arena);
	arena_free(&arena);
}

static void datagrams(void **state)
{
	struct ike_event e = { .kind = EVENT_DATAGRAM,
		.datagram = { { addr("192.0.2.1", 4500), addr("2001:db8::1", 500), true, false },
			bytes_of("\x00\x7f\xff", 3) } },
			 back;
	struct arena arena = { 0 };

	(void)state;
	back = round_trip(e, true,
		"event 7 at=1532 datagram local=192.0.2.1[4500] remote=2001:db8::1[500] marker=yes "
		"data=007fff\n",
		&arena)
		       .event;
	assert_true(path_eq(&back.datagram.path, &e.datagram.path));
	assert_true(bytes_eq(back.datagram.data, e.datagram.data));
	arena_free(&arena);
}

static void datagrams_that_were_opened(void **state)
{
	struct tape_event e = { .number = 1,
		.event = { .kind = EVENT_DATAGRAM, .datagram.data = bytes_of("abc", 3) },
		.opened = true,
		.first = 46,
		.about = "a \"b\"" };
	struct arena arena = { 0 };
	struct text out = text_in(&arena);
	struct tape_step s;
	struct tape t;

	(void)state;
	tape_put_head(false, &out);
	tape_put_core(&out);
	tape_put_event(&e, false, &out);
	assert_string_equal(strstr(text_str(&out), "event"),
		"event 1 at=0 datagram opened=46 local=%any[0] "
		"remote=%any[0] data=616263 about=\"a \\\"b\\\"\"\n");
	t = opened(text_str(&out));
	s = next(&t, &arena);
	assert_true(s.event.opened);
	assert_int_equal(s.event.first, 46);
	assert_true(bytes_eq(s.event.event.datagram.data, bytes_str("abc")));
	assert_int_equal(s.event.event.datagram.path.local.ip.v, 0);
	arena_free(&arena);
}

static const struct ike_event answer = {
	.kind = EVENT_ANSWER,
	.answer = { .ticket = 3,
		.secret = { (const uint8_t *)"\1\2", 2 },
		.public = { (const uint8_t *)"\3\4", 2 },
		.shared = { (const uint8_t *)"\5\6\7", 3 },
		.proof = { (const uint8_t *)"\x8", 1 } },
};

static void answers_with_secrets(void **state)
{
	struct arena arena = { 0 };
	struct ike_answer back;

	(void)state;
	back = round_trip(answer, true,
		"event 7 at=1532 answer ticket=3 result=ok secret=0102 public=0304 shared=050607 proof=08\n",
		&arena)
		       .event.answer;
	assert_int_equal(back.ticket, 3);
	assert_true(bytes_eq(back.secret, answer.answer.secret));
	assert_true(bytes_eq(back.public, answer.answer.public));
	assert_true(bytes_eq(back.shared, answer.answer.shared));
	assert_true(bytes_eq(back.proof, answer.answer.proof));
	arena_free(&arena);
}

/* Their lengths are there, and are read as so many zeros. */
static void answers_without_secrets(void **state)
{
	static const uint8_t zeros[3];
	struct arena arena = { 0 };
	struct ike_answer back;

	(void)state;
	back = round_trip(answer, false,
		"event 7 at=1532 answer ticket=3 result=ok secret=withheld:2 public=0304 shared=withheld:3 "
		"proof=withheld:1\n",
		&arena)
		       .event.answer;
	assert_true(bytes_eq(back.secret, bytes_of(zeros, 2)));
	assert_true(bytes_eq(back.public, answer.answer.public));
	assert_true(bytes_eq(back.shared, bytes_of(zeros, 3)));
	assert_true(bytes_eq(back.proof, bytes_of(zeros, 1)));
	arena_free(&arena);
}

static void answers_that_failed(void **state)
{
	struct ike_event e = { .kind = EVENT_ANSWER,
		.answer = { .ticket = 4294967295,
			.result = ERR_AUTH,
			.local = ip("10.0.0.1"),
			.remote = ip("::1"),
			.why = { .what = "two\nlines \"quoted\" \\ \x01",
				.offered = "a=b",
				.configured = "",
				.differs = "plain",
				.where = "x:1",
				.instead = "\xc3\xa4",
				.notify = "N" } } };
	struct arena arena = { 0 };
	struct ike_answer back;

	(void)state;
	back = round_trip(e, true,
		"event 7 at=1532 answer ticket=4294967295 result=auth local=10.0.0.1 remote=::1 "
		"what=\"two\\nlines \\\"quoted\\\" \\\\ \\x01\" offered=\"a=b\" configured=\"\" "
		"differs=plain "
		"where=x:1 instead=\xc3\xa4 notify=N\n",
		&arena)
		       .event.answer;
	assert_int_equal(back.result, ERR_AUTH);
	assert_string_equal(back.why.what, e.answer.why.what);
	assert_string_equal(back.why.configured, "");
	assert_true(ip_eq(&back.remote, &e.answer.remote));
	arena_free(&arena);
}

/* Its head is in messages, which a replay must find again. */
static void packets_of_eap_without_their_content(void **state)
{
	struct ike_event e = { .kind = EVENT_ANSWER,
		.answer = { .ticket = 3, .eap.packet = bytes_of("\2\7\0\7\4\x61\x62", 7) } };
	struct arena arena = { 0 };

	(void)state;
	round_trip(e, false, "event 7 at=1532 answer ticket=3 result=ok packet=02070007040000\n", &arena);
	round_trip(e, true, "event 7 at=1532 answer ticket=3 result=ok packet=02070007046162\n", &arena);
	e.answer.eap.packet.n = 4;
	round_trip(e, false, "event 7 at=1532 answer ticket=3 result=ok packet=02070007\n", &arena);
	arena_free(&arena);
}

static void answers_about_users(void **state)
{
	static const char *const groups[] = { "sales", "it, team" };
	struct ike_event e = { .kind = EVENT_ANSWER,
		.answer = { .ticket = 3, .eap = { .over = true, .groups = { groups, 2 } } } };
	struct arena arena = { 0 };
	struct ike_answer back;

	(void)state;
	back = round_trip(e, true,
		"event 7 at=1532 answer ticket=3 result=ok over=yes groups=73616c6573,69742c207465616d\n",
		&arena)
		       .event.answer;
	assert_int_equal(back.eap.groups.n, 2);
	assert_string_equal(back.eap.groups.v[1], "it, team");
	arena_free(&arena);
}

static void reports_of_the_data_path(void **state)
{
	struct ike_event e = { .kind = EVENT_ACQUIRE,
		.acquire = { 5, 0, ts("10.1.0.1/32[tcp/80]"), ts("2001:db8::/64[ipv6-icmp/128]") } };
	struct ike_event back;
	struct arena arena = { 0 };

	(void)state;
	back = round_trip(e, true,
		"event 7 at=1532 acquire policy=5 local=10.1.0.1/32[tcp/80] "
		"remote=2001:db8::/64[ipv6-icmp/128]\n",
		&arena)
		       .event;
	assert_true(ts_eq(&back.acquire.local, &e.acquire.local) &&
		    ts_eq(&back.acquire.remote, &e.acquire.remote));
	round_trip((struct ike_event){ .kind = EVENT_EXPIRE, .expire = { 9, true } }, true,
		"event 7 at=1532 expire child=9 hard=yes\n", &arena);
	round_trip((struct ike_event){ .kind = EVENT_MAPPING, .mapping = { 9, addr("192.0.2.9", 1024) } },
		true, "event 7 at=1532 mapping child=9 remote=192.0.2.9[1024]\n", &arena);
	round_trip((struct ike_event){ .kind = EVENT_USED, .used = { 9 } }, true,
		"event 7 at=1532 used child=9\n", &arena);
	round_trip((struct ike_event){ .kind = EVENT_UNKNOWN_SPI,
			   .unknown_spi = { .path = { addr("192.0.2.1", 4500), addr("192.0.2.9", 1024), false,
						    false },
				   .encap = true,
				   .spi = 0x99999999 } },
		true,
		"event 7 at=1532 unknown-spi local=192.0.2.1[4500] remote=192.0.2.9[1024] encap=yes "
		"spi=2576980377\n",
		&arena);
	round_trip((struct ike_event){ .kind = EVENT_DATAGRAM,
			   .datagram = { .path = { addr("192.0.2.1", 0), addr("192.0.2.9", 4500),
						 .marker = true, .tcp = true },
				   .data = bytes_of("\1", 1) } },
		true,
		"event 7 at=1532 datagram local=192.0.2.1[0] remote=192.0.2.9[4500] marker=yes tcp=yes "
		"data=01\n",
		&arena);
	round_trip((struct ike_event){ .kind = EVENT_PATH_MTU, .path_mtu = { ip("2001:db8::9"), 1280 } },
		true, "event 7 at=1532 path-mtu remote=2001:db8::9 octets=1280\n", &arena);
	round_trip((struct ike_event){ .kind = EVENT_UNREACHABLE,
			   .unreachable = { bytes_of("\1\2\3\4\5\6\7\10\0\0\0\0\0\0\0\0", 16),
				   ip("192.0.2.9"), UNREACHABLE_PORT } },
		true,
		"event 7 at=1532 unreachable spis=01020304050607080000000000000000 who=192.0.2.9 what=2\n",
		&arena);
	arena_free(&arena);
}

static void virtual_addresses(void **state)
{
	const struct ip ips[] = { ip("10.3.0.1"), ip("2001:db8::1") };
	struct arena arena = { 0 };
	struct ike_event back;

	(void)state;
	back = round_trip((struct ike_event){ .kind = EVENT_ANSWER,
				  .answer = { 3, .ips = { ips, 2 }, .attributes = bytes_of("\0\3\0\0", 4) } },
		true,
		"event 7 at=1532 answer ticket=3 result=ok ips=10.3.0.1,2001:db8::1 attributes=00030000\n",
		&arena)
		       .event;
	assert_int_equal(back.answer.ips.n, 2);
	assert_int_equal(back.answer.attributes.n, 4);
	arena_free(&arena);
}

static void addresses_and_paths(void **state)
{
	const struct ip ips[] = { ip("192.0.2.1"), ip("2001:db8::1") };
	const struct hosts paths[] = { { ip("192.0.2.1"), ip("198.51.100.1") },
		{ ip("2001:db8::1"), ip("2001:db8::2") } };
	struct arena arena = { 0 };
	struct ike_event back;

	(void)state;
	back = round_trip((struct ike_event){ .kind = EVENT_ADDRESSES, .addresses = { ips, 2 } }, true,
		"event 7 at=1532 addresses ips=192.0.2.1,2001:db8::1\n", &arena)
		       .event;
	assert_int_equal(back.addresses.n, 2);
	assert_true(ip_eq(&back.addresses.v[1], &ips[1]));
	back = round_trip((struct ike_event){ .kind = EVENT_ANSWER, .answer = { 3, .paths = { paths, 2 } } },
		true,
		"event 7 at=1532 answer ticket=3 result=ok "
		"paths=192.0.2.1>198.51.100.1,2001:db8::1>2001:db8::2\n",
		&arena)
		       .event;
	assert_int_equal(back.answer.paths.n, 2);
	assert_true(ip_eq(&back.answer.paths.v[1].remote, &paths[1].remote));
	arena_free(&arena);
}

static void commands(void **state)
{
	struct arena arena = { 0 };

	(void)state;
	round_trip((struct ike_event){ .kind = EVENT_COMMAND,
			   .command = { .kind = COMMAND_REKEY,
				   .ticket = 1,
				   .ike = "a b",
				   .child = "c",
				   .ike_id = 2,
				   .child_id = 3,
				   .force = true,
				   .reauth = true } },
		true,
		"event 7 at=1532 command do=rekey ticket=1 ike=\"a b\" child=c ike-id=2 child-id=3 force=yes "
		"reauth=yes\n",
		&arena);
	round_trip((struct ike_event){ .kind = EVENT_COMMAND,
			   .command = { COMMAND_UP,
				   .hosts = { addr("192.0.2.1", 0).ip, addr("192.0.2.2", 0).ip },
				   .limits = true } },
		true, "event 7 at=1532 command do=up local=192.0.2.1 remote=192.0.2.2 limits=yes\n", &arena);
	round_trip((struct ike_event){ .kind = EVENT_COMMAND, .command.kind = COMMAND_UP }, true,
		"event 7 at=1532 command do=up\n", &arena);
	arena_free(&arena);
}

static void configurations(void **state)
{
	static const char conf[] = "connections {\n\n\ta = \"b\\\\\" # c\n}\n";
	struct tape_event e = { .number = 1, .event.kind = EVENT_CONF, .conf = conf };
	struct arena arena = { 0 };
	struct text out = text_in(&arena);
	struct tape_step s;
	struct tape t;

	(void)state;
	tape_put_head(true, &out);
	tape_put_core(&out);
	tape_put_event(&e, true, &out);
	e.conf = "";
	e.event.conf.only = "one of them";
	tape_put_done(1, 2, "00", &out);
	tape_put_event(&e, true, &out);
	t = opened(text_str(&out));
	s = next(&t, &arena);
	assert_string_equal(s.event.conf, conf);
	assert_null(s.event.event.conf.only);
	s = next(&t, &arena);
	assert_string_equal(s.event.conf, "");
	assert_string_equal(s.event.event.conf.only, "one of them");
	arena_free(&arena);
}

static void whole_steps(void **state)
{
	struct arena arena = { 0 };
	struct text out = text_in(&arena);
	struct tape_event e = { .number = 1, .event.kind = EVENT_CLOCK };
	struct tape_step s;
	struct tape t;

	(void)state;
	tape_put_head(true, &out);
	tape_put_core(&out);
	tape_put_event(&e, true, &out);
	for (unsigned i = 0; i < 5; i++) {
		tape_put_random(bytes_of("\1\2\3\4\5", i), &out);
		tape_put_action("send \"x\"", &out);
	}
	tape_put_done(1, HEAP_NEVER, "0123", &out);
	e.number = 2;
	tape_put_event(&e, true, &out);
	tape_put_done(2, 99, "4567", &out);
	t = opened(text_str(&out));
	s = next(&t, &arena);
	assert_true(s.fresh && s.done);
	assert_int_equal(s.n_random, 5);
	assert_int_equal(s.n_actions, 5);
	for (unsigned i = 0; i < 5; i++) {
		assert_true(bytes_eq(s.random[i], bytes_of("\1\2\3\4\5", i)));
		assert_string_equal(s.actions[i], "send \"x\"");
	}
	assert_true(s.wake == HEAP_NEVER);
	assert_string_equal(s.digest, "0123");
	s = next(&t, &arena);
	assert_false(s.fresh);
	assert_int_equal(s.wake, 99);
	at_end(&t);
	arena_free(&arena);
}

/* Cut anywhere it is a record still: of all steps but the last, or of all of it but its end. */
static void a_beginning_is_a_record(void **state)
{
	static const char file[] = HEAD
		"# a comment\n" CORE "event 1 at=1 clock\nrandom 00\naction x\ndone 1 wake=never digest=0\n"
		"event 2 at=1 clock\ndone 2 wake=5 digest=0\n";

	(void)state;
	for (size_t n = strlen(HEAD); n < sizeof file; n++) {
		struct arena arena = { 0 };
		struct text why = text_in(&arena);
		struct tape t = { .in = bytes_of(file, n) };
		struct tape_step s;
		enum err e = tape_begin(&t, &why);
		bool last = false; /* a step without its end came */

		while (!e) {
			e = tape_next(&t, &arena, &s, &why);
			assert_true(e || !last);
			last = !s.done;
		}
		assert_int_equal(e, ERR_MISSING);
		assert_string_equal(text_str(&why), "");
		arena_free(&arena);
	}
}

static void refused(const char *file, size_t n, const char *sentence)
{
	struct arena arena = { 0 };
	struct text why = text_in(&arena);
	struct tape t = { .in = bytes_of(file, n) };
	struct tape_step s;
	enum err e = tape_begin(&t, &why);

	while (!e)
		e = tape_next(&t, &arena, &s, &why);
	assert_string_equal(text_str(&why), sentence);
	assert_int_not_equal(e, ERR_MISSING);
	arena_free(&arena);
}

#define REFUSED(file, sentence) refused(file, sizeof(file) - 1, sentence)

static void other_files(void **state)
{
	static const char none[] = "this is not a record of ikev2d: those begin with \"ikev2d-record\"";
	struct arena arena = { 0 };

	(void)state;
	REFUSED("", arena_printf(&arena, "line 0: %s", none));
	REFUSED("\x7f"
		"ELF\0\n",
		arena_printf(&arena, "line 1: %s", none));
	REFUSED("ikev2d-record 1 secrets=yes", arena_printf(&arena, "line 0: %s", none));
	REFUSED("ikev2d-recorder 1 secrets=yes\n", arena_printf(&arena, "line 1: %s", none));
	REFUSED("ikev2d-record x secrets=yes\n", arena_printf(&arena, "line 1: %s", none));
	REFUSED("ikev2d-record 2 secrets=yes\n",
		"line 1: a record of version 2; here only version 1 is known");
	REFUSED("ikev2d-record 1\n", "line 1: it must say secrets=yes or secrets=no");
	REFUSED("ikev2d-record 1 secrets=perhaps\n", "line 1: it must say secrets=yes or secrets=no");
	arena_free(&arena);
}

static void lines_of_another_form(void **state)
{
	(void)state;
	REFUSED(HEAD "event 1 at=1 clock\n", "line 2: there is no core yet");
	REFUSED(HEAD "core spi-low=2\n", "line 2: a core is: core, and nothing behind it");
	REFUSED(HEAD "nonsense\n", "line 2: here a core, a configuration or an event should be");
	REFUSED(HEAD "a=\"b\n", "line 2: it cannot be taken apart into words and KEY=VALUE");
	REFUSED(HEAD "a=\"b\"c\n", "line 2: it cannot be taken apart into words and KEY=VALUE");
	REFUSED(HEAD "a=\"\\q\"\n", "line 2: it cannot be taken apart into words and KEY=VALUE");
	REFUSED(HEAD "a=\"\\x0\"\n", "line 2: it cannot be taken apart into words and KEY=VALUE");
	REFUSED(HEAD "a=\"\\x00\"\n", "line 2: it cannot be taken apart into words and KEY=VALUE");
	REFUSED(HEAD "1 2 3 4 5 6 7 8 9 1 2 3 4 5 6 7 8 9 1 2 3 4 5 6 7 8 9 1 2 3 4 5 6\n",
		"line 2: it cannot be taken apart into words and KEY=VALUE");
	REFUSED(HEAD CORE "conf a\nevent 1 at=1 clock\n",
		"line 4: a configuration came, but this event is another one");
	REFUSED(HEAD CORE "event 1 at=1 clock\nevent 2 at=1 clock\n",
		"line 4: here random octets, an action or the end of the step should be");
	REFUSED(HEAD CORE "event 1 at=1 clock\nrandom 0\n", "line 4: octets are pairs of hexadecimal digits");
	REFUSED(HEAD CORE "event 1 at=1 clock\nrandom 0G\n",
		"line 4: octets are pairs of hexadecimal digits");
	REFUSED(HEAD CORE "event 1 at=1 clock\nrandom\n",
		"line 4: here random octets, an action or the end of the step should be");
	REFUSED(HEAD CORE "event 1 at=1 clock\ndone 2 wake=1 digest=0\n",
		"line 4: the end of a step is: done NUMBER wake=TIME digest=TEXT, with the number of its "
		"event");
	REFUSED(HEAD CORE "event 1 at=1 clock\ndone 1 wake=x digest=0\n",
		"line 4: a time is a number, or never");
	REFUSED(HEAD CORE "event 1 at=2 clock\ndone 1 wake=3 digest=0\nevent 2 at=1 clock\n",
		"line 5: time goes back");
}

static void events_of_another_form(void **state)
{
	static const char form[] = "line 3: an event is: event NUMBER at=TIME KIND KEY=VALUE…";

	(void)state;
	REFUSED(HEAD CORE "event\n", form);
	REFUSED(HEAD CORE "event 1 clock\n", form);
	REFUSED(HEAD CORE "event 18446744073709551616 at=1 clock\n", form);
	REFUSED(HEAD CORE "event 1 at=0x clock\n", form);
	REFUSED(HEAD CORE "event 1 at=1 party\n", form);
	REFUSED(HEAD CORE "event 1 at=1 clock late\n",
		"line 3: an event of kind clock has no \"late\", or not with this value");
	REFUSED(HEAD CORE "event 1 at=1 clock ticket=1\n",
		"line 3: an event of kind clock has no \"ticket\", or not with this value");
	REFUSED(HEAD CORE "event 1 at=1 clock opened=1\n",
		"line 3: an event of kind clock has no \"opened\", or not with this value");
	REFUSED(HEAD CORE "event 1 at=1 datagram opened=256\n",
		"line 3: an event of kind datagram has no \"opened\", or not with this value");
	REFUSED(HEAD CORE "event 1 at=1 datagram local=192.0.2.1\n",
		"line 3: an event of kind datagram has no \"local\", or not with this value");
	REFUSED(HEAD CORE "event 1 at=1 datagram local=192.0.2.1[65536]\n",
		"line 3: an event of kind datagram has no \"local\", or not with this value");
	REFUSED(HEAD CORE "event 1 at=1 datagram local=]192.0.2.1[1\n",
		"line 3: an event of kind datagram has no \"local\", or not with this value");
	REFUSED(HEAD CORE "event 1 at=1 answer ticket=4294967296\n",
		"line 3: an event of kind answer has no \"ticket\", or not with this value");
	REFUSED(HEAD CORE "event 1 at=1 answer result=perhaps\n",
		"line 3: an event of kind answer has no \"result\", or not with this value");
	REFUSED(HEAD CORE "event 1 at=1 answer shared=withheld:999999999\n",
		"line 3: an event of kind answer has no \"shared\", or not with this value");
	REFUSED(HEAD CORE "event 1 at=1 acquire local=10.1.0.0/33\n",
		"line 3: an event of kind acquire has no \"local\", or not with this value");
	REFUSED(HEAD CORE "event 1 at=1 command do=dance\n",
		"line 3: an event of kind command has no \"do\", or not with this value");
	REFUSED(HEAD CORE "event 1 at=1 expire hard=maybe\n",
		"line 3: an event of kind expire has no \"hard\", or not with this value");
	REFUSED(HEAD CORE "event 1 at=1\0 clock\n", form);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(clocks),
		cmocka_unit_test(datagrams),
		cmocka_unit_test(datagrams_that_were_opened),
		cmocka_unit_test(answers_with_secrets),
		cmocka_unit_test(answers_without_secrets),
		cmocka_unit_test(answers_that_failed),
		cmocka_unit_test(packets_of_eap_without_their_content),
		cmocka_unit_test(answers_about_users),
		cmocka_unit_test(reports_of_the_data_path),
		cmocka_unit_test(addresses_and_paths),
		cmocka_unit_test(virtual_addresses),
		cmocka_unit_test(commands),
		cmocka_unit_test(configurations),
		cmocka_unit_test(whole_steps),
		cmocka_unit_test(a_beginning_is_a_record),
		cmocka_unit_test(other_files),
		cmocka_unit_test(lines_of_another_form),
		cmocka_unit_test(events_of_another_form),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
