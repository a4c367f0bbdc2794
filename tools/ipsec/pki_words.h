/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Groups of verbs that have options: "ipsec pki VERB", "ipsec user VERB", "ipsec setup VERB". Each group has
 * a table; help, completion and the manual page come of it. */
#pragma once

#include "pki.h"

/* The bit of an option in a verb's. */
#define PKI_O(name) (1ull << OPT_##name)

struct pki_verb {
	const char *name, *args, *help;
	int min, max;     /* words that are no options */
	uint64_t options; /* bits */
	int (*run)(struct pki *p);
	bool known; /* its NAME is one for which a certificate was issued */
};

struct pki_group {
	const char *word;  /* "pki" */
	const char *title; /* in the manual page */
	const char *about; /* lines below the list of verbs */
	const struct pki_verb *verbs;
	int n;
	bool users; /* names are those of users alone */
};

extern const struct pki_group pki_group, user_group, setup_group;

/* Does what the words behind that of G say. */
int pki_group_run(struct ipsec *x, const struct pki_group *g, int argc, char **argv);

/* What the last of the words behind that of the verb WORD may become; false where WORD is no group. */
bool pki_groups_offer(struct ipsec *x, const char *word, int argc, char **argv);

/* All groups for the manual page. */
void pki_groups_man(struct text *out);
