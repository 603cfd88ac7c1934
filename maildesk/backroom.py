"""The back room: mail is processed in a process of its own, so that reading a large one delays nobody at the door.

The two processes hand each other rows of the database and nothing else; the pipe between them only rings.  Whoever
sees it closed knows that the other has ended: the back room then finishes the mail in hand and ends too, the daemon
ends with a fault.
"""

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable
from datetime import datetime
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from typing import Any

from maildesk import log
from maildesk.flow import derive_anew
from maildesk.loop import POLL_SECONDS, Loop, process_loop
from maildesk.memory import return_large_blocks
from maildesk.office import open_office
from maildesk.settings.model import Settings
from maildesk.store.database import Database

_OURS_TO_HEED = (signal.SIGTERM, signal.SIGINT)  # the daemon's, which then tells the back room to end
STALLED_SECONDS = 120.0  # for one group of mails, which takes well under a second
STALLED = 75  # exit code, EX_TEMPFAIL of sysexits.h
RING, ANSWERS_WAIT, STOP = b"ring", b"answers wait", b"stop"
EXIT_CODE_WITHIN = 1.0  # seconds after the end of its pipe


class BackRoomError(Exception):
    """The process that processes mail has ended by itself."""


class BackRoom:
    """The daemon's handle on its back room."""

    def __init__(self, settings: Settings, clock: Callable[[], datetime], office_id: str) -> None:
        context: Any = multiprocessing.get_context("spawn")  # a fork would copy locks that other threads hold
        self._pipe, theirs = context.Pipe()
        self._sending = threading.Lock()
        self._process = context.Process(
            target=work, args=(settings, clock, office_id, theirs), name="maildesk-backroom", daemon=True
        )
        _start(self._process)
        theirs.close()

    def ring(self) -> None:
        """There is mail to process."""
        self._say(RING)

    def watch(self, answers_wait: Callable[[], None]) -> Callable[[Loop], None]:
        """A loop's body: hear when answers wait to be sent; raises `BackRoomError` if the back room ends by itself."""

        def body(loop: Loop) -> None:
            while not loop.stop.is_set():
                try:
                    if self._pipe.poll(POLL_SECONDS) and self._pipe.recv_bytes() == ANSWERS_WAIT:
                        answers_wait()
                except (EOFError, OSError) as fault:
                    if not loop.stop.is_set():
                        self._process.join(EXIT_CODE_WITHIN)
                        raise BackRoomError(f"the back room ended with exit code {self._process.exitcode}") from fault
                loop.alive()

        return body

    def stop(self, timeout: float) -> bool:
        """Let it finish the mail in hand, ``timeout`` seconds at most.  False if it had to be killed."""
        self._say(STOP)
        self._process.join(timeout)
        if self._process.exitcode is None:
            self._process.kill()
            self._process.join()
            return False
        return True

    def _say(self, word: bytes) -> None:
        with self._sending:
            try:
                self._pipe.send_bytes(word)
            except OSError:
                return  # it has ended; `watch` sees that too, and tells


def _start(process: Any) -> None:
    """Begin a process that hears no signal before it ignores them: Ctrl-C goes to all who share the terminal."""
    resource_tracker.ensure_running()  # else beginning it would lift the block
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _OURS_TO_HEED)
    try:
        process.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def work(settings: Settings, clock: Callable[[], datetime], office_id: str, pipe: Connection) -> None:
    """The back room's life."""
    for number in _OURS_TO_HEED:
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _OURS_TO_HEED)
    return_large_blocks()
    log.configure(settings.log.format, settings.log.level)
    database = Database(settings.database)
    office = open_office(settings, database, clock, office_id)
    derive_anew(office)
    stop = threading.Event()
    loop = Loop("process", process_loop(office, lambda: pipe.send_bytes(ANSWERS_WAIT)), stop, stop.set)
    loop.start()
    while not stop.is_set():
        try:
            if pipe.poll(POLL_SECONDS) and pipe.recv_bytes() == STOP:
                break
        except (EOFError, OSError):
            break
        if time.monotonic() - loop.beat > STALLED_SECONDS:
            os._exit(STALLED)  # a mail holds its reader fast: it counts as tried, and is held in the end
        loop.bell.ring()
    stop.set()
    loop.bell.ring()
    loop.join()
    database.close()
    if loop.fault:
        raise SystemExit(1)
