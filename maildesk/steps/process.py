"""Step 3: one read mail becomes a ticket, joins one, marks an attempt, or is held; all of it in the caller's transaction."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from maildesk.desk.course import Status
from maildesk.desk.decide import Actor, Facts, Join, Open, Proposal, Role, Word, decide, is_over, word_of
from maildesk.desk.events import Opened
from maildesk.desk.notices import ANSWERS, Notice, Recipient
from maildesk.desk.propose import propose
from maildesk.desk.tell import Writing, alert, on_joined, on_opened
from maildesk.desk.ticket import Ticket
from maildesk.desk.token import Purpose
from maildesk.office import Office
from maildesk.read import trust
from maildesk.read.classify import Kind
from maildesk.read.contact import Contact, read_contact
from maildesk.read.mail import Attachment, Mail
from maildesk.read.parse import read_mail
from maildesk.read.reply import new_text
from maildesk.read.trust import Standing
from maildesk.steps import answering
from maildesk.steps.answering import receipt, within_budget
from maildesk.steps.change import state_changed, up_to_date
from maildesk.steps.enclosing import enclosures
from maildesk.steps.end import End
from maildesk.steps.knowing import facts_of, known_facts, missing_facts
from maildesk.steps.parties import offered
from maildesk.steps.post import Cause, post
from maildesk.steps.reading import Reading
from maildesk.steps.reports import take_report
from maildesk.steps.staff import by_staff
from maildesk.steps.whose import Whose, whose
from maildesk.store import inbound, outbox, suppression, tickets

SAME_BYTES = timedelta(hours=24)  # a monitor may say the same each day
LOOK_AGAIN = timedelta(seconds=3)  # whether the mail that this one answers is processed
WAIT_AT_MOST = timedelta(minutes=10)  # for it: then this one goes its own way
REPORTS = (Kind.BOUNCE, Kind.RECEIPT, Kind.FEEDBACK)


def process(transaction: Connection, office: Office, reading: Reading, now: datetime) -> End:
    """Decide and write everything that one mail causes, and mark it finished."""
    first = _first_copy(transaction, reading)
    if first is None and (awaited := _awaited(transaction, reading, now)):
        reason = f"it answers mail {awaited}, which is not processed yet"
        inbound.wait(transaction, reading.waiting.id, now + LOOK_AGAIN, now + WAIT_AT_MOST, reason)
        return End("waits", reason)
    end = _copy(first) if first is not None else _fresh(transaction, office, reading, now)
    _finish(transaction, reading, end)
    return end


def foresee(transaction: Connection, office: Office, readings: Sequence[Reading], now: datetime) -> None:
    """Ask for a group of mails at once what `process` will ask for each: a question costs more than its answer."""
    inbound.foresee(transaction, [reading.content_key for reading in readings if reading.content_key])
    people = [(reading.mail.sender.key, reading.verdict.kind) for reading in readings if reading.mail.sender]
    suppression.foresee(transaction, [address for address, _ in people])
    answering.foresee(transaction, office, [address for address, kind in people if kind.answered], now)


def _awaited(transaction: Connection, reading: Reading, now: datetime) -> int | None:
    """A mail of the same matter that came before and has no ticket yet: it failed once, or another daemon has it.

    Asked before the ticket is looked for: what is processed in between is then found there.
    """
    clues, until = reading.clues, reading.waiting.waits_until
    if clues.proof or not clues.message_ids or not reading.verdict.kind.joins or (until and now >= until):
        return None
    return inbound.awaited(transaction, clues.message_ids, reading.waiting.id)


def _fresh(transaction: Connection, office: Office, reading: Reading, now: datetime) -> End:
    kind, sender = reading.verdict.kind, reading.mail.sender
    if kind is Kind.OWN:
        return End("done", "our own mail came back: nothing to do")
    if kind.held:
        return _hold(transaction, office, reading, now)
    if kind in REPORTS:
        ticket, done = take_report(transaction, office, reading, now)
        return End("done", done, ticket)
    if sender is not None:
        suppression.alive(transaction, sender.address)
    found = whose(transaction, reading, office)
    person = office.people.at(sender.address) if sender and found.role is Role.STAFF else None
    end = by_staff(transaction, office, reading, found.ticket, person, now) if person else None
    return end or _by_anybody(transaction, office, reading, found, now)


def _by_anybody(transaction: Connection, office: Office, reading: Reading, found: Whose, now: datetime) -> End:
    """A mail that commands nothing joins its ticket, or opens one."""
    if found.ticket is not None and not _begins_anew(reading, found, found.ticket, office):
        return _join(transaction, office, reading, found, found.ticket, now)
    if found.ticket is not None:
        found = Whose(None, found.role, f"{found.why}; that one is {found.ticket.status}", linked=found.ticket.number)
    if not reading.verdict.kind.opens:
        return End("done", f"an automatic answer to nothing of ours: kept; {found.why}")
    return _open(transaction, office, reading, found, now)


def _begins_anew(reading: Reading, found: Whose, ticket: Ticket, office: Office) -> bool:
    """Whether a mail to a ticket that is over opens a linked one (procedure, "States of a ticket")."""
    by_party = found.role in (Role.REQUESTER, Role.PARTICIPANT) and reading.verdict.kind.opens
    return by_party and is_over(ticket, reading.waiting.envelope.received_at, office.policy)


def _hold(transaction: Connection, office: Office, reading: Reading, now: datetime) -> End:
    """A loop, or a mail that claims to be ours without our signature: for a person to look at."""
    reason, inbound_id = reading.verdict.reason, reading.waiting.id
    lines = (f"Mail {inbound_id} was kept and not answered: {reason}.", f"Subject: {reading.mail.subject}")
    remedy = f"Look at it with `maildesk mail show {inbound_id}`; `maildesk mail retry {inbound_id}` takes it in."
    notices = alert(office.policy, f"held:{inbound_id}", "A mail is held", lines, remedy)
    notices = within_budget(transaction, office, notices, now, of_the_firm=True)
    post(transaction, office, notices, Cause(inbound_id), now)
    return End("held", reason)


def _open(transaction: Connection, office: Office, reading: Reading, found: Whose, now: datetime) -> End:
    actor = _actor(reading, found.role)
    facts = _facts(office, reading, reading.contact, {}, now)
    answering = receipt(transaction, office, actor.address, reading.verdict.kind.answered, now)
    command = Open(
        subject=reading.mail.subject,
        kind=reading.verdict.kind,
        owed=answering.wanted,
        received_at=reading.waiting.envelope.received_at,
        facts=facts,
        linked=found.linked,
        proposal=_proposal(office, reading, actor, now),
        our_clock=reading.our_clock,
    )
    (opened,) = decide(None, command, actor, office.policy, now)
    ticket = _opened(transaction, office, reading, opened, actor, now)
    writing, enclosed = _writing(office, reading, reading.mail.text, ticket, now)
    notices = on_opened(opened, ticket, writing, answering, office.policy, now) if isinstance(opened, Opened) else []
    notices = within_budget(transaction, office, notices, now, of_the_firm=_is_of_the_firm(office, reading))
    post(transaction, office, notices, Cause(reading.waiting.id, reading.mail, enclosed), now)
    return _end(office, reading, found, ticket, f"opened {office.policy.number(ticket.number)}", answering.words)


def _proposal(office: Office, reading: Reading, actor: Actor, now: datetime) -> Proposal:
    """The priority that the mail speaks for; what it quotes does not count [Procedure 3]."""
    registered = bool(actor.address) and office.register.knows(actor.address, _today(office, now))
    return propose(reading.mail.subject, reading.own, office.policy, registered=registered)


def _opened(
    transaction: Connection, office: Office, reading: Reading, opened: Any, actor: Actor, now: datetime
) -> Ticket:
    ticket = tickets.open_ticket(transaction, opened, actor.address, reading.waiting.id, now, office.policy)
    tickets.know_messages(transaction, [reading.mail.message_id], ticket.number)
    return ticket


def _join(
    transaction: Connection, office: Office, reading: Reading, found: Whose, ticket: Ticket, now: datetime
) -> End:
    if ticket.state is not Status.RESOLVED:  # there the mail's own time decides, not how long it lay here
        ticket = up_to_date(transaction, office, ticket, now)
    actor = _actor(reading, found.role)
    text = _said(transaction, reading, ticket, actor.address)
    facts = _facts(office, reading, read_contact(reading.mail, text), ticket.contact, now)
    command = Join(reading.verdict.kind, facts, reading.verdict.kind.answered, _word(reading))
    bodies = decide(ticket, command, actor, office.policy, now)
    changed = tickets.append(transaction, ticket, bodies, actor.address, reading.waiting.id, now, office.policy)
    tickets.know_messages(transaction, [reading.mail.message_id], ticket.number)
    writing, enclosed = _writing(office, reading, text, changed, now)
    notices = on_joined(bodies, changed, writing, _writer(office, reading, found.role), office.policy, now)
    notices += state_changed(transaction, office, ticket, changed, bodies, actor, now)
    notices = within_budget(transaction, office, notices, now, of_the_firm=_is_of_the_firm(office, reading))
    post(transaction, office, notices, Cause(reading.waiting.id, reading.mail, enclosed), now)
    done = "filed as an internal note on" if found.role is Role.STAFF else "joined"
    return _end(office, reading, found, ticket, f"{done} {office.policy.number(ticket.number)}", _told_writer(notices))


def _word(reading: Reading) -> Word | None:
    """The customer's word on a workaround: only in a mail that answers one of ours, and only as his own first line."""
    return word_of(reading.own) if reading.clues.proofs else None


