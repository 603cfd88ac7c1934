"""How fast mails become acknowledged tickets, next to django-helpdesk in the same run.  See bench/README.md.

    python bench/intake.py [--mails N] [--runs 3] [--small-only] [--no-peer] [--grow [TICKETS]] [--json]

Ends with 1 if a mail has no acknowledgement or two, or a ticket's number is given twice.
"""

import argparse
import json
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench import desk, peer
from bench.desk import Load, Run
from bench.mails import MIXES
from bench.processes import BenchError, cpu_of_the_machine, own_cpu
from bench.report import Report, Result, machine, summary, table

MAILS = 1000
RUNS = 3
FEW_TICKETS, MANY_TICKETS = 1000, 100_000
IDLE_RATE = 5.0  # mails a second
IDLE_MAILS = 200


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
        _say(f"growth: the database has {desk.tickets(folder)} tickets and {size / 1e6:.0f} MB; proving it")
        desk.check(folder)
        shutil.rmtree(folder)

    def _folder(self) -> Path:
        return Path(tempfile.mkdtemp(dir=self._scratch))


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
    if min(given.mails, given.runs, given.idle, 1 if given.grow is None else given.grow) < 1:
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
        began, strange = time.monotonic(), cpu_of_the_machine() - own_cpu()
        try:
            Bench(given, Path(scratch), python).results(report.results.append)
        except BenchError as error:
            sys.exit(f"bench: {error}")
        strange = cpu_of_the_machine() - own_cpu() - strange
        report.others = max(0.0, strange / (time.monotonic() - began) / len(os.sched_getaffinity(0)))
    print(json.dumps(asdict(report), indent=2) if given.json else table(report))


if __name__ == "__main__":
    main()
