# SPDX-License-Identifier: GPL-2.0-or-later
"""Keys that a provider of OpenSSL has, and the process that opens them. OpenSSL's own provider for files is what every
machine has: a key that is encrypted with its PIN is there, or it is not, as a token is."""
import contextlib
import glob
import os
import shutil
import signal
import tempfile

from cases.certs import folder, gateways
from cases.processes import (HOSTILE, NO_TICKET, asks_for_free_signatures, hostile, killed, killed_at_any_moment, kinds,
                             lives_on)
from cases.service_user import as_user, is_no_root
from lab import family
from lab.case import case
from lab.check import Skipped, check, contains, same, until
from lab.config import merged
from lab.net import must
from lab.pki import Authority, Credentials
from lab.traffic import reaches
from lab.vici import REQUEST, packet

(PSK_PROVE,) = kinds("PSK_PROVE")
PIN, ANOTHER = "the PIN of a test's token", "the PIN of another test's token"


class Token:
    """A folder that everybody can read, with a side's key and certificate, which are nowhere else."""

    def __init__(self, bench, side, ca):
        directory = tempfile.mkdtemp(prefix="ikev2d-token-")
        bench.afterwards(lambda: shutil.rmtree(directory))
        os.chmod(directory, 0o755)
        made = Credentials(folder(bench, side), side, ca)
        self.key, self.certificate = f"{directory}/key.pem", f"{directory}/certificate.pem"
        self.private = family.private_parts(made.key)
        must(["openssl", "pkcs8", "-topk8", "-in", made.key, "-out", self.key, "-passout", f"pass:{PIN}", "-v2", "aes-256-cbc"])
        os.chmod(self.key, 0o644)
        os.unlink(made.key)
        os.rename(made.cert, self.certificate)
        os.chmod(self.certificate, 0o644)

    @contextlib.contextmanager
    def pulled(self):
        os.rename(self.key, f"{self.key}.pulled")
        yield
        os.rename(f"{self.key}.pulled", self.key)

    def configured(self, configuration, pin=PIN):
        """CONFIGURATION with its key and certificate."""
        return self.shown(configuration) | {"secrets": {"token-of-ours": {"uri": f"file:{self.key}", "pin": f'"{pin}"'}}}

    def shown(self, configuration):
        """The same without the key."""
        local = configuration["connections"]["site"]["local"]
        del local["certs"]
        local["cert"] = {"uri": f"file:{self.certificate}"}
        return configuration

    def offered(self, vici, pin=PIN):
        """What a client hears who loads it."""
        return vici.call("load-token", {"uri": f"file:{self.key}", "pin": pin})

    def load(self, vici):
        loads(vici, {"uri": f"file:{self.key}"})


def loads(vici, what):
    answer = vici.call("load-token", what | {"pin": PIN})
    same((answer["success"], answer.get("errmsg")), ("yes", None), "load-token")


def with_certificates_of_tokens(bench, options=()):
    """Moon's key is configured, sun's is yet to be loaded by a client. Returns both, and the tokens."""
    ca = Authority(bench.directory)
    ours, theirs = gateways(bench)
    tokens = [Token(bench, side, ca) for side in (bench.moon, bench.sun)]
    daemons = bench.daemon(bench.moon, tokens[0].configured(ours)), bench.daemon(bench.sun, tokens[1].shown(theirs))
    for daemon in daemons:
        daemon.options = list(options)
        daemon.start()
    return *daemons, tokens


def with_tokens(bench):
    """The same when it is loaded. Returns both, and moon's token."""
    moon, sun, tokens = with_certificates_of_tokens(bench)
    tokens[1].load(bench.vici(sun))
    return moon, sun, tokens[0]


