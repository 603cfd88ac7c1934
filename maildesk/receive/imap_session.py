"""One connection to one IMAP mailbox: open it safely, list, fetch and mark mails, wait for more.

The only file that knows imapclient.  It decides nothing about mails; that does `maildesk.receive.imap`.
It refuses a server whose certificate does not prove its name, plain text where TLS was asked for, and a folder in
which the mark for a taken mail cannot be kept.
"""

import math
import select
import socket
import ssl
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime

from imapclient import DELETED, IMAPClient, SocketTimeout
from imapclient.exceptions import (
    CapabilityError,
    IMAPClientAbortError,
    IMAPClientError,
    IMAPClientReadOnlyError,
    LoginError,
)

from maildesk.read.classify import reverse_path_from_fields
from maildesk.read.header import read_header
from maildesk.read.mail import Envelope, Mail
from maildesk.receive.incoming import Incoming
from maildesk.settings.model import ImapIn

CONNECT_SECONDS = 5.0  # at most, for each of connecting, the TLS handshake and the greeting: nothing can interrupt them
LOGOUT_SECONDS = 2.0
SEARCH_WINDOW = 20_000  # messages: the answer is one line, and imaplib refuses lines over 1,000,000 octets

# What a connection raises that is lost or talks nonsense (ValueError: an answer that imapclient cannot read).
CONNECTION_FAULTS = (OSError, IMAPClientError, ValueError)

_TEMPORARY = ("[UNAVAILABLE]", "[SERVERBUG]", "[INUSE]", "[LIMIT]")  # RFC 5530 §3: a NO that time will mend
_UNSET = {  # RFC 3501 §6.4.4: system flags have search keys of their own
    "\\SEEN": ["UNSEEN"],
    "\\FLAGGED": ["UNFLAGGED"],
    "\\ANSWERED": ["UNANSWERED"],
    "\\DRAFT": ["UNDRAFT"],
    "\\DELETED": [],  # asked for in any case
}


class NeedsPerson(Exception):  # noqa: N818 - it is no error of ours, and its name says who mends it
    """A mailbox that cannot be worked until a person mends something.  ``kind`` is stable, for the alarm."""

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(text)
        self.kind = kind


class Refused(Exception):  # noqa: N818 - a value for the caller to judge
    """The server answered NO or BAD; the connection goes on."""


