"""A whole desk under test: the real flow on a real database, with its clock in the test's hand and no network.

Everything goes through `maildesk.flow`, as in the daemon; only the loops and the servers are left out.  `prove` holds
what must be true of any desk at any time.
"""

import itertools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from functools import cache, cached_property
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import yaml
from sqlalchemy import Connection, select
from sqlalchemy.exc import OperationalError

from maildesk import flow
from maildesk.desk.events import Event, MailJoined
from maildesk.desk.notices import ANSWERS
from maildesk.desk.ticket import Ticket, fold
from maildesk.office import Office, open_office
from maildesk.read.mail import Envelope
from maildesk.read.parse import read_mail
from maildesk.receive.incoming import Incoming
from maildesk.send.outcome import Courier, Outcome, State
from maildesk.settings import Settings, load
from maildesk.shipped import shipped
from maildesk.store import outbox, tickets
from maildesk.store.database import Database
from maildesk.store.schema import attempt, event, inbound, suppression, ticket
from maildesk.store.schema import outbox as outbox_table
from maildesk.write.render import DeskFacts, Renderer
from tests.rig.letters import DESK, parsed, text_of
from tests.rig.wellformed import faults_of

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)  # a Monday in office hours
ANN, BILL, OPERATOR = "ann@firm.test", "bill@firm.test", "ops@firm.test"
FIRM: Mapping[str, Any] = {
    "desk": {"name": "D Support", "address": DESK, "ticket_prefix": "D", "operator": OPERATOR},
    "people": [
        {"name": "Ann", "addresses": [ANN, "ann@home.test"], "roles": ["staff"]},
        {"name": "Bill", "addresses": [BILL], "roles": ["staff"]},
    ],
    "teams": {"support": {"members": ["Ann", "Bill"]}},
}
CALLED_FORTH = {
    "acknowledgement",
    "new-ticket",
    "joined",
    "reached",
    "transcript",
    "doubt",
}  # by a mail, which each names
_mails = itertools.count(1)
_PATH_OF_SENDER = "the sender's"


