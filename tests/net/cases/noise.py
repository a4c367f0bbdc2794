# SPDX-License-Identifier: GPL-2.0-or-later
"""What strangers send: noise, damaged messages, floods, and what an eavesdropper sends again."""
import random
import time

from lab.case import case
from lab.charon import bring_up
from lab.check import check, contains, same, until
from lab.ike import (AUTH, AUTHENTICATION_FAILED, COOKIE, DELETE, INFORMATIONAL, INITIATOR, INVALID_IKE_SPI,
                     NO_PROPOSAL_CHOSEN, NONCE, NOTIFY, PUZZLE, QUICK_CRASH_DETECTION, RESPONSE, SA_INIT, SEALED, Caller, caught,
                     changed, header, message, notifies, notify, payload, payloads, to_stranger, with_cookie,
                     with_its_length, with_spi)
from lab.traffic import reaches

MB = 1 << 20


class Scene:
    """moon and sun have a tunnel, whose messages were overheard; strangers call sun."""

    def __init__(self, bench, **changes):
        self.bench = bench
        self.moon = bench.start(bench.moon)
        self.sun = bench.daemon(bench.sun, bench.tunnel(bench.sun, **changes)).lean().start()
        self.vici = bench.vici(self.sun)
        taps = bench.tap(bench.moon), bench.tap(bench.sun)
        self.moon.up()
        self.requests, self.responses = (caught(tap.left()) for tap in taps)
        same([header(m).exchange for m in (self.requests[0], self.requests[-1])], [SA_INIT, AUTH], "what moon sent")
        self.overheard = [(tap, list(tap.left())) for tap in taps]
        self.spis = self._spis()

    def _spis(self):
        return [(sa["initiator_spi"], sa["remote_port"], [child["spi_in"] for child in sa["children"]])
                for sa in self.sun.sas() if sa["state"] == "ESTABLISHED"]

    def caller(self, host):
        caller = Caller(host, self.bench.sun.wan[4], self.vici)
        self.bench.afterwards(caller.close)
        return caller

    def stands(self):
        """The tunnel is what it was, and carries."""
        same(self._spis(), self.spis, "SAs of sun")
        reaches(self.bench.alice, self.bench.sun.inside[4])
        reaches(self.bench.bob, self.bench.moon.inside[4])


def stats(vici):
    return {key: int(value) for key, value in vici.call("stats")["ikesas"].items()}


# What makes noise out of the messages of a handshake.


def random_octets(_, rng):
    sizes = [rng.choice((rng.randrange(60), rng.randrange(1400))) for _ in range(900)] + [9000, 30000, 65000]
    return [rng.randbytes(size) for size in sizes]


def cut_short(messages, _):
    cut = [m[:n] for m in messages for n in range(len(m))]
    return cut + [with_its_length(m) for m in cut]


def with_changes(messages, rng):
    return [changed(rng.choice(messages), rng) for _ in range(1200)]


@case(quick=("changes",), each=[("octets", random_octets), ("ends", cut_short), ("changes", with_changes)])
def noise_of(bench, make):
    """Everything is counted, nothing is answered but IKE_SA_INIT and what strangers are told; tunnel, memory and log stay as they were."""
    scene = Scene(bench)
    datagrams = make(scene.requests + scene.responses, random.Random(1))
    callers = [scene.caller(host) for host in (bench.moon.gateway, bench.alice)]
    for caller in callers:
        caller.send_everywhere(datagrams[::7])
    before, lines, start = scene.sun.memory(), scene.sun.log().count("\n"), time.monotonic()
    for caller in callers:
        caller.send_everywhere(datagrams)
    answers = [header(answer) for caller in callers for answer in caller.answers if not to_stranger(answer)]
    check(all(h.exchange == SA_INIT and h.flags == RESPONSE for h in answers), f"these were answered: {answers}")
    check(scene.sun.memory() < before + 2 * MB, f"memory: from {before} to {scene.sun.memory()} octets")
    limit = 40 * (time.monotonic() - start + 2)
    check(scene.sun.log().count("\n") - lines < limit, f"more than {limit} lines in the log")

    def drops_are_shown():
        drops = " ".join(scene.vici.call("stats")["drops"].split())
        return f"\ndropped: {drops}\n" in scene.sun.must("statusall")

    # Hosts look for their neighbours all the time.
    until(drops_are_shown, "ipsec statusall shows what was dropped")
    check(callers[0].dropped() > 4 * len(datagrams), "datagrams were dropped")
    scene.stands()


