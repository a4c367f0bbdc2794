# SPDX-License-Identifier: GPL-2.0-or-later
"""Tunnels that must not come up, and the sentences that say why: a row is a change of a working pair, and what stands on
the initiator in `ipsec up` and on the responder in its log."""
import os

from cases.certs import folder, gateways, with_charon
from cases.eap import PASSWORD, client, gateway
from lab.case import case, user_case
from lab.charon import ROLES
from lab.check import check, contains, same, until
from lab.config import merged
from lab.net import must
from lab.pki import Authority, Credentials

SOON = {"retransmit_timeout": "0.3s", "retransmit_tries": "2", "retransmit_jitter": "0"}
PAST = ("--not-before", "01.01.20 00:00:00", "--not-after", "01.02.20 00:00:00")
FUTURE = ("--not-before", "01.01.36 00:00:00", "--not-after", "01.02.36 00:00:00")
VIPS = {"conn": {"vips": "0.0.0.0"}, "child": {"local_ts": "dynamic"}}
PPK = {"conn": {"ppk_id": "winter", "ppk_required": "yes"}}


def pair(moon=None, sun=None, **both):
    """Configurations with preshared keys; MOON and SUN are changes of one."""
    def make(bench):
        return (bench.tunnel(bench.moon, **merged(both, moon or {})), bench.tunnel(bench.sun, **merged(both, sun or {})))
    return make


def proposals(moon, sun, key="proposals"):
    where = "conn" if key == "proposals" else "child"
    return pair({where: {key: moon}}, {where: {key: sun}})


def whole(moon=None, sun=None):
    """The same, with changes of the whole file."""
    def make(bench):
        return merged(bench.tunnel(bench.moon), moon or {}), merged(bench.tunnel(bench.sun), sun or {})
    return make


def certified(fault=None, moon=None, sun=None, sun_remote=None, moon_remote=None, **changes):
    """Both have certificates; those of moon are made by FAULT(bench, ca)."""
    def make(bench):
        ca = Authority(bench.directory)
        Credentials(folder(bench, bench.sun), bench.sun, ca)
        (fault or right)(bench, ca)
        return gateways(bench, moon, sun, moon_remote, sun_remote, **changes)
    return make


def right(bench, ca, **how):
    return Credentials(folder(bench, bench.moon), bench.moon, ca, **how)


def with_(**how):
    return lambda bench, ca: right(bench, ca, **how)


def revoked(bench, ca):
    moon = right(bench, ca)
    os.makedirs(f"{folder(bench, bench.sun)}/x509crl")
    os.rename(ca.crl(moon.cert), f"{folder(bench, bench.sun)}/x509crl/ca.crl")


def of_another_ca(bench, ca):
    Credentials(folder(bench, bench.moon), bench.moon, Authority(bench.directory, "other"), trusts=(ca,))


def below_a_ca_that_is_not_sent(bench, ca):
    own = Authority(bench.directory, "own", by=ca)
    Credentials(folder(bench, bench.moon), bench.moon, own, trusts=(ca,))


def without_key(bench, ca):
    right(bench, ca)
    os.unlink(f"{folder(bench, bench.moon)}/private/moon.pem")


def without_ca(bench, ca):
    right(bench, ca)
    os.unlink(f"{folder(bench, bench.moon)}/x509ca/ca.pem")


def eap(method="eap-mschapv2", theirs=None, eap_id="%any", user="carol", password=PASSWORD, moon=None, **passwords):
    def make(bench):
        return (client(bench, bench.moon, method, user, password, **(moon or {})),
                gateway(bench, bench.sun, theirs or method, eap_id=eap_id, **passwords))
    return make


def deaf(rules):
    """sun drops."""
    return lambda bench: bench.nft(bench.sun.gateway, f"chain in {{ type filter hook ingress device wan priority 0; {rules} }}")


def rejects(kind, hook="input"):
    """sun refuses what is for it, or for others, and says so."""
    def between(bench):
        gateway = bench.sun.gateway
        gateway.nft(f"table ip lab {{ chain in {{ type filter hook {hook} priority 0; "
                    f"udp dport 500 reject with icmp type {kind}; }}; }}")
        bench.afterwards(lambda: gateway.must(["nft", "delete", "table", "ip", "lab"]))
    return between


def no_way_out(bench):
    gateway, route = bench.moon.gateway, f"default via {bench.sun.wan[6]}"
    gateway.must(["ip", "-6", "route", "del", *route.split()])
    bench.afterwards(lambda: gateway.must(["ip", "-6", "route", "add", *route.split()]))


def answers_from_elsewhere(bench):
    bench.nft(bench.moon.gateway, "chain in { type filter hook ingress device wan priority 0; "
              "udp sport { 500, 4500 } ip saddr set 198.51.100.9; }")

