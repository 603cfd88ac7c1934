"""How fast mails become acknowledged tickets, next to django-helpdesk in the same run.  See bench/README.md.

    python bench/intake.py [--mails N] [--runs 3] [--small-only] [--no-peer] [--grow [TICKETS]] [--json]

Ends with 1 if a mail has no acknowledgement or two, or a ticket's number is given twice.
"""

import argparse
import json
import os
import platform
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench import desk, peer
from bench.desk import Load, Run
from bench.mails import MIXES
from bench.processes import ROOT, BenchError

MAILS = 1000
RUNS = 3
FEW_TICKETS, MANY_TICKETS = 1000, 100_000
IDLE_RATE = 5.0  # mails a second
IDLE_MAILS = 200


@dataclass(frozen=True, slots=True)
class Result:
    """The medians of some runs.  Rates in mails a second, CPU and latencies in milliseconds, memory in MB (10^6 octets)."""

    name: str
    mails: int
    rate: float
    slowest: float
    fastest: float
    taken_rate: float | None
    cpu_ms: float
    to_250_ms: tuple[float, float] | None  # p50, p99
    to_answer_ms: tuple[float, float] | None
    peak_mb: float


@dataclass(slots=True)
class Report:
    """All that was measured."""

    machine: str
    began: str
    peer: str
    results: list[Result] = field(default_factory=list)


def summary(name: str, runs: Sequence[Run]) -> Result:
    """The medians; of the peaks of memory the highest."""
    rates = [run.mails / run.seconds for run in runs]
    return Result(
        name=name,
        mails=runs[0].mails,
        rate=median(rates),
        slowest=min(rates),
        fastest=max(rates),
        taken_rate=median(run.mails / run.taken_seconds for run in runs) if runs[0].taken_seconds else None,
        cpu_ms=median(run.cpu_seconds / run.mails for run in runs) * 1000,
        to_250_ms=_quantiles([run.to_250 for run in runs]),
        to_answer_ms=_quantiles([run.to_answer for run in runs]),
        peak_mb=max(run.peak_kib for run in runs) * 1024 / 1e6,
    )


def _quantiles(runs: Sequence[Sequence[float]]) -> tuple[float, float] | None:
    """The medians of the runs' p50 and p99, of sorted seconds, in milliseconds."""
    if not all(runs):
        return None
    p50, p99 = (median(run[min(len(run) - 1, int(len(run) * share))] for run in runs) * 1000 for share in (0.5, 0.99))
    return p50, p99


class Bench:
    """The runs, one after another, each in a directory of its own that is gone afterwards."""

    def __init__(self, given: argparse.Namespace, scratch: Path, python: Path | None) -> None:
        self._given = given
        self._scratch = scratch
        self._python = python

    def results(self, add: Callable[[Result], None]) -> None:
        """Measure everything that was asked for."""
        for mix in MIXES[:1] if self._given.small_only else MIXES:
            self._compare(mix, add)
        _say("idle desk")
        add(summary(f"idle desk, {IDLE_RATE:.0f} a second", [self._fresh(Load(self._given.idle, rate=IDLE_RATE))]))
        if self._given.grow:
            self._grow(add)

    def _compare(self, mix: str, add: Callable[[Result], None]) -> None:
        ours, theirs = [], []
        for number in range(1, self._given.runs + 1):  # in turn, so that what else the machine does meets both
            _say(f"{mix}, run {number} of {self._given.runs}: maildesk")
            ours.append(self._fresh(Load(self._given.mails, mix)))
            if self._python:
                _say(f"{mix}, run {number} of {self._given.runs}: django-helpdesk")
                theirs.append(self._peer(self._python, mix))
        add(summary(f"{mix} mail, maildesk", ours))
        if theirs:
            add(summary(f"{mix} mail, django-helpdesk", theirs))

    def _fresh(self, load: Load) -> Run:
        folder = self._folder()
        run = desk.measure(folder, load)
        desk.check(folder)
        shutil.rmtree(folder)
        return run

    def _peer(self, python: Path, mix: str) -> Run:
        folder = self._folder()
        run = peer.measure(python, folder, mix, self._given.mails, self._given.peer_journal)
        shutil.rmtree(folder)
        return run

    def _grow(self, add: Callable[[Result], None]) -> None:
        folder = self._folder()
        for wanted in (FEW_TICKETS, self._given.grow):
            _say(f"growth: the desk makes {wanted} tickets")
            there = desk.fill(folder, wanted)
            runs = []
            for number in range(1, self._given.runs + 1):
                _say(f"growth, {there} tickets, run {number} of {self._given.runs}")
                runs.append(desk.measure(folder, Load(self._given.mails, batch=f"{there}-{number}")))
            add(summary(f"small mail, at {there:,} tickets", runs))
        size = sum(file.stat().st_size for file in folder.glob("desk.db*"))
        _say(f"growth: the database has {desk.tickets(folder)} tickets and {size / 1e6:.0f} MB; it is proved")
        desk.check(folder)
        shutil.rmtree(folder)

    def _folder(self) -> Path:
        return Path(tempfile.mkdtemp(dir=self._scratch))


