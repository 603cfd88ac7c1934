"""Whether a mail that we send is well-formed, as two parsers and the octets themselves see it (promise 15)."""

import email
import email.policy
import re
from datetime import datetime
from email.message import EmailMessage, Message

FIELDS = (
    ["From", "To", "Subject", "Date", "Message-ID"],
    ["In-Reply-To", "References", "Reply-To"],  # may be missing
    ["Auto-Submitted", "X-Auto-Response-Suppress", "X-Loop", "MIME-Version", "Content-Type"],
)
_PART_FIELDS = {"Content-Type", "Content-Transfer-Encoding", "Content-Disposition"}
_LINE = re.compile(rb"[!-9;-~]+: ?[ -~\t]*|[ \t]+[!-~][ -~\t]*")


def faults_of(octets: bytes, *, sender: str, recipient: str) -> list[str]:
    """All that is wrong with a finished mail from the desk's address to this one recipient."""
    head = octets.partition(b"\r\n\r\n")[0]
    faults = [f"line of the header: {line!r}" for line in head.split(b"\r\n") if not _LINE.fullmatch(line)]
    if b"\r" in octets.replace(b"\r\n", b"") or b"\n" in octets.replace(b"\r\n", b""):
        faults.append("a bare CR or LF")
    if b"\0" in octets or max(octets, default=0) > 127:
        faults.append("octets that are not 7bit")
    if max(map(len, octets.split(b"\r\n"))) > 998:
        faults.append("a line over 998 octets")
    old = email.message_from_bytes(octets, policy=email.policy.compat32)
    new = email.message_from_bytes(octets, policy=email.policy.default)
    assert isinstance(new, EmailMessage)
    return (
        faults + _names(old.keys()) + _names(new.keys()) + _values(new, sender, recipient) + _parts(old) + _parts(new)
    )


def _names(names: list[str]) -> list[str]:
    always, sometimes, last = FIELDS
    intended = [*always, *(name for name in sometimes if name in names), *last]
    text = [*intended, "Content-Transfer-Encoding"]
    return [] if names in (intended, text) else [f"header fields {names}"]


def _values(mail: EmailMessage, sender: str, recipient: str) -> list[str]:
    try:
        date = datetime.strptime(mail["Date"], "%a, %d %b %Y %H:%M:%S %z")
    except ValueError:
        return [f"Date {mail['Date']}"]
    found = {
        "To": [address.addr_spec for address in mail["To"].addresses] == [recipient],
        "From": [address.addr_spec for address in mail["From"].addresses] == [sender],
        "Date": date.utcoffset() is not None,
        "Message-ID": bool(re.fullmatch(r"<[^<>@\s]{1,64}@[^<>@\s]+>", mail["Message-ID"])),
        "Auto-Submitted": mail["Auto-Submitted"] in ("auto-replied", "auto-generated"),
        "Subject": "\n" not in mail["Subject"],
    }
    return [f"{name}: {mail[name]}" for name, right in found.items() if not right]


def _parts(mail: Message) -> list[str]:
    faults = [f"defect {defect!r}" for part in mail.walk() for defect in part.defects]
    inner = [part for part in mail.walk() if part is not mail]
    faults += [f"part with {part.keys()}" for part in inner if not set(part.keys()) <= _PART_FIELDS]
    try:
        for part in mail.walk():
            if part.get_content_maintype() == "text":
                part.get_payload(decode=True).decode(part.get_content_charset() or "ascii")  # type: ignore[union-attr]
    except (UnicodeDecodeError, LookupError) as error:
        faults.append(f"text: {error}")
    return faults
