"""``maildesk simulate``: play a script through the real procedure on a scratch database, with a clock that leaps."""

from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zoneinfo import ZoneInfo

import click

from maildesk import firm, log
from maildesk.cli.common import USAGE, fail, json_option, load_settings, local, one_line, print_json, settings_option
from maildesk.cli.moment import moment
from maildesk.cli.script import read_script
from maildesk.faults import SettingsError
from maildesk.simulation import Line, Simulation


@click.command("simulate")
@settings_option
@click.option("--script", "script_file", type=click.Path(path_type=Path), help="What happens: a YAML list.")
@click.option(
    "--from", "since", required=True, help='The first moment, like "2026-11-23 08:00" or 2026-11-23T08:00:00Z.'
)
@click.option("--until", required=True, help="The last moment.")
@json_option
def command(settings_file: Path | None, script_file: Path | None, since: str, until: str, as_json: bool) -> None:
    """Play a script through the procedure and print every event and every mail that would go out.

    It runs the real desk on a scratch database with a clock that leaps; nothing is sent.
    """
    settings = load_settings(settings_file)
    log.configure("console", "error")
    people, calendar = firm.people(settings), firm.calendar(settings.hours)
    begins, ends = moment(since, calendar, "--from"), moment(until, calendar, "--until")
    if ends < begins:
        fail(f"--until {until} is before --from {since}", USAGE)
    try:
        script = read_script(script_file, calendar, people) if script_file else []
    except SettingsError as error:
        fail("\n".join(str(fault) for fault in error.faults), USAGE)
    early = [item.at for item in script if not begins <= item.at <= ends]
    if early:
        fail(f"{local(early[0], settings.hours.zone)} in the script is not between --from and --until", USAGE)
    zone = ZoneInfo(settings.hours.zone)
    with TemporaryDirectory(prefix="maildesk-") as folder, Simulation(settings, Path(folder)) as simulation:
        for line in simulation.play(script, begins, ends):
            if as_json:
                print_json(_json(line, zone))
            else:
                click.echo(_words(line, settings.hours.zone))


def _json(line: Line, zone: ZoneInfo) -> dict[str, Any]:
    kind = {"event": line.event} if line.event else {"notice": line.notice}
    shown: dict[str, Any] = {"at": _rfc3339(line.at, zone), "ticket": line.ticket, **kind}
    if line.key:
        shown["key"] = line.key
    shown |= {"to": line.to, "subject": line.subject}
    if line.due:
        shown["due"] = _rfc3339(line.due, zone)
    return shown


def _rfc3339(at: datetime, zone: ZoneInfo) -> str:
    return at.astimezone(zone).isoformat(timespec="seconds")


def _words(line: Line, zone: str) -> str:
    what = line.event or f"→ {line.to}  {line.key or line.notice}"
    due = f"  (due {local(line.due, zone)})" if line.due else ""
    ticket = f"#{line.ticket}" if line.ticket else "-"
    return one_line(f"{local(line.at, zone)}  {ticket:<5} {what}: {line.subject}{due}")
