"""[Procedure 9]: the management ladder of each priority, until the incident is solved or a workaround stands."""

from dataclasses import replace

import pytest

from tests.rig.history import History, shipped

NONE: dict[str, str] = {}
TELCO = "pending third party Telco: a cut line"


def told(history: History) -> list[str]:
    return [line.replace("ladder:", "") for line in history.told("ladder")]


@pytest.mark.parametrize(
    ("opened", "priority", "until", "expected"),
    [
        (
            "03-06 18:00", "P1", "03-09 19:00",  # Friday evening: round the clock
            ["03-06 18:00 P1:1", "03-06 20:00 P1:2", "03-07 02:00 P1:3", "03-07 10:00 P1:4", "03-07 18:00 P1:5",
             "03-08 18:00 P1:5", "03-09 18:00 P1:5"],
        ),
        (
            "03-06 18:00", "P2", "03-11 18:00",
            ["03-06 22:00 P2:1", "03-07 06:00 P2:2", "03-07 18:00 P2:3", "03-08 18:00 P2:4", "03-09 18:00 P2:5",
             "03-10 18:00 P2:5", "03-11 18:00 P2:5"],
        ),
        (
            "03-06 12:00", "P3", "03-17 12:00",  # Friday noon: business days
            ["03-09 12:00 P3:1", "03-10 12:00 P3:2", "03-12 12:00 P3:3", "03-13 12:00 P3:4", "03-16 12:00 P3:4",
             "03-17 12:00 P3:4"],
        ),
        (
            "03-02 09:00", "P4", "03-30 12:00",
            ["03-09 09:00 P4:1", "03-12 09:00 P4:2", "03-16 09:00 P4:3", "03-23 09:00 P4:3", "03-30 09:00 P4:3"],
        ),
        (
            "03-02 09:00", "P5", "03-30 12:00",
            ["03-16 09:00 P5:1", "03-19 09:00 P5:2", "03-23 09:00 P5:3", "03-30 09:00 P5:3"],
        ),
        (  # the night in which the clocks go forward has 23 hours, the one back 25
            "03-28 12:00", "P1", "03-30 14:00",
            ["03-28 12:00 P1:1", "03-28 14:00 P1:2", "03-28 20:00 P1:3", "03-29 05:00 P1:4", "03-29 13:00 P1:5",
             "03-30 13:00 P1:5"],
        ),
        (
            "10-24 12:00", "P1", "10-26 12:00",
            ["10-24 12:00 P1:1", "10-24 14:00 P1:2", "10-24 20:00 P1:3", "10-25 03:00 P1:4", "10-25 11:00 P1:5",
             "10-26 11:00 P1:5"],
        ),
        (  # Easter between: Friday and Monday are no business days
            "04-01 09:00", "P3", "04-10 12:00",
            ["04-02 09:00 P3:1", "04-07 09:00 P3:2", "04-09 09:00 P3:3", "04-10 09:00 P3:4"],
        ),
        ("03-02 17:00", "P3", "03-04 12:00", ["03-03 17:00 P3:1"]),  # due at the close
    ],
)  # fmt: skip
def test_left_alone(opened: str, priority: str, until: str, expected: list[str]) -> None:
    assert told(History(opened, priority).until(until)) == expected


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ({"03-02 10:00": "pending customer"}, ["03-02 09:00 P1:1", "03-02 11:00 P1:2", "03-02 17:00 P1:3"]),
        ({"03-02 10:00": TELCO}, ["03-02 09:00 P1:1", "03-02 11:00 P1:2", "03-02 17:00 P1:3"]),
        ({"03-02 10:00": "workaround"}, ["03-02 09:00 P1:1"]),
        ({"03-02 10:00": "resolved"}, ["03-02 09:00 P1:1"]),
        ({"03-02 10:00": "close"}, ["03-02 09:00 P1:1"]),
        # it goes on from where it stood: of 8 hours one was used, and the workaround stood for five
        (
            {"03-02 10:00": "workaround: the other line", "03-02 15:00": "open"},
            ["03-02 09:00 P1:1", "03-02 16:00 P1:2", "03-02 22:00 P1:3"],
        ),
        (
            {"03-02 10:00": "resolved: done", "03-02 15:00": "mail"},
            ["03-02 09:00 P1:1", "03-02 16:00 P1:2", "03-02 22:00 P1:3"],
        ),
        # still resolved: as if it had not been reopened
        ({"03-02 10:00": "resolved: done", "03-02 10:30": "mail", "03-02 10:40": "still resolved"}, ["03-02 09:00 P1:1"]),
        # a mail while a workaround stands changes nothing
        ({"03-02 10:00": "workaround", "03-02 10:30": "mail"}, ["03-02 09:00 P1:1"]),
    ],
)  # fmt: skip
def test_what_stops_it(script: dict[str, str], expected: list[str]) -> None:
    assert told(History("03-02 09:00", "P1").run(script).until("03-02 23:00")) == expected


