"""What happens to a ticket when a mail comes: commands in, events out.  Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from maildesk.desk.course import Status
from maildesk.desk.events import Body, ContactLearnt, MailJoined, Opened, ParticipantAdded, StatusSet
from maildesk.desk.policy import Policy
from maildesk.desk.ticket import Ticket

_LONGEST_WORD = 200  # characters of a first line that is looked at
OF_THE_WRITER = frozenset({"name", "email", "phone"})  # facts that each writer has of his own


class Role(StrEnum):
    """Who writes, seen from a ticket."""

    REQUESTER = "requester"
    PARTICIPANT = "participant"
    STAFF = "staff"
    OUTSIDER = "outsider"
    ROBOT = "robot"


@dataclass(frozen=True, slots=True)
class Actor:
    """The writer of a mail, as far as From says."""

    address: str  # lower case; "": nobody usable
    name: str
    role: Role


@dataclass(frozen=True, slots=True)
class Facts:
    """What a mail told for [Procedure 11] and what the register of contracts says to it."""

    contact: Mapping[str, Any] = field(default_factory=dict)
    contract: str = ""  # of the register
    flags: tuple[str, ...] = ()
    partners: tuple[str, ...] = ()  # of that contract, in lower case: they stand as participants [Procedure 2]


class Word(StrEnum):
    """What a customer says of a workaround."""

    WORKS = "it works"
    BROKEN = "still broken"


@dataclass(frozen=True, slots=True)
class Proposal:
    """The priority that a mail speaks for; "" where it speaks for none [Procedure 3]."""

    priority: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Open:
    """Open a ticket for this mail."""

    subject: str
    kind: str
    owed: bool
    received_at: datetime
    facts: Facts
    linked: int | None = None
    proposal: Proposal = Proposal()
    our_clock: bool = True  # whether ``received_at`` is our own clock's word, not a mailbox's


@dataclass(frozen=True, slots=True)
class Join:
    """Add this mail to the ticket.  ``by_person``: it has no robot's mark, so it may reopen or go on with the ticket."""

    kind: str
    facts: Facts
    by_person: bool = False
    word: Word | None = None  # what its writer says of a workaround


Command = Open | Join


def decide(ticket: Ticket | None, command: Command, actor: Actor, policy: Policy, now: datetime) -> list[Body]:
    """The events that a command makes, in order.  Raises ValueError for a join without a ticket."""
    if isinstance(command, Open):
        return [_open(command, actor, policy, now)]
    if ticket is None:
        raise ValueError("a mail can only join a ticket that is there")
    joined: list[Body] = [MailJoined(actor.role, command.kind, actor.address)]
    if actor.role is Role.PARTICIPANT:  # of an organisation that shares its tickets, if he was none yet
        joined += _joining(ticket, [actor.address])
    if actor.role in (Role.REQUESTER, Role.PARTICIPANT):
        joined += _learnt(ticket, command.facts, actor.role)
        joined += _goes_on(ticket, actor, command.word) if command.by_person else []
    return joined


def opening_time(received_at: datetime, policy: Policy, now: datetime, *, our_clock: bool) -> tuple[datetime, str]:
    """When the ticket's clocks begin (UTC), and why that is not when the mail came, if so [Procedure, Time].

    What our own clock saw is never too old: the desk's downtime is not taken off a ticket's time.
    """
    if received_at > now:
        return now, f"the mail system says it came at {received_at.isoformat()}, which is in the future: opened now"
    if not our_clock and _age(received_at, policy, now) > policy.calendar.amount(policy.oldest):
        return now, f"it lay in the mailbox since {received_at.isoformat()}, over {policy.oldest}: opened now"
    return received_at, ""


def _age(received_at: datetime, policy: Policy, now: datetime) -> timedelta:
    """How old a mail is, in the kind of time in which the settings count it."""
    return policy.calendar.elapsed(received_at, now, policy.oldest.unit.business)


def _open(command: Open, actor: Actor, policy: Policy, now: datetime) -> Opened:
    opened_at, why = opening_time(command.received_at, policy, now, our_clock=command.our_clock)
    priority = command.proposal.priority or policy.default_priority
    return Opened(
        opened_at=opened_at.astimezone(UTC).isoformat(),
        subject=command.subject,
        requester=actor.address,
        requester_name=actor.name,
        kind=command.kind,
        owed=command.owed and bool(actor.address),
        priority=priority,
        team=policy.first_team(priority),
        contract=command.facts.contract,
        contact=dict(command.facts.contact),
        flags=[*command.facts.flags, *([why] if why else [])],
        linked=command.linked,
        priority_why=command.proposal.why,
        participants=sorted({*command.facts.partners} - {actor.address}),
    )


def is_over(ticket: Ticket, received_at: datetime, policy: Policy) -> bool:
    """Whether mail to the ticket opens a linked one: it is closed, or resolved for longer than it may be reopened."""
    if ticket.state is not Status.RESOLVED:
        return ticket.state is Status.CLOSED
    until = policy.calendar.add(ticket.course.now.since, policy.reopen)
    return until is not None and received_at >= until


def _goes_on(ticket: Ticket, actor: Actor, word: Word | None) -> list[Body]:
    """A person's mail ends the waiting for the customer, and reopens what was resolved; a workaround goes by his word."""
    if ticket.state in (Status.PENDING_CUSTOMER, Status.RESOLVED):
        return [StatusSet(str(Status.OPEN), reason=f"{actor.address} wrote")]
    if ticket.state is Status.WORKAROUND and word is not None:
        status = Status.RESOLVED if word is Word.WORKS else Status.OPEN
        return [StatusSet(str(status), reason=f"{actor.address} says: {word}")]
    return []


def word_of(text: str) -> Word | None:
    """The word that a customer's text begins with, as its whole first line."""
    first = next((line for line in text.splitlines() if line.strip()), "")[:_LONGEST_WORD]
    plain = " ".join(first.casefold().strip(" .!>*").split())
    return next((word for word in Word if plain == word), None)


def _learnt(ticket: Ticket, facts: Facts, role: Role) -> list[Body]:
    """What is new.  A participant adds what nobody has told, and nothing of himself: the contact is the requester."""
    news = {key: value for key, value in facts.contact.items() if value and ticket.contact.get(key) != value}
    if role is Role.PARTICIPANT:
        news = {key: value for key, value in news.items() if key not in OF_THE_WRITER and not ticket.contact.get(key)}
    if not news and facts.contract in ("", ticket.contract):
        return []
    learnt: list[Body] = [ContactLearnt(news, facts.contract, list(facts.flags))]
    return learnt + (_joining(ticket, facts.partners) if facts.contract not in ("", ticket.contract) else [])


def _joining(ticket: Ticket, addresses: Iterable[str]) -> list[Body]:
    known = {*ticket.participants, ticket.requester}
    return [ParticipantAdded(address) for address in sorted({*addresses} - known)]
