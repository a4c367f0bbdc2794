# SPDX-License-Identifier: GPL-2.0-or-later
"""swanctl's subcommands on ours and on charon with the same configuration (tests/peer/commands.conf): what is printed, with
--pretty and --raw, and how it ends. What differs is explained in tests/peer/differences.txt."""
import collections
import re
import shlex
import signal

from lab.case import user_case
from lab.check import Failed, same, until
from lab.differences import Differences, normalised
from lab.ends import End
from lab.peer import DATA, Credentials
from lab.pretty import both_forms, complete, fields, messages
from lab.sas import sa_fields

PATIENCE = 30  # seconds, of which a calm machine takes none

# What charon may have from other cases.
FORGET = """
--counters --reset --all
--counters --reset
--load-creds --clear --noprompt --file /dev/null
--flush-certs
"""

# After everything has been loaded.
LISTS = """
--version --daemon
--stats
--list-conns
--list-sas
--list-pols
--list-pols --trap
--list-pols --pass
--list-pols --drop
--list-pols --child more
--list-pols --child nothing
--list-pols --ike gw
--list-certs
--list-certs --type x509
--list-certs --type pubkey
--list-certs --flag ca
--list-certs --subject nobody
--list-authorities
--list-authorities --name root
--list-authorities --name nothing
--list-pools
--list-pools --leases
--list-pools --name first
--list-pools --name nothing
--list-algs
--counters
--counters --all
--counters --name gw
--counters --reset
--counters --reset --name nothing
--flush-certs
--flush-certs --type x509_crl
--reload-settings
"""

# What does not exist, and what is not said.
REFUSED = """
--initiate
--initiate --child nothing
--initiate --ike nothing
--initiate --child net --ike nothing
--terminate
--terminate --child nothing
--terminate --ike nothing
--terminate --child-id 9999
--terminate --ike-id 9999
--rekey
--rekey --child nothing
--rekey --ike nothing
--rekey --child-id 9999
--rekey --ike-id 9999 --reauth
--redirect
--redirect --ike gw
--redirect --ike nothing --gateway 192.0.2.9
--redirect --peer-ip 198.51.100.0/24 --gateway gw.example.net
--redirect --peer-id *.example.net --gateway 192.0.2.9
--install
--install --child nothing
--install --child net --ike nothing
--uninstall
--uninstall --child nothing
--uninstall --child net
"""


# While the tunnel is up, on each of its ends.
ASKED = """
--list-sas
--list-sas --noblock
--list-sas --ike gw
--list-sas --ike nothing
--list-sas --child net
--list-sas --child nothing
"""

# Then, too, but of each the same end.
COUNTED = """
--counters
--counters --all
--counters --name gw
"""

# Done by charon, then by ours, each time with the tunnel up; how many IKE_SAs and CHILD_SAs there are afterwards.
DONE = [
    ("--rekey --child net", 1, 1),
    ("--rekey --ike gw", 1, 1),
    ("--rekey --ike gw --reauth", 1, 1),
    ("--terminate --child net", 1, 0),
    ("--terminate --ike gw", 0, 0),
    ("--terminate --ike gw --force --timeout 5", 0, 0),
    ("--terminate --ike gw --timeout -1", 0, 0),
]


def lines(commands):
    return [line for line in commands.splitlines() if line]


def words_of(me, peer):
    return {"@ME@": me.wan[4], "@PEER@": peer.wan[4], "@MINE@": me.net[4], "@THEIRS@": peer.net[4],
            "@MY_ID@": f"{me.name}@example.net", "@PEER_ID@": f"{peer.name}@example.net"}


class Trial:
    """The same words for both daemons, charon on sun and ours on moon."""

    def __init__(self, bench, part):
        self._bench = bench
        self.moon = bench.daemon(bench.moon, None).start()
        self.ours, self.theirs = bench.swanctl(self.moon), bench.charon.swanctl
        self._words = {self.ours: words_of(bench.moon, bench.sun), self.theirs: words_of(bench.sun, bench.moon)}
        self.differences = Differences(part)
        for command in lines(FORGET):
            self.theirs.must(*command.split())

    @property
    def swanctls(self):
        return self.theirs, self.ours

    def _loaded(self, swanctl, credentials):
        """Loads the configuration with each end's own words in it; returns what was printed."""
        text = (DATA / "commands.conf").read_text(encoding="utf-8")
        for word, value in self._words[swanctl].items():
            text = text.replace(word, value)
        directory = f"{self._bench.directory}/{swanctl.host.name}-conf"
        done = swanctl.run("--load-all", "--noprompt", "--file", credentials.with_text(text, directory))
        return done.text.replace(directory, "@DIR@")

    def load(self):
        credentials = Credentials(f"{self._bench.directory}/credentials")
        self.differences.compare_lines("--load-all", *(self._loaded(swanctl, credentials) for swanctl in self.swanctls))

    def _neutral(self, swanctl, text):
        for word, value in self._words[swanctl].items():
            text = text.replace(value, word)
        return text

    def _result(self, swanctl, words):
        """How the command ends and what it says, in both forms; what is on stderr beside the message's own text."""
        plain, pretty = swanctl.run(*words), both_forms(swanctl, *words)
        found = normalised(fields(self._neutral(swanctl, pretty.out)))
        said = plain.err.strip()
        for path, value in found:
            if path.endswith(".errmsg"):
                said = self._neutral(swanctl, said).replace(value, "ERRMSG")
        return [("exit code", f"{plain.code} {pretty.code}"), ("stderr", said), *found]

    def same(self, command):
        words = shlex.split(command)
        self.differences.compare(command, *(self._result(swanctl, words) for swanctl in self.swanctls))


