# SPDX-License-Identifier: GPL-2.0-or-later
"""Whoever runs on a gateway, with the usual tunnel: they are told apart by a name, and driven alike."""
from . import xfrm
from .charon import Charon, NewerCharon
from .check import check, same
from .config import merged
from .iked import Iked
from .pluto import NewerPluto, Pluto


class _Gateway:
    """DAEMON, and whether the KERNEL carries its packets."""

    def __init__(self, daemon, kernel=True):
        self.daemon, self.kernel = daemon, kernel
        self.host = daemon.host

    def up(self, child):
        self.daemon.up(child)

    def rekey(self, child=None):
        """A child, or the IKE_SA."""
        self.daemon.rekey(child)

    def stop(self):
        self.daemon.stop()


class _Ours(_Gateway):
    def __init__(self, bench, side, path, **changes):
        super().__init__(bench.start(side, **merged({"daemon": {"datapath": path}}, changes)), path == "kernel")

    def up(self, child):
        self.daemon.up(f"site/{child}")

    def rekey(self, child=None):
        self.daemon.must("rekey", child or "site")

    def stop(self):
        super().stop()
        xfrm.empty(self.host)


class _Strongswan(_Gateway):
    def __init__(self, bench, side, **changes):
        super().__init__(bench.helper(self._charon(side.gateway, f"{bench.directory}/{side.name}-charon")))
        self.daemon.load(bench.tunnel(side, **changes))

    @staticmethod
    def _charon(host, directory):
        return Charon(host, directory, kernel=True)

    def up(self, child):
        done = self.daemon.up(child, timeout=60)
        same(done.code, 0, f"swanctl --initiate\n{done.text}")

    def rekey(self, child=None):
        self.daemon.swanctl.must("--rekey", *(("--child", child) if child else ("--ike", "site")))


class _NewerStrongswan(_Strongswan):
    @staticmethod
    def _charon(host, directory):
        return NewerCharon(host, directory)


class _Libreswan(_Gateway):
    def __init__(self, bench, side, **changes):
        super().__init__(bench.helper(Pluto(bench, side, _children(_told(bench, side, changes)))))


class _NewerLibreswan(_Gateway):
    def __init__(self, bench, side, **changes):
        connection = _told(bench, side, changes)
        tcp = connection.get("transport") == "tcp"
        super().__init__(bench.helper(NewerPluto(bench, side, _children(connection), tcp)))


class _Openiked(_Gateway):
    def __init__(self, bench, side, **changes):
        connection = _told(bench, side, changes)
        super().__init__(bench.helper(Iked(bench, side, _children(connection), connection.get("rekey_time", 0))))


def _told(bench, side, changes):
    """What those are told of who do not read our configurations."""
    return bench.tunnel(side, **changes)["connections"]["site"]


def _children(connection):
    return {name: child for name, child in connection["children"].items() if child is not None}


_KINDS = {
    "ours": lambda *args, **changes: _Ours(*args, "kernel", **changes),
    "our-user-path": lambda *args, **changes: _Ours(*args, "user", **changes),
    "strongswan": _Strongswan,
    "strongswan6": _NewerStrongswan,
    "libreswan": _Libreswan,
    "libreswan5": _NewerLibreswan,
    "openiked": _Openiked,
}


def pairs(*names):
    """Cases for pairs of gateways, named "WHO-to-WHO"."""
    return [(name, name.split("-to-")) for name in names]


class Pair:
    """One KIND of gateway on moon, which initiates, and one on sun. CHANGES are those of config.tunnel(), MOON and SUN
    such of one side only."""

    def __init__(self, bench, kinds, moon=None, sun=None, **changes):
        self._bench = bench
        self.sun = _KINDS[kinds[1]](bench, bench.sun, **merged(changes, sun or {}))
        self.moon = _KINDS[kinds[0]](bench, bench.moon, **merged(changes, moon or {}))
        self.ends = self.moon, self.sun

    def up(self, *children):
        """Those of that name, one after the other; the usual one if not said."""
        for child in children or ("net",):
            self.moon.up(child)
        return self

    @property
    def ours(self):
        """The first end that is ours."""
        return next(end for end in self.ends if isinstance(end, _Ours))

    def tunnel(self, children=None):
        """It is up, seen from both ends over VICI."""
        return self._bench.between(self.moon.daemon, self.sun.daemon, children)

    def carried(self, children=1):
        """Where the kernel does it, it has the SAs of so many children, each with packets; elsewhere it has none."""
        for end in self.ends:
            for sa in xfrm.wait_sas(end.host, 2 * children * end.kernel):
                check(sa.packets, f"the kernel of {end.host.name} has carried nothing by {sa}")

    def stop(self):
        """In order, and nothing is left."""
        for end in self.ends:
            end.stop()
