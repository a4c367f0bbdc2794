# SPDX-License-Identifier: GPL-2.0-or-later
"""EAP: ours on moon as client or gateway, strongSwan's charon or ours on sun."""
import os
import signal
import time

from lab.case import case
from lab.charon import ROLES
from lab.check import check, contains, same
from lab.family import holds, kill, member, members, replaced, without_files
from lab.traffic import reaches

PASSWORD = "an example password, for tests only"


def users(**passwords):
    return {f"eap-{name}": {"id": name, "secret": f'"{password}"'} for name, password in passwords.items()}


def with_users(configuration, **passwords):
    return {**configuration, "secrets": {**configuration["secrets"], **users(**passwords)}}


def client(bench, side, method, user="carol", password=PASSWORD, conn=None):
    """What SIDE says of itself, to prove by METHOD that it is USER; the gateway proves itself by a key."""
    return with_users(bench.tunnel(side, local={"auth": method, "eap_id": user}, conn=conn or {}), **{user: password})


def gateway(bench, side, method, conn=None, eap_id="%any", **passwords):
    return with_users(bench.tunnel(side, remote={"auth": method, "eap_id": eap_id}, conn=conn or {}),
                      **(passwords or {"carol": PASSWORD}))


def with_charon(bench, we_initiate, method, theirs=None):
    """Our daemon on moon, strongSwan on sun: who begins is the client."""
    theirs = theirs or method
    ours, other = (client(bench, bench.moon, method), gateway(bench, bench.sun, theirs)) if we_initiate else \
                  (gateway(bench, bench.moon, method), client(bench, bench.sun, theirs))
    bench.charon.load(other)
    return bench.daemon(bench.moon, ours).start(), bench.charon


def connect(moon, charon, we_initiate):
    if we_initiate:
        moon.up()
    else:
        done = charon.up()
        same(done.code, 0, f"swanctl --initiate\n{done.text}\n{moon.log()}")
        moon.wait_children(1)


def carries(bench):
    reaches(bench.alice, bench.sun.inside[4])
    reaches(bench.bob, bench.moon.inside[4])


@case("charon", each=[(f"{method}-{role}", method, initiate)
                      for method in ("eap-md5", "eap-mschapv2") for role, initiate in ROLES],
      quick=("eap-mschapv2-as-initiator", "eap-mschapv2-as-responder"))
def eap_with_strongswan(bench, method, we_initiate):
    """With an identity of its own inside EAP."""
    moon, charon = with_charon(bench, we_initiate, method)
    connect(moon, charon, we_initiate)
    carries(bench)
    if we_initiate:
        contains(charon.sas(), "EAP: 'carol'", "swanctl --list-sas")
    else:
        contains(bench.swanctl(moon).must("--list-sas"), "EAP: 'carol'", "swanctl --list-sas of ours")
        contains(moon.log(), "authentication of 'carol' with EAP successful", "moon's log")


@case("charon")
def eap_gtc_of_strongswan(bench):
    """Its gateway would ask PAM; as a client it types the password."""
    moon, charon = with_charon(bench, False, "eap-gtc")
    connect(moon, charon, False)
    carries(bench)


@case("charon", each=("eap-md5", "eap-mschapv2", "eap-gtc"))
def eap_dynamic_takes_what_strongswan_has(bench, method):
    moon, charon = with_charon(bench, False, "eap-dynamic", method)
    connect(moon, charon, False)
    carries(bench)
    contains(moon.log(), f"EAP method {method.upper().replace('-', '_')} succeeded", "moon's log")


@case("charon", each=ROLES)
def eap_rekeyed_with_strongswan(bench, we_initiate):
    """The user is known behind it."""
    moon, charon = with_charon(bench, we_initiate, "eap-mschapv2")
    connect(moon, charon, we_initiate)
    before = moon.sas()[0]["uniqueid"]
    moon.must("rekey", "site")
    moon.wait_replaced(before)
    carries(bench)
    if not we_initiate:
        contains(bench.swanctl(moon).must("--list-sas"), "EAP: 'carol'", "swanctl --list-sas of ours")


@case("charon", each=ROLES)
def eap_with_a_wrong_password(bench, we_initiate):
    ours, theirs = (client(bench, bench.moon, "eap-mschapv2", password="another"), gateway(bench, bench.sun, "eap-mschapv2")) \
        if we_initiate else \
        (gateway(bench, bench.moon, "eap-mschapv2"), client(bench, bench.sun, "eap-mschapv2", password="another"))
    bench.charon.load(theirs)
    moon = bench.daemon(bench.moon, ours).start()
    if we_initiate:
        done = moon.ipsec("up", "site")
        same(done.code, 1, f"exit code of ipsec up\n{done.text}")
        contains(done.text, "secrets.eap-carol.secret", "ipsec up")
    else:
        check(bench.charon.up(timeout=5).code != 0, "swanctl --initiate")
        moon.wait_log("event=refused", "secrets.eap-carol.secret")
    same(moon.sas(), [], "SAs of moon")


