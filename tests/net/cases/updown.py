# SPDX-License-Identifier: GPL-2.0-or-later
"""Updown scripts: what they are told, compared with what charon tells; when they are run; and those that misbehave."""
import os
import signal

from lab.case import case, user_case
from lab.check import Skipped, check, contains, same, until
from lab.config import merged
from lab.traffic import reaches

STRONGSWANS = "/usr/lib/ipsec/_updown"

# What charon tells and we do not, and the other way round, or not the same.
DIFFERENCES = {
    "PLUTO_REQID": "each daemon counts its own",
    "PLUTO_UNIQUEID": "each daemon counts its own",
    "IKEV2D_DEVICE": "ours alone: packets are seen on the tun device, where rules for PLUTO_INTERFACE do not match",
}

# Each side's view of the other one.
MIRRORED = [("PLUTO_ME", "PLUTO_PEER"), ("PLUTO_MY_ID", "PLUTO_PEER_ID"), ("PLUTO_MY_CLIENT", "PLUTO_PEER_CLIENT"),
            ("PLUTO_MY_PROTOCOL", "PLUTO_PEER_PROTOCOL"), ("PLUTO_MY_PORT", "PLUTO_PEER_PORT")]


class Script:
    """A script that notes when it begins and when it ends, and between them what it does."""

    def __init__(self, bench, name, does="env"):
        self.path, self._notes = f"{bench.directory}/{name}.sh", f"{bench.directory}/{name}.notes"
        with open(self.path, "w", encoding="ascii") as f:
            f.write(f"#!/bin/sh\nexec 3>&1 >>{self._notes}\necho \"begin $PLUTO_VERB\"\n{does}\necho \"end $PLUTO_VERB\"\n")
        os.chmod(self.path, 0o755)

    def notes(self):
        if not os.path.exists(self._notes):
            return []
        with open(self._notes, encoding="ascii") as f:
            return f.read().splitlines()

    def whole(self, *verbs):
        """The notes of runs one after the other."""
        return [f"{what} {verb}" for verb in verbs for what in ("begin", "end")]

    def wait(self, *verbs, seconds=8.0):
        """These were run, in this order and no two at a time."""
        until(lambda: self.notes() == self.whole(*verbs), lambda: f"{verbs} were run: {self.notes()}", seconds)

    def runs(self):
        """The environments, in an order of their own."""
        found, now = [], {}
        for line in self.notes():
            if line.startswith("begin "):
                now = {}
            elif line.startswith("end "):
                found.append(now)
            else:
                name, _, value = line.partition("=")
                now[name] = value
        return sorted(found, key=lambda run: (run["PLUTO_VERB"], run["PLUTO_MY_CLIENT"], run["PLUTO_PEER_CLIENT"]))


def mirrored(run):
    """What the other side should have told. Of ICMP both tell the type as their own port, and the code as the peer's."""
    pairs = MIRRORED[:-1] if run["PLUTO_MY_PROTOCOL"] in ("1", "58") else MIRRORED
    swap = {**dict(pairs), **{b: a for a, b in pairs}}
    return {swap.get(name, name): value for name, value in run.items()}


def without_differences(runs):
    found = [{name: value for name, value in run.items() if name not in DIFFERENCES} for run in runs]
    return sorted(found, key=lambda run: sorted(run.items()))


TUNNELS = [
    ("networks", 1, {}),
    ("ipv6", 1, {"inner": (6,)}),
    ("both-families", 2, {"inner": (4, 6)}),
    ("ipv6-outside", 1, {"outer": 6}),
    ("hostaccess", 1, {"child": {"hostaccess": "yes"}}),
]
SELECTORS = [
    ("one-port", 1, "10.1.0.0/24[tcp]", "10.2.0.0/24[tcp/80]"),
    ("ports", 1, "10.1.0.0/24[udp/1000-2000]", "10.2.0.0/24[udp]"),
    ("icmp", 1, "10.1.0.0/24[icmp/8]", "10.2.0.0/24[icmp/8]"),
    ("range", 1, "10.1.0.5-10.1.0.9", "10.2.0.0/24"),
    ("all", 1, "0.0.0.0/0", "10.2.0.0/24"),
    ("several", 2, ["10.1.0.0/25", "10.1.0.128/25[udp]", "2001:db8:1::/64"], ["10.2.0.0/24[tcp]", "2001:db8:2::/64"]),
]


def selectors(local, remote):
    """Changes of the usual configuration, ours and theirs."""
    return {"ours": {"child": {"local_ts": local, "remote_ts": remote}},
            "theirs": {"child": {"local_ts": remote, "remote_ts": local}}}


TUNNELS += [(name, runs, selectors(*pair)) for name, runs, *pair in SELECTORS]


