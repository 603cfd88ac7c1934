"""Mail that came in: kept before it is acknowledged, claimed, and finished exactly once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, func, insert, select, update

from maildesk.read.header import read_field
from maildesk.read.mail import Envelope
from maildesk.read.message_id import message_ids
from maildesk.receive.incoming import Incoming
from maildesk.store.schema import inbound, raw_mail
from maildesk.store.together import of, write_later
from maildesk.store.types import UtcDateTime
from maildesk.store.upsert import insert_new

AT_ONCE = datetime(1970, 1, 1, tzinfo=UTC)  # not when it was received: a mailbox's clock may stand in the future


@dataclass(frozen=True, slots=True)
class Waiting:
    """A received mail, claimed for processing.  ``attempts`` counts this one."""

    id: int
    raw: str
    octets: bytes = field(repr=False)
    envelope: Envelope
    attempts: int
    waits_until: datetime | None = None  # for the mail that it answers, at most
    forced: bool = False  # a person has said that it is taken in


def keep(transaction: Connection, mails: Sequence[Incoming]) -> list[int]:
    """Keep mails as received.  A mail that lies here already under the same IMAP cursor is not kept again.

    Returns the ids of those that have no cursor, in order.
    """
    digests = [sha256(mail.octets).hexdigest() for mail in mails]
    raws = {digest: mail.octets for digest, mail in zip(digests, mails, strict=True)}
    insert_new(
        transaction,
        raw_mail,
        [{"sha256": digest, "octets": octets, "size": len(octets)} for digest, octets in sorted(raws.items())],
    )
    rows = [_row(mail, digest) for mail, digest in zip(mails, digests, strict=True)]
    insert_new(transaction, inbound, [row for row in rows if row["mailbox"] is not None])
    new = [row for row in rows if row["mailbox"] is None]
    return list(transaction.scalars(_KEEP, new)) if new else []


_KEEP = insert(inbound).returning(inbound.c.id, sort_by_parameter_order=True)


def _row(mail: Incoming, digest: str) -> dict[str, Any]:
    envelope = mail.envelope
    return {
        "raw": digest,
        "source": envelope.source,
        "mailbox": mail.mailbox,
        "uidvalidity": mail.uidvalidity,
        "uid": mail.uid,
        "reverse_path": envelope.reverse_path,
        "forward_paths": list(envelope.forward_paths),
        "peer": envelope.peer,
        "peer_trusted": envelope.peer_trusted,
        "received_at": envelope.received_at,
        "state": "received",
        "attempts": 0,
        "next_attempt_at": AT_ONCE,
        "forced": False,
        "message_id": next(iter(message_ids(read_field(mail.octets, b"message-id"))), None),
    }


def claim(transaction: Connection, me: str, now: datetime, count: int, octets: int) -> list[int]:
    """Claim mails that were never tried, oldest first, up to ``count`` and about ``octets``; a single larger one goes alone.

    Where there are none, one that was tried before, the least tried first: so a mail that ends the process each time
    costs no other its attempts, and none its turn.  The caller commits before it works on them: a mail that ends the
    process has then been counted as tried.
    """
    untried = _waiting(now).where(inbound.c.attempts == 0).order_by(inbound.c.id).limit(count)
    tried = _waiting(now).where(inbound.c.attempts > 0).order_by(inbound.c.attempts, inbound.c.id).limit(1)
    ids = _within(transaction.execute(untried), octets) or _within(transaction.execute(tried), octets)
    if ids:
        mine = update(inbound).where(inbound.c.id.in_(ids)).values(claimed_by=me, attempts=inbound.c.attempts + 1)
        transaction.execute(mine)
    return ids


def _waiting(now: datetime) -> Select[Any]:
    return (
        select(inbound.c.id, raw_mail.c.size)
        .join(raw_mail, raw_mail.c.sha256 == inbound.c.raw)
        .where(inbound.c.state == "received", inbound.c.claimed_by.is_(None), inbound.c.next_attempt_at <= now)
        .with_for_update(skip_locked=True, of=inbound)
    )


def _within(rows: Iterable[Row[Any]], octets: int) -> list[int]:
    ids: list[int] = []
    for row in rows:
        octets -= row.size
        if ids and octets < 0:
            break
        ids.append(row.id)
    return ids


def load(transaction: Connection, ids: Iterable[int]) -> list[Waiting]:
    """The mails with their octets, in order of arrival."""
    rows = transaction.execute(
        select(inbound, raw_mail.c.octets)
        .join(raw_mail, raw_mail.c.sha256 == inbound.c.raw)
        .where(inbound.c.id.in_(list(ids)))
        .order_by(inbound.c.id)
    )
    return [
        Waiting(row.id, row.raw, row.octets, _envelope(row), row.attempts, row.waits_until, row.forced) for row in rows
    ]


def _envelope(row: Row[Any]) -> Envelope:
    return Envelope(row.source, row.received_at, row.reverse_path, tuple(row.forward_paths), row.peer, row.peer_trusted)


def release(transaction: Connection, id_: int, next_attempt_at: datetime, reason: str) -> None:
    """Give a claimed mail back, to be tried again."""
    transaction.execute(
        update(inbound)
        .where(inbound.c.id == id_, inbound.c.state == "received")
        .values(claimed_by=None, next_attempt_at=next_attempt_at, reason=reason)
    )


_AWAITED = (
    select(inbound.c.id)
    .where(
        inbound.c.message_id.in_(bindparam("ids", expanding=True)),
        inbound.c.state + "" == "received",  # not by the index of states, which may hold a long backlog
        inbound.c.id != bindparam("mail"),
    )
    .limit(1)
)


def awaited(transaction: Connection, message_ids: Sequence[str], id_: int) -> int | None:
    """Another mail with one of these Message-IDs that is kept and not processed."""
    return transaction.scalar(_AWAITED, {"ids": list(message_ids), "mail": id_})


def wait(transaction: Connection, id_: int, next_attempt_at: datetime, waits_until: datetime, reason: str) -> None:
    """Give a claimed mail back, as untried, until the mail that it answers is processed."""
    waiting = {"claimed_by": None, "attempts": inbound.c.attempts - 1, "reason": reason}
    until = func.coalesce(inbound.c.waits_until, bindparam("until", waits_until, UtcDateTime))
    transaction.execute(
        update(inbound)
        .where(inbound.c.id == id_, inbound.c.state == "received")
        .values(next_attempt_at=next_attempt_at, waits_until=until, **waiting)
    )


def unclaim(transaction: Connection, me: str) -> None:
    """Put back, as untried, what a daemon claimed before its database went away."""
    mine = (inbound.c.state == "received") & (inbound.c.claimed_by == me)
    transaction.execute(update(inbound).where(mine).values(claimed_by=None, attempts=inbound.c.attempts - 1))


_FINISH = update(inbound).where(inbound.c.id == bindparam("mail"), inbound.c.state == "received")
_WITH_KEYS = select(inbound.c.content_key, inbound.c.id).where(
    inbound.c.content_key.in_(bindparam("keys", expanding=True))
)


def finish(transaction: Connection, id_: int, state: str, **facts: Any) -> None:
    """Mark a claimed mail done or held.  If somebody else finished it, the transaction raises RuntimeError and does not commit."""
    write_later(transaction, _FINISH, [{"mail": id_, "state": state, "claimed_by": None, **facts}], exact=True)
    if key := facts.get("content_key"):
        of(transaction).first_with_key[key] = id_


def obeyed(transaction: Connection, id_: int, reason: str, ticket: int | None, explanation: Sequence[str]) -> None:
    """A held mail was done after all, on the word of its writer."""
    kept = update(inbound).where(inbound.c.id == id_, inbound.c.state == "held")
    transaction.execute(kept.values(state="done", reason=reason, ticket=ticket, explanation=list(explanation)))


def retry(transaction: Connection, id_: int, now: datetime) -> bool:
    """Put a held mail back in line, as never tried, to be taken in on a person's word.  False if it is not held."""
    result = transaction.execute(
        update(inbound)
        .where(inbound.c.id == id_, inbound.c.state == "held")
        .values(state="received", attempts=0, next_attempt_at=now, claimed_by=None, content_key=None, forced=True)
    )
    return result.rowcount == 1


