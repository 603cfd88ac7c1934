"""The ledger of service credits [Procedure 10]: appended, never changed; and the tickets that may have hours of a month.

That a month is proposed and approved once for each contract is a unique key.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Row, and_, exists, insert, or_, select, update

from maildesk.desk.events import Event, from_json
from maildesk.desk.statement import CORRECTION, DECISIONS, LINE, Entry
from maildesk.store import bookmarks
from maildesk.store.schema import bookmark, credit, event, ticket
from maildesk.store.upsert import insert_for, insert_new

BOOKMARK = "credits"  # the newest month whose statements were made
STREAM = {"yield_per": 500}  # events held at a time
_NUMBERS = ("hours", "fee", "uncut", "amount")
_ORDER = credit.c.id


@dataclass(frozen=True, slots=True)
class Log:
    """A ticket that may have hours, with all of its events; none where they cannot be read (`maildesk check --tickets`)."""

    ticket: int
    contract: str
    events: tuple[Event, ...]


def logs(transaction: Connection, start: datetime, end: datetime) -> Iterator[Log]:
    """The tickets opened before ``end`` that were not over before ``start``, in order of their numbers; streamed."""
    newest = event.alias("newest")
    last = exists().where(newest.c.ticket == ticket.c.number, newest.c.seq == ticket.c.version, newest.c.at >= start)
    wanted = and_(ticket.c.opened_at < end, or_(ticket.c.status.not_in(("closed", "merged")), last))
    query = (
        select(ticket.c.number, ticket.c.contract, event)
        .join(event, event.c.ticket == ticket.c.number)
        .where(wanted)
        .order_by(event.c.ticket, event.c.seq)
    )
    rows = transaction.execute(query, execution_options=STREAM)
    for number, group in groupby(rows, key=lambda row: row.number):
        entries = list(group)
        yield Log(number, entries[0].contract or "", _events(entries))


def append(transaction: Connection, entries: Sequence[Entry]) -> None:
    """Add lines and corrections."""
    if entries:
        transaction.execute(insert(credit), [_row(entry) for entry in entries])


def decide(transaction: Connection, entry: Entry) -> bool:
    """Add a decision.  False where it was made before: a month is proposed and approved once."""
    new = insert_for(transaction.dialect.name, credit).on_conflict_do_nothing().returning(credit.c.id)
    return transaction.scalar(new, _row(entry)) is not None


def statement(transaction: Connection, contract: str, month: str) -> list[Entry]:
    """Everything that stands in a contract's statement of a month, in the order in which it was written."""
    query = select(credit).where(credit.c.contract == contract, credit.c.month == month).order_by(_ORDER)
    return [_entry(row) for row in transaction.execute(query)]


def of_month(transaction: Connection, contract: str, month: str) -> list[Entry]:
    """The lines and corrections for a contract's hours of a month, in whichever statement they stand."""
    query = select(credit).where(credit.c.contract == contract, credit.c.of_month == month).order_by(_ORDER)
    return [_entry(row) for row in transaction.execute(query)]


def stated_since(transaction: Connection, month: str) -> list[Entry]:
    """The lines and corrections for all hours of a month and later ones."""
    query = select(credit).where(credit.c.kind.in_((LINE, CORRECTION)), credit.c.of_month >= month).order_by(_ORDER)
    return [_entry(row) for row in transaction.execute(query)]


def decisions_since(transaction: Connection, month: str) -> list[Entry]:
    """What was decided of the statements of a month and later ones."""
    query = select(credit).where(credit.c.kind.in_(DECISIONS), credit.c.month >= month).order_by(_ORDER)
    return [_entry(row) for row in transaction.execute(query)]


def contracts(transaction: Connection, month: str) -> list[str]:
    """The contracts of which the ledger holds anything in the statement of a month."""
    return sorted(transaction.scalars(select(credit.c.contract).where(credit.c.month == month).distinct()))


def subjects(transaction: Connection, numbers: Sequence[int]) -> dict[int, str]:
    """The subjects of tickets."""
    query = select(ticket.c.number, ticket.c.subject).where(ticket.c.number.in_(numbers))
    return {row.number: row.subject for row in transaction.execute(query)}


def last_month(transaction: Connection) -> str:
    """The newest month whose statements were made; "" for none."""
    return bookmarks.get(transaction, BOOKMARK)


def rules_of(transaction: Connection, month: str) -> str:
    """The version of the rules by which the statements of a month were made; "" where none were."""
    return bookmarks.get(transaction, f"{BOOKMARK} {month}")


def take_month(transaction: Connection, before: str, month: str, rules: str) -> bool:
    """Mark the statements of a month as made, after ``before``.  False where another daemon has done it meanwhile."""
    insert_new(transaction, bookmark, [{"name": BOOKMARK, "value": before}])
    taken = update(bookmark).where(bookmark.c.name == BOOKMARK, bookmark.c.value == before).values(value=month)
    if transaction.execute(taken).rowcount != 1:
        return False
    bookmarks.put(transaction, f"{BOOKMARK} {month}", rules)
    return True


def _events(rows: Sequence[Row[Any]]) -> tuple[Event, ...]:
    try:
        return tuple(Event(row.seq, row.at, row.actor, row.inbound, from_json(row.kind, row.body)) for row in rows)
    except (KeyError, TypeError, ValueError):  # one damaged log keeps no other ticket's customer from his due
        return ()


def _row(entry: Entry) -> dict[str, Any]:
    return {
        "contract": entry.contract,
        "month": entry.month,
        "kind": entry.kind,
        "ticket": entry.ticket,
        "of_month": entry.of_month,
        "hours": _text(entry.hours),
        "fee": _text(entry.fee),
        "uncut": _text(entry.uncut),
        "amount": _text(entry.amount),
        "currency": entry.currency,
        "words": entry.words,
        "derivation": list(entry.derivation),
        "actor": entry.actor,
        "at": entry.at,
    }


def _entry(row: Row[Any]) -> Entry:
    return Entry(
        contract=row.contract,
        month=row.month,
        kind=row.kind,
        actor=row.actor,
        at=row.at,
        words=row.words,
        ticket=row.ticket,
        of_month=row.of_month,
        hours=_decimal(row.hours) or Decimal(0),
        fee=_decimal(row.fee),
        uncut=_decimal(row.uncut),
        amount=_decimal(row.amount),
        currency=row.currency or "",
        derivation=tuple(row.derivation),
    )


def _text(value: Decimal | None) -> str | None:
    return None if value is None else f"{value:f}"


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
