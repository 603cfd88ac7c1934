"""Who is told of what staff or time did to a ticket.  Pure: events in, notices out; `maildesk.desk.tell` does it for mail."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from maildesk.desk.brief import Dossier, brief
from maildesk.desk.course import Status
from maildesk.desk.decide import Actor
from maildesk.desk.events import (
    Answered,
    Breached,
    Event,
    HandedOver,
    Overran,
    OwnerSet,
    PrioritySet,
    StatusSet,
    StepTold,
    UpdateAsked,
    UpdateSent,
    Warned,
)
from maildesk.desk.notices import (
    Answer,
    Brief,
    ChangeBrief,
    ClosedNews,
    Facts,
    HandOverBrief,
    HoldingUpdate,
    LadderBrief,
    Notice,
    OverrunBrief,
    Recipient,
    ResolvedNews,
    TargetBrief,
    UpdateBrief,
    WorkaroundFound,
)
from maildesk.desk.policy import Person, Policy
from maildesk.desk.subject import clean_subject
from maildesk.desk.ticket import Ticket
from maildesk.desk.timers import NO_ANSWER
from maildesk.desk.token import Purpose
from maildesk.desk.words import CLOCKS


@dataclass(frozen=True, slots=True)
class Change:
    """What a command or time did to one ticket: its state before and after, and by whom (the desk: an empty actor)."""

    before: Ticket
    events: Sequence[Event]
    after: Ticket
    actor: Actor
    dossier: Dossier


def inform(change: Change, policy: Policy, now: datetime) -> list[Notice]:
    """Every mail that the change calls for, in the order of its events."""
    about = brief(change.after, change.dossier, policy, now)
    return [notice for event in change.events for notice in _of(event, change, about, policy, now)]


def _of(event: Event, change: Change, about: Brief, policy: Policy, now: datetime) -> Iterator[Notice]:
    match event.body:
        case Warned() | Breached():
            yield from _target(event, event.body, change, about, policy, now)
        case HandedOver():
            yield from _handed_over(event, event.body, change, about, policy, now)
        case Overran() | StepTold():
            yield from _management(event, event.body, change, about, policy, now)
        case UpdateAsked():
            yield from _asked(event, event.body, change, about, policy, now)
        case PrioritySet() | OwnerSet():
            yield from _changed(event, event.body, change, about, policy, now)
        case StatusSet():
            yield from _status(event, event.body, change, about, policy, now)
        case UpdateSent():
            facts = _holding(event.body, change, policy)
            key = f"update:{event.body.day}"
            yield from _customer("update-holding", key, facts, change, policy, "update:holding", event.body.due_at)
        case Answered():
            yield from _customer("answer", f"{event.seq}", _answer(event.body, change, policy), change, policy)


def _target(
    event: Event, body: Warned | Breached, change: Change, about: Brief, policy: Policy, now: datetime
) -> Iterator[Notice]:
    late = isinstance(body, Breached)
    at = body.due_at if isinstance(body, Breached) else body.target_at
    amount = next((target.amount for target in about.targets if target.label == CLOCKS[body.clock]), "")
    facts = TargetBrief(about, CLOCKS[body.clock], amount, datetime.fromisoformat(at))
    name = "breach" if late else "warning"
    people = _owner_and_team(change.after, policy)
    yield from _staff(name, event, people, facts, change, policy, now, f"{name}:{body.clock}", body.due_at)


def _handed_over(
    event: Event, body: HandedOver, change: Change, about: Brief, policy: Policy, now: datetime
) -> Iterator[Notice]:
    facts = HandOverBrief(about, policy.team_name(body.team), policy.team_name(body.sender), body.reason)
    people = policy.audience(body.team)
    yield from _staff("handover", event, people, facts, change, policy, now, f"handover:{body.team}", body.due_at)


def _management(
    event: Event, body: Overran | StepTold, change: Change, about: Brief, policy: Policy, now: datetime
) -> Iterator[Notice]:
    if isinstance(body, Overran):
        overrun = OverrunBrief(about, policy.team_name(body.team), datetime.fromisoformat(body.due_at))
        people = _told_so_far(change.after, policy)
        yield from _staff("overrun", event, people, overrun, change, policy, now, f"overrun:{body.team}", body.due_at)
        return
    steps = policy.ladder.get(body.priority, ())
    after = str(steps[body.step - 1].after) if body.step <= len(steps) else ""
    replaced = tuple(steps[number - 1].role for number in body.replaced if number <= len(steps))
    facts = LadderBrief(about, body.step, body.role, after, replaced, body.skipped)
    key = f"ladder:{body.step}:{body.role}"
    yield from _staff("ladder", event, policy.in_role(body.role), facts, change, policy, now, key, body.due_at)


def _told_so_far(ticket: Ticket, policy: Policy) -> list[Person]:
    """The managers whose steps of the ladder were told; where none was, the first step's."""
    steps = policy.ladder.get(ticket.priority, ())
    told = [step.role for n, step in enumerate(steps, 1) if f"ladder:{ticket.priority}:{n}" in ticket.course.told]
    roles = told or [step.role for step in steps[:1]]
    people = [person for role in roles for person in policy.in_role(role)]
    return people or ([policy.operator] if policy.operator else [])


def _asked(
    event: Event, body: UpdateAsked, change: Change, about: Brief, policy: Policy, now: datetime
) -> Iterator[Notice]:
    day = datetime.fromisoformat(body.due_at).astimezone(policy.calendar.zone).date()
    facts = UpdateBrief(about, policy.calendar.at(day, policy.send_at))
    owner = policy.at(change.after.assignee) if change.after.assignee else None
    people = [owner] if owner else policy.audience(change.after.team)
    yield from _staff("update-ask", event, people, facts, change, policy, now, "update:ask", body.due_at)


