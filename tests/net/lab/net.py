# SPDX-License-Identifier: GPL-2.0-or-later
"""Network namespaces."""
import contextlib
import ctypes
import itertools
import os
import pathlib
import re
import socket
import subprocess
import threading

from .check import Failed, until
from .process import Process

os.environ["STRONGSWAN_CONF"] = f"{os.path.dirname(os.path.abspath(__file__))}/strongswan.conf"

# What a daemon might change. One command that does much: in an emulated guest each one more is felt.
_STATE = "".join(f"{line}\n" for line in ("link show", "addr show", "rule show", "route show table all", "xfrm state list",
                                          "xfrm policy list"))
_SETTINGS = ("ipv4/ip_forward", "ipv[46]/conf/*/*forwarding", "ipv4/conf/*/rp_filter", "ipv4/conf/*/disable_xfrm",
             "ipv4/conf/*/disable_policy")
_SYSCTLS = {"net.ipv6.conf.all.accept_dad": 0, "net.ipv6.conf.default.accept_dad": 0, "net.ipv4.ip_forward": 1,
            "net.ipv6.conf.all.forwarding": 1, "net.ipv4.conf.all.rp_filter": 0, "net.ipv4.conf.default.rp_filter": 0}

# What the kernel makes when it asks for an SA: it has no keys, belongs to nobody, and goes by itself.
_LARVAL = re.compile(r"src \S+ dst \S+\n\tproto .*\n\treplay-window .*\n\tanti-replay .*\n\tsel .*\n")

_libc = ctypes.CDLL(None, use_errno=True)


class Result:
    """How a command ended."""

    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err

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
    return Result(done.returncode, done.stdout, done.stderr)


def must(command, **how):
    """Runs a command of the lab's own, which has no reason to fail."""
    done = run(command, **how)
    if done.code:
        raise Failed(f"{' '.join(command)}: {done.text.strip()}")
    return done.out


def _settings():
    lines, root = [], pathlib.Path("/proc/sys/net")
    for path in sorted(path for pattern in _SETTINGS for path in root.glob(pattern)):
        with contextlib.suppress(FileNotFoundError):  # the device has just gone
            lines.append(f"{path.relative_to(root)}: {path.read_text(encoding='ascii')}")
    return "".join(lines)


def _columns(name, *numbers):
    lines = pathlib.Path("/proc/thread-self/net", name).read_text(encoding="ascii").splitlines()
    return {tuple(line.split()[i] for i in numbers) for line in lines}


def _settled(devices):
    """Whether those have what the kernel gives them a moment later: a link-local address, and local routes."""
    addresses = {(address, device) for address, device in _columns("if_inet6", 0, 5) if device in devices}
    return (devices == {device for address, device in addresses if address.startswith("fe80")}
            and addresses <= _columns("ipv6_route", 0, 9))


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
        for key, value in _SYSCTLS.items():
            self.sysctl(key, value)
        self.ip("link set lo up")

    def delete(self):
        run(["ip", "netns", "del", self.full])
        self._all.discard(self)

    @classmethod
    def delete_all(cls):
        for left in list(cls._all):
            left.delete()

    def within(self, function, *args, **how):
        """Calls a function on this host. Namespaces belong to threads: one of its own enters; and what the function
        starts is there, too, for much less than by ip(8)."""
        done = []

        def call():
            try:
                with open(f"/run/netns/{self.full}", encoding="ascii") as f:
                    if _libc.setns(f.fileno(), 0):
                        raise OSError(ctypes.get_errno(), "setns")
                done.append((function(*args, **how), None))
            except Exception as e:  # goes on where it was called
                done.append((None, e))

        thread = threading.Thread(target=call, daemon=True)
        thread.start()
        thread.join()
        result, error = done[0]
        if error:
            raise error
        return result

    def run(self, words, **how):
        return self.within(run, words, **how)

    def must(self, words, **how):
        return self.within(must, words, **how)

    def spawn(self, words, log, env=None):
        return self.within(Process, words, log, env)

    def ip(self, *lines):
        """Carries out lines of ip(8), the first word of the command left out."""
        must(["ip", "-n", self.full, "-batch", "-"], stdin="\n".join(lines) + "\n")

    def nft(self, ruleset):
        self.must(["nft", "-f", "-"], stdin=ruleset)

    def sysctl(self, key, value=None):
        """The setting, or a new value for it."""
        path = pathlib.Path("/proc/sys", key.replace(".", "/"))
        if value is None:
            return self.within(path.read_text, encoding="ascii").strip()
        return self.within(path.write_text, str(value))

    def settle(self, *devices):
        """Waits until the kernel itself changes nothing any more, at these devices or, if none is named, at all."""
        until(lambda: self.within(_settled, set(devices or self.cables)), f"the devices of {self.name} have all their addresses")

    def socket(self, *kind):
        """A socket that lives on this host."""
        return self.within(socket.socket, *kind)

    def state(self):
        """All that a daemon might change on this host, as text. A cable is UNKNOWN at first, and UP a moment later."""
        text = "".join((self.run(["ip", "-br", "-force", "-batch", "-"], stdin=_STATE).out,
                        self.must(["ip", "-6", "rule"]), self.must(["nft", "list", "ruleset"]), self.within(_settings)))
        return _LARVAL.sub("", text).replace(" UNKNOWN ", " UP      ")


def link(a, a_dev, b, b_dev):
    """A cable from A's device A_DEV to B's B_DEV."""
    must(["ip", "link", "add", a_dev, "netns", a.full, "type", "veth", "peer", "name", b_dev, "netns", b.full])
    a.cables[a_dev], b.cables[b_dev] = (b, b_dev), (a, a_dev)
    a.ip(f"link set {a_dev} up")
    b.ip(f"link set {b_dev} up")