def radius_nobody_has(bench):
    ours, theirs = eap("eap-md5", "eap-radius")(bench)
    return ours, {**theirs, "daemon": {"radius": {"server": "10.2.0.77", "secret": "x", "retransmit_timeout": "0.2s",
                                                  "retransmit_tries": "1"}}}


REFUSED_IKE = ["the peer refused IKE_SA_INIT of connection site with NO_PROPOSAL_CHOSEN", "(connections.site.proposals)",
               "proposals as the peer has them; or, at the peer, remote_addrs with 192.0.2.1"]
REFUSED_ESP = ["the peer refused CHILD_SA net with NO_PROPOSAL_CHOSEN", "(connections.site.children.net.esp_proposals)",
               "esp_proposals as the peer has them"]
REFUSED_TS = ["the peer refused CHILD_SA net with TS_UNACCEPTABLE", "local_ts = 10.1.0.0/24; remote_ts = 10.2.0.0/24",
              "(connections.site.children.net.remote_ts)", "local_ts and remote_ts that mirror the peer's"]
DOUBTS = "the peer refused to authenticate site with AUTHENTICATION_FAILED: it does not know our identity, or "
REFUSED_PSK = [f"{DOUBTS}has another secret for it", "auth = psk", "(connections.site.local.id)", "its log says which differs"]
REFUSED_CERT = [f"{DOUBTS}does not trust our certificate", "configured: id = moon.example, auth = pubkey"]
REFUSED_EAP = [f"{DOUBTS}wants another EAP method or password"]
DISTRUSTED = ["the peer could not authenticate us and deletes the IKE_SA: it does not know our identity, or ",
"id = sun.example",
              "(connections.site.local.id)"]
MOON = "C=CH, O=Lab, CN=moon"
WRONG_ADDRESS = "no connection is for the addresses 192.0.2.2 (here) and 192.0.2.1 (the peer)"
NO_IKE = "no IKE proposal of the peer is allowed by connection site"
NO_ESP = "no ESP proposal of the peer is allowed by child net of connection site"
NO_TS = "no child of connection site covers the traffic selectors of the peer"

