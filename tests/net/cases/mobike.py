# SPDX-License-Identifier: GPL-2.0-or-later
"""Gateways get other addresses under traffic: MOBIKE, with ours and strongSwan on the other side; NATs that rebind."""
import contextlib
import socket
import struct

from lab.case import case, user_case
from lab.charon import ROLES, bring_up
from lab.check import check, contains, same, until
from lab.stream import Flow

ANYWHERE = {"conn": {"local_addrs": "%any"}}
NEW = "192.0.2.77"
GAP = 150  # datagrams, one each 2 ms, that a move may cost on a busy machine


def _bits(address):
    return 64 if ":" in address else 24


def _add(address):
    return f"addr add {address}/{_bits(address)} dev wan" + (" nodad" if ":" in address else "")


def _way(bench, side, v):
    family = "-6 " if v == 6 else ""
    return f"{family}route replace default via {bench.site.peer_of(side).wan[v]}"


@contextlib.contextmanager
def elsewhere(bench, side, v=4, new=NEW):
    """The gateway has NEW (None: nothing) in place of its address of IP version V; afterwards it has that again."""
    gateway, old = side.gateway, side.wan[v]
    before = gateway.sysctl("net.ipv4.conf.all.promote_secondaries")
    gateway.sysctl("net.ipv4.conf.all.promote_secondaries", "1")
    gateway.ip(*[_add(new)] if new else [], f"addr del {old}/{_bits(old)} dev wan")
    yield
    gateway.ip(_add(old), *[f"addr del {new}/{_bits(new)} dev wan"] if new else [])
    gateway.must(["ip", *_way(bench, side, v).split()])
    gateway.sysctl("net.ipv4.conf.all.promote_secondaries", before)


def at(daemon, local=None, remote=None):
    """The one IKE_SA of DAEMON is there."""
    def is_there():
        sas = daemon.sas()
        return (len(sas) == 1 and (not local or sas[0]["local_host"] == local)
                and (not remote or sas[0]["remote_host"] == remote))
    until(is_there, lambda: f"{local} ... {remote}: {daemon.sas()}")


def rekeys(daemon):
    """Its one IKE_SA takes the place of another, which is gone: all that was said of it here has been answered."""
    before = daemon.sas()[0]["uniqueid"]
    daemon.must("rekey", "site")

    def is_done():
        ids = [sa["uniqueid"] for sa in daemon.sas()]
        return len(ids) == 1 and ids != [before]
    until(is_done, lambda: f"another IKE_SA than {before}: {daemon.sas()}")


def short_gap(flow, moves=1):
    """Packets go on, and not many were lost on the way."""
    flow.goes_on()
    flow.not_doubled()
    for s in flow.streams:
        check(len(s.lost) <= GAP * moves, f"the gap is short: {s}")


@case(each=[("initiator", True), ("responder", False)])
def mobike_moves(bench, initiator):
    """An address goes while packets flow: the tunnel moves, with its counters, and says so; and back."""
    moon, sun = bench.pair(**ANYWHERE)
    moon.up()
    side, mover, other = (bench.moon, moon, sun) if initiator else (bench.sun, sun, moon)
    flow = Flow(bench.site)
    bench.afterwards(flow.end)
    flow.goes_on()
    before = mover.children()[0]
    with elsewhere(bench, side):
        at(mover, local=NEW)
        at(other, remote=NEW)
        flow.goes_on()
        after = mover.children()[0]
        same((after["spi_in"], after["spi_out"]), (before["spi_in"], before["spi_out"]), "SPIs")
        contains(mover.must("status"), NEW, "ipsec status")
        contains(mover.log(), "moves from", "log")
    at(mover, local=side.wan[4])
    at(other, remote=side.wan[4])
    short_gap(flow, 2)


