/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The registries of IKEv2 as words (IANA, "Internet Key Exchange Version 2 (IKEv2) Parameters"). */
#include "wire/names.h"

#include "wire/payload.h"

static const struct name exchanges[] = {
	{ IKE_SA_INIT, "IKE_SA_INIT" },
	{ IKE_AUTH, "IKE_AUTH" },
	{ CREATE_CHILD_SA, "CREATE_CHILD_SA" },
	{ INFORMATIONAL, "INFORMATIONAL" },
	{ IKE_SESSION_RESUME, "IKE_SESSION_RESUME" },
	{ 39, "GSA_AUTH" },
	{ 40, "GSA_REGISTRATION" },
	{ 41, "GSA_REKEY" },
	{ IKE_INTERMEDIATE, "IKE_INTERMEDIATE" },
	{ IKE_FOLLOWUP_KE, "IKE_FOLLOWUP_KE" },
	{ 0, NULL },
};

static const struct name notifies[] = {
	{ 1, "UNSUPPORTED_CRITICAL_PAYLOAD" },
	{ 4, "INVALID_IKE_SPI" },
	{ 5, "INVALID_MAJOR_VERSION" },
	{ 7, "INVALID_SYNTAX" },
	{ 9, "INVALID_MESSAGE_ID" },
	{ 11, "INVALID_SPI" },
	{ 14, "NO_PROPOSAL_CHOSEN" },
	{ 17, "INVALID_KE_PAYLOAD" },
	{ 24, "AUTHENTICATION_FAILED" },
	{ 34, "SINGLE_PAIR_REQUIRED" },
	{ 35, "NO_ADDITIONAL_SAS" },
	{ 36, "INTERNAL_ADDRESS_FAILURE" },
	{ 37, "FAILED_CP_REQUIRED" },
	{ 38, "TS_UNACCEPTABLE" },
	{ 39, "INVALID_SELECTORS" },
	{ 40, "UNACCEPTABLE_ADDRESSES" }, /* RFC 4555 */
	{ 41, "UNEXPECTED_NAT_DETECTED" },
	{ 42, "USE_ASSIGNED_HoA" }, /* RFC 5026 */
	{ 43, "TEMPORARY_FAILURE" },
	{ 44, "CHILD_SA_NOT_FOUND" },
	{ 45, "INVALID_GROUP_ID" }, /* RFC 9838 */
	{ 46, "AUTHORIZATION_FAILED" },
	{ 47, "STATE_NOT_FOUND" }, /* RFC 9370 */
	{ 48, "TS_MAX_QUEUE" },    /* RFC 9611 */
	{ 49, "REGISTRATION_FAILED" },
	{ 12345, "MS_STATUS" }, /* [MS-IKEE] */
	{ 16384, "INITIAL_CONTACT" },
	{ 16385, "SET_WINDOW_SIZE" },
	{ 16386, "ADDITIONAL_TS_POSSIBLE" },
	{ 16387, "IPCOMP_SUPPORTED" },
	{ 16388, "NAT_DETECTION_SOURCE_IP" },
	{ 16389, "NAT_DETECTION_DESTINATION_IP" },
	{ 16390, "COOKIE" },
	{ 16391, "USE_TRANSPORT_MODE" },
	{ 16392, "HTTP_CERT_LOOKUP_SUPPORTED" },
	{ 16393, "REKEY_SA" },
	{ 16394, "ESP_TFC_PADDING_NOT_SUPPORTED" },
	{ 16395, "NON_FIRST_FRAGMENTS_ALSO" },
	{ 16396, "MOBIKE_SUPPORTED" }, /* RFC 4555 */
	{ 16397, "ADDITIONAL_IP4_ADDRESS" },
	{ 16398, "ADDITIONAL_IP6_ADDRESS" },
	{ 16399, "NO_ADDITIONAL_ADDRESSES" },
	{ 16400, "UPDATE_SA_ADDRESSES" },
	{ 16401, "COOKIE2" },
	{ 16402, "NO_NATS_ALLOWED" },
	{ 16403, "AUTH_LIFETIME" },           /* RFC 4478 */
	{ 16404, "MULTIPLE_AUTH_SUPPORTED" }, /* RFC 4739 */
	{ 16405, "ANOTHER_AUTH_FOLLOWS" },
	{ 16406, "REDIRECT_SUPPORTED" }, /* RFC 5685 */
	{ 16407, "REDIRECT" },
	{ 16408, "REDIRECTED_FROM" },
	{ 16409, "TICKET_LT_OPAQUE" }, /* RFC 5723 */
	{ 16410, "TICKET_REQUEST" },
	{ 16411, "TICKET_ACK" },
	{ 16412, "TICKET_NACK" },
	{ 16413, "TICKET_OPAQUE" },
	{ 16414, "LINK_ID" },                         /* RFC 5739 */
	{ 16415, "USE_WESP_MODE" },                   /* RFC 5840 */
	{ 16416, "ROHC_SUPPORTED" },                  /* RFC 5857 */
	{ 16417, "EAP_ONLY_AUTHENTICATION" },         /* RFC 5998 */
	{ 16418, "CHILDLESS_IKEV2_SUPPORTED" },       /* RFC 6023 */
	{ 16419, "QUICK_CRASH_DETECTION" },           /* RFC 6290 */
	{ 16420, "IKEV2_MESSAGE_ID_SYNC_SUPPORTED" }, /* RFC 6311 */
	{ 16421, "IPSEC_REPLAY_COUNTER_SYNC_SUPPORTED" },
	{ 16422, "IKEV2_MESSAGE_ID_SYNC" },
	{ 16423, "IPSEC_REPLAY_COUNTER_SYNC" },
	{ 16424, "SECURE_PASSWORD_METHODS" }, /* RFC 6467 */
	{ 16425, "PSK_PERSIST" },             /* RFC 6631 */
	{ 16426, "PSK_CONFIRM" },
	{ 16427, "ERX_SUPPORTED" },                   /* RFC 6867 */
	{ 16428, "IFOM_CAPABILITY" },                 /* 3GPP TS 24.303 */
	{ 16429, "GROUP_SENDER" },                    /* RFC 9838 */
	{ 16430, "IKEV2_FRAGMENTATION_SUPPORTED" },   /* RFC 7383 */
	{ 16431, "SIGNATURE_HASH_ALGORITHMS" },       /* RFC 7427 */
	{ 16432, "CLONE_IKE_SA_SUPPORTED" },          /* RFC 7791 */
	{ 16433, "CLONE_IKE_SA" },                    /* RFC 7791 */
	{ 16434, "PUZZLE" },                          /* RFC 8019 */
	{ 16435, "USE_PPK" },                         /* RFC 8784 */
	{ 16436, "PPK_IDENTITY" },                    /* RFC 8784 */
	{ 16437, "NO_PPK_AUTH" },                     /* RFC 8784 */
	{ 16438, "INTERMEDIATE_EXCHANGE_SUPPORTED" }, /* RFC 9242 */
	{ 16439, "IP4_ALLOWED" },                     /* RFC 8983 */
	{ 16440, "IP6_ALLOWED" },                     /* RFC 8983 */
	{ 16441, "ADDITIONAL_KEY_EXCHANGE" },         /* RFC 9370 */
	{ 16442, "USE_AGGFRAG" },                     /* RFC 9347 */
	{ 16443, "SUPPORTED_AUTH_METHODS" },          /* RFC 9593 */
	{ 16444, "SA_RESOURCE_INFO" },                /* RFC 9611 */
	{ 16445, "USE_PPK_INT" },                     /* RFC 9867 */
	{ 16446, "PPK_IDENTITY_KEY" },                /* RFC 9867 */
	{ 40961, "USE_BEET_MODE" },                   /* strongSwan */
	{ 0, NULL },
};

static const char *word_of(const struct name *table, int value)
{
	const char *word = name_word(table, value);

	return word ? word : "?";
}

const char *exchange_name(uint8_t exchange)
{
	return word_of(exchanges, exchange);
}

const char *notify_name(uint16_t type)
{
	return word_of(notifies, type);
}

const char *payload_name(uint8_t type)
{
	const struct payload *p = payload_find(type);

	return p ? p->name : "?";
}
