# SPDX-License-Identifier: GPL-2.0-or-later
"""A daemon is killed, and ipsec cleanup takes away what it has left; no daemon is needed for that."""
from cases.dns import BEFORE, LINES, Resolvconf, Warrior
from lab.case import case
from lab.check import contains, same


def cleaned(moon):
    """Nothing is left of MOON, which was killed."""
    daemon = moon.daemon
    done = daemon.host.run([*daemon.before, *daemon.client(), "cleanup"], env=daemon.env)
    same(done.code, 0, f"exit code of ipsec cleanup\n{done.text}")
    contains(done.out, "nothing of ikev2d is left on this machine", "ipsec cleanup")
    daemon.as_before()
    same(moon.lines(), BEFORE, "the file")


@case(each=[("own-routes", {}), ("trap", {"child": {"start_action": "trap"}}),
            ("everything", {"child": {"remote_ts": "0.0.0.0/0, ::/0"}}), ("own-device", {"child": {"interface": "own"}})])
def cleanup_after_a_crash(bench, changes):
    """Routes, rules, addresses, guards, what is in the kernel, and the DNS servers."""
    sun = {"child": {"local_ts": "0.0.0.0/0, ::/0"}} if "remote_ts" in changes.get("child", {}) else {}
    moon = Warrior(bench, "file", sun=sun, **changes)
    moon.daemon.start()
    moon.daemon.up()
    moon.has(LINES)
    moon.daemon.kill()
    cleaned(moon)
    moon.daemon.start()
    moon.daemon.up()
    moon.has(LINES)
    moon.daemon.stop()
    moon.as_before()


@case()
def cleanup_of_resolvconf(bench):
    moon = Resolvconf(bench, "resolvconf")
    moon.daemon.start()
    moon.daemon.up()
    moon.knows(LINES)
    moon.daemon.kill()
    cleaned(moon)
    same(moon.told(), None, "what resolvconf knows")


@case()
def cleanup_where_nothing_is_left(bench):
    """After an orderly stop, and where there was none at all."""
    moon = Warrior(bench, "file")
    cleaned(moon)
    moon.daemon.start()
    moon.daemon.up()
    moon.daemon.stop()
    cleaned(moon)


@case()
def cleanup_beside_a_daemon(bench):
    """One that runs keeps what it has."""
    moon = Warrior(bench, "file")
    moon.daemon.start()
    moon.daemon.up()
    moon.has(LINES)
    done = moon.daemon.ipsec("cleanup")
    same((done.code, done.err), (1, "ipsec: ikev2d is running: ipsec stop takes away what it has made\n"), "ipsec cleanup")
    program = moon.daemon.host.run([moon.daemon.command()[0], "--cleanup", "--run-dir", moon.daemon.run_dir])
    same(program.code, 1, "exit code of ikev2d --cleanup")
    contains(program.err, "has the run directory", "ikev2d --cleanup")
    moon.has(LINES)


@case()
def cleanup_of_what_cannot_be_put_back(bench):
    """That is said, and stays noted."""
    moon = Resolvconf(bench, "resolvconf")
    moon.daemon.start()
    moon.daemon.up()
    moon.knows(LINES)
    moon.daemon.kill()
    (moon.folder / "refuses").touch()
    daemon = moon.daemon
    done = daemon.host.run([*daemon.before, *daemon.client(), "cleanup"], env=daemon.env)
    same(done.code, 1, "exit code of ipsec cleanup")
    contains(done.err, f"not all could be taken back; {daemon.run_dir}/dns says what is left", "ipsec cleanup")
    (moon.folder / "refuses").unlink()
    cleaned(moon)
