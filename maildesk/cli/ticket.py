"""``maildesk ticket``: tickets, as a list and one by one."""

from pathlib import Path
from typing import Any

import click
from sqlalchemy import Row

from maildesk.cli.common import (
    asking,
    facts,
    json_option,
    limit_option,
    load_settings,
    local,
    one_line,
    print_json,
    section,
    settings_option,
    table,
    the_ticket,
    ticket_log,
    ticket_number,
)
from maildesk.cli.shapes import event_json, mail_json, outbox_json, ticket_json
from maildesk.cli.ticket_explain import command as explain
from maildesk.cli.ticket_set import command as set_
from maildesk.desk.course import Status
from maildesk.desk.events import Event
from maildesk.desk.ticket import Ticket
from maildesk.desk.words import in_words
from maildesk.read.contact import FIELDS
from maildesk.settings.model import Settings
from maildesk.store import tickets, views


@click.group("ticket")
def command() -> None:
    """List, show, explain and change tickets."""


command.add_command(explain)
command.add_command(set_)


@command.command("list")
@settings_option
@click.option("--status", type=click.Choice([str(status) for status in Status]), help="Only those with this status.")
@limit_option
@json_option
def list_(settings_file: Path | None, status: str | None, limit: int, as_json: bool) -> None:
    """List the newest tickets."""
    settings = load_settings(settings_file)
    prefix, zone = settings.desk.ticket_prefix, settings.hours.zone
    with asking(settings) as transaction:
        found = tickets.listed(transaction, status=status or "", limit=limit)
    if as_json:
        for ticket in found:
            print_json(ticket_json(ticket, prefix))
        return
    head = ("ticket", "opened", "status", "priority", "team", "requester", "subject")
    rows = (
        (f"{prefix}-{t.number}", local(t.opened_at, zone), t.status, t.priority, t.team, t.requester, t.subject)
        for t in found
    )
    table(head, rows, "no ticket" + (f" has the status {status}" if status else " yet"))


@command.command("show")
@click.argument("number")
@settings_option
@json_option
def show(number: str, settings_file: Path | None, as_json: bool) -> None:
    """Show a ticket, its history and its mails.  NUMBER is 1042, CB-1042 or [CB-1042]."""
    settings = load_settings(settings_file)
    wanted = ticket_number(number, settings.desk.ticket_prefix)
    with asking(settings) as transaction:
        ticket = the_ticket(transaction, wanted, settings.desk.ticket_prefix)
        events = ticket_log(transaction, wanted)
        people = sorted(tickets.participants(transaction, wanted))
        came, went = views.mails_in(transaction, wanted), views.mails_out(transaction, wanted)
    if as_json:
        shown = ticket_json(ticket, settings.desk.ticket_prefix) | {
            "participants": people,
            "history": [event_json(event) for event in events],
            "mails_in": [mail_json(row) for row in came],
            "mails_out": [outbox_json(row) for row in went],
        }
        print_json(shown)
        return
    _show_ticket(ticket, people, settings)
    _show_history(events, came, went, settings.hours.zone)


def _show_ticket(ticket: Ticket, people: list[str], settings: Settings) -> None:
    click.echo(f"{settings.desk.ticket_prefix}-{ticket.number}  {one_line(ticket.subject)}")
    requester = f"{ticket.requester_name} <{ticket.requester}>" if ticket.requester_name else ticket.requester
    facts(
        (
            ("status", ticket.status),
            ("priority", ticket.priority),
            ("team", ticket.team),
            ("assignee", ticket.assignee),
            ("requester", requester or "nobody that can be answered"),
            ("is owed", "" if ticket.owed else "no answers: a robot or a list wrote"),
            ("participants", ", ".join(people)),
            ("contract", ticket.contract),
            ("opened", local(ticket.opened_at, settings.hours.zone)),
        )
    )
    section("Known of the requester")
    facts((key, _value(ticket.contact.get(key))) for key, _ in FIELDS)
    missing = [key for key, _ in FIELDS if not ticket.contact.get(key)]
    facts([("missing", ", ".join(missing))])


def _show_history(events: list[Event], came: list[Row[Any]], went: list[Row[Any]], zone: str) -> None:
    section("History")
    for event in events:
        cause = f"mail {event.inbound}" if event.inbound else event.actor
        click.echo(one_line(f"  {event.seq:>3}  {local(event.at, zone)}  {in_words(event)}  [{cause}]"))
    section("Mails in")
    head = ("mail", "received", "kind", "from", "what became of it", "subject")
    rows = ((r.id, local(r.received_at, zone), r.kind, r.sender, r.reason, r.subject) for r in came)
    table(head, rows, "  none")
    section("Mails out")
    titles = ("outbox", "made", "notice", "to", "state", "attempts", "why")
    made = ((r.id, local(r.created_at, zone), r.notice, r.recipient, r.state, r.attempts, r.reason) for r in went)
    table(titles, made, "  none")


def _value(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value or "")