@case("charon")
def eap_of_nobody(bench):
    """The client is told what one with a wrong password is; our log says more."""
    bench.charon.load(client(bench, bench.sun, "eap-mschapv2", user="mallory"))
    moon = bench.daemon(bench.moon, gateway(bench, bench.moon, "eap-mschapv2")).start()
    check(bench.charon.up(timeout=5).code != 0, "swanctl --initiate")
    contains(bench.charon.log(), "EAP-MS-CHAPv2 failed with error ERROR_AUTHENTICATION_FAILURE", "charon's log")
    moon.wait_log("event=refused", "there is no secret to prove by EAP who is mallory", "id = mallory")


@case("charon", each=ROLES)
def eap_by_another_method(bench, we_initiate):
    """Neither has what the other wants."""
    moon, charon = with_charon(bench, we_initiate, "eap-md5", "eap-mschapv2")
    if we_initiate:
        same(moon.ipsec("up", "site").code, 1, "exit code of ipsec up")
    else:
        check(charon.up(timeout=5).code != 0, "swanctl --initiate")
        moon.wait_log("event=refused", "The peer refuses EAP-MD5 and asks for EAP-MSCHAPv2", ".remote.auth")
    same(moon.sas(), [], "SAs of moon")


@case("charon")
def eap_several_rounds_of_strongswan(bench):
    """A key, and then a user (RFC 4739)."""
    bench.charon.load(with_users(bench.tunnel(
        bench.sun, conn={"local-2": {"auth": "eap-mschapv2", "id": "carol", "round": "2"}}), carol=PASSWORD))
    moon = bench.daemon(bench.moon, with_users(bench.tunnel(
        bench.moon, conn={"remote-2": {"auth": "eap-mschapv2", "id": "carol", "round": "2"}}), carol=PASSWORD)).start()
    connect(moon, bench.charon, False)
    carries(bench)


@case("charon")
def eap_several_rounds_with_strongswan(bench):
    bench.charon.load(with_users(bench.tunnel(
        bench.sun, conn={"remote-2": {"auth": "eap-mschapv2", "id": "carol", "round": "2"}}), carol=PASSWORD))
    moon = bench.daemon(bench.moon, with_users(bench.tunnel(
        bench.moon, conn={"local-2": {"auth": "eap-mschapv2", "id": "carol", "round": "2"}}), carol=PASSWORD)).start()
    connect(moon, bench.charon, True)
    carries(bench)


@case(each=("eap-md5", "eap-gtc", "eap-mschapv2", "eap-dynamic"))
def eap_of_ours(bench, method):
    """Ours with ours."""
    moon = bench.daemon(bench.moon, client(bench, bench.moon, method)).start()
    sun = bench.daemon(bench.sun, gateway(bench, bench.sun, method)).start()
    moon.up()
    carries(bench)
    contains(bench.swanctl(sun).must("--list-sas"), "EAP: 'carol'", "swanctl --list-sas")


@case()
def eap_user_says_which_connection(bench):
    moon = bench.daemon(bench.moon, client(bench, bench.moon, "eap-mschapv2", user="dave")).start()
    configuration = gateway(bench, bench.sun, "eap-mschapv2", eap_id="carol", carol=PASSWORD, dave=PASSWORD)
    site = configuration["connections"]["site"]
    configuration["connections"]["other"] = {**site, "remote": {**site["remote"], "eap_id": "dave"}}
    sun = bench.daemon(bench.sun, configuration).start()
    moon.up()
    carries(bench)
    same(sun.sas()[0]["name"], "other", "connection of dave")


@case()
def eap_user_has_the_address(bench):
    """Virtual addresses are the user's, not the machine's."""
    ours = client(bench, bench.moon, "eap-mschapv2", conn={"vips": "0.0.0.0", "children": {"net": {"local_ts": "dynamic"}}})
    theirs = gateway(bench, bench.sun, "eap-mschapv2", conn={"pools": "rw", "children": {"net": {"remote_ts": "dynamic"}}})
    moon = bench.daemon(bench.moon, ours).start()
    sun = bench.daemon(bench.sun, {**theirs, "pools": {"rw": {"addrs": "10.93.0.0/24"}}}).start()
    moon.up()
    reaches(moon.host, bench.sun.inside[4])
    (lease,) = sun.json("list", "pools", "--leases")["pools"][0]["leases"]
    same((lease["address"], lease["identity"]), ("10.93.0.1", "carol"), "lease")


