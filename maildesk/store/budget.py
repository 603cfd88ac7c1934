"""How many answers went to whom: counted in slices of time, so that a budget of any size costs the same to ask for."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, func, select

from maildesk.store.schema import auto_reply
from maildesk.store.upsert import insert_for

SLICES = 24


def spent(transaction: Connection, scope: str, now: datetime, window: timedelta) -> int:
    """How much of a budget was spent within the window that ends now; the slice that straddles its start counts whole."""
    since = _slice(now, window) - window
    query = select(func.coalesce(func.sum(auto_reply.c.count), 0)).where(
        auto_reply.c.scope == scope, auto_reply.c.bucket >= since
    )
    return int(transaction.scalar(query) or 0)


def spend(transaction: Connection, scope: str, now: datetime, window: timedelta) -> None:
    """Count one answer."""
    insert: Any = insert_for(transaction, auto_reply).values(scope=scope, bucket=_slice(now, window), count=1)
    transaction.execute(
        insert.on_conflict_do_update(index_elements=["scope", "bucket"], set_={"count": auto_reply.c.count + 1})
    )


def forget(transaction: Connection, before: datetime) -> None:
    """Drop slices that no window reaches any more."""
    transaction.execute(delete(auto_reply).where(auto_reply.c.bucket < before))


def _slice(now: datetime, window: timedelta) -> datetime:
    seconds = int(window.total_seconds()) // SLICES
    return datetime.fromtimestamp(int(now.timestamp()) // seconds * seconds, UTC)
