/* SPDX-License-Identifier: GPL-2.0-or-later */
/* THE table: what happens in each state (rows) at each event (columns). ROW takes as many cells as there are
 * columns, so that a missing one does not compile. */
#include "ike/auth.h"
#include "ike/create.h"
#include "ike/followup.h"
#include "ike/info.h"
#include "ike/init.h"
#include "ike/intermediate.h"
#include "ike/resume.h"

/* Does not concern this state: counted, and as if it had not come. */
static enum verdict ignore(struct draft *d)
{
	return draft_drop(d, DROP_STATE);
}

/* Cannot come here: the steps before the table keep it away. From outside it is dropped all the same. */
#define never ignore

#define ROW(state, none, ireq, ires, iref, mreq, mres, mref, areq, ares, aref, creq, cres, cref, freq, fres, \
	fref, nreq, nres, rreq, rres, rref, answer, failed, giveup, deadline)                                \
	[state] = { none, ireq, ires, iref, mreq, mres, mref, areq, ares, aref, creq, cres, cref, freq,      \
		fres, fref, nreq, nres, rreq, rres, rref, answer, failed, giveup, deadline }

/* clang-format off */
static handler *const table[S_COUNT][COLUMN_COUNT] = {
/*  state              shape   IKE_SA_INIT                                IKE_INTERMEDIATE                                                   IKE_AUTH                                   CREATE_CHILD_SA                                  IKE_FOLLOWUP_KE                                        INFORMATIONAL                IKE_SESSION_RESUME                               question                                       request            time
 *                     none    request       response       refusal       request               response               refusal               request       response       refusal       request         response         refusal         request           response           refusal           request       response       request         response         refusal         answered                failed                 unanswered         up */
ROW(S_NONE,            never,  init_request, never,         never,        never,                never,                 never,                never,        never,         never,        never,          never,           never,          never,            never,             never,            never,        never,         resume_request, never,           never,          never,                  never,                 never,             never),
ROW(S_I_ROUTE,         ignore, ignore,       ignore,        ignore,       ignore,               ignore,                ignore,               ignore,       ignore,        ignore,       ignore,         ignore,          ignore,         ignore,           ignore,            ignore,           ignore,       ignore,        ignore,         ignore,          ignore,         init_routed,            end_failed,            never,             never),
ROW(S_I_RESUME,        ignore, ignore,       ignore,        ignore,       ignore,               ignore,                ignore,               ignore,       ignore,        ignore,       ignore,         ignore,          ignore,         ignore,           ignore,            ignore,           ignore,       ignore,        ignore,         resume_response, resume_refusal, never,                  never,                 resume_unanswered, never),
ROW(S_I_KEY_PAIR,      ignore, ignore,       ignore,        ignore,       ignore,               ignore,                ignore,               ignore,       ignore,        ignore,       ignore,         ignore,          ignore,         ignore,           ignore,            ignore,           ignore,       ignore,        ignore,         ignore,          ignore,         init_key_pair,          end_failed,            never,             never),
ROW(S_I_INIT,          ignore, ignore,       init_response, init_refusal, ignore,               ignore,                ignore,               ignore,       ignore,        ignore,       ignore,         ignore,          ignore,         ignore,           ignore,            ignore,           ignore,       ignore,        ignore,         ignore,          ignore,         never,                  never,                 end_unanswered,    never),
ROW(S_I_AGREE,         ignore, ignore,       ignore,        ignore,       ignore,               ignore,                ignore,               ignore,       ignore,        ignore,       ignore,         ignore,          ignore,         ignore,           ignore,            ignore,           ignore,       ignore,        ignore,         ignore,          ignore,         auth_agreed,            end_failed,            never,             never),
ROW(S_I_NEXT_KEY_PAIR, ignore, ignore,       ignore,        ignore,       ignore,               ignore,                ignore,               ignore,       ignore,        ignore,       ignore,         ignore,          ignore,         ignore,           ignore,            ignore,           ignore,       ignore,        ignore,         ignore,          ignore,         intermediate_key_pair,  end_failed,            never,             never),
ROW(S_I_NEXT,          ignore, ignore,       ignore,        ignore,       ignore,               intermediate_response, intermediate_refusal, ignore,       ignore,        ignore,       ignore,         ignore,          ignore,         ignore,           ignore,            ignore,           ignore,       ignore,        ignore,         ignore,          ignore,         never,                  never,                 end_unanswered,    never),
ROW(S_I_NEXT_AGREE,    ignore, ignore,       ignore,        ignore,       ignore,               ignore,                ignore,               ignore,       ignore,        ignore,       ignore,         ignore,          ignore,         ignore,           ignore,            ignore,           ignore,       ignore,        ignore,         ignore,          ignore,         intermediate_agreed,    end_failed,            never,             never),
ROW(S_I_PPK,           ignore, ignore,       ignore,        ignore,       ignore,               ignore,                ignore,               ignore,       ignore,        ignore,       ignore,         ignore,          ignore,         ignore,           ignore,            ignore,           ignore,       ignore,        ignore,         ignore,          ignore,         auth_mixed,             auth_not_mixed,        never,             never),
ROW(S_I_PROOF_PLAIN,   ignore, ignore,       ignore,        ignore,       ignore,               ignore,                ignore,               ignore,       ignore,        ignore,       ignore,         ignore,          ignore,         ignore,           ignore,            ignore,           ignore,       ignore,        ignore,         ignore,          ignore,         auth_proved_plain,      end_failed,            never,             never),
ROW(S_I_PROOF,         ignore, ignore,       ignore,        ignore,       ignore,               ignore,                ignore,               ignore,       ignore,        ignore,       ignore,         ignore,          ignore,         ignore,           ignore,            ignore,           ignore,       ignore,        ignore,         ignore,          ignore,         auth_proved,            end_failed,            never,             never),
ROW(S_I_AUTH,          ignore, ignore,       ignore,        ignore,       ignore,               ignore,                ignore,               ignore,       auth_response, auth_refusal, ignore,         ignore,          ignore,         ignore,           ignore,            ignore,           ignore,       ignore,        ignore,         ignore,          ignore,         never,                  never,                 end_unanswered,    never),
ROW(S_I_CHECK,         ignore, ignore,       ignore,        ignore,       ignore,               ignore,                ignore,               ignore,       ignore,        ignore,       ignore,         ignore,          ignore,         ignore,           ignore,            ignore,           ignore,       ignore,        ignore,         ignore,          ignore,         auth_checked,           auth_not_checked,      never,             never),
ROW(S_R_RESPOND,       ignore, ignore,       ignore,        ignore,       ignore,               ignore,                ignore,               ignore,       ignore,        ignore,       ignore,         ignore,          ignore,         ignore,           ignore,            ignore,           ignore,       ignore,        ignore,         ignore,          ignore,         init_responded,         end_failed,            never,             end_half_open),
ROW(S_R_INIT,          ignore, ignore,       ignore,        ignore,       intermediate_request, ignore,                ignore,               auth_request, ignore,        ignore,       ignore,         ignore,          ignore,         ignore,           ignore,            ignore,           ignore,       ignore,        ignore,         ignore,          ignore,         never,                  never,                 never,             end_half_open),
ROW(S_R_NEXT,          ignore, ignore,       ignore,        ignore,       ignore,               ignore,                ignore,               ignore,       ignore,        ignore,       ignore,         ignore,          ignore,         ignore,           ignore,            ignore,           ignore,       ignore,        ignore,         ignore,          ignore,         intermediate_responded, intermediate_failed,   never,             end_half_open),
ROW(S_R_PPK,           ignore, ignore,       ignore,        ignore,       ignore,               ignore,                ignore,               ignore,       ignore,        ignore,       ignore,         ignore,          ignore,         ignore,           ignore,            ignore,           ignore,       ignore,        ignore,         ignore,          ignore,         auth_mixed_theirs,      auth_not_mixed_theirs, never,             end_half_open),
ROW(S_R_CHECK,         ignore, ignore,       ignore,        ignore,       ignore,               ignore,                ignore,               ignore,       ignore,        ignore,       ignore,         ignore,          ignore,         ignore,           ignore,            ignore,           ignore,       ignore,        ignore,         ignore,          ignore,         auth_accepted,          auth_not_accepted,     never,             end_half_open),
ROW(S_R_PROOF,         ignore, ignore,       ignore,        ignore,       ignore,               ignore,                ignore,               ignore,       ignore,        ignore,       ignore,         ignore,          ignore,         ignore,           ignore,            ignore,           ignore,       ignore,        ignore,         ignore,          ignore,         auth_answer,            auth_failed,           never,             end_half_open),
ROW(S_R_LEASE,         ignore, ignore,       ignore,        ignore,       ignore,               ignore,                ignore,               ignore,       ignore,        ignore,       ignore,         ignore,          ignore,         ignore,           ignore,            ignore,           ignore,       ignore,        ignore,         ignore,          ignore,         auth_leased,            auth_not_leased,       never,             end_half_open),
ROW(S_R_INSTALL,       ignore, ignore,       ignore,        ignore,       ignore,               ignore,                ignore,               ignore,       ignore,        ignore,       ignore,         ignore,          ignore,         ignore,           ignore,            ignore,           ignore,       ignore,        ignore,         ignore,          ignore,         never,                  never,                 never,             end_half_open),
ROW(S_UP,              ignore, ignore,       ignore,        ignore,       ignore,               ignore,                ignore,               ignore,       ignore,        ignore,       create_request, create_response, create_refusal, followup_request, followup_response, followup_refusal, info_request, info_response, ignore,         ignore,          ignore,         never,                  never,                 end_unanswered,    never),
ROW(S_REKEYED,         ignore, ignore,       ignore,        ignore,       ignore,               ignore,                ignore,               ignore,       ignore,        ignore,       create_late,    create_response, create_refusal, followup_request, followup_response, followup_refusal, info_request, info_response, ignore,         ignore,          ignore,         never,                  never,                 end_unanswered,    end_rekeyed),
ROW(S_DELETING,        ignore, ignore,       ignore,        ignore,       ignore,               ignore,                ignore,               ignore,       ignore,        ignore,       create_late,    ignore,          ignore,         create_late,      ignore,            ignore,           info_request, info_deleted,  ignore,         ignore,          ignore,         never,                  never,                 end_unanswered,    never),
ROW(S_LINGER,          ignore, ignore,       ignore,        ignore,       ignore,               ignore,                ignore,               ignore,       ignore,        ignore,       ignore,         ignore,          ignore,         ignore,           ignore,            ignore,           ignore,       ignore,        ignore,         ignore,          ignore,         never,                  never,                 never,             end_lingering),
ROW(S_DEAD,            never,  never,        never,         never,        never,                never,                 never,                never,        never,         never,        never,          never,           never,          never,            never,             never,            never,        never,         never,          never,           never,          never,                  never,                 never,             never),
};
/* clang-format on */

handler *table_cell(enum sa_state state, unsigned column)
{
	return table[state][column];
}

const char *state_status(enum sa_state state)
{
	switch (state) {
	case S_UP: return "ESTABLISHED";
	case S_REKEYED: return "REKEYED";
	case S_DELETING: return "DELETING";
	case S_LINGER:
	case S_DEAD: return "DESTROYING";
	default: return "CONNECTING";
	}
}
