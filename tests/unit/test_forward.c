/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What becomes of packets that are forwarded: they come out of the tun device, and are read where they
 * arrive, at the far end of the cable or in the tun device again. */
#include "tests/unit/machine.h"
#include "tests/unit/packet.h"
#include "xfrm/forward.h"
#include "xfrm/sysctl.h"
#include "xfrm/user/inner.h"
#include "xfrm/user/vnet.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PATIENCE = 2000 /* ms for what comes */, SILENCE = 50 /* for what does not */ };

/* A policy for the tunnel of a client: what is wanted, and its selectors. */
struct tunnel {
	struct child_conf conf;
	struct ts local[2], remote[2];
	struct policy_spec policy;
};

static struct policy_spec *tunnel(
	struct tunnel *t, uint32_t id, const char *local, const char *remote, enum forward_policy forward)
{
	t->conf = (struct child_conf){
		.forward = forward, .client_to_client = true, .datapath = DATAPATH_USER
	};
	t->local[0] = packet_ts(local);
	t->remote[0] = packet_ts(remote);
	t->policy = (struct policy_spec){ .id = id,
		.local_ts = { t->local, 1 },
		.remote_ts = { t->remote, 1 },
		.remote = packet_ip("192.0.2.9"),
		.conf = &t->conf };
	return &t->policy;
}

/* The clients' networks are behind the tun device; on the cable there is somebody at 192.0.2.9. */
static struct machine *gateway(void **state)
{
	struct machine *h = machine_started(state);

	machine_sh("sysctl -qw net.ipv4.ip_forward=0 net.ipv6.conf.all.forwarding=0 "
		   "net.ipv6.conf.out0.accept_ra=1 &&"
		   "ip neigh add 192.0.2.9 dev out0 lladdr 02:00:00:00:00:09 &&"
		   "ip neigh add 2001:db8::9 dev out0 lladdr 02:00:00:00:00:09");
	assert_ok(machine_route(h, "10.9.0.0/24", NULL));
	assert_ok(machine_route(h, "fd09::/64", NULL));
	return h;
}

static int far_end(void)
{
	const struct sockaddr_ll at = { .sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = (int)if_nametoindex("far0") };
	int s = socket(AF_PACKET, SOCK_DGRAM, 0);

	assert_true(s >= 0 && !bind(s, (const struct sockaddr *)&at, sizeof at));
	return s;
}

/* The next packet of PROTO, that FD has within MS; 0 when there is none. A tun device has a header before it.
 */
static size_t next(int fd, size_t before, uint8_t proto, int ms, uint8_t *p, struct inner *in)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	uint8_t octets[2048];

	while (poll(&ready, 1, ms) == 1) {
		ssize_t n = read(fd, octets, sizeof octets);

		if (n <= (ssize_t)before || !inner_parse(bytes_of(octets + before, (size_t)n - before), in) ||
			in->proto != proto)
			continue;
		memcpy(p, octets + before, (size_t)n - before);
		return in->n;
	}
	return 0;
}

/* Each is of another connection: the kernel translates all packets of one as it did the first. */
static size_t datagram(uint8_t *p, const char *src, const char *dst)
{
	static uint16_t port = 1024;

	return packet_make(p, src, dst, IPPROTO_UDP, port++, 8, 8);
}

/* Whether a datagram that comes out of the tunnel arrives on the cable, and with which source. */
static const char *arrives_from(struct machine *h, const char *src, const char *dst)
{
	static char text[IP_TEXT];
	uint8_t p[128];
	struct inner in;
	int s = far_end();
	size_t n = datagram(p, src, dst);

	machine_write(h, p, n);
	n = next(s, 0, IPPROTO_UDP, PATIENCE, p, &in);
	close(s);
	if (!n)
		return "nothing";
	assert_true(packet_sums_right(p, n));
	return ip_print(&in.src, text);
}

/* Whether one for another client goes into the tunnel again. */
static bool comes_back(struct machine *h, const char *src, const char *dst)
{
	uint8_t p[128];
	struct inner in;

	machine_write(h, p, datagram(p, src, dst));
	return next(h->tun, sizeof(struct virtio_net_hdr), IPPROTO_UDP, SILENCE, p, &in);
}

