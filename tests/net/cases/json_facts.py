# SPDX-License-Identifier: GPL-2.0-or-later
"""--json: what every verb prints is as tools/ipsec/schema.json says, and it says what VICI says of the same state."""
import json
import pathlib

from cases.certs import folder, gateways
from cases.pki import Authority
from lab import config
from lab.case import case
from lab.check import Skipped, check, same, until
from lab.ikev2d import BIN, ROOT, parse_json
from lab.net import run
from lab.traffic import reaches

try:
    import jsonschema
except ImportError:
    jsonschema = None

# What runs on between two questions, in seconds; a slow machine takes some.
RUNS_ON = {"established", "rekey-time", "reauth-time", "life-time", "install-time", "use-in", "use-out", "running"}
SLACK = 20
# Said elsewhere in JSON, or of strongSwan's insides, which are constant here.
PASSED_OVER = {"child-sas", "children", "data", "leases", "workers", "queues", "scheduled", "plugins", "mallinfo", "uptime",
               "warnings"}
EVERY_POLICY = {"trap": "yes", "pass": "yes", "drop": "yes"}
CHANGES = {"pools": {"p": {"addrs": "10.9.0.0/24"}},
           "connections": {"lan": {"remote_addrs": "127.0.0.1", "children": {"pass": {
               "local_ts": "10.8.0.0/24", "remote_ts": "10.8.0.0/24", "mode": "pass", "start_action": "trap"}}}}}


