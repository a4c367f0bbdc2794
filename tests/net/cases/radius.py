# SPDX-License-Identifier: GPL-2.0-or-later
"""Users whom RADIUS servers know: ours on moon asks FreeRADIUS on alice, strongSwan's charon on sun is the client."""
import os
import signal

from cases.certs import folder
from cases.eap import PASSWORD, carries, client
from lab import family, radius
from lab.case import case
from lab.check import Skipped, check, contains, same, until
from lab.pki import Authority, Credentials

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


def call(bench, method="eap-md5", child=None, **changes):
    theirs = client(bench, bench.sun, method, **changes)
    theirs["connections"]["site"]["children"]["net"].update(child or {})
    bench.charon.load(theirs)
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
    bench.charon.wait_log("received AUTH_LIFETIME of 3600s")
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


@case("charon", each=(("as-a-class", {"class_group": "yes"}, 'Class = "staff"'),
                      ("as-a-filter", {"filter_id": "yes"}, 'Tunnel-Type = ESP, Filter-Id = "staff"')))
def radius_says_the_group(bench, settings, reply):
    """The first connection is for another one, and so is all when the server's answer counts for no group."""
    server(bench, users=f'carol	Cleartext-Password := "{PASSWORD}"\n	{reply}\n')
    ours = bench.tunnel(bench.moon, remote={"auth": "eap-radius", "eap_id": "%any", "groups": "sales"},
                        daemon={"radius": {**ONE, **settings}})
    staff = bench.tunnel(bench.moon, remote={"auth": "eap-radius", "eap_id": "%any", "groups": "devs, staff"})
    ours["connections"]["staff"] = staff["connections"]["site"]
    moon = bench.daemon(bench.moon, ours).start()
    same(call(bench).code, 0, f"swanctl --initiate\n{moon.log()}")
    moon.wait_log("event=sa-up", "conn=staff")
    carries(bench)
    moon.stop()
    ours["daemon"]["radius"] = ONE
    moon = bench.daemon(bench.moon, ours).start()
    check(bench.charon.up(timeout=20).code != 0, "swanctl --initiate without groups")
    moon.wait_log("event=refused", "no connection is for the user carol", "class_group = yes")


@case("charon", quick=True)
def radius_gives_the_addresses(bench):
    """One of each family, and a server of names; the client that asks anew has the same."""
    servers = server(bench, users=f"""carol	Cleartext-Password := "{PASSWORD}"
	Framed-IP-Address = 10.9.0.9,
	Framed-IPv6-Address = 2001:db8:9::9,
	MS-Primary-DNS-Server = 10.1.0.53
""")
    moon = gateway(bench, {**ONE, "accounting": "yes"}, conn={"pools": "radius"}, child={"remote_ts": "dynamic"})
    connects(bench, moon, conn={"vips": ["0.0.0.0", "::"]}, child={"local_ts": "dynamic"})
    same(moon.sas()[0]["remote_vips"], ["10.9.0.9", "2001:db8:9::9"], "virtual addresses of the client")
    for line in ("installing new virtual IP 10.9.0.9", "installing new virtual IP 2001:db8:9::9", "CPRP(ADDR ADDR6 DNS)"):
        contains(bench.charon.log(), line, "charon's log")
    until(lambda: told(servers, "Start"), "the server hears of the start")
    same(value(told(servers, "Start")[0], "Framed-IP-Address"), "10.9.0.9", "Framed-IP-Address")
    bench.charon.swanctl.must("--terminate", "--ike", "site")
    moon.wait_idle()
    same(bench.charon.up(timeout=20).code, 0, f"once more\n{moon.log()}")
    same(moon.sas()[0]["remote_vips"], ["10.9.0.9", "2001:db8:9::9"], "virtual addresses of the client")


@case("charon", each=[("alone", "2001:db8:9::1", ""),
                      ("and-interface", "2001:db8:9::9:9", "	Framed-Interface-Id = 0:0:9:9,\n")])
