"""Who takes part in a ticket, and how tickets go together: commands in, events or a refusal out.  Pure.

What a command needs beside the ticket (another ticket, a contract of the register) is handed in by
`maildesk.steps.parties`.  Refused is what could lose mail or hand it to the wrong people: a ticket merged into itself or
into one that is over, the desk as a participant of its own tickets, an address that no mail can be sent to.
"""

import re
from collections.abc import Collection, Sequence

from maildesk.desk.commands import AddParticipant, PartiesCommand, RemoveParticipant, SetRequester
from maildesk.desk.decide import OF_THE_WRITER
from maildesk.desk.events import (
    Absorbed,
    Body,
    ContractSet,
    Linked,
    MergedInto,
    ParticipantAdded,
    ParticipantRemoved,
    RequesterSet,
)
from maildesk.desk.policy import Policy
from maildesk.desk.refusal import Refusal
from maildesk.desk.ticket import Ticket


def obey_parties(ticket: Ticket, command: PartiesCommand, policy: Policy) -> list[Body] | Refusal:
    """Who takes part.  Raises TypeError for a command that needs more than the ticket."""
    match command:
        case AddParticipant():
            return _add(ticket, command.address, policy)
        case RemoveParticipant():
            return _remove(ticket, command.address)
        case SetRequester():
            return _requester(ticket, command.address, policy)
    raise TypeError(f"{command} needs more than its ticket")


def _unfit(address: str, policy: Policy) -> Refusal | None:
    """The desk would write to itself; beyond ASCII our relay may not go."""
    local, _, domain = policy.desk_address.lower().rpartition("@")
    if address.rpartition("@")[2] == domain and address.rpartition("@")[0].partition("+")[0] == local:
        return Refusal(f"{address} is the desk itself")
    return (
        None if address.isascii() else Refusal(f"no mail can be sent to {address}", "write an address in plain ASCII")
    )


def _add(ticket: Ticket, address: str, policy: Policy) -> list[Body] | Refusal:
    if address == ticket.requester:
        return Refusal(f"{address} is its requester already")
    if address in ticket.participants:
        return Refusal(f"{address} takes part already")
    return _unfit(address, policy) or [ParticipantAdded(address)]


def _remove(ticket: Ticket, address: str) -> list[Body] | Refusal:
    if address == ticket.requester:
        return Refusal(f"{address} is its requester", "to give it another: requester ADDRESS")
    if address not in ticket.participants:
        return Refusal(f"{address} takes no part", f"who does: {', '.join(ticket.participants) or 'nobody'}")
    return [ParticipantRemoved(address)]


def _requester(ticket: Ticket, address: str, policy: Policy) -> list[Body] | Refusal:
    """The contact is his from then on: what the one before him told of himself goes [Procedure 11]."""
    if address == ticket.requester and ticket.owed:
        return Refusal(f"{address} is its requester already")
    if address == ticket.requester:  # a robot's address, which is owed answers now
        return _unfit(address, policy) or [RequesterSet(address, ticket.requester_name, dict(ticket.contact))]
    contact = {key: value for key, value in ticket.contact.items() if key not in OF_THE_WRITER} | {"email": address}
    return _unfit(address, policy) or [RequesterSet(address, "", contact)]


def contracted(ticket: Ticket, number: str, partners: Collection[str], before: Collection[str]) -> list[Body] | Refusal:
    """The contract is another: its partners take part, those of the one before no more [Procedure 2].

    ``partners``, ``before``: addresses in lower case that the register gives for the new contract and the old one.
    """
    if number == ticket.contract:
        return Refusal(f"its contract is {number} already")
    gone = [who for who in ticket.participants if who in before and who not in partners]
    come = [who for who in sorted(partners) if who not in (*ticket.participants, ticket.requester)]
    return [ContractSet(number), *map(ParticipantRemoved, gone), *map(ParticipantAdded, come)]


def ticket_called(text: str, policy: Policy) -> int | None:
    """The number in ``1042``, ``CB-1042`` or ``[CB-1042]``; None for another desk's or no number."""
    prefix, _, digits = text.strip("[] ").rpartition("-")
    if prefix.casefold() not in ("", policy.ticket_prefix.casefold()):
        return None
    return int(digits) if re.fullmatch(r"[1-9][0-9]{0,11}", digits) else None


def merged(ticket: Ticket, into: Ticket, policy: Policy) -> list[Body] | Refusal:
    """It goes on as another ticket, which must be there to go on."""
    if into.number == ticket.number:
        return Refusal("a ticket cannot be merged into itself")
    if into.merged_into is not None:
        name = policy.number(into.merged_into)
        return Refusal(f"{policy.number(into.number)} was merged into {name} itself", f"merge into {name}")
    if into.state.over:
        return Refusal(f"{policy.number(into.number)} is {into.status}, which is for good", "link it instead")
    return [MergedInto(into.number)]


def absorbing(ticket: Ticket, into: Ticket) -> list[Body]:
    """What a merging makes of the ticket that goes on: those who were owed answers there are owed them here."""
    parties = [who for who in (ticket.requester, *ticket.participants) if who] if ticket.owed else []
    bodies: list[Body] = [Absorbed(ticket.number, sorted({*parties} - {into.requester}))]
    if parties and not into.owed:  # a robot's ticket: it is a person's from now on
        bodies.append(RequesterSet(ticket.requester, ticket.requester_name, dict(ticket.contact)))
    return bodies


def linked(ticket: Ticket, to: Ticket, links: Collection[int], policy: Policy) -> list[Body] | Refusal:
    """Each of the two names the other.  ``links``: the tickets that it is linked to already."""
    if to.number == ticket.number:
        return Refusal("a ticket cannot be linked to itself")
    if to.number in links:
        return Refusal(f"it is linked to {policy.number(to.number)} already")
    return [Linked(to.number)]


def links_of(bodies: Sequence[Body]) -> frozenset[int]:
    """The tickets that a log names as linked."""
    return frozenset(body.ticket for body in bodies if isinstance(body, Linked))
