"""What the writer of a mail newly wrote himself, told from what he quotes and what his client adds.

A line scanner: each line gets a kind, then a few plain decisions are taken over the kinds.  It refuses to
guess by phrases of single mails, and it never discards: the original text is kept elsewhere.
"""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from itertools import groupby
from typing import NamedTuple

from maildesk.read import quote_marks
from maildesk.read.leadins import lead_in_width
from maildesk.read.ours import Sent, words
from maildesk.read.quote_html import html_lines

MOST_LINES = 20_000
LONGEST_LINE = 4_000  # characters; a longer one is cut into several
_LONGEST = 1_000_000  # characters of a text that are looked at

_NEAR = 8  # lines that may stand empty between a lead-in and its quote
_HEADER_FIELDS = 3  # kinds of header fields that make a header block
_FOLDED_LINES = 6  # a long To may go on over so many lines
_SIGNATURE_LINES = 10
_SIGNATURE_WIDTH = 120
_MARKED_SIGNATURE_LINES = 40
_AFTERTHOUGHT_LINES = 6  # below a whole quoted mail: more likely a signature than an answer
_GREETING_WORDS = 4
_FOOTER_LINES = 2
_ROUNDS = 3


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


def new_text(text: str, html: str = "", ours: Sequence[str] = ()) -> str:
    """What the writer newly wrote; ``ours`` are texts that we sent, which are subtracted.

    Quoted lines between which he answers stay, with their marks.  Where nothing is plainly his own (a bare
    forward, a lone signature), it falls back on what might be; it is empty only where all words are ours.
    For deciding what he *commands*, take `own_text`.
    """
    lines, sent = _lines_of(text, html), Sent(ours)
    for _ in range(_ROUNDS):
        scanned = _scan(lines, sent)
        own, history = _split(scanned, sent)
        if any(line.kind is Kind.TEXT for line in own):
            return _joined(own)
        if not history:
            return _joined(_leftover(scanned))
        lines = [line.text for line in history]
    return _joined(_leftover(_scan(lines, sent)))


def own_text(text: str, html: str = "", ours: Sequence[str] = ()) -> str:
    """Only what is plainly the writer's own: no quoted line, no fallback; may be empty."""
    sent = Sent(ours)
    own, _ = _split(_scan(_lines_of(text, html), sent), sent)
    return _joined([line for line in own if line.kind is not Kind.QUOTE])


def _lines_of(text: str, html: str) -> list[str]:
    """The plain text, or the HTML's where only its containers tell what is quoted."""
    plain = list(_cut(text))
    if not html or any(quote_marks.is_quoted(line) for line in plain):
        return plain
    lines, marked = html_lines(html)
    return list(_cut("\n".join(lines))) if lines and (marked or not text.strip()) else plain


def _cut(text: str) -> Iterator[str]:
    """Lines of bounded number and length, without what does not show."""
    lines = text[:_LONGEST].replace("\r\n", "\n").replace("\r", "\n").split("\n", MOST_LINES)[:MOST_LINES]
    for line in lines:
        if len(line) <= LONGEST_LINE:
            yield quote_marks.visible(line)
            continue
        for start in range(0, len(line), LONGEST_LINE):
            yield quote_marks.visible(line[start : start + LONGEST_LINE])


def _scan(lines: list[str], sent: Sent) -> list[Line]:
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
        if kinds[i] is Kind.EMPTY or (kinds[i] is Kind.QUOTE and not _closes_address(lines, kinds, i)):
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
        end = _mark_header_block(lines, kinds, i, needed=_HEADER_FIELDS)
        if end > i and i and (above := _last_shown(kinds, i)) is not None and quote_marks.is_framed_title(lines[above]):
            kinds[above] = Kind.RULE
        i = max(end, i + 1)


def _last_shown(kinds: list[Kind], i: int) -> int | None:
    return next((j for j in range(i - 1, max(i - _NEAR, -1), -1) if kinds[j] is not Kind.EMPTY), None)


