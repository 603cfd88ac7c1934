"""The firm's procedure played through: the real flow on a scratch database, with a clock that leaps from event to event.

Nothing is sent and nothing leaves the folder; ids and keys come from a fixed seed, so that the same script gives the
same lines.  While the desk is down nothing is done: mail waits at its sender, and comes when the desk is up again.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from hashlib import sha256
from pathlib import Path
from typing import Any, Self

from sqlalchemy import Connection, bindparam, func, select, text
from sqlalchemy.event import listen

from maildesk import flow
from maildesk.desk.commands import Link, MergeInto, TicketCommand, with_text
from maildesk.desk.decide import Actor, Role
from maildesk.desk.duration import Duration
from maildesk.desk.events import Event, from_json
from maildesk.desk.token import Signer
from maildesk.desk.words import in_words
from maildesk.office import Office, open_office
from maildesk.read.mail import Envelope
from maildesk.receive.incoming import Incoming
from maildesk.send.outcome import Outcome, State
from maildesk.settings.model import Settings
from maildesk.steps.change import obey_on
from maildesk.steps.morning import next_morning
from maildesk.store import outbox, tickets
from maildesk.store.database import Database
from maildesk.store.schema import FIRST_TICKET, event, inbound
from maildesk.store.schema import outbox as outgoing

SEED = b"maildesk simulate"
AT_ONCE = 50  # mails handed to the pretended relay in one go
_MAILS = select(
    outgoing.c.id, outgoing.c.ticket, outgoing.c.notice, outgoing.c.step,
    outgoing.c.recipient, outgoing.c.subject, outgoing.c.due_at,
).where(outgoing.c.id.in_(bindparam("ids", expanding=True)))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail comes in.  ``ticket``: it answers the newest mail that its sender got on that ticket, counted from 1."""

    sender: str
    subject: str
    body: str
    ticket: int | None = None
    robot: bool = False


@dataclass(frozen=True, slots=True)
class Order:
    """Somebody of the firm commands; ``text`` goes to the customer."""

    address: str
    ticket: int
    commands: tuple[TicketCommand, ...]
    text: str = ""


@dataclass(frozen=True, slots=True)
class Down:
    """The desk is down for so long."""

    duration: Duration


