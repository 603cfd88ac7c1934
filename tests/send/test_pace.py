import threading
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maildesk.send.pace import WINDOW_SECONDS, Pace


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


def test_without_a_bound_nobody_waits():
    pace = Pace(None, Clock())

    assert [pace.wait_for() for _ in range(1000)] == [0.0] * 1000


def test_the_first_go_at_once_and_the_next_when_the_oldest_is_a_minute_old():
    clock = Clock()
    pace = Pace(2, clock)

    assert pace.wait_for() == 0
    clock.now += 10
    assert pace.wait_for() == 0
    clock.now += 10
    assert pace.wait_for() == pytest.approx(40)
    assert pace.wait_for() == pytest.approx(40)  # asking counts nothing
    clock.now += 40
    assert pace.wait_for() == 0
    assert pace.wait_for() == pytest.approx(10)


@given(st.integers(1, 5), st.lists(st.integers(0, 360).map(lambda quarters: quarters / 4), max_size=60))
def test_no_minute_holds_more_than_allowed(per_minute, pauses):
    clock = Clock()
    pace = Pace(per_minute, clock)
    sent = []
    for pause in pauses:
        clock.now += pause
        wait = pace.wait_for()
        assert 0 <= wait <= WINDOW_SECONDS
        if wait == 0:
            sent.append(clock.now)

    assert all(later - first >= WINDOW_SECONDS for first, later in zip(sent, sent[per_minute:], strict=False))
    assert all(first <= later for first, later in pairwise(sent))


@given(st.integers(1, 5), st.floats(0, 1e9))
def test_whoever_waits_as_told_may_go_and_is_counted(per_minute, start):
    clock = Clock()
    clock.now = start
    pace = Pace(per_minute, clock)
    for number in range(3 * per_minute):
        wait = pace.wait_for()
        assert (wait > 0) == (number >= per_minute and number % per_minute == 0)
        clock.now += wait
        assert wait == 0 or pace.wait_for() == 0


def test_threads_share_the_bound():
    pace = Pace(100, Clock())
    went = []
    threads = [threading.Thread(target=lambda: went.extend(pace.wait_for() == 0 for _ in range(100))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert went.count(True) == 100
