# SPDX-License-Identifier: GPL-2.0-or-later
"""Those configurations in strongSwan's style whose features are built in (tests/peer/negotiated.txt), negotiated between
ours and charon: each on either side, and begun by either. Both then say the same of the SAs."""
from lab.case import user_case
from lab.check import same, until
from lab.differences import Differences, normalised, rows
from lab.ends import End
from lab.peer import Credentials
from lab.sas import sa_fields
from lab.traffic import reaches, reaches_in_the_end

PATIENCE = 30  # seconds, of which a calm machine takes few


class Row:
    def __init__(self, name, moon, sun, pings, charon):
        self.name = name
        self.begun_by = {"moon": moon.split(), "sun": sun.split()}
        self.charon_on = ["moon", "sun"] if charon == "both" else [charon]
        self.pings = [ping.split() for ping in pings.split(",")]


def negotiated(charon_on):
    found = [Row(*columns) for _, columns in rows("negotiated.txt")]
    return [row for row in found if charon_on in row.charon_on]


class Bout:
    """One configuration in both daemons: ENDS by side, with charon's beside ours."""

    def __init__(self, bench, row, ours, theirs):
        self._row, self._ours, self._theirs = row, ours, theirs
        self._hosts = {"alice": bench.alice, "bob": bench.bob, "moon": bench.moon.gateway, "sun": bench.sun.gateway}
        self._addresses = {"alice": bench.moon.inside, "bob": bench.sun.inside, "moon": bench.moon.lan, "sun": bench.sun.lan,
                           "moon.wan": bench.moon.wan, "sun.wan": bench.sun.wan}

    @property
    def _ends(self):
        return self._ours, self._theirs

    def _pings(self, side):
        """From that side's host to the other's."""
        for source, target, *version in self._row.pings:
            if (source.removesuffix(".wan") in ("alice", "moon")) != (side == "moon"):
                source, target = target, source
            version = int(version[0]) if version else 4
            yield (self._hosts[source.removesuffix(".wan")], self._addresses[target][version], "-I",
                   self._addresses[source][version])

    def _wait_installed(self, side):
        n = len(self._row.begun_by[side])
        until(lambda: all([c["state"] for c in end.children()] == ["INSTALLED"] * n for end in self._ends),
              lambda: f"{self._row.name}: {n} children: {[end.sas() for end in self._ends]}", PATIENCE)

    def _begin(self, side):
        end, = (end for end in self._ends if end.name == side)
        for child in self._row.begun_by[side]:
            if child == "itself":
                self._wait_installed(side)  # packets before that pass in the clear
            elif child == "trap":
                reaches_in_the_end(*next(self._pings(side)), seconds=PATIENCE)
            else:
                end.must("initiate", child=child, timeout=10000)

    def _agree(self, side, differences):
        """What ours says of the SAs, and what charon does."""
        self._wait_installed(side)
        theirs, ours = ({f"sa-{i}": sa for i, sa in enumerate(end.sas(), 1)} for end in (self._theirs, self._ours))
        differences.compare(f"{self._row.name} by {side}", normalised(sa_fields(theirs, crosswise=True)),
                            normalised(sa_fields(ours)))

    def _finish(self, side):
        """Who began ends it, so that what is to come up again when closed by the peer does not."""
        end, = (end for end in self._ends if end.name == side)
        for sa in end.sas():
            end.call("terminate", ike_id=sa["uniqueid"], timeout=5000)
        for end in self._ends:
            until(lambda end=end: not end.sas(), lambda end=end: f"{self._row.name}: no SA left on {end.name}: {end.sas()}",
                  PATIENCE)

    def fight(self, side, differences):
        begun = self._row.begun_by[side]
        if begun == ["-"] or begun == ["trap"] and self._theirs.name == side:
            return
        self._begin(side)
        for ping in self._pings(side):
            reaches(*ping)
        self._agree(side, differences)
        self._finish(side)


def load(swanctl, path):
    done = swanctl.run("--load-all", "--noprompt", "--file", path)
    same(done.code, 0, f"swanctl --load-all --file {path}\n{done.text}")


def negotiate(bench, we, they):
    ours = bench.daemon(we, None).start()
    swanctls = {we.name: bench.swanctl(ours), they.name: bench.charon.swanctl}
    ends = End(bench, ours), End(bench, bench.charon)
    credentials, differences = Credentials(f"{bench.directory}/credentials"), Differences("negotiate")
    for row in negotiated(they.name):
        for end in ends:
            end.must("clear-creds")  # swanctl leaves the certificates that were there
        for side in "sun", "moon":  # who begins comes last
            load(swanctls[side], credentials.place(f"{row.name}/{side}.conf", f"{bench.directory}/{row.name}-{side}"))
        bout = Bout(bench, row, *ends)
        bout.fight("moon", differences)
        bout.fight("sun", differences)
    differences.none_left()


@user_case("charon")
def peer_negotiate_as_moon(bench):
    negotiate(bench, bench.moon, bench.sun)


@user_case("charon-on-moon")
def peer_negotiate_as_sun(bench):
    negotiate(bench, bench.sun, bench.moon)
