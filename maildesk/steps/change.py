"""A ticket is changed by staff's commands or by time: events appended, everybody told, all in the caller's transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import reduce

from sqlalchemy import Connection

from maildesk.desk.brief import Dossier
from maildesk.desk.commands import TicketCommand
from maildesk.desk.course import Status
from maildesk.desk.decide import Actor, Role
from maildesk.desk.events import Answered, Body, Event, HandedOver, StatusSet, UpdateSent
from maildesk.desk.inform import Change, inform
from maildesk.desk.notices import PASSING, SCHEDULED, Notice
from maildesk.desk.obey import Refusal, obey
from maildesk.desk.ticket import Ticket, apply
from maildesk.desk.timers import due_events
from maildesk.office import Office
from maildesk.steps.answering import unjudged
from maildesk.steps.history import dossier, participants_only
from maildesk.steps.parties import Stored, answer, carry_out
from maildesk.steps.post import Cause, post
from maildesk.store import outbox, suppression, tickets

DESK = Actor("", "", Role.ROBOT)  # time itself
SOLVED = (Status.WORKAROUND, Status.RESOLVED, Status.CLOSED, Status.MERGED)


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one command."""

    command: TicketCommand
    events: tuple[Body, ...] = ()
    refusal: Refusal | None = None


def obey_on(
    transaction: Connection,
    office: Office,
    ticket: Ticket,
    commands: Sequence[TicketCommand],
    actor: Actor,
    now: datetime,
    cause: Cause | None = None,
) -> list[Result]:
    """Obey commands in order, all or none: where one is refused nothing is changed.

    What time owes by now comes first: the desk may have been down.
    """
    ticket = up_to_date(transaction, office, ticket, now)
    results = _tried(transaction, office, ticket, commands, actor, now, cause or Cause())
    if not any(result.refusal for result in results):
        bodies = [body for result in results for body in result.events]
        bodies = carry_out(transaction, office, ticket, bodies, actor, now, cause or Cause())
        change(transaction, office, ticket, bodies, actor, now, cause or Cause())
    return results


def up_to_date(transaction: Connection, office: Office, ticket: Ticket, now: datetime) -> Ticket:
    """The ticket once time has done to it what is due by now."""
    bodies = due_events(ticket, office.policy, now)
    return change(transaction, office, ticket, bodies, DESK, now, Cause()) if bodies else ticket


def fire(transaction: Connection, office: Office, ticket: Ticket, now: datetime) -> int:
    """Let time do to a ticket what is due.  Returns how many events that made."""
    bodies = due_events(ticket, office.policy, now)
    if bodies:
        change(transaction, office, ticket, bodies, DESK, now, Cause())
    else:
        tickets.derive(transaction, [ticket], office.policy)
    return len(bodies)


def change(
    transaction: Connection,
    office: Office,
    ticket: Ticket,
    bodies: Sequence[Body],
    actor: Actor,
    now: datetime,
    cause: Cause,
) -> Ticket:
    """Append the events and tell whomever they concern."""
    changed = tickets.append(transaction, ticket, bodies, actor.address or "desk", cause.inbound, now, office.policy)
    events = _events(ticket, bodies, actor, now, cause)
    told = _dossier(transaction, changed, bodies)
    notices = inform(Change(ticket, events, changed, actor, told), office.policy, now)
    _tidy(transaction, office, ticket, changed, now)
    post(
        transaction, office, [_unless_held(transaction, office, notice, changed, now) for notice in notices], cause, now
    )
    return changed


def _dossier(transaction: Connection, ticket: Ticket, bodies: Sequence[Body]) -> Dossier:
    """A word to a customer tells no history, which is the most of the work; only what he is waited for must be known."""
    to_him = all(isinstance(body, UpdateSent | Answered) for body in bodies)
    if to_him and ticket.state is not Status.PENDING_CUSTOMER:
        return participants_only(ticket)
    return dossier(transaction, ticket, texts=any(isinstance(body, HandedOver) for body in bodies))


def state_changed(
    transaction: Connection,
    office: Office,
    before: Ticket,
    after: Ticket,
    bodies: Sequence[Body],
    actor: Actor,
    now: datetime,
) -> list[Notice]:
    """What a mail that moved a ticket into another state makes besides the mail's own notices."""
    if not any(isinstance(body, StatusSet) for body in bodies):
        return []
    _tidy(transaction, office, before, after, now)
    events = [event for event in _events(before, bodies, actor, now, Cause()) if isinstance(event.body, StatusSet)]
    told = dossier(transaction, after, texts=False)
    return inform(Change(before, events, after, actor, told), office.policy, now)


def _events(ticket: Ticket, bodies: Sequence[Body], actor: Actor, now: datetime, cause: Cause) -> list[Event]:
    who = actor.address or "desk"
    return [Event(ticket.version + n, now, who, cause.inbound, body) for n, body in enumerate(bodies, 1)]


def _tried(
    transaction: Connection,
    office: Office,
    ticket: Ticket,
    commands: Sequence[TicketCommand],
    actor: Actor,
    now: datetime,
    cause: Cause,
) -> list[Result]:
    """Each command on the ticket as those before it leave it; nothing is written."""
    results: list[Result] = []
    for command in commands:
        said = (
            answer(transaction, office, ticket, command, cause, now)
            if isinstance(command, Stored)
            else obey(ticket, command, actor, office.policy)
        )
        if isinstance(said, Refusal):
            results.append(Result(command, refusal=said))
            continue
        results.append(Result(command, tuple(said)))
        ticket = reduce(
            lambda made, event: apply(made.number, made, event), _events(ticket, said, actor, now, Cause()), ticket
        )
    return results


def _tidy(transaction: Connection, office: Office, before: Ticket, after: Ticket, now: datetime) -> None:
    """Notices that wait for their readers' morning: out of date once it is solved, urgent once the priority says so."""
    if after.state in SOLVED and before.state not in SOLVED:
        outbox.call_off(transaction, after.number, PASSING, now, f"it is {after.status} meanwhile")
    row = office.policy.priorities.get(after.priority)
    if row and row.at_once and before.priority != after.priority:
        outbox.hasten(transaction, after.number, now)


def _unless_held(transaction: Connection, office: Office, notice: Notice, ticket: Ticket, now: datetime) -> Notice:
    """Mail by the clock goes neither to an address that refuses it nor on a conversation with a robot [Promise 6]."""
    if notice.name not in SCHEDULED:
        return notice
    address = notice.recipient.address
    if suppression.is_muted(transaction, address):
        return replace(notice, held="the address refuses our mail: scheduled mail to it has stopped")
    return notice if _is_touched(ticket) else replace(notice, held=unjudged(transaction, office, address, now))


def _is_touched(ticket: Ticket) -> bool:
    """Whether a person of the firm has looked after it: then somebody has judged who wrote."""
    return bool(ticket.assignee or ticket.course.answered_at) or not ticket.course.proposed
