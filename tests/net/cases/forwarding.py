# SPDX-License-Identifier: GPL-2.0-or-later
"""A gateway that forwards because a child says so, with source NAT, and TCP that fits: over either path. That all of it is
taken back is seen at each end (Ikev2d.ended)."""
from cases.faults import finds
from cases.sizes import mss_of
from lab.case import case
from lab.check import check, contains, same, until
from lab.config import merged
from lab.ikev2d import parse_json
from lab.traffic import cannot_reach, reaches, reaches_in_the_end, send_udp, tcp

POOLS = {"pools": {"rw": {"addrs": "10.93.0.0/24"}, "rw6": {"addrs": "2001:db8:93::/120"}}}
VIPS = {4: "10.93.0.1", 6: "2001:db8:93::1"}
ASKS = {"inner": (4, 6), "conn": {"vips": ["0.0.0.0", "::"]}, "child": {"local_ts": "dynamic"}}
GIVES = {"inner": (4, 6), "conn": {"pools": ["rw", "rw6"]}, "child": {"remote_ts": "dynamic"}}
FORWARD = {4: "net.ipv4.ip_forward", 6: "net.ipv6.conf.all.forwarding"}


def still(bench, *sides):
    """Gateways that forward nothing by themselves."""
    for side in sides:
        for key in FORWARD.values():
            bench.sysctl(side.gateway, key, 0)


def clients(bench, path, **child):
    """Moon is a client of sun."""
    still(bench, bench.sun)
    daemon = {"daemon": {"datapath": path}}
    moon = bench.daemon(bench.moon, bench.tunnel(bench.moon, **merged(ASKS, daemon))).start()
    sun = bench.daemon(bench.sun, {**bench.tunnel(bench.sun, **merged(merged(GIVES, daemon), {"child": child})), **POOLS})
    return moon, sun.start()


def ruleset(daemon):
    return daemon.host.must(["nft", "list", "ruleset"])


def comes_from(bench, version):
    """What bob sees as the source of a packet of moon's."""
    got = bench.datagrams(bench.bob, bench.sun.inside[version], 7000 + version)
    payload = b"from a client"

    def arrives():
        send_udp(bench.moon.gateway, bench.sun.inside[version], 7000 + version, [payload])
        return payload in got.got()

    until(arrives, f"a datagram of IPv{version} arrives", interval=0.1)
    return got.sources


def _nat(bench, path):
    moon, sun = clients(bench, path, forward="nat")
    same(sun.host.sysctl(FORWARD[4]), "0", "forwarding before there is a client")
    moon.up()
    for version in 4, 6:
        same(comes_from(bench, version), {bench.sun.lan[version]}, "source that bob sees")
        reaches(moon.host, bench.sun.inside[version])
    if path == "kernel":
        contains(ruleset(sun), "rt ipsec exists accept", "rules that let tunnels' packets keep their source")
    moon.must("down", "site")
    sun.wait_idle()
    check(VIPS[4] not in ruleset(sun), f"no rule of sun is for a client that has gone: {ruleset(sun)}")
    moon.up()
    reaches(moon.host, bench.sun.inside[4])
    sun.kill()
    contains(ruleset(sun), "masquerade", "rules that nobody takes away")
    sun.start()
    moon.must("down", "site")
    moon.up()
    reaches_in_the_end(moon.host, bench.sun.inside[4])
    sun.stop()
    same([sun.host.sysctl(key) for key in FORWARD.values()], ["0", "0"], "forwarding after the end")
    same(ruleset(sun), "", "rules after the end")


@case(user=True)
def gateway_with_nat(bench):
    """Bob sees the gateway's address, of both families; nothing stays of it, also after a crash."""
    _nat(bench, "user")


@case(kernel=True)
def kernel_gateway_with_nat(bench):
    _nat(bench, "kernel")


@case(user=True)
def gateway_that_forwards(bench):
    """Without NAT: bob sees the client; and a gateway that is told nothing forwards nothing."""
    moon, sun = clients(bench, "user", forward="yes")
    moon.up()
    for version in 4, 6:
        same(comes_from(bench, version), {VIPS[version]}, "source that bob sees")
    sun.stop()
    sun.write({**bench.tunnel(bench.sun, **GIVES), **POOLS})
    sun.start()
    moon.wait_idle()
    moon.up()
    cannot_reach(moon.host, bench.sun.inside[4])


