"""A private Dovecot: IMAP plain and with TLS, LMTP, mail in Maildirs.

Any user name is known, with `PASSWORD`, but those that begin with ``gone``.  A test takes users of its own
(`Dovecot.new_user`), so that one server serves a whole run.
"""

import itertools
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from imapclient import IMAPClient
from imapclient.imap_utf7 import encode as encode_utf7

from tests.rig.certificates import Certificates
from tests.rig.ports import HOST, free_port, wait_until
from tests.rig.server import User, kill, private_directory, start, stop, unprivileged
from tests.rig.skip import program

PASSWORD = "correct-horse"
_START_ATTEMPTS = 3
_CONFIG = """
base_dir = {directory}/run
state_dir = {directory}/state
log_path = {directory}/dovecot.log
listen = 127.0.0.1
protocols = imap lmtp
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
first_valid_uid = 1
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_failure_delay = 0
ssl = yes
ssl_cert = <{certificate}
ssl_key = <{key}
mail_home = {directory}/mail/%u
mail_location = maildir:~/Maildir
mail_fsync = never
mail_max_userip_connections = 100
imap_idle_notify_interval = 2 mins
login_trusted_networks =
namespace inbox {{
  inbox = yes
  separator = /
}}
passdb {{
  driver = static
  args = password={password}
  username_filter = !gone* *
}}
passdb {{
  driver = passwd-file
  args = {directory}/nobody
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={directory}/mail/%u
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service imap-login {{
  chroot =
  service_count = 0
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
}}
service imap {{
  service_count = 100
}}
service auth {{
  client_limit = 2000
}}
service stats {{
  chroot =
}}
service lmtp {{
  inet_listener lmtp {{
    port = {lmtp}
  }}
}}
{settings}
"""


