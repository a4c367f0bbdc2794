# SPDX-License-Identifier: GPL-2.0-or-later
"""Clients of VICI played from files (tests/peer/replay): what they send, and what they need in the answers.

    % words             how it is played: "in two writes", "without configuration"
    ! words             our command ipsec does this meanwhile
    > request NAME      sent; also register NAME, unregister NAME
    < response          the next packet; also confirm, unknown, unknown-event, event NAME, and
    < events NAME       any number of events of a kind

What follows indented is the message, as swanctl --pretty writes it. Of an answer it says what must be in it; names and
values may have wildcards, a value $NAME stands for the same value everywhere.
"""
import fnmatch

from . import vici
from .check import Failed, check, same
from .pretty import section

_SENT = {"request": vici.REQUEST, "register": vici.REGISTER, "unregister": vici.UNREGISTER}
_RECEIVED = {"response": vici.RESPONSE, "confirm": vici.CONFIRM, "unknown": vici.UNKNOWN,
             "unknown-event": vici.EVENT_UNKNOWN, "event": vici.EVENT}


class Replay:
    def __init__(self, path):
        self.options, self._steps, self._known = [], [], {}
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith("% "):
                self.options.append(line[2:])
            elif line.startswith("\t"):
                self._steps[-1][1].append(line)
            elif line and not line.startswith("#"):
                self._steps.append((line, []))

    def play(self, client, ipsec):
        """IPSEC(verb, name) does what our command does."""
        self._client = client
        for line, message in self._steps:
            direction, what, *name = line.split(maxsplit=2)
            if direction == "!":
                ipsec(*line.split()[1:])
            elif direction == ">":
                self._send(what, name[0], section(message))
            else:
                self._expect(line, what, name[0] if name else "", section(message))

    def _filled(self, tree):
        if isinstance(tree, dict):
            return {name: self._filled(value) for name, value in tree.items()}
        return self._known[tree[1:]] if isinstance(tree, str) and tree.startswith("$") else tree

    def _send(self, what, name, message):
        octets = vici.packet(_SENT[what], name, self._filled(message))
        for part in (octets[:4], octets[4:]) if "in two writes" in self.options else (octets,):
            self._client.send(part)

    def _receive(self, line):
        got = self._client.receive()
        if not got:
            raise Failed(f"{line}: the connection was closed")
        return got

    def _expect(self, line, what, name, wanted):
        got = self._receive(line)
        while what == "events" and got[:2] == (vici.EVENT, name):
            self._holds(line, wanted, got[2])
            got = self._receive(line)
        if what == "events":
            self._client.unread(got)
            return
        same(got[:2], (_RECEIVED[what], name), f"{line}: kind and name of {got[2]}")
        self._holds(line, wanted, got[2])

    def _holds(self, line, wanted, tree):
        """All that is wanted is there."""
        for pattern, value in wanted.items():
            found = [tree[name] for name in tree if fnmatch.fnmatchcase(name, pattern)]
            check(found, f"{line}: no {pattern} in {tree}")
            check(any(self._fits(value, candidate, line) for candidate in found),
                  f"{line}: {pattern} is {found}, not {self._known.get(str(value)[1:], value)}")

    def _fits(self, wanted, found, line):
        if isinstance(wanted, dict):
            check(isinstance(found, dict), f"{line}: {found} is no section")
            self._holds(line, wanted, found)
            return True
        if wanted.startswith("$"):
            return self._known.setdefault(wanted[1:], found) == found
        return not isinstance(found, dict) and fnmatch.fnmatchcase(" ".join(found) if isinstance(found, list) else found, wanted)
