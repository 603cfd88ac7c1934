"""The firm's procedure in prose, written back from its policy: what is enforced and what customers are told is one thing.

Every number and name in it comes from the policy; it refuses nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from textwrap import fill

from maildesk.desk.duration import Duration
from maildesk.desk.policy import MANAGEMENT, Policy, Step

_WIDTH = 78  # columns
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_BREACH = {
    "resolution": "its time to resolution",
    "fix_commitment": "its fix commitment",
    "stricter": "the earlier of its two targets",
}


@dataclass(frozen=True, slots=True)
class Part:
    """A heading and what stands under it: sentences, then points of a list."""

    title: str
    sentences: tuple[str, ...] = ()
    points: tuple[str, ...] = ()


def procedure(policy: Policy) -> list[Part]:
    """All parts of the procedure, in the order in which a customer asks for them."""
    return [
        Part("How to reach us", ((f"Write to {policy.desk_address} for any incident. A ticket is opened by itself, and "
             "you are told its number."),), ()),
        Part("Support hours", ((f"Times are those of {policy.calendar.zone}; a business day is "
             f"{_hours(policy.calendar.day_length.total_seconds())} of business time. Public holidays and days on which "
             "we are closed do not count."),), tuple(_week(policy))),
        Part("Priorities", ("We give each incident a priority; it decides how soon we answer and resolve it.",),
             tuple(_priorities(policy))),
        Part("Teams", (), tuple(_teams(policy))),
        Part("Management notification", (("Management is told, counted from the opening, until the incident is resolved or "
             f"a workaround is in place. Waiting for somebody else {_stops(policy)} it."),), tuple(_ladder(policy))),
        Part("Daily updates", ((f"At {policy.ask_at:%H:%M} of each update day whoever has your ticket is asked for a line; "
             f"if you have not heard from a person by {policy.send_at:%H:%M}, we send you where it stands."),)),
        Part("Closing", tuple(_closing(policy))),
        Part("Service credits", tuple(_credits(policy))),
    ]  # fmt: skip


def as_text(policy: Policy) -> str:
    """Plain text within 80 columns."""
    lines = [f"{policy.desk_name}: Support and Escalation Procedure", ""]
    for part in procedure(policy):
        lines += [part.title, "-" * len(part.title)]
        lines += [fill(sentence, _WIDTH) for sentence in part.sentences]
        lines += [fill(f"- {point}", _WIDTH, subsequent_indent="  ") for point in part.points]
        lines.append("")
    return "\n".join([*lines, f"Version of these rules: {policy.version}"]) + "\n"


def as_html(policy: Policy) -> str:
    """A simple page."""
    title = escape(f"{policy.desk_name}: Support and Escalation Procedure")
    body = "".join(_section(part) for part in procedure(policy))
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head><meta charset="utf-8"><title>{title}</title></head>\n<body>\n'
        f"<h1>{title}</h1>\n{body}<p>Version of these rules: {escape(policy.version)}</p>\n</body>\n</html>\n"
    )


def _section(part: Part) -> str:
    sentences = "".join(f"<p>{escape(sentence)}</p>\n" for sentence in part.sentences)
    points = "".join(f"<li>{escape(point)}</li>\n" for point in part.points)
    return f"<h2>{escape(part.title)}</h2>\n{sentences}" + (f"<ul>\n{points}</ul>\n" if points else "")


def _week(policy: Policy) -> Iterator[str]:
    for number, day in enumerate(_WEEKDAYS):
        if spans := policy.calendar.week.get(number, ()):
            yield f"{day} " + ", ".join(f"{start:%H:%M}-{end:%H:%M}" for start, end in spans)


def _priorities(policy: Policy) -> Iterator[str]:
    for key, row in policy.priorities.items():
        fix = f", with a fix within {row.fix_commitment} unless a third party is at fault" if row.fix_commitment else ""
        days = "every day" if row.every_day else "each business day"
        yield (
            f"{key}, {row.meaning}: first response within {row.first_response}, resolution within {row.resolution}{fix}. "
            f"It goes to the {policy.team_name(row.team)}, and you are updated {days}."
        )


def _teams(policy: Policy) -> Iterator[str]:
    for key, rules in policy.hand_overs.items():
        for team, rule in rules.items():
            to = "management is told" if rule.to == MANAGEMENT else f"it is handed to the {policy.team_name(rule.to)}"
            yield f"{key}: what the {policy.team_name(team)} has not resolved in {rule.after}, {to}."


def _ladder(policy: Policy) -> Iterator[str]:
    for key, steps in policy.ladder.items():
        if steps:
            yield f"{key}: {'; '.join(map(_step, steps))}."


def _step(step: Step) -> str:
    when = f"after {step.after}" if step.after.amount else "at once"
    return f"the {step.role} {when}" + (f" and every {step.repeat} from then on" if step.repeat else "")


def _stops(policy: Policy) -> str:
    return "stops" if policy.pending_stops_ladder else "does not stop"


def _closing(policy: Policy) -> Iterator[str]:
    yield f"You are told when your incident is resolved. Answer within {_of(policy.reopen)} and it is open again; then it is closed."
    if policy.no_answer:
        yield f"Where we wait for you and hear nothing for {_of(policy.no_answer)}, we take it as resolved."


def _credits(policy: Policy) -> Iterator[str]:
    rules = policy.credits
    priorities = ", ".join(key for key in policy.priorities if key in rules.priorities)
    if not priorities:
        yield "There are none."
        return
    part = "Parts of an hour count" if rules.pro_rata else "Only full hours count"
    yield (
        f"For {priorities}: {rules.percent_per_hour} % of the monthly licence fee for each business hour in which an incident "
        f"is past {_BREACH[rules.breach_of]}, at most {rules.cap_percent} % a month. {part}."
    )
    yield "There is none where another party is at fault."


def _of(duration: Duration) -> str:
    return str(duration)


def _hours(seconds: float) -> str:
    return f"{seconds / 3600:g} hours"