def table(report: Report) -> str:
    """The report as a table in Markdown, for people and for docs/performance.md."""
    head = (
        "",
        "mails/s (slowest, fastest)",
        "taken/s",
        "CPU ms/mail",
        "to 250, ms",
        "to acknowledgement, ms",
        "peak MB",
    )
    rows = [head, ("-",) * len(head), *map(_row, report.results)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    lines = [
        "| "
        + " | ".join(cell.ljust(width, "-" if row[1] == "-" else " ") for cell, width in zip(row, widths, strict=True))
        + " |"
        for row in rows
    ]
    return "\n".join([f"{report.machine}, {report.began}", report.peer, "", *lines, "", *ratios(report.results)])


def _row(result: Result) -> tuple[str, ...]:
    def pair(values: tuple[float, float] | None) -> str:
        return f"p50 {values[0]:.0f}, p99 {values[1]:.0f}" if values else "n/a"

    return (
        f"{result.name} ({result.mails})",
        f"{result.rate:.1f} ({result.slowest:.1f}, {result.fastest:.1f})",
        f"{result.taken_rate:.0f}" if result.taken_rate else "n/a",
        f"{result.cpu_ms:.2f}",
        pair(result.to_250_ms),
        pair(result.to_answer_ms),
        f"{result.peak_mb:.0f}",
    )


def ratios(results: Sequence[Result]) -> list[str]:
    """What the comparisons come to."""
    rate = {result.name: result.rate for result in results}
    lines = [
        f"{mix} mail: maildesk is {ours / theirs:.1f} times as fast as django-helpdesk."
        for mix in MIXES
        if (ours := rate.get(f"{mix} mail, maildesk")) and (theirs := rate.get(f"{mix} mail, django-helpdesk"))
    ]
    grown = [(name, value) for name, value in rate.items() if name.startswith("small mail, at ")]
    if len(grown) == 2:
        (few, at_first), (many, at_last) = ((name.split()[3], value) for name, value in grown)
        lines.append(f"growth: the rate at {many} tickets is {at_last / at_first:.2f} of that at {few}.")
    return lines


def machine() -> str:
    """What this was measured on."""
    model = next(
        (
            line.partition(": ")[2]
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    return (
        f"{len(os.sched_getaffinity(0))} cores ({model.strip()}), Python {platform.python_version()}, "
        f"SQLite {sqlite3.sqlite_version}, maildesk {_commit()}"
    )


def _commit() -> str:
    command = ["git", "-C", str(ROOT), "describe", "--always", "--dirty", "--abbrev=10"]
    try:
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "of no commit"


def _say(text: str) -> None:
    print(f"{datetime.now(UTC):%H:%M:%S} {text}", file=sys.stderr, flush=True)


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description="How fast mails become acknowledged tickets.")
    parser.add_argument("--mails", type=int, default=MAILS, help=f"of each run (default {MAILS})")
    parser.add_argument("--runs", type=int, default=RUNS, help=f"of each kind; their median counts (default {RUNS})")
    parser.add_argument("--idle", type=int, default=IDLE_MAILS, help=f"mails to the idle desk (default {IDLE_MAILS})")
    parser.add_argument("--small-only", action="store_true", help="no mixed mail")
    parser.add_argument("--no-peer", action="store_true", help="do not install and run django-helpdesk")
    parser.add_argument(
        "--peer-journal",
        choices=("wal", "delete"),
        default="wal",
        help="of its SQLite: as ours (default), or Django's own",
    )
    parser.add_argument(
        "--grow",
        type=int,
        nargs="?",
        const=MANY_TICKETS,
        metavar="TICKETS",
        help=f"the rate with so many tickets, too ({MANY_TICKETS})",
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of the table")
    given = parser.parse_args()
    if min(given.mails, given.runs, given.idle, given.grow or 1) < 1:
        parser.error("--mails, --runs, --idle and --grow are at least 1")
    return given


def find_peer(given: argparse.Namespace, scratch: Path) -> tuple[Path | None, str]:
    """The peer's Python, and what to say of the peer."""
    if given.no_peer:
        return None, "No peer: --no-peer."
    _say(f"installing {peer.RELEASE} into a venv of its own")
    try:
        python = peer.install(scratch)
    except peer.NoPeerError as error:
        return None, f"NO PEER, nothing is compared: {error}"
    return python, f"Peer: {peer.versions(python)}, SQLite journal {given.peer_journal}, synchronous=FULL."


def main() -> None:
    """Run from the command line."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what runs is ended
    given = arguments()
    with tempfile.TemporaryDirectory(prefix="maildesk-bench-") as scratch:
        python, said = find_peer(given, Path(scratch))
        report = Report(machine(), f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC", said)
        try:
            Bench(given, Path(scratch), python).results(report.results.append)
        except BenchError as error:
            sys.exit(f"bench: {error}")
    print(json.dumps(asdict(report), indent=2) if given.json else table(report))


if __name__ == "__main__":
    main()
