# SPDX-License-Identifier: GPL-2.0-or-later
"""A second network for a gateway, from which a NAT leads to the other one:

    moon wan ----------------- wan sun
    moon wifi --- (cafe) --- far sun

The other gateway gets no address there, so that it can be reached at the same one by both ways."""
from .net import Namespace, link

INSIDE = "172.16.0.1"  # the gateway, as itself sees it
OUTSIDE = "203.0.113.254"  # and as the other one does


class Cafe:
    """For SIDE, which is at its usual addresses of IPv4 and IPv6 before and afterwards, and in between where it goes."""

    def __init__(self, bench, side):
        self._side, self._peer = side, bench.site.peer_of(side)
        self.gateway = side.gateway
        self.nat = Namespace("cafe")
        bench.afterwards(self.nat.delete)
        link(self.gateway, "wifi", self.nat, "inner")
        link(self.nat, "outer", self._peer.gateway, "far")
        bench.afterwards(self._cut)
        self.nat.ip("addr add 172.16.0.254/24 dev inner", f"addr add {OUTSIDE}/32 dev outer",
                    f"route add {self._peer.wan[4]}/32 dev outer")
        self.nat.nft("table ip nat { chain out { type nat hook postrouting priority srcnat; "
                     "ip saddr 172.16.0.0/24 oifname outer masquerade; }; }")
        self._peer.gateway.ip(f"route add {OUTSIDE}/32 dev far")
        self.gateway.settle("wifi")
        self._peer.gateway.settle("far")
        self._addresses = {"home": (f"{side.wan[4]}/24 dev wan", self._peer.wan[4]), "home6": (
            f"{side.wan[6]}/64 dev wan nodad", self._peer.wan[6]), "cafe": (f"{INSIDE}/24 dev wifi", "172.16.0.254")}
        self._at = {"home", "home6"}
        self.goes("home")
        bench.afterwards(lambda: self.goes("home", "home6"))

    def _cut(self):
        self.gateway.ip("link del wifi")
        self._peer.gateway.ip("link del far")

    def goes(self, *places):
        """From now on it has the addresses of these only: home and home6, by the cable, and cafe, behind the NAT."""
        left, new = self._at - set(places), set(places) - self._at
        self.gateway.ip(*(f"addr del {self._addresses[place][0].removesuffix(' nodad')}" for place in sorted(left)),
                        *(f"addr add {self._addresses[place][0]}" for place in sorted(new)),
                        *(f"route replace default via {self._addresses[place][1]}" for place in sorted(new)))
        self._at = set(places)