_WITH_KEY = select(inbound.c.id).where(inbound.c.content_key == bindparam("key"))


def first_with_key(transaction: Connection, key: str) -> int | None:
    """The mail that holds a content key."""
    known = of(transaction).first_with_key
    return known[key] if key in known else transaction.scalar(_WITH_KEY, {"key": key})


def foresee(transaction: Connection, keys: Iterable[str]) -> None:
    """Ask at once which mails hold these content keys."""
    wanted = set(keys)
    rows = transaction.execute(_WITH_KEYS, {"keys": list(wanted)}).all() if wanted else []
    found = {row.content_key: row.id for row in rows}
    of(transaction).first_with_key.update({key: found.get(key) for key in wanted})


_TURN = select(func.pg_advisory_xact_lock(bindparam("key")))
_SAME_BYTES = (
    select(inbound.c.id)
    .where(
        inbound.c.content_key.between(bindparam("first"), bindparam("last")),
        inbound.c.received_at > bindparam("since", type_=UtcDateTime),
        inbound.c.received_at < bindparam("until", type_=UtcDateTime),
        inbound.c.id != bindparam("mail"),
    )
    .order_by(inbound.c.id)
    .limit(1)
)


def same_bytes(transaction: Connection, prefix: str, id_: int, since: datetime, until: datetime) -> int | None:
    """A mail received between these moments whose content key has this prefix: the same bytes.

    No unique key can say "within a day", so on PostgreSQL such mails take turns until their transactions end.
    """
    if transaction.dialect.name == "postgresql":
        transaction.execute(_TURN, {"key": int.from_bytes(sha256(prefix.encode()).digest()[:8], signed=True)})
    asked = {"first": f"{prefix}:", "last": f"{prefix};", "since": since, "until": until, "mail": id_}
    return transaction.scalar(_SAME_BYTES, asked)


