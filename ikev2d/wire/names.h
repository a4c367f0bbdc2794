/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The numbers of IKEv2 and their words (IANA, RFC 7296). */
#pragma once

#include "base/names.h"

enum payload_type {
	PAYLOAD_NONE = 0,
	PAYLOAD_SA = 33,
	PAYLOAD_KE = 34,
	PAYLOAD_IDI = 35,
	PAYLOAD_IDR = 36,
	PAYLOAD_CERT = 37,
	PAYLOAD_CERTREQ = 38,
	PAYLOAD_AUTH = 39,
	PAYLOAD_NONCE = 40,
	PAYLOAD_NOTIFY = 41,
	PAYLOAD_DELETE = 42,
	PAYLOAD_VENDOR = 43,
	PAYLOAD_TSI = 44,
	PAYLOAD_TSR = 45,
	PAYLOAD_SK = 46,
	PAYLOAD_CP = 47,
	PAYLOAD_EAP = 48,
	PAYLOAD_SKF = 53,
};

/* A set of payloads is a number; 64 types from SA on have a bit. */
#define PAYLOAD_BIT(type) (1ULL << ((type)-PAYLOAD_SA))

enum exchange {
	IKE_SA_INIT = 34,
	IKE_AUTH = 35,
	CREATE_CHILD_SA = 36,
	INFORMATIONAL = 37,
};

enum notify {
	UNSUPPORTED_CRITICAL_PAYLOAD = 1,
	INVALID_IKE_SPI = 4,
	INVALID_MAJOR_VERSION = 5,
	INVALID_SYNTAX = 7,
	INVALID_MESSAGE_ID = 9,
	INVALID_SPI = 11,
	NO_PROPOSAL_CHOSEN = 14,
	INVALID_KE_PAYLOAD = 17,
	AUTHENTICATION_FAILED = 24,
	SINGLE_PAIR_REQUIRED = 34,
	NO_ADDITIONAL_SAS = 35,
	INTERNAL_ADDRESS_FAILURE = 36,
	FAILED_CP_REQUIRED = 37,
	TS_UNACCEPTABLE = 38,
	INVALID_SELECTORS = 39,
	TEMPORARY_FAILURE = 43,
	CHILD_SA_NOT_FOUND = 44,
	NOTIFY_STATUS = 16384, /* from here on a notify is no error */
	INITIAL_CONTACT = 16384,
	SET_WINDOW_SIZE = 16385,
	ADDITIONAL_TS_POSSIBLE = 16386,
	IPCOMP_SUPPORTED = 16387,
	NAT_DETECTION_SOURCE_IP = 16388,
	NAT_DETECTION_DESTINATION_IP = 16389,
	COOKIE = 16390,
	USE_TRANSPORT_MODE = 16391,
	HTTP_CERT_LOOKUP_SUPPORTED = 16392,
	REKEY_SA = 16393,
	ESP_TFC_PADDING_NOT_SUPPORTED = 16394,
	NON_FIRST_FRAGMENTS_ALSO = 16395,
	MOBIKE_SUPPORTED = 16396,
	AUTH_LIFETIME = 16403,
	CHILDLESS_IKEV2_SUPPORTED = 16418,
	QUICK_CRASH_DETECTION = 16419,
	FRAGMENTATION_SUPPORTED = 16430,
	SIGNATURE_HASH_ALGORITHMS = 16431,
	USE_BEET_MODE = 40961, /* strongSwan's, of private use */
};

enum {
	AUTH_METHOD_PSK = 2,
};

/* Certificate encodings (RFC 7296, 3.6; RFC 7670; RFC 4806). */
enum {
	CERT_X509_SIGNATURE = 4,
	CERT_X509_URL = 12, /* SHA-1 of the certificate, and where it is */
	CERT_OCSP = 14,
	CERT_RAW_KEY = 15, /* SubjectPublicKeyInfo */
};

/* Words for logs: "IKE_SA_INIT", "NO_PROPOSAL_CHOSEN", "IDi"; "?" for a number without one. notify_name knows
 * the whole registry of RFC 7296 and of the extensions in the field. */
const char *exchange_name(uint8_t exchange);
const char *notify_name(uint16_t type);
const char *payload_name(uint8_t type);
