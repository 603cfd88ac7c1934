"""One pass over an IMAP mailbox: fetch what waits in batches, commit each, and only then mark it.

A mail that is fetched twice is known by its content, never by its UID [Promise 3]; what is remembered here saves work
and may be lost at any moment.  One mail that cannot be fetched or taken never stops the others: it stays where it is,
and a person is told once.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TypeVar

import structlog

from maildesk.receive.imap_session import CONNECTION_FAULTS, Refused, Session
from maildesk.receive.incoming import Accept, Incoming

BATCH_MAILS = 100
BATCH_OCTETS = 16 * 1024 * 1024
SUSPICIOUS_MAILS = 3  # refused one after the other with none taken: it is not the mails
REFUSED_PASSES = 5  # in a row, before a person is told
FETCH_FAILURES = 3  # of one mail, before a person is told: a bad connection looks the same
LONGEST_HOLD = 6 * 3600.0

log: structlog.typing.FilteringBoundLogger = structlog.get_logger(__name__)

T = TypeVar("T")


@dataclass(slots=True)
class Pass:
    """What one pass over the mailbox came to."""

    accepted: int = 0
    blamed: dict[int, Exception] = field(default_factory=dict)  # refused alone, while others were taken
    unclear: dict[int, Exception] = field(default_factory=dict)  # refused alone, and none taken since

    def took(self, mails: int) -> None:
        """Mails were taken: so those refused before are to blame themselves."""
        self.accepted += mails
        self.blamed |= self.unclear
        self.unclear = {}

    @property
    def hopeless(self) -> bool:
        """So many were refused in a row that it is not the mails."""
        return len(self.unclear) >= SUSPICIOUS_MAILS

    @property
    def stuck(self) -> bool:
        """The pass ended without an answer to whose fault it is: wait before the next."""
        return self.hopeless or (bool(self.unclear) and not self.accepted)


@dataclass(frozen=True, slots=True)
class _Held:
    """A mail that is left alone until a time that grows with its failures."""

    failures: int
    until: datetime

    @classmethod
    def after(cls, failures: int, now: datetime) -> "_Held":
        return cls(failures, now + timedelta(seconds=min(2.0 ** min(failures, 20), LONGEST_HOLD)))


@dataclass(slots=True)
class _Memory:
    """What is known of the mails of one UIDVALIDITY, by UID."""

    uidvalidity: int = -1
    accepted: set[int] = field(default_factory=set)  # committed, still to be marked
    doubtful: dict[int, None] = field(default_factory=dict)  # taken one by one, after all others, each in its turn
    held: dict[int, _Held] = field(default_factory=dict)  # those of the doubtful that are left alone for a while
    told: set[int] = field(default_factory=set)  # mails that a person knows of

    def forget_all_but(self, waiting: Collection[int]) -> None:
        self.accepted.intersection_update(waiting)
        self.told.intersection_update(waiting)
        self.forget(self.doubtful.keys() - set(waiting))

    def forget(self, uids: Collection[int]) -> None:
        for uid in uids:
            self.doubtful.pop(uid, None)
            self.held.pop(uid, None)

    def doubt(self, uids: Iterable[int]) -> None:
        """Put mails at the end of the line of the doubtful: so none stands for ever behind those that fail."""
        for uid in uids:
            self.doubtful.pop(uid, None)
            self.doubtful[uid] = None

    def hold(self, uid: int, held: _Held) -> None:
        self.doubt([uid])
        self.held[uid] = held

    def sound(self, waiting: Sequence[int]) -> list[int]:
        apart = self.accepted | self.doubtful.keys()
        return [uid for uid in waiting if uid not in apart]

    def one_by_one(self, now: datetime) -> list[int]:
        return [uid for uid in self.doubtful if uid not in self.held or self.held[uid].until <= now]

    def next_due(self) -> datetime | None:
        return min((held.until for held in self.held.values()), default=None)


class Drain:
    """Empties one mailbox, pass by pass, and remembers which of its mails made trouble.

    ``accept`` and ``alarm`` may raise anything.  Kinds of alarm: imap-not-taken, imap-mark, imap-mail-refused,
    imap-mail-unreadable, imap-mail-too-large.
    """

    def __init__(
        self,
        accept: Accept,
        alarm: Callable[[str, str], None],
        clock: Callable[[], datetime],
        max_message_bytes: int,
    ) -> None:
        self.refused_passes = 0  # in a row
        self.progress = 0  # grows with each mail taken and each whole pass
        self._accept = accept
        self._alarm = alarm
        self._clock = clock
        self._max_message_bytes = max_message_bytes
        self._memory = _Memory()
        self._told: set[str] = set()  # alarms about all mails, until it works again

    def one_pass(self, session: Session, go_on: Callable[[], bool]) -> Pass:
        """Take all that waits, in batches, each marked after its commit; the doubtful mails one by one at the end.

        ``go_on`` is asked before each batch.  Raises a connection fault.
        """
        if self._memory.uidvalidity != session.uidvalidity:  # the same UIDs now name other mails (RFC 3501 §2.3.1.1)
            self._memory = _Memory(session.uidvalidity)
        waiting = session.waiting()
        self._memory.forget_all_but(waiting)
        self._mark(session)
        result = Pass()
        for uids in self._portions(session, waiting):
            if not go_on():
                break
            self._take(session, uids, result)
            if result.hopeless:
                break
        self._conclude(session, result)
        self.progress += 1
        return result

    def next_due(self) -> datetime | None:
        """When the first of the mails that were left alone is to be tried again."""
        return self._memory.next_due()

    def _portions(self, session: Session, waiting: Sequence[int]) -> Iterator[list[int]]:
        yield from self._batches(session, self._memory.sound(waiting))
        yield from ([uid] for uid in self._memory.one_by_one(self._clock()))

    def _batches(self, session: Session, uids: Sequence[int]) -> Iterator[list[int]]:
        for at in range(0, len(uids), BATCH_MAILS):
            batch: list[int] = []
            octets = 0
            for uid, size in self._small_enough(session, session.sizes(uids[at : at + BATCH_MAILS])):
                if batch and octets + size > BATCH_OCTETS:
                    yield batch
                    batch, octets = [], 0
                batch.append(uid)
                octets += size
            if batch:
                yield batch

    def _small_enough(self, session: Session, sizes: Mapping[int, int]) -> Iterator[tuple[int, int]]:
        for uid, size in sizes.items():
            if size <= self._max_message_bytes:
                yield uid, size
                continue
            self._memory.hold(uid, _Held(1, datetime.max.replace(tzinfo=UTC)))
            text = f"has {size} octets, over the limit of {self._max_message_bytes}"
            self._tell_of(session, uid, "imap-mail-too-large", text)

    def _take(self, session: Session, uids: list[int], result: Pass) -> None:
        mails = self._fetch(session, uids)
        if not mails:
            return
        fault = attempt(partial(self._accept, mails))
        if not isinstance(fault, Exception):
            self._accepted(mails, result)
        elif len(mails) == 1:
            self._blame(session, mails[0], fault, result)
        else:
            self._accept_each(session, mails, result)
        self._mark(session)

    def _accept_each(self, session: Session, mails: Sequence[Incoming], result: Pass) -> None:
        for mail in mails:
            fault = attempt(partial(self._accept, [mail]))
            if not isinstance(fault, Exception):
                self._accepted([mail], result)
                continue
            self._blame(session, mail, fault, result)
            if result.hopeless:
                return

    def _accepted(self, mails: Sequence[Incoming], result: Pass) -> None:
        uids = {mail.uid for mail in mails if mail.uid is not None}
        self._memory.forget(uids)
        self._memory.accepted |= uids
        result.took(len(mails))
        self.progress += len(mails)
        octets = sum(len(mail.octets) for mail in mails)
        log.info("mails taken", mailbox=mails[0].mailbox, mails=len(mails), octets=octets)

    def _mark(self, session: Session) -> None:
        uids = sorted(self._memory.accepted)
        try:
            for at in range(0, len(uids), BATCH_MAILS):
                session.mark(uids[at : at + BATCH_MAILS])
                self._memory.accepted.difference_update(uids[at : at + BATCH_MAILS])
        except Refused as fault:
            self._tell("imap-mark", f"{session.mailbox}: mails were taken but cannot be marked: {fault}")
            return
        self._told.discard("imap-mark")

    # What goes wrong with mails.

    def _fetch(self, session: Session, uids: list[int]) -> list[Incoming]:
        try:
            mails = session.fetch(uids, self._clock())
        except Refused as fault:
            self._doubt(session, uids, fault)
            return []
        except CONNECTION_FAULTS as fault:
            self._doubt(session, uids, fault)
            raise
        missing = sorted(set(uids) - {mail.uid for mail in mails})
        if missing:
            self._doubt(session, missing, "the server did not send it")
        return mails

    def _doubt(self, session: Session, uids: list[int], fault: object) -> None:
        """Mails of a fetch that failed: alone, each will show whether it is to blame."""
        if len(uids) > 1:
            self._memory.doubt(uids)
            return
        failures = self._hold(uids[0])
        if failures >= FETCH_FAILURES:
            self._tell_of(session, uids[0], "imap-mail-unreadable", f"could not be fetched {failures} times: {fault}")

    def _blame(self, session: Session, mail: Incoming, fault: Exception, result: Pass) -> None:
        """A mail that was refused alone.  One that was blamed before says nothing about the others."""
        uid = mail.uid or 0
        if uid in self._memory.held:
            self._set_aside(session, uid, fault)
        else:
            result.unclear[uid] = fault

    def _conclude(self, session: Session, result: Pass) -> None:
        """Whose fault it was that mails were refused: theirs if others were taken, else ours.

        Where many are refused in a row in the midst of a pass, only those that were doubtful before are set aside:
        the database may have gone away that moment.
        """
        blamed, memory = result.blamed, self._memory
        if not result.stuck:
            blamed |= result.unclear
        elif result.accepted:
            blamed |= {uid: fault for uid, fault in result.unclear.items() if uid in memory.doubtful}
        for uid, fault in blamed.items():
            self._set_aside(session, uid, fault)
        memory.doubt(uid for uid in result.unclear if uid not in memory.held)
        if result.accepted:
            self.refused_passes = 0
            self._told.discard("imap-not-taken")
        if result.stuck:
            self._refused(session, next(iter(result.unclear.values())))

    def _refused(self, session: Session, fault: Exception) -> None:
        self.refused_passes += 1
        log.warning("mails refused", mailbox=session.mailbox, passes=self.refused_passes, fault=repr(fault))
        if self.refused_passes >= REFUSED_PASSES:
            self._tell("imap-not-taken", f"{session.mailbox}: no mail can be taken: {fault!r}")

    def _set_aside(self, session: Session, uid: int, fault: Exception) -> None:
        self._hold(uid)
        self._tell_of(session, uid, "imap-mail-refused", f"cannot be taken: {fault!r}")

    def _hold(self, uid: int) -> int:
        """Leave a mail alone for a while; the number of its failures."""
        held = self._memory.held.get(uid)
        failures = held.failures + 1 if held else 1
        self._memory.hold(uid, _Held.after(failures, self._clock()))
        return failures

    def _tell(self, kind: str, text: str) -> None:
        if kind not in self._told and not isinstance(attempt(partial(self._alarm, kind, text)), Exception):
            self._told.add(kind)

    def _tell_of(self, session: Session, uid: int, kind: str, text: str) -> None:
        if uid in self._memory.told:
            return
        whole = f"A mail in {session.mailbox} (UID {uid}) {text}. It stays there; the desk goes on with the others."
        if not isinstance(attempt(partial(self._alarm, kind, whole)), Exception):
            self._memory.told.add(uid)


def attempt(work: Callable[[], T]) -> T | Exception:
    """Call what was handed in, and return its fault as a value.

    The one broad guard of IMAP intake: `accept`, `lease`, `alarm` and `password` may raise anything, and none of it
    may end the mailbox.
    """
    try:
        return work()
    except Exception as fault:  # noqa: BLE001
        return fault
