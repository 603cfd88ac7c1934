"""What staff may tell the desk to do with a ticket: one grammar for mail, the command line and the simulation.

`parse` reads one line; what is no command comes back as `Unclear`, with the nearest right line.  It changes nothing.
"""

from dataclasses import dataclass

from maildesk.desk.course import Status


@dataclass(frozen=True, slots=True)
class SetPriority:
    """``priority P2``: set or confirm it [Procedure 3]."""

    priority: str


@dataclass(frozen=True, slots=True)
class SetStatus:
    """``pending customer``, ``pending third party NAME: reason``, ``workaround``, ``resolved: line``, ``close``, ``open``."""

    status: Status
    waits_for: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class StillResolved:
    """``still resolved``: a reopening was none; it is undone, as if it had not been."""


@dataclass(frozen=True, slots=True)
class SetCause:
    """``cause ours``, ``cause customer``, ``cause third party NAME: reason``, ``cause unknown`` [Procedure 5, 10]."""

    cause: str
    name: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Take:
    """``take``: whoever says it has it in hand."""


@dataclass(frozen=True, slots=True)
class SetOwner:
    """``owner sam``: by name, part of a name or address; ``owner nobody``."""

    who: str


@dataclass(frozen=True, slots=True)
class SetTeam:
    """``team development``."""

    team: str


@dataclass(frozen=True, slots=True)
class Escalate:
    """``escalate`` or ``escalate: reason``: to the next team [Procedure 7]."""

    reason: str = ""


@dataclass(frozen=True, slots=True)
class Say:
    """A public answer: the text goes to the customer."""

    text: str


@dataclass(frozen=True, slots=True)
class Note:
    """``note``: the text stays inside the firm."""

    text: str


TicketCommand = SetPriority | SetStatus | StillResolved | SetCause | Take | SetOwner | SetTeam | Escalate | Say | Note


@dataclass(frozen=True, slots=True)
class Unclear:
    """A line that is no command: what is wrong with it, and a line that would be right."""

    line: str
    wrong: str
    right: str
