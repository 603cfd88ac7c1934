"""What staff are told of a ticket that they opened for somebody else, or could not."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class OpenedFor:
    """To the member of staff who forwarded a mail or wrote `new for`: for whom it was opened, and how to change it."""

    number: str
    subject: str
    customer: str  # "Bob <bob@acme.example>"
    source: str  # which mail or call it was opened from
    opened_at: datetime  # when its clocks begin
    priority: str
    acknowledgement: str  # "goes to bob@acme.example", or why none was
    text: str  # the customer's words as the ticket has them
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NotOpened:
    """To the member of staff whose `new for` is not clear: nothing was done, and what would be right."""

    subject: str
    line: str
    why: str
    right: str
    text: str  # of his mail, so that he can send it again
    mail: int  # under which it is kept
