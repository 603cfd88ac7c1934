"""Commands that need more than their ticket: its contract, another ticket, one of its mails, its log.

`answer` asks and changes nothing, so that all commands of a mail can be tried first; `carry_out` does to the other
tickets what the events of this one say, before these are appended, all in the caller's transaction.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from maildesk.desk.commands import Link, MergeInto, SetContract, Split, Undo
from maildesk.desk.decide import Actor
from maildesk.desk.events import Body, Linked, MailJoined, MergedInto, Opened, SplitOff
from maildesk.desk.notices import MergedNews, Notice, Recipient
from maildesk.desk.obey import Refusal, refused_as_over
from maildesk.desk.parties import absorbing, contracted, linked, links_of, merged, ticket_called
from maildesk.desk.subject import clean_subject
from maildesk.desk.ticket import Ticket
from maildesk.desk.token import Purpose
from maildesk.desk.undo import find, undoing
from maildesk.office import Office
from maildesk.read.mail import Mail
from maildesk.steps.post import Cause, post
from maildesk.steps.splitting import open_from
from maildesk.store import inbound, outbox, tickets

Stored = SetContract | MergeInto | Split | Link | Undo
MOST_OFFERED = 10  # addresses of one mail that staff are offered to add


def answer(
    transaction: Connection, office: Office, ticket: Ticket, command: Stored, cause: Cause, now: datetime
) -> list[Body] | Refusal:
    """The events of a command on this ticket, or why there are none."""
    if refusal := refused_as_over(ticket, command, office.policy):
        return refusal
    match command:
        case SetContract():
            return _contract(office, ticket, command.number, now)
        case MergeInto() | Link():
            return _together(transaction, office, ticket, command)
        case Split():
            return _split(transaction, office, ticket, command, cause)
        case Undo():
            return _undo(transaction, office, ticket, command.code, now)


def carry_out(
    transaction: Connection,
    office: Office,
    ticket: Ticket,
    bodies: Sequence[Body],
    actor: Actor,
    now: datetime,
    cause: Cause,
) -> list[Body]:
    """Do to other tickets what these events say.  Returns the events with the numbers of tickets that were opened."""
    who, made = actor.address or "desk", list[Body]()
    for body in bodies:
        match body:
            case MergedInto():
                _absorb(transaction, office, ticket, body.ticket, who, now, cause)
            case Linked():
                other = tickets.get(transaction, body.ticket, for_update=True)
                if other is not None:
                    tickets.append(transaction, other, [Linked(ticket.number)], who, None, now, office.policy)
            case SplitOff():
                opened = open_from(transaction, office, body.mail, ticket, who, now)
                body = replace(body, ticket=opened.number)  # noqa: PLW2901 (the draft had no number yet)
        made.append(body)
    return made


def offered(office: Office, mail: Mail, ticket: Ticket) -> tuple[str, ...]:
    """Who else a mail went to and is not on the ticket, for staff to add: a Cc is offered, never taken."""
    known = {ticket.requester, *ticket.participants, mail.sender.key if mail.sender else ""}
    others = dict.fromkeys(address.key for address in (*mail.cc, *mail.to))
    own = office.address.lower().rpartition("@")
    new = [who for who in others if who not in known and office.people.at(who) is None and not _is_desk(who, own)]
    return tuple(f"also went to {who}, who is not on the ticket; to add: cc add {who}" for who in new[:MOST_OFFERED])


def _is_desk(address: str, own: tuple[str, str, str]) -> bool:
    local, _, domain = address.rpartition("@")
    return domain == own[2] and local.partition("+")[0] == own[0]


def _contract(office: Office, ticket: Ticket, wanted: str, now: datetime) -> list[Body] | Refusal:
    day = now.astimezone(office.policy.calendar.zone).date()
    row = office.register.numbered(wanted, day)
    if row is None:
        return Refusal(f"the register has no contract {wanted}", "write its number as contracts.csv has it")
    old = office.register.numbered(ticket.contract, day) if ticket.contract else None
    before = {address.lower() for address in old.partners} if old else set[str]()
    return contracted(ticket, row.number, {address.lower() for address in row.partners}, before)


def _together(
    transaction: Connection, office: Office, ticket: Ticket, command: MergeInto | Link
) -> list[Body] | Refusal:
    number = ticket_called(command.ticket, office.policy)
    other = tickets.get(transaction, number, for_update=True) if number is not None else None
    if other is None:
        return Refusal(f"there is no ticket {command.ticket}", f"write its number, like {office.policy.number(1042)}")
    if isinstance(command, MergeInto):
        return merged(ticket, other, office.policy)
    bodies = [event.body for event in tickets.log(transaction, ticket.number)]
    return linked(ticket, other, links_of(bodies), office.policy)


def _split(
    transaction: Connection, office: Office, ticket: Ticket, command: Split, cause: Cause
) -> list[Body] | Refusal:
    mail = int(command.mail) if command.mail else _answered(transaction, ticket, cause.of or cause.mail)
    if mail is None:
        return Refusal(
            "it answers no mail of this ticket", "answer the mail that is to be split off, or: split mail ID"
        )
    events = tickets.log(transaction, ticket.number)
    done = next((e.body for e in events if isinstance(e.body, SplitOff) and e.body.mail == mail), None)
    if done:
        return Refusal(f"mail {mail} became {office.policy.number(done.ticket)} already")
    if any(event.inbound == mail and isinstance(event.body, Opened) for event in events):
        return Refusal(f"mail {mail} opened this ticket", "it is the ticket; split another mail off it")
    if not any(event.inbound == mail and isinstance(event.body, MailJoined) for event in events):
        return Refusal(f"mail {mail} is no customer's mail of this ticket")
    return [SplitOff(0, mail)]


def _answered(transaction: Connection, ticket: Ticket, mail: Mail | None) -> int | None:
    """The customer's mail that staff answer: by its own id, or by that of our notice of it; the nearest first."""
    for message_id in (*mail.in_reply_to, *reversed(mail.references)) if mail else ():
        row: Any = outbox.by_message_id(transaction, message_id)
        if row is not None and row.ticket == ticket.number and row.inbound is not None:
            return int(row.inbound)
        if (found := inbound.of_ticket(transaction, message_id, ticket.number)) is not None:
            return found
    return None


