"""How tickets, mails and their history look to programs (JSON, docs/commands.md) and to people (words)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from maildesk.desk.events import Event, to_json
from maildesk.desk.ticket import Ticket
from maildesk.desk.words import in_words
from maildesk.read.contact import FIELDS

LINKS = ("kind", "ticket", "authority", "answer", "done", "held")  # of the chain that `mail explain` shows


def ticket_json(ticket: Ticket, prefix: str) -> dict[str, Any]:
    """A ticket for programs."""
    return {
        "number": ticket.number,
        "tag": f"{prefix}-{ticket.number}",
        "subject": ticket.subject,
        "status": ticket.status,
        "priority": ticket.priority,
        "team": ticket.team,
        "assignee": ticket.assignee or "",
        "requester": ticket.requester,
        "requester_name": ticket.requester_name,
        "owed": ticket.owed,
        "contract": ticket.contract or "",
        "contact": contact_json(ticket.contact),
        "opened_at": rfc3339(ticket.opened_at),
        "events": ticket.version,
    }


def contact_json(contact: Mapping[str, Any]) -> dict[str, Any]:
    """What is known of a requester [Procedure 11]; every key always there."""
    return {key: contact.get(key) or ([] if key == "documentation" else "") for key, _ in FIELDS}


def event_json(event: Event) -> dict[str, Any]:
    """An event for programs."""
    return {
        "seq": event.seq,
        "at": rfc3339(event.at),
        "kind": event.kind,
        "actor": event.actor,
        "mail": event.inbound,
        "words": in_words(event),
        "body": to_json(event.body),
    }


def mail_json(row: Row[Any]) -> dict[str, Any]:
    """A mail that came in, for programs.  ``reverse_path``: "" is the null path, null is unknown."""
    return {
        "id": row.id,
        "state": row.state,
        "kind": row.kind or "",
        "reason": row.reason or "",
        "ticket": row.ticket,
        "duplicate_of": row.duplicate_of,
        "from": row.sender or "",
        "subject": row.subject or "",
        "message_id": row.message_id or "",
        "received_at": rfc3339(row.received_at),
        "source": row.source,
        "mailbox": row.mailbox or "",
        "peer": row.peer,
        "peer_trusted": row.peer_trusted,
        "reverse_path": row.reverse_path,
        "forward_paths": row.forward_paths,
        "attempts": row.attempts,
        "next_attempt_at": rfc3339(row.next_attempt_at) if row.state == "received" else "",
    }


def outbox_json(row: Row[Any]) -> dict[str, Any]:
    """A mail of ours, for programs."""
    return {
        "id": row.id,
        "state": row.state,
        "reason": row.reason,
        "notice": row.notice,
        "ticket": row.ticket,
        "mail": row.inbound,
        "to": row.recipient,
        "subject": row.subject,
        "message_id": row.message_id,
        "reverse_path": row.reverse_path,
        "attempts": row.attempts,
        "created_at": rfc3339(row.created_at),
        "next_attempt_at": rfc3339(row.next_attempt_at) if row.state == "queued" else "",
        "sent_at": rfc3339(row.sent_at),
    }


def attempt_json(row: Row[Any]) -> dict[str, Any]:
    """What became of one attempt, or what a report said of it, for programs."""
    return {"at": rfc3339(row.at), "outcome": row.outcome, "code": row.code, "text": row.text}


def chain_json(row: Row[Any]) -> dict[str, str]:
    """Why a mail ended as it did, link by link; every key always there."""
    said = dict(line.partition(": ")[::2] for line in row.explanation or ())
    return {link: said.get(link, "") for link in LINKS}


def rfc3339(moment: datetime | None) -> str:
    """A moment for programs (RFC 3339), "" for none."""
    return moment.isoformat() if moment else ""


def path_in_words(reverse_path: str | None) -> str:
    """A reverse-path as people read it."""
    if reverse_path is None:
        return "unknown"
    return reverse_path or "<> (null)"
