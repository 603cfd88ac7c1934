"""The firm's rules as plain values, as the pure core sees them; made from the settings by `maildesk.firm`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from maildesk.desk.calendar import Calendar
from maildesk.desk.duration import Duration, Unit

MANAGEMENT = "management"  # where the last team's overrun goes, which is no team [Procedure 7]


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of the firm.  His first address is where mail to him goes; he may write from any of them.

    ``notify``: the local times between which what is not urgent may reach him; None: always.
    """

    name: str
    addresses: tuple[str, ...]
    roles: frozenset[str] = frozenset()
    zone: str = "Europe/London"
    language: str = "en-GB"
    notify: tuple[time, time] | None = None

    @property
    def address(self) -> str:
        """Where mail to him goes."""
        return self.addresses[0]

    def reachable(self, now: datetime) -> datetime:
        """When (UTC) what is not urgent may reach him: now, or when his next window begins."""
        if self.notify is None:
            return now
        zone, (begins, ends) = ZoneInfo(self.zone), self.notify
        local = now.astimezone(zone)
        at = local.time()
        if begins <= at < ends if begins < ends else at >= begins or at < ends:
            return now
        day = local.date() if at < begins else local.date() + timedelta(days=1)
        return datetime.combine(day, begins, zone).astimezone(now.tzinfo)


@dataclass(frozen=True, slots=True)
class Team:
    """A team of the firm; ``members`` get each his own notice, there is no list address."""

    key: str
    name: str
    members: tuple[Person, ...] = ()


@dataclass(frozen=True, slots=True)
class Priority:
    """A row of the firm's table [Procedure 3, 4, 5, 8].  ``at_once``: its notices reach people at any hour [Procedure 12]."""

    key: str
    first_response: Duration
    resolution: Duration
    team: str
    fix_commitment: Duration | None = None
    every_day: bool = False  # its customers are owed an update every calendar day, else every business day
    at_once: bool = False
    meaning: str = ""


@dataclass(frozen=True, slots=True)
class HandOver:
    """When a team's unresolved ticket goes on, and to whom: a team, or `MANAGEMENT` [Procedure 7]."""

    after: Duration
    to: str


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the management ladder [Procedure 9]."""

    after: Duration
    role: str
    repeat: Duration | None = None


@dataclass(frozen=True, slots=True)
class CreditRules:
    """Service credits [Procedure 10]; ``breach_of``: resolution, fix_commitment or stricter."""

    priorities: frozenset[str] = frozenset({"P1", "P2", "P3"})
    percent_per_hour: Decimal = Decimal(1)
    cap_percent: Decimal = Decimal(25)
    breach_of: str = "resolution"
    pro_rata: bool = False
    approver: str = "director"  # the role that the monthly proposal goes to


_TEN_DAYS, _FIVE_DAYS = Duration(10, Unit.BUSINESS_DAYS), Duration(5, Unit.BUSINESS_DAYS)


@dataclass(frozen=True, slots=True)
class Policy:
    """What the core decides by."""

    desk_name: str
    desk_address: str
    ticket_prefix: str
    calendar: Calendar
    default_priority: str = "P3"
    teams: Mapping[str, Team] = field(default_factory=dict)  # in the order in which staff escalate
    language: str = "en-GB"
    operator: Person | None = None
    people: tuple[Person, ...] = ()
    priorities: Mapping[str, Priority] = field(default_factory=dict)  # the most urgent first
    hand_overs: Mapping[str, Mapping[str, HandOver]] = field(default_factory=dict)  # by priority and team
    ladder: Mapping[str, tuple[Step, ...]] = field(default_factory=dict)  # by priority
    pending_stops_ladder: bool = False
    warn_at: Decimal = Decimal("0.75")  # of a target's time
    no_answer: Duration | None = _TEN_DAYS
    reopen: Duration = _FIVE_DAYS
    oldest: Duration = _FIVE_DAYS  # a mail that claims to be older opens when it comes in [Procedure, Time]
    ask_at: time = time(15, 0)
    send_at: time = time(16, 30)
    digest_at: time | None = time(8, 0)
    phrases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # by priority
    highest_registered: str = "P1"  # what a sender on the register of contracts may propose
    highest_others: str = "P3"
    credits: CreditRules = CreditRules()
    version: str = ""  # of the settings that it was made from, for explanations

    def number(self, ticket: int) -> str:
        """The ticket's number as people read it, ``CB-1042``."""
        return f"{self.ticket_prefix}-{ticket}"

    def audience(self, team: str) -> tuple[Person, ...]:
        """Who is told of a team's tickets: its members, or the operator where it has none."""
        members = self.teams[team].members if team in self.teams else ()
        return members or self._operator()

    def in_role(self, role: str) -> tuple[Person, ...]:
        """Who has a role, or the operator where nobody has it."""
        return tuple(person for person in self.people if role in person.roles) or self._operator()

    def at(self, address: str) -> Person | None:
        """Who writes from an address; case does not count."""
        wanted = address.lower()
        return next((person for person in self.people if wanted in (a.lower() for a in person.addresses)), None)

    def team_name(self, team: str) -> str:
        """A team as people read it."""
        return self.teams[team].name if team in self.teams else team

    def priority_called(self, wanted: str) -> str | None:
        """The priority that somebody means by ``P2``, ``p2`` or ``2``; None where there is no such one."""
        folded = wanted.casefold()
        return next((key for key in self.priorities if key.casefold() in (folded, f"p{folded}")), None)

    def first_team(self, priority: str) -> str:
        """Whose a ticket of this priority is when it opens [Procedure 7]."""
        return self.priorities[priority].team if priority in self.priorities else next(iter(self.teams), "support")

    def _operator(self) -> tuple[Person, ...]:
        return (self.operator,) if self.operator else ()