def _told_writer(notices: Sequence[Notice]) -> str:
    """What a mail to an existing ticket was answered with, in words for staff."""
    answers = [
        f"{notice.name}, {notice.held or f'goes to {notice.recipient.address}'}"
        for notice in notices
        if notice.name in ANSWERS
    ]
    return "; ".join(answers) or "none: a mail that joins its ticket calls for none"


def _is_of_the_firm(office: Office, reading: Reading) -> bool:
    sender = reading.mail.sender
    return sender is not None and office.people.at(sender.address) is not None


def _said(transaction: Connection, reading: Reading, ticket: Ticket, writer: str) -> str:
    """What the writer newly wrote; the texts that we sent him are taken out of it."""
    ours = (
        [read_mail(octets).text for octets in outbox.sent_texts(transaction, ticket.number, writer)] if writer else []
    )
    return new_text(reading.mail.text, reading.mail.html, ours)


def _facts(office: Office, reading: Reading, contact: Contact, before: Any, now: datetime) -> Facts:
    sender = reading.mail.sender
    return facts_of(contact, before, sender.address if sender else "", office.register, _today(office, now))


def _writing(
    office: Office, reading: Reading, text: str, ticket: Ticket, now: datetime
) -> tuple[Writing, tuple[Attachment, ...]]:
    enclosed, listed = enclosures(reading)
    writing = Writing(
        inbound=reading.waiting.id,
        author=_author(reading.mail),
        received_at=reading.waiting.envelope.received_at,
        text=text,
        facts=known_facts(ticket.contact),
        missing=missing_facts(ticket.contact),
        show_values=office.register.knows(ticket.requester, _today(office, now)),
        enclosures=listed,
        flags=_flags(office, reading, ticket),
    )
    return writing, enclosed


