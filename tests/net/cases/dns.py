# SPDX-License-Identifier: GPL-2.0-or-later
"""DNS servers that a gateway gives with virtual addresses: moon, the road warrior, asks them as long as the tunnel leads
to them, by each of the ways to tell a machine so."""
import os
import pathlib
import re
import socket
import struct

from cases.processes import killed
from lab.case import case, user_case
from lab.check import check, contains, same, until
from lab.config import merged
from lab.resolved import Resolved

SERVERS = {4: "10.2.0.53", 6: "2001:db8:2::53"}
POOLS = {"pools": {"rw": {"addrs": "10.93.0.0/24", "dns": ", ".join(SERVERS.values())},
                   "rw6": {"addrs": "2001:db8:93::/120"}}}
DOMAINS = {"pools": {"rw": {"25": "example.org"}}}
BEFORE = "# by hand\nnameserver 192.0.2.53\nsearch example.com\noptions edns0\n"
LINES = "".join(f"nameserver {ip}\n" for ip in SERVERS.values())
BOTH = {"inner": (4, 6)}
IP_UNICAST_IF = 50


def client(bench, way, **changes):
    asks = {**BOTH, "conn": {"vips": ["0.0.0.0", "::"]}, "child": {"local_ts": "dynamic"}}
    return {**bench.tunnel(bench.moon, **merged(asks, changes)), "daemon": {"dns": way}}


def gateway(bench, pools=None, **changes):
    gives = {**BOTH, "conn": {"pools": ["rw", "rw6"]}, "child": {"remote_ts": "dynamic"}}
    return {**bench.tunnel(bench.sun, **merged(gives, changes)), **merged(POOLS, pools or {})}


class Warrior:
    """Moon, with a file of DNS servers, a PATH and a system bus of its own."""

    def __init__(self, bench, way, sun=None, pools=None, **changes):
        self.file = pathlib.Path(bench.directory, "resolv.conf")
        self.file.write_text(BEFORE, encoding="ascii")
        self.daemon = bench.daemon(bench.moon, client(bench, way, **changes))
        self.daemon.before = ["unshare", "--mount", "--propagation", "private", "sh", "-c",
                              'mount --bind "$0" /etc/resolv.conf && exec "$@"', str(self.file)]
        self.daemon.env = {"DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={bench.directory}/no-bus"}
        self.sun = bench.daemon(bench.sun, gateway(bench, pools, **(sun or {}))).start()

    def lines(self):
        return self.file.read_text(encoding="ascii")

    def has(self, part):
        until(lambda: part in self.lines(), lambda: f"{part!r} in the file: {self.lines()}")

    def as_before(self):
        until(lambda: self.lines() == BEFORE, lambda: f"the file is as it was: {self.lines()}")


@case(quick=True)
def dns_in_the_file(bench):
    """What was there stays as comments, and is back when the tunnel is down, and after an orderly stop."""
    moon = Warrior(bench, "file")
    moon.daemon.start()
    moon.daemon.up()
    moon.has(LINES)
    contains(moon.lines(), "#ikev2d# nameserver 192.0.2.53\n#ikev2d# search example.com\noptions edns0\n", "the file")
    check("\nnameserver 192.0.2.53" not in moon.lines(), f"the server of before is not asked: {moon.lines()}")
    moon.daemon.must("rekey", "site", "--reauth")
    until(lambda: len(moon.daemon.sas()) == 1, "one IKE_SA", 15)
    moon.has(LINES)
    moon.daemon.must("down", "site")
    moon.as_before()
    moon.daemon.up()
    moon.has(LINES)
    moon.daemon.stop()
    moon.as_before()


