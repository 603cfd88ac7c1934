"""What each command does to a ticket in each state, and what is refused."""

import itertools
from collections.abc import Sequence
from dataclasses import replace

import pytest

from maildesk.desk.commands import SetStatus, Unclear, parse
from maildesk.desk.course import Status
from maildesk.desk.events import Answered, CauseSet, HandedOver, NoteFiled, OwnerSet, PrioritySet, StatusSet
from maildesk.desk.obey import Refusal, obey, people_called
from maildesk.desk.policy import Person
from tests.rig.history import STAFF, History, shipped

SAM = Person("Sam Smith", ("sam@firm.test", "sam@home.test"))
PEOPLE = (SAM, Person("Sally Jones", ("sally@firm.test",)), Person("Sam Brown", ("brown@firm.test",)))
POLICY = replace(shipped(), people=PEOPLE)
REACHED = {
    "open": (),
    "pending customer": ("pending customer",),
    "pending third party": ("pending third party BT",),
    "workaround": ("workaround",),
    "resolved": ("resolved",),
    "reopened": ("resolved: cable", "open"),
    "closed": ("close",),
}
STATUS_LINES = {
    "open": "open",
    "pending customer": "pending customer",
    "pending third party BT": "pending third party",
    "workaround": "workaround",
    "resolved": "resolved",
    "close": "closed",
}


def ticket_after(*lines: str, priority: str = "P3") -> History:
    history = History("03-02 09:00", priority, policy=POLICY)
    for line in lines:
        assert history.do(line) is None
    return history


def answer_to(history: History, line: str) -> Sequence[object] | Refusal:
    command = parse(line)
    assert not isinstance(command, Unclear)
    return obey(history.ticket, command, STAFF, POLICY)


def refused(history: History, line: str) -> str:
    answer = answer_to(history, line)
    assert isinstance(answer, Refusal), answer
    return answer.reason


@pytest.mark.parametrize(("state", "line"), itertools.product(REACHED, STATUS_LINES))
def test_each_state_from_each_state(state: str, line: str) -> None:
    history = ticket_after(*REACHED[state])
    reached, wanted = str(history.ticket.state), STATUS_LINES[line]
    if reached in (wanted, "closed"):
        assert "already" in refused(history, line) or "for good" in refused(history, line)
        return
    assert history.do(line) is None
    assert history.ticket.status == wanted
    assert history.ticket.course.now.waits_for == ("BT" if "BT" in line else "")


@pytest.mark.parametrize("state", REACHED)
@pytest.mark.parametrize(
    ("line", "bodies"),
    [
        ("take", [OwnerSet("sam@desk.test")]),
        ("owner sally", [OwnerSet("sally@firm.test")]),
        ("team development", [HandedOver("development", "support")]),
        ("escalate", [HandedOver("systems engineering", "support")]),
        ("escalate: hard", [HandedOver("systems engineering", "support", "hard")]),
        ("priority P4", [PrioritySet("P4")]),
        ("priority P3", [PrioritySet("P3")]),
        ("reply: Hello", [Answered("sam@desk.test", "Hello")]),
        ("note: Hello", [NoteFiled("sam@desk.test", "Hello")]),
        ("cause ours: a bug", [CauseSet("ours", "", "a bug")]),
        ("cause third party BT: cut", [CauseSet("third party", "BT", "cut")]),
    ],
)
def test_the_other_commands_in_each_state(state: str, line: str, bodies: list[object]) -> None:
    history = ticket_after(*REACHED[state])
    if state == "closed" and not line.startswith(("note", "cause")):
        assert refused(history, line) == "CB-7 is closed, which is for good"
        return
    assert answer_to(history, line) == bodies


