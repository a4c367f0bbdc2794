/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ikev2d --check, ikev2d --options. */
#include "daemon/config.h"
#include "daemon/daemon.h"

#include "conf/manual.h"

#include <stdio.h>

int daemon_check(const char *file)
{
	struct arena arena = { 0 };
	struct text why = text_in(&arena), notes = text_in(&arena);
	const char *path = file ? file : config_usual();
	struct config config;
	int code = 0;

	config_start(&config);
	if (config_read(&config, path, &why, &notes)) {
		fprintf(stderr, "%s\n", text_str(&why));
		code = 1;
	}
	if (notes.n)
		fprintf(stderr, "%s\n", text_str(&notes));
	if (!code)
		printf("%s: ok, %u connection%s\n", path ? path : "no configuration file",
			config_now(&config)->n_peers, config_now(&config)->n_peers == 1 ? "" : "s");
	config_stop(&config);
	arena_free(&arena);
	return code;
}

void daemon_options(void)
{
	struct arena arena = { 0 };
	struct text out = text_in(&arena);

	conf_manual(&out);
	printf("%s", text_str(&out));
	arena_free(&arena);
}
