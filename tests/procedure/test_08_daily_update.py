"""[Procedure 8]: each update day its customer hears of each ticket, from a person or, at the hour, from the desk."""

from datetime import timedelta

import pytest

from tests.rig.history import History, at

NONE: dict[str, str] = {}
KINDS = ("ask", "update")


def told(history: History, *kinds: str) -> list[str]:
    return history.told(*(kinds or KINDS))


@pytest.mark.parametrize(
    ("opened", "priority", "until", "expected"),
    [
        ("03-02 09:00", "P3", "03-03 12:00", ["03-02 15:00 ask 03-02", "03-02 16:30 update 03-02"]),
        ("03-02 15:00", "P3", "03-02 20:00", ["03-02 15:00 ask 03-02", "03-02 16:30 update 03-02"]),
        ("03-02 15:01", "P3", "03-03 20:00", ["03-03 15:00 ask 03-03", "03-03 16:30 update 03-03"]),
        ("03-02 23:00", "P1", "03-03 20:00", ["03-03 15:00 ask 03-03", "03-03 16:30 update 03-03"]),
        ("03-03 00:00", "P1", "03-03 20:00", ["03-03 15:00 ask 03-03", "03-03 16:30 update 03-03"]),
        ("03-06 15:30", "P3", "03-09 20:00", ["03-09 15:00 ask 03-09", "03-09 16:30 update 03-09"]),  # Friday
        ("03-07 10:00", "P3", "03-09 20:00", ["03-09 15:00 ask 03-09", "03-09 16:30 update 03-09"]),  # Saturday
        (  # P1 and P2 every calendar day
            "03-07 10:00", "P2", "03-08 20:00",
            ["03-07 15:00 ask 03-07", "03-07 16:30 update 03-07", "03-08 15:00 ask 03-08", "03-08 16:30 update 03-08"],
        ),
        # Good Friday and Easter Monday are no business days; London keeps summer time by then
        ("04-02 16:00", "P4", "04-07 20:00", ["04-07 15:00 ask 04-07", "04-07 16:30 update 04-07"]),
        ("04-02 16:00", "P1", "04-03 20:00", ["04-03 15:00 ask 04-03", "04-03 16:30 update 04-03"]),
        # the two days on which the clocks change have one hour each, as any other
        ("03-28 20:00", "P1", "03-29 20:00", ["03-29 15:00 ask 03-29", "03-29 16:30 update 03-29"]),
        ("10-24 20:00", "P1", "10-25 20:00", ["10-25 15:00 ask 10-25", "10-25 16:30 update 10-25"]),
    ],
)  # fmt: skip
def test_left_alone(opened: str, priority: str, until: str, expected: list[str]) -> None:
    assert told(History(opened, priority).until(until)) == expected


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        # what a person writes in the day's window is the update, and nobody is asked
        ({"03-03 10:00": "reply: we look"}, ["03-04"]),
        ({"03-02 16:30": "reply: we look"}, ["03-04"]),  # Monday's window has ended: it counts for Tuesday
        ({"03-02 16:31": "reply: we look"}, ["03-04"]),
        ({"03-02 23:00": "reply: we look"}, ["03-04"]),
        ({"03-03 16:29": "reply: we look"}, ["03-04"]),
        ({"03-02 16:29": "reply: we look"}, ["03-03", "03-04"]),  # Monday's own
        ({"03-03 10:00": "workaround: use the other line"}, ["03-04"]),
        ({"03-03 10:00": "workaround"}, ["03-03", "03-04"]),  # still owed; nobody wrote
        # two on one day: the second is the next day's, and takes nothing from the first
        ({"03-03 10:00": "reply: we look", "03-03 17:00": "reply: a part is ordered"}, []),
        ({"03-03 10:00": "reply: we look", "03-03 16:00": "reply: a part is ordered"}, ["03-04"]),
        # what is no public message of a person
        ({"03-03 10:00": "note: looks bad"}, ["03-03", "03-04"]),
        ({"03-03 10:00": "mail"}, ["03-03", "03-04"]),
        ({"03-03 10:00": "take / escalate / cause ours"}, ["03-03", "03-04"]),
        # states
        ({"03-03 10:00": "pending customer"}, ["03-03", "03-04"]),  # the reminder
        ({"03-03 10:00": "pending third party Telco: a line"}, ["03-03", "03-04"]),
        ({"03-03 10:00": "resolved"}, []),
        ({"03-03 10:00": "close"}, []),
        ({"03-03 10:00": "resolved", "03-04 10:00": "mail"}, ["03-04"]),  # nothing for the day it was resolved
        ({"03-03 10:00": "resolved", "03-03 11:00": "mail"}, ["03-03", "03-04"]),
        ({"03-03 10:00": "resolved", "03-04 17:00": "mail"}, []),
        ({"03-03 10:00": "resolved", "03-04 10:00": "mail", "03-04 10:05": "still resolved"}, []),
    ],
)
def test_days_that_the_desk_itself_writes(script: dict[str, str], expected: list[str]) -> None:
    history = History("03-02 14:00", "P3").run(script).until("03-04 23:00")
    days = [line.split(" update ")[1] for line in told(history, "update")]
    assert [day for day in days if day != "03-02"] == expected


