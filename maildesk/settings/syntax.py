"""What PyYAML says of a file that is no YAML, in the words of who wrote the file.  Pure; it never guesses a meaning."""

from typing import Any, Final, NamedTuple

import yaml


class Wrong(NamedTuple):
    """The line (from 1; 0: none is known), what is wrong there, and what would be right."""

    line: int
    wrong: str
    right: str


_BEGIN: Final = "the beginning"  # the fault stands where the context begins, not where reading gave up
_HERE: Final = "here"
_SPACES: Final = "indent with spaces, never with tabs"
_ALIGN: Final = "begin all names of one section in the same column, a section's own name further left"
_QUOTE: Final = 'put the value in quotes, like "..."'

# What PyYAML says (a part of context and problem), whose line counts, and our words.
_WORDS: Final = (
    ("found character '\\t'", _HERE, "holds a tab", _SPACES),
    ("found character", _HERE, "begins a value with a character that means something else in YAML", _QUOTE),
    ("mapping values are not allowed", _HERE, "has a colon where none can stand",
     "write one name a line, with a space after its colon, below the names beside it; the line before may lack that"),
    ("could not find expected ':'", _BEGIN, "is no name with a value", "write name: value, with a space after the colon"),
    ("expected the node content, but found '<stream end>'", _HERE, "the file ends within [ or {", "close it with ] or }"),
    ("while parsing a flow", _BEGIN, "opens a [ or { that is not closed as it should be",
     "close it with its own ] or }, with a comma between what is inside"),
    ("while scanning a quoted scalar", _BEGIN, "opens a quote that is not closed", "close it with the same quote"),
    ("while scanning a double-quoted scalar", _HERE, "holds a backslash in double quotes", "write single quotes"),
    ("while scanning an a", _BEGIN, "begins a value with * or &", _QUOTE),
    ("sequence entries are not allowed", _HERE, "begins a list behind a name",
     "write each - on a line of its own below the name, or [one, two]"),
    ("but found '-'", _HERE, "begins a list among names", "indent the list below its name"),
    ("but found '<scalar>'", _HERE, "has something behind a closing quote", "put the whole value in quotes"),
    ("expected <block end>", _HERE, "is indented unlike the lines that it belongs to", _ALIGN),
    ("expected '<document start>'", _HERE, "is indented unlike the first line", _ALIGN),
    ("expected a single document", _HERE, "begins a second document", "take the line --- away"),
    ("while scanning a block scalar", _HERE, "has something behind | or >", _QUOTE),
)  # fmt: skip


def in_plain_words(fault: yaml.MarkedYAMLError, text: str) -> Wrong:
    """The first of the known complaints that fits; a tab in the indent of the line goes before all."""
    raw = " ".join(part for part in (fault.context, fault.problem) if part)
    for part, whose, wrong, right in _WORDS:
        if part in raw:
            line = _line(fault.context_mark if whose is _BEGIN else fault.problem_mark)
            return Wrong(line, "holds a tab", _SPACES) if _has_tab(text, line) else Wrong(line, wrong, right)
    line = _line(fault.problem_mark or fault.context_mark)
    return Wrong(line, f"cannot be read: {raw}", "check indentation, colons and quotes")


def _line(mark: Any) -> int:
    return mark.line + 1 if mark else 0


def _has_tab(text: str, line: int) -> bool:
    lines = text.splitlines()
    return 0 < line <= len(lines) and "\t" in lines[line - 1][: len(lines[line - 1]) - len(lines[line - 1].lstrip())]
