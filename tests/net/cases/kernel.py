# SPDX-License-Identifier: GPL-2.0-or-later
"""Who meets whom where kernels carry tunnels: ours over either path, strongSwan, libreswan, OpenIKED."""
import socket
import struct

from cases.devices import route_based
from lab import xfrm
from lab.case import case
from lab.check import check, contains, same
from lab.gateways import Pair, pairs
from lab.ikev2d import parse_json
from lab.traffic import reaches, tcp

# What strongSwan does with itself shows that the lab is right.
CONTROL = pairs("strongswan-to-strongswan")
FOREIGN = pairs("ours-to-strongswan", "strongswan-to-ours")
OURS = pairs("ours-to-ours") + FOREIGN
PATHS = pairs("ours-to-our-user-path", "our-user-path-to-strongswan")


def fit(kinds, **child):
    """Changes for a child that both can have (lab/iked.py)."""
    return {"child": {**({"esp_proposals": "aes256-sha512"} if "openiked" in kinds else {}), **child}}


def carries(bench, version=4):
    reaches(bench.alice, bench.sun.inside[version])
    reaches(bench.bob, bench.moon.inside[version])


def carried(pair, wire, encap=False, children=1):
    """By the kernel where it is to be so, and in the form that is fit for both ends."""
    pair.carried(children)
    wire.all_in("esp-udp" if encap or not all(end.kernel for end in pair.ends) else "esp")


def same_priorities(pair):
    """Of whose policies one comes before the other does not depend on who has installed them."""
    moon, sun = (sorted((p.direction, ":" in p.src, p.priority) for p in xfrm.policies(end.host) if p.templates)
                 for end in pair.ends)
    if all(end.kernel for end in pair.ends):
        same(moon, sun, "priorities on moon, and on sun")


@case(kernel=True, each=CONTROL + OURS + PATHS)
def kernel_tunnel(bench, kinds):
    """For IPv4 and IPv6 at once."""
    pair = Pair(bench, kinds, inner=(4, 6))
    wire = bench.wire()
    pair.up()
    carries(bench)
    carries(bench, 6)
    tcp(bench.alice, bench.bob, bench.sun.inside[4], size=1 << 20)
    carried(pair, wire)
    same_priorities(pair)
    for end, kind in zip(pair.ends, kinds):
        if kind != "strongswan":
            contains(end.daemon.log(), "event=data-path kernel=yes userspace=no " if end.kernel else
                     "event=data-path kernel=no userspace=yes ", f"log of {end.host.name}")
    pair.stop()


@case(kernel=True)
def kernel_seen_before_the_start(bench):
    """By ipsec check, which leaves nothing behind."""
    moon = bench.daemon(bench.moon, bench.tunnel(bench.moon, daemon={"datapath": "auto"}))
    finding = next(f for f in parse_json(moon.ipsec("--json", "check", moon.config).out)["findings"] if f["name"] == "data-path")
    same((finding["verdict"], finding["text"][:23]), ("ok", "this kernel carries ESP"), "ipsec check")
    same(xfrm.sas(moon.host), [], "SAs of the kernel")


def arrives_whole(client, server, address):
    """Between these two themselves: what a stream and datagrams carry, over which there are checksums, comes as it was sent, both
    ways."""
    tcp(client, server, address, size=1 << 17)
    with server.socket(socket.AF_INET, socket.SOCK_DGRAM) as there, client.socket(socket.AF_INET, socket.SOCK_DGRAM) as here:
        there.bind((address, 7001))
        for s in here, there:
            s.settimeout(5)
        for number in range(100):
            payload = struct.pack("!I", number) * 300
            here.sendto(payload, (address, 7001))
            there.sendto(*there.recvfrom(2000))
            same(here.recv(2000), payload, "what comes back of a datagram")


@case("nat", kernel=True, each=pairs("ours-to-strongswan", "strongswan-to-ours", "ours-to-libreswan", "libreswan-to-ours",
                                     "ours-to-openiked", "openiked-to-ours"))
def kernel_nat(bench, kinds):
    """Moon is behind one. Beside the tunnel strongSwan has a child in transport mode: the NAT changes the addresses that its
    checksums are over (RFC 7296, 2.23.1). The others have no such thing behind a NAT."""
    children = ("net", "host") if "strongswan" in kinds else ("net",)
    pair = Pair(bench, kinds, **fit(kinds), conn={"children": {"host": {"mode": "transport"}} if "host" in children else {}})
    wire = bench.wire()
    pair.up(*children)
    carries(bench)
    tcp(bench.bob, bench.alice, bench.moon.inside[4], size=1 << 20)
    if "host" in children:
        arrives_whole(pair.moon.host, pair.sun.host, bench.sun.wan[4])
    carried(pair, wire, encap=True, children=len(children))
    same({sa.encap for end in pair.ends for sa in xfrm.sas(end.host)}, {"espinudp"}, "encapsulation in the kernel")
    pair.stop()


