# SPDX-License-Identifier: GPL-2.0-or-later
"""The two gateways moon and sun, alice behind the one, bob behind the other:

    alice --- lan moon wan --- wan sun lan --- bob
    alice --- lan moon wan --- (nat) --- wan sun lan --- bob

Everything is routed, so that a packet nobody protects arrives in the clear: what must not happen, could.
"""
from .net import Namespace, link


class Side:
    """One gateway with the host behind it. Addresses are kept by IP version."""

    def __init__(self, name, host, number, wan):
        self.name = name
        self.number = number
        self.id = f"{name}.example"
        self.gateway = Namespace(name)
        self.host = Namespace(host)
        self.wan = wan
        self.lan = {4: f"10.{number}.0.1", 6: f"2001:db8:{number}::1"}
        self.inside = {4: f"10.{number}.0.10", 6: f"2001:db8:{number}::10"}
        self.net = {4: f"10.{number}.0.0/24", 6: f"2001:db8:{number}::/64"}
        link(self.host, "lan", self.gateway, "lan")
        self.host.ip(f"addr add {self.inside[4]}/24 dev lan", f"addr add {self.inside[6]}/64 dev lan nodad",
                     f"route add default via {self.lan[4]}", f"route add default via {self.lan[6]}")
        self.gateway.ip(f"addr add {self.lan[4]}/24 dev lan", f"addr add {self.lan[6]}/64 dev lan nodad")

    def connect(self, next_hop):
        """Gives the cable called wan its addresses, and the way to everywhere else."""
        self.gateway.ip(*(f"addr add {self.wan[4]}/24 dev wan", f"route add default via {next_hop[4]}")
                        if 4 in next_hop else (),
                        *(f"addr add {self.wan[6]}/64 dev wan nodad", f"route add default via {next_hop[6]}")
                        if 6 in next_hop else ())

    def address(self, last):
        """Of the host behind it, or one that it may be given."""
        return f"10.{self.number}.0.{last}"

    @property
    def hosts(self):
        return [self.gateway, self.host]


class Site:
    def __init__(self, nat=False):
        self.behind_nat = nat
        moon_wan = {4: "172.16.0.1"} if nat else {4: "192.0.2.1", 6: "2001:db8:ff::1"}
        self.moon = Side("moon", "alice", 1, moon_wan)
        self.sun = Side("sun", "bob", 2, {4: "192.0.2.2", 6: "2001:db8:ff::2"})
        self.hosts = self.moon.hosts + self.sun.hosts
        if nat:
            self._connect_by_nat()
        else:
            link(self.moon.gateway, "wan", self.sun.gateway, "wan")
            self.moon.connect(self.sun.wan)
            self.sun.connect(self.moon.wan)

        for host in self.hosts:
            host.settle()

    def _connect_by_nat(self):
        self.nat = Namespace("nat")
        self.hosts.append(self.nat)
        link(self.moon.gateway, "wan", self.nat, "inner")
        link(self.nat, "outer", self.sun.gateway, "wan")
        self.nat.ip("addr add 172.16.0.254/24 dev inner", "addr add 192.0.2.254/24 dev outer",
                    f"route add {self.moon.net[4]} via {self.moon.wan[4]}",
                    f"route add {self.sun.net[4]} via {self.sun.wan[4]}")
        self.nat.nft("table ip nat { chain out { type nat hook postrouting priority srcnat; "
                     "ip saddr 172.16.0.0/24 oifname outer masquerade; }; }")
        self.moon.connect({4: "172.16.0.254"})
        self.sun.connect({4: "192.0.2.254"})

    def peer_of(self, side):
        return self.sun if side is self.moon else self.moon

    def delete(self):
        for host in self.hosts:
            host.delete()
