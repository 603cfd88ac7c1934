"""What time itself makes of a ticket: derived from its course, never stored, so that none is forgotten or stale.

`due_events` is asked when a ticket's next moment has come; `next_due` says when that is.  What was told leaves an
event and is not told again.  A late timer is never dropped; of several late ones of a kind the newest is told, and
names the others [Procedure 8, 9].
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import chain

from maildesk.desk import clocks
from maildesk.desk.clocks import Clock
from maildesk.desk.course import ASKED, UPDATED, Status, breach_key, overrun_key, step_key, warning_key
from maildesk.desk.events import (
    Body,
    Breached,
    HandedOver,
    Overran,
    StatusSet,
    StepTold,
    UpdateAsked,
    UpdateSent,
    Warned,
)
from maildesk.desk.policy import MANAGEMENT, Policy, Step
from maildesk.desk.ticket import Ticket

NO_ANSWER = "no answer"


@dataclass(frozen=True, slots=True)
class Timer:
    """Something that time will do to a ticket if nothing changes: ``body`` is the event that it leaves."""

    due_at: datetime  # UTC
    body: Body


def next_due(ticket: Ticket, policy: Policy) -> datetime | None:
    """When time will do something to the ticket (UTC); None: never, as it stands."""
    return min((timer.due_at for timer in timers(ticket, policy)), default=None)


def due_events(ticket: Ticket, policy: Policy, now: datetime) -> list[Body]:
    """The events that are due at ``now``: one of each kind.

    What ends the ticket's state stands for the steps and updates of that state: nobody is told of what is over.
    """
    if ticket.state.over:
        return []
    targets = _due_targets(ticket, policy, now)
    ends: list[Body] = [timer.body for timer in _ends(ticket, policy) if timer.due_at <= now]
    if ends:
        return [*targets, *ends[:1]]
    return [
        *targets,
        *(timer.body for timer in _team(ticket, policy) if timer.due_at <= now),
        *_due_step(ticket, policy, now),
        *_due_update(ticket, policy, now),
    ]


def timers(ticket: Ticket, policy: Policy) -> list[Timer]:
    """Everything that time has yet to do, each with its next moment, in order."""
    if ticket.state.over:
        return []
    found = [
        *_ends(ticket, policy),
        *chain.from_iterable(_targets(ticket, policy)),
        *_team(ticket, policy),
        *_steps(ticket, policy),
        *_updates(ticket, policy),
    ]
    return sorted(found, key=lambda timer: timer.due_at)


def _ends(ticket: Ticket, policy: Policy) -> Iterator[Timer]:
    """What ends a state by itself: no answer of the customer, nobody who says that it is not resolved."""
    now = ticket.course.now
    if now.status is Status.PENDING_CUSTOMER and policy.no_answer:
        at = policy.calendar.add(now.since, policy.no_answer)
        if at:
            yield Timer(at, StatusSet(Status.RESOLVED, reason=NO_ANSWER))
    if now.status is Status.RESOLVED:
        at = policy.calendar.add(now.since, policy.reopen)
        if at:
            yield Timer(at, StatusSet(Status.CLOSED))


def _targets(ticket: Ticket, policy: Policy) -> Iterator[list[Timer]]:
    """Of each clock the warning and the breach that are still to be told."""
    found = clocks.targets(ticket, policy)
    warns, counts = clocks.stricter(found), clocks.governing(found, policy)
    for clock in found:
        yield [*_warning(ticket, clock, warns, policy), *_breach(ticket, clock, counts)]


def _due_targets(ticket: Ticket, policy: Policy, now: datetime) -> list[Body]:
    """Of a clock both of whose moments are past, the breach."""
    bodies: list[Body] = []
    for both in _targets(ticket, policy):
        late = [timer for timer in both if timer.due_at <= now]
        bodies += [timer.body for timer in late[-1:]]
    return bodies


def _warning(ticket: Ticket, clock: Clock, warns: Clock | None, policy: Policy) -> Iterator[Timer]:
    """Nothing once a breach is told, while it rests, or where the other of the two targets is the stricter [Procedure 5]."""
    if clock.due_at is None or not clock.runs or not _is(clock, warns):
        return
    if _is_told(ticket, breach_key(clock.key, ticket.priority), clock.due_at):
        return
    at = clocks.warning_at(policy.calendar, clock, policy)
    if at is not None and at < clock.due_at and not _is_told(ticket, warning_key(clock.key, ticket.priority), at):
        yield Timer(at, Warned(clock.key, ticket.priority, _text(at), _text(clock.due_at)))


def _is_told(ticket: Ticket, key: str, at: datetime) -> bool:
    """Whether it was told for this priority, or for another one that has the very same target."""
    told, of_the_clock = ticket.course.told, key.removesuffix(ticket.priority)
    return key in told or any(known.startswith(of_the_clock) and told[known] == _text(at) for known in told)


def _is(clock: Clock, chosen: Clock | None) -> bool:
    """Whether it is the chosen one of the resolution's two targets; the first response stands alone."""
    return clock.key == clocks.FIRST_RESPONSE or (chosen is not None and chosen.key == clock.key)


