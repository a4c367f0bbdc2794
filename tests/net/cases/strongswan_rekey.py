# SPDX-License-Identifier: GPL-2.0-or-later
"""Rekeying with strongSwan's charon, in both roles and from both sides, with packets passing: not one is lost."""
from cases.rekey import OFTEN, both_rekey
from lab.case import case
from lab.charon import ROLES, bring_up
from lab.check import contains, same, until

WAYS = [(f"by-{word}-{role}", who, we_initiate) for word, who in (("us", "moon"), ("charon", "sun"))
        for role, we_initiate in ROLES]
PERHAPS = {"tasks-active", "tasks-queued", "tasks-passive", "use-in", "use-out", "initiator", "established",
           "rekey-time", "post-quantum", "data-path", "data-path-reason", "nat-local", "nat-remote", "nat-fake", "nat-any"}


def up(bench, we_initiate=True, **changes):
    moon, charon = bench.with_charon(**changes)
    bring_up(moon, charon, we_initiate)
    return bench.between(moon, charon)


def keys(message):
    """Those of a message that every daemon has, in their order, sections and all."""
    return [(key, keys(value)) if isinstance(value, dict) else key
            for key, value in message.items() if key not in PERHAPS]


def same_events(tunnel, event):
    """Both daemons told as much in the same words; but for the numbers of children."""
    ours, theirs = (end.told(event) for end in tunnel.ends)
    same(len(ours), len(theirs), f"number of events {event}")
    for mine, yours in zip(ours, theirs):
        same(keys(mine), keys(yours), f"keys of {event}")


# by command


@case("charon", each=WAYS)
def strongswan_rekey_of_a_child(bench, who, we_initiate):
    tunnel = up(bench, we_initiate)
    for _ in range(2):
        tunnel.changes(lambda: tunnel.end(who).rekey("net"), children=["net"])
    tunnel.whole()
    same_events(tunnel, "child-rekey")


@case("charon", each=WAYS)
def strongswan_rekey_of_an_ike_sa(bench, who, we_initiate):
    tunnel = up(bench, we_initiate)
    for _ in range(2):
        tunnel.changes(lambda: tunnel.end(who).rekey(), ike=True)
    tunnel.changes(lambda: tunnel.end(who).rekey("net"), children=["net"])
    tunnel.whole()
    same_events(tunnel, "ike-rekey")


# in time


@case("charon", each=WAYS[::3])
def strongswan_rekey_of_a_child_in_time(bench, who, we_initiate):
    side = "ours" if who == "moon" else "theirs"
    tunnel = up(bench, we_initiate, **{side: {"child": {"rekey_time": "1s", "rand_time": "0s", "life_time": "1m"}}})
    tunnel.changes(None, children=["net"])
    tunnel.flow.whole()


@case("charon", each=WAYS[1:3])
def strongswan_rekey_of_an_ike_sa_in_time(bench, who, we_initiate):
    side = "ours" if who == "moon" else "theirs"
    tunnel = up(bench, we_initiate, **{side: {"conn": {"rekey_time": "1s", "rand_time": "0s", "over_time": "1m"}}})
    tunnel.changes(None, ike=True)
    tunnel.flow.whole()


@case("charon", each=[("children", {"child": {"rekey_time": "1s", "rand_time": "0s", "life_time": "1m"}}),
                      ("ike-sas", {"conn": {"rekey_time": "1s", "rand_time": "0s", "over_time": "1m"}})])
def strongswan_rekey_in_equal_time(bench, changes):
    tunnel = up(bench, **changes)
    for _ in range(2):
        tunnel.changes(None, ike="conn" in changes, children=["net"] if "child" in changes else [], seconds=12)
    tunnel.flow.whole()


# both at once


@case("charon", each=[("children-as-initiator", "net", "net", True), ("children-as-responder", "net", "net", False),
                      ("ike-sas-as-initiator", None, None, True), ("ike-sas-as-responder", None, None, False),
                      ("child-and-ike-sa", "net", None, True), ("ike-sa-and-child", None, "net", False)])
def strongswan_rekey_at_once(bench, ours, theirs, we_initiate):
    """Neither hears the other until both have asked."""
    tunnel = up(bench, we_initiate)
    both_rekey(tunnel, ours, theirs)
    tunnel.whole()


@case("charon", each=[(f"{down}-by-{'us' if we_delete else 'charon'}-during-that-of-{what}", what, down, we_delete)
                      for what in ("child", "ike-sa") for down in ("child", "ike-sa") for we_delete in (False, True)])
def strongswan_delete_of(bench, what, down, we_delete):
    """One side rekeys, the other deletes at the same time."""
    tunnel = up(bench)
    names = {"child": {"child": "net"}, "ike-sa": {"ike": "site"}}
    at_once = {} if we_delete else {"timeout": -1}  # charon is not waited for, while moon sleeps
    rekeys, deletes = ("rekey", names[what]), ("terminate", {**names[down], **at_once})
    if we_delete:
        tunnel.cross(deletes, rekeys, lambda: "REKEYING" in str(tunnel.sun.view()))
    else:
        tunnel.cross(rekeys, deletes, lambda: "DELETING" in str(tunnel.sun.view()))
    left = [["ESTABLISHED"]] * 2 if down == "child" else [[], []]
    until(lambda: [[sa["state"] for sa in end.sas()] for end in tunnel.ends] == left and
          not any(end.children() for end in tunnel.ends),
          lambda: f"both sides deleted what was to be deleted: {[end.view() for end in tunnel.ends]}", 20)
    tunnel.flow.not_doubled()


# again and again


def again_and_again(bench, n, we_initiate, **changes):
    tunnel = up(bench, we_initiate, **changes)
    for i in range(n):
        end = tunnel.ends[i // 2 % 2]
        if i % 2:
            tunnel.changes(lambda end=end: end.rekey(), ike=True)
        else:
            tunnel.changes(lambda end=end: end.rekey("net"), children=["net"])
    tunnel.whole()
    raw, child = tunnel.sun.daemon.swanctl.must("--list-sas", "--raw"), tunnel.moon.child()
    for ours, theirs in ("in", "out"), ("out", "in"):
        for key in "spi", "packets", "bytes":
            contains(raw, f" {key}-{theirs}={child[f'{key}-{ours}']} ", "swanctl --list-sas --raw")
    for end in tunnel.ends:
        same((len(end.told("child-rekey")), len(end.told("ike-rekey"))), (n // 2, n // 2), f"events on {end.name}")


@case("charon", each=ROLES, quick=("as-initiator",))
def strongswan_rekey_twenty_times(bench, we_initiate):
    again_and_again(bench, 20, we_initiate)


@case("charon", each=ROLES, scale=True)
def strongswan_rekey_many_times(bench, we_initiate):
    """Eighty times each."""
    again_and_again(bench, 160, we_initiate, ours={"child": OFTEN})