def _mark_header_block(lines: list[str], kinds: list[Kind], start: int, *, needed: int) -> int:
    """Mark the header block that begins at ``start``, if one does; where it ends, else ``start``."""
    fields: set[str] = set()
    end = i = start
    folded = 0
    while i < len(lines) and folded <= _FOLDED_LINES and kinds[i] is not Kind.QUOTE:
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
    for i, kind in enumerate(kinds):
        if kind is Kind.QUOTE and sent.answered(lines[i]):
            kinds[i], lines[i] = Kind.TEXT, quote_marks.unquoted(lines[i])
        elif (kind is Kind.QUOTE and found[i]) or (kind is Kind.TEXT and (sure[i] or (found[i] and i > first_mark))):
            kinds[i] = Kind.OURS


def _split(lines: list[Line], sent: Sent) -> tuple[list[Line], list[Line]]:
    """The writer's own lines, and the lines of the mail that he put under them, without its marks."""
    start = _history_start(lines)
    own = _decide(_without_signatures(lines[:start]))
    end = start
    while end < len(lines) and lines[end].kind in (Kind.LEAD_IN, Kind.HEADER, Kind.RULE, Kind.EMPTY):
        end += 1
    history = lines[end:]
    answers = _answers_in(history) if sent else []
    if answers:
        own = _decide([*own, Line(Kind.EMPTY, ""), *answers])
    return own, history


def _history_start(lines: list[Line]) -> int:
    """Where a quoted mail begins that carries no quote marks: all after it is history."""
    for i, line in enumerate(lines):
        if line.kind in (Kind.HEADER, Kind.RULE):
            return i
        if line.kind is Kind.LEAD_IN and not _quote_follows(lines, i):
            return i
    return len(lines)


def _quote_follows(lines: list[Line], i: int) -> bool:
    following = next((line.kind for line in lines[i + 1 :] if line.kind not in (Kind.EMPTY, Kind.LEAD_IN)), None)
    return following is Kind.QUOTE


def _answers_in(history: list[Line]) -> list[Line]:
    """What stands between our own lines in a quote without marks, if our lines make up most of it."""
    start = _history_start(history)
    block = history[:start]
    ours = [i for i, line in enumerate(block) if line.kind is Kind.OURS]
    own = [line for line in block if line.kind is Kind.TEXT]
    weight = sum(len(words(block[i].text)) for i in ours)
    if not ours or weight < sum(len(words(line.text)) for line in own):
        return []
    return [line for line in _without_signatures(block) if line.kind in (Kind.TEXT, Kind.EMPTY)]


def _without_signatures(lines: list[Line]) -> list[Line]:
    """Signatures and footers end each stretch of text; a quote or a lead-in begins the next."""
    kept: list[Line] = []
    frames = _repeated_rules(lines)
    for plain, stretch in groupby(lines, lambda line: line.kind in (Kind.TEXT, Kind.EMPTY)):
        part = list(stretch)
        kept.extend(_without_tail(part, frames) if plain else part)
    return kept


def _repeated_rules(lines: list[Line]) -> set[str]:
    """Rules that stand more than once frame something (a table, a log) and begin no signature."""
    seen: set[str] = set()
    repeated: set[str] = set()
    for line in lines:
        rule = line.text.strip()
        if line.kind is not Kind.TEXT or not quote_marks.is_rule(rule):
            continue
        (repeated if rule in seen else seen).add(rule)
    return repeated


def _without_tail(part: list[Line], frames: set[str]) -> list[Line]:
    for i, line in enumerate(part):
        if line.kind is Kind.TEXT and _begins_signature(part, i, frames):
            part = part[:i]
            break
    part = _without_disclaimers(part)
    return _without_footer(part)


