"""A private Postfix (needs root): hands the desk's mail to the desk and everybody else's to Dovecot.

``desk`` and ``others`` are next hops as transport(5) has them: ``smtp:[127.0.0.1]:2525``, ``lmtp:inet:127.0.0.1:2424``,
``lmtp:unix:/path``.  It really bounces, delays and repeats; shorten its times by ``settings``
(``delay_warning_time``, ``maximal_queue_lifetime``, ...).
"""

import grp
import os
import pwd
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.rig.ports import free_port, wait_for_port
from tests.rig.server import User, private_directory, start, stop
from tests.rig.skip import program

DESK_ADDRESS = "support@desk.test"
_ROOT = User("root", 0, 0)
_PROGRAMS = Path("/usr/lib/postfix/sbin")
_PRIVATE_QUEUES = [
    "incoming",
    "active",
    "bounce",
    "corrupt",
    "defer",
    "deferred",
    "flush",
    "hold",
    "private",
    "saved",
    "trace",
]
_SERVICES = """
pickup   unix       n - n 60 1 pickup
cleanup  unix       n - n -  0 cleanup
qmgr     unix       n - n 1  1 qmgr
rewrite  unix       - - n -  - trivial-rewrite
bounce   unix       - - n -  0 bounce
defer    unix       - - n -  0 bounce
trace    unix       - - n -  0 bounce
verify   unix       - - n -  1 verify
flush    unix       n - n -  0 flush
showq    unix       n - n -  - showq
smtp     unix       - - n -  - smtp
lmtp     unix       - - n -  - lmtp
error    unix       - - n -  - error
retry    unix       - - n -  - error
discard  unix       - - n -  - discard
proxymap unix       - - n -  - proxymap
anvil    unix       - - n -  1 anvil
scache   unix       - - n -  1 scache
tlsmgr   unix       - - n -  1 tlsmgr
postlog  unix-dgram n - n -  1 postlogd
"""


class Postfix:
    """One server: takes SMTP on 127.0.0.1:``port`` and relays for everybody there."""

    def __init__(self, directory: Path, desk: str, others: str, settings: Mapping[str, str] | None = None) -> None:
        self.directory = directory
        self.port = free_port()
        self._desk = desk
        self._others = others
        self._settings = settings or {}
        self._process: subprocess.Popen[bytes] | None = None
        self._guard: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start, or start again with the queue of before, and return when it answers."""
        self._make_queues()
        self._configure("main.cf", "".join(f"{name} = {value}\n" for name, value in self._main().items()))
        self._configure("master.cf", f"127.0.0.1:{self.port} inet n - n - - smtpd{_SERVICES}")
        self._configure("transport", f"{DESK_ADDRESS} {self._desk}\n")
        command = [str(_PROGRAMS / "master"), "-c", str(self.directory), "-d"]
        self._process = start(command, _ROOT, self.directory / "output.log")
        self._guard = _guard(self._process.pid)
        wait_for_port(self.port)

    def stop(self) -> None:
        """End it; what waits in the queue stays there."""
        if self._process:
            stop(self._process)
            self._process = None
        if self._guard:
            self._guard.kill()
            self._guard.communicate()
            self._guard = None

    def flush(self) -> None:
        """Try all deferred mail now."""
        self._run("postqueue", "-f")

    def queue(self) -> str:
        """What waits, one JSON object a line."""
        return self._run("postqueue", "-j")

    @property
    def log(self) -> str:
        """What the server wrote: each delivery with its status and the other side's answer."""
        logs = (self.directory / "output.log", self.directory / "mail.log")
        return "".join(path.read_text(errors="replace") for path in logs if path.exists())

    def _run(self, name: str, *arguments: str) -> str:
        command = [program(name) or name, "-c", str(self.directory), *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=30).stdout

    def _configure(self, name: str, text: str) -> None:
        path = self.directory / name
        path.write_text(text)
        os.utime(path, (0, 0))  # Postfix waits two seconds before it trusts a file that was written just now

    def _make_queues(self) -> None:
        postfix, postdrop = pwd.getpwnam("postfix"), grp.getgrnam("postdrop").gr_gid
        queue = self.directory / "queue"
        for path, uid, gid, mode in (
            (queue, 0, 0, 0o755),
            (queue / "pid", 0, 0, 0o755),
            (queue / "public", postfix.pw_uid, postdrop, 0o2710),
            (queue / "maildrop", postfix.pw_uid, postdrop, 0o1730),
            (self.directory / "data", postfix.pw_uid, postfix.pw_gid, 0o700),
            *((queue / name, postfix.pw_uid, 0, 0o700) for name in _PRIVATE_QUEUES),
        ):
            path.mkdir(exist_ok=True)
            os.chown(path, uid, gid)
            path.chmod(mode)

    def _main(self) -> dict[str, str]:
        return {
            "compatibility_level": "3.6",
            "queue_directory": f"{self.directory}/queue",
            "data_directory": f"{self.directory}/data",
            "command_directory": "/usr/sbin",
            "daemon_directory": str(_PROGRAMS),
            "mail_owner": "postfix",
            "setgid_group": "postdrop",
            "maillog_file": f"{self.directory}/mail.log",
            "maillog_file_prefixes": str(self.directory),
            "myhostname": "mx.desk.test",
            "mydestination": "",
            "mynetworks": "127.0.0.0/8",
            "inet_interfaces": "127.0.0.1",
            "inet_protocols": "ipv4",
            "smtp_host_lookup": "native",
            "smtp_dns_support_level": "disabled",
            "alias_maps": "",
            "alias_database": "",
            "recipient_delimiter": "+",
            "transport_maps": f"texthash:{self.directory}/transport",
            "default_transport": self._others,
            "relay_domains": "",
            "minimal_backoff_time": "1s",
            "maximal_backoff_time": "2s",
            "queue_run_delay": "1s",
            "smtputf8_enable": "yes",
            **self._settings,
        }


def _guard(pid: int) -> subprocess.Popen[bytes]:
    """Ends the server when we are gone: the kernel forgets to, since Postfix's master changes its user for a moment."""
    command = ["/bin/sh", "-c", 'read -r _; kill -TERM "$0"', str(pid)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)


@contextmanager
def running_postfix(desk: str, others: str, settings: Mapping[str, str] | None = None) -> Iterator[Postfix]:
    """A server for as long as the block lasts."""
    with private_directory(_ROOT) as directory:
        directory.chmod(0o755)  # its processes run as the user postfix and enter the directory
        server = Postfix(directory, desk, others, settings)
        try:
            server.start()
            yield server
        finally:
            server.stop()
