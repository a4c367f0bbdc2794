# SPDX-License-Identifier: GPL-2.0-or-later
"""The daemon is killed, and the daemon is stopped: what stays, what goes, and that nothing goes in the clear meanwhile.
Every stop compares the host with what it was before the first start (Ikev2d.ended)."""
import fcntl
import os
import signal

from lab import family, ike
from lab.case import case, user_case
from lab.check import check, contains, same, until
from lab.config import merged
from lab.traffic import Pings, cannot_reach, reaches, reaches_in_the_end

TRAP = {"child": {"start_action": "trap"}}


def carries(bench, version=4):
    reaches(bench.alice, bench.sun.inside[version])
    reaches(bench.bob, bench.moon.inside[version])


class Traffic:
    """alice pings bob all the time, and none of it may be seen on the wire."""

    def __init__(self, bench, version=4):
        self.wire = bench.wire()
        self._pings = Pings(bench.alice, bench.sun.inside[version], f"{bench.directory}/pings")
        bench.afterwards(self._pings.stop)

    def flows(self):
        before = self._pings.answers()
        until(lambda: self._pings.answers() > before + 5, lambda: f"alice's pings are answered: {self.wire}", 20)

    def stands(self, bench, version=4):
        cannot_reach(bench.alice, bench.sun.inside[version])
        self.wire.no_clear()


@user_case(each=[("in-udp", 4, {}), ("raw-esp", 4, {"conn": {"encap": "never"}}), ("ipv6", 6, {"inner": (6,)}),
                 ("ipv6-outside", 4, {"outer": 6})], quick=("in-udp",))
def crash(bench, version, changes):
    """Under traffic: the way into the clear stays shut until the next start, and through it."""
    moon, sun = bench.pair(**changes)
    moon.up()
    traffic = Traffic(bench, version)
    traffic.flows()
    moon.kill()
    traffic.stands(bench, version)
    contains(moon.routes(), f"unreachable {bench.sun.net[version]}", "routes of moon after the crash")
    moon.start()
    traffic.stands(bench, version)
    moon.up()
    traffic.flows()
    carries(bench, version)
    traffic.wire.all_in("esp" if "conn" in changes else "esp-udp")
    for daemon in moon, sun:
        daemon.stop()


@user_case(each=[("ipv4", 4), ("ipv6", 6)])
def crash_with_a_trap(bench, version):
    """The next start sets it again, and alice's next packet brings the tunnel up."""
    moon, _ = bench.pair(moon=TRAP, inner=(version,))
    traffic = Traffic(bench, version)
    moon.wait_routes("ipsec0")
    until(lambda: len(moon.children()) == 1, "the trap brings the tunnel up")
    traffic.wire = bench.wire()  # before the trap stood, packets went as they liked
    traffic.flows()
    moon.kill()
    traffic.stands(bench, version)
    moon.start()
    traffic.flows()
    carries(bench, version)
    traffic.wire.all_in(bench.esp)
    moon.stop()


@user_case()
def crash_of_the_peer(bench):
    """sun dies and comes back, and calls; moon did not notice."""
    moon, sun = bench.pair()
    moon.up()
    traffic = Traffic(bench)
    traffic.flows()
    sun.kill()
    traffic.stands(bench)
    cannot_reach(bench.bob, bench.moon.inside[4])
    sun.start()
    sun.up()
    traffic.flows()
    carries(bench)
    traffic.wire.all_in(bench.esp)


@user_case(each=[("in-udp", {}), ("raw-esp", {"conn": {"encap": "never"}})])
def crash_shows_in_esp(bench, changes):
    """sun comes back and is sent ESP that it has no SA for: it says so, and moon asks, which does not by itself."""
    moon, sun = bench.pair(conn={"dpd_delay": "0s", **changes.pop("conn", {})}, daemon={"retransmit_tries": "1"})
    moon.up()
    spi = bytes.fromhex(moon.children()[0]["spi_out"])
    sun.kill()
    sun.start()
    tap = bench.tap(bench.sun)
    Traffic(bench)
    until(lambda: not moon.sas(), "moon learns that sun has forgotten it", 60)
    hints = [octets for octets in ike.caught(tap.left()) if ike.header(octets).exchange == ike.INFORMATIONAL
             and ike.notifies(octets) == [(ike.INVALID_SPI, spi)]]
    check(hints, "sun says which SPI it does not know")


