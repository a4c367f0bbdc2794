# SPDX-License-Identifier: GPL-2.0-or-later
"""What keeps ikev2d from working: each time one sentence that says what to do, an exit code, and nothing left behind."""
import os
import re
import socket

from lab.case import case, user_case
from lab.check import check, contains, same
from lab.ikev2d import BIN, ROOT
from lab.traffic import reaches

NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
NO_LEAK_CHECK = {"ASAN_OPTIONS": "detect_leaks=0"}  # it needs rights, too
SITE = ("connections {{\n site {{\n {}\n local {{ auth = psk }}\n remote {{ auth = psk }}\n children {{ net {{ }} }}\n"
        " }}\n}}\n")
OTHER_MOUNTS = ["unshare", "-m", "sh", "-c"]


def sentence(done, code, *parts):
    """How a program ends that says one thing on stderr."""
    same(done.code, code, f"exit code\n{done.text}")
    check(not done.out and done.err.count("\n") == 1, f"not one sentence on stderr:\n{done.text}")
    for part in parts:
        contains(done.err, part, "what is said")


def does_not_start(daemon, *parts):
    """The host is as it was afterwards."""
    before = daemon.host.state()
    sentence(daemon.attempt(), 1, "ikev2d: ", *parts)
    if os.path.isdir(daemon.run_dir):
        check(set(os.listdir(daemon.run_dir)) <= {"state"}, f"left in the run directory: {os.listdir(daemon.run_dir)}")
    same(daemon.host.state(), before, "state of the host")


def findings(daemon, *words, before=()):
    """The rows of ipsec check by name, as verdict and text; the exit code must fit them."""
    done = daemon.host.run([*before, *daemon.client(), "check", *words])
    rows = {line.split()[1]: (line.split()[0], line) for line in done.out.splitlines()}
    unread, bad = rows["configuration"][0] == "bad", any(verdict == "bad" for verdict, _ in rows.values())
    same(done.code, 2 if unread else int(bad), f"exit code of ipsec check\n{done.text}")
    return rows


def finds(rows, name, verdict, part):
    same(rows[name][0], verdict, f"verdict of ipsec check on {name}: {rows[name][1]}")
    contains(rows[name][1], part, "ipsec check")


@case(each=[("500", 4, 500, "port"), ("4500", 4, 4500, "port-nat-t"), ("500-of-ipv6", 6, 500, "port"),
            ("4500-of-ipv6", 6, 4500, "port-nat-t")])
def port_in_use(bench, version, port, row):
    moon = bench.daemon(bench.moon, bench.tunnel(bench.moon))
    with moon.host.socket(socket.AF_INET6 if version == 6 else socket.AF_INET, socket.SOCK_DGRAM) as other:
        if version == 6:
            other.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        other.bind(("::" if version == 6 else "0.0.0.0", port))
        does_not_start(moon, f"UDP port {port} (IPv{version}) is in use", "ss -ulpn")
        finds(findings(moon, moon.config), row, "bad", "taken by another program")
    finds(findings(moon, moon.config), row, "ok", "is free")
    moon.start()


@case()
def second_daemon(bench):
    """In the run directory of the first, and in one of its own; the first lives on."""
    first = bench.start(bench.moon)
    second = bench.daemon(bench.moon, None, "second")
    does_not_start(second, "UDP port 500 (IPv4) is in use")
    second.run_dir = first.run_dir
    sentence(second.attempt(), 1, f"another ikev2d (pid {first.process.pid}) has the run directory", "ipsec stop")
    contains(first.must("status"), "site: down", "ipsec status")


@case()
def files_of_a_daemon_that_was_killed(bench):
    """They are in nobody's way."""
    moon, _ = bench.pair()
    moon.kill()
    same(sorted(os.listdir(moon.run_dir)), ["family", "journal", "lock", "pid", "state", "vici"], "the run directory of the dead")
    sentence(moon.ipsec("status"), 3, "ikev2d is not running")
    finds(findings(moon, moon.config), "leftovers", "note", "routes, rules, devices or policies behind")
    moon.start()
    moon.up()
    finds(findings(moon, moon.config), "leftovers", "ok", "no ikev2d that has ended left anything behind")
    reaches(bench.alice, bench.sun.inside[4])


