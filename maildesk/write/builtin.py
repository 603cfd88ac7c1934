"""The desk's own plain texts, for the mails whose template is broken: no template can stop a mail.

They say what must be said and nothing more, in English, and use no template engine.
"""

from collections.abc import Callable, Iterable
from datetime import datetime

from maildesk.desk.notices import (
    Acknowledgement,
    Alert,
    Answer,
    Brief,
    Briefing,
    ChangeBrief,
    ClosedNews,
    CreditRow,
    CreditStatement,
    DigestRow,
    Enclosure,
    Fact,
    Facts,
    HandOverBrief,
    HoldingUpdate,
    Joined,
    LadderBrief,
    ManagerDigest,
    MergedNews,
    NewTicket,
    OverrunBrief,
    Past,
    Reached,
    ResolvedNews,
    StaffDigest,
    TargetBrief,
    ToCustomer,
    Undeliverable,
    UpdateBrief,
    WorkaroundFound,
)
from maildesk.desk.notices_confirming import Confirmation
from maildesk.desk.notices_opening import NotOpened, OpenedFor
from maildesk.desk.notices_orders import InDoubt, Transcript
from maildesk.write.plain import bullet, fence, lines, row, size, wrap

_MOST_PAST = 8  # entries of the history, but in a hand-over
Say = Callable[[datetime], str]  # a time in the recipient's zone


def builtin(facts: Facts, say: Say) -> tuple[str, str]:  # noqa: C901, PLR0912 (a table)
    """Subject (without the ticket's tag) and text of a notice.  The facts must be `presentable` already."""
    match facts:
        case Acknowledgement():
            words = facts.subject or "Your message", _acknowledgement(facts, say)
        case NewTicket():
            words = f"New ticket, {facts.priority}: {facts.subject}", _new_ticket(facts, say)
        case Joined():
            words = f"New mail: {facts.subject}", _joined(facts, say)
        case Transcript():
            words = f"{'Done' if facts.obeyed else 'Not done'}: {facts.subject}", _transcript(facts)
        case InDoubt():
            words = f"Please say what you mean: {facts.subject}", _doubt(facts)
        case Reached():
            words = "We have your mail", "Your mail has reached us."
        case Undeliverable():
            words = f"Not delivered: {facts.subject}", _undeliverable(facts)
        case Alert():
            words = facts.title, _blocks(wrap(facts.title), fence("\n".join(facts.lines)), wrap(facts.remedy))
        case Answer() | WorkaroundFound() | ResolvedNews() | ClosedNews() | MergedNews() | HoldingUpdate():
            words = facts.subject or "Your ticket", _to_customer(facts, say)
        case CreditStatement():
            words = f"Service credits of {facts.contract}, {facts.month}", _credits(facts)
        case StaffDigest():
            words = "Your tickets", _blocks("Yours:", _rows(facts.mine), "Nobody has taken:", _rows(facts.unowned))
        case ManagerDigest():
            counts = (f"{c.priority}: {c.open} open, {c.waiting} waiting, {c.late} late" for c in facts.counts)
            words = "The desk this morning", _blocks("\n".join(counts), _rows(facts.worst), "\n".join(facts.credits))
        case OpenedFor():
            words = f"Opened for {facts.customer}: {facts.subject}", _opened_for(facts, say)
        case Confirmation():
            words = f"Please confirm: {facts.subject}", _confirmation(facts, say)
        case NotOpened():
            words = f"Nothing was opened: {facts.subject}", _not_opened(facts)
        case _:
            words = f"{facts.brief.priority}: {facts.brief.subject}", _briefing(facts, say)
    return words


def _rows(rows: Iterable[DigestRow]) -> str:
    return "\n".join(bullet(f"{r.number} {r.priority} {r.subject}, {r.status}, {r.holder}. {r.target}") for r in rows)


def _credits(facts: CreditStatement) -> str:
    about = (
        row("Contract", facts.contract),
        row("Month", facts.month),
        row("Total", f"{facts.total} for {facts.hours}"),
    )
    return _blocks("\n".join(about), "\n".join(_credit(each) for each in facts.rows), *map(wrap, facts.remarks))


def _credit(each: CreditRow) -> str:
    return row(each.ticket, each.arithmetic)


