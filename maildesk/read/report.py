"""Reports about mail that we sent: it did not arrive, it is late, it was opened, its reader complains.

Reads RFC 3464 delivery reports, RFC 8098 disposition notifications, RFC 5965 feedback reports and, as far as
words go, the bounces of older mail systems.  It takes no action and believes nothing: whether a report speaks
of a mail of ours is proved by a signed id (`proof`), or by the signed path that it came to.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from maildesk.desk.token import SignedId, Signer
from maildesk.read.mail import Mail
from maildesk.read.wording import is_bounce_subject, is_bounce_text, is_delay

MAX_RECIPIENTS = 100
_MAX_IDS = 50
_MAX_LINES = 400
_NEAR_LINES = 15
_DIAGNOSTIC_CHARACTERS = 500

# Every quantifier has a bound: a hostile text costs its length, not its square.
_ADDRESS = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}", re.ASCII
)
_MESSAGE_ID = re.compile(r"<([^<>\s]{1,250}@[^<>\s]{1,250})>")
_STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])", re.ASCII)
_REPLY_CODE = re.compile(r"(?<![\d.])([45])\d\d(?![\d.])", re.ASCII)
_COPY_MARKS = (
    "original message", "original mail", "copy of the message", "copy of the first part", "is a copy of your message",
    "copy of the original", "returned message", "returned mail", "message follows", "message text follows",
    "message header", "header of the source mail", "below this line", "below the next line", "unsent message",
    "old message", "mensaje original", "message d'origine", "originalnachricht", "ursprüngliche nachricht",
    "header of the original", "header and top", "50 lines of your",
)  # fmt: skip
_MACHINES = frozenset({"postmaster", "mailer-daemon", "mdaemon", "noreply", "no-reply", "abuse", "hostmaster"})


_JMRP_FIELD = "x-hmxmroriginalrecipient"


class ReportKind(StrEnum):
    """What a report speaks of."""

    DELIVERY = "delivery"  # RFC 3464
    DISPOSITION = "disposition"  # RFC 8098
    FEEDBACK = "feedback"  # RFC 5965


_KIND_OF_TYPE = {
    "delivery-status": ReportKind.DELIVERY,
    "disposition-notification": ReportKind.DISPOSITION,
    "feedback-report": ReportKind.FEEDBACK,
}
_KIND_OF_PART = {
    "message/delivery-status": ReportKind.DELIVERY,
    "message/global-delivery-status": ReportKind.DELIVERY,
    "message/disposition-notification": ReportKind.DISPOSITION,
    "message/global-disposition-notification": ReportKind.DISPOSITION,
    "message/feedback-report": ReportKind.FEEDBACK,
}
_RETURNED_PARTS = frozenset(
    {"message/rfc822", "message/global", "message/rfc822-headers", "message/global-headers", "text/rfc822-headers"}
)


@dataclass(frozen=True, slots=True)
class ReportedRecipient:
    """What became of our mail to one recipient.  ``status`` is RFC 3463's ``5.1.1``, or empty."""

    final: str
    original: str = ""
    action: str = ""  # RFC 3464 §2.3.3: failed, delayed, delivered, relayed, expanded; empty where nothing says it
    status: str = ""
    diagnostic: str = ""  # the other server's words

    @property
    def permanent(self) -> bool:
        """Whether nobody tries again: "failed", even with 4.x.x (given up after days); "delayed" is no failure."""
        return self.action == "failed"

    @property
    def addresses(self) -> tuple[str, ...]:
        """The address that we wrote to, as far as known, and the one it became on its way."""
        return tuple(dict.fromkeys(address for address in (self.original, self.final) if address))


@dataclass(frozen=True, slots=True)
class Report:
    """A report and what it says of the mail that it returns."""

    kind: ReportKind
    recipients: tuple[ReportedRecipient, ...] = ()
    message_ids: tuple[str, ...] = ()  # of the returned mail: its own, then those it names
    to: tuple[str, ...] = ()  # the returned mail's To
    disposition: str = ""  # RFC 8098 §3.2.6: displayed, deleted, dispatched, processed
    feedback_type: str = ""  # RFC 5965 §7.3: abuse, fraud, not-spam, ...


