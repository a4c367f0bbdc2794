# SPDX-License-Identifier: GPL-2.0-or-later
"""The process that hears clients of VICI: what it may do, and that the daemon outlives it."""
import os
import pathlib
import re
import signal
import socket
import struct
import time

from cases.certs import folder
from cases.processes import BY_VICI, NO_TICKET, kinds, killed, lives_on
from lab import family
from lab.case import case
from lab.check import check, contains, same, until
from lab.config import SECRET, merged
from lab.pki import Authority, Credentials
from lab.traffic import reaches
from lab.vici import REQUEST, Vici, packet

CLIENT, REQUESTS, REGISTERS, TAKEN, GONE, KEEP, INQUIRY = kinds("CLIENT", "REQUEST", "REGISTER", "TAKEN", "GONE", "SECRET", "INQUIRY")
NUMBER = 1 << 24  # of a client that ctl will not reach
COMMANDS = re.findall(r'\{ "([a-z-]+)", VICI_', (pathlib.Path(__file__).parents[3] / "ikev2d/vici/commands.c").read_text())


@case()
def ctl_process_has_no_rights(bench):
    """Its own user, no capability but the one to lock memory, no files, no new ones; a filter of system calls. Clients are
    heard there, and nowhere else."""
    moon = bench.start(bench.moon)
    pid = family.without_files(moon, "ctl")
    before = len(os.listdir(f"/proc/{moon.process.pid}/fd")), len(os.listdir(f"/proc/{pid}/fd"))
    clients = [bench.vici(moon) for _ in range(20)]
    for client in clients:
        client.call("version")
    same((len(os.listdir(f"/proc/{moon.process.pid}/fd")), len(os.listdir(f"/proc/{pid}/fd"))), (before[0], before[1] + 20),
         "descriptors of guard, and of ctl")
    moon.stop()
    check(not os.path.exists(f"/proc/{pid}"), "it ends with the daemon")


@case()
def ctl_keeps_no_secrets(bench):
    """What came over VICI is not there when the client was told so."""
    moon = bench.start(bench.moon)
    ca = Authority(bench.directory)
    key = Credentials(folder(bench, bench.sun), bench.sun, ca, "ecdsa-256").key
    with open(key, encoding="ascii") as f:
        data = f.read()
    vici = bench.vici(moon)
    same(vici.call("load-shared", {"id": "x", "type": "IKE", "data": BY_VICI, "owners": ["somebody"]}), {"success": "yes"},
         "load-shared")
    same(vici.call("load-key", {"type": "any", "data": data})["success"], "yes", "load-key")
    needles = {"by VICI": [BY_VICI.encode()], "private key": family.private_parts(key)}
    same(family.holds(family.keeper(moon), needles), set(needles), "what keeper holds")
    same(family.holds(family.member(moon, "ctl"), needles), set(), "what ctl holds")
    same(family.holds(moon.process.pid, needles), set(), "what guard holds")


@case()
def one_process_takes_secrets_of_clients(bench):
    """By the same messages."""
    configuration, sun = bench.tunnel(bench.moon), bench.start(bench.sun)
    del configuration["secrets"]
    moon = bench.daemon(bench.moon, configuration)
    moon.options = ["--one"]
    moon.start()
    same(bench.vici(moon).call("load-shared", {"id": "x", "type": "IKE", "data": SECRET}), {"success": "yes"}, "load-shared")
    moon.up()
    same(len(sun.sas()), 1, "SAs of sun")


@case()
def ctl_killed(bench):
    """It is back in less than a second; clients see their connection closed, and nothing else happens."""
    moon, _ = bench.pair()
    moon.up()
    before = moon.sas()
    client, idle = bench.vici(moon), bench.vici(moon)
    client.register("log")
    killed(moon, "ctl")
    client.closed()
    idle.closed()
    reaches(bench.alice, bench.sun.inside[4])
    same([sa["uniqueid"] for sa in moon.sas()], [sa["uniqueid"] for sa in before], "SAs of moon")
    lives_on(bench, moon)


@case()
def ctl_killed_while_clients_come(bench):
    """Who comes while there is none waits for the next one: the socket stays."""
    moon = bench.start(bench.moon)
    for moment in range(8):
        pid = family.member(moon, "ctl")
        os.kill(pid, signal.SIGKILL)
        time.sleep(0.003 * moment)  # another moment each time
        until(lambda: moon.ipsec("status").code == 0, moon.log, 3)
        family.replaced(moon, pid, 2, "ctl")


