# SPDX-License-Identifier: GPL-2.0-or-later
"""ipsec capture: tshark reads what was captured, and decrypts it with the keys beside it."""
import os
import pathlib
import shutil
import signal
import stat

from cases.faults import NOBODY, NO_LEAK_CHECK
from cases.json_facts import valid
from lab.case import case
from lab.check import Skipped, check, contains, same, until
from lab.gateways import Pair
from lab.ikev2d import parse_json
from lab.net import run
from lab.traffic import reaches


def tshark(path, show, fields, keys=None):
    """The FIELDS of the packets that the filter SHOW lets through, a list for each."""
    if not shutil.which("tshark"):
        raise Skipped("tshark is not installed")
    words = ["tshark", "-r", path, "-Y", show, "-T", "fields", *(word for field in fields for word in ("-e", field))]
    # Not even root's own tables.
    done = run(words, env={"WIRESHARK_CONFIG_DIR": keys or "/nonexistent"})
    same(done.code, 0, f"tshark\n{done.text}")
    return [line.split("\t") for line in done.out.splitlines()]


class Capture:
    """ipsec capture on a daemon with the usual tunnel, whose CHILD_SAs have new keys since."""

    def __init__(self, bench, moon):
        self._moon = moon
        before = moon.children()[0]["uniqueid"]
        self.file = f"{bench.directory}/site.pcapng"
        self.folder = f"{self.file}.keys"
        self._process = moon.host.spawn(
            [*moon.client(), "--json", "capture", "site", "--time", "300", "-o", self.file], f"{bench.directory}/said")
        bench.afterwards(self._process.kill)
        until(lambda: [child["uniqueid"] for child in moon.children()] not in ([], [before]), "a CHILD_SA with new keys")
        contains(moon.log(), "root captures this connection for 300 s", "log of the daemon")

    def end(self):
        """What it says."""
        self._process.signal(signal.SIGINT)
        same(self._process.wait(20), 0, f"exit code of ipsec capture\n{self._process.log()}")
        said = parse_json(self._process.log())
        valid("capture", said)
        same((said["file"], said["folder"], said["lacks"]), (self.file, self.folder, None), "what ipsec capture says")
        until(lambda: "the capture has ended: keys of" in self._moon.log(), "the end in the log")
        return said


@case(each=[("gcm", "aes256gcm16-x25519", "aes256gcm16-prfsha256-x25519"), ("cbc", "aes128-sha256-esn-x25519", "aes256-sha384-x25519"),
            ("ipv6", "aes128gcm16-noesn", "aes128gcm16-prfsha384-ecp256")])
def capture_is_decrypted(bench, esp, ike):
    """Ping goes through the tunnel; its packets are in the file in the clear, and in ESP, which tshark opens."""
    version = 6 if "noesn" in esp else 4
    changes = {"conn": {"proposals": ike, "children": {"net": {"esp_proposals": esp}}}}
    if version == 6:
        moon, sun = bench.pair(inner=(6,), **changes)
    else:
        moon, sun = bench.pair(**changes)
    moon.up()
    capture = Capture(bench, moon)
    reaches(bench.alice, bench.sun.inside[version])
    moon.must("rekey", "site")
    moon.wait_log("event=sa-rekeyed")
    moon.must("down", "site")
    said, file, folder = capture.end(), capture.file, capture.folder
    check(said["ike_keys"] >= 2 and said["esp_keys"] >= 2, f"keys of both IKE_SAs and the CHILD_SA: {said}")
    for path in [file, *(os.path.join(folder, name) for name in os.listdir(folder))]:
        same(stat.S_IMODE(os.stat(path).st_mode), 0o600, f"mode of {path}")
    # The ping in ESP.
    icmp = "icmp" if version == 4 else "icmpv6"
    opened = tshark(file, f"esp && {icmp}", ["frame.protocols", "esp.sequence"], folder)
    check(len(opened) >= 2, f"echo request and reply in ESP: {opened}")
    same(tshark(file, f"esp && {icmp}", ["frame.protocols"]), [], "the same without keys")
    check(len(tshark(file, f"{icmp} && !esp", ["frame.number"])) >= 2, "the ping in the clear")
    # Deletes and new keys, inside the seal.
    inside = tshark(file, "isakmp.typepayload == 46 && isakmp.typepayload == 42", ["isakmp.exchangetype"], folder)
    check(inside, "a Delete payload in what tshark decrypts of IKE")
    same(tshark(file, "isakmp.typepayload == 46 && isakmp.typepayload == 42", ["frame.number"]), [], "the same without keys")