@dataclass(slots=True)
class _Returned:
    """The header fields of the returned mail that matter."""

    message_ids: list[str] = field(default_factory=list)
    to: list[str] = field(default_factory=list)


def report_kind(mail: Mail) -> ReportKind | None:
    """What a well-formed ``multipart/report`` reports: by its report-type, else by its parts; None for other mail.

    Microsoft's complaints (JMRP) are a plain copy of the mail, with the complaining reader in a field of its own.
    """
    if mail.content_type != "multipart/report":
        return ReportKind.FEEDBACK if _complaining_reader(mail) else None
    stated = next((value.lower() for name, value in mail.content_type_parameters if name == "report-type"), "")
    if stated in _KIND_OF_TYPE:
        return _KIND_OF_TYPE[stated]
    by_parts = next((_KIND_OF_PART[part] for part, _ in mail.reports if part in _KIND_OF_PART), None)
    return by_parts or (None if stated else ReportKind.DELIVERY)


def _complaining_reader(mail: Mail) -> str:
    headers = (_unfolded(_until_blank(text)) for part, text in mail.reports if part in _RETURNED_PARTS)
    return next((_typed(value) for header in headers for name, value in header if name == _JMRP_FIELD), "")


def has_delivery_status(mail: Mail) -> bool:
    """Whether a part of the mail is a delivery status, even where a relay has rebuilt the mail around it."""
    return any(_KIND_OF_PART.get(part) is ReportKind.DELIVERY for part, _ in mail.reports)


def returns_a_mail(mail: Mail) -> bool:
    """Whether the mail carries another mail or its header, as a part or copied into its text."""
    return any(part in _RETURNED_PARTS for part, _ in mail.reports) or bool(_returned(mail).message_ids)


def read_report(mail: Mail) -> Report | None:
    """The report that a mail is; None where neither its form nor its words make it one.

    Call it for mail that `maildesk.read.classify` has found to be a report: words alone prove nothing.
    """
    kind = report_kind(mail) or (ReportKind.DELIVERY if has_delivery_status(mail) else None)
    if kind is ReportKind.DISPOSITION:
        return _disposition(mail)
    if kind is ReportKind.FEEDBACK:
        return _feedback(mail)
    if kind is None and not _is_old_bounce(mail):
        return None
    returned = _returned(mail)
    recipients = tuple(_status_recipients(mail)) or tuple(_text_recipients(mail, returned))
    return Report(ReportKind.DELIVERY, recipients[:MAX_RECIPIENTS], tuple(returned.message_ids), tuple(returned.to))


def proof(report: Report, signer: Signer) -> SignedId | None:
    """The signed id of a mail of ours in what the report returns, made for a recipient that the report names."""
    named = [address for recipient in report.recipients for address in recipient.addresses]
    recipients = list(dict.fromkeys([*report.to, *named]))[:MAX_RECIPIENTS]
    found = (signer.verify_message_id(message_id, recipients) for message_id in report.message_ids)
    return next((signed for signed in found if signed), None)


def _is_old_bounce(mail: Mail) -> bool:
    return bool(mail.values("X-Failed-Recipients")) or is_bounce_subject(mail.subject) or is_bounce_text(mail.text)


def _disposition(mail: Mail) -> Report:
    fields = _first_values(_part_texts(mail, ReportKind.DISPOSITION))
    returned = _returned(mail)
    ids = _unique([*_ids(fields.get("original-message-id", "")), *returned.message_ids])
    recipient = ReportedRecipient(
        _typed(fields.get("final-recipient", "")), _typed(fields.get("original-recipient", ""))
    )
    words = fields.get("disposition", "").rpartition(";")[2].partition("/")[0].split()
    disposition = words[0].lower() if words else ""
    return Report(
        ReportKind.DISPOSITION, (recipient,) if recipient.addresses else (), ids, tuple(returned.to), disposition
    )


