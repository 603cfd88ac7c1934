"""What time will do to a ticket that is opened and left alone: every target, hand-over and step of the ladder.

It asks the very clocks that live tickets have (`maildesk.desk.clocks`) about a ticket that nobody has.  It refuses a
priority that the firm has no row for.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from maildesk.desk import clocks
from maildesk.desk.duration import Duration
from maildesk.desk.events import Event, HandedOver, Opened
from maildesk.desk.policy import MANAGEMENT, Policy
from maildesk.desk.ticket import Ticket, apply

DESK = "desk"


@dataclass(frozen=True, slots=True)
class Deadline:
    """One moment of a ticket that nobody touches.

    ``key``: first_response, resolution, fix_commitment, handover:TEAM (who gets it), overrun:TEAM (whose time it was),
    ladder:N:ROLE (N from 1).  ``due_at`` is UTC; None where the firm never works that much.  ``repeat``: the ladder's
    last step comes again that long after it, without end.
    """

    key: str
    due_at: datetime | None
    target: Duration
    repeat: Duration | None = None


def forecast(opened_at: datetime, priority: str, policy: Policy) -> list[Deadline]:
    """All of them in the order of time; what never comes is last.  Raises KeyError for a priority without a row."""
    ticket = _untouched(opened_at, policy.priorities[priority].key, policy)
    targets = [Deadline(clock.key, clock.due_at, clock.target) for clock in clocks.targets(ticket, policy)]
    found = [*targets, *_teams(ticket, policy), *_ladder(ticket, policy)]
    return sorted(found, key=lambda deadline: (deadline.due_at is None, deadline.due_at or opened_at))


def _untouched(opened_at: datetime, priority: str, policy: Policy) -> Ticket:
    body = Opened(
        opened_at=opened_at.astimezone(UTC).isoformat(),
        subject="",
        requester="",
        requester_name="",
        kind="request",
        owed=True,
        priority=priority,
        team=policy.first_team(priority),
    )
    return apply(0, None, Event(1, opened_at.astimezone(UTC), DESK, None, body))


def _teams(ticket: Ticket, policy: Policy) -> Iterator[Deadline]:
    """From team to team until one hands it to nobody or to management, or to one that had it before [Procedure 7]."""
    had: set[str] = set()
    while ticket.team not in had and (found := clocks.team_clock(ticket, policy)):
        clock, rule = found
        over = rule.to == MANAGEMENT
        key = f"overrun:{ticket.team}" if over else f"handover:{rule.to}"
        yield Deadline(key.lower(), clock.due_at, clock.target)
        if over or clock.due_at is None:
            return
        had.add(ticket.team)
        ticket = apply(0, ticket, Event(ticket.version + 1, clock.due_at, DESK, None, HandedOver(rule.to, ticket.team)))


def _ladder(ticket: Ticket, policy: Policy) -> Iterator[Deadline]:
    """Each step once; how often the last one comes again is said beside it [Procedure 9]."""
    spells = clocks.ladder_intervals(ticket, policy)
    for number, step in enumerate(policy.ladder.get(ticket.priority, ()), 1):
        at = clocks.step_due(step, spells, policy)
        yield Deadline(f"ladder:{number}:{step.role}".lower(), at, step.after, step.repeat)
