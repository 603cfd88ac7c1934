"""Tickets, their event logs and the ids of their mails: events and the folded row change in one transaction."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from maildesk.desk.events import Body, Event, Opened, from_json, to_json
from maildesk.desk.ticket import Ticket, apply, fold
from maildesk.store.schema import event, message_ref, participant, ticket
from maildesk.store.upsert import insert_new

_COLUMNS = (
    "status", "priority", "team", "requester", "requester_name", "owed", "contract",
    "subject", "opened_at", "version", "assignee", "contact",
)  # fmt: skip


def open_ticket(transaction: Connection, body: Opened, actor: str, inbound: int | None, at: datetime) -> Ticket:
    """A new ticket with its first event.  Its number is the database's own count: never reused."""
    entry = Event(1, at, actor, inbound, body)
    draft = apply(0, None, entry)
    number = transaction.scalar(insert(ticket).values(_row(draft)).returning(ticket.c.number))
    made = apply(int(number or 0), None, entry)
    _append(transaction, made.number, [entry])
    return made


def append(
    transaction: Connection, current: Ticket, bodies: Sequence[Body], actor: str, inbound: int | None, at: datetime
) -> Ticket:
    """Append events and save the fold.  Raises RuntimeError if the ticket changed meanwhile: the transaction must not commit."""
    entries = [Event(current.version + n, at, actor, inbound, body) for n, body in enumerate(bodies, 1)]
    changed = current
    for entry in entries:
        changed = apply(current.number, changed, entry)
    _append(transaction, current.number, entries)
    guard = (ticket.c.number == current.number) & (ticket.c.version == current.version)
    if transaction.execute(update(ticket).where(guard).values(_row(changed))).rowcount != 1:
        raise RuntimeError(f"ticket {current.number} was changed by somebody else")
    return changed


def _append(transaction: Connection, number: int, entries: Sequence[Event]) -> None:
    if not entries:
        return
    rows = [
        {
            "ticket": number,
            "seq": e.seq,
            "kind": e.kind,
            "at": e.at,
            "actor": e.actor,
            "inbound": e.inbound,
            "body": to_json(e.body),
        }
        for e in entries
    ]
    transaction.execute(insert(event), rows)


def _row(made: Ticket) -> dict[str, Any]:
    return {name: getattr(made, name) for name in _COLUMNS}


def get(transaction: Connection, number: int, *, for_update: bool = False) -> Ticket | None:
    """A ticket by its number."""
    query = select(ticket).where(ticket.c.number == number)
    row = transaction.execute(query.with_for_update() if for_update else query).one_or_none()
    return _ticket(row) if row else None


def _ticket(row: Row[Any]) -> Ticket:
    return Ticket(number=row.number, **{name: getattr(row, name) for name in _COLUMNS})


def log(transaction: Connection, number: int) -> list[Event]:
    """A ticket's events, oldest first."""
    rows = transaction.execute(select(event).where(event.c.ticket == number).order_by(event.c.seq))
    return [Event(row.seq, row.at, row.actor, row.inbound, from_json(row.kind, row.body)) for row in rows]


def refolded(transaction: Connection, number: int) -> Ticket:
    """The ticket as its log alone has it.  Raises ValueError or KeyError where the log is damaged."""
    return fold(number, log(transaction, number))


def participants(transaction: Connection, number: int) -> frozenset[str]:
    """Addresses that staff or the register added, in lower case."""
    return frozenset(transaction.scalars(select(participant.c.address).where(participant.c.ticket == number)))


def add_participants(transaction: Connection, number: int, addresses: Iterable[str]) -> None:
    """Add addresses (in lower case) that are not yet on the ticket."""
    rows = [{"ticket": number, "address": address} for address in sorted(set(addresses))]
    insert_new(transaction, participant, rows)


def know_message(transaction: Connection, message_id: str, number: int) -> None:
    """Remember that a mail with this id belongs to a ticket."""
    if message_id:
        insert_new(transaction, message_ref, [{"message_id": message_id, "ticket": number}])


def by_messages(transaction: Connection, message_ids: Sequence[str]) -> int | None:
    """The ticket of the first of these ids that belongs to exactly one; an id that several share proves nothing."""
    if not message_ids:
        return None
    found = select(message_ref.c.message_id, func.min(message_ref.c.ticket), func.count()).where(
        message_ref.c.message_id.in_(message_ids)
    )
    tickets = {row[0]: row[1] for row in transaction.execute(found.group_by(message_ref.c.message_id)) if row[2] == 1}
    return next((tickets[message_id] for message_id in message_ids if message_id in tickets), None)


def has_opened(transaction: Connection, address: str) -> bool:
    """Whether an address (lower case) has been a requester before."""
    return transaction.scalar(select(ticket.c.number).where(ticket.c.requester == address).limit(1)) is not None


def listed(transaction: Connection, *, status: str = "", limit: int = 50) -> list[Ticket]:
    """The newest tickets, for people."""
    query = select(ticket).order_by(ticket.c.number.desc()).limit(limit)
    if status:
        query = query.where(ticket.c.status == status)
    return [_ticket(row) for row in transaction.execute(query)]


def numbers(transaction: Connection, after: int, limit: int) -> list[int]:
    """The next ticket numbers after one, for a walk over all."""
    return list(
        transaction.scalars(
            select(ticket.c.number).where(ticket.c.number > after).order_by(ticket.c.number).limit(limit)
        )
    )
