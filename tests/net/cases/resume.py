# SPDX-License-Identifier: GPL-2.0-or-later
"""Session resumption (RFC 5723) between two of us: what a restart has undone comes back from a ticket."""
import os

from lab.case import case
from lab.check import check, contains, same
from lab.traffic import reaches_in_the_end

RESUMES = {"conn": {"resumption": "yes"}}


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
