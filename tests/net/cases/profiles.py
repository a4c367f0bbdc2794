# SPDX-License-Identifier: GPL-2.0-or-later
"""Profiles of ipsec user as others read them: property lists, JSON, NetworkManager's keyfiles, PowerShell."""
import base64
import configparser
import ipaddress
import json
import os
import pathlib
import plistlib
import re
import shutil
import uuid

from cases.json_facts import valid
from cases.users import Gateway, is_in
from lab import network_manager
from lab.case import case
from lab.check import Skipped, check, contains, same, until
from lab.net import Namespace, link, must, run
from lab.traffic import reaches_in_the_end

DNS = "10.2.0.53", "2001:db8:2::53"
BOTH = "--pool", "2001:db8:93::/120", "--dns", DNS[0], "--dns", DNS[1]

# What the makers document.
APPLE_IKE = {
    "RemoteAddress": str, "RemoteIdentifier": str, "LocalIdentifier": str, "ServerCertificateIssuerCommonName": str,
    "AuthenticationMethod": {"Certificate", "None", "SharedSecret"}, "ExtendedAuthEnabled": {0, 1}, "AuthName": str,
    "PayloadCertificateUUID": str, "CertificateType": {"RSA", "ECDSA256", "ECDSA384", "ECDSA521"},
    "DeadPeerDetectionRate": {"None", "Low", "Medium", "High"}, "EnablePFS": {0, 1},
    "UseConfigurationAttributeInternalIPSubnet": {0, 1}, "IKESecurityAssociationParameters": dict,
    "ChildSecurityAssociationParameters": dict}
APPLE_SA = {
    "EncryptionAlgorithm": {"AES-128", "AES-256", "AES-128-GCM", "AES-256-GCM", "ChaCha20Poly1305"},
    "IntegrityAlgorithm": {"SHA2-256", "SHA2-384", "SHA2-512"}, "DiffieHellmanGroup": {14, 15, 16, 17, 18, 19, 20, 21, 31},
    "LifeTimeInMinutes": set(range(10, 1441))}
WINDOWS = {
    "AuthenticationTransformConstants": {"SHA256128", "GCMAES128", "GCMAES192", "GCMAES256"},
    "CipherTransformConstants": {"AES128", "AES192", "AES256", "GCMAES128", "GCMAES192", "GCMAES256"},
    "DHGroup": {"Group14", "ECP256", "ECP384"}, "EncryptionMethod": {"AES128", "AES192", "AES256", "GCMAES128", "GCMAES256"},
    "IntegrityCheckMethod": {"SHA256", "SHA384"}, "PfsGroup": {"None", "PFS2048", "ECP256", "ECP384"},
    "ConnectionName": {"$name"}, "AllUserConnection": {"$true"}, "Force": {"$true"}}
CMDLETS = {"Get-VpnConnection", "Where-Object", "Remove-VpnConnection", "Read-Host", "New-TemporaryFile", "Import-Certificate",
           "Import-PfxCertificate", "Out-Null", "Remove-Item", "Add-VpnConnection", "Set-VpnConnectionIPsecConfiguration",
           "Add-VpnConnectionRoute", "Write-Output", "New-EapConfiguration"}
SSWAN = {"uuid", "name", "type", "remote", "ike-proposal", "esp-proposal", "local", "split-tunneling"}


def within(section, allowed, what):
    """Each key of SECTION is one of ALLOWED, and its value of that type or set."""
    for key, value in section.items():
        check(key in allowed, f"{what} has the key {key}")
        rule = allowed[key]
        check(isinstance(value, rule) if isinstance(rule, type) else value in rule, f"{what}: {key} is {value!r}")


def in_openssl(gateway, data, *command):
    """What openssl makes of DATA."""
    path = f"{gateway.bench.directory}/data"
    pathlib.Path(path).write_bytes(data)
    return must(["openssl", *command, "-in", path])


def authority(gateway):
    return pathlib.Path(gateway.directory, "x509ca/ca.pem").read_text(encoding="ascii")


def is_authority(gateway, der):
    same(in_openssl(gateway, der, "x509", "-inform", "DER"), authority(gateway), "the CA in the profile")


