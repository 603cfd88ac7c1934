"""Processes of the benchmark: started in a session of their own, measured from /proc (Linux), ended for sure."""

import os
import resource
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STOP_SECONDS = 20.0
_TICKS = os.sysconf("SC_CLK_TCK")
_QUIET_SECONDS = 0.4


class BenchError(Exception):
    """The benchmark cannot go on, or what it measured is not what it should have been."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What a process and all below it have used: seconds of CPU, and the sum of their peaks of memory in KiB."""

    cpu_seconds: float
    peak_kib: int


@contextmanager
def running(
    command: Sequence[str | Path], log: Path, environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A process that writes to ``log`` and gets SIGTERM at the end; it and what it started are killed if that is not enough.

    It ends with us too, whatever ends us, where ``setpriv`` (util-linux) is there.
    """
    guard = ["setpriv", "--pdeathsig", "TERM", "--"] if shutil.which("setpriv") else []
    with log.open("ab") as output:
        process = subprocess.Popen(
            [*guard, *map(str, command)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=ROOT,
            env={**os.environ, **(environment or {})},
            start_new_session=True,
        )
    try:
        yield process
    finally:
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(STOP_SECONDS)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)  # its session is its group
    process.wait()


def finished(command: Sequence[str | Path], log: Path, timeout: float, env: Mapping[str, str] | None = None) -> None:
    """Run a process to its end.  Raises `BenchError` with the end of its log if it fails or takes too long."""
    with running(command, log, env) as process:
        try:
            code = process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise BenchError(f"{command[0]} was not done after {timeout:.0f} s; {tail(log)}") from None
    if code:
        raise BenchError(f"{command[0]} ended with {code}; {tail(log)}")


def tail(log: Path) -> str:
    """The end of a log, for an error's text."""
    return f"its last words:\n{log.read_text(errors='replace')[-2000:]}"


def wait_until(done: Callable[[], object], complaint: str, timeout: float, pause: float = 0.02) -> None:
    """Ask ``done`` until it is true; `BenchError` with ``complaint`` after ``timeout`` seconds."""
    end = time.monotonic() + timeout
    while not done():
        if time.monotonic() > end:
            raise BenchError(f"{complaint} after {timeout:.0f} s")
        time.sleep(pause)


def wait_for_quiet(pid: int, timeout: float = 20.0) -> None:
    """Return when a process and all below it have nothing more to do, or after ``timeout`` seconds."""
    end, before = time.monotonic() + timeout, -1.0
    while time.monotonic() < end and (now := usage(pid).cpu_seconds) - before > 1 / _TICKS:
        before = now
        time.sleep(_QUIET_SECONDS)


def cpu_of_the_machine() -> float:
    """Seconds of CPU that everything on the machine has used since it was started: proc_stat(5), all but idle and iowait."""
    words = Path("/proc/stat").read_text().splitlines()[0].split()[1:9]
    return (sum(map(int, words)) - int(words[3]) - int(words[4])) / _TICKS


def own_cpu() -> float:
    """Seconds of CPU that this process and all its children that have ended have used."""
    kinds = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(used.ru_utime + used.ru_stime for used in kinds)


def usage(pid: int) -> Usage:
    """What a process and all below it have used so far."""
    stats, members = _stats(), family(pid)
    # utime, stime, and the same of children that have ended: proc_pid_stat(5), fields 14 to 17
    ticks = sum(int(ticks) for member in members if member in stats for ticks in stats[member][11:15])
    return Usage(ticks / _TICKS, sum(map(_peak_kib, members)))


def family(pid: int) -> list[int]:
    """A process and all below it."""
    parents = {child: int(words[1]) for child, words in _stats().items()}
    members = [pid]
    for member in members:
        members.extend(child for child, parent in parents.items() if parent == member)
    return members


def _stats() -> dict[int, list[str]]:
    """The fields of /proc/PID/stat from the third on, of all processes."""
    found = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            found[int(path.parent.name)] = path.read_text().rpartition(") ")[2].split()
    return found


def _peak_kib(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM:")), 0)
