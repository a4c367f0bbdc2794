/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Intel's multi-buffer library: AES-GCM on x86-64, several times as fast as OpenSSL 3.0 at the size of
 * packets. Its header is wanted when this is built; the library itself is taken where it is installed when
 * the daemon starts, so that one package serves machines with it and without. */
#include "xfrm/user/engine.h"

#if defined __x86_64__ && __has_include(<intel-ipsec-mb.h>)

#include <dlfcn.h>
#include <intel-ipsec-mb.h>
#include <stdlib.h>

enum { NONCE = 12, TAG = 16 };

/* The lengths of AES keys. */
static struct variant {
	uint16_t key;
	size_t pre_at, seal_at, open_at; /* where a manager has its functions */
	aes_gcm_pre_t pre;               /* they are, once there was one */
	aes_gcm_enc_dec_t seal, open;
} variants[] = {
	{ 16, offsetof(IMB_MGR, gcm128_pre), offsetof(IMB_MGR, gcm128_enc), offsetof(IMB_MGR, gcm128_dec),
		NULL, NULL, NULL },
	{ 24, offsetof(IMB_MGR, gcm192_pre), offsetof(IMB_MGR, gcm192_enc), offsetof(IMB_MGR, gcm192_dec),
		NULL, NULL, NULL },
	{ 32, offsetof(IMB_MGR, gcm256_pre), offsetof(IMB_MGR, gcm256_enc), offsetof(IMB_MGR, gcm256_dec),
		NULL, NULL, NULL },
};

/* Processes that only say what there is have the library as it lies in the file; who is to use it has it
 * begin, which takes memory. */
static enum { MB_UNKNOWN, MB_ABSENT, MB_THERE, MB_READY } state;
static void *library;

struct context {
	struct gcm_key_data key;
	aes_gcm_enc_dec_t seal, open;
	uint8_t salt[NONCE]; /* the nonce is this and the IV of the packet */
	uint8_t salted;      /* octets */
};

static bool mb_here(void)
{
	if (state != MB_UNKNOWN)
		return state != MB_ABSENT;
	library = __builtin_cpu_supports("aes") && __builtin_cpu_supports("pclmul")
			  ? dlopen("libIPSec_MB.so.1", RTLD_NOW | RTLD_LOCAL)
			  : NULL;
	state = library ? MB_THERE : MB_ABSENT;
	return library;
}

/* A manager with the functions that are best on this machine, or NULL. */
static IMB_MGR *manager_new(void)
{
	IMB_MGR *(*alloc)(uint64_t) = (IMB_MGR * (*)(uint64_t)) dlsym(library, "alloc_mb_mgr");
	void (*init)(IMB_MGR *, IMB_ARCH *) =
		(void (*)(IMB_MGR *, IMB_ARCH *))dlsym(library, "init_mb_mgr_auto");
	IMB_MGR *m = alloc && init ? alloc(0) : NULL;

	if (m)
		init(m, NULL);
	return m;
}

static void take_functions(const IMB_MGR *m)
{
	for (size_t i = 0; i < sizeof variants / sizeof *variants; i++) {
		struct variant *v = &variants[i];

		memcpy(&v->pre, (const uint8_t *)m + v->pre_at, sizeof v->pre);
		memcpy(&v->seal, (const uint8_t *)m + v->seal_at, sizeof v->seal);
		memcpy(&v->open, (const uint8_t *)m + v->open_at, sizeof v->open);
	}
}

static bool begin(void)
{
	const uint64_t wanted = IMB_FEATURE_AESNI | IMB_FEATURE_PCLMULQDQ;
	void (*end)(IMB_MGR *) = (void (*)(IMB_MGR *))dlsym(library, "free_mb_mgr");
	IMB_MGR *m = manager_new();
	bool ok = m && !m->imb_errno && (m->features & wanted) == wanted;

	if (ok)
		take_functions(m);
	if (m && end)
		end(m);
	return ok;
}

static bool is_ready(void)
{
	if (state == MB_THERE)
		state = begin() ? MB_READY : MB_ABSENT;
	return state == MB_READY;
}

static const struct variant *variant_of(const struct transform *encr)
{
	for (size_t i = 0; i < sizeof variants / sizeof *variants; i++)
		if (encr->id == ENCR_AES_GCM_16 && encr->key == variants[i].key)
			return &variants[i];
	return NULL;
}

static enum err mb_make(const struct transform *encr, const struct transform *integ, bool sealing,
	struct bytes encr_key, struct bytes integ_key, void **out)
{
	const struct variant *v = variant_of(encr);
	struct context *c;

	(void)sealing;
	if (!v || integ || !is_ready())
		return ERR_UNSUPPORTED;
	if (encr_key.n != (size_t)encr->key + encr->salt || integ_key.n)
		return ERR_RANGE;
	c = aligned_alloc(_Alignof(struct context), sizeof *c);
	if (!c)
		abort();
	c->seal = v->seal;
	c->open = v->open;
	c->salted = encr->salt;
	memcpy(c->salt, encr_key.p + encr->key, encr->salt);
	v->pre(encr_key.p, &c->key);
	*out = c;
	return ERR_OK;
}

/* Runs the cipher in place; TAG gets the tag. */
static void run(const struct context *c, aes_gcm_enc_dec_t way, const struct aead_job *job, uint8_t tag[TAG])
{
	struct gcm_context_data scratch;
	uint8_t nonce[NONCE];

	memcpy(nonce, c->salt, c->salted);
	memcpy(nonce + c->salted, job->iv, NONCE - c->salted);
	way(&c->key, &scratch, job->data, job->data, job->n, nonce, job->aad.p, job->aad.n, tag, TAG);
}

static enum err mb_seal(void *context, const struct aead_job *job)
{
	const struct context *c = context;

	run(c, c->seal, job, job->icv);
	return ERR_OK;
}

static enum err mb_open(void *context, const struct aead_job *job)
{
	const struct context *c = context;
	uint8_t tag[TAG];

	run(c, c->open, job, tag);
	return bytes_eq_secret(bytes_of(tag, TAG), bytes_of(job->icv, TAG)) ? ERR_OK : ERR_AUTH;
}

static void mb_free(void *context)
{
	if (context)
		wipe(context, sizeof(struct context));
	free(context);
}

const struct engine engine_ipsec_mb = {
	.name = "ipsec-mb",
	.shared = true,
	.here = mb_here,
	.make = mb_make,
	.seal = mb_seal,
	.open = mb_open,
	.free = mb_free,
};

#else

static bool nowhere(void)
{
	return false;
}

const struct engine engine_ipsec_mb = { .name = "ipsec-mb", .here = nowhere };

#endif
