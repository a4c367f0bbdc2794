# SPDX-License-Identifier: GPL-2.0-or-later
"""Tunnels that must not come up, and what follows; what is said of each is in why.py."""
from lab.case import case
from lab.check import check, contains, same, until
from lab.ikev2d import parse_json

DEAF = "chain in { type filter hook ingress device wan priority 0; udp dport 500 drop; }"


@case()
def peer_that_is_whoever_it_is_asked_to_be(bench):
    moon, _ = bench.pair(moon={"remote": {"id": "venus.example"}}, sun={"local": {"id": None}})
    moon.up()
    same(moon.sas()[0]["remote_id"], "venus.example", "identity of sun")


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
