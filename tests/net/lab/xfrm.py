# SPDX-License-Identifier: GPL-2.0-or-later
"""SAs and policies of a host's kernel, read from what ip(8) prints."""
import collections
import re
import subprocess

from .check import same, until

Sa = collections.namedtuple("Sa", "src dst spi reqid mode algorithms encap esn window if_id packets octets")
Policy = collections.namedtuple("Policy", "src dst direction action priority if_id templates")
Template = collections.namedtuple("Template", "src dst reqid mode")


_ESP = "ip xfrm state add src 192.0.2.1 dst 192.0.2.2 proto esp spi 0x1000 mode tunnel aead 'rfc4106(gcm(aes))' 0x" \
       + 20 * "00" + " 128"


def carries():
    """Whether the kernel of this machine has ESP."""
    return not subprocess.run(["unshare", "-n", "sh", "-c", _ESP], capture_output=True, check=False).returncode


# As ip(8) prints the mode, which does not know its name.
IPTFS = "5"


def _find(text, pattern, default=None):
    found = re.search(pattern, text, re.MULTILINE)
    return found[1] if found else default


def _blocks(text):
    """One for each SA or policy: they begin at the margin."""
    return re.findall(r"^src .*\n(?:[ \t].*\n?)*", text, re.MULTILINE)


def _sa(block):
    windows = re.findall(r"replay[-_]window (\d+)", block)
    return Sa(src=_find(block, r"^src (\S+)"), dst=_find(block, r"dst (\S+)"),
              spi=_find(block, r"spi 0x([0-9a-f]{8})"), reqid=int(_find(block, r"reqid (\d+)")),
              mode=_find(block, r"mode (\S+)"),
              algorithms=re.findall(r"^\t(?:aead|enc|auth|auth-trunc) (\S+) 0x", block, re.MULTILINE),
              encap=_find(block, r"encap type (\S+)"), esn=bool(re.search(r"\bflag\b.*\besn\b", block)),
              window=max(int(w) for w in windows), if_id=int(_find(block, r"if_id (\S+)", "0"), 0),
              packets=int(_find(block, r"(\d+)\(packets\)\n\t  add", "0")),
              octets=int(_find(block, r"(\d+)\(bytes\), \d+\(packets\)\n\t  add", "0")))


def _policy(block):
    templates = [Template(*found[:2], int(found[2]), found[3]) for found in re.findall(
        r"tmpl src (\S+) dst (\S+)\n\t\tproto \S+ (?:spi \S+ )?reqid (\d+) mode (\S+)", block)]
    return Policy(src=_find(block, r"^src (\S+)"), dst=_find(block, r"dst (\S+)"), direction=_find(block, r"dir (\S+)"),
                  action=_find(block, r"action (\S+)", "allow"), priority=int(_find(block, r"priority (\d+)")),
                  if_id=int(_find(block, r"if_id (\S+)", "0"), 0), templates=templates)


def sas_of(text):
    """What `ip -s xfrm state` printed; those that only wait for their keys are left out."""
    return [sa for sa in map(_sa, _blocks(text)) if sa.algorithms]


def keys(host):
    """Octets of the keys of its SAs, each direction's, without what is added to a nonce."""
    found = re.findall(r"^\t(?:aead|enc) \S+ 0x([0-9a-f]+)", host.must(["ip", "xfrm", "state"]), re.MULTILINE)
    return [bytes.fromhex(key)[:16] for key in found]


def policies_of(text):
    """What `ip xfrm policy` printed; those of sockets are left out."""
    return [_policy(block) for block in _blocks(text) if "\tsocket " not in block]


def sas(host):
    return sas_of(host.must(["ip", "-s", "xfrm", "state"]))


def wait_sas(host, n):
    """Once there are so many."""
    found = []

    def there():
        found[:] = sas(host)
        return len(found) == n

    until(there, lambda: f"{n} SAs in the kernel of {host.name}: {found}")
    return found


def policies(host):
    return policies_of(host.must(["ip", "xfrm", "policy"]))


def counts(host):
    """How many SAs and policies there are, but for those of sockets: told quickly where there are thousands."""
    text = host.must(["ip", "-s", "-batch", "-"], stdin="xfrm state count\nxfrm policy count\n")
    return int(_find(text, r"SAD count (\d+)")), sum(map(int, re.findall(r"\d+", _find(text, r"SPD ([^(]*)"))))


def dropped(host):
    """Packets that its kernel has dropped, by reason."""
    rows = (line.split() for line in host.must(["cat", "/proc/thread-self/net/xfrm_stat"]).splitlines())
    return {reason: int(n) for reason, n in rows if int(n)}


_STRAYS = "XfrmInNoStates", "XfrmInStateInvalid", "XfrmAcquireError"


def strays(counted):
    """How many packets, of what dropped() has COUNTED, came for an SA that was not there, not any more, or without keys yet."""
    return sum(counted.get(name, 0) for name in _STRAYS)


def refused(counted):
    """How many came and were not let in, for whatever reason."""
    return sum(n for name, n in counted.items() if name in _STRAYS or name.startswith("XfrmIn"))


def spis(host):
    return sorted(sa.spi for sa in sas(host))


def flush(host):
    host.ip("xfrm state flush", "xfrm policy flush")


def empty(host):
    """There is nothing in the kernel, but what belongs to sockets."""
    same((sas(host), policies(host)), ([], []), f"SAs and policies in the kernel of {host.name}")
