# SPDX-License-Identifier: GPL-2.0-or-later
"""Tunnels between two of us: every family in every other, host to host, through a NAT, in UDP or not."""
import errno
import socket

from lab.case import case
from lab.check import check, contains, same, until
from lab.net import Namespace, link
from lab.traffic import reaches, reaches_in_the_end, tcp


def carries(bench, version=4):
    reaches(bench.alice, bench.sun.inside[version])
    reaches(bench.bob, bench.moon.inside[version])


@case(quick=("4-in-4", "6-in-4", "4-in-6"),
      each=[("4-in-4", 4, 4), ("6-in-4", 6, 4), ("4-in-6", 4, 6), ("6-in-6", 6, 6)])
def inside_outside(bench, inner, outer):
    moon, sun = bench.pair(outer=outer, inner=(inner,))
    wire = bench.wire()
    moon.up()
    carries(bench, inner)
    tcp(bench.alice, bench.bob, bench.sun.inside[inner])
    wire.all_in(bench.esp)
    for daemon in moon, sun:
        child, = daemon.children()
        same(child["state"], "INSTALLED", "state of the CHILD_SA")
        check(child["packets_in"] > 6 and child["packets_out"] > 6, f"the counters of {daemon.host.name} stand: {child}")


@case()
def both_families_in_one_child(bench):
    moon, _ = bench.pair(inner=(4, 6))
    wire = bench.wire()
    moon.up()
    carries(bench, 4)
    carries(bench, 6)
    wire.all_in(bench.esp)


@case(each=[("ipv4", 4), ("ipv6", 6)], quick=("ipv4",))
def host_to_host_without_selectors(bench, version):
    """The default, dynamic selectors: the tunnel's own packets are between its selectors."""
    moon, sun = bench.pair(outer=version, inner=())
    wire = bench.wire()
    moon.up()
    wire.no_clear()
    reaches(bench.moon.gateway, bench.sun.wan[version])
    reaches(bench.sun.gateway, bench.moon.wan[version])
    tcp(bench.moon.gateway, bench.sun.gateway, bench.sun.wan[version], size=1 << 20)
    wire.all_in(bench.esp)
    child, = moon.children()
    bits = {4: 32, 6: 128}[version]
    same(child["remote_ts"], [f"{bench.sun.wan[version]}/{bits}"], "remote_ts of moon")


@case()
def peer_inside_remote_ts(bench):
    """The peer's outer address lies in the network that it protects."""
    moon, _ = bench.pair(moon={"child": {"remote_ts": "10.2.0.0/24, 192.0.2.2/32"}},
                         sun={"child": {"local_ts": "10.2.0.0/24, 192.0.2.2/32"}})
    wire = bench.wire()
    moon.up()
    carries(bench)
    reaches(bench.alice, bench.sun.wan[4])
    wire.all_in(bench.esp)


@case()
def traffic_of_the_gateways_themselves(bench):
    """Their address in the local network is taken as source."""
    moon, _ = bench.pair()
    wire = bench.wire()
    moon.up()
    reaches(bench.moon.gateway, bench.sun.inside[4])
    reaches(bench.sun.gateway, bench.moon.inside[4])
    reaches(bench.moon.gateway, bench.sun.lan[4])
    wire.all_in(bench.esp)


@case("nat", quick=True)
def initiator_behind_nat(bench):
    moon, sun = bench.pair(conn={"encap": "no"}, daemon={"udp_encap": "no"})
    wire = bench.wire()
    moon.up()
    carries(bench)
    tcp(bench.bob, bench.alice, bench.moon.inside[4])
    wire.all_in(bench.esp)
    same(moon.sas()[0]["nat_local"], True, "moon sees that it is behind a NAT")
    same(sun.sas()[0]["nat_remote"], True, "sun sees that moon is behind a NAT")
    same(sun.sas()[0]["remote_host"], "192.0.2.254", "where sun sees moon")


@case("nat")
def both_behind_nats(bench):
    """One that hides moon, and passes on to sun what comes to an address of its own."""
    hidden = "172.16.0.200"
    bench.site.nat.ip(f"addr add {hidden}/24 dev inner")
    bench.site.nat.nft("table ip forward { chain in { type nat hook prerouting priority dstnat; "
                       f"iifname inner ip daddr {hidden} udp dport {{ 500, 4500 }} dnat to {bench.sun.wan[4]}; }}; }}")
    bench.afterwards(lambda: bench.site.nat.ip(f"addr del {hidden}/24 dev inner"))
    bench.afterwards(lambda: bench.site.nat.nft("delete table ip forward"))
    moon, sun = bench.pair(conn={"encap": "no"}, daemon={"udp_encap": "no"}, moon={"conn": {"remote_addrs": hidden}})
    wire = bench.wire()
    moon.up()
    carries(bench)
    tcp(bench.bob, bench.alice, bench.moon.inside[4])
    wire.all_in("esp-udp")
    for daemon in moon, sun:
        same([daemon.sas()[0][key] for key in ("nat_local", "nat_remote")], [True, True], f"what {daemon.host.name} sees")
    same(moon.sas()[0]["remote_host"], hidden, "where moon sees sun")
    same(sun.sas()[0]["remote_host"], "192.0.2.254", "where sun sees moon")


