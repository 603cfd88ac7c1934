"""``maildesk ticket explain``: why each clock, deadline, escalation and credit of a ticket is what it is."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click

from maildesk import firm
from maildesk.cli.common import (
    asking,
    json_option,
    load_settings,
    one_line,
    print_json,
    settings_option,
    the_ticket,
    ticket_log,
    ticket_number,
)
from maildesk.cli.shapes import rfc3339
from maildesk.desk.explain import Derivation, Explanation, Pause, Rung, Story, Updates, explain
from maildesk.desk.words import CLOCKS, status_in_words
from maildesk.office import system_clock
from maildesk.settings.model import Settings

_WARNINGS = {"warned": "warned", "breached": "breach told", "overran": "management told"}
_TITLES = {"no_answer": "no answer of the customer", "reopen": "time to say that it is not resolved"}


@click.command("explain")
@click.argument("number")
@settings_option
@json_option
def command(number: str, settings_file: Path | None, as_json: bool) -> None:
    """Explain every clock, deadline, escalation and credit of a ticket.  NUMBER is 1042, CB-1042 or [CB-1042]."""
    settings = load_settings(settings_file)
    wanted = ticket_number(number, settings.desk.ticket_prefix)
    with asking(settings) as transaction:
        ticket = the_ticket(transaction, wanted, settings.desk.ticket_prefix)
        events = ticket_log(transaction, wanted)
    found = explain(ticket, events, firm.policy(settings), system_clock())
    if as_json:
        print_json(explanation_json(found, settings.desk.ticket_prefix))
        return
    for line in explanation_text(found, settings):
        click.echo(one_line(line))


# --- for programs


def explanation_json(found: Explanation, prefix: str) -> dict[str, Any]:
    """An explanation for programs; moments are RFC 3339, "" for none, amounts of time are seconds."""
    return {
        "number": found.ticket.number,
        "tag": f"{prefix}-{found.ticket.number}",
        "status": found.ticket.status,
        "priority": found.ticket.priority,
        "proposed": found.ticket.course.proposed,
        "cause": _cause(found),
        "opened_at": rfc3339(found.ticket.opened_at),
        "now": rfc3339(found.now),
        "settings_version": found.version,
        "governing": found.governing,
        "clocks": [_story_json(story) for story in found.clocks],
        "ladder": [_rung_json(rung) for rung in found.ladder],
        "ladder_pauses": [_pause_json(pause) for pause in found.ladder_pauses],
        "updates": _updates_json(found.updates),
        "credits": [
            {
                "month": line.month, "hours": str(line.hours), "from": rfc3339(line.since), "until": rfc3339(line.until),
                "words": line.words,
            }
            for line in found.credits
        ],
        "priorities": [{"from": rfc3339(row.since), "value": row.value} for row in found.priorities],
        "teams": [{"from": rfc3339(row.since), "value": row.value} for row in found.teams],
        "absent": [{"key": key, "words": why} for key, why in found.absent],
    }  # fmt: skip


def _story_json(story: Story) -> dict[str, Any]:
    return {
        "key": story.key,
        "state": story.state,
        **_derivation_json(story.how),
        "stopped_at": rfc3339(story.stopped_at),
        "warns_at": rfc3339(story.warns_at),
        "told": [{"kind": kind, "at": rfc3339(at)} for kind, at in story.told],
        "then": story.then,
    }


def _rung_json(rung: Rung) -> dict[str, Any]:
    return {
        "step": rung.number,
        "role": rung.role,
        **_derivation_json(rung.how),
        "repeat": str(rung.repeat or ""),
        "told": [rfc3339(at) for at in rung.told],
        "instead": rung.instead,
        "next_at": rfc3339(rung.next_at),
    }


def _derivation_json(how: Derivation) -> dict[str, Any]:
    return {
        "unit": str(how.target.unit),
        "amount": how.target.amount,
        "due_at": rfc3339(how.due_at),
        "length": _seconds(how.amount),
        "used": _seconds(how.used),
        "left": _seconds(how.left),
        "late": _seconds(how.late),
        "counted": [
            {"from": rfc3339(start), "until": rfc3339(end), "seconds": _seconds(end - start)}
            for start, end in how.counted
        ],
        "skipped": [{"day": day.isoformat(), "words": why} for day, why in how.skipped],
        "pauses": [_pause_json(pause) for pause in how.pauses],
    }


def _pause_json(pause: Pause) -> dict[str, Any]:
    return {"from": rfc3339(pause.since), "until": rfc3339(pause.until), "words": pause.why}


def _updates_json(updates: Updates) -> dict[str, Any]:
    return {
        "owed": updates.owed,
        "every_day": updates.every_day,
        "spoken_at": rfc3339(updates.spoken_at),
        "asked_for": updates.asked_for,
        "held_for": updates.held_for,
        "asks_at": rfc3339(updates.asks_at),
        "sends_at": rfc3339(updates.sends_at),
    }


def _seconds(amount: timedelta) -> float:
    """Whole where it is whole."""
    return amount.total_seconds() if amount.microseconds else int(amount.total_seconds())


# --- for people


def explanation_text(found: Explanation, settings: Settings) -> Iterator[str]:
    """An explanation for people, line by line, in the firm's zone."""
    ticket, zone = found.ticket, ZoneInfo(settings.hours.zone)
    proposed = " (proposed)" if ticket.course.proposed else ""
    yield f"{settings.desk.ticket_prefix}-{ticket.number}  {ticket.subject}"
    state = status_in_words(ticket.status, ticket.course.now.waits_for)
    yield f"  {ticket.priority}{proposed}, {state}, team {ticket.team}, cause {_cause(found)}"
    yield f"  as of {_local(found.now, zone)}, by settings {found.version}"
    yield from _course(found, zone)
    for story in found.clocks:
        yield from _story(story, zone, governs=story.key == found.governing)
    yield from _ladder(found, zone)
    yield from _update_lines(found.updates, zone)
    yield from _credit_lines(found)
    if found.absent:
        yield ""
        yield "What it does not have"
        yield from (f"  {_title(key)}: {why}" for key, why in found.absent)


