# SPDX-License-Identifier: GPL-2.0-or-later
"""ipsec listen and ipsec connect: a link of two machines by one command on each."""
import contextlib
import os
import pathlib
import signal
import types

from cases.json_facts import valid
from lab.case import case
from lab.check import check, contains, same, until
from lab.ikev2d import parse_json
from lab.net import must
from lab.traffic import reaches
from lab.vici import Vici


class Listener:
    """ipsec listen on sun, which waits."""

    def __init__(self, bench, *words, daemon=None):
        self.daemon = daemon or bench.daemon(bench.sun, None).start()
        self.process = self.daemon.spawn("--json", "listen", *words)
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
def link_whose_listener_is_killed(bench):
    """Nobody could end the waiting any more: the daemon does, and the code is good no more."""
    moon, listener = machines(bench)
    listener.process.signal(signal.SIGKILL)
    until(lambda: not listener.daemon.json("list", "conns")["connections"], "the connection goes with who listens")
    empty(listener.daemon)
    listener.daemon.wait_log("secret unloaded over VICI")
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


class Machine:
    """A daemon, and a folder with the machine's key."""

    def __init__(self, bench, side):
        self.bench, self.daemon = bench, bench.daemon(side, None)
        self.take(f"{bench.directory}/keys-{side.name}")
        self.daemon.start()

    def take(self, folder):
        """The key there, which is made."""
        self.folder = "--dir", folder
        made = self.daemon.json("connect", "--key", *self.folder)
        valid("link-key", made)
        self.key, self.file = made["key"], made["file"]

    def listen(self, key):
        return Listener(self.bench, "--peer-key", key, *self.folder, daemon=self.daemon)

    def connect(self, key, host=None):
        return self.daemon.ipsec("connect", host or self.bench.sun.wan[4], "--peer-key", key, *self.folder)

    def disconnect(self, name):
        self.daemon.must("disconnect", name)

    def reauthenticates(self, name):
        """Proves anew who it is."""
        before = [sa["uniqueid"] for sa in self.daemon.sas()]
        self.daemon.must("rekey", name, "--reauth")
        until(lambda: [sa for sa in self.daemon.sas() if sa["children"]] == self.daemon.sas() and
              [sa["uniqueid"] for sa in self.daemon.sas()] not in ([], before), lambda: f"one new IKE_SA: {self.daemon.sas()}")

    def keys(self):
        """Private keys that the daemon has from clients."""
        with contextlib.closing(Vici(self.daemon)) as client:
            return client.call("get-keys")["keys"]


def with_keys(bench):
    return Machine(bench, bench.moon), Machine(bench, bench.sun)


@case(each=["ipv4", "ipv6"], quick=["ipv4"])
def link_by_keys(bench, version):
    """One that can come back; when it is ended nothing is left but the files, and by these it is made again."""
    moon, sun = with_keys(bench)
    same((moon.daemon.must("connect", "--key", *moon.folder), len(moon.key)), (f"{moon.key}\n", 60), "the key of moon, said again")
    same(os.stat(moon.file).st_mode & 0o777, 0o600, "mode of the key's file")
    wire = bench.wire()
    for _ in range(2):
        listener = sun.listen(moon.key)
        made, name = listener.made, listener.made["name"]
        same((made["key"], made["code"]), (sun.key, None), "what ipsec listen tells")
        done = moon.connect(sun.key, bench.sun.wan[4 if version == "ipv4" else 6])
        same(done.code, 0, f"exit code of ipsec connect\n{done.text}")
        contains(done.out, f"{name} is up: {made['address']} is the other machine", "ipsec connect")
        same((listener.said(2)["up"], listener.process.wait(5)), (True, 0), "what ipsec listen says, and how it ends")
        for renews in (lambda: moon.daemon.must("rekey", name), lambda: moon.daemon.must("rekey", f"{name}/link"),
                       lambda: moon.reauthenticates(name)):
            reaches(moon.daemon.host, made["address"])
            reaches(sun.daemon.host, made["peer"])
            renews()
        reaches(sun.daemon.host, made["peer"])
        sun.daemon.must("down", name)
        moon.daemon.wait_idle()
        moon.daemon.must("up", name)
        reaches(sun.daemon.host, made["peer"])
        for machine in moon, sun:
            same(len(machine.keys()), 1, "private keys that the daemon has")
            machine.disconnect(name)
        for machine in moon, sun:
            machine.daemon.wait_idle()
            empty(machine.daemon)
            same(machine.keys(), [], "private keys that the daemon has")
            same(machine.daemon.ipsec("disconnect", name).code, 1, "exit code of ending it again")
    wire.no_clear()


