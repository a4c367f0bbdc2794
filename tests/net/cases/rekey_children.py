# SPDX-License-Identifier: GPL-2.0-or-later
"""Several children on one IKE_SA, and children with a key exchange of their own; between two of us."""
from lab.case import case
from lab.check import check, contains, same

BOTH = [("from-who-began", "moon"), ("from-who-answered", "sun")]
GROUPS = [("x25519", "x25519", "CURVE_25519"), ("ecp256", "ecp256", "ECP_256"), ("modp2048", "modp2048", "MODP_2048")]


# several children


def three(bench, who):
    """Three children, brought up by WHO one after the other."""
    moon, sun, pairs = bench.parallel("red", "green", "blue")
    moon, sun = bench.pair(moon, sun)
    daemon = moon if who == "moon" else sun
    for name in pairs:
        contains(daemon.up(f"site/{name}"), f"site/{name}: up\n", "ipsec up")
    return bench.between(moon, sun, pairs)


@case(each=BOTH, quick=("from-who-began",))
def children_of_one_ike_sa(bench, who):
    """One after the other is rekeyed, then the IKE_SA, then all three at once; one is deleted, and comes back."""
    tunnel = three(bench, who)
    for i, name in enumerate(tunnel.names):
        tunnel.changes(lambda name=name, i=i: tunnel.ends[i % 2].rekey(name), children=[name])
    tunnel.changes(lambda: tunnel.end(who).rekey(), ike=True)
    tunnel.changes(lambda: [tunnel.end(who).rekey(name) for name in tunnel.names], children=tunnel.names)
    tunnel.whole()
    daemon = tunnel.end(who).daemon
    daemon.must("down", "site/green")
    tunnel.names.remove("green")
    tunnel.spis()
    daemon.up("site/green")
    tunnel.names = sorted([*tunnel.names, "green"])
    tunnel.spis()


@case()
def children_that_are_asked_for_together(bench):
    """Six commands at once, three on each side: one IKE_SA or two, but each child is there, and only the way that
    packets take is doubled."""
    moon, sun, pairs = bench.parallel("red", "green", "blue")
    daemons = bench.pair(moon, sun)
    daemons[0].up("site/red")
    calls = [daemon.spawn("up", f"site/{name}") for name in pairs for daemon in daemons]
    for call in calls:
        same(call.wait(30), 0, f"exit code of ipsec up\n{call.log()}")
    same([len(daemon.sas()) for daemon in daemons], [1, 1], "number of IKE_SAs")
    for daemon in daemons:
        same({child["name"] for child in daemon.children()}, set(pairs), f"children on {daemon.host.name}")


@case()
def child_that_is_refused(bench):
    """Beside others, which live on; it is told why."""
    moon, sun, pairs = bench.parallel("red", "green", "blue")
    moon["conn"]["children"]["blue"]["remote_ts"] = "10.99.0.0/24"
    daemons = bench.pair(moon, sun)
    for name in "red", "green":
        daemons[0].up(f"site/{name}")
    pairs.pop("blue")
    tunnel = bench.between(*daemons, pairs)
    done = daemons[0].ipsec("up", "site/blue")
    same(done.code, 1, f"exit code of ipsec up\n{done.text}")
    for part in "TS_UNACCEPTABLE", f"{daemons[0].config}:", "remote_ts":
        contains(done.err, part, "ipsec up")
    tunnel.whole()


# with a key exchange


@case(each=GROUPS)
def rekey_with_key_exchange(bench, group, name):
    tunnel = with_proposals(bench, f"aes256gcm16-{group}", f"aes256gcm16-{group}")
    check("dh-group" not in tunnel.moon.child(), "the first SA has a key exchange of its own")
    for end in tunnel.ends:
        tunnel.changes(lambda end=end: end.rekey("net"), children=["net"])
        same([e.child()["dh-group"] for e in tunnel.ends], [name, name], "key exchange")
    tunnel.whole()


def with_proposals(bench, ours, theirs):
    moon, sun = bench.pair({"child": {"esp_proposals": ours}}, {"child": {"esp_proposals": theirs}})
    moon.up()
    return bench.between(moon, sun)


