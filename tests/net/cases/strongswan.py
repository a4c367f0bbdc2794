# SPDX-License-Identifier: GPL-2.0-or-later
"""Ours on moon, strongSwan's charon on sun, each in both roles."""
import ipaddress
import signal

from lab.case import case
from lab.charon import ROLES, bring_up
from lab.check import check, contains, same, until
from lab.traffic import reaches, tcp

SUITES = [
    ("gcm-x25519", "aes256gcm16-prfsha256-x25519", "aes256gcm16"),
    ("gcm-ecp256", "aes128gcm16-prfsha384-ecp256", "aes128gcm16"),
    ("chacha-x25519", "chacha20poly1305-prfsha512-x25519", "chacha20poly1305"),
    ("cbc-sha256-modp3072", "aes128-sha256-modp3072", "aes128-sha256"),
    ("cbc-sha384-ecp384", "aes192-sha384-ecp384", "aes256-sha384"),
    ("cbc-sha512-ecp521", "aes256-sha512-ecp521", "aes256-sha512"),
    ("cbc-sha1-modp2048", "aes128-sha1-modp2048", "aes256-sha1"),
    ("gcm-modp2048", "aes256gcm16-prfsha512-modp2048", "aes192gcm16"),
    ("gcm-x448", "aes256gcm16-prfsha256-x448", "aes256gcm16"),
]


def carries(bench, version=4):
    reaches(bench.alice, bench.sun.inside[version])
    reaches(bench.bob, bench.moon.inside[version])


def established(bench, we_initiate, **changes):
    moon, charon = bench.with_charon(**changes)
    wire = bench.wire()
    bring_up(moon, charon, we_initiate)
    return moon, charon, wire


@case("charon", each=ROLES, quick=("as-initiator", "as-responder"))
def strongswan(bench, we_initiate):
    """Everything as it is by default."""
    _, _, wire = established(bench, we_initiate)
    carries(bench)
    tcp(bench.alice, bench.bob, bench.sun.inside[4], size=1 << 20)
    tcp(bench.bob, bench.alice, bench.moon.inside[4], size=1 << 20)
    wire.all_in("esp-udp")


@case("charon", each=[(f"{name}-{role}", initiate, outer, inner)
                      for name, outer, inner in (("6-in-6", 6, 6), ("6-in-4", 4, 6), ("4-in-6", 6, 4))
                      for role, initiate in ROLES])
def strongswan_ipv6(bench, we_initiate, outer, inner):
    _, _, wire = established(bench, we_initiate, outer=outer, inner=(inner,))
    carries(bench, inner)
    wire.all_in("esp-udp")


@case("charon", each=[(f"{name}-{role}", initiate, ike, esp)
                      for name, ike, esp in SUITES for role, initiate in ROLES])
def strongswan_suite(bench, we_initiate, ike, esp):
    _, _, wire = established(bench, we_initiate, conn={"proposals": ike}, child={"esp_proposals": esp})
    carries(bench)
    wire.all_in("esp-udp")


@case("charon-nat")
def strongswan_behind_nat(bench):
    """We are."""
    moon, charon, wire = established(bench, True, daemon={"udp_encap": "no"})
    carries(bench)
    wire.all_in("esp-udp")
    same(moon.sas()[0]["nat_local"], True, "moon sees that it is behind a NAT")
    contains(charon.sas(), "192.0.2.254", "swanctl --list-sas")


@case("charon", each=ROLES)
def strongswan_forces_encapsulation(bench, we_initiate):
    _, _, wire = established(bench, we_initiate, ours={"daemon": {"udp_encap": "no"}}, theirs={"conn": {"encap": "yes"}})
    carries(bench)
    wire.all_in("esp-udp")


@case("charon", each=ROLES)
def strongswan_we_delete_the_ike_sa(bench, we_initiate):
    moon, charon, _ = established(bench, we_initiate)
    moon.must("down", "site")
    moon.wait_idle()
    charon.wait_idle()


@case("charon", each=ROLES)
def strongswan_we_delete_the_child_sa(bench, we_initiate):
    moon, charon, _ = established(bench, we_initiate)
    moon.must("down", "site/net")
    until(lambda: "net:" not in charon.sas(), lambda: f"charon has no child: {charon.sas()}")


@case("charon", each=ROLES)
def strongswan_deletes_the_ike_sa(bench, we_initiate):
    moon, charon, _ = established(bench, we_initiate)
    charon.swanctl.must("--terminate", "--ike", "site")
    moon.wait_idle()
    charon.wait_idle()


@case("charon", each=ROLES)
def strongswan_deletes_the_child_sa(bench, we_initiate):
    moon, charon, _ = established(bench, we_initiate)
    charon.swanctl.must("--terminate", "--child", "net")
    until(lambda: not moon.children(), lambda: f"moon has no child: {moon.sas()}")


