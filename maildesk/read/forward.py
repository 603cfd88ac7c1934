# ruff: noqa: RUF001 - the tables are in many alphabets
"""What a forwarded mail holds: whose words they were, and what its forwarder wrote above them.

A forward is told by its client's title ("Begin forwarded message:"), by a subject that says so ("FW:", "WG:", "TR:")
over a repeated header or a lead-in, or by an attached mail.  An answer with its history is none.  All of it is a claim
of the forwarder: who may open a ticket by it is decided elsewhere.  Where nobody is named who could be answered, it is
no forward.  Pure, raises nothing, and no line is looked at more than a few times.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from maildesk.read import quote_marks
from maildesk.read.address import person
from maildesk.read.line_kinds import Kind, cut, scan
from maildesk.read.mail import Address, Attachment, Mail
from maildesk.read.message_id import message_ids
from maildesk.read.mime import MESSAGES
from maildesk.read.ours import Sent
from maildesk.read.parse import read_mail
from maildesk.read.reply import own_text
from maildesk.read.tables import phrases

# How a subject begins that a client made for a forward; answers ("RE:", "AW:", "SV:") are not among them.
_SUBJECT = re.compile(
    r"\s*(?:\[\s*)?(?:fwd?|wg|tr|rv|i|enc|vb|vl|pd|ilt|doorst|пересл|转发|轉寄|転送)\s?[:：]",
    re.IGNORECASE,
)
_FORWARD_WORDS = phrases(
    """
forward|weitergeleitet|weitergeleiteten|weiterleitung|transféré|transfert|réexpédié|reenviado|reenvío|inoltrat|doorgestuurd
encaminhada|przekazan|przekazyw|vidarebefordrat|videresendt|edelleenlähetetty|välitetty|přeposlaná|preposlaná|továbbított
redirecționat|iletilen|προωθημένο|пересыла|переслан|перенаправлен|препратено|転送|转发|轉寄|전달된|שהועברה|توجيهها
"""
)
_LONGEST_TITLE = 200  # characters; mutt's names the sender
_BLOCK_LINES = 60
_FOLDED_LINES = 6  # a long To may go on over so many lines
_GAP = 4  # empty lines between a title and its header
_KINDS = 3  # of repeated fields that make a header where no title stands above it
_LONG_SUBJECT = 60  # characters: a shorter one is not wrapped
_OTHER_FIELDS = frozenset(
    phrases(
        """message-id|mime-version|content-type|content-transfer-encoding|user-agent|x-mailer|received|return-path|references
