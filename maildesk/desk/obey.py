"""A command of staff on a ticket -> the events that it makes, or a refusal in words.  Pure; it sends nothing.

Who may command is decided before (`maildesk.read.trust`); here stands what a command does to which ticket.
"""

from collections.abc import Sequence

from maildesk.desk.commands import (
    Escalate,
    Link,
    Note,
    PartiesCommand,
    Say,
    SetCause,
    SetContract,
    SetOwner,
    SetPriority,
    SetStatus,
    SetTeam,
    StillResolved,
    Take,
    TicketCommand,
    Undo,
)
from maildesk.desk.course import Status
from maildesk.desk.decide import Actor
from maildesk.desk.events import (
    Answered,
    Body,
    CauseSet,
    HandedOver,
    NoteFiled,
    OwnerSet,
    PrioritySet,
    StatusSet,
)
from maildesk.desk.parties import obey_parties
from maildesk.desk.policy import Person, Policy
from maildesk.desk.refusal import Refusal
from maildesk.desk.ticket import Ticket

__all__ = ["NOBODY", "Refusal", "obey", "people_called", "refused_as_over"]

NOBODY = ("nobody", "none", "-")


def obey(ticket: Ticket, command: TicketCommand, actor: Actor, policy: Policy) -> list[Body] | Refusal:
    """The events of a command, in order; a refusal where it cannot be done as the ticket stands."""
    if refusal := refused_as_over(ticket, command, policy):
        return refusal
    if isinstance(command, PartiesCommand):
        return obey_parties(ticket, command, policy)
    return _change(ticket, command, policy) or _own_word(ticket, command, actor, policy)


def refused_as_over(ticket: Ticket, command: TicketCommand, policy: Policy) -> Refusal | None:
    """What is for good; a note, whose fault it was, its contract and what was only just done may still be changed."""
    if not ticket.state.over or isinstance(command, Note | SetCause | SetContract | Link | Undo):
        return None
    if ticket.merged_into is not None:
        into = policy.number(ticket.merged_into)
        return Refusal(f"{policy.number(ticket.number)} was merged into {into}", f"write it for {into}")
    return Refusal(
        f"{policy.number(ticket.number)} is {ticket.status}, which is for good",
        "a new mail of the customer opens a linked ticket",
    )


def _change(ticket: Ticket, command: TicketCommand, policy: Policy) -> list[Body] | Refusal | None:
    """What changes the ticket's standing; None for another command."""
    match command:
        case SetPriority():
            return _priority(ticket, command.priority, policy)
        case SetStatus():
            return _status(ticket, command)
        case StillResolved():
            return _still_resolved(ticket)
        case SetTeam():
            return _team(ticket, command.team, policy)
        case Escalate():
            return _escalate(ticket, command, policy)
    return None


def _own_word(ticket: Ticket, command: TicketCommand, actor: Actor, policy: Policy) -> list[Body] | Refusal:
    match command:
        case Take():
            return _owner(ticket, actor.address)
        case SetOwner():
            return _named_owner(ticket, command.who, policy)
        case SetCause():
            return [CauseSet(command.cause, command.name, command.reason)]
        case Say():
            return [Answered(actor.address, command.text)]
        case Note():
            return [NoteFiled(actor.address, command.text)]
    raise TypeError(f"{command} is no command on a ticket")


def _priority(ticket: Ticket, wanted: str, policy: Policy) -> list[Body] | Refusal:
    """Raised to a team further on it moves there at once, and never back by itself [Procedure 3, 7]."""
    key = policy.priority_called(wanted)
    if key is None:
        return Refusal(f"there is no priority {wanted}", "priorities: " + ", ".join(policy.priorities))
    if key == ticket.priority and not ticket.course.proposed:
        return Refusal(f"it is {key} already")
    bodies: list[Body] = [PrioritySet(key)]
    team = policy.priorities[key].team
    if key != ticket.priority and _rank(policy, team) > _rank(policy, ticket.team):
        bodies.append(HandedOver(team, ticket.team, f"it is {key} now"))
    return bodies


def _status(ticket: Ticket, command: SetStatus) -> list[Body] | Refusal:
    now = ticket.course.now
    if (now.status, now.waits_for) == (command.status, command.waits_for):
        return Refusal(f"it is {_words(command.status, command.waits_for)} already")
    told = command.status in (Status.RESOLVED, Status.WORKAROUND) and bool(command.reason)
    return [StatusSet(str(command.status), command.waits_for, command.reason, by_person=told)]


def _still_resolved(ticket: Ticket) -> list[Body] | Refusal:
    stretches = ticket.course.stretches
    if len(stretches) < 2 or ticket.state is not Status.OPEN or stretches[-2].status is not Status.RESOLVED:  # noqa: PLR2004 (the reopening and what was before it)
        return Refusal("it was not reopened", "to resolve it: resolved: LINE FOR THE CUSTOMER")
    return [StatusSet(str(Status.RESOLVED), reason=stretches[-2].reason, undone=True)]


def _named_owner(ticket: Ticket, who: str, policy: Policy) -> list[Body] | Refusal:
    if who.casefold() in NOBODY:
        return _owner(ticket, "")
    found = people_called(who, policy.people)
    if len(found) == 1:
        return _owner(ticket, found[0].address.lower())
    names = ", ".join(person.name for person in found or policy.people)
    return Refusal(f"{len(found) or 'none'} of our people {'are' if len(found) > 1 else 'is'} called {who}", names)


def people_called(who: str, people: Sequence[Person]) -> list[Person]:
    """Who is meant by an address, a name, or a part of a name that only one has."""
    wanted = who.casefold().strip()
    exact = [p for p in people if wanted == p.name.casefold() or wanted in (a.casefold() for a in p.addresses)]
    return exact or [p for p in people if wanted in p.name.casefold().split() or p.name.casefold().startswith(wanted)]


def _owner(ticket: Ticket, address: str) -> list[Body] | Refusal:
    if ticket.assignee == address:
        return Refusal("it has that owner already" if address else "it has no owner already")
    return [OwnerSet(address)]


def _team(ticket: Ticket, wanted: str, policy: Policy) -> list[Body] | Refusal:
    folded = wanted.casefold().strip()
    key = next((key for key, team in policy.teams.items() if folded in (key.casefold(), team.name.casefold())), None)
    if key is None:
        return Refusal(f"there is no team {wanted}", "teams: " + ", ".join(policy.teams))
    if key == ticket.team:
        return Refusal(f"{policy.team_name(key)} has it already")
    return [HandedOver(key, ticket.team)]


def _escalate(ticket: Ticket, command: Escalate, policy: Policy) -> list[Body] | Refusal:
    later = list(policy.teams)[_rank(policy, ticket.team) + 1 :]
    if not later:
        return Refusal(
            f"{policy.team_name(ticket.team)} is the last team",
            "management is told by the ladder; to give it back: team support",
        )
    return [HandedOver(later[0], ticket.team, command.reason)]


def _rank(policy: Policy, team: str) -> int:
    return list(policy.teams).index(team) if team in policy.teams else -1


def _words(status: Status, waits_for: str) -> str:
    return f"{status} {waits_for}".strip()
