# SPDX-License-Identifier: GPL-2.0-or-later
"""Configurations in strongSwan's style (tests/peer/configs) loaded by swanctl into charon and into ours, which then list the
same; what they list differently is explained in tests/peer/differences.txt."""
import os

from lab.case import user_case
from lab.check import check
from lab.differences import Differences
from lab.peer import Credentials, configurations
from lab.pretty import both_forms, fields


def load(swanctl, path):
    """Loads all that is in a file; returns what swanctl says of it."""
    done = swanctl.run("--load-all", "--noprompt", "--file", path)
    return done.code, done.text.replace(os.path.dirname(path), "@DIR@")


def load_both(swanctls, path, differences, name):
    """What one of them does not take stays out of the next configuration's comparison."""
    (code, theirs), (other_code, ours) = (load(swanctl, path) for swanctl in swanctls)
    differences.compare_lines(name, theirs, ours)
    return code or other_code


@user_case("charon")
def peer_load(bench):
    """Nobody is to answer: what starts by itself stays where it is."""
    moon = bench.daemon(bench.moon, None).start()
    hear = bench.deafen(bench.moon, bench.sun)
    daemons = bench.charon.swanctl, bench.swanctl(moon)
    names, credentials = configurations(), Credentials(f"{bench.directory}/credentials")
    check(len({name.split("/", maxsplit=1)[0] for name in names}) >= 60, f"{len(names)} configurations")
    differences = Differences("load")
    for name in names:
        path = credentials.place(name, f"{bench.directory}/configs/{name}")
        refused = load_both(daemons, path, differences, name)
        differences.compare(name, *(fields(both_forms(swanctl, "--list-conns").out) for swanctl in daemons))
        if refused:
            for swanctl in daemons:
                swanctl.load({})
    hear()
    differences.none_left()
