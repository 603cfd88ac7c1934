"""A ticket that a member of the firm opens for somebody else: by `new for A`, as after a call, or by a forwarded mail.

It is the customer's ticket from its first moment [Procedure 1, 2]: his words, his attachments, his acknowledgement; whoever
opened it is told for whom.  From is a claim, so a mail whose From the border does not vouch for opens nothing until its
writer confirms it: it is kept, and listed as held, for as long as that takes.  A mail with a robot's mark, a forward of a
colleague's or of a robot's report, and any other mail are none of this: they go the way of every mail.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from maildesk.desk.authority import Judgement, Level, judge
from maildesk.desk.decide import Actor, Open, Proposal, Role, decide, opening_time
from maildesk.desk.events import Body, NoteFiled, Opened, PrioritySet
from maildesk.desk.new_for import RIGHT, NewFor, Wrong, read_new_for
from maildesk.desk.notices import Facts, Notice, Recipient
from maildesk.desk.notices_opening import NotOpened, OpenedFor
from maildesk.desk.policy import Person
from maildesk.desk.propose import propose
from maildesk.desk.subject import one_line, shorten
from maildesk.desk.tell import Answering, Writing, on_opened
from maildesk.desk.ticket import Ticket
from maildesk.desk.token import Purpose
from maildesk.office import Office
from maildesk.read import trust
from maildesk.read.address import person as address_of
from maildesk.read.classify import Kind, classify
from maildesk.read.contact import read_contact
from maildesk.read.forward import Forwarded, bare_subject, read_forward
from maildesk.read.mail import Address, Envelope, Mail
from maildesk.read.reply import own_text
from maildesk.read.trust import Authority, Standing
from maildesk.steps.answering import receipt, within_budget
from maildesk.steps.confirming import ask_confirmation, border_believed
from maildesk.steps.enclosing import within
from maildesk.steps.end import End
from maildesk.steps.knowing import facts_of, known_facts, missing_facts
from maildesk.steps.post import PASS_ON_OCTETS, Cause, post
from maildesk.steps.reading import Reading
from maildesk.store import tickets

MOST_FORWARDS = 3  # of colleagues, one within the other, that are looked through for the customer's mail
NOTE_SHOWN = 300  # characters of a forwarder's note in the notice to the team; the whole of it is on the ticket


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a mail asks for: the customer's own mail, as far as it is known, and what its bringer says of it."""

    customer: Address
    mail: Mail  # as if the customer had sent it here
    kind: Kind
    what: str  # was brought, in words
    how: str  # forwarded, wrote
    note: str = ""
    called: datetime | None = None  # UTC
    priority: str = ""
    message_ids: tuple[str, ...] = ()

    def source(self, who: str) -> str:
        """What the ticket is opened from, in words: ``who`` brought it."""
        return f"{self.what} that {who} {self.how}"


def open_for(
    transaction: Connection, office: Office, reading: Reading, person: Person, now: datetime, *, confirmed: bool = False
) -> End | None:
    """Open the ticket that a mail of ``person`` asks for; None where it asks for none, and is like any other mail.

    ``confirmed``: he has confirmed the mail by its code.
    """
    asked = _asked(office, reading)
    if asked is None:
        return None
    if isinstance(asked, Wrong):  # by `mail retry` it goes the way of every mail
        return None if reading.waiting.forced else _refuse(transaction, office, reading, person, asked, now)
    authority = _authority(office, reading, person)
    judgement = _judged(transaction, office, authority)
    said = f"authority: {authority.summary}; {'confirmed by its code' if confirmed else judgement.why}"
    if not (confirmed or judgement.allowed):
        return _keep(transaction, office, reading, person, asked, judgement.why, now)
    return _open(transaction, office, reading, person, asked, said, now)


# What is asked.


def _asked(office: Office, reading: Reading) -> _Asked | Wrong | None:
    if not reading.verdict.kind.answered:
        return None  # a robot's mark: it obeys nothing
    new = read_new_for(reading.own, office.policy, reading.waiting.envelope.received_at)
    if isinstance(new, Wrong):
        return new
    found = _forwarded(office, reading)
    if new is not None:
        return _named(office, reading, new, found)
    return _brought(office, reading, found) if found else None


def _forwarded(office: Office, reading: Reading) -> Forwarded | None:
    """The forwarded mail of somebody outside the firm; a colleague's is looked through."""
    mail, own = reading.mail, reading.own
    found = read_forward(mail, own)
    for _ in range(MOST_FORWARDS):
        if found is None or not _is_ours(office, found.sender):
            break
        note, mail = found.note, _mail_of(found, found.sender, found.subject)
        inner = read_forward(mail, own_text(mail.text, mail.html))
        found = replace(inner, note=note) if inner else None
    return None if found is None or _is_ours(office, found.sender) else found


def _is_ours(office: Office, address: Address) -> bool:
    return address.key == office.address.lower() or office.people.at(address.address) is not None


