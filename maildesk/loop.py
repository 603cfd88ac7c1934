"""The loops of the daemon: each does one kind of work, sleeps until there is more, and outlives an absent database.

Any other fault ends its loop, and with it the process: the service manager starts it afresh.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import TypeVar

from sqlalchemy.exc import InterfaceError, OperationalError
from tenacity import Retrying, retry_if_exception_type, stop_when_event_set, wait_random_exponential

from maildesk import flow
from maildesk.bell import Bell
from maildesk.log import log
from maildesk.office import Office
from maildesk.send.crew import Crew
from maildesk.send.outcome import Courier, Outcome
from maildesk.send.pace import Pace
from maildesk.store.outbox import Claimed

POLL_SECONDS = 2.0  # at least so often each loop looks: another machine rings no bell here
HOUSE_SECONDS = 5.0
TOGETHER_SECONDS = 0.003  # that a courier waits for another, so that both are settled in one transaction
LONGEST_PAUSE = 30.0  # seconds, while the relay cannot be reached
COURIERS_END_WITHIN = 4.0  # seconds, once the desk stops
AWAY = (OperationalError, InterfaceError)  # the database is, or cannot be written now: no fault of the work in hand


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
        except Exception as fault:  # noqa: BLE001 - whatever it is ends the daemon, which must first hear of it
            if self.stop.is_set() and isinstance(fault, AWAY):  # what is left undone the next daemon finds
                log.warning("stopped while the database is away", loop=self.name)
                return
            self.fault = fault
            log.exception("loop ended by a fault", loop=self.name)
        finally:
            self._at_end()

    def rest(self, seconds: float) -> None:
        """Sleep until the bell rings, at most so long."""
        self.alive()
        if not self.stop.is_set():
            self.bell.wait(seconds)
        self.alive()

    def alive(self) -> None:
        """Give a sign of life, which the watchdog looks for."""
        self.beat = time.monotonic()


Result = TypeVar("Result")


def insist(loop: Loop, work: Callable[[], Result]) -> Result:
    """Do a piece of work; while the database is away, again and again with growing pauses, until it is done or the daemon stops."""
    retrying = Retrying(
        retry=retry_if_exception_type(AWAY),
        wait=wait_random_exponential(multiplier=0.2, max=5),
        stop=stop_when_event_set(loop.stop),
        sleep=loop.rest,
        before_sleep=lambda state: log.warning(
            "database away", loop=loop.name, fault=str(state.outcome and state.outcome.exception())[:200]
        ),
        reraise=True,
    )
    return retrying(work)


def process_loop(office: Office, done: Callable[[], None]) -> Callable[[Loop], None]:
    """Process what is received, and what time brings; ``done`` is told of each group, so that its mails leave at once."""
    cut_off = False  # claimed by us, and the database went away before we were done

    def work() -> int:
        nonlocal cut_off
        if cut_off:
            flow.unclaim(office)
        cut_off = True
        count = flow.process(office)
        cut_off = False
        count += flow.fire(office) + flow.begin_day(office)
        if count:
            done()
        return count

    def body(loop: Loop) -> None:
        while not loop.stop.is_set():
            loop.alive()
            if not insist(loop, work):
                loop.rest(POLL_SECONDS)

    return body


class Sending:
    """The way out: hands mails to the couriers, settles what they report, and pauses while the relay is away."""

    def __init__(self, office: Office, crew: Crew[Claimed], pace: Pace) -> None:
        self._office = office
        self._crew = crew
        self._pace = pace
        self._claimed: deque[Claimed] = deque()  # not handed out: the pace bids them wait
        self._in_the_air: set[int] = set()  # ids
        self._cut_off = False  # the database went away at a commit: it may hold claims that we know nothing of
        self._failures = 0
        self._closed_until = 0.0

    def turn(self, loop: Loop) -> None:
        """Settle, claim, hand out; sleep if there was nothing to do."""
        done = self._finished(TOGETHER_SECONDS)
        for _, outcome in done:
            self._learn(loop, outcome)
        closed_for = self._closed_until - time.monotonic()
        free = 0 if closed_for > 0 or loop.stop.is_set() else self._crew.idle - len(self._claimed)
        claimed = insist(loop, lambda: self._exchange(done, free)) if done or free > 0 else []
        self._claimed.extend(claimed)
        wait = self._hand_out(loop)
        if not done and not claimed:
            loop.rest(min(POLL_SECONDS, wait or POLL_SECONDS, closed_for if closed_for > 0 else POLL_SECONDS))

    def finish(self, loop: Loop) -> None:
        """Settle what is in the air, and put back what was not handed out."""
        self._crew.dismiss(COURIERS_END_WITHIN)
        if done := self._finished():
            insist(loop, lambda: flow.settle_and_claim(self._office, done, 0))
        if self._claimed:
            insist(loop, lambda: flow.unsend(self._office, list(self._claimed)))

    def _finished(self, patience: float = 0.0) -> list[tuple[Claimed, Outcome]]:
        done = list(self._crew.finished(patience))
        for mail, _ in done:
            self._in_the_air.remove(mail.id)
        return done

    def _exchange(self, done: Sequence[tuple[Claimed, Outcome]], free: int) -> list[Claimed]:
        if self._cut_off:
            in_hand = [*self._in_the_air, *(mail.id for mail in self._claimed), *(mail.id for mail, _ in done)]
            flow.unclaim_sending(self._office, in_hand)
        self._cut_off = True
        claimed = flow.settle_and_claim(self._office, done, free)
        self._cut_off = False
        return claimed

    def _hand_out(self, loop: Loop) -> float:
        while self._claimed and not loop.stop.is_set():
            if wait := self._pace.wait_for():
                return wait
            mail = self._claimed.popleft()
            self._in_the_air.add(mail.id)
            self._crew.hand_out(mail)
        return 0.0

    def _learn(self, loop: Loop, outcome: Outcome) -> None:
        if outcome.alarming:
            insist(loop, lambda: flow.tell_of_relay(self._office, outcome))
        if outcome.connected:
            self._failures = 0
            return
        self._failures += 1
        pause = min(LONGEST_PAUSE, 2.0**self._failures) * (1 + self._office.spread()) / 2
        self._closed_until = time.monotonic() + pause


def send_loop(office: Office, couriers: Sequence[Courier], pace: Pace) -> Callable[[Loop], None]:
    """Send what is queued, each courier one mail at a time."""

    def body(loop: Loop) -> None:
        sending = Sending(office, Crew(couriers, loop.bell.ring), pace)
        try:
            while not loop.stop.is_set():
                sending.turn(loop)
        finally:
            sending.finish(loop)

    return body


def house_loop(office: Office, freed: Callable[[], None]) -> Callable[[Loop], None]:
    """Renew the lease and free what dead daemons left; ``freed`` is told when there is something to do again."""

    def body(loop: Loop) -> None:
        while not loop.stop.is_set():
            if insist(loop, lambda: flow.keep_house(office)):
                freed()
            loop.rest(HOUSE_SECONDS)

    return body
