# SPDX-License-Identifier: GPL-2.0-or-later
"""Session resumption (RFC 5723) between two of us: what a restart has undone comes back from a ticket."""
import os

from lab.case import case
from lab.check import check, contains, same
from lab.gateways import Pair, pairs
from lab.traffic import reaches_in_the_end

RESUMES = {"conn": {"resumption": "yes"}}
NOT_AT_4500 = "chain in { type filter hook ingress device wan priority 0; udp dport 4500 drop; }"


def up(bench):
    moon, sun = bench.pair(moon={"conn": {"dpd_delay": "1s"}, "child": {"dpd_action": "start"}}, **RESUMES)
    moon.up()
    return moon, sun


def comes_back(bench, moon, before):
    moon.wait_replaced(before, 15)
    reaches_in_the_end(bench.alice, bench.sun.inside[4])


@case()
def resume_after_a_crash(bench):
    """The gateway's keys outlive it."""
    moon, sun = up(bench)
    keys = f"{sun.run_dir}/state/ticket-keys"
    same(os.stat(keys).st_mode & 0o777, 0o600, "mode of the keys of tickets")
    for _ in range(2):
        before = moon.sas()[0]["uniqueid"]
        sun.kill()
        sun.start()
        comes_back(bench, moon, before)
    same(moon.log().count("resuming IKE_SA site with a ticket"), 2, "IKE_SAs resumed")
    check("is set up without the ticket" not in moon.log(), "each ticket is taken")


@case()
def resume_without_the_keys(bench):
    """They are gone: the tunnel comes back as any other."""
    moon, sun = up(bench)
    before = moon.sas()[0]["uniqueid"]
    sun.kill()
    os.unlink(f"{sun.run_dir}/state/ticket-keys")
    sun.start()
    comes_back(bench, moon, before)
    contains(moon.log(), "the peer does not take the ticket: IKE_SA site is set up without the ticket", "log of moon")
    contains(sun.log(), "it is none of ours", "log of sun")


@case()
def resume_while_the_key_cannot_be_replaced(bench):
    """It is too old, and no other one can be written: tickets are taken and given with it all the same."""
    moon, sun = up(bench)
    keys = f"{sun.run_dir}/state/ticket-keys"
    before = moon.sas()[0]["uniqueid"]
    sun.kill()
    with open(keys, "r+b") as file:
        file.write(bytes(8))  # when it was drawn
    os.mkdir(f"{keys}.new")
    sun.start()
    comes_back(bench, moon, before)
    contains(sun.log(), "session tickets go on with the key that should be replaced: the file", "log of sun")
    contains(moon.log(), "resuming IKE_SA site with a ticket", "log of moon")
    check("is set up without the ticket" not in moon.log(), "the ticket is taken")


@case(kernel=True, each=pairs("ours-to-libreswan5", "libreswan5-to-ours"))
def kernel_resume_with_another_proof(bench, kinds):
    """libreswan 5.2 takes our tickets, and we take its: the keys that both make of them agree, since what is sealed by them is
    read. But its AUTH is over the first message alone, where RFC 5723 (5.1) has all that RFC 7296 (2.15) wants: it is refused,
    and the tunnel comes back without the ticket."""
    quick = {"retransmit_timeout": "1s", "retransmit_base": 1, "retransmit_tries": 4, "retransmit_jitter": 0}
    pair = Pair(bench, kinds, moon={"conn": {"dpd_delay": "1s"}, "child": {"dpd_action": "start"}, "daemon": quick}, **RESUMES)
    pair.up()
    ours = pair.ours.daemon
    before = ours.sas()[0]["uniqueid"]
    if pair.ours is pair.moon:
        hear = bench.deafen(bench.sun, rules=NOT_AT_4500)  # where the IKE_SA is, but no other begins
        ours.wait_log("authenticating as moon.example with a ticket", "the peer refuses what the ticket stands for")
        hear()
        contains(pair.sun.daemon.log(), "processing decrypted IKE_AUTH request from 192.0.2.1:UDP/500", "log of pluto")
    else:
        pair.moon.daemon.whack("--suspend", "--name", "net")
        pair.moon.up("net")
        ours.wait_log("the client does not know the keys of its ticket")
    ours.wait_replaced(before)
    reaches_in_the_end(bench.alice, bench.sun.inside[4])
    reaches_in_the_end(bench.bob, bench.moon.inside[4])
    pair.stop()