@case()
def mobike_to_ipv6(bench):
    """IPv4 goes: the tunnel goes on over IPv6."""
    moon, sun = bench.pair(conn={"local_addrs": ["192.0.2.0/24", "2001:db8:ff::/64"]})
    moon.up()
    flow = Flow(bench.site)
    bench.afterwards(flow.end)
    flow.goes_on()
    with elsewhere(bench, bench.moon, 4, None):
        at(moon, bench.moon.wan[6], bench.sun.wan[6])
        at(sun, bench.sun.wan[6], bench.moon.wan[6])
        short_gap(flow)


@user_case("charon", each=ROLES)
def mobike_strongswan(bench, we_initiate):
    """strongSwan follows us to another address, and IKE goes on there. (Its userspace ESP cannot be moved: nats.py has what
    becomes of packets, and kernel_mobike.py where the kernel carries them.)"""
    moon, charon = bench.with_charon(**ANYWHERE)
    bring_up(moon, charon, we_initiate)
    with elsewhere(bench, bench.moon):
        at(moon, local=NEW)
        until(lambda: NEW in charon.sas(), charon.sas)
        rekeys(moon)
    at(moon, local=bench.moon.wan[4])
    until(lambda: NEW not in charon.sas(), charon.sas)


@user_case("charon", each=ROLES)
def mobike_strongswan_moves(bench, we_initiate):
    """We follow strongSwan to where it goes, which may be its IPv6 address."""
    moon, charon = bench.with_charon(**ANYWHERE)
    bring_up(moon, charon, we_initiate)
    with elsewhere(bench, bench.sun):
        until(lambda: moon.sas()[0]["remote_host"] != bench.sun.wan[4], moon.sas)
        until(lambda: moon.sas()[0]["remote_host"] in charon.sas(), lambda: f"{moon.sas()}\n{charon.sas()}")
        contains(moon.log(), "moves from", "log")
        rekeys(moon)


def rebind(bench, to, nat=None):
    """The NAT (None: the site's) forgets all it knew, and maps to that port of its own from now on. To one only: what it
    forgets while packets pass may be forgotten twice."""
    nat = nat or bench.site.nat
    nat.must(["nft", "insert", "rule", "ip", "nat", "out", "ip", "saddr", "172.16.0.0/24", "oifname", "outer",
              "meta", "l4proto", "udp", "masquerade", "to", f":{to}"])
    bench.afterwards(lambda: nat.run(["nft", "delete", "rule", "ip", "nat", "out", "handle", handle(nat)]))
    s = nat.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12)  # NETLINK_NETFILTER
    s.send(struct.pack("=IHHII", 20, 0x0102, 5, 1, 0) + bytes(4))  # IPCTNL_MSG_CT_DELETE, of everything
    check(struct.unpack_from("=i", s.recv(4096), 16)[0] == 0, "the NAT forgets")
    s.close()


def handle(nat):
    out = nat.must(["nft", "-a", "list", "chain", "ip", "nat", "out"])
    return next(line.split()[-1] for line in out.splitlines() if "masquerade to" in line)


def port(daemon):
    return daemon.sas()[0]["remote_port"]


@case("nat")
def nat_rebinds(bench):
    """The mapping of a NAT changes under traffic: sun follows the first packet that comes by the new one."""
    moon, sun = bench.pair()
    moon.up()
    flow = Flow(bench.site)
    bench.afterwards(flow.end)
    flow.goes_on()
    rebind(bench, 20000)
    until(lambda: port(sun) == 20000, lambda: f"port {port(sun)}")
    short_gap(flow)
    rebind(bench, 30000)
    flow = Flow(bench.site)
    bench.afterwards(flow.end)
    until(lambda: port(sun) == 30000, lambda: f"port {port(sun)}")
    flow.goes_on()
    flow.not_doubled()
    contains(sun.log(), "moves from", "log")


@case("nat")
def nat_rebinds_idle(bench):
    """Nothing flows, and the NAT forgets: who is behind it asks how it is seen, and says where it is."""
    moon, sun = bench.pair(conn={"dpd_delay": "1s"})
    moon.up()
    rebind(bench, 20000)
    until(lambda: port(sun) == 20000, lambda: f"port {port(sun)}")
