# SPDX-License-Identifier: GPL-2.0-or-later
"""What the kernel makes of the headers of packets, and of errors about them, as a child is told."""
import socket

from cases.packets import CE, ECT0, EF
from cases.sizes import forget_paths
from lab.case import case
from lab.check import check, contains, same, until
from lab.gateways import Pair
from lab.traffic import ping, reaches

TOLD = {"first": {"copy_dscp": "in", "icmp": "yes"}, "second": {"copy_df": "no", "copy_ecn": "no"}}
WHOLE = ("-M", "do", "-s", "1300")  # not to be cut; a gateway can send it, and the way behind the NAT is too narrow for it
NARROW = 1300


def narrow_behind_the_nat(bench):
    forget_paths(bench)
    for host, device in (bench.site.nat, "outer"), (bench.sun.gateway, "wan"):
        host.ip(f"link set {device} mtu {NARROW}")
        bench.afterwards(lambda host=host, device=device: host.ip(f"link set {device} mtu 1500"))


def two(bench):
    """Children as they are TOLD, each for an address of alice's and one of moon itself; and these, by name."""
    moon, sun, addresses = bench.parallel(*TOLD)
    own = dict(zip(TOLD, (bench.moon.lan[4], bench.moon.address(2))))
    bench.moon.gateway.ip(f"addr add {own['second']}/24 dev lan")
    bench.afterwards(lambda: bench.moon.gateway.ip(f"addr del {own['second']}/24 dev lan"))
    for name, told in TOLD.items():
        both, there = [f"{address}/32" for address in (addresses[name][0], own[name])], f"{addresses[name][1]}/32"
        moon["conn"]["children"][name].update(local_ts=both, remote_ts=there, **told)
        sun["conn"]["children"][name].update(local_ts=there, remote_ts=both, **told)
    pair = Pair(bench, ("ours", "ours"), moon=moon, sun=sun)
    return pair.up(*TOLD), addresses, own


def fields_come_in(bench, addresses):
    """A router has changed the outer headers: the first takes class and congestion from there, the second neither."""
    for name, wanted in ("first", EF | CE), ("second", ECT0):
        lan = bench.wire(bench.sun, "lan")
        a, b = addresses[name]
        got = bench.datagrams(bench.bob, b)
        with bench.alice.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.bind((a, 0))
            s.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, ECT0)
            s.sendto(name.encode(), (b, 7000))
        got.wait(name.encode())
        same({tos for tos, _ in lan.marks("clear")}, {wanted}, f"TOS of the packet of the {name} at bob's")


def errors_go_along(bench, addresses, own):
    """Sun has to tell moon that a packet went too far, and its selectors have not the address by which it does: of the first the
    error goes with the packets, of the second as if there was no tunnel."""
    for name, clear in ("first", False), ("second", True):
        wire = bench.wire()
        text, _ = ping(bench.moon.gateway, addresses[name][1], "-I", own[name], "-t", "1", count=1)
        contains(text, "Time to live exceeded", f"what {own[name]} is told")
        same(wire["clear"] > 0, clear, f"whether the error for {own[name]} goes in the clear: {wire}")


def cut_on_the_way(bench, addresses):
    """Of the second the bit that forbids it is not copied to the outer header: its packets are cut. Of the first it is: they do
    not come through, and alice is told why; but who forbids nothing has them cut, too."""
    wire, narrow = bench.wire(), bench.wire(bench.sun)
    forbids = lambda: {df for _, df in wire.marks("esp-udp")}
    (first, there), (second, beside) = (addresses[name] for name in TOLD)
    reaches(bench.alice, beside, "-I", second, *WHOLE)
    check(narrow["fragment"] >= 3, f"they are cut: {narrow}")
    reaches(bench.alice, there, "-I", first, "-M", "dont", "-s", "1300")
    same(forbids(), {False}, "DF of the outer packets, where it is not copied, and where there is none")
    reaches(bench.alice, there, "-I", first, "-M", "do", "-s", "1000")
    same(forbids(), {False, True}, "the same, where one is copied")
    whole = lambda: ping(bench.alice, there, "-I", first, *WHOLE, count=1, seconds=0.5)
    same(whole()[1], 0, "answers to a packet that is too large for the way")
    until(lambda: "Frag needed" in whole()[0], "alice is told that her packets are too large")
    wire.no_clear()


@case("nat", kernel=True)
def kernel_fields(bench):
    """Of two children of one IKE_SA each has what it is told: class, congestion, errors, and the bit that forbids to cut."""
    pair, addresses, own = two(bench)
    bench.nft(bench.sun.gateway, "chain in { type filter hook ingress device wan priority 0; udp dport 4500 ip dscp set ef; "
              "udp dport 4500 ip ecn set ce; }")
    fields_come_in(bench, addresses)
    bench.sun.gateway.must(["nft", "delete", "table", "netdev", "lab"])
    errors_go_along(bench, addresses, own)
    narrow_behind_the_nat(bench)
    cut_on_the_way(bench, addresses)
    pair.stop()
