# SPDX-License-Identifier: GPL-2.0-or-later
"""Another configuration while there is traffic: by file, by signal, by swanctl. What is not touched, what goes and comes
with it, and that one error changes nothing."""
import os
import re
import signal

from lab import family
from lab.case import case
from lab.check import check, contains, same, until
from lab.config import SECRET, merged, text
from lab.stream import Flow
from lab.traffic import ping, reaches, reaches_in_the_end

OTHER = {"connections": {"other": {"remote_addrs": "192.0.2.77", "local": {"auth": "psk"}, "remote": {"auth": "psk"},
                                   "children": {"o": {"remote_ts": "10.77.0.0/16", "start_action": "trap"}}}}}
SWANCTLS = "/etc/swanctl/swanctl.conf"


def conns(daemon):
    return [(conn["name"], conn["origin"]) for conn in daemon.json("list", "conns")["connections"]]


def reload_with(bench, daemon, configuration=None, **changes):
    """A new file with CHANGES of the usual tunnel, or a whole CONFIGURATION, which is read at once."""
    daemon.write(configuration or bench.tunnel(bench.moon, **changes))
    daemon.must("reload")


def spi(daemon):
    child, = daemon.children()
    return child["spi_in"]


def up_to_date(moon, before):
    """There is one child, another one than before; between them there may be none."""
    def is_new():
        spis = [child["spi_in"] for child in moon.children()]
        return len(spis) == 1 and spis != [before]
    until(is_new, lambda: f"a new CHILD_SA of moon: {moon.sas()}")


def who_holds(daemon, secret):
    """The processes of a daemon in whose memory SECRET stands."""
    return [pid for pid in (daemon.process.pid, family.keeper(daemon)) if family.holds(pid, {"it": [secret.encode()]})]


# traffic


@case(quick=True)
def reload_loses_no_packet(bench):
    """The same again; a connection more and less; another rekey_time; a trap that is set and taken away."""
    moon, sun = bench.pair()
    moon.up()
    before, flow = spi(moon), Flow(bench.site)
    bench.afterwards(flow.end)
    usual = bench.tunnel(bench.moon)
    trap = bench.tunnel(bench.moon, child={"start_action": "trap"})
    steps = [usual, "\n# moved\n" + text(usual), merged(usual, OTHER), usual, bench.tunnel(bench.moon, child={"rekey_time": "30m"}),
             trap, merged(trap, OTHER), usual]
    for step in steps:
        reload_with(bench, moon, step)
        flow.goes_on()
    flow.whole()
    same(spi(moon), before, "SPI of the CHILD_SA")
    same((len(moon.sas()), len(sun.sas())), (1, 1), "number of IKE_SAs")


@case()
def swanctl_loads_all_again(bench):
    """What was started is not started again, and loses no packet."""
    moon, sun = bench.daemon(bench.moon, None).start(), bench.start(bench.sun)
    swanctl = bench.swanctl(moon)
    configuration = bench.tunnel(bench.moon, child={"start_action": "start"})
    swanctl.load(configuration)
    moon.wait_children(1)
    reaches_in_the_end(bench.alice, bench.sun.inside[4])
    before, flow = spi(moon), Flow(bench.site)
    bench.afterwards(flow.end)
    for _ in range(3):
        contains(swanctl.load(configuration), "successfully loaded 1 connections, 0 unloaded", "swanctl --load-all")
        flow.goes_on()
    flow.whole()
    same(spi(moon), before, "SPI of the CHILD_SA")
    same(len(sun.sas()), 1, "number of IKE_SAs of sun")


# all or nothing


