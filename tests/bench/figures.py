# SPDX-License-Identifier: GPL-2.0-or-later
"""The figures that were measured, and the table of them."""
import collections
import statistics

# Name, title, unit, decimals.
FIGURES = [
    ("up-command", "tunnel up, by command", "ms", 1),
    ("up-vici", "tunnel up, over VICI", "ms", 1),
    ("down-vici", "tunnel down, over VICI", "ms", 1),
    ("idle-rss", "daemon without SA, VmRSS", "MiB", 1),
    ("idle-pss", "daemon without SA, Pss", "MiB", 1),
    ("tunnel-rss", "daemon with a tunnel, VmRSS", "MiB", 1),
    ("tunnel-pss", "daemon with a tunnel, Pss", "MiB", 1),
    ("tcp", "TCP, one stream", "Gbit/s", 2),
    ("tcp-cpu", "TCP, CPU of both daemons", "s/GB", 2),
    ("tcp-again", "TCP, segments sent again", "", 0),
    ("tcp-cut", "TCP, link without offloads", "Gbit/s", 2),
    ("tcp-cut-cpu", "TCP, link without offloads, CPU of both daemons", "s/GB", 2),
    ("load-rss", "daemon under load, VmRSS", "MiB", 1),
    ("load-pss", "daemon under load, Pss", "MiB", 1),
    ("udp-64", "UDP, 64 octets, arrived", "1000/s", 1),
    ("udp-64-cpu", "UDP, 64 octets, CPU of both daemons", "us/packet", 2),
    ("udp-1300", "UDP, 1,300 octets, arrived", "1000/s", 1),
    ("udp-1300-cpu", "UDP, 1,300 octets, CPU of both daemons", "us/packet", 2),
    ("blast-64", "UDP, 64 octets in bursts, arrived of 200", "1000/s", 1),
    ("blast-64-cpu", "UDP, 64 octets in bursts, CPU of both daemons", "us/packet", 2),
    ("blast-1300", "UDP, 1,300 octets in bursts, arrived of 200", "1000/s", 1),
    ("blast-1300-cpu", "UDP, 1,300 octets in bursts, CPU of both daemons", "us/packet", 2),
    ("ping-p50", "ping, median", "ms", 3),
    ("ping-p99", "ping, 99th percentile", "ms", 3),
    ("ping-lost", "ping, lost of 1000", "", 0),
    ("vici-1000", "1,000 connections loaded over VICI", "ms", 0),
    ("vici-10000", "10,000 connections loaded over VICI", "ms", 0),
    ("unload-10000", "10,000 connections unloaded over VICI", "ms", 0),
    ("file-1000", "1,000 connections read from a file", "ms", 0),
    ("file-10000", "10,000 connections read from a file", "ms", 0),
    ("again-10000", "the same file read again", "ms", 0),
]
COLUMNS = ("ours", "strongSwan", "plain")


class Figures:
    def __init__(self):
        self._samples = collections.defaultdict(list)

    def add(self, rival, figures):
        for name, value in figures.items():
            self._samples[name, rival.name].append(value)

    def _cell(self, name, column, decimals):
        values = self._samples[name, column]
        if not values:
            return "-"
        return "{:.{d}f} ({:.{d}f}..{:.{d}f})".format(statistics.median(values), min(values), max(values), d=decimals)

    def _ratio(self, name):
        ours, theirs = (self._samples[name, column] for column in COLUMNS[:2])
        if not ours or not theirs or not statistics.median(theirs):
            return "-"
        return f"{statistics.median(ours) / statistics.median(theirs):.2f}"

    def table(self):
        """Median (smallest..largest) of each, and the medians' ratio."""
        rows = [("", "", "ours", "strongSwan", "ours/theirs", "no tunnel")]
        for name, title, unit, decimals in FIGURES:
            ours, theirs, plain = (self._cell(name, column, decimals) for column in COLUMNS)
            rows.append((title, unit, ours, theirs, self._ratio(name), plain))
        widths = [max(map(len, column)) for column in zip(*rows)]
        return "".join("  ".join(cell.ljust(w) for cell, w in zip(row, widths)).rstrip() + "\n" for row in rows)

    def raw(self):
        return {name: {"title": title, "unit": unit, **{column: self._samples[name, column] for column in COLUMNS}}
                for name, title, unit, _ in FIGURES}
