"""The lines of a mail's text, each with its kind: text, quote, lead-in, repeated header field, rule, our own words.

Bounded and linear: so many lines of such a length, and no line is looked at more than a few times.
"""

from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple

from maildesk.read import quote_marks
from maildesk.read.leadins import ends_like_lead_in, is_dated, lead_in_width
from maildesk.read.ours import Sent

MOST_LINES = 20_000
LONGEST_LINE = 4_000  # characters; a longer one is cut into several
_LONGEST = 1_000_000  # characters of a text that are looked at
_NEAR = 8  # lines that may stand empty between a lead-in and its quote
_HEADER_FIELDS = 3  # kinds of header fields that make a header block
_FOLDED_LINES = 6  # a long To may go on over so many lines
_HEADER_LINES = 60


class Kind(StrEnum):
    """What a line is."""

    TEXT = "text"
    EMPTY = "empty"
    QUOTE = "quote"
    LEAD_IN = "lead-in"
    HEADER = "header"
    RULE = "rule"
    OURS = "ours"


class Line(NamedTuple):
    """A line and its kind."""

    kind: Kind
    text: str


def cut(text: str) -> Iterator[str]:
    """Lines of bounded number and length, without what does not show."""
    lines = text[:_LONGEST].replace("\r\n", "\n").replace("\r", "\n").split("\n", MOST_LINES)[:MOST_LINES]
    for line in lines:
        if len(line) <= LONGEST_LINE:
            yield quote_marks.visible(line)
            continue
        for start in range(0, len(line), LONGEST_LINE):
            yield quote_marks.visible(line[start : start + LONGEST_LINE])


def scan(lines: list[str], sent: Sent) -> list[Line]:
    """A kind for each line."""
    kinds = [_first_kind(line) for line in lines]
    _mark_lead_ins(lines, kinds)
    _mark_history(lines, kinds)
    if sent:
        _mark_ours(lines, kinds, sent)
    return [Line(kind, line) for kind, line in zip(kinds, lines, strict=True)]


def _first_kind(line: str) -> Kind:
    if not line.strip():
        return Kind.EMPTY
    return Kind.QUOTE if quote_marks.is_quoted(line) else Kind.TEXT


def _mark_lead_ins(lines: list[str], kinds: list[Kind]) -> None:
    for i in range(len(lines)):
        if kinds[i] is Kind.EMPTY or not ends_like_lead_in(lines[i]):
            continue
        if kinds[i] is Kind.QUOTE and not _closes_address(lines, kinds, i):
            continue
        following = _next_shown(kinds, i)
        quoted = following is not None and (kinds[following] is Kind.QUOTE or _marks_by_name(lines, kinds, following))
        width = lead_in_width(lines, i, quote_follows=quoted)
        if not width:
            continue
        kinds[i - width + 1 : i + 1] = [Kind.LEAD_IN] * width
        if following is not None:
            _mark_named_quote(lines, kinds, following)


def _closes_address(lines: list[str], kinds: list[Kind], i: int) -> bool:
    """A ``>`` that begins a line but ends the address of a lead-in that was wrapped within it."""
    if not i or kinds[i - 1] is not Kind.TEXT or not lines[i].rstrip().endswith((":", "\uff1a")):
        return False
    return lines[i - 1].rfind("<") > lines[i - 1].rfind(">")


def _next_shown(kinds: list[Kind], i: int) -> int | None:
    return next((j for j in range(i + 1, min(i + _NEAR, len(kinds))) if kinds[j] is not Kind.EMPTY), None)


def _marks_by_name(lines: list[str], kinds: list[Kind], i: int) -> bool:
    return kinds[i] is Kind.TEXT and bool(quote_marks.name_mark(lines[i]))


def _mark_named_quote(lines: list[str], kinds: list[Kind], start: int) -> None:
    """``Bob> text`` right after a lead-in is a quote, as far as the same mark goes on."""
    mark = quote_marks.name_mark(lines[start])
    if not mark:
        return
    for j in range(start, len(lines)):
        if not lines[j].startswith(mark):
            return
        kinds[j] = Kind.QUOTE


def _mark_history(lines: list[str], kinds: list[Kind]) -> None:
    """Rules over a quoted mail, and the header fields that a client repeats there."""
    i = 0
    while i < len(lines):
        if kinds[i] is not Kind.TEXT:
            i += 1
            continue
        if quote_marks.is_history_title(lines[i]):
            kinds[i] = Kind.RULE
            i = _mark_header_block(lines, kinds, i + 1, needed=1)
            continue
        end = i
        if quote_marks.header_kind(lines[i]):
            end = _mark_header_block(lines, kinds, i, needed=_HEADER_FIELDS)
        if end > i:
            _mark_title(lines, kinds, i)
        i = max(end, i + 1)


def _mark_title(lines: list[str], kinds: list[Kind], block: int) -> None:
    """A title of unknown words over a header block: between dashes, or a dated line of its own right above."""
    above = _last_shown(kinds, block)
    if above is None or kinds[above] is not Kind.TEXT:
        return
    alone = above == block - 1 and (not above or kinds[above - 1] is Kind.EMPTY)
    if quote_marks.is_framed_title(lines[above]) or (alone and is_dated(lines[above])):
        kinds[above] = Kind.RULE


def _last_shown(kinds: list[Kind], i: int) -> int | None:
    return next((j for j in range(i - 1, max(i - _NEAR, -1), -1) if kinds[j] is not Kind.EMPTY), None)


def _mark_header_block(lines: list[str], kinds: list[Kind], start: int, *, needed: int) -> int:
    """Mark the header block that begins at ``start``, if one does; where it ends, else ``start``."""
    fields: set[str] = set()
    end = i = start
    folded = 0
    while i < min(len(lines), start + _HEADER_LINES) and folded <= _FOLDED_LINES and kinds[i] is not Kind.QUOTE:
        kind = quote_marks.header_kind(lines[i])
        if kind:
            fields.add(kind)
            end, folded = i + 1, 0
        elif not fields and kinds[i] is not Kind.EMPTY:
            return start
        elif kinds[i] is Kind.EMPTY and _ends_block(lines, i):
            break
        else:
            folded += 1
        i += 1
    if len(fields) < needed or "from" not in fields:
        return start
    kinds[start:end] = [Kind.HEADER] * (end - start)
    return end


def _ends_block(lines: list[str], i: int) -> bool:
    """An empty line ends a header block, if no further field comes right after it."""
    return i + 1 >= len(lines) or (bool(lines[i + 1].strip()) and not quote_marks.header_kind(lines[i + 1]))


def _mark_ours(lines: list[str], kinds: list[Kind], sent: Sent) -> None:
    found, sure = sent.found(lines), sent.sure(lines)
    first_mark = next((i for i, kind in enumerate(kinds) if kind not in (Kind.TEXT, Kind.EMPTY)), len(kinds))
    quoted = any(found[i] for i, kind in enumerate(kinds) if kind is Kind.QUOTE)
    for i, kind in enumerate(kinds):
        if kind is Kind.QUOTE and quoted and not quote_marks.unquoted(lines[i]).strip():
            kinds[i] = Kind.OURS  # the empty lines of our own text
        elif kind is Kind.QUOTE and sent.answered(lines[i]):
            kinds[i], lines[i] = Kind.TEXT, quote_marks.unquoted(lines[i])
        elif (kind is Kind.QUOTE and found[i]) or (kind is Kind.TEXT and (sure[i] or (found[i] and i > first_mark))):
            kinds[i] = Kind.OURS
