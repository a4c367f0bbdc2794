/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VICI's keys as JSON. A key that a list-sa event may have is a row here. */
#include "fields.h"

#include "pki/cert.h"

static const struct json_field sa_fields[] = {
	{ "uniqueid", JSON_NUMBER },
	{ "version", JSON_NUMBER },
	{ "state", JSON_TEXT },
	{ "local-host", JSON_TEXT },
	{ "local-port", JSON_NUMBER },
	{ "local-id", JSON_TEXT },
	{ "remote-host", JSON_TEXT },
	{ "remote-port", JSON_NUMBER },
	{ "remote-id", JSON_TEXT },
	{ "initiator", JSON_FLAG },
	{ "initiator-spi", JSON_TEXT },
	{ "responder-spi", JSON_TEXT },
	{ "nat-local", JSON_FLAG },
	{ "nat-remote", JSON_FLAG },
	{ "nat-fake", JSON_FLAG },
	{ "nat-any", JSON_FLAG },
	{ "crash-token", JSON_FLAG },
	{ "local-vips", JSON_LIST },
	{ "remote-vips", JSON_LIST },
	{ "dns", JSON_LIST },
	{ "encr-alg", JSON_TEXT },
	{ "encr-keysize", JSON_NUMBER },
	{ "integ-alg", JSON_TEXT },
	{ "prf-alg", JSON_TEXT },
	{ "dh-group", JSON_TEXT },
	{ "ake1", JSON_TEXT },
	{ "ake2", JSON_TEXT },
	{ "ake3", JSON_TEXT },
	{ "ake4", JSON_TEXT },
	{ "ake5", JSON_TEXT },
	{ "ake6", JSON_TEXT },
	{ "ake7", JSON_TEXT },
	{ "integ-keysize", JSON_NUMBER },
	{ "post-quantum", JSON_FLAG },
	{ "ppk", JSON_FLAG },
	{ "ppk-int", JSON_FLAG },
	{ "established", JSON_NUMBER },
	{ "rekey-time", JSON_NUMBER },
	{ "reauth-time", JSON_NUMBER },
	{ "tasks-queued", JSON_LIST },
	{ "tasks-active", JSON_LIST },
	{ "tasks-passive", JSON_LIST },
	{ NULL, JSON_TEXT },
};

static const struct json_field child_fields[] = {
	{ "name", JSON_TEXT },
	{ "uniqueid", JSON_NUMBER },
	{ "reqid", JSON_NUMBER },
	{ "state", JSON_TEXT },
	{ "mode", JSON_TEXT },
	{ "protocol", JSON_TEXT },
	{ "encap", JSON_FLAG },
	{ "tcp", JSON_FLAG },
	{ "spi-in", JSON_TEXT },
	{ "spi-out", JSON_TEXT },
	{ "mark-in", JSON_TEXT },
	{ "mark-mask-in", JSON_TEXT },
	{ "mark-out", JSON_TEXT },
	{ "mark-mask-out", JSON_TEXT },
	{ "if-id-in", JSON_TEXT },
	{ "if-id-out", JSON_TEXT },
	{ "per-cpu-sas", JSON_FLAG },
	{ "cpu", JSON_NUMBER },
	{ "encr-alg", JSON_TEXT },
	{ "encr-keysize", JSON_NUMBER },
	{ "integ-alg", JSON_TEXT },
	{ "dh-group", JSON_TEXT },
	{ "ake1", JSON_TEXT },
	{ "ake2", JSON_TEXT },
	{ "ake3", JSON_TEXT },
	{ "ake4", JSON_TEXT },
	{ "ake5", JSON_TEXT },
	{ "ake6", JSON_TEXT },
	{ "ake7", JSON_TEXT },
	{ "integ-keysize", JSON_NUMBER },
	{ "prf-alg", JSON_TEXT },
	{ "post-quantum", JSON_FLAG },
	{ "esn", JSON_FLAG },
	{ "bytes-in", JSON_NUMBER },
	{ "packets-in", JSON_NUMBER },
	{ "use-in", JSON_NUMBER },
	{ "bytes-out", JSON_NUMBER },
	{ "packets-out", JSON_NUMBER },
	{ "use-out", JSON_NUMBER },
	{ "rekey-time", JSON_NUMBER },
	{ "life-time", JSON_NUMBER },
	{ "install-time", JSON_NUMBER },
	{ "local-ts", JSON_LIST },
	{ "remote-ts", JSON_LIST },
	{ "data-path", JSON_TEXT },
	{ "data-path-reason", JSON_TEXT },
	{ "replays", JSON_NUMBER },
	{ "invalid", JSON_NUMBER },
	{ NULL, JSON_TEXT },
};

