/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/parley_methods.h"

/* What EAP proves alone, strongest first (RFC 5998, 4). */
static const uint8_t mutual[] = { EAP_TLS, EAP_TTLS, EAP_PEAP };

struct bytes parley_methods(const struct auth_conf *a, bool alone, uint8_t *out)
{
	unsigned wanted = a->way.eap ? (unsigned)eap_method_number(a->way.eap) : EAP_METHOD_DYNAMIC;
	size_t n = 0;

	if (a->way.eap && strchr(a->way.eap, '-'))
		return (struct bytes){ 0 }; /* of a vendor: none is here */
	if (wanted != EAP_METHOD_DYNAMIC) {
		if (wanted < EAP_DYNAMIC && (!alone || eap_type_mutual(wanted)))
			out[n++] = (uint8_t)wanted;
	} else if (!alone) {
		out[n++] = EAP_DYNAMIC;
	} else {
		for (unsigned i = 0; i < sizeof mutual; i++)
			out[n++] = mutual[i];
	}
	return bytes_of(out, n);
}

bool parley_by_radius(const struct auth_conf *a)
{
	return a->way.eap && eap_method_number(a->way.eap) == EAP_METHOD_RADIUS;
}

static bool is_built_in(const struct auth_conf *a)
{
	uint8_t room[EAP_MAX_METHODS];
	struct bytes methods = parley_methods(a, false, room);

	return methods.n && eap_type_name(methods.p[0]);
}

/* OWN: it is who we are that is proved, which no server of RADIUS can do. */
static void check(struct peer *p, const struct auth_conf *a, bool own)
{
	for (; a && !p->unready; a = a->next)
		if (a->way.method == AUTH_EAP && own && parley_by_radius(a))
			p->unready = arena_printf(&p->arena,
				"%s: RADIUS servers say who peers are, not who we are: write auth = eap",
				source_print(&a->at, "auth", &p->arena));
		else if (a->way.method == AUTH_EAP && !parley_by_radius(a) && !is_built_in(a))
			p->unready = arena_printf(&p->arena,
				"%s: EAP method %s is not built in yet: write eap-mschapv2, or eap-dynamic "
				"for whatever both sides have",
				source_print(&a->at, "auth", &p->arena), a->way.eap);
		else if (a->groups.n && a->way.method != AUTH_EAP)
			p->unready = arena_printf(&p->arena,
				"%s: groups are those of users of RADIUS servers and of daemon.users_file: "
				"write auth = eap-radius or another method of EAP, or take them out",
				source_print(&a->at, "groups", &p->arena));
}

void parley_check(struct peer *p)
{
	check(p, &p->local, true);
	check(p, &p->remote, false);
}
