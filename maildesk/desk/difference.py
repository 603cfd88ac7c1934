"""What a change made of a ticket, before and after, and its deadlines since: for whoever made it.  Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from maildesk.desk import clocks
from maildesk.desk.brief import Dossier, brief
from maildesk.desk.duration import Duration
from maildesk.desk.notices import Brief
from maildesk.desk.policy import MANAGEMENT, Policy
from maildesk.desk.ticket import Ticket


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as it was; "" is nobody or nothing."""

    what: str  # status, reason, priority, team, owner, cause, contract, requester, participants
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Deadline:
    """A running or finished clock of a ticket.  ``due_at`` is UTC; None while it rests, ``state`` says why."""

    key: str  # first_response, resolution, fix_commitment, handover:TEAM (who gets it), overrun:TEAM (whose time it is)
    label: str
    target: Duration
    due_at: datetime | None
    state: str  # due in 3 h, met, missed by 20 min, rests: pending customer


def differences(before: Ticket, after: Ticket, policy: Policy, now: datetime) -> list[Difference]:
    """All that changed in a ticket's standing."""
    old, new = (_standing(ticket, brief(ticket, Dossier(), policy, now)) for ticket in (before, after))
    return [Difference(what, old[what], new[what]) for what in old if old[what] != new[what]]


def _standing(ticket: Ticket, shown: Brief) -> dict[str, str]:
    return {
        "status": shown.status,
        "reason": shown.reason,
        "priority": f"{shown.priority} (proposed)" if shown.proposed else shown.priority,
        "team": shown.team,
        "owner": shown.owner,
        "cause": shown.cause,
        "contract": ticket.contract,
        "requester": ticket.requester,
        "participants": ", ".join(ticket.participants),
    }


def deadlines(ticket: Ticket, policy: Policy, now: datetime) -> list[Deadline]:
    """The clocks that the ticket has, each with its state."""
    shown = brief(ticket, Dossier(), policy, now).targets
    return [
        Deadline(key, target.label, amount, target.due_at, target.state)
        for (key, amount), target in zip(_clocks(ticket, policy), shown, strict=True)
    ]


def _clocks(ticket: Ticket, policy: Policy) -> Iterator[tuple[str, Duration]]:
    for clock in clocks.targets(ticket, policy):
        yield clock.key, clock.target
    if (team := clocks.team_clock(ticket, policy)) is not None:
        clock, rule = team
        yield f"overrun:{ticket.team}" if rule.to == MANAGEMENT else f"handover:{rule.to}", clock.target