@case(each=[("by-tokens", []), ("in-one-process", ["--one"])])
def certs_of_a_provider(bench, options):
    """Keys and certificates come from OpenSSL's provider for files, and neither is in a folder that ikev2d reads."""
    moon, sun, tokens = with_certificates_of_tokens(bench, options)
    same(moon.ipsec("up", "site").code, 1, "exit code of ipsec up without sun's key")
    contains(sun.log(), "there is no private key for the certificate of C=CH, O=Lab, CN=sun", "log of sun")
    tokens[1].load(bench.vici(sun))
    moon.up()
    reaches(bench.alice, bench.sun.inside[4])


@case()
def certs_of_a_provider_for_a_service_user(bench):
    """A daemon that is no root: tokens is who it is, and has none of its few capabilities."""
    ca = Authority(bench.directory)
    ours, theirs = gateways(bench)
    token = Token(bench, bench.moon, ca)
    Credentials(folder(bench, bench.sun), bench.sun, ca)
    moon = as_user(bench, bench.daemon(bench.moon, token.configured(ours))).start()
    bench.daemon(bench.sun, theirs).start()
    moon.up()
    is_no_root(moon)
    check(family.members(moon, "tokens"), "there is a process for tokens")


@case()
def tokens_process_has_no_rights(bench):
    """A user of its own, no capability but the one to lock memory, a filter of system calls: what it loads is in no other
    process, and it is there only where it is wanted."""
    moon, sun, _ = with_tokens(bench)
    for daemon in moon, sun:
        family.without_rights(daemon, "tokens")
    moon.write(bench.tunnel(bench.moon))
    moon.must("reload")
    moon.stop()
    moon.start()
    same(family.members(moon, "tokens"), [], "processes for tokens where there are none")


@case()
def pins_are_only_in_tokens(bench):
    """Neither in what has read the configuration, nor in what a client has sent it to; nor is what they open anywhere
    else."""
    moon, sun, token = with_tokens(bench)
    needles = {"PIN": [PIN.encode()], "private key": token.private}
    for when in "loaded", "up", "down":
        if when != "loaded":
            moon.must(when, "site")
        check("PIN" in family.holds(family.member(moon, "tokens"), needles), f"tokens has it when it is {when}")
        for daemon in moon, sun:
            for pid in daemon.process.pid, *family.others(daemon):
                if family.title(pid) != "ikev2d: tokens":
                    until(lambda pid=pid: not family.holds(pid, needles),
                          lambda pid=pid, when=when: f"{family.title(pid)} holds {family.holds(pid, needles)} when it is {when}", 5)
    check(PIN not in moon.log() + sun.log(), "a PIN is in a log")


@case()
def tokens_killed(bench):
    """It is back in less than a second, with the PIN, and the next authentication works; the tunnel does not notice."""
    moon, sun, _ = with_tokens(bench)
    moon.up()
    for daemon in moon, sun:
        killed(daemon, "tokens")
    lives_on(bench, moon)


@case()
def tokens_killed_at_any_moment(bench):
    """While a tunnel comes up, on either side: it comes up all the same."""
    moon, sun, _ = with_tokens(bench)
    killed_at_any_moment(moon, sun, "tokens")


@case()
def tokens_that_hangs(bench):
    """It keeps nobody waiting but who waits for its signature; then it is ended, and the next one answers."""
    moon, _, _ = with_tokens(bench)
    pid = family.member(moon, "tokens")
    os.kill(pid, signal.SIGSTOP)
    call = moon.spawn("up", "site")
    until(lambda: len(moon.sas()) == 1, "it has begun")
    same(moon.ipsec("status", seconds=2).code, 0, "exit code of ipsec status meanwhile")
    same(call.wait(20), 0, f"exit code of ipsec up\n{moon.log()}")
    contains(moon.log(), "the process tokens has ended, since it did not answer", "log of moon")
    check(family.member(moon, "tokens") != pid, "another one runs")


