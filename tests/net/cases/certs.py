# SPDX-License-Identifier: GPL-2.0-or-later
"""Authentication by certificates: ours on moon, ours or strongSwan's charon on sun."""
import os
import shutil
from types import SimpleNamespace

from lab.case import case
from lab.charon import ROLES, Swanctl, bring_up
from lab.check import check, contains, same, until
from lab.http import Web
from lab.net import must
from lab.pki import KEYS, Authority, Credentials
from lab.traffic import reaches

def signed(side, **more):
    return {"auth": "pubkey", "certs": f"{side.name}.pem", **more}


def gateways(bench, moon=None, sun=None, moon_remote=None, sun_remote=None, conn=None):
    """The configurations of both; MOON and SUN are changes of what each says of itself, *_remote of the other."""
    same_ = {"conn": conn or {}}
    return (bench.tunnel(bench.moon, local=signed(bench.moon, **(moon or {})),
                         remote={"auth": "pubkey", **(moon_remote or {})}, **same_),
            bench.tunnel(bench.sun, local=signed(bench.sun, **(sun or {})),
                         remote={"auth": "pubkey", **(sun_remote or {})}, **same_))


def folder(bench, side):
    """Where the daemon of SIDE has its configuration. swanctl reads the folders beside the file."""
    if not bench.charon or side is bench.moon:
        path = f"{bench.directory}/{side.name}"
        os.makedirs(path, exist_ok=True)
        return path
    path = bench.charon.swanctl.directory
    for name in ("x509", "x509ca", "private"):
        bench.afterwards(lambda name=name: shutil.rmtree(f"{path}/{name}", ignore_errors=True))
    return path


def with_charon(bench, ours, theirs):
    """Our daemon on moon, and strongSwan on sun."""
    bench.charon.load(theirs)
    return bench.daemon(bench.moon, ours).start(), bench.charon


@case("charon", each=[(f"{kind}-{role}", kind, initiate) for kind in KEYS for role, initiate in ROLES])
def certs_with_strongswan(bench, kind, we_initiate):
    ca = Authority(bench.directory)
    for side in (bench.moon, bench.sun):
        Credentials(folder(bench, side), side, ca, kind)
    moon, charon = with_charon(bench, *gateways(bench))
    bring_up(moon, charon, we_initiate)
    reaches(bench.alice, bench.sun.inside[4])
    reaches(bench.bob, bench.moon.inside[4])


@case("charon", each=ROLES)
def certs_with_intermediates(bench, we_initiate):
    """Each side has the certificate of an authority of its own below the one that both trust."""
    root = Authority(bench.directory, "root", "rsa")
    for side in (bench.moon, bench.sun):
        own = Authority(bench.directory, f"{side.name}-ca", by=root)
        Credentials(folder(bench, side), side, own, trusts=(root,), chain=(own,))
    moon, charon = with_charon(bench, *gateways(bench))
    bring_up(moon, charon, we_initiate)
    reaches(bench.alice, bench.sun.inside[4])


@case()
def certs_of_ours(bench):
    """Ours with ours; the identities come from the certificates."""
    ca = Authority(bench.directory)
    for side in (bench.moon, bench.sun):
        Credentials(folder(bench, side), side, ca, "ed25519")
    ours, theirs = gateways(bench, {"id": None}, {"id": None}, {"id": '"C=CH, O=Lab, CN=sun"'}, {"id": '"C=CH, O=Lab, CN=*"'})
    moon, sun = bench.daemon(bench.moon, ours).start(), bench.daemon(bench.sun, theirs).start()
    moon.up()
    reaches(bench.alice, bench.sun.inside[4])
    same(sun.sas()[0]["remote_id"], "C=CH, O=Lab, CN=moon", "identity of moon")


@case(each=["rsa", "ed25519"])
def certs_by_what_the_peer_takes(bench, kind):
    """Moon has two of the same name, and shows the one for a key with which sun takes signatures (RFC 9593)."""
    ca = Authority(bench.directory, kind=kind)
    Credentials(folder(bench, bench.moon), bench.moon, ca, "rsa")
    Credentials(folder(bench, bench.moon), SimpleNamespace(name="second", id=bench.moon.id), ca, "ed25519")
    Credentials(folder(bench, bench.sun), bench.sun, ca)
    ours, theirs = gateways(bench, {"certs": None}, sun_remote={"auth": kind})
    moon, sun = bench.daemon(bench.moon, ours).start(), bench.daemon(bench.sun, theirs).start()
    moon.up()
    sun.must("down", "site")
    sun.up()
    reaches(bench.alice, bench.sun.inside[4])


