# SPDX-License-Identifier: GPL-2.0-or-later
"""A client of VICI, as small as can be: for what swanctl never does."""
import socket
import struct

from .check import Failed, same

REQUEST, RESPONSE, UNKNOWN, REGISTER, UNREGISTER, CONFIRM, EVENT_UNKNOWN, EVENT = range(8)
_SECTION, _SECTION_END, _PAIR, _LIST, _ITEM, _LIST_END = range(1, 7)
_NAMED = (REQUEST, REGISTER, UNREGISTER, EVENT)


def _name(name):
    return bytes([len(name)]) + name.encode()


def _value(value):
    return struct.pack("!H", len(value.encode())) + value.encode()


def _element(key, value):
    if isinstance(value, dict):
        return bytes([_SECTION]) + _name(key) + encode(value) + bytes([_SECTION_END])
    if isinstance(value, list):
        items = b"".join(bytes([_ITEM]) + _value(item) for item in value)
        return bytes([_LIST]) + _name(key) + items + bytes([_LIST_END])
    return bytes([_PAIR]) + _name(key) + _value(value)


def encode(message):
    """A tree of dicts with lists and texts in it, as octets."""
    return b"".join(_element(key, value) for key, value in message.items())


def packet(kind, name="", message=None):
    body = bytes([kind]) + (_name(name) if name else b"") + encode(message or {})
    return struct.pack("!I", len(body)) + body


class _Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, n):
        self.at += n
        return self.data[self.at - n:self.at]

    def counted(self, size):
        return self.take(int.from_bytes(self.take(size), "big")).decode(errors="replace")

    def list(self):
        items = []
        while self.take(1)[0] == _ITEM:
            items.append(self.counted(2))
        return items

    def section(self):
        tree = {}
        while (kind := self.take(1)) and kind[0] != _SECTION_END:
            key = self.counted(1)
            tree[key] = self.counted(2) if kind[0] == _PAIR else self.list() if kind[0] == _LIST else self.section()
        return tree


class Vici:
    def __init__(self, daemon):
        self.events = []
        self._unread = []
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(daemon.uri.removeprefix("unix://"))
        self._socket.settimeout(10)

    def patience(self, seconds):
        """From now on nothing takes longer (0: nothing waits); it raises TimeoutError or BlockingIOError then."""
        self._socket.settimeout(seconds)

    def close(self):
        self._socket.close()

    def send(self, octets):
        self._socket.sendall(octets)

    def _take(self, n):
        data = b""
        while len(data) < n:
            try:
                more = self._socket.recv(n - len(data))
            except ConnectionResetError:
                more = b""
            except TimeoutError:
                raise Failed("the daemon does not answer over VICI") from None
            if not more:
                return None
            data += more
        return data

    def unread(self, got):
        """What receive() returned comes once more."""
        self._unread.append(got)

    def receive(self):
        """The next packet as kind, name and message; None when the daemon has closed the connection."""
        if self._unread:
            return self._unread.pop()
        length = self._take(4)
        body = _Reader(self._take(int.from_bytes(length, "big")) if length else None)
        if not body.data:
            return None
        kind = body.take(1)[0]
        return kind, body.counted(1) if kind in _NAMED else "", body.section()

    def closed(self):
        """Reads until the daemon closes the connection."""
        while self.receive():
            pass

    def answer(self):
        """The next packet that is not an event; events are kept."""
        while (got := self.receive()) and got[0] == EVENT:
            self.events.append(got[1:])
        if not got:
            raise Failed("ikev2d has closed the connection of a VICI client")
        return got

    def register(self, event):
        self.send(packet(REGISTER, event))
        same(self.answer()[0], CONFIRM, f"answer to the registration of {event}")

    def call(self, command, message=None):
        self.send(packet(REQUEST, command, message))
        return self.response(command)

    def response(self, command):
        kind, _, answer = self.answer()
        same(kind, RESPONSE, f"answer to {command}")
        return answer
