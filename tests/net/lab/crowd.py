# SPDX-License-Identifier: GPL-2.0-or-later
"""A gateway and the world that calls it: two hosts, one cable. In the world are all addresses of 10.64.0.0/16, from which
tests/bench/callers.c calls, and 10.128.0.0/9, from which tests/bench/flood.c does, and where nobody hears an answer."""
import json
import select
import subprocess

from . import config
from .check import check
from .ikev2d import BIN
from .net import Namespace, link

GATEWAY, WORLD, FIRST = "192.0.2.2", "192.0.2.1", "10.64.0.1"
COMMON = {"proposals": "aes256gcm16-prfsha256-x25519", "unique": "never", "mobike": "no", "dpd_delay": "0s"}
SECRETS = {"secrets": {"ike-site": {"secret": f'"{config.SECRET}"'}}}


class Hosts:
    def __init__(self):
        self.gateway, self.world = Namespace("gateway"), Namespace("world")
        link(self.gateway, "wan", self.world, "wan")
        link(self.gateway, "lan", self.world, "lan")  # for the address inside that charon's routes want
        self.gateway.ip(f"addr add {GATEWAY}/24 dev wan", f"route add default via {WORLD}",
                        "addr add 10.1.0.1/16 dev lan")
        self.world.ip(f"addr add {WORLD}/24 dev wan", "route add local 10.64.0.0/16 dev lo",
                      "route add blackhole 10.128.0.0/9")

    def delete(self):
        self.gateway.delete()
        self.world.delete()


def _sides(local, remote, certs):
    auth = "pubkey" if certs else "psk"
    return {"local": {"auth": auth, "id": f"{local}.example", "certs": f"{local}.pem" if certs else None},
            "remote": {"auth": auth, "id": f"{remote}.example"}}


def gateway(daemon=None, certs=False, probing="0s"):
    """The configuration that answers callers, for either daemon; with a shared secret or CERTS. It asks each PROBING that is
    silent whether it still lives; 0: never."""
    conn = {**COMMON, "dpd_delay": probing, "local_addrs": GATEWAY, "remote_addrs": "%any", **_sides("gateway", "caller", certs),
            "children": {"net": {"local_ts": "10.1.0.0/16", "remote_ts": "10.32.0.0/16", "esp_proposals": "aes256gcm16"}}}
    return {"connections": {"site": conn}, **SECRETS, **({"daemon": daemon} if daemon else {})}


def callers(count, certs=False):
    """A connection for each caller, with an address inside. Half a second is what phones wait before they say it again."""
    conns = {f"c{i}": {**COMMON, "remote_addrs": GATEWAY, **_sides("caller", "gateway", certs),
                       "children": {"net": {"local_ts": f"10.32.{i // 256}.{i % 256}/32", "remote_ts": "10.1.0.0/16",
                                            "esp_proposals": "aes256gcm16"}}} for i in range(count)}
    return {"connections": conns, **SECRETS, "daemon": {"retransmit_timeout": "0.5"}}


def users(count):
    """The secrets of as many users of EAP."""
    return {f"eap-u{i}": {"id": f"u{i}@example", "secret": f'"the password of {i}"'} for i in range(count)}


def gateway_of_users(count, daemon=None):
    """The one that lets users in by MSCHAPv2, each of whom gets an address and is told a server of names."""
    whole = gateway(daemon)
    site = whole["connections"]["site"]
    site.update(remote={"auth": "eap-mschapv2", "eap_id": "%any", "id": "%any"}, pools="rw")
    site["children"]["net"]["remote_ts"] = "dynamic"
    return {**whole, "secrets": {**SECRETS["secrets"], **users(count)},
            "pools": {"rw": {"addrs": "10.32.0.0/16", "dns": "10.1.0.53"}}}


def calling_users(count):
    whole = callers(count)
    for i, conn in enumerate(whole["connections"].values()):
        conn.update(local={"auth": "eap-mschapv2", "eap_id": f"u{i}@example", "id": f"u{i}@example"}, vips="0.0.0.0")
        conn["children"]["net"]["local_ts"] = "dynamic"
    return {**whole, "secrets": {**SECRETS["secrets"], **users(count)}}


class Callers:
    """RATE begin in a second; negative: so many are under way at a time. They stay until end()."""

    def __init__(self, hosts, path, configuration, count, rate, patience=10):
        with open(path, "w", encoding="utf-8") as f:
            f.write(config.text(configuration))
        self._err = open(f"{path}.err", "w+", encoding="utf-8")
        self._patience = patience + count / max(rate, 50) + 20
        self._program = hosts.world.within(
            subprocess.Popen, [f"{BIN}/callers", path, GATEWAY, FIRST, str(count), str(rate), str(patience)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._err, text=True)

    def result(self):
        """How what they do now was."""
        ready, _, _ = select.select([self._program.stdout], [], [], self._patience)
        line = self._program.stdout.readline() if ready else ""
        self._err.seek(0)
        check(line, f"the callers say nothing: {self._err.read()[-500:]}")
        return json.loads(line)

    def do(self, what):
        self._program.stdin.write(f"{what}\n")
        self._program.stdin.flush()
        return self.result()

    def end(self):
        self._program.stdin.close()
        self._program.wait(30)
        self._err.close()


class Flood:
    def __init__(self, hosts, rate, seconds):
        self._program = hosts.world.within(subprocess.Popen, [f"{BIN}/flood", GATEWAY, str(rate), str(seconds)],
                                           stdout=subprocess.PIPE, text=True)

    def sent(self):
        """At its end: how many."""
        return json.loads(self._program.communicate(timeout=120)[0])["sent"]
