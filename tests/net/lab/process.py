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


def _stat(pid):
    """The fields from the third on: before them stands its name, which may have spaces."""
    return pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()


def _seconds(stat):
    return (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK")


def cpu(process):
    """Seconds of processors that it has had, with all that it started."""
    total = 0
    for path in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it has just ended
            stat = _stat(path.name)
            total += (int(stat[3]) == process.pid) * _seconds(stat)
    return total


def cpu_of(pids):
    """Seconds of processors that these have had, all their threads."""
    return sum(_seconds(_stat(pid)) for pid in pids)


def _octets(pid, file, word):
    """None of a process that has ended since somebody named it."""
    try:
        with open(f"/proc/{pid}/{file}", encoding="ascii") as f:
            return 1024 * int(next((line for line in f if line.startswith(f"{word}:")), ": 0").split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return 0


def memory_of(pids):
    """Octets resident."""
    return sum(_octets(pid, "status", "VmRSS") for pid in pids)


def shared_memory_of(pids):
    """The same, what several programs have in common counted by its share."""
    return sum(_octets(pid, "smaps_rollup", "Pss") for pid in pids)


def family(pid):
    """A process and those that it started; one that has ended meanwhile started none."""
    try:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as f:
            children = f.read().split()
    except (FileNotFoundError, ProcessLookupError):
        children = []
    return [pid] + [p for child in children for p in family(int(child))]


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
