# SPDX-License-Identifier: GPL-2.0-or-later
"""EAP on TLS: ours on moon as client or gateway, strongSwan's charon or ours on sun. In IKE the gateway proves itself by a
key, so that its certificate is needed for TLS only."""
import os
import shutil

from cases.certs import folder
from cases.certs_refused import PAST
from cases.eap import PASSWORD, carries, client, connect, gateway
from lab.case import case
from lab.charon import ROLES
from lab.check import check, contains, same
from lab.family import holds, member
from lab.net import must
from lab.pki import KEYS, Authority, Credentials

# strongSwan's own choice inside TTLS would be MD5; its package here has no PEAP.
INSIDE = "plugins { eap-ttls { phase2_method = mschapv2 } }"
FOREIGN = "The certificate of the EAP {} is not good: unable to get local issuer certificate"
LATE = "The certificate of the EAP {} is not good: certificate has expired"


def user(side, method):
    """Who SIDE is to EAP: what its certificate says, or one with a password."""
    return side.id if method == "eap-tls" else "carol"


def configuration(bench, side, is_client, method, password):
    if not is_client:
        return gateway(bench, side, method)
    if method == "eap-tls":
        return bench.tunnel(side, local={"auth": method})
    return client(bench, side, method, password=password)


def sides(bench, we_initiate, method, theirs=None, password=PASSWORD):
    """The configurations of moon and sun; who begins is the client, and says PASSWORD."""
    return (configuration(bench, bench.moon, we_initiate, method, password),
            configuration(bench, bench.sun, not we_initiate, theirs or method, password))


def certified(bench, kind="ecdsa-256", of=None, **changes):
    """Certificates of both. CHANGES: what is not as usual with that OF a side."""
    ca = Authority(bench.directory)
    for side in (bench.moon, bench.sun):
        more = dict(changes) if side is of else {}
        Credentials(folder(bench, side), side, more.pop("by", ca), kind, trusts=(ca,), **more)
    return ca


def with_charon(bench, we_initiate, method, more=INSIDE, **changes):
    ours, theirs = sides(bench, we_initiate, method, **changes)
    bench.charon.set(more)
    bench.afterwards(bench.charon.set)
    bench.charon.load(theirs)
    return bench.daemon(bench.moon, ours).start(), bench.charon


def of_ours(bench, method, theirs=None, **changes):
    ours, theirs = sides(bench, True, method, theirs, **changes)
    return bench.daemon(bench.moon, ours).start(), bench.daemon(bench.sun, theirs).start()


def refused(moon, says):
    done = moon.ipsec("up", "site")
    same(done.code, 1, f"exit code of ipsec up\n{done.text}")
    contains(done.text, says, "ipsec up")
    same(moon.sas(), [], "SAs of moon")


@case("charon", each=[(f"{method}-{role}", method, initiate) for method in ("eap-tls", "eap-ttls") for role, initiate in ROLES],
      quick=("eap-tls-as-responder", "eap-ttls-as-initiator"))
def eap_on_tls_with_strongswan(bench, method, we_initiate):
    certified(bench)
    moon, charon = with_charon(bench, we_initiate, method)
    connect(moon, charon, we_initiate)
    carries(bench)
    who = user(bench.moon if we_initiate else bench.sun, method)
    if we_initiate:
        contains(charon.log(), f"EAP method {method.upper().replace('-', '_')} succeeded, MSK established", "charon's log")
    else:
        contains(moon.log(), f"authentication of '{who}' with EAP successful", "moon's log")


@case(each=[(f"{method}-{kind}", method, kind) for method, kind in (*(("eap-tls", kind) for kind in KEYS),
                                                                    ("eap-ttls", "rsa"), ("eap-peap", "ecdsa-256"))],
      quick=("eap-tls-rsa", "eap-peap-ecdsa-256"))
def eap_on_tls_of_ours(bench, method, kind):
    """By every kind of key: who has it is keeper."""
    certified(bench, kind)
    moon, sun = of_ours(bench, method)
    moon.up()
    carries(bench)
    contains(sun.log(), f"authentication of '{user(bench.moon, method)}' with EAP successful", "sun's log")


