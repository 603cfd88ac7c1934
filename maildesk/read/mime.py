"""A mail cut into its parts (RFC 2046 §5.1) by searching its octets for delimiters; nothing is copied or decoded here.

The depth, the number of parts and the number of lines looked at are capped, whatever the mail says.  An attached
message is one part and never looked into.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from maildesk.read import limits
from maildesk.read.header import Header, read_header, read_parameters

_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]{1,127}/[a-z0-9!#$&^_.+-]{1,127}")
_END_OF_DELIMITER = re.compile(rb"(--)?[ \t]{0,200}(?:\r?\n|\Z)")
_GUESSED = re.compile(rb"(?:\A|(?<=\n))--(\S{1,100})[ \t]{0,20}\r?\nContent-", re.IGNORECASE)
_GUESS_WITHIN = 64 * 1024  # octets
_LF, _CR = b"\n\r"
MESSAGES = frozenset({"message/rfc822", "message/global"})


@dataclass(slots=True)
class Part:
    """A part: its header's facts, where its body lies in the octets of the mail, and its own parts.

    A ``content_type`` of multipart/* without ``parts`` is one that was too deep to be opened.
    """

    header: Header
    content_type: str
    parameters: dict[str, str]
    disposition: str  # lower case: attachment, inline, or empty
    file_name: str  # decoded, not made safe
    encoding: str  # lower case
    start: int
    end: int
    parts: list["Part"] = field(default_factory=list)

    @property
    def content_id(self) -> str:
        """Content-ID without angle brackets, or an empty string."""
        return self.header.value("content-id").strip("<> \t")[: limits.MESSAGE_ID_OCTETS]

    def body(self, octets: bytes) -> memoryview:
        """The body as it stands in the mail, still encoded."""
        return memoryview(octets)[self.start : self.end]


@dataclass(slots=True)
class _Cutter:
    octets: bytes
    faults: list[str]
    parts_left: int = limits.PARTS
    lines_left: int = limits.DELIMITER_LIKE_LINES

    def part(self, header: Header, end: int, default: str, depth: int) -> Part:
        content_type, parameters = read_parameters(header.value("content-type"))
        disposition, more = read_parameters(header.value("content-disposition"))
        if not _TYPE.fullmatch(content_type) and not content_type.startswith("multipart/"):
            content_type = default if not content_type else "text/plain"  # RFC 2045 §5.2
        name = more.get("filename") or parameters.get("name") or more.get("name", "")
        encoding = header.value("content-transfer-encoding").strip("\"'").partition(";")[0].partition(" ")[0].lower()
        part = Part(header, content_type, parameters, disposition, name, encoding, header.body, end)
        if content_type.startswith("multipart/"):
            self.open(part, depth)
        return part

    def open(self, part: Part, depth: int) -> None:
        if depth >= limits.DEPTH:
            self.faults.append("parts are nested too deep; the innermost were not opened")
            return
        default = "message/rfc822" if part.content_type == "multipart/digest" else "text/plain"
        for start, end in self.pieces(part):
            if not self.parts_left:
                self.faults.append("the mail has too many parts; the last of them were not read")
                return
            self.parts_left -= 1
            header = read_header(self.octets, start, end, limits.PART_HEADER_FIELDS)
            self.faults += [f"in a part: {fault}" for fault in header.faults]
            part.parts.append(self.part(header, end, default, depth + 1))
        if not part.parts:
            self.faults.append(f"the parts of {part.content_type} cannot be told apart; it was read as text")
            part.content_type = "text/plain"

    def pieces(self, part: Part) -> Iterator[tuple[int, int]]:
        """Where each piece between the delimiters lies."""
        boundary = part.parameters.get("boundary", "").rstrip().encode("utf-8", "replace")
        if boundary and self.octets.find(b"--" + boundary, part.start, part.end) >= 0:
            return self.between(boundary, part.start, part.end)
        guessed = _GUESSED.search(self.octets, part.start, min(part.end, part.start + _GUESS_WITHIN))
        if not guessed:
            return iter(())
        self.faults.append("the boundary of the parts is not the one stated; it was guessed")
        return self.between(guessed[1], part.start, part.end)

    def between(self, boundary: bytes, start: int, end: int) -> Iterator[tuple[int, int]]:
        began, closed = -1, False
        for line_start, line_end, closes in self.delimiters(boundary, start, end):
            if began >= 0:
                yield began, self.before(line_start, began)
            elif closed:
                self.faults.append("the parts go on behind their end")
            began, closed = (-1, True) if closes else (line_end, closed)
        if began >= 0:
            self.faults.append("the mail is cut off, or the end of its parts is missing")
            yield began, end

    def before(self, line_start: int, least: int) -> int:
        """The line end before a delimiter belongs to the delimiter."""
        if line_start > least and self.octets[line_start - 1] == _LF:
            line_start -= 1
        if line_start > least and self.octets[line_start - 1] == _CR:
            line_start -= 1
        return max(line_start, least)

    def delimiters(self, boundary: bytes, start: int, end: int) -> Iterator[tuple[int, int, bool]]:
        mark, position = b"--" + boundary, start
        while (found := self.octets.find(mark, position, end)) >= 0:
            position = found + len(mark)
            if not self.lines_left:
                self.faults.append("too many lines look like the end of a part; the last of them were not looked at")
                return
            self.lines_left -= 1
            if found > start and self.octets[found - 1] != _LF:
                continue
            tail = _END_OF_DELIMITER.match(self.octets, position, end)
            if tail:
                yield found, tail.end(), bool(tail[1])


def cut(octets: bytes, header: Header, faults: list[str]) -> Part:
    """The mail as a tree of parts; what was broken or capped is added to ``faults``."""
    return _Cutter(octets, faults).part(header, len(octets), "text/plain", 0)


def is_message(part: Part) -> bool:
    """Whether the part is another mail."""
    return part.content_type in MESSAGES
