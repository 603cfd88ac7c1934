"""Finished mail on its way out.  One row is one recipient; its dedup key says a thing once, its Message-ID never changes.

A row is claimed in the same transaction that settles the one before it, so a connection has at most one mail in the air.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, Row, Update, bindparam, func, insert, literal_column, select, update

from maildesk.store import leases
from maildesk.store.schema import attempt, outbox
from maildesk.store.together import of
from maildesk.store.types import UtcDateTime
from maildesk.store.upsert import insert_for

URGENCIES = (0, 1)
UNFINISHED = ("queued", "sending")
GIVEN = ("sent", "sending")  # a report can be quicker than our own note that the relay has taken the mail


@dataclass(frozen=True, slots=True)
class Finished:
    """A mail ready to be queued."""

    dedup: str
    notice: str
    recipient: str
    reverse_path: str
    message_id: str
    subject: str
    octets: bytes = field(repr=False)
    ticket: int | None = None
    inbound: int | None = None
    urgency: int = 0
    held: str = ""  # why it waits for a person
    step: str = ""  # which of the procedure it is
    due_at: datetime | None = None  # when that was due
    not_before: datetime | None = None  # its reader may not be reached earlier


@dataclass(frozen=True, slots=True)
class Claimed:
    """A mail to be sent now by whoever claimed it.  ``attempts`` counts this one."""

    id: int
    ticket: int | None
    notice: str
    recipient: str
    reverse_path: str
    subject: str
    octets: bytes = field(repr=False)
    attempts: int
    since: datetime  # its five days begin: as it was made, or at a person's retry
    retries: int  # by a person


def queue(transaction: Connection, mail: Finished, now: datetime) -> bool:
    """Queue a mail.  False if its dedup key is there already: it is not said again."""
    made = transaction.scalar(_queue(transaction.dialect.name), _row(mail, now)) is not None
    if made and not mail.held:
        of(transaction).answered[mail.recipient] = True
    return made


@cache
def _queue(dialect: str) -> Any:
    return insert_for(dialect, outbox).on_conflict_do_nothing(index_elements=["dedup"]).returning(outbox.c.id)


def _row(mail: Finished, now: datetime) -> dict[str, Any]:
    return {
        "dedup": mail.dedup,
        "ticket": mail.ticket,
        "inbound": mail.inbound,
        "notice": mail.notice,
        "recipient": mail.recipient,
        "reverse_path": mail.reverse_path,
        "message_id": mail.message_id,
        "subject": mail.subject,
        "octets": mail.octets,
        "urgency": mail.urgency,
        "state": "held" if mail.held else "queued",
        "reason": mail.held,
        "attempts": 0,
        "step": mail.step or None,
        "due_at": mail.due_at,
        "created_at": now,
        "next_attempt_at": mail.not_before or now,
        "retries": 0,
    }


_HELD_BACK = (
    select(outbox.c.id)
    .where(
        outbox.c.recipient == bindparam("address"),
        outbox.c.state == literal_column("'held'"),  # as the index of held mails says it: a parameter would not do
        outbox.c.notice == "acknowledgement",
    )
    .limit(1)
)


def is_held_back(transaction: Connection, address: str) -> bool:
    """Whether an acknowledgement to this address waits for a person, since a budget was used up."""
    return transaction.scalar(_HELD_BACK, {"address": address}) is not None


def call_off(transaction: Connection, ticket: int, notices: Collection[str], now: datetime, reason: str) -> None:
    """Notices that still wait for their readers' hours are not sent: what they tell is out of date."""
    transaction.execute(_put_off(ticket, now).where(outbox.c.notice.in_(notices)).values(state="held", reason=reason))


def hasten(transaction: Connection, ticket: int, now: datetime) -> None:
    """Notices that wait for their readers' hours are sent now."""
    transaction.execute(_put_off(ticket, now).values(next_attempt_at=now))


def _put_off(ticket: int, now: datetime) -> Update:
    return update(outbox).where(
        outbox.c.ticket == ticket, outbox.c.state == "queued", outbox.c.attempts == 0, outbox.c.next_attempt_at > now
    )


