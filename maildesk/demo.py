"""The desk at work, to be watched: the real daemon on a scratch directory, with a clock that leaps and a small cast.

Every mail goes in by SMTP and comes out into a Maildir; what is shown of it is what the database says of it.  Nothing
leaves the machine, and the firm, its people and its customers are made up.
"""

import smtplib
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from pathlib import Path
from typing import Any, Self
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row

from maildesk import log
from maildesk.daemon import Daemon
from maildesk.settings import load
from maildesk.store import inbound, outbox, views
from maildesk.store.database import Database

BEGINS = datetime(2026, 3, 10, 7, 30, tzinfo=ZoneInfo("Europe/London"))  # a Tuesday, half an hour before the firm opens
PATIENCE = 15.0  # seconds for a mail to be answered; it takes a fraction of one
LOOK_EVERY = 0.02

CONTRACTS = """\
number,organisation,domains,monthly fee,currency,valid from,valid to,partner addresses
HH-2201,Harbour Hotels,harbour-hotels.example,4200.00,GBP,2025-01-01,2027-12-31,
"""
SETTINGS = """\
# The firm of `maildesk demo`.
desk:
  name: Capital Bytes Support
  address: support@capitalbytes.example
  phone: "0845 8627463"
  operator: Priya Nair
database: sqlite:///desk.db
receive: {smtp: {listen: "127.0.0.1:0"}}     # a free port
send: {maildir: outgoing}
contracts: contracts.csv
people:
  - {name: Priya Nair, addresses: [priya@capitalbytes.example], roles: [support manager]}
teams:
  support: {members: [Priya Nair]}
log: {level: error}
"""


class DemoError(Exception):
    """The demonstration cannot go on; the text says why."""


@dataclass(frozen=True, slots=True)
class StoryClock:
    """A clock that all processes of a desk share through a file: it runs as ours does, from where it was last set."""

    file: Path

    def set(self, moment: datetime) -> None:
        """Leap to this moment."""
        new = self.file.with_suffix(".new")
        new.write_text(f"{moment.astimezone(UTC).isoformat()} {time.monotonic()}", encoding="ascii")
        new.replace(self.file)  # nobody sees half of it

    def __call__(self) -> datetime:
        """The moment of the story, UTC."""
        moment, machine_then = self.file.read_text(encoding="ascii").split()
        return datetime.fromisoformat(moment) + timedelta(seconds=time.monotonic() - float(machine_then))


@dataclass(frozen=True, slots=True)
class Scene:
    """One mail that came in, what became of it, and the mails that it caused (rows of the outbox, whole).

    Without a mail: what the clocks alone made the desk send.
    """

    words: str
    mail: Row[Any] | None
    answers: tuple[Row[Any], ...]
    read_out: str = ""  # the notice whose text is worth reading here

    def answer(self, notice: str) -> EmailMessage:
        """The mail that a notice became, as its recipient has it.  Raises DemoError if the desk has not made it."""
        for row in self.answers:
            if row.notice == notice:
                return parsed(bytes(row.octets))
        raise DemoError(f"the desk has not made the expected mail: {notice}")


class Stage(AbstractContextManager["Stage"]):
    """A running desk in a folder of its own, and the way to hand it a mail and see what it does."""

    def __init__(self, folder: Path) -> None:
        self.settings_file = folder / "settings.yaml"
        self.settings_file.write_text(SETTINGS, encoding="utf-8")
        (folder / "contracts.csv").write_text(CONTRACTS, encoding="utf-8")
        self.settings = load(self.settings_file)
        log.configure(self.settings.log.format, self.settings.log.level)
        self.clock = StoryClock(folder / "clock")
        self.clock.set(BEGINS)
        self._daemon = Daemon(self.settings, self.clock)
        self._database = Database(self.settings.database)
        self._shown: set[int] = set()  # ids of the outbox

    def __enter__(self) -> Self:
        self._daemon.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._daemon.stop()
        self._database.close()

    def at(self, clock_time: str) -> datetime:
        """Leap to this local time of the story's day; returns the moment, UTC."""
        hour, _, minute = clock_time.partition(":")
        self.clock.set(BEGINS.replace(hour=int(hour), minute=int(minute)))
        return self.clock()

    def hand_in(self, words: str, octets: bytes, path: str | None = None, read_out: str = "") -> Scene:
        """Give a mail to the desk by SMTP and wait for what comes of it.  ``path``: its reverse-path, if not From's."""
        with self._database.reading() as transaction:
            before = _newest(transaction)
        mail = parsed(octets)
        sender, to = mail["From"].addresses[0].addr_spec, mail["To"].addresses[0].addr_spec
        host, _, port = (self._daemon.intake.address if self._daemon.intake else "").rpartition(":")
        with smtplib.SMTP(host, int(port), timeout=PATIENCE) as client:
            client.sendmail(sender if path is None else path, [to], octets)
        return self._awaited(lambda transaction: _scene(transaction, before, words, read_out))

    def fall_due(self, words: str, *notices: str, read_out: str = "") -> Scene:
        """Wait until the clocks have made the desk send these notices, and whatever else they make it send with them."""
        return self._awaited(lambda transaction: _due_scene(transaction, self._shown, words, notices, read_out))

    def _awaited(self, question: Callable[[Connection], Scene | None]) -> Scene:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            with self._database.reading() as transaction:
                scene = question(transaction)
            if scene is not None:
                self._shown.update(row.id for row in scene.answers)
                return scene
            time.sleep(LOOK_EVERY)
        raise DemoError(f"the desk has not done its part in {PATIENCE:g} seconds")


def _newest(transaction: Connection) -> int:
    return max((int(row.id) for row in inbound.listed(transaction, limit=1)), default=0)


