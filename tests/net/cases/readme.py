# SPDX-License-Identifier: GPL-2.0-or-later
"""What README.md says, done exactly as it says it."""
import os
import pathlib
import re

from lab.case import case
from lab.check import check, contains, same, until
from lab.ikev2d import BIN, ROOT, parse_json
from lab.net import run
from lab.process import Process
from lab.traffic import reaches, reaches_in_the_end


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

    _fresh = "mount -t tmpfs none /etc && mount -t tmpfs none /run && mount -t tmpfs none /var/lib && mkdir /etc/ikev2d"
    _path = f"{BIN}:{os.environ['PATH']}"

    def __init__(self, bench, side):
        self.home = f"{bench.directory}/home-{side.name}"
        self.tools = f"{bench.directory}/tools-{side.name}"
        os.makedirs(self.home)
        os.makedirs(self.tools)
        self._process = side.gateway.spawn(["unshare", "-m", "sh", "-c", f"{self._fresh} && echo ready && exec sleep infinity"],
                                           f"{self.home}.log")
        bench.afterwards(self._end)
        until(lambda: "ready" in self._process.log(), lambda: f"the machine has its folders: {self._process.log()}")
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

    def _command(self, line, *env, folder=None):
        return ["nsenter", "-t", str(self._process.pid), "-m", "-n", "env", "-C", folder or self.home,
                *env, f"PATH={self.tools}:{self._path}", "sh", "-c", line]

    def run(self, line, *env, folder=None, **how):
        return run(self._command(line, *env, folder=folder), **how)

    def spawn(self, line):
        """Beside the case."""
        return Process(self._command(f"exec {line}"), f"{self.home}-beside.log")


class EmptyMachine(Machine):
    """One on which nothing of ours is installed, with the packages of the real one."""

    _fresh = ("mount -t tmpfs none /mnt && mkdir -p /mnt/etc /mnt/lib/dpkg && cp -a /etc/. /mnt/etc && "
              "rm -rf /mnt/etc/ikev2d /mnt/etc/swanctl && mount --bind /var/lib/dpkg /mnt/lib/dpkg && "
              "mount --rbind /mnt/lib /var/lib && mount --bind /mnt/etc /etc && mount -t tmpfs none /run && "
              "mount -t tmpfs none /usr/local")
    _path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

    def run(self, line, *env, **how):
        """make works in our folder, on what was built for this test."""
        if not line.startswith("make "):
            return super().run(line, *env, **how)
        built = pathlib.Path(BIN).parent
        sanitized = built.name.startswith("san-")
        variant = [f"B={built.parent}", f"SAN={built.name.removeprefix('san-')}"] if sanitized else [f"B={built}"]
        with open(built / ("flags" if sanitized else "plain/flags"), encoding="utf-8") as f:
            compiler = f.readline().split()[0]
        return super().run(line, "-u", "MAKEFLAGS", "-u", "MAKELEVEL", f"CC={compiler}", *variant, folder=str(ROOT), seconds=300)


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


@case()
def readme_road_warriors(bench):
    """From two empty machines to a packet of a connected client, in at most six commands. Stand-ins are scp, and what would be
    said of the gateway's name by a server of names."""
    commands = section("Road warriors")[0]
    lines = [re.fullmatch(r"(gateway|laptop)# (.*)", line).groups() for line in commands.splitlines()]
    check(len(lines) <= 6, f"{len(lines)} commands:\n{commands}")
    # A machine that is empty forwards nothing; put back when its daemon has put back its own.
    bench.sysctl(bench.sun.gateway, "net.ipv4.ip_forward", 0)
    machines = {"gateway": EmptyMachine(bench, bench.sun), "laptop": EmptyMachine(bench, bench.moon)}
    gateway, laptop = machines["gateway"], machines["laptop"]
    laptop.write("/etc/hosts", f"{bench.sun.wan[4]} vpn.example.org\n")
    laptop.stand_in("scp", f'exec cp -r "{gateway.home}/${{2#vpn.example.org:}}" "$3"')
    for name, line in lines:
        done = machines[name].run(line)
        same(done.code, 0, f"exit code of {line} on {name}\n{done.text}")
    until(lambda: [sa for sa in parse_json(laptop.run("ipsec --json list sas").out)["sas"] if sa["children"]],
          lambda: f"the laptop is connected: {laptop.run('ipsec status').text}", 20)
    reaches_in_the_end(bench.moon.gateway, bench.sun.inside[4])
    sa, = parse_json(gateway.run("ipsec --json list sas").out)["sas"]
    same((sa["remote_id"], sa["remote_vips"]), ("alice", ["10.9.0.1"]), "who came to the gateway")
    check(int(sa["children"][0]["packets_in"]) > 0, "the packets did not go through the tunnel")
    contains(gateway.run("ipsec user list").out, bench.moon.wan[4], "ipsec user list")
    same(gateway.run("ipsec complete user revoke ''").out.split()[-1], "alice", "how the name of a user is completed")
    same(gateway.run("ipsec complete pki renew v").out, "vpn.example.org\n", "how that of a certificate is completed")


@case()
def readme_link(bench):
    """One command on each of two machines on which nothing runs yet."""
    (listener, listen), (connector, connect) = (re.fullmatch(r"(moon|sun)# (.*)", line).groups()
                                                for line in section("A link for an afternoon")[0].splitlines())
    machines = {"moon": Machine(bench, bench.moon), "sun": Machine(bench, bench.sun)}
    listening = machines[listener].spawn(listen)
    bench.afterwards(listening.kill)
    code = until(lambda: re.search(r"the code it asks for: +(\S+)", listening.log()), lambda: f"a code: {listening.log()}")[1]
    done = machines[connector].run(connect, stdin=f"{code}\n")
    same(done.code, 0, f"exit code of {connect}\n{done.text}")
    same(listening.wait(10), 0, f"exit code of {listen}\n{listening.log()}")
    reaches(bench.moon.gateway, re.search(r"is up: (\S+) is the other machine", done.out)[1])


@case()
def readme_link_by_keys(bench):
    """Each machine's own word stands for its key."""
    shows, links = ([re.fullmatch(r"(moon|sun)# (.*)", line).groups() for line in block.splitlines()]
                    for block in section("A link for an afternoon")[1:])
    machines = {"moon": Machine(bench, bench.moon), "sun": Machine(bench, bench.sun)}
    keys = {f"{name.upper()}-KEY": machines[name].run(line).out.strip() for name, line in shows}
    (listener, listen), (connector, connect) = [(name, re.sub(r"\b(MOON|SUN)-KEY\b", lambda m: keys[m[0]], line))
                                                for name, line in links]
    listening = machines[listener].spawn(listen)
    bench.afterwards(listening.kill)
    until(lambda: "waiting for it" in listening.log(), lambda: f"it waits: {listening.log()}", 20)
    contains(listening.log(), f" {connect.split(maxsplit=3)[3]}\n", "what ipsec listen says")
    done = machines[connector].run(connect)
    same(done.code, 0, f"exit code of {connect}\n{done.text}")
    same(listening.wait(10), 0, f"exit code of {listen}\n{listening.log()}")
    reaches(bench.moon.gateway, re.search(r"is up: (\S+) is the other machine", done.out)[1])