def reads_its_file_while_tokens_hangs(bench, moon):
    """Moon's tokens hangs, and a client has it asked. Returns the client."""
    os.kill(family.member(moon, "tokens"), signal.SIGSTOP)
    client = bench.vici(moon)
    client.patience(20)
    client.send(packet(REQUEST, "reload"))
    same(moon.ipsec("status", seconds=2).code, 0, "exit code of ipsec status meanwhile")
    return client


@case()
def tokens_that_hangs_while_the_file_is_read_again(bench):
    """Everybody else is answered meanwhile, and who has asked for it in the end, when the next one was asked."""
    moon, _, _ = with_tokens(bench)
    moon.up()
    client = reads_its_file_while_tokens_hangs(bench, moon)
    call = moon.ipsec("reload", seconds=2)
    same(call.code, 1, "exit code of another ipsec reload")
    contains(call.text, "the file is being read already", "ipsec reload")
    reaches(bench.alice, bench.sun.inside[4])
    answer = client.response("reload")
    same(answer["success"], "yes", f"success of reload\n{answer}")
    contains(moon.log(), "the process tokens has ended, since it did not answer", "log of moon")
    moon.must("down", "site")
    moon.up()


@case()
def tokens_that_hangs_while_a_client_loads_a_key(bench):
    """Nobody waits but this client. The PIN, which may have been tried, is not tried again: it is told so."""
    moon, _, token = with_tokens(bench)
    os.kill(family.member(moon, "tokens"), signal.SIGSTOP)
    client = bench.vici(moon)
    client.patience(20)
    client.send(packet(REQUEST, "load-token", {"uri": f"file:{token.key}", "pin": PIN}))
    same(moon.ipsec("status", seconds=2).code, 0, "exit code of ipsec status meanwhile")
    contains(client.response("load-token")["errmsg"], "the process for tokens does not answer", "load-token")
    token.load(client)
    check(PIN not in moon.log(), "the PIN is in the log")
    moon.up()


def with_certificate_at(path):
    """What a client says who loads a connection with it."""
    return {"another": {"local": {"auth": "pubkey", "cert": {"uri": f"file:{path}"}}, "remote": {"auth": "pubkey"}}}


def is_loaded(answer, what="load-conn"):
    same((answer["success"], answer.get("errmsg")), ("yes", None), what)


@case()
def tokens_that_hangs_while_two_clients_load_something(bench):
    """Who had it asked first is told, since a PIN is not tried twice; the other gets what it wants from the next one. Nobody
    remembers anything of it: the first gets its key the next time."""
    moon, _, token = with_tokens(bench)
    os.kill(family.member(moon, "tokens"), signal.SIGSTOP)
    one, other = bench.vici(moon), bench.vici(moon)
    for client in one, other:
        client.patience(20)  # they wait for the next one
    one.send(packet(REQUEST, "load-token", {"uri": f"file:{token.key}", "pin": PIN}))
    until(lambda: family.waits_for(moon, "tokens"), "it is asked for the first")
    other.send(packet(REQUEST, "load-conn", with_certificate_at(token.certificate)))
    contains(one.response("load-token")["errmsg"], "the process for tokens does not answer", "load-token")
    is_loaded(other.response("load-conn"))
    token.load(one)


@case()
def tokens_that_hangs_while_a_client_loads_a_connection(bench):
    """Everybody else is answered meanwhile, this client in the end. What it loaded before is there until the next one says
    what there is."""
    moon, _, token = with_tokens(bench)
    client, other = bench.vici(moon), bench.vici(moon)
    client.patience(20)
    is_loaded(client.call("load-conn", with_certificate_at(token.certificate)))
    moon.up()
    os.kill(family.member(moon, "tokens"), signal.SIGSTOP)
    client.send(packet(REQUEST, "load-conn", with_certificate_at(token.certificate)))
    same(moon.ipsec("status", seconds=2).code, 0, "exit code of ipsec status meanwhile")
    same(other.call("get-conns"), {"conns": ["another"]}, "what is loaded meanwhile")
    reaches(bench.alice, bench.sun.inside[4])
    is_loaded(client.response("load-conn"))
    contains(moon.log(), "the process tokens has ended, since it did not answer", "log of moon")
    moon.must("down", "site")
    moon.up()