# Ours with ours: what is wrong, what stands on moon, which begins, and in sun's log (None: it knows nothing of it).
OURS = [
    ("address", pair(sun={"conn": {"remote_addrs": "198.51.100.77"}}), REFUSED_IKE,
     [WRONG_ADDRESS, "the nearest is site, which has other remote_addrs", "(connections.site.remote_addrs)",
      "remote_addrs = 192.0.2.1"]),
    ("own-address", pair(sun={"conn": {"local_addrs": "198.51.100.1"}}), REFUSED_IKE,
     [WRONG_ADDRESS, "the nearest is site, which has other local_addrs", "(connections.site.local_addrs)",
      "local_addrs = 192.0.2.2"]),
    ("no-connection", whole(sun={"connections": None}), REFUSED_IKE, [WRONG_ADDRESS, "no connection at all"]),
    ("identity", pair(moon={"local": {"id": "mars.example"}}), [*REFUSED_PSK, "configured: id = mars.example"],
     ["no connection is for a peer that calls itself mars.example (FQDN)", "configured=moon.example",
      "(connections.site.remote.id)", "id = mars.example"]),
    ("identity-asked-for", pair(moon={"remote": {"id": "venus.example"}}), REFUSED_PSK,
     ["moon.example asks for venus.example, and no connection for it is that", "configured=sun.example",
      "(connections.site.local.id)", "id = venus.example"]),
    ("identity-of-the-peer", pair(moon={"remote": {"id": "*.venus.example"}}),
     ["the peer has another identity than configured", "offered: sun.example", "configured: *.venus.example",
      "(connections.site.remote.id)", "id = sun.example"], [*DISTRUSTED, "auth = psk"]),
    ("auth-of-us", pair(sun={"remote": {"auth": "pubkey"}}), REFUSED_PSK,
     ["no connection for moon.example takes the way in which it proves who it is", "offered=psk", "auth = pubkey",
      "(connections.site.remote.auth)", "auth = psk"]),
    ("auth-of-the-peer", pair(moon={"remote": {"auth": "pubkey"}}),
     ["the peer proves its identity in another way than is configured", "offered: psk", "configured: auth = pubkey",
      "(connections.site.remote.auth)", "instead: auth = psk"], DISTRUSTED),
    ("secret", pair(moon={"secret": "not what sun has"}), REFUSED_PSK,
     ["the shared secret ike-site is not the one that moon.example used", "(secrets.ike-site.secret)",
      "the same secret on both sides"]),
    ("no-secret-there", whole(sun={"secrets": {"ike-site": {"id-1": "somebody.else"}}}), REFUSED_PSK,
     ["no shared secret for sun.example … moon.example", "ike-NAME { … }", "id-2 = moon.example"]),
    ("no-secret-here", whole(moon={"secrets": {"ike-site": {"id-1": "somebody.else"}}}),
     ["no shared secret for moon.example … sun.example", "ike-NAME { … }", "id-2 = sun.example"], None),
    ("ike-encryption", proposals("aes256gcm16-prfsha384-x25519, aes128-sha256-x25519", "aes128gcm16-prfsha256-x25519"),
     REFUSED_IKE,
     [NO_IKE, "offered=\"aes256gcm16-prfsha384-x25519, aes128-sha256-prfsha256-x25519\"",
      "configured=aes128gcm16-prfsha256-x25519",
      "encryption: offered aes128, configured aes128gcm16", "(connections.site.proposals)",
      "proposals = aes128-sha256-prfsha256-x25519"]),
    ("ike-group", proposals("aes256gcm16-prfsha256-ecp384", "aes256gcm16-prfsha256-x25519"), REFUSED_IKE,
     [NO_IKE, "differs=\"key exchange: offered ecp384, configured x25519\"", "proposals = aes256gcm16-prfsha256-ecp384"]),
    ("ike-beside-a-connection-that-is-not-used",
     whole(moon={"connections": {"site": {"proposals": "aes256gcm16-prfsha256-ecp384"}}},
           sun={"connections": {"site": {"proposals": "aes256gcm16-prfsha256-x25519"},
                                "other": {"proposals": "3des-sha1-modp768", "local": {"auth": "psk"},
                                          "remote": {"auth": "psk"}}}}), REFUSED_IKE,
     [NO_IKE, "differs=\"key exchange: offered ecp384, configured x25519\"", "proposals = aes256gcm16-prfsha256-ecp384"]),
    ("ike-prf", proposals("aes256gcm16-prfsha384-x25519", "aes256gcm16-prfsha256-x25519"), REFUSED_IKE,
     [NO_IKE, "differs=\"prf: offered prfsha384, configured prfsha256\"", "proposals = aes256gcm16-prfsha384-x25519"]),
    ("ike-integrity", proposals("aes256-sha512-x25519", "aes256-sha256-x25519"), REFUSED_IKE,
     [NO_IKE, "integrity: offered sha512, configured sha256; prf: offered prfsha512, configured prfsha256"]),
    ("esp-encryption", proposals("aes256gcm16", "aes128-sha256", "esp_proposals"), REFUSED_ESP,
     [NO_ESP, "offered=aes256gcm16", "configured=aes128-sha256", "encryption: offered aes256gcm16, configured aes128",
      "(connections.site.children.net.esp_proposals)", "esp_proposals = aes256gcm16"]),
    ("esp-integrity", proposals("aes128-sha512", "aes128-sha256", "esp_proposals"), REFUSED_ESP,
     [NO_ESP, "differs=\"integrity: offered sha512, configured sha256\"", "esp_proposals = aes128-sha512"]),
    ("esp-esn", proposals("aes256gcm16-esn", "aes256gcm16-noesn", "esp_proposals"), REFUSED_ESP,
     [NO_ESP, "extended sequence numbers: offered esn, configured noesn", "esp_proposals = aes256gcm16-esn"]),
    ("ts-there", pair(sun={"child": {"remote_ts": "10.99.0.0/24"}}), REFUSED_TS,
     [NO_TS, "offered=\"10.2.0.0/24 === 10.1.0.0/24 (here === there)\"",
      "net: local_ts = 10.2.0.0/24; remote_ts = 10.99.0.0/24",
      "there: asked for 10.1.0.0/24, configured 10.99.0.0/24", "(connections.site.children.net.remote_ts)",
      "remote_ts = 10.1.0.0/24"]),
    ("ts-here", pair(sun={"child": {"local_ts": "10.98.0.0/24"}}), REFUSED_TS,
     [NO_TS, "here: asked for 10.2.0.0/24, configured 10.98.0.0/24", "(connections.site.children.net.local_ts)",
      "local_ts = 10.2.0.0/24"]),
    ("ts-of-the-nearest", pair(sun={"conn": {"children": {"far": {"local_ts": "10.97.0.0/24", "remote_ts": "10.97.1.0/24"},
                                                          "net": {"local_ts": "10.98.0.0/24"}}}}), REFUSED_TS,
     [NO_TS, "net: local_ts = 10.98.0.0/24", "(connections.site.children.net.local_ts)"]),
    ("childless", pair(moon={"conn": {"childless": "force"}}, sun={"conn": {"childless": "never"}}),
     ["the peer cannot set up an IKE_SA without CHILD_SA (RFC 6023)", "(connections.site.childless)",
      "childless = prefer"], None),
    ("ppk-here", pair(moon=PPK), ["the peer has no post-quantum preshared key", "(connections.site.ppk_required)",
                                  "ppk_required = no, or a PPK at the peer"], None),
    ("ppk-there", pair(sun=PPK), REFUSED_PSK, ["the peer uses no post-quantum preshared key",
     "(connections.site.ppk_required)"]),
    ("expired", certified(with_(more=PAST)), REFUSED_CERT,
     [f"the certificate of {MOON} has expired (on 2020-02-01 00:00:00 UTC), and here it is 20",
      "(connections.site.remote.auth)",
      "a new certificate: ipsec pki renew"]),
    ("not-yet-valid", certified(with_(more=FUTURE)), REFUSED_CERT,
     [f"the certificate of {MOON} is not valid yet (from 2036-01-01 00:00:00 UTC on), and here it is 20",
      "the right time on both machines, or a certificate that is valid already"]),
    ("unknown-ca", certified(of_another_ca), REFUSED_CERT,
     [f"the certificate of {MOON} was issued by a CA that is not here (C=CH, O=Lab, CN=other)",
      "the CA's certificate in the folder x509ca"]),
    ("revoked", certified(revoked), REFUSED_CERT,
     [f"the certificate of {MOON} (serial ", "is revoked: the CRL of C=CH, O=Lab, CN=ca says so",
      "a new certificate: ipsec pki issue"]),
    ("revocation", certified(sun_remote={"revocation": "strict"}), REFUSED_CERT,
     [f"nobody says whether the certificate of {MOON} is revoked: there is no CRL", "revocation = ifuri"]),
    ("usage", certified(with_(more=("--flag", "ocspSigning"))), REFUSED_CERT,
     [f"the certificate of {MOON} is for something else: its extendedKeyUsage has none of serverAuth, clientAuth, ipsecIKE"]),
    ("name", certified(with_(san="mars.example"), moon={"id": "mars.example"}, sun_remote={"id": "moon.example"}),
     [DOUBTS, "configured: id = mars.example, auth = pubkey"],
     ["no connection is for a peer that calls itself mars.example (FQDN)", "configured=moon.example", "id = mars.example"]),
    ("name-of-the-peer", certified(moon_remote={"id": "*.venus.example"}),
     ["the peer has another identity than configured", "offered: sun.example", "id = sun.example"], [*DISTRUSTED,
      "auth = pubkey"]),
    ("private-key", certified(without_key), [f"there is no private key for the certificate of {MOON}",
     "(connections.site.local.certs)",
                                             "its key, in the folder private"], None),
    ("ca", certified(without_ca), ["the peer sun.example sent no certificate, and none of it is here", "no CA is trusted here",
                                   "the CA's certificate in the folder x509ca"], DISTRUSTED),
    ("intermediate", certified(below_a_ca_that_is_not_sent), REFUSED_CERT,
     [f"the certificate of {MOON} was issued by a CA that is not here (C=CH, O=Lab, CN=own)",
      "an intermediate one is to be sent by the peer"]),
    ("strength", certified(with_(kind="rsa"), sun_remote={"auth": "rsa-3072"}), REFUSED_CERT,
     ["the peer's key is none that the connection admits", "RSA 2048 bits", "a key of type rsa with at least 3072 bits"]),
    ("policy", certified(sun_remote={"cert_policy": "1.2.3.4"}), REFUSED_CERT,
     [f"the certificate of {MOON} has not the policy that the connection demands (1.2.3.4)"]),
    ("eap-password", eap(password="another"),
     ["The gateway refuses us in EAP-MSCHAPv2 (E=691): the name is not known there, or the password is wrong",
      "(secrets.eap-carol.secret)"],
     ["The name is not known, or the password is wrong (EAP-MSCHAPv2)", "(secrets.eap-carol.secret)"]),
    ("eap-user", eap(user="mallory"), ["the name is not known there, or the password is wrong"],
     ["there is no secret to prove by EAP who is mallory", "eap-NAME { … }", "id = mallory"]),
    ("eap-method", eap("eap-md5", "eap-mschapv2"), ["it does not know the name, or has none of our methods",
     "(connections.site.local.auth)"],
     ["The peer refuses EAP-MSCHAPv2 and asks for EAP-MD5, which is not among those of this connection",
      "(connections.site.remote.auth)"]),
    ("eap-of-somebody-else", eap(eap_id="dave"), REFUSED_EAP,
     ["no connection is for the user carol", "site: its remote.eap_id is dave", "eap_id = carol"]),
    ("eap-unwanted", pair(sun={"remote": {"auth": "eap-mschapv2"}}), REFUSED_PSK,
     ["no connection for moon.example takes the way in which it proves who it is", "auth = eap-mschapv2", "auth = psk"]),
    ("no-pool", pair(moon=VIPS, sun={"child": {"remote_ts": "dynamic"}}),
     ["the gateway has no virtual address for us", "(connections.site.vips)", "INTERNAL_ADDRESS_FAILURE"],
     ["moon.example asks for a virtual address, and connection site has no pools", "(connections.site.pools)", "pools = NAME"]),
    ("radius-is-silent", radius_nobody_has,
     ["The gateway refuses us before any EAP method ran", "(connections.site.local.auth)"],
     ["no RADIUS server answers", "(connections.site.remote.auth)"]),
    ("no-vips", pair(sun={"conn": {"pools": "rw"}}),
     ["FAILED_CP_REQUIRED", "vips = 0.0.0.0, for the peer gives virtual addresses"],
     ["moon.example does not ask for a virtual address, which connection site gives"]),
]


