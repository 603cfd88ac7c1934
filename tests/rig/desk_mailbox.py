"""An IMAP intake under test: what it accepts is kept in a list, what it alarms and how long it would wait too."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from maildesk.receive.imap import Mailbox
from maildesk.receive.imap_drain import Pass
from maildesk.receive.imap_session import open_session
from maildesk.receive.incoming import Incoming
from maildesk.settings.model import ImapIn
from tests.rig.dovecot import PASSWORD, Dovecot

MAIL = b"Return-Path: <customer@client.test>\r\nReceived: by mx\r\nSubject: mail %d\r\n\r\nIt does not work.\r\n"


def mail(number: int = 1) -> bytes:
    """A mail that is like no other."""
    return MAIL % number


def clock() -> datetime:
    """The machine's time."""
    return datetime.now(UTC)


def imap_settings(port: int, user: str, **changes: Any) -> ImapIn:
    """Settings of a mailbox on 127.0.0.1, in plain text but where a test says otherwise."""
    settings = ImapIn(host="localhost", port=port, security="none", user=user, password_file="unused", timeout=10)
    return settings.model_copy(update=changes)  # unchecked: a test may want a tenth of a second


class Desk:
    """The outside of a `Mailbox`: ``kept`` is the store."""

    def __init__(self, settings: ImapIn, password: str = PASSWORD, wiring: Mapping[str, Any] | None = None) -> None:
        self.settings = settings
        self.password = password
        self.kept: list[Incoming] = []
        self.told: list[tuple[str, str]] = []
        self.waits: list[float] = []
        self.before_keeping: Callable[[Sequence[Incoming]], None] = lambda _: None
        self.after_keeping: Callable[[Sequence[Incoming]], None] = lambda _: None
        self.on_wait: Callable[[threading.Event, float], None] = lambda *_: None
        self._wiring = wiring or {}
        self.stop = threading.Event()
        self.mailbox = self.new_mailbox()

    def new_mailbox(self) -> Mailbox:
        """The mailbox as after a start of the daemon: it remembers nothing."""
        given = {"password": lambda: self.password, "clock": clock, "pause": self._pause}
        return Mailbox(self.settings, accept=self.accept, alarm=self._alarm, **{**given, **self._wiring})

    def accept(self, mails: Sequence[Incoming]) -> None:
        self.before_keeping(mails)
        self.kept += mails
        self.after_keeping(mails)

    def one_pass(self) -> Pass:
        """Connect, make one pass, log out."""
        with open_session(self.settings, self.password) as session:
            return self.mailbox.drain(session, self.stop)

    def run(self) -> None:
        """Run in this thread until something sets ``stop``."""
        self.mailbox.run(self.stop)

    @contextmanager
    def running(self) -> Iterator[threading.Thread]:
        """Run in a thread of its own for as long as the block lasts."""
        thread = threading.Thread(target=self.run, daemon=True)
        thread.start()
        try:
            yield thread
        finally:
            self.stop.set()
            thread.join(10)

    @property
    def octets(self) -> list[bytes]:
        """What was kept, in order."""
        return [incoming.octets for incoming in self.kept]

    @property
    def kinds(self) -> list[str]:
        """The kinds of the alarms."""
        return [kind for kind, _ in self.told]

    def _alarm(self, kind: str, text: str) -> None:
        self.told.append((kind, text))

    def _pause(self, stop: threading.Event, seconds: float) -> None:
        self.waits.append(seconds)
        self.on_wait(stop, seconds)
        stop.wait(0.001)  # let others work


def desk_on(dovecot: Dovecot, user: str, **changes: Any) -> Desk:
    """A desk on a user's mailbox."""
    return Desk(imap_settings(dovecot.imap, user, **changes))
