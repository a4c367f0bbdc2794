# SPDX-License-Identifier: GPL-2.0-or-later
"""The daemon as a whole: its configuration read again, its end, and its life in the background."""
import os
import signal

from lab.case import case
from lab.check import check, contains, same, until
from lab.config import SECRET, merged, text
from lab.ikev2d import BIN, parse_json
from lab.traffic import reaches

WRONG = "connections {\n\tsite {\n\t\tlocal_adrs = 192.0.2.1\n\t\tlocal { auth = psk }\n\t\tremote { auth = psk }\n\t}\n}\n"
WRONG_LINE = 'ikev2d.conf:3: connections.site.local_adrs: unknown key; did you mean "local_addrs"?'


def with_other(bench):
    other = bench.tunnel(bench.moon, conn={"remote_addrs": "192.0.2.77"})["connections"]["site"]
    return merged(bench.tunnel(bench.moon), {"connections": {"other": other}})


def conns(daemon):
    return daemon.must("list", "conns").split()


@case()
def reload_of_a_wrong_file(bench):
    """The place and what is wrong with it; nothing changes, and the tunnel lives."""
    moon, sun = bench.pair()
    moon.up()
    child, = moon.children()
    moon.write(WRONG)
    done = moon.ipsec("reload")
    same(done.code, 1, f"exit code of ipsec reload\n{done.text}")
    contains(done.err, WRONG_LINE, "ipsec reload")
    done = moon.ipsec("--json", "reload")
    same((done.code, parse_json(done.out)["success"]), (1, False), "exit code and JSON of ipsec reload")
    contains(parse_json(done.out)["error"], WRONG_LINE, "JSON of ipsec reload")
    os.unlink(moon.config)
    contains(moon.ipsec("reload").err, "ikev2d.conf: there is no such file", "ipsec reload")
    same(conns(moon), ["site/net"], "connections")
    same(moon.children()[0]["spi_in"], child["spi_in"], "SPI of the CHILD_SA")
    reaches(bench.alice, bench.sun.inside[4])
    moon.must("down", "site")
    moon.up()
    one, = sun.sas()
    same(one["state"], "ESTABLISHED", "state of the new IKE_SA on sun")


@case()
def reload_with_a_new_connection(bench):
    moon, sun = bench.pair()
    moon.up()
    child, = moon.children()
    configuration = with_other(bench)
    moon.write(configuration)
    same(conns(moon), ["site/net"], "connections before ipsec reload")
    same(moon.must("reload"), "reloaded\n", "what ipsec reload says")
    same(conns(moon), ["site/net", "other/net"], "connections after ipsec reload")
    same(moon.children()[0]["spi_in"], child["spi_in"], "SPI of the CHILD_SA")
    configuration["connections"]["other"]["children"]["net"]["start_action"] = "start"
    moon.write(configuration)
    moon.must("reload")
    until(lambda: moon.connection("other")["state"] == "connecting", "the child with start_action = start is started")
    same(len(sun.children()), 1, "number of CHILD_SAs of sun")


@case(quick=True)
def reload_without_a_connection_that_is_up(bench):
    """Its SAs live on and carry traffic, may be taken down, and cannot be made anew."""
    moon, sun = bench.pair()
    moon.up()
    moon.write({"daemon": {}})
    moon.must("reload")
    same(conns(moon), [], "connections")
    contains(moon.must("status"), "site: up, no longer configured\n", "ipsec status")
    same(moon.connection()["configured"], False, "whether JSON of ipsec status calls it configured")
    reaches(bench.alice, bench.sun.inside[4])
    contains(moon.must("down", "site"), "site: down\n", "ipsec down")
    sun.wait_idle()
    moon.wait_log("event=sa-down conn=site")
    same(moon.must("status"), "no connections are configured\n", "what ipsec status says")
    same(moon.ipsec("up", "site").code, 1, "exit code of ipsec up")


@case()
def reload_while_the_connection_comes_up(bench):
    """The negotiation ends as it began; the next one is the new configuration's."""
    moon, sun = bench.pair(daemon={"retransmit_timeout": "1s"})
    hear = bench.deafen(bench.sun)
    call = moon.spawn("up", "site")
    until(lambda: "initiating" in call.log(), "the negotiation has begun")
    moon.write(bench.tunnel(bench.moon, child={"remote_ts": "10.2.0.0/25"}))
    moon.must("reload")
    hear()
    same(call.wait(20), 0, f"exit code of ipsec up\n{call.log()}")
    same(sun.children()[0]["local_ts"], ["10.2.0.0/24"], "local_ts of sun")
    moon.must("down", "site")
    moon.up()
    same(sun.children()[0]["local_ts"], ["10.2.0.0/25"], "local_ts of sun, the second time")


@case()
def reload_by_signal(bench):
    """SIGHUP does the same; what is wrong stands in the log."""
    moon = bench.start(bench.moon)
    moon.write(with_other(bench))
    moon.process.signal(signal.SIGHUP)
    until(lambda: conns(moon) == ["site/net", "other/net"], "the new connection is there")
    moon.write(WRONG)
    moon.process.signal(signal.SIGHUP)
    moon.wait_log(WRONG_LINE.replace('"', '\\"'))
    same(conns(moon), ["site/net", "other/net"], "connections")