@pytest.mark.parametrize(
    ("opened", "line", "bodies"),
    [
        ("P3", "priority P2", [PrioritySet("P2"), HandedOver("systems engineering", "support", "it is P2 now")]),
        ("P3", "priority 1", [PrioritySet("P1"), HandedOver("systems engineering", "support", "it is P1 now")]),
        ("P3", "p5", [PrioritySet("P5")]),
        ("P2", "priority p1", [PrioritySet("P1")]),
        ("P2", "priority P3", [PrioritySet("P3")]),
        ("P2", "priority P2", [PrioritySet("P2")]),
    ],
)
def test_a_priority_raised_moves_the_ticket_and_a_lowered_one_never_back(
    opened: str, line: str, bodies: list[object]
) -> None:
    assert answer_to(ticket_after(priority=opened), line) == bodies


def test_a_raised_priority_does_not_take_it_from_a_team_further_on() -> None:
    assert answer_to(ticket_after("team development"), "priority P1") == [PrioritySet("P1")]


def test_lowered_and_raised_again_it_stays_where_it_is() -> None:
    history = ticket_after("priority P1", "priority P4")
    assert history.ticket.team == "systems engineering"
    assert answer_to(history, "priority P1") == [PrioritySet("P1")]
    back = ticket_after("priority P1", "team support", "priority P3")
    assert back.ticket.team == "support"


@pytest.mark.parametrize(
    ("before", "line", "reason"),
    [
        ((), "priority P9", "there is no priority P9"),
        ((), "priority high", "there is no priority high"),
        (("priority P3",), "priority P3", "it is P3 already"),
        ((), "team sales", "there is no team sales"),
        ((), "team support", "Support Team has it already"),
        (("team development",), "escalate", "Development Team is the last team"),
        (("take",), "take", "it has that owner already"),
        ((), "owner nobody", "it has no owner already"),
        ((), "owner eve", "none of our people is called eve"),
        ((), "owner sam", "2 of our people are called sam"),
        (("pending third party BT",), "pending third party BT: again", "it is pending third party BT already"),
        ((), "still resolved", "it was not reopened"),
        (("resolved",), "still resolved", "it was not reopened"),
        (("workaround", "open"), "still resolved", "it was not reopened"),
        (("resolved", "open", "pending customer"), "still resolved", "it was not reopened"),
    ],
)
def test_what_is_refused(before: tuple[str, ...], line: str, reason: str) -> None:
    assert refused(ticket_after(*before), line) == reason


def test_another_third_party_is_another_waiting() -> None:
    answer = answer_to(ticket_after("pending third party BT"), "pending third party Acme")
    assert answer == [StatusSet("pending third party", "Acme")]


def test_still_resolved_undoes_the_reopening_as_if_it_had_not_been() -> None:
    history = ticket_after("resolved: the cable").until("03-03 10:00")
    resolved = history.ticket.course.now
    assert history.mail()
    assert history.ticket.state is Status.OPEN
    assert history.until("03-04 10:00").do("still resolved") is None
    assert history.ticket.course.now == resolved
    assert history.by_row().course == history.ticket.course


@pytest.mark.parametrize(
    ("line", "spoken"), [("resolved: the cable", True), ("resolved", False), ("workaround", False)]
)
def test_a_line_for_the_customer_is_a_persons_word(line: str, spoken: bool) -> None:
    assert (ticket_after(line).ticket.course.answered_at is not None) is spoken


@pytest.mark.parametrize(
    ("who", "names"),
    [
        ("Sam Smith", ["Sam Smith"]),
        ("SAM SMITH", ["Sam Smith"]),
        ("sam@firm.test", ["Sam Smith"]),
        ("SAM@home.test", ["Sam Smith"]),
        ("smith", ["Sam Smith"]),
        ("sam", ["Sam Smith", "Sam Brown"]),
        ("sal", ["Sally Jones"]),
        ("sa", ["Sam Smith", "Sally Jones", "Sam Brown"]),
        ("mith", []),
        ("eve@evil.test", []),
    ],
)
def test_who_is_called_that(who: str, names: list[str]) -> None:
    assert [person.name for person in people_called(who, PEOPLE)] == names


def test_a_merging_is_no_status_to_be_set_by_a_line() -> None:
    assert isinstance(parse("merged"), Unclear)
    assert isinstance(parse("merge"), Unclear)
    assert SetStatus(Status.MERGED) not in [parse(line) for line in STATUS_LINES]
