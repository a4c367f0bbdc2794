# SPDX-License-Identifier: GPL-2.0-or-later
"""Which packets take the tunnel, which device and which way they take, and that none goes in the clear."""
import errno
import os
import signal
import socket

from lab import family
from lab.case import case, user_case
from lab.check import check, contains, same, until
from lab.config import merged, tunnel
from lab.traffic import Pings, cannot_reach, reaches, reaches_in_the_end, send_udp, tcp

TRAP = {"child": {"start_action": "trap"}}
IMPATIENT = {"daemon": {"retransmit_timeout": "1s", "retransmit_tries": "1"}}


def carries(bench, version=4):
    reaches(bench.alice, bench.sun.inside[version])
    reaches(bench.bob, bench.moon.inside[version])


def nothing_routed(daemon):
    """Nothing leads into a device, and nothing stands behind."""
    left = [line for line in daemon.routes().splitlines() if not line.startswith("throw")]
    same(left, [], f"routes of {daemon.host.name}")


# ------------------------------------------------------------------- traps

@case(each=[("ipv4", 4), ("ipv6", 6)], quick=("ipv4",))
def trap(bench, version):
    """The first packet brings the tunnel up; it waits for that, or is lost, but goes by no other way."""
    moon, sun = bench.pair(moon=TRAP, inner=(version,))
    moon.wait_trap()
    same(moon.sas(), [], "SAs of moon before the first packet")
    wire = bench.wire()
    reaches_in_the_end(bench.alice, bench.sun.inside[version])
    sun.wait_children(1)
    carries(bench, version)
    same(len(moon.children()), 1, "number of CHILD_SAs")
    wire.all_in(bench.esp)


@case()
def trap_without_a_peer(bench):
    """Nobody answers; later somebody does."""
    moon = bench.start(bench.moon, **merged(TRAP, IMPATIENT))
    moon.wait_trap()
    wire = bench.wire()
    cannot_reach(bench.alice, bench.sun.inside[4])
    cannot_reach(bench.moon.gateway, bench.sun.inside[4])
    wire.wait("ike")
    moon.wait_drops("no-sa")
    same(wire["esp"] + wire[bench.esp], 0, "number of ESP packets")
    bench.start(bench.sun)
    reaches_in_the_end(bench.alice, bench.sun.inside[4])
    wire.all_in(bench.esp)


@case(each=["ours", "the-peers"])
def trap_after_down(bench, who):
    """ipsec down, on either side, leaves it; the next packet brings the tunnel up again."""
    moon, sun = bench.pair(moon=TRAP)
    moon.up()
    wire = bench.wire()
    first = moon.children()[0]["spi_in"]
    (moon if who == "ours" else sun).must("down", "site")
    moon.wait_idle()
    sun.wait_idle()
    moon.wait_trap()
    reaches_in_the_end(bench.alice, bench.sun.inside[4])
    carries(bench)
    check(moon.children()[0]["spi_in"] != first, "it is another CHILD_SA")
    wire.all_in(bench.esp)


@case()
def trap_goes_with_its_connection(bench):
    """Read again without it, the configuration leaves neither trap nor routes; the packets' way is clear then."""
    moon = bench.start(bench.moon, **TRAP)
    moon.wait_trap()
    cannot_reach(bench.alice, bench.sun.inside[4])
    moon.write({"connections": {}})
    moon.must("reload")
    until(lambda: "10.2.0.0/24" not in moon.routes(), moon.routes)
    nothing_routed(moon)
    until(lambda: "ipsec0" not in moon.host.must(["ip", "-br", "link"]), "the device is gone")
    reaches(bench.alice, bench.sun.inside[4])


@case()
def trap_changes_its_networks(bench):
    """A configuration read again: packets to the new network are caught, those to the old one go where they like."""
    moon = bench.start(bench.moon, **TRAP)
    moon.wait_trap()
    moon.write(bench.tunnel(bench.moon, child={"remote_ts": "10.9.0.0/24", **TRAP["child"]}))
    moon.must("reload")
    moon.wait_routes("10.9.0.0/24")
    until(lambda: "10.2.0.0/24" not in moon.routes(), moon.routes)
    wire = bench.wire()
    cannot_reach(bench.alice, "10.9.0.9")
    wire.no_clear()
    reaches(bench.alice, bench.sun.inside[4])