@case(each=[("tls", "eap-tls"), ("ttls", "eap-ttls"), ("peap", "eap-peap"), ("mschapv2", "eap-mschapv2")])
def eap_on_tls_is_the_clients_choice(bench, method):
    certified(bench)
    moon, sun = of_ours(bench, method, "eap-dynamic")
    moon.up()
    carries(bench)
    contains(sun.log(), f"EAP method {method.upper().replace('-', '_')} succeeded", "sun's log")


@case()
def eap_on_tls_alone(bench):
    """Both prove who they are by it, and by nothing else (RFC 5998)."""
    certified(bench)
    moon = bench.start(bench.moon, local={"auth": "eap-tls"}, remote={"auth": "eap-tls"})
    sun = bench.start(bench.sun, local={"auth": "eap-tls"}, remote={"auth": "eap-tls"})
    moon.up()
    carries(bench)
    contains(sun.log(), "authentication of 'moon.example' with EAP successful", "sun's log")


@case("charon", each=ROLES)
def eap_on_tls_with_a_wrong_password(bench, we_initiate):
    certified(bench)
    moon, charon = with_charon(bench, we_initiate, "eap-ttls", password="another")
    if we_initiate:
        refused(moon, "secrets.eap-carol.secret")
    else:
        check(charon.up(timeout=5).code != 0, "swanctl --initiate")
        moon.wait_log("event=refused", "secrets.eap-carol.secret")
    same(moon.sas(), [], "SAs of moon")


@case(each=("eap-ttls", "eap-peap"))
def eap_on_tls_with_a_wrong_password_of_ours(bench, method):
    certified(bench)
    moon, sun = of_ours(bench, method, password="another")
    refused(moon, "secrets.eap-carol.secret")
    sun.wait_log("event=refused", "secrets.eap-carol.secret")


@case(each=[("foreign", "by", FOREIGN), ("expired", "more", LATE)])
def eap_on_tls_refuses_a_client(bench, fault, says):
    """And says why: each side in its log, what it can know."""
    changes = {"by": Authority(bench.directory, "other")} if fault == "by" else {"more": PAST}
    certified(bench, of=bench.moon, **changes)
    moon, sun = of_ours(bench, "eap-tls")
    refused(moon, "TLS with the EAP server failed")
    sun.wait_log("event=refused", says.format("peer"))


@case("charon", each=[("foreign", "by", FOREIGN), ("expired", "more", LATE)])
def eap_on_tls_refuses_a_client_of_strongswan(bench, fault, says):
    changes = {"by": Authority(bench.directory, "other")} if fault == "by" else {"more": PAST}
    certified(bench, of=bench.sun, **changes)
    moon, charon = with_charon(bench, False, "eap-tls")
    check(charon.up(timeout=5).code != 0, "swanctl --initiate")
    moon.wait_log("event=refused", says.format("peer"))
    same(moon.sas(), [], "SAs of moon")


@case()
def eap_on_tls_refuses_a_revoked_client(bench):
    """By the authority's CRL; before that it is let in."""
    ca = certified(bench)
    moon, sun = of_ours(bench, "eap-tls")
    moon.up()
    moon.must("down", "site")
    os.makedirs(f"{folder(bench, bench.sun)}/x509crl")
    os.rename(ca.crl(f"{folder(bench, bench.moon)}/x509/moon.pem"), f"{folder(bench, bench.sun)}/x509crl/ca.crl")
    sun.must("reload")
    refused(moon, "AUTHENTICATION_FAILED")
    sun.wait_log("event=refused", "the certificate of C=CH, O=Lab, CN=moon (serial ", "connections.site.remote.")


@case()
def eap_on_tls_wants_a_certain_certificate(bench):
    """One that the gateway names."""
    certified(bench)
    theirs = configuration(bench, bench.sun, False, "eap-tls", None)
    theirs["connections"]["site"]["remote"]["certs"] = "sun.pem"
    moon = bench.daemon(bench.moon, configuration(bench, bench.moon, True, "eap-tls", None)).start()
    sun = bench.daemon(bench.sun, theirs).start()
    refused(moon, "AUTHENTICATION_FAILED")
    sun.wait_log("event=refused", "the certificate of C=CH, O=Lab, CN=moon is none of those that the connection names")