def get(transaction: Connection, id_: int) -> Row[Any] | None:
    """One mail's row, without its octets."""
    return transaction.execute(select(inbound).where(inbound.c.id == id_)).one_or_none()


def of_ticket(transaction: Connection, message_id: str, ticket: int) -> int | None:
    """The mail of a ticket that has this Message-ID, the first if several have."""
    query = select(func.min(inbound.c.id)).where(inbound.c.message_id == message_id, inbound.c.ticket == ticket)
    found: int | None = transaction.scalar(query)
    return found


def listed(transaction: Connection, *, state: str = "", kind: str = "", limit: int = 50) -> list[Row[Any]]:
    """The newest mails, for people."""
    query = select(inbound).order_by(inbound.c.id.desc()).limit(limit)
    if state:
        query = query.where(inbound.c.state == state)
    if kind:
        query = query.where(inbound.c.kind == kind)
    return list(transaction.execute(query))


def with_subject(transaction: Connection, part: str, limit: int = 20) -> list[int]:
    """The newest mails with these words in the subject."""
    found = select(inbound.c.id).where(inbound.c.subject.contains(part, autoescape=True))
    return list(transaction.scalars(found.order_by(inbound.c.id.desc()).limit(limit)))


def octets(transaction: Connection, raw: str) -> bytes:
    """The bytes as they came in."""
    return bytes(transaction.scalar(select(raw_mail.c.octets).where(raw_mail.c.sha256 == raw)) or b"")