@case(each=[("command", None), ("signal", signal.SIGHUP), ("swanctl", "reload-settings")])
def reload_with_one_error(bench, way):
    """Everything else in the file is right, and none of it counts."""
    moon, _ = bench.pair()
    moon.up()
    before = spi(moon)
    wrong = {"connections": {"other": {"children": {"o": {"esp_proposals": "aes257"}}}}}
    changed = bench.tunnel(bench.moon, secret="x", child={"start_action": "trap", "remote_ts": "10.2.0.0/25"})
    configuration = merged(merged(changed, OTHER), wrong)
    moon.write(configuration)
    with open(moon.config, encoding="utf-8") as f:
        place = 1 + next(i for i, line in enumerate(f) if "aes257" in line)
    says = f"ikev2d.conf:{place}: connections.other.children.o.esp_proposals: "
    if way is None:
        done = moon.ipsec("reload")
        same(done.code, 1, f"exit code of ipsec reload\n{done.text}")
        contains(done.err, says, "ipsec reload")
    elif way is signal.SIGHUP:
        moon.process.signal(way)
        moon.wait_log(says)
    else:
        contains(bench.vici(moon).call(way)["errmsg"], says, "the answer to reload-settings")
    same((conns(moon), spi(moon)), ([("site", "file")], before), "connections and SPI")
    moon.must("down", "site")
    moon.up()
    same(moon.children()[0]["remote_ts"], ["10.2.0.0/24"], "remote_ts")


# start actions


@case()
def reload_undoes_and_does_start_actions(bench):
    moon, sun = bench.pair()
    reload_with(bench, moon, child={"start_action": "start"})
    moon.wait_children(1)
    sun.wait_children(1)
    before = spi(moon)
    reload_with(bench, moon, child={"start_action": "start", "remote_ts": "10.2.0.0/25"})
    up_to_date(moon, before)
    same(moon.children()[0]["remote_ts"], ["10.2.0.0/25"], "remote_ts")
    sun.wait_children(1)
    reload_with(bench, moon)
    moon.wait_idle()
    sun.wait_idle()
    reload_with(bench, moon, child={"start_action": "trap"})
    reaches_in_the_end(bench.alice, bench.sun.inside[4])
    reload_with(bench, moon)
    reaches(bench.alice, bench.sun.inside[4])
    moon.must("down", "site")
    sun.wait_idle()
    ping(bench.alice, bench.sun.inside[4], count=1)
    same(moon.sas(), [], "SAs of moon without a trap")


@case()
def reload_makes_a_connection_unusable(bench):
    """It asks for what is not built in: what was started goes, and nothing is negotiated without that; until it does not."""
    started = {"start_action": "start"}
    moon, sun = bench.pair(moon={"child": started})
    sun.wait_children(1)
    reload_with(bench, moon, child={**started, "mode": "transport_proxy"})
    moon.wait_idle()
    sun.wait_idle()
    check(moon.ipsec("up", "site").code, "ipsec up of a connection that cannot be used succeeds")
    reload_with(bench, moon, child=started)
    moon.wait_children(1)
    reaches_in_the_end(bench.alice, bench.sun.inside[4])


@case()
def reload_replaces_one_child_of_two(bench):
    """The other one carries its packets on the same IKE_SA."""
    ours, theirs, pairs = bench.parallel("a", "b")
    start = {"conn": {"children": {name: {"start_action": "start"} for name in "ab"}}}
    moon, sun = bench.pair(moon=merged(ours, start), sun=theirs)
    sun.wait_children(2)
    moon.wait_children(2)
    flow = Flow(bench.site, [pairs["a"]])
    bench.afterwards(flow.end)
    flow.goes_on()
    before = {c["name"]: c["spi_in"] for c in moon.children()}
    changed = {"conn": {"children": {"b": {"replay_window": "64"}}}}
    reload_with(bench, moon, **merged(merged(ours, start), changed))

    def b_is_new():
        spis = {c["name"]: c["spi_in"] for c in moon.children()}
        return len(spis) == 2 and spis["b"] != before["b"]
    until(b_is_new, lambda: f"another child b: {moon.sas()}")
    sun.wait_children(2)
    flow.goes_on()
    flow.whole()
    same({c["name"]: c["spi_in"] for c in moon.children()}["a"], before["a"], "SPI of the other child")
    same(len(moon.sas()), 1, "number of IKE_SAs")


