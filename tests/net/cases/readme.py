# SPDX-License-Identifier: GPL-2.0-or-later
"""What README.md says, done exactly as it says it."""
import os
import re

from lab.case import case
from lab.check import check, contains, same, until
from lab.ikev2d import BIN, ROOT, parse_json
from lab.net import run


def section(title):
    """The indented blocks of a section, each without its indentation."""
    with open(ROOT / "README.md", encoding="utf-8") as f:
        text = f.read()
    body = text.split(f"## {title}\n")[1].split("\n## ")[0]
    blocks = re.findall(r"(?:^    .*\n(?:\n(?=    ))?)+", body, re.M)
    return [re.sub(r"^    ", "", block, flags=re.M) for block in blocks]


def exchanged(configuration):
    """The other end's: local and remote in each other's place."""
    other = {"local": "remote", "remote": "local"}
    return re.sub("local|remote", lambda m: other[m[0]], configuration)


class Machine:
    """A gateway with folders of its own where the programs keep things."""

    def __init__(self, bench, side):
        self.home = f"{bench.directory}/home-{side.name}"
        self.tools = f"{bench.directory}/tools-{side.name}"
        os.makedirs(self.home)
        os.makedirs(self.tools)
        fresh = ("mount -t tmpfs none /etc && mount -t tmpfs none /run && mount -t tmpfs none /var/lib && "
                 "mkdir /etc/ikev2d && echo ready && exec sleep infinity")
        self._process = side.gateway.spawn(["unshare", "-m", "sh", "-c", fresh], f"{self.home}.log")
        bench.afterwards(self._end)
        until(lambda: "ready" in self._process.log(), "the machine has its folders")
        self.root = f"/proc/{self._process.pid}/root"

    def _end(self):
        self.run("ipsec stop")
        self._process.kill()

    def stand_in(self, name, text):
        path = f"{self.tools}/{name}"
        with open(path, "w", encoding="ascii") as f:
            f.write(f"#!/bin/sh\n{text}\n")
        os.chmod(path, 0o755)

    def write(self, path, text):
        with open(f"{self.root}{path}", "w", encoding="utf-8") as f:
            f.write(text)

    def run(self, line):
        return run(["nsenter", "-t", str(self._process.pid), "-m", "-n", "env", "-C", self.home,
                    f"PATH={self.tools}:{BIN}:{os.environ['PATH']}", "sh", "-c", line])


@case()
def readme_with_certificates(bench):
    """From nothing to a packet through the tunnel, in fewer than ten commands. Only scp is a stand-in: there is no sshd."""
    configuration, commands = section("The same with certificates")[:2]
    lines = [re.fullmatch(r"(moon|sun)# (.*)", line).groups() for line in commands.splitlines()]
    check(len(lines) < 10 and lines[-1][1].startswith("ping "), f"{len(lines)} commands:\n{commands}")
    machines = {"moon": Machine(bench, bench.moon), "sun": Machine(bench, bench.sun)}
    machines["moon"].stand_in("scp", f'exec cp -r "$2" "{machines["sun"].root}${{3#192.0.2.2:}}"')
    machines["moon"].write("/etc/ikev2d/ikev2d.conf", configuration)
    machines["sun"].write("/etc/ikev2d/ikev2d.conf", exchanged(configuration))
    for name, line in lines:
        done = machines[name].run(line)
        same(done.code, 0, f"exit code of {line} on {name}\n{done.text}")
    sa, = parse_json(machines["sun"].run("ipsec --json list sas").out)["sas"]
    same(sa["remote_id"], "moon.example.org", "who came to sun")
    check(int(sa["children"][0]["packets_in"]) > 0, "the packets did not go through the tunnel")


@case()
def readme_verbs_of_pki(bench):
    """What the list beneath says exists."""
    with open(ROOT / "README.md", encoding="utf-8") as f:
        named = set(re.findall(r"ipsec pki ([a-z]+)", f.read()))
    text = bench.moon.gateway.run([f"{BIN}/ipsec", "pki", "help"]).out
    for verb in named - {"help"}:
        contains(text, f"\n  {verb} ", "ipsec pki help")
