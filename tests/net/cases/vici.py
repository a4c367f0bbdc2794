# SPDX-License-Identifier: GPL-2.0-or-later
"""Clients of VICI that do what swanctl never does; others are served meanwhile, and the daemon does not grow."""
import random
import struct
import threading
import time

from lab.case import case
from lab.check import check, contains, same, until
from lab.traffic import reaches
from lab.vici import CONFIRM, EVENT_UNKNOWN, REGISTER, REQUEST, RESPONSE, UNKNOWN, Vici, packet

MB = 1 << 20
OF_NHRPD = "child-state-installed", "child-state-rekeyed", "child-state-destroying"


def lives(bench, moon):
    same(bench.vici(moon).call("version")["daemon"], "ikev2d", "daemon")


@case()
def vici_in_pieces(bench):
    """Half a request is nobody's obstacle, and is answered when the other half has come."""
    moon = bench.start(bench.moon)
    slow, whole = bench.vici(moon), packet(REQUEST, "list-conns")
    slow.register("list-conn")
    for at in range(len(whole) - 1):
        slow.send(whole[at:at + 1])
    lives(bench, moon)
    slow.send(whole[-1:])
    same(slow.answer()[0], RESPONSE, "the answer")
    same([list(message) for _, message in slow.events], [["site"]], "connections listed")


@case(each=[("oversized", struct.pack("!I", 0x7fffffff)), ("too-large", struct.pack("!I", 512 * 1024 + 1)),
            ("empty", bytes(4)), ("of-no-type", struct.pack("!IB", 1, 99)), ("without-name", struct.pack("!IB", 1, 0)),
            ("cut-short", struct.pack("!IBB", 4, 0, 200) + b"ab"), ("response", packet(RESPONSE)),
            ("unbalanced", struct.pack("!IBB", 12, REQUEST, 7) + b"version\x01\x01a")])
def vici_packet(bench, octets):
    """Who sends it is turned away at once."""
    moon = bench.start(bench.moon)
    client = bench.vici(moon)
    client.send(octets)
    client.closed()
    lives(bench, moon)


@case()
def vici_noise(bench):
    """Random octets, and requests with a few of them changed. What a sanitizer keeps is there after the first of them."""
    moon = bench.daemon(bench.moon, bench.tunnel(bench.moon)).lean().start()
    rng, good = random.Random(1), packet(REQUEST, "load-conn", bench.tunnel(bench.moon)["connections"])

    def make_noise(times):
        for i in range(times):
            noise = bytearray(good if i % 2 else rng.randbytes(rng.randrange(1, 300)))
            for _ in range(rng.randrange(1, 4)):
                noise[rng.randrange(4 * (i % 2), len(noise))] = rng.randrange(256)
            client = bench.vici(moon)
            try:
                client.send(noise)
            except OSError:
                pass  # turned away before the end
            client.close()
        lives(bench, moon)
        return moon.memory()

    before = make_noise(250)
    after = make_noise(500)
    check(after < before + MB, f"memory: from {before} to {after} octets")


@case()
def vici_of_an_unknown(bench):
    """Command and event are answered so."""
    moon = bench.start(bench.moon)
    client = bench.vici(moon)
    client.send(packet(REQUEST, "frobnicate"))
    same(client.answer()[0], UNKNOWN, "answer to a command")
    client.send(packet(REGISTER, "frobnication"))
    same(client.answer()[0], EVENT_UNKNOWN, "answer to an event")
    same(client.call("version")["daemon"], "ikev2d", "daemon")


@case()
def vici_alerts(bench):
    """Kind, IKE_SA and reason."""
    moon, _ = bench.pair(sun={"child": {"local_ts": "10.99.0.0/24"}})
    client = bench.vici(moon)
    client.register("alert")
    same(client.call("initiate", {"child": "net"})["success"], "no", "success")
    (name, alert), = client.events
    same((name, alert["type"], alert["ike-sa"]["name"]), ("alert", "ts-mismatch", "site"), "event")
    contains(alert["why"]["what"], "refused CHILD_SA net with TS_UNACCEPTABLE", "reason")


@case()
def vici_states_of_children(bench):
    """The events that FRR's nhrpd lives on: each CHILD_SA is announced once, and taken back once."""
    moon, _ = bench.pair()
    client = bench.vici(moon)
    for event in (*OF_NHRPD, "list-sa"):
        client.register(event)
    client.call("list-sas")
    order = {"child": "net", "timeout": "-1", "async": "1", "init-limits": "1"}
    same(client.call("initiate", order)["success"], "yes", "success of initiate")
    moon.wait_children(1)
    client.call("rekey", {"child": "net"})
    until(lambda: [child["state"] for child in moon.children()] == ["INSTALLED"] and moon.children()[0]["uniqueid"] != 6,
          "the child is rekeyed")
    client.call("terminate", {"ike": "site"})
    seen = [(name, *(child["uniqueid"] for child in sa["child-sas"].values()))
            for name, event in client.events for sa in event.values()]
    first, second = dict.fromkeys(number for _, number in seen)
    installed, rekeyed, destroying = OF_NHRPD
    same(seen, [(installed, first), (installed, second), (rekeyed, first), (destroying, first), (destroying, second)],
         "events")


