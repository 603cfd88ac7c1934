"""What a delivery report or a complaint does: it marks the attempt, mutes the address, and staff hear of it once.

A report is believed only if it came to our signed return path or returns a signed id of its recipient; else it is
kept and changes nothing (mail-rules, "Return path, reports").
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from maildesk.desk.events import DeliveryFailed
from maildesk.desk.tell import on_complaint, on_undeliverable
from maildesk.desk.token import Purpose
from maildesk.office import Office
from maildesk.read.report import Report, ReportedRecipient, ReportKind, proof, read_report
from maildesk.read.thread import recipients
from maildesk.steps.post import Cause, post
from maildesk.steps.reading import Reading
from maildesk.store import outbox, suppression, tickets

OF_TROUBLE = ("undeliverable", "alert")  # notices that tell of trouble with other notices


def take_report(transaction: Connection, office: Office, reading: Reading, now: datetime) -> tuple[int | None, str]:
    """Carry out what a report says.  Returns the ticket of the mail that it reports on, and what was done, in words."""
    report = read_report(reading.mail)
    if report is None:
        return None, "a report that cannot be read: kept, nothing changed"
    believed = list(_believed(transaction, office, reading, report))
    if not believed:
        return None, "not proven to be about a mail of ours: kept, nothing changed"
    for sent, recipient in believed:
        _apply(transaction, office, report, sent, recipient, now, reading.waiting.id)
    return believed[0][0].ticket, "; ".join(
        f"{_outcome(report, recipient)}: {sent.recipient}" for sent, recipient in believed
    )


def _believed(
    transaction: Connection, office: Office, reading: Reading, report: Report
) -> Iterator[tuple[Row[Any], ReportedRecipient]]:
    signed = proof(report, office.signer)
    if signed is not None:
        sent = _sent(transaction, report, signed.ticket, signed.recipient)
        named = (r for r in report.recipients if signed.recipient in (address.lower() for address in r.addresses))
        about = next(
            named, report.recipients[0] if len(report.recipients) == 1 else ReportedRecipient(signed.recipient)
        )
        if sent is not None:
            yield sent, about
        return
    yield from _by_return_path(transaction, office, reading, report)


def _by_return_path(
    transaction: Connection, office: Office, reading: Reading, report: Report
) -> Iterator[tuple[Row[Any], ReportedRecipient]]:
    """The path it came to is proof by itself: we gave it to nobody but the servers on the way to one recipient."""
    for path in recipients(reading.mail, reading.waiting.envelope):
        ticket = office.signer.claimed_ticket(path)
        if ticket is None:
            continue
        named = [address for recipient in report.recipients for address in recipient.addresses]
        known = outbox.recipients(transaction, ticket or None)
        signed = office.signer.verify_address(path, [*named, *known])
        if signed is None or signed.purpose is not Purpose.BOUNCE:
            continue
        sent = _sent(transaction, report, ticket, signed.recipient)
        if sent is not None:
            yield sent, report.recipients[0] if report.recipients else ReportedRecipient(signed.recipient)
            return


def _sent(transaction: Connection, report: Report, ticket: int, recipient: str) -> Row[Any] | None:
    for message_id in report.message_ids:
        row = outbox.by_message_id(transaction, message_id)
        if row is not None and row.recipient.lower() == recipient:
            return row
    return outbox.newest_sent(transaction, ticket or None, recipient)


def _apply(
    transaction: Connection,
    office: Office,
    report: Report,
    sent: Row[Any],
    recipient: ReportedRecipient,
    now: datetime,
    inbound: int,
) -> None:
    words = " ".join(
        part for part in (recipient.status, recipient.diagnostic or report.disposition or report.feedback_type) if part
    )
    outbox.record(transaction, sent.id, now, _outcome(report, recipient), None, words)
    if report.kind is ReportKind.FEEDBACK:
        _complaint(transaction, office, sent, words, now, inbound)
    elif report.kind is ReportKind.DELIVERY and recipient.permanent and outbox.mark_failed(transaction, sent.id, words):
        reason = words or "its server says that it was not delivered"
        tell_undeliverable(transaction, office, sent, reason, now, inbound)


def _outcome(report: Report, recipient: ReportedRecipient) -> str:
    if report.kind is ReportKind.FEEDBACK:
        return "complaint"
    if report.kind is ReportKind.DISPOSITION:
        return report.disposition or "receipt"
    return "bounced" if recipient.permanent else recipient.action or "reported"


def tell_undeliverable(
    transaction: Connection,
    office: Office,
    sent: Any,
    reason: str,
    now: datetime,
    inbound: int | None = None,
    *,
    blame: bool = True,
) -> None:
    """A mail failed for good: an event of its ticket, the address noted, the team told once.

    ``sent`` has the outbox row's columns; ``inbound`` is the report, None where our own relay refused the mail.
    ``blame``: a server refused the recipient; what failed for a reason of ours is not held against him.
    """
    muted = blame and suppression.failed(transaction, sent.recipient, now, reason)
    event = DeliveryFailed(sent.recipient, sent.notice, reason)
    ticket = tickets.get(transaction, sent.ticket, for_update=True) if sent.ticket else None
    if ticket is not None:
        ticket = tickets.append(transaction, ticket, [event], "desk", inbound, now, office.policy)
    if sent.notice in OF_TROUBLE:  # whoever cannot be told of it must not be told that he cannot
        return
    notices = on_undeliverable(event, ticket, sent.id, sent.retries, muted, office.policy)
    post(transaction, office, notices, Cause(inbound), now)


def _complaint(
    transaction: Connection, office: Office, sent: Row[Any], words: str, now: datetime, inbound: int
) -> None:
    suppression.complained(transaction, sent.recipient, now, words)
    if sent.notice in OF_TROUBLE:  # or a mailbox that complains of everything would be told of each complaint
        return
    ticket = tickets.get(transaction, sent.ticket) if sent.ticket else None
    notices = on_complaint(ticket, sent.recipient, sent.subject, words, sent.id, office.policy)
    post(transaction, office, notices, Cause(inbound), now)