/* The segment size of a SYN that says 1460, as it arrives. */
static unsigned segment(struct machine *h, const char *src, const char *dst)
{
	static const uint8_t mss[] = { 2, 4, 5, 0xb4 };
	uint8_t p[128];
	struct inner in;
	int s = far_end();

	machine_write(h, p, packet_syn(p, src, dst, mss, sizeof mss));
	assert_true(next(s, 0, IPPROTO_TCP, PATIENCE, p, &in));
	assert_true(packet_sums_right(p, in.n));
	close(s);
	return (unsigned)p[in.header + 22] << 8 | p[in.header + 23];
}

static int setting(const char *name)
{
	int value = -1;

	assert_int_equal(sysctl_get(name, &value), ERR_OK);
	return value;
}

static void the_machine_forwards_until_the_end(void **state)
{
	struct machine *h = gateway(state);
	struct tunnel a, b;

	assert_ok(forward_add(h->route, tunnel(&a, 1, "192.0.2.0/24", "10.9.0.1", FORWARD_NO), &h->why));
	assert_int_equal(setting("net/ipv4/ip_forward"), 0);
	assert_ok(forward_add(h->route, tunnel(&b, 2, "192.0.2.0/24", "10.9.0.2", FORWARD_YES), &h->why));
	assert_int_equal(setting("net/ipv4/ip_forward"), 1);
	assert_int_equal(setting("net/ipv6/conf/all/forwarding"), 0);
	assert_string_equal(arrives_from(h, "10.9.0.2", "192.0.2.9"), "10.9.0.2");
	forward_del(h->route, 2);
	assert_int_equal(setting("net/ipv4/ip_forward"), 1);
	route_close(h->route);
	h->route = NULL;
	assert_int_equal(setting("net/ipv4/ip_forward"), 0);
	assert_int_equal(access(h->journal, F_OK), -1);
}

/* The kernel sets it to 1 when this machine forwards no more. */
static void a_machine_that_takes_no_redirects_takes_none_afterwards(void **state)
{
	static const char name[] = "net/ipv4/conf/all/accept_redirects";
	struct machine *h = gateway(state);
	struct tunnel a;

	for (int takes = 0; takes < 2; takes++) {
		assert_int_equal(sysctl_set(name, takes), ERR_OK);
		assert_ok(forward_add(
			h->route, tunnel(&a, 1, "192.0.2.0/24", "10.9.0.2", FORWARD_YES), &h->why));
		assert_int_equal(setting("net/ipv4/ip_forward"), 1);
		route_close(h->route);
		h->route = NULL;
		assert_int_equal(setting("net/ipv4/ip_forward"), 0);
		assert_int_equal(setting(name), takes);
		assert_int_equal(access(h->journal, F_OK), -1);
		machine_start(h);
	}
	route_close(h->route);
	h->route = NULL;
}

static void devices_of_any_name_are_put_back(void **state)
{
	struct machine *h = gateway(state);
	struct tunnel a;

	machine_sh("ip link add 'a+b{c}..d' type veth && ip link set 'a+b{c}..d' up && "
		   "echo 1 >'/proc/sys/net/ipv6/conf/a+b{c}..d/accept_ra'");
	assert_ok(forward_add(h->route, tunnel(&a, 1, "::/0", "fd09::1", FORWARD_YES), &h->why));
	assert_int_equal(setting("net/ipv6/conf/a+b{c}..d/accept_ra"), 2);
	route_close(h->route);
	h->route = NULL;
	assert_int_equal(setting("net/ipv6/conf/a+b{c}..d/accept_ra"), 1);
}

/* A router would take no more advertisements, and this machine lose its own default route. */
static void an_ipv6_gateway_goes_on_hearing_routers(void **state)
{
	struct machine *h = gateway(state);
	struct tunnel a;

	assert_ok(forward_add(h->route, tunnel(&a, 1, "::/0", "fd09::1", FORWARD_YES), &h->why));
	assert_int_equal(setting("net/ipv6/conf/all/forwarding"), 1);
	assert_int_equal(setting("net/ipv6/conf/out0/accept_ra"), 2);
	assert_int_equal(setting("net/ipv4/ip_forward"), 0);
	assert_string_equal(arrives_from(h, "fd09::1", "2001:db8::9"), "fd09::1");
	route_close(h->route);
	h->route = NULL;
	assert_int_equal(setting("net/ipv6/conf/all/forwarding"), 0);
	assert_int_equal(setting("net/ipv6/conf/out0/accept_ra"), 1);
}

