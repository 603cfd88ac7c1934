"""Step 3 for a mail of our own people about a ticket: it is obeyed whole, its writer is asked, or nothing is done.

Its leading lines are commands, the rest is the answer to the customer, or a note.  Each command mail gets one answer:
what was done, or why nothing was (mail-rules, "Authority" and "Command lines").
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from maildesk.desk.authority import Judgement, Verdict, judge, level
from maildesk.desk.commands import Note, Say, SetStatus, TicketCommand, Unclear, with_text, words
from maildesk.desk.decide import Actor, Role
from maildesk.desk.difference import deadlines, differences
from maildesk.desk.events import Answered, MailJoined, NoteFiled, Opened, StatusSet
from maildesk.desk.notices import Facts, Joined, Notice, Recipient
from maildesk.desk.notices_orders import Changed, Due, InDoubt, Order, Transcript
from maildesk.desk.policy import Person
from maildesk.desk.tell import to_team
from maildesk.desk.ticket import Ticket
from maildesk.desk.token import Purpose
from maildesk.desk.undo import undo_code
from maildesk.office import Office
from maildesk.read import trust
from maildesk.read.mail import Mail
from maildesk.read.orders import Doubt, Orders, read_orders
from maildesk.read.parse import read_mail
from maildesk.read.reply import new_text, own_text
from maildesk.read.trust import Authority, Standing
from maildesk.steps.answering import unjudged, within_budget
from maildesk.steps.approving import approve_by_mail
from maildesk.steps.change import Result, obey_on, up_to_date
from maildesk.steps.confirming import ask_confirmation, backing, border_believed, take_confirmation
from maildesk.steps.enclosing import enclosures
from maildesk.steps.end import End
from maildesk.steps.opening_for import open_for
from maildesk.steps.post import Cause, post
from maildesk.steps.reading import Reading, read
from maildesk.steps.whose import whose
from maildesk.store import budget, inbound, outbox, tickets
from maildesk.store.budget import Budget

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ANSWERS_AN_HOUR = 4  # without a command line, by one person to one ticket: a robot without a mark writes no codes
ANSWERS_A_DAY = 8  # of that kind to one ticket, by whomever
TRANSCRIPTS_A_DAY = 200  # to one person
_LONGEST_QUESTION = 80
_QUESTION = re.compile(
    r"#?(?:help|list(?: mine| team| all)?|(?:show|explain) [A-Z0-9-]{1,16}|report [0-9-]{4,7}|on it|approve)[.?!]?",
    re.IGNORECASE,
)
_REPLY = "reply: TEXT"
_NOTHING = Order("(no text)", done=False, why="the mail has neither a command nor a text of its writer's own")


def by_staff(
    transaction: Connection, office: Office, reading: Reading, ticket: Ticket | None, person: Person, now: datetime
) -> End | None:
    """Whatever our own people's mail asks for; None where it asks for nothing and is like any other mail."""
    confirmed = take_confirmation(transaction, office, reading, person, now)
    if confirmed is not None:
        return _confirmed(transaction, office, confirmed, person, now)
    if ticket is not None:
        return command_by_mail(transaction, office, reading, ticket, person, now)
    return _of_no_ticket(transaction, office, reading, person, now, confirmed=False)


def _of_no_ticket(
    transaction: Connection, office: Office, reading: Reading, person: Person, now: datetime, *, confirmed: bool
) -> End | None:
    decided = approve_by_mail(transaction, office, reading, person, now, confirmed=confirmed)
    return decided or open_for(transaction, office, reading, person, now, confirmed=confirmed)


def _confirmed(transaction: Connection, office: Office, mail: int, person: Person, now: datetime) -> End:
    """The mail that was kept is done as if it had come with enough behind it."""
    for waiting in inbound.load(transaction, [mail]):
        kept = read(waiting, office.signer, office.people, office.policy.ticket_prefix, office.settings.intake)
        ticket = whose(transaction, kept, office).ticket
        if ticket is not None:
            end: End | None = command_by_mail(transaction, office, kept, ticket, person, now, confirmed=True)
        else:
            end = _of_no_ticket(transaction, office, kept, person, now, confirmed=True)
        if end is not None:
            words_ = [*end.explanation, f"done: {end.reason}; confirmed by {person.address}"]
            inbound.obeyed(transaction, mail, end.reason, end.ticket, words_)
            return End("done", f"confirms mail {mail}: {end.reason}", end.ticket)
    return End("done", f"confirms mail {mail}, of which nothing can be done")


