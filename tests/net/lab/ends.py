# SPDX-License-Identifier: GPL-2.0-or-later
"""Both ends of a tunnel, whoever they are: seen and driven over VICI, and compared."""
import collections
import os
import signal

from . import family
from .check import same, until
from .stream import Flow
from .vici import REQUEST, packet

_EVENTS = "list-sa", "ike-rekey", "child-rekey", "ike-updown", "child-updown"


class End:
    """One daemon, ours or strongSwan's."""

    def __init__(self, bench, daemon):
        self.daemon = daemon
        self.name = daemon.host.name
        self._vici = bench.vici(daemon)
        self._told = collections.defaultdict(list)
        for event in _EVENTS:
            self._vici.register(event)

    def begin(self, command, **arguments):
        """Sends a command; response() waits for the answer."""
        arguments = {key.replace("_", "-"): str(value) for key, value in arguments.items()}
        self._vici.send(packet(REQUEST, command, arguments))

    def response(self, command):
        answer = self._vici.response(command)
        while self._vici.events:
            event, message = self._vici.events.pop(0)
            self._told[event].append(message)
        return answer

    def call(self, command, **arguments):
        self.begin(command, **arguments)
        return self.response(command)

    def told(self, event):
        """The messages of the events of that kind so far."""
        self.call("version")
        return self._told[event]

    def sas(self):
        self._told["list-sa"].clear()
        self.call("list-sas")
        return [sa for message in self._told["list-sa"] for sa in message.values()]

    def children(self):
        """But for those of which only late packets are still taken."""
        return [c for sa in self.sas() for c in sa["child-sas"].values() if c["state"] != "DELETED"]

    def child(self, name="net"):
        found, = (c for c in self.children() if c["name"] == name)
        return found

    def must(self, command, **arguments):
        answer = self.call(command, **arguments)
        same(answer["success"], "yes", f"success of {command} {arguments} on {self.name}\n{answer}")
        return answer

    def rekey(self, child=None, **more):
        """A child, or the IKE_SA."""
        return self.must("rekey", **({"child": child} if child else {"ike": "site"}), **more)

    def view(self, crosswise=False):
        """SPIs and states, as the other end sees them when it looks CROSSWISE."""
        keys = ("spi-out", "spi-in") if crosswise else ("spi-in", "spi-out")
        return sorted((sa["initiator-spi"], sa["responder-spi"], sa["state"],
                       *sorted((c["name"], c["state"], *(c.get(key) for key in keys))
                               for c in sa["child-sas"].values() if c["state"] != "DELETED"))
                      for sa in self.sas())

    def counters(self, crosswise=False):
        """Packets and octets by SPI."""
        ways = ("out", "in") if crosswise else ("in", "out")
        return {c[f"spi-{way}"]: tuple(int(c[f"{what}-{way}"]) for what in ("packets", "bytes"))
                for c in self.children() for way in ways}


class Tunnel:
    """What is up between two daemons, moon's and sun's, with packets passing both ways: CHILDREN, by names, each with
    a pair of addresses (or None: those of the hosts)."""

    def __init__(self, bench, moon, sun, children):
        self.moon, self.sun = self.ends = End(bench, moon), End(bench, sun)
        self.names = sorted(children)
        self.spis()
        self.flow = Flow(bench.site, [pair for pair in children.values() if pair])
        bench.afterwards(self.flow.end)
        self.flow.goes_on()

    def end(self, name):
        return self.moon if name == "moon" else self.sun

    def _state(self):
        """SPIs of the IKE_SA, and of the children by name; None while anything else than that stands."""
        view = self.moon.view()
        if len(view) != 1 or view != self.sun.view(crosswise=True):
            return None
        ike_i, ike_r, state, *children = view[0]
        if state != "ESTABLISHED" or [c[:2] for c in children] != [(name, "INSTALLED") for name in self.names]:
            return None
        return (ike_i, ike_r), {name: spis for name, _, *spis in children}

    def spis(self, seconds=8.0):
        """Once there is one IKE_SA with one SA of each child, the same on both sides."""
        return until(self._state, lambda: f"moon and sun have one IKE_SA with {self.names} and agree: "
                     f"{self.moon.view()}, {self.sun.view(crosswise=True)}", seconds)

    def changes(self, act, ike=False, children=(), seconds=8.0):
        """After ACT() (None: after some time) the IKE_SA (if so) and the CHILDREN have been replaced and nothing else,
        both sides agree, and packets go on passing."""
        before = self.spis()
        if act:
            act()

        def changed():
            now = self._state()
            there = now and (now[0] != before[0]) >= ike and all(now[1][name] != before[1].get(name) for name in children)
            return there and now

        now = until(changed, lambda: f"{'the IKE_SA and ' if ike else ''}{children} changed: from {before} to "
                    f"{self.moon.view()}, {self.sun.view(crosswise=True)}", seconds)
        same(now[0] != before[0], ike, f"whether the IKE_SA was replaced: {before}, {now}")
        for name in self.names:
            same(now[1][name] != before[1].get(name), name in children, f"whether {name} was replaced: {before}, {now}")
        self.flow.goes_on()

    def cross(self, ours, theirs, begun):
        """Both daemons carry out a command, each given as its name and its arguments, and neither hears of what the other
        does before it has begun: that process of moon's, which is one of ours, that speaks IKE sleeps until sun has
        BEGUN(), and then reads our command first, since it came first."""
        speaker = family.member(self.moon.daemon, "ike")
        os.kill(speaker, signal.SIGSTOP)
        try:
            self.moon.begin(ours[0], **ours[1])
            until(lambda: family.waits_for(self.moon.daemon, "ike"), "the command waits for who speaks IKE")
            self.sun.must(theirs[0], **theirs[1])
            until(begun, lambda: f"sun has begun: {self.sun.view()}")
        finally:
            os.kill(speaker, signal.SIGCONT)
        same(self.moon.response(ours[0])["success"], "yes", f"success of {ours} on moon")

    def agree(self):
        """Both have the same SAs, and have counted the same; when nothing passes any more."""
        self.spis()
        same(self.moon.counters(), self.sun.counters(crosswise=True), "packets and octets by SPI, on moon and on sun")

    def whole(self):
        """Not one packet was lost from the first to the last."""
        self.flow.whole()
        self.agree()
