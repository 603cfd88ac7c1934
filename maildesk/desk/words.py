"""What happened to a ticket, in one sentence for staff.  It may hold strangers' text: data, never markup."""

from datetime import timedelta
from typing import Any

from maildesk.desk.events import (
    Absorbed,
    Answered,
    Body,
    Breached,
    CauseSet,
    ContactLearnt,
    ContractSet,
    DeliveryFailed,
    Event,
    HandedOver,
    Linked,
    MailJoined,
    MergedInto,
    NoteFiled,
    Opened,
    Overran,
    OwnerSet,
    ParticipantAdded,
    ParticipantRemoved,
    PrioritySet,
    RequesterSet,
    SplitOff,
    StatusSet,
    StepTold,
    Undone,
    UpdateAsked,
    UpdateSent,
    Warned,
)

CLOCKS = {"first_response": "first response", "resolution": "resolution", "fix_commitment": "fix commitment"}


def in_words(event: Event) -> str:
    """What happened, in one sentence."""
    return _by_mail(event.body) or _by_staff(event.body) or _of_parties(event.body) or _by_time(event.body)


def _by_mail(body: Body) -> str:
    match body:
        case Opened():
            return _opened(body)
        case MailJoined():
            return f"a mail of {body.author or 'nobody known'} joined ({body.role}, {body.kind})"
        case NoteFiled():
            return f"a mail of {body.author} was filed as an internal note" if not body.text else "an internal note"
        case ContactLearnt():
            return _learnt(body)
        case DeliveryFailed():
            return f"{body.notice} to {body.address} did not arrive: {body.reason}"
    return ""


def _by_staff(body: Body) -> str:  # noqa: PLR0911 (a table)
    match body:
        case Answered():
            return "the customer was answered"
        case PrioritySet():
            return f"priority {body.priority}" + (" (proposed)" if body.proposed else "")
        case StatusSet():
            return _status(body)
        case CauseSet():
            return " ".join(f"cause: {body.cause} {body.name}".split()) + (f": {body.reason}" if body.reason else "")
        case HandedOver():
            return f"handed over from {body.sender} to {body.team}" + (f": {body.reason}" if body.reason else "")
        case OwnerSet():
            return f"owner: {body.owner or 'nobody'}"
    return ""


def _of_parties(body: Body) -> str:  # noqa: PLR0911 (a table)
    match body:
        case ParticipantAdded():
            return f"{body.address} takes part"
        case ParticipantRemoved():
            return f"{body.address} takes part no more"
        case RequesterSet():
            return f"requester: {body.requester or 'nobody that can be answered'}"
        case ContractSet():
            return f"contract: {body.contract or 'none'}"
        case MergedInto():
            return f"merged into {body.ticket}, as which it goes on"
        case Absorbed():
            joined = f"; with it came {', '.join(body.participants)}" if body.participants else ""
            return f"{body.ticket} was merged into it{joined}"
        case Linked():
            return f"linked to {body.ticket}"
        case SplitOff():
            return f"mail {body.mail} became ticket {body.ticket}"
        case Undone():
            stays = f"; what is out stays: {', '.join(body.stays)}" if body.stays else ""
            return f"undone: {', '.join(map(str, body.seqs))}{stays}"
    return ""


def _by_time(body: Body) -> str:  # noqa: PLR0911 (a table)
    match body:
        case Warned():
            return f"staff were warned: {CLOCKS.get(body.clock, body.clock)} of {body.priority} comes near"
        case Breached():
            return f"{CLOCKS.get(body.clock, body.clock)} of {body.priority} missed"
        case Overran():
            return f"{body.team} has not solved it in its time: management was told"
        case StepTold():
            return _step(body)
        case UpdateAsked():
            return f"asked for the update of {body.day}"
        case UpdateSent():
            earlier = f", which stands for {', '.join(body.missed)} too" if body.missed else ""
            return f"the customer was sent a holding update for {body.day}{earlier}"
    return ""


def status_in_words(status: str, waits_for: str) -> str:
    """A state as people say it, with whom it waits for."""
    return f"{status} {waits_for}".strip()


def span_in_words(span: timedelta) -> str:
    """A span of time as people say it, to the minute: ``2 h 10 min``, ``3 days 4 h``."""
    minutes = max(int(span.total_seconds()) // 60, 0)
    days, hours, left = minutes // 1440, minutes // 60 % 24, minutes % 60
    parts = (f"{days} day{'s' if days > 1 else ''}" if days else "", f"{hours} h" if hours else "")
    minute = f"{left} min" if not days and (left or not hours) else ""
    return " ".join(part for part in (*parts, minute) if part)


def _status(body: StatusSet) -> str:
    said = f"{status_in_words(body.status, body.waits_for)}" + (f": {body.reason}" if body.reason else "")
    return f"{said} (what came after it is undone)" if body.undone else said


def _step(body: StepTold) -> str:
    said = f"step {body.step} of the {body.priority} ladder: {body.role} was told"
    instead = f", instead of step {', '.join(map(str, body.replaced))} too" if body.replaced else ""
    return said + instead + (f", {body.skipped} repetitions skipped" if body.skipped else "")


def _opened(body: Opened) -> str:
    who = f"{body.requester_name} <{body.requester}>" if body.requester_name else body.requester
    words = f"opened by {who or 'nobody that can be answered'} ({body.kind}): {body.priority}, team {body.team}"
    words += f", contract {body.contract}" if body.contract else ""
    words += f", linked to {body.linked}" if body.linked else ""
    return "; ".join([words, *body.flags, *([f"priority proposed: {body.priority_why}"] if body.priority_why else [])])


def _learnt(body: ContactLearnt) -> str:
    known = [f"{key} {_value(value)}" for key, value in body.contact.items()]
    known += [f"contract {body.contract} of the register"] if body.contract else []
    return "; ".join([f"learnt: {', '.join(known)}", *body.flags])


def _value(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