@case(each=[("command", None), ("sigterm", signal.SIGTERM), ("sigint", signal.SIGINT)])
def stop_by(bench, number):
    """The peer is told, and nothing is left: no pid file, no socket, no device, no route."""
    moon, sun = bench.pair()
    moon.up()
    same(sorted(os.listdir(moon.run_dir)), ["family", "journal", "lock", "pid", "state", "vici"], "the run directory")
    with open(f"{moon.run_dir}/pid", encoding="ascii") as f:
        same(int(f.read()), moon.process.pid, "what the pid file says")
    if number:
        moon.process.signal(number)
    else:
        same(moon.must("stop"), "stopped\n", "what ipsec stop says")
    moon.ended()
    sun.wait_idle()
    same(moon.ipsec("status").code, 3, "exit code of ipsec status")


@case()
def stop_though_nobody_answers(bench):
    """It waits for a second, not for all repetitions."""
    moon, _ = bench.pair()
    moon.up()
    hear = bench.deafen(bench.sun)
    moon.must("stop")
    moon.ended()
    hear()


@case()
def stop_while_clients_wait(bench):
    """They are told, and end."""
    moon, _ = bench.pair()
    follower = moon.spawn("log")

    def followed():
        moon.up()
        moon.must("down", "site")
        return follower.log()

    until(followed, "ipsec log follows")
    hear = bench.deafen(bench.sun)
    call = moon.spawn("up", "site")
    until(lambda: "initiating" in call.log(), "the negotiation has begun")
    moon.stop()
    hear()
    same(call.wait(5), 1, f"exit code of ipsec up\n{call.log()}")
    contains(call.log(), "ipsec: ", "ipsec up")
    same(follower.wait(5), 0, f"exit code of ipsec log\n{follower.log()}")


@case()
def background(bench):
    """ipsec start: the file in /etc/ikev2d is read, and when the command ends the daemon answers."""
    moon, sun = bench.daemon(bench.moon, bench.tunnel(bench.moon)), bench.start(bench.sun)
    own_etc = 'mount -t tmpfs none /etc && mkdir /etc/ikev2d && cp "$0" /etc/ikev2d && exec "$@"'
    begin = ["unshare", "-m", "sh", "-c", own_etc, moon.config, *moon.client(), "start"]
    done = moon.host.run(begin, seconds=10)
    bench.afterwards(lambda: moon.ipsec("stop"))
    same((done.code, done.out), (0, "started\n"), f"how ipsec start ends\n{done.text}")
    moon.up()
    same(len(sun.children()), 1, "number of CHILD_SAs of sun")
    same(moon.must("start"), "ikev2d is already running\n", "what ipsec start says")
    with open(f"{moon.run_dir}/pid", encoding="ascii") as f:
        pid = int(f.read())
    same(os.readlink(f"/proc/{pid}/cwd"), "/", "working directory of the daemon")
    same({os.readlink(f"/proc/{pid}/fd/{n}") for n in range(3)}, {"/dev/null"}, "standard input, output and error")
    moon.must("stop")
    sun.wait_idle()
    same(os.listdir(moon.run_dir), ["state"], "what is left in the run directory")


@case()
def background_that_fails(bench):
    """The reason is said where the daemon was started."""
    moon = bench.daemon(bench.moon, WRONG)
    done = moon.host.run([f"{BIN}/ikev2d", "--config", moon.config, "--run-dir", moon.run_dir], seconds=10)
    same(done.code, 1, f"exit code of ikev2d\n{done.text}")
    contains(done.err, WRONG_LINE, "ikev2d")
    same(done.err.count("\n"), 1, f"number of lines\n{done.err}")
    same(moon.ipsec("status").code, 3, "exit code of ipsec status")


@case()
def secrets_stay_where_they_are(bench):
    """No command, log or VICI answer tells them."""
    moon, _ = bench.pair()
    moon.up()
    moon.write(text(bench.tunnel(bench.moon)).replace("secret =", "secrte ="))
    said = moon.ipsec("reload").text
    for words in (["statusall"], ["--json", "statusall"], ["--json", "list", "conns"], ["check", moon.config]):
        said += moon.ipsec(*words).text
    check(SECRET not in said + moon.log(), "the secret stands in what ikev2d says")


@case()
def keys_never_leave_memory(bench):
    """No page of the daemon goes to swap, and there is no core dump of it."""
    moon = bench.start(bench.moon)
    with open(f"/proc/{moon.process.pid}/status", encoding="ascii") as f:
        status = dict(line.split(":", 1) for line in f if ":" in line)
    check(int(status["VmLck"].split()[0]) >= int(status["VmRSS"].split()[0]) // 2, f"VmLck: {status['VmLck']}")
    with open(f"/proc/{moon.process.pid}/limits", encoding="ascii") as f:
        limit = next(line for line in f if line.startswith("Max core file size"))
    same(limit.split()[4:6], ["0", "0"], "the limit of core dumps")