def opens(gateway, p12, made):
    """Its password opens it; inside are the key, its certificate and the CA."""
    check(re.fullmatch(r"([a-z1-9]{4}-){3}[a-z1-9]{4}", made["password"]), f"password {made['password']}")
    text = in_openssl(gateway, p12, "pkcs12", "-nodes", "-legacy", "-passin", f"pass:{made['password']}")
    same((text.count("BEGIN PRIVATE KEY"), text.count("BEGIN CERTIFICATE")), (1, 2), "keys and certificates inside")
    done = run(["openssl", "pkcs12", "-nodes", "-legacy", "-passin", "pass:wrong", "-in", f"{gateway.bench.directory}/data"])
    check(done.code != 0, "another password opens it, too")
    return text


def payloads(profile):
    """By their types, each with what all have."""
    for payload in (profile, *profile["PayloadContent"]):
        same(payload["PayloadVersion"], 1, "PayloadVersion")
        uuid.UUID(payload["PayloadUUID"])
        check(payload["PayloadIdentifier"] and payload["PayloadDisplayName"], "a payload has names")
    same(len({p["PayloadUUID"] for p in profile["PayloadContent"]}), len(profile["PayloadContent"]), "different UUIDs")
    return {p["PayloadType"]: p for p in profile["PayloadContent"]}


def plist_is_right(gateway, made, data, full):
    profile = plistlib.loads(data)
    same(profile["PayloadType"], "Configuration", "PayloadType")
    parts = payloads(profile)
    is_authority(gateway, parts["com.apple.security.root"]["PayloadContent"])
    user = parts["com.apple.security.pkcs12"]
    contains(opens(gateway, user["PayloadContent"], made), "CN = alice", "PKCS#12")
    vpn = parts["com.apple.vpn.managed"]
    ike = vpn["IKEv2"]
    within(ike, APPLE_IKE, "IKEv2")
    for name in "IKESecurityAssociationParameters", "ChildSecurityAssociationParameters":
        within(ike[name], APPLE_SA, name)
    same((vpn["VPNType"], ike["RemoteAddress"], ike["RemoteIdentifier"], ike["LocalIdentifier"], ike["CertificateType"]),
         ("IKEv2", gateway.name, gateway.name, "alice", "ECDSA256"), "who and where")
    same(ike["PayloadCertificateUUID"], user["PayloadUUID"], "the certificate that the connection shows")
    same(vpn["IPv4"]["OverridePrimary"], int(full), "whether all goes through the tunnel")
    same(vpn["DNS"]["ServerAddresses"] if full else vpn.get("DNS"), list(DNS) if full else None, "DNS")
    contains(in_openssl(gateway, parts["com.apple.security.root"]["PayloadContent"], "x509", "-inform", "DER", "-noout",
                        "-subject"), ike["ServerCertificateIssuerCommonName"], "the CA's subject")


def tunnels(bench):
    """Gateways for a full and for a split tunnel."""
    return (Gateway(bench, *BOTH), True), (Gateway(bench, folder="split"), False)


@case(each=["ios", "macos"])
def profile_of_apple(bench, kind):
    for gateway, full in tunnels(bench):
        made, path = gateway.user("alice", kind, folder=f"{kind}-{full}")
        valid("user-add", made)
        plist_is_right(gateway, made, pathlib.Path(path).read_bytes(), full)


@case(each=[("all", "", [""], 1),
            ("some", "\n\t\t25 = lab.example.org, inside.example.org", ["lab.example.org", "inside.example.org"], 0)])
def profile_of_apple_asks_the_tunnel_for_names(bench, domains, told, no_search):
    """Beside a split tunnel it would not, where no domain is named."""
    gateway = Gateway(bench, "--net", bench.sun.net[4], "--dns", DNS[0])
    gateway.change(f"\t\tdns = {DNS[0]}", f"\t\tdns = {DNS[0]}{domains}")
    _, path = gateway.user("alice", "ios")
    dns = payloads(plistlib.loads(pathlib.Path(path).read_bytes()))["com.apple.vpn.managed"]["DNS"]
    same(dns, {"DNSProtocol": "Cleartext", "ServerAddresses": [DNS[0]], "SupplementalMatchDomains": told,
               "SupplementalMatchDomainsNoSearch": no_search}, "DNS")


@case(each=[("refused", "lab.example.org, no/domain", ["lab.example.org"], "no/domain, which is no name of a domain"),
            ("all-refused", "no/domain", None, "no/domain, which is no name of a domain"),
            ("too-many", ", ".join(f"d{n}.example.org" for n in range(17)), [f"d{n}.example.org" for n in range(16)],
             "d16.example.org: it takes 16 domains")])
