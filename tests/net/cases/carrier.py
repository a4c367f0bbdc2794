# SPDX-License-Identifier: GPL-2.0-or-later
"""The process that carries the packets of the userspace path: what it may do, and what becomes of tunnels that lose it."""
import os
import pathlib
import re
import signal
import struct
import tempfile
import time

from cases.ivs import Cables
from cases.processes import NO_TICKET, PASSPHRASE, kinds, killed, with_certificates
from lab import family
from lab.case import user_case
from lab.charon import ROLES, bring_up
from lab.check import check, contains, same, until
from lab.config import SECRET
from lab.traffic import Pings, reaches, reaches_in_the_end

ESP_DONE, ESP_REPORT, EVENT = kinds("ESP_DONE", "ESP_REPORT", "EVENT")


def captured(bench, daemon):
    """The keys of its CHILD_SA, both directions', which is made anew for that; none, where the capture was ended before it
    heard of them."""
    directory = pathlib.Path(tempfile.mkdtemp(dir=bench.directory))
    before = daemon.children()[0]["uniqueid"]
    capture = daemon.host.spawn([*daemon.client(), "capture", "site", "--time", "300", "-o", f"{directory}/site.pcapng"],
                                f"{directory}/said")
    bench.afterwards(capture.kill)
    until(lambda: [child["uniqueid"] for child in daemon.children()] not in ([], [before]), "a CHILD_SA with new keys")
    capture.signal(signal.SIGINT)
    same(capture.wait(20), 0, f"exit code of ipsec capture\n{capture.log()}")
    table = directory / "site.pcapng.keys/esp_sa"
    keys = re.findall(r'"0x([0-9a-f]{16,})"', table.read_text(encoding="ascii")) if table.exists() else []
    return {f"key {n}": [bytes.fromhex(key)[:16]] for n, key in enumerate(keys)} if len(keys) >= 2 else {}


@user_case()
def esp_process_has_no_rights(bench):
    """Its own user, no capability but the one to lock memory, no files, no new ones; a filter of system calls, in each of
    its threads. It has the queues of devices and the sockets."""
    moon, _ = bench.pair()
    moon.up()
    reaches(bench.alice, bench.sun.inside[4])
    pid = family.without_files(moon, "esp")
    for thread in os.listdir(f"/proc/{pid}/task"):
        same(family.status(f"{pid}/task/{thread}")["Seccomp"], "2", f"filter of thread {thread}")
    check(len(os.listdir(f"/proc/{pid}/task")) > 1, "its packet threads")
    same(len(os.listdir(f"/proc/{moon.process.pid}/task")), 1, "threads of the daemon")
    moon.stop()
    check(not os.path.exists(f"/proc/{pid}"), "it ends with the daemon")


@user_case()
def child_keys_are_only_where_packets_are(bench):
    """They are wiped in the daemon once they are handed over, and in the process that had them with the CHILD_SA."""
    moon, sun = bench.pair()
    moon.up()
    needles = until(lambda: captured(bench, sun), "keys of both directions", 20)
    esp = family.member(moon, "esp")
    check(family.holds(esp, needles), "who carries packets has keys")
    same(family.holds(moon.process.pid, needles), set(), "what the daemon holds")
    moon.must("down", "site")
    until(lambda: not family.holds(esp, needles), "they are gone with the CHILD_SA", 5)


def with_secret(bench):
    """A tunnel by a preshared key, and what of that is secret."""
    moon, sun = bench.pair()
    return moon, sun, {"secret": [SECRET.encode()]}


def with_private_key(bench):
    """The same by certificates."""
    moon, sun, keys = with_certificates(bench)
    return moon, sun, {"private key": family.private_parts(keys[0]), "passphrase": [PASSPHRASE.encode()]}


