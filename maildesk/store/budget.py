"""How many answers went to whom: counted in slices of time, so that a budget of any size costs the same to ask for."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select

from maildesk.store.schema import auto_reply, outbox
from maildesk.store.together import of, write_later
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
_ANSWERED_AMONG = (
    select(outbox.c.recipient)
    .distinct()
    .where(outbox.c.recipient.in_(bindparam("addresses", expanding=True)), outbox.c.state != "held")
)
_ANSWERED = select(outbox.c.id).where(outbox.c.recipient == bindparam("address"), outbox.c.state != "held").limit(1)


def take(transaction: Connection, budgets: Sequence[Budget], now: datetime) -> Budget | None:
    """Count one answer in each budget, or in none: then the first that allows no more is returned."""
    spent = of(transaction).spent
    foresee(transaction, [budget for budget in budgets if _slice(now, budget) not in spent.get(budget.scope, ())], now)
    full = next((budget for budget in budgets if _spent(spent[budget.scope], budget, now) >= budget.most), None)
    if full is None:
        _count(transaction, budgets, now)
    return full


def foresee(transaction: Connection, budgets: Sequence[Budget], now: datetime) -> None:
    """Ask at once what of these budgets is spent.  It lasts as long as the transaction.

    Their slices are counted up by nothing first: so of two machines one waits for the other's end before it looks.
    """
    if not budgets:
        return
    spent, slices = of(transaction).spent, {(budget.scope, _slice(now, budget)) for budget in budgets}
    rows = [{"scope": scope, "bucket": at, "count": 0} for scope, at in sorted(slices)]
    transaction.execute(_upsert(transaction.dialect.name), rows)
    spent.update({budget.scope: {} for budget in budgets})
    for scope, at, count in transaction.execute(_SPENT, {"scopes": list({budget.scope for budget in budgets})}):
        spent[scope][at] = count


def was_answered(transaction: Connection, address: str) -> bool:
    """Whether the desk has ever sent, or is about to send, this address (in lower case) anything."""
    known = of(transaction).answered
    return known[address] if address in known else transaction.scalar(_ANSWERED, {"address": address}) is not None


def foresee_answered(transaction: Connection, addresses: Iterable[str]) -> None:
    """Ask at once which of these addresses (in lower case) were answered."""
    wanted = set(addresses)
    found = set(transaction.scalars(_ANSWERED_AMONG, {"addresses": list(wanted)})) if wanted else set()
    of(transaction).answered.update({address: address in found for address in wanted})


def _spent(slices: Mapping[datetime, int], budget: Budget, now: datetime) -> int:
    """The slice that straddles the start of a budget's window counts whole."""
    since = _slice(now, budget) - budget.window
    return sum(count for at, count in slices.items() if at >= since)


def _count(transaction: Connection, budgets: Sequence[Budget], now: datetime) -> None:
    spent, slices = of(transaction).spent, [(budget.scope, _slice(now, budget)) for budget in budgets]
    for scope, at in slices:
        spent[scope][at] += 1
    rows = [{"scope": scope, "bucket": at, "count": 1} for scope, at in slices]
    write_later(transaction, _upsert(transaction.dialect.name), rows)


@cache
def _upsert(dialect: str) -> Any:
    insert = insert_for(dialect, auto_reply)
    return insert.on_conflict_do_update(
        index_elements=["scope", "bucket"], set_={"count": auto_reply.c.count + insert.excluded.count}
    )


def forget(transaction: Connection, before: datetime) -> None:
    """Drop slices that no window reaches any more."""
    of(transaction).spent.clear()
    transaction.execute(delete(auto_reply).where(auto_reply.c.bucket < before))


def _slice(now: datetime, budget: Budget) -> datetime:
    seconds = int(budget.window.total_seconds()) // SLICES
    return datetime.fromtimestamp(int(now.timestamp()) // seconds * seconds, UTC)