def refused(bench, we_initiate, says, keeps_ike_sa=False, **changes):
    """Who asked is told why: SAYS. Neither has an SA afterwards; but charon, refused a child only, keeps its IKE_SA."""
    moon, charon = bench.with_charon(**changes)
    if we_initiate:
        done = moon.ipsec("up", "site")
        same(done.code, 1, f"exit code of ipsec up\n{done.text}")
        contains(done.err, says, "ipsec up")
    else:
        done = charon.up(timeout=5)
        check(done.code != 0, f"swanctl --initiate\n{done.text}")
        contains(charon.log(), f"received {says}", "charon's log")
        moon.wait_log("event=refused", f"notify={says}")
        if keeps_ike_sa:
            same(moon.children(), [], "CHILD_SAs of moon")
            charon.swanctl.must("--terminate", "--ike", "site")
    moon.wait_idle()
    charon.wait_idle()


@case("charon", each=ROLES)
def strongswan_wrong_psk(bench, we_initiate):
    refused(bench, we_initiate, "AUTHENTICATION_FAILED", theirs={"secret": "something else"})


@case("charon", each=ROLES)
def strongswan_no_common_ike_proposal(bench, we_initiate):
    refused(bench, we_initiate, "NO_PROPOSAL_CHOSEN", ours={"conn": {"proposals": "aes256gcm16-prfsha384-ecp384"}},
            theirs={"conn": {"proposals": "aes128-sha256-modp3072"}})


@case("charon", each=ROLES)
def strongswan_no_common_esp_proposal(bench, we_initiate):
    refused(bench, we_initiate, "NO_PROPOSAL_CHOSEN", keeps_ike_sa=True, theirs={"child": {
        "esp_proposals": "aes128-sha256"}}, ours={"child": {"esp_proposals": "aes256gcm16"}})


@case("charon", each=ROLES)
def strongswan_no_common_selectors(bench, we_initiate):
    refused(bench, we_initiate, "TS_UNACCEPTABLE", keeps_ike_sa=True, theirs={"child": {"remote_ts": "10.99.0.0/24"}})


@case("charon", each=ROLES)
def strongswan_unknown_identity(bench, we_initiate):
    refused(bench, we_initiate, "AUTHENTICATION_FAILED", ours={"local": {"id": "mars.example"}},
            theirs={"remote": {"id": "moon.example"}})


@case("charon", each=["prefix", "range"])
def strongswan_asks_for_any_of(bench, which):
    """Its remote.id is of several addresses, and so is the IDr that it sends; our own is one of them."""
    network = ipaddress.ip_network(f"{bench.moon.wan[4]}/24", strict=False)
    identity = {"prefix": str(network), "range": f"{network[0]}-{network[-1]}"}[which]
    own = {"local": {"id": bench.moon.wan[4]}}
    moon, _, _ = established(bench, False, ours=own, theirs={"remote": {"id": identity}})
    same(moon.sas()[0]["local_id"], bench.moon.wan[4], "identity of moon")
    carries(bench)


@case("charon", each=ROLES)
def strongswan_narrows(bench, we_initiate):
    """Its side of the selectors is a part of ours."""
    moon, _, _ = established(bench, we_initiate, ours={"child": {"remote_ts": "10.0.0.0/8"}})
    same(moon.children()[0]["remote_ts"], ["10.2.0.0/24"], "remote_ts")
    carries(bench)


@case("charon", each=ROLES)
def strongswan_asks_whether_we_live(bench, we_initiate):
    """Its DPD: empty requests, which we answer."""
    _, charon, wire = established(bench, we_initiate, theirs={"conn": {"dpd_delay": "1s"}})
    before = wire["ike"]
    wire.wait("ike", before + 4)
    contains(charon.sas(), "ESTABLISHED", "swanctl --list-sas")
    check("retransmit" not in charon.log(), f"charon repeats its requests\n{charon.log()}")


@case("charon")
def strongswan_wants_a_second_child(bench):
    """For networks that we do not have: refused, and the tunnel there was lives on."""
    moon, charon, _ = established(bench, False, theirs={"conn": {"children": {"more": {
        "local_ts": "10.22.0.0/24", "remote_ts": "10.11.0.0/24"}}}})
    done = charon.up("more", timeout=5)
    check(done.code != 0, f"swanctl --initiate\n{done.text}")
    contains(charon.log(), "received TS_UNACCEPTABLE", "charon's log")
    carries(bench)
    same(len(moon.children()), 1, "number of CHILD_SAs")


@case("charon")
def strongswan_dies(bench):
    """Our DPD finds out, and the SAs go."""
    moon, charon, _ = established(bench, True, ours={"conn": {"dpd_delay": "1s"}, "daemon": {
        "retransmit_timeout": "1s", "retransmit_tries": "1"}})
    charon.process.signal(signal.SIGSTOP)
    bench.afterwards(lambda: charon.process.signal(signal.SIGCONT))
    moon.wait_idle()
    charon.process.signal(signal.SIGCONT)


@case("charon", each=ROLES)
def strongswan_again_and_again(bench, we_initiate):
    moon, charon = bench.with_charon()
    for _ in range(5):
        bring_up(moon, charon, we_initiate)
        if we_initiate:
            moon.must("down", "site")
        else:
            charon.swanctl.must("--terminate", "--ike", "site")
        moon.wait_idle()
        charon.wait_idle()
