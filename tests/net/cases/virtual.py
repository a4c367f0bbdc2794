# SPDX-License-Identifier: GPL-2.0-or-later
"""Virtual addresses: moon is the road warrior, sun gives it addresses; in the other role moon gives, and charon on sun
asks."""
import re

from lab.case import case, user_case
from lab.charon import ROLES
from lab.check import check, contains, same, until
from lab.config import merged
from lab.traffic import reaches, reaches_in_the_end

POOLS = {"pools": {"rw": {"addrs": "10.93.0.0/24", "dns": "192.0.2.53, 2001:db8::53", "25": "example.org"},
                   "rw6": {"addrs": "2001:db8:93::/120"}}}
ASKS = {"conn": {"vips": ["0.0.0.0", "::"]}, "child": {"local_ts": "dynamic"}}
GIVES = {"conn": {"pools": ["rw", "rw6"]}, "child": {"remote_ts": "dynamic"}}
GIVEN = {4: "10.93.0.1", 6: "2001:db8:93::1"}
BOTH = {"inner": (4, 6)}


def client(bench, side, **changes):
    return bench.tunnel(side, **merged(merged(BOTH, ASKS), changes))


def gateway(bench, side, **changes):
    return {**bench.tunnel(side, **merged(merged(BOTH, GIVES), changes)), **POOLS}


def started(bench, moon=None, sun=None):
    return (bench.daemon(bench.moon, client(bench, bench.moon, **(moon or {}))).start(),
            bench.daemon(bench.sun, gateway(bench, bench.sun, **(sun or {}))).start())


def addresses(host):
    """What a road warrior has on its devices of what the pools have."""
    found = re.findall(r"inet6? (10\.93\.[\d.]+|2001:db8:93:[\da-f:]+)/", host.run(["ip", "addr"]).out)
    return sorted(found)


def has(host, *wanted):
    until(lambda: addresses(host) == sorted(wanted), lambda: f"{host.name} has {wanted}: {addresses(host)}")


def leases(daemon):
    return {lease["address"]: (lease["identity"], lease["status"])
            for pool in daemon.json("list", "pools", "--leases")["pools"] for lease in pool["leases"]}


@case(quick=True)
def virtual_addresses(bench):
    """Of both families; they are the source of what this machine sends, and go with the IKE_SA."""
    moon, sun = started(bench)
    moon.up()
    has(moon.host, *GIVEN.values())
    for version in 4, 6:
        reaches(moon.host, bench.sun.inside[version])
        reaches(bench.bob, GIVEN[version])
    sa = moon.sas()[0]
    same(sa["local_vips"], list(GIVEN.values()), "virtual addresses of moon")
    same(sa["dns"], ["192.0.2.53", "2001:db8::53"], "DNS servers that moon is told")
    same(sun.sas()[0]["remote_vips"], list(GIVEN.values()), "virtual addresses that sun has given")
    same(leases(sun), {ip: (bench.moon.id, "online") for ip in GIVEN.values()}, "leases")
    contains(sun.must("list", "pools", "--leases"), f"  10.93.0.1 online {bench.moon.id}", "ipsec list pools --leases")
    moon.must("down", "site")
    has(moon.host)
    until(lambda: leases(sun)["10.93.0.1"] == (bench.moon.id, "offline"), lambda: f"it is free: {leases(sun)}")


@case()
def virtual_addresses_survive_rekeying_and_reauthentication(bench):
    moon, sun = started(bench)
    moon.up()
    for words in ("rekey", "site"), ("rekey", "site/net"), ("rekey", "site", "--reauth"):
        moon.must(*words)
        until(lambda: len(moon.sas()) == 1 and len(sun.sas()) == 1, lambda: f"one IKE_SA: {moon.sas()}", 15)
        has(moon.host, *GIVEN.values())
        for version in 4, 6:
            reaches_in_the_end(moon.host, bench.sun.inside[version])
    moon.must("down", "site")
    has(moon.host)


@case()
def virtual_address_after_a_restart(bench):
    """Of the gateway: each of two users has the address that it had."""
    moon, sun = started(bench, sun={"remote": {"id": "%any"}})

    def comes_as(user):
        moon.write(client(bench, bench.moon, local={"id": user}))
        moon.must("reload")
        moon.up()
        found = moon.sas()[0]["local_vips"][0]
        moon.must("down", "site")
        moon.wait_idle()
        return found

    same([comes_as("alice@example.org"), comes_as("bob@example.org")], ["10.93.0.1", "10.93.0.2"], "addresses")
    sun.kill()
    sun.start()
    same([comes_as("bob@example.org"), comes_as("carol@example.org"), comes_as("alice@example.org")],
         ["10.93.0.2", "10.93.0.3", "10.93.0.1"], "addresses after the restart")


@case()
def virtual_address_after_a_crash(bench):
    """Of the road warrior: nothing is left of it after its next start."""
    moon, _ = started(bench)
    moon.up()
    has(moon.host, *GIVEN.values())
    moon.kill()
    same(addresses(moon.host), sorted(GIVEN.values()), "addresses when nobody is there to take them away")
    moon.start()
    has(moon.host)
    moon.up()
    has(moon.host, *GIVEN.values())
    reaches_in_the_end(moon.host, bench.sun.inside[4])


