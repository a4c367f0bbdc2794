# SPDX-License-Identifier: GPL-2.0-or-later
"""The ipsec command: every verb, with its exit code, as text and as JSON."""
from lab.case import case
from lab.check import check, contains, same, until
from lab.config import merged
from lab.ikev2d import parse_json
from lab.traffic import reaches

SOON = {"daemon": {"retransmit_timeout": "1s", "retransmit_base": "1"}}  # who was not heard repeats it soon


def refused(daemon, *words, code=1):
    """Exit code CODE, nothing on stdout and one sentence on stderr, which is returned."""
    done = daemon.ipsec(*words)
    same(done.code, code, f"exit code of ipsec {' '.join(words)}\n{done.text}")
    check(not done.out and done.err.startswith("ipsec: ") and done.err.count("\n") == 1,
          f"ipsec {' '.join(words)} says no single sentence:\n{done.text}")
    return done.err


def one_tunnel(*daemons):
    for daemon in daemons:
        until(lambda daemon=daemon: [len(sa["children"]) for sa in daemon.sas()] == [1],
              lambda daemon=daemon: f"one IKE_SA with one CHILD_SA on {daemon.host.name}: {daemon.sas()}")
        same(daemon.children()[0]["state"], "INSTALLED", "state of the CHILD_SA")


def with_more(bench, **conn):
    """The configuration of moon with a second connection."""
    other = bench.tunnel(bench.moon, conn={"remote_addrs": "192.0.2.77", **conn})["connections"]["site"]
    return merged(bench.tunnel(bench.moon), {"connections": {"other": other}})


# up


@case(each=[("connection", "site"), ("child", "net"), ("both", "site/net")])
def named_by(bench, word):
    """All mean the same, for every verb."""
    moon, sun = bench.pair()
    contains(moon.up(word), "site/net: up\n", "ipsec up")
    one_tunnel(moon, sun)
    for verb in "status", "statusall":
        contains(moon.must(verb, word), "net: INSTALLED, 10.1.0.0/24 === 10.2.0.0/24", f"ipsec {verb}")
    contains(moon.must("down", word), ": down\n", "ipsec down")
    same(moon.children(), [], "CHILD_SAs of moon")
    contains(moon.must("status", word), "net: down", "ipsec status")


@case()
def name_that_is_ambiguous(bench):
    moon = bench.daemon(bench.moon, with_more(bench)).start()
    for verb in "up", "down", "status":
        contains(refused(moon, verb, "net"), "net is ambiguous; it may be one of: site/net, other/net\n", verb)
    same(moon.sas(), [], "SAs")


@case()
def name_that_is_unknown(bench):
    moon = bench.start(bench.moon)
    for verb in "up", "down", "status", "statusall":
        contains(refused(moon, verb, "sitr"), "did you mean site?", verb)
        contains(refused(moon, verb, "frankfurt"), "ipsec list conns", verb)
    nameless = bench.daemon(bench.sun, None).start()
    contains(refused(nameless, "up", "site"), "no connections", "ipsec up without any connection")


@case()
def up_of_all_children(bench):
    """A connection's name brings all of its children up."""
    more = [("10.11.0.0/24", "10.22.0.0/24"), ("10.22.0.0/24", "10.11.0.0/24")]
    moon, sun = bench.pair(*({"conn": {"children": {"more": {"local_ts": l, "remote_ts": r}}}} for l, r in more))
    contains(moon.up(), "site/net: up\n", "ipsec up")
    for daemon in moon, sun:
        same(sorted(c["name"] for c in daemon.children()), ["more", "net"], f"CHILD_SAs on {daemon.host.name}")
    moon.must("down", "site")
    moon.wait_idle()
    sun.wait_idle()


@case()
def up_of_what_is_up(bench):
    """It is joined, not doubled."""
    moon, sun = bench.pair()
    moon.up()
    child, = moon.children()
    contains(moon.up(), "site/net: up\n", "ipsec up, the second time")
    same(moon.json("up", "net")["initiated"][0]["success"], True, "JSON of ipsec up, the third time")
    one_tunnel(moon, sun)
    same(moon.children()[0]["spi_in"], child["spi_in"], "SPI of the CHILD_SA")


@case()
def two_ups_at_once(bench):
    """The second one joins the negotiation of the first."""
    moon, sun = bench.pair(**SOON)
    hear = bench.deafen(bench.sun)
    first = moon.spawn("up", "site")
    until(lambda: "initiating" in first.log(), "the first negotiation has begun")
    second = moon.spawn("up", "site/net")
    hear()
    for call in first, second:
        same(call.wait(20), 0, f"exit code of ipsec up\n{call.log()}")
        contains(call.log(), "CHILD_SA net{", "ipsec up, which waited,")
    one_tunnel(moon, sun)


