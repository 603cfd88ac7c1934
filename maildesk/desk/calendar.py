"""Business time: when the firm works [Procedure 6].  The only place of the core that does zone arithmetic."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

Span = tuple[time, time]
_SEARCH_DAYS = 366


def _no_spans(_: date) -> None:
    return None


@dataclass(frozen=True, slots=True)
class Calendar:
    """The firm's hours: spans for each weekday (0 is Monday), and days that have other ones.

    ``exceptions(day)`` returns the spans of a day that does not follow the week (an empty tuple is a
    holiday), or None.  Times are local to ``zone``, an end of 00:00 is the end of the day; what goes in and
    out is UTC.
    """

    zone: ZoneInfo
    week: Mapping[int, tuple[Span, ...]]
    exceptions: Callable[[date], tuple[Span, ...] | None] = _no_spans

    def spans(self, day: date) -> list[tuple[datetime, datetime]]:
        """The open spans of a local day, in UTC, in order."""
        special = self.exceptions(day)
        spans = self.week.get(day.weekday(), ()) if special is None else special
        return [(self._utc(day, start), self._end(day, end)) for start, end in sorted(spans)]

    def is_open(self, now: datetime) -> bool:
        """Whether the firm works at this moment; a closing time is closed."""
        return any(start <= now < end for start, end in self.spans(now.astimezone(self.zone).date()))

    def next_open(self, now: datetime) -> datetime | None:
        """``now`` if open, else the next opening (UTC); None if there is none within a year."""
        day = now.astimezone(self.zone).date()
        for offset in range(_SEARCH_DAYS):
            for start, end in self.spans(day + timedelta(days=offset)):
                if now < end:
                    return max(now, start)
        return None

    def days_back(self, now: datetime, days: int) -> datetime:
        """The same local time ``days`` working days before ``now`` (UTC); a year back if there are not as many."""
        local = now.astimezone(self.zone)
        day, left = local.date(), days
        for _ in range(_SEARCH_DAYS):
            if left == 0:
                break
            day -= timedelta(days=1)
            left -= bool(self.spans(day))
        return self._utc(day, local.time())

    def _end(self, day: date, at: time) -> datetime:
        return self._utc(day + timedelta(days=1) if at == time.min else day, at)

    def _utc(self, day: date, at: time) -> datetime:
        return datetime.combine(day, at, self.zone).astimezone(UTC)
