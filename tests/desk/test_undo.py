"""What `undo CODE` takes back, what it refuses, and that its code cannot be made up."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maildesk.desk.course import Status
from maildesk.desk.events import Body, ContactLearnt, MergedInto, Undone
from maildesk.desk.refusal import Refusal
from maildesk.desk.ticket import Ticket
from maildesk.desk.token import Signer
from maildesk.desk.undo import find, undo_code, undoing
from tests.rig.history import STAFF, History

SIGNER = Signer("support@desk.test", {1: b"one" * 11, 2: b"two" * 11})
OLD, OTHER = replace(SIGNER, keys={1: b"one" * 11}), replace(SIGNER, desk="help@desk.test")


def undone(history: History, first: int, last: int | None = None) -> Refusal | None:
    """Take back these events; the refusal, if it is one."""
    answer = undoing(history.log, first, last or len(history.log), history.ticket, history.policy, history.now)
    if isinstance(answer, Refusal):
        return answer
    history._append(answer, STAFF.address)
    return None


def fields(ticket: Ticket) -> tuple[object, ...]:
    course = ticket.course
    standing = (ticket.status, ticket.priority, course.proposed, ticket.team, ticket.assignee, course.cause)
    people = (ticket.requester, ticket.requester_name, ticket.owed, ticket.participants, ticket.contract)
    return (*standing, course.now, *people, dict(ticket.contact))


LINES = (
    "priority P1", "priority P3", "pending customer", "pending third party BT: cut", "workaround: so", "resolved: done",
    "close", "cause ours: a bug", "take", "team development", "escalate", "cc add amy@acme.test",
    "requester amy@acme.test",
)  # fmt: skip


@pytest.mark.parametrize("line", LINES)
def test_each_field_is_as_it_was(line: str) -> None:
    history = History("03-02 09:00", "P3")
    before = history.ticket
    assert history.do(line) is None
    assert fields(history.ticket) != fields(before)
    assert undone(history, 2) is None
    assert fields(history.ticket) == fields(before)
    assert history.by_row() == history.ticket
    assert isinstance(history.log[-1].body, Undone)


@given(st.lists(st.sampled_from(LINES), max_size=4), st.lists(st.sampled_from(LINES), min_size=1, max_size=4))
def test_whatever_was_before_and_whatever_was_commanded(earlier: list[str], lines: list[str]) -> None:
    history = History("03-02 09:00", "P3")
    for line in earlier:
        history.do(line)
    before, first = history.ticket, len(history.log) + 1
    history.do(*lines)
    if len(history.log) < first or fields(history.ticket) == fields(before):
        return
    assert undone(history, first) is None
    assert fields(history.ticket) == fields(before)
    assert history.by_row() == history.ticket


def test_a_reopening_that_was_undone_is_open_again() -> None:
    history = History("03-02 09:00")
    history.do("resolved: so")
    history.mail()
    first = len(history.log) + 1
    history.do("still resolved")
    assert undone(history, first) is None
    assert history.ticket.state is Status.OPEN


@pytest.mark.parametrize(
    ("line", "later", "name"),
    [
        ("priority P1", "priority P2", "priority"),
        ("team development", "team support", "team"),
        ("take", "owner nobody", "owner"),
        ("pending customer", "open", "status"),
        ("cause ours", "cause customer", "cause"),
        ("cc add amy@acme.test", "cc remove amy@acme.test", "participants"),
        ("requester amy@acme.test", "requester carol@acme.test", "requester"),
    ],
)
def test_what_changed_since_is_not_overwritten(line: str, later: str, name: str) -> None:
    history = History("03-02 09:00")
    assert history.do(line) is None
    last = len(history.log)
    history.do(later)
    before = history.ticket
    refusal = undone(history, 2, last)
    assert refusal is not None
    assert name in refusal.reason.removeprefix("changed since by somebody: ").split(", ")
    assert history.ticket == before


def test_another_field_may_have_changed_since() -> None:
    history = History("03-02 09:00")
    history.do("priority P4")
    history.do("take")
    assert undone(history, 2, 2) is None
    assert (history.ticket.priority, history.ticket.assignee) == ("P3", STAFF.address)


def test_what_was_learnt_of_the_requester_since_is_not_lost() -> None:
    history = History("03-02 09:00")
    history.do("requester amy@acme.test")
    history._append([ContactLearnt({"phone": "020 7946 0018"})])
    refusal = undone(history, 2, 2)
    assert refusal is not None
    assert "requester" in refusal.reason


def test_it_is_good_for_24_hours_and_once() -> None:
    history = History("03-02 09:00", "P4")
    history.do("take")
    code_of = (2, 2)
    history.now += timedelta(hours=24)
    assert undone(history, *code_of) == Refusal("the code was good for 24 hours", "set it anew")
    history.now -= timedelta(microseconds=1)
    assert undone(history, *code_of) is None
    assert undone(history, *code_of) == Refusal("it is undone already")
    assert undone(history, 3, 4) is None  # the undoing itself is a change, too
    assert history.ticket.assignee == STAFF.address


@pytest.mark.parametrize("span", [(1, 1), (3, 2), (2, 9), (0, 2)])
def test_no_such_events(span: tuple[int, int]) -> None:
    history = History("03-02 09:00")
    history.do("take")
    assert undone(history, *span) == Refusal("the code is of no change of this ticket")


@pytest.mark.parametrize("bodies", [[MergedInto(9)]])
def test_a_merging_stays(bodies: list[Body]) -> None:
    history = History("03-02 09:00")
    history._append(bodies, STAFF.address)
    refusal = undone(history, 2)
    assert refusal is not None
    assert refusal.reason == "a merging cannot be undone"


def test_mail_that_is_out_is_named() -> None:
    history = History("03-02 09:00")
    history.do("reply: Hello", "take")
    out = ["answer to bob@acme.test"]
    answer = undoing(history.log, 2, 3, history.ticket, history.policy, history.now, out)
    assert not isinstance(answer, Refusal)
    assert answer[-1] == Undone([2, 3], out)
    alone = undoing(history.log, 2, 2, history.ticket, history.policy, history.now, out)
    assert alone == Refusal("nothing of it can be taken back", "what is out: answer to bob@acme.test")


def test_a_code_is_of_one_ticket_and_one_range() -> None:
    code = undo_code(SIGNER, 1042, 3, 5)
    assert find(SIGNER, 1042, f" {code.upper()} ") == (3, 5)
    assert find(SIGNER, 1042, undo_code(OLD, 1042, 3, 5)) == (3, 5)
    assert find(OLD, 1042, code) is None
    assert find(OTHER, 1042, code) is None
    assert find(SIGNER, 1043, code) is None
    assert find(SIGNER, 1042, code.replace("3-5", "3-6")) is None
    assert find(SIGNER, 1042, code.replace("3-5", "03-5")) is None


@given(st.text(max_size=40) | st.from_regex(r"[1-9]-[1-9]-[a-z2-7]{10}", fullmatch=True))
def test_a_code_cannot_be_made_up(code: str) -> None:
    assert find(SIGNER, 1042, code) is None
