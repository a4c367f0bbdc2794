# SPDX-License-Identifier: GPL-2.0-or-later
"""The daemon's other processes, seen from outside: who they are, what they hold, and their ends of channels."""
import array
import base64
import ctypes
import mmap
import os
import pwd
import re
import signal
import socket
import subprocess
import time

from .check import check, contains, same, until

_PIDFD_GETFD = 438
_IPC_LOCK = 1 << 14  # CAP_IPC_LOCK
_libc = ctypes.CDLL(None, use_errno=True)
PAGE = mmap.PAGESIZE
LARGE = 1 << 32  # a mapping of so many octets is a sanitizer's, and holds no data


def status(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        return dict(line.rstrip("\n").split(":\t", 1) for line in f if ":\t" in line)


def lives(pid):
    """It has not ended; whether somebody has heard of that is another thing."""
    try:
        return not status(pid)["State"].startswith("Z")
    except (FileNotFoundError, ProcessLookupError):
        return False


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as f:
        return [int(child) for child in f.read().split()]


def title(pid):
    with open(f"/proc/{pid}/cmdline", "rb") as f:
        return f.read().split(b"\0")[0].decode()


def others(daemon):
    """All that belong to it; no scripts."""
    found = []
    for pid in children(daemon.process.pid):
        try:
            if title(pid).startswith("ikev2d: "):
                found.append(pid)
        except (FileNotFoundError, ProcessLookupError):
            pass
    return found


def members(daemon, name):
    """Its processes of that name that are ready."""
    found = []
    for pid in children(daemon.process.pid):
        try:
            if title(pid) == f"ikev2d: {name}" and status(pid)["Seccomp"] == "2":
                found.append(pid)
        except (FileNotFoundError, ProcessLookupError):
            pass
    return found


def member(daemon, name):
    until(lambda: len(members(daemon, name)) == 1, lambda: f"there is a {name}: {daemon.log()}", 5)
    return members(daemon, name)[0]


def user(name):
    """The number of the user that the process of that name becomes (sandbox.c)."""
    try:
        return pwd.getpwnam(f"ikev2d-{name}").pw_uid
    except KeyError:
        return 1902000000 + ["guard", "ike", "keeper", "certs", "eap", "ctl", "esp", "tokens"].index(name)


def maps(pid, library):
    """Whether it has loaded LIBRARY."""
    with open(f"/proc/{pid}/maps", encoding="utf-8", errors="replace") as f:
        return library in f.read()


def keeper(daemon):
    return member(daemon, "keeper")


# Descriptors at most, of those who may not have as many as they like (sandbox.c).
_FILES = {"keeper": 9, "eap": 8, "ike": 32, "certs": 256, "tokens": 256}
_HAVE_THREADS = ("esp", "tokens")


def has_limits(pid, name):
    """No core dump; descriptors; no process or thread more, but for those who need some."""
    with open(f"/proc/{pid}/limits", encoding="ascii") as f:
        found = {line[:26].strip(): line[26:].split()[:2] for line in f}
    same(found["Max core file size"], ["0", "0"], "its limit of core dumps")
    if name not in _HAVE_THREADS:
        same(found["Max processes"], ["0", "0"], "its limit of processes")
    if name in _FILES:
        same(found["Max open files"], [str(_FILES[name])] * 2, "its limit of descriptors")


def without_rights(daemon, name):
    """The process of that name: a user of its own, no capability but the one to lock memory, a filter of system calls, and
    nobody who may look into it."""
    pid = member(daemon, name)
    found, keepers = status(pid), status(keeper(daemon))
    check("0" not in found["Uid"].split() + found["Gid"].split(), f"its user: {found['Uid']}, {found['Gid']}")
    check(name == "keeper" or found["Uid"] != keepers["Uid"], "it is not keeper's user")
    same(found["Groups"].strip(), "", "its groups")
    same(int(found["CapEff"], 16) & ~_IPC_LOCK, 0, "its capabilities")
    same((found["NoNewPrivs"], found["Seccomp"]), ("1", "2"), "no new privileges, and a filter")
    same(found["Name"], f"ikev2d-{name}", "its name")
    check(int(found["VmLck"].split()[0]), "its memory is locked")
    has_limits(pid, name)
    if name != "tokens":  # modules may have to do with others
        others = os.readlink(f"/proc/{daemon.process.pid}/ns/ipc")
        check(os.readlink(f"/proc/{pid}/ns/ipc") != others, "its namespace of memory that processes have in common")
    same(os.stat(f"/proc/{pid}/mem").st_uid, 0, "who may look into it")
    return pid


def without_files(daemon, name):
    """The same, and the root of its files is an empty folder that is gone."""
    pid = without_rights(daemon, name)
    contains(os.readlink(f"/proc/{pid}/root"), "(deleted)", "its root")
    same(os.listdir(f"/proc/{pid}/root"), [], "files in its root")
    return pid


def replaced(daemon, old, seconds=1.0, name="keeper"):
    """The next one, which is there so soon."""
    until(lambda: members(daemon, name) not in ([], [old]), lambda: f"another {name} runs: {daemon.log()}", seconds)
    return member(daemon, name)


def kill(daemon, name):
    os.kill(member(daemon, name), signal.SIGKILL)


def _begun(daemon, name, old):
    """One that has just been started in the place of OLD."""
    for pid in children(daemon.process.pid):
        try:
            if pid != old and title(pid) == f"ikev2d: {name}":
                return pid
        except (FileNotFoundError, ProcessLookupError):
            pass
    return None


def stopped_at_its_beginning(daemon, name):
    """The one after the one that runs, stopped before it is ready; where that comes too late, the one after that."""
    while True:
        old = member(daemon, name)
        os.kill(old, signal.SIGKILL)
        while not (pid := _begun(daemon, name, old)):
            pass
        os.kill(pid, signal.SIGSTOP)
        until(lambda: status(pid)["State"].startswith("T"), f"{name} is stopped")
        if status(pid)["Seccomp"] != "2":
            return pid
        os.kill(pid, signal.SIGCONT)


def ended_at_its_beginning(daemon, name, pid, times):
    """PID, which is stopped at its beginning, and those after it, so many in a row: none of them is ever ready."""
    ended = 0
    while True:
        os.kill(pid, signal.SIGKILL)
        ended += 1
        if ended == times:
            return
        while not (then := _begun(daemon, name, pid)):
            time.sleep(0.0002)
        os.kill(then, signal.SIGSTOP)
        until(lambda then=then: status(then)["State"].startswith("T"), f"{name} is stopped")
        if status(then)["Seccomp"] == "2":
            os.kill(then, signal.SIGCONT)
            then, ended = stopped_at_its_beginning(daemon, name), 0
        pid = then


def _sockets(pid):
    """Its descriptors that are sockets, by their numbers in the kernel."""
    found = {}
    for fd in sorted(int(name) for name in os.listdir(f"/proc/{pid}/fd")):
        if number := re.fullmatch(r"socket:\[(\d+)\]", os.readlink(f"/proc/{pid}/fd/{fd}")):
            found[number[1]] = fd
    return found


def _taken(pid, fd):
    """A descriptor of another process, as a socket of ours."""
    pidfd = os.pidfd_open(pid)
    got = _libc.syscall(_PIDFD_GETFD, pidfd, fd, 0)
    os.close(pidfd)
    check(got >= 0, f"descriptor {fd} of process {pid}")
    return socket.socket(fileno=got)


FIRST_CHANNEL = 3  # descriptor of a member: that to guard; the next one is that to ike


def channels(pid, n=2):
    """A member's ends of its N channels, as sockets of ours."""
    return [_taken(pid, FIRST_CHANNEL + which) for which in range(n)]


def offers(pid):
    """ctl's end of its channel to keeper."""
    return _taken(pid, FIRST_CHANNEL + 2 + 1)


def listens(pid):
    """ctl's socket, to which clients connect."""
    return _taken(pid, FIRST_CHANNEL + 2)


def clients(pid):
    """ctl's ends of its connections, the latest last."""
    return [_taken(pid, fd) for fd in _sockets(pid).values() if fd > FIRST_CHANNEL + 4]


def _end_of(daemon, name, which):
    """A member's end of a channel, as ss lists it."""
    far = os.stat(f"/proc/{member(daemon, name)}/fd/{FIRST_CHANNEL + which}").st_ino
    pid = daemon.process.pid
    pairs = subprocess.run(["nsenter", "-t", str(pid), "-n", "ss", "-x", "-H"], capture_output=True, text=True, check=True).stdout
    ends = [line.split() for line in pairs.splitlines() if line.split()[5] == str(far)]
    same(len(ends), 1, f"end of {far}\n{pairs}")
    return ends[0]


def channel_to(daemon, name, which):
    """The daemon's end of a channel to a member, as a socket of ours."""
    pid = daemon.process.pid
    return _taken(pid, _sockets(pid)[_end_of(daemon, name, which)[7]])


def waits_for(daemon, name):
    """Whether a message of guard's waits for a member."""
    return int(_end_of(daemon, name, 0)[2]) > 0


def _regions(pid):
    """What a process can read and has used."""
    region = None
    with open(f"/proc/{pid}/smaps", encoding="utf-8", errors="replace") as f:
        for line in f:
            if found := re.match(r"([0-9a-f]+)-([0-9a-f]+) (.)", line):
                region = int(found[1], 16), int(found[2], 16), found[3] == "r"
            elif line.startswith("Rss:") and region[2] and int(line.split()[1]) and region[1] - region[0] < LARGE:
                yield region[:2]


def _runs(pagemap, start, end):
    """Those parts that have pages."""
    pagemap.seek(start // PAGE * 8)
    pages = array.array("Q", pagemap.read((end - start) // PAGE * 8))
    there, at = [page >> 63 for page in pages], 0
    while at < len(there):
        if there[at]:
            stop = there.index(0, at) if 0 in there[at:] else len(there)
            yield start + at * PAGE, start + stop * PAGE
            at = stop
        else:
            at = there.index(1, at) if 1 in there[at:] else len(there)


def memory(pid):
    """All that a process can read, piece by piece."""
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as f, open(f"/proc/{pid}/pagemap", "rb") as pagemap:
        for region in _regions(pid):
            for start, end in _runs(pagemap, *region):
                try:
                    f.seek(start)
                    yield f.read(end - start)
                except OSError:
                    continue  # the kernel's own


def holds(pid, needles):
    """Which of the NEEDLES, octets by name, are in the memory of a process."""
    found = set()
    for piece in memory(pid):
        found |= {name for name, forms in needles.items() if any(form in piece for form in forms)}
    return found


def _elements(der):
    """What stands in a SEQUENCE, as tags and octets."""
    at, out = 0, []
    while at < len(der):
        tag, n, at = der[at], der[at + 1], at + 2
        if n & 0x80:
            n, at = int.from_bytes(der[at:at + (n & 0x7f)], "big"), at + (n & 0x7f)
        out.append((tag, der[at:at + n]))
        at += n
    return out


def private_parts(path):
    """What is secret in a private key in PEM (RSA or EC, as pki writes them): the numbers, in either order of their
    octets, and the text."""
    with open(path, encoding="ascii") as f:
        lines = f.read().split("\n")
    text = [line for line in lines if line and not line.startswith("-")]
    parts = _elements(_elements(base64.b64decode("".join(text)))[0][1])
    numbers = [value.lstrip(b"\0") for tag, value in parts if tag in (2, 4) and len(value) >= 24]
    if len(numbers) > 1:
        numbers = numbers[1:]  # the modulus of RSA is public
    check(numbers, f"{path}: a private key")
    forms = [form for number in numbers for form in (number, number[::-1])]
    return [*forms, text[len(text) // 2].encode()]