def _brought(office: Office, reading: Reading, found: Forwarded) -> _Asked | None:
    kind = _kind_of(office, reading, found)
    if not kind.opens:
        return None
    dated = f' of "{found.sent}"' if found.sent else ""
    return _Asked(
        customer=found.sender,
        mail=_mail_of(found, found.sender, found.subject),
        kind=kind,
        what=f"the mail{dated}",
        how="forwarded",
        note=found.note,
        message_ids=found.message_ids,
    )


def _named(office: Office, reading: Reading, new: NewFor, found: Forwarded | None) -> _Asked | Wrong:
    customer = address_of(new.name, new.address)
    if customer is None or customer.key == office.address.lower():
        return Wrong(f"new for {new.address}", "nobody can be answered there", RIGHT)
    subject = new.subject or (found.subject if found else bare_subject(reading.mail.subject))
    told = Mail(from_=(customer,), subject=subject, text=new.text, attachments=reading.mail.attachments)
    return _Asked(
        customer=customer,
        mail=_mail_of(found, customer, subject) if found else told,
        kind=Kind.REQUEST,
        what="the mail" if found else "the words",
        how="forwarded" if found else "wrote",
        note=new.text if found else "",
        called=new.called,
        priority=new.priority,
        message_ids=found.message_ids if found else (),
    )


def _mail_of(found: Forwarded, customer: Address, subject: str) -> Mail:
    """The forwarded mail as if the customer had sent it here."""
    if found.original is not None:
        return replace(found.original, from_=(customer,), subject=subject, attachments=found.attachments)
    message_id = found.message_ids[0] if found.message_ids else ""
    return Mail(
        from_=(customer,), subject=subject, text=found.text, attachments=found.attachments, message_id=message_id
    )


def _kind_of(office: Office, reading: Reading, found: Forwarded) -> Kind:
    """What the customer's mail is: where a robot wrote it, nobody is answered.  Only an attached one has its marks."""
    if found.original is None:
        return Kind.REQUEST
    envelope = Envelope("import", reading.waiting.envelope.received_at)
    return classify(found.original, envelope, own=False, desk=office.address).kind


# Whether it may.


def _authority(office: Office, reading: Reading, person: Person) -> Authority:
    role = Standing.STAFF if "staff" in person.roles or not person.roles else Standing.MANAGER
    border = office.settings.trust.border
    return trust.authority(reading.mail, reading.waiting.envelope, reading.clues, role=role, border=border)


def _judged(transaction: Connection, office: Office, authority: Authority) -> Judgement:
    return judge((Level.OWN_AND_PASSED,), authority, border=border_believed(transaction, office))


def _keep(
    transaction: Connection,
    office: Office,
    reading: Reading,
    person: Person,
    asked: _Asked,
    why: str,
    now: datetime,
) -> End:
    """Nothing is opened: its writer is asked at his registered address, and the mail stays held until he confirms it."""
    line = f"open a ticket for {asked.customer.address}: {asked.mail.subject or '(no subject)'}"
    notices = ask_confirmation(transaction, office, reading, 0, [line], person, now, why)
    post(transaction, office, notices, Cause(reading.waiting.id, reading.mail), now)
    reason = f"{person.address} is asked to confirm: {line}"
    return End("held", reason, explanation=(f"authority: {why}", "nothing was opened, nobody else was told"))


def _refuse(
    transaction: Connection, office: Office, reading: Reading, person: Person, wrong: Wrong, now: datetime
) -> End:
    """A line that might mean anything opens nothing; its writer gets his words back."""
    mail = reading.mail
    facts = NotOpened(mail.subject, wrong.line, wrong.why, wrong.right, mail.text, reading.waiting.id)
    notice = _to(person, "not-opened", 0, f"not-opened:{reading.waiting.id}", facts)
    notices = within_budget(transaction, office, [notice], now, of_the_firm=True)
    post(transaction, office, notices, Cause(reading.waiting.id, mail), now)
    return End("held", f'"{wrong.line}" is not clear: {wrong.why}; its writer was asked to send it again')


# The opening.


def _open(
    transaction: Connection,
    office: Office,
    reading: Reading,
    person: Person,
    asked: _Asked,
    said: str,
    now: datetime,
) -> End:
    answering = receipt(transaction, office, asked.customer.address, asked.kind.answered, now)
    opened = _opened(office, reading, person, asked, answering, now)
    ticket = tickets.open_ticket(transaction, opened, person.address, reading.waiting.id, now, office.policy)
    bodies = _further(person, asked)
    if bodies:
        ticket = tickets.append(transaction, ticket, bodies, person.address, reading.waiting.id, now, office.policy)
    tickets.know_messages(transaction, [reading.mail.message_id, *asked.message_ids], ticket.number)
    _tell(transaction, office, reading, person, asked, (opened, ticket, answering), now)
    number = office.policy.number(ticket.number)
    explanation = (
        f"ticket: opened for {asked.customer.address} by {person.address}",
        said,
        f"answer: {answering.words}",
    )
    return End("done", f"opened {number} for {asked.customer.address}", ticket.number, explanation=explanation)


