/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of options for people is that of the schema. */
#include "conf/files.h"
#include "conf/manual.h"
#include "conf/schema.h"
#include "tests/unit/unit.h"

static void the_page_is_up_to_date(void **state)
{
	struct arena arena = { 0 };
	struct text made = text_in(&arena);
	struct bytes page;

	(void)state;
	conf_manual(&made);
	assert_int_equal(conf_files_system.read(NULL, "conf/OPTIONS.md", &arena, &page), ERR_OK);
	if (!bytes_eq(page, bytes_str(text_str(&made))))
		fail_msg("conf/OPTIONS.md is not what \"ikev2d --options\" prints: make options");
	arena_free(&arena);
}

static void every_key_has_what_the_page_needs(void **state)
{
	(void)state;
	for (int kind = 0; kind < CONF_SECTIONS_MAX; kind++)
		for (const struct conf_key *k = schema_section((enum conf_section_kind)kind)->keys;
			k && k->name; k++) {
			if (!k->doc || !*k->doc)
				fail_msg("%s says nothing", k->name);
			if (k->status != STATUS_READ && !k->note)
				fail_msg("%s does not say why it does not work", k->name);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_page_is_up_to_date),
		cmocka_unit_test(every_key_has_what_the_page_needs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
