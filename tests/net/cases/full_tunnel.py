# SPDX-License-Identifier: GPL-2.0-or-later
"""A road warrior whose tunnel takes everything: what goes through it, what stays beside it, and that nothing leaks."""
from cases.processes import killed
from lab.case import case
from lab.check import check, contains, same, until
from lab.config import merged
from lab.traffic import cannot_reach, reaches, reaches_in_the_end

POOLS = {"pools": {"rw": {"addrs": "10.93.0.0/24"}, "rw6": {"addrs": "2001:db8:93::/120"}}}
EVERYTHING = "0.0.0.0/0, ::/0"


def client(bench, remote=EVERYTHING, vips=("0.0.0.0", "::"), daemon=None, **changes):
    asks = {"inner": (4, 6), "conn": {"vips": list(vips)}, "child": {"local_ts": "dynamic", "remote_ts": remote}}
    return {**bench.tunnel(bench.moon, **merged(asks, changes)), "daemon": daemon or {}}


def start(bench, **changes):
    gives = {"inner": (4, 6), "conn": {"pools": ["rw", "rw6"]}, "child": {"remote_ts": "dynamic", "local_ts": EVERYTHING}}
    bench.daemon(bench.sun, {**bench.tunnel(bench.sun, **gives), **POOLS}).start()
    return bench.daemon(bench.moon, client(bench, **changes)).start()


def main_routes(host):
    """But for the one that the kernel makes for an address of IPv6."""
    lines = [host.must(["ip", f"-{v}", "route", "show", "table", "main"]) for v in (4, 6)]
    return [line for line in "".join(lines).splitlines() if not line.startswith("2001:db8:93::1 dev lo")]


@case(quick=True)
def full_tunnel(bench):
    """Both versions go through it, the tunnel's own packets to the gateway do not, and the machine's routes stay."""
    moon = start(bench)
    before = main_routes(moon.host)
    moon.up()
    wire = bench.wire()
    for version in 4, 6:
        reaches_in_the_end(moon.host, bench.sun.inside[version])
        reaches(moon.host, bench.sun.wan[version])  # the gateway itself, too
    wire.all_in(bench.esp)
    for version in 4, 6:
        cannot_reach(moon.host, bench.moon.inside[version])  # no host beside it
    same(main_routes(moon.host), before, "the main routing table")
    moon.must("down", "site")
    same(main_routes(moon.host), before, "the main routing table")
    for version in 4, 6:
        reaches(moon.host, bench.moon.inside[version])


@case()
def split_tunnel(bench):
    """What is not in remote_ts goes where it went before, in the clear, from an address of before."""
    moon = start(bench, remote="10.2.0.0/24, 2001:db8:2::/64")
    moon.up()
    wire = bench.wire()
    for version in 4, 6:
        reaches_in_the_end(moon.host, bench.sun.inside[version])
    wire.all_in(bench.esp)
    for version in 4, 6:
        reaches(moon.host, bench.moon.inside[version])
        reaches(moon.host, bench.sun.wan[version])
    wire.wait("clear", 2)


@case(each=[("ipv4", 4), ("ipv6", 6)], quick=("ipv4",))
def lan_bypass(bench, version):
    """Networks beside it are reached; also one that comes while the tunnel stands, until it goes."""
    new = {4: ("10.77.0.1/24", "10.77.0.10"), 6: ("fd00:77::1/64", "fd00:77::10")}[version]
    moon = start(bench, daemon={"lan_bypass": {4: "yes", 6: "all"}[version]})
    moon.up()
    reaches(moon.host, bench.moon.inside[version])
    reaches(bench.alice, bench.moon.lan[version])
    if version == 6:
        moon.write(client(bench, daemon={"lan_bypass": "yes"}))
        moon.must("reload")
        moon.wait_log("write daemon.lan_bypass = all")
        cannot_reach(moon.host, bench.moon.inside[version])
    bench.alice.ip(f"addr add {new[1]}/{new[0].split('/')[1]} dev lan" + (" nodad" if version == 6 else ""))
    bench.afterwards(lambda: bench.alice.ip(f"addr del {new[1]}/{new[0].split('/')[1]} dev lan"))
    cannot_reach(moon.host, new[1])
    moon.host.ip(f"addr add {new[0]} dev lan" + (" nodad" if version == 6 else ""))
    reaches_in_the_end(moon.host, new[1])
    moon.host.ip(f"addr del {new[0]} dev lan")
    until(lambda: moon.host.run(["ping", "-c1", "-W1", new[1]]).code, "it is in the tunnel again")
    wire = bench.wire()
    reaches(moon.host, bench.sun.inside[version])
    wire.all_in(bench.esp)


