# SPDX-License-Identifier: GPL-2.0-or-later
"""The client's kill switch: alice is behind moon, and everything is routed, so that her packets reach bob in the clear
where nothing holds them back."""
from lab.case import case
from lab.check import check, contains, same, until
from lab.config import merged
from lab.traffic import cannot_reach, reaches, reaches_in_the_end

CLOSED = {"child": {"kill_switch": "yes"}}
WANTED = {"child": {"kill_switch": "yes", "start_action": "start", "keep": "yes"}}


def ruleset(daemon):
    return daemon.host.must(["nft", "list", "ruleset"])


def leaks(bench, version=4):
    """Whether what alice sends to bob is seen on the wire as it is: it is where she is answered."""
    reaches(bench.alice, bench.sun.inside[version])


def shut(bench, wire, version=4):
    cannot_reach(bench.alice, bench.sun.inside[version])
    cannot_reach(bench.moon.gateway, bench.sun.inside[version])
    wire.no_clear()


def _outlives(bench, path):
    moon, sun = bench.pair(moon=CLOSED, daemon={"datapath": path})
    leaks(bench)
    moon.up()
    wire = bench.wire()
    reaches(bench.alice, bench.sun.inside[4])
    sun.must("down", "site")
    moon.wait_idle()
    shut(bench, wire)
    contains(moon.must("status"), "kill switch of site/net holds back what is for its remote_ts", "ipsec status")
    moon.up()
    check("kill switch" not in moon.must("status"), "ipsec status is silent when it is up")
    reaches_in_the_end(bench.alice, bench.sun.inside[4])
    wire.no_clear()
    moon.must("down", "site")
    leaks(bench)


@case(quick=True, user=True)
def kill_switch(bench):
    """From the first command on, whatever the peer does, until the command that ends it."""
    _outlives(bench, "user")


@case(kernel=True)
def kernel_kill_switch(bench):
    _outlives(bench, "kernel")


@case()
def kill_switch_while_nobody_answers(bench):
    """Nothing has ever been up, and ipsec up fails: closed all the same."""
    moon = bench.daemon(bench.moon, bench.tunnel(bench.moon, **merged(CLOSED, {"daemon": {"retransmit_tries": "1"}}))).start()
    wire = bench.wire()
    same(moon.ipsec("up", "site", "--timeout", "1").code, 1, "exit code of ipsec up")
    shut(bench, wire)
    contains(moon.log(), "until \\\"ipsec down site\\\"", "log of moon")
    moon.must("down", "site")
    leaks(bench)


@case()
def kill_switch_after_a_crash(bench):
    """The next start takes it over, and calls the peer through it."""
    moon, sun = bench.pair(moon=WANTED)
    until(lambda: len(moon.children()) == 1, "the tunnel is up")
    wire = bench.wire()
    sun.stop()
    until(lambda: not moon.children(), "the tunnel is down")
    moon.kill()
    shut(bench, wire)
    moon.start()
    shut(bench, wire)
    sun.start()
    until(lambda: len(moon.children()) == 1, "the tunnel is up again", 20)
    reaches_in_the_end(bench.alice, bench.sun.inside[4])
    wire.no_clear()
    moon.stop()
    leaks(bench)


@case()
def kill_switch_is_configured_no_more(bench):
    moon, _ = bench.pair(moon=merged(WANTED, {"conn": {"remote_addrs": "192.0.2.99"}}))
    wire = bench.wire()
    shut(bench, wire)
    moon.write(bench.tunnel(bench.moon, conn={"remote_addrs": "192.0.2.99"}))
    moon.must("reload")
    leaks(bench)


@case()
def kill_switch_outlives_another_configuration(bench):
    """Who has closed it opens it: also where it says something else by now, or its connection cannot be used."""
    nowhere = {"conn": {"remote_addrs": "192.0.2.99"}, "daemon": {"retransmit_tries": "1"}}
    moon = bench.daemon(bench.moon, bench.tunnel(bench.moon, **merged(CLOSED, nowhere))).start()
    wire = bench.wire()
    same(moon.ipsec("up", "site", "--timeout", "1").code, 1, "exit code of ipsec up")
    shut(bench, wire)
    for change in {"child": {"kill_switch": "all"}}, {"child": {"esp_proposals": "blowfish128-sha1"}}:
        moon.write(bench.tunnel(bench.moon, **merged(merged(CLOSED, nowhere), change)))
        moon.must("reload")
        shut(bench, wire)
    contains(moon.must("status"), "not used", "ipsec status")
    moon.must("down", "site")
    leaks(bench)


@case()
def kill_switch_of_a_command_after_a_crash(bench):
    """The next start closes what a person had closed."""
    moon = bench.daemon(bench.moon, bench.tunnel(bench.moon, **merged(CLOSED, {"conn": {"remote_addrs": "192.0.2.99"}}))).start()
    wire = bench.wire()
    moon.ipsec("up", "site", "--timeout", "1")
    moon.kill()
    shut(bench, wire)
    moon.start()
    contains(moon.must("status"), "kill switch of site/net holds back", "ipsec status")
    shut(bench, wire)
    moon.stop()
    leaks(bench)
    moon.start()
    check("kill switch" not in moon.must("status"), "an orderly stop has opened it")


@case()
def kill_switch_for_all(bench):
    """IPv4 is in the tunnel; IPv6 does not go beside it, while it is up or down. What a shunt lets pass goes on."""
    lan = {"lan": {"mode": "pass", "local_ts": bench.moon.net[4], "remote_ts": bench.sun.wan[4], "start_action": "trap"}}
    moon, sun = bench.pair(moon={"child": {"kill_switch": "all"}, "conn": {"children": lan}})
    leaks(bench, 6)
    moon.up("site/net")
    wire = bench.wire()
    reaches(bench.alice, bench.sun.inside[4])
    shut(bench, wire, 6)
    sun.must("down", "site")
    moon.wait_idle()
    for version in 4, 6:
        shut(bench, wire, version)
    reaches(bench.alice, bench.sun.wan[4])
    moon.must("down", "site")
    for version in 4, 6:
        leaks(bench, version)
