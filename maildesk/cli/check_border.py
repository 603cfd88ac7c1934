"""``maildesk check --border``: whether the border removes a forged field.  It reads stored mail and sends nothing."""

import secrets
from collections.abc import Iterator

import click
from sqlalchemy import Connection

from maildesk import checks
from maildesk.cli.common import one_line, opened
from maildesk.desk.token import base32
from maildesk.office import system_clock
from maildesk.read.border import WITNESS_FIELD, Trial, forged_field, trial
from maildesk.read.parse import read_mail
from maildesk.read.trust import NO_BORDER
from maildesk.settings.model import Settings
from maildesk.store import bookmarks, inbound

_CODE_OCTETS = 10


def try_border(settings: Settings) -> bool:
    """Print what is known of the border, and keep it; whether it was seen to remove a forged field."""
    border = settings.trust.border
    if border == NO_BORDER:
        click.echo("border: none is set (trust.border): whoever has seen a notice can answer as its reader")
        return True
    if checks.absent(settings.database):
        click.echo("FAULT: border: there is no database yet; start the desk first")
        return False
    with opened(settings) as database, database.writing() as transaction:
        code = bookmarks.get(transaction, bookmarks.BORDER_PROBE)
        trials = list(_trials(transaction, border, code)) if code else []
        if not code:
            code = base32(secrets.token_bytes(_CODE_OCTETS))
            bookmarks.put(transaction, bookmarks.BORDER_PROBE, code)
        if trials:
            holds = all(each.holds for _, each in trials)
            day = system_clock().date().isoformat() if holds else ""
            bookmarks.put(transaction, bookmarks.border(border), day)
    for number, each in trials:
        said = f"border {border}: mail {number}: {each.words}"
        click.echo(one_line(said if each.holds else f"FAULT: {said}"))
    if trials:
        return holds
    _explain(settings, code)
    return False


def _trials(transaction: Connection, border: str, code: str) -> Iterator[tuple[int, Trial]]:
    for mail in inbound.load(transaction, inbound.with_subject(transaction, code)):
        yield mail.id, trial(read_mail(mail.octets), mail.envelope, border, code)


def _explain(settings: Settings, code: str) -> None:
    border, address = settings.trust.border, settings.desk.address
    click.echo(one_line(f"FAULT: border {border}: no mail has tried it yet"))
    click.echo("Send one from outside the firm's network, from a server that is not yours, and look again:")
    click.echo(
        one_line(
            f'  swaks --to {address} --header "Subject: border {code}" --add-header "{WITNESS_FIELD}: {code}"'
            f' --add-header "{forged_field(border, code)}"'
        )
    )
