# SPDX-License-Identifier: GPL-2.0-or-later
"""ikev2d --record: what is written is played again with equal actions, and without secrets none is in it."""
import hashlib
import hmac
import os
import re
import subprocess

from lab import family, ike
from lab.case import case
from lab.check import Failed, check, contains, same, until
from lab.ikev2d import BIN
from lab.traffic import reaches

AES256GCM = 36  # octets of its key, with the salt
PRF = 32
SECRET = "Kp3xq7Zw9vTb2mNcR5"  # of which no piece is a word
WINDOW = 8  # octets in a row of a secret that nobody may see
SHORT_LIVES = {"secret": SECRET,
               "conn": {"proposals": "aes256gcm16-prfsha256-x25519", "rekey_time": "3s", "rand_time": "0s"},
               "child": {"esp_proposals": "aes256gcm16", "rekey_time": "2s", "life_time": "60s", "rand_time": "0s"}}


def recording(bench, side, *options, lives=None):
    daemon = bench.daemon(side, bench.tunnel(side, **(lives or SHORT_LIVES)))
    daemon.record = f"{bench.directory}/{side.name}.record"
    daemon.options = ["--record", daemon.record, *options]
    return daemon.start()


def read(path):
    same(os.stat(path).st_mode & 0o777, 0o600, f"mode of {path}")
    with open(path, encoding="utf-8") as f:
        return f.read()


def replay(*paths):
    done = subprocess.run([f"{BIN}/replay", *paths], capture_output=True, text=True, timeout=60, check=False)
    if done.returncode:
        raise Failed(f"replay: {done.stdout}{done.stderr}")
    return done.stdout


def events(record, kind):
    """Their values, by key."""
    return [dict(re.findall(r' ([a-z-]+)=([^" ]+)', line)) for line in record.splitlines()
            if re.match(rf"event \d+ at=\d+ {kind}\b", line)]


def prf(key, *parts):
    return hmac.digest(key, b"".join(parts), "sha256")


def prf_plus(key, seed, n):
    out, block, number = b"", b"", 1
    while len(out) < n:
        block = prf(key, block, seed, bytes([number]))
        out += block
        number += 1
    return out[:n]


def cut(octets, *lengths):
    pieces = []
    for n in lengths:
        pieces.append(octets[:n])
        octets = octets[n:]
    return pieces


def id_body(side):
    return bytes([2, 0, 0, 0]) + side.id.encode()


def proof(message, nonce, key, side):
    return prf(prf(SECRET.encode(), b"Key Pad for IKEv2"), message, nonce, prf(key, id_body(side)))


def first_keys(bench, request, response, shared):
    """All keys of the first IKE_SA and its child, and both proofs, from what was on the wire and the shared secret."""
    ni, nr = (ike.payloads(octets)[ike.NONCE] for octets in (request, response))
    h = ike.header(response)
    d, ei, er, pi, pr = cut(prf_plus(prf(ni + nr, shared), ni + nr + h.spi_i + h.spi_r, 3 * PRF + 2 * AES256GCM),
                            PRF, AES256GCM, AES256GCM, PRF, PRF)
    child = cut(prf_plus(d, ni + nr, 2 * AES256GCM), AES256GCM, AES256GCM)
    return {"SK_d": d, "SK_ei": ei, "SK_er": er, "SK_pi": pi, "SK_pr": pr, "child's e_i": child[0],
            "child's e_r": child[1], "moon's AUTH": proof(request, nr, pi, bench.moon),
            "sun's AUTH": proof(response, ni, pr, bench.sun)}


def inits(moon, sun):
    """The first request and the first response, which each saw of the other."""
    return [next(bytes.fromhex(e["data"]) for e in events(record, "datagram")
                 if ike.header(bytes.fromhex(e["data"])).exchange == ike.SA_INIT) for record in (sun, moon)]


def hides(record, name, secret):
    for at in range(len(secret) - WINDOW + 1):
        piece = secret[at:at + WINDOW]
        check(piece.hex() not in record and piece not in record.encode(), f"{name} stands in the record")


def rekeyed(daemon, what, n):
    until(lambda: daemon.log().count(f"event={what} ") >= n, lambda: f"{n} times {what}: {daemon.log()}", seconds=20)


