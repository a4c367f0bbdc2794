# SPDX-License-Identifier: GPL-2.0-or-later
"""Route-based tunnels: devices of their own, with addresses and routes, and no script; and routes in the main table.
Every stop compares the host with what it was before the first start (Ikev2d.ended)."""
from cases.datapath import both_carry, two_tunnels
from lab.case import case, user_case
from lab.check import check, contains, same, until
from lab.traffic import Pings, cannot_reach, reaches, reaches_in_the_end

EVERYTHING = {"local_ts": "0.0.0.0/0, ::/0", "remote_ts": "0.0.0.0/0, ::/0"}
IN_MAIN = {"daemon": {"routing_table": "main"}}


def route_based(me, peer, number=9, device="vpn", **child):
    """The child of a tunnel for everything with a device, 10.NUMBER.0.1 or .2 on it, and a route to the peer's
    network. ME's numbers are 1 and 2."""
    last = 1 if me.name == "moon" else 2
    return {**EVERYTHING, "interface": device,
            "interface_addrs": f"10.{number}.0.{last}/30, 2001:db8:{number}::{last}/64",
            "interface_routes": f"{peer.net[4]}, {peer.net[6]}", **child}


def start_both(bench, **child):
    sides = (bench.moon, bench.sun), (bench.sun, bench.moon)
    return [bench.start(me, child=route_based(me, peer, **child)) for me, peer in sides]


def carries(bench, version=4):
    reaches(bench.alice, bench.sun.inside[version])
    reaches(bench.bob, bench.moon.inside[version])


@case(each=[("ipv4", 4), ("ipv6", 6)], quick=("ipv4",))
def route_based_tunnel(bench, version):
    """The selectors are everything; which packets take the tunnel is for the routes to say, on either side."""
    moon, sun = start_both(bench)
    moon.up()
    wire = bench.wire()
    carries(bench, version)
    reaches(moon.host, {4: "10.9.0.2", 6: "2001:db8:9::2"}[version])
    contains(moon.routes(), "10.2.0.0/24 dev vpn", "routes of moon")
    contains(moon.host.must(["ip", "addr", "show", "dev", "vpn"]), "inet 10.9.0.1/30", "addresses of vpn")
    wire.all_in(bench.esp)
    for daemon in moon, sun:
        daemon.stop()


@case()
def route_based_with_all_it_protects(bench):
    """interface_routes = yes: the routes follow the selectors, and go with the tunnel."""
    moon, sun = bench.pair(child={"interface": "vpn", "interface_routes": "yes"})
    moon.up()
    wire = bench.wire()
    carries(bench)
    contains(moon.routes(), "10.2.0.0/24 dev vpn", "routes of moon")
    wire.all_in(bench.esp)
    moon.must("down", "site")
    until(lambda: "vpn" not in moon.routes(), moon.routes)
    until(lambda: "vpn" not in moon.host.must(["ip", "-br", "link"]), "the device is gone")
    sun.wait_idle()


@case()
def route_based_rekeyed(bench):
    """The new CHILD_SA has the device, its addresses and its routes from the old one, and no packet is lost."""
    moon, _ = start_both(bench)
    moon.up()
    before = moon.host.must(["ip", "-br", "addr", "show", "dev", "vpn"]), moon.routes()
    pings = Pings(bench.alice, bench.sun.inside[4], f"{bench.directory}/pings")
    bench.afterwards(pings.stop)
    first = moon.children()[0]["spi_in"]
    moon.must("rekey", "net")
    until(lambda: [c["spi_in"] for c in moon.children() if c["state"] == "INSTALLED"] not in ([], [first]),
          "there is a new CHILD_SA")
    answers = pings.answers()
    until(lambda: pings.answers() > answers + 5, "alice is answered")
    same((moon.host.must(["ip", "-br", "addr", "show", "dev", "vpn"]), moon.routes()), before, "addresses and routes")


@case(quick=True)
def two_route_based_tunnels(bench):
    """Both tunnels protect everything; each takes what is routed to its device."""
    def child(me, peer, color):
        second = f"10.{22 if me.name == 'moon' else 11}.0.0/24"
        number, net = {"red": (9, peer.net[4]), "blue": (8, second)}[color]
        return route_based(me, peer, number, color, interface_routes=net)

    moon, sun = two_tunnels(bench, child)
    wire = bench.wire()
    both_carry(bench, moon, sun)
    for address in "10.9.0.2", "10.8.0.2":
        reaches(moon.host, address)
    wire.all_in(bench.esp)
    for daemon in moon, sun:
        daemon.stop()


