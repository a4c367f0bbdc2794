# SPDX-License-Identifier: GPL-2.0-or-later
"""NetworkManager with strongSwan's charon-nm on a host, in folders and processes of their own: nothing of the machine's is
seen by it, or sees it."""
import os
import shutil

from .check import until
from .net import run

DAEMON = "/usr/sbin/NetworkManager"
SERVICE = "/usr/lib/ipsec/charon-nm"

# NetworkManager waits for a udev where it may write to /sys, and looks for devices there; and it turns radios on.
FOLDERS = ("mount -t tmpfs none /mnt && cp -a /etc/. /mnt && rm -rf /mnt/NetworkManager && mkdir -p /mnt/NetworkManager && "
           "mount --bind /mnt /etc && mount -t tmpfs none /run && mount -t tmpfs none /var/lib && mount -t sysfs -o ro none /sys && "
           "{ [ ! -e /dev/rfkill ] || mount --bind /dev/null /dev/rfkill; } && mkdir -p /run/dbus /var/lib/NetworkManager")

BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
	<type>system</type>
	<listen>unix:path=/run/dbus/system_bus_socket</listen>
	<auth>EXTERNAL</auth>
	<policy context="default">
		<allow user="*"/>
		<allow own="*"/>
		<allow send_destination="*"/>
		<allow receive_sender="*"/>
	</policy>
</busconfig>
"""

# Nobody but us is on its machine: no polkit, no names, no networks of its own making, no questions whether it is online.
# Ubuntu's own settings leave cables to others; these are read later.
SETTINGS = """[main]
plugins=keyfile
auth-polkit=false
dns=none
systemd-resolved=false
hostname-mode=none
no-auto-default=*
[keyfile]
unmanaged-devices=none
[connectivity]
enabled=false
[logging]
level=INFO
"""

PLUGIN = f"""[VPN Connection]
name=strongswan
service=org.freedesktop.NetworkManager.strongswan
program={SERVICE}
"""

# For charon-nm; kernel-libipsec must stand before kernel-netlink.
STRONGSWAN = """charon-nm {{
	load = random nonce openssl pem pkcs1 pkcs8 x509 pubkey revocation constraints curve25519 aes sha1 sha2 hmac kdf gcm gmp \
		kernel-libipsec kernel-netlink socket-default eap-identity eap-mschapv2 eap-tls
	plugins {{
		kernel-libipsec {{
			load = yes
		}}
	}}
	filelog {{
		log {{
			path = {directory}/charon-nm
			default = 1
			flush_line = yes
		}}
	}}
}}
"""


def available():
    return all(os.path.exists(path) for path in (DAEMON, SERVICE)) and shutil.which("nmcli") and shutil.which("dbus-daemon")


class NetworkManager:
    """It begins with the connections in the folder CONNECTIONS, and what is beside them, as /etc/NetworkManager has it."""

    def __init__(self, host, directory, connections):
        os.makedirs(directory)
        self.host, self.directory = host, directory
        for name, text in (("bus.conf", BUS), ("NetworkManager.conf", SETTINGS), ("nm-strongswan-service.name", PLUGIN),
                           ("strongswan.conf", STRONGSWAN.format(directory=directory))):
            with open(f"{directory}/{name}", "w", encoding="ascii") as f:
                f.write(text)
        script = (f"{FOLDERS} && cp -r {connections}/. /etc/NetworkManager/ && cd {directory} && "
                  "cp NetworkManager.conf /etc/NetworkManager/ && mkdir /etc/NetworkManager/VPN && "
                  "cp nm-strongswan-service.name /etc/NetworkManager/VPN/ && dbus-daemon --config-file=bus.conf --fork && "
                  f"echo ready && exec {DAEMON} --debug")
        # Whoever is the first of its processes takes all others along.
        self.process = host.spawn(["unshare", "-m", "-p", "--fork", "--kill-child", "--mount-proc", "sh", "-c", script],
                                  f"{directory}/log", {"STRONGSWAN_CONF": f"{directory}/strongswan.conf"})
        until(lambda: "ready" in self.log(), lambda: f"it has its folders, and a bus: {self.log()}")
        until(lambda: self.nmcli("-t", "-f", "RUNNING", "general").out == "running\n",
              lambda: f"NetworkManager runs: {self.log()}", 20)

    def nmcli(self, *words, seconds=60):
        with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children", encoding="ascii") as f:
            first = f.read().strip()
        return run(["nsenter", "-t", first, "-m", "-n", "-p", "nmcli", *words], seconds=seconds)

    def log(self):
        charon = f"{self.directory}/charon-nm"
        text = ""
        if os.path.exists(charon):
            with open(charon, encoding="utf-8", errors="replace") as f:
                text = f.read()
        return self.process.log() + text

    def stop(self):
        self.process.kill()