def refused(bench, moon, says):
    done = moon.ipsec("up", "site", "--timeout", "15")
    same(done.code, 1, f"exit code of ipsec up\n{done.text}")
    for part in says:
        contains(done.err, part, "ipsec up")
    failure = moon.connection()["last_failure"]
    check(failure and failure["begun_by"] == "us" and failure["stage"], f"ipsec status of moon keeps the failure: {failure}")
    contains(done.err, f"{failure['what']}\n  stage: {failure['stage']}", "ipsec up")
    contains(moon.must("status", "site"), f"last failure: {failure['what']}\n    stage: ", "ipsec status")


def log_says(daemon, says):
    """On one line."""
    def found():
        return any("event=refused" in line and all(part in line for part in says) for line in daemon.log().splitlines())
    until(found, lambda: f"{daemon.host.name} says {says}:\n{daemon.log()}")


def remembered(daemon, what):
    """Of the connection that was the nearest, or of nobody's."""
    told = daemon.json("failures")
    kept = [f for where in (told["strangers"], *(c["failures"] for c in told["connections"])) for f in where]
    check(any(what in f["what"] and f["begun_by"] == "peer" and f["remote_host"] == "192.0.2.1" for f in kept),
          f"ipsec failures of {daemon.host.name} has {what!r}: {kept}")


