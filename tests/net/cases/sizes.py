# SPDX-License-Identifier: GPL-2.0-or-later
"""Packets that are large, and ways that are narrow."""
import socket
import struct

from lab.case import case, user_case
from lab.check import check, contains, same, until
from lab.traffic import ping, reaches, send_udp, tcp

VERSIONS = [("ipv4", 4), ("ipv6", 6)]
MSS = {4: 40, 6: 60}  # headers that a segment is smaller by


def limit(daemon, version=4):
    """The largest packet the tunnel takes, as its route says."""
    line = next(line for line in daemon.routes().splitlines() if "ipsec0" in line and (":" in line) == (version == 6))
    return int(line.split("mtu ")[1].split()[0])


def forget_paths(bench):
    """Hosts remember for minutes what they were told of the size of a path: not from case to case."""
    def forget():
        for host in bench.site.hosts:
            host.must(["ip", "-4", "route", "flush", "cache"])
            host.must(["ip", "-6", "route", "flush", "cache"])

    forget()
    bench.afterwards(forget)


def narrow(bench, host, device="wan"):
    host.ip(f"link set {device} mtu 1280")
    bench.afterwards(lambda: host.ip(f"link set {device} mtu 1500"))


@user_case(each=VERSIONS)
def too_big(bench, version):
    """What may not be cut and does not fit is answered with the size that does, which then goes through."""
    forget_paths(bench)
    moon, _ = bench.pair(inner=(version,))
    moon.up()
    wire = bench.wire()
    mtu = limit(moon, version)
    header = {4: 28, 6: 48}[version]
    text, n = ping(bench.alice, bench.sun.inside[version], "-M", "do", "-s", str(mtu + 1 - header), count=1)
    same(n, 0, "answers to a packet one octet too big")
    contains(text, f"mtu = {mtu}" if version == 4 else f"mtu={mtu}", "ping")
    reaches(bench.alice, bench.sun.inside[version], "-M", "do", "-s", str(mtu - header))
    check(1500 - 16 < wire.sizes["esp-udp"] <= 1500, f"the largest fits the wire, and fills it: {wire.sizes}")
    wire.all_in("esp-udp")


@user_case(each=VERSIONS)
def large_datagrams(bench, version):
    """alice cuts them, moon cuts the pieces once more where it may, bob puts them together."""
    forget_paths(bench)
    moon, _ = bench.pair(inner=(version,))
    moon.up()
    wire = bench.wire()
    got = bench.datagrams(bench.bob, bench.sun.inside[version])
    payload = bytes(range(250)) * 12

    def arrives():
        send_udp(bench.alice, bench.sun.inside[version], 7000, [payload])
        return payload in got.got()

    until(arrives, "3000 octets arrive in one piece", interval=0.1)
    same(wire["fragment"], 0, "outer packets in pieces")
    wire.all_in("esp-udp")


def mss_of(frame):
    """The maximum segment size that a TCP SYN names; None for other frames."""
    ip = frame[14:]
    tcp_at = 14 + ((ip[0] & 15) * 4 if frame[12:14] == b"\x08\x00" else 40)
    syn = (ip[9] if frame[12:14] == b"\x08\x00" else ip[6]) == socket.IPPROTO_TCP and frame[tcp_at + 13] & 2
    return struct.unpack("!H", frame[tcp_at + 22:tcp_at + 24])[0] if syn else None  # Linux writes it first


@user_case(each=VERSIONS)
def tcp_segments(bench, version):
    """Both ends of a connection are told the size that fits; nothing is cut, nothing is too big."""
    forget_paths(bench)
    moon, sun = bench.pair(inner=(version,))
    moon.up()
    wire = bench.wire()
    to_bob, to_alice = bench.tap(bench.sun, "lan"), bench.tap(bench.moon, "lan")
    tcp(bench.alice, bench.bob, bench.sun.inside[version], size=1 << 20)
    for tap in to_bob, to_alice:
        sizes = [size for size in map(mss_of, tap.left()) if size]
        same(sizes, [limit(moon, version) - MSS[version]], "segment size as it arrives")
    same(wire["fragment"], 0, "outer packets in pieces")
    same(moon.drops()["too-big"] + sun.drops()["too-big"], 0, "packets too big")
    wire.all_in("esp-udp")


@user_case(each=[("4-in-4", 4, 4, {}), ("6-in-4", 6, 4, {}), ("4-in-6", 4, 6, {}), ("6-in-6", 6, 6, {}),
                 ("raw-esp", 4, 4, {"conn": {"encap": "never"}})])
def narrow_wire(bench, inner, outer, changes):
    """1280 octets, which is the least that IPv6 lives with: for IPv6 inside, outer packets come in pieces."""
    forget_paths(bench)
    for side in bench.moon, bench.sun:
        narrow(bench, side.gateway)
    moon, _ = bench.pair(outer=outer, inner=(inner,), **changes)
    moon.up()
    wire = bench.wire()
    tcp(bench.alice, bench.bob, bench.sun.inside[inner], size=1 << 20)
    tcp(bench.bob, bench.alice, bench.moon.inside[inner], size=1 << 20)
    if inner == 4:
        same(wire["fragment"], 0, "outer packets in pieces")
    else:
        reaches(bench.alice, bench.sun.inside[6], "-s", "1232")  # 1280 octets, which any link takes
    check(max(wire.sizes.values()) <= 1280, f"no packet is larger than the wire takes: {wire.sizes}")
    wire.no_clear()


@case(each=[("4-in-4", 4, 4), ("4-in-6", 4, 6)])
def wire_becomes_narrower(bench, inner, outer):
    """While the tunnel stands."""
    forget_paths(bench)
    moon, _ = bench.pair(outer=outer, inner=(inner,))
    moon.up()
    tcp(bench.alice, bench.bob, bench.sun.inside[inner], size=1 << 20)
    for side in bench.moon, bench.sun:
        narrow(bench, side.gateway)
    wire = bench.wire()
    tcp(bench.alice, bench.bob, bench.sun.inside[inner], size=1 << 20)
    tcp(bench.bob, bench.alice, bench.moon.inside[inner], size=1 << 20)
    check(max(wire.sizes.values()) <= 1280, f"no packet is larger than the wire takes: {wire.sizes}")
    wire.no_clear()


@user_case()
def wire_becomes_narrower_6_in_6(bench):
    """Where the kernel's path is left with less than 1280 octets, TCP over IPv6 hardly gets through (Linux 6.1)."""
    wire_becomes_narrower(bench, 6, 6)


@user_case("nat")
def narrow_path(bench):
    """A router between the gateways says that our packets are too big for what follows."""
    forget_paths(bench)
    narrow(bench, bench.site.nat, "outer")
    moon, _ = bench.pair()
    moon.up()
    wire = bench.wire(bench.sun)
    tcp(bench.alice, bench.bob, bench.sun.inside[4], size=1 << 20)
    check(moon.drops()["too-big"], "moon has met the limit")
    same(wire["fragment"], 0, "outer packets in pieces")
    check(1200 < wire.sizes["esp-udp"] <= 1280, f"what arrives fits, and is no smaller than need be: {wire.sizes}")
    wire.no_clear()
