# SPDX-License-Identifier: GPL-2.0-or-later
"""The process that speaks IKE: what it may do, and that the daemon outlives it."""
import os
import signal
import socket
import struct
import time

from cases.processes import NO_TICKET, WAYS, kinds, killed, lives_on
from lab import family
from lab.case import Bench, case
from lab.check import PATIENCE, check, contains, same, until
from lab.config import merged
from lab.traffic import reaches_in_the_end

ACTION, PEER, REPLY, RELEASED = kinds("ACTION", "PEER", "REPLY", "RELEASED")
# The core's actions, and tells, by their numbers (ike/ike.h).
ASK, SA_DEL, POLICY_ADD, TELL = 2, 5, 8, 13
ASK_EAP = 7


@case()
def ike_process_has_no_rights(bench):
    """Its own user, no capability but the one to lock memory, no files, no new ones; a filter of system calls. Peers are
    heard there, and nowhere else."""
    moon, _ = bench.pair()
    moon.up()
    pid = family.without_files(moon, "ike")
    moon.stop()
    check(not os.path.exists(f"/proc/{pid}"), "it ends with the daemon")


@case()
def ike_process_with_many_connections(bench):
    """There is more to be sorted than a little, for which some C libraries ask the system something."""
    more = {"connections": {f"c{i}": {"remote_addrs": f"198.51.100.{i}", "local": {"auth": "psk"}, "remote": {"auth": "psk"},
                                      "children": {"net": {"remote_ts": f"198.51.100.{i}/32"}}} for i in range(1, 200)}}
    moon = bench.daemon(bench.moon, merged(more, bench.tunnel(bench.moon))).start()
    bench.daemon(bench.sun, merged(more, bench.tunnel(bench.sun))).start()
    pid = family.member(moon, "ike")
    moon.up()
    same(family.member(moon, "ike"), pid, "it lives on")


@case()
def ike_asked_for_somebody(bench):
    """Who we are is left open: the peer says whom it wants (IDr), and guard lets that be proved."""
    sun = bench.tunnel(bench.sun)
    del sun["connections"]["site"]["local"]["id"]
    sun = bench.daemon(bench.sun, sun).start()
    moon = bench.start(bench.moon)
    pid = family.member(sun, "ike")
    moon.up()
    reaches_in_the_end(bench.alice, bench.sun.inside[4])
    same(family.member(sun, "ike"), pid, "it lives on")


def tunnel_that_stays(bench, side):
    return merged(bench.tunnel(side), {"connections": {"site": {"children": {"net": {"start_action": "start", "keep": "yes"}}}}})


def is_up_alone(daemon):
    found = daemon.sas()
    return len(found) == 1 and "ESTABLISHED" in str(found)


@case(each=["moon", "sun"])
def ike_killed(bench, whose):
    """It is back in less than a second; the tunnel carries packets all the while, is set up anew, and what the one before
    had is taken away."""
    sides = {"moon": bench.moon, "sun": bench.sun}
    moon, sun = (bench.daemon(side, (tunnel_that_stays if name == whose else Bench.tunnel)(bench, side))
                 for name, side in sides.items())
    (sun if whose == "moon" else moon).start()
    (moon if whose == "moon" else sun).start()
    reaches_in_the_end(bench.alice, bench.sun.inside[4])
    lost = moon if whose == "moon" else sun
    begun = time.monotonic()
    killed(lost, "ike")
    lost.must("status")
    check(time.monotonic() - begun < 2 * PATIENCE, "it answers soon")
    reaches_in_the_end(bench.alice, bench.sun.inside[4])
    until(lambda: lost.sas(), lambda: f"it is up again: {moon.log()}\n{sun.log()}", 10)
    reaches_in_the_end(bench.alice, bench.sun.inside[4])
    until(lambda: len(moon.sas()) == len(sun.sas()) == 1, lambda: f"one each: {moon.sas()} {sun.sas()}", 60)
    lives_on(bench, moon)


