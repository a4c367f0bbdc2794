/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a process gives back of its memory. */
#include "daemon/process.h"

#include <openssl/crypto.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/unit.h"

/* A mapping of this process: where it is, and KiB of it that are there. */
struct mapping {
	uintptr_t from, to;
	unsigned resident;
};

static struct mapping mapping_at(uintptr_t address)
{
	struct mapping m = { 0 };
	bool here = false;
	char line[4096];
	FILE *f = fopen("/proc/self/smaps", "r");

	assert_non_null(f);
	while (fgets(line, sizeof line, f)) {
		uintptr_t from, to;

		if (sscanf(line, "%lx-%lx ", &from, &to) == 2) {
			here = address >= from && address < to;
			if (here)
				m = (struct mapping){ .from = from, .to = to };
		} else if (here && sscanf(line, "Rss: %u", &m.resident) == 1) {
			break;
		}
	}
	assert_int_equal(fclose(f), 0);
	assert_true(m.from);
	return m;
}

/* All of M as it may be after much work. */
static void read_all(const struct mapping *m)
{
	for (uintptr_t at = m->from; at < m->to; at += 4096)
		(void)*(const volatile uint8_t *)at;
}

static void code_that_ran_only_to_begin_takes_no_memory(void **state)
{
	const uintptr_t code = (uintptr_t)OpenSSL_version;
	struct mapping m = mapping_at(code);
	const unsigned all = (unsigned)((m.to - m.from) / 1024);

	(void)state;
	read_all(&m);
	assert_int_equal(mapping_at(code).resident, all);
	process_forget_code();
	assert_in_range(mapping_at(code).resident, 0, all / 4);
}

static int written = 1;

static void what_was_written_stays(void **state)
{
	static int *volatile pointer = &written;

	(void)state;
	written = 2;
	process_forget_code();
	assert_ptr_equal(pointer, &written);
	assert_int_equal(*pointer, 2);
	assert_non_null(strstr(OpenSSL_version(OPENSSL_VERSION), "OpenSSL"));
}

static void locked_memory_is_given_back_too(void **state)
{
	(void)state;
	if (!process_lock_memory())
		skip();
	code_that_ran_only_to_begin_takes_no_memory(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(code_that_ran_only_to_begin_takes_no_memory),
		cmocka_unit_test(what_was_written_stays),
		cmocka_unit_test(locked_memory_is_given_back_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
