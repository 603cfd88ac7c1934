"""The firm's procedure as its customers are handed it, written back from the settings.

What is enforced and what customers are told is one thing: every number and name in it comes from the settings, none
from here.  It refuses nothing.
"""

from collections.abc import Iterable, Iterator
from itertools import pairwise

from maildesk import firm
from maildesk.desk.policy import MANAGEMENT, HandOver, Policy, Step
from maildesk.report import page
from maildesk.report.hours import listed, other_days, week, zone
from maildesk.report.page import Part, Points, Table
from maildesk.settings.model import Settings

_GATHER = (  # [Procedure 11]
    "your name",
    "your organisation's name",
    "your contract number",
    "your e-mail address",
    "your phone number",
    "what documents the incident: screenshots, log files, exact error messages",
)
_BREACH = {
    "resolution": "its time to resolution",
    "fix_commitment": "its fix commitment",
    "stricter": "the earlier of its time to resolution and its fix commitment",
}


def as_text(settings: Settings) -> str:
    """Plain text within 80 columns."""
    return page.as_text(*_document(settings))


def as_html(settings: Settings) -> str:
    """A page for a telephone and a window, in light and dark."""
    return page.as_html(*_document(settings))


def _document(settings: Settings) -> tuple[str, list[Part], str]:
    policy = firm.policy(settings)
    title = f"{policy.desk_name}: Support and Escalation Procedure"
    return title, procedure(settings, policy), f"Version of these rules: {policy.version}"


def procedure(settings: Settings, policy: Policy) -> list[Part]:
    """All parts of the procedure, in the order in which a customer asks for them."""
    return [
        Part("How to contact us", tuple(_contact(settings, policy))),
        Part("Support hours", tuple(_support_hours(settings, policy))),
        Part("Priorities", tuple(_priorities(policy))),
        Part("Our teams", tuple(_teams(policy))),
        Part("The states of a ticket", tuple(_states(policy))),
        Part("Daily updates", tuple(_updates(settings, policy))),
        Part("Management notification" + _proposal(settings), tuple(_management(settings, policy))),
        Part("Service credits", tuple(_credits(policy))),
    ]


def _contact(settings: Settings, policy: Policy) -> Iterator[str | Points]:
    number = policy.number(1042)
    yield (
        f"Write to {policy.desk_address}, whatever the incident is. A ticket is opened by itself, and you are told its number, "
        f"like {number}, at once. To add anything, answer any mail about the ticket."
    )
    if settings.desk.phone:
        yield (
            f"Or call {settings.desk.phone}. It helps to write first and to give the ticket's number on the phone; if you "
            "have not written, we open the ticket for you."
        )
    yield "Please gather before you contact us, since it makes our help faster:"
    yield Points(_GATHER)
    yield "A ticket is opened whatever is missing; we ask for it once."


def _support_hours(settings: Settings, policy: Policy) -> Iterator[str]:
    yield f"{week(settings.hours)}. {' '.join(other_days(settings.hours))}"
    yield (
        f"A business day is {policy.calendar.day_length.total_seconds() / 3600:g} hours of this time. Business hours and days "
        "pass in it only; other hours and days pass round the clock. We answer within these hours, and outside of them as "
        "best we can."
    )


def _priorities(policy: Policy) -> Iterator[str | Table]:
    yield "We give each incident a priority. It decides how soon you hear from us and when it is to be resolved:"
    yield Table(
        ("Priority", "What it means", "First response", "Time to resolution", "Fix commitment"),
        tuple(
            (key, row.meaning, str(row.first_response), str(row.resolution), str(row.fix_commitment or "none"))
            for key, row in policy.priorities.items()
        ),
    )
    yield (
        "The first response is a message that a person wrote, not the mail that tells you the number. The fix commitment is a "
        "second target for the solution; there is none where a third party is at fault."
    )
    yield (
        'You may propose a priority with a line like "Priority: P2" in your mail: '
        f"up to {policy.highest_registered} if your organisation is on our register of contracts, else up to "
        f"{policy.highest_others}. An incident without one is {policy.default_priority} until we look at it. If we "
        "change the priority, all times are counted anew from the opening."
    )


def _teams(policy: Policy) -> Iterator[str | Points]:
    first = {team: [key for key, row in policy.priorities.items() if row.team == team] for team in policy.teams}
    yield " ".join(
        f"{listed(keys)} go{_es(keys)} first to the {policy.team_name(team)}." for team, keys in first.items() if keys
    )
    at_once = [key for key, row in policy.priorities.items() if row.at_once]
    if at_once:
        yield f"For {listed(at_once)} our people are alerted at any hour."
    yield Points((*_by_hand(policy), *_by_time(policy)))
    yield (
        "A team's time begins when it gets the ticket. A ticket handed on keeps its number, its history and its times. When "
        f"{policy.warn_at * 100:f}".rstrip("0").rstrip(".") + " % of a target's time is used, those who have the ticket are warned."
    )  # fmt: skip


