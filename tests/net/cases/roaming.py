# SPDX-License-Identifier: GPL-2.0-or-later
"""A machine under way, under traffic: its link goes and comes, and another link is the better one. How long that takes is
measured. (mobike.py has other addresses, IPv6 and NATs that rebind.)"""
import time

from cases.mobike import ANYWHERE, at, short_gap
from lab.case import case
from lab.check import check
from lab.net import link
from lab.stream import Flow

BACK = 1.0  # s until packets go on


def goes_on_soon(bench, flow, what):
    since = time.monotonic()
    flow.goes_on()
    gap = time.monotonic() - since
    bench.note(f"{what}: packets go on after {gap:.2f} s")
    check(gap < BACK, f"they go on within {BACK} s: {gap:.2f} s")


@case()
def roaming_link_goes_and_comes(bench):
    """As when a cable is pulled and put back: routes go with it, and come from whoever makes them."""
    moon, sun = bench.pair(**ANYWHERE)
    moon.up()
    flow = Flow(bench.site)
    bench.afterwards(flow.end)
    flow.goes_on()
    before = moon.sas()[0]["uniqueid"]
    bench.moon.gateway.ip("link set wan down")
    flow.stands()
    bench.moon.gateway.ip("link set wan up", f"addr replace {bench.moon.wan[6]}/64 dev wan nodad",
                          f"route replace default via {bench.sun.wan[4]}", f"route replace default via {bench.sun.wan[6]}")
    goes_on_soon(bench, flow, "link up")
    at(moon, bench.moon.wan[4])
    at(sun, remote=bench.moon.wan[4])
    check(moon.sas()[0]["uniqueid"] == before, "it is the same IKE_SA")


@case()
def roaming_to_a_better_link(bench):
    """Another link comes, and the way to the gateway leads over it; then it goes again. The gateway, which has an address
    there as well, stays where it was asked."""
    moon, sun = bench.pair(**ANYWHERE)
    moon.up()
    flow = Flow(bench.site)
    bench.afterwards(flow.end)
    flow.goes_on()
    link(bench.moon.gateway, "wifi", bench.sun.gateway, "wifi")
    bench.afterwards(lambda: bench.moon.gateway.run(["ip", "link", "del", "wifi"]))
    bench.sun.gateway.ip("addr add 198.51.100.2/24 dev wifi")
    bench.moon.gateway.ip("addr add 198.51.100.1/24 dev wifi", f"route add {bench.sun.wan[4]}/32 via 198.51.100.2")
    at(moon, local="198.51.100.1")
    at(sun, local=bench.sun.wan[4], remote="198.51.100.1")
    goes_on_soon(bench, flow, "another link")
    bench.moon.gateway.ip("link del wifi")
    at(moon, local=bench.moon.wan[4])
    goes_on_soon(bench, flow, "the first link again")
    short_gap(flow, 2)