def radius_gives_a_prefix(bench, address, more):
    """An address of which is the client's."""
    server(bench, users=f"""carol	Cleartext-Password := "{PASSWORD}"
{more}	Framed-IPv6-Prefix = 2001:db8:9::/64
""")
    moon = gateway(bench, ONE, conn={"pools": "radius"}, child={"remote_ts": "dynamic"})
    connects(bench, moon, conn={"vips": "::"}, child={"local_ts": "dynamic"})
    same(moon.sas()[0]["remote_vips"], [address], "virtual addresses of the client")


@case("charon")
def radius_gives_no_address(bench):
    server(bench)
    moon = gateway(bench, ONE, conn={"pools": "radius"}, child={"remote_ts": "dynamic"})
    check(call(bench, conn={"vips": "0.0.0.0"}).code != 0, "swanctl --initiate")
    moon.wait_log("event=refused", "the RADIUS server gives none of that family")


@case()
def groups_without_radius(bench):
    """Nobody would be in one: the connection is not used, and says why."""
    moon = bench.daemon(bench.moon, bench.tunnel(bench.moon, remote={"groups": "staff"})).start()
    done = moon.ipsec("up", "site")
    check(done.code != 0, "ipsec up")
    contains(done.text, "groups are those of users of RADIUS servers and of daemon.users_file: write auth = eap-radius", "ipsec up")


def told(servers, status):
    """What the server has noted of its messages with STATUS, as texts of attributes."""
    return [entry for entry in servers.detail().split("\n\n") if f"Acct-Status-Type = {status}\n" in entry]


def value(entry, name):
    return next((line.split(" = ", 1)[1].strip('"') for line in entry.split("\n\t") if line.startswith(f"{name} = ")), None)


@case("charon", quick=True)
def radius_hears_what_a_user_uses(bench):
    """From start to stop, through rekeyings of both, with what went through each CHILD_SA; and at the daemon's end."""
    servers = server(bench)
    moon = gateway(bench, {**ONE, "accounting": "yes", "accounting_interval": "1s", "accounting_send_class": "yes"})
    connects(bench, moon)
    carries(bench)
    until(lambda: told(servers, "Start"), "the server hears of the start")
    until(lambda: any(value(e, "Acct-Input-Packets") != "0" for e in told(servers, "Interim-Update")), "and of its use")
    start = told(servers, "Start")[0]
    for name, expected in (("User-Name", "carol"), ("Class", "0x7374616666"), ("NAS-Port-Id", "site"),
                           ("NAS-IP-Address", "192.0.2.1")):
        same(value(start, name), expected, f"{name} in\n{start}")
    moon.must("rekey", "net")
    moon.must("rekey", "site")
    carries(bench)
    packets = bench_packets(told(servers, "Interim-Update"))
    until(lambda: bench_packets(told(servers, "Interim-Update")) > packets, "what the new SAs carry is added")
    before = bench_packets(told(servers, "Interim-Update"))
    moon.stop()
    stops = told(servers, "Stop")
    same(len(stops), 1, f"stops in\n{servers.detail()}")
    same(value(stops[0], "Acct-Session-Id"), value(start, "Acct-Session-Id"), "Acct-Session-Id")
    same(value(stops[0], "Acct-Terminate-Cause"), "Admin-Reboot", "Acct-Terminate-Cause")
    check(bench_packets(stops) >= before, f"the stop has all packets:\n{stops[0]}")
    same({value(e, "Acct-Session-Id") for e in told(servers, "Interim-Update")}, {value(start, "Acct-Session-Id")}, "sessions")


def bench_packets(entries):
    """The most that one of them tells."""
    return max((int(value(entry, "Acct-Input-Packets")) for entry in entries), default=0)


