"""Step 2: which ticket a mail belongs to, and what its writer is to that ticket (mail-rules, "Which ticket")."""

from dataclasses import dataclass

from sqlalchemy import Connection

from maildesk.desk.decide import Role
from maildesk.desk.ticket import Ticket
from maildesk.desk.token import Purpose
from maildesk.firm import People
from maildesk.office import Office
from maildesk.steps.reading import Reading
from maildesk.store import tickets


@dataclass(frozen=True, slots=True)
class Whose:
    """The ticket (None: a new one), the writer's role, and the clue that decided."""

    ticket: Ticket | None
    role: Role
    why: str
    linked: int | None = None  # the ticket that the subject names to somebody who is not on it


def whose(transaction: Connection, reading: Reading, office: Office) -> Whose:
    """The first clue that leads to a ticket decides."""
    for number, why in _proven(transaction, reading):
        ticket = tickets.followed(transaction, number, for_update=True) if number else None
        if ticket is not None:
            return Whose(ticket, role_of(reading, ticket, office), why)
    return _by_tag(transaction, reading, office)


def _proven(transaction: Connection, reading: Reading) -> list[tuple[int | None, str]]:
    found = reading.clues
    return [
        (found.reply_address.ticket if found.reply_address else None, "it came to our signed reply address"),
        (found.signed_id.ticket if found.signed_id else None, "it answers our signed id"),
        (tickets.by_messages(transaction, found.message_ids), "it answers a mail of the ticket"),
    ]


def _by_tag(transaction: Connection, reading: Reading, office: Office) -> Whose:
    tag = reading.clues.tag
    ticket = tickets.followed(transaction, tag, for_update=True) if tag is not None else None
    if ticket is None:
        return Whose(None, _newcomer(reading, office.people), "no clue leads to a ticket")
    if _standing(reading, ticket, office) is not Role.OUTSIDER:
        role = role_of(reading, ticket, office)
        return Whose(ticket, role, "the subject has its number and the writer is on it")
    why = "the subject has the number of a ticket that the writer is not on"
    return Whose(None, _newcomer(reading, office.people), why, linked=ticket.number)


def _newcomer(reading: Reading, people: People) -> Role:
    if not reading.verdict.kind.answered:
        return Role.ROBOT
    sender = reading.mail.sender
    return Role.STAFF if sender and people.at(sender.address) else Role.REQUESTER


def role_of(reading: Reading, ticket: Ticket, office: Office) -> Role:
    """What the writer is to a ticket, as far as From says; a mail with a robot's mark is a robot's."""
    if not reading.verdict.kind.answered:
        return Role.ROBOT
    return _standing(reading, ticket, office)


def _standing(reading: Reading, ticket: Ticket, office: Office) -> Role:
    sender = reading.mail.sender
    if sender is None:
        return Role.OUTSIDER
    person = office.people.at(sender.address)
    as_staff = any(proof.purpose in (Purpose.STAFF, Purpose.NOTE) for proof in reading.clues.proofs)
    addresses = {address.lower() for address in person.addresses} if person else {sender.key}
    if ticket.requester in addresses and not (person and as_staff):
        return Role.REQUESTER
    if person is not None:
        return Role.STAFF
    shared = sender.key in ticket.participants or _shares(reading, ticket, office, sender.address)
    return Role.PARTICIPANT if shared else Role.OUTSIDER


def _shares(reading: Reading, ticket: Ticket, office: Office, address: str) -> bool:
    """Whether the register lets him take part: his organisation shares its tickets."""
    day = reading.waiting.envelope.received_at.astimezone(office.policy.calendar.zone).date()
    return office.register.shares(ticket.contract, address, day)
