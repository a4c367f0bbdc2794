/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The functions of the library that are used, and their calls. */
#include "xfrm/nft.h"

#include "xfrm/library.h"

#include <nftables/libnftables.h>
#include <string.h>

static const char name[] = "libnftables.so.1";

static struct {
	struct nft_ctx *(*new)(uint32_t flags);
	void (*free)(struct nft_ctx *);
	int (*buffer_output)(struct nft_ctx *), (*buffer_error)(struct nft_ctx *);
	const char *(*error)(struct nft_ctx *);
	int (*run)(struct nft_ctx *, const char *commands);
} library;

static const struct library_function functions[] = {
	{ "nft_ctx_new", &library.new },
	{ "nft_ctx_free", &library.free },
	{ "nft_ctx_buffer_output", &library.buffer_output },
	{ "nft_ctx_buffer_error", &library.buffer_error },
	{ "nft_ctx_get_error_buffer", &library.error },
	{ "nft_run_cmd_from_buffer", &library.run },
};

enum { FUNCTIONS = sizeof functions / sizeof *functions };

static bool load(void)
{
	static bool loaded;

	if (!loaded)
		loaded = library_load(name, functions, FUNCTIONS);
	return loaded;
}

/* It is struct nft_ctx, by a name of ours. */
static struct nft_ctx *of(struct nft *nft)
{
	return (struct nft_ctx *)nft;
}

struct nft *nft_open(struct text *why)
{
	struct nft_ctx *c;

	if (!load()) {
		text_add(why, "nftables cannot be used: there is no %s: install libnftables1", name);
		return NULL;
	}
	c = library.new(NFT_CTX_DEFAULT);
	if (c && !library.buffer_output(c) && !library.buffer_error(c))
		return (struct nft *)c;
	if (c)
		library.free(c);
	text_add(why, "nftables cannot be used: their library does not begin");
	return NULL;
}

void nft_close(struct nft *nft)
{
	if (nft)
		library.free(of(nft));
}

bool nft_run(struct nft *nft, const char *commands, struct text *why)
{
	static const char prefix[] = "Error: ";
	const char *error;

	if (!library.run(of(nft), commands))
		return true;
	error = library.error(of(nft));
	if (strstr(error, prefix))
		error = strstr(error, prefix) + strlen(prefix);
	text_put(why, error, strcspn(error, "\n"));
	return false;
}
