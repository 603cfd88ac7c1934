"""Random lives of a ticket: whatever happens, and however the clock jumps, time tells each thing once and none is lost."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from maildesk.desk import clocks, course
from maildesk.desk.course import Status
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
from maildesk.desk.ticket import Ticket, apply
from maildesk.desk.timers import due_events, next_due
from tests.rig.history import LONDON, History, at, shipped

COMMANDS = (
    "priority P1", "priority P2", "priority P3", "priority P4", "pending customer", "pending third party Telco: a line",
    "open", "workaround", "workaround: a detour", "resolved", "resolved: done", "still resolved", "close",
    "reply: hello", "note: hm", "take", "escalate", "team support", "team systems engineering", "team development",
    "cause ours", "cause third party Telco: a line", "cause unknown",
)  # fmt: skip
JUMPS = tuple(timedelta(hours=hours) for hours in (-72, -1, 1, 72))
DAYS = ("03-02", "03-27", "04-01", "05-01", "06-10", "10-23", "12-22")  # both changes of the clocks, holidays

openings = st.builds(
    lambda day, minutes: at(f"{day} 00:00") + timedelta(minutes=minutes),
    st.sampled_from(DAYS),
    st.integers(0, 2 * 1440),
)
priorities = st.sampled_from(("P1", "P2", "P3", "P4", "P5"))
pauses = st.one_of(st.integers(0, 240), st.integers(0, 20 * 1440)).map(lambda minutes: timedelta(minutes=minutes))
happenings = st.sampled_from((*COMMANDS, "mail", "mail", "robot"))
lives = st.lists(st.tuples(pauses, happenings), max_size=10)
rough_lives = st.lists(st.tuples(pauses, st.one_of(happenings, st.sampled_from(JUMPS))), max_size=12)
moderate = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def happen(history: History, what: str | timedelta) -> None:
    if isinstance(what, timedelta):
        history.jump(history.now + what).fire()
    elif what in ("mail", "robot"):
        history.mail(person=what == "mail")
    else:
        history.do(what)


def lived(opened: datetime, priority: str, life: list[tuple[timedelta, str | timedelta]], *, owed: bool) -> History:
    """Time passes in between, and everything fires at its moment; the machine's clock may jump."""
    history = History(opened, priority, owed=owed)
    for pause, what in life:
        history.until(history.now + pause)
        happen(history, what)
    return history.until(history.now + timedelta(days=3))


@moderate
@given(openings, priorities, rough_lives, st.booleans())
def test_the_row_is_the_fold_of_the_log(
    opened: datetime, priority: str, life: list[tuple[timedelta, str | timedelta]], owed: bool
) -> None:
    history = lived(opened, priority, life, owed=owed)
    assert history.by_row() == history.ticket
    kept = json.loads(json.dumps(course.to_json(history.ticket.course)))
    assert course.from_json(kept) == history.ticket.course


@moderate
@given(openings, priorities, rough_lives, st.booleans())
def test_nothing_is_told_twice(
    opened: datetime, priority: str, life: list[tuple[timedelta, str | timedelta]], owed: bool
) -> None:
    """Also where the machine's clock goes back."""
    history = lived(opened, priority, life, owed=owed)
    told = Counter(name for event in history.log if event.actor == "desk" for name in names(event.body))
    assert {name: count for name, count in told.items() if count > 1} == {}


@moderate
@given(openings, priorities, rough_lives, st.booleans())
def test_nothing_is_told_of_a_clock_that_has_stopped(
    opened: datetime, priority: str, life: list[tuple[timedelta, str | timedelta]], owed: bool
) -> None:
    history = lived(opened, priority, life, owed=owed)
    ticket: Ticket | None = None
    for event in history.log:
        if ticket and event.actor == "desk":
            assert lives_on(ticket, event.body), f"{event} of a ticket that is {ticket.status}"
        ticket = apply(7, ticket, event)


@moderate
@given(openings, priorities, rough_lives)
def test_the_desk_never_spins_and_wakes_for_nothing(
    opened: datetime, priority: str, life: list[tuple[timedelta, str | timedelta]]
) -> None:
    """After each firing the next moment lies ahead (`History.fire` holds that), and asking again gives nothing."""
    history = lived(opened, priority, life, owed=True)
    for _ in range(20):
        due = next_due(history.ticket, history.policy)
        if due is None:
            break
        assert due_events(history.ticket, history.policy, due - timedelta(microseconds=1)) == []
        history.jump(due)
        assert history.fire() > 0
        assert due_events(history.ticket, history.policy, history.now) == []