@case("nat")
def behind_two_nats(bench):
    """What the first one has made of moon the second one hides as well; it forgets its table while packets flow."""
    outer = Namespace("provider")
    bench.afterwards(outer.delete)
    link(bench.site.nat, "middle", outer, "inner")
    link(outer, "outer", bench.sun.gateway, "wan2")
    bench.site.nat.ip("addr add 100.64.0.1/24 dev middle", "route add 203.0.113.0/24 via 100.64.0.254")
    bench.site.nat.nft("table ip first { chain out { type nat hook postrouting priority srcnat; oifname middle masquerade; }; }")
    bench.afterwards(lambda: bench.site.nat.nft("delete table ip first"))
    outer.ip("addr add 100.64.0.254/24 dev inner", "addr add 203.0.113.254/24 dev outer")
    outer.nft("table ip nat { chain out { type nat hook postrouting priority srcnat; oifname outer masquerade; }; }")
    bench.sun.gateway.ip("addr add 203.0.113.2/24 dev wan2")
    moon, sun = bench.pair(conn={"encap": "no"}, daemon={"udp_encap": "no"}, moon={"conn": {"remote_addrs": "203.0.113.2"}},
                           sun={"conn": {"local_addrs": "203.0.113.2"}})
    moon.up()
    carries(bench)
    tcp(bench.bob, bench.alice, bench.moon.inside[4])
    same([moon.sas()[0]["nat_local"], sun.sas()[0]["nat_remote"]], [True, True], "what both see")
    same(sun.sas()[0]["remote_host"], "203.0.113.254", "where sun sees moon")
    outer.nft("flush table ip nat; table ip nat { chain out { udp sport 4500 masquerade to :34500-34510; }; }")
    outer.ip("link set outer down", "link set outer up")
    reaches_in_the_end(bench.alice, bench.sun.inside[4])
    check(34500 <= sun.sas()[0]["remote_port"] <= 34510, f"sun follows the outer one: {sun.sas()[0]}")


@case("nat")
def who_waits_cannot_initiate(bench):
    """A connection for any peer has nobody to call."""
    _, sun = bench.pair()
    done = sun.ipsec("up", "site", "--timeout", "5")
    same(done.code, 1, "exit code of ipsec up")
    contains(done.err, "remote_addrs", "ipsec up")


@case("nat")
def keepalives_from_behind_nat(bench):
    moon, _ = bench.pair(daemon={"keep_alive": "1s"})
    wire = bench.wire()
    moon.up()
    wire.wait("keepalive", 2)


@case("nat")
def nat_maps_anew(bench):
    """The NAT forgets its table and chooses another port: packets of the tunnel tell the other side."""
    moon, sun = bench.pair()
    moon.up()
    carries(bench)
    bench.site.nat.nft("flush table ip nat; table ip nat { chain out { ip saddr 172.16.0.0/24 udp sport 4500 "
                       "masquerade to :34500-34510; }; }")
    bench.afterwards(lambda: bench.site.nat.nft(
        "flush table ip nat; table ip nat { chain out { ip saddr 172.16.0.0/24 oifname outer masquerade; }; }"))
    bench.site.nat.ip("link set outer down", "link set outer up")  # what was masqueraded by a device that goes is forgotten
    reaches_in_the_end(bench.alice, bench.sun.inside[4])
    port = sun.sas()[0]["remote_port"]
    check(34500 <= port <= 34510, f"sun sees moon at the new port, not at {port}")


@case(each=[("yes", "yes", "yes", "esp-udp"), ("as-the-daemon-decides", "no", "yes", None),
            ("auto", "no", "no", "esp"), ("never", "never", "yes", "esp")], quick=("never",))
def encapsulation(bench, encap, udp_encap, kind):
    kind = kind or bench.esp
    moon, sun = bench.pair(conn={"encap": encap}, daemon={"udp_encap": udp_encap})
    wire = bench.wire()
    moon.up()
    carries(bench)
    tcp(bench.alice, bench.bob, bench.sun.inside[4], size=1 << 20)
    wire.all_in(kind)
    for daemon in moon, sun:
        same(daemon.children()[0]["encap"], kind == "esp-udp", "encap of the CHILD_SA")
    same(moon.sas()[0]["nat_fake"], kind == "esp-udp", "nat-fake of moon")


@case()
def raw_esp_over_ipv6(bench):
    moon, _ = bench.pair(outer=6, inner=(4, 6), conn={"encap": "never"})
    wire = bench.wire()
    moon.up()
    carries(bench, 4)
    carries(bench, 6)
    wire.all_in("esp")


@case()
def both_ask_at_once(bench):
    """Two tunnels may stand then; both ends agree, and traffic flows."""
    moon, sun = bench.pair()
    wire = bench.wire()
    calls = [d.host.spawn([*d.client(), "up", "site"], f"{bench.directory}/up-{d.host.name}") for d in (moon, sun)]
    for call in calls:
        same(call.wait(30), 0, f"exit code of ipsec up\n{call.log()}")
    carries(bench)
    wire.all_in(bench.esp)
    until(lambda: sorted(c["spi_in"] for c in moon.children()) == sorted(c["spi_out"] for c in sun.children()),
          "moon and sun have the same SAs")


@case(each=[("ipv4", socket.AF_INET, 4), ("ipv6", socket.AF_INET6, 6)])
def policies_that_block(bench, family, version):
    """All UDP between the gateways is dropped by policies of the kernel: IKE and ESP are not concerned, nor is the search for
    the way."""
    for side in bench.moon, bench.sun:
        here, there = side.wan[version], bench.site.peer_of(side).wan[version]
        policies = f"src {here} dst {there} proto udp dir out", f"src {there} dst {here} proto udp dir in"
        side.gateway.ip(*(f"xfrm policy add {policy} action block" for policy in policies))
        bench.afterwards(lambda side=side, policies=policies: side.gateway.ip(*(f"xfrm policy del {p}" for p in policies)))
    with bench.moon.gateway.socket(family, socket.SOCK_DGRAM) as s:
        same(s.connect_ex((bench.sun.wan[version], 7000)), errno.EPERM, "what becomes of others' UDP")
    moon, _ = bench.pair(outer=version)
    moon.up()
    carries(bench)