def _by_hand(policy: Policy) -> Iterator[str]:
    """The teams that no rule makes hand over [Procedure 7]."""
    timed = {team for rules in policy.hand_overs.values() for team in rules}
    for team, following in pairwise(policy.teams):
        if team not in timed:
            yield f"What the {policy.team_name(team)} cannot resolve it hands to the {policy.team_name(following)}."


def _by_time(policy: Policy) -> Iterator[str]:
    same: dict[tuple[str, HandOver], list[str]] = {}
    for key, rules in policy.hand_overs.items():
        for team, rule in rules.items():
            same.setdefault((team, rule), []).append(key)
    for (team, rule), keys in same.items():
        then = "is reported to management" if rule.to == MANAGEMENT else f"goes to the {policy.team_name(rule.to)}"
        yield f"{_whose(keys, policy)}: what the {policy.team_name(team)} has not resolved in {rule.after} {then}."


def _whose(keys: list[str], policy: Policy) -> str:
    return "Each priority" if set(keys) == set(policy.priorities) else listed(keys)


def _states(policy: Policy) -> Iterator[str]:
    yield (
        "A ticket is open while we work on it, and its times run. They pause while it waits for you or for somebody else, and "
        "while a workaround is in place; the time to the first response never pauses. A ticket that waits for you is open again "
        "as soon as you write."
    )
    if policy.no_answer:
        yield f"If we wait for you and hear nothing for {policy.no_answer}, we take the incident as resolved."
    else:
        yield "If we wait for you, we wait without limit."
    yield (
        "When an incident is resolved you are told its cause and its cure. If it is not over, answer within "
        f"{policy.reopen}: the ticket is open again and its times go on where they stood. After {policy.reopen} without a "
        "word it is closed, and later mail opens a new ticket that is linked to it."
    )


def _updates(settings: Settings, policy: Policy) -> Iterator[str]:
    daily = [key for key, row in policy.priorities.items() if row.every_day]
    others = [key for key, row in policy.priorities.items() if not row.every_day]
    days = [(daily, "every day"), (others, "each business day")]
    said = listed(f"{listed(keys)} {when}" for keys, when in days if keys)
    yield f"Until your incident is resolved you have an update: {said}."
    yield (
        f"A message that a person wrote is the update. If you have had none by {policy.send_at:%H:%M} "
        f"({zone(settings.hours.zone)} time), you are told where the ticket stands; from {policy.ask_at:%H:%M} on "
        "those who have it are asked for a line. A ticket opened after that has its first update on the next such day."
    )


def _proposal(settings: Settings) -> str:
    return "" if settings.escalation.confirmed else " (proposal)"


def _management(settings: Settings, policy: Policy) -> Iterator[str | Table]:
    if not settings.escalation.confirmed:
        yield "Proposal: the times of this part are not confirmed yet."
    yield "Our managers are told of an incident by its priority and the time since its opening:"
    rows = tuple(_rungs(policy))
    yield Table(("Priority", "Who is told", "After", "Again"), rows) if rows else "Nobody is told."
    waiting = "stops" if policy.pending_stops_ladder else "does not stop"
    yield (
        "It ends when the incident is resolved or a satisfactory workaround is in place, and goes on where it stood if that fails. "
        f"Waiting for you or for somebody else {waiting} it."
    )
    if policy.digest_at:
        yield f"Each working morning at {policy.digest_at:%H:%M} our staff and managers have an overview of what is open."


def _rungs(policy: Policy) -> Iterator[tuple[str, str, str, str]]:
    for key, steps in policy.ladder.items():
        for step in steps:
            yield (key, step.role, _when(step), f"every {step.repeat}" if step.repeat else "")


def _when(step: Step) -> str:
    return str(step.after) if step.after.amount else "at once"


def _credits(policy: Policy) -> Iterator[str]:
    rules = policy.credits
    priorities = [key for key in policy.priorities if key in rules.priorities]
    if not priorities:
        yield "There are no service credits."
        return
    parts = (
        "Parts of an hour count too." if rules.pro_rata else "Only full hours count; minutes add up over interruptions."
    )
    yield (
        f"For {listed(priorities)}: {rules.percent_per_hour} % of the monthly licence fee for each business hour in which "
        f"an incident is open past {_BREACH[rules.breach_of]}, at most {rules.cap_percent} % of the fee for each contract "
        f"and month. {parts}"
    )
    others = [key for key in policy.priorities if key not in rules.priorities]
    none = [f"{key} incidents" for key in others]
    yield (
        f"There is none for {listed([*none, 'faults of any third party'])}, nor for the time in which an incident waits "
        "for you or for somebody else or has a workaround."
    )
    yield (
        "On the first business day of each month the credits of the month before are stated for each contract, hour by hour. "
        f"The statement stands once our {rules.approver} has approved it."
    )


def _es(keys: Iterable[str]) -> str:
    return "es" if len([*keys]) == 1 else ""
