"""The header of a mail or of a part: fields (RFC 5322 §2.2), encoded words (RFC 2047), parameters (RFC 2045, 2231).

Everything is one pass over the octets.  A value never holds a line end, so nothing read from a field can begin another.
"""

import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile
from urllib.parse import unquote_to_bytes

from maildesk.read import limits
from maildesk.read.charset import clean_line, decode, guess
from maildesk.read.transfer import decode_base64

_NAME = re.compile(rb"([!-9;-~]+)[ \t]*:")
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_COMMON = re.compile(
    rb"(?:[ \t][^\n]*\n){0,20}(?:from|to|cc|subject|date|message-id|mime-version|content-[a-z-]+|received|x-[a-z0-9-]+|reply-to|references|"
    rb"in-reply-to|return-path|sender|dkim-signature)[ \t]*:",
    re.IGNORECASE,
)
WORD_START = re.compile(r"=\?([^?\s]{1,80})\?([bBqQ])\?")
_PARAMETER = re.compile(r';\s*([^=;\s]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;]*))')
_CHARSET = re.compile(rb"charset[ \t]?=[ \t]?\"?([A-Za-z0-9_.:-]{1,40})", re.IGNORECASE)
_ESCAPED = re.compile(r'\\(["\\])')  # another backslash belongs to a path of Windows
_SECTION = re.compile(r"([^*]+)(?:\*([0-9]{1,3}))?(\*)?")


@dataclass(frozen=True, slots=True)
class Header:
    """Fields in order, names as written, values unfolded and undecoded; and the place where the body begins."""

    fields: tuple[tuple[str, str], ...]
    body: int
    faults: tuple[str, ...] = ()

    def value(self, name: str) -> str:
        """The first value of a field, or an empty string; ``name`` in lower case."""
        return next((value for field, value in self.fields if field.lower() == name), "")


def read_header(octets: bytes, start: int = 0, end: int | None = None, most: int = limits.HEADER_FIELDS) -> Header:
    """The header that begins at ``start``, up to ``most`` fields of it.  Octets that do not look like one are all body."""
    end = len(octets) if end is None else end
    if octets.startswith((b"\n", b"\r\n"), start, end):
        return Header((), min(end, start + (1 if octets.startswith(b"\n", start) else 2)))
    stop, body = _blank_line(octets, start, end)
    faults = []
    if stop - start > limits.HEADER_OCTETS:
        stop = start + limits.HEADER_OCTETS
        faults.append("the header is too long; the end of it was not read")
    block = octets[start:stop]
    hint = "" if block.isascii() else _hint(octets, start, end)
    fields, rubbish_at = _fields(block, most, hint, faults)
    return Header(tuple(fields), body if rubbish_at is None else start + rubbish_at, tuple(faults))


def read_field(octets: bytes, name: bytes) -> str:
    """The first value of one field of a mail, at a fraction of what `read_header` costs; ``name`` in lower case.

    It knows nothing of a header that is broken or too long: a hint, where `read_header` has the truth.
    """
    stop, _ = _blank_line(octets, 0, len(octets))
    block = b"\n" + octets[: min(stop, limits.HEADER_OCTETS)]
    found = block.lower().find(b"\n" + name + b":")
    if found < 0:
        return ""
    lines = _lines(block[found + len(name) + 2 :])
    return _value([next(lines, b""), *takewhile(lambda line: line[:1] in (b" ", b"\t"), lines)], "")


def _blank_line(octets: bytes, start: int, end: int) -> tuple[int, int]:
    """Where the header's last line ends, and where the body begins.  The mail's own line end is looked for first."""
    line_end = octets.find(b"\n", start, end)
    crlf = line_end > start and octets.startswith(b"\r", line_end - 1)
    ends = (b"\n\r\n", b"\n\n") if crlf else (b"\n\n", b"\n\r\n")
    found, size = end, 0
    for blank in ends:
        place = octets.find(blank, start, min(end, found + 2))
        if place >= 0:
            found, size = place, len(blank)
    return (found + 1, found + size) if size else (end, end)


def _fields(block: bytes, most: int, hint: str, faults: list[str]) -> tuple[list[tuple[str, str]], int | None]:
    """The fields of a header, and where it ends early because what follows is no header."""
    fields: list[tuple[str, list[bytes]]] = []
    position = 0
    for line in _lines(block):
        found = _NAME.match(line)
        if found:
            if len(fields) == most:
                faults.append("the header has too many fields; the last of them were not read")
                break
            fields.append((found[1].decode("ascii"), [line[found.end() :]]))
        elif line[:1] in (b" ", b"\t") and fields:
            fields[-1][1].append(line)
        elif not (line.startswith((b"From ", b">From ")) and not fields):
            following = position + len(line)
            if not _COMMON.match(block, following):
                faults.append("the header ends without an empty line" if fields else "there is no header")
                return [(name, _value(pieces, hint)) for name, pieces in fields], position
            faults.append("the header holds a line that is no field")
        position += len(line)
    return [(name, _value(pieces, hint)) for name, pieces in fields], None


