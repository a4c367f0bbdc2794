# SPDX-License-Identifier: GPL-2.0-or-later
"""Cases, and what each is given."""
import os
import shutil
import sys
import traceback

from . import charon, config, xfrm
from .check import Failed, Skipped
from .ends import Tunnel
from .ikev2d import BIN, Ikev2d
from .net import must
from .site import Site
from .tap import Tap
from .traffic import Datagrams
from .vici import Vici
from .wire import Wire

CASES = []
DEAF = "chain in { type filter hook ingress device wan priority 0; udp dport { 500, 4500 } drop; }"
DEAF_TO_IKE = ("chain in { type filter hook ingress device wan priority 0; udp dport 500 drop; "
               "udp dport 4500 @th,64,32 0 drop; }")


class Case:
    def __init__(self, function, name, site, arguments, **kind):
        self.function, self.name, self.site, self.arguments = function, name, site, arguments
        self.quick, self.scale, self.kernel, self.user = (kind[key] for key in ("quick", "scale", "kernel", "user"))
        self.newer = kind["newer"]

    @property
    def with_charon(self):
        return self.site.startswith("charon")

    def run(self, bench):
        """What else is raised is a failure, too: an answer that lacks what the case takes from it."""
        try:
            self.function(bench, *self.arguments)
        except (Failed, Skipped):
            raise
        except Exception:
            raise Failed(traceback.format_exc()) from None


def case(site="site", quick=False, each=None, scale=False, kernel=False, newer=False, user=False):
    """Makes the function a case, called as it is; it gets a Bench at the site: "site", "nat" (moon behind one),
    "charon", "charon-nat" with strongSwan on sun, and "charon-on-moon" with it there. EACH: a case for every item, which
    is a name or a tuple that begins with one; the rest of the tuple is the function's arguments. QUICK may name those
    items that are quick. SCALE: it takes long, and is run with others of its kind only. KERNEL: the same for what needs IPsec
    in the kernel, and NEWER: in a newer one than Debian 12 has. USER: it needs the userspace path, and is not run where the
    kernel's is asked for."""
    def add(function):
        stem = function.__name__.replace("_", "-")
        if each is None:
            CASES.append(Case(function, stem, site, (), quick=quick, scale=scale, kernel=kernel, newer=newer,
                              user=user))
        for item in each or ():
            name, *arguments = item if isinstance(item, tuple) else (item, item)
            CASES.append(Case(function, f"{stem}-{name}", site, arguments, quick=name in quick if quick else False,
                              scale=scale, kernel=kernel, newer=newer, user=user))
        return function
    return add


def user_case(*args, **kind):
    """The same, which needs the userspace path."""
    return case(*args, user=True, **kind)


class Sites:
    """The sites of one worker, made when first needed and kept, each with its charon."""

    def __init__(self, directory):
        self._directory = directory
        self._sites = {}
        self._charons = {}

    def get(self, kind):
        if kind not in self._sites:
            self._sites[kind] = Site(nat=kind.endswith("nat"))
        return self._sites[kind]

    def charon(self, kind):
        if not charon.available():
            raise Skipped("strongSwan's charon-systemd and swanctl are not installed")
        if kind not in self._charons or not self._charons[kind].running():
            site = self.get(kind)
            side = site.moon if kind == "charon-on-moon" else site.sun
            self._charons[kind] = charon.Charon(side.gateway, f"{self._directory}/{kind}")
        return self._charons[kind]

    def delete(self):
        for daemon in self._charons.values():
            if daemon.running():
                daemon.process.kill()
        for site in self._sites.values():
            site.delete()


