"""A letter -> the finished octets of a mail, as they go to the wire (RFC 5322, RFC 2045-2047, RFC 2231).

Written by hand: the standard library's composer adds header fields that strangers put into ids (Python 3.11 and
3.12), breaks ids over 77 characters, and is slower.  It refuses (`ComposeError`) an address that is
no plain ASCII address, an id of its own that is none, and any mail whose finished header is not the intended one.

No Precedence field: Auto-Submitted and X-Auto-Response-Suppress already ask robots for silence, while sendmail
and its kin throw away the delivery reports of mail with a "bulk" or "junk" precedence, and we live on those.
"""

import re
from base64 import b64encode
from binascii import b2a_base64, b2a_qp
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from hashlib import sha256
from typing import Literal
from urllib.parse import quote

from maildesk.desk.subject import one_line
from maildesk.read.mail import Attachment

LINE = 76  # characters that a header line aims at, RFC 2047 §2
MOST_LINE = 998  # octets that no line may exceed without its end, ibid.
MOST_REFERENCES = 50  # a longer thread keeps its first id and its newest ones
_MOST_ADDRESS = 254  # RFC 5321 §4.5.3.1.3 without the brackets
_MOST_NAME = 120  # characters of a display name
_MOST_SUBJECT = 250
_MOST_WORD = 70  # characters of an unencoded word
_WORD_OCTETS = 39  # of UTF-8 in an encoded word: with its field's name it fits the line

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]"
_LOCAL = rf'(?:(?:{_ATOM}|\.){{1,64}}|"[ !#-\[\]-~]{{1,62}}")'
_DOMAIN = r"(?:[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63}){0,30}\.?|\[[A-Za-z0-9.:]{1,60}\])"
_ADDRESS = re.compile(f"{_LOCAL}@{_DOMAIN}")
_ID_SIDE = r"[!#-'*+\--:=?A-Z\[\]^-~]{1,400}"  # printable, but no space, @, <>, (), quote, backslash, comma, semicolon
_ID = re.compile(f"{_ID_SIDE}@{_ID_SIDE}")
_PLAIN_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]*")
_SEVEN_BIT = re.compile(r"[\t\n -~]*")
_LONG_OR_FROM = re.compile(rf"^(?:From |[^\n]{{{MOST_LINE + 1}}})", re.MULTILINE)  # mbox programs rewrite "From "
_CONTENT_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,60}/[a-z0-9][a-z0-9!#$&^_.+-]{0,80}")
_COMPOUND = ("multipart/", "message/")  # RFC 2045 §6.4: must not be base64
_OCTETS = "application/octet-stream"
_HEADER_LINE = re.compile(rb"(?=.{1,998}\Z)(?:[!-9;-~]+:|[ \t]+[!-~])[\t -~]*")  # printable, never only white space
_SUBMITTED = ("auto-replied", "auto-generated")

Field = tuple[str, str]


class ComposeError(ValueError):
    """The letter cannot be a well-formed mail; the text says why, for staff."""


@dataclass(frozen=True, slots=True)
class Letter:
    """All that a mail says, to one recipient.

    Ids are without angle brackets.  ``in_reply_to`` and ``references`` may hold strangers' ids: only well-formed
    ones are copied.  ``date`` is an aware time.  Names, subject, text and attachments may be any text.
    """

    from_name: str
    from_address: str
    to_name: str
    to_address: str
    subject: str
    text: str
    html: str
    message_id: str
    date: datetime
    loop_mark: str  # the desk's address, RFC 3834 §3.1.6 leaves the form to us
    auto_submitted: Literal["auto-replied", "auto-generated"] = "auto-generated"  # RFC 3834 §5
    in_reply_to: tuple[str, ...] = ()
    references: tuple[str, ...] = ()  # oldest first
    reply_to: str = ""
    attachments: tuple[Attachment, ...] = ()


def compose(letter: Letter) -> bytes:
    """The mail: CRLF, an ASCII header, one recipient, text and HTML, then the attachments.

    Raises ComposeError.
    """
    boundary = "=_" + sha256(letter.message_id.encode("utf-8", "replace")).hexdigest()[:24]
    kind, body = _body(letter, boundary)
    return _head([*_fields(letter), ("MIME-Version", "1.0"), *kind]) + body


def usable_address(address: str) -> bool:
    """Whether mail can be sent to this address; one that is not ASCII would need SMTPUTF8 all the way (RFC 6531)."""
    return len(address) <= _MOST_ADDRESS and _ADDRESS.fullmatch(address) is not None


def _fields(letter: Letter) -> Iterator[Field]:
    yield "From", _mailbox("From", letter.from_name, letter.from_address)
    yield "To", _mailbox("To", letter.to_name, letter.to_address)
    yield "Subject", _unstructured("Subject", one_line(letter.subject)[:_MOST_SUBJECT])
    yield "Date", _date(letter.date)
    yield "Message-ID", f"<{_own_id(letter.message_id)}>"
    if answered := _ids(letter.in_reply_to):
        yield "In-Reply-To", _folded("In-Reply-To", answered)
    if thread := _ids(letter.references):
        yield "References", _folded("References", thread)
    if letter.reply_to:
        yield "Reply-To", _address(letter.reply_to)
    yield "Auto-Submitted", _submitted(letter.auto_submitted)
    yield "X-Auto-Response-Suppress", "All"
    yield "X-Loop", _address(letter.loop_mark)


def _body(letter: Letter, boundary: str) -> tuple[list[Field], bytes]:
    """The fields that describe the body, and the empty line and the body themselves."""
    parts = [_text_part("plain", letter.text)]
    if letter.html:
        parts.append(_text_part("html", letter.html))
    if len(parts) > 1:
        parts = [_multipart("alternative", f"{boundary}a", parts)]
    if letter.attachments:
        parts = [_multipart("mixed", f"{boundary}m", [*parts, *map(_attachment, letter.attachments)])]
    return parts[0]


def _multipart(kind: str, boundary: str, parts: Iterable[tuple[list[Field], bytes]]) -> tuple[list[Field], bytes]:
    pieces = [_head(fields) + body for fields, body in parts]
    mark = b"--" + boundary.encode("ascii")
    if any(mark in piece for piece in pieces):
        raise ComposeError("a part holds the boundary of the mail that it is to stand in")
    lines = [b"", *(b"%b\r\n%b" % (mark, piece) for piece in pieces), mark + b"--", b""]
    return [("Content-Type", f'multipart/{kind}; boundary="{boundary}"')], b"\r\n".join(lines)


def _text_part(kind: str, text: str) -> tuple[list[Field], bytes]:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    lines = lines if lines.endswith("\n") else lines + "\n"
    encoding, body = _encoded_text(lines)
    fields = [("Content-Type", f"text/{kind}; charset=utf-8"), ("Content-Transfer-Encoding", encoding)]
    return fields, b"\r\n" + body.replace(b"\n", b"\r\n")


def _encoded_text(lines: str) -> tuple[str, bytes]:
    if _SEVEN_BIT.fullmatch(lines) and not _LONG_OR_FROM.search(lines):
        return "7bit", lines.encode("ascii")
    octets = lines.encode("utf-8", "replace")
    quoted = b2a_qp(octets)
    if len(quoted) > len(octets) * 3 // 2:
        return "base64", _base64(octets.replace(b"\n", b"\r\n"))
    return "quoted-printable", b"\n".join(
        b"=46" + line[1:] if line.startswith(b"From ") else line for line in quoted.split(b"\n")
    )


def _attachment(attachment: Attachment) -> tuple[list[Field], bytes]:
    disposition = ["attachment;", *_file_name(one_line(attachment.name)[:150] or "attachment")]
    fields = [
        ("Content-Type", _attachment_type(attachment)),
        ("Content-Transfer-Encoding", "base64"),
        ("Content-Disposition", _folded("Content-Disposition", disposition)),
    ]
    return fields, b"\r\n" + _base64(attachment.octets).replace(b"\n", b"\r\n")


def _attachment_type(attachment: Attachment) -> str:
    """Its own type; a text says its charset where that is certain, and is octets where it is not (RFC 2046 §4.1.2)."""
    kind = attachment.content_type.lower()
    if not _CONTENT_TYPE.fullmatch(kind) or kind.startswith(_COMPOUND):
        return _OCTETS
    if not kind.startswith("text/") or (attachment.octets.isascii() and b"\0" not in attachment.octets):
        return kind
    return f"{kind}; charset=utf-8" if _is_utf8(attachment.octets) else _OCTETS


def _is_utf8(octets: bytes) -> bool:
    try:
        return "\0" not in octets.decode("utf-8")
    except UnicodeDecodeError:
        return False


def _base64(octets: bytes) -> bytes:
    return b"".join(b2a_base64(octets[at : at + 57]) for at in range(0, len(octets), 57))


def _file_name(name: str) -> list[str]:
    """The file name's parameters, in pieces where it is no plain ASCII (RFC 2231 §3, §4)."""
    if name.isascii():
        return ['filename="{}"'.format(name.translate({ord('"'): "'", ord("\\"): "_"}))]
    pieces = [quote(name[at : at + 15], safe="") for at in range(0, len(name), 15)]
    extended = [f"filename*{at}*={piece}" for at, piece in enumerate(["utf-8''" + pieces[0], *pieces[1:]])]
    return [f"{piece};" for piece in extended[:-1]] + extended[-1:]


def _mailbox(field: str, name: str, address: str) -> str:
    """``Name <address>``; a name that is no plain words is quoted or encoded, so it is never taken for an address."""
    checked = _address(address)
    name = one_line(name)[:_MOST_NAME]
    if not name:
        return checked
    if not name.isascii() or "=?" in name:
        words = list(_encoded_words(name))  # whole: a comma before an encoded word would part two addresses
    elif _PLAIN_NAME.fullmatch(name):
        words = name.split()
    else:
        words = ['"{}"'.format(name.replace("\\", "\\\\").replace('"', '\\"'))]
    return _folded(field, [*words, f"<{checked}>"])


def _unstructured(field: str, text: str) -> str:
    return _folded(field, _words(text))


def _words(text: str) -> list[str]:
    """The words of a single line; from the first that cannot stand as it is they are encoded (RFC 2047 §5)."""
    words = text.split()
    plain = next((at for at, word in enumerate(words) if _must_encode(word)), len(words))
    return words[:plain] + list(_encoded_words(" ".join(words[plain:])))


def _must_encode(word: str) -> bool:
    return not word.isascii() or "=?" in word or len(word) > _MOST_WORD


def _encoded_words(text: str) -> Iterator[str]:
    octets = b""
    for char in text:
        coded = char.encode()
        if len(octets) + len(coded) > _WORD_OCTETS:
            yield _encoded_word(octets)
            octets = b""
        octets += coded
    if octets:
        yield _encoded_word(octets)


def _encoded_word(octets: bytes) -> str:
    return f"=?utf-8?B?{b64encode(octets).decode('ascii')}?="


def _folded(field: str, tokens: Iterable[str]) -> str:
    """The tokens with a space between them, or a fold where the line is full; a token is never broken."""
    value, used = "", len(field) + 1
    for token in tokens:
        if value and used + 1 + len(token) > LINE:
            value, used = value + "\r\n", 0
        value += f" {token}" if value else token
        used += 1 + len(token)
    return value


def _address(address: str) -> str:
    if usable_address(address):
        return address
    if not address.isascii():
        raise ComposeError(f"{address!r} is not ASCII: mail to such addresses (SMTPUTF8) is not supported")
    raise ComposeError(f"{address!r} is no address that mail can be sent to")


def _own_id(message_id: str) -> str:
    if not _ADDRESS.fullmatch(message_id):
        raise ComposeError(f"{message_id!r} is no Message-ID")
    return message_id


def _ids(ids: tuple[str, ...]) -> list[str]:
    # "=?" would be decoded by programs that look for encoded words where none may be.
    usable = [f"<{one}>" for one in dict.fromkeys(ids) if _ID.fullmatch(one) and "=?" not in one]
    return usable if len(usable) <= MOST_REFERENCES else [usable[0], *usable[1 - MOST_REFERENCES :]]


def _date(date: datetime) -> str:
    if date.tzinfo is None:
        raise ComposeError("the date has no zone")
    return format_datetime(date.astimezone(UTC))


def _submitted(value: str) -> str:
    if value not in _SUBMITTED:
        raise ComposeError(f"{value!r} is no value of Auto-Submitted")
    return value


def _head(fields: list[Field]) -> bytes:
    """The header that these fields make.  What was written is read again, and must be these fields and no others."""
    try:
        octets = "".join([f"{name}: {value}\r\n" for name, value in fields]).encode("ascii")
    except UnicodeEncodeError as error:
        raise ComposeError(f"a header field is not ASCII: {error}") from error
    intended = [name for name, _ in fields]
    if _field_names(octets) != intended:
        raise ComposeError(f"the header is not the intended one: {_field_names(octets)} instead of {intended}")
    return octets


def _field_names(head: bytes) -> list[str]:
    names = []
    for line in head.split(b"\r\n")[:-1]:
        if not _HEADER_LINE.fullmatch(line):
            raise ComposeError(f"this is no line of a header: {line[:100]!r}")
        if line[0] not in b" \t":
            names.append(line.partition(b":")[0].decode("ascii"))
    return names
