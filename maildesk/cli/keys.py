"""``maildesk keys``: the secrets that sign the desk's ids.  They are listed without being shown."""

import secrets
from pathlib import Path

import click

from maildesk.cli.common import load_settings, local, opened, settings_option, table
from maildesk.office import system_clock
from maildesk.store import keys


@click.group("keys")
def command() -> None:
    """The keys that sign the desk's ids."""


@command.command("list")
@settings_option
def list_(settings_file: Path | None) -> None:
    """List the keys that still verify; the highest number signs."""
    settings, now = load_settings(settings_file), system_clock()
    with opened(settings) as database, database.reading() as transaction:
        found = keys.listed(transaction, now)
    zone = settings.hours.zone
    rows = [
        (
            key.number,
            "signs" if key.number == max(each.number for each in found) else "verifies",
            local(key.created_at, zone),
            local(key.last_used_at + keys.VERIFIES_FOR, zone),
        )
        for key in found
    ]
    table(("KEY", "USE", "MADE", "VERIFIES UNTIL"), rows, "no keys: the desk makes one when it starts")


@command.command("rotate")
@settings_option
def rotate(settings_file: Path | None) -> None:
    """Make a new key, which signs from the daemons' next start; the old ones verify on."""
    settings, now = load_settings(settings_file), system_clock()
    with opened(settings) as database, database.writing() as transaction:
        number = keys.rotate(transaction, secrets.token_bytes(keys.SECRET_OCTETS), now)
    click.echo(f"key {number} signs from the next start; restart every `maildesk run` of this desk now")
