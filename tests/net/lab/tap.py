# SPDX-License-Identifier: GPL-2.0-or-later
"""The end of a cable, by hand."""
import socket
import struct

_ETH_P_ALL = 3
_HEADERS = 14 + 20 + 8  # of Ethernet, IPv4 without options and UDP


class Tap:
    """Keeps what leaves DEVICE of HOST from now on, and sends whatever it is given. The device is one that takes no
    more than one packet at a time, so that each is seen by itself."""

    def __init__(self, host, device):
        self._left = []
        host.ip(f"link set {device} gso_max_segs 1")
        self._socket = host.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        self._socket.bind((device, _ETH_P_ALL))
        self._socket.setblocking(False)

    def close(self):
        self._socket.close()

    def left(self):
        """The frames that left."""
        while True:
            try:
                frame, where = self._socket.recvfrom(65536)
            except BlockingIOError:
                return self._left
            if where[2] == socket.PACKET_OUTGOING:
                self._left.append(frame)

    def send(self, frame):
        self._socket.send(frame)

    def esp(self):
        """The frames with ESP in UDP over IPv4 that left, fit to be sent again: without UDP's checksum, which was the
        device's business."""
        return [frame[:_HEADERS - 2] + bytes(2) + frame[_HEADERS:] for frame in self.left() if _is_esp(frame)]


def _is_esp(frame):
    return (frame[12:14] == b"\x08\x00" and frame[23] == socket.IPPROTO_UDP
            and struct.unpack("!H", frame[36:38])[0] == 4500 and frame[42:46] not in (bytes(4), b"\xff"))
