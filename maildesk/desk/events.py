"""What can happen to a ticket.  Events are facts of the past: they are appended, never changed.

Each kind is a frozen dataclass of JSON values; its name in the log is `KINDS`' key (docs/glossary.md).
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Opened:
    """A ticket was opened by a mail [Procedure 1].  ``opened_at`` is when the firm's mail system had it, ISO 8601 UTC."""

    opened_at: str
    subject: str
    requester: str  # address in lower case; "": nobody that can be answered
    requester_name: str
    kind: str  # the verdict on the mail
    owed: bool  # whether its sender is owed answers and updates (mail-rules: robots and lists are not)
    priority: str  # proposed, until staff set it [Procedure 3]
    team: str
    contract: str = ""
    contact: dict[str, Any] = field(default_factory=dict)
    flags: list[str] = field(default_factory=list)
    linked: int | None = None  # the ticket that its writer named without being on it, or that was closed
    priority_why: str = ""  # what the proposal rests on
    participants: list[str] = field(default_factory=list)  # of its contract, by the register [Procedure 2]


@dataclass(frozen=True, slots=True)
class MailJoined:
    """A mail joined the ticket.  ``role``: requester, participant, outsider or robot."""

    role: str
    kind: str
    author: str


@dataclass(frozen=True, slots=True)
class NoteFiled:
    """A mail of staff was filed as an internal note: nobody outside the firm has seen it."""

    author: str
    text: str = ""  # where it came by no mail


@dataclass(frozen=True, slots=True)
class ContactLearnt:
    """A later mail told more of what [Procedure 11] asks for; only the fields that are new or changed."""

    contact: dict[str, Any]
    contract: str = ""  # the register's number, if it is one of the register
    flags: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class DeliveryFailed:
    """A mail of ours about the ticket did not arrive and will not be tried again."""

    address: str
    notice: str
    reason: str


@dataclass(frozen=True, slots=True)
class Answered:
    """A person of the firm wrote to the customer: it ends the first response [Procedure 4] and is an update [8]."""

    author: str
    text: str


@dataclass(frozen=True, slots=True)
class PrioritySet:
    """Staff set or confirmed the priority [Procedure 3]; all targets are counted anew from the opening."""

    priority: str
    proposed: bool = False  # a confirmation is undone: it is only proposed again


@dataclass(frozen=True, slots=True)
class StatusSet:
    """The ticket passed into a state (procedure, "States of a ticket")."""

    status: str
    waits_for: str = ""  # the third party's name
    reason: str = ""  # why it is waited, what was done; for resolved the line that the customer reads
    by_person: bool = False  # the customer was sent ``reason`` as a person's words
    undone: bool = False  # the reopening before it is undone, as if it had not been


@dataclass(frozen=True, slots=True)
class CauseSet:
    """Whose fault it was: unknown, ours, customer, third party [Procedure 5, 10]."""

    cause: str
    name: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class HandedOver:
    """Another team has it [Procedure 7]; its clock starts.  ``due_at``: ISO 8601 UTC where time did it, else ""."""

    team: str
    sender: str  # the team before
    reason: str = ""
    due_at: str = ""


@dataclass(frozen=True, slots=True)
class OwnerSet:
    """Somebody has it in hand; "" is nobody."""

    owner: str  # address in lower case


@dataclass(frozen=True, slots=True)
class Warned:
    """The owner and the team were warned that a target comes near."""

    clock: str  # first_response, resolution, fix_commitment
    priority: str
    due_at: str  # of the warning; ISO 8601 UTC
    target_at: str  # when the target is missed


@dataclass(frozen=True, slots=True)
class Breached:
    """A target was missed."""

    clock: str
    priority: str
    due_at: str


@dataclass(frozen=True, slots=True)
class Overran:
    """The last team has not solved it in its time: management is told [Procedure 7, 8]."""

    team: str
    due_at: str


@dataclass(frozen=True, slots=True)
class StepTold:
    """A step of the management ladder was told [Procedure 9].  ``replaced``: earlier steps due at once with it, not told."""

    priority: str
    step: int  # from 1
    role: str
    due_at: str
    replaced: list[int] = field(default_factory=list)
    skipped: int = 0  # repetitions of this step that fell due at once with it


