"""Leases: one holder at a time, for a limited time.  A daemon's own lease says that it lives.

On PostgreSQL they are kept by the database's clock alone: the clocks of several machines never agree, and a machine
that is ahead would take the others for dead and repeat what they are sending.  An SQLite database has one machine,
whose clock is handed in as ``now``.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, delete, func, literal, or_, select, update

from maildesk.store.schema import inbound, lease
from maildesk.store.types import UtcDateTime
from maildesk.store.upsert import insert_for

DAEMON = "daemon:"


def take(transaction: Connection, name: str, holder: str, now: datetime, seconds: float) -> bool:
    """Take or renew a lease.  False while somebody else holds it."""
    moment = _moment(transaction, now)
    expires_at = _moment(transaction, now, timedelta(seconds=seconds))
    insert: Any = insert_for(transaction.dialect.name, lease).values(name=name, holder=holder, expires_at=expires_at)
    taken = insert.on_conflict_do_update(
        index_elements=["name"],
        set_={"holder": holder, "expires_at": expires_at},
        where=or_(lease.c.holder == holder, lease.c.expires_at <= moment),
    ).returning(lease.c.name)
    return transaction.scalar(taken) is not None


def _moment(transaction: Connection, now: datetime, later: timedelta = timedelta()) -> ColumnElement[Any]:
    """``later`` than now, by the clock that leases are kept by; on PostgreSQL, than when the transaction began."""
    if transaction.dialect.name == "postgresql":
        return func.now() + later
    return literal(now + later, UtcDateTime)


def give_back(transaction: Connection, holder: str) -> None:
    """Give back everything that a daemon holds, as it stops."""
    transaction.execute(delete(lease).where(lease.c.holder == holder))


def end_others(transaction: Connection, holder: str) -> None:
    """End all leases but one holder's: he knows that he is alone."""
    transaction.execute(delete(lease).where(lease.c.holder != holder))


def living(transaction: Connection, now: datetime) -> Select[Any]:
    """Asks for the daemons that live."""
    lasts = lease.c.expires_at > _moment(transaction, now)
    return select(lease.c.holder).where(lease.c.name.startswith(DAEMON), lasts)


def free_claims(transaction: Connection, now: datetime) -> int:
    """Put mails back in line whose daemon no longer lives.  Returns how many."""
    dead = inbound.c.claimed_by.is_not(None) & inbound.c.claimed_by.not_in(living(transaction, now))
    freed = update(inbound).where(inbound.c.state == "received", dead).values(claimed_by=None)
    return transaction.execute(freed).rowcount
