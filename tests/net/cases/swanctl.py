# SPDX-License-Identifier: GPL-2.0-or-later
"""strongSwan's own swanctl on our socket: what it loads, starts, stops and lists, and what it is told on failure."""
import re
import signal

from lab.case import case
from lab.check import check, contains, same, until
from lab.traffic import reaches, reaches_in_the_end


def refused(swanctl, *words):
    """Exit code and what swanctl says on stderr."""
    done = swanctl.run(*words)
    check(done.code != 0, f"swanctl {' '.join(words)} did what it should not\n{done.text}")
    return done.err


def shape(text, me, peer):
    """A listing as every daemon should write it: me and peer stand for names and addresses, # for numbers."""
    for side, word in (me, "me"), (peer, "peer"):
        for value in side.id, side.net[4], side.wan[4]:
            text = text.replace(value, word)
    text = re.sub(r", (rekeying|expires) in \d+s", "", text)
    text = re.sub(r"\b[0-9a-f]{16}_([ir])\*?", r"\1", text)
    text = re.sub(r"\b[0-9a-f]{8},", "spi,", text)
    return re.sub(r"[ #]\d+", " #", text)


def conns(daemon):
    return [(conn["name"], conn["origin"]) for conn in daemon.json("list", "conns")["connections"]]


# asking


@case("charon")
def swanctl_lists_sas_as_of_charon(bench):
    """The same lines for both ends of one tunnel, and the same counters."""
    moon, charon = bench.with_charon()
    moon.up()
    reaches(bench.alice, bench.sun.inside[4])
    ours, theirs = bench.swanctl(moon).must("--list-sas"), charon.sas()
    for part in ("ESTABLISHED, IKEv2", "_i* ", "INSTALLED, TUNNEL-in-UDP, ESP:AES_GCM_16-", " 252 bytes,     3 packets,"):
        contains(ours, part, "swanctl --list-sas")
    for number in (*re.findall(r"[0-9a-f]{16}", theirs), *re.findall(r"[0-9a-f]{8}, +252 bytes, +3 packets", theirs)):
        contains(ours, number, "swanctl --list-sas")
    same(shape(ours, bench.moon, bench.sun), shape(theirs, bench.sun, bench.moon), "swanctl --list-sas")


@case("charon")
def swanctl_lists_conns_as_of_charon(bench):
    conn = {"version": "2", "dpd_delay": "30s", "reauth_time": "3h"}
    moon, charon = bench.with_charon(conn=conn, child={"rekey_time": "1200s", "start_action": "none"})
    ours, theirs = bench.swanctl(moon).must("--list-conns"), charon.swanctl.must("--list-conns")
    contains(ours, "rekeying every 1200s", "swanctl --list-conns")
    same(shape(ours, bench.moon, bench.sun), shape(theirs, bench.sun, bench.moon), "swanctl --list-conns")


@case(each=[("raw", "{}={}"), ("pretty", "{} = {}")])
def swanctl_lists_sas(bench, form):
    moon, _ = bench.pair()
    moon.up()
    child, = moon.children()
    text = bench.swanctl(moon).must("--list-sas", f"--{'raw' if form == '{}={}' else 'pretty'}")
    for key, value in (("state", "ESTABLISHED"), ("local-id", "moon.example"), ("remote-host", "192.0.2.2"),
                       ("initiator", "yes"), ("encr-keysize", "256"), ("state", "INSTALLED"), ("mode", "TUNNEL"),
                       ("spi-in", child["spi_in"]), ("packets-out", "0")):
        contains(text, form.format(key, value), "swanctl --list-sas")


@case()
def swanctl_asks_the_daemon(bench):
    moon, _ = bench.pair()
    swanctl = bench.swanctl(moon)
    contains(swanctl.must("--version", "--daemon"), " ikev2d (Linux, ", "swanctl --version --daemon")
    moon.up()
    for part in "uptime: ", "worker threads: 1 total", "IKE_SAs: 1 total, 0 half-open":
        contains(swanctl.must("--stats"), part, "swanctl --stats")
    contains(swanctl.must("--list-algs"), "ke:\n  CURVE_25519[openssl]\n", "swanctl --list-algs")
    for listing in "--list-certs", "--list-authorities", "--list-pools":
        same(swanctl.must(listing), "", f"swanctl {listing}")
    for action in "--flush-certs", "--reload-settings":
        same(swanctl.must(action, "--raw").split(" reply ")[1], "{success=yes}\n", f"swanctl {action}")


