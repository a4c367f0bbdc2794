# SPDX-License-Identifier: GPL-2.0-or-later
"""What is measured of a rival; each returns its figures by name, as listed in figures.py."""
import json
import re
import time

from lab.check import Failed, check, until
from lab.ikev2d import BIN
from lab.process import cpu_of, memory_of, shared_memory_of

GATEWAYS = 2
PINGS = 1000
UDP_RATE = 50000  # datagrams offered in a second, one by one
BLAST_RATE = 200000  # and in bursts
BLAST_PORT = "5300"


def _cut_by_us(rival, on):
    """Whether the kernel gives the cable between the gateways segments of many, or cuts them itself as for a card that
    cannot."""
    most = 1 if on else 65535
    for side in rival.site.moon, rival.site.sun:
        side.gateway.ip(f"link set wan gso_max_segs {most}")


def memory(rival, when):
    """Of one daemon, all its processes; the mean of both gateways'. Pss shares a page's cost among all processes that map
    it: the rivals run at the same time and share what both use, OpenSSL above all."""
    pids = rival.pids
    return {f"{when}-rss": memory_of(pids) / GATEWAYS / 2**20,
            f"{when}-pss": shared_memory_of(pids) / GATEWAYS / 2**20}


def _milliseconds(step):
    start = time.perf_counter()
    step()
    return (time.perf_counter() - start) * 1000


def ups(rival):
    """Up and down again, first as a user does it, then without the time a program needs to start."""
    by_command = _milliseconds(rival.up_by_command)
    first_down = _milliseconds(rival.down_by_vici)
    rival.wait_idle()
    by_vici = _milliseconds(rival.up_by_vici)
    second_down = _milliseconds(rival.down_by_vici)
    rival.wait_idle()
    return {"up-command": by_command, "up-vici": by_vici, "down-vici": (first_down + second_down) / 2}