@case()
def traps_on_both_sides(bench):
    """Both are sprung at the same time."""
    moon, sun = bench.pair(**TRAP)
    for daemon in moon, sun:
        daemon.wait_trap()
    wire = bench.wire()
    pings = Pings(bench.alice, bench.sun.inside[4], f"{bench.directory}/ping")
    bench.afterwards(pings.stop)
    reaches_in_the_end(bench.bob, bench.moon.inside[4])
    until(lambda: pings.answers() > 5, "alice is answered, too")
    carries(bench)
    wire.all_in(bench.esp)


# --------------------------------------------------------------- selectors

@user_case(each=["of-bobs", "of-suns"], quick=("of-bobs",))
def selectors_of_one_port(bench, whose):
    """One TCP port: the others stay out, and are told so."""
    if whose == "of-bobs":
        ours, theirs = "10.1.0.0/24", "10.2.0.0/24"
        sender, receiver, address = bench.alice, bench.bob, bench.sun.inside[4]
    else:
        ours, theirs = "dynamic", "dynamic"
        sender, receiver, address = bench.moon.gateway, bench.sun.gateway, bench.sun.wan[4]
    moon, _ = bench.pair(moon={"child": {"local_ts": f"{ours}[tcp]", "remote_ts": f"{theirs}[tcp/5001]"}},
                         sun={"child": {"local_ts": f"{theirs}[tcp/5001]", "remote_ts": f"{ours}[tcp]"}})
    wire = bench.wire()
    moon.up()
    tcp(sender, receiver, address, size=1 << 16, port=5001)
    with sender.socket(socket.AF_INET, socket.SOCK_STREAM) as s:
        s.settimeout(5)
        same(s.connect_ex((address, 5002)), errno.EHOSTUNREACH, "connection to the next port")
    contains(cannot_reach(sender, address), "Packet filtered", "ping")
    send_udp(sender, address, 5001, [b"udp"])
    moon.wait_drops("no-policy", 4)
    contains(moon.must("statusall"), "no-policy=", "ipsec statusall")
    wire.all_in("esp-udp")


@user_case(each=[("ipv4", 4, "icmp"), ("ipv6", 6, "ipv6-icmp")])
def selectors_of_one_protocol(bench, version, protocol):
    ours, theirs = (f"{side.net[version]}[{protocol}]" for side in (bench.moon, bench.sun))
    moon, _ = bench.pair(moon={"child": {"local_ts": ours, "remote_ts": theirs}},
                         sun={"child": {"local_ts": theirs, "remote_ts": ours}})
    wire = bench.wire()
    moon.up()
    carries(bench, version)
    got = bench.datagrams(bench.bob, bench.sun.inside[version])
    send_udp(bench.alice, bench.sun.inside[version], 7000, [b"udp"])
    moon.wait_drops("no-policy")
    carries(bench, version)
    same(got.got(), [], "datagrams of bob's")
    wire.all_in("esp-udp")


@user_case("charon")
def selectors_of_what_comes_out(bench):
    """charon's userspace ESP takes later fragments, which show no ports, for packets of port 0, and sends more than was
    agreed on; we look at what comes."""
    ports = {"local_ts": "10.1.0.0/24[udp/0-7000]", "remote_ts": "10.2.0.0/24[udp]"}
    moon, _ = bench.with_charon({"child": ports}, {"child": {
        "local_ts": ports["remote_ts"], "remote_ts": ports["local_ts"]}})
    wire, lan = bench.wire(), bench.wire(device="lan")
    moon.up()
    got = bench.datagrams(bench.alice, bench.moon.inside[4])
    send_udp(bench.bob, bench.moon.inside[4], 7000, [bytes(3000)])
    moon.wait_drops("selectors", 2)
    send_udp(bench.bob, bench.moon.inside[4], 7000, [b"good"])
    got.wait(b"good")
    same(lan["fragment"], 0, "later fragments that came to alice")
    same(moon.children()[0]["invalid"], moon.drops()["selectors"], "invalid packets of the CHILD_SA")
    wire.all_in("esp-udp")


# ----------------------------------------------------------------- workers

@user_case(each=[("in-udp", {}), ("in-esp", {"daemon": {"udp_encap": "no"}})])
def several_workers(bench, changes):
    """Four threads in each direction, with sockets and queues of their own: IKE still gets what is IKE's, and each SA
    of many rekeyings its packets, whichever of the sockets they come to."""
    changes = merged({"daemon": {"workers": "4"}}, changes)
    moon, sun = bench.pair(moon=changes, sun=changes)
    moon.up()
    for _ in range(8):
        carries(bench)
        moon.must("rekey", "net")
    carries(bench)
    contains(moon.must("statusall"), "workers=4", "moon's status")
    for daemon in moon, sun:
        same([why for why in ("unknown-spi", "replay", "authentication") if daemon.drops()[why]], [], f"drops of {daemon.host.name}")


