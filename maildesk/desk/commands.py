"""What staff may tell the desk to do with a ticket: one grammar for mail, the command line and the simulation.

`parse` reads one line; what is no command comes back as `Unclear`, with the nearest right line.  It changes nothing.
`words` writes a command as such a line.  `GRAMMAR` is what help and docs/commands.md list.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from enum import Enum

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


@dataclass(frozen=True, slots=True)
class AddParticipant:
    """``cc add ADDRESS``: he gets what goes to the customer, and may write to the ticket."""

    address: str  # lower case


@dataclass(frozen=True, slots=True)
class RemoveParticipant:
    """``cc remove ADDRESS``."""

    address: str


@dataclass(frozen=True, slots=True)
class SetRequester:
    """``requester ADDRESS``: whose ticket it is; from then on he is owed answers."""

    address: str


@dataclass(frozen=True, slots=True)
class SetContract:
    """``contract NUMBER`` of the register."""

    number: str


@dataclass(frozen=True, slots=True)
class MergeInto:
    """``merge into N``: it goes on as another ticket."""

    ticket: str  # as written


@dataclass(frozen=True, slots=True)
class Split:
    """``split`` in answer to a mail, or ``split mail ID``: that mail becomes a ticket of its own."""

    mail: str = ""  # as written; "": the mail that is answered


@dataclass(frozen=True, slots=True)
class Link:
    """``link N``: each of the two names the other."""

    ticket: str


@dataclass(frozen=True, slots=True)
class Undo:
    """``undo CODE``: what a command mail changed is as it was before."""

    code: str


PartiesCommand = AddParticipant | RemoveParticipant | SetRequester | SetContract | MergeInto | Split | Link | Undo
TicketCommand = (
    SetPriority | SetStatus | StillResolved | SetCause | Take | SetOwner | SetTeam | Escalate | Say | Note
    | PartiesCommand
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Unclear:
    """A line that is no command: what is wrong with it, and a line that would be right."""

    line: str
    wrong: str
    right: str


LONGEST = 10_000  # characters of a command with its text
LONGEST_NAME, MOST_NAME_WORDS = 80, 6  # characters and words of a name: more is prose
SHOWN = 80  # characters of an unclear line that are shown and compared
NEAR = 0.6  # how alike a line must be to the words of a command to be taken for a slip of the pen
_P_AND_DIGIT = re.compile(r"p[0-9]")
_ADDRESS = re.compile(r"[^\s@<>,;]{1,64}@[^\s@<>,;]{1,253}")
_TICKET = re.compile(r"\[?([A-Za-z][A-Za-z0-9]{0,15}-)?[1-9][0-9]{0,11}\]?")
_MAIL = re.compile(r"[1-9][0-9]{0,11}")
_CODE = re.compile(r"[0-9]{1,6}-[0-9]{1,6}-[A-Za-z2-7]{10}")


class Tail(Enum):
    """Whether something stands behind a colon."""

    NEVER = "never"
    MAY = "may"
    MUST = "must"


@dataclass(frozen=True, slots=True)
class Shape:
    """One form of line: opening words, perhaps a name, perhaps a tail behind a colon."""

    form: str  # as help shows it
    does: str  # what it does, in words
    openings: tuple[str, ...]  # in lower case, each of them will do
    make: Callable[[str, str], TicketCommand]  # of name and tail
    name: str = ""  # what may stand for the name in an example; "": it has none
    tail: Tail = Tail.NEVER
    like: re.Pattern[str] | None = None  # what a name must look like, where that can be told


def _waiting(status: Status) -> Callable[[str, str], TicketCommand]:
    return lambda name, tail: SetStatus(status, name, _folded(tail))


def _fault(cause: str) -> Callable[[str, str], TicketCommand]:
    return lambda name, tail: SetCause(cause, name, _folded(tail))


SHAPES = (
    Shape(
        "priority P2", "sets or confirms the priority; its targets are counted anew from the opening",
        ("priority", "prio"), lambda name, _: SetPriority(name), "P2",
    ),
    Shape(
        "pending customer[: reason]", "waits for the customer: the clocks of the work rest",
        ("pending customer",), _waiting(Status.PENDING_CUSTOMER), tail=Tail.MAY,
    ),
    Shape(
        "pending third party NAME[: reason]", "waits for somebody else: the clocks of the work rest",
        ("pending third party", "pending 3rd party"), _waiting(Status.PENDING_THIRD_PARTY), "NAME", Tail.MAY,
    ),
    Shape(
        "open", "ends the waiting, or opens again what was resolved",
        ("open", "reopen"), lambda _, __: SetStatus(Status.OPEN),
    ),
    Shape(
        "workaround[: line]", "a way round is in place: the clocks of the work rest, the ladder stops",
        ("workaround",), _waiting(Status.WORKAROUND), tail=Tail.MAY,
    ),
    Shape(
        "resolved[: line]", "it is solved; the line, on the cause and the cure, goes to the customer",
        ("resolved", "resolve"), _waiting(Status.RESOLVED), tail=Tail.MAY,
    ),
    Shape(
        "still resolved", "undoes a reopening, as if it had not been",
        ("still resolved",), lambda _, __: StillResolved(),
    ),
    Shape("close", "closes it for good", ("close", "closed"), lambda _, __: SetStatus(Status.CLOSED)),
    Shape("cause ours[: reason]", "the fault was ours", ("cause ours",), _fault("ours"), tail=Tail.MAY),
    Shape(
        "cause customer[: reason]", "the fault was the customer's",
        ("cause customer",), _fault("customer"), tail=Tail.MAY,
    ),
    Shape(
        "cause third party NAME[: reason]", "the fault was somebody else's: no fix commitment, no service credits",
        ("cause third party", "cause 3rd party"), _fault("third party"), "NAME", Tail.MAY,
    ),
    Shape(
        "cause unknown[: reason]", "takes the cause back",
        ("cause unknown",), _fault("unknown"), tail=Tail.MAY,
    ),
    Shape("take", "you have it in hand", ("take",), lambda _, __: Take()),
    Shape(
        "owner NAME", "he has it in hand: a name, a part of it, or an address; `owner nobody` takes it off",
        ("owner",), lambda name, _: SetOwner(name), "NAME",
    ),
    Shape(
        "team NAME", "hands it over to a team, whose clock starts",
        ("team",), lambda name, _: SetTeam(name), "support",
    ),
    Shape(
        "escalate[: reason]", "hands it over to the next team",
        ("escalate",), lambda _, tail: Escalate(_folded(tail)), tail=Tail.MAY,
    ),
    Shape(
        "cc remove bob@acme.example", "he gets nothing of it any more",
        ("cc remove",), lambda name, _: RemoveParticipant(name.lower()), "bob@acme.example", like=_ADDRESS,
    ),
    Shape(
        "cc add bob@acme.example", "he gets what goes to the customer, and may write to the ticket",
        ("cc add", "cc"), lambda name, _: AddParticipant(name.lower()), "bob@acme.example", like=_ADDRESS,
    ),
    Shape(
        "requester bob@acme.example", "whose ticket it is; from then on he is owed answers",
        ("requester",), lambda name, _: SetRequester(name.lower()), "bob@acme.example", like=_ADDRESS,
    ),
    Shape(
        "contract NUMBER", "the contract of the register that it falls under",
        ("contract",), lambda name, _: SetContract(name), "NUMBER",
    ),
    Shape(
        "merge into 1042", "it goes on as that ticket, with all who take part, and later mail follows",
        ("merge into",), lambda name, _: MergeInto(name), "1042", like=_TICKET,
    ),
    Shape(
        "split mail 17", "a mail of the ticket, by its number in `mail list`, becomes a ticket of its own",
        ("split mail",), lambda name, _: Split(name), "17", like=_MAIL,
    ),
    Shape("split", "the mail that is answered becomes a ticket of its own", ("split",), lambda _, __: Split()),
    Shape(
        "link 1042", "this ticket and that one name each other",
        ("link",), lambda name, _: Link(name), "1042", like=_TICKET,
    ),
    Shape(
        "undo 3-5-abcdefghij", "what a command changed within 24 hours is as it was before",
        ("undo",), lambda name, _: Undo(name.lower()), "3-5-abcdefghij", like=_CODE,
    ),
    Shape("note: text", "stays inside the firm", ("note",), lambda _, tail: Note(tail), tail=Tail.MUST),
    Shape("reply: text", "goes to the customer", ("reply", "answer"), lambda _, tail: Say(tail), tail=Tail.MUST),
)  # fmt: skip
GRAMMAR = tuple((shape.form, shape.does) for shape in SHAPES)
_WITH_LINE = (Status.WORKAROUND, Status.RESOLVED)  # whose reason the customer reads
_HEADS: dict[type[TicketCommand], str] = {
    SetPriority: "priority {0.priority}",
    SetStatus: "{0.status} {0.waits_for}",
    StillResolved: "still resolved",
    SetCause: "cause {0.cause} {0.name}",
    Take: "take",
    SetOwner: "owner {0.who}",
    SetTeam: "team {0.team}",
    Escalate: "escalate",
    Say: "reply",
    Note: "note",
    AddParticipant: "cc add {0.address}",
    RemoveParticipant: "cc remove {0.address}",
    SetRequester: "requester {0.address}",
    SetContract: "contract {0.number}",
    MergeInto: "merge into {0.ticket}",
    Link: "link {0.ticket}",
    Undo: "undo {0.code}",
}
_OPENINGS = tuple((tuple(opening.split()), shape) for shape in SHAPES for opening in shape.openings)


def parse(line: str) -> TicketCommand | Unclear:
    """The command that a line is, wholly; a leading ``#`` is allowed.

    Case does not count in the opening words.  Names and reasons come back in one line, the text of a note or an answer
    as it stands, over several lines if need be.  What a name means is found out when it is obeyed.
    """
    if len(line) > LONGEST:
        return Unclear(_shown(line), f"it is longer than {LONGEST} characters", "note: TEXT")
    words, tail = _parted(line)
    folded = tuple(word.casefold() for word in words)
    for opening, shape in _OPENINGS:
        if folded[: len(opening)] != opening:
            continue
        name = words[len(opening) :]
        wrong = _wrong(shape, opening, name, tail)
        return Unclear(_shown(line), wrong, _nearest(words, tail)) if wrong else shape.make(" ".join(name), tail or "")
    wrong = "it is no command" if words else "no command stands there"
    return Unclear(_shown(line), wrong, _nearest(words, tail))


def words(command: TicketCommand) -> str:
    """The line that `parse` reads as this command.  Raises ValueError for a merging, which no line says by itself."""
    if isinstance(command, SetStatus) and command.status is Status.MERGED:
        raise ValueError("a ticket is merged into another, not set to merged")
    if isinstance(command, Split):
        return f"split mail {command.mail}" if command.mail else "split"
    return _line(_folded(_HEADS[type(command)].format(command)), _tail(command))


def with_text(commands: Sequence[TicketCommand], text: str) -> list[TicketCommand]:
    """The commands with a text for the customer: the line of what is solved, where that has none; else an answer."""
    if not text:
        return list(commands)
    for at, command in enumerate(commands):
        if isinstance(command, SetStatus) and command.status in _WITH_LINE and not command.reason:
            return [*commands[:at], replace(command, reason=text), *commands[at + 1 :]]
    return [Say(text), *commands]


def _tail(command: TicketCommand) -> str:
    if isinstance(command, Say | Note):
        return command.text
    return command.reason if isinstance(command, SetStatus | SetCause | Escalate) else ""


def _parted(line: str) -> tuple[list[str], str | None]:
    """The words before the first colon, and what stands behind it; None where there is no colon."""
    head, colon, tail = line.strip().removeprefix("#").partition(":")
    words = head.split()
    if not colon and len(words) == 1 and _P_AND_DIGIT.fullmatch(words[0].casefold()):
        words.insert(0, "priority")
    return words, tail.strip() if colon else None


def _wrong(shape: Shape, opening: Sequence[str], name: Sequence[str], tail: str | None) -> str:  # noqa: PLR0911 (a table)
    """What is wrong with a line that opens like this shape, "" if nothing is."""
    said = " ".join(opening)
    if shape.name and not name:
        return f"{said} lacks what it names"
    if shape.name and not _is_name(name):
        return f"a name has at most {MOST_NAME_WORDS} words and {LONGEST_NAME} characters; is a colon missing?"
    if not _fits(shape, name):
        return f"{' '.join(name)} is not what {said} names"
    if name and not shape.name:
        return f"{said} stands alone" if shape.tail is Tail.NEVER else f"a colon is missing after {said}"
    if tail is not None and shape.tail is Tail.NEVER:
        return f"{said} has nothing behind a colon"
    if not tail and (tail is not None or shape.tail is Tail.MUST):
        return f"nothing stands behind {said}:"
    return ""


def _is_name(name: Sequence[str]) -> bool:
    return len(name) <= MOST_NAME_WORDS and len(" ".join(name)) <= LONGEST_NAME


def _fits(shape: Shape, name: Sequence[str]) -> bool:
    return shape.like is None or shape.like.fullmatch(" ".join(name)) is not None


def _nearest(words: Sequence[str], tail: str | None) -> str:
    """The line of the grammar that is most like it; a note where none is, because that harms nobody."""
    if not words:
        return _line("note", _shown(tail or "") or "TEXT")
    score, opening, shape = max((_likeness(opening, words), opening, shape) for opening, shape in _OPENINGS)
    if score < NEAR:
        return _line("note", _shown(_line(" ".join(words), tail or "")))
    rest = words[len(opening) :]
    return _righted(shape, opening, rest, tail)


def _likeness(opening: Sequence[str], words: Sequence[str]) -> float:
    """How alike the first words are, 0 to 1; 1 more where the very first is the same."""
    first = " ".join(words[: len(opening)]).casefold()[:SHOWN]
    ratio = SequenceMatcher(None, " ".join(opening), first, autojunk=False).ratio()
    return ratio + (opening[0] == words[0].casefold())


def _righted(shape: Shape, opening: Sequence[str], rest: Sequence[str], tail: str | None) -> str:
    """A line of this shape with as much of what was written as it takes."""
    name, behind = "", tail or ""
    if shape.name:
        name = " ".join(rest) if rest and _is_name(rest) and _fits(shape, rest) else shape.name
    else:
        behind = f"{' '.join(rest)} {behind}".strip()
    if shape.tail is Tail.NEVER:
        behind = ""
    elif shape.tail is Tail.MUST:
        behind = behind or "TEXT"
    return _line(f"{' '.join(opening)} {name}".strip(), _shown(behind))


def _line(head: str, tail: str) -> str:
    return f"{head}: {tail}" if tail else head


def _folded(text: str) -> str:
    return " ".join(text.split())


def _shown(text: str) -> str:
    """A line as it is shown to its writer, short."""
    shown = _folded(text[: 2 * SHOWN])
    return shown if len(shown) <= SHOWN else f"{shown[:SHOWN].rstrip()}\u2026"
