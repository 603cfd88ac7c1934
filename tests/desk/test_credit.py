"""Hours of credit: worked by hand, against an oracle that walks through time, and past hours that nothing changes."""

from dataclasses import replace
from datetime import datetime, time, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maildesk.desk.calendar import Calendar
from maildesk.desk.clocks import resolution
from maildesk.desk.course import Status
from maildesk.desk.credit import accrued, credit_lines, month_of, runs, total
from maildesk.desk.events import CauseSet, Event, PrioritySet, StatusSet
from maildesk.desk.policy import Policy
from maildesk.desk.ticket import apply
from tests.rig.history import LONDON, History, at, shipped, shown

STEP = timedelta(minutes=10)


def full(history: History, until: str) -> list[str]:
    """When each hour was full."""
    return [shown(hour.at) for hour in accrued(history.log, history.policy, at(until)).hours]


def by_rules(**changes: object) -> Policy:
    return replace(shipped(), credits=replace(shipped().credits, **changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("opened", "priority", "script", "until", "expected"),
    [  # 2 March 2026 is a Monday; P1 is due after 24 hours, P2 after 72, P3 after 5 business days
        ("03-02 09:00", "P1", {}, "03-03 09:59", []),
        ("03-02 09:00", "P1", {}, "03-03 10:00", ["03-03 10:00"]),
        ("03-02 09:00", "P1", {}, "03-03 12:30", ["03-03 10:00", "03-03 11:00", "03-03 12:00"]),
        ("03-02 16:30", "P1", {}, "03-04 09:00", ["03-04 08:30"]),  # half before the night, half after it
        ("03-06 12:00", "P1", {}, "03-09 09:00", ["03-09 09:00"]),  # due on a Saturday
        ("03-02 17:00", "P1", {}, "03-04 08:59", []),  # due at a close: from the next opening
        ("03-02 09:00", "P3", {}, "03-09 10:30", ["03-09 10:00"]),
        ("03-02 09:00", "P4", {}, "04-20 09:00", []),
        ("03-02 09:00", "P5", {}, "04-30 09:00", []),
        # minutes add up over interruptions
        ("03-02 09:00", "P1", {"03-03 09:40": "pending customer", "03-03 14:00": "open"}, "03-03 15:19", ["03-03 14:20"]),
        ("03-02 09:00", "P1", {"03-03 09:40": "pending third party Telco: x", "03-03 14:00": "open"}, "03-03 14:20", ["03-03 14:20"]),
        ("03-02 09:00", "P1", {"03-03 10:10": "workaround: x"}, "03-06 10:10", ["03-03 10:00"]),
        ("03-02 09:00", "P1", {"03-03 10:10": "resolved: x"}, "03-06 10:10", ["03-03 10:00"]),
        ("03-02 09:00", "P1", {"03-03 09:40": "resolved: x", "03-04 09:00": "mail"}, "03-04 09:20", ["03-04 09:20"]),
        # a pause before the target is missed moves it
        ("03-02 09:00", "P1", {"03-02 10:00": "pending customer", "03-02 12:00": "open"}, "03-03 12:00", ["03-03 12:00"]),
        # a change of priority counts the target anew from the opening, and only from then on
        ("03-02 09:00", "P3", {"03-04 10:00": "priority P1"}, "03-04 11:59", ["03-04 11:00"]),
        ("03-02 09:00", "P1", {"03-03 12:30": "priority P4"}, "03-20 12:30", ["03-03 10:00", "03-03 11:00", "03-03 12:00"]),
        ("03-02 09:00", "P1", {"03-03 09:30": "priority P3"}, "03-09 09:30", ["03-09 09:30"]),  # the half hour is kept
        ("03-02 09:00", "P4", {"03-05 09:30": "priority P2"}, "03-05 10:30", ["03-05 10:30"]),
    ],
)  # fmt: skip
def test_hours_by_hand(opened: str, priority: str, script: dict[str, str], until: str, expected: list[str]) -> None:
    assert full(History(opened, priority).run(script).until(until), until) == expected


def test_an_hour_belongs_to_the_month_in_which_it_is_full() -> None:
    history = History("03-30 15:30", "P1").until("04-01 17:00")
    found = accrued(history.log, history.policy, history.now)
    assert [(hour.month, shown(hour.at)) for hour in found.hours[:2]] == [
        ("2026-03", "03-31 16:30"),
        ("2026-04", "04-01 08:30"),
    ]
    assert {month: total(hours) for month, hours in found.months().items()} == {"2026-03": 1, "2026-04": 9}


def test_the_firms_zone_makes_the_month_and_midnight_belongs_to_the_day_before() -> None:
    calendar = Calendar(LONDON, {day: ((time(0), time(0)),) for day in range(7)})
    assert month_of(calendar, at("05-01 00:00")) == "2026-04"
    assert month_of(calendar, at("05-01 00:01")) == "2026-05"


@pytest.mark.parametrize(
    ("opened", "until", "hours"),
    [
        ("03-28 00:00", "03-29 06:00", 5),  # a Sunday whose clocks skip an hour
        ("10-24 00:00", "10-25 06:00", 7),  # one whose clocks show an hour twice
        ("03-21 00:00", "03-22 06:00", 6),
    ],
)
def test_a_day_of_23_or_25_hours(opened: str, until: str, hours: int) -> None:
    """The firm works on Sundays from midnight to 6; a P1 of Saturday's midnight is due as that begins."""
    calendar = Calendar(LONDON, {6: ((time(0), time(6)),)})
    history = History(opened, "P1", policy=replace(shipped(), calendar=calendar)).jump(until)
    assert total(accrued(history.log, history.policy, history.now).hours) == hours


def test_third_party_takes_the_hours_away_and_gives_them_back_if_it_was_not() -> None:
    history = History("03-02 09:00", "P1").run(
        {"03-03 12:30": "resolved: x", "03-03 13:00": "cause third party Telco: cut"}
    )
    found = accrued(history.log, history.policy, at("03-03 17:00"))
    assert (found.hours, found.excused and found.excused.name) == ((), "Telco")
    (line,) = credit_lines(history.log, history.policy, at("03-03 17:00"))
    assert (line.hours, line.words) == (0, "none, for the ticket's whole life: the fault of Telco")
    history.run({"03-04 09:00": "cause ours: x"})
    assert full(history, "03-04 09:00") == ["03-03 10:00", "03-03 11:00", "03-03 12:00"]


@pytest.mark.parametrize(
    ("undone_at", "until", "expected"),
    [
        ("03-04 09:10", "03-06 09:00", ["03-05 14:20"]),  # 40 minutes before it: the 10 of the reopening are not there
        ("03-04 09:30", "03-06 09:00", ["03-04 09:20", "03-05 15:00"]),  # a full hour stays
    ],
)
def test_a_reopening_that_is_undone(undone_at: str, until: str, expected: list[str]) -> None:
    script = {"03-03 09:40": "resolved: x", "03-04 09:00": "open", undone_at: "still resolved", "03-05 14:00": "open"}
    history = History("03-02 09:00", "P1").run({**script, "03-05 15:10": "workaround: x"})
    assert full(history, until) == expected


def test_parts_of_an_hour_where_they_count() -> None:
    history = History("03-02 09:00", "P1", policy=by_rules(pro_rata=True)).run({"03-03 09:50": "pending customer"})
    found = accrued(history.log, history.policy, at("03-05 09:00"))
    assert total(found.hours) == Decimal("0.83")
    assert total(
        accrued(history.until("03-03 09:51").do("open") or history.log, history.policy, at("03-03 10:21")).hours
    ) == Decimal("1.33")


@pytest.mark.parametrize(
    ("breach_of", "expected"),
    [  # P2 of Monday 09:00: the fix commitment is due on Wednesday 15:00, the table's target on Thursday 09:00
        ("resolution", "03-05 10:00"),
        ("fix_commitment", "03-04 16:00"),
        ("stricter", "03-04 16:00"),
    ],
)
def test_which_target_counts(breach_of: str, expected: str) -> None:
    history = History("03-02 09:00", "P2", policy=by_rules(breach_of=breach_of)).until("03-05 10:00")
    assert full(history, "03-05 10:00")[0] == expected


def test_only_the_priorities_that_the_settings_name() -> None:
    history = History("03-02 09:00", "P1", policy=by_rules(priorities=frozenset({"P3"}))).until("03-06 10:00")
    assert full(history, "03-06 10:00") == []


def test_the_derivation_in_words() -> None:
    history = History("03-02 09:00", "P1").run({"03-03 11:30": "priority P2", "03-05 12:00": "resolved: x"})
    assert [line.words for line in credit_lines(history.log, history.policy, at("03-06 09:00"))] == [
        "2 h in breach, from 03 Mar 2026 09:00 GMT to 03 Mar 2026 11:00 GMT: P1, resolution due 03 Mar 2026 09:00 GMT",
        "3 h in breach, from 03 Mar 2026 11:00 GMT to 05 Mar 2026 11:30 GMT: P2, resolution due 05 Mar 2026 09:00 GMT",
    ]


def test_a_clock_that_was_set_back_counts_no_minute_twice() -> None:
    history = History("03-02 09:00", "P1").jump("03-03 11:00")
    history.do("take")
    history.jump("03-03 10:00").do("owner nobody")
    assert full(history, "03-03 12:00") == ["03-03 10:00", "03-03 11:00", "03-03 12:00"]


def test_a_ticket_of_no_events_has_none() -> None:
    assert accrued([], shipped(), at("03-02 09:00")).hours == ()


COMMANDS = (
    "priority P1", "priority P2", "priority P3", "priority P4", "pending customer", "pending third party Telco: x", "open",
    "workaround: x", "resolved: x", "take", "cause ours: x", "mail",
)  # fmt: skip
SCRIPTS = st.lists(st.tuples(st.integers(1, 300), st.sampled_from(COMMANDS)), max_size=12)


def played(script: list[tuple[int, str]], priority: str) -> History:
    history = History("03-26 09:00", priority)  # across a month's end and the clocks' change
    for steps, line in script:
        history.jump(history.now + steps * STEP)
        if line == "mail":
            history.mail()
        else:
            history.do(line)
    return history


def walked(events: list[Event], policy: Policy, until: datetime) -> int:
    """Business time in breach, in steps: each is judged by the events before it."""
    ticket, left, count = None, list(events), 0
    now = at("03-26 09:00")
    while now < until:
        while left and left[0].at <= now:
            ticket = apply(7, ticket, left.pop(0))
        assert ticket
        clock = resolution(ticket, policy)
        breach = clock and clock.due_at and clock.due_at <= now and ticket.state is Status.OPEN
        count += bool(breach and ticket.priority in ("P1", "P2", "P3") and policy.calendar.is_open(now))
        now += STEP
    return count


@settings(max_examples=40, deadline=None)
@given(SCRIPTS, st.sampled_from(["P1", "P2", "P3", "P4"]), st.integers(0, 600))
def test_the_hours_are_the_business_time_in_breach(script: list[tuple[int, str]], priority: str, more: int) -> None:
    history = played(script, priority)
    until = history.now + more * STEP
    found = accrued(history.log, history.policy, until)
    assert len(found.hours) == walked(history.log, history.policy, until) // 6
    assert sum(line.hours for line in runs(found.hours, history.policy.calendar)) == len(found.hours)
    assert [hour.at for hour in found.hours] == sorted({hour.at for hour in found.hours})


@settings(max_examples=60, deadline=None)
@given(SCRIPTS, SCRIPTS, st.sampled_from(["P1", "P2", "P3"]))
def test_nothing_later_changes_past_hours(
    before: list[tuple[int, str]], after: list[tuple[int, str]], priority: str
) -> None:
    then = played(before, priority)
    past = accrued(then.log, then.policy, then.now).hours
    now = played([*before, *after], priority)
    assert now.log[: len(then.log)] == then.log
    assert [hour for hour in accrued(now.log, now.policy, now.now).hours if hour.at <= then.now] == list(past)


@pytest.mark.parametrize("body", [PrioritySet("P4"), StatusSet("closed"), StatusSet("open", undone=True)])
def test_not_even_what_undoes(body: PrioritySet | StatusSet) -> None:
    history = (
        History("03-02 09:00", "P1").run({"03-03 12:00": "resolved: x", "03-04 09:00": "open"}).until("03-04 11:10")
    )
    past = accrued(history.log, history.policy, history.now).hours
    later = [*history.log, Event(len(history.log) + 1, history.now, "desk", None, body)]
    assert accrued(later, history.policy, history.now).hours == past
    gone = Event(len(later) + 1, history.now, "sam", None, CauseSet("third party", "Telco"))
    assert accrued([*later, gone], history.policy, history.now).hours == ()
