# SPDX-License-Identifier: GPL-2.0-or-later
"""The fields of outer headers, packets that nobody sent, and how packets are counted."""
import socket
import struct

from lab.case import case, user_case
from lab.charon import ROLES, bring_up
from lab.check import check, contains, same, until
from lab.traffic import reaches, reaches_in_the_end, send_udp, tcp


def carries(bench, version=4):
    reaches(bench.alice, bench.sun.inside[version])
    reaches(bench.bob, bench.moon.inside[version])


# ----------------------------------------------------------- header fields

EF, ECT0, CE = 0xb8, 2, 3


@case(each=[("dscp", 4, {}, EF, EF), ("no-dscp", 4, {"copy_dscp": "no"}, EF, 0), ("ecn", 4, {}, ECT0, ECT0),
            ("no-ecn", 4, {"copy_ecn": "no"}, ECT0, 0), ("both", 4, {}, EF | ECT0, EF | ECT0),
            ("no-dscp-but-ecn", 4, {"copy_dscp": "no"}, EF | ECT0, ECT0),
            ("both-of-ipv6", 6, {}, EF | ECT0, EF | ECT0)])
def outer_tos(bench, version, changes, inside, outside):
    moon, _ = bench.pair(outer=version, inner=(version,), child=changes)
    moon.up()
    wire, lan = bench.wire(), bench.wire(bench.sun, "lan")
    reaches(bench.alice, bench.sun.inside[version], "-Q", str(inside))
    same({tos for tos, _ in wire.marks(bench.esp)}, {outside}, "TOS of the outer packets")
    same({tos for tos, _ in lan.marks("clear")}, {inside}, "TOS of the packets at bob's")


@user_case()
def dscp_of_the_outer_packet_comes_in(bench):
    """copy_dscp = in at sun: what the network made of the outer packet counts."""
    moon, _ = bench.pair(moon={"child": {"copy_dscp": "no"}}, sun={"child": {"copy_dscp": "in"}})
    moon.up()
    lan = bench.wire(bench.sun, "lan")
    got = bench.datagrams(bench.bob, bench.sun.inside[4])
    with bench.alice.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, EF)
        s.sendto(b"x", (bench.sun.inside[4], 7000))
    got.wait(b"x")
    same({tos for tos, _ in lan.marks("clear")}, {0}, "TOS of the packet at bob's")


@user_case()
def congestion_on_the_way(bench):
    """A router marks the outer packets: bob sees it where alice's packets can carry it, and the others are lost."""
    bench.nft(bench.sun.gateway, "chain in { type filter hook ingress device wan priority 0; "
              "udp dport 4500 ip ecn set ce; }")
    moon, sun = bench.pair()
    moon.up()
    lan = bench.wire(bench.sun, "lan")
    got = bench.datagrams(bench.bob, bench.sun.inside[4])
    send_udp(bench.alice, bench.sun.inside[4], 7000, [b"cannot carry it"])
    sun.wait_drops("ecn")
    with bench.alice.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, ECT0)
        s.sendto(b"can", (bench.sun.inside[4], 7000))
    got.wait(b"can")
    same(got.got(), [b"can"], "datagrams that bob got")
    same({tos for tos, _ in lan.marks("clear")}, {CE}, "TOS of the packet at bob's")


@user_case(each=[("copied", {}, "do", True), ("not-set", {}, "dont", False), ("not-copied", {"copy_df": "no"}, "do", False)])
def outer_df(bench, changes, inside, outside):
    moon, _ = bench.pair(child=changes)
    moon.up()
    wire = bench.wire()
    tap = bench.tap()
    reaches(bench.alice, bench.sun.inside[4], "-M", inside)
    same({bool(frame[20] & 0x40) for frame in tap.esp()}, {outside}, "DF of moon's outer packets")
    wire.all_in("esp-udp")


# ------------------------------------------------------------------ sizes

@user_case(each=[("to-a-size", 700, 600), ("to-the-path", "mtu", 1300)])
def padded(bench, padding, large):
    """All packets look alike, those of TCP as well, from either end."""
    moon, sun = bench.pair(child={"tfc_padding": padding})
    moon.up()
    taps = [bench.tap(side) for side in (bench.moon, bench.sun)]
    carries(bench)
    reaches(bench.alice, bench.sun.inside[4], "-s", str(large))
    for tap in taps:
        sizes = {len(frame) for frame in tap.esp()}
        check(len(sizes) == 1 and min(sizes) > large, f"sizes of the packets: {sizes}")
    tcp(bench.alice, bench.bob, bench.sun.inside[4], size=1 << 20)
    for daemon in moon, sun:
        same([why for why in daemon.drops() if why != "neighbour-discovery"], [], f"packets that {daemon.host.name} has dropped")


@user_case("charon", each=ROLES)
def padded_for_strongswan(bench, we_initiate):
    """It finds the packet in the padding."""
    moon, charon = bench.with_charon({"child": {"tfc_padding": 700}})
    tap = bench.tap()
    bring_up(moon, charon, we_initiate)
    carries(bench)
    sizes = {len(frame) for frame in tap.esp()}
    check(min(sizes) > 700, f"sizes of our packets: {sizes}")


# ------------------------------------------------------- packets of nobody's

def recorded(bench, **changes):
    """A tunnel, and the ESP packets by which alice sent bob five datagrams."""
    moon, sun = bench.pair(**changes)
    moon.up()
    tap = bench.tap()
    got = bench.datagrams(bench.bob, bench.sun.inside[4])
    send_udp(bench.alice, bench.sun.inside[4], 7000, [b"%d" % i for i in range(5)])
    got.wait(b"4")
    until(lambda: len(tap.esp()) == 5, "five ESP packets were seen")
    return moon, sun, tap, got