def _breach(ticket: Ticket, clock: Clock, counts: Clock | None) -> Iterator[Timer]:
    """Told also while the clock rests, if its time was used up before: a raised priority counts anew from the opening."""
    if clock.due_at is None or clock.stopped_at or not _is(clock, counts):
        return
    if not _is_told(ticket, breach_key(clock.key, ticket.priority), clock.due_at):
        yield Timer(clock.due_at, Breached(clock.key, ticket.priority, _text(clock.due_at)))


def _team(ticket: Ticket, policy: Policy) -> Iterator[Timer]:
    """A team that has not solved it in its time hands it over; the last one's overrun goes to management [Procedure 7]."""
    found = clocks.team_clock(ticket, policy)
    if found is None:
        return
    clock, rule = found
    if clock.due_at is None or not clock.runs:
        return
    if rule.to != MANAGEMENT:
        reason = f"not resolved in {rule.after}"
        yield Timer(clock.due_at, HandedOver(rule.to, ticket.team, reason, _text(clock.due_at)))
    elif overrun_key(ticket.course) not in ticket.course.told:
        yield Timer(clock.due_at, Overran(ticket.team, _text(clock.due_at)))


def _steps(ticket: Ticket, policy: Policy) -> Iterator[Timer]:
    """Each step of the ladder that is still to be told, at its next time."""
    spells = clocks.ladder_intervals(ticket, policy)
    if not spells or spells[-1][1] is not None:
        return
    for number, step in enumerate(policy.ladder.get(ticket.priority, ()), 1):
        at = _step_at(ticket, policy, number, step, spells)
        if at is not None:
            yield Timer(at, StepTold(ticket.priority, number, step.role, _text(at)))


def _step_at(
    ticket: Ticket, policy: Policy, number: int, step: Step, spells: tuple[clocks.Interval, ...]
) -> datetime | None:
    last = ticket.course.told.get(step_key(ticket.priority, number))
    if last is None:
        return clocks.step_due(step, spells, policy)
    return clocks.repeat_due(step, spells, datetime.fromisoformat(last), policy)


def _due_step(ticket: Ticket, policy: Policy, now: datetime) -> list[Body]:
    """The newest step that is due; it names those which it stands for."""
    late = [timer.body for timer in _steps(ticket, policy) if timer.due_at <= now]
    steps = [body for body in late if isinstance(body, StepTold)]
    if not steps:
        return []
    newest = max(steps, key=lambda body: (datetime.fromisoformat(body.due_at), body.step))
    at, skipped = _newest_repeat(ticket, policy, newest, now)
    replaced = sorted(body.step for body in steps if body.step != newest.step)
    return [StepTold(newest.priority, newest.step, newest.role, at, replaced, skipped)]