class Session:
    """A selected folder.  Methods raise one of `CONNECTION_FAULTS` when the connection is of no more use."""

    def __init__(self, client: IMAPClient, settings: ImapIn) -> None:
        self.mailbox = f"imap://{settings.user}@{settings.host}:{settings.port}/{settings.folder}"
        self.uidvalidity = 0
        self._client = client
        self._way, _, self._mark_name = settings.done.partition(":")
        self._backlog = 0  # messages in the folder when it was selected, until they were listed once

    def select(self, folder: str) -> None:
        """Make the folder for taken mails if it is missing, and select ``folder``.  Raises NeedsPerson."""
        try:
            if self._way == "move":
                self._mark_name = self._existing_folder(self._mark_name)
            selected = self._client.select_folder(folder)
        except IMAPClientReadOnlyError as fault:
            raise NeedsPerson("imap-read-only", f"{self.mailbox} may only be read: no mail can be marked") from fault
        except IMAPClientAbortError:
            raise
        except IMAPClientError as fault:
            raise _judged(fault, "imap-folder", f"{self.mailbox}: a folder cannot be opened or made") from fault
        self.uidvalidity = selected.get(b"UIDVALIDITY", 0)
        self._backlog = selected[b"EXISTS"]
        if self._way == "flag" and not _keeps(selected.get(b"PERMANENTFLAGS"), self._mark_name):
            text = f"{self.mailbox}: the server does not keep the keyword {self._mark_name}; use `done: move:FOLDER`"
            raise NeedsPerson("imap-keyword", text)

    def waiting(self) -> list[int]:
        """The UIDs of all mails that are not marked as taken, oldest first."""
        unmarked = ["UNDELETED"]
        if self._way == "flag":
            unmarked += _UNSET.get(self._mark_name.upper(), ["UNKEYWORD", self._mark_name])
        windows = [[f"{at}:{min(at + SEARCH_WINDOW - 1, self._backlog)}"] for at in self._windows()]
        self._client.noop()  # RFC 3501 §7: a server need not speak of new mail before it is asked
        found = {uid for window in windows or [[]] for uid in self._client.search([*window, *unmarked])}
        self._backlog = 0
        return sorted(found)

    def sizes(self, uids: Sequence[int]) -> dict[int, int]:
        """The octets of each mail that is still there."""
        answer = self._client.fetch(uids, ["RFC822.SIZE"])
        return {uid: items[b"RFC822.SIZE"] for uid, items in answer.items() if b"RFC822.SIZE" in items}

    def fetch(self, uids: Sequence[int], now: datetime) -> list[Incoming]:
        """The mails that are still there and can be read; ``now`` stands for an INTERNALDATE that cannot.

        Marks nothing as seen.  Raises Refused.
        """
        try:
            answer = self._client.fetch(uids, ["INTERNALDATE", "BODY.PEEK[]"])
        except IMAPClientAbortError:
            raise
        except IMAPClientError as fault:
            raise Refused(str(fault)) from fault
        found = ((uid, items.get(b"BODY[]"), items.get(b"INTERNALDATE")) for uid, items in sorted(answer.items()))
        return [self._incoming(uid, octets, date or now) for uid, octets, date in found if octets is not None]

    def mark(self, uids: Collection[int]) -> None:
        """Move, flag or delete mails, in one command where the server can.  Raises Refused."""
        try:
            self._mark(sorted(uids))
        except IMAPClientAbortError:
            raise
        except IMAPClientError as fault:
            raise Refused(str(fault)) from fault

    def can_idle(self) -> bool:
        """Whether the server tells of new mail by itself (RFC 2177)."""
        return bool(self._client.has_capability("IDLE"))

    def idle(self, seconds: float, go_on: Callable[[], bool]) -> None:
        """Return when the server says something, after ``seconds``, or when ``go_on``, asked each second, says no.

        A mail that came just before is told of in the same packet as the answer to IDLE, where poll() cannot see it, and
        is noticed only at the end: begin with few ``seconds``.
        """
        self._client.idle()
        heard = select.poll()
        heard.register(self._client.socket(), select.POLLIN)
        for _ in range(math.ceil(seconds)):
            if heard.poll(1000) or not go_on():
                break
        self._client.idle_done()  # reads what was said, and raises if the connection is gone

    def cut(self) -> None:
        """Close the connection under the feet of whoever waits for it, from another thread."""
        with suppress(OSError):  # not SSLSocket's own shutdown: it would let the other thread go on in plain text
            socket.socket.shutdown(self._client.socket(), socket.SHUT_RDWR)

    def close(self) -> None:
        """Log out if the server still listens."""
        try:
            self._client.socket().settimeout(LOGOUT_SECONDS)
            self._client.logout()
        except CONNECTION_FAULTS:
            with suppress(*CONNECTION_FAULTS):
                self._client.shutdown()

    def _windows(self) -> range:
        return range(1, self._backlog + 1 if self._backlog > SEARCH_WINDOW else 1, SEARCH_WINDOW)

    def _incoming(self, uid: int, octets: bytes, date: datetime) -> Incoming:
        path = reverse_path_from_fields(Mail(fields=read_header(octets).fields))
        envelope = Envelope(source="imap", received_at=date.astimezone(UTC), reverse_path=path)
        return Incoming(octets, envelope, self.mailbox, self.uidvalidity, uid)

    def _mark(self, uids: list[int]) -> None:
        if self._way == "flag":
            self._client.add_flags(uids, [self._mark_name], silent=True)
            return
        if self._way == "move" and self._client.has_capability("MOVE"):  # RFC 6851
            self._client.move(uids, self._mark_name)
            return
        if self._way == "move":
            self._client.copy(uids, self._mark_name)
        self._client.add_flags(uids, [DELETED], silent=True)
        if self._client.has_capability("UIDPLUS"):  # RFC 4315; a plain EXPUNGE would take other people's mails along
            self._client.uid_expunge(uids)

    def _existing_folder(self, name: str) -> str:
        """The folder's name on this server, which may want all names below a prefix (RFC 2342); made if missing."""
        if self._client.folder_exists(name):
            return name
        prefix = self._prefix()
        full = name if name.startswith(prefix) else prefix + name
        if not self._client.folder_exists(full):
            self._create(full)
        return full

    def _create(self, name: str) -> None:
        try:
            self._client.create_folder(name)
        except IMAPClientError as fault:
            if "[ALREADYEXISTS]" not in str(fault).upper():  # RFC 5530 §3: somebody else was faster
                raise
        with suppress(IMAPClientError):  # some servers know no subscriptions; a lost connection shows in what follows
            self._client.subscribe_folder(name)

    def _prefix(self) -> str:
        personal = self._client.namespace().personal if self._client.has_capability("NAMESPACE") else None
        return str(personal[0][0]) if personal else ""