@case("charon")
def swanctl_counts_as_charon(bench):
    """What one sends the other receives; each is counted once."""
    # Without a token for the new IKE_SA, which would be one message more.
    moon, charon = bench.with_charon(ours={"daemon": {"crash_detection": "no"}})
    swanctl = bench.swanctl(moon)
    moon.up()
    swanctl.must("--rekey", "--child", "net")
    swanctl.must("--rekey", "--ike", "site")
    until(lambda: [sa["state"] for sa in moon.sas()] == ["ESTABLISHED"], "moon has one IKE_SA left")
    pairs = [line.split(":") for line in swanctl.must("--counters").splitlines()[1:]]
    counters = {name.strip(): int(n) for name, n in pairs}
    same({name: n for name, n in counters.items() if n},
         {"ike-rekey-init": 1, "child-rekey": 1, "ike-init-in-resp": 1, "ike-init-out-req": 1, "ike-auth-in-resp": 1,
          "ike-auth-out-req": 1, "create-child-in-resp": 2, "create-child-out-req": 2, "info-in-resp": 2,
          "info-out-req": 2}, "counters of moon")
    names = re.findall(r"([a-z-]+)=", charon.swanctl.must("--counters", "--raw"))[:-1]
    same([*counters][:len(names)], names, "names of counters")
    contains(swanctl.must("--counters", "--all"), "site:\n  ike-rekey-init        : 1\n", "swanctl --counters --all")
    swanctl.must("--counters", "--reset")
    contains(swanctl.must("--counters"), "ike-init-out-req      : 0\n", "swanctl --counters")


@case()
def swanctl_installs_and_uninstalls(bench):
    """A trap that the configuration does not ask for; the first packet brings the child up."""
    moon, sun = bench.pair()
    swanctl = bench.swanctl(moon)
    same(swanctl.must("--list-pols"), "", "swanctl --list-pols")
    contains(swanctl.must("--install", "--child", "net"), "install completed", "swanctl --install")
    until(lambda: swanctl.must("--list-pols"), "the trap is there")
    same(swanctl.must("--list-pols", "--raw").splitlines()[0],
         "list-policy event {site/net {child=net ike=site mode=TUNNEL local-ts=[10.1.0.0/24] remote-ts=[10.2.0.0/24]}}",
         "swanctl --list-pols --raw")
    same(swanctl.must("--list-pols", "--trap"), "site/net, TUNNEL\n  local:  10.1.0.0/24\n  remote: 10.2.0.0/24\n",
         "swanctl --list-pols --trap")
    reaches_in_the_end(bench.alice, bench.sun.inside[4])
    same(len(sun.children()), 1, "number of CHILD_SAs of sun")
    moon.must("down", "site")
    contains(swanctl.must("--uninstall", "--child", "net"), "uninstall completed", "swanctl --uninstall")
    same(swanctl.must("--list-pols"), "", "swanctl --list-pols")
    contains(refused(swanctl, "--uninstall", "--child", "net"), "policy 'net' not found", "swanctl --uninstall")
    contains(refused(swanctl, "--install", "--child", "no"), "configuration name not found", "swanctl --install")


@case("charon")
def swanctl_lists_no_child_as_charon(bench):
    """The IKE_SA without one, where the child that is asked for is not there."""
    moon, charon = bench.with_charon()
    moon.up()
    ours, theirs = (swanctl.must("--list-sas", "--child", "nothing") for swanctl in (bench.swanctl(moon), charon.swanctl))
    contains(ours, "ESTABLISHED", "swanctl --list-sas --child nothing")
    same(shape(ours, bench.moon, bench.sun), shape(theirs, bench.sun, bench.moon), "swanctl --list-sas --child nothing")