@user_case()
def several_workers_open_what_came_for_one(bench):
    """All packets of a peer come to one of two threads. What has piled up there both open, and it keeps its order."""
    moon, sun = bench.pair(sun={"daemon": {"workers": "2"}})
    moon.up()
    reaches(bench.alice, bench.sun.inside[4])
    got = bench.datagrams(bench.bob, bench.sun.inside[4])
    # Of growing sizes, so that the kernel takes no two for one.
    sent = [b"%5d" % i + bytes(i % 400) for i in range(2400)]
    esp = family.member(sun, "esp")

    def pile():
        del got.got()[:]
        before = moon.children()[0]["packets_out"]
        os.kill(esp, signal.SIGSTOP)
        try:
            send_udp(bench.alice, bench.sun.inside[4], 7000, sent)
            until(lambda: moon.children()[0]["packets_out"] == before + len(sent), "all have left")
        finally:
            os.kill(esp, signal.SIGCONT)
        until(lambda: len(got.got()) == len(sent), lambda: f"{len(got.got())} of {len(sent)} arrive")
        check(got.got() == sent, "they come in their order")

    for _ in range(20):  # on a busy machine the first has opened all before the other one runs
        pile()
        if " shared=" in sun.must("statusall"):
            break
    contains(sun.must("statusall"), " shared=", "sun's status")
    same([why for why in ("unknown-spi", "replay", "authentication") if sun.drops()[why]], [], "drops of sun")


# ------------------------------------------------------- devices and routes

def two_tunnels(bench, child):
    """Two connections, red and blue, on daemons of moon and of sun, up; CHILD(me, peer, color) says what their children
    have. And a second network behind each, 10.11.0.0/24 and 10.22.0.0/24."""
    for side, n in (bench.moon, 11), (bench.sun, 22):
        side.host.ip(f"addr add 10.{n}.0.10/32 dev lan")
        side.gateway.ip(f"route add 10.{n}.0.0/24 via {side.inside[4]}")
        bench.afterwards(lambda side=side, n=n: side.host.ip(f"addr del 10.{n}.0.10/32 dev lan"))
        bench.afterwards(lambda side=side, n=n: side.gateway.ip(f"route del 10.{n}.0.0/24"))
    daemons = []
    for me, peer in (bench.moon, bench.sun), (bench.sun, bench.moon):
        both = {"connections": {}, "secrets": {}}
        for color in "red", "blue":
            one = tunnel(me, peer, local={"id": f"{color}.{me.id}"}, remote={"id": f"{color}.{peer.id}"},
                         child=child(me, peer, color))
            both["connections"][color] = one["connections"]["site"]
            both["secrets"] = one["secrets"]
        daemons.append(bench.daemon(me, both).start())
    daemons[0].up("red")
    daemons[0].up("blue")
    return daemons


def both_carry(bench, *daemons):
    """Alice's networks reach those behind sun, one through red and one through blue, at the same time."""
    red = Pings(bench.alice, bench.sun.inside[4], f"{bench.directory}/red")
    bench.afterwards(red.stop)
    reaches(bench.alice, "10.22.0.10", "-I", "10.11.0.10", count=20)
    until(lambda: red.answers() > 20, "alice is answered through red")
    for daemon in daemons:
        for child in daemon.children():
            check(child["packets_in"] >= 20 and child["packets_out"] >= 20, f"both carry: {daemon.children()}")


@case(quick=True)
def two_devices_for_everything(bench):
    """Both tunnels protect everything; which one a packet takes is what the administrator's routes say."""
    moon, sun = two_tunnels(bench, lambda _me, _peer, color: {
        "local_ts": "0.0.0.0/0", "remote_ts": "0.0.0.0/0", "interface": color})
    nothing_routed(moon)
    for daemon, red, blue in (moon, 2, 22), (sun, 1, 11):
        daemon.host.ip(f"route add 10.{red}.0.0/24 dev red", f"route add 10.{blue}.0.0/24 dev blue")
    wire = bench.wire()
    both_carry(bench, moon, sun)
    reaches(bench.alice, bench.moon.lan[4])
    wire.all_in(bench.esp)


