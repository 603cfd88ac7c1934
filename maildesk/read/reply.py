"""What the writer of a mail newly wrote himself, told from what he quotes and what his client adds.

Each line has a kind (`maildesk.read.line_kinds`); here a few plain decisions are taken over the kinds.  It
refuses to guess by phrases of single mails, and it never discards: the original text is kept elsewhere.
"""

from collections.abc import Sequence
from functools import lru_cache
from itertools import groupby

from maildesk.read import quote_marks
from maildesk.read.line_kinds import Kind, Line, cut, scan
from maildesk.read.ours import Sent, words
from maildesk.read.quote_html import html_lines

_SIGNATURE_LINES = 10
_SIGNATURE_WIDTH = 120
_MARKED_SIGNATURE_LINES = 40
_LONGEST_TAIL = 120  # lines, empty ones counted: no signature or disclaimer is longer
_AFTERTHOUGHT_LINES = 6  # below a whole quoted mail: more likely a signature than an answer
_GREETING_WORDS = 4
_FOOTER_LINES = 2
_ROUNDS = 3
_PLAIN = (Kind.TEXT, Kind.EMPTY)
_TAIL_ROUNDS = 4


def new_text(text: str, html: str = "", ours: Sequence[str] = ()) -> str:
    """What the writer newly wrote; ``ours`` are texts that we sent, which are subtracted.

    Quoted lines between which he answers stay, with their marks.  Where nothing is plainly his own (a bare
    forward, a lone signature), it falls back on what might be; it is empty only where all words are ours.
    For deciding what he *commands*, take `own_text`.
    """
    lines, sent = _lines_of(text, html), Sent(ours)
    for _ in range(_ROUNDS):
        scanned = scan(lines, sent)
        own, history = _split(scanned, sent)
        if any(line.kind is Kind.TEXT for line in own):
            return _joined(own)
        if not history:
            return _joined(_leftover(scanned))
        lines = [line.text for line in history]
    return _joined(_leftover(scan(lines, sent)))


def own_text(text: str, html: str = "", ours: Sequence[str] = ()) -> str:
    """Only what is plainly the writer's own: no quoted line, no fallback; may be empty."""
    sent = Sent(ours)
    scanned = scan(_lines_of(text, html), sent) if sent else list(_scanned(text, html))
    own, _ = _split(scanned, sent)
    return _joined([line for line in own if line.kind is not Kind.QUOTE])


def head_lines(text: str, html: str = "") -> list[str]:
    """All that stands unquoted above the first quoted mail, signature and footers too."""
    lines = list(_scanned(text, html))
    return [line.text for line in lines[: _history_start(lines)] if line.kind in _PLAIN]


@lru_cache(maxsize=1)
def _scanned(text: str, html: str) -> tuple[Line, ...]:
    """The lines of a mail and their kinds, without regard to what we sent; remembered as `page_lines` is."""
    return tuple(scan(_lines_of(text, html), Sent(())))


@lru_cache(maxsize=1)
def page_lines(html: str) -> tuple[tuple[str, ...], bool]:
    """As `html_lines`; the last page is remembered, because several questions in a row are asked of one mail."""
    lines, marked = html_lines(html)
    return tuple(lines), marked


def _lines_of(text: str, html: str) -> list[str]:
    """The plain text, or the HTML's where only its containers tell what is quoted, or what is not."""
    plain = list(cut(text))
    if not html:
        return plain
    quoted = any(quote_marks.is_quoted(line) for line in plain)
    if quoted and "<blockquote" not in html:
        return plain
    lines, marked = page_lines(html)
    # Marks in the text but no client's quote in the HTML: the blockquote is the writer's own indentation.
    better = quoted != marked or not text.strip()
    return list(cut("\n".join(lines))) if lines and better else plain


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
    start = len(lines)
    if all(line.kind in _PLAIN for line in lines):
        return start
    following = Kind.EMPTY
    for i in range(len(lines) - 1, -1, -1):
        kind = lines[i].kind
        if kind in (Kind.HEADER, Kind.RULE) or (kind is Kind.LEAD_IN and following is not Kind.QUOTE):
            start = i
        if kind not in (Kind.EMPTY, Kind.LEAD_IN):
            following = kind
    return start


