# SPDX-License-Identifier: GPL-2.0-or-later
"""Limits of SAs, and peers that do not answer; between two of us."""
import signal
import time

from lab.case import case, user_case
from lab.check import check, until

SOON = {"daemon": {"retransmit_timeout": "1s", "retransmit_base": "1"}}
HASTY = {"daemon": {"retransmit_timeout": "1s", "retransmit_base": "1", "retransmit_tries": "1",
                    "retransmit_jitter": "0"}}


def up(bench, **changes):
    moon, sun = bench.pair(**changes)
    moon.up()
    return bench.between(moon, sun)


# volume


@case(each=[("packets-of-who-began", "moon", "packets", 300), ("octets-of-who-began", "moon", "bytes", 10000),
            ("packets-of-who-answered", "sun", "packets", 300), ("octets-of-who-answered", "sun", "bytes", 10000)])
def soft_limit_of(bench, who, what, n):
    """It is rekeyed when so much has passed, again and again."""
    tunnel = up(bench, **{who: {"child": {f"rekey_{what}": n, f"life_{what}": 20 * n}}})
    for _ in range(2):
        tunnel.changes(None, children=["net"])
    for event in tunnel.end(who).told("child-rekey"):
        old = event["site"]["child-sas"]["net"]["old"]
        passed = max(int(old[f"{what}-{way}"]) for way in ("in", "out"))
        check(n <= passed < 4 * n, f"{passed} {what} have passed when it is rekeyed")  # on a busy machine
    tunnel.flow.whole()


@user_case(each=[("packets", "packets", 300), ("octets", "bytes", 10000)])
def hard_limit_of(bench, what, n):
    """The peer does not answer: nothing passes any more. It hears again: the child has another SA."""
    tunnel = up(bench, moon={"child": {f"rekey_{what}": n // 2, f"life_{what}": n}}, **SOON)
    before = tunnel.spis()
    hear = bench.deafen_to_ike(bench.sun)
    tunnel.flow.stands()
    child = tunnel.moon.child()
    for way in "in", "out":
        passed = int(child[f"{what}-{way}"])
        check(passed < 1.2 * n, f"{passed} {what} have passed {way}")
    tunnel.moon.daemon.wait_drops("lifetime")
    hear()
    tunnel.flow.goes_on(1)
    check(tunnel.spis()[1] != before[1], f"the SA is still the same: {before}")


# time


@case()
def hard_end_of_a_child(bench):
    """The peer does not answer: nothing passes any more after life_time."""
    tunnel = up(bench, moon={"child": {"rekey_time": "1s", "rand_time": "0s", "life_time": "3s"}}, **SOON)
    begin = time.monotonic()
    hear = bench.deafen_to_ike(bench.sun)
    until(lambda: not tunnel.moon.children(), lambda: f"moon closes it: {tunnel.moon.view()}")
    check(2 < time.monotonic() - begin < 4, f"it is closed after {time.monotonic() - begin:.1f} s")
    tunnel.flow.stands()
    hear()
    tunnel.spis()


@case()
def hard_end_of_an_ike_sa(bench):
    """Rekeying is not answered; the SA ends in its time."""
    tunnel = up(bench, moon={"conn": {"rekey_time": "1s", "rand_time": "0s", "over_time": "1s"}}, **HASTY)
    hear = bench.deafen_to_ike(bench.sun)
    tunnel.moon.daemon.wait_log("has lived for as long as it may")
    until(lambda: not tunnel.moon.sas(), lambda: f"moon has no SA any more: {tunnel.moon.view()}", 20)
    tunnel.flow.stands()
    hear()
    tunnel.sun.must("terminate", ike="site", force="yes")


# peers that fall silent


def stopped(bench, process):
    process.signal(signal.SIGSTOP)
    bench.afterwards(lambda: process.signal(signal.SIGCONT))


@case(each=[("a-child", "net"), ("an-ike-sa", None)])
def peer_sleeps_during_rekey_of(bench, child):
    """It answers late, before it is given up."""
    tunnel = up(bench, **SOON)
    process = tunnel.sun.daemon.process

    def rekey():
        stopped(bench, process)
        tunnel.moon.rekey(child)
        time.sleep(1.5)
        process.signal(signal.SIGCONT)

    tunnel.changes(rekey, ike=not child, children=["net"] if child else [])
    tunnel.flow.not_doubled()
    tunnel.spis()


@case(each=[("a-child", "net"), ("an-ike-sa", None)])
def peer_is_given_up_during_rekey_of(bench, child):
    """It is up again afterwards; and what it still has from before goes."""
    tunnel = up(bench, sun={"conn": {"dpd_delay": "1s"}}, **HASTY)
    process = tunnel.sun.daemon.process
    stopped(bench, process)
    tunnel.moon.rekey(child)
    until(lambda: not tunnel.moon.sas(), lambda: f"moon gives sun up: {tunnel.moon.view()}")
    process.signal(signal.SIGCONT)
    tunnel.moon.daemon.up()
    until(lambda: len(tunnel.sun.children()) == 1 and tunnel.moon.counters().keys() == tunnel.sun.counters(True).keys(),
          lambda: f"sun has the new SA only: {[end.view() for end in tunnel.ends]}", 15)
    tunnel.flow.goes_on()
    tunnel.flow.not_doubled()
