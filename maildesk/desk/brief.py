"""A ticket on one screen, for staff and managers.  Pure: its history is handed in."""

from dataclasses import dataclass
from datetime import datetime

from maildesk.desk import clocks
from maildesk.desk.clocks import Clock
from maildesk.desk.course import Status
from maildesk.desk.events import (
    Body,
    Breached,
    HandedOver,
    Overran,
    StatusSet,
    StepTold,
    UpdateAsked,
    UpdateSent,
    Warned,
)
from maildesk.desk.notices import Brief, Coming, Past, Target
from maildesk.desk.policy import Policy
from maildesk.desk.ticket import Ticket
from maildesk.desk.timers import timers
from maildesk.desk.words import CLOCKS, span_in_words, status_in_words

MOST_COMING = 5
MET = "met"
MOST_PAST = 8  # entries of the history on one screen


@dataclass(frozen=True, slots=True)
class Dossier:
    """What is told of a ticket beside its state: who takes part, and what happened and was said."""

    participants: tuple[str, ...] = ()
    history: tuple[Past, ...] = ()
    asked: str = ""  # the newest public answer: what the customer is waited for, if he is


def brief(ticket: Ticket, dossier: Dossier, policy: Policy, now: datetime) -> Brief:
    """The ticket as it stands at ``now``."""
    stretch, row = ticket.course.now, policy.priorities.get(ticket.priority)
    owner = policy.at(ticket.assignee) if ticket.assignee else None
    cause = ticket.course.cause
    return Brief(
        number=policy.number(ticket.number),
        subject=ticket.subject,
        customer=_customer(ticket),
        organisation=str(ticket.contact.get("organisation") or ""),
        contract=ticket.contract or "",
        priority=ticket.priority,
        proposed=ticket.course.proposed,
        meaning=row.meaning if row else "",
        status=status_in_words(stretch.status, stretch.waits_for),
        since=stretch.since,
        reason=stretch.reason,
        team=policy.team_name(ticket.team),
        owner=owner.name or owner.address if owner else ticket.assignee or "",
        opened_at=ticket.opened_at,
        cause=f"{cause.kind} {cause.name}".strip(),
        targets=tuple(_targets(ticket, policy, now)),
        coming=coming(ticket, policy, now),
        history=dossier.history[-MOST_PAST:],
        older=len(dossier.history[:-MOST_PAST]),
    )


def coming(ticket: Ticket, policy: Policy, now: datetime) -> tuple[Coming, ...]:
    """What time will do next if nothing changes, the next first."""
    later = [timer for timer in timers(ticket, policy) if timer.due_at > now]
    return tuple(Coming(timer.due_at, _will(timer.body, policy)) for timer in later[:MOST_COMING])


def _targets(ticket: Ticket, policy: Policy, now: datetime) -> list[Target]:
    found = clocks.targets(ticket, policy)
    team = clocks.team_clock(ticket, policy)
    shown = [_target(CLOCKS[clock.key], clock, ticket, now) for clock in found]
    return shown + ([_target(policy.team_name(ticket.team), team[0], ticket, now)] if team else [])


def _target(label: str, clock: Clock, ticket: Ticket, now: datetime) -> Target:
    state = _state(clock, ticket, now)
    return Target(label, str(clock.target), None if state == MET else clock.due_at, state)


def _state(clock: Clock, ticket: Ticket, now: datetime) -> str:
    if clock.due_at is not None and clock.missed(now):
        return f"missed by {span_in_words((clock.stopped_at or now) - clock.due_at)}"
    if clock.stopped_at is not None:
        return MET
    if clock.due_at is None:
        return f"rests: {status_in_words(ticket.course.now.status, ticket.course.now.waits_for)}"
    return f"due in {span_in_words(clock.due_at - now)}"


def _will(body: Body, policy: Policy) -> str:  # noqa: PLR0911 (a table)
    match body:
        case Warned():
            return f"warning: {CLOCKS[body.clock]} comes near"
        case Breached():
            return f"{CLOCKS[body.clock]} is missed"
        case HandedOver():
            return f"it goes to {policy.team_name(body.team)}"
        case Overran():
            return f"{policy.team_name(body.team)} has had its time: management is told"
        case StepTold():
            return f"the {body.role} is told"
        case UpdateAsked():
            return "the owner is asked for an update to the customer"
        case UpdateSent():
            return "a holding update goes to the customer"
        case StatusSet():
            return (
                "it is closed" if body.status == Status.CLOSED else "it is resolved, since the customer did not answer"
            )
    return ""


def _customer(ticket: Ticket) -> str:
    if not ticket.requester:
        return "nobody that can be answered"
    return f"{ticket.requester_name} <{ticket.requester}>" if ticket.requester_name else ticket.requester
