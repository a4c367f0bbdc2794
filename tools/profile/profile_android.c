/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A profile of strongSwan's app for Android: JSON. DNS servers come with the address. */
#include "profile.h"

static void pair(struct text *t, const char *indent, const char *key, const char *value, const char *end)
{
	text_add(t, "%s\"%s\": ", indent, key);
	text_json(t, value);
	text_add(t, "%s\n", end);
}

static void local(const struct profile *p, struct text *t)
{
	text_add(t, "  \"local\": {\n");
	if (p->auth == PROFILE_PASSWORD) {
		pair(t, "    ", "eap_id", p->eap_user, "");
	} else {
		pair(t, "    ", "id", p->user_id, ",");
		pair(t, "    ", "p12", profile_base64(p->p12, 0, "", t->arena), "");
	}
	text_add(t, "  }");
}

/* What the tunnel takes is what the gateway allows of this; of a family that is not inside, nothing shall go
 * beside a full tunnel. */
static void split(const struct profile *p, struct text *t)
{
	text_add(t, ",\n  \"split-tunneling\": {\n");
	if (p->full)
		text_add(t, "    \"block-ipv4\": %s,\n    \"block-ipv6\": %s\n", p->v4 ? "false" : "true",
			p->v6 ? "false" : "true");
	else
		text_add(t, "    \"subnets\": [\"%s\"]\n", profile_nets(p, 0, "\", \"", t->arena));
	text_add(t, "  }\n");
}

void profile_android(const struct profile *p, struct arena *arena, struct profile_files *out)
{
	static const char *const types[] = {
		[PROFILE_CERT] = "ikev2-cert",
		[PROFILE_EAP_TLS] = "ikev2-eap-tls",
		[PROFILE_PASSWORD] = "ikev2-eap",
	};
	struct text t = text_in(arena);

	text_add(&t, "{\n");
	pair(&t, "  ", "uuid", p->uuids[0], ",");
	pair(&t, "  ", "name", p->gateway, ",");
	pair(&t, "  ", "type", types[p->auth], ",");
	text_add(&t, "  \"remote\": {\n");
	pair(&t, "    ", "addr", p->gateway, ",");
	pair(&t, "    ", "id", p->gateway_id, ",");
	pair(&t, "    ", "cert", profile_base64(p->ca, 0, "", arena), "");
	text_add(&t, "  },\n");
	pair(&t, "  ", "ike-proposal", p->ike, ",");
	pair(&t, "  ", "esp-proposal", p->esp, ",");
	local(p, &t);
	split(p, &t);
	text_add(&t, "}\n");
	profile_add(out, NULL, text_str(&t));
}
