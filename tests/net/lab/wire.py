# SPDX-License-Identifier: GPL-2.0-or-later
"""What went over a cable, counted by kind."""
import collections
import ctypes
import os
import socket
import struct

from .check import check, until

_ETH_P_ALL, _SO_ATTACH_FILTER, _SO_RCVBUFFORCE = 3, 26, 33
_SOL_PACKET, _PACKET_STATISTICS, _PACKET_VNET_HDR = 263, 6, 15
# What a packet is to be split into is in a header before it. Before Linux 6.2 there is none for UDP, and such packets would
# not be seen at all: there every one counts as it left its host.
_VNET_HEADER = 10 if tuple(int(n) for n in os.uname().release.split(".")[:2]) >= (6, 2) else 0
_ESP, _AH, _TCP, _UDP, _ICMP, _ICMPV6, _FRAGMENT = 50, 51, 6, 17, 1, 58, 44
_ICMP_ERRORS = {_ICMP: (3, 4, 5, 11, 12), _ICMPV6: (1, 2, 3, 4)}
_NAMES = {_TCP: "tcp", _UDP: "udp", _ICMP: "icmp", _ICMPV6: "icmpv6"}
_HEADS = 160  # octets of a packet that are looked at


def _udp_kind(payload):
    """ESP's and IKE's share of port 4500 (RFC 3948)."""
    if payload == b"\xff":
        return "keepalive"
    return "ike" if payload[:4] == bytes(4) else "esp-udp"


def _quoted_kind(p):
    """What the packet is that an ICMP error is about."""
    if len(p) < 40:
        return "clear"
    return _kind(p[6], p[40:]) if p[0] >> 4 == 6 else _kind(p[9], p[(p[0] & 15) * 4:])


def _kind(protocol, data):
    """What one IP packet is; DATA is what follows its IP header."""
    if protocol in (_ESP, _AH):
        return "esp" if protocol == _ESP else "ah"
    if data[:1] and data[0] in _ICMP_ERRORS.get(protocol, ()):
        return "clear" if _quoted_kind(data[8:]) == "clear" else "icmp-error"
    if protocol == _ICMPV6 and data[:1] and (133 <= data[0] <= 137 or data[0] in (130, 131, 132, 143)):
        return "neighbour"
    if protocol == _UDP and len(data) >= 8:
        ports = struct.unpack("!HHH", data[:6])
        if 500 in ports[:2]:
            return "ike"
        if 4500 in ports[:2]:
            return _udp_kind(data[8:ports[2]])
    return "clear"


# A classic BPF program: of what leaves (its first instruction asks the kind of packet) pass so many octets.
_PROGRAM = b"".join(struct.pack("HBBI", *step) for step in (
    (0x28, 0, 0, 0xfffff004), (0x15, 0, 1, socket.PACKET_OUTGOING), (0x06, 0, 0, _HEADS), (0x06, 0, 0, 0)))


