"""[Procedure 4]: 4 business hours, through every state, ended only by a public message that a person wrote."""

import pytest

from tests.rig.history import History

NONE: dict[str, str] = {}
KINDS = ("warning:first", "breach:first")
LATE = ["03-02 12:00 warning", "03-02 13:00 breach"]


def told(history: History) -> list[str]:
    """Without the clock's name and the priority."""
    return [line.partition(":first")[0] for line in history.told(*KINDS)]


@pytest.mark.parametrize(
    ("opened", "priority", "expected"),
    [
        ("03-02 09:00", "P1", LATE),
        ("03-02 09:00", "P5", LATE),
        ("03-02 15:00", "P3", ["03-03 09:00 warning", "03-03 10:00 breach"]),
        ("03-06 16:00", "P1", ["03-09 10:00 warning", "03-09 11:00 breach"]),  # a Friday
        ("03-07 12:00", "P2", ["03-09 11:00 warning", "03-09 12:00 breach"]),  # a Saturday
        ("03-02 13:00", "P3", ["03-02 16:00 warning", "03-02 17:00 breach"]),  # due at the close
        ("04-02 16:00", "P3", ["04-07 10:00 warning", "04-07 11:00 breach"]),  # Easter between
        ("03-27 16:00", "P3", ["03-30 10:00 warning", "03-30 11:00 breach"]),  # the clocks go forward on Sunday
    ],
)
def test_left_alone(opened: str, priority: str, expected: list[str]) -> None:
    assert told(History(opened, priority).until("04-20 12:00")) == expected


@pytest.mark.parametrize(
    "script",
    [
        NONE,
        {"03-02 09:10": "pending customer"},
        {"03-02 09:10": "pending third party Telco: a cut line"},
        {"03-02 09:10": "workaround"},
        {"03-02 09:10": "resolved"},  # without a line nobody wrote to the customer
        {"03-02 09:10": "note: looks bad"},
        {"03-02 09:10": "take / priority P4 / escalate"},
        {"03-02 09:10": "mail"},
        {"03-02 09:10": "robot"},
    ],
)
def test_what_does_not_end_it(script: dict[str, str]) -> None:
    assert told(History("03-02 09:00").run(script).until("03-03 12:00")) == LATE


@pytest.mark.parametrize("word", ["reply: hello", "resolved: it was the cable", "workaround: use the other line"])
@pytest.mark.parametrize(
    ("when", "expected"), [("03-02 11:59", []), ("03-02 12:30", LATE[:1]), ("03-02 13:00", LATE), ("03-03 09:00", LATE)]
)
def test_a_persons_public_word_ends_it(word: str, when: str, expected: list[str]) -> None:
    assert told(History("03-02 09:00").run({when: word}).until("03-04 12:00")) == expected


def test_the_holding_update_is_none() -> None:
    history = History("03-02 12:00").until("03-03 12:00")
    assert history.told("update") == ["03-02 16:30 update 03-02"]
    assert told(history) == ["03-02 15:00 warning", "03-02 16:00 breach"]
    assert told(History("03-02 14:00").until("03-03 12:00"))[-1] == "03-03 09:00 breach"


def test_a_closed_ticket_waits_for_no_word() -> None:
    assert told(History("03-02 09:00").run({"03-02 10:00": "close"}).until("03-03 12:00")) == []


def test_who_is_owed_nothing_waits_for_no_word() -> None:
    assert told(History("03-02 09:00", owed=False).until("03-03 12:00")) == []


def test_after_three_days_off_the_breach_and_no_stale_warning() -> None:
    history = History("03-02 10:00").run({"03-02 10:30": "down", "03-05 10:30": ""})
    assert history.told("warning:first", "breach:first") == ["03-05 10:30 breach:first_response:P3"]


def test_a_reopened_ticket_was_answered_once_for_all() -> None:
    script = {"03-02 09:10": "resolved: restarted", "03-03 10:00": "mail"}
    assert told(History("03-02 09:00").run(script).until("03-05 12:00")) == []
