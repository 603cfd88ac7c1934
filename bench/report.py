"""What the benchmark says of its runs: medians, a table in Markdown, and what the comparisons come to."""

import os
import platform
import sqlite3
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from bench.desk import Run
from bench.mails import MIXES
from bench.processes import ROOT

MOST_OTHERS = 0.05  # of the machine's CPU: with more the figures say little


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
    others: float = 0.0  # the share of the machine's CPU that went to processes which are none of ours
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
    others = f"Other processes had {report.others:.0%} of the machine meanwhile" + (
        ": TOO BUSY for figures that count." if report.others > MOST_OTHERS else "."
    )
    return "\n".join(
        [f"{report.machine}, {report.began}", report.peer, others, "", *lines, "", *ratios(report.results)]
    )


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
