# SPDX-License-Identifier: GPL-2.0-or-later
"""Tunnels that must not come up: who asked gets exit code 1 and the reason, both sides say why, nothing is left."""
from lab.case import case
from lab.check import check, contains, same, until
from lab.ikev2d import parse_json

DEAF = "chain in { type filter hook ingress device wan priority 0; udp dport 500 drop; }"


def refused(moon, sun, says_moon, says_sun):
    """moon's attempt fails; SAYS_MOON stand in what ipsec up prints, SAYS_SUN in sun's log."""
    done = moon.ipsec("up", "site", "--timeout", "10")
    same(done.code, 1, f"exit code of ipsec up\n{done.text}")
    for part in says_moon:
        contains(done.err, part, "ipsec up")
    sun.wait_log(*says_sun)
    moon.wait_idle()
    sun.wait_idle()
    failure = moon.connection()["last_failure"]
    check(failure and failure["what"], "ipsec status of moon keeps the failure")
    contains(done.err, failure["what"], "ipsec up")
    contains(moon.must("status", "site"), "last failure", "ipsec status")


@case(quick=True)
def wrong_psk(bench):
    moon, sun = bench.pair(moon={"secret": "not what sun has"})
    refused(moon, sun, ["AUTHENTICATION_FAILED", "ikev2d.conf:"], ["moon.example"])


@case()
def no_psk_for_this_peer(bench):
    configuration = bench.tunnel(bench.sun)
    configuration["secrets"]["ike-site"]["id-1"] = "somebody.else"
    moon, sun = bench.start(bench.moon), bench.daemon(bench.sun, configuration).start()
    refused(moon, sun, ["AUTHENTICATION_FAILED"], ["moon.example"])


@case()
def unknown_peer_address(bench):
    moon, sun = bench.pair(sun={"conn": {"remote_addrs": "198.51.100.77"}})
    refused(moon, sun, ["NO_PROPOSAL_CHOSEN"], ["192.0.2.1"])


@case()
def unknown_identity(bench):
    moon, sun = bench.pair(moon={"local": {"id": "mars.example"}})
    refused(moon, sun, ["AUTHENTICATION_FAILED"], ["mars.example", "remote.id"])


@case()
def peer_with_another_identity(bench):
    """moon asks for venus, and sun is sun."""
    moon, sun = bench.pair(moon={"remote": {"id": "venus.example"}})
    refused(moon, sun, ["AUTHENTICATION_FAILED"], ["venus.example", "local.id"])


@case()
def peer_that_is_whoever_it_is_asked_to_be(bench):
    moon, _ = bench.pair(moon={"remote": {"id": "venus.example"}}, sun={"local": {"id": None}})
    moon.up()
    same(moon.sas()[0]["remote_id"], "venus.example", "identity of sun")


@case(quick=True)
def no_common_ike_proposal(bench):
    moon, sun = bench.pair(moon={"conn": {"proposals": "aes256gcm16-prfsha384-ecp384"}},
                           sun={"conn": {"proposals": "aes128gcm16-prfsha256-x25519"}})
    refused(moon, sun, ["NO_PROPOSAL_CHOSEN", "proposals"], ["aes128gcm16", "ecp384", "proposals"])


@case()
def no_common_esp_proposal(bench):
    moon, sun = bench.pair(moon={"child": {"esp_proposals": "aes256gcm16"}},
                           sun={"child": {"esp_proposals": "aes128-sha256"}})
    refused(moon, sun, ["NO_PROPOSAL_CHOSEN", "esp_proposals"], ["aes128-sha256", "aes256gcm16", "esp_proposals"])


@case()
def no_common_selectors(bench):
    moon, sun = bench.pair(sun={"child": {"remote_ts": "10.99.0.0/24"}})
    refused(moon, sun, ["TS_UNACCEPTABLE", "remote_ts"], ["10.99.0.0/24", "10.1.0.0/24"])


@case()
def nobody_answers(bench):
    moon = bench.start(bench.moon, daemon={"retransmit_timeout": "1s", "retransmit_tries": "1"})
    bench.nft(bench.sun.gateway, DEAF)
    done = moon.ipsec("up", "site", "--timeout", "10")
    same(done.code, 1, f"exit code of ipsec up\n{done.text}")
    contains(done.err, "no answer from 192.0.2.2", "ipsec up")
    moon.wait_idle()


@case()
def timeout_of_ipsec_up(bench):
    """It ends the waiting; a child that is kept goes on trying."""
    bench.nft(bench.sun.gateway, DEAF)
    moon = bench.start(bench.moon)
    done = moon.ipsec("up", "site", "--timeout", "1", seconds=8)
    same(done.code, 1, f"exit code of ipsec up\n{done.text}")
    check(done.err.strip(), "ipsec up gives no reason")


@case()
def refused_json(bench):
    """The reason, piece by piece, for programs."""
    moon, _ = bench.pair(moon={"child": {"esp_proposals": "aes256gcm16"}}, sun={"child": {"esp_proposals": "aes128-sha256"}})
    done = moon.ipsec("--json", "up", "site")
    same(done.code, 1, "exit code")
    answer = parse_json(done.out)
    same(answer["success"], False, "success")
    why = answer["initiated"][0]["why"]
    same(why["notify"], "NO_PROPOSAL_CHOSEN", "notify")
    contains(why["where"], "esp_proposals", "where")


@case()
def refusal_and_then_mended(bench):
    """sun's configuration is mended and read again; moon tries again."""
    moon, sun = bench.pair(sun={"secret": "wrong"})
    same(moon.ipsec("up", "site").code, 1, "exit code with the wrong secret")
    sun.write(bench.tunnel(bench.sun))
    sun.must("reload")
    moon.up()
    same(moon.connection()["last_failure"], None, "the failure is history")
    until(lambda: len(sun.children()) == 1, "sun has the child")
