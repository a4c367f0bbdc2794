# SPDX-License-Identifier: GPL-2.0-or-later
"""What is measured: two gateways with our daemon, two with strongSwan's, and two that only route. Each has a site of
its own, so that all of them stand at the same time and take turns."""
import contextlib

from lab import config
from lab.charon import Charon
from lab.check import check, same, until
from lab.ikev2d import Ikev2d
from lab.net import run
from lab.process import family
from lab.site import Site
from lab.vici import Vici

# The same for both.
SUITE = {"conn": {"proposals": "aes256gcm16-prfsha256-x25519", "mobike": "no"},
         "child": {"esp_proposals": "aes256gcm16"}}
AGREED = {"encr-alg": "AES_GCM_16", "encr-keysize": "256", "prf-alg": "PRF_HMAC_SHA2_256", "dh-group": "CURVE_25519",
          "encap": "yes", "esn": None}


class Plain:
    """No tunnel: what the machine can do."""

    name = "plain"

    def __init__(self):
        self.failed = False  # nothing more is asked of it in this round
        self.site = Site()
        self.alice, self.bob = self.site.moon.host, self.site.sun.host
        self.target = self.site.sun.inside[4]

    @property
    def pids(self):
        return []


class Rival(Plain):
    """One kind of daemon on both gateways; moon initiates."""

    env = {}

    def __init__(self, directory):
        super().__init__()
        self._daemons = [self._start(side, f"{directory}/{self.name}-{side.name}",
                                     config.tunnel(side, self.site.peer_of(side), **SUITE))
                         for side in (self.site.moon, self.site.sun)]

    @property
    def pids(self):
        """Both gateways' daemons, with what they have started."""
        return [pid for daemon in self._daemons for pid in family(daemon.process.pid)]

    def _call(self, daemon, command, message=None):
        """One command over VICI, which both speak."""
        with contextlib.closing(Vici(self._server(daemon))) as client:
            return client.call(command, message)

    def _done(self, command, message):
        answer = self._call(self._daemons[0], command, message)
        check(answer.get("success") == "yes", f"{command} over VICI: {answer}")

    def up_by_command(self):
        """What a user types. It runs on none of the hosts: a file leads to its daemon, and entering one takes time."""
        command = self._up_command(self._daemons[0])
        done = run(command, env=self.env)
        check(done.code == 0, f"{' '.join(command)}: exit code {done.code}\n{done.text}")

    def up_by_vici(self):
        """The same without a program to start."""
        self._done("initiate", {"child": "net", "timeout": "20000"})

    def _sas(self, daemon):
        with contextlib.closing(Vici(self._server(daemon))) as client:
            client.register("list-sa")
            client.call("list-sas")
            return client.events

    def down_by_vici(self):
        self._done("terminate", {"ike": "site"})

    def wait_idle(self):
        """Neither end has an SA left."""
        for daemon in self._daemons:
            until(lambda d=daemon: not self._sas(d), "no SA is left", interval=0.005)

    def over_vici(self, command, messages):
        """Many commands of one client, one after the other."""
        with contextlib.closing(Vici(self._server(self._daemons[0]))) as client:
            for message in messages:
                same(client.call(command, message).get("success"), "yes", f"success of {command} {message}")

    def as_agreed(self):
        """Both ends use the algorithms that are to be compared, and the same encapsulation."""
        for daemon in self._daemons:
            sas = self._sas(daemon)
            check(len(sas) == 1, f"{len(sas)} IKE_SAs instead of one: {sas}")
            sa = sas[0][1]["site"]
            child, = sa["child-sas"].values()
            found = {key: {**sa, **child}.get(key) for key in AGREED}
            same(found, AGREED, "what was negotiated")


class Ours(Rival):
    name = "ours"

    @staticmethod
    def _start(side, directory, configuration):
        return Ikev2d(side.gateway, directory, configuration).start()

    @staticmethod
    def _server(daemon):
        return daemon

    @staticmethod
    def _up_command(daemon):
        return [*daemon.client(), "up", "site"]

    def write(self, configuration):
        """Makes its file, from which read() loads."""
        self._daemons[0].write(configuration)

    def read(self):
        self._daemons[0].must("reload")


class StrongSwan(Rival):
    name = "strongSwan"

    @staticmethod
    def _start(side, directory, configuration):
        charon = Charon(side.gateway, directory)
        charon.load(configuration)
        return charon

    @staticmethod
    def _server(daemon):
        return daemon.swanctl

    def write(self, configuration):
        self._path = self._daemons[0].swanctl.write(configuration)

    def read(self):
        self._daemons[0].swanctl.must("--load-all", "--noprompt", "--file", self._path)

    def _up_command(self, daemon):
        self.env = daemon.swanctl.env
        return ["swanctl", "--initiate", "--child", "net", "--uri", daemon.swanctl.uri]
