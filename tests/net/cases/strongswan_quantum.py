# SPDX-License-Identifier: GPL-2.0-or-later
"""Post-quantum preshared keys (RFC 8784) and additional key exchanges: ours on moon, strongSwan's charon on sun."""
from lab import config
from lab.case import case
from lab.charon import ROLES
from lab.check import Skipped, contains, same, until
from lab.net import run
from lab.traffic import reaches

NAME = "winter.example.org"


def load(bench, ours, theirs):
    """Each of OURS and THEIRS: keys of the connection, and the secret of the PPK or None."""
    def whole(side, peer, part):
        conn, secret = part
        text = config.tunnel(side, peer, conn=conn)
        if secret:
            text["secrets"]["ppk-winter"] = {"id": NAME, "secret": secret}
        return text

    bench.charon.load(whole(bench.sun, bench.moon, theirs))
    return bench.daemon(bench.moon, whole(bench.moon, bench.sun, ours)).start()


def begin(bench, moon, we_initiate):
    """The exit code."""
    return moon.ipsec("up", "site").code if we_initiate else bench.charon.up().code


def established(bench, we_initiate, ours, theirs):
    moon = load(bench, ours, theirs)
    same(begin(bench, moon, we_initiate), 0, "the tunnel comes up")
    moon.wait_children(1)
    reaches(bench.alice, bench.sun.inside[4])
    reaches(bench.bob, bench.moon.inside[4])
    return moon


USES = {"ppk_id": NAME}
DEMANDS = {"ppk_id": NAME, "ppk_required": "yes"}
SECRET = "0x5ef7ea25c4c1d5b4a3f7c9b2d6e8f0a15ef7ea25c4c1d5b4a3f7c9b2d6e8f0a1"


@case("charon", each=ROLES)
def strongswan_ppk(bench, we_initiate):
    """Both may use it, so both do; it lives on in rekeyed IKE_SAs."""
    moon = established(bench, we_initiate, (USES, SECRET), (USES, SECRET))
    contains(moon.must("statusall"), "/PPK (post-quantum)", "ipsec statusall")
    contains(bench.charon.sas(), "/PPK", "swanctl --list-sas")
    first = moon.sas()[0]["uniqueid"]
    moon.must("rekey", "site")
    moon.wait_replaced(first)
    contains(moon.must("statusall"), "/PPK (post-quantum)", "ipsec statusall after the rekeying")
    reaches(bench.alice, bench.sun.inside[4])


@case("charon", each=ROLES)
def strongswan_ppk_demanded(bench, we_initiate):
    moon = established(bench, we_initiate, (DEMANDS, SECRET), (DEMANDS, SECRET))
    contains(moon.must("status"), ", post-quantum\n", "ipsec status")


@case("charon", each=ROLES)
def strongswan_ppk_at_one_end(bench, we_initiate):
    """Who can do without does: NO_PPK_AUTH, or no USE_PPK at all."""
    moon = established(bench, we_initiate, (USES, SECRET), ({}, None))
    contains(moon.must("statusall"), "(not post-quantum)", "ipsec statusall")


@case("charon", each=ROLES)
def strongswan_ppk_lacking_where_we_demand_it(bench, we_initiate):
    moon = load(bench, (DEMANDS, SECRET), ({}, None))
    same(begin(bench, moon, we_initiate) != 0, True, "it is refused")
    moon.wait_log("no post-quantum preshared key" if we_initiate else "uses no post-quantum preshared key")


@case("charon", each=ROLES)
def strongswan_ppk_with_another_secret(bench, we_initiate):
    moon = load(bench, (DEMANDS, SECRET), (DEMANDS, "0x" + 64 * "1"))
    same(begin(bench, moon, we_initiate) != 0, True, "it is refused")
    same(moon.children(), [], "no CHILD_SA")


