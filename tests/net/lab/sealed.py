# SPDX-License-Identifier: GPL-2.0-or-later
"""What sealed packets show of how they were sealed: under one key each IV is used once (RFC 4106, 3.1; RFC 5282, 3.1)."""
import collections
import socket
import struct

from . import ike
from .check import check

_ETH_P_IP, _SO_RCVBUFFORCE, _SOL_PACKET, _PACKET_STATISTICS = 0x0800, 33, 263, 6
_ETHERNET, _UDP_HEADER, _IV = 14, 8, 8  # octets; AES-GCM's explicit IV
_FRAGMENT = 53  # type of the payload; in front of its IV stand its number and the total
_FRAME = 65536


class Sealed:
    """All packets of ESP over IPv4, and all sealed messages of IKE, that leave a gateway by its cable, from now on; their
    ciphers are AES-GCM. Its cable takes no more than one packet at a time, so that each is seen by itself."""

    def __init__(self, host, device="wan"):
        self.spis = collections.Counter()  # packets of ESP
        self.messages = 0  # of IKE
        self.twice = []
        self._seen = {}
        host.ip(f"link set {device} gso_max_segs 1")
        self._socket = host.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        self._socket.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, 128 << 20)
        self._socket.bind((device, 3))
        self._socket.setblocking(False)

    def close(self):
        self._socket.close()

    def _once(self, what, frame):
        """WHAT is there once, or the message is the same as it was; of ESP (no FRAME) not even that."""
        if what in self._seen and (frame is None or self._seen[what] != frame):
            self.twice.append(what)
        self._seen[what] = frame

    def _esp(self, where, data):
        spi, number, iv = data[:4], data[4:8], data[8:8 + _IV]
        self.spis[spi] += 1
        self._once((where, spi, "sequence number", number), None)
        self._once((where, spi, "IV", iv), None)

    def _ike(self, data):
        header = ike.header(data)
        if header.next not in (ike.SEALED, _FRAGMENT):
            return
        at = ike.HEADER + (8 if header.next == _FRAGMENT else 4)
        self.messages += 1
        self._once((header.spi_i, header.spi_r, header.flags & ike.INITIATOR, "IV", data[at:at + _IV]), bytes(data))

    def _packet(self, p):
        where, data = p[16:20], p[(p[0] & 15) * 4:]
        if p[9] == socket.IPPROTO_ESP:
            self._esp(where, data)
        elif p[9] == socket.IPPROTO_UDP:
            ports, data = struct.unpack("!HH", data[:4]), data[_UDP_HEADER:]
            if 4500 in ports and data[:4] == ike.MARKER:
                self._ike(data[4:])
            elif 4500 in ports and len(data) > 8:
                self._esp(where, data)
            elif 500 in ports:
                self._ike(data)

    def read(self):
        """Looks at what has left by now."""
        while True:
            try:
                frame, where = self._socket.recvfrom(_FRAME)
            except BlockingIOError:
                return self
            if where[2] == socket.PACKET_OUTGOING and frame[12:14] == struct.pack("!H", _ETH_P_IP):
                self._packet(frame[_ETHERNET:])

    def whole(self):
        """Of all that has left nothing was sealed as something else before."""
        self.read()
        _, lost = struct.unpack("II", self._socket.getsockopt(_SOL_PACKET, _PACKET_STATISTICS, 8))
        check(not lost, f"the capture lost {lost} packets")
        check(self.spis and self.messages, f"packets and messages were seen: {len(self.spis)}, {self.messages}")
        check(not self.twice, f"{len(self.twice)} times something was used twice under one key: {self.twice[:5]}")