static void a_machine_that_forwards_already_goes_on(void **state)
{
	struct machine *h = gateway(state);
	struct tunnel a;

	machine_sh("sysctl -qw net.ipv4.ip_forward=1");
	assert_ok(forward_add(h->route, tunnel(&a, 1, "0.0.0.0/0", "10.9.0.1", FORWARD_YES), &h->why));
	route_close(h->route);
	h->route = NULL;
	assert_int_equal(setting("net/ipv4/ip_forward"), 1);
}

/* A predecessor that ends without a word. */
static void predecessor(struct machine *h)
{
	struct settings settings = settings_default();
	struct tunnel a;
	pid_t child = fork();
	int status = 0;

	assert_true(child >= 0);
	if (!child)
		_exit(route_open(h->journal, &settings, MACHINE_MARK, &h->route, &h->why) ||
			forward_add(h->route, tunnel(&a, 1, "0.0.0.0/0", "10.9.0.1", FORWARD_NAT), &h->why));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(setting("net/ipv4/ip_forward"), 1);
	assert_says("nft list ruleset", "masquerade");
}

/* The next one goes on with it, until it knows that nobody wants it any more. */
static void a_crash_leaves_nothing_for_good(void **state)
{
	struct machine *h = machine_enter(state);
	struct tunnel a;

	machine_sh("sysctl -qw net.ipv4.ip_forward=0");
	predecessor(h);
	machine_start(h);
	assert_int_equal(setting("net/ipv4/ip_forward"), 1);
	route_adopted_drop(h->route);
	assert_int_equal(setting("net/ipv4/ip_forward"), 0);
	assert_string_equal(machine_said("nft list tables"), "");
	route_close(h->route);

	predecessor(h);
	machine_start(h);
	assert_ok(forward_add(h->route, tunnel(&a, 1, "0.0.0.0/0", "10.9.0.1", FORWARD_YES), &h->why));
	route_adopted_drop(h->route);
	assert_int_equal(setting("net/ipv4/ip_forward"), 1);
	assert_silent("nft list ruleset", "masquerade");
	route_close(h->route);
	h->route = NULL;
	assert_int_equal(setting("net/ipv4/ip_forward"), 0);
}

static void clients_get_the_address_of_the_way_out(void **state)
{
	struct machine *h = gateway(state);
	struct tunnel a, b;

	assert_ok(forward_add(h->route, tunnel(&a, 1, "0.0.0.0/0", "10.9.0.1", FORWARD_NAT), &h->why));
	assert_ok(forward_add(h->route, tunnel(&b, 2, "0.0.0.0/0", "10.9.0.2", FORWARD_YES), &h->why));
	assert_string_equal(arrives_from(h, "10.9.0.1", "192.0.2.9"), "192.0.2.1");
	assert_string_equal(arrives_from(h, "10.9.0.2", "192.0.2.9"), "10.9.0.2");
	forward_del(h->route, 1);
	assert_string_equal(arrives_from(h, "10.9.0.1", "192.0.2.9"), "10.9.0.1");
	assert_ok(forward_add(h->route, tunnel(&a, 3, "::/0", "fd09::/64", FORWARD_NAT), &h->why));
	assert_string_equal(arrives_from(h, "fd09::1", "2001:db8::9"), "2001:db8::1");
}

/* The selectors of the other one would not let it in. */
static void what_goes_into_a_tunnel_keeps_its_source(void **state)
{
	struct machine *h = gateway(state);
	struct tunnel a;
	uint8_t p[128];
	struct inner in;
	char text[IP_TEXT];

	assert_ok(forward_add(h->route, tunnel(&a, 1, "0.0.0.0/0", "10.9.0.1", FORWARD_NAT), &h->why));
	machine_write(h, p, datagram(p, "10.9.0.1", "10.9.0.2"));
	assert_true(next(h->tun, sizeof(struct virtio_net_hdr), IPPROTO_UDP, PATIENCE, p, &in));
	assert_string_equal(ip_print(&in.src, text), "10.9.0.1");
}

