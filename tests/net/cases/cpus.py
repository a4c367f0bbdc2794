# SPDX-License-Identifier: GPL-2.0-or-later
"""SAs for CPUs (RFC 9611). Where the kernel has them packets ask for them, and leave by those of their CPU; on the userspace
path it is packet threads that have one each."""
import collections

from cases.updown import Script
from lab import family
from lab.case import case, user_case
from lab.check import Skipped, check, same, until
from lab.gateways import Pair
from lab.ikev2d import parse_json
from lab.traffic import ping, reaches, send_udp

OURS = ["ours", "ours"]
FOR_CPUS = {"child": {"per_cpu_sas": "yes"}}
CPUS = 0, 1
FOR_THREADS = {**FOR_CPUS, "daemon": {"workers": "2", "cpus": "2"}}
FLOWS = 48  # more than the kernel ever leads to the same of two threads


def start(bench, **changes):
    """The general one is up."""
    moon = bench.daemon(bench.moon, bench.tunnel(bench.moon, daemon={"datapath": "kernel"}), "probe")
    findings = parse_json(moon.ipsec("--json", "check", moon.config).out)["findings"]
    if not any("SAs for CPUs" in f["text"] for f in findings):
        raise Skipped("kernel lacks SAs for CPUs: Linux 6.13 has them")
    pair = Pair(bench, OURS, **(changes or FOR_CPUS)).up()
    same([(c["per_cpu_sas"], c.get("cpu")) for c in pair.moon.daemon.children()], [(True, None)], "the general one")
    return pair


def ping_on(bench, cpu, count=3):
    """Through devices that hand over on the CPU that sends."""
    text, n = ping(Taskset(bench.alice, cpu), bench.sun.inside[4], count=count)
    check(n == count, f"CPU {cpu} pinged: {n} of {count} answers\n{text}")


class Taskset:
    """A host whose commands run on one CPU."""

    def __init__(self, host, cpu):
        self._host, self._cpu, self.name = host, cpu, host.name

    def run(self, words):
        return self._host.run(["taskset", "-c", str(self._cpu), *words])


def for_cpu(end, cpu):
    return [c for c in end.daemon.children() if c.get("cpu") == cpu and c["state"] == "INSTALLED"]


def sent(daemon):
    """Packets that have left by the SAs of each CPU, None: by the general one."""
    counts = collections.Counter()
    for child in daemon.children():
        counts[child.get("cpu")] += child.get("packets_out", 0)
    return counts


def send_flows(sender, address):
    """One packet of each."""
    for _ in range(FLOWS):
        send_udp(sender, address, 7000, [b"one of many"])


def each_thread_sends_on_its_own(bench, moon, sun):
    """All that the other end counts, and nothing leaves by the general one; until then that may carry some."""
    for me, peer, sender, address in ((moon, sun, bench.alice, bench.sun.inside[4]),
                                      (sun, moon, bench.bob, bench.moon.inside[4])):
        def spread(me=me, peer=peer, sender=sender, address=address):
            before, came = sent(me), sum(c["packets_in"] for c in peer.children())
            send_flows(sender, address)
            until(lambda: sum(c["packets_in"] for c in peer.children()) == came + FLOWS, "all have come")
            now = sent(me)
            counts = {cpu: now[cpu] - before[cpu] for cpu in (None, *CPUS)}
            return not counts[None] and all(counts[cpu] > 0 for cpu in CPUS)
        until(spread, f"each thread of {me.host.name} sends on an SA of its own")


def each_has_its_own(bench, pair):
    """Until the daemon has heard the question, the kernel drops what else that CPU sends."""
    for cpu in CPUS:
        ping(Taskset(bench.alice, cpu), bench.sun.inside[4], count=1)
        until(lambda cpu=cpu: for_cpu(pair.moon, cpu), f"an SA for CPU {cpu}")
        until(lambda cpu=cpu: ping(Taskset(bench.alice, cpu), bench.sun.inside[4], count=1)[1], f"CPU {cpu} reaches sun")


def sends_on_its_own(bench, pair):
    """And nothing leaves by the general one. What the peer has asked for may be for the same CPU."""
    for cpu in CPUS:
        before = sent(pair.moon.daemon)
        ping_on(bench, cpu)
        same(dict(sent(pair.moon.daemon) - before), {cpu: 3}, f"packets that left while CPU {cpu} sent three")


@case()
def cpus_and_one_packet_thread(bench):
    """There is the general one, which may have others beside it; nothing asks for them."""
    moon, sun = bench.pair(**FOR_CPUS, daemon={"workers": "1"})
    moon.up()
    for daemon in moon, sun:
        same([(c["per_cpu_sas"], c.get("cpu")) for c in daemon.children()], [(True, None)], "the general one")
    reaches(bench.alice, bench.sun.inside[4])
    moon.must("rekey", "net")
    until(lambda: [c["state"] for c in moon.children()] == ["INSTALLED"], "the general one is replaced")
    reaches(bench.bob, bench.moon.inside[4])


