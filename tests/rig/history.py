"""A ticket's life without a database: mails and commands against the pure core, and time as the desk lets it pass.

The clock stands where a test puts it.  ``until`` lets every timer fire at its moment; ``jump`` sets the clock and fires
nothing: the desk was down, or its machine's clock was moved.  Times are the firm's, ``03-02 09:00`` in 2026 (a Monday).
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from zoneinfo import ZoneInfo

from maildesk.desk import course
from maildesk.desk.commands import TicketCommand, Unclear, parse
from maildesk.desk.decide import Actor, Facts, Join, Open, Proposal, Role, decide, is_over
from maildesk.desk.events import (
    Body,
    Breached,
    Event,
    HandedOver,
    Opened,
    Overran,
    StatusSet,
    StepTold,
    UpdateAsked,
    UpdateSent,
    Warned,
    from_json,
    to_json,
)
from maildesk.desk.obey import Refusal, obey
from maildesk.desk.policy import Policy
from maildesk.desk.ticket import Ticket, apply, fold
from maildesk.desk.timers import due_events, next_due
from maildesk.firm import policy as policy_of
from maildesk.settings import load

LONDON = ZoneInfo("Europe/London")
STAFF = Actor("sam@desk.test", "Sam", Role.STAFF)
BOB = Actor("bob@acme.test", "Bob", Role.REQUESTER)


@cache
def shipped() -> Policy:
    """The rules as settings.yaml ships them."""
    return policy_of(load(None))


def at(text: str) -> datetime:
    """``03-02 09:00``, or with its year, as the firm's clocks show it."""
    whole = text if len(text) > len("03-02 09:00") else f"2026-{text}"
    return datetime.fromisoformat(whole).replace(tzinfo=LONDON).astimezone(UTC)


def shown(moment: datetime) -> str:
    """The other way round."""
    local = moment.astimezone(LONDON)
    return f"{local:%m-%d %H:%M}" if local.year == 2026 else f"{local:%Y-%m-%d %H:%M}"


class History:
    """One ticket and the clock of its desk."""

    def __init__(
        self, opened: str | datetime, priority: str = "P3", *, policy: Policy | None = None, owed: bool = True
    ) -> None:
        self.policy = policy or shipped()
        self.now = at(opened) if isinstance(opened, str) else opened
        mail = Open("Help", "request", owed, self.now, Facts(), proposal=Proposal(priority, "a test"))
        self.log: list[Event] = []
        self.ticket: Ticket = None  # type: ignore[assignment] - there from the next line on
        self._append(decide(None, mail, BOB, self.policy, self.now), BOB.address)

    # --- what happens

    def do(self, *lines: str | TicketCommand) -> Refusal | None:
        """Staff command: what time owes by now comes first, as on the desk.  The first refusal, if any."""
        self.fire()
        for line in lines:
            command = parse(line) if isinstance(line, str) else line
            assert not isinstance(command, Unclear), command
            answer = obey(self.ticket, command, STAFF, self.policy)
            if isinstance(answer, Refusal):
                return answer
            self._append(answer, STAFF.address)
        return None

    def mail(self, *, role: Role = Role.REQUESTER, person: bool = True) -> bool:
        """A mail comes to the ticket; False: it opens a linked one instead."""
        self.fire()
        if is_over(self.ticket, self.now, self.policy):
            return False
        writer = replace(BOB, role=role)
        self._append(decide(self.ticket, Join("request", Facts(), by_person=person), writer, self.policy, self.now))
        return True

    def run(self, script: Mapping[str, str]) -> "History":
        """``{when: lines of commands or "mail", "robot", "down"}``; ``down`` leaves the desk down until the next line."""
        awake = True
        for when, line in script.items():
            (self.until if awake else self.jump)(when)
            awake = line != "down"
            if line in ("mail", "robot"):
                self.mail(person=line == "mail")
            elif awake and line:
                assert self.do(*line.split(" / ")) is None
            elif awake:
                self.fire()
        return self

    # --- how time passes

    def until(self, moment: str | datetime) -> "History":
        """Time passes, and each timer fires at its very moment."""
        end = at(moment) if isinstance(moment, str) else moment
        while (due := next_due(self.ticket, self.policy)) is not None and due <= end:
            self.now = max(due, self.now)
            self.fire()
        self.now = end
        return self

    def jump(self, moment: str | datetime) -> "History":
        """The clock is set, and nothing fires."""
        self.now = at(moment) if isinstance(moment, str) else moment
        return self

    def fire(self) -> int:
        """What is due now happens.  How many events that were; nothing more may be due then."""
        bodies = due_events(self.ticket, self.policy, self.now)
        self._append(bodies, "desk")
        due = next_due(self.ticket, self.policy)
        assert due is None or due > self.now, f"the desk spins at {self.now}: {due}"
        return len(bodies)

    def _append(self, bodies: Iterable[Body], actor: str = "") -> None:
        for body in bodies:
            event = Event(len(self.log) + 1, self.now, actor, None, body)
            self.log.append(event)
            self.ticket = apply(7, self.ticket, event)

    # --- what came of it

    def told(self, *kinds: str) -> list[str]:
        """What time did, ``03-02 12:00 warning:first_response``, if its key begins with one of these words."""
        lines = [(event, key_of(event.body)) for event in self.log if event.actor == "desk"]
        return [f"{shown(event.at)} {key}" for event, key in lines if not kinds or key.startswith(kinds)]

    def status_at(self) -> str:
        """Its state and since when, ``open 03-02 09:00``."""
        now = self.ticket.course.now
        return f"{now.status} {shown(now.since)}"

    def by_row(self) -> Ticket:
        """The ticket as its log alone makes it, both log and course by way of their JSON."""
        again = [replace(event, body=from_json(event.kind, to_json(event.body))) for event in self.log]
        made = fold(7, again)
        return replace(made, course=course.from_json(course.to_json(made.course)))


def key_of(body: Body) -> str:  # noqa: PLR0911 (a table)
    """What a test calls it."""
    match body:
        case Warned():
            return f"warning:{body.clock}:{body.priority}"
        case Breached():
            return f"breach:{body.clock}:{body.priority}"
        case HandedOver():
            return f"handover:{body.team}"
        case Overran():
            return f"overrun:{body.team}"
        case StepTold():
            return f"ladder:{body.priority}:{body.step}" + _instead(body)
        case UpdateAsked():
            return f"ask {body.day[5:]}"
        case UpdateSent():
            return " ".join([f"update {body.day[5:]}", *(day[5:] for day in body.missed)])
        case StatusSet():
            return f"status:{body.status}"
        case Opened():
            return "opened"
    return type(body).__name__.lower()


def _instead(body: StepTold) -> str:
    replaced = f" for {','.join(map(str, body.replaced))}" if body.replaced else ""
    return replaced + (f" skipped {body.skipped}" if body.skipped else "")