def _changed(
    event: Event, body: PrioritySet | OwnerSet, change: Change, about: Brief, policy: Policy, now: datetime
) -> Iterator[Notice]:
    """A new priority to the owner and the team, with whatever is late by it; a new owner to himself."""
    actor = change.actor.name or change.actor.address
    if isinstance(body, OwnerSet):
        owner = policy.at(body.owner) if body.owner else None
        facts = ChangeBrief(about, actor, ("It is yours now.",))
        yield from _staff("assigned", event, [owner] if owner else [], facts, change, policy, now)
        return
    if body.priority == change.before.priority:
        return
    late = [f"{target.label} ({target.amount}): {target.state}" for target in about.targets if "missed" in target.state]
    lines = (f"Priority {change.before.priority} → {body.priority}.", *late)
    people = _owner_and_team(change.after, policy)
    yield from _staff("priority", event, people, ChangeBrief(about, actor, lines), change, policy, now)


def _status(
    event: Event, body: StatusSet, change: Change, about: Brief, policy: Policy, now: datetime
) -> Iterator[Notice]:
    if body.undone:
        return
    number, subject = policy.number(change.after.number), clean_subject(change.after.subject, policy.ticket_prefix)
    key = f"{event.seq}"
    match body.status:
        case Status.WORKAROUND:
            yield from _customer("workaround", key, WorkaroundFound(number, subject, body.reason), change, policy)
        case Status.RESOLVED:
            no_answer = not change.actor.address and body.reason == NO_ANSWER
            until = policy.calendar.add(event.at, policy.reopen)
            text = "" if no_answer else body.reason
            news = ResolvedNews(number, subject, text, no_answer, until)
            yield from _customer("resolved", key, news, change, policy)
            yield from _cause_asked(event, change, about, policy, now)
        case Status.CLOSED:
            yield from _customer("closed", key, ClosedNews(number, subject), change, policy)


def _cause_asked(event: Event, change: Change, about: Brief, policy: Policy, now: datetime) -> Iterator[Notice]:
    """Whose fault it was decides on credits: who resolved it is asked, or the owner [Procedure 5, 10]."""
    who = policy.at(change.actor.address) or policy.at(change.after.assignee or "")
    if change.after.course.cause.kind == "unknown" and who:
        lines = ("Whose fault was it?", "cause ours, cause customer, or cause third party NAME: reason")
        facts = ChangeBrief(about, who.name, lines)
        yield _notice("cause-ask", event, who, facts, change, policy, now)


def _holding(body: UpdateSent, change: Change, policy: Policy) -> HoldingUpdate:
    ticket, stretch = change.after, change.after.course.now
    waits = {Status.PENDING_CUSTOMER: "you", Status.PENDING_THIRD_PARTY: stretch.waits_for}.get(stretch.status, "")
    return HoldingUpdate(
        number=policy.number(ticket.number),
        subject=clean_subject(ticket.subject, policy.ticket_prefix),
        status=str(stretch.status),
        waits_for=waits,
        since=stretch.since,
        team=policy.team_name(ticket.team),
        asked=change.dossier.asked if waits == "you" else "",
        missed=tuple(body.missed),
    )


def _answer(body: Answered, change: Change, policy: Policy) -> Answer:
    person = policy.at(body.author)
    return Answer(
        number=policy.number(change.after.number),
        subject=clean_subject(change.after.subject, policy.ticket_prefix),
        author=person.name if person else "",
        text=body.text,
    )


def _customer(
    name: str, key: str, facts: Facts, change: Change, policy: Policy, step: str = "", due_at: str = ""
) -> Iterator[Notice]:
    """To the requester and the participants, each by himself; to nobody who is owed nothing (mail-rules)."""
    ticket = change.after
    if not ticket.owed:
        return
    for address in dict.fromkeys((ticket.requester, *change.dossier.participants)):
        known = ticket.requester_name if address == ticket.requester else ""
        to = Recipient(address, known, str(policy.calendar.zone), policy.language, Purpose.CUSTOMER)
        at = datetime.fromisoformat(due_at) if due_at else None
        yield Notice(name, to, ticket.number, f"{name}:{ticket.number}:{key}:{address}", facts, step=step, due_at=at)


def _owner_and_team(ticket: Ticket, policy: Policy) -> list[Person]:
    owner = policy.at(ticket.assignee) if ticket.assignee else None
    return [*([owner] if owner else []), *policy.audience(ticket.team)]


def _staff(
    name: str,
    event: Event,
    people: Iterable[Person],
    facts: Facts,
    change: Change,
    policy: Policy,
    now: datetime,
    step: str = "",
    due_at: str = "",
) -> Iterator[Notice]:
    """To each by himself, and not to him who did it."""
    others = {person.address.lower(): person for person in people if change.actor.address not in _lower(person)}
    for person in others.values():
        yield _notice(name, event, person, facts, change, policy, now, step, due_at)


def _notice(
    name: str,
    event: Event,
    person: Person,
    facts: Facts,
    change: Change,
    policy: Policy,
    now: datetime,
    step: str = "",
    due_at: str = "",
) -> Notice:
    number, row = change.after.number, policy.priorities.get(change.after.priority)
    reachable = now if row and row.at_once else person.reachable(now)
    return Notice(
        name,
        Recipient(person.address, person.name, person.zone, person.language, Purpose.STAFF),
        number,
        f"{name}:{number}:{event.seq}:{person.address.lower()}",
        facts,
        step=step,
        due_at=datetime.fromisoformat(due_at) if due_at else None,
        not_before=reachable if reachable > now else None,
    )


def _lower(person: Person) -> list[str]:
    return [address.lower() for address in person.addresses]
