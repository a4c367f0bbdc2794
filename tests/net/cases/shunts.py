# SPDX-License-Identifier: GPL-2.0-or-later
"""Children with mode = pass and drop: traffic that goes past all tunnels, and traffic that does not go at all.
Every stop compares the host with what it was before the first start (Ikev2d.ended)."""
from lab.case import case, user_case
from lab.check import check, contains, same, until
from lab.config import merged
from lab.traffic import cannot_reach, reaches, send_udp

EVERYTHING = {4: "0.0.0.0/0", 6: "::/0"}


def shunt(mode, local, remote, **keys):
    """The keys of one, which is installed with the configuration."""
    return {"mode": mode, "local_ts": local, "remote_ts": remote, "start_action": "trap", **keys}


def with_shunts(configuration, **shunts):
    """A connection more, which has no peer, and these children."""
    return merged(configuration, {"connections": {"shunts": {"children": shunts}}})


def start(bench, side, tunnel, **shunts):
    """Who answers a command has installed them."""
    daemon = bench.daemon(side, with_shunts(tunnel, **shunts)).start()
    daemon.must("status")
    return daemon


def host_to_everywhere(bench, version=4):
    """The ends of a tunnel of moon alone to all that is behind sun: also what is beside moon."""
    ours = {"outer": version, "inner": (), "child": {"remote_ts": EVERYTHING[version]}}
    theirs = {"outer": version, "inner": (), "child": {"local_ts": EVERYTHING[version]}}
    return bench.tunnel(bench.moon, **ours), bench.tunnel(bench.sun, **theirs)


@case(each=[("ipv4", 4), ("ipv6", 6)], quick=("ipv4",))
def shunt_passes_the_local_network(bench, version):
    """The tunnel takes everything; the host's own network is reached all the same, and everything else by the tunnel."""
    near, far, net = bench.moon.inside[version], bench.sun.inside[version], bench.moon.net[version]
    ours, theirs = host_to_everywhere(bench, version)
    bench.daemon(bench.sun, theirs).start()
    without = bench.daemon(bench.moon, ours, name="without").start()
    without.up()
    cannot_reach(bench.moon.gateway, near)
    without.stop()
    moon = start(bench, bench.moon, ours, lan=shunt("pass", net, net))
    moon.up()
    wire = bench.wire()
    reaches(bench.moon.gateway, near)
    reaches(bench.moon.gateway, near, "-I", bench.moon.lan[version])
    reaches(bench.alice, bench.moon.lan[version])
    reaches(bench.moon.gateway, far)
    wire.all_in(bench.esp)


@case(each=[("ipv4", 4), ("ipv6", 6)])
def shunt_passes_one_port(bench, version):
    """What is for that port goes in the clear, through both ends' guards, and the rest by the tunnel."""
    a, b = bench.moon.net[version], bench.sun.net[version]
    start(bench, bench.sun, bench.tunnel(bench.sun, inner=(version,)), dns=shunt("pass", f"{b}[udp/7000]", a))
    moon = start(bench, bench.moon, bench.tunnel(bench.moon, inner=(version,)), dns=shunt("pass", a, f"{b}[udp/7000]"))
    moon.up()
    inside = bench.sun.inside[version]
    clear, sealed = bench.datagrams(bench.bob, inside, 7000), bench.datagrams(bench.bob, inside, 7001)
    wire = bench.wire()
    send_udp(bench.alice, inside, 7001, [b"by the tunnel"])
    sealed.wait(b"by the tunnel")
    reaches(bench.alice, inside)
    wire.all_in(bench.esp)
    before = wire[bench.esp]
    send_udp(bench.alice, inside, 7000, [b"past the tunnel"])
    clear.wait(b"past the tunnel")
    wire.wait("clear")
    same(wire[bench.esp], before, f"packets in the tunnel: {wire}")


@case(each=[("ipv4", 4), ("ipv6", 6)])
def shunt_drops(bench, version):
    """Both ways, forwarded packets and those of the gateway, and nothing else."""
    a, b = bench.moon.net[version], bench.sun.net[version]
    near, far = bench.moon.inside[version], bench.sun.inside[version]
    moon = start(bench, bench.moon, {}, rest=shunt("drop", a, b))
    wire = bench.wire()
    cannot_reach(bench.alice, far)
    cannot_reach(bench.moon.gateway, far, "-I", bench.moon.lan[version])
    wire.no_clear()
    lan = bench.wire(device="lan")
    cannot_reach(bench.bob, near)
    cannot_reach(bench.bob, bench.moon.lan[version])
    same(lan["clear"], 0, f"packets that came to alice: {lan}")
    reaches(bench.moon.gateway, bench.sun.wan[version])
    reaches(bench.alice, bench.sun.wan[version])
    moon.stop()
    reaches(bench.alice, far)