@case()
def eap_on_tls_ends_with_a_certificate_that_is_revoked(bench):
    """Who was let in by it before."""
    ca = certified(bench)
    os.makedirs(f"{folder(bench, bench.sun)}/x509crl")
    theirs = gateway(bench, bench.sun, "eap-tls", conn={"cert_revoked": "close"})
    moon = bench.daemon(bench.moon, configuration(bench, bench.moon, True, "eap-tls", None)).start()
    sun = bench.daemon(bench.sun, theirs).start()
    moon.up()
    os.rename(ca.crl(f"{folder(bench, bench.moon)}/x509/moon.pem"), f"{folder(bench, bench.sun)}/x509crl/ca.crl")
    sun.wait_log("event=revoked", "the certificate of C=CH, O=Lab, CN=moon (serial ")
    sun.wait_idle()


@case(each=[("enough", "ecdsa-256", None),
            ("more-than-there-is", "ecdsa-384", "a key of type ecdsa with at least 384 bits"),
            ("another-kind", "rsa-2048", "a key of type rsa")])
def eap_on_tls_wants_keys(bench, constraints, says):
    """As behind pubkey."""
    certified(bench)
    moon = bench.daemon(bench.moon, configuration(bench, bench.moon, True, "eap-tls", None)).start()
    sun = bench.daemon(bench.sun, gateway(bench, bench.sun, f"eap-tls:{constraints}")).start()
    if not says:
        moon.up()
        carries(bench)
        return
    refused(moon, "AUTHENTICATION_FAILED")
    sun.wait_log("event=refused", says)


@case(each=[("its-own", True), ("another", False)])
def eap_on_tls_wants_an_authority(bench, right):
    """Of several that are trusted one that the connection names."""
    certified(bench)
    other = Authority(bench.directory, "other")
    shutil.copy(other.cert, f"{folder(bench, bench.sun)}/x509ca/other.pem")
    theirs = gateway(bench, bench.sun, "eap-tls")
    theirs["connections"]["site"]["remote"]["cacerts"] = "ca.pem" if right else "other.pem"
    moon = bench.daemon(bench.moon, configuration(bench, bench.moon, True, "eap-tls", None)).start()
    sun = bench.daemon(bench.sun, theirs).start()
    if right:
        moon.up()
        carries(bench)
        return
    refused(moon, "TLS with the EAP server failed")
    sun.wait_log("event=refused", FOREIGN.format("peer"))


@case("charon", each=ROLES)
def eap_on_tls_with_intermediates(bench, we_initiate):
    """Each side has the certificate of an authority of its own below the one that both trust."""
    root = Authority(bench.directory, "root")
    for side in (bench.moon, bench.sun):
        below = Authority(bench.directory, f"below-{side.name}", by=root)
        Credentials(folder(bench, side), side, below, trusts=(root,), chain=(below,))
    moon, charon = with_charon(bench, we_initiate, "eap-tls")
    connect(moon, charon, we_initiate)
    carries(bench)


def names_server(bench, name):
    """What a client says that the server's certificate must be that of."""
    configuration = client(bench, bench.moon, "eap-ttls")
    configuration["connections"]["site"]["local"]["aaa_id"] = name
    return configuration


def no_password_was_asked(charon):
    check("EAP_MSCHAPV2" not in charon.log(), f"nothing is said inside TLS\n{charon.log()}")


@case("charon", each=[("foreign", "by", FOREIGN), ("expired", "more", LATE)])
def eap_on_tls_refuses_a_server(bench, fault, says):
    changes = {"by": Authority(bench.directory, "other")} if fault == "by" else {"more": PAST}
    certified(bench, of=bench.sun, **changes)
    moon, charon = with_charon(bench, True, "eap-ttls")
    refused(moon, says.format("server"))
    no_password_was_asked(charon)


@case("charon")
def eap_on_tls_refuses_a_server_of_another_name(bench):
    certified(bench)
    moon, charon = with_charon(bench, True, "eap-ttls")
    moon.write(names_server(bench, "mars.example"))
    moon.must("reload")
    refused(moon, "The certificate of the EAP server is not that of mars.example")
    no_password_was_asked(charon)