def _lines(block: bytes) -> Iterator[bytes]:
    """Lines with their ends; a bare CR ends none (another reader of the mail would not see a line there)."""
    start = 0
    while start < len(block):
        end = block.find(b"\n", start) + 1 or len(block)
        yield block[start:end]
        start = end


def _hint(octets: bytes, start: int, end: int) -> str:
    """The first charset that the mail states: what is no ASCII and no UTF-8 in its header is mostly in it too."""
    stated = _CHARSET.search(octets, start, min(end, start + limits.HEADER_OCTETS))
    return stated[1].decode() if stated else ""


def _value(pieces: list[bytes], hint: str) -> str:
    octets = b"".join(pieces)[: limits.FIELD_OCTETS].replace(b"\r\n", b"").replace(b"\n", b"").strip()
    text = octets.decode("ascii") if octets.isascii() else guess(octets, hint)
    return _CONTROLS.sub(" ", text).strip() if _CONTROLS.search(text) else text


def decode_words(value: str) -> str:
    """``value`` as one clean line with its encoded words decoded (RFC 2047), inside quotes too, as mail clients do."""
    if "=?" not in value:
        return clean_line(value)
    out: list[str] = []
    pending, charset, position = b"", "", 0
    for start, end, label, octets in _words(value):
        between = value[position:start]
        if position and not between.strip() and label == charset:
            pending += octets  # a character may be split between two words
        else:
            out += (decode(pending, charset)[0], between if not position or between.strip() else "")
            pending, charset = octets, label
        position = end
    out += (decode(pending, charset)[0], value[position:])
    return clean_line("".join(out))


def _words(value: str) -> Iterator[tuple[int, int, str, bytes]]:
    """Each encoded word: where it starts and ends, its charset, its octets."""
    position = 0
    while found := WORD_START.search(value, position):
        end = value.find("?=", found.end())
        if end < 0:
            return
        position = end + 2
        encoded = value[found.end() : end].encode("utf-8", "replace")
        octets = decode_base64(encoded)[0] if found[2] in "bB" else binascii.a2b_qp(encoded, header=True)
        yield found.start(), position, found[1].partition("*")[0].lower(), octets


def read_parameters(value: str) -> tuple[str, dict[str, str]]:
    """The word before the first ``;`` in lower case, and the parameters: names in lower case, values decoded."""
    main, _, rest = value[: limits.PARAMETERS_CHARACTERS].partition(";")
    word, _, stray = main.strip().partition(" ")
    sections: dict[str, list[tuple[int, bool, str]]] = {}
    for count, found in enumerate(_PARAMETER.finditer(f";{stray};{rest}")):
        if count == limits.PARAMETERS:
            break
        name = _SECTION.fullmatch(found[1].lower())
        if name:
            text = found[3].strip().strip('"') if found[2] is None else _ESCAPED.sub(r"\1", found[2])
            sections.setdefault(name[1], []).append((int(name[2] or -1), bool(name[3]), text))
    return word.lower(), {name: _joined(pieces) for name, pieces in sections.items()}


def _joined(pieces: list[tuple[int, bool, str]]) -> str:
    """One value of its sections (RFC 2231 §3); of a plain and an extended value, the extended one (RFC 6266 §4.3)."""
    whole = [piece for piece in pieces if piece[0] < 0]
    if whole:
        _, extended, text = next((piece for piece in whole if piece[1]), whole[0])
        return _extended([(True, text)]) if extended else decode_words(text[: limits.PARAMETER_CHARACTERS])
    ordered = [(extended, text) for _, extended, text in sorted(pieces, key=lambda piece: piece[0])]
    if any(extended for extended, _ in ordered):
        return _extended(ordered)
    return decode_words("".join(text for _, text in ordered)[: limits.PARAMETER_CHARACTERS])


def _extended(pieces: list[tuple[bool, str]]) -> str:
    charset, first = "", pieces[0][1]
    if pieces[0][0] and first.count("'") > 1:
        charset, _, first = first.split("'", 2)
    texts = [(pieces[0][0], first), *pieces[1:]]
    octets = b"".join(unquote_to_bytes(text) if extended else text.encode() for extended, text in texts)
    return clean_line(decode(octets, charset)[0])
