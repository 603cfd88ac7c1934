"""Mails as people and robots write them, and answers to a desk's mail as mail programs make them."""

import itertools
from collections.abc import Mapping, Sequence
from email import message_from_bytes, policy
from email.message import EmailMessage

DESK = "support@desk.test"
BOB = "Bob Smith <bob@acme.test>"
MONDAY = "Mon, 23 Nov 2026 09:00:00 +0000"
_numbers = itertools.count(1)

Fields = Mapping[str, str | Sequence[str]]


def letter(
    text: str = "The printer is on fire.",
    *,
    sender: str = BOB,
    subject: str = "Printer",
    to: str = DESK,
    message_id: str | None = None,
    date: str = MONDAY,
    fields: Fields | None = None,
    body: bytes | None = None,
) -> bytes:
    """A mail; a Message-ID of its own unless one is given, ``""`` leaves the field out, as it does with ``date``.

    ``fields`` are added to the header as they are (several values make several fields); ``body`` replaces the text.
    """
    own = f"<letter{next(_numbers)}@elsewhere.test>" if message_id is None else message_id
    given = {"From": sender, "To": to, "Subject": subject, "Date": date, "Message-ID": own, **(fields or {})}
    if body is None:
        given.setdefault("Content-Type", 'text/plain; charset="utf-8"')
        body = text.replace("\n", "\r\n").encode() + b"\r\n"
    lines = [
        f"{name}: {value}\r\n"
        for name, values in given.items()
        for value in ([values] if isinstance(values, str) else values)
        if value
    ]
    return "".join(lines).encode() + b"\r\n" + body


def answer(
    octets: bytes,
    text: str = "It still burns.",
    *,
    sender: str = BOB,
    subject: str | None = None,
    to: str | None = None,
    fields: Fields | None = None,
    threaded: bool = True,
    quote: bool = True,
    message_id: str | None = None,
) -> bytes:
    """The answer to a mail, as a mail program makes it: to its Reply-To, with its thread, its text quoted."""
    mail = parsed(octets)
    thread: dict[str, str] = {}
    if threaded:
        own = str(mail["Message-ID"])
        thread = {"In-Reply-To": own, "References": " ".join([*str(mail["References"] or "").split(), own])}
    quoted = "\n\nOn Monday the desk wrote:\n" + "".join(f"> {line}\n" for line in text_of(mail).splitlines())
    return letter(
        text + (quoted if quote else ""),
        sender=sender,
        subject=f"Re: {mail['Subject']}" if subject is None else subject,
        to=to or str(mail["Reply-To"] or mail["From"]),
        message_id=message_id,
        fields={**thread, **(fields or {})},
    )


def parsed(octets: bytes) -> EmailMessage:
    """A mail of ours, read by the standard library."""
    found = message_from_bytes(octets, policy=policy.default)
    assert isinstance(found, EmailMessage)
    return found


def text_of(mail: EmailMessage) -> str:
    """Its plain text."""
    part = mail.get_body(("plain",))
    return str(part.get_content()) if part else ""


def delivery_report(
    returned: bytes,
    recipient: str,
    *,
    action: str = "failed",
    status: str = "5.1.1",
    diagnostic: str = "550 no such user",
    sender: str = "MAILER-DAEMON@mx.acme.test",
    to: str = DESK,
) -> bytes:
    """RFC 3464: what became of a mail, with its header."""
    head = returned.partition(b"\r\n\r\n")[0] + b"\r\n"
    parts = (
        b"Content-Type: text/plain\r\n\r\nThis is the mail system. Your mail met trouble.\r\n",
        b"Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.acme.test\r\n\r\n"
        + f"Final-Recipient: rfc822; {recipient}\r\nAction: {action}\r\nStatus: {status}\r\n".encode()
        + f"Diagnostic-Code: smtp; {diagnostic}\r\n".encode(),
        b"Content-Type: text/rfc822-headers\r\n\r\n" + head,
    )
    return report("delivery-status", parts, sender=sender, to=to, subject="Undelivered Mail Returned to Sender")


def complaint(returned: bytes, reader: str, to: str = DESK) -> bytes:
    """RFC 5965: the reader pressed "junk"."""
    parts = (
        b"Content-Type: text/plain\r\n\r\nThis is an abuse report.\r\n",
        b"Content-Type: message/feedback-report\r\n\r\nFeedback-Type: abuse\r\nUser-Agent: Loop/1\r\nVersion: 1\r\n"
        + f"Original-Rcpt-To: {reader}\r\n".encode(),
        b"Content-Type: message/rfc822\r\n\r\n" + returned,
    )
    return report("feedback-report", parts, sender="fbl@isp.test", to=to, subject="FW: complaint")


def receipt(returned: bytes, reader: str, to: str = DESK) -> bytes:
    """RFC 8098: the reader has opened the mail."""
    message_id = str(parsed(returned)["Message-ID"])
    parts = (
        b"Content-Type: text/plain\r\n\r\nYour mail was read.\r\n",
        b"Content-Type: message/disposition-notification\r\n\r\n"
        + f"Final-Recipient: rfc822; {reader}\r\nOriginal-Message-ID: {message_id}\r\n".encode()
        + b"Disposition: manual-action/MDN-sent-manually; displayed\r\n",
    )
    return report("disposition-notification", parts, sender=reader, to=to, subject="Read: Printer")


def report(kind: str, parts: Sequence[bytes], *, sender: str, to: str, subject: str) -> bytes:
    """A ``multipart/report`` of these parts."""
    body = b"".join(b"--=_r\r\n" + part + b"\r\n" for part in parts) + b"--=_r--\r\n"
    fields = {"MIME-Version": "1.0", "Content-Type": f'multipart/report; report-type={kind}; boundary="=_r"'}
    return letter(sender=sender, to=to, subject=subject, fields=fields, body=body)
