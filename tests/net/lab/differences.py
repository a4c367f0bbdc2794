# SPDX-License-Identifier: GPL-2.0-or-later
"""What ikev2d answers otherwise than charon, and the table that explains it: tests/peer/differences.txt."""
import collections
import fnmatch

from .check import Failed, check
from .peer import DATA

ABSENT = "-"
REPORTED = 200  # differences that are shown at most


def rows(name):
    """The rows of a table in tests/peer, as lists of their columns, each after the part it stands in ([PART])."""
    part = None
    for line in (DATA / name).read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            part = line.strip("[]")
        elif line and not line.startswith("#"):
            yield part, [column.strip() for column in line.split(" | ")]


def normalised(fields):
    """FIELDS with a star where the value is each daemon's own (tests/peer/normalised.txt)."""
    own = [pattern for _, (pattern, _) in rows("normalised.txt")]
    return [(path, "*" if any(fnmatch.fnmatchcase(path, pattern) for pattern in own) else value) for path, value in fields]


class Row:
    """WHERE | FIELD | CHARON | IKEV2D | REASON, the first four with wildcards."""

    def __init__(self, columns):
        self.line = " | ".join(columns)
        check(len(columns) == 5 and columns[4], f"differences.txt: not a row of five columns: {self.line}")
        self.patterns = columns[:4]
        self.used = False

    def explains(self, *difference):
        return all(fnmatch.fnmatchcase(value, pattern) for value, pattern in zip(difference, self.patterns))


class Differences:
    """Those between two daemons, in so far as the table does not explain them."""

    def __init__(self, part):
        """PART of the table: what stands under [PART], or [PART, ANOTHER]."""
        self._rows = [Row(columns) for parts, columns in rows("differences.txt") if part in parts.split(", ")]
        self._unexplained = []

    def _add(self, *difference):
        explaining = [row for row in self._rows if row.explains(*difference)]
        for row in explaining[:1]:
            row.used = True
        if not explaining:
            self._unexplained.append(difference)

    def compare(self, where, theirs, ours):
        """Fields of charon and of ours, by value and by order."""
        a, b = dict(theirs), dict(ours)
        for path in [*a, *(path for path in b if path not in a)]:
            if a.get(path) != b.get(path):
                self._add(where, path, a.get(path, ABSENT), b.get(path, ABSENT))
        self._compare_order(where, [path for path in a if path in b], [path for path in b if path in a])

    def _compare_order(self, where, theirs, ours):
        """Section by section."""
        def sections(paths):
            found = {}
            for path in paths:
                parts = path.split(".")
                for i, part in enumerate(parts):
                    found.setdefault(".".join(parts[:i]), {})[part] = None
            return {section: " ".join(names) for section, names in found.items()}

        a, b = sections(theirs), sections(ours)
        for section, names in a.items():
            if names != b[section]:
                self._add(where, f"{section} (order)", names, b[section])

    def compare_lines(self, where, theirs, ours):
        """What was printed, line by line."""
        a, b = theirs.splitlines(), ours.splitlines()
        for line, n in (collections.Counter(a) - collections.Counter(b)).items():
            self._add(where, f"(line, {n} times)", line, ABSENT)
        for line, n in (collections.Counter(b) - collections.Counter(a)).items():
            self._add(where, f"(line, {n} times)", ABSENT, line)
        if sorted(a) == sorted(b) and a != b:
            self._add(where, "(order of lines)", "; ".join(a), "; ".join(b))

    def none_left(self):
        """All are explained, and every row explains one."""
        wrong = [" | ".join(difference) for difference in self._unexplained[:REPORTED]]
        more = len(self._unexplained) - len(wrong)
        if more:
            wrong.append(f"... and {more} more")
        idle = [f"differences.txt: this explains nothing: {row.line}" for row in self._rows if not row.used]
        if wrong or idle:
            raise Failed("\n".join(["not explained (where | field | charon | ikev2d):"] * bool(wrong) + wrong + idle))
