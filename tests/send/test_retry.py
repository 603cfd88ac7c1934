from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maildesk.send.retry import GIVE_UP_AFTER, next_attempt

QUEUED = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)  # half an hour before a clock of London jumps
SPREADS = st.floats(0, 1, exclude_max=True)


@pytest.mark.parametrize(
    ("attempts", "least", "most"),
    [
        (0, 12.5, 25),
        (1, 12.5, 25),
        (2, 27.5, 55),
        (3, 150, 300),
        (4, 450, 900),
        (5, 900, 1800),
        (6, 1800, 3600),
        (7, 3600, 7200),
        (8, 7200, 14400),
        (9, 7200, 14400),
        (500, 7200, 14400),
    ],
)
def test_pauses_grow_to_four_hours(attempts, least, most):
    shortest, longest = (next_attempt(attempts, QUEUED, QUEUED, spread) for spread in (0, 0.999999))

    assert shortest == QUEUED + timedelta(seconds=least)
    assert timedelta(seconds=most - 1) < longest - QUEUED < timedelta(seconds=most)


@pytest.mark.parametrize(
    ("age", "expected"),
    [
        (GIVE_UP_AFTER - timedelta(hours=3), GIVE_UP_AFTER - timedelta(hours=1)),
        (GIVE_UP_AFTER - timedelta(minutes=1), GIVE_UP_AFTER),
        (GIVE_UP_AFTER, None),
        (GIVE_UP_AFTER + timedelta(days=3), None),
        (timedelta(days=-1), timedelta(days=-1, hours=2)),  # a clock that was set back
    ],
)
def test_the_last_attempt_falls_on_the_end_of_five_days(age, expected):
    after = next_attempt(20, QUEUED, QUEUED + age, 0)

    assert after == (None if expected is None else QUEUED + expected)


@given(st.lists(SPREADS, min_size=200, max_size=200))
def test_a_relay_that_is_away_for_good_is_given_up_after_five_days(spreads):
    attempts, now, pauses = 1, QUEUED, []
    for spread in spreads:
        after = next_attempt(attempts, QUEUED, now, spread)
        if after is None:
            break
        pauses.append(after - now)
        attempts, now = attempts + 1, after

    assert now == QUEUED + GIVE_UP_AFTER
    assert pauses[0] <= timedelta(seconds=30)
    assert pauses[1] <= timedelta(seconds=60)
    assert pauses[:8] == sorted(pauses[:8])
    assert max(pauses) <= timedelta(hours=4)


@given(st.integers(-5, 100), SPREADS)
def test_the_next_attempt_is_always_later(attempts, spread):
    assert next_attempt(attempts, QUEUED, QUEUED, spread) > QUEUED
