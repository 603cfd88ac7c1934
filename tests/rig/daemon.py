"""The real daemon under fire: its own process group, a free port, a scratch database; killed, started again, counted.

daemon = DaemonUnderTest(tmp_path, url, relay.port)
daemon.start("after maildesk.flow:accept")     # it will kill itself there (`tests.rig.killpoint`)
customers = Customers(daemon.port, mails)      # they repeat a mail until it gets its 250
daemon.wait_for_end()
daemon.start()
customers.join()
daemon.wait_until_quiet()
account(daemon, customers, relay, repeats=...)
"""

import fcntl
import os
import signal
import smtplib
import subprocess
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError

from maildesk.checks import prove
from maildesk.store.database import Database
from maildesk.store.schema import inbound, outbox, ticket
from tests.rig.desk import merged
from tests.rig.killpoint import DIED, HASTE, KILLPOINT
from tests.rig.letters import DESK, letter, parsed
from tests.rig.ports import HOST, free_port, is_open, wait_until
from tests.rig.relay import Relay
from tests.rig.server import descendants

ROOT = Path(__file__).resolve().parents[2]
ANN, OPERATOR = "ann@firm.test", "ops@firm.test"
CONNECTIONS = 2  # of the desk to its relay
PATIENCE = 60.0  # seconds until a test gives up
NO_BUDGET = {"per_address_per_day": None, "per_domain_per_hour": None, "new_senders_per_hour": None}


class DaemonUnderTest:
    """One desk.  It may be started and killed any number of times; its database stays."""

    def __init__(self, folder: Path, url: str, relay: int, changes: Mapping[str, Any] | None = None) -> None:
        self.port = free_port()
        self.url = url
        self._file = folder / "settings.yaml"
        self._log = folder / "daemon.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._killpoint = ""
        self._database: Database | None = None
        settings = {
            "desk": {"name": "D", "address": DESK, "ticket_prefix": "D", "operator": OPERATOR},
            "database": url,
            "receive": {"smtp": {"listen": f"{HOST}:{self.port}"}},
            "send": {"host": HOST, "port": relay, "security": "none", "connections": CONNECTIONS, "timeout": 30},
            "people": [{"name": "Ann", "addresses": [ANN], "roles": ["staff"]}],
            "teams": {"support": {"members": ["Ann"]}},
            "limits": {"acknowledgements": NO_BUDGET},
        }
        self._file.write_text(yaml.safe_dump(merged(settings, changes or {})), encoding="utf-8")

    # Life and death.

    def start(self, killpoint: str = "", *, hasty: bool = True, refused: bool = False) -> None:
        """Start it, and return when it listens, or has ended at its kill point, or because it is ``refused``.

        ``hasty`` shortens its pauses; not so, and without a kill point, it is ``python -m maildesk`` itself.
        """
        self._killpoint = killpoint
        module = "tests.rig.killpoint" if hasty or killpoint else "maildesk"
        environment = {**os.environ, "PYTHONPATH": str(ROOT), KILLPOINT: killpoint, HASTE: "1" if hasty else ""}
        command = [sys.executable, "-m", module, "run", "--settings", str(self._file)]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment, start_new_session=True
            )
        wait_until(lambda: not self.running or self._listens(), "it does not listen", PATIENCE)
        assert self.running or refused or f"{DIED} {killpoint}\n" in self.log, self.log[-3000:]

    def _listens(self) -> bool:
        return is_open(self.port)

    @property
    def process(self) -> subprocess.Popen[bytes]:
        assert self._process is not None, "it was never started"
        return self._process

    @property
    def running(self) -> bool:
        return self.process.poll() is None

    @property
    def back_room(self) -> int:
        """The process number of the back room."""
        below = descendants(self.process.pid)
        return next(pid for pid in below if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes())

    def kill(self) -> None:
        """``kill -9`` of all its processes, as when the machine loses its power."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(PATIENCE)

    @contextmanager
    def back_room_asleep(self) -> Iterator[None]:
        """What comes in meanwhile is received and not processed."""
        pid = self.back_room
        wait_until(lambda: self._put_to_sleep(pid), "the back room holds the turn of writers", PATIENCE)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)

    def _put_to_sleep(self, pid: int) -> bool:
        """Stop it, but not in the middle of a transaction."""
        os.kill(pid, signal.SIGSTOP)
        wait_until(lambda: _state(pid) == "T", "it does not stop")
        if not self.database.is_sqlite:
            return True
        with Path(f"{self.database.url.database}.turn").open("rb") as turn:
            try:
                fcntl.flock(turn, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.kill(pid, signal.SIGCONT)
                return False
        return True

    def kill_alone(self) -> None:
        """``kill -9`` of the daemon; its back room finds out by itself, perhaps while the next daemon starts."""
        self.process.kill()
        self.process.wait(PATIENCE)

    def kill_back_room(self) -> int:
        """``kill -9`` of the back room, which the daemon must not outlive; its exit code."""
        os.kill(self.back_room, signal.SIGKILL)
        return self.wait_for_end()

    def wait_for_end(self, timeout: float = PATIENCE) -> int:
        """Wait until it ends by itself; its exit code."""
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise TimeoutError(f"it does not end: {self.log[-2000:]}") from None

    def wait_for_kill(self) -> int:
        """Wait until it has ended by its kill point, and not by anything else; the exit code."""
        code = self.wait_for_end()
        assert f"{DIED} {self._killpoint}\n" in self.log, self.log[-2000:]
        return code

    def terminate(self) -> tuple[int, float]:
        """SIGTERM; its exit code, and how many seconds it took."""
        began = time.monotonic()
        self.process.terminate()
        return self.wait_for_end(), time.monotonic() - began

    def close(self) -> None:
        """Leave nothing behind."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(PATIENCE)
        if self._database is not None:
            self._database.close()

    def troubled(self, loop: str) -> bool:
        """Whether a loop has said that its database is away."""
        return any("database away" in line and f"loop={loop}" in line for line in self.log.splitlines())

    @property
    def log(self) -> str:
        """What it said."""
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    # What it has.

    @property
    def database(self) -> Database:
        if self._database is None:
            self._database = Database(self.url)
        return self._database

    def rows(self, query: Any) -> list[Any]:
        with self.database.reading() as transaction:
            return list(transaction.execute(query))

    def count(self, table: Any, *conditions: Any) -> int:
        """How many rows there are."""
        return int(self.rows(select(func.count()).select_from(table).where(*conditions))[0][0])

    def wait_until_quiet(self, customers: Sequence["Customers"] = (), timeout: float = PATIENCE) -> None:
        """Wait until everybody has his 250, and it has processed and sent everything."""
        for each in customers:
            each.join()
        wait_until(self._is_quiet, f"it is never done: {self.log[-3000:]}", timeout)

    def _is_quiet(self) -> bool:
        assert self.running, f"it ended with {self.process.returncode}: {self.log[-3000:]}"
        try:
            waiting = self.count(inbound, inbound.c.state == "received")
            return not waiting and not self.count(outbox, outbox.c.state.in_(("queued", "sending")))
        except DBAPIError:
            return False  # the database is not up again