def profile_of_apple_says_which_domains_it_leaves_out(bench, domains, told, says):
    """The servers are asked for all names only where no domain is named."""
    gateway = Gateway(bench, "--net", bench.sun.net[4], "--dns", DNS[0])
    gateway.change(f"\t\tdns = {DNS[0]}", f"\t\tdns = {DNS[0]}\n\t\t25 = {domains}")
    out = f"{bench.directory}/profile"
    done = gateway.run("user", "add", "alice", "--profile", "ios", "--out", out)
    same(done.code, 0, f"exit code of ipsec user add\n{done.text}")
    contains(done.err, f"(pools.clients.25): the profile leaves out {says}", "ipsec user add")
    dns = payloads(plistlib.loads(pathlib.Path(out).read_bytes()))["com.apple.vpn.managed"].get("DNS", {})
    same(dns.get("SupplementalMatchDomains"), told, "domains in the profile")


@case()
def profile_of_apple_signed(bench):
    """openssl finds the gateway's signature right, and within it the profile."""
    gateway = Gateway(bench, *BOTH)
    made, path = gateway.user("alice", "ios", "--sign")
    out = f"{bench.directory}/inside"
    must(["openssl", "cms", "-verify", "-inform", "DER", "-in", path, "-binary", "-CAfile",
          f"{gateway.directory}/x509ca/ca.pem", "-purpose", "any", "-out", out])
    plist_is_right(gateway, made, pathlib.Path(out).read_bytes(), True)


@case()
def profile_of_android(bench):
    for gateway, full in tunnels(bench):
        made, path = gateway.user("alice", "android", folder=f"{full}")
        profile = json.loads(pathlib.Path(path).read_text(encoding="utf-8"))
        same(set(profile), SSWAN, "keys")
        uuid.UUID(profile["uuid"])
        same((profile["type"], profile["remote"]["addr"], profile["remote"]["id"], profile["local"]["id"]),
             ("ikev2-cert", gateway.name, gateway.name, "alice"), "who and where")
        is_authority(gateway, base64.b64decode(profile["remote"]["cert"], validate=True))
        opens(gateway, base64.b64decode(profile["local"]["p12"], validate=True), made)
        same(profile["split-tunneling"], {"block-ipv4": False, "block-ipv6": False} if full else {"subnets": [bench.sun.net[4]]},
             "split tunnel")


class Script:
    """A PowerShell script: strings taken out, words and brackets looked at."""

    TOKEN = re.compile(r"""@'\n(?P<here>.*?)\n'@ | '(?P<single>(?:[^'\n]|'')*)' | "(?P<double>[^"`\n]*)" | (?P<comment>\#[^\n]*)
                           | (?P<open>[({\[]) | (?P<close>[)}\]]) | (?P<word>[\w$.:\\-]+) | (?P<other>[\s=|,;]+|@(?=[{(\w]))""",
                       re.X | re.S)

    def __init__(self, text):
        self.strings, self.words, self.here, self.tables, brackets, at = [], [], [], [], [], 0
        while at < len(text):
            token = self.TOKEN.match(text, at)
            check(token, f"no token of PowerShell at {text[at:at + 40]!r}")
            kind, at = token.lastgroup, token.end()
            if kind == "open":
                brackets.append(token[kind])
            elif kind == "close":
                check(brackets and brackets.pop() + token[kind] in ("()", "{}", "[]"),
                      f"a bracket too many before {text[at:at+40]!r}")
            elif kind == "word":
                self.words.append(token[kind])
            elif kind == "here":
                self.here.append(token[kind])
            elif kind in ("single", "double"):
                self.strings.append(token[kind])
            if kind == "double":  # "$name:" would name a drive
                check(not re.search(r"\$\w+:", token[kind]), f"a colon behind a variable in {token[kind]!r}")
        check(not brackets, f"brackets that are not closed: {brackets}")
        self.text = text

    def table(self, name):
        """The hash table $NAME."""
        body = re.search(rf"\${name} = @{{\n(.*?)\n}}", self.text, re.S)[1]
        return {key: value.strip("'") for key, value in re.findall(r"^    (\w+) = (.*)$", body, re.M)}


