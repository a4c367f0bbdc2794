# SPDX-License-Identifier: GPL-2.0-or-later
"""What ipsec import makes of the files in tests/import: it loads, and those of strongSwan's that have a sun.conf are negotiated
by ours on moon with charon on sun, which has sun.conf: the other end's ipsec.conf, as swanctl.conf."""
import os
import pathlib
import re
import shutil

from lab.case import case, user_case
from lab.check import check, contains, same
from lab.ends import End
from lab.ikev2d import BIN, ROOT, parse_json
from lab.net import must, run
from lab.peer import Credentials
from lab.traffic import reaches

DATA = ROOT / "tests/import"
FOLDERS = {dialect: sorted(path for path in (DATA / dialect).iterdir()) for dialect in ("strongswan", "libreswan")}
NEGOTIATED = [path for path in FOLDERS["strongswan"] if (path / "sun.conf").exists()]
# Keys and certificates that a configuration names.
NAMED = re.compile(r"^\s*(certs|cacert|file|pubkeys) = (/\S+)$", re.M)


def etc(bench, folder):
    """A copy of FOLDER that can be written to."""
    directory = f"{bench.directory}/{folder.parent.name}-{folder.name}"
    shutil.copytree(folder, directory)
    return directory


def files(directory):
    return [f"{directory}/{name}" for name in ("ipsec.conf", "ipsec.secrets") if os.path.exists(f"{directory}/{name}")]


def imported(host, dialect, directory):
    """Makes swanctl.conf of what is in DIRECTORY; returns its path."""
    path = f"{directory}/made.conf"
    done = host.run([f"{BIN}/ipsec", "import", "--from", dialect, "-o", path, *files(directory)])
    same(done.code, 0, f"ipsec import of {directory}\n{done.text}")
    same(os.stat(path).st_mode & 0o777, 0o600, "mode of the file")
    return path


def stand_in(directory, kind, path):
    """A key, certificate or bundle where the configuration expects one."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    key, cert = f"{directory}/key.pem", f"{directory}/cert.pem"
    if not os.path.exists(key):
        must(["openssl", "req", "-new", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc", "-keyout",
              key, "-subj", "/CN=stand-in", "-addext", "basicConstraints=critical,CA:TRUE", "-out", cert])
    if path.endswith(".p12"):
        must(["openssl", "pkcs12", "-export", "-inkey", key, "-in", cert, "-passout", "pass:", "-out", path])
    elif kind == "pubkeys":
        must(["openssl", "pkey", "-in", key, "-pubout", "-out", path])
    else:
        shutil.copy(key if kind == "file" else cert, path)


@case(each=[(dialect, dialect) for dialect in FOLDERS], quick=tuple(FOLDERS))
def import_loads(bench, dialect):
    """Every file, as ipsec check reads it: with stand-ins for the keys it names."""
    check(len(FOLDERS[dialect]) >= 10, f"ten files of {dialect}")
    for folder in FOLDERS[dialect]:
        directory = etc(bench, folder)
        path = imported(bench.moon.gateway, dialect, directory)
        text = re.sub(r"\tcert {[^}]*}", "", pathlib.Path(path).read_text(encoding="utf-8"))
        for kind, named in NAMED.findall(text):
            stand_in(directory, kind, named)
        text = re.sub(r"\ttoken-\d+ {[^}]*}", "", text)  # no token is here
        pathlib.Path(path).write_text(text, encoding="utf-8")
        said = bench.moon.gateway.run([f"{BIN}/ipsec", "--json", "check", path], env={"STRONGSWAN_CONF": ""})
        finding, = (f for f in parse_json(said.out)["findings"] if f["name"] == "configuration")
        check(finding["verdict"] != "bad", f"{folder.name}: {finding['text']}")
        contains(finding["text"], f"{path}: ", "what was read")


def place(directory, credentials):
    """moon's keys where strongSwan had them."""
    for folder, name in (("certs", "x509/moonCert.pem"), ("private", "private/moon.pem"),
                         ("cacerts", "x509ca/strongswanCert.pem")):
        os.makedirs(f"{directory}/ipsec.d/{folder}", exist_ok=True)
        shutil.copy(f"{credentials.directory}/{name}", f"{directory}/ipsec.d/{folder}")


@user_case("charon", each=[(f"{path.name}-{role}", path, role == "as-initiator")
                           for path in NEGOTIATED for role in ("as-initiator", "as-responder")],
           quick=("01-net2net-psk-as-initiator",))
def import_negotiates(bench, folder, we_initiate):
    credentials = Credentials(f"{bench.directory}/credentials")
    directory = etc(bench, folder)
    place(directory, credentials)
    made = imported(bench.moon.gateway, "strongswan", directory)
    theirs = credentials.with_text((folder / "sun.conf").read_text(encoding="utf-8"), f"{bench.directory}/sun")
    same(bench.charon.swanctl.run("--load-all", "--noprompt", "--file", theirs).code, 0, "swanctl --load-all")
    daemon = bench.daemon(bench.moon, pathlib.Path(made).read_text(encoding="utf-8")).start()
    ends = End(bench, daemon), End(bench, bench.charon)
    begins = ends[0 if we_initiate else 1]
    names = re.findall(r"^\t\t\t(\S+) {$", (folder / "sun.conf").read_text(encoding="utf-8"), re.M)
    check(names, "sun.conf has children")
    for name in names:
        begins.must("initiate", child=name, timeout=15000)
    for end in ends:
        same(len(end.sas()), 1, f"IKE_SAs on {end.name}: conns of one peer share one")
        same(sorted(c["name"] for c in end.children()), sorted(names), f"children on {end.name}")
    reaches(bench.alice, bench.sun.inside[4])
    reaches(bench.bob, bench.moon.inside[4])


@case(quick=True)
def import_overwrites_nothing(bench):
    """A file that is there stays, and a file that cannot be imported makes none."""
    directory = etc(bench, FOLDERS["strongswan"][0])
    path = imported(bench.moon.gateway, "strongswan", directory)
    before = pathlib.Path(path).read_bytes()
    done = run([f"{BIN}/ipsec", "import", "--from", "strongswan", "-o", path, *files(directory)])
    same(done.code, 1, "exit code where a file is there")
    contains(done.text, "it is there already", "what is said")
    same(pathlib.Path(path).read_bytes(), before, "the file")
    pathlib.Path(directory, "ipsec.conf").write_text("conn a\n\talso=nothing\n\tauto=add\n", encoding="utf-8")
    done = run([f"{BIN}/ipsec", "import", "--from", "strongswan", "-o", f"{directory}/new.conf", *files(directory)])
    same(done.code, 1, "exit code of what is wrong")
    contains(done.text, "ipsec.conf:2: also names a section that is not there", "what is said")
    check(not os.path.exists(f"{directory}/new.conf"), "no file is made")
