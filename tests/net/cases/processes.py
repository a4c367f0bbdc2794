# SPDX-License-Identifier: GPL-2.0-or-later
"""The daemon's processes: what each may do, what each knows, and that any of them may be lost."""
import contextlib
import os
import pathlib
import re
import shutil
import signal
import socket
import time

from cases.certs import folder, gateways
from cases.updown import Script
from lab import family
from lab.case import case, user_case
from lab.check import check, contains, same, until
from lab.config import SECRET, merged
from lab.pki import Authority, Credentials
from lab.traffic import reaches_in_the_end

PASSPHRASE, BY_VICI = "the passphrase of a test", "a secret that came over VICI"


def kinds(*names):
    """The numbers of kinds of messages, as the daemon counts them."""
    header = pathlib.Path(__file__).parents[3] / "ikev2d/daemon/ipc.h"
    all_ = re.search(r"enum ipc_kind \{(.*?)\}", header.read_text(encoding="utf-8"), re.S)[1]
    numbers = {name: n for n, name in enumerate(re.findall(r"\bIPC_\w+", all_), 1)}
    return [numbers[f"IPC_{name}"] for name in names]


LOG, BLAME, KEPT, SIGN, PROOF, VERDICT = kinds("LOG", "BLAME", "KEPT", "SIGN", "PROOF", "VERDICT")
RADIUS_SIGN, RADIUS_PROOF = kinds("RADIUS_SIGN", "RADIUS_PROOF")
NO_TICKET = bytes(8)


def with_certificates(bench, kind="ecdsa-256"):
    ca = Authority(bench.directory)
    keys = [Credentials(folder(bench, side), side, ca, kind).key for side in (bench.moon, bench.sun)]
    ours, theirs = gateways(bench)
    ours = merged(ours, {"secrets": {"private-moon": {"file": "moon.pem", "secret": f'"{PASSPHRASE}"'}}})
    return bench.daemon(bench.moon, ours).start(), bench.daemon(bench.sun, theirs).start(), keys


def with_secret_by_vici(bench):
    """moon has its secret from a client."""
    moon, sun = bench.pair()
    configuration = bench.tunnel(bench.moon)
    del configuration["secrets"]
    moon.write(configuration)
    moon.must("reload")
    same(bench.vici(moon).call("load-shared", {"id": "x", "type": "IKE", "data": SECRET}), {"success": "yes"}, "load-shared")
    return moon, sun


WAYS = [("psk", lambda bench: bench.pair()), ("certificates", lambda bench: with_certificates(bench)[:2]),
        ("psk-by-vici", with_secret_by_vici)]


# Of capabilities, by their numbers: CHOWN, DAC_OVERRIDE, FOWNER, KILL, NET_BIND_SERVICE, NET_ADMIN, NET_RAW, IPC_LOCK. A
# sanitizer has SYS_PTRACE besides.
ROOTS = sum(1 << bit for bit in (0, 1, 3, 5, 10, 12, 13, 14))
SYS_PTRACE = 1 << 19


@case()
def guard_keeps_few_rights_of_root(bench):
    """Those that it needs; what it runs is a program of root's as any other."""
    said = f"{bench.directory}/said"
    script = Script(bench, "says", f"cp /proc/self/status {said}")
    moon, _ = bench.pair(moon={"child": {"updown": script.path}})
    moon.up()
    script.wait("up-client")
    guard = family.status(moon.process.pid)
    roots = ROOTS & int(guard["CapBnd"], 16)
    for name in "CapEff", "CapPrm":
        same(int(guard[name], 16) & ~SYS_PTRACE, roots, f"{name} of guard")
    same(int(guard["CapInh"], 16), 0, "CapInh of guard")
    with open(said, encoding="ascii") as f:
        scripts = next(line.split()[1] for line in f if line.startswith("CapEff"))
    same(scripts, guard["CapBnd"].strip(), "what a script may")
    reaches_in_the_end(bench.alice, bench.sun.inside[4])


