"""INSERT ... ON CONFLICT, which both databases have and SQLAlchemy spells by dialect."""

from functools import cache
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

from maildesk.store.together import write_later


def insert_for(dialect: str, table: Table) -> Any:
    """The dialect's INSERT, with ``on_conflict_do_nothing`` and ``on_conflict_do_update``."""
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)


def insert_new_later(transaction: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    """As `insert_new`, together with the rows of others (`maildesk.store.together`)."""
    write_later(transaction, _insert_new(table, transaction.dialect.name), rows)


def insert_new(transaction: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    """Insert the rows that are not there yet; what is there stays as it is."""
    if rows:
        transaction.execute(_insert_new(table, transaction.dialect.name), rows)


@cache
def _insert_new(table: Table, dialect: str) -> Any:
    """Built once for each table: making a statement costs more than running it."""
    return insert_for(dialect, table).on_conflict_do_nothing()
