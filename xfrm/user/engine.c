/* SPDX-License-Identifier: GPL-2.0-or-later */
/* THE table of engines, and OpenSSL's row, which has everything and is always there. */
#include "xfrm/user/engine.h"

static const struct engine *const engines[] = { &engine_ipsec_mb, &engine_openssl };

enum { ENGINES = sizeof engines / sizeof *engines };

const struct engine *engine_next(const struct engine *e)
{
	unsigned i = 0;

	while (e && engines[i++] != e)
		;
	while (i < ENGINES && !engines[i]->here())
		i++;
	return i < ENGINES ? engines[i] : NULL;
}

enum err engine_make(const struct transform *encr, const struct transform *integ, bool sealing,
	struct bytes encr_key, struct bytes integ_key, const struct engine **engine, void **context)
{
	enum err err = ERR_UNSUPPORTED;

	for (const struct engine *e = engine_next(NULL); e && err == ERR_UNSUPPORTED; e = engine_next(e)) {
		err = e->make(encr, integ, sealing, encr_key, integ_key, context);
		*engine = e;
	}
	return err;
}

static void warm(const struct engine *e, const struct transform *encr, const struct transform *integ)
{
	static const uint8_t zeros[UINT8_MAX];
	void *context;

	if (!e->make(encr, integ, true, bytes_of(zeros, (size_t)encr->key + encr->salt),
		    bytes_of(zeros, integ ? integ->key : 0), &context))
		e->free(context);
}

void engine_warm(void)
{
	const struct transform *t, *i;

	for (const struct engine *e = engine_next(NULL); e; e = engine_next(e))
		for (t = transform_next(NULL); t; t = transform_next(t)) {
			if (t->type != TRANSFORM_ENCR)
				continue;
			warm(e, t, NULL);
			for (i = transform_next(NULL); i; i = transform_next(i))
				if (i->type == TRANSFORM_INTEG)
					warm(e, t, i);
		}
}

static bool openssl_here(void)
{
	return true;
}

static enum err openssl_make(const struct transform *encr, const struct transform *integ, bool sealing,
	struct bytes encr_key, struct bytes integ_key, void **out)
{
	struct aead *a = aead_new(encr, integ);
	enum err err = a ? aead_key(a, sealing, encr_key, integ_key) : ERR_UNSUPPORTED;

	if (err)
		aead_free(a);
	else
		*out = a;
	return err;
}

static enum err openssl_seal(void *context, const struct aead_job *job)
{
	return aead_seal(context, job);
}

static enum err openssl_open(void *context, const struct aead_job *job)
{
	return aead_open(context, job);
}

static void openssl_free(void *context)
{
	aead_free(context);
}

const struct engine engine_openssl = {
	.name = "OpenSSL",
	.here = openssl_here,
	.make = openssl_make,
	.seal = openssl_seal,
	.open = openssl_open,
	.free = openssl_free,
};