def _flags(office: Office, reading: Reading, ticket: Ticket) -> tuple[str, ...]:
    robot = () if reading.verdict.kind.answered else (f"{reading.verdict.kind}: {reading.verdict.reason}",)
    tag = reading.clues.tag
    named = (f"its subject names {office.policy.number(tag)}",) if tag not in (None, ticket.number) else ()
    copied = () if _is_of_the_firm(office, reading) else offered(office, reading.mail, ticket)
    return (*robot, *named, *copied, *reading.mail.faults)


def _actor(reading: Reading, role: Role) -> Actor:
    sender = reading.mail.sender
    return Actor(sender.key, sender.name, role) if sender else Actor("", "", role)


def _writer(office: Office, reading: Reading, role: Role) -> Recipient:
    """The writer as one who is answered: a member of the firm at his first address, not at the one that From claims."""
    sender = reading.mail.sender
    person = office.people.at(sender.address) if sender else None
    if person is not None and role is Role.STAFF:
        return Recipient(person.address, person.name, person.zone, person.language, Purpose.STAFF)
    zone, language = str(office.policy.calendar.zone), office.policy.language
    return Recipient(sender.address if sender else "", sender.name if sender else "", zone, language, Purpose.CUSTOMER)


def _author(mail: Mail) -> str:
    if mail.sender is None:
        return "nobody that can be answered"
    return f"{mail.sender.name} <{mail.sender.address}>" if mail.sender.name else mail.sender.address


