# SPDX-License-Identifier: GPL-2.0-or-later
"""Gateways that send their peers elsewhere (RFC 5685), and peers that go there; between two of us, and with strongSwan's
charon in both roles. The other gateway is the same daemon at another address."""
from lab.case import case
from lab.charon import bring_up
from lab.check import contains, same, until


def elsewhere(bench, side):
    """A second address of a gateway."""
    address = f"192.0.2.{10 + side.number}"
    side.gateway.ip(f"addr add {address}/24 dev wan")
    bench.afterwards(lambda: side.gateway.ip(f"addr del {address}/24 dev wan"))
    return address


def at_both(side, address, **more):
    return {"conn": {"local_addrs": f"{side.wan[4]}, {address}", **more}}


def known(address):
    return {"conn": {"redirect_addrs": address}}


def stands_at(bench, daemon, address, ends):
    """One IKE_SA of DAEMON, with the peer at ADDRESS, carries the child between the ENDS."""
    until(lambda: [(sa["remote_host"], sa["state"]) for sa in daemon.sas()] == [(address, "ESTABLISHED")],
          lambda: f"one IKE_SA with {address}: {daemon.sas()}", 15)
    bench.between(*ends).flow.end()


@case(quick=True)
def redirect_by_command(bench):
    """The new tunnel is there before the old one goes: not a packet is lost."""
    address = elsewhere(bench, bench.sun)
    moon, sun = bench.pair(moon=known(address), sun=at_both(bench.sun, address))
    moon.up()
    tunnel = bench.between(moon, sun)
    contains(sun.must("redirect", "site", address), f"site: peers are redirected to {address}", "what ipsec says")
    until(lambda: [sa["remote_host"] for sa in moon.sas()] == [address], lambda: f"moon is at {address}: {moon.sas()}", 15)
    tunnel.flow.goes_on()
    tunnel.flow.whole()


@case()
def redirect_at_the_first_message(bench):
    address = elsewhere(bench, bench.sun)
    moon, sun = bench.pair(moon=known(address), sun=at_both(bench.sun, address, redirect_to=address))
    moon.up()
    stands_at(bench, moon, address, (moon, sun))


@case()
def redirect_to_a_foreign_gateway(bench):
    """Where the configuration does not name it, it is not followed, and the log says what to write."""
    address = elsewhere(bench, bench.sun)
    moon, _ = bench.pair(sun=at_both(bench.sun, address, redirect_to=address))
    done = moon.ipsec("up", "site")
    same(done.code, 1, f"ipsec up\n{done.text}")
    contains(done.text, "which is no gateway of this connection", "what ipsec says")
    contains(done.text, f"redirect_addrs = {address}", "what ipsec says")


@case("charon")
def strongswan_redirects(bench):
    """By its VICI command, while the tunnel is up."""
    address = elsewhere(bench, bench.sun)
    moon, charon = bench.with_charon(ours=known(address), theirs=at_both(bench.sun, address))
    moon.up()
    charon.swanctl.must("--redirect", "--ike", "site", "--gateway", address)
    stands_at(bench, moon, address, (moon, charon))


@case("charon", each=[("by-command", False), ("at-the-first-message", True)])
def strongswan_is_redirected(bench, at_first):
    address = elsewhere(bench, bench.moon)
    moon, charon = bench.with_charon(ours=at_both(bench.moon, address, **({"redirect_to": address} if at_first else {})))
    bring_up(moon, charon, False)
    if not at_first:
        swanctl = bench.swanctl(moon)
        swanctl.must("--redirect", "--peer-ip", bench.sun.wan[4], "--gateway", address)
    until(lambda: [sa["local_host"] for sa in moon.sas() if sa["state"] == "ESTABLISHED"] == [address],
          lambda: f"one IKE_SA at {address}: {moon.sas()}", 15)
    bench.between(moon, charon).flow.end()
