/* SPDX-License-Identifier: GPL-2.0-or-later */
/* OpenSSL's configuration in processes that have to do with no token: each tries one of its own, since what
 * was read once stays. */
#include "tests/unit/unit.h"

#include "pki/providers.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/provider.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* A provider that every machine has, by a name that OpenSSL does not know; and what else may stand there. */
static const char with_token[] = "openssl_conf = all\n"
				 "place = x\n"
				 "[all]\n"
				 "providers = list\n"
				 "alg_section = algorithms\n"
				 "[list]\n"
				 "default = ours\n"
				 "token = theirs\n"
				 "[ours]\n"
				 "activate = 1\n"
				 "[theirs]\n"
				 "identity = legacy\n"
				 "activate = 1\n"
				 "[algorithms]\n"
				 "default_properties = fips=yes\n"
				 "[more]\n"
				 "a = \"quoted # 'and' \\$more\"\n",
		  without_any[] = "openssl_conf = all\n"
				  "[all]\n"
				  "alg_section = algorithms\n"
				  "[algorithms]\n"
				  "default_properties = fips=yes\n",
		  of_openssl[] = "openssl_conf = all\n"
				 "[all]\n"
				 "providers = list\n"
				 "[list]\n"
				 "default = ours\n"
				 "legacy = ours\n"
				 "[ours]\n"
				 "activate = 1\n";

enum { LEGACY = 1, FIPS = 2, HASHES = 4 };

static int found(void)
{
	EVP_MD *md = EVP_MD_fetch(NULL, "SHA256", "fips=no");
	int has = (OSSL_PROVIDER_available(NULL, "legacy") ? LEGACY : 0) |
		  (EVP_default_properties_is_fips_enabled(NULL) ? FIPS : 0) | (md ? HASHES : 0);

	EVP_MD_free(md);
	return has;
}

/* What there is in a process that reads CONF. */
static int with(const char *conf, bool no_tokens)
{
	char path[] = "/tmp/test_providers.XXXXXX";
	int fd = mkstemp(path), status;
	pid_t pid;

	assert_int_equal(write(fd, conf, strlen(conf)), strlen(conf));
	close(fd);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		setenv("OPENSSL_CONF", path, 1);
		if (no_tokens)
			providers_no_tokens();
		_exit(found());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	unlink(path);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void providers_of_others_are_not_loaded(void **state)
{
	(void)state;
	assert_int_equal(with(with_token, false), LEGACY | FIPS | HASHES);
	assert_int_equal(with(with_token, true), FIPS | HASHES);
}

static void what_is_openssls_own_is_loaded(void **state)
{
	(void)state;
	assert_int_equal(with(of_openssl, true), LEGACY | HASHES);
	assert_int_equal(with(without_any, true), FIPS | HASHES);
}

static void a_configuration_that_is_not_right_changes_nothing(void **state)
{
	(void)state;
	assert_int_equal(with("[what\n", true), HASHES);
	assert_int_equal(with("", true), HASHES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(providers_of_others_are_not_loaded),
		cmocka_unit_test(what_is_openssls_own_is_loaded),
		cmocka_unit_test(a_configuration_that_is_not_right_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
