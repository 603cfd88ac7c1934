"""What the commands share: settings, the open database, tables for people and JSON for programs.

Whatever is printed is safe for a terminal, whoever wrote it.
"""

import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn
from zoneinfo import ZoneInfo

import click
from sqlalchemy import Connection
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from maildesk.checks import absent
from maildesk.desk.events import Event
from maildesk.desk.ticket import Ticket
from maildesk.faults import SettingsError
from maildesk.settings import load
from maildesk.settings.model import Settings
from maildesk.store import tickets
from maildesk.store.database import Database, SchemaError

USAGE, FAULT = 2, 1
LONGEST_CELL = 60  # characters of a table's cell

settings_option: Callable[..., Any] = click.option(
    "--settings",
    "settings_file",
    type=click.Path(path_type=Path),
    envvar="MAILDESK_SETTINGS",
    help="The firm's settings.yaml; it names only what differs from the shipped one. [env: MAILDESK_SETTINGS]",
)
json_option: Callable[..., Any] = click.option("--json", "as_json", is_flag=True, help="One JSON line for each.")
limit_option: Callable[..., Any] = click.option(
    "--limit", type=click.IntRange(min=1), default=50, show_default=True, help="The newest so many."
)


def fail(text: str, code: int = FAULT) -> NoReturn:
    """Say what is wrong on standard error and end."""
    click.echo(several_lines(text), err=True)
    sys.exit(code)


def load_settings(path: Path | None) -> Settings:
    """The settings, or all of their faults and the end."""
    try:
        return load(path)
    except SettingsError as error:
        fail("\n".join(str(fault) for fault in error.faults), USAGE)


@contextmanager
def opened(settings: Settings) -> Iterator[Database]:
    """The database with a current schema; what is wrong with it ends the command.  It makes none."""
    url = make_url(settings.database)
    if absent(settings.database):
        fail(f"there is no database yet at {url.database}: `maildesk run` or `maildesk db upgrade` makes it")
    try:
        database = Database(settings.database)
    except OSError as error:
        fail(f"the database {url.render_as_string()} cannot be used: {error.strerror}: {error.filename}")
    try:
        database.require_current()
        yield database
    except SchemaError as error:
        fail(str(error))
    except DBAPIError as error:
        fail(f"the database {url.render_as_string()} cannot be used: {error.orig}")
    finally:
        database.close()


@contextmanager
def asking(settings: Settings) -> Iterator[Connection]:
    """A reading transaction on the database of the settings."""
    with opened(settings) as database, database.reading() as transaction:
        yield transaction


def print_json(values: Any) -> None:
    """One JSON line, ASCII only: whole on every terminal and in every locale."""
    click.echo(json.dumps(values, default=_plain))


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def local(moment: datetime | None, zone: str) -> str:
    """A moment as the desk's people read it, with the zone's name that day."""
    return moment.astimezone(ZoneInfo(zone)).strftime("%d %b %Y %H:%M %Z") if moment else ""


def ticket_number(text: str, prefix: str) -> int:
    """The number in ``1042``, ``CB-1042`` or ``[CB-1042]``; anything else ends the command."""
    found = re.fullmatch(rf"(?:{re.escape(prefix)}-)?([1-9][0-9]{{0,11}})", text.strip(" []"), re.ASCII | re.IGNORECASE)
    if found is None:
        fail(f"{text} is no ticket's number: write 1042 or {prefix}-1042", USAGE)
    return int(found[1])


def the_ticket(transaction: Connection, number: int, prefix: str) -> Ticket:
    """A ticket by its number; where there is none the command ends."""
    return tickets.get(transaction, number) or fail(f"there is no ticket {prefix}-{number}")


def ticket_log(transaction: Connection, number: int) -> list[Event]:
    """A ticket's events; a log that cannot be read ends the command."""
    try:
        return tickets.log(transaction, number)
    except (KeyError, TypeError, ValueError):
        fail(f"the log of ticket {number} cannot be read: `maildesk check --tickets` says more")


def table(head: Sequence[str], rows: Iterable[Sequence[Any]], nothing: str) -> None:
    """A plain table; strangers' text loses everything that a terminal would obey."""
    body = [[one_line(str(cell) if cell is not None else "") for cell in row] for row in rows]
    if not body:
        click.echo(nothing)
        return
    widths = [min(LONGEST_CELL, max(len(row[n]) for row in [list(head), *body])) for n in range(len(head))]
    for row in [list(head), *body]:
        click.echo("  ".join(cell[:width].ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def facts(pairs: Iterable[tuple[str, Any]]) -> None:
    """Names and values, one a line; what is empty is left out."""
    for name, value in pairs:
        if value not in (None, "", ()):
            click.echo(f"  {name:<13} {one_line(str(value))}")


def section(title: str) -> None:
    """The title of a part of what is shown."""
    click.echo(f"\n{title}")


def one_line(text: str) -> str:
    """Text without control characters, so that no mail can play with a terminal."""
    return "".join(char if char.isprintable() else " " for char in text)


def several_lines(text: str) -> str:
    """Text of several lines, each made safe for a terminal."""
    return "\n".join(one_line(line.expandtabs(4)) for line in text.split("\n"))