@case()
def shunt_drops_what_no_tunnel_takes(bench):
    """A tunnel goes before a shunt that drops: its traffic flows while it is up, and never in the clear. IKE and ESP of
    the gateway itself are not concerned."""
    def rest(side):
        return shunt("drop", [side.net[4], f"{side.wan[4]}/32"], "0.0.0.0/0", start_action="start")

    start(bench, bench.sun, bench.tunnel(bench.sun), rest=rest(bench.sun))
    moon = start(bench, bench.moon, bench.tunnel(bench.moon), rest=rest(bench.moon))
    wire = bench.wire()
    cannot_reach(bench.alice, bench.sun.inside[4])
    moon.up()
    reaches(bench.alice, bench.sun.inside[4])
    reaches(bench.bob, bench.moon.inside[4])
    cannot_reach(bench.moon.gateway, bench.sun.wan[4])
    cannot_reach(bench.alice, bench.sun.wan[4])
    moon.must("down", "site")
    cannot_reach(bench.alice, bench.sun.inside[4])
    wire.all_in(bench.esp)


@case()
def shunt_that_passes_follows_reloads(bench):
    """It is added, becomes another, and goes, while the tunnel that takes everything carries."""
    near, far = bench.moon.inside[4], bench.sun.inside[4]
    ours, theirs = host_to_everywhere(bench)
    bench.daemon(bench.sun, theirs).start()
    moon = bench.daemon(bench.moon, ours).start()
    moon.up()
    cannot_reach(bench.moon.gateway, near)
    for remote, passes in (bench.moon.net[4], True), ("10.1.0.200/32", False), (f"{near}/32", True):
        moon.write(with_shunts(ours, lan=shunt("pass", bench.moon.net[4], remote)))
        moon.must("reload")
        (reaches if passes else cannot_reach)(bench.moon.gateway, near)
    moon.write(ours)
    moon.must("reload")
    cannot_reach(bench.moon.gateway, near)
    reaches(bench.moon.gateway, far)


@case()
def shunt_that_drops_follows_reloads(bench):
    """One that stays drops all the time, beside others that come, change and go."""
    a, b, address = bench.moon.net[4], bench.sun.net[4], bench.moon.lan[4]
    stays = shunt("drop", f"{address}/32", b)
    moon = start(bench, bench.moon, {}, stays=stays)
    for changes, alice_reaches in (({"no": shunt("drop", a, b)}, False), ({"no": shunt("drop", a, "10.9.0.0/24")}, True),
                                   ({"other": {"mode": "drop", "local_ts": a, "remote_ts": b}}, True), ({}, True)):
        moon.write(with_shunts({}, stays=stays, **changes))
        moon.must("reload")
        (reaches if alice_reaches else cannot_reach)(bench.alice, bench.sun.inside[4])
        cannot_reach(bench.bob, address)
    check("10.9.0.0" not in moon.host.must(["nft", "list", "ruleset"]), "rules of what has gone")
    same(moon.log().count("child=stays"), 1, "times that stays was installed or taken away")


@case()
def shunt_after_a_crash(bench):
    """What drops goes on without the daemon, what passes ends with its next start; an orderly stop leaves nothing."""
    a, b = bench.moon.net[4], bench.sun.net[4]
    ours, theirs = host_to_everywhere(bench)
    bench.daemon(bench.sun, theirs).start()
    shunts = {"lan": shunt("pass", a, a), "no": shunt("drop", a, b)}
    moon = start(bench, bench.moon, ours, **shunts)
    moon.up()
    moon.kill()
    reaches(bench.moon.gateway, bench.moon.inside[4])
    cannot_reach(bench.alice, bench.sun.inside[4])
    moon.start()
    cannot_reach(bench.alice, bench.sun.inside[4])
    moon.up()
    reaches(bench.moon.gateway, bench.moon.inside[4])
    cannot_reach(bench.alice, bench.sun.inside[4])
    moon.kill()
    moon.write(ours)
    moon.start()
    check("goto" not in moon.host.must(["ip", "rule"]), "no rule lets packets pass")
    cannot_reach(bench.alice, bench.sun.inside[4])
    moon.up()
    cannot_reach(bench.moon.gateway, bench.moon.inside[4])
    moon.stop()
    reaches(bench.alice, bench.sun.inside[4])