class Clock:
    """The desk's time."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def go_on(self, **amount: float) -> None:
        """Let time pass: ``go_on(hours=3)``."""
        self.now += timedelta(**amount)


@dataclass(frozen=True)
class Sent:
    """One mail of the outbox."""

    row: Any

    @property
    def notice(self) -> str:
        return str(self.row.notice)

    @property
    def to(self) -> str:
        return str(self.row.recipient)

    @property
    def octets(self) -> bytes:
        return bytes(self.row.octets)

    @cached_property
    def mail(self) -> EmailMessage:
        return parsed(self.octets)

    @cached_property
    def text(self) -> str:
        """Its plain text, with the folds of long lines undone."""
        return " ".join(text_of(self.mail).split())

    @cached_property
    def all(self) -> str:
        """Everything that its reader can see: every field and every part, decoded."""
        fields = "\n".join(f"{name}: {value}" for name, value in self.mail.items())
        parts = [part.get_payload(decode=True) or b"" for part in self.mail.walk() if not part.is_multipart()]
        return fields + "\n" + "\n".join(bytes(part).decode("utf-8", "replace") for part in parts)


@dataclass(frozen=True)
class End:
    """What became of a received mail: its row, and the mails that it caused."""

    row: Any
    sent: tuple[Sent, ...]

    @property
    def kind(self) -> str:
        return str(self.row.kind)

    @property
    def ticket(self) -> int | None:
        return None if self.row.ticket is None else int(self.row.ticket)

    @property
    def why(self) -> str:
        """The chain that `mail explain` prints."""
        return "\n".join(self.row.explanation or ())

    def to(self, address: str) -> list[Sent]:
        return [mail for mail in self.sent if mail.to == address]

    @property
    def told(self) -> set[tuple[str, str]]:
        """Each notice with its recipient."""
        return {(mail.notice, mail.to) for mail in self.sent}


class Post:
    """A courier that keeps what it is given; ``answer`` says what comes of each mail."""

    def __init__(self, answer: Callable[[str], Outcome] = lambda _: Outcome(State.SENT, 250, "ok")) -> None:
        self.answer = answer
        self.taken: list[tuple[str, str, bytes]] = []  # reverse-path, recipient, octets

    def deliver(self, reverse_path: str, recipient: str, octets: bytes) -> Outcome:
        outcome = self.answer(recipient)
        if outcome.state is State.SENT:
            self.taken.append((reverse_path, recipient, octets))
        return outcome

    def close(self) -> None:
        """Nothing is open."""


class DeskUnderTest:
    """A desk of the firm `FIRM`, or of what ``changes`` make of it (`settings.yaml`'s names).

    ``folder`` gets a settings.yaml of the same desk, for what is run beside it.
    """

    def __init__(self, folder: Path, url: str, clock: Clock, changes: Mapping[str, Any] | None = None) -> None:
        given = merged(FIRM, changes or {})
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "settings.yaml").write_text(yaml.safe_dump({**given, "database": url}), encoding="utf-8")
        self.clock = clock
        self.database = Database(url)
        office = open_office(settings_of(yaml.safe_dump(given)), self.database, clock)
        self.office: Office = replace(office, renderer=renderer_of(office.renderer._desk))

    # What comes in.

    def receive(self, octets: bytes, **envelope: Any) -> End:
        """Accept one mail and process all that waits.  ``envelope``: see `incoming`."""
        return self.receive_all([self.incoming(octets, **envelope)])[-1]

    def receive_all(self, mails: Sequence[Incoming]) -> list[End]:
        """Accept mails in one group and process all that waits."""
        last = self._last_outbox()
        self.take(mails)
        caused = [mail for mail in self.outbox() if mail.row.id > last]
        rows = self._rows(select(inbound).order_by(inbound.c.id.desc()).limit(len(mails)))[::-1]
        return [End(row, tuple(mail for mail in caused if mail.row.inbound in (row.id, None))) for row in rows]

    def take(self, mails: Sequence[Incoming]) -> None:
        """Accept mails in one group and process all that waits, without a look at what comes of it."""
        flow.accept(self.office, mails)
        self.process()

    def process(self) -> None:
        """Process all that waits; as the daemon does, begin again where two desks ran into each other."""
        while True:
            try:
                if not flow.process(self.office):
                    return
            except OperationalError:
                flow.unclaim(self.office)

    def incoming(
        self,
        octets: bytes,
        *,
        source: str = "smtp",
        path: str | None = _PATH_OF_SENDER,
        to: Sequence[str] = (),
        trusted: bool = False,
        at: datetime | None = None,
        uid: int | None = None,
    ) -> Incoming:
        """A mail with its envelope.  Over ``imap`` nothing is known of its paths; ``uid`` is its cursor there."""
        if path == _PATH_OF_SENDER:
            sender = read_mail(octets).sender
            path = sender.address if sender else ""
        to = tuple(to) or (self.office.address,)
        envelope = Envelope(source, at or self.clock(), path, to, "192.0.2.1", trusted)
        if source != "imap":  # the intake writes a Received of its own on top (RFC 5321 §4.4)
            received = f"Received: from client.test by {DESK[8:]} with {source} id x{next(_mails)};\r\n\tnow\r\n"
            return Incoming(received.encode() + octets, envelope)
        envelope = replace(envelope, reverse_path=None, forward_paths=(), peer="")
        return Incoming(octets, envelope, "support", 1, uid)

    # What goes out.

    def outbox(self, notice: str = "", *, to: str = "") -> list[Sent]:
        """The finished mails, oldest first."""
        mails = [Sent(row) for row in self._rows(select(outbox_table).order_by(outbox_table.c.id))]
        return [mail for mail in mails if notice in ("", mail.notice) and to in ("", mail.to)]

    def deliver_all(self, courier: Courier) -> None:
        """Hand on everything that is due, as the dispatcher does."""
        done: list[tuple[outbox.Claimed, Outcome]] = []
        while mails := flow.settle_and_claim(self.office, done, 20):
            done = [(mail, courier.deliver(mail.reverse_path, mail.recipient, mail.octets)) for mail in mails]

    def retry(self, mail: Sent) -> bool:
        """What `outbox retry` does."""
        with self.database.writing() as transaction:
            return outbox.retry(transaction, mail.row.id, self.clock())

    def attempts(self, mail: Sent) -> list[str]:
        """What became of it, in order."""
        query = select(attempt.c.outcome).where(attempt.c.outbox == mail.row.id).order_by(attempt.c.id)
        return [row.outcome for row in self._rows(query)]

    # What is kept.

    def tickets(self) -> list[Ticket]:
        """All tickets, oldest first."""
        with self.reading() as transaction:
            return tickets.listed(transaction, limit=10_000)[::-1]

    def ticket(self, number: int | None) -> Ticket:
        with self.reading() as transaction:
            found = tickets.get(transaction, number or 0)
        assert found is not None
        return found

    def log(self, number: int | None) -> list[Event]:
        """A ticket's events."""
        with self.reading() as transaction:
            return tickets.log(transaction, number or 0)

    def kinds(self, number: int | None) -> list[str]:
        """The names of a ticket's events."""
        return [entry.kind for entry in self.log(number)]

    def last_role(self, number: int | None) -> str:
        """What the writer of the mail that joined last is to the ticket."""
        return [entry.body.role for entry in self.log(number) if isinstance(entry.body, MailJoined)][-1]

    def received(self) -> list[Any]:
        """The rows of all mails that came in."""
        return self._rows(select(inbound).order_by(inbound.c.id))

    def participants(self, number: int | None) -> frozenset[str]:
        with self.reading() as transaction:
            return tickets.participants(transaction, number or 0)

    def muted(self) -> set[str]:
        """The addresses that get no scheduled mail."""
        query = select(suppression.c.address).where(suppression.c.muted_at.is_not(None))
        return {row.address for row in self._rows(query)}

    def reading(self) -> Any:
        return self.database.reading()

    # What can be changed, and what must hold.

    def use_templates(self, folder: Path) -> None:
        """Write from now on by other templates."""
        self.office = replace(self.office, renderer=Renderer(folder, self.office.renderer._desk))

    def colleague(self) -> "DeskUnderTest":
        """Another daemon on the same database, as on another machine."""
        other = object.__new__(DeskUnderTest)
        other.clock, other.database = self.clock, Database(self.database.url.render_as_string(hide_password=False))
        other.office = open_office(self.office.settings, other.database, self.clock)
        return other

    def prove(self) -> None:
        """Every mail is well-formed [15]; mails and events have their cause, and events make the ticket's row [20]."""
        assert {mail.notice for mail in self.outbox() if mail.row.inbound is None} & CALLED_FORTH == set()
        finished = self.outbox() if self.database.is_sqlite else []  # the same octets on both, and it takes time
        mails = {(mail.notice, mail.to): mail for mail in finished}.values()
        faults = [(mail.notice, mail.to, fault) for mail in mails for fault in _faults_of(mail, self.office.address)]
        assert faults == []
        with self.reading() as transaction:
            assert list(_without_cause(transaction)) == []
            for number in transaction.scalars(select(ticket.c.number)).all():
                assert fold(number, tickets.log(transaction, number)) == tickets.get(transaction, number)

    def close(self) -> None:
        self.database.close()

    def _last_outbox(self) -> int:
        return max((mail.row.id for mail in self.outbox()), default=0)

    def _rows(self, query: Any) -> list[Any]:
        with self.reading() as transaction:
            return list(transaction.execute(query))


def _faults_of(sent: Sent, desk: str) -> Iterator[str]:
    """Promise 15, as far as the octets tell, and what the row says of them."""
    yield from faults_of(sent.octets, sender=desk, recipient=sent.to)
    number = sent.row.ticket or 0
    if str(sent.mail["Message-ID"]) != f"<{sent.row.message_id}>":
        yield f"Message-ID {sent.mail['Message-ID']}"
    if str(sent.mail["Auto-Submitted"]) != ("auto-replied" if sent.notice in ANSWERS else "auto-generated"):
        yield f"Auto-Submitted {sent.mail['Auto-Submitted']}"
    if str(sent.mail["X-Loop"]) != desk:
        yield f"X-Loop {sent.mail['X-Loop']}"
    local, domain = map(re.escape, desk.split("@"))
    if not re.fullmatch(rf"{local}\+b{number}\.1\.[a-z2-7]{{16}}@{domain}", sent.row.reverse_path):
        yield f"return path {sent.row.reverse_path}"
    if number and not re.match(rf"<[a-z2-7]{{16}}\.[cs]{number}\.1\.", str(sent.mail["References"])):
        yield f"References {sent.mail['References']}"


def _without_cause(transaction: Connection) -> Iterator[tuple[int, str]]:
    """Events that only a mail causes, and that name none; all others are staff's, time's, or a relay's."""
    for row in transaction.execute(select(event).where(event.c.inbound.is_(None))):
        if row.kind in ("opened", "mail-joined", "contact-learnt"):
            yield row.ticket, row.kind


@cache
def settings_of(text: str) -> Settings:
    """The settings of a file with this text, read once: the shipped file is long."""
    with NamedTemporaryFile("w", suffix=".yaml", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        return load(Path(file.name))


@cache
def renderer_of(desk: DeskFacts) -> Renderer:
    """The shipped templates, compiled once."""
    return Renderer(shipped("templates"), desk)


def merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Maps merge, all else replaces, as with settings files."""
    made = dict(below)
    for key, value in above.items():
        old = made.get(key)
        made[key] = merged(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
    return made
