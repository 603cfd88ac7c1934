"""INSERT ... ON CONFLICT, which both databases have and SQLAlchemy spells by dialect."""

from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


def insert_for(transaction: Connection, table: Table) -> Any:
    """The dialect's INSERT, with ``on_conflict_do_nothing`` and ``on_conflict_do_update``."""
    return sqlite.insert(table) if transaction.dialect.name == "sqlite" else postgresql.insert(table)


def insert_new(transaction: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    """Insert the rows that are not there yet; what is there stays as it is."""
    if rows:
        transaction.execute(insert_for(transaction, table).on_conflict_do_nothing(), rows)