@dataclass(frozen=True, slots=True)
class UpdateAsked:
    """The owner or the team was asked for the day's update [Procedure 8]; ``day`` is the firm's local date."""

    day: str
    due_at: str


@dataclass(frozen=True, slots=True)
class UpdateSent:
    """The customer was sent the day's holding update by the desk itself.  ``missed``: earlier days it stands for."""

    day: str
    due_at: str
    missed: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ParticipantAdded:
    """Staff or the register added somebody: he gets what goes to the customer."""

    address: str  # lower case


@dataclass(frozen=True, slots=True)
class ParticipantRemoved:
    """Somebody gets nothing of the ticket any more."""

    address: str


@dataclass(frozen=True, slots=True)
class RequesterSet:
    """Whose ticket it is; ``contact`` is the whole contact as it is then [Procedure 11]."""

    requester: str  # lower case
    requester_name: str
    contact: dict[str, Any]
    owed: bool = True


@dataclass(frozen=True, slots=True)
class ContractSet:
    """Staff said which contract it falls under; "" is none."""

    contract: str


@dataclass(frozen=True, slots=True)
class MergedInto:
    """It goes on as another ticket, and mail to it goes there."""

    ticket: int


@dataclass(frozen=True, slots=True)
class Absorbed:
    """Another ticket was merged into this one; ``participants`` are those of it who were owed answers."""

    ticket: int
    participants: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Linked:
    """It has to do with another ticket."""

    ticket: int


@dataclass(frozen=True, slots=True)
class SplitOff:
    """One of its mails became a ticket of its own."""

    ticket: int
    mail: int  # its id


@dataclass(frozen=True, slots=True)
class Undone:
    """What these events changed was taken back by the events before this one; ``stays`` names mail that is out."""

    seqs: list[int]
    stays: list[str] = field(default_factory=list)


Body = (
    Opened | MailJoined | NoteFiled | ContactLearnt | DeliveryFailed | Answered | PrioritySet | StatusSet | CauseSet
    | HandedOver | OwnerSet | Warned | Breached | Overran | StepTold | UpdateAsked | UpdateSent
    | ParticipantAdded | ParticipantRemoved | RequesterSet | ContractSet | MergedInto | Absorbed | Linked | SplitOff
    | Undone
)  # fmt: skip

KINDS: dict[str, type[Body]] = {
    "opened": Opened,
    "mail-joined": MailJoined,
    "note-filed": NoteFiled,
    "contact-learnt": ContactLearnt,
    "delivery-failed": DeliveryFailed,
    "answered": Answered,
    "priority-set": PrioritySet,
    "status-set": StatusSet,
    "cause-set": CauseSet,
    "handed-over": HandedOver,
    "owner-set": OwnerSet,
    "warned": Warned,
    "breached": Breached,
    "overran": Overran,
    "ladder-told": StepTold,
    "update-asked": UpdateAsked,
    "update-sent": UpdateSent,
    "participant-added": ParticipantAdded,
    "participant-removed": ParticipantRemoved,
    "requester-set": RequesterSet,
    "contract-set": ContractSet,
    "merged-into": MergedInto,
    "absorbed": Absorbed,
    "linked": Linked,
    "split-off": SplitOff,
    "undone": Undone,
}
NAMES: dict[type[Body], str] = {body: name for name, body in KINDS.items()}


@dataclass(frozen=True, slots=True)
class Event:
    """One entry of a ticket's log; ``seq`` counts from 1 without gaps."""

    seq: int
    at: datetime  # UTC, when the desk recorded it
    actor: str  # an address, or "desk"
    inbound: int | None  # the mail that caused it
    body: Body

    @property
    def kind(self) -> str:
        """Its name in the log."""
        return NAMES[type(self.body)]


def to_json(body: Body) -> dict[str, Any]:
    """An event's body as JSON values."""
    return asdict(body)


def from_json(kind: str, values: Mapping[str, Any]) -> Body:
    """The body that `to_json` wrote.  Raises KeyError for a kind of a newer maildesk, TypeError for other fields."""
    return KINDS[kind](**values)
