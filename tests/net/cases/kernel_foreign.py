# SPDX-License-Identifier: GPL-2.0-or-later
"""All that a tunnel of the kernel's can be and live through, with somebody else at the other end, in both roles."""
import collections

from cases.kernel_life import bad_link
from lab import xfrm
from lab.case import case
from lab.check import check, contains, same, until
from lab.ends import End
from lab.gateways import Pair, pairs
from lab.stream import Flow
from lab.traffic import reaches

# Proposals for ESP, and what the kernel calls them. Children are called so.
SUITES = {
    "aes256gcm16-esn": ["rfc4106(gcm(aes))"], "chacha20poly1305-esn": ["rfc7539esp(chacha20,poly1305)"],
    "aes128-sha256-esn": ["hmac(sha256)", "cbc(aes)"], "aes128gcm16": ["rfc4106(gcm(aes))"],
    "aes256-sha512": ["hmac(sha512)", "cbc(aes)"],
}
# At our end one of them is rekeyed after so many octets, and one has an interface.
COUNTED, ROUTED = "aes128gcm16", "aes256-sha512"
_VOLUME = 5000  # where five share the traffic


class Living:
    """A pair whose children and IKE_SA are replaced, as our end tells it, while packets pass between ADDRESSES."""

    def __init__(self, bench, pair, addresses=None):
        self._pair, self._ours = pair, End(bench, pair.ours.daemon)
        self._before = self._too_early()
        self.flow = Flow(bench.site, addresses)
        bench.afterwards(self.flow.end)
        self.flow.goes_on()

    def _too_early(self):
        return self._pair.ours.daemon.drops()["xfrm-in-no-states"]

    def _number(self, child):
        """That of the one child of the name, or of the one IKE_SA that stands; None while there are two."""
        found = [(c.get("spi-in"), c.get("spi-out")) for c in self._ours.children() if c["name"] == child] if child else \
            [sa["uniqueid"] for sa in self._ours.sas() if sa["state"] == "ESTABLISHED"]
        return found[0] if len(found) == 1 else None

    def replaces(self, act, child=None, seconds=8.0):
        """After ACT() (None: after some time) the child, or else the IKE_SA, is another one, and packets go on passing."""
        before = until(lambda: self._number(child), lambda: f"there is one {child or 'IKE_SA'}: {self._ours.sas()}")
        if act:
            act()
        until(lambda: self._number(child) not in (None, before),
              lambda: f"{child or 'the IKE_SA'} is replaced: {self._ours.sas()}", seconds)
        self.flow.goes_on(seconds=seconds)

    def whole(self, hasty=False):
        """To the end not one packet was lost, and none came twice. But a peer that is HASTY sends by a new SA as soon as it has
        answered, as it may (RFC 7296, 2.8), when ours cannot have its keys yet: our kernel has counted these."""
        if not hasty:
            self.flow.whole()
            return
        self.flow.not_doubled()
        ours, theirs = self.flow.streams[::2], self.flow.streams[1::2]
        if self._pair.ours is self._pair.sun:
            ours, theirs = theirs, ours
        lost = sum(len(s.lost) for s in theirs)
        check(not any(s.lost for s in ours) and lost == self._too_early() - self._before,
              f"too early were {self._too_early() - self._before}: {self.flow}")


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
    ours = moon if kinds[0] == "ours" else sun
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
    living = Living(bench, pair, [a for suite, a in addresses.items() if suite != COUNTED])
    for end, child in zip(pair.ends, ("aes128-sha256-esn", "chacha20poly1305-esn")):
        living.replaces(lambda end=end, child=child: end.rekey(child), child)
        living.replaces(end.rekey)
    living.whole(hasty="libreswan" in kinds)
    # Not at the same time: who is told that the other end is busy may wait for half a minute.
    living = Living(bench, pair, [addresses[COUNTED]])
    for _ in range(2):
        living.replaces(None, COUNTED)
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
    living.whole(hasty=True)
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
