# SPDX-License-Identifier: GPL-2.0-or-later
"""A thousand SAs in the kernel."""
import time

from lab import xfrm
from lab.case import case
from lab.check import same, until
from lab.gateways import Pair
from lab.process import cpu

_CHILDREN = 500  # two SAs each
_OF_ONE = 50  # so many of one connection


def _child(side, peer, i):
    return {"local_ts": f"10.{100 + side.number}.{i // 250}.{i % 250}/32",
            "remote_ts": f"10.{100 + peer.number}.{i // 250}.{i % 250}/32"}


def _connection(i):
    return f"n{i // _OF_ONE}"


def many(side, peer):
    """As many children, each for two addresses of its own, of connections that are told apart by their identities."""
    others = {}
    for first in range(0, _CHILDREN, _OF_ONE):
        name = _connection(first)
        others[name] = {"local": {"id": f"{name}.{side.id}"}, "remote": {"id": f"{name}.{peer.id}"}, "conn": {"children": {
            "net": None, **{f"c{i}": _child(side, peer, i) for i in range(first, min(first + _OF_ONE, _CHILDREN))}}}}
    return {"others": others}


def counts(pair):
    return [xfrm.counts(end.host) for end in pair.ends]


class Clock:
    """Tells what was measured of two daemons."""

    def __init__(self, pair):
        self._pair = pair
        self._before = self._now()

    def _now(self):
        return time.monotonic(), sum(cpu(end.daemon.process) for end in self._pair.ends)

    def lap(self):
        """Since the last one."""
        before, self._before = self._before, self._now()
        return "{:.1f} s ({:.1f} s of CPU)".format(*(b - a for a, b in zip(before, self._before)))


@case(kernel=True, scale=True)
def kernel_thousand_sas(bench):
    """Ours with ours, strongSwan with strongSwan: children are called for one after the other, and all go at once."""
    for kind in "ours", "strongswan":
        pair = Pair(bench, (kind, kind), moon=many(bench.moon, bench.sun), sun=many(bench.sun, bench.moon))
        client = bench.vici(pair.moon.daemon)
        client.patience(60)
        before, clock = counts(pair), Clock(pair)
        for i in range(_CHILDREN):
            same(client.call("initiate", {"child": f"c{i}", "ike": _connection(i)})["success"], "yes", f"success of c{i}")
        until(lambda: [sas for sas, _ in counts(pair)] == 2 * [2 * _CHILDREN], lambda: f"SAs, policies: {counts(pair)}")
        there = clock.lap()
        for first in range(0, _CHILDREN, _OF_ONE):
            same(client.call("terminate", {"ike": _connection(first)})["success"], "yes", "success of terminate")
        until(lambda: counts(pair) == before, lambda: f"SAs and policies: {counts(pair)}, before {before}", 60)
        bench.note(f"{2 * _CHILDREN} SAs of {kind} on each side installed in {there}, removed in {clock.lap()}")
        client.close()
        pair.stop()
        same(counts(pair), 2 * [(0, 0)], "SAs and policies left")