def _course(found: Explanation, zone: ZoneInfo) -> Iterator[str]:
    yield f"  opened {_local(found.ticket.opened_at, zone)}; every target counts from there"
    if len(found.priorities) > 1:
        yield "  priority: " + ", ".join(f"{row.value} since {_local(row.since, zone)}" for row in found.priorities)
    yield "  team: " + ", ".join(f"{row.value} since {_local(row.since, zone)}" for row in found.teams)


def _story(story: Story, zone: ZoneInfo, *, governs: bool) -> Iterator[str]:
    yield ""
    yield f"{_title(story.key)}: {story.how.target}, {story.state}" + (" (its miss is the breach)" if governs else "")
    yield f"  {_due(story.how.due_at, zone)}{f', then {story.then}' if story.then else ''}"
    yield f"  {_amounts(story.how)}"
    if story.stopped_at:
        yield f"  stopped {_local(story.stopped_at, zone)}"
    if story.warns_at:
        yield f"  warns {_local(story.warns_at, zone)}"
    yield from (f"  {_WARNINGS.get(kind, kind)} {_local(at, zone)}" for kind, at in story.told)
    yield from _derivation(story.how, zone)


def _derivation(how: Derivation, zone: ZoneInfo) -> Iterator[str]:
    yield from (f"  counted {_span(start, end, zone)} = {_time(end - start)}" for start, end in how.counted)
    yield from (f"  skipped {day:%a %d %b %Y}: {why}" for day, why in how.skipped)
    yield from _pauses(how.pauses, zone)


