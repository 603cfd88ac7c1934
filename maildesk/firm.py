"""The firm as the settings describe it: its people, its hours, its policy.  Pure; the register is in `register`."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from hashlib import sha256
from zoneinfo import ZoneInfo

from maildesk.desk.calendar import Calendar, SpecialDay
from maildesk.desk.policy import CreditRules, HandOver, Person, Policy, Priority, Step, Team
from maildesk.settings.model import Credits as SettingsCredits
from maildesk.settings.model import FirmHours, Settings
from maildesk.settings.model import Priority as SettingsPriority
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
            notify=person.notify if isinstance(person.notify, tuple) else None,
        )
        for person in settings.people
    )
    return People(everybody, _operator(settings, People(everybody)))


def calendar(hours: FirmHours) -> Calendar:
    """When the firm works [Procedure 6]; `open` days win over `closed` ones and holidays."""
    week = {WEEKDAYS.index(day): spans for day, spans in hours.week.items()}
    day = hours.day.length(timedelta()) if hours.day else None  # settings refuse a business day worth business days
    return Calendar(ZoneInfo(hours.zone), week, _exceptions(hours), day)


def policy(settings: Settings, known: People | None = None) -> Policy:
    """What the core decides by.  ``known``: the people, where they have been made already."""
    known = known or people(settings)
    return Policy(
        desk_name=settings.desk.name,
        desk_address=settings.desk.address,
        ticket_prefix=settings.desk.ticket_prefix,
        calendar=calendar(settings.hours),
        default_priority=settings.intake.default_priority,
        people=known.all,
        priorities={key: _priority(key, row) for key, row in settings.priorities.items()},
        hand_overs=_hand_overs(settings),
        ladder=_ladder(settings),
        pending_stops_ladder=settings.escalation.pending_stops,
        warn_at=settings.escalation.warn_at_percent / 100,
        no_answer=settings.states.no_answer,
        reopen=settings.states.reopen,
        oldest=settings.intake.oldest,
        ask_at=settings.updates.ask_at,
        send_at=settings.updates.send_at,
        digest_at=settings.digest.at,
        phrases=settings.intake.phrases,
        highest_registered=settings.intake.highest_proposal.registered,
        highest_others=settings.intake.highest_proposal.others,
        credits=_credits(settings.credits),
        version=version(settings),
        teams={key: _team(key, team.name, team.members, known) for key, team in settings.teams.items()},
        language=settings.desk.language,
        operator=known.operator,
    )


def version(settings: Settings) -> str:
    """A short name of the rules that the settings give: other rules have another one."""
    rules = settings.model_dump_json(
        include={"intake", "hours", "priorities", "escalation", "states", "updates", "credits"}
    )
    return sha256(rules.encode()).hexdigest()[:8]


def _priority(key: str, row: SettingsPriority) -> Priority:
    return Priority(
        key=key,
        first_response=row.first_response,
        resolution=row.resolution,
        team=row.team,
        fix_commitment=row.fix_commitment,
        every_day=row.updates == "every day",
        at_once=row.reach == "any hour",
        meaning=row.meaning,
    )


def _hand_overs(settings: Settings) -> dict[str, dict[str, HandOver]]:
    return {
        priority: {team: HandOver(rule.after, rule.to) for team, rule in rules.items()}
        for priority, rules in settings.escalation.teams.items()
    }


def _ladder(settings: Settings) -> dict[str, tuple[Step, ...]]:
    return {
        priority: tuple(Step(step.after, step.tell, step.repeat) for step in steps)
        for priority, steps in settings.escalation.management.items()
    }


def _credits(rules: SettingsCredits) -> CreditRules:
    return CreditRules(
        priorities=frozenset(rules.priorities),
        percent_per_hour=rules.percent_per_hour,
        cap_percent=rules.cap_percent,
        breach_of=rules.breach_of,
        pro_rata=rules.pro_rata,
        approver=rules.approver,
    )


def _operator(settings: Settings, known: People) -> Person | None:
    operator = settings.desk.operator
    if operator is None:
        return None
    found = known.at(operator) or known.named(operator)
    return found or Person("", (operator,), zone=settings.hours.zone, language=settings.desk.language)


def _team(key: str, name: str, members: Iterable[str], known: People) -> Team:
    return Team(key, name, tuple(person for member in members if (person := known.named(member))))


def _exceptions(hours: FirmHours) -> Callable[[date], SpecialDay | None]:
    closed = {day: SpecialDay((), "closed by the firm") for day in hours.closed}
    opened = {
        own.day: SpecialDay(own.hours, f"{'opened' if own.hours else 'closed'} by the firm") for own in hours.open
    }
    own_days = closed | opened
    holiday = _holidays(hours.holidays)
    return lambda day: own_days.get(day) or holiday(day)


def _holidays(code: str | None) -> Callable[[date], SpecialDay | None]:
    """The public holiday of a day, by its name.

    The library's own table fills itself year by year while it is asked, which another thread can see half done: here
    each year is made whole, once.
    """
    if code is None:
        return lambda _: None
    from holidays import country_holidays  # noqa: PLC0415 (slow to import; only a calendar needs it)

    country, _, part = code.partition("-")

    @cache
    def of_year(year: int) -> Mapping[date, SpecialDay]:
        named = country_holidays(country, subdiv=part or None, years=year)
        return {day: SpecialDay((), name) for day, name in named.items()}

    return lambda day: of_year(day.year).get(day)


def _lower(addresses: Iterable[str]) -> list[str]:
    return [address.lower() for address in addresses]
