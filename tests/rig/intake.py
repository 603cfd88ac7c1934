"""An SMTP or LMTP intake on loopback, an ``accept`` that tests can hold and break, and a client of raw sockets."""

import socket
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from ipaddress import ip_network
from typing import Any

from maildesk.receive.incoming import Incoming
from maildesk.receive.smtp import SmtpIntake
from maildesk.settings.model import SmtpIn

DESK = "support@desk.test"
NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
TIMEOUT = 10  # seconds until a test gives up
_DEFAULTS: dict[str, Any] = {
    "listen": "127.0.0.1:0",
    "protocol": "smtp",
    "max_message_bytes": 1_000_000,
    "trusted": (ip_network("127.0.0.0/8"),),
    "tls_certificate": None,
    "tls_key": None,
    "connections": 100,
    "connections_per_peer": 10,
    "messages_per_minute": 60,
    "idle_timeout": 30,
}


class Store:
    """An ``accept`` that remembers what was committed, and in which groups.

    ``shut`` makes it wait, ``refuse`` makes it fail for a group that holds such octets.
    """

    def __init__(self) -> None:
        self.groups: list[list[Incoming]] = []
        self.attempts = 0
        self.refuse: tuple[bytes, ...] = ()
        self.entered = threading.Event()
        self._open = threading.Event()
        self._open.set()

    def __call__(self, mails: Sequence[Incoming]) -> list[int]:
        self.attempts += 1
        self.entered.set()
        assert self._open.wait(TIMEOUT), "the test never opened the store"
        if any(refused in mail.octets for mail in mails for refused in self.refuse):
            raise OSError("secret: /var/lib/database is full")
        first = len(self.mails) + 1
        self.groups.append(list(mails))
        return list(range(first, first + len(mails)))

    @property
    def mails(self) -> list[Incoming]:
        """All that was committed, in order."""
        return [mail for group in self.groups for mail in group]

    def shut(self) -> None:
        """Let the next commits hang."""
        self.entered.clear()
        self._open.clear()

    def open(self) -> None:
        """Let them go on."""
        self._open.set()


class Peer:
    """A client that says exactly what it is told.  It connects from ``source``, any address of 127.0.0.0/8."""

    def __init__(self, address: str, source: str = "127.0.0.1") -> None:
        if address.startswith("unix:"):
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.settimeout(TIMEOUT)
            self.socket.connect(address.removeprefix("unix:"))
        else:
            host, _, port = address.rpartition(":")
            self.socket = socket.create_connection((host, int(port)), TIMEOUT, (source, 0))
        self._half = b""
        self._lines: deque[bytes] = deque()
        self.greeting = self.reply()

    def send(self, octets: bytes) -> None:
        """Send octets as they are."""
        self.socket.sendall(octets)

    def say(self, line: str) -> str:
        """Send one command and return its reply."""
        self.send(line.encode() + b"\r\n")
        return self.reply()

    def reply(self) -> str:
        """One whole reply, its lines without CRLF; an empty string when the server has closed."""
        lines: list[str] = []
        while not lines or lines[-1][3:4] == "-":
            line = self._line()
            if not line:
                break
            lines.append(line)
        return "\n".join(lines)

    def replies(self, count: int) -> list[str]:
        """The codes of so many replies."""
        return [self.reply()[:3] for _ in range(count)]

    def hello(self, word: str = "EHLO") -> "Peer":
        """Greet the server."""
        assert self.say(f"{word} client.test").startswith("250")
        return self

    def begin(self, *recipients: str, sender: str = "someone@client.test") -> "Peer":
        """Say everything up to DATA."""
        assert self.say(f"MAIL FROM:<{sender}>").startswith("250")
        for recipient in recipients or (DESK,):
            assert self.say(f"RCPT TO:<{recipient}>").startswith("250")
        assert self.say("DATA").startswith("354")
        return self

    def close(self) -> None:
        """Hang up."""
        self.socket.close()

    def __del__(self) -> None:
        if hasattr(self, "socket"):  # it could connect
            self.socket.close()

    def _line(self) -> str:
        while not self._lines:
            try:
                octets = self.socket.recv(65_536)
            except ConnectionError:
                return ""
            if not octets:
                return ""
            *lines, self._half = (self._half + octets).split(b"\r\n")
            self._lines.extend(lines)
        return self._lines.popleft().decode()


def settings(**changes: Any) -> SmtpIn:
    """``receive.smtp`` for tests: a free port of loopback, whose peers are trusted."""
    return SmtpIn.model_construct(**{**_DEFAULTS, **changes})


@contextmanager
def intake(store: Store, **changes: Any) -> Iterator[SmtpIntake]:
    """A running intake."""
    running = SmtpIntake(settings(**changes), DESK, store, lambda: NOW)
    running.start()
    try:
        yield running
    finally:
        store.open()
        running.stop()