@case("charon")
def swanctl_misses_what_charon_misses(bench):
    """The same words for what a command lacks."""
    moon, _ = bench.with_charon()
    for action in "--initiate", "--terminate", "--rekey", "--install", "--uninstall":
        same(*(refused(swanctl, action) for swanctl in (bench.swanctl(moon), bench.charon.swanctl)), f"swanctl {action}")


@case()
def swanctl_reloads_settings(bench):
    """Those of the daemon, and nothing else of the file; a wrong file changes nothing."""
    moon, sun = bench.pair(daemon={"retransmit_tries": "1000"})
    swanctl = bench.swanctl(moon)
    hear = bench.deafen(bench.sun)
    moon.write(bench.tunnel(bench.moon, daemon={"retransmit_timeout": "1s", "retransmit_base": "1", "retransmit_tries": "0"},
                            child={"remote_ts": "10.99.0.0/24"}))
    swanctl.must("--reload-settings")
    same(moon.connection()["children"][0]["remote_ts"], ["10.2.0.0/24"], "remote_ts")
    contains(refused(swanctl, "--initiate", "--child", "net"), "after 1 ", "swanctl --initiate")
    moon.write("daemon {\n\tretransmit_tries = many\n}\n")
    contains(refused(swanctl, "--reload-settings"), "ikev2d.conf:2: daemon.retransmit_tries", "swanctl --reload-settings")
    hear()


@case()
def swanctl_counts_the_sas_it_lists(bench):
    """Also after the peer has deleted one."""
    moon, sun = bench.pair()
    moon.up()
    moon.must("down", "site")
    sun.wait_idle()
    contains(bench.swanctl(sun).must("--stats"), "IKE_SAs: 0 total, 0 half-open", "swanctl --stats")


# acting


@case(each=[("child", "--child", "net"), ("ike", "--ike", "site"), ("ike-id", "--ike-id", "uniqueid"),
            ("child-id", "--child-id", "uniqueid")])
def swanctl_terminates_by(bench, option, what):
    moon, sun = bench.pair()
    swanctl = bench.swanctl(moon)
    child_only = option.startswith("--child")
    contains(swanctl.must("--initiate", "--child", "net"), "initiate completed successfully", "swanctl --initiate")
    sa, = moon.sas()
    number = str((sa["children"][0] if child_only else sa)[what]) if what == "uniqueid" else what
    contains(refused(swanctl, "--terminate", option, "99" if what == "uniqueid" else "nothing"), "no matching SAs to terminate found", "swanctl")
    contains(swanctl.must("--terminate", option, number), "terminate completed successfully", "swanctl --terminate")
    same([sa["children"] for sa in moon.sas()], [[]] if child_only else [], "SAs of moon")
    sun.wait_children(0)
    contains(refused(swanctl, "--terminate", option, number), "no matching SAs to terminate found", "swanctl --terminate")


@case(each=[("ike", "--ike"), ("child", "--child")])
def swanctl_terminates_without_waiting(bench, option):
    """It is told of what has begun."""
    moon, sun = bench.pair()
    moon.up()
    said = bench.swanctl(moon).must("--terminate", option, "site" if option == "--ike" else "net", "--timeout", "-1", "--raw")
    contains(said, "{success=yes matches=1 terminated=1}", "swanctl --terminate")
    sun.wait_children(0)


@case()
def swanctl_initiate_is_answered_when_packets_pass(bench):
    moon, sun = bench.pair()
    contains(bench.swanctl(moon).must("--initiate", "--child", "net"), "[CHD] CHILD_SA net{", "swanctl --initiate")
    reaches(bench.alice, bench.sun.inside[4], count=1)
    same([child["state"] for child in moon.children() + sun.children()], ["INSTALLED"] * 2, "states of the CHILD_SAs")


@case()
def swanctl_initiate_is_refused(bench):
    """The reason comes on one line, with the place and what to write there."""
    moon, _ = bench.pair(moon={"child": {"remote_ts": "10.99.0.0/24"}})
    said = refused(bench.swanctl(moon), "--initiate", "--child", "net")
    same(said.count("\n"), 1, f"number of lines\n{said}")
    for part in "initiate failed: ", "TS_UNACCEPTABLE", "ikev2d.conf:", "remote_ts":
        contains(said, part, "swanctl --initiate")
    contains(refused(bench.swanctl(moon), "--initiate", "--child", "nothing"), "CHILD_SA config 'nothing' not found", "swanctl")