@user_case("charon", quick=True)
def peer_swanctl(bench):
    """What has been loaded, and what does not exist."""
    trial = Trial(bench, "swanctl")
    trial.load()
    for command in lines(LISTS) + lines(REFUSED):
        trial.same(command)
    trial.differences.none_left()


# with the tunnel up


def act(swanctl, command):
    """How it ended, and what was said; of the lines of the log only what belongs to each."""
    done = swanctl.run(*shlex.split(command), "--pretty")
    said = messages(done.out)
    logged = [(name, message) for name, message in said if name == "log"][:1]
    answers = [(name, message) for name, message in said if name != "log"]
    return [("exit code", str(done.code)), ("stderr", done.err.strip()),
            *((f"{name}.{key}", "*") for name, message in logged for key in message),
            *((f"{name}.{key}", value) for name, message in answers for key, value in message.items())]


def told(events, crosswise=False):
    """Fields of SAs in events, those of each event under its kind and number."""
    seen, found = collections.Counter(), [("events", " ".join(name for name, _ in events))]
    for name, message in events:
        seen[name] += 1
        found += sa_fields({f"{name}-{seen[name]}": message}, crosswise)
    return found


class Tunnel(Trial):
    """Both ends of it."""

    def __init__(self, bench):
        super().__init__(bench, "up")
        self.load()
        self._ends = End(bench, self.moon), End(bench, bench.charon)

    def _view(self):
        """The SAs as both see them; None while they do not agree."""
        view = self._ends[0].view()
        return view if view == self._ends[1].view(crosswise=True) else None

    def settled(self, sas=1, children=1, before=None):
        """Waits until there are so many, and others than BEFORE."""
        def wanted():
            view = self._view()
            return (view is not None and view != before and len(view) == sas and
                    sum(len(sa) - 3 for sa in view) == children and [view])

        return until(wanted, lambda: f"{sas} IKE_SAs and {children} CHILD_SAs other than {before}: "
                     f"{[end.sas() for end in self._ends]}", PATIENCE)[0]

    def bring_up(self, swanctl):
        said = act(swanctl, "--initiate --child net")
        self.settled()
        return said

    def take_down(self, swanctl):
        said = act(swanctl, "--terminate --ike gw")
        self.settled(0, 0)
        return said

    def initiate(self):
        """By each, and asked by both."""
        said, began, answered = [], [], []
        for swanctl, other in (self.swanctls, self.swanctls[::-1]):
            for reset in "--counters --reset", "--counters --reset --all":
                swanctl.must(*reset.split())
                other.must(*reset.split())
            said.append(self.bring_up(swanctl))
            for command in lines(ASKED):
                self._ask(command)
            began.append(self._counters(swanctl))
            answered.append(self._counters(other))
            self.take_down(swanctl)
        self.differences.compare("--initiate --child net", *said)
        for theirs, ours in began, answered[::-1]:
            for command in lines(COUNTED):
                self.differences.compare(command, theirs[command], ours[command])

    def _ask(self, command):
        """Charon's answer is turned round."""
        theirs, ours = (both_forms(swanctl, *shlex.split(command)).out for swanctl in self.swanctls)
        found = told(messages(theirs), crosswise=True), told(messages(ours))
        self.differences.compare(command, *(normalised(part) for part in found))

    @staticmethod
    def _counters(swanctl):
        return {command: normalised(fields(both_forms(swanctl, *shlex.split(command)).out))
                for command in lines(COUNTED)}

    def do(self, command, sas, children):
        said = []
        for swanctl in self.swanctls:
            self.bring_up(swanctl)
            before = self.settled()
            said.append(act(swanctl, command))
            self.settled(sas, children, before)
            if sas:
                self.take_down(swanctl)
        self.differences.compare(command, *said)


    def _round(self):
        self.bring_up(self.ours)
        for command in "--rekey --child net", "--rekey --ike gw":
            before = self.settled()
            act(self.ours, command)
            self.settled(before=before)
        self.take_down(self.ours)

    def follow(self, option, ended):
        """What both tell while ours brings the tunnel up, rekeys it and takes it down; ENDED(events) when that is all."""
        followers = [swanctl.spawn(f"{self._bench.directory}/{swanctl.host.name}{option}", option, "--pretty")
                     for swanctl in self.swanctls]

        def heard(count):
            """The events from the COUNT-th of each on, when all have come."""
            events = [complete(follower.log())[n:] for follower, n in zip(followers, count)]
            return all(part and ended(part) for part in events) and events

        def heard_something():  # from when on it listens cannot be seen otherwise
            self._round()
            try:
                return until(lambda: heard([0, 0]), option, 3)
            except Failed:
                return None

        until(heard_something, lambda: f"swanctl {option} tells something {[f.log() for f in followers]}",
              PATIENCE)
        before = [len(events) for events in heard([0, 0])]
        self._round()
        found = until(lambda: heard(before), lambda: f"swanctl {option} tells all: {[f.log() for f in followers]}",
                      PATIENCE)
        for follower in followers:
            follower.signal(signal.SIGINT)
            same(follower.wait(5), 0, f"exit code of swanctl {option}")
        return found

    def compare_events(self):
        def ended(events):
            return sorted(name for name, message in events[-2:] if "up" not in message) == ["child-updown", "ike-updown"]

        theirs, ours = self.follow("--monitor-sa", ended)
        self.differences.compare("--monitor-sa", *(normalised(part) for part in (told(theirs, crosswise=True), told(ours))))

    def compare_log(self):
        """Only what belongs to a line."""
        lines_ = self.follow("--log", lambda events: True)
        self.differences.compare("--log", *([(f"log.{name}", "*") for name in part[0][1]] for part in lines_))


