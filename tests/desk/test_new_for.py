"""`new for A` and the lines below it: what they ask for, what opens nothing, what is left to the text."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maildesk.desk.new_for import NewFor, Wrong, read_new_for
from maildesk.firm import policy
from maildesk.settings import load

POLICY = policy(load(None))
SUMMER = datetime(2026, 7, 6, 12, 0, tzinfo=UTC)  # the firm's clocks stand an hour ahead
BOB = "bob@acme.example"
NO_TEXT = NewFor(BOB, "", "")

RIGHT: list[tuple[str, NewFor]] = [
    ("new for bob@acme.example", NO_TEXT),
    ("  New For <bob@acme.example>\n", NO_TEXT),
    ("# new for: bob@acme.example", NO_TEXT),
    ("new for Bob Smith <bob@acme.example>\nIt burns.", NewFor(BOB, "Bob Smith", "It burns.")),
    ("new for bob@acme.example<mailto:bob@acme.example>\n\nIt burns.\n\nAll.", NewFor(BOB, "", "It burns.\n\nAll.")),
    ("new for bob@acme.example\ncalled: 10:20\nIt", NewFor(BOB, "", "It", datetime(2026, 7, 6, 9, 20, tzinfo=UTC))),
    ("new for bob@acme.example\ncalled 9.05", NewFor(BOB, "", "", datetime(2026, 7, 6, 8, 5, tzinfo=UTC))),
    (
        "new for bob@acme.example\nCalled: 2026-11-24 10:20",
        NewFor(BOB, "", "", datetime(2026, 11, 24, 10, 20, tzinfo=UTC)),
    ),
    ("new for bob@acme.example\npriority p2\nprio: P1", NewFor(BOB, "", "", priority="P1")),
    ("new for bob@acme.example\nsubject: The fire\nIt", NewFor(BOB, "", "It", subject="The fire")),
    ("new for bob@acme.example\nsubject The fire", NewFor(BOB, "", "", subject="The fire")),
    ("new for bob@acme.example\nIt\ncalled: never", NewFor(BOB, "", "It\ncalled: never")),
    ("new for bob@acme.example\n\ncalled: never", NewFor(BOB, "", "called: never")),
    ("new for bob@acme.example\nprioritymail is down", NewFor(BOB, "", "prioritymail is down")),
]
WRONG = [
    ("new for", "e-mail address"),
    ("new for Bob", "e-mail address"),
    ("new for bob@acme.example and carol@acme.example", "e-mail address"),
    ("new for bob@acme.example, please", "e-mail address"),
    ("new for bob@acme.example\ncalled: noon", "no time"),
    ("new for bob@acme.example\ncalled: 25:00", "no time"),
    ("new for bob@acme.example\ncalled: 10:60", "no time"),
    ("new for bob@acme.example\ncalled: 2026-02-30 10:20", "no time"),
    ("new for bob@acme.example\ncalled", "no time"),
    ("new for bob@acme.example\npriority P9", "no such priority"),
    ("new for bob@acme.example\npriority high please", "no such priority"),
]
NONE = [
    "",
    "It burns.",
    "new",
    "news for bob@acme.example",
    "newfor bob@acme.example",
    "Hello\nnew for bob@acme.example",
]


@pytest.mark.parametrize(("own", "asked"), RIGHT)
def test_what_is_asked_for(own: str, asked: NewFor) -> None:
    assert read_new_for(own, POLICY, SUMMER) == asked


@pytest.mark.parametrize(("own", "why"), WRONG)
def test_a_wrong_line_is_named_and_opens_nothing(own: str, why: str) -> None:
    found = read_new_for(own, POLICY, SUMMER)
    assert isinstance(found, Wrong)
    assert why in found.why
    assert found.line in own


@pytest.mark.parametrize("own", NONE)
def test_what_asks_for_none(own: str) -> None:
    assert read_new_for(own, POLICY, SUMMER) is None


@given(st.text(max_size=60), st.text(max_size=60))
def test_it_never_raises(behind: str, below: str) -> None:
    for text in (f"new for {behind}\n{below}", f"new for b@c.example\ncalled: {below}", f"called {behind}"):
        read_new_for(text, POLICY, SUMMER)


def test_a_time_that_no_clock_shows_is_no_fault() -> None:
    for day in ("0001-01-01", "9999-12-31"):
        read_new_for(f"new for {BOB}\ncalled: {day} 00:00", POLICY, SUMMER)
