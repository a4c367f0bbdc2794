# SPDX-License-Identifier: GPL-2.0-or-later
"""Authentication done anew, by an IKE_SA in place of the old one; between two of us."""
from lab.case import case
from lab.check import check, contains, same

BREAK = {"daemon": {"make_before_break": "no"}}


def up(bench, **changes):
    moon, sun = bench.pair(**changes)
    moon.up()
    return bench.between(moon, sun)


@case(quick=True)
def reauth_by_command(bench):
    """The new one is made before the old one goes."""
    tunnel = up(bench)
    for _ in range(2):
        tunnel.changes(lambda: tunnel.moon.rekey(reauth="yes"), ike=True, children=["net"])
    tunnel.flow.whole()
    same(len(tunnel.moon.told("ike-rekey")), 0, "number of events ike-rekey")
    same([message.get("up") for message in tunnel.moon.told("ike-updown")], ["yes", None] * 2, "events ike-updown")


@case()
def reauth_of_what_the_peer_has_begun(bench):
    """It is the peer's business, also when we have rekeyed the IKE_SA."""
    tunnel = up(bench)
    tunnel.changes(tunnel.sun.rekey, ike=True)
    answer = tunnel.sun.call("rekey", ike="site", reauth="yes")
    same((answer["success"], answer["matches"]), ("no", "0"), f"answer to rekey with reauth: {answer}")
    contains(answer["errmsg"], "the peer has begun the IKE_SA", "answer to rekey with reauth")
    tunnel.changes(lambda: tunnel.moon.rekey(reauth="yes"), ike=True, children=["net"])


@case()
def reauth_that_breaks_first(bench):
    """As the settings want it: the old one goes, then the new one comes."""
    tunnel = up(bench, **BREAK)
    for _ in range(2):
        tunnel.changes(lambda: tunnel.moon.rekey(reauth="yes"), ike=True, children=["net"])
    tunnel.flow.not_doubled()
    same([message.get("up") for message in tunnel.moon.told("ike-updown")], [None, "yes"] * 2, "events ike-updown")


@case(each=[("make-before-break", {}), ("break-before-make", BREAK)])
def reauth_in_time(bench, settings):
    tunnel = up(bench, moon={"conn": {"reauth_time": "1s", "rand_time": "0s", "over_time": "1m"}}, **settings)
    for _ in range(2):
        tunnel.changes(None, ike=True, children=["net"])
    if settings:
        tunnel.flow.not_doubled()
    else:
        tunnel.flow.whole()
    check(len(tunnel.moon.told("ike-updown")) < 12, f"it is done too often: {tunnel.moon.told('ike-updown')}")


@case()
def reauth_of_many_children(bench):
    """All of them are on the new IKE_SA."""
    moon, sun, pairs = bench.parallel("red", "green", "blue")
    daemons = bench.pair(moon, sun)
    for name in pairs:
        daemons[0].up(f"site/{name}")
    tunnel = bench.between(*daemons, pairs)
    tunnel.changes(lambda: tunnel.moon.rekey(reauth="yes"), ike=True, children=tunnel.names)
    tunnel.flow.whole()


@case()
def reauth_after_a_rekey_by_the_peer(bench):
    """It is still due when it was, and is done by who began."""
    tunnel = up(bench, moon={"conn": {"reauth_time": "3s", "rand_time": "0s", "over_time": "3s"}})
    tunnel.changes(tunnel.sun.rekey, ike=True)
    tunnel.changes(None, ike=True, children=["net"])
    tunnel.flow.whole()
