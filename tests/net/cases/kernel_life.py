# SPDX-License-Identifier: GPL-2.0-or-later
"""What becomes of tunnels in the kernel: rekeyed, at their limits, called for by packets, crashed, on bad links."""
from cases.kernel import OURS, carries
from cases.reload import reload_with
from cases.shunts import shunt, start
from lab import family, xfrm
from lab.case import case
from lab.check import check, contains, same, until
from lab.config import SECRET
from lab.gateways import Pair, pairs
from lab.ikev2d import parse_json
from lab.traffic import Pings, cannot_reach, reaches, reaches_in_the_end, tcp

KERNEL = {"daemon": {"datapath": "kernel"}}
INTERFACE = {"child": {"interface": "vpn", "interface_routes": "yes"}}
TRAP = {"child": {"start_action": "trap"}}


@case(kernel=True, each=OURS)
def kernel_rekey(bench, kinds):
    """By either side, child and IKE_SA, with packets passing."""
    tunnel = Pair(bench, kinds).up().tunnel()
    for end in tunnel.ends:
        tunnel.changes(lambda end=end: end.rekey("net"), children=["net"])
    tunnel.changes(tunnel.moon.rekey, ike=True)
    tunnel.flow.whole()
    tunnel.spis()


@case(kernel=True)
def kernel_hard_limit(bench):
    """And where the peer does not answer, nothing passes any more."""
    n = 20000
    soon = {"retransmit_timeout": "1s", "retransmit_base": "1"}
    moon, sun = bench.pair(moon={"child": {"rekey_bytes": n // 2, "life_bytes": n}}, daemon={**KERNEL["daemon"], **soon})
    moon.up()
    tunnel = bench.between(moon, sun)
    hear = bench.deafen_to_ike(bench.sun)
    tunnel.flow.stands()
    check(all(sa.octets < 1.2 * n for sa in xfrm.sas(moon.host)), f"more than {n} octets passed: {xfrm.sas(moon.host)}")
    hear()


@case(kernel=True)
def kernel_keys_are_nowhere_after_down(bench):
    """Of a child whose packets the kernel carries: its keys, which guard has handed on, are in the memory of no process."""
    moon, sun = bench.pair(**KERNEL)
    moon.up()
    reaches(bench.alice, bench.sun.inside[4])
    needles = {f"key {n}": [key] for n, key in enumerate(xfrm.keys(moon.host))}
    same(len(needles), 2, "keys of both directions")
    check(family.holds(family.keeper(moon), {"secret": [SECRET.encode()]}), "what is there is found")
    moon.must("down", "site")
    for daemon in moon, sun:
        for pid in [daemon.process.pid, *family.others(daemon)]:
            until(lambda pid=pid: not family.holds(pid, needles), f"they are not in the memory of {family.title(pid)}", 5)


@case(kernel=True, each=pairs("ours-to-strongswan"))
def kernel_trap(bench, kinds):
    """The first packet brings it up, and again after it was taken down."""
    pair = Pair(bench, kinds, moon=TRAP)
    moon = pair.moon.daemon
    until(lambda: xfrm.policies(moon.host), "the trap is in the kernel")
    wire = bench.wire()
    reaches_in_the_end(bench.alice, bench.sun.inside[4])
    carries(bench)
    moon.must("down", "site")
    moon.wait_idle()
    until(lambda: not xfrm.sas(moon.host), lambda: f"SAs in the kernel of moon: {xfrm.sas(moon.host)}")
    reaches_in_the_end(bench.alice, bench.sun.inside[4])
    wire.all_in("esp")


@case(kernel=True)
def kernel_shunt_drops(bench):
    """What no tunnel takes, and with the tunnel down what that took."""
    bench.start(bench.sun, **KERNEL)
    moon = start(bench, bench.moon, bench.tunnel(bench.moon, **KERNEL), rest=shunt("drop", bench.moon.net[4], "0.0.0.0/0"))
    wire = bench.wire()
    moon.up()
    carries(bench)
    cannot_reach(bench.alice, bench.sun.wan[4])
    moon.must("down", "site")
    cannot_reach(bench.alice, bench.sun.inside[4])
    wire.all_in("esp")


@case(kernel=True)
def kernel_shunt_passes(bench):
    """Of the tunnel's networks one pair of addresses goes past it."""
    a, b = f"{bench.moon.inside[4]}/32", f"{bench.sun.inside[4]}/32"
    for side, local, remote in (bench.sun, b, a), (bench.moon, a, b):
        daemon = start(bench, side, bench.tunnel(side, **KERNEL), other=shunt("pass", local, remote))
    daemon.up()
    wire = bench.wire()
    reaches(bench.moon.gateway, bench.sun.lan[4], "-I", bench.moon.lan[4])
    wire.all_in("esp")
    reaches(bench.alice, bench.sun.inside[4])
    check(wire["clear"] == 6, f"alice's packets go past the tunnel: {wire}")


def bad_link(bench):
    """From now on packets are late, lost and out of order, those of IKE, too."""
    for side in bench.moon, bench.sun:
        side.gateway.must(["tc", "qdisc", "add", "dev", "wan", "root", "netem", "delay", "30ms", "10ms", "loss", "5%"])
        bench.afterwards(lambda host=side.gateway: host.must(["tc", "qdisc", "del", "dev", "wan", "root"]))


@case(kernel=True)
def kernel_bad_link(bench):
    """It comes up all the same, and is rekeyed."""
    bad_link(bench)
    tunnel = Pair(bench, ("ours", "ours"), daemon={"retransmit_timeout": "1s"}).up().tunnel()
    tunnel.changes(lambda: tunnel.moon.rekey("net"), children=["net"], seconds=20)
    tunnel.flow.not_doubled()
    tcp(bench.alice, bench.bob, bench.sun.inside[4], size=1 << 16, seconds=120)


def what_status_shows(daemon):
    """SAs and policies of the kernel are those that it tells of, as soon as nothing changes between two looks."""
    def told():
        children = daemon.children()
        return (sorted(c[spi] for c in children for spi in ("spi_in", "spi_out")),
                {(c["local_ts"][0], c["remote_ts"][0]) for c in children})

    def there():
        return xfrm.spis(daemon.host), {(p.src, p.dst) if p.direction == "out" else (p.dst, p.src)
                                        for p in xfrm.policies(daemon.host) if p.templates}

    until(lambda: told() == there(), lambda: f"SPIs, and selectors of policies: told {told()}, in the kernel {there()}")


def looked_at(daemon):
    """What ipsec check finds in the data path; its exit code fits."""
    done = daemon.ipsec("--json", "check", daemon.config)
    row = next(row for row in parse_json(done.out)["findings"] if row["name"] == "data-path")
    same(done.code, int(row["verdict"] == "bad"), f"exit code of ipsec check\n{done.text}")
    return row["verdict"], row["text"]


@case(kernel=True)
def kernel_changed_by_somebody(bench):
    """A policy is gone: ipsec check says so, and has it made anew; as it is at times of themselves, where those are set."""
    moon, _ = bench.pair(daemon={**KERNEL["daemon"], "audit_interval": "0"})
    moon.up()
    local, remote = bench.moon.net[4], bench.sun.net[4]
    delete = ["ip", "xfrm", "policy", "delete", "src", local, "dst", remote, "dir", "out"]
    there = lambda: (local, remote, "out") in {(p.src, p.dst, p.direction) for p in xfrm.policies(moon.host)}
    verdict, text = looked_at(moon)
    same((verdict, text.partition(";")[0]), ("ok", "kernel: in use"), "what ipsec check finds")
    moon.host.must(delete)
    same(there(), False, "whether the policy is there")
    verdict, text = looked_at(moon)
    same(verdict, "bad", f"verdict of ipsec check: {text}")
    contains(text, f"the policy out {local} {remote} 0 0/0 0/0 0/0 0 was not in the kernel as it should be: another program "
                   "changed it; made anew", "what ipsec check finds")
    same((looked_at(moon)[0], there()), ("ok", True), "verdict of ipsec check, and whether the policy is there")
    carries(bench)
    reload_with(bench, moon, bench.tunnel(bench.moon, daemon={**KERNEL["daemon"], "audit_interval": "1s"}))
    moon.host.must(delete)
    until(there, "the policy is made anew")
    until(lambda: f'event=audit msg="the policy out {local} {remote} ' in moon.log(), "the log tells of it")
    carries(bench)


@case(kernel=True, each=[("up", None), ("in-a-rekeying", "rekey"), ("in-a-start", "start"), ("with-a-trap", "trap"),
                         ("with-an-interface", "interface")])
def kernel_crash(bench, when):
    """The daemon is killed: what it left goes, or is shown again; and nothing goes in the clear meanwhile."""
    moon, sun = bench.pair(moon={"trap": TRAP, "interface": INTERFACE}.get(when, {}), **KERNEL)
    moon.up()
    wire = bench.wire()
    pings = Pings(bench.alice, bench.sun.inside[4], f"{bench.directory}/pings")
    bench.afterwards(pings.stop)
    until(lambda: pings.answers() > 5, "alice's pings are answered")
    hear = bench.deafen_to_ike(bench.sun) if when == "rekey" else None
    if hear:
        moon.must("rekey", "net")
    moon.kill()
    if when == "start":
        moon.process = moon.host.spawn(moon.command(), moon.log_path)
        until(lambda: moon.log().count("event=start") > 1 or not moon.running(), "it starts", interval=0.001)
        moon.kill()
    moon.start()
    moon.must("status")
    what_status_shows(moon)
    if hear:
        hear()
    moon.up()
    carries(bench)
    what_status_shows(moon)
    wire.no_clear()


@case(kernel=True)
def kernel_crash_and_no_kernel_path(bench):
    """The daemon is killed, and is to leave the kernel alone from then on: what it left there goes all the same."""
    moon, _ = bench.pair(**KERNEL)
    moon.up()
    moon.kill()
    moon.write(bench.tunnel(bench.moon, daemon={"datapath": "user"}))
    moon.start()
    moon.must("status")
    xfrm.empty(moon.host)
    moon.up()
    carries(bench)
    moon.stop()


@case(kernel=True)
def kernel_crash_leaves_what_is_not_ours(bench):
    """Somebody else's SA and policy stay, through crash, start and stop."""
    host = bench.moon.gateway
    host.ip("xfrm state add src 192.0.2.9 dst 192.0.2.1 proto esp spi 0xc0000001 reqid 7 mode tunnel "
            "aead rfc4106(gcm(aes)) 0x000102030405060708090a0b0c0d0e0f10111213 128",
            "xfrm policy add src 10.9.0.0/24 dst 10.1.0.0/24 dir in priority 5 tmpl src 192.0.2.9 dst 192.0.2.1 "
            "proto esp reqid 7 mode tunnel")
    bench.afterwards(lambda: xfrm.flush(host))
    before = xfrm.sas(host), xfrm.policies(host)
    moon, _ = bench.pair(**KERNEL)
    moon.up()
    moon.kill()
    moon.start()
    moon.up()
    carries(bench)
    moon.stop()
    same((xfrm.sas(host), xfrm.policies(host)), before, "what is in the kernel")