@case()
def the_daemon_works_where_nothing_gets_new_privileges(bench):
    """As in a container: a program that guard runs has no right then that guard has not."""
    moon, _ = bench.pair()
    moon.stop()
    moon.before = ["setpriv", "--no-new-privs"]
    moon.start()
    same(family.status(moon.process.pid)["NoNewPrivs"].strip(), "1", "it gets none")
    moon.up()
    reaches_in_the_end(bench.alice, bench.sun.inside[4])


@case()
def keeper_has_no_rights(bench):
    """Its own user, no capability but the one to lock memory, no files, no new ones; a filter of system calls."""
    moon = bench.start(bench.moon)
    pid = family.without_files(moon, "keeper")
    ends = sorted(int(fd) for fd in os.listdir(f"/proc/{pid}/fd"))
    same(ends[:8], list(range(8)), "its descriptors")
    same([os.path.basename(os.readlink(f"/proc/{pid}/fd/{end}")) for end in ends[8:]], ["family"], "the lock that all have")
    moon.stop()
    check(not os.path.exists(f"/proc/{pid}"), "it ends with the daemon")


@case()
def keeper_ends_with_the_daemon(bench):
    moon = bench.start(bench.moon)
    pid = family.keeper(moon)
    moon.kill()
    until(lambda: not os.path.exists(f"/proc/{pid}"), "it ends with the daemon")
    moon.start()


@case()
def certs_has_no_rights(bench):
    """Its own user, no capability, of files only the folder of its CRLs, no way to another process."""
    moon = bench.start(bench.moon)
    moon.must("list", "certs")
    pid = family.without_rights(moon, "certs")
    check(os.readlink(f"/proc/{pid}/root").endswith("/state/crls"), "its root")
    moon.stop()
    check(not os.path.exists(f"/proc/{pid}"), "it ends with the daemon")


@case()
def certs_starts_when_it_has_something_to_do(bench):
    """Where there are no certificates nobody needs it for a tunnel; the first name, authority or question starts it, and it
    is one that is started anew like any other."""
    moon, sun = bench.pair()
    moon.up()
    same([family.members(side, "certs") for side in (moon, sun)], [[], []], "certs, which has nothing to do")
    ca = Authority(bench.directory)
    sun.write(merged(bench.tunnel(bench.sun), {"authorities": {"lab": {"cacert": ca.cert}}}))
    sun.must("reload")
    family.without_rights(sun, "certs")
    moon.must("list", "certs")
    family.without_rights(moon, "certs")
    for side in moon, sun:
        check("certs runs again" not in side.log(), f"none was lost\n{side.log()}")
    pid = family.member(moon, "certs")
    family.kill(moon, "certs")
    family.replaced(moon, pid, 2, "certs")
    until(lambda: "certs runs again" in moon.log(), moon.log)


@case()
def one_process_if_it_must_be(bench):
    """--one does all in one, and says that this is not for production."""
    moon, sun = bench.daemon(bench.moon, bench.tunnel(bench.moon)), bench.start(bench.sun)
    moon.options = ["--one"]
    moon.start()
    same(family.children(moon.process.pid), [], "other processes")
    contains(moon.log(), "not for production", "log of moon")
    same(family.holds(moon.process.pid, {"secret": [SECRET.encode()]}), {"secret"}, "what it holds")
    moon.up()
    reaches_in_the_end(bench.alice, bench.sun.inside[4])
    same(len(sun.sas()), 1, "SAs of sun")
    moon.stop()


@user_case()
def libraries_are_where_they_are_used(bench):
    """Who gives no commands to nftables, has nothing to say to systemd, or speaks no TLS, does not carry their libraries."""
    moon, _sun = bench.pair()
    moon.up()
    reaches_in_the_end(bench.alice, bench.sun.inside[4])
    same({family.title(pid) for pid in family.others(moon) if family.maps(pid, "libnftables")}, set(), "who else has it")
    check(family.maps(moon.process.pid, "libnftables"), "guard has it")
    for library in "libsystemd", "libssl":
        same([pid for pid in [moon.process.pid, *family.others(moon)] if family.maps(pid, library)], [], f"who has {library}")


