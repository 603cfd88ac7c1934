"""HTML mail as lines of text in which quoted passages carry ``>`` and table cells are set apart by tabs.

Knows the containers in which mail clients put what they quote.  It refuses (gives no lines) what is too
large or made to be slow: lxml is quadratic in the attributes of one tag.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree, html

from maildesk.read.leadins import lead_in_width
from maildesk.read.tables import words

HISTORY_RULE = "-----Original Message-----"
_PLAIN_RULE = "_" * 32

_LARGEST = 2_000_000  # characters
_MOST_TAGS = 60_000
_MOST_IN_TAG = 400  # attributes, roughly
_DEEPEST = 40  # quote levels shown

_HIDDEN = words("head style script title template object noscript svg math")
_BLOCKS = words(
    """address article aside blockquote body center dd div dl dt fieldset footer form h1 h2 h3 h4 h5 h6 header hr html li main nav ol
p pre section table tbody tfoot thead tr ul"""
)
_PARAGRAPHS = words("p h1 h2 h3 h4 h5 h6 ul ol pre")
_CELLS = frozenset(("td", "th"))

# Classes, ids and data-marker values of what a client quotes; ``x_`` and ``ecx`` are put before them by Outlook.
_CONTAINERS = words(
    """gmail_quote gmail_attr yahoo_quoted yahooquoted protonmail_quote zmail_extra tutanota_quote moz-cite-prefix
moz-forward-container olk_src_body_section isreplycontent isforwardcontent __quoted_text__ quoted-text mailquote
reference-message mail-editor-reference-message-container ms-outlook-mobile-reference-message outlookmessageheader
divrplyfwdmsg gwquote bloop_markdown_quote replyblock quotedmessage mail_quote email_quote front-blockquote
hs_reply intercom-quote"""
)
_HISTORY_STARTS = words(
    "divrplyfwdmsg appendonsend stopspelling zwchr outlookmessageheader __divider__ mail-editor-reference-message-container"
)
_QUOTE_CLASSES = words("gmail_quote protonmail_quote quote quoted mailquote cite")


@dataclass(slots=True)
class _Page:
    """The lines so far, and the one being written."""

    lines: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    depth: int = 0
    preformatted: int = 0
    quotes: list[etree._Element] = field(default_factory=list)
    marked: bool = False

    def say(self, text: str) -> None:
        if not self.preformatted:
            lead = " " if text[:1].isspace() else ""
            tail = " " if text[-1:].isspace() and text.strip() else ""
            self.words.append(lead + " ".join(text.split()) + tail)
            return
        first, *others = text.replace("\r\n", "\n").split("\n")
        self.words.append(first)
        for other in others:
            self.end_line(always=True)
            self.words.append(other)

    def end_line(self, *, always: bool = False) -> None:
        text = "".join(self.words).rstrip()
        line = text if self.preformatted else "\t".join(" ".join(cell.split()) for cell in text.strip().split("\t"))
        self.words.clear()
        if line.strip() or always:
            self.lines.append(f"{'>' * min(self.depth, _DEEPEST)} {line}" if self.depth else line)

    def blank(self) -> None:
        if self.lines and self.lines[-1].strip("> "):
            self.lines.append(">" * min(self.depth, _DEEPEST))


def html_lines(source: str) -> tuple[list[str], bool]:
    """The lines of an HTML mail, and whether it holds a client's quote; no lines where it is refused."""
    if not source.strip() or _is_hostile(source):
        return [], False
    try:
        root = html.document_fromstring(_without_declaration(source))
    except (etree.LxmlError, ValueError):
        return [], False
    page = _Page()
    for event, element in _walk(root):
        if event == "start":
            _enter(page, element)
        else:
            _leave(page, element)
    page.end_line()
    return page.lines, page.marked


def _is_hostile(source: str) -> bool:
    if len(source) > _LARGEST or source.count("<") > _MOST_TAGS:
        return True
    for piece in source.split("<"):
        tag = piece.partition(">")[0]
        if not tag.startswith("!") and tag.count("=") + tag.count("/") // 8 + len(tag.split()) // 4 > _MOST_IN_TAG:
            return True
    return False


