"""Every clock, deadline, escalation and credit of a ticket with its derivation: what was counted, skipped and rested.

It asks the functions that the live desk decides by (`maildesk.desk.clocks`, `timers`, `credit`) and takes their answer
apart; it reckons no deadline of its own, so that it cannot explain another one than the desk's.  It tells what is, and
refuses nothing: what a ticket does not have stands in `Explanation.absent`, with why.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from maildesk.desk import clocks, timers
from maildesk.desk.calendar import Calendar, Opening
from maildesk.desk.clocks import Clock, Interval
from maildesk.desk.course import ASKED, UPDATED, Course, Since, Status
from maildesk.desk.credit import CreditLine, credit_lines
from maildesk.desk.duration import Duration
from maildesk.desk.events import Breached, Event, Overran, StepTold, UpdateAsked, UpdateSent, Warned
from maildesk.desk.policy import MANAGEMENT, Policy
from maildesk.desk.ticket import Ticket
from maildesk.desk.words import status_in_words

_NOTHING = timedelta(0)


@dataclass(frozen=True, slots=True)
class Pause:
    """The clock rested; ``until`` None: it still does.  UTC."""

    since: datetime
    until: datetime | None
    why: str


@dataclass(frozen=True, slots=True)
class Derivation:
    """How a deadline comes about.

    ``counted`` adds up to ``amount`` where there is a ``due_at``, also beyond now; else it is what has been used.
    ``used``, ``left`` and ``late`` are of the target's own kind of time, business time or round the clock; all UTC.
    """

    target: Duration
    amount: timedelta
    due_at: datetime | None
    used: timedelta
    left: timedelta
    late: timedelta
    counted: tuple[Opening, ...]
    skipped: tuple[tuple[date, str], ...]
    pauses: tuple[Pause, ...]


@dataclass(frozen=True, slots=True)
class Story:
    """A clock.  ``state``: runs, rests, met, missed, over (never met, and nothing waits for it any more)."""

    key: str
    state: str
    how: Derivation
    stopped_at: datetime | None = None
    warns_at: datetime | None = None  # when staff are warned: of the resolution's two targets, only by the stricter
    told: tuple[tuple[str, datetime], ...] = ()  # what was said of it, and when
    then: str = ""  # what time does when it is due


@dataclass(frozen=True, slots=True)
class Rung:
    """A step of the ladder.  ``next_at``: when time tells it, first or again; None while the ladder rests."""

    number: int
    role: str
    how: Derivation
    repeat: Duration | None
    told: tuple[datetime, ...]
    instead: bool  # not told itself: a newer step, due at once with it, stood for it
    next_at: datetime | None


@dataclass(frozen=True, slots=True)
class Updates:
    """The daily update [Procedure 8]."""

    owed: bool
    every_day: bool
    spoken_at: datetime | None
    asked_for: str  # the newest day, ISO 8601; "" for none
    held_for: str  # the newest day that the desk's own holding update stands for
    asks_at: datetime | None
    sends_at: datetime | None


@dataclass(frozen=True, slots=True)
class Explanation:
    """All that the desk can say of why a ticket stands as it does at ``now``."""

    ticket: Ticket
    now: datetime
    version: str  # of the settings
    clocks: tuple[Story, ...]
    governing: str  # the key of the target whose miss is a breach and counts for credits; "" for none
    ladder: tuple[Rung, ...]
    ladder_pauses: tuple[Pause, ...]
    updates: Updates
    credits: tuple[CreditLine, ...]
    priorities: tuple[Since, ...]
    teams: tuple[Since, ...]
    absent: tuple[tuple[str, str], ...]


def explain(ticket: Ticket, events: Sequence[Event], policy: Policy, now: datetime) -> Explanation:
    """The explanation of a ticket, which is what its ``events`` add up to, at a moment."""
    return Explanation(
        ticket=ticket,
        now=now,
        version=policy.version,
        clocks=(
            *_targets(ticket, events, policy, now),
            *_team(ticket, events, policy, now),
            *_end(ticket, policy, now),
        ),
        governing=governing.key if (governing := clocks.governing(clocks.targets(ticket, policy), policy)) else "",
        ladder=tuple(_rungs(ticket, events, policy, now)),
        ladder_pauses=pauses(ticket.course, _ladder_states(policy)),
        updates=_updates(ticket, policy),
        credits=tuple(credit_lines(events, policy, now)),
        priorities=ticket.course.priorities,
        teams=ticket.course.teams,
        absent=tuple(_absent(ticket, policy)),
    )


def derive(clock: Clock, calendar: Calendar, now: datetime, rests: tuple[Pause, ...] = ()) -> Derivation:
    """Take a clock apart: the spans that it counted until it is due, or until now where it is not."""
    amount, used = calendar.amount(clock.target), clocks.used(calendar, clock, now)
    until = clock.due_at or min(now, clock.stopped_at or now)
    spells = [(start, min(end or until, until)) for start, end in clock.intervals if start < until]
    business = clock.target.unit.business
    return Derivation(
        target=clock.target,
        amount=amount,
        due_at=clock.due_at,
        used=used,
        left=max(amount - used, _NOTHING),
        late=max(used - amount, _NOTHING),
        counted=tuple(_counted(spells, calendar, business=business)),
        skipped=tuple(day for spell in spells for day in calendar.skipped(*spell)) if business else (),
        pauses=rests,
    )


def pauses(course: Course, states: frozenset[Status], since: datetime | None = None) -> tuple[Pause, ...]:
    """When a clock that runs in some states rested, and for whom; not that it is solved, which ends it."""
    ends = (*(stretch.since for stretch in course.stretches[1:]), None)
    return tuple(
        Pause(max(stretch.since, since or stretch.since), end, _why(stretch.status, stretch.waits_for, stretch.reason))
        for stretch, end in zip(course.stretches, ends, strict=True)
        if stretch.status not in states
        and not (end is None and stretch.status in clocks.SOLVED)
        and (since is None or end is None or end > since)
    )


def _counted(spells: Iterable[Opening], calendar: Calendar, *, business: bool) -> Iterator[Opening]:
    for start, end in spells:
        if business:
            yield from calendar.spans_between(start, end)
        elif start < end:  # a state may begin and end at one moment
            yield start, end


def _why(status: Status, waits_for: str, reason: str) -> str:
    said = status_in_words(status, waits_for)
    return f"{said}: {reason}" if reason else said


def _targets(ticket: Ticket, events: Sequence[Event], policy: Policy, now: datetime) -> Iterator[Story]:
    coming = timers.timers(ticket, policy)
    warned = {body.clock: timer.due_at for timer in coming if isinstance(body := timer.body, Warned)}
    for clock in clocks.targets(ticket, policy):
        states = clocks.NOT_OVER if clock.key == clocks.FIRST_RESPONSE else clocks.WORKED_ON
        how = derive(clock, policy.calendar, now, pauses(ticket.course, states))
        told = tuple(
            (event.kind, event.at)
            for event in events
            if isinstance(body := event.body, Warned | Breached)
            and (body.clock, body.priority) == (clock.key, ticket.priority)
        )
        yield Story(clock.key, _state(ticket, clock, now), how, clock.stopped_at, warned.get(clock.key), told)


def _state(ticket: Ticket, clock: Clock, now: datetime) -> str:
    if clock.missed(now):
        return "missed"
    if clock.stopped_at:
        return "met"
    if clock.runs:
        return "runs"
    return "over" if ticket.state.over else "rests"


def _team(ticket: Ticket, events: Sequence[Event], policy: Policy, now: datetime) -> Iterator[Story]:
    """The clock of the team that has it now [Procedure 7]."""
    found = clocks.team_clock(ticket, policy)
    if found is None:
        return
    clock, rule = found
    rests = pauses(ticket.course, clocks.WORKED_ON, ticket.course.teams[-1].since)
    told = tuple(
        (event.kind, event.at)
        for event in events
        if isinstance(event.body, Overran) and event.at >= ticket.course.teams[-1].since
    )
    then = "management is told" if rule.to == MANAGEMENT else f"handed over to {rule.to}"
    yield Story(
        clock.key,
        _state(ticket, clock, now),
        derive(clock, policy.calendar, now, rests),
        clock.stopped_at,
        told=told,
        then=then,
    )


def _end(ticket: Ticket, policy: Policy, now: datetime) -> Iterator[Story]:
    """What ends the ticket's state by itself: the customer's silence."""
    rules: dict[Status, tuple[str, Duration | None, str]] = {
        Status.PENDING_CUSTOMER: ("no_answer", policy.no_answer, "resolved, no answer"),
        Status.RESOLVED: ("reopen", policy.reopen, "closed"),
    }
    key, target, then = rules.get(ticket.state, ("", None, ""))
    if target is None:
        return
    since = ticket.course.now.since
    spells: tuple[Interval, ...] = ((since, None),)
    clock = Clock(key, target, spells, clocks.due_in(policy.calendar, spells, target))
    yield Story(key, _state(ticket, clock, now), derive(clock, policy.calendar, now), then=then)


def _rungs(ticket: Ticket, events: Sequence[Event], policy: Policy, now: datetime) -> Iterator[Rung]:
    """Each step of the ladder of the priority that it has [Procedure 9]."""
    spells = clocks.ladder_intervals(ticket, policy)
    rests = pauses(ticket.course, _ladder_states(policy))
    told = [(event.at, event.body) for event in events if isinstance(event.body, StepTold)]
    told = [(at, body) for at, body in told if body.priority == ticket.priority]
    coming = {
        body.step: timer.due_at for timer in timers.timers(ticket, policy) if isinstance(body := timer.body, StepTold)
    }
    for number, step in enumerate(policy.ladder.get(ticket.priority, ()), 1):
        clock = Clock(f"ladder:{number}", step.after, spells, clocks.step_due(step, spells, policy))
        yield Rung(
            number=number,
            role=step.role,
            how=derive(clock, policy.calendar, now, rests),
            repeat=step.repeat,
            told=tuple(at for at, body in told if body.step == number),
            instead=any(number in body.replaced for _, body in told),
            next_at=coming.get(number),
        )


def _ladder_states(policy: Policy) -> frozenset[Status]:
    return clocks.WORKED_ON if policy.pending_stops_ladder else clocks.WATCHED


def _updates(ticket: Ticket, policy: Policy) -> Updates:
    row, course = policy.priorities.get(ticket.priority), ticket.course
    coming = timers.timers(ticket, policy)
    return Updates(
        owed=ticket.owed and row is not None and ticket.state in clocks.UPDATED,
        every_day=row is not None and row.every_day,
        spoken_at=course.spoken_at,
        asked_for=course.told.get(ASKED, ""),
        held_for=course.told.get(UPDATED, ""),
        asks_at=next((timer.due_at for timer in coming if isinstance(timer.body, UpdateAsked)), None),
        sends_at=next((timer.due_at for timer in coming if isinstance(timer.body, UpdateSent)), None),
    )


def _absent(ticket: Ticket, policy: Policy) -> Iterator[tuple[str, str]]:
    """What the ticket does not have, and why."""
    row, cause = policy.priorities.get(ticket.priority), ticket.course.cause
    if row is None:
        yield "all targets", f"the settings have no row for {ticket.priority}"
        return
    if not ticket.owed:
        yield clocks.FIRST_RESPONSE, "nobody is owed an answer: a robot or a list wrote"
    if row.fix_commitment is None:
        yield clocks.FIX_COMMITMENT, f"{ticket.priority} has none"
    elif cause.kind == "third party":
        yield clocks.FIX_COMMITMENT, f"the fault is that of {cause.name or 'a third party'}"
    if clocks.team_clock(ticket, policy) is None:
        yield f"team:{ticket.team}", "it hands over by hand: the settings name no time"
    if ticket.priority not in policy.credits.priorities:
        yield "credits", f"{ticket.priority} gives none"