def _newest_repeat(ticket: Ticket, policy: Policy, told: StepTold, now: datetime) -> tuple[str, int]:
    """The last time at which a repeating step was due until now, and how many times before it are skipped."""
    step, spells = policy.ladder[told.priority][told.step - 1], clocks.ladder_intervals(ticket, policy)
    at, skipped = datetime.fromisoformat(told.due_at), 0
    while (again := clocks.repeat_due(step, spells, at, policy)) is not None and at < again <= now:
        at, skipped = again, skipped + 1
    return _text(at), skipped


def update_days(ticket: Ticket, policy: Policy, until: date) -> Iterator[date]:
    """The days, to ``until``, on which the ticket owes its customer an update and has had none [Procedure 8]."""
    if not ticket.owed:
        return
    calendar, told, spoken = policy.calendar, ticket.course.told.get(UPDATED, ""), ticket.course.spoken_at
    day = calendar.local_date(max(ticket.opened_at, spoken or ticket.opened_at))
    day = max(day, date.fromisoformat(told) + timedelta(days=1)) if told else day
    while day <= until:
        if _owes(ticket, policy, day):
            yield day
        day += timedelta(days=1)


def _owes(ticket: Ticket, policy: Policy, day: date) -> bool:
    """Judged by the priority and the state that stand when the day's window ends."""
    calendar, ends = policy.calendar, policy.calendar.at(day, policy.send_at)
    row = policy.priorities.get(ticket.course.priority_at(ends))
    if row is None or not (row.every_day or calendar.is_business_day(day)):
        return False
    if ticket.opened_at > calendar.at(day, policy.ask_at) or ticket.course.at(ends).status not in clocks.UPDATED:
        return False
    before = day - timedelta(days=1) if row.every_day else calendar.previous_business_day(day)
    begins = calendar.at(before, policy.send_at)
    return not any(begins <= spoken < ends for spoken in ticket.course.spoken)


_UPDATE_HORIZON = timedelta(days=366)


def _updates(ticket: Ticket, policy: Policy) -> Iterator[Timer]:
    """The question and the holding update of the next day that owes one."""
    if ticket.state not in clocks.UPDATED:
        return
    start = max(ticket.opened_at, ticket.course.now.since, ticket.course.spoken_at or ticket.opened_at)
    told = ticket.course.told.get(UPDATED)
    latest = max(policy.calendar.local_date(start), date.fromisoformat(told) if told else date.min)
    day = next(update_days(ticket, policy, latest + _UPDATE_HORIZON), None)
    if day is None:
        return
    yield from _asks(ticket, policy, day)
    at = policy.calendar.at(day, policy.send_at)
    yield Timer(at, UpdateSent(day.isoformat(), _text(at)))


def _asks(ticket: Ticket, policy: Policy, day: date) -> Iterator[Timer]:
    at = policy.calendar.at(day, policy.ask_at)
    asked = ticket.course.told.get(ASKED, "") >= day.isoformat()
    if not asked and ticket.course.at(at).status in clocks.UPDATED:
        yield Timer(at, UpdateAsked(day.isoformat(), _text(at)))


def _due_update(ticket: Ticket, policy: Policy, now: datetime) -> list[Body]:
    """One holding update for the newest day that had none, naming the others; and the question for today."""
    if ticket.state not in clocks.UPDATED:
        return []
    calendar = policy.calendar
    days = list(update_days(ticket, policy, calendar.local_date(now)))
    missed = [day for day in days if calendar.at(day, policy.send_at) <= now]
    asks = [timer.body for day in days[len(missed) :] for timer in _asks(ticket, policy, day) if timer.due_at <= now]
    if not missed:
        return asks
    newest = missed.pop()
    at = calendar.at(newest, policy.send_at)
    return [UpdateSent(newest.isoformat(), _text(at), [day.isoformat() for day in missed]), *asks]


def _text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()
