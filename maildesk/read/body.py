"""The tree of parts read: the text that a person sees, the HTML, the attachments, the reports (RFC 2046 §5.1).

Attached messages stay whole, their text is not the mail's.  Text that was sent as a file is a file.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from maildesk.read import limits, transfer
from maildesk.read.attachment import is_report, kind_of, name_of
from maildesk.read.charset import decode
from maildesk.read.flowed import unflow
from maildesk.read.html import text_of_html
from maildesk.read.mail import Attachment
from maildesk.read.mime import Part, is_message

# What is written in tags: a browser's, and the alternatives that some writers put beside it.
_HTML = frozenset(
    {"text/html", "application/xhtml+xml", "text/x-amp-html", "text/watch-html", "text/enriched", "text/richtext"}
)
# Text for programs; any other text/* without a name is read as plain text (RFC 2046 §4.1.4).
_FILES = frozenset(
    {
        "text/calendar",
        "text/x-vcalendar",
        "text/csv",
        "text/vcard",
        "text/x-vcard",
        "text/directory",
        "text/xml",
        "text/css",
        "text/javascript",
        "text/rtf",
    }
)
_ENCODED_PER_OCTET = 3  # quoted-printable's worst
_CONTENT_ID = re.compile(r"cid:([^\s\"'<>)]{1,250})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Body:
    """What stands below the header."""

    text: str = ""
    html: str = ""
    attachments: tuple[Attachment, ...] = ()
    reports: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True)
class _Piece:
    """A stretch of text: plain, HTML, or the same in both."""

    plain: str = ""
    html: str = ""


@dataclass(slots=True)
class _Reader:
    octets: bytes
    faults: list[str]
    files: list[tuple[Part, str]] = field(default_factory=list)  # and the content type of the multipart around each
    plain_left: int = limits.TEXT_OCTETS
    html_left: int = limits.TEXT_OCTETS
    tags_left: int = limits.HTML_TAGS

    def pieces(self, part: Part, parent: str, *, first: bool) -> list[_Piece]:
        """The text of a part and of all in it; what is no text is put with the files."""
        kind = part.content_type
        if kind == "multipart/alternative" and part.parts:
            return self.alternative(part)
        if kind in ("multipart/signed", "multipart/encrypted") and part.parts:
            return self.sealed(part)
        if part.parts:
            found: list[_Piece] = []
            for inner in part.parts:
                found += self.pieces(inner, kind, first=first and not found)
            return found
        if not _is_text(part, parent, first=first):
            self.files.append((part, parent))
            return []
        return [self.piece(part)]

    def alternative(self, part: Part) -> list[_Piece]:
        """RFC 2046 §5.1.4: the same, poorest first.  The first plain text and the last HTML that say anything."""
        children = [self.pieces(inner, part.content_type, first=True) for inner in part.parts]
        plain = [_joined([piece.plain for piece in child]) for child in children]
        html = [_joined([piece.html for piece in child]) for child in children]
        best = _Piece(
            next((text for text in plain if text.strip()), ""),
            next((text for text in reversed(html) if text.strip()), ""),
        )
        return [best] if best.plain or best.html else []

    def sealed(self, part: Part) -> list[_Piece]:
        """RFC 1847: the second part of a signed mail is its seal; without a name it is nothing that anybody attached."""
        content, *others = part.parts
        if part.content_type == "multipart/encrypted":
            self.faults.append("the mail is encrypted; its text cannot be read here")
            self.files += [(inner, part.content_type) for inner in part.parts]
            return []
        found = self.pieces(content, part.content_type, first=True)
        self.files += [(inner, part.content_type) for inner in others if inner.file_name]
        return found

    def piece(self, part: Part) -> _Piece:
        is_html = part.content_type in _HTML
        left = self.html_left if is_html else self.plain_left
        octets, cut_off = self.decoded(part, left)
        if is_html:
            self.html_left -= len(octets)
        else:
            self.plain_left -= len(octets)
        if cut_off:
            self.faults.append("the text is too long; the end of it was not read")
        text, fault = decode(octets, part.parameters.get("charset", ""))
        self.note(fault)
        if is_html:
            return _Piece(html=text)
        if part.parameters.get("format", "").lower() == "flowed":
            text = unflow(text, delete_space=part.parameters.get("delsp", "").lower() == "yes")
        return _Piece(plain=text)

    def texts(self, pieces: list[_Piece]) -> Iterator[str]:
        """What a person reads of each piece; of the same words in plain text and then in HTML, the plain text."""
        last = ""
        for piece in pieces:
            text = self.text(piece)
            if piece.plain or text.split() != last.split():
                yield text
            last = text

    def text(self, piece: _Piece) -> str:
        """What a person reads of a piece."""
        if piece.plain.strip() or not piece.html:
            return piece.plain
        text = text_of_html(piece.html, self.faults, self.tags_left)
        self.tags_left = max(0, self.tags_left - piece.html.count("<"))
        return text

    def decoded(self, part: Part, most: int) -> tuple[bytes, bool]:
        """Up to ``most`` octets of a part, cut at a line end, and whether there was more."""
        encoded = part.body(self.octets)
        octets, fault = transfer.decode(encoded[: most * _ENCODED_PER_OCTET + 1], part.encoding)
        if len(octets) <= most and len(encoded) <= most * _ENCODED_PER_OCTET:
            self.note(fault)
            return octets, False
        octets = octets[:most]
        return octets[: octets.rfind(b"\n") + 1 or most], True

    def attachment(self, part: Part, parent: str, shown_ids: frozenset[str]) -> Attachment:
        octets, fault = transfer.decode(part.body(self.octets), part.encoding)
        self.note(fault)
        kind = kind_of(part, parent, shown_ids)
        if kind == "encrypted" and not parent:
            self.faults.append("the mail is sealed by S/MIME; its text cannot be read here")
        if kind == "tnef":
            self.faults.append("the attachment winmail.dat is not opened; it may hold text or files")
        return Attachment(name_of(part, octets), part.content_type, kind, len(octets), part.content_id, octets)

    def reports(self) -> tuple[tuple[str, str], ...]:
        """Texts of reports, and of the mails that they return."""
        some = any(is_report(part) or parent == "multipart/report" for part, parent in self.files)
        chosen = [part for part, _ in self.files if is_report(part) or (some and is_message(part))]
        return tuple((part.content_type, self.report(part)) for part in chosen[: limits.REPORTS])

    def report(self, part: Part) -> str:
        octets, _ = self.decoded(part, limits.REPORT_OCTETS)
        return decode(octets, part.parameters.get("charset", ""))[0]

    def note(self, fault: str) -> None:
        if fault:
            self.faults.append(fault)


def read_body(octets: bytes, root: Part, faults: list[str]) -> Body:
    """The body of a mail; what was broken or capped is added to ``faults``."""
    reader = _Reader(octets, faults)
    pieces = reader.pieces(root, "", first=True)
    text = _joined(reader.texts(pieces))
    html = _joined([piece.html for piece in pieces])
    shown_ids = frozenset(_CONTENT_ID.findall(html)) if reader.files else frozenset()
    attachments = tuple(reader.attachment(part, parent, shown_ids) for part, parent in reader.files)
    return Body(text, html, attachments, reader.reports())


def _is_text(part: Part, parent: str, *, first: bool) -> bool:
    kind = part.content_type
    if not (kind.startswith("text/") or kind in _HTML) or kind in _FILES or is_report(part):
        return False
    if part.disposition == "attachment":
        return False
    if parent == "multipart/alternative" and kind not in _HTML:
        return kind == "text/plain" or not part.file_name
    return not part.file_name or first  # a name on the first text is a habit of some writers, not a file


def _joined(texts: Iterable[str]) -> str:
    return "\n".join(text for text in texts if text)