@case(quick=True)
def without_rights(bench):
    """As nobody; for the command, the daemon runs."""
    moon = bench.start(bench.moon)
    bin_, home = bench.public_bin(), f"{bench.directory}/nobody"
    os.mkdir(home)
    os.chown(home, 65534, 65534)
    daemon = [*NOBODY, f"{bin_}/ikev2d", "--foreground", "--config", "/dev/null", "--run-dir"]
    done = bench.sun.gateway.run([*daemon, f"{home}/run"], env=NO_LEAK_CHECK)
    sentence(done, 1, "no right to open UDP port 500", "run ikev2d as root")
    done = bench.sun.gateway.run([*daemon, "/ikev2d/run"], env=NO_LEAK_CHECK)
    sentence(done, 1, "the directory cannot be made: /ikev2d", "run ikev2d as root, or give it another directory")
    command = [*NOBODY, f"{bin_}/ipsec", "--run-dir", moon.run_dir]
    sentence(moon.host.run([*command, "status"]), 1, "no permission to talk to ikev2d: run this as root")
    text_ = bench.sun.gateway.run([*command, "check", "/dev/null"]).out
    for part in ("bad   port           UDP port 500 cannot be opened: Permission denied; run this as root",
                 "bad   rights         missing: CAP_NET_BIND_SERVICE, CAP_NET_ADMIN, CAP_NET_RAW; run this"):
        contains(text_, part, "ipsec check")


@user_case(each=[("missing", "mount -t tmpfs none /dev/net", "there is no /dev/net/tun"),
                 ("another", "mount --bind /dev/null /dev/net/tun", "cannot make the tun device ipsec")])
def tun_is(bench, how, says):
    """The daemon lives and IKE works; a child is refused, on both sides, and no packet passes."""
    moon, sun = bench.daemon(bench.moon, bench.tunnel(bench.moon)), bench.start(bench.sun)
    moon.before = [*OTHER_MOUNTS, f'{how} && exec "$@"', "sh"]
    moon.start()
    wire = bench.wire()
    done = moon.ipsec("up", "site")
    same(done.code, 1, f"exit code of ipsec up\n{done.text}")
    contains(done.err, f"ipsec: site/net: {says}", "ipsec up")
    contains(moon.must("status"), f"last failure: {says}", "ipsec status")
    sun.wait_children(0)
    done = sun.ipsec("up", "site")
    same(done.code, 1, f"exit code of ipsec up on sun\n{done.text}")
    same((moon.children(), sun.children()), ([], []), "CHILD_SAs")
    same(wire["esp-udp"], 0, "number of ESP packets")
    finds(findings(moon, moon.config, before=moon.before), "tun", "bad", "/dev/net/tun")
    rows = findings(moon, moon.config, "--fix", before=moon.before)
    if how.startswith("mount -t tmpfs"):
        finds(rows, "tun", "fixed", "made /dev/net/tun; rm /dev/net/tun takes it back")
    else:
        finds(rows, "tun", "bad", "/dev/net/tun is another device")


@case()
def run_directory_that_cannot_be(bench):
    moon = bench.daemon(bench.moon, None)
    run_dir = moon.run_dir
    with open(f"{bench.directory}/file", "w", encoding="ascii"):
        moon.run_dir = f"{bench.directory}/file/run"
    does_not_start(moon, "the directory cannot be made:", "(Not a directory)")
    moon.run_dir = f"{bench.directory}/{'long' * 25}"
    does_not_start(moon, "vici cannot be made: File name too long")
    os.mkdir(f"{bench.directory}/readonly")
    moon.before = [*OTHER_MOUNTS, f'mount -t tmpfs -o ro none {bench.directory}/readonly && exec "$@"', "sh"]
    moon.run_dir = f"{bench.directory}/readonly/run"
    does_not_start(moon, "the directory cannot be made:", "(Read-only file system)")
    moon.before, moon.run_dir = [], run_dir
    moon.start()