def told(bench, pairs, ours=None, theirs=None, **changes):
    """The runs of a script with us, and with charon, for a tunnel that comes and goes."""
    scripts = Script(bench, "ours"), Script(bench, "theirs")
    with_script = [{"child": {"updown": script.path}} for script in scripts]
    moon, charon = bench.with_charon(merged(ours or {}, with_script[0]), merged(theirs or {}, with_script[1]), **changes)
    moon.up()
    moon.must("down", "site")
    charon.wait_idle()
    for script in scripts:
        until(lambda script=script: len(script.runs()) == 2 * pairs, lambda script=script: f"all runs: {script.runs()}")
    return [script.runs() for script in scripts]


@user_case("charon", each=TUNNELS)
def updown_as_strongswan(bench, pairs, changes):
    """The same script with the same tunnel says the same, variable by variable; PAIRS of selectors, each twice."""
    ours, theirs = told(bench, pairs, **changes)
    same(without_differences(ours), without_differences(map(mirrored, theirs)), "what is told")
    for run in ours:
        check(run["PLUTO_REQID"].isdigit() and run["PLUTO_UNIQUEID"].isdigit(), f"numbers in {run}")
        same(run["IKEV2D_DEVICE"], "ipsec0", "the tun device")


@case("charon")
def updown_of_a_host_as_strongswan(bench):
    """Each looks at its own address: charon's is the whole of its side, ours is not."""
    ours, theirs = told(bench, 1, **selectors("10.1.0.0/24", "192.0.2.2"))
    same([run.pop("PLUTO_VERB") for run in ours], ["down-client", "up-client"], "our verbs")
    same([run.pop("PLUTO_VERB") for run in theirs], ["down-host", "up-host"], "charon's verbs")
    same(without_differences(ours), without_differences(map(mirrored, theirs)), "what is told")


@case()
def updown_of_strongswan(bench):
    """Its own script understands what we tell; where there are iptables it makes rules, and takes them away."""
    if not os.path.exists(STRONGSWANS):
        raise Skipped(f"{STRONGSWANS} is not installed")
    iptables = bench.moon.gateway.run(["sh", "-c", "command -v iptables"]).code == 0
    moon, _ = bench.pair(moon={"child": {"updown": f"{STRONGSWANS}{' iptables' if iptables else ''}"},
                               "daemon": {"updown_timeout": "5s"}})
    moon.up()
    if iptables:
        until(lambda: moon.host.run(["iptables", "-S", "FORWARD"]).out.count(" -o wan ") == 1, "rules are made")
    moon.must("down", "site")
    moon.stop()
    check("event=updown" not in moon.log(), f"the script complains, or fails\n{moon.log()}")


@case()
def updown_of_two_hosts(bench):
    """Ours is, too; charon's libipsec takes no such tunnel."""
    script = Script(bench, "notes", "echo $PLUTO_MY_CLIENT $PLUTO_PEER_CLIENT >&3")
    moon, _ = bench.pair(moon={"child": {"updown": script.path}}, inner=())
    moon.up()
    moon.must("down", "site")
    script.wait("up-host", "down-host")
    contains(moon.log(), 'msg="192.0.2.1/32 192.0.2.2/32"', "log of moon")


