# SPDX-License-Identifier: GPL-2.0-or-later
"""Other clients of VICI than swanctl, from what they send: tests/peer/replay. They are played to charon as well, so that the
files say what strongSwan does."""
from lab.case import case
from lab.peer import DATA
from lab.replay import Replay

REPLAYS = [(path.stem, path) for path in sorted((DATA / "replay").glob("*.txt"))]
PATCHED = ("nhrpd",)  # wants what charon has only with patches


@case(each=REPLAYS)
def peer_client(bench, path):
    replay = Replay(path)
    if "without configuration" in replay.options:
        moon = bench.daemon(bench.moon, None).start()
        bench.start(bench.sun)
    else:
        moon, _ = bench.pair()
    replay.play(bench.vici(moon), lambda *words: moon.must(*words))


def by_swanctl(swanctl):
    """What ipsec VERB NAME does with ours; the children of replays are called net."""
    options = {"up": "--initiate", "down": "--terminate", "rekey": "--rekey"}

    def run(verb, name):
        swanctl.must(options[verb], "--child" if verb == "up" or name == "net" else "--ike", "net" if verb == "up" else name)

    return run


@case("charon-on-moon", each=[replay for replay in REPLAYS if replay[0] not in PATCHED])
def peer_client_of_charon(bench, path):
    replay = Replay(path)
    bench.start(bench.sun)
    bench.charon.load({} if "without configuration" in replay.options else bench.tunnel(bench.moon))
    replay.play(bench.vici(bench.charon), by_swanctl(bench.charon.swanctl))
