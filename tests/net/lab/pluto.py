# SPDX-License-Identifier: GPL-2.0-or-later
"""libreswan on a host: pluto, unpacked where tests/kernel/prepare puts it, since its package cannot stand beside
strongSwan's, and Debian 13's with all that it needs. It carries packets by the kernel only."""
import os

from .check import Skipped, until
from .config import SECRET
from .net import must

CACHE = os.environ.get("GUEST_CACHE", "/var/cache/ikev2d-guest")
_LIBEXEC = f"{CACHE}/libreswan/usr/libexec"
_PROGRAMS = f"{_LIBEXEC}/ipsec"
_NEWER = f"{CACHE}/libreswan5"
_ESP = {"aes128gcm16": "aes_gcm128", "aes256gcm16": "aes_gcm256", "aes128-sha256": "aes128-sha2_256",
        "aes256-sha256": "aes256-sha2_256", "aes256-sha512": "aes256-sha2_512", "chacha20poly1305": "chacha20_poly1305"}

_CONF = """config setup
	virtual-private=%v4:10.0.0.0/8
"""
# Whether numbers are long is for the other end to say.
_CONN = """conn {name}
	ikev2=insist
	authby=secret
	left={me.wan[4]}
	leftid=@{me.id}
	leftsubnet={local}
	leftupdown=%disabled
	right={right}
	rightid=@{peer.id}
	rightsubnet={remote}
	ike=aes256-sha2_256;dh31
	esp={esp}
	esn=either
	type={mode}
	pfs=no
	dpddelay=0
	rekey={rekey}
	auto=add
"""
_RESUMES = "\tsession-resumption=yes\n"
# By half of that, or less where it initiated, it rekeys.
_VOLUME = "\tipsec-max-bytes={}\n"
_LISTENS_TCP, _TCP = "\tlisten-tcp=yes\n", "\tenable-tcp=yes\n"


def networks(child, me, peer):
    """What a child's selectors are: lists of ours and of theirs, or from host to host the gateways."""
    def listed(key, side):
        given = child.get(key, side.wan[4])
        return [given] if isinstance(given, str) else given
    return listed("local_ts", me), listed("remote_ts", peer)


class Pluto:
    """With the usual tunnel, and CHILDREN by name, of which it is told selectors, mode, one of our proposals for ESP, and
    life_bytes."""

    setup, more = "", ""  # of the daemon, and of a connection

    def __init__(self, bench, side, children):
        if not os.path.isdir(self._there()):
            raise Skipped(f"{self._there()} is not there")
        self.host = side.gateway
        self._dir = f"{bench.directory}/{side.name}"
        self._children = list(children)
        self._write(bench, side, children)
        run_dir = f"{self._dir}/run"
        self._control = ["--ctlsocket", f"{run_dir}/pluto.ctl"]
        self.process = self.host.spawn(
            self._command("pluto", "--nofork", "--config", f"{self._dir}/ipsec.conf", "--secretsfile", f"{self._dir}/secrets",
                          "--nssdir", f"{self._dir}/nss", "--rundir", run_dir, "--logfile", f"{self._dir}/log"),
            f"{self._dir}/output")
        until(lambda: self.whack("--listen").code == 0, lambda: f"pluto listens: {self.process.log()}{self.log()}", 20)
        self.host.must(self._command("addconn", *self._control, "--config", f"{self._dir}/ipsec.conf", "--autoall"))

    @staticmethod
    def _there():
        return _PROGRAMS

    def _command(self, program, *words):
        """Pluto calls its helpers where the package would have put them."""
        if program != "pluto":
            return [f"{_PROGRAMS}/{program}", *words]
        return ["unshare", "-m", "sh", "-c", f"mount -t overlay -o lowerdir={_LIBEXEC}:/usr/libexec overlay /usr/libexec && "
                f'exec {_PROGRAMS}/pluto "$@"', "-", *words]

    def _write(self, bench, side, children):
        peer = bench.site.peer_of(side)
        for folder in "run", "nss":
            os.makedirs(f"{self._dir}/{folder}")
        right = "%any" if bench.site.behind_nat and side is bench.sun else peer.wan[4]
        with open(f"{self._dir}/ipsec.conf", "w", encoding="ascii") as f:
            f.write(_CONF + self.setup)
            suites = [_ESP[child.get("esp_proposals", "aes256gcm16").removesuffix("-esn")] for child in children.values()]
            # Where it answers it looks among the suites of whichever connection the IKE_SA has been found by.
            esp = ",".join(dict.fromkeys(suites))
            for name, child in children.items():
                (local, *_), (remote, *_) = networks(child, side, peer)
                octets = child.get("life_bytes")
                f.write(_CONN.format(name=name, me=side, peer=peer, right=right, esp=esp, mode=child.get("mode", "tunnel"),
                                     local=local, remote=remote, rekey="yes" if octets else "no") + self.more)
                f.write(_VOLUME.format(octets) if octets else "")
        with open(f"{self._dir}/secrets", "w", encoding="ascii") as f:
            f.write(f'@{side.id} @{peer.id} : PSK "{SECRET}"\n')
        must(["certutil", "-N", "-d", f"sql:{self._dir}/nss", "--empty-password"])

    def whack(self, *words, **how):
        return self.host.run(self._command("whack", *self._control, *words), **how)

    def log(self):
        """Without what it says of itself at the start."""
        path = f"{self._dir}/log"
        if not os.path.exists(path):
            return ""
        with open(path, encoding="utf-8", errors="replace") as f:
            return "".join(f.read().partition("added IKEv2 connection")[1:])

    def up(self, child):
        self.whack("--initiate", "--name", child, seconds=120)

    def rekey(self, child=None):
        """A child, or the IKE_SA: that belongs to one of the connections, where it answered to the last one."""
        for name in [child] if child else self._children:
            self.whack("--rekey-ipsec" if child else "--rekey-ike", "--name", name, "--asynchronous")

    def running(self):
        return self.process.alive()

    def stop(self):
        self.whack("--shutdown")
        self.process.wait(30)


class NewerPluto(Pluto):
    """libreswan 5.2, which resumes sessions (RFC 5723), in a root of its own. TCP: all goes in that (RFC 9329)."""

    more = _RESUMES

    def __init__(self, bench, side, children, tcp=False):
        if tcp:
            self.setup, self.more = _LISTENS_TCP, self.more + _TCP
        super().__init__(bench, side, children)

    @staticmethod
    def _there():
        return _NEWER

    def _command(self, program, *words):
        shared = "/dev", "/proc", self._dir
        for folder in shared:
            os.makedirs(_NEWER + folder, exist_ok=True)
        mounts = "".join(f"mount --rbind {folder} {_NEWER}{folder} && " for folder in shared)
        return ["unshare", "-m", "sh", "-c", f'{mounts} exec chroot {_NEWER} /usr/libexec/ipsec/{program} "$@"', "-", *words]
