"""The ticket: what its events add up to.  The stored row is this fold, saved in the same transaction as the events."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from maildesk.desk.events import ContactLearnt, Event, Opened


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
    assignee: str = ""
    contact: Mapping[str, Any] = field(default_factory=dict)


def apply(number: int, ticket: Ticket | None, event: Event) -> Ticket:
    """The ticket after one more event.  Raises ValueError where the log does not begin with ``opened``."""
    body = event.body
    if isinstance(body, Opened):
        return _opened(number, event, body)
    if ticket is None:
        raise ValueError(f"ticket {number}: its log begins with {event.kind}, not with opened")
    if isinstance(body, ContactLearnt):
        learnt = {**ticket.contact, **body.contact}
        ticket = replace(ticket, contact=learnt, contract=body.contract or ticket.contract)
    return replace(ticket, version=event.seq)


def fold(number: int, events: Iterable[Event]) -> Ticket:
    """The ticket that a whole log adds up to.  Raises ValueError for an empty log."""
    ticket: Ticket | None = None
    for event in events:
        ticket = apply(number, ticket, event)
    if ticket is None:
        raise ValueError(f"ticket {number}: its log is empty")
    return ticket


def _opened(number: int, event: Event, body: Opened) -> Ticket:
    return Ticket(
        number=number,
        status="open",
        priority=body.priority,
        team=body.team,
        requester=body.requester,
        requester_name=body.requester_name,
        owed=body.owed,
        contract=body.contract,
        subject=body.subject,
        opened_at=datetime.fromisoformat(body.opened_at),
        version=event.seq,
        contact=dict(body.contact),
    )