@case()
def eap_guessing_takes_longer(bench):
    """Of one user, in whatever way he is wrong; the right password is taken all the same."""
    sun = bench.daemon(bench.sun, gateway(bench, bench.sun, "eap-md5")).start()
    moon = bench.daemon(bench.moon, client(bench, bench.moon, "eap-md5", password="another")).start()
    for n in range(3):
        check("event=guessing" not in sun.log(), f"nobody guesses after {n} wrong passwords\n{sun.log()}")
        same(moon.ipsec("up", "site").code, 1, "exit code of ipsec up")
    sun.wait_log("event=guessing", "user=carol from=192.0.2.1 wrong=3", "after 500 ms")
    moon.write(client(bench, bench.moon, "eap-md5"))
    moon.must("reload")
    contains(sun.must("statusall"), "guessing=1", "ipsec statusall")
    moon.up()
    carries(bench)
    contains(sun.must("statusall"), "guessing=0", "ipsec statusall")
    (counted,) = sun.json("counters")["counters"]
    same((counted["counters"]["eap_passwords_wrong"], counted["counters"]["eap_passwords_delayed"]), (3, 1), "counters")


@case()
def eap_secrets_by_vici(bench):
    """A secret that comes, and goes."""
    moon = bench.daemon(bench.moon, client(bench, bench.moon, "eap-mschapv2")).start()
    sun = bench.daemon(bench.sun, gateway(bench, bench.sun, "eap-mschapv2", dave="another")).start()
    check(moon.ipsec("up", "site").code == 1, "carol is nobody yet")
    vici = bench.vici(sun)
    same(vici.call("load-shared", {"id": "x", "type": "EAP", "data": PASSWORD, "owners": ["carol"]})["success"], "yes", "load-shared")
    moon.up()
    moon.must("down", "site")
    same(vici.call("unload-shared", {"id": "x"})["success"], "yes", "unload-shared")
    check(moon.ipsec("up", "site").code == 1, "carol is nobody any more")


@case()
def eap_process_is_killed(bench):
    """Another one is started; the next client is let in."""
    moon = bench.daemon(bench.moon, client(bench, bench.moon, "eap-mschapv2")).start()
    sun = bench.daemon(bench.sun, gateway(bench, bench.sun, "eap-mschapv2")).start()
    same(members(sun, "eap"), [], "who leads EAP before there is any")
    moon.up()
    moon.must("down", "site")
    pid = member(sun, "eap")
    os.kill(pid, signal.SIGKILL)
    replaced(sun, pid, name="eap")
    moon.up()
    carries(bench)


@case()
def eap_process_is_killed_at_any_moment(bench):
    """While a client comes in, on either side: that may be in vain, and the next time it is not."""
    moon = bench.daemon(bench.moon, client(bench, bench.moon, "eap-mschapv2")).start()
    sun = bench.daemon(bench.sun, gateway(bench, bench.sun, "eap-mschapv2")).start()
    moon.up()
    moon.must("down", "site")
    for moment in range(6):
        call = moon.spawn("up", "site")
        time.sleep(0.006 * moment)  # another moment each time
        for daemon in moon, sun:
            kill(daemon, "eap")
        call.wait(20)
        for daemon in moon, sun:
            member(daemon, "eap")
        moon.up()
        carries(bench)
        moon.must("down", "site")


@case()
def eap_process_has_no_rights(bench):
    """Its own user, no capability but the one to lock memory, no files, no new ones; a filter of system calls. And no
    password stays in it, nor in the daemon that has handed it on."""
    moon = bench.daemon(bench.moon, client(bench, bench.moon, "eap-mschapv2")).start()
    sun = bench.daemon(bench.sun, gateway(bench, bench.sun, "eap-mschapv2")).start()
    moon.up()
    for daemon in (moon, sun):
        pid = without_files(daemon, "eap")
        for other in (pid, daemon.process.pid):
            same(holds(other, {"password": [PASSWORD.encode()]}), set(), f"what {other} holds")
    sun.stop()
    check(not os.path.exists(f"/proc/{pid}"), "it ends with the daemon")


@case(each=[("method", "eap-sim", "EAP method sim is not built in yet: write eap-mschapv2"),
            ("server-for-ourselves", "eap-radius", "not who we are: write auth = eap")])
def eap_without(bench, method, why):
    """It is said where it is used, and which line it is."""
    moon = bench.daemon(bench.moon, client(bench, bench.moon, method)).start()
    done = moon.ipsec("up", "site")
    same(done.code, 1, "exit code of ipsec up")
    contains(done.err, why, "ipsec up")
    contains(done.err, f"{moon.config}:", "ipsec up")
