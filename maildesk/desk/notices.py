"""Notices: somebody is to be told something.  Values only; `maildesk.write` makes mail of them.

Each notice has a name, which is also the name of its three templates (``templates/<name>.subject.txt``,
``.txt``, ``.html``), and facts of its own type, which are all that its templates can see of it.
"""

from dataclasses import dataclass
from datetime import datetime

from maildesk.desk.notices_confirming import Confirmation
from maildesk.desk.notices_opening import NotOpened, OpenedFor
from maildesk.desk.notices_orders import InDoubt, Transcript
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
    priority_why: str = ""  # what the proposed priority rests on; "" where the mail spoke for none


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


@dataclass(frozen=True, slots=True)
class Target:
    """One clock of a ticket as staff read it: ``state`` says due, missed, met or resting."""

    label: str  # resolution, first response, ...
    amount: str  # 24 hours
    due_at: datetime | None  # None while it rests
    state: str  # "due in 3 h", "missed by 2 h 10 min", "met", "rests: pending customer"


@dataclass(frozen=True, slots=True)
class Past:
    """Something that happened to the ticket; ``text`` are the words of a mail or an answer, strangers' ones too."""

    at: datetime
    who: str
    words: str
    text: str = ""
    private: bool = False  # an internal note


@dataclass(frozen=True, slots=True)
class Coming:
    """What time will do next if nothing changes."""

    at: datetime
    words: str


@dataclass(frozen=True, slots=True)
class Brief:
    """A ticket on one screen: what, whose, since when, how late, who has it, what was done, what comes next."""

    number: str
    subject: str
    customer: str  # "Bob <bob@acme.example>", or "nobody that can be answered"
    organisation: str
    contract: str
    priority: str
    proposed: bool  # whether nobody has confirmed the priority
    meaning: str  # of the priority
    status: str
    since: datetime  # in this state
    reason: str  # why it waits, the line of the workaround
    team: str
    owner: str  # "" nobody
    opened_at: datetime
    cause: str
    targets: tuple[Target, ...] = ()
    coming: tuple[Coming, ...] = ()
    history: tuple[Past, ...] = ()  # oldest first; the newest of it, but where it is handed over
    older: int = 0  # entries before them


@dataclass(frozen=True, slots=True)
class LadderBrief:
    """To a manager of the ladder: this much time has passed and it is not solved [Procedure 9]."""

    brief: Brief
    step: int
    role: str
    after: str  # the step's amount of time
    replaced: tuple[str, ...] = ()  # roles of earlier steps that this mail stands for
    skipped: int = 0  # repetitions that this mail stands for


@dataclass(frozen=True, slots=True)
class HandOverBrief:
    """To each member of the team that has it now, with its whole history [Procedure 7]."""

    brief: Brief
    team: str
    sender: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class TargetBrief:
    """To the owner and the team: a target comes near, or was missed."""

    brief: Brief
    clock: str  # first response, resolution, fix commitment
    amount: str
    due_at: datetime  # of the target


@dataclass(frozen=True, slots=True)
class OverrunBrief:
    """To management: the last team has not solved it in its time [Procedure 7, 8]."""

    brief: Brief
    team: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class UpdateBrief:
    """To the owner or the team: the customer has had no update today; one line is enough [Procedure 8]."""

    brief: Brief
    send_at: datetime  # when a holding update goes out instead


@dataclass(frozen=True, slots=True)
class ChangeBrief:
    """To staff: something about the ticket that concerns them was changed, by whom; or asked of them."""

    brief: Brief
    actor: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HoldingUpdate:
    """To the customer: the day's honest update, made by the desk since nobody wrote [Procedure 8]."""

    number: str
    subject: str
    status: str
    waits_for: str  # "" where nobody else is waited for, "you", or the third party's name
    since: datetime  # in this state
    team: str
    asked: str = ""  # what we wait for, in the words that staff gave
    missed: tuple[str, ...] = ()  # earlier days that it stands for


@dataclass(frozen=True, slots=True)
class Answer:
    """To the customer: what a person of the firm wrote."""

    number: str
    subject: str
    author: str
    text: str
    others: tuple[str, ...] = ()  # who gets it too


@dataclass(frozen=True, slots=True)
class WorkaroundFound:
    """To the customer: there is a way around it; he says whether it works."""

    number: str
    subject: str
    text: str


@dataclass(frozen=True, slots=True)
class ResolvedNews:
    """To the customer: it is resolved, and how to say that it is not."""

    number: str
    subject: str
    text: str
    no_answer: bool  # resolved by time, since the customer did not answer
    until: datetime | None  # an answer until then opens it again