def _feedback(mail: Mail) -> Report:
    texts = _part_texts(mail, ReportKind.FEEDBACK)
    returned = _returned(mail)
    named = [value for text in texts for name, value in _fields(text) if name == "original-rcpt-to"]
    addresses = _unique([*map(_typed, named), _complaining_reader(mail)]) or tuple(returned.to)
    recipients = tuple(ReportedRecipient(address) for address in addresses[:MAX_RECIPIENTS] if address)
    feedback_type = _first_values(texts).get("feedback-type", "").strip().lower()
    return Report(
        ReportKind.FEEDBACK, recipients, tuple(returned.message_ids), tuple(returned.to), feedback_type=feedback_type
    )


def _status_recipients(mail: Mail) -> Iterator[ReportedRecipient]:
    """RFC 3464 §2.1: a block of the mail as a whole, then one of each recipient.  Blank lines are often lost."""
    for text in _part_texts(mail, ReportKind.DELIVERY):
        block: dict[str, str] = {}
        for name, value in _fields(text):
            if not name or (name in block and name in ("final-recipient", "original-recipient")):
                yield from _recipient(block)
                block = {}
            block.setdefault(name, value)
        yield from _recipient(block)


def _recipient(block: dict[str, str]) -> Iterator[ReportedRecipient]:
    final, original = _typed(block.get("final-recipient", "")), _typed(block.get("original-recipient", ""))
    if not final and not original:
        return
    diagnostic = block.get("diagnostic-code", "").partition(";")[2].strip() or block.get("diagnostic-code", "")
    found = _STATUS.search(block.get("status", "")) or _STATUS.search(diagnostic)
    status = found[1] if found else ""
    action = next(iter(block.get("action", "").lower().replace("(", " ").replace(";", " ").split()), "")
    diagnostic = diagnostic[:_DIAGNOSTIC_CHARACTERS]
    yield ReportedRecipient(final or original, original, action or _action_of(status, diagnostic), status, diagnostic)


def _action_of(status: str, diagnostic: str) -> str:
    """What a report means that forgot to say it: a code of class 5 is a failure, of class 4 a delay."""
    code = _REPLY_CODE.search(diagnostic)
    digit = status[:1] or (code[1] if code else "")
    return {"5": "failed", "4": "delayed", "2": "delivered"}.get(digit, "")


def _text_recipients(mail: Mail, returned: _Returned) -> Iterator[ReportedRecipient]:
    """The recipients that a bounce without a delivery status names: in X-Failed-Recipients, else in its words."""
    lines = _own_lines(mail.text)
    said = "\n".join(lines)
    action = "delayed" if is_delay(f"{mail.subject}\n{said}") else "failed"
    stated = _unique(found for value in mail.values("X-Failed-Recipients") for found in _ADDRESS.findall(value))
    for address in stated or _named(mail, lines) or _addresses(returned.to, _others(mail)):
        diagnostic = _words_about(address, lines)
        found = _STATUS.search(diagnostic)
        yield ReportedRecipient(address, "", action, found[1] if found else "", diagnostic)


def _named(mail: Mail, lines: list[str]) -> tuple[str, ...]:
    """The addresses near the words of failure, or anywhere in the report's own words; never ours or a machine's."""
    near: set[int] = set()
    for number, line in enumerate(lines):
        following = lines[number + 1] if number + 1 < len(lines) else ""
        if is_bounce_text(f"{line} {following}"):
            near.update(range(number, number + _NEAR_LINES))
    others = _others(mail)
    close = [line for number, line in enumerate(lines) if number in near]
    return _addresses(close, others) or _addresses(lines, others)


def _others(mail: Mail) -> set[str]:
    return {address.key for address in (*mail.to, *mail.from_)}


def _addresses(lines: Iterable[str], others: set[str]) -> tuple[str, ...]:
    found = (_bare(address) for line in lines for address in _ADDRESS.findall(line))
    wanted = (it for it in found if it.lower() not in others and it.lower().partition("@")[0] not in _MACHINES)
    return _unique(wanted)[:MAX_RECIPIENTS]