@case(kernel=True)
def kernel_tcp_segments(bench):
    """Both ends of a connection are told what fits: of 1500 octets are 1408 whole blocks, of which 2 end the packet."""
    still(bench, bench.sun, bench.moon)
    moon, _ = bench.pair(child={"forward": "yes"}, daemon={"datapath": "kernel"})
    moon.up()
    to_bob, to_alice = bench.tap(bench.sun, "lan"), bench.tap(bench.moon, "lan")
    tcp(bench.alice, bench.bob, bench.sun.inside[4], size=1 << 18)
    for tap in to_bob, to_alice:
        same([size for size in map(mss_of, tap.left()) if size], [1408 - 2 - 40], "segment size as it arrives")


def findings(daemon, *words):
    """The rows of ipsec check by name, as verdict (or "fixed") and text."""
    done = daemon.host.run([*daemon.client(), "--json", "check", daemon.config, *words])
    return {row["name"]: ("fixed" if row["fixed"] else row["verdict"], row["text"])
            for row in parse_json(done.out)["findings"]}


@case()
def check_of_a_gateway(bench):
    """What is off although a connection needs it, and what --fix mends, which the command that it names takes back."""
    still(bench, bench.moon)
    bench.sysctl(bench.moon.gateway, "net.ipv4.conf.all.rp_filter", 1)
    moon = bench.daemon(bench.moon, bench.tunnel(bench.moon, inner=(4, 6)))
    rows = findings(moon)
    for version, key in FORWARD.items():
        finds(rows, "forwarding", "note", f"IPv{version} packets of other hosts are not forwarded, and site/net has a "
              f"network on this side: write forward = yes there, or sysctl -w {key}=1")
    rows = findings(moon, "--fix")
    finds(rows, "rp-filter", "fixed", "sysctl -w net.ipv4.conf.all.rp_filter=1 takes it back")
    for key in FORWARD.values():
        finds(rows, "forwarding", "fixed", f"set {key} to 1, until the machine starts anew; sysctl -w {key}=0 takes it back")
        same(moon.host.sysctl(key), "1", key)
        moon.host.sysctl(key, 0)
    moon.write(bench.tunnel(bench.moon, inner=(4, 6), child={"forward": "yes"}))
    finds(findings(moon), "forwarding", "ok", "IPv6 packets are forwarded from the first tunnel of site/net on")
    moon.write(bench.tunnel(bench.moon, inner=()))
    finds(findings(moon), "forwarding", "ok", "no connection needs it")


@case()
def check_of_a_strict_way(bench):
    """The address that the peer knows is on another device than the way to the peer."""
    host = bench.moon.gateway
    bench.sysctl(host, "net.ipv4.conf.lan.rp_filter", 1)
    moon = bench.daemon(bench.moon, bench.tunnel(bench.moon, conn={"local_addrs": bench.moon.lan[4]}))
    finds(findings(moon), "rp-filter", "bad", "strict on lan, where site's local address is, while the way to "
          f"{bench.sun.wan[4]} is by wan")


@case()
def check_of_a_rule_that_eats(bench):
    """Somebody else's source NAT; and the command that is told puts the exception before it."""
    host = bench.moon.gateway
    host.nft("table ip home { chain post { type nat hook postrouting priority 100; oifname wan masquerade; }; }")
    bench.afterwards(lambda: host.run(["nft", "delete", "table", "ip", "home"]))
    moon = bench.daemon(bench.moon, bench.tunnel(bench.moon))
    rows = findings(moon)
    command = f"nft insert rule ip home post ip saddr {bench.moon.net[4]} ip daddr {bench.sun.net[4]} accept"
    finds(rows, "nat-rules", "note", "table ip home, chain post")
    finds(rows, "nat-rules", "note", command)
    host.must(command.split())
    finds(findings(moon), "nat-rules", "ok", "no rule of nftables")