def _begins_signature(part: list[Line], i: int, frames: set[str]) -> bool:
    rule = part[i].text
    tail = [line.text for line in part[i + 1 :] if line.kind is Kind.TEXT]
    if quote_marks.is_signature_mark(rule):
        return len(tail) <= _MARKED_SIGNATURE_LINES
    if not quote_marks.is_rule(rule) or rule.strip() in frames:
        return False
    if i and part[i - 1].kind is Kind.TEXT and not quote_marks.is_rule(part[i - 1].text) and tail:
        return False  # a rule right under a line underlines it
    short = len(tail) <= _SIGNATURE_LINES and all(len(line) <= _SIGNATURE_WIDTH for line in tail)
    return short and not any(line.rstrip().endswith("?") for line in tail)


def _without_disclaimers(part: list[Line]) -> list[Line]:
    while True:
        start, end = _last_paragraph(part)
        if not start or not quote_marks.is_disclaimer(" ".join(line.text for line in part[start:end])):
            return part
        part = part[:start]


def _without_footer(part: list[Line]) -> list[Line]:
    while True:
        start, end = _last_paragraph(part)
        if start == end:
            return part
        for first in range(max(start, end - _FOOTER_LINES), end):
            if quote_marks.is_footer(" ".join(line.text for line in part[first:end])):
                part = part[:first]
                break
        else:
            return part


def _last_paragraph(part: list[Line]) -> tuple[int, int]:
    """Where the last paragraph begins and ends; both 0 if there is none."""
    end = len(part)
    while end and part[end - 1].kind is Kind.EMPTY:
        end -= 1
    start = end
    while start and part[start - 1].kind is not Kind.EMPTY:
        start -= 1
    return start, end


def _decide(lines: list[Line]) -> list[Line]:
    """Which quotes stay: those between which the writer answers."""
    lines = [line for line in lines if line.kind is not Kind.OURS]
    shown = [line for line in lines if not _is_void(line)]
    shape = [kind for kind, _ in groupby(line.kind for line in shown)]
    text, quote, lead_in = Kind.TEXT, Kind.QUOTE, Kind.LEAD_IN
    if shape == [lead_in, quote, text]:
        lines = lines[_after_last(lines, quote) :]
    elif shape == [text, lead_in, quote, text] and _is_afterthought(lines):
        lines = lines[: lines.index(next(line for line in lines if line.kind is lead_in))]
    return _trimmed([line for line in lines if line.kind is not lead_in])


def _after_last(lines: list[Line], kind: Kind) -> int:
    return max(i for i, line in enumerate(lines) if line.kind is kind) + 1


def _is_afterthought(lines: list[Line]) -> bool:
    """A few lines below a whole quoted mail that was answered above are the writer's signature."""
    below = [line.text for line in lines[_after_last(lines, Kind.QUOTE) :] if line.kind is Kind.TEXT]
    above = [line.text for line in lines[: next(i for i, line in enumerate(lines) if line.kind is Kind.LEAD_IN)]]
    greeted_only = len(" ".join(above).split()) <= _GREETING_WORDS
    asks = any(line.rstrip().endswith("?") for line in below)
    return len(below) <= _AFTERTHOUGHT_LINES and not greeted_only and not asks


def _trimmed(lines: list[Line]) -> list[Line]:
    """Without empty lines and bare rules at the ends, nor a quote at the end of what has text."""
    has_text = any(line.kind is Kind.TEXT and not quote_marks.is_rule(line.text) for line in lines)
    start, end = 0, len(lines)
    while end and (_is_void(lines[end - 1]) or (has_text and lines[end - 1].kind is not Kind.TEXT)):
        end -= 1
    while start < end and _is_void(lines[start]):
        start += 1
    return lines[start:end]


def _is_void(line: Line) -> bool:
    return line.kind is Kind.EMPTY or (line.kind is Kind.TEXT and quote_marks.is_rule(line.text))


def _leftover(lines: list[Line]) -> list[Line]:
    """What is left where nothing was plainly new: all but marks and our own words."""
    kept = [line for line in lines if line.kind in (Kind.TEXT, Kind.QUOTE, Kind.EMPTY)]
    return kept if any(line.kind is not Kind.EMPTY for line in kept) else []


def _joined(lines: list[Line]) -> str:
    return "\n".join(line.text for line in lines).strip("\n").rstrip()
