# SPDX-License-Identifier: GPL-2.0-or-later
"""What a connection becomes by peer = ..., with a charon that proposes what such a peer does."""
from cases.strongswan_rekey import up
from lab.case import case
from lab.check import check, contains, same

# Who it is; what it proposes for IKE and for CHILD_SAs, as its maker documents it; the key exchange of new keys for a CHILD_SA.
PEERS = [
    ("windows", "windows", "aes256-sha1-modp2048", "aes256-sha1", None),
    ("windows-by-powershell", "windows", "aes256gcm16-prfsha384-ecp384", "aes256gcm16", None),
    ("apple", "apple", "aes256-sha256-modp2048", "aes256-sha256", None),
    ("apple-with-pfs", "apple", "aes256gcm16-prfsha256-ecp256", "aes256gcm16-ecp256", "ECP_256"),
    ("android", "android", "aes256-sha512-modp4096", "aes256gcm16-modp4096", "MODP_4096"),
    ("aws", "aws", "aes128-sha1-modp2048", "aes128-sha1-modp2048", "MODP_2048"),
    ("azure", "azure", "aes256gcm16-prfsha384-ecp384", "aes256gcm16", None),
    ("gcp", "gcp", "aes256gcm16-prfsha512-modp4096", "aes256gcm16-modp4096", "MODP_4096"),
    ("fortigate", "fortigate", "aes128-sha256-modp2048", "aes128-sha256-modp2048", "MODP_2048"),
    ("asa", "asa", "aes256-sha256-modp2048", "aes256-sha1", None),
    ("mikrotik", "mikrotik", "aes128-sha1-modp2048", "aes256-sha1-modp2048", "MODP_2048"),
]


@case("charon", each=PEERS, quick=("windows",))
def preset(bench, peer, ike, esp, group):
    """The peer comes, makes new keys for both SAs, and so do we for the IKE_SA."""
    tunnel = up(bench, False, ours={"conn": {"peer": peer}},
                theirs={"conn": {"proposals": ike}, "child": {"esp_proposals": esp}})
    tunnel.changes(lambda: tunnel.end("sun").rekey("net"), children=["net"])
    same([end.child().get("dh-group") for end in tunnel.ends], [group, group], "key exchange")
    for who in "sun", "moon":
        tunnel.changes(tunnel.end(who).rekey, ike=True)
    tunnel.whole()


@case("charon")
def preset_without_the_weak_group(bench):
    """That Windows proposes as it comes: only who writes it has it, and hears that it is weak."""
    moon, charon = bench.with_charon(ours={"conn": {"peer": "windows"}},
                                     theirs={"conn": {"proposals": "aes256-sha1-modp1024"}})
    check(charon.up("net").code != 0, "it comes up")
    moon.wait_log("event=refused", "notify=NO_PROPOSAL_CHOSEN", "modp1024")
    moon.write(bench.tunnel(bench.moon, conn={"peer": "windows", "proposals": "aes256-sha1-modp1024"}))
    moon.must("reload")
    moon.wait_log("event=config", "modp1024 is weak")
    same(charon.up("net").code, 0, f"exit code of swanctl --initiate\n{charon.log()}")
    contains(str(moon.sas()), "MODP_1024", "ipsec list sas")


@case()
def preset_is_shown(bench):
    moon = bench.daemon(bench.moon, bench.tunnel(bench.moon, conn={"peer": "gcp"})).start()
    conn = moon.json("list", "conns")["connections"][0]
    same(conn["peer"], "gcp", "peer")
    same(conn["proposals"], "aes256gcm16-prfsha512-modp4096", "proposals")
    same(conn["rekey_time"], 9 * 3600, "rekey_time")
    same(conn["children"][0]["esp_proposals"], "aes256gcm16-modp4096", "esp_proposals")
