"""``maildesk check``: the settings and what they name; with ``--tickets`` the data are proved.

Exit codes: 0 all is well (warnings may be there), 1 something around the settings or in the data is wrong, 2 the
settings themselves are.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from maildesk import checks, firm
from maildesk.cli.check_border import try_border
from maildesk.cli.common import FAULT, USAGE, one_line, opened, settings_option
from maildesk.desk.policy import Policy
from maildesk.faults import SettingsError
from maildesk.settings import Examined, examine
from maildesk.settings.model import Settings
from maildesk.store.database import Database


@click.command("check")
@settings_option
@click.option("--tickets", is_flag=True, help="Prove the data too: tickets, events, mails and outbox agree.")
@click.option("--border", is_flag=True, help="See in the stored mail whether trust.border removes a forged field.")
def command(settings_file: Path | None, tickets: bool, border: bool) -> None:
    """Check the settings and what they name, with --tickets the data, with --border whose word on senders is believed.

    Exit codes: 0 all is well, 1 something around the settings or in the data is wrong, 2 the settings are.
    """
    examined = _examined(settings_file)
    settings, warnings = examined.settings, examined.settings.warnings()
    for fault in examined.faults:
        click.echo(one_line(f"FAULT: {fault}"))
    for warning in warnings:
        click.echo(one_line(f"warning: {warning}"))
    click.echo(f"settings: {one_line(str(settings_file or 'the shipped ones'))}")
    looks = list(checks.look(settings, examined.tainted))
    code = max([USAGE if examined.faults else 0, *map(_report, looks)])
    unproved = examined.faults or any(look.faults for look in looks if look.what == checks.DATABASE)
    wrong = 0 if unproved or not tickets else _prove(settings)
    wrong += 0 if unproved or not border or try_border(settings) else 1
    refused = bool(examined.faults) or any(look.faults and look.stops for look in looks)
    faults = len(examined.faults) + sum(len(look.faults) for look in looks) + wrong
    click.echo(f"{_count(faults, 'fault')}, {_count(len(warnings), 'warning')}: "
               f"`maildesk run` would {'refuse' if refused else 'start'}")  # fmt: skip
    sys.exit(max(code, FAULT if wrong else 0))


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _examined(path: Path | None) -> Examined:
    """The settings with all of their faults, or what makes it no settings file and the end; all on standard output."""
    try:
        return examine(path)
    except SettingsError as error:
        for fault in error.faults:
            click.echo(one_line(f"FAULT: {fault}"))
        click.echo(f"{_count(len(error.faults), 'fault')}: `maildesk run` would refuse")
        sys.exit(USAGE)


def _report(look: checks.Look) -> int:
    click.echo(one_line(f"{look.what}: {look.words}"))
    for fault in look.faults:
        click.echo(one_line(f"FAULT: {fault}"))
    if not look.faults:
        return 0
    return USAGE if look.of_settings else FAULT


def _prove(settings: Settings) -> int:
    """How many faults the data have; each is printed."""
    if checks.absent(settings.database):
        click.echo("data: none yet")
        return 0
    count = 0
    with opened(settings) as database:
        for finding in _with_progress(database, firm.policy(settings), shown=_on_terminal()):
            count += 1
            click.echo(one_line(f"FAULT: {finding}"))
    click.echo(f"data: {_count(count, 'fault')}" if count else "data: tickets, events, mails and outbox agree")
    return count


def _with_progress(database: Database, policy: Policy, *, shown: bool) -> Iterator[str]:
    """The findings, with a bar on a terminal that makes room for each."""
    length = checks.amount(database)
    with click.progressbar(length=length, label="proving", file=sys.stderr, hidden=not shown) as bar:
        for finding in checks.prove(database, step=bar.update, policy=policy):
            if shown:
                click.echo("\r\x1b[K", nl=False, err=True)
            yield finding


def _on_terminal() -> bool:
    return sys.stderr.isatty()
