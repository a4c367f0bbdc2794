# SPDX-License-Identifier: GPL-2.0-or-later
"""Two clients behind one NAT whose packets have the same addresses inside: moon, and luna beside it. In the kernel answers
find the right one by the connection that they belong to; on the userspace path the second one is refused."""
import socket
import types

from cases.kernel import arrives_whole
from lab.case import case
from lab.check import contains, same
from lab.config import SECRET
from lab.net import Namespace, link
from lab.traffic import reaches

INSIDE = "10.77.0.1"
MARKS = {"mark_in": "%unique", "mark_out": "%unique", "connmark": "yes"}
PROVES = {"auth": "psk"}
TUNNEL = ({"local_ts": f"{INSIDE}/32"}, {"remote_ts": f"{INSIDE}/32"})
TRANSPORT = ({"mode": "transport", "remote_ts": "dynamic"}, {"mode": "transport", "local_ts": "dynamic"})


def luna(bench):
    """Another host behind the NAT, with an address of the same network."""
    host, nat = Namespace("luna"), bench.site.nat
    bench.afterwards(host.delete)
    link(host, "wan", nat, "third")
    nat.ip("route add 172.16.0.2/32 dev third")
    nat.sysctl("net.ipv4.conf.third.proxy_arp", 1)
    host.ip("addr add 172.16.0.2/24 dev wan", "route add default via 172.16.0.254")
    return types.SimpleNamespace(gateway=host, name="luna", id="luna.example")


def client(bench, side, child, datapath="kernel", **more):
    conn = {**more, "remote_addrs": bench.sun.wan[4], "local": {**PROVES, "id": side.id},
            "remote": {**PROVES, "id": bench.sun.id}, "children": {"net": {"remote_ts": bench.sun.net[4], **child}}}
    side.gateway.ip(f"addr add {INSIDE}/32 dev lo")
    bench.afterwards(lambda: side.gateway.ip(f"addr del {INSIDE}/32 dev lo"))
    return bench.daemon(side, {"connections": {"site": conn}, "secrets": {"ike-1": {"secret": f'"{SECRET}"'}},
                               "daemon": {"datapath": datapath}})


def gateway(bench, child, datapath="kernel", **more):
    conn = {**more, "local_addrs": bench.sun.wan[4], "remote_addrs": "%any", "local": {**PROVES, "id": bench.sun.id},
            "remote": {**PROVES, "id": "%any"}, "children": {"net": {"local_ts": bench.sun.net[4], **child}}}
    return bench.daemon(bench.sun, {"connections": {"site": conn}, "secrets": {"ike-1": {"secret": f'"{SECRET}"'}},
                                    "pools": {"few": {"addrs": "10.78.0.0/24"}}, "daemon": {"datapath": datapath}})


def each_hears_its_own(hosts, source, server, address):
    """Each host sends to the SERVER at ADDRESS by a port of its own; the server answers them turn by turn."""
    there = server.socket(socket.AF_INET, socket.SOCK_DGRAM)
    there.bind((address, 7000))
    there.settimeout(5)
    clients = []
    for port, host in enumerate(hosts, 5001):
        s = host.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.bind((source, port))
        s.settimeout(5)
        s.sendto(host.name.encode(), (address, 7000))
        clients.append(s)
    try:
        heard = [there.recvfrom(100) for _ in clients]
        for _ in range(2):
            for payload, whence in heard:
                there.sendto(payload, whence)
            for host, s in zip(hosts, clients):
                same(s.recv(100), host.name.encode(), f"what {host.name} hears")
    finally:
        for s in (there, *clients):
            s.close()


def _two(bench, modes):
    other = luna(bench)
    daemons = [client(bench, side, modes[0]).start() for side in (bench.moon, other)]
    sun = gateway(bench, {**MARKS, **modes[1]}).start()
    for daemon in daemons:
        daemon.up()
    same(len(sun.sas()), 2, "IKE_SAs of sun")
    return [daemon.host for daemon in daemons], daemons, sun


