"""The desk's own plain texts, for the mails whose template is broken: no template can stop a mail.

They say what must be said and nothing more, in English, and use no template engine.
"""

from collections.abc import Callable, Iterable
from datetime import datetime

from maildesk.desk.notices import (
    Acknowledgement,
    Alert,
    Enclosure,
    Fact,
    Facts,
    Joined,
    NewTicket,
    NoteReceipt,
    Reached,
    Undeliverable,
)
from maildesk.write.plain import fence, row, size, wrap

Say = Callable[[datetime], str]  # a time in the recipient's zone


def builtin(facts: Facts, say: Say) -> tuple[str, str]:
    """Subject (without the ticket's tag) and text of a notice.  The facts must be `presentable` already."""
    match facts:
        case Acknowledgement():
            words = facts.subject or "Your message", _acknowledgement(facts, say)
        case NewTicket():
            words = f"New ticket, {facts.priority}: {facts.subject}", _new_ticket(facts, say)
        case Joined():
            words = f"New mail: {facts.subject}", _joined(facts, say)
        case NoteReceipt():
            told = "Your mail was filed as an internal note. It did not go to the customer."
            words = f"Filed as a note: {facts.subject}", _blocks(told, fence(facts.text))
        case Reached():
            words = "We have your mail", "Your mail has reached us."
        case Undeliverable():
            words = f"Not delivered: {facts.subject}", _undeliverable(facts)
        case Alert():
            words = facts.title, _blocks(wrap(facts.title), fence("\n".join(facts.lines)), wrap(facts.remedy))
    return words


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
        "\n".join(row(fact.label, fact.value, 26) for fact in known),
        fence(text),
        "\n".join(attached),
        wrap("A reply to this mail is filed as an internal note; it does not go to the customer."),
    )


def _blocks(*blocks: str) -> str:
    return "\n\n".join(block for block in blocks if block)
