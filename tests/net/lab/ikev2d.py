# SPDX-License-Identifier: GPL-2.0-or-later
"""Our daemon on a host, and our command."""
import collections
import itertools
import json
import os
import pathlib
import signal

from . import config, family, xfrm
from .check import Failed, check, same, until
from .process import listens, memory_of

ROOT = pathlib.Path(__file__).resolve().parents[3]
BIN = os.path.abspath(os.environ.get("BIN", ROOT / "build/bin"))
KERNEL_DROPS = {"no-sa": "xfrm-out-no-states"}  # by the names of the userspace path


def parse_json(text):
    try:
        return json.loads(text)
    except ValueError as e:
        raise Failed(f"not JSON ({e}): {text!r}") from None


class Ikev2d:
    datapath = None  # the setting of that name, where a configuration leaves it open

    def __init__(self, host, directory, configuration):
        """CONFIGURATION is a tree, a text, or None for none at all."""
        os.makedirs(directory, exist_ok=True)
        self.host = host
        self.run_dir = f"{directory}/run"
        self.config = f"{directory}/ikev2d.conf"
        self.log_path = f"{directory}/log"
        self.process = None
        self.program = "ikev2d"
        self.before = []  # the words in front of its own
        self.options = []  # and behind
        self.env = {}
        if configuration is None:
            self.config = "/dev/null"
        else:
            self.write(configuration)
        self._calls = itertools.count(1)
        self._state = host.state()

    def write(self, configuration):
        if not isinstance(configuration, str):
            configuration = config.merged({"daemon": self._daemon()}, configuration)
        with open(self.config, "w", encoding="utf-8") as f:
            f.write(configuration if isinstance(configuration, str) else config.text(configuration))

    def _daemon(self):
        """Settings where a configuration leaves them open. Hosts of a lab share the machine's file of DNS servers."""
        return {"dns": "no", **({"datapath": self.datapath} if self.datapath else {})}

    def command(self):
        return [os.path.join(BIN, self.program), "--foreground", "--config", self.config, "--run-dir", self.run_dir,
                *self.options]

    def client(self):
        return [f"{BIN}/ipsec", "--run-dir", self.run_dir]

    @property
    def uri(self):
        return f"unix://{self.run_dir}/vici"

    def _answers(self):
        if not self.process.alive():
            raise Failed(f"ikev2d on {self.host.name} did not start: {self.log()}")
        return listens(f"{self.run_dir}/vici")

    def attempt(self, seconds=10):
        """Starts it where that must fail; returns how it ended."""
        return self.host.run([*self.before, *self.command()], seconds=seconds, env=self.env)

    def start(self):
        self.process = self.host.spawn([*self.before, *self.command()], self.log_path, self.env)
        until(self._answers, lambda: f"ikev2d on {self.host.name} listens: {self.log()}")
        return self

    def running(self):
        return self.process is not None and self.process.alive()

    def lean(self):
        """A sanitizer shall not keep what was freed, so that memory() tells what is in use."""
        self.env = {"ASAN_OPTIONS": "quarantine_size_mb=1:thread_local_quarantine_size_kb=64"}
        return self

    def memory(self):
        """Octets in use."""
        return memory_of([self.process.pid])

    def log(self):
        if not os.path.exists(self.log_path):
            return ""
        with open(self.log_path, encoding="utf-8", errors="replace") as f:
            return f.read()

    def ipsec(self, *words, seconds=60):
        return self.host.run([*self.client(), *words], seconds=seconds)

    def spawn(self, *words):
        """Our command beside the case."""
        return self.host.spawn([*self.client(), *words], f"{self.log_path}-{next(self._calls)}")

    def must(self, *words):
        done = self.ipsec(*words)
        check(done.code == 0, f"ipsec {' '.join(words)} on {self.host.name}: exit code {done.code}\n{done.text}")
        return done.out

    def json(self, *words):
        return parse_json(self.must("--json", *words))

    def up(self, name="site"):
        return self.must("up", name)

    def sas(self):
        """The IKE_SAs, as ipsec tells them."""
        return self.json("list", "sas")["sas"]

    def children(self):
        return [child for sa in self.sas() for child in sa["children"]]

    def connection(self, name="site"):
        """What ipsec status says of one connection."""
        return self.json("status", name)["connections"][0]

    def wait_children(self, n):
        until(lambda: len(self.children()) == n, lambda: f"{n} CHILD_SAs on {self.host.name}: {self.sas()}")

    def wait_replaced(self, before, seconds=8.0):
        """Established is another IKE_SA than that of the unique ID BEFORE."""
        until(lambda: [sa["uniqueid"] for sa in self.sas() if sa["state"] == "ESTABLISHED"] not in ([], [before]),
              lambda: f"another IKE_SA on {self.host.name} than {before}: {self.sas()}", seconds)

    def wait_idle(self):
        until(lambda: not self.sas(), lambda: f"no SA left on {self.host.name}: {self.sas()}")

    def drops(self):
        """Dropped packets by reason."""
        pairs = [word.split("=") for word in self.json("statusall")["daemon"]["drops"].split()]
        return collections.Counter({reason: int(n) for reason, n in pairs if n.isdigit()})

    def wait_drops(self, reason, n=1):
        if self.datapath == "kernel":
            reason = KERNEL_DROPS.get(reason, reason)
        until(lambda: self.drops()[reason] >= n, lambda: f"{n} dropped for {reason} on {self.host.name}: {self.drops()}")

    def routes(self):
        """The table of the routes to our devices."""
        return "".join(self.host.run(["ip", f"-{v}", "route", "show", "table", "220"]).out for v in (4, 6))

    def wait_routes(self, part):
        until(lambda: part in self.routes(), lambda: f"{part!r} in the routes of {self.host.name}: {self.routes()}")

    def wait_trap(self):
        """Packets are led to where one brings the tunnel up."""
        if self.datapath == "kernel":
            until(lambda: any(p.templates for p in xfrm.policies(self.host)), f"there is a trap on {self.host.name}")
        else:
            self.wait_routes("ipsec0")

    def wait_log(self, *parts):
        for part in parts:
            until(lambda part=part: part in self.log(), f"{part!r} in the log of {self.host.name}")

    def sound(self):
        """No sanitizer has complained, nor has a process made a system call that is not on its list, but one that has been
        taken over."""
        log = self.log()
        filtered = () if self.program == "ikev2d-hostile" else ("(SIGSYS)",)
        for word in ("ERROR: AddressSanitizer", "runtime error:", "ERROR: LeakSanitizer", *filtered):
            check(word not in log, f"{word} on {self.host.name}\n{log}")

    def stop(self):
        """An orderly stop."""
        self.must("stop")
        self.ended()

    def ended(self):
        """After an orderly end the host is as it was."""
        same(self.process.wait(10), 0, f"exit code of ikev2d on {self.host.name}")
        self.sound()
        same(os.listdir(self.run_dir), ["state"], "what is left in the run directory")
        self.as_before()

    def as_before(self):
        """The host is as it was before the first start."""
        until(lambda: self.host.state() == self._state,
              lambda: f"{self.host.name} is as it was:\n{difference(self._state, self.host.state())}", 2)

    def kill(self):
        """As a crash would. Its other processes end with it, a moment later, as whoever starts it again waits for."""
        others = family.others(self) if self.process.alive() else []
        self.process.signal(signal.SIGKILL)
        self.process.wait(5)
        until(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in others), f"{others} end with ikev2d")


def difference(before, after):
    old, new = before.splitlines(), after.splitlines()
    return "\n".join([f"- {line}" for line in old if line not in new] + [f"+ {line}" for line in new if line not in old])