def _ladder(found: Explanation, zone: ZoneInfo) -> Iterator[str]:
    yield ""
    yield f"Management ladder of {found.ticket.priority}" + ("" if found.ladder else ": none")
    yield from (f"  {_rung(rung, zone)}" for rung in found.ladder)
    yield from _pauses(found.ladder_pauses, zone)


def _rung(rung: Rung, zone: ZoneInfo) -> str:
    said = f"{rung.number}. {rung.role} after {rung.how.target}"
    said += f", again every {rung.repeat}" if rung.repeat else ""
    said += f": {_due(rung.how.due_at, zone)}"
    said += f"; {_told(rung.told, zone)}" if rung.told else ""
    said += "; a later step was told instead" if rung.instead else ""
    return said + (f"; next {_local(rung.next_at, zone)}" if rung.next_at else "")


def _told(times: Sequence[datetime], zone: ZoneInfo) -> str:
    often = f" {len(times)} times, last" if len(times) > 1 else ""
    return f"told{often} {_local(times[-1], zone)}"


def _update_lines(updates: Updates, zone: ZoneInfo) -> Iterator[str]:
    days = "every day" if updates.every_day else "each business day"
    yield ""
    yield f"Daily update: {f'owed {days}' if updates.owed else 'none is owed'}"
    if updates.spoken_at:
        yield f"  a person last wrote {_local(updates.spoken_at, zone)}"
    if updates.asked_for:
        yield f"  asked for that of {updates.asked_for}"
    if updates.held_for:
        yield f"  the desk's own holding update stood for {updates.held_for}"
    if updates.asks_at:
        yield f"  asks next {_local(updates.asks_at, zone)}"
    if updates.sends_at:
        yield f"  sends next {_local(updates.sends_at, zone)}, unless a person writes before"


def _credit_lines(found: Explanation) -> Iterator[str]:
    yield ""
    yield "Service credits" + ("" if found.credits else ": no hour in breach")
    yield from (f"  {f'{line.month}: ' if line.month else ''}{line.words}" for line in found.credits)


def _pauses(pauses: Iterable[Pause], zone: ZoneInfo) -> Iterator[str]:
    for pause in pauses:
        end = f"to {_local(pause.until, zone)}" if pause.until else "until now"
        yield f"  rested  {_local(pause.since, zone)} {end}: {pause.why}"


def _amounts(how: Derivation) -> str:
    kind = "business time" if how.target.unit.business else "round the clock"
    rest = f"late by {_time(how.late)}" if how.late else f"left {_time(how.left)}"
    return f"used {_time(how.used)} of {_time(how.amount)} ({kind}), {rest}"


def _cause(found: Explanation) -> str:
    cause = found.ticket.course.cause
    said = f"{cause.kind} {cause.name}".strip()
    return f"{said}: {cause.reason}" if cause.reason else said


def _title(key: str) -> str:
    kind, _, team = key.partition(":")
    return f"time of {team}" if team else _TITLES.get(kind, CLOCKS.get(kind, kind))


def _due(at: datetime | None, zone: ZoneInfo) -> str:
    return f"due {_local(at, zone)}" if at else "no due time while it rests"


def _span(start: datetime, end: datetime, zone: ZoneInfo) -> str:
    """Both ends; day and zone once where they are the same."""
    first, last = start.astimezone(zone), end.astimezone(zone)
    same = (first.date(), first.tzname()) == (last.date(), last.tzname())
    return f"{first:%a %d %b %Y %H:%M}-{last:%H:%M %Z}" if same else f"{_local(start, zone)} - {_local(end, zone)}"


def _time(amount: timedelta) -> str:
    """Hours and minutes, as a business day is no day of 24 hours."""
    hours, minutes = divmod(int(amount.total_seconds()) // 60, 60)
    if amount and not hours and not minutes:
        return "under 1 min"
    parts = (f"{hours} h" if hours else "", f"{minutes} min" if minutes or not hours else "")
    return " ".join(part for part in parts if part)


def _local(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%a %d %b %Y %H:%M %Z}"