@case()
def flood_of_refused_requests(bench):
    """Ten lines a second, and how many were left out."""
    scene = Scene(bench)
    caller, request, rng = scene.caller(bench.alice), scene.requests[0], random.Random(2)
    start = time.monotonic()
    caller.send([with_spi(request, rng.randbytes(8)) for _ in range(1500)])
    same({notifies(answer)[0][0] for answer in caller.answers}, {NO_PROPOSAL_CHOSEN}, "answers")
    same(len(caller.answers), 1500, "number of answers")

    def left_out():
        caller.send([with_spi(request, rng.randbytes(8))])
        return "lines like the next one were left out" in scene.sun.log()

    until(left_out, "the log says how many lines were left out", interval=0.2)
    limit = 10 * (time.monotonic() - start + 2)
    check(scene.sun.log().count("event=refused") <= limit, f"more than {limit} refusals in the log")
    same(stats(scene.vici), {"total": 1, "half-open": 0}, "IKE_SAs of sun")
    scene.stands()


@case(quick=True)
def flood_of_requests(bench):
    """From the 20th on a cookie is asked for, nothing is kept of them, and a real peer still comes in."""
    scene = Scene(bench, daemon={"cookie_threshold": "20", "cookie_threshold_ip": "30", "block_threshold": "0"})
    caller, rng = scene.caller(bench.moon.gateway), random.Random(3)
    before = scene.sun.memory()
    caller.send([with_spi(scene.requests[0], rng.randbytes(8)) for _ in range(2000)])
    same([notifies(answer)[0][0] == COOKIE for answer in caller.answers], [False] * 20 + [True] * 1980, "cookies")
    same(stats(scene.vici), {"total": 21, "half-open": 20}, "IKE_SAs of sun")
    check(max(map(len, caller.answers[20:])) <= len(scene.requests[0]), "answers are larger than what was asked")
    check(scene.sun.memory() < before + 4 * MB, f"memory: from {before} to {scene.sun.memory()} octets")
    scene.stands()
    scene.moon.must("down", "site")
    scene.moon.up()
    same(stats(scene.vici)["half-open"], 20, "half-open IKE_SAs of sun")
    reaches(bench.alice, bench.sun.inside[4])


@case()
def requests_without_more(bench):
    """What is half open is forgotten in time."""
    scene = Scene(bench, daemon={"half_open_timeout": "1s", "cookie_threshold_ip": "10", "block_threshold": "0"})
    scene.caller(bench.moon.gateway).send([with_spi(scene.requests[0], bytes([n]) * 8) for n in range(1, 6)])
    same(stats(scene.vici), {"total": 6, "half-open": 5}, "IKE_SAs of sun")
    until(lambda: stats(scene.vici) == {"total": 1, "half-open": 0}, lambda: f"they are forgotten: {stats(scene.vici)}")
    scene.stands()


