# SPDX-License-Identifier: GPL-2.0-or-later
"""Rekeying between two of us: by command, in time and by volume, from either side and from both at once; packets pass
all the while, and not one is lost."""
from lab.case import case
from lab.check import check, contains, same, until

BOTH = [("from-who-began", "moon"), ("from-who-answered", "sun")]


def up(bench, **changes):
    moon, sun = bench.pair(**changes)
    moon.up()
    return bench.between(moon, sun)


def side_of(who, **changes):
    """CHANGES of one side."""
    return {who: changes}


# by command


@case(each=BOTH)
def rekey_of_a_child(bench, who):
    tunnel = up(bench)
    for _ in range(2):
        tunnel.changes(lambda: tunnel.end(who).rekey("net"), children=["net"])
    tunnel.whole()


@case(each=BOTH)
def rekey_of_an_ike_sa(bench, who):
    tunnel = up(bench)
    for _ in range(2):
        tunnel.changes(lambda: tunnel.end(who).rekey(), ike=True)
    tunnel.changes(lambda: tunnel.end(who).rekey("net"), children=["net"])
    tunnel.whole()


@case()
def rekey_of_what_is_not_there(bench):
    tunnel = up(bench)
    for wrong in ({"ike": "other"}, {"child": "other"}, {"ike": "other", "child": "net"}, {"ike-id": "99"},
                  {"child-id": "99"}):
        answer = tunnel.moon.call("rekey", **wrong)
        same((answer["success"], answer["matches"]), ("no", "0"), f"answer to rekey {wrong}")
        contains(answer["errmsg"], "no matching SAs to rekey found", f"answer to rekey {wrong}")
    contains(tunnel.moon.call("rekey")["errmsg"], "missing rekey selector", "answer to rekey of nothing")
    before = tunnel.spis()
    tunnel.flow.goes_on()
    same(tunnel.spis(), before, "SPIs")


@case(each=[("child", "--child", "net", False), ("ike", "--ike", "site", True), ("child-id", "--child-id", None, False),
            ("ike-id", "--ike-id", None, True)])
def swanctl_rekeys_by(bench, option, what, ike):
    tunnel = up(bench)
    swanctl = bench.swanctl(tunnel.moon.daemon)
    what = what or (tunnel.moon.sas()[0] if ike else tunnel.moon.child())["uniqueid"]

    def rekey():
        contains(swanctl.must("--rekey", option, what), "rekey completed successfully", "swanctl --rekey")

    tunnel.changes(rekey, ike=ike, children=[] if ike else ["net"])
    if what.isdigit():  # it has another number now
        done = swanctl.run("--rekey", option, what)
        check(done.code, f"swanctl --rekey {option} {what} did what it should not\n{done.text}")
        contains(done.err, "rekey failed: no matching SAs to rekey found", "swanctl --rekey")
    tunnel.whole()


@case()
def ipsec_rekeys(bench):
    """The verb, by every kind of name."""
    tunnel = up(bench)
    moon = tunnel.moon.daemon
    for name, ike in ("net", False), ("site/net", False), ("site", True):
        def rekey(name=name, ike=ike):
            same(moon.must("rekey", name), f"{'site' if ike else 'site/net'}: rekeying begun\n", "what ipsec rekey says")
        tunnel.changes(rekey, ike=ike, children=[] if ike else ["net"])
    tunnel.changes(lambda: same(moon.json("rekey", "net")["matches"], 1, "JSON of ipsec rekey"), children=["net"])
    same([child["state"] for child in moon.connection()["children"]], ["up"], "state of the child")
    moon.must("down", "site")
    done = moon.ipsec("rekey", "site")
    same((done.code, done.text), (1, "ipsec: site: no matching SAs to rekey found\n"), "how ipsec rekey ends")


# in time


@case(each=BOTH)
def rekey_of_a_child_in_time(bench, who):
    tunnel = up(bench, **side_of(who, child={"rekey_time": "1s", "rand_time": "0s", "life_time": "1m"}))
    tunnel.changes(None, children=["net"])
    tunnel.flow.whole()


