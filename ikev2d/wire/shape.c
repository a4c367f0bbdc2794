/* SPDX-License-Identifier: GPL-2.0-or-later */
/* THE table of shapes. Vendor IDs and notifies are welcome everywhere (RFC 7296, 3.10.1 and 3.12: what is not
 * known is ignored); two rows with one name mean "either this or that". */
#include "wire/shape.h"

#define P(name) PAYLOAD_BIT(PAYLOAD_##name)

enum { REQUEST, RESPONSE };
enum { CLEAR, SEALED };
enum { ANYWAY, ERROR /* a notify that is an error is required */ };

#define SEAL  (P(SK) | P(SKF))
#define ALL   (P(NOTIFY) | P(VENDOR))
#define CHILD (P(SA) | P(TSI) | P(TSR))
#define PROOF (P(IDR) | P(AUTH))
#define ASKED (PROOF | P(CERT) | P(CERTREQ) | P(CP) | ALL)

struct row {
	uint8_t exchange;
	bool response, sealed, error;
	uint64_t required, optional;
	enum shape shape;
};

/* From the figures of RFC 7296, 1.2 to 1.5 and 2.16, RFC 9370, 2.2.2 and 2.2.4, the first that fits. AUTH is
 * missing in a request of somebody who wants EAP (2.16), the child in a childless one (RFC 6023), KE in
 * IKE_INTERMEDIATE where only a post-quantum preshared key is spoken of (RFC 9867, 3.1). Some peers
 * (MikroTik) put a CP payload into CREATE_CHILD_SA. */
static const struct row rows[] = {
	{ IKE_SA_INIT, REQUEST, CLEAR, ANYWAY, P(SA) | P(KE) | P(NONCE), P(PS) | ALL, INIT_REQUEST },
	{ IKE_SA_INIT, RESPONSE, CLEAR, ANYWAY, P(SA) | P(KE) | P(NONCE), P(CERTREQ) | ALL, INIT_RESPONSE },
	{ IKE_SA_INIT, RESPONSE, CLEAR, ANYWAY, P(NOTIFY), ALL, INIT_REFUSAL },

	{ IKE_INTERMEDIATE, REQUEST, SEALED, ANYWAY, 0, P(KE) | ALL, INTERMEDIATE_REQUEST },
	{ IKE_INTERMEDIATE, RESPONSE, SEALED, ANYWAY, P(KE), ALL, INTERMEDIATE_RESPONSE },
	{ IKE_INTERMEDIATE, RESPONSE, SEALED, ERROR, P(NOTIFY), ALL, INTERMEDIATE_REFUSAL },
	{ IKE_INTERMEDIATE, RESPONSE, SEALED, ANYWAY, 0, ALL, INTERMEDIATE_RESPONSE },

	{ IKE_AUTH, REQUEST, SEALED, ANYWAY, P(IDI) | CHILD, ASKED, AUTH_REQUEST },
	{ IKE_AUTH, REQUEST, SEALED, ANYWAY, P(IDI), ASKED, AUTH_REQUEST },
	{ IKE_AUTH, RESPONSE, SEALED, ANYWAY, PROOF | CHILD, P(CERT) | P(CP) | ALL, AUTH_RESPONSE },
	{ IKE_AUTH, RESPONSE, SEALED, ANYWAY, PROOF, P(CERT) | P(CP) | ALL, AUTH_RESPONSE },
	{ IKE_AUTH, RESPONSE, SEALED, ERROR, P(NOTIFY), P(EAP) | ALL, AUTH_REFUSAL },
	{ IKE_AUTH, REQUEST, SEALED, ANYWAY, P(EAP), ALL, AUTH_EAP_REQUEST },
	{ IKE_AUTH, RESPONSE, SEALED, ANYWAY, P(EAP), PROOF | P(CERT) | ALL, AUTH_EAP_RESPONSE },
	{ IKE_AUTH, REQUEST, SEALED, ANYWAY, P(AUTH), ALL, AUTH_LAST_REQUEST },
	{ IKE_AUTH, RESPONSE, SEALED, ANYWAY, CHILD, P(AUTH) | P(CP) | ALL, AUTH_LAST_RESPONSE },
	{ IKE_AUTH, RESPONSE, SEALED, ANYWAY, 0, P(AUTH) | P(CP) | ALL, AUTH_LAST_RESPONSE },

	{ CREATE_CHILD_SA, REQUEST, SEALED, ANYWAY, CHILD | P(NONCE), P(KE) | P(CP) | ALL, CREATE_REQUEST },
	{ CREATE_CHILD_SA, REQUEST, SEALED, ANYWAY, P(SA) | P(NONCE) | P(KE), P(CP) | ALL, CREATE_REQUEST },
	{ CREATE_CHILD_SA, RESPONSE, SEALED, ANYWAY, CHILD | P(NONCE), P(KE) | ALL, CREATE_RESPONSE },
	{ CREATE_CHILD_SA, RESPONSE, SEALED, ANYWAY, P(SA) | P(NONCE) | P(KE), ALL, CREATE_RESPONSE },
	{ CREATE_CHILD_SA, RESPONSE, SEALED, ERROR, P(NOTIFY), ALL, CREATE_REFUSAL },

	{ IKE_FOLLOWUP_KE, REQUEST, SEALED, ANYWAY, P(KE) | P(NOTIFY), ALL, FOLLOWUP_REQUEST },
	{ IKE_FOLLOWUP_KE, RESPONSE, SEALED, ANYWAY, P(KE), ALL, FOLLOWUP_RESPONSE },
	{ IKE_FOLLOWUP_KE, RESPONSE, SEALED, ERROR, P(NOTIFY), ALL, FOLLOWUP_REFUSAL },

	{ INFORMATIONAL, REQUEST, SEALED, ANYWAY, 0, P(DELETE) | P(CP) | ALL, INFO_REQUEST },
	{ INFORMATIONAL, RESPONSE, SEALED, ANYWAY, 0, P(DELETE) | P(CP) | ALL, INFO_RESPONSE },

	/* RFC 5723, 4.3. */
	{ IKE_SESSION_RESUME, REQUEST, CLEAR, ANYWAY, P(NONCE) | P(NOTIFY), ALL, RESUME_REQUEST },
	{ IKE_SESSION_RESUME, RESPONSE, CLEAR, ANYWAY, P(NONCE), ALL, RESUME_RESPONSE },
	{ IKE_SESSION_RESUME, RESPONSE, CLEAR, ANYWAY, P(NOTIFY), ALL, RESUME_REFUSAL },
	{ 0 },
};

