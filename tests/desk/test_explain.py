"""Each deadline of a ticket is what its explanation adds up to, whatever happened to it; and it says what did."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maildesk.desk import clocks, timers
from maildesk.desk.events import StepTold
from maildesk.desk.explain import Derivation, Explanation, Story, explain
from maildesk.desk.policy import Policy
from tests.rig.history import History, at, shipped, shown

BEGIN = datetime(2026, 3, 20, tzinfo=UTC)  # before Easter and the change of the clocks
MOVES = (
    "pending customer", "pending third party ACME: their cable", "open", "workaround", "resolved", "priority P1", "priority P4",
    "priority P3", "escalate", "team support", "answer: We look into it.", "cause third party ACME: a digger", "mail", "",
)  # fmt: skip


def explained(history: History) -> Explanation:
    return explain(history.ticket, history.log, history.policy, history.now)


def derivations(found: Explanation) -> list[Derivation]:
    return [*(story.how for story in found.clocks), *(rung.how for rung in found.ladder)]


def story(found: Explanation, key: str) -> Story:
    (only,) = [story for story in found.clocks if story.key == key]
    return only


def total(how: Derivation) -> timedelta:
    return sum((end - start for start, end in how.counted), timedelta())


@st.composite
def histories(draw: st.DrawFn) -> History:
    """Anything that may happen to a ticket in a few weeks, with quiet times and leaps of the clock in between."""
    opened = BEGIN + timedelta(minutes=draw(st.integers(0, 14 * 1440)))
    policy: Policy = replace(shipped(), pending_stops_ladder=draw(st.booleans()))
    history = History(opened, draw(st.sampled_from(["P1", "P2", "P3", "P4"])), policy=policy)
    for move in draw(st.lists(st.sampled_from(MOVES), max_size=7)):
        moment = history.now + timedelta(minutes=draw(st.integers(0, 4 * 1440)))
        (history.until if draw(st.booleans()) else history.jump)(moment)
        if move == "mail":
            history.mail()
        elif move:
            history.do(move)
    return history


@settings(max_examples=120, deadline=None)
@given(histories())
def test_every_deadline_equals_its_explanation(history: History) -> None:
    found = explained(history)
    for how in derivations(found):
        assert all(start < end for start, end in how.counted)
        assert all(one[1] <= other[0] for one, other in zip(how.counted, how.counted[1:], strict=False))
        if how.due_at is None:
            assert total(how) == how.used
            continue
        assert total(how) == how.amount
        assert not how.counted or how.counted[-1][1] == how.due_at


@settings(max_examples=120, deadline=None)
@given(histories())
def test_it_explains_the_deadlines_that_the_desk_keeps(history: History) -> None:
    found, policy = explained(history), history.policy
    assert {s.key: s.how.due_at for s in found.clocks if not s.then} == {
        clock.key: clock.due_at for clock in clocks.targets(history.ticket, policy)
    }
    coming = [timer for timer in timers.timers(history.ticket, policy) if isinstance(timer.body, StepTold)]
    assert sorted(rung.next_at for rung in found.ladder if rung.next_at) == [timer.due_at for timer in coming]
    for how in derivations(found):
        assert how.used + how.left - how.late == how.amount


@settings(max_examples=60, deadline=None)
@given(histories())
def test_while_it_rests_it_says_why(history: History) -> None:
    for told in explained(history).clocks:
        if told.state == "rests":
            assert any(pause.until is None for pause in told.how.pauses)
            assert told.how.due_at is None or told.how.due_at > history.now or told.stopped_at


def test_pauses_have_their_cause_and_closed_days_their_name() -> None:
    history = History("04-01 09:00").run(
        {
            "04-01 10:00": "pending third party ACME Ltd: their cable",
            "04-02 09:00": "open",
            "04-02 12:00": "pending customer",
            "04-02 15:00": "mail",
        }
    )
    how = story(explained(history), "resolution").how
    assert [(shown(p.since), p.until and shown(p.until), p.why) for p in how.pauses] == [
        ("04-01 10:00", "04-02 09:00", "pending third party ACME Ltd: their cable"),
        ("04-02 12:00", "04-02 15:00", "pending customer"),
    ]
    assert [(f"{day:%m-%d}", why) for day, why in how.skipped] == [("04-03", "Good Friday"), ("04-06", "Easter Monday")]
    assert [f"{shown(start)}-{shown(end)[6:]}" for start, end in how.counted] == [
        "04-01 09:00-10:00", "04-02 09:00-12:00", "04-02 15:00-17:00", "04-07 08:00-17:00", "04-08 08:00-17:00",
        "04-09 08:00-17:00", "04-10 08:00-17:00", "04-13 08:00-11:00",
    ]  # fmt: skip
    assert how.due_at == at("04-13 11:00")
    assert (how.used, how.left) == (timedelta(hours=4), timedelta(hours=41))


def test_how_late_it_is() -> None:
    history = History("03-02 09:00", "P1").until("03-03 12:00")
    missed = story(explained(history), "resolution")
    assert (missed.state, missed.how.late) == ("missed", timedelta(hours=3))
    assert [(kind, shown(when)) for kind, when in missed.told][-1] == ("breached", "03-03 09:00")
    history.do("resolved: The cable is back.")
    history.until("03-04 12:00")
    assert story(explained(history), "resolution").how.late == timedelta(hours=3)


@pytest.mark.parametrize(
    ("lines", "key", "state"),
    [
        ("", "resolution", "runs"),
        ("answer: We look into it.", "first_response", "met"),
        ("pending customer", "resolution", "rests"),
        ("pending customer", "first_response", "runs"),
        ("pending customer", "no_answer", "runs"),
        ("resolved: Done.", "resolution", "met"),
        ("resolved: Done.", "reopen", "runs"),
        ("resolved / close", "first_response", "over"),
        ("workaround", "team:support", None),
    ],
)
def test_the_states_of_clocks(lines: str, key: str, state: str | None) -> None:
    history = History("03-02 09:00").run({"03-02 09:30": lines, "03-02 10:00": ""})
    assert {s.key: s.state for s in explained(history).clocks}.get(key) == state


def test_the_ladder_says_who_was_told_and_what_stood_for_whom() -> None:
    history = History("03-02 09:00", "P1").run({"03-02 09:30": "down", "03-02 18:00": ""})
    found = explained(history)
    assert [(rung.number, [shown(when) for when in rung.told], rung.instead) for rung in found.ladder] == [
        (1, ["03-02 09:00"], False), (2, [], True), (3, ["03-02 18:00"], False), (4, [], False), (5, [], False),
    ]  # fmt: skip
    assert [rung.next_at and shown(rung.next_at) for rung in found.ladder] == [
        None,
        None,
        None,
        "03-03 01:00",
        "03-03 09:00",
    ]


def test_what_it_does_not_have_has_a_reason() -> None:
    history = History("03-02 09:00", "P4", owed=False)
    absent = dict(explained(history).absent)
    assert set(absent) == {"first_response", "fix_commitment", "team:support", "credits"}
    third = History("03-02 09:00").run({"03-02 09:30": "cause third party ACME: a digger"})
    assert dict(explained(third).absent)["fix_commitment"] == "the fault is that of ACME"


def test_a_priority_without_a_row_is_explained_too() -> None:
    history = History("03-02 09:00")
    policy = replace(history.policy, priorities={})
    found = explain(history.ticket, history.log, policy, history.now)
    assert found.clocks == ()
    assert found.absent == (("all targets", "the settings have no row for P3"),)


def test_credits_updates_and_the_settings_version() -> None:
    history = History("03-02 09:00", "P1").until("03-03 12:30")
    found = explained(history)
    assert [(line.month, line.hours) for line in found.credits] == [("2026-03", 3)]
    assert found.updates.owed
    assert (found.updates.asked_for, found.updates.held_for) == ("2026-03-02", "2026-03-02")
    assert found.updates.asks_at == at("03-03 15:00")
    assert found.version == history.policy.version
    assert found.governing == "resolution"
