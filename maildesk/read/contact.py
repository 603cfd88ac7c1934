# ruff: noqa: RUF001 - separators of many alphabets
"""Who writes, for whom and how he is reached: the facts that [Procedure 11] wants known.

Read from labelled lines, filled-in forms, HTML tables, the signature, the header and the attachments'
names.  All values are strangers' text: cleaned to one short line, never more.  It refuses what looks
like prose, and in quoted text believes only our own form's labels ("Your phone number: ...").
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from itertools import islice
from typing import NamedTuple

from maildesk.read.contact_labels import (
    CONTRACT_WORDS,
    EMPTY_VALUES,
    FILLERS,
    LABELS,
    LEGAL_FORMS,
    PHONE_WORDS,
    POSSESSIVES,
    SIGNATURE_PHONE_LABELS,
)
from maildesk.read.mail import Attachment, Mail
from maildesk.read.quote_marks import is_quoted, is_rule, is_signature_mark, unquoted
from maildesk.read.reply import head_lines, new_text, page_lines

FIELDS = (
    ("name", "Your name"),
    ("organisation", "Your organisation"),
    ("contract", "Your contract number"),
    ("email", "Your e-mail address"),
    ("phone", "Your phone number"),
    ("documentation", "Supporting documentation"),
)
LONGEST_VALUE = 100  # characters
MOST_DOCUMENTS = 20

_OUR_DOCUMENTATION = FIELDS[-1][1].casefold()

_MOST_LINES = 5_000
_LONGEST_LINE = 500
_LONGEST_LABEL = 60
_SIGNATURE_LINES = 14
_SEPARATOR = re.compile(r"[:：=\t|]|\s[-–—]\s")
_SEPARATOR_MARK = re.compile(r"[:：=\t|–—-]")  # found many times faster, and in hardly a line
_SEGMENTS = re.compile(r"[;|•·\t]|,\s|\s\s\s")
_DIGIT = re.compile(r"\d")
_NUMBERING = re.compile(r"[\s>*#•·+-]*(?:\d{1,2}[.)]\s)?[\s*]*")
_NOTE = re.compile(r"\([^()]{0,60}\)")
_PHONE = re.compile(r"(?:\+|\b|\()[\d(][\d ().\-–/\u00a0]{1,24}\d")
_DATE = re.compile(
    r"(?:19|20)\d\d[-./]\d{1,2}[-./]\d{1,2}|\d{1,2}[-./]\d{1,2}[-./](?:19|20)?\d\d(?!\d)|\d{1,3}(?:\.\d{1,3}){3}(?!\d)"
)
_PHONE_DIGITS = range(3, 16)  # behind a label, an extension too
_SURE_PHONE_DIGITS = range(8, 16)
_LOGO = re.compile(
    r"image\d{1,4}\.\w{3,4}|.{0,40}(?:logo|signature|banner|facebook|twitter|linkedin).{0,40}\.(?:png|jpe?g|gif|svg|bmp)"
)
_VALUE_EDGES = " \t*_\"'`<>[]{}|,;:：=…·•-–—"
_SENTENCE_ENDS = (".", "!", "?")


@dataclass(frozen=True, slots=True)
class Contact:
    """What [Procedure 11] asks for; a field that is not known is empty."""

    name: str = ""
    organisation: str = ""
    contract: str = ""
    email: str = ""
    phone: str = ""
    documentation: tuple[str, ...] = ()


def merge(old: Contact, new: Contact) -> Contact:
    """Field by field: a new value wins over an old one, an empty one never; documentation adds up."""
    documents = tuple(dict.fromkeys((*old.documentation, *new.documentation)))[:MOST_DOCUMENTS]
    given = {key: value for key, value in _texts(new).items() if value}
    return replace(old, **given, documentation=documents)


def missing(contact: Contact) -> tuple[str, ...]:
    """The keys of the fields that are still to be asked for, in the order of `FIELDS`."""
    return tuple(key for key, _ in FIELDS if not getattr(contact, key))


def read_contact(mail: Mail, reply: str) -> Contact:
    """All that the mail says of its writer; ``reply`` is the writer's own new text (`maildesk.read.reply`)."""
    found: dict[str, str] = {}
    documents = [_clean(attachment.name) for attachment in mail.attachments if _is_document(attachment)]
    written, head = _bounded(reply.splitlines()), head_lines(mail.text, mail.html)
    for key, value in _labelled(mail, written, head):
        if key == "documentation":
            documents.append(value)
        else:
            found.setdefault(key, value)
    for key, value in (*_from_prose(written), *_from_signature(mail, head), *_from_header(mail)):
        found.setdefault(key, value)
    return Contact(**found, documentation=tuple(dict.fromkeys(documents))[:MOST_DOCUMENTS])


