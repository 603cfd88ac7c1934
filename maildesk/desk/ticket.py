"""The ticket: what its events add up to.  The stored row is this fold, saved in the same transaction as the events."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from maildesk.desk import course
from maildesk.desk.course import Course, Status
from maildesk.desk.events import (
    Absorbed,
    Answered,
    Body,
    ContactLearnt,
    ContractSet,
    Event,
    HandedOver,
    MergedInto,
    Opened,
    OwnerSet,
    ParticipantAdded,
    ParticipantRemoved,
    PrioritySet,
    RequesterSet,
)


@dataclass(frozen=True, slots=True)
class Ticket:
    """The state of one ticket."""

    number: int
    status: str
    priority: str
    team: str
    requester: str
    requester_name: str
    owed: bool
    contract: str
    subject: str
    opened_at: datetime
    version: int  # the seq of the last event
    course: Course
    assignee: str = ""
    contact: Mapping[str, Any] = field(default_factory=dict)
    participants: list[str] = field(default_factory=list)  # in lower case and in order; never the requester
    merged_into: int | None = None

    @property
    def state(self) -> Status:
        """Its status."""
        return self.course.now.status


def apply(number: int, ticket: Ticket | None, event: Event) -> Ticket:
    """The ticket after one more event.  Raises ValueError where the log does not begin with ``opened``."""
    body = event.body
    if isinstance(body, Opened):
        return _opened(number, event, body)
    if ticket is None:
        raise ValueError(f"ticket {number}: its log begins with {event.kind}, not with opened")
    went_on = course.go_on(ticket.course, event)
    changed = replace(ticket, version=event.seq, course=went_on, status=str(went_on.now.status))
    return _changed(changed, body)


def fold(number: int, events: Iterable[Event]) -> Ticket:
    """The ticket that a whole log adds up to.  Raises ValueError for an empty log."""
    ticket: Ticket | None = None
    for event in events:
        ticket = apply(number, ticket, event)
    if ticket is None:
        raise ValueError(f"ticket {number}: its log is empty")
    return ticket


def _changed(ticket: Ticket, body: Body) -> Ticket:
    match body:
        case Answered():  # whoever a person writes to is owed the rest, a robot's sender too (mail-rules)
            return replace(ticket, owed=bool(ticket.requester))
        case ContactLearnt():
            learnt = {**ticket.contact, **body.contact}
            return replace(ticket, contact=learnt, contract=body.contract or ticket.contract)
        case PrioritySet():
            return replace(ticket, priority=body.priority)
        case HandedOver():
            return replace(ticket, team=body.team)
        case OwnerSet():
            return replace(ticket, assignee=body.owner)
    return _parties(ticket, body)


def _parties(ticket: Ticket, body: Body) -> Ticket:  # noqa: PLR0911 (a table)
    """Who takes part, by which contract, and as which ticket it goes on."""
    match body:
        case ParticipantAdded():
            return _with(ticket, [body.address])
        case ParticipantRemoved():
            return replace(ticket, participants=[who for who in ticket.participants if who != body.address])
        case RequesterSet():
            changed = replace(ticket, requester=body.requester, requester_name=body.requester_name, owed=body.owed)
            return _with(replace(changed, contact=dict(body.contact)))
        case ContractSet():
            return replace(ticket, contract=body.contract)
        case Absorbed():
            return _with(ticket, body.participants)
        case MergedInto():
            return replace(ticket, merged_into=body.ticket)
    return ticket


def _with(ticket: Ticket, more: Iterable[str] = ()) -> Ticket:
    return replace(ticket, participants=sorted({*ticket.participants, *more} - {ticket.requester}))


def _opened(number: int, event: Event, body: Opened) -> Ticket:
    return Ticket(
        number=number,
        status=str(Status.OPEN),
        priority=body.priority,
        team=body.team,
        requester=body.requester,
        requester_name=body.requester_name,
        owed=body.owed,
        contract=body.contract,
        subject=body.subject,
        opened_at=datetime.fromisoformat(body.opened_at),
        version=event.seq,
        course=course.begin(body),
        contact=dict(body.contact),
        participants=sorted({*body.participants} - {body.requester}),
    )
