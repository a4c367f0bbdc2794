# SPDX-License-Identifier: GPL-2.0-or-later
"""Tunnels in the kernel move with their ends: MOBIKE with ours and strongSwan in both roles."""
from cases.mobike import ANYWHERE, NEW, elsewhere, port, rebind, short_gap
from cases.nats import PLAIN, Journey, only
from lab import xfrm
from lab.cafe import Cafe
from lab.case import case
from lab.check import until
from lab.gateways import Pair, pairs
from lab.stream import Flow


def where(end):
    """All that an end says of its IKE_SAs."""
    return str(end.daemon.sas())


@case(kernel=True, each=pairs("ours-to-ours", "ours-to-strongswan", "strongswan-to-ours", "our-user-path-to-strongswan"))
def kernel_mobike(bench, kinds):
    """The initiator gets another address under traffic, and the other end follows."""
    pair = Pair(bench, kinds, **ANYWHERE).up()
    flow = Flow(bench.site)
    flow.goes_on()
    with elsewhere(bench, bench.moon):
        for end in pair.ends:
            until(lambda end=end: NEW in where(end) and bench.moon.wan[4] not in where(end), lambda end=end: where(end))
        short_gap(flow)
        pair.carried()
    for end in pair.ends:
        until(lambda end=end: NEW not in where(end), lambda end=end: where(end))
    flow = Flow(bench.site)
    flow.goes_on()
    flow.not_doubled()


@case(kernel=True, each=pairs("ours-to-strongswan", "strongswan-to-ours", "our-user-path-to-strongswan"))
def kernel_nat_comes_and_goes(bench, kinds):
    """The initiator roams to behind a NAT, under traffic, and out again: the SAs of the kernel go into UDP, and out of it."""
    cafe = Cafe(bench, bench.moon)
    pair = Pair(bench, kinds, **PLAIN)
    wires = {"esp": bench.wire(), "esp-udp": bench.wire(device="wifi")}
    pair.up()
    journey = Journey(bench, cafe, bench.moon, *(end.daemon for end in pair.ends))
    journey.stands("home")
    flow = Flow(bench.site)
    bench.afterwards(flow.end)
    for place, kind, encap in ("cafe", "esp-udp", "espinudp"), ("home", "esp", None):
        journey.goes(place)
        only(kind, wires[kind], flow)
        for end in pair.ends:
            until(lambda end=end, encap=encap: {sa.encap for sa in xfrm.sas(end.host)} == ({encap} if end.kernel else set()),
                  lambda end=end: f"SAs in the kernel of {end.host.name}: {xfrm.sas(end.host)}")
    short_gap(flow, 2)
    pair.stop()


@case("nat", kernel=True)
def kernel_nat_rebinds(bench):
    """The mapping of a NAT changes: the kernel reports the first packet that comes by the new one, and sun follows."""
    moon, sun = bench.pair(daemon={"datapath": "kernel"})
    moon.up()
    flow = Flow(bench.site)
    flow.goes_on()
    rebind(bench, 20000)
    until(lambda: port(sun) == 20000, lambda: f"port {port(sun)}")
    flow.goes_on()
    flow.not_doubled()