@user_case(each=["on-the-interface", "on-all"])
def strict_rp_filter(bench, where):
    """Host to host, the peer's ESP comes from an address that is routed into the tunnel."""
    key = f"net.ipv4.conf.{'wan' if where == 'on-the-interface' else 'all'}.rp_filter"
    for side in bench.moon, bench.sun:
        bench.sysctl(side.gateway, key, 1)
    moon, sun = bench.pair(inner=())
    wire = bench.wire()
    moon.up()
    reaches(bench.moon.gateway, bench.sun.wan[4])
    reaches(bench.sun.gateway, bench.moon.wan[4])
    wire.all_in("esp-udp")
    same(moon.host.sysctl("net.ipv4.conf.wan.rp_filter"), "2", "rp_filter while the tunnel stands")
    for daemon in moon, sun:
        daemon.stop()  # which looks at it
        same(daemon.host.sysctl(key), "1", key)


@user_case()
def everything_through_the_tunnel(bench):
    """remote_ts is everything, the peer's outer address with it."""
    moon, _ = bench.pair(moon={"child": {"remote_ts": "0.0.0.0/0"}}, sun={"child": {"local_ts": "0.0.0.0/0"}})
    wire = bench.wire()
    moon.up()
    carries(bench)
    reaches(bench.alice, bench.sun.wan[4])
    reaches(bench.moon.gateway, bench.sun.inside[4])
    reaches(bench.moon.gateway, bench.sun.wan[4])
    reaches(bench.sun.gateway, bench.moon.inside[4])
    reaches(bench.alice, bench.moon.lan[4])  # on this side, though remote_ts has it
    tcp(bench.alice, bench.bob, bench.sun.inside[4], size=1 << 20)
    text = cannot_reach(bench.moon.gateway, bench.sun.inside[4], "-I", bench.moon.wan[4])
    contains(text, "Packet filtered", "ping from an address outside local_ts")
    wire.all_in("esp-udp")


@case()
def source_of_the_gateways_own_packets(bench):
    """It is the address that lies in local_ts, though the system would take another."""
    bench.moon.gateway.ip("addr add 10.77.0.1/32 dev wan")
    bench.afterwards(lambda: bench.moon.gateway.ip("addr del 10.77.0.1/32 dev wan"))
    moon, _ = bench.pair(moon={"child": {"local_ts": "10.77.0.0/24"}}, sun={"child": {"remote_ts": "10.77.0.0/24"}})
    wire = bench.wire()
    moon.up()
    reaches(bench.moon.gateway, bench.sun.inside[4])
    wire.all_in(bench.esp)


@case()
def down_without_a_trap(bench):
    """Nothing is protected any more, and nothing is held back."""
    moon, sun = bench.pair()
    moon.up()
    carries(bench)
    moon.must("down", "site")
    moon.wait_idle()
    sun.wait_idle()
    for daemon in moon, sun:
        nothing_routed(daemon)
    wire = bench.wire()
    carries(bench)
    wire.wait("clear", 12)


@case(each=[("ipv4", 4), ("ipv6", 6)], quick=("ipv4",))
def clear_packets_from_outside(bench, version):
    """sun has lost its tunnel and sends in the clear what should have come through it."""
    moon = bench.start(bench.moon, inner=(version,))
    sun = bench.start(bench.sun, inner=(version,))
    moon.up()
    carries(bench, version)
    sun.kill()
    sun.start()
    sun.stop()  # its routes are gone, moon knows nothing of that
    wire = bench.wire()
    lan = bench.wire(device="lan")
    cannot_reach(bench.bob, bench.moon.inside[version])
    wire.wait("clear", 2)
    same(lan["clear"], 0, f"packets that came to alice: {lan}")
    reaches(bench.sun.gateway, bench.moon.inside[version])  # from an address that the policy does not cover
    same(len(moon.children()), 1, "number of CHILD_SAs")


@case()
def neighbour_discovery_inside_the_selectors(bench):
    """The link between the gateways is in remote_ts; they find each other on it all the same."""
    ends = {"outer": 6, "inner": (), "child": {"local_ts": "2001:db8:ff::/64", "remote_ts": "2001:db8:ff::/64"}}
    moon, _ = bench.pair(**ends)
    moon.up()
    wire = bench.wire()
    for side in bench.moon, bench.sun:
        side.gateway.ip("neigh flush dev wan")
    before = wire["neighbour"]
    reaches(bench.moon.gateway, bench.sun.wan[6])
    reaches(bench.sun.gateway, bench.moon.wan[6])
    check(wire["neighbour"] > before, "they asked for each other")
    wire.all_in(bench.esp)