def _opened_for(facts: OpenedFor, say: Say) -> str:
    about = (
        row("Clocks begin", say(facts.opened_at)),
        row("Priority", facts.priority),
        row("Receipt", facts.acknowledgement),
    )
    return _blocks(
        wrap(f"Ticket {facts.number} is opened for {facts.customer}, from {facts.source}."),
        "\n".join(row("Note", flag) for flag in facts.flags),
        "\n".join(about),
        fence(facts.text),
        wrap('Not for him? Reply with "requester ADDRESS" as the first line.'),
    )


def _confirmation(facts: Confirmation, say: Say) -> str:
    about = row("Ticket", facts.number or "none yet"), row("From", facts.author), row("It lacks", facts.why)
    return _blocks(
        wrap("A mail in your name asks the desk for what follows. Nothing of it is done yet."),
        "\n".join(about),
        fence("\n".join(facts.lines)),
        wrap(f"If you wrote it, reply until {say(facts.until)} with this as the first line of your own text:"),
        f"confirm {facts.code}",
    )


def _not_opened(facts: NotOpened) -> str:
    about = row("Line", facts.line), row("Why", facts.why), row("Right", facts.right)
    again = wrap("No ticket was opened. Please send it again with this line put right:")
    return _blocks(again, "\n".join(about), fence(facts.text))


def _transcript(facts: Transcript) -> str:
    orders = (f"{'done' if each.done else 'NOT DONE'}: {each.line} {each.why} {each.right}" for each in facts.orders)
    changed = (f"{each.what}: {each.before} -> {each.after}" for each in facts.changed)
    undo = f"To take it back: undo {facts.undo}" if facts.undo else ""
    return _blocks("\n".join(map(bullet, orders)), "\n".join(map(bullet, changed)), undo, fence(facts.text))


def _doubt(facts: InDoubt) -> str:
    about = row("Line", facts.line), row("Why", facts.wrong), row("Command", facts.right)
    again = wrap("Nothing was done or sent. Please write the line as a command, or reply: or note before your text.")
    return _blocks(again, "\n".join(about), fence(facts.text))


def _for_staff(label: str) -> str:
    """A label that asks the customer ("Your name"), as staff read it ("Name")."""
    return label if not label.startswith("Your ") else label.removeprefix("Your ").capitalize()


def _undeliverable(facts: Undeliverable) -> str:
    told = row("To", facts.address), row("Mail", facts.notice), row("Reason", facts.reason)
    muted = "Scheduled mail to this address has stopped." if facts.muted else ""
    return _blocks("A mail of the desk did not arrive.", "\n".join(told), muted)


def _acknowledgement(facts: Acknowledgement, say: Say) -> str:
    hours = "We are open now." if facts.open_now else f"Our support hours are over; work begins {say(facts.begins_at)}."
    asked = "Please reply to this mail and fill in what is missing:" if facts.missing else ""
    return _blocks(
        wrap(f"Thank you for your mail. It is ticket {facts.number}. {hours}"),
        asked,
        "\n".join(f"{fact.label}:" for fact in facts.missing),
        "To add something, just reply.",
    )


def _new_ticket(facts: NewTicket, say: Say) -> str:
    about = [
        row("Ticket", facts.number),
        row("From", facts.author),
        row("Opened", say(facts.opened_at)),
        row("Priority", facts.priority),
        row("Team", facts.team),
        row("Answer", facts.acknowledgement),
    ]
    return _mail("\n".join(about), facts.flags, facts.facts, facts.text, facts.enclosures)


def _joined(facts: Joined, say: Say) -> str:
    about = (
        row("Ticket", facts.number),
        row("From", f"{facts.author} ({facts.role})"),
        row("Came", say(facts.received_at)),
    )
    return _mail("\n".join(about), facts.flags, facts.facts, facts.text, facts.enclosures)


def _mail(about: str, flags: Iterable[str], known: Iterable[Fact], text: str, enclosures: Iterable[Enclosure]) -> str:
    attached = (row("Attached", f"{enclosure.name}, {size(enclosure.size)}") for enclosure in enclosures)
    return _blocks(
        about,
        "\n".join(row("Note", flag) for flag in flags),
        "\n".join(row(_for_staff(fact.label), fact.value, 26) for fact in known),
        fence(text),
        "\n".join(attached),
        wrap("A reply to this mail is filed as an internal note; it does not go to the customer."),
    )