@case()
def certs_for_nobody(bench):
    """Moon has no key with which sun takes signatures, and says so before it is refused."""
    ca = Authority(bench.directory)
    for side in (bench.moon, bench.sun):
        Credentials(folder(bench, side), side, ca, "ecdsa-256")
    ours, theirs = gateways(bench, sun_remote={"auth": "ed25519"})
    moon = bench.daemon(bench.moon, ours).start()
    bench.daemon(bench.sun, theirs).start()
    done = moon.ipsec("up", "site")
    same(done.code, 1, "exit code of ipsec up")
    contains(done.text, "there is no way to sign with our key (ECDSA P-256)", "ipsec up")
    contains(done.text, "proofs that the peer takes: ed25519", "ipsec up")


def refused(bench, says, *, there=None, moon=None, sun=None, **changes):
    """Moon is refused by sun, both ours, whose log SAYS why."""
    ours, theirs = gateways(bench, **changes)
    first, second = bench.daemon(bench.moon, ours).start(), bench.daemon(bench.sun, theirs).start()
    done = first.ipsec("up", "site")
    same(done.code, 1, f"exit code of ipsec up\n{done.text}\n{second.log()}")
    contains(done.text, there or "AUTHENTICATION_FAILED", "ipsec up")
    contains(second.log(), says, "log of sun")
    same(second.sas(), [], "SAs of sun")
    return first, second


@case()
def certs_of_a_stranger(bench):
    """An authority that nobody trusts."""
    ca, other = Authority(bench.directory), Authority(bench.directory, "other")
    Credentials(folder(bench, bench.moon), bench.moon, other, trusts=(ca,))
    Credentials(folder(bench, bench.sun), bench.sun, ca)
    refused(bench, "CN=moon")


@case()
def certs_with_another_name(bench):
    """The identity that is configured is not in the certificate: the daemon says so, and uses the certificate's."""
    ca = Authority(bench.directory)
    Credentials(folder(bench, bench.moon), bench.moon, ca, san="mars.example")
    Credentials(folder(bench, bench.sun), bench.sun, ca)
    ours, theirs = gateways(bench, sun_remote={"id": "%any"})
    moon, sun = bench.daemon(bench.moon, ours).start(), bench.daemon(bench.sun, theirs).start()
    contains(moon.log(), "none of our certificates is about moon.example, so we call ourselves C=CH, O=Lab, CN=moon",
             "log of moon")
    moon.up()
    same(sun.sas()[0]["remote_id"], "C=CH, O=Lab, CN=moon", "identity of moon")


@case()
def certs_that_are_revoked(bench):
    """By a CRL in the folder x509crl."""
    ca = Authority(bench.directory)
    moon = Credentials(folder(bench, bench.moon), bench.moon, ca)
    Credentials(folder(bench, bench.sun), bench.sun, ca)
    os.makedirs(f"{bench.directory}/sun/x509crl")
    os.rename(ca.crl(moon.cert), f"{bench.directory}/sun/x509crl/ca.crl")
    refused(bench, "revoked")


@case(each=["DER", "PEM"])
def certs_that_are_revoked_by_a_long_list(bench, form):
    """By one of some hundred KiB, as large authorities have them."""
    ca = Authority(bench.directory)
    moon = Credentials(folder(bench, bench.moon), bench.moon, ca)
    Credentials(folder(bench, bench.sun), bench.sun, ca)
    os.makedirs(f"{bench.directory}/sun/x509crl")
    crl = shutil.move(ca.long_crl(form, moon.cert, 20000), f"{bench.directory}/sun/x509crl/ca.crl")
    check(os.path.getsize(crl) > 500 * 1024, "it is long")
    moon, sun = refused(bench, "revoked")
    os.unlink(crl)
    sun.must("reload")
    moon.up()


@case()
def certs_of_which_a_file_is_missing(bench):
    """The configuration names a certificate that is not there: the daemon does not start, and says which."""
    daemon = bench.daemon(bench.moon, gateways(bench)[0])
    done = daemon.attempt()
    check(done.code != 0, "the daemon starts")
    contains(done.text, "x509/moon.pem", "what it says")
    contains(done.text, "connections.site.local.certs", "what it says")