@case(each=[("half-the-world", 4, "10.77.0.1/1"), ("all-of-10", 4, "10.77.0.1/8"), ("where-somebody-is", 4, "198.18.77.1/24"),
            ("half-the-world-ipv6", 6, "2001:db8:77::1/1"), ("where-somebody-is-ipv6", 6, "2001:db8:77::1/64")])
def lan_bypass_is_not_for(bench, version, network):
    """What a foreign network gives out may be meant to draw packets out of the tunnel: they stay in it, and it is said."""
    moon = start(bench, daemon={"lan_bypass": "yes"})
    moon.up()
    moon.host.ip(f"addr add {network} dev lan" + (" nodad" if version == 6 else ""))
    moon.wait_log("it goes through the tunnels all the same")
    wire = bench.wire()
    reaches_in_the_end(moon.host, bench.sun.inside[version])
    wire.all_in(bench.esp)
    moon.host.ip(f"addr del {network} dev lan")


@case()
def lan_bypass_follows_reloads(bench):
    moon = start(bench)
    moon.up()
    for wanted in True, False:
        moon.write(client(bench, daemon={"lan_bypass": "yes" if wanted else "no"}))
        moon.must("reload")
        if wanted:
            reaches_in_the_end(moon.host, bench.moon.inside[4])
        else:
            cannot_reach(moon.host, bench.moon.inside[4])


@case(each=[("ipv6", 4, 6), ("ipv4", 6, 4)])
def other_family_does_not_leak(bench, takes, other):
    """The tunnel takes all of one IP version. The other goes in the clear; where it is to be dropped, nowhere while the
    tunnel is up, also behind a rekeying and a crash, until the next start."""
    what = {"remote": {4: "0.0.0.0/0", 6: "::/0"}[takes], "vips": [{4: "0.0.0.0", 6: "::"}[takes]]}
    moon = start(bench, **what)
    moon.up()
    reaches(moon.host, bench.sun.inside[other])
    moon.must("down", "site")
    moon.write(client(bench, child={"other_family": "drop"}, **what))
    moon.must("reload")
    moon.up()
    moon.wait_log("it goes nowhere: the tunnel takes all of the other IP version only")
    wire = bench.wire()
    reaches_in_the_end(moon.host, bench.sun.inside[takes])
    cannot_reach(moon.host, bench.sun.inside[other])
    moon.must("rekey", "site/net")
    cannot_reach(moon.host, bench.sun.inside[other])
    moon.must("rekey", "site", "--reauth")
    until(lambda: len(moon.sas()) == 1, "one IKE_SA", 15)
    cannot_reach(moon.host, bench.sun.inside[other])
    wire.all_in(bench.esp)
    moon.must("down", "site")
    reaches(moon.host, bench.sun.inside[other])
    moon.up()
    cannot_reach(moon.host, bench.sun.inside[other])
    moon.kill()
    cannot_reach(moon.host, bench.sun.inside[other])
    moon.start()
    contains(moon.must("status"), "site: down", "status")
    check(moon.ipsec("stop").code == 0, "it stops")
    moon.ended()
    reaches(moon.host, bench.sun.inside[other])


@case()
def other_family_after_ike_was_killed(bench):
    """What the process had that was lost keeps nothing back in the end."""
    child = {"other_family": "drop", "start_action": "start", "keep": "yes"}
    moon = start(bench, remote="0.0.0.0/0", vips=["0.0.0.0"], child=child)
    moon.wait_log("it goes nowhere: the tunnel takes all of the other IP version only")
    killed(moon, "ike")
    until(lambda: "what ike had before it was lost is taken away" in moon.log(), moon.log, 40)
    until(moon.sas, moon.log)
    cannot_reach(moon.host, bench.sun.inside[6])
    moon.must("down", "site")
    reaches_in_the_end(moon.host, bench.sun.inside[6])
