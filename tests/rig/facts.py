"""Mails as facts, built by hand from a few header fields, for tests of what is decided about them."""

from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import getaddresses

from maildesk.read.mail import Address, Attachment, Envelope, Mail

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
Fields = Iterable[tuple[str, str]]


def mail_of(
    fields: Fields = (),
    *,
    text: str = "Our printer is on fire.",
    content_type: str = "text/plain",
    reports: tuple[tuple[str, str], ...] = (),
    attachments: tuple[Attachment, ...] = (),
) -> Mail:
    """A mail with these header fields, in order; From and Subject are filled in where they are missing."""
    given = list(fields)
    for name, value in (("From", "Bob Smith <bob@acme.example>"), ("Subject", "Printer")):
        if not any(known.lower() == name.lower() for known, _ in given):
            given.append((name, value))
    main, *parameters = content_type.split(";")
    return Mail(
        fields=tuple(given),
        from_=_addresses(given, "from"),
        to=_addresses(given, "to"),
        cc=_addresses(given, "cc"),
        subject=_values(given, "subject")[0],
        message_id=next(iter(_ids(given, "message-id")), ""),
        in_reply_to=_ids(given, "in-reply-to"),
        references=_ids(given, "references"),
        content_type=main.strip().lower(),
        content_type_parameters=tuple(_parameter(parameter) for parameter in parameters),
        text=text,
        reports=reports,
        attachments=attachments,
    )


def envelope_of(reverse_path: str | None = "bob@acme.example", *forward_paths: str, source: str = "smtp") -> Envelope:
    """An envelope of a peer that nobody trusts."""
    return Envelope(source, NOON, reverse_path, forward_paths)


def _values(fields: Fields, name: str) -> list[str]:
    return [value for known, value in fields if known.lower() == name]


def _addresses(fields: Fields, name: str) -> tuple[Address, ...]:
    found = getaddresses(_values(fields, name))
    return tuple(Address(address, display) for display, address in found if "@" in address)


def _ids(fields: Fields, name: str) -> tuple[str, ...]:
    return tuple(word.strip("<>") for value in _values(fields, name) for word in value.split())


def _parameter(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return name.strip().lower(), value.strip().strip('"')
