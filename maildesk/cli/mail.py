"""``maildesk mail``: the mails that came in, what became of each and why; and reading mail files."""

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
    one_line,
    opened,
    print_json,
    section,
    settings_option,
    several_lines,
    table,
    ticket_log,
)
from maildesk.cli.parse import parse
from maildesk.cli.shapes import chain_json, event_json, mail_json, outbox_json, path_in_words
from maildesk.desk.events import Event
from maildesk.desk.words import in_words
from maildesk.office import system_clock
from maildesk.read.classify import Kind
from maildesk.read.mail import Mail
from maildesk.read.parse import read_mail
from maildesk.settings.model import Settings
from maildesk.store import inbound, views

STATES = ("received", "done", "held")
_id = click.argument("number", metavar="ID", type=click.IntRange(min=1))


@click.group("mail")
def command() -> None:
    """List, show and explain the mail that came in; read mail files."""


command.add_command(parse)


@command.command("list")
@settings_option
@click.option("--state", type=click.Choice(STATES), help="Only those in this state.")
@click.option("--kind", type=click.Choice([str(kind) for kind in Kind]), help="Only those of this kind.")
@limit_option
@json_option
def list_(settings_file: Path | None, state: str | None, kind: str | None, limit: int, as_json: bool) -> None:
    """List the newest mails that came in."""
    settings = load_settings(settings_file)
    with asking(settings) as transaction:
        found = inbound.listed(transaction, state=state or "", kind=kind or "", limit=limit)
    if as_json:
        for row in found:
            print_json(mail_json(row))
        return
    head = ("mail", "received", "state", "kind", "ticket", "from", "what became of it", "subject")
    zone = settings.hours.zone
    rows = ((r.id, local(r.received_at, zone), r.state, r.kind, r.ticket, r.sender, r.reason, r.subject) for r in found)
    table(head, rows, "no such mail" if state or kind else "no mail came in yet")


@command.command("show")
@_id
@settings_option
@click.option("--raw", is_flag=True, help="The mail itself, octet for octet.")
@click.option("--text", "only_text", is_flag=True, help="Only what a person would read of it.")
def show(number: int, settings_file: Path | None, raw: bool, only_text: bool) -> None:
    """Show a mail that came in."""
    if raw and only_text:
        fail("write --raw or --text, not both", 2)
    settings = load_settings(settings_file)
    with asking(settings) as transaction:
        row = _wanted(transaction, number)
        octets = inbound.octets(transaction, row.raw)
    if raw:
        sys.stdout.buffer.write(octets)
        return
    mail = read_mail(octets)
    if not only_text:
        _show_head(row, mail, settings.hours.zone)
        click.echo("")
    click.echo(several_lines(mail.text))


@command.command("explain")
@_id
@settings_option
@json_option
def explain(number: int, settings_file: Path | None, as_json: bool) -> None:
    """Tell what became of a mail and why: kind, ticket, authority, answer, and whom the desk told."""
    settings = load_settings(settings_file)
    with asking(settings) as transaction:
        row = _wanted(transaction, number)
        log = ticket_log(transaction, row.ticket) if row.ticket else []
        made = views.caused_by(transaction, row)
    events = [event for event in log if event.inbound == number]
    if as_json:
        chain = {"explanation": chain_json(row), "events": [event_json(event) for event in events]}
        print_json(mail_json(row) | chain | {"notices": [outbox_json(notice) for notice in made]})
        return
    _explain(row, events, made, settings)


@command.command("retry")
@_id
@settings_option
def retry(number: int, settings_file: Path | None) -> None:
    """Put a held mail back in line: it is taken in on your word, a loop too, which is not answered."""
    with opened(load_settings(settings_file)) as database, database.writing() as transaction:
        row = _wanted(transaction, number)
        if not inbound.retry(transaction, number, system_clock()):
            fail(f"mail {number} is {row.state}, not held: there is nothing to try again")
    click.echo(f"mail {number} is back in line: the desk takes it within seconds, or once it runs")


def _wanted(transaction: Connection, number: int) -> Row[Any]:
    row = inbound.get(transaction, number)
    if row is None:
        fail(f"there is no mail {number}: `maildesk mail list` shows which there are")
    return row


def _show_head(row: Row[Any], mail: Mail, zone: str) -> None:
    click.echo(f"Mail {row.id}, {row.state}: {one_line(row.reason or 'waits to be processed')}")
    facts(
        (
            *_envelope(row, zone),
            ("From", "; ".join(_named(address.name, address.address) for address in mail.from_)),
            ("To", ", ".join(address.address for address in mail.to)),
            ("Cc", ", ".join(address.address for address in mail.cc)),
            ("Subject", mail.subject),
            ("Date", local(mail.date, zone)),
            ("Message-ID", mail.message_id),
            *(("attached", f"{a.name} ({a.content_type}, {a.size} octets)") for a in mail.attachments),
            *(("fault", fault) for fault in mail.faults),
        )
    )


def _named(name: str, address: str) -> str:
    return f"{name} <{address}>" if name else address


def _envelope(row: Row[Any], zone: str) -> tuple[tuple[str, Any], ...]:
    trusted = ", trusted" if row.peer_trusted else ""
    by = f" from {row.peer}{trusted}" if row.peer else f" from {row.mailbox}" if row.mailbox else ""
    return (
        ("received", f"{local(row.received_at, zone)} by {row.source}{by}"),
        ("reverse-path", path_in_words(row.reverse_path)),
        ("forward-path", ", ".join(row.forward_paths)),
    )


def _explain(row: Row[Any], events: list[Event], made: list[Row[Any]], settings: Settings) -> None:
    zone, prefix = settings.hours.zone, settings.desk.ticket_prefix
    chain = chain_json(row)
    click.echo(f"Mail {row.id}, {row.state}")
    facts(
        (
            *_envelope(row, zone),
            ("From", row.sender),
            ("Subject", row.subject),
            ("kind", chain["kind"]),
            ("same as", f"mail {row.duplicate_of}" if row.duplicate_of else ""),
            ("ticket", f"{prefix}-{row.ticket}" if row.ticket else ""),
            ("because", chain["ticket"]),
            ("authority", chain["authority"]),
            ("answer", chain["answer"]),
            ("outcome", row.reason),
            ("attempts", row.attempts if row.state != "done" else ""),
            ("next attempt", local(row.next_attempt_at, zone) if row.state == "received" else ""),
        )
    )
    section("What it changed")
    for event in events:
        click.echo(one_line(f"  {event.seq:>3}  {in_words(event)}"))
    if not events:
        click.echo("  nothing of a ticket")
    section("Whom the desk told because of it")
    rows = ((r.id, r.notice, r.recipient, r.state, r.reason) for r in made)
    table(("outbox", "notice", "to", "state", "why"), rows, "  nobody")
