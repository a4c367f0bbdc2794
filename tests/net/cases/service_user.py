# SPDX-License-Identifier: GPL-2.0-or-later
"""A daemon that is no root: a user of its own starts it, with the few capabilities that it needs, as a unit of systemd with
User= and AmbientCapabilities= does. What it has changed on the machine it takes away again."""
import os

from cases.kill_switch import CLOSED
from cases.virtual import GIVEN, addresses, client, gateway
from lab import family
from lab.case import case, user_case
from lab.check import check, contains, same
from lab.config import merged
from lab.traffic import reaches_in_the_end

USER = 65534
RIGHTS = ("net_admin", "net_bind_service", "net_raw")
BITS = 1 << 12 | 1 << 10 | 1 << 13
WARRIOR = merged(CLOSED, {"child": {"remote_ts": "0.0.0.0/0, ::/0"}})


def as_user(bench, daemon):
    """DAEMON will be started by that user, to whom its files belong."""
    home = f"{bench.directory}/home"
    os.mkdir(home)
    daemon.run_dir = f"{home}/run"
    for path in home, daemon.config:
        os.chown(path, USER, USER)
    given = ",".join(f"+{right}" for right in RIGHTS)
    daemon.before = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups", f"--bounding-set=-all,{given}",
                     f"--inh-caps=-all,{given}", f"--ambient-caps=-all,{given}"]
    daemon.program = f"{bench.public_bin()}/ikev2d"
    return daemon


def started(bench, **moon):
    """Moon is a road warrior, and closed but for its tunnel."""
    moon = as_user(bench, bench.daemon(bench.moon, client(bench, bench.moon, **moon)))
    sun = bench.daemon(bench.sun, gateway(bench, bench.sun, child={"local_ts": "0.0.0.0/0, ::/0"})).start()
    return moon.start(), sun


def is_no_root(moon):
    """Neither guard, which has those rights and no other, nor anybody else, who has none."""
    same(family.status(moon.process.pid)["Uid"].split(), [str(USER)] * 4, "whose guard is")
    same(int(family.status(moon.process.pid)["CapEff"], 16), BITS, "what guard may")
    for pid in family.children(moon.process.pid):
        found = family.status(pid)
        same((found["Uid"].split(), int(found["CapEff"], 16), found["Seccomp"].strip()), ([str(USER)] * 4, 0, "2"), found["Name"])


def has_all(moon, bench):
    """Addresses, routes, a device where the path has one, and tables of nftables."""
    same(addresses(moon.host), sorted(GIVEN.values()), "addresses")
    for version in 4, 6:
        reaches_in_the_end(moon.host, bench.sun.inside[version])
    device = "wan" if moon.datapath == "kernel" else "ipsec0"
    contains(moon.routes(), f"dev {device} ", "routes")
    contains(moon.host.must(["ip", "link"]), device, "devices")
    check(moon.host.must(["nft", "list", "tables"]), "there are tables of nftables")


@case()
def service_user(bench):
    """It works; bench.end() sees that nothing is left."""
    moon, _ = started(bench, **WARRIOR)
    moon.up()
    is_no_root(moon)
    has_all(moon, bench)
    moon.stop()
    moon.start()
    moon.up()
    has_all(moon, bench)


@case(each=["ike", "keeper", "ctl", "certs"])
def service_user_loses(bench, name):
    """A process is killed: the next one is there, and what it needs."""
    moon, _ = started(bench, **WARRIOR)
    moon.up()
    moon.must("list", "certs")  # for which certs is wanted
    pid = family.member(moon, name)
    family.kill(moon, name)
    family.replaced(moon, pid, 2, name)
    moon.up()
    has_all(moon, bench)


@user_case()
def service_user_loses_esp(bench):
    """The process that carries packets, which only the userspace path has."""
    service_user_loses(bench, "esp")


@case()
def service_user_after_a_crash(bench):
    """Its next start takes away what it has left."""
    moon, _ = started(bench, **WARRIOR)
    moon.up()
    has_all(moon, bench)
    moon.kill()
    same(addresses(moon.host), sorted(GIVEN.values()), "what is left of it")
    moon.start()
    same(addresses(moon.host), [], "addresses after its next start")
    moon.up()
    has_all(moon, bench)