@case()
def profile_of_windows(bench):
    for gateway, full in tunnels(bench):
        made, path = gateway.user("alice", "windows", folder=f"{full}")
        script = Script(pathlib.Path(path).read_text(encoding="ascii"))
        cmdlets = {word for word in script.words if re.fullmatch(r"[A-Z][a-z]+-[A-Z]\w+", word)}
        check(cmdlets <= CMDLETS, f"commands that are not there: {cmdlets - CMDLETS}")
        within(script.table("algorithms"), WINDOWS, "algorithms")
        same(script.table("connection"), {
            "Name": "$name", "ServerAddress": gateway.name, "TunnelType": "Ikev2", "AuthenticationMethod": "MachineCertificate",
            "EncryptionLevel": "Required", "SplitTunneling": "$false" if full else "$true", "AllUserConnection": "$true"},
            "connection")
        ca, user = (base64.b64decode(here) for here in script.here)
        is_authority(gateway, ca)
        opens(gateway, user, made)
        for net in ("::/1", "8000::/1") if full else (bench.sun.net[4],):
            check(net in script.strings, f"no route to {net}")


def keyfile(path):
    """As GLib reads it: sections, keys without blanks, a backslash escapes."""
    parser = configparser.RawConfigParser(strict=True, delimiters="=", comment_prefixes="#", empty_lines_in_values=False)
    parser.optionxform = str
    parser.read_string(pathlib.Path(path).read_text(encoding="utf-8"))
    for name in parser.sections():
        for key, value in parser[name].items():
            check(re.fullmatch(r"[\w.-]+", key) and not re.search(r"\\(?![sntr\\])", value), f"{name}.{key}={value}")
    return parser


@case()
def profile_of_network_manager(bench):
    for gateway, full in tunnels(bench):
        _, folder = gateway.user("alice", "linux", folder=f"{full}")
        path = f"{folder}/system-connections/alice.nmconnection"
        same(os.stat(path).st_mode & 0o777, 0o600, "mode of the keyfile: NetworkManager ignores what others may read")
        keys = keyfile(path)
        same(str(uuid.UUID(keys["connection"]["uuid"])), keys["connection"]["uuid"], "UUID, in its normal form")
        vpn = dict(keys["vpn"])
        same((keys["connection"]["type"], vpn["service-type"], vpn["method"], vpn["address"], vpn["virtual"], vpn["proposal"]),
             ("vpn", "org.freedesktop.NetworkManager.strongswan", "cert", gateway.name, "yes", "yes"), "vpn")
        same(vpn.get("remote-ts"), None if full else bench.sun.net[4], "remote-ts")
        for name, marks in (("certificate", "BEGIN CERTIFICATE"), ("usercert", "BEGIN CERTIFICATE"), ("userkey", "PRIVATE KEY")):
            there = vpn[name].removeprefix("/etc/NetworkManager/")
            contains(pathlib.Path(folder, there).read_text(encoding="ascii"), marks, name)
        for version in 4, 6:
            part = keys[f"ipv{version}"]
            same((part["method"], part["never-default"]), ("auto", "false" if full else "true"), f"ipv{version}")
            dns = [str(ipaddress.ip_address(word)) for word in part.get("dns", "").split(";") if word]
            same(dns, [DNS[version == 6]] if full else [], f"DNS of IPv{version}")


def eap_plist(data, _path):
    vpn = {p["PayloadType"]: p for p in plistlib.loads(data)["PayloadContent"]}
    same(set(vpn), {"com.apple.security.root", "com.apple.vpn.managed"}, "payloads")
    ike = vpn["com.apple.vpn.managed"]["IKEv2"]
    within(ike, APPLE_IKE, "IKEv2")
    same((ike["AuthenticationMethod"], ike["ExtendedAuthEnabled"], ike["AuthName"]), ("None", 1, "alice"), "authentication")


def eap_sswan(data, _path):
    profile = json.loads(data)
    same((profile["type"], profile["local"]), ("ikev2-eap", {"eap_id": "alice"}), "authentication")


def eap_script(data, _path):
    script = Script(data.decode("ascii"))
    same(len(script.here), 1, "certificates: the CA's alone")
    same(script.table("connection")["AuthenticationMethod"], "Eap", "authentication")


def eap_keyfile(_data, path):
    vpn = keyfile(f"{path}/system-connections/alice.nmconnection")["vpn"]
    same((vpn["method"], vpn["user"], vpn["password-flags"]), ("eap", "alice", "1"), "authentication")


@case(each=[(kind, kind, read) for kind, read in (
    ("ios", eap_plist), ("macos", eap_plist), ("android", eap_sswan), ("windows", eap_script), ("linux", eap_keyfile))])