@case()
def ctl_killed_at_any_moment(bench):
    """A command that was begun goes on; so the tunnel comes up, whoever hears of it."""
    moon, _ = bench.pair()
    for moment in range(5):
        call = moon.spawn("up", "site")
        time.sleep(0.01 * moment)  # another moment each time
        family.kill(moon, "ctl")
        call.wait(20)
        family.member(moon, "ctl")
        moon.must("up", "site")
        same(len(moon.sas()), 1, "SAs of moon")
        moon.must("down", "site")


@case()
def ctl_killed_within_a_list(bench):
    """The rest of it is nobody's any more."""
    moon = bench.daemon(bench.moon,
                         merged(bench.tunnel(bench.moon), {"connections": {f"c{i}": {"remote_addrs": "192.0.2.99"} for i in range(500)}}))
    moon.start()
    client = bench.vici(moon)
    client.register("list-conn")
    client.send(packet(REQUEST, "list-conns"))
    killed(moon, "ctl")
    second = bench.vici(moon)
    second.register("list-conn")
    second.call("list-conns")
    same(len(second.events), 501, "connections")
    moon.sound()


@case()
def ctl_killed_while_the_daemon_stops(bench):
    moon, _ = bench.pair()
    moon.up()
    os.kill(moon.process.pid, signal.SIGTERM)
    for pid in family.members(moon, "ctl"):
        os.kill(pid, signal.SIGKILL)
    moon.process.wait(10)
    moon.sound()


@case()
def ctl_that_hangs(bench):
    """Nobody waits for it; it is ended when it does not take what it is sent, and the next one serves."""
    moon, sun = bench.pair()
    moon.up()
    client = bench.vici(moon)
    client.register("log")
    pid = family.member(moon, "ctl")
    os.kill(pid, signal.SIGSTOP)
    sun.must("down", "site")
    sun.must("up", "site")
    reaches(bench.alice, bench.sun.inside[4])
    until(lambda: "the process ctl has ended, since it did not answer" in moon.log(), moon.log, 10)
    family.replaced(moon, pid, 2, "ctl")
    lives_on(bench, moon)


@case()
def ctl_lives_while_keeper_hangs(bench):
    """While guard waits for somebody else it hears nothing, and blames nobody for that."""
    moon = bench.start(bench.moon)
    client = bench.vici(moon)
    client.call("version")
    client.patience(30)
    pid, hangs = family.member(moon, "ctl"), family.keeper(moon)
    os.kill(hangs, signal.SIGSTOP)
    same(client.call("reload"), {"success": "yes"}, "reload")
    same(client.call("version")["daemon"], "ikev2d", "daemon")
    family.replaced(moon, hangs, 2)
    same(family.member(moon, "ctl"), pid, "ctl")


# ------------------------------------------------------------ who breaks the rules

def message(kind, octets):
    return bytes([kind]) + NO_TICKET + octets


def text(octets):
    return struct.pack(">I", len(octets)) + octets


def client_of(number):
    return message(CLIENT, struct.pack(">I", number))


def announce(end, number, connection):
    """A client of that number has come, by that connection."""
    socket.send_fds(end, [client_of(number)], [connection.fileno()])


def request(number, octets, command=0, total=None, at=0):
    total = len(octets) if total is None else total
    return message(REQUESTS, struct.pack(">IBII", number, command, total, at) + text(octets))


@case(each=[("not-well-formed", [b"\xff\xfe\xfd"], "not well-formed"),
            ("too-long", [bytes([REQUESTS]) + bytes(128 << 10)], "too long"),
            ("cut-off", [message(TAKEN, struct.pack(">II", 1, 0))], "too early"),
            ("client-of-old", [client_of(1)], "nobody waits for"),
            ("of-nobody", [request(NUMBER, b"")], "nobody waits for"),
            ("gone-that-never-came", [message(GONE, struct.pack(">I", NUMBER))], "nobody waits for"),
            ("taken-nothing", [message(TAKEN, struct.pack(">IIB", 1, 0, 0))], "nobody waits for"),
            ("elements-of-no-type", [client_of(NUMBER), request(NUMBER, b"\x63")], "nobody waits for"),
            ("part-without-beginning", [client_of(NUMBER), request(NUMBER, b"x", total=5, at=4)], "nobody waits for"),
            ("no-such-event", [client_of(NUMBER), message(REGISTERS, struct.pack(">IBB", NUMBER, 31, 1))], "nobody waits for"),
            ("in-the-name-of-guard", [message(KEEP, struct.pack(">QBBH", 7, 0, 0, 0) + text(b"secret") + bytes(8))], "not for it to send"),
            ("asks-ike", [message(INQUIRY, bytes(20))], "not well-formed")])