@case()
def up_goes_on_after_its_timeout(bench):
    moon, sun = bench.pair(daemon={"retransmit_timeout": "0.4s", "retransmit_base": "1"})  # so that there is something to say
    hear = bench.deafen(bench.sun)
    done = moon.ipsec("up", "site", "--timeout", "1")
    same(done.code, 1, f"exit code of ipsec up\n{done.text}")
    for part in "still being set up after 1.0 s: ", "; it goes on":
        contains(done.err, part, "ipsec up")
    hear()
    one_tunnel(moon, sun)


@case(quick=True)
def up_goes_on_without_its_client(bench):
    """Whoever asked is killed before the peer hears anything."""
    moon, sun = bench.pair(**SOON)
    hear = bench.deafen(bench.sun)
    call = moon.spawn("up", "site")
    until(lambda: "initiating" in call.log(), "the negotiation has begun")
    call.kill()
    hear()
    one_tunnel(moon, sun)
    reaches(bench.alice, bench.sun.inside[4])


# down


@case()
def down_of_a_child(bench):
    """The IKE_SA stays, on both sides."""
    moon, sun = bench.pair()
    moon.up()
    moon.must("down", "site/net")
    for daemon in moon, sun:
        daemon.wait_children(0)
        same([sa["state"] for sa in daemon.sas()], ["ESTABLISHED"], f"IKE_SAs of {daemon.host.name}")
    moon.must("down", "site")
    sun.wait_idle()


@case(each=[("who-began", 0), ("who-answered", 1)])
def down_from(bench, which):
    """It is gone on both sides, and counted."""
    daemons = bench.pair()
    daemons[0].up()
    answer = daemons[which].json("down", "site")
    same((answer["success"], answer["matches"], answer["terminated"]), (True, 1, 1), "JSON of ipsec down")
    for daemon in daemons:
        daemon.wait_idle()
        same(daemon.connection()["state"], "down", f"state on {daemon.host.name}")


@case(each=[("ike-sa", "site", []), ("child-sa", "site/net", ["ESTABLISHED"])])
def down_from_both_at_once(bench, what, left):
    """Neither hears the other until both have asked."""
    daemons = bench.pair(**SOON)
    daemons[0].up()
    hear = bench.deafen(bench.moon, bench.sun)
    calls = [daemon.spawn("down", what) for daemon in daemons]
    for daemon in daemons:
        until(lambda daemon=daemon: "DELETING" in daemon.must("list", "sas"), "both delete")
    hear()
    for call in calls:
        same(call.wait(20), 0, f"exit code of ipsec down\n{call.log()}")
    for daemon in daemons:
        daemon.wait_children(0)
        until(lambda daemon=daemon: [sa["state"] for sa in daemon.sas()] == left,
              lambda daemon=daemon: f"IKE_SAs {left} on {daemon.host.name}: {daemon.sas()}")


@case()
def down_of_what_is_not_up(bench):
    moon = bench.start(bench.moon)
    contains(refused(moon, "down", "site"), "site: no matching SAs to terminate found", "ipsec down")
    contains(refused(moon, "down", "net"), "site/net: no matching SAs to terminate found", "ipsec down")
    answer = parse_json(moon.ipsec("--json", "down", "site").out)
    same((answer["success"], answer["matches"], answer["error"]), (False, 0, "no matching SAs to terminate found"), "JSON of ipsec down")


# asking


@case(quick=True)
def json_of_every_verb(bench):
    moon, sun = bench.pair()
    conn = moon.json("list", "conns")["connections"][0]
    same((conn["name"], conn["origin"], conn["remote_addrs"], conn["children"][0]["remote_ts"]),
         ("site", "file", ["192.0.2.2"], ["10.2.0.0/24"]), "JSON of ipsec list conns")
    same(moon.connection()["state"], "down", "state")
    answer = moon.json("up", "site")
    same((answer["success"], answer["initiated"][0]["child"]), (True, "net"), "JSON of ipsec up")
    check(any("CHILD_SA net{" in line for line in answer["log"]), f"JSON of ipsec up has no log: {answer}")
    reaches(bench.alice, bench.sun.inside[4])
    whole = moon.json("statusall")
    same((whole["daemon"]["name"], whole["daemon"]["ikesas"]), ("ikev2d", {"total": 1, "half_open": 0}), "the daemon")
    conn = whole["connections"][0]
    same((conn["state"], conn["configured"], conn["children"][0]["state"], conn["last_failure"]),
         ("up", True, "up", None), "JSON of ipsec statusall")
    sa, = moon.sas()
    same((sa["state"], sa["local_id"], sa["remote_id"], sa["initiator"], sa["encr_alg"], sa["dh_group"]),
         ("ESTABLISHED", "moon.example", "sun.example", True, "AES_GCM_16", "CURVE_25519"), "IKE_SA")
    mine, theirs = sa["children"][0], sun.children()[0]
    same((mine["spi_in"], mine["spi_out"]), (theirs["spi_out"], theirs["spi_in"]), "SPIs of moon and those of sun")
    same((mine["packets_in"], mine["packets_out"], mine["bytes_out"]), (3, 3, 3 * 84), "counters")
    for words in (["reload"], ["version"], ["check", moon.config], ["down", "site"], ["stop"]):
        check(moon.json(*words).get("success", True), f"ipsec --json {words[0]}")
    moon.ended()