@case()
def tokens_that_hangs_while_a_client_loads_an_authority(bench):
    """The same; and what it loaded before stays where the next one has none."""
    moon, _, _ = with_tokens(bench)
    with open(Authority(bench.directory, "other").cert, encoding="ascii") as f:
        pem = f.read()
    client, other = bench.vici(moon), bench.vici(moon)
    client.patience(20)
    is_loaded(client.call("load-authority", {"another": {"cacert": pem}}), "load-authority")
    os.kill(family.member(moon, "tokens"), signal.SIGSTOP)
    client.send(packet(REQUEST, "load-authority", {"another": {"handle": "0a0b"}}))
    same(moon.ipsec("status", seconds=2).code, 0, "exit code of ipsec status meanwhile")
    same(other.call("get-authorities"), {"authorities": ["another"]}, "what is loaded meanwhile")
    answer = client.response("load-authority")
    same(answer["success"], "no", "success of load-authority")
    contains(answer["errmsg"], "there is no certificate at pkcs11:", "load-authority")
    same(other.call("get-authorities"), {"authorities": ["another"]}, "what is loaded then")
    same(moon.must("list", "certs").count("X509 CA"), 2, "authorities that are trusted")
    moon.up()


@case()
def token_that_hangs_each_time(bench):
    """A card that never answers: who loads a connection with its certificate is told in one sentence, and nobody else waits,
    nor is anybody waited for who has gone."""
    moon, _, token = with_tokens(bench)
    never = f"{token.certificate}.never"
    os.mkfifo(never)
    os.chmod(never, 0o644)
    clients, other = [bench.vici(moon), bench.vici(moon)], bench.vici(moon)
    for client in clients:
        client.patience(20)  # it is asked twice
        client.send(packet(REQUEST, "load-conn", with_certificate_at(never)))
    for _ in range(2):
        same(moon.ipsec("status", seconds=2).code, 0, "exit code of ipsec status meanwhile")
    other.patience(4)
    is_loaded(other.call("load-conn", {"plain": {"version": "2"}}))
    other.patience(20)
    clients[1].close()
    answer = clients[0].response("load-conn")
    same(answer["success"], "no", "success of load-conn")
    contains(answer["errmsg"], "is there a token that hangs", "load-conn")
    same(other.call("get-conns"), {"conns": ["plain"]}, "connections")
    is_loaded(other.call("load-conn", with_certificate_at(token.certificate)))
    moon.up()


@case()
def tokens_that_hangs_while_who_asked_goes_away(bench):
    """What the file says by then is read all the same, when somebody else wants that."""
    moon, _, token = with_tokens(bench)
    reads_its_file_while_tokens_hangs(bench, moon).close()
    another = token.configured(gateways(bench)[0])
    another["connections"]["another"] = another["connections"]["site"]
    moon.write(another)
    moon.process.signal(signal.SIGHUP)
    same(moon.ipsec("status", seconds=2).code, 0, "exit code of ipsec status")
    until(lambda: "another/net" in moon.must("list", "conns"), moon.log, 20)
    moon.up()


@case()
def tokens_that_hangs_while_the_settings_are_read_again(bench):
    """What was read of the file before is older: it is read once more."""
    moon, _, token = with_tokens(bench)
    client = reads_its_file_while_tokens_hangs(bench, moon)
    moon.write(merged(token.configured(gateways(bench)[0]), {"daemon": {"cookie_threshold": "7"}}))
    same(bench.vici(moon).call("reload-settings")["success"], "yes", "success of reload-settings")
    same(client.response("reload")["success"], "yes", "success of reload")
    until(lambda: moon.log().count("the configuration was read again") == 2, moon.log, 20)


