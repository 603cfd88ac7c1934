"""Staff open tickets for others: by a forwarded mail, attached or in the text, and by `new for A` [Procedure 1, Time]."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from maildesk.store import proof
from tests.rig.desk import ANN, BILL, NOW, OPERATOR, DeskUnderTest, End
from tests.rig.letters import DESK, answer, letter

OpenDesk = Callable[..., DeskUnderTest]
BOB, CAROL = "bob@acme.test", "carol@acme.test"
BORDER = {"trust": {"border": "mx.firm.test", "border_stated": True}}
PASS = {
    "Authentication-Results": "mx.firm.test; dmarc=pass header.from=firm.test",
    "Received": "from client.test by mx.firm.test with ESMTP; Mon, 23 Nov 2026 09:00:01 +0000",
}
HEAD = """---------- Forwarded message ---------
From: Bob Smith <bob@acme.test>
Date: Mon, Nov 23, 2026 at 8:10 AM
Subject: Printer
To: Ann <ann@firm.test>
"""
WORDS = "The printer burns.\nPhone: 0800 123"
FORWARD = f"He rang too.\n\n{HEAD}\n{WORDS}"
ORIGINAL = (
    b"From: Bob Smith <bob@acme.test>\r\nTo: ann@firm.test\r\nSubject: Printer\r\nMIME-Version: 1.0\r\n"
    b"Date: Mon, 23 Nov 2026 08:10:00 +0000\r\nMessage-ID: <original@acme.test>\r\n%s"
    b"Content-Type: multipart/mixed; boundary=i\r\n\r\n--i\r\nContent-Type: text/plain\r\n\r\nThe printer burns.\r\n"
    b"--i\r\nContent-Type: text/x-log; name=fire.log\r\nContent-Disposition: attachment\r\n\r\nhot\r\n--i--\r\n"
)


@pytest.fixture
def guarded(open_desk: OpenDesk) -> DeskUnderTest:
    """A desk whose border vouches for the firm's own mail."""
    return open_desk(BORDER)


def from_ann(desk: DeskUnderTest, text: str, subject: str = "Fwd: Printer", **how: Any) -> End:
    """A mail of Ann's to the desk, which the border vouches for."""
    fields = {**PASS, **how.pop("fields", {})}
    return desk.receive(letter(text, sender=f"Ann <{ANN}>", subject=subject, fields=fields, **how), trusted=True)


def attached(original: bytes, note: str = "He rang too.") -> dict[str, Any]:
    body = f"--b\r\nContent-Type: text/plain\r\n\r\n{note}\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n".encode()
    fields = {"MIME-Version": "1.0", "Content-Type": "multipart/mixed; boundary=b"}
    return {"body": body + original + b"\r\n--b--\r\n", "fields": fields}


# Forwards.


@pytest.mark.parametrize("how", ["in the text", "attached"])
def test_a_forward_opens_the_customers_ticket(guarded: DeskUnderTest, how: str) -> None:
    given = attached(ORIGINAL % b"") if how == "attached" else {}
    end = from_ann(guarded, FORWARD, **given)
    ticket = guarded.ticket(end.ticket)
    assert (ticket.requester, ticket.requester_name, ticket.subject) == (BOB, "Bob Smith", "Printer")
    assert end.told == {("acknowledgement", BOB), ("new-ticket", BILL), ("opened-for", ANN)}
    assert (end.row.state, end.row.reason) == ("done", f"opened D-{end.ticket} for {BOB}")
    told = end.to(BILL)[0].text
    assert "From: Bob Smith <bob@acme.test>" in told
    assert "| The printer burns." in told
    assert "opened for him by Ann" in told
    assert "Ann wrote: He rang too." in told
    assert ("fire.log" in told) == (how == "attached")
    assert [part.get_filename() for part in end.to(BILL)[0].mail.iter_attachments()] == ["fire.log"] * (
        how == "attached"
    )


