"""``maildesk deadlines``, run as a user does."""

from pathlib import Path

import pytest

from tests.cli.conftest import maildesk

TODAY = "2026-11-23 10:00"


def test_a_line_for_each_with_unit_and_offset() -> None:
    lines = maildesk("deadlines", "--opened", TODAY, "--priority", "P3", "--json").lines
    assert lines[0] == {
        "key": "first_response", "due_at": "2026-11-23T14:00:00+00:00", "unit": "business hours", "amount": 4,
    }  # fmt: skip
    assert lines[-1] == {
        "key": "ladder:4:director", "due_at": "2026-11-30T10:00:00+00:00", "unit": "business days", "amount": 5,
        "repeat": "1 business day",
    }  # fmt: skip
    assert {line["key"].partition(":")[0] for line in lines} == {
        "first_response", "resolution", "fix_commitment", "ladder",
    }  # fmt: skip


def test_the_offset_is_that_of_the_day() -> None:
    lines = maildesk("deadlines", "--opened", "2026-03-28T12:00", "--priority", "p2", "--json").lines
    due = {line["key"]: line["due_at"] for line in lines}
    assert due["ladder:1:support manager"] == "2026-03-28T16:00:00+00:00"
    assert due["resolution"] == "2026-03-31T13:00:00+01:00"


@pytest.mark.parametrize(
    "written",
    [
        "2026-07-01 10:00",
        "2026-07-01T10:00:00",
        "2026-07-01T09:00:00Z",
        "2026-07-01t09:00z",
        "2026-07-01T11:00:00.0+02:00",
    ],
)
def test_ways_to_write_a_moment(written: str) -> None:
    lines = maildesk("deadlines", "--opened", written, "--priority", "P1", "--json").lines
    assert lines[0]["due_at"] == "2026-07-01T10:00:00+01:00"


def test_several_openings_say_which() -> None:
    words = ("--opened", TODAY, "--opened", "2026-07-01T09:00:00Z", "--priority", "P5", "--json")
    lines = maildesk("deadlines", *words).lines
    assert [line["opened"] for line in lines] == ["2026-11-23T10:00:00+00:00"] * 5 + ["2026-07-01T10:00:00+01:00"] * 5


def test_a_clock_that_is_skipped_and_one_that_is_twice() -> None:
    words = ("--opened", "2026-03-29 01:30", "--opened", "2026-10-25 01:30", "--priority", "P1", "--json")
    opened = {line["opened"] for line in maildesk("deadlines", *words).lines}
    assert opened == {"2026-03-29T02:00:00+01:00", "2026-10-25T01:30:00+01:00"}


def test_the_table_for_people() -> None:
    ran = maildesk("deadlines", "--opened", TODAY, "--priority", "P1")
    assert ran.code == 0
    assert ran.out.startswith("P1 opened Mon 23 Nov 2026 10:00 GMT and left alone\n")
    assert "Wed 25 Nov 2026 10:00 GMT  handed over to development " in ran.out
    assert ran.out.rstrip().endswith(
        "Wed 02 Dec 2026 10:00 GMT  development has overrun: management is told          5 business days"
    )
    assert "24 hours, again every 24 hours" in ran.out


def test_the_firms_own_settings(tmp_path: Path) -> None:
    file = tmp_path / "settings.yaml"
    file.write_text(
        'hours: {zone: "+02:00"}\n'
        "priorities: {P3: {resolution: 1 business hour, fix_commitment: null, first_response: 30 minutes}}\n"
        "escalation: {management: {P3: []}}\n"
    )
    words = ("--opened", "2026-11-23T08:00:00Z", "--priority", "P3", "--settings", file, "--json")
    lines = maildesk("deadlines", *words).lines
    assert lines == [
        {"key": "first_response", "due_at": "2026-11-23T10:30:00+02:00", "unit": "minutes", "amount": 30},
        {"key": "resolution", "due_at": "2026-11-23T11:00:00+02:00", "unit": "business hours", "amount": 1},
    ]


@pytest.mark.parametrize(
    ("opened", "priority", "said"),
    [
        ("tomorrow", "P1", '"tomorrow" is no moment; write like'),
        ("2026-11", "P1", '"2026-11" is no moment'),
        ("2026-02-30 10:00", "P1", "day is out of range for month"),
        ("2026-11-23T10:00+25:00", "P1", "is no moment"),
        ("0001-01-01 00:00", "P1", "0001 is no year from 1970 to 2199"),
        ("9999-12-31T23:59Z", "P1", "9999 is no year"),
        (TODAY, "P9", "P9 is no priority; priorities: P1, P2, P3, P4, P5"),
        (TODAY, "", "is no priority"),
    ],
)
def test_what_cannot_be_meant_is_a_usage_error(opened: str, priority: str, said: str) -> None:
    ran = maildesk("deadlines", "--opened", opened, "--priority", priority)
    assert (ran.code, ran.out) == (2, "")
    assert said in " ".join(ran.err.split())


@pytest.mark.parametrize("words", [("--opened", TODAY), ("--priority", "P1")])
def test_both_must_be_there(words: tuple[str, ...]) -> None:
    assert maildesk("deadlines", *words).code == 2
