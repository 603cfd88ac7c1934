"""``maildesk db``: the database's schema."""

from pathlib import Path

import click
from sqlalchemy.exc import DBAPIError

from maildesk.cli.common import fail, load_settings, settings_option
from maildesk.store.database import Database, InUseError, SchemaError, head


@click.group("db")
def command() -> None:
    """The database's schema."""


@command.command("upgrade")
@settings_option
def upgrade(settings_file: Path | None) -> None:
    """Bring the schema to what this maildesk works with.  Stop the daemon and take a backup first."""
    settings = load_settings(settings_file)
    try:
        database = Database(settings.database)
    except OSError as fault:
        fail(f"the database cannot be made: {fault}")
    try:
        database.lock_for_daemon()
        before = database.version()
        if before != head():
            database.upgrade()
        database.require_current()
    except (SchemaError, InUseError) as error:
        fail(str(error))
    except DBAPIError as error:
        fail(f"the database cannot be used: {error.orig}")
    finally:
        database.close()
    click.echo(f"schema {head()}: " + ("nothing to do" if before == head() else f"upgraded from {before or 'nothing'}"))
