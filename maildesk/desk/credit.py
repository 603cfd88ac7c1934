"""Hours of service credit [Procedure 10]: what a ticket's log says of its business time in breach.

The log is folded event by event: each stretch of time is judged by the ticket as it stood then, so that what is
decided later neither adds nor takes away an hour.  Only the cause does, for the ticket's whole life: none for the fault
of a third party.  It knows no contract and no money (`maildesk.desk.statement`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import groupby

from maildesk.desk import clocks
from maildesk.desk.calendar import Calendar
from maildesk.desk.course import Cause, Status
from maildesk.desk.events import Event, Opened, StatusSet
from maildesk.desk.policy import Policy
from maildesk.desk.ticket import Ticket, apply
from maildesk.desk.words import CLOCKS

HOUR, _NOTHING = timedelta(hours=1), timedelta(0)
THIRD_PARTY = "third party"
_OF: dict[str, tuple[str, ...]] = {
    "resolution": (clocks.RESOLUTION,),
    "fix_commitment": (clocks.FIX_COMMITMENT,),
    "stricter": (clocks.RESOLUTION, clocks.FIX_COMMITMENT),
}


@dataclass(frozen=True, slots=True)
class Terms:
    """What a stretch of time is judged by: the priority, and when which target was missed (UTC)."""

    priority: str
    clock: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Hour:
    """A business hour in breach.  ``since``: its first minute, ``at``: when it was full (UTC); in between it may have rested."""

    since: datetime
    at: datetime
    month: str  # of ``at`` in the firm's zone, like 2026-11
    terms: Terms  # as they stood when it was full
    amount: Decimal = Decimal(1)  # less where parts of an hour count


@dataclass(frozen=True, slots=True)
class Accrual:
    """A ticket's hours, oldest first.  ``excused``: the third party's fault that leaves none."""

    hours: tuple[Hour, ...] = ()
    excused: Cause | None = None

    def months(self) -> dict[str, tuple[Hour, ...]]:
        """The hours of each month that has any."""
        return {month: tuple(hours) for month, hours in groupby(self.hours, key=lambda hour: hour.month)}


@dataclass(frozen=True, slots=True)
class CreditLine:
    """A run of hours of one month under the same terms, for explanations.  ``terms`` None: why there are none."""

    month: str
    hours: Decimal
    since: datetime | None  # UTC
    until: datetime | None
    terms: Terms | None
    words: str


def accrued(events: Iterable[Event], policy: Policy, until: datetime) -> Accrual:
    """The hours that a ticket's log gives until a moment.  Raises ValueError for a log that does not begin with ``opened``."""
    counting, ticket, reached = _Counting(policy), None, None
    for event in events:
        at = datetime.fromisoformat(event.body.opened_at) if isinstance(event.body, Opened) else event.at
        if ticket and reached:
            counting.count(ticket, reached, min(at, until))
        reached = max(reached or at, at)  # a clock that was set back counts no minute twice
        ticket = apply(0, ticket, event)
        if isinstance(event.body, StatusSet):
            counting.passes(event.body)
    if ticket is None or reached is None:
        return Accrual()
    if ticket.course.cause.kind == THIRD_PARTY:
        return Accrual(excused=ticket.course.cause)
    counting.count(ticket, reached, until)
    return Accrual(tuple(counting.hours))


def terms(ticket: Ticket, policy: Policy) -> Terms | None:
    """What the ticket's time is judged by as it stands; None while none of it can count [Procedure 10]."""
    if ticket.state is not Status.OPEN or ticket.priority not in policy.credits.priorities:
        return None
    wanted = _OF[policy.credits.breach_of]
    found = (clocks.resolution(ticket, policy), clocks.fix_commitment(ticket, policy))
    missed = [(clock.due_at, clock.key) for clock in found if clock and clock.due_at and clock.key in wanted]
    if not missed:
        return None
    due_at, clock = min(missed)
    return Terms(ticket.priority, clock, due_at)