@case(kernel=True, each=OURS)
def kernel_ah(bench, kinds):
    """Signed, and in the clear; rekeyed as well."""
    pair = Pair(bench, kinds, child={"ah_proposals": "sha256"})
    wire = bench.wire()
    pair.up()
    carries(bench)
    for end in pair.ends:
        if kinds[pair.ends.index(end)] == "ours":
            contains(end.daemon.must("statusall"), "AH/HMAC_SHA2_256_128", f"status on {end.host.name}")
            end.daemon.must("rekey", "net")
            carries(bench)
    pair.carried()
    same({tuple(sa.algorithms) for end in pair.ends for sa in xfrm.sas(end.host)}, {("hmac(sha256)",)}, "in the kernel")
    wire.all_in("ah")
    pair.stop()


@case(kernel=True, each=pairs("ours-to-strongswan"))
def kernel_ah_transport(bench, kinds):
    """Host to host, with extended sequence numbers."""
    pair = Pair(bench, kinds, inner=(), child={"mode": "transport", "ah_proposals": "sha384-esn"})
    wire = bench.wire()
    pair.up()
    reaches(bench.moon.gateway, bench.sun.wan[4])
    pair.carried()
    same({(sa.mode, sa.esn) for end in pair.ends for sa in xfrm.sas(end.host)}, {("transport", True)}, "in the kernel")
    wire.all_in("ah")
    pair.stop()


@case(kernel=True, each=pairs("libreswan-to-strongswan", "libreswan-to-ours", "ours-to-libreswan",
                              "our-user-path-to-libreswan"))
def kernel_libreswan(bench, kinds):
    pair = Pair(bench, kinds)
    wire = bench.wire()
    pair.up()
    carries(bench)
    carried(pair, wire)
    pair.stop()


@case(kernel=True, each=pairs("openiked-to-strongswan"))
def kernel_openiked(bench, kinds):
    pair = Pair(bench, kinds, **fit(kinds))
    wire = bench.wire()
    pair.up()
    carries(bench)
    carried(pair, wire)
    pair.stop()


@case(kernel=True, each=FOREIGN)
def kernel_children(bench, kinds):
    """Three of one IKE_SA; one after the other is deleted."""
    moon, sun, addresses = bench.parallel("red", "green", "blue")
    pair = Pair(bench, kinds, moon=moon, sun=sun)
    tunnel = pair.up(*addresses).tunnel(addresses)
    pair.carried(3)
    tunnel.moon.must("terminate", child="red")
    pair.carried(2)
    pair.stop()


def esp_in_udp(frame):
    """Whether it is not IKE, nor keeps a mapping of a NAT alive."""
    return (frame[12:14] == b"\x08\x00" and frame[23] == socket.IPPROTO_UDP and frame[36:38] == struct.pack("!H", 4500) and
            len(frame) > 46 and frame[42:46] != bytes(4))


@case(kernel=True, each=pairs("ours-to-strongswan"))
def kernel_padding(bench, kinds):
    """Every packet of either end is as large as the padding makes it. In UDP: else Linux leaves the padding out where somebody
    has loaded its module esp4_offload."""
    pair = Pair(bench, kinds, conn={"encap": "yes"}, child={"tfc_padding": 700})
    taps = [bench.tap(side) for side in (bench.moon, bench.sun)]
    pair.up()
    carries(bench)
    reaches(bench.alice, bench.sun.inside[4], "-s", "600")
    for tap in taps:
        sizes = {len(frame) for frame in tap.left() if esp_in_udp(frame)}
        check(len(sizes) == 1 and min(sizes) > 700, f"sizes of the packets: {sizes}")
    check("leaves tfc_padding out" not in pair.moon.daemon.log(), f"moon says that there is no padding\n{pair.moon.daemon.log()}")


@case(kernel=True)
def kernel_padding_is_left_out(bench):
    """Not in UDP, where that module is loaded: it is said, with what to do."""
    bench.moon.gateway.must(["modprobe", "esp4_offload"])
    pair = Pair(bench, ("ours", "ours"), child={"tfc_padding": 700})
    pair.up()
    contains(pair.moon.daemon.log(), "the kernel leaves tfc_padding out while its module esp4_offload is loaded: have ESP go in "
             "UDP (encap = yes)", "log of moon")
    pair.stop()


