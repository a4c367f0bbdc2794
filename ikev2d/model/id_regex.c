/* SPDX-License-Identifier: GPL-2.0-or-later */
/* By the C library; compiled when needed, for that is rare. */
#include "model/id_regex.h"

#include <regex.h>
#include <stdlib.h>

/* An expression is as large as its intervals multiply it. */
static bool repeats_little(const char *regex)
{
	unsigned long product = 1;

	for (const char *s = strchr(regex, '{'); s; s = strchr(s, '{')) {
		char *end;
		unsigned long least = strtoul(++s, &end, 10),
			      most = *end == ',' ? strtoul(end + 1, NULL, 10) : 0;

		least = least > most ? least : most;
		if (least > ID_REGEX_REPEAT_MAX)
			return false;
		product *= least ? least : 1;
		if (product > ID_REGEX_REPEAT_MAX)
			return false;
	}
	return true;
}

/* glibc knows them in extended expressions too, and takes exponential time. */
static bool refers_back(const char *regex)
{
	for (const char *s = strchr(regex, '\\'); s && s[1]; s = strchr(s + 2, '\\'))
		if (s[1] >= '1' && s[1] <= '9')
			return true;
	return false;
}

bool id_regex_valid(const char *regex)
{
	regex_t compiled;

	if (strlen(regex) > ID_REGEX_MAX || !repeats_little(regex) || refers_back(regex) ||
		regcomp(&compiled, regex, REG_EXTENDED | REG_ICASE))
		return false;
	regfree(&compiled);
	return true;
}

bool id_regex_matches(const char *regex, struct bytes text)
{
	char subject[ID_REGEX_TEXT_MAX + 1];
	regmatch_t whole;
	regex_t compiled;
	bool found;

	if (text.n > ID_REGEX_TEXT_MAX || (text.n && memchr(text.p, 0, text.n)) ||
		regcomp(&compiled, regex, REG_EXTENDED | REG_ICASE))
		return false;
	if (text.n)
		memcpy(subject, text.p, text.n);
	subject[text.n] = 0;
	found = !regexec(&compiled, subject, 1, &whole, 0) && !whole.rm_so && (size_t)whole.rm_eo == text.n;
	regfree(&compiled);
	return found;
}
