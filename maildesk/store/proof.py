"""What must hold between the tables, asked of the whole database in bounded memory; each finding is a sentence.

The sentences hold numbers and states only, never strangers' text.  The caller gives one snapshot (a transaction that
does not see what others commit meanwhile), so that a desk at work makes no false finding.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import fields
from datetime import datetime
from hashlib import sha256
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Row, Select, Text, and_, func, or_, select, type_coerce

from maildesk.desk import course
from maildesk.desk.events import Event, Opened, from_json
from maildesk.desk.policy import Policy
from maildesk.desk.ticket import Ticket, fold
from maildesk.desk.timers import next_due
from maildesk.read.classify import Kind
from maildesk.store import bookmarks, leases
from maildesk.store.schema import attempt, event, inbound, message_ref, outbox, participant, raw_mail, ticket

Step = Callable[[int], None]  # told how many tickets or raw mails were proved since it was told last

STREAM = {"yield_per": 500}  # rows held at a time
RAW_OCTETS = 8 * 1024 * 1024  # loaded at once; a single larger mail comes alone
RAW_PAGE = 500
_REPORTS = tuple(
    map(str, (Kind.BOUNCE, Kind.RECEIPT, Kind.FEEDBACK))
)  # they mark an attempt and leave no event of their own
_OPENING = tuple(str(kind) for kind in Kind if kind.opens)
_OF_A_TICKET = ("acknowledgement", "new-ticket", "joined", "transcript", "doubt", "reached", "undeliverable")


def amount(transaction: Connection) -> int:
    """How many steps the proof will take: tickets and raw mails."""
    tickets = transaction.scalar(select(func.count()).select_from(ticket)) or 0
    mails = transaction.scalar(select(func.count()).select_from(raw_mail)) or 0
    return tickets + mails


def tables(transaction: Connection, now: datetime) -> Iterator[str]:
    """What single statements find: rows without the rows that they need, and claims that nobody works on."""
    for sentence, query in (*_IN, *_OUT, *_claims(leases.living(transaction, now))):
        for row in transaction.execute(query, execution_options=STREAM).mappings():
            yield sentence.format_map(row)


# A join, not "not in": both databases then go over each table once.
_IN: tuple[tuple[str, Select[Any]], ...] = (
    (
        "mail {id}: its octets are not there",
        select(inbound.c.id).outerjoin(raw_mail, raw_mail.c.sha256 == inbound.c.raw).where(raw_mail.c.sha256.is_(None)),
    ),
    (
        "mail {id} is done, and no event of its ticket {ticket} names it",
        select(inbound.c.id, inbound.c.ticket)
        .outerjoin(event, and_(event.c.inbound == inbound.c.id, event.c.ticket == inbound.c.ticket))
        .where(
            inbound.c.state == "done",
            inbound.c.ticket.is_not(None),
            inbound.c.kind.not_in(_REPORTS),
            event.c.seq.is_(None),
        ),
    ),
    (
        "mail {id} is done and of a kind that opens a ticket ({kind}), and has none",
        select(inbound.c.id, inbound.c.kind).where(
            inbound.c.state == "done",
            inbound.c.kind.in_(_OPENING),
            inbound.c.ticket.is_(None),
            inbound.c.duplicate_of.is_(None),
        ),
    ),
    ("mail {id} is done and has no kind", select(inbound.c.id).where(inbound.c.state == "done", inbound.c.kind.is_(None))),
    (
        "event {seq} of ticket {ticket} names mail {inbound}, which is not done or of another ticket",
        select(event.c.ticket, event.c.seq, event.c.inbound)
        .outerjoin(inbound, inbound.c.id == event.c.inbound)
        .where(
            event.c.inbound.is_not(None),
            or_(
                inbound.c.state.is_distinct_from("done"),
                and_(inbound.c.ticket.is_distinct_from(event.c.ticket), event.c.kind != "opened"),  # but one split off
            ),
        ),
    ),
    (
        "mail {id} is of ticket {ticket}, and an answer to it would not be known",
        select(inbound.c.id, inbound.c.ticket)
        .outerjoin(
            message_ref,
            and_(message_ref.c.message_id == inbound.c.message_id, message_ref.c.ticket == inbound.c.ticket),
        )
        .where(
            inbound.c.state == "done",
            inbound.c.ticket.is_not(None),
            inbound.c.message_id.is_not(None),
            inbound.c.kind.not_in(_REPORTS),
            message_ref.c.ticket.is_(None),
        ),
    ),
    (
        "participants are kept for ticket {ticket}, which is not there",
        select(participant.c.ticket)
        .distinct()
        .outerjoin(ticket, ticket.c.number == participant.c.ticket)
        .where(ticket.c.number.is_(None)),
    ),
)  # fmt: skip

_OUT: tuple[tuple[str, Select[Any]], ...] = (
    (
        "outgoing mail {id} is of ticket {ticket}, which is not there",
        select(outbox.c.id, outbox.c.ticket)
        .outerjoin(ticket, ticket.c.number == outbox.c.ticket)
        .where(outbox.c.ticket.is_not(None), ticket.c.number.is_(None)),
    ),
    (
        "outgoing mail {id} ({notice}) is of no ticket",
        select(outbox.c.id, outbox.c.notice).where(outbox.c.ticket.is_(None), outbox.c.notice.in_(_OF_A_TICKET)),
    ),
    (
        "outgoing mail {id} is of ticket {ticket}, and an answer to it would not be known",
        select(outbox.c.id, outbox.c.ticket)
        .outerjoin(
            message_ref, and_(message_ref.c.message_id == outbox.c.message_id, message_ref.c.ticket == outbox.c.ticket)
        )
        .where(outbox.c.ticket.is_not(None), message_ref.c.ticket.is_(None)),
    ),
    (
        "outgoing mail {id} is marked as sent, and no attempt says so",
        select(outbox.c.id)
        .outerjoin(attempt, and_(attempt.c.outbox == outbox.c.id, attempt.c.outcome == "sent"))
        .where(outbox.c.state == "sent", attempt.c.id.is_(None)),
    ),
)


def _claims(living: Select[Any]) -> tuple[tuple[str, Select[Any]], ...]:
    """Claims end with their daemon's lease; the next daemon's housekeeping frees them."""
    return (
        (
            "mail {id} is claimed by a daemon that no longer lives",
            select(inbound.c.id).where(inbound.c.state == "received", inbound.c.claimed_by.not_in(living)),
        ),
        (
            "mail {id} is {state} and still claimed",
            select(inbound.c.id, inbound.c.state).where(
                inbound.c.state != "received", inbound.c.claimed_by.is_not(None)
            ),
        ),
        (
            "outgoing mail {id} is claimed by a daemon that no longer lives",
            select(outbox.c.id).where(
                outbox.c.state == "sending", or_(outbox.c.claimed_by.is_(None), outbox.c.claimed_by.not_in(living))
            ),
        ),
        (
            "outgoing mail {id} is {state} and still claimed",
            select(outbox.c.id, outbox.c.state).where(outbox.c.state != "sending", outbox.c.claimed_by.is_not(None)),
        ),
    )


def tickets(transaction: Connection, step: Step, policy: Policy | None) -> Iterator[str]:
    """Each ticket's row is what its events add up to, and it has the one acknowledgement that it is owed, or none.

    By the rules of ``policy``, where its next moments were derived by them, none of them is down too late.
    """
    rules = policy if policy and bookmarks.get(transaction, bookmarks.RULES) in ("", policy.version) else None
    logs, answers = _Groups(transaction.execute(_LOGS, execution_options=STREAM)), _Groups(_answers(transaction))
    parties = _Groups(transaction.execute(_PARTIES, execution_options=STREAM))
    for row in transaction.execute(select(ticket).order_by(ticket.c.number), execution_options=STREAM):
        entries = logs.of(row.number)
        people = {party.address for party in parties.of(row.number)}
        found = _of_ticket(row, entries, answers.of(row.number), people, rules)
        yield from (f"ticket {row.number}: {finding}" for finding in found)
        step(1)
    logs.of(None)
    yield from (f"there are events of ticket {number}, which is not there" for number in logs.strays)


_LOGS = select(
    event.c.ticket, event.c.seq, event.c.kind, event.c.at, event.c.actor, event.c.inbound,
    type_coerce(event.c.body, Text).label("body"),  # read ticket by ticket: a damaged one must not end the proof
).order_by(event.c.ticket, event.c.seq)  # fmt: skip


_PARTIES = select(participant.c.ticket, participant.c.address).order_by(participant.c.ticket)


def _answers(transaction: Connection) -> Any:
    query = select(outbox.c.ticket, outbox.c.recipient).where(
        outbox.c.notice == "acknowledgement", outbox.c.ticket.is_not(None)
    )
    return transaction.execute(query.order_by(outbox.c.ticket), execution_options=STREAM)


class _Groups:
    """Rows in order of their ticket, handed out ticket by ticket; ``strays`` are the tickets that nobody asked for."""

    def __init__(self, rows: Any) -> None:
        self._groups = groupby(rows, key=lambda row: row.ticket)
        self._next = next(self._groups, None)
        self.strays: list[int] = []

    def of(self, number: int | None) -> list[Row[Any]]:
        """The rows of a ticket; numbers must be asked for in ascending order, None last."""
        while self._next is not None and (number is None or self._next[0] < number):
            self.strays.append(self._next[0])
            self._next = next(self._groups, None)
        if self._next is None or self._next[0] != number:
            return []
        rows = list(self._next[1])
        self._next = next(self._groups, None)
        return rows


def _of_ticket(
    row: Row[Any], entries: list[Row[Any]], answers: list[Row[Any]], people: set[str], rules: Policy | None
) -> Iterator[str]:
    seqs = [entry.seq for entry in entries]
    if seqs != list(range(1, len(entries) + 1)):
        yield f"its {len(entries)} events are not numbered from 1 without gaps"
    try:
        events = [_event(entry) for entry in entries]
        folded = fold(row.number, events)
    except (KeyError, TypeError, ValueError) as fault:
        yield f"its log cannot be read ({type(fault).__name__})"
        return
    plain = [field.name for field in fields(Ticket) if field.name != "course"]
    differing = [name for name in plain if getattr(row, name) != getattr(folded, name)]
    differing += [] if row.course == course.to_json(folded.course) else ["course"]
    if differing:
        yield f"its row is not what its events add up to: {', '.join(differing)}"
    if people != set(folded.participants):
        yield "who is kept as its participants is not who its events add up to"
    yield from _acknowledged(events[0].body, [answer.recipient for answer in answers])
    yield from _timed(row, folded, rules) if rules else ()


def _timed(row: Row[Any], folded: Ticket, rules: Policy) -> Iterator[str]:
    """Earlier than derived is no fault: then nothing is due, and it is derived again."""
    due_at = next_due(folded, rules)
    if due_at is not None and (row.next_due_at is None or row.next_due_at > due_at):
        down = row.next_due_at.isoformat() if row.next_due_at else "never"
        yield f"time does something to it at {due_at.isoformat()}, and it is down for {down}"


def _event(entry: Row[Any]) -> Event:
    return Event(entry.seq, entry.at, entry.actor, entry.inbound, from_json(entry.kind, json.loads(entry.body)))


def _acknowledged(opened: Any, recipients: list[str]) -> Iterator[str]:
    """[Procedure 2]; mail-rules: robots and lists are owed none, and to an address beyond ASCII none can be sent."""
    owed = isinstance(opened, Opened) and opened.owed and opened.requester.isascii()
    if owed and not recipients:
        yield "its requester is owed an acknowledgement, and there is none"
    if not owed and recipients:
        yield "nobody is owed an acknowledgement, and there is one"
    if len(recipients) > 1:
        yield f"it has {len(recipients)} acknowledgements"
    if owed and any(recipient.lower() != opened.requester for recipient in recipients):
        yield "its acknowledgement goes to somebody who did not open it"


def raw_mails(transaction: Connection, step: Step) -> Iterator[str]:
    """The octets of each mail have the digest under which they are kept."""
    for digests in _raw_batches(transaction):
        query = select(raw_mail).where(raw_mail.c.sha256.in_(digests))
        for row in transaction.execute(query):
            if sha256(row.octets).hexdigest() != row.sha256 or len(row.octets) != row.size:
                yield f"raw mail {row.sha256}: its octets are not what came in"
        step(len(digests))


def _raw_batches(transaction: Connection) -> Iterator[list[str]]:
    """All digests, in batches whose octets fit in memory."""
    last = ""
    while page := _raw_page(transaction, last):
        batch: list[str] = []
        left = RAW_OCTETS
        for row in page:
            if batch and row.octets > left:
                yield batch
                batch, left = [], RAW_OCTETS
            batch.append(row.sha256)
            left -= row.octets
        yield batch
        last = page[-1].sha256


def _raw_page(transaction: Connection, last: str) -> list[Row[Any]]:
    """Digest and true length: the row's own ``size`` is to be proved."""
    query = select(raw_mail.c.sha256, func.length(raw_mail.c.octets).label("octets")).where(raw_mail.c.sha256 > last)
    return list(transaction.execute(query.order_by(raw_mail.c.sha256).limit(RAW_PAGE)))