@case()
def configuration_that_cannot_be_read(bench):
    moon = bench.daemon(bench.moon, None)
    for path, says in ((f"{bench.directory}/none.conf", "none.conf: there is no such file"),
                       (bench.directory, f"{bench.directory}: it is a folder")):
        moon.config = path
        does_not_start(moon, says)
        sentence(moon.host.run([f"{BIN}/ikev2d", "--check", path]), 1, says)
        finds(findings(moon, path), "configuration", "bad", says)


@case(each=[
    ("brace-missing", "connections {\n site {\n  version = 2\n", 2, "the section that begins here is never closed"),
    ("brace-too-many", "connections {\n}\n}\n", 3, 'one "}" too many'),
    ("quote-missing", 'secrets {\n ike { secret = "abc }\n}\n', 2, 'a " is missing'),
    ("no-value", "connections {\n site\n version\n}\n", 2, 'behind a name comes "="'),
    ("unknown-section", "conections {\n}\n", 1, 'did you mean "connections"?'),
    ("unknown-key", SITE.format("remote_adrs = 192.0.2.2"), 3, 'did you mean "remote_addrs"?'),
    ("address", SITE.format("remote_addrs = 192.0.2.256"), 3, '"192.0.2.256" is not an address'),
    ("proposal", SITE.format("proposals = aes257"), 3, 'did you mean "aes256"?'),
    ("time", SITE.format("dpd_delay = 5 parsecs"), 3, "as 30s"),
    ("port", "daemon {\n port = 99999\n}\n", 2, "write a number from 1 to 65535"),
    ("word", "daemon {\n udp_encap = maybe\n}\n", 2, '"maybe" is not yes or no'),
    ("not-spoken", SITE.format("version = 1"), 3, "IKEv1 is not spoken here"),
    ("secret-missing", "secrets {\n ike-a {\n }\n}\n", 2, "there is no secret in it"),
    ("include", "\n\ninclude none.conf\n", 3, "there is no such file")])
def wrong_configuration(bench, configuration, line, says):
    """File, line, what is wrong and what was expected; from the daemon, its --check and ipsec check alike."""
    moon = bench.daemon(bench.moon, configuration)
    place = f"{moon.config}:{line}: "
    does_not_start(moon, place, says)
    done = moon.host.run([f"{BIN}/ikev2d", "--check", moon.config])
    sentence(done, 1, says)
    check(done.err.startswith(place), f"ikev2d --check does not begin with {place}: {done.err}")
    rows = findings(moon, moon.config)
    finds(rows, "configuration", "bad", place)
    finds(rows, "configuration", "bad", says)


@case()
def right_configuration(bench):
    """Checked without starting anything, with a note where something has no effect."""
    moon = bench.daemon(bench.moon, bench.tunnel(bench.moon))
    done = moon.host.run([f"{BIN}/ikev2d", "--check", moon.config])
    same((done.code, done.text), (0, f"{moon.config}: ok, 1 connection\n"), "how ikev2d --check ends")
    done = moon.host.run([f"{BIN}/ikev2d", "--config", moon.config, "--check"])
    same((done.code, done.text), (0, f"{moon.config}: ok, 1 connection\n"), "how ikev2d --config --check ends")
    moon.write(bench.tunnel(bench.moon, conn={"aggressive": "yes"}))
    done = moon.host.run([f"{BIN}/ikev2d", "--check", moon.config])
    same((done.code, done.out), (0, f"{moon.config}: ok, 1 connection\n"), "how ikev2d --check ends")
    contains(done.err, "connections.site.aggressive: it belongs to IKEv1", "ikev2d --check")
    same(os.path.exists(moon.run_dir), False, "whether there is a run directory")


