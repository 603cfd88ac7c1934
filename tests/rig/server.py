"""Private server processes: a directory and a user each, and no leftovers, whatever becomes of the test."""

import grp
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.rig.skip import program

_STOP_SECONDS = 10


@dataclass(frozen=True, slots=True)
class User:
    """Who a server runs as: somebody unprivileged when the tests run as root, else the current user."""

    name: str
    uid: int
    gid: int

    @property
    def group_name(self) -> str:
        """The name of the user's first group."""
        return grp.getgrgid(self.gid).gr_name

    def own(self, *paths: Path) -> None:
        """Give paths to the user, where we may."""
        if os.geteuid() != 0:
            return
        for path in paths:
            os.chown(path, self.uid, self.gid)


def unprivileged(*names: str) -> User:
    """The first of the users ``names`` that exists, if we are root; else the current user."""
    if os.geteuid() != 0:
        entry = pwd.getpwuid(os.geteuid())
        return User(entry.pw_name, entry.pw_uid, entry.pw_gid)
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    entry = next(known[name] for name in (*names, "nobody") if name in known)
    return User(entry.pw_name, entry.pw_uid, entry.pw_gid)


@contextmanager
def private_directory(user: User) -> Iterator[Path]:
    """A directory of the user's own, removed at the end.

    Not below pytest's tmp_path, which nobody but root can enter and whose names are too long for UNIX sockets.
    """
    path = Path(tempfile.mkdtemp(prefix="maildesk-"))
    user.own(path)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def start(command: Sequence[str | Path], user: User, log: Path, end: str = "KILL") -> subprocess.Popen[bytes]:
    """Start a server in the foreground as ``user``; it gets the signal ``end`` if the test process dies."""
    switch = [program("setpriv") or "setpriv", "--pdeathsig", end]
    if os.geteuid() == 0 and user.uid != 0:
        switch += ["--reuid", str(user.uid), "--regid", str(user.gid), "--clear-groups"]
    with log.open("ab") as output:
        return subprocess.Popen(
            [*switch, "--", *map(str, command)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=log.parent,
            start_new_session=True,
        )


def stop(process: subprocess.Popen[bytes], with_signal: int = signal.SIGTERM) -> None:
    """Ask a server to end, and kill it and its children if it does not."""
    children = descendants(process.pid)
    if process.poll() is None:
        process.send_signal(with_signal)
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(_STOP_SECONDS)
    _kill(children)


def kill(process: subprocess.Popen[bytes]) -> None:
    """``kill -9`` of a server with its children, as a crash of the machine would have it."""
    children = descendants(process.pid)
    process.kill()
    _kill(children)
    process.wait(_STOP_SECONDS)


def descendants(pid: int) -> dict[int, str]:
    """The processes below ``pid`` with the time each was started, so that a reused number is never mistaken for one."""
    parents: dict[int, list[int]] = {}
    started: dict[int, str] = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            words = status.read_text().rpartition(") ")[2].split()
        except OSError:
            continue
        parents.setdefault(int(words[1]), []).append(int(status.parent.name))
        started[int(status.parent.name)] = words[19]
    found: list[int] = list(parents.get(pid, []))
    for child in found:
        found.extend(parents.get(child, []))
    return {child: started[child] for child in found}


def _kill(processes: dict[int, str]) -> None:
    for pid, started in processes.items():
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()[19] == started:
                os.kill(pid, signal.SIGKILL)
        except OSError:  # it is gone, which is what we want
            continue
