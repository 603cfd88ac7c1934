"""How many deadlines a second the business calendar works out, in one thread, and how many others do.

    python bench/business_time.py [--deadlines N]

The firm of the shipped settings, moments over two years, 5 and 15 business days.  `businesstimedelta` (if installed, as
the dev extra does) and a walk minute by minute answer some of the same questions, and must give the same answers.  The
calendar is new, so that working out each day once is in the figure.  (Not called calendar.py: a script's folder comes
first when Python imports, and the standard library has a `calendar`.)
"""

import argparse
import random
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from maildesk.desk.calendar import Calendar
from maildesk.desk.duration import Duration, Unit
from maildesk.firm import calendar
from maildesk.settings import load

Question = tuple[datetime, Duration]
Answer = Callable[[datetime, Duration], datetime | None]


def questions(count: int) -> list[Question]:
    """The same ones each time: whole minutes of 2026 and 2027."""
    dice = random.Random(3)
    first = datetime(2026, 1, 1, tzinfo=UTC)
    moments = (first + timedelta(minutes=dice.randrange(2 * 365 * 1440)) for _ in range(count))
    return [(moment, Duration(5 + index % 2 * 10, Unit.BUSINESS_DAYS)) for index, moment in enumerate(moments)]


def by_library(firm: Calendar) -> Answer | None:
    """The same hours as `businesstimedelta` has them; None if it is not installed."""
    try:
        import businesstimedelta  # noqa: PLC0415
        import holidays  # noqa: PLC0415
        import pytz  # noqa: PLC0415
    except ImportError:
        return None
    zone = pytz.timezone(str(firm.zone))
    [(start, end)] = firm.week[0]
    week = businesstimedelta.WorkDayRule(start, end, list(range(5)), tz=zone)
    england = holidays.country_holidays("GB", subdiv="ENG", years=range(2026, 2029))
    rules = businesstimedelta.Rules([week, businesstimedelta.HolidayRule(england, tz=zone)])
    return lambda at, term: at + businesstimedelta.BusinessTimeDelta(rules, timedelta=firm.amount(term))


def by_minutes(firm: Calendar) -> Answer:
    """One minute after the other, as a first program would have it."""
    zone = ZoneInfo(str(firm.zone))

    def answer(at: datetime, term: Duration) -> datetime:
        left = firm.amount(term) // timedelta(minutes=1)
        while left:
            local = at.astimezone(zone)
            spans = () if firm.exceptions(local.date()) else firm.week.get(local.weekday(), ())
            left -= any(start <= local.time() < end for start, end in spans)
            at += timedelta(minutes=1)
        return at

    return answer


def measure(name: str, answer: Answer, asked: Sequence[Question], right: Sequence[datetime | None]) -> float:
    """Prints and returns how many a second; ends with 1 where an answer differs from ``right``."""
    began = time.perf_counter()
    answers = [answer(at, term) for at, term in asked]
    rate = len(asked) / (time.perf_counter() - began)
    if any(ours != theirs for ours, theirs in zip(answers, right, strict=False)):
        sys.exit(f"{name} disagrees")
    print(f"{name:20} {rate:10,.0f} deadlines/s")
    return rate


def main() -> None:
    """Asks each the same, the slow ones less of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--deadlines", type=int, default=50_000)
    asked = questions(parser.parse_args().deadlines)
    hours = load(None).hours
    firm = calendar(hours)
    right = [firm.add(at, term) for at, term in asked]
    ours = measure("maildesk", calendar(hours).add, asked, right)
    library = by_library(firm)
    for name, answer, count in (("businesstimedelta", library, 500), ("minute by minute", by_minutes(firm), 50)):
        if answer is None:
            print(f"{name:20} is not installed")
            continue
        print(f"{'':20} {ours / measure(name, answer, asked[:count], right):10,.0f} times slower")


if __name__ == "__main__":
    main()