_SINCE = func.coalesce(outbox.c.retried_at, outbox.c.created_at)


def claim(transaction: Connection, me: str, now: datetime, count: int) -> list[Claimed]:
    """Claim mails that are due: urgent ones first, and never one while an older one waits for the same person and ticket."""
    found: list[Claimed] = []
    for urgency in URGENCIES:
        if len(found) < count:
            asked = {"now": now, "wanted_urgency": urgency, "count": count - len(found)}
            found += [Claimed(*row) for row in transaction.execute(_DUE, asked)]
    if found:
        transaction.execute(_CLAIM, [{"mail": mail.id, "me": me, "attempts": mail.attempts} for mail in found])
    return found


def _due() -> Any:
    older = outbox.alias("older")
    before = (
        select(older.c.id)
        .where(
            older.c.state.in_(UNFINISHED),
            older.c.recipient == outbox.c.recipient,
            older.c.ticket == outbox.c.ticket,  # mails of no ticket wait for nobody
            older.c.id < outbox.c.id,
        )
        .correlate(outbox)
    )
    wanted = (
        outbox.c.id, outbox.c.ticket, outbox.c.notice, outbox.c.recipient, outbox.c.reverse_path,
        outbox.c.subject, outbox.c.octets, outbox.c.attempts + 1, _SINCE, outbox.c.retries,
    )  # fmt: skip
    return (
        select(*wanted)
        .where(
            outbox.c.state == "queued",
            outbox.c.urgency == bindparam("wanted_urgency"),
            outbox.c.next_attempt_at <= bindparam("now", type_=UtcDateTime),
            ~before.exists(),
        )
        .order_by(outbox.c.next_attempt_at, outbox.c.id)
        .limit(bindparam("count"))
        .with_for_update(skip_locked=True, of=outbox)
    )


_DUE = _due()
_CLAIM = (
    update(outbox)
    .where(outbox.c.id == bindparam("mail"))
    .values(state="sending", claimed_by=bindparam("me"), attempts=bindparam("attempts"))
)


_RECORD = insert(attempt)
_SETTLE = update(outbox).where(
    outbox.c.id == bindparam("mail"), outbox.c.state == "sending", outbox.c.claimed_by == bindparam("me")
)


def record(transaction: Connection, id_: int, at: datetime, outcome: str, code: int | None, text: str) -> None:
    """Write down what became of an attempt, or what a report said of it later."""
    transaction.execute(_RECORD, {"outbox": id_, "at": at, "outcome": outcome, "code": code, "text": text})


def settle(transaction: Connection, id_: int, me: str, **values: Any) -> bool:
    """Give up a claim with a new state.  False if it is no longer ours (it was released as dead and somebody repeats it)."""
    return transaction.execute(_SETTLE, {"mail": id_, "me": me, "claimed_by": None, **values}).rowcount == 1


def unclaim(transaction: Connection, me: str, in_hand: Sequence[int]) -> None:
    """Put back, as untried, what a daemon claimed but never got in hand: its database went away at the commit."""
    lost = (outbox.c.state == "sending") & (outbox.c.claimed_by == me) & outbox.c.id.not_in(in_hand)
    put_back = {"state": "queued", "claimed_by": None, "attempts": outbox.c.attempts - 1}
    transaction.execute(update(outbox).where(lost).values(put_back))


def mark_failed(transaction: Connection, id_: int, reason: str) -> bool:
    """A report said that a mail did not arrive.  False if it was not sent, or is known to have failed."""
    sent = (outbox.c.id == id_) & outbox.c.state.in_(GIVEN)
    return (
        transaction.execute(update(outbox).where(sent).values(state="failed", reason=reason, claimed_by=None)).rowcount
        == 1
    )