def profile_with_a_password(bench, kind, read):
    """It is asked for by the device, and nowhere in the profile."""
    made, path = Gateway(bench, *BOTH).user("alice", kind, "--auth", "eap")
    files = [path] if os.path.isfile(path) else [str(f) for f in pathlib.Path(path).rglob("*") if f.is_file()]
    for file in files:
        data = pathlib.Path(file).read_bytes()
        check(made["password"].encode() not in data, f"the password is in {file}")
    read(data, path)


# What charon is told when it plays the device: proposals, identity, CA, and what else is needed for a certificate.

APPLE_WORDS = {"AES-256-GCM": "aes256gcm16", "AES-128-GCM": "aes128gcm16", "SHA2-256": "prfsha256", "SHA2-384": "prfsha384",
               "SHA2-512": "prfsha512", 19: "ecp256", 20: "ecp384", 21: "ecp521", 31: "x25519"}
WINDOWS_WORDS = {"GCMAES256": "aes256gcm16", "SHA384": "prfsha384", "ECP384": "ecp384", "None": None}


def pem(der):
    return f"-----BEGIN CERTIFICATE-----\n{base64.encodebytes(der).decode()}-----END CERTIFICATE-----\n"


def block(text, what):
    """The first of its kind."""
    return re.search(f"-----BEGIN {what}-----.*?-----END {what}-----\n", text, re.S)[0]


def as_apple(path):
    parts = {p["PayloadType"]: p for p in plistlib.loads(pathlib.Path(path).read_bytes())["PayloadContent"]}
    ike = parts["com.apple.vpn.managed"]["IKEv2"]
    suite, esp = ike["IKESecurityAssociationParameters"], ike["ChildSecurityAssociationParameters"]
    words = [APPLE_WORDS[suite[key]] for key in ("EncryptionAlgorithm", "IntegrityAlgorithm", "DiffieHellmanGroup")]
    child = [APPLE_WORDS[esp[key]] for key in ("EncryptionAlgorithm", "DiffieHellmanGroup")]
    return (words, child, ike["LocalIdentifier"], pem(parts["com.apple.security.root"]["PayloadContent"]),
            parts["com.apple.security.pkcs12"]["PayloadContent"])


def as_windows(path):
    script = Script(pathlib.Path(path).read_text(encoding="ascii"))
    table = script.table("algorithms")
    words = [WINDOWS_WORDS[table[key]] for key in ("EncryptionMethod", "IntegrityCheckMethod", "DHGroup")]
    child = [WINDOWS_WORDS[table[key]] for key in ("CipherTransformConstants", "PfsGroup")]
    ca, user = (base64.b64decode(here) for here in script.here)
    return words, child, "CN=alice", pem(ca), user


def as_android(path):
    profile = json.loads(pathlib.Path(path).read_text(encoding="utf-8"))
    return ([profile["ike-proposal"]], [profile["esp-proposal"]], profile["local"]["id"],
            pem(base64.b64decode(profile["remote"]["cert"])), base64.b64decode(profile["local"]["p12"]))


def as_network_manager(path):
    vpn = keyfile(f"{path}/system-connections/alice.nmconnection")["vpn"]
    read = {key: pathlib.Path(path, vpn[key].removeprefix("/etc/NetworkManager/")).read_text(encoding="ascii")
            for key in ("certificate", "usercert", "userkey")}
    return [vpn["ike"]], [vpn["esp"]], vpn["local-identity"], read["certificate"], read["usercert"] + read["userkey"]


@case("charon-on-moon", each=[(kind, kind, read) for kind, read in (
    ("ios", as_apple), ("macos", as_apple), ("windows", as_windows), ("android", as_android), ("linux", as_network_manager))])
def profile_connects(bench, kind, read):
    """A device that does what its profile says, and offers nothing else, is served."""
    gateway = Gateway(bench).start()
    made, path = gateway.user("alice", kind)
    ike, esp, name, ca, user = read(path)
    if isinstance(user, bytes):
        user = opens(gateway, user, made)
    folders = {"x509ca": ca, "x509": block(user, "CERTIFICATE"), "private": block(user, "PRIVATE KEY")}
    for folder_name, text in folders.items():
        there = f"{bench.charon.swanctl.directory}/{folder_name}"
        os.makedirs(there, exist_ok=True)
        bench.afterwards(lambda there=there: shutil.rmtree(there, ignore_errors=True))
        pathlib.Path(there, "device.pem").write_text(text, encoding="ascii")
    bench.charon.load({"connections": {"device": {
        "remote_addrs": gateway.name, "vips": "0.0.0.0", "proposals": "-".join(ike),
        "local": {"auth": "pubkey", "id": f'"{name}"', "certs": "device.pem"}, "remote": {"auth": "pubkey", "id": gateway.name},
        "children": {"net": {"remote_ts": "0.0.0.0/0", "esp_proposals": "-".join(word for word in esp if word)}}}}})
    done = bench.charon.up()
    same(done.code, 0, f"swanctl --initiate\n{done.text}")
    is_in(bench, gateway, name)


