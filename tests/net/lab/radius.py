# SPDX-License-Identifier: GPL-2.0-or-later
"""FreeRADIUS on a host: an instance of its own, with all its files in a directory of the case; never the system's."""
import os
import shutil

from .check import until

DAEMON = "/usr/sbin/freeradius"
SECRET = "a secret of radius"

SETTINGS = """prefix = /usr
libdir = /usr/lib/freeradius
name = freeradius
run_dir = {directory}
logdir = {directory}
confdir = {directory}
raddbdir = {directory}
db_dir = {directory}
max_request_time = 5
cleanup_delay = 2
hostname_lookups = no
log {{
	destination = stdout
	auth = yes
}}
security {{
	max_attributes = 200
	reject_delay = 0
	status_server = yes
}}
client gateways {{
	ipaddr = 0.0.0.0/0
	secret = "{secret}"
	require_message_authenticator = yes
}}
thread pool {{
	start_servers = 2
	max_servers = 4
}}
modules {{
	files {{
		filename = {directory}/users
	}}
	mschap {{
	}}
	eap {{
		default_eap_type = {method}
		md5 {{
		}}
		mschapv2 {{
		}}
		{tls}
	}}
	detail {{
		filename = {directory}/detail
	}}
}}
server default {{
	listen {{
		type = auth
		ipaddr = *
		port = 1812
	}}
	listen {{
		type = acct
		ipaddr = *
		port = 1813
	}}
	authorize {{
		files
		eap
	}}
	authenticate {{
		Auth-Type MS-CHAP {{
			mschap
		}}
		eap
	}}
	accounting {{
		detail
	}}
}}
"""


TLS = """tls-config common {{
			private_key_file = {key}
			certificate_file = {cert}
			ca_file = {ca}
			tls_min_version = "{version}"
			tls_max_version = "{version}"
		}}
		tls {{
			tls = common
		}}
		ttls {{
			tls = common
			default_eap_type = mschapv2
			virtual_server = default
		}}
		peap {{
			tls = common
			default_eap_type = mschapv2
			virtual_server = default
		}}"""


def available():
    return os.path.exists(DAEMON) and shutil.which("radclient") is not None


class Radius:
    """USERS: its users file. METHOD: of EAP, the one it begins with; TLS: files for those on it, by key, cert and ca;
    VERSION: of TLS."""

    def __init__(self, host, directory, users, method="md5", tls=None, version="1.2"):
        os.makedirs(directory)
        self.host, self.directory = host, directory
        with open(f"{directory}/radiusd.conf", "w", encoding="ascii") as f:
            f.write(SETTINGS.format(directory=directory, secret=SECRET, method=method,
                                    tls=TLS.format(**tls, version=version) if tls else ""))
        with open(f"{directory}/users", "w", encoding="ascii") as f:
            f.write(users)
        self.process = None

    def start(self):
        self.process = self.host.spawn([DAEMON, "-f", "-x", "-l", "stdout", "-d", self.directory],
                                       f"{self.directory}/log")
        until(lambda: "Ready to process requests" in self.log(), lambda: f"FreeRADIUS is ready: {self.log()}")
        return self

    def log(self):
        return self.process.log()

    def detail(self):
        """What it was told of sessions, an entry after the other."""
        path = f"{self.directory}/detail"
        if not os.path.exists(path):
            return ""
        with open(path, encoding="utf-8") as f:
            return f.read()

    def stop(self):
        self.process.kill()