@user_case(each=[("psk", with_secret), ("certificates", with_private_key)])
def nobody_but_keeper_has_secrets_after_down(bench, with_credentials):
    """Of all processes, and of all that was there for the tunnel: no preshared key, no private key, no key of a child."""
    moon, sun, secrets = with_credentials(bench)
    moon.up()
    keys = until(lambda: captured(bench, sun), "keys of both directions", 20)
    check(family.holds(family.member(moon, "esp"), keys), "they are those of the tunnel")
    moon.must("down", "site")
    pids = {"guard": moon.process.pid, **{family.title(pid).split()[1]: pid for pid in family.others(moon)}}
    same(set(pids) - {"certs"}, {"guard", "ike", "keeper", "ctl", "esp"}, "processes")
    for name, pid in pids.items():
        wanted = set(secrets) if name == "keeper" else set()
        until(lambda pid=pid, wanted=wanted: family.holds(pid, secrets | keys) == wanted,
              lambda name=name, pid=pid: f"what {name} holds: {family.holds(pid, secrets | keys)}", 5)


# -------------------------------------------------------------------- losses

@user_case(each=["moon", "sun", "both"])
def esp_killed(bench, whose):
    """It is back in less than a second, the CHILD_SA is rekeyed at once and carries packets again, and no IV was on the
    wire twice."""
    moon, sun = bench.pair()
    moon.up()
    cables = Cables(bench)
    pings = Pings(bench.alice, bench.sun.inside[4], f"{bench.directory}/pings")
    bench.afterwards(pings.stop)
    until(lambda: pings.answers() > 5, "pings are answered")
    before = [child["uniqueid"] for child in moon.children()]
    begun = time.monotonic()
    for daemon, name in (moon, "moon"), (sun, "sun"):
        if whose in (name, "both"):
            killed(daemon, "esp")
    until(lambda: [child["uniqueid"] for child in moon.children()] not in ([], before), moon.log, 3)
    answered = pings.answers()
    until(lambda: pings.answers() > answered + 5, lambda: f"packets go again: {moon.log()}\n{sun.log()}", 3)
    bench.note(f"carries again after {time.monotonic() - begun:.2f} s")
    pings.stop()
    cables.whole(2)
    for daemon in moon, sun:
        same(len(daemon.sas()), 1, "the IKE_SA goes on")
    moon.must("down", "site")
    moon.up()
    reaches(bench.alice, bench.sun.inside[4])


@user_case()
def esp_killed_under_load(bench):
    """On both sides in turn, while both send a thousand packets a second; no IV is used twice."""
    moon, sun = bench.pair()
    moon.up()
    cables = Cables(bench)
    pings = Pings(bench.alice, bench.sun.inside[4], f"{bench.directory}/pings", every=0.001)
    bench.afterwards(pings.stop)
    for daemon in moon, sun, moon:
        answered = pings.answers()
        until(lambda: pings.answers() > answered + 100, lambda: f"packets go: {moon.log()}\n{sun.log()}", 5)
        killed(daemon, "esp")
    answered = pings.answers()
    until(lambda: pings.answers() > answered + 100, lambda: f"packets go: {moon.log()}\n{sun.log()}", 5)
    pings.stop()
    cables.whole(4)


@user_case()
def esp_killed_at_any_moment(bench):
    """While a tunnel comes up, on either side: it comes up, or can be brought up at once."""
    moon, sun = bench.pair()
    for moment in range(6):
        call = moon.spawn("up", "site")
        time.sleep(0.006 * moment)  # another moment each time
        for daemon in moon, sun:
            family.kill(daemon, "esp")
        call.wait(20)
        for daemon in moon, sun:
            family.member(daemon, "esp")
        moon.up()
        reaches_in_the_end(bench.alice, bench.sun.inside[4])
        moon.must("down", "site")


@user_case()
def esp_killed_again_and_again(bench):
    """What is lost before it could be rekeyed is rekeyed when packets come."""
    moon, _ = bench.pair()
    moon.up()
    for _ in range(4):
        pid = family.member(moon, "esp")
        os.kill(pid, signal.SIGKILL)
        family.replaced(moon, pid, 2, "esp")
    reaches_in_the_end(bench.alice, bench.sun.inside[4])
    reaches_in_the_end(bench.bob, bench.moon.inside[4])