@case()
def statusall_as_text(bench):
    moon, _ = bench.pair()
    moon.up()
    reaches(bench.alice, bench.sun.inside[4])
    text = moon.must("statusall")
    for part in ("ikev2d 0.", ", 1 IKE_SAs, 0 half-open\n", "site: up, 192.0.2.1 === 192.0.2.2\n",
                 "ESTABLISHED, 'moon.example' 192.0.2.1[4500] === 'sun.example' 192.0.2.2[4500]",
                 "_i* ", "AES_GCM_16-256/PRF_HMAC_SHA2_256/CURVE_25519 (not post-quantum), rekeying in ", "TUNNEL in UDP, AES_GCM_16-256",
                 f"in  {moon.children()[0]['spi_in']}, 3 packets", f"out {moon.children()[0]['spi_out']}, 3 packets"):
        contains(text, part, "ipsec statusall")
    same(moon.must("list", "conns"), "site/net\n", "ipsec list conns")
    contains(moon.must("list", "sas"), " ESTABLISHED\nsite/net #", "ipsec list sas")


@case(each=[("text", ""), ("json", "--json")])
def log_as(bench, option):
    """It follows what happens, until the daemon stops."""
    moon, _ = bench.pair()
    call = moon.spawn(*option.split(), "log")
    parts = "initiating IKE_SA site from", "selected proposal: IKE:AES_GCM_16", "IKE_SA site["

    def heard():
        moon.up()
        moon.must("down", "site")
        return all(part in call.log() for part in parts)

    until(heard, lambda: f"ipsec log says {parts}: {call.log()}")
    moon.stop()
    same(call.wait(5), 0, f"exit code of ipsec log\n{call.log()}")
    lines = call.log().splitlines()
    if option:
        lines = [f"[{line['group']}] {line['msg']}" for line in map(parse_json, lines)]
    for begin in (f"[{group}] {part}" for group, part in zip(("IKE", "CFG", "IKE"), parts)):
        check(any(line.startswith(begin) for line in lines), f"ipsec log does not say {begin!r}: {lines}")


@case()
def wrong_use(bench):
    """Exit code 2 and what is right."""
    moon = bench.start(bench.moon)
    for line, says in (("frobnicate", "ipsec help"), ("statsu", "did you mean status"), ("up", "usage: ipsec up NAME"),
                       ("up a b", "usage: ipsec up NAME"), ("up site --timeout 0", "S from 1 to 86400"),
                       ("up site --timeout", "usage: ipsec up"), ("up --soon site", "usage: ipsec up"),
                       ("down", "usage: ipsec down NAME"), ("rekey a b c", "usage: ipsec rekey NAME"),
                       ("rekey a --soon", "usage: ipsec rekey"), ("list", "usage: ipsec list WHAT"),
                       ("list keys", "authorities and algs"), ("stop now", "usage: ipsec stop"), ("--jsn status", "--jsn")):
        contains(refused(moon, *line.split(), code=2), says, f"ipsec {line}")
    same(moon.ipsec().code, 2, "exit code of ipsec alone")
    contains(moon.must("help"), "Exit code: 0 done", "ipsec help")


@case()
def daemon_that_is_not_running(bench):
    moon = bench.daemon(bench.moon, bench.tunnel(bench.moon))
    for line in "up site", "down site", "rekey site", "status", "statusall", "list sas", "log", "reload", "stop":
        words = line.split()
        contains(refused(moon, *words, code=3), "ikev2d is not running", f"ipsec {words[0]}")
        answer = parse_json(moon.ipsec("--json", *words).out)
        same(answer["success"], False, f"success of ipsec --json {words[0]}")
    contains(moon.must("version"), "ikev2d is not running", "ipsec version")
