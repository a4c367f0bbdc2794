# SPDX-License-Identifier: GPL-2.0-or-later
"""Ike, or esp, is killed while many tunnels are up: their traffic flows on, they are set up anew, and never, over all that, are two
packets sealed with the same IV under one key."""
import socket
import time

from cases.processes import killed
from lab import ike
from lab.case import case, user_case
from lab.check import PATIENCE, check, until
from lab.config import SECRET
from lab.sealed import Sealed
from lab.traffic import reaches

PORT, SO_RCVBUFFORCE = 7000, 33
BURST = 50  # datagrams: what surely fits into all queues
LOST = {"ike": 4,  # datagrams of a tunnel, at most, while it changes to its new SAs;
        "esp": 60}  # who carries them is not there for a moment


def inside(side, i):
    """The address of tunnel I behind a gateway."""
    return f"10.{side.number}.{64 + i // 250}.{1 + i % 250}"


def behind(bench, n):
    """Alice and bob have an address for each tunnel, and their gateways know the way."""
    for side in bench.moon, bench.sun:
        net = f"10.{side.number}.64.0/18"
        side.host.ip(*(f"addr add {inside(side, i)}/32 dev lo" for i in range(n)))
        side.gateway.ip(f"route add {net} via {side.inside[4]}")
        bench.afterwards(lambda side=side, net=net: side.gateway.ip(f"route del {net}"))
        bench.afterwards(lambda side=side: side.host.ip(*(f"addr del {inside(side, i)}/32 dev lo" for i in range(n))))


def tunnels(bench, side, n, begins):
    """So many connections to the other gateway, each with another identity. BEGINS: they are kept up."""
    peer = bench.site.peer_of(side)
    way = {"start_action": "start", "keep": "yes"} if begins else {}
    return {"connections": {f"c{i}": {
        "local_addrs": side.wan[4], "remote_addrs": peer.wan[4],
        "local": {"auth": "psk", "id": f"c{i}.{side.id}"}, "remote": {"auth": "psk", "id": f"c{i}.{peer.id}"},
        "children": {"net": {"local_ts": f"{inside(side, i)}/32", "remote_ts": f"{inside(peer, i)}/32", **way}}}
        for i in range(n)}, "secrets": {"ike-all": {"secret": f'"{SECRET}"'}},
        "daemon": {"block_threshold": "0", "cookie_threshold": "9999", "cookie_threshold_ip": "9999"}}  # all have one address


class Turns:
    """One datagram after the other through each tunnel, both ways."""

    def __init__(self, bench, n):
        self.n, self.sent, self._arrived = n, 0, 0
        self._sockets, self._sinks = [], []
        for side in bench.moon, bench.sun:
            peer = bench.site.peer_of(side)
            self._sinks.append(self._sink(peer))
            self._sockets.append([self._between(side, inside(side, i), inside(peer, i)) for i in range(n)])
        bench.afterwards(self.close)

    @staticmethod
    def _sink(side):
        s = side.host.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 64 << 20)
        s.bind(("0.0.0.0", PORT))
        s.setblocking(False)
        return s

    @staticmethod
    def _between(side, a, b):
        s = side.host.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.bind((a, 0))
        s.connect((b, PORT))
        return s

    def close(self):
        for s in [s for sockets in self._sockets for s in sockets] + self._sinks:
            s.close()

    def turn(self):
        for sockets in self._sockets:
            for i, s in enumerate(sockets):
                try:
                    s.send(f"{i} {self.sent}".encode())
                except OSError:
                    pass  # an ICMP error of an earlier one
                if i % BURST == BURST - 1:
                    self.arrived()
                    time.sleep(0.005)  # the pace, not a wait
        self.sent += 1

    def arrived(self):
        for sink in self._sinks:
            try:
                while sink.recv(64):
                    self._arrived += 1
            except BlockingIOError:
                pass  # that is all
        return self._arrived

    def lost(self):
        """Of all that was sent, once nothing more arrives."""
        def still():
            before = self.arrived()
            time.sleep(0.2)
            return before == self.arrived()
        until(still, "nothing more arrives")
        return 2 * self.n * self.sent - self.arrived()


