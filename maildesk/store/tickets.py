"""Tickets, their event logs and the ids of their mails: events and the folded row change in one transaction."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, func, insert, select, update

from maildesk.desk import course
from maildesk.desk.events import Body, Event, Opened, from_json, to_json
from maildesk.desk.policy import Policy
from maildesk.desk.ticket import Ticket, apply
from maildesk.desk.timers import next_due
from maildesk.store.schema import event, message_ref, participant, ticket
from maildesk.store.together import write_later
from maildesk.store.types import UtcDateTime
from maildesk.store.upsert import insert_new_later

_COLUMNS = (
    "status", "priority", "team", "requester", "requester_name", "owed", "contract",
    "subject", "opened_at", "version", "assignee", "contact", "participants", "merged_into",
)  # fmt: skip


_OPEN = insert(ticket).returning(ticket.c.number)
_SAVE = update(ticket).where(ticket.c.number == bindparam("at_number"), ticket.c.version == bindparam("at_version"))
_APPEND = insert(event)
_GET = select(ticket).where(ticket.c.number == bindparam("number"))
_GET_LOCKED = _GET.with_for_update()
_BY_MESSAGES = (
    select(message_ref.c.message_id, func.min(message_ref.c.ticket), func.count())
    .where(message_ref.c.message_id.in_(bindparam("ids", expanding=True)))
    .group_by(message_ref.c.message_id)
)


def open_ticket(
    transaction: Connection, body: Opened, actor: str, inbound: int | None, at: datetime, policy: Policy
) -> Ticket:
    """A new ticket with its first event.  Its number is the database's own count: never reused."""
    entry = Event(1, at, actor, inbound, body)
    draft = apply(0, None, entry)
    number = transaction.scalar(_OPEN, _row(draft, policy))
    made = apply(int(number or 0), None, entry)
    _append(transaction, made.number, [entry])
    _take_part(transaction, made.number, (), made.participants)
    return made


def append(
    transaction: Connection,
    current: Ticket,
    bodies: Sequence[Body],
    actor: str,
    inbound: int | None,
    at: datetime,
    policy: Policy,
) -> Ticket:
    """Append events and save the fold.  Raises RuntimeError if the ticket changed meanwhile: the transaction must not commit."""
    entries = [Event(current.version + n, at, actor, inbound, body) for n, body in enumerate(bodies, 1)]
    changed = current
    for entry in entries:
        changed = apply(current.number, changed, entry)
    _append(transaction, current.number, entries)
    guard = {"at_number": current.number, "at_version": current.version}
    if transaction.execute(_SAVE, _row(changed, policy) | guard).rowcount != 1:
        raise RuntimeError(f"ticket {current.number} was changed by somebody else")
    _take_part(transaction, current.number, current.participants, changed.participants)
    return changed


def _take_part(transaction: Connection, number: int, before: Sequence[str], after: Sequence[str]) -> None:
    """Keep the table of participants, by which they are looked up, as the events say."""
    gone, come = set(before) - set(after), set(after) - set(before)
    if gone:
        transaction.execute(delete(participant).where(participant.c.ticket == number, participant.c.address.in_(gone)))
    insert_new_later(transaction, participant, [{"ticket": number, "address": address} for address in sorted(come)])


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
    write_later(transaction, _APPEND, rows)


def _row(made: Ticket, policy: Policy) -> dict[str, Any]:
    plain = {name: getattr(made, name) for name in _COLUMNS}
    return {**plain, "course": course.to_json(made.course), "next_due_at": next_due(made, policy)}


def get(transaction: Connection, number: int, *, for_update: bool = False) -> Ticket | None:
    """A ticket by its number."""
    row = transaction.execute(_GET_LOCKED if for_update else _GET, {"number": number}).one_or_none()
    return _ticket(row) if row else None


def followed(transaction: Connection, number: int, *, for_update: bool = False) -> Ticket | None:
    """The ticket as which a number goes on: itself, or the last of those that it was merged into."""
    found, seen = get(transaction, number, for_update=for_update), {number}
    while found is not None and found.merged_into is not None and found.merged_into not in seen:
        seen.add(found.merged_into)
        found = get(transaction, found.merged_into, for_update=for_update)
    return found


def _ticket(row: Row[Any]) -> Ticket:
    plain = {name: getattr(row, name) for name in _COLUMNS}
    return Ticket(number=row.number, course=course.from_json(row.course), **plain)


def log(transaction: Connection, number: int) -> list[Event]:
    """A ticket's events, oldest first."""
    rows = transaction.execute(select(event).where(event.c.ticket == number).order_by(event.c.seq))
    return [Event(row.seq, row.at, row.actor, row.inbound, from_json(row.kind, row.body)) for row in rows]


def participants(transaction: Connection, number: int) -> frozenset[str]:
    """Addresses that staff or the register added, in lower case: the table that the events keep."""
    return frozenset(transaction.scalars(select(participant.c.address).where(participant.c.ticket == number)))


def know_messages(transaction: Connection, message_ids: Iterable[str], number: int) -> None:
    """Remember that mails with these ids belong to a ticket."""
    insert_new_later(transaction, message_ref, [{"message_id": id_, "ticket": number} for id_ in message_ids if id_])


def by_messages(transaction: Connection, message_ids: Sequence[str]) -> int | None:
    """The ticket of the first of these ids that belongs to exactly one; an id that several share proves nothing."""
    if not message_ids:
        return None
    found = transaction.execute(_BY_MESSAGES, {"ids": list(message_ids)})
    tickets = {message_id: number for message_id, number, count in found if count == 1}
    return next((tickets[message_id] for message_id in message_ids if message_id in tickets), None)


_DUE = (
    select(ticket)
    .where(ticket.c.next_due_at <= bindparam("now", type_=UtcDateTime))
    .order_by(ticket.c.next_due_at, ticket.c.number)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
_NEXT = select(func.min(ticket.c.next_due_at))
_DERIVE = update(ticket).where(ticket.c.number == bindparam("at_number"))


def due(transaction: Connection, now: datetime, most: int) -> list[Ticket]:
    """The tickets to which time does something by ``now``, the most overdue first; on PostgreSQL they are locked."""
    return [_ticket(row) for row in transaction.execute(_DUE, {"now": now, "most": most})]


def next_due_at(transaction: Connection) -> datetime | None:
    """When time does something to any ticket (UTC)."""
    at: datetime | None = transaction.scalar(_NEXT)
    return at


def derive(transaction: Connection, found: Sequence[Ticket], policy: Policy) -> None:
    """Work out anew when time does something to these tickets: the rules have changed."""
    rows = [{"at_number": made.number, "next_due_at": next_due(made, policy)} for made in found]
    if rows:
        transaction.execute(_DERIVE, rows)


def put_off(transaction: Connection, number: int, until: datetime) -> None:
    """Try a ticket's timers again at ``until`` only: something is wrong with them."""
    transaction.execute(_DERIVE, {"at_number": number, "next_due_at": until})


def unfinished(transaction: Connection, after: int, most: int) -> list[Ticket]:
    """The next tickets after a number for which time may have something to do, for a walk over all."""
    query = select(ticket).where(ticket.c.number > after, ticket.c.status.not_in(("closed", "merged")))
    return [_ticket(row) for row in transaction.execute(query.order_by(ticket.c.number).limit(most))]


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
