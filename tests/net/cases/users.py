# SPDX-License-Identifier: GPL-2.0-or-later
"""Road warriors let in by ipsec setup gateway and ipsec user, with the profiles that these make. The gateway is sun."""
import os
import pathlib
import shutil

from cases.json_facts import valid
from lab.case import case
from lab.check import check, contains, same, until
from lab.ikev2d import parse_json
from lab.traffic import ping, reaches

POOL = "10.93.0.0/24"
KINDS = "ios", "macos", "windows", "android", "linux", "swanctl", "ikev2d"


class Gateway:
    """A folder in which ipsec setup gateway has worked, and the daemon that reads it."""

    def __init__(self, bench, *words, folder="gateway"):
        self.bench, self.host = bench, bench.sun.gateway
        self.name = bench.sun.wan[4]
        self.directory = f"{bench.directory}/{folder}"
        self.daemon = bench.daemon(bench.sun, None, f"{folder}-daemon")
        self.daemon.config = f"{self.directory}/ikev2d.conf"
        self.made = self.json("setup", "gateway", "--name", self.name, "--pool", POOL, "--no-start",
                              *(words or ("--net", bench.sun.net[4])))
        valid("setup-gateway", self.made)

    def run(self, group, *words):
        return self.host.run([*self.daemon.client(), group, "--dir", self.directory, *words])

    def must(self, *words):
        done = self.run(*words)
        same(done.code, 0, f"exit code of ipsec {' '.join(words)}\n{done.text}")
        return done.out

    def json(self, group, *words):
        return parse_json(self.must(group, "--json", *words))

    def user(self, name, kind, *words, folder="profile", verb="add"):
        """Makes a user; returns what is said, and where the profile is."""
        out = f"{self.bench.directory}/{folder}-{name}"
        return self.json("user", verb, name, "--profile", kind, "--out", out, *words), out

    def change(self, old, new):
        """The configuration with something else in it."""
        text = pathlib.Path(self.daemon.config).read_text(encoding="ascii")
        check(old in text, f"{old!r} in {text}")
        pathlib.Path(self.daemon.config).write_text(text.replace(old, new), encoding="ascii")

    def start(self):
        self.daemon.start()
        return self


def client(bench, folder):
    daemon = bench.daemon(bench.moon, None, "client")
    daemon.config = f"{folder}/ikev2d.conf"
    return daemon.start()


def is_in(bench, gateway, who):
    """From WHO's device the network behind the gateway is reached, through the tunnel. The gateway has it a moment before."""
    def connected():
        return [sa["remote_id"] for sa in gateway.daemon.sas() if sa["children"]] == [who]

    def came():
        ping(bench.moon.gateway, bench.sun.inside[4], count=1, seconds=0.5)
        return int(gateway.daemon.children()[0]["packets_in"])
    until(connected, lambda: f"{who} is connected: {gateway.daemon.sas()}", 20)
    until(came, "packets come through the tunnel")
    reaches(bench.moon.gateway, bench.sun.inside[4])


def loaded(bench, folder):
    """charon has the profile, and begins."""
    there = bench.charon.swanctl.directory
    for name in os.listdir(folder):
        shutil.copytree(f"{folder}/{name}", f"{there}/{name}")
        bench.afterwards(lambda name=name: shutil.rmtree(f"{there}/{name}", ignore_errors=True))
    pathlib.Path(there, "swanctl.conf").write_text("include conf.d/*.conf\n", encoding="ascii")
    bench.charon.swanctl.must("--load-all", "--noprompt", "--file", f"{there}/swanctl.conf")