# ------------------------------------------------------------------- secrets

@case(each=["ecdsa-256", "rsa"])
def secrets_are_only_in_keeper(bench, kind):
    """Neither shared secrets nor private keys, nor what opens them, stay in the daemon's other memory."""
    moon, _, keys = with_certificates(bench, kind)
    moon.write(merged(bench.tunnel(bench.moon, secret=SECRET), gateways(bench)[0] | {"secrets": {
        "ike-site": {"secret": f'"{SECRET}"'}, "private-moon": {"file": "moon.pem", "secret": f'"{PASSPHRASE}"'}}}))
    moon.must("reload")
    vici = bench.vici(moon)
    same(vici.call("load-shared", {"id": "x", "type": "IKE", "data": BY_VICI, "owners": ["somebody"]}), {"success": "yes"},
         "load-shared")
    needles = {"secret": [SECRET.encode()], "passphrase": [PASSPHRASE.encode()], "by VICI": [BY_VICI.encode()],
               "private key": family.private_parts(keys[0])}
    for when in "loaded", "up", "down":
        if when != "loaded":
            moon.must(when, "site")
        same(family.holds(family.keeper(moon), needles), set(needles), f"what keeper holds when it is {when}")
        same(family.holds(family.member(moon, "certs"), needles), set(), f"what certs holds when it is {when}")
        same(family.holds(moon.process.pid, needles), set(), f"what the daemon holds when it is {when}")


@case()
def secrets_that_are_taken_away_are_gone(bench):
    """From keeper as well: from its memory, and from what the next one starts with."""
    moon, _ = bench.pair()
    vici = bench.vici(moon)
    needles = {"by VICI": [BY_VICI.encode()]}
    vici.call("load-shared", {"id": "x", "type": "IKE", "data": BY_VICI, "owners": ["somebody"]})
    pid = family.keeper(moon)
    same(family.holds(pid, needles), set(needles), "what keeper holds")
    vici.call("unload-shared", {"id": "x"})
    until(lambda: not family.holds(pid, needles), "it is gone")
    os.kill(pid, signal.SIGKILL)
    same(family.holds(family.replaced(moon, pid), needles), set(), "what the next keeper holds")


# -------------------------------------------------------------------- losses

def lives_on(bench, moon):
    """The tunnel of moon does, and what has taken the place of a process that was lost proves and judges."""
    reaches_in_the_end(bench.alice, bench.sun.inside[4])
    moon.must("down", "site")
    moon.up()
    reaches_in_the_end(bench.alice, bench.sun.inside[4])


def killed(daemon, name):
    pid = family.member(daemon, name)
    os.kill(pid, signal.SIGKILL)
    family.replaced(daemon, pid, name=name)
    contains(daemon.log(), "signal 9 (Killed)", "what the log says of its end")


def killed_at_any_moment(moon, sun, name):
    for moment in range(5):
        for daemon in moon, sun:
            family.member(daemon, name)
        call = moon.spawn("up", "site")
        time.sleep(0.006 * moment)  # another moment each time
        for daemon in moon, sun:
            family.kill(daemon, name)
        same(call.wait(20), 0, f"exit code of ipsec up\n{call.log()}\n{moon.log()}\n{sun.log()}")
        moon.must("down", "site")


@case(each=WAYS)
def keeper_killed(bench, ways):
    """It is back in less than a second, and the next authentication works; the tunnel does not notice."""
    moon, sun = ways(bench)
    moon.up()
    for daemon in moon, sun:
        killed(daemon, "keeper")
    lives_on(bench, moon)