def _leaving(host, device):
    """A socket that gets what leaves HOST by DEVICE."""
    s = host.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    s.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, 64 << 20)
    program = ctypes.create_string_buffer(_PROGRAM)
    s.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER,
                 struct.pack("@HP", len(_PROGRAM) // 8, ctypes.addressof(program)))
    s.setsockopt(_SOL_PACKET, _PACKET_VNET_HDR, 1 if _VNET_HEADER else 0)
    s.bind((device, _ETH_P_ALL))
    s.setblocking(False)
    return s


def _segments(size, protocol, header, data, segment):
    """How many packets a packet of SIZE octets is for a card that splits it into SEGMENT octets of payload each, and how
    long they are. Behind HEADER octets comes DATA."""
    if not segment:
        return 1, size
    headers = header + (8 if protocol == _UDP else (data[12] >> 4) * 4)
    return -(-(size - headers) // segment), headers + segment


class Wire:
    """Sees all that passes the cable at DEVICE of HOST, both ways, from now on: that is what leaves its ends, since among
    what comes to them are the packets that a kernel took out of ESP. What leaves as one to be split by the card counts as
    what it is split into."""

    def __init__(self, host, device="wan"):
        self._counts = collections.Counter()
        self._clear = []
        self._sizes = collections.Counter()
        self._marks = collections.Counter()
        self._sources = collections.defaultdict(set)
        self._sockets = [_leaving(host, device), _leaving(*host.cables[device])]

    def close(self):
        for s in self._sockets:
            s.close()

    def _count(self, kind, sizes, what, mark):
        packets, size = sizes
        self._counts[kind] += packets
        self._marks[(kind, *mark)] += packets
        self._sizes[kind] = max(self._sizes[kind], size)
        if kind == "clear":
            self._clear.append(what)

    def _note_source(self, kind, address, protocol, data):
        if protocol == _UDP:
            self._sources[kind].add((address, int.from_bytes(data[:2], "big")))

    def _packet4(self, p, segment):
        tos, size, fragment, protocol = struct.unpack("!xBH2xHxB", p[:10])
        mark = tos, bool(fragment & 0x4000)
        source = socket.inet_ntop(socket.AF_INET, p[12:16])
        where = f"{source} > {socket.inet_ntop(socket.AF_INET, p[16:20])}"
        what = f"{_NAMES.get(protocol, protocol)} {where}"
        if fragment & 0x1fff:
            self._count("fragment", (1, size), what, mark)
            return
        header = (p[0] & 15) * 4
        data = p[header:]
        kind = _kind(protocol, data)
        self._count(kind, _segments(size, protocol, header, data, segment), what, mark)
        self._note_source(kind, source, protocol, data)

    def _packet6(self, p, segment):
        first, size, protocol = struct.unpack("!HxxHB", p[:7])
        source = socket.inet_ntop(socket.AF_INET6, p[8:24])
        where = f"{source} > {socket.inet_ntop(socket.AF_INET6, p[24:40])}"
        data = p[40:]
        if protocol == 0:  # hop-by-hop options stand before multicast listener reports
            protocol, data = data[0], data[(data[1] + 1) * 8:]
        kind = "fragment" if protocol == _FRAGMENT else _kind(protocol, data)
        sizes = _segments(size + 40, protocol, 40, data, segment)
        self._count(kind, sizes, f"{_NAMES.get(protocol, protocol)} {where}", (first >> 4 & 0xff, True))
        self._note_source(kind, source, protocol, data)

    def _read(self):
        for s in self._sockets:
            self._read_from(s)

    def _read_from(self, s):
        """Reads what has come by now; what comes while it reads may never end."""
        n, lost = struct.unpack("II", s.getsockopt(_SOL_PACKET, _PACKET_STATISTICS, 8))
        check(not lost, f"the capture lost {lost} packets")
        for _ in range(n):
            given = s.recv(_VNET_HEADER + _HEADS)
            segment = struct.unpack("@H", given[4:6])[0] if _VNET_HEADER else 0
            frame = given[_VNET_HEADER:]
            kind = frame[12:14]
            if kind == b"\x08\x00":
                self._packet4(frame[14:], segment)
            elif kind == b"\x86\xdd":
                self._packet6(frame[14:], segment)

    def __getitem__(self, kind):
        """How many there were of: esp, esp-udp, ike, keepalive, neighbour, fragment, icmp-error (about one of these),
        clear."""
        self._read()
        return self._counts[kind]

    @property
    def sizes(self):
        """The largest outer IP packet, by kind."""
        self._read()
        return self._sizes

    def marks(self, kind):
        """TOS and DF of the packets of a kind, as a set of pairs."""
        self._read()
        return {tuple(mark) for of, *mark in self._marks if of == kind}

    def sources(self, kind):
        """Addresses and ports from which those of a kind came that are UDP, as a set of pairs."""
        self._read()
        return set(self._sources[kind])

    def __str__(self):
        self._read()
        return f"{dict(self._counts)} {self._clear[:5]}"

    def wait(self, kind, n=1, seconds=8.0):
        until(lambda: self[kind] >= n, lambda: f"{n} packets of kind {kind} on the wire: {self}", seconds)

    def no_clear(self):
        n = self["clear"]
        check(n == 0, f"{n} clear packets on the wire, the first ones: {self._clear[:5]}")

    def all_in(self, kind):
        """ESP went by, or AH, all of it as KIND, and nothing in the clear."""
        other = "esp" if kind == "esp-udp" else "esp-udp"
        self.no_clear()
        check(self[kind] and not self[other], f"wanted {kind} only on the wire: {self}")
