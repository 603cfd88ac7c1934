"""Business time: when the firm works [Procedure 6].  The only place of the core that does zone arithmetic.

UTC goes in and comes out; the firm's zone counts only inside.  It knows neither tickets nor where holidays come from,
and refuses to go backwards in business time.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from maildesk.desk.duration import Duration

Span = tuple[time, time]
Opening = tuple[datetime, datetime]

_DAY = timedelta(days=1)
_NOTHING = timedelta(0)
_FAR_DAYS = 20 * 366
_LAST_ORDINAL = date.max.toordinal() - 2  # so that the day after it exists, in UTC too
_KEPT_DAYS = 8192


class SpecialDay(NamedTuple):
    """A day that does not follow the week: its spans (none: a day off), and why, as people are told."""

    spans: tuple[Span, ...]
    name: str


def _no_exceptions(_: date) -> None:
    return None


@dataclass(frozen=True, slots=True)
class Calendar:
    """The firm's hours: spans for each weekday (0 is Monday), and days that have other ones.

    Spans are local to ``zone``, apart from each other; an end of 00:00 is the end of the day.  ``exceptions(day)``
    gives a day that does not follow the week, or None.  ``day`` is what a business day is worth; None: the open time
    of the longest weekday.
    """

    zone: ZoneInfo
    week: Mapping[int, tuple[Span, ...]]
    exceptions: Callable[[date], SpecialDay | None] = _no_exceptions
    day: timedelta | None = None
    _days: dict[int, tuple[Opening, ...]] = field(default_factory=dict, init=False, repr=False, compare=False)
    _day_length: timedelta = field(default=_NOTHING, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Work out once what each clock asks for."""
        longest = max((sum(map(_length, spans), _NOTHING) for spans in self.week.values()), default=_NOTHING)
        object.__setattr__(self, "_day_length", longest if self.day is None else self.day)

    # --- amounts of time

    @property
    def day_length(self) -> timedelta:
        """What a business day is worth in business time; nothing if no weekday has hours (settings refuse that)."""
        return self._day_length

    def amount(self, duration: Duration) -> timedelta:
        """How much a duration is, of its own kind of time: business time or round the clock."""
        return duration.length(self.day_length)

    def add(self, start: datetime, duration: Duration) -> datetime | None:
        """When the duration is used up (UTC), counted from ``start``; None as for `advance`."""
        return self.advance(start, self.amount(duration), duration.unit.business)

    def advance(self, start: datetime, amount: timedelta, business: bool) -> datetime | None:
        """When that much business time, or time round the clock, is used up (UTC), counted from ``start``.

        What runs out at a closing time is due at that close.  Nothing at all is due at ``start`` if open, else at the
        next opening.  None if the firm does not work that much within twenty years.  Raises ValueError for less than
        nothing.
        """
        if amount < _NOTHING:
            raise ValueError(f"{amount} is no amount of time to wait for")
        if not business:
            return _plus(start.astimezone(UTC), amount)
        for opening, closing in self._openings(start, _FAR_DAYS):
            if amount <= closing - opening:
                return opening + amount
            amount -= closing - opening
        return None

    def elapsed(self, start: datetime, end: datetime, unit_is_business: bool) -> timedelta:
        """The time used between two moments, business time or round the clock; none if ``end`` is not later.

        `advance` undoes it: for an ``end`` inside hours, or at a close, it gives ``end`` back.  (An opening is no
        later, in business time, than the close before it.)
        """
        if not unit_is_business:
            return max(end.astimezone(UTC) - start.astimezone(UTC), _NOTHING)
        return sum((closing - opening for opening, closing in self.spans_between(start, end)), _NOTHING)

    # --- when the firm works

    def spans(self, day: date) -> list[Opening]:
        """The open spans of a local day, in UTC, in order."""
        return list(self._day(day.toordinal()))

    def spans_between(self, start: datetime, end: datetime) -> list[Opening]:
        """What is open from ``start`` until before ``end``, in UTC, in order; none if ``end`` is not later."""
        found = []
        for opening, closing in self._openings(start, _days_touched(start, end)):
            if opening >= end:
                break
            found.append((opening, min(closing, end.astimezone(UTC))))
        return found

    def skipped(self, start: datetime, end: datetime) -> list[tuple[date, str]]:
        """The local days, with the reason, on which the week would have worked between the two, but was closed."""
        first = self.local_date(start).toordinal()
        days = map(date.fromordinal, range(first, first + _days_touched(start, end)))
        return [
            (day, special.name)
            for day in days
            if (special := self.exceptions(day)) and not special.spans and self._week_works(day, start, end)
        ]

    def is_open(self, now: datetime) -> bool:
        """Whether the firm works at this moment; a closing time is closed."""
        return self.next_open(now) == now

    def next_open(self, now: datetime) -> datetime | None:
        """``now`` if open, else the next opening (UTC); None if there is none within twenty years."""
        return next((opening for opening, _ in self._openings(now, _FAR_DAYS)), None)

    # --- local days

    def local_date(self, now: datetime) -> date:
        """The firm's date at that moment."""
        return now.astimezone(self.zone).date()

    def at(self, day: date, wall: time) -> datetime:
        """The moment (UTC) when the firm's clocks show that time on that day.

        Where they skip it, the moment they jump; where they show it twice, the first.
        """
        local = datetime.combine(day, wall.replace(fold=0), self.zone)
        moment = local.astimezone(UTC)
        skipped = moment.astimezone(self.zone) != local  # of one zone, so this compares what clocks show
        return _jump(local) if skipped else moment

    def is_business_day(self, day: date) -> bool:
        """Whether the firm works at all on that local day."""
        return bool(self._day(day.toordinal()))

    def next_business_day(self, day: date) -> date:
        """The first business day after that day; simply the next day if there is none within twenty years."""
        return self._business_day(day, 1)

    def previous_business_day(self, day: date) -> date:
        """The last business day before that day; simply the day before if there is none within twenty years."""
        return self._business_day(day, -1)

    # --- inside

    def _openings(self, since: datetime, days: int) -> Iterator[Opening]:
        since = since.astimezone(UTC)
        first = self.local_date(since).toordinal()
        for ordinal in range(first, min(first + days, _LAST_ORDINAL)):
            for opening, closing in self._day(ordinal):
                if since < closing:
                    yield max(since, opening), closing

    def _day(self, ordinal: int) -> tuple[Opening, ...]:
        known = self._days.get(ordinal)
        if known is not None:
            return known
        if len(self._days) >= _KEPT_DAYS:
            self._days.clear()
        day = date.fromordinal(ordinal)
        special = self.exceptions(day)
        return self._days.setdefault(ordinal, self._open(day, self._week(day) if special is None else special.spans))

    def _week(self, day: date) -> tuple[Span, ...]:
        return self.week.get(day.weekday(), ())

    def _open(self, day: date, spans: tuple[Span, ...]) -> tuple[Opening, ...]:
        """The spans in UTC, without those that the clocks jump over."""
        local = ((self.at(day, start), self._end(day, end)) for start, end in sorted(spans))
        return tuple((opening, closing) for opening, closing in local if opening < closing)

    def _end(self, day: date, end: time) -> datetime:
        return self.at(day + _DAY if end == time.min else day, end)

    def _week_works(self, day: date, start: datetime, end: datetime) -> bool:
        return any(opening < end and start < closing for opening, closing in self._open(day, self._week(day)))

    def _business_day(self, day: date, step: int) -> date:
        first = day.toordinal() + step
        days = range(first, first + step * _FAR_DAYS, step)
        return date.fromordinal(next(filter(self._day, days), first))


def _length(span: Span) -> timedelta:
    start, end = (timedelta(hours=at.hour, minutes=at.minute, seconds=at.second) for at in span)
    return (end or _DAY) - start


def _days_touched(start: datetime, end: datetime) -> int:
    """No fewer than the local days from one moment to the other; none if ``end`` is not later."""
    return (end - start).days + 3 if start < end else 0


def _plus(start: datetime, amount: timedelta) -> datetime | None:
    try:
        return start + amount
    except OverflowError:  # beyond the year 9999
        return None


def _jump(skipped: datetime) -> datetime:
    """The moment (UTC) when the clocks jump over a local time that does not exist, found by the second."""
    before, after = skipped.replace(fold=1).astimezone(UTC).replace(microsecond=0), skipped.astimezone(UTC)
    seconds = range(int((after - before).total_seconds()) + 1)

    def offset(second: int) -> timedelta:
        return (before + timedelta(seconds=second)).astimezone(skipped.tzinfo).utcoffset() or _NOTHING

    return before + timedelta(seconds=bisect_left(seconds, offset(seconds[-1]), key=offset))