in-reply-to|delivered-to|organization|list-id|thread-index|thread-topic|accept-language|content-language"""
    )
)
_ADDRESS = re.compile(r"[^\s<>\[\]()\"',;:]{1,64}@[^\s<>\[\]()\"',;:]{1,255}")
_AROUND_NAME = " \t*<[(\"'"
_MARKS = " >"


@dataclass(frozen=True, slots=True)
class Forwarded:
    """The mail that was forwarded.  ``sent`` is its date as its client wrote it: a claim, never used for a clock."""

    sender: Address
    subject: str
    sent: str
    text: str  # its writer's words, with what he quotes
    note: str  # what the forwarder wrote himself
    attachments: tuple[Attachment, ...] = ()
    message_ids: tuple[str, ...] = ()  # of the mail itself, as far as it can be told
    original: Mail | None = None  # the whole mail, where it was attached


@dataclass(frozen=True, slots=True)
class _Block:
    """A repeated header: its fields by kind (from, sent, subject, ...), and the lines before which and after which it is."""

    start: int
    end: int
    fields: dict[str, str]
    quoted: bool = False


def read_forward(mail: Mail, own: str) -> Forwarded | None:
    """The mail that ``mail`` forwards; None where it forwards none, or none whose writer could be answered.

    ``own``: what is plainly the forwarder's own (`own_text`); an attached mail goes before one in the text.
    """
    return _attached(mail, own) or _inline(mail)


def says_forward(subject: str) -> bool:
    """Whether a mail program made the subject for a forward."""
    return _SUBJECT.match(subject) is not None


def bare_subject(subject: str) -> str:
    """A subject without the mark of a forward."""
    return _SUBJECT.sub("", subject, count=1).strip()


def _attached(mail: Mail, own: str) -> Forwarded | None:
    part = next((part for part in mail.attachments if part.content_type in MESSAGES), None)
    inner = read_mail(part.octets) if part else None
    if inner is None or inner.sender is None:
        return None
    others = tuple(attachment for attachment in mail.attachments if attachment is not part)
    return Forwarded(
        sender=inner.sender,
        subject=inner.subject,
        sent=inner.value("Date"),
        text=inner.text,
        note=own,
        attachments=(*inner.attachments, *others),
        message_ids=(inner.message_id,) if inner.message_id else (),
        original=inner,
    )


def _inline(mail: Mail) -> Forwarded | None:
    lines = list(cut(mail.text))
    block = _first_block(lines, forwarded=says_forward(mail.subject))
    sender = _sender(block.fields.get("from", "")) if block else None
    if block is None or sender is None:
        return None
    ids = message_ids(block.fields.get("message-id", ""))
    return Forwarded(
        sender=sender,
        subject=block.fields.get("subject") or bare_subject(mail.subject),
        sent=block.fields.get("sent", ""),
        text=_body(lines[block.end :], quoted=block.quoted),
        note=own_text("\n".join(lines[: block.start])),
        attachments=mail.attachments,
        message_ids=ids or tuple(dict.fromkeys((*mail.in_reply_to, *mail.references[-1:]))),
    )


def _first_block(lines: Sequence[str], *, forwarded: bool) -> _Block | None:
    """Where the forwarded mail begins: a title with a header below it, or, if the subject says so, either alone."""
    i = 0
    while i < len(lines):
        if _is_title(lines[i]):
            block = _titled(lines, i)
            if block:
                return block
        elif forwarded and quote_marks.header_kind(_bare(lines[i])):
            block = _header(lines, i)
            if len(block.fields) >= _KINDS and "from" in block.fields:
                return _Block(_above(lines, i), block.end, block.fields, block.quoted)
            i = max(i, block.end - 1)
        i += 1
    return _lead_in(lines) if forwarded else None


def _is_title(line: str) -> bool:
    """A client's title: "Begin forwarded message:", "----- Forwarded message from Bob <bob@acme.example> -----"."""
    bare = line.strip(_MARKS)
    if not bare or len(bare) > _LONGEST_TITLE:
        return False
    framed = bare.startswith(("--", "—", "==", "__")) and bare.endswith(("-", "—", "=", "_"))
    if not (framed or quote_marks.is_history_title(bare)):
        return False
    folded = bare.casefold()
    return any(word in folded for word in _FORWARD_WORDS)


def _is_end(bare: str) -> bool:
    """Mutt's "----- End forwarded message -----"."""
    return (
        bare.strip("-— ").casefold().startswith(("end forwarded", "end of forwarded", "ende der weitergel", "fin du"))
    )


def _titled(lines: Sequence[str], title: int) -> _Block | None:
    """The header under a title; mutt's title names the sender itself, where its header was left out."""
    start = next((i for i in range(title + 1, min(title + 2 + _GAP, len(lines))) if lines[i].strip(_MARKS)), None)
    block = _header(lines, start) if start is not None else None
    if block and "from" in block.fields:
        return _Block(title, block.end, block.fields, block.quoted)
    if _ADDRESS.search(lines[title]) is None:
        return None
    named = lines[title].strip("-—= ").partition(" from ")[2]
    return _Block(title, title + 1, {"from": named or lines[title]})


def _header(lines: Sequence[str], start: int) -> _Block:
    """The repeated header fields from a line on; the first of each kind counts."""
    quoted = lines[start].lstrip().startswith(">")
    fields: dict[str, str] = {}
    last, folded, end = "", 0, start
    for i in range(start, min(start + _BLOCK_LINES, len(lines))):
        line = _bare(lines[i])
        kind, value = _field(line)
        if kind:
            fields.setdefault(kind, value)
            last, folded, end = kind, 0, i + 1
        elif not line:
            if {"from", "subject"} <= fields.keys() or not _goes_on(lines, i):
                break
        elif last and folded < _FOLDED_LINES and _is_folded(lines, i, last, fields.get(last, "")):
            fields[last] = f"{fields[last]} {line}".strip()
            folded, end = folded + 1, i + 1
        else:
            break
    return _Block(start, end, fields, quoted)


