"""A mail that answers one which is kept and not processed waits for it, or one matter would have two tickets."""

import pytest

from maildesk import flow
from maildesk.store import inbound
from tests.rig.desk import DeskUnderTest
from tests.rig.letters import letter

FIRST = letter(message_id="<first@acme.test>")
MANY = 1 << 30
ELSEWHERE = "another daemon"


def follow_up(field: str = "In-Reply-To", answered: str = "<first@acme.test>", message_id: str | None = None) -> bytes:
    return letter("It is worse.", subject="And now?", fields={field: answered}, message_id=message_id)


def taken_elsewhere(desk: DeskUnderTest, octets: bytes) -> int:
    """The mail is in the group of another daemon, which does not come to an end."""
    flow.accept(desk.office, [desk.incoming(octets)])
    with desk.database.writing() as transaction:
        (id_,) = inbound.claim(transaction, ELSEWHERE, desk.clock(), 50, MANY)
    return id_


def free(desk: DeskUnderTest) -> None:
    with desk.database.writing() as transaction:
        inbound.unclaim(transaction, ELSEWHERE)


def one_matter(desk: DeskUnderTest) -> None:
    """Both mails are of the only ticket."""
    (ticket,) = desk.tickets()
    assert [(row.state, row.ticket) for row in desk.received()] == [("done", ticket.number)] * 2


@pytest.mark.parametrize("field", ["In-Reply-To", "References"])
def test_it_waits_and_joins(desk: DeskUnderTest, field: str) -> None:
    taken_elsewhere(desk, FIRST)
    waiting = desk.receive(follow_up(field, "<unknown@acme.test> <first@acme.test>")).row
    assert (waiting.state, waiting.attempts, waiting.claimed_by) == ("received", 0, None)
    assert waiting.reason == "it answers mail 1, which is not processed yet"
    assert (desk.tickets(), desk.outbox()) == ([], [])
    free(desk)
    desk.clock.go_on(seconds=3)
    desk.process()
    one_matter(desk)


def test_it_waits_for_a_mail_that_failed_once(desk: DeskUnderTest) -> None:
    first = taken_elsewhere(desk, FIRST)
    with desk.database.writing() as transaction:
        inbound.release(transaction, first, desk.clock() + flow.PAUSES[0], "it failed")
    desk.receive(follow_up())
    assert desk.tickets() == []
    for _ in range(3):
        desk.clock.go_on(seconds=3)
        desk.process()
    one_matter(desk)


def test_it_waits_for_one_that_came_after_it(desk: DeskUnderTest) -> None:
    desk.receive_all([desk.incoming(follow_up()), desk.incoming(FIRST)])
    desk.clock.go_on(seconds=3)
    desk.process()
    one_matter(desk)


def test_it_never_waits_for_ever(desk: DeskUnderTest) -> None:
    taken_elsewhere(desk, FIRST)
    desk.receive(follow_up())
    states = []
    for _ in range(5):
        desk.clock.go_on(minutes=2)
        desk.process()
        states.append(desk.received()[1].state)
    assert states == ["received"] * 4 + ["done"]


def test_two_that_name_each_other_go_their_ways(desk: DeskUnderTest) -> None:
    one = follow_up(answered="<b@acme.test>", message_id="<a@acme.test>")
    other = follow_up(answered="<a@acme.test>", message_id="<b@acme.test>")
    desk.receive_all([desk.incoming(one), desk.incoming(other)])
    assert desk.tickets() == []
    desk.clock.go_on(minutes=10)
    desk.process()
    assert {row.state for row in desk.received()} == {"done"}


def test_it_waits_neither_for_what_is_held_nor_for_itself(desk: DeskUnderTest) -> None:
    first = taken_elsewhere(desk, FIRST)
    with desk.database.writing() as transaction:
        inbound.finish(transaction, first, "held", reason="for a person")
    assert desk.receive(follow_up()).row.state == "done"
    assert desk.receive(follow_up(answered="<self@acme.test>", message_id="<self@acme.test>")).row.state == "done"


def test_an_answer_to_ours_waits_for_nobody(desk: DeskUnderTest) -> None:
    """Its signed id leads to its ticket, whatever else it names."""
    desk.receive(letter())
    (answer,) = desk.outbox("acknowledgement")
    taken_elsewhere(desk, FIRST)
    end = desk.receive(follow_up("References", f"<{answer.row.message_id}> <first@acme.test>"))
    assert (end.row.state, [end.ticket]) == ("done", [ticket.number for ticket in desk.tickets()])


@pytest.mark.parametrize(
    ("header", "message_id"),
    [
        (b"Message-ID: <a@b.test>\r\n", "a@b.test"),
        (b"From: x@y.test\r\nMESSAGE-ID:<a@b.test>\r\nTo: z@y.test\r\n", "a@b.test"),
        (b"From: x@y.test\nMessage-Id:\n <a@b.test>\nTo: z@y.test\n", "a@b.test"),
        (b"X-Message-ID: <c@b.test>\r\n", None),
        (b"From: x@y.test\r\n\r\nMessage-ID: <c@b.test>\r\n", None),
        (b"Message-ID: no id\r\n", None),
        (b"Message-ID", None),
        (b"", None),
    ],
)
def test_the_id_is_known_as_soon_as_a_mail_is_kept(desk: DeskUnderTest, header: bytes, message_id: str | None) -> None:
    flow.accept(desk.office, [desk.incoming(header + b"\r\nHello", source="imap", uid=1)])
    (kept,) = desk.received()
    assert kept.message_id == message_id
    desk.process()
    (done,) = desk.received()
    assert (done.state, done.message_id) == ("done", message_id)
