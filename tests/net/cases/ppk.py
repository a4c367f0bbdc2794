# SPDX-License-Identifier: GPL-2.0-or-later
"""Post-quantum preshared keys in IKE_INTERMEDIATE (RFC 9867), between two of ours; with strongSwan, which has only RFC
8784: strongswan_quantum."""
from lab.case import case
from lab.check import contains, same
from lab.traffic import reaches

from cases.eap import client, gateway

NAME = "winter.example.org"
SECRET = "0x5ef7ea25c4c1d5b4a3f7c9b2d6e8f0a15ef7ea25c4c1d5b4a3f7c9b2d6e8f0a1"
OTHER = "0x" + 64 * "1"
USES = {"ppk_id": NAME}
DEMANDS = {**USES, "ppk_required": "yes"}
EARLY = {**DEMANDS, "ppk_exchange": "intermediate"}
MIXED = f"the keys are mixed with the post-quantum preshared key {NAME} before IKE_AUTH"


def end(bench, side, secret, conn):
    text = bench.tunnel(side, conn=conn)
    if secret:
        text["secrets"]["ppk-winter"] = {"id": NAME, "secret": secret}
    return bench.daemon(side, text).start()


def ends(bench, moon, sun, secrets=(SECRET, SECRET)):
    return end(bench, bench.moon, secrets[0], moon), end(bench, bench.sun, secrets[1], sun)


@case(each=[("alone", {}), ("with-a-key-exchange", {"proposals": "aes256gcm16-prfsha256-x25519-ke1_ecp384"})])
def ppk_in_intermediate(bench, conn):
    """It lives on in rekeyed SAs, and traffic does."""
    moon, sun = ends(bench, {**DEMANDS, **conn}, {**EARLY, **conn})
    moon.up()
    reaches(bench.alice, bench.sun.inside[4])
    for daemon in (moon, sun):
        daemon.wait_log(MIXED)
        contains(daemon.must("statusall"), "/PPK_INT (post-quantum)", "ipsec statusall")
        same(daemon.sas()[0]["ppk_int"], True, "ipsec list sas --json")
    first = moon.sas()[0]["uniqueid"]
    moon.must("rekey", "site/net")
    moon.must("rekey", "site")
    moon.wait_replaced(first)
    contains(sun.must("statusall"), "/PPK_INT (post-quantum)", "ipsec statusall after the rekeying")
    reaches(bench.bob, bench.moon.inside[4])


@case()
def ppk_of_one_of_several_connections(bench):
    """Sun does not know yet for which of its connections moon comes, when it has keeper show that it has the key."""
    whole = bench.tunnel(bench.sun, conn=EARLY)
    whole["secrets"]["ppk-winter"] = {"id": NAME, "secret": SECRET}
    another = {**whole["connections"]["site"], "ppk_id": "summer.example.org",
               "remote": {"auth": "psk", "id": "mars.example"}}
    whole["connections"] = {"another": another, **whole["connections"]}
    sun = bench.daemon(bench.sun, whole).start()
    moon = end(bench, bench.moon, SECRET, EARLY)
    moon.up()
    reaches(bench.alice, bench.sun.inside[4])
    sun.wait_log(MIXED)
    same("the process ike has ended" in sun.log(), False, "ike asked for what it may have")


@case()
def ppk_in_auth_with_a_peer_that_has_only_that(bench):
    moon, sun = ends(bench, DEMANDS, {**DEMANDS, "ppk_exchange": "auth"})
    moon.up()
    reaches(bench.alice, bench.sun.inside[4])
    contains(sun.must("statusall"), "/PPK (post-quantum)", "ipsec statusall")
    same("before IKE_AUTH" in sun.log(), False, "it is mixed in IKE_INTERMEDIATE")


@case(each=[("here", DEMANDS, USES), ("there", USES, DEMANDS)])
def ppk_with_another_secret_is_refused(bench, ours, theirs):
    """Each end says it, whoever demands it."""
    moon, sun = ends(bench, ours, theirs, (SECRET, OTHER))
    same(moon.ipsec("up", "site").code != 0, True, "it is refused")
    moon.wait_log("or has another secret for it" if ours is DEMANDS
                  else f"the peer refused the post-quantum preshared key {NAME}")
    sun.wait_log(f"the peer uses the post-quantum preshared key {NAME}, and the secret of that name is another one here")
    same(moon.children(), [], "no CHILD_SA")


@case(each=[("there", (SECRET, None)), ("here", (None, SECRET)), ("another", (SECRET, OTHER))])
def ppk_that_is_not_demanded_is_done_without(bench, secrets):
    moon, _ = ends(bench, USES, USES, secrets)
    moon.up()
    reaches(bench.alice, bench.sun.inside[4])
    contains(moon.must("statusall"), "(not post-quantum)", "ipsec statusall")
    moon.wait_log("the keys are not mixed with it")


@case()
def ppk_with_eap(bench):
    """Where RFC 8784 is not built in."""
    moon, sun = (client(bench, bench.moon, "eap-mschapv2", conn=EARLY), gateway(bench, bench.sun, "eap-mschapv2", conn=EARLY))
    daemons = []
    for side, text in ((bench.moon, moon), (bench.sun, sun)):
        text["secrets"]["ppk-winter"] = {"id": NAME, "secret": SECRET}
        daemons.append(bench.daemon(side, text).start())
    daemons[0].up()
    reaches(bench.alice, bench.sun.inside[4])
    contains(daemons[1].must("statusall"), "/PPK_INT (post-quantum)", "ipsec statusall")
