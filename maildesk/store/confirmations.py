"""What waits for a word of its writer, and which signed ids strangers have seen.  No code is kept, only its hash."""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import Connection, func, insert, select, update

from maildesk.store.schema import burned_id, confirmation
from maildesk.store.upsert import insert_new

GOOD_FOR = timedelta(minutes=60)


def ask(transaction: Connection, code: str, inbound: int, person: str, now: datetime) -> int:
    """Keep that a code was given to a person (his first address) for a stored mail; its number."""
    row = {
        "code": _hashed(code, person),
        "inbound": inbound,
        "person": person.lower(),
        "asked_at": now,
        "expires_at": now + GOOD_FOR,
    }
    made = transaction.execute(insert(confirmation), row).inserted_primary_key
    return int(made[0]) if made else 0


def is_asked(transaction: Connection, inbound: int, now: datetime) -> bool:
    """Whether a code for this mail is still good."""
    found = select(confirmation.c.id).where(confirmation.c.inbound == inbound, confirmation.c.expires_at > now)
    return transaction.scalar(found.where(confirmation.c.used_at.is_(None)).limit(1)) is not None


def asked_since(transaction: Connection, person: str, since: datetime) -> int:
    """How many codes a person has been given after that time."""
    mine = select(func.count()).where(confirmation.c.person == person.lower(), confirmation.c.asked_at > since)
    return transaction.scalar(mine) or 0


def take(transaction: Connection, code: str, person: str, now: datetime) -> int | None:
    """The stored mail that a code confirms, if this person was given it, in time and unused; from now on it is used."""
    good = (
        (confirmation.c.code == _hashed(code, person))
        & confirmation.c.used_at.is_(None)
        & (confirmation.c.expires_at > now)
    )
    taken = update(confirmation).where(good).values(used_at=now).returning(confirmation.c.inbound)
    inbound = transaction.scalar(taken)
    return None if inbound is None else int(inbound)


def burn(transaction: Connection, signed: Iterable[str], inbound: int, now: datetime) -> None:
    """People outside the firm have seen these signed ids (in lower case)."""
    rows = [{"signed": each, "inbound": inbound, "at": now} for each in dict.fromkeys(signed)]
    insert_new(transaction, burned_id, rows)


def burned_among(transaction: Connection, signed: Collection[str]) -> frozenset[str]:
    """Which of these signed ids (in lower case) are burned."""
    if not signed:
        return frozenset()
    return frozenset(transaction.scalars(select(burned_id.c.signed).where(burned_id.c.signed.in_(list(signed)))))


def _hashed(code: str, person: str) -> str:
    return sha256(f"confirm|{person.lower()}|{code.lower()}".encode()).hexdigest()
