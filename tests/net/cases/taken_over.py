# SPDX-License-Identifier: GPL-2.0-or-later
"""A process ike, eap or esp that somebody has taken over (tests/net/hostile.c) has nothing of it, and tunnels live on."""
import ctypes
import os
import signal
import time
import types

from cases import eap
from lab import family
from lab.case import case, user_case
from lab.check import check, contains, same, until
from lab.config import SECRET, merged
from lab.traffic import Pings, reaches_in_the_end

# What it does, in the order of its table. Behind it what a refusal says where the process may go on: else it ends.
FILTERED = "it made a system call that it has no right to (SIGSYS)"
STEPS = ["open", "make", "connect", "exec", "fork", "ptrace", "memory", "mem", "kill", "default-route", "free-signature", "flood",
         "slow", "many", "password", "proof", "questions"]
LOST = 1000  # packets, one each 20 ms, while esp hangs and until there are new SAs
# A sanitizer lets a process open files, so that there what forbids it is the next fence.
OF_THE_SYSTEM = [(step, step) for step in STEPS[:9]]
OF_GUARD = [(step, step, says) for step, says in (
    ("default-route", "0.0.0.0/0 is not within its remote_ts"),
    ("free-signature", "a proof for an exchange that has not begun"))]

_libc = ctypes.CDLL(None, use_errno=True)


class _Value(ctypes.Union):
    _fields_ = [("number", ctypes.c_int), ("pointer", ctypes.c_void_p)]


def does(pid, step, value=0):
    """The process does STEP."""
    same(_libc.sigqueue(pid, signal.SIGRTMIN + STEPS.index(step), _Value(number=value)), 0, "sigqueue")


def end_of_other(who, where, peer, peer_at, nets):
    """A connection of its own: between addresses that nobody else has."""
    ours, theirs = nets
    return {"local_addrs": where, "remote_addrs": peer_at, "local": {"auth": "psk", "id": who},
            "remote": {"auth": "psk", "id": peer},
            "children": {"other": {"local_ts": f"{ours}/32", "remote_ts": f"{theirs}/32"}}}


class Other:
    """Another peer of moon: alice, on moon's other side. Packets go between the two all the time."""

    MOON, ALICE = "10.91.0.1", "10.92.0.1"

    def __init__(self, bench):
        self._bench = bench
        for host, address in (bench.moon.gateway, self.MOON), (bench.alice, self.ALICE):
            host.ip(f"addr add {address}/32 dev lo")
            bench.afterwards(lambda host=host, at=address: host.ip(f"addr del {at}/32 dev lo"))
        self._ends = bench.moon.lan[4], bench.moon.inside[4]
        self.daemon = self._pings = None

    def of_moon(self):
        return {"connections": {"other": end_of_other("moon.example", self._ends[0], "alice.example", self._ends[1],
                                                      (self.MOON, self.ALICE))}}

    def up(self):
        site = self._bench
        self.daemon = site.daemon(types.SimpleNamespace(gateway=site.alice, name="alice"), {
            "connections": {"other": end_of_other("alice.example", self._ends[1], "moon.example", self._ends[0],
                                                  (self.ALICE, self.MOON))},
            "secrets": {"ike-other": {"secret": f'"{SECRET}"'}}})
        self.daemon.start()
        self.daemon.up("other")
        reaches_in_the_end(site.alice, self.MOON, "-I", self.ALICE)
        self._pings = Pings(site.alice, self.MOON, f"{site.directory}/pings", source=self.ALICE)
        site.afterwards(self._pings.stop)

    def goes_on(self, lost=0):
        """Packets are answered, and of all that there were no more than LOST have not been."""
        so_far = self._pings.answers()
        until(lambda: self._pings.answers() > so_far + 5, lambda: f"the other peer's tunnel lives on: {self.daemon.log()}")
        check(self._pings.lost() <= lost, f"the other peer has lost {self._pings.lost()} packets")


