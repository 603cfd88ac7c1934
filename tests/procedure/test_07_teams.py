"""[Procedure 7]: Support, then by hand Systems Engineering, after 2 business days Development, after 5 more management."""

from dataclasses import replace

import pytest

from maildesk.desk.course import Status
from maildesk.desk.duration import Duration
from maildesk.desk.obey import Refusal
from maildesk.desk.policy import HandOver
from tests.rig.history import History, shipped, shown

KINDS = ("handover", "overrun")
NONE: dict[str, str] = {}


def had(history: History) -> list[str]:
    """Which team had it from when on."""
    return [f"{shown(row.since)} {row.value}" for row in history.ticket.course.teams]


@pytest.mark.parametrize(
    ("opened", "priority", "script", "expected"),
    [
        ("03-02 09:00", "P1", NONE, ["03-04 09:00 handover:development", "03-11 09:00 overrun:development"]),
        ("03-07 12:00", "P2", NONE, ["03-10 17:00 handover:development", "03-17 17:00 overrun:development"]),
        ("04-02 12:00", "P1", NONE, ["04-08 12:00 handover:development", "04-15 12:00 overrun:development"]),
        ("03-02 09:00", "P3", NONE, []),  # the firm names no time for Support
        ("03-02 09:00", "P5", NONE, []),
        # its clock starts when the team gets it
        (
            "03-02 09:00", "P4", {"03-05 11:00": "escalate: too deep"},
            ["03-09 11:00 handover:development", "03-16 11:00 overrun:development"],
        ),
        (
            "03-02 09:00", "P3", {"03-05 11:00": "priority P2"},
            ["03-09 11:00 handover:development", "03-16 11:00 overrun:development"],
        ),
        # it rests with the resolution's clock
        (
            "03-02 09:00", "P2", {"03-03 09:00": "pending customer", "03-05 09:00": "mail"},
            ["03-06 09:00 handover:development", "03-13 09:00 overrun:development"],
        ),
        (
            "03-02 09:00", "P2", {"03-03 09:00": "pending third party Telco: a line", "03-05 09:00": "open"},
            ["03-06 09:00 handover:development", "03-13 09:00 overrun:development"],
        ),
        (
            "03-02 09:00", "P2", {"03-03 09:00": "resolved: done", "03-05 09:00": "mail"},
            ["03-06 09:00 handover:development", "03-13 09:00 overrun:development"],
        ),
        (
            "03-02 09:00", "P2", {"03-05 09:00": "workaround: the other line"},
            ["03-04 09:00 handover:development"],
        ),
        # a resting or solved ticket is handed to nobody
        ("03-02 09:00", "P1", {"03-03 09:00": "pending third party Telco: a line"}, []),
        ("03-02 09:00", "P1", {"03-03 09:00": "resolved: done"}, []),
        ("03-02 09:00", "P1", {"03-03 09:00": "close"}, []),
        # back at a team it starts afresh
        (
            "03-02 09:00", "P1", {"03-03 09:00": "team support", "03-05 09:00": "escalate"},
            ["03-09 09:00 handover:development", "03-16 09:00 overrun:development"],
        ),
        (
            "03-02 09:00", "P1",
            {"03-06 09:00": "team systems engineering"},
            ["03-04 09:00 handover:development", "03-10 09:00 handover:development", "03-17 09:00 overrun:development"],
        ),
        # given again to Development after its overrun it may overrun again
        (
            "03-02 09:00", "P1",
            {"03-11 10:00": "team support", "03-12 09:00": "team development"},
            ["03-04 09:00 handover:development", "03-11 09:00 overrun:development", "03-19 09:00 overrun:development"],
        ),
    ],
)  # fmt: skip
def test_what_time_does(opened: str, priority: str, script: dict[str, str], expected: list[str]) -> None:
    history = History(opened, priority).run(script)
    assert history.until("04-20 12:00").told(*KINDS) == expected


def test_after_downtime_the_receiving_team_has_its_whole_time() -> None:
    history = History("03-02 09:00", "P1").run({"03-03 09:00": "down", "03-06 12:00": ""})
    assert had(history) == ["03-02 09:00 systems engineering", "03-06 12:00 development"]
    assert history.log[-1].at == history.now
    assert history.until("03-31 12:00").told(*KINDS) == [
        "03-06 12:00 handover:development",
        "03-13 12:00 overrun:development",
    ]


def test_down_past_the_whole_chain_no_team_is_left_out() -> None:
    history = History("03-02 09:00", "P1").run({"03-02 10:00": "down", "03-30 09:00": ""})
    assert history.told(*KINDS) == ["03-30 09:00 handover:development"]


def test_the_times_are_settings_of_each_priority() -> None:
    rule = {"systems engineering": HandOver(Duration.parse("1 hour"), "development")}
    policy = replace(shipped(), hand_overs={"P1": rule})
    history = History("03-02 09:00", "P1", policy=policy).until("03-31 12:00")
    assert history.told(*KINDS) == ["03-02 10:00 handover:development"]


@pytest.mark.parametrize(
    ("before", "commands", "team"),
    [
        ("P3", ["escalate"], "systems engineering"),
        ("P3", ["escalate", "escalate: no way on"], "development"),
        ("P3", ["team development"], "development"),
        ("P3", ["team Development Team"], "development"),
        ("P3", ["team development", "team support"], "support"),
    ],
)
def test_staff_hand_over(before: str, commands: list[str], team: str) -> None:
    history = History("03-02 09:00", before)
    assert history.do(*commands) is None
    assert history.ticket.team == team


def test_what_cannot_be_handed_over_is_refused() -> None:
    history = History("03-02 09:00", "P3")
    assert isinstance(history.do("team marketing"), Refusal)
    assert isinstance(history.do("team support"), Refusal)
    assert history.do("team development") is None
    assert isinstance(history.do("escalate"), Refusal)
    assert history.ticket.team == "development"


def test_owner_and_team_are_apart() -> None:
    history = History("03-02 09:00", "P3")
    history.do("take", "escalate")
    assert (history.ticket.assignee, history.ticket.team) == ("sam@desk.test", "systems engineering")
    assert history.ticket.state is Status.OPEN
