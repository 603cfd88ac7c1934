"""How many answers went to whom: counted in slices of time, so that a budget of any size costs the same to ask for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select

from maildesk.store.schema import auto_reply, outbox
from maildesk.store.upsert import insert_for

SLICES = 24


@dataclass(frozen=True, slots=True)
class Budget:
    """At most ``most`` answers within any ``window`` that ends now, for one scope; ``words`` name it for staff."""

    scope: str
    most: int
    window: timedelta
    words: str


_SPENT = select(auto_reply.c.scope, auto_reply.c.bucket, auto_reply.c.count).where(
    auto_reply.c.scope.in_(bindparam("scopes", expanding=True))
)
_ANSWERED = select(outbox.c.id).where(outbox.c.recipient == bindparam("address"), outbox.c.state != "held").limit(1)


def take(transaction: Connection, budgets: Sequence[Budget], now: datetime) -> Budget | None:
    """Count one answer in each budget, or in none: then the first that allows no more is returned.

    It counts before it looks, so that of two machines one waits for the other.
    """
    _count(transaction, budgets, now, 1)
    full = _overdrawn(transaction, budgets, now)
    if full is not None:
        _count(transaction, budgets, now, -1)
    return full


def was_answered(transaction: Connection, address: str) -> bool:
    """Whether the desk has ever sent, or is about to send, this address (in lower case) anything."""
    return transaction.scalar(_ANSWERED, {"address": address}) is not None


def _overdrawn(transaction: Connection, budgets: Sequence[Budget], now: datetime) -> Budget | None:
    """The slice that straddles the start of a budget's window counts whole."""
    slices = transaction.execute(_SPENT, {"scopes": [budget.scope for budget in budgets]}).all()
    for budget in budgets:
        since = _slice(now, budget.window) - budget.window
        if sum(count for scope, at, count in slices if scope == budget.scope and at >= since) > budget.most:
            return budget
    return None


def _count(transaction: Connection, budgets: Sequence[Budget], now: datetime, change: int) -> None:
    rows = [{"scope": budget.scope, "bucket": _slice(now, budget.window), "count": change} for budget in budgets]
    if rows:
        transaction.execute(_upsert(transaction.dialect.name), rows)


@cache
def _upsert(dialect: str) -> Any:
    insert = insert_for(dialect, auto_reply)
    return insert.on_conflict_do_update(
        index_elements=["scope", "bucket"], set_={"count": auto_reply.c.count + insert.excluded.count}
    )


def forget(transaction: Connection, before: datetime) -> None:
    """Drop slices that no window reaches any more."""
    transaction.execute(delete(auto_reply).where(auto_reply.c.bucket < before))


def _slice(now: datetime, window: timedelta) -> datetime:
    seconds = int(window.total_seconds()) // SLICES
    return datetime.fromtimestamp(int(now.timestamp()) // seconds * seconds, UTC)