def _to_customer(facts: ToCustomer, say: Say) -> str:
    match facts:
        case Answer():
            return _blocks(lines(facts.text), facts.author)
        case WorkaroundFound():
            asked = 'Please try it and reply with "It works" or "Still broken" as the first line.'
            return _blocks(
                wrap(f"There is a workaround for your ticket {facts.number}."), lines(facts.text), wrap(asked)
            )
        case ResolvedNews():
            until = f" until {say(facts.until)}" if facts.until else ""
            told = "We have not heard from you. " if facts.no_answer else ""
            otherwise = wrap(f"If it is not, just reply{until}.")
            return _blocks(wrap(f"{told}Your ticket {facts.number} is resolved."), lines(facts.text), otherwise)
        case MergedNews():
            return wrap(f"Your ticket {facts.was} goes on as {facts.number}. There is nothing that you need to do.")
        case ClosedNews():
            return wrap(f"Your ticket {facts.number} is closed. To go on, just write: that opens a new one.")
    waits = {"": "", "you": " We wait for your answer."}.get(facts.waits_for, f" We wait for {facts.waits_for}.")
    where = f"{facts.team} has it; it has been so since {say(facts.since)}.{waits}"
    missed = f"This mail stands for the update of {', '.join(facts.missed)} too." if facts.missed else ""
    told = f"There is no news from a person today on your ticket {facts.number}. {where}"
    return _blocks(wrap(told), fence(facts.asked) if facts.asked else "", wrap(missed))


def _briefing(facts: Briefing, say: Say) -> str:
    """A ticket on one screen and why it is told; for a hand-over with all that was said."""
    past = [_past(one, say, whole=isinstance(facts, HandOverBrief)) for one in facts.brief.history]
    shown = past if isinstance(facts, HandOverBrief) else past[-_MOST_PAST:]
    return _blocks(_why(facts, say), _about(facts.brief, say), "\n".join(shown))


def _why(facts: Briefing, say: Say) -> str:
    match facts:
        case LadderBrief():
            earlier = f" It stands for {', '.join(facts.replaced)} too." if facts.replaced else ""
            why = f"Not solved after {facts.after}. You are told as {facts.role}.{earlier}"
        case HandOverBrief():
            return _blocks(
                wrap(f"{facts.team} has it now, from {facts.sender}."), row("Reason", facts.reason or "none")
            )
        case TargetBrief():
            why = f"Target of {facts.clock}: {facts.amount}, due {say(facts.due_at)}."
        case OverrunBrief():
            why = f"{facts.team} has not solved it in its time, which ended {say(facts.due_at)}."
        case UpdateBrief():
            why = f"Please write the customer an update; without one a holding update goes out {say(facts.send_at)}."
        case ChangeBrief():
            why = " ".join((*facts.lines, f"Changed by {facts.actor or 'the desk'}."))
    return wrap(why)


def _about(brief: Brief, say: Say) -> str:
    about = [
        row("Ticket", brief.number),
        row("Customer", brief.customer),
        row("Contract", f"{brief.contract or 'not known'} {brief.organisation}"),
        row("Opened", say(brief.opened_at)),
        row("State", f"{brief.status} since {say(brief.since)} {brief.reason}"),
        row("Team", brief.team),
        row("Owner", brief.owner or "nobody"),
    ]
    targets = [bullet(f"{target.label}, {target.amount}: {target.state}") for target in brief.targets]
    coming = [bullet(f"{say(next_.at)}: {next_.words}") for next_ in brief.coming]
    return _blocks("\n".join(about), "\n".join(targets), "\n".join(coming))


def _past(past: Past, say: Say, *, whole: bool) -> str:
    private = " (internal)" if past.private else ""
    told = bullet(f"{say(past.at)}, {past.who}: {past.words}{private}")
    return f"{told}\n{fence(past.text)}" if whole and past.text else told


def _blocks(*blocks: str) -> str:
    return "\n\n".join(block for block in blocks if block)
