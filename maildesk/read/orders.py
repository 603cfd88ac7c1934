"""What a member of the firm orders in a mail: its command lines, told from the text (mail-rules, "Command lines").

Leading lines that wholly match the grammar are commands, the rest is the message.  What might be either is neither:
it comes back as a doubt, with nothing to obey and nothing to send.  A slip of the pen must never publish a note.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from maildesk.desk.commands import SHAPES, Escalate, Note, Say, SetCause, SetStatus, TicketCommand, Unclear, parse

Parser = Callable[[str], object]  # of a line that is no command of a ticket: a query, a code; None where it is none
Grammar = Callable[[str], TicketCommand | Unclear]

COMMAND_WORDS = frozenset(opening.split()[0] for shape in SHAPES for opening in shape.openings)
DOUBTFUL_WORDS = 5  # a first line of more words is prose
SHORTEST_SLIP = 4  # letters: "no" is one edit from "on", and no slip of the pen
WRAPPED = 60  # columns: a plain-text client may have broken a line that is about as long
GREETING_WORDS = 4
_NOTE = "note"
_WORDS_LIKE_NOTE = frozenset({"not", "none", "node", "noted", "vote", "nose", "rote"})  # they open prose
_WORD = re.compile(r"\W*([^\W_]+)")
_GREETINGS = {
    *("hi", "hello", "hey", "dear", "good"),
    *("hallo", "guten", "liebe", "lieber", "sehr"),
    *("bonjour", "bonsoir", "salut", "hola", "buenos", "buenas", "ciao", "salve", "buongiorno", "beste", "geachte"),
}


@dataclass(frozen=True, slots=True)
class OrderLine:
    """A command line as it was written, and the command; unclear only from the subject, or where text is lacking."""

    line: str
    command: TicketCommand | Unclear


@dataclass(frozen=True, slots=True)
class Doubt:
    """A line that is neither command nor prose: nothing is done or sent, and its writer is asked."""

    line: str
    wrong: str
    right: str  # a line that would be a command


@dataclass(frozen=True, slots=True)
class Orders:
    """What a mail orders.  With a doubt there are no lines, and ``message`` is the whole text, to be sent "as it is"."""

    lines: tuple[OrderLine, ...] = ()
    message: str = ""
    doubt: Doubt | None = None
    note: bool = False  # `note` stood alone in a leading line: the message stays inside the firm
    others: tuple[object, ...] = ()  # what the injected parsers made of leading lines: queries, codes

    @property
    def commands(self) -> tuple[TicketCommand, ...]:
        """The commands that are clear, in order."""
        return tuple(line.command for line in self.lines if not isinstance(line.command, Unclear))


def read_orders(
    own: str, subject: str, parse: Grammar = parse, others: Sequence[Parser] = (), known_subject: str = ""
) -> Orders:
    """The orders in the writer's own new text and the suffix of his subject.

    ``others`` read leading lines that are no command of a ticket.  ``known_subject`` is the ticket's: a suffix that
    stands in it was written by whoever opened the ticket, and orders nothing.
    """
    text = own.strip("\n").splitlines()
    subjects = _subject_lines(subject, known_subject, parse)
    head: list[OrderLine] = []
    asked: list[object] = []
    is_note, at = False, 0
    while at < len(text):
        line = text[at].strip()
        if _is_note_alone(line):
            is_note, at = True, at + 1
            break
        command = parse(line) if line else None
        if line and isinstance(command, Unclear):
            other = next((found for read in others if (found := read(line)) is not None), None)
            if other is None:
                break
            asked.append(other)
        elif command is not None and not isinstance(command, Unclear):
            head.append(OrderLine(line, command))
        at += 1
    rest = text[at:]
    doubt = None if is_note else _doubt(rest, parse) or _broken(text[:at], rest, parse)
    if doubt:
        return Orders(message=own.strip("\n"), doubt=doubt)
    return _put_together([*subjects, *head], "\n".join(rest).strip("\n").rstrip(), tuple(asked), is_note=is_note)


def _put_together(lines: Sequence[OrderLine], message: str, others: tuple[object, ...], *, is_note: bool) -> Orders:
    """A text behind `note: ...` belongs to the note, and behind `reply: ...` to the answer."""
    if is_note and not message:
        lacking = Unclear(_NOTE, "no text stands below it", "note: TEXT")
        return Orders((*lines, OrderLine(_NOTE, lacking)), others=others)
    if not message or is_note:
        return Orders(tuple(lines), message, note=is_note, others=others)
    notes = [at for at, line in enumerate(lines) if isinstance(line.command, Note)]
    says = [at for at, line in enumerate(lines) if isinstance(line.command, Say)]
    for at in (notes or says)[-1:]:
        return Orders((*lines[:at], _longer(lines[at], message), *lines[at + 1 :]), others=others)
    return Orders(tuple(lines), message, others=others)


def _longer(line: OrderLine, message: str) -> OrderLine:
    if not isinstance(line.command, Note | Say):
        return line
    return replace(line, command=replace(line.command, text=f"{line.command.text}\n{message}"))


def _is_note_alone(line: str) -> bool:
    return line.removeprefix("#").strip().removesuffix(":").rstrip().casefold() == _NOTE


def _doubt(rest: Sequence[str], parse: Grammar) -> Doubt | None:
    """Whether the first line that is no command is no prose either, or a command stands where none can be obeyed."""
    lines = [line.strip() for line in rest if line.strip()]
    if not lines:
        return None
    if _is_doubtful(lines[0]):
        return _doubted(lines[0], parse)
    if _is_greeting(lines[0]) and lines[1:] and _is_commanding(lines[1], parse):
        return Doubt(lines[1], "a command must stand above the greeting", lines[1])
    marked = (line for line in lines[1:] if line.startswith("#") and _is_like_a_command(_first_word(line)))
    below = next(marked, None)
    return Doubt(below, "a command must stand above the text", below) if below else None


def _is_doubtful(line: str) -> bool:
    word = _first_word(line)
    if line.startswith("#") or word == _NOTE:
        return True
    if _is_one_edit(word, _NOTE) and (word not in _WORDS_LIKE_NOTE or ":" in line.split(maxsplit=1)[0]):
        return True
    return len(line.split()) <= DOUBTFUL_WORDS and _is_like_a_command(word)


def _doubted(line: str, parse: Grammar) -> Doubt:
    read = parse(line)
    if isinstance(read, Unclear):
        return Doubt(line, read.wrong, read.right)
    return Doubt(line, "it is neither a command nor plain text", line)


def _is_commanding(line: str, parse: Grammar) -> bool:
    return _is_note_alone(line) or not isinstance(parse(line), Unclear) or _is_doubtful(line)


def _is_greeting(line: str) -> bool:
    return len(line.split()) <= GREETING_WORDS and (line.endswith((",", "!")) or _first_word(line) in _GREETINGS)


def _broken(head: Sequence[str], rest: Sequence[str], parse: Grammar) -> Doubt | None:
    """Whether the reason of the last command may have been broken by the client, so that its end would be published."""
    if not head or not rest or not head[-1].strip() or not rest[0].strip():
        return None
    line = head[-1].strip()
    command = parse(line)
    reasoned = isinstance(command, SetCause | SetStatus | Escalate) and bool(command.reason)
    if not reasoned or len(line) + len(rest[0].split(maxsplit=1)[0]) < WRAPPED:
        return None
    return Doubt(line, "its reason may go on in the next line; leave an empty line between command and text", line)


def _is_like_a_command(word: str) -> bool:
    return word in COMMAND_WORDS or any(
        len(command) >= SHORTEST_SLIP and _is_one_edit(word, command) for command in COMMAND_WORDS
    )


def _first_word(line: str) -> str:
    """The first word without what stands around it, folded; "" where none is."""
    found = _WORD.match(line[:200])
    return found[1].casefold() if found else ""


def _is_one_edit(word: str, other: str) -> bool:
    """Whether one letter too many, too few, wrong, or two swapped, make one word of the other; equal is none."""
    if word == other or abs(len(word) - len(other)) > 1:
        return False
    at = next((i for i, (a, b) in enumerate(zip(word, other, strict=False)) if a != b), min(len(word), len(other)))
    left, right = word[at:], other[at:]
    swapped = left[:2] == right[:2][::-1] and left[2:] == right[2:] and len(left) == len(right)
    return swapped or left[1:] == right[1:] or left[1:] == right or left == right[1:]


def _subject_lines(subject: str, known: str, parse: Grammar) -> list[OrderLine]:
    """The orders of a suffix like ``[priority=P2; owner=sam]``; brackets with anything else order nothing."""
    subject = subject.rstrip()
    _, opened, inside = subject.rpartition("[")
    if not opened or not inside.endswith("]") or f"[{inside}".casefold() in known.casefold():
        return []
    parts = [part.strip() for part in inside[:-1].split(";")]
    if not all("=" in part and _first_word(part) in COMMAND_WORDS for part in parts):
        return []
    return list(_read_parts(parts, parse))


def _read_parts(parts: Iterable[str], parse: Grammar) -> Iterable[OrderLine]:
    for part in parts:
        key, _, value = part.partition("=")
        yield OrderLine(part, parse(f"{key.strip()} {value.strip()}"))