@case("charon", each=[("unchanged", {}, {}, "same"), ("changed-child", {}, {"child": {"rekey_time": "20m"}}, "same"),
                      ("changed-connection", {}, {"conn": {"over_time": "20m"}}, "same"),
                      ("started-child", {"child": {"start_action": "start"}},
                       {"child": {"start_action": "start", "rekey_time": "20m"}}, "new"),
                      ("started-connection", {"child": {"start_action": "start"}},
                       {"child": {"start_action": "start"}, "conn": {"over_time": "20m"}}, "new"),
                      ("started-before", {"child": {"start_action": "start"}}, {}, "gone"),
                      ("trap-before", {"child": {"start_action": "trap"}}, {}, "same"),
                      ("unloaded", {}, None, "same"),
                      ("started-and-unloaded", {"child": {"start_action": "start"}}, None, "gone")])
def swanctl_loads_what_is_changed_as_into_charon(bench, before, after, outcome):
    """What becomes of a tunnel when its configuration is loaded anew is the same with both daemons."""
    charon = bench.charon
    charon.load(bench.tunnel(bench.sun))
    moon = bench.daemon(bench.moon, None).start()
    ours = bench.swanctl(moon)
    nothing = {"connections": {}, "secrets": {}}

    def becomes(swanctl, tunnel):
        """Loads BEFORE, brings it up, loads AFTER: what is there in the end."""
        def children():
            return re.findall(r"INSTALLED.*?in +([0-9a-f]{8})", swanctl.must("--list-sas"), re.S)
        swanctl.load(tunnel(before))
        if before.get("child", {}).get("start_action") != "start":
            swanctl.must("--initiate", "--child", "net")
        first, = until(children, "a child is up")
        swanctl.load(nothing if after is None else tunnel(after))
        ends = {"same": lambda: children() == [first], "gone": lambda: not swanctl.must("--list-sas"),
                "new": lambda: len(children()) == 1 and children() != [first]}
        until(ends[outcome], lambda: f"{outcome}: {swanctl.must('--list-sas')}")
        swanctl.run("--terminate", "--ike", "site", "--timeout", "5")
        swanctl.load(nothing)

    becomes(ours, lambda changes: bench.tunnel(bench.moon, **changes))
    charon.wait_idle()
    moon.stop()
    bench.daemon(bench.moon, bench.tunnel(bench.moon), "other").start()
    becomes(charon.swanctl, lambda changes: bench.tunnel(bench.sun, **changes))


# origins


def own_swanctl(bench, configuration):
    """A daemon on moon whose file is swanctl's own, in an /etc of its own."""
    moon = bench.daemon(bench.moon, None)
    directory = f"{bench.directory}/etc"
    os.mkdir(directory)
    moon.config = f"{directory}/swanctl.conf"
    moon.write(configuration)
    moon.before = ["unshare", "-m", "sh", "-c", 'mount -t tmpfs none /etc && ln -s "$0" /etc/swanctl && exec "$@"', directory]
    moon.options = ["--config", SWANCTLS]
    return moon.start()


@case()
def swanctls_own_file(bench):
    """Its objects count as swanctl's: it may take them away, and reading the file again brings them back."""
    moon = own_swanctl(bench, merged(bench.tunnel(bench.moon), OTHER))
    bench.start(bench.sun)
    swanctl = bench.swanctl(moon)
    same(conns(moon), [("site", "vici"), ("other", "vici")], "connections")
    moon.up()
    before = spi(moon)
    contains(swanctl.load(bench.tunnel(bench.moon)), "loaded 1 connections, 1 unloaded", "swanctl --load-all")
    same(conns(moon), [("site", "vici")], "connections")
    moon.must("reload")
    same(conns(moon), [("site", "vici"), ("other", "vici")], "connections after ipsec reload")
    same(spi(moon), before, "SPI of the CHILD_SA")
    contains(swanctl.load({"connections": {}, "secrets": {}}), "no connections found, 2 unloaded", "swanctl --load-all")
    same(bench.vici(moon).call("get-shared")["keys"], [], "secrets")
    reload_with(bench, moon)
    same(conns(moon), [("site", "vici")], "connections of the new file")


