# SPDX-License-Identifier: GPL-2.0-or-later
"""A process ike or esp that somebody has taken over (tests/net/hostile.c) has nothing of it, and tunnels live on."""
import ctypes
import os
import signal
import time

from lab import family
from lab.case import case, user_case
from lab.check import check, contains, same, until
from lab.traffic import reaches_in_the_end

# What it does, in the order of its table. Behind it what a refusal says where the process may go on: else it ends.
FILTERED = "it made a system call that it has no right to (SIGSYS)"
STEPS = ["open", "make", "connect", "exec", "fork", "ptrace", "memory", "mem", "kill", "default-route", "free-signature", "flood",
         "slow", "many"]
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


def taken_over(bench):
    """Moon's ike will be taken over; its tunnel with sun is up. Returns moon, sun and the process."""
    moon = bench.daemon(bench.moon, bench.tunnel(bench.moon))
    moon.program = "ikev2d-hostile"
    moon.start()
    sun = bench.start(bench.sun)
    moon.up()
    reaches_in_the_end(bench.alice, bench.sun.inside[4])
    return moon, sun, family.member(moon, "ike")


def comes_back(bench, moon, pid):
    """The tunnel carries packets, and the next process sets up another one."""
    reaches_in_the_end(bench.alice, bench.sun.inside[4])
    family.replaced(moon, pid, 2, "ike")
    reaches_in_the_end(bench.alice, bench.sun.inside[4])
    moon.up()
    reaches_in_the_end(bench.alice, bench.sun.inside[4])


def verdict(moon, step):
    """The line in which it says how it went, or in which it has ended."""
    return next((line for line in moon.log().splitlines() if f'msg="{step}: ' in line or FILTERED in line), None)


@case(each=OF_THE_SYSTEM)
def ike_taken_over_tries(bench, step):
    """It is refused, or is no more; keeper is not touched."""
    moon, _, pid = taken_over(bench)
    keeper = family.keeper(moon)
    does(pid, step, keeper)
    line = until(lambda: verdict(moon, step), lambda: f"it is refused or ended: {moon.log()}")
    check("DONE" not in line, line)
    if FILTERED in line:
        comes_back(bench, moon, pid)
    else:
        reaches_in_the_end(bench.alice, bench.sun.inside[4])
        same(family.member(moon, "ike"), pid, "it has only been refused")
    same(family.keeper(moon), keeper, "keeper lives on")


@case(each=OF_GUARD)
def ike_taken_over_wants(bench, step, says):
    """Guard ends it, and says why."""
    moon, _, pid = taken_over(bench)
    does(pid, step, 1)
    comes_back(bench, moon, pid)
    contains(moon.log(), says, "log of moon")


@case()
def ike_taken_over_floods(bench):
    """Guard carries packets, and goes on with whoever asks: what sends only, and does not answer, is ended."""
    moon, _, pid = taken_over(bench)
    does(pid, "flood")
    reaches_in_the_end(bench.alice, bench.sun.inside[4])
    moon.must("list", "conns")
    until(lambda: "it has sent all" in moon.log() or "it did not answer" in moon.log(), moon.log)
    reaches_in_the_end(bench.alice, bench.sun.inside[4])
    moon.up()
    reaches_in_the_end(bench.alice, bench.sun.inside[4])


@case()
def ike_taken_over_answers_slowly(bench):
    """Guard waits five seconds for a status, however many answers it has."""
    moon, _, pid = taken_over(bench)
    does(pid, "slow")
    moon.wait_log("it is slow")
    begun = time.monotonic()
    moon.ipsec("status")
    took = time.monotonic() - begun
    check(4 < took < 8, f"it took five seconds and little more: {took:.1f} s")
    contains(moon.log(), "the process ike has ended, since it did not answer", "log of moon")
    comes_back(bench, moon, pid)


@case()
def ike_taken_over_has_very_many(bench):
    """More IKE_SAs than it has told of: guard asks about none of them."""
    moon, _, pid = taken_over(bench)
    does(pid, "many")
    moon.wait_log("it has many")
    moon.ipsec("status")
    contains(moon.log(), "it says that it has more IKE_SAs than it can have", "log of moon")
    comes_back(bench, moon, pid)


@user_case()
def esp_taken_over_obeys_slowly(bench):
    """Each order in less time than guard waits for one. Guard has five seconds for all of them."""
    moon, _, _ = taken_over(bench)
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


@case()
def ike_not_taken_over_yet(bench):
    """Nothing of it is of the program that is installed: the signal ends it."""
    moon, _ = bench.pair()
    moon.up()
    pid = family.member(moon, "ike")
    os.kill(pid, signal.SIGRTMIN)
    family.replaced(moon, pid, 2, "ike")
    contains(moon.log(), "Real-time signal 0", "log of moon")
