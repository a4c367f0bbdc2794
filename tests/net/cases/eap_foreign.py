# SPDX-License-Identifier: GPL-2.0-or-later
"""EAP on TLS with others' implementations of it: ours on moon as client of FreeRADIUS, which strongSwan's charon on sun asks,
and as authenticator of eapol_test, hostap's peer, which speaks to a RADIUS server that is ours."""
import shutil

from cases.certs import folder
from cases.eap import PASSWORD, carries, client, connect, gateway
from cases.eap_tls import certified
from lab import radius
from lab.case import case
from lab.check import Skipped, check, contains, same, until
from lab.ikev2d import BIN

TESTER = "eapol_test"
METHODS = "tls", "ttls", "peap"
EACH = [(f"{method}-{version}", method, version) for method in METHODS for version in ("1.2", "1.3")]
USERS = f'carol	Cleartext-Password := "{PASSWORD}"\n'


def files(bench, side):
    """Of what proves a side to peers in EAP."""
    at = folder(bench, side)
    return {"key": f"{at}/private/{side.name}.pem", "cert": f"{at}/x509/{side.name}.pem"}


def free_radius(bench, ca, method, version):
    """On bob, as sun to those who ask; charon asks it."""
    if not radius.available():
        raise Skipped("FreeRADIUS (freeradius and freeradius-utils) is not installed")
    server = radius.Radius(bench.bob, f"{bench.directory}/radius", USERS, method, {**files(bench, bench.sun), "ca": ca.cert},
                           version).start()
    bench.afterwards(server.stop)
    bench.charon.set(f'plugins {{ eap-radius {{ server = {bench.sun.inside[4]}\nsecret = "{radius.SECRET}"\n}}\n}}')
    bench.afterwards(bench.charon.set)
    return server


@case("charon", each=EACH, quick=("peap-1.3",))
def eap_with_free_radius(bench, method, version):
    """Both have the same keys, or IKE would not prove them."""
    ca = certified(bench)
    server = free_radius(bench, ca, method, version)
    bench.charon.load(gateway(bench, bench.sun, "eap-radius"))
    ours = (bench.tunnel(bench.moon, local={"auth": "eap-tls"}) if method == "tls" else
            client(bench, bench.moon, f"eap-{method}"))
    moon = bench.daemon(bench.moon, ours).start()
    connect(moon, bench.charon, True)
    carries(bench)
    who = bench.moon.id if method == "tls" else "carol"
    for part in f"Login OK: [{who}", f"eap_{method}: ", f"(TLS) send TLS {version} Handshake, Finished":
        contains(server.log(), part, "FreeRADIUS's log")


@case("charon")
def eap_with_free_radius_and_a_wrong_password(bench):
    ca = certified(bench)
    server = free_radius(bench, ca, "peap", "1.3")
    bench.charon.load(gateway(bench, bench.sun, "eap-radius"))
    moon = bench.daemon(bench.moon, client(bench, bench.moon, "eap-peap", password="another")).start()
    done = moon.ipsec("up", "site")
    same(done.code, 1, f"exit code of ipsec up\n{done.text}")
    contains(done.text, "secrets.eap-carol.secret", "ipsec up")
    contains(server.log(), "Login incorrect", "FreeRADIUS's log")
    contains(server.log(), "[carol", "FreeRADIUS's log")
    check("Login OK" not in server.log(), server.log())


PEER = """network={{
	key_mgmt=WPA-EAP
	eap={method}
	identity="{who}"
	ca_cert="{ca}"
	domain_match="{name}"
	phase1="tls_disable_tlsv1_0=1 tls_disable_tlsv1_1=1 tls_disable_tlsv1_2={no_1_2} tls_disable_tlsv1_3={no_1_3}"
	{proof}
}}
"""


class Authenticator:
    """Ours, of METHOD, on moon's own address; as moon, which knows carol by PASSWORD."""

    def __init__(self, bench, method, *version):
        if not shutil.which(TESTER):
            raise Skipped("eapol_test (eapoltest) is not installed")
        self.bench, self.method = bench, method
        self.ca, own = certified(bench).cert, files(bench, bench.moon)
        self.server = bench.moon.gateway.spawn(
            [f"{BIN}/eap-server", method, "1812", radius.SECRET, "carol", PASSWORD, own["cert"], own["key"], self.ca, *version],
            f"{bench.directory}/authenticator")
        bench.afterwards(self.server.kill)
        until(lambda: "ready" in self.server.log(), lambda: f"our RADIUS server is ready: {self.server.log()}")

    def meets(self, no_1_2, no_1_3, password=PASSWORD, name=None):
        """What eapol_test says in the end."""
        peer, path = files(self.bench, self.bench.sun), f"{self.bench.directory}/peer.conf"
        proof = f'client_cert="{peer["cert"]}"\n\tprivate_key="{peer["key"]}"'
        if self.method != "tls":
            proof = f'password="{password}"\n\tphase2="auth=MSCHAPV2 mschapv2_retry=0"'
        with open(path, "w", encoding="ascii") as f:
            f.write(PEER.format(method=self.method.upper(), who=self.bench.sun.id if self.method == "tls" else "carol", ca=self.ca,
                                name=name or self.bench.moon.id, no_1_2=int(no_1_2), no_1_3=int(no_1_3), proof=proof))
        return self.bench.moon.gateway.run([TESTER, "-c", path, "-a", "127.0.0.1", "-s", radius.SECRET, "-t", "10", "-r", "0"],
                                           seconds=20)


@case(each=EACH, quick=("peap-1.3",))
def eap_with_hostap(bench, method, version):
    """It says whether the keys that we send are those that it has."""
    ours = Authenticator(bench, method, version)
    done = ours.meets(version == "1.3", version == "1.2")
    same(done.code, 0, f"exit code of eapol_test\n{done.text[-3000:]}\n{ours.server.log()}")
    contains(done.out, "MPPE keys OK: 1  mismatch: 0", "eapol_test")
    contains(ours.server.log(), f"succeeded: {bench.sun.id if method == 'tls' else 'carol'}", "our RADIUS server")


@case(each=[("password", {"password": "another"}, "The name is not known, or the password is wrong"),
            ("name", {"name": "sun.example"}, "TLS with the EAP peer failed")])
def eap_with_hostap_and_a_wrong(bench, changes, says):
    """Nobody gets a key."""
    ours = Authenticator(bench, "peap")
    done = ours.meets(False, False, **changes)
    check(done.code != 0, f"eapol_test\n{done.text[-3000:]}")
    contains(ours.server.log(), f"failed: {says}", "our RADIUS server")
    check("succeeded" not in ours.server.log(), ours.server.log())