@case()
def own_file_and_vici(bench):
    """clear-creds and get-* concern what came over VICI."""
    moon, _ = bench.pair()
    vici = bench.vici(moon)
    same((vici.call("get-conns")["conns"], vici.call("get-shared")["keys"]), ([], []), "what is VICI's")
    same(vici.call("clear-creds")["success"], "yes", "success of clear-creds")
    same(vici.call("unload-shared", {"id": "ike-site"})["success"], "no", "success of unload-shared")
    moon.up()
    same(vici.call("load-shared", {"id": "mine", "type": "IKE", "data": "x", "owners": ["a.example"]})["success"], "yes",
         "success of load-shared")
    moon.must("reload")
    same(vici.call("get-shared")["keys"], ["mine"], "secrets after ipsec reload")
    vici.call("clear-creds")
    same(vici.call("get-shared")["keys"], [], "secrets after clear-creds")


# secrets


@case(each=["file", "swanctl"])
def removed_secrets_are_gone(bench, way):
    """They open nothing any more, and are not in the daemon's memory."""
    moon, _ = bench.daemon(bench.moon, bench.tunnel(bench.moon) if way == "file" else None).start(), bench.start(bench.sun)
    swanctl = bench.swanctl(moon) if way == "swanctl" else None
    without = {**bench.tunnel(bench.moon), "secrets": {}}
    if swanctl:
        swanctl.load(bench.tunnel(bench.moon))
    moon.up()
    check(who_holds(moon, SECRET), "the secret is not where this case looks for it")
    if swanctl:
        swanctl.must("--load-creds", "--clear", "--noprompt", "--file", swanctl.write(without))
    else:
        reload_with(bench, moon, without)
    same(who_holds(moon, SECRET), [], "processes that hold the secret")
    same(len(moon.children()), 1, "number of CHILD_SAs")
    moon.must("down", "site")
    contains(moon.ipsec("up", "site").err, "no shared secret for moon.example", "ipsec up")


# many


def many(n):
    """So many connections, each to a peer of its own."""
    return {f"c{i}": {"remote_addrs": [f"10.{100 + i // 65536}.{i // 256 % 256}.{i % 256}"],
                      "local": {"auth": "psk", "id": "moon.example"}, "remote": {"auth": "psk", "id": f"c{i}.example"},
                      "children": {"net": {"local_ts": ["10.1.0.0/24"], "remote_ts": [f"10.2.{i % 256}.0/24"]}}} for i in range(n)}


def cpu(daemon):
    """Seconds of the processor that all processes of a daemon have had."""
    seconds = 0
    for pid in [daemon.process.pid, *family.others(daemon)]:
        with open(f"/proc/{pid}/schedstat", encoding="ascii") as f:
            seconds += int(f.read().split()[0]) / 1e9
    return seconds


@case(scale=True)
def ten_thousand_connections(bench):
    """Ten times as many take ten times as long, not a hundred times: over VICI, by file, and by file again, with a tunnel that
    loses no packet meanwhile."""
    moon, _ = bench.pair()
    moon.up()
    usual, vici, flow, seconds = bench.tunnel(bench.moon), bench.vici(moon), Flow(bench.site), {}
    bench.afterwards(flow.end)

    def measure(what, n, step):
        before = cpu(moon)
        step()
        seconds.setdefault(what, {})[n] = cpu(moon) - before

    def each(command, messages):
        for message in messages:
            same(vici.call(command, message)["success"], "yes", f"success of {command}")

    for n in 1000, 10000:
        measure("load-conn", n, lambda n=n: each("load-conn", [{name: conn} for name, conn in many(n).items()]))
        measure("unload-conn", n, lambda n=n: each("unload-conn", [{"name": name} for name in many(n)]))
        moon.write(merged({"connections": many(n)}, usual))
        measure("file", n, lambda: moon.must("reload"))
        measure("again", n, lambda: moon.must("reload"))
        moon.write(usual)
        measure("gone", n, lambda: moon.must("reload"))
    flow.goes_on()
    flow.whole()
    for what, taken in seconds.items():
        check(taken[10000] < 15 * taken[1000], f"{what} takes too long with 10,000 connections: {seconds}")