def month_of(calendar: Calendar, at: datetime) -> str:
    """The firm's month of a moment at which something ends: midnight belongs to the day before."""
    return f"{calendar.local_date(at - timedelta.resolution):%Y-%m}"


def total(hours: Iterable[Hour]) -> Decimal:
    """How many hours, to two places where parts of an hour count."""
    return sum((hour.amount for hour in hours), Decimal(0)).quantize(Decimal("0.01")).normalize() + Decimal(0)


def credit_lines(events: Iterable[Event], policy: Policy, until: datetime) -> list[CreditLine]:
    """How a ticket comes by its hours, run by run, in words."""
    found = accrued(events, policy, until)
    if found.excused:
        words = f"none, for the ticket's whole life: the fault of {found.excused.name or 'a third party'}"
        return [CreditLine("", Decimal(0), None, None, None, words)]
    return runs(found.hours, policy.calendar)


def runs(hours: Iterable[Hour], calendar: Calendar) -> list[CreditLine]:
    """Hours of one month under the same terms as one line."""
    grouped = groupby(hours, key=lambda hour: (hour.month, hour.terms))
    return [_line(month, terms, list(run), calendar) for (month, terms), run in grouped]


def _line(month: str, terms: Terms, run: Sequence[Hour], calendar: Calendar) -> CreditLine:
    since, until = run[0].since, run[-1].at
    words = (
        f"{written(total(run))} h in breach, from {_local(since, calendar)} to {_local(until, calendar)}: "
        f"{terms.priority}, {CLOCKS[terms.clock]} due {_local(terms.due_at, calendar)}"
    )
    return CreditLine(month, total(run), since, until, terms, words)


def written(hours: Decimal) -> str:
    """An amount of hours as people read it: ``3``, ``3.25``, ``-10``."""
    return f"{hours:f}"


def _local(at: datetime, calendar: Calendar) -> str:
    return f"{at.astimezone(calendar.zone):%d %b %Y %H:%M %Z}"


@dataclass(slots=True)
class _Counting:
    """What a fold has counted so far."""

    policy: Policy
    hours: list[Hour] = field(default_factory=list)
    part: timedelta = _NOTHING  # of the hour that is not full
    since: datetime | None = None  # its first minute
    before: tuple[int, timedelta, datetime | None] = (0, _NOTHING, None)  # as it stood at the newest change of state

    def passes(self, body: StatusSet) -> None:
        """A new state.  One that undoes a reopening takes its unfinished part back: full hours stay [Procedure 10]."""
        if body.undone:
            full, part, since = self.before
            unchanged = full == len(self.hours)
            self.part, self.since = (part, since) if unchanged else (_NOTHING, None)
        self.before = len(self.hours), self.part, self.since

    def count(self, ticket: Ticket, start: datetime, end: datetime) -> None:
        """Take the time from ``start`` to ``end``, in which the ticket stood as it is."""
        by = terms(ticket, self.policy) if start < end else None
        if by is None:
            return
        for opening, closing in self.policy.calendar.spans_between(max(start, by.due_at), end):
            if self.policy.credits.pro_rata:
                self._add(opening, closing, by, _hours(closing - opening))
            else:
                self._fill(opening, closing, by)

    def _fill(self, opening: datetime, closing: datetime, by: Terms) -> None:
        at, since = opening, self.since or opening
        while closing - at >= HOUR - self.part:
            at += HOUR - self.part
            self._add(since, at, by, Decimal(1))
            self.part, since = _NOTHING, at
        self.part += closing - at
        self.since = since if self.part else None

    def _add(self, since: datetime, at: datetime, by: Terms, amount: Decimal) -> None:
        self.hours.append(Hour(since, at, month_of(self.policy.calendar, at), by, amount))


def _hours(time: timedelta) -> Decimal:
    return Decimal(time // timedelta.resolution) / (HOUR // timedelta.resolution)
