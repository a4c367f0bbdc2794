# SPDX-License-Identifier: GPL-2.0-or-later
"""Users whom RADIUS servers know: ours on moon asks FreeRADIUS on alice, strongSwan's charon on sun is the client."""
from cases.eap import PASSWORD, carries, client
from lab import radius
from lab.case import case
from lab.check import Skipped, check, contains, same, until

# She is only known where the request says what strongSwan's would.
USERS = (f'carol	Cleartext-Password := "{PASSWORD}", NAS-Port-Id == "site", Calling-Station-Id =~ "^192.0.2.2", '
         'NAS-IP-Address == 192.0.2.1, NAS-Identifier == "strongSwan"\n'
         '	Class = "staff",\n'
         '	Session-Timeout = 3600\n')

ONE = {"server": "10.1.0.10", "secret": f'"{radius.SECRET}"'}
NOBODY = "10.1.0.77"


def server(bench, method="md5", users=USERS):
    if not radius.available():
        raise Skipped("FreeRADIUS (freeradius and freeradius-utils) is not installed")
    started = radius.Radius(bench.alice, f"{bench.directory}/radius", users, method).start()
    bench.afterwards(started.stop)
    return started


def gateway(bench, settings, **changes):
    """Ours on moon, with SETTINGS for RADIUS."""
    whole = bench.tunnel(bench.moon, remote={"auth": "eap-radius", "eap_id": "%any"}, daemon={"radius": settings}, **changes)
    return bench.daemon(bench.moon, whole).start()


def call(bench, method="eap-md5", **changes):
    bench.charon.load(client(bench, bench.sun, method, **changes))
    return bench.charon.up(timeout=20)


def connects(bench, moon, **how):
    done = call(bench, **how)
    same(done.code, 0, f"swanctl --initiate\n{done.text}\n{moon.log()}")
    moon.wait_children(1)


@case("charon", each=("md5", "mschapv2"), quick=("mschapv2",))
def radius_lets_a_user_in(bench, method):
    """With a key of the method's, or without."""
    servers = server(bench, method)
    moon = gateway(bench, ONE)
    connects(bench, moon, method=f"eap-{method}")
    carries(bench)
    contains(bench.swanctl(moon).must("--list-sas"), "EAP: 'carol'", "swanctl --list-sas of ours")
    contains(servers.log(), "Login OK: [carol]", "FreeRADIUS's log")
    contains(bench.charon.log(), "received AUTH_LIFETIME of 3600s", "charon's log")
    moon.must("rekey", "site")
    carries(bench)


@case("charon")
def radius_lets_a_user_in_and_out(bench):
    """The server ends the session by the user's name."""
    server(bench)
    dae = {"enable": "yes", "secret": "abc"}
    moon = gateway(bench, {**ONE, "dae": dae})
    connects(bench, moon)
    done = bench.alice.run(["radclient", "-x", "-r", "5", f"{bench.moon.lan[4]}:3799", "disconnect", "abc"],
                           stdin='User-Name = "carol"\n')
    contains(done.text, "Disconnect-ACK", "radclient")
    moon.wait_idle()
    bench.charon.wait_idle()


@case("charon")
def radius_refuses_a_user(bench):
    server(bench, "mschapv2")
    moon = gateway(bench, ONE)
    check(call(bench, "eap-mschapv2", password="another").code != 0, "swanctl --initiate")
    moon.wait_log("event=refused", "the RADIUS server has refused the user")
    same(moon.sas(), [], "SAs of moon")


@case("charon")
def radius_with_another_secret(bench):
    """The server says nothing to who does not know it."""
    server(bench)
    moon = gateway(bench, {**ONE, "secret": "wrong", "retransmit_timeout": "0.2s", "retransmit_tries": "2"})
    check(call(bench).code != 0, "swanctl --initiate")
    moon.wait_log("event=refused", "no RADIUS server answers")
    moon.wait_log("event=radius", "the RADIUS server 10.1.0.10, 10.1.0.10[1812], does not answer for authentication")
    check(radius.SECRET not in moon.log() and "wrong" not in moon.log(), "no secret is in the log")


@case("charon")
def radius_asks_the_next_server(bench):
    """Where the preferred one is not there; the next user does not wait for it."""
    server(bench)
    two = {"servers": {"first": {"address": NOBODY, "secret": "x", "preference": "5"},
                       "second": {"address": ONE["server"], "secret": ONE["secret"]}},
           "retransmit_timeout": "0.3s"}
    moon = gateway(bench, two)
    connects(bench, moon)
    contains(moon.log(), f"the RADIUS server first, {NOBODY}[1812], does not answer for authentication", "moon's log")
    carries(bench)


@case("charon")
def radius_server_that_is_silent_stalls_nobody(bench):
    """While a user waits for it, a tunnel without EAP comes up."""
    ours = bench.tunnel(bench.moon, remote={"auth": "eap-radius", "eap_id": "%any"},
                        daemon={"radius": {**ONE, "server": NOBODY, "retransmit_timeout": "10s"}})
    theirs = client(bench, bench.sun, "eap-md5")
    plain = {"id": "other.example"}
    ours["connections"]["plain"] = bench.tunnel(bench.moon, remote=plain)["connections"]["site"]
    theirs["connections"]["plain"] = bench.tunnel(bench.sun, local=plain)["connections"]["site"]
    moon = bench.daemon(bench.moon, ours).start()
    bench.charon.load(theirs)
    waiting = bench.charon.swanctl.spawn(f"{bench.directory}/waiting", "--initiate", "--child", "net", "--ike", "site",
                                          "--timeout", "30")
    until(lambda: moon.sas(), "the user waits")
    done = bench.charon.swanctl.run("--initiate", "--child", "net", "--ike", "plain", "--timeout", "5")
    same(done.code, 0, f"swanctl --initiate --ike plain\n{done.text}")
    check(waiting.alive(), "the user still waits")
    waiting.kill()
