"""``maildesk deadlines``: what is due when for a ticket opened then and left alone.  It needs no database."""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click

from maildesk import firm
from maildesk.cli.common import json_option, load_settings, local, one_line, print_json, settings_option, table
from maildesk.cli.moment import moment
from maildesk.desk.forecast import Deadline, forecast
from maildesk.desk.policy import Policy
from maildesk.desk.words import CLOCKS

NEVER = "never: the firm does not work that much"


@click.command("deadlines")
@click.option(
    "--opened",
    "openings",
    multiple=True,
    required=True,
    metavar="T",
    help='When the ticket opens: "2026-11-23 10:00" in the desk\'s zone, or RFC 3339. May be given several times.',
)
@click.option("--priority", required=True, help="P1, P2, ... as in the settings.")
@settings_option
@json_option
def command(openings: tuple[str, ...], priority: str, settings_file: Path | None, as_json: bool) -> None:
    """Print every target, hand-over and ladder step of a ticket that is opened then and left alone."""
    policy = firm.policy(load_settings(settings_file))
    key = _priority(priority, policy)
    moments = [moment(text, policy.calendar, "--opened") for text in openings]
    for at, opened_at in enumerate(moments):
        deadlines = forecast(opened_at, key, policy)
        if as_json:
            _print_lines(deadlines, opened_at if len(moments) > 1 else None, policy.calendar.zone)
        else:
            _print_table(deadlines, opened_at, key, str(policy.calendar.zone), first=at == 0)


def _priority(wanted: str, policy: Policy) -> str:
    key = next((key for key in policy.priorities if key.casefold() == wanted.strip().casefold()), None)
    if key is None:
        known = ", ".join(policy.priorities)
        raise click.BadParameter(f"{one_line(wanted)} is no priority; priorities: {known}", param_hint="--priority")
    return key


def _print_lines(deadlines: Iterable[Deadline], opened_at: datetime | None, zone: ZoneInfo) -> None:
    for deadline in deadlines:
        line: dict[str, Any] = {"opened": _rfc3339(opened_at, zone)} if opened_at else {}
        line |= {
            "key": deadline.key,
            "due_at": _rfc3339(deadline.due_at, zone),
            "unit": str(deadline.target.unit),
            "amount": deadline.target.amount,
        }
        print_json(line | ({"repeat": str(deadline.repeat)} if deadline.repeat else {}))


def _print_table(deadlines: Iterable[Deadline], opened_at: datetime, priority: str, zone: str, *, first: bool) -> None:
    click.echo(f"{'' if first else chr(10)}{priority} opened {_local(opened_at, zone)} and left alone")
    rows = ((_local(d.due_at, zone) or NEVER, _words(d.key), _after(d)) for d in deadlines)
    table(("due", "what", "after"), rows, "nothing is due, ever")


def _words(key: str) -> str:
    """A deadline's key as people read it."""
    kind, _, who = key.partition(":")
    match kind:
        case "handover":
            return f"handed over to {who}"
        case "overrun":
            return f"{who} has overrun: management is told"
        case "ladder":
            step, _, role = who.partition(":")
            return f"ladder, step {step}: {role} is told"
    return CLOCKS[kind]


def _after(deadline: Deadline) -> str:
    return f"{deadline.target}, again every {deadline.repeat}" if deadline.repeat else str(deadline.target)


def _local(at: datetime | None, zone: str) -> str:
    return f"{at.astimezone(ZoneInfo(zone)):%a} {local(at, zone)}" if at else ""


def _rfc3339(at: datetime | None, zone: ZoneInfo) -> str:
    """A moment for programs, with the offset as it stands that day; "" for none."""
    return at.astimezone(zone).isoformat() if at else ""
