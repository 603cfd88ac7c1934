"""What the commands share: settings, the open database, tables for people and JSON for programs."""

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn
from zoneinfo import ZoneInfo

import click
from sqlalchemy.exc import DBAPIError

from maildesk.faults import SettingsError
from maildesk.settings import load
from maildesk.settings_model import Settings
from maildesk.store.database import Database, SchemaError

USAGE, FAULT = 2, 1

settings_option: Callable[..., Any] = click.option(
    "--settings",
    "settings_file",
    type=click.Path(path_type=Path),
    envvar="MAILDESK_SETTINGS",
    help="The firm's settings.yaml; it names only what differs from the shipped one. [env: MAILDESK_SETTINGS]",
)
json_option: Callable[..., Any] = click.option("--json", "as_json", is_flag=True, help="One JSON line for each.")


def fail(text: str, code: int = FAULT) -> NoReturn:
    """Say what is wrong on standard error and end."""
    click.echo(text, err=True)
    sys.exit(code)


def load_settings(path: Path | None) -> Settings:
    """The settings, or all of their faults and the end."""
    try:
        return load(path)
    except SettingsError as error:
        fail("\n".join(str(fault) for fault in error.faults), USAGE)


@contextmanager
def opened(settings: Settings) -> Iterator[Database]:
    """The database with a current schema; what is wrong with it ends the command."""
    database = Database(settings.database)
    try:
        database.require_current()
        yield database
    except SchemaError as error:
        fail(str(error))
    except DBAPIError as error:
        fail(f"the database {database.url.render_as_string()} cannot be used: {error.orig}")
    finally:
        database.close()


def print_json(values: Any) -> None:
    """One JSON line."""
    click.echo(json.dumps(values, ensure_ascii=False, default=_plain))


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def local(moment: datetime | None, zone: str) -> str:
    """A moment as the desk's people read it, with the zone's name that day."""
    return moment.astimezone(ZoneInfo(zone)).strftime("%d %b %H:%M %Z") if moment else ""


def table(head: Sequence[str], rows: Iterable[Sequence[Any]], nothing: str) -> None:
    """A plain table; strangers' text loses everything that a terminal would obey."""
    body = [[one_line(str(cell) if cell is not None else "") for cell in row] for row in rows]
    if not body:
        click.echo(nothing)
        return
    widths = [min(60, max(len(row[n]) for row in [list(head), *body])) for n in range(len(head))]
    for row in [list(head), *body]:
        click.echo("  ".join(cell[:width].ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def one_line(text: str) -> str:
    """Text without control characters, so that no mail can play with a terminal."""
    return "".join(char if char.isprintable() else " " for char in text)


def several_lines(text: str) -> str:
    """Text of several lines, each made safe for a terminal."""
    return "\n".join(one_line(line.expandtabs(4)) for line in text.split("\n"))
