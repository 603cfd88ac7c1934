"""The clocks of a ticket: counted from its course with intervals, so that each deadline can be explained.

A clock has an amount of time and the intervals in which it runs.  It is due where the amount is used up; while it does
not run it has no due time.  [Procedure 3, 4, 5, 7, 9]; which states let which clock run is the procedure's table.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise, takewhile

from maildesk.desk.calendar import Calendar
from maildesk.desk.course import Course, Status
from maildesk.desk.duration import Duration
from maildesk.desk.policy import HandOver, Policy, Step
from maildesk.desk.ticket import Ticket

Interval = tuple[datetime, datetime | None]  # UTC; an end of None lasts

WORKED_ON = frozenset({Status.OPEN})  # resolution, fix commitment and team clocks
WATCHED = frozenset({Status.OPEN, Status.PENDING_CUSTOMER, Status.PENDING_THIRD_PARTY})  # the ladder
UPDATED = WATCHED | {Status.WORKAROUND}  # the daily update
SOLVED = frozenset({Status.RESOLVED, Status.CLOSED, Status.MERGED})
NOT_OVER = frozenset(Status) - {Status.CLOSED, Status.MERGED}

FIRST_RESPONSE, RESOLUTION, FIX_COMMITMENT = "first_response", "resolution", "fix_commitment"


@dataclass(frozen=True, slots=True)
class Clock:
    """One clock of one ticket.  ``due_at``: where its time is used up (UTC), also if that is past; None while it rests."""

    key: str
    target: Duration
    intervals: tuple[Interval, ...]
    due_at: datetime | None
    stopped_at: datetime | None = None  # what it waits for has happened

    @property
    def runs(self) -> bool:
        """Whether its time passes now."""
        return self.stopped_at is None and bool(self.intervals) and self.intervals[-1][1] is None

    def missed(self, now: datetime) -> bool:
        """Whether its time was used up before what it waits for happened."""
        return self.due_at is not None and self.due_at <= min(now, self.stopped_at or now)


def intervals(course: Course, states: frozenset[Status], since: datetime | None = None) -> tuple[Interval, ...]:
    """When the ticket was in one of these states, joined where one follows the other; ``since`` cuts off what was before."""
    ends = (*(after.since for _, after in pairwise(course.stretches)), None)
    spells = [
        (stretch.since, end) for stretch, end in zip(course.stretches, ends, strict=True) if stretch.status in states
    ]
    return tuple(_joined(_cut(spells, since)))


def due(calendar: Calendar, spells: Iterable[Interval], amount: timedelta, *, business: bool) -> datetime | None:
    """Where an amount of time is used up (UTC); None if it never is while nothing changes."""
    left = amount
    for start, end in spells:
        at = calendar.advance(start, left, business)
        if end is None or (at is not None and at <= end):
            return at
        left -= calendar.elapsed(start, end, business)
    return None


def due_in(calendar: Calendar, spells: Iterable[Interval], target: Duration) -> datetime | None:
    """Where a duration is used up (UTC)."""
    return due(calendar, spells, calendar.amount(target), business=target.unit.business)


def used(calendar: Calendar, clock: Clock, now: datetime) -> timedelta:
    """How much of its time a clock has used, in its own kind of time."""
    until = min(now, clock.stopped_at or now)
    business = clock.target.unit.business
    return sum(
        (calendar.elapsed(start, min(end or until, until), business) for start, end in clock.intervals), timedelta()
    )


def warning_at(calendar: Calendar, clock: Clock, policy: Policy) -> datetime | None:
    """When the share of a clock's time is used up at which staff are warned."""
    amount = calendar.amount(clock.target)
    share = timedelta(seconds=int(int(amount.total_seconds()) * policy.warn_at))
    return due(calendar, clock.intervals, share, business=clock.target.unit.business)


def first_response(ticket: Ticket, policy: Policy) -> Clock | None:
    """Runs from the opening through every state, until a person writes to the customer [Procedure 4]."""
    row = policy.priorities.get(ticket.priority)
    if row is None or not ticket.owed:
        return None
    spells = intervals(ticket.course, NOT_OVER)
    return _clock(FIRST_RESPONSE, row.first_response, spells, policy, stopped_at=ticket.course.answered_at)


