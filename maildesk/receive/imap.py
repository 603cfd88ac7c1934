"""Mail from an IMAP mailbox: connect, empty it, wait for more, and outlive whatever happens to the connection.

The mailbox itself is the queue: a mail that is not moved, flagged or deleted is not yet ours, and it is marked only
after it is committed (`maildesk.receive.imap_drain`).  Of all that goes wrong, what time will mend is tried again with
growing pauses, and what a person must mend is told once and tried again each quarter of an hour.
"""

import math
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

import structlog
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_when_event_set, wait_exponential_jitter

from maildesk.receive.imap_drain import Drain, Pass, attempt
from maildesk.receive.imap_session import CONNECTION_FAULTS, NeedsPerson, Session, open_session
from maildesk.receive.incoming import Accept
from maildesk.settings.model import ImapIn

SHORTEST_REST = 1.0  # between two passes; while nothing comes, each rest is twice as long as the one before
LONGEST_STUCK = 60.0  # while no mail can be taken
LONGEST_IDLE = 28 * 60.0  # RFC 2177: a server may hang up after 30 minutes
LEASE_SECONDS = 10.0  # how long the last word on the lease is believed
PERSON_SECONDS = 15 * 60.0  # between attempts while a person has something to mend
FINISH_SECONDS = 1.5  # after the stop, for the batch in hand
AWAY_SECONDS = 15 * 60.0  # without the server, before a person is told

log: structlog.typing.FilteringBoundLogger = structlog.get_logger(__name__)

Pause = Callable[[threading.Event, float], None]


def _pause(stop: threading.Event, seconds: float) -> None:
    stop.wait(seconds)


