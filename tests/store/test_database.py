"""Transactions, types and the schema's version, on both databases."""

import stat
import threading
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, insert, select, text, update
from sqlalchemy.exc import OperationalError, StatementError
from structlog.testing import capture_logs

from maildesk.store.database import MOST_CONFLICTS, Database, InUseError, SchemaError, head
from maildesk.store.schema import lease, metadata, raw_mail, signing_key, ticket

NOW = datetime(2026, 11, 23, 18, 30, 1, 5, tzinfo=UTC)


def row(**values: object) -> dict[str, object]:
    return {
        "status": "open", "priority": "P3", "team": "support", "requester": "bob@acme.example", "requester_name": "",
        "owed": True, "subject": "", "contact": {}, "course": {}, "opened_at": NOW, "version": 1,
        "participants": [], **values,
    }  # fmt: skip


@pytest.mark.parametrize("sqlstate", ["40P01", "40001"])
def test_what_postgresql_ends_for_the_sake_of_another_is_done_again(postgresql: Database, sqlstate: str) -> None:
    tries: list[int] = []

    def work(transaction: Connection) -> str:
        tries.append(1)
        transaction.execute(insert(raw_mail), {"sha256": "x", "octets": b"", "size": 0})
        if len(tries) == 1:
            transaction.execute(text(f"DO $$ BEGIN RAISE EXCEPTION 'conflict' USING ERRCODE = '{sqlstate}'; END $$"))
        return "done"

    with capture_logs() as said:
        assert postgresql.write(work) == "done"
    assert tries == [1, 1]
    assert [line["event"] for line in said] == ["deadlock, tried again"]


@pytest.mark.parametrize(("sqlstate", "times"), [("40P01", 1 + MOST_CONFLICTS), ("57P01", 1)])
def test_conflicts_without_end_are_raised_and_other_faults_at_once(
    postgresql: Database, sqlstate: str, times: int
) -> None:
    tries: list[int] = []

    def work(transaction: Connection) -> None:
        tries.append(1)
        transaction.execute(text(f"DO $$ BEGIN RAISE EXCEPTION 'trouble' USING ERRCODE = '{sqlstate}'; END $$"))

    with pytest.raises(OperationalError, match="trouble"):
        postgresql.write(work)
    assert len(tries) == times


def test_the_migrations_make_the_model(database: Database) -> None:
    with database.reading() as transaction:
        context = MigrationContext.configure(transaction, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_an_upgrade_of_a_current_schema_changes_nothing(database: Database) -> None:
    database.upgrade()
    assert database.version() == head()


def test_an_empty_database_is_refused_with_what_to_do(empty: Database) -> None:
    assert empty.is_empty()
    with pytest.raises(SchemaError, match=r"has schema none.*maildesk db upgrade"):
        empty.require_current()


def test_a_newer_schema_is_refused_with_what_to_do(database: Database) -> None:
    with database.writing() as transaction:
        transaction.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(SchemaError, match=r"newer than this maildesk.*restore a backup"):
        database.require_current()


def test_moments_come_back_as_they_went_in_and_in_utc(database: Database) -> None:
    there = NOW.astimezone(timezone(timedelta(hours=5, minutes=30)))
    with database.writing() as transaction:
        transaction.execute(insert(lease), {"name": "x", "holder": "y", "expires_at": there})
    with database.reading() as transaction:
        found = transaction.scalar(select(lease.c.expires_at))
    assert (found, found and found.tzinfo) == (NOW, UTC)


def test_a_moment_without_zone_is_refused(database: Database) -> None:
    naive = {"name": "x", "holder": "y", "expires_at": NOW.replace(tzinfo=None)}
    with pytest.raises(StatementError, match="without zone"), database.writing() as transaction:
        transaction.execute(insert(lease), naive)


def test_what_postgresql_refuses_is_stripped(database: Database) -> None:
    with database.writing() as transaction:
        transaction.execute(insert(ticket), row(subject="a\x00b\ud800c\U0001f600", contact={"name": "x\x00\udfff"}))
    with database.reading() as transaction:
        assert transaction.scalar(select(ticket.c.subject)) == "abc\U0001f600"


def test_octets_come_back_as_they_went_in(database: Database) -> None:
    octets = bytes(range(256)) * 40
    with database.writing() as transaction:
        transaction.execute(insert(raw_mail), {"sha256": "x", "octets": octets, "size": len(octets)})
    with database.reading() as transaction:
        assert bytes(transaction.scalar(select(raw_mail.c.octets)) or b"") == octets


def test_a_transaction_that_raises_leaves_nothing(database: Database) -> None:
    with pytest.raises(ZeroDivisionError), database.writing() as transaction:
        transaction.execute(insert(lease), {"name": "x", "holder": "y", "expires_at": NOW})
        1 / 0  # noqa: B018
    with database.reading() as transaction:
        assert transaction.execute(select(lease)).all() == []


def test_ticket_numbers_begin_at_1001_and_are_never_reused(database: Database) -> None:
    opened = insert(ticket).returning(ticket.c.number)
    with database.writing() as transaction:
        first = transaction.scalar(opened, row())
        second = transaction.scalar(opened, row())
    with database.writing() as transaction:
        transaction.execute(text("DELETE FROM ticket"))
    with database.writing() as transaction:
        third = transaction.scalar(opened, row())
    assert (first, second, third) == (1001, 1002, 1003)


def test_no_update_is_lost_between_threads_and_connections(url: str) -> None:
    """The driver's own transactions end this at some number below 100 (design: measured traps)."""
    one, other = Database(url), Database(url)
    one.upgrade()
    with one.writing() as transaction:
        transaction.execute(insert(signing_key), {"id": 1, "secret": b"", "created_at": NOW, "last_used_at": NOW})
        transaction.execute(insert(ticket), row(version=0))
    faults: list[Exception] = []

    def count(database: Database) -> None:
        try:
            for _ in range(25):
                with database.writing() as transaction:
                    version = transaction.scalar(select(ticket.c.version).with_for_update()) or 0
                    transaction.execute(update(ticket).values(version=version + 1))
        except Exception as fault:  # noqa: BLE001 - told by the assertion below
            faults.append(fault)

    threads = [threading.Thread(target=count, args=(database,)) for database in (one, one, other, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    with one.reading() as transaction:
        assert (faults, transaction.scalar(select(ticket.c.version))) == ([], 100)
    one.close()
    other.close()


def test_a_reader_does_not_wait_for_a_writer(database: Database) -> None:
    with database.writing() as transaction:
        transaction.execute(insert(lease), {"name": "x", "holder": "y", "expires_at": NOW})
        with database.reading() as reader:
            assert reader.execute(select(lease)).all() == []


def test_sqlite_keeps_customers_mail_to_itself_and_commits_to_the_disk(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/new/desk.db")
    database.upgrade()
    with database.writing() as transaction:
        modes = (
            transaction.execute(text("PRAGMA journal_mode")).scalar(),
            transaction.execute(text("PRAGMA synchronous")).scalar(),
        )
        files = {file.name: stat.S_IMODE(file.stat().st_mode) for file in (tmp_path / "new").iterdir()}
    database.close()
    assert modes == ("wal", 2)  # 2: FULL
    assert set(files.values()) == {0o600}, files
    assert {"desk.db", "desk.db-wal"} <= set(files)


def test_a_second_daemon_on_sqlite_is_refused(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/desk.db"
    first, second = Database(url), Database(url)
    first.lock_for_daemon()
    with pytest.raises(InUseError, match="another maildesk daemon"):
        second.lock_for_daemon()
    first.close()
    second.lock_for_daemon()
    second.close()
