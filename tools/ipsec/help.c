/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ipsec help, and the manual page. */
#include "verbs.h"

#include "base/roff.h"
#include "pki_words.h"

static const char names[] = "NAME is a connection, one of its children, or CONNECTION/CHILD.";
static const char codes[] = "Exit code: 0 done, 1 failed or refused, 2 wrong use (check: the configuration "
			    "cannot be read), 3 ikev2d is not running.";
static const char others[] =
	"Words of strongSwan's and libreswan's ipsec do what is meant: listcerts, rereadsecrets, "
	"auto --up NAME, …";

static void man_verbs(struct text *out)
{
	roff_section(out, "VERBS");
	for (const struct verb *v = verb_next(NULL); v; v = verb_next(v))
		roff_entry(out, v->name, v->args, v->help);
	roff_paragraph(out, names);
	roff_section(out, "OTHER NAMES");
	roff_paragraph(out,
		"auto --VERB NAME, whack --VERB --name NAME and setup VERB are the verb. These are those of "
		"strongSwan's and libreswan's commands:");
	for (const struct alias *a = alias_next(NULL); a; a = alias_next(a))
		roff_entry(out, a->word, NULL, a->means);
}

void verbs_man(struct text *out)
{
	roff_head(out, "ipsec", 8, "control the IKEv2 daemon ikev2d");
	roff_section(out, "SYNOPSIS");
	roff_line(out, "ipsec [--run-dir DIR] [--json] VERB ...");
	roff_section(out, "OPTIONS");
	roff_entry(out, "--run-dir", "DIR", "where the daemon's socket is (/run/ikev2d)");
	roff_entry(out, "--json", NULL,
		"print JSON, as schema.json beside the documentation describes it; its version is in each "
		"answer");
	man_verbs(out);
	pki_groups_man(out);
	roff_section(out, "EXIT STATUS");
	roff_line(out, codes);
	roff_section(out, "SEE ALSO");
	roff_line(out, "ikev2d(8), ikev2d.conf(5)");
}

/* ARGC -1: nobody asked for it, but there is no verb. */
int verb_help(struct ipsec *x, int argc, char **argv)
{
	FILE *out = argc < 0 ? x->err : x->out;

	if (argc > 0 && !strcmp(argv[0], "--man")) {
		struct text page = text_in(&x->arena);

		verbs_man(&page);
		fputs(text_str(&page), out);
		return DONE;
	}
	if (argc > 0)
		return ipsec_fail(x, USAGE, "usage: ipsec help [--man]");
	fprintf(out, "usage: ipsec [--run-dir DIR] [--json] VERB ...\n\n");
	for (const struct verb *v = verb_next(NULL); v; v = verb_next(v)) {
		bool wide = strlen(v->args) > 22;

		fprintf(out, "  %-9s %-22s%s%*s  %s\n", v->name, v->args, wide ? "\n" : "", wide ? 34 : 0, "",
			v->help);
	}
	fprintf(out, "\n%s\n%s\n%s\n", names, others, codes);
	return DONE;
}
