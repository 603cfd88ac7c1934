"""[Procedure 3]: a change of priority counts every target anew from the opening and keeps the pauses."""

import pytest

from maildesk.desk.clocks import targets
from maildesk.desk.obey import Refusal
from tests.rig.history import History, shown


def due(history: History) -> dict[str, str]:
    """When each target is missed, as things stand."""
    found = targets(history.ticket, history.policy)
    return {clock.key: shown(clock.due_at) if clock.due_at else "rests" for clock in found}


def test_raised_it_is_counted_from_the_opening_and_moves_to_systems_engineering() -> None:
    history = History("03-02 09:00", "P3").run({"03-02 09:30": "reply: we look into it", "03-03 10:00": "priority P2"})
    assert due(history) == {
        "first_response": "03-02 13:00",
        "resolution": "03-05 09:00",  # 72 hours from the opening
        "fix_commitment": "03-04 15:00",  # 8 + 9 + 7 business hours
    }
    assert (history.ticket.team, history.ticket.course.proposed) == ("systems engineering", False)
    assert history.until("03-05 12:00").told("warning", "breach", "ladder") == [
        "03-03 09:00 ladder:P3:1",
        "03-03 10:00 ladder:P2:3 for 1,2",
        "03-04 09:00 warning:fix_commitment:P2",
        "03-04 09:00 ladder:P2:4",
        "03-05 09:00 breach:resolution:P2",
        "03-05 09:00 ladder:P2:5",
    ]


def test_raised_when_it_is_late_by_that_it_is_told_at_once() -> None:
    history = History("03-02 09:00", "P3").run({"03-02 09:30": "reply: hello", "03-06 10:00": "priority P1"})
    assert history.until("03-06 10:00").told("warning:resolution", "breach") == ["03-06 10:00 breach:resolution:P1"]


def test_raised_while_it_waits_what_was_late_before_the_wait_is_told() -> None:
    script = {"03-02 09:30": "reply: hello", "03-04 10:00": "pending customer", "03-04 11:00": "priority P1"}
    assert History("03-02 09:00", "P3").run(script).until("03-04 11:00").told("breach") == [
        "03-04 11:00 breach:resolution:P1"
    ]


def test_pauses_stay() -> None:
    script = {
        "03-02 10:00": "pending third party Telco: a cut line",
        "03-02 14:00": "open",
        "03-02 15:00": "priority P1",
    }
    assert due(History("03-02 09:00", "P3").run(script))["resolution"] == "03-03 13:00"


@pytest.mark.parametrize(
    ("opened", "before", "commands", "team"),
    [
        ("P3", "support", ["priority P1"], "systems engineering"),
        ("P3", "support", ["priority P2"], "systems engineering"),
        ("P3", "support", ["priority P4"], "support"),
        ("P1", "systems engineering", ["priority P3"], "systems engineering"),  # never back by itself
        ("P3", "support", ["team development", "priority P1"], "development"),
        ("P1", "systems engineering", ["team support", "priority P1"], "support"),  # confirmed, not raised
        ("P1", "systems engineering", ["team support", "priority P2"], "systems engineering"),
    ],
)
def test_whose_it_is(opened: str, before: str, commands: list[str], team: str) -> None:
    history = History("03-02 09:00", opened)
    assert history.ticket.team == before
    assert history.do(*commands) is None
    assert history.ticket.team == team


def test_a_proposal_counts_and_confirming_it_changes_nothing_but_that() -> None:
    left = History("03-02 09:00", "P2").until("03-04 18:00")
    confirmed = History("03-02 09:00", "P2").run({"03-02 09:10": "priority p2"}).until("03-04 18:00")
    assert left.ticket.course.proposed
    assert not confirmed.ticket.course.proposed
    assert confirmed.told() == left.told()


def test_what_is_set_already_and_what_there_is_not_are_refused() -> None:
    history = History("03-02 09:00", "P3").run({"03-02 09:10": "priority P3"})
    assert isinstance(history.do("priority P3"), Refusal)
    assert isinstance(history.do("priority P9"), Refusal)


def test_the_same_first_response_is_not_missed_twice() -> None:
    script = {"03-02 14:00": "priority P2", "03-02 15:30": "priority P1"}
    told = History("03-02 09:00", "P3").run(script).until("03-03 12:00").told("warning:first", "breach:first")
    assert told == ["03-02 12:00 warning:first_response:P3", "03-02 13:00 breach:first_response:P3"]


def test_back_and_forth_tells_nothing_again() -> None:
    script = {"03-02 18:00": "priority P2", "03-02 18:10": "priority P1", "03-02 18:20": "priority P2"}
    assert History("03-02 09:00", "P1").run(script).until("03-02 20:00").told("ladder") == [
        "03-02 09:00 ladder:P1:1",
        "03-02 11:00 ladder:P1:2",
        "03-02 17:00 ladder:P1:3",
        "03-02 18:00 ladder:P2:1",
    ]