@case("charon")
def radius_ends_the_session_that_it_has_heard_of(bench):
    """By the session's id, and by no other."""
    servers = server(bench)
    moon = gateway(bench, {**ONE, "accounting": "yes", "dae": {"enable": "yes", "secret": "abc"}})
    connects(bench, moon)
    until(lambda: told(servers, "Start"), "the server hears of the start")
    session = value(told(servers, "Start")[0], "Acct-Session-Id")
    contains(servers.log(), f'Acct-Session-Id = "{session}"', "the Access-Request in FreeRADIUS's log")
    for one, answer in ((f"{session}0", "Disconnect-NAK"), (session, "Disconnect-ACK")):
        done = bench.alice.run(["radclient", "-x", "-r", "5", f"{bench.moon.lan[4]}:3799", "disconnect", "abc"],
                               stdin=f'Acct-Session-Id = "{one}"\n')
        contains(done.text, answer, "radclient")
    moon.wait_idle()
    until(lambda: told(servers, "Stop"), "the server hears of the stop")
    same(value(told(servers, "Stop")[0], "Acct-Terminate-Cause"), "Admin-Reset", "Acct-Terminate-Cause")


@case("charon")
def radius_hears_that_a_user_leaves(bench):
    servers = server(bench)
    moon = gateway(bench, {**ONE, "accounting": "yes"})
    connects(bench, moon)
    carries(bench)
    bench.charon.swanctl.must("--terminate", "--ike", "site")
    until(lambda: told(servers, "Stop"), "the server hears of the stop")
    stop = told(servers, "Stop")[0]
    same(value(stop, "Acct-Terminate-Cause"), "User-Request", f"Acct-Terminate-Cause in\n{stop}")
    check(int(value(stop, "Acct-Output-Octets")) > 0 and int(value(stop, "Acct-Input-Octets")) > 0, stop)
    same(value(stop, "Class"), None, "Class")


QUICKLY = {**ONE, "accounting": "yes", "accounting_interval": "1s", "retransmit_timeout": "0.2s", "retransmit_tries": "2"}


@case("charon")
def radius_never_hears_what_a_user_uses(bench):
    """Nobody listens on the port for accounting; the daemon stops in time all the same."""
    server(bench)
    moon = gateway(bench, {**QUICKLY, "acct_port": "1899"})
    connects(bench, moon)
    moon.wait_log("event=radius", "10.1.0.10[1899], does not answer for accounting")
    carries(bench)
    moon.stop()
    contains(moon.log(), "no RADIUS server has acknowledged that these have ended", "moon's log")


@case("charon")
def radius_says_how_long_a_user_may_be_idle(bench):
    """Then he is let out, and the server hears why."""
    servers = server(bench, users=USERS.replace("Session-Timeout = 3600", "Idle-Timeout = 2"))
    moon = gateway(bench, {**ONE, "accounting": "yes"})
    connects(bench, moon)
    moon.wait_log("IKE_SA site was idle for as long as its peer may be: it is closed")
    moon.wait_idle()
    bench.charon.wait_idle()
    until(lambda: told(servers, "Stop"), "the server hears of the end")
    same(value(told(servers, "Stop")[0], "Acct-Terminate-Cause"), "Idle-Timeout", "Acct-Terminate-Cause")


@case("charon", each=("yes", "no"))
def radius_hears_no_more_and_the_session_ends(bench, ends):
    """When nobody acknowledges any more what it uses, as accounting_close_on_timeout says."""
    servers = server(bench)
    moon = gateway(bench, {**QUICKLY, "accounting_close_on_timeout": ends})
    connects(bench, moon)
    until(lambda: told(servers, "Start"), "the server hears of the start")
    servers.stop()
    moon.wait_log("event=radius", "does not answer for accounting")
    if ends == "yes":
        moon.wait_log("event=radius", "no RADIUS server acknowledges what the session uses: it ends")
        moon.wait_idle()
        bench.charon.wait_idle()
    else:
        carries(bench)
        same(len(moon.sas()), 1, "SAs of moon")


@case()
def radius_alone(bench):
    """Nothing but EAP says who the gateway is (RFC 5998): the server's method proves both."""
    if not radius.available():
        raise Skipped("FreeRADIUS (freeradius and freeradius-utils) is not installed")
    ca = Authority(bench.directory)
    for side in (bench.moon, bench.sun):
        Credentials(folder(bench, side), side, ca)
    mine = folder(bench, bench.moon)
    tls = {"key": f"{mine}/private/moon.pem", "cert": f"{mine}/x509/moon.pem", "ca": ca.cert}
    started = radius.Radius(bench.alice, f"{bench.directory}/radius", USERS, "tls", tls).start()
    bench.afterwards(started.stop)
    moon = gateway(bench, ONE, local={"auth": "eap"})
    sun = bench.start(bench.sun, local={"auth": "eap-tls"}, remote={"auth": "eap-tls"})
    done = sun.ipsec("up", "site")
    same(done.code, 0, f"ipsec up\n{done.text}\n{moon.log()}\n{started.log()[-3000:]}")
    carries(bench)
    contains(moon.log(), "authentication of 'sun.example' with EAP successful", "moon's log")


