"""The loops of the daemon: each does one kind of work, sleeps until there is more, and outlives an absent database.

Any other fault ends its loop, and with it the process: the service manager starts it afresh.
"""

import threading
import time
from collections.abc import Callable

from sqlalchemy.exc import DBAPIError
from tenacity import Retrying, retry_if_exception_type, stop_when_event_set, wait_random_exponential

from maildesk import flow
from maildesk.bell import Bell
from maildesk.log import log
from maildesk.office import Office
from maildesk.send.outcome import Courier
from maildesk.send.pace import Pace
from maildesk.store.outbox import Claimed

POLL_SECONDS = 2.0  # at least so often each loop looks: another machine rings no bell here
HOUSE_SECONDS = 5.0
LONGEST_PAUSE = 60.0  # while the relay cannot be reached


class Loop(threading.Thread):
    """A thread that runs ``body`` until the daemon stops; ``fault`` is what ended it too early."""

    def __init__(
        self, name: str, body: Callable[["Loop"], None], stop: threading.Event, at_end: Callable[[], None]
    ) -> None:
        super().__init__(name=name, daemon=True)
        self.stop = stop
        self.bell = Bell()
        self.fault: Exception | None = None
        self.beat = time.monotonic()
        self._body = body
        self._at_end = at_end

    def run(self) -> None:
        """The thread's life; its fault is kept for the daemon to see."""
        try:
            self._body(self)
        except Exception as fault:
            self.fault = fault
            log.exception("loop ended by a fault", loop=self.name)
        finally:
            self._at_end()

    def rest(self, seconds: float) -> None:
        """Sleep until the bell rings, at most so long; each rest is a sign of life."""
        self.beat = time.monotonic()
        if not self.stop.is_set():
            self.bell.wait(seconds)
        self.beat = time.monotonic()


def insist(loop: Loop, work: Callable[[], "object"]) -> object:
    """Do a piece of work; while the database is away, again and again with growing pauses, until it is done or the daemon stops."""
    return Retrying(
        retry=retry_if_exception_type(DBAPIError),
        wait=wait_random_exponential(multiplier=0.2, max=5),
        stop=stop_when_event_set(loop.stop),
        sleep=loop.rest,
        before_sleep=lambda state: log.warning(
            "database away", loop=loop.name, fault=str(state.outcome and state.outcome.exception())[:200]
        ),
        reraise=True,
    )(work)


def process_loop(office: Office, done: Callable[[], None]) -> Callable[[Loop], None]:
    """Process what is received; ``done`` is told of each group, so that its answers leave at once."""

    cut_off = False  # claimed by us, and the database went away before we were done

    def work() -> int:
        nonlocal cut_off
        if cut_off:
            flow.unclaim(office)
        cut_off = True
        count = flow.process(office)
        cut_off = False
        if count:
            done()
        return count

    def body(loop: Loop) -> None:
        while not loop.stop.is_set():
            if not insist(loop, work):
                loop.rest(POLL_SECONDS)

    return body


def send_loop(office: Office, courier: Courier, pace: Pace) -> Callable[[Loop], None]:
    """Send what is queued, one mail after another over one kept connection."""

    def body(loop: Loop) -> None:
        failures = 0
        try:
            while not loop.stop.is_set():
                mail = insist(loop, lambda: flow.claim(office))
                if mail is None:
                    loop.rest(POLL_SECONDS)
                    continue
                failures = failures + 1 if _send_on(loop, office, courier, pace, mail) else 0
                if failures:
                    loop.stop.wait(min(LONGEST_PAUSE, 2.0**failures) * (1 + office.spread()) / 2)
        finally:
            courier.close()

    return body


def _send_on(loop: Loop, office: Office, courier: Courier, pace: Pace, mail: object) -> bool:
    """Send mail after mail; True if it ended because the way out is closed."""
    while isinstance(mail, Claimed):
        current = mail
        while (wait := pace.wait_for()) and not loop.stop.is_set():
            loop.stop.wait(wait)
        if loop.stop.is_set():
            insist(loop, lambda: flow.unsend(office, current))
            return False
        outcome = flow.deliver(courier, current)
        mail = insist(loop, lambda: flow.settle_and_claim(office, current, outcome))
        if not outcome.connected:
            return True
    return False


def house_loop(office: Office, freed: Callable[[], None]) -> Callable[[Loop], None]:
    """Renew the lease and free what dead daemons left; ``freed`` is told when there is something to do again."""

    def body(loop: Loop) -> None:
        while not loop.stop.is_set():
            if insist(loop, lambda: flow.keep_house(office)):
                freed()
            loop.rest(HOUSE_SECONDS)

    return body