def orphans(transaction: Connection, now: datetime) -> list[Row[Any]]:
    """Mails claimed by daemons that no longer renew their lease: nobody knows whether they were sent."""
    alive = leases.living(transaction, now)
    return list(
        transaction.execute(
            select(outbox.c.id, outbox.c.attempts, _SINCE.label("since"), outbox.c.claimed_by).where(
                outbox.c.state == "sending", outbox.c.claimed_by.not_in(alive)
            )
        )
    )


def retry(transaction: Connection, id_: int, now: datetime) -> bool:
    """Send a held or failed mail now, on a person's word.  False if it is neither."""
    result = transaction.execute(
        update(outbox)
        .where(outbox.c.id == id_, outbox.c.state.in_(("held", "failed", "queued")))
        .values(state="queued", reason="", next_attempt_at=now, retries=outbox.c.retries + 1, retried_at=now)
    )
    return result.rowcount == 1


def by_message_id(transaction: Connection, message_id: str) -> Row[Any] | None:
    """The mail that was sent under a Message-ID."""
    return transaction.execute(select(outbox).where(outbox.c.message_id == message_id)).one_or_none()


def of_events(transaction: Connection, ticket: int, first: int, last: int) -> list[str]:
    """The mails that a range of a ticket's events made, in words: their keys name the event."""
    rows = transaction.execute(
        select(outbox.c.dedup, outbox.c.notice, outbox.c.recipient)
        .where(outbox.c.ticket == ticket)
        .order_by(outbox.c.id)
    )
    ours = {f"{ticket}:{seq}" for seq in range(first, last + 1)}
    return [f"{row.notice} to {row.recipient}" for row in rows if ":".join(row.dedup.split(":")[1:3]) in ours]


def newest_sent(transaction: Connection, ticket: int | None, recipient: str) -> Row[Any] | None:
    """The newest mail of a ticket that was sent to a recipient (compared without case)."""
    to_him = func.lower(outbox.c.recipient) == recipient.lower()
    rows = select(outbox).where(outbox.c.ticket == ticket, to_him, outbox.c.state.in_(GIVEN))
    return transaction.execute(rows.order_by(outbox.c.id.desc()).limit(1)).one_or_none()


def recipients(transaction: Connection, ticket: int | None) -> list[str]:
    """Everybody who was sent something of a ticket."""
    return list(transaction.scalars(select(outbox.c.recipient).where(outbox.c.ticket == ticket).distinct()))


def sent_texts(
    transaction: Connection, ticket: int, recipient: str, limit: int = 5, most_octets: int = 300_000
) -> list[bytes]:
    """The newest mails of a ticket to a recipient, whole; those with large attachments are left out."""
    rows = (
        select(outbox.c.octets)
        .where(
            outbox.c.ticket == ticket,
            func.lower(outbox.c.recipient) == recipient.lower(),
            func.length(outbox.c.octets) <= most_octets,
        )
        .order_by(outbox.c.id.desc())
        .limit(limit)
    )
    return [bytes(octets) for octets in transaction.scalars(rows)]


def is_told(transaction: Connection, dedup: str) -> bool:
    """Whether a mail with this dedup key was ever queued."""
    return transaction.scalar(select(outbox.c.id).where(outbox.c.dedup == dedup)) is not None


def get(transaction: Connection, id_: int) -> Row[Any] | None:
    """One row, whole."""
    return transaction.execute(select(outbox).where(outbox.c.id == id_)).one_or_none()


def attempts(transaction: Connection, id_: int) -> list[Row[Any]]:
    """The history of a mail's attempts."""
    return list(transaction.execute(select(attempt).where(attempt.c.outbox == id_).order_by(attempt.c.id)))


def listed(transaction: Connection, *, state: str = "", ticket: int | None = None, limit: int = 50) -> list[Row[Any]]:
    """The newest mails, for people; without octets."""
    columns = [column for column in outbox.c if column.name != "octets"]
    query = select(*columns).order_by(outbox.c.id.desc()).limit(limit)
    if state:
        query = query.where(outbox.c.state == state)
    if ticket is not None:
        query = query.where(outbox.c.ticket == ticket)
    return list(transaction.execute(query))