@case(quick=True)
def users_ours_with_ours(bench):
    """And one who is revoked is out at once, and stays out."""
    gateway = Gateway(bench).start()
    _, folder = gateway.user("alice", "ikev2d")
    moon = client(bench, folder)
    is_in(bench, gateway, "alice")
    shown = gateway.json("user", "list")
    same([(u["name"], u["state"], u["connected"]) for u in shown["users"]], [("alice", "good", bench.moon.wan[4])], "users")
    valid("user-list", shown)
    valid("user-show", gateway.json("user", "show", "alice"))
    contains(gateway.must("user", "show", "alice"), f"connected: {bench.moon.wan[4]}", "ipsec user show")
    answer = gateway.json("user", "revoke", "alice")
    valid("user-revoke", answer)
    same(answer["ended"], 1, "IKE_SAs that were ended")
    gateway.daemon.wait_idle()
    done = moon.ipsec("up", "vpn", "--timeout", "10")
    same(done.code, 1, f"exit code of ipsec up of who is revoked\n{done.text}")
    gateway.daemon.wait_log("is revoked")
    same(gateway.daemon.sas(), [], "SAs of the gateway")
    same(gateway.run("user", "revoke", "alice").code, 1, "exit code of revoking again")
    _, folder = gateway.user("bob", "ikev2d")
    moon.stop()
    moon = client(bench, folder)
    is_in(bench, gateway, "bob")


@case("charon-on-moon", each=["split", "full"])
def users_strongswan_with_ours(bench, tunnel):
    """swanctl loads the profile as it is, and charon connects with what it says."""
    gateway = Gateway(bench, *(() if tunnel == "split" else ("--dns", "10.2.0.53"))).start()
    _, folder = gateway.user("carol@example.org", "swanctl")
    loaded(bench, folder)
    is_in(bench, gateway, "carol@example.org")
    sa, = gateway.daemon.sas()
    same(sa["encr_alg"], "AES_GCM_16", "cipher")


@case()
def users_with_passwords_ours_with_ours(bench):
    """Kept as a hash; one who is revoked is out at once, and stays out; a new password takes the place of the old."""
    gateway = Gateway(bench).start()
    made, folder = gateway.user("dave", "ikev2d", "--auth", "eap")
    valid("user-add", made)
    users = pathlib.Path(gateway.directory, "users").read_text(encoding="ascii")
    contains(users, "\ndave:nt:", "the users file")
    check(made["password"] not in users, f"the users file has the password itself: {users}")
    moon = client(bench, folder)
    is_in(bench, gateway, "dave")
    same([(u["name"], u["auth"], u["connected"]) for u in gateway.json("user", "list")["users"]],
         [("dave", "eap", bench.moon.wan[4])], "users")
    valid("user-show", gateway.json("user", "show", "dave"))
    _, folder = gateway.user("dave", "ikev2d", "--auth", "eap", folder="renewed", verb="renew")
    moon.must("down", "vpn")
    gateway.daemon.must("reload")
    same(moon.ipsec("up", "vpn", "--timeout", "10").code, 1, "exit code of ipsec up with the old password")
    moon.stop()
    moon = client(bench, folder)
    is_in(bench, gateway, "dave")
    answer = gateway.json("user", "revoke", "dave")
    valid("user-revoke", answer)
    same((answer["password"], answer["ended"]), (True, 1), "what was taken back, and ended")
    gateway.daemon.wait_idle()
    same(moon.ipsec("up", "vpn", "--timeout", "10").code, 1, "exit code of ipsec up of who is revoked")


@case("charon-on-moon")
def users_with_passwords_strongswan_with_ours(bench):
    gateway = Gateway(bench).start()
    _, folder = gateway.user("erin", "swanctl", "--auth", "eap")
    loaded(bench, folder)
    is_in(bench, gateway, "erin")


@case()
def users_with_eap_tls(bench):
    """Where the gateway wants certificates in EAP, profiles say so."""
    gateway = Gateway(bench)
    gateway.change("remote {\n\t\t\tauth = pubkey", "remote {\n\t\t\tauth = eap-tls\n\t\t\teap_id = %any")
    gateway.start()
    _, folder = gateway.user("frank", "ikev2d", "--auth", "cert")
    contains(pathlib.Path(folder, "ikev2d.conf").read_text(encoding="ascii"), "auth = eap-tls", "the profile")
    client(bench, folder)
    is_in(bench, gateway, "frank")
    same(gateway.json("user", "revoke", "frank")["ended"], 1, "IKE_SAs that were ended")
    gateway.daemon.wait_idle()
