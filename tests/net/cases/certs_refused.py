# SPDX-License-Identifier: GPL-2.0-or-later
"""Certificates of strongSwan that we refuse: AUTHENTICATION_FAILED on the wire, and on our side a sentence that names
the lines of the configuration, the certificate and the rule."""
import os

from cases.certs import folder, gateways, with_charon
from lab.case import case
from lab.charon import ROLES, bring_up
from lab.check import check, contains
from lab.pki import Authority, Credentials
from lab.traffic import reaches

PAST = ("--not-before", "01.01.20 00:00:00", "--not-after", "01.02.20 00:00:00")
SUN = "C=CH, O=Lab, CN=sun"


def expired(bench, ca):
    Credentials(folder(bench, bench.sun), bench.sun, ca, more=PAST)


def of_another_ca(bench, ca):
    Credentials(folder(bench, bench.sun), bench.sun, Authority(bench.directory, "other"), trusts=(ca,))


def with_another_name(bench, ca):
    Credentials(folder(bench, bench.sun), bench.sun, ca, san="mars.example")


def revoked(bench, ca):
    sun = Credentials(folder(bench, bench.sun), bench.sun, ca)
    os.makedirs(f"{folder(bench, bench.moon)}/x509crl")
    os.rename(ca.crl(sun.cert), f"{folder(bench, bench.moon)}/x509crl/ca.crl")


def for_ocsp(bench, ca):
    """What it is for is none of IKE's business."""
    Credentials(folder(bench, bench.sun), bench.sun, ca, more=("--flag", "ocspSigning"))


FAULTS = [("expired", expired, f"the certificate of {SUN} has expired (on 2020-02-01 00:00:00 UTC)"),
          ("wrong-ca", of_another_ca, f"the certificate of {SUN} was issued by a CA that is not here (C=CH, O=Lab, CN=other)"),
          ("revoked", revoked, f"the certificate of {SUN} (serial "),
          ("wrong-usage", for_ocsp, f"the certificate of {SUN} is for something else: its extendedKeyUsage has none of")]


def refused(bench, moon, charon, says):
    contains(moon.ipsec("up", "site").text, says, "ipsec up")
    contains(moon.log(), 'ikev2d.conf:', "log of moon")
    contains(moon.log(), "(connections.site.remote.", "log of moon")
    moon.wait_idle()
    before = len(moon.log())
    check(charon.up().code, "charon brings it up")
    charon.wait_log("received AUTHENTICATION_FAILED notify error")
    contains(moon.log()[before:], says, "log of moon")
    contains(moon.log()[before:], "(connections.site.remote.", "log of moon")


@case("charon", each=FAULTS)
def certs_refused(bench, make, says):
    ca = Authority(bench.directory)
    Credentials(folder(bench, bench.moon), bench.moon, ca)
    make(bench, ca)
    refused(bench, *with_charon(bench, *gateways(bench)), says)


@case("charon")
def certs_refused_for_their_name(bench):
    """Charon says that it is sun.example, and its certificate does not: it is told as that which it is."""
    ca = Authority(bench.directory)
    Credentials(folder(bench, bench.moon), bench.moon, ca)
    with_another_name(bench, ca)
    ours, theirs = gateways(bench, moon_remote={"id": "sun.example"})
    moon, charon = with_charon(bench, ours, theirs)
    contains(moon.ipsec("up", "site").text, SUN, "ipsec up")
    check(all(sa["state"] != "ESTABLISHED" for sa in moon.sas()), "moon has an IKE_SA")
    check(charon.up().code, "charon brings it up")


@case("charon", each=[(f"{kind}-{role}", kind, initiate) for kind in ("rsa", "ecdsa-256", "ecdsa-384", "ecdsa-521")
                      for role, initiate in ROLES])
def certs_without_signature_authentication(bench, kind, we_initiate):
    """A peer that knows nothing of RFC 7427: Auth Methods 1, 9, 10 and 11."""
    ca = Authority(bench.directory)
    for side in (bench.moon, bench.sun):
        Credentials(folder(bench, side), side, ca, kind)
    bench.charon.set("signature_authentication = no")
    bench.afterwards(bench.charon.set)
    moon, charon = with_charon(bench, *gateways(bench))
    bring_up(moon, charon, we_initiate)
    reaches(bench.alice, bench.sun.inside[4])
    method = {"rsa": "RSA signature", "ecdsa-256": "ECDSA-256 signature", "ecdsa-384": "ECDSA-384 signature",
              "ecdsa-521": "ECDSA-521 signature"}[kind]
    contains(charon.log(), f"authentication of 'moon.example' with {method} successful", "log of charon")
