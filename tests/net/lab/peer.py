# SPDX-License-Identifier: GPL-2.0-or-later
"""Configurations in strongSwan's style (tests/peer/configs), and what they need."""
import os
import pathlib
import re
import shutil

from .ikev2d import ROOT
from .net import must

DATA = ROOT / "tests/peer"
CONFIGS = DATA / "configs"
_FOLDERS = ("x509", "x509ca", "x509ocsp", "x509aa", "x509ac", "x509crl", "pubkey", "private", "rsa", "ecdsa", "bliss", "pkcs8",
            "pkcs12")
_OPENSSL = "[req]\ndistinguished_name = dn\n[dn]\n"
_CA = "-addext", "basicConstraints=critical,CA:TRUE"
_PEOPLE = {"moon": "strongswan", "sun": "strongswan", "carol": "strongswan", "dave": "research"}  # and who signed for them


def configurations():
    """Their files, as names relative to tests/peer/configs."""
    return sorted(str(path.relative_to(CONFIGS)) for path in CONFIGS.glob("*/*.conf"))


def _key(directory, name):
    must(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", f"{directory}/{name}.pem"])


def _certificate(directory, folder, name, subject, *more):
    must(["openssl", "req", "-new", "-x509", "-key", f"{directory}/private/{name}.pem", "-subj", subject, "-days", "400",
          "-config", f"{directory}/openssl.conf", "-out", f"{directory}/{folder}/{name}Cert.pem", *more])


def _by(directory, signer):
    return "-CA", f"{directory}/x509ca/{signer}Cert.pem", "-CAkey", f"{directory}/private/{signer}.pem"


class Credentials:
    """A folder as swanctl wants it: an authority, one below it, and a key and a certificate for everybody."""

    def __init__(self, directory):
        self.directory = directory
        for folder in _FOLDERS:
            os.makedirs(f"{directory}/{folder}")
        pathlib.Path(directory, "openssl.conf").write_text(_OPENSSL, encoding="ascii")
        for name in ("strongswan", "research", *_PEOPLE):
            _key(f"{directory}/private", name)
        _certificate(directory, "x509ca", "strongswan", "/C=CH/O=Example Org/CN=Example Root CA", *_CA)
        _certificate(directory, "x509ca", "research", "/C=CH/O=Example Org/OU=Research/CN=Research CA", *_CA,
                     *_by(directory, "strongswan"))
        for name, signer in _PEOPLE.items():
            _certificate(directory, "x509", name, f"/C=CH/O=Example Org/CN={name}.example.org", "-addext",
                         f"subjectAltName=DNS:{name}.example.org,email:{name}@example.org", *_by(directory, signer))
            must(["openssl", "pkey", "-in", f"{directory}/private/{name}.pem", "-pubout", "-out",
                  f"{directory}/pubkey/{name}Pub.pem"])
        for authority in "strongswan", "research":
            os.unlink(f"{directory}/private/{authority}.pem")

    def _of(self, text):
        """Those that a configuration names, keys and authority included."""
        names = re.findall(r"(\w+)(?:Cert|Pub)\.pem", text)
        for folder in _FOLDERS:
            for path in pathlib.Path(self.directory, folder).iterdir():
                if path.stem in names if folder == "private" else path.name in text or names and path.stem == "strongswanCert":
                    yield folder, path

    def place(self, name, directory):
        """Makes DIRECTORY a folder of swanctl's with a configuration, what it includes, and the credentials it names;
        returns the path of the file."""
        shutil.copytree((CONFIGS / name).parent, directory)
        path = pathlib.Path(directory, pathlib.Path(name).name)
        return self._fill(path, path.read_text(encoding="utf-8"))

    def with_text(self, text, directory):
        """The same with a configuration of that text."""
        os.mkdir(directory)
        return self._fill(pathlib.Path(directory, "swanctl.conf"), text)

    def _fill(self, path, text):
        directory = str(path.parent)
        text = text.replace("@DIR@", directory)
        path.write_text(text, encoding="utf-8")
        for folder in _FOLDERS:
            os.mkdir(f"{directory}/{folder}")
        for folder, credential in self._of(text):
            shutil.copy(credential, f"{directory}/{folder}")
        return str(path)
