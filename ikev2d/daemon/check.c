/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ikev2d --check, ikev2d --options. */
#include "creds/audit.h"
#include "daemon/config.h"
#include "daemon/daemon.h"

#include "conf/manual.h"

#include <stdio.h>
#include <time.h>

static void print_lines(const struct text *lines)
{
	if (lines->n)
		fprintf(stderr, "%s\n", text_str(lines));
}

/* The file can be read: what it says of certificates, judged as at authentication. */
static int check_certs(struct config *c, struct arena *arena)
{
	struct text bad = text_in(arena), notes = text_in(arena);

	creds_audit(&c->creds, config_now(c), (int64_t)time(NULL), &bad, &notes);
	print_lines(&bad);
	print_lines(&notes);
	return bad.n ? 1 : 0;
}

int daemon_check(const char *file)
{
	struct arena arena = { 0 };
	struct text why = text_in(&arena), notes = text_in(&arena);
	const char *path = file ? file : config_usual();
	struct config config;
	int code;

	config_start(&config, NULL);
	code = config_read(&config, path, &why, &notes) ? 1 : 0;
	print_lines(&why);
	print_lines(&notes);
	if (!code)
		code = check_certs(&config, &arena);
	if (!code)
		printf("%s: ok, %u connection%s\n", path ? path : "no configuration file",
			config_now(&config)->n_peers, config_now(&config)->n_peers == 1 ? "" : "s");
	config_stop(&config);
	arena_free(&arena);
	return code;
}

static void print(void (*write)(struct text *out))
{
	struct arena arena = { 0 };
	struct text out = text_in(&arena);

	write(&out);
	printf("%s", text_str(&out));
	arena_free(&arena);
}

void daemon_options(void)
{
	print(conf_manual);
}

void daemon_conf_page(void)
{
	print(conf_page);
}
