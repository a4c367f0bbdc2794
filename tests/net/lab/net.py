# SPDX-License-Identifier: GPL-2.0-or-later
"""Network namespaces."""
import ctypes
import itertools
import os
import re
import socket
import subprocess
import threading

from .check import Failed
from .process import Process

os.environ["STRONGSWAN_CONF"] = f"{os.path.dirname(os.path.abspath(__file__))}/strongswan.conf"

# A few commands that do much: in an emulated guest each one more is felt.
_STATE = r"""
printf '%s\n' 'link show' 'addr show' | ip -br -batch -
printf '%s\n' 'rule show' 'route show table all' 'xfrm state list' 'xfrm policy list' | ip -force -batch -
printf '%s\n' 'rule show' 'route show table all' | ip -6 -batch -
nft list ruleset
cd /proc/sys/net
grep . ipv4/ip_forward ipv[46]/conf/*/*forwarding ipv4/conf/*/rp_filter ipv4/conf/*/disable_xfrm ipv4/conf/*/disable_policy
"""

# What the kernel makes when it asks for an SA: it has no keys, belongs to nobody, and goes by itself.
_LARVAL = re.compile(r"src \S+ dst \S+\n\tproto .*\n\treplay-window .*\n\tanti-replay .*\n\tsel .*\n")

_libc = ctypes.CDLL(None, use_errno=True)


class Result:
    """How a command ended."""

    def __init__(self, command, code, out, err):
        self.command, self.code, self.out, self.err = command, code, out, err

    @property
    def text(self):
        return self.out + self.err


def run(command, stdin=None, seconds=60, env=None):
    """Runs a command to its end."""
    try:
        done = subprocess.run(command, input=stdin, capture_output=True, text=True, errors="replace", timeout=seconds,
                              stdin=None if stdin is not None else subprocess.DEVNULL,
                              env={**os.environ, **(env or {})}, check=False)
    except subprocess.TimeoutExpired:
        raise Failed(f"not done after {seconds} s: {' '.join(command)}") from None
    return Result(command, done.returncode, done.stdout, done.stderr)


def must(command, **how):
    """Runs a command of the lab's own, which has no reason to fail."""
    done = run(command, **how)
    if done.code:
        raise Failed(f"{' '.join(command)}: {done.text.strip()}")
    return done.out


class Namespace:
    """One host. NAME is what cases call it, FULL what the system does."""

    _numbers = itertools.count(1)
    _all = set()

    def __init__(self, name):
        self.name = name
        self.full = f"ikev2d-{os.getpid()}-{next(self._numbers)}-{name}"
        self.cables = {}  # device: the host and the device at its other end
        self._all.add(self)
        must(["ip", "netns", "add", self.full])
        self.must(["sysctl", "-qw", "net.ipv6.conf.all.accept_dad=0", "net.ipv6.conf.default.accept_dad=0",
                   "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1",
                   "net.ipv4.conf.all.rp_filter=0", "net.ipv4.conf.default.rp_filter=0"])
        self.ip("link set lo up")

    def delete(self):
        run(["ip", "netns", "del", self.full])
        self._all.discard(self)

    @classmethod
    def delete_all(cls):
        for left in list(cls._all):
            left.delete()

    def command(self, words):
        return ["ip", "netns", "exec", self.full, *words]

    def run(self, words, **how):
        return run(self.command(words), **how)

    def must(self, words, **how):
        return must(self.command(words), **how)

    def spawn(self, words, log, env=None):
        return Process(self.command(words), log, env)

    def ip(self, *lines):
        """Carries out lines of ip(8), the first word of the command left out."""
        must(["ip", "-n", self.full, "-batch", "-"], stdin="\n".join(lines) + "\n")

    def nft(self, ruleset):
        self.must(["nft", "-f", "-"], stdin=ruleset)

    def sysctl(self, key, value=None):
        if value is None:
            return self.must(["sysctl", "-n", key]).strip()
        return self.must(["sysctl", "-qw", f"{key}={value}"])

    def socket(self, *kind):
        """A socket that lives on this host. Namespaces belong to threads: one of its own makes it."""
        made = []

        def make():
            with open(f"/run/netns/{self.full}", encoding="ascii") as f:
                if _libc.setns(f.fileno(), 0):
                    raise OSError(ctypes.get_errno(), "setns")
            made.append(socket.socket(*kind))

        thread = threading.Thread(target=make)
        thread.start()
        thread.join()
        return made[0]

    def state(self):
        """All that a daemon might change on this host, as text. A cable is UNKNOWN at first, and UP a moment later."""
        return _LARVAL.sub("", self.must(["sh", "-c", _STATE])).replace(" UNKNOWN ", " UP      ")


def link(a, a_dev, b, b_dev):
    """A cable from A's device A_DEV to B's B_DEV."""
    must(["ip", "link", "add", a_dev, "netns", a.full, "type", "veth", "peer", "name", b_dev, "netns", b.full])
    a.cables[a_dev], b.cables[b_dev] = (b, b_dev), (a, a_dev)
    a.ip(f"link set {a_dev} up")
    b.ip(f"link set {b_dev} up")