static void clients_are_kept_apart(void **state)
{
	struct machine *h = gateway(state);
	struct tunnel a, b, c;

	tunnel(&a, 1, "0.0.0.0/0", "10.9.0.1", FORWARD_YES)->conf = &a.conf;
	tunnel(&b, 2, "0.0.0.0/0", "10.9.0.2[udp]", FORWARD_YES)->conf = &b.conf;
	tunnel(&c, 3, "0.0.0.0/0", "10.9.0.3", FORWARD_YES)->conf = &c.conf;
	a.conf.client_to_client = b.conf.client_to_client = false;
	assert_ok(forward_add(h->route, &a.policy, &h->why));
	assert_ok(forward_add(h->route, &c.policy, &h->why));
	assert_true(comes_back(h, "10.9.0.1", "10.9.0.2"));
	assert_ok(forward_add(h->route, &b.policy, &h->why));
	assert_false(comes_back(h, "10.9.0.1", "10.9.0.2"));
	assert_false(comes_back(h, "10.9.0.2", "10.9.0.1"));
	assert_true(comes_back(h, "10.9.0.1", "10.9.0.3"));
	assert_true(comes_back(h, "10.9.0.3", "10.9.0.1"));
	assert_string_equal(arrives_from(h, "10.9.0.1", "192.0.2.9"), "10.9.0.1");
	forward_del(h->route, 2);
	assert_true(comes_back(h, "10.9.0.2", "10.9.0.1"));
}

static void tcp_is_told_a_size(void **state)
{
	struct machine *h = gateway(state);
	struct tunnel a;

	tunnel(&a, 1, "0.0.0.0/0", "10.9.0.1", FORWARD_YES);
	assert_ok(forward_add(h->route, &a.policy, &h->why));
	assert_int_equal(segment(h, "10.9.0.1", "192.0.2.9"), 1460); /* workers of this path do it */
	forward_del(h->route, 1);
	a.conf.mss = 1234;
	assert_ok(forward_add(h->route, &a.policy, &h->why));
	assert_int_equal(segment(h, "10.9.0.1", "192.0.2.9"), 1234);
	forward_del(h->route, 1);
	a.conf.mss = MSS_NO;
	a.conf.datapath = DATAPATH_KERNEL;
	assert_ok(forward_add(h->route, &a.policy, &h->why));
	assert_int_equal(segment(h, "10.9.0.1", "192.0.2.9"), 1460);
}

/* Of 1300 octets of the cable 1300 - 20 (IP) - 8 (UDP) - 8 (ESP) - 16 (IV) - 32 (ICV) are whole blocks of 16:
 * 1216, of which 2 end the packet; TCP and IP have 40. */
static void tcp_is_told_what_fits_the_kernels_path(void **state)
{
	struct machine *h = gateway(state);
	struct tunnel a, b;

	tunnel(&a, 1, "0.0.0.0/0", "10.9.0.1", FORWARD_YES);
	a.conf.datapath = DATAPATH_KERNEL;
	assert_ok(forward_add(h->route, &a.policy, &h->why));
	assert_int_equal(segment(h, "10.9.0.1", "192.0.2.9"), 1216 - 2 - 40);
	tunnel(&b, 2, "::/0", "fd09::1", FORWARD_YES);
	b.conf.datapath = DATAPATH_KERNEL;
	assert_ok(forward_add(h->route, &b.policy, &h->why));
	assert_int_equal(segment(h, "fd09::1", "2001:db8::9"), 1216 - 2 - 60);
}

static void a_trap_only_makes_the_machine_forward(void **state)
{
	struct machine *h = gateway(state);
	struct tunnel a;

	tunnel(&a, 1, "0.0.0.0/0", "10.9.0.0/24", FORWARD_NAT)->trap = true;
	assert_ok(forward_add(h->route, &a.policy, &h->why));
	assert_int_equal(setting("net/ipv4/ip_forward"), 1);
	assert_string_equal(machine_said("nft list tables"), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MACHINE_CASE(the_machine_forwards_until_the_end),
		MACHINE_CASE(a_machine_that_takes_no_redirects_takes_none_afterwards),
		MACHINE_CASE(devices_of_any_name_are_put_back),
		MACHINE_CASE(an_ipv6_gateway_goes_on_hearing_routers),
		MACHINE_CASE(a_machine_that_forwards_already_goes_on),
		MACHINE_CASE(a_crash_leaves_nothing_for_good),
		MACHINE_CASE(clients_get_the_address_of_the_way_out),
		MACHINE_CASE(what_goes_into_a_tunnel_keeps_its_source),
		MACHINE_CASE(clients_are_kept_apart),
		MACHINE_CASE(tcp_is_told_a_size),
		MACHINE_CASE(tcp_is_told_what_fits_the_kernels_path),
		MACHINE_CASE(a_trap_only_makes_the_machine_forward),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
