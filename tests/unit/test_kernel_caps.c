/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a kernel can, as the back end finds out when it is opened. */
#include "tests/unit/fake_kernel.h"

#include "base/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct fake fake;
static struct xfrm *x;
static struct arena arena;
static struct text why;
static struct settings settings;
static char dir[64];

/* Sockets of this family let no ESP in UDP in. */
static int refuses_encap;

bool __wrap_xfrm_encap(int fd);
bool __wrap_xfrm_encap(int fd)
{
	int family = 0;
	socklen_t n = sizeof family;

	assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &n), 0);
	return family != refuses_encap;
}

static enum err start(void)
{
	struct xfrm_setup setup = { .settings = &settings, .run_dir = dir };

	why = text_in(&arena);
	return kernel_start(&setup, &fake.ends, &x, &why);
}

static void started(void)
{
	assert_int_equal(start(), ERR_OK);
}

static void stopped(void)
{
	if (x)
		xfrm_kernel.close(x);
	x = NULL;
	fake_stop(&fake);
}

static void fresh_kernel(void)
{
	stopped();
	fake_start(&fake);
}

static int set_up(void **state)
{
	(void)state;
	refuses_encap = AF_UNSPEC;
	settings = settings_default();
	snprintf(dir, sizeof dir, "/tmp/test_kernel_caps.XXXXXX");
	assert_non_null(mkdtemp(dir));
	fake_start(&fake);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	stopped();
	assert_int_equal(rmdir(dir), 0);
	arena_free(&arena);
	return 0;
}

static void a_kernel_without_esp(void **state)
{
	(void)state;
	fake_treat(&fake, XFRM_MSG_NEWSA, 0, 1000, FAKE_REFUSE, EPROTONOSUPPORT);
	assert_int_equal(start(), ERR_UNSUPPORTED);
	assert_non_null(strstr(text_str(&why), "no ESP (Protocol not supported"));
	/* It need not look for ciphers, nor load modules for them. */
	assert_string_equal(fake_asked(&fake), "newsa");
}

static void nobody_may(void **state)
{
	(void)state;
	fake_treat(&fake, XFRM_MSG_NEWSA, 0, 1000, FAKE_REFUSE, EPERM);
	assert_int_equal(start(), ERR_DENIED);
	assert_non_null(strstr(text_str(&why), "CAP_NET_ADMIN"));
}

static void a_kernel_that_lacks_a_cipher(void **state)
{
	const struct xfrm_caps *caps;

	(void)state;
	/* The fourth: AES-GCM with 128 bits. */
	fake_treat(&fake, XFRM_MSG_NEWSA, 3, 1, FAKE_REFUSE, ENOSYS);
	started();
	caps = xfrm_kernel.caps(x);
	assert_int_equal(caps->n_lacks, 1);
	assert_string_equal(caps->lacks[0]->word, "aes128gcm16");
	assert_true(caps->esn && caps->encap4 && caps->encap6 && caps->ipv6);
	assert_int_equal(caps->window, 4096);
}

static bool cap_esn(const struct xfrm_caps *c)
{
	return c->esn;
}

static bool cap_encap4(const struct xfrm_caps *c)
{
	return c->encap4;
}

static bool cap_ipv6(const struct xfrm_caps *c)
{
	return c->ipv6;
}

static bool cap_encap6(const struct xfrm_caps *c)
{
	return c->encap6;
}

static bool cap_ah(const struct xfrm_caps *c)
{
	return c->ah;
}

/* What is probed after the algorithms, in this order. */
static bool (*const probed[])(const struct xfrm_caps *c) = { cap_esn, cap_encap4, cap_ipv6, cap_encap6, cap_ah };

enum { PROBED = sizeof probed / sizeof *probed };

/* SAs that a kernel is asked for that has everything; the last two are for IP-TFS and for CPUs. */
static unsigned n_asked(void)
{
	unsigned n = 0;

	assert_int_equal(start(), ERR_OK);
	for (const char *s = fake_asked(&fake); (s = strstr(s, "newsa")); s++)
		n++;
	return n;
}

static void what_is_refused_when_it_is_probed_is_not_there(void **state)
{
	unsigned first = n_asked() - 2 - PROBED;

	(void)state;
	for (unsigned i = 0; i < PROBED; i++) {
		fresh_kernel();
		fake_treat(&fake, XFRM_MSG_NEWSA, first + i, 1, FAKE_REFUSE, EOPNOTSUPP);
		started();
		for (unsigned k = 0; k < PROBED; k++)
			assert_int_equal(probed[k](xfrm_kernel.caps(x)), k != i);
		assert_int_equal(xfrm_kernel.caps(x)->n_lacks, 0);
	}
}

/* The SAs it has, but not the option of the socket that is to receive for them. */
static void a_kernel_whose_sockets_take_no_esp(void **state)
{
	(void)state;
	refuses_encap = AF_INET;
	started();
	assert_false(xfrm_kernel.caps(x)->encap4);
	assert_true(xfrm_kernel.caps(x)->encap6);
	fresh_kernel();
	refuses_encap = AF_INET6;
	started();
	assert_true(xfrm_kernel.caps(x)->encap4);
	assert_false(xfrm_kernel.caps(x)->encap6);
}

static void a_kernel_with_iptfs(void **state)
{
	(void)state;
	started();
	assert_true(xfrm_kernel.caps(x)->iptfs);
}

/* Linux built without CONFIG_XFRM_IPTFS. */
static void a_kernel_that_knows_iptfs_by_its_number_only(void **state)
{
	(void)state;
	fake.forgets_iptfs = true;
	started();
	assert_false(xfrm_kernel.caps(x)->iptfs);
	assert_true(xfrm_kernel.caps(x)->esn);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_kernel_without_esp),
		CASE(nobody_may),
		CASE(a_kernel_that_lacks_a_cipher),
		CASE(what_is_refused_when_it_is_probed_is_not_there),
		CASE(a_kernel_whose_sockets_take_no_esp),
		CASE(a_kernel_with_iptfs),
		CASE(a_kernel_that_knows_iptfs_by_its_number_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
