# SPDX-License-Identifier: GPL-2.0-or-later
"""All that a tunnel of the kernel's can be and live through, with somebody else at the other end, in both roles."""
import collections

from cases.kernel_life import bad_link
from lab import xfrm
from lab.case import case
from lab.check import check, contains, same, until
from lab.config import merged
from lab.ends import End
from lab.gateways import Pair, pairs
from lab.stream import Flow
from lab.traffic import reaches, send_udp

# Proposals for ESP, and what the kernel calls them. Children are called so.
SUITES = {
    "aes256gcm16-esn": ["rfc4106(gcm(aes))"], "chacha20poly1305-esn": ["rfc7539esp(chacha20,poly1305)"],
    "aes128-sha256-esn": ["hmac(sha256)", "cbc(aes)"], "aes128gcm16": ["rfc4106(gcm(aes))"],
    "aes256-sha512": ["hmac(sha512)", "cbc(aes)"],
}
# At our end one of them is rekeyed after so many octets, and one has an interface; at theirs another one is counted.
COUNTED, ROUTED, COUNTED_THERE = "aes128gcm16", "aes256-sha512", "aes256gcm16-esn"
_VOLUME = 5000  # where five share the traffic


class Living:
    """A pair whose children and IKE_SA are replaced, as our end tells it, while packets pass between ADDRESSES."""

    def __init__(self, bench, pair, addresses=None):
        self._pair, self._ours = pair, End(bench, pair.ours.daemon)
        self._before = self._dropped()
        self.flow = Flow(bench.site, addresses)
        bench.afterwards(self.flow.end)
        self.flow.goes_on()

    def _dropped(self):
        """Packets, by reason, on moon, and on sun."""
        return [collections.Counter(xfrm.dropped(end.host)) for end in self._pair.ends]

    def _number(self, child):
        """That of the one child of the name, or of the one IKE_SA that stands; None while there are two."""
        found = [(c.get("spi-in"), c.get("spi-out")) for c in self._ours.children() if c["name"] == child] if child else \
            [sa["uniqueid"] for sa in self._ours.sas() if sa["state"] == "ESTABLISHED"]
        return found[0] if len(found) == 1 else None

    def replaces(self, act, child=None, seconds=8.0, until_then=None):
        """After ACT() (None: after some time) the child, or else the IKE_SA, is another one, and packets go on passing.
        UNTIL_THEN() is called again and again."""
        before = until(lambda: self._number(child), lambda: f"there is one {child or 'IKE_SA'}: {self._ours.sas()}")
        if act:
            act()

        def replaced():
            now = self._number(child)
            if until_then and now == before:
                until_then()
            return now not in (None, before)

        until(replaced, lambda: f"{child or 'the IKE_SA'} is replaced: {self._ours.sas()}", seconds)
        self.flow.goes_on(seconds=seconds)

    def whole(self, hasty=False, abrupt=False):
        """To the end not one packet was lost, and none came twice. But a peer that is HASTY sends by a new SA as soon as it has
        answered, as it may (RFC 7296, 2.8), when ours cannot have its keys yet; and one that is ABRUPT takes the old SA and its
        policies away when it has new ones, when we cannot know that, and sends by the new SA before it can receive what we then
        send by it. The kernel of who got these packets has counted them."""
        self.flow.not_doubled()
        dropped = [now - before for now, before in zip(self._dropped(), self._before)]
        lost = [sum(len(s.lost) for s in self.flow.streams[n::2]) for n in (1, 0)]
        # There, other packets than these may be among those that were refused.
        good = [n == hasty * xfrm.strays(counted) if end is self._pair.ours else n <= abrupt * xfrm.refused(counted)
                for n, end, counted in zip(lost, self._pair.ends, dropped)]
        check(all(good), f"lost on the way to moon and to sun: {lost}; dropped there: {dropped}; {self.flow}")


def everything(bench, kinds):
    """Changes of moon's and sun's configuration for a child of each suite, and one from host to host; and the addresses
    of all but that."""
    moon, sun, addresses = bench.parallel(*SUITES)
    a, b = (f"{address}/32" for address in addresses[ROUTED])
    for changes, local, remote in (moon, a, b), (sun, b, a):
        children = changes["conn"]["children"]
        for suite in SUITES:
            children[suite]["esp_proposals"] = suite
        children[ROUTED].update(local_ts=local, remote_ts=remote)
        children["host"] = {"mode": "transport", "esp_proposals": COUNTED}
    ours, theirs = (moon, sun) if kinds[0] == "ours" else (sun, moon)
    theirs["conn"]["children"][COUNTED_THERE].update(rekey_bytes=_VOLUME, life_bytes=12 * _VOLUME, rand_bytes=0)
    ours["conn"]["children"][COUNTED].update(rekey_bytes=_VOLUME, life_bytes=20 * _VOLUME)
    ours["conn"]["children"][ROUTED].update(interface="vpn", interface_routes="yes")
    ours["daemon"] = {"retransmit_timeout": "1s"}
    return moon, sun, addresses


