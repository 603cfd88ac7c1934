"""The secrets that sign our ids.  They live in the database: one backup, all machines."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, insert, select, update

from maildesk.store.schema import signing_key

VERIFIES_FOR = timedelta(days=400)
SECRET_OCTETS = 32


@dataclass(frozen=True, slots=True)
class Key:
    """What may be said of a key; the secret is not."""

    number: int
    created_at: datetime
    last_used_at: datetime  # it verifies for 400 days after that


def valid(transaction: Connection, now: datetime) -> dict[int, bytes]:
    """Key number to secret, of all that still verify; the highest number signs."""
    rows = transaction.execute(select(signing_key).where(signing_key.c.last_used_at > now - VERIFIES_FOR))
    return {row.id: bytes(row.secret) for row in rows}


def add(transaction: Connection, secret: bytes, now: datetime) -> int:
    """A new key, which signs from now on."""
    number = (transaction.scalar(select(func.max(signing_key.c.id))) or 0) + 1
    transaction.execute(insert(signing_key), {"id": number, "secret": secret, "created_at": now, "last_used_at": now})
    return number


def used(transaction: Connection, number: int, now: datetime) -> None:
    """Note that a key still signs."""
    transaction.execute(update(signing_key).where(signing_key.c.id == number).values(last_used_at=now))


def rotate(transaction: Connection, secret: bytes, now: datetime) -> int:
    """A new key.  The one before is used until now, so that what it has signed verifies for as long as promised."""
    before = max(valid(transaction, now), default=None)
    if before is not None:
        used(transaction, before, now)
    return add(transaction, secret, now)


def listed(transaction: Connection, now: datetime) -> list[Key]:
    """The keys that still verify, the oldest first."""
    good = select(signing_key).where(signing_key.c.last_used_at > now - VERIFIES_FOR).order_by(signing_key.c.id)
    return [Key(row.id, row.created_at, row.last_used_at) for row in transaction.execute(good)]
