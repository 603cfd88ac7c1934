"""Who is told of what staff or time did to a ticket.  Pure: events in, notices out; `maildesk.desk.tell` does it for mail."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cached_property

from maildesk.desk.brief import Dossier, brief
from maildesk.desk.course import Status, step_key
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
from maildesk.desk.policy import Person, Policy, Step
from maildesk.desk.subject import clean_subject
from maildesk.desk.ticket import Ticket
from maildesk.desk.timers import NO_ANSWER
from maildesk.desk.token import Purpose
from maildesk.desk.words import CLOCKS, span_in_words


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
    teller = _Teller(change, policy, now)
    return [notice for event in change.events for notice in teller.of(event)]


@dataclass(frozen=True)
class _Teller:
    """Makes the notices of one change."""

    change: Change
    policy: Policy
    now: datetime

    @cached_property
    def about(self) -> Brief:
        """The ticket on one screen; mails to customers need none."""
        return brief(self.change.after, self.change.dossier, self.policy, self.now)

    def of(self, event: Event) -> Iterator[Notice]:
        """The notices of one event; most events of mail have none here."""
        match event.body:
            case Warned() | Breached():
                yield from self._target(event, event.body)
            case HandedOver():
                yield from self._handed_over(event, event.body)
            case Overran():
                yield from self._overran(event, event.body)
            case StepTold():
                yield from self._step(event, event.body)
            case UpdateAsked():
                yield from self._asked(event, event.body)
            case PrioritySet():
                yield from self._priority(event, event.body)
            case OwnerSet():
                yield from self._owner(event, event.body)
            case StatusSet():
                yield from self._status(event, event.body)
            case UpdateSent() | Answered():
                yield from self._word(event, event.body)

    def _target(self, event: Event, body: Warned | Breached) -> Iterator[Notice]:
        name, at = ("breach", body.due_at) if isinstance(body, Breached) else ("warning", body.target_at)
        label = CLOCKS[body.clock]
        amount = next((target.amount for target in self.about.targets if target.label == label), "")
        facts = TargetBrief(self.about, label, amount, datetime.fromisoformat(at))
        yield from self._staff(name, event, self._owner_and_team(), facts, f"{name}:{body.clock}", body.due_at)

    def _handed_over(self, event: Event, body: HandedOver) -> Iterator[Notice]:
        name = self.policy.team_name
        whole = replace(self.about, history=self.change.dossier.history, older=0)
        facts = HandOverBrief(whole, name(body.team), name(body.sender), body.reason)
        people = self.policy.audience(body.team)
        yield from self._staff("handover", event, people, facts, f"handover:{body.team}", body.due_at)

    def _overran(self, event: Event, body: Overran) -> Iterator[Notice]:
        facts = OverrunBrief(self.about, self.policy.team_name(body.team), datetime.fromisoformat(body.due_at))
        yield from self._staff("overrun", event, self._told_so_far(), facts, f"overrun:{body.team}", body.due_at)

    def _step(self, event: Event, body: StepTold) -> Iterator[Notice]:
        steps = self.policy.ladder.get(body.priority, ())
        after = self._passed(body, steps)
        replaced = tuple(steps[number - 1].role for number in body.replaced if number <= len(steps))
        facts = LadderBrief(self.about, body.step, body.role, after, replaced, body.skipped)
        people = self.policy.in_role(body.role)
        yield from self._staff("ladder", event, people, facts, f"ladder:{body.step}:{body.role}", body.due_at)

    def _passed(self, body: StepTold, steps: Sequence[Step]) -> str:
        """The step's own time; of a repetition the time since the opening."""
        ticket = self.change.before
        if body.skipped or step_key(body.priority, body.step) in ticket.course.told:
            return span_in_words(self.now - ticket.opened_at)
        return str(steps[body.step - 1].after) if body.step <= len(steps) else ""

    def _asked(self, event: Event, body: UpdateAsked) -> Iterator[Notice]:
        facts = UpdateBrief(self.about, self.policy.calendar.at(date.fromisoformat(body.day), self.policy.send_at))
        owner = self._owned_by()
        people = [owner] if owner else self.policy.audience(self.change.after.team)
        yield from self._staff("update-ask", event, people, facts, "update:ask", body.due_at)

    def _priority(self, event: Event, body: PrioritySet) -> Iterator[Notice]:
        """A new priority, to the owner and the team, with whatever is late by it [Procedure 3]."""
        before = self.change.before.priority
        if body.priority == before:
            return
        missed = [target for target in self.about.targets if target.state.startswith("missed")]
        late = (f"{target.label} ({target.amount}): {target.state}" for target in missed)
        lines = (f"Priority {before} → {body.priority}.", *late)
        facts = ChangeBrief(self.about, self._by(), lines)
        yield from self._staff("priority", event, self._owner_and_team(), facts)

    def _owner(self, event: Event, body: OwnerSet) -> Iterator[Notice]:
        owner = self.policy.at(body.owner)
        facts = ChangeBrief(self.about, self._by(), ("It is yours now.",))
        yield from self._staff("assigned", event, [owner] if owner else [], facts)

    def _status(self, event: Event, body: StatusSet) -> Iterator[Notice]:
        if body.undone:
            return
        ticket, key = self.change.after, f"{event.seq}"
        number, subject = self.policy.number(ticket.number), clean_subject(ticket.subject, self.policy.ticket_prefix)
        match body.status:
            case Status.WORKAROUND:
                yield from self._customer("workaround", key, WorkaroundFound(number, subject, body.reason))
            case Status.RESOLVED:
                no_answer = not self.change.actor.address and body.reason == NO_ANSWER
                until = self.policy.calendar.add(event.at, self.policy.reopen)
                text = body.reason if body.by_person else ""  # a customer's word is no line of ours for the others
                yield from self._customer("resolved", key, ResolvedNews(number, subject, text, no_answer, until))
                yield from self._cause_asked(event)
            case Status.CLOSED:
                yield from self._customer("closed", key, ClosedNews(number, subject))

    def _cause_asked(self, event: Event) -> Iterator[Notice]:
        """Whose fault it was decides on credits: who resolved it is asked, or the owner, or the team [Procedure 5, 10]."""
        if self.change.after.course.cause.kind != "unknown":
            return
        who = self.policy.at(self.change.actor.address) or self._owned_by()
        lines = ("Whose fault was it?", "cause ours, cause customer, or cause third party NAME: reason")
        for person in [who] if who else self.policy.audience(self.change.after.team):
            yield self._to(person, "cause-ask", event, ChangeBrief(self.about, person.name, lines))

    def _word(self, event: Event, body: UpdateSent | Answered) -> Iterator[Notice]:
        if isinstance(body, Answered):
            answer = self._answer(body)
            notices = list(self._customer("answer", f"{event.seq}", answer))
            everybody = [notice.recipient.address for notice in notices]
            for notice in notices:  # each by himself, and each is told who else reads it (mail-rules)
                others = tuple(address for address in everybody if address != notice.recipient.address)
                yield replace(notice, facts=replace(answer, others=others))
            return
        key = f"update:{body.day}"
        yield from self._customer("update-holding", key, self._holding(body), "update:holding", body.due_at)

    def _answer(self, body: Answered) -> Answer:
        person, ticket = self.policy.at(body.author), self.change.after
        return Answer(
            number=self.policy.number(ticket.number),
            subject=clean_subject(ticket.subject, self.policy.ticket_prefix),
            author=person.name if person else "",
            text=body.text,
        )

    def _holding(self, body: UpdateSent) -> HoldingUpdate:
        ticket, stretch = self.change.after, self.change.after.course.now
        waits = {Status.PENDING_CUSTOMER: "you", Status.PENDING_THIRD_PARTY: stretch.waits_for}.get(stretch.status, "")
        return HoldingUpdate(
            number=self.policy.number(ticket.number),
            subject=clean_subject(ticket.subject, self.policy.ticket_prefix),
            status=str(stretch.status),
            waits_for=waits,
            since=stretch.since,
            team=self.policy.team_name(ticket.team),
            asked=self.change.dossier.asked if waits == "you" else "",
            missed=tuple(body.missed),
        )

    def _told_so_far(self) -> list[Person]:
        """The managers whose steps of the ladder were told; where none was, the first step's."""
        ticket, steps = self.change.after, self.policy.ladder.get(self.change.after.priority, ())
        told = [step.role for n, step in enumerate(steps, 1) if step_key(ticket.priority, n) in ticket.course.told]
        roles = told or [step.role for step in steps[:1]]
        people = [person for role in roles for person in self.policy.in_role(role)]
        return people or ([self.policy.operator] if self.policy.operator else [])

    def _owned_by(self) -> Person | None:
        return self.policy.at(self.change.after.assignee or "")

    def _owner_and_team(self) -> list[Person]:
        owner = self._owned_by()
        return [*([owner] if owner else []), *self.policy.audience(self.change.after.team)]

    def _by(self) -> str:
        return self.change.actor.name or self.change.actor.address

    def _customer(self, name: str, key: str, facts: Facts, step: str = "", due_at: str = "") -> Iterator[Notice]:
        """To the requester and the participants, each by himself; to nobody who is owed nothing (mail-rules)."""
        ticket, policy = self.change.after, self.policy
        if not ticket.owed:
            return
        at = datetime.fromisoformat(due_at) if due_at else None
        for address in dict.fromkeys((ticket.requester, *self.change.dossier.participants)):
            known = ticket.requester_name if address == ticket.requester else ""
            to = Recipient(address, known, str(policy.calendar.zone), policy.language, Purpose.CUSTOMER)
            own_key = f"{name}:{ticket.number}:{key}:{address}"
            yield Notice(name, to, ticket.number, own_key, facts, step=step, due_at=at)

    def _staff(
        self, name: str, event: Event, people: Iterable[Person], facts: Facts, step: str = "", due_at: str = ""
    ) -> Iterator[Notice]:
        """To each by himself, and not to him who did it."""
        doer = self.change.actor.address
        others = {p.address.lower(): p for p in people if doer not in (address.lower() for address in p.addresses)}
        for person in others.values():
            yield self._to(person, name, event, facts, step, due_at)

    def _to(self, person: Person, name: str, event: Event, facts: Facts, step: str = "", due_at: str = "") -> Notice:
        ticket, row = self.change.after, self.policy.priorities.get(self.change.after.priority)
        reachable = self.now if row and row.at_once else person.reachable(self.now)
        return Notice(
            name,
            Recipient(person.address, person.name, person.zone, person.language, Purpose.STAFF),
            ticket.number,
            f"{name}:{ticket.number}:{event.seq}:{person.address.lower()}",
            facts,
            step=step,
            due_at=datetime.fromisoformat(due_at) if due_at else None,
            not_before=reachable if reachable > self.now else None,
        )
