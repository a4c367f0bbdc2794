# SPDX-License-Identifier: GPL-2.0-or-later
"""SAs for CPUs (RFC 9611). Where the kernel has them packets ask for them, and leave by those of their CPU."""
import collections

from cases.updown import Script
from lab.case import case
from lab.check import Skipped, check, same, until
from lab.gateways import Pair
from lab.ikev2d import parse_json
from lab.traffic import ping, reaches

OURS = ["ours", "ours"]
FOR_CPUS = {"child": {"per_cpu_sas": "yes"}}
CPUS = 0, 1


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


def each_has_its_own(bench, pair):
    """Until the daemon has heard the question, the kernel drops what else that CPU sends."""
    for cpu in CPUS:
        ping(Taskset(bench.alice, cpu), bench.sun.inside[4], count=1)
        until(lambda cpu=cpu: for_cpu(pair.moon, cpu), f"an SA for CPU {cpu}")
        until(lambda cpu=cpu: ping(Taskset(bench.alice, cpu), bench.sun.inside[4], count=1)[1], f"CPU {cpu} reaches sun")


def sends_on_its_own(bench, pair):
    """And nothing leaves by the general one. What the peer has asked for may be for the same CPU."""
    def sent():
        counts = collections.Counter()
        for child in pair.moon.daemon.children():
            counts[child.get("cpu")] += child.get("packets_out", 0)
        return counts

    for cpu in CPUS:
        before = sent()
        ping_on(bench, cpu)
        same(dict(sent() - before), {cpu: 3}, f"packets that left while CPU {cpu} sent three")


@case()
def cpus_and_the_userspace_path(bench):
    """There is the general one, which may have others beside it; nothing asks for them."""
    moon, sun = bench.pair(**FOR_CPUS)
    moon.up()
    for daemon in moon, sun:
        same([(c["per_cpu_sas"], c.get("cpu")) for c in daemon.children()], [(True, None)], "the general one")
    reaches(bench.alice, bench.sun.inside[4])
    moon.must("rekey", "net")
    until(lambda: [c["state"] for c in moon.children()] == ["INSTALLED"], "the general one is replaced")
    reaches(bench.bob, bench.moon.inside[4])


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
