"""What a customer's mail does to his ticket's state, and who is told of what staff and time do (procedure, "States of a ticket")."""

from typing import Any

import pytest

from maildesk import flow
from maildesk.desk.commands import TicketCommand, Unclear, parse
from maildesk.desk.decide import Actor, Role
from maildesk.steps.change import Result, obey_on
from maildesk.store import tickets
from tests.rig.desk import ANN, BILL, OPERATOR, DeskUnderTest, Sent
from tests.rig.letters import answer, letter

BOB, AMY, EVE = "bob@acme.test", "amy@acme.test", "eve@evil.test"
STAFF = Actor(ANN, "Ann", Role.STAFF)


def command(desk: DeskUnderTest, number: int | None, *lines: str, actor: Actor = STAFF) -> list[Result]:
    """Ann's commands on a ticket, and what becomes of them."""
    commands: list[TicketCommand] = []
    for line in lines:
        parsed = parse(line)
        assert not isinstance(parsed, Unclear)
        commands.append(parsed)
    with desk.database.writing() as transaction:
        ticket = tickets.get(transaction, number or 0, for_update=True)
        assert ticket is not None
        return obey_on(transaction, desk.office, ticket, commands, actor, desk.clock())


def opened(desk: DeskUnderTest) -> tuple[int, Sent]:
    """A ticket of Bob's, and its acknowledgement."""
    end = desk.receive(letter("It burns.", sender=BOB))
    (acknowledgement,) = end.to(BOB)
    assert end.ticket is not None
    return end.ticket, acknowledgement


@pytest.mark.parametrize(
    ("before", "text", "after"),
    [
        ("pending customer", "Here it is.", "open"),
        ("pending third party ISP: a cable", "Any news?", "pending third party"),
        ("workaround: restart it", "Thank you.", "workaround"),
        ("workaround: restart it", "Still broken\n\nIt fails again.", "open"),
        ("workaround: restart it", "It works!", "resolved"),
        ("workaround: restart it", "It works only now and then", "workaround"),
        ("resolved: a new cable", "No, it still burns.", "open"),
    ],
)
def test_what_the_customers_mail_does(desk: DeskUnderTest, before: str, text: str, after: str) -> None:
    number, acknowledgement = opened(desk)
    command(desk, number, before)
    desk.clock.go_on(hours=1)
    desk.receive(answer(acknowledgement.octets, text, sender=BOB))
    assert desk.ticket(number).status == after


@pytest.mark.parametrize("before", ["pending customer", "workaround: restart it", "resolved: a new cable"])
@pytest.mark.parametrize("who", ["robot", "outsider"])
def test_neither_a_robot_nor_an_outsider_changes_a_state(desk: DeskUnderTest, before: str, who: str) -> None:
    number, acknowledgement = opened(desk)
    command(desk, number, before)
    marks = {"Auto-Submitted": "auto-replied"} if who == "robot" else {}
    desk.receive(answer(acknowledgement.octets, "It works", sender=BOB if who == "robot" else EVE, fields=marks))
    assert desk.ticket(number).status == str(before.partition(":")[0])


def test_a_mail_after_the_closing_opens_a_linked_ticket(desk: DeskUnderTest) -> None:
    number, acknowledgement = opened(desk)
    command(desk, number, "resolved: a new cable", "close")
    end = desk.receive(answer(acknowledgement.octets, "It burns again.", sender=BOB))
    assert end.ticket not in (None, number)
    assert desk.log(end.ticket)[0].body.linked == number  # type: ignore[union-attr]
    assert desk.ticket(number).status == "closed"
    assert f"linked to D-{number}" in next(mail.text for mail in end.sent if mail.notice == "new-ticket")


def test_the_mails_own_time_decides_whether_it_reopens(desk: DeskUnderTest) -> None:
    number, acknowledgement = opened(desk)
    command(desk, number, "resolved: a new cable")
    desk.clock.go_on(days=6)  # within five business days
    in_time = desk.clock()
    desk.clock.go_on(days=20)  # the desk was down; the mailbox kept the mail
    octets = answer(acknowledgement.octets, "It burns again.", sender=BOB)
    end = desk.receive(octets, source="imap", at=in_time, uid=7)
    assert (end.ticket, desk.ticket(number).status) == (number, "open")


def test_what_time_owes_comes_before_a_mail_that_joins(desk: DeskUnderTest) -> None:
    number, acknowledgement = opened(desk)
    desk.clock.go_on(days=3)
    desk.receive(answer(acknowledgement.octets, "Any news?", sender=BOB))
    kinds = desk.kinds(number)
    assert kinds.index("breached") < kinds.index("mail-joined")


def told(desk: DeskUnderTest, *notices: str) -> set[tuple[str, str]]:
    return {(mail.notice, mail.to) for mail in desk.outbox() if mail.notice in notices}


def test_the_customer_reads_staffs_words_and_no_more(desk: DeskUnderTest) -> None:
    number, _ = opened(desk)
    command(desk, number, "note: he never pays", "answer: We are on it.", "pending third party ISP: they are slow")
    desk.clock.go_on(days=2)
    flow.fire(desk.office)
    mails = [mail for mail in desk.outbox() if mail.to == BOB]
    assert [mail.notice for mail in mails] == ["acknowledgement", "answer", "update-holding"]
    assert "We are on it." in mails[1].text
    assert not any("never pays" in mail.all or "they are slow" in mail.all for mail in mails)


def test_who_is_told_of_the_end(desk: DeskUnderTest) -> None:
    number, _ = opened(desk)
    command(desk, number, "resolved: a new cable")
    assert told(desk, "resolved", "cause-ask", "closed") == {("resolved", BOB), ("cause-ask", ANN)}
    desk.clock.go_on(days=8)
    flow.fire(desk.office)
    assert told(desk, "closed") == {("closed", BOB)}


def test_two_recipients_get_two_mails_and_each_is_told_of_the_other(desk: DeskUnderTest) -> None:
    number, _ = opened(desk)
    command(desk, number, f"cc add {AMY}")
    command(desk, number, "answer: We are on it.")
    answers = {mail.to: mail for mail in desk.outbox("answer")}
    assert set(answers) == {BOB, AMY}
    assert AMY in answers[BOB].text
    assert BOB in answers[AMY].text


def test_a_hand_over_brings_the_whole_history(desk: DeskUnderTest) -> None:
    number, acknowledgement = opened(desk)
    desk.receive(answer(acknowledgement.octets, "It is the red one.", sender=BOB))
    command(desk, number, "note: it smells", "answer: We look at it.", "escalate: beyond us")
    (mail,) = desk.outbox("handover", to=OPERATOR)  # nobody is in the other team
    for words in ("It burns.", "It is the red one.", "it smells", "We look at it.", "beyond us"):
        assert words in mail.text


def test_a_refusal_changes_nothing(desk: DeskUnderTest) -> None:
    number, _ = opened(desk)
    before: Any = desk.kinds(number)
    results = command(desk, number, "take", "owner nobody-we-know")
    assert [bool(result.refusal) for result in results] == [False, True]
    assert desk.kinds(number) == before


def test_an_owner_hears_that_it_is_his(desk: DeskUnderTest) -> None:
    number, _ = opened(desk)
    command(desk, number, "owner Bill")
    assert told(desk, "assigned") == {("assigned", BILL)}
    assert desk.ticket(number).assignee == BILL
