/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Done, or refused. */
#include "answer.h"

int answer_done(struct ipsec *x, const char *sentence)
{
	struct json j = json_in(&x->arena);

	if (!x->json) {
		fprintf(x->out, "%s\n", sentence);
		return DONE;
	}
	json_begin(&j);
	json_bool(&j, "success", true);
	json_close(&j, '}');
	json_print(&j, x->out);
	return DONE;
}

int answer_refused(struct ipsec *x, const struct vici_node *response)
{
	struct json j = json_in(&x->arena);

	client_complain(x, NULL, response);
	json_begin(&j);
	json_outcome(&j, response, NULL);
	json_close(&j, '}');
	if (x->json)
		json_print(&j, x->out);
	return FAILED;
}