@case(each=WAYS)
def keeper_killed_at_any_moment(bench, ways):
    """While a tunnel comes up, on either side: it comes up all the same."""
    killed_at_any_moment(*ways(bench), "keeper")


@case()
def keeper_killed_while_secrets_are_loaded(bench):
    """What a client was told is loaded is there."""
    moon = bench.start(bench.moon)
    vici = bench.vici(moon)
    for number in range(60):
        if not number % 20:
            family.kill(moon, "keeper")
        same(vici.call("load-shared", {"id": f"s{number}", "type": "IKE", "data": f"{BY_VICI} {number:03}"}), {"success": "yes"},
             "load-shared")
    pid = family.keeper(moon)
    needles = {f"s{number}": [f"{BY_VICI} {number:03}".encode()] for number in range(60)}
    same(family.holds(pid, needles), set(needles), "what keeper holds")


@case()
def keeper_that_hangs(bench):
    """It is ended, and the next one answers."""
    moon, _ = bench.pair()
    pid = family.keeper(moon)
    os.kill(pid, signal.SIGSTOP)
    moon.up()
    contains(moon.log(), "it did not answer", "log of moon")
    check(family.keeper(moon) != pid, "another keeper runs")


@case()
def certificates_in_files_are_read_by_keeper(bench):
    """No key is among them, and nothing is secret: guard, which has the rights, has them read all the same."""
    configuration = bench.tunnel(bench.moon)
    del configuration["secrets"]
    moon = bench.daemon(bench.moon, configuration)
    ca = Authority(bench.directory)
    os.makedirs(f"{os.path.dirname(moon.config)}/x509ca")
    shutil.copy(ca.cert, f"{os.path.dirname(moon.config)}/x509ca/ca.pem")
    moon.start()
    pid = family.keeper(moon)
    os.kill(pid, signal.SIGSTOP)
    moon.must("reload")
    contains(moon.log(), "the process keeper has ended, since it did not answer", "log of moon")


@case()
def keeper_that_hangs_while_questions_come(bench):
    """They do not buy it time."""
    whole = bench.tunnel(bench.moon)
    one = whole["connections"].pop("site")
    whole["connections"] = {f"c{i}": one for i in range(12)}
    moon, _ = bench.daemon(bench.moon, whole).start(), bench.start(bench.sun)
    os.kill(family.keeper(moon), signal.SIGSTOP)
    names = iter(whole["connections"])

    def asked_and_ended():
        moon.spawn("up", next(names))
        return "it did not answer" in moon.log()

    until(asked_and_ended, moon.log, 8, 0.8)


@case()
def keeper_that_is_lost_again_and_again(bench):
    moon, _ = bench.pair()
    for _ in range(5):
        pid = family.keeper(moon)
        os.kill(pid, signal.SIGKILL)
        family.replaced(moon, pid)
    moon.up()


@case(each=["keeper", "certs"])
def a_process_that_hangs_at_its_beginning(bench, name):
    """Nobody waits for it: the daemon answers, and what asks for it is answered when it is ready."""
    moon, sun, _ = with_certificates(bench)
    moon.up()
    pid = family.stopped_at_its_beginning(sun, name)
    for _ in range(3):
        sun.must("status")
    check(family.status(pid)["State"].startswith("T"), f"{name} is still at its beginning")
    moon.must("down", "site")
    call = moon.spawn("up", "site")
    until(lambda: moon.log().count("selected proposal") == 2, moon.log)
    os.kill(pid, signal.SIGCONT)
    same(call.wait(20), 0, f"exit code of ipsec up\n{call.log()}\n{sun.log()}")
    contains(sun.log(), f"{name} runs again", "log of sun")
    lives_on(bench, moon)


@case()
def a_process_that_never_begins(bench):
    """It is ended after its time, and another one is started."""
    moon, _ = bench.pair()
    pid = family.stopped_at_its_beginning(moon, "keeper")
    until(lambda: "the process keeper was not ready in time" in moon.log(), moon.log, 30)
    family.replaced(moon, pid, 3)
    moon.up()