def _texts(contact: Contact) -> dict[str, str]:
    return {field.name: getattr(contact, field.name) for field in fields(contact) if field.name != "documentation"}


class _Labelled(NamedTuple):
    """A label and what stands behind it."""

    key: str
    asked: bool  # the label says whose value it asks for: "Your name"
    value: str


Labels = Mapping[str, list[_Labelled]]  # of each line that has any


def _labelled(mail: Mail, written: list[str], head: list[str]) -> Iterator[tuple[str, str]]:
    """Labelled values, the most trustworthy place first: own text, own tables, then our form in what is quoted."""
    shown, text = _bounded(head), _bounded(mail.text.splitlines())
    rows = _bounded(page_lines(mail.html)[0]) if "<td" in mail.html.lower() else []
    tabled = any("\t" in row for row in rows)
    own = [line for line in _bounded(new_text("", mail.html).splitlines()) if "\t" in line] if tabled else []
    labels = _labels({*written, *shown, *own, *rows, *text})  # mostly the same lines
    if not labels:
        return
    yield from _pairs(written, labels, everything=True)
    yield from _pairs(shown, labels, everything=True)
    yield from _pairs(own, labels, everything=True)
    yield from _pairs(rows, labels, everything=False)
    yield from _pairs(text, labels, everything=False)


def _labels(lines: Iterable[str]) -> Labels:
    found = {line: _pieces(line) for line in lines if _SEPARATOR_MARK.search(line)}
    return {line: pieces for line, pieces in found.items() if pieces}


def _bounded(lines: Iterable[str]) -> list[str]:
    return [line[:_LONGEST_LINE] for line in islice(lines, _MOST_LINES)]


def _pairs(lines: list[str], labels: Labels, *, everything: bool) -> Iterator[tuple[str, str]]:
    """Label and value of each line that has both; a value may stand on the next line.

    Unless ``everything``, and always in a quoted line, only the labels of our form count, which say whose value
    is asked for ("Your name").
    """
    for i, line in enumerate(lines):
        for label in labels.get(line, ()):
            if not (label.asked or (everything and not is_quoted(line))):
                continue
            given = _judge(label.key, label.value if label.value.strip() else _next_value(lines, i))
            if given:
                yield label.key, given


def _pieces(line: str) -> list[_Labelled]:
    """What is labelled on a line: each of its parts where all of them are, else the line."""
    parts = [_split_label(part) for part in _SEGMENTS.split(line) if part.strip()]
    labelled = [part for part in parts if part]
    if 1 < len(parts) == len(labelled):
        return labelled
    whole = _split_label(line)
    return [whole] if whole else []


def _split_label(line: str) -> _Labelled | None:
    """The field that a line's label names, whether it says whose ("your ..."), and what stands behind it."""
    bare = unquoted(line)
    start = _NUMBERING.match(bare)
    bare = bare[start.end() :] if start else bare
    separator = _SEPARATOR.search(bare[: _LONGEST_LABEL + 3])
    if not separator:
        return None
    label = _NOTE.sub("", bare[: separator.start()]).strip(" \t*_.?").strip().casefold()
    asked_for = _without_owner(label)
    key = LABELS.get(label) or LABELS.get(asked_for)
    if not key:
        return None
    return _Labelled(key, asked_for != label or label == _OUR_DOCUMENTATION, bare[separator.end() :])


def _without_owner(label: str) -> str:
    """A label without the words that say whose value it asks for: "your name", "il suo nome"."""
    first, _, rest = label.partition(" ")
    second, _, others = rest.partition(" ")
    if first in POSSESSIVES:
        return rest.strip()
    return others.strip() if f"{first} {second}" in POSSESSIVES else label


