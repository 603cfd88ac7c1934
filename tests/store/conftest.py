"""The same tests on both databases."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from maildesk.store.database import Database

if TYPE_CHECKING:
    from tests.rig.postgres import Postgres


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/desk.db"
    return str(request.getfixturevalue("postgres").fresh_database())


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Database]:
    """A new database, where only SQLite is meant."""
    yield from _new(f"sqlite:///{tmp_path}/desk.db")


@pytest.fixture
def postgresql(postgres: "Postgres") -> Iterator[Database]:
    """A new database, where only PostgreSQL is meant."""
    yield from _new(postgres.fresh_database())


def _new(url: str) -> Iterator[Database]:
    database = Database(url)
    database.upgrade()
    yield database
    database.close()


@pytest.fixture
def empty(url: str) -> Iterator[Database]:
    database = Database(url)
    yield database
    database.close()


@pytest.fixture
def database(empty: Database) -> Database:
    empty.upgrade()
    return empty
