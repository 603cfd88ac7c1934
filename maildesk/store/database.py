"""Opening the database, transactions, and the schema's version.

SQLite: WAL, synchronous=FULL, and ``BEGIN IMMEDIATE`` for every writing transaction (the driver's own mode loses
updates); one writer at a time, who in this process waits in line at a lock instead of polling the file.
PostgreSQL: READ COMMITTED; every rule that must hold between machines stands in a unique key or a row lock.
"""

import fcntl
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any, TypeVar

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, Insert, create_engine, event, inspect
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError

from maildesk.log import log
from maildesk.store.together import together, write_waiting

MIGRATIONS = Path(__file__).parent / "migrations"
BUSY_SECONDS = 10
POOL = 12
TURN_SECONDS = 0.001  # between two looks at another process' turn, which mostly takes some milliseconds
CONFLICTS = ("40P01", "40001")  # deadlock_detected, serialization_failure (PostgreSQL, Appendix A)
MOST_CONFLICTS = 4  # in a row
STATEMENT_MILLISECONDS = 60_000  # on PostgreSQL; ours take a few


Result = TypeVar("Result")


class SchemaError(Exception):
    """The database's schema is not the one this program works with; the text says what to do."""


class InUseError(Exception):
    """Another daemon works on this SQLite database."""


class Database:
    """One database.  Threads share it; each transaction has a connection of its own."""

    def __init__(self, url: str) -> None:
        self.url = make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.engine = _sqlite(self.url) if self.is_sqlite else _postgresql(self.url)
        event.listen(self.engine, "before_execute", _before)
        self._lock: int | None = None
        self._turn: Any = _Turn(f"{self.url.database}.turn") if self.is_sqlite else nullcontext()

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that may write: committed when the block ends, rolled back when it raises."""
        with self._turn, self.engine.begin() as transaction, together(transaction):
            yield transaction

    def write(self, work: Callable[[Connection], Result]) -> Result:
        """Do ``work`` in a writing transaction, and at once again where PostgreSQL ended it for the sake of another.

        Two transactions that wait for each other are no fault of the database and none of the work.
        """
        conflicts = 0
        while True:
            try:
                with self.writing() as transaction:
                    return work(transaction)
            except OperationalError as fault:
                conflicts += 1
                if conflicts > MOST_CONFLICTS or not is_conflict(fault):
                    raise
                log.warning("deadlock, tried again", fault=str(fault.orig)[:200])

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that only reads and never waits for a writer."""
        with self.engine.connect() as connection:
            reader = connection.execution_options(maildesk_reading=True)
            with reader.begin():
                yield reader

    def close(self) -> None:
        """Give back all connections, and the lock."""
        self.engine.dispose()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def lock_for_daemon(self) -> None:
        """On SQLite, keep a second daemon away for as long as this process lives.  Raises `InUseError` if there is one."""
        if not self.is_sqlite or not self.url.database:
            return
        self._lock = os.open(f"{self.url.database}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as fault:
            raise InUseError(
                f"another maildesk daemon works on {self.url.database}: stop it, or use PostgreSQL for several daemons"
            ) from fault

    def version(self) -> str | None:
        """The schema's revision; None for an empty database."""
        with self.reading() as connection:
            return MigrationContext.configure(connection).get_current_revision()

    def is_empty(self) -> bool:
        """Whether no table of anybody is in it."""
        with self.reading() as connection:
            return not inspect(connection).get_table_names()

    def upgrade(self) -> None:
        """Bring the schema to this program's revision, each step in a transaction of its own."""
        config = _alembic(self.engine)
        with self._turn:
            command.upgrade(config, "head")

    def require_current(self) -> None:
        """Raise `SchemaError` unless the schema is this program's."""
        found, wanted = self.version(), head()
        if found == wanted:
            return
        known = {script.revision for script in ScriptDirectory(str(MIGRATIONS)).walk_revisions()}
        if found is None or found in known:
            raise SchemaError(
                f"the database has schema {found or 'none'}, this maildesk needs {wanted}: "
                "stop the daemon, take a backup, then run `maildesk db upgrade`"
            )
        raise SchemaError(
            f"the database has schema {found}, which is newer than this maildesk (it knows {wanted}): "
            "install the maildesk that made it, or restore a backup from before the upgrade"
        )


def is_conflict(fault: OperationalError) -> bool:
    """Whether the database ended a transaction only because it and another could not both go on."""
    return getattr(fault.orig, "sqlstate", "") in CONFLICTS


class _Turn:
    """Whose turn it is to write, among the threads and processes of this machine: SQLite itself would make them poll."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._threads = threading.Lock()
        self._file: int | None = None

    def __enter__(self) -> None:
        deadline = time.monotonic() + BUSY_SECONDS
        if not self._threads.acquire(timeout=BUSY_SECONDS):
            raise _busy()
        try:
            if self._file is None:
                self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            self._wait_for_file(self._file, deadline)
        except BaseException:
            self._threads.release()
            raise

    def _wait_for_file(self, file: int, deadline: float) -> None:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise _busy() from None
                time.sleep(TURN_SECONDS)
            else:
                return

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            fcntl.flock(self._file, fcntl.LOCK_UN)
        self._threads.release()


def _busy() -> OperationalError:
    fault = TimeoutError(f"no turn to write within {BUSY_SECONDS} seconds: another writer holds the database")
    return OperationalError("BEGIN IMMEDIATE", None, fault)


def head() -> str:
    """The revision that this program works with."""
    return str(ScriptDirectory(str(MIGRATIONS)).get_current_head())


def _alembic(engine: Engine) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["engine"] = engine
    return config


def _sqlite(url: Any) -> Engine:
    if url.database:
        folder = Path(url.database).parent
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _make_private(Path(url.database))
    connect = {"timeout": BUSY_SECONDS, "check_same_thread": False, "isolation_level": None}
    engine = create_engine(url, connect_args=connect, pool_size=POOL, max_overflow=POOL, hide_parameters=True)
    event.listen(engine, "connect", _pragmas)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _make_private(path: Path) -> None:
    """Customers' mail is nobody else's business on a shared machine: SQLite copies this mode to its WAL."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))


def _pragmas(connection: Any, _: Any) -> None:
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "temp_store=MEMORY", "cache_size=-32000"):
        connection.execute(f"PRAGMA {pragma}")


def _before(connection: Connection, statement: Any, *_: Any) -> None:
    if not isinstance(statement, Insert):  # which sees no other row
        write_waiting(connection)


def _begin_sqlite(connection: Connection) -> None:
    reading = connection.get_execution_options().get("maildesk_reading")
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


def _postgresql(url: Any) -> Engine:
    connect = {
        "connect_timeout": BUSY_SECONDS,
        "tcp_user_timeout": BUSY_SECONDS * 1000,  # a server that has gone silent is away, not slow
        "keepalives_idle": BUSY_SECONDS,
        "options": f"-c statement_timeout={STATEMENT_MILLISECONDS} -c lock_timeout={BUSY_SECONDS * 1000}",
    }
    return create_engine(
        url, pool_size=POOL, max_overflow=POOL, pool_pre_ping=True, connect_args=connect, hide_parameters=True
    )