@case(each=[("one-second", "1", 1, "still being set up after 1.0 s"), ("no-time", "-1", 0, "completed successfully")])
def swanctl_initiate_waits(bench, timeout, code, says):
    """Then it lets go, and the negotiation goes on."""
    moon, _ = bench.pair(daemon={"retransmit_timeout": "1s", "retransmit_base": "1"})
    hear = bench.deafen(bench.sun)
    done = bench.swanctl(moon).run("--initiate", "--child", "net", "--timeout", timeout)
    same(done.code, code, f"exit code of swanctl\n{done.text}")
    contains(done.text, says, "swanctl --initiate")
    same(moon.sas()[0]["state"], "CONNECTING", "state of the IKE_SA")
    hear()
    moon.wait_children(1)


@case(each=[("all", "1", True), ("nothing", "-1", False)])
def swanctl_initiate_hears(bench, level, lines):
    """As much of the log as it wants."""
    moon, _ = bench.pair()
    said = bench.swanctl(moon).must("--initiate", "--child", "net", "--loglevel", level)
    same("[IKE] initiating IKE_SA" in said, lines, f"whether there are lines of the log\n{said}")


# loading


@case(quick=True)
def swanctl_loads_everything(bench):
    """Into a daemon that has nothing; loading an empty file takes it away, but for what is up."""
    moon, sun = bench.daemon(bench.moon, None).start(), bench.start(bench.sun)
    swanctl = bench.swanctl(moon)
    contains(swanctl.load(bench.tunnel(bench.moon)), "successfully loaded 1 connections, 0 unloaded", "swanctl --load-all")
    same(conns(moon), [("site", "vici")], "connections")
    swanctl.must("--initiate", "--child", "net")
    reaches(bench.alice, bench.sun.inside[4])
    contains(swanctl.load({"connections": {}, "secrets": {}}), "no connections found, 1 unloaded", "swanctl --load-all")
    same(swanctl.must("--list-conns"), "", "what swanctl --list-conns says")
    reaches(bench.alice, bench.sun.inside[4])
    swanctl.must("--terminate", "--ike", "site")
    sun.wait_idle()
    contains(refused(swanctl, "--initiate", "--child", "net"), "CHILD_SA config 'net' not found", "swanctl")


@case()
def swanctl_loads_beside_a_file(bench):
    """What is in the file stays there; what is loaded stands in front of it, until it is unloaded."""
    moon, _ = bench.pair()
    swanctl = bench.swanctl(moon)
    contains(swanctl.load({"connections": {}, "secrets": {}}), "0 unloaded", "swanctl --load-all")
    same(conns(moon), [("site", "file")], "connections")
    swanctl.load(bench.tunnel(bench.moon, child={"remote_ts": "10.2.0.128/25"}))
    same(conns(moon), [("site", "vici")], "connections")
    moon.must("reload")
    same(conns(moon), [("site", "vici")], "connections after ipsec reload")
    moon.up()
    same(moon.children()[0]["remote_ts"], ["10.2.0.128/25"], "remote_ts")
    contains(swanctl.load({"connections": {}, "secrets": {}}), "1 unloaded", "swanctl --load-all")
    same(conns(moon), [("site", "file")], "connections")
    same(moon.connection()["children"][0]["remote_ts"], ["10.2.0.0/24"], "remote_ts of the file's connection")


@case(each=[("key", {"conn": {"remote_adrs": "192.0.2.2"}}, 'remote_adrs: unknown key; did you mean "remote_addrs"?'),
            ("value", {"conn": {"dpd_delay": "soon"}}, 'dpd_delay: "soon" is not a time'),
            ("key-of-a-child", {"child": {"locl_ts": "10.1.0.0/24"}}, "children.net.locl_ts: unknown key"),
            ("value-of-a-child", {"child": {"esp_proposals": "aes257"}}, 'did you mean "aes256"'),
            ("authentication", {"local": {"auth": "pubkey-sha257"}}, "sha257"),
            ("mode", {"child": {"mode": "tunel"}}, "children.net.mode: "),
            ("key-in-utf-8", {"conn": {"größe": "1"}}, "gr??e: unknown key")])