@case()
def vici_initiate_by_too_long_a_name(bench):
    """It cannot be asked of ike: whoever waits hears that."""
    client = bench.vici(bench.start(bench.moon))
    contains(client.call("initiate", {"child": "n" * 5000})["errmsg"], "names are of 4096 octets at most", "errmsg")


@case()
def vici_initiate_between_addresses(bench):
    """nhrpd has one connection for many peers, and says which one it means."""
    moon, _ = bench.pair(moon={"conn": {"remote_addrs": "%any", "local_addrs": "%any"}})
    client, (here, there) = bench.vici(moon), (bench.moon.wan[4], bench.sun.wan[4])
    contains(client.call("initiate", {"child": "net"})["errmsg"], "names no single host", "errmsg")
    for order, reason in (({"other-host": there, "my-host": there}, f"{there}, which connection site is to use, is not"),
                          ({"other-host": there, "my-host": "2001:db8::1"}, "one is IPv4, the other IPv6"),
                          ({"other-host": "sun"}, "other-host = sun is not an IP address")):
        contains(client.call("initiate", {"child": "net", **order})["errmsg"], reason, "errmsg")
    for order in {"other-host": there, "my-host": here}, {"other-host": there}:
        same(client.call("initiate", {"child": "net", **order}), {"success": "yes"}, "answer")
    same([(sa["local_host"], sa["remote_host"]) for sa in moon.sas()], [(here, there)], "IKE_SAs of moon")
    reaches(bench.alice, bench.sun.inside[4])


@case()
def vici_initiate_within_limits(bench):
    """Who asks for limits is refused what would be one IKE_SA too many under way, in charon's words."""
    moon = bench.start(bench.moon, daemon={"init_limit_half_open": "1"})
    client, order = bench.vici(moon), {"child": "net", "init-limits": "yes", "timeout": "-1"}
    for address in "198.51.100.1", "198.51.100.2":
        client.call("initiate", {**order, "other-host": address})
    same(len(moon.sas()), 1, "number of IKE_SAs")
    answer = client.call("initiate", {**order, "timeout": "1000", "other-host": "198.51.100.2"})
    contains(answer["errmsg"], "establishing CHILD_SA 'net' not possible at the moment due to limits", "errmsg")


@case()
def vici_commands_at_once(bench):
    """They are answered one after the other, as FRR's nhrpd expects it; one that goes meanwhile leaves its commands."""
    moon, sun = bench.start(bench.moon, daemon={"retransmit_timeout": "1s", "retransmit_base": "1"}), bench.start(bench.sun)
    hear = bench.deafen(bench.sun)
    client = bench.vici(moon)
    client.send(packet(REQUEST, "version") * 3)
    same([client.answer()[0] for _ in range(3)], [RESPONSE] * 3, "answers")
    client.send(packet(REQUEST, "initiate", {"child": "net", "timeout": "30000"}))
    client.send(b"".join(packet(REGISTER, event) for event in OF_NHRPD) + packet(REQUEST, "get-conns"))
    same([client.answer()[0] for _ in OF_NHRPD], [CONFIRM] * 3, "answers to registrations")
    until(moon.sas, "the negotiation has begun")
    hear()
    same(client.response("initiate"), {"success": "yes"}, "answer to initiate")
    same(client.response("get-conns"), {"conns": []}, "answer to get-conns")
    client.send(packet(REQUEST, "terminate", {"ike": "site"}) + packet(REQUEST, "version"))
    client.close()
    sun.wait_idle()
    lives(bench, moon)


@case()
def vici_client_that_never_reads(bench):
    """What it asks for waits in its own socket when it has enough unread."""
    moon = bench.daemon(bench.moon, bench.tunnel(bench.moon)).lean().start()
    lives(bench, moon)
    lazy, before = bench.vici(moon), moon.memory()
    lazy.register("list-conn")
    lazy.patience(1)
    asked = 0
    try:
        for asked in range(100000):
            lazy.send(packet(REQUEST, "list-conns"))
    except TimeoutError:
        pass  # its socket is full
    check(100 < asked < 50000, f"it could ask {asked} times")
    lives(bench, moon)
    check(moon.memory() < before + 4 * MB, f"memory: from {before} to {moon.memory()} octets")