def _bare(address: str) -> str:
    """An address as found in running text; Exchange writes ``dda:SMTP=a@b`` for X.400's sake."""
    kept = address.strip(".'")
    return kept[5:] if kept[:5].lower() == "smtp=" else kept


def _words_about(address: str, lines: list[str]) -> str:
    """What stands in and right after the line that first names the address."""
    for number, line in enumerate(lines):
        if address in line:
            return " ".join(" ".join(lines[number : number + 4]).split())[:_DIAGNOSTIC_CHARACTERS]
    return ""


def _own_lines(text: str) -> list[str]:
    """The lines that a bounce says itself: before the copy of the returned mail, without blank ones."""
    lines: list[str] = []
    for line in _lines(text):
        if _begins_a_copy(line) and lines:
            break
        if line.strip():
            lines.append(line)
    return lines


def _begins_a_copy(line: str) -> bool:
    said = line[:200].casefold()
    return said.startswith(("received:", "return-path:")) or any(mark in said for mark in _COPY_MARKS)


def _returned(mail: Mail) -> _Returned:
    """The returned mail's ids and To: of its part, else of the copy in the text."""
    texts = [text for part, text in mail.reports if part in _RETURNED_PARTS]
    for text in texts:
        found = _returned_header(_until_blank(text))
        if found.message_ids:
            return found
    return _returned_header(_lines(mail.text))


def _returned_header(lines: Iterable[str]) -> _Returned:
    found = _Returned()
    values: dict[str, str] = {}
    for name, value in _unfolded(line.removeprefix("> ") for line in lines):
        values.setdefault(name, value)
    named = [values.get(name, "") for name in ("message-id", "references", "in-reply-to")]
    found.message_ids = list(_unique(message_id for value in named for message_id in _ids(value)))
    found.to = list(_unique(_ADDRESS.findall(values.get("to", ""))))[:MAX_RECIPIENTS]
    return found


def _until_blank(text: str) -> Iterator[str]:
    started = False
    for line in _lines(text):
        if started and not line.strip():
            return
        started = started or bool(line.strip())
        yield line


def _part_texts(mail: Mail, kind: ReportKind) -> list[str]:
    return [text for part, text in mail.reports if _KIND_OF_PART.get(part) is kind]


def _first_values(texts: Iterable[str]) -> dict[str, str]:
    values: dict[str, str] = {}
    for text in texts:
        for name, value in _fields(text):
            values.setdefault(name, value)
    return values


def _fields(text: str) -> Iterator[tuple[str, str]]:
    """The fields of a report part, names in lower case; a blank line is a field without a name."""
    return _unfolded(text.split("\n", MAX_RECIPIENTS * 20)[: MAX_RECIPIENTS * 20])


def _unfolded(lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    name, value = "", ""
    for line in lines:
        if line[:1] in (" ", "\t") and name and line.strip():
            value = f"{value} {line.strip()}"[:8_000]
            continue
        if name:
            yield name, value
        before, colon, after = line.partition(":")
        name, value = (before.strip().lower(), after.strip()) if colon else ("", "")
        if not line.strip():
            yield "", ""
    if name:
        yield name, value


def _typed(value: str) -> str:
    """The address in ``rfc822; <a@b>``, with or without its type and brackets."""
    found = _ADDRESS.search(value.rpartition(";")[2]) or _ADDRESS.search(value)
    return found[0] if found else value.rpartition(";")[2].strip(" <>\"'")[:254]


def _ids(value: str) -> list[str]:
    found = _MESSAGE_ID.findall(value)
    return found if len(found) <= _MAX_IDS else [*found[: _MAX_IDS - 1], found[-1]]


def _lines(text: str) -> list[str]:
    return [line.rstrip("\r") for line in text.split("\n", _MAX_LINES)[:_MAX_LINES]]


def _unique(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for value in values if value))
