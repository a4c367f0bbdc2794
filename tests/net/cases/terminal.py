# SPDX-License-Identifier: GPL-2.0-or-later
"""What people see: the command in a terminal of 80 columns, as tmux shows it."""
import re
import shlex
import shutil

from lab.case import case
from lab.check import Skipped, check, contains, same, until
from lab.ikev2d import BIN, ROOT
from lab.net import run

COLUMNS = 80
COLOURED = "\x1b["


class Terminal:
    """One of 80 columns on HOST, in which commands run one after the other."""

    def __init__(self, bench, host, environment=("TERM=xterm",), shell=("sh",)):
        if not shutil.which("tmux"):
            raise Skipped("tmux is not installed")
        self.bench, self.socket = bench, f"{bench.directory}/tmux"
        shell = ["env", *environment, "PS1=", *shell]
        # The server lives in the host's namespace: so does what it starts.
        done = host.run([*self.tmux(), "-f", "/dev/null", "new-session", "-d", "-x", str(COLUMNS), "-y", "200", *shell])
        same(done.code, 0, f"tmux\n{done.text}")
        bench.afterwards(lambda: run([*self.tmux(), "kill-server"]))

    def tmux(self):
        return ["tmux", "-S", self.socket]

    def type(self, *keys):
        same(run([*self.tmux(), "send-keys", *keys]).code, 0, "tmux send-keys")

    def screen(self, *options):
        return run([*self.tmux(), "capture-pane", "-p", *options]).out.rstrip("\n")

    def shows(self, words):
        """What is on the screen when WORDS have ended; no line of it is longer than the terminal."""
        line = f"clear; {shlex.join(words)}; {shlex.join([*self.tmux(), 'wait-for', '-S', 'done'])}"
        script = f"{self.bench.directory}/script"
        with open(script, "w", encoding="utf-8") as f:
            f.write(line)
        self.type(f". {script}", "Enter")
        same(run([*self.tmux(), "wait-for", "done"], seconds=30).code, 0, "end of the command")
        # -J joins what the terminal has wrapped: then it is too long.
        joined = self.screen("-J")
        long = [line for line in joined.splitlines() if len(line.rstrip()) > COLUMNS]
        check(not long, f"lines of more than {COLUMNS} columns: {long}")
        return self.screen("-e")


    def write(self, text):
        self.type("-l", "--", text)

    def run(self, words):
        """Types them; they go on."""
        self.write(f"clear; {shlex.join(words)}; echo ended $?")
        self.type("Enter")

    def until(self, part):
        until(lambda: part in self.screen("-J"), lambda: f"{part!r} on the screen: {self.screen()}", 10)


def plain(text):
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


@case()
def terminal_of_eighty_columns(bench):
    """up, status, statusall and check read well there: no line is wrapped in a word, and states have colours."""
    moon, _ = bench.pair(moon={"conn": {"children": {"dark": {"local_ts": "10.1.0.0/16", "remote_ts": "10.77.0.0/16"}}}})
    terminal = Terminal(bench, moon.host)
    up = terminal.shows(moon.client() + ["up", "site/net"])
    contains(up, f"site/net: {COLOURED}32mup", "ipsec up")
    refused = terminal.shows(moon.client() + ["up", "site/dark"])
    contains(plain(refused), "TS_UNACCEPTABLE", "ipsec up")
    status = terminal.shows(moon.client() + ["status"])
    contains(status, f"site: {COLOURED}32mup", "ipsec status")
    contains(status, f"dark: {COLOURED}31mdown", "ipsec status")
    contains(plain(status), "10.1.0.0/24 === 10.2.0.0/24", "ipsec status")
    check(any(line.startswith("      ") for line in plain(status).splitlines()), f"no line is continued:\n{status}")
    contains(plain(terminal.shows(moon.client() + ["statusall"])), "rekeying in", "ipsec statusall")
    checked = terminal.shows(moon.client() + ["check", moon.config])
    contains(checked, f"{COLOURED}32mok", "ipsec check")
    for words in "", "check", "status":
        terminal.shows(moon.client() + ["help", words][:1 + bool(words)])


@case()
def terminal_without_colours(bench):
    """NO_COLOR is obeyed."""
    moon = bench.start(bench.moon)
    terminal = Terminal(bench, moon.host, ["TERM=xterm", "NO_COLOR=1"])
    status = terminal.shows(moon.client() + ["status"])
    contains(status, "site: down", "ipsec status")
    check(COLOURED not in status, f"colours:\n{status!r}")


@case(each=[("q", "q"), ("interrupt", "C-c"), ("quit", "C-\\")])
def status_watched(bench, key):
    """It follows what happens, over the end of the daemon too, until a key ends it; then the terminal is as it was."""
    moon, _ = bench.pair()
    terminal = Terminal(bench, moon.host)
    terminal.run(moon.client() + ["status", "--watch"])
    terminal.until("site: down")
    moon.up()
    terminal.until("site: up")
    terminal.until("net: INSTALLED")
    moon.stop()
    terminal.until("ikev2d is not running")
    moon.start()
    terminal.until("site: down")
    terminal.type("C-z")
    terminal.type(key)
    terminal.until("ended 0")
    check("site: down" not in terminal.screen(), "the screen from before is back")
    done = moon.ipsec("status", "--watch")
    same(done.code, 2, "exit code without a terminal")
    contains(done.err, "--watch needs a terminal", "ipsec status --watch")


@case()
def completion_in_zsh(bench):
    """With the Tab key; names are those of the running daemon."""
    if not shutil.which("zsh"):
        raise Skipped("zsh is not installed")
    moon = bench.start(bench.moon)
    terminal = Terminal(bench, moon.host, shell=("zsh", "-f"))
    terminal.write(f"path=({BIN} $path); fpath=({ROOT}/tools/completion $fpath); autoload -U compinit; compinit -D -u; clear; echo ready")
    terminal.type("Enter")
    until(lambda: terminal.screen() == "ready", lambda: f"a prompt: {terminal.screen()}")
    for typed, whole in (("ipsec purge oc", "ipsec purge ocsp "), ("ipsec check --prof", "ipsec check --profile "),
                         (f"ipsec --run-dir {moon.run_dir} down site/", f"ipsec --run-dir {moon.run_dir} down site/net ")):
        terminal.write(f"{typed}\t")
        # A letter behind it shows where the cursor is.
        terminal.write("X")
        # zsh breaks long lines itself.
        until(lambda: f"{whole}X" in terminal.screen().replace("\n", ""), lambda: f"{whole!r} on the screen: {terminal.screen()}")
        terminal.type("C-u")
