"""A mail read: octets in, `Mail` out, whatever the octets are.  The only door of mail-parser.

Each fact comes from where it is right (docs/decisions/0002-mail-parser.md): mail-parser reads the mailboxes of the
address fields and the date; parts, charsets, encoded words, names of files and text are read here, because mail-parser
merges attached mails into the text, believes any codec, and takes as long as the mail is large.

`read_mail` raises nothing and is never slow: sizes are capped before a parser sees them (`maildesk.read.limits`), and
what is broken, guessed or cut becomes a fault in words.  Nothing that a mail names is fetched, unpacked or run.
"""

import re
from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from mailparser.dates import parse_mail_date
from mailparser.utils import get_addresses

from maildesk.read import limits
from maildesk.read.address import person, read_addresses
from maildesk.read.body import Body, read_body
from maildesk.read.charset import codec
from maildesk.read.header import WORD_START, Header, decode_words, read_header
from maildesk.read.mail import Address, Mail
from maildesk.read.message_id import message_ids
from maildesk.read.mime import cut

_Fact = TypeVar("_Fact")


def read_mail(octets: bytes) -> Mail:
    """The facts of a mail.  ``octets``: the mail as it came, with CRLF, LF or CR line ends.  Raises nothing."""
    return _guarded(lambda: _read(octets), Mail(faults=("the mail cannot be read; the raw mail is kept",)), [], "")


def _read(octets: bytes) -> Mail:
    faults: list[str] = []
    octets = _with_lines(octets)
    header = read_header(octets)
    faults += header.faults
    root = cut(octets, header, faults)
    body = _guarded(lambda: read_body(octets, root, faults), Body(), faults, "the text of the mail cannot be read")
    from_ = _first(header, "from", faults)
    if not from_:
        faults.append("no usable address in From")
    content_type = header.value("content-type").partition(";")[0].strip().lower()
    return Mail(
        fields=header.fields,
        from_=from_,
        reply_to=_first(header, "reply-to", faults),
        to=_all(header, "to", faults),
        cc=_all(header, "cc", faults),
        subject=decode_words(header.value("subject")),
        date=_guarded(lambda: _date(header.value("date"), faults), None, faults, "the date cannot be read"),
        message_id=next(iter(message_ids(header.value("message-id"))), ""),
        in_reply_to=message_ids(header.value("in-reply-to")),
        references=message_ids(header.value("references")),
        content_type=content_type if content_type.startswith("multipart/") else root.content_type,
        content_type_parameters=tuple(root.parameters.items()),
        text=body.text,
        html=body.html,
        attachments=body.attachments,
        reports=body.reports,
        faults=tuple(dict.fromkeys(faults))[: limits.FAULTS],
    )


def _with_lines(octets: bytes) -> bytes:
    """Octets whose lines end in LF or CRLF: a mail of old with bare CR throughout, or with empty lines before it."""
    if octets.startswith((b"\n", b"\r")):
        octets = octets.lstrip(b"\r\n")
    if b"\r" in octets and b"\n" not in octets:
        octets = octets.replace(b"\r", b"\n")
    return octets


def _first(header: Header, name: str, faults: list[str]) -> tuple[Address, ...]:
    """The addresses of the first of the fields of a name that holds any (RFC 5322 §3.6 allows one)."""
    values = _values(header, name)
    if len(values) > 1:
        faults.append(f"more than one field {name.capitalize()}; the first was taken")
    return next((found for value in values if (found := _addresses(value, name, faults))), ())


def _all(header: Header, name: str, faults: list[str]) -> tuple[Address, ...]:
    """The addresses of all fields of a name: some writers give each recipient a field."""
    found = [address for value in _values(header, name) for address in _addresses(value, name, faults)]
    return tuple(found[: limits.ADDRESSES])


def _values(header: Header, name: str) -> list[str]:
    return [value for field, value in header.fields if field.lower() == name][: limits.ADDRESSES]


def _addresses(value: str, name: str, faults: list[str]) -> tuple[Address, ...]:
    """The mailboxes of a field by mail-parser; by our own tolerant reader where mail-parser leaves one out."""
    if value.count(",") >= limits.ADDRESSES:
        value = ",".join(value.split(",", limits.ADDRESSES)[: limits.ADDRESSES])
        faults.append(f"too many addresses in {name.capitalize()}; the last of them were not read")
    read = _guarded(lambda: _mailboxes(value), None, faults, f"{name.capitalize()} is broken")
    return read_addresses(value) if read is None else read


def _mailboxes(value: str) -> tuple[Address, ...] | None:
    """What mail-parser finds; None where it is not sure of all."""
    defects: list[dict[str, object]] = []
    found = get_addresses(WORD_START.sub(_known_charset, value), defects=defects, decode_names=True)
    people = tuple(known for name, address in found if (known := person(name, address)))
    return people if people and all(defect["recovered"] for defect in defects) else None


def _known_charset(word: re.Match[str]) -> str:
    """The beginning of an encoded word with a charset of our allow-list, because mail-parser believes any codec."""
    return f"=?{codec(word[1].partition('*')[0]) or 'utf-8'}?{word[2]}?"


def _date(value: str, faults: list[str]) -> datetime | None:
    if not value:
        return None
    date: datetime | None = parse_mail_date(value).value
    if date is None:
        faults.append("the date cannot be read")
    return date


def _guarded(read: Callable[[], _Fact], otherwise: _Fact, faults: list[str], fault: str) -> _Fact:
    """What ``read`` gives, or ``otherwise`` with a fault.

    The one broad guard of reading: the parsers below are others' code and their input is anybody's, and no
    exception of theirs may cost a mail.
    """
    try:
        return read()
    except Exception:  # noqa: BLE001 - the named guard, see above
        if fault:
            faults.append(fault)
        return otherwise