def _undo(transaction: Connection, office: Office, ticket: Ticket, code: str, now: datetime) -> list[Body] | Refusal:
    span = find(office.signer, ticket.number, code)
    if span is None:
        return Refusal(
            f"{code} is no code of {office.policy.number(ticket.number)}", "it stands in the answer to a command"
        )
    out = outbox.of_events(transaction, ticket.number, *span)
    return undoing(tickets.log(transaction, ticket.number), *span, ticket, office.policy, now, out)


def _absorb(
    transaction: Connection, office: Office, ticket: Ticket, into: int, who: str, now: datetime, cause: Cause
) -> None:
    """The ticket that goes on takes the parties of the merged one, and these are told, once."""
    target = tickets.get(transaction, into, for_update=True)
    if target is None:
        raise RuntimeError(f"ticket {into} is gone")
    tickets.append(transaction, target, absorbing(ticket, target), who, None, now, office.policy)
    post(transaction, office, _told(office, ticket, into), Cause(cause.inbound), now)


def _told(office: Office, ticket: Ticket, into: int) -> list[Notice]:
    policy = office.policy
    subject = clean_subject(ticket.subject, policy.ticket_prefix)
    facts = MergedNews(policy.number(into), policy.number(ticket.number), subject)
    parties = [who for who in (ticket.requester, *ticket.participants) if who] if ticket.owed else []
    zone = str(policy.calendar.zone)
    return [
        Notice(
            "merged",
            Recipient(
                address,
                ticket.requester_name if address == ticket.requester else "",
                zone,
                policy.language,
                Purpose.CUSTOMER,
            ),
            into,
            f"merged:{ticket.number}:{into}:{address}",
            facts,
        )
        for address in parties
    ]
