"""``maildesk run``: the daemon."""

import os
import sys
from pathlib import Path

import click
from sqlalchemy.exc import DBAPIError

from maildesk import log
from maildesk.cli.common import FAULT, USAGE, fail, load_settings, one_line, settings_option
from maildesk.daemon import Daemon
from maildesk.faults import SettingsError
from maildesk.receive.smtp import IntakeError
from maildesk.settings import SecretError
from maildesk.settings.model import Settings
from maildesk.store.database import InUseError, SchemaError


@click.command("run")
@settings_option
def command(settings_file: Path | None) -> None:
    """Run the desk until it is told to stop (Ctrl-C or SIGTERM)."""
    settings = load_settings(settings_file)
    log.configure(settings.log.format, settings.log.level)
    _warn(settings)
    os.chdir("/")  # every path of the settings is absolute; the back room could not begin where this user may not be
    try:
        daemon = Daemon(settings)
        daemon.heed_signals()
        daemon.start()
    except SettingsError as error:
        fail("\n".join(str(fault) for fault in error.faults), USAGE)
    except (SchemaError, InUseError, IntakeError, SecretError, OSError) as error:
        fail(f"maildesk cannot start: {error}", FAULT)
    except DBAPIError as error:
        fail(f"maildesk cannot start: the database cannot be used: {error.orig}", FAULT)
    click.echo(_welcome(settings, daemon.intake.address if daemon.intake else ""))
    sys.stdout.flush()
    code = daemon.run()
    click.echo("maildesk has stopped." if code == 0 else "maildesk has stopped by a fault: the lines above say which.")
    sys.exit(code)


def _warn(settings: Settings) -> None:
    """What is worth a look: for people as `maildesk check` says it, for programs in the log."""
    for warning in settings.warnings():
        if settings.log.format == "json":
            log.log.warning("settings", warning=str(warning))
        else:
            click.echo(one_line(f"warning: {warning}"), err=True)


def _welcome(settings: Settings, listens: str) -> str:
    """What a person who has just started the desk wants to know."""
    lines = [f"maildesk runs for {settings.desk.name} <{settings.desk.address}>."]
    if listens:
        lines.append(f"  Mail comes in by {settings.receive.smtp.protocol.upper()} on {listens}.")
    lines += [f"  Mail is fetched from {box.user} on {box.host}, folder {box.folder}." for box in settings.receive.imap]
    if not listens and not settings.receive.imap:
        lines.append("  No mail can come in: set receive.smtp.listen or receive.imap.")
    lines.append(_way_out(settings))
    if listens and settings.receive.smtp.protocol == "smtp" and ":" in listens and not listens.startswith("unix:"):
        lines += ["  Try it, in another terminal:", *_try_it(settings, listens)]
    lines.append("  Ctrl-C ends it.")
    return "\n".join(lines)


def _way_out(settings: Settings) -> str:
    if settings.send.host:
        return f"  Answers go out through {settings.send.host}:{settings.send.port} ({settings.send.security})."
    if settings.send.maildir:
        return f"  Answers go into the Maildir {settings.send.maildir}  (mutt -f {settings.send.maildir})."
    return "  Answers stay in the outbox: set send.host or send.maildir."


def _try_it(settings: Settings, listens: str) -> list[str]:
    host, _, port = listens.rpartition(":")
    return [
        f"    printf 'From: Bob <bob@acme.example>\\nTo: {settings.desk.address}\\nSubject: Sites do not load\\n\\nSince nine.\\n' |",
        f"    curl -sS smtp://{host}:{port} --mail-from bob@acme.example --mail-rcpt {settings.desk.address} -T -",
    ]
