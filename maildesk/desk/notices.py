"""Notices: somebody is to be told something.  Values only; `maildesk.write` makes mail of them.

Each notice has a name, which is also the name of its three templates (``templates/<name>.subject.txt``,
``.txt``, ``.html``), and facts of its own type, which are all that its templates can see of it.
"""

from dataclasses import dataclass
from datetime import datetime

from maildesk.desk.token import Purpose


@dataclass(frozen=True, slots=True)
class Recipient:
    """The one person who gets a notice."""

    address: str
    name: str = ""
    zone: str = "Europe/London"  # IANA name: his times are shown in it
    language: str = "en-GB"
    purpose: Purpose = Purpose.CUSTOMER


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that [Procedure 11] wants known: ``key`` is a field of `Contact`, ``label`` its English name."""

    key: str  # name, organisation, contract, email, phone, documentation
    label: str
    value: str = ""  # empty where it is missing or must not be shown


@dataclass(frozen=True, slots=True)
class Enclosure:
    """An attachment of the mail told of, as listed to staff."""

    name: str
    content_type: str
    size: int  # octets
    enclosed: bool = True  # False: too large to be passed on


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """To the sender of a new ticket: its number, when work begins, what we know and what we lack [Procedure 2, 11, 12]."""

    number: str
    subject: str  # cleaned and shortened; never the sender's body
    open_now: bool
    begins_at: datetime  # UTC: now, or the next opening
    have: tuple[Fact, ...] = ()
    missing: tuple[Fact, ...] = ()


@dataclass(frozen=True, slots=True)
class NewTicket:
    """To each member of the team: the ticket with all facts and the customer's own words."""

    number: str
    subject: str
    author: str  # "Bob <bob@acme.example>", or "nobody that can be answered"
    opened_at: datetime
    priority: str
    team: str
    text: str
    facts: tuple[Fact, ...] = ()
    flags: tuple[str, ...] = ()  # what staff should know: contract expired, sender unknown, mail damaged, a robot
    acknowledgement: str = ""  # "goes to bob@acme.example", or why none was
    enclosures: tuple[Enclosure, ...] = ()


@dataclass(frozen=True, slots=True)
class Joined:
    """To the owner or the team: another mail came to the ticket."""

    number: str
    subject: str
    author: str
    role: str  # requester, participant, staff, not on this ticket, a robot
    received_at: datetime
    text: str
    facts: tuple[Fact, ...] = ()  # new or changed by this mail
    flags: tuple[str, ...] = ()
    enclosures: tuple[Enclosure, ...] = ()


@dataclass(frozen=True, slots=True)
class NoteReceipt:
    """To a member of staff who answered: it was filed as an internal note and did not go to the customer."""

    number: str
    subject: str
    text: str


@dataclass(frozen=True, slots=True)
class Reached:
    """To somebody who is not on the ticket that he wrote to: one line, once.  It says nothing of the ticket."""


@dataclass(frozen=True, slots=True)
class Undeliverable:
    """To the team: a mail of ours did not arrive."""

    number: str
    subject: str
    address: str
    notice: str  # the name of the notice that did not arrive
    reason: str  # the other server's words
    muted: bool = False  # scheduled mail to the address has stopped


@dataclass(frozen=True, slots=True)
class Alert:
    """To the operator: something that a person must see.  ``lines`` may hold strangers' text: data, never markup."""

    title: str
    lines: tuple[str, ...]
    remedy: str  # what to do, a command where there is one


Facts = Acknowledgement | NewTicket | Joined | NoteReceipt | Reached | Undeliverable | Alert


ANSWERS = frozenset({"acknowledgement", "note-filed", "reached"})  # what a mail itself calls forth: within a budget


@dataclass(frozen=True, slots=True)
class Notice:
    """One mail to be made: ``key`` is unique over the desk's life, so that nothing is told twice."""

    name: str  # acknowledgement, new-ticket, joined, note-filed, reached, undeliverable, alert
    recipient: Recipient
    ticket: int  # 0: of no ticket
    key: str
    facts: Facts
    urgent: bool = True  # before digests
    held: str = ""  # why it is made but waits for a person, "" if it goes at once
