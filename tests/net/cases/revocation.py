# SPDX-License-Identifier: GPL-2.0-or-later
"""Whether a certificate is revoked: CRLs and OCSP from servers that are good, bad, slow or not there. Sun asks about
moon; the servers are on bob."""
import os
import re

from cases.certs import folder, gateways
from lab import config
from lab.case import case
from lab.check import check, contains, same, until
from lab.http import Web
from lab.net import must
from lab.pki import Authority, Credentials
from lab.traffic import reaches

UNKNOWN = "nobody says whether the certificate of C=CH, O=Lab, CN=moon is revoked"
REVOKED = "is revoked"


def credentials(bench, *more):
    """An authority, and certificates of it on both sides; MORE: words for moon's."""
    ca = Authority(bench.directory)
    moon = Credentials(folder(bench, bench.moon), bench.moon, ca, more=more)
    Credentials(folder(bench, bench.sun), bench.sun, ca)
    return ca, moon


def web(bench, answer):
    server = Web(bench.bob, bench.sun.inside[4], answer)
    bench.afterwards(server.close)
    return server


def url(bench):
    return f"http://{bench.sun.inside[4]}/list"


def pair(bench, revocation, **more):
    ours, theirs = gateways(bench, sun_remote={"revocation": revocation})
    return bench.daemon(bench.moon, ours).start(), bench.daemon(bench.sun, {**theirs, **more}).start()


def expect(moon, sun, says):
    """The tunnel comes up, or (SAYS) sun refuses it and says why."""
    done = moon.ipsec("up", "site")
    same(done.code, 1 if says else 0, f"exit code of ipsec up\n{done.text}\n{sun.log()}")
    if says:
        contains(done.text, "AUTHENTICATION_FAILED", "ipsec up")
        contains(sun.log(), says, "log of sun")


def crl_of(ca, moon, revoked):
    with open(ca.crl(*([moon.cert] if revoked else [])), "rb") as f:
        return f.read()


CRLS = [("good-strict", "good", "strict", None),
        ("redirect-strict", "redirect", "strict", None),
        ("revoked-relaxed", "revoked", "relaxed", REVOKED),
        ("down-relaxed", None, "relaxed", None),
        ("down-ifuri", None, "ifuri", UNKNOWN),
        ("down-strict", None, "strict", UNKNOWN),
        ("garbage-relaxed", "garbage", "relaxed", None),
        ("garbage-ifuri", "garbage", "ifuri", UNKNOWN),
        ("huge-ifuri", "huge", "ifuri", UNKNOWN),
        ("hang-relaxed", "hang", "relaxed", None),
        ("hang-ifuri", "hang", "ifuri", UNKNOWN)]


@case(each=CRLS)
def crl(bench, what, revocation, says):
    ca, cert = credentials(bench, "--crl", url(bench))
    if what:
        server = web(bench, what)
        server.behind = crl_of(ca, cert, False)
        if what in ("good", "revoked"):
            server.answer = crl_of(ca, cert, what == "revoked")
    moon, sun = pair(bench, revocation)
    expect(moon, sun, says)
    if not says:
        reaches(bench.alice, bench.sun.inside[4])


@case(each=[("good", False, None), ("revoked", True, REVOKED)])
def crl_of_the_configuration(bench, revoked, says):
    """The certificate says nothing; the section authorities does."""
    ca, cert = credentials(bench)
    web(bench, crl_of(ca, cert, revoked))
    expect(*pair(bench, "strict", authorities={"lab": {"cacert": "ca.pem", "crl_uris": url(bench)}}), says)


@case(each=[("good", False, None), ("revoked", True, REVOKED)])
def crl_of_an_authority_of_swanctl(bench, revoked, says):
    """swanctl brings the authority to sun, with its certificate; reading the file again does not forget it."""
    ca, cert = credentials(bench)
    web(bench, crl_of(ca, cert, revoked))
    moon, sun = pair(bench, "strict")
    swanctl = bench.swanctl(sun)
    authority = {"lab": {"cacert": ca.cert, "crl_uris": url(bench)}}
    swanctl.must("--load-authorities", "--file", swanctl.write({"authorities": authority}))
    os.unlink(f"{bench.directory}/sun/x509ca/ca.pem")
    sun.wait_log("certificates and keys have changed")
    sun.must("reload")
    expect(moon, sun, says)
    swanctl.must("--load-authorities", "--file", swanctl.write({"authorities": {}}))
    moon.ipsec("down", "site")
    expect(moon, sun, "the peer moon.example sent no certificate, and none of it is here")


@case()
def crl_is_kept_over_a_restart(bench):
    ca, cert = credentials(bench, "--crl", url(bench))
    server = web(bench, crl_of(ca, cert, False))
    moon, sun = pair(bench, "strict")
    moon.up()
    same(server.asked, 1, "requests")
    sun.stop()
    moon.wait_idle()
    server.answer = "garbage"
    sun.start()
    moon.up()
    same(server.asked, 1, "requests")


@case()
def what_was_fetched_is_listed(bench):
    """Until it is flushed; then it is fetched again."""
    ca, cert = credentials(bench, "--crl", url(bench))
    server = web(bench, crl_of(ca, cert, False))
    moon, sun = pair(bench, "strict")
    swanctl, vici = bench.swanctl(sun), bench.vici(sun)
    moon.up()
    contains(swanctl.must("--list-certs", "--type", "x509_crl"), "CN=ca", "swanctl --list-certs")
    same(swanctl.must("--list-certs", "--type", "x509_crl", "--subject", "C=CH, O=Lab, CN=another"), "", "those of another")
    same(vici.call("flush-certs", {"type": "X509_CRL"}), {"success": "yes"}, "flush-certs")
    same(swanctl.must("--list-certs", "--type", "x509_crl"), "", "swanctl --list-certs")
    moon.must("down", "site")
    moon.up()
    same(server.asked, 2, "requests")


