# SPDX-License-Identifier: GPL-2.0-or-later
"""What a newer kernel carries than that of Debian 12: IP-TFS (RFC 9347)."""
from cases.kernel import carries
from lab import xfrm
from lab.case import case
from lab.check import Skipped, check, contains, same, until
from lab.gateways import Pair, pairs
from lab.traffic import ping, reaches, send_udp, tcp

IPTFS = {"mode": "iptfs"}
WHOLE = ("-M", "do", "-s", "1472")  # as large as the devices before the tunnel take it, and not to be cut
CONTROL = pairs("strongswan6-to-strongswan6")
OURS = pairs("ours-to-ours", "ours-to-strongswan6", "strongswan6-to-ours")


def there(bench):
    """Skips the case where the kernel has it not."""
    if bench.moon.gateway.run(["modprobe", "xfrm_iptfs"]).code:
        raise Skipped("kernel lacks IP-TFS")


def modes(pair):
    return {sa.mode for end in pair.ends for sa in xfrm.sas(end.host)}


def esp(frame):
    """Whether it is ESP over IPv4."""
    return frame[12:14] == b"\x08\x00" and frame[23] == 50


@case(kernel=True, newer=True, each=CONTROL + OURS)
def kernel_iptfs(bench, kinds):
    """Networks of both IP versions; packets that fill the path go on whole, since IP-TFS cuts them itself."""
    there(bench)
    pair = Pair(bench, kinds, inner=(4, 6), child=IPTFS)
    pair.up()
    carries(bench)
    carries(bench, 6)
    reaches(bench.alice, bench.sun.inside[4], *WHOLE)
    tcp(bench.alice, bench.bob, bench.sun.inside[4], size=1 << 20)
    pair.carried()
    same(modes(pair), {xfrm.IPTFS}, "modes in the kernel")
    pair.stop()


@case("nat", kernel=True, newer=True, each=pairs("ours-to-ours"))
def kernel_iptfs_nat(bench, kinds):
    """ESP is in UDP."""
    there(bench)
    pair = Pair(bench, kinds, child=IPTFS)
    pair.up()
    carries(bench)
    reaches(bench.alice, bench.sun.inside[4], *WHOLE)
    same({(sa.mode, sa.encap) for end in pair.ends for sa in xfrm.sas(end.host)}, {(xfrm.IPTFS, "espinudp")}, "SAs")
    pair.stop()


@case(kernel=True, newer=True)
def kernel_iptfs_packets_share_one(bench):
    """What comes while a first one waits goes with it."""
    there(bench)
    pair = Pair(bench, ("ours", "ours"), child=IPTFS, daemon={"iptfs_init_delay": 500000, "iptfs_packet_size": 1000})
    pair.up()
    carries(bench)
    outside = bench.tap(bench.moon)
    send_udp(bench.alice, bench.sun.inside[4], 7000, 20 * [b"x"])
    until(lambda: any(esp(frame) for frame in outside.left()), "the packets have left")
    frames = [frame for frame in outside.left() if esp(frame)]
    check(0 < len(frames) < 10, f"20 packets went in {len(frames)}")
    check(all(len(frame) <= 14 + 1000 for frame in frames), f"sizes: {[len(frame) for frame in frames]}")
    pair.stop()


@case(kernel=True, newer=True, each=pairs("ours-to-ours", "ours-to-strongswan6"))
def kernel_iptfs_whole(bench, kinds):
    """Sun takes no pieces: what is too large for the path is told so, as in any tunnel."""
    there(bench)
    if kinds[1] == "ours":
        pair = Pair(bench, kinds, child=IPTFS, sun={"daemon": {"iptfs_accept_fragments": "no"}})
    else:
        pair = Pair(bench, kinds, child=IPTFS)
        pair.sun.daemon.set("iptfs { accept_fragments = no }")
    pair.up()
    carries(bench)
    text, _ = ping(bench.alice, bench.sun.inside[4], *WHOLE, count=1)
    contains(text, "Frag needed", "what alice is told")
    pair.stop()


@case(kernel=True, newer=True, each=pairs("ours-to-ours", "strongswan6-to-ours"))
def kernel_iptfs_rekeyed(bench, kinds):
    """Nothing is lost meanwhile, and it is IP-TFS again."""
    there(bench)
    pair = Pair(bench, kinds, child=IPTFS)
    tunnel = pair.up().tunnel()
    for end in tunnel.ends:
        tunnel.changes(lambda end=end: end.rekey("net"), children=["net"])
    tunnel.flow.whole()
    same(modes(pair), {xfrm.IPTFS}, "modes in the kernel")


@case(kernel=True, newer=True, each=pairs("strongswan6-to-ours"))
def kernel_iptfs_declined(bench, kinds):
    """Sun wants a tunnel."""
    there(bench)
    pair = Pair(bench, kinds, moon={"child": IPTFS})
    pair.up()
    carries(bench)
    pair.carried()
    same(modes(pair), {"tunnel"}, "modes in the kernel")
    pair.stop()
