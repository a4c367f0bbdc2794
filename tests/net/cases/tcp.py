# SPDX-License-Identifier: GPL-2.0-or-later
"""IKE and ESP in a stream of TCP (RFC 9329), where networks let no UDP through; ours with ours, and with libreswan. Our
kernel path does not carry that."""
import time

from lab import xfrm
from lab.case import case, user_case
from lab.check import Skipped, check, contains, same, until
from lab.gateways import Pair, pairs
from lab.traffic import reaches, reaches_in_the_end, tcp

NO_UDP = "udp dport { 500, 4500 } drop; udp sport { 500, 4500 } drop; ip protocol esp drop;"
GATEWAY = {"tcp_port": 4500}


def no_udp(bench):
    """Somewhere between the two."""
    bench.nft(bench.sun.gateway, "\n".join(f"chain {hook} {{ type filter hook {hook} device wan priority 0; {NO_UDP} }}"
                                           for hook in ("ingress", "egress")))


def both(bench, transport, outer=4, moon=None, **changes):
    """Moon is the client, and sun listens."""
    conn = {"transport": transport, **changes}
    return (bench.start(bench.moon, outer=outer, conn={**conn, **(moon or {})}),
            bench.start(bench.sun, outer=outer, conn={**conn, "transport": "auto"}, daemon=GATEWAY))


def carries(bench):
    """Both ways, small and large."""
    reaches(bench.alice, bench.sun.inside[4])
    reaches(bench.bob, bench.moon.inside[4])
    tcp(bench.alice, bench.bob, bench.sun.inside[4])


@user_case(each=[("ipv4", 4), ("ipv6", 6)])
def tcp_from_the_beginning(bench, outer):
    no_udp(bench)
    moon, sun = both(bench, "tcp", outer)
    moon.up()
    carries(bench)
    contains(moon.must("statusall"), "TUNNEL in TCP", "ipsec statusall on moon")
    moon.must("rekey", "net")
    moon.must("rekey", "site")
    carries(bench)
    sun.must("down", "site")
    until(lambda: not moon.sas(), "the IKE_SA is gone at moon too")


@user_case()
def tcp_where_udp_gets_no_answer(bench):
    no_udp(bench)
    moon, _ = both(bench, "auto")
    begin = time.monotonic()
    moon.up()
    bench.note(f"up over TCP after {time.monotonic() - begin:.1f} s without an answer over UDP")
    contains(moon.log(), "no answer over UDP: trying TCP port 4500", "log of moon")
    carries(bench)


@user_case()
def tcp_only_where_it_has_to_be(bench):
    """UDP gets through, and nothing else is tried."""
    moon, sun = both(bench, "auto")
    moon.up()
    carries(bench)
    check("over TCP" not in moon.log(), "log of moon says nothing of TCP")
    same(sun.host.must(["ss", "-Htn", "state", "established", "sport = :4500"]).strip(), "", "connections of sun")


@user_case("nat")
def tcp_through_a_nat(bench):
    bench.nft(bench.sun.gateway, f"chain in {{ type filter hook ingress device wan priority 0; {NO_UDP} }}")
    moon, _ = both(bench, "tcp")
    moon.up()
    carries(bench)


@user_case()
def tcp_that_breaks(bench):
    """A connection that is cut is made anew with the next packet, and the tunnel goes on in it, both ways."""
    no_udp(bench)
    moon, sun = both(bench, "tcp")
    moon.up()
    reaches(bench.alice, bench.sun.inside[4])
    before = moon.sas()[0]["uniqueid"]
    moon.host.must(["ss", "-tK", "dport = :4500"])
    reaches_in_the_end(bench.alice, bench.sun.inside[4])
    reaches_in_the_end(bench.bob, bench.moon.inside[4])
    same(moon.sas()[0]["uniqueid"], before, "the IKE_SA is the same")
    same(len(sun.sas()), 1, "IKE_SAs of sun")


