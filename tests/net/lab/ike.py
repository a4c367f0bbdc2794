# SPDX-License-Identifier: GPL-2.0-or-later
"""IKE messages by hand: caught on a cable, changed, forged, sent, and what is answered."""
import collections
import socket
import struct

from .check import until

SA_INIT, AUTH, INFORMATIONAL = 34, 35, 37
INITIATOR, RESPONSE = 0x08, 0x20
NONCE, NOTIFY, DELETE, SEALED = 40, 41, 42, 46
INVALID_IKE_SPI, INVALID_SPI, NO_PROPOSAL_CHOSEN, AUTHENTICATION_FAILED = 4, 11, 14, 24
COOKIE, QUICK_CRASH_DETECTION, PUZZLE = 16390, 16419, 16434
HEADER = 28
MARKER = bytes(4)
_INVALID_MAJOR_VERSION = 5
_BURST = 32  # what surely fits into the buffer of a socket

Header = collections.namedtuple("Header", "spi_i spi_r next version exchange flags mid length")


def header(message):
    return Header(*struct.unpack("!8s8sBBBBII", message[:HEADER]))


def message(spi_i, spi_r, first, exchange, flags, mid, body):  # pylint: disable=too-many-arguments
    return struct.pack("!8s8sBBBBII", spi_i, spi_r, first, 0x20, exchange, flags, mid, HEADER + len(body)) + body


def payload(following, body):
    return struct.pack("!BBH", following, 0, 4 + len(body)) + body


def notify(following, kind, data=b""):
    return payload(following, struct.pack("!BBH", 0, 0, kind) + data)


def _walk(octets):
    kind, at = header(octets).next, HEADER
    while kind:
        following, length = struct.unpack("!BxH", octets[at:at + 4])
        yield kind, octets[at + 4:at + length]
        kind, at = following, at + length


def payloads(octets):
    """The payloads of a message that is not sealed, by type (the last one of each)."""
    return dict(_walk(octets))


def notifies(octets):
    """Its notifies, as pairs of type and data."""
    return [(struct.unpack("!H", body[2:4])[0], body[4:]) for kind, body in _walk(octets) if kind == NOTIFY]


def to_stranger(octets):
    """Whether it answers one of another version, or of an IKE_SA that there is not, or ESP of no SA."""
    kinds = [kind for kind, _ in notifies(octets)] if header(octets).next != SEALED else []
    return kinds[:1] in ([INVALID_IKE_SPI], [_INVALID_MAJOR_VERSION], [INVALID_SPI])  # a token may stand behind


def with_spi(octets, spi):
    """An IKE_SA_INIT of another IKE_SA."""
    return spi + octets[8:]


def with_cookie(octets, cookie):
    """A request with the cookie in front, as it is to be sent again."""
    h, body = header(octets), octets[HEADER:]
    return message(h.spi_i, h.spi_r, NOTIFY, h.exchange, h.flags, h.mid, notify(h.next, COOKIE, cookie) + body)


def with_its_length(octets):
    """The header is made to say how long the message is."""
    return octets[:24] + struct.pack("!I", len(octets)) + octets[HEADER:] if len(octets) >= HEADER else octets


def caught(frames):
    """The IKE messages in Ethernet frames with IPv4."""
    found = []
    for frame in frames:
        if frame[12:14] != b"\x08\x00" or frame[23] != socket.IPPROTO_UDP:
            continue
        ports, data = struct.unpack("!HH", frame[34:38]), frame[42:]
        if 500 in ports:
            found.append(data)
        elif 4500 in ports and data[:4] == MARKER:
            found.append(data[4:])
    return found


def changed(octets, rng):
    """The same with some bits flipped, or a piece of it cut out, doubled, or exchanged for noise."""
    out, n = bytearray(octets), rng.randrange(1, 9)
    at = rng.randrange(len(out) - n)
    how = rng.randrange(4)
    if how == 0:
        for _ in range(n):
            out[rng.randrange(len(out))] ^= 1 << rng.randrange(8)
    elif how == 1:
        out[at:at + n] = b""
    elif how == 2:
        out[at:at] = out[at:at + n]
    else:
        out[at:at + n] = rng.randbytes(n)
    out = with_its_length(bytes(out)) if rng.randrange(2) else bytes(out)
    return out if out != octets else changed(octets, rng)


class Caller:
    """Sends whatever it is given to the UDP ports of a daemon, from a port of its own, and keeps what is answered."""

    def __init__(self, host, address, vici):
        self.answers = []
        self._address, self._vici = address, vici
        self._socket = host.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)

    def close(self):
        self._socket.close()

    def dropped(self):
        """How many datagrams of any kind the daemon has dropped in its life."""
        counts = [word.split("=") for word in self._vici.call("stats")["drops"].split()]
        return sum(int(n) for reason, n in counts if reason != "neighbour-discovery")

    def listen(self):
        while True:
            try:
                data, (_, port) = self._socket.recvfrom(65536)
            except BlockingIOError:
                return self.answers
            self.answers.append(data[4:] if port == 4500 else data)

    def _settled(self):
        """Datagrams that were answered or dropped. Strangers to whom that is said are both: such answers do not count."""
        return self.dropped() + sum(not to_stranger(answer) for answer in self.listen())

    def _burst(self, datagrams, port):
        seen = self._settled() + len(datagrams)
        for data in datagrams:
            self._socket.sendto(data, (self._address, port))
        until(lambda: self._settled() == seen, lambda: f"{len(datagrams)} datagrams were answered "
              f"or dropped: {self._vici.call('stats')['drops']}, {len(self.answers)} answers", interval=0.001)

    def send(self, datagrams, port=500):
        """Waits until each of them was answered or counted as dropped."""
        for at in range(0, len(datagrams), _BURST):
            self._burst(datagrams[at:at + _BURST], port)

    def send_everywhere(self, datagrams):
        """To port 500, and to 4500 as IKE and as ESP."""
        self.send(datagrams)
        self.send([MARKER + data for data in datagrams], 4500)
        self.send([data for data in datagrams if data != b"\xff"], 4500)