static const struct json_field conn_fields[] = {
	{ "origin", JSON_TEXT },
	{ "version", JSON_TEXT },
	{ "local_addrs", JSON_LIST },
	{ "remote_addrs", JSON_LIST },
	{ "rekey_time", JSON_NUMBER },
	{ "reauth_time", JSON_NUMBER },
	{ "dpd_delay", JSON_NUMBER },
	{ "peer", JSON_TEXT },
	{ "proposals", JSON_TEXT },
	{ "dpd_timeout", JSON_NUMBER },
	{ "unique", JSON_TEXT },
	{ "ppk_id", JSON_TEXT },
	{ "ppk_required", JSON_FLAG },
	{ "unready", JSON_TEXT },
	{ "down", JSON_NUMBER },
	{ "next-attempt", JSON_NUMBER },
	{ NULL, JSON_TEXT },
};

static const struct json_field child_conf_fields[] = {
	{ "mode", JSON_TEXT },
	{ "start_action", JSON_TEXT },
	{ "close_action", JSON_TEXT },
	{ "dpd_action", JSON_TEXT },
	{ "rekey_time", JSON_NUMBER },
	{ "rekey_bytes", JSON_NUMBER },
	{ "rekey_packets", JSON_NUMBER },
	{ "local-ts", JSON_LIST },
	{ "remote-ts", JSON_LIST },
	{ "interface", JSON_TEXT },
	{ "priority", JSON_NUMBER },
	{ "esp_proposals", JSON_TEXT },
	{ "label", JSON_TEXT },
	{ NULL, JSON_TEXT },
};

static const struct json_field round_fields[] = {
	{ "class", JSON_TEXT },
	{ "eap-type", JSON_TEXT },
	{ "eap-vendor", JSON_TEXT },
	{ "id", JSON_TEXT },
	{ "eap_id", JSON_TEXT },
	{ "aaa_id", JSON_TEXT },
	{ "xauth_id", JSON_TEXT },
	{ "ca_id", JSON_TEXT },
	{ "revocation", JSON_TEXT },
	{ "groups", JSON_LIST },
	{ "cert_policy", JSON_LIST },
	{ "certs", JSON_LIST },
	{ "cacerts", JSON_LIST },
	{ NULL, JSON_TEXT },
};

void fields_child(struct json *j, const char *key, const struct vici_node *child)
{
	json_open(j, key, '{');
	json_fields(j, child, child_fields);
	json_close(j, '}');
}

void fields_sa_as(struct json *j, const char *key, const char *name, const struct vici_node *sa,
	const struct vici_node *children)
{
	json_open(j, key, '{');
	json_str(j, "name", name);
	json_fields(j, sa, sa_fields);
	json_open(j, "children", '[');
	for (const struct vici_node *n = children ? children->first : NULL; n; n = n->next)
		fields_child(j, NULL, n);
	json_close(j, ']');
	json_close(j, '}');
}

void fields_sa(struct json *j, const struct vici_node *sa)
{
	fields_sa_as(j, NULL, sa->name, sa, vici_find(sa, "child-sas"));
}

/* The sections "local-1", "local-2", … as a list. */
static void put_rounds(struct json *j, const char *side, const struct vici_node *conn)
{
	size_t n = strlen(side);

	json_open(j, side, '[');
	for (const struct vici_node *s = conn ? conn->first : NULL; s; s = s->next) {
		if (strncmp(s->name, side, n) || s->name[n] != '-')
			continue;
		json_open(j, NULL, '{');
		json_fields(j, s, round_fields);
		json_close(j, '}');
	}
	json_close(j, ']');
}

