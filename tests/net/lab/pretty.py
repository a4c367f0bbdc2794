# SPDX-License-Identifier: GPL-2.0-or-later
"""What swanctl prints with --pretty and --raw: the messages of VICI as they came."""
import collections
import re

from .check import same


def _lines(pretty):
    """With what swanctl breaks at the wrong place put together."""
    return pretty.replace("\n reply {", " reply {").splitlines()


def section(lines):
    """What stands up to the closing brace or the end, as a tree of dicts with texts and lists in it."""
    tree, lines = {}, iter(lines)
    while (text := next(lines, "}").strip()) != "}":
        if text.endswith(" = ["):
            tree[text[:-4]] = list(iter(lambda: next(lines).strip(), "]"))
        elif text == "{" or text.endswith(" {"):
            tree[text[:-1].rstrip()] = section(lines)
        else:
            name, _, value = text.partition(" =")
            tree[name] = value.removeprefix(" ")
    return tree


def messages(pretty):
    """The events and answers that --pretty printed: pairs of a name and a tree."""
    lines = iter(_lines(pretty))
    return [(re.sub("( event| reply)? {$", "", line), section(lines)) for line in lines]


def complete(pretty):
    """Those of them that are there as a whole."""
    return messages(pretty[:pretty.rfind("\n}") + 2])


def _flat(tree, path):
    for name, value in tree.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{path}.{name}")
        else:
            yield f"{path}.{name}", " ".join(value) if isinstance(value, list) else value


def fields(pretty):
    """The same as pairs of a path and a value in their order; the values of a list are one, with spaces between, as in
    --raw. A path that comes again has a number behind it."""
    found, seen = [], collections.Counter()
    for name, tree in messages(pretty):
        for path, value in _flat(tree, name):
            seen[path] += 1
            found.append((path if seen[path] == 1 else f"{path}#{seen[path]}", value))
    return found


def _raw(pretty):
    """What --raw prints where --pretty printed this; a section without a name is a brace behind a space."""
    text, opened = "", True
    for line in map(str.strip, _lines(pretty)):
        text += "" if opened or line in ("}", "]") else " "
        opened = line == "{" or line.endswith((" {", " = ["))
        text += " {" if line == "{" else re.sub(" = ?", "=", line, count=1)
    return text


def _without_numbers(text):
    return re.sub(r"\b[0-9a-f]{8,}\b|\d+", "#", text)


def both_forms(swanctl, *words):
    """What --pretty prints; --raw says the same, but for what has changed meanwhile (--install knows no --raw)."""
    pretty, raw = swanctl.run(*words, "--pretty"), swanctl.run(*words, "--raw")
    if "install" not in words[0]:
        same(_without_numbers(" ".join(line.strip() for line in _lines(raw.out))), _without_numbers(_raw(pretty.out)),
             f"swanctl {' '.join(words)} --raw")
    return pretty
