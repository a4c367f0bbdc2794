/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ipsec user: THE table of its verbs. */
#include "user.h"

#include "pki_words.h"

#define O(name) PKI_O(name)

static const struct pki_verb verbs[] = {
	{ "add", "NAME", "a certificate or a password, and a profile for the user's device", 1, 1,
		O(CLIENT) | O(AUTH) | O(CONNECTION) | O(SERVER) | O(ID) | O(DAYS) | O(TYPE) | O(OUT) |
			O(PASSWORD) | O(SIGN) | O(QR) | O(FORCE) | O(CA_PASS),
		user_add, false },
	{ "list", "", "users, until when they are good, and from where they are connected", 0, 0, 0,
		user_list, false },
	{ "show", "NAME", "one of them", 1, 1, 0, user_show, true },
	{ "renew", "NAME", "another certificate, good beside the old one, or another password, and a profile",
		1, 1,
		O(CLIENT) | O(AUTH) | O(CONNECTION) | O(SERVER) | O(ID) | O(DAYS) | O(TYPE) | O(OUT) |
			O(PASSWORD) | O(SIGN) | O(QR) | O(FORCE) | O(CA_PASS),
		user_renew, true },
	{ "revoke", "NAME", "let the user in no more, and end what is up", 1, 1, O(REASON) | O(CA_PASS),
		user_revoke, true },
};

const struct pki_group user_group = {
	.word = "user",
	.title = "USERS",
	.about = "DIR is /etc/ikev2d: the profile is for the gateway whose configuration and CA are there, "
		 "and has its\n"
		 "proposals, names, networks and DNS servers. The private key is in the profile alone. "
		 "Profiles for\n"
		 "devices are sealed with a password, which is printed, or read by --password-file.\n",
	.verbs = verbs,
	.n = sizeof verbs / sizeof *verbs,
	.users = true,
};

int verb_user(struct ipsec *x, int argc, char **argv)
{
	return pki_group_run(x, &user_group, argc, argv);
}