@user_case(quick=("in-the-window",), each=[
    ("in-the-window", {}, "replay", 10),
    ("left-of-it", {"replay_window": 32, "esp_proposals": "aes128gcm16-noesn"}, "replay", 10),
    ("left-of-it-with-esn", {"replay_window": 32}, "authentication", 5)])
def replay(bench, changes, reason, n):
    """What was sent once is dropped when it comes again, and counted; with ESN a number left of the window is taken for
    one of the next four milliards, for which the tag is wrong."""
    moon, sun, tap, got = recorded(bench, child=changes)
    frames = tap.esp()
    for frame in frames:
        tap.send(frame)
    sun.wait_drops("replay", 5)
    send_udp(bench.alice, bench.sun.inside[4], 7000, [b"%d" % i for i in range(5, 105)])
    got.wait(b"104")
    for frame in frames:
        tap.send(frame)
    sun.wait_drops(reason, n)
    same(len(got.got()), 105, "datagrams that bob got")
    child, = sun.children()
    same((child["replays"], child["packets_in"]), (sun.drops()["replay"], 105), "replays and packets of the CHILD_SA")
    contains(sun.must("statusall"), f"replays dropped: {child['replays']}", "ipsec statusall")
    carries(bench)


@user_case()
def replay_without_a_window(bench):
    """replay_window = 0: everything authentic is taken."""
    noesn = {"esp_proposals": "aes128gcm16-noesn"}
    _, sun, tap, got = recorded(bench, sun={"child": {"replay_window": 0}}, child=noesn)
    for frame in tap.esp():
        tap.send(frame)
    until(lambda: len(got.got()) == 10, lambda: f"bob gets everything twice: {got.got()}")
    same(sun.drops()["replay"], 0, "replays")


@user_case(each=[("gcm", "aes256gcm16"), ("cbc", "aes128-sha256")])
def broken(bench, proposal):
    """A bit is wrong, in the tag, in what is encrypted, in the number; or the end is missing."""
    _, sun, tap, got = recorded(bench, child={"esp_proposals": proposal})
    frame = bytearray(tap.esp()[-1])
    frame[42 + 7] += 100  # a number to come; the octets after it are those of another packet
    for at in 42 + 7, 70, -1:
        wrong = bytearray(frame)
        wrong[at] ^= 1
        tap.send(bytes(wrong))
    sun.wait_drops("authentication", 3)
    short = bytearray(frame[:42 + 20])
    short[16:18] = struct.pack("!H", len(short) - 14)
    short[38:40] = struct.pack("!H", len(short) - 34)
    short[24:26] = bytes(2)
    short[24:26] = checksum(short[14:34])
    tap.send(bytes(short))
    sun.wait_drops("short")
    same(len(got.got()), 5, "datagrams that bob got")
    child, = sun.children()
    same((child["invalid"], child["packets_in"]), (4, 5), "invalid and good packets of the CHILD_SA")
    carries(bench)


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return struct.pack("!H", total ^ 0xffff)


@user_case()
def noise_on_port_4500(bench):
    """From anybody, of any length: nothing comes of it, and the tunnel carries on."""
    moon, sun = bench.pair()
    moon.up()
    noise = [bytes([128 + i]) * i for i in range(1, 100)] + [bytes(i) for i in range(1, 100)] + [b"\xff"] * 10
    send_udp(bench.moon.gateway, bench.sun.wan[4], 4500, [*noise, b"\x01" * 1400])
    send_udp(bench.moon.gateway, bench.sun.wan[4], 500, noise)
    sun.wait_drops("unknown-spi", 90)
    sun.wait_drops("short")
    same(len(sun.children()), 1, "number of CHILD_SAs")
    same(sun.sas()[0]["remote_port"], 4500, "where sun sees moon")
    carries(bench)


@user_case("nat")
def keepalives_from_one_side_only(bench):
    """Who is not behind the NAT sends none, though it may."""
    moon, _ = bench.pair(daemon={"keep_alive": "1s"})
    moon.up()
    here, there = bench.wire(bench.sun), bench.tap(bench.sun)
    here.wait("keepalive", 2)
    same([frame for frame in there.left() if frame[42:] == b"\xff"], [], "keepalives that sun sent")


# ---------------------------------------------------------------- counters

@case(each=[("ipv4", 4, {}), ("ipv6", 6, {"inner": (6,)}), ("cbc", 4, {"child": {"esp_proposals": "aes256-sha512"}})])
def counters_agree(bench, version, changes):
    """What the one sent the other got, to the octet."""
    moon, sun = bench.pair(**changes)
    moon.up()
    carries(bench, version)
    tcp(bench.alice, bench.bob, bench.sun.inside[version], size=1 << 20)
    reaches_in_the_end(bench.alice, bench.sun.inside[version], "-s", "3000")

    def counters(daemon, *ways):
        child, = daemon.children()
        return [(child[f"packets_{way}"], child[f"bytes_{way}"]) for way in ways]

    until(lambda: counters(moon, "out", "in") == counters(sun, "in", "out"),
          lambda: f"the counters agree: {moon.children()} {sun.children()}")
    (packets, octets), _ = counters(moon, "out", "in")
    check(packets > 700 and octets > 1 << 20, f"they count everything: {moon.children()}")
