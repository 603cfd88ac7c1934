"""The text of an HTML mail, as a person would read it aloud: paragraphs, lists, links, tables, quotations.

lxml's parser calls a writer for each tag, so no tree is built and no depth is a stack.  The number of tags is capped
before, the output after.  Nothing that the HTML names is fetched; scripts, styles and the head are dropped.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from maildesk.read import limits
from maildesk.read.charset import clean_text
from maildesk.read.tables import words

_DROPPED = words("head style script title template svg math")
_LINES = words(
    """address article aside body caption center dd details div dl dt fieldset figcaption figure footer form header
    html legend li main nav option section summary tbody tfoot thead tr"""
)
_PARAGRAPHS = words("blockquote h1 h2 h3 h4 h5 h6 ol p pre table ul")
_CELLS = words("td th")
_LISTS = words("ol ul")

_BLANKS = re.compile(r"[ \t\n\u00a0]+")
_LINKED = re.compile(r"(?:https?|ftp|mailto|tel):", re.IGNORECASE)
_BARE = re.compile(r"^(?:https?://|ftp://|mailto:|tel:)?(?:www\.)?", re.IGNORECASE)
_RULE = "_" * 32  # as Outlook writes it in plain text
_DEEPEST = 20  # quotations and lists, as shown
_LONGEST_URL = 2_000
_LINE, _PARAGRAPH = 1, 2


@dataclass(slots=True)
class _Row:
    """A table's row being written."""

    said: bool = False  # something stands in it


@dataclass(slots=True)
class _List:
    ordered: bool
    items: int = 0


