# SPDX-License-Identifier: GPL-2.0-or-later
"""ipsec check --peer: what is said of the path, each time with what stands in it and without."""
from cases.faults import findings, finds
from lab.case import case
from lab.check import contains, same

DROP = "chain in {{ type filter hook ingress device wan priority 0; {} }}"


def asked(bench, moon):
    return findings(moon, moon.config, "--peer", "site")


@case()
def path_that_is_good(bench):
    """Before our daemon runs, and beside it."""
    moon, sun = bench.daemon(bench.moon, bench.tunnel(bench.moon)), bench.start(bench.sun)
    for _ in range(2):
        rows = asked(bench, moon)
        finds(rows, "peer", "ok", "site is at 192.0.2.2")
        finds(rows, "peer-ike", "ok", "192.0.2.2 answers on UDP port 500, and would begin")
        finds(rows, "peer-nat-t", "ok", "192.0.2.2 answers on UDP port 4500, and would begin")
        finds(rows, "peer-nat", "ok", "no NAT is before us")
        finds(rows, "peer-size", "ok", "packets of 1500 octets come through (our device has 1500)")
        finds(rows, "peer-size", "ok", "has 1472 octets, and IP fragments come through, too")
        if not moon.running():
            moon.start()
    same((moon.sas(), sun.children()), ([], []), "SAs")


@case(each=[("ike", "ike", 500), ("nat-t", "nat-t", 4500)])
def path_with_a_firewall(bench, row, port):
    bench.nft(bench.sun.gateway, DROP.format(f"udp dport {port} drop;"))
    moon, _ = bench.daemon(bench.moon, bench.tunnel(bench.moon)), bench.start(bench.sun)
    rows = asked(bench, moon)
    finds(rows, f"peer-{row}", "bad", f"nothing comes back from UDP port {port} of 192.0.2.2: a firewall")
    finds(rows, "peer-nat-t" if row == "ike" else "peer-ike", "ok", "would begin")


@case()
def path_to_nobody(bench):
    """The peer's machine is there, and IKE is not; and what is no peer."""
    moon = bench.daemon(bench.moon, bench.tunnel(bench.moon))
    rows = asked(bench, moon)
    finds(rows, "peer-ike", "bad", "nobody listens on UDP port 500 of 192.0.2.2")
    finds(rows, "peer-nat", "note", "not known")
    finds(findings(moon, moon.config, "--peer", "nothing"), "peer", "bad", "there is no connection nothing in it")
    moon.write(bench.tunnel(bench.moon, conn={"remote_addrs": "%any"}))
    finds(asked(bench, moon), "peer", "bad", "no single address or name")


@case()
def path_for_small_packets(bench):
    """As behind a tunnel that says nothing of what it drops."""
    bench.nft(bench.sun.gateway, DROP.format("ip length > 1400 drop;"))
    moon, _ = bench.daemon(bench.moon, bench.tunnel(bench.moon)), bench.start(bench.sun)
    rows = asked(bench, moon)
    finds(rows, "peer-size", "note", "packets of 1400 octets come through (our device has 1500)")
    finds(rows, "peer-size", "note", "has 1372 octets, and IP fragments are dropped")
    moon.write(bench.tunnel(bench.moon, conn={"fragmentation": "no"}))
    finds(asked(bench, moon), "peer-size", "bad", "fragmentation = yes")


@case()
def path_to_a_peer_that_wants_something_else(bench):
    moon = bench.daemon(bench.moon, bench.tunnel(bench.moon, conn={"proposals": "aes128-sha256-modp2048"}))
    bench.start(bench.sun, conn={"proposals": "aes256gcm16-prfsha256-x25519"})
    rows = asked(bench, moon)
    finds(rows, "peer-ike", "note", "answers on UDP port 500 with NO_PROPOSAL_CHOSEN")
    # The group is another: it is asked again with the right one.
    moon.write(bench.tunnel(bench.moon, conn={"proposals": "aes256gcm16-prfsha256-modp2048-x25519"}))
    finds(asked(bench, moon), "peer-ike", "ok", "would begin")


@case("nat")
def path_through_a_nat(bench):
    moon, _ = bench.daemon(bench.moon, bench.tunnel(bench.moon)), bench.start(bench.sun)
    rows = asked(bench, moon)
    finds(rows, "peer-nat", "ok", "a NAT is before us")
    contains(moon.ipsec("--json", "check", moon.config, "--peer", "site").out, '"name":"peer-nat"', "JSON")