def _next_value(lines: list[str], i: int) -> str:
    """The line under a label, unless it is empty, a label itself, or deeper quoted."""
    if i + 1 >= len(lines):
        return ""
    following = lines[i + 1]
    if _split_label(following) or is_rule(following) or (is_quoted(following) and not is_quoted(lines[i])):
        return ""
    return unquoted(following)


def _judge(key: str, value: str) -> str:
    """The value cleaned for its field, or nothing where it is empty, a placeholder or prose."""
    plain = _clean(value)
    if not plain or plain.casefold().rstrip(".") in EMPTY_VALUES or not any(char.isalnum() for char in plain):
        return ""
    return _JUDGES[key](plain)


def _name(value: str) -> str:
    count = len(value.split())
    odd = any(char.isdigit() or char in "@/<>?!=" for char in value)
    shy = count > 2 and value[0].islower()  # noqa: PLR2004 - "that is a long story" is no name
    sentence = count > 3 and value.endswith(_SENTENCE_ENDS)  # noqa: PLR2004
    return "" if odd or shy or sentence or count > 6 else value  # noqa: PLR2004


def _organisation(value: str) -> str:
    prose = value.endswith(_SENTENCE_ENDS) and not _ends_legally(value)
    shy = len(value.split()) > 4 and value[0].islower()  # noqa: PLR2004
    return "" if prose or shy or len(value.split()) > 10 or "@" in value or "://" in value else value  # noqa: PLR2004


def _contract(value: str) -> str:
    if not any(char.isdigit() for char in value):
        return ""
    if len(value) <= 40 and len(value.split()) <= 4:  # noqa: PLR2004
        return value
    return next((word.strip(_VALUE_EDGES + ".()") for word in value.split() if _is_number(word)), "")


def _is_number(word: str) -> bool:
    """Whether a word can be a contract's number: three characters and a digit at least."""
    bare = word.strip(_VALUE_EDGES + ".()#")
    return 3 <= len(bare) <= 40 and any(char.isdigit() for char in bare) and _DATE.fullmatch(bare) is None  # noqa: PLR2004


def _email(value: str) -> str:
    for word in re.split(r"[\s<>()\[\],;:\"']", value):
        local, _, domain = word.strip(".").rpartition("@")
        names = domain.split(".")
        usable = 0 < len(local) <= 64 and "@" not in local and len(names) > 1  # noqa: PLR2004 - RFC 5321 §4.5.3.1.1
        if usable and all(name.replace("-", "").isalnum() for name in names):
            return word.strip(".")
    return ""


def _phone(value: str) -> str:
    number = _first_phone(value, _PHONE_DIGITS)
    return value if number and len(value) <= 40 and value.startswith(number) else number  # noqa: PLR2004 - with its extension


def _first_phone(text: str, digits: range) -> str:
    for found in _PHONE.finditer(text[:_LONGEST_LINE]):
        number = found[0].strip(" .-–/")
        if sum(char.isdigit() for char in number) in digits and not _DATE.match(number):
            return _clean(number)
    return ""


def _documentation(value: str) -> str:
    return value if any(char.isalpha() for char in value) else ""


_JUDGES = {
    "name": _name,
    "organisation": _organisation,
    "contract": _contract,
    "email": _email,
    "phone": _phone,
    "documentation": _documentation,
}


def _from_prose(written: list[str]) -> Iterator[tuple[str, str]]:
    """What is said in a sentence: "our contract number is CB-17" "call me on 020 7946 0000"; nothing freer."""
    for line in written:
        if line.isascii() and not _DIGIT.search(line):  # both are numbers; beyond ASCII there are odd digits
            continue
        spoken = line.split()
        plain = [word.casefold().strip(".,;:!?()") for word in spoken]
        if not PHONE_WORDS.isdisjoint(plain) and (number := _first_phone(line, _SURE_PHONE_DIGITS)):
            yield "phone", number
        for i, word in enumerate(plain):
            if word in CONTRACT_WORDS and (number := _number_behind(spoken[i + 1 : i + 6])):
                yield "contract", number


