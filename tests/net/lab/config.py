# SPDX-License-Identifier: GPL-2.0-or-later
"""Configurations in swanctl's syntax, for either daemon."""

SECRET = "an example secret, for tests only"


def text(section, depth=0):
    """A tree of dicts as a configuration; a list is a list of values, None leaves a key out."""
    lines = []
    for key, value in section.items():
        if isinstance(value, dict):
            lines += [f"{key} {{", *text(value, 1).splitlines(), "}"]
        elif value is not None:
            lines.append(f"{key} = {', '.join(value) if isinstance(value, list) else value}")
    return "".join("\t" * depth + line + "\n" for line in lines)


def _both(*parts):
    """Dicts laid over each other; what is a dict in both, too."""
    out = {}
    for part in parts:
        for key, value in part.items():
            old = out.get(key)
            out[key] = _both(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return out


def connection(me, peer, outer=4, inner=(4,), **changes):
    """The connection of gateway ME with PEER (sides of a site): over IP version OUTER, for the networks of the versions
    INNER (none: host to host). CHANGES: conn, local, remote and child are dicts laid over what is there."""
    child = {"local_ts": [me.net[v] for v in inner], "remote_ts": [peer.net[v] for v in inner]} if inner else {}
    return _both({"local_addrs": me.wan[outer], "remote_addrs": peer.wan[outer],
                  "local": {"auth": "psk", "id": me.id, **changes.get("local", {})},
                  "remote": {"auth": "psk", "id": peer.id, **changes.get("remote", {})},
                  "children": {"net": {**child, **changes.get("child", {})}}},
                 changes.get("conn", {}))


def tunnel(me, peer, secret=SECRET, daemon=None, others=None, **changes):
    """A whole configuration with that connection, called site, and its child, called net. OTHERS: further connections by
    their names, each as its changes."""
    connections = {"site": connection(me, peer, **changes),
                   **{name: connection(me, peer, **more) for name, more in (others or {}).items()}}
    whole = {"connections": connections, "secrets": {"ike-site": {"secret": f'"{secret}"'}}}
    return {**whole, "daemon": daemon} if daemon else whole


def merged(a, b):
    """CHANGES for tunnel() of both sides, with those of one side laid over them."""
    return _both(a, b)