class Cables:
    """What leaves both gateways, sealed."""

    def __init__(self, bench):
        self.ends = [Sealed(side.gateway) for side in (bench.moon, bench.sun)]
        for end in self.ends:
            bench.afterwards(end.close)

    def spis(self):
        return [len(end.read().spis) for end in self.ends]

    def whole(self, spis):
        """Nothing was sealed as something else before, and so many SAs were in use."""
        for end in self.ends:
            end.whole()
        check(min(self.spis()) >= spis, f"SAs in use: {self.spis()}")


def up(client, n):
    """All tunnels are, and nothing else is under way."""
    load = client.call("stats")["ikesas"]
    return int(load["total"]) == n and int(load["half-open"]) == 0


def killed_while_up(bench, whose, n, patience, name="ike"):
    """N tunnels, and the process NAME of WHOSE is killed. All run on new SAs after PATIENCE seconds at most."""
    behind(bench, n)
    cables, turns = Cables(bench), Turns(bench, n)
    sides = {"moon": bench.moon, "sun": bench.sun}
    daemons = {name: bench.daemon(side, tunnels(bench, side, n, name == whose)) for name, side in sides.items()}
    lost = daemons.pop(whose)
    other = next(iter(daemons.values())).start()
    lost.start()
    clients = [bench.vici(daemon) for daemon in (lost, other)]
    until(lambda: all(up(client, n) for client in clients), "all tunnels are up", 8 + patience * 4)

    def go_on(seconds):
        until_then = time.monotonic() + seconds
        while time.monotonic() < until_then:
            turns.turn()
            cables.spis()
            turns.arrived()
            time.sleep(0.05)  # the pace, not a wait

    until(lambda: go_on(0.2) or cables.spis() == [n, n], lambda: f"all SAs are in use: {cables.spis()}")
    before = turns.lost()  # who answers has the SA before who asked, and sends
    killed(lost, name)
    begun = time.monotonic()
    while min(cables.spis()) < 2 * n and time.monotonic() < begun + 3 * patience:
        go_on(0.1)
    took = time.monotonic() - begun
    go_on(1)
    gone = turns.lost() - before
    cables.whole(n)
    bench.note(f"{n} tunnels run on new SAs {took:.1f} s after {name} was lost; {gone} of {turns.arrived() + gone} datagrams were lost")
    check(min(cables.spis()) >= 2 * n, f"all tunnels are set up anew: {cables.spis()}")
    check(took <= patience * PATIENCE, f"tunnels are up again within {patience} s: {took:.1f} s")
    check(gone <= LOST[name] * n, f"traffic flows on: {gone} datagrams were lost")


@case()
def ivs_that_come_again_are_seen(bench):
    """A packet and a message are sent once more, the latter as another one: so that the cases below fail where they must."""
    cable, tap = Sealed(bench.moon.gateway), bench.tap()
    bench.afterwards(cable.close)
    moon, _ = bench.pair(conn={"encap": "yes"})
    moon.up()
    reaches(bench.alice, bench.sun.inside[4])
    cable.whole()
    tap.send(tap.esp()[0])
    until(lambda: len(cable.read().twice) == 2, lambda: f"number and IV are seen twice: {cable.twice}")
    message = next(frame for frame in tap.left() if frame[12:14] == b"\x08\x00" and frame[23] == socket.IPPROTO_UDP
                   and frame[42:46] == ike.MARKER)
    for last in message[-1], message[-1] ^ 1:
        tap.send(message[:-1] + bytes([last]))
    until(lambda: len(cable.read().twice) == 3, lambda: f"the IV of another message is seen: {cable.twice}")


@case(each=["moon", "sun"])
def ivs_over_a_kill_of_ike(bench, whose):
    killed_while_up(bench, whose, 3, 10)


@case(scale=True)
def ivs_of_thousand_sas_over_a_kill_of_ike(bench):
    """Five hundred tunnels, two SAs each."""
    killed_while_up(bench, "moon", 500, 10)


@user_case(each=["moon", "sun"])
def ivs_over_a_kill_of_esp(bench, whose):
    killed_while_up(bench, whose, 3, 10, "esp")


@user_case(scale=True)
def ivs_of_thousand_sas_over_a_kill_of_esp(bench):
    killed_while_up(bench, "moon", 500, 10, "esp")