def taken_over(bench):
    """Moon's ike will be taken over; its tunnel with sun is up, and one with another peer. Returns moon, that peer and the
    process."""
    other = Other(bench)
    moon = bench.daemon(bench.moon, merged(bench.tunnel(bench.moon), other.of_moon()))
    moon.program = "ikev2d-hostile"
    moon.start()
    bench.start(bench.sun)
    moon.up()
    reaches_in_the_end(bench.alice, bench.sun.inside[4])
    other.up()
    return moon, other, family.member(moon, "ike")


def comes_back(bench, moon, pid, other):
    """The tunnel carries packets, and the next process sets up another one. The other peer loses no packet."""
    reaches_in_the_end(bench.alice, bench.sun.inside[4])
    family.replaced(moon, pid, 2, "ike")
    reaches_in_the_end(bench.alice, bench.sun.inside[4])
    other.goes_on()
    moon.up()
    reaches_in_the_end(bench.alice, bench.sun.inside[4])
    other.goes_on()


def verdict(moon, step, at=0):
    """The line behind AT in which it says how it went, or in which it has ended."""
    return next((line for line in moon.log()[at:].splitlines() if f'msg="{step}: ' in line or FILTERED in line), None)


@case(each=OF_THE_SYSTEM)
def ike_taken_over_tries(bench, step):
    """It is refused, or is no more; keeper is not touched."""
    moon, other, pid = taken_over(bench)
    keeper = family.keeper(moon)
    does(pid, step, keeper)
    line = until(lambda: verdict(moon, step), lambda: f"it is refused or ended: {moon.log()}")
    check("DONE" not in line, line)
    if FILTERED in line:
        comes_back(bench, moon, pid, other)
    else:
        reaches_in_the_end(bench.alice, bench.sun.inside[4])
        same(family.member(moon, "ike"), pid, "it has only been refused")
        other.goes_on()
    same(family.keeper(moon), keeper, "keeper lives on")


@case(each=OF_GUARD)
def ike_taken_over_wants(bench, step, says):
    """Guard ends it, and says why."""
    moon, other, pid = taken_over(bench)
    does(pid, step, 1)
    comes_back(bench, moon, pid, other)
    contains(moon.log(), says, "log of moon")


@case()
def ike_taken_over_floods(bench):
    """Guard carries packets, and goes on with whoever asks: what sends only, and does not answer, is ended."""
    moon, other, pid = taken_over(bench)
    does(pid, "flood")
    reaches_in_the_end(bench.alice, bench.sun.inside[4])
    moon.must("list", "conns")
    until(lambda: "it has sent all" in moon.log() or "it did not answer" in moon.log(), moon.log)
    reaches_in_the_end(bench.alice, bench.sun.inside[4])
    moon.up()
    reaches_in_the_end(bench.alice, bench.sun.inside[4])
    other.goes_on()


@case()
def ike_taken_over_answers_slowly(bench):
    """Guard waits five seconds for a status, however many answers it has."""
    moon, other, pid = taken_over(bench)
    does(pid, "slow")
    moon.wait_log("it is slow")
    begun = time.monotonic()
    moon.ipsec("status")
    took = time.monotonic() - begun
    check(4 < took < 8, f"it took five seconds and little more: {took:.1f} s")
    contains(moon.log(), "the process ike has ended, since it did not answer", "log of moon")
    comes_back(bench, moon, pid, other)


@case()
def ike_taken_over_has_very_many(bench):
    """More IKE_SAs than it has told of: guard asks about none of them."""
    moon, other, pid = taken_over(bench)
    does(pid, "many")
    moon.wait_log("it has many")
    moon.ipsec("status")
    contains(moon.log(), "it says that it has more IKE_SAs than it can have", "log of moon")
    comes_back(bench, moon, pid, other)