@case(each=OURS, quick=("secret", "ike-encryption"))
def why(bench, make, begins, answers):
    ours, theirs = make(bench)
    moon, sun = bench.daemon(bench.moon, ours).start(), bench.daemon(bench.sun, theirs).start()
    refused(bench, moon, begins)
    if answers is not None:
        log_says(sun, answers)
        remembered(sun, answers[0])
        sun.wait_idle()
    else:
        check("event=refused" not in sun.log(), f"sun refuses nothing\n{sun.log()}")
    moon.wait_idle()


# What one machine cannot do: the connection is not used there, and it is said before anybody is asked.
UNUSED = [
    ("kernel", {"child": {"datapath": "kernel"}},
     ["child net cannot be carried: this kernel has no ESP", "set datapath = auto"]),
    ("mode", {"child": {"mode": "transport"}}, ["the userspace path has no transport mode (mode), and this kernel has no ESP"]),
    ("algorithm", {"child": {"esp_proposals": "camellia256-sha256"}},
     ["\"camellia256\" is not built in, and no other proposal is left (write default, or what ipsec list algs has)"]),
    ("ike-algorithm", {"conn": {"proposals": "3des-sha1-modp768"}},
     ["connections.site.proposals: \"3des\" is not built in, and no other proposal is left (write default"]),
]


@user_case(each=UNUSED)
def why_it_is_not_used(bench, changes, says):
    """Here; and there, where a peer is told nothing, and the log more."""
    moon, sun = bench.pair(moon=changes)
    done = moon.ipsec("up", "site")
    same(done.code, 1, f"exit code of ipsec up\n{done.text}")
    for part in says:
        contains(done.err, part, "ipsec up")
        contains(moon.must("status"), part, "ipsec status")
    same(moon.connection()["state"], "unusable", "state of the connection")
    refused(bench, sun, ["the peer refused IKE_SA_INIT of connection site with NO_PROPOSAL_CHOSEN"])
    log_says(moon, ["no connection is for the addresses 192.0.2.1 (here) and 192.0.2.2 (the peer)",
                    "connection site is for them, but is not used: "])


NO_ANSWER = "no answer from 192.0.2.2[500] to IKE_SA_INIT of connection site after 3 tries; "

