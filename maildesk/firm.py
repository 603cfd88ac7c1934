"""The firm as the settings describe it: its people, its hours, its policy.  Pure; the register is in `register`."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache
from zoneinfo import ZoneInfo

from maildesk.desk.calendar import Calendar, Span
from maildesk.desk.policy import Person, Policy, Team
from maildesk.settings.model import FirmHours, Settings
from maildesk.settings.types import WEEKDAYS


@dataclass(frozen=True, slots=True)
class People:
    """Everybody of the firm, found by address, name or role; and the operator, who need not be one of them."""

    all: tuple[Person, ...] = ()
    operator: Person | None = None

    def at(self, address: str) -> Person | None:
        """Who writes from an address, the operator too; case does not count, a sub-address (``ann+desk@``) does."""
        wanted = address.lower()
        everybody = (*self.all, self.operator) if self.operator else self.all
        return next((person for person in everybody if wanted in _lower(person.addresses)), None)

    def named(self, name: str) -> Person | None:
        """Who has that name; case does not count."""
        return next((person for person in self.all if person.name.casefold() == name.casefold()), None)


def people(settings: Settings) -> People:
    """Everybody of the firm.  An operator given by an address that nobody has is a person without roles."""
    everybody = tuple(
        Person(
            name=person.name,
            addresses=person.addresses,
            roles=frozenset(person.roles),
            zone=person.zone or settings.hours.zone,
            language=person.language or settings.desk.language,
        )
        for person in settings.people
    )
    return People(everybody, _operator(settings, People(everybody)))


def calendar(hours: FirmHours) -> Calendar:
    """When the firm works [Procedure 6]; `open` days win over `closed` ones and holidays."""
    week = {WEEKDAYS.index(day): spans for day, spans in hours.week.items()}
    return Calendar(ZoneInfo(hours.zone), week, _exceptions(hours))


def policy(settings: Settings, known: People | None = None) -> Policy:
    """What the core decides by.  ``known``: the people, where they have been made already."""
    known = known or people(settings)
    return Policy(
        desk_name=settings.desk.name,
        desk_address=settings.desk.address,
        ticket_prefix=settings.desk.ticket_prefix,
        calendar=calendar(settings.hours),
        default_priority=settings.intake.default_priority,
        first_team=settings.priorities[settings.intake.default_priority].team,
        teams={key: _team(key, team.name, team.members, known) for key, team in settings.teams.items()},
        language=settings.desk.language,
        operator=known.operator,
    )


def _operator(settings: Settings, known: People) -> Person | None:
    operator = settings.desk.operator
    if operator is None:
        return None
    found = known.at(operator) or known.named(operator)
    return found or Person("", (operator,), zone=settings.hours.zone, language=settings.desk.language)


def _team(key: str, name: str, members: Iterable[str], known: People) -> Team:
    return Team(key, name, tuple(person for member in members if (person := known.named(member))))


def _exceptions(hours: FirmHours) -> Callable[[date], tuple[Span, ...] | None]:
    open_days = {special.day: special.hours for special in hours.open}
    closed_days = frozenset(hours.closed)
    is_holiday = _holidays(hours.holidays)

    def exceptions(day: date) -> tuple[Span, ...] | None:
        if day in open_days:
            return open_days[day]
        return () if day in closed_days or is_holiday(day) else None

    return exceptions


def _holidays(code: str | None) -> Callable[[date], bool]:
    """Whether a day is a public holiday.

    The library's own table fills itself year by year while it is asked, which another thread can see half done: here
    each year is made whole, once.
    """
    if code is None:
        return lambda _: False
    from holidays import country_holidays  # noqa: PLC0415 (slow to import; only a calendar needs it)

    country, _, part = code.partition("-")

    @cache
    def of_year(year: int) -> frozenset[date]:
        return frozenset(country_holidays(country, subdiv=part or None, years=year))

    return lambda day: day in of_year(day.year)


def _lower(addresses: Iterable[str]) -> list[str]:
    return [address.lower() for address in addresses]