class Mailbox:
    """One mailbox that the desk empties.

    ``password`` is asked at each log-in and may raise; ``accept`` and ``lease`` may raise too (the database is away).
    ``alarm(kind, text)`` tells a person, once for each trouble; if it raises it is asked again.  Kinds: imap-password,
    imap-certificate, imap-starttls, imap-folder, imap-read-only, imap-keyword, imap-away, imap-not-taken, imap-mark,
    imap-mail-refused, imap-mail-unreadable, imap-mail-too-large.
    ``lease`` says whether we, and nobody else, poll this mailbox; it is asked at least every `LEASE_SECONDS`.
    """

    def __init__(
        self,
        settings: ImapIn,
        *,
        password: Callable[[], str],
        accept: Accept,
        alarm: Callable[[str, str], None],
        clock: Callable[[], datetime],
        lease: Callable[[], bool] = lambda: True,
        max_message_bytes: int = 32 * 1024 * 1024,
        pause: Pause = _pause,
    ) -> None:
        self._settings = settings
        self._password = password
        self._alarm = alarm
        self._clock = clock
        self._lease = lease
        self._pause = pause
        self._drain = Drain(accept, alarm, clock, max_message_bytes)
        self._session: Session | None = None  # the latest; another thread may cut it
        self._told: set[str] = set()  # kinds of alarm about the connection, until it works again
        self._quiet_passes = 0  # in a row
        self._away_since: datetime | None = None
        self._lease_asked = datetime.min.replace(tzinfo=UTC)

    def run(self, stop: threading.Event) -> None:
        """Empty the mailbox until ``stop`` is set; it is seen within two seconds, or seven while connecting."""
        away = wait_exponential_jitter(initial=1, max=60, jitter=1)
        retrying = Retrying(
            retry=retry_if_exception_type((NeedsPerson, *CONNECTION_FAULTS)),
            wait=lambda state: PERSON_SECONDS if isinstance(_fault(state), NeedsPerson) else away(state),
            before_sleep=lambda state: self._explain(_fault(state)),
            sleep=partial(self._pause, stop),
            stop=stop_when_event_set(stop),
            retry_error_callback=lambda _: None,
        )
        ended = threading.Event()
        threading.Thread(target=self._cut_after, args=(stop, ended), name="imap-stop", daemon=True).start()
        try:
            while not stop.is_set():
                retrying(self._work, stop)
        finally:
            ended.set()

    def drain(self, session: Session, stop: threading.Event) -> Pass:
        """One pass over the mailbox.  Raises a connection fault."""
        return self._drain.one_pass(session, lambda: self._go_on(stop))

    def _work(self, stop: threading.Event) -> None:
        """One session.  It raises if it ends before it came to anything, so that the pauses grow."""
        if not self._ours():
            self._pause(stop, min(self._settings.poll, LEASE_SECONDS))
            return
        before = self._drain.progress
        try:
            with open_session(self._settings, self._secret(), self._connected) as session:
                self._serve(session, stop)
        except CONNECTION_FAULTS as fault:
            if self._drain.progress == before:
                raise
            log.info("mailbox lost", server=self._server, fault=str(fault))
            self._pause(stop, SHORTEST_REST)

    def _connected(self, session: Session) -> None:
        self._session = session
        self._quiet_passes = 0

    def _cut_after(self, stop: threading.Event, ended: threading.Event) -> None:
        """Close the connection soon after the stop, lest a silent server keep us from ending."""
        stop.wait()
        while not ended.wait(FINISH_SECONDS):
            if self._session:
                self._session.cut()

    def _serve(self, session: Session, stop: threading.Event) -> None:
        while self._go_on(stop):
            result = self.drain(session, stop)
            self._away_since = None
            self._told.clear()
            self._rest(session, self._seconds_after(result), stop)

    def _secret(self) -> str:
        secret = attempt(self._password)
        if isinstance(secret, Exception):
            raise NeedsPerson("imap-password", f"the password of {self._settings.user} cannot be read: {secret}")
        return secret

    def _go_on(self, stop: threading.Event) -> bool:
        return not stop.is_set() and self._ours()

    def _ours(self) -> bool:
        now = self._clock()
        if timedelta(0) <= now - self._lease_asked < timedelta(seconds=LEASE_SECONDS):
            return True
        ours = attempt(self._lease) is True
        if ours:
            self._lease_asked = now
        return ours

    def _rest(self, session: Session, seconds: float, stop: threading.Event) -> None:
        if session.can_idle():
            session.idle(seconds, lambda: self._go_on(stop))
            return
        for _ in range(math.ceil(seconds)):
            if not self._go_on(stop):
                return
            self._pause(stop, 1)

    def _seconds_after(self, result: Pass) -> float:
        self._quiet_passes = 0 if result.accepted else self._quiet_passes + 1
        passes = self._drain.refused_passes if result.stuck else self._quiet_passes
        seconds = min(SHORTEST_REST * 2.0 ** min(passes, 20), LONGEST_STUCK if result.stuck else self._settings.poll)
        due = self._drain.next_due()
        if due:
            seconds = min(seconds, (due - self._clock()).total_seconds())
        return min(max(seconds, SHORTEST_REST), LONGEST_IDLE)

    def _explain(self, fault: BaseException | None) -> None:
        """Tell of a mailbox that cannot be worked: at once if a person must act, else when it lasts."""
        if isinstance(fault, NeedsPerson):
            self._tell(fault.kind, str(fault))
            return
        log.info("mailbox away", server=self._server, fault=str(fault))
        self._away_since = since = self._away_since or self._clock()
        if (self._clock() - since).total_seconds() >= AWAY_SECONDS:
            self._tell("imap-away", f"{self._server} cannot be reached since {since:%Y-%m-%d %H:%M} UTC: {fault}")

    @property
    def _server(self) -> str:
        return f"{self._settings.host}:{self._settings.port}"

    def _tell(self, kind: str, text: str) -> None:
        if kind not in self._told and not isinstance(attempt(partial(self._alarm, kind, text)), Exception):
            self._told.add(kind)


def _fault(state: RetryCallState) -> BaseException | None:
    return state.outcome.exception() if state.outcome else None