@case()
def dns_in_the_file_after_a_crash(bench):
    """The next start puts back what was there, also when the machine was restarted and the run directory is empty; and
    leaves alone what somebody else has written meanwhile."""
    moon = Warrior(bench, "file", pools=DOMAINS)
    moon.daemon.start()
    for restarted in False, True:
        moon.daemon.up()
        moon.has(LINES + "search example.org\n")
        moon.daemon.kill()
        contains(moon.lines(), LINES, "the file, when nobody is there to put it back")
        if restarted:
            os.unlink(f"{moon.daemon.run_dir}/dns")
        with moon.file.open("a", encoding="ascii") as f:
            f.write("options rotate\n")
        moon.daemon.start()
        same(moon.lines(), BEFORE + "options rotate\n", "the file")
        moon.file.write_text(BEFORE, encoding="ascii")


@case()
def dns_outlives_ike(bench):
    """What the process had that was lost is forgotten in the end."""
    moon = Warrior(bench, "file", child={"start_action": "start", "keep": "yes"})
    moon.daemon.start()
    moon.has(LINES)
    killed(moon.daemon, "ike")
    until(lambda: "what ike had before it was lost is taken away" in moon.daemon.log(), moon.daemon.log, 40)
    until(moon.daemon.sas, moon.daemon.log)
    moon.has(LINES)
    moon.daemon.must("down", "site")
    moon.as_before()


@case()
def dns_in_a_file_that_cannot_be_written(bench):
    """That is said; the tunnel carries all the same."""
    moon = Warrior(bench, "file")
    moon.daemon.before[6] = 'mount --bind "$0" /etc/resolv.conf && mount -o remount,bind,ro /etc/resolv.conf && exec "$@"'
    moon.daemon.start()
    moon.daemon.up()
    moon.daemon.wait_log("/etc/resolv.conf cannot be written: Read-only file system")
    same(moon.lines(), BEFORE, "the file")


STAND_IN = """#!/bin/sh
[ ! -e {0}/refuses ] || {{ echo "no such interface"; exit 1; }}
case $1 in
-a) cat >{0}/"$2.new" && mv {0}/"$2.new" {0}/"$2" ;;
-d) rm -f {0}/"$2" ;;
esac
"""


class Resolvconf(Warrior):
    def __init__(self, bench, way, **changes):
        super().__init__(bench, way, **changes)
        self.folder = pathlib.Path(bench.directory, "resolvconf")
        (self.folder / "bin").mkdir(parents=True)
        program = self.folder / "bin/resolvconf"
        program.write_text(STAND_IN.format(self.folder), encoding="ascii")
        program.chmod(0o755)
        self.daemon.env["PATH"] = f"{program.parent}:{os.environ['PATH']}"

    def told(self):
        path = self.folder / "tun0.ikev2d"
        return path.read_text(encoding="ascii") if path.exists() else None

    def knows(self, text):
        until(lambda: self.told() == text, lambda: f"resolvconf was told {text!r}: {self.told()!r}")


@case()
def dns_by_resolvconf(bench):
    """That is what "auto" takes where the program is there and the machine does not ask systemd-resolved."""
    moon = Resolvconf(bench, "auto", pools=DOMAINS)
    moon.daemon.start()
    for ends in "down", "stop", "kill":
        moon.daemon.up()
        moon.knows(LINES + "search example.org\n")
        moon.daemon.wait_log("method=resolvconf", "and for all others: only systemd-resolved could tell them apart")
        same(moon.lines(), BEFORE, "the file")
        if ends == "down":
            moon.daemon.must("down", "site")
            moon.knows(None)
        elif ends == "stop":
            moon.daemon.stop()
            same(moon.told(), None, "what resolvconf knows after the stop")
            moon.daemon.start()
        else:
            moon.daemon.kill()
            moon.knows(LINES + "search example.org\n")
            moon.daemon.start()
            same(moon.told(), None, "what resolvconf knows after the next start")


@case()
def dns_by_a_resolvconf_that_fails(bench):
    """What it says is logged, and the file is taken."""
    moon = Resolvconf(bench, "auto")
    (moon.folder / "refuses").touch()
    moon.daemon.start()
    moon.daemon.up()
    moon.has(LINES)
    moon.daemon.wait_log("resolvconf has failed: no such interface; what is tried next is file")
    moon.daemon.must("down", "site")
    moon.as_before()


