"""What happened to a ticket and what was said in it, for staff: read from its log and its mails."""

from sqlalchemy import Connection

from maildesk.desk.brief import Dossier
from maildesk.desk.events import Answered, Event, MailJoined, NoteFiled, Opened
from maildesk.desk.notices import Past
from maildesk.desk.ticket import Ticket
from maildesk.desk.words import in_words
from maildesk.read.parse import read_mail
from maildesk.read.reply import new_text
from maildesk.store import inbound, tickets

MOST_TEXT = 200_000  # characters of all mails together; what is older is left out first


def dossier(transaction: Connection, ticket: Ticket, *, texts: bool) -> Dossier:
    """A ticket's participants and history; ``texts``: with the words of its mails."""
    events = tickets.log(transaction, ticket.number)
    said = _texts(transaction, events) if texts else {}
    past = tuple(_past(event, said) for event in events)
    asked = next((e.body.text for e in reversed(events) if isinstance(e.body, Answered)), "")
    return Dossier(tuple(ticket.participants), past, asked)


def participants_only(ticket: Ticket) -> Dossier:
    """What a mail needs that tells no history."""
    return Dossier(tuple(ticket.participants))


def _texts(transaction: Connection, events: list[Event]) -> dict[int, str]:
    """The new words of each mail of the ticket, the newest first until there are too many."""
    said: dict[int, str] = {}
    left = MOST_TEXT
    for event in reversed(events):
        if event.inbound is None or not isinstance(event.body, Opened | MailJoined | NoteFiled):
            continue
        for waiting in inbound.load(transaction, [event.inbound]):
            text = _words(waiting.octets, first=isinstance(event.body, Opened))
            if len(text) > left:
                return said
            left -= len(text)
            said[event.inbound] = text
    return said


def _words(octets: bytes, *, first: bool) -> str:
    mail = read_mail(octets)
    return mail.text if first else new_text(mail.text, mail.html, [])


def _past(event: Event, said: dict[int, str]) -> Past:
    body = event.body
    written = body.text if isinstance(body, Answered | NoteFiled) else ""
    text = written or said.get(event.inbound or 0, "")
    return Past(event.at, event.actor, in_words(event), text, private=isinstance(body, NoteFiled))
