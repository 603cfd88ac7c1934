"""A firm's whole mail system: its MTA before and behind the desk, and the mailboxes of everybody.

    customer's mail client -> Postfix -> desk (SMTP, LMTP over TCP or a UNIX socket) -> Postfix -> Dovecot's inboxes

The desk is ``python -m maildesk`` itself; everything else is what a firm would run.
"""

import grp
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from maildesk.checks import prove
from tests.rig.daemon import PATIENCE, DaemonUnderTest
from tests.rig.desk import merged
from tests.rig.dovecot import Dovecot
from tests.rig.letters import DESK, parsed
from tests.rig.ports import HOST, free_port, wait_until
from tests.rig.postfix import Postfix, running_postfix
from tests.rig.server import User, private_directory
from tests.rig.skip import program
from tests.rig.wellformed import faults_of

WAYS = ("smtp", "lmtp", "lmtp by a UNIX socket")


class Desk(DaemonUnderTest):
    """A desk that may also listen on a UNIX socket."""

    def __init__(self, folder: Path, url: str, relay: int, changes: Mapping[str, Any] | None = None) -> None:
        super().__init__(folder, url, relay, changes)
        self._socket = ""

    def listen_on(self, where: str) -> None:
        """``HOST:PORT`` or ``unix:PATH``, as the settings have it."""
        if where.startswith("unix:"):
            self._socket = where.removeprefix("unix:")
        else:
            self.port = int(where.rpartition(":")[2])

    def _listens(self) -> bool:
        return Path(self._socket).is_socket() if self._socket else super()._listens()


class Firm:
    """Everybody who takes part.  ``staff`` is the support team's only member, ``customer`` has written nothing yet."""

    def __init__(self, dovecot: Dovecot, postfix: Postfix, desk: Desk, staff: str) -> None:
        self.dovecot, self.postfix, self.desk, self.staff = dovecot, postfix, desk, staff
        self.customer = dovecot.new_user("acme.test")

    def swaks(self, sender: str, subject: str, text: str, to: str = DESK) -> None:
        """The customer's mail program hands a mail to the firm's MTA."""
        swaks(self.postfix.port, sender, subject, text, to)

    def inbox(self, user: str) -> list[EmailMessage]:
        """What Postfix brought to a user, oldest first."""
        return [parsed(octets) for _, octets in sorted(self.dovecot.mails(user).items())]

    def wait_for_mail(self, user: str, count: int = 1) -> list[EmailMessage]:
        """Wait until so many mails are in a user's inbox; all of them."""
        wait_until(lambda: len(self.dovecot.mails(user)) >= count, f"no mail to {user}: {self._logs()}", PATIENCE / 2)
        return self.inbox(user)

    def wait_until(self, done: Callable[[], object], complaint: str) -> None:
        """Wait, and tell both logs if it never comes."""
        try:
            wait_until(done, complaint, PATIENCE / 2)
        except TimeoutError as fault:
            raise TimeoutError(f"{fault}: {self._logs()}") from None

    def close_the_books(self) -> None:
        """The desk is quiet, its data agree, and what it sent is well-formed, as its readers got it."""
        self.desk.wait_until_quiet()
        assert list(prove(self.desk.database)) == []
        for user in (self.customer, self.staff):
            for octets in self.dovecot.mails(user).values():
                assert faults_of(as_sent(octets), sender=DESK, recipient=user) == []

    def _logs(self) -> str:
        return f"{self.postfix.log[-2000:]}\n{self.desk.log[-2000:]}"


def swaks(port: int, sender: str, subject: str, text: str, to: str = DESK) -> None:
    """Send a mail with swaks; it must be taken."""
    command = [program("swaks") or "swaks", "--server", f"{HOST}:{port}", "--from", sender, "--to", to]
    command += ["--header", f"Subject: {subject}", "--body", text]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def as_sent(octets: bytes) -> bytes:
    """A delivered mail without what the servers on the way put on top, with the line ends of the wire."""
    lines = octets.replace(b"\r\n", b"\n").split(b"\n")
    return b"\r\n".join(lines[lines.index(next(line for line in lines if line.startswith(b"From: "))) :])


@contextmanager
def running_firm(
    folder: Path,
    dovecot: Dovecot,
    way: str = "smtp",
    *,
    others: str = "",
    postfix: Mapping[str, str] | None = None,
    changes: Mapping[str, Any] | None = None,
) -> Iterator[Firm]:
    """A firm at work.  ``others``: where Postfix brings what is not for the desk, Dovecot's LMTP if nothing is said."""
    with _listening(way) as (listen, hop):
        inboxes = others or f"lmtp:inet:{HOST}:{dovecot.lmtp}"
        with running_postfix(hop, inboxes, postfix) as server:
            staff = dovecot.new_user("firm.test")
            mine = {
                "receive": {"smtp": {"listen": listen, "protocol": way.partition(" ")[0]}},
                "people": [{"name": "Ann", "addresses": [staff], "roles": ["staff"]}],
            }
            desk = Desk(folder, f"sqlite:///{folder / 'desk.db'}", server.port, merged(mine, changes or {}))
            desk.listen_on(listen)
            try:
                desk.start(hasty=False)
                yield Firm(dovecot, server, desk, staff)
            finally:
                desk.close()


@contextmanager
def _listening(way: str) -> Iterator[tuple[str, str]]:
    """Where the desk listens, and how Postfix names that."""
    if "UNIX" not in way:
        port = free_port()
        yield f"{HOST}:{port}", f"smtp:[{HOST}]:{port}" if way == "smtp" else f"lmtp:inet:{HOST}:{port}"
        return
    with private_directory(User("root", 0, grp.getgrnam("postfix").gr_gid)) as directory:
        directory.chmod(0o2750)  # the socket gets the group of its folder: Postfix may write to it, nobody else
        yield f"unix:{directory}/desk", f"lmtp:unix:{directory}/desk"
