"""Group commit: the mails of all connections that wait at the same moment go into one transaction.

One thread commits; while it does, the next group gathers.  It knows nothing of SMTP.  It never says that a mail is
kept before ``accept`` has returned, and it lets one bad mail defer no other.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

from maildesk.receive.incoming import Accept, Incoming

MOST_MAILS = 200  # of one transaction
MOST_OCTETS = 16 * 1024 * 1024  # of one transaction; a single larger mail goes alone
FAULTS_IN_A_ROW = 3  # of mails tried alone; after that the trouble is ours and not a mail's


class StoppedError(Exception):
    """The intake is stopping and takes no more mail."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    incoming: Incoming
    kept: Future[int] = field(default_factory=Future)


class GroupCommit:
    """Commits mails in groups.  ``fault`` is told of each error of ``accept`` and of how many mails it concerned."""

    def __init__(
        self,
        accept: Accept,
        fault: Callable[[Exception, int], None],
        *,
        most_mails: int = MOST_MAILS,
        most_octets: int = MOST_OCTETS,
    ) -> None:
        self._accept = accept
        self._fault = fault
        self._most_mails = most_mails
        self._most_octets = most_octets
        self._waiting: deque[_Waiting] = deque()
        self._changed = threading.Condition()
        self._stopping = False
        # A daemon thread: a database that hangs must not keep the process from ending.
        self._thread = threading.Thread(target=self._run, name="smtp-commit", daemon=True)

    @property
    def alive(self) -> bool:
        """Whether the committing thread runs."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Start the committing thread."""
        self._thread.start()

    def put(self, incoming: Incoming) -> Future[int]:
        """Queue a mail.  The future is its id once it is kept; it fails with the error of ``accept``, or `StoppedError`.

        A future that is cancelled before its turn takes its mail with it: nobody waits for the answer any more.
        """
        waiting = _Waiting(incoming)
        with self._changed:
            if self._stopping:
                waiting.kept.set_exception(StoppedError())
                return waiting.kept
            self._waiting.append(waiting)
            self._changed.notify()
        waiting.kept.add_done_callback(self._forget)
        return waiting.kept

    def stop(self, timeout: float) -> bool:
        """Commit what waits and end; return False if that took longer than ``timeout`` seconds."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        if self.alive:
            self._thread.join(timeout)
        return not self.alive

    def _forget(self, kept: Future[int]) -> None:
        """Let go of a cancelled mail at once: while a commit hangs, peers that come and go must not fill the memory."""
        if not kept.cancelled():
            return
        with self._changed:
            self._waiting = deque(waiting for waiting in self._waiting if waiting.kept is not kept)

    def _run(self) -> None:
        while self._wait():
            self._commit(self._next_group())  # no name for the group: it would keep large mails until the next ones

    def _wait(self) -> bool:
        """Sleep until there is a mail, or until all is done."""
        with self._changed:
            self._changed.wait_for(lambda: bool(self._waiting) or self._stopping)
            return bool(self._waiting)

    def _next_group(self) -> list[_Waiting]:
        group: list[_Waiting] = []
        octets = 0
        with self._changed:
            while self._waiting and len(group) < self._most_mails:
                octets += len(self._waiting[0].incoming.octets)
                if group and octets > self._most_octets:
                    break
                waiting = self._waiting.popleft()
                if waiting.kept.set_running_or_notify_cancel():
                    group.append(waiting)
        return group

    def _commit(self, group: Sequence[_Waiting]) -> None:
        fault = self._attempt(group) if group else None
        if fault is None:
            return
        if len(group) > 1:
            self._commit_one_by_one(group)
        else:
            group[0].kept.set_exception(fault)

    def _commit_one_by_one(self, group: Sequence[_Waiting]) -> None:
        """Find the mail that the group failed for; a database that is away is not asked for each mail again."""
        in_a_row = 0
        fault = None
        for waiting in group:
            if in_a_row < FAULTS_IN_A_ROW:
                fault = self._attempt([waiting])
                in_a_row = in_a_row + 1 if fault else 0
            if fault:
                waiting.kept.set_exception(fault)

    def _attempt(self, group: Sequence[_Waiting]) -> Exception | None:
        """Commit a group and say so to all who wait for it; what went wrong is the caller's to say."""
        try:
            ids = self._accept([waiting.incoming for waiting in group])
        except Exception as fault:  # noqa: BLE001 (the one guard: whatever goes wrong in keeping mail, its sender keeps it)
            self._fault(fault, len(group))
            return fault
        for waiting, id_ in zip(group, ids, strict=True):
            waiting.kept.set_result(id_)
        return None
