# SPDX-License-Identifier: GPL-2.0-or-later
"""A system bus with nothing on it but a stand-in for systemd-resolved, which writes down what links are told. All is in
this machine's order of octets: systemd reads no arrays in another one."""
import contextlib
import os
import socket
import struct
import sys
import threading

PATH, INTERFACE, MEMBER, ERROR, TO, DESTINATION, SIGNATURE = 1, 2, 3, 4, 5, 6, 8
CALL, RETURN, FAILURE = 1, 2, 3
NO_AUTO_START = 2
ORDER = ord("l" if sys.byteorder == "little" else "B")


class Body:
    """Reads values, each at a multiple of its size."""

    def __init__(self, octets):
        self.octets, self.at = octets, 0

    def align(self, size):
        self.at += -self.at % size

    def take(self, n):
        part = self.octets[self.at:self.at + n]
        if len(part) != n:
            raise ValueError("too short")
        self.at += n
        return part

    def u32(self):
        self.align(4)
        return struct.unpack("=I", self.take(4))[0]

    def text(self):
        text = self.take(self.u32()).decode("ascii")
        self.take(1)
        return text

    def array(self, align, element):
        end = self.u32()
        self.align(align)
        end += self.at
        found = []
        while self.at < end:
            self.align(align)
            found.append(element())
        return found

    def field(self):
        code = self.take(1)[0]
        kind = self.take(self.take(1)[0] + 1)[:-1].decode("ascii")
        if kind in "so":
            return code, self.text()
        if kind == "g":
            return code, self.take(self.take(1)[0] + 1)[:-1].decode("ascii")
        return code, self.u32()


def _text(value):
    octets = value.encode("ascii")
    return struct.pack("=I", len(octets)) + octets + b"\0"


def _pad(octets, size=8):
    return octets + b"\0" * (-len(octets) % size)


def answer(to, text=None, error=None):
    """A message that answers the call of this number: with a text, or an error and its sentence."""
    fields = bytes((TO, 1)) + b"u\0" + struct.pack("=I", to)
    if error:
        fields = _pad(fields) + bytes((ERROR, 1)) + b"s\0" + _text(f"org.freedesktop.resolve1.{error[0]}")
        text = error[1]
    body = _text(text) if text else b""
    if text:
        fields = _pad(fields) + bytes((SIGNATURE, 1)) + b"g\0" + b"\1s\0"
    head = struct.pack("=BBBBIII", ORDER, FAILURE if error else RETURN, 1, 1, len(body), to, len(fields))
    return _pad(head + fields) + body


class Resolved:
    """LINKS: what each device's number was told. REFUSES: an error and its sentence, for calls of that name; SILENT: it never answers."""

    def __init__(self, path):
        self.path, self.links, self.refuses, self.silent = path, {}, {}, False
        if os.path.exists(path):
            os.unlink(path)
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(path)
        self._listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def env(self):
        return {"DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={self.path}"}

    def close(self):
        os.unlink(self.path)
        self._listener.close()

    def _accept(self):
        try:
            while True:
                connection, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()
        except OSError:
            pass

    def _serve(self, connection):
        with contextlib.suppress(ConnectionError), connection, connection.makefile("rb") as stream:
            assert stream.read(1) == b"\0"
            while (line := stream.readline()) != b"BEGIN\r\n":
                connection.sendall(_greeting(line))
            while head := stream.read(16):
                self._message(connection, head, stream)

    def _message(self, connection, head, stream):
        order, kind, flags, version, length, serial, n = struct.unpack("=BBBBIII", head)
        assert (order, kind, version) == (ORDER, CALL, 1), head
        fields = Body(head + stream.read(n + -n % 8))
        fields.at, told = len(head), {}
        while fields.at < len(head) + n:
            fields.align(8)
            code, value = fields.field()
            told[code] = value
        body = Body(stream.read(length))
        if told[DESTINATION] == "org.freedesktop.DBus":
            assert (told[MEMBER], told[PATH], SIGNATURE in told) == ("Hello", "/org/freedesktop/DBus", False), told
            connection.sendall(answer(serial, ":1.1"))
            return
        assert flags == NO_AUTO_START, told
        error = self._call(told, body)
        if not self.silent:
            connection.sendall(answer(serial, error=error))

    def _call(self, told, body):
        assert told[DESTINATION] == "org.freedesktop.resolve1" and told[PATH] == "/org/freedesktop/resolve1", told
        assert told[INTERFACE] == "org.freedesktop.resolve1.Manager", told
        if told[MEMBER] in self.refuses:
            return self.refuses[told[MEMBER]]
        signature, take = _CALLS[told[MEMBER]]
        assert told[SIGNATURE] == signature, told
        link = body.u32()
        if take:
            self.links.setdefault(link, {})[told[MEMBER]] = take(body)
        else:
            self.links.pop(link, None)
        assert body.at == len(body.octets), f"more in {told} than there should be"
        return None


def _greeting(line):
    """What is answered to a line of authentication: who we are is what the kernel says."""
    mechanism = f"AUTH EXTERNAL {str(os.geteuid()).encode().hex()}\r\n".encode()
    if line == b"AUTH EXTERNAL\r\n":
        return b"DATA\r\n"
    if line in (mechanism, b"DATA\r\n"):
        return b"OK 0123456789abcdef0123456789abcdef\r\n"
    return b"ERROR\r\n"


def _server(body):
    family, octets = body.u32(), body.take(body.u32())
    return socket.inet_ntop(family, octets)


_CALLS = {
    "SetLinkDNS": ("ia(iay)", lambda body: body.array(8, lambda: _server(body))),
    "SetLinkDomains": ("ia(sb)", lambda body: body.array(8, lambda: (body.text(), bool(body.u32())))),
    "SetLinkDefaultRoute": ("ib", lambda body: bool(body.u32())),
    "SetLinkLLMNR": ("is", lambda body: body.text()),
    "SetLinkMulticastDNS": ("is", lambda body: body.text()),
    "RevertLink": ("i", None),
}
