"""Amounts of time keep their unit [Procedure 3, 4, 5]."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maildesk.desk.duration import Duration, Unit


@pytest.mark.parametrize(
    ("text", "expected", "written"),
    [
        ("24 hours", Duration(24, Unit.HOURS), "24 hours"),
        ("0 hours", Duration(0, Unit.HOURS), "0 hours"),
        ("1 day", Duration(1, Unit.DAYS), "1 day"),
        ("90 minutes", Duration(90, Unit.MINUTES), "90 minutes"),
        ("4 business hours", Duration(4, Unit.BUSINESS_HOURS), "4 business hours"),
        ("1 Business Day", Duration(1, Unit.BUSINESS_DAYS), "1 business day"),
        ("  15  business   days ", Duration(15, Unit.BUSINESS_DAYS), "15 business days"),
        ("30 business minutes", Duration(30, Unit.BUSINESS_MINUTES), "30 business minutes"),
    ],
)
def test_what_is_written_is_what_is_meant(text: str, expected: Duration, written: str) -> None:
    assert Duration.parse(text) == expected
    assert str(expected) == written


@pytest.mark.parametrize(
    "text",
    ["", "24", "hours", "24h", "-1 hours", "1.5 hours", "24 working hours", "4 hours 30 minutes", "٣ hours", "1 week"],
)
def test_an_amount_without_a_known_unit_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no amount of time with a unit; write like 24 hours"):
        Duration.parse(text)


@given(st.builds(Duration, st.integers(0, 999_999), st.sampled_from(Unit)))
def test_writing_and_reading_are_inverse(duration: Duration) -> None:
    assert Duration.parse(str(duration)) == duration


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        duration = Duration.parse(text)
    except ValueError:
        return
    assert Duration.parse(str(duration)) == duration


def test_only_business_units_wait_for_the_firm() -> None:
    assert [unit.business for unit in Unit] == [False, False, False, True, True, True]


def test_a_length_is_of_the_units_own_kind_of_time() -> None:
    lengths = [Duration(2, unit).length(timedelta(hours=9)) // timedelta(minutes=1) for unit in Unit]
    assert lengths == [2, 120, 2 * 1440, 2, 120, 2 * 540]
