"""``maildesk outbox``: the mails that the desk makes, what waits and why, and sending what is held."""

import sys
from pathlib import Path
from typing import Any

import click
from sqlalchemy import Connection, Row

from maildesk.cli.common import (
    asking,
    facts,
    fail,
    json_option,
    limit_option,
    load_settings,
    local,
    opened,
    print_json,
    section,
    settings_option,
    table,
    ticket_number,
)
from maildesk.cli.shapes import attempt_json, outbox_json, path_in_words
from maildesk.office import system_clock
from maildesk.store import outbox

STATES = ("queued", "sending", "sent", "failed", "held")


@click.group("outbox")
def command() -> None:
    """List what is sent and what waits; send what is held."""


@command.command("list")
@settings_option
@click.option("--state", type=click.Choice(STATES), help="Only those in this state.")
@click.option("--ticket", help="Only those of this ticket, 1042 or CB-1042.")
@limit_option
@json_option
def list_(settings_file: Path | None, state: str | None, ticket: str | None, limit: int, as_json: bool) -> None:
    """List the newest mails that the desk made."""
    settings = load_settings(settings_file)
    number = ticket_number(ticket, settings.desk.ticket_prefix) if ticket else None
    with asking(settings) as transaction:
        found = outbox.listed(transaction, state=state or "", ticket=number, limit=limit)
    if as_json:
        for row in found:
            print_json(outbox_json(row))
        return
    zone = settings.hours.zone
    head = ("outbox", "state", "ticket", "notice", "to", "attempts", "next attempt", "why")
    rows = (
        (r.id, r.state, r.ticket, r.notice, r.recipient, r.attempts, _next_attempt(r, zone), r.reason) for r in found
    )
    table(head, rows, "no such mail" if state or ticket else "no mail was made yet")


@command.command("show")
@click.argument("number", metavar="ID", type=click.IntRange(min=1))
@settings_option
@click.option("--raw", is_flag=True, help="The mail itself, octet for octet.")
@json_option
def show(number: int, settings_file: Path | None, raw: bool, as_json: bool) -> None:
    """Show a mail that the desk made, with the history of its attempts."""
    settings = load_settings(settings_file)
    with asking(settings) as transaction:
        row = _wanted(transaction, number)
        attempts = outbox.attempts(transaction, number)
    if raw:
        sys.stdout.buffer.write(row.octets)
    elif as_json:
        print_json(outbox_json(row) | {"history": [attempt_json(attempt) for attempt in attempts]})
    else:
        _show(row, attempts, settings.hours.zone)


@command.command("retry")
@click.argument("number", metavar="ID", type=click.IntRange(min=1))
@settings_option
def retry(number: int, settings_file: Path | None) -> None:
    """Send a held or failed mail now; one that waits for its next attempt need not wait longer."""
    with opened(load_settings(settings_file)) as database, database.writing() as transaction:
        row = _wanted(transaction, number)
        if not outbox.retry(transaction, number, system_clock()):
            fail(f"outgoing mail {number} is {row.state}: only one that is held, failed or queued can be sent now")
    click.echo(f"outgoing mail {number} was {row.state}: it is due now; a desk that runs tries it at its next look, "
               "after what the same ticket has for the same reader before it")  # fmt: skip


def _wanted(transaction: Connection, number: int) -> Row[Any]:
    row = outbox.get(transaction, number)
    if row is None:
        fail(f"there is no outgoing mail {number}: `maildesk outbox list` shows which there are")
    return row


def _next_attempt(row: Row[Any], zone: str) -> str:
    return local(row.next_attempt_at, zone) if row.state == "queued" else ""


def _show(row: Row[Any], attempts: list[Row[Any]], zone: str) -> None:
    click.echo(f"Outgoing mail {row.id}: {row.notice}, {row.state}")
    facts(
        (
            ("to", row.recipient),
            ("subject", row.subject),
            ("ticket", row.ticket),
            ("because of", f"mail {row.inbound}" if row.inbound else ""),
            ("why", row.reason),
            ("made", local(row.created_at, zone)),
            ("sent again", f"{local(row.retried_at, zone)}, on a person's word" if row.retries else ""),
            ("next attempt", _next_attempt(row, zone)),
            ("sent", local(row.sent_at, zone)),
            ("Message-ID", row.message_id),
            ("reverse-path", path_in_words(row.reverse_path)),
        )
    )
    section("Attempts and reports")
    rows = ((local(a.at, zone), a.outcome, a.code, a.text) for a in attempts)
    table(("at", "outcome", "code", "what the other side said"), rows, "  none yet")
