# SPDX-License-Identifier: GPL-2.0-or-later
"""What changes while the tunnel carries as much as it can, both ways: nothing is dropped for it."""
from cases.mobike import ANYWHERE, NEW, at, elsewhere
from lab.case import user_case
from lab.check import same
from lab.traffic import FullLoad

THREADS = [("one-thread", {}), ("two-threads", {"daemon": {"workers": "2"}})]


def loaded(bench):
    loads = [FullLoad(bench.alice, bench.bob, bench.sun.inside[4]), FullLoad(bench.bob, bench.alice, bench.moon.inside[4])]
    for load in loads:
        bench.afterwards(load.end)
        load.goes_on()
    return loads


def go_on(loads):
    for load in loads:
        load.goes_on()


def nothing_dropped(*daemons):
    """But what never goes into a tunnel."""
    for daemon in daemons:
        same([why for why in daemon.drops() if why != "neighbour-discovery"], [], f"packets that {daemon.host.name} has dropped")


@user_case(each=THREADS)
def full_load_while_sas_are_replaced(bench, changes):
    """By rekeyings of the child and of the IKE_SA, from both ends: SAs come and go under load."""
    moon, sun = bench.pair(moon=changes, sun=changes)
    moon.up()
    ends = bench.between(moon, sun).ends
    loads = loaded(bench)
    for end in ends * 3:
        end.rekey("net")
        go_on(loads)
        end.rekey()
        go_on(loads)
    nothing_dropped(moon, sun)


@user_case()
def full_load_while_others_come_and_go(bench):
    """Children beside the one that carries it."""
    children = {f"c{i}": {"local_ts": f"10.1.{i}.0/24", "remote_ts": f"10.2.{i}.0/24"} for i in range(1, 9)}
    theirs = {name: {"local_ts": c["remote_ts"], "remote_ts": c["local_ts"]} for name, c in children.items()}
    moon, sun = bench.pair({"conn": {"children": children}}, {"conn": {"children": theirs}})
    moon.up("site/net")
    loads = loaded(bench)
    for name in children:
        moon.up(f"site/{name}")
        go_on(loads)
    for name in children:
        moon.must("down", f"site/{name}")
        go_on(loads)
    nothing_dropped(moon, sun)


@user_case()
def full_load_while_a_gateway_moves(bench):
    """To another address and back: the SAs keep their numbers, and nothing is taken for a forgery or a repetition."""
    moon, sun = bench.pair(**ANYWHERE)
    moon.up()
    before = moon.children()[0]
    loads = loaded(bench)
    with elsewhere(bench, bench.moon):
        at(moon, local=NEW)
        at(sun, remote=NEW)
        go_on(loads)
    at(moon, local=bench.moon.wan[4])
    at(sun, remote=bench.moon.wan[4])
    go_on(loads)
    after = moon.children()[0]
    same((after["spi_in"], after["spi_out"]), (before["spi_in"], before["spi_out"]), "SPIs")
    for daemon in moon, sun:
        same([why for why in ("unknown-spi", "replay", "authentication", "no-sa") if daemon.drops()[why]], [],
             f"drops of {daemon.host.name}")
