/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The names of the counters. */
#include "model/counters.h"

enum { IKE_SA_INIT = 34, INFORMATIONAL = 37 };

static const char *const names[COUNTERS] = {
	"ike-rekey-init",
	"ike-rekey-resp",
	"child-rekey",
	"invalid",
	"invalid-spi",
	"ike-init-in-req",
	"ike-init-in-resp",
	"ike-init-out-req",
	"ike-init-out-resp",
	"ike-auth-in-req",
	"ike-auth-in-resp",
	"ike-auth-out-req",
	"ike-auth-out-resp",
	"create-child-in-req",
	"create-child-in-resp",
	"create-child-out-req",
	"create-child-out-resp",
	"info-in-req",
	"info-in-resp",
	"info-out-req",
	"info-out-resp",
	"ike-crash-detected",
	"ike-redirects-sent",
	"ike-redirects-followed",
	"ike-resumed",
	"eap-passwords-wrong",
	"eap-passwords-delayed",
};

const char *counter_name(enum counter c)
{
	return names[c];
}

enum counter counter_of_message(uint8_t exchange, bool in, bool response)
{
	if (exchange < IKE_SA_INIT || exchange > INFORMATIONAL)
		return COUNTERS;
	return COUNT_MESSAGES + 4 * (unsigned)(exchange - IKE_SA_INIT) + 2 * !in + response;
}
