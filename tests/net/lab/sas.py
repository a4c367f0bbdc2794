# SPDX-License-Identifier: GPL-2.0-or-later
"""What is told of SAs, as fields that can be compared with what the other end tells."""
import re

_MIRRORED = {"local": "remote", "remote": "local", "in": "out", "out": "in"}


def mirrored(name):
    return "-".join(_MIRRORED.get(word, word) for word in name.split("-"))


def _spis(child):
    return sorted((child.get("spi-in", ""), child.get("spi-out", "")))


def _sections(name, value, crosswise):
    """Those below: children by their SPIs, which both ends know, and without the numbers that are each end's own."""
    items = list(value.items())
    if name == "child-sas" and all("spi-in" in child for _, child in items):
        items.sort(key=lambda item: _spis(item[1]))
        items = [(f"child-{i}", child) for i, (_, child) in enumerate(items, 1)]
    items = [(re.sub(r"-\d+$", "", key) if name == "child-sas" and not key.startswith("child-") else key, item)
             for key, item in items]
    return _section(dict(items), crosswise)


def _section(section, crosswise):
    """Name by name, in the order they have; crosswise each with the value that its counterpart has."""
    for name, value in section.items():
        other = mirrored(name) if crosswise else name
        if isinstance(value, dict):
            yield from ((f"{name}.{key}", text) for key, text in _sections(name, value, crosswise))
        elif name != "initiator":
            name, value = (name, section[other]) if other in section else (other, value)
            yield name, " ".join(value) if isinstance(value, list) else value


def sa_fields(tree, crosswise=False):
    """Fields of what a message says; CROSSWISE: as the other end would say it. Who is the initiator is left out."""
    return list(_section(tree, crosswise))
