/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The two tables. */
#include "verbs.h"

enum { PKI_WORDS = 1000, IMPORT_WORDS = 100 };

static const struct verb verbs[] = {
	{ "up", "NAME [--timeout S] [--password-file FILE]",
		"bring a connection or child up; ends after S seconds (30); asks for a password that is "
		"missing",
		1, 5, verb_up, NULL },
	{ "down", "NAME", "take it down", 1, 1, verb_down, NULL },
	{ "rekey", "NAME [--reauth]", "new keys for a connection or a child; or authenticate anew", 1, 2,
		verb_rekey, NULL },
	{ "route", "NAME", "let its packets bring it up", 1, 1, verb_route, NULL },
	{ "unroute", "NAME", "do so no more", 1, 1, verb_unroute, NULL },
	{ "redirect", "NAME GATEWAY", "send the peers of a connection to another gateway", 2, 2,
		verb_redirect, NULL },
	{ "status", "[NAME] [--watch]",
		"connections, up or down, and why they failed; --watch: as they change, until q", 0, 2,
		verb_status, NULL },
	{ "statusall", "[NAME] [--watch]", "the same with keys, algorithms, times and the daemon", 0, 2,
		verb_statusall, NULL },
	{ "failures", "[NAME]", "what failed lately: the last of each connection, or all of one", 0, 1,
		verb_failures, NULL },
	{ "list", "WHAT [--leases]",
		"conns, sas, policies, pools (and who has their addresses), certs, authorities, algs", 1, 2,
		verb_list, list_word },
	{ "counters", "[NAME|--all] [--reset]", "messages of IKE: of all together, one connection, or each",
		0, 2, verb_counters, NULL },
	{ "purge", "WHAT", "forget certs, crls, ocsp or all that was fetched", 1, 1, verb_purge, purge_word },
	{ "log", "", "follow what happens, until interrupted", 0, 0, verb_log, NULL },
	{ "monitor", "[--log]", "follow SAs that come, go and get new keys; --log: and the log", 0, 1,
		verb_monitor, NULL },
	{ "capture", "NAME [--time S] [-o FILE]",
		"its packets, inside and outside, for S seconds (60), and keys for Wireshark; for root", 1, 5,
		verb_capture, NULL },
	{ "check", "[FILE] [--fix|--config|--peer NAME] [--profile bsi|cnsa] [--strict]",
		"look for what is wrong with a configuration, and with this machine unless --config; mend "
		"what can be "
		"taken back; or with the path to a peer; --strict: notes count too",
		0, 6, verb_check, NULL },
	{ "import", "FILE... [-o FILE] [--from strongswan|libreswan]",
		"a configuration, of ipsec.conf and ipsec.secrets", 1, IMPORT_WORDS, verb_import, NULL },
	{ "pki", "VERB ...", "keys and certificates: ipsec pki help", 0, PKI_WORDS, verb_pki, NULL },
	{ "setup", "gateway --name NAME --pool NETWORK ...", "a gateway for road warriors: ipsec setup help",
		1, PKI_WORDS, verb_setup, NULL },
	{ "user", "VERB ...", "road warriors and profiles for their devices: ipsec user help", 0, PKI_WORDS,
		verb_user, NULL },
	{ "listen", "[--peer-key KEY [--dir DIR]]",
		"show a code, and wait until another machine has a link to this one by it; or by its key", 0,
		4, verb_listen, NULL },
	{ "connect", "HOST [CODE|--peer-key KEY [--dir DIR]] | --key",
		"that link; without CODE it is asked for; --key: show this machine's, in DIR/link.key", 1, 5,
		verb_connect, NULL },
	{ "disconnect", "NAME", "end it", 1, 1, verb_disconnect, NULL },
	{ "reload", "", "read the configuration again", 0, 0, verb_reload, NULL },
	{ "start", "", "start ikev2d in the background", 0, 0, verb_start, NULL },
	{ "stop", "", "stop it", 0, 0, verb_stop, NULL },
	{ "cleanup", "", "take away what an ikev2d that was killed has left", 0, 0, verb_cleanup, NULL },
	{ "version", "", "of this command, and of ikev2d where it runs", 0, 0, verb_version, NULL },
	{ "help", "[--man]", "this; or the manual page, as roff", 0, 1, verb_help, NULL },
};

enum { VERBS = sizeof verbs / sizeof *verbs };

