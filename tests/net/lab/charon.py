# SPDX-License-Identifier: GPL-2.0-or-later
"""strongSwan on a host: charon-systemd with its userspace ESP (kernel-libipsec) or the kernel's, driven by swanctl."""
import os
import re
import shutil
import signal

from . import config
from .check import Skipped, check, same, until
from .process import listens

DAEMON = "/usr/sbin/charon-systemd"
# That of Debian's sid, where tests/kernel/prepare unpacks it with the libraries that it wants.
NEWER = f"{os.environ.get('GUEST_CACHE', '/var/cache/ikev2d-guest')}/strongswan"
# Where one is unpacked that cases are to have in place of the installed one (tests/trixie/run).
ROOT = os.environ.get("STRONGSWAN_ROOT")

# kernel-libipsec must stand before kernel-netlink.
PLUGINS = ("random nonce openssl pem pkcs1 pkcs8 x509 pubkey revocation constraints curve25519 aes sha1 sha2 hmac kdf gcm "
           "chapoly gmp mgf1 {userspace}kernel-netlink socket-default eap-identity eap-md5 eap-gtc eap-mschapv2 eap-tls eap-ttls "
           "eap-radius curl counters updown vici")

SETTINGS = """charon-systemd {{
	load = {plugins}
	retransmit_timeout = 1
	{more}
	plugins {{
		kernel-libipsec {{
			load = yes
		}}
		vici {{
			socket = unix://{directory}/charon.vici
		}}
	}}
	filelog {{
		log {{
			path = {directory}/log
			default = 1
			flush_line = yes
		}}
	}}
}}
swanctl {{
	load = random openssl pem pkcs1 pkcs8 x509 pubkey
}}
pki {{
	load = random openssl pem pkcs1 pkcs8 x509 pubkey
}}
"""


def available():
    return os.path.exists(DAEMON) and shutil.which("swanctl") is not None


def write_settings(directory, more="", kernel=False):
    """The strongswan.conf that charon (MORE: another line for it; KERNEL: with the kernel's ESP) and swanctl need;
    returns the environment that makes them read it."""
    os.makedirs(directory, exist_ok=True)
    path = f"{directory}/strongswan.conf"
    plugins = PLUGINS.format(userspace="" if kernel else "kernel-libipsec ")
    with open(path, "w", encoding="ascii") as f:
        f.write(SETTINGS.format(plugins=plugins, directory=directory, more=more))
    return {"STRONGSWAN_CONF": path}


class Swanctl:
    """strongSwan's command, talking to whatever listens at URI."""

    def __init__(self, host, directory, uri):
        self.host, self.uri, self.directory = host, uri, directory
        self.env = write_settings(directory)

    def run(self, *words, seconds=40):
        return self.host.run(["swanctl", *words, "--uri", self.uri], seconds=seconds, env=self.env)

    def spawn(self, log, *words):
        """Beside the case; what it says is in the file LOG line by line."""
        return self.host.spawn(["stdbuf", "-oL", "swanctl", *words, "--uri", self.uri], log, self.env)

    def must(self, *words):
        done = self.run(*words)
        check(done.code == 0, f"swanctl {' '.join(words)}: exit code {done.code}\n{done.text}")
        return done.out

    def write(self, configuration):
        """Makes a swanctl.conf; returns its path."""
        path = f"{self.directory}/swanctl.conf"
        with open(path, "w", encoding="utf-8") as f:
            f.write(config.text(configuration))
        return path

    def load(self, configuration):
        return self.must("--load-all", "--noprompt", "--file", self.write(configuration))


def unpacked(root):
    """The command that runs what is unpacked in ROOT, with its own loader and libraries. Its plugins lie where the installed
    one's do."""
    libraries = f"{root}/usr/lib/x86_64-linux-gnu"
    return ("unshare", "-m", "sh", "-c", f"mount --bind {root}/usr/lib/ipsec /usr/lib/ipsec && "
            f"exec {libraries}/ld-linux-x86-64.so.2 --library-path {libraries}:/usr/lib/ipsec {root}{DAEMON}")


class Charon:
    """One daemon, which may be kept for many cases."""

    def __init__(self, host, directory, kernel=False, root=ROOT):
        self.host = host
        self._kernel = kernel
        self.swanctl = Swanctl(host, directory, f"unix://{directory}/charon.vici")
        write_settings(directory, kernel=kernel)
        self._log_path = f"{directory}/log"
        self._log_from = 0
        self.process = host.spawn([*unpacked(root)] if root else [DAEMON], f"{directory}/output", self.swanctl.env)
        until(lambda: listens(f"{directory}/charon.vici"), lambda: f"charon listens: {self.process.log()}", 20)

    @property
    def uri(self):
        return self.swanctl.uri

    def running(self):
        return self.process.alive()

    def load(self, configuration):
        """From now on log() is about this."""
        self._log_from = os.path.getsize(self._log_path)
        self.swanctl.load(configuration)

    def set(self, line=""):
        """A line more in its strongswan.conf, or no more than usual."""
        write_settings(self.swanctl.directory, line, self._kernel)
        self.swanctl.must("--reload-settings")

    def log(self):
        with open(self._log_path, "rb") as f:
            f.seek(self._log_from)
            return f.read().decode(errors="replace")

    def wait_log(self, part):
        until(lambda: part in self.log(), f"{part!r} in charon's log")

    def up(self, child="net", timeout=20):
        return self.swanctl.run("--initiate", "--child", child, "--timeout", str(timeout))

    def sas(self):
        return self.swanctl.must("--list-sas")

    def wait_idle(self):
        until(lambda: not self.sas().strip(), lambda: f"charon has no SA left: {self.sas()}")

    def reset(self):
        """Forgets SAs and connections."""
        for name in set(re.findall(r"^(\S+): #", self.sas(), re.MULTILINE)):
            self.swanctl.run("--terminate", "--ike", name, "--force", "--timeout", "1")
        self.swanctl.load({"connections": {}, "secrets": {}})
        self.wait_idle()

    def stop(self):
        self.process.signal(signal.SIGTERM)
        self.process.wait(15)


class NewerCharon(Charon):
    """strongSwan 6."""

    def __init__(self, host, directory):
        if not os.path.isdir(NEWER):
            raise Skipped("there is no strongSwan 6.1")
        super().__init__(host, directory, kernel=True, root=NEWER)


ROLES = [("as-initiator", True), ("as-responder", False)]  # of ours, for cases that have both: WE_INITIATE


def bring_up(moon, charon, we_initiate):
    """The usual tunnel between a daemon of ours and charon."""
    if we_initiate:
        moon.up()
        return
    done = charon.up()
    same(done.code, 0, f"swanctl --initiate\n{done.text}\n{moon.log()}")
    moon.wait_children(1)