@contextmanager
def open_session(
    settings: ImapIn, password: str, connected: Callable[[Session], object] = lambda _: None
) -> Iterator[Session]:
    """Connect, log in and select the folder; log out at the end.

    ``connected`` gets the session before anything is said on it, to `Session.cut` it if need be.
    Raises NeedsPerson or a connection fault.
    """
    client = _connect(settings)
    session = Session(client, settings)
    try:
        connected(session)
        _log_in(client, settings, password)
        session.select(settings.folder)
        yield session
    finally:
        session.close()


def _connect(settings: ImapIn) -> IMAPClient:
    """A connection on which a password may be sent."""
    timeout = SocketTimeout(connect=min(CONNECT_SECONDS, settings.timeout), read=settings.timeout)
    context = ssl.create_default_context()  # honours SSL_CERT_FILE
    try:
        client = IMAPClient(
            settings.host, settings.port, ssl=settings.security == "tls", ssl_context=context, timeout=timeout
        )
        if settings.security == "starttls":
            _start_tls(client, context)
    except ssl.SSLCertVerificationError as fault:
        text = f"{settings.host}:{settings.port} does not prove its name: {fault.verify_message}"
        raise NeedsPerson("imap-certificate", text) from fault
    except CapabilityError as fault:
        text = f"{settings.host}:{settings.port} offers no STARTTLS; the password is not sent in plain text"
        raise NeedsPerson("imap-starttls", text) from fault
    client.normalise_times = False  # else its times have no zone
    return client


def _start_tls(client: IMAPClient, context: ssl.SSLContext) -> None:
    try:
        client.starttls(context)
    except CONNECTION_FAULTS:
        with suppress(OSError):  # the handshake may have closed it
            client.shutdown()
        raise


def _log_in(client: IMAPClient, settings: ImapIn, password: str) -> None:
    try:
        if client.has_capability("AUTH=PLAIN"):  # RFC 4616: any user name and password, in UTF-8
            client.sasl_login("PLAIN", lambda _: f"\0{settings.user}\0{password}".encode())
        else:
            client.login(settings.user, password)
    except LoginError as fault:
        if isinstance(fault.__context__, IMAPClientAbortError):  # the connection broke; imapclient calls that the same
            raise fault.__context__ from None
        raise _judged(fault, "imap-password", f"{settings.host} does not let {settings.user} in") from fault


def _judged(fault: Exception, kind: str, text: str) -> Exception:
    """A NO as what it calls for: time, or a person."""
    if any(code in str(fault).upper() for code in _TEMPORARY):
        return fault
    return NeedsPerson(kind, f"{text}: {fault}")


def _keeps(permanent: Sequence[bytes] | None, keyword: str) -> bool:
    """Whether a keyword stays (RFC 3501 §7.1: without PERMANENTFLAGS every flag does)."""
    if permanent is None:
        return True
    return b"\\*" in permanent or keyword.lower().encode() in {flag.lower() for flag in permanent}
