# SPDX-License-Identifier: GPL-2.0-or-later
"""What a case may demand, and how it waits: always for a condition, never for a time."""
import os
import time

PATIENCE = float(os.environ.get("PATIENCE", "1"))  # how much longer everything may take here than usually


class Failed(Exception):
    """A case did not find what it demands; the text is the reason."""


class Skipped(Exception):
    """A case cannot run here."""


def check(holds, reason):
    if not holds:
        raise Failed(reason)


def same(found, wanted, what):
    check(found == wanted, f"{what}: found {found!r}, wanted {wanted!r}")


def contains(text, part, what):
    check(part in text, f"{what} does not say {part!r}:\n{text}")


def until(condition, reason, seconds=8.0, interval=0.02):
    """Waits until CONDITION() is true and returns what it gave. REASON may be a function, asked at the end.
    In an emulated machine asking is much of the work: whoever is waited for gets as much time."""
    deadline = time.monotonic() + seconds * PATIENCE
    while True:
        asked = time.monotonic()
        result = condition()
        if result:
            return result
        if time.monotonic() > deadline:
            raise Failed(f"after {seconds:g} s still not: {reason() if callable(reason) else reason}")
        time.sleep(max(interval, time.monotonic() - asked) if PATIENCE > 1 else interval)