@case()
def virtual_addresses_are_used_up(bench):
    """There is one, and somebody has it."""
    moon, sun = started(bench)
    configuration = merged(gateway(bench, bench.sun), {"pools": {"rw": {"addrs": "10.93.0.7"}}})
    configuration["pools"].pop("rw6")
    configuration["connections"]["site"]["pools"] = "rw"
    configuration["connections"]["site"]["remote"]["id"] = "%any"
    sun.write(configuration)
    sun.must("reload")
    moon.up()
    has(moon.host, "10.93.0.7")
    other = client(bench, bench.moon, local={"id": "other"})
    moon.write({**other, "connections": {**client(bench, bench.moon)["connections"], "other": other["connections"]["site"]}})
    moon.must("reload")
    done = moon.ipsec("up", "other")
    same(done.code, 1, f"exit code of ipsec up\n{done.text}")
    contains(done.err, "the gateway has no virtual address for us", "ipsec up")
    sun.wait_log("there is no virtual address left for other", "rw (10.93.0.7-10.93.0.7, 1 in use)")
    has(moon.host, "10.93.0.7")


@user_case()
def virtual_addresses_and_updown(bench):
    moon, _ = started(bench, moon={"child": {"updown": f"env > {bench.directory}/updown"}})
    moon.up()

    def told():
        try:
            with open(f"{bench.directory}/updown", encoding="ascii") as f:
                return f.read()
        except FileNotFoundError:
            return ""

    for line in ("PLUTO_MY_SOURCEIP=10.93.0.1", "PLUTO_MY_SOURCEIP4_1=10.93.0.1", "PLUTO_MY_SOURCEIP6_1=2001:db8:93::1",
                 "PLUTO_DNS4_1=192.0.2.53", "PLUTO_DNS6_1=2001:db8::53"):
        until(lambda line=line: line in told(), lambda line=line: f"{line} in {told()}")


def begins(bench, we_initiate):
    """The road warrior is ours, or strongSwan's."""
    ours, theirs = (client, gateway) if we_initiate else (gateway, client)
    bench.charon.load(theirs(bench, bench.sun))
    moon = bench.daemon(bench.moon, None).start()
    bench.swanctl(moon).load(ours(bench, bench.moon))
    if we_initiate:
        moon.up()
    else:
        done = bench.charon.up()
        same(done.code, 0, f"swanctl --initiate\n{done.text}\n{moon.log()}")
    return moon


@case("charon", each=ROLES)
def virtual_addresses_with_strongswan(bench, we_initiate):
    """The stock swanctl says of both gateways the same."""
    moon = begins(bench, we_initiate)
    warrior, behind = (bench.moon, bench.sun) if we_initiate else (bench.sun, bench.moon)
    for version in 4, 6:
        reaches_in_the_end(warrior.gateway, behind.inside[version])
    has(warrior.gateway, *GIVEN.values())
    given = bench.charon.swanctl if we_initiate else bench.swanctl(moon)
    pools = given.must("--list-pools", "--leases")
    lines = [" ".join(line.split()) for line in pools.splitlines()]
    for version, name, base, size in (4, "rw", "10.93.0.0", 254), (6, "rw6", "2001:db8:93::", 254):
        check(f"{name} {base} 1 / 0 / {size}" in lines, f"swanctl --list-pools\n{pools}")
        check(f"{GIVEN[version]} online '{warrior.id}'" in lines, f"swanctl --list-pools --leases\n{pools}")
    contains(bench.swanctl(moon).must("--list-sas"), f"[{GIVEN[4]} {GIVEN[6]}]", "swanctl --list-sas of ours")
    contains(bench.charon.sas(), f"[{GIVEN[4]} {GIVEN[6]}]", "swanctl --list-sas of charon")


@case("charon")
def virtual_addresses_reload_with_swanctl(bench):
    """Pools come and go over VICI, as they do with charon; one that is loaded again knows its leases."""
    bench.charon.load(client(bench, bench.sun))
    moon = bench.daemon(bench.moon, None).start()
    swanctl = bench.swanctl(moon)
    configuration = gateway(bench, bench.moon)
    swanctl.load(configuration)
    same(bench.charon.up().code, 0, "exit code of swanctl --initiate")
    contains(swanctl.must("--list-pools", "--leases"), f"online   '{bench.sun.id}'", "leases of moon")
    swanctl.load({**configuration, "pools": {}})
    check("10.93" not in swanctl.must("--list-pools", "--leases"), "the pools are gone")
    swanctl.load(configuration)
    contains(swanctl.must("--list-pools", "--leases"), f"online   '{bench.sun.id}'", "leases of moon")


@case()
def virtual_address_by_a_trap(bench):
    """The first packet asks for it; those behind it have it."""
    moon, _ = started(bench, moon={"child": {"start_action": "trap"}})
    moon.wait_trap()
    reaches_in_the_end(moon.host, bench.sun.inside[4])
    has(moon.host, *GIVEN.values())
    reaches(moon.host, bench.sun.inside[4])
    same(len(moon.sas()), 1, "IKE_SAs")
    moon.must("down", "site")
    has(moon.host)
    moon.wait_trap()
    reaches_in_the_end(moon.host, bench.sun.inside[4])
    has(moon.host, *GIVEN.values())