@case(quick=True)
def updown_order(bench):
    """Up and down in quick succession: each waits for the one before, and nobody else waits."""
    script = Script(bench, "slow", "sleep 0.3")
    moon, _ = bench.pair(moon={"child": {"updown": script.path}})
    for _ in range(3):
        moon.up()
        until(lambda: "begin up-client" in script.notes(), "the first script has begun")
        moon.must("down", "site")
    until(lambda: script.notes()[-1:] == ["end down-client"] and not len(script.notes()) % 4,
          lambda: f"the last script is down's: {script.notes()}")
    done = script.notes()
    same(done, script.whole("up-client", "down-client") * (len(done) // 4), "what was run")


@case()
def updown_not_when_rekeyed(bench):
    """Neither the child nor the IKE_SA; and afterwards down has the values of up."""
    script = Script(bench, "notes", "echo $PLUTO_UNIQUEID $PLUTO_REQID >&3")
    moon, sun = bench.pair(moon={"child": {"updown": script.path}})
    moon.up()
    tunnel = bench.between(moon, sun)
    for _ in range(2):
        tunnel.changes(lambda: tunnel.moon.rekey("net"), children=["net"])
        tunnel.changes(lambda: tunnel.sun.rekey("net"), children=["net"])
        tunnel.changes(tunnel.moon.rekey, ike=True)
    same(script.notes(), script.whole("up-client"), "what was run")
    tunnel.flow.end()
    moon.must("down", "site")
    script.wait("up-client", "down-client")
    told = [line.split("msg=")[1] for line in moon.log().splitlines() if "event=updown" in line]
    same((len(told), told[0]), (2, told[-1]), "what the scripts printed")


@case()
def updown_when_the_peer_begins_and_ends(bench):
    script = Script(bench, "notes", "true")
    moon, sun = bench.pair(moon={"child": {"updown": script.path}, "conn": {"dpd_delay": "1s"}, "daemon": {
        "retransmit_timeout": "1s", "retransmit_tries": "1"}})
    sun.up()
    script.wait("up-client")
    sun.must("down", "site/net")
    script.wait("up-client", "down-client")
    sun.must("up", "net")
    script.wait("up-client", "down-client", "up-client")
    sun.kill()
    script.wait("up-client", "down-client", "up-client", "down-client", seconds=15)
    sun.start()


@case()
def updown_that_hangs(bench):
    """The tunnel works meanwhile, and the daemon answers; then the script is stopped, and the next one is run."""
    script = Script(bench, "hangs", "test $PLUTO_VERB = down-client || exec sleep 1000")
    moon, _ = bench.pair(moon={"child": {"updown": script.path}, "daemon": {"updown_timeout": "2s"}})
    moon.up()
    until(lambda: script.notes() == ["begin up-client"], "the script has begun")
    reaches(bench.alice, bench.sun.inside[4])
    same(moon.connection()["state"], "up", "state while the script hangs")
    moon.must("down", "site")
    same(script.notes(), ["begin up-client"], "what was run")
    moon.wait_log(f'the script \\"{script.path}\\" was stopped (up-client): it had not ended after 2 s')
    until(lambda: script.notes() == ["begin up-client", *script.whole("down-client")], lambda: f"{script.notes()}")


@case()
def updown_that_fails(bench):
    """That is said, and changes nothing; so is what it prints, to whoever follows the log, too."""
    script = Script(bench, "fails", "echo some words >&3\nls /nowhere\nexit 3")
    moon, _ = bench.pair(moon={"child": {"updown": f"{script.path} with words"}})
    call = moon.spawn("log")
    until(lambda: moon.up() and moon.must("down", "site") and "updown: some words" in call.log(),
          lambda: f"ipsec log has it: {call.log()}")
    moon.up()
    reaches(bench.alice, bench.sun.inside[4])
    moon.wait_log('child=net child-id=', 'msg="some words"', "No such file or directory",
                  'level=warn event=updown conn=site', f'the script \\"{script.path} with words\\" failed with exit code 3 '
                  '(up-client)')
    contains(call.log(), "[CHD] updown: ", "ipsec log")
    call.kill()


@case()
def updown_of_a_peer_that_says_commands(bench):
    """An identity can do nothing, even to a script that is careless."""
    proof = f"{bench.directory}/proof"
    script = Script(bench, "careless", 'eval "echo $PLUTO_PEER_ID"')
    name = f"fqdn:x';touch {proof};`touch {proof}`;$(touch {proof})"
    moon, _ = bench.pair(moon={"child": {"updown": script.path}, "remote": {"id": "%any"}},
                         sun={"local": {"id": f'"{name}"'}})
    moon.up()
    until(lambda: len(script.notes()) == 3 and "touch" in script.notes()[1], lambda: f"{script.notes()}")
    check(not os.path.exists(proof), "the identity was carried out")


# the end of the daemon


@case(each=[("by-signal", "signal"), ("while-the-peer-is-dead", "dead"), ("by-command", "command")])
def updown_at_the_stop(bench, how):
    """down is run and waited for; then the host is as it was."""
    script = Script(bench, "slow", "sleep 1")
    moon, sun = bench.pair(moon={"child": {"updown": script.path}})
    moon.up()
    script.wait("up-client")
    if how == "dead":
        sun.kill()
    if how == "command":
        moon.must("stop")
    else:
        moon.process.signal(signal.SIGTERM)
    moon.ended()
    same(script.notes(), script.whole("up-client", "down-client"), "what was run")
    if how == "dead":
        sun.start()


@case()
def updown_that_hangs_at_the_stop(bench):
    """A second signal says that nobody wants to wait."""
    script = Script(bench, "hangs", "test $PLUTO_VERB = up-client || exec sleep 1000")
    moon, _ = bench.pair(moon={"child": {"updown": script.path}})
    moon.up()
    script.wait("up-client")
    moon.process.signal(signal.SIGTERM)
    until(lambda: "begin down-client" in script.notes(), "the script has begun")
    check(moon.process.alive(), "moon waits")
    moon.process.signal(signal.SIGHUP)
    moon.process.signal(signal.SIGTERM)
    moon.ended()
    contains(moon.log(), "the scripts of 1 tunnels are not waited for any longer", "log of moon")


@case()
def updown_not_after_a_crash(bench):
    """As with strongSwan; the next tunnel has its scripts again."""
    script = Script(bench, "notes", "true")
    moon, _ = bench.pair(moon={"child": {"updown": script.path}})
    moon.up()
    script.wait("up-client")
    moon.kill()
    moon.start()
    moon.up()
    script.wait("up-client", "up-client")
    moon.stop()
    script.wait("up-client", "up-client", "down-client")
