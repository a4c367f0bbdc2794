# SPDX-License-Identifier: GPL-2.0-or-later
"""Large IKE messages over paths that drop IP fragments, or all that is large (RFC 7383)."""
from lab.case import case
from lab.charon import ROLES, bring_up
from lab.check import check, contains, same
from lab.pki import Authority, Credentials
from lab.traffic import reaches

from .certs import folder, signed, with_charon

VERSIONS = [("ipv4", 4), ("ipv6", 6)]
NO_FRAGMENTS = "ip frag-off & 0x3fff != 0 drop; meta protocol ip6 exthdr frag exists drop;"
NOTHING_LARGE = "udp dport { 500, 4500 } ip length > 576 drop;"
QUICK = {"retransmit_timeout": "0.3s", "retransmit_tries": 3, "retransmit_jitter": 0}
# A certificate of more than two datagrams.
NAMES = [word for i in range(50) for word in ("--san", f"one-of-the-many-names-of-this-gateway-{i}.example.org")]


def drop(bench, rules):
    """Between the two, in both directions."""
    bench.nft(bench.sun.gateway, "\n".join(f"chain {hook} {{ type filter hook {hook} device wan priority 0; {rules} }}"
                                           for hook in ("ingress", "egress")))


def gateways(bench, outer=4, **changes):
    """Both prove themselves by large certificates; their configurations."""
    ca = Authority(bench.directory)
    for side in (bench.moon, bench.sun):
        Credentials(folder(bench, side), side, ca, more=NAMES)
    return [bench.tunnel(side, outer=outer, local=signed(side), remote={"auth": "pubkey"}, **changes)
            for side in (bench.moon, bench.sun)]


def is_carried(bench, wire):
    reaches(bench.alice, bench.sun.inside[4])
    same(wire["fragment"], 0, "IP fragments on the wire")
    check(wire.sizes["ike"] <= 1280, f"no datagram of IKE is larger than 1280 octets: {wire.sizes}")


def narrow(bench, host, device, mtu):
    """The next case finds it as it was, and nobody remembers."""
    host.ip(f"link set {device} mtu {mtu}")
    bench.afterwards(lambda: host.ip(f"link set {device} mtu 1500"))
    for version in ("-4", "-6"):
        bench.afterwards(lambda version=version: bench.moon.gateway.must(["ip", version, "route", "flush", "cache"]))


@case("charon", each=[(f"{version}-{role}", outer, initiate) for version, outer in VERSIONS for role, initiate in ROLES])
def fragments_with_strongswan(bench, outer, we_initiate):
    drop(bench, NO_FRAGMENTS)
    moon, charon = with_charon(bench, *gateways(bench, outer))
    # IKE_SA_INIT cannot be cut: it shall not ask for certificates of all the CAs of the cases before.
    charon.swanctl.must("--load-creds", "--clear", "--noprompt", "--file", f"{charon.swanctl.directory}/swanctl.conf")
    wire = bench.wire()
    bring_up(moon, charon, we_initiate)
    is_carried(bench, wire)


def of_ours(bench, *configurations):
    return [bench.daemon(side, conf).start() for side, conf in zip((bench.moon, bench.sun), configurations)]


@case(each=VERSIONS)
def fragments_of_ours(bench, outer):
    drop(bench, NO_FRAGMENTS)
    moon, _ = of_ours(bench, *gateways(bench, outer))
    wire = bench.wire()
    moon.up()
    is_carried(bench, wire)


@case()
def fragments_that_are_too_large(bench):
    """Nothing above 576 octets gets through: moon tries smaller ones by itself, and sun follows."""
    drop(bench, NOTHING_LARGE)
    moon, sun = of_ours(bench, *gateways(bench, daemon=QUICK))
    moon.up()
    contains(moon.log(), "no answer to IKE_AUTH, which is large: sending it again in", "log of moon")
    reaches(bench.alice, bench.sun.inside[4])
    check("which is large" not in sun.log(), "sun learns the size from the request")


@case(each=VERSIONS)
def fragments_of_a_small_link(bench, outer):
    """Our own interface carries less than fragment_size: the kernel says so, and smaller ones go at once."""
    for side in (bench.moon, bench.sun):
        narrow(bench, side.gateway, "wan", 1300)
    moon, sun = of_ours(bench, *gateways(bench, outer, daemon={"fragment_size": 1500, "retransmit_timeout": "20s"}))
    moon.up()
    for daemon in (moon, sun):
        contains(daemon.log(), "the way to the peer carries at most 1300 octets: sending it again in", "log")
    reaches(bench.alice, bench.sun.inside[4])


@case("nat")
def fragments_of_a_small_link_beyond(bench):
    """A router on the way says by ICMP that its next link carries less."""
    narrow(bench, bench.site.nat, "outer", 1000)
    moon, _ = of_ours(bench, *gateways(bench, daemon={**QUICK, "fragment_size": 1500}))
    moon.up()
    contains(moon.log(), "the way to the peer carries at most 1000 octets: sending it again in", "log of moon")
    reaches(bench.alice, bench.sun.inside[4])


@case()
def fragments_that_are_not_sent(bench):
    """Without them nothing arrives, and it is said why."""
    drop(bench, NO_FRAGMENTS)
    moon, _ = of_ours(bench, *gateways(bench, daemon=QUICK, conn={"fragmentation": "no"}))
    done = moon.ipsec("up", "site")
    same(done.code, 1, f"exit code of ipsec up\n{done.text}")
    contains(done.text, "somebody between may drop IP fragments", "ipsec up")