def _field(line: str) -> tuple[str, str]:
    """The kind and the value of a repeated field, or nothing."""
    plain = line.replace("：", ":")
    label, colon, value = plain.partition(":")
    kind = quote_marks.header_kind(line)
    name = label.strip(" *").casefold()
    if not kind and colon and (name in _OTHER_FIELDS or name.startswith("x-")) and " " not in name:
        kind = name
    return (kind, value.strip(" \t*\xa0")) if kind else ("", "")


def _goes_on(lines: Sequence[str], empty: int) -> bool:
    """Whether another field follows right after an empty line: some clients set one between all fields."""
    return empty + 1 < len(lines) and bool(quote_marks.header_kind(_bare(lines[empty + 1])))


def _is_folded(lines: Sequence[str], i: int, last: str, value: str) -> bool:
    """Whether a line without a label goes on with the field above it, not with the text."""
    if not value:
        return True  # the label stands alone: its value is on the next line
    if last in ("to", "cc", "from"):
        return "@" in lines[i] or lines[i].rstrip().endswith((";", ","))
    follows = i + 1 >= len(lines) or not _bare(lines[i + 1]) or bool(quote_marks.header_kind(_bare(lines[i + 1])))
    return last in ("subject", "references", "received") and len(value) >= _LONG_SUBJECT and follows


def _above(lines: Sequence[str], start: int) -> int:
    """The rule right above a header belongs to it."""
    above = start - 1
    while above >= max(0, start - _GAP) and not lines[above].strip(_MARKS):
        above -= 1
    if above < 0 or above < start - _GAP:
        return start
    is_rule = quote_marks.is_rule(lines[above]) or quote_marks.is_framed_title(lines[above])
    return above if is_rule or quote_marks.is_history_title(lines[above]) else start


def _lead_in(lines: Sequence[str]) -> _Block | None:
    """Only where the subject says that it forwards: "On Monday Bob <bob@acme.example> wrote:"."""
    kinds = [line.kind for line in scan(list(lines), Sent(()))]
    start = next((i for i, kind in enumerate(kinds) if kind is Kind.LEAD_IN), None)
    if start is None:
        return None
    end = next((i for i in range(start, len(kinds)) if kinds[i] is not Kind.LEAD_IN), len(kinds))
    said = " ".join(line.strip() for line in lines[start:end])
    follows = next((kind for kind in kinds[end:] if kind is not Kind.EMPTY), Kind.EMPTY)
    return _Block(start, end, {"from": _named_in(said)}, quoted=follows is Kind.QUOTE)


def _named_in(said: str) -> str:
    """The name and address within a lead-in: what stands between its last date or verb and the address."""
    found = _ADDRESS.search(said)
    if found is None:
        return ""
    before = re.split(r"[,:]|\d|\b(?:schrieb|wrote|a écrit|écrit|escribió|schreef|scritto)\b", said[: found.start()])[
        -1
    ]
    return f"{before.strip(_AROUND_NAME)} <{found[0]}>"


def _sender(value: str) -> Address | None:
    """The first usable address of a repeated From, in any of the ways in which clients write one."""
    found = _ADDRESS.search(value[:1000])
    if found is None:
        return None
    address = found[0].strip(".*>")
    name = value[: found.start()].removesuffix("mailto:").strip(_AROUND_NAME).removesuffix("mailto:")
    return person(name.strip(_AROUND_NAME), address)


def _body(lines: Sequence[str], *, quoted: bool) -> str:
    """The forwarded text, without the mark that the forward itself set before each line, up to where it ends."""
    end = next(
        (i for i, line in enumerate(lines) if _is_end(line.strip(_MARKS)) and line.strip().startswith("-")), None
    )
    kept = [_unquoted(line) if quoted else line for line in lines[:end]]
    return "\n".join(kept).strip("\n").rstrip()


def _unquoted(line: str) -> str:
    return line[1:].removeprefix(" ") if line.startswith(">") else line


def _bare(line: str) -> str:
    return line.lstrip(_MARKS).rstrip()
