/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radius/names.h"

const struct name radius_codes[] = {
	{ RADIUS_ACCESS_REQUEST, "Access-Request" },
	{ RADIUS_ACCESS_ACCEPT, "Access-Accept" },
	{ RADIUS_ACCESS_REJECT, "Access-Reject" },
	{ RADIUS_ACCOUNTING_REQUEST, "Accounting-Request" },
	{ RADIUS_ACCOUNTING_RESPONSE, "Accounting-Response" },
	{ RADIUS_ACCESS_CHALLENGE, "Access-Challenge" },
	{ RADIUS_STATUS_SERVER, "Status-Server" },
	{ RADIUS_DISCONNECT_REQUEST, "Disconnect-Request" },
	{ RADIUS_DISCONNECT_ACK, "Disconnect-ACK" },
	{ RADIUS_DISCONNECT_NAK, "Disconnect-NAK" },
	{ RADIUS_COA_REQUEST, "CoA-Request" },
	{ RADIUS_COA_ACK, "CoA-ACK" },
	{ RADIUS_COA_NAK, "CoA-NAK" },
	{ 0, NULL },
};

const struct name radius_errors[] = {
	{ RADIUS_ERROR_UNSUPPORTED_ATTRIBUTE, "Unsupported Attribute" },
	{ RADIUS_ERROR_MISSING_ATTRIBUTE, "Missing Attribute" },
	{ RADIUS_ERROR_NAS_MISMATCH, "NAS Identification Mismatch" },
	{ RADIUS_ERROR_INVALID_REQUEST, "Invalid Request" },
	{ RADIUS_ERROR_INVALID_VALUE, "Invalid Attribute Value" },
	{ RADIUS_ERROR_SESSION_NOT_FOUND, "Session Context Not Found" },
	{ RADIUS_ERROR_RESOURCES, "Resources Unavailable" },
	{ 0, NULL },
};