@case()
def cookie(bench):
    """It opens the door to whom it was given, for what it was given, and to nobody else."""
    scene = Scene(bench, daemon={"cookie_threshold": "0"})
    caller, other = scene.caller(bench.moon.gateway), scene.caller(bench.alice)
    request = with_spi(scene.requests[0], b"\1" * 8)
    caller.send([request])
    (kind, value), = notifies(caller.answers[0])
    same((kind, stats(scene.vici)["half-open"]), (COOKIE, 0), "answer, and what is kept")
    nonce, with_it = payloads(request)[NONCE], with_cookie(request, value)
    wrong = [with_cookie(request, b""), with_cookie(request, value[:-1]), with_cookie(request, bytes(len(value))),
             with_cookie(request, value[:-1] + bytes([value[-1] ^ 1])), with_spi(with_it, b"\2" * 8),
             with_it.replace(nonce, bytes(len(nonce)))]
    caller.send(wrong)
    other.send([with_it])
    same([notifies(answer)[0][0] for answer in caller.answers[1:] + other.answers], [COOKIE] * 7, "answers")
    caller.send([with_it])
    check(NONCE in payloads(caller.answers[-1]), f"the answer goes on: {caller.answers[-1]}")
    same(stats(scene.vici)["half-open"], 1, "what is kept")


def kinds(answer):
    return [kind for kind, _ in notifies(answer)]


@case(quick=True)
def puzzles(bench):
    """The real peer solves one. Of those who return the cookie alone ten come in at once, and ten more a second."""
    limits = {"cookie_threshold": "20", "cookie_threshold_ip": "200", "block_threshold": "0", "puzzle_threshold": "20"}
    scene = Scene(bench, daemon=limits)
    caller, rng = scene.caller(bench.moon.gateway), random.Random(4)
    requests = [with_spi(scene.requests[0], rng.randbytes(8)) for _ in range(120)]
    caller.send(requests)
    asked = caller.answers[20:]
    same([kinds(answer) for answer in asked], [[COOKIE, PUZZLE]] * 100, "what is asked for")
    caller.send([with_cookie(request, notifies(answer)[0][1]) for request, answer in zip(requests[20:], asked)])
    check(29 < stats(scene.vici)["half-open"] < 120, f"some come in: {stats(scene.vici)}")
    check(int(scene.sun.drops()["unsolved"]) > 0, "and others do not")
    scene.moon.must("down", "site")
    scene.moon.up()
    contains(scene.moon.log(), "the puzzle was solved with", "log of moon")
    contains(scene.vici.call("stats")["load"], " solved=1 ", "load of sun")
    reaches(bench.alice, bench.sun.inside[4])


@case(quick=True)
def puzzles_before_ike_auth(bench):
    """Who is half open and sends nonsense makes the real peer solve another one, which its IKE_AUTH brings."""
    limits = {"cookie_threshold": "5", "cookie_threshold_ip": "200", "block_threshold": "0", "puzzle_threshold": "5",
              "puzzle_auth_threshold": "5"}
    scene = Scene(bench, daemon=limits)
    caller, rng = scene.caller(bench.moon.gateway), random.Random(5)
    caller.send([with_spi(scene.requests[0], rng.randbytes(8)) for _ in range(5)])
    begun = [header(answer) for answer in caller.answers if NONCE in payloads(answer)]
    same(len(begun), 5, "IKE_SAs that are half open")
    caller.send([message(h.spi_i, h.spi_r, SEALED, AUTH, INITIATOR, 1, payload(0, rng.randbytes(60))) for h in begun])
    until(lambda: "5 half-open IKE_SAs got nonsense" in scene.sun.log(), scene.sun.log)
    scene.moon.must("down", "site")
    scene.moon.up()
    contains(scene.moon.log(), "zero bits before IKE_AUTH (RFC 8019)", "log of moon")
    reaches(bench.alice, bench.sun.inside[4])


@case("charon")
def puzzles_that_strongswan_does_not_know(bench):
    """It returns the cookie alone, and comes in."""
    limits = {"cookie_threshold": "1", "cookie_threshold_ip": "10", "block_threshold": "0", "puzzle_threshold": "1"}
    moon, charon = bench.with_charon(ours={"daemon": limits})
    tap = bench.tap(bench.sun)
    bring_up(moon, charon, False)
    stranger = Caller(bench.sun.gateway, bench.moon.wan[4], bench.vici(moon))
    bench.afterwards(stranger.close)
    moon.must("down", "site")
    stranger.send([with_spi(caught(tap.left())[0], b"\1" * 8)])
    bring_up(moon, charon, False)
    contains(charon.log(), f"[ N(COOKIE) N(({PUZZLE})) ]", "log of charon")
    reaches(bench.alice, bench.sun.inside[4])


