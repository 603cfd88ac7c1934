"""What the writer of a command mail is told: what was done and what was not, or that nothing could be understood."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Order:
    """One line of a command mail."""

    line: str
    done: bool
    why: str = ""  # why not
    right: str = ""  # the nearest line that would be right


@dataclass(frozen=True, slots=True)
class Changed:
    """One thing that is not as it was; "" is nobody or nothing."""

    what: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Due:
    """A clock of the ticket after the commands."""

    label: str
    state: str
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class Transcript:
    """To the writer of a command mail: each line, what it changed, the deadlines since, and how to take it back."""

    number: str
    subject: str
    orders: tuple[Order, ...]
    obeyed: bool  # all of them, or nothing was done
    changed: tuple[Changed, ...] = ()
    due: tuple[Due, ...] = ()
    undo: str = ""  # the code that takes it back, good for 24 hours
    told: tuple[str, ...] = ()  # to whom what went
    text: str = ""  # of his mail, where nothing of it was used


@dataclass(frozen=True, slots=True)
class InDoubt:
    """To the writer of a mail whose first line is neither a command nor plain text: nothing was done or sent."""

    number: str
    subject: str
    line: str
    wrong: str
    right: str
    text: str
    mail: int  # under which it is kept
