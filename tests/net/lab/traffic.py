# SPDX-License-Identifier: GPL-2.0-or-later
"""Traffic between hosts."""
import hashlib
import re
import socket
import threading
import time

from .check import PATIENCE, Failed, check, until


def ping(host, address, *options, count=3, seconds=2):
    """Sends COUNT pings at once; returns what ping(8) printed and how many were answered. It waits for an answer as long as
    the interval is, but for the first one -W."""
    wait = f"{seconds * PATIENCE:.2f}"
    done = host.run(["ping", "-n", "-c", str(count), "-l", str(count), "-i", wait, "-W", wait, *options, address])
    answered = re.search(r"(\d+) received", done.out)
    return done.text, int(answered[1]) if answered else 0


def reaches(host, address, *options, count=3):
    """All pings are answered."""
    text, n = ping(host, address, *options, count=count)
    check(n == count, f"{host.name} pinged {address}: {n} of {count} answers\n{text}")


def reaches_in_the_end(host, address, *options, seconds=10):
    """One ping is answered, sooner or later."""
    until(lambda: ping(host, address, *options, count=1, seconds=0.5)[1],
          f"{host.name} pings {address}, and gets an answer", seconds)


def cannot_reach(host, address, *options, count=2):
    text, n = ping(host, address, *options, count=count, seconds=0.3)
    check(n == 0, f"{host.name} pinged {address} and was answered\n{text}")
    return text


def _family(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


class Pings:
    """A stream of pings in the background, one EVERY so many seconds, until it is stopped."""

    def __init__(self, host, address, log, every=0.02, source=None):
        self._process = host.spawn(["ping", "-n", "-i", f"{every}", *(("-I", source) if source else ()), address], log)

    def answers(self):
        return self._process.log().count("bytes from")

    def lost(self):
        """Of those before the last that was answered, how many were not."""
        answered = {int(n) for n in re.findall(r"bytes from .* icmp_seq=(\d+)", self._process.log())}
        return max(answered, default=0) - len(answered)

    def stop(self):
        self._process.kill()


class TcpSink:
    """Takes one TCP connection on a host, and everything that comes on it."""

    def __init__(self, host, address, port):
        self.digest = hashlib.sha256()
        self._listener = host.socket(_family(address), socket.SOCK_STREAM)
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.settimeout(30)
        self._listener.bind((address, port))
        self._listener.listen(1)
        self._thread = threading.Thread(target=self._take, daemon=True)
        self._thread.start()

    def _take(self):
        try:
            connection, _ = self._listener.accept()
            connection.settimeout(30)
            while data := connection.recv(65536):
                self.digest.update(data)
            connection.sendall(b"done")
            connection.close()
        except OSError:
            pass  # the sender says what went wrong

    def close(self):
        self._listener.close()
        self._thread.join(30)


def tcp(sender, receiver, address, size=4 << 20, port=5001, seconds=20):
    """Sends SIZE octets to ADDRESS, a RECEIVER's; returns the seconds that took."""
    sink = TcpSink(receiver, address, port)
    client = sender.socket(_family(address), socket.SOCK_STREAM)
    client.settimeout(seconds)
    digest, chunk, start = hashlib.sha256(), bytes(range(256)) * 256, time.monotonic()
    try:
        client.connect((address, port))
        for at in range(0, size, len(chunk)):
            client.sendall(chunk[:size - at])
            digest.update(chunk[:size - at])
        client.shutdown(socket.SHUT_WR)
        check(client.recv(4) == b"done", "the receiver closed early")
    except OSError as e:
        raise Failed(f"TCP from {sender.name} to {address} port {port}: {e}") from None
    finally:
        client.close()
        sink.close()
    check(sink.digest.digest() == digest.digest(), "TCP carried something else than was sent")
    return time.monotonic() - start


class FullLoad:
    """TCP from one host to ADDRESS of another, as fast as it goes, until it is ended."""

    def __init__(self, sender, receiver, address, port=5002):
        self.got, self._ended = 0, threading.Event()
        self._listener = receiver.socket(_family(address), socket.SOCK_STREAM)
        self._listener.bind((address, port))
        self._listener.listen(1)
        self._sender = sender.socket(_family(address), socket.SOCK_STREAM)
        self._sender.settimeout(10)
        self._sender.connect((address, port))
        self._taker, _ = self._listener.accept()
        self._taker.settimeout(0.2)
        self._threads = [threading.Thread(target=f, daemon=True) for f in (self._send, self._take)]
        for thread in self._threads:
            thread.start()

    def _send(self):
        chunk = bytes(1 << 18)
        try:
            while not self._ended.is_set():
                self._sender.sendall(chunk)
        except OSError:
            pass  # nothing gets through any more: goes_on() says so

    def _take(self):
        while not self._ended.is_set():
            try:
                self.got += len(self._taker.recv(1 << 18))
            except TimeoutError:
                pass

    def goes_on(self, n=4 << 20, seconds=10.0):
        """So many more octets arrive."""
        wanted = self.got + n
        until(lambda: self.got >= wanted, lambda: f"the load goes on: {wanted - self.got} of {n} octets are missing", seconds)

    def end(self):
        self._ended.set()
        self._threads[1].join()
        for s in self._taker, self._sender, self._listener:
            s.close()
        self._threads[0].join()


def send_udp(sender, address, port, payloads):
    """Sends datagrams, and waits for no answer."""
    s = sender.socket(_family(address), socket.SOCK_DGRAM)
    for payload in payloads:
        try:
            s.sendto(payload, (address, port))
        except ConnectionRefusedError:
            pass  # what an earlier one met
    s.close()


SO_RCVBUFFORCE = 33  # which Python's socket does not name


class Datagrams:
    """What comes to a UDP port of a host, from now on."""

    def __init__(self, host, address, port):
        self._got = []
        self.sources = set()  # the addresses that it came from
        self._socket = host.socket(_family(address), socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 8 << 20)
        self._socket.bind((address, port))
        self._socket.setblocking(False)

    def got(self):
        while True:
            try:
                payload, source = self._socket.recvfrom(65536)
                self._got.append(payload)
                self.sources.add(source[0])
            except BlockingIOError:
                return self._got

    def wait(self, payload, seconds=8.0):
        until(lambda: payload in self.got(), lambda: f"{payload[:20]} arrives; {len(self._got)} others did", seconds)

    def close(self):
        self._socket.close()