@case()
def certs_that_are_renewed(bench):
    """A file with another certificate makes another version of the connection that names it; reading the same one again
    does not."""
    ca = Authority(bench.directory)
    for side in (bench.moon, bench.sun):
        Credentials(folder(bench, side), side, ca)
    ours, theirs = (bench.tunnel(side, local=signed(side), remote={"auth": "pubkey"},
                                 child={"start_action": "start"} if side is bench.moon else {})
                    for side in (bench.moon, bench.sun))
    sun, moon = bench.daemon(bench.sun, theirs).start(), bench.daemon(bench.moon, ours).start()

    def spis():
        return [child["spi_in"] for child in moon.children() if child["state"] == "INSTALLED"]

    before, = until(spis, lambda: f"the child is started: {moon.log()}")
    moon.must("reload")
    same(spis(), [before], "SPI of the CHILD_SA")
    Credentials(folder(bench, bench.moon), bench.moon, ca)
    moon.must("reload")
    until(lambda: spis() and spis() != [before], lambda: f"the child is started anew: {moon.log()}")
    sun.wait_children(1)


def loaded_by_swanctl(bench, kind="ecdsa-256"):
    """Our daemon without a file on moon, to which swanctl brings everything; strongSwan on sun."""
    ca = Authority(bench.directory)
    daemon = bench.daemon(bench.moon, None).start()
    swanctl = bench.swanctl(daemon)
    Credentials(swanctl.directory, bench.moon, ca, kind)
    Credentials(folder(bench, bench.sun), bench.sun, ca, kind)
    ours, theirs = gateways(bench)
    bench.charon.load(theirs)
    return daemon, swanctl, ours, ca


@case("charon", each=["rsa", "ecdsa-256", "ed25519"])
def certs_by_swanctl(bench, kind):
    """The folders x509, x509ca and private, as swanctl loads them; and what is no more there is unloaded."""
    daemon, swanctl, ours, _ = loaded_by_swanctl(bench, kind)
    swanctl.load(ours)
    contains(swanctl.must("--list-certs"), "has private key", "swanctl --list-certs")
    swanctl.must("--initiate", "--child", "net")
    reaches(bench.alice, bench.sun.inside[4])
    os.unlink(f"{swanctl.directory}/private/moon.pem")
    swanctl.load(ours)
    contains(daemon.log(), "private key unloaded over VICI", "log of moon")
    swanctl.must("--terminate", "--ike", "site")
    done = swanctl.run("--initiate", "--child", "net")
    check(done.code, "a tunnel without a key")
    contains(daemon.log(), "private key", "log of moon")
    swanctl.must("--load-all", "--noprompt", "--clear", "--file", swanctl.write({"connections": {}}))
    os.unlink(f"{swanctl.directory}/x509/moon.pem")
    os.unlink(f"{swanctl.directory}/x509ca/ca.pem")
    swanctl.must("--load-all", "--noprompt", "--clear", "--file", swanctl.write({"connections": {}}))
    same(swanctl.must("--list-certs"), "", "swanctl --list-certs")


@case("charon")
def certs_listed_as_of_charon(bench):
    """What both were given they list alike, but for the order; an authority as such, also in the folder x509."""
    daemon, swanctl, ours, ca = loaded_by_swanctl(bench)
    shutil.copy(Authority(bench.directory, "sub", by=ca).cert, f"{swanctl.directory}/x509/sub.pem")
    os.makedirs(f"{swanctl.directory}/x509crl")
    os.makedirs(f"{swanctl.directory}/pubkey")
    os.rename(ca.crl(), f"{swanctl.directory}/x509crl/ca.crl")
    must(["sh", "-c", 'exec pki --pub --type priv --in "$1" >"$2"', "sh", ca.key, f"{swanctl.directory}/pubkey/ca.der"])
    swanctl.load(ours)
    theirs = Swanctl(bench.charon.host, swanctl.directory, bench.charon.uri)
    theirs.must("--load-creds", "--clear", "--noprompt", "--file", f"{swanctl.directory}/swanctl.conf")
    filters = [], ["--type", "x509"], ["--flag", "ca"], ["--type", "x509", "--flag", "ca"], ["--subject", "CN=nobody"]
    for words in (*filters, ["--subject", "C=CH, O=Lab, CN=ca"]):
        lists = [sorted(s.must("--list-certs", "--raw", *words).splitlines()) for s in (swanctl, theirs)]
        same(*lists, f"swanctl --list-certs {' '.join(words)}")


