"""What our own people write about a ticket: the customer's answer, notes, commands and their transcript."""

from email.message import EmailMessage
from typing import Any

import pytest
from sqlalchemy import select

from maildesk.store.schema import ticket
from tests.flow.conftest import OpenDesk
from tests.rig.desk import ANN, BILL, OPERATOR, DeskUnderTest, End
from tests.rig.letters import answer, letter, parsed, text_of

BOB = "bob@acme.test"
CUSTOMERS = f"From: Bob Smith <{BOB}>"


@pytest.fixture
def opened(desk: DeskUnderTest) -> End:
    return desk.receive(letter("It burns.", message_id="<bobs@acme.test>"))


def to_ann(end: End) -> bytes:
    return next(sent.octets for sent in end.sent if sent.to == ANN)


def by_ann(desk: DeskUnderTest, opened: End, text: str, **more: Any) -> End:
    return desk.receive(answer(to_ann(opened), text, sender=f"Ann <{ANN}>", **more), trusted=True)


def mail_to(end: End, address: str, notice: str) -> EmailMessage:
    (found,) = [sent for sent in end.sent if (sent.to, sent.notice) == (address, notice)]
    return found.mail


def row(desk: DeskUnderTest) -> tuple[str, ...]:
    with desk.reading() as transaction:
        columns = ticket.c.status, ticket.c.priority, ticket.c.team, ticket.c.assignee
        return tuple(transaction.execute(select(*columns)).one())


def test_a_reply_is_a_clean_answer_in_the_customers_thread(desk: DeskUnderTest, opened: End) -> None:
    end = by_ann(desk, opened, "We are at it.\n\n-- \nAnn, desk 7, direct line 4711")
    assert end.told == {("answer", BOB), ("joined", BILL)}
    mail = mail_to(end, BOB, "answer")
    said = text_of(mail)
    assert "We are at it." in said
    for inner in ("4711", "It burns", ANN, "goes to the customer"):
        assert inner not in said
    assert mail["In-Reply-To"] == "<bobs@acme.test>"
    assert desk.kinds(opened.ticket) == ["opened", "answered"]


def test_a_note_never_leaves_the_firm(desk: DeskUnderTest, opened: End) -> None:
    end = by_ann(desk, opened, "note\nHe has not paid.")
    assert end.told == {("transcript", ANN), ("joined", BILL)}
    answered = by_ann(desk, opened, "We are at it.")
    assert "paid" not in text_of(mail_to(answered, BOB, "answer"))


def test_commands_and_an_answer_in_one_mail(desk: DeskUnderTest, opened: End) -> None:
    end = by_ann(desk, opened, "take\npriority P2\n\nWe found it.")
    assert row(desk)[:2] == ("open", "P2")
    assert row(desk)[3] == ANN
    told = next(sent.text for sent in end.sent if sent.notice == "transcript")
    assert "take" in told
    assert "priority: P3 (proposed) -> P2" in told
    assert "undo " in told
    assert "We found it." in text_of(mail_to(end, BOB, "answer"))


def test_a_refused_line_stops_all_of_the_mail_and_gives_its_text_back(desk: DeskUnderTest, opened: End) -> None:
    before = row(desk)
    end = by_ann(desk, opened, "priority P2\nowner Zoe\n\nWe found it.")
    assert row(desk) == before
    assert end.told == {("transcript", ANN)}
    told = end.sent[0].text
    assert "owner Zoe" in told
    assert "We found it." in told


def test_a_slip_in_note_publishes_nothing(desk: DeskUnderTest, opened: End) -> None:
    end = by_ann(desk, opened, "ntoe\nHe has not paid.")
    assert (end.row.state, end.told) == ("held", {("doubt", ANN)})


