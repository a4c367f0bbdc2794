# SPDX-License-Identifier: GPL-2.0-or-later
"""The users file: who may log in by EAP, with what, in which groups, and at which address."""
import ctypes
import os
import signal

from cases.eap import PASSWORD, carries, client
from lab.case import case
from lab.check import check, contains, same, until
from lab.family import holds, keeper, replaced

NT_HASH = "44EBBA8D5312B8D611474411F56989AE"  # of "clientPass" (RFC 2759, 9.2)
_crypt = ctypes.CDLL("libcrypt.so.1").crypt  # Python's own is gone from 3.13 on
_crypt.restype = ctypes.c_char_p
SALTED = _crypt(PASSWORD.encode(), b"$6$rounds=5000$anexample$").decode()


def path_of(bench):
    return f"{bench.directory}/users"


def write(bench, *lines):
    """As an editor does: a file beside it takes its place."""
    with open(f"{path_of(bench)}.new", "w", encoding="utf-8") as f:
        f.writelines(f"{line}\n" for line in lines)
    os.chmod(f"{path_of(bench)}.new", 0o600)
    os.rename(f"{path_of(bench)}.new", path_of(bench))


def configuration(bench, method="eap-mschapv2", remote=None, **changes):
    return bench.tunnel(bench.sun, remote={"auth": method, "eap_id": "%any", **(remote or {})},
                        daemon={"users_file": path_of(bench)}, **changes)


def gateway(bench, *lines, **changes):
    write(bench, *lines)
    return bench.daemon(bench.sun, configuration(bench, **changes)).start()


def caller(bench, method="eap-mschapv2", **changes):
    return bench.daemon(bench.moon, client(bench, bench.moon, method, **changes)).start()


@case(each=[("password", f"carol:password:{PASSWORD}", "eap-mschapv2", PASSWORD),
            ("hash", f"carol:nt:{NT_HASH}", "eap-mschapv2", "clientPass"),
            ("salted", f"carol:crypt:{SALTED}", "eap-gtc", PASSWORD)])
def eap_user_of_the_file(bench, line, method, password):
    sun = gateway(bench, "# who may come in", "dave:password:another", line, method=method)
    moon = caller(bench, method, password=password)
    moon.up()
    carries(bench)
    contains(bench.swanctl(sun).must("--list-sas"), "EAP: 'carol'", "swanctl --list-sas")
    same(holds(sun.process.pid, {"users": [b"dave:password:another", password.encode()]}), set(), "what the daemon holds")


@case("charon")
def eap_user_of_the_file_with_strongswan(bench):
    """As Windows writes it, with a domain."""
    write(bench, f"carol:nt:{NT_HASH}")
    bench.charon.load(client(bench, bench.sun, "eap-mschapv2", user="LAB\\carol", password="clientPass"))
    whole = bench.tunnel(bench.moon, remote={"auth": "eap-mschapv2", "eap_id": "%any"},
                         daemon={"users_file": path_of(bench)})
    moon = bench.daemon(bench.moon, whole).start()
    done = bench.charon.up(timeout=10)
    same(done.code, 0, f"swanctl --initiate\n{done.text}\n{moon.log()}")
    carries(bench)


@case(each=[("wrong", "carol:password:another"), ("of-nobody", "dave:password:another")])
def eap_user_of_the_file_is_wrong(bench, line):
    """The client is told the same; our log says which line it was, or that there is none."""
    sun = gateway(bench, line)
    moon = caller(bench)
    done = moon.ipsec("up", "site")
    same(done.code, 1, "exit code of ipsec up")
    contains(done.text, "the name is not known there, or the password is wrong", "ipsec up")
    sun.wait_log("event=refused", f"{path_of(bench)}:1" if "carol" in line else "or a line in daemon.users_file")


