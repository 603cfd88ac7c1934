"""One run of the finished desk: mails in by SMTP, acknowledgements out to a counting sink, and what that took.

The daemon is started as a user starts it, on a database of its own with the shipped settings; only the budgets of
acknowledgements are raised, for the benchmark's mails all come within a minute.
"""

import re
import sqlite3
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.mails import DESK
from bench.processes import BenchError, finished, running, tail, usage, wait_for_quiet, wait_until
from tests.rig.ports import free_port, is_open
from tests.rig.sink import count

STALL_SECONDS = 120.0  # without one more acknowledgement: it is given up
START_SECONDS = 60.0
SECONDS_PER_MAIL = 0.5  # a load that takes longer is given up
_NUMBER = re.compile(r"\[\w+-(\d+)\]")
_SETTINGS = """\
desk: {{name: Desk, address: {address}, ticket_prefix: D}}
database: sqlite:///{folder}/desk.db
receive: {{smtp: {{listen: "127.0.0.1:{port}"}}}}
send: {{host: 127.0.0.1, port: {sink}, security: none}}
limits: {{acknowledgements: {{per_address_per_day: {many}, per_domain_per_hour: {many}, new_senders_per_hour: {many}}}}}
"""


@dataclass(frozen=True, slots=True)
class Answer:
    """An acknowledgement as the sink has it; ``at`` in seconds of `time.monotonic`."""

    at: float
    to_message: str
    ticket: str


@dataclass(frozen=True, slots=True)
class Run:
    """What one run took.  Latencies in seconds, sorted; empty where they cannot be told."""

    mails: int
    seconds: float  # from the first MAIL to the last acknowledgement
    taken_seconds: float  # from the first MAIL to the last 250
    cpu_seconds: float
    peak_kib: int
    to_250: Sequence[float]
    to_answer: Sequence[float]


@dataclass(frozen=True, slots=True)
class Load:
    """Which mails are sent, and how."""

    mails: int
    mix: str = "small"
    batch: str = "1"
    rate: float | None = None  # mails a second, each on a connection of its own; None: as fast as 20 connections can

    def arguments(self) -> list[str]:
        """The command line of `bench.load`."""
        rate = ["--rate", str(self.rate)] if self.rate else []
        return ["--mails", str(self.mails), "--mix", self.mix, "--batch", self.batch, *rate]


@contextmanager
def sink(folder: Path) -> Iterator[tuple[int, Path]]:
    """A sink's port, and the file that has its record once the sink has ended."""
    port, record = free_port(), folder / "answers.tsv"
    command = [sys.executable, "-m", "tests.rig.sink", str(port), "--record", record]
    with running(command, folder / "sink.log"):
        wait_until(lambda: is_open(port), "the sink does not listen", START_SECONDS)
        yield port, record


@contextmanager
def daemon(folder: Path, sink_port: int) -> Iterator[tuple[int, int]]:
    """A running desk's port and process id.  Raises `BenchError` if it does not start or ends in disorder."""
    port, log, settings = free_port(), folder / "desk.log", folder / "settings.yaml"
    settings.write_text(_SETTINGS.format(address=DESK, folder=folder, port=port, sink=sink_port, many=10**9))
    with running([sys.executable, "-m", "maildesk", "run", "--settings", settings], log) as process:
        wait_until(lambda: is_open(port) or process.poll() is not None, "the desk does not listen", START_SECONDS)
        if process.poll() is not None:
            raise BenchError(f"the desk has ended; {tail(log)}")
        wait_for_quiet(process.pid)
        try:
            yield port, process.pid
        except BenchError as error:
            raise BenchError(f"{error}; the desk: {tail(log)}") from error
    if process.returncode != 0:
        raise BenchError(f"the desk ended with {process.returncode}; {tail(log)}")


def measure(folder: Path, load: Load) -> Run:
    """Start the desk on the database in ``folder`` (a new one, or of earlier runs), load it, and prove the outcome."""
    before = tickets(folder)
    with sink(folder) as (sink_port, answers), daemon(folder, sink_port) as (port, pid):
        idle = usage(pid)
        _send(folder, port, load)
        wait_for_answers(sink_port, load.mails)
        wait_for_quiet(pid)
        used = usage(pid)
    sent = _sent(folder / "sent.tsv")
    came = read_answers(answers)
    prove(folder, set(sent), came, before)
    began = min(start for start, _ in sent.values())
    return Run(
        mails=load.mails,
        seconds=max(answer.at for answer in came) - began,
        taken_seconds=max(taken for _, taken in sent.values()) - began,
        cpu_seconds=used.cpu_seconds - idle.cpu_seconds,
        peak_kib=used.peak_kib,
        to_250=sorted(taken - start for start, taken in sent.values()),
        to_answer=sorted(answer.at - sent[answer.to_message][0] for answer in came),
    )