class Bench:
    """Where one case works: a site, a directory for files, and what was started there."""

    def __init__(self, case_, sites, directory):
        self.directory = directory
        os.makedirs(directory)
        self._name, self._kernel = case_.name, case_.kernel
        self._daemons = []
        self._helpers = []
        self._wires = []
        self._undo = []
        self.site = sites.get(case_.site)
        self.moon, self.sun = self.site.moon, self.site.sun
        self.alice, self.bob = self.moon.host, self.sun.host
        self.charon = sites.charon(case_.site) if case_.with_charon else None

    def daemon(self, side, configuration, name=None):
        """Our daemon on a gateway, not started yet."""
        daemon = Ikev2d(side.gateway, f"{self.directory}/{name or side.name}", configuration)
        self._daemons.append(daemon)
        return daemon

    def helper(self, daemon):
        """A daemon that is not ours, for this case only; what it leaves in the kernel goes."""
        self._helpers.append(daemon)
        self.afterwards(lambda: xfrm.flush(daemon.host))
        return daemon

    def tunnel(self, side, **changes):
        """The configuration of a gateway's end of the usual tunnel. Behind a NAT moon has no fixed address."""
        if self.site.behind_nat and side is self.sun:
            changes = config.merged({"conn": {"remote_addrs": "%any"}}, changes)
        return config.tunnel(side, self.site.peer_of(side), **changes)

    def start(self, side, **changes):
        return self.daemon(side, self.tunnel(side, **changes)).start()

    def pair(self, moon=None, sun=None, **changes):
        """Our daemon on both gateways; MOON and SUN are changes of one only."""
        return (self.start(self.moon, **config.merged(changes, moon or {})),
                self.start(self.sun, **config.merged(changes, sun or {})))

    def with_charon(self, ours=None, theirs=None, **changes):
        """Our daemon on moon, strongSwan on sun."""
        self.charon.load(self.tunnel(self.sun, **config.merged(changes, theirs or {})))
        return self.start(self.moon, **config.merged(changes, ours or {})), self.charon

    def swanctl(self, daemon):
        """strongSwan's command for our daemon."""
        if not charon.available():
            raise Skipped("swanctl is not installed")
        return charon.Swanctl(daemon.host, f"{self.directory}/swanctl", daemon.uri)

    def vici(self, daemon):
        """A client of the daemon that does as it is told."""
        client = Vici(daemon)
        self.afterwards(client.close)
        return client

    def between(self, moon, sun, children=None):
        """The tunnel that is up between two daemons, with the usual child or CHILDREN."""
        return Tunnel(self, moon, sun, children or {"net": None})

    def authority(self, name):
        """The file of a new certificate that signs itself."""
        path, env = f"{self.directory}/{name}.pem", charon.write_settings(f"{self.directory}/pki")
        key = must(["pki", "--gen", "--type", "ecdsa", "--outform", "pem"], env=env)
        with open(path, "w", encoding="ascii") as f:
            f.write(must(["pki", "--self", "--ca", "--dn", f"CN={name}", "--outform", "pem"], stdin=key, env=env))
        return path

    def wire(self, side=None, device="wan"):
        wire = Wire((side or self.moon).gateway, device)
        self._wires.append(wire)
        return wire

    def tap(self, side=None, device="wan"):
        tap = Tap((side or self.moon).gateway, device)
        self.afterwards(tap.close)
        return tap

    def datagrams(self, host, address, port=7000):
        """What comes to a UDP port."""
        datagrams = Datagrams(host, address, port)
        self.afterwards(datagrams.close)
        return datagrams

    def sysctl(self, host, key, value):
        """For this case only."""
        before = host.sysctl(key)
        host.sysctl(key, value)
        self.afterwards(lambda: host.sysctl(key, before))

    def nft(self, host, rules):
        """Rules on a host, for this case."""
        host.nft(f"table netdev lab {{\n{rules}\n}}\n")
        self.afterwards(lambda: host.run(["nft", "delete", "table", "netdev", "lab"]))

    def deafen(self, *sides, rules=DEAF):
        """Gateways hear nothing of IKE any more, and nothing on its ports; returns what ends that."""
        for side in sides:
            self.nft(side.gateway, rules)
        return lambda: [side.gateway.must(["nft", "delete", "table", "netdev", "lab"]) for side in sides]

    def deafen_to_ike(self, *sides):
        """The same, but ESP in UDP goes on."""
        return self.deafen(*sides, rules=DEAF_TO_IKE)

    def parallel(self, *names):
        """Children called so, each for an address of its own of alice: returns the changes of moon's configuration,
        those of sun's, and what between() wants."""
        moon, sun, pairs = {"net": None}, {"net": None}, {}
        for last, name in enumerate(names, 11):
            pairs[name] = a, _ = self.moon.address(last), self.sun.address(last)
            moon[name] = {"local_ts": f"{a}/32", "remote_ts": self.sun.net[4]}
            sun[name] = {"local_ts": self.sun.net[4], "remote_ts": f"{a}/32"}
            for side, address in zip((self.moon, self.sun), pairs[name]):
                side.host.ip(f"addr add {address}/24 dev lan")
                self.afterwards(lambda host=side.host, at=address: host.ip(f"addr del {at}/24 dev lan"))
        return {"conn": {"children": moon}}, {"conn": {"children": sun}}, pairs

    @property
    def esp(self):
        """The form of ESP between two of us, where nothing is said of it: our own data path asks for UDP."""
        return "esp" if Ikev2d.datapath == "kernel" and not self.site.behind_nat else "esp-udp"

    def note(self, text):
        """Tells of a figure, also where the case passes."""
        sys.stdout.write(f"measured: {self._name}: {text}\n")
        sys.stdout.flush()

    def afterwards(self, undo):
        self._undo.append(undo)

    def public_bin(self):
        """The programs where everybody can run them."""
        directory = f"{self.directory}/bin"
        if not os.path.isdir(directory):
            shutil.copytree(BIN, directory)
        return directory

    def end(self):
        """Stops what runs, in order: the hosts are then as they were."""
        for daemon in self._daemons:
            if daemon.running():
                daemon.stop()
            daemon.sound()
        for daemon in self._helpers:
            if daemon.running():
                daemon.stop()
        if self.charon:
            self.charon.reset()

    def clean_up(self):
        """Takes away what is left, after a failure or at the end."""
        for daemon in self._daemons:
            if daemon.running():
                daemon.kill()
        for daemon in self._helpers:
            if daemon.running():
                daemon.process.kill()
        for wire in self._wires:
            wire.close()
        for undo in reversed(self._undo):
            undo()

    def report(self):
        """All that may explain a failure; to be asked before the end."""
        parts = []
        for daemon in self._daemons:
            if daemon.running():
                parts.append((f"ipsec statusall on {daemon.host.name}", daemon.ipsec("statusall").text))
            parts.append((f"log of {daemon.host.name}", daemon.log()))
        if self._kernel or Ikev2d.datapath == "kernel":
            parts += [(f"ip xfrm on {side.name}", side.gateway.must(["sh", "-c", "ip -s xfrm state; ip xfrm policy"]))
                      for side in (self.moon, self.sun)]
        parts += [(f"log of {type(d).__name__} on {d.host.name}", d.log()) for d in self._helpers]
        if self.charon:
            parts.append(("log of charon", self.charon.log()))
        parts += [("wire", f"{wire}\n") for wire in self._wires]
        # A daemon whose socket was full for too long lost packets that were never offered to it.
        parts += [(f"UDP on {side.name}", side.gateway.must(["grep", "^Udp:", "/proc/net/snmp"]))
                  for side in (self.moon, self.sun)]
        return "".join(f"--- {name}\n{text}" for name, text in parts)
