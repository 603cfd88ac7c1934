"""The morning's mail: to staff their tickets, the worst first; to managers how the whole desk stands.  Pure."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

from maildesk.desk import clocks
from maildesk.desk.clocks import Clock
from maildesk.desk.course import Status
from maildesk.desk.notices import DigestCount, DigestRow, ManagerDigest, Notice, Recipient, StaffDigest
from maildesk.desk.policy import Person, Policy
from maildesk.desk.ticket import Ticket
from maildesk.desk.token import Purpose
from maildesk.desk.words import CLOCKS, span_in_words, status_in_words

MOST_ROWS = 25
WORST = 10
LIVE = frozenset(Status) - {Status.RESOLVED, Status.CLOSED, Status.MERGED}


def next_digest(policy: Policy, last: str, now: datetime) -> datetime | None:
    """When the next morning's mail is due (UTC): the first business day after ``last`` (a date, "": today may be it)."""
    if policy.digest_at is None:
        return None
    calendar, today = policy.calendar, policy.calendar.local_date(now)
    day = max(today, date.fromisoformat(last) + timedelta(days=1)) if last else today
    day = day if calendar.is_business_day(day) else calendar.next_business_day(day)
    return calendar.at(day, policy.digest_at)


def digests(tickets: Sequence[Ticket], at_stake: Sequence[str], policy: Policy, now: datetime) -> list[Notice]:
    """Every mail of this morning; who has nothing to read gets none.  ``at_stake``: this month's so far, in words."""
    live = sorted((ticket for ticket in tickets if ticket.state in LIVE), key=lambda made: _order(made, policy, now))
    day = policy.calendar.local_date(now).isoformat()
    notices = [_to_staff(person, live, policy, now, day) for person in _staff(live, policy)]
    notices += [_to_manager(person, live, at_stake, policy, now, day) for person in _managers(policy)]
    return [notice for notice in notices if notice]


def _staff(live: Iterable[Ticket], policy: Policy) -> list[Person]:
    members = [person for team in policy.teams.values() for person in team.members]
    owners = [person for ticket in live if (person := policy.at(ticket.assignee or ""))]
    return list({person.address.lower(): person for person in (*members, *owners)}.values())


def _managers(policy: Policy) -> list[Person]:
    roles = {step.role for ladder in policy.ladder.values() for step in ladder}
    return [person for person in policy.people if person.roles & roles]


def _to_staff(person: Person, live: Sequence[Ticket], policy: Policy, now: datetime, day: str) -> Notice | None:
    addresses = {address.lower() for address in person.addresses}
    mine = [ticket for ticket in live if (ticket.assignee or "") in addresses]
    teams = {key for key, team in policy.teams.items() if person in team.members}
    unowned = [ticket for ticket in live if not ticket.assignee and ticket.team in teams]
    if not mine and not unowned:
        return None
    more = max(len(mine) - MOST_ROWS, 0) + max(len(unowned) - MOST_ROWS, 0)
    facts = StaffDigest(now, _rows(mine[:MOST_ROWS], policy, now), _rows(unowned[:MOST_ROWS], policy, now), more)
    return _notice("digest", person, facts, day)


def _to_manager(
    person: Person, live: Sequence[Ticket], at_stake: Sequence[str], policy: Policy, now: datetime, day: str
) -> Notice | None:
    if not live and not at_stake:
        return None
    counts = (
        _count(key, [ticket for ticket in live if ticket.priority == key], policy, now) for key in policy.priorities
    )
    worst = _rows(live[:WORST], policy, now)
    facts = ManagerDigest(now, tuple(count for count in counts if count.open or count.waiting), worst, tuple(at_stake))
    return _notice("overview", person, facts, day)


def _notice(name: str, person: Person, facts: StaffDigest | ManagerDigest, day: str) -> Notice:
    to = Recipient(person.address, person.name, person.zone, person.language, Purpose.STAFF)
    return Notice(name, to, 0, f"{name}:{day}:{person.address.lower()}", facts, urgent=False)


def _count(priority: str, tickets: Sequence[Ticket], policy: Policy, now: datetime) -> DigestCount:
    opened = [ticket for ticket in tickets if ticket.state is Status.OPEN]
    late = [ticket for ticket in tickets if _late(_nearest(ticket, policy), now)]
    oldest = min((ticket.opened_at for ticket in tickets), default=None)
    age = span_in_words(now - oldest) if oldest else ""
    return DigestCount(priority, len(opened), len(tickets) - len(opened), len(late), age)


def _rows(tickets: Iterable[Ticket], policy: Policy, now: datetime) -> tuple[DigestRow, ...]:
    return tuple(_row(ticket, policy, now) for ticket in tickets)


def _row(ticket: Ticket, policy: Policy, now: datetime) -> DigestRow:
    clock = _nearest(ticket, policy)
    owner = policy.at(ticket.assignee or "")
    return DigestRow(
        number=policy.number(ticket.number),
        subject=ticket.subject,
        customer=ticket.requester_name or ticket.requester,
        priority=ticket.priority,
        status=status_in_words(ticket.course.now.status, ticket.course.now.waits_for),
        holder=owner.name or owner.address if owner else policy.team_name(ticket.team),
        age=span_in_words(now - ticket.opened_at),
        target=_target(clock, now),
        used=_used(clock, policy, now),
        late=_late(clock, now),
    )


def _nearest(ticket: Ticket, policy: Policy) -> Clock | None:
    """The target that was missed first, or will be next; the fix commitment warns only and is none."""
    due = [
        clock
        for clock in clocks.targets(ticket, policy)
        if clock.key != clocks.FIX_COMMITMENT and clock.stopped_at is None and clock.due_at is not None
    ]
    return min(due, key=lambda clock: (clock.due_at is None, clock.due_at), default=None)


def _target(clock: Clock | None, now: datetime) -> str:
    if clock is None or clock.due_at is None:
        return ""
    span = span_in_words(abs(now - clock.due_at))
    return f"{CLOCKS[clock.key]}: missed by {span}" if clock.due_at <= now else f"{CLOCKS[clock.key]}: due in {span}"


def _used(clock: Clock | None, policy: Policy, now: datetime) -> int:
    if clock is None:
        return 0
    amount = policy.calendar.amount(clock.target)
    return int(100 * clocks.used(policy.calendar, clock, now) / amount) if amount else 100


def _late(clock: Clock | None, now: datetime) -> bool:
    return clock is not None and clock.missed(now)


def _order(ticket: Ticket, policy: Policy, now: datetime) -> tuple[bool, bool, datetime, str]:
    """The worst first: what is late, then what is due next, then what rests; of equals the more urgent priority."""
    clock = _nearest(ticket, policy)
    due_at = clock.due_at if clock else None
    return not _late(clock, now), due_at is None, due_at or ticket.opened_at, ticket.priority