def _without_declaration(source: str) -> str:
    """Without ``<?xml encoding=...?>``, with which lxml refuses a text that is decoded already."""
    bare = source.lstrip("\ufeff \t\r\n")
    return bare.partition("?>")[2] or "<p>" if bare.startswith("<?xml") else bare


def _walk(root: etree._Element) -> Iterator[tuple[str, etree._Element]]:
    """Start and end of each element that shows; whatever is hidden is skipped, its tail is not."""
    walker = etree.iterwalk(root, events=("start", "end"))
    for event, element in walker:
        if event == "start" and (not isinstance(element.tag, str) or element.tag in _HIDDEN):
            walker.skip_subtree()
        yield event, element


def _enter(page: _Page, element: etree._Element) -> None:
    if not isinstance(element.tag, str) or element.tag in _HIDDEN:
        return
    if element.tag in _BLOCKS:
        page.end_line()
    if element.tag in _PARAGRAPHS:
        page.blank()
    if element.tag in _CELLS and page.words:
        page.words.append("\t")
    _open_history(page, element)
    if _quotes(page, element):
        page.end_line()
        page.quotes.append(element)
        page.depth += 1
        page.marked = True
    page.preformatted += element.tag == "pre"
    if element.text:
        page.say(element.text)


def _leave(page: _Page, element: etree._Element) -> None:
    if element.tag == "br":
        page.end_line(always=True)
    elif element.tag in _BLOCKS or (page.quotes and page.quotes[-1] is element):
        page.end_line()
    if element.tag == "pre":
        page.preformatted -= 1
    if page.quotes and page.quotes[-1] is element:
        page.quotes.pop()
        page.depth -= 1
    if element.tag in _PARAGRAPHS:
        page.blank()
    if element.tail:
        page.say(element.tail)


def _open_history(page: _Page, element: etree._Element) -> None:
    """The rules that a client draws above what it quotes."""
    if not page.depth and (_names(element) & _HISTORY_STARTS or _is_outlook_border(element)):
        page.end_line()
        page.lines.append(HISTORY_RULE)
        page.marked = True
    elif element.tag == "hr":
        page.lines.append(f"{'>' * min(page.depth, _DEEPEST)} {_PLAIN_RULE}" if page.depth else _PLAIN_RULE)


def _names(element: etree._Element) -> set[str]:
    names = (
        f"{element.get('class', '')} {element.get('id', '')} {element.get('data-marker', '')} {element.get('name', '')}"
    )
    return {name.removeprefix("x_").removeprefix("ecx") for name in names[:400].lower().split()}


def _is_outlook_border(element: etree._Element) -> bool:
    """Outlook draws a line above the header fields of the mail that it quotes."""
    style = element.get("style", "")[:200].replace(" ", "").lower()
    return element.tag == "div" and style.startswith("border:none;border-top:solid") and "padding:3.0pt0" in style


def _quotes(page: _Page, element: etree._Element) -> bool:
    if element.tag == "blockquote":
        return _is_cited(element) or _follows_lead_in(page)
    if page.depth or not _names(element) & _CONTAINERS:
        return False
    return next(element.iter("blockquote"), None) is None  # else the blockquote in it is the quote


def _is_cited(element: etree._Element) -> bool:
    """Whether a client made this blockquote; a bare one may be the writer's own indentation."""
    style = element.get("style", "")[:300].replace(" ", "").lower()
    cited = element.get("type", "").lower() == "cite" or element.get("cite") is not None
    return cited or bool(_names(element) & _QUOTE_CLASSES) or "border-left:" in style


def _follows_lead_in(page: _Page) -> bool:
    page.end_line()
    spoken = [line for line in page.lines[-8:] if line.strip()]
    return page.depth > 0 or bool(spoken and lead_in_width(spoken, len(spoken) - 1, quote_follows=True))
