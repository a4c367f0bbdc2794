/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Passphrases: from a file or a terminal, never from the command line, which everybody can read. */
#include "pki.h"
#include "secret.h"

int pki_secret(
	struct pki *p, enum pki_option option, const char *of_what, enum pki_prompt prompt, struct bytes *out)
{
	*out = (struct bytes){ 0 };
	if (pki_has(p, option))
		return secret_read(p->x, pki_option(p, option, NULL), of_what, p->arena, out);
	if (prompt == PROMPT_NEVER)
		return DONE;
	return secret_ask(p->x, of_what, prompt == PROMPT_NEW,
		arena_printf(p->arena, "%s FILE reads it", pki_option_word(option)), p->arena, out);
}