@user_case()
def tcp_that_goes_silent(bench):
    """Nothing of the connection arrives any more, and nobody says so: another one is tried before the peer is given up."""
    quick = {"retransmit_timeout": "2s", "retransmit_base": 1, "retransmit_tries": 10, "retransmit_jitter": 0}
    moon = bench.start(bench.moon, conn={"transport": "tcp", "dpd_delay": "2s"}, daemon=quick)
    sun = bench.start(bench.sun, conn={"transport": "auto"}, daemon=GATEWAY)
    moon.up()
    reaches(bench.alice, bench.sun.inside[4])
    before = moon.sas()[0]["uniqueid"]
    port = sun.sas()[0]["remote_port"]
    hear = bench.deafen(bench.sun, rules="chain in { type filter hook ingress device wan priority 0; "
                                         f"tcp sport {port} drop; }}")
    until(lambda: sun.sas()[0]["remote_port"] != port, "sun has it at another port", 30)
    reaches_in_the_end(bench.alice, bench.sun.inside[4])
    same(moon.sas()[0]["uniqueid"], before, "the IKE_SA is the same")
    hear()


@user_case()
def tcp_to_who_wants_none(bench):
    """A connection that is for UDP says so."""
    bench.start(bench.sun, daemon=GATEWAY)
    moon = bench.start(bench.moon, conn={"transport": "tcp"})
    done = moon.ipsec("up", "site")
    same(done.code, 1, "exit code of ipsec up")
    contains(done.text, "NO_PROPOSAL_CHOSEN", "ipsec up")


@user_case()
def tcp_of_strangers(bench):
    """Who says something else is not heard; who says nothing, or breaks off, harms nobody."""
    moon, sun = both(bench, "tcp")
    silent = bench.moon.gateway.socket()
    silent.connect((bench.sun.wan[4], 4500))
    for said in (b"GET / HTTP/1.0\r\n\r\n", b"IKETCP\0\0", b"IKETCP\0\1"):
        other = bench.moon.gateway.socket()
        other.settimeout(5)
        other.connect((bench.sun.wan[4], 4500))
        other.sendall(said)
        same(other.recv(1), b"", f"what {said} gets")
        other.close()
    half = bench.moon.gateway.socket()
    half.connect((bench.sun.wan[4], 4500))
    half.sendall(b"IKETCP\xff\xff\0\0\0\0")
    moon.up()
    reaches(bench.alice, bench.sun.inside[4])


def one_at_a_time(bench, host):
    """What a stack sends leaves in no packets for the card to split. Where such come, Linux's espintcp hands on what was in
    them as if it were to be split, too, and hardly anything of that arrives."""
    host.ip("link set wan gso_max_segs 1")
    bench.afterwards(lambda: host.ip("link set wan gso_max_segs 65535"))


@case(kernel=True, newer=True, each=pairs("our-user-path-to-libreswan5", "libreswan5-to-our-user-path"))
def kernel_tcp(bench, kinds):
    """libreswan's packets are put into TCP by its kernel, which Debian's does with modules of tests/kernel/modules only."""
    if bench.moon.gateway.run(["modprobe", "espintcp"]).code:
        raise Skipped("kernel lacks ESP in TCP")
    no_udp(bench)
    client, server = {"conn": {"transport": "tcp"}}, {"conn": {"transport": "auto"}, "daemon": GATEWAY}
    pair = Pair(bench, kinds, moon=client, sun=client if kinds[1] == "libreswan5" else server)
    other = next(end for end in pair.ends if end is not pair.ours)
    one_at_a_time(bench, pair.ours.host)
    pair.up()
    carries(bench)
    contains(pair.ours.daemon.must("statusall"), "TUNNEL in TCP", "ipsec statusall")
    same({sa.encap for sa in xfrm.sas(other.host)}, {"espintcp"}, "encapsulation in the kernel of libreswan")
    pair.ours.rekey("net")
    pair.ours.rekey()
    reaches(bench.alice, bench.sun.inside[4])
    reaches(bench.bob, bench.moon.inside[4])
    pair.stop()