def command_by_mail(
    transaction: Connection,
    office: Office,
    reading: Reading,
    ticket: Ticket,
    person: Person,
    now: datetime,
    *,
    confirmed: bool = False,
) -> End:
    """Do what a member of the firm writes about a ticket.  ``confirmed``: he has confirmed the mail by its code."""
    tickets.know_messages(transaction, [reading.mail.message_id], ticket.number)
    own = _own(transaction, reading, ticket, person)
    orders = read_orders(own, reading.mail.subject, others=(_question,), known_subject=ticket.subject)
    if orders.others:
        orders = Orders(
            message=own, doubt=Doubt(str(orders.others[0]), "the desk answers no questions by mail", _REPLY)
        )
    authority = _authority(transaction, office, reading, person, now)
    said = f"authority: {authority.summary}"
    if orders.doubt:
        return _in_doubt(transaction, office, reading, ticket, person, orders, said, now)
    commands = _commands(reading, orders)
    unclear = [order for order in orders.lines if isinstance(order.command, Unclear)]
    if unclear or not commands:
        return _unclear(transaction, office, reading, ticket, person, orders, said, now)
    judged = _judged(transaction, office, ticket, person, commands, authority, now)
    said = f"{said}; {'confirmed by its code' if confirmed else judged.why}"
    if not (confirmed or judged.allowed):
        return _ask(transaction, office, reading, ticket, person, commands, said, judged.why, now)
    return _obey(transaction, office, reading, ticket, person, orders, commands, said, now)


def _question(line: str) -> str | None:
    """A line that asks the desk and no customer; it must not become an answer."""
    return line if _QUESTION.fullmatch(" ".join(line[:_LONGEST_QUESTION].split())) else None


def _own(transaction: Connection, reading: Reading, ticket: Ticket, person: Person) -> str:
    """Only what he wrote himself: what he quotes, our own words too, is neither obeyed nor sent.

    Some programs quote without marks: then what is left of the mail without the words that we sent him is his.
    """
    texts = [
        read_mail(octets).text
        for address in person.addresses
        for octets in outbox.sent_texts(transaction, ticket.number, address.lower())
    ]
    mail = reading.mail
    return own_text(mail.text, mail.html, texts) or (new_text(mail.text, mail.html, texts) if texts else "")


def _commands(reading: Reading, orders: Orders) -> list[TicketCommand]:
    given, text = list(orders.commands), orders.message.strip()
    if not text:
        return given
    to_note = any(proof.purpose is Purpose.NOTE for proof in reading.clues.proofs)
    if orders.note or to_note:
        return [*given, Note(text)]
    return with_text(given, text)


def _authority(transaction: Connection, office: Office, reading: Reading, person: Person, now: datetime) -> Authority:
    role = Standing.STAFF if "staff" in person.roles or not person.roles else Standing.MANAGER
    border = office.settings.trust.border
    found = trust.authority(reading.mail, reading.waiting.envelope, reading.clues, role=role, border=border)
    return backing(transaction, office, reading, found, person, now)


def _judged(
    transaction: Connection,
    office: Office,
    ticket: Ticket,
    person: Person,
    commands: Sequence[TicketCommand],
    authority: Authority,
    now: datetime,
) -> Judgement:
    """By the table; and mere answers beyond their budgets are confirmed, since a robot of ours may be writing them.

    A ticket that somebody has taken, or whose priority he has set, was judged by a person: there they have no budget.
    """
    border = border_believed(transaction, office)
    judged = judge([level(command) for command in commands], authority, border=border)
    judged_by_person = bool(ticket.assignee) or not ticket.course.proposed
    if not judged.allowed or judged_by_person or not all(isinstance(command, Say) for command in commands):
        return judged
    mine = f"answers:{ticket.number}:{person.address.lower()}"
    budgets = [
        Budget(mine, ANSWERS_AN_HOUR, HOUR, f"the hour's budget of mere answers by {person.address} to one ticket"),
        Budget(f"answers:{ticket.number}", ANSWERS_A_DAY, DAY, "the day's budget of mere answers to one ticket"),
    ]
    full = budget.take(transaction, budgets, now)
    held = f"{full.words} is used up ({full.most})" if full else unjudged(transaction, office, ticket.requester, now)
    return Judgement(Verdict.CONFIRM, held) if held else judged