@pytest.mark.parametrize(
    ("priority", "when", "expected"),
    [
        ("P3", "03-06 17:00", ["03-10"]),  # Friday after the hour, Saturday and Sunday count for Monday
        ("P3", "03-07 10:00", ["03-10"]),
        ("P3", "03-08 23:00", ["03-10"]),
        ("P1", "03-07 10:00", ["03-08", "03-09", "03-10"]),  # each day its own
        ("P1", "03-07 17:00", ["03-07", "03-09", "03-10"]),
        ("P1", "03-08 10:00", ["03-07", "03-09", "03-10"]),
    ],
)
def test_over_a_weekend(priority: str, when: str, expected: list[str]) -> None:
    script = {"03-06 10:00": "reply: hello", when: "reply: still at it"}
    history = History("03-06 09:00", priority).run(script).until("03-10 20:00")
    assert [line.split(" update ")[1] for line in told(history, "update")] == expected


def test_over_easter_what_is_written_on_the_holiday_counts_for_tuesday() -> None:
    script = {"04-02 10:00": "reply: hello", "04-06 10:00": "reply: still at it"}
    assert told(History("04-02 09:00", "P3").run(script).until("04-08 12:00")) == []


def test_an_answer_after_the_question_is_the_update() -> None:
    history = History("03-02 09:00").run({"03-02 15:20": "reply: a part is ordered"}).until("03-02 23:00")
    assert told(history) == ["03-02 15:00 ask 03-02"]


def test_a_ticket_reopened_after_the_question_was_not_asked() -> None:
    history = History("03-02 09:00").run({"03-02 10:00": "resolved", "03-02 15:30": "mail"}).until("03-02 23:00")
    assert told(history) == ["03-02 16:30 update 03-02"]


def test_dated_back_it_owes_what_it_owed() -> None:
    """A mail that lay in the mailbox while the desk was down: one mail for the newest day."""
    history = History("03-02 09:00").jump("03-04 09:00")
    history.fire()
    assert told(history) == ["03-04 09:00 update 03-03 03-02"]


@pytest.mark.parametrize(
    ("priority", "down", "up", "expected"),
    [
        ("P3", "03-02 10:00", "03-02 15:40", ["03-02 15:40 ask 03-02"]),
        ("P3", "03-02 15:10", "03-02 16:40", ["03-02 15:00 ask 03-02", "03-02 16:40 update 03-02"]),
        ("P3", "03-02 10:00", "03-02 16:40", ["03-02 16:40 update 03-02"]),  # nobody is asked for what is late
        ("P3", "03-02 10:00", "03-05 10:00", ["03-05 10:00 update 03-04 03-02 03-03"]),
        ("P3", "03-02 10:00", "03-05 15:10", ["03-05 15:10 update 03-04 03-02 03-03", "03-05 15:10 ask 03-05"]),
        ("P3", "03-06 10:00", "03-09 10:00", ["03-09 10:00 update 03-06"]),
        ("P1", "03-06 10:00", "03-09 10:00", ["03-09 10:00 update 03-08 03-06 03-07"]),
    ],
)
def test_after_downtime_one_mail_names_the_missed_days(priority: str, down: str, up: str, expected: list[str]) -> None:
    opened = down[:5] + " 09:00"
    assert told(History(opened, priority).run({down: "down", up: ""})) == expected


def test_after_downtime_the_days_go_on() -> None:
    history = History("03-02 09:00").run({"03-02 10:00": "down", "03-05 10:00": ""}).until("03-06 12:00")
    assert told(history)[1:] == ["03-05 15:00 ask 03-05", "03-05 16:30 update 03-05"]


def test_a_priority_raised_owes_nothing_for_the_days_before() -> None:
    """It was P3 over the weekend: no update for Saturday and Sunday."""
    history = History("03-05 09:00", "P3").run({"03-09 09:00": "priority P1"}).until("03-09 20:00")
    assert told(history, "update") == [
        "03-05 16:30 update 03-05",
        "03-06 16:30 update 03-06",
        "03-09 16:30 update 03-09",
    ]


def test_a_priority_lowered_keeps_the_missed_days_of_the_higher() -> None:
    script = {"03-06 10:00": "reply: hello", "03-06 11:00": "down", "03-09 10:00": "priority P3"}
    history = History("03-06 09:00", "P1").run(script).until("03-09 20:00")
    assert told(history, "update") == ["03-09 10:00 update 03-08 03-07", "03-09 16:30 update 03-09"]


def test_who_is_owed_nothing_gets_nothing() -> None:
    assert told(History("03-02 09:00", "P1", owed=False).until("03-09 12:00")) == []


def test_a_year_has_one_update_for_each_business_day() -> None:
    """Nothing is owed twice and no day is left out, over both changes of the clocks and all holidays."""
    history = History("03-02 09:00", "P4").until("2027-03-01 20:00")
    calendar, days = history.policy.calendar, [line.split(" update ")[1] for line in told(history, "update")]
    first = at("03-02 12:00")
    wanted = [calendar.local_date(first + timedelta(days=n)) for n in range(365)]
    assert days == [f"{day:%m-%d}" for day in wanted if calendar.is_business_day(day)]