def _opened(
    office: Office, reading: Reading, person: Person, asked: _Asked, answering: Answering, now: datetime
) -> Opened:
    policy, customer = office.policy, asked.customer
    day = now.astimezone(policy.calendar.zone).date()
    own = own_text(asked.mail.text, asked.mail.html)
    facts = facts_of(read_contact(asked.mail, own), {}, customer.address, office.register, day)
    registered = office.register.knows(customer.address, day)
    proposal = propose(asked.mail.subject, own, policy, registered=registered)
    called, said = _called(asked, office, now)
    flags = (_by(person, asked), *([said] if said else []))
    command = Open(
        subject=asked.mail.subject,
        kind=asked.kind,
        owed=answering.wanted,
        received_at=called or reading.waiting.envelope.received_at,
        facts=replace(facts, flags=(*facts.flags, *flags)),
        proposal=Proposal(asked.priority, f"{person.name} set it") if asked.priority else proposal,
        our_clock=called is not None or reading.our_clock,
    )
    bodies = decide(None, command, Actor(customer.key, customer.name, Role.REQUESTER), policy, now)
    return next(body for body in bodies if isinstance(body, Opened))


def _by(person: Person, asked: _Asked) -> str:
    return f"opened for him by {person.name or person.address}, from {asked.source('he or she')}"


def _called(asked: _Asked, office: Office, now: datetime) -> tuple[datetime | None, str]:
    """When he called (UTC), None where the moment of intake counts; and what staff should know of it [Procedure, Time]."""
    if asked.called is None:
        return None, ""
    at = f"{asked.called.astimezone(office.policy.calendar.zone):%Y-%m-%d %H:%M}"
    _, refused = opening_time(asked.called, office.policy, now, our_clock=False)
    if not refused:
        return asked.called, f"he called {at}, when its clocks begin"
    why = "in the future" if asked.called > now else f"over {office.policy.oldest} back"
    return None, f"called: {at} is {why}, so its clocks begin when the mail came"


def _further(person: Person, asked: _Asked) -> list[Body]:
    """What the bringer adds of his own: a note inside the firm, the priority."""
    bodies: list[Body] = [NoteFiled(person.address, asked.note)] if asked.note else []
    return [*bodies, PrioritySet(asked.priority)] if asked.priority else bodies


def _tell(
    transaction: Connection,
    office: Office,
    reading: Reading,
    person: Person,
    asked: _Asked,
    made: tuple[Opened, Ticket, Answering],
    now: datetime,
) -> None:
    """The customer is acknowledged, the team told, in the thread of his own mail; the bringer in that of his."""
    opened, ticket, answering = made
    enclosed, listed = within(asked.mail.attachments, PASS_ON_OCTETS)
    note = (f"{person.name} wrote: {shorten(one_line(asked.note), NOTE_SHOWN)}",) if asked.note else ()
    writing = Writing(
        inbound=reading.waiting.id,
        author=_shown(asked.customer),
        received_at=reading.waiting.envelope.received_at,
        text=asked.mail.text,
        facts=known_facts(ticket.contact),
        missing=missing_facts(ticket.contact),
        show_values=office.register.knows(ticket.requester, now.astimezone(office.policy.calendar.zone).date()),
        enclosures=listed,
        flags=(*note, *reading.mail.faults),
    )
    notices = on_opened(opened, ticket, writing, answering, office.policy, now)
    told = _without(notices, person)
    post(transaction, office, told, Cause(reading.waiting.id, asked.mail, enclosed), now)
    facts = OpenedFor(
        number=office.policy.number(ticket.number),
        subject=ticket.subject,
        customer=_shown(asked.customer),
        source=asked.source("you"),
        opened_at=ticket.opened_at,
        priority=ticket.priority,
        acknowledgement=answering.words,
        text=asked.mail.text,
        flags=tuple(flag for flag in opened.flags if flag != _by(person, asked)),
    )
    notice = _to(person, "opened-for", ticket.number, f"opened-for:{ticket.number}", facts)
    post(transaction, office, [notice], Cause(reading.waiting.id, reading.mail), now)


def _without(notices: Sequence[Notice], person: Person) -> list[Notice]:
    """He who opened it is told so by a notice of his own."""
    return [notice for notice in notices if notice.name != "new-ticket" or notice.recipient.address != person.address]


def _to(person: Person, name: str, ticket: int, key: str, facts: Facts) -> Notice:
    recipient = Recipient(person.address, person.name, person.zone, person.language, Purpose.STAFF)
    return Notice(name, recipient, ticket, key, facts)


def _shown(address: Address) -> str:
    return f"{address.name} <{address.address}>" if address.name else address.address