@case()
def crash_is_proven(bench):
    """sun comes back, and what moon asks it answers with the token that only it can have: the tunnel is back at once, and
    not after the minutes that moon would take for no answer."""
    moon, sun = bench.pair(moon={"conn": {"dpd_delay": "1s"}, "child": {"dpd_action": "start"}})
    moon.up()
    check(all(daemon.sas()[0].get("crash_token") for daemon in (moon, sun)), f"both have a token: {moon.sas()}")
    secret = f"{sun.run_dir}/state/crash-secret"
    same(os.stat(secret).st_mode & 0o777, 0o600, "mode of the secret")
    traffic = Traffic(bench)
    traffic.flows()
    before = moon.sas()[0]["uniqueid"]
    sun.kill()
    sun.start()
    moon.wait_log("it was restarted")
    moon.wait_replaced(before, 10)
    traffic.flows()
    for daemon in moon, sun:
        daemon.stop()


@user_case()
def crash_of_both(bench):
    moon, sun = bench.pair(**TRAP, daemon={"retransmit_timeout": "1s"})
    moon.up()
    traffic = Traffic(bench)
    traffic.flows()
    for daemon in moon, sun:
        daemon.kill()
    traffic.stands(bench)
    cannot_reach(bench.bob, bench.moon.inside[4])
    for daemon in moon, sun:
        daemon.start()
    traffic.flows()
    carries(bench)
    traffic.wire.all_in(bench.esp)


@user_case()
def crash_again_and_again(bench):
    """Also in the middle of a start, as soon as the first thing is noted."""
    moon = bench.start(bench.moon, **TRAP)
    bench.start(bench.sun)
    moon.wait_routes("ipsec0")
    traffic = Traffic(bench)
    traffic.flows()
    for again in range(6):
        moon.kill()
        if again % 2:
            moon.start()
            continue
        before = os.stat(f"{moon.run_dir}/journal").st_ino
        moon.process = moon.host.spawn(moon.command(), moon.log_path)
        until(lambda before=before: os.stat(f"{moon.run_dir}/journal").st_ino != before,
              "the journal is read, and written anew", interval=0.001)
    traffic.wire.no_clear()
    moon.kill()
    moon.start()
    traffic.flows()
    carries(bench)
    traffic.wire.all_in(bench.esp)
    moon.stop()


