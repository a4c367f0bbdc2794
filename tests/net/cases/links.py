# SPDX-License-Identifier: GPL-2.0-or-later
"""ipsec listen and ipsec connect: a link of two machines by one command on each."""
import signal

from cases.json_facts import valid
from lab.case import case
from lab.check import check, contains, same, until
from lab.ikev2d import parse_json
from lab.traffic import reaches


class Listener:
    """ipsec listen on sun, which waits."""

    def __init__(self, bench):
        self.daemon = bench.daemon(bench.sun, None).start()
        self.process = self.daemon.spawn("--json", "listen")
        bench.afterwards(self.process.kill)
        self.made = self.said(1)
        same(self.made["up"], False, "whether the link is up at once")

    def said(self, n):
        """The Nth line of JSON, when it is there."""
        def lines():
            return [line for line in self.process.log().splitlines(True) if line.startswith("{") and line.endswith("\n")]
        until(lambda: len(lines()) >= n, lambda: f"line {n} of ipsec listen: {self.process.log()}")
        answer = parse_json(lines()[n - 1])
        valid("link" if answer["success"] else "failure", answer)
        return answer


def machines(bench):
    return bench.daemon(bench.moon, None).start(), Listener(bench)


def empty(daemon):
    same(daemon.json("list", "conns")["connections"], [], f"connections of {daemon.host.name}")
    same(daemon.sas(), [], f"SAs of {daemon.host.name}")


@case(each=["ipv4", "ipv6"], quick=["ipv4"])
def link_of_two_machines(bench, version):
    """Addresses of its own, everything protected; gone when it is ended, and the code long before."""
    again = bench.daemon(bench.moon, {"daemon": {"port": 5500, "port_nat_t": 5501, "tun_name": "other"}}, "other")
    moon, listener = machines(bench)
    sun, made = listener.daemon, listener.made
    outer = bench.sun.wan[4 if version == "ipv4" else 6]
    wire = bench.wire()
    done = moon.ipsec("connect", outer, made["code"])
    same(done.code, 0, f"exit code of ipsec connect\n{done.text}")
    contains(done.out, f"{made['name']} is up: {made['address']} is the other machine", "ipsec connect")
    same((listener.said(2)["up"], listener.process.wait(5)), (True, 0), "what ipsec listen says, and how it ends")
    reaches(moon.host, made["address"])
    reaches(sun.host, made["peer"])
    moon.must("rekey", made["name"])
    moon.must("rekey", f"{made['name']}/link")
    reaches(moon.host, made["address"])
    wire.no_clear()
    again.start()
    done = again.ipsec("connect", outer, made["code"])
    same(done.code, 1, f"exit code of ipsec connect with a code that was used\n{done.text}")
    empty(again)
    again.kill()
    reaches(moon.host, made["address"])
    moon.must("disconnect", made["name"])
    sun.must("disconnect", made["name"])
    for daemon in moon, sun:
        daemon.wait_idle()
        empty(daemon)
        same(daemon.ipsec("disconnect", made["name"]).code, 1, "exit code of ending it again")


@case()
def link_with_a_wrong_code(bench):
    """Nothing is left of it, and the right one is good still."""
    moon, listener = machines(bench)
    code = listener.made["code"]
    wrong = code[:5] + code[5:].translate(str.maketrans("abcdefghjkmnpqrstuvwxyz", "bcdefghjkmnpqrstuvwxyza"))
    check(wrong != code, "another code")
    done = moon.ipsec("connect", bench.sun.wan[4], wrong)
    same(done.code, 1, f"exit code of ipsec connect\n{done.text}")
    contains(done.err, "AUTHENTICATION_FAILED", "ipsec connect")
    empty(moon)
    for odd in "abcd", code.upper(), code + "x", code[:-1] + "\u00e4":
        done = moon.ipsec("connect", bench.sun.wan[4], odd)
        same(done.code, 2, f"exit code of ipsec connect with {odd!r}")
        contains(done.err, "that is no code: ipsec listen on 192.0.2.2 shows one", "ipsec connect")
    same(moon.ipsec("connect", "not/a/host", code).code, 2, "exit code of ipsec connect to no host")
    same(moon.ipsec("disconnect", "site").code, 2, "exit code of ipsec disconnect of what is no link")
    same(moon.ipsec("connect", bench.sun.wan[4], code).code, 0, "exit code of ipsec connect with the right code")


@case()
def link_that_nobody_wants(bench):
    """An interrupt ends the waiting, and the code."""
    moon, listener = machines(bench)
    listener.process.signal(signal.SIGINT)
    contains(listener.said(2)["error"], "nobody came", "ipsec listen")
    same(listener.process.wait(5), 1, "exit code of ipsec listen")
    empty(listener.daemon)
    same(moon.ipsec("connect", bench.sun.wan[4], listener.made["code"]).code, 1, "exit code of ipsec connect")


@case()
def link_given_up(bench):
    """An interrupt while the peer does not answer leaves nothing."""
    moon = bench.daemon(bench.moon, None).start()
    connecting = moon.spawn("connect", "192.0.2.77", "abcd-efgh-jkmn-pqrs-tuvw-xyz1-2345")
    bench.afterwards(connecting.kill)
    until(moon.sas, lambda: f"an IKE_SA: {connecting.log()}")
    connecting.signal(signal.SIGINT)
    same(connecting.wait(5), 1, "exit code of ipsec connect")
    contains(connecting.log(), "interrupted", "ipsec connect")
    moon.wait_idle()
    empty(moon)


@case()
def link_by_a_typed_code(bench):
    """The code comes from standard input, so that it stands in no list of processes."""
    moon, listener = machines(bench)
    done = moon.host.run([*moon.client(), "connect", bench.sun.wan[4]], stdin=listener.made["code"] + "\n")
    same(done.code, 0, f"exit code of ipsec connect\n{done.text}")
    reaches(moon.host, listener.made["address"])
