"""Step 2: which ticket a mail belongs to, and what its writer is to that ticket (mail-rules, "Which ticket")."""

from dataclasses import dataclass

from sqlalchemy import Connection

from maildesk.desk.decide import Role
from maildesk.desk.ticket import Ticket
from maildesk.desk.token import Purpose
from maildesk.firm import People
from maildesk.steps.reading import Reading
from maildesk.store import tickets


@dataclass(frozen=True, slots=True)
class Whose:
    """The ticket (None: a new one), the writer's role, and the clue that decided."""

    ticket: Ticket | None
    role: Role
    why: str
    linked: int | None = None  # the ticket that the subject names to somebody who is not on it


def whose(transaction: Connection, reading: Reading, people: People) -> Whose:
    """The first clue that leads to a ticket decides."""
    for number, why in _proven(transaction, reading):
        ticket = tickets.followed(transaction, number, for_update=True) if number else None
        if ticket is not None:
            return Whose(ticket, role_of(transaction, reading, ticket, people), why)
    return _by_tag(transaction, reading, people)


def _proven(transaction: Connection, reading: Reading) -> list[tuple[int | None, str]]:
    found = reading.clues
    return [
        (found.reply_address.ticket if found.reply_address else None, "it came to our signed reply address"),
        (found.signed_id.ticket if found.signed_id else None, "it answers our signed id"),
        (tickets.by_messages(transaction, found.message_ids), "it answers a mail of the ticket"),
    ]


def _by_tag(transaction: Connection, reading: Reading, people: People) -> Whose:
    tag = reading.clues.tag
    ticket = tickets.followed(transaction, tag, for_update=True) if tag is not None else None
    if ticket is None:
        return Whose(None, _newcomer(reading, people), "no clue leads to a ticket")
    if _standing(transaction, reading, ticket, people) is not Role.OUTSIDER:
        role = role_of(transaction, reading, ticket, people)
        return Whose(ticket, role, "the subject has its number and the writer is on it")
    why = "the subject has the number of a ticket that the writer is not on"
    return Whose(None, _newcomer(reading, people), why, linked=ticket.number)


def _newcomer(reading: Reading, people: People) -> Role:
    if not reading.verdict.kind.answered:
        return Role.ROBOT
    sender = reading.mail.sender
    return Role.STAFF if sender and people.at(sender.address) else Role.REQUESTER


def role_of(transaction: Connection, reading: Reading, ticket: Ticket, people: People) -> Role:
    """What the writer is to a ticket, as far as From says; a mail with a robot's mark is a robot's."""
    if not reading.verdict.kind.answered:
        return Role.ROBOT
    return _standing(transaction, reading, ticket, people)


def _standing(transaction: Connection, reading: Reading, ticket: Ticket, people: People) -> Role:
    sender = reading.mail.sender
    if sender is None:
        return Role.OUTSIDER
    person = people.at(sender.address)
    as_staff = any(proof.purpose in (Purpose.STAFF, Purpose.NOTE) for proof in reading.clues.proofs)
    addresses = {address.lower() for address in person.addresses} if person else {sender.key}
    if ticket.requester in addresses and not (person and as_staff):
        return Role.REQUESTER
    if person is not None:
        return Role.STAFF
    return Role.PARTICIPANT if sender.key in tickets.participants(transaction, ticket.number) else Role.OUTSIDER
