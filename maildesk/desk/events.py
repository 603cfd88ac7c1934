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
    priority: str
    team: str
    contract: str = ""
    contact: dict[str, Any] = field(default_factory=dict)
    flags: list[str] = field(default_factory=list)
    linked: int | None = None  # the ticket that its writer named without being on it


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


Body = Opened | MailJoined | NoteFiled | ContactLearnt | DeliveryFailed

KINDS: dict[str, type[Body]] = {
    "opened": Opened,
    "mail-joined": MailJoined,
    "note-filed": NoteFiled,
    "contact-learnt": ContactLearnt,
    "delivery-failed": DeliveryFailed,
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