void fields_failure(struct json *j, const char *key, const struct vici_node *failure)
{
	static const struct json_field fields[] = {
		{ "remote-host", JSON_TEXT },
		{ "begun-by", JSON_TEXT },
		{ "times", JSON_NUMBER },
		{ "first", JSON_NUMBER },
		{ "last", JSON_NUMBER },
		{ NULL, JSON_TEXT },
	};

	if (!failure) {
		json_str(j, key, NULL);
		return;
	}
	json_open(j, key, '{');
	json_why_fields(j, failure);
	json_fields(j, failure, fields);
	json_close(j, '}');
}

void fields_conn(struct json *j, const struct vici_node *conn)
{
	json_fields(j, conn, conn_fields);
	json_str(j, "local_id", vici_str(vici_find(conn, "local-1"), "id"));
	json_str(j, "remote_id", vici_str(vici_find(conn, "remote-1"), "id"));
	put_rounds(j, "local", conn);
	put_rounds(j, "remote", conn);
	fields_failure(j, "last_failure", vici_find(conn, "last-error"));
}

void fields_child_conf(struct json *j, const struct vici_node *child)
{
	json_fields(j, child, child_conf_fields);
}

void fields_policy(struct json *j, const struct vici_node *policy)
{
	static const struct json_field fields[] = {
		{ "ike", JSON_TEXT },
		{ "child", JSON_TEXT },
		{ "mode", JSON_TEXT },
		{ "local-ts", JSON_LIST },
		{ "remote-ts", JSON_LIST },
		{ NULL, JSON_TEXT },
	};

	json_fields(j, policy, fields);
}

void fields_pool(struct json *j, const struct vici_node *pool)
{
	static const struct json_field fields[] = {
		{ "base", JSON_TEXT },
		{ "size", JSON_NUMBER },
		{ "online", JSON_NUMBER },
		{ "offline", JSON_NUMBER },
		{ "origin", JSON_TEXT },
		{ "left", JSON_NUMBER },
		{ NULL, JSON_TEXT },
	};
	static const struct json_field lease_fields[] = {
		{ "address", JSON_TEXT },
		{ "identity", JSON_TEXT },
		{ "status", JSON_TEXT },
		{ NULL, JSON_TEXT },
	};
	const struct vici_node *leases = vici_find(pool, "leases");

	json_fields(j, pool, fields);
	if (!leases)
		return;
	json_open(j, "leases", '[');
	for (const struct vici_node *n = leases->first; n; n = n->next) {
		json_open(j, NULL, '{');
		json_fields(j, n, lease_fields);
		json_close(j, '}');
	}
	json_close(j, ']');
}

void fields_authority(struct json *j, const struct vici_node *authority)
{
	static const struct json_field fields[] = {
		{ "cacert", JSON_TEXT },
		{ "crl_uris", JSON_LIST },
		{ "ocsp_uris", JSON_LIST },
		{ "cert_uri_base", JSON_TEXT },
		{ "origin", JSON_TEXT },
		{ NULL, JSON_TEXT },
	};

	json_fields(j, authority, fields);
}

/* What is in a certificate; null where it is a key, a CRL or an answer of OCSP. */
static void put_inside(struct json *j, const struct vici_node *data)
{
	struct arena *arena = j->text.arena;
	struct cert *c = NULL;
	struct why why = { 0 };

	if (!data || cert_read(data->value, arena, &c, &why))
		c = NULL;
	json_str(j, "subject", c ? id_print(&c->subject, arena) : NULL);
	json_str(j, "issuer", c ? id_print(&c->issuer, arena) : NULL);
	json_str(j, "serial", c ? cert_hex(c->serial, arena) : NULL);
	json_str(j, "not_before", c ? cert_time(c->not_before, arena) : NULL);
	json_str(j, "not_after", c ? cert_time(c->not_after, arena) : NULL);
	json_str(j, "fingerprint", c ? cert_hex(bytes_of(c->fingerprint, FINGERPRINT_SIZE), arena) : NULL);
	cert_unref(c);
}

void fields_cert(struct json *j, const struct vici_node *cert)
{
	static const struct json_field fields[] = {
		{ "type", JSON_TEXT },
		{ "flag", JSON_TEXT },
		{ "has_privkey", JSON_FLAG },
		{ NULL, JSON_TEXT },
	};

	json_fields(j, cert, fields);
	put_inside(j, vici_find(cert, "data"));
}
