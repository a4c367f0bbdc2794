# SPDX-License-Identifier: GPL-2.0-or-later
"""Orders of RADIUS servers (RFC 5176): radclient on alice gives them, ours on moon obeys."""
import hashlib
import os
import re
import signal
import socket
import struct
import time

from cases.radius import ONE, PASSWORD, call, server
from lab import family, radius
from lab.case import case
from lab.check import Skipped, check, contains, same
from lab.traffic import reaches

SECRET = "a secret of orders"
DAE = {"radius": {"dae": {"enable": "yes", "secret": f'"{SECRET}"'}}}


def order(bench, what, attributes, secret=SECRET, tries=5):
    """What radclient says of it."""
    if not radius.available():
        raise Skipped("FreeRADIUS's radclient is not installed")
    text = "".join(f'{name} = "{value}"\n' for name, value in attributes.items())
    return bench.alice.run(["radclient", "-x", "-t", "2", "-r", str(tries), f"{bench.moon.lan[4]}:3799", what, secret],
                           stdin=text)


def radius_gateway(bench, settings, groups):
    """Ours on moon, with who has come: carol, of the group staff, at 10.9.0.9."""
    server(bench, users=f"""carol	Cleartext-Password := "{PASSWORD}"
	Tunnel-Type = ESP,
	Filter-Id = staff,
	Framed-IP-Address = 10.9.0.9
""")
    moon = bench.start(bench.moon, remote={"auth": "eap-radius", "eap_id": "%any", "groups": groups},
                       conn={"pools": "radius"}, child={"remote_ts": "dynamic"}, daemon={"radius": settings})
    done = call(bench, conn={"vips": "0.0.0.0"}, child={"local_ts": "dynamic"})
    same(done.code, 0, f"swanctl --initiate\n{done.text}\n{moon.log()}")
    moon.wait_children(1)
    return moon


@case()
def radius_order_ends_a_session(bench):
    """The one that it means, and no other; it may come again."""
    moon, sun = bench.pair(moon={"daemon": DAE})
    moon.up()
    wrong = order(bench, "disconnect", {"User-Name": "nobody.example"})
    contains(wrong.text, "Disconnect-NAK", "radclient")
    contains(wrong.text, "Session-Context-Not-Found", "radclient")
    same(len(moon.sas()), 1, "SAs of moon")
    right = order(bench, "disconnect", {"User-Name": "sun.example", "NAS-Port-Id": "site"})
    contains(right.text, "Disconnect-ACK", "radclient")
    moon.wait_idle()
    sun.wait_idle()
    moon.wait_log("event=radius", "a RADIUS server ends the session")


@case()
def radius_order_that_cannot_be_obeyed(bench):
    moon, _ = bench.pair(moon={"daemon": DAE})
    moon.up()
    contains(order(bench, "disconnect", {}).text + order(bench, "disconnect", {"NAS-Port-Id": "site", "Filter-Id": "x"}).text,
             "Unsupported-Attribute", "radclient")
    contains(order(bench, "coa", {"User-Name": "sun.example", "Session-Timeout": "600"}).text, "CoA-NAK", "radclient")
    reaches(bench.alice, bench.sun.inside[4])


@case("charon")
def radius_order_limits_a_session(bench):
    """Of who has come to us; it hears of it (RFC 4478), and authenticates anew."""
    moon = bench.start(bench.moon, daemon=DAE)
    bench.charon.load(bench.tunnel(bench.sun))
    done = bench.charon.up()
    same(done.code, 0, f"swanctl --initiate\n{done.text}")
    moon.wait_children(1)
    before = moon.sas()[0]["uniqueid"]
    told = order(bench, "coa", {"User-Name": "sun.example", "Session-Timeout": "5"})
    contains(told.text, "CoA-ACK", "radclient")
    moon.wait_log("a RADIUS server lets the session last 5 s from now on")
    bench.charon.wait_log("received AUTH_LIFETIME of")
    moon.wait_replaced(before, 12)
    contains(order(bench, "coa", {"User-Name": "nobody.example", "Session-Timeout": "5"}).text, "Session-Context-Not-Found",
             "radclient")