def test_who_forwarded_is_told_for_whom_it_was_opened_and_how_to_change_it(guarded: DeskUnderTest) -> None:
    end = from_ann(guarded, FORWARD)
    (told,) = end.to(ANN)
    assert f"Ticket D-{end.ticket} is opened for Bob Smith <bob@acme.test>, from the mail of" in told.text
    assert '"Mon, Nov 23, 2026 at 8:10 AM" that you forwarded' in told.text
    assert '"requester ADDRESS"' in told.text
    assert f"goes to {BOB}" in told.text
    assert told.mail.get_body(("html",)) is not None
    assert str(told.mail["In-Reply-To"]) == str(end.row.message_id and f"<{end.row.message_id}>")
    by_reply = guarded.receive(answer(told.octets, "I look at it", sender=ANN))
    assert by_reply.ticket == end.ticket


def test_what_she_wrote_above_it_stays_inside_the_firm(guarded: DeskUnderTest) -> None:
    end = from_ann(guarded, FORWARD.replace("He rang too.", "canary7f3a"))
    assert guarded.kinds(end.ticket) == ["opened", "note-filed"]
    assert {mail.to for mail in guarded.outbox() if "canary7f3a" in mail.all} == {BILL}
    assert not any("Ann" in mail.all or ANN in mail.all for mail in end.to(BOB))


@pytest.mark.parametrize("how", ["attached", "by the thread"])
def test_his_later_answers_in_the_old_thread_join(guarded: DeskUnderTest, how: str) -> None:
    given = attached(ORIGINAL % b"") if how == "attached" else {"fields": {"References": "<original@acme.test>"}}
    end = from_ann(guarded, FORWARD, **given)
    (ack,) = end.to(BOB)
    assert "<original@acme.test>" in str(ack.mail["References"])  # in his own thread
    assert str(ack.mail["In-Reply-To"]) == "<original@acme.test>"
    later = guarded.receive(letter("And smokes.", fields={"References": "<original@acme.test>"}))
    assert later.ticket == end.ticket
    assert guarded.last_role(end.ticket) == "requester"
    assert guarded.receive(answer(ack.octets)).ticket == end.ticket


def test_each_id_that_may_be_his_mails_is_known(guarded: DeskUnderTest) -> None:
    fields = {"In-Reply-To": "<one@acme.test>", "References": "<old@acme.test> <two@acme.test>"}
    end = from_ann(guarded, FORWARD, fields=fields)
    later = [guarded.receive(letter(fields={"References": f"<{name}@acme.test>"})) for name in ("one", "two", "old")]
    assert [mail.ticket == end.ticket for mail in later] == [True, True, False]


def test_the_clocks_begin_when_the_desk_had_the_mail_and_never_at_a_date_field(guarded: DeskUnderTest) -> None:
    assert guarded.ticket(from_ann(guarded, FORWARD).ticket).opened_at == NOW


def test_a_colleagues_forward_of_a_customers_mail_is_looked_through(guarded: DeskUnderTest) -> None:
    head = HEAD.replace("Bob Smith <bob@acme.test>", "Bill <bill@firm.test>").replace("Printer", "Fwd: Printer")
    end = from_ann(guarded, f"For us.\n\n{head}\nSee:\n\n{HEAD}\n{WORDS}")
    assert guarded.ticket(end.ticket).requester == BOB
    assert "| The printer burns." in end.to(BILL)[0].text


ROBOTS = [b"Auto-Submitted: auto-generated\r\n", b"List-Id: <l.acme.test>\r\n", b"Precedence: bulk\r\n"]


@pytest.mark.parametrize("mark", ROBOTS)
def test_a_robots_mail_forwarded_is_not_answered(guarded: DeskUnderTest, mark: bytes) -> None:
    end = from_ann(guarded, "", **attached(ORIGINAL % mark))
    assert guarded.ticket(end.ticket).requester == BOB
    assert end.told == {("new-ticket", BILL), ("opened-for", ANN)}
    assert "none: a robot or a list is not answered" in end.to(ANN)[0].text