@case()
def certs_that_cannot_be_started(bench):
    """What waits for it is answered with a failure that says so, and nothing waits without end; when it runs again all is
    well."""
    moon, sun, _ = with_certificates(bench)
    moon.up()
    pid = family.stopped_at_its_beginning(sun, "certs")
    moon.must("down", "site")
    call = moon.spawn("up", "site")
    until(lambda: moon.log().count("selected proposal") == 2, moon.log)
    family.ended_at_its_beginning(sun, "certs", pid, 3)
    same(call.wait(20), 1, f"exit code of ipsec up\n{call.log()}\n{sun.log()}")
    contains(sun.log(), "there is no process that judges certificates: the process certs ended before it was ready", "log of sun")
    contains(sun.log(), "questions had to be answered without it", "log of sun")
    until(lambda: "certs runs again" in sun.log(), sun.log, 20)
    moon.up()


@case()
def connections_that_come_and_go_while_ike_is_slow(bench):
    """One that has left the configuration, and is there again before ike has said that it has it no more, is handed over
    anew."""
    moon, sun = bench.pair()
    vici, pid = bench.vici(moon), family.member(moon, "ike")
    conn = bench.tunnel(bench.moon)["connections"]["site"]
    os.kill(pid, signal.SIGSTOP)
    for name in ("site", "other"):
        loaded = {name: merged(conn, {"reauth_time": "5h"})}
        same(vici.call("load-conn", loaded)["success"], "yes", f"whether {name} is loaded")
    same(vici.call("unload-conn", {"name": "site"})["success"], "yes", "whether the file's site is there again")
    os.kill(pid, signal.SIGCONT)
    moon.up()
    same(family.member(moon, "ike"), pid, "the process")
    same(len(sun.sas()), 1, "SAs of sun")


# ------------------------------------------------------------- certs is lost

@case(each=["moon", "sun"])
def certs_killed(bench, whose):
    """It is back in less than a second, knows what the one before it knew, and the tunnel does not notice."""
    moon, sun, _ = with_certificates(bench)
    moon.up()
    killed(moon if whose == "moon" else sun, "certs")
    lives_on(bench, moon)


@case()
def certs_killed_at_any_moment(bench):
    """While a tunnel comes up, on either side: it comes up all the same."""
    killed_at_any_moment(*with_certificates(bench)[:2], "certs")


@case()
def certs_that_hangs(bench):
    """It is ended, and the next one answers in time."""
    moon, sun, _ = with_certificates(bench)
    pid = family.member(sun, "certs")
    os.kill(pid, signal.SIGSTOP)
    moon.up()
    contains(sun.log(), "the process certs has ended, since it did not answer", "log of sun")
    check(family.member(sun, "certs") != pid, "another certs runs")


@case()
def names_are_looked_up_by_certs(bench):
    """As /etc/hosts says, which it does not see; also by the one after it."""
    moon = bench.daemon(bench.moon, bench.tunnel(bench.moon))
    moon.write(merged(bench.tunnel(bench.moon), {"connections": {"site": {"local_addrs": "127.0.0.1", "remote_addrs": "localhost"}}}))
    moon.start()
    for times in 1, 2:
        call = moon.spawn("up", "site")
        until(lambda: moon.log().count("to 127.0.0.1[500]") == times, moon.log)
        moon.ipsec("down", "site")
        same(call.wait(20), 1, "exit code of ipsec up, which was told to stop")
        pid = family.member(moon, "certs")
        os.kill(pid, signal.SIGKILL)
        family.replaced(moon, pid, name="certs")


# --------------------------------------------------------- who breaks the rules

