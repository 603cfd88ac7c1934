"""One mail of a ticket becomes a ticket of its own, for its author, linked to the one it came to."""

from dataclasses import replace
from datetime import date, datetime

from sqlalchemy import Connection

from maildesk.desk.decide import Actor, Open, Role, decide
from maildesk.desk.events import Opened
from maildesk.desk.propose import propose
from maildesk.desk.tell import Answering, Writing, on_opened
from maildesk.desk.ticket import Ticket
from maildesk.office import Office
from maildesk.read.contact import read_contact
from maildesk.read.reply import new_text
from maildesk.steps.answering import receipt
from maildesk.steps.enclosing import enclosures
from maildesk.steps.knowing import facts_of, known_facts, missing_facts
from maildesk.steps.post import Cause, post
from maildesk.steps.reading import Reading, read
from maildesk.store import inbound, tickets

_OUR_CLOCK = ("smtp", "lmtp")


def open_from(transaction: Connection, office: Office, mail: int, of: Ticket, who: str, now: datetime) -> Ticket:
    """Open a ticket from a mail that is there, in the name of ``who``, and tell the author and the team.

    Its clocks begin when the mail came.  Raises LookupError where the mail is gone.
    """
    waiting = next(iter(inbound.load(transaction, [mail])), None)
    if waiting is None:
        raise LookupError(f"mail {mail} is gone")
    reading = read(waiting, office.signer, office.people, office.policy.ticket_prefix, office.settings.intake)
    text = new_text(reading.mail.text, reading.mail.html, [])
    author = _author(reading)
    answering = receipt(transaction, office, author.address, reading.verdict.kind.answered, now)
    (opened,) = decide(None, _opening(office, reading, text, author, of, answering, now), author, office.policy, now)
    if not isinstance(opened, Opened):
        raise TypeError(f"{opened} opens no ticket")
    ticket = tickets.open_ticket(transaction, opened, who, mail, now, office.policy)
    enclosed, listed = enclosures(reading)
    writing = replace(_writing(office, reading, text, ticket, of, now), enclosures=listed)
    notices = on_opened(opened, ticket, writing, answering, office.policy, now)
    post(transaction, office, notices, Cause(mail, enclosed=enclosed), now)
    return ticket


def _author(reading: Reading) -> Actor:
    sender = reading.mail.sender
    role = Role.REQUESTER if reading.verdict.kind.answered else Role.ROBOT
    return Actor(sender.key, sender.name, role) if sender else Actor("", "", role)


def _opening(
    office: Office, reading: Reading, text: str, author: Actor, of: Ticket, answering: Answering, now: datetime
) -> Open:
    register, day = office.register, _today(office, now)
    registered = bool(author.address) and register.knows(author.address, day)
    return Open(
        subject=reading.mail.subject,
        kind=reading.verdict.kind,
        owed=answering.wanted,
        received_at=reading.waiting.envelope.received_at,
        facts=facts_of(read_contact(reading.mail, text), {}, author.address, register, day),
        linked=of.number,
        proposal=propose(reading.mail.subject, reading.own, office.policy, registered=registered),
        our_clock=reading.waiting.envelope.source in _OUR_CLOCK,
    )


def _writing(office: Office, reading: Reading, text: str, ticket: Ticket, of: Ticket, now: datetime) -> Writing:
    name = f"{ticket.requester_name} <{ticket.requester}>" if ticket.requester_name else ticket.requester
    return Writing(
        inbound=reading.waiting.id,
        author=name or "nobody that can be answered",
        received_at=reading.waiting.envelope.received_at,
        text=text,
        facts=known_facts(ticket.contact),
        missing=missing_facts(ticket.contact),
        show_values=office.register.knows(ticket.requester, _today(office, now)),
        flags=(f"split off {office.policy.number(of.number)}", *reading.mail.faults),
    )


def _today(office: Office, now: datetime) -> date:
    return now.astimezone(office.policy.calendar.zone).date()
