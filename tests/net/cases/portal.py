# SPDX-License-Identifier: GPL-2.0-or-later
"""A network in which somebody else answers until a person has signed in, and no IKE gets through."""
from lab.case import case
from lab.check import check, contains, same
from lab.http import Web

PAGE = b"<html>Welcome! Please sign in.</html>"
BRIEF = {"retransmit_timeout": "1s", "retransmit_tries": "1"}


def fails_to_come_up(bench, answer, **settings):
    """Nobody speaks IKE on sun, where a web server answers; returns what a person and the log are told, and how often the
    server was asked."""
    web = Web(bench.sun.gateway, bench.sun.wan[4], answer)
    bench.afterwards(web.close)
    moon = bench.start(bench.moon, daemon={**BRIEF, **settings})
    done = moon.ipsec("up", "site")
    same(done.code, 1, f"exit code of ipsec up\n{done.text}")
    return done.text, moon.must("failures"), moon.log(), web.asked


def url(bench):
    return f"http://{bench.sun.wan[4]}/there"


@case(each=[("redirects", "redirect", "a redirection to /other"), ("answers-itself", PAGE, "something else than is there")])
def portal_that(bench, answer, seen):
    """It is said at once in the log, and with the failure; it is not gone on with."""
    said, remembered, log, asked = fails_to_come_up(bench, answer, portal_url=url(bench), portal_answer="success")
    sentence = f"this network looks like a captive portal: {url(bench)} was answered with {seen}"
    for text, name in (said, "ipsec up"), (remembered, "ipsec failures"), (log, "log"):
        contains(" ".join(text.split()), sentence, name)
    contains(said, "no answer from", "ipsec up")
    contains(log, "event=portal", "log")
    same(asked, 1, "requests")


@case()
def portal_that_is_none(bench):
    """What is expected is there: the gateway is silent for another reason."""
    said, _, log, asked = fails_to_come_up(bench, b"success\n", portal_url=url(bench), portal_answer="success")
    check("portal:" not in said + log, f"{said}\n{log}")
    same(asked, 1, "requests")


@case()
def portal_that_nobody_asked_for(bench):
    """Where nothing is configured, nothing is asked for."""
    said, _, log, asked = fails_to_come_up(bench, "redirect")
    check("portal:" not in said + log, f"{said}\n{log}")
    same(asked, 0, "requests")
