"""How much stands behind a command must have (mail-rules, "Authority"): the rows of that table, and the judgement by them.

It reads no mail: what stands behind one is found out by `maildesk.read.trust`.  What no row names needs the most.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Protocol

from maildesk.desk.commands import (
    Escalate,
    Note,
    Say,
    SetCause,
    SetOwner,
    SetPriority,
    SetStatus,
    SetTeam,
    StillResolved,
    Take,
)


class Level(IntEnum):
    """The rows of the table, the weakest first."""

    OPEN = 0  # a question: its answer goes to the registered address only
    ADDRESSED = 1
    ADDRESSED_AND_PASSED = 2
    OWN_AND_PASSED = 3


class Verdict(StrEnum):
    """Whether a mail is obeyed, or its writer asked first."""

    ALLOWED = "allowed"
    CONFIRM = "confirm"


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is to be done with the commands of a mail, and why, in words for the audit."""

    verdict: Verdict
    why: str

    @property
    def allowed(self) -> bool:
        """Whether the mail is obeyed as it stands."""
        return self.verdict is Verdict.ALLOWED


class Backing(Protocol):
    """What stands behind a mail of ours; `maildesk.read.trust.Authority` is one."""

    @property
    def addressed(self) -> bool:
        """It carries a signed id that was made for its writer in his role."""

    @property
    def passed(self) -> bool:
        """The border vouches for the domain of From."""

    @property
    def burned(self) -> bool:
        """Strangers have seen that signed id."""

    @property
    def stale(self) -> bool:
        """Its Date is days off."""


_LEVELS = {
    Note: Level.ADDRESSED,
    Take: Level.ADDRESSED,
    Say: Level.ADDRESSED_AND_PASSED,
    SetStatus: Level.ADDRESSED_AND_PASSED,
    StillResolved: Level.ADDRESSED_AND_PASSED,
    SetCause: Level.ADDRESSED_AND_PASSED,
    SetPriority: Level.ADDRESSED_AND_PASSED,
    SetOwner: Level.ADDRESSED_AND_PASSED,
    SetTeam: Level.ADDRESSED_AND_PASSED,
    Escalate: Level.ADDRESSED_AND_PASSED,
}
_BY_NAME = {"OnIt": Level.ADDRESSED}  # an alarm's answer, beside `take` in the table


def level(command: object) -> Level:
    """The row of a command."""
    kind = type(command)
    return _LEVELS.get(kind) or _BY_NAME.get(kind.__name__, Level.OWN_AND_PASSED)


def judge(levels: Iterable[Level], authority: Backing, *, border: bool) -> Judgement:
    """Whether a member of the firm's mail may ask for all of these rows at once.

    ``border``: one is set, and believed.  A mail is obeyed whole or not at all.
    """
    needed = max(levels, default=Level.OPEN)
    lacks = _lacks(needed, authority, border=border)
    if lacks:
        return Judgement(Verdict.CONFIRM, lacks)
    return Judgement(Verdict.ALLOWED, _stands(needed, border=border))


def _lacks(needed: Level, authority: Backing, *, border: bool) -> str:
    """What the mail lacks for the row, "" if nothing."""
    if needed is Level.OPEN:
        return ""
    if authority.stale:
        return "its Date is more than 3 days off"
    if needed is Level.OWN_AND_PASSED:
        return _lacks_pass(authority, border=border)
    if needed is Level.ADDRESSED_AND_PASSED and border and not authority.passed:
        return "the border does not vouch for it"
    return _lacks_address(authority)


def _lacks_address(authority: Backing) -> str:
    if not authority.addressed:
        return "it answers no mail of ours to its writer"
    return "the mail of ours that it answers was shown to people outside the firm" if authority.burned else ""


def _lacks_pass(authority: Backing, *, border: bool) -> str:
    if not border:
        return "no border vouches for the mail of this desk"
    return "" if authority.passed else "the border does not vouch for it"


def _stands(needed: Level, *, border: bool) -> str:
    if needed is Level.OPEN:
        return "a question; its answer goes to the registered address only"
    if needed is Level.OWN_AND_PASSED:
        return "from his own address, and the border vouches for it"
    both = border and needed is Level.ADDRESSED_AND_PASSED
    return "it answers a mail of ours to its writer" + (", and the border vouches for it" if both else "")
