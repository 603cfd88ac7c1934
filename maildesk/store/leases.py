"""Leases: one holder at a time, for a limited time.  A daemon's own lease says that it lives."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, or_, select, update

from maildesk.store.schema import inbound, lease
from maildesk.store.upsert import insert_for

DAEMON = "daemon:"


def take(transaction: Connection, name: str, holder: str, now: datetime, seconds: float) -> bool:
    """Take or renew a lease.  False while somebody else holds it."""
    expires_at = now + timedelta(seconds=seconds)
    insert: Any = insert_for(transaction.dialect.name, lease).values(name=name, holder=holder, expires_at=expires_at)
    taken = insert.on_conflict_do_update(
        index_elements=["name"],
        set_={"holder": holder, "expires_at": expires_at},
        where=or_(lease.c.holder == holder, lease.c.expires_at <= now),
    ).returning(lease.c.name)
    return transaction.scalar(taken) is not None


def give_back(transaction: Connection, holder: str) -> None:
    """Give back everything that a daemon holds, as it stops."""
    transaction.execute(delete(lease).where(lease.c.holder == holder))


def end_others(transaction: Connection, holder: str) -> None:
    """End all leases but one holder's: he knows that he is alone."""
    transaction.execute(delete(lease).where(lease.c.holder != holder))


def free_claims(transaction: Connection, now: datetime) -> int:
    """Put mails back in line whose daemon no longer lives.  Returns how many."""
    alive = select(lease.c.holder).where(lease.c.name.startswith(DAEMON), lease.c.expires_at > now)
    freed = (
        update(inbound)
        .where(inbound.c.state == "received", inbound.c.claimed_by.is_not(None), inbound.c.claimed_by.not_in(alive))
        .values(claimed_by=None)
    )
    return transaction.execute(freed).rowcount
