# SPDX-License-Identifier: GPL-2.0-or-later
"""Which data path carries a tunnel, what is said of it, and what is refused."""
from lab.case import user_case
from lab.check import check, contains, same

US = {"daemon": {"datapath": "user"}}


def only_child(daemon):
    children = daemon.children()
    same(len(children), 1, "number of CHILD_SAs")
    return children[0]


@user_case()
def path_by_setting(bench):
    """Status says which path carries a tunnel, and why."""
    moon, _ = bench.pair(**US)
    moon.up()
    contains(moon.log(), 'event=data-path kernel=no userspace=yes msg="daemon.datapath = user leaves the kernel alone"', "log")
    child = only_child(moon)
    same((child["data_path"], child["data_path_reason"]), ("userspace", "as configured"), "path and reason")
    contains(moon.must("status"), ", userspace (as configured)", "ipsec status")
    finding = next(f for f in moon.json("check", moon.config)["findings"] if f["name"] == "data-path")
    same((finding["verdict"], finding["text"]),
         ("ok", "kernel: daemon.datapath = user leaves the kernel alone; userspace: in use"), "ipsec check")


@user_case(each=[("kernel", {"datapath": "kernel"}, "daemon.datapath = user leaves the kernel alone"),
                 ("transport", {"mode": "transport"}, "the userspace path has no transport mode (mode)")])
def path_that_cannot(bench, child, says):
    """A child that no path in use can carry is refused where it is written, and nothing is sent."""
    moon = bench.start(bench.moon, child=child, **US)
    wire = bench.wire()
    done = moon.ipsec("up", "site")
    same(done.code, 1, "exit code of ipsec up")
    contains(done.err, f"{moon.config}:", "ipsec up")
    contains(done.err, f"child net cannot be carried: {says}", "ipsec up")
    same(wire["ike"], 0, "number of IKE packets")
    check(not moon.sas(), "there is no IKE_SA")
