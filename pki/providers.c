/* SPDX-License-Identifier: GPL-2.0-or-later */
/* OpenSSL's configuration, without some lines. */
#include "pki/providers.h"

#include "base/text.h"

#include <ctype.h>
#include <openssl/bio.h>
#include <openssl/conf.h>
#include <openssl/crypto.h>
#include <openssl/err.h>

static bool is_foreign(const char *name)
{
	static const char *const known[] = { "default", "base", "fips", "legacy", "null", "oqsprovider" };

	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (!strcmp(name, known[i]))
			return false;
	return true;
}

/* The section that lists them; NULL: there is none. */
static const char *listing(const CONF *c)
{
	const char *all = NCONF_get_string(c, NULL, "openssl_conf");

	return all ? NCONF_get_string(c, all, "providers") : NULL;
}

/* What would mean something else is escaped; what is written in a value stands there when it was read. */
static void put_value(struct text *t, const char *value)
{
	for (; *value; value++)
		text_add(t, isalnum((unsigned char)*value) ? "%c" : "\\%c", *value);
}

static void put_section(struct text *t, const CONF *c, const char *name, bool lists)
{
	STACK_OF(CONF_VALUE) *values = NCONF_get_section(c, name);

	text_add(t, "[%s]\n", name);
	for (int i = 0; i < sk_CONF_VALUE_num(values); i++) {
		const CONF_VALUE *v = sk_CONF_VALUE_value(values, i);

		if ((lists && is_foreign(v->name)) || strchr(v->value, '\n'))
			continue;
		text_add(t, "%s=", v->name);
		put_value(t, v->value);
		text_add(t, "\n");
	}
}

static CONF *read_text(struct bytes text)
{
	CONF *c = NCONF_new_ex(NULL, NULL);
	BIO *bio = BIO_new_mem_buf(text.p, (int)text.n);
	long line;

	if (c && NCONF_load_bio(c, bio, &line) != 1) {
		NCONF_free(c);
		c = NULL;
	}
	BIO_free(bio);
	return c;
}

/* A copy without them. */
static CONF *without_foreign(const CONF *c, const char *list)
{
	STACK_OF(OPENSSL_CSTRING) *names = NCONF_get_section_names(c);
	struct arena arena = { 0 };
	struct text t = text_in(&arena);
	CONF *copy;

	for (int i = 0; i < sk_OPENSSL_CSTRING_num(names); i++) {
		const char *name = sk_OPENSSL_CSTRING_value(names, i);

		put_section(&t, c, name, !strcmp(name, list));
	}
	sk_OPENSSL_CSTRING_free(names);
	copy = read_text(bytes_str(text_str(&t)));
	arena_free(&arena);
	return copy;
}

static CONF *read_file(void)
{
	char *path = CONF_get1_default_config_file();
	CONF *c = NCONF_new_ex(NULL, NULL);
	long line;

	if (c && (!path || NCONF_load(c, path, &line) != 1)) {
		NCONF_free(c);
		c = NULL;
	}
	OPENSSL_free(path);
	return c;
}

/* Errors in it count as little as where OpenSSL reads it itself. */
void providers_no_tokens(void)
{
	const unsigned long flags = CONF_MFLAGS_DEFAULT_SECTION | CONF_MFLAGS_IGNORE_RETURN_CODES;
	const char *list;
	CONF *all, *taken;

	(void)OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
	OPENSSL_load_builtin_modules();
	all = read_file();
	list = all ? listing(all) : NULL;
	taken = list ? without_foreign(all, list) : all;
	if (taken)
		(void)CONF_modules_load(taken, NULL, flags);
	if (taken != all)
		NCONF_free(taken);
	NCONF_free(all);
	ERR_clear_error();
}