def test_the_customers_budget_of_answers_counts(open_desk: OpenDesk) -> None:
    desk = open_desk({**BORDER, "limits": {"acknowledgements": {"per_address_per_day": 1}}})
    first, second = (from_ann(desk, FORWARD + f" {n}") for n in range(2))
    assert [first.to(BOB)[0].row.state, second.to(BOB)[0].row.state] == ["queued", "held"]
    assert "held, the day's budget" in second.to(ANN)[0].text


OWN = [
    ("an answer with its history", "Re: Printer", f"I look.\n\nOn Monday, Bob Smith <{BOB}> wrote:\n> It burns."),
    ("a mail of hers", "My screen is dark", "Can you help?"),
    ("a colleague's mail", "Fwd: Printer", FORWARD.replace("Bob Smith <bob@acme.test>", f"Bill <{BILL}>")),
    ("a mail of the desk's own", "Fwd: Printer", FORWARD.replace("bob@acme.test", DESK)),
    ("a sender without an address", "Fwd: Printer", FORWARD.replace(" <bob@acme.test>", "")),
]


@pytest.mark.parametrize(("_name", "subject", "text"), OWN, ids=[row[0] for row in OWN])
def test_any_other_mail_of_hers_opens_her_own_ticket(
    guarded: DeskUnderTest, _name: str, subject: str, text: str
) -> None:
    end = from_ann(guarded, text, subject)
    assert guarded.ticket(end.ticket).requester == ANN
    assert end.told == {("acknowledgement", ANN), ("new-ticket", BILL)}


def test_her_robot_forwards_nothing_for_a_customer(guarded: DeskUnderTest) -> None:
    end = from_ann(guarded, FORWARD, fields={"Auto-Submitted": "auto-generated"})
    assert [mail for mail in end.sent if mail.to == BOB] == []
    assert guarded.ticket(end.ticket).requester == ANN


def test_a_customers_forward_is_his_own_mail(guarded: DeskUnderTest) -> None:
    end = guarded.receive(letter(FORWARD, sender=CAROL, subject="Fwd: Printer"))
    assert guarded.ticket(end.ticket).requester == CAROL
    assert guarded.outbox(to=BOB) == []


# new for.


def test_new_for_opens_his_ticket_as_of_his_call(guarded: DeskUnderTest) -> None:
    text = "new for Bob Smith <bob@acme.test>\ncalled: 09:05\npriority P2\nsubject: Fire\n\nThe printer burns.\n\nAll of it."
    end = from_ann(guarded, text, "call")
    ticket = guarded.ticket(end.ticket)
    assert (ticket.requester, ticket.subject, ticket.priority) == (BOB, "Fire", "P2")
    assert ticket.opened_at == datetime(2026, 11, 23, 9, 5, tzinfo=UTC)
    assert guarded.kinds(end.ticket) == ["opened", "priority-set"]
    assert ticket.team == guarded.office.policy.first_team("P2")
    assert ("acknowledgement", BOB) in end.told
    assert ("opened-for", ANN) in end.told
    (told,) = end.to(ANN)
    assert "he called 2026-11-23 09:05, when its clocks begin" in told.text
    assert "| The printer burns. | | All of it." in told.text
    assert "new for" not in "".join(mail.all for mail in end.to(BOB))


CALLED = [
    ("today", "called: 09:05", "2026-11-23T09:05+00:00", ""),
    ("on Friday", "called: 2026-11-20 16:30", "2026-11-20T16:30+00:00", ""),
    ("in the future", "called: 09:31", "2026-11-23T09:30+00:00", "2026-11-23 09:31 is in the future"),
    ("long ago", "called: 2026-11-13 10:00", "2026-11-23T09:30+00:00", "over 5 business days back"),
    ("not said", "", "2026-11-23T09:30+00:00", ""),
]


