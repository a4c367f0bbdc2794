/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Settings as they are when nobody says anything, and the end of a configuration. */
#include "model/conf.h"

struct settings settings_default(void)
{
	return (struct settings){
		.port = 500,
		.port_nat_t = 4500,
		.datapath = DATAPATH_AUTO,
		.udp_encap = true,
		.tun_name = "ipsec",
		.retransmit_timeout = 4000,
		.retransmit_base = 1800,
		.retransmit_tries = 5,
		.retransmit_jitter = 10,
		.fragment_size = 1280,
		.half_open_timeout = 30000,
		.keep_alive = 20000,
		.cookie_threshold = 30,
		.cookie_threshold_ip = 3,
		.block_threshold = 5,
		.make_before_break = true,
		.follow_redirects = true,
		.crash_detection = true,
		.updown_timeout = 30000,
		.charon_socket = "auto",
		.install_routes = true,
		.routing_table = 220,
		.routing_table_prio = 220,
		.audit_interval = 300000,
		.iptfs = { .drop_time = 1000000,
			.reorder_window = 3,
			.max_queue_size = 1 << 20,
			.accept_fragments = true },
	};
}

void conf_free(struct conf *c)
{
	for (unsigned i = 0; i < c->n_peers; i++)
		peer_unref(c->peers[i]);
	arena_free(&c->arena);
	*c = (struct conf){ 0 };
}