def eap_taken_over(bench):
    """Moon's eap will be taken over; sun has come in by it, and there is a tunnel with another peer. Returns moon, sun and
    that peer."""
    other = Other(bench)
    moon = bench.daemon(bench.moon, merged(eap.gateway(bench, bench.moon, "eap-mschapv2"), other.of_moon()))
    moon.program = "ikev2d-hostile"
    moon.start()
    sun = bench.daemon(bench.sun, eap.client(bench, bench.sun, "eap-mschapv2")).start()
    sun.up()
    other.up()
    return moon, sun, other


def comes_in_again(bench, sun, other):
    """Packets go on, and sun is let in anew; the other peer loses no packet."""
    reaches_in_the_end(bench.bob, bench.moon.inside[4])
    sun.must("down", "site")
    sun.up()
    reaches_in_the_end(bench.bob, bench.moon.inside[4])
    other.goes_on()


@case()
def eap_taken_over_tries(bench):
    """Whatever it wants of the system it is refused, or is no more; neither keeper nor ike is touched."""
    moon, sun, other = eap_taken_over(bench)
    others = family.keeper(moon), family.member(moon, "ike")
    for step in STEPS[:9]:
        pid, so_far = family.member(moon, "eap"), len(moon.log())
        does(pid, step, others[0])
        line = until(lambda step=step, at=so_far: verdict(moon, step, at), lambda step=step: f"{step}: {moon.log()}")
        check("DONE" not in line, line)
        if FILTERED in line:
            family.replaced(moon, pid, 2, "eap")
        same((family.keeper(moon), family.member(moon, "ike")), others, f"who lives on after {step}")
        comes_in_again(bench, sun, other)


@case()
def eap_taken_over_asks_for_passwords(bench):
    """Of conversations that are over nobody hears any."""
    moon, sun, other = eap_taken_over(bench)
    does(family.member(moon, "eap"), "password")
    contains(until(lambda: verdict(moon, "password"), moon.log), "nobody answers", "what comes of it")
    comes_in_again(bench, sun, other)


@case()
def eap_taken_over_says_what_keeper_says(bench):
    """That ends it."""
    moon, sun, other = eap_taken_over(bench)
    pid = family.member(moon, "eap")
    does(pid, "proof")
    family.replaced(moon, pid, 2, "eap")
    contains(moon.log(), "the process eap has ended, since it", "log of moon")
    contains(moon.log(), "proof", "log of moon")
    comes_in_again(bench, sun, other)


@case()
def eap_taken_over_floods(bench):
    """Guard goes on with whoever asks, and with the packets of all."""
    moon, sun, other = eap_taken_over(bench)
    does(family.member(moon, "eap"), "questions")
    moon.must("list", "conns")
    until(lambda: "it has sent all" in moon.log() or "it did not answer" in moon.log(), moon.log)
    comes_in_again(bench, sun, other)


@user_case()
def esp_taken_over_obeys_slowly(bench):
    """Each order in less time than guard waits for one. Guard has five seconds for all of them. What the other peer sends
    meanwhile nobody carries; it goes on with the next process."""
    moon, other, _ = taken_over(bench)
    pid = family.member(moon, "esp")
    os.kill(pid, signal.SIGRTMIN)
    moon.wait_log("it is slow")
    begun = time.monotonic()
    moon.ipsec("rekey", "net")
    until(lambda: "the process esp has ended, since it did not answer" in moon.log(), moon.log, 20)
    took = time.monotonic() - begun
    check(took < 15, f"it is ended in time: {took:.1f} s")
    family.replaced(moon, pid, 2, "esp")
    reaches_in_the_end(bench.alice, bench.sun.inside[4])
    other.goes_on(lost=LOST)


@case()
def ike_not_taken_over_yet(bench):
    """Nothing of it is of the program that is installed: the signal ends it."""
    moon, _ = bench.pair()
    moon.up()
    pid = family.member(moon, "ike")
    os.kill(pid, signal.SIGRTMIN)
    family.replaced(moon, pid, 2, "ike")
    contains(moon.log(), "Real-time signal 0", "log of moon")
