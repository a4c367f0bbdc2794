# SPDX-License-Identifier: GPL-2.0-or-later
"""ipsec up, where the connection needs a password of EAP that the daemon does not have."""
import contextlib
import os
import pty
import select
import signal
import termios

from cases.eap import PASSWORD, client, gateway
from lab.case import case
from lab.check import Failed, check, contains, same

PROMPT = "the password of carol for site: "


def nobody_knows(bench):
    """Moon's configuration, without the secret."""
    configuration = client(bench, bench.moon, "eap-mschapv2")
    del configuration["secrets"]["eap-carol"]
    return configuration


def start(bench):
    bench.daemon(bench.sun, gateway(bench, bench.sun, "eap-mschapv2")).start()
    return bench.daemon(bench.moon, nobody_knows(bench)).start()


class Terminal:
    """A command at a terminal of its own."""

    def __init__(self, words):
        self.said = ""
        self.pid, self.fd = pty.fork()
        if not self.pid:
            os.execv(words[0], words)

    def _hear(self, seconds):
        if not select.select([self.fd], [], [], seconds)[0]:
            raise Failed(f"nothing more in {seconds} s: {self.said!r}")
        with contextlib.suppress(OSError):  # its other end is closed: it has ended
            part = os.read(self.fd, 1000).decode("utf-8", "replace")
            self.said += part
            return part
        return ""

    def wait(self, part):
        while part not in self.said:
            check(self._hear(10), f"{part!r} at the terminal: {self.said!r}")

    def say(self, line):
        os.write(self.fd, line.encode() + b"\n")

    def end(self):
        while self._hear(30):
            pass
        self.echoes = bool(termios.tcgetattr(self.fd)[3] & termios.ECHO)
        os.close(self.fd)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def typed(moon, password):
    terminal = Terminal([*moon.client(), "up", "site"])
    terminal.wait(PROMPT)
    terminal.say(password)
    code = terminal.end()
    check(password not in terminal.said, f"the password is not shown: {terminal.said!r}")
    return code, terminal.said


@case(quick=True)
def password_at_the_terminal(bench):
    """It is not shown, nor logged; a wrong one is asked for again, the right one not before ipsec down."""
    moon = start(bench)
    code, said = typed(moon, "a wrong password")
    same(code, 1, f"exit code\n{said}")
    code, said = typed(moon, PASSWORD)
    same(code, 0, f"exit code\n{said}")
    moon.wait_children(1)
    moon.must("rekey", "site", "--reauth")
    moon.must("up", "site")
    moon.must("down", "site")
    code, said = typed(moon, PASSWORD)
    same(code, 0, f"exit code\n{said}")
    for secret in "a wrong password", PASSWORD:
        check(secret not in moon.log(), "the password is not in the log")


@case()
def password_is_not_given(bench):
    """An empty line, Ctrl-C, or a signal: nothing is done, and the terminal shows again what is typed."""
    moon = start(bench)
    for line in "", "half a pass\x03":
        code, said = typed_nothing(moon, line)
        same(code, 1, f"exit code\n{said}")
        contains(said, "the password of carol for site was not given", "ipsec up")
    code, said = typed_nothing(moon, number=signal.SIGTERM)
    same(code, 1, f"exit code\n{said}")
    same(moon.sas(), [], "IKE_SAs")


def typed_nothing(moon, line="", number=0):
    terminal = Terminal([*moon.client(), "up", "site"])
    terminal.wait(PROMPT)
    if number:
        os.kill(terminal.pid, number)
    else:
        terminal.say(line)
    code = terminal.end()
    check(terminal.echoes, "the terminal shows what is typed")
    return code, terminal.said


@case()
def password_without_a_terminal(bench):
    moon = start(bench)
    done = moon.host.run(["setsid", "--wait", *moon.client(), "up", "site"])
    same(done.code, 1, f"exit code\n{done.text}")
    contains(done.err, "the password of carol for site is needed, and there is no terminal to ask for it: --password-file "
             "FILE reads it, or a systemd credential site, or write it into the section secrets", "ipsec up")
    same(moon.sas(), [], "IKE_SAs")


@case(each=["file", "credential"])
def password_from_a(bench, place):
    """With a line's end behind it or not; a file that is not there, or empty, is said."""
    moon = start(bench)
    path = f"{bench.directory}/site"
    words, env = (["--password-file", path], {}) if place == "file" else ([], {"CREDENTIALS_DIRECTORY": bench.directory})

    def up():
        return moon.host.run(["setsid", "--wait", *moon.client(), "up", "site", *words], env=env)

    done = up()
    same(done.code, 1, f"exit code\n{done.text}")
    contains(done.err, "there is no such file" if place == "file" else "there is no terminal", "ipsec up")
    for text, code in ("\n", 1), (PASSWORD, 0), (PASSWORD + "\nmore\n", 0):
        with open(path, "w", encoding="ascii") as f:
            f.write(text)
        done = up()
        same(done.code, code, f"exit code with {text!r}\n{done.text}")
        if code:
            contains(done.err, "has from 1 to 1024 octets, in the first line", "ipsec up")
        else:
            moon.must("down", "site")


@case()
def password_that_nobody_needs(bench):
    """The daemon has it, or the connection proves itself in another way."""
    moon, _ = bench.pair()
    done = moon.ipsec("up", "site", "--password-file", "/dev/null")
    same(done.code, 1, "exit code")
    contains(done.err, "site: no password is missing that /dev/null could give", "ipsec up")