@pytest.mark.parametrize(("_name", "line", "opened", "flag"), CALLED, ids=[row[0] for row in CALLED])
def test_when_he_called(guarded: DeskUnderTest, _name: str, line: str, opened: str, flag: str) -> None:
    end = from_ann(guarded, f"new for {BOB}\n{line}\nIt burns.", "Printer")
    assert guarded.ticket(end.ticket).opened_at == datetime.fromisoformat(opened)
    for reader in (ANN, BILL):
        assert flag in end.to(reader)[0].text
    assert ("the mail came" in end.to(ANN)[0].text) == bool(flag)


def test_when_he_called_is_told_on_the_firms_clocks(open_desk: OpenDesk) -> None:
    desk = open_desk(BORDER, datetime(2026, 7, 6, 12, 0, tzinfo=UTC))
    end = from_ann(desk, f"new for {BOB}\ncalled: 10:20\nIt burns.", date="Mon, 06 Jul 2026 12:00:00 +0000")
    assert desk.ticket(end.ticket).opened_at == datetime(2026, 7, 6, 9, 20, tzinfo=UTC)
    assert "he called 2026-07-06 10:20" in end.to(ANN)[0].text


def test_new_for_above_a_forward_names_the_customer(guarded: DeskUnderTest) -> None:
    """His mail came through somebody else, or its client showed no address."""
    text = f"new for {CAROL}\nShe is in a hurry.\n\n{HEAD}\n{WORDS}"
    end = from_ann(guarded, text)
    assert guarded.ticket(end.ticket).requester == CAROL
    assert "| The printer burns." in end.to(BILL)[0].text
    assert "Ann wrote: She is in a hurry." in end.to(BILL)[0].text


WRONG = [
    ("no address", "new for Bob\nIt burns.", "new for Bob"),
    ("no time", f"new for {BOB}\ncalled: noon\nIt burns.", "called: noon"),
    ("no priority", f"new for {BOB}\npriority P7\nIt burns.", "priority P7"),
    ("the desk itself", f"new for {DESK}\nIt burns.", f"new for {DESK}"),
]


@pytest.mark.parametrize(("_name", "text", "line"), WRONG, ids=[row[0] for row in WRONG])
def test_a_line_that_is_not_clear_opens_nothing(guarded: DeskUnderTest, _name: str, text: str, line: str) -> None:
    end = from_ann(guarded, text, "Printer")
    assert (end.ticket, end.row.state, guarded.tickets()) == (None, "held", [])
    assert end.told == {("not-opened", ANN)}
    assert f"Line: {line}" in end.sent[0].text
    assert "It burns." in end.sent[0].text


# Authority: own address and a pass; below it a confirmation, always.

UNPROVEN: list[tuple[str, Mapping[str, Any], bool, Mapping[str, str]]] = [
    ("no border", {}, True, PASS),
    ("the border is silent", BORDER, True, {}),
    ("a border that nobody has tried", {"trust": {"border": "mx.firm.test"}}, True, PASS),
    ("an untrusted peer", BORDER, False, PASS),
    (
        "the border says no",
        BORDER,
        True,
        {**PASS, "Authentication-Results": "mx.firm.test; dmarc=fail header.from=firm.test"},
    ),
    ("an old mail", BORDER, True, {**PASS, "Date": "Thu, 19 Nov 2026 09:00:00 +0000"}),
]
ASKING = [("Fwd: Printer", FORWARD), ("Printer", f"new for {BOB}\nIt burns.")]


@pytest.mark.parametrize(("subject", "text"), ASKING, ids=["forward", "new for"])
@pytest.mark.parametrize(("_name", "changes", "trusted", "fields"), UNPROVEN, ids=[row[0] for row in UNPROVEN])
def test_what_nobody_vouches_for_waits_for_a_confirmation(
    open_desk: OpenDesk,
    _name: str,
    changes: Mapping[str, Any],
    trusted: bool,
    fields: Mapping[str, str],
    subject: str,
    text: str,
) -> None:
    desk = open_desk(changes)
    end = desk.receive(letter(text, sender=f"Ann <{ANN}>", subject=subject, fields=fields), trusted=trusted)
    assert (end.ticket, end.row.state, desk.tickets()) == (None, "held", [])  # kept, and listed
    assert end.told == {("confirmation", ANN)}
    assert desk.outbox(to=BOB) == []
    assert f"{ANN} is asked to confirm: open a ticket for {BOB}: Printer" in end.row.reason


