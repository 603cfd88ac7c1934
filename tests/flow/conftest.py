"""Each test of the flow runs on SQLite and on PostgreSQL: the same rules, the same rows."""

import itertools
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from sqlalchemy import create_engine

from maildesk.store.database import Database
from maildesk.store.schema import metadata
from tests.rig.desk import NOW, Clock, DeskUnderTest

OpenDesk = Callable[..., DeskUnderTest]


@pytest.fixture(autouse=True)
def _plain_log() -> Iterator[None]:
    """The log without structlog's own tracebacks, which take seconds each."""
    renderer = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[structlog.processors.add_log_level, renderer], cache_logger_on_first_use=False)
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with the current schema, to be copied: migrating costs more than most tests."""
    file = tmp_path_factory.mktemp("migrated") / "desk.db"
    _upgrade(f"sqlite:///{file}")
    return file


@pytest.fixture(scope="session")
def _emptied(_postgres_of_this_process: Any) -> Callable[[int], str]:
    """The URL of the n-th PostgreSQL database of this process, with the current schema and nothing in it.

    Emptying one takes a tenth of making one.
    """
    urls: list[str] = []

    def nth(number: int) -> str:
        if number == len(urls):
            urls.append(_postgres_of_this_process.fresh_database())
            _upgrade(urls[number])
        engine = create_engine(urls[number])
        with engine.begin() as connection:
            tables = ", ".join(metadata.tables)
            connection.exec_driver_sql(f"TRUNCATE {tables} RESTART IDENTITY")
        engine.dispose()
        return urls[number]

    return nth


def _upgrade(url: str) -> None:
    database = Database(url)
    database.upgrade()
    database.close()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.real)])
def fresh_url(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], str]:
    """Makes empty databases with the current schema, of one engine after the other."""
    made = itertools.count()
    if request.param == "sqlite":
        file: Path = request.getfixturevalue("migrated")
        return lambda: f"sqlite:///{shutil.copy(file, tmp_path / f'desk{next(made)}.db')}"
    request.getfixturevalue("postgres")
    emptied: Callable[[int], str] = request.getfixturevalue("_emptied")
    return lambda: emptied(next(made))


@pytest.fixture
def open_desk(fresh_url: Callable[[], str], tmp_path: Path) -> Iterator[OpenDesk]:
    """``open_desk(settings, now=...)``: a desk of its own; what must always hold is proved as the test ends."""
    desks: list[DeskUnderTest] = []

    def begin(changes: dict[str, Any] | None = None, now: Any = NOW) -> DeskUnderTest:
        desks.append(DeskUnderTest(tmp_path / f"desk{len(desks)}", fresh_url(), Clock(now), changes))
        return desks[-1]

    yield begin
    for made in desks:
        made.prove()
        made.close()


@pytest.fixture
def desk(open_desk: OpenDesk) -> DeskUnderTest:
    """The desk of the firm as it stands."""
    return open_desk()