def pings(rival):
    done = rival.alice.run(["ping", "-n", "-c", str(PINGS), "-i", "0.002", "-W", "1", rival.target])
    times = sorted(float(t) for t in re.findall(r"time=([\d.]+) ms", done.out))
    check(len(times) >= PINGS * 0.9, f"{len(times)} of {PINGS} answered\n{done.text[-200:]}")
    return {"ping-p50": times[len(times) // 2], "ping-p99": times[len(times) * 99 // 100],
            "ping-lost": PINGS - len(times)}


def _many(n):
    """So many connections, each to a peer of its own."""
    return {f"c{i}": {"remote_addrs": [f"10.{100 + i // 65536}.{i // 256 % 256}.{i % 256}"],
                       "local": {"auth": "psk", "id": "moon.example"},
                       "remote": {"auth": "psk", "id": f"c{i}.example"},
                       "children": {"net": {"local_ts": ["10.1.0.0/24"], "remote_ts": [f"10.2.{i % 256}.0/24"]}}}
            for i in range(n)}


def loads(rival):
    """Many connections, first over VICI, then by file: without the time to write that."""
    figures = {}
    for n in 1000, 10000:
        conns = _many(n)
        names = [{"name": name} for name in conns]
        messages = [{name: conn} for name, conn in conns.items()]
        figures[f"vici-{n}"] = _milliseconds(lambda m=messages: rival.over_vici("load-conn", m))
        figures[f"unload-{n}"] = _milliseconds(lambda m=names: rival.over_vici("unload-conn", m))
        rival.write({"connections": conns})
        figures[f"file-{n}"] = _milliseconds(rival.read)
        figures[f"again-{n}"] = _milliseconds(rival.read)
        rival.write({"connections": {}})
        rival.read()
    return figures


def _iperf(rival, seconds, log, *options):
    """From alice to bob: the report, and the seconds of CPU that the daemons took."""
    server = rival.bob.spawn(["iperf3", "-s", "-1", "--forceflush"], log)
    until(lambda: "listening" in server.log(), lambda: f"iperf3 listens: {server.log()}")
    before = cpu_of(rival.pids)
    done = rival.alice.run(["iperf3", "-c", rival.target, "-t", str(seconds), "-J", *options], seconds=seconds + 20)
    used = cpu_of(rival.pids) - before
    check('"error"' not in done.out, f"iperf3: {done.text[-500:]}")
    server.wait(10)
    return done, used


def tcp(rival, seconds, log):
    """One stream from alice to bob. Cubic is what most machines use; a kernel's other default may hide losses."""
    done, used = _iperf(rival, seconds, log, "-C", "cubic")
    try:  # its exit code is 0 after an error, too
        end = json.loads(done.out)["end"]
        sent, received = end["sum_sent"], end["sum_received"]
        figures = {"tcp": received["bits_per_second"] / 1e9, "tcp-again": sent["retransmits"]}
        if rival.pids:
            figures["tcp-cpu"] = used / (received["bytes"] / 1e9)
    except (ValueError, KeyError, ZeroDivisionError) as e:
        raise Failed(f"iperf3 ({e!r}): {done.text[-500:]}") from None
    return figures


def udp(rival, seconds, log):
    """Datagrams of two sizes, more than a busy machine carries: what counts is the cost of each that arrives."""
    figures = {}
    for size in 64, 1300:
        rate = str(size * 8 * UDP_RATE)
        done, used = _iperf(rival, seconds, f"{log}-{size}", "-u", "-l", str(size), "-b", rate)
        try:
            end = json.loads(done.out)["end"]["sum"]
            arrived = end["packets"] - end["lost_packets"]
            figures[f"udp-{size}"] = arrived / end["seconds"] / 1000
            if rival.pids:
                figures[f"udp-{size}-cpu"] = used / arrived * 1e6
        except (ValueError, KeyError, ZeroDivisionError) as e:
            raise Failed(f"iperf3 ({e!r}): {done.text[-500:]}") from None
    return figures


def blast(rival, seconds, log):
    """Datagrams of two sizes that come in bursts, as from a fast link, and more than most gateways carry."""
    figures = {}
    for size in 64, 1300:
        taker = rival.bob.spawn([f"{BIN}/blast", "take", BLAST_PORT], f"{log}-{size}")
        until(lambda t=taker: "ready" in t.log(), lambda t=taker: f"blast takes: {t.log()}")
        before = cpu_of(rival.pids)
        rival.alice.must([f"{BIN}/blast", "send", rival.target, BLAST_PORT, str(size), str(BLAST_RATE), str(seconds)],
                         seconds=seconds + 20)
        taker.wait(10)
        arrived = int(taker.log().split()[-1])
        check(arrived, "no datagram of a burst arrived")
        figures[f"blast-{size}"] = arrived / seconds / 1000
        if rival.pids:
            figures[f"blast-{size}-cpu"] = (cpu_of(rival.pids) - before) / arrived * 1e6
    return figures


def tcp_without_offloads(rival, seconds, log):
    """The same stream where the card between the gateways neither cuts nor joins."""
    _cut_by_us(rival, True)
    try:
        figures = tcp(rival, seconds, log)
    finally:
        _cut_by_us(rival, False)
    return {name.replace("tcp", "tcp-cut"): value for name, value in figures.items()}


def memory_under_load(rival, log):
    """The most of some looks while a stream goes, and bursts have gone."""
    server = rival.bob.spawn(["iperf3", "-s", "-1", "--forceflush"], log)
    until(lambda: "listening" in server.log(), lambda: f"iperf3 listens: {server.log()}")
    client = rival.alice.spawn(["iperf3", "-c", rival.target, "-t", "2", "--forceflush"], f"{log}-client")
    looks = []
    while client.alive():
        looks.append(memory(rival, "load"))
        time.sleep(0.2)
    check(client.wait(5) == 0, f"iperf3: {client.log()[-500:]}")
    server.wait(10)
    return {name: max(look[name] for look in looks) for name in looks[0]}