@user_case("charon", each=ROLES)
def esp_killed_beside_strongswan(bench, we_initiate):
    moon, charon = bench.with_charon()
    bring_up(moon, charon, we_initiate)
    reaches(bench.alice, bench.sun.inside[4])
    killed(moon, "esp")
    reaches_in_the_end(bench.alice, bench.sun.inside[4], seconds=3)
    reaches_in_the_end(bench.bob, bench.moon.inside[4], seconds=3)


@user_case()
def esp_that_hangs(bench):
    """It is ended, since it does not answer, and the next one carries on."""
    moon, _ = bench.pair()
    moon.up()
    pid = family.member(moon, "esp")
    os.kill(pid, signal.SIGSTOP)
    moon.ipsec("rekey", "net")
    until(lambda: "it did not answer" in moon.log(), moon.log, 10)
    family.replaced(moon, pid, 2, "esp")
    reaches_in_the_end(bench.alice, bench.sun.inside[4])


@user_case()
def esp_lost_with_traps_and_devices(bench):
    """Policies without SAs and devices of their own are there again."""
    moon, _ = bench.pair(child={"start_action": "trap"})
    pid = family.member(moon, "esp")
    os.kill(pid, signal.SIGKILL)
    family.replaced(moon, pid, 1, "esp")
    reaches_in_the_end(bench.alice, bench.sun.inside[4])
    contains(moon.log(), "esp runs again", "log of moon")


# ------------------------------------------------------------ who breaks the rules

HOSTILE = [("not-well-formed", b"\xff\xfe\xfd", "not well-formed"),
           ("too-long", bytes(1 << 17) + b"x", "too long"),
           ("in-the-name-of-guard", bytes([EVENT]) + NO_TICKET, "not well-formed"),
           ("answer-that-nobody-wants", bytes([ESP_DONE]) + NO_TICKET + bytes(5), "nobody waits for")]


@user_case(each=HOSTILE)
def hostile_esp(bench, message, says):
    """A message in its name that breaks the rules ends it, and the next one carries on."""
    moon, _ = bench.pair()
    moon.up()
    pid = family.member(moon, "esp")
    family.channels(pid, 1)[0].send(message)
    family.replaced(moon, pid, 2, "esp")
    contains(moon.log(), says, "log of moon")
    reaches_in_the_end(bench.alice, bench.sun.inside[4])


NO_ADDRESS, EXPIRE = bytes(5), 3


def expiry(child):
    """A report that the hard limit of a child was met."""
    selector, path = NO_ADDRESS * 2 + bytes(6), (NO_ADDRESS + bytes(2)) * 2 + bytes(2)
    return (bytes([ESP_REPORT]) + NO_TICKET + bytes([EXPIRE]) + struct.pack(">II", child, 0) + b"\1\0" + selector * 2 + path
            + bytes(4))


@user_case()
def hostile_esp_reports_of_strangers(bench):
    """What it says of a child that it has not got changes nothing."""
    moon, _ = bench.pair()
    moon.up()
    pid = family.member(moon, "esp")
    for child in range(100, 200):
        family.channels(pid, 1)[0].send(expiry(child))
    moon.must("status")
    same(family.member(moon, "esp"), pid, "esp")
    reaches(bench.alice, bench.sun.inside[4])
    same(len(moon.children()), 1, "CHILD_SAs")


@user_case()
def esp_that_floods_its_channel(bench):
    """The daemon answers all the while, and carries out what the peer asks for."""
    moon, sun = bench.pair()
    moon.up()
    channel, message = family.channels(family.member(moon, "esp"), 1)[0], expiry(1 << 20)
    channel.setblocking(False)
    call = sun.spawn("rekey", "net")
    ends, sent = time.monotonic() + 1, 0
    while time.monotonic() < ends:
        try:
            channel.send(message)
            sent += 1
        except BlockingIOError:
            pass
    check(sent > 1000, f"so many were taken: {sent}")
    moon.must("status")
    same(call.wait(20), 0, f"exit code of ipsec rekey\n{call.log()}\n{moon.log()}")
    reaches_in_the_end(bench.alice, bench.sun.inside[4])