# Nobody answers moon: what is between the two (NOBODY: there is no daemon on sun), and what is changed of moon.
NOBODY = None
SILENT = [
    ("nothing-comes-back", deaf("udp dport 500 drop;"), {},
     [f"{NO_ANSWER}nothing at all came back", "(connections.site.remote_addrs)",
      "let UDP 500 and 4500 through the firewalls between"]),
    ("nothing-on-4500", deaf("udp dport 4500 drop;"), {},
     ["no answer from 192.0.2.2[4500] to IKE_AUTH of connection site after 3 tries; port 500 has answered before: it is "
      "UDP 4500 that does not come through", "let UDP 4500 through the firewalls between"]),
    ("answers-from-elsewhere", answers_from_elsewhere, {},
     [f"{NO_ANSWER}an answer came from 198.51.100.9, which was not asked, and was not taken", "remote_addrs = 198.51.100.9"]),
    ("no-daemon", NOBODY, {},
     [f"{NO_ANSWER}192.0.2.2 says that nobody listens on that port: no IKE daemon runs there (ICMP)",
      "an address where an IKE daemon answers"]),
    ("no-daemon-of-ipv6", NOBODY, {"outer": 6}, ["2001:db8:ff::2 says that nobody listens on that port"]),
    ("no-host", rejects("host-unreachable", "forward"), {"conn": {"remote_addrs": "198.51.100.77"}},
     ["192.0.2.2 says that the host cannot be reached (ICMP)"]),
    ("no-network", rejects("net-unreachable", "forward"), {"conn": {"remote_addrs": "198.51.100.77"}},
     ["192.0.2.2 says that there is no way to that network (ICMP)"]),
    ("no-route", no_way_out, {"outer": 6, "conn": {"remote_addrs": "2001:db8:77::1"}},
     ["no route to 2001:db8:77::1", "(connections.site.remote_addrs)", "an address to which this machine has a route"]),
    ("firewall", rejects("admin-prohibited"), {},
     [f"{NO_ANSWER}192.0.2.2 says that a firewall forbids it (ICMP)", "let UDP 500 and 4500 through the firewall there"]),
]


@case(each=SILENT)
def why_nobody_answers(bench, between, changes, says):
    for key in "net.ipv4.icmp_ratelimit", "net.ipv6.icmp.ratelimit":  # of what the cases before were told, too
        bench.sysctl(bench.sun.gateway, key, 0)
    if between:
        between(bench)
        bench.start(bench.sun)
    refused(bench, bench.start(bench.moon, daemon=SOON, **changes), says)


@case(each=[("of-a-silent-peer", deaf("udp dport 500 drop;"), "no answer from 192.0.2.2[500] to IKE_SA_INIT of connection"),
            ("of-a-host-without-a-daemon", NOBODY, "192.0.2.2 says that nobody listens on that port")])
def why_it_takes_so_long(bench, between, says):
    """Who does not wait until the end is told what is known so far."""
    if between:
        between(bench)
    moon = bench.start(bench.moon, daemon={"retransmit_timeout": "0.4s"})
    done = moon.ipsec("up", "site", "--timeout", "1")
    same(done.code, 1, f"exit code of ipsec up\n{done.text}")
    for part in "still being set up after 1.0 s: ", says, "; it goes on", "stage: IKE_SA_INIT", ".remote_addrs)":
        contains(done.err, part, "ipsec up")


# strongSwan on sun answers: what is wrong, and what stands on moon.
ANSWERS = [
    ("address", pair(sun={"conn": {"remote_addrs": "198.51.100.77"}}), REFUSED_IKE),
    ("proposal", proposals("aes256gcm16-prfsha384-ecp384", "aes128gcm16-prfsha256-x25519"), REFUSED_IKE),
    ("esp-proposal", proposals("aes256gcm16", "aes128-sha256", "esp_proposals"), REFUSED_ESP),
    ("ts", pair(sun={"child": {"remote_ts": "10.99.0.0/24"}}), REFUSED_TS),
    ("secret", pair(moon={"secret": "not what sun has"}), REFUSED_PSK),
    ("identity", pair(moon={"local": {"id": "mars.example"}}), REFUSED_PSK),
    ("identity-of-the-peer", pair(moon={"remote": {"id": "*.venus.example"}}),
     ["the peer has another identity than configured", "offered: sun.example", "id = sun.example"]),
    ("auth-of-the-peer", pair(moon={"remote": {"auth": "pubkey"}}),
     ["the peer proves its identity in another way than is configured", "offered: psk", "instead: auth = psk"]),
    ("eap-password", eap(password="another"), ["The gateway refuses us in EAP-MSCHAPv2", "(secrets.eap-carol.secret)"]),
    ("eap-method", eap("eap-md5", "eap-mschapv2"), ["it does not know the name, or has none of our methods"]),
    ("no-pool", pair(moon=VIPS, sun={"child": {"remote_ts": "dynamic"}}), ["the gateway has no virtual address for us"]),
    ("ppk", pair(moon=PPK), ["the peer has no post-quantum preshared key"]),
]


@case("charon", each=ANSWERS)
def why_strongswan_refuses(bench, make, says):
    ours, theirs = make(bench)
    bench.charon.load(theirs)
    refused(bench, bench.daemon(bench.moon, ours).start(), says)