def mails_of(count: int, name: str = "customer") -> list[bytes]:
    """Mails of as many people, each with its Message-ID."""
    return [
        letter(
            f"It does not work, for the {number}. time.",
            sender=f"{name}{number}@acme.test",
            subject=f"Trouble {number}",
            message_id=f"<{name}{number}@acme.test>",
        )
        for number in range(count)
    ]


class Customers:
    """People who send mails on several connections at once, and each mail again until it gets its 250."""

    def __init__(self, port: int, mails: Sequence[bytes], connections: int = 2, timeout: float = 30.0) -> None:
        self.mails = list(mails)
        self.answers: Counter[int] = Counter()  # reply codes to whole mails; 0: none
        self.kept: list[str] = []  # the Message-IDs of what got its 250
        self._port, self._timeout = port, timeout
        self._end = time.monotonic() + PATIENCE * 2
        self._lock = threading.Lock()
        self._threads = [
            threading.Thread(target=self._send_all, args=(self.mails[at::connections],), daemon=True)
            for at in range(connections)
        ]
        for thread in self._threads:
            thread.start()

    def join(self) -> None:
        """Wait until every mail has its 250."""
        for thread in self._threads:
            thread.join(max(0.0, self._end - time.monotonic()))
        assert len(self.kept) == len(self.mails), f"{len(self.kept)} of {len(self.mails)} were taken: {self.answers}"

    def _send_all(self, mails: Sequence[bytes]) -> None:
        server: smtplib.SMTP | None = None
        for octets in mails:
            while time.monotonic() < self._end:
                server = server or self._connect()
                code = self._send(server, octets) if server else 0
                with self._lock:
                    self.answers[code] += 1
                    if code == 250:
                        self.kept.append(message_id_of(octets))
                        break
                if code == 0:
                    server = None
                    time.sleep(0.05)  # nobody is there: not all the machine's time for asking
        if server:
            server.close()

    def _connect(self) -> smtplib.SMTP | None:
        try:
            return smtplib.SMTP(HOST, self._port, "client.test", timeout=self._timeout)
        except (OSError, smtplib.SMTPException):
            return None

    def _send(self, server: smtplib.SMTP, octets: bytes) -> int:
        """The reply code to the mail; 0 if the connection was lost."""
        sender = str(parsed(octets)["From"])
        try:
            server.ehlo_or_helo_if_needed()
            for code, _ in (server.mail(sender), server.rcpt(DESK)):
                if code != 250:
                    return _after_refusal(server, code)
            return server.data(octets)[0]
        except smtplib.SMTPDataError as refusal:
            return _after_refusal(server, refusal.smtp_code)
        except (OSError, smtplib.SMTPException):
            server.close()
            return 0


