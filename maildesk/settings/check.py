"""How the settings fit together: contradictions (faults) and doubts (warnings).  Pure."""

from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from difflib import get_close_matches
from typing import Any, Final, TypeVar
from zoneinfo import ZoneInfo

from maildesk.desk.calendar import Calendar
from maildesk.desk.duration import Duration
from maildesk.faults import Name
from maildesk.settings.model import FirmHours, HandOver, Person, Settings, Step
from maildesk.settings.types import WEEKDAYS

MANAGEMENT: Final = "management"  # where a team's overrun may go instead of to another team [Procedure 7]
ROLES: Final = (  # [Procedure 9], and who works on tickets
    "staff", "support manager", "systems engineering manager", "development manager", "director", "chief executive",
)  # fmt: skip

_Item = TypeVar("_Item", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong or doubtful at a name, and what would be right."""

    name: Name
    wrong: str
    right: str


Findings = Iterator[Finding]


def contradictions(settings: Settings, tainted: Collection[Name] = ()) -> list[Finding]:
    """Faults between names.  ``tainted``: names whose values are not the firm's; what hangs on them is not told."""
    checks: tuple[tuple[str, Callable[[Settings], Findings]], ...] = (
        ("desk.address send.return_path people.*", _people),
        ("people.*", _names),
        ("desk.address desk.operator people.*", _operator),
        ("teams.* people.*", _members),
        ("priorities teams.* hours.week hours.day", _priority_rows),
        ("priorities.*", _priorities_named),
        ("teams.*", _hand_overs),
        ("hours.week hours.day", _ladders),
        ("send.host send.maildir send.user send.password_file", _relay),
        ("receive.smtp.tls_certificate receive.smtp.tls_key receive.imap", _intake),
        ("hours.week hours.open hours.closed", _hours),
        ("updates", _updates),
    )
    found = [
        finding
        for needs, check in checks
        if not hangs_on(needs, tainted)
        for finding in check(settings)
    ]  # fmt: skip
    return [finding for finding in found if not any(_within(finding.name, taint) for taint in tainted)]


def hangs_on(needs: str, tainted: Collection[Name]) -> bool:
    """Whether one of these dotted names is tainted, in whole or part; ``people.*`` needs its keys, not their values."""
    names = [tuple(need.split(".")) for need in needs.split()]
    return any(_within(taint, name) or _within(name, taint) for name in names for taint in tainted)


def _within(name: Name, other: Name) -> bool:
    return name[: len(other)] == other


def borrowed_name(settings: Settings, shipped: Mapping[str, Any]) -> Findings:
    """A firm with an address of its own that has not said its name, and so speaks by the shipped one."""
    ours = shipped["desk"]
    if settings.desk.address != ours["address"]:
        wrong = f'"{ours["name"]}" is the shipped name, but the address is yours'
        yield Finding(("desk", "name"), wrong, "write your desk's name, as it shall stand in From")


def doubts(settings: Settings) -> list[Finding]:
    """What works but is worth a warning."""
    return [*_nobody(settings), *_roles(settings), *_unescalated(settings), *_unsafe(settings), *_silent(settings)]


def _people(settings: Settings) -> Findings:
    seen: dict[str, str] = {}
    ours = {_plain(settings.send.return_path or ""): "where delivery reports go"}
    ours |= {_plain(settings.desk.address): "the desk's own mailbox"}
    for at, person in enumerate(settings.people):
        for number, address in enumerate(person.addresses):
            taken = ours.get(_plain(address)) or seen.get(address.lower())
            if taken:
                name: Name = ("people", at, "addresses", number)
                yield Finding(name, f"{address} is {taken}", "write an address that only he reads")
            seen.setdefault(address.lower(), f"already an address of {person.name}")


def _names(settings: Settings) -> Findings:
    for at, twin in _repeated(person.name.casefold() for person in settings.people):
        yield Finding(("people", at, "name"), f'"{twin}" stands twice', "give each person a name of his own")


def _operator(settings: Settings) -> Findings:
    operator = settings.desk.operator
    if operator is None:
        return
    if "@" not in operator and not _known(operator, settings.people):
        right = "write the name of one of people, or a mail address"
        yield Finding(("desk", "operator"), f'"{operator}" is nobody in people', right)
    if _plain(operator) == _plain(settings.desk.address):
        yield Finding(("desk", "operator"), "is the desk's own mailbox", "write a person's address")


def _members(settings: Settings) -> Findings:
    for key, team in settings.teams.items():
        for at, member in enumerate(team.members):
            if not _known(member, settings.people):
                name: Name = ("teams", key, "members", at)
                yield Finding(name, f'"{member}" is nobody in people', "write a name as it stands in people")
        for at, twin in _repeated(member.casefold() for member in team.members):
            yield Finding(("teams", key, "members", at), f'"{twin}" stands twice', "write each member once")


def _priority_rows(settings: Settings) -> Findings:
    day = _day_length(settings.hours)
    for key, row in settings.priorities.items():
        if row.team not in settings.teams:
            yield Finding(("priorities", key, "team"), f'"{row.team}" is no team', _one_of(settings.teams))
        for limit in ("resolution", "fix_commitment"):
            term = getattr(row, limit)
            if term and _longer(row.first_response, term, day):
                wrong = f"{row.first_response} is longer than {limit}, {term}"
                yield Finding(("priorities", key, "first_response"), wrong, "write a shorter time")


def _priorities_named(settings: Settings) -> Findings:
    intake = settings.intake
    named: list[tuple[Name, str]] = [
        (("intake", "default_priority"), intake.default_priority),
        (("intake", "highest_proposal", "registered"), intake.highest_proposal.registered),
        (("intake", "highest_proposal", "others"), intake.highest_proposal.others),
        *((("credits", "priorities", at), key) for at, key in enumerate(settings.credits.priorities)),
        *((("intake", "phrases", key), key) for key in intake.phrases),
        *((("escalation", "teams", key), key) for key in settings.escalation.teams),
        *((("escalation", "management", key), key) for key in settings.escalation.management),
    ]
    for name, key in named:
        if key not in settings.priorities:
            yield Finding(name, f'"{key}" is no priority', _one_of(settings.priorities))


def _hand_overs(settings: Settings) -> Findings:
    for key, overs in settings.escalation.teams.items():
        for team, over in overs.items():
            name: Name = ("escalation", "teams", key, team)
            if team not in settings.teams:
                yield Finding(name, f'"{team}" is no team', _one_of(settings.teams))
            if over.to not in {*settings.teams, MANAGEMENT} - {team}:
                right = _one_of([*(other for other in settings.teams if other != team), MANAGEMENT])
                yield Finding((*name, "to"), f'"{over.to}" is no other team', right)
        if ring := _ring(overs):
            wrong = f"{' -> '.join((*ring, ring[0]))}: a ticket would go round and round"
            right = f"hand over to a team further on, or to {MANAGEMENT}"
            yield Finding(("escalation", "teams", key, ring[-1], "to"), wrong, right)


def _ring(overs: Mapping[str, HandOver]) -> tuple[str, ...]:
    """The teams that hand a ticket round among each other; none where each way ends.  Not one that hands to itself."""
    for team in overs:
        way = [team]
        while (rule := overs.get(way[-1])) and rule.to not in way:
            way.append(rule.to)
        if rule and rule.to == team and len(way) > 1:
            return tuple(way)
    return ()


def _ladders(settings: Settings) -> Findings:
    day = _day_length(settings.hours)
    for key, steps in settings.escalation.management.items():
        for at, step in enumerate(steps):
            name: Name = ("escalation", "management", key, at)
            if "@" in step.tell:
                right = "write a role that somebody in people has"
                yield Finding((*name, "tell"), f'"{step.tell}" is an address', right)
            if at:
                yield from _order(steps[at - 1], step, name, day)
            if step.repeat and step.repeat.amount == 0:
                yield Finding((*name, "repeat"), "repeats without end", "write how long to wait, like 24 hours")
            if step.repeat and at < len(steps) - 1:
                yield Finding((*name, "repeat"), "is not the last step", "only the last step of a ladder repeats")


def _order(above: Step, step: Step, name: Name, day: timedelta) -> Findings:
    """Of steps due at one moment only the newest is told: the one above would never be."""
    if _longer(above.after, step.after, day):
        yield Finding((*name, "after"), f"{step.after} is before the step above it", "write the steps in order")
    elif above.after.unit.business == step.after.unit.business and above.after.length(day) == step.after.length(day):
        wrong = f"{step.after} is when the step above it is due, so that {above.tell} would never be told"
        yield Finding((*name, "after"), wrong, "write a later time, or leave one of the two out")


def _relay(settings: Settings) -> Findings:
    send = settings.send
    if send.host is None and send.maildir is None:
        yield Finding(("send",), "mail can go nowhere", "write host of a relay, or maildir")
    if send.user and not send.password_file:
        yield Finding(("send", "user"), "has no password", "write password_file beside it")
    if send.password_file and not send.user:
        yield Finding(("send", "password_file"), "has no user", "write user beside it")


def _intake(settings: Settings) -> Findings:
    smtp = settings.receive.smtp
    if (smtp.tls_certificate is None) != (smtp.tls_key is None):
        missing = "tls_key" if smtp.tls_certificate else "tls_certificate"
        yield Finding(("receive", "smtp"), f"has no {missing}", "write tls_certificate and tls_key, or neither")
    boxes = [(box.host.lower(), box.port, box.user, box.folder) for box in settings.receive.imap]
    for at, box in _repeated(boxes):
        yield Finding(("receive", "imap", at), f"{box[3]} of {box[2]} is fetched twice", "keep one of them")
    for at, mailbox in enumerate(settings.receive.imap):
        if mailbox.done == f"move:{mailbox.folder}":
            yield Finding(("receive", "imap", at, "done"), "moves mail to where it lay", "write another folder")


def _hours(settings: Settings) -> Findings:
    hours = settings.hours
    if not any(hours.week.values()):
        yield Finding(("hours", "week"), "the firm never works", 'write like mon-fri: ["08:00-17:00"]')
    if hours.day and (hours.day.unit.business or not hours.day.amount):
        yield Finding(("hours", "day"), f"{hours.day} is no length of a day", "write like 9 hours")
    for at, day in _repeated(special.day for special in hours.open):
        yield Finding(("hours", "open", at, "day"), f"{day} stands twice", "write all its hours in one place")
    for at, special in enumerate(hours.open):
        if special.day in hours.closed:
            yield Finding(("hours", "open", at, "day"), f"{special.day} is also closed", "keep one of them")


def _updates(settings: Settings) -> Findings:
    ask, send = settings.updates.ask_at, settings.updates.send_at
    if ask >= send:
        wrong = f"{ask:%H:%M} is not before send_at, {send:%H:%M}"
        yield Finding(("updates", "ask_at"), wrong, "ask first, so that somebody can answer")


def _nobody(settings: Settings) -> Findings:
    operator = settings.desk.operator
    falls_to = f"its mail goes to {operator}" if operator else "its mail is only logged"
    if operator is None:
        yield Finding(("desk", "operator"), "nobody gets the desk's alerts", "write a person's name or address")
    if not settings.people:
        wrong = f"there is nobody for the teams and the management ladder: {falls_to}"
        yield Finding(("people",), wrong, "write names and addresses, and who is in which team")
        return
    for key, team in settings.teams.items():
        if not team.members:
            yield Finding(("teams", key, "members"), f"nobody is in {team.name}: {falls_to}", "write names of people")
    held = {role for person in settings.people for role in person.roles}
    if absent := [role for role in _told(settings) if role not in held]:
        wrong = f"nobody is {', '.join(absent)}: {falls_to}"
        yield Finding(("escalation", "management"), wrong, "give each of these roles to somebody in people")
    approver = settings.credits.approver
    if approver not in held:
        wrong = f"nobody is {approver}, who approves the service credits: {falls_to}"
        yield Finding(("credits", "approver"), wrong, "give this role to somebody in people")


def _unescalated(settings: Settings) -> Findings:
    """A priority that the escalation says nothing of."""
    for key in settings.priorities:
        if key not in settings.escalation.management:
            right = f"write a ladder under escalation.management.{key}, or [] if that is meant"
            yield Finding(("escalation", "management"), f"{key} has no ladder: management is never told of it", right)
        if key not in settings.escalation.teams:
            right = f"write who hands over when under escalation.teams.{key}, or {{}} if that is meant"
            yield Finding(("escalation", "teams"), f"no team hands {key} over by time", right)


def _told(settings: Settings) -> list[str]:
    """The roles that the ladder names, each once."""
    steps = (step for ladder in settings.escalation.management.values() for step in ladder)
    return list(dict.fromkeys(step.tell for step in steps))


def _roles(settings: Settings) -> Findings:
    """A role that nothing asks for is a typo, or of no use."""
    known = list(dict.fromkeys([*_told(settings), settings.credits.approver, *ROLES]))
    for at, person in enumerate(settings.people):
        for number, role in enumerate(person.roles):
            if role not in known:
                close = get_close_matches(role.lower(), known, n=1)
                right = f"did you mean {close[0]}?" if close else _one_of(known)
                yield Finding(("people", at, "roles", number), f'"{role}" is a role that nothing asks for', right)


def _unsafe(settings: Settings) -> Findings:
    if settings.trust.border == "none":
        wrong = "without a border whoever has seen a notice can answer as its reader"
        yield Finding(("trust", "border"), wrong, "write microsoft365, gmail or your mail server's name")
    if settings.send.host and settings.send.user and settings.send.security == "none":
        yield Finding(("send", "security"), "the password is sent in the clear", "write starttls or tls")
    for at, box in enumerate(settings.receive.imap):
        if box.security == "none":
            yield Finding(("receive", "imap", at, "security"), "the password is sent in the clear", "write tls")


def _silent(settings: Settings) -> Findings:
    if not settings.escalation.confirmed:
        wrong = "the times and ladder are maildesk's proposal, not the firm's word"
        yield Finding(("escalation", "confirmed"), wrong, "look at them, then write confirmed: true")
    if settings.receive.smtp.listen is None and not settings.receive.imap:
        yield Finding(("receive",), "no mail comes in", "write smtp.listen or a mailbox under imap")
    if settings.send.host is None:
        wrong = f"mail stays on this machine, in {settings.send.maildir}"
        yield Finding(("send", "maildir"), wrong, "write host of a relay when customers shall get it")


def _known(name: str, people: Iterable[Person]) -> bool:
    return any(person.name.casefold() == name.casefold() for person in people)


def _plain(address: str) -> str:
    """An address as its mailbox: lower case, without a sub-address."""
    local, _, domain = address.lower().rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"


def _repeated(items: Iterable[_Item]) -> Iterator[tuple[int, _Item]]:
    seen: Counter[_Item] = Counter()
    for at, item in enumerate(items):
        if seen[item]:
            yield at, item
        seen[item] += 1


def _one_of(names: Iterable[str]) -> str:
    return f"write one of {', '.join(names)}"


def _longer(one: Duration, other: Duration, day: timedelta) -> bool:
    """Whether one is longer for certain: business time never passes faster than the clock, but often slower."""
    comparable = one.unit.business or not other.unit.business
    return comparable and one.length(day) > other.length(day)


def _day_length(hours: FirmHours) -> timedelta:
    """What a business day is worth; a whole day where the firm never works, which is said elsewhere."""
    own = hours.day.length(timedelta()) if hours.day else None
    week = {WEEKDAYS.index(day): spans for day, spans in hours.week.items()}
    return Calendar(ZoneInfo(hours.zone), week, day=own).day_length or timedelta(days=1)
