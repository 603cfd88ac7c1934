"""When the firm works [Procedure 6]: hours, summer time, days of their own."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maildesk.desk.calendar import Calendar, Span, SpecialDay

DAY: tuple[Span, ...] = ((time(8), time(17)),)
WEEK = dict.fromkeys(range(5), DAY)
LONDON = ZoneInfo("Europe/London")
FIRM = Calendar(LONDON, WEEK)
SPLIT = Calendar(LONDON, {0: ((time(13), time(17)), (time(8), time(12)))})
ROUND_THE_CLOCK = Calendar(LONDON, dict.fromkeys(range(7), ((time(0), time(0)),)))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "is_open", "next_open"),
    [
        ("2026-11-23 07:59:59", False, "2026-11-23 08:00"),  # Monday, GMT
        ("2026-11-23 08:00", True, "2026-11-23 08:00"),
        ("2026-11-23 16:59:59", True, "2026-11-23 16:59:59"),
        ("2026-11-23 17:00", False, "2026-11-24 08:00"),  # a closing time is closed
        ("2026-11-27 17:00", False, "2026-11-30 08:00"),  # Friday evening
        ("2026-11-28 12:00", False, "2026-11-30 08:00"),  # Saturday
        ("2026-06-15 06:59", False, "2026-06-15 07:00"),  # BST: eight in London is seven in UTC
        ("2026-06-15 15:59", True, "2026-06-15 15:59"),
        ("2026-06-15 16:00", False, "2026-06-16 07:00"),
        ("2026-03-27 17:00", False, "2026-03-30 07:00"),  # over the spring change of 29 March
        ("2026-10-23 16:00", False, "2026-10-26 08:00"),  # over the autumn change of 25 October
        ("2026-12-31 17:00", False, "2027-01-01 08:00"),  # the week alone knows no holiday
    ],
)
def test_hours_of_the_week(now: str, is_open: bool, next_open: str) -> None:
    assert FIRM.is_open(utc(now)) is is_open
    assert FIRM.next_open(utc(now)) == utc(next_open)


def test_spans_come_in_order_and_in_utc() -> None:
    assert SPLIT.spans(date(2026, 6, 15)) == [
        (utc("2026-06-15 07:00"), utc("2026-06-15 11:00")),
        (utc("2026-06-15 12:00"), utc("2026-06-15 16:00")),
    ]
    assert SPLIT.next_open(utc("2026-06-15 11:00")) == utc("2026-06-15 12:00")


@pytest.mark.parametrize(
    ("day", "hours"),
    [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 6, 15), 24), (date(2026, 12, 31), 24)],
)
def test_a_desk_round_the_clock_works_the_whole_day_whatever_its_length(day: date, hours: int) -> None:
    [(start, end)] = ROUND_THE_CLOCK.spans(day)
    assert end - start == timedelta(hours=hours)
    assert ROUND_THE_CLOCK.spans(day + timedelta(days=1))[0][0] == end


def test_a_day_of_its_own_has_its_own_hours() -> None:
    special = {
        date(2026, 12, 25): SpecialDay((), "Christmas Day"),  # a Friday
        date(2026, 12, 26): SpecialDay(((time(10), time(12)),), "opened by the firm"),
    }
    firm = Calendar(LONDON, WEEK, special.get)
    assert not firm.is_open(utc("2026-12-25 10:00"))
    assert firm.next_open(utc("2026-12-24 17:00")) == utc("2026-12-26 10:00")
    assert firm.next_open(utc("2026-12-26 12:00")) == utc("2026-12-28 08:00")


def test_a_firm_that_never_works_has_no_next_opening() -> None:
    assert Calendar(LONDON, {}).next_open(utc("2026-11-23 09:00")) is None


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago", "Asia/Kathmandu", "Etc/GMT-1"])
def test_the_day_is_the_zones_own(zone: str) -> None:
    firm = Calendar(ZoneInfo(zone), WEEK)
    opening = firm.next_open(utc("2026-11-28 12:00"))
    assert opening is not None
    assert opening.astimezone(ZoneInfo(zone)).strftime("%a %H:%M") == "Mon 08:00"


@given(st.integers(0, 20 * 365 * 86_400))
def test_the_next_opening_is_open_and_nothing_before_it_is(seconds: int) -> None:
    now = utc("2020-01-01") + timedelta(seconds=seconds)
    opening = FIRM.next_open(now)
    assert opening is not None
    assert opening >= now
    assert FIRM.is_open(opening)
    assert (opening == now) is FIRM.is_open(now)
    assert opening - now <= timedelta(hours=64)  # from Friday 17:00 to Monday 08:00 and a change of clocks
    assert not FIRM.is_open(opening - timedelta(microseconds=1)) or opening == now
