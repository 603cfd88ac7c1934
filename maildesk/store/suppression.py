"""Addresses that scheduled mail no longer goes to: dead by two days of permanent failures, or by a complaint."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, select, update

from maildesk.store.schema import suppression
from maildesk.store.together import of
from maildesk.store.upsert import insert_new

_AMONG = select(suppression.c.address).where(suppression.c.address.in_(bindparam("wanted", expanding=True)))
_FORGET = delete(suppression).where(suppression.c.address == bindparam("wanted"))


def failed(transaction: Connection, address: str, now: datetime, reason: str) -> bool:
    """Note a permanent failure.  True if the address is muted: it failed on an earlier day too."""
    key, today = address.lower(), now.date().isoformat()
    of(transaction).held_against[key] = True
    insert_new(transaction, suppression, [{"address": key, "first_failure_on": today, "reason": reason}])
    later_day = (suppression.c.address == key) & (suppression.c.first_failure_on < today)
    transaction.execute(
        update(suppression).where(later_day, suppression.c.muted_at.is_(None)).values(muted_at=now, reason=reason)
    )
    return is_muted(transaction, key)


def complained(transaction: Connection, address: str, now: datetime, reason: str) -> None:
    """Its owner called our mail a nuisance: mute it at once."""
    key = address.lower()
    of(transaction).held_against[key] = True
    insert_new(
        transaction, suppression, [{"address": key, "first_failure_on": now.date().isoformat(), "reason": reason}]
    )
    transaction.execute(update(suppression).where(suppression.c.address == key).values(muted_at=now, reason=reason))


def alive(transaction: Connection, address: str) -> None:
    """Mail came from it: whatever we held against it is forgotten."""
    key, known = address.lower(), of(transaction).held_against
    if known.get(key, True):
        transaction.execute(_FORGET, {"wanted": key})
        known[key] = False


def foresee(transaction: Connection, addresses: Iterable[str]) -> None:
    """Ask at once against which of these addresses (in lower case) something is held."""
    wanted = set(addresses)
    found = set(transaction.scalars(_AMONG, {"wanted": list(wanted)})) if wanted else set()
    of(transaction).held_against.update({address: address in found for address in wanted})


def is_muted(transaction: Connection, address: str) -> bool:
    """Whether scheduled mail to it is to be left out."""
    query = select(suppression.c.muted_at).where(suppression.c.address == address.lower())
    return transaction.scalar(query) is not None