def _today(office: Office, now: datetime) -> Any:
    return now.astimezone(office.policy.calendar.zone).date()


def _end(office: Office, reading: Reading, found: Whose, ticket: Ticket, done: str, answer: str) -> End:
    authority = trust.authority(
        reading.mail,
        reading.waiting.envelope,
        reading.clues,
        role=_standing(office, reading, found.role),
        border=office.settings.trust.border,
    )
    explanation = (
        f"ticket: {found.why}; its writer is the ticket's {found.role}",
        f"authority: {authority.summary}",
        f"answer: {answer}",
    )
    return End("done", done, ticket.number, explanation=explanation)


def _standing(office: Office, reading: Reading, role: Role) -> Standing:
    """What `trust` calls the writer: of the firm by the settings, else what he is to the ticket."""
    sender = reading.mail.sender
    person = office.people.at(sender.address) if sender else None
    if person is not None and role is not Role.REQUESTER:
        return Standing.STAFF if "staff" in person.roles or not person.roles else Standing.MANAGER
    known = {Role.REQUESTER: Standing.REQUESTER, Role.PARTICIPANT: Standing.PARTICIPANT}
    return known.get(role, Standing.STRANGER)


def _first_copy(transaction: Connection, reading: Reading) -> int | None:
    """The mail that this one is a copy of (mail-rules, "Same mail again")."""
    waiting = reading.waiting
    if reading.content_key:
        first = inbound.first_with_key(transaction, reading.content_key)
        return None if first == waiting.id else first
    since, until = waiting.envelope.received_at - SAME_BYTES, waiting.envelope.received_at + SAME_BYTES
    return inbound.same_bytes(transaction, reading.bytes_key, waiting.id, since, until)


def _copy(first: int) -> End:
    return End("done", f"the same mail as {first}", duplicate_of=first)


def _finish(transaction: Connection, reading: Reading, end: End) -> None:
    mail, verdict, waiting = reading.mail, reading.verdict, reading.waiting
    inbound.finish(
        transaction,
        waiting.id,
        end.state,
        kind=str(verdict.kind),
        reason=end.reason,
        message_id=mail.message_id or None,
        content_key=None if end.duplicate_of else reading.content_key or f"{reading.bytes_key}:{waiting.id}",
        duplicate_of=end.duplicate_of,
        ticket=end.ticket,
        sender=mail.sender.address if mail.sender else "",
        subject=mail.subject,
        explanation=[f"kind: {verdict.kind}, {verdict.reason}", *end.explanation, f"done: {end.reason}"],
    )