@user_case()
def cpus_and_packet_threads(bench):
    """Each of two threads asks for an SA of its own and sends on it, at both ends, before and after all were replaced from
    either end."""
    moon, sun = bench.pair(**FOR_THREADS)
    listeners = [bench.datagrams(bench.bob, bench.sun.inside[4]), bench.datagrams(bench.alice, bench.moon.inside[4])]
    moon.up()
    each_thread_sends_on_its_own(bench, moon, sun)
    for end in moon, sun:
        before = {c["spi_out"] for c in moon.children()}
        end.must("rekey", "net")
        until(lambda before=before: not before & {c["spi_out"] for c in moon.children()}, "all are replaced")
        each_thread_sends_on_its_own(bench, moon, sun)
    for daemon, listener in zip((sun, moon), listeners):
        check(listener.got().count(b"one of many") >= 3 * FLOWS, f"what came behind {daemon.host.name}")
        same([why for why in ("unknown-spi", "replay", "authentication", "no-sa") if daemon.drops()[why]], [], f"drops of {daemon.host.name}")


@user_case()
def cpus_after_esp_was_lost(bench):
    """All SAs of the process that carries packets go with it, and those of the threads come back as the general one does."""
    moon, sun = bench.pair(**FOR_THREADS)
    bench.datagrams(bench.bob, bench.sun.inside[4])
    bench.datagrams(bench.alice, bench.moon.inside[4])
    moon.up()
    each_thread_sends_on_its_own(bench, moon, sun)
    before = {c["spi_out"] for c in moon.children()}
    pid = family.member(moon, "esp")
    family.kill(moon, "esp")
    family.replaced(moon, pid, name="esp")
    until(lambda: not before & {c["spi_out"] for c in moon.children()}, "all are replaced")
    each_thread_sends_on_its_own(bench, moon, sun)


def own_ports(wire):
    """From which ESP came, by address."""
    ports = collections.defaultdict(set)
    for address, port in wire.sources("esp-udp"):
        if port != 4500:
            ports[address].add(port)
    return ports


@user_case()
def cpus_and_packet_threads_with_ports_of_their_own(bench):
    """Each thread from one that no other has, which stays when the process that carries packets was lost; and IKE where it
    is."""
    moon, sun = bench.pair(**{**FOR_THREADS, "child": {"per_cpu_sas": "encap"}})
    bench.datagrams(bench.bob, bench.sun.inside[4])
    bench.datagrams(bench.alice, bench.moon.inside[4])
    moon.up()
    wire = bench.wire()
    each_thread_sends_on_its_own(bench, moon, sun)
    wire.all_in("esp-udp")
    ports = own_ports(wire)
    same(sorted(len(of) for of in ports.values()), [2, 2], f"ports of each end's threads: {dict(ports)}")
    pid = family.member(moon, "esp")
    family.kill(moon, "esp")
    family.replaced(moon, pid, name="esp")
    each_thread_sends_on_its_own(bench, moon, sun)
    same(own_ports(wire), ports, "ports after a loss")
    same({sa["remote_port"] for end in (moon, sun) for sa in end.sas()}, {4500}, "ports of IKE")


@case("charon")
def cpus_of_ours_alone(bench):
    """A strongSwan that does not know of it says nothing of it."""
    moon, _ = bench.with_charon(ours=FOR_CPUS)
    moon.up()
    same([c["per_cpu_sas"] for c in moon.children()], [False], "the only one")
    reaches(bench.alice, bench.sun.inside[4])


@case(kernel=True)
def kernel_cpus(bench):
    """Each sends on its own, before and after all were replaced, from both ends. The script is run for the general one."""
    script = Script(bench, "script")
    pair = start(bench, moon={"child": {"updown": script.path}}, **FOR_CPUS)
    each_has_its_own(bench, pair)
    sends_on_its_own(bench, pair)
    for end in pair.ends:
        before = {c["spi_out"] for c in pair.moon.daemon.children()}
        end.daemon.must("rekey", "net")
        until(lambda before=before: not before & {c["spi_out"] for c in pair.moon.daemon.children()
                                                  if c["state"] == "INSTALLED"}, "all are replaced")
        for cpu in CPUS:  # who answers sends on the new one when it is used
            ping_on(bench, cpu)
        sends_on_its_own(bench, pair)
    reaches(bench.alice, bench.sun.inside[4])
    pair.stop()
    same([line for line in script.notes() if line.startswith("begin")], ["begin up-client", "begin down-client"], "runs")


@case(kernel=True)
def kernel_cpus_with_ports_of_their_own(bench):
    """In UDP: each from another port, and IKE stays where it is."""
    pair = start(bench, conn={"encap": "yes"}, child={"per_cpu_sas": "encap"})
    wire = bench.wire()
    each_has_its_own(bench, pair)
    sends_on_its_own(bench, pair)
    wire.all_in("esp-udp")
    same({sa["remote_port"] for end in pair.ends for sa in end.daemon.sas()}, {4500}, "ports of IKE")
    pair.stop()