def _ask(
    transaction: Connection,
    office: Office,
    reading: Reading,
    ticket: Ticket,
    person: Person,
    commands: Sequence[TicketCommand],
    said: str,
    why: str,
    now: datetime,
) -> End:
    lines = [words(command) for command in commands]
    notices = ask_confirmation(transaction, office, reading, ticket.number, lines, person, now, why)
    notices = within_budget(transaction, office, notices, now, of_the_firm=True)
    post(transaction, office, notices, Cause(reading.waiting.id, reading.mail), now)
    reason = f"{person.address} is asked to confirm what he writes on {office.policy.number(ticket.number)}"
    return End("held", reason, ticket.number, explanation=(said, "nothing was changed or sent"))


def _obey(
    transaction: Connection,
    office: Office,
    reading: Reading,
    ticket: Ticket,
    person: Person,
    orders: Orders,
    commands: Sequence[TicketCommand],
    said: str,
    now: datetime,
) -> End:
    actor = Actor(person.address.lower(), person.name, Role.STAFF)
    before = up_to_date(transaction, office, ticket, now)
    enclosed, listed = enclosures(reading) if any(map(_speaks, commands)) else ((), ())
    cause = Cause(reading.waiting.id, _last_of_customer(transaction, before), enclosed, of=reading.mail)
    results = obey_on(transaction, office, before, commands, actor, now, cause)
    after = tickets.get(transaction, before.number) or before
    obeyed = not any(result.refusal for result in results)
    notices = _colleagues(office, reading, after, person, commands, listed, now) if obeyed else []
    if not orders.lines:  # a robot of ours without a mark may be writing
        notices = within_budget(transaction, office, notices, now, of_the_firm=True)
    if orders.lines or orders.note or not obeyed:
        facts = _transcript(office, orders, before, after, results, now)
        notices += _to_writer(transaction, reading, after, person, "transcript", facts, now)
    post(transaction, office, notices, Cause(reading.waiting.id, reading.mail, enclosed), now)
    name = office.policy.number(after.number)
    done = ", ".join(_named(command) for command in commands)
    words_ = f"{done} on {name}" if obeyed else f"nothing was done on {name}: a line of it was refused"
    return End("done", words_, after.number, explanation=(said,))


def _speaks(command: TicketCommand) -> bool:
    """Whether a person's words go to the customer."""
    return isinstance(command, Say) or (isinstance(command, SetStatus) and bool(command.reason))


def _named(command: TicketCommand) -> str:
    match command:
        case Say():
            return "answered the customer"
        case Note():
            return "filed an internal note"
    return words(command)


def _last_of_customer(transaction: Connection, ticket: Ticket) -> Mail | None:
    """The newest mail of the requester or a participant: ours goes on with its thread in his mail program."""
    for event in reversed(tickets.log(transaction, ticket.number)):
        of_customer = isinstance(event.body, Opened) or (
            isinstance(event.body, MailJoined) and event.body.role in (Role.REQUESTER, Role.PARTICIPANT)
        )
        if event.inbound is not None and of_customer:
            return next((read_mail(mail.octets) for mail in inbound.load(transaction, [event.inbound])), None)
    return None


def _colleagues(
    office: Office,
    reading: Reading,
    ticket: Ticket,
    person: Person,
    commands: Sequence[TicketCommand],
    listed: Sequence[object],
    now: datetime,
) -> list[Notice]:
    """The owner and the team read what their colleague wrote, each by himself."""
    said = [command for command in commands if isinstance(command, Say | Note)]
    notices: list[Notice] = []
    for command in said:
        role = "note" if isinstance(command, Note) else "answer"
        facts = Joined(
            number=office.policy.number(ticket.number),
            subject=ticket.subject,
            author=person.name or person.address,
            role=role,
            received_at=reading.waiting.envelope.received_at,
            text=command.text,
            enclosures=tuple(listed) if role == "answer" else (),  # type: ignore[arg-type]
        )
        key = f"{reading.waiting.id}:{role}"
        notices += to_team("joined", ticket, office.policy, key, facts, without=person.address, now=now)
    return notices