def resolution(ticket: Ticket, policy: Policy) -> Clock | None:
    """The table's target [Procedure 3]."""
    row = policy.priorities.get(ticket.priority)
    if row is None:
        return None
    return _clock(RESOLUTION, row.resolution, intervals(ticket.course, WORKED_ON), policy, stopped_at=_solved(ticket))


def fix_commitment(ticket: Ticket, policy: Policy) -> Clock | None:
    """The second target; a fault that a third party caused has none [Procedure 5]."""
    row = policy.priorities.get(ticket.priority)
    if row is None or row.fix_commitment is None or ticket.course.cause.kind == "third party":
        return None
    spells = intervals(ticket.course, WORKED_ON)
    return _clock(FIX_COMMITMENT, row.fix_commitment, spells, policy, stopped_at=_solved(ticket))


def targets(ticket: Ticket, policy: Policy) -> list[Clock]:
    """The clocks that the customer was promised, as far as the ticket has them."""
    found = (first_response(ticket, policy), resolution(ticket, policy), fix_commitment(ticket, policy))
    return [clock for clock in found if clock]


def stricter(found: Iterable[Clock]) -> Clock | None:
    """Of the resolution's two among `targets` the one that is due first; the table's where they do not differ [Procedure 5]."""
    by_key = {clock.key: clock for clock in found}
    fix, table = by_key.get(FIX_COMMITMENT), by_key.get(RESOLUTION)
    return fix if fix and table and fix.due_at and table.due_at and fix.due_at < table.due_at else table


def governing(found: Sequence[Clock], policy: Policy) -> Clock | None:
    """Of `targets` the one whose miss is a breach: the table's, if the settings say nothing else [Procedure 5]."""
    if policy.credits.breach_of == "stricter":
        return stricter(found)
    by_key = {clock.key: clock for clock in found}
    fix = by_key.get(FIX_COMMITMENT) if policy.credits.breach_of == FIX_COMMITMENT else None
    return fix or by_key.get(RESOLUTION)


def team_clock(ticket: Ticket, policy: Policy) -> tuple[Clock, HandOver] | None:
    """How long its team has it; starts when it gets the ticket and rests as the resolution's clock does [Procedure 7]."""
    rule = policy.hand_overs.get(ticket.priority, {}).get(ticket.team)
    if rule is None:
        return None
    spells = intervals(ticket.course, WORKED_ON, ticket.course.teams[-1].since)
    return _clock(f"team:{ticket.team}", rule.after, spells, policy, stopped_at=_solved(ticket)), rule


def ladder_intervals(ticket: Ticket, policy: Policy) -> tuple[Interval, ...]:
    """When the management ladder ran [Procedure 9]."""
    return intervals(ticket.course, WORKED_ON if policy.pending_stops_ladder else WATCHED)


def step_due(step: Step, spells: tuple[Interval, ...], policy: Policy) -> datetime | None:
    """When a step of the ladder is due for the first time (UTC)."""
    return due_in(policy.calendar, spells, step.after)


def repeat_due(step: Step, spells: tuple[Interval, ...], last: datetime, policy: Policy) -> datetime | None:
    """When it is due again after ``last``; None where it does not repeat."""
    if step.repeat is None:
        return None
    return due_in(policy.calendar, tuple(_joined(_cut(spells, last))), step.repeat)


def _clock(
    key: str, target: Duration, spells: tuple[Interval, ...], policy: Policy, stopped_at: datetime | None
) -> Clock:
    return Clock(key, target, spells, due_in(policy.calendar, spells, target), stopped_at)


def _solved(ticket: Ticket) -> datetime | None:
    """When the work on it ended for now: closing what was resolved does not solve it again."""
    ended = takewhile(lambda stretch: stretch.status in SOLVED, reversed(ticket.course.stretches))
    return min((stretch.since for stretch in ended), default=None)


def _cut(spells: Iterable[Interval], since: datetime | None) -> Iterator[Interval]:
    for start, end in spells:
        if since is None or start >= since:
            yield start, end
        elif end is None or end > since:
            yield since, end


def _joined(spells: Iterable[Interval]) -> Iterator[Interval]:
    held: Interval | None = None
    for start, end in spells:
        if held and held[1] == start:
            held = held[0], end
            continue
        if held:
            yield held
        held = start, end
    if held:
        yield held
