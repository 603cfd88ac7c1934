"""One transaction for many mails: what each of them asks is asked for all at once, and their rows are written together.

A statement costs more than the row that it writes.  So a writing transaction keeps a `Together`: rows that nobody has
looked at yet wait in it, and go to the database with one statement for all of them.  Nobody sees the difference: what
waits is written before anything but an INSERT is executed (`write_waiting`, which `maildesk.store.database` calls), and
before the commit.  What was foreseen is kept true by whoever changes it within the transaction.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

_KEY = "maildesk.together"


@dataclass(slots=True)
class Together:
    """The rows that wait, and what was foreseen; a fact that is not in here is asked of the database."""

    rows: dict[tuple[Any, tuple[str, ...], bool], list[dict[str, Any]]] = field(default_factory=dict)
    first_with_key: dict[str, int | None] = field(default_factory=dict)
    held_against: dict[str, bool] = field(default_factory=dict)  # addresses
    answered: dict[str, bool] = field(default_factory=dict)
    spent: dict[str, dict[datetime, int]] = field(default_factory=dict)  # budgets by scope and slice


@contextmanager
def together(transaction: Connection) -> Iterator[None]:
    """Let rows wait until the block ends, and then write them; if it raises, they are forgotten."""
    info = transaction.info  # now: a connection that has been lost has none any more
    info[_KEY] = Together()
    try:
        yield
        write_waiting(transaction)
    finally:
        del info[_KEY]


def of(transaction: Connection) -> Together:
    """What a transaction of `maildesk.store.database.Database.writing` keeps; KeyError for any other."""
    kept: Together = transaction.info[_KEY]
    return kept


def write_later(
    transaction: Connection, statement: Any, rows: Iterable[dict[str, Any]], *, exact: bool = False
) -> None:
    """Execute a statement for these rows, before anybody can see that they are not there.

    ``exact``: each must change one row that is there, or `write_waiting` raises RuntimeError.
    """
    waiting = of(transaction).rows
    for row in rows:
        waiting.setdefault((statement, tuple(row), exact), []).append(row)


def write_waiting(transaction: Connection) -> None:
    """Write all that waits.  Raises RuntimeError if somebody else changed a row meanwhile: the transaction must not commit."""
    kept: Together | None = transaction.info.get(_KEY)
    if kept is None or not kept.rows:
        return
    waiting, kept.rows = kept.rows, {}
    for (statement, _, exact), rows in waiting.items():
        changed = transaction.execute(statement, rows).rowcount
        if exact and changed != len(rows):
            raise RuntimeError(f"{len(rows) - changed} rows of {statement.table.name} were changed by somebody else")