@case(kernel=True)
def kernel_capture(bench):
    """The same of what the kernel carries, through a rekeying of its SAs and one of the IKE_SA."""
    pair = Pair(bench, ["ours", "ours"], child={"esp_proposals": "aes256gcm16-esn"}).up()
    moon = pair.moon.daemon
    capture = Capture(bench, moon)
    reaches(bench.alice, bench.sun.inside[4])
    spis = [moon.children()[0]["spi_in"], moon.children()[0]["spi_out"]]
    moon.must("rekey", "net")
    until(lambda: all(len(end.daemon.children()) == 1 and end.daemon.children()[0]["spi_in"] not in spis for end in pair.ends),
          "the next CHILD_SA alone")
    spis += [moon.children()[0]["spi_in"], moon.children()[0]["spi_out"]]
    reaches(bench.alice, bench.sun.inside[4])
    pair.carried()
    moon.must("rekey", "site")
    moon.wait_log("event=sa-rekeyed")
    moon.must("down", "site")
    said = capture.end()
    check(said["ike_keys"] >= 2 and said["esp_keys"] >= 4, f"keys of both IKE_SAs and of two CHILD_SAs: {said}")
    seen = tshark(capture.file, "icmp or (isakmp.typepayload == 46 and isakmp.typepayload == 42)",
                  ["frame.protocols", "esp.spi"], capture.folder)
    opened = {spi.removeprefix("0x") for protocols, spi in seen if "esp" in protocols and "icmp" in protocols}
    same(opened, set(spis), f"SPIs of the ESP in which tshark sees ICMP\n{seen}")
    check([one for one in seen if "esp" not in one[0] and "icmp" in one[0]], f"the ping in the clear\n{seen}")
    check([one for one in seen if "isakmp" in one[0]], f"a Delete payload inside the seal\n{seen}")
    pair.stop()


@case()
def capture_is_for_root(bench):
    """And nothing is overwritten, nor left where it cannot be done."""
    moon = bench.start(bench.moon)
    bin_, home = bench.public_bin(), f"{bench.directory}/nobody"
    os.mkdir(home)
    os.chown(home, 65534, 65534)
    done = moon.host.run([*NOBODY, f"{bin_}/ipsec", "--run-dir", moon.run_dir, "capture", "site"], env=NO_LEAK_CHECK)
    same(done.code, 1, "exit code")
    contains(done.err, "for root alone", "ipsec capture")
    file = pathlib.Path(f"{bench.directory}/there")
    file.write_text("mine", encoding="ascii")
    done = moon.ipsec("capture", "site", "--time", "1", "-o", str(file))
    same(done.code, 1, "exit code")
    contains(done.err, "cannot be made: File exists", "ipsec capture")
    same(file.read_text(encoding="ascii"), "mine", "the file that was there")
    check(not os.path.exists(f"{file}.keys"), "no folder beside it")
    done = moon.ipsec("capture", "site", "--time", "1", "-o", f"{bench.directory}/new")
    same(done.code, 0, f"exit code\n{done.text}")
    contains(done.out, f"WIRESHARK_CONFIG_DIR={bench.directory}/new.keys wireshark {bench.directory}/new", "ipsec capture")
    for words in (["capture"], ["capture", "site", "--time", "0"], ["capture", "site", "--time", "4000"]):
        same(moon.ipsec(*words).code, 2, f"exit code of {words}")