HOSTILE = [("not-well-formed", 0, b"\xff\xfe\xfd", "not well-formed"), ("too-long", 0, bytes(1 << 17) + b"x", "too long"),
           ("cut-off", 0, bytes([KEPT]) + NO_TICKET, "not well-formed"),
           ("for-another-process", 0, bytes([PROOF]) + NO_TICKET + bytes(9), "not for it to send"),
           ("nobody-waits", 1, bytes([PROOF]) + NO_TICKET + bytes(9), "nobody waits for"),
           ("nobody-asked", 0, bytes([KEPT]) + NO_TICKET + bytes(4) + bytes([16]) + bytes(16) + bytes(4), "nobody waits for")]


def hostile(moon, name, channel, message, says):
    pid = family.member(moon, name)
    family.channels(pid)[channel].send(message)
    family.replaced(moon, pid, 2, name)
    contains(moon.log(), says, "log of moon")


@case(each=HOSTILE)
def hostile_keeper(bench, channel, message, says):
    """A message in its name that breaks the rules ends it; the tunnel lives on, and the next one works."""
    moon, _ = bench.pair()
    moon.up()
    hostile(moon, "keeper", channel, message, says)
    lives_on(bench, moon)


HOSTILE_CERTS = [("not-well-formed", 0, b"\xff\xfe\xfd", "not well-formed"),
                 ("line-that-makes-lines", 0, bytes([LOG]) + NO_TICKET + b"\0\0\0\0\x03a\nb" + bytes(4) + b"\0\0\0\x01x",
                  "nobody waits for"),
                 ("blame", 0, bytes([BLAME]) + NO_TICKET + b"\x01\0\0\0\x01x", "not for it to send"),
                 ("verdict-that-nobody-wants", 1, bytes([VERDICT]) + NO_TICKET + bytes(7 + 24 + 2), "nobody waits for"),
                 ("proof-in-the-name-of-keeper", 1, bytes([PROOF]) + NO_TICKET + bytes(9), "not for it to send")]


@case(each=HOSTILE_CERTS)
def hostile_certs(bench, channel, message, says):
    """A message in its name that breaks the rules ends it; the tunnel lives on, and the next one works."""
    moon, _, _ = with_certificates(bench)
    moon.up()
    hostile(moon, "certs", channel, message, says)
    lives_on(bench, moon)


def wants_signed(secret, packet):
    """What certs asks keeper for: PACKET signed with the secret of a RADIUS server that it has as SECRET."""
    return (bytes([RADIUS_SIGN]) + NO_TICKET + secret.to_bytes(8, "big") + len(packet).to_bytes(4, "big") + packet + bytes(4))


@case()
def hostile_certs_to_keeper(bench):
    """Of a server that is not configured it has nothing signed; who wants anything but a packet of RADIUS signed, be it with
    the secret of a server or with another one, ends, and is told apart from an honest one. The tunnel lives on."""
    settings = {"radius": {"server": "10.1.0.77", "secret": '"a secret of radius"'}}
    moon, _ = bench.pair(moon={"daemon": settings})
    moon.up()
    pid = family.member(moon, "certs")
    end = family.channels(pid, 3)[2]
    request = bytes([1, 7]) + (38).to_bytes(2, "big") + bytes(16) + bytes([80, 18]) + bytes(16)
    end.settimeout(5)
    end.send(wants_signed(1 << 40, request))
    answer = end.recv(1 << 13)
    same((answer[0], answer[-4:]), (RADIUS_PROOF, bytes(4)), f"the answer, which has no octets: {answer}")
    check(answer[9], "it is a refusal")
    lives_on(bench, moon)
    for handle in range(1, 100):
        end.send(wants_signed(handle, b"sign this"))
    family.replaced(moon, pid, 2, "certs")
    contains(moon.log(), "keeper says that it sent a message that nobody waits for: radius-sign", "log of moon")
    lives_on(bench, moon)


@case(each=[("empty-message", lambda end: end.send(b""), False), ("speaks-no-more", lambda end: end.shutdown(socket.SHUT_WR), True),
            ("speaks-and-hears-no-more", lambda end: end.shutdown(socket.SHUT_RDWR), True)])
