# SPDX-License-Identifier: GPL-2.0-or-later
"""Tunnels that the kernel carries: ours, strongSwan's, and both paths face to face."""
from lab import xfrm
from lab.case import case
from lab.check import same
from lab.gateways import Pair
from lab.traffic import reaches, tcp


def pairs(*names):
    """Cases for pairs of gateways, named "WHO-to-WHO"."""
    return [(name, name.split("-to-")) for name in names]


# What strongSwan does with itself shows that the lab is right.
ALL = pairs("strongswan-to-strongswan", "strongswan-to-our-user-path", "our-user-path-to-strongswan")


def carries(bench, version=4):
    reaches(bench.alice, bench.sun.inside[version])
    reaches(bench.bob, bench.moon.inside[version])


@case(kernel=True, each=ALL)
def kernel_tunnel(bench, kinds):
    pair = Pair(bench, kinds, inner=(4, 6))
    wire = bench.wire()
    pair.up()
    carries(bench)
    carries(bench, 6)
    tcp(bench.alice, bench.bob, bench.sun.inside[4], size=1 << 20)
    pair.carried()
    wire.all_in("esp" if all(end.kernel for end in pair.ends) else "esp-udp")
    pair.stop()


@case(kernel=True, each=pairs(
    "libreswan-to-strongswan", "libreswan-to-our-user-path", "our-user-path-to-libreswan"))
def kernel_peer(bench, kinds):
    pair = Pair(bench, kinds)
    wire = bench.wire()
    pair.up()
    carries(bench)
    pair.carried()
    wire.all_in("esp" if all(end.kernel for end in pair.ends) else "esp-udp")
    pair.stop()


@case(kernel=True, each=pairs("openiked-to-strongswan", "strongswan-to-openiked"))
def kernel_pfkey(bench, kinds):
    pair = Pair(bench, kinds, child={"esp_proposals": "aes128-sha1"})
    wire = bench.wire()
    pair.up()
    carries(bench)
    pair.carried()
    wire.all_in("esp" if all(end.kernel for end in pair.ends) else "esp-udp")
    pair.stop()


@case("nat", kernel=True, each=pairs("strongswan-to-strongswan"))
def kernel_nat(bench, kinds):
    """Moon is behind one."""
    pair = Pair(bench, kinds)
    wire = bench.wire()
    pair.up()
    carries(bench)
    tcp(bench.bob, bench.alice, bench.moon.inside[4], size=1 << 20)
    pair.carried()
    wire.all_in("esp-udp")
    same({sa.encap for end in pair.ends for sa in xfrm.sas(end.host)}, {"espinudp"}, "encapsulation in the kernel")
    pair.stop()