# What is written of servers: one alone, or several, and who gives orders.
WRITTEN = [("one", ONE), ("several", {"servers": {"first": {"address": ONE["server"], "secret": ONE["secret"], "preference": "5"},
                                                  "second": {"address": NOBODY, "secret": f'"{radius.SECRET}, too"'}}})]


@case("charon", each=WRITTEN)
def radius_secrets_are_only_in_keeper(bench, settings):
    """Not where packets are made and read, and where the configuration was read no longer."""
    orders = "a secret of those who give orders"
    server(bench, "mschapv2")
    moon = gateway(bench, {**settings, "dae": {"enable": "yes", "secret": f'"{orders}"'}})
    needles = {"of servers": [radius.SECRET.encode()], "of orders": [orders.encode()]}
    for when in "started", "asked", "read again", "down":
        if when == "asked":
            connects(bench, moon, method="eap-mschapv2")
        elif when == "read again":
            moon.must("reload")
        elif when == "down":
            moon.must("down", "site")
        family.member(moon, "certs")
        found = {name: family.holds(pid, needles) for name in ("ike", "ctl", "keeper", "certs", "eap", "esp")
                 for pid in family.members(moon, name)}
        found["guard"] = family.holds(moon.process.pid, needles)
        same({name: held for name, held in found.items() if held}, {"keeper": set(needles)},
             f"who holds them when it is {when}")
        check({"ike", "ctl", "certs"} < set(found), f"who was looked at: {set(found)}")


@case("charon")
def radius_in_one_process(bench):
    """Who has the secrets and who asks him are in it as well."""
    server(bench, "mschapv2")
    moon = bench.daemon(bench.moon, bench.tunnel(bench.moon, remote={"auth": "eap-radius", "eap_id": "%any"},
                                                 daemon={"radius": ONE}))
    moon.options = ["--one"]
    moon.start()
    connects(bench, moon, method="eap-mschapv2")
    carries(bench)


@case("charon", each=("keeper", "certs"))
def radius_lives_on_without(bench, name):
    """Another one is there, and the next user comes in; who keeps secrets has kept those of servers."""
    server(bench)
    moon = gateway(bench, ONE)
    connects(bench, moon)
    moon.must("down", "site")
    bench.charon.wait_idle()
    pid = family.member(moon, name)
    os.kill(pid, signal.SIGKILL)
    family.replaced(moon, pid, name=name)
    connects(bench, moon)
    carries(bench)


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


@case("charon", each=("down", "reload"))
def radius_user_who_waits_is_turned_away_by(bench, command):
    """A person takes the IKE_SA down before the server has said who he is, or its connection has gone: the client hears it
    at once, and does not ask for half a minute more."""
    settings = {**ONE, "server": NOBODY, "retransmit_timeout": "20s"}
    moon = gateway(bench, settings)
    bench.charon.load(client(bench, bench.sun, "eap-md5"))
    waiting = bench.charon.swanctl.spawn(f"{bench.directory}/waiting", "--initiate", "--child", "net", "--timeout", "30")
    bench.afterwards(waiting.kill)
    until(lambda: moon.sas(), "the user waits")
    if command == "reload":
        moon.write({"daemon": {"radius": settings}})
    moon.must(command, *(["site"] if command == "down" else []))
    check(waiting.wait(3) != 0, f"the user is not let in: {waiting.log()}")
    bench.charon.wait_log("received AUTHENTICATION_FAILED notify error")
    moon.wait_log("is closed before the peer was let in: its request is answered with AUTHENTICATION_FAILED")
    moon.wait_idle()
