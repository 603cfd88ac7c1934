"""A private PostgreSQL: a cluster of its own on a UNIX socket, run as an unprivileged user."""

import itertools
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from tests.rig.ports import wait_until
from tests.rig.server import User, kill, private_directory, start, stop, unprivileged
from tests.rig.skip import POSTGRES_PROGRAMS

_OWNER = "maildesk"


class Postgres:
    """One server.  `stop`, `start` and `kill` make an outage; what was committed is there again after `start`."""

    def __init__(self, directory: Path, user: User, fsync: bool = False) -> None:
        self.directory = directory
        self._user = user
        self._fsync = fsync
        self._numbers = itertools.count(1)
        self._process: subprocess.Popen[bytes] | None = None

    def create(self) -> None:
        """Make the cluster."""
        command = ["-D", "data", "-U", _OWNER, "--auth=trust", "--no-sync", "--no-instructions", "-E", "UTF8"]
        process = start(
            [POSTGRES_PROGRAMS / "initdb", *command, "--locale=C"], self._user, self.directory / "initdb.log"
        )
        if process.wait(60):
            raise OSError((self.directory / "initdb.log").read_text())

    def start(self) -> None:
        """Start, or start again, and return when it answers."""
        if self.running:
            return
        durable = "on" if self._fsync else "off"
        options = {
            "listen_addresses": "",
            "unix_socket_directories": self.directory,
            "fsync": durable,
            "full_page_writes": durable,
            "shared_buffers": "32MB",
            "max_connections": "100",
            "max_wal_size": "256MB",
        }
        arguments = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        self._process = start(
            [POSTGRES_PROGRAMS / "postgres", "-D", "data", *arguments],
            self._user,
            self.directory / "postgres.log",
            end="QUIT",
        )
        wait_until(self._answers, f"PostgreSQL does not answer: {self.log}")

    def stop(self) -> None:
        """End it in good order; clients lose their connections ("fast shutdown")."""
        if self._process:
            stop(self._process, signal.SIGINT)
            self._process = None

    def kill(self) -> None:
        """``kill -9`` of the server with all its processes."""
        if self._process:
            kill(self._process)
            self._process = None

    @property
    def running(self) -> bool:
        """Whether the server process is there."""
        return self._process is not None and self._process.poll() is None

    @property
    def log(self) -> str:
        """What the server wrote."""
        path = self.directory / "postgres.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def fresh_database(self) -> str:
        """Make an empty database; its SQLAlchemy URL."""
        name = f"desk{next(self._numbers)}"
        with psycopg.connect(self._conninfo("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return f"postgresql+psycopg://{_OWNER}@/{name}?host={self.directory}"

    def _conninfo(self, database: str) -> str:
        return f"host={self.directory} user={_OWNER} dbname={database} connect_timeout=5"

    def _answers(self) -> bool:
        if not self.running:
            raise OSError(f"PostgreSQL ended at once: {self.log}")
        try:
            psycopg.connect(self._conninfo("postgres")).close()
        except psycopg.OperationalError:
            return False
        return True


@contextmanager
def running_postgres(fsync: bool = False) -> Iterator[Postgres]:
    """A server for as long as the block lasts."""
    user = unprivileged("postgres")
    with private_directory(user) as directory:
        server = Postgres(directory, user, fsync)
        server.create()
        try:
            server.start()
            yield server
        finally:
            server.kill()
