"""``maildesk ticket set``: does to a ticket what staff do by mail; all of its commands or none.

Whoever may run it on this machine may act as anybody of the firm: the log says whose name was used.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

import click

from maildesk.cli.common import (
    USAGE,
    facts,
    fail,
    json_option,
    load_settings,
    local,
    one_line,
    opened,
    print_json,
    section,
    settings_option,
    table,
    ticket_number,
)
from maildesk.cli.shapes import rfc3339
from maildesk.desk.commands import GRAMMAR, TicketCommand, Unclear, parse, with_text, words
from maildesk.desk.decide import Actor, Role
from maildesk.desk.difference import Deadline, Difference, deadlines, differences
from maildesk.desk.events import NAMES
from maildesk.desk.policy import Policy
from maildesk.desk.ticket import Ticket
from maildesk.faults import SettingsError
from maildesk.firm import People
from maildesk.office import Office, open_office, system_clock
from maildesk.settings.model import Settings
from maildesk.steps.change import Result, obey_on
from maildesk.store import tickets
from maildesk.store.database import Database

LONGEST_TEXT = 100_000  # characters of a text for the customer


class _WithGrammar(click.Command):
    """Its help ends with the grammar."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        """What a COMMAND may be."""
        with formatter.section("COMMAND"):
            formatter.write_dl(GRAMMAR)


@click.command("set", cls=_WithGrammar)
@click.argument("number")
@click.argument("lines", metavar="COMMAND...", nargs=-1)
@click.option("--text", default="", help="What the customer reads: the line of resolved or workaround, or an answer.")
@click.option(
    "--text-file", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True), help="The same from a file."
)
@click.option("--as", "address", metavar="ADDRESS", help="Whose word it is; left out: the operator's.")
@settings_option
@json_option
def command(
    number: str,
    lines: tuple[str, ...],
    text: str,
    text_file: Path | None,
    address: str | None,
    settings_file: Path | None,
    as_json: bool,
) -> None:
    """Obey COMMANDs on ticket NUMBER in their order, all or none; put each in quotes: 'priority P2' take."""
    settings = load_settings(settings_file)
    wanted = ticket_number(number, settings.desk.ticket_prefix)
    commands = with_text(_parsed(lines), _said(text, text_file))
    if not commands:
        fail("nothing is asked for: write a command, like 'priority P2', or --text", USAGE)
    with opened(settings) as database:
        office = _office(settings, database)
        actor = _actor(address, office.people)
        before, after, results = _obeyed(office, wanted, commands, actor)
        now = office.clock()
    changes, due = differences(before, after, office.policy, now), deadlines(after, office.policy, now)
    if as_json:
        print_json(_json(after, actor, results, changes, due, office.policy))
    else:
        _print(after, results, changes, due, office.policy)


def _parsed(lines: Sequence[str]) -> list[TicketCommand]:
    """The commands, or what is wrong with each line that is none, and the end."""
    found = [parse(line) for line in lines]
    unclear = [(place, line) for place, line in enumerate(found, 1) if isinstance(line, Unclear)]
    if unclear:
        said = [f'command {place}, "{line.line}": {line.wrong}; write like: {line.right}' for place, line in unclear]
        whole = " ".join(lines)
        quoted = len(lines) > 1 and not isinstance(parse(whole), Unclear)
        _refuse([*said, *([f'if it is one command put it in quotes: "{whole}"'] if quoted else [])])
    return [line for line in found if not isinstance(line, Unclear)]


def _refuse(said: Sequence[str]) -> NoReturn:
    fail("\n".join([*said, "nothing was changed"]))


def _said(text: str, file: Path | None) -> str:
    """What the customer is to read, of either option."""
    if text and file:
        fail("--text and --text-file are two texts: write one", USAGE)
    said = (_read(file) if file else text).strip()
    if len(said) > LONGEST_TEXT:
        fail(f"the text is longer than {LONGEST_TEXT} characters", USAGE)
    if not said and (text or file):
        fail("the text for the customer is empty", USAGE)
    return said


def _read(file: Path) -> str:
    try:
        octets = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
        return octets.decode("utf-8-sig")
    except OSError as fault:
        fail(f"{file} cannot be read: {fault.strerror}", USAGE)
    except UnicodeDecodeError:
        fail(f"{file} is no text in UTF-8", USAGE)


def _office(settings: Settings, database: Database) -> Office:
    try:
        return open_office(settings, database, system_clock)
    except SettingsError as error:
        fail("\n".join(str(fault) for fault in error.faults), USAGE)


def _actor(address: str | None, people: People) -> Actor:
    """Somebody of the firm: whoever is named, or the operator."""
    choice = ", ".join(person.address for person in people.all) or "nobody yet, see `people` in the settings"
    if address is None and people.operator is None:
        fail(f"say who you are with --as ADDRESS, since there is no desk.operator: {choice}", USAGE)
    person = people.operator if address is None else people.at(address)
    if person is None:
        fail(f"{address} is nobody of the firm; write one of: {choice}", USAGE)
    return Actor(person.address.lower(), person.name, Role.STAFF)


def _obeyed(
    office: Office, number: int, commands: Sequence[TicketCommand], actor: Actor
) -> tuple[Ticket, Ticket, list[Result]]:
    """The ticket before and after.  What ends the command here ends the transaction without a change."""
    with office.database.writing() as transaction:
        before = tickets.get(transaction, number, for_update=True)
        if before is None:
            fail(f"there is no ticket {office.policy.number(number)}")
        results = obey_on(transaction, office, before, commands, actor, office.clock())
        refused = [_refused(place, result) for place, result in enumerate(results, 1) if result.refusal]
        if refused:
            _refuse(refused)
        return before, tickets.get(transaction, number) or before, results


def _refused(place: int, result: Result) -> str:
    refusal = result.refusal
    reason, remedy = (refusal.reason, refusal.remedy) if refusal else ("", "")
    return f'command {place}, "{words(result.command)}": {reason}' + (f"; {remedy}" if remedy else "")


def _print(
    ticket: Ticket, results: list[Result], changes: list[Difference], due: list[Deadline], policy: Policy
) -> None:
    click.echo(one_line(f"{policy.number(ticket.number)}  {ticket.subject}"))
    for result in results:
        click.echo(one_line(f"  done: {words(result.command)}"))
    if changes:
        section("Changed")
        facts((change.what, f"{change.before or 'none'} -> {change.after or 'none'}") for change in changes)
    section("Deadlines")
    zone = str(policy.calendar.zone)
    rows = ((each.label, local(each.due_at, zone) or "-", each.state) for each in due)
    table(("clock", "due", "state"), rows, "  none")


def _json(
    ticket: Ticket,
    actor: Actor,
    results: list[Result],
    changes: list[Difference],
    due: list[Deadline],
    policy: Policy,
) -> dict[str, Any]:
    return {
        "number": ticket.number,
        "tag": policy.number(ticket.number),
        "actor": actor.address,
        "done": [
            {"line": words(result.command), "events": [NAMES[type(body)] for body in result.events]}
            for result in results
        ],
        "changes": [{"what": each.what, "before": each.before, "after": each.after} for each in changes],
        "deadlines": [
            {
                "key": each.key,
                "due_at": rfc3339(each.due_at and each.due_at.astimezone(policy.calendar.zone)),
                "unit": str(each.target.unit),
                "amount": each.target.amount,
                "state": each.state,
            }
            for each in due
        ],
    }