def hostile_ctl(bench, messages, says):
    """A message in its name that breaks the rules ends it and its clients; the tunnel lives on, and the next one serves."""
    moon, _ = bench.pair()
    moon.up()
    client = bench.vici(moon)
    client.call("version")
    pid = family.member(moon, "ctl")
    end = family.channels(pid, 1)[0]
    for one in messages:
        if one == client_of(NUMBER):
            announce(end, NUMBER, family.clients(pid)[0])
        else:
            end.send(one)
    family.replaced(moon, pid, 2, "ctl")
    client.closed()
    contains(moon.log(), says, "log of moon")
    reaches(bench.alice, bench.sun.inside[4])
    lives_on(bench, moon)


def reader(bench, moon):
    """ctl's end of the connection of somebody who may ask, and stays."""
    someone = ["setpriv", "--reuid=65534", "--regid=65534", "--groups=4343", f"{bench.public_bin()}/ipsec"]
    call = moon.host.spawn([*someone, "--run-dir", moon.run_dir, "log"], f"{bench.directory}/reader",
                           env={"ASAN_OPTIONS": "detect_leaks=0"})
    bench.afterwards(call.kill)
    pid = family.member(moon, "ctl")
    until(lambda: len(family.clients(pid)) == 1, "somebody has connected")
    return family.clients(pid)[0]


# What it may hand over in the place of a client's connection.
INSTEAD = [("the-connection-of-a-reader", reader), ("its-channel", lambda _, moon: family.channels(family.member(moon, "ctl"), 1)[0]),
           ("its-socket", lambda _, moon: family.listens(family.member(moon, "ctl"))),
           ("a-pair-of-its-own", lambda *_: socket.socketpair(socket.AF_UNIX)[0])]


@case(each=INSTEAD)
def hostile_ctl_has_the_rights_of_a_client(bench, instead):
    """What it may ask is what a client may: for no more than who has connected, and of no key or secret."""
    moon, _ = bench.pair(daemon={"socket_readers": "4343"})
    moon.up()
    connection = instead(bench, moon)
    pid, client = family.member(moon, "ctl"), bench.vici(moon)
    client.call("version")
    end = family.channels(pid, 1)[0]
    for command in range(len(COMMANDS) + 1):
        announce(end, NUMBER + command, connection)
        end.send(request(NUMBER + command, b"", command))
    same(client.call("stats")["ikesas"]["total"], "1", "IKE_SAs")
    same(family.member(moon, "ctl"), pid, "it lives on")
    reaches(bench.alice, bench.sun.inside[4])
    check("stopping" not in moon.log(), "the daemon has not been stopped")
    connection.close()
    end.close()
    killed(moon, "ctl")


@case()
def hostile_ctl_has_no_secret_kept(bench):
    """It cannot say of a secret that keeper has it, nor have keeper do anything but keep."""
    moon = bench.start(bench.moon)
    pid = family.member(moon, "ctl")
    client = bench.vici(moon)
    client.call("version")
    end = family.channels(pid, 1)[0]
    announce(end, NUMBER, family.clients(pid)[0])
    elements = packet(REQUEST, "x", {"id": "x", "type": "IKE", "data": "8 octets"})[4 + 3:]
    end.send(request(NUMBER, elements, COMMANDS.index("load-shared")))
    same(client.call("get-shared")["keys"], [], "secrets")
    end.close()
    keeper, before = family.offers(pid), family.keeper(moon)
    keeper.send(message(KEEP, struct.pack(">QBBH", 7, 0, 0, 0) + text(b"secret") + bytes(8)))
    keeper.close()
    family.replaced(moon, pid, 2, "ctl")
    contains(moon.log(), "keeper says that it sent a message that is not for it to send now: secret", "log of moon")
    same(family.keeper(moon), before, "keeper lives on")


@case()
def ctl_that_floods_its_channel(bench):
    """Guard goes on: packets, peers and its timers have their turn."""
    moon, sun = bench.pair()
    moon.up()
    end = family.channels(family.member(moon, "ctl"), 1)[0]
    end.settimeout(10)
    for _ in range(20000):
        end.send(message(GONE, struct.pack(">I", 1)))
    sun.must("down", "site")
    sun.must("up", "site")
    reaches(bench.alice, bench.sun.inside[4])
    same(Vici(moon).call("version")["daemon"], "ikev2d", "daemon")
