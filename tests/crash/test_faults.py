"""The database fails under the desk at work: only 4xx, nobody dies, and after repair nothing is lost or twice [promise 2].

One scenario for each fault: it strikes while mails are in the air to the relay, others wait to be processed, and
others come in.
"""

import resource
import sqlite3
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from maildesk.store.schema import inbound
from tests.rig.daemon import CONNECTIONS, PATIENCE, Customers, DaemonUnderTest, account, daemon_under_test, mails_of
from tests.rig.ports import wait_until
from tests.rig.relay import Relay

if TYPE_CHECKING:
    from tests.rig.postgres import Postgres

PADDING = b"x" * 76 + b"\r\n"
Fault = Callable[[], Any]


def outlive(daemon: DaemonUnderTest, relay: Relay, strike: Fault, mend: Fault) -> None:
    """Let a fault strike the desk in every part of its work, and count after its repair."""
    gate = threading.Event()
    relay.rule("END", "250 2.0.0 taken", hold=gate)
    if not daemon.running:
        daemon.start()
    customers = [Customers(daemon.port, mails_of(4, "early"))]
    wait_until(lambda: relay.lines.count("DATA") == CONNECTIONS, "nothing is sent", PATIENCE)
    wait_until(lambda: not daemon.count(inbound, inbound.c.state == "received"), "nothing is processed", PATIENCE)
    with ExitStack() as stack:
        stack.enter_context(daemon.back_room_asleep())
        customers.append(Customers(daemon.port, mails_of(4, "waiting")))
        customers[-1].join()
        strike()
        stack.callback(gate.set)
    late = Customers(daemon.port, [octets + PADDING * 2000 for octets in mails_of(6, "late")], connections=3)
    try:
        wait_until(lambda: late.answers[451] >= 3, f"nobody is refused: {late.answers}", PATIENCE)
        for loop in ("process", "send", "house"):
            wait_until(lambda loop=loop: daemon.troubled(loop), f"{loop} has no trouble", PATIENCE)  # type: ignore[misc]
    finally:
        mend()
    daemon.wait_until_quiet([*customers, late])
    account(daemon, [*customers, late], relay)


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """A file system of its own, of 24 MB."""
    folder.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", folder], check=False, capture_output=True)
    if made.returncode:
        pytest.skip(f"a file system cannot be mounted here: {made.stderr.decode().strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def test_a_full_disk(tmp_path: Path, relay: Relay, real: Callable[..., None]) -> None:
    real("root")
    with (
        small_disk(tmp_path / "disk") as disk,
        daemon_under_test(tmp_path, f"sqlite:///{disk / 'desk.db'}", relay.port) as daemon,
    ):
        ballast = disk / "ballast"
        daemon.start()
        outlive(daemon, relay, lambda: fill(ballast), ballast.unlink)


def fill(file: Path) -> None:
    """Leave no room on a file's disk."""
    with file.open("wb", buffering=0) as ballast:
        try:
            while True:
                ballast.write(bytes(4096))
        except OSError:
            return


def test_files_that_may_not_grow(embedded: DaemonUnderTest, relay: Relay, tmp_path: Path) -> None:
    """The same where nobody is root: by a limit on the size of files."""
    embedded.start()
    processes = (embedded.process.pid, embedded.back_room)

    def strike() -> None:
        limit(processes, (tmp_path / "desk.db-wal").stat().st_size)

    outlive(embedded, relay, strike, lambda: limit(processes, resource.RLIM_INFINITY))


def limit(processes: tuple[int, ...], size: int) -> None:
    for pid in processes:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def test_a_disk_that_fails(embedded: DaemonUnderTest, relay: Relay, real: Callable[..., None], tmp_path: Path) -> None:
    real("strace")
    embedded.start()
    traced = (embedded.process.pid, embedded.back_room)
    with (tmp_path / "strace").open("wb") as log, ExitStack() as stack:

        def strike() -> None:
            pids = [part for pid in traced for part in ("-p", str(pid))]
            fault = ["-e", "trace=fsync,fdatasync", "-e", "inject=fsync,fdatasync:error=EIO"]
            tracer = stack.enter_context(subprocess.Popen(["strace", "-f", *fault, *pids], stdout=log, stderr=log))
            stack.callback(tracer.terminate)  # it lets go of them
            wait_until(lambda: all(map(is_traced, traced)), (tmp_path / "strace").read_text() or "no strace")

        outlive(embedded, relay, strike, stack.close)


def is_traced(pid: int) -> bool:
    """Whether every thread of a process is traced."""
    return all("TracerPid:\t0\n" not in status.read_text() for status in Path(f"/proc/{pid}/task").glob("*/status"))


def test_a_write_lock_that_somebody_holds(embedded: DaemonUnderTest, relay: Relay, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "desk.db", isolation_level=None, check_same_thread=False)) as other:
        embedded.start()
        outlive(embedded, relay, lambda: other.execute("BEGIN IMMEDIATE"), lambda: other.execute("ROLLBACK"))


@pytest.mark.real
@pytest.mark.parametrize("end", ["stop", "kill"])
def test_postgresql_goes_away(end: str, tmp_path: Path, relay: Relay, postgres: "Postgres") -> None:
    with daemon_under_test(tmp_path, postgres.fresh_database(), relay.port) as daemon:
        daemon.start()
        outlive(daemon, relay, getattr(postgres, end), postgres.start)


@pytest.mark.real
def test_sigterm_while_postgresql_is_away(tmp_path: Path, relay: Relay, postgres: "Postgres") -> None:
    with daemon_under_test(tmp_path, postgres.fresh_database(), relay.port) as daemon:
        daemon.start()
        customers = [Customers(daemon.port, mails_of(4))]
        daemon.wait_until_quiet(customers)
        postgres.stop()
        wait_until(lambda: daemon.troubled("process"), "it does not notice", PATIENCE)
        code, seconds = daemon.terminate()
        assert (code, seconds < 10) == (0, True), (seconds, daemon.log[-3000:])
        postgres.start()
        daemon.start()
        daemon.wait_until_quiet()
        account(daemon, customers, relay)


def test_sigterm_while_somebody_holds_the_write_lock(embedded: DaemonUnderTest, relay: Relay, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "desk.db", isolation_level=None)) as other:
        embedded.start(hasty=False)
        first = Customers(embedded.port, mails_of(4))
        embedded.wait_until_quiet([first])
        other.execute("BEGIN IMMEDIATE")
        later = Customers(embedded.port, mails_of(4, "later"))
        code, seconds = embedded.terminate()
        assert (code, seconds < 10) == (0, True), (seconds, embedded.log[-3000:])
        other.execute("ROLLBACK")
        embedded.start()
        embedded.wait_until_quiet([later])
        account(embedded, [first, later], relay)


@pytest.mark.parametrize(
    "moment", ["maildesk.flow:accept 2", "maildesk.flow:process 1", "maildesk.flow:settle_and_claim 2"]
)
def test_a_connection_lost_at_the_commit(moment: str, daemon: DaemonUnderTest, relay: Relay) -> None:
    """Nobody knows whether it was committed; here it was."""
    daemon.start(f"lost {moment}")
    customers = [Customers(daemon.port, mails_of(8))]
    wait_until(lambda: f"lost its connection lost {moment}" in daemon.log, "it was never lost", PATIENCE)
    daemon.wait_until_quiet(customers)
    account(daemon, customers, relay, repeats=CONNECTIONS)