@case("nat", kernel=True)
def kernel_same_address_inside(bench):
    """Tunnel mode: to bob, who is behind sun, and to sun itself; through new keys; and with the last nothing is left."""
    hosts, daemons, sun = _two(bench, TUNNEL)

    def answers():
        each_hears_its_own(hosts, INSIDE, bench.bob, bench.sun.inside[4])
        each_hears_its_own(hosts, INSIDE, bench.sun.gateway, bench.sun.lan[4])

    answers()
    sun.must("rekey", "site/net")
    answers()
    daemons[0].must("down", "site")
    hosts.pop(0)
    answers()
    daemons[1].must("down", "site")
    sun.wait_idle()
    rules = sun.host.must(["nft", "list", "ruleset"])
    contains(rules, "map spis", "rules of sun")
    same(rules.count("elements = "), 0, f"marks left\n{rules}")


@case("nat", kernel=True)
def kernel_transport_behind_one_nat(bench):
    """Transport mode, to sun itself: both have the NAT's address there, and UDP and TCP have the right checksums all the same."""
    hosts, _, _ = _two(bench, TRANSPORT)
    each_hears_its_own(hosts, "0.0.0.0", bench.sun.gateway, bench.sun.wan[4])
    for host in hosts:
        reaches(host, bench.sun.wan[4])
        arrives_whole(host, bench.sun.gateway, bench.sun.wan[4])


@case("nat", user=True)
def marks_on_our_own_path(bench):
    """It has none: the connection is refused, and what to do is said."""
    sun = bench.daemon(bench.sun, bench.tunnel(bench.sun, child=MARKS, daemon={"datapath": "user"})).start()
    done = sun.ipsec("up", "site")
    same(done.code, 1, f"exit code of ipsec up\n{done.text}")
    for part in "the userspace path has no such thing (mark_in)", "set datapath = auto":
        contains(done.err, part, "ipsec up")


@case("nat", user=True)
def same_address_inside_on_our_own_path(bench):
    """The second one is refused, and both ends say why; the first one goes on, through new keys; when it has gone, the second
    is let in."""
    other = luna(bench)
    moon, star = (client(bench, side, TUNNEL[0], "user").start() for side in (bench.moon, other))
    sun = gateway(bench, TUNNEL[1], "user").start()
    moon.up()
    done = star.ipsec("up", "site")
    same(done.code, 1, f"exit code of ipsec up\n{done.text}")
    contains(done.text, "TS_UNACCEPTABLE", "ipsec up")
    first = f"{bench.moon.id} of IKE_SA site[{sun.sas()[0]['uniqueid']}]"
    contains(sun.log(), f"{INSIDE}/32 is another peer's already, behind the same NAT: {first} has it, and the userspace path "
                        "cannot tell whose a packet is", "log of sun")
    same(len(sun.children()), 1, "CHILD_SAs of sun")
    each_hears_its_own([moon.host], INSIDE, bench.bob, bench.sun.inside[4])
    sun.must("rekey", "site/net")
    each_hears_its_own([moon.host], INSIDE, bench.bob, bench.sun.inside[4])
    moon.must("down", "site")
    star.up()
    each_hears_its_own([star.host], INSIDE, bench.bob, bench.sun.inside[4])


@case("nat", user=True)
def addresses_of_the_gateway_on_our_own_path(bench):
    """With these both are served."""
    other = luna(bench)
    daemons = [client(bench, side, {"local_ts": "dynamic"}, "user", vips="0.0.0.0").start() for side in (bench.moon, other)]
    sun = gateway(bench, {"remote_ts": "dynamic"}, "user", pools="few").start()
    for daemon in daemons:
        daemon.up()
    same(sorted(sa["remote_vips"] for sa in sun.sas()), [["10.78.0.1"], ["10.78.0.2"]], "virtual addresses")
    for daemon in daemons:
        reaches(daemon.host, bench.sun.inside[4])