@case(each=BOTH)
def rekey_of_an_ike_sa_in_time(bench, who):
    tunnel = up(bench, **side_of(who, conn={"rekey_time": "1s", "rand_time": "0s", "over_time": "1m"}))
    tunnel.changes(None, ike=True)
    tunnel.flow.whole()


@case(each=[("children", {"child": {"rekey_time": "1s", "rand_time": "0s", "life_time": "1m"}}),
            ("ike-sas", {"conn": {"rekey_time": "1s", "rand_time": "0s", "over_time": "1m"}})])
def rekey_in_equal_time(bench, changes):
    """Both sides want it at the same moment, again and again."""
    tunnel = up(bench, **changes)
    for _ in range(2):
        tunnel.changes(None, ike="conn" in changes, children=["net"] if "child" in changes else [])
    tunnel.flow.whole()
    for event in "child-rekey", "ike-rekey":
        check(len(tunnel.moon.told(event)) < 10, f"there are too many of them: {len(tunnel.moon.told(event))} {event}")


# both at once


def both_rekey(tunnel, ours, theirs):
    """Children, or (None) the IKE_SA."""
    commands = [("rekey", {"child": child} if child else {"ike": "site"}) for child in (ours, theirs)]
    tunnel.changes(lambda: tunnel.cross(*commands, lambda: "REKEYING" in str(tunnel.sun.view())),
                   ike=not (ours and theirs), children=["net"] if ours or theirs else [], seconds=30)


@case(each=[("children", "net", "net"), ("ike-sas", None, None), ("child-and-ike-sa", "net", None),
            ("ike-sa-and-child", None, "net")], quick=("children",))
def rekey_at_once(bench, ours, theirs):
    """Neither hears the other until both have asked."""
    tunnel = up(bench)
    both_rekey(tunnel, ours, theirs)
    tunnel.whole()


@case(each=[(f"{down}-during-that-of-{what}", what, down)
            for what in ("child", "ike-sa") for down in ("child", "ike-sa")])
def delete_of(bench, what, down):
    """One side rekeys, the other deletes at the same time; there is nothing left of what was deleted."""
    tunnel = up(bench)
    names = {"child": {"child": "net"}, "ike-sa": {"ike": "site"}}
    tunnel.cross(("rekey", names[what]), ("terminate", {**names[down], "timeout": -1}),
                 lambda: "DELETING" in str(tunnel.sun.view()))
    left = [["ESTABLISHED"]] * 2 if down == "child" else [[], []]
    until(lambda: [[sa["state"] for sa in end.sas()] for end in tunnel.ends] == left and
          not any(end.children() for end in tunnel.ends),
          lambda: f"both sides deleted what was to be deleted: {[end.view() for end in tunnel.ends]}", 12)
    tunnel.flow.not_doubled()
    tunnel.moon.daemon.up()
    bench.between(tunnel.moon.daemon, tunnel.sun.daemon).whole()


# again and again

OFTEN = {"rekey_bytes": "10000000000"}


def again_and_again(bench, n, **changes):
    tunnel = up(bench, **changes)
    for i in range(n):
        end = tunnel.ends[i // 2 % 2]
        if i % 2:
            tunnel.changes(lambda end=end: end.rekey(), ike=True)
        else:
            tunnel.changes(lambda end=end: end.rekey("net"), children=["net"])
    tunnel.whole()
    for end in tunnel.ends:
        same((len(end.told("child-rekey")), len(end.told("ike-rekey"))), (n // 2, n // 2), f"events on {end.name}")
        same(len(end.told("child-updown")) + len(end.told("ike-updown")), 0, f"events of up and down on {end.name}")


@case(quick=True)
def rekey_twenty_times(bench):
    again_and_again(bench, 20)


@case(scale=True)
def rekey_many_times(bench):
    """Eighty times each, within seconds: no more is taken of a peer that rekeys by volume."""
    again_and_again(bench, 160, child=OFTEN)
