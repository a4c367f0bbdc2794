# SPDX-License-Identifier: GPL-2.0-or-later
"""Every algorithm, with traffic both ways."""
from lab.case import case
from lab.check import same
from lab.traffic import reaches, tcp

ESP = ["aes128gcm16", "aes192gcm16", "aes256gcm16", "chacha20poly1305", "aes128-sha256", "aes192-sha256", "aes256-sha256",
       "aes256-sha384", "aes256-sha512", "aes128-sha1"]
KE = ["x25519", "x448", "ecp256", "ecp384", "ecp521", "modp2048", "modp3072", "modp4096"]
IKE = ["aes128gcm16-prfsha256-x25519", "aes256gcm16-prfsha384-ecp384", "chacha20poly1305-prfsha512-x25519",
       "aes128-sha256-x25519", "aes192-sha384-x25519", "aes256-sha512-x25519", "aes128-sha1-modp2048"]


def carries(bench):
    reaches(bench.alice, bench.sun.inside[4])
    reaches(bench.bob, bench.moon.inside[4])
    tcp(bench.alice, bench.bob, bench.sun.inside[4], size=1 << 20)


@case(each=[(f"{esp}{esn}", f"{esp}{esn}") for esp in ESP for esn in ("-noesn", "-esn")],
      quick=("aes256-sha512-esn", "chacha20poly1305-noesn"))
def esp(bench, proposal):
    moon, _ = bench.pair(child={"esp_proposals": proposal})
    wire = bench.wire()
    moon.up()
    carries(bench)
    wire.all_in(bench.esp)
    same(moon.children()[0]["esn"], proposal.endswith("-esn"), "ESN")


@case(each=KE)
def key_exchange(bench, method):
    moon, _ = bench.pair(conn={"proposals": f"aes256gcm16-prfsha256-{method}"})
    moon.up()
    reaches(bench.alice, bench.sun.inside[4])


@case(each=IKE)
def ike(bench, proposal):
    moon, _ = bench.pair(conn={"proposals": proposal})
    moon.up()
    reaches(bench.alice, bench.sun.inside[4])


@case()
def other_key_exchange_than_the_first_guess(bench):
    """sun wants the second method of moon's proposal and says so: INVALID_KE_PAYLOAD."""
    moon, _ = bench.pair(moon={"conn": {"proposals": "aes256gcm16-prfsha256-x25519-ecp384"}},
                         sun={"conn": {"proposals": "aes256gcm16-prfsha256-ecp384"}})
    moon.up()
    same(moon.sas()[0]["dh_group"], "ECP_384", "method of the IKE_SA")
    reaches(bench.alice, bench.sun.inside[4])
