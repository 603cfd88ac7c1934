"""Text of strangers, made fit to stand in a mail of ours: clean lines, a fence that nobody's text can leave, sizes.

Pure, and linear in what it reads.  It refuses what could move or hide other lines: controls, direction marks,
odd line ends, and lines so long that a mail client would break them in front of the fence.
"""

import re
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any, TypeVar
from unicodedata import east_asian_width

from maildesk.desk.subject import INVISIBLE, one_line, shorten

COLUMNS = 76  # of our text mails
FENCE = "| "
MOST_TEXT = 100_000  # characters of a stranger's text in one notice; the whole of it is kept with its mail
MOST_LINE = 1000  # characters of any other fact

_MANY_LINES = frozenset({"text", "asked"})  # the facts that keep their line ends; every other one is a single line
_UNSEEN = re.compile(f"[{INVISIBLE}]")
_UNIT = 1024

_COMMAND = re.compile(r"`[^`\n]{1,200}`")

T = TypeVar("T")


def presentable(facts: T) -> T:
    """The same facts with every string clean: `many_lines` for a customer's words, a single line for all others."""
    cleaned: T = _presentable(facts)
    return cleaned


def _presentable(fact: Any) -> Any:
    if type(fact) is str:
        return shorten(one_line(fact), MOST_LINE)
    if type(fact) is tuple:
        return tuple([_presentable(part) for part in fact])
    kind: type[Any] = type(fact)
    if not is_dataclass(kind):
        return fact
    return kind(*[clean(getattr(fact, name)) for name, clean in _cleaners(kind)])


@cache
def _cleaners(kind: type[Any]) -> list[tuple[str, Callable[[Any], Any]]]:
    return [(field.name, many_lines if field.name in _MANY_LINES else _presentable) for field in fields(kind)]


def many_lines(text: str) -> str:
    """The text with plain line ends, without invisible characters and without empty lines at its ends."""
    clean = [_clean_line(line) for line in text[:MOST_TEXT].expandtabs(4).splitlines()]
    left = len(text) - MOST_TEXT
    more = [f"[{left} more characters: see the stored mail]"] if left > 0 else []
    return "\n".join(clean + more).strip("\n")


def fence(text: str) -> str:
    """Every line behind a rule, none wider than our mails: text in it cannot pass for a line of the desk's own."""
    rows = (row for line in text.split("\n") for row in fold(line, COLUMNS - len(FENCE)))
    return "\n".join((FENCE + row).rstrip() for row in rows)


def lines(text: str) -> str:
    """A text of the firm's own as it stands, no line wider than our mails."""
    return "\n".join(row for line in text.split("\n") for row in fold(line, COLUMNS))


def fold(line: str, width: int) -> list[str]:
    """A line as rows of at most ``width`` columns of a terminal, broken at spaces where there are any."""
    rows, start = [], 0
    while (end := _end_of_row(line, start, width)) < len(line):
        space = line.rfind(" ", start, end + 1)
        cut = space if line[start : max(space, start)].strip() else end
        rows.append(line[start:cut].rstrip())
        start = cut + 1 if line[cut] == " " else cut
    return [*rows, line[start:]]


def _end_of_row(line: str, start: int, width: int) -> int:
    if line.isascii():
        return start + width
    used = 0
    for at in range(start, min(len(line), start + width)):
        used += _cells(line[at])
        if used > width:
            return at
    return start + width


def wrap(text: str) -> str:
    """Our own paragraphs, filled to `COLUMNS`; an empty line parts them, a `command` stays whole."""
    paragraphs = _COMMAND.sub(lambda command: command[0].replace(" ", "\0"), text.strip()).split("\n\n")
    return "\n\n".join("\n".join(fold(" ".join(paragraph.split()), COLUMNS)) for paragraph in paragraphs).replace(
        "\0", " "
    )


def row(label: str, value: str, width: int = 14) -> str:
    """``label: value`` in columns; a long value goes on below itself, never at the left edge."""
    return _hanging(f"{label}:", value, width)


def bullet(value: str) -> str:
    """``- value``; a long one goes on below itself."""
    return _hanging("-", value, 2)


def size(octets: int) -> str:
    """A size as people read it: ``812 bytes``, ``2.6 KB``, ``5.0 MB``."""
    if octets < _UNIT:
        return "1 byte" if octets == 1 else f"{octets} bytes"
    if octets < _UNIT * _UNIT:
        return f"{octets / _UNIT:.1f} KB"
    return f"{octets / _UNIT / _UNIT:.1f} MB"


def _hanging(mark: str, value: str, width: int) -> str:
    first, *more = fold(value, COLUMNS - width)
    return "\n".join([f"{mark:<{width - 1}} {first}".rstrip(), *(" " * width + rest for rest in more)])


def _clean_line(line: str) -> str:
    if line.isascii() and line.isprintable():
        return line.rstrip()
    return _UNSEEN.sub("", line).rstrip()


def _cells(char: str) -> int:
    # Combining marks count as one: a heap of them must not make an endless row.
    return 2 if east_asian_width(char) in "WF" else 1