def valid(name, value):
    """VALUE is what the schema says of the verb NAME, and one of the answers there are."""
    if jsonschema is None:
        raise Skipped("python3-jsonschema is not installed")
    schema = json.loads((ROOT / "tools/ipsec/schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    faults = [f"{'/'.join(map(str, e.absolute_path))}: {e.message}"
              for e in jsonschema.Draft202012Validator({"$ref": f"#/$defs/{name}", "$defs": schema["$defs"]}).iter_errors(value)]
    check(not faults, f"JSON of {name}: {faults}")


def busy(bench):
    """moon with something of everything: certificates, a tunnel with traffic, a shunt, a pool, an authority."""
    ca = Authority(bench)
    for side in (bench.moon, bench.sun):
        ca.give(bench, side)
    root, = pathlib.Path(folder(bench, bench.moon), "x509ca").iterdir()
    ours, theirs = gateways(bench)
    authority = {"authorities": {"a": {"cacert": str(root), "crl_uris": "http://192.0.2.9/a.crl"}}}
    moon = bench.daemon(bench.moon, config.merged(config.merged(ours, CHANGES), authority)).start()
    sun = bench.daemon(bench.sun, theirs).start()
    moon.up()
    reaches(bench.alice, bench.sun.inside[4])
    return moon, sun


@case(quick=True)
def json_is_as_the_schema_says(bench):
    moon, _ = busy(bench)
    for what in "conns", "sas", "policies", "pools", "certs", "authorities", "algs":
        answer = moon.json("list", what)
        valid(f"list-{what}", answer)
        items, = (value for value in answer.values() if isinstance(value, list))
        check(items, f"ipsec list {what} has something to show")
    valid("list-pools", moon.json("list", "pools", "--leases"))
    for verb in "status", "statusall", "version", "counters", "failures":
        valid(verb, moon.json(verb))
    valid("counters", moon.json("counters", "--all"))
    for line in "counters --reset", "route site/net", "unroute site/net", "purge all", "reload":
        valid("done", moon.json(*line.split()))
    valid("check", parse_json(moon.ipsec("--json", "check", moon.config).out))
    valid("up", moon.json("up", "site"))
    valid("rekey", moon.json("rekey", "site"))
    valid("down", moon.json("down", "site"))
    valid("redirect", parse_json(moon.ipsec("--json", "redirect", "site", "192.0.2.77").out))
    source = ROOT / "tests/import/strongswan/01-net2net-psk/ipsec.conf"
    valid("import", moon.json("import", "--from", "strongswan", str(source)))
    for line in "down nothing", "frobnicate", "list keys", "counters a b", "purge socks":
        valid("failure", parse_json(moon.ipsec("--json", *line.split()).out))
    valid("refused", parse_json(moon.ipsec("--json", "counters", "nothing").out))
    valid("done", moon.json("stop"))
    moon.ended()
    valid("version", moon.json("version"))
    valid("failure", parse_json(moon.ipsec("--json", "status").out))


PKI = {"init": "pki-init", "issue moon --san moon.example": "pki-issue", "request sun --out {}/sun.csr": "pki-request",
       "show {}/sun.csr": "pki-show-request", "sign {}/sun.csr": "pki-issue", "renew moon": "pki-renew", "crl": "pki-crl",
       "show": "pki-show", "show moon": "pki-show-file", "verify moon": "pki-verify", "keyid moon": "pki-keyid",
       "fingerprint moon": "pki-fingerprint", "export moon --for pem --out {}/moon.pem": "pki-export",
       "revoke sun": "pki-revoke", "verify sun": "pki-verify", "revoke nobody": "failure"}


@case(quick=True)
def json_of_pki(bench):
    for words, name in PKI.items():
        said = run([f"{BIN}/ipsec", "--json", "pki", "--dir", f"{bench.directory}/pki",
                    *words.format(bench.directory).split()])
        valid(name, parse_json(said.out))


@case()
def json_of_failures(bench):
    """A reason has all its parts, in the answer and in status; log is JSON line by line."""
    moon, sun = bench.pair(sun={"child": {"local_ts": "10.99.0.0/24"}})
    log = moon.spawn("--json", "log")
    until(lambda: moon.ipsec("up", "site").code == 1 and "\n" in log.log(), "ipsec log says something")
    answer = parse_json(moon.ipsec("--json", "up", "site").out)
    valid("up", answer)
    check(answer["initiated"][0]["why"]["what"], f"a reason: {answer}")
    status = moon.json("status")
    valid("status", status)
    valid("list-conns", moon.json("list", "conns"))
    valid("failures", moon.json("failures", "site"))
    valid("failures", sun.json("failures"))
    same(status["connections"][0]["last_failure"]["what"], answer["initiated"][0]["why"]["what"], "reason in status")
    moon.stop()
    log.wait(5)
    for line in log.log().splitlines():
        valid("log", parse_json(line))


def agree(where, key, ours, theirs):
    """OURS in JSON, THEIRS of VICI."""
    if key in RUNS_ON:
        check(abs(ours - int(theirs)) <= SLACK, f"{where}: {key}: {ours} in JSON, {theirs} over VICI")
    elif isinstance(ours, bool):
        same(ours, theirs in ("yes", "1"), f"{where}: {key}")
    elif isinstance(ours, int):
        same(ours, int(theirs), f"{where}: {key}")
    else:
        same(ours, theirs, f"{where}: {key}")


def compare(where, ours, theirs):
    """Everything that VICI says in a section stands in the object, and nothing else does."""
    known = {key.replace("-", "_"): key for key in theirs if key not in PASSED_OVER}
    for name, key in known.items():
        if key.startswith(("local-", "remote-")) and isinstance(theirs[key], dict):
            side, number = key.rsplit("-", 1)
            compare(f"{where}/{key}", ours[side][int(number) - 1], theirs[key])
        elif isinstance(theirs[key], dict):
            compare(f"{where}/{key}", ours[name], theirs[key])
        else:
            check(name in ours, f"{where}: VICI has {key}, JSON has not")
            agree(where, key, ours[name], theirs[key])
    for name, value in ours.items():
        check(name in known or isinstance(value, (list, dict)) or value in (None, False) or name in EXTRA,
              f"{where}: JSON has {name} {value}, VICI has not")


# What the command adds: names of sections, and what it reads from certificates.
EXTRA = {"name", "local_id", "remote_id", "subject", "issuer", "serial", "not_before", "not_after", "fingerprint"}


def sections(client, command, event, arguments=None):
    client.register(event)
    client.events.clear()
    client.call(command, arguments or {})
    return [message for _, message in client.events]


def children(where, ours, theirs):
    same([child["name"] for child in ours], [section.get("name", name) for name, section in theirs.items()],
         f"children of {where}")
    for child, section in zip(ours, theirs.values()):
        compare(f"{where}/{child['name']}", child, section)


@case(quick=True)
def json_says_what_vici_says(bench):
    moon, _ = busy(bench)
    client = bench.vici(moon)
    for word, key, command, event, arguments, inner in (
            ("conns", "connections", "list-conns", "list-conn", None, "children"),
            ("sas", "sas", "list-sas", "list-sa", None, "child-sas"),
            ("policies", "policies", "list-policies", "list-policy", EVERY_POLICY, None),
            ("authorities", "authorities", "list-authorities", "list-authority", None, None)):
        ours, theirs = moon.json("list", word)[key], sections(client, command, event, arguments)
        same([item["name"] for item in ours], [name for message in theirs for name in message], f"names of {word}")
        check(ours, f"there are {word}")
        for item, message in zip(ours, theirs):
            section = message[item["name"]]
            compare(f"{word} {item['name']}", item, section)
            if inner:
                children(item["name"], item["children"], section[inner])
    ours, theirs = moon.json("list", "certs")["certificates"], sections(client, "list-certs", "list-cert")
    same(len(ours), len(theirs), "certificates")
    for item, message in zip(ours, theirs):
        compare("certificate", item, message)
        check(item["subject"].startswith("CN=") and item["not_after"], f"what is in it: {item}")
    pool, = moon.json("list", "pools")["pools"]
    compare("pool", pool, client.call("get-pools", {"all": "yes"})["p"])
    algorithms = client.call("get-algorithms")
    same({item["kind"]: item["names"] for item in moon.json("list", "algs")["algorithms"]},
         {kind: list(names) for kind, names in algorithms.items()}, "algorithms")
    counters, = moon.json("counters")["counters"]
    compare("counters", counters["counters"], client.call("get-counters")["counters"][""])
    version = client.call("version")
    same(moon.json("version")["ikev2d"], version["version"], "version")
    daemon, stats = moon.json("statusall")["daemon"], client.call("stats")
    same((daemon["name"], daemon["since"]), (version["daemon"], stats["uptime"]["since"]), "the daemon")
    compare("ikesas", daemon["ikesas"], stats["ikesas"])


@case()
def monitor_follows_sas(bench):
    """As lines of JSON, each as the schema says, and in words."""
    dark = {"conn": {"children": {"dark": {"local_ts": "10.1.0.0/16", "remote_ts": "10.77.0.0/16"}}}}
    moon, _ = bench.pair(moon=dark)
    logs = [f"{bench.directory}/{name}" for name in ("json", "words", "log")]
    for path, words in zip(logs, (["--json", "monitor"], ["monitor"], ["--json", "monitor", "--log"])):
        process = moon.host.spawn([*moon.client(), *words], path)
        bench.afterwards(process.kill)

    def all_listen():
        moon.must("up", "site/net")
        moon.must("down", "site")
        return all(pathlib.Path(path).stat().st_size for path in logs)

    until(all_listen, "lines of each ipsec monitor")
    moon.must("up", "site/net")
    moon.must("rekey", "site/net")
    moon.must("rekey", "site")

    def lines(path):
        return [json.loads(line) for line in pathlib.Path(path).read_text(encoding="utf-8").splitlines()]

    def heard(*events):
        until(lambda: set(events) <= {(line["event"], line["up"]) for line in lines(logs[0])}, lambda: f"{events} in {lines(logs[0])}")

    heard(("child-rekey", False), ("ike-rekey", False))
    same(moon.ipsec("up", "site/dark").code, 1, "exit code of ipsec up")
    moon.must("down", "site")
    heard(("ike-updown", True), ("child-updown", True), ("ike-updown", False))
    for line in lines(logs[0]) + lines(logs[2]):
        valid("monitor", line)
    same({line["event"] for line in lines(logs[2])} - {line["event"] for line in lines(logs[0])}, {"log"}, "what --log adds")
    rekeyed = next(line for line in lines(logs[0]) if line["event"] == "child-rekey")
    same((rekeyed["sa"]["name"], rekeyed["old"]["name"], rekeyed["new"]["name"]), ("site", "net", "net"), "names in child-rekey")
    check(rekeyed["old"]["spi_in"] != rekeyed["new"]["spi_in"], "a new SPI")
    words = pathlib.Path(logs[1]).read_text(encoding="utf-8")
    for part in "site: IKE_SA #", "is up, 'moon.example' 192.0.2.1", "site/net: CHILD_SA #", "has new keys, as #", "is down":
        check(part in words, f"{part!r} in what ipsec monitor says:\n{words}")