@case("charon", each=ROLES)
def strongswan_without_additional_key_exchanges(bench, we_initiate):
    """strongSwan 5 does not know the type of transform: it takes what comes behind."""
    both = "aes256gcm16-prfsha256-x25519-ke1_ecp384, aes256gcm16-prfsha256-x25519"
    moon = established(bench, we_initiate, ({"proposals": both}, None), ({"proposals": "aes256gcm16-prfsha256-x25519"}, None))
    contains(moon.must("statusall"), "PRF_HMAC_SHA2_256/CURVE_25519 (not post-quantum)", "ipsec statusall")


def rekeyed(bench, moon, name):
    """What replaces the child and the IKE_SA has the additional key exchange NAME, too; each begun by us."""
    moon.must("rekey", "site/net")
    until(lambda: f"AES_GCM_16-256/CURVE_25519/{name}" in moon.must("statusall"), "the child's key exchanges")
    first = moon.sas()[0]["uniqueid"]
    moon.must("rekey", "site")
    moon.wait_replaced(first)
    contains(moon.must("statusall"), f"PRF_HMAC_SHA2_256/CURVE_25519/{name}", "ipsec statusall")
    reaches(bench.alice, bench.sun.inside[4])


def with_more(method):
    return {"proposals": f"aes256gcm16-prfsha256-x25519-ke1_{method}",
            "children": {"net": {"esp_proposals": f"aes256gcm16-x25519-ke1_{method}"}}}


@case("charon", each=[(f"{method}-{role}", initiate, method, name)
                      for method, name in (("ecp384", "KE1_ECP_384"), ("mlkem512", "KE1_ML_KEM_512"),
                                           ("mlkem768", "KE1_ML_KEM_768"), ("mlkem1024", "KE1_ML_KEM_1024"))
                      for role, initiate in ROLES])
def strongswan_additional_key_exchanges(bench, we_initiate, method, name):
    """RFC 9370 with strongSwan 6, which has ML-KEM from 6.0.2 on."""
    algorithms = bench.charon.swanctl.must("--list-algs")
    if "\nke:" not in algorithms or ("ML_KEM" in name and name.removeprefix("KE1_") not in algorithms):
        raise Skipped(f"this strongSwan has no {name}")
    moon = established(bench, we_initiate, (with_more(method), None), (with_more(method), None))
    contains(moon.must("statusall"), f"CURVE_25519/{name}", "ipsec statusall")
    contains(bench.charon.sas(), name, "swanctl --list-sas")
    rekeyed(bench, moon, name)


@case("charon", each=ROLES)
def strongswan_mlkem_by_default(bench, we_initiate):
    """Ours says nothing of it: where both have it, it is chosen."""
    needs_mlkem()
    if "ML_KEM_768" not in bench.charon.swanctl.must("--list-algs"):
        raise Skipped("this strongSwan has no ML-KEM")
    both = "aes256gcm16-prfsha256-x25519-ke1_mlkem768, aes256gcm16-prfsha256-x25519"
    moon = established(bench, we_initiate, ({}, None), ({"proposals": both}, None))
    contains(moon.must("status"), ", post-quantum\n", "ipsec status")
    contains(bench.charon.sas(), "KE1_ML_KEM_768", "swanctl --list-sas")


def needs_mlkem():
    if "ML-KEM" not in run(["openssl", "list", "-kem-algorithms"]).out:
        raise Skipped("OpenSSL has no ML-KEM before 3.5")


@case(each=["mlkem512", "mlkem768", "mlkem1024"])
def mlkem(bench, method):
    """Between two of ours."""
    needs_mlkem()
    moon, sun = bench.pair(conn=with_more(method))
    moon.up()
    reaches(bench.alice, bench.sun.inside[4])
    name = f"KE1_ML_KEM_{method.removeprefix('mlkem')}"
    for end in (moon, sun):
        contains(end.must("statusall"), f"CURVE_25519/{name} (post-quantum)", "ipsec statusall")
    rekeyed(bench, moon, name)


@case()
def mlkem_by_default(bench):
    needs_mlkem()
    moon, _ = bench.pair()
    moon.up()
    contains(moon.must("status"), ", post-quantum\n", "ipsec status")
    reaches(bench.alice, bench.sun.inside[4])