@case()
def link_by_keys_beside_another(bench):
    """A machine has links with several others by one key; one more with the same machine is refused, and harms nothing."""
    moon, sun = with_keys(bench)
    other = Machine(bench, types.SimpleNamespace(gateway=bench.alice, name="alice"))
    listeners = [sun.listen(machine.key) for machine in (moon, other)]
    for machine in moon, other:
        done = machine.connect(sun.key)
        same(done.code, 0, f"exit code of ipsec connect\n{done.text}")
    first, second = (listener.made for listener in listeners)
    for machine, words in (moon, ("connect", bench.sun.wan[4])), (sun, ("listen",)):
        key = sun.key if machine is moon else moon.key
        done = machine.daemon.ipsec(*words, "--peer-key", key, *machine.folder)
        same(done.code, 1, f"exit code of a second ipsec {words[0]}\n{done.text}")
        where = " on the other machine" if machine is sun else ""
        name = first["name"]
        contains(done.err, f"{name} is there already: ipsec up {name}{where} brings it up", f"ipsec {words[0]}")
    reaches(sun.daemon.host, first["peer"])
    reaches(sun.daemon.host, second["peer"])
    sun.disconnect(first["name"])
    same(len(sun.keys()), 1, "private keys that sun has while there is another link")
    other.reauthenticates(second["name"])
    reaches(sun.daemon.host, second["peer"])
    sun.disconnect(second["name"])
    same(sun.keys(), [], "private keys that sun has")


@case()
def link_by_another_key_of_the_machine(bench):
    """The daemon keeps each of its keys for as long as there are links by it, whatever folder they are from."""
    moon, sun = with_keys(bench)
    other = Machine(bench, types.SimpleNamespace(gateway=bench.alice, name="alice"))
    first = sun.listen(moon.key).made["name"]
    same(moon.connect(sun.key).code, 0, "exit code of ipsec connect by the first key")
    sun.take(f"{bench.directory}/more-keys-sun")
    second = sun.listen(other.key).made
    same(other.connect(sun.key).code, 0, "exit code of ipsec connect by the second key")
    before = sun.keys()
    same(len(before), 2, "private keys that sun has")
    sun.disconnect(first)
    same(len(sun.keys()), 1, "private keys that sun has while there is the second link")
    other.reauthenticates(second["name"])
    reaches(sun.daemon.host, second["peer"])
    sun.disconnect(second["name"])
    same(sun.keys(), [], "private keys that sun has")


@case(each=["here", "there"])
def link_by_a_wrong_key(bench, where):
    """It is said what the other machine must have been told; nothing is left, and the right ones lead to a link still."""
    moon, sun = with_keys(bench)
    stranger = parse_json(moon.daemon.must("--json", "connect", "--key", "--dir", f"{bench.directory}/stranger"))["key"]
    listener = sun.listen(stranger if where == "there" else moon.key)
    done = moon.connect(stranger if where == "here" else sun.key)
    same(done.code, 1, f"exit code of ipsec connect\n{done.text}")
    contains(done.err, "AUTHENTICATION_FAILED", "ipsec connect")
    contains(done.err, f"on 192.0.2.2 it takes: ipsec listen --peer-key {moon.key}\n", "ipsec connect")
    empty(moon.daemon)
    same(moon.keys(), [], "private keys that moon has")
    if where == "there":
        listener.process.signal(signal.SIGINT)
        contains(listener.said(2)["error"], "nobody came", "ipsec listen")
        empty(sun.daemon)
        same(sun.keys(), [], "private keys that sun has")
        listener = sun.listen(moon.key)
    done = moon.connect(sun.key)
    same(done.code, 0, f"exit code of ipsec connect\n{done.text}")
    reaches(moon.daemon.host, listener.made["address"])


@case()
def link_by_what_is_no_key(bench):
    moon, sun = with_keys(bench)
    x25519 = must(["sh", "-c", "openssl genpkey -algorithm x25519 | openssl pkey -pubout -outform DER | base64 -w0"])
    for odd in "", "abcd", sun.key[:-1], sun.key + "=", sun.key[:30] + "\n" + sun.key[30:], sun.key.lower(), x25519, moon.file:
        done = moon.connect(odd)
        same(done.code, 2, f"exit code of ipsec connect --peer-key {odd!r}\n{done.text}")
        contains(done.err, "is no key of a link: ipsec connect --key on the other machine shows one, 60 characters",
                 "ipsec connect")
    new = pathlib.Path(bench.directory, "new")
    done = moon.daemon.ipsec("connect", "192.0.2.2", "--peer-key", sun.key[:-1], "--dir", str(new))
    same((done.code, new.exists()), (2, False), f"exit code of ipsec connect, and whether there is a key\n{done.text}")
    done = moon.connect(moon.key)
    same(done.code, 2, f"exit code of ipsec connect with its own key\n{done.text}")
    contains(done.err, "is this machine's own key", "ipsec connect")
    for words in (("connect", "--key", "192.0.2.2"), ("connect", "--peer-key", sun.key), ("listen", "--key"), ("connect",),
                  ("connect", "192.0.2.2", "abcd", "--peer-key", sun.key), ("listen", "--dir", "/nowhere"),
                  ("listen", "192.0.2.2"), ("disconnect", "link-abcd", "--dir", moon.folder[1])):
        done = moon.daemon.ipsec(*words)
        same(done.code, 2, f"exit code of ipsec {' '.join(words)}\n{done.text}")
    empty(moon.daemon)
    same(moon.keys(), [], "private keys that moon has")


