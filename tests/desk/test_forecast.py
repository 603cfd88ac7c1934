"""What is forecast is what the timers of a live ticket do, moment for moment."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maildesk.desk import timers
from maildesk.desk.calendar import Calendar
from maildesk.desk.decide import Actor, Facts, Open, Role, decide
from maildesk.desk.duration import Duration
from maildesk.desk.events import Body, Breached, Event, HandedOver, Overran, StepTold, Warned
from maildesk.desk.forecast import forecast
from maildesk.desk.policy import HandOver, Policy, Priority, Step, Team
from maildesk.desk.ticket import apply

OFFICE = ((time(8), time(17)),)
CALENDAR = Calendar(ZoneInfo("Europe/London"), dict.fromkeys(range(5), OFFICE))


def row(key: str, resolution: str, team: str, fix: str | None = None) -> Priority:
    return Priority(
        key, Duration.parse("4 business hours"), Duration.parse(resolution), team, Duration.parse(fix) if fix else None
    )


CHAIN = {
    "systems": HandOver(Duration.parse("2 business days"), "development"),
    "development": HandOver(Duration.parse("5 business days"), "management"),
}
POLICY = Policy(
    desk_name="Desk",
    desk_address="desk@example.com",
    ticket_prefix="CB",
    calendar=CALENDAR,
    teams={key: Team(key, key) for key in ("support", "systems", "development")},
    priorities={
        "P1": row("P1", "24 hours", "systems", "24 business hours"),
        "P2": row("P2", "72 hours", "systems", "24 business hours"),
        "P3": row("P3", "5 business days", "support", "24 business hours"),
        "P4": row("P4", "10 business days", "support"),
    },
    hand_overs={"P1": CHAIN, "P2": CHAIN, "P3": CHAIN, "P4": {}},
    ladder={
        "P1": (
            Step(Duration.parse("0 hours"), "Manager"),
            Step(Duration.parse("16 hours"), "director", Duration.parse("24 hours")),
        ),
        "P2": (Step(Duration.parse("4 hours"), "manager"), Step(Duration.parse("2 business days"), "director")),
        "P3": (Step(Duration.parse("1 business day"), "manager", Duration.parse("1 business day")),),
    },
)
MOMENTS = st.integers(0, 365 * 86_400).map(lambda second: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=second))


def lived(opened_at: datetime, priority: str, until: datetime) -> Iterator[Body]:
    """What happens to a live ticket that nobody touches, told by its own timers one by one."""
    policy = replace(POLICY, default_priority=priority)
    opening = Open("Down", "request", owed=True, received_at=opened_at, facts=Facts())
    (body,) = decide(None, opening, Actor("dana@acme.example", "Dana", Role.REQUESTER), policy, opened_at)
    ticket = apply(1, None, Event(1, opened_at, "dana@acme.example", 1, body))
    while (now := timers.next_due(ticket, policy)) is not None and now <= until:
        for fired in timers.due_events(ticket, policy, now):
            ticket = apply(1, ticket, Event(ticket.version + 1, now, "desk", None, fired))
            yield fired


def moments(bodies: Iterator[Body]) -> dict[str, datetime]:
    """When each was due for the first time, by the forecast's keys."""
    found: dict[str, str] = {}
    for body in bodies:
        match body:
            case Breached():
                found.setdefault(body.clock, body.due_at)
            case Warned():
                assert found.setdefault(body.clock, body.target_at) == body.target_at
            case HandedOver():
                found.setdefault(f"handover:{body.team}", body.due_at)
            case Overran():
                found.setdefault(f"overrun:{body.team}", body.due_at)
            case StepTold():
                found.setdefault(f"ladder:{body.step}:{body.role}".lower(), body.due_at)
                assert not body.replaced
    return {key: datetime.fromisoformat(at) for key, at in found.items()}


@settings(max_examples=60, deadline=None)
@given(opened_at=MOMENTS, priority=st.sampled_from(list(POLICY.priorities)))
def test_the_forecast_is_what_the_timers_do(opened_at: datetime, priority: str) -> None:
    found = {deadline.key: deadline.due_at for deadline in forecast(opened_at, priority, POLICY)}
    last = max(at for at in found.values() if at)
    happened = moments(lived(opened_at, priority, last))
    if "fix_commitment" not in happened:  # it warns only where it is the stricter
        found.pop("fix_commitment", None)
    assert found == happened


def test_it_is_in_the_order_of_time() -> None:
    times = [deadline.due_at for deadline in forecast(datetime(2026, 11, 23, 10, tzinfo=UTC), "P1", POLICY)]
    assert times == sorted(times)


def test_a_ring_of_teams_ends() -> None:
    ring = {"systems": replace(CHAIN["systems"], to="support"), "support": replace(CHAIN["systems"], to="systems")}
    policy = replace(POLICY, hand_overs={"P1": ring})
    keys = [row.key for row in forecast(datetime(2026, 11, 23, 10, tzinfo=UTC), "P1", policy) if "over" in row.key]
    assert keys == ["handover:support", "handover:systems"]


def test_what_never_comes_is_last() -> None:
    policy = replace(POLICY, calendar=Calendar(ZoneInfo("Europe/London"), {}, day=timedelta(hours=9)))
    found = forecast(datetime(2026, 11, 23, 10, tzinfo=UTC), "P1", policy)
    assert [row.key for row in found if row.due_at is None] == [
        "first_response",
        "fix_commitment",
        "handover:development",
    ]
    assert found[-1].due_at is None


def test_an_unknown_priority_is_refused() -> None:
    with pytest.raises(KeyError):
        forecast(datetime(2026, 11, 23, 10, tzinfo=UTC), "P9", POLICY)