@case(each=[("of-who-began", "aes256gcm16-x25519, aes256gcm16", "aes256gcm16"),
            ("of-who-answered", "aes256gcm16", "aes256gcm16-x25519, aes256gcm16")])
def key_exchange_is_a_wish(bench, ours, theirs):
    """Of one side, which does without it."""
    tunnel = with_proposals(bench, ours, theirs)
    for end in tunnel.ends:
        tunnel.changes(lambda end=end: end.rekey("net"), children=["net"])
        check("dh-group" not in end.child(), f"key exchange: {end.child()}")
    tunnel.whole()


@case()
def key_exchange_that_is_not_asked_for(bench):
    """It is taken where the configuration does not speak of any."""
    tunnel = with_proposals(bench, "aes256gcm16-x25519", "aes256gcm16")
    tunnel.changes(lambda: tunnel.moon.rekey("net"), children=["net"])
    same([end.child()["dh-group"] for end in tunnel.ends], ["CURVE_25519"] * 2, "key exchange")
    tunnel.whole()


@case(quick=True)
def key_exchange_that_is_missing(bench):
    """IKE_AUTH does not notice; rekeying is refused. Both say why, with the line, and the tunnel lives on."""
    tunnel = with_proposals(bench, "aes256gcm16", "aes256gcm16-x25519")
    before = tunnel.spis()
    tunnel.moon.rekey("net")
    for end in tunnel.ends:
        end.daemon.wait_log("event=refused", "notify=NO_PROPOSAL_CHOSEN", f"{end.daemon.config}:", "esp_proposals")
        failure = end.daemon.connection()["last_failure"]
        same(failure["notify"], "NO_PROPOSAL_CHOSEN", f"notify in the last failure on {end.name}: {failure}")
        contains(failure["where"], f"{end.daemon.config}:", f"the last failure on {end.name}")
    contains(tunnel.sun.daemon.connection()["last_failure"]["instead"], "esp_proposals = ", "what sun says to write")
    same(tunnel.spis(), before, "SPIs")
    tunnel.whole()


@case(each=BOTH)
def first_guess_of_the_group_is_wrong(bench, who):
    """It is answered with INVALID_KE_PAYLOAD, and asked for again."""
    ours, theirs = "aes256gcm16-x25519-ecp256", "aes256gcm16-ecp256"
    tunnel = with_proposals(bench, *((ours, theirs) if who == "moon" else (theirs, ours)))
    for _ in range(2):
        tunnel.changes(lambda: tunnel.end(who).rekey("net"), children=["net"])
        same([end.child()["dh-group"] for end in tunnel.ends], ["ECP_256"] * 2, "key exchange")
    tunnel.end(who).daemon.wait_log("peer wants key exchange ECP_256: asking again with it")
    tunnel.whole()


@case()
def first_guess_of_the_ike_sa_is_wrong(bench):
    """The peer has another configuration by now."""
    ours = {"conn": {"proposals": "aes256gcm16-prfsha256-x25519-ecp256"}}
    moon, sun = bench.pair(**ours)
    moon.up()
    tunnel = bench.between(moon, sun)
    sun.write(bench.tunnel(bench.sun, conn={"proposals": "aes256gcm16-prfsha256-ecp256"}))
    sun.must("reload")
    tunnel.changes(tunnel.moon.rekey, ike=True)
    same([end.sas()[0]["dh-group"] for end in tunnel.ends], ["ECP_256"] * 2, "key exchange")
    moon.wait_log("peer wants key exchange ECP_256: asking again with it")
    tunnel.whole()


@case()
def rekey_with_other_proposals(bench):
    """What is configured when it is rekeyed counts."""
    moon, sun = bench.pair(child={"esp_proposals": "aes256gcm16"})
    moon.up()
    tunnel = bench.between(moon, sun)
    for side, daemon in (bench.moon, moon), (bench.sun, sun):
        daemon.write(bench.tunnel(side, child={"esp_proposals": "chacha20poly1305-x25519"}))
        daemon.must("reload")
    tunnel.changes(lambda: tunnel.moon.rekey("net"), children=["net"])
    for end in tunnel.ends:
        same((end.child()["encr-alg"], end.child()["dh-group"]), ("CHACHA20_POLY1305", "CURVE_25519"), "algorithms")
    tunnel.whole()
