"""The firm's hours as customers read them [Procedure 6]."""

import re
from collections.abc import Iterable, Iterator
from datetime import date, time
from itertools import groupby

from maildesk.settings.model import FirmHours
from maildesk.settings.types import WEEKDAYS

_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_PAIR = 2
_WORDS = re.compile(r"(?<=[a-z])(?=[A-Z])")
Spans = tuple[tuple[time, time], ...]


def week(hours: FirmHours) -> str:
    """``Monday to Friday, 08:00 to 17:00; Saturday, 09:00 to 12:00, Europe/London time``."""
    days = [(name, hours.week.get(key, ())) for key, name in zip(WEEKDAYS, _NAMES, strict=True)]
    runs = ((spans, [name for name, _ in run]) for spans, run in groupby(days, key=lambda day: day[1]))
    said = "; ".join(f"{_days(names)}, {times(spans)}" for spans, names in runs if spans)
    return f"{said}, {zone(hours.zone)} time"


def times(spans: Spans) -> str:
    """``08:00 to 12:00 and 13:00 to 17:00``."""
    return listed(f"{start:%H:%M} to {'24:00' if end == time.min else f'{end:%H:%M}'}" for start, end in spans)


def zone(name: str) -> str:
    """A zone's name; of a fixed one its offset, for POSIX counts the other way round."""
    fixed = re.fullmatch(r"Etc/GMT([+-])(\d{1,2})", name)
    return f"UTC{'+' if fixed[1] == '-' else '-'}{int(fixed[2]):02}:00" if fixed else name


def other_days(hours: FirmHours) -> Iterator[str]:
    """Public holidays, closed days, and days with hours of their own, which win over both."""
    if hours.holidays:
        yield f"We are closed on the public holidays of {region(hours.holidays)}."
    else:
        yield "Public holidays are days like others."
    if hours.closed:
        yield f"We are also closed on {listed(map(day, sorted(hours.closed)))}."
    own = sorted((special.day, special.hours) for special in hours.open)
    if own:
        yield "Other hours: " + "; ".join(f"{day(at)}, {times(spans) or 'closed'}" for at, spans in own) + "."


def region(code: str) -> str:
    """A country or a part of it by its name: ``GB-ENG`` is England."""
    from holidays import country_holidays  # noqa: PLC0415 (slow to import; only this command needs it)

    country, _, part = code.partition("-")
    known = country_holidays(country, subdiv=part or None)
    name = _WORDS.sub(" ", next((base.__name__ for base in type(known).__mro__ if len(base.__name__) > _PAIR), country))
    if not part:
        return name
    aliases = {key: alias for alias, key in known.subdivisions_aliases.items()}
    return aliases.get(part, f"{name} ({part})")


def day(at: date) -> str:
    """``24 December 2026``."""
    return f"{at.day} {at:%B %Y}"


def listed(words: Iterable[str]) -> str:
    """``P1, P2 and P3``."""
    *most, last = [*words] or [""]
    return f"{', '.join(most)} and {last}" if most else last


def _days(names: list[str]) -> str:
    return listed(names) if len(names) <= _PAIR else f"{names[0]} to {names[-1]}"