@case(kernel=True)
def kernel_both_paths(bench):
    """In one daemon, at the same time: red by the kernel, green by us, and blue as the daemon chooses. Their packets and IKE
    share port 4500."""
    wire = bench.wire()
    moon, sun, addresses = bench.parallel("red", "green", "blue")
    for changes in moon, sun:
        children = changes["conn"]["children"]
        children["red"]["datapath"], children["green"]["datapath"] = "kernel", "user"
        children["blue"]["hw_offload"] = "auto"
    moon, sun = bench.pair(moon, sun, daemon={"datapath": "auto"})
    for name in addresses:
        moon.up(f"site/{name}")
    bench.between(moon, sun, addresses)
    for daemon in moon, sun:
        same(sorted((c["name"], c["data_path"]) for c in daemon.children()),
             [("blue", "kernel"), ("green", "userspace"), ("red", "kernel")], f"paths on {daemon.host.name}")
        reasons = {c["name"]: c["data_path_reason"] for c in daemon.children()}
        same((reasons["red"], reasons["green"]), ("as configured", "as configured"), "reasons")
        contains(reasons["blue"], "the kernel has all it needs; no device carries it: the kernel refuses the SA ", "reason of blue")
        same(xfrm.spis(daemon.host), sorted(c[spi] for c in daemon.children() if c["data_path"] == "kernel"
                                            for spi in ("spi_in", "spi_out")), "SPIs in the kernel")
        same({sa.encap for sa in xfrm.sas(daemon.host)}, {"espinudp"}, "encapsulation in the kernel")
    wire.all_in("esp-udp")


@case(kernel=True, each=OURS + pairs("ours-to-openiked", "openiked-to-ours"))
def kernel_transport(bench, kinds):
    """Host to host in transport mode, rekeyed in it."""
    pair = Pair(bench, kinds, inner=(), **fit(kinds, mode="transport"))
    wire = bench.wire()
    pair.up()
    for rekeyed in False, True:
        if rekeyed and kinds[0] == "ours":
            pair.moon.daemon.must("rekey", "net")
        reaches(bench.moon.gateway, bench.sun.wan[4])
        reaches(bench.sun.gateway, bench.moon.wan[4])
        same({sa.mode for end in pair.ends for sa in xfrm.sas(end.host)}, {"transport"}, "modes in the kernel")
    carried(pair, wire)
    pair.stop()


@case(kernel=True, each=FOREIGN)
def kernel_beet(bench, kinds):
    """Between one address of each gateway: packets go without a second header, and have these addresses again behind."""
    moon, sun = ({"child": {"mode": "beet", "local_ts": f"{me.lan[4]}/32", "remote_ts": f"{peer.lan[4]}/32"}}
                 for me, peer in ((bench.moon, bench.sun), (bench.sun, bench.moon)))
    pair = Pair(bench, kinds, moon=moon, sun=sun)
    # Its number for BEET is of private use: ours takes it from who says to be strongSwan.
    pair.ends[kinds.index("strongswan")].daemon.set("send_vendor_id = yes")
    wire = bench.wire()
    pair.up()
    for rekeyed in False, True:
        if rekeyed:
            pair.ours.rekey("net")
        reaches(bench.moon.gateway, bench.sun.lan[4], "-I", bench.moon.lan[4])
        reaches(bench.sun.gateway, bench.moon.lan[4], "-I", bench.sun.lan[4])
        same({sa.mode for end in pair.ends for sa in xfrm.sas(end.host)}, {"beet"}, "modes in the kernel")
    carried(pair, wire)
    pair.stop()


@case(kernel=True, each=pairs("ours-to-ours", "ours-to-our-user-path"))
def kernel_route_based(bench, kinds):
    """XFRM interfaces with addresses and routes, and no script; the other end may have a tun device instead."""
    sides = (bench.moon, bench.sun), (bench.sun, bench.moon)
    moon, sun = [{"child": route_based(me, peer)} for me, peer in sides]
    pair = Pair(bench, kinds, moon=moon, sun=sun)
    wire = bench.wire()
    pair.up()
    carries(bench)
    carries(bench, 6)
    reaches(pair.moon.host, "10.9.0.2")
    contains(pair.moon.host.must(["ip", "-d", "link", "show", "vpn"]), "xfrm", "the device on moon")
    carried(pair, wire)
    pair.stop()
    check("vpn" not in pair.moon.host.must(["ip", "-br", "link"]), "the device has gone with the daemon")
