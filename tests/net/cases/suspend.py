# SPDX-License-Identifier: GPL-2.0-or-later
"""A machine sleeps and wakes again, or so its daemon is made to believe (lab/sleeper.c); its peer is awake all the time."""
import os
import pathlib
import struct

from cases.roaming import goes_on_soon
from lab.case import case
from lab.check import check, same, until
from lab.net import must
from lab.stream import Flow
from lab.traffic import reaches

SOURCE = pathlib.Path(__file__).parents[1] / "lab/sleeper.c"
HOUR = 3600


class Sleeper:
    """Our daemon on moon, which can sleep."""

    def __init__(self, bench, **changes):
        library = f"{bench.directory}/sleeper.so"
        self._slept, self._pipe = f"{bench.directory}/slept", f"{bench.directory}/wake"
        must([os.environ.get("CC", "cc"), "-shared", "-fPIC", "-Wall", "-Werror", "-o", library, str(SOURCE)])
        self._sleeps_for(0)
        os.mkfifo(self._pipe)
        self.daemon = bench.daemon(bench.moon, bench.tunnel(bench.moon, **changes))
        self.daemon.env = {"LD_PRELOAD": library, "SLEPT_FILE": self._slept, "WAKE_PIPE": self._pipe,
                           "ASAN_OPTIONS": "verify_asan_link_order=0"}
        self.daemon.start()

    def _sleeps_for(self, seconds):
        fd = os.open(self._slept, os.O_WRONLY | os.O_CREAT)
        os.write(fd, struct.pack("=q", seconds * 10 ** 9))
        os.close(fd)

    def clock_jumps(self):
        """What the kernel does when the machine has woken, and when its wall clock is set."""
        fd = os.open(self._pipe, os.O_WRONLY | os.O_NONBLOCK)
        os.write(fd, bytes(8))
        os.close(fd)

    def sleep(self, seconds):
        self._sleeps_for(seconds)
        self.clock_jumps()
        self.daemon.wait_log("event=woken", f"this machine has slept for {seconds} s")


def asked(daemon):
    """How often it has asked its peer something since the IKE_SA is up."""
    (counted,) = daemon.json("counters")["counters"]
    return counted["counters"]["info_out_req"]


@case()
def suspend_is_noticed(bench):
    """The peer is asked at once whether it is still there, and that is all."""
    bench.start(bench.sun)
    moon = (sleeper := Sleeper(bench, conn={"dpd_delay": "0s"})).daemon
    moon.up()
    before = moon.sas()[0]["uniqueid"]
    sleeper.clock_jumps()
    same(asked(moon), 0, "requests")
    sleeper.sleep(600)
    until(lambda: asked(moon) == 1, lambda: f"it asks its peer: {asked(moon)}")
    same(moon.sas()[0]["uniqueid"], before, "the IKE_SA")
    reaches(bench.alice, bench.sun.inside[4])
    same(moon.log().count("event=woken"), 1, "how often it is said")


@case()
def suspend_for_longer_than_sas_live(bench):
    """The tunnel is back within a second, with new keys."""
    bench.start(bench.sun)
    moon = (sleeper := Sleeper(bench)).daemon
    moon.up()
    flow = Flow(bench.site)
    bench.afterwards(flow.end)
    flow.goes_on()
    before = moon.sas()[0]["uniqueid"]
    sleeper.sleep(12 * HOUR)
    moon.wait_log("IKE_SA site has outlived its time while this machine slept: it is set up anew")
    goes_on_soon(bench, flow, "awake again")
    until(lambda: len(moon.sas()) == 1, lambda: f"one IKE_SA: {moon.sas()}")
    check(moon.sas()[0]["uniqueid"] != before, "it is another one")