def swanctl_loads_a_wrong(bench, changes, says):
    """It is told which key, and nothing is loaded."""
    moon = bench.daemon(bench.moon, None).start()
    swanctl = bench.swanctl(moon)
    said = refused(swanctl, "--load-conns", "--file", swanctl.write(bench.tunnel(bench.moon, **changes)))
    contains(said, "loading connection 'site' failed: vici: connections.site.", "swanctl --load-conns")
    contains(said, says, "swanctl --load-conns")
    same(conns(moon), [], "connections")


@case()
def swanctl_loads_secrets(bench):
    """A wrong one, the right one in its place, and none."""
    moon, _ = bench.daemon(bench.moon, None).start(), bench.start(bench.sun)
    swanctl = bench.swanctl(moon)
    swanctl.load(bench.tunnel(bench.moon, secret="wrong"))
    contains(refused(swanctl, "--initiate", "--child", "net"), "AUTHENTICATION_FAILED", "swanctl --initiate")
    path = swanctl.write(bench.tunnel(bench.moon))
    contains(swanctl.must("--load-creds", "--noprompt", "--file", path), "loaded ike secret 'ike-site'", "swanctl")
    swanctl.must("--initiate", "--child", "net")
    swanctl.must("--terminate", "--ike", "site")
    swanctl.must("--load-creds", "--clear", "--noprompt", "--file", swanctl.write({"secrets": {}}))
    contains(refused(swanctl, "--initiate", "--child", "net"), "no shared secret for moon.example", "swanctl --initiate")


@case("charon")
def swanctl_loads_pools_and_authorities(bench):
    """Beside connections, which are loaded behind them; taken away as the file says, and listed as charon lists them."""
    moon = bench.daemon(bench.moon, None).start()
    swanctl = bench.swanctl(moon)
    root = bench.authority("root")
    configuration = {
        "pools": {"rw": {"addrs": "10.3.0.0/24", "dns": "10.1.0.1, 10.1.0.2"}, "few": {"addrs": "10.4.0.7-10.4.0.9"}},
        "authorities": {"root": {"cacert": root, "crl_uris": "http://crl.example/root.crl"}}}
    said = swanctl.load({**bench.tunnel(bench.moon), **configuration})
    for part in ("successfully loaded 1 authorities, 0 unloaded", "successfully loaded 2 pools, 0 unloaded",
                 "successfully loaded 1 connections, 0 unloaded"):
        contains(said, part, "swanctl --load-all")
    bench.charon.load(configuration)
    for listing in ["--list-pools"], ["--list-pools", "--leases"], ["--list-pools", "--name", "few"]:
        same(swanctl.must(*listing), bench.charon.swanctl.must(*listing), f"swanctl {listing}")
    contains(swanctl.must("--list-authorities"), "root:\n  cacert: CN=root\n  crl_uris:  http://crl.example/root.crl\n", "swanctl --list-authorities")
    del configuration["pools"]["rw"], configuration["authorities"]["root"]
    said = swanctl.load({**bench.tunnel(bench.moon), **configuration})
    for part in "no authorities found, 1 unloaded", "successfully loaded 1 pools, 1 unloaded":
        contains(said, part, "swanctl --load-all")
    same(swanctl.must("--list-pools"), "few                  10.4.0.7                              0 / 0 / 3\n", "pools")


# following


@case(each=[("log", "--log", ["[IKE] initiating IKE_SA site", "[CHD] CHILD_SA net{"]),
            ("sas", "--monitor-sa", ["ike-updown", "child-updown"])])
def swanctl_follows(bench, option, parts):
    """Events arrive as long as it listens."""
    moon, _ = bench.pair()
    call = bench.swanctl(moon).spawn(f"{bench.directory}/events", option, *(["--raw"] if option != "--log" else []))

    def heard():
        moon.up()
        moon.must("down", "site")
        return all(part in call.log() for part in parts)

    until(heard, lambda: f"swanctl {option} says {parts}: {call.log()}")
    call.signal(signal.SIGINT)
    same(call.wait(5), 0, f"exit code of swanctl {option}")
