"""When the firm works [Procedure 6]: hours, summer time, days of their own."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maildesk.desk.calendar import Calendar, Span, SpecialDay
from maildesk.desk.duration import Duration

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


# --- amounts, deadlines, elapsed time: by hand, at the firm of the settings that are shipped

CHRISTMAS = {
    date(2026, 12, 25): SpecialDay((), "Christmas Day"),
    date(2026, 12, 28): SpecialDay((), "Boxing Day (observed)"),
    date(2027, 1, 1): SpecialDay((), "New Year's Day"),
}
ENGLAND = Calendar(LONDON, WEEK, CHRISTMAS.get)
FIXED = Calendar(ZoneInfo("Etc/GMT-1"), WEEK)


@pytest.mark.parametrize(
    ("start", "duration", "due"),
    [
        ("2026-11-23 08:00", "9 business hours", "2026-11-23 17:00"),  # to the close, not to the next opening
        ("2026-11-23 08:00", "541 business minutes", "2026-11-24 08:01"),
        ("2026-11-23 08:00", "1 business day", "2026-11-23 17:00"),
        ("2026-11-23 10:00", "1 business day", "2026-11-24 10:00"),  # the same local time, a working day on
        ("2026-11-23 10:00", "5 business days", "2026-11-30 10:00"),
        ("2026-11-23 17:00", "1 business day", "2026-11-24 17:00"),  # opened at the close: counts from tomorrow
        ("2026-11-23 16:59:59", "2 business minutes", "2026-11-24 08:01:59"),
        ("2026-11-23 07:59:59", "1 business minute", "2026-11-23 08:01"),
        ("2026-11-27 16:00", "4 business hours", "2026-11-30 11:00"),  # over a weekend
        ("2026-11-21 10:00", "2 business days", "2026-11-24 17:00"),  # Saturday
        ("2026-11-21 10:00", "24 hours", "2026-11-22 10:00"),  # round the clock
        ("2026-11-21 10:00", "1 day", "2026-11-22 10:00"),
        ("2026-11-21 10:00", "90 minutes", "2026-11-21 11:30"),
        ("2026-11-23 10:00", "24 business hours", "2026-11-25 16:00"),  # 2 days 6 hours
        ("2026-11-23 12:00", "0 business hours", "2026-11-23 12:00"),
        ("2026-11-23 17:00", "0 business hours", "2026-11-24 08:00"),
        ("2026-11-21 10:00", "0 business days", "2026-11-23 08:00"),
        ("2026-11-21 10:00", "0 hours", "2026-11-21 10:00"),
        ("2026-12-23 12:00", "5 business days", "2027-01-04 12:00"),  # 24, 29, 30, 31 December, 4 January
        ("2026-12-24 16:00", "2 business hours", "2026-12-29 09:00"),
        ("2026-12-31 17:00", "1 business minute", "2027-01-04 08:01"),
        ("2026-03-27 16:00", "2 business hours", "2026-03-30 08:00"),  # summer time begins: 09:00 in London
        ("2026-03-27 17:00", "1 business day", "2026-03-30 16:00"),
        ("2026-03-28 12:00", "24 hours", "2026-03-29 12:00"),  # 13:00 in London
        ("2026-03-28 12:00", "1 day", "2026-03-29 12:00"),
        ("2026-10-23 15:00", "2 business hours", "2026-10-26 09:00"),  # it ends
        ("2026-10-24 11:00", "1 day", "2026-10-25 11:00"),
        ("2026-10-22 09:00", "5 business days", "2026-10-29 10:00"),  # 10:00 in London, both
    ],
)
def test_deadlines(start: str, duration: str, due: str) -> None:
    assert ENGLAND.add(utc(start), Duration.parse(duration)) == utc(due)


@pytest.mark.parametrize(
    ("start", "end", "used"),
    [
        ("2026-11-23 08:00", "2026-11-23 17:00", 540),
        ("2026-11-23 00:00", "2026-11-24 08:00", 540),
        ("2026-11-23 16:59", "2026-11-24 08:01", 2),
        ("2026-11-27 17:00", "2026-11-30 08:00", 0),
        ("2026-11-27 16:00", "2026-11-30 09:00", 120),
        ("2026-12-23 12:00", "2027-01-04 12:00", 5 * 540),
        ("2026-03-27 12:00", "2026-03-30 11:00", 540),
        ("2026-10-23 11:00", "2026-10-26 12:00", 540),
        ("2026-11-23 09:00", "2026-11-23 09:00", 0),
        ("2026-11-24 09:00", "2026-11-23 09:00", 0),
    ],
)
def test_elapsed_business_time(start: str, end: str, used: int) -> None:
    assert ENGLAND.elapsed(utc(start), utc(end), unit_is_business=True) == timedelta(minutes=used)


def test_elapsed_time_round_the_clock_is_absolute_whatever_the_zone_of_its_moments() -> None:
    start, end = utc("2026-03-28 12:00"), utc("2026-03-29 12:00")
    assert FIRM.elapsed(start, end, unit_is_business=False) == timedelta(hours=24)
    assert FIRM.elapsed(start.astimezone(LONDON), end.astimezone(LONDON), unit_is_business=False) == timedelta(hours=24)
    assert FIRM.elapsed(end, start, unit_is_business=False) == timedelta(0)
    assert FIRM.add(start.astimezone(LONDON), Duration.parse("1 day")) == end


def test_business_time_is_absolute_too_where_the_firm_works_while_the_clocks_change() -> None:
    start = utc("2026-03-29 00:30").astimezone(LONDON)
    due = ROUND_THE_CLOCK.add(start, Duration.parse("2 business hours"))
    assert (due, due and due.tzinfo) == (utc("2026-03-29 02:30"), UTC)
    assert ROUND_THE_CLOCK.elapsed(start, utc("2026-03-29 02:30").astimezone(LONDON), True) == timedelta(hours=2)


def test_a_fixed_zone_has_the_same_hours_in_winter_and_in_summer() -> None:
    assert FIXED.add(utc("2026-03-27 15:00"), Duration.parse("2 business hours")) == utc("2026-03-30 08:00")
    assert FIXED.add(utc("2026-10-23 15:00"), Duration.parse("2 business hours")) == utc("2026-10-26 08:00")


def test_a_firm_with_a_break() -> None:
    assert SPLIT.add(utc("2026-11-23 11:00"), Duration.parse("1 business hour")) == utc("2026-11-23 12:00")
    assert SPLIT.add(utc("2026-11-23 11:00"), Duration.parse("61 business minutes")) == utc("2026-11-23 13:01")
    assert SPLIT.spans_between(utc("2026-11-23 11:00"), utc("2026-11-30 09:00")) == [
        (utc("2026-11-23 11:00"), utc("2026-11-23 12:00")),
        (utc("2026-11-23 13:00"), utc("2026-11-23 17:00")),
        (utc("2026-11-30 08:00"), utc("2026-11-30 09:00")),
    ]
    assert SPLIT.spans_between(utc("2026-11-23 12:00"), utc("2026-11-23 13:00")) == []


@pytest.mark.parametrize(
    ("week", "day", "length"),
    [
        (WEEK, None, 9 * 60),
        (WEEK | {5: ((time(9), time(13)),)}, None, 9 * 60),  # the longest
        ({0: ((time(8), time(12)), (time(13), time(17)))}, None, 8 * 60),
        ({0: ((time(22, 30), time(0)),)}, None, 90),
        ({6: ((time(0), time(0)),)}, None, 24 * 60),
        (WEEK, timedelta(hours=8), 8 * 60),
        ({}, None, 0),
    ],
)
def test_what_a_business_day_is_worth(week: dict[int, tuple[Span, ...]], day: timedelta | None, length: int) -> None:
    firm = Calendar(LONDON, week, day=day)
    assert firm.day_length == timedelta(minutes=length)
    assert firm.amount(Duration.parse("3 business days")) == 3 * timedelta(minutes=length)
    assert firm.amount(Duration.parse("3 days")) == timedelta(days=3)
    assert firm.amount(Duration.parse("3 business hours")) == firm.amount(Duration.parse("3 hours"))


def test_a_business_day_of_eight_hours_ends_within_a_day_of_nine() -> None:
    firm = Calendar(LONDON, WEEK, day=timedelta(hours=8))
    assert firm.add(utc("2026-11-23 08:00"), Duration.parse("2 business days")) == utc("2026-11-24 15:00")


def test_what_never_comes() -> None:
    closed = Calendar(LONDON, {})
    assert closed.add(utc("2026-11-23 09:00"), Duration.parse("1 business hour")) is None
    assert closed.add(utc("2026-11-23 09:00"), Duration.parse("1 hour")) == utc("2026-11-23 10:00")
    assert FIRM.add(utc("2026-11-23 09:00"), Duration.parse("9999 business days")) is None
    assert FIRM.add(utc("9000-01-01 09:00"), Duration.parse("999999 days")) is None
    assert FIRM.add(utc("9999-12-30 09:00"), Duration.parse("9 business days")) is None
    with pytest.raises(ValueError, match="no amount of time"):
        FIRM.advance(utc("2026-11-23 09:00"), timedelta(seconds=-1), business=True)


@pytest.mark.parametrize(
    ("start", "end", "days"),
    [
        ("2026-12-23 12:00", "2027-01-04 12:00", [25, 28, 1]),
        ("2026-12-25 16:59", "2026-12-28 08:00", [25]),  # the end comes before that day's hours have begun
        ("2026-12-25 17:00", "2026-12-28 08:01", [28]),
        ("2026-12-26 10:00", "2026-12-27 10:00", []),
        ("2026-12-28 12:00", "2026-12-25 12:00", []),
    ],
)
def test_days_that_were_skipped(start: str, end: str, days: list[int]) -> None:
    found = ENGLAND.skipped(utc(start), utc(end))
    assert [day.day for day, _ in found] == days
    assert [name for _, name in found] == [CHRISTMAS[day].name for day, _ in found]


def test_an_own_open_day_is_not_skipped_nor_a_day_off_on_which_the_week_rests() -> None:
    special = {
        date(2026, 11, 24): SpecialDay(((time(9), time(10)),), "opened by the firm"),
        date(2026, 11, 28): SpecialDay((), "closed by the firm"),  # a Saturday
    }
    firm = Calendar(LONDON, WEEK, special.get)
    assert firm.skipped(utc("2026-11-23 00:00"), utc("2026-11-30 00:00")) == []
    assert firm.elapsed(utc("2026-11-24 00:00"), utc("2026-11-25 00:00"), unit_is_business=True) == timedelta(hours=1)


@pytest.mark.parametrize(
    ("zone", "day", "wall", "moment"),
    [
        ("Europe/London", "2026-11-23", "08:00", "2026-11-23 08:00"),
        ("Europe/London", "2026-06-15", "08:00", "2026-06-15 07:00"),
        ("Europe/London", "2026-03-29", "00:59:59", "2026-03-29 00:59:59"),
        ("Europe/London", "2026-03-29", "01:00", "2026-03-29 01:00"),  # there is none: the clocks jump then
        ("Europe/London", "2026-03-29", "01:59:59.5", "2026-03-29 01:00"),
        ("Europe/London", "2026-03-29", "02:00", "2026-03-29 01:00"),
        ("Europe/London", "2026-10-25", "01:30", "2026-10-25 00:30"),  # there are two: the first
        ("Europe/London", "2026-10-25", "02:00", "2026-10-25 02:00"),
        ("Pacific/Apia", "2011-12-30", "12:00", "2011-12-30 10:00"),  # that whole day
        ("Asia/Kathmandu", "2026-11-23", "08:00", "2026-11-23 02:15"),
    ],
)
def test_the_moment_of_a_local_time(zone: str, day: str, wall: str, moment: str) -> None:
    firm = Calendar(ZoneInfo(zone), WEEK)
    assert firm.at(date.fromisoformat(day), time.fromisoformat(wall)) == utc(moment)
    assert firm.at(date.fromisoformat(day), time.fromisoformat(wall).replace(fold=1)) == utc(moment)


def test_a_day_that_the_zone_leaves_out_is_no_business_day() -> None:
    samoa = Calendar(ZoneInfo("Pacific/Apia"), WEEK)
    assert not samoa.is_business_day(date(2011, 12, 30))  # a Friday
    assert samoa.next_business_day(date(2011, 12, 29)) == date(2012, 1, 2)


def test_local_days() -> None:
    assert ENGLAND.local_date(utc("2026-06-15 23:30")) == date(2026, 6, 16)
    assert [ENGLAND.is_business_day(date(2026, 12, day)) for day in (24, 25, 26, 28, 29)] == [1, 0, 0, 0, 1]
    assert ENGLAND.next_business_day(date(2026, 12, 24)) == date(2026, 12, 29)
    assert ENGLAND.next_business_day(date(2026, 12, 26)) == date(2026, 12, 29)
    assert ENGLAND.previous_business_day(date(2027, 1, 4)) == date(2026, 12, 31)
    assert ENGLAND.previous_business_day(date(2026, 12, 29)) == date(2026, 12, 24)
    assert Calendar(LONDON, {}).next_business_day(date(2026, 12, 24)) == date(2026, 12, 25)
    assert Calendar(LONDON, {}).previous_business_day(date(2026, 12, 24)) == date(2026, 12, 23)


def test_each_day_is_worked_out_once_and_not_all_are_kept() -> None:
    asked: list[date] = []
    firm = Calendar(LONDON, {}, asked.append)  # type: ignore[func-returns-value]
    assert firm.next_open(utc("2026-11-23 09:00")) is None
    years = len(asked)
    assert firm.next_open(utc("2026-11-23 09:00")) is None
    assert len(asked) == years == len(set(asked))
    assert firm.next_open(utc("2066-11-23 09:00")) is None
    assert len(firm._days) <= 8192
