# SPDX-License-Identifier: GPL-2.0-or-later
"""OpenIKED on a host, unpacked where tests/kernel/prepare puts it. It carries packets by the kernel, to which it speaks
PF_KEY; by that Linux knows neither AEAD nor ESN, and cuts SHA-256 to 96 bits where IKE means 128: of what can be agreed upon
AES-CBC with SHA-1, SHA-384 or SHA-512 is what carries packets. An IKE_SA has one child here, and it begins no rekeying when
told to."""
import contextlib
import os
import shutil
import signal

from .check import Skipped, until
from .config import SECRET
from .net import must
from .pluto import CACHE, networks

_ROOT = f"{CACHE}/openiked"
_ESP = {"aes128-sha256": "auth hmac-sha2-256 enc aes-128", "aes256-sha256": "auth hmac-sha2-256 enc aes-256",
        "aes256-sha512": "auth hmac-sha2-512 enc aes-256", "aes128-sha1": "auth hmac-sha1 enc aes-128"}

_CONF = """ikev2 "net" {active} {mode} esp {flows} local {me.wan[4]} peer {gateway} \\
	ikesa auth hmac-sha2-256 enc aes-256 prf hmac-sha2-256 group curve25519 childsa {esp} \\
	srcid "{me.id}" dstid "{peer.id}" ikelifetime {seconds} lifetime 0 bytes {octets} psk "{secret}"
"""


@contextlib.contextmanager
def _no_modprobe():
    with open("/proc/sys/kernel/modprobe", "r+", encoding="ascii") as f:
        before = f.read()
        f.write("\n")
        f.flush()
        try:
            yield
        finally:
            f.write(before)


class Iked:
    """With the usual tunnel, and one of CHILDREN, of which it is told selectors, mode, one of our proposals for ESP, and
    life_bytes; and the LIFE of an IKE_SA, in seconds. It rekeys when some 90 of 100 are over."""

    def __init__(self, bench, side, children, life=0):
        if not os.path.isdir(_ROOT):
            raise Skipped("OpenIKED is not there")
        self.host = side.gateway
        self._dir = f"{bench.directory}/{side.name}"
        self._write(bench, side, life, *children.values())
        # It registers with PF_KEY, and each time the kernel looks for the module of every algorithm that it does not have:
        # that takes minutes where machines are emulated.
        with _no_modprobe():
            self._start()

    def _start(self):
        # Its user and its folder are not in our /etc.
        self.process = self.host.spawn(
            ["unshare", "-m", "sh", "-c", f"mount -t overlay -o lowerdir={self._dir}/etc:{_ROOT}/etc:/etc overlay /etc && "
             f"exec {_ROOT}/usr/sbin/iked -dvv -f {self._dir}/iked.conf -s {self._dir}/socket"], f"{self._dir}/log")
        until(lambda: "config_getcompile: compilation done" in self.log(), lambda: f"iked is ready: {self.log()}", 30)

    def _write(self, bench, side, life, child):
        peer = bench.site.peer_of(side)
        os.makedirs(f"{self._dir}/etc/iked/private")
        os.makedirs(f"{self._dir}/empty")
        passwd = f"_iked:x:64000:64000::{self._dir}/empty:/usr/sbin/nologin\n"
        for name, line in ("passwd", passwd), ("group", "_iked:x:64000:\n"):
            shutil.copy(f"/etc/{name}", f"{self._dir}/etc/{name}")
            with open(f"{self._dir}/etc/{name}", "a", encoding="ascii") as f:
                f.write(line)
        must(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out",
              f"{self._dir}/etc/iked/private/local.key"])
        gateway = "any" if bench.site.behind_nat and side is bench.sun else peer.wan[4]
        path = f"{self._dir}/iked.conf"
        with open(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600), "w", encoding="ascii") as f:
            f.write(_CONF.format(me=side, peer=peer, gateway=gateway, esp=_ESP[child["esp_proposals"]], secret=SECRET,
                                 active="passive" if side is bench.sun else "active", seconds=life,
                                 octets=child.get("life_bytes", 0), mode=child.get("mode", "tunnel"),
                                 flows=" ".join(f"from {a} to {b}" for a, b in zip(*networks(child, side, peer)))))

    def _ikectl(self, *words):
        return self.host.run([f"{_ROOT}/usr/sbin/ikectl", "-s", f"{self._dir}/socket", *words])

    def log(self):
        return self.process.log()

    def up(self, _child):
        """It tries by itself from the start, where it is active."""
        until(lambda: "ESTABLISHED" in self._ikectl("show", "sa").out, lambda: f"iked is connected: {self.log()}", 30)

    def running(self):
        return self.process.alive()

    def stop(self):
        self.process.signal(signal.SIGTERM)
        self.process.wait(30)
