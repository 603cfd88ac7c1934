"""[Procedure 5]: 24 business hours for P1 to P3 beside the table, unless a third party caused the fault."""

from dataclasses import replace

import pytest

from maildesk.desk.clocks import FIX_COMMITMENT, fix_commitment
from maildesk.desk.policy import CreditRules
from tests.rig.history import History, shipped, shown

KINDS = ("warning:res", "warning:fix", "breach:res", "breach:fix")
TELCO = "cause third party Telco: their line"


def fix_due(history: History) -> str | None:
    clock = fix_commitment(history.ticket, history.policy)
    return clock and (shown(clock.due_at) if clock.due_at else "rests")


@pytest.mark.parametrize(
    ("opened", "priority", "expected"),
    [
        ("03-02 09:00", "P1", "03-04 15:00"),
        ("03-02 09:00", "P2", "03-04 15:00"),
        ("03-02 09:00", "P3", "03-04 15:00"),
        ("03-06 17:00", "P3", "03-11 14:00"),  # Friday's close: Monday, Tuesday, 6 hours of Wednesday
        ("04-02 12:00", "P3", "04-09 09:00"),  # 5 hours, Easter, 18 hours of two days, 1 hour
        ("03-02 09:00", "P4", None),
        ("03-02 09:00", "P5", None),
    ],
)
def test_when_it_is_due(opened: str, priority: str, expected: str | None) -> None:
    assert fix_due(History(opened, priority)) == expected


@pytest.mark.parametrize(
    ("opened", "priority", "expected"),
    [
        # 24 hours round the clock are the stricter, on a weekday
        ("03-02 09:00", "P1", ["03-03 03:00 warning:resolution:P1", "03-03 09:00 breach:resolution:P1"]),
        # 72 hours from Monday end on Thursday 09:00; the 24 business hours on Wednesday 15:00
        ("03-02 09:00", "P2", ["03-04 09:00 warning:fix_commitment:P2", "03-05 09:00 breach:resolution:P2"]),
        # over a weekend the 72 hours are the stricter
        ("03-06 09:00", "P2", ["03-08 15:00 warning:resolution:P2", "03-09 09:00 breach:resolution:P2"]),
        ("03-02 09:00", "P3", ["03-04 09:00 warning:fix_commitment:P3", "03-09 09:00 breach:resolution:P3"]),
        ("03-02 09:00", "P4", ["03-11 13:30 warning:resolution:P4", "03-16 09:00 breach:resolution:P4"]),
    ],
)
def test_the_stricter_warns_and_the_table_is_the_breach(opened: str, priority: str, expected: list[str]) -> None:
    assert History(opened, priority).until("03-31 12:00").told(*KINDS) == expected


def test_a_third_partys_fault_takes_it_away_for_good() -> None:
    history = History("03-02 09:00", "P3").run({"03-03 09:00": TELCO})
    assert fix_due(history) is None
    assert history.until("03-31 12:00").told(*KINDS) == [
        "03-05 15:45 warning:resolution:P3",  # 75 % of 45 business hours
        "03-09 09:00 breach:resolution:P3",
    ]
    history.do("cause unknown")  # by another event: what staff said is not taken back by itself
    assert fix_due(history) == "03-04 15:00"


@pytest.mark.parametrize("cause", ["cause ours", "cause customer: wrong plug", "cause unknown"])
def test_no_other_cause_does(cause: str) -> None:
    assert fix_due(History("03-02 09:00", "P3").run({"03-03 09:00": cause})) == "03-04 15:00"


def test_waiting_for_a_third_party_is_a_pause_and_no_cause() -> None:
    history = History("03-02 09:00", "P3").run({"03-02 12:00": "pending third party Telco: a cut line"})
    assert fix_due(history) == "rests"
    assert fix_due(history.run({"03-03 12:00": "open"})) == "03-05 15:00"


@pytest.mark.parametrize(
    ("breach_of", "expected"),
    [
        ("resolution", ["03-09 09:00 breach:resolution:P3"]),
        (FIX_COMMITMENT, ["03-04 15:00 breach:fix_commitment:P3"]),
        ("stricter", ["03-04 15:00 breach:fix_commitment:P3"]),
    ],
)
def test_a_setting_says_which_of_the_two_is_the_breach(breach_of: str, expected: list[str]) -> None:
    policy = replace(shipped(), credits=CreditRules(breach_of=breach_of))
    assert History("03-02 09:00", "P3", policy=policy).until("03-12 12:00").told("breach:res", "breach:fix") == expected


@pytest.mark.parametrize("breach_of", [FIX_COMMITMENT, "stricter"])
def test_where_there_is_no_commitment_the_table_is_the_breach(breach_of: str) -> None:
    policy = replace(shipped(), credits=CreditRules(breach_of=breach_of))
    history = History("03-02 09:00", "P3", policy=policy).run({"03-02 10:00": TELCO})
    assert history.until("03-12 12:00").told("breach:res", "breach:fix") == ["03-09 09:00 breach:resolution:P3"]