@case(quick=True)
def record_of_a_tunnel_s_life(bench):
    """Moon's record is without secrets, sun's has those that both share."""
    moon, sun = recording(bench, bench.moon), recording(bench, bench.sun, "--record-secrets")
    moon.wait_log("moon.record: events are recorded, without keys")
    sun.wait_log("event=record msg=", "whoever reads it can read the traffic")
    moon.up()
    rekeyed(moon, "child-rekeyed", 1)
    moon.must("reload")
    rekeyed(moon, "sa-rekeyed", 1)
    reaches(bench.alice, bench.sun.inside[4])
    moon.must("down", "site")
    moon.stop()
    sun.stop()
    said = replay(moon.record, sun.record)
    contains(said, "equal; secrets were withheld: keys, seals and proofs were not compared\n", "replay of moon's record")
    contains(said, " steps, equal\n2 passed, 0 failed\n", "replay of sun's record")
    ours, theirs = read(moon.record), read(sun.record)
    for record in (ours, theirs):
        contains(record, "CREATE_CHILD_SA", "the record")
        contains(record, "what=sa-rekeyed", "the record")
        contains(record, "D(IKE)", "the record")
    contains(ours, "withheld:32", "moon's record")
    same(re.findall(r" (?:secret|shared|proof)=[0-9a-f]{16,}", ours), [], "secrets in moon's record")
    secrets = {"the shared secret of the configuration": SECRET.encode()}
    answers = events(theirs, "answer")
    secrets.update({f"{key} {i}": bytes.fromhex(a[key]) for i, a in enumerate(answers)
                    for key in ("secret", "shared", "proof") if key in a})
    keys = first_keys(bench, *inits(ours, theirs), next(bytes.fromhex(a["shared"]) for a in answers if "shared" in a))
    same(keys["sun's AUTH"].hex(), next(a["proof"] for a in answers if "proof" in a), "AUTH in sun's record")
    for name in ("moon's AUTH", "child's e_i", "child's e_r"):
        contains(theirs, f"sum={hashlib.sha256(keys[name]).hexdigest()[:16]}", f"sun's record of {name}")
    for name, secret in {**secrets, **keys}.items():
        hides(ours, name, secret)
    hides(theirs, "the shared secret of the configuration", SECRET.encode())


@case("charon", each=[("gcm", "aes256gcm16-prfsha384-x25519", "aes128gcm16"),
                      ("cbc", "aes256-sha512-ecp256", "aes256-sha256")])
def record_with_strongswan(bench, ike_proposal, esp_proposal):
    """What another implementation says and seals."""
    lives = {"conn": {"proposals": ike_proposal, "dpd_delay": "1s"}, "child": {"esp_proposals": esp_proposal}}
    bench.charon.load(bench.tunnel(bench.sun, **lives))
    moon = recording(bench, bench.moon, lives=lives)
    moon.up()
    reaches(bench.alice, bench.sun.inside[4])
    bench.charon.swanctl.must("--rekey", "--child", "net")
    rekeyed(moon, "child-rekeyed", 1)
    bench.charon.swanctl.must("--rekey", "--ike", "site")
    rekeyed(moon, "sa-rekeyed", 1)
    reaches(bench.bob, bench.moon.inside[4])
    moon.must("down", "site")
    same(bench.charon.up().code, 0, "exit code of swanctl --initiate")
    bench.charon.swanctl.must("--terminate", "--ike", "site")
    moon.wait_idle()
    moon.stop()
    contains(replay(moon.record), "1 passed, 0 failed\n", "replay of moon's record")
    same(re.findall(r" (?:secret|shared|proof)=[0-9a-f]{16,}", read(moon.record)), [], "secrets in moon's record")


@case()
def record_in_a_file_that_is_there(bench):
    """It is left alone; a record that cannot be made keeps the daemon from starting."""
    moon = recording(bench, bench.moon)
    moon.must("status")  # it has its configuration
    writer = family.member(moon, "ike")
    moon.kill()
    until(lambda: not os.path.exists(f"/proc/{writer}"), "who writes it has ended")
    before = read(moon.record)
    moon.start()
    contains(moon.log(), "moon.record.1: events are recorded", "the log")
    same(read(moon.record), before, "the first record")
    same(replay(moon.record).splitlines()[-1], "1 passed, 0 failed", "replay of it")
    moon.stop()
    moon.options = ["--record", f"{bench.directory}/nowhere/record"]
    done = moon.attempt()
    same(done.code, 1, f"exit code of ikev2d\n{done.text}")
    contains(done.err, "/nowhere/record cannot be made: No such file or directory", "ikev2d")
    moon.options = ["--record-secrets"]
    done = moon.attempt()
    same((done.code, done.err), (2, "ikev2d: --record-secrets goes with --record FILE; ikev2d --help lists the options\n"),
         "how ikev2d ends")