@case("charon")
def radius_order_names_the_groups(bench):
    """Of a user whose connection is for some: as long as it is in one of these, it stays. It is meant by its address."""
    moon = radius_gateway(bench, {**ONE, **DAE["radius"], "filter_id": "yes"}, groups="staff, sales")
    meant = {"Framed-IP-Address": "10.9.0.9", "Tunnel-Type": "ESP"}
    contains(order(bench, "coa", {**meant, "Framed-IP-Address": "10.9.0.10", "Filter-Id": "sales"}).text,
             "Session-Context-Not-Found", "radclient")
    contains(order(bench, "coa", {**meant, "Filter-Id": "sales"}).text, "CoA-ACK", "radclient")
    moon.wait_log("event=radius", "a RADIUS server has put the user into sales: the session goes on")
    same(len(moon.sas()), 1, "SAs of moon")
    contains(order(bench, "coa", {**meant, "Filter-Id": "guests"}).text, "CoA-ACK", "radclient")
    moon.wait_log("event=radius", "has put the user into guests, and the connection is for other groups", "(connections.site.")
    moon.wait_idle()
    bench.charon.wait_idle()


def dated_order():
    """A CoA-Request with an Event-Timestamp: that the session of sun lasts 600 s."""
    user = b"sun.example"
    attributes = struct.pack("!BB", 1, 2 + len(user)) + user + struct.pack("!BBIBBI", 27, 6, 600, 55, 6, int(time.time()))
    head = struct.pack("!BBH", 43, 7, 20 + len(attributes))
    return head + hashlib.md5(head + bytes(16) + attributes + SECRET.encode()).digest() + attributes


@case()
def radius_order_that_is_repeated_after_a_reload(bench):
    """Of other settings: what was obeyed is answered as before, but not obeyed again."""
    moon, sun = bench.pair(moon={"daemon": DAE})
    sun.up()
    with bench.alice.socket(socket.AF_INET, socket.SOCK_DGRAM) as server_socket:
        server_socket.settimeout(5)
        packet = dated_order()
        server_socket.sendto(packet, (bench.moon.lan[4], 3799))
        answer = server_socket.recv(4096)
        same(answer[0], 44, "CoA-ACK")
        moon.write(bench.tunnel(bench.moon, daemon={"radius": {**DAE["radius"], "retransmit_timeout": "3s"}}))
        moon.must("reload")
        server_socket.sendto(packet, (bench.moon.lan[4], 3799))
        same(server_socket.recv(4096), answer, "the answer")
    same(moon.log().count("a RADIUS server lets the session last"), 1, "how often it is obeyed")


@case()
def radius_order_while_keeper_stands_still(bench):
    """Who hears it cannot tell whether it is right, and goes on with its other work; a repeat is obeyed."""
    moon, _ = bench.pair(moon={"daemon": DAE})
    moon.up()
    keeper = family.keeper(moon)
    os.kill(keeper, signal.SIGSTOP)
    done = order(bench, "disconnect", {"User-Name": "sun.example"}, tries=1)
    check(not re.search("ACK|NAK", done.text), f"nobody answers\n{done.text}")
    contains(moon.log(), "the process that keeps the secrets of RADIUS servers does not answer", "log of moon")
    moon.must("list", "certs")
    same(len(moon.sas()), 1, "SAs of moon")
    os.kill(keeper, signal.SIGCONT)
    contains(order(bench, "disconnect", {"User-Name": "sun.example"}).text, "Disconnect-ACK", "radclient")
    moon.wait_idle()
    same(family.keeper(moon), keeper, "keeper")


@case()
def radius_order_of_a_stranger(bench):
    """Who does not know the secret gets no answer, and is in the log."""
    moon, _ = bench.pair(moon={"daemon": DAE})
    moon.up()
    done = order(bench, "disconnect", {"User-Name": "sun.example"}, secret="another", tries=1)
    check(not re.search("ACK|NAK", done.text), f"nobody answers\n{done.text}")
    moon.wait_log("event=radius", "an order of a RADIUS server, from 10.1.0.10[", "was dropped")
    same(len(moon.sas()), 1, "SAs of moon")
    check(SECRET not in moon.log(), "no secret is in the log")
