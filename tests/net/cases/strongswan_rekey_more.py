# SPDX-License-Identifier: GPL-2.0-or-later
"""Several children, key exchange, limits and authentication done anew with strongSwan's charon."""
import signal
import time

from cases.strongswan_rekey import up
from lab.case import case, user_case
from lab.charon import ROLES
from lab.check import check, contains, same, until

BOTH = [("by-us", "moon"), ("by-charon", "sun")]
WAYS = [(f"{word}-{role}", who, initiate) for word, who in BOTH for role, initiate in ROLES]
HASTY = {"daemon": {"retransmit_timeout": "1s", "retransmit_base": "1", "retransmit_tries": "3",
                    "retransmit_jitter": "0"}}


# several children


@case("charon", each=BOTH, quick=("by-charon",))
def strongswan_children_of_one_ike_sa(bench, who):
    """Brought up by WHO; each is rekeyed by either side, then the IKE_SA, then all three at once; one is deleted."""
    ours, theirs, pairs = bench.parallel("red", "green", "blue")
    moon, charon = bench.with_charon(ours=ours, theirs=theirs)
    for name in pairs:
        if who == "moon":
            moon.up(f"site/{name}")
        else:
            same(charon.up(name).code, 0, f"exit code of swanctl --initiate\n{charon.log()}")
    tunnel = bench.between(moon, charon, pairs)
    for i, name in enumerate(tunnel.names):
        tunnel.changes(lambda name=name, i=i: tunnel.ends[i % 2].rekey(name), children=[name])
    for end in tunnel.ends:
        tunnel.changes(end.rekey, ike=True)
        tunnel.changes(lambda end=end: [end.rekey(name) for name in tunnel.names], children=tunnel.names)
    tunnel.whole()
    tunnel.end(who).must("terminate", child="green")
    tunnel.names.remove("green")
    tunnel.spis()


# with a key exchange


def with_proposals(bench, ours, theirs):
    return up(bench, ours={"child": {"esp_proposals": ours}}, theirs={"child": {"esp_proposals": theirs}})


@case("charon", each=[(f"{group}-{word}", group, name, who) for word, who in BOTH for group, name in (
    ("x25519", "CURVE_25519"), ("ecp256", "ECP_256"), ("modp2048", "MODP_2048"))])
def strongswan_rekey_with_key_exchange(bench, group, name, who):
    tunnel = with_proposals(bench, f"aes256gcm16-{group}", f"aes256gcm16-{group}")
    check(not any("dh-group" in end.child() for end in tunnel.ends), "the first SA has a key exchange of its own")
    tunnel.changes(lambda: tunnel.end(who).rekey("net"), children=["net"])
    same([end.child()["dh-group"] for end in tunnel.ends], [name, name], "key exchange")
    tunnel.whole()


@case("charon", each=[("ours", "aes256gcm16-x25519, aes256gcm16", "aes256gcm16"),
                      ("of-charon", "aes256gcm16", "aes256gcm16-x25519, aes256gcm16")])
def strongswan_key_exchange_is_a_wish(bench, ours, theirs):
    """Of one side, which does without it."""
    tunnel = with_proposals(bench, ours, theirs)
    for end in tunnel.ends:
        tunnel.changes(lambda end=end: end.rekey("net"), children=["net"])
        check("dh-group" not in end.child(), f"key exchange: {end.child()}")
    tunnel.whole()


@case("charon", each=[("which-charon-wants", "aes256gcm16", "aes256gcm16-x25519", "moon"),
                      ("which-we-want", "aes256gcm16-x25519", "aes256gcm16", "sun")])
def strongswan_key_exchange_is_missing(bench, ours, theirs, who):
    """WHO rekeys without it, is refused, and the tunnel lives on. We say which line it is."""
    tunnel = with_proposals(bench, ours, theirs)
    before = tunnel.spis()
    tunnel.end(who).rekey("net")
    moon, charon = tunnel.moon.daemon, tunnel.sun.daemon
    moon.wait_log("event=refused", "notify=NO_PROPOSAL_CHOSEN", f"{moon.config}:", "esp_proposals")
    contains(moon.connection()["last_failure"]["where"], f"{moon.config}:", "our last failure")
    if who == "sun":
        charon.wait_log("received NO_PROPOSAL_CHOSEN")
        same(moon.connection()["last_failure"]["differs"], "key exchange: offered none, configured x25519", "difference")
    same(tunnel.spis(), before, "SPIs")
    tunnel.whole()


