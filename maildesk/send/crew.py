"""Couriers at work, each in a thread of its own with at most one mail in hand.  They know no database.

Whoever hands out mails collects the outcomes too; ``ring`` tells him that there is one.
"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from queue import Empty, SimpleQueue
from typing import Generic, Protocol, TypeVar

import structlog

from maildesk.send.outcome import Courier, Outcome, State, clean

log: structlog.typing.FilteringBoundLogger = structlog.get_logger(__name__)


class Carried(Protocol):
    """A mail as a courier needs it."""

    @property
    def reverse_path(self) -> str: ...  # noqa: D102
    @property
    def recipient(self) -> str: ...  # noqa: D102
    @property
    def octets(self) -> bytes: ...  # noqa: D102


Mail = TypeVar("Mail", bound=Carried)


class Crew(Generic[Mail]):
    """The couriers of one daemon."""

    def __init__(self, couriers: Sequence[Courier], ring: Callable[[], None]) -> None:
        self._ring = ring
        self._to_do: SimpleQueue[Mail | None] = SimpleQueue()
        self._done: SimpleQueue[tuple[Mail, Outcome]] = SimpleQueue()
        self._out = 0
        self._threads = [
            threading.Thread(target=self._work, args=(courier,), name=f"courier-{n}", daemon=True)
            for n, courier in enumerate(couriers, 1)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def idle(self) -> int:
        """How many more mails can be in the air."""
        return len(self._threads) - self._out

    def hand_out(self, mail: Mail) -> None:
        """Let an idle courier carry a mail."""
        self._out += 1
        self._to_do.put(mail)

    def finished(self, patience: float = 0.0) -> Iterator[tuple[Mail, Outcome]]:
        """The attempts that have ended since last asked; if any has, the others have ``patience`` seconds to end too."""
        deadline = time.monotonic() + patience
        any_ended = False
        while self._out:
            try:
                ended = self._done.get(any_ended, max(0.0, deadline - time.monotonic()))
            except Empty:
                return
            any_ended = True
            self._out -= 1
            yield ended

    def dismiss(self, timeout: float) -> None:
        """Let the couriers end what they carry, ``timeout`` seconds at most, and close their connections."""
        deadline = time.monotonic() + timeout
        for _ in self._threads:
            self._to_do.put(None)
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def _work(self, courier: Courier) -> None:
        while self._carry_next(courier):
            pass
        courier.close()

    def _carry_next(self, courier: Courier) -> bool:
        """Wait for a mail and carry it; nothing of it is kept while the next is waited for.  False at the end."""
        mail = self._to_do.get()
        if mail is None:
            return False
        try:
            outcome = courier.deliver(mail.reverse_path, mail.recipient, mail.octets)
        except Exception as fault:
            log.exception("courier failed")
            outcome = Outcome(State.UNKNOWN, None, clean(f"{type(fault).__name__}: {fault}"))
        self._done.put((mail, outcome))
        self._ring()
        return True
