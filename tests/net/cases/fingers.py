# SPDX-License-Identifier: GPL-2.0-or-later
"""What fingers and eyes expect of the command: completion in bash, and manual pages that groff takes."""
import shlex
import shutil

from lab.case import case
from lab.check import Skipped, same
from lab.ikev2d import BIN, ROOT
from lab.net import run


@case(quick=True)
def completion_in_bash(bench):
    """As after the Tab key, with names of the running daemon."""
    moon = bench.start(bench.moon)
    command = f"{BIN}/ipsec"
    for words, offers in ((["stat"], ["status", "statusall"]), (["--run-dir", moon.run_dir, "up", ""],
                                                                     ["site", "site/net", "--timeout", "--password-file"]),
                          (["--run-dir", moon.run_dir, "down", "site/"], ["site/net"]), (["list", "al"], ["algs"]),
                          (["check", "/et"], [])):
        line = " ".join(map(shlex.quote, [command, *words]))
        script = (f". {ROOT}/tools/completion/ipsec.bash; COMP_WORDS=({line}); COMP_CWORD={len(words)}; _ipsec; "
                  "printf '%s\\n' \"${COMPREPLY[@]}\"")
        said = bench.moon.gateway.run(["bash", "-c", script])
        same(said.out.split(), offers, f"completion of {words}")


@case(each=["ipsec.8", "ikev2d.8", "ikev2d.conf.5"])
def manual_page(bench, page):
    if not shutil.which("groff"):
        raise Skipped("groff is not installed")
    name = page.rsplit(".", 1)[0]
    made = run([f"{BIN}/ipsec", "help", "--man"] if name == "ipsec" else [f"{BIN}/ikev2d", "--man", name])
    same(made.code, 0, f"exit code\n{made.text}")
    path = f"{bench.directory}/{page}"
    with open(path, "w", encoding="utf-8") as f:
        f.write(made.out)
    same(run(["groff", "-man", "-Tutf8", "-ww", "-z", path]).text.strip(), "", "what groff complains about")