@case()
def certs_renewed_while_a_tunnel_is_up(bench):
    """A certificate that expires soon is told; the next authentication, without any command before, is made with the
    new one, whose key is another."""
    ca = Authority(bench.directory)
    Credentials(folder(bench, bench.moon), bench.moon, ca, days=20)
    Credentials(folder(bench, bench.sun), bench.sun, ca)
    moon, sun = [bench.daemon(side, conf).start() for side, conf in zip((bench.moon, bench.sun), gateways(bench))]
    moon.wait_log("our certificate C=CH, O=Lab, CN=moon (", "/x509/moon.pem) expires on ")
    contains(moon.must("status"), "warning: our certificate C=CH, O=Lab, CN=moon", "ipsec status")
    check("expires on" in moon.json("status")["warnings"][0], "no warning in the JSON of ipsec status")
    same(sun.json("status")["warnings"], [], "warnings of sun")
    moon.up()
    Credentials(folder(bench, bench.moon), bench.moon, ca, "ed25519")
    moon.wait_log("certificates and keys have changed, and were read again")
    reaches(bench.alice, bench.sun.inside[4])
    same(moon.json("status")["warnings"], [], "warnings of moon")
    before = sun.sas()[0]["uniqueid"]
    moon.must("rekey", "--reauth", "site")
    sun.wait_replaced(before)
    reaches(bench.alice, bench.sun.inside[4])


@case()
def certs_changed_by_garbage(bench):
    """A key that cannot be read leaves what runs as it is, and is told."""
    ca = Authority(bench.directory)
    for side in (bench.moon, bench.sun):
        Credentials(folder(bench, side), side, ca)
    ours, theirs = gateways(bench)
    ours["secrets"]["private-moon"] = {"file": "moon.pem"}
    moon, _ = bench.daemon(bench.moon, ours).start(), bench.daemon(bench.sun, theirs).start()
    with open(f"{bench.directory}/moon/private/moon.pem", "w", encoding="ascii") as f:
        f.write("garbage\n")
    moon.wait_log("certificates and keys have changed, and stay as they were before", "private/moon.pem: ")
    moon.up()


@case()
def certs_of_raw_keys_are_sent(bench):
    """Public keys without certificates, asked for and sent (RFC 7670); another one than is expected is named."""
    for side in (bench.moon, bench.sun):
        Credentials(folder(bench, side), side, Authority(bench.directory), "ed25519")
    for side, other in ((bench.moon, bench.sun), (bench.sun, bench.moon)):
        os.makedirs(f"{bench.directory}/{side.name}/pubkey")
        for of in (side, other):
            public_key(f"{bench.directory}/{of.name}/private/{of.name}.pem",
                       f"{bench.directory}/{side.name}/pubkey/{of.name}.pub")
    ours, theirs = [bench.tunnel(side, local={"auth": "pubkey", "pubkeys": f"{side.name}.pub"},
                                 remote={"auth": "pubkey", "pubkeys": f"{bench.site.peer_of(side).name}.pub"})
                    for side in (bench.moon, bench.sun)]
    moon, sun = bench.daemon(bench.moon, ours).start(), bench.daemon(bench.sun, theirs).start()
    moon.up()
    reaches(bench.alice, bench.sun.inside[4])
    moon.must("down", "site")
    public_key(f"{bench.directory}/sun/private/sun.pem", f"{bench.directory}/sun/pubkey/moon.pub")
    sun.must("reload")
    same(moon.ipsec("up", "site").code, 1, "exit code of ipsec up")
    contains(sun.log(), "the public key that the peer sent is none of those that the connection names", "log of sun")


def public_key(private, path):
    must(["openssl", "pkey", "-in", private, "-pubout", "-out", path])


@case("charon", each=ROLES)
def certs_by_hash_and_url(bench, we_initiate):
    """Both send where their certificate is (RFC 7296, 3.6): at web servers inside, alice's for moon and bob's for sun."""
    ca = Authority(bench.directory)
    gates = (bench.moon, bench.sun)
    certs = [Credentials(folder(bench, side), side, ca).cert for side in gates]
    webs = [Web(host, of.inside[4], der(cert))
            for host, of, cert in zip((bench.bob, bench.alice), reversed(gates), certs)]
    for web in webs:
        bench.afterwards(web.close)
    ours, theirs = [{**conf, "authorities": {"ca": {"cacert": "ca.pem", "cert_uri_base": f"http://{of.inside[4]}/"}}}
                    for conf, of in zip(gateways(bench), reversed(gates))]
    bench.charon.set("hash_and_url = yes")
    bench.afterwards(bench.charon.set)
    moon, charon = with_charon(bench, {**ours, "daemon": {"hash_and_url": "yes"}}, theirs)
    bring_up(moon, charon, we_initiate)
    reaches(bench.alice, bench.sun.inside[4])
    same([web.asked for web in webs], [1, 1], "certificates fetched")


def der(cert):
    path = f"{cert}.der"
    must(["openssl", "x509", "-in", cert, "-outform", "DER", "-out", path])
    with open(path, "rb") as f:
        data = f.read()
    os.unlink(path)
    return data