def hostile_certs_does_not_end_keeper(bench, does, breaks):
    """Keeper goes on where certs sends it nothing at all, or shuts their channel down: then guard makes both another one, by
    which the next certs has requests signed."""
    settings = {"radius": {"server": "10.1.0.77", "secret": '"a secret of radius"'}}
    moon, _ = bench.pair(moon={"daemon": settings})
    moon.up()
    pid, keeper = family.member(moon, "certs"), family.member(moon, "keeper")
    does(family.channels(pid, 3)[2])
    family.replaced(moon, pid, 5, "certs")
    if breaks:
        family.replaced(moon, keeper, 5, "keeper")
        until(lambda: "since the one before it has broken its channel to keeper" in moon.log(), moon.log)
    until(lambda: family.members(moon, "certs"), moon.log)
    moon.must("list", "certs")
    same(family.member(moon, "keeper") == keeper, not breaks, "keeper is the one that it was")
    end = family.channels(family.member(moon, "certs"), 3)[2]
    end.settimeout(5)
    end.send(wants_signed(1 << 40, bytes([1, 7]) + (38).to_bytes(2, "big") + bytes(16) + bytes([80, 18]) + bytes(16)))
    same(end.recv(1 << 13)[0], RADIUS_PROOF, "keeper answers the next one")
    lives_on(bench, moon)


@case()
def hostile_ike_to_certs(bench):
    """Who is told what makes no sense ends: the next one knows the same, and the tunnel lives on."""
    moon, _, _ = with_certificates(bench)
    moon.up()
    pid = family.member(moon, "certs")
    family.channel_to(moon, "certs", 1).send(b"\xffjudge this")
    family.replaced(moon, pid, 2, "certs")
    contains(moon.log(), "ike sent a message that is not well-formed", "log of moon")
    lives_on(bench, moon)


@case()
def hostile_ike_to_keeper(bench):
    """In whose name keeper is asked for what is no message, ends; the tunnel lives on, and the next one works."""
    moon, _ = bench.pair()
    moon.up()
    pid = family.member(moon, "ike")
    family.channel_to(moon, "keeper", 1).send(b"\xffsign this")
    family.replaced(moon, pid, 2, "ike")
    contains(moon.log(), "keeper says that it sent a message that is not well-formed", "log of moon")
    reaches_in_the_end(bench.alice, bench.sun.inside[4])
    moon.up()
    reaches_in_the_end(bench.alice, bench.sun.inside[4])


@user_case()
def hostile_guard(bench):
    """Who asks keeper in guard's name for what is no message is ended: the whole daemon, and the way into the clear stays
    shut."""
    moon, sun = bench.pair()
    moon.up()
    family.channel_to(moon, "keeper", 0).send(b"\xffsign this")
    same(moon.process.wait(5), -signal.SIGABRT, "how moon ends")
    contains(moon.log(), "guard sent a message that is not well-formed", "log of moon")
    contains(moon.routes(), f"unreachable {bench.sun.net[4]}", "routes of moon")
    moon.start()
    moon.up()
    same(len(sun.sas()), 1, "SAs of sun")


def asks_for_free_signatures(moon, name):
    """In the name of ike, of the process NAME: of the right form, for octets that are not those of an AUTH payload."""
    end = family.channel_to(moon, name, 1)
    octets = b"what is to be signed"
    with contextlib.suppress(BrokenPipeError):  # its answers are none that somebody waits for, which ends it
        for handle in range(1, 9):
            end.send(bytes([SIGN]) + NO_TICKET + handle.to_bytes(8, "big") + (5).to_bytes(2, "big") + bytes([0])
                     + len(octets).to_bytes(4, "big") + octets)
    moon.wait_log("keeper refuses: these are not the octets of an AUTH payload")


@case()
def hostile_ike_asks_for_a_free_signature(bench):
    """It is refused, and told."""
    moon, _, _ = with_certificates(bench)
    asks_for_free_signatures(moon, "keeper")
