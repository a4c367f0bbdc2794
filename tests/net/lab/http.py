# SPDX-License-Identifier: GPL-2.0-or-later
"""A web server on a host, as good or as bad as it is told to be."""
import socket
import threading

HUGE = 20 << 20


class Web:
    """At ADDRESS, port 80, of HOST. What it answers with is octets, or a word: "hang" (it answers nothing), "redirect"
    (to where octets are), "garbage", "huge"."""

    def __init__(self, host, address, answer):
        self.answer = answer
        self.asked = 0  # requests so far
        self._listener = host.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind((address, 80))
        self._listener.listen(16)
        self._held = []
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for s in self._held:
            s.close()

    def _accept(self):
        while True:
            try:
                s, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(s,), daemon=True).start()

    def _serve(self, s):
        request = s.recv(4096).decode(errors="replace")
        self.asked += 1
        if self.answer == "hang":
            self._held.append(s)
            return
        try:
            if self.answer == "redirect" and not request.startswith("GET /other"):
                s.sendall(b"HTTP/1.1 302 Found\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n")
            else:
                body = self.body()
                s.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        except OSError:
            pass
        s.close()

    def body(self):
        return {"garbage": b"<html>no list</html>", "huge": bytes(HUGE), "redirect": self.behind}.get(self.answer, self.answer)

    behind = b""  # what is at the end of the redirection