class Nuisance:
    """N clients that misbehave in four ways, again and again, until they are stopped."""
    WAYS = "noise", "half", "deaf", "vanishing"

    def __init__(self, moon, n):
        self.moon, self.n, self.rng, self.rounds = moon, n, random.Random(1), 0
        self.clients, self.stopped = {}, False
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def octets(self, way):
        return {"noise": lambda: self.rng.randbytes(2000), "half": lambda: struct.pack("!I", 500000) + bytes(9000),
                "deaf": lambda: packet(REGISTER, "list-conn") + packet(REQUEST, "list-conns") * 50,
                "vanishing": lambda: packet(REQUEST, "initiate", {"child": "net"}) + b"x"}[way]()

    def one(self, i, way):
        client = self.clients.pop(i, None) or Vici(self.moon)
        client.patience(0)
        try:
            client.send(self.octets(way))
        except BlockingIOError:
            pass  # nobody reads that any more
        except OSError:
            way = "vanishing"  # it was turned away
        if way == "vanishing":
            client.close()
        else:
            self.clients[i] = client

    def run(self):
        while not self.stopped:
            for i in range(self.n):
                self.one(i, self.WAYS[i % len(self.WAYS)])
            self.rounds += 1

    def stop(self):
        self.stopped = True
        self.thread.join()
        for client in self.clients.values():
            client.close()


@case()
def vici_clients_that_misbehave(bench):
    """200 of them send noise, stall within a message, do not read, or go in the middle; others are answered at once."""
    moon = bench.daemon(bench.moon, bench.tunnel(bench.moon)).lean().start()
    before, times = moon.memory(), []
    nuisance = Nuisance(moon, 200)
    try:
        until(lambda: nuisance.rounds, "all have misbehaved", 60)
        for _ in range(100):
            began = time.monotonic()
            client = Vici(moon)
            check(int(client.call("stats")["ikesas"]["total"]) >= 0, "number of IKE_SAs")
            client.close()
            times.append(time.monotonic() - began)
    finally:
        nuisance.stop()
    times.sort()
    check(times[50] < 0.1, f"median of the answers to stats: {times[50]} s")
    check(times[-1] < 1, f"slowest of the answers to stats: {times[-1]} s")
    check(moon.memory() < before + 48 * MB, f"memory: from {before} to {moon.memory()} octets")
    moon.must("status")


@case()
def vici_clients_in_masses(bench):
    """There is an end to them, and others come in when some have gone."""
    moon = bench.start(bench.moon)
    clients = [bench.vici(moon) for _ in range(256)]
    bench.vici(moon).closed()
    moon.wait_log("a client of VICI was turned away")
    same(clients[0].call("version")["daemon"], "ikev2d", "daemon")
    clients[255].close()
    until(lambda: moon.ipsec("status").code == 0, "ipsec is let in")


GROUPS = {"socket_group": "4242", "socket_readers": "4343"}


@case(each=[("member", GROUPS, "4242", True, True), ("reader", GROUPS, "4343", True, False),
            ("both", GROUPS, "4343,4242", True, True), ("stranger", GROUPS, "4444", False, False),
            ("member-alone", {"socket_group": "4242"}, "4242", True, True),
            ("stranger-alone", {"socket_group": "4242"}, "4343", False, False)])
def vici_rights_of_a(bench, settings, groups, asks, changes):
    """By the groups of who connects, whichever of them is the first."""
    moon = bench.start(bench.moon, daemon=settings)
    first, ipsec = groups.split(",")[0], [f"{bench.public_bin()}/ipsec", "--run-dir", moon.run_dir]
    for identity in ["--regid=65534", f"--groups={groups}"], [f"--regid={first}", f"--groups={groups}"]:
        someone = ["setpriv", "--reuid=65534", *identity, *ipsec]
        env = {"ASAN_OPTIONS": "detect_leaks=0"}  # it needs rights, too
        for word, may, denied in ("status", asks, "you have no rights here"), ("reload", changes, "reload changes something"):
            done = moon.host.run([*someone, word], env=env)
            same(done.code, 0 if may else 1, f"exit code of ipsec {word}\n{done.text}")
            if not may:
                contains(done.err, "run it as root, or" if "socket_readers" in settings else "no permission", f"ipsec {word}")
                contains(done.err, denied if asks else "as a member of the group of daemon.socket_group", f"ipsec {word}")


@case()
def vici_group_that_is_not_there(bench):
    daemon = bench.daemon(bench.moon, bench.tunnel(bench.moon, daemon={"socket_group": "nobody-knows"}))
    contains(daemon.attempt().err, "daemon.socket_group: there is no group nobody-knows; make it", "ikev2d")