@case()
def a_server_that_hangs_stalls_nobody(bench):
    """While sun waits for it, another tunnel comes up and ipsec status answers."""
    credentials(bench, "--crl", url(bench))
    server = web(bench, "hang")
    ours, theirs = gateways(bench, sun_remote={"revocation": "ifuri"})
    for side, conf in ((bench.moon, ours), (bench.sun, theirs)):
        conf["connections"]["quick"] = config.connection(
            side, bench.site.peer_of(side), inner=(), local={"id": f"quick-{side.id}"},
            remote={"id": f"quick-{bench.site.peer_of(side).id}"})
    moon, sun = bench.daemon(bench.moon, ours).start(), bench.daemon(bench.sun, theirs).start()
    slow = moon.spawn("up", "site")
    until(lambda: server.asked, "sun asks")
    moon.up("quick")
    contains(sun.must("status"), "quick: up", "ipsec status on sun")
    check(slow.alive(), "the tunnel that waits for the server has its verdict already")
    until(lambda: not slow.alive(), "the other has its verdict", 20)
    contains(sun.log(), UNKNOWN, "log of sun")
    contains(sun.must("status"), "quick: up", "ipsec status on sun")


def serial(cert):
    return must(["openssl", "x509", "-in", cert, "-noout", "-serial"]).strip().split("=")[1]


def responder(bench, ca, cert, revoked, host=None):
    """openssl ocsp with the authority's own key, on bob or HOST."""
    index = f"{bench.directory}/index"
    state = "R\t300101000000Z\t260101000000Z" if revoked else "V\t300101000000Z\t"
    with open(index, "w", encoding="ascii") as f:
        f.write(f"{state}\t{serial(cert.cert)}\tunknown\t/CN=moon\n")
    process = (host or bench.bob).spawn(["openssl", "ocsp", "-index", index, "-port", "80", "-rsigner", ca.cert, "-rkey", ca.key,
                               "-CA", ca.cert, "-ndays", "1"], f"{bench.directory}/ocsp")
    bench.afterwards(process.kill)
    until(lambda: re.search(r"waiting for|ACCEPT", process.log()), lambda: f"openssl ocsp listens: {process.log()}")


@case(each=[("good-strict", False, "strict", None), ("revoked-relaxed", True, "relaxed", REVOKED)])
def ocsp(bench, revoked, revocation, says):
    ca, cert = credentials(bench, "--ocsp", url(bench))
    responder(bench, ca, cert, revoked)
    expect(*pair(bench, revocation), says)


@case(each=[("asked-for", "request", None), ("not-asked-for", "never", UNKNOWN)])
def ocsp_in_ike(bench, policy, says):
    """Sun does not reach the responder: moon asks, and sends what it says along."""
    ca, cert = credentials(bench, "--ocsp", f"http://{bench.moon.inside[4]}/")
    bench.nft(bench.sun.gateway, "chain in { type filter hook ingress device wan priority 0; tcp sport 80 drop; }")
    responder(bench, ca, cert, False, bench.alice)
    ours, theirs = gateways(bench, sun_remote={"revocation": "strict"})
    theirs["connections"]["site"]["ocsp"] = policy
    expect(bench.daemon(bench.moon, ours).start(), bench.daemon(bench.sun, theirs).start(), says)


@case(each=[("down-relaxed", "relaxed", None), ("down-strict", "strict", UNKNOWN)])
def ocsp_without_a_server(bench, revocation, says):
    credentials(bench, "--ocsp", url(bench))
    expect(*pair(bench, revocation), says)


@case(each=[("good", False, None), ("revoked", True, REVOKED)])
def crl_where_ocsp_fails(bench, revoked, says):
    """The certificate names both; the server has no OCSP."""
    ca, cert = credentials(bench, "--ocsp", f"http://{bench.sun.inside[4]}:81/", "--crl", url(bench))
    web(bench, crl_of(ca, cert, revoked))
    expect(*pair(bench, "strict"), says)


@case(each=[("close", "close"), ("keep", "keep")])
def revoked_while_a_tunnel_is_up(bench, policy):
    """The CRL comes as a file. Where sun's connection wants it, the IKE_SA ends at once, and status says why; else it
    lives on, and the next authentication fails."""
    ca, cert = credentials(bench)
    ours, theirs = gateways(bench)
    theirs["connections"]["site"]["cert_revoked"] = policy
    moon, sun = bench.daemon(bench.moon, ours).start(), bench.daemon(bench.sun, theirs).start()
    moon.up()
    os.makedirs(f"{bench.directory}/sun/x509crl", exist_ok=True)
    sun.must("reload")
    with open(f"{bench.directory}/sun/x509crl/new", "wb") as f:
        f.write(crl_of(ca, cert, True))
    os.rename(f"{bench.directory}/sun/x509crl/new", f"{bench.directory}/sun/x509crl/ca.crl")
    sun.wait_log("certificates and keys have changed, and were read again")
    if policy == "close":
        sun.wait_log(REVOKED, "(connections.site.cert_revoked)")
        moon.wait_idle()
        same(sun.sas(), [], "IKE_SAs of sun")
        contains(sun.must("status"), REVOKED, "ipsec status on sun")
    else:
        reaches(bench.alice, bench.sun.inside[4])
        moon.ipsec("rekey", "--reauth", "site")
        sun.wait_log(REVOKED)