@case()
def eap_users_change(bench):
    """What the file says is so a moment later; one that is wrong changes nothing, and it is said which line."""
    sun = gateway(bench, "dave:password:another")
    moon = caller(bench)
    same(moon.ipsec("up", "site").code, 1, "carol is nobody yet")
    write(bench, f"carol:password:{PASSWORD}")
    sun.wait_log("the users file has changed, and was read again")
    moon.up()
    moon.must("down", "site")
    write(bench, "carol:password:another", "carol:nt:1234")
    sun.wait_log("users stay as they were before")
    sun.wait_log("Line 2 of the users file has an NT hash")
    check("1234" not in sun.log(), "no secret in the log")
    moon.up()
    moon.must("down", "site")
    done = sun.ipsec("reload")
    same(done.code, 1, "exit code of ipsec reload")
    contains(done.text, "Line 2 of the users file has an NT hash", "ipsec reload")
    moon.up()
    moon.must("down", "site")
    write(bench, "dave:password:another")
    sun.must("reload")
    same(moon.ipsec("up", "site").code, 1, "carol is nobody any more")


@case()
def eap_users_file_that_is_wrong(bench):
    """Nothing is begun with it, and the check says so too."""
    write(bench, "carol:secret:word")
    sun = bench.daemon(bench.sun, configuration(bench))
    done = sun.attempt()
    check(done.code != 0, "it does not start")
    contains(done.text, "Line 1 of the users file is not of the form NAME:KIND:VALUE", "ikev2d")
    done = sun.host.run([sun.command()[0], "--check", sun.config], seconds=20)
    check(done.code != 0, "ikev2d --check")
    contains(done.text, "Line 1 of the users file", "ikev2d --check")
    os.unlink(path_of(bench))
    done = sun.attempt()
    check(done.code != 0, "it does not start without it")
    contains(done.text, f"{path_of(bench)}: it cannot be read", "ikev2d")


@case()
def eap_users_outlive_keeper(bench):
    """Who keeps secrets is killed: the next one knows the users."""
    sun = gateway(bench, f"carol:password:{PASSWORD}")
    pid = keeper(sun)
    os.kill(pid, signal.SIGKILL)
    replaced(sun, pid)
    moon = caller(bench)
    moon.up()
    carries(bench)


@case(each=("file", "secrets"))
def eap_users_have_groups(bench, where):
    """The connection of the group is taken, wherever the password is written."""
    moon = caller(bench)
    lines = ["dave:groups:guests", "carol:groups:guests,staff"] + ([f"carol:password:{PASSWORD}"] if where == "file" else [])
    write(bench, *lines)
    whole = configuration(bench, remote={"groups": "admins"})
    site = whole["connections"]["site"]
    whole["connections"]["other"] = {**site, "remote": {**site["remote"], "groups": "staff"}}
    if where == "secrets":
        whole["secrets"]["eap-carol"] = {"id": "carol", "secret": f'"{PASSWORD}"'}
    sun = bench.daemon(bench.sun, whole).start()
    moon.up()
    carries(bench)
    same(sun.sas()[0]["name"], "other", "connection of the group staff")


@case()
def eap_users_have_addresses(bench):
    """Of their own, of both families; another user gets one of the pool."""
    vips = {"vips": "0.0.0.0,::", "children": {"net": {"local_ts": "dynamic"}}}
    moon = caller(bench, conn=vips)
    write(bench, f"carol:password:{PASSWORD}", "carol:address:10.93.9.9,2001:db8:93::9", "dave:password:other")
    theirs = configuration(bench, conn={"pools": "rw", "children": {"net": {"remote_ts": "dynamic"}}})
    sun = bench.daemon(bench.sun, {**theirs, "pools": {"rw": {"addrs": "10.93.0.0/24"}}}).start()
    moon.up()
    same(sun.sas()[0]["remote_vips"], ["10.93.9.9", "2001:db8:93::9"], "virtual addresses of carol")
    moon.must("down", "site")
    sun.wait_idle()
    moon.write(client(bench, bench.moon, "eap-mschapv2", user="dave", password="other", conn=vips))
    moon.must("reload")
    moon.up()
    until(lambda: sun.sas()[0]["remote_vips"] == ["10.93.0.1"], lambda: f"the address of dave: {sun.sas()}")