@dataclass(frozen=True, slots=True)
class ClosedNews:
    """To the customer: it is closed; later mail opens a new ticket that is linked to it."""

    number: str
    subject: str


@dataclass(frozen=True, slots=True)
class MergedNews:
    """To those who take part in a ticket that went into another: under which number it goes on."""

    number: str  # of the one that goes on
    was: str
    subject: str  # of the one that was merged: the other's may be another customer's


@dataclass(frozen=True, slots=True)
class CreditRow:
    """A ticket's line of a statement of credits, or a correction of one."""

    ticket: str  # CB-1042
    subject: str
    kind: str  # line, correction, correction by ADDRESS
    arithmetic: str  # 3 h x 1 % of 1,200.00 GBP = 36.00
    derivation: tuple[str, ...] = ()  # how it comes by its hours, run by run


@dataclass(frozen=True, slots=True)
class CreditStatement:
    """To those who may approve it: a contract's service credits of a month, which are a proposal until then [Procedure 10]."""

    contract: str  # "none": tickets of no contract
    organisation: str
    month: str  # November 2026
    state: str  # not yet proposed, proposed, approved, refused
    fee: str
    rate: str
    rows: tuple[CreditRow, ...]
    hours: str
    total: str
    cut: str = ""  # what the cap took
    remarks: tuple[str, ...] = ()
    decisions: tuple[str, ...] = ()
    command: str = ""  # contract and month, as the command line takes them


@dataclass(frozen=True, slots=True)
class DigestRow:
    """A ticket's line of the morning's mail.  ``used``: percent of the time of its nearest target, also over 100."""

    number: str
    subject: str
    customer: str
    priority: str
    status: str
    holder: str  # its owner, else its team
    age: str
    target: str  # resolution: missed by 3 h; "" where none is near
    used: int
    late: bool


@dataclass(frozen=True, slots=True)
class DigestCount:
    """How many tickets of a priority are open, pending, and have missed their target."""

    priority: str
    open: int
    waiting: int  # pending, or with a workaround
    late: int
    oldest: str  # age of the oldest, "" where there is none


@dataclass(frozen=True, slots=True)
class StaffDigest:
    """To a member of staff, each working morning: his tickets, then his teams' that nobody has, the worst first."""

    day: datetime
    mine: tuple[DigestRow, ...]
    unowned: tuple[DigestRow, ...]
    more: int = 0  # left out


@dataclass(frozen=True, slots=True)
class ManagerDigest:
    """To a manager of the ladder, each working morning: counts, breaches, ages, credits at stake."""

    day: datetime
    counts: tuple[DigestCount, ...]
    worst: tuple[DigestRow, ...]
    credits: tuple[str, ...] = ()  # "ACME Ltd: 3 h, 36.00 GBP", of this month so far


Briefing = LadderBrief | HandOverBrief | TargetBrief | OverrunBrief | UpdateBrief | ChangeBrief
ToCustomer = HoldingUpdate | Answer | WorkaroundFound | ResolvedNews | ClosedNews | MergedNews
Facts = (
    Acknowledgement
    | NewTicket
    | Joined
    | Transcript
    | InDoubt
    | Reached
    | Undeliverable
    | Alert
    | Briefing
    | ToCustomer
    | CreditStatement
    | StaffDigest
    | ManagerDigest
    | OpenedFor
    | Confirmation
    | NotOpened
)


ANSWERS = frozenset({"acknowledgement", "reached"})  # what a mail itself calls forth: within a budget
SCHEDULED = frozenset({"update-holding", "closed"})  # not sent to an address that refuses our mail
PASSING = frozenset({"warning", "breach", "ladder", "update-ask", "overrun"})  # out of date once the ticket is solved


@dataclass(frozen=True, slots=True)
class Notice:
    """One mail to be made: ``key`` is unique over the desk's life, so that nothing is told twice."""

    name: str  # docs/glossary.md lists them
    recipient: Recipient
    ticket: int  # 0: of no ticket
    key: str
    facts: Facts
    urgent: bool = True  # before digests
    step: str = ""  # which of the procedure: ladder:2:director, handover:development, warning:resolution, update:ask
    due_at: datetime | None = None  # when that was due (UTC)
    not_before: datetime | None = None  # its reader may not be reached earlier (UTC)
    held: str = ""  # why it is made but waits for a person, "" if it goes at once