class WithResolved(Warrior):
    def __init__(self, bench, way, **changes):
        super().__init__(bench, way, **changes)
        self.resolved = Resolved(f"{bench.directory}/bus")
        self.daemon.env = self.resolved.env()

    def number(self, device="ipsec0"):
        return self.daemon.host.within(socket.if_nametoindex, device)

    def link(self, device="ipsec0"):
        found = re.search(rf"^(\d+): {device}:", self.daemon.host.must(["ip", "link"]), re.M)
        return self.resolved.links.get(int(found.group(1))) if found else None

    def knows(self, domains, default):
        wanted = {"SetLinkDNS": list(SERVERS.values()), "SetLinkDomains": domains, "SetLinkDefaultRoute": default,
                  "SetLinkLLMNR": "no", "SetLinkMulticastDNS": "no"}
        until(lambda: self.link() == wanted, lambda: f"the link was told {wanted}: {self.resolved.links}")


@user_case()
def dns_by_resolved(bench):
    """The tunnel's device has the servers, for all names; they are taken from it when the tunnel goes, where the device
    stays (another tunnel's trap is on it), and else go with it; also in a crash."""
    moon = WithResolved(bench, "resolved")
    trap = {"children": {"far": {"local_ts": "10.1.0.0/24", "remote_ts": "10.99.0.0/16", "start_action": "trap"}}}
    moon.daemon.write(merged(client(bench, "resolved"),
                             {"connections": {"other": {"remote_addrs": bench.sun.wan[4], **trap}}}))
    moon.daemon.start()
    for ends in "down", "stop", "kill":
        moon.daemon.up()
        moon.knows([(".", True)], True)
        contains(moon.daemon.host.must(["ip", "addr", "show", "dev", "ipsec0"]), "10.93.0.1/32", "what the device has")
        same(moon.lines(), BEFORE, "the file")
        if ends == "down":
            moon.daemon.must("down", "site")
            until(lambda: not moon.resolved.links, lambda: f"the link is told nothing: {moon.resolved.links}")
            check("10.93" not in moon.daemon.host.must(["ip", "addr"]), "the device has no address")
        elif ends == "stop":
            moon.daemon.stop()
            same(moon.link(), None, "what the device was told, after the stop")
            moon.daemon.start()
        else:
            moon.daemon.kill()
            moon.daemon.start()
            same(moon.link(), None, "what the new device was told")


@user_case()
def dns_by_resolved_for_domains(bench):
    """Split DNS (RFC 8598): only names of the domains that the gateway names are asked there; unless everything is to
    go through the tunnel."""
    moon = WithResolved(bench, "resolved", pools=DOMAINS)
    moon.daemon.start()
    moon.daemon.up()
    moon.knows([("example.org", False)], False)
    moon.daemon.wait_log("this machine asks 10.2.0.53 2001:db8:2::53, for names of example.org")
    moon.resolved.refuses["RevertLink"] = ("NoSuchLink", "Link 4 not known")  # it may be faster than we are
    moon.daemon.must("down", "site")
    moon.daemon.wait_log("this machine asks the DNS servers that it asked before")


@user_case()
def dns_by_resolved_for_everything(bench):
    moon = WithResolved(bench, "resolved", pools=DOMAINS, sun={"child": {"local_ts": "0.0.0.0/0, ::/0"}},
                        child={"remote_ts": "0.0.0.0/0, ::/0"})
    moon.daemon.start()
    moon.daemon.up()
    moon.knows([("example.org", False), (".", True)], True)