@dataclass(frozen=True, slots=True)
class Item:
    """One line of the script."""

    at: datetime  # UTC
    what: Letter | Order | Down


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that happened, or one mail that would go out.  ``ticket`` is counted from 1 in the run, 0 is none."""

    at: datetime
    ticket: int
    event: str = ""
    notice: str = ""
    key: str = ""
    to: str = ""
    subject: str = ""
    due: datetime | None = None


@dataclass(slots=True)
class Simulation:
    """One run.  Use as a context manager."""

    settings: Settings
    folder: Path
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    _seen: int = 0  # events
    _drawn: int = 0
    _letters: int = 0
    _up_at: datetime | None = None

    def __enter__(self) -> Self:
        address = f"sqlite:///{self.folder / 'simulation.db'}"
        self._database = Database(address)
        listen(self._database.engine, "connect", _in_haste)
        self._database.upgrade()
        self._office = self._open(self.settings.model_copy(update={"database": address}))
        return self

    def __exit__(self, *_: object) -> None:
        self._database.close()

    _database: Database = field(init=False)
    _office: Office = field(init=False)

    def play(self, script: Sequence[Item], since: datetime, until: datetime) -> Iterator[Line]:
        """Every event and every mail from ``since`` to ``until`` (UTC, both included), in order."""
        self.now = since
        waiting = sorted(script, key=lambda item: item.at)
        while (at := self._next(waiting)) is not None and at <= until:
            self.now = max(self.now, at)
            while waiting and waiting[0].at <= self.now and not self._is_down():
                yield from self._do(waiting.pop(0).what)
            if not self._is_down():
                yield from self._work()

    def _open(self, settings: Settings) -> Office:
        office = open_office(settings, self._database, lambda: self.now, "simulation")
        signer = Signer(settings.desk.address, {1: sha256(SEED).digest()})
        return replace(office, signer=signer, entropy=self._entropy, spread=lambda: 0.0)

    def _entropy(self, octets: int) -> bytes:
        self._drawn += 1
        return sha256(SEED + self._drawn.to_bytes(8)).digest()[:octets]

    def _next(self, waiting: Sequence[Item]) -> datetime | None:
        """When the next thing happens; while the desk is down, when it is up again."""
        with self._database.reading() as transaction:
            moments = [*self._moments(transaction), *(item.at for item in waiting[:1])]
        at = min(moments, default=None)
        return max(at, self._up_at) if at is not None and self._up_at is not None else at

    def _moments(self, transaction: Connection) -> list[datetime]:
        unsent = select(func.min(outgoing.c.next_attempt_at)).where(outgoing.c.state == "queued")
        unread = select(func.min(inbound.c.next_attempt_at)).where(inbound.c.state == "received")
        found = (
            tickets.next_due_at(transaction),
            transaction.scalar(unsent),
            transaction.scalar(unread),
            next_morning(transaction, self._office, self.now),
        )
        return [moment for moment in found if moment is not None]

    def _is_down(self) -> bool:
        return self._up_at is not None and self.now < self._up_at

    def _do(self, what: Letter | Order | Down) -> Iterator[Line]:
        match what:
            case Letter():
                flow.accept(self._office, [self._incoming(what)])
                yield from self._work()
            case Order():
                yield from self._obey(what)
            case Down():
                self._up_at = self._office.policy.calendar.add(self.now, what.duration)

    def _obey(self, order: Order) -> Iterator[Line]:
        person = self._office.people.at(order.address)
        actor = Actor(order.address.lower(), person.name if person else "", Role.STAFF)
        number = order.ticket + FIRST_TICKET - 1
        with self._database.writing() as transaction:
            ticket = tickets.get(transaction, number, for_update=True)
            if ticket is None:
                yield Line(self.now, order.ticket, event="refused", to=order.address, subject="there is no such ticket")
                return
            commands = with_text([_numbered(command) for command in order.commands], order.text)
            results = obey_on(transaction, self._office, ticket, commands, actor, self.now)
        for result in results:
            if result.refusal:
                yield Line(self.now, order.ticket, event="refused", to=order.address, subject=result.refusal.reason)
        yield from self._work()

    def _work(self) -> Iterator[Line]:
        """Everything that can be done at this moment, until there is nothing more."""
        while flow.process(self._office) + flow.fire(self._office) + flow.begin_day(self._office):
            yield from self._events()
        yield from self._events()
        yield from self._sent()

    def _events(self) -> Iterator[Line]:
        with self._database.reading() as transaction:
            rows = transaction.execute(
                select(event, text("event.rowid AS place"))
                .where(text("event.rowid > :seen"))
                .order_by(text("event.rowid")),
                {"seen": self._seen},
            ).all()
        for row in rows:
            self._seen = row.place
            entry = Event(row.seq, row.at, row.actor, row.inbound, from_json(row.kind, row.body))
            due = getattr(entry.body, "due_at", "")
            yield Line(
                entry.at,
                row.ticket - FIRST_TICKET + 1,
                event=row.kind,
                subject=in_words(entry),
                due=datetime.fromisoformat(due) if due else None,
            )

    def _sent(self) -> Iterator[Line]:
        """Mails leave, one after the other as the outbox gives them; the relay takes each."""
        taken = Outcome(State.SENT, 250, "taken")
        claimed = flow.settle_and_claim(self._office, [], AT_ONCE)
        while claimed:
            yield from self._mails([mail.id for mail in claimed])
            claimed = flow.settle_and_claim(self._office, [(mail, taken) for mail in claimed], AT_ONCE)

    def _mails(self, ids: Sequence[int]) -> Iterator[Line]:
        with self._database.reading() as transaction:
            rows = {row.id: row for row in transaction.execute(_MAILS, {"ids": ids})}
        return (self._mail(rows[id_]) for id_ in ids)

    def _mail(self, row: Any) -> Line:
        ticket = row.ticket - FIRST_TICKET + 1 if row.ticket else 0
        key = row.step or (row.notice if row.notice == "acknowledgement" else "")
        return Line(self.now, ticket, notice=row.notice, key=key, to=row.recipient, subject=row.subject, due=row.due_at)

    def _incoming(self, letter: Letter) -> Incoming:
        octets = self._message(letter).as_bytes()
        desk = self._office.address
        sender = parseaddr(letter.sender)[1]
        envelope = Envelope("smtp", self.now, "" if letter.robot else sender, (desk,), "127.0.0.1", peer_trusted=True)
        return Incoming(octets, envelope)

    def _message(self, letter: Letter) -> EmailMessage:
        self._letters += 1
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = letter.sender, self._office.address, letter.subject
        message["Date"] = format_datetime(self.now)
        domain = parseaddr(letter.sender)[1].rpartition("@")[2] or "simulation.example"
        message["Message-ID"] = f"<simulated-{self._letters}@{domain}>"
        if letter.robot:
            message["Auto-Submitted"] = "auto-replied" if letter.ticket else "auto-generated"
        if letter.ticket:
            self._answer(message, letter, letter.ticket + FIRST_TICKET - 1)
        message.set_content(letter.body)
        return message

    def _answer(self, message: EmailMessage, letter: Letter, number: int) -> None:
        """In reply to the newest mail that the sender got; without one the subject's number has to do."""
        with self._database.reading() as transaction:
            got = outbox.newest_sent(transaction, number, parseaddr(letter.sender)[1])
        if got is not None:
            message["In-Reply-To"] = message["References"] = f"<{got.message_id}>"
        if got is None or not letter.subject:
            del message["Subject"]
            message["Subject"] = (
                f"Re: {got.subject}" if got else f"[{self._office.policy.number(number)}] {letter.subject}"
            )


def _in_haste(connection: Any, _: Any) -> None:
    """What is lost with the machine was never anybody's."""
    connection.execute("PRAGMA synchronous=OFF")


def _numbered(command: TicketCommand) -> TicketCommand:
    """A script counts tickets from 1, also where a command names another one."""
    if isinstance(command, MergeInto | Link) and command.ticket.isdecimal():
        return replace(command, ticket=str(int(command.ticket) + FIRST_TICKET - 1))
    return command