@case()
def tokens_that_hangs_when_the_daemon_stops(bench):
    """Who waits for it is told so, and sees the end of the daemon, which does not wait."""
    moon, _, _ = with_tokens(bench)
    client = reads_its_file_while_tokens_hangs(bench, moon)
    moon.stop()
    contains(client.response("reload")["errmsg"], "the daemon is stopping", "reload")
    client.closed()


@case()
def token_that_is_pulled_and_put_back(bench):
    """Who needs it is told, and it is found again, without a reload."""
    moon, _, token = with_tokens(bench)
    killed(moon, "tokens")
    with token.pulled():
        call = moon.ipsec("up", "site")
        same(call.code, 1, "exit code of ipsec up")
        contains(call.text, f"there is no private key at file:{token.key} (No such file or directory)", "ipsec up")
    moon.up()
    reaches(bench.alice, bench.sun.inside[4])


@case()
def token_that_cannot_be_opened(bench):
    """By a wrong PIN, or where no provider knows it: that is said in one sentence, and nothing else suffers."""
    moon = bench.start(bench.moon)
    token, vici = Token(bench, bench.moon, Authority(bench.directory)), bench.vici(moon)
    answer = token.offered(vici, ANOTHER)
    same(answer["success"], "no", "load-token with a wrong PIN")
    contains(answer["errmsg"], f"file:{token.key} cannot be opened with its PIN", "its answer")
    answer = vici.call("load-token", {"uri": f"file:{token.key}"})
    contains(answer["errmsg"], "wants a PIN, and has none", "the answer without one")
    answer = vici.call("load-token", {"uri": "nobody-knows:this", "pin": PIN})
    contains(answer["errmsg"], "there is no private key at nobody-knows:this", "the answer where nobody knows it")
    contains(answer["errmsg"], "openssl.cnf", "the same")
    os.chmod(token.key, 0o600)
    contains(token.offered(vici)["errmsg"], "Permission denied", "the answer where it may not be read")
    contains(token.offered(vici)["errmsg"], "the user ikev2d-tokens", "the same")
    os.chmod(token.key, 0o644)
    token.load(vici)
    same([ANOTHER in moon.log(), PIN in moon.log()], [False, False], "whether a PIN is in the log")


# ------------------------------------------------------------------ PKCS#11

SLOTS = """directories.tokendir = {directory}/tokens
objectstore.backend = file
log.level = ERROR
"""
PROVIDERS = """openssl_conf = all
[all]
providers = providers
[providers]
default = of_openssl
pkcs11 = of_tokens
[of_openssl]
activate = 1
[of_tokens]
module = {provider}
pkcs11-module-path = {module}
activate = 1
"""


class SoftHsm:
    """A token of SoftHSM, of the user who opens tokens, with moon's private key; and what finds it."""

    URI, HANDLE = "pkcs11:token=moon;id=%0a%0b;type=private", "0a0b"

    def __init__(self, bench):
        provider, module = (next(iter(glob.glob(path)), None) for path in (
            "/usr/lib/*/ossl-modules/pkcs11.so", "/usr/lib/softhsm/libsofthsm2.so"))
        if not (provider and module and shutil.which("softhsm2-util")):
            raise Skipped("pkcs11-provider and softhsm2 are not installed")
        self.directory = tempfile.mkdtemp(prefix="ikev2d-token-")
        bench.afterwards(lambda: shutil.rmtree(self.directory))
        os.chmod(self.directory, 0o755)
        os.mkdir(f"{self.directory}/tokens")
        for name, text in ("slots", SLOTS), ("providers", PROVIDERS):
            with open(f"{self.directory}/{name}", "w", encoding="ascii") as f:
                f.write(text.format(directory=self.directory, provider=provider, module=module))
        self.environment = ["env", f"SOFTHSM2_CONF={self.directory}/slots", f"OPENSSL_CONF={self.directory}/providers"]
        self._util("--init-token", "--free", "--label", "moon", "--so-pin", "the PIN of an officer", "--pin", PIN)

    def _util(self, *words):
        must([*self.environment[:2], "softhsm2-util", *words])

    def takes(self, key):
        must(["openssl", "pkcs8", "-topk8", "-nocrypt", "-in", key, "-out", f"{key}.8"])
        os.replace(f"{key}.8", key)
        self._util("--import", key, "--token", "moon", "--label", "moon", "--id", self.HANDLE, "--pin", PIN)
        must(["chown", "-R", str(family.user("tokens")), f"{self.directory}/tokens"])
        os.unlink(key)


