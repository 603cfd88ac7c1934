"""Business time against two others: minutes walked one by one in UTC, and a published library [Procedure 6]."""

from bisect import bisect_left
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo

import businesstimedelta
import holidays
import pytz
from hypothesis import given, settings
from hypothesis import strategies as st

from maildesk.desk.calendar import Calendar, Span, SpecialDay

MINUTE = timedelta(minutes=1)
OFFICE: tuple[Span, ...] = ((time(8), time(17)),)
SPLIT: tuple[Span, ...] = ((time(8), time(12)), (time(12), time(12, 30)), (time(13), time(17)))
LONDON = ZoneInfo("Europe/London")
MON_FRI = dict.fromkeys(range(5), OFFICE)
SPECIAL = {
    date(2026, 4, 3): SpecialDay((), "Good Friday"),
    date(2026, 10, 25): SpecialDay(((time(0), time(3)),), "the night of the clocks"),
    date(2026, 10, 26): SpecialDay((), "closed by the firm"),
    date(2026, 12, 25): SpecialDay((), "Christmas Day"),
    date(2026, 12, 26): SpecialDay(((time(10), time(11)), (time(22), time(0))), "opened by the firm"),
    date(2027, 1, 1): SpecialDay((), "New Year's Day"),
}
CALENDARS = (
    Calendar(LONDON, MON_FRI),
    Calendar(LONDON, MON_FRI, SPECIAL.get),
    Calendar(LONDON, {0: SPLIT, 2: ((time(0), time(6)), (time(18), time(0))), 3: OFFICE}, SPECIAL.get),
    Calendar(LONDON, dict.fromkeys(range(7), ((time(0), time(0)),)), SPECIAL.get),
    Calendar(
        LONDON, dict.fromkeys(range(7), ((time(1, 15), time(1, 45)), (time(23), time(0))))
    ),  # as the clocks change
    Calendar(ZoneInfo("Etc/GMT-1"), MON_FRI, SPECIAL.get),
    Calendar(ZoneInfo("America/New_York"), MON_FRI, SPECIAL.get),
    Calendar(ZoneInfo("Australia/Lord_Howe"), dict.fromkeys(range(7), ((time(1, 40), time(9)),))),  # half an hour
)
WINDOWS = tuple(datetime.fromisoformat(f"{day}T00:00Z") for day in ("2026-03-23", "2026-10-19", "2026-12-21"))
WINDOW_DAYS = 21


def open_minutes(calendar: Calendar, start: datetime, days: int) -> list[datetime]:
    """The open minutes of a window, one by one: is what the firm's clock shows inside one of its spans?

    A clock put back shows what it has shown already: until it is past that, it counts as standing still.
    """
    found, shown = [], (start - timedelta(days=9)).replace(tzinfo=None)
    for count in range(-2 * 1440, days * 1440):
        minute = start + count * MINUTE
        shown = max(shown, minute.astimezone(calendar.zone).replace(tzinfo=None))
        special = calendar.exceptions(shown.date())
        spans = special.spans if special else calendar.week.get(shown.weekday(), ())
        at = shown.time()
        if count >= 0 and any(first <= at and (last == time.min or at < last) for first, last in spans):
            found.append(minute)
    return found


@cache
def open_in_window(which: int, window: int) -> list[datetime]:
    return open_minutes(CALENDARS[which], WINDOWS[window], WINDOW_DAYS)


def agree(calendar: Calendar, known: list[datetime], start: datetime, end: datetime, amount: int) -> None:
    """Elapsed time and a deadline against the minutes that are known to be open."""
    first = bisect_left(known, start)
    used = bisect_left(known, end) - first
    assert calendar.elapsed(start, end, unit_is_business=True) == max(used, 0) * MINUTE
    assert calendar.is_open(start) is (start in known[first : first + 1])
    if first + amount < len(known):
        due = known[first] if not amount else known[first + amount - 1] + MINUTE
        assert calendar.advance(start, amount * MINUTE, business=True) == due
    spans = calendar.spans_between(start, end)
    assert sum((closing - opening for opening, closing in spans), timedelta()) == max(used, 0) * MINUTE
    assert all(start <= opening < closing <= end for opening, closing in spans)
    assert all(before[1] <= after[0] for before, after in pairwise(spans))


minutes = st.integers(0, WINDOW_DAYS * 1440 - 1)


@settings(deadline=None, max_examples=1500)
@given(st.integers(0, len(CALENDARS) - 1), st.integers(0, 2), minutes, minutes, st.integers(0, 6000))
def test_as_minute_by_minute(which: int, window: int, start: int, end: int, amount: int) -> None:
    begin = WINDOWS[window]
    agree(CALENDARS[which], open_in_window(which, window), begin + start * MINUTE, begin + end * MINUTE, amount)


@settings(deadline=None, max_examples=1500)
@given(st.integers(0, len(CALENDARS) - 1), st.integers(0, 2), st.data())
def test_at_the_very_edges_as_minute_by_minute(which: int, window: int, data: st.DataObject) -> None:
    known = open_in_window(which, window)
    edges = [minute for minute, after in pairwise(known) if after - minute != MINUTE]
    edge = st.sampled_from([*edges, *(edge + MINUTE for edge in edges), *(edge - MINUTE for edge in edges), known[0]])
    agree(
        CALENDARS[which],
        known,
        data.draw(edge),
        data.draw(edge),
        data.draw(st.sampled_from([0, 1, 539, 540, 541, 1080])),
    )