@moderate
@given(openings, priorities, lives, st.booleans(), st.lists(st.floats(0, 1), max_size=3))
def test_late_or_in_time_the_same_is_told(
    opened: datetime, priority: str, life: list[tuple[timedelta, str]], owed: bool, wakings: list[float]
) -> None:
    """A desk that slept tells the same as one that never did, or names what stands for it.

    A ticket that time itself resolved late has another life from there on, so nobody waits for an answer too long here.
    """
    policy = replace(shipped(), no_answer=None)
    steady, sleepy = (History(opened, priority, policy=policy, owed=owed) for _ in range(2))
    for pause, what in [*life, (timedelta(days=10), "note: the end")]:
        then = steady.now + pause
        for share in sorted(wakings):
            sleepy.jump(steady.now + pause * share).fire()
        steady.until(then)
        sleepy.jump(then)
        happen(steady, what)
        happen(sleepy, what)
    assert steady.ticket.state is sleepy.ticket.state
    in_time, late = summary(steady), summary(sleepy)
    assert late.pop("warnings") >= in_time.pop("warnings")
    assert late.pop("overruns") <= in_time.pop("overruns")
    assert late == in_time


def test_the_wall_clock_goes_on_over_the_night_it_jumps() -> None:
    """An hour is an hour on both DST days: the steps of a P1 lie as far apart as ever."""
    for day in ("03-28", "10-24"):
        history = History(f"{day} 20:00", "P1").until(at(f"{day} 20:00") + timedelta(hours=25))
        steps = [event.at for event in history.log if isinstance(event.body, StepTold)]
        assert [(after - before) // timedelta(hours=1) for before, after in pairwise(steps)] == [2, 6, 8, 8]
        updates = [event.at.astimezone(LONDON) for event in history.log if isinstance(event.body, UpdateSent)]
        assert [f"{moment:%H:%M}" for moment in updates] == ["16:30"]


# --- what is compared


def names(body: Body) -> Iterator[tuple[str, ...]]:
    """What one event tells, each by a name that may stand there once in a ticket's life."""
    match body:
        case Warned():
            yield "warning", body.clock, body.priority
        case Breached():
            yield "breach", body.clock, body.due_at
            yield "breach", body.clock, body.priority
        case StepTold():
            yield "step", body.priority, str(body.step), body.due_at
            yield from (("step", body.priority, str(step)) for step in body.replaced)
        case Overran():
            yield "overrun", body.team, body.due_at
        case UpdateAsked():
            yield "ask", body.day
        case UpdateSent():
            yield from (("update", day) for day in (*body.missed, body.day))


def lives_on(ticket: Ticket, body: Body) -> bool:  # noqa: PLR0911 (a table)
    """Whether what it tells of is still going on."""
    match body:
        case Warned() | Breached() if body.clock == clocks.FIRST_RESPONSE:
            return ticket.course.answered_at is None and not ticket.state.over
        case Warned() | HandedOver() | Overran():
            return ticket.state is Status.OPEN
        case Breached():
            return ticket.state not in clocks.SOLVED
        case StepTold():
            return ticket.state in clocks.WATCHED
        case UpdateAsked() | UpdateSent():
            return ticket.owed and ticket.state in clocks.UPDATED
        case StatusSet():
            return (ticket.state, body.status) in (
                (Status.PENDING_CUSTOMER, Status.RESOLVED),
                (Status.RESOLVED, Status.CLOSED),
            )
    return False


def summary(history: History) -> dict[str, object]:
    """What time told, whenever it did.  A breach stands for the warning before it, a step for those that it names."""
    bodies = [event.body for event in history.log if event.actor == "desk"]
    breaches = {(body.clock, body.due_at) for body in bodies if isinstance(body, Breached)}
    missed = {(body.clock, body.priority) for body in bodies if isinstance(body, Breached)}
    steps: Counter[tuple[str, int]] = Counter()
    for body in bodies:
        if isinstance(body, StepTold):
            steps[body.priority, body.step] += 1 + body.skipped
            steps.update((body.priority, step) for step in body.replaced)
    return {
        "warnings": {(body.clock, body.priority) for body in bodies if isinstance(body, Warned)} | missed,
        "breaches": breaches,
        "steps": steps,
        "handed over": [body.team for body in bodies if isinstance(body, HandedOver)],
        "overruns": sum(isinstance(body, Overran) for body in bodies),
        "updates": sorted(d for b in bodies if isinstance(b, UpdateSent) for d in (*b.missed, b.day)),
        "states": [body.status for body in bodies if isinstance(body, StatusSet)],
    }