@user_case("charon")
def peer_swanctl_up(bench):
    """What a tunnel is, as both ends see it, and what each does with it."""
    tunnel = Tunnel(bench)
    tunnel.initiate()
    for command, sas, children in DONE:
        tunnel.do(command, sas, children)
    tunnel.compare_events()
    tunnel.compare_log()
    tunnel.differences.none_left()


# What charon and ours are at when they get no answer, each alone: the command, and more that wait behind it.
BUSY = [
    ("--rekey --child net",),
    ("--rekey --ike site",),
    ("--terminate --child net --timeout -1", "--initiate --child net --timeout -1"),
    ("--terminate --ike site --timeout -1",),
]
AUTH_UNHEARD = "chain in { type filter hook ingress device wan priority 0; udp dport 4500 drop; }"
NOT_OURS = {"IKE_VENDOR", "IKE_CONFIG", "IKE_MOBIKE"}  # what charon does on the way up, and ours does not


def tasks(swanctl):
    """Those of all IKE_SAs, by where they stand."""
    said = re.findall(r"tasks-(\w+)=\[([^]]*)\]", swanctl.must("--list-sas", "--raw"))
    return {kind: [task for task in names.split() if task not in NOT_OURS] for kind, names in said}


def both_down(ends):
    for swanctl in ends:
        swanctl.run("--terminate", "--ike", "site", "--force", "--timeout", "1")
    until(lambda: not any(swanctl.must("--list-sas").strip() for swanctl in ends), "all is down", PATIENCE)


@user_case("charon")
def peer_swanctl_tasks(bench):
    """list-sas says what an IKE_SA is at in charon's words."""
    moon, charon = bench.with_charon()
    ends = charon.swanctl, bench.swanctl(moon)
    for commands in BUSY:
        found = []
        for swanctl in ends:
            moon.up()
            hear = bench.deafen(bench.moon, bench.sun)
            for command in commands:
                swanctl.run(*command.split())
            found.append(until(lambda swanctl=swanctl: tasks(swanctl), f"something goes on after {commands}"))
            hear()
            both_down(ends)
        same(found[1], found[0], f"tasks after {commands}")


@user_case("charon", each=[("by-us", 1), ("by-charon", 0)])
def peer_swanctl_tasks_on_the_way_up(bench, who):
    """What who begins has before itself, without an answer and with that to IKE_SA_INIT, and what the other one has."""
    moon, charon = bench.with_charon()
    charon.set("half_open_timeout = 2")
    bench.afterwards(charon.set)
    ends, order = (charon.swanctl, bench.swanctl(moon)), ("--initiate", "--child", "net", "--timeout", "-1")
    hear = bench.deafen(bench.moon, bench.sun)
    ends[who].run(*order)
    ways = ["IKE_INIT", "IKE_NATD", "IKE_CERT_PRE", "IKE_AUTH", "IKE_CERT_POST", "IKE_AUTH_LIFETIME", "IKE_ESTABLISH",
            "CHILD_CREATE"]
    until(lambda: tasks(ends[who]) == {"active": ways}, lambda: f"it has all before it: {tasks(ends[who])}")
    hear()
    both_down(ends)
    hear = bench.deafen(bench.moon, bench.sun, rules=AUTH_UNHEARD)
    ends[who].run(*order)
    until(lambda: tasks(ends[who]) == {"active": ways[2:]}, lambda: f"IKE_SA_INIT is done: {tasks(ends[who])}")
    passive = ["IKE_INIT", *ways[2:5], "IKE_ESTABLISH", "IKE_AUTH_LIFETIME", "CHILD_CREATE"]
    same(tasks(ends[1 - who]), {"passive": passive}, "what the other one is at")
    hear()
    both_down(ends)
