# SPDX-License-Identifier: GPL-2.0-or-later
"""A flood of spoofed requests beside callers that mean it (tests/bench/flood.c, tests/bench/callers.c)."""
from lab import crowd
from lab.case import case
from lab.check import check, same, until

RATE, SECONDS, CALLERS, MB = 2000, 4, 20, 1 << 20


def cookies_of(gateway):
    """How many requests were answered with one."""
    return int(dict(word.split("=") for word in gateway.json("statusall")["daemon"]["load"].split())["cookies"])


def call(bench, hosts, path, count, rate):
    callers = crowd.Callers(hosts, path, crowd.callers(count), count, rate)
    bench.afterwards(callers.end)
    result = callers.result()
    same(result["up"], count, f"callers that came in: {result}")
    return callers


@case(quick=True)
def flood_beside_callers(bench):
    """Everybody comes in, memory stays, and the log says once what is done about it."""
    hosts = crowd.Hosts()
    bench.afterwards(hosts.delete)
    gateway = bench.daemon(hosts, crowd.gateway(), "gateway").lean().start()
    call(bench, hosts, f"{bench.directory}/first", CALLERS, 10).end()
    flood = crowd.Flood(hosts, RATE, SECONDS)
    until(lambda: "are half open: from now on peers are asked for cookies" in gateway.log(), "it is felt")
    before, cookies = gateway.memory(), cookies_of(gateway)
    until(lambda: cookies_of(gateway) > cookies + RATE / 2, "it goes on")
    check(gateway.memory() < before + 2 * MB, f"memory: from {before} to {gateway.memory()} octets")
    callers = call(bench, hosts, f"{bench.directory}/more", CALLERS, 10)
    check(flood.sent() > RATE * SECONDS / 2, "it was a flood")
    same(gateway.log().count("are half open: from now on"), 1, "lines about it")
    callers.end()
