"""`new for bob@acme.example`: what staff write to open a ticket for somebody, as after his call [Procedure 1].

The first line names him; lines right below may say when he called, the priority and the subject; the rest are the words
of the ticket.  A line that begins like one of these and is wrong opens nothing: it comes back as `Wrong`.  Pure.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time

from maildesk.desk.calendar import Calendar
from maildesk.desk.policy import Policy

RIGHT = "new for bob@acme.example"
_LONGEST = 400  # characters of a line that is looked at
_ADDRESS = r"[^\s<>@\"',;:]{1,64}@[^\s<>@\"',;:]{1,255}"
_NAMED = re.compile(rf"(?P<name>[^<>@]{{0,100}})<(?P<angled>{_ADDRESS})>|(?P<bare>{_ADDRESS})")
_LINKED = re.compile(r"<mailto:[^<>]{0,320}>", re.IGNORECASE)  # Outlook writes it behind each address
_CALLED = re.compile(r"(?:(\d{4}-\d\d-\d\d)[ T]+)?(\d{1,2})[:.](\d\d)", re.ASCII)


@dataclass(frozen=True, slots=True)
class NewFor:
    """A ticket that staff ask for.  ``called``: when he called (UTC), None if they do not say; "" is not said."""

    address: str
    name: str
    text: str
    called: datetime | None = None
    priority: str = ""
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Wrong:
    """A line that is not what it set out to be, why, and one that would be right."""

    line: str
    why: str
    right: str


def read_new_for(own: str, policy: Policy, received_at: datetime) -> NewFor | Wrong | None:
    """What the writer's own text asks for; None where its first line does not begin with ``new for``.

    A time of day alone is that of the day on which the mail was received, on the firm's clocks [Procedure, Time].
    """
    lines = own.strip().splitlines()
    first = _words(lines[0]) if lines else ""
    if not _begins(first, "new for"):
        return None
    found = _NAMED.fullmatch(_LINKED.sub("", _behind(first, "new for")).strip())
    if found is None:
        return Wrong(first, "one e-mail address belongs behind it", RIGHT)
    asked = NewFor(found["angled"] or found["bare"], (found["name"] or "").strip(" \"'"), "")
    return _with_options(asked, lines[1:], policy, received_at)


def _with_options(asked: NewFor, lines: Sequence[str], policy: Policy, received_at: datetime) -> NewFor | Wrong:
    """The lines below, as far as they are ours; the first that is not begins the text."""
    for at, line in enumerate(lines):
        taken = _option(asked, _words(line), policy, received_at)
        if isinstance(taken, Wrong):
            return taken
        if taken is None:
            return replace(asked, text="\n".join(lines[at:]).strip())
        asked = taken
    return asked


def _option(asked: NewFor, line: str, policy: Policy, received_at: datetime) -> NewFor | Wrong | None:
    if _begins(line, "called"):
        at = _called(_behind(line, "called"), policy.calendar, received_at)
        return replace(asked, called=at) if at else Wrong(line, "it is no time", "called: 10:20")
    if _begins(line, "priority") or _begins(line, "prio"):
        wanted = _behind(line, "priority" if _begins(line, "priority") else "prio").upper()
        known = {key.upper(): key for key in policy.priorities}
        right = f"priority {', '.join(policy.priorities)}"
        return replace(asked, priority=known[wanted]) if wanted in known else Wrong(line, "no such priority", right)
    if _begins(line, "subject"):
        return replace(asked, subject=_behind(line, "subject"))
    return None


def _called(text: str, calendar: Calendar, received_at: datetime) -> datetime | None:
    """The moment (UTC) of ``10:20`` or ``2026-11-24 10:20`` on the firm's clocks."""
    found = _CALLED.fullmatch(text)
    if found is None:
        return None
    day, hour, minute = found.groups()
    try:
        on = date.fromisoformat(day) if day else received_at.astimezone(calendar.zone).date()
        return calendar.at(on, time(int(hour), int(minute))).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _words(line: str) -> str:
    return " ".join(line[:_LONGEST].strip().removeprefix("#").split())


def _begins(line: str, word: str) -> bool:
    """Whether a line begins with a word of ours, alone, before a colon or a blank."""
    return line[: len(word)].casefold() == word and line[len(word) : len(word) + 1] in ("", " ", ":")


def _behind(line: str, word: str) -> str:
    return line[len(word) :].strip(" :")
