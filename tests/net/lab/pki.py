# SPDX-License-Identifier: GPL-2.0-or-later
"""Certificates by strongSwan's pki, in folders as both daemons read them."""
import os

from .net import must, run
from .check import check

KEYS = {"rsa": ("rsa", 2048), "rsa-3072": ("rsa", 3072), "ecdsa-256": ("ecdsa", 256), "ecdsa-384": ("ecdsa", 384),
        "ecdsa-521": ("ecdsa", 521), "ed25519": ("ed25519", None), "ed448": ("ed448", None)}
_CA_DAYS = 100


def _pki(*words, out):
    """What `pki` prints goes into the file OUT."""
    done = run(["sh", "-c", 'exec pki "$@" --outform pem >"$0"', out, *words])
    check(done.code == 0 and os.path.getsize(out), f"pki {' '.join(words)}: {done.text}")
    return out


def _folder(base, name):
    path = f"{base}/{name}"
    os.makedirs(path, exist_ok=True)
    return path


class Authority:
    """A CA with its files in DIRECTORY. By another AUTHORITY, or (None) by itself."""

    def __init__(self, directory, name="ca", kind="ecdsa-256", by=None):
        self.directory = _folder(directory, name)
        self.dn = f"C=CH, O=Lab, CN={name}"
        self._crls = 0
        self.key = key(f"{self.directory}/key.pem", kind)
        self.cert = f"{self.directory}/cert.pem"
        if by:
            by.issue(self.key, self.dn, self.cert, "--ca", days=_CA_DAYS)
        else:
            _pki("--self", "--ca", "--in", self.key, "--type", "priv", "--dn", self.dn, "--lifetime", str(_CA_DAYS),
                 out=self.cert)

    def issue(self, private, dn, out, *more, days=50):
        public = _pki("--pub", "--in", private, "--type", "priv", out=f"{out}.pub")
        return _pki("--issue", "--cacert", self.cert, "--cakey", self.key, "--in", public, "--type", "pub", "--dn", dn,
                    "--lifetime", str(days), *more, out=out)

    def crl(self, *revoked):
        """A CRL with these certificates; returns its path, in DER."""
        self._crls += 1
        path = f"{self.directory}/{self._crls}.crl"
        words = [word for cert in revoked for word in ("--cert", cert)]
        done = run(["sh", "-c", 'exec pki "$@" >"$0"', path, "--signcrl", "--cacert", self.cert, "--cakey", self.key,
                    "--lifetime", "5", *words])
        check(done.code == 0, f"pki --signcrl: {done.text}")
        return path

    def long_crl(self, form, revoked, n):
        """A CRL with this certificate and N that nobody has, in FORM ("DER", "PEM"): that of a large authority."""
        index = f"{self.directory}/index"
        serial = must(["openssl", "x509", "-noout", "-serial", "-in", revoked]).strip().split("=")[1]
        numbers = [f"{1 << 60 | i:X}" for i in range(n)]
        with open(index, "w", encoding="ascii") as f:
            f.writelines(f"R\t491231000000Z\t250101000000Z\t{number}\tunknown\t/CN={number}\n" for number in [*numbers, serial])
        with open(f"{index}.cnf", "w", encoding="ascii") as f:
            f.write(f"[ca]\ndefault_ca=lab\n[lab]\ndatabase={index}\ndefault_md=sha256\n")
        path = f"{self.directory}/long.{form.lower()}"
        must(["openssl", "ca", "-batch", "-gencrl", "-config", f"{index}.cnf", "-cert", self.cert, "-keyfile", self.key, "-crldays", "5",
              "-out", f"{path}.pem"])
        must(["openssl", "crl", "-in", f"{path}.pem", "-outform", form, "-out", path])
        return path


def key(path, kind):
    name, bits = KEYS[kind]
    return _pki("--gen", "--type", name, *(["--size", str(bits)] if bits else []), out=path)


class Credentials:
    """The folders x509, x509ca and private of one gateway beside its configuration in DIRECTORY."""

    def __init__(self, directory, side, authority, kind="ecdsa-256", trusts=(), chain=(), san=None, more=(), days=50):
        """TRUSTS: authorities, that one if there is none; CHAIN: intermediate ones that it has the certificates of."""
        self.dn = f"C=CH, O=Lab, CN={side.name}"
        self.cert = f"{_folder(directory, 'x509')}/{side.name}.pem"
        self.key = key(f"{_folder(directory, 'private')}/{side.name}.pem", kind)
        authority.issue(self.key, self.dn, self.cert, "--san", san or side.id, *more, days=days)
        os.unlink(f"{self.cert}.pub")
        for ca in trusts or (authority,):
            self._copy(ca.cert, f"{_folder(directory, 'x509ca')}/{os.path.basename(ca.directory)}.pem")
        for ca in chain:
            self._copy(ca.cert, f"{directory}/x509/{os.path.basename(ca.directory)}.pem")

    @staticmethod
    def _copy(source, target):
        with open(source, "rb") as f, open(target, "wb") as to:
            to.write(f.read())