@dataclass(slots=True)
class _Writer:
    """What lxml's parser calls.  Breaks are remembered and written when a word follows, so that none is doubled."""

    lines: list[str] = field(default_factory=list)
    line: list[str] = field(default_factory=list)
    length: int = 0
    depth: int = 0  # quotations open
    line_depth: int = 0  # of the line being written
    last_depth: int = 0  # of the line before
    breaks: int = 0
    bar: bool = False  # a cell's bar waits for a word
    lead: str = ""  # a list item's mark waits for a word
    space: bool = False
    dropped: int = 0
    preformatted: int = 0
    lists: list[_List] = field(default_factory=list)
    rows: list[_Row] = field(default_factory=list)
    links: list[tuple[str, list[str]]] = field(default_factory=list)  # where to, and the words so far

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        if tag in _DROPPED:
            self.dropped += 1
        if self.dropped:
            return
        if tag == "br":
            self.new_line()
        elif tag == "hr":
            self.rule()
        elif tag == "img":
            self.say(attributes.get("alt", ""))
        elif tag == "a":
            self.links.append((attributes.get("href", ""), []))
        elif tag in _CELLS:
            self.cell()
        else:
            self.open(tag)

    def open(self, tag: str) -> None:
        self.need(tag)
        if tag == "blockquote":
            self.depth += 1
        elif tag == "pre":
            self.preformatted += 1
        elif tag in _LISTS:
            self.lists.append(_List(ordered=tag == "ol"))
        elif tag == "li":
            self.lead = self.mark()
        elif tag == "tr":
            self.rows.append(_Row())

    def end(self, tag: str) -> None:
        if self.dropped:
            self.dropped -= tag in _DROPPED
        elif tag == "a":
            self.link()
        elif tag in _LINES or tag in _PARAGRAPHS:
            self.close_block(tag)

    def close_block(self, tag: str) -> None:
        if tag == "tr":
            self.breaks, self.bar = _LINE, False  # whatever paragraphs stand in its cells
            del self.rows[-1:]
        elif tag == "blockquote":
            self.depth -= 1
        elif tag == "pre":
            self.preformatted -= 1
        elif tag in _LISTS:
            del self.lists[-1:]
        elif tag == "li":
            self.lead = ""
        self.need(tag)

    def data(self, text: str) -> None:
        if self.dropped or self.length > limits.HTML_TEXT_CHARACTERS:
            return
        if not self.preformatted:
            self.say(text)
            return
        first, *others = text.split("\n")
        self.say_verbatim(first)
        for other in others:
            self.new_line()
            self.say_verbatim(other)

    def comment(self, text: str) -> None:
        """Comments say nothing."""

    def close(self) -> str:
        """The text: what lxml hands back as the document."""
        self.end_line()
        return "\n".join(self.lines)

    def need(self, tag: str) -> None:
        """A break before the next word; none at the beginning of a cell, whose words stand behind the bar."""
        if tag == "blockquote":
            self.bar = False
        elif self.bar:
            return
        if tag in _PARAGRAPHS and not (tag in _LISTS and self.lists):
            self.breaks = _PARAGRAPH
        elif tag in _LINES or tag in _LISTS:
            self.breaks = max(self.breaks, _LINE)

    def cell(self) -> None:
        if not self.rows:
            self.breaks = max(self.breaks, _LINE)
        elif self.rows[-1].said:
            self.breaks, self.bar = 0, True

    def mark(self) -> str:
        if not self.lists:
            return "- "
        self.lists[-1].items += 1
        indent = "  " * min(len(self.lists) - 1, _DEEPEST)
        return f"{indent}{self.lists[-1].items}. " if self.lists[-1].ordered else f"{indent}- "

    def say(self, text: str) -> None:
        """Words, with any run of blanks as one space."""
        words_said = _BLANKS.sub(" ", text)
        if words_said in ("", " "):
            self.space = self.space or bool(words_said)
            return
        self.settle()
        if (self.space or words_said[0] == " ") and self.line and not self.line[-1].endswith(" "):
            self.put(" ")
        self.put(words_said.strip(" "))
        self.space = words_said[-1] == " "

    def say_verbatim(self, text: str) -> None:
        if text:
            self.settle()
            self.put(text.replace("\u00a0", " "))

    def settle(self) -> None:
        """The breaks and marks that were waiting for a word."""
        if self.breaks:
            self.end_line()
        if self.breaks == _PARAGRAPH and self.lines and self.lines[-1].strip("> "):
            self.lines.append(_prefix(min(self.depth, self.last_depth)).rstrip())
        if not self.line:
            self.line_depth = self.depth
            self.space = False
        elif self.bar:
            self.line.append(" | ")
        if self.lead:
            self.line.append(self.lead)
        for row in self.rows[-_DEEPEST:]:
            row.said = True
        self.breaks, self.bar, self.lead = 0, False, ""

    def put(self, text: str) -> None:
        self.line.append(text)
        self.length += len(text)
        if self.links:
            self.links[-1][1].append(text)

    def end_line(self) -> None:
        if self.line:
            text = _prefix(self.line_depth) + "".join(self.line)
            self.lines.append(text.rstrip())
            self.length += 2 * min(self.line_depth, _DEEPEST) + 1
            self.last_depth = self.line_depth
            self.line.clear()
        self.space = False

    def new_line(self) -> None:
        """A line that ends, or one without words; none at the beginning of a cell."""
        if self.bar:
            return
        if self.line and not self.breaks:
            self.end_line()
            return
        self.end_line()
        self.lines.append(_prefix(self.depth).rstrip())
        self.breaks = 0

    def rule(self) -> None:
        self.breaks = max(self.breaks, _LINE)
        self.say(_RULE)
        self.breaks = _LINE

    def link(self) -> None:
        """Where the words lead to, behind them, unless they say so."""
        if not self.links:
            return
        href, said = self.links.pop()
        text, url = "".join(said).strip(), "".join(href.split())[:_LONGEST_URL]
        if text and _LINKED.match(url) and _bare(url) != _bare(text):
            waiting, self.breaks = self.breaks, 0
            self.say(f" <{url}>")
            self.breaks = waiting


def text_of_html(html: str, faults: list[str], most_tags: int = limits.HTML_TAGS) -> str:
    """Readable text of the first ``most_tags`` tags of HTML, clean as `clean_text` makes it; what was cut is added to ``faults``."""
    source = _capped(html, most_tags, faults)
    if not source.strip():
        return ""
    writer = _Writer()
    target: Any = writer  # lxml's stubs also foresee octets, which it never hands over
    parser = etree.HTMLParser(target=target, encoding="utf-8", no_network=True)
    try:
        etree.fromstring(source.encode("utf-8", "replace"), parser)  # calls the writer for each tag and text
    except (etree.LxmlError, ValueError):
        faults.append("the HTML is broken; the end of its text may be missing")
    if writer.length > limits.HTML_TEXT_CHARACTERS:
        faults.append("the text of the HTML is too long; the end of it was not read")
    return clean_text(writer.close()).strip("\n")


def _capped(html: str, most_tags: int, faults: list[str]) -> str:
    if html.count("<") <= most_tags:
        return html
    faults.append("the HTML has too many tags; the end of it was not read")
    return "<".join(html.split("<", most_tags + 1)[: most_tags + 1])


def _bare(url: str) -> str:
    return _BARE.sub("", url.strip()).rstrip("/").lower()


def _prefix(depth: int) -> str:
    return "> " * min(depth, _DEEPEST)