@case()
def messages_sent_again(bench):
    """An eavesdropper sends every frame again, from where it came: nothing new begins, nothing ends."""
    scene = Scene(bench)

    def again(sun_drops, moon_drops_for):
        dropped, on_moon = scene.sun.drops()["message-id"], scene.moon.drops()[moon_drops_for]
        for tap, frames in scene.overheard:
            for frame in frames:
                tap.send(frame[:40] + bytes(2) + frame[42:])
        scene.sun.wait_drops("message-id", dropped + sun_drops)
        scene.moon.wait_drops(moon_drops_for, on_moon + 2)

    again(1, "no-request")  # the last request is answered again, as it must be
    scene.stands()
    scene.moon.must("down", "site/net")
    again(2, "no-request")
    for daemon in scene.moon, scene.sun:
        same([(sa["state"], sa["children"]) for sa in daemon.sas()], [("ESTABLISHED", [])], "IKE_SAs")
    scene.moon.must("down", "site")
    again(2, "unknown-sa")
    same(scene.sun.sas() + scene.moon.sas(), [], "IKE_SAs in the end")


def is_spi_hint(answer, *spis):
    """On the port of ESP a message without its marker may be taken for ESP, by the first octets of its SPI."""
    return answer[:16] == bytes(16) and answer[28:36] == bytes.fromhex("0000000c 0000000b") and \
        answer[36:40] in [spi[:4] for spi in spis]


@case()
def messages_forged(bench):
    """Who knows the SPIs, but no keys, cannot delete, refuse or advance anything."""
    scene = Scene(bench)
    caller, rng = scene.caller(bench.moon.gateway), random.Random(4)
    h = header(scene.responses[1])
    deletes, failed, forged = payload(0, bytes([1, 0, 0, 0])), notify(0, AUTHENTICATION_FAILED), []
    for mid in 0, 1, 2, 3:
        for flags in INITIATOR, INITIATOR | RESPONSE, 0, RESPONSE:
            forged += [message(h.spi_i, h.spi_r, DELETE, INFORMATIONAL, flags, mid, deletes),
                       message(h.spi_i, h.spi_r, NOTIFY, INFORMATIONAL, flags, mid, failed),
                       message(h.spi_i, h.spi_r, NOTIFY, AUTH, flags, mid, failed),
                       message(h.spi_i, h.spi_r, SEALED, INFORMATIONAL, flags, mid, payload(DELETE, rng.randbytes(40))),
                       message(h.spi_i, h.spi_r, NOTIFY, SA_INIT, flags, mid, notify(0, NO_PROPOSAL_CHOSEN))]
    start = time.monotonic()
    caller.send_everywhere(forged)
    answers = {(header(answer).exchange, *(kind for kind, _ in notifies(answer)))
               for answer in caller.answers if not is_spi_hint(answer, h.spi_i, h.spi_r)}
    check(answers <= {(exchange, INVALID_IKE_SPI, QUICK_CRASH_DETECTION) for exchange in (INFORMATIONAL, AUTH)},
          f"answers are INVALID_IKE_SPI, to SPIs of the wrong side: {caller.answers}")
    # Ten at once and ten a second, of answers to IKE and of hints about ESP each.
    limit = 2 * (10 + 10 * (time.monotonic() - start))
    check(len(caller.answers) <= limit, f"such answers are few: {len(caller.answers)}, not more than {limit}")
    scene.stands()
    scene.moon.must("down", "site/net")
    scene.sun.must("down", "site")
    scene.moon.wait_idle()
