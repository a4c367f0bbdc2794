/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ipsec: talks to ikev2d, and looks at the machine it is to run on. */
#include "ipsec.h"

#include <signal.h>

int main(int argc, char **argv)
{
	signal(SIGPIPE, SIG_IGN);
	return ipsec_run(argc, argv, stdout, stderr);
}