# It begins: what is wrong with the connection that it has on sun, and ours on moon, and what stands in moon's log.
BEGINS = [
    ("address", pair(moon={"conn": {"remote_addrs": "198.51.100.77"}}),
     ["no connection is for the addresses 192.0.2.1 (here) and 192.0.2.2 (the peer)", "(connections.site.remote_addrs)",
      "remote_addrs = 192.0.2.2"]),
    ("proposal", proposals("aes256gcm16-prfsha384-ecp384", "aes128gcm16-prfsha256-ecp384"),
     [NO_IKE, "encryption: offered aes128gcm16, configured aes256gcm16; prf: offered prfsha256, configured prfsha384",
      "proposals = aes128gcm16-prfsha256-ecp384"]),
    ("old-proposal", proposals("aes256gcm16-prfsha384-ecp384", "3des-sha1-modp1024"), [NO_IKE, "3des"]),
    ("esp-proposal", proposals("aes256gcm16", "aes128-sha256", "esp_proposals"),
     [NO_ESP, "encryption: offered aes128, configured aes256gcm16", "esp_proposals = aes128-sha256"]),
    ("ts", pair(moon={"child": {"local_ts": "10.98.0.0/24"}}),
     [NO_TS, "here: asked for 10.1.0.0/24, configured 10.98.0.0/24", "local_ts = 10.1.0.0/24"]),
    ("mode", pair(sun={"child": {"mode": "transport"}}, moon={"child": {"local_ts": "10.98.0.0/24"}}),
     [NO_TS, "the peer asks for transport mode, and child net has mode = tunnel"]),
    ("secret", pair(moon={"secret": "not what sun has"}), ["the shared secret ike-site is not the one that sun.example used"]),
    ("identity", pair(sun={"local": {"id": "mars.example"}}),
     ["no connection is for a peer that calls itself mars.example (FQDN)", "id = mars.example"]),
    ("identity-asked-for", pair(sun={"remote": {"id": "venus.example"}}),
     ["sun.example asks for venus.example, and no connection for it is that", "(connections.site.local.id)"]),
    ("auth", pair(moon={"remote": {"auth": "pubkey"}}),
     ["no connection for sun.example takes the way in which it proves who it is", "offered=psk", "instead=\"auth = psk\""]),
    ("distrusts", pair(sun={"remote": {"auth": "pubkey"}}),
     ["the peer could not authenticate us and deletes the IKE_SA", "id = moon.example, auth = psk"]),
    ("no-pool", pair(sun=VIPS, moon={"child": {"remote_ts": "dynamic"}}),
     ["sun.example asks for a virtual address, and connection site has no pools"]),
    ("ppk", pair(moon=PPK), ["the peer uses no post-quantum preshared key", "ppk_required = no"]),
    ("ikev1", pair(sun={"conn": {"version": "1"}}),
     ["192.0.2.2[500] speaks IKEv1, and only IKEv2 is spoken here", "version = 2 (keyexchange = ikev2) at the peer"]),
]


@case("charon", each=BEGINS)
def why_we_refuse_strongswan(bench, make, says):
    ours, theirs = make(bench)
    moon = bench.daemon(bench.moon, ours).start()
    bench.charon.load(theirs)
    check(bench.charon.up(timeout=5).code, "strongSwan brings it up")
    log_says(moon, says)


def with_a_forged_name(bench, ca, name):
    """sun's credentials; to strongSwan its certificate is about NAME, which stands in it as the identifier of its key."""
    sun, extensions = Credentials(folder(bench, bench.sun), bench.sun, ca), f"{bench.directory}/extensions"
    with open(extensions, "w", encoding="ascii") as f:
        f.write(f"subjectKeyIdentifier={name.encode().hex()}\nsubjectAltName=DNS:{bench.sun.id}\n")
    request = must(["openssl", "req", "-new", "-key", sun.key, "-subj", "/C=CH/O=Lab/CN=sun"])
    must(["openssl", "x509", "-req", "-CA", ca.cert, "-CAkey", ca.key, "-days", "50", "-extfile", extensions, "-out",
          sun.cert], stdin=request)


@case("charon", each=ROLES)
def why_a_certificate_has_not_the_name(bench, we_initiate):
    """strongSwan says to be somebody else than its certificate says."""
    name, ca = "venus.example", Authority(bench.directory)
    right(bench, ca)
    with_a_forged_name(bench, ca, name)
    ours, theirs = gateways(bench, sun={"id": name}, moon_remote={"id": name})
    moon, charon = with_charon(bench, ours, theirs)
    says = ["the certificate of C=CH, O=Lab, CN=sun is not about the identity venus.example",
            f"C=CH, O=Lab, CN=sun | {bench.sun.id}", "(connections.site.remote.id)",
            "an identity that the certificate has (id = C=CH, O=Lab, CN=sun), or a certificate with the subjectAltName "
            "venus.example"]
    if we_initiate:
        refused(bench, moon, says)
    else:
        check(charon.up(timeout=5).code, "strongSwan brings it up")
        log_says(moon, says)
    moon.wait_idle()


