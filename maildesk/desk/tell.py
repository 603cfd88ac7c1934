"""Who is told what when a mail has made events.  Pure: events in, notices out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from maildesk.desk.course import Status
from maildesk.desk.decide import Role
from maildesk.desk.events import Body, ContactLearnt, DeliveryFailed, MailJoined, Opened, StatusSet
from maildesk.desk.notices import (
    Acknowledgement,
    Alert,
    Enclosure,
    Fact,
    Facts,
    Joined,
    NewTicket,
    Notice,
    Reached,
    Recipient,
    Undeliverable,
)
from maildesk.desk.policy import Person, Policy
from maildesk.desk.subject import clean_subject
from maildesk.desk.ticket import Ticket
from maildesk.desk.token import Purpose


@dataclass(frozen=True, slots=True)
class Writing:
    """The mail that caused the events, as staff are shown it."""

    inbound: int
    author: str
    received_at: datetime
    text: str
    facts: tuple[Fact, ...] = ()
    missing: tuple[Fact, ...] = ()
    show_values: bool = False  # whether its sender may be shown the facts' values (he is on the register)
    enclosures: tuple[Enclosure, ...] = ()
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answering:
    """Whether the writer of a mail is answered by the desk itself, and in words for staff why not."""

    wanted: bool
    words: str
    held: str = ""  # why the answer is made but waits for a person to send it


def on_opened(
    event: Opened, ticket: Ticket, writing: Writing, answering: Answering, policy: Policy, now: datetime
) -> list[Notice]:
    """The acknowledgement [Procedure 2] and, to each member of the team by himself, the new ticket."""
    notices = [_acknowledgement(ticket, writing, answering, policy, now)] if answering.wanted else []
    facts = NewTicket(
        number=policy.number(ticket.number),
        subject=ticket.subject,
        author=writing.author,
        opened_at=ticket.opened_at,
        priority=ticket.priority,
        team=_team_name(ticket, policy),
        text=writing.text,
        facts=writing.facts,
        flags=(*event.flags, *_linked(event, policy), *writing.flags),
        acknowledgement=answering.words,
        enclosures=writing.enclosures,
        priority_why=event.priority_why,
    )
    writer = ticket.requester if answering.wanted and not answering.held else ""  # the answer tells him of it
    return notices + to_team("new-ticket", ticket, policy, f"{writing.inbound}", facts, without=writer, now=now)


def _linked(event: Opened, policy: Policy) -> tuple[str, ...]:
    return (f"linked to {policy.number(event.linked)}",) if event.linked else ()


def on_joined(
    bodies: Sequence[Body], ticket: Ticket, writing: Writing, writer: Recipient, policy: Policy, now: datetime
) -> list[Notice]:
    """What a mail to an existing ticket makes: the team hears of it, its writer only where he could be mistaken."""
    notices: list[Notice] = []
    for body in bodies:
        if isinstance(body, MailJoined) and not (body.role == Role.ROBOT and body.kind == "auto-reply"):
            notices += _joined(body, ticket, writing, policy, bodies, now)
            notices += _reached(body, ticket, writer)
    return notices


def on_complaint(
    ticket: Ticket | None, address: str, subject: str, reason: str, outbox: int, policy: Policy
) -> list[Notice]:
    """A recipient called our mail a nuisance: the team of its ticket is told, the operator where it was of none."""
    title = "A recipient complained"
    facts = Alert(
        title,
        (f"{address} reported our mail as a nuisance: {subject}", reason),
        "Scheduled mail to this address has stopped; any mail from it starts it again.",
    )
    if ticket is None:
        return alert(policy, f"complaint:{outbox}", title, facts.lines, facts.remedy)
    return to_team("alert", ticket, policy, f"complaint:{outbox}", facts, without=address)


def on_undeliverable(
    event: DeliveryFailed, ticket: Ticket | None, outbox: int, retries: int, muted: bool, policy: Policy
) -> list[Notice]:
    """A mail that did not arrive: the team of its ticket is told once, the operator where it was of none.

    Whoever had it sent again (``retries``) is told of that failure too.
    """
    cause = f"{outbox}:retry {retries}" if retries else f"{outbox}"
    facts = Undeliverable(
        number=policy.number(ticket.number) if ticket else "",
        subject=ticket.subject if ticket else "",
        address=event.address,
        notice=event.notice,
        reason=event.reason,
        muted=muted,
    )
    if ticket is None:
        lines = (f"{event.notice} to {event.address}", event.reason)
        return alert(
            policy,
            f"undeliverable:{cause}",
            "A mail of the desk did not arrive",
            lines,
            "Look at `maildesk outbox list`.",
        )
    return to_team("undeliverable", ticket, policy, cause, facts, without=event.address)


def alert(policy: Policy, key: str, title: str, lines: tuple[str, ...], remedy: str) -> list[Notice]:
    """Something the operator must see; nothing where the firm has named none (the caller logs it all the same)."""
    if policy.operator is None:
        return []
    recipient = _recipient(policy.operator, Purpose.STAFF)
    return [Notice("alert", recipient, 0, f"alert:{key}", Alert(title, lines, remedy))]


def _acknowledgement(ticket: Ticket, writing: Writing, answering: Answering, policy: Policy, now: datetime) -> Notice:
    begins_at = policy.calendar.next_open(now) or now
    have = tuple(fact if writing.show_values else Fact(fact.key, fact.label) for fact in writing.facts)
    facts = Acknowledgement(
        number=policy.number(ticket.number),
        subject=clean_subject(ticket.subject, policy.ticket_prefix),
        open_now=begins_at == now,
        begins_at=begins_at,
        have=have,
        missing=writing.missing,
    )
    recipient = Recipient(
        ticket.requester, ticket.requester_name, str(policy.calendar.zone), policy.language, Purpose.CUSTOMER
    )
    return Notice(
        "acknowledgement", recipient, ticket.number, f"acknowledgement:{ticket.number}", facts, held=answering.held
    )


def _joined(
    body: MailJoined, ticket: Ticket, writing: Writing, policy: Policy, bodies: Sequence[Body], now: datetime
) -> list[Notice]:
    learnt = [body for body in bodies if isinstance(body, ContactLearnt)]
    outsider = (f"from {writing.author}, not on this ticket",) if body.role == Role.OUTSIDER else ()
    changed = {key for news in learnt for key in news.contact}
    again = tuple(
        "this opens it again" for body in bodies if isinstance(body, StatusSet) and body.status == Status.OPEN
    )
    of_contract = (flag for news in learnt for flag in news.flags)
    facts = Joined(
        number=policy.number(ticket.number),
        subject=ticket.subject,
        author=writing.author,
        role=body.role,
        received_at=writing.received_at,
        text=writing.text,
        facts=tuple(fact for fact in writing.facts if fact.key in changed),
        flags=(*outsider, *again, *of_contract, *writing.flags),
        enclosures=writing.enclosures,
    )
    return to_team("joined", ticket, policy, f"{writing.inbound}", facts, without=body.author, now=now)


def _reached(body: MailJoined, ticket: Ticket, writer: Recipient) -> list[Notice]:
    if body.role != Role.OUTSIDER or body.kind not in ("request", "empty") or not writer.address:
        return []
    return [Notice("reached", writer, ticket.number, f"reached:{ticket.number}:{writer.address.lower()}", Reached())]


def to_team(
    name: str,
    ticket: Ticket,
    policy: Policy,
    cause: str,
    facts: Facts,
    without: str = "",
    now: datetime | None = None,
) -> list[Notice]:
    """To the owner and each member by himself, ``without`` the one who has that address; to the operator if that leaves nobody.

    ``now``: it waits for its reader's hours, unless the priority says at once [Procedure 12].
    """
    concerned = dict.fromkeys((policy.at(ticket.assignee or ""), *policy.audience(ticket.team)))
    people = _others(concerned, without) or _others((policy.operator,), without)
    row = policy.priorities.get(ticket.priority)
    later = None if row and row.at_once else now
    return [
        Notice(
            name,
            _recipient(person, Purpose.STAFF),
            ticket.number,
            f"{name}:{ticket.number}:{cause}:{person.address.lower()}",
            facts,
            not_before=_waits(person, later) if later else None,
        )
        for person in people
    ]


def _waits(person: Person, now: datetime) -> datetime | None:
    reachable = person.reachable(now)
    return reachable if reachable > now else None


def _others(people: Iterable[Person | None], without: str) -> list[Person]:
    wanted = without.lower()
    return [person for person in people if person and wanted not in (address.lower() for address in person.addresses)]


def _recipient(person: Person, purpose: Purpose) -> Recipient:
    return Recipient(person.address, person.name, person.zone, person.language, purpose)


def _team_name(ticket: Ticket, policy: Policy) -> str:
    return policy.teams[ticket.team].name if ticket.team in policy.teams else ticket.team