@case()
def link_by_a_key_that_is_lost(bench):
    """What is up stays; another key is made, and said, and other machines have to be told."""
    moon, sun = with_keys(bench)
    name = sun.listen(moon.key).made["name"]
    same(moon.connect(sun.key).code, 0, "exit code of ipsec connect")
    os.unlink(moon.file)
    moon.reauthenticates(name)
    for machine in moon, sun:
        machine.disconnect(name)
        empty(machine.daemon)
        same(machine.keys(), [], "private keys that the daemon has")
    listener = sun.listen(moon.key)
    done = moon.connect(sun.key)
    same(done.code, 1, f"exit code of ipsec connect\n{done.text}")
    contains(done.err, f"made this machine's key: {moon.file}\n", "ipsec connect")
    new = parse_json(moon.daemon.must("--json", "connect", "--key", *moon.folder))["key"]
    check(new != moon.key, "another key")
    contains(done.err, f"ipsec listen --peer-key {new}\n", "ipsec connect")
    listener.process.signal(signal.SIGINT)
    listener.process.wait(5)
    listener = sun.listen(new)
    same(moon.connect(sun.key).code, 0, "exit code of ipsec connect with the new key")
    reaches(moon.daemon.host, listener.made["address"])


@case()
def link_by_a_key_that_is_damaged(bench):
    """Nothing is made in its place unasked."""
    moon, sun = with_keys(bench)
    file = pathlib.Path(moon.file)
    good = file.read_bytes()
    ecdsa = must(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]).encode()
    for mode, text, says in ((0o644, good, f"chmod 600 {file}"), (0o600, b"garbage\n", "take it away, and another key is made"),
                             (0o600, good[:60], "take it away"), (0o600, ecdsa, "it is no key of a link: take it away")):
        file.write_bytes(text)
        file.chmod(mode)
        for done in moon.connect(sun.key), moon.daemon.ipsec("connect", "--key", *moon.folder):
            same(done.code, 1, f"exit code of ipsec connect\n{done.text}")
            contains(done.err, f"{file}: ", "ipsec connect")
            contains(done.err, says, "ipsec connect")
        same(file.read_bytes(), text, "the file")
    empty(moon.daemon)


NOBODY = 65534


def _good(file, _):
    file.write_bytes(file.with_name("good").read_bytes())
    file.chmod(0o600)


def _linked(file, _):
    file.symlink_to("good")


def _pipe(file, _):
    os.mkfifo(file, 0o600)


def _others_file(file, directory):
    _good(file, directory)
    os.chown(file, NOBODY, NOBODY)


def _open_folder(file, directory):
    _good(file, directory)
    directory.chmod(0o720)


def _others_folder(file, directory):
    _good(file, directory)
    os.chown(directory, NOBODY, NOBODY)


@case(each=[("link", _linked, "link.key: it is a symbolic link: take it away"),
            ("pipe", _pipe, "link.key: it is no regular file: take it away"),
            ("file-of-another", _others_file, "link.key: it belongs to another user: take it away"),
            ("folder-open-to-others", _open_folder, "others than its owner may write to it: chmod go-w"),
            ("folder-of-another", _others_folder, "belongs to another user: chown root")])
def link_by_a_key_in_others_hands(bench, put, says):
    """It is not taken: others could be this machine, or have it be another one."""
    moon, sun = with_keys(bench)
    file = pathlib.Path(moon.file)
    file.rename(file.with_name("good"))
    put(file, file.parent)
    for done in moon.connect(sun.key), moon.daemon.ipsec("connect", "--key", *moon.folder):
        same(done.code, 1, f"exit code of ipsec connect\n{done.text}")
        contains(done.err, says, "ipsec connect")
    file.unlink()
    os.chown(file.parent, 0, 0)
    file.parent.chmod(0o700)
    _good(file, file.parent)
    same(moon.daemon.json("connect", "--key", *moon.folder)["key"], moon.key, "the key of moon in its own hands")


@case()
def link_by_one_of_two_keys_made_at_once(bench):
    """Of several commands that find no key one makes it; what one that was killed has left is no key."""
    moon = bench.daemon(bench.moon, None)
    folder = pathlib.Path(bench.directory, "keys")
    folder.mkdir(0o700)
    left = folder / ".link.key.new"
    left.write_text("half of a", encoding="ascii")
    commands = [moon.spawn("connect", "--key", "--dir", str(folder)) for _ in range(8)]
    same([command.wait(10) for command in commands], [0] * len(commands), "exit codes of ipsec connect --key")
    made = sum("made this machine's key" in command.log() for command in commands)
    same((made, left.exists()), (1, False), "how many keys were made, and whether one is left over")
    shown = {command.log().splitlines()[-1] for command in commands}
    same(shown, {moon.json("connect", "--key", "--dir", str(folder))["key"]}, "the keys that were shown")