def test_undo_takes_back_what_a_command_did(desk: DeskUnderTest, opened: End) -> None:
    before = row(desk)
    end = by_ann(desk, opened, "team development")
    assert row(desk) != before
    told = next(sent for sent in end.sent if sent.notice == "transcript")
    code = told.text.partition("undo ")[2].split()[0]
    asked = desk.receive(answer(told.octets, f"undo {code}", sender=f"Ann <{ANN}>"))
    assert asked.told == {("confirmation", ANN)}
    confirm(desk, asked)
    assert row(desk) == before


def confirm(desk: DeskUnderTest, asked: End) -> End:
    """Ann answers the confirmation with its code."""
    sent = next(sent for sent in asked.sent if sent.notice == "confirmation")
    code = sent.text.partition("confirm ")[2].split()[0]
    return desk.receive(answer(sent.octets, f"confirm {code}", sender=f"Ann <{ANN}>", quote=False))


def test_the_tag_alone_is_no_authority_and_the_code_is_used_once(desk: DeskUnderTest, opened: End) -> None:
    before = row(desk)
    asked = desk.receive(letter("team development", sender=f"Ann <{ANN}>", subject=f"[D-{opened.ticket}] Printer"))
    assert (asked.told, row(desk)) == ({("confirmation", ANN)}, before)
    confirm(desk, asked)
    assert row(desk)[2] == "development"
    desk.receive(answer(to_ann(opened), "team support", sender=f"Ann <{ANN}>"))
    confirm(desk, asked)
    assert row(desk)[2] == "support"


def test_attachments_go_on_to_the_customer(desk: DeskUnderTest, opened: End) -> None:
    body = (
        b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nSee the plan.\r\n'
        b'--b\r\nContent-Type: text/plain; name="plan.txt"\r\nContent-Disposition: attachment; filename="plan.txt"\r\n'
        b"\r\nstep one\r\n--b--\r\n"
    )
    whole = answer(to_ann(opened), "x", sender=f"Ann <{ANN}>", quote=False)
    head = whole.partition(b"\r\n\r\n")[0]
    head = b"\r\n".join(line for line in head.split(b"\r\n") if not line.lower().startswith(b"content-type"))
    end = desk.receive(head + b"\r\nMIME-Version: 1.0\r\n" + body)
    mail = mail_to(end, BOB, "answer")
    assert [part.get_filename() for part in mail.iter_attachments()] == ["plan.txt"]


def test_a_mail_that_shows_the_notice_to_outsiders_burns_it(desk: DeskUnderTest, opened: End) -> None:
    by_ann(desk, opened, "We are at it.", to=f"{parsed(to_ann(opened))['Reply-To']}, eve@else.test")
    again = by_ann(desk, opened, "team development")
    assert again.told == {("confirmation", ANN)}


def test_robots_of_the_firm_obey_nothing(desk: DeskUnderTest, opened: End) -> None:
    before = row(desk)
    robot = answer(to_ann(opened), "team development", sender=f"Ann <{ANN}>", fields={"Auto-Submitted": "auto-replied"})
    end = desk.receive(robot)
    assert row(desk) == before
    assert all(to in (ANN, BILL, OPERATOR) for _, to in end.told)


def test_with_a_border_an_answer_without_its_pass_is_asked_about(open_desk: OpenDesk) -> None:
    desk = open_desk({"trust": {"border": "mx.firm.test", "border_stated": True}})
    opened = desk.receive(letter("It burns."))
    assert by_ann(desk, opened, "We are at it.").told == {("confirmation", ANN)}
    passed = {
        "Authentication-Results": "mx.firm.test; dmarc=pass header.from=firm.test",
        "Received": "from a by mx.firm.test",
    }
    assert ("answer", BOB) in by_ann(desk, opened, "We look at it.", fields=passed).told


@pytest.mark.parametrize(
    "line", ["help", "list mine", "show 1042", "explain D-1001", "report 2026-10", "On it!", "approve"]
)
def test_a_question_to_the_desk_is_no_answer_to_the_customer(desk: DeskUnderTest, opened: End, line: str) -> None:
    end = by_ann(desk, opened, line)
    assert (end.row.state, end.told) == ("held", {("doubt", ANN)})