@case("charon", each=[("of-ours", "moon"), ("of-charon", "sun")])
def strongswan_first_guess_is_wrong(bench, who):
    """It is answered with INVALID_KE_PAYLOAD, and asked for again."""
    guesses, knows = "aes256gcm16-x25519-ecp256", "aes256gcm16-ecp256"
    tunnel = with_proposals(bench, *((guesses, knows) if who == "moon" else (knows, guesses)))
    tunnel.changes(lambda: tunnel.end(who).rekey("net"), children=["net"])
    same([end.child()["dh-group"] for end in tunnel.ends], ["ECP_256"] * 2, "key exchange")
    contains(tunnel.sun.daemon.log(), "INVAL_KE", "charon's log")
    tunnel.whole()


# limits


@case("charon", each=[("packets", "packets", 300), ("octets", "bytes", 10000)])
def strongswan_soft_limit_of(bench, what, n):
    tunnel = up(bench, ours={"child": {f"rekey_{what}": n, f"life_{what}": 20 * n}})
    for _ in range(2):
        tunnel.changes(None, children=["net"])
    tunnel.flow.whole()


@user_case("charon")
def strongswan_hard_end_of_a_child(bench):
    """It does not answer, and nothing passes after life_time; then there is another child."""
    tunnel = up(bench, ours={"child": {"rekey_time": "1s", "rand_time": "0s", "life_time": "2s"}, **HASTY})
    hear = bench.deafen_to_ike(bench.sun)
    until(lambda: not tunnel.moon.children(), lambda: f"moon closes it: {tunnel.moon.view()}")
    tunnel.moon.daemon.wait_drops("unknown-spi", 20)
    hear()
    tunnel.spis()
    tunnel.flow.goes_on()


# authentication done anew


@case("charon", each=WAYS)
def strongswan_reauth(bench, who, we_initiate):
    """By us before the old one goes, by charon in two steps, as is its default."""
    tunnel = up(bench, we_initiate)
    if who == "moon" and not we_initiate:
        contains(tunnel.moon.call("rekey", ike="site", reauth="yes")["errmsg"], "the peer has begun", "errmsg")
        return
    tunnel.changes(lambda: tunnel.end(who).rekey(reauth="yes"), ike=True, children=["net"])
    tunnel.flow.not_doubled()


@case("charon", each=[("make-before-break", "yes", {}), ("break-before-make", "no", {"make_before_break": "no"})])
def strongswan_reauth_in_time(bench, theirs, ours):
    """Ours, then that of charon, each with the same settings."""
    bench.charon.set(f"make_before_break = {theirs}")
    bench.afterwards(bench.charon.set)
    for side, initiate in ("ours", True), ("theirs", False):
        changes = {"ours": {"daemon": ours}, "theirs": {}}
        changes[side] = {**changes[side], "conn": {"reauth_time": "1s", "rand_time": "0s", "over_time": "1m"}}
        tunnel = up(bench, initiate, **changes)
        tunnel.changes(None, ike=True, children=["net"])
        if (side, theirs) == ("theirs", "yes"):
            tunnel.flow.whole()  # we answer; charon, when it does, sends on the new one before we have heard of it
        else:
            tunnel.flow.not_doubled()
        if side == "ours":
            tunnel.moon.daemon.stop()


@case("charon")
def strongswan_reauth_after_a_rekey_by_charon(bench):
    tunnel = up(bench, ours={"conn": {"reauth_time": "2s", "rand_time": "0s", "over_time": "3s"}})
    tunnel.changes(tunnel.sun.rekey, ike=True)
    tunnel.changes(None, ike=True, children=["net"])
    tunnel.flow.not_doubled()


# silence


@case("charon", each=[("a-child", "net"), ("an-ike-sa", None)])
def strongswan_sleeps_during_rekey_of(bench, child):
    """It answers late, before it is given up."""
    tunnel = up(bench, ours=HASTY)
    process = tunnel.sun.daemon.process

    def rekey():
        process.signal(signal.SIGSTOP)
        bench.afterwards(lambda: process.signal(signal.SIGCONT))
        tunnel.moon.rekey(child)
        time.sleep(1.5)
        process.signal(signal.SIGCONT)

    tunnel.changes(rekey, ike=not child, children=["net"] if child else [])
    tunnel.flow.not_doubled()


@case("charon", each=[("a-child", "net"), ("an-ike-sa", None)])
def strongswan_is_given_up_during_rekey_of(bench, child):
    """The tunnel is up again afterwards, with traffic."""
    tunnel = up(bench, ours={"daemon": {**HASTY["daemon"], "retransmit_tries": "1"}})
    process = tunnel.sun.daemon.process
    process.signal(signal.SIGSTOP)
    bench.afterwards(lambda: process.signal(signal.SIGCONT))
    tunnel.moon.rekey(child)
    until(lambda: not tunnel.moon.sas(), lambda: f"moon gives charon up: {tunnel.moon.view()}")
    process.signal(signal.SIGCONT)
    tunnel.moon.daemon.up()
    tunnel.flow.goes_on()
    tunnel.flow.not_doubled()
