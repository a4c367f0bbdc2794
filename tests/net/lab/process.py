# SPDX-License-Identifier: GPL-2.0-or-later
"""Programs that run beside a case, each with its log in a file."""
import contextlib
import os
import pathlib
import signal
import socket
import subprocess
import threading

from .check import Failed

_running = set()
_lock = threading.Lock()


class Process:
    def __init__(self, command, log, env=None):
        self.log_path = log
        with open(log, "ab") as out:
            self._popen = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                           env={**os.environ, **(env or {})}, start_new_session=True)
        self.pid = self._popen.pid
        with _lock:
            _running.add(self)

    def log(self):
        with open(self.log_path, errors="replace") as f:
            return f.read()

    def alive(self):
        return self._popen.poll() is None

    def signal(self, number):
        if self.alive():
            os.kill(self.pid, number)

    def wait(self, seconds):
        """Waits for its end; returns the exit code, negative for a signal."""
        try:
            code = self._popen.wait(seconds)
        except subprocess.TimeoutExpired:
            raise Failed(f"process {self.pid} is still there after {seconds:g} s") from None
        with _lock:
            _running.discard(self)
        return code

    def kill(self):
        self.signal(signal.SIGKILL)
        return self.wait(5)


def cpu(process):
    """Seconds of processors that it has had, with all that it started."""
    ticks = 0
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it has just ended
            fields = stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            ticks += (int(fields[3]) == process.pid) * (int(fields[11]) + int(fields[12]))
    return ticks / os.sysconf("SC_CLK_TCK")


def listens(path):
    """Whether somebody does, at that socket."""
    with socket.socket(socket.AF_UNIX) as s:
        return not s.connect_ex(path)


def kill_all():
    """Ends whatever is still running, at the end of everything."""
    with _lock:
        left = list(_running)
    for process in left:
        process.kill()