static const struct alias aliases[] = {
	{ "add", "reload", true },
	{ "briefstatus", "list sas", false },
	{ "checkconfig", "check", false },
	{ "connectionstatus", "status", false },
	{ "fetchcrls", "purge crls", false },
	{ "globalstatus", "statusall", false },
	{ "initiate", "up", false },
	{ "leases", "list pools --leases", false },
	{ "listaacerts", "list certs", false },
	{ "listacerts", "list certs", false },
	{ "listalgs", "list algs", false },
	{ "listcacerts", "list certs", false },
	{ "listcainfos", "list authorities", false },
	{ "listcerts", "list certs", false },
	{ "listcounters", "counters --all", false },
	{ "listcrls", "list certs", false },
	{ "listocsp", "list certs", false },
	{ "listocspcerts", "list certs", false },
	{ "listpubkeys", "list certs", false },
	{ "ondemand", "route", false },
	{ "purgecerts", "purge certs", false },
	{ "purgecrls", "purge crls", false },
	{ "purgeocsp", "purge ocsp", false },
	{ "replace", "reload", true },
	{ "rereadaacerts", "reload", false },
	{ "rereadacerts", "reload", false },
	{ "rereadall", "reload", false },
	{ "rereadcacerts", "reload", false },
	{ "rereadcerts", "reload", false },
	{ "rereadcrls", "reload", false },
	{ "rereadocspcerts", "reload", false },
	{ "rereadsecrets", "reload", false },
	{ "resetcounters", "counters --reset --all", false },
	{ "secrets", "reload", false },
	{ "showstates", "list sas", false },
	{ "shuntstatus", "list policies", false },
	{ "terminate", "down", false },
	{ "trafficstatus", "status", false },
	{ "update", "reload", false },
	{ "verify", "check", false },
};

enum { ALIASES = sizeof aliases / sizeof *aliases, ALIAS_WORDS = 3 };

const struct verb *verb_next(const struct verb *v)
{
	v = v ? v + 1 : verbs;
	return v < verbs + VERBS ? v : NULL;
}

const struct verb *verb_find(const char *name)
{
	for (const struct verb *v = verb_next(NULL); v; v = verb_next(v))
		if (!strcmp(v->name, name))
			return v;
	return NULL;
}

const struct alias *alias_next(const struct alias *a)
{
	a = a ? a + 1 : aliases;
	return a < aliases + ALIASES ? a : NULL;
}

static const struct alias *alias_find(const char *word)
{
	for (const struct alias *a = alias_next(NULL); a; a = alias_next(a))
		if (!strcmp(a->word, word))
			return a;
	return NULL;
}

/* Appends the words of S; how many there are then. */
static int add_words(struct ipsec *x, const char *s, char **out, int n)
{
	while (*s) {
		size_t length = strcspn(s, " ");

		out[n++] = arena_text(&x->arena, bytes_of(s, length));
		s += length + (s[length] == ' ');
	}
	return n;
}

/* "auto --up NAME" and "whack --name NAME --initiate": the word with "--" that is a verb comes first. "start"
 * is of auto, where it means a connection. */
static int reorder(struct ipsec *x, int argc, char **argv, char **out)
{
	int n = 1;

	out[0] = NULL;
	for (int i = 0; i < argc; i++) {
		const char *word = argv[i] + 2;
		bool dashed = !strncmp(argv[i], "--", 2);

		if (dashed && !out[0] && (verb_find(word) || alias_find(word)))
			out[0] = arena_str(&x->arena, !strcmp(word, "start") ? "up" : word);
		else if (!dashed || (strcmp(word, "asynchronous") && strcmp(word, "name")))
			out[n++] = argv[i];
	}
	if (!out[0] && argc)
		out[0] = argv[0] + strspn(argv[0], "-");
	return out[0] ? n : 0;
}

/* The words of a call that names its verb in another place, or those that were there. */
static int unwrap(struct ipsec *x, int argc, char **argv, char **out)
{
	bool setup = !strcmp(argv[0], "setup") && argc > 1 && (verb_find(argv[1]) || alias_find(argv[1]));
	int n = 0;

	if (!strcmp(argv[0], "auto") || !strcmp(argv[0], "whack"))
		n = reorder(x, argc - 1, argv + 1, out);
	if (n)
		return n;
	memcpy(out, argv + setup, (size_t)(argc - setup) * sizeof *argv);
	return argc - setup;
}

char **alias_expand(struct ipsec *x, int argc, char **argv, int *n)
{
	char **words = ARENA_ARRAY(&x->arena, (size_t)argc + 1, char *),
	     **out = ARENA_ARRAY(&x->arena, (size_t)argc + ALIAS_WORDS + 1, char *);
	int count = unwrap(x, argc, argv, words);
	const struct alias *a = alias_find(words[0]);

	*n = add_words(x, a ? a->means : words[0], out, 0);
	for (int i = 1; i < count && !(a && a->alone); i++)
		out[(*n)++] = words[i];
	return out;
}