def beside(gateway, bench):
    """A host of the case's own, with a cable to GATEWAY. It has no IPv6: the kernel gives addresses of that later, and on a
    busy machine much later."""
    laptop = Namespace("laptop")
    link(laptop, "lan", gateway, "laptop")
    for host, device in (laptop, "lan"), (gateway, "laptop"):
        host.sysctl(f"net.ipv6.conf.{device}.disable_ipv6", 1)
    gateway.ip("addr add 198.51.100.1/24 dev laptop")

    def unplug():
        gateway.ip("link del laptop")
        del gateway.cables["laptop"]
        laptop.delete()
    bench.afterwards(unplug)
    return laptop


@case(each=("cert", "eap"))
def profile_in_network_manager(bench, auth):
    """NetworkManager itself reads it, says what is in it, and brings it up."""
    if not network_manager.available():
        raise Skipped("NetworkManager (network-manager and strongswan-nm) is not installed: make deps-desktop does that")
    laptop = beside(bench.sun.gateway, bench)
    gateway = Gateway(bench, "--net", bench.sun.net[4], "--dns", DNS[0]).start()
    made, folder = gateway.user("alice", "linux", "--auth", auth)
    pathlib.Path(folder, "system-connections/lan.nmconnection").write_text(LAN, encoding="ascii")
    os.chmod(f"{folder}/system-connections/lan.nmconnection", 0o600)
    manager = network_manager.NetworkManager(laptop, f"{bench.directory}/manager", folder)
    bench.afterwards(manager.stop)
    written = keyfile(f"{folder}/system-connections/alice.nmconnection")
    said = must_say(manager, "-t", "-e", "no", "connection", "show", gateway.name)
    shown = dict(line.split(":", 1) for line in said.splitlines())
    same(shown["vpn.service-type"], written["vpn"]["service-type"], "vpn.service-type")
    for key, value in written["vpn"].items():
        if key not in ("service-type", "remote-ts"):
            contains(f', {shown["vpn.data"]},', f", {key} = {value},", "vpn.data")
    contains(shown["vpn.data"], f"remote-ts = {bench.sun.net[4]}", "vpn.data")
    for name, value in (("connection.uuid", written["connection"]["uuid"]), ("ipv4.never-default", "yes"), ("ipv4.dns", DNS[0]),
                        ("ipv4.dns-search", "~."), ("ipv6.dns-search", ""), ("ipv4.method", "auto"),
                        ("ipv6.never-default", "yes"), ("connection.autoconnect", "no")):
        same(shown[name], value, name)
    if auth == "eap":  # asking for it takes a desktop
        must_say(manager, "connection", "modify", gateway.name, "+vpn.data", "password-flags=0",
                 "vpn.secrets", f"password={made['password']}")
    must_say(manager, "--wait", "20", "connection", "up", gateway.name)
    until(lambda: [sa["remote_id"] for sa in gateway.daemon.sas() if sa["children"]] == ["alice"], "alice is connected")
    reaches_in_the_end(laptop, bench.sun.inside[4])
    check(int(gateway.daemon.children()[0]["packets_in"]) > 0, "the packets did not go through the tunnel")
    must_say(manager, "connection", "down", gateway.name)
    gateway.daemon.wait_idle()


# What the tunnel goes over.
LAN = """[connection]
id=lan
uuid=6f2d1a3e-4a0b-4d8e-9a55-2f1f0d7c8b11
type=ethernet
interface-name=lan
[ipv4]
method=manual
address1=198.51.100.2/24,198.51.100.1
[ipv6]
method=disabled
"""


def must_say(manager, *words):
    done = manager.nmcli(*words)
    check(done.code == 0, f"nmcli {' '.join(words)}\n{done.text}\n{manager.log()}")
    return done.out