@case()
def crash_and_a_start_at_once(bench):
    """Whatever of it is still there: all of its processes have the lock that the next one waits for."""
    moon, _ = bench.pair()
    moon.up()
    pids = family.others(moon)
    check(len(pids) >= 3, f"processes of moon: {pids}")  # and esp, where that carries packets
    for pid in pids:
        has = [os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")]
        check(f"{moon.run_dir}/family" in has, f"descriptors of {family.title(pid)}: {has}")
    moon.process.signal(signal.SIGKILL)
    moon.process.wait(5)
    moon.process = moon.host.spawn(moon.command(), moon.log_path)
    until(lambda: moon.ipsec("status").code == 0, moon.log)
    same([pid for pid in pids if family.lives(pid)], [], "processes of the one before")
    moon.up()
    reaches_in_the_end(bench.alice, bench.sun.inside[4])
    moon.stop()


def locked(moon):
    """The lock that processes of a daemon that was killed have as long as they live."""
    os.makedirs(moon.run_dir)
    lock = open(f"{moon.run_dir}/family", "w", encoding="ascii")
    fcntl.flock(lock, fcntl.LOCK_EX)
    return lock


@case(quick=True)
def start_waits_for_the_processes_of_one_that_was_killed(bench):
    moon = bench.daemon(bench.moon, bench.tunnel(bench.moon))
    with locked(moon):
        moon.process = moon.host.spawn(moon.command(), moon.log_path)
        moon.wait_log("waiting for the processes of a daemon that was killed to end")
        check("ready at" not in moon.log(), "it waits")
    moon.wait_log("ready at")
    moon.stop()


@case(quick=True)
def start_whatever_others_can_lock(bench):
    """Everybody may read the pid file, and who reads a file can lock it."""
    moon = bench.daemon(bench.moon, bench.tunnel(bench.moon))
    os.makedirs(moon.run_dir)
    with open(f"{moon.run_dir}/pid", "w", encoding="ascii") as pid:
        fcntl.flock(pid, fcntl.LOCK_EX)
        moon.start()
        same(os.stat(f"{moon.run_dir}/lock").st_mode & 0o777, 0o600, "mode of the lock file")
        moon.stop()


@case()
def start_beside_processes_that_do_not_end(bench):
    """It has an end: they have its sockets."""
    moon = bench.daemon(bench.moon, bench.tunnel(bench.moon))
    with locked(moon):
        done = moon.attempt(seconds=60)
    same(done.code, 1, f"exit code of ikev2d\n{done.text}")
    contains(done.text, "do not end: kill those that \"pgrep -l ikev2d\" shows", "what ikev2d says")
    moon.start()
    moon.stop()


@user_case()
def crash_and_no_configuration_after_it(bench):
    """What the predecessor shut stays shut at first; an orderly stop takes it away all the same."""
    moon, _ = bench.pair()
    moon.up()
    traffic = Traffic(bench)
    traffic.flows()
    moon.kill()
    moon.write({"connections": {}})
    moon.start()
    traffic.stands(bench)
    contains(moon.routes(), "unreachable 10.2.0.0/24", "routes of moon after the restart")
    moon.stop()
    same(moon.routes(), "", "routes of moon after the stop")


@user_case(each=[("net-to-net", {}), ("host-to-host", {"inner": ()})])
def crash_with_strict_rp_filter(bench, changes):
    """What a crashed daemon loosened, the next one makes strict again when it stops; the tunnel comes up in between."""
    key = "net.ipv4.conf.wan.rp_filter"
    for side in bench.moon, bench.sun:
        bench.sysctl(side.gateway, key, 1)
    moon, _ = bench.pair(**changes)
    moon.up()
    moon.kill()
    same(moon.host.sysctl(key), "2", f"{key} after the crash")
    moon.start()
    moon.up()
    reaches(bench.moon.gateway, bench.sun.inside[4] if not changes else bench.sun.wan[4])
    same(moon.host.sysctl(key), "2", f"{key} while the tunnel stands")
    moon.stop()
    same(moon.host.sysctl(key), "1", f"{key} after the stop")


@user_case()
def crash_leaves_the_guard(bench):
    """Clear packets that should have come through the tunnel do not come in without the daemon either."""
    moon, sun = bench.pair()
    moon.up()
    carries(bench)
    moon.kill()
    sun.kill()
    sun.start()
    sun.stop()  # its routes are gone: bob's packets go in the clear
    lan, wire = bench.wire(device="lan"), bench.wire()
    cannot_reach(bench.bob, bench.moon.inside[4])
    moon.start()
    cannot_reach(bench.bob, bench.moon.inside[4])
    wire.wait("clear", 4)
    same(lan["clear"], 0, f"packets that came to alice: {lan}")
    moon.stop()
    reaches(bench.bob, bench.moon.inside[4])


# -------------------------------------------------------------- orderly end

@case(each=[
    ("ipv4-by-command", 4, {}, "command"), ("ipv6-by-signal", 6, {"outer": 6, "inner": (6,)}, "signal"),
    ("trap-by-command", 4, {"moon": TRAP}, "command"), ("trap-by-signal", 4, {"moon": TRAP}, "signal"),
    ("host-to-host-by-signal", None, {"inner": ()}, "signal"),
    ("own-device-by-command", None, {"child": {"interface": "own"}}, "command")])
def orderly_stop(bench, version, changes, how):
    """With the tunnel up and packets on their way: the peer is told, and the host is as it was."""
    for side in bench.moon, bench.sun:
        bench.sysctl(side.gateway, "net.ipv4.conf.wan.rp_filter", 1)
    moon, sun = bench.pair(**changes)
    before = moon.host.state()
    moon.up()
    check(moon.host.state() != before, "the tunnel changes something")
    traffic = Traffic(bench, version) if version else None
    if traffic:
        traffic.flows()
    if how == "command":
        moon.stop()
    else:
        moon.process.signal(signal.SIGTERM)
        moon.ended()
    sun.wait_idle()
    if traffic:
        reaches_in_the_end(bench.alice, bench.sun.inside[version])
        check(traffic.wire["clear"], "alice's packets go in the clear now")


@case()
def orderly_stop_while_the_peer_is_dead(bench):
    """Nobody answers the farewell; that keeps the daemon neither long nor from cleaning up."""
    moon, sun = bench.pair()
    moon.up()
    carries(bench)
    sun.kill()
    moon.stop()
    sun.start()  # to clean up, at its end


@case()
def orderly_stop_in_the_middle_of_a_negotiation(bench):
    moon = bench.start(bench.moon, **merged(TRAP, {"conn": {"keyingtries": 0}}))
    bench.deafen(bench.sun)
    moon.wait_trap()
    cannot_reach(bench.alice, bench.sun.inside[4])
    until(moon.sas, "moon tries")
    moon.stop()