@case()
def shunt_is_never_negotiated(bench):
    """Neither as the answer to a peer that asks for just that, nor by a command."""
    a, b = bench.moon.net[4], bench.sun.net[4]
    net = {"child": {"mode": "pass", "start_action": "trap"}}
    both = {"conn": {"children": {"other": {"local_ts": "10.9.0.0/24", "remote_ts": b}}}}
    sun = bench.start(bench.sun)
    moon = bench.start(bench.moon, **net)
    contains(sun.ipsec("up", "site").text, "NO_PROPOSAL_CHOSEN", "ipsec up on sun")
    done = moon.ipsec("up", "net")
    same(done.code, 1, f"exit code of ipsec up\n{done.text}")
    for part in "child net is a shunt (mode = pass)", "start_action = trap":
        contains(done.text, part, "ipsec up on moon")
    contains(moon.ipsec("up", "site").text, "is a shunt", "ipsec up on moon")
    moon.write(bench.tunnel(bench.moon, **merged(net, both)))
    moon.must("reload")
    contains(sun.ipsec("up", "site").text, "TS_UNACCEPTABLE", "ipsec up on sun")
    same(moon.children(), [], "CHILD_SAs of moon")
    check(a in moon.host.must(["ip", "rule"]), "packets pass")


@case()
def shunt_by_swanctl(bench):
    """Lists, installs and takes away; what was loaded over VICI goes with its connection."""
    a, b = bench.moon.net[4], bench.sun.net[4]
    moon = bench.daemon(bench.moon, None).start()
    swanctl = bench.swanctl(moon)
    swanctl.load({"connections": {"shunts": {"children": {
        "lan": shunt("pass", a, a), "idle": {"mode": "drop", "local_ts": a, "remote_ts": b}}}}})
    contains(swanctl.must("--list-conns"), "  lan: PASS, no rekeying", "swanctl --list-conns")
    lan = f"shunts/lan, PASS\n  local:  {a}\n  remote: {a}\n"
    idle = f"shunts/idle, DROP\n  local:  {a}\n  remote: {b}\n"
    same(swanctl.must("--list-pols"), lan, "swanctl --list-pols")
    contains(swanctl.must("--install", "--child", "idle"), "install completed", "swanctl --install")
    same(swanctl.must("--list-pols"), lan + idle, "swanctl --list-pols")
    same(swanctl.must("--list-pols", "--drop"), idle, "swanctl --list-pols --drop")
    cannot_reach(bench.alice, bench.sun.inside[4])
    contains(swanctl.must("--uninstall", "--child", "idle", "--ike", "shunts"), "uninstall completed", "swanctl")
    reaches(bench.alice, bench.sun.inside[4])
    contains(swanctl.run("--uninstall", "--child", "idle").err, "policy 'idle' not found", "swanctl --uninstall")
    contains(swanctl.run("--initiate", "--child", "lan").err, "there is nothing to negotiate", "swanctl --initiate")
    swanctl.load({"connections": {}})
    same(swanctl.must("--list-pols"), "", "swanctl --list-pols")
    check("goto" not in moon.host.must(["ip", "rule"]), "no rule lets packets pass")


@user_case()
def shunt_that_cannot_be_had(bench):
    """It is told where it stands and what to write; the others are installed."""
    moon = start(bench, bench.moon, {}, ping=shunt("pass", None, "10.2.0.0/24[icmp/8]"),
                 no=shunt("drop", bench.moon.net[4], bench.sun.net[4]))
    moon.wait_log("not installed: no routing rule can let 10.2.0.0/24[icmp/8] pass", "leave the type out",
                  "ikev2d.conf:")
    cannot_reach(bench.alice, bench.sun.inside[4])


@case()
def priority_of_overlapping_tunnels(bench):
    """Of two children that take the same packet that of the smaller priority carries it, though it is the wider one."""
    wide = {"local_ts": "10.1.0.0/16", "remote_ts": "10.2.0.0/16", "priority": "1000"}
    turned = {"local_ts": wide["remote_ts"], "remote_ts": wide["local_ts"], "priority": "1000"}
    moon, _ = bench.pair(moon={"conn": {"children": {"wide": wide}}}, sun={"conn": {"children": {"wide": turned}}})
    for child in "net", "wide":
        moon.up(child)
    reaches(bench.alice, bench.sun.inside[4])
    until(lambda: {c["name"]: int(c["packets_out"]) for c in moon.children()} == {"net": 0, "wide": 3},
          lambda: f"wide carries alice's packets: {moon.children()}")
