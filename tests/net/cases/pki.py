# SPDX-License-Identifier: GPL-2.0-or-later
"""Certificates that ipsec pki made: ours on moon, ours or strongSwan's charon on sun."""
import shutil

from cases.certs import folder, gateways, refused, with_charon
from lab.case import case
from lab.charon import ROLES, bring_up
from lab.check import Skipped, contains, same
from lab.ikev2d import BIN
from lab.net import run
from lab.traffic import reaches

TYPES = ["ecdsa", "ecdsa-384", "rsa", "ed25519"]


class Authority:
    """A CA of a folder of its own."""

    def __init__(self, bench, kind="ecdsa"):
        self.directory = f"{bench.directory}/ca"
        self.kind = kind
        self.must("init", "--type", kind)

    def must(self, *words):
        done = run([f"{BIN}/ipsec", "pki", "--dir", self.directory, *words])
        same(done.code, 0, f"exit code of ipsec pki {' '.join(words)}\n{done.text}")
        return done.out

    def give(self, bench, side, *more):
        """A certificate, its key and the CA's certificate for the daemon of SIDE."""
        self.must("issue", side.name, "--type", self.kind, "--san", side.id, *more)
        self.must("export", side.name, "--for", "gateway", "--out", folder(bench, side))


@case("charon", each=[(f"{kind}-{role}", kind, initiate) for kind in TYPES for role, initiate in ROLES])
def pki_with_strongswan(bench, kind, we_initiate):
    ca = Authority(bench, kind)
    for side in (bench.moon, bench.sun):
        ca.give(bench, side)
    moon, charon = with_charon(bench, *gateways(bench))
    bring_up(moon, charon, we_initiate)
    reaches(bench.alice, bench.sun.inside[4])


@case()
def pki_revokes(bench):
    """Who was revoked is refused, as ipsec pki verify said before; a new certificate is not."""
    ca = Authority(bench)
    for side in (bench.moon, bench.sun):
        ca.give(bench, side)
    ca.must("revoke", "moon", "--reason", "keyCompromise")
    shutil.copytree(f"{ca.directory}/x509crl", f"{folder(bench, bench.sun)}/x509crl")
    said = run([f"{BIN}/ipsec", "pki", "--dir", folder(bench, bench.sun), "verify", f"{ca.directory}/x509/moon.pem"])
    contains(said.out, "is revoked", "ipsec pki verify")
    refused(bench, "is revoked")


@case(quick=True)
def pki_renews(bench):
    """A new certificate over the old one, with the same key: ipsec reload, and the next authentication shows it."""
    ca = Authority(bench)
    for side in (bench.moon, bench.sun):
        ca.give(bench, side, "--days", "10")
    ours, theirs = gateways(bench)
    moon, sun = bench.daemon(bench.moon, ours).start(), bench.daemon(bench.sun, theirs).start()
    moon.up()
    contains(ca.must("renew", "--due"), "moon: ", "ipsec pki renew")
    ca.must("export", "moon", "--for", "gateway", "--out", folder(bench, bench.moon), "--force")
    moon.must("reload")
    ca.must("revoke", ca.must("show").splitlines()[1].split()[-1])
    shutil.copytree(f"{ca.directory}/x509crl", f"{folder(bench, bench.sun)}/x509crl")
    sun.must("reload")
    moon.must("down", "site")
    moon.up()
    reaches(bench.alice, bench.sun.inside[4])


@case(each=["mldsa44", "mldsa65", "mldsa87"])
def pki_with_mldsa(bench, kind):
    """Keys that quantum computers do not break, where OpenSSL has them."""
    if "ML-DSA" not in run(["openssl", "list", "-signature-algorithms"]).out:
        raise Skipped("OpenSSL has no ML-DSA before 3.5")
    ca = Authority(bench, kind)
    for side in (bench.moon, bench.sun):
        ca.give(bench, side)
    ours, theirs = gateways(bench, moon_remote={"auth": kind}, sun_remote={"auth": kind})
    moon, _ = bench.daemon(bench.moon, ours).start(), bench.daemon(bench.sun, theirs).start()
    moon.up()
    reaches(bench.alice, bench.sun.inside[4])