@case()
def connection_with_a_key_not_built_in(bench):
    """It is loaded and shown, but not used in either direction, and each place says why."""
    later = {"conn": {"mediated_by": "star", "children": {"net": {"start_action": "start"}}}}
    moon, sun = bench.pair(moon=later)
    why = "connections.site.mediated_by: mediation is not built in yet"
    contains(moon.log(), f"{why}, so this connection is not used", "log of the daemon")
    done = moon.ipsec("up", "site")
    same(done.code, 1, "exit code of ipsec up")
    contains(done.err, why, "ipsec up")
    contains(moon.must("status"), "site: unusable", "ipsec status")
    contains(moon.must("status"), why, "ipsec status")
    done = sun.ipsec("up", "site")
    same(done.code, 1, "exit code of ipsec up on the other side")
    contains(done.err, "NO_PROPOSAL_CHOSEN", "ipsec up on the other side")
    same(moon.sas(), [], "IKE_SAs")


@case()
def configuration_of_the_readme(bench):
    """What a reader copies is right."""
    with open(f"{ROOT}/README.md", encoding="utf-8") as f:
        blocks = re.findall(r"^    connections \{\n(?:    .*\n)+", f.read(), re.MULTILINE)
    same(len(blocks), 2, "configurations in the README")
    for block in blocks:
        moon = bench.daemon(bench.moon, block)
        done = moon.host.run([f"{BIN}/ikev2d", "--check", moon.config])
        if "psk" not in block:  # nobody has made certificates here
            same(done.code, 1, "exit code of ikev2d --check")
            check(done.text.startswith("there is no certificate with a private key"), f"ikev2d --check: {done.text}")
        else:
            same((done.code, done.text), (0, f"{moon.config}: ok, 1 connection\n"), "how ikev2d --check ends")


@case()
def wrong_option(bench):
    """One sentence, with the option in it, and exit code 2."""
    for words, says in ((["--frobnicate"], "--frobnicate"), (["--config"], "--config"), (["now"], '"now" is not an option'),
                        (["--debug", "all"], '"detail" and "core", not "all"'), (["--foreground=no"], "--foreground")):
        sentence(bench.moon.gateway.run([f"{BIN}/ikev2d", *words]), 2, "ikev2d: ", says, "ikev2d --help")


@case()
def empty_configuration(bench):
    """It starts, and waits for what comes over VICI."""
    moon = bench.daemon(bench.moon, None).start()
    same(moon.must("status"), "no connections are configured\n", "what ipsec status says")
    vici = bench.vici(moon)
    conn = bench.tunnel(bench.moon)["connections"]
    same(vici.call("load-conn", conn)["success"], "yes", "whether load-conn is done")
    shared = {"id": "one", "type": "IKE", "data": "wrong", "owners": ["sun.example"]}
    same(vici.call("load-shared", shared)["success"], "yes", "whether load-shared is done")
    same((vici.call("get-conns"), vici.call("get-shared")), ({"conns": ["site"]}, {"keys": ["one"]}), "what is loaded")
    same(moon.must("list", "conns"), "site/net\n", "what ipsec list conns says")


@user_case()
def check_of_a_good_machine(bench):
    """Every row is ok, with the daemon and without it; a note does not change the exit code."""
    moon = bench.daemon(bench.moon, bench.tunnel(bench.moon))
    for state in "not running", "running":
        rows = findings(moon, moon.config)
        same({verdict for verdict, _ in rows.values()}, {"ok"}, f"verdicts of ipsec check\n{rows}")
        finds(rows, "daemon", "ok", f"ikev2d is {state}")
        finds(rows, "data-path", "ok", "ikev2d takes the userspace path" if state == "not running" else "userspace: in use")
        finds(rows, "configuration", "ok", "1 connections, 1 secrets")
        if not moon.running():
            moon.start()
    moon.stop()
    bench.sysctl(moon.host, "net.ipv4.ip_forward", 0)
    bench.sysctl(moon.host, "net.ipv4.conf.all.rp_filter", 1)
    rows = findings(moon, moon.config)
    finds(rows, "forwarding", "note", "sysctl -w net.ipv4.ip_forward=1")
    finds(rows, "rp-filter", "note", "sysctl -w net.ipv4.conf.all.rp_filter=2")