@case(kernel=True, each=pairs("ours-to-strongswan", "strongswan-to-ours", "ours-to-libreswan", "libreswan-to-ours"))
def kernel_everything(bench, kinds):
    """Many children of one IKE_SA: rekeyed by either side while packets pass, of which none is lost; and then on a bad link."""
    moon, sun, addresses = everything(bench, kinds)
    pair = Pair(bench, kinds, moon=moon, sun=sun)
    wire = bench.wire()
    pair.up(*SUITES, "host")
    living = Living(bench, pair, [a for suite, a in addresses.items() if suite not in (COUNTED, COUNTED_THERE)])
    for end, child in zip(pair.ends, ("aes128-sha256-esn", "chacha20poly1305-esn")):
        living.replaces(lambda end=end, child=child: end.rekey(child), child)
        living.replaces(end.rekey)
    living.whole(hasty="libreswan" in kinds)
    # Not at the same time: who is told that the other end is busy may wait for half a minute.
    for child in COUNTED, COUNTED_THERE:
        living = Living(bench, pair, [addresses[child]])
        for _ in range(2):
            living.replaces(None, child)
        living.whole(hasty="libreswan" in kinds)
    reaches(bench.moon.gateway, bench.sun.wan[4])
    reaches(bench.sun.gateway, bench.moon.wan[4])
    pair.carried(len(SUITES) + 1)
    for end in pair.ends:
        same(collections.Counter((sa.mode, *sa.algorithms, sa.esn) for sa in xfrm.sas(end.host)), collections.Counter(
            2 * [("transport", *SUITES[COUNTED], False)] +
            2 * [("tunnel", *algorithms, suite.endswith("-esn")) for suite, algorithms in SUITES.items()]),
             f"SAs in the kernel of {end.host.name}")
    contains(pair.ours.daemon.routes(), "dev vpn", "routes of ours")
    wire.all_in("esp")
    bad_link(bench)
    living = Living(bench, pair, [addresses[ROUTED]])
    for end in pair.ends:
        living.replaces(lambda end=end: end.rekey(ROUTED), ROUTED, seconds=20)
    living.flow.not_doubled()
    pair.stop()


@case(kernel=True, each=pairs("ours-to-openiked", "openiked-to-ours"))
def kernel_openiked_lives(bench, kinds):
    """The same as far as it can (lab/iked.py)."""
    suite = "aes256-sha512"
    ours = {"child": {"rekey_bytes": 5 * _VOLUME, "life_bytes": 100 * _VOLUME, "interface": "vpn", "interface_routes": "yes"},
            "daemon": {"retransmit_timeout": "1s"}}
    pair = Pair(bench, kinds, child={"esp_proposals": suite}, **{"moon" if kinds[0] == "ours" else "sun": ours})
    wire = bench.wire()
    pair.up()
    living = Living(bench, pair)
    living.replaces(None, "net")
    living.replaces(pair.ours.rekey)
    living.replaces(lambda: pair.ours.rekey("net"), "net")
    living.whole(hasty=True, abrupt=True)
    pair.carried()
    same({(*sa.algorithms, sa.esn) for end in pair.ends for sa in xfrm.sas(end.host)}, {(*SUITES[suite], False)},
         "algorithms and ESN in the kernels")
    contains(pair.ours.daemon.routes(), "dev vpn", "routes of ours")
    wire.all_in("esp")
    bad_link(bench)
    living = Living(bench, pair)
    living.replaces(lambda: pair.ours.rekey("net"), "net", seconds=20)
    living.flow.not_doubled()
    pair.stop()


@case(kernel=True, each=pairs("ours-to-openiked", "openiked-to-ours"))
def kernel_openiked_rekeys(bench, kinds):
    """By volume the CHILD_SA, by time the IKE_SA, each twice; of two networks at each end."""
    theirs = {"conn": {"rekey_time": 6}, "child": {"life_bytes": 400 * _VOLUME}}
    a, b = ([f"{side.inside[4]}/32", f"{side.address(11)}/32"] for side in (bench.moon, bench.sun))
    moon, sun = {"child": {"local_ts": a, "remote_ts": b}}, {"child": {"local_ts": b, "remote_ts": a}}
    for side in bench.moon, bench.sun:
        at = f"{side.address(11)}/24"
        side.host.ip(f"addr add {at} dev lan")
        bench.afterwards(lambda host=side.host, at=at: host.ip(f"addr del {at} dev lan"))
    if kinds[0] == "openiked":
        moon = merged(moon, theirs)
    else:
        sun = merged(sun, theirs)
    pair = Pair(bench, kinds, child={"esp_proposals": "aes256-sha512"}, moon=moon, sun=sun)
    pair.up()
    bench.datagrams(bench.bob, bench.sun.inside[4])
    # One after the other: what TCP sends at once may be more than a busy kernel's queue takes.
    volume = lambda n: send_udp(bench.alice, bench.sun.inside[4], 7000, n * [bytes(_VOLUME // 5)])
    living = Living(bench, pair, [(x.partition("/")[0], y.partition("/")[0]) for x, y in zip(a, b)])
    for _ in range(2):
        living.replaces(lambda: volume(1500), "net", seconds=20, until_then=lambda: volume(10))
        living.replaces(None, seconds=20)
    living.whole(abrupt=True)
    pair.carried()
    pair.stop()