@case()
def eap_on_tls_names_the_server(bench):
    certified(bench)
    bench.daemon(bench.sun, gateway(bench, bench.sun, "eap-ttls")).start()
    bench.daemon(bench.moon, names_server(bench, "C=CH, O=Lab, CN=sun")).start().up()
    carries(bench)


@case("charon", each=("eap-tls", "eap-ttls"))
def eap_on_tls_refuses_a_revoked_server(bench, method):
    """By the authority's CRL, before a password goes out."""
    ca = certified(bench)
    os.makedirs(f"{folder(bench, bench.moon)}/x509crl")
    os.rename(ca.crl(f"{folder(bench, bench.sun)}/x509/sun.pem"), f"{folder(bench, bench.moon)}/x509crl/ca.crl")
    moon, charon = with_charon(bench, True, method)
    refused(moon, "the certificate of C=CH, O=Lab, CN=sun (serial ")
    no_password_was_asked(charon)
    os.unlink(f"{folder(bench, bench.moon)}/x509crl/ca.crl")
    moon.must("reload")
    moon.up()
    carries(bench)


@case()
def eap_on_tls_wants_to_know_of_the_server(bench):
    """Where its authority has to have said that it was not revoked."""
    ca = certified(bench)
    ours = client(bench, bench.moon, "eap-ttls")
    ours["connections"]["site"]["remote"]["revocation"] = "strict"
    moon = bench.daemon(bench.moon, ours).start()
    bench.daemon(bench.sun, gateway(bench, bench.sun, "eap-ttls")).start()
    refused(moon, "nobody says whether the certificate of C=CH, O=Lab, CN=sun is revoked")
    os.makedirs(f"{folder(bench, bench.moon)}/x509crl")
    os.rename(ca.crl(), f"{folder(bench, bench.moon)}/x509crl/ca.crl")
    moon.must("reload")
    moon.up()
    carries(bench)


@case(each=[("enough", "ecdsa-256", None), ("more-than-there-is", "ecdsa-384", "a key of type ecdsa with at least 384 bits")])
def eap_on_tls_wants_keys_of_the_server(bench, constraints, says):
    certified(bench)
    moon = bench.daemon(bench.moon, client(bench, bench.moon, f"eap-peap:{constraints}")).start()
    bench.daemon(bench.sun, gateway(bench, bench.sun, "eap-peap")).start()
    if says:
        refused(moon, says)
    else:
        moon.up()
        carries(bench)


@case(each=[("client", "eap-tls", True, "connections.site.local.certs"), ("gateway", "eap-ttls", False, "connections.site.local.certs")])
def eap_on_tls_without_a_certificate(bench, method, of_client, line):
    ca = Authority(bench.directory)
    one, other = (bench.sun, bench.moon) if of_client else (bench.moon, bench.sun)
    Credentials(folder(bench, one), one, ca)
    os.makedirs(f"{folder(bench, other)}/x509ca")
    shutil.copy(ca.cert, f"{folder(bench, other)}/x509ca/ca.pem")
    moon, sun = of_ours(bench, method)
    same(moon.ipsec("up", "site").code, 1, "exit code of ipsec up")
    (moon if of_client else sun).wait_log("event=refused", line)


@case()
def eap_on_tls_leaves_the_key_where_it_is(bench):
    """Neither the process that leads EAP nor the daemon has it."""
    certified(bench)
    moon, sun = of_ours(bench, "eap-tls")
    moon.up()
    for daemon in (moon, sun):
        der = must(["openssl", "pkey", "-in", f"{folder(bench, bench.moon if daemon is moon else bench.sun)}/private/"
                    f"{'moon' if daemon is moon else 'sun'}.pem", "-text", "-noout"])
        digits = "".join(der.split("priv:")[1].split("pub:")[0].split()).replace(":", "")
        secret = bytes.fromhex(digits)[-32:]
        for pid in (member(daemon, "eap"), daemon.process.pid):
            same(holds(pid, {"key": [secret, secret[::-1]]}), set(), f"what {pid} holds")