def _number_behind(spoken: list[str]) -> str:
    for word in spoken:
        if _is_number(word):
            return word.strip(_VALUE_EDGES + ".()")
        if word.casefold().rstrip(":") not in FILLERS:
            return ""
    return ""


def _from_signature(mail: Mail, head: list[str]) -> Iterator[tuple[str, str]]:
    """Phone, organisation by its legal form, and a name that his address bears out."""
    shown = [line for line in _bounded(head[-_MOST_LINES:]) if line.strip()][-_SIGNATURE_LINES:]
    marks = [i for i, line in enumerate(shown) if is_signature_mark(line)]
    block = shown[marks[-1] + 1 :] if marks else shown[1:]
    for line in block:
        has_number = _DIGIT.search(line) is not None
        for piece in (part for part in _SEGMENTS.split(line) if part.strip()):
            if has_number and (number := _signature_phone(piece)):
                yield "phone", number
            if organisation := _legal_name(piece):
                yield "organisation", organisation
    if marks and block and mail.sender and _bears_out(block[0], mail.sender.key):
        yield "name", _judge("name", block[0])


def _signature_phone(piece: str) -> str:
    """A number that stands alone or behind a telephone's label, not a fax's."""
    first, _, rest = piece.strip(_VALUE_EDGES).replace("：", ":").partition(" ")
    label = first.casefold().rstrip(":")
    number = _first_phone(rest if label in SIGNATURE_PHONE_LABELS else piece, _SURE_PHONE_DIGITS)
    alone = len(number) == len(piece.strip(_VALUE_EDGES))
    written = number.startswith(("+", "0", "(")) or " " in number or "-" in number
    return number if label in SIGNATURE_PHONE_LABELS or (alone and written) else ""


def _legal_name(piece: str) -> str:
    """A few words that end as only an organisation's name does; hardly any line does, so that is asked first."""
    if not _ends_legally(piece.rstrip(_VALUE_EDGES)):
        return ""
    value = _clean(piece)
    proper = 1 < len(value.split()) <= 7 and (value[0].isupper() or value[0].isdigit())  # noqa: PLR2004
    return value if proper and _ends_legally(value) else ""


def _ends_legally(name: str) -> bool:
    return name.rpartition(" ")[2].casefold().rstrip(".") in LEGAL_FORMS


def _bears_out(line: str, address: str) -> bool:
    """Whether an address is made of the words of a name: bob.smith@ of Bob Smith."""
    spoken = [word.casefold() for word in line.split() if word.isalpha() and len(word) > 1]
    return 1 < len(spoken) <= 4 and all(word in address.partition("@")[0] for word in spoken)  # noqa: PLR2004


def _from_header(mail: Mail) -> Iterator[tuple[str, str]]:
    if mail.sender:
        if name := _judge("name", mail.sender.name):
            yield "name", name
        if address := _clean(mail.sender.address):
            yield "email", address
    if organisation := _judge("organisation", mail.value("Organization") or mail.value("Organisation")):
        yield "organisation", organisation


def _is_document(attachment: Attachment) -> bool:
    """Whether an attachment says something of the case; pictures of signatures and visiting cards do not."""
    name = attachment.name.casefold()
    if attachment.kind not in ("file", "message") or name.endswith((".vcf", ".p7s", ".asc", ".ics")):
        return False
    return "vcard" not in attachment.content_type and _LOGO.fullmatch(name[:LONGEST_VALUE]) is None


def _clean(value: str) -> str:
    """One line without what does not show, shortened at a word's end, free of the marks around it."""
    value = value[: 4 * LONGEST_VALUE]
    shown = value if value.isascii() and value.isprintable() else "".join(map(_shown, value))
    line = " ".join(shown.split()).strip(_VALUE_EDGES)
    if len(line) <= LONGEST_VALUE:
        return line
    return (line[: LONGEST_VALUE + 1].rpartition(" ")[0] or line[:LONGEST_VALUE]).rstrip(_VALUE_EDGES)


def _shown(char: str) -> str:
    if char.isspace():
        return " "
    return "" if unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co", "Cn") else char