@user_case()
def crash_of_a_route_based_tunnel(bench):
    """What was routed to the device goes nowhere until the next start; then all is as before, and goes with a stop."""
    moon, sun = start_both(bench)
    moon.up()
    wire = bench.wire()
    carries(bench)
    moon.kill()
    cannot_reach(bench.alice, bench.sun.inside[4])
    contains(moon.routes(), "unreachable 10.2.0.0/24", "routes of moon after the crash")
    moon.start()
    moon.up()
    carries(bench)
    reaches(moon.host, "10.9.0.2")
    wire.no_clear()
    for daemon in moon, sun:
        daemon.stop()


@user_case()
def crash_and_no_tunnel_any_more(bench):
    """The next start does not want it, and its stop leaves nothing of the crashed one."""
    moon, sun = start_both(bench)
    moon.up()
    carries(bench)
    moon.kill()
    moon.write({"connections": {}})
    moon.start()
    contains(moon.routes(), "unreachable 10.2.0.0/24", "routes of moon after the crash")
    moon.stop()
    sun.stop()


def up_by_the_main_table(bench, version):
    """A tunnel that is; moon's route for what it protects is there, and nowhere else."""
    moon, sun = bench.pair(inner=(version,), **IN_MAIN)
    moon.up()
    carries(bench, version)
    same(moon.routes().split(), [], "routes in table 220")
    device, ways = "wan" if moon.datapath == "kernel" else "ipsec0", moon.host.must(["ip", f"-{version}", "route"])
    check(any(bench.sun.net[version] in way and f" dev {device} " in way for way in ways.splitlines()), f"routes of moon: {ways}")
    check("220:" not in moon.host.must(["ip", f"-{version}", "rule"]), "there is no rule")
    return moon, sun


@case(each=[("ipv4", 4), ("ipv6", 6)])
def main_table(bench, version):
    """Without a rule and a table of our own; an orderly stop leaves nothing."""
    wire = bench.wire()
    for daemon in up_by_the_main_table(bench, version):
        daemon.stop()
    wire.all_in(bench.esp)


@user_case(each=[("ipv4", 4), ("ipv6", 6)], quick=("ipv4",))
def crash_of_a_tunnel_in_the_main_table(bench, version):
    """It shuts the way all the same, until the next start."""
    moon, sun = up_by_the_main_table(bench, version)
    wire = bench.wire()
    moon.kill()
    cannot_reach(bench.alice, bench.sun.inside[version])
    moon.start()
    moon.up()
    carries(bench, version)
    wire.all_in(bench.esp)
    for daemon in moon, sun:
        daemon.stop()


@case()
def main_table_with_somebody_elses_route(bench):
    """It is not touched; the tunnel is refused, and says what to do."""
    bench.moon.gateway.ip(f"route add 10.2.0.0/24 via {bench.sun.wan[4]} metric 50")
    bench.afterwards(lambda: bench.moon.gateway.ip(f"route del 10.2.0.0/24 via {bench.sun.wan[4]} metric 50"))
    moon, sun = bench.pair(moon=IN_MAIN)
    before = moon.host.must(["ip", "route"])
    done = moon.ipsec("up", "site")
    same(done.code, 1, "exit code of ipsec up")
    contains(done.text, "in the main routing table already", "ipsec up")
    same(moon.host.must(["ip", "route"]), before, "routes of moon")
    sun.wait_children(0)


@case()
def main_table_route_based(bench):
    """A tunnel for everything by routes in the main table: its own packets do not go into it."""
    moon, sun = (bench.start(me, child=route_based(me, bench.site.peer_of(me)), **IN_MAIN)
                 for me in (bench.moon, bench.sun))
    moon.up()
    wire = bench.wire()
    reaches_in_the_end(bench.alice, bench.sun.inside[4])
    carries(bench)
    wire.all_in(bench.esp)
    for daemon in moon, sun:
        daemon.stop()
