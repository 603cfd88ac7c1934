"""The firm's rules as plain values, as the pure core sees them; made from the settings by `maildesk.firm`."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from maildesk.desk.calendar import Calendar


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of the firm.  His first address is where mail to him goes; he may write from any of them."""

    name: str
    addresses: tuple[str, ...]
    roles: frozenset[str] = frozenset()
    zone: str = "Europe/London"
    language: str = "en-GB"

    @property
    def address(self) -> str:
        """Where mail to him goes."""
        return self.addresses[0]


@dataclass(frozen=True, slots=True)
class Team:
    """A team of the firm; ``members`` get each his own notice, there is no list address."""

    key: str
    name: str
    members: tuple[Person, ...] = ()


@dataclass(frozen=True, slots=True)
class Policy:
    """What the core decides by."""

    desk_name: str
    desk_address: str
    ticket_prefix: str
    calendar: Calendar
    default_priority: str = "P3"
    first_team: str = "support"
    teams: Mapping[str, Team] = field(default_factory=dict)
    language: str = "en-GB"
    operator: Person | None = None

    def number(self, ticket: int) -> str:
        """The ticket's number as people read it, ``CB-1042``."""
        return f"{self.ticket_prefix}-{ticket}"

    def audience(self, team: str) -> tuple[Person, ...]:
        """Who is told of a team's tickets: its members, or the operator where it has none."""
        members = self.teams[team].members if team in self.teams else ()
        return members or ((self.operator,) if self.operator else ())