def _scene(transaction: Connection, before: int, words: str, read_out: str) -> Scene | None:
    """What became of the mail after ``before``; None as long as anything of it is under way."""
    mail = inbound.get(transaction, _newest(transaction))
    if mail is None or mail.id == before or mail.state == "received":
        return None
    rows = [outbox.get(transaction, row.id) for row in views.caused_by(transaction, mail)]
    answers = tuple(row for row in rows if row is not None)
    if any(row.state in outbox.UNFINISHED for row in answers):
        return None
    return Scene(words, mail, answers, read_out)


def _due_scene(
    transaction: Connection, shown: set[int], words: str, notices: Sequence[str], read_out: str
) -> Scene | None:
    """What was sent since, for no mail that came in; None as long as one of ``notices`` is missing or under way."""
    rows = [outbox.get(transaction, row.id) for row in reversed(outbox.listed(transaction)) if row.id not in shown]
    answers = tuple(row for row in rows if row is not None)
    if not set(notices) <= {row.notice for row in answers} or any(row.state in outbox.UNFINISHED for row in answers):
        return None
    return Scene(words, None, answers, read_out)


def story(stage: Stage) -> Iterator[Scene]:
    """The scenes of a morning, in order.  Raises DemoError where the desk fails to play its part."""
    outage = stage.hand_in(
        "A customer's outage, half past seven: the firm is not open yet.",
        written("Dana Whitfield <dana@harbour-hotels.example>", "All websites are down", OUTAGE, stage.at("07:35")),
        read_out="acknowledgement",
    )
    yield outage
    yield stage.fall_due("It is a P1: management is told at once, at any hour.", "ladder")
    stage.at("08:00")
    yield stage.fall_due("The firm opens: how the desk stands, for its managers.", "overview", read_out="overview")
    question = stage.hand_in(
        "A stranger asks, and says little of himself.",
        written("Marek Novak <marek@novak-books.example>", "Invoices", QUESTION, stage.at("08:40")),
        read_out="acknowledgement",
    )
    yield question
    told = question.answer("acknowledgement")
    yield stage.hand_in(
        "His out-of-office robot answers our answer. Nobody answers it.",
        answered(told, "Marek Novak <marek@novak-books.example>", AWAY, stage.at("08:45"), robot=True),
        path="",
    )
    filled_in = answered(told, "Marek Novak <marek@novak-books.example>", FILLED_IN, stage.at("09:30"), attach=EXPORT)
    yield stage.hand_in("He fills in what we asked for, and attaches a file.", filled_in, read_out="joined")
    stage.at("09:35")
    yield stage.fall_due("Dana's P1 is two hours old: the next step of the ladder.", "ladder")
    stage.at("09:40")
    yield stage.hand_in("His mail server delivers that mail a second time.", filled_in)
    notice = outage.answer("new-ticket")
    yield stage.hand_in(
        "Priya answers the notice of Dana's ticket: her words go to Dana.",
        answered(notice, "Priya Nair <priya@capitalbytes.example>", STAFF_ANSWER, stage.at("10:15")),
        read_out="answer",
    )


OUTAGE = """\
Good morning,

total outage: since seven none of our hotels' sites load, all users are affected.
The error page says 502 and names the front end fe-3.

Dana Whitfield
Harbour Hotels, IT
Phone: +44 20 7946 0132
"""
QUESTION = """\
Hello,

the export of last month's invoices is empty. Can you help?
"""
AWAY = """\
I am out of the office until noon.
"""
FILLED_IN = """\
Gladly:

Your organisation: Novak Books
Your contract number: none yet
Your phone number: +420 222 555 017
"""
STAFF_ANSWER = """\
fe-3 had lost its upstream after last night's change. I have put it back.
"""
EXPORT = ("invoices-february.csv", b"number,amount\n")


def written(author: str, subject: str, text: str, at: datetime) -> bytes:
    """A new mail to the desk."""
    mail = _mail(author, subject, "support@capitalbytes.example", at)
    mail.set_content(text)
    return mail.as_bytes(policy=policy.SMTP)


def answered(
    mail: EmailMessage,
    author: str,
    text: str,
    at: datetime,
    *,
    robot: bool = False,
    attach: tuple[str, bytes] | None = None,
) -> bytes:
    """An answer to a mail of the desk as mail programs write it: to its Reply-To, in its thread, quoting it."""
    subject = f"Automatic reply: {mail['Subject']}" if robot else f"Re: {mail['Subject']}"
    reply = _mail(author, subject, mail["Reply-To"] or mail["From"], at)
    reply["In-Reply-To"] = mail["Message-ID"]
    reply["References"] = f"{mail['References']} {mail['Message-ID']}"
    if robot:
        reply["Auto-Submitted"] = "auto-replied"  # RFC 3834 section 5
    quoted = "".join(f"> {line}\n" for line in text_of(mail).splitlines())
    reply.set_content(text if robot else f"{text}\nOn {mail['Date']}, {mail['From']} wrote:\n{quoted}")
    if attach:
        reply.add_attachment(attach[1], "text", "csv", filename=attach[0])
    return reply.as_bytes(policy=policy.SMTP)


def _mail(author: str, subject: str, to: str, at: datetime) -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = author, to, subject
    mail["Date"] = format_datetime(at)
    mail["Message-ID"] = make_msgid(domain=author.rpartition("@")[2].rstrip(">"))
    return mail


def parsed(octets: bytes) -> EmailMessage:
    """A mail of our own making, read by the standard library."""
    return message_from_bytes(octets, _class=EmailMessage, policy=policy.default)


def text_of(mail: EmailMessage) -> str:
    """Its plain text."""
    part = mail.get_body(("plain",))
    return str(part.get_content()) if part else ""