class Dovecot:
    """One server on 127.0.0.1: ports ``imap`` (STARTTLS), ``imaps`` and ``lmtp``."""

    def __init__(
        self, directory: Path, user: User, certificates: Certificates, settings: Mapping[str, str] | None = None
    ) -> None:
        self.directory = directory
        self.certificates = certificates
        self._user = user
        self._settings = "\n".join(f"{name} = {value}" for name, value in (settings or {}).items())
        self._numbers = itertools.count(1)
        self._process: subprocess.Popen[bytes] | None = None
        self.choose_ports()

    def choose_ports(self) -> None:
        """Take other ports; they take effect with the next start."""
        self.imap, self.imaps, self.lmtp = free_port(), free_port(), free_port()

    def start(self) -> None:
        """Start, or start again, and return when it answers."""
        (self.directory / "nobody").touch()  # a list of no users: whom the first passdb leaves out is unknown for good
        self._config.write_text(
            _CONFIG.format(
                directory=self.directory,
                user=self._user.name,
                group=self._user.group_name,
                uid=self._user.uid,
                gid=self._user.gid,
                certificate=self.certificates.certificate,
                key=self.certificates.key,
                password=PASSWORD,
                imap=self.imap,
                imaps=self.imaps,
                lmtp=self.lmtp,
                settings=self._settings,
            )
        )
        command = [program("dovecot") or "dovecot", "-F", "-c", str(self._config)]
        self._process = start(command, self._user, self.directory / "output.log", end="TERM")
        wait_until(self._answers, "Dovecot does not answer")

    def stop(self) -> None:
        """End it, with all connections."""
        if self._process:
            stop(self._process)
            self._process = None

    def kill(self) -> None:
        """``kill -9`` of the server with all its processes."""
        if self._process:
            kill(self._process)
            self._process = None

    @property
    def log(self) -> str:
        """What the server wrote."""
        logs = (self.directory / "output.log", self.directory / "dovecot.log")
        return "".join(path.read_text(errors="replace") for path in logs if path.exists())

    def new_user(self, domain: str = "desk.test") -> str:
        """An address that nobody used yet; its mailbox is empty."""
        return f"user{next(self._numbers)}@{domain}"

    def deliver(self, user: str, octets: bytes, folder: str = "INBOX", at: datetime | None = None) -> Path:
        """Put a mail into a folder as a delivery agent does; ``at`` becomes its INTERNALDATE.  Returns its file."""
        maildir = self._maildir(user, folder)
        for part in ("tmp", "new", "cur"):
            self._make(maildir / part)
        name = f"{time.time_ns() // 10**9}.M{time.time_ns()}P{os.getpid()}Q{next(self._numbers)}.rig"
        waiting = maildir / "tmp" / name
        waiting.write_bytes(octets)
        self._user.own(waiting)
        if at:
            os.utime(waiting, (at.timestamp(), at.timestamp()))
        return waiting.rename(maildir / "new" / name)

    def client(self, user: str) -> IMAPClient:
        """A logged-in connection, for a test's own look at the mailbox; close it with `with`."""
        client = IMAPClient(HOST, self.imap, ssl=False, timeout=10)
        client.login(user, PASSWORD)
        return client

    def folders(self, user: str) -> set[str]:
        """The names of the user's folders."""
        with self.client(user) as client:
            return {name for _, _, name in client.list_folders()}

    def mails(self, user: str, folder: str = "INBOX") -> dict[int, bytes]:
        """The mails of a folder by UID; none where the folder is missing."""
        with self.client(user) as client:
            if not client.folder_exists(folder):
                return {}
            client.select_folder(folder, readonly=True)
            found = client.fetch(client.search("ALL"), ["BODY.PEEK[]"])
        return {uid: parts[b"BODY[]"] for uid, parts in found.items()}

    def flags(self, user: str, folder: str = "INBOX") -> dict[int, tuple[bytes, ...]]:
        """The flags of a folder's mails by UID."""
        with self.client(user) as client:
            client.select_folder(folder, readonly=True)
            return {uid: parts[b"FLAGS"] for uid, parts in client.fetch(client.search("ALL"), ["FLAGS"]).items()}

    def uidvalidity(self, user: str, folder: str = "INBOX") -> int:
        """The folder's UIDVALIDITY."""
        with self.client(user) as client:
            return int(client.folder_status(folder, ["UIDVALIDITY"])[b"UIDVALIDITY"])

    def change_uidvalidity(self, user: str, folder: str = "INBOX") -> int:
        """Give the folder another UIDVALIDITY, as a restored or rebuilt mailbox has; returns it."""
        new = self.uidvalidity(user, folder) + 1
        self.doveadm("mailbox", "update", "-u", user, "--uid-validity", str(new), folder)
        return new

    def kill_connections(self, user: str) -> None:
        """Cut all connections of a user."""
        self.doveadm("kick", user)

    def doveadm(self, *arguments: str) -> str:
        """Run doveadm on this server as its user; what it printed."""
        log = self.directory / "doveadm.log"
        log.unlink(missing_ok=True)
        process = start([program("doveadm") or "doveadm", "-c", self._config, *arguments], self._user, log)
        if process.wait(30):
            raise OSError(f"doveadm {' '.join(arguments)}: {log.read_text(errors='replace')}")
        return log.read_text(errors="replace")

    @property
    def _config(self) -> Path:
        return self.directory / "dovecot.conf"

    def _answers(self) -> bool:
        if self._process is None or self._process.poll() is not None:
            raise OSError(f"Dovecot ended at once: {self.log}")
        return all(_greets(port) for port in (self.imap, self.lmtp))

    def _maildir(self, user: str, folder: str) -> Path:
        maildir = self.directory / "mail" / user / "Maildir"
        self._make(self.directory / "mail")
        return maildir if folder == "INBOX" else maildir / ("." + encode_utf7(folder).decode().replace("/", "."))

    def _make(self, path: Path) -> None:
        if path == self.directory or path.exists():
            return
        self._make(path.parent)
        path.mkdir(mode=0o700, exist_ok=True)
        self._user.own(path)


def _greets(port: int) -> bool:
    try:
        with socket.create_connection((HOST, port), timeout=2) as client:
            greeted = bool(client.recv(1000))
            client.sendall(b"x LOGOUT\r\n")
            return greeted
    except OSError:
        return False


@contextmanager
def running_dovecot(certificates: Certificates, settings: Mapping[str, str] | None = None) -> Iterator[Dovecot]:
    """A server for as long as the block lasts; ``settings`` are added to its configuration."""
    user = unprivileged("dovecot", "dovenull")
    with private_directory(user) as directory:
        for path in (certificates.certificate, certificates.key):
            user.own(Path(shutil.copy(path, directory)))
        own = Certificates(
            certificates.authority, directory / certificates.certificate.name, directory / certificates.key.name
        )
        server = Dovecot(directory, user, own, settings)
        try:
            _start_on_free_ports(server)
            yield server
        finally:
            server.kill()


def _start_on_free_ports(server: Dovecot) -> None:
    """Somebody else may take a free port between our look and Dovecot's start: then try others."""
    for _ in range(_START_ATTEMPTS - 1):
        try:
            return server.start()
        except (OSError, TimeoutError):
            server.stop()
            server.choose_ports()
    return server.start()