@st.composite
def weeks(draw: st.DrawFn) -> dict[int, tuple[Span, ...]]:
    """Spans apart from each other on a grid of a quarter of an hour, the last one perhaps until 24:00."""
    week = {}
    for day in range(7):
        quarters = sorted(draw(st.sets(st.integers(0, 96), max_size=6)))
        at = [time(quarter % 96 // 4, quarter % 4 * 15) for quarter in quarters]
        week[day] = tuple(zip(at[0::2], at[1::2], strict=False))
    return week


NIGHTS = (  # when clocks change: at midnight, a minute past it, by a day
    ("Europe/London", "2026-03-28"),
    ("Europe/London", "2026-10-24"),
    ("America/Sao_Paulo", "2018-11-03"),
    ("America/Sao_Paulo", "2018-02-16"),
    ("America/St_Johns", "2010-11-06"),
    ("Australia/Lord_Howe", "2026-04-03"),
    ("Pacific/Apia", "2011-12-28"),
    ("Asia/Kathmandu", "2026-11-23"),
)


@settings(deadline=None, max_examples=150)
@given(
    weeks(), st.sampled_from(NIGHTS), st.integers(0, 4 * 1440 - 1), st.integers(0, 4 * 1440 - 1), st.integers(0, 1500)
)
def test_any_week_in_any_zone_as_minute_by_minute(
    week: dict[int, tuple[Span, ...]], night: tuple[str, str], start: int, end: int, amount: int
) -> None:
    calendar, begin = Calendar(ZoneInfo(night[0]), week), datetime.fromisoformat(f"{night[1]}T00:00Z")
    agree(calendar, open_minutes(calendar, begin, 4), begin + start * MINUTE, begin + end * MINUTE, amount)


moments = st.timedeltas(timedelta(0), timedelta(days=5800)).map(lambda since: datetime(2019, 1, 1, tzinfo=UTC) + since)
any_calendar = st.sampled_from(CALENDARS)


@settings(deadline=None)
@given(any_calendar, moments, moments)
def test_a_deadline_undoes_elapsed_time_inside_hours(calendar: Calendar, start: datetime, end: datetime) -> None:
    start, end = sorted((start, end))
    [*_, (opening, closing)] = calendar.spans_between(start, end + timedelta(days=14))
    for inside in (closing, opening + (closing - opening) / 3):
        assert calendar.advance(start, calendar.elapsed(start, inside, unit_is_business=True), business=True) == inside


@settings(deadline=None)
@given(any_calendar, moments, st.timedeltas(timedelta(microseconds=1), timedelta(days=400)))
def test_elapsed_time_undoes_a_deadline(calendar: Calendar, start: datetime, amount: timedelta) -> None:
    due = calendar.advance(start, amount, business=True)
    assert due
    assert calendar.elapsed(start, due, unit_is_business=True) == amount
    assert calendar.elapsed(start, due - timedelta(microseconds=1), unit_is_business=True) < amount


@settings(deadline=None)
@given(any_calendar, moments, moments, moments)
def test_elapsed_time_adds_up(calendar: Calendar, one: datetime, two: datetime, three: datetime) -> None:
    first, middle, last = sorted((one, two, three))
    parts = calendar.elapsed(first, middle, unit_is_business=True) + calendar.elapsed(
        middle, last, unit_is_business=True
    )
    assert parts == calendar.elapsed(first, last, unit_is_business=True)


# --- the published library: spans of one length a day, a break, holidays, a zone by pytz


def _published() -> tuple[Calendar, businesstimedelta.Rules]:
    england = holidays.country_holidays("GB", subdiv="ENG", years=range(2019, 2037))
    special = {day: SpecialDay((), name) for day, name in england.items()}
    lunch: tuple[Span, ...] = ((time(8), time(12)), (time(13), time(17)))
    zone = pytz.timezone("Europe/London")
    rules = businesstimedelta.Rules(
        [
            businesstimedelta.WorkDayRule(time(8), time(17), list(range(5)), tz=zone),
            businesstimedelta.LunchTimeRule(time(12), time(13), list(range(5)), tz=zone),
            businesstimedelta.HolidayRule(england, tz=zone),
        ]
    )
    return Calendar(LONDON, dict.fromkeys(range(5), lunch), special.get), rules


OURS, THEIRS = _published()
seconds = moments.map(lambda moment: moment.replace(microsecond=0))


@settings(deadline=None, max_examples=300)
@given(seconds, st.integers(0, 15 * 8 * 3600))
def test_a_deadline_as_a_published_library(start: datetime, amount: int) -> None:
    theirs = start + businesstimedelta.BusinessTimeDelta(THEIRS, seconds=amount)
    assert OURS.advance(start, timedelta(seconds=amount), business=True) == theirs.astimezone(UTC)


@settings(deadline=None, max_examples=300)
@given(seconds, st.integers(0, 40 * 86_400))
def test_elapsed_time_as_a_published_library(start: datetime, length: int) -> None:
    end = start + timedelta(seconds=length)
    assert OURS.elapsed(start, end, unit_is_business=True) == THEIRS.difference(start, end).timedelta
