"""Timers through kills and leaping clocks: none is lost, and none is told twice."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import wraps
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

import pytest

from maildesk import flow
from maildesk.checks import prove
from maildesk.desk.events import HandedOver, StepTold, UpdateAsked, UpdateSent
from maildesk.steps import change
from maildesk.store import outbox, tickets
from tests.rig.staffed import Running, running

KILLS = 200
SUBJECTS = ("Total outage", "Several websites are down", "Trouble", "A question")
STEPS: tuple[tuple[Any, str], ...] = (
    (tickets, "due"),
    (tickets, "append"),
    (flow, "fire_timers"),
    (flow, "fire"),
    (change, "inform"),
    (change, "post"),
    (outbox, "queue"),
)
DAYS = timedelta(days=9)
KINDS = {"handed-over", "ladder-told", "update-asked", "update-sent"}


class Killed(BaseException):  # the end of the process, which no guard may catch
    """The desk is gone; what was not committed never was."""


class Killer:
    """Ends the desk before or after a step, at random, as long as it is armed."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)
        self.kills = 0
        self._left = self._draw()

    def _draw(self) -> int:
        return self._random.randint(1, 90)

    def tick(self) -> None:
        self._left -= 1
        if self._left == 0:
            self._left = self._draw()
            self.kills += 1
            raise Killed

    def wrap(self, function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def mortal(*arguments: Any, **named: Any) -> Any:
            self.tick()
            result = function(*arguments, **named)
            self.tick()
            return result

        return mortal


def opened(desk: Running) -> datetime:
    """A ticket of each kind; when the story ends."""
    for number, subject in enumerate(SUBJECTS):
        desk.mail(number, subject)
    return desk.now + DAYS


def survive(desk: Running, end: datetime) -> None:
    """Time passes as in `Running.until`; each time the desk dies it starts anew."""
    while True:
        try:
            desk.until(end)
        except Killed:
            desk.office = desk.open()
        else:
            return


@pytest.fixture
def undisturbed(tmp_path: Path) -> Iterator[list[str]]:
    with running(tmp_path / "undisturbed") as desk:
        desk.until(opened(desk))
        yield desk.told()


def test_two_hundred_kills_lose_nothing_and_tell_nothing_twice(tmp_path: Path, undisturbed: list[str]) -> None:
    kills = 0
    for seed in count():
        killer = Killer(seed)
        with pytest.MonkeyPatch.context() as patch, running(tmp_path / f"{seed}") as desk:
            end = opened(desk)
            for owner, name in STEPS:
                patch.setattr(owner, name, killer.wrap(getattr(owner, name)))
            survive(desk, end)
            assert desk.told() == undisturbed
            assert list(prove(desk.database, desk.now)) == []
        kills += killer.kills
        if kills >= KILLS:
            return


@pytest.mark.parametrize(
    "leap", [timedelta(hours=1), timedelta(hours=-1), timedelta(days=3), timedelta(days=-3)], ids=str
)
@pytest.mark.parametrize(
    "begin", [datetime(2026, 3, 26, 10, tzinfo=UTC), datetime(2026, 10, 22, 10, tzinfo=UTC)], ids=str
)
def test_a_leaping_clock_over_both_changes_of_the_year_tells_nothing_twice(
    tmp_path: Path, begin: datetime, leap: timedelta
) -> None:
    with running(tmp_path / "desk", begin) as desk:
        end = opened(desk)
        desk.until(begin + timedelta(days=3, hours=5))
        desk.now += leap
        flow.fire(desk.office)
        desk.now -= leap
        desk.until(end)
        keys = [key for number in range(1001, 1005) for key in once(desk, number)]
        assert len(keys) == len(set(keys))
        assert {kind for _, kind, _ in keys} == KINDS
        assert list(prove(desk.database, desk.now)) == []


def once(desk: Running, number: int) -> Iterator[tuple[int, str, str]]:
    """What may be told once only: ticket, kind, and which."""
    with desk.database.reading() as transaction:
        log = tickets.log(transaction, number)
    for event in log:
        match event.body:
            case StepTold():
                yield number, event.kind, f"{event.body.priority} {event.body.step} {event.body.due_at}"
            case UpdateSent() | UpdateAsked():
                yield number, event.kind, event.body.day
            case HandedOver():
                yield number, event.kind, event.body.team
