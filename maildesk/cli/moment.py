"""A moment as it is written on the command line: RFC 3339, or the firm's local time."""

import re
from datetime import UTC, datetime

import click

from maildesk.desk.calendar import Calendar

FIRST_YEAR, LAST_YEAR = 1970, 2199
_WRITTEN = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(:\d\d(?:\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)?)?", re.ASCII | re.IGNORECASE
)


def moment(text: str, calendar: Calendar, option: str) -> datetime:
    """The moment (UTC): ``2026-11-23T10:00:00Z``, or ``2026-11-23 10:00`` on the firm's clocks; a day alone is its midnight.

    A local time that the clocks skip is the moment they jump, one that they show twice the first of the two.
    Raises click.BadParameter, which names the option.
    """
    found = _WRITTEN.fullmatch(text.strip())
    if found is None:
        raise _wrong(option, f'"{text}" is no moment')
    day, minute, seconds, offset = found.groups()
    if not FIRST_YEAR <= int(day[:4]) <= LAST_YEAR:
        raise _wrong(option, f"{day[:4]} is no year from {FIRST_YEAR} to {LAST_YEAR}")
    try:
        read = datetime.fromisoformat(f"{day}T{minute or '00:00'}{seconds or ''}{(offset or '').upper()}")
    except ValueError as fault:
        raise _wrong(option, f'"{text}" is no moment: {fault}') from fault
    return read.astimezone(UTC) if offset else calendar.at(read.date(), read.time())


def _wrong(option: str, what: str) -> click.BadParameter:
    right = 'write like "2026-11-23 10:00", in the desk\'s zone, or 2026-11-23T10:00:00Z'
    return click.BadParameter(f"{what}; {right}", param_hint=option)
