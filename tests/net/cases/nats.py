# SPDX-License-Identifier: GPL-2.0-or-later
"""A gateway roams to where a NAT is before it, and out again, under traffic; and strongSwan at either side of a NAT that
rebinds."""
from cases.mobike import port, rebind, rekeys, short_gap
from lab.cafe import INSIDE, OUTSIDE, Cafe
from lab.case import case, user_case
from lab.charon import bring_up
from lab.check import same, until
from lab.ends import End
from lab.stream import Flow

# In UDP only where a NAT is met; dead peer detection comes later than what keeps a NAT's mapping alive.
PLAIN = {"conn": {"local_addrs": ["192.0.2.0/24", "172.16.0.0/24", "2001:db8:ff::/64"], "encap": "no", "dpd_delay": "2s"},
         "daemon": {"udp_encap": "no", "keep_alive": "1s"}}


def view(end):
    """Of its one IKE_SA its own address, the peer's, whether a NAT is before it, and before the peer, and which of its
    children are in UDP; None while there is not one."""
    sas = end.sas()
    if len(sas) != 1:
        return None
    sa = sas[0]
    children = [c for c in sa["child-sas"].values() if c["state"] == "INSTALLED"]
    return (sa["local-host"], sa["remote-host"], "nat-local" in sa, "nat-remote" in sa, ["encap" in c for c in children])


class Journey:
    """The end of SIDE goes from place to place (lab/cafe.py). MOVER and OTHER are daemons; FAKE: the one of them that says always
    that a NAT is before it."""

    def __init__(self, bench, cafe, side, mover, other, fake=None):
        self.side, self.peer, self.cafe = side, bench.site.peer_of(side), cafe
        self.mover, self.other = End(bench, mover), End(bench, other)
        self._fakes = mover is fake, other is fake

    def _ends(self, place):
        """How each of the two is to see it there."""
        v, nat = 6 if place == "home6" else 4, place == "cafe"
        own, seen = (INSIDE, OUTSIDE) if nat else (self.side.wan[v],) * 2
        mover_fakes, other_fakes = self._fakes
        udp = [nat or mover_fakes or other_fakes]
        return {self.mover: (own, self.peer.wan[v], nat, other_fakes, udp),
                self.other: (self.peer.wan[v], seen, False, nat or mover_fakes, udp)}

    def _view(self, end):
        """Which of its addresses of IPv6 the other end is at is its business."""
        seen = view(end)
        return seen and tuple(self.peer.wan[6] if part == self.peer.lan[6] else part for part in seen)

    def stands(self, place):
        for end, wanted in self._ends(place).items():
            until(lambda end=end, wanted=wanted: self._view(end) == wanted,
                  lambda end=end, wanted=wanted: f"{end.name} at {place}: {wanted}, and not {view(end)}: {end.sas()}")

    def goes(self, place):
        self.cafe.goes(place)
        self.stands(place)


def only(kind, wire, flow):
    """From soon on all packets are ESP of that KIND; what was sent before the NAT was known is not."""
    other = "esp" if kind == "esp-udp" else "esp-udp"

    def settled():
        before = wire[kind], wire[other]
        flow.goes_on()
        return wire[kind] > before[0] and wire[other] == before[1]
    until(settled, lambda: f"all is {kind}: {wire}")
    wire.no_clear()


@case()
def nat_comes_and_goes(bench):
    """With it ESP goes into UDP and out of it again, between IPv4 and IPv6, too; and only from behind it the mapping is kept
    alive."""
    cafe = Cafe(bench, bench.moon)
    moon, sun = bench.pair(**PLAIN)
    journey = Journey(bench, cafe, bench.moon, moon, sun)
    wan, wifi = bench.wire(), bench.wire(device="wifi")
    moon.up()
    before = moon.children()[0]
    flow = Flow(bench.site)
    bench.afterwards(flow.end)
    journey.stands("home")
    only("esp", wan, flow)
    journey.goes("cafe")
    only("esp-udp", wifi, flow)
    short_gap(flow)
    wifi.wait("keepalive", 2)
    same(wifi.sources("keepalive"), {(INSIDE, 4500)}, "who keeps the mapping alive")
    flow = Flow(bench.site)
    bench.afterwards(flow.end)
    for place, kind, wire in ("home6", "esp", wan), ("cafe", "esp-udp", wifi), ("home", "esp", wan):
        journey.goes(place)
        only(kind, wire, flow)
    short_gap(flow, 3)
    after = moon.children()[0]
    same((after["spi_in"], after["spi_out"]), (before["spi_in"], before["spi_out"]), "SPIs")
    wan.wait("ike", wan["ike"] + 2)
    same(wan["keepalive"], 0, "keepalives where no NAT is")


@user_case("charon", each=[("we-move", True), ("it-moves", False)])
def strongswan_meets_a_nat(bench, we_move):
    """Whoever has initiated roams to behind a NAT, and out again, to IPv6 as well. strongSwan's own ESP is in UDP always, for
    which it says that a NAT is before it; and as it cannot be moved, it replaces the child."""
    side = bench.moon if we_move else bench.sun
    cafe = Cafe(bench, side)
    moon, charon = bench.with_charon(**PLAIN)
    bring_up(moon, charon, we_move)
    journey = Journey(bench, cafe, side, *((moon, charon) if we_move else (charon, moon)), fake=charon)
    journey.stands("home")
    flow = Flow(bench.site)
    bench.afterwards(flow.end)
    for place in "cafe", "home6", "cafe", "home":
        journey.goes(place)
        flow.goes_on()
        rekeys(moon)
        journey.stands(place)


@user_case("charon")
def strongswan_behind_nat_calls(bench):
    """And the NAT forgets it, under traffic: ours follows to where it is now."""
    cafe = Cafe(bench, bench.sun)
    cafe.goes("cafe")
    moon, charon = bench.with_charon(ours={"conn": {"remote_addrs": "%any"}}, **PLAIN)
    bring_up(moon, charon, False)
    wire = bench.wire(bench.sun, "wifi")
    flow = Flow(bench.site)
    bench.afterwards(flow.end)
    flow.goes_on()
    sa = moon.sas()[0]
    same((sa["remote_host"], sa["nat_remote"]), (OUTSIDE, True), "where moon sees strongSwan")
    rebind(bench, 20000, cafe.nat)
    until(lambda: port(moon) == 20000, lambda: f"port {port(moon)}")
    short_gap(flow)
    rekeys(moon)
    wire.all_in("esp-udp")


@user_case("charon-nat")
def strongswan_waits_and_the_nat_forgets(bench):
    """We are behind it, and tell strongSwan where we are now."""
    moon, charon = bench.with_charon(ours={"conn": {"dpd_delay": "1s"}})
    bring_up(moon, charon, True)
    end = End(bench, charon)
    flow = Flow(bench.site)
    bench.afterwards(flow.end)
    flow.goes_on()
    rebind(bench, 20000)
    until(lambda: [sa["remote-port"] for sa in end.sas()] == ["20000"],
          lambda: f"strongSwan sees us at another port: {end.sas()}")
    flow.goes_on()
    rekeys(moon)