def _transcript(
    office: Office, orders: Orders, before: Ticket, after: Ticket, results: Sequence[Result], now: datetime
) -> Transcript:
    policy = office.policy
    obeyed = not any(result.refusal for result in results)
    undoable = obeyed and any(
        not isinstance(body, Answered | NoteFiled) for result in results for body in result.events
    )
    last = after.version
    told = tuple(
        f"{'the customer' if not isinstance(body, NoteFiled) else 'nobody outside the firm'}: {_shorter(body)}"
        for result in results
        for body in result.events
        if isinstance(body, Answered | NoteFiled) and obeyed
    )
    return Transcript(
        number=policy.number(after.number),
        subject=after.subject,
        orders=tuple(_order(result, obeyed=obeyed) for result in results),
        obeyed=obeyed,
        changed=tuple(Changed(d.what, d.before, d.after) for d in differences(before, after, policy, now)),
        due=tuple(Due(each.label, each.state, each.due_at) for each in deadlines(after, policy, now)),
        undo=undo_code(office.signer, after.number, before.version + 1, last) if undoable else "",
        told=told,
        text="" if obeyed else orders.message,
    )


def _shorter(body: Answered | NoteFiled | StatusSet) -> str:
    text = " ".join((body.reason if isinstance(body, StatusSet) else body.text).split())
    return text if len(text) <= 200 else f"{text[:200].rstrip()}\u2026"  # noqa: PLR2004 (a line or three)


def _order(result: Result, *, obeyed: bool) -> Order:
    line = _named(result.command)
    if result.refusal:
        return Order(line, done=False, why=result.refusal.reason, right=result.refusal.remedy)
    return Order(line, done=obeyed, why="" if obeyed else "another line was refused, so nothing was done")


def _unclear(
    transaction: Connection,
    office: Office,
    reading: Reading,
    ticket: Ticket,
    person: Person,
    orders: Orders,
    said: str,
    now: datetime,
) -> End:
    """Lines that are no commands where only commands may stand, or no words at all."""
    lines = [
        Order(order.line, done=False, why=order.command.wrong, right=order.command.right)
        if isinstance(order.command, Unclear)
        else Order(order.line, done=False, why="another line is not clear, so nothing was done")
        for order in orders.lines
    ]
    name = office.policy.number(ticket.number)
    facts = Transcript(name, ticket.subject, tuple(lines) or (_NOTHING,), obeyed=False, text=orders.message)
    notices = _to_writer(transaction, reading, ticket, person, "transcript", facts, now)
    notices = within_budget(transaction, office, notices, now, of_the_firm=True)
    post(transaction, office, notices, Cause(reading.waiting.id, reading.mail), now)
    return End("done", f"nothing was done on {name}: it is not clear what is asked", ticket.number, explanation=(said,))


def _in_doubt(
    transaction: Connection,
    office: Office,
    reading: Reading,
    ticket: Ticket,
    person: Person,
    orders: Orders,
    said: str,
    now: datetime,
) -> End:
    doubt = orders.doubt
    if doubt is None:
        raise ValueError("a mail without a doubt")
    name = office.policy.number(ticket.number)
    facts = InDoubt(name, ticket.subject, doubt.line, doubt.wrong, doubt.right, orders.message, reading.waiting.id)
    notices = _to_writer(transaction, reading, ticket, person, "doubt", facts, now)
    notices = within_budget(transaction, office, notices, now, of_the_firm=True)
    post(transaction, office, notices, Cause(reading.waiting.id, reading.mail), now)
    reason = f'"{doubt.line}" is neither a command nor plain text: {doubt.wrong}; its writer is asked'
    return End("held", reason, ticket.number, explanation=(said, "nothing was done or sent"))


def _to_writer(
    transaction: Connection,
    reading: Reading,
    ticket: Ticket,
    person: Person,
    name: str,
    facts: Facts,
    now: datetime,
) -> list[Notice]:
    """To his first address, whichever of them From claims."""
    recipient = Recipient(person.address, person.name, person.zone, person.language, Purpose.STAFF)
    notice = Notice(name, recipient, ticket.number, f"{name}:{reading.waiting.id}", facts)
    mine = Budget(f"transcript:{person.address.lower()}", TRANSCRIPTS_A_DAY, DAY, "the day's budget of transcripts")
    full = budget.take(transaction, [mine], now)
    return [replace(notice, held=f"{full.words} is used up ({full.most})") if full else notice]