@case()
def token_of_pkcs11(bench):
    """The provider and the module of its vendor are in one process, and so is its PIN; the next one opens it again."""
    token, ca = SoftHsm(bench), Authority(bench.directory)
    credentials = [Credentials(folder(bench, side), side, ca) for side in (bench.moon, bench.sun)]
    token.takes(credentials[0].key)
    ours, theirs = gateways(bench)
    moon = bench.daemon(bench.moon, ours | {"secrets": {"token-moon": {"uri": f'"{token.URI}"', "pin": f'"{PIN}"'}}})
    moon.before = token.environment
    moon.start()
    bench.daemon(bench.sun, theirs).start()
    moon.up()
    reaches(bench.alice, bench.sun.inside[4])
    killed(moon, "tokens")
    lives_on(bench, moon)
    for pid in moon.process.pid, *family.others(moon):
        if family.title(pid) != "ikev2d: tokens":
            for library in "ossl-modules/pkcs11.so", "libsofthsm2":
                check(not family.maps(pid, library), f"{family.title(pid)} has {library}")
            until(lambda pid=pid: not family.holds(pid, {"PIN": [PIN.encode()]}), lambda pid=pid: f"{family.title(pid)}: PIN", 5)
    check(family.maps(family.member(moon, "tokens"), "libsofthsm2"), "tokens has the module")
    moon.must("down", "site")
    moon.write(ours)
    moon.must("reload")
    same(moon.ipsec("up", "site").code, 1, "exit code of ipsec up without the key")
    killed(moon, "tokens")  # who has logged in once may go on
    answer = bench.vici(moon).call("load-token", {"handle": token.HANDLE, "pin": ANOTHER})
    contains(answer["errmsg"], "cannot be opened with its PIN", "load-token with a wrong PIN")
    loads(bench.vici(moon), {"handle": token.HANDLE})
    moon.up()


# --------------------------------------------------------- who breaks the rules

@case(each=[row for row in HOSTILE if row[0] != "too-long"])
def hostile_tokens(bench, channel, message, says):
    """A message in its name that breaks the rules ends it; the tunnel lives on, and the next one works."""
    moon, _, _ = with_tokens(bench)
    moon.up()
    hostile(moon, "tokens", channel, message, says)
    lives_on(bench, moon)


@case()
def hostile_ike_asks_tokens_for_a_free_signature(bench):
    """It is refused, and told, as keeper does."""
    moon, _, _ = with_tokens(bench)
    asks_for_free_signatures(moon, "tokens")
    contains(moon.log(), "event=tokens", "who says it")


@case()
def hostile_ike_asks_tokens_what_keeper_is_asked(bench):
    """It is no keeper of shared secrets: who asks it for a proof by one has broken the rules."""
    moon, _, _ = with_tokens(bench)
    pid = family.member(moon, "ike")
    family.channel_to(moon, "tokens", 1).send(bytes([PSK_PROVE]) + NO_TICKET + bytes(7) + b"\x01" + bytes(2 + 5 + 5 + 4 + 4))
    family.replaced(moon, pid, 2, "ike")
    contains(moon.log(), "ike", "log of moon")
    moon.up()
    reaches(bench.alice, bench.sun.inside[4])