static bool row_fits(const struct row *row, const struct message *m, uint64_t has, bool sealed)
{
	bool response = m->header.flags & FLAG_RESPONSE;

	return row->exchange == m->header.exchange && row->response == response && row->sealed == sealed &&
	       (has & row->required) == row->required && !(has & ~(row->required | row->optional)) &&
	       (!row->error || message_error(m));
}

enum shape shape_of(const struct message *m, bool sealed)
{
	uint64_t has = sealed ? m->has & ~SEAL : m->has;

	for (const struct row *row = rows; row->exchange; row++)
		if (row_fits(row, m, has, sealed))
			return row->shape;
	return SHAPE_NONE;
}

bool shape_sealed(uint8_t exchange)
{
	for (const struct row *row = rows; row->exchange; row++)
		if (row->exchange == exchange)
			return row->sealed;
	return false;
}

const char *shape_name(enum shape s)
{
	static const char *const names[SHAPE_COUNT] = {
		[SHAPE_NONE] = "NONE",
		[INIT_REQUEST] = "INIT_REQUEST",
		[INIT_RESPONSE] = "INIT_RESPONSE",
		[INIT_REFUSAL] = "INIT_REFUSAL",
		[INTERMEDIATE_REQUEST] = "INTERMEDIATE_REQUEST",
		[INTERMEDIATE_RESPONSE] = "INTERMEDIATE_RESPONSE",
		[INTERMEDIATE_REFUSAL] = "INTERMEDIATE_REFUSAL",
		[AUTH_REQUEST] = "AUTH_REQUEST",
		[AUTH_RESPONSE] = "AUTH_RESPONSE",
		[AUTH_REFUSAL] = "AUTH_REFUSAL",
		[AUTH_EAP_REQUEST] = "AUTH_EAP_REQUEST",
		[AUTH_EAP_RESPONSE] = "AUTH_EAP_RESPONSE",
		[AUTH_LAST_REQUEST] = "AUTH_LAST_REQUEST",
		[AUTH_LAST_RESPONSE] = "AUTH_LAST_RESPONSE",
		[CREATE_REQUEST] = "CREATE_REQUEST",
		[CREATE_RESPONSE] = "CREATE_RESPONSE",
		[CREATE_REFUSAL] = "CREATE_REFUSAL",
		[FOLLOWUP_REQUEST] = "FOLLOWUP_REQUEST",
		[FOLLOWUP_RESPONSE] = "FOLLOWUP_RESPONSE",
		[FOLLOWUP_REFUSAL] = "FOLLOWUP_REFUSAL",
		[INFO_REQUEST] = "INFO_REQUEST",
		[INFO_RESPONSE] = "INFO_RESPONSE",
		[RESUME_REQUEST] = "RESUME_REQUEST",
		[RESUME_RESPONSE] = "RESUME_RESPONSE",
		[RESUME_REFUSAL] = "RESUME_REFUSAL",
	};

	return names[s];
}
