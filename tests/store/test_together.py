"""Rows that are written together: nobody sees that they waited, and a fault takes all of them with it."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, insert, select

from maildesk.store import budget, suppression
from maildesk.store.budget import Budget
from maildesk.store.database import Database
from maildesk.store.schema import suppression as addresses
from maildesk.store.together import of, write_later

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
COUNT = select(func.count()).select_from(addresses)
INSERT = insert(addresses)
MUTE = addresses.update().where(addresses.c.address == "nobody@a.test").values(muted_at=NOW)


def row(address: str) -> dict[str, str]:
    return {"address": address, "first_failure_on": "2026-11-23", "reason": ""}


def test_rows_that_wait_are_there_for_whoever_looks(database: Database) -> None:
    with database.writing() as transaction:
        write_later(transaction, INSERT, [row("a@a.test")])
        write_later(transaction, INSERT, [row("b@a.test")])
        assert of(transaction).rows
        assert transaction.scalar(COUNT) == 2
        assert not of(transaction).rows
        write_later(transaction, INSERT, [row("c@a.test")])
    with database.reading() as transaction:
        assert transaction.scalar(COUNT) == 3


def test_a_block_that_raises_writes_nothing_and_leaves_nothing_for_the_next(database: Database) -> None:
    with pytest.raises(KeyError), database.writing() as transaction:
        write_later(transaction, INSERT, [row("a@a.test")])
        raise KeyError
    with database.writing() as transaction:
        assert transaction.scalar(COUNT) == 0


def test_a_row_that_is_not_there_to_be_changed_stops_the_commit(database: Database) -> None:
    with pytest.raises(RuntimeError, match="somebody else"), database.writing() as transaction:
        write_later(transaction, INSERT, [row("a@a.test")])
        write_later(transaction, MUTE, [{}], exact=True)
    with database.reading() as transaction:
        assert transaction.scalar(COUNT) == 0


def test_only_a_writing_transaction_keeps_rows(database: Database) -> None:
    with database.reading() as transaction, pytest.raises(KeyError):
        write_later(transaction, INSERT, [row("a@a.test")])


def test_what_was_foreseen_is_kept_true(database: Database) -> None:
    mine, ours = Budget("address:a", 2, HOUR, ""), Budget("domain:a", 3, HOUR, "")
    with database.writing() as transaction:
        assert budget.take(transaction, [mine, ours], NOW) is None
    with database.writing() as transaction:
        budget.foresee(transaction, [mine, ours], NOW)
        assert [budget.take(transaction, [mine, ours], NOW) for _ in range(2)] == [None, mine]
        assert [budget.take(transaction, [ours], NOW) for _ in range(2)] == [None, ours]
        suppression.foresee(transaction, ["a@a.test"])
        suppression.failed(transaction, "a@a.test", NOW, "550")
        suppression.alive(transaction, "a@a.test")
        assert not suppression.failed(transaction, "a@a.test", NOW + timedelta(days=1), "550")
    with database.writing() as transaction:
        assert budget.take(transaction, [ours], NOW) is ours