@pytest.mark.parametrize(("subject", "text"), ASKING, ids=["forward", "new for"])
def test_once_confirmed_it_opens_as_it_would_have(desk: DeskUnderTest, subject: str, text: str) -> None:
    end = desk.receive(letter(text, sender=f"Ann <{ANN}>", subject=subject))
    (asked,) = end.to(ANN)
    code = re.findall(r"confirm [a-z2-7]{12}", asked.text)[0]
    desk.clock.go_on(minutes=20)
    word = desk.receive(answer(asked.octets, code, sender=ANN))
    (ticket,) = desk.tickets()
    assert (ticket.requester, ticket.opened_at) == (BOB, NOW)  # the desk had his mail then
    assert [(mail.notice, mail.to) for mail in desk.outbox(to=BOB)] == [("acknowledgement", BOB)]
    assert [mail.to for mail in desk.outbox("opened-for")] == [ANN]
    kept = next(row for row in desk.received() if row.id == end.row.id)
    assert (kept.state, kept.ticket, word.ticket) == ("done", ticket.number, ticket.number)
    assert "confirmed by its code" in "\n".join(kept.explanation)
    again = desk.receive(answer(asked.octets, code, sender=ANN, message_id="<again@firm.test>"))
    assert len(desk.tickets()) == 1 or again.ticket != ticket.number  # a code is good once


def test_what_nobody_confirms_stays_held_and_a_late_code_opens_nothing(desk: DeskUnderTest) -> None:
    end = desk.receive(letter(FORWARD, sender=f"Ann <{ANN}>", subject="Fwd: Printer"))
    (asked,) = end.to(ANN)
    desk.clock.go_on(minutes=61)
    desk.receive(answer(asked.octets, re.findall(r"confirm [a-z2-7]{12}", asked.text)[0], sender=ANN))
    assert desk.outbox(to=BOB) == []
    assert next(row.state for row in desk.received() if row.id == end.row.id) == "held"


def test_a_forger_learns_nothing_and_opens_nothing(guarded: DeskUnderTest) -> None:
    text = f"new for {BOB}\nClick http://evil.test"
    for _ in range(5):
        guarded.receive(letter(text, sender=f"Ann <{ANN}>"), path="eve@evil.test")
    assert guarded.tickets() == []
    assert {mail.to for mail in guarded.outbox()} <= {ANN, OPERATOR}


def test_the_same_mail_again_opens_once(guarded: DeskUnderTest) -> None:
    octets = letter(FORWARD, sender=f"Ann <{ANN}>", subject="Fwd: Printer", fields=PASS)
    first, second = guarded.receive(octets, trusted=True), guarded.receive(octets, trusted=True)
    assert second.row.duplicate_of == first.row.id
    assert len(guarded.tickets()) == 1


def test_his_word_joins_though_she_forwards_it_after_him(guarded: DeskUnderTest) -> None:
    """He wrote to the desk and to her; what she forwards then is of a ticket that is there."""
    first = guarded.receive(letter(message_id="<original@acme.test>"))
    guarded.clock.go_on(minutes=5)
    end = from_ann(guarded, FORWARD, fields={"References": "<original@acme.test>"})
    assert (end.ticket, len(guarded.tickets())) == (first.ticket, 1)
    assert guarded.clock() - NOW == timedelta(minutes=5)


@pytest.mark.parametrize(
    "text", [FORWARD, f"new for {BOB}\ncalled: 09:05\npriority P2\nIt burns."], ids=["forward", "new for"]
)
def test_what_check_proves_of_any_ticket_holds(guarded: DeskUnderTest, text: str) -> None:
    from_ann(guarded, text)
    with guarded.reading() as transaction:
        found = [*proof.tables(transaction, NOW), *proof.tickets(transaction, lambda _: None, guarded.office.policy)]
    assert found == []
