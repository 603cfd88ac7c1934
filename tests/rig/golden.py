"""Golden mails: what a mail must be, line by line, with wildcards for what differs from run to run.

``{{name}}`` stands for any text within a line, and for the same text wherever the name comes again; a line that is
only ``*`` stands for any number of lines.  Line ends do not matter.
"""

import re
from collections.abc import Sequence
from difflib import unified_diff

_WILDCARD = re.compile(r"\{\{(\w+)\}\}")
ANY_LINES = "*"


def golden_difference(golden: str, actual: str) -> str:
    """Empty if ``actual`` is what ``golden`` says, else what differs, as a diff."""
    expected, found = golden.splitlines(), actual.splitlines()
    if _match(expected, found, {}):
        return ""
    return "\n".join(unified_diff(expected, found, "golden", "actual", lineterm=""))


def _match(expected: Sequence[str], found: Sequence[str], bound: dict[str, str]) -> bool:
    for at, line in enumerate(expected):
        if line == ANY_LINES:
            rests = (found[skip:] for skip in range(at, len(found) + 1))
            return any(_match(expected[at + 1 :], rest, dict(bound)) for rest in rests)
        if at >= len(found) or not _match_line(line, found[at], bound):
            return False
    return len(found) == len(expected)


def _match_line(expected: str, found: str, bound: dict[str, str]) -> bool:
    pieces, new = [], set[str]()
    for at, piece in enumerate(_WILDCARD.split(expected)):  # literal, name, literal, name, ..., literal
        if at % 2 == 0:
            pieces.append(re.escape(piece))
        elif piece in bound:
            pieces.append(re.escape(bound[piece]))
        else:
            pieces.append(f"(?P={piece})" if piece in new else f"(?P<{piece}>.*?)")
            new.add(piece)
    match = re.fullmatch("".join(pieces), found)
    if match is None:
        return False
    bound.update(match.groupdict())
    return True