def _state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0]


def _after_refusal(server: smtplib.SMTP, code: int) -> int:
    if code == 421:
        server.close()
        return 0
    server.rset()
    return code


def account(daemon: DaemonUnderTest, customers: Sequence[Customers], relay: Relay, *, repeats: int = 0) -> None:
    """Count everything at the end: nothing lost, nothing twice, and all data agree.

    ``repeats``: how many mails the relay may have got a second time.
    """
    kept = Counter(message_id for each in customers for message_id in each.kept)
    assert not any(code >= 500 for each in customers for code in each.answers), "our trouble is never 5xx [promise 2]"
    assert kept == Counter(message_id_of(octets) for each in customers for octets in each.mails)
    _one_ticket_for_each_mail(daemon, kept)
    _one_answer_for_each_ticket(daemon)
    _sent_at_least_once(daemon, relay, repeats)
    assert list(prove(daemon.database)) == []


def _one_ticket_for_each_mail(daemon: DaemonUnderTest, kept: Counter[str]) -> None:
    first = daemon.rows(select(inbound).where(inbound.c.duplicate_of.is_(None)))
    assert [(row.id, row.reason) for row in first if row.state != "done"] == []
    assert Counter(row.message_id for row in first) == kept
    numbers = {row.ticket for row in first}
    assert len(numbers) == len(first) == daemon.count(ticket)


def _one_answer_for_each_ticket(daemon: DaemonUnderTest) -> None:
    """[Procedure 2]: to the customer, and the new ticket to the team's only member."""
    numbers = Counter(row.number for row in daemon.rows(select(ticket.c.number)))
    for notice in ("acknowledgement", "new-ticket"):
        assert Counter(row.ticket for row in daemon.rows(select(outbox).where(outbox.c.notice == notice))) == numbers


def _sent_at_least_once(daemon: DaemonUnderTest, relay: Relay, repeats: int) -> None:
    """[promise 16]: a repeat is the same octets under the same Message-ID."""
    got: dict[str, list[bytes]] = defaultdict(list)
    for mail in relay.mails:
        got[message_id_of(mail.octets)].append(mail.octets)
    rows = {row.message_id: row for row in daemon.rows(select(outbox))}
    assert set(got) == set(rows), "what the relay got is not what the outbox says"
    assert {row.state for row in rows.values()} <= {"sent"}
    assert all(octets == rows[message_id].octets for message_id, copies in got.items() for octets in copies)
    again = {f"{rows[id_].notice} to {rows[id_].recipient}": len(copies) - 1 for id_, copies in got.items()}
    assert sum(again.values()) <= repeats, {what: count for what, count in again.items() if count}


def message_id_of(octets: bytes) -> str:
    """Its Message-ID, without the brackets."""
    return str(parsed(octets)["Message-ID"]).strip("<>")


@contextmanager
def daemon_under_test(
    folder: Path, url: str, relay: int, changes: Mapping[str, Any] | None = None
) -> Iterator[DaemonUnderTest]:
    """A daemon, not started yet, of which nothing is left at the end."""
    daemon = DaemonUnderTest(folder, url, relay, changes)
    try:
        yield daemon
    finally:
        daemon.close()