def asked_through_the_device(bench, moon):
    """As systemd-resolved does it: a socket that sends through the link (IP_UNICAST_IF), whatever the routes say."""
    server = bench.bob.within(socket.socket, socket.AF_INET, socket.SOCK_DGRAM)
    asker = moon.daemon.host.within(socket.socket, socket.AF_INET, socket.SOCK_DGRAM)
    with server, asker:
        server.bind((bench.sun.inside[4], 53))
        server.settimeout(5)
        asker.settimeout(5)
        asker.setsockopt(socket.IPPROTO_IP, IP_UNICAST_IF, struct.pack("!I", moon.number()))
        asker.connect((bench.sun.inside[4], 53))
        asker.send(b"name?")
        question, who = server.recvfrom(100)
        same((question, who[0]), (b"name?", "10.93.0.1"), "what the server gets")
        server.sendto(b"name!", who)
        same(asker.recv(100), b"name!", "the answer")


@user_case()
def dns_through_the_link(bench):
    moon = WithResolved(bench, "resolved")
    moon.daemon.start()
    moon.daemon.up()
    moon.knows([(".", True)], True)
    asked_through_the_device(bench, moon)


@user_case(each=["refuses", "silent", "absent"])
def dns_by_resolved_that(bench, does):
    """"auto" takes the file then: a bus that does not answer is waited for for ten seconds, and IKE goes on."""
    moon = WithResolved(bench, "auto")
    moon.file.write_text(stub := "nameserver 127.0.0.53\n", encoding="ascii")
    if does == "refuses":
        moon.resolved.refuses["SetLinkDNS"] = ("LinkBusy", "Link ipsec0 is managed.")
    moon.resolved.silent = does == "silent"
    if does == "absent":
        moon.resolved.close()
    moon.daemon.start()
    moon.daemon.up()
    until(lambda: LINES in moon.lines(), lambda: f"the servers are in the file: {moon.lines()}", 15)
    moon.daemon.wait_log({"refuses": "systemd-resolved does not take it: org.freedesktop.resolve1.LinkBusy: Link ipsec0 is "
                                     "managed.; what is tried next is file",
                          "silent": "the system bus (D-Bus) does not answer; what is tried next is file",
                          "absent": "there is no system bus (D-Bus) at"}[does])
    moon.daemon.must("down", "site")
    until(lambda: moon.lines() == stub, lambda: f"the file is as it was: {moon.lines()}")


@user_case()
def dns_by_resolved_that_takes_a_part(bench):
    """That is taken back: else it would ask servers that the file names, too, and the device have the address."""
    moon = WithResolved(bench, "auto")
    moon.file.write_text("nameserver 127.0.0.53\n", encoding="ascii")
    moon.resolved.refuses["SetLinkDomains"] = ("LinkBusy", "Link ipsec0 is managed.")
    moon.daemon.start()
    moon.daemon.up()
    until(lambda: LINES in moon.lines(), lambda: f"the servers are in the file: {moon.lines()}", 15)
    until(lambda: not moon.resolved.links, lambda: f"the link is told nothing any more: {moon.resolved.links}")
    check("10.93" not in moon.daemon.host.must(["ip", "addr", "show", "dev", "ipsec0"]), "the device has no address of it")
    moon.resolved.refuses.clear()
    moon.daemon.must("down", "site")
    moon.daemon.up()
    moon.knows([(".", True)], True)


@case()
def dns_servers_outside_of_the_tunnel(bench):
    """They are not asked: questions to them would go in the clear."""
    moon = Warrior(bench, "file", pools={"pools": {"rw": {"dns": "192.0.2.99, 10.2.0.53"}}})
    moon.daemon.start()
    moon.daemon.up()
    moon.has("nameserver 10.2.0.53\n")
    check("192.0.2.99" not in moon.lines(), f"the other one is not asked: {moon.lines()}")
    moon.daemon.wait_log("the DNS server 192.0.2.99 that the gateway names is not asked: it lies outside of the tunnel")


@case()
def dns_is_not_wanted(bench):
    moon = Warrior(bench, "no")
    moon.daemon.start()
    moon.daemon.up()
    moon.daemon.wait_log("the gateway names DNS servers")
    same(moon.lines(), BEFORE, "the file")
    check(not os.path.exists(f"{moon.daemon.run_dir}/dns"), "nothing is noted")
