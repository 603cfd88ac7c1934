"""The real command line in a process that kills itself before or after the n-th call of a named function.

    MAILDESK_KILLPOINT="after maildesk.flow:accept 2" python -m tests.rig.killpoint run --settings FILE

The daemon starts its back room by `multiprocessing` (spawn), which imports the main module of its parent: this one.
So both processes are wrapped, each counts its own calls, and production code knows nothing of it.  A fourth word
counts only calls with an argument whose ``octets`` hold it: a mail that is poison.  ``lost`` instead of before or
after kills nobody: the call does its work, and its caller sees a database connection that was lost at the commit;
calls that found nothing to do are not counted.

``MAILDESK_HASTE`` set shortens what a test would else wait for: leases, pauses, repeats.
"""

import functools
import importlib
import os
import signal
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sqlalchemy.exc import OperationalError

from maildesk import daemon, flow, loop
from maildesk.receive import imap
from maildesk.send import retry
from maildesk.store import database

KILLPOINT, HASTE = "MAILDESK_KILLPOINT", "MAILDESK_HASTE"
DIED, LOST = "killed itself", "lost its connection"


def wrap(when: str, target: str, call: int = 1, marker: str = "") -> None:
    """Put the kill point into its function, ``module:name`` or ``module:Class.name``."""
    module, _, path = target.partition(":")
    *owners, name = path.split(".")
    owner: Any = functools.reduce(getattr, owners, importlib.import_module(module))
    function = getattr(owner, name)
    setattr(owner, name, _lost(function, call) if when == "lost" else _deadly(function, when, call, marker.encode()))


def _deadly(function: Callable[..., Any], when: str, call: int, marker: bytes) -> Callable[..., Any]:
    calls = 0

    @functools.wraps(function)
    def deadly(*arguments: Any, **named: Any) -> Any:
        nonlocal calls
        calls += any(marker in getattr(argument, "octets", b"") for argument in arguments) if marker else 1
        due = calls == call
        if due and when == "before":
            _die()
        result = function(*arguments, **named)
        if due:
            _die()
        return result

    return deadly


def _lost(function: Callable[..., Any], call: int) -> Callable[..., Any]:
    calls = 0

    @functools.wraps(function)
    def lost(*arguments: Any, **named: Any) -> Any:
        nonlocal calls
        result = function(*arguments, **named)
        did_something = result is None or bool(result)
        calls += did_something
        if did_something and calls == call:
            _say(LOST)
            raise OperationalError("COMMIT", {}, ConnectionError("the connection was lost"))
        return result

    return lost


def _say(what: str) -> None:
    os.write(2, f"{what} {os.environ[KILLPOINT]}\n".encode())


def _die() -> None:
    _say(DIED)
    os.kill(os.getpid(), signal.SIGKILL)


def _make_haste() -> None:
    flow.ALIVE_SECONDS, loop.HOUSE_SECONDS, loop.LONGEST_PAUSE = 3, 0.5, 1.0
    daemon.MAILBOX_LEASE_SECONDS, imap.LEASE_SECONDS = 3, 1
    flow.PAUSES = (timedelta(seconds=1),)
    database.BUSY_SECONDS = 1
    retry.BOUNDS = (timedelta(seconds=1), timedelta(seconds=2))


if words := os.environ.get(KILLPOINT, "").split():
    wrap(words[0], words[1], *map(int, words[2:3]), *words[3:4])
if os.environ.get(HASTE):
    _make_haste()
if __name__ == "__main__":
    from maildesk.cli import main

    main()