@case()
def why_a_kept_tunnel_is_down(bench):
    """Since when, when it is tried next, where it fails and how often; and when it is up, that is the past."""
    kept = {"child": {"keep": "yes"}}
    moon, sun = bench.pair(moon={"secret": "not what sun has", **kept})
    vici = bench.vici(moon)
    vici.register("alert")
    failed = until(lambda: moon.connection()["last_failure"], "moon has failed")
    same((failed["stage"], failed["begun_by"], failed["remote_host"]), ("IKE_AUTH", "us", "192.0.2.2"), "the failure")
    until(lambda: moon.connection()["next_attempt"] is not None, "moon tries again later")
    contains(moon.must("status", "site"), "  next attempt: in ", "ipsec status")
    until(lambda: moon.connection()["last_failure"]["times"] > 1, "it fails again")
    vici.call("version")
    alert = next(message for event, message in vici.events if event == "alert" and message["type"] == "local-auth-failed")
    same(alert["why"]["stage"], "IKE_AUTH", "stage of the alert")
    contains(alert["why"]["what"], "refused to authenticate site", "the alert")
    moon.write(bench.tunnel(bench.moon, **kept))
    moon.must("reload")
    moon.wait_children(1)
    up = moon.connection()
    same((up["last_failure"], up["next_attempt"], up["down"]), (None, None, None), "failure, attempt and end of what is up")
    past = moon.json("failures", "site")["connections"][0]["failures"]
    contains(past[0]["what"], "refused to authenticate site", "what failed before")
    sun.kill()
    sun.start()
    moon.must("down", "site")
    until(lambda: moon.connection()["down"] is not None, "moon knows since when it is down")
    contains(moon.must("status", "site"), "  down since: 0 s ago", "ipsec status")


@case()
def why_a_tunnel_stays_down(bench):
    """Nobody tries again; the failures of a peer without a connection are nobody's."""
    moon, sun = bench.pair(sun={"conn": {"remote_addrs": "198.51.100.77"}})
    for _ in range(2):
        same(moon.ipsec("up", "site").code, 1, "exit code of ipsec up")
    contains(moon.must("status", "site"), "  next attempt: none by itself; ipsec up site, or keep = yes to go on", "status")
    contains(moon.must("failures", "site"), "2 times in the last ", "ipsec failures")
    stranger, = sun.json("failures")["strangers"]
    same((stranger["times"], stranger["remote_host"], stranger["stage"]), (2, "192.0.2.1", "IKE_SA_INIT"), "the stranger")
    contains(sun.must("failures"), "peers that no connection is for\n  failure: no connection is for the addresses", "failures")
    contains(sun.must("failures"), "; 192.0.2.1 had begun", "ipsec failures")


# One of the two rekeys with a key exchange (PFS), and the other has none for it.
PFS, NONE = {"child": {"esp_proposals": "aes256gcm16-x25519"}}, {"child": {"esp_proposals": "aes256gcm16"}}
WANTS = ["the peer refused CHILD_SA net with NO_PROPOSAL_CHOSEN", "it may want a key exchange with each rekeying (PFS), and "
         "esp_proposals names no group", "(connections.site.children.net.esp_proposals)"]
WANTS_NOT = ["the peer refused CHILD_SA net with NO_PROPOSAL_CHOSEN", "it may not want one (PFS)",
             "(connections.site.children.net.esp_proposals)"]


AHEAD = "the first rekeying of CHILD_SA net will want a key exchange (esp_proposals = aes256gcm16-x25519)"


def rekeys(moon, says):
    """moon says why not, and the tunnel that is up goes on."""
    moon.must("rekey", "site/net")
    log_says(moon, says)
    state = moon.connection()
    same((state["state"], state["last_failure"]["stage"]), ("up", "CREATE_CHILD_SA"), "connection of moon")
    contains(moon.must("status", "site"), "last failure: the peer refused CHILD_SA net", "ipsec status")


@case()
def why_it_cannot_be_rekeyed(bench):
    """sun wants what moon does not have; both say so, and sun says it ahead."""
    moon, sun = bench.pair(NONE, PFS)
    moon.up()
    contains(sun.log(), AHEAD, "log of sun")
    rekeys(moon, WANTS)
    log_says(sun, [NO_ESP, "key exchange: offered none, configured x25519", "esp_proposals = aes256gcm16"])


@case()
def why_it_might_not_be_rekeyed(bench):
    """moon wants what sun does not have: sun takes it all the same, but moon cannot know."""
    moon, _ = bench.pair(PFS, NONE)
    contains(moon.up(), AHEAD, "ipsec up")
    moon.must("rekey", "site/net")
    moon.wait_log("event=child-rekeyed")


@case("charon", each=[("here", PFS, NONE, WANTS_NOT), ("there", NONE, PFS, WANTS)])
def why_strongswan_refuses_new_keys(bench, ours, theirs, says):
    moon, _ = bench.with_charon(ours, theirs)
    moon.up()
    rekeys(moon, says)
