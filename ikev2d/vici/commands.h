/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The functions behind the table of commands (commands.c). Each fills the response of C. */
#pragma once

#include "vici/server.h"

/* A row of the table. */
struct vici_command {
	const char *name;
	enum vici_rights needs;
	void (*run)(struct vici_call *c);
};

/* query.c: nothing changes. */
void vici_do_version(struct vici_call *c);
void vici_do_stats(struct vici_call *c);
void vici_do_get_conns(struct vici_call *c);
void vici_do_get_shared(struct vici_call *c);
void vici_do_get_authorities(struct vici_call *c);
void vici_do_get_pools(struct vici_call *c);
void vici_do_failures(struct vici_call *c);
void vici_do_audit(struct vici_call *c);

/* list.c: what is sent as the client reads it. */
void vici_do_list_sas(struct vici_call *c);
void vici_do_list_policies(struct vici_call *c);
void vici_do_list_conns(struct vici_call *c);
void vici_do_list_authorities(struct vici_call *c);

/* certs.c: certificates and private keys. */
void vici_do_load_cert(struct vici_call *c);
void vici_do_list_certs(struct vici_call *c);
void vici_do_flush_certs(struct vici_call *c);
void vici_do_load_key(struct vici_call *c);
void vici_do_load_token(struct vici_call *c);
void vici_do_unload_key(struct vici_call *c);
void vici_do_get_keys(struct vici_call *c);

/* algorithms.c, counters.c */
void vici_do_get_algorithms(struct vici_call *c);
void vici_do_get_counters(struct vici_call *c);
void vici_do_reset_counters(struct vici_call *c);

/* control.c: SAs, policies and the daemon. */
void vici_do_initiate(struct vici_call *c);
void vici_do_terminate(struct vici_call *c);
void vici_do_rekey(struct vici_call *c);
void vici_do_redirect(struct vici_call *c);
void vici_do_install(struct vici_call *c);
void vici_do_uninstall(struct vici_call *c);
void vici_do_reload(struct vici_call *c);
void vici_do_reload_settings(struct vici_call *c);
void vici_do_stop(struct vici_call *c);

/* capture.c: keys, for root. */
void vici_do_capture(struct vici_call *c);

/* hold.c: "conn" and "shared" that the client has loaded, or loads now, go with it, and the SAs of that
 * connection. */
void vici_do_hold(struct vici_call *c);

/* load.c: the configuration. */
void vici_do_load_conn(struct vici_call *c);
void vici_do_unload_conn(struct vici_call *c);
void vici_do_load_pool(struct vici_call *c);
void vici_do_unload_pool(struct vici_call *c);
void vici_do_load_authority(struct vici_call *c);
void vici_do_unload_authority(struct vici_call *c);
void vici_do_load_shared(struct vici_call *c);
void vici_do_unload_shared(struct vici_call *c);
void vici_do_clear_creds(struct vici_call *c);
