# SPDX-License-Identifier: GPL-2.0-or-later
"""Numbered datagrams between hosts: every one that is lost or comes twice is seen."""
import socket
import struct
import threading
import time

from .check import check, until

_SO_RCVBUFFORCE = 33
_PORT = 7100
_PAUSE = 0.002  # s between two datagrams of all streams one way: charon's socket, as Linux makes it, holds half a second of them
_LATE = 0.5  # s after which one that is still under way counts as lost
_FORM = struct.Struct("!Q")


def _socket(host, address):
    s = host.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, 8 << 20)
    s.bind((address, _PORT))
    s.settimeout(0.05)
    return s


class Stream:
    """From one socket to another, until it is ended."""

    def __init__(self, name, source, sink, pause):
        self.name, self._source, self._sink, self._pause = name, source, sink, pause
        self.sent = 0
        self.got = []
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=f, daemon=True) for f in (self._send, self._receive)]
        for thread in self._threads:
            thread.start()

    def _send(self):
        to = self._sink.getsockname()
        while not self._ended.is_set():
            try:
                self._source.sendto(_FORM.pack(self.sent), to)
            except OSError:
                pass  # it is lost
            self.sent += 1
            time.sleep(self._pause)

    def _receive(self):
        patience = None
        while patience is None or (len(self.got) < self.sent and time.monotonic() < patience):
            try:
                self.got.append(_FORM.unpack(self._sink.recv(64))[0])
            except OSError:
                pass  # nothing has come
            if patience is None and self._ended.is_set() and not self._threads[0].is_alive():
                patience = time.monotonic() + _LATE

    def end(self):
        self._ended.set()

    def join(self):
        for thread in self._threads:
            thread.join()

    @property
    def lost(self):
        return sorted(set(range(self.sent)) - set(self.got))

    @property
    def doubled(self):
        return len(self.got) - len(set(self.got))

    def __str__(self):
        return f"{self.name}: {self.sent} sent, {len(self.lost)} lost {self.lost[:10]}, {self.doubled} came twice"


class Flow:
    """Streams both ways between pairs of addresses, one behind moon and one behind sun."""

    def __init__(self, site, pairs=None):
        self.streams, self._sockets, self._open = [], [], True
        pairs = pairs or [(site.moon.inside[4], site.sun.inside[4])]
        pause = _PAUSE * len(pairs)
        for a, b in pairs:
            alice, bob = _socket(site.moon.host, a), _socket(site.sun.host, b)
            self._sockets += alice, bob
            self.streams += Stream(f"{a} to {b}", alice, bob, pause), Stream(f"{b} to {a}", bob, alice, pause)

    def __str__(self):
        return "; ".join(map(str, self.streams))

    def goes_on(self, n=20, seconds=8.0):
        """So many more arrive on each."""
        wanted = [len(s.got) + n for s in self.streams]
        until(lambda: all(len(s.got) >= w for s, w in zip(self.streams, wanted)),
              lambda: f"packets arrive: {self}", seconds)

    def stands(self):
        """Nothing arrives any more."""
        def still():
            before = [len(s.got) for s in self.streams]
            time.sleep(0.2)
            return before == [len(s.got) for s in self.streams]
        until(still, lambda: f"no packet arrives: {self}")

    def end(self):
        if not self._open:
            return
        self._open = False
        for s in self.streams:
            s.end()
        for s in self.streams:
            s.join()
        for s in self._sockets:
            s.close()

    def not_doubled(self):
        """To the end no packet came twice."""
        self.end()
        for s in self.streams:
            check(s.got and not s.doubled, f"{s}")

    def whole(self):
        """To the end not one packet was lost, and none came twice."""
        self.not_doubled()
        for s in self.streams:
            check(not s.lost, f"{s}")