@case()
def what_ike_had_is_taken_away(bench):
    """After its time, and nothing of what the next one has set up."""
    moon = bench.daemon(bench.moon, tunnel_that_stays(bench, bench.moon))
    sun = bench.start(bench.sun)
    moon.start()
    until(sun.sas, moon.log)
    killed(moon, "ike")
    until(moon.sas, moon.log)
    until(lambda: "what ike had before it was lost is taken away" in moon.log(), moon.log, 40)
    reaches_in_the_end(bench.alice, bench.sun.inside[4])
    same(len(moon.sas()), 1, "SAs of moon")
    moon.sound()
    moon.stop()
    same([route for route in moon.routes().splitlines() if bench.sun.net[4] in route], [], "routes of moon")


@case()
def trap_after_ike_was_lost(bench):
    """A packet brings the tunnel up by the trap of the next one."""
    moon = bench.daemon(bench.moon, merged(bench.tunnel(bench.moon), {"connections": {"site": {"children": {"net": {
        "start_action": "trap"}}}}})).start()
    bench.start(bench.sun)
    killed(moon, "ike")
    reaches_in_the_end(bench.alice, bench.sun.inside[4])


@case(each=WAYS)
def ike_killed_at_any_moment(bench, ways):
    """While a tunnel comes up, on either side: it comes up all the same."""
    moon, sun = ways(bench)
    for moment in range(5):
        call = moon.spawn("up", "site")
        time.sleep(0.006 * moment)  # another moment each time
        for daemon in moon, sun:
            family.kill(daemon, "ike")
        same(call.wait(20), 0, f"exit code of ipsec up\n{call.log()}\n{moon.log()}\n{sun.log()}")
        moon.ipsec("down", "site")  # it may have come up before
        until(lambda: moon.sas() == [], moon.log)


@case()
def ike_killed_while_the_daemon_stops(bench):
    moon, _ = bench.pair()
    moon.up()
    pid = family.member(moon, "ike")
    os.kill(pid, signal.SIGSTOP)
    os.kill(moon.process.pid, signal.SIGTERM)
    os.kill(pid, signal.SIGKILL)
    moon.process.wait(10)
    check(not os.path.exists(f"/proc/{pid}"), "it has ended")


@case()
def ike_that_hangs(bench):
    """It is ended, since it does not answer, and the next one does."""
    moon, _ = bench.pair()
    pid = family.member(moon, "ike")
    os.kill(pid, signal.SIGSTOP)
    moon.ipsec("status")
    family.replaced(moon, pid, 2, "ike")
    contains(moon.log(), "it did not answer", "log of moon")
    moon.up()


# ------------------------------------------------------------ who breaks the rules

def text(octets):
    return struct.pack(">I", len(octets)) + octets


def address(dotted):
    return b"\x04" + text(socket.inet_aton(dotted))


def selector(low, high):
    return address(low) + address(high) + b"\0" + struct.pack(">HH", 0, 65535) + b"\0"


def selectors(*all_):
    return struct.pack(">H", len(all_)) + b"".join(all_)


def action(kind, body, ticket=0):
    return bytes([ACTION]) + NO_TICKET + bytes([kind]) + struct.pack(">I", ticket) + body


def policy(local, remote, peer=1, child=0, number=1 << 20):
    """POLICY_ADD for a child of a connection."""
    marks = (b"\0" + bytes(8)) * 2 + bytes(8)
    return action(POLICY_ADD, struct.pack(">IHB", peer, child, 0) + struct.pack(">II", number, 1) + b"\0\0\3\0" +
                  local + remote + address("192.0.2.1") + address("192.0.2.2") + marks)


OURS, THEIRS = selectors(selector("10.1.0.0", "10.1.0.255")), selectors(selector("10.2.0.0", "10.2.0.255"))
ALL = selectors(selector("0.0.0.0", "255.255.255.255"))

HOSTILE = [("not-well-formed", b"\xff\xfe\xfd", "not well-formed"),
           ("too-long", bytes(1 << 17) + b"x", "too long"),
           ("default-route", policy(OURS, ALL), "0.0.0.0/0 is not within its remote_ts"),
           ("of-no-connection", policy(OURS, THEIRS, peer=77), "nobody waits for"),
           ("of-no-child", policy(OURS, THEIRS, child=9), "nobody waits for"),
           ("in-the-name-of-guard", bytes([PEER]) + NO_TICKET + struct.pack(">I", 1) + text(b""), "not for it to send"),
           ("answer-that-nobody-wants", bytes([REPLY]) + NO_TICKET + bytes(6), "not for it to send"),
           ("released-twice", bytes([RELEASED]) + NO_TICKET + struct.pack(">I", 99), "nobody waits for")]