def fill(folder: Path, wanted: int, batch_mails: int = 10_000) -> int:
    """Let the desk itself make tickets, of small mails like those measured, until there are so many; returns how many."""
    if tickets(folder) >= wanted:
        return tickets(folder)
    with sink(folder) as (sink_port, _), daemon(folder, sink_port) as (port, pid):
        there = first = tickets(folder)
        while there < wanted:
            mails = min(batch_mails, wanted - there)
            _send(folder, port, Load(mails, batch=f"fill-{there}"))
            there += mails
            wait_for_answers(sink_port, there - first)
        wait_for_quiet(pid)
    if tickets(folder) != wanted:
        raise BenchError(f"{tickets(folder)} tickets instead of {wanted}")
    return wanted


def check(folder: Path) -> None:
    """Let ``maildesk check --tickets`` prove the data; `BenchError` if it finds a fault."""
    command = [sys.executable, "-m", "maildesk", "check", "--settings", folder / "settings.yaml", "--tickets"]
    finished(command, folder / "check.log", START_SECONDS + tickets(folder) * SECONDS_PER_MAIL)


def tickets(folder: Path) -> int:
    """How many tickets the desk's database has."""
    return _query(folder, "SELECT count(*) FROM ticket") if (folder / "desk.db").exists() else 0


def wait_for_answers(sink_port: int, wanted: int) -> None:
    """Return when the sink has so many; `BenchError` when no more come."""
    there = count(sink_port)
    while there < wanted:
        before = there
        complaint = f"only {before} of {wanted} acknowledgements came, none"
        wait_until(lambda: count(sink_port) > before, complaint, STALL_SECONDS, pause=0.1)  # noqa: B023 - asked at once
        there = count(sink_port)


def read_answers(record: Path) -> list[Answer]:
    """The sink's record."""
    answers = []
    for line in record.read_text(encoding="utf-8").splitlines():
        at, _, _, _, to_message, subject = line.split("\t")
        number = _NUMBER.search(subject)
        answers.append(Answer(float(at), to_message.strip(), number[1] if number else ""))
    return answers


def require_one_each(messages: set[str], answers: Sequence[Answer]) -> None:
    """Each mail has exactly one acknowledgement, with a ticket's number of its own; else `BenchError`."""
    if len(answers) != len(messages):
        raise BenchError(f"{len(messages)} mails and {len(answers)} acknowledgements")
    if {answer.to_message for answer in answers} != messages:
        raise BenchError("some mails have no acknowledgement, others two")
    numbers = {answer.ticket for answer in answers}
    if len(numbers) != len(messages) or "" in numbers:
        raise BenchError(f"{len(messages)} mails and {len(numbers)} different ticket numbers")


def prove(folder: Path, messages: set[str], answers: Sequence[Answer], before: int) -> None:
    """What the sink has and what the database holds is one ticket and one acknowledgement for each mail."""
    require_one_each(messages, answers)
    made = tickets(folder) - before
    if made != len(messages):
        raise BenchError(f"{len(messages)} mails and {made} tickets")
    undone = _query(folder, "SELECT count(*) FROM inbound WHERE state != 'done'")
    unsent = _query(folder, "SELECT count(*) FROM outbox WHERE state != 'sent'")
    if undone or unsent:
        raise BenchError(f"{undone} mails are not done, {unsent} acknowledgements not settled")


def _send(folder: Path, port: int, load: Load) -> None:
    command = [sys.executable, "-m", "bench.load", str(port), folder / "sent.tsv", *load.arguments()]
    paced = load.mails / load.rate if load.rate else 0.0
    finished(command, folder / "load.log", START_SECONDS + paced + load.mails * SECONDS_PER_MAIL)


def _sent(record: Path) -> dict[str, tuple[float, float]]:
    rows = (line.split("\t") for line in record.read_text(encoding="ascii").splitlines())
    return {message_id: (float(began), float(taken)) for message_id, began, taken in rows}


def _query(folder: Path, query: str) -> int:
    with closing(sqlite3.connect(f"file:{folder}/desk.db?mode=ro", uri=True)) as database:
        return int(database.execute(query).fetchone()[0])
