# SPDX-License-Identifier: GPL-2.0-or-later
"""The settings of strongSwan's daemon, where a configuration has none of ours."""
import os

from lab.case import case, user_case
from lab.charon import Swanctl
from lab.check import contains, same
from lab.traffic import reaches

USED = "strongswan.conf: used, as there is no section daemon: charon.install_routes, charon.plugins.vici.socket"
REST = "strongswan.conf: without effect here: charon.threads, charon.filelog.all.path"


def with_settings(daemon):
    """The daemon, not started yet, with a strongswan.conf and a file that it includes; and where that offers its
    socket."""
    directory = os.path.dirname(daemon.config)
    path, vici = f"{directory}/strongswan.conf", f"{directory}/other.vici"
    with open(path, "w", encoding="ascii") as f:
        f.write("charon {\n\tinstall_routes = no\n\tthreads = 16\n}\ninclude strongswan.d/*.conf\n")
    os.makedirs(f"{directory}/strongswan.d")
    with open(f"{directory}/strongswan.d/all.conf", "w", encoding="ascii") as f:
        f.write(f"charon {{\n\tplugins {{\n\t\tvici {{\n\t\t\tsocket = unix://{vici}\n\t\t}}\n\t}}\n"
                "\tfilelog {\n\t\tall {\n\t\t\tpath = /var/log/charon.log\n\t\t}\n\t}\n}\n")
    daemon.env = {"STRONGSWAN_CONF": path}
    return daemon, vici


@user_case()
def strongswan_conf(bench):
    moon, vici = with_settings(bench.daemon(bench.moon, {**bench.tunnel(bench.moon), "daemon": None}))
    moon.start()
    bench.start(bench.sun)
    for line in USED, REST:
        same(moon.log().count(line), 1, f"lines with {line!r} in the log\n{moon.log()}")
    swanctl = Swanctl(moon.host, f"{bench.directory}/swanctl", f"unix://{vici}")
    contains(swanctl.must("--list-conns"), "site: IKEv", "swanctl by the socket of strongswan.conf")
    moon.up()
    same(bench.sun.net[4] in moon.routes(), False, f"whether there is a route\n{moon.routes()}")
    moon.host.ip(f"route add {bench.sun.net[4]} dev ipsec0")
    reaches(bench.alice, bench.sun.inside[4])
    moon.stop()
    same(os.path.lexists(vici), False, "whether the socket is there when ikev2d has stopped")


@case()
def strongswan_conf_beside_a_daemon_section(bench):
    """It is not read."""
    moon, vici = with_settings(bench.daemon(bench.moon, bench.tunnel(bench.moon, daemon={"keep_alive": "30s"})))
    moon.start()
    same("strongswan.conf" in moon.log(), False, f"whether the log speaks of strongswan.conf\n{moon.log()}")
    same(os.path.lexists(vici), False, "whether the socket of strongswan.conf is there")
