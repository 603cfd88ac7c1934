"""The course of a ticket: which state, priority and team it had from when on, and what was told.  A fold of its events.

Clocks are counted from it with intervals (`maildesk.desk.clocks`); no duration is ever stored.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from maildesk.desk.events import (
    Answered,
    Breached,
    CauseSet,
    Event,
    HandedOver,
    MergedInto,
    Opened,
    Overran,
    PrioritySet,
    StatusSet,
    StepTold,
    UpdateAsked,
    UpdateSent,
    Warned,
)


class Status(StrEnum):
    """The states of a ticket (procedure, "States of a ticket")."""

    OPEN = "open"
    PENDING_CUSTOMER = "pending customer"
    PENDING_THIRD_PARTY = "pending third party"
    WORKAROUND = "workaround"
    RESOLVED = "resolved"
    CLOSED = "closed"
    MERGED = "merged"

    @property
    def over(self) -> bool:
        """Whether nothing of the procedure runs any more."""
        return self in (Status.CLOSED, Status.MERGED)


@dataclass(frozen=True, slots=True)
class Stretch:
    """From ``since`` (UTC) on the ticket is in a state, until the next stretch."""

    since: datetime
    status: Status
    waits_for: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Since:
    """From ``since`` (UTC) on it has this priority, or is with this team."""

    since: datetime
    value: str


@dataclass(frozen=True, slots=True)
class Cause:
    """Whose fault it was: unknown, ours, customer, third party."""

    kind: str = "unknown"
    name: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Course:
    """What the clocks of one ticket are counted from.

    ``told`` maps the key of each warning, breach, ladder step, overrun and update to when it was due: what stands there
    is not told again (`maildesk.desk.timers` names the keys).
    """

    stretches: tuple[Stretch, ...]
    priorities: tuple[Since, ...]
    teams: tuple[Since, ...]
    proposed: bool = True  # whether nobody has confirmed the priority
    spoken: tuple[datetime, ...] = ()  # when a person wrote a public message, as the desk recorded it
    cause: Cause = Cause()
    told: Mapping[str, str] = field(default_factory=dict)

    @property
    def now(self) -> Stretch:
        """The stretch that lasts."""
        return self.stretches[-1]

    @property
    def answered_at(self) -> datetime | None:
        """When a person first wrote to the customer (UTC) [Procedure 4]."""
        return self.spoken[0] if self.spoken else None

    @property
    def spoken_at(self) -> datetime | None:
        """When a person last wrote to the customer (UTC) [Procedure 8]."""
        return max(self.spoken, default=None)

    def at(self, moment: datetime) -> Stretch:
        """The stretch at a moment; before the opening, the first."""
        return next((stretch for stretch in reversed(self.stretches) if stretch.since <= moment), self.stretches[0])

    def priority_at(self, moment: datetime) -> str:
        """The priority that stood at a moment; before the opening, the first."""
        return next((row.value for row in reversed(self.priorities) if row.since <= moment), self.priorities[0].value)


def begin(body: Opened) -> Course:
    """The course of a ticket just opened."""
    at = datetime.fromisoformat(body.opened_at)
    return Course((Stretch(at, Status.OPEN),), (Since(at, body.priority),), (Since(at, body.team),))


def go_on(course: Course, event: Event) -> Course:
    """The course after one more event."""
    body, at = event.body, event.at
    match body:
        case Answered():
            course = _spoken(course, at)
        case PrioritySet():
            course = replace(course, proposed=body.proposed, priorities=_then(course.priorities, at, body.priority))
        case StatusSet():
            course = _status(course, body, at)
        case MergedInto():
            stretch = Stretch(max(at, course.now.since), Status.MERGED)
            course = replace(course, stretches=(*course.stretches, stretch))
        case CauseSet():
            course = replace(course, cause=Cause(body.cause, body.name, body.reason))
        case HandedOver():
            course = replace(course, teams=(*course.teams, Since(max(at, course.teams[-1].since), body.team)))
        case Warned() | Breached() | Overran() | StepTold() | UpdateAsked() | UpdateSent():
            course = replace(course, told={**course.told, **_keys(body, course)})
    return course


def warning_key(clock: str, priority: str) -> str:
    """Told once for each priority's target."""
    return f"warning:{clock}:{priority}"


def breach_key(clock: str, priority: str) -> str:
    """Told once for each priority's target."""
    return f"breach:{clock}:{priority}"


def step_key(priority: str, step: int) -> str:
    """Each priority has a ladder of its own."""
    return f"ladder:{priority}:{step}"


def overrun_key(course: Course) -> str:
    """Told once for each time that the team gets the ticket."""
    return f"overrun:{len(course.teams)}"


ASKED, UPDATED = "update:ask", "update:holding"  # told holds the newest day


def _keys(body: Warned | Breached | Overran | StepTold | UpdateAsked | UpdateSent, course: Course) -> dict[str, str]:
    match body:
        case Warned():
            return {warning_key(body.clock, body.priority): body.due_at}
        case Breached():
            return {breach_key(body.clock, body.priority): body.due_at}
        case Overran():
            return {overrun_key(course): body.due_at}
        case StepTold():
            return {step_key(body.priority, step): body.due_at for step in (*body.replaced, body.step)}
        case UpdateAsked():
            return {ASKED: body.day}
        case UpdateSent():
            return {UPDATED: body.day}


def _spoken(course: Course, at: datetime) -> Course:
    return replace(course, spoken=(*course.spoken, at))


def _status(course: Course, body: StatusSet, at: datetime) -> Course:
    """A stretch never begins before the one that it ends: where the machine's clock went back no time counts twice."""
    if body.undone and len(course.stretches) > 1:
        course = replace(course, stretches=course.stretches[:-1])
    else:
        since = max(at, course.now.since)
        stretch = Stretch(since, Status(body.status), body.waits_for, body.reason)
        course = replace(course, stretches=(*course.stretches, stretch))
    return _spoken(course, at) if body.by_person else course


def _then(values: tuple[Since, ...], at: datetime, value: str) -> tuple[Since, ...]:
    return values if values[-1].value == value else (*values, Since(max(at, values[-1].since), value))


def to_json(course: Course) -> dict[str, Any]:
    """The course as JSON values, for the ticket's row."""
    return {
        "stretches": [
            {"since": _text(row.since), "status": str(row.status), "waits_for": row.waits_for, "reason": row.reason}
            for row in course.stretches
        ],
        "priorities": [{"since": _text(row.since), "value": row.value} for row in course.priorities],
        "teams": [{"since": _text(row.since), "value": row.value} for row in course.teams],
        "proposed": course.proposed,
        "spoken": [_text(at) for at in course.spoken],
        "cause": {"kind": course.cause.kind, "name": course.cause.name, "reason": course.cause.reason},
        "told": dict(course.told),
    }


def from_json(values: Mapping[str, Any]) -> Course:
    """The course that `to_json` wrote."""
    return Course(
        stretches=tuple(
            Stretch(_time(row["since"]), Status(row["status"]), row["waits_for"], row["reason"])
            for row in values["stretches"]
        ),
        priorities=_sinces(values["priorities"]),
        teams=_sinces(values["teams"]),
        proposed=values["proposed"],
        spoken=tuple(map(_time, values["spoken"])),
        cause=Cause(**values["cause"]),
        told=dict(values["told"]),
    )


def _text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()


def _sinces(rows: Any) -> tuple[Since, ...]:
    return tuple(Since(_time(row["since"]), row["value"]) for row in rows)


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