def test_a_repeat_goes_on_from_where_it_stood() -> None:
    script = {"03-03 13:00": "workaround: the other line", "03-05 12:00": "open"}
    history = History("03-02 09:00", "P1").run(script)
    assert told(history.until("03-07 12:00"))[-3:] == ["03-03 09:00 P1:5", "03-06 08:00 P1:5", "03-07 08:00 P1:5"]


def test_a_setting_lets_pending_stop_it() -> None:
    policy = replace(shipped(), pending_stops_ladder=True)
    script = {"03-02 10:00": "pending customer", "03-02 15:00": TELCO, "03-02 20:00": "open"}
    history = History("03-02 09:00", "P1", policy=policy).run(script)
    assert told(history.until("03-03 04:00")) == ["03-02 09:00 P1:1", "03-02 21:00 P1:2", "03-03 03:00 P1:3"]


@pytest.mark.parametrize(
    ("priority", "down", "up", "expected"),
    [
        ("P1", "03-02 10:00", "03-02 12:00", ["03-02 12:00 P1:2"]),
        ("P1", "03-02 10:00", "03-03 02:00", ["03-03 02:00 P1:4 for 2,3"]),
        ("P1", "03-02 10:00", "03-05 10:00", ["03-05 10:00 P1:5 for 2,3,4 skipped 2"]),
        ("P3", "03-02 10:00", "03-05 10:00", ["03-05 10:00 P3:2 for 1"]),
        ("P3", "03-02 10:00", "03-11 10:00", ["03-11 10:00 P3:4 for 1,2,3 skipped 2"]),
        ("P5", "03-02 10:00", "03-05 10:00", []),
    ],
)
def test_after_downtime_the_newest_step_stands_for_the_others(
    priority: str, down: str, up: str, expected: list[str]
) -> None:
    history = History("03-02 09:00", priority).run({down: "down", up: ""})
    assert [line for line in told(history) if not line.endswith("P1:1")] == expected


def test_after_downtime_it_repeats_at_the_old_hours() -> None:
    history = History("03-02 09:00", "P1").run({"03-02 10:00": "down", "03-05 10:00": ""}).until("03-07 10:00")
    assert told(history)[-2:] == ["03-06 09:00 P1:5", "03-07 09:00 P1:5"]


def test_resolved_before_the_desk_hears_of_time_nobody_is_told() -> None:
    """What ends the ticket while the desk is down stands for the steps before it."""
    script = {
        "03-02 09:30": "reply: which line?",
        "03-02 10:00": "pending customer",
        "03-02 10:10": "down",
        "03-17 09:00": "",
    }
    history = History("03-02 09:00", "P3").run(script)
    assert history.told() == ["03-17 09:00 status:resolved"]


@pytest.mark.parametrize("opened", ["03-02 09:00", "03-07 09:00"])
def test_who_is_owed_nothing_has_a_ladder_too(opened: str) -> None:
    assert told(History(opened, "P1", owed=False).until(opened))[0].endswith("P1:1")