def _answers_in(history: list[Line]) -> list[Line]:
    """What stands between our own lines in a quote without marks, if our lines make up most of it."""
    start = _history_start(history)
    block = history[:start]
    ours = [i for i, line in enumerate(block) if line.kind is Kind.OURS]
    own = [line for line in block if line.kind is Kind.TEXT]
    weight = sum(len(words(block[i].text)) for i in ours)
    if not ours or weight < sum(len(words(line.text)) for line in own):
        return []
    return [line for line in _without_ours(_without_signatures(block)) if line.kind in _PLAIN]


def _without_signatures(lines: list[Line]) -> list[Line]:
    """Signatures and footers end each stretch of text; a quote or a lead-in begins the next."""
    kept: list[Line] = []
    frames = _repeated_rules(lines)
    for plain, stretch in groupby(lines, lambda line: line.kind in _PLAIN):
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
    return _without_footers(part)


def _begins_signature(part: list[Line], i: int, frames: set[str]) -> bool:
    rule = part[i].text
    if not quote_marks.is_rule(rule) or len(part) - i > _LONGEST_TAIL:
        return False
    tail = [line.text for line in part[i + 1 :] if line.kind is Kind.TEXT]
    if quote_marks.is_signature_mark(rule):
        return len(tail) <= _MARKED_SIGNATURE_LINES
    if rule.strip() in frames:
        return False
    if i and part[i - 1].kind is Kind.TEXT and not quote_marks.is_rule(part[i - 1].text) and tail:
        return False  # a rule right under a line underlines it
    short = len(tail) <= _SIGNATURE_LINES and all(len(line) <= _SIGNATURE_WIDTH for line in tail)
    return short and not any(line.rstrip().endswith("?") for line in tail)


def _without_disclaimers(part: list[Line]) -> list[Line]:
    for _ in range(_TAIL_ROUNDS):
        start, end = _last_paragraph(part)
        if not start or not quote_marks.is_disclaimer(" ".join(line.text for line in part[start:end])):
            break
        part = part[:start]
    return part


def _without_footers(part: list[Line]) -> list[Line]:
    for _ in range(_TAIL_ROUNDS):
        start, end = _last_paragraph(part)
        candidates = range(max(start, end - _FOOTER_LINES), end)
        footer = (i for i in candidates if quote_marks.is_footer(" ".join(line.text for line in part[i:end])))
        part = part[: next(footer, len(part))]
    return part


def _last_paragraph(part: list[Line]) -> tuple[int, int]:
    """Where the last paragraph begins and ends; the same where there is none, or one too long to be a tail."""
    end = len(part)
    while end and part[end - 1].kind is Kind.EMPTY:
        end -= 1
    start = end
    while start and part[start - 1].kind is not Kind.EMPTY:
        start -= 1
        if end - start > _LONGEST_TAIL:
            return end, end
    return start, end


def _decide(lines: list[Line]) -> list[Line]:
    """Which quotes stay: those between which the writer answers."""
    lines = _without_ours(lines)
    shown = [line for line in lines if not _is_void(line)]
    shape = [kind for kind, _ in groupby(line.kind for line in shown)]
    text, quote, lead_in = Kind.TEXT, Kind.QUOTE, Kind.LEAD_IN
    if shape == [lead_in, quote, text]:
        lines = lines[_after_last(lines, quote) :]
    elif shape == [text, lead_in, quote, text] and _is_afterthought(lines):
        lines = lines[: lines.index(next(line for line in lines if line.kind is lead_in))]
    return _trimmed([line for line in lines if line.kind is not lead_in])


def _without_ours(lines: list[Line]) -> list[Line]:
    """Without our own lines, nor the gaps that they leave."""
    if all(line.kind is not Kind.OURS for line in lines):
        return lines
    left = [line for line in lines if line.kind is not Kind.OURS]
    before = [Kind.EMPTY, *(line.kind for line in left)]
    return [
        line for line, last in zip(left, before, strict=False) if line.kind is not Kind.EMPTY or last is not Kind.EMPTY
    ]


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