@case(each=HOSTILE)
def hostile_ike(bench, message, says):
    """A message in its name that asks for what is not configured, or breaks the rules, ends it; the tunnel carries on, and
    the next one works."""
    moon, _ = bench.pair()
    moon.up()
    reaches_in_the_end(bench.alice, bench.sun.inside[4])
    pid = family.member(moon, "ike")
    family.channels(pid)[0].send(message)
    family.replaced(moon, pid, 2, "ike")
    contains(moon.log(), says, "log of moon")
    reaches_in_the_end(bench.alice, bench.sun.inside[4])
    moon.up()
    reaches_in_the_end(bench.alice, bench.sun.inside[4])


@case()
def ike_may_have_what_is_configured(bench):
    """The same message, with what the connection has: it is obeyed, so that the cases above fail for their reason."""
    moon, _ = bench.pair()
    moon.up()
    pid = family.member(moon, "ike")
    family.channels(pid)[0].send(policy(OURS, THEIRS))
    moon.must("status")
    same(family.member(moon, "ike"), pid, "it lives on")


@case()
def hostile_ike_touches_nothing_of_others(bench):
    """What the one before it has left is carried on for a time, and not for the next one to take away."""
    moon, _ = bench.pair()
    moon.up()
    reaches_in_the_end(bench.alice, bench.sun.inside[4])
    killed(moon, "ike")
    for number in range(1, 64):
        pid = family.member(moon, "ike")
        family.channels(pid)[0].send(action(SA_DEL, struct.pack(">IB", number, 0)))
        family.replaced(moon, pid, 3, "ike")
        if number > 2:
            break
    reaches_in_the_end(bench.alice, bench.sun.inside[4])


@case()
def hostile_ike_asks_twice_at_once(bench):
    """A question about a conversation of EAP comes when the one before it has been answered."""
    settings = {"servers": {"one": {"address": "10.1.0.10", "secret": "unheard"}}}
    moon = bench.start(bench.moon, remote={"auth": "eap-radius"}, daemon={"radius": settings})
    round_, nobody, nowhere = struct.pack(">IHBB", 1, 0, 1, 1), b"\0" + text(b""), b"\0" + text(b"")
    between = (nowhere + bytes(2)) * 2 + bytes(2)
    eap = struct.pack(">IBB", 1 << 20, 1, 0) + between + text(b"")
    question = action(ASK, round_ + bytes([ASK_EAP]) + nowhere * 2 + text(b"") + bytes(2) + bytes(2) + bytes(5) + nobody * 2
                      + text(b"") * 4 + bytes(4) + bytes(1) + text(b"") + bytes(2) + eap + bytes(2))
    pid = family.member(moon, "ike")
    end = family.channels(pid)[0]
    end.send(question)
    moon.must("status")
    same(family.member(moon, "ike"), pid, "it may ask once")
    end.send(question)
    family.replaced(moon, pid, 2, "ike")
    contains(moon.log(), "nobody waits for", "log of moon")


@case()
def ike_that_floods_its_channel(bench):
    """Guard goes on answering; there is a line for what was wrong."""
    moon, _ = bench.pair()
    moon.up()
    channel = family.channels(family.member(moon, "ike"))[0]
    channel.setblocking(False)
    keepalive = action(1, b"\x04" + text(socket.inet_aton("192.0.2.1")) + struct.pack(">H", 4500) +
                       b"\x04" + text(socket.inet_aton("192.0.2.2")) + struct.pack(">H", 4500) + b"\1\0")
    sent = 0
    begun = time.monotonic()
    while time.monotonic() - begun < 1:
        try:
            channel.send(keepalive)
            sent += 1
        except BlockingIOError:
            pass
    check(sent > 1000, f"so many were taken: {sent}")
    moon.must("status")
    reaches_in_the_end(bench.alice, bench.sun.inside[4])
